"""Parcels near each other as one site: by hand, and against joining the nearest again and again."""

from __future__ import annotations

import itertools
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.errors import SitesError
from dcsite.geo.geodesy import geodesic_km
from dcsite.sites import merged_sites, municipality_sites, read_sites, site_members
from dcsite.sites.frame import site_frame

SCENARIO = dcsite.load_scenario()
#: Points on a line to the north, a km apart (meridian of WGS 84 at 40 degrees: 111.035 km).
STEP_DEG = 1.0 / 111.035


def asked(merge_km, extent_km=5.0):
    values = {"merge_km": merge_km, "merge_extent_km": extent_km}
    return SCENARIO.places.model_copy(update=values)


def frame(points, **columns):
    """Return own sites at points (latitude, longitude), with 10 MW each that a file gives."""
    count = len(points)
    plain = {
        "municipality_code": "03206", "name_en": None, "prefecture_en": "Iwate",
        "prefecture_ja": "岩手県", "pref_code": "03", "area": "tohoku", "uncertainty_km": 0.0,
        "habitable_area_km2": 100.0, "gentle_land_ha": 100.0, "connected_land_ha": 100.0,
        "available_land_ha": 30.0, "elevation_m": 50.0, "landmass_id": 1, "max_it_load_mw": 10.0,
        "allowed_tier": None, "hectares": np.nan, "population_2020": np.nan,
    }  # fmt: skip
    data = {name: [value] * count for name, value in plain.items()}
    names = [f"p{at}" for at in range(count)]
    data |= {"lat_deg": [p[0] for p in points], "lon_deg": [p[1] for p in points]}
    return site_frame(pd.DataFrame(data | {"name_ja": names} | columns, index=names))


def line(*steps):
    return [(40.0 + step * STEP_DEG, 141.0) for step in steps]


def ids(sites):
    return list(sites.index)


@pytest.mark.parametrize(
    ("steps", "merge_km", "extent_km", "found"),
    [
        ((0, 0.9, 1.8, 4), 1.0, 5.0, ["p0+p1+p2", "p3"]),  # by a chain: 1.8 km across
        ((0, 0.9, 1.8, 4), 0.8, 5.0, ["p0", "p1", "p2", "p3"]),
        ((0, 1.0, 1.9, 2.85), 1.1, 2.5, ["p0", "p1+p2+p3"]),  # the nearest first, then the cap
        ((0, 1.0, 1.9, 2.9), 1.1, 0.5, ["p0", "p1", "p2", "p3"]),
        ((0, 9, 0.5), 1.0, 5.0, ["p0+p2", "p1"]),  # it stands where its first one stood
    ],
)
def test_chains_end_at_the_greatest_extent(steps, merge_km, extent_km, found):
    sites = frame(line(*steps))
    assert ids(merged_sites(sites, asked(merge_km, extent_km), SCENARIO.land)) == found


@settings(deadline=None, max_examples=60)
@given(
    points=st.lists(
        st.tuples(st.floats(40.0, 40.06), st.floats(141.0, 141.08)),
        min_size=2, max_size=9, unique=True,
    ),
    merge_km=st.floats(0.1, 4.0),
    extent_km=st.floats(0.2, 6.0),
)  # fmt: skip
def test_against_joining_the_nearest_again_and_again(points, merge_km, extent_km):
    lat, lon = np.array(points).T
    km = geodesic_km(lat[:, None], lon[:, None], lat, lon)
    groups = [{at} for at in range(len(points))]
    while True:
        links = [
            (round(min(km[a, b] for a in one for b in other), 6), at, to)
            for (at, one), (to, other) in itertools.combinations(enumerate(groups), 2)
            if min(km[a, b] for a in one for b in other) <= merge_km
            and max(km[a, b] for a in one | other for b in one | other) <= extent_km
        ]
        if not links:
            break
        _, at, to = min(links)
        groups[at] |= groups.pop(to)
    found = merged_sites(frame(points), asked(merge_km, extent_km), SCENARIO.land)
    assert {frozenset(site.split("+")) for site in found.index} == {
        frozenset(f"p{at}" for at in group) for group in groups
    }
    assert found["max_it_load_mw"].sum() == pytest.approx(10.0 * len(points))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("allowed_tier", [None, "large"]),
        ("landmass_id", [1, 2]),
        ("area", ["tohoku", "tokyo"]),
        ("population_2020", [np.nan, 5000.0]),  # a municipality stays what it is
    ],
)
def test_what_differs_stays_apart(column, values):
    sites = frame(line(0, 0.1), **{column: values})
    assert ids(merged_sites(sites, asked(1.0), SCENARIO.land)) == ["p0", "p1"]


