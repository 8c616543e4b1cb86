"""From a program to a proven answer: solvers, rounds of lazy constraints, the judge of bounds."""

from .answer import Answer, chosen_hubs, find_answer, relaxed_bound, solve_program
from .drive import AUTO_ORDER, solve
from .options import Outcome, OutcomeStatus, Progress, SolveOptions, SolverName
from .swap import Swap, Swaps, find_swaps

__all__ = [
    "AUTO_ORDER",
    "Answer",
    "Outcome",
    "OutcomeStatus",
    "Progress",
    "SolveOptions",
    "SolverName",
    "Swap",
    "Swaps",
    "chosen_hubs",
    "find_answer",
    "find_swaps",
    "relaxed_bound",
    "solve",
    "solve_program",
]
