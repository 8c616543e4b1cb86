"""The shipped tables: sound, licensed, sourced, and adding up to totals published elsewhere."""

from __future__ import annotations

import json

import pytest

from dcsite.atlas import check_geodata, load_atlas
from dcsite.atlas.atlas import default_root

ROOT = default_root()
DESCRIPTOR = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {entry["name"]: entry for entry in DESCRIPTOR["resources"]}
TABLES = {name: entry for name, entry in RESOURCES.items() if entry["format"] == "csv"}


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


def test_the_shipped_tables_pass_every_check():
    assert [str(problem) for problem in check_geodata()] == []


@pytest.mark.parametrize("name", RESOURCES)
def test_every_table_names_licence_source_vintage_and_caveats(name):
    entry = RESOURCES[name]
    assert entry["theme"] in {"places", "power", "network", "hazards", "policy", "economy"}
    assert entry["vintage"]
    assert all(licence["title"] for licence in entry["licenses"])
    assert all(source["title"] for source in entry["sources"])
    assert len(entry["description"]) > 80
    assert entry["marks"]


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_described_and_every_figure_has_a_unit(name):
    schema = TABLES[name]["schema"]
    assert schema["primaryKey"]
    assert schema["missingValues"] == [""]
    unitless = []
    for field in schema["fields"]:
        assert field["description"], field["name"]
        years_or_flags = (
            field["name"].endswith("year")
            or field.get("constraints", {}).get("enum") == [0, 1]
            or field["name"] in {"month", "hour", "round"}
        )
        if field["type"] != "string" and "unit" not in field and not years_or_flags:
            unitless.append(field["name"])
    # Some figures come in the unit of their row.
    units = any(field["name"] == "unit" for field in schema["fields"])
    assert unitless == (["value"] if units else [])


@pytest.mark.parametrize("name", TABLES)
def test_columns_named_by_unit_say_the_same_unit(name):
    by_suffix = {
        "_km": "km",
        "_km2": "km2",
        "_mw": "MW",
        "_gwh": "GWh",
        "_kv": "kV",
        "_deg": "deg",
        "_pct": "percent",
        "_m_s": "m/s",
        "_cm_s": "cm/s",
    }
    for field in TABLES[name]["schema"]["fields"]:
        for suffix, unit in by_suffix.items():
            if field["name"].endswith(suffix) and field["type"] != "string":
                assert field["unit"] == unit, field["name"]


@pytest.mark.parametrize("name", TABLES)
def test_codes_and_areas_refer_to_their_tables(name):
    schema = TABLES[name]["schema"]
    keys = {
        (key["fields"][0], key["reference"]["resource"]) for key in schema.get("foreignKeys", [])
    }
    targets = {
        "municipality_code": "municipalities",
        "pref_code": "prefectures",
        "electricity_area": "electricity_areas",
        "landing_id": "cable_landing_stations",
    }
    for field in schema["fields"]:
        target = targets.get(field["name"])
        if target not in {None, name}:
            assert (field["name"], target) in keys


def test_openstreetmap_tables_lie_apart_with_their_notice():
    share_alike = {
        name
        for name, entry in RESOURCES.items()
        if any(licence["name"] == "ODbL-1.0" for licence in entry["licenses"])
    }
    apart = {
        name for name, entry in RESOURCES.items() if entry["path"].startswith("openstreetmap/")
    }
    assert (
        share_alike
        == apart
        == {
            "substations",
            "substation_transformers",
            "transmission_lines",
        }
    )
    notice = (ROOT / "openstreetmap" / "NOTICE.md").read_text(encoding="utf-8")
    for name in apart:
        assert f"{name}.csv" in notice
        assert [licence["name"] for licence in RESOURCES[name]["licenses"]] == ["ODbL-1.0"]
    assert "https://www.openstreetmap.org/copyright" in notice
    assert "https://opendatacommons.org/licenses/odbl/1-0/" in notice


def test_tables_from_elsewhere_name_no_openstreetmap_source():
    for name, entry in RESOURCES.items():
        named = any("OpenStreetMap" in source["title"] for source in entry["sources"])
        assert named == entry["path"].startswith("openstreetmap/"), name


def test_line_ends_are_kept_as_hashed():
    assert "* -text" in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()


def test_population_adds_up_to_the_census_of_2020(atlas):
    assert atlas.table("municipalities")["population_2020"].sum() == 126_146_099
    assert atlas.table("prefectures")["population_census_2020"].sum() == 126_146_099
    assert atlas.table("electricity_areas")["population_2020"].sum() == 126_146_099


def test_municipalities_add_up_to_their_prefectures(atlas):
    towns = atlas.table("municipalities").groupby("pref_code")
    prefectures = atlas.table("prefectures")
    assert towns.size().equals(prefectures["municipality_count"].rename(None))
    assert (towns["population_2020"].sum() == prefectures["population_census_2020"]).all()


def test_the_area_of_a_municipality_is_what_the_mapping_says(atlas):
    mapping = atlas.table("electricity_area_mapping").reset_index()
    default = mapping[mapping["municipality_code"].isna()].set_index("pref_code")
    own = mapping.dropna(subset="municipality_code").set_index("municipality_code")
    towns = atlas.table("municipalities")
    expected = towns["pref_code"].map(default["electricity_area"])
    expected.update(own["electricity_area"])
    assert (towns["electricity_area"] == expected).all()


def test_nuclear_units_that_ran_add_up_to_the_published_capacity(atlas):
    units = atlas.table("nuclear_units_operation_2026").reset_index()
    ran = units[units["days_generating"] > 0]
    assert (ran["status_2026_03_20_to_08_21"] == "operated").all()
    assert ran["gross_capacity_mw"].sum() == 14_609


def test_the_outlook_holds_the_anchor_of_the_default_demand(atlas):
    outlook = atlas.table("data_centre_demand_outlook").reset_index()
    anchor = outlook[
        (outlook["series"] == "occto_individual_peak")
        & (outlook["component"] == "data_centre")
        & (outlook["fiscal_year"] == "2034")
    ]
    assert anchor[["value", "unit"]].to_numpy().tolist() == [[6160.0, "MW"]]


def test_the_reference_backbone_joins_its_48_nodes(atlas):
    links = atlas.table("fibre_backbone_links")
    links = links[links["model"] == "JPN48"]
    assert links["route_length_km"].sum() == pytest.approx(12_611.0)
    assert set(links["node_a"]) | set(links["node_b"]) == set(
        atlas.table("fibre_backbone_nodes").index
    )
