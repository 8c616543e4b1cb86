"""What can strike many sites at once, and how likely each of them is down then."""

from .darkness import recorded_intensity
from .disaster_set import DisasterSet, disaster_set, falls_with, joint_risk
from .earthquakes import case_of_tokyo, earthquake_sources, intensity_at_offices
from .fragility import Fragility, conditional_probability_down
from .local import hazard_of_cases, said_of_sources_without_case, sources_without_case
from .polygons import hazard_files, measure_polygons, read_polygons, site_ground
from .restoration import RestorationCurve, RestorationCurves, recorded_curves
from .settings import DisasterSettings, settings_of

__all__ = [
    "DisasterSet",
    "DisasterSettings",
    "Fragility",
    "RestorationCurve",
    "RestorationCurves",
    "case_of_tokyo",
    "conditional_probability_down",
    "disaster_set",
    "earthquake_sources",
    "falls_with",
    "hazard_files",
    "hazard_of_cases",
    "intensity_at_offices",
    "joint_risk",
    "measure_polygons",
    "read_polygons",
    "recorded_curves",
    "recorded_intensity",
    "said_of_sources_without_case",
    "settings_of",
    "site_ground",
    "sources_without_case",
]
