"""Both solvers against every point of small random binary programs."""

from __future__ import annotations

import itertools

import numpy as np
import pulp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsite.solvers import SolveOptions, solve

NUMBER = st.integers(-9, 9)


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[int], list[int], int]:
    count = draw(st.integers(1, 7))
    rows = draw(st.integers(0, 4))
    column = st.lists(NUMBER, min_size=count, max_size=count)
    return (
        draw(column),
        draw(st.lists(column, min_size=rows, max_size=rows)),
        draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=rows, max_size=rows)),
        draw(st.lists(NUMBER, min_size=rows, max_size=rows)),
        draw(NUMBER),
    )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(program=programs())
def test_against_every_point(
    solver: str, program: tuple[list[int], list[list[int]], list[int], list[int], int]
) -> None:
    worth, rows, senses, rights, constant = program
    problem = pulp.LpProblem("random", pulp.LpMaximize)
    take = [problem.add_variable(f"take_{i}", cat="Binary") for i in range(len(worth))]
    problem += pulp.LpAffineExpression(dict(zip(take, worth, strict=True)), constant=constant)
    for row, sense, right in zip(rows, senses, rights, strict=True):
        terms = pulp.LpAffineExpression(dict(zip(take, row, strict=True)))
        problem.addConstraint(pulp.LpConstraint(terms, sense, rhs=right))

    points = np.array(list(itertools.product([0, 1], repeat=len(worth))))
    fits = np.ones(len(points), dtype=bool)
    for row, sense, right in zip(rows, senses, rights, strict=True):
        left = points @ np.array(row)
        fits &= {-1: left <= right, 0: left == right, 1: left >= right}[sense]

    outcome = solve(problem, SolveOptions(solver=solver, gap=0.0))
    if not fits.any():
        assert outcome.status == "infeasible"
        return
    best = int((points[fits] @ np.array(worth)).max()) + constant
    assert outcome.status == "optimal"
    assert outcome.objective == best
    assert outcome.bound == pytest.approx(best, abs=1e-5)
    assert outcome.values is not None
    point = np.array([outcome.values[t.name] for t in take])
    assert (points[fits] == point).all(axis=1).any()
