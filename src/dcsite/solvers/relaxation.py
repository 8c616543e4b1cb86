"""The linear relaxation of a program by HiGHS in this process, and a first plan made from it.

The relaxation lies a few thousandths above the best plan, and most of its columns are whole. Where
they are not, the better of the two nearest to 1 is rounded up and the relaxation solved again from
where it stands, until all are whole: fifteen such steps on the national program, each a few
hundredths of a second. A solver that begins from that plan need not look for one, which takes it
longer than the proof. Where the plan lies within the gap of the relaxation, or of a few branches of
it, no solver is needed.
"""

from __future__ import annotations

import ctypes
import heapq
import os
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from dcsite.errors import SolverError

from .highs_worker import highs_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .matrix import ProgramMatrix

#: HiGHS's tolerance of a relaxation's objective.
TOLERANCE = 1e-7
#: A whole-number column counts as whole within this, as the solvers count it.
_WHOLE = 1e-6
#: Columns tried at each step of rounding: one alone may cost percents of the objective where the
#: next costs nothing.
_TRIED = 2
#: Branches of the relaxation that are solved for a better bound; what they do not prove needs cuts.
_BRANCHES = 40


@dataclass(frozen=True)
class RelaxedPoint:
    """The best point of a relaxation, minimised.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program.
    objective : float
        No whole-number plan is below it.
    values : numpy.ndarray, shape (columns,)
        The point.
    basis : HighsBasis
        Where HiGHS stood, to begin from once rows or bounds have changed.
    """

    matrix: ProgramMatrix
    objective: float
    values: NDArray[np.float64]
    basis: Any

    @property
    def bound(self) -> float:
        """Return a bound on every plan, in the program's own sense."""
        return self.matrix.sense * surely(self.objective)


def surely(least: float) -> float:
    """Return a bound that holds whatever HiGHS's tolerance took from a minimised objective."""
    return least - TOLERANCE * max(1.0, abs(least))


def relax(
    matrix: ProgramMatrix, time_limit_s: float | None = None, begin: RelaxedPoint | None = None
) -> RelaxedPoint | None:
    """Solve the linear relaxation of a program.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program; that columns are whole numbers is left out.
    time_limit_s : float, optional
        Seconds it may take.
    begin : RelaxedPoint, optional
        Of the same program, perhaps before its last rows were laid.

    Returns
    -------
    RelaxedPoint or None
        None if there is no such point, or none was found in time.

    Raises
    ------
    SolverError
        If HiGHS refuses the program.
    """
    highs = _loaded(matrix, begin)
    if time_limit_s is not None:
        highs.setOptionValue("time_limit", max(0.01, time_limit_s))
    return _solved(highs, matrix)


def _loaded(matrix: ProgramMatrix, begin: RelaxedPoint | None) -> Any:
    highs = silent_highs()
    if highs.passModel(highs_program(matrix.arrays(), relaxed=True)) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the relaxation of the program")
    if begin is not None:
        basis = begin.basis
        further = matrix.row_lower.size - len(basis.row_status)
        basis.row_status = [*basis.row_status, *[highspy.HighsBasisStatus.kBasic] * further]
        highs.setBasis(basis)
    return highs


def _solved(highs: Any, matrix: ProgramMatrix) -> RelaxedPoint | None:
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    values = np.array(highs.getSolution().col_value)
    objective = float(highs.getInfo().objective_function_value)
    return RelaxedPoint(matrix, objective, values, highs.getBasis())


def silent_highs() -> Any:
    """Return a solver of one thread that prints nothing, not even its greeting."""
    _take_greeting()
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


def highs_version() -> str:
    """Return the version of HiGHS."""
    return str(silent_highs().version())


