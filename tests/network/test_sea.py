"""The sea: what is land, which coast is open, ways round islands, by hand and brute force."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.geo.geodesy import geodesic_km
from dcsite.network.sea import _inside, _open_sea, open_sea


def sea_round(**polygons: shapely.Geometry):
    frame = gpd.GeoDataFrame(geometry=list(polygons.values()), index=list(polygons), crs=4326)
    return _open_sea(SimpleNamespace(polygons=lambda name: frame))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9), st.floats(0.3, 3)), min_size=1))
def test_cells_on_land_are_those_inside_a_polygon(boxes):
    # Municipalities of several islands, a lake cut out of one, neighbours that share a border.
    land = shapely.union_all([shapely.box(x, y, x + w, y + w) for x, y, w in boxes])
    west = shapely.intersection(land, shapely.box(-1, -1, 4, 20))
    shapes = np.array([west, shapely.difference(land, west)])
    lon, lat = np.arange(-0.487, 12.5, 0.5), np.arange(-0.483, 12.5, 0.5)
    inside = shapely.contains_xy(land, *np.meshgrid(lon, lat))
    assert (_inside(shapes, lon, lat) == inside).all()


def test_narrow_bays_and_inland_borders_are_not_open_coast():
    # A square of two municipalities, each 1 degree wide; from the south a bay of 0.1 degree (10 km)
    # runs half a degree into the eastern one, and a strait of the same width parts an islet.
    bay = shapely.box(131.4, 35, 131.5, 35.5)
    islet = shapely.box(130.2, 36.1, 130.8, 36.4)
    sea = sea_round(
        west=shapely.union(shapely.box(130, 35, 131, 36), islet),
        east=shapely.difference(shapely.box(131, 35, 132, 36), bay),
    )
    coast = sea.coast
    outer = (
        coast["lat_deg"].isin([35.0, 36.0, 36.4])
        | coast["lon_deg"].isin([130.0, 132.0])
        | (coast["lon_deg"].isin([130.2, 130.8]) & (coast["lat_deg"] >= 36.1))
    )
    assert outer.all()
    in_bay = coast["lon_deg"].between(131.4, 131.5) & coast["lat_deg"].between(35.01, 35.9)
    in_strait = coast["lon_deg"].between(130.25, 130.75) & coast["lat_deg"].between(36.0, 36.1)
    assert not in_bay.any()
    assert not in_strait.any()
    assert set(coast["municipality_code"]) == {"west", "east"}
    assert (coast["municipality_code"] == "west")[coast["lon_deg"] < 130.99].all()


def test_a_way_goes_round_an_island():
    sea = sea_round(island=shapely.box(130, 35, 132, 36))
    ends = pd.DataFrame({"lat_deg": [35.5, 35.5, 35.9], "lon_deg": [129.9, 132.1, 129.9]})
    way = sea.ways_km(ends, ends, 2000.0)
    assert way == pytest.approx(way.T)
    # By hand: half a degree north, 2.2 degrees east and half a degree south again, by the corners
    # 8 km and more off: 55 + 200 + 55 km and a little.
    assert 300 < way[0, 1] < 345
    assert 44.4 < way[0, 2] < 65  # out to the open sea and back on top
    assert np.isinf(sea.ways_km(ends, ends, 200.0)[0, 1])


def test_no_way_steps_over_a_thin_cape():
    # 2 km wide and 2 degrees long: a step of two cells is longer than it and its closed shores.
    sea = sea_round(cape=shapely.box(130.94, 35, 130.96, 37))
    ends = pd.DataFrame({"lat_deg": [36.0, 36.0], "lon_deg": [130.79, 131.11]})
    assert sea.ways_km(ends, ends, 2000.0)[0, 1] > 222


def test_no_way_is_shorter_than_straight_or_crosses_land(shipped_atlas):
    sea = open_sea(shipped_atlas)
    stations = shipped_atlas.table("cable_landing_stations")
    way = pd.DataFrame(
        sea.ways_km(stations, stations, 4000.0), index=stations.index, columns=stations.index
    )
    lat, lon = stations["lat_deg"].to_numpy(), stations["lon_deg"].to_numpy()
    straight = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    assert (way.to_numpy() >= straight - 1e-6).all()
    # Worked out apart on a grid of half the size, around islands of 20 km2 and more.
    segments = shipped_atlas.table("domestic_cable_segments")
    ratio = [
        way.loc[one.landing_a, one.landing_b] / one.sea_way_km for one in segments.itertuples()
    ]
    assert min(ratio) > 0.95
    assert max(ratio) < 1.35  # Ishigaki to Miyakojima: over the reefs of Tarama, which is closed
    assert np.median(ratio) == pytest.approx(1.06, abs=0.02)


def test_bays_are_closed_and_capes_open(shipped_atlas):
    names = shipped_atlas.table("municipalities")["name_ja"]
    coast = set(names[sorted(set(open_sea(shipped_atlas).coast["municipality_code"]))])
    closed = ("千葉市", "名古屋市", "大阪市", "高松市", "広島市", "青森市", "熊本市", "鹿児島市",
              "諫早市", "佐呂間町", "八代市", "大津市", "土浦市", "奈良市")  # fmt: skip
    assert not coast & set(closed)
    capes = ("根室市", "えりも町", "室蘭市", "宮古市", "銚子市", "御前崎市", "串本町", "室戸市",
             "土佐清水市", "日南市", "長崎市", "輪島市", "男鹿市", "糸満市", "石垣市")  # fmt: skip
    assert set(capes) <= coast
