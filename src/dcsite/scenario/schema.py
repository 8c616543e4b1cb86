"""What a scenario says: one typed, frozen model per section, a sentence and a unit for every key.

No value stands here, only names, types and bounds. Criteria bring their own parameters, weight and
rules, so :func:`scenario_model` completes the model for the criteria at hand: validation and JSON
Schema then know every key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema
from typing_extensions import TypedDict

from dcsite.contract import Criterion, Rule, Step, criteria
from dcsite.records import Frozen, describe_fields

from .layers import as_range, flatten, toml_value
from .origin import AssumptionRecord, Origin

RuleMode: TypeAlias = Literal["hard", "soft", "off"]

#: No two places on Earth are farther apart, so a larger figure is a slip of the unit.
MAX_DISTANCE_KM = 20_037.5
Positive: TypeAlias = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A table of the scenario: frozen, finite numbers only, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe each field by the text below it, which is read from the source only for this."""
        described = handler(schema)
        describe_fields(cls, Section, handler.resolve_ref_schema(described))
        return described


class Span(Section):
    """A least and a largest value."""

    min: float
    """Least value."""
    max: float
    """Largest value."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            given = f"min = {toml_value(self.min)}, max = {toml_value(self.max)}"
            raise ValueError(f"min must not be above max, got {given}")
        return self


class Count(Span):
    """How many hubs a tier gets: a least and a largest number."""

    min: Annotated[int, Field(ge=0)]
    """Least number of hubs."""
    max: Annotated[int, Field(ge=0)]
    """Largest number of hubs."""


class Range(Span):
    """A least and a largest IT load of one hub, in MW."""

    min: Positive
    """Least IT load, in MW."""
    max: Positive
    """Largest IT load, in MW."""


class TierParameters(Section):
    """What the hubs of one tier are like."""

    count: Annotated[
        Count, BeforeValidator(as_range, json_schema_input_type=Annotated[int, Field(ge=0)] | Count)
    ]
    """Number of new hubs: a whole number, or a table {min, max}."""
    it_load_mw: Annotated[Range, BeforeValidator(as_range, json_schema_input_type=Positive | Range)]
    """IT load of one hub in MW: a table {min, max}, or one number for both."""
    separation_km: Annotated[float, Field(ge=0, le=MAX_DISTANCE_KM)]
    """Least geodesic distance in km to hubs of the same and higher tiers; for cores also to Tokyo
    and Osaka."""


def _without_repeats(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a region that is named twice."""
    repeated = sorted({region for region in regions if regions.count(region) > 1})
    if repeated:
        raise ValueError(f"names {', '.join(repeated)} more than once; name each region once")
    return regions


def _ascending(years: tuple[int, ...]) -> tuple[int, ...]:
    """Refuse years out of order or named twice."""
    if any(later <= earlier for earlier, later in pairwise(years)):
        raise ValueError(f"must rise from year to year, got {toml_value(years)}")
    return years


class CoreTier(TierParameters):
    """The third and fourth core hubs."""

    regions: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], ...],
        AfterValidator(_without_repeats),
    ]
    """Regions that get at least one core each, in small letters (rule core_regions)."""


class Tiers(Section):
    """The three tiers of hubs, from the highest to the lowest."""

    core: CoreTier
    """Third and fourth core hubs, beside Tokyo and Osaka."""
    large: TierParameters
    """Large data centres."""
    regional: TierParameters
    """Regional hubs."""

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


class Workload(Section):
    """One class of workloads: how much of it there is, how near and where it must be served."""

    share: Annotated[float, Field(ge=0, le=1)]
    """Its part of today's demand; parts are taken in proportion, whatever they add up to, and where
    all are 0 no demand of prefectures is asked for."""
    growth: Annotated[float, Field(gt=0, le=1000)]
    """What it grows by until the plan's year, a factor."""
    max_ms: Annotated[float, Field(gt=0, le=1000)] | Literal["none"]
    """Longest round trip over the network to its hub, in ms; "none": served anywhere."""
    sites: Literal["any", "domestic"]
    """Which sites may serve it (no unit): any, or domestic ones (a column of a user's sites)."""

    @property
    def limit_ms(self) -> float:
        """Return the longest round trip in ms; infinite without a limit."""
        return math.inf if self.max_ms == "none" else self.max_ms


