"""Fronts against enumeration: every way of opening a few sites, each evaluated from tables.

Loads are fixed by tier, so that a choice of sites fixes the plan: no hub has room for reserve, and
what Tokyo lacks costs every plan alike. What is short of the total is penalised.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.contract import TIERS, criteria
from dcsite.errors import CheckError, DcsiteError, InfeasibleError, InterruptedWithoutPlanError
from dcsite.plan import Session, check_plan
from dcsite.solvers import SolveOptions
from dcsite.studies import frontier
from dcsite.studies.front import (
    Found,
    better_everywhere,
    default_axes,
    make_point,
    measure_named,
    share_bounds,
    without_dominated,
)
from dcsite.studies.frontier import find_front

PICKED = ("01100", "04100", "15100", "46201")
SEPARATION = "existing_core_distance_km"
LOAD_MW = {"core": 200.0, "large": 100.0, "regional": 40.0}
SETTINGS = (
    "tiers.core.count=0",
    "tiers.core.it_load_mw=200",
    "tiers.core.separation_km=300",
    "tiers.large.count=1",
    "tiers.large.it_load_mw=100",
    "tiers.large.separation_km=150",
    "tiers.regional.count={min=1,max=2}",
    "tiers.regional.it_load_mw=40",
    "tiers.regional.separation_km=80",
    "demand.total_new_it_load_mw=400",
    "rules.total_it_load=soft",
    'rules.core_regions="off"',
    "penalties.unserved=0",
    # What disasters and regions penalise leaves few plans of the least penalty, and a front of
    # a point or two.
    "rules.disaster_survival=off",
    "rules.backup=off",
    "rules.core_areas=off",
    "rules.own_site_hazard=off",
    "rules.nuclear_zone=off",
    "rules.locality=off",
    "rules.landing_clusters=off",
)
OPTIONS = SolveOptions(gap=1e-7)


@pytest.fixture(scope="module")
def small():
    return dcsite.load_scenario("policy-2023", SETTINGS)


@pytest.fixture(scope="module")
def sites(measured):
    return measured.loc[list(PICKED)]


@pytest.fixture(scope="module")
def plans(small, shipped_atlas, sites):
    return every_plan(small, shipped_atlas, sites)


def every_plan(small, shipped_atlas, sites):
    """Return penalty and scores by measure of every allowed way of opening."""
    rows = []
    for choice in product((None, *TIERS), repeat=len(sites)):
        if any(
            not getattr(small.tiers, tier).count.min
            <= choice.count(tier)
            <= getattr(small.tiers, tier).count.max
            for tier in TIERS
        ):
            continue
        tiers = pd.Series(choice, index=sites.index).dropna()
        hubs = sites.loc[tiers.index].assign(tier=tiers, it_load_mw=tiers.map(LOAD_MW))
        try:
            checked = check_plan(
                hubs, shipped_atlas, small, claimed_objective=-np.inf, bound=np.inf
            )
        except CheckError:
            continue  # breaks a hard rule
        measures = [m for found in checked.evaluations.values() for m in found.measures]
        scores = {m.name: m.score for m in measures if m.score is not None}
        weighted = sum(m.weight * (m.score or 0.0) for m in measures)
        others = sum(m.weight * (m.score or 0.0) for m in measures if m.name != SEPARATION)
        points = {"points_of_other_scores": others}
        rows.append({"penalty": weighted - checked.objective, **points, **scores})
    return pd.DataFrame(rows)


def exact_front(plans, x, y):
    """Return the scores no plan of least penalty dominates, by rising x."""
    allowed = plans[plans["penalty"] <= plans["penalty"].min() + 1e-6]
    scores = allowed[[x, y]].round(6).drop_duplicates().to_numpy()
    return sorted(
        tuple(own)
        for own in scores
        if not any((other >= own).all() and (other > own).any() for other in scores)
    )


def front_of(small, atlas, sites, x, y, **others):
    return find_front(session_of(small, atlas, sites), x, y, **{"points": 5, **others})


def session_of(small, atlas, sites):
    session = Session(small, OPTIONS, sites, atlas)
    session.measured = sites  # they are measured already
    return session


@pytest.mark.parametrize(
    ("x", "y", "measures", "points", "size"),
    [
        ("separation", "points", (SEPARATION, "points_of_other_scores"), 5, 2),
        # Its rows are laid as needed, and the measure on x follows from them.
        (
            "worst_survival",
            "local_renewable_ratio",
            ("worst_survival", "local_renewable_ratio"),
            17,  # the nearest two points of this front lie 1/15 of its width apart
            4,
        ),
    ],
)
def test_the_front_is_that_of_enumeration(
    small, shipped_atlas, sites, plans, x, y, measures, points, size
):
    expected = exact_front(plans, *measures)
    assert len(expected) == size
    front = front_of(small, shipped_atlas, sites, x, y, points=points)
    assert (front.x.measure, front.y.measure) == measures
    found = [(point.x_score, point.y_score) for point in front.points]
    assert np.asarray(found) == pytest.approx(np.asarray(expected), abs=3e-6)
    assert all(point.status == "optimal" for point in front.points)
    assert all(
        point.y_score_bound == pytest.approx(point.y_score, abs=1e-5) for point in front.points
    )
    assert front.complete
    assert front.penalty == pytest.approx(plans["penalty"].min(), abs=2e-6)
    assert len(front.points) + front.dominated + len(front.notes) == points


def test_ctrl_c_keeps_the_points_done(small, shipped_atlas, sites):
    def stop(done, *_):
        if done == 3:
            raise KeyboardInterrupt

    whole = front_of(small, shipped_atlas, sites, "separation", "substation", points=5)
    part = front_of(
        small, shipped_atlas, sites, "separation", "substation", points=5, on_point=stop
    )
    assert not part.complete
    assert 2 <= len(part.points) <= 3
    known = [(point.x_score, point.y_score) for point in whole.points]
    for point in part.points:
        assert any((point.x_score, point.y_score) == pytest.approx(k, abs=1e-6) for k in known)


def test_ctrl_c_before_any_point_is_said_so(small, shipped_atlas, sites, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(frontier, "make_point", stop)
    with pytest.raises(InterruptedWithoutPlanError):
        front_of(small, shipped_atlas, sites, "separation", "substation")


def test_a_scenario_without_a_plan_has_no_front(shipped_atlas, sites):
    stuck = dcsite.load_scenario("policy-2023", (*SETTINGS, "tiers.large.count=7"))
    with pytest.raises(InfeasibleError, match="there is no front; dcsite solve names the rules"):
        front_of(stuck, shipped_atlas, sites, "separation", "substation")


def test_a_claim_that_the_tables_deny_is_an_error(small, shipped_atlas, sites):
    chosen = pd.DataFrame(
        {"tier": ["large", "regional"], "it_load_mw": [100.0, 40.0]}, index=["01100", "46201"]
    )
    measures = ("existing_core_distance_km", "substation_distance_km")

    def point(eps, y_score, y_bound):
        found = Found(eps, chosen, y_score, y_bound, True, 1.0)
        return make_point(found, session_of(small, shipped_atlas, sites), measures, 10.0)

    true = point(0.0, 0.0, 1.0)
    assert point(true.x_score, true.y_score, true.y_score).gap == 0.0
    with pytest.raises(CheckError, match="existing_core_distance_km"):
        point(true.x_score + 1e-4, true.y_score, 1.0)
    with pytest.raises(CheckError, match="substation_distance_km"):
        point(0.0, true.y_score + 1e-4, 1.0)
    with pytest.raises(CheckError, match="at most"):
        point(0.0, 0.0, true.y_score - 1e-4)


def test_bounds_for_small_epsilon_hold_for_larger_ones_and_domination_is_strict(
    small, shipped_atlas, sites
):
    from dataclasses import replace

    front = front_of(small, shipped_atlas, sites, "separation", "substation", points=2)
    one = front.points[0]
    loose = replace(one, eps=0.1, x_score=0.4, y_score=0.8, y_score_bound=0.9, status="feasible")
    tight = replace(one, eps=0.5, x_score=0.5, y_score=0.7, y_score_bound=0.95, status="feasible")
    better = replace(one, eps=0.6, x_score=0.6, y_score=0.7, y_score_bound=0.7)
    shared = share_bounds([tight, loose, better], 0.01)
    assert [point.y_score_bound for point in shared] == [0.9, 0.9, 0.7]
    assert [point.status for point in shared] == ["feasible", "feasible", "optimal"]
    assert shared[1].gap == pytest.approx(0.2 / 0.7)
    assert better_everywhere(better, tight)
    assert not better_everywhere(tight, tight)
    kept = without_dominated([better, tight, loose, better])
    assert [point.x_score for point in kept] == [0.4, 0.6]


@pytest.mark.parametrize(
    ("x", "y", "points", "fragment"),
    [
        ("separation", "renewables", 1, "--points: is 1; a front has at least 2 points"),
        ("cables", "cables", 21, "--y: is cables as --x is"),
        ("separation", "existing_core_distance_km", 2, "--y: is existing_core_distance_km as"),
        ("seperation", "cables", 2, "unknown measure 'seperation'; did you mean separation?"),
        ("separation", "renewabels", 2, "unknown measure 'renewabels'; did you mean renewables?"),
        ("points", "cables", 2, "--x: unknown measure 'points'"),
    ],
)
def test_bad_axes_are_refused(small, shipped_atlas, sites, x, y, points, fragment):
    with pytest.raises(DcsiteError) as caught:
        front_of(small, shipped_atlas, sites, x, y, points=points)
    assert fragment in str(caught.value)


def test_a_criterion_stands_for_its_first_scored_measure():
    scored = {"a": ("first", "second"), "b": ()}
    assert measure_named("--x", "a", scored) == "first"
    assert measure_named("--x", "second", scored) == "second"
    with pytest.raises(DcsiteError, match="known are a, first, second"):
        measure_named("--x", "b", scored)


def test_axes_not_given_follow_from_the_criteria_and_their_weights(small):
    first = criteria()[0].name
    weights = dict(small.weights)
    heaviest = max(weights, key=weights.__getitem__)
    assert default_axes(None, None, small) == (first, heaviest) == ("separation", "renewables")
    assert default_axes("cables", None, small) == ("cables", heaviest)
    assert default_axes(None, first, small) == (criteria()[1].name, first)
    # The criterion on the other axis is passed over; of equal weights the first stands.
    assert default_axes(heaviest, None, small) == (heaviest, "disasters")
