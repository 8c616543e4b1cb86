"""The accessors of the hazards: keys, types, and gaps that stay gaps."""

from __future__ import annotations

import pytest
from pandas.api import types

from dcsite.atlas import load_atlas


@pytest.fixture(scope="module")
def hazards():
    return load_atlas().hazards


@pytest.mark.parametrize(
    ("accessor", "rows", "keys"),
    [
        ("scenario_earthquakes", 448, ["scenario_code"]),
        ("scenario_intensity", 20_637, ["scenario_code", "municipality_code"]),
        ("published_probabilities", 12, ["evaluation_id"]),
        ("seismic_hazard", 1_741, ["municipality_code"]),
        ("seismic_hazard_of_wards", 171, ["ward_code"]),
        ("hazard_zones", 1_741, ["municipality_code"]),
        ("volcanoes", 107, ["volcano_id"]),
        ("historical_earthquakes", 110, ["event_id"]),
        ("historical_shaking", 4_156, ["event_id", "municipality_code"]),
        ("power_outages", 11, ["outage_id"]),
        ("power_outage_restoration", 14, [None]),
        ("designated_municipalities", 1_741, ["municipality_code"]),
    ],
)
def test_every_accessor_hands_out_its_table(hazards, accessor, rows, keys):
    frame = getattr(hazards, accessor)()
    assert len(frame) == rows
    assert list(frame.index.names) == keys
    assert frame.index.is_unique


def test_tables_by_municipality_cover_every_one_of_them():
    atlas = load_atlas()
    towns = atlas.places.municipalities().index
    for accessor in ("seismic_hazard", "hazard_zones", "designated_municipalities"):
        assert getattr(atlas.hazards, accessor)().index.equals(towns), accessor


@pytest.mark.parametrize(
    ("key", "office", "median", "distance_km"),
    [
        (("ANN13", "39201"), 6.32, 5.42, 24.4),
        (("F008001", "27100"), 6.38, 6.22, 2.0),
        (("ASG08", "13104"), 6.22, 6.11, 26.1),
    ],
)
def test_an_intensity_is_found_by_case_and_municipality(hazards, key, office, median, distance_km):
    row = hazards.scenario_intensity().loc[key]
    columns = ["intensity_office", "intensity_median", "rupture_distance_min_km"]
    assert row[columns].tolist() == [office, median, distance_km]


def test_a_probability_that_is_not_known_is_missing_and_not_zero(hazards):
    probability = hazards.scenario_earthquakes()["probability_30y"]
    assert probability["ATHOP"] == 0.0
    assert probability["F016222"] == 0.253
    assert probability.isna().sum() == 15 + 10 + 5


def test_integers_with_gaps_stay_integers(hazards):
    events = hazards.historical_earthquakes()
    assert str(events["deaths"].dtype) == "Int64"
    assert events["deaths"].isna().sum() == 19
    assert str(events["tsunami"].dtype) == "Int64"
    assert str(hazards.seismic_hazard_of_wards()["meshes_250m"].dtype) == "Int64"
    assert types.is_float_dtype(hazards.power_outage_restoration()["hours_after"])


def test_frames_belong_to_the_caller(hazards):
    mine = hazards.volcanoes()
    mine["jma_watched"] = 0
    assert hazards.volcanoes()["jma_watched"].sum() == 50


def test_opening_the_atlas_reads_no_hazard():
    atlas = load_atlas()
    assert atlas.tables_used() == ()
    atlas.hazards.volcanoes()
    assert [info.name for info in atlas.tables_used()] == ["volcanoes"]
    assert atlas.resource("volcanoes").theme == "hazards"
