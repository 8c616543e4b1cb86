"""The hazard tables: counts, figures worked by hand from the sources, and what they must not say.

Expected values were read off the source tables row by row, or computed from published formulas.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from dcsite.atlas import load_atlas
from dcsite.atlas.atlas import default_root

DESCRIPTOR = json.loads((default_root() / "datapackage.json").read_text(encoding="utf-8"))
HAZARDS = {entry["name"]: entry for entry in DESCRIPTOR["resources"] if entry["theme"] == "hazards"}


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


def test_all_tables_lie_in_their_folder():
    assert len(HAZARDS) == 17
    assert all(entry["path"] == f"hazards/{name}.csv" for name, entry in HAZARDS.items())


def test_no_geometry_of_the_rupture_planes_is_passed_on():
    columns = {field["name"] for field in HAZARDS["scenario_earthquakes"]["schema"]["fields"]}
    geometry = ("lat", "lon", "strike", "dip", "depth", "length", "width", "extent", "area_km2")
    assert not [column for column in columns if any(word in column for word in geometry)]
    licences = [licence["name"] for licence in HAZARDS["scenario_earthquakes"]["licenses"]]
    assert "NIED-J-SHIS" in licences


def test_448_cases_by_category(atlas):
    assert atlas.table("scenario_earthquakes")["category"].value_counts().to_dict() == {
        "major_active_fault": 260,
        "other_active_fault": 151,
        "nankai_trough": 15,
        "sagami_trough": 10,
        "kuril_trench": 5,
        "sea_of_japan_eastern_margin": 5,
        "japan_trench": 2,
    }


def test_patterns_of_a_group_have_the_probability_of_the_group_only(atlas):
    cases = atlas.table("scenario_earthquakes")
    grouped = cases[cases["exclusive_group"].notna()]
    assert grouped["probability_30y"].isna().all()
    by_group = grouped.groupby("exclusive_group")["group_probability_30y"]
    assert by_group.agg(["size", "min", "max"]).to_numpy().tolist() == [
        [15, 0.713, 0.713],
        [10, 0.054, 0.054],
    ]
    alone = cases[cases["exclusive_group"].isna()]
    assert alone["group_probability_30y"].isna().all()
    assert sorted(alone.index[alone["probability_30y"].isna()]) == sorted(
        cases.index[cases["name_en"].str.match("Tsugaru-sanchi-seien fault zone \\(")].tolist()
        + cases.index[cases["name_en"].str.match("Fukui-heiya toen fault zone \\(W")].tolist()
        + cases.index[cases["name_en"].eq("Hanaore fault zone/Northern segment")].tolist()
        + cases.index[cases["name_en"].eq("Noto-hantou fault")].tolist()
    )
    assert set(cases["probability_date"]) == {"2017-01-01"}


@pytest.mark.parametrize(
    ("zone", "codes"),
    [
        # Itoigawa-Shizuoka: four segments and six combinations of neighbours, one stem.
        ("F0162", [f"F01622{part}" for part in "1234ABCDEF"]),
        # Kikugawa: one zone whose segments and combinations have three stems.
        ("F0181", ["F018101", "F018201", "F01820A", "F018301", "F01830A", "F01830B"]),
        # Futagawa and Hinagu break together in some cases.
        (
            "F0130",
            [f"F01300{part}" for part in "123ABCDEF"] + [f"F01310{part}" for part in "123ABC"],
        ),
    ],
)
def test_alternatives_of_one_zone_share_its_code(atlas, zone, codes):
    cases = atlas.table("scenario_earthquakes")
    assert sorted(cases.index[cases["fault_zone_code"] == zone]) == sorted(codes)


def test_major_faults_and_one_overlap_have_a_zone_and_no_name_stands_in_two(atlas):
    cases = atlas.table("scenario_earthquakes")
    major = cases["category"] == "major_active_fault"
    # Off Tokachi, off Nemuro and both together overlap as the segments of a fault do.
    overlap = cases["fault_zone_code"] == "ATNI1"
    assert sorted(cases.index[overlap]) == ["ANMRO", "ATKCH", "ATNI1"]
    assert (cases["fault_zone_code"].notna() == (major | overlap)).all()
    assert cases["fault_zone_code"].nunique() == 134
    zone_names = cases.loc[major, "name_en"].str.split(r" \(|/| Case", regex=True).str[0]
    assert cases.loc[major].groupby(zone_names)["fault_zone_code"].nunique().max() == 1


def test_moment_magnitudes_of_cases_published_in_mj(atlas):
    """Mw = (log10 M0 - 9.1) / 1.5 with log10 M0 = 1.17 Mj + 10.72."""
    cases = atlas.table("scenario_earthquakes")
    mj = cases[cases["published_magnitude_type"] == "Mj"]
    assert mj["category"].value_counts().to_dict() == {
        "other_active_fault": 151,
        "major_active_fault": 16,
    }
    expected = (1.17 * mj["published_magnitude"] + 10.72 - 9.1) / 1.5
    assert mj["moment_magnitude"].to_numpy() == pytest.approx(expected.to_numpy(), abs=0.0051)
    # By hand for Mj 6.6: 7.722 + 10.72 = 18.442; 9.342 / 1.5 = 6.228.
    assert cases.loc["G030001", ["published_magnitude", "moment_magnitude"]].tolist() == [6.6, 6.23]
    rest = cases[cases["published_magnitude_type"] == "Mw"]
    assert (rest["moment_magnitude"] == rest["published_magnitude"]).all()


def test_432_cases_shake_somewhere_and_16_nowhere(atlas):
    cases, shaking = (
        atlas.table("scenario_earthquakes"),
        atlas.table("scenario_intensity_by_municipality"),
    )
    assert len(shaking) == 20_637
    codes = shaking.index.get_level_values("scenario_code").unique()
    assert len(codes) == 432
    assert shaking.index.get_level_values("municipality_code").nunique() == 1_605
    quiet = cases[~cases.index.isin(codes)]
    assert len(quiet) == 16
    assert (quiet["municipalities_ge_5upper"] == 0).all()
    assert (shaking[["intensity_median", "intensity_office"]].max(axis=1) >= 5.0).all()
    assert (shaking["intensity_p10"] <= shaking["intensity_median"]).all()
    assert (shaking["intensity_median"] <= shaking["intensity_p90"]).all()


@pytest.mark.parametrize(
    ("column", "limit"), [("municipalities_ge_5upper", 5.0), ("municipalities_ge_6lower", 5.5)]
)
def test_counts_of_shaken_municipalities_follow_from_the_intensities(atlas, column, limit):
    cases, shaking = (
        atlas.table("scenario_earthquakes"),
        atlas.table("scenario_intensity_by_municipality"),
    )
    reached = shaking[shaking["intensity_median"] >= limit].groupby("scenario_code").size()
    assert (reached.reindex(cases.index, fill_value=0) == cases[column]).all()


def test_the_gravest_cases_reach_6_lower_where_the_source_says(atlas):
    cases = atlas.table("scenario_earthquakes")["municipalities_ge_6lower"]
    assert cases[["ANN13", "ASG08", "ATHOP"]].tolist() == [248, 276, 103]


def test_published_probabilities_as_published(atlas):
    rows = atlas.table("herp_probabilities")
    assert len(rows) == 12
    nankai = rows[rows["category"] == "nankai_trough"]
    assert nankai[["p30_low_pct", "p30_high_pct", "p30_high_is_open", "in_force"]].to_dict(
        "index"
    ) == {
        "nankai_time_predictable": {
            "p30_low_pct": 60.0,
            "p30_high_pct": 90.0,
            "p30_high_is_open": 1,
            "in_force": 1,
        },
        "nankai_interval_only": {
            "p30_low_pct": 20.0,
            "p30_high_pct": 50.0,
            "p30_high_is_open": 0,
            "in_force": 1,
        },
        "nankai_previous": {
            "p30_low_pct": 80.0,
            "p30_high_pct": 80.0,
            "p30_high_is_open": 0,
            "in_force": 0,
        },
    }
    assert rows.index[rows["p30_high_is_open"] == 1].tolist() == [
        "nankai_time_predictable",
        "miyagi_oki_landward",
    ]
    assert (rows["p30_low_pct"] <= rows["p30_high_pct"]).all()
    assert (rows["as_of"] >= "2022-05-25").all()


def test_probability_of_strong_shaking(atlas):
    towns = atlas.table("seismic_hazard_by_municipality")
    assert towns.index[towns["p30_i6lower_pct"].isna()].tolist() == ["07546"]
    assert towns.loc["07546", "points"] == 0
    assert towns.loc["39201", "p30_i6lower_pct"] == 78.4
    osaka = towns.loc["27100", [f"p30_i6lower_pct{end}" for end in ("", "_min", "_max")]]
    assert osaka.tolist() == [53.51, 28.8, 68.0]
    one = towns[towns["points"] == 1]
    assert (one["p30_i6lower_pct_min"] == one["p30_i6lower_pct_max"]).all()


def test_amplification_follows_from_the_velocity_of_the_ground(atlas):
    """ARV = (400 / AVS30)^0.852 (Fujimoto and Midorikawa 2006), mesh by mesh: so for medians."""
    towns = atlas.table("seismic_hazard_by_municipality")
    expected = (400.0 / towns["avs30_median_m_s"]) ** 0.852
    off = (towns["arv_median"] / expected - 1.0).abs()
    # The median of an even number of meshes lies between two: both means differ from the formula's.
    assert (off > 0.005).sum() == 2
    assert off.max() < 0.04


def test_a_designated_city_is_the_weighted_mean_of_its_wards(atlas):
    towns, wards = (
        atlas.table("seismic_hazard_by_municipality"),
        atlas.table("seismic_hazard_by_ward"),
    )
    assert len(wards) == 171
    assert wards["municipality_code"].nunique() == 20
    for code, group in wards.groupby("municipality_code"):
        mean = np.average(group["p30_i6lower_pct"], weights=group["population_2020"])
        assert towns.loc[code, "p30_i6lower_pct"] == pytest.approx(mean, abs=0.0051)
        assert towns.loc[code, "points"] == len(group)
        assert towns.loc[code, "p30_i6lower_pct_min"] == group["p30_i6lower_pct"].min()
        assert towns.loc[code, "p30_i6lower_pct_max"] == group["p30_i6lower_pct"].max()
    assert wards.index[wards["arv_median"].isna()].tolist() == ["22138", "22139", "22140"]


def test_zones_of_water_and_slopes(atlas):
    zones = atlas.table("flood_tsunami_landslide_by_municipality")
    tsunami = zones["pop_share_tsunami_any_pct"]
    assert tsunami[["04214", "04209", "39201"]].tolist() == [79.5, 53.2, 36.0]
    inland = zones.index.str[:2].isin(["09", "10", "11", "19", "20", "25", "29"])
    assert inland.sum() > 200
    assert (tsunami[inland] == 0).all()
    deep, any_depth = zones["pop_share_flood_ge_3m_pct"], zones["pop_share_flood_ge_0_5m_pct"]
    assert (deep <= any_depth).all()
    assert zones.loc["01100"].tolist() == [38.1, 2.58, 0.0, 0.0, 1.4]


def test_fifty_volcanoes_are_watched_and_named(atlas):
    volcanoes = atlas.table("volcanoes")
    watched = volcanoes["jma_watched"] == 1
    assert (len(volcanoes), watched.sum()) == (107, 50)
    assert (volcanoes["jma_name_ja"].notna() == watched).all()
    fuji = volcanoes[volcanoes["jma_name_ja"] == "富士山"].iloc[0]
    assert fuji[["lat_deg", "lon_deg", "elevation_m"]].tolist() == [35.358, 138.731, 3776.0]
    assert volcanoes["elevation_m"].max() == 3776.0


def test_events_are_named_by_their_time_and_gaps_are_not_zero(atlas):
    events = atlas.table("historical_earthquakes")
    assert len(events) == 110
    times = events["origin_time_jst"].str.replace(r"\D", "", regex=True)
    assert (times == events.index).all()
    assert events.index.is_monotonic_increasing
    tohoku = events.loc["201103111446"]
    assert tohoku[["magnitude", "moment_magnitude", "deaths"]].tolist() == [9.0, 9.1, 15_889]
    assert pd.isna(tohoku["max_intensity_jma"])
    assert (events["deaths"].dropna() > 0).all()
    both = events["max_intensity_jma"].notna() & events["max_intensity_at_least"].notna()
    assert not both.any()


def test_shaken_municipalities_of_sixteen_events(atlas):
    shaking, events = (
        atlas.table("historical_shaking_by_municipality"),
        atlas.table("historical_earthquakes"),
    )
    counts = shaking.groupby("event_id").size()
    assert (len(shaking), len(counts)) == (4_156, 16)
    assert counts[["199501170546", "201103111446", "202401011610"]].tolist() == [405, 914, 638]
    assert sorted(counts.index) == sorted(events.index[events["name_ja"].notna()])
    assert shaking.loc[("201809060307", "01586"), "pgv_cm_s"] == 153.37
    assert shaking.loc[("202401011610", "17204"), "jma_intensity_class_max"] == "7"
    assert shaking["jma_intensity_class_max"].value_counts()["7"] == 2
    estimated = shaking.loc["201103111446", "intensity_estimated_office"]
    assert (estimated >= 5.5).sum() == 54


def test_intensity_follows_from_recorded_velocity(atlas):
    """By hand for Kobe 1995: 2.68 + 1.72 log10 127.1 = 6.30."""
    shaking = atlas.table("historical_shaking_by_municipality")
    assert shaking.loc[("199501170546", "28100"), "intensity_from_pgv_max"] == 6.3
    recorded = shaking.dropna(subset="pgv_cm_s")
    expected = 2.68 + 1.72 * np.log10(recorded["pgv_cm_s"])
    # Rounding: 0.005 of the intensity, and 1.72 / ln 10 * 0.005 / 1.64 of the least velocity.
    assert recorded["intensity_from_pgv_max"].to_numpy() == pytest.approx(expected, abs=0.0074)
    assert set(recorded["kind"]) == {"shakemap_stations"}


def test_each_kind_of_shaking_fills_its_own_columns(atlas):
    shaking = atlas.table("historical_shaking_by_municipality")
    assert shaking["kind"].value_counts().to_dict() == {
        "shakemap_stations": 1_846,
        "shakemap_grid": 1_672,
        "jma_stations": 638,
    }
    grid, jma = (shaking[shaking["kind"] == kind] for kind in ("shakemap_grid", "jma_stations"))
    assert (grid["pga_g"] >= 0.03).all()
    assert grid["intensity_estimated_office"].isna().all()
    assert jma["jma_intensity_class_max"].notna().all()
    assert jma["pga_g"].isna().all()


def test_outages_and_how_power_came_back(atlas):
    outages, curve = (
        atlas.table("wide_area_power_outages"),
        atlas.table("power_outage_restoration").reset_index(),
    )
    assert (len(outages), len(curve)) == (35, 72)
    hokkaido = outages.loc["iburi_2018_hokkaido"]
    assert hokkaido["customers_out"] == 2_950_000
    assert outages.index[outages["whole_area"] == 1].tolist() == ["iburi_2018_hokkaido"]
    trami = curve[curve["outage_id"] == "trami_2018_chubu"]
    assert trami[["hours_after", "restored_pct"]].to_numpy().tolist() == [
        [24, 46],
        [48, 84],
        [72, 96],
        [120, 100],
    ]
    given = curve[["restored_pct", "customers_still_out"]].notna().sum(axis=1)
    assert (given == 1).all()
    timed = curve["hours_after"].notna() | curve["clock_time_jst"].notna()
    assert timed.all()
    # By hand: 23:36 to 02:52 is 3 h 16 min; to 01:30 1 h 54 min, to 18:00 18 h 24 min.
    after = curve.groupby("outage_id")["hours_after"].apply(list)
    assert after["fukushima_oki_2022_tokyo"] == [3.3]
    assert after["fukushima_oki_2022_tohoku"] == [1.9, 18.4]


def test_earthquakes_among_the_outages_are_events_of_the_same_day(atlas):
    outages = atlas.table("wide_area_power_outages")
    events = atlas.table("historical_earthquakes")
    linked = outages.dropna(subset="event_id")
    assert (linked["cause"] == "earthquake").all()
    assert len(linked) == (outages["cause"] == "earthquake").sum() == 30
    dates = events.loc[linked["event_id"], "origin_time_jst"].str[:10]
    assert dates.tolist() == linked["date"].tolist()


def test_clock_times_give_the_hours_after_an_earthquake(atlas):
    curve = atlas.table("power_outage_restoration").reset_index()
    outages = atlas.table("wide_area_power_outages")
    began = atlas.table("historical_earthquakes")["origin_time_jst"]
    curve["began"] = curve["outage_id"].map(outages["event_id"]).map(began)
    timed = curve.dropna(subset=["clock_time_jst", "began", "hours_after"])
    hours = pd.to_datetime(timed["clock_time_jst"]) - pd.to_datetime(timed["began"])
    assert len(timed) == 55
    assert ((hours.dt.total_seconds() / 3600.0 - timed["hours_after"]).abs() < 0.1).all()


def test_prefectures_cut_lie_in_the_area_of_their_outage(atlas):
    rows = atlas.table("power_outages_by_prefecture").reset_index()
    outages, places = atlas.table("wide_area_power_outages"), atlas.table("municipalities")
    pairs = set(zip(places["electricity_area"], places["pref_code"], strict=True))
    area = rows["outage_id"].map(outages["electricity_areas"])
    assert set(zip(area, rows["pref_code"], strict=True)) <= pairs
    # The sums that the sources give: 4,113,460 and 997,618 on 12 March, 4,006,832 on 8 April 2011.
    total = rows.groupby("outage_id")["customers_out"].sum()
    assert total["tohoku_2011_tohoku"] == 4_113_460
    assert total["tohoku_2011_tokyo"] == 997_618
    assert total["miyagi_oki_2011_tohoku"] == 4_006_832


def test_unknown_is_kept_apart_from_no(atlas):
    laws = atlas.table("disaster_designated_municipalities")
    counts = {
        law: laws[law].value_counts().to_dict()
        for law in ("nankai_trough", "tokyo_inland", "japan_kuril_trench")
    }
    assert counts == {
        "nankai_trough": {"yes": 515, "unknown": 347, "no": 879},
        "tokyo_inland": {"yes": 212, "unknown": 243, "no": 1_286},
        "japan_kuril_trench": {"yes": 37, "unknown": 467, "no": 1_237},
    }
    # 723 are designated for the Nankai Trough: the missing ones are among the unknown.
    assert 723 - counts["nankai_trough"]["yes"] == 208
    assert laws.loc["14130", "nankai_trough_basis"] == "sources_disagree"
    assert laws.loc["39201", "nankai_trough"] == "yes"
    assert laws.loc["27100", ["nankai_trough", "nankai_trough_basis"]].tolist() == [
        "unknown",
        "list_not_obtained",
    ]


@pytest.mark.parametrize("law", ["nankai_trough", "tokyo_inland", "japan_kuril_trench"])
def test_what_an_answer_rests_on_fits_the_answer(atlas, law):
    laws = atlas.table("disaster_designated_municipalities")
    allowed = {
        "yes": {"named_in_list", "special_measures_list", "whole_prefecture"},
        "no": {"not_in_full_list", "prefecture_not_concerned"},
        "unknown": {"list_not_obtained", "sources_disagree"},
    }
    for answer, group in laws.groupby(law):
        assert set(group[f"{law}_basis"]) <= allowed[answer]
    whole = laws[laws[f"{law}_basis"] == "whole_prefecture"].index.str[:2].unique()
    assert (laws.loc[laws.index.str[:2].isin(whole), law] == "yes").all()
