"""The dispersion of small sets by hand and against brute force, on the plane and the sphere."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from dcsite.dispersion import Dispersion, DispersionProgress, Metric, Points, disperse
from dcsite.errors import SitesError

from .plain import plainly_packed

GEOD = Geod(ellps="WGS84")


def pair_distance(points: Points, i: int, j: int) -> float:
    """One pair at a time, in plain Python."""
    a = (float(points.first[i]), float(points.second[i]))
    b = (float(points.first[j]), float(points.second[j]))
    if points.metric == "geodesic":
        return float(GEOD.inv(a[1], a[0], b[1], b[0])[2]) / 1000.0
    straight = math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)
    if points.metric == "euc_2d":
        return float(int(straight + 0.5))
    return float(math.ceil(straight)) if points.metric == "ceil_2d" else straight


def brute_force(points: Points, count: int, keep: tuple[int, ...] = ()) -> float:
    table = {
        (i, j): pair_distance(points, i, j)
        for i, j in itertools.combinations(range(len(points)), 2)
    }
    return max(
        min(table[pair] for pair in itertools.combinations(chosen, 2))
        for chosen in itertools.combinations(range(len(points)), count)
        if set(keep) <= set(chosen)
    )


def check_whole(points: Points, answer: Dispersion, keep: tuple[int, ...] = ()) -> None:
    assert len(set(answer.members)) == answer.count == len(answer.members)
    assert set(keep) <= set(answer.members)
    apart = [pair_distance(points, i, j) for i, j in itertools.combinations(answer.members, 2)]
    assert min(apart) == pytest.approx(answer.distance, rel=1e-12, abs=1e-12)


@st.composite
def problems(draw: st.DrawFn, metric: Metric) -> tuple[Points, int, tuple[int, ...]]:
    if metric == "geodesic":
        spread = draw(st.sampled_from([1.0, 20.0, 90.0]))
        first = st.floats(-spread, spread, allow_subnormal=False)
        second = st.floats(-2 * spread, 2 * spread, allow_subnormal=False)
    else:
        largest = draw(st.sampled_from([4, 30, 1000]))
        first = second = st.integers(0, largest).map(float)
    drawn = draw(st.lists(st.tuples(first, second), min_size=3, max_size=11))
    points = Points(np.array([a for a, _ in drawn]), np.array([b for _, b in drawn]), metric)
    count = draw(st.integers(2, min(6, len(drawn))))
    keep = draw(st.lists(st.integers(0, len(drawn) - 1), unique=True, max_size=count))
    return points, count, tuple(keep)


@pytest.mark.parametrize("metric", ["euc_2d", "ceil_2d", "euclidean", "geodesic"])
@pytest.mark.parametrize("large", [False, True])
def test_any_small_set_against_brute_force(
    metric: Metric, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:  # treated as if they were many: exchanges first
        monkeypatch.setattr("dcsite.dispersion.bisection._CLIMB_FROM", 0)

    @settings(max_examples=60, deadline=None)
    @given(problems(metric))
    def same(problem: tuple[Points, int, tuple[int, ...]]) -> None:
        points, count, keep = problem
        for fixed in ((), keep):
            answer = disperse(points, count, keep=fixed)
            assert answer.proven
            assert answer.bound == answer.distance
            best = brute_force(points, count, fixed)
            assert answer.distance == pytest.approx(best, rel=1e-12, abs=1e-12)
            check_whole(points, answer, fixed)

    same()


@pytest.mark.parametrize("metric", ["euc_2d", "ceil_2d", "geodesic"])
@pytest.mark.parametrize("keep", [(), (5,), (400, 12, 345)])
def test_clever_and_plain_agree_beyond_brute_force(
    metric: Metric, keep: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # 500 points meet patches, exchanges and linear bounds. Plain: every whole or observed distance
    # is judged by the search on bits alone, all pairs in a matrix and nothing reduced before.
    random = np.random.default_rng(11)
    scale = (12.0, 15.0) if metric == "geodesic" else (1000.0, 1000.0)
    points = Points(*(random.random(500) * side for side in scale), metric)
    monkeypatch.setattr("dcsite.dispersion.reduce._FEW", 100)
    monkeypatch.setattr("dcsite.dispersion.bisection._CLIMB_FROM", 20)
    answer = disperse(points, 5, keep=keep)
    assert answer.proven
    check_whole(points, answer, keep)
    assert not more_than(points, 5, keep, answer.distance)
    assert more_than(points, 5, keep, np.nextafter(answer.distance, 0.0))


def more_than(points: Points, count: int, keep: tuple[int, ...], limit: float) -> bool:
    """Tell whether `count` points with `keep` lie more than `limit` apart, by plain search."""
    everyone = np.arange(len(points))
    fixed = np.array(keep, dtype=np.intp)
    if points.smallest(fixed) <= limit:
        return False
    left = everyone[~points.near(fixed, everyone, limit).any(axis=0)]
    return plainly_packed(points.near(left, left, limit), count - len(keep))


@pytest.mark.parametrize("metric", ["euc_2d", "geodesic"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_five_of_twenty_four_against_brute_force(metric: Metric, seed: int) -> None:
    random = np.random.default_rng(seed)
    scale = (20.0, 30.0) if metric == "geodesic" else (1000.0, 1000.0)
    points = Points(*(random.random(24) * side for side in scale), metric)
    answer = disperse(points, 5)
    assert answer.proven
    assert answer.distance == pytest.approx(brute_force(points, 5), rel=1e-12)
    check_whole(points, answer)


def test_corners_of_a_square() -> None:
    grid = np.array([(x, y) for x in range(0, 11, 2) for y in range(0, 11, 2)], dtype=float)
    points = Points(grid[:, 0], grid[:, 1], "euc_2d")
    answer = disperse(points, 4)
    corners = {(0.0, 0.0), (0.0, 10.0), (10.0, 0.0), (10.0, 10.0)}
    assert {tuple(grid[at]) for at in answer.members} == corners
    assert (answer.distance, answer.bound, answer.proven) == (10.0, 10.0, True)


def test_points_on_a_line() -> None:
    # Three places are at best 20 apart: 0, 20, 40. Any four hold 0 and 9 or 31 and 40. With 31
    # kept, the best is 9 or 0, 20 and 31.
    points = Points(np.array([0.0, 9.0, 20.0, 31.0, 40.0]), np.zeros(5), "euclidean")
    assert disperse(points, 3).distance == 20.0
    assert disperse(points, 4).distance == 9.0
    kept = disperse(points, 3, keep=[3])
    assert kept.distance == 11.0
    assert 3 in kept.members


def test_rounding_of_tsplib() -> None:
    # Length, to the nearest integer (halves go up), and up.
    for length, nearest, up in ((1.4, 1.0, 2.0), (1.5, 2.0, 2.0), (1.6, 2.0, 2.0), (2.0, 2.0, 2.0)):
        x = np.array([0.0, length])
        assert disperse(Points(x, np.zeros(2), "euc_2d"), 2).distance == nearest
        assert disperse(Points(x, np.zeros(2), "ceil_2d"), 2).distance == up


def test_antipodes_and_the_date_line() -> None:
    # Antipodal points of the equator: half of a meridian, 20003.931 km on WGS 84.
    points = Points(np.array([0.0, 0.0, 10.0]), np.array([0.0, 180.0, 90.0]), "geodesic")
    assert disperse(points, 2).distance == pytest.approx(20003.931, abs=0.001)
    # Across the date line one degree of the equator is 111.319 km, not 359 times as much.
    points = Points(np.zeros(3), np.array([-179.5, 179.5, 179.6]), "geodesic")
    assert disperse(points, 2).distance == pytest.approx(111.319, abs=0.001)


def test_kept_members_cap_the_distance() -> None:
    points = Points(np.array([0.0, 3.0, 100.0, 200.0]), np.zeros(4), "euc_2d")
    answer = disperse(points, 3, keep=[1, 0])
    assert (answer.distance, answer.bound, answer.proven) == (3.0, 3.0, True)
    assert answer.members[:2] == (1, 0)
    assert disperse(points, 2, keep=[0, 1]).members == (0, 1)


def test_all_points_and_coincident_points() -> None:
    points = Points(np.array([0.0, 0.0, 5.0]), np.zeros(3), "euc_2d")
    assert disperse(points, 3).distance == 0.0
    assert disperse(points, 3).proven
    assert disperse(points, 2).distance == 5.0
    same = Points(np.ones(4), np.ones(4), "geodesic")
    assert disperse(same, 3).distance == 0.0
    assert disperse(same, 3).proven


def test_no_time_gives_an_honest_bracket() -> None:
    random = np.random.default_rng(5)
    points = Points(random.random(400) * 1e4, random.random(400) * 1e4, "euc_2d")
    hurried = disperse(points, 9, time_limit_s=0.0)
    unhurried = disperse(points, 9)
    assert unhurried.proven
    assert not hurried.proven
    assert hurried.distance <= unhurried.distance <= hurried.bound
    check_whole(points, hurried)


@pytest.mark.parametrize("corners", [False, True])
def test_too_many_points_to_compare_give_an_honest_bracket(
    corners: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(8)
    points = Points(random.random(500) * 1e4, random.random(500) * 1e4, "euc_2d")
    diagonal = points.first + points.second
    keep = (int(diagonal.argmin()), int(diagonal.argmax())) if corners else ()
    best = disperse(points, 12, keep=keep)
    assert best.proven
    monkeypatch.setattr("dcsite.dispersion.bisection.MOST_IN_MATRIX", 9)
    told: list[DispersionProgress] = []
    answer = disperse(points, 12, keep=keep, on_progress=told.append)
    assert not answer.proven
    assert not answer.interrupted
    assert answer.distance <= best.distance <= answer.bound
    # Larger distances leave few enough: the bound falls below the one it begins with.
    assert answer.bound < told[0].bound
    check_whole(points, answer, keep)


def test_ctrl_c_keeps_the_bracket() -> None:
    random = np.random.default_rng(5)
    points = Points(random.random(400) * 1e4, random.random(400) * 1e4, "euc_2d")
    best = disperse(points, 9)
    told: list[DispersionProgress] = []

    def press(progress: DispersionProgress) -> None:
        told.append(progress)
        if len(told) == 2:
            raise KeyboardInterrupt

    answer = disperse(points, 9, on_progress=press)
    assert answer.interrupted
    assert not answer.proven
    assert (answer.distance, answer.bound) == (told[1].distance, told[1].bound)
    assert answer.distance <= best.distance <= answer.bound
    check_whole(points, answer)
    assert not best.interrupted


def test_ctrl_c_before_there_is_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[disperse.__module__], "good_members", press)
    with pytest.raises(KeyboardInterrupt):
        disperse(Points(np.arange(4.0), np.zeros(4), "euclidean"), 3)


def test_progress_narrows() -> None:
    random = np.random.default_rng(6)
    points = Points(random.random(300) * 1e4, random.random(300) * 1e4, "euc_2d")
    told: list[DispersionProgress] = []
    answer = disperse(points, 7, on_progress=told.append)
    assert len(told) > 1
    assert (told[-1].distance, told[-1].bound) == (answer.distance, answer.bound)
    for before, after in itertools.pairwise(told):
        assert before.distance <= after.distance <= after.bound <= before.bound


@pytest.mark.parametrize(
    ("count", "keep", "said"),
    [
        (1, (), "is 1; allowed: from 2 to the 4 points"),
        (5, (), "is 5; allowed: from 2 to the 4 points"),
        (2, (0, 1, 2), "has 3 points, more than the 2 to choose"),
        (2, (4,), "has 4; allowed: positions 0 to 3"),
        (3, (1, 1), "names a point twice"),
    ],
)
def test_bad_questions(count: int, keep: tuple[int, ...], said: str) -> None:
    points = Points(np.arange(4.0), np.zeros(4), "euclidean")
    with pytest.raises(SitesError, match=r"^(count|keep): ") as error:
        disperse(points, count, keep=keep)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("first", "metric", "said"),
    [
        ([0.0, math.nan], "euc_2d", "finite"),
        ([0.0, math.inf], "geodesic", "finite"),
        ([0.0, 91.0], "geodesic", "latitudes"),
        ([0.0, 1.0], "manhattan", "metric"),
        ([0.0], "euc_2d", "equal length"),
    ],
)
def test_bad_points(first: list[float], metric: Metric, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Points(np.array(first), np.zeros(2), metric)
