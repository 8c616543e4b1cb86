"""The five files of the default run tell the same plan."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def expected(plan):
    """Site, tier, MW, latitude and longitude of every hub of plan.json."""
    return [
        (hub["site_id"], hub["tier"], hub["it_load_mw"], hub["lat_deg"], hub["lon_deg"])
        for hub in plan["hubs"]
    ]


def test_hubs_csv(default_run, expected, plan):
    with (default_run.directory / "hubs.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [
        (row["site_id"], row["tier"], float(row["it_load_mw"]), float(row["lat_deg"]),
         float(row["lon_deg"]))
        for row in rows
    ]  # fmt: skip
    assert found == expected
    for row, hub in zip(rows, plan["hubs"], strict=True):
        assert row["name_ja"] == hub["name_ja"]
        assert row["substation_id"] == hub["substation"]["substation_id"]
        assert float(row["substation_distance_km"]) == hub["substation"]["distance_km"]
        assert row["landing_id"] == (hub["landing"] or {"landing_id": ""})["landing_id"]
        assert float(row["nearest_hub_km"]) == hub["nearest_hub_km"]


def test_hubs_geojson(default_run, expected):
    document = json.loads((default_run.directory / "hubs.geojson").read_text("utf-8"))
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    found = []
    for feature in document["features"]:
        lon, lat = feature["geometry"]["coordinates"]
        properties = feature["properties"]
        assert feature["id"] == properties["site_id"]
        found.append(
            (properties["site_id"], properties["tier"], properties["it_load_mw"], lat, lon)
        )
    assert found == expected


def test_loads_add_up_to_the_hubs_and_stand_beside_the_tables_of_today(default_run, plan, table):
    """Recompute every load from hubs.csv, and its shares from the tables."""
    text = {"municipality_code": str, "key": str}
    hubs, loads = (
        pd.read_csv(default_run.directory / name, dtype=text) for name in ("hubs.csv", "loads.csv")
    )
    hubs = pd.concat([hubs, hubs["municipality_code"].str[:2].rename("pref")], axis=1)
    factor = plan["scenario"]["demand"]["load_factor"] * 8.76
    pue = hubs["substation_grid_mw"] / (hubs["it_load_mw"] + hubs["reserve_mw"])
    places = table("places/prefectures.csv").set_index("pref_code")
    for part, column in (("area", "area"), ("prefecture", "pref"), ("connection", "substation_id")):
        own = loads[loads["part"] == part].set_index("key")
        it_mw = hubs.groupby(column)["it_load_mw"].sum()
        assert own.loc[it_mw.index, "it_load_mw"].tolist() == pytest.approx(
            it_mw.tolist(), abs=0.01
        )
        at_grid = (hubs["it_load_mw"] * pue).groupby(hubs[column]).sum()
        reserve = (hubs["reserve_mw"] * pue).groupby(hubs[column]).sum()
        told = own.loc[at_grid.index]
        assert told["grid_mw"].tolist() == pytest.approx(at_grid.tolist(), abs=0.01)
        assert told["reserve_grid_mw"].tolist() == pytest.approx(reserve.tolist(), abs=0.01)
        assert told["energy_gwh"].tolist() == pytest.approx((at_grid * factor).tolist(), abs=0.1)
        assert own["it_load_mw"].sum() == pytest.approx(hubs["it_load_mw"].sum(), abs=0.05)
        if part == "prefecture":
            used = places.loc[told.index, "electricity_special_high_voltage_gwh_fy2024"]
            share = (at_grid * factor / used.astype(float)).tolist()
            assert told["special_high_voltage_share"].tolist() == pytest.approx(share, abs=1e-4)
        if part == "connection":
            used = (at_grid + reserve) / told["capacity_mw"]
            assert told["capacity_share"].tolist() == pytest.approx(used.tolist(), abs=1e-4)
            assert (used <= 1.0 + 1e-6).all()


def test_geopackage_layers(default_run):
    layers = dict(pyogrio.list_layers(default_run.directory / "plan.gpkg"))
    assert layers == {
        "hubs": "Point",
        "substation_links": "LineString",
        "landing_links": "LineString",
        "new_landing_links": "LineString",
        "exchange_links": "LineString",
        "backups": "LineString",
        "candidates": "Point",
    }


def test_geopackage_hubs_and_links(default_run, expected, plan):
    path = default_run.directory / "plan.gpkg"
    hubs = gpd.read_file(path, layer="hubs")
    assert hubs.crs.to_epsg() == 4326
    points = zip(hubs.geometry.y, hubs.geometry.x, strict=True)
    found = [
        (row.site_id, row.tier, row.it_load_mw, lat, lon)
        for row, (lat, lon) in zip(hubs.itertuples(), points, strict=True)
    ]
    assert found == expected
    for kind in ("substation", "landing", "exchange"):
        links = gpd.read_file(path, layer=f"{kind}_links")
        ends = [
            (hub["lon_deg"], hub["lat_deg"], hub[kind]["lon_deg"], hub[kind]["lat_deg"])
            for hub in plan["hubs"]
            if hub[kind] is not None
        ]
        assert [(*line.coords[0], *line.coords[-1]) for line in links.geometry] == ends


def test_geopackage_candidates_are_all_municipalities_with_measurements(default_run, plan, table):
    candidates = gpd.read_file(default_run.directory / "plan.gpkg", layer="candidates")
    assert len(candidates) == 1741
    codes = table("places/municipalities.csv")["municipality_code"]
    assert sorted(candidates["site_id"]) == sorted(codes)
    for criterion in ("separation", "renewables", "substation", "cables"):
        score = candidates[f"score_{criterion}"]
        assert score.between(0.0, 1.0).all(), criterion
        assert score.nunique() > 100, criterion
    measured = candidates.set_index("site_id")
    for hub in plan["hubs"]:
        row = measured.loc[hub["site_id"]]
        if hub["landing"] is not None:
            told_km = hub["landing"]["distance_km"]
            assert row["landing_distance_km"] == pytest.approx(told_km, abs=0.001)
        assert hub["it_load_mw"] <= row["max_it_load_mw"] + 0.001


class _Addresses(HTMLParser):
    """Collects what a page would fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            self.found.append(given["src"])
        if tag == "link" and given.get("href"):
            self.found.append(given["href"])


def test_the_map_is_one_self_contained_file_below_8_mb(default_run, plan):
    path = default_run.directory / "map.html"
    assert path.stat().st_size < 8_000_000
    text = path.read_text("utf-8")
    parser = _Addresses()
    parser.feed(text)
    assert parser.found
    assert [each[:60] for each in parser.found if not each.startswith("data:")] == []
    assert re.search(r"<!doctype html>", text, re.IGNORECASE)
    for hub in plan["hubs"]:
        assert hub["name_ja"] in text
        assert hub["name_en"] in text
    for entry in plan["assumptions"]:
        assert entry["key"] in text
