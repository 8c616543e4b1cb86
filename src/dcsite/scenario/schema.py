"""What a scenario says: one typed, frozen model per section, a sentence and a unit for every key.

Sections whose keys depend on the criteria at hand (`weights`, `rules`, `penalties`, `criteria`)
are completed by :mod:`dcsite.scenario.shape`; no value stands here, only names, types and bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from .keys import flatten
from .provenance import AssumptionRecord, Origin, list_assumptions

RuleMode: TypeAlias = Literal["hard", "soft", "off"]
ZoneWeight: TypeAlias = Literal["gdp", "population", "ict_employees"]

#: No two places on Earth are farther apart, so a larger figure is a slip of the unit.
MAX_DISTANCE_KM = 20_037.5


class Section(BaseModel):
    """A table of the scenario: frozen, finite numbers only, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Count(Section):
    """How many hubs a tier gets: a least and a largest number."""

    min: int = Field(ge=0, description="Least number of hubs.")
    max: int = Field(ge=0, description="Largest number of hubs.")

    @model_validator(mode="after")
    def _ordered(self) -> Count:
        if self.min > self.max:
            raise ValueError(f"min must not be above max, got min = {self.min}, max = {self.max}")
        return self


class Range(Section):
    """A least and a largest IT load of one hub, in MW."""

    min: float = Field(gt=0, description="Least IT load, in MW.")
    max: float = Field(gt=0, description="Largest IT load, in MW.")

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min > self.max:
            raise ValueError(
                f"min must not be above max, got min = {self.min:g}, max = {self.max:g}"
            )
        return self


def _number_as_range(value: Any) -> Any:
    """Read a plain number as a range whose ends are equal."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"min": value, "max": value}
    return value


CountField = Annotated[
    Count,
    BeforeValidator(_number_as_range, json_schema_input_type=Annotated[int, Field(ge=0)] | Count),
]
RangeField = Annotated[
    Range,
    BeforeValidator(_number_as_range, json_schema_input_type=Annotated[float, Field(gt=0)] | Range),
]


class TierParameters(Section):
    """What the hubs of one tier are like."""

    count: CountField = Field(
        description="Number of new hubs: a whole number, or a table {min, max}."
    )
    it_load_mw: RangeField = Field(
        description="IT load of one hub in MW: a table {min, max}, or one number for both."
    )
    separation_km: float = Field(
        ge=0,
        le=MAX_DISTANCE_KM,
        description=(
            "Least geodesic distance in km to hubs of the same and higher tiers; "
            "for cores also to Tokyo and Osaka."
        ),
    )


#: Short name used by the rooms that pass one tier around.
Tier = TierParameters


def _without_repeats(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a region that is named twice."""
    repeated = sorted({region for region in regions if regions.count(region) > 1})
    if repeated:
        raise ValueError(f"names {', '.join(repeated)} more than once; name each region once")
    return regions


class CoreTier(TierParameters):
    """The third and fourth core hubs."""

    regions: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], ...],
        AfterValidator(_without_repeats),
    ] = Field(
        description="Regions that get at least one core each, in small letters (rule core_regions)."
    )


class Tiers(Section):
    """The three tiers of hubs, from the highest to the lowest."""

    core: CoreTier = Field(description="Third and fourth core hubs, beside Tokyo and Osaka.")
    large: TierParameters = Field(description="Large data centres.")
    regional: TierParameters = Field(description="Regional hubs.")

    def __getitem__(self, tier: str) -> TierParameters:
        """Return the parameters of a tier by its name."""
        if tier not in type(self).model_fields:
            raise KeyError(tier)
        parameters: TierParameters = getattr(self, tier)
        return parameters

    def items(self) -> Iterator[tuple[str, TierParameters]]:
        """Yield name and parameters of each tier, the highest first."""
        for tier in type(self).model_fields:
            yield tier, self[tier]


