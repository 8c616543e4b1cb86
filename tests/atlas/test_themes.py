from __future__ import annotations

import pandas as pd
import pytest
import shapely
from pandas.api import types

from dcsite.atlas import Atlas, load_atlas
from dcsite.atlas.atlas import path_to_linestring


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return load_atlas()


def test_codes_keep_their_leading_zero(atlas):
    towns = atlas.table("municipalities")
    assert towns.index.name == "municipality_code"
    assert towns.loc["01100", "name_ja"] == "札幌市"
    assert towns.loc["01100", "pref_code"] == "01"
    assert atlas.table("prefectures").loc["01", "name_en"] == "Hokkaido"


def test_four_offices_lie_outside_their_municipality(atlas):
    towns = atlas.table("municipalities")
    away = towns[towns["office_in_municipality"] == 0]
    assert sorted(away["name_en"]) == [
        "Futaba-machi",
        "Mishima-mura",
        "Taketomi-cho",
        "Toshima-mura",
    ]


def test_missing_cells_are_missing_and_integers_with_gaps_stay_integers(atlas):
    cables = atlas.table("submarine_cables")
    assert str(cables["rfs_year"].dtype) == "Int64"
    assert cables["rfs_year"].isna().sum() == 5
    assert cables.loc["faster", "rfs_year"] == 2016
    assert types.is_float_dtype(cables["capacity_tbps"])
    assert cables["capacity_tbps"].isna().sum() == 25
    assert (
        atlas.table("electricity_area_mapping").reset_index()["municipality_code"].isna().sum()
        == 47
    )


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 3331),
        ({"min_voltage_kv": 187.0}, 519),
    ],
)
def test_substations_by_voltage_and_owner(atlas, options, count):
    found = atlas.substations(**options)
    assert len(found) == count
    assert found.index.name == "substation_id"
    assert found.crs == "EPSG:4326"
    assert found.geometry.iloc[0].x == found["lon_deg"].iloc[0]
    assert len(atlas.table("substations")) == 3331
    assert (found["voltage_kv"] >= options.get("min_voltage_kv", 60.0)).all()


def test_lines_run_through_their_vertices(atlas):
    lines = atlas.transmission_lines()
    assert len(lines) == 9584
    assert set(lines.geom_type) == {"LineString"}
    assert lines.geometry.iloc[0].coords[0] == (138.815, 36.069)
    assert "path_lon_lat" not in lines


def test_a_path_of_text_becomes_a_line():
    line = path_to_linestring(pd.Series(["139.5 35.25|140 36|141 36.5"], index=["a"]))
    assert line.loc["a"].equals(shapely.LineString([(139.5, 35.25), (140, 36), (141, 36.5)]))
    assert line.crs == "EPSG:4326"


def test_wind_farms_that_count_add_up_to_the_checked_total(atlas):
    farms = atlas.table("wind_farms")
    running = farms[farms["status"] == "operating"]
    assert running["capacity_mw"].sum() == pytest.approx(5045.9)
    counted = running[running["include_in_totals"] == 1]
    assert counted["capacity_mw"].sum() == pytest.approx(4751.8)


@pytest.mark.parametrize(
    ("name", "rows", "keys"),
    [
        ("elevation_slope_by_municipality", 1741, ["municipality_code"]),
        ("municipality_polygons", 1741, ["municipality_code"]),
        ("prefecture_polygons", 47, ["pref_code"]),
        ("electricity_area_polygons", 10, ["area_code"]),
        ("electricity_areas", 10, ["electricity_area"]),
        ("power_plants", 803, ["plant_id"]),
        ("solar_fit_by_municipality", 1741, ["municipality_code"]),
        ("area_hourly_profile", 2712, ["area", "month", "hour"]),
        ("area_representative_days", 6912, ["source_date", "hour_jst", "electricity_area"]),
        ("area_vre_droughts", 135, ["area", "mix", "window_days"]),
        ("area_vre_correlations", 28, ["area_a", "area_b"]),
        ("area_annual_energy", 57, ["area", "period"]),
        ("offshore_wind_zones", 15, ["zone_id"]),
        ("wind_by_prefecture", 47, ["pref_code"]),
        ("nuclear_stations", 19, ["station_id"]),
        ("nuclear_units_operation_2026", 33, ["plant_ja", "unit_ja"]),
        ("interconnectors", 10, ["link_id"]),
        ("interconnector_reinforcements", 5, ["link_id"]),
        ("data_centre_demand_outlook", 52, ["series", "area", "fiscal_year", "as_of", "component"]),
        ("demand_connection_zones", 8, ["operator", "kind", "place_ja", "substation_ja"]),
        ("renewable_by_prefecture", 47, ["pref_code"]),
        ("cable_landing_stations", 32, ["landing_id"]),
        ("internet_exchanges", 16, ["ix_id"]),
        ("fibre_backbone_nodes", 48, ["node_id"]),
        ("fibre_backbone_links", 142, ["link_id"]),
        ("data_centres_existing", 53, ["dc_id"]),
        ("planned_sites", 27, ["entry_id"]),
        ("power_figures", 16, ["figure_id"]),
        ("rack_figures", 8, ["figure_id"]),
        ("counts", 8, ["count_id"]),
        ("budgets", 3, ["budget_id"]),
        ("core_regions", 8, ["pref_code"]),
        ("landing_clusters", 9, ["landing_id"]),
    ],
)
def test_every_table_is_handed_out_by_its_key(atlas, name, rows, keys):
    frame = atlas.polygons(name) if name.endswith("_polygons") else atlas.table(name)
    assert len(frame) == rows
    assert list(frame.index.names) == keys
    assert frame.index.is_unique


def test_polygons_come_in_degrees_and_valid(atlas):
    polygons = atlas.polygons("municipality_polygons")
    assert polygons.crs == "EPSG:4326"
    assert polygons.is_valid.all()


def test_the_existing_cores_stand_at_their_prefectural_offices(atlas):
    cores = atlas.existing_cores()
    offices = atlas.table("prefectures")
    assert list(cores.index) == ["tokyo", "osaka"]
    for core in cores.itertuples():
        office = offices.loc[core.pref_code]
        assert (core.lat_deg, core.lon_deg) == (office["office_lat_deg"], office["office_lon_deg"])
    assert list(cores["name_ja"]) == ["東京圏", "大阪圏"]


def test_the_crowded_clusters_are_landings(atlas):
    clusters = atlas.table("landing_clusters").reset_index()
    assert set(clusters["landing_id"]) <= set(atlas.table("cable_landing_stations").index)
    assert clusters["cluster_id"].value_counts().to_dict() == {"boso_kitaibaraki": 8, "shima": 1}
