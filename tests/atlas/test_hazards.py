"""The tables of the hazards: keys, types, and gaps that stay gaps."""

from __future__ import annotations

import pytest
from pandas.api import types

from dcsite.atlas import load_atlas


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


@pytest.mark.parametrize(
    ("name", "rows", "keys"),
    [
        ("scenario_earthquakes", 448, ["scenario_code"]),
        ("scenario_intensity_by_municipality", 20_637, ["scenario_code", "municipality_code"]),
        ("herp_probabilities", 12, ["evaluation_id"]),
        ("seismic_hazard_by_municipality", 1_741, ["municipality_code"]),
        ("seismic_hazard_by_ward", 171, ["ward_code"]),
        ("flood_tsunami_landslide_by_municipality", 1_741, ["municipality_code"]),
        ("volcanoes", 107, ["volcano_id"]),
        ("historical_earthquakes", 110, ["event_id"]),
        ("historical_shaking_by_municipality", 4_156, ["event_id", "municipality_code"]),
        ("wide_area_power_outages", 35, ["outage_id"]),
        ("power_outage_restoration", 72, ["outage_id", "hours_after"]),
        ("power_outages_by_prefecture", 85, ["outage_id", "pref_code"]),
        ("historical_6lower_municipalities", 128, ["event_id", "municipality_code"]),
        ("data_centre_fuel_hours", 6, ["facility_id"]),
        ("disaster_designated_municipalities", 1_741, ["municipality_code"]),
    ],
)
def test_every_table_is_handed_out_by_its_key(atlas, name, rows, keys):
    frame = atlas.table(name)
    assert len(frame) == rows
    assert list(frame.index.names) == keys
    assert frame.index.is_unique


def test_tables_by_municipality_cover_every_one_of_them():
    atlas = load_atlas()
    towns = atlas.table("municipalities").index
    for name in (
        "seismic_hazard_by_municipality",
        "flood_tsunami_landslide_by_municipality",
        "disaster_designated_municipalities",
    ):
        assert atlas.table(name).index.equals(towns), name


@pytest.mark.parametrize(
    ("key", "office", "median", "distance_km"),
    [
        (("ANN13", "39201"), 6.32, 5.42, 24.4),
        (("F008001", "27100"), 6.38, 6.22, 2.0),
        (("ASG08", "13104"), 6.22, 6.11, 26.1),
    ],
)
def test_an_intensity_is_found_by_case_and_municipality(atlas, key, office, median, distance_km):
    row = atlas.table("scenario_intensity_by_municipality").loc[key]
    columns = ["intensity_office", "intensity_median", "rupture_distance_min_km"]
    assert row[columns].tolist() == [office, median, distance_km]


def test_a_probability_that_is_not_known_is_missing_and_not_zero(atlas):
    probability = atlas.table("scenario_earthquakes")["probability_30y"]
    assert probability["ATHOP"] == 0.0
    assert probability["F016222"] == 0.253
    assert probability.isna().sum() == 15 + 10 + 5


def test_integers_with_gaps_stay_integers(atlas):
    events = atlas.table("historical_earthquakes")
    assert str(events["deaths"].dtype) == "Int64"
    assert events["deaths"].isna().sum() == 19
    assert str(events["tsunami"].dtype) == "Int64"
    assert str(atlas.table("seismic_hazard_by_ward")["meshes_250m"].dtype) == "Int64"
    assert types.is_float_dtype(
        atlas.table("power_outage_restoration").reset_index()["hours_after"]
    )


def test_frames_belong_to_the_caller(atlas):
    mine = atlas.table("volcanoes")
    mine["jma_watched"] = 0
    assert atlas.table("volcanoes")["jma_watched"].sum() == 50


def test_opening_the_atlas_reads_no_hazard():
    atlas = load_atlas()
    assert atlas.tables_used() == ()
    atlas.table("volcanoes")
    assert [info.name for info in atlas.tables_used()] == ["volcanoes"]
    assert atlas.resource("volcanoes").theme == "hazards"
