"""``dcsite frontier``: what it refuses, and what it writes when stopped."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from dcsite.cli.frontier import frontier_command
from dcsite.errors import DcsiteError, OutputError
from dcsite.studies.front import Axis, Front, FrontPoint, PointMeasure


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(frontier_command)

    def call(*arguments):
        return CliRunner().invoke(app, list(arguments), standalone_mode=False)

    return call


@pytest.mark.parametrize(
    ("arguments", "kind", "fragment"),
    [
        (("--points", "1"), DcsiteError, "--points: is 1; a front has at least 2 points"),
        (("--x", "cables", "--y", "cables"), DcsiteError, "give two different measures"),
    ],
)
def test_bad_axes_are_refused_before_any_work(run, tmp_path, arguments, kind, fragment):
    answer = run(*arguments)
    assert isinstance(answer.exception, kind)
    assert answer.exception.exit_code == 2
    assert fragment in str(answer.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_a_user_is_refused_before_any_work(run, tmp_path, monkeypatch):
    monkeypatch.setattr("dcsite.studies.frontier.find_front", None)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    answer = run("--output", "mine")
    assert isinstance(answer.exception, OutputError)


@pytest.mark.parametrize(("complete", "code"), [(True, 0), (False, 130)])
def test_the_files_are_written_also_when_stopped(run, tmp_path, monkeypatch, complete, code):
    x = Axis("separation", "existing_core_distance_km", "distance", "距離", "km")
    y = Axis("cables", "landing_distance_km", "landing", "陸揚", "km")
    measures = (
        PointMeasure(**vars(x), value=400.0, score=0.5),
        PointMeasure(**vars(y), value=90.0, score=0.7),
    )
    only = FrontPoint(0.5, 400.0, 90.0, 0.5, 0.7, 0.7, 0.0, "optimal", 1.0, measures, ())
    asked = {}

    def fake(session, *axes_and_count, **others):
        asked.update(scenario=session.scenario.name, rest=axes_and_count[:3])
        others["on_point"](1, 2)
        return Front(
            "test", session.scenario.name, "t", "題", complete, x, y, 2, 0,
            ("x score 0.9: no plan in time",), 0.001, 0.0, 0.9, "2026-01-02T03:04:05+00:00", 3.0,
            (only,),
        )  # fmt: skip

    monkeypatch.setattr("dcsite.studies.frontier.find_front", fake)
    monkeypatch.setattr("dcsite.plan.session.municipality_sites", lambda *_: SimpleNamespace())
    answer = run("--x", "separation", "--y", "cables", "--points", "2")
    assert answer.exception is None
    assert answer.return_value == code
    assert asked == {"scenario": "policy-2023", "rest": ("separation", "cables", 2)}
    folder = tmp_path / "dcsite-out" / "policy-2023-front-separation-cables"
    assert answer.stdout.splitlines()[-1].startswith("chart: ")
    assert json.loads((folder / "front.json").read_text(encoding="utf-8"))["complete"] is complete
    assert ("interrupted" in answer.stderr) is not complete
    assert "x score 0.9: no plan in time" in answer.stdout
