from __future__ import annotations

import math

import geopandas as gpd
import pandas as pd
import pytest

from dcsite.atlas import Atlas
from dcsite.scenario import LandParameters
from dcsite.sites import SITE_COLUMNS, municipality_sites


@pytest.fixture(scope="module")
def sites(atlas: Atlas, land: LandParameters) -> gpd.GeoDataFrame:
    return municipality_sites(atlas, land)


def test_every_municipality_is_a_site_with_the_agreed_columns(sites: gpd.GeoDataFrame) -> None:
    assert len(sites) == 1741
    assert tuple(sites.columns) == SITE_COLUMNS
    assert sites.index.name == "site_id"
    assert sites.index.is_unique
    assert sites.crs == "EPSG:4326"
    assert sites.index.tolist() == sites["municipality_code"].tolist()
    # Only what a user's list alone can give is missing.
    empty = sites.isna().all()
    assert empty[empty].index.tolist() == ["allowed_tier", "hectares"]
    assert not sites.drop(columns=["allowed_tier", "hectares"]).isna().to_numpy().any()


def test_sapporo(sites: gpd.GeoDataFrame) -> None:
    site = sites.loc["01100"]
    assert (site["name_ja"], site["name_en"]) == ("札幌市", "Sapporo-shi")
    assert (site["prefecture_ja"], site["prefecture_en"]) == ("北海道", "Hokkaido")
    assert (site["pref_code"], site["area"]) == ("01", "hokkaido")
    assert (site["lat_deg"], site["lon_deg"]) == (43.06209, 141.35439)
    assert (site.geometry.y, site.geometry.x) == (43.06209, 141.35439)
    assert site["landmass_id"] == 1
    assert site["habitable_area_km2"] == 438.79
    assert site["elevation_m"] == 23
    assert (site["gentle_land_ha"], site["connected_land_ha"]) == (24223, 23657)
    # Of 43,663 ha gentle, all habitable, 2 x 13,991 ha are built up: 15,681 ha, 36 %, are free.
    assert site["available_land_ha"] == pytest.approx(23657 * 15681 / 43663 * 0.01)
    assert site["max_it_load_mw"] == pytest.approx(849.6, abs=0.1)
    assert site["uncertainty_km"] == pytest.approx(11.8183, abs=1e-4)
    assert math.pi * site["uncertainty_km"] ** 2 == pytest.approx(438.79)


def test_chiyoda(sites: gpd.GeoDataFrame) -> None:
    site = sites.loc["13101"]
    assert (site["name_ja"], site["prefecture_ja"], site["area"]) == ("千代田区", "東京都", "tokyo")
    assert (site["lat_deg"], site["lon_deg"]) == (35.69389, 139.75361)
    assert site["landmass_id"] == 0
    # 2 x 592.1 ha built up are more than the ward has: what is left is 8.2 ha of fields.
    assert site["max_it_load_mw"] == pytest.approx(0.82)
    assert site["uncertainty_km"] == pytest.approx(1.9265, abs=1e-4)
    assert site["elevation_m"] == 16


def test_mishima_stands_on_its_island_not_at_its_office_in_kagoshima(
    sites: gpd.GeoDataFrame, atlas: Atlas
) -> None:
    site = sites.loc["46303"]
    office = atlas.table("municipalities").loc["46303"]
    assert office["office_in_municipality"] == 0
    assert (site["lat_deg"], site["lon_deg"]) == (30.8334, 129.9345)
    assert office["office_lat_deg"] - site["lat_deg"] > 0.7
    assert site["elevation_m"] == 174.5  # the median, not that of the office's cell in the city
    assert site["max_it_load_mw"] < 10.0  # 31 km2 of volcanic islands carry no hub
    kagoshima = sites.loc["46201"]
    assert site["landmass_id"] != kagoshima["landmass_id"]


def test_only_the_four_away_offices_give_way_to_an_inside_point(
    sites: gpd.GeoDataFrame, atlas: Atlas
) -> None:
    places = atlas.table("municipalities")
    moved = sites.index[
        (sites["lat_deg"] != places["office_lat_deg"])
        | (sites["lon_deg"] != places["office_lon_deg"])
    ]
    assert moved.tolist() == ["07546", "46303", "46304", "47381"]


def test_split_municipalities_count_to_their_main_area(sites: gpd.GeoDataFrame) -> None:
    main = sites.loc[["22210", "21217", "28212", "38202"], "area"]  # Fuji, Hida, Ako, Imabari
    assert main.tolist() == ["tokyo", "chubu", "kansai", "shikoku"]


def test_land_parameters_scale_the_load(atlas: Atlas, sites: gpd.GeoDataFrame) -> None:
    generous = LandParameters(
        mw_per_ha=5.0,
        share_of_free_gentle_land=0.04,
        built_up_per_building_land=2.0,
        guide_ha=10.0,
    )
    doubled = municipality_sites(atlas, generous)["max_it_load_mw"]
    pd.testing.assert_series_equal(doubled, sites["max_it_load_mw"] * 2)
