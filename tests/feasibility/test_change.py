"""The smallest change that makes an infeasible scenario feasible, on few municipalities."""

from __future__ import annotations

import pytest

import dcsite
from dcsite.criteria import measure_sites
from dcsite.feasibility.change import smallest_relaxation, steps_to, with_value
from dcsite.model import Candidates, assemble
from dcsite.sites import SITE_COLUMNS
from dcsite.solvers import SolveOptions, solve

BASE = ("tiers.regional.count={min=3,max=19}",)
LIMIT_S = 120.0


@pytest.fixture(scope="module")
def some(measured):
    wanted = measured[measured["population_2020"] > 10_000].iloc[::14]
    must = measured.loc[["01217", "01213", "41206", "40130", "02201", "04211", "47201"]]
    return measured.loc[sorted(set(wanted.index) | set(must.index))]


def feasible(scenario, atlas, sites):
    outcome = solve(assemble(Candidates.of(scenario, atlas, sites)).problem, SolveOptions(gap=1.0))
    return outcome.values is not None


@pytest.mark.parametrize(
    ("overrides", "rule", "key", "step"),
    [
        (("tiers.core.separation_km=900",), "separation", "tiers.core.separation_km", 1.0),
        (("demand.total_new_it_load_mw=9000",), "total_it_load", "demand.total_new_it_load_mw", -1),
        (("criteria.substation.max_distance_km.core=0.0001",), "substation_reach",
         "criteria.substation.max_distance_km.core", -1.0),
        (("tiers.core.count=3", "tiers.core.separation_km=500"), "tier_counts",
         "tiers.core.count.min", 1),
    ],
)  # fmt: skip
def test_the_value_does_and_one_step_less_does_not(some, shipped_atlas, overrides, rule, key, step):
    scenario = dcsite.load_scenario(overrides=(*BASE, *overrides))
    found = smallest_relaxation(Candidates.of(scenario, shipped_atlas, some), rule, LIMIT_S)
    (change,) = [change for change in found if change.key == key]
    assert change.least
    assert feasible(with_value(scenario, key, change.to), shipped_atlas, some)
    nearer = change.to + abs(step) * (1 if change.value > change.to else -1)
    if min(change.value, change.to) < nearer < max(change.value, change.to):
        assert not feasible(with_value(scenario, key, nearer), shipped_atlas, some)


def test_sites_are_measured_anew_where_the_number_decides_what_is_measured(some, shipped_atlas):
    # A core's corridors are those of the landings within the reach that is loosened here.
    overrides = (
        *BASE,
        "criteria.cables.core_landing_max_km=0.001",
        "criteria.cables.min_directions=1",
        'rules.international_directions="hard"',
    )
    scenario = dcsite.load_scenario(overrides=overrides)
    sites = measure_sites(some[list(SITE_COLUMNS)], shipped_atlas, scenario)
    assert (sites["international_corridors"] == 0).all()
    (change,) = smallest_relaxation(
        Candidates.of(scenario, shipped_atlas, sites), "landing_reach", LIMIT_S
    )
    assert change.key == "criteria.cables.core_landing_max_km"
    assert change.least
    for reach, does in ((change.to, True), (change.to - 1.0, False)):
        changed = with_value(scenario, change.key, reach)
        anew = measure_sites(some[list(SITE_COLUMNS)], shipped_atlas, changed)
        assert feasible(changed, shipped_atlas, anew) is does


def test_a_number_that_does_not_do_alone_is_not_named(some, shipped_atlas):
    scenario = dcsite.load_scenario(
        overrides=(*BASE, "tiers.core.separation_km=2000", "demand.total_new_it_load_mw=9000")
    )
    asked = Candidates.of(scenario, shipped_atlas, some)
    assert smallest_relaxation(asked, "separation", LIMIT_S) == []


def test_no_time_no_claim(some, shipped_atlas):
    scenario = dcsite.load_scenario(overrides=(*BASE, "tiers.core.separation_km=900"))
    asked = Candidates.of(scenario, shipped_atlas, some)
    assert smallest_relaxation(asked, "separation", 0.0) == []


def test_a_rule_without_a_number_of_its_own(some, shipped_atlas, policy):
    asked = Candidates.of(policy, shipped_atlas, some)
    assert smallest_relaxation(asked, "core_regions", LIMIT_S) == []


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ((900.0, 897.5, 1.0), [899.0, 898.0, 897.5]),
        ((0.0001, 2.0, 1.0), [1.0, 2.0]),
        ((0.295, 0.32, 0.01), [0.3, 0.31, 0.32]),
        ((3, 0, 1.0), [2, 1, 0]),
        ((1895.38, 1897.0, 1.0), [1896.0, 1897.0]),
        ((0.5, 0.0, 1.0), [0.0]),
        ((2.0, 2.0, 1.0), []),
    ],
)
def test_steps_lead_to_the_extreme(asked, values):
    assert steps_to(*asked) == pytest.approx(values)


def test_with_value_changes_one_number_and_keeps_whole_ones_whole(policy):
    changed = with_value(policy, "tiers.large.count.min", 3.0)
    assert changed.tiers.large.count.min == 3
    assert isinstance(changed.tiers.large.count.min, int)
    assert policy.tiers.large.count.min == 5
    near = with_value(policy, "criteria.substation.max_distance_km.core", 33.0)
    assert near.criteria["substation"].max_distance_km.core == 33.0
    assert near.criteria["substation"].max_distance_km.large == 20.0
    assert policy.criteria["substation"].max_distance_km.core == 20.0
    total = with_value(policy, "demand.total_new_it_load_mw", 2000.0)
    assert total.total_new_it_load_mw == 2000.0
