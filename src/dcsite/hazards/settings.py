"""What a scenario says of disasters: which count, how likely they are, what takes a hub down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from dcsite.scenario import Scenario

Kind: TypeAlias = Literal[
    "earthquake", "area_blackout", "frequency_blackout", "landing_cluster", "tokyo_lost", "user"
]
ProbabilitySource: TypeAlias = Literal["newest", "hazard_map_2017"]
NankaiModel: TypeAlias = Literal["time_predictable", "interval_only"]
RangeEnd: TypeAlias = Literal["low", "middle", "high"]

#: Every kind of disaster, in the order in which they are listed.
KINDS: tuple[Kind, ...] = (
    "earthquake",
    "area_blackout",
    "frequency_blackout",
    "landing_cluster",
    "tokyo_lost",
    "user",
)


class DisasterSettings(BaseModel):
    """Which disasters there are and what they do to a site; no value stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    footprints_file: str = Field(
        description=(
            "File with further disasters (polygons in GeoPackage or GeoJSON, or a table in CSV); "
            "empty for none."
        )
    )
    probabilities: ProbabilitySource = Field(
        description=(
            "Published 30-year probabilities of earthquakes: newest (evaluations up to 2026 where "
            "there are any) or hazard_map_2017 (all of 2017-01-01)."
        )
    )
    nankai_model: NankaiModel = Field(
        description="Which of the two calculations for the Nankai Trough counts."
    )
    range_end: RangeEnd = Field(
        description="Which value stands for a probability published as a range: low, middle, high."
    )
    min_probability_30y: float = Field(
        ge=0,
        le=1,
        description=(
            "Earthquakes whose source is less likely than this in 30 years are not in force; those "
            "without a published probability are."
        ),
    )
    down_intensity: float = Field(
        ge=4, le=7.5, description="JMA intensity at which half of the sites are down."
    )
    intensity_scatter: float = Field(
        ge=0,
        le=2,
        description="Standard deviation of the intensity a site withstands or feels, in intensity.",
    )
    common_share: float = Field(
        ge=0, le=1, description="Share of that variance common to all sites in one earthquake."
    )
    area_lost_from_share: float = Field(
        gt=0,
        le=1,
        description=(
            "An earthquake blacks out an electricity area when at least this share of its "
            "residents is shaken by 6-lower (5.5) or more."
        ),
    )
    down_in_blackout: float = Field(
        ge=0, le=1, description="Probability that a hub is down while its electricity area is."
    )
    area_blackout_30y: float = Field(
        ge=0,
        le=1,
        description="Probability in 30 years that one electricity area blacks out as a whole.",
    )
    frequency_blackout_30y: float = Field(
        ge=0,
        le=1,
        description="Probability in 30 years that all areas of 50 Hz, or of 60 Hz, black out.",
    )
    landing_cluster_30y: float = Field(
        ge=0,
        le=1,
        description="Probability in 30 years that a crowded cluster of cable landings is lost.",
    )
    tokyo_lost_km: float = Field(
        ge=0, le=500, description="Sites this near to the Tokyo area are lost with it, in km."
    )


def settings_of(scenario: Scenario) -> DisasterSettings:
    """Return what a scenario says of disasters, whichever of its criteria asks for them."""
    return next(own for own in scenario.criteria.values() if isinstance(own, DisasterSettings))
