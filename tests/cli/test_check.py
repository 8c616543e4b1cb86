"""``dcsite check``: table, findings, JSON and exit codes."""

from __future__ import annotations

import json
import sys

import pytest
import typer

from dcsite.cli.check import check_command


@pytest.fixture
def check(monkeypatch, capsys):
    """Run the command as the command line does; returns exit code and stdout."""
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer()
    app.command()(check_command)

    def run(*arguments):
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["dcsite", *arguments])
        code = app(args=list(arguments), standalone_mode=False)
        return code, capsys.readouterr().out

    return run


def test_the_default_passes(check):
    code, out = check()
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "policy-2023: 1,741 sites"
    (left,) = [line.split() for line in lines if line.startswith("left ")]
    assert left == ["left", "55", "633", "815"]
    assert "nothing found that stands against a plan" in out


def test_a_distance_that_cannot_be_met(check):
    code, out = check("policy-2023", "--set", "tiers.core.separation_km=900")
    assert code == 3
    (error,) = [line for line in out.splitlines() if line.startswith("error: ")]
    assert "tiers.core.separation_km = 900: at most 561 km can be met by 2 core hubs" in error


def test_json_is_one_object(check):
    code, out = check("--json", "--set", "demand.total_new_it_load_mw=9000")
    found = json.loads(out)
    assert code == 3
    assert found["sites"] == 1741
    assert found["load"]["most_mw"] == 3150.0
    assert [tier["funnel"]["tier"] for tier in found["tiers"]] == ["core", "large", "regional"]
    levels = {finding["rule_or_key"]: finding["level"] for finding in found["findings"]}
    assert levels["demand.total_new_it_load_mw"] == "error"
    funnel = found["tiers"][0]["funnel"]
    assert funnel["sites"] - sum(step["dropped"] for step in funnel["steps"]) == funnel["left"]


def test_own_sites(check, tmp_path):
    places = tmp_path / "mine.csv"
    places.write_text(
        "name,lat,lon,hectares\n苫小牧市,42.634,141.605,50\n北九州市,33.883,130.875,50\n",
        encoding="utf-8",
    )
    code, out = check("--sites", str(places), "--json")
    found = json.loads(out)
    assert code == 3
    assert found["sites"] == 2
    assert any(
        finding["rule_or_key"] == "tiers.large.count" and "at least 5 hubs" in finding["message"]
        for finding in found["findings"]
    )


def test_the_time_of_a_search_is_an_option_and_told(call):
    answer = call("check", "distance-only", "--check-time", "2.5", "--json")
    assert json.loads(answer.out)["search_s"] == 2.5
