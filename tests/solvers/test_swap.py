"""Who else could hold a hub's place, against an evaluation of every swap from tables."""

from __future__ import annotations

import numpy as np
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.errors import CheckError
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.solvers import SolveOptions, find_answer, find_swaps, swap

POOL = (
    "01100", "02201", "04100", "15100", "17201", "34100", "40100", "43100", "46201",
)  # fmt: skip
LOAD_MW = {"core": 200.0, "large": 100.0, "regional": 40.0}
#: Helper values of a plan found loosely may cost this much.
NEAR = 2e-4


@pytest.mark.parametrize(
    ("apart_km", "separation", "within"),
    [(300, "hard", 0.2), (600, "soft", 0.1)],
)
def test_swaps_are_those_that_an_evaluation_of_each_finds(
    measured, shipped_atlas, apart_km, separation, within
):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.count=0",
            "tiers.large.count=1",
            "tiers.regional.count=1",
            *(f"tiers.{tier}.it_load_mw={mw:g}" for tier, mw in LOAD_MW.items()),
            "demand.total_new_it_load_mw=140",
            f"tiers.large.separation_km={apart_km}",
            f"tiers.regional.separation_km={apart_km / 2}",
            f'rules.separation="{separation}"',
            "penalties.separation=0.01",
            'rules.core_regions="off"',
            'rules.total_it_load="off"',
            'rules.tokyo_takeover="off"',
            'rules.disaster_survival="soft"',
            "criteria.renewables.min_share=0.1",
        ),
    )
    sites = measured.loc[sorted(POOL)]
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    answer = find_answer(program, SolveOptions(gap=1e-7))
    best = answer.outcome.objective
    found = find_swaps(program, answer.outcome.values, within, most=99)

    def worth(hubs) -> float:
        try:
            return check_plan(
                hubs, shipped_atlas, scenario, claimed_objective=-np.inf, bound=np.inf
            ).objective
        except CheckError:
            return -np.inf  # breaks a hard rule

    assert {sites.index[site] for site, _ in found} == set(answer.chosen.index)
    several = 0
    for (site, tier), one in found.items():
        losses = {each.site: each.loss for each in one.found}
        missed = 0
        for other in range(len(sites)):
            if sites.index[other] in answer.chosen.index:
                assert other not in losses
                continue
            chosen = answer.chosen["tier"].drop(sites.index[site])
            chosen.loc[sites.index[other]] = TIERS[tier]
            hubs = sites.loc[chosen.index].assign(
                tier=chosen, it_load_mw=chosen.map(LOAD_MW), reserve_mw=0.0
            )
            loss = best - worth(hubs)
            if other in losses:
                assert loss - 1e-5 <= losses[other] <= loss + NEAR
                several += 1
            else:
                missed += loss < within - NEAR
        assert missed <= one.open
    assert several


def test_bounds_forced_to_zero_are_found_through_chains_of_rows():
    import pulp

    from dcsite.solvers.matrix import ProgramMatrix

    problem = pulp.LpProblem("chain", pulp.LpMaximize)
    first, second = (problem.add_variable(name, cat="Binary") for name in ("first", "second"))
    either = problem.add_variable("either", 0.0, 1.0)
    load = problem.add_variable("load", 0.0, 50.0)
    free = problem.add_variable("free", 0.0)
    problem += load + free
    for row in (second - either == 0, first + either <= 1, load - 50 * second <= 0):
        problem.addConstraint(row)
    problem.addConstraint(free - load <= 5)
    matrix = ProgramMatrix.from_problem(problem)
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    at = {name: number for number, name in enumerate(matrix.names)}
    lower[at["first"]] = 1.0
    assert swap.propagate(matrix, lower, upper)
    assert [upper[at[name]] for name in ("second", "either", "load", "free")] == [0, 0, 0, 5]
    lower[at["second"]], upper[at["second"]] = 1.0, 1.0
    assert not swap.propagate(matrix, lower, upper)
