"""The check before solving: funnel, distances, loads, supply and numbers, by hand and by force."""

from __future__ import annotations

import numpy as np
import pytest

import dcsite
from dcsite.contract import TIERS, criteria
from dcsite.feasibility.check import check_scenario, disproved, km_down
from dcsite.model import Candidates, assemble
from dcsite.solvers.matrix import ProgramMatrix


@pytest.mark.parametrize(
    ("distance_km", "rounded"), [(742.99, 742), (10.0, 10), (9.97, 9.9), (0.04, 0.0)]
)
def test_distances_are_rounded_down(distance_km, rounded):
    assert km_down(distance_km) == rounded


OVERRIDES = [
    (),
    ('rules.land="off"', "tiers.core.separation_km=250"),
    ('rules.substation_reach="soft"', 'rules.workforce="off"', 'rules.separation="soft"'),
    ('rules.international_directions="hard"', "criteria.substation.max_distance_km.large=3"),
]


@pytest.mark.parametrize("overrides", OVERRIDES)
def test_the_funnel_ends_at_what_the_program_admits(measured, shipped_atlas, overrides):
    some = measured.iloc[::6].copy()
    some.loc[some.index[:5], "allowed_tier"] = "large"
    scenario = dcsite.load_scenario(overrides=overrides)
    asked = Candidates.of(scenario, shipped_atlas, some)
    found = check_scenario(asked)
    program = assemble(asked)
    for number, tier in enumerate(found.tiers):
        funnel = tier.funnel
        assert funnel.left == program.eligible[:, number].sum()
        left = funnel.sites
        for step in funnel.steps:
            left -= step.dropped
            assert step.left == left
            assert 0 <= step.dropped <= step.alone
        assert left == funnel.left


def test_the_default_can_be_built(measured, shipped_atlas, policy):
    asked = Candidates.of(policy, shipped_atlas, measured)
    found = check_scenario(asked)
    assert found.findings == ()
    assert [tier.funnel.tier for tier in found.tiers] == list(TIERS)
    assert found.load.least_mw == 2 * 200 + 5 * 50 + 11 * 10
    assert found.load.most_mw == 2 * 400 + 7 * 200 + 19 * 50
    assert found.tiers[0].largest.proven
    assert found.tiers[0].largest.distance_km >= policy.tiers.core.separation_km
    assert check_scenario(asked, thorough=False).findings == ()


def test_numbers_are_those_of_the_whole_program(measured, shipped_atlas):
    some = measured.iloc[::20]
    for mode in ("hard", "soft"):
        scenario = dcsite.load_scenario(overrides=(f'rules.separation="{mode}"',))
        asked = Candidates.of(scenario, shipped_atlas, some)
        found = check_scenario(asked).coefficients
        matrix = ProgramMatrix.from_problem(assemble(asked).problem)
        rows = [abs(c) for c in matrix.coefficient.tolist() if c]
        cost = [abs(c) for c in matrix.cost.tolist() if c]
        assert (found.rows_least, found.rows_most) == (min(rows), max(rows))
        assert (found.objective_least, found.objective_most) == (min(cost), max(cost))


ERRORS = [
    (("tiers.core.separation_km=900",), "tiers.core.separation_km",
     ("tiers.core.separation_km = 900: at most 561 km can be met by 2 core hubs",)),
    (("tiers.large.separation_km=700",), "tiers.large.separation_km", ("= 700: at most 531 km",)),
    (("tiers.large.count=800",), "tiers.large.count", ("at least 800 hubs", "633 of 1,741")),
    (("criteria.substation.max_distance_km.core=0.0001",), "tiers.core.count",
     ("0 of 1,741 sites are left", ("(criteria.substation.min_voltage_kv.core = 187, "
      "criteria.substation.max_distance_km.core = 0.0001)"))),
    (("tiers.core.count=1",), "tiers.core.count", ("allows 1 core hub(s)", "2 regions")),
    (("demand.total_new_it_load_mw=9000",), "demand.total_new_it_load_mw",
     ("= 9000: the hubs allowed carry at most 3,150 MW", "7 large hubs up to 1,400 MW")),
    # Where the bound is no whole MW, the total that is named is still one that they carry.
    (("demand.total_new_it_load_mw=9000", "tiers.core.it_load_mw.max=399.8"),
     "demand.total_new_it_load_mw", ("carry at most 3,149.6 MW", "2 core hubs up to 799.6 MW")),
    (("demand.total_new_it_load_mw=759", "tiers.core.it_load_mw.min=200.2"),
     "demand.total_new_it_load_mw", ("carry at least 760.4 MW",)),
    (("demand.total_new_it_load_mw=759",), "demand.total_new_it_load_mw",
     ("carry at least 760 MW", "11 regional hubs of 10 MW")),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "key", "fragments"), ERRORS)
def test_what_cannot_be_is_said_with_what_would_do(
    measured, shipped_atlas, overrides, key, fragments
):
    asked = Candidates.of(dcsite.load_scenario(overrides=overrides), shipped_atlas, measured)
    # Time enough: what is said of a distance shall not hang on the machine.
    found = check_scenario(asked, search_s=60.0)
    (error,) = [error for error in found.errors if error.rule_or_key == key]
    for fragment in fragments:
        assert fragment in error.message
    assert error in check_scenario(asked, thorough=False, search_s=60.0).findings
    assert disproved(asked)


@pytest.mark.parametrize(("overrides", "key", "fragments"), ERRORS[:4])
def test_a_soft_rule_is_no_proof(measured, shipped_atlas, overrides, key, fragments):
    soft = ('rules.separation="soft"', 'rules.tier_counts="soft"', 'rules.core_regions="soft"')
    scenario = dcsite.load_scenario(overrides=(*overrides, *soft))
    asked = Candidates.of(scenario, shipped_atlas, measured)
    found = check_scenario(asked)
    assert key in {finding.rule_or_key for finding in found.findings}
    assert found.errors == ()
    assert not disproved(asked)


