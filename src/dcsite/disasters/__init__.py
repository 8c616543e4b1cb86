"""What can strike many sites at once, and how likely each of them is down then."""

from .fault_plane import FaultPlanes, hypocentral_distance_km, rupture_distance_km
from .ground_motion import (
    SourceType,
    intensity_from_pgv,
    intensity_scatter,
    jma_intensity,
    pgv600_cm_s,
    pgv_from_intensity,
    site_amplification,
)

__all__ = [
    "FaultPlanes",
    "SourceType",
    "hypocentral_distance_km",
    "intensity_from_pgv",
    "intensity_scatter",
    "jma_intensity",
    "pgv600_cm_s",
    "pgv_from_intensity",
    "rupture_distance_km",
    "site_amplification",
]
