from __future__ import annotations

import csv
import dataclasses
import json
import re
import sqlite3
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

from dcsite.atlas import Atlas
from dcsite.contract import Backup, Takeover
from dcsite.outputs.tables import hubs_geojson, write_geopackage, write_hubs_csv
from dcsite.plan.frame import hub_rows
from dcsite.plan.types import Plan


def read_csv(plan: Plan, path: Path) -> list[dict[str, str]]:
    write_hubs_csv(plan, path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def renamed(plan: Plan, name_ja: str) -> Plan:
    return dataclasses.replace(plan, hubs=(dataclasses.replace(plan.hubs[0], name_ja=name_ja),))


def test_geojson_is_rfc_7946(plan: Plan) -> None:
    collection = json.loads(hubs_geojson(plan))
    assert set(collection) == {"type", "features"}
    assert len(collection["features"]) == 7
    first = collection["features"][0]
    assert first["type"] == "Feature"
    assert first["id"] == "01235"
    assert first["geometry"]["type"] == "Point"
    lon, lat = first["geometry"]["coordinates"]
    assert lon == pytest.approx(plan.hubs[0].lon_deg, abs=5e-7)
    assert lat == pytest.approx(plan.hubs[0].lat_deg, abs=5e-7)
    assert first["properties"]["name_ja"] == "石狩市"
    assert first["properties"]["substation_distance_km"] == 4.568


def test_geojson_has_six_decimals_at_most(plan: Plan) -> None:
    moved = dataclasses.replace(plan.hubs[0], lat_deg=43.123456789, lon_deg=141.987654321)
    text = hubs_geojson(dataclasses.replace(plan, hubs=(moved,)))
    assert json.loads(text)["features"][0]["geometry"]["coordinates"] == [141.987654, 43.123457]


def test_geojson_of_no_hubs_is_empty(plan: Plan) -> None:
    empty = dataclasses.replace(plan, hubs=())
    assert json.loads(hubs_geojson(empty)) == {"type": "FeatureCollection", "features": []}


def test_columns_name_their_units_and_rows_agree(plan: Plan) -> None:
    fewer = dataclasses.replace(plan.hubs[0], values=())
    rows = hub_rows(dataclasses.replace(plan, hubs=(fewer, plan.hubs[1])))
    assert list(rows[0]) == list(rows[1])
    assert rows[0]["renewables_local_renewable_gwh_per_year"] is None
    assert rows[1]["renewables_local_renewable_gwh_per_year"] == 331.644
    assert rows[1]["renewables_local_renewable_gwh_per_year_score"] == 0.122832
    assert rows[1]["separation_nearest_existing_core_km"] == 812.346
    assert rows[1]["it_load_mw"] == 240.0
    assert rows[1]["substation_voltage_kv"] == plan.hubs[1].links["substation"].voltage_kv


def test_rows_say_who_carries_whose_load_and_what_nobody_does(plan: Plan) -> None:
    first, second, third = plan.hubs[:3]
    backed = dataclasses.replace(
        plan,
        backups=(
            Backup("tokyo", first.site_id, 30.0, None),
            Backup(first.site_id, second.site_id, 20.0, 0.0),
            Backup(first.site_id, third.site_id, 250.0, 0.0),
        ),
        takeovers=(
            Takeover("tokyo", "Tokyo area", "東京圏", 1000.0, 30.0, 470.0, "tokyo_lost"),
            Takeover(first.site_id, "-", "-", 300.0, 270.0, 30.0, "x"),
        ),
    )
    rows = hub_rows(backed)
    assert rows[0]["backup_hubs_ja"] == f"{third.name_ja}; {second.name_ja}"
    assert rows[0]["backup_hubs_en"] == f"{third.name_en}; {second.name_en}"
    assert rows[0]["backup_hubs_ids"] == f"{third.site_id}; {second.site_id}"
    assert rows[0]["backup_hubs_mw"] == "250.000; 20.000"
    assert (rows[0]["carries_for_ja"], rows[0]["carries_for_mw"]) == ("東京圏", "30.000")
    assert rows[0]["unserved_when_lost_mw"] == 30.0
    assert (rows[2]["carries_for_en"], rows[2]["backup_hubs_en"]) == (first.name_en, "")
    assert rows[2]["unserved_when_lost_mw"] == third.it_load_mw  # nobody is asked to carry it
    assert "backup_hubs_ja" not in hub_rows(plan)[0]


def test_csv_holds_japanese_for_excel_and_others(plan: Plan, tmp_path: Path) -> None:
    rows = read_csv(plan, tmp_path / "hubs.csv")
    assert (tmp_path / "hubs.csv").read_bytes().startswith(b"\xef\xbb\xbfno,site_id,tier,")
    assert [row["no"] for row in rows] == ["1", "2", "3", "4", "5", "6", "7"]
    assert rows[0]["name_ja"] == "石狩市"
    assert rows[0]["municipality_code"] == "01235"
    assert rows[0]["it_load_mw"] == "300.0"
    assert rows[0]["decarbonised_share"] == ""


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\r=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "　＝1",
        "\n=cmd|' /C calc'!A0",
    ],
)
def test_csv_neutralises_formulas(plan: Plan, tmp_path: Path, name: str) -> None:
    cell = read_csv(renamed(plan, name), tmp_path / "hubs.csv")[0]["name_ja"]
    assert cell == "'" + " ".join(name.split())