class Workloads(Section):
    """The classes of workloads."""

    latency_critical: Workload
    """What must be served nearby: finance, disaster warnings, telemedicine (I4)."""
    latency_tolerant: Workload
    """What bears delay: storage, offline analysis (I5, F7)."""
    sensitive: Workload
    """What asks for security first (K19)."""
    ai: Workload
    """Training and mass computing of AI (J7, K19)."""

    def parts(self) -> dict[str, float]:
        """Return each class's part of the demand in the plan's year; nothing of what has none."""
        grown = {name: one.share * one.growth for name, one in self if one.share > 0.0}
        return {name: mw / sum(grown.values()) for name, mw in grown.items()}

    def __getitem__(self, name: str) -> Workload:
        """Return a class by its name."""
        found: Workload = getattr(self, name)
        return found


class CoreShare(Section):
    """A share for each existing core."""

    tokyo: Annotated[float, Field(ge=0, le=1)]
    """The Tokyo area."""
    osaka: Annotated[float, Field(ge=0, le=1)]
    """The Osaka area."""

    @model_validator(mode="after")
    def _parts_of_one(self) -> Self:
        total = self.tokyo + self.osaka
        if total > 1.0 + 1e-9:
            raise ValueError(f"tokyo and osaka are parts of one whole, got {total:g} together")
        return self


class Demand(Section):
    """How much computing is asked for, where it arises and how near it must be served."""

    basis: Literal["outlook", "racks", "strategy_twh", "given"]
    """Where the demand at the grid comes from (no unit). outlook: a series of the table
    data_centre_demand_outlook; racks: growth of the strategy's racks; strategy_twh: its energies;
    given: grid_demand_mw."""
    year: Annotated[int, Field(ge=2000, le=2100)]
    """The plan's year: by when the demand has been added."""
    grid_demand_mw: Positive | None = None
    """Demand of data centres added at the grid by the year, in MW; of basis given alone, else it
    follows from the tables."""
    outlook_series: str
    """Series of data_centre_demand_outlook that basis outlook reads (no unit)."""
    power_series: Literal["ict", "ai"]
    """Energy that basis strategy_twh reads (no unit). ict: all ICT infrastructure; ai: computing
    of AI."""
    rack_basis: Literal["in_operation", "total"]
    """Racks that stand for capacity (no unit): those in operation, or all."""
    today_year: Literal[2020, 2025]
    """Year of the strategy's rack figures that stands for today: what has been added by then is no
    new demand."""
    kw_per_rack: Annotated[float, Field(gt=0, le=1000)]
    """IT load of a rack in operation, and capacity of a rack, in kW."""
    core_rack_share: CoreShare
    """Share of Japan's racks that stand in each existing core."""
    core_growth_share: CoreShare
    """Share of the demand to come that each existing core gets as things go."""
    efficiency: Literal["none", "photonics_dc_40", "network_1_100", "edge_system_40"]
    """One claim of the strategy on saving power, never several (no unit)."""
    efficiency_year: Annotated[int, Field(ge=2000, le=2100)]
    """Year of the plan from which the claim holds."""
    load_factor: Annotated[float, Field(gt=0, le=1)]
    """Mean over peak demand of a data centre, as a share."""
    pue: Annotated[float, Field(ge=1, le=10)]
    """Power usage effectiveness: grid demand over IT load, a ratio."""
    share_in_new_hubs: Annotated[float, Field(gt=0, le=1)]
    """Share of the grid demand that the new hubs shall carry."""
    total_new_it_load_mw: Positive | None = None
    """IT load that all new hubs together carry, in MW, whatever the basis; where it is not given it
    is grid_demand_mw / pue * share_in_new_hubs."""
    hub_loads: Literal["chosen", "alike", "full"]
    """How the load is laid on hubs (no unit). chosen: the plan decides; alike: each carries the
    same, a part of the total or, where none is given, what the smallest site that can carry the
    tiers' least load can; full: each carries all that its site can, and the total follows."""
    zone_weight: Literal["gdp", "population", "ict_employees"]
    """What the demand is spread over the 47 prefectures by (no unit)."""
    unmarked_sites_domestic: bool
    """Whether sites of which nothing is said count as domestic: municipalities, and a user's
    without the column (true or false)."""
    classes: Workloads
    """Classes of workloads that the demand is made of."""

    @property
    def new_it_load_mw(self) -> float:
        """Return the IT load of all new hubs in MW: the value given, else the derived one."""
        if self.total_new_it_load_mw is not None:
            return self.total_new_it_load_mw
        if self.grid_demand_mw is None:
            raise ValueError("demand.grid_demand_mw follows from tables; use load_scenario")
        return self.grid_demand_mw / self.pue * self.share_in_new_hubs


class LandParameters(Section):
    """How much IT load a site's land can carry."""

    mw_per_ha: Annotated[float, Field(gt=0, le=10_000)]
    """IT load per hectare of site, in MW/ha."""
    share_of_free_gentle_land: Annotated[float, Field(gt=0, le=1)]
    """Share of the connected gentle land that is not built up that hubs may take."""
    built_up_per_building_land: Annotated[float, Field(ge=1, le=10)]
    """Built-up land per assessed building land: streets, schools, rail and yards go with it."""
    guide_ha: Annotated[float, Field(ge=0)]
    """Size of a hub's site that the strategy gives as a guide, in ha."""


_Places = tuple[Annotated[str, Field(min_length=1)], ...]


class PlaceWishes(Section):
    """Places of one's own, and places that must, must not or should become hubs.

    A place is named by its id, its municipality code or its name.
    """

    sites_file: str
    """File of own sites beside the other candidates; or --add-sites (no unit)."""
    merge_km: Annotated[float, Field(ge=0, le=10)]
    """Own parcels that lie within so many km of each other become one site; 0 merges none; or
    --merge-km."""
    merge_extent_km: Annotated[float, Field(gt=0, le=20)]
    """Farthest two points of a merged site may lie apart, in km."""
    keep: _Places
    """Places that become hubs (rule kept); "NAME=large", "NAME=50" or "NAME=large,50" give tier
    and IT load in MW, "NAME=50+" the least."""
    forbid: _Places
    """Places that never become hubs."""
    prefer: _Places
    """Places that are worth the penalty of the rule preferred to become hubs."""


class NetworkParameters(Section):
    """The network between hubs and whom they serve, and how long a way over it takes."""

    file: str
    """A network of your own; or --network FILE (no unit)."""
    file_stands: Literal["instead", "beside"]
    """Whether it stands instead of the backbone and domestic cables, or beside them (no unit)."""
    measurements_file: str
    """Measured round trips of your own, to which fibre_per_route_km and equipment_ms are fitted; or
    --latency FILE (no unit)."""
    year: Annotated[int, Field(ge=2000, le=2100)]
    """Cables and links count when in service, or being built and ready, by this year."""
    tail_route_factor: Annotated[float, Field(ge=1, le=5)]
    """Route of a tail, from a place to a node, over the straight line, a ratio."""
    sea_route_factor: Annotated[float, Field(ge=1, le=5)]
    """Length of a domestic cable over the shortest way by sea, where none is published, a ratio."""
    fibre_per_route_km: Annotated[float, Field(ge=1, le=5)]
    """Fibre over the length of the route, a ratio."""
    fibre_us_per_km: Annotated[float, Field(ge=3.34, le=20)]
    """Microseconds that light takes for a km of fibre, one way."""
    equipment_ms: Annotated[float, Field(ge=0, le=100)]
    """Round trip at no distance, in ms: what equipment takes."""
    all_optical_year: Annotated[int, Field(ge=2000, le=2200)]
    """Year of the network from which it is all-optical: equipment_ms falls away."""


