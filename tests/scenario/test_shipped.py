"""The shipped scenarios: what each asks, and the tables and readings behind what they set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dcsite
from dcsite.scenario import shipped_names


def test_their_names_are_listed():
    assert shipped_names() == (
        "best-of", "by-year", "distance-only", "distributed", "do-nothing",
        "east-data-west-compute", "gx-2026", "policy-2023", "singapore",
    )  # fmt: skip


@pytest.mark.parametrize("name", shipped_names())
def test_each_says_in_a_line_what_it_asks(name):
    scenario = dcsite.load_scenario(name)
    assert scenario.asks_en.isascii()
    assert not scenario.asks_ja.isascii()
    assert len(scenario.asks_en) < 140


def test_the_readme_says_the_same():
    readme = Path(__file__).parents[2] / "README.md"
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|$", readme.read_text("utf-8"), re.MULTILINE)
    told = {name: asks for name, asks in rows if name in shipped_names()}
    assert told == {name: dcsite.load_scenario(name).asks_en for name in shipped_names()}


def test_a_scenario_of_ones_own_does_not_ask_what_its_base_asks(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "singapore"\n', encoding="utf-8")
    assert dcsite.load_scenario(path).asks_en is None
    kept = dcsite.load_scenario(dcsite.load_scenario("singapore"), ["demand.pue=1.2"])
    assert kept.asks_en == dcsite.load_scenario("singapore").asks_en


def test_the_later_policy_is_marked_and_follows_its_table(shipped_atlas):
    reported = shipped_atlas.table("gx_strategy_criteria")
    assert set(reported.loc[reported["confidence"] == "unverified_secondary"].index) == {
        "expandable_supply", "industrial_land", "land_radius",
    }  # fmt: skip
    scenario = dcsite.load_scenario("gx-2026")
    assert "as reported" in scenario.title_en
    assert "報道" in scenario.title_ja
    assert "not in the strategy" in scenario.title_en
    grown_mw = reported.loc["expandable_supply", "value"]
    assert scenario.tiers.core.it_load_mw.max == grown_mw
    capacity = scenario.criteria["substation"].class_capacity_mw
    assert (capacity.kv187, capacity.kv500) == (grown_mw, grown_mw)
    land = scenario.criteria["land_use"].gx_land_ha
    assert (land.core, land.large, land.regional) == (
        *[reported.loc["industrial_land", "value"]] * 2,
        0,
    )
    assert reported.loc["land_radius", "value"] == 10  # what available land is measured within
    for key in ("criteria.land_use.gx_land_ha.core", "tiers.core.it_load_mw"):
        assert "reported" in scenario.provenance[key].why


def test_no_hub_of_singapores_plan_receives_more_than_sixty_megawatts():
    scenario = dcsite.load_scenario("singapore")
    limit = scenario.criteria["cooling"].pue_below
    for tier, asked in scenario.tiers.items():
        assert asked.it_load_mw.max * limit[tier] <= 60.0 < (asked.it_load_mw.max + 1) * limit[tier]
    assert (scenario.rules["pue_limit"], scenario.rules["area_load"]) == ("hard", "hard")
    assert scenario.criteria["area_load"].max_area_share == 0.07


def test_without_policy_demand_stands_where_the_outlook_puts_it(shipped_atlas):
    """OCCTO: 62 % of the added energy in the area of Tokyo."""
    scenario = dcsite.load_scenario("do-nothing")
    outlook = shipped_atlas.table("data_centre_demand_outlook").reset_index()
    (percent,) = outlook.loc[outlook["series"] == "occto_individual_share", "value"]
    employees = shipped_atlas.table("prefectures")["employees_ict_2021"]
    assert scenario.demand.zone_weight == "ict_employees"
    share = employees[["11", "12", "13", "14"]].sum() / employees.sum()
    assert share == pytest.approx(percent / 100.0, abs=0.03)
    assert scenario.total_new_it_load_mw == dcsite.load_scenario().total_new_it_load_mw


def test_eight_areas_and_ten_places_after_the_example_of_china():
    scenario = dcsite.load_scenario("east-data-west-compute")
    assert scenario.tiers.core.count.min == scenario.tiers.core.count.max == 8 - 2  # Tokyo, Osaka
    assert scenario.tiers.core.count.max + scenario.tiers.large.count.max == 10
    assert scenario.rules["core_areas"] == "hard"
