from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from dcsite.atlas import Atlas
from dcsite.model import domestic_sites
from dcsite.scenario import LandParameters, load_scenario
from dcsite.sites import SITE_COLUMNS, municipality_sites, read_sites

WriteFile = Callable[[str, str | bytes], Path]

HEADER = "site_id,name_ja,name_en,lat_deg,lon_deg,hectares,max_it_load_mw,tier"
ROWS = (
    "ishikari,石狩湾新港,Ishikari Bay New Port,43.1717,141.3155,12.5,,core",
    "inzai,印西,Inzai,35.7917,140.1456,,80,regional",
    "kitakyushu,北九州,,33.8834,130.8753,,,",
)
THREE = "\n".join((HEADER, *ROWS)) + "\n"


def test_attributes_come_from_the_file_and_the_municipality(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    sites = read_sites(write_file("three.csv", THREE), atlas, land)
    assert tuple(sites.columns) == SITE_COLUMNS
    assert sites.index.name == "site_id"
    assert sites.index.tolist() == ["ishikari", "inzai", "kitakyushu"]
    assert sites.crs == "EPSG:4326"
    assert sites["name_ja"].tolist() == ["石狩湾新港", "印西", "北九州"]
    assert sites["name_en"].tolist() == ["Ishikari Bay New Port", "Inzai", None]
    assert sites["municipality_code"].tolist() == ["01235", "12231", "40100"]
    assert sites["prefecture_ja"].tolist() == ["北海道", "千葉県", "福岡県"]
    assert sites["prefecture_en"].tolist() == ["Hokkaido", "Chiba", "Fukuoka"]
    assert sites["pref_code"].tolist() == ["01", "12", "40"]
    assert sites["area"].tolist() == ["hokkaido", "tokyo", "kyushu"]
    assert sites["landmass_id"].tolist() == [1, 0, 2]
    assert sites["uncertainty_km"].tolist() == [0.0, 0.0, 0.0]
    assert sites["allowed_tier"].tolist() == ["core", "regional", None]
    assert sites["hectares"].tolist() == pytest.approx([12.5, np.nan, np.nan], nan_ok=True)
    # hectares x 10 MW/ha; the given MW; for Kitakyushu what the land about the point carries
    assert sites["max_it_load_mw"].tolist() == pytest.approx(
        [125.0, 80.0, sites["available_land_ha"].iloc[2] * 10.0]
    )
    whole = municipality_sites(atlas, land).loc[["01235", "12231", "40100"]]
    for column in ("habitable_area_km2", "elevation_m"):
        assert sites[column].tolist() == whole[column].tolist()


def test_what_is_domestic_is_read_and_what_is_not_said_stays_open(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    said = ("国内事業者", "はい", "no", "")
    marked = "\n".join(f"{row},{cell}" for row, cell in zip((HEADER, *ROWS), said, strict=True))
    sites = read_sites(write_file("marked.csv", marked), atlas, land)
    assert sites["domestic"].tolist() == ["yes", "no", None]
    demand = load_scenario("policy-2023", ()).demand
    assert domestic_sites(sites, demand).tolist() == [True, False, True]
    none = demand.model_copy(update={"unmarked_sites_domestic": False})
    assert domestic_sites(sites, none).tolist() == [True, False, False]


def test_same_types_as_municipality_sites(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    sites = read_sites(write_file("three.csv", THREE), atlas, land)
    assert sites.dtypes.equals(municipality_sites(atlas, land).dtypes)


def as_frame() -> gpd.GeoDataFrame:
    table = pd.read_csv(StringIO(THREE))
    points = gpd.points_from_xy(table["lon_deg"], table["lat_deg"], crs="EPSG:4326")
    return gpd.GeoDataFrame(table.drop(columns=["lat_deg", "lon_deg"]), geometry=points)


@pytest.mark.parametrize("name", ["three.geojson", "three.json", "three.gpkg"])
def test_the_same_points_in_any_format_give_the_same_sites(
    tmp_path: Path, write_file: WriteFile, atlas: Atlas, land: LandParameters, name: str
) -> None:
    driver = "GPKG" if name.endswith("gpkg") else "GeoJSON"
    as_frame().to_file(tmp_path / name, driver=driver)
    expected = read_sites(write_file("three.csv", THREE), atlas, land)
    pd.testing.assert_frame_equal(read_sites(tmp_path / name, atlas, land), expected)


@pytest.mark.parametrize("crs", ["EPSG:6668", "EPSG:6677", "EPSG:3857"])
def test_any_crs_is_brought_to_wgs84(
    tmp_path: Path, write_file: WriteFile, atlas: Atlas, land: LandParameters, crs: str
) -> None:
    as_frame().to_crs(crs).to_file(tmp_path / "moved.gpkg")
    expected = read_sites(write_file("three.csv", THREE), atlas, land)
    sites = read_sites(tmp_path / "moved.gpkg", atlas, land)
    assert sites["lat_deg"].tolist() == pytest.approx(expected["lat_deg"].tolist(), abs=1e-8)
    assert sites["lon_deg"].tolist() == pytest.approx(expected["lon_deg"].tolist(), abs=1e-8)
    assert sites["municipality_code"].tolist() == expected["municipality_code"].tolist()


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + THREE.encode("utf-8"),
        THREE.encode("cp932"),
        THREE.replace("\n", "\r\n").encode("utf-8"),
        THREE.replace(",", ";").encode("utf-8"),
        THREE.replace(",", "\t").encode("utf-8"),
        THREE.replace("lat_deg,lon_deg", "Latitude,LONGITUDE").encode("utf-8"),
        THREE.replace("lat_deg,lon_deg", "lat,lon").encode("utf-8"),
        THREE.replace("lat_deg,lon_deg", "緯度,経度").encode("utf-8"),
        THREE.replace("site_id,", "ID,").replace("max_it_load_mw", "Max MW").encode("utf-8"),
        THREE.replace("\n", "\n\n").replace(",regional", ", Regional ").encode("utf-8"),
        THREE.replace("43.1717", "４３．１７１７").encode("utf-8"),
    ],
    ids=["bom", "cp932", "crlf", "semicolon", "tab", "long", "short", "ja", "id", "gaps", "wide"],
)
def test_the_same_table_however_it_is_written(
    write_file: WriteFile, atlas: Atlas, land: LandParameters, content: bytes
) -> None:
    expected = read_sites(write_file("three.csv", THREE), atlas, land)
    sites = read_sites(write_file("other.CSV", content), atlas, land)
    pd.testing.assert_frame_equal(sites, expected)


def test_ids_and_names_fall_back(write_file: WriteFile, atlas: Atlas, land: LandParameters) -> None:
    text = "id,name,lat,lon\n,,43.06,141.35\n007,,35.7,139.7\n,<b>x</b>,34.7,135.5\n"
    sites = read_sites(write_file("bare.csv", text), atlas, land)
    assert sites.index.tolist() == ["site-0001", "007", "site-0003"]
    assert sites["name_ja"].tolist() == ["site-0001", "007", "<b>x</b>"]
    assert sites["name_en"].tolist() == [None, None, None]


def test_other_columns_are_the_users_own(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    text = "lat,lon,owner,remarks\n43.06,141.35,市,near the station\n"
    sites = read_sites(write_file("own.csv", text), atlas, land)
    assert tuple(sites.columns) == (*SITE_COLUMNS, "own")
    assert json.loads(sites["own"].iloc[0]) == {"owner": "市", "remarks": "near the station"}


def test_polygons_give_a_point_inside_hectares_and_a_radius(
    tmp_path: Path, atlas: Atlas, land: LandParameters
) -> None:
    # A square of 0.01 degree near Inzai: 0.9040 km x 1.1096 km on WGS 84, 100.3 ha.
    square = shapely.box(140.05, 35.79, 140.06, 35.80)
    frame = gpd.GeoDataFrame(
        {"site_id": ["drawn", "given"], "hectares": [None, 40.0]},
        geometry=[square, shapely.affinity.translate(square, 0.05)],
        crs="EPSG:4326",
    )
    frame.to_file(tmp_path / "drawn.gpkg")
    sites = read_sites(tmp_path / "drawn.gpkg", atlas, land)
    assert square.contains(sites.geometry.iloc[0])
    assert sites["hectares"].tolist() == pytest.approx([100.30, 40.0], abs=0.05)
    assert sites["max_it_load_mw"].tolist() == pytest.approx([1003.0, 400.0], abs=0.5)
    assert sites["uncertainty_km"].iloc[0] == pytest.approx(np.sqrt(1.0030 / np.pi), abs=1e-4)


def test_a_ring_shaped_polygon_gives_a_point_on_its_ground(
    tmp_path: Path, atlas: Atlas, land: LandParameters
) -> None:
    ring = shapely.Point(141.35, 43.06).buffer(0.02) - shapely.Point(141.35, 43.06).buffer(0.015)
    gpd.GeoDataFrame(geometry=[ring], crs="EPSG:4326").to_file(tmp_path / "ring.gpkg")
    sites = read_sites(tmp_path / "ring.gpkg", atlas, land)
    assert ring.contains(sites.geometry.iloc[0])


def test_a_multipoint_of_one_point_is_a_point(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    geometry = {"type": "MultiPoint", "coordinates": [[141.35, 43.06]]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    sites = read_sites(write_file("one.geojson", json.dumps(feature)), atlas, land)
    assert (sites["lat_deg"].iloc[0], sites["lon_deg"].iloc[0]) == (43.06, 141.35)


def test_whole_number_ids_stay_whole_though_one_is_missing(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"site_id": site_id},
            "geometry": {"type": "Point", "coordinates": [141.35, lat]},
        }
        for site_id, lat in ((7, 43.06), (None, 43.07), (12, 43.08))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    sites = read_sites(write_file("ids.geojson", text), atlas, land)
    assert sites.index.tolist() == ["7", "site-0002", "12"]


def test_a_users_site_id_goes_before_the_features_own(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    feature = {
        "type": "Feature",
        "id": "from-the-database",
        "properties": {"site_id": "mine"},
        "geometry": {"type": "Point", "coordinates": [141.35, 43.06]},
    }
    sites = read_sites(write_file("both.geojson", json.dumps(feature)), atlas, land)
    assert sites.index.tolist() == ["mine"]


def test_a_point_just_off_the_simplified_coast_belongs_to_its_city(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    sites = read_sites(write_file("quay.csv", "lat,lon\n41.786,140.690\n"), atlas, land)
    assert sites["municipality_code"].tolist() == ["01202"]  # Hakodate
    assert sites["landmass_id"].tolist() == [1]


def test_hostile_text_is_kept_as_it_is(
    write_file: WriteFile, atlas: Atlas, land: LandParameters
) -> None:
    hostile = "<script>alert('x')</script>"
    text = f'lat,lon,name\n43.06,141.35,"{hostile}"\n'
    sites = read_sites(write_file("hostile.csv", text), atlas, land)
    assert sites["name_ja"].tolist() == [hostile]
