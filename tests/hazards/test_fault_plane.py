from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from dcsite.geo.geodesy import geodesic_km
from dcsite.hazards.ground_motion import FaultPlanes, rupture_distance_km

GEOD = Geod(ellps="WGS84")
CORNER = (35.0, 137.0)


def one_plane(top_depth_km, length_km, width_km, strike_deg, dip_deg, corner=CORNER) -> FaultPlanes:
    numbers = (*corner, top_depth_km, length_km, width_km, strike_deg, dip_deg)
    return FaultPlanes(*(np.array([number]) for number in numbers))


def place(along_km: float, across_km: float, strike_deg: float, corner=CORNER) -> tuple:
    """Return the place that many km along strike and to the right of it, as seen from a corner."""
    azimuth = strike_deg + math.degrees(math.atan2(across_km, along_km))
    lon, lat, _ = GEOD.fwd(corner[1], corner[0], azimuth, math.hypot(along_km, across_km) * 1e3)
    return [lat], [lon]


@pytest.mark.parametrize(
    ("dip_deg", "along_km", "across_km", "expected_km"),
    [
        # A vertical plane from 5 to 15 km depth, 20 km long, strike north.
        (90.0, 0.0, 0.0, 5.0),  # above the corner
        (90.0, 10.0, 12.0, 13.0),  # beside it: 5, 12, 13
        (90.0, 10.0, -12.0, 13.0),  # and on the other side
        (90.0, -12.0, 0.0, 13.0),  # behind the corner
        (90.0, 32.0, 0.0, 13.0),  # beyond the other end
        (90.0, 24.0, 3.0, math.sqrt(50.0)),  # beyond the end and beside: 4, 3, 5
        # Dipping 30 degrees: 10 km of width reach 8.660 km to the right and from 5 to 10 km down.
        (30.0, 10.0, -12.0, 13.0),  # on the side it dips away from: top edge
        (30.0, 10.0, 5.0 / math.sqrt(3.0), 10.0 / math.sqrt(3.0)),  # foot right at the top edge
        # Foot inside the plane: the normal's length, across * sin(dip) + top * cos(dip).
        (30.0, 10.0, 10.0, 5.0 + 2.5 * math.sqrt(3.0)),
        (30.0, 10.0, math.sqrt(75.0) + 24.0, 26.0),  # beyond the bottom edge: 10, 24, 26
        # The same to the left: dip 150 is 30 the other way.
        (150.0, 10.0, 12.0, 13.0),
        (150.0, 10.0, -math.sqrt(75.0) - 24.0, 26.0),
    ],
)
def test_distance_worked_by_hand(dip_deg, along_km, across_km, expected_km):
    plane = one_plane(5.0, 20.0, 10.0, 0.0, dip_deg)
    found = rupture_distance_km(*place(along_km, across_km, 0.0), plane)
    assert found.shape == (1, 1)
    # Beside the meridian through the corner distances are not exactly those of a flat map.
    assert found[0, 0] == pytest.approx(expected_km, abs=2e-4)


def test_strike_turns_the_plane():
    # Strike east: the plane dips to the south; a place 12 km north is nearest to the top edge.
    plane = one_plane(5.0, 20.0, 10.0, 90.0, 30.0)
    north = GEOD.fwd(137.05, 35.0, 0.0, 12e3)
    south = GEOD.fwd(137.05, 35.0, 180.0, (math.sqrt(75.0) + 24.0) * 1e3)
    found = rupture_distance_km([north[1], south[1]], [north[0], south[0]], plane)
    assert found[:, 0] == pytest.approx([13.0, 26.0], abs=2e-3)


def test_a_plane_without_extent_is_a_hypocentre():
    plane = one_plane(24.0, 0.0, 0.0, 17.0, 50.0)
    lat, lon = [35.0, 36.0, 43.06], [137.0, 139.0, 141.35]
    expected = np.hypot(geodesic_km(lat, lon, 35.0, 137.0), 24.0)[:, None]
    assert rupture_distance_km(lat, lon, plane) == pytest.approx(expected, abs=1e-9)
    assert expected[0, 0] == 24.0


def test_depths_of_planes():
    planes = FaultPlanes(
        np.full(3, 35.0),
        np.full(3, 137.0),
        np.array([2.0, 5.0, 10.0]),
        np.full(3, 30.0),
        np.array([18.0, 20.0, 100.0]),
        np.zeros(3),
        np.array([90.0, 30.0, 0.0]),
    )
    assert len(planes) == 3
    assert planes.bottom_depth_km == pytest.approx([20.0, 15.0, 10.0], abs=1e-12)
    assert planes.mean_depth_km == pytest.approx([11.0, 10.0, 10.0], abs=1e-12)


