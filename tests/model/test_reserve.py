"""Reserve as a decision: who has columns for it, what it shares room with, rows over it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

import dcsite
from dcsite.contract import TIERS, LoadTable
from dcsite.errors import CriterionError
from dcsite.model import Candidates
from dcsite.model.lazy_rows import TableRows
from dcsite.model.program import SiteProgram
from dcsite.solvers import SolveOptions, find_answer

PLACES = ["01100", "15100", "34100"]


def _program(atlas, measured, *overrides: str) -> SiteProgram:
    scenario = dcsite.load_scenario(
        "policy-2023",
        ('rules.own_site_hazard="off"', "demand.total_new_it_load_mw=600", *overrides),
    )
    return SiteProgram(Candidates.of(scenario, atlas, measured.loc[PLACES]))


def _ones(program: SiteProgram) -> np.ndarray:
    return np.ones(program.eligible.shape)


def test_only_tiers_asked_for_have_a_reserve_and_it_shares_the_room_of_the_load(
    measured, shipped_atlas
):
    program = _program(shipped_atlas, measured)
    assert program.reserve_terms(_ones(program)) == []
    program.reserve(["large"])
    program.reserve(["large"])  # asked twice, made once
    terms = program.reserve_terms(_ones(program))
    assert {variable.name for variable, _ in terms} == {
        f"reserve_mw_{PLACES[site]}_large" for site in np.flatnonzero(program.eligible[:, 1])
    }
    # One large hub, as much reserve as there is room for beside its least load.
    program.row("one", program.open_terms(_ones(program)), "<=", 1.0)
    program.set_objective(terms)
    answer = find_answer(program, SolveOptions(solver="highs", gap=1e-7))
    hub = answer.chosen.iloc[0]
    site = PLACES.index(answer.chosen.index[0])
    assert hub["tier"] == "large"
    assert hub["it_load_mw"] == program.min_mw[1]
    assert hub["it_load_mw"] + hub["reserve_mw"] == pytest.approx(program.max_mw[site, 1])
    assert program.reserve_of(answer.outcome.values)[site, 1] == pytest.approx(hub["reserve_mw"])
    assert program.load_by_tier(answer.outcome.values)[site].tolist() == [0.0, hub["it_load_mw"], 0]


def test_a_reserve_beyond_the_land_violates_the_soft_rule(measured, shipped_atlas):
    tight = measured.assign(max_it_load_mw=60.0)
    program = _program(
        shipped_atlas,
        tight,
        'rules.land="soft"',
        'rules.land_guide="off"',
        'rules.connection_capacity="off"',
    )
    program.reserve(["large"])
    program.row("one", program.open_terms(_ones(program)), "==", 1.0)
    # 50 MW of load on land for 60: of 40 MW in reserve 30 are too many.
    program.row("held", program.reserve_terms(_ones(program)), ">=", 40.0)
    program.set_objective([])
    outcome = find_answer(program, SolveOptions(solver="highs", gap=1e-7)).outcome
    assert -outcome.objective == pytest.approx(program.modes.penalty["land"] * 30.0 / 600.0)


def test_reserve_asked_for_too_late_is_refused(measured, shipped_atlas):
    program = _program(shipped_atlas, measured)
    program.reserve(["core"])
    program.capacity_terms(_ones(program))
    program.reserve(["core"])
    with pytest.raises(CriterionError, match="reserve_tiers"):
        program.reserve(["large"])


def test_rows_over_loads_and_reserves_of_each_tier_by_hand(measured, shipped_atlas):
    program = _program(shipped_atlas, measured)
    program.reserve(["core", "large"])
    shape = (2, *program.eligible.shape)
    load, reserve = np.zeros(shape), np.zeros(shape)
    load[:, :, 0], load[:, :, 1] = -1.0, -0.5
    reserve[0], reserve[1] = 1.0, 0.8  # row 1 implies row 0
    rows = TableRows(program, LoadTable("held", ("a", "b"), load, np.zeros(2), reserve))
    site = int(np.flatnonzero(program.eligible[:, :2].all(axis=1))[0])
    values = {
        program.open[site, 0].name: 1.0,
        program.extra_mw[site, 0].name: 10.0,
        program.reserve_mw[site, 0].name: 20.0,
        program.reserve_mw[site, 1].name: 30.0,
    }
    assert program.capacity_terms(np.zeros(program.eligible.shape)) == []
    assert rows.separate(values) == 1
    assert "1 of them implied by others, 1 needed" in rows.summary()
    low = float(program.min_mw[0]) + 10.0
    row = next(one for one in program.problem.constraints() if one.name == "held_b")
    left = sum(c * values.get(v.name, 0.0) for v, c in row.expr.items())
    assert left == pytest.approx(0.8 * 50.0 - low)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    hnp.arrays(float, (4, 3, 3), elements=st.sampled_from([-1.0, -0.7, -0.2, 0.0])),
    hnp.arrays(float, (4, 3, 3), elements=st.sampled_from([0.0, 0.4, 0.9, 1.0])),
    st.sampled_from([["core"], ["large", "regional"], list(TIERS)]),
)
def test_the_least_reserve_is_that_of_brute_force(measured, shipped_atlas, load, reserve, tiers):
    program = _program(shipped_atlas, measured)
    program.reserve(tiers)
    rng = np.random.default_rng(0)
    price = rng.uniform(1.0, 2.0, program.eligible.shape)
    program.row("total", program.load_terms(_ones(program)), "==", 600.0)
    program.lay_lazily(LoadTable("held", tuple("abcd"), load, np.zeros(4), reserve))
    program.set_objective(program.reserve_terms(-price))
    outcome = find_answer(program, SolveOptions(solver="highs", gap=1e-7)).outcome
    best = np.inf
    held = program.reserves
    for tier_of in product((None, 0, 1, 2), repeat=3):
        here = [(site, tier) for site, tier in enumerate(tier_of) if tier is not None]
        if not here or not all(program.eligible[pair] for pair in here):
            continue
        at = tuple(np.array(here).T)
        # Columns: the load of each hub, then its reserve.
        room = np.hstack([np.eye(len(here)), np.eye(len(here))])
        found = linprog(
            np.concatenate([np.zeros(len(here)), price[at]]),
            A_ub=np.vstack([-np.hstack([load[:, *at], reserve[:, *at]]), room]),
            b_ub=np.concatenate([np.zeros(4), program.max_mw[at]]),
            A_eq=[[1.0] * len(here) + [0.0] * len(here)],
            b_eq=[600.0],
            bounds=[(program.min_mw[tier], None) for _, tier in here]
            + [(0.0, None if held[pair] else 0.0) for pair in here],
        )
        if found.status == 0:
            best = min(best, found.fun)
    if np.isinf(best):
        assert outcome.status == "infeasible"
    else:
        assert -outcome.objective == pytest.approx(best, abs=1e-4)
