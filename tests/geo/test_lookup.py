from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from dcsite.sites.landmass import PolygonLookup


def squares(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    """Boxes of (west, south, east, north) degrees."""
    return gpd.GeoDataFrame(geometry=[shapely.box(*box) for box in boxes], crs="EPSG:4326")


def test_point_inside_is_at_distance_zero() -> None:
    lookup = PolygonLookup(squares((135, 35, 136, 36), (137, 35, 138, 36)))
    position, distance_km = lookup.locate([35.5, 35.5], [137.5, 135.5])
    assert position.tolist() == [1, 0]
    assert distance_km.tolist() == [0.0, 0.0]


def test_first_polygon_wins_on_a_shared_border() -> None:
    lookup = PolygonLookup(squares((136, 35, 137, 36), (135, 35, 136, 36)))
    assert lookup.locate(35.5, 136.0)[0].tolist() == [0]


def test_distance_outside_is_geodesic() -> None:
    lookup = PolygonLookup(squares((135, 35, 136, 36)))
    _, distance_km = lookup.locate([35.5], [136.01])
    # One hundredth of a degree of longitude at 35.5 N on WGS 84: N cos(lat) times the angle, with
    # N = 6378.137 / sqrt(1 - 0.00669438 sin(lat)**2).
    lat = np.radians(35.5)
    radius_km = 6378.137 / np.sqrt(1 - 0.00669438 * np.sin(lat) ** 2)
    assert distance_km[0] == pytest.approx(radius_km * np.cos(lat) * np.radians(0.01), rel=1e-6)


def test_nearest_is_by_kilometres_not_by_degrees() -> None:
    # At 45 N a degree of longitude is 0.71 of a degree of latitude: 0.012 degrees east (0.95 km)
    # is nearer than 0.010 degrees north (1.11 km), though degrees say otherwise.
    lookup = PolygonLookup(squares((141.012, 44.9, 141.5, 45.005), (140.5, 45.010, 141.0, 45.5)))
    position, distance_km = lookup.locate([45.0], [141.0])
    assert position.tolist() == [0]
    assert distance_km[0] == pytest.approx(0.946, abs=0.001)


def test_no_points_give_no_answers() -> None:
    position, distance_km = PolygonLookup(squares((135, 35, 136, 36))).locate([], [])
    assert position.shape == distance_km.shape == (0,)