def sampled_km(lat: float, lon: float, plane: tuple) -> float:
    """Find the nearest of many points of the plane, each laid out by geodesics leg by leg."""
    corner, top_km, length_km, width_km, strike_deg, dip_deg = plane
    low, high = np.zeros(2), np.array([length_km, width_km])
    best = math.inf
    for _ in range(4):
        along, down = (
            grid.ravel()
            for grid in np.meshgrid(
                np.linspace(low[0], high[0], 31), np.linspace(low[1], high[1], 31)
            )
        )
        ones = np.ones_like(along)
        edge_lon, edge_lat, back = GEOD.fwd(
            corner[1] * ones, corner[0] * ones, strike_deg * ones, along * 1e3
        )
        across = down * math.cos(math.radians(dip_deg)) * 1e3
        at_lon, at_lat, _ = GEOD.fwd(edge_lon, edge_lat, back - 180.0 + 90.0, across)
        flat = GEOD.inv(lon * ones, lat * ones, at_lon, at_lat)[2] / 1e3
        depth = top_km + down * math.sin(math.radians(dip_deg))
        distance = np.hypot(flat, depth)
        nearest = distance.argmin()
        best = min(best, float(distance[nearest]))
        # Look again, more closely, round the nearest: the distance to a plane has one minimum.
        step = (high - low) / 30.0
        centre = np.array([along[nearest], down[nearest]])
        low = np.maximum(centre - 2.0 * step, 0.0)
        high = np.minimum(centre + 2.0 * step, [length_km, width_km])
    return best


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(st.floats(26.0, 44.0), st.floats(125.0, 145.0)),
    st.floats(0.0, 40.0),
    st.floats(1.0, 150.0),
    st.floats(1.0, 80.0),
    st.floats(0.0, 360.0),
    st.floats(0.0, 180.0),
    st.tuples(st.floats(-200.0, 350.0), st.floats(-250.0, 250.0)),
)
def test_distance_is_that_to_the_nearest_of_many_points(
    corner, top_km, length_km, width_km, strike_deg, dip_deg, where
):
    lat, lon = place(*where, strike_deg, corner)
    found = rupture_distance_km(
        lat, lon, one_plane(top_km, length_km, width_km, strike_deg, dip_deg, corner)
    )[0, 0]
    expected = sampled_km(
        lat[0], lon[0], (corner, top_km, length_km, width_km, strike_deg, dip_deg)
    )
    # On a curved earth "a rectangle" of 150 by 80 km can be laid out in ways some 10 m apart.
    assert found == pytest.approx(expected, abs=0.03)


def test_sites_by_planes_give_a_matrix_of_the_single_answers():
    rng = np.random.default_rng(7)
    lat, lon = rng.uniform(31.0, 44.0, 20), rng.uniform(130.0, 145.0, 20)
    columns = (
        rng.uniform(31.0, 44.0, 6),
        rng.uniform(130.0, 145.0, 6),
        rng.uniform(0.0, 30.0, 6),
        rng.uniform(10.0, 100.0, 6),
        rng.uniform(10.0, 60.0, 6),
        rng.uniform(0.0, 360.0, 6),
        rng.uniform(5.0, 175.0, 6),
    )
    found = rupture_distance_km(lat, lon, FaultPlanes(*columns))
    assert found.shape == (20, 6)
    for number in range(6):
        single = FaultPlanes(*(column[[number]] for column in columns))
        expected = rupture_distance_km(lat, lon, single)[:, 0]
        assert found[:, number].tolist() == expected.tolist()


def test_no_sites_give_no_rows():
    assert rupture_distance_km([], [], one_plane(1.0, 2.0, 3.0, 4.0, 5.0)).shape == (0, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((35.0, 137.0, -1.0, 20.0, 10.0, 0.0, 45.0), "top_depth_km is -1; it must be between 0"),
        ((35.0, 137.0, 1.0, np.nan, 10.0, 0.0, 45.0), "length_km is nan; it must be between 0"),
        ((35.0, 137.0, 1.0, 20.0, np.inf, 0.0, 45.0), "width_km is inf; it must be between 0"),
        ((35.0, 137.0, 1.0, 20.0, 10.0, 0.0, 181.0), "dip_deg is 181; it must be between 0 and"),
        ((137.0, 35.0, 1.0, 20.0, 10.0, 0.0, 45.0), "lat_deg is 137; it must be between -90 and"),
    ],
)
def test_planes_that_cannot_be_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        FaultPlanes(*(np.array([value]) for value in values))


def test_arrays_of_unequal_length_are_refused():
    columns = [np.array([35.0, 36.0])] * 6
    with pytest.raises(ValueError, match=r"expected one dip_deg for each of 2 planes, got shape"):
        FaultPlanes(*columns, np.array([45.0]))
    plane = one_plane(1.0, 2.0, 3.0, 4.0, 5.0)
    with pytest.raises(ValueError, match="latitudes and longitudes of equal length"):
        rupture_distance_km([35.0, 36.0], [137.0], plane)
    with pytest.raises(ValueError, match="got missing ones; drop them first"):
        rupture_distance_km([np.nan], [137.0], plane)
