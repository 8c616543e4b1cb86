"""Infeasible scenarios: a least set of rules, named with the keys that set them."""

from __future__ import annotations

import pytest

import dcsite
from dcsite.feasibility import diagnose
from dcsite.model import Candidates
from dcsite.scenario import toml_value
from dcsite.solvers import SolveOptions

OPTIONS = SolveOptions(gap=1e-4, time_limit_s=60.0)


@pytest.fixture(scope="module")
def some(measured):
    # Municipalities with people, spread over the country, cores possible at both ends.
    wanted = measured[measured["population_2020"] > 10_000].iloc[::14]
    must = measured.loc[["01217", "01213", "41206", "40130", "02201", "04211", "47201"]]
    return measured.loc[sorted(set(wanted.index) | set(must.index))]


@pytest.mark.parametrize(
    ("overrides", "rules", "key"),
    [
        (("tiers.core.separation_km=2000",), {"separation"}, "tiers.core.separation_km = 2000"),
        (("demand.total_new_it_load_mw=9000",), {"total_it_load"},
         "demand.total_new_it_load_mw = 9000"),
        (("criteria.substation.max_distance_km.core=0.0001",), {"substation_reach"},
         "criteria.substation.max_distance_km.core = 0.0001"),
        (("criteria.cables.core_landing_max_km=0.001", 'rules.international_directions="off"'),
         {"landing_reach"}, "criteria.cables.core_landing_max_km = 0.001"),
    ],
)  # fmt: skip
def test_one_rule_that_cannot_hold(some, shipped_atlas, overrides, rules, key):
    scenario = dcsite.load_scenario(
        "policy-2023", ("tiers.regional.count={min=3,max=19}", *overrides)
    )
    conflict = diagnose(Candidates.of(scenario, shipped_atlas, some), OPTIONS)
    assert conflict is not None
    assert conflict.least
    assert conflict.complete
    names = [{relaxed.rule.name for relaxed in found} for found in conflict.relaxations]
    assert rules in names
    settings = {
        f"{k} = {toml_value(v)}"
        for found in conflict.relaxations
        for relaxed in found
        for k, v in relaxed.settings
    }
    assert key in settings
    assert all(
        relaxed.amount is None or relaxed.amount > 0.0
        for found in conflict.relaxations
        for relaxed in found
    )


def test_two_rules_that_cannot_hold(some, shipped_atlas):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.regional.count={min=3,max=19}",
            "tiers.core.separation_km=2000",
            "demand.total_new_it_load_mw=9000",
        ),
    )
    conflict = diagnose(Candidates.of(scenario, shipped_atlas, some), OPTIONS)
    assert conflict.least
    names = [{relaxed.rule.name for relaxed in found} for found in conflict.relaxations]
    assert {"separation", "total_it_load"} in names
    assert all(len(found) == 2 for found in names)