class Demand(Section):
    """How much computing is asked for, where it arises and how near it must be served."""

    grid_demand_mw: float = Field(
        gt=0, description="Demand of data centres at the grid by the horizon year, in MW."
    )
    load_factor: float = Field(
        gt=0, le=1, description="Mean over peak demand of a data centre, as a share."
    )
    pue: float = Field(
        ge=1, le=10, description="Power usage effectiveness: grid demand over IT load, a ratio."
    )
    share_in_new_hubs: float = Field(
        ge=0, le=1, description="Share of the grid demand that the new hubs shall carry."
    )
    total_new_it_load_mw: float | None = Field(
        default=None,
        gt=0,
        description=(
            "IT load that all new hubs together carry, in MW; where it is not given it is "
            "grid_demand_mw / pue * share_in_new_hubs."
        ),
    )
    zone_weight: ZoneWeight = Field(
        description="What the demand is spread over the 47 prefectures by (no unit)."
    )
    latency_critical_share: float = Field(
        ge=0, le=1, description="Share of the demand that must be served nearby."
    )
    latency_critical_max_km: float = Field(
        gt=0,
        le=MAX_DISTANCE_KM,
        description="Farthest a hub may stand from latency-critical demand, straight line in km.",
    )

    @property
    def new_it_load_mw(self) -> float:
        """Return the IT load of all new hubs in MW: the value given, else the derived one."""
        if self.total_new_it_load_mw is not None:
            return self.total_new_it_load_mw
        return self.grid_demand_mw / self.pue * self.share_in_new_hubs


class LandParameters(Section):
    """How much IT load a site's land can carry."""

    mw_per_ha: float = Field(gt=0, le=10_000, description="IT load per hectare of site, in MW/ha.")
    share_of_gentle_habitable_land: float = Field(
        gt=0,
        le=1,
        description="Share of a municipality's gentle habitable land that hubs may take.",
    )
    guide_ha: float = Field(
        ge=0, description="Size of a hub's site that the strategy gives as a guide, in ha."
    )


#: Short name of the section.
Land = LandParameters


class Workforce(Section):
    """Who is there to build and run a hub."""

    min_population: int = Field(
        ge=0,
        le=10_000_000,
        description="Least number of residents of a municipality that can host a hub.",
    )


_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"


class Scenario(Section):
    """What is asked of a run: every number that the strategy or an assumption sets.

    Read with :func:`dcsite.scenario.load_scenario`; `provenance` says where each value is from.
    """

    name: str = Field(
        pattern=r"^\w[\w.-]*$",
        max_length=64,
        description=(
            "Name of the scenario and of its output folder: letters, digits, dot, dash, underline."
        ),
    )
    title_en: str = Field(pattern=_LINE, max_length=200, description="Title in English, one line.")
    title_ja: str = Field(pattern=_LINE, max_length=200, description="Title in Japanese, one line.")
    tiers: Tiers = Field(description="How many hubs of which size, and how far apart.")
    cores_count_as_large: bool = Field(
        description="Whether core hubs count among the large ones (true or false)."
    )
    demand: Demand = Field(description="Computing demand, in MW and shares.")
    land: LandParameters = Field(description="Land a hub needs and a municipality can give.")
    workforce: Workforce = Field(description="Residents a municipality needs to host a hub.")
    weights: Mapping[str, float] = Field(
        description="Weight of each criterion in the objective, in objective points."
    )
    rules: Mapping[str, RuleMode] = Field(
        description="Whether each rule is hard, soft (a violation costs its penalty) or off."
    )
    penalties: Mapping[str, float] = Field(
        description="Objective points that one unit of violation of a soft rule costs."
    )
    criteria: Mapping[str, Any] = Field(description="Parameters of each criterion, by its name.")

    _provenance: Mapping[str, Origin] = PrivateAttr(default_factory=dict)
    _extends: str | None = PrivateAttr(default=None)

    @property
    def total_new_it_load_mw(self) -> float:
        """Return the IT load that all new hubs together shall carry, in MW."""
        return self.demand.new_it_load_mw

    @property
    def provenance(self) -> Mapping[str, Origin]:
        """Return where each value comes from, by its dotted key; ranges and lists are one value."""
        return self._provenance

    @property
    def extends(self) -> str | None:
        """Return the shipped scenario this one is or extends, None where it stands on its own."""
        return self._extends

    def assumptions(self) -> tuple[AssumptionRecord, ...]:
        """Return key, value and reason of everything that neither strategy nor a table sets."""
        values = flatten(self.model_dump(mode="json", exclude_none=True))
        return list_assumptions(values, self._provenance)

    def __eq__(self, other: object) -> bool:
        """Tell whether two scenarios ask the same, wherever their values come from."""
        if not isinstance(other, Scenario):
            return NotImplemented
        return self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]  # it holds mappings
