"""The mixed-integer program: decisions, tiers, demand, separation, lazy rows, assembly."""

from .assemble import admissions, assemble
from .demand import demand_zones
from .program import SiteProgram
from .rules import all_rules, modes_of

__all__ = ["SiteProgram", "admissions", "all_rules", "assemble", "demand_zones", "modes_of"]
