"""Size, relaxation and solve of a program, measured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcsite.model import solve_program
from dcsite.model.solvers.matrix import ProgramMatrix
from dcsite.model.solvers.relaxation import relax

if TYPE_CHECKING:
    import pulp

    from dcsite.model import Outcome, Progress, SiteProgram, SolveOptions

__all__ = ["Size", "Solved", "lp_bound", "size_of", "timed_solve"]

#: Rows of the separation rule begin so.
_SEPARATION = "separation_"


@dataclass(frozen=True)
class Size:
    """Columns and rows of a program, and those of its rows that keep sites apart."""

    columns: int
    rows: int
    separation_rows: int
    separation_nonzeros: int


@dataclass(frozen=True)
class Solved:
    """What came of a solve, in how many seconds, and how often it was solved again."""

    outcome: Outcome
    seconds: float
    rounds: int


def size_of(problem: pulp.LpProblem) -> Size:
    """Count columns and rows of a program."""
    matrix = ProgramMatrix.from_problem(problem)
    apart = np.array([name.startswith(_SEPARATION) for name in matrix.row_names], dtype=bool)
    return Size(
        columns=len(matrix.names),
        rows=len(matrix.row_names),
        separation_rows=int(apart.sum()),
        separation_nonzeros=int(np.diff(matrix.start)[apart].sum()),
    )


def lp_bound(problem: pulp.LpProblem, time_limit_s: float | None = None) -> float | None:
    """Return the objective of the linear relaxation, by HiGHS in this process.

    Returns
    -------
    float or None
        In the problem's own sense; None if the time limit passed or there is no such point.

    Raises
    ------
    SolverError
        If HiGHS refuses the program.
    """
    matrix = ProgramMatrix.from_problem(problem)
    relaxed = relax(matrix, time_limit_s)
    return None if relaxed is None else matrix.sense * relaxed.objective


def timed_solve(program: SiteProgram, options: SolveOptions) -> Solved:
    """Solve a program with the rows it adds as plans violate them, and count the rounds."""
    begun = time.perf_counter()
    exports = 0

    def count(progress: Progress) -> None:
        nonlocal exports
        exports += progress.stage == "export"  # told once as each solve begins

    outcome = solve_program(program, options, count)
    return Solved(outcome, time.perf_counter() - begun, exports - 1)
