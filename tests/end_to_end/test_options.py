"""Options of ``dcsite solve`` through the console script, and how it ends when there is no plan."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
from pyproj import Geod

from dcsite.outputs import FILE_NAMES
from dcsite.plan.types import Plan

pytestmark = pytest.mark.end_to_end

WGS84 = Geod(ellps="WGS84")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def own_run(solve, own_sites, tmp_path_factory):
    """A scenario file that extends the shipped one, with ``--set``, ``--sites`` and no progress."""
    folder = tmp_path_factory.mktemp("own-run")
    (folder / "mine.toml").write_text(
        'extends = "policy-2023"\nname = "mine"\ntitle_en = "Mine"\ntitle_ja = "自分の計画"\n'
        "[tiers.regional]\ncount = { min = 8, max = 12 }\nseparation_km = 75\n",
        encoding="utf-8",
    )
    return solve(
        "mine.toml", "--set", "tiers.large.count=5", "--set", "demand.pue=1.25",
        "--sites", own_sites, "--solver", "cbc", "--quiet", cwd=folder,
    )  # fmt: skip


def test_own_scenario_and_own_sites_give_a_plan_of_these_sites(own_run, capitals):
    assert own_run.code == 0, own_run.stderr
    assert names_in(own_run.directory) == sorted(FILE_NAMES)
    plan = own_run.plan
    jsonschema.Draft202012Validator(Plan.schema()).validate(plan)
    assert plan["status"] == "optimal"
    assert (plan["scenario_name"], plan["title_ja"]) == ("mine", "自分の計画")
    for hub in plan["hubs"]:
        assert hub["site_id"] == f"own-{hub['municipality_code']}"
        office = capitals.loc[hub["municipality_code"]]
        assert hub["lat_deg"] == pytest.approx(office["office_lat_deg"], abs=1e-6)
        assert hub["lon_deg"] == pytest.approx(office["office_lon_deg"], abs=1e-6)
        assert hub["uncertainty_km"] == 0.0


def test_what_the_user_says_of_a_site_holds(own_run, capitals):
    place = {f"own-{code}": number for number, code in enumerate(capitals.drop("13104").index)}
    kinds = {0: 0, 1: 0, 2: 0}
    for hub in own_run.plan["hubs"]:
        kind = place[hub["site_id"]] % 3
        kinds[kind] += 1
        if hub["tier"] == "core":
            assert kind == 0
            assert hub["it_load_mw"] <= 250.0  # 25 ha at 10 MW/ha
        if kind == 1:
            assert hub["tier"] == "regional"
            assert hub["it_load_mw"] <= 45.5
        if kind == 2:
            assert hub["tier"] == "large"
    assert min(kinds.values()) > 0


def test_extends_and_set_change_what_they_name_and_nothing_else(own_run, plan):
    own, shipped = own_run.plan["scenario"], plan["scenario"]
    assert own["tiers"]["regional"]["count"] == {"min": 8, "max": 12}
    assert own["tiers"]["regional"]["separation_km"] == 75.0
    assert own["tiers"]["large"]["count"] == {"min": 5, "max": 5}
    assert own["demand"]["pue"] == 1.25
    assert own["tiers"]["core"] == shipped["tiers"]["core"]
    assert own["criteria"] == shipped["criteria"]
    tiers = [hub["tier"] for hub in own_run.plan["hubs"]]
    assert tiers.count("core") == 2
    assert tiers.count("large") == 5
    assert 8 <= tiers.count("regional") <= 12
    total = sum(hub["it_load_mw"] for hub in own_run.plan["hubs"])
    assert total == pytest.approx(6160 / 1.25 * 0.4, abs=0.01)
    reasons = {entry["key"]: entry["why"] for entry in own_run.plan["assumptions"]}
    assert "--set" in reasons["demand.pue"]


def test_quiet_hides_progress_alone(own_run):
    # So few own sites cannot carry half of Tokyo's load, and are told so.
    (warning,) = own_run.stderr.splitlines()
    assert warning.startswith("warning: criteria.takeover.tokyo_share = 0.5: at most 129 MW")
    assert own_run.stdout.splitlines()[-1] == "map: out/map.html"


def test_cbc_and_highs_agree_on_the_default_scenario(plan, solve):
    # Asked for more than the rounded relaxation proves, CBC has to search.
    other = solve("--solver", "cbc", "--gap", "0.0004", "--no-cheapest")
    assert other.code == 0, other.stderr
    one, another = plan, other.plan
    assert {one["solver"], another["solver"]} == {"cbc", "highs"}
    assert one["status"] == another["status"] == "optimal"
    # No plan is better than what the other solver proved to be the most.
    assert one["objective"] <= another["bound"] + 2e-6
    assert another["objective"] <= one["bound"] + 2e-6
    assert one["objective"] == pytest.approx(another["objective"], rel=0.001)


def test_a_distance_that_cannot_be_met_is_answered_at_once_with_the_largest_that_can(solve):
    finished = solve("--set", "tiers.core.separation_km=900")
    assert finished.code == 3
    assert finished.stdout == ""
    errors = [line for line in finished.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "--diagnose" in errors[0]
    assert "tiers.core.separation_km = 900: at most 561 km can be met by 2 core hubs" in errors[1]
    assert "solving" not in finished.stderr
    assert names_in(finished.directory.parent) == []


def test_rules_that_cannot_hold_together_are_named_and_nothing_is_written(solve, own_sites):
    finished = solve("--sites", own_sites, "--diagnose", "--set", "tiers.core.separation_km=2000")
    assert finished.code == 3
    assert finished.stdout == ""
    errors = [line for line in finished.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "policy-2023" in errors[0]
    assert "rules.separation" in errors[1]
    assert "tiers.core.separation_km = 2000" in errors[1]
    assert "Traceback" not in finished.stderr
    assert names_in(finished.directory.parent) == []


def test_a_time_limit_too_short_for_any_plan_writes_nothing(solve):
    finished = solve("--time-limit", "0.1")
    if finished.code == 0:  # a machine fast enough to have found one
        assert finished.plan["status"] in {"feasible", "optimal"}
        assert names_in(finished.directory) == sorted(FILE_NAMES)
        return
    assert finished.code == 4
    assert finished.stdout == ""
    assert finished.stderr.splitlines()[-1].startswith("error: --time-limit: ")
    assert "0.1 s" in finished.stderr
    assert names_in(finished.directory.parent) == []


def test_a_folder_with_a_foreign_file_is_refused_before_solving(solve, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.docx").write_text("mine", encoding="utf-8")
    finished = solve(cwd=tmp_path)
    assert finished.code == 2
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert line.startswith("error: ")
    assert "thesis.docx" in line
    assert names_in(tmp_path) == ["out"]
    assert names_in(tmp_path / "out") == ["thesis.docx"]


def test_an_older_output_is_replaced_as_a_whole(solve, own_run, few, tmp_path):
    shutil.copytree(own_run.directory, tmp_path / "out")
    finished = solve(*few, "--quiet", cwd=tmp_path)
    assert finished.code == 0, finished.stderr
    assert names_in(tmp_path) == ["out"]
    assert names_in(finished.directory) == sorted(FILE_NAMES)
    assert finished.plan["scenario_name"] == "policy-2023"
    geojson = json.loads((finished.directory / "hubs.geojson").read_text("utf-8"))
    ids = [feature["id"] for feature in geojson["features"]]
    assert ids == [hub["site_id"] for hub in finished.plan["hubs"]]


def _on_a_terminal(command: list[str], cwd: Path, env: dict[str, str]) -> tuple[int, str, str]:
    """Run with stderr on a pseudo-terminal of 100 columns; return code, stdout and stderr."""
    reader, writer = pty.openpty()
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env={**env, "TERM": "xterm-256color", "COLUMNS": "100"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer,
        )  # fmt: skip
    finally:
        os.close(writer)
    pieces: list[bytes] = []
    assert process.stdout is not None
    with process.stdout as stdout:
        while select.select([reader], [], [], 120.0)[0]:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # the last writer has gone
                break
            pieces.append(piece)
        out = stdout.read().decode()
    os.close(reader)
    return process.wait(60), out, b"".join(pieces).decode()


def test_on_a_terminal_one_line_updates_and_goes_away(program, plain_environment, few, tmp_path):
    command = [str(program), "solve", *few, "--output", "out"]
    code, out, err = _on_a_terminal(command, tmp_path, plain_environment)
    assert code == 0, err
    for word in ("stage", "elapsed", "best plan", "bound", "gap", "solving"):
        assert word in err
    assert "\x1b[2K" in err  # lines are taken away again
    assert "\x1b[?25h" in err  # the cursor is shown again
    assert out.splitlines()[-1] == "map: out/map.html"
    assert "\x1b" not in out


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_no_color_is_respected_on_a_terminal(
    program, plain_environment, tmp_path, no_color, coloured
):
    env = dict(plain_environment) | ({"NO_COLOR": no_color} if no_color else {})
    code, out, err = _on_a_terminal([str(program), "scenario", "show", "gone.toml"], tmp_path, env)
    assert (code, out) == (2, "")
    assert ("\x1b[31merror:" in err) is coloured
    assert "gone.toml: no such file" in err


def test_a_reader_that_leaves_early_gets_no_traceback(program, plain_environment, tmp_path):
    script = f"'{program}' scenario schema | head -n 1"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=plain_environment, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr
