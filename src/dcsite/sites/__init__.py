"""Where a hub could stand: municipalities or a user's own list, as one frame of sites."""

from .demand import capacity_by_core, demand_by_prefecture
from .frame import ALLOWED_TIERS, SITE_COLUMNS, joined_sites, municipality_sites, own_sites
from .landmass import NO_LANDMASS, landmass_of, landmasses
from .merging import merged_sites, site_members
from .user import read_sites

__all__ = [
    "ALLOWED_TIERS",
    "NO_LANDMASS",
    "SITE_COLUMNS",
    "capacity_by_core",
    "demand_by_prefecture",
    "joined_sites",
    "landmass_of",
    "landmasses",
    "merged_sites",
    "municipality_sites",
    "own_sites",
    "read_sites",
    "site_members",
]
