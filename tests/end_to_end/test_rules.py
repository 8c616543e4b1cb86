"""Every rule, made impossible, then hard, soft and off: refused, paid for, or forgotten.

Through the Python interface, on the 47 prefectural capitals.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dcsite
from dcsite.contract import SiteValue, criteria
from dcsite.criteria.land_use import SAID
from dcsite.errors import InfeasibleError
from dcsite.model import all_rules, assemble
from dcsite.plan import Session
from dcsite.sites import SITE_COLUMNS
from dcsite.solvers import SolveOptions, find_answer

pytestmark = pytest.mark.end_to_end

#: For each rule, settings under which no plan on the capitals can keep it; the rule's own first.
IMPOSSIBLE = {
    "tier_counts": ["tiers.regional.count=60"],
    "core_regions": ["tiers.core.count=1"],
    "total_it_load": ["demand.total_new_it_load_mw=4000"],
    "land": [],
    # Both take 6.8 % of Shikoku's energy.
    "kept": [
        "places.keep=['36201=large,100', '38201=large,100']",
        "criteria.area_load.max_area_share=0.065",
        "rules.area_load=hard",
    ],
    # Kanazawa and Fukui stand 68 km apart.
    "preferred": ["places.prefer=['17201', '18201']"],
    "workforce": ["workforce.min_population=9000000"],
    "land_guide": ["land.guide_ha=100000"],
    "separation": ["tiers.core.separation_km=2000"],
    "existing_core_clearance": [
        "criteria.separation.existing_core_clearance_km={large=2000, regional=2000}"
    ],
    "disaster_survival": ["criteria.disasters.least_survival.area_blackout=1"],
    "backup": ["criteria.takeover.reserve_tiers=[]"],
    # Tokyo and Kansai have their cores; eight areas are left.
    "core_areas": [
        "tiers.core.count=9",
        "tiers.core.separation_km=0",
        "tiers.core.it_load_mw={min=10, max=400}",
        "rules.landing_reach=off",
        "rules.substation_reach=off",
    ],
    # More than all hubs could hold.
    "tokyo_takeover": ["criteria.takeover.tokyo_share=1", "demand.kw_per_rack=20"],
    "own_site_hazard": [
        "criteria.firm_ground.strong_shaking.max_share={core=0, large=0, regional=0}"
    ],
    "nuclear_zone": [
        "criteria.nuclear.upz_counts={core=1, large=1, regional=1}",
        "tiers.large.count=0",
        "tiers.regional.count=1",
        "demand.total_new_it_load_mw=420",
    ],
    "renewable_share": ["criteria.renewables.contractable_share=0"],
    "substation_reach": ["criteria.substation.max_distance_km={core=0, large=0, regional=0}"],
    "connection_capacity": [
        "criteria.substation.class_capacity_mw={kv60=1, kv100=1, kv187=1, kv500=1}"
    ],
    "landing_reach": ["criteria.cables.core_landing_max_km=1"],
    "landing_clusters": [
        "criteria.cables.max_crowded_share=0",
        "tiers.large.count=2",
        "tiers.regional.count=4",
        "tiers.regional.separation_km=60",
        "demand.total_new_it_load_mw=900",
    ],
    "international_directions": ["criteria.cables.min_directions=10"],
    "core_new_route": ["criteria.landings.min_corridors_left=10"],
    "place_load": ["criteria.area_load.max_around_ratio=0.0001"],
    "area_load": ["criteria.area_load.max_area_share=0.0001"],
    "exchange_in_region": ["criteria.exchanges.max_new=0", "criteria.exchanges.min_members=1000"],
    "locality": ["criteria.locality.min_share=0.5"],
    "concentration": ["criteria.concentration.max_share=0"],
    "two_routes": [
        "criteria.routes.counts={core=1, large=1, regional=1}",
        f"network.file={json.dumps(str(Path(__file__).with_name('one_node.json')))}",
    ],
    # All of it paid by the state: of land alone it needs dear land.
    "budget_land": [
        "criteria.cost.land_subsidy_rate=1",
        "criteria.cost.subsidised_tiers=['core', 'large', 'regional']",
        "criteria.cost.land_price_factor=10",
    ],
    "budget_buildings": [
        "criteria.cost.building_subsidy_rate=1",
        "criteria.cost.subsidised_tiers=['core', 'large', 'regional']",
    ],
    "control_area": ["criteria.land_use.near_km=1"],  # on sites that say nothing of the rest
    "gx_land": ["criteria.land_use.gx_land_ha={core=1e6,large=1e6,regional=1e6}"],
}
# One value of each site, of which the least that can be asked keeps every site out.
IMPOSSIBLE |= {
    criterion.rules[0].name: [f"{criterion.rules[0].keys[0]}={{core=0, large=0, regional=0}}"]
    for criterion in criteria()
    if isinstance(criterion, SiteValue)
}

#: A rule that cannot be kept is broken by every plan, not by the best alone.
NEAR_ENOUGH = SolveOptions(gap=0.02)

#: Where another rule would do as well: two cores serve two regions.
ALSO_GIVES_WAY = {
    "core_regions": {"rules.tier_counts"},
    "core_areas": {"rules.tier_counts"},
    "kept": {"rules.area_load"},
    "preferred": {"rules.separation"},
    "nuclear_zone": {"rules.tier_counts"},
}


@pytest.fixture(scope="module")
def capital_sites(measured, capitals):
    """The capitals as the sites room made them, without measurements."""
    return measured.loc[sorted(capitals.index), list(SITE_COLUMNS)]


@pytest.fixture(scope="module")
def sites_for(capital_sites, measured):
    """The capitals, for two rules made such that the rule cannot be kept."""

    def choose(rule: str):
        if rule == "land":
            return capital_sites.assign(max_it_load_mw=9.0)  # the least hub has 10 MW
        if rule == "control_area":
            return capital_sites.assign(zone="control", substation_kv=np.nan, **dict.fromkeys(SAID))
        if rule == "nuclear_zone":
            return capital_sites.loc[["01100", "40130", "32201"]]  # Matsue beside the cores
        if rule in {"kept", "preferred"}:
            kept = rule == "kept"
            here = capital_sites.index.isin(["36201", "38201"] if kept else ["17201", "18201"])
            return capital_sites.assign(
                wish=np.where(here, "keep" if kept else "prefer", None),
                keep_mw=np.where(here & kept, 100.0, np.nan),
                keep_least=False,
                allowed_tier=np.where(here & kept, "large", capital_sites["allowed_tier"]),
            )
        if rule == "landing_clusters":
            # Two cores whose ways end at an open landing; all others' end at crowded ones.
            crowded = capital_sites.index[measured.loc[capital_sites.index, "crowded_ways"] == 1.0]
            return measured.loc[sorted({*crowded, "01100", "40230"}), list(SITE_COLUMNS)]
        # Of locality: nowhere to stand in Shikoku.
        left_out = ["36", "37", "38", "39"] if rule == "locality" else []
        return capital_sites[~capital_sites["pref_code"].isin(left_out)]

    return choose


def opened(rule: str, mode: str, sites, atlas) -> Session:
    scenario = dcsite.load_scenario("policy-2023", [*IMPOSSIBLE[rule], f"rules.{rule}={mode}"])
    return Session(scenario, NEAR_ENOUGH, sites, atlas)


def test_every_rule_is_tried():
    assert set(IMPOSSIBLE) == set(all_rules())


@pytest.mark.parametrize("rule", IMPOSSIBLE)
def test_a_hard_rule_that_cannot_hold_is_named(rule, sites_for, shipped_atlas):
    with pytest.raises(InfeasibleError) as caught:
        opened(rule, "hard", sites_for(rule), shipped_atlas).solve(check_first=False)
    head, *rules = caught.value.problems
    assert "no plan meets all hard rules of scenario policy-2023" in head.message
    named = {problem.field: problem.message for problem in rules}
    assert set(named) == {f"rules.{rule}", *ALSO_GIVES_WAY.get(rule, ())}
    keys = [setting.partition("=")[0] for setting in IMPOSSIBLE[rule]] or ["land.mw_per_ha"]
    assert any(keys[0] in message for message in named.values())
    assert f'rules.{rule} = "soft"' in named[f"rules.{rule}"]


@pytest.mark.parametrize("rule", IMPOSSIBLE)
def test_a_soft_rule_is_paid_for(rule, sites_for, shipped_atlas):
    session = opened(rule, "soft", sites_for(rule), shipped_atlas)
    # A solve ends in the independent check, which raises where a plan breaks a hard rule.
    scenario, plan = session.scenario, session.solve(check_first=False, ties=0).plan
    assert plan.status == "optimal"
    violations = [violation for violation in plan.violations if violation.rule == rule]
    assert violations
    for violation in violations:
        assert violation.amount > 0.0
        assert violation.unit == all_rules()[rule].unit
        assert violation.penalty == pytest.approx(violation.amount * scenario.penalties[rule])
        assert violation.message_en
        assert violation.message_ja
    assert plan.objective <= 1.0 - sum(violation.penalty for violation in violations)
    kept = {name for name, mode in scenario.rules.items() if mode == "hard"}
    assert kept.isdisjoint(violation.rule for violation in plan.violations)


@pytest.mark.parametrize("rule", IMPOSSIBLE)
def test_a_rule_that_is_off_keeps_nothing_out(rule, sites_for, shipped_atlas):
    # Hard there was no plan: here there is one, whatever it is worth.
    session = opened(rule, "off", sites_for(rule), shipped_atlas)
    found = find_answer(assemble(session.candidates), SolveOptions(gap=0.5))
    assert found.outcome.status == "optimal"
    assert len(found.chosen)


def test_rules_that_are_off_are_neither_checked_nor_paid_for(sites_for, shipped_atlas):
    impossible = {  # of those that can stand together, and none of which the capitals can keep
        setting
        for rule in ("workforce", "land_guide", "renewable_share", "international_directions",
                     "place_load", "disaster_survival", "backup", "locality")
        for setting in IMPOSSIBLE[rule]
    }  # fmt: skip
    off = [f"rules.{rule}=off" for rule in IMPOSSIBLE]
    scenario = dcsite.load_scenario("policy-2023", [*sorted(impossible), *off])
    session = Session(scenario, NEAR_ENOUGH, sites_for("backup"), shipped_atlas)
    plan = session.solve(check_first=False, ties=0).plan
    assert plan.status == "optimal"
    assert plan.violations == ()
    assert set(plan.scenario["rules"].values()) == {"off"}
