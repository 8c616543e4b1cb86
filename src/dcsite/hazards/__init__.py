"""What can strike many sites at once, and how likely each of them is down then."""

from .darkness import dark_logit, dark_sd, expected_share, recorded_intensity
from .disaster_set import DisasterSet, disaster_set, falls_with, joint_risk
from .earthquakes import case_of_tokyo, earthquake_sources, intensity_at_offices
from .fragility import (
    Fragility,
    conditional_probability_down,
    joint_probability_down,
)
from .ground_motion import (
    FaultPlanes,
    SourceType,
    jma_intensity,
    rupture_distance_km,
)
from .local import (
    hazard_of_cases,
    local_earthquakes,
    local_shaking,
    said_of_sources_without_case,
    sources_without_case,
)
from .polygons import hazard_files, measure_polygons, read_polygons, site_ground
from .restoration import (
    RestorationCurve,
    RestorationCurves,
    outlast,
    recorded_curves,
    restoration_curves,
)
from .settings import DisasterSettings, settings_of
from .user import read_footprints

__all__ = [
    "DisasterSet",
    "DisasterSettings",
    "FaultPlanes",
    "Fragility",
    "RestorationCurve",
    "RestorationCurves",
    "SourceType",
    "case_of_tokyo",
    "conditional_probability_down",
    "dark_logit",
    "dark_sd",
    "disaster_set",
    "earthquake_sources",
    "expected_share",
    "falls_with",
    "hazard_files",
    "hazard_of_cases",
    "intensity_at_offices",
    "jma_intensity",
    "joint_probability_down",
    "joint_risk",
    "local_earthquakes",
    "local_shaking",
    "measure_polygons",
    "outlast",
    "read_footprints",
    "read_polygons",
    "recorded_curves",
    "recorded_intensity",
    "restoration_curves",
    "rupture_distance_km",
    "said_of_sources_without_case",
    "settings_of",
    "site_ground",
    "sources_without_case",
]
