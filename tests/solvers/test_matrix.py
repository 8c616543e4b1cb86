from __future__ import annotations

import math

import numpy as np
import pulp
import pytest

from dcsite.errors import SolverError
from dcsite.solvers.matrix import ProgramMatrix


@pytest.fixture
def problem() -> pulp.LpProblem:
    problem = pulp.LpProblem("p", pulp.LpMaximize)
    a = problem.add_variable("a", cat="Binary")
    b = problem.add_variable("b", None, 5.0)
    c = problem.add_variable("c", -1, cat="Integer")
    problem += 2 * a + 3 * b - c + 7
    problem += a + 4 * b <= 6, "first"
    problem += b - c >= -2, "second"
    problem += a + b + c == 3.5, "third"
    return problem


def test_arrays_are_minimised_and_in_order(problem: pulp.LpProblem) -> None:
    matrix = ProgramMatrix.from_problem(problem)
    inf = np.inf
    assert matrix.names == ("a", "b", "c")
    assert matrix.sense == -1
    assert matrix.cost.tolist() == [-2.0, -3.0, 1.0]
    assert matrix.offset == -7.0
    assert matrix.lower.tolist() == [0.0, -inf, -1.0]
    assert matrix.upper.tolist() == [1.0, 5.0, inf]
    assert matrix.integer.tolist() == [True, False, True]
    assert matrix.start.tolist() == [0, 2, 4, 7]
    assert matrix.column.tolist() == [0, 1, 1, 2, 0, 1, 2]
    assert matrix.coefficient.tolist() == [1, 4, 1, -1, 1, 1, 1]
    assert matrix.row_lower.tolist() == [-inf, -2.0, 3.5]
    assert matrix.row_upper.tolist() == [6.0, inf, 3.5]
    assert matrix.row_names == ("first", "second", "third")


def test_objective_and_clean(problem: pulp.LpProblem) -> None:
    matrix = ProgramMatrix.from_problem(problem)
    point = matrix.clean(np.array([0.9999999, 5.00000001, -1e-9]))
    assert point.tolist() == [1.0, 5.0, 0.0]
    assert not np.signbit(point).any()
    assert matrix.objective(point) == -(2 + 15 + 7)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ([1.0, 0.5, 2.0], None),
        ([1.0, 0.5000001, 2.0], None),
        ([0.5, 1.0, 2.0], "a = 0.5 breaks its bounds or is not whole"),
        ([1.0, 5.5, 2.0], "b = 5.5 breaks its bounds or is not whole"),
        ([1.0, 1.5, 1.0], "row first is violated by 0.167 of its largest term"),
        ([1.0, 0.75, 2.0], "row third is violated by 0.125 of its largest term"),
        ([1.0, 0.5], "2 values for 3 variables, or some not finite"),
        ([1.0, math.nan, 2.0], "3 values for 3 variables, or some not finite"),
    ],
)
def test_fault(problem: pulp.LpProblem, raw: list[float], fault: str | None) -> None:
    matrix = ProgramMatrix.from_problem(problem)
    values = np.array(raw)
    cleaned = matrix.clean(values) if values.size == 3 else values
    assert matrix.fault(values, cleaned) == fault


def test_without_cost(problem: pulp.LpProblem) -> None:
    plain = ProgramMatrix.from_problem(problem).without_cost()
    assert plain.objective(np.array([1.0, 0.5, 2.0])) == 0.0
    assert plain.fault(np.array([1.0, 0.5, 2.0]), np.array([1.0, 0.5, 2.0])) is None


def test_a_grown_problem_is_read_as_a_new_one(problem: pulp.LpProblem) -> None:
    variables = problem.variables()
    before = ProgramMatrix.from_problem(problem)
    assert before.grown(problem).row_names == before.row_names
    problem.addConstraint(pulp.LpConstraint(variables[0] - 2 * variables[2], -1, "late", 3.0))
    after, whole = before.grown(problem), ProgramMatrix.from_problem(problem)
    assert after.row_names == whole.row_names
    for name, array in whole.arrays().items():
        assert np.array_equal(after.arrays()[name], array)
    further = problem.add_variable("further", 0.0, 1.0)
    problem.addConstraint(pulp.LpConstraint(variables[0] + further, 0, "later", 1.0))
    assert after.grown(problem).names == ProgramMatrix.from_problem(problem).names


def test_odd_numbers_are_named_together(problem: pulp.LpProblem) -> None:
    variables = {v.name: v for v in problem.variables()}
    problem.objective[variables["b"]] = math.nan
    problem.constraints()[0].expr[variables["a"]] = math.inf
    problem.constraints()[2].constant = math.nan
    with pytest.raises(SolverError) as caught:
        ProgramMatrix.from_problem(problem)
    assert [str(p) for p in caught.value.problems] == [
        "program: b: objective coefficient is nan",
        "program: first: coefficient of a is inf",
        "program: third: right-hand side is nan",
    ]


def test_nothing_to_decide() -> None:
    with pytest.raises(SolverError, match="no variables"):
        ProgramMatrix.from_problem(pulp.LpProblem("empty", pulp.LpMaximize))


def test_two_variables_of_one_name() -> None:
    problem = pulp.LpProblem("twins", pulp.LpMaximize)
    problem += problem.add_variable("open_1") + problem.add_variable("open_1")
    with pytest.raises(SolverError, match="both named open_1"):
        ProgramMatrix.from_problem(problem)


def test_no_objective_and_no_rows() -> None:
    problem = pulp.LpProblem("bare", pulp.LpMinimize)
    x = problem.add_variable("x", 1, 2)
    problem += x >= -5
    matrix = ProgramMatrix.from_problem(problem)
    assert matrix.cost.tolist() == [0.0]
    assert matrix.offset == 0.0


def test_special_ordered_sets_are_refused(problem: pulp.LpProblem) -> None:
    problem.sos1["set"] = dict.fromkeys(problem.variables(), 1)
    with pytest.raises(SolverError, match="special ordered sets"):
        ProgramMatrix.from_problem(problem)
