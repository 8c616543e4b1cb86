"""Clique rows: every conflicting pair covered, no two far points in one clique."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from dcsite.geo.geodesy import longest_geodesic_km
from dcsite.model import cliques
from dcsite.model.cliques import clique_cover, clique_of, conflicting_pairs

WGS84 = Geod(ellps="WGS84")

points = st.lists(
    st.tuples(st.floats(24.0, 46.0), st.floats(122.0, 150.0)), min_size=2, max_size=25
)


def geodesic(a: tuple[float, float], b: tuple[float, float]) -> float:
    return WGS84.inv(a[1], a[0], b[1], b[0])[2] / 1000.0


def brute_force_pairs(
    places: list[tuple[float, float]], distance_km: float
) -> set[tuple[int, int]]:
    return {
        (i, j)
        for i, j in combinations(range(len(places)), 2)
        if geodesic(places[i], places[j]) < distance_km
    }


@settings(deadline=None, max_examples=60)
@given(points, st.floats(1.0, 2500.0))
def test_pairs_and_cover_agree_with_brute_force(
    places: list[tuple[float, float]], distance_km: float
) -> None:
    lat, lon = np.array(places).T
    expected = brute_force_pairs(places, distance_km)
    assert {tuple(map(int, pair)) for pair in conflicting_pairs(lat, lon, distance_km)} == expected
    covered = set()
    for clique in clique_cover(lat, lon, distance_km):
        inside = set(combinations(sorted(map(int, clique)), 2))
        assert inside <= expected, "a clique holds two points that do not conflict"
        covered |= inside
    assert covered == expected


@settings(deadline=None, max_examples=200)
@given(
    st.tuples(st.floats(-89.0, 89.0), st.floats(-180.0, 180.0)),
    st.floats(0.0, 360.0),
    st.floats(0.001, 5000.0),
)
def test_the_longest_geodesic_bounds_the_geodesic_from_above(
    start: tuple[float, float], azimuth: float, distance_km: float
) -> None:
    from dcsite.geo.geodesy import to_ecef_km

    lon, lat, _ = WGS84.fwd(start[1], start[0], azimuth, distance_km * 1000.0)
    ends = to_ecef_km(np.array([start[0], lat]), np.array([start[1], lon]))
    chord = np.linalg.norm(ends[0] - ends[1])
    bound = float(longest_geodesic_km(np.array([chord]))[0])
    assert bound >= distance_km * (1.0 - 1e-9) - 1e-9  # coordinates are good to a micrometre
    assert bound <= distance_km * 1.02 + 1e-6


def test_four_corners_of_a_square_make_four_edges_or_one_clique() -> None:
    # About 111 km by 91 km at 35 N: sides conflict at 120 km, the diagonal of 143 km does not.
    lat = np.array([35.0, 35.0, 36.0, 36.0])
    lon = np.array([138.0, 139.0, 138.0, 139.0])
    assert [clique.tolist() for clique in clique_cover(lat, lon, 120.0)] == [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
    ]
    assert [clique.tolist() for clique in clique_cover(lat, lon, 150.0)] == [[0, 1, 2, 3]]


@pytest.mark.parametrize("distance_km", [0.0, -1.0])
def test_no_distance_makes_no_rows(distance_km: float) -> None:
    lat, lon = np.array([35.0, 35.0]), np.array([139.0, 139.0])
    assert clique_cover(lat, lon, distance_km) == []


def test_coincident_points_conflict_at_any_distance() -> None:
    lat, lon = np.array([35.0, 35.0, 40.0]), np.array([139.0, 139.0, 140.0])
    assert [clique.tolist() for clique in clique_cover(lat, lon, 0.001)] == [[0, 1]]


def test_exactly_the_distance_is_far_enough() -> None:
    lat, lon = np.array([35.0, 36.0]), np.array([139.0, 139.0])
    exact_km = WGS84.inv(139.0, 35.0, 139.0, 36.0)[2] / 1000.0
    assert len(conflicting_pairs(lat, lon, exact_km)) == 0
    assert len(conflicting_pairs(lat, lon, np.nextafter(exact_km, 1e9))) == 1


@settings(deadline=None, max_examples=40)
@given(points, st.floats(10.0, 2000.0), st.randoms(use_true_random=False))
def test_a_pair_grows_to_a_maximal_clique(places, distance_km, random) -> None:
    lat, lon = np.array(places).T
    pairs = brute_force_pairs(places, distance_km)
    if not pairs:
        return
    first, second = random.choice(sorted(pairs))
    clique = clique_of(np.array([first, second]), lat, lon, distance_km).tolist()
    assert {first, second} <= set(clique)
    assert set(combinations(clique, 2)) <= pairs
    outside = set(range(len(places))) - set(clique)
    assert not any(
        all(tuple(sorted((other, member))) in pairs for member in clique) for other in outside
    )


def test_many_points_get_discs_without_a_square_matrix(monkeypatch) -> None:
    # With the limit lowered, the rows are valid cliques and leave pairs to be found later.
    monkeypatch.setattr(cliques, "DENSE_LIMIT", 10)
    rng = np.random.default_rng(7)
    lat, lon = rng.uniform(34, 38, 300), rng.uniform(135, 140, 300)
    expected = {tuple(map(int, pair)) for pair in conflicting_pairs(lat, lon, 60.0)}
    covered = set()
    for clique in clique_cover(lat, lon, 60.0):
        covered |= set(combinations(sorted(map(int, clique)), 2))
    assert covered <= expected
    assert len(covered) > 0.4 * len(expected)
    assert covered != expected
