from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pulp

from dcsite.solvers.cbc import write_mps
from dcsite.solvers.matrix import ProgramMatrix


def awkward() -> ProgramMatrix:
    """Return a program with every kind of bound and row, and numbers of 17 digits."""
    problem = pulp.LpProblem("name with spaces"[:4], pulp.LpMaximize)
    variables = [
        problem.add_variable("a name [1]", cat="Binary"),
        problem.add_variable("b", None, 5.1),
        problem.add_variable("c", None, None),
        problem.add_variable("d", -3, None, cat="Integer"),
        problem.add_variable("e", 0.1 + 0.2, 7e7, cat="Integer"),
        problem.add_variable("f", 2.5, 2.5),
        problem.add_variable("g", -8, -1 / 3),
        problem.add_variable("h"),
    ]
    problem += pulp.lpDot([1 / 3, -1e-9, 2 / 7, 0, 123456789.12345678, 1, 1, 0], variables) + 1 / 9
    problem += variables[0] + variables[1] / 3 <= 1 / 7
    problem += variables[3] - 1e6 * variables[2] >= -4
    problem += variables[4] + variables[6] == 0
    problem += variables[7] - variables[0] <= 2e-5
    return ProgramMatrix.from_problem(problem)


def test_highs_reads_back_the_same_numbers(tmp_path: Path) -> None:
    matrix = awkward()
    path = tmp_path / "model.mps"
    write_mps(matrix, path)
    highs = highspy.Highs()
    highs.silent()
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    program = highs.getLp()
    assert program.sense_ == highspy.ObjSense.kMinimize
    assert program.col_names_ == [*(f"c{j}" for j in range(8)), "offset"]
    np.testing.assert_array_equal(program.col_cost_, [*matrix.cost, matrix.offset])
    np.testing.assert_array_equal(program.col_lower_, [*matrix.lower, 1.0])
    np.testing.assert_array_equal(program.col_upper_, [*matrix.upper, 1.0])
    np.testing.assert_array_equal(program.row_lower_, matrix.row_lower)
    np.testing.assert_array_equal(program.row_upper_, matrix.row_upper)
    whole = [kind == highspy.HighsVarType.kInteger for kind in program.integrality_]
    assert whole == [*matrix.integer.tolist(), False]
    dense = np.zeros((4, 9))
    ends = program.a_matrix_.start_
    for j in range(9):
        for k in range(ends[j], ends[j + 1]):
            dense[program.a_matrix_.index_[k], j] = program.a_matrix_.value_[k]
    expected = np.zeros((4, 9))
    for i in range(4):
        span = slice(matrix.start[i], matrix.start[i + 1])
        expected[i, matrix.column[span]] = matrix.coefficient[span]
    np.testing.assert_array_equal(dense, expected)


def test_text_of_a_small_program(tmp_path: Path) -> None:
    problem = pulp.LpProblem("p", pulp.LpMaximize)
    take = problem.add_variable("take", cat="Binary")
    load = problem.add_variable("load", 0, 2.5)
    problem += take + 0.1 * load + 4
    problem += load - 2.5 * take <= 0
    path = tmp_path / "model.mps"
    write_mps(ProgramMatrix.from_problem(problem), path)
    assert path.read_text().splitlines() == [
        "NAME dcsite FREE",
        "ROWS",
        " N  obj",
        " L  r0",
        "COLUMNS",
        "    c0  obj  -0.1",
        "    c0  r0  1.0",
        "    MARK  'MARKER'  'INTORG'",
        "    c1  obj  -1.0",
        "    c1  r0  -2.5",
        "    MARK  'MARKER'  'INTEND'",
        "    offset  obj  -4.0",
        "RHS",
        "BOUNDS",
        " UP BND  c0  2.5",
        " LO BND  c0  0.0",
        " UP BND  c1  1.0",
        " LO BND  c1  0.0",
        " FX BND  offset  1",
        "ENDATA",
    ]
