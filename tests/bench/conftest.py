"""A tiny folder of TSPLIB files with a CSV of published values, and a request for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcsite.bench.machine import Machine
from dcsite.bench.session import Report
from dcsite.bench.task import Request

#: Corners and middle of a square of side 10; the last point stands on the first.
SQUARE = (
    "NAME: square\nDIMENSION: 6\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"
    "1 0 0\n2 10 0\n3 0 10\n4 10 10\n5 5 5\n6 0 0\nEOF\n"
)
LINE = (
    "NAME: line\nDIMENSION: 5\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"
    "1 0 0\n2 1 0\n3 2 0\n4 3 0\n5 8 0\nEOF\n"
)
PUBLISHED = (
    "instance,count,lower_bound,upper_bound,proven,decremental_clustering_s,other\n"
    "square,4,10,10,1,16.9,x\n"
    "line,2,8,9,0,TL,OOM\n"
    "absent,5,1,1,1,,\n"
)


@pytest.fixture
def instances(tmp_path: Path) -> Path:
    folder = tmp_path / "instances"
    folder.mkdir()
    (folder / "square.tsp").write_text(SQUARE, encoding="utf-8")
    (folder / "line.tsp").write_text(LINE, encoding="utf-8")
    (folder / "notes.txt").write_text("not an instance", encoding="utf-8")
    return folder


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published.csv"
    path.write_text(PUBLISHED, encoding="utf-8")
    return path


@pytest.fixture
def report() -> Report:
    """A report of a made-up machine, so that no solver need tell its version."""
    machine = Machine(processor="Abacus", cores=2, memory_gb=None, system="Stone")
    return Report(Request(), date="2026-11-26T10:00:00+00:00", machine=machine, versions={"x": "1"})
