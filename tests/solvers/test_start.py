"""A start is taken where it helps, passed over where it does not fit, and repeats exactly."""

from __future__ import annotations

import random

import pulp
import pytest

from dcsite.solvers import SolveOptions, solve


@pytest.fixture
def planted() -> tuple[pulp.LpProblem, dict[str, float]]:
    """Six equations in 50 binaries with a hidden point: to find any takes very long."""
    chance = random.Random(5)  # noqa: S311 - a fixed instance
    problem = pulp.LpProblem("planted", pulp.LpMaximize)
    buy = [problem.add_variable(f"buy_{i}", cat="Binary") for i in range(50)]
    hidden = {variable.name: float(chance.random() < 0.5) for variable in buy}
    spare = problem.add_variable("spare", 0.0, 2.5)
    problem += pulp.lpSum(buy) + spare
    for _ in range(6):
        shares = [chance.randrange(100) for _ in buy]
        total = sum(s * hidden[v.name] for s, v in zip(shares, buy, strict=True))
        problem += pulp.lpDot(shares, buy) == total
    return problem, hidden


def test_a_plan_handed_over_is_kept(planted, solver):
    problem, hidden = planted
    outcome = solve(
        problem, SolveOptions(solver=solver, time_limit_s=2.0, start={**hidden, "spare": 1.0})
    )
    assert outcome.values is not None
    assert outcome.objective >= sum(hidden.values()) + 1.0
    assert solve(problem, SolveOptions(solver=solver, time_limit_s=2.0)).values is None


def test_a_plan_without_its_continuous_part_is_completed(planted, solver):
    problem, hidden = planted
    outcome = solve(problem, SolveOptions(solver=solver, time_limit_s=2.0, start=hidden))
    assert outcome.objective == pytest.approx(sum(hidden.values()) + 2.5)


@pytest.mark.parametrize(
    "start",
    [
        {"heavy": 1.0, "middle": 1.0, "light": 1.0},  # breaks the row
        {"heavy": 0.5, "middle": 0.5, "light": 0.5},  # not whole
        {"heavy": 7.0, "middle": -3.0, "light": 0.0},  # outside the bounds
        {"nobody": 1.0},
        {},
    ],
)
def test_a_start_that_does_not_fit_changes_nothing(knapsack, solver, start):
    outcome = solve(knapsack, SolveOptions(solver=solver, gap=0.0, start=start))
    assert outcome.status == "optimal"
    assert outcome.objective == 11.0


def test_an_infeasible_program_stays_so(knapsack, solver):
    knapsack.addConstraint(pulp.lpSum(knapsack.variables()) >= 3)
    start = {"heavy": 0.0, "middle": 1.0, "light": 1.0}
    assert solve(knapsack, SolveOptions(solver=solver, start=start)).status == "infeasible"


def test_the_same_start_gives_the_same_plan(packing, solver):
    start = {f"take_{i}": float(i == 3) for i in range(60)}
    options = SolveOptions(solver=solver, gap=0.05, start=start)
    first, second = (solve(packing(60, 200), options) for _ in range(2))
    assert first.values == second.values
    assert (first.bound, first.node_count) == (second.bound, second.node_count)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="start of x is nan; it must be a finite number"):
        SolveOptions(start={"x": float("nan")})
    assert hash(SolveOptions(start={"x": 1.0})) == hash(SolveOptions())
    assert SolveOptions(start={"x": 1.0}) != SolveOptions()
