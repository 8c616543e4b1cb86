"""A program with its whole numbers fixed: the best point, its duals, how far a column may go."""

from __future__ import annotations

import pulp
import pytest

from dcsite.solvers.fixed import FixedProgram
from dcsite.solvers.matrix import ProgramMatrix


@pytest.fixture
def fixed():
    """max 3x + 2y + 10z: x + y <= 4, x <= 3z, y <= 9z, spare <= 1; z is whole."""
    problem = pulp.LpProblem("small", pulp.LpMaximize)
    x, y, spare = (problem.add_variable(name, 0, 10) for name in ("x", "y", "spare"))
    z, shut = (problem.add_variable(name, cat=pulp.LpBinary) for name in ("z", "shut"))
    problem += 3 * x + 2 * y + 10 * z + 0 * spare
    problem += x + y <= 4, "total"
    problem += x - 3 * z - shut <= 0, "size"
    problem += y - 9 * z <= 0, "wide"
    problem += spare <= 1, "apart"
    return FixedProgram(ProgramMatrix.from_problem(problem), {"z": 1.0, "x": 0.0, "shut": 0.0})


def test_the_best_point_and_what_rows_are_worth(fixed):
    best = fixed.best()
    assert best.objective == pytest.approx(3 * 3 + 2 * 1 + 10)
    assert (best.values["x"], best.values["y"]) == pytest.approx((3.0, 1.0))
    # A unit more of the total is a y more; of x's size, an x in place of a y.
    assert best.duals == pytest.approx({"total": 2.0, "size": 1.0})
    assert fixed.column("x") == {"total": 1.0, "size": 1.0}
    assert fixed.column("shut") == {}


def test_how_far_a_column_may_go(fixed):
    low, high = fixed.ends("y", 20.5)
    # Each y in place of an x loses 1: half a unit may go; and 0.25 of a y may be left out.
    assert (low.values["y"], high.values["y"]) == pytest.approx((0.75, 1.5))
    assert not low.firm
    # What holds y back is the total, at the price that an x has there.
    assert high.duals == pytest.approx({"total": 3.0})
    _, firm = fixed.ends("spare", 0.0)
    assert firm.firm
    assert firm.duals == {"apart": 1.0}
    again = fixed.best()
    assert again.objective == pytest.approx(21.0)
