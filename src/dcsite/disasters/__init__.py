"""What can strike many sites at once, and how likely each of them is down then."""

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
    "SourceType",
    "intensity_from_pgv",
    "intensity_scatter",
    "jma_intensity",
    "pgv600_cm_s",
    "pgv_from_intensity",
    "site_amplification",
]
