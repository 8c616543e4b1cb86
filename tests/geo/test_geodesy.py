from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from dcsite.geo.geodesy import (
    geodesic_destination,
    geodesic_km,
    geodesic_polar,
    nearest,
    nearest_other,
    to_ecef_km,
)

COORDINATES = st.tuples(st.floats(24.0, 45.5), st.floats(123.0, 146.0))


def split(places: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([lat for lat, _ in places]), np.array([lon for _, lon in places])


def brute_force_km(points: list, targets: list) -> np.ndarray:
    geod = Geod(ellps="WGS84")
    return np.array(
        [[geod.inv(p[1], p[0], t[1], t[0])[2] / 1000.0 for t in targets] for p in points]
    )


def test_one_degree_along_the_equator_is_a_360th_of_its_length():
    expected_km = 2 * np.pi * 6378.137 / 360.0
    assert geodesic_km(0.0, 140.0, 0.0, 141.0) == pytest.approx(expected_km, abs=1e-9)


def test_from_equator_to_pole_is_the_quarter_meridian_of_wgs84():
    assert geodesic_km(0.0, 135.0, 90.0, 135.0) == pytest.approx(10001.965729, abs=1e-6)


def test_geodesics_broadcast_to_a_matrix():
    lat, lon = np.array([35.0, 36.0, 43.0]), np.array([139.0, 140.0, 141.0])
    matrix = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    assert matrix.shape == (3, 3)
    assert np.diag(matrix).tolist() == [0.0, 0.0, 0.0]
    assert np.allclose(matrix, matrix.T, rtol=0, atol=1e-9)
    assert matrix[0, 2] == pytest.approx(geodesic_km(35.0, 139.0, 43.0, 141.0))


def test_directions_along_equator_and_meridian():
    azimuth_deg, distance_km = geodesic_polar(0.0, 140.0, [0.0, 1.0, 0.0], [141.0, 140.0, 139.0])
    assert azimuth_deg == pytest.approx([90.0, 0.0, -90.0], abs=1e-12)
    degree_km = 2 * np.pi * 6378.137 / 360.0
    assert distance_km[[0, 2]] == pytest.approx([degree_km, degree_km], abs=1e-9)


@given(COORDINATES, COORDINATES)
def test_a_geodesic_followed_to_its_end_reaches_the_place_it_was_drawn_to(start, end):
    azimuth_deg, distance_km = geodesic_polar(*start, *end)
    lat, lon = geodesic_destination(*start, azimuth_deg, distance_km)
    assert lat.shape == lon.shape == ()
    assert (lat, lon) == pytest.approx(end, abs=1e-9)


def test_destinations_broadcast_to_a_matrix():
    lat, lon = geodesic_destination(
        np.array([[0.0], [35.0]]), 140.0, np.array([0.0, 90.0, 45.0]), 10.0
    )
    assert lat.shape == lon.shape == (2, 3)
    assert lat[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert lon[0, 1] == pytest.approx(140.0 + 10.0 * 360.0 / (2 * np.pi * 6378.137), abs=1e-12)


def test_earth_centred_coordinates_hit_equator_and_pole():
    found = to_ecef_km([0.0, 0.0, 90.0], [0.0, 90.0, 0.0])
    expected = [[6378.137, 0, 0], [0, 6378.137, 0], [0, 0, 6356.752314245]]
    assert np.allclose(found, expected, rtol=0, atol=1e-9)


def test_nearest_ranks_by_geodesic_where_the_chord_says_otherwise():
    # Curvature differs by direction: east-west arcs bulge less than north-south ones.
    lat, lon = 24.0, 130.0
    geod = Geod(ellps="WGS84")
    east = geod.fwd(lon, lat, 90.0, 1_500_000.0)[:2]
    north = geod.fwd(lon, lat, 0.0, 1_500_010.0)[:2]
    targets_lon, targets_lat = zip(north, east, strict=True)
    chord_km = np.linalg.norm(to_ecef_km(targets_lat, targets_lon) - to_ecef_km(lat, lon), axis=1)
    assert chord_km.argmin() == 0, "the example must mislead a search by chord alone"
    index, distance_km = nearest([lat], [lon], targets_lat, targets_lon)
    assert index.tolist() == [1]
    assert distance_km[0] == pytest.approx(1500.0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(COORDINATES, min_size=1, max_size=6),
    targets=st.lists(COORDINATES, min_size=1, max_size=40),
    data=st.data(),
)
def test_nearest_agrees_with_brute_force(points, targets, data):
    count = data.draw(st.integers(1, len(targets)))
    index, distance_km = nearest(*split(points), *split(targets), count=count)
    exact = brute_force_km(points, targets)
    expected = np.sort(exact, axis=1)[:, :count]
    assert np.allclose(distance_km.reshape(len(points), count), expected, rtol=0, atol=1e-9)
    rows = np.arange(len(points))[:, None]
    assert np.allclose(exact[rows, index.reshape(len(points), count)], expected, rtol=0, atol=1e-9)


def test_nearest_draws_more_candidates_when_many_lie_at_one_spot():
    # 50 targets at one place: the first candidates cannot prove that none of the rest is nearer.
    index, distance_km = nearest([35.0], [135.0], [35.1] * 50, [135.0] * 50, count=3)
    assert index.tolist() == [[0, 1, 2]]
    assert np.allclose(distance_km, geodesic_km(35.0, 135.0, 35.1, 135.0))


def test_nearest_of_no_points_is_empty():
    index, distance_km = nearest([], [], [35.0], [135.0])
    assert index.shape == distance_km.shape == (0,)


@pytest.mark.parametrize("count", [0, 3])
def test_nearest_refuses_a_count_it_cannot_give(count):
    with pytest.raises(ValueError, match=f"between 1 and the 2 targets, got {count}"):
        nearest([35.0], [135.0], [35.0, 36.0], [135.0, 136.0], count=count)


def test_missing_coordinates_are_refused():
    with pytest.raises(ValueError, match="got missing ones"):
        nearest([np.nan], [135.0], [35.0], [135.0])


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(1,\)"):
        nearest([35.0, 36.0], [135.0], [35.0], [135.0])


def test_the_nearest_other_is_another_point_or_a_further_one():
    # One degree of longitude at 43 N on WGS 84: 81.54 km; the further point is 8.15 km from c.
    km, position = nearest_other([43.0, 43.0, 43.0], [141.0, 142.0, 150.0], [43.0], [150.1])
    assert km == pytest.approx([81.54, 81.54, 8.154], abs=0.02)
    assert position.tolist() == [1, 0, 3]


def test_two_points_at_one_place_are_each_others_nearest():
    km, position = nearest_other([35.0, 35.0], [135.0, 135.0], [], [])
    assert np.allclose(km, 0.0)
    assert position.tolist() == [1, 0]
