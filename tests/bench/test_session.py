"""What is done is kept: when a task fails, comes late, or the user stops the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dcsite.bench import peers
from dcsite.bench.child import LateRunError
from dcsite.bench.dispersion import InstanceAsked, InstanceRow, measure_instance
from dcsite.bench.session import Report, plan_parts, run_parts
from dcsite.bench.task import SOLVERS, Request, Task
from dcsite.errors import BenchError, Problem, SolverError


def task(name: str) -> Task:
    asked = InstanceAsked(file=Path(name), count=2, time_limit_s=1.0)
    late = InstanceRow(status="ended after 1 s", instance=name, points=2, count=2)
    return Task(name, measure_instance, asked, 1.0, None if name == "late for good" else late)


def measured(measure, asked: InstanceAsked, limit_s: float) -> InstanceRow:
    assert (measure, limit_s) == (measure_instance, 1.0)
    name = asked.file.name
    if name == "broken":
        raise SolverError(Problem("solver", "cbc", "fell over"))
    if name.startswith("late"):
        raise LateRunError(Problem("bench", "", "took more than 1 s and was ended"))
    if name == "stop":
        raise KeyboardInterrupt
    return InstanceRow(status="optimal", instance=name, points=2, count=2)


def run(report: Report, *names: str) -> list[int]:
    kept: list[int] = []
    run_parts(
        report,
        {"dispersion": [task(name) for name in names]},
        on_task=lambda part, task: None,
        on_row=lambda: kept.append(len(report.rows["dispersion"])),
        measure=measured,
    )
    return kept


def test_a_task_that_fails_loses_none_of_the_others(report: Report):
    assert run(report, "a", "broken", "b", "late", "late for good", "c") == [1, 1, 2, 3, 3, 4]
    assert [(row.instance, row.status) for row in report.rows["dispersion"]] == [
        ("a", "optimal"),
        ("b", "optimal"),
        ("late", "ended after 1 s"),
        ("c", "optimal"),
    ]
    assert [(part, label) for part, label, _ in report.errors] == [
        ("dispersion", "broken"),
        ("dispersion", "late for good"),
    ]
    assert not report.interrupted


def test_ctrl_c_keeps_what_is_done(report: Report):
    assert run(report, "a", "stop", "b") == [1, 1]
    assert report.interrupted
    assert [row.instance for row in report.rows["dispersion"]] == ["a"]


def test_the_json_holds_machine_versions_and_a_list_for_each_part(report: Report):
    run(report, "a", "broken")
    found = json.loads(report.to_json())
    assert found == {
        "date": "2026-11-26T10:00:00+00:00",
        "machine": {"processor": "Abacus", "cores": 2, "memory_gb": None, "system": "Stone"},
        "versions": {"x": "1"},
        "scenario": "policy-2023",
        "set": [],
        "time_limit_s": 120.0,
        "seed": 1,
        "interrupted": False,
        "notes": [],
        "errors": [
            {"part": "dispersion", "task": "broken", "error": "solver: cbc: fell over"}
        ],
        "dispersion": [
            {
                "status": "optimal", "peak_mb": None, "cpu_s": None, "instance": "a", "points": 2,
                "count": 2, "distance": None, "bound": None, "proven": False, "seconds": None,
                "published_lower": None, "published_upper": None, "published_s": "", "agrees": "",
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize("installed", [True, False])
def test_by_default_all_parts_that_need_nothing_more(monkeypatch, installed):
    word = None if installed else "spopt is not installed"
    monkeypatch.setattr(peers, "missing", lambda: word)
    tasks, notes = plan_parts(Request(runs=2), ())
    assert list(tasks) == ["run", "rows", *(["peers"] if installed else []), "records"]
    assert notes == ([] if installed else ["peers: skipped, spopt is not installed"])
    assert [task.label for task in tasks["run"]] == [
        f"{solver}, run {number} of 2" for solver in SOLVERS for number in (1, 2)
    ]
    assert [task.label for task in tasks["rows"]] == [
        f"{family}, auto"
        for family in ("pairs", "discs", "grids", "grids+pairs", "dcsite", "dcsite less dominated")
    ]


def test_solvers_are_those_of_the_model():
    assert {"cbc", "highs"} <= set(SOLVERS)
    assert "auto" not in SOLVERS


def test_a_folder_of_instances_adds_its_part(monkeypatch, instances: Path):
    monkeypatch.setattr(peers, "missing", lambda: "not installed")
    tasks, _ = plan_parts(Request(instances=instances, counts=(2,)), ())
    assert list(tasks) == ["run", "rows", "dispersion", "records"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("peers",), "--part: peers: spopt is not installed"),
        (("growth",), "--most: is 60; the part growth begins at 200 sites"),
    ],
)
def test_a_part_asked_for_that_cannot_be_measured_is_an_error(monkeypatch, parts, said):
    monkeypatch.setattr(peers, "missing", lambda: "spopt is not installed")
    with pytest.raises(BenchError) as raised:
        plan_parts(Request(most=60), parts)
    assert str(raised.value) == said
    assert raised.value.exit_code == 2


def test_files_of_a_part_that_is_not_asked_for_are_an_error(instances: Path, published: Path):
    with pytest.raises(BenchError, match="--instances: is for --part dispersion"):
        plan_parts(Request(instances=instances), ("run",))
    with pytest.raises(BenchError, match="--published: is for --part dispersion"):
        plan_parts(Request(published=published), ("run",))
