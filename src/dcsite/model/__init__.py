"""The mixed-integer program: decisions, tiers, separation, assembly, solving, diagnosis."""

from .answer import Answer, chosen_hubs, find_answer, solve_program
from .assemble import admissions, assemble
from .demand import demand_zones
from .diagnose import Conflict, Relaxation, RelaxedRule, diagnose
from .program import SiteProgram
from .rules import all_rules, modes_of
from .solvers import Outcome, Progress, SolveOptions, solve

__all__ = [
    "Answer",
    "Conflict",
    "Outcome",
    "Progress",
    "Relaxation",
    "RelaxedRule",
    "SiteProgram",
    "SolveOptions",
    "admissions",
    "all_rules",
    "assemble",
    "chosen_hubs",
    "demand_zones",
    "diagnose",
    "find_answer",
    "modes_of",
    "solve",
    "solve_program",
]
