"""Before a solve and when there is no plan: checks, conflicts, the smallest change that does."""

from .check import Precheck, check_scenario
from .conflict import Conflict, RelaxedRule, diagnose, look_ahead, why_infeasible

__all__ = [
    "Conflict",
    "Precheck",
    "RelaxedRule",
    "check_scenario",
    "diagnose",
    "look_ahead",
    "why_infeasible",
]
