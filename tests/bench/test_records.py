"""Computed against recorded shaking: bands, hits and misses by hand, and the shipped records."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from rich.console import Console

from dcsite.bench.records import RecordsAsked, RecordsRow, compare, measure_records, tasks
from dcsite.bench.tables import part_table
from dcsite.bench.task import Request


def test_bands_means_and_classes_by_hand():
    recorded = np.array([5.6, 5.2, 4.9, 5.4, 3.0])
    modelled = np.array([5.4, 5.6, 5.1, 4.9, 3.5])
    distance_km = np.array([0.0, 29.9, 30.0, 59.0, 250.0])
    near, middle, far, whole = compare("E", "office", recorded, modelled, distance_km)
    assert [line.band for line in (near, middle, far, whole)] == [
        "0 to 30 km", "30 to 60 km", "200 km +", "all",
    ]  # fmt: skip
    # Differences: +0.2, -0.4; -0.2, +0.5; -0.5.
    assert (near.places, near.mean) == (2, pytest.approx(-0.1))
    assert near.sd == pytest.approx(0.3 * math.sqrt(2.0))
    assert middle.mean == pytest.approx(0.15)
    assert (far.places, far.mean, far.sd) == (1, pytest.approx(-0.5), None)
    assert whole.mean == pytest.approx(-0.08)
    # 5-upper from 5.0: 5.6/5.4 and 5.2/5.6 hit, 5.4/4.9 missed, 4.9/5.1 false.
    assert (whole.hits_5upper, whole.misses_5upper, whole.false_5upper) == (2, 1, 1)
    # 6-lower from 5.5: 5.6/5.4 missed, 5.2/5.6 false.
    assert (whole.hits_6lower, whole.misses_6lower, whole.false_6lower) == (0, 1, 1)
    assert (near.misses_6lower, near.false_6lower) == (1, 1)
    assert (middle.hits_5upper, middle.misses_5upper, middle.false_5upper) == (0, 1, 1)


def test_nothing_to_compare_gives_no_line():
    assert compare("E", "office", *(np.zeros(0),) * 3) == []


@pytest.fixture(scope="module")
def measured() -> RecordsRow:
    return measure_records(RecordsAsked())


def test_the_shipped_records(measured):
    whole = {(line.event[:4], line.figure): line for line in measured.lines if line.band == "all"}
    # Stations with both figures, by event; two of 2018 are told apart by their names.
    assert whole["2011", "office"].places == 484
    assert whole["1995", "office"].places == 15
    assert whole["all ", "office"].places == 775
    for line in measured.lines:
        inside = [
            other.places
            for other in measured.lines
            if (other.event, other.figure) == (line.event, line.figure) and other.band != "all"
        ]
        if line.band == "all":
            assert sum(inside) == line.places
    # The estimate knows the stations around; the relation alone scatters as its authors say.
    assert abs(whole["all ", "office"].mean) < 0.2
    assert whole["all ", "office"].sd < whole["all ", "relation"].sd < 0.5
    # No depth is on record for Osaka 2018: the relation cannot be computed.
    assert not any("Osaka" in line.event and line.figure == "relation" for line in measured.lines)


def test_the_table_prints_every_line(measured):
    out = io.StringIO()
    Console(file=out, width=200).print(part_table("records", [measured]))
    printed = out.getvalue()
    assert printed.count("office") >= sum(line.figure == "office" for line in measured.lines)
    assert "+0.15" in printed


def test_it_is_one_task():
    (task,) = tasks(Request())
    assert task.measure is measure_records
