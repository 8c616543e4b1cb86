"""The cheapest plan: against all pairs of a few places, and what becomes of it beside a solve."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from dcsite import Session
from dcsite.criteria.cost import CRITERION
from dcsite.plan.types import CheapestPlan
from dcsite.solvers import SolveOptions
from dcsite.studies.cheapest import Beside, find_cheapest

PLACES = ["01100", "41202", "05201", "08201", "22130", "47201"]
ASKED = (
    "tiers.core.count=0", "tiers.core.regions=[]", "tiers.large.count=2", "tiers.regional.count=0",
    "tiers.large.it_load_mw={min=30,max=90}", "tiers.large.separation_km=300",
    "demand.total_new_it_load_mw=120", 'rules.existing_core_clearance="off"',
    'rules.substation_reach="off"', 'rules.connection_capacity="off"',
    "criteria.takeover.tokyo_share=0.1", 'demand.classes.latency_critical.max_ms="none"',
)  # fmt: skip


@pytest.fixture(scope="module")
def asked(measured, shipped_atlas):
    one = Session.open("policy-2023", ASKED, atlas=shipped_atlas, options=SolveOptions(gap=1e-7))
    one.sites = one.__dict__["_all_measured"] = measured.loc[PLACES]
    return one


@pytest.fixture(scope="module")
def plan(asked):
    return asked.solve(check_first=False).plan


@pytest.fixture(scope="module")
def found(asked):
    return find_cheapest(asked.scenario, asked.atlas, asked.measured, asked.options)


def test_it_costs_least_of_all_pairs_that_hard_rules_allow(asked, found):
    sites = asked.measured
    per_mw = sites["land_jpy_per_mw"] + sites["building_jpy_per_mw"]
    yearly = sites["electricity_jpy_per_mw_year"]
    # What is not known in Okinawa counts at the price of the dearest area, at the site's PUE.
    dearest = (yearly / sites["pue"]).max()
    per_mw = per_mw + 15 * yearly.fillna(dearest * sites["pue"])
    most = sites["max_it_load_mw"].clip(upper=90.0)
    costs = {}
    for pair in itertools.combinations(PLACES, 2):
        lat, lon = (np.radians(sites.loc[[*pair], name]) for name in ("lat_deg", "lon_deg"))
        away = np.sin(lat).prod() + np.cos(lat).prod() * np.cos(lon.diff().iloc[-1])
        if 6371.0 * np.arccos(away) < 300.0:
            continue
        cheap, dear = sorted(pair, key=per_mw.get)
        load = min(most[cheap], 120.0 - 30.0)
        if 120.0 - load <= most[dear]:
            costs[pair] = load * per_mw[cheap] + (120.0 - load) * per_mw[dear]
    best = min(costs, key=costs.get)
    assert len(costs) > 5
    assert {hub.site_id for hub in found.hubs} == set(best)
    assert found.cost_jpy == pytest.approx(costs[best], rel=1e-6)
    assert found.cost_jpy * (1 - 2e-7) <= found.bound_jpy <= found.cost_jpy
    assert found.status == "optimal"


def test_resilience_costs_what_the_plan_costs_more(asked, plan, found):
    with Beside(asked, wanted=True) as beside:
        plan = beside.into(plan, lambda: False, pytest.fail)
    cost = {one.name: one.value for one in plan.measures}[CRITERION.price.in_plan]
    one = plan.cheapest
    assert one.cost_jpy == pytest.approx(found.cost_jpy, rel=1e-3)  # beside a solve no finer
    assert one.bound_jpy <= found.cost_jpy * (1 + 1e-9)
    assert one.resilience_jpy == pytest.approx(cost - one.cost_jpy)
    assert one.resilience_jpy > 0.0
    assert one.resilience_most_jpy >= one.resilience_jpy
    again = CheapestPlan.load(one.dump())
    assert again == CheapestPlan.load(again.dump())
    lost = one.loses(plan.measures)
    points = [two.weight * (two.score - mine.score) for mine, two in lost]
    assert points == sorted(points)
    assert points[0] < 0.0


def test_a_plan_that_costs_less_within_the_gap_is_itself_the_cheapest(asked, plan, found):
    dearer = replace(found, cost_jpy=2 * found.cost_jpy + 1e15)
    beside = Beside(asked, wanted=True)
    beside._found = dearer
    beside._search_here = lambda stopped: None
    one = beside.into(plan, lambda: False, pytest.fail).cheapest
    assert one.resilience_jpy == 0.0
    assert [hub.site_id for hub in one.hubs] == [hub.site_id for hub in plan.hubs]
    short = replace(plan, unserved_mw=found.unserved_mw + 1.0)  # but not by serving less
    assert beside.into(short, lambda: False, pytest.fail).cheapest.hubs == dearer.hubs


@pytest.mark.parametrize("wanted", [False, True])
def test_it_is_left_out_where_it_is_not_wanted_or_the_user_stops(asked, plan, wanted):
    with Beside(asked, wanted=wanted) as beside:
        assert beside.into(plan, lambda: wanted, pytest.fail) is plan


def test_without_figures_there_is_none(asked):
    figures = ("land_price_factor", "build_usd_per_w", "electricity_jpy_per_kwh")
    bare = asked.beside(asked.scenario, [f'criteria.cost.{one}="none"' for one in figures])
    sites = asked.measured
    assert find_cheapest(bare.scenario, bare.atlas, sites, bare.options) is None
