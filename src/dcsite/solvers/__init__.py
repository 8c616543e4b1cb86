"""From a program to a proven answer: solvers, rounds of lazy constraints, the judge of bounds."""

from .answer import Answer, chosen_hubs, find_answer, solve_program
from .drive import AUTO_ORDER, solve
from .exchange import Exchange, Exchanges, find_exchanges
from .options import Outcome, OutcomeStatus, Progress, SolveOptions, SolverName

__all__ = [
    "AUTO_ORDER",
    "Answer",
    "Exchange",
    "Exchanges",
    "Outcome",
    "OutcomeStatus",
    "Progress",
    "SolveOptions",
    "SolverName",
    "chosen_hubs",
    "find_answer",
    "find_exchanges",
    "solve",
    "solve_program",
]
