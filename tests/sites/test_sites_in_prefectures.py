"""Points anywhere in Japan, through a file, come back in the prefecture they were drawn in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.atlas import Atlas
from dcsite.scenario import LandParameters
from dcsite.sites import municipality_sites, read_sites

#: The municipality polygons are simplified apart from the prefectures': borders differ by up to
#: 0.6 km, so points are drawn from at least this far inside.
INSIDE_M = 800.0


@pytest.fixture(scope="module")
def inner(atlas: Atlas) -> gpd.GeoSeries:
    """Each prefecture less a rim, indexed `pref_code`, EPSG:4326."""
    shrunk = atlas.polygons("prefecture_polygons").geometry.to_crs("EPSG:6933").buffer(-INSIDE_M)
    return shrunk.to_crs("EPSG:4326")


def point_in(polygon: shapely.Geometry, up: float, along: float) -> tuple[float, float] | None:
    """Return (lat, lon) at a share of the height, and of the ground on that latitude."""
    west, south, east, north = polygon.bounds
    lat = south + up * (north - south)
    ground = shapely.intersection(polygon, shapely.LineString([(west, lat), (east, lat)]))
    pieces = [piece for piece in shapely.get_parts(ground) if piece.length > 0]
    reach = along * sum(piece.length for piece in pieces)
    for piece in pieces:
        if reach <= piece.length:
            point = piece.interpolate(reach)
            return round(point.y, 4), round(point.x, 4)
        reach -= piece.length
    return None


share = st.floats(0.01, 0.99)
draws = st.lists(st.tuples(st.integers(0, 46), share, share), min_size=1, max_size=30)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(draws=draws)
def test_points_get_the_prefecture_they_lie_in(
    atlas: Atlas, land: LandParameters, inner: gpd.GeoSeries, draws: list[tuple[int, float, float]]
) -> None:
    expected: dict[tuple[float, float], str] = {}
    for position, up, along in draws:
        point = point_in(inner.iloc[position], up, along)
        if point is not None:
            expected[point] = inner.index[position]
    if not expected:
        return
    lines = ["lat,lon", *(f"{lat},{lon}" for lat, lon in expected)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        sites = read_sites(path, atlas, land)
    assert sites["pref_code"].tolist() == list(expected.values())
    assert list(zip(sites["lat_deg"], sites["lon_deg"], strict=True)) == list(expected)
    whole = municipality_sites(atlas, land).loc[sites["municipality_code"]]
    assert sites["area"].tolist() == whole["area"].tolist()
    assert (sites["landmass_id"] >= 0).all()
