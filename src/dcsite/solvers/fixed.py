"""A program whose whole-number columns are fixed: what is left is linear and solved at once.

It says what the other columns are worth: the best point with its duals, and how far a column may
go while the program loses no more than a given amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np

from dcsite.errors import SolverError

from .highs_worker import highs_program
from .relaxation import silent_highs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from .matrix import ProgramMatrix


#: A dual of the objective below this is none.
_NO_PRICE = 1e-9


@dataclass(frozen=True)
class FixedPoint:
    """A point of a program with fixed whole numbers, and what rows and columns are worth there.

    Parameters
    ----------
    objective : float
        In the program's own sense, as all that follows.
    values : mapping of str to float
        By column, those that are 0 by force left out.
    duals : mapping of str to float
        By row that binds, by how much the objective rises with its right-hand side.
    reduced : mapping of str to float
        By column, by how much the objective rises with its value, all rows minded.
    firm : bool
        Whether rows alone, and no loss of the objective, hold the point where it is: `duals` then
        say by how much the column sought could go on.
    """

    objective: float
    values: Mapping[str, float]
    duals: Mapping[str, float]
    reduced: Mapping[str, float]
    firm: bool = False


class FixedProgram:
    """A program with its whole-number columns fixed, solved again and again.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program.
    values : mapping of str to float
        A plan of it, by column; its whole numbers are kept.
    left_out : collection of str
        Rows that are left out.
    """

    def __init__(
        self, matrix: ProgramMatrix, values: Mapping[str, float], left_out: Collection[str] = ()
    ) -> None:
        at = matrix.clean(np.array([values.get(name, 0.0) for name in matrix.names]))
        # A whole number of 0 is in no row.
        columns = np.flatnonzero(~matrix.integer | (at != 0.0))
        lower = np.where(matrix.integer, at, matrix.lower)
        upper = np.where(matrix.integer, at, matrix.upper)
        self._matrix = part = matrix.part(columns, lower, upper, left_out)
        self.coefficient = part.rows.tocsc()
        self.names, self.row_names, self._cost = part.names, part.row_names, part.cost
        self._place = {name: number for number, name in enumerate(self.names)}
        self._highs = silent_highs()
        program = highs_program(part.arrays(), relaxed=True)
        if self._highs.passModel(program) == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refuses the program with its whole numbers fixed")
        costly = np.flatnonzero(self._cost).astype(np.int32)
        self._highs.addRow(
            -highspy.kHighsInf, highspy.kHighsInf, costly.size, costly, self._cost[costly]
        )

    def best(self) -> FixedPoint | None:
        """Return the best point; None if there is none."""
        return self._solved()

    def ends(self, column: str, worst: float) -> tuple[FixedPoint, FixedPoint] | None:
        """Return the points at which a column is least and largest.

        Parameters
        ----------
        column : str
            Its name.
        worst : float
            Objective, in the program's own sense, that every point must reach.
        """
        everywhere = np.arange(len(self.names), dtype=np.int32)
        last = len(self.row_names)
        worst_cost = self._matrix.sense * worst - self._matrix.offset
        self._highs.changeRowBounds(last, -highspy.kHighsInf, worst_cost)
        found = []
        for sense in (1.0, -1.0):
            cost = np.zeros(len(self.names))
            cost[self._place[column]] = sense
            self._highs.changeColsCost(cost.size, everywhere, cost)
            found.append(self._solved(sought=True))
        self._highs.changeColsCost(self._cost.size, everywhere, self._cost)
        self._highs.changeRowBounds(last, -highspy.kHighsInf, highspy.kHighsInf)
        low, high = found
        return None if low is None or high is None else (low, high)

    def column(self, name: str) -> dict[str, float]:
        """Return the coefficients of a column by row; none of one that is 0 by force."""
        place = self._place.get(name)
        if place is None:
            return {}
        start, end = self.coefficient.indptr[place], self.coefficient.indptr[place + 1]
        rows = self.coefficient.indices[start:end]
        data: NDArray[np.float64] = self.coefficient.data[start:end]
        return {self.row_names[row]: float(c) for row, c in zip(rows, data, strict=True)}

    def _solved(self, *, sought: bool = False) -> FixedPoint | None:
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution, sense = self._highs.getSolution(), self._matrix.sense
        values, row_dual = np.array(solution.col_value), np.array(solution.row_dual)
        # Where the objective is a row, its dual turns units of the column sought into its own.
        price = -row_dual[-1]
        firm = sought and price < _NO_PRICE
        scale = sense / price if sought and not firm else float(sense)
        duals = scale * row_dual[:-1]
        return FixedPoint(
            sense * self._matrix.objective(values),
            self._matrix.named(values),
            {self.row_names[row]: float(duals[row]) for row in np.flatnonzero(duals)},
            self._matrix.named(scale * np.array(solution.col_dual)),
            firm,
        )