class Workforce(Section):
    """Who is there to build and run a hub."""

    min_population: Annotated[int, Field(ge=0, le=10_000_000)]
    """Least number of residents of a municipality that can host a hub."""


_Title = Annotated[
    str, Field(pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", max_length=200)
]


class Periods(Section):
    """Years that each get a plan, the later building on the earlier."""

    years: Annotated[
        tuple[Annotated[int, Field(ge=2000, le=2200)], ...], AfterValidator(_ascending)
    ] = ()
    """Years that get a plan, from the first to the last; none: one plan, as without this table."""
    year: Annotated[int, Field(ge=2000, le=2200)] | None = None
    """The one of these years that is asked for alone; in a plan of several years, its own year."""
    weights: Annotated[Mapping[str, Positive], AfterValidator(Frozen)] = Field(
        default_factory=Frozen
    )
    """What a year's objective counts among those of all years, by year (no unit, taken in
    proportion); a year that is not named counts 1."""
    set: Annotated[Mapping[str, Mapping[str, Any]], AfterValidator(Frozen)] = Field(
        default_factory=Frozen
    )
    """By year, values of any keys of the scenario, laid over the others in that year."""


class Scenario(Section):
    """What is asked of a run: every number that the strategy or an assumption sets.

    Read with :func:`dcsite.scenario.load_scenario`; `provenance` says where each value is from.
    """

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=64)]
    """Name of the scenario and of its output folder: letters, digits, dot, dash, underline."""
    title_en: _Title
    """Title in English, one line."""
    title_ja: _Title
    """Title in Japanese, one line."""
    asks_en: _Title | None = None
    """What the scenario asks, in English, one line."""
    asks_ja: _Title | None = None
    """What the scenario asks, in Japanese, one line."""
    tiers: Tiers
    """How many hubs of which size, and how far apart."""
    cores_count_as_large: bool
    """Whether core hubs count among the large ones (true or false)."""
    demand: Demand
    """Computing demand, in MW and shares."""
    land: LandParameters
    """Land a hub needs and a municipality can give."""
    network: NetworkParameters
    """Network between places, and round trips over it."""
    workforce: Workforce
    """Residents a municipality needs to host a hub."""
    places: PlaceWishes
    """Places named by the user."""
    periods: Periods | None = None
    """Years that each get a plan; without it there is one plan."""
    weights: Mapping[str, float]
    """Weight of each criterion in the objective, in objective points."""
    rules: Mapping[str, RuleMode]
    """Whether each rule is hard, soft (a violation costs its penalty) or off."""
    penalties: Mapping[str, float]
    """Objective points that one unit of violation of a soft rule costs."""
    criteria: Mapping[str, Any]
    """Parameters of each criterion, by its name."""

    _provenance: Mapping[str, Origin] = PrivateAttr(default_factory=Frozen)
    _extends: str | None = PrivateAttr(default=None)

    @property
    def total_new_it_load_mw(self) -> float:
        """Return the IT load that all new hubs together shall carry, in MW."""
        return self.demand.new_it_load_mw

    @property
    def years(self) -> tuple[int, ...]:
        """Return the years that each get a plan; none where there is one plan."""
        return () if self.periods is None else self.periods.years

    @property
    def demand_tables(self) -> tuple[str, ...]:
        """Return the tables that the demand follows from; none where it is given."""
        origin = self._provenance.get("demand.grid_demand_mw")
        return origin.lines if origin is not None and origin.kind == "table" else ()

    @property
    def weights_note(self) -> str:
        """Say, in English and Japanese, what weights that do not sum to 1 sum to; else empty."""
        total = sum(self.weights.values())
        if abs(total - 1.0) < 5e-7:
            return ""
        return (
            f"the weights sum to {total:.6g}, not 1: penalties count {1.0 / total:.3g} times as "
            f"much against the scores, and objectives do not compare with other plans' / "
            f"重みの合計は1ではなく{total:.6g}です：罰則は評価点に対して"
            f"{1.0 / total:.3g}倍の重さとなり、目的値は他の計画と比べられません"
        )

    @property
    def provenance(self) -> Mapping[str, Origin]:
        """Return where each value comes from, by its dotted key; ranges and lists are one value."""
        return self._provenance

    @property
    def extends(self) -> str | None:
        """Return the shipped scenario this one is or extends, None where it stands on its own."""
        return self._extends

    def assumptions(self) -> tuple[AssumptionRecord, ...]:
        """Return what is known of everything that neither strategy nor a table sets."""
        return tuple(
            AssumptionRecord(key, value, origin.why, origin.tried, origin.moves_share)
            for key, value in flatten(as_dict(self))
            if (origin := self._provenance.get(key)) and origin.kind in {"assumption", "user"}
        )

    def __eq__(self, other: object) -> bool:
        """Tell whether two scenarios ask the same, wherever their values come from."""
        if not isinstance(other, Scenario):
            return NotImplemented
        return self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]  # it holds mappings

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by what it holds: its class is made at run time, for the criteria at hand."""
        return _blank, (), self.__getstate__()


def _blank() -> Scenario:
    """Return a scenario of the criteria at hand, for pickle to fill."""
    model = scenario_model()
    return model.__new__(model)


def as_dict(scenario: Scenario) -> dict[str, Any]:
    """Return the resolved scenario as plain data: JSON-safe, keys in the scenario's order.

    Ranges are always ``{min, max}``; a value that is not given is left out.
    """
    return scenario.model_dump(mode="json", exclude_none=True)


#: Hubs that a count may grow by before a change stops being small.
_MORE_HUBS = 50


def _other_counts(scenario: Scenario, _: object) -> list[Step]:
    """Let the least number of a tier's hubs go down to none, the largest up by some more."""
    steps: list[Step] = []
    for tier, asked in scenario.tiers.items():
        steps.append(Step(f"tiers.{tier}.count.min", 0.0, by=1.0))
        steps.append(Step(f"tiers.{tier}.count.max", asked.count.max + _MORE_HUBS, by=1.0))
    return steps