@cache
def _take_greeting() -> None:
    """Let HiGHS say who it is where nobody listens.

    The first solver of a process prints a greeting to stdout as it is built, before any option can
    forbid it; there it would break the JSON of whoever reads it.
    """
    sys.stdout.flush()
    try:
        stdout = os.dup(1)
    except OSError:  # closed: nothing can be printed
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()  # type: ignore[no-untyped-call]
            # What C still holds back would come out later.
            ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def first_plan(
    matrix: ProgramMatrix,
    relaxed: RelaxedPoint,
    time_limit_s: float,
    stopped: Callable[[], bool] = lambda: False,
) -> NDArray[np.float64] | None:
    """Round the relaxation of a program to a plan.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program.
    relaxed : RelaxedPoint
        Its relaxation, perhaps with fewer rows.
    time_limit_s : float
        Seconds after which it is given up.
    stopped : callable
        Asked again and again; once it says yes, it is given up.

    Returns
    -------
    numpy.ndarray, optional
        A feasible point; None where rounding leads to none.
    """
    ends = time.monotonic() + time_limit_s
    highs = _loaded(matrix, relaxed)
    whole = np.flatnonzero(matrix.integer)
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    found = _solved(highs, matrix)
    while found is not None and time.monotonic() < ends and not stopped():
        part = found.values[whole] - np.floor(found.values[whole] + _WHOLE)
        if part.max(initial=0.0) <= _WHOLE:
            point = matrix.clean(found.values)
            return None if matrix.fault(found.values, point) else point
        nearest = whole[np.argsort(-part, kind="stable")[:_TRIED]]
        up = {}
        for column in nearest[found.values[nearest] > found.values[nearest] // 1.0 + _WHOLE]:
            highs.changeColBounds(int(column), np.ceil(found.values[column]), upper[column])
            up[column] = _solved(highs, matrix)
            highs.changeColBounds(int(column), lower[column], upper[column])
        fits = {column: point.objective for column, point in up.items() if point is not None}
        column = int(min(fits, key=lambda one: fits[one]) if fits else nearest[0])
        if fits:
            lower[column] = np.ceil(found.values[column])
        else:  # there is no room for it: down, and never up again
            lower[column], upper[column] = matrix.lower[column], np.floor(found.values[column])
        highs.changeColBounds(column, lower[column], upper[column])
        found = _solved(highs, matrix)
    return None


def branched(
    matrix: ProgramMatrix,
    relaxed: RelaxedPoint,
    enough: float,
    time_limit_s: float,
    stopped: Callable[[], bool] = lambda: False,
) -> float:
    """Bound a program better than its relaxation does, by a few branches of it.

    The branch that bounds least is split at its most fractional column, until none bounds less
    than `enough`, or forty were solved.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program.
    relaxed : RelaxedPoint
        Its relaxation, perhaps with fewer rows.
    enough : float
        The bound that is sought; minimised.
    time_limit_s : float
        Seconds after which it is given up.
    stopped : callable
        Asked again and again; once it says yes, it is given up.

    Returns
    -------
    float
        No plan is below it; `enough` where there is no plan at all.
    """
    ends = time.monotonic() + time_limit_s
    highs = _loaded(matrix, relaxed)
    whole = np.flatnonzero(matrix.integer)
    bounds: dict[int, tuple[float, float]] = {}
    branches = [(relaxed.objective, 0, bounds, relaxed.values)]
    number = 0
    while branches and branches[0][0] < enough and number < _BRANCHES:
        least, _, bounds, values = branches[0]
        off = np.abs(values[whole] - np.rint(values[whole]))
        if off.max(initial=0.0) <= _WHOLE or time.monotonic() > ends or stopped():
            return least
        heapq.heappop(branches)
        column = int(whole[off.argmax()])
        lower, upper = bounds.get(column, (matrix.lower[column], matrix.upper[column]))
        sides = (lower, np.floor(values[column])), (np.ceil(values[column]), upper)
        for other, ends_of in bounds.items():
            highs.changeColBounds(other, *ends_of)
        for side in sides:
            number += 1
            highs.changeColBounds(column, *side)
            found = _solved(highs, matrix)
            if found is not None:
                part = {**bounds, column: side}
                heapq.heappush(branches, (max(found.objective, least), number, part, found.values))
            elif highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
                return least
        for other in (column, *bounds):
            highs.changeColBounds(other, matrix.lower[other], matrix.upper[other])
    return branches[0][0] if branches else enough
