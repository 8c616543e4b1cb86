"""TSPLIB files against published values, each in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dcsite.bench.child import measure_fresh
from dcsite.bench.dispersion import InstanceRow, tasks
from dcsite.bench.task import Request
from dcsite.errors import DcsiteError


@pytest.fixture
def request_of(instances: Path, published: Path) -> Request:
    return Request(instances=instances, published=published, counts=(2, 4), time_limit_s=30.0)


def test_every_instance_with_every_count_the_smaller_first(request_of: Request):
    listed = tasks(request_of)
    assert [task.label for task in listed] == [
        "line, 2 of 5 points",
        "line, 4 of 5 points",
        "square, 2 of 5 points",
        "square, 4 of 5 points",
    ]
    assert listed[0].late == InstanceRow(
        status="ended after 150 s",
        instance="line",
        points=5,
        count=2,
        published_lower=8.0,
        published_upper=9.0,
        published_s="TL",
    )
    assert tasks(replace(request_of, most=4)) == []


def test_answers_beside_what_was_published(request_of: Request):
    found = [measure_fresh(task.measure, task.asked, task.limit_s) for task in tasks(request_of)]
    assert [(row.distance, row.bound, row.proven, row.status) for row in found] == [
        (8.0, 8.0, True, "optimal"),
        (1.0, 1.0, True, "optimal"),
        (14.0, 14.0, True, "optimal"),
        (10.0, 10.0, True, "optimal"),
    ]
    assert [row.agrees for row in found] == ["possible", "", "", "yes"]
    assert [row.published_s for row in found] == ["TL", "", "", "16.9"]
    assert all(row.peak_mb > 20.0 and row.cpu_s > 0.0 for row in found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"instances": None}, "--instances: is missing; give a folder"),
        ({"counts": (2, 6)}, "--counts: asks for 6 points, but line.tsp has 5"),
    ],
)
def test_what_cannot_be_measured_is_said_before(request_of: Request, change, said):
    with pytest.raises(DcsiteError) as raised:
        tasks(replace(request_of, **change))
    assert said in str(raised.value)


def test_folders_and_files_that_cannot_be_used(request_of: Request, tmp_path: Path):
    def said(folder: Path) -> str:
        with pytest.raises(DcsiteError) as raised:
            tasks(replace(request_of, instances=folder))
        assert raised.value.exit_code == 2
        return str(raised.value)

    assert "no such folder" in said(tmp_path / "nowhere")
    assert "is not a folder" in said(tmp_path / "published.csv")
    (tmp_path / "empty").mkdir()
    assert "holds no .tsp file" in said(tmp_path / "empty")
    (tmp_path / "empty" / "cut.tsp").write_text("NAME: cut\n", encoding="utf-8")
    assert "cut.tsp" in said(tmp_path / "empty")
