"""Alternatives against enumeration: every plan of a small country, ranked, none missing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.errors import CheckError
from dcsite.plan import check_plan
from dcsite.solvers import SolveOptions
from dcsite.studies.alternatives import find_alternatives

SITES = ("01213", "02201", "15100", "40100")
LOAD = {"core": 200.0, "large": 100.0, "regional": 40.0}
SCENARIO = (
    "tiers.core.count=1",
    "tiers.core.it_load_mw=200",
    "tiers.core.separation_km=300",
    "tiers.large.count={min=0,max=1}",
    "tiers.large.it_load_mw=100",
    "tiers.large.separation_km=150",
    "tiers.regional.count=1",
    "tiers.regional.it_load_mw=40",
    "tiers.regional.separation_km=80",
    "demand.total_new_it_load_mw=400",
    'rules.total_it_load="off"',
    'rules.core_regions="off"',
    'rules.landing_reach="off"',
)
OPTIONS = SolveOptions(gap=1e-7)


@pytest.fixture(scope="module")
def scenario():
    return dcsite.load_scenario("policy-2023", SCENARIO)


@pytest.fixture(scope="module")
def sites(measured):
    return measured.loc[sorted(SITES)]


@pytest.fixture(scope="module")
def ranking(scenario, shipped_atlas, sites):
    """Every plan there is with its objective, the best first."""
    found = []
    for choice in product((None, *TIERS), repeat=len(sites)):
        if choice.count("core") != 1 or choice.count("large") > 1:
            continue
        if choice.count("regional") != 1:
            continue
        tiers = pd.Series(choice, index=sites.index).dropna()
        hubs = sites.loc[tiers.index].assign(tier=tiers, it_load_mw=tiers.map(LOAD))
        try:
            value = check_plan(
                hubs, shipped_atlas, scenario, claimed_objective=-np.inf, bound=np.inf
            ).objective
        except CheckError:
            continue  # breaks a hard rule
        found.append((value, frozenset(tiers.items())))
    return sorted(found, key=lambda plan: -plan[0])


def expected(ranking, count, differ_in, least):
    """Take the best plan, then again and again the best that differs from all taken."""
    taken = [ranking[0]]
    while len(taken) <= count:
        further = [
            (value, plan)
            for value, plan in ranking
            if value >= least
            and all(
                any(tier == "core" for _, tier in old - plan) or len(old - plan) >= differ_in
                for _, old in taken
            )
        ]
        if not further:
            break
        taken.append(further[0])
    return taken[1:]


def frame(plan):
    return pd.DataFrame(
        [(site, tier, LOAD[tier]) for site, tier in sorted(plan)],
        columns=["site_id", "tier", "it_load_mw"],
    ).set_index("site_id")


def search(scenario, atlas, sites, ranking, **asked):
    return find_alternatives(scenario, atlas, sites, frame(ranking[0][1]), OPTIONS, **asked)


def as_set(alternative):
    return frozenset((hub.place.site_id, hub.tier) for hub in alternative.hubs)


@pytest.mark.parametrize(("count", "differ_in"), [(6, 1), (4, 2)])
def test_the_best_plans_come_in_order_and_none_is_missing(
    scenario, shipped_atlas, sites, ranking, count, differ_in
):
    wanted = expected(ranking, count, differ_in, -np.inf)
    assert len(wanted) == count
    found = search(
        scenario, shipped_atlas, sites, ranking, count=count, within=10.0, differ_in=differ_in
    )
    assert found.ended == "count"
    assert [plan.number for plan in found.alternatives] == list(range(1, count + 1))
    assert [plan.objective for plan in found.alternatives] == pytest.approx(
        [value for value, _ in wanted], abs=2e-6
    )
    assert [as_set(plan) for plan in found.alternatives] == [plan for _, plan in wanted]
    best = ranking[0]
    for plan, (value, hubs) in zip(found.alternatives, wanted, strict=True):
        assert plan.proven
        assert plan.below_best == pytest.approx((best[0] - value) / abs(best[0]), abs=1e-5)
        assert {(hub.place.site_id, hub.tier) for hub in plan.hubs if hub.in_best} == hubs & best[1]
        assert {(hub.place.site_id, hub.tier) for hub in plan.gone} == best[1] - hubs
        lost = sum(change.points_best - change.points for change in plan.measures)
        assert lost == pytest.approx(best[0] - plan.objective, abs=3e-6)


def test_only_plans_within_the_share_asked_are_given(scenario, shipped_atlas, sites, ranking):
    best = ranking[0][0]
    # Half-way between the third and fourth plan that differs, so that three are left.
    chain = expected(ranking, 4, 1, -np.inf)
    within = (best - (chain[2][0] + chain[3][0]) / 2.0) / abs(best)
    found = search(scenario, shipped_atlas, sites, ranking, count=9, within=within)
    assert found.ended == "within"
    assert [as_set(plan) for plan in found.alternatives] == [plan for _, plan in chain[:3]]


def test_it_says_when_no_further_plan_exists(scenario, shipped_atlas, sites, ranking):
    few = dcsite.load_scenario("policy-2023", (*SCENARIO, "tiers.large.count=0"))
    two = sites.loc[["01213", "40100"]]
    possible = [plan for plan in ranking if {site for site, _ in plan[1]} == set(two.index)]
    possible = [plan for plan in possible if len(plan[1]) == 2 and "large" not in dict(plan[1])]
    possible = [p for p in possible if {tier for _, tier in p[1]} == {"core", "regional"}]
    found = find_alternatives(
        few, shipped_atlas, two, frame(possible[0][1]), OPTIONS, count=5, within=10.0
    )
    assert found.ended == "infeasible"
    assert [as_set(plan) for plan in found.alternatives] == [plan for _, plan in possible[1:]]


def test_the_document_carries_everything(scenario, shipped_atlas, sites, ranking):
    found = search(scenario, shipped_atlas, sites, ranking, count=2, within=10.0)
    document = found.dump()
    assert document["ended"] == "count"
    assert document["best_objective"] == round(ranking[0][0], 6)
    assert [plan["number"] for plan in document["alternatives"]] == [1, 2]
    for written, plan in zip(document["alternatives"], found.alternatives, strict=True):
        assert written["objective"] == round(plan.objective, 6)
        assert {(hub["site_id"], hub["tier"]) for hub in written["hubs"]} == as_set(plan)
        assert all(hub["name_ja"] for hub in written["hubs"] + written["gone"])


def test_a_search_that_is_halted_keeps_what_it_has(scenario, shipped_atlas, sites, ranking):
    begun = []
    found = search(
        scenario, shipped_atlas, sites, ranking, count=5, within=10.0,
        on_found=begun.append, halted=lambda: len(begun) > 2,
    )  # fmt: skip
    assert found.ended == "interrupted"
    assert len(found.alternatives) == 2


@pytest.mark.parametrize("asked", [{"count": 0}, {"count": 1, "differ_in": 0}])
def test_senseless_questions_are_refused(scenario, shipped_atlas, sites, ranking, asked):
    with pytest.raises(ValueError, match="out of range"):
        search(scenario, shipped_atlas, sites, ranking, **asked)
