"""No status better than bound and plan prove, whatever the solver says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pulp
import pytest

from dcsite.solvers.drive import judge
from dcsite.solvers.matrix import ProgramMatrix
from dcsite.solvers.options import Outcome, SolveOptions, relative_gap
from dcsite.solvers.runner import RawAnswer, SolverBreakdownError


@pytest.fixture
def matrix() -> ProgramMatrix:
    """Return max 10 x + 1 y, x + y <= 1, both binary."""
    problem = pulp.LpProblem("p", pulp.LpMaximize)
    x, y = problem.add_variable("x", cat="Binary"), problem.add_variable("y", cat="Binary")
    problem += 10 * x + y
    problem += x + y <= 1, "one"
    return ProgramMatrix.from_problem(problem)


def verdict(
    matrix: ProgramMatrix,
    claim: Any,
    values: list[float] | None,
    bound: float | None,
    *,
    interrupted: bool = False,
) -> Outcome:
    point = None if values is None else np.array(values)
    answer = RawAnswer(claim, point, bound, "1.0", 5)
    options = SolveOptions(gap=0.01)
    return judge(answer, matrix, options, solver="cbc", wall_s=2.0, interrupted=interrupted)


@pytest.mark.parametrize("claim", ["solved", "stopped"])
@pytest.mark.parametrize(
    ("bound", "status", "gap"),
    [
        (-10.0, "optimal", 0.0),
        (-10.0999, "optimal", 0.00999),
        (-10.2, "feasible", 0.02),
        (-9.9999999, "optimal", 0.0),
        (None, "feasible", None),
    ],
)
def test_status_follows_the_gap_not_the_claim(
    matrix: ProgramMatrix, claim: str, bound: float | None, status: str, gap: float | None
) -> None:
    outcome = verdict(matrix, claim, [0.9999999, 0.0], bound)
    assert outcome.status == status
    assert outcome.gap == (None if gap is None else pytest.approx(gap, abs=1e-12))
    assert outcome.objective == 10.0
    assert outcome.values == {"x": 1.0, "y": 0.0}
    assert outcome.bound == (None if bound is None else max(10.0, -bound))
    assert (outcome.solver, outcome.node_count, outcome.wall_s) == ("cbc", 5, 2.0)


def test_a_bound_just_the_gap_away_is_a_proof_whatever_its_last_digit() -> None:
    missed = 0
    for worth in np.linspace(0.5, 0.6, 50):
        problem = pulp.LpProblem("p", pulp.LpMaximize)
        problem += float(worth) * problem.add_variable("x", cat="Binary")
        bound = -float(worth) - 0.01 * float(worth)
        missed += -float(worth) - bound > 0.01 * float(worth)
        outcome = verdict(ProgramMatrix.from_problem(problem), "solved", [1.0], bound)
        assert outcome.status == "optimal"
    assert missed > 5, "no bound was rounded away: a vain test"


def test_interrupted_with_and_without_a_plan(matrix: ProgramMatrix) -> None:
    with_plan = verdict(matrix, "stopped", [0.0, 1.0], -10.0, interrupted=True)
    assert (with_plan.status, with_plan.objective, with_plan.gap) == ("interrupted", 1.0, 9.0)
    without = verdict(matrix, "stopped", None, -10.0, interrupted=True)
    assert (without.status, without.values, without.bound) == ("interrupted", None, 10.0)
    assert verdict(matrix, "stopped", None, None).status == "no_solution"


def test_a_proof_that_came_before_the_interrupt_stands(matrix: ProgramMatrix) -> None:
    outcome = verdict(matrix, "solved", [1.0, 0.0], -10.0, interrupted=True)
    assert (outcome.status, outcome.interrupted) == ("optimal", True)


@pytest.mark.parametrize(
    ("claim", "values", "bound", "message"),
    [
        ("solved", [1.0, 1.0], -11.0, "row one is violated"),
        ("solved", [0.5, 0.5], -11.0, "not whole"),
        ("solved", [0.0, 1.0], -0.5, "contradicts itself: plan 1, bound 0.5"),
        ("solved", None, -10.0, "gave no plan"),
    ],
)
def test_answers_that_cannot_be_used(
    matrix: ProgramMatrix, claim: str, values: list[float] | None, bound: float, message: str
) -> None:
    with pytest.raises(SolverBreakdownError, match=message):
        verdict(matrix, claim, values, bound)


@pytest.mark.parametrize(
    ("objective", "bound", "sense", "gap"),
    [
        (8.0, 10.0, -1, 0.25),
        (-8.0, -6.0, -1, 0.25),
        (10.0, 8.0, 1, 0.2),
        (0.0, 1e-3, -1, 1e6),
        (8.0, 7.0, -1, 0.0),
    ],
)
def test_relative_gap(objective: float, bound: float, sense: int, gap: float) -> None:
    assert relative_gap(objective, bound, sense) == pytest.approx(gap)
