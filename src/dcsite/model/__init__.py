"""The mixed-integer program: candidates, decisions, rows, separation, lazy rows, assembly."""

from .candidates import Candidates, Refusal, RuleModes, all_rules, modes_of
from .formulation import assemble, demand_zones
from .program import DEMAND, SiteProgram

__all__ = [
    "DEMAND",
    "Candidates",
    "Refusal",
    "RuleModes",
    "SiteProgram",
    "all_rules",
    "assemble",
    "demand_zones",
    "modes_of",
]