@pytest.mark.parametrize(
    ("name", "cell"), [('a,"b"', 'a,"b"'), ("a\nb", "a b"), ("東=西", "東=西")]
)
def test_csv_keeps_other_text(plan: Plan, tmp_path: Path, name: str, cell: str) -> None:
    assert read_csv(renamed(plan, name), tmp_path / "hubs.csv")[0]["name_ja"] == cell


def test_negative_numbers_stay_numbers(plan: Plan, tmp_path: Path) -> None:
    west = dataclasses.replace(plan.hubs[0], lon_deg=-0.5)
    rows = read_csv(dataclasses.replace(plan, hubs=(west,)), tmp_path / "hubs.csv")
    assert rows[0]["lon_deg"] == "-0.5"


def test_geopackage_layers(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    path = tmp_path / "plan.gpkg"
    write_geopackage(plan, candidates, atlas, path)
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None  # as it was
    assert [str(name) for name, _ in pyogrio.list_layers(path)] == [
        "hubs", "substation_links", "landing_links", "new_landing_links", "exchange_links",
        "backups", "candidates",
    ]  # fmt: skip
    hubs = gpd.read_file(path, layer="hubs")
    assert hubs.crs.to_epsg() == 4326
    assert hubs["name_ja"].tolist()[:2] == ["石狩市", "久留米市"]
    links = gpd.read_file(path, layer="substation_links")
    assert links.geom_type.unique().tolist() == ["LineString"]
    station = plan.hubs[0].links["substation"]
    assert station is not None
    assert list(links.geometry[0].coords) == [
        (plan.hubs[0].lon_deg, plan.hubs[0].lat_deg),
        (station.lon_deg, station.lat_deg),
    ]
    assert links["voltage_kv"][0] == station.voltage_kv
    assert len(gpd.read_file(path, layer="landing_links")) == 7
    measured = gpd.read_file(path, layer="candidates")
    assert len(measured) == 1741
    assert measured["site_id"].tolist() == candidates.index.tolist()
    assert measured["score_snow_cooling"].between(0, 1).all()


def test_geopackage_tells_who_carries_whose_load(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    first, second = plan.hubs[:2]
    arcs = (
        Backup("tokyo", first.site_id, 300.0, None),
        Backup(first.site_id, second.site_id, 20.0, 0.01),
    )
    path = tmp_path / "plan.gpkg"
    write_geopackage(dataclasses.replace(plan, backups=arcs), candidates.head(3), atlas, path)
    drawn = gpd.read_file(path, layer="backups")
    assert drawn[["site_id", "backup_site_id"]].to_numpy().tolist() == [
        ["tokyo", first.site_id],
        [first.site_id, second.site_id],
    ]
    assert drawn["takeover_mw"].tolist() == [300.0, 20.0]
    assert drawn["name_ja"].tolist() == ["東京圏", first.name_ja]
    assert drawn["backup_name_en"].tolist() == [first.name_en, second.name_en]
    tokyo = atlas.existing_cores().loc["tokyo"]
    assert list(drawn.geometry[0].coords) == [
        (tokyo["lon_deg"], tokyo["lat_deg"]),
        (first.lon_deg, first.lat_deg),
    ]


def test_geopackage_writes_infinity_as_null(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    write_geopackage(plan, candidates, atlas, tmp_path / "plan.gpkg")
    measured = gpd.read_file(tmp_path / "plan.gpkg", layer="candidates").set_index("site_id")
    far = measured["substation_distance_km_100kv"]
    assert far.isna().sum() == (candidates["lat_deg"] < 27).sum() > 0
    assert far.max() == 3.25


def test_geopackage_is_the_same_for_the_same_plan(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    for name in ("a.gpkg", "b.gpkg"):
        write_geopackage(plan, candidates.head(50), atlas, tmp_path / name)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    assert re.search(rb"2026-11-24T10:00:00", (tmp_path / "a.gpkg").read_bytes())


def test_geopackage_without_links_keeps_its_layers(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    bare = dataclasses.replace(plan.hubs[0], links={})
    path = tmp_path / "plan.gpkg"
    write_geopackage(dataclasses.replace(plan, hubs=(bare,)), candidates.head(3), atlas, path)
    assert pyogrio.read_info(path, layer="substation_links")["features"] == 0
    assert pyogrio.read_info(path, layer="landing_links")["geometry_type"] == "LineString"


def test_text_no_file_can_hold_does_not_stop_writing(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    odd = renamed(plan, "a\x00b\ud800c")
    write_geopackage(odd, candidates.head(3), atlas, tmp_path / "plan.gpkg")
    assert gpd.read_file(tmp_path / "plan.gpkg", layer="hubs")["name_ja"].tolist() == ["ab?c"]
    assert read_csv(odd, tmp_path / "hubs.csv")[0]["name_ja"] == "ab?c"


@pytest.mark.parametrize("name", ["!mine", "a:b", "no\udcff-utf8"])
def test_geopackage_is_written_whatever_its_folder_is_called(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name / "out"
    folder.mkdir(parents=True)
    write_geopackage(plan, candidates, atlas, folder / "plan.gpkg")
    assert [path.name for path in folder.iterdir()] == ["plan.gpkg"]
    with sqlite3.connect(folder / "plan.gpkg") as file:
        assert file.execute("SELECT count(*) FROM hubs").fetchone() == (len(plan.hubs),)
