"""The mixed-integer program: candidates, decisions, rows, separation, lazy rows, assembly."""

from .candidates import Candidates, Refusal, RuleModes, all_rules, modes_of
from .formulation import assemble, demand_zones, domestic_sites, zones_in_reach
from .joint import JointProgram
from .program import DEMAND, SiteProgram

__all__ = [
    "DEMAND",
    "Candidates",
    "JointProgram",
    "Refusal",
    "RuleModes",
    "SiteProgram",
    "all_rules",
    "assemble",
    "demand_zones",
    "domestic_sites",
    "modes_of",
    "zones_in_reach",
]