#: Rules that belong to no criterion.
PROGRAM_RULES: tuple[Rule, ...] = (
    Rule(
        "tier_counts",
        "each tier has as many hubs as the strategy wants",
        "階層ごとの拠点数を満たす",
        "hub",
        ("tiers.core.count", "tiers.large.count", "tiers.regional.count"),
        ("F1", "C8", "C3"),
        per="per hub too many or too few",
        gives_way=_other_counts,
    ),
    Rule(
        "core_regions",
        "one core hub in each named region",
        "指定地域ごとに中核拠点を1か所置く",
        "region",
        ("tiers.core.regions",),
        ("F5",),
        per="per region without a core",
    ),
    Rule(
        "total_it_load",
        "all new hubs together carry the total new IT load",
        "新拠点全体で新規IT負荷の総量を担う",
        "share",
        ("demand.total_new_it_load_mw", "demand.share_in_new_hubs", "tiers.*.it_load_mw"),
        per="per unit of the total IT load too much or too little",
    ),
    Rule(
        "land",
        "a hub's IT load fits the free gentle land about it",
        "IT負荷が利用可能な平坦地に収まる",
        "share",
        ("land.mw_per_ha", "land.share_of_free_gentle_land", "land.built_up_per_building_land"),
        per="per unit of the total IT load above what the land carries",
    ),
    Rule(
        "workforce",
        "enough residents to build and run a hub",
        "拠点の建設・運営を担う人口がある",
        "hub",
        ("workforce.min_population",),
        per="per hub in a municipality with too few residents",
        gives_way=(Step("workforce.min_population", 0.0, by=100.0),),
    ),
    Rule(
        "kept",
        "places that are to be kept are hubs",
        "指定した場所を必ず拠点とする",
        "hub",
        ("places.keep",),
        per="per place to be kept without a hub",
    ),
    Rule(
        "preferred",
        "places that are preferred are hubs",
        "優先する場所を拠点とする",
        "hub",
        ("places.prefer",),
        per="per preferred place without a hub",
    ),
    Rule(
        "land_guide",
        "about 10 ha of land for a hub",
        "拠点用地は10ha程度を目安とする",
        "guide",
        ("land.guide_ha",),
        ("B5",),
        per="per hub with no land, in proportion to the share of the guide that is short",
    ),
)

_Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
_Penalty = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


def scenario_model() -> type[Scenario]:
    """Return the scenario model for the registered criteria, made once and kept.

    Returns
    -------
    type[Scenario]
        A subclass of :class:`Scenario` that knows every key.
    """
    return _model(criteria())


@lru_cache(maxsize=32)
def _model(known: tuple[Criterion[Any], ...]) -> type[Scenario]:
    # Keys of what comes with dcsite stand in every whole scenario; a third party's have defaults.
    home = __name__.split(".")[0]
    ours = {own.name: type(own).__module__.split(".")[0] == home for own in known}
    rules = [(rule, True) for rule in PROGRAM_RULES]
    rules += [(rule, ours[own.name]) for own in known for rule in own.rules]
    weights = {
        own.name: _key(_Weight, f"Weight of {own.name}, in points.", ours[own.name], 0.0)
        for own in known
    }
    modes = {
        rule.name: _key(
            RuleMode, f"Mode of the rule {rule.name}: hard, soft or off.", needed, "off"
        )
        for rule, needed in rules
    }
    penalties = {
        rule.name: _key(_Penalty, f"Points {rule.per or f'per {rule.unit}'}.", needed, 0.0)
        for rule, needed in rules
    }
    unserved = "Points per unit of the total demand left unserved."
    penalties["unserved"] = _key(_Penalty, unserved, needed=True)
    sections = {
        own.name: _key(
            own.Parameters,
            f"Parameters of the criterion {own.name}.",
            needed=(default := _default_of(own.Parameters)) is None,
            default=default,
        )
        for own in known
    }
    tables: dict[str, Any] = {
        "weights": Annotated[_table("Weights", weights), AfterValidator(_some_weight)],
        "rules": _table("Rules", modes),
        "penalties": _table("Penalties", penalties),
        "criteria": _table("Criteria", sections),
    }
    fields: dict[str, Any] = {name: (kind, ...) for name, kind in tables.items()}
    return create_model("Scenario", __base__=Scenario, __doc__=Scenario.__doc__, **fields)


def _default_of(schema: type[BaseModel]) -> BaseModel | None:
    """Return a criterion's section where all its parameters have a default."""
    try:
        return schema()
    except ValidationError:
        return None


def _key(kind: Any, description: str, needed: bool, default: Any = None) -> Any:
    """Return the type of one key, which has a default where it may be left out."""
    extra: dict[str, Any] = {} if needed else {"default": default}
    return Annotated[kind, Field(description=description, **extra)]


def _table(name: str, keys: Mapping[str, Any]) -> Any:
    """Return a table with exactly these keys, frozen once it is validated."""
    make: Any = TypedDict  # its keys are known only at run time, which no checker follows
    table = make(name, dict(keys))
    table.__pydantic_config__ = ConfigDict(extra="forbid")
    return Annotated[table, AfterValidator(Frozen)]


def _some_weight(weights: Frozen) -> Frozen:
    """Refuse weights that are all zero: nothing would be left to decide by."""
    if not any(weights.values()):
        raise ValueError("at least one weight must be above 0")
    return weights
