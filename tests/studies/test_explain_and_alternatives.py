"""Explanations and alternatives against enumeration: every plan of a small country, ranked."""

from __future__ import annotations

import threading
from itertools import product

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.errors import CheckError, SitesError
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.plan.places import find_place
from dcsite.solvers import SolveOptions, solve
from dcsite.studies.alternatives import find_alternatives
from dcsite.studies.explain import ExplainContext, explain_hubs, hub_shares, tighten
from dcsite.studies.explain_place import explain_place
from dcsite.studies.pool import Change

SITES = ("01213", "02201", "34100", "40100")
LOAD = {"core": 200.0, "large": 100.0, "regional": 40.0}
SCENARIO = (
    "tiers.core.count={min=0,max=1}",
    "tiers.core.it_load_mw=200",
    "tiers.core.separation_km=300",
    "tiers.large.count=1",
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
def plans(scenario, shipped_atlas, sites):
    """Objective of every plan there is, by its pairs of site and tier."""
    found = {}
    for choice in product((None, *TIERS), repeat=len(sites)):
        if choice.count("core") > 1 or choice.count("large") != 1 or choice.count("regional") != 1:
            continue
        tiers = pd.Series(choice, index=sites.index).dropna()
        hubs = sites.loc[tiers.index].assign(tier=tiers, it_load_mw=tiers.map(LOAD))
        try:
            found[frozenset(tiers.items())] = check_plan(
                hubs, shipped_atlas, scenario, claimed_objective=-np.inf, bound=np.inf
            ).objective
        except CheckError:
            continue  # breaks a hard rule
    return found


@pytest.fixture(scope="module")
def ranking(plans):
    """Every plan there is behind its objective, the best first."""
    return sorted(((value, plan) for plan, value in plans.items()), key=lambda plan: -plan[0])


def frame(plan):
    return pd.DataFrame(
        [(site, tier, LOAD[tier]) for site, tier in sorted(plan)],
        columns=["site_id", "tier", "it_load_mw"],
    ).set_index("site_id")


@pytest.fixture
def context(scenario, shipped_atlas, sites, plans):
    best = max(plans, key=plans.get)
    return ExplainContext(
        scenario, shipped_atlas, sites, frame(best), OPTIONS, bound=plans[best], jobs=2
    )


def best_of(plans, holds):
    return max((value for plan, value in plans.items() if holds(plan)), default=None)


def test_the_cost_of_a_hub_is_that_of_enumeration(context, plans):
    best = max(plans.values())
    for hub in explain_hubs(context):
        site = hub.place.site_id
        without = best_of(plans, lambda plan, site=site: site not in dict(plan))
        assert hub.cost.low == pytest.approx(best - without, abs=3e-6)
        assert hub.cost.high == pytest.approx(best - without, abs=3e-6)
        new = {(other.place.site_id, other.tier) for other in hub.runners_up}
        left = {site, *(place.site_id for place in hub.leaving)}
        # What is said of the other plan gives its set of places, and that set's best is the best.
        there = {s for s, _ in context.opened} - left | {s for s, _ in new}
        assert best_of(plans, lambda plan, there=there: set(dict(plan)) == there) == pytest.approx(
            without, abs=3e-6
        )
        distances = [other.distance_km for other in hub.runners_up]
        assert distances == sorted(distances)
        lost = sum(change.points_before - change.points_after for change in hub.changes)
        assert lost == pytest.approx(best - without, abs=3e-6)


def test_the_cost_of_a_place_is_that_of_enumeration(context, plans, sites):
    best = max(plans.values())
    hubs = {site for site, _ in context.opened}
    seen = 0
    for site in sites.index.difference(hubs):
        explained = explain_place(context, site)
        costs = []
        for verdict in explained.verdicts:
            with_it = best_of(plans, lambda plan, pair=(site, verdict.tier): pair in plan)
            if with_it is None:
                assert verdict.outcome in {"blocked", "no_plan"}
                assert verdict.reasons
                continue
            assert verdict.outcome == "costs"
            costs.append(best - with_it)
            assert verdict.cost.low == pytest.approx(best - with_it, abs=3e-6)
            assert verdict.cost.high == pytest.approx(best - with_it, abs=3e-6)
            lost = sum(change.points_before - change.points_after for change in verdict.changes)
            assert lost == pytest.approx(best - with_it, abs=3e-6)
            seen += 1
        if costs:
            assert explained.cost.low == pytest.approx(min(costs), abs=3e-6)
    assert seen >= 2


def test_shares_add_up_to_the_score_and_follow_load_times_score(context):
    explained = hub_shares(context)
    measures = {
        measure.name: measure.weight * measure.score
        for found in context.checked.evaluations.values()
        for measure in found.measures
        if measure.score is not None
    }
    summed = dict.fromkeys(measures, 0.0)
    for hub in explained:
        for share in hub.shares:
            summed[share.measure] += share.points
            assert share.plan_points == pytest.approx(measures[share.measure])
    assert summed == pytest.approx(measures, abs=1e-6)
    # Weight 0.1, MW over 400 MW, kilometres to Tokyo or Osaka over 800 km.
    hub = explained[0]
    km = float(context.sites.loc[hub.place.site_id, "nearest_existing_core_km"])
    by_hand = 0.1 * LOAD[hub.tier] / 400.0 * min(km / 800.0, 1.0)
    (share,) = [s for s in hub.shares if s.measure == "existing_core_distance_km"]
    assert share.points == pytest.approx(by_hand, abs=1e-9)


def test_a_hub_that_nothing_can_replace(scenario, shipped_atlas, sites):
    two = sites.loc[["01213", "40100"]]
    chosen = pd.DataFrame(
        {"tier": ["large", "regional"], "it_load_mw": [100.0, 40.0]}, index=two.index
    )
    context = ExplainContext(scenario, shipped_atlas, two, chosen, OPTIONS, bound=1e3, jobs=1)
    (hub,) = explain_hubs(context, ("40100",))
    assert not hub.cost.possible
    assert hub.cost.low is None
    assert hub.cost.high is None


def test_a_hub_within_the_gap_of_the_bound_needs_no_second_solve(context, plans, monkeypatch):
    """All plans are within a gap of 1: each hub costs between nothing and bound less successor."""
    asked = []
    each = context.resolver.each

    def count(tasks, *rest):
        def counted(task):
            def run(solve):
                def noted(change):
                    asked.append(change)
                    return solve(change)

                return task(noted)

            return run

        each([counted(task) for task in tasks], *rest)

    monkeypatch.setattr(context.resolver, "each", count)
    context.options = SolveOptions(gap=1.0)
    bound = context.bound
    hubs = explain_hubs(context)
    # One solve that keeps all hubs, one for each hub.
    assert len(asked) == 1 + len(hubs)
    for hub in hubs:
        others = {pair for pair in context.opened if pair[0] != hub.place.site_id}
        kept = best_of(
            plans,
            lambda plan, hub=hub, others=others: (
                others <= plan and hub.place.site_id not in dict(plan)
            ),
        )
        assert hub.cost.low == 0.0
        assert hub.cost.high == pytest.approx(bound - kept, abs=3e-6)


def test_what_would_improve_the_plan_anyway_takes_nobodys_place(
    scenario, shipped_atlas, sites, plans
):
    """A plan without its best core: whatever hub is closed, that core is no successor."""
    best = max(plans, key=plans.get)
    (core,) = [site for site, tier in best if tier == "core"]
    chosen = pd.DataFrame(
        [(site, tier, LOAD[tier]) for site, tier in sorted(best) if site != core],
        columns=["site_id", "tier", "it_load_mw"],
    ).set_index("site_id")
    context = ExplainContext(
        scenario, shipped_atlas, sites, chosen, OPTIONS, bound=plans[best], jobs=2
    )
    hubs = explain_hubs(context)
    assert context.best == pytest.approx(plans[best], abs=3e-6)
    for hub in hubs:
        assert core not in {other.place.site_id for other in hub.runners_up}
        without = best_of(plans, lambda plan, hub=hub: hub.place.site_id not in dict(plan))
        assert hub.cost.low == pytest.approx(plans[best] - without, abs=3e-6)
    assert any(hub.runners_up for hub in hubs)


def test_halted_keeps_what_is_known(context):
    done = []
    hubs = explain_hubs(context, None, lambda *told: done.append(told), lambda: len(done) >= 1)
    known = [hub for hub in hubs if hub.cost is not None]
    assert 1 <= len(known) <= len(hubs)
    assert [hub.place.site_id for hub in hubs] == [site for site, _ in context.opened]
    explanation = context.explanation(hubs)
    assert explanation.whole == (len(known) == len(hubs))
    assert explanation.of(hubs[0].place.site_id) == hubs[0]
    assert explanation.of("nowhere") is None
    none = explain_hubs(context, None, None, lambda: True)
    assert len(none) == len(hubs)
    assert not [t for t in threading.enumerate() if t.name.startswith("dcsite-solve")]


def test_rules_that_leave_no_room_for_a_place_are_named(shipped_atlas, sites):
    # One core, and it must stand in Hokkaido: Fukuoka as a core breaks the region or the count.
    asked = dcsite.load_scenario(
        "policy-2023",
        (*SCENARIO, "tiers.core.count=1", 'tiers.core.regions=["hokkaido"]',
         'rules.core_regions="hard"', 'rules.land="off"'),
    )  # fmt: skip
    some = sites.loc[["01213", "02201", "34100", "40100"]]
    chosen = pd.DataFrame(
        {"tier": ["core", "large", "regional"], "it_load_mw": [200.0, 100.0, 40.0]},
        index=["01213", "02201", "34100"],
    )
    chosen = chosen.drop("02201")
    chosen.loc["40100"] = ["large", 100.0]
    context = ExplainContext(asked, shipped_atlas, some, chosen, OPTIONS, bound=1e3)
    (verdict,) = explain_place(context, "40100", ("core",)).verdicts
    assert verdict.outcome == "no_plan"
    assert {reason.rule for reason in verdict.reasons} == {"core_regions", "tier_counts"}


@pytest.fixture(scope="module")
def default_context(measured, shipped_atlas, policy):
    # Bounds play no role in reasons; any checked plan would do. Loads are off for that.
    free = dcsite.load_scenario(
        "policy-2023",
        ('rules.total_it_load="off"', 'rules.tier_counts="off"', 'rules.core_regions="off"'),
    )
    chosen = pd.DataFrame({"tier": ["regional"], "it_load_mw": [10.0]}, index=["01204"])
    return ExplainContext(free, shipped_atlas, measured, chosen, OPTIONS, bound=np.inf, jobs=1)


@pytest.mark.parametrize(
    ("site", "tier", "rule", "words"),
    [
        ("13101", "large", "existing_core_clearance", "existing core 5.6 km (least 60 km)"),
        ("13101", "core", "separation", "existing core 5.6 km (least 400 km)"),
        ("13101", "core", "land", "usable land carries 0.8 MW (least 200 MW)"),
        ("01204", "core", "landing_reach",
         "international landing 140.5 km (limit 100 km)"),
        ("13421", "regional", "workforce", "residents 2,929 (least 10,000)"),
        ("13421", "regional", "substation_reach", "(100 kV or more) none (limit 20 km)"),
    ],
)  # fmt: skip
def test_reasons_carry_the_amounts(default_context, site, tier, rule, words):
    (verdict,) = explain_place(default_context, site, (tier,)).verdicts
    assert verdict.outcome == "blocked"
    by_rule = {reason.rule: reason.message_en for reason in verdict.reasons}
    assert words in by_rule[rule]


def test_a_substation_out_of_reach_is_told_in_kilometres(default_context, measured):
    far = measured[
        (measured["substation_distance_km_100kv_or_guessed"] > 20.0)
        & np.isfinite(measured["substation_distance_km_100kv_or_guessed"])
        & (measured["residents_per_connection_point"] < 200_000)  # the mapping is not thin
    ]
    site = str(far.index[0])
    (verdict,) = explain_place(default_context, site, ("regional",)).verdicts
    km = float(far["substation_distance_km_100kv_or_guessed"].iloc[0])
    by_rule = {reason.rule: reason.message_en for reason in verdict.reasons}
    assert by_rule["substation_reach"].endswith(
        f"nearest fitting substation (100 kV or more) {km:.1f} km (limit 20 km)"
    )


@pytest.mark.parametrize(
    ("text", "site"),
    [("41202", "41202"), ("唐津市", "41202"), ("唐津", "41202"), ("karatsu-shi", "41202"),
     ("KARATSU", "41202"), ("４１２０２", "41202"), ("江別", "01217")],
)  # fmt: skip
def test_places_are_found_by_code_and_name(measured, text, site):
    assert find_place(measured, text) == site


def test_a_name_of_several_places_lists_them(measured):
    with pytest.raises(SitesError) as caught:
        find_place(measured, "府中市")
    (problem,) = caught.value.problems
    assert "names 2 places" in problem.message
    assert "Tokyo (13206)" in problem.message
    assert "Hiroshima (34208)" in problem.message


def test_an_unknown_name_gets_the_nearest(measured):
    with pytest.raises(SitesError, match=r"nearest names: .*Karatsu-shi, Saga \(41202\)"):
        find_place(measured, "Karatzu-shi")
    with pytest.raises(SitesError, match="give a code"):
        find_place(measured, "☃")


def test_tightening_proves_the_plan_itself(context, plans):
    context.bound = 1e3
    tighten(context)
    assert context.bound == pytest.approx(max(plans.values()), abs=3e-6)


def test_ctrl_c_ends_all_solves(context):
    def stop(done):
        raise KeyboardInterrupt

    changes = [Change(closed=(site,)) for site in context.sites.index]
    with pytest.raises(KeyboardInterrupt):
        context.resolver.changed(changes, stop)
    assert not [t for t in threading.enumerate() if t.name.startswith("dcsite-solve")]
    # Nothing stays fixed: the program is what it was.
    (free,) = context.resolver.changed([Change()])
    assert free.objective == pytest.approx(context.checked.objective, abs=3e-6)


def test_a_halted_solve_ends_its_solver(scenario, shipped_atlas, sites):
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    with pytest.raises(KeyboardInterrupt):
        solve(program.problem, OPTIONS, halted=lambda: True)


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


def search(scenario, atlas, sites, ranking, **asked):
    return find_alternatives(scenario, atlas, sites, frame(ranking[0][1]), OPTIONS, **asked)


def as_set(alternative):
    return frozenset((hub.place.site_id, hub.tier) for hub in alternative.hubs)


@pytest.mark.parametrize(("count", "differ_in"), [(4, 1), (3, 2)])
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
    document = found.dump()
    assert document["best_objective"] == round(best[0], 6)
    for written, plan in zip(document["alternatives"], found.alternatives, strict=True):
        assert written["objective"] == round(plan.objective, 6)
        assert {(hub["site_id"], hub["tier"]) for hub in written["hubs"]} == as_set(plan)
        assert all(hub["name_ja"] for hub in written["hubs"] + written["gone"])


def test_only_plans_within_the_share_asked_are_given(scenario, shipped_atlas, sites, ranking):
    best = ranking[0][0]
    # Half-way between the third and fourth plan that differs, so that three are left.
    chain = expected(ranking, 4, 1, -np.inf)
    within = (best - (chain[2][0] + chain[3][0]) / 2.0) / abs(best)
    found = search(scenario, shipped_atlas, sites, ranking, count=9, within=within)
    assert found.ended == "within"
    assert [as_set(plan) for plan in found.alternatives] == [plan for _, plan in chain[:3]]


def test_it_says_when_no_further_plan_exists(shipped_atlas, sites, ranking):
    few = dcsite.load_scenario("policy-2023", (*SCENARIO, "tiers.core.count=0"))
    two = sites.loc[["01213", "40100"]]
    possible = [plan for plan in ranking if {site for site, _ in plan[1]} == set(two.index)]
    assert len(possible) > 1
    found = find_alternatives(
        few, shipped_atlas, two, frame(possible[0][1]), OPTIONS, count=5, within=10.0
    )
    assert found.ended == "infeasible"
    assert [as_set(plan) for plan in found.alternatives] == [plan for _, plan in possible[1:]]


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
