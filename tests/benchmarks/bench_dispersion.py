"""The places farthest apart: time to proof, beside what was published.

``DCSITE_BENCH_INSTANCES`` names a folder of TSPLIB files; without it Japan's municipalities are
the points. ``DCSITE_BENCH_PUBLISHED`` names a CSV of published brackets (columns ``instance``,
``count``, ``lower_bound``, ``upper_bound``, and ``decremental_clustering_s`` if known), such as the
tables of C. Contardo, "Decremental clustering for the solution of p-dispersion problems to proven
optimality" (2020). ``DCSITE_BENCH_MOST_POINTS`` leaves larger instances out, and
``DCSITE_BENCH_LIMIT_S`` is the time limit of each (120 s).
"""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path

import pytest

import dcsite
from dcsite.dispersion import Points, disperse, read_places
from dcsite.sites import municipality_sites

COUNTS = (5, 10, 15, 20)
LIMIT_S = float(os.environ.get("DCSITE_BENCH_LIMIT_S", "120"))
MOST_POINTS = int(os.environ.get("DCSITE_BENCH_MOST_POINTS", "5000"))
FOLDER = os.environ.get("DCSITE_BENCH_INSTANCES")
PUBLISHED = os.environ.get("DCSITE_BENCH_PUBLISHED")
MUNICIPALITIES = "municipalities"
FILES = {} if FOLDER is None else {file.stem: file for file in sorted(Path(FOLDER).glob("*.tsp"))}


@cache
def points_of(instance: str) -> Points:
    if instance == MUNICIPALITIES:
        land = dcsite.load_scenario("policy-2023", ()).land
        table = municipality_sites(dcsite.load_atlas(), land)
        return Points(table["lat_deg"].to_numpy(float), table["lon_deg"].to_numpy(float))
    return read_places(FILES[instance]).points


@cache
def published() -> dict[tuple[str, int], tuple[float, float, str]]:
    """Return bracket and seconds by instance and count."""
    if PUBLISHED is None:
        return {}
    with Path(PUBLISHED).open(encoding="utf-8-sig", newline="") as file:
        return {
            (line["instance"], int(line["count"])): (
                float(line["lower_bound"]),
                float(line["upper_bound"]),
                line.get("decremental_clustering_s") or "-",
            )
            for line in csv.DictReader(file)
        }


def agreement(distance: float, bound: float, lower: float, upper: float) -> str:
    """Say whether two brackets of one optimum can both be right.

    ``yes`` where both are proven and equal, ``no`` where no value lies in both, ``possible`` else.
    """
    if distance > upper or bound < lower:
        return "no"
    return "yes" if distance == bound and lower == upper else "possible"


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("instance", FILES or [MUNICIPALITIES])
def test_farthest_apart(instance, count, benchmark, row):
    points = points_of(instance)
    if len(points) > MOST_POINTS:
        pytest.skip(f"{len(points):,} points; DCSITE_BENCH_MOST_POINTS is {MOST_POINTS:,}")
    answer = benchmark.pedantic(
        disperse, (points, count), {"time_limit_s": LIMIT_S}, rounds=1, iterations=1
    )
    known = published().get((instance, count))
    beside = ("-", "-", "-")
    if known is not None:
        lower, upper, seconds = known
        bracket = f"{lower:g}" if lower == upper else f"{lower:g} to {upper:g}"
        beside = (bracket, seconds, agreement(answer.distance, answer.bound, lower, upper))
    row(
        "p-dispersion to proven optimality",
        ("instance", "points", "count", "distance", "bound", "proven", "s", "published",
         "published s", "agrees"),
        (instance, f"{len(points):,}", str(count), f"{answer.distance:.9g}", f"{answer.bound:.9g}",
         "yes" if answer.proven else "no", f"{answer.seconds:.1f}", *beside),
    )  # fmt: skip
    assert answer.distance <= answer.bound
    assert beside[-1] != "no"
