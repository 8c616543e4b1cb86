"""The mixed-integer program: decisions, tiers, separation, assembly, solving, diagnosis."""

from .answer import Answer, find_answer
from .assemble import admissions, assemble
from .demand import demand_zones
from .diagnose import Conflict, Relaxation, RelaxedRule, diagnose
from .program import SiteProgram
from .rules import PROGRAM_RULES, all_rules, modes_of
from .solvers import Outcome, Progress, SolveOptions, solve

__all__ = [
    "PROGRAM_RULES",
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
    "demand_zones",
    "diagnose",
    "find_answer",
    "modes_of",
    "solve",
]
