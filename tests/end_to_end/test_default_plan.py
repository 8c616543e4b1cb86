"""The shipped scenario through the console script: what was asked is what the plan holds."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from importlib.metadata import version

import jsonschema
import numpy as np
import pytest
from pyproj import Geod

from dcsite.contract import load_mw, printed_for
from dcsite.outputs import FILE_NAMES
from dcsite.plan.types import Plan

pytestmark = pytest.mark.end_to_end

WGS84 = Geod(ellps="WGS84")
TIERS = ("core", "large", "regional")


def km(a, b) -> float:
    return WGS84.inv(a["lon_deg"], a["lat_deg"], b["lon_deg"], b["lat_deg"])[2] / 1000.0


def of_tier(plan, tier):
    return [hub for hub in plan["hubs"] if hub["tier"] == tier]


def test_it_ends_well_and_names_the_map_last(default_run):
    assert default_run.code == 0
    *_, last = default_run.stdout.splitlines()
    assert last == f"map: {default_run.directory / 'map.html'}"


def test_without_output_the_folder_is_named_after_the_scenario(two_default_runs):
    finished = two_default_runs[1]
    assert finished.code == 0
    assert finished.stdout.splitlines()[-1] == "map: dcsite-out/policy-2023/map.html"
    working = finished.directory.parents[1]
    assert [path.name for path in working.iterdir()] == ["dcsite-out"]
    assert [path.name for path in finished.directory.parent.iterdir()] == ["policy-2023"]


def test_five_files_and_nothing_else(default_run):
    folder = default_run.directory
    assert {path.name for path in folder.iterdir()} == {
        "plan.json", "hubs.geojson", "hubs.csv", "candidates.csv", "candidates.html", "loads.csv",
        "flows.csv", "plan.gpkg", "map.html", "single_points.html", "brief.html",
    } == set(FILE_NAMES)  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert list(default_run.scratch.iterdir()) == []


def test_plan_json_meets_the_shipped_schema(plan):
    schema = Plan.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(plan)
    assert plan["dcsite_version"] == version("dcsite")
    assert plan["scenario_name"] == plan["scenario"]["name"] == "policy-2023"


def test_the_plan_is_proven(plan):
    assert plan["status"] == "optimal"
    assert plan["gap_asked"] == 0.001
    assert 0.0 <= plan["gap"] <= 0.001
    assert plan["bound"] >= plan["objective"]
    proven = (plan["bound"] - plan["objective"]) / plan["objective"]
    assert plan["gap"] == pytest.approx(proven, abs=3e-6)


def test_the_objective_is_the_weighted_scores_less_penalties(plan):
    scored = [measure for measure in plan["measures"] if measure["score"] is not None]
    assert all(0.0 <= measure["score"] <= 1.0 for measure in scored)
    assert sum(measure["weight"] for measure in scored) == pytest.approx(1.0)
    points = sum(measure["weight"] * measure["score"] for measure in scored)
    penalties = sum(violation["penalty"] for violation in plan["violations"])
    unserved = 10.0 * plan["unserved_mw"] / (6160 / 1.3 * 0.4)
    assert plan["objective"] == pytest.approx(points - penalties - unserved, abs=1e-5)


def test_counts_of_the_tiers(plan):
    counts = Counter(hub["tier"] for hub in plan["hubs"])
    assert set(counts) == set(TIERS)
    assert counts["core"] == 2
    assert 5 <= counts["large"] <= 7
    assert 11 <= counts["regional"] <= 19
    ids = [hub["site_id"] for hub in plan["hubs"]]
    assert len(set(ids)) == len(ids)


def test_one_core_in_hokkaido_and_one_in_kyushu(plan):
    regions = sorted(hub["municipality_code"][:2] for hub in of_tier(plan, "core"))
    assert regions[0] == "01"
    assert "40" <= regions[1] <= "46"


def test_megawatts_add_up_and_each_hub_is_of_its_tier(plan):
    total = sum(hub["it_load_mw"] for hub in plan["hubs"])
    assert total == pytest.approx(6160 / 1.3 * 0.4, abs=0.01)
    for tier in TIERS:
        allowed = plan["scenario"]["tiers"][tier]["it_load_mw"]
        for hub in of_tier(plan, tier):
            assert allowed["min"] <= hub["it_load_mw"] <= allowed["max"], hub["name_ja"]


def test_every_pair_of_hubs_is_as_far_apart_as_asked(plan):
    asked = {tier: plan["scenario"]["tiers"][tier]["separation_km"] for tier in TIERS}
    assert asked == {"core": 400.0, "large": 150.0, "regional": 80.0}
    for a, b in itertools.combinations(plan["hubs"], 2):
        lower = max(a["tier"], b["tier"], key=TIERS.index)
        assert km(a, b) >= asked[lower], f"{a['name_ja']} and {b['name_ja']}"


def test_hubs_keep_clear_of_tokyo_and_osaka(plan, table):
    offices = table("places/prefectures.csv").set_index("pref_code")
    for code in ("13", "27"):
        office = {
            "lat_deg": offices.loc[code, "office_lat_deg"],
            "lon_deg": offices.loc[code, "office_lon_deg"],
        }
        for hub in plan["hubs"]:
            least = 400.0 if hub["tier"] == "core" else 60.0
            assert km(hub, office) >= least, hub["name_ja"]


def test_the_nearest_hub_or_existing_core_is_the_one_named(plan, table):
    offices = table("places/prefectures.csv").set_index("pref_code")
    others = {hub["site_id"]: hub for hub in plan["hubs"]}
    for name, code in (("tokyo", "13"), ("osaka", "27")):
        office = offices.loc[code]
        others[name] = {"lat_deg": office["office_lat_deg"], "lon_deg": office["office_lon_deg"]}
    for hub in plan["hubs"]:
        away = {key: km(hub, other) for key, other in others.items() if key != hub["site_id"]}
        nearest = min(away, key=away.__getitem__)
        assert hub["nearest_hub_id"] == nearest
        assert hub["nearest_hub_km"] == pytest.approx(away[nearest], abs=0.002)


def test_latency_critical_demand_has_room_within_reach(plan, table):
    """Each prefecture's critical demand has hubs within 300 km, or is told as unserved."""
    offices = table("places/prefectures.csv")
    missing = {zone["pref_code"] for zone in plan["unserved"]}
    for office in offices.to_dict("records"):
        here = {"lat_deg": office["office_lat_deg"], "lon_deg": office["office_lon_deg"]}
        reach = [hub for hub in plan["hubs"] if km(here, hub) <= 300.0]
        assert bool(reach) or office["pref_code"] in missing, office["name_ja"]
    assert plan["unserved_mw"] == pytest.approx(
        sum(zone["unserved_mw"] for zone in plan["unserved"]), abs=0.01
    )