def test_too_few_sites_for_the_hubs_asked_are_told_once(measured, shipped_atlas):
    some = measured.iloc[::200]
    asked = ("tiers.large.count=12", "tiers.core.count=0", "tiers.core.regions=[]",
             "tiers.regional.count=0", "demand.total_new_it_load_mw=9000")  # fmt: skip
    scenario = dcsite.load_scenario(overrides=asked)
    (error,) = check_scenario(Candidates.of(scenario, shipped_atlas, some), thorough=False).errors
    assert error.message.startswith("tiers.large.count asks for at least 12 hubs: ")


def test_shares_out_of_supply_and_zones_out_of_reach(measured, shipped_atlas):
    asked = ("criteria.renewables.contractable_share=0", "demand.classes.latency_critical.max_ms=1")
    found = check_scenario(
        Candidates.of(dcsite.load_scenario(overrides=asked), shipped_atlas, measured)
    )
    bounds = {bound.measure: (bound.kind, bound.value) for bound in found.bounds}
    assert bounds["hourly_renewable_share"] == ("at_most", 0.0)
    keys = {finding.rule_or_key: finding for finding in found.findings}
    assert keys["criteria.renewables.min_share"].level == "warning"
    assert "東京都" in {zone.name_ja for zone in found.out_of_reach}
    message = keys["demand.classes.latency_critical.max_ms"].message
    assert f"{sum(zone.mw for zone in found.out_of_reach):,.1f} MW" in message
    hard = dcsite.load_scenario(overrides=(asked[0], 'rules.renewable_share="hard"'))
    (error,) = check_scenario(Candidates.of(hard, shipped_atlas, measured)).errors
    assert error.rule_or_key == "criteria.renewables.min_share"


def test_only_sites_at_crowded_landings(measured, shipped_atlas):
    crowded = measured[measured["crowded_ways"] == 1.0]
    scenario = dcsite.load_scenario(
        overrides=(
            'rules.tier_counts="off"',
            'rules.core_regions="off"',
            'rules.landing_clusters="hard"',
            "demand.total_new_it_load_mw=600",
        )
    )
    found = check_scenario(Candidates.of(scenario, shipped_atlas, crowded), thorough=False).findings
    (error,) = [finding for finding in found if finding.level == "error"]
    assert error.rule_or_key == "criteria.cables.max_crowded_share"
    assert "carry at most 0 MW" in error.message
    assert "set it to 1 or more" in error.message


def test_the_most_reserve_beside_the_load(measured, shipped_atlas, monkeypatch):
    seen = {}

    def bounds(self, outlook):
        each = np.zeros((len(outlook.sites), len(TIERS)))
        for tier in (1, 2):
            each[:, tier] = 0.5
            seen[tier] = outlook.most_reserve_mw(each)
        return ()

    monkeypatch.setattr(type(criteria()[0]), "bounds", bounds)
    ample = measured.assign(max_it_load_mw=1e6)
    few = ("tiers.regional.count={min=0,max=1}", "tiers.large.count={min=2,max=4}")
    overrides = (*few, 'rules.connection_capacity="off"', "demand.total_new_it_load_mw=1000")
    asked = Candidates.of(dcsite.load_scenario(overrides=overrides), shipped_atlas, ample)
    check_scenario(asked, thorough=False)
    # Half of what four large hubs have above their least load, and a regional one; all hubs
    # together carry 650 MW beside the total.
    assert seen == {1: 0.5 * 4 * 150, 2: 0.5 * (4 * 150 + 40)}
    overrides = (*overrides, "demand.total_new_it_load_mw=1600")
    asked = Candidates.of(dcsite.load_scenario(overrides=overrides), shipped_atlas, ample)
    check_scenario(asked, thorough=False)
    assert seen == {1: 0.5 * 50, 2: 0.5 * 50}


def test_cores_that_count_as_large(measured, shipped_atlas):
    overrides = ("cores_count_as_large=true", "tiers.core.count={min=2,max=3}")
    found = check_scenario(
        Candidates.of(dcsite.load_scenario(overrides=overrides), shipped_atlas, measured)
    )
    # 2 cores leave 3 of the 5 large ones; at most 3 cores and 4 large among 7, or 2 and 5.
    assert found.load.least_mw == 2 * 200 + 3 * 50 + 11 * 10
    assert found.load.most_mw == max(2 * 400 + 5 * 200, 2 * 400 + 5 * 200) + 19 * 50


def test_a_wide_range_of_coefficients_warns(measured, shipped_atlas):
    scenario = dcsite.load_scenario(overrides=("penalties.unserved=1e6",))
    found = check_scenario(Candidates.of(scenario, shipped_atlas, measured.iloc[::20]))
    (warning,) = [finding for finding in found.findings if finding.rule_or_key == "program"]
    assert warning.level == "warning"
    assert "objective: coefficients from" in warning.message


def test_weights_that_do_not_sum_to_1_are_said(measured, shipped_atlas):
    for weight, said in ((0.05, []), (0.3, ["weights"])):
        scenario = dcsite.load_scenario("policy-2023", (f"weights.takeover={weight}",))
        found = check_scenario(Candidates.of(scenario, shipped_atlas, measured))
        assert [one.rule_or_key for one in found.findings if "sum to" in one.message] == said
        assert bool(scenario.weights_note) == bool(said)
    assert "1.25, not 1" in scenario.weights_note
    assert "1ではなく1.25" in scenario.weights_note
