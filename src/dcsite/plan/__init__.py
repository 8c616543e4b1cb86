"""What came out: the plan, its independent check, its explanation."""

from dcsite.contract import Measure, Violation

from .build import build_plan
from .check import Checked, check_plan, unserved_demand
from .session import Run, Session
from .types import Assumption, Flow, GeodataUse, Hub, Plan, UnservedZone

__all__ = [
    "Assumption",
    "Checked",
    "Flow",
    "GeodataUse",
    "Hub",
    "Measure",
    "Plan",
    "Run",
    "Session",
    "UnservedZone",
    "Violation",
    "build_plan",
    "check_plan",
    "unserved_demand",
]