def test_every_assumption_has_a_reason_and_its_value(plan):
    keys = [entry["key"] for entry in plan["assumptions"]]
    assert len(keys) == len(set(keys)) > 50
    for entry in plan["assumptions"]:
        assert len(entry["why"].strip()) > 10, entry["key"]
        value = plan["scenario"]
        for part in entry["key"].split("."):
            value = value[part]
        assert value == entry["value"], entry["key"]
    for key in ("tiers.core.separation_km", "cores_count_as_large", "demand.share_in_new_hubs"):
        assert key in keys
    for key in ("tiers.core.count", "demand.grid_demand_mw", "land.guide_ha"):
        assert key not in keys


def test_the_same_input_gives_the_same_plan_but_for_times(two_default_runs):
    first, second = (run.plan for run in two_default_runs)
    differing = {key for key in first if first[key] != second[key]}
    assert differing <= {"wall_s", "created_at"}
    assert list(first) == list(second)
    for name in ("hubs.csv", "hubs.geojson"):
        texts = [(run.directory / name).read_bytes() for run in two_default_runs]
        assert texts[0] == texts[1], name


def test_numbers_are_finite_and_coordinates_have_six_decimals(default_run):
    def refuse(constant):
        raise AssertionError(f"{constant} in plan.json")

    text = (default_run.directory / "plan.json").read_text("utf-8")
    document = json.loads(text, parse_constant=refuse)
    coordinates = np.array([[hub["lat_deg"], hub["lon_deg"]] for hub in document["hubs"]])
    assert np.array_equal(coordinates, coordinates.round(6))
    assert "\\u" not in text  # Japanese is written as it is read


def test_progress_goes_to_stderr_as_plain_lines(default_run):
    lines = default_run.stderr.splitlines()
    stages = (
        "reading geodata", "measuring sites", "building the program", "solving",
        "checking the plan independently", "writing outputs",
    )  # fmt: skip
    told = [line.split(" s  ", 1)[1] for line in lines]
    assert [line for line in told if line in stages] == list(stages)
    assert any(": best 0." in line and "bound 0." in line and "gap " in line for line in told)
    assert "\x1b" not in default_run.stderr
    assert "\r" not in default_run.stderr


def test_the_terminal_shows_hubs_and_measures(default_run, plan):
    assert "\x1b" not in default_run.stdout
    for hub in plan["hubs"]:
        (line,) = [
            text
            for text in default_run.stdout.splitlines()
            if text.startswith(hub["tier"]) and f"{hub['name_ja']} {hub['name_en']}," in text
        ]
        with printed_for([one["it_load_mw"] for one in plan["hubs"]]):
            assert load_mw(hub["it_load_mw"]) in line
    for measure in plan["measures"]:
        assert not measure["weight"] or measure["label_en"][:40] in default_run.stdout
    for load in plan["loads"]:
        assert (
            load["part"] != "area" or f"{load['name_ja']} {load['name_en']}" in default_run.stdout
        )
    assert "optimal: proven within the gap asked" in default_run.stdout
    assert f"{len(plan['assumptions'])} values are assumptions" in default_run.stdout
