"""Run a mixed-integer solver in a process of its own, and say no more than it proved.

:func:`solve` hands a PuLP problem to HiGHS or CBC, follows its progress, stops it cleanly on
Ctrl-C or at the time limit, and judges the answer by the solver's own bound.
"""

from .drive import AUTO_ORDER, solve
from .options import Outcome, OutcomeStatus, Progress, SolveOptions, SolverName

__all__ = [
    "AUTO_ORDER",
    "Outcome",
    "OutcomeStatus",
    "Progress",
    "SolveOptions",
    "SolverName",
    "solve",
]