def test_what_a_merged_site_is():
    planning = {
        "zone": ["control"] * 3, "substation_kv": [66.0, np.nan, 154.0],
        "priority_zone": ["yes"] * 3, "adjustment_plan": ["yes", "no", None],
        "regional_project": ["yes", None, "yes"],
    }  # fmt: skip
    sites = frame(
        line(0, 0.5, 1.0),
        name_ja=["東", "西", "南"],
        max_it_load_mw=[40.0, 300.0, 60.0],  # 30 ha about the point carry 300: none is given
        hectares=[4.0, np.nan, 6.0],
        municipality_code=["03206", "03206", "03209"],
        own=['{"所有": "県", "地目": "田"}', '{"所有": "県"}', '{"所有": "県", "地目": "畑"}'],
        **planning,
    )
    found = merged_sites(sites, asked(1.0), SCENARIO.land)
    (site,) = found.to_dict("records")
    assert ids(found) == ["p0+p1+p2"]
    assert site["name_ja"] == "東 + 西 + 南"
    assert site["max_it_load_mw"] == 100.0  # the land about a point is not added to what is given
    assert np.isnan(site["hectares"])  # one of them is not known
    # It stands at the largest, a km from the farthest.
    assert (site["municipality_code"], site["lat_deg"]) == ("03209", sites["lat_deg"].iloc[2])
    assert site["uncertainty_km"] == pytest.approx(1.0, abs=1e-4)
    assert json.loads(site["own"]) == {"所有": "県", "地目": "p0: 田; p2: 畑"}
    assert (site["substation_kv"], site["priority_zone"]) == (154.0, "yes")
    assert (site["adjustment_plan"], site["regional_project"]) == ("no", None)
    assert [one["max_it_load_mw"] for one in site_members(found)["p0+p1+p2"]] == [40.0, None, 60.0]
    # Where no parcel gives a size, the land about them counts once.
    bare = frame(line(0, 0.5), max_it_load_mw=[300.0, 300.0])
    assert merged_sites(bare, asked(1.0), SCENARIO.land)["max_it_load_mw"].tolist() == [300.0]


def test_many_parcels_have_a_short_name_and_id():
    names = [f"工業団地の第{at}区画" + "あ" * 90 for at in range(30)]
    sites = frame(line(*np.linspace(0, 2, 30)), name_ja=names, name_en=[f"P{n}" for n in range(30)])
    found = merged_sites(sites, asked(0.1), SCENARIO.land)
    assert ids(found) == ["p0+29"]
    assert found["name_en"].tolist() == ["P0 + P1 + P2 and 27 more"]
    assert found["name_ja"].iloc[0].endswith("… ほか27区画")
    assert len(found["name_ja"].iloc[0]) <= 120


def test_polygons_count_from_edge_to_edge_and_stay_polygons(tmp_path, shipped_atlas):
    # 1,020 m by 550 m; 430 m between the first two, the third across the corner of the second.
    squares = [shapely.box(x, y, x + 0.01, y + 0.005)
               for x, y in ((140.9, 39.3), (140.915, 39.3), (140.926, 39.306))]  # fmt: skip
    places = gpd.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=squares, crs="EPSG:4326")
    places.to_file(path := tmp_path / "own.gpkg")
    sites = read_sites(path, shipped_atlas, SCENARIO.land)
    assert len(merged_sites(sites, asked(0.1), SCENARIO.land)) == 3
    two = merged_sites(sites, asked(0.42), SCENARIO.land)
    assert ids(two) == ["site-0001", "site-0002+site-0003"]
    one = merged_sites(sites, asked(0.44), SCENARIO.land)
    assert ids(one) == ["site-0001+site-0002+site-0003"]
    assert one["hectares"].sum() == pytest.approx(sites["hectares"].sum())
    outline = shapely.from_wkt(one["outline"].iloc[0])
    assert len(outline.geoms) == 3
    assert outline.symmetric_difference(shapely.MultiPolygon(squares)).area < 1e-12
    # From corner to corner all three reach 3.3 km.
    assert len(merged_sites(sites, asked(1.0, 3.2), SCENARIO.land)) == 2


def test_there_must_be_parcels(shipped_atlas):
    national = municipality_sites(shipped_atlas, SCENARIO.land)
    with pytest.raises(SitesError, match=r"merge_km.*--sites or --add-sites"):
        merged_sites(national, asked(1.0), SCENARIO.land)
