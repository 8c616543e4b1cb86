"""What a scenario says of disasters: which count, how likely they are, what takes a hub down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from dcsite.contract import PerTier, criteria
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    from dcsite.scenario import Scenario

#: Kinds of disasters, in the order in which they are listed.
Kind: TypeAlias = Literal[
    "earthquake",
    "local_earthquake",
    "area_blackout",
    "frequency_blackout",
    "landing_cluster",
    "network",
    "tokyo_lost",
    "user",
]
#: A part of a whole, or a probability.
Part: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class DisasterSettings(Section):
    """Which disasters there are and what they do to a site; no value stands here."""

    footprints_file: str
    """File with further disasters (polygons in GeoPackage or GeoJSON, or a table in CSV); empty for
    none."""
    probabilities: Literal["newest", "hazard_map_2017"]
    """Published 30-year probabilities of earthquakes: newest (evaluations up to 2026 where there
    are any) or hazard_map_2017 (all of 2017-01-01)."""
    nankai_model: Literal["time_predictable", "interval_only"]
    """Which of the two calculations for the Nankai Trough counts."""
    range_end: Literal["low", "middle", "high"]
    """Which value stands for a probability published as a range: low, middle, high."""
    min_probability_30y: Part
    """Computed earthquakes whose source is less likely than this in 30 years are not in force;
    those without a published probability are."""
    down_intensity: Annotated[float, Field(ge=4, le=7.5)]
    """JMA intensity at which half of the sites are down."""
    intensity_scatter: Annotated[float, Field(ge=0, le=2)]
    """Standard deviation of the intensity a site withstands or feels, in intensity."""
    common_share: Part
    """Share of that variance common to all sites in one earthquake."""
    local_radius_km: Annotated[float, Field(ge=25, le=100)]
    """How far a local earthquake reaches: what the hazard map counts beyond the computed cases
    strikes together what stands within this distance of a centre, in km."""
    local_slope: Annotated[float, Field(ge=0, le=10)]
    """How fast local earthquakes grow rarer with the intensity felt, per unit of intensity:
    stronger ones than 5.5 by x are exp(-slope * x) as frequent."""
    fuel_hours: PerTier
    """Hours that a hub of each tier runs on its own generators while its grid is cut."""
    darkness_shift: Annotated[float, Field(ge=-2, le=2)]
    """How many standard errors the curve of darkness lies above (below 0: under) its best fit."""
    area_blackout_30y: Part
    """Probability in 30 years that one electricity area blacks out as a whole."""
    frequency_blackout_30y: Part
    """Probability in 30 years that all areas of 50 Hz, or of 60 Hz, black out."""
    landing_cluster_30y: Part
    """Probability in 30 years that a crowded cluster of cable landings is lost."""
    network_30y: Part
    """Probability in 30 years that one node, landing, link, crossing or cable of the network is
    lost for days without an earthquake."""
    node_down_intensity: Annotated[float, Field(ge=4, le=8)]
    """JMA intensity at which half of the network's nodes and landings are down."""
    link_down_intensity: Annotated[float, Field(ge=4, le=8)]
    """JMA intensity, the strongest along it, at which half of the network's links are cut."""
    tokyo_lost_case: str
    """Computed earthquake with which Tokyo is lost: a scenario code, or largest for the one in
    force that shakes the largest share of the prefecture's residents by 6-lower or more."""


def settings_of(scenario: Scenario) -> DisasterSettings:
    """Return what a scenario says of disasters, whichever of its criteria asks for them."""
    return next(own for own in scenario.criteria.values() if isinstance(own, DisasterSettings))


def key_of(field: str) -> str:
    """Return the scenario's key of one of the settings."""
    owner = next(one for one in criteria() if issubclass(one.Parameters, DisasterSettings))
    return f"criteria.{owner.name}.{field}"
