"""From a program to a proven answer: solvers, rounds of lazy constraints, the judge of bounds."""

from .answer import Answer, chosen_hubs, find_answer, solve_program
from .drive import AUTO_ORDER, solve
from .options import Outcome, OutcomeStatus, Progress, SolveOptions, SolverName

__all__ = [
    "AUTO_ORDER",
    "Answer",
    "Outcome",
    "OutcomeStatus",
    "Progress",
    "SolveOptions",
    "SolverName",
    "chosen_hubs",
    "find_answer",
    "solve",
    "solve_program",
]
