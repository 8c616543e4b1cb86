"""What can strike many sites at once, and how likely each of them is down then."""

from .fault_plane import FaultPlanes, hypocentral_distance_km, rupture_distance_km
from .fragility import (
    Fragility,
    conditional_probability_down,
    joint_probability_down,
    probability_down,
)
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
    "Fragility",
    "SourceType",
    "conditional_probability_down",
    "hypocentral_distance_km",
    "intensity_from_pgv",
    "intensity_scatter",
    "jma_intensity",
    "joint_probability_down",
    "pgv600_cm_s",
    "pgv_from_intensity",
    "probability_down",
    "rupture_distance_km",
    "site_amplification",
]
