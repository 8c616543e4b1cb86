"""Reduction, packing, search and distances, each against something slow and plain."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dcsite.dispersion import Metric, Points
from dcsite.dispersion.packing import pack
from dcsite.dispersion.reduce import reduce_points
from dcsite.dispersion.start import Exchanges, first_bound
from dcsite.geo.geodesy import geodesic_km

from .plain import plainly_packed


def nothing() -> None:
    """A check that never stops the work."""


def most_apart(near: NDArray[np.bool_]) -> int:
    """Return the largest number of points no two of which are near, by plain recursion."""

    def most(left: list[int]) -> int:
        if not left:
            return 0
        first, rest = left[0], left[1:]
        taken = 1 + most([other for other in rest if not near[first, other]])
        return max(taken, most(rest)) if any(near[first, other] for other in rest) else taken

    return most(list(range(len(near))))


def scattered(seed: int, number: int, metric: Metric) -> Points:
    random = np.random.default_rng(seed)
    if metric == "geodesic":
        return Points(30.0 + 15.0 * random.random(number), 130.0 + 15.0 * random.random(number))
    return Points(random.random(number) * 1000.0, random.random(number) * 1000.0, metric)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 14), st.floats(0.05, 0.9), st.integers(0, 10_000))
def test_any_graph_is_packed_right(number: int, share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    near = np.triu(random.random((number, number)) < share, 1)
    near |= near.T | np.eye(number, dtype=bool)
    most = most_apart(near)
    found = pack(near, most, nothing)
    assert found is not None
    assert len(set(map(int, found))) == most
    assert not any(near[i, j] for i, j in itertools.combinations(found, 2))
    assert pack(near, most + 1, nothing) is None


@pytest.mark.parametrize("metric", ["euc_2d", "ceil_2d", "euclidean", "geodesic"])
def test_exchanges_find_only_what_is_there(metric: Metric) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 10_000), st.integers(2, 14), st.sampled_from([150.0, 300.0, 600.0]))
    def same(seed: int, number: int, limit: float) -> None:
        points = scattered(seed, number, metric)
        everyone = np.arange(number)
        most = most_apart(points.near(everyone, everyone, limit))
        exchanges = Exchanges(points, nothing)
        found = exchanges.find(everyone, limit, most, 5000)
        # A set that there is but for less than the slack of chords may be missed, never made up.
        steps = points.places[:, None] - points.places[None]
        surely = most_apart(np.linalg.norm(steps, axis=2) < points.surely_far(limit) * (1 + 1e-12))
        assert surely < most if found is None else len(set(map(int, found))) == most
        assert found is None or points.smallest(found) > limit
        assert exchanges.find(everyone, limit, most + 1, 1200) is None

    same()


def test_exchanges_take_from_those_allowed_alone() -> None:
    points = Points(np.array([0.0, 1.0, 5.0, 9.0, 10.0]), np.zeros(5), "euclidean")
    found = Exchanges(points, nothing).find(np.array([1, 2, 3]), 3.0, 3, 600)
    assert found is not None
    assert sorted(found.tolist()) == [1, 2, 3]
    # 4 apart is not more than 4.
    assert Exchanges(points, nothing).find(np.array([1, 2, 3]), 4.0, 3, 600) is None


def test_exchanges_ask_whether_to_stop() -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        Exchanges(scattered(1, 9, "euc_2d"), stop).find(np.arange(9), 100.0, 2, 600)


@pytest.mark.parametrize("seed", range(3))
def test_packing_beyond_the_plain_search(seed: int) -> None:
    # Large enough for linear bounds and branching, small enough for the plain search.
    points = scattered(seed, 100, "euc_2d")
    everyone = np.arange(len(points))
    near = points.near(everyone, everyone, 240.0)
    wanted = next(number for number in range(2, 100) if not plainly_packed(near, number + 1))
    packed = pack(near, wanted, nothing)
    assert packed is not None
    assert not near[np.ix_(packed, packed)][~np.eye(wanted, dtype=bool)].any()
    assert pack(near, wanted + 1, nothing) is None


@pytest.mark.parametrize("metric", ["euc_2d", "geodesic"])
@pytest.mark.parametrize("seed", range(4))
def test_reduction_keeps_the_largest_number(metric: Metric, seed: int) -> None:
    points = scattered(seed, 30, metric)
    everyone = np.arange(len(points))
    for limit in (150.0, 300.0, 600.0):
        left = reduce_points(points, everyone, limit, nothing)
        assert most_apart(points.near(left, left, limit)) == most_apart(
            points.near(everyone, everyone, limit)
        )


@pytest.mark.parametrize("metric", ["euc_2d", "geodesic"])
def test_each_point_dropped_by_patches_has_one_that_stands_in(metric: Metric) -> None:
    points = scattered(9, 1500, metric)
    everyone = np.arange(len(points))
    limit = 500.0
    near = points.near(everyone, everyone, limit)
    left = reduce_points(points, everyone, limit, nothing)
    assert 0 < len(left) < 0.8 * len(points)
    stay = np.zeros(len(points), dtype=bool)
    stay[left] = True
    # With respect to the points that stayed, every one dropped holds one that stayed.
    for point in np.flatnonzero(~stay):
        assert any(not (near[u] & stay & ~near[point]).any() for u in left[near[point, left]])


@pytest.mark.parametrize("limit", [3.0, 300.0, 1790.0, 1900.0, 6000.0, 12_000.0, 19_990.0])
def test_near_is_the_verdict_of_the_geodesic(limit: float) -> None:
    random = np.random.default_rng(4)
    lat = np.degrees(np.arcsin(random.uniform(-1.0, 1.0, 150)))
    lon = random.uniform(-180.0, 180.0, 150)
    # Antipodes, and neighbours about `limit` away along the meridian and the equator.
    lat = np.concatenate((lat, -lat, [0.0, 0.0, min(limit / 110.6, 90.0)]))
    lon = np.concatenate((lon, lon + 180.0, [0.0, limit / 111.32, 0.0]))
    points = Points(lat, lon)
    everyone = np.arange(len(points))
    exact = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    assert np.array_equal(points.near(everyone, everyone, limit), exact <= limit)


@pytest.mark.parametrize("metric", ["euc_2d", "ceil_2d", "euclidean", "geodesic"])
def test_straight_lines_settle_only_what_they_settle(metric: Metric) -> None:
    points = scattered(6, 60, metric)
    everyone = np.arange(len(points))
    straight = points.straight(everyone, everyone)
    distance = points.distance(everyone[:, None], everyone[None, :])
    for limit in (40.0, 299.5, 300.0, 900.0):
        assert (distance[straight > points.surely_far(limit)] > limit).all()
        assert (distance[straight < points.surely_near(limit)] <= limit).all()


@pytest.mark.parametrize("metric", ["euc_2d", "ceil_2d", "euclidean", "geodesic"])
def test_near_agrees_with_distance_at_ties(metric: Metric) -> None:
    points = scattered(2, 40, metric)
    everyone = np.arange(len(points))
    distance = points.distance(everyone[:, None], everyone[None, :])
    for limit in np.unique(distance)[::97]:
        assert np.array_equal(points.near(everyone, everyone, limit), distance <= limit)


@pytest.mark.parametrize("metric", ["euc_2d", "geodesic"])
def test_near_is_the_same_block_by_block(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    points = scattered(3, 50, metric)
    rows, columns = np.arange(3, 44), np.arange(50)
    expected = points.distance(rows[:, None], columns[None, :]) <= 400.0
    assert np.array_equal(points.near(rows, columns, 400.0), expected)
    for pairs in (1, 170):  # a row at a time; three rows, the last block being shorter
        monkeypatch.setattr("dcsite.dispersion.points._PAIRS_AT_ONCE", pairs)
        assert np.array_equal(points.near(rows, columns, 400.0), expected)
    assert points.near(rows, columns[:0], 400.0).shape == (41, 0)


@pytest.mark.parametrize("metric", ["euc_2d", "ceil_2d", "euclidean", "geodesic"])
def test_first_bound_is_one(metric: Metric) -> None:
    for seed in range(5):
        points = scattered(seed, 12, metric)
        for count in (2, 3, 4):
            best = max(
                points.smallest(np.array(chosen))
                for chosen in itertools.combinations(range(12), count)
            )
            assert first_bound(points, count, []) >= best
