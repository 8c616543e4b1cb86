"""The linear relaxation of a program, by HiGHS in this process: bound, point and prices."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from dcsite.errors import SolverError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .matrix import ProgramMatrix


@dataclass(frozen=True)
class RelaxedPoint:
    """The best point of a relaxation, minimised.

    Parameters
    ----------
    objective : float
        No whole-number plan is below it.
    values : numpy.ndarray, shape (columns,)
        The point.
    prices : numpy.ndarray, shape (rows,)
        Dual value of each row: by how much the objective rises with its right-hand side.
    """

    objective: float
    values: NDArray[np.float64]
    prices: NDArray[np.float64]


def relax(matrix: ProgramMatrix, time_limit_s: float | None = None) -> RelaxedPoint | None:
    """Solve the linear relaxation of a program.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program; that columns are whole numbers is left out.
    time_limit_s : float, optional
        Seconds it may take.

    Returns
    -------
    RelaxedPoint or None
        None if there is no such point, or none was found in time.

    Raises
    ------
    SolverError
        If HiGHS refuses the program.
    """
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = matrix.cost.size, matrix.row_lower.size
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = matrix.cost, matrix.lower, matrix.upper
    lp.row_lower_, lp.row_upper_ = matrix.row_lower, matrix.row_upper
    lp.offset_ = matrix.offset
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = lp.num_col_, lp.num_row_
    lp.a_matrix_.start_ = matrix.start
    lp.a_matrix_.index_ = matrix.column
    lp.a_matrix_.value_ = matrix.coefficient
    highs = silent_highs()
    if time_limit_s is not None:
        highs.setOptionValue("time_limit", max(0.01, time_limit_s))
    if highs.passModel(lp) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the relaxation of the program")
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = highs.getSolution()
    return RelaxedPoint(
        float(highs.getInfo().objective_function_value),
        np.array(solution.col_value),
        np.array(solution.row_dual),
    )


def silent_highs() -> Any:
    """Return a solver of one thread that prints nothing, not even its greeting."""
    _take_greeting()
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


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
