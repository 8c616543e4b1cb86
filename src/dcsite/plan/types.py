"""The plan: what came out of a run, and at the same time what plan.json holds.

Nothing here knows how a plan is found or drawn. Only `wall_s` and `created_at` differ between two
runs of the same scenario.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, computed_field

import dcsite
from dcsite.contract import (
    AddedLoad,
    AreaFigure,
    Backup,
    CriterionValue,
    DisasterLoss,
    HeatMap,
    HubRoutes,
    Link,
    Measure,
    Stack,
    Takeover,
    Violation,
    criteria,
    link_kinds,
    load_mw,
    printed_for,
)
from dcsite.errors import OutputError, Problem
from dcsite.records import (
    EndlessKm,
    EndlessMs,
    EndlessPoints,
    Latitude,
    Longitude,
    Mw,
    Name,
    Plain,
    Points,
    Record,
    Seconds,
    Share,
    UnknownKm,
    UnknownRatio,
    UnknownYen,
    Yen,
    plain,
    rounded,
)

from .explanation import MeasureShare, PlaceName
from .sources import RuleSource, SourcedValue
from .strategy import StrategyPlace, dropped_places, other_places

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import folium
    import geopandas as gpd
    import pandas as pd

    from dcsite.atlas.descriptor import ResourceSpec
    from dcsite.outputs import OutputPaths

    from .session import Session

#: An assumption that moves so much of the load is told before the others.
DECIDES_SHARE = 1.0 / 3.0

#: Less than this many MW of unserved demand are arithmetic.
_UNSERVED_MW = 0.05

Status = Literal["optimal", "feasible", "interrupted"]


class NamedHub(Record):
    """A hub as people know it: its site, its names, its tier, where it stands."""

    site_id: Name
    """Id of the candidate site."""
    name_ja: str
    """Japanese name."""
    name_en: str | None
    """English name; null where a user's site gives none."""
    tier: Name
    """Tier of the hub."""
    lat_deg: Latitude
    """Latitude in degrees, WGS 84, 6 decimals."""
    lon_deg: Longitude
    """Longitude in degrees, WGS 84, 6 decimals."""

    @property
    def label(self) -> str:
        """What people call the hub, in Japanese and, where it has one, by its English name."""
        return self.name_ja if self.name_en is None else f"{self.name_ja} {self.name_en}"

    @classmethod
    def of(cls, site_id: object, row: Mapping[Any, Any] | pd.Series, **others: Any) -> Self:
        """Return the hub of a row of a table, or of another hub's ``vars``.

        Parameters
        ----------
        site_id : object
            The row's label.
        row : mapping or pandas.Series
            Holds fields of the record by name, and maybe more; no or an empty English name is None.
        others
            Fields that the row does not hold, or holds otherwise.
        """
        named = {field.name: row[field.name] for field in fields(cls) if field.name in row}
        english = row.get("name_en")
        named["name_en"] = english if isinstance(english, str) and english else None
        return cls(**{**named, "site_id": str(site_id), **others})


class HubBrief(NamedHub):
    """A hub as a study lists it, with its prefecture and its load."""

    prefecture_en: str
    """Prefecture in English."""
    prefecture_ja: str
    """Prefecture in Japanese."""
    it_load_mw: Mw
    """IT load in MW."""

    @property
    def place(self) -> PlaceName:
        """Its site with the names people know."""
        return PlaceName(
            self.site_id, self.name_ja, self.name_en, self.prefecture_ja, self.prefecture_en
        )


class Parcel(Record):
    """A parcel of the user's file that was merged with others near it into one site."""

    site_id: Name
    """Id in the file."""
    name_ja: str
    """Its own name, else the English one, else the id."""
    name_en: str | None
    """English name; null where the file gives none."""
    max_it_load_mw: Mw | None
    """MW that the file gives or that follow from its hectares; null where neither is known."""
    hectares: Points | None
    """Area in hectares; null where it is not known."""

    def __str__(self) -> str:
        """Return id, name and what it adds."""
        name = "" if self.name_ja == self.site_id else f" {self.name_ja}"
        said = ((self.hectares, "ha"), (self.max_it_load_mw, "MW"))
        sizes = ", ".join(f"{value:,.6g} {unit}" for value, unit in said if value is not None)
        return f"{self.site_id}{name} ({sizes or 'size not known'})"


class Tie(Record):
    """A candidate that could hold a hub's place as well: all other hubs kept, loads chosen anew.

    It breaks no hard rule, and what it loses is less than the plan's gap.
    """

    place: PlaceName
    """The candidate."""
    it_load_mw: Mw
    """Its IT load in that plan, in MW."""
    loss: Points
    """Objective points it loses at most; below 0 a gain within the gap."""

    def said(self, objective: float) -> str:
        """Write its loss in per cent of the plan's objective."""
        return f"{100.0 * self.loss / max(abs(objective), 1e-9):.3f} %"


class Hub(HubBrief):
    """One new data-centre hub of the plan."""

    municipality_code: Annotated[str, Field(pattern=r"^[0-9]{5}$")] | None
    """Five-digit code (JIS X 0402 with prefecture); null for a user's site outside the table."""
    area: str
    """Electricity area."""
    uncertainty_km: UnknownKm
    """Radius of a disc of the municipality's habitable area, in km; of a user's polygon that of its
    area, of merged parcels how far their land reaches from the point."""
    nearest_hub_km: EndlessKm
    """Geodesic distance to the nearest other hub or existing core, in km; null without one."""
    nearest_hub_id: str
    """Id of that hub or existing core."""
    values: tuple[CriterionValue, ...]
    """What each criterion measured for this hub."""
    shares: tuple[MeasureShare, ...] = ()
    """The hub's part of each scored measure of the plan."""
    reserve_mw: Mw = 0.0
    """Capacity built and held free for the load of others that fall, in MW of IT load."""
    links: Mapping[str, SerializeAsAny[Link] | None] = field(default_factory=dict)
    """What the hub is joined to, by kind of link; in a file each stands under its own key."""
    max_it_load_mw: Mw | None = None
    """IT load that its land carries, or that the user's file allows, in MW; null in plans from
    before it was written."""
    own: Mapping[str, str] = field(default_factory=dict)
    """What the user's file says of the site in columns that are not read, by their names."""
    members: tuple[Parcel, ...] = ()
    """Parcels of the user's file that were merged into the site, none where it is one."""
    ties: tuple[Tie, ...] | None = None
    """Candidates found that could hold the hub's place within the plan's gap, the least loss first;
    null where none were sought: the plan is not proven, was interrupted or is very large."""
    ties_open: int = 0
    """Further candidates of which it was not found out: bounds do not rule them out."""
    facts: Mapping[str, UnknownRatio] = field(default_factory=dict)
    """Values that stand among the hub's own keys in a file."""


class OwnSites(Record):
    """The user's own sites among the candidates that a plan was chosen from."""

    file: str | None
    """File in place of the municipalities, with its layer; null where there is none."""
    count: Annotated[int, Field(ge=1)]
    """How many of the candidates they are."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 over their ids, names, places, MW, hectares, tiers and zones, as read."""


class UnservedZone(Record):
    """Demand of one prefecture and workload that no hub of the plan serves."""

    pref_code: Annotated[str, Field(pattern=r"^([0-9]{2})?$")]
    """Prefecture code (JIS X 0401); empty for what stands for the whole country."""
    name_en: str
    """Prefecture in English."""
    name_ja: str
    """Prefecture in Japanese."""
    workload: str
    """Workload."""
    unserved_mw: Mw
    """IT load that no hub serves, in MW."""


class Flow(Record):
    """Demand of a prefecture that a hub serves, of one class of workloads."""

    pref_code: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    """Prefecture code (JIS X 0401) of where the demand arises."""
    site_id: Name
    """Site of the hub that serves it."""
    workload: Name
    """Class of workloads (scenario key demand.classes)."""
    it_load_mw: Mw
    """IT load in MW."""
    round_trip_ms: EndlessMs
    """Round trip over the network between the prefecture's office and the hub, in ms; null where
    the tables have no way."""


class Assumption(Record):
    """A value the strategy does not give, with the reason for the one used."""

    key: Name
    """Dotted scenario key."""
    value: Plain
    """Value used."""
    why: str
    """Why this one."""
    tried: Plain = None
    """Another value that was tried on the scenario's plan; null where none was."""
    moves_share: Share | None = None
    """Share of the load that then stood elsewhere; null where none was tried."""

    @property
    def decides(self) -> bool:
        """Whether it alone is known to move a third of the load."""
        return (self.moves_share or 0.0) >= DECIDES_SHARE


class CheapestPlan(Record):
    """The plan that costs least: the same counts, loads and hard rules, and nothing else asked.

    What resilience costs (B10 L5416) is what the plan beside it costs more.
    """

    status: Status
    """optimal: proven within the gap asked of the plan or 0.1 %; feasible: not proven."""
    label_en: str
    """What is counted, in English."""
    label_ja: str
    """The same in Japanese."""
    cost_jpy: Yen
    """What it costs, in yen."""
    bound_jpy: Yen
    """What any plan of the same counts, loads and hard rules costs at least, in yen."""
    plan_jpy: UnknownYen
    """What the plan beside it costs, in yen; null while there is none."""
    hubs: tuple[HubBrief, ...]
    """Its hubs, from the highest tier and the largest load down."""
    measures: tuple[Measure, ...]
    """Its measures, by the same scenario as the plan's."""
    violations: tuple[Violation, ...]
    """Soft rules of the scenario that it breaks."""
    unserved_mw: Mw = 0.0
    """IT load that no hub of it serves, in MW."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def resilience_jpy(self) -> UnknownYen:
        """What the plan costs more than this one, in yen: the price of resilience."""
        return self.plan_jpy - self.cost_jpy

    @computed_field  # type: ignore[prop-decorator]
    @property
    def resilience_most_jpy(self) -> UnknownYen:
        """The most that it can be: what the plan costs more than the bound."""
        return self.plan_jpy - self.bound_jpy

    def loses(self, measures: Sequence[Measure]) -> tuple[tuple[Measure, Measure], ...]:
        """Return the plan's scored measures with this one's, what it loses most points in first.

        Parameters
        ----------
        measures : sequence of Measure
            The plan's.
        """
        own = {one.name: one for one in self.measures}
        pairs = [(one, own[one.name]) for one in measures if one.weight and one.name in own]
        pairs.sort(key=lambda two: two[0].weight * ((two[1].score or 0.0) - (two[0].score or 0.0)))
        return tuple(pairs)


class GeodataUse(Record):
    """A table that the run read."""

    table: Name
    """Name of the table."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the file."""
    licence: str
    """Licence."""
    vintage: str
    """State of the data."""
    source: str
    """Where it comes from."""
    overlay: str = ""
    """Overlay that it comes from: its name, file and SHA-256, and what it was laid over."""

    @classmethod
    def of(cls, used: ResourceSpec) -> Self:
        """Return what the descriptor says of a table."""
        return cls(used.name, used.sha256, used.licence, used.vintage, used.source, used.laid)


class Plan(Record):
    """A plan of data-centre hubs: what was chosen, how good it is, what is proven, made from what.

    `objective` and `bound` are in objective points (weighted scores less penalties, maximised).

    Examples
    --------
    >>> from pathlib import Path
    >>> from dcsite import Plan, solve
    >>> plan = solve("small.toml", sites=Path("sites.csv"))
    >>> written = Path("plan.json").write_text(plan.text(), encoding="utf-8")
    >>> again = Plan.read_file(Path("plan.json"))
    >>> again.digest == plan.digest
    True
    >>> again.to_geodataframe().geometry.x.round(1).tolist()
    [130.5, 141.6, 139.8]
    """

    file_name: ClassVar[str] = "plan.json"

    dcsite_version: Name
    """Version of dcsite that made the plan."""
    scenario_name: str
    """Name of the scenario."""
    title_en: str
    """Title in English."""
    title_ja: str
    """Title in Japanese."""
    created_at: str
    """When the plan was made, ISO 8601."""
    status: Status
    """optimal: proven within gap_asked; feasible: stopped before that; interrupted: stopped by the
    user."""
    objective: Points
    """Weighted scores less penalties, maximised."""
    bound: EndlessPoints
    """Proven upper bound on the objective; null where the solver gave none."""
    gap: EndlessPoints
    """(bound - objective) / max(|objective|, 1e-9); null without a bound."""
    gap_asked: Points
    """Gap at which the solver was allowed to stop."""
    solver: str
    """Solver."""
    solver_version: str
    """Its version."""
    options: Mapping[str, Plain]
    """Options of the run."""
    wall_s: Seconds
    """Wall-clock time in seconds."""
    hubs: tuple[Hub, ...]
    """New hubs of the plan."""
    measures: tuple[Measure, ...]
    """Plan-level measures."""
    unserved_mw: Mw
    """IT load that no hub serves, in MW."""
    unserved: tuple[UnservedZone, ...]
    """The same by prefecture and workload."""
    violations: tuple[Violation, ...]
    """Soft rules that the plan breaks."""
    backups: tuple[Backup, ...]
    """Who carries whose load, Tokyo's first."""
    worst_disasters: tuple[DisasterLoss, ...]
    """Disasters in force that take most of the plan, the worst of each source, at most ten."""
    notes: tuple[str, ...]
    """What the solvers did beside, such as rows laid as needed."""
    assumptions: tuple[Assumption, ...]
    """Values that the strategy does not give."""
    geodata: tuple[GeodataUse, ...]
    """Tables that the run read."""
    scenario: Mapping[str, Plain]
    """The resolved scenario."""
    areas: tuple[AreaFigure, ...] = ()
    """Figures by electricity area."""
    loads: tuple[AddedLoad, ...] = ()
    """What the plan puts on each electricity area, prefecture and connection point."""
    heat_maps: tuple[HeatMap, ...] = ()
    """Values of electricity areas by month and hour."""
    stacks: tuple[Stack, ...] = ()
    """What figures of electricity areas are made of."""
    cheapest: CheapestPlan | None = None
    """The cheapest plan and what resilience costs; null where nothing is priced, it was left out,
    or in plans from before."""
    own_sites: OwnSites | None = None
    """The user's own sites among the candidates; null where all are municipalities."""
    takeovers: tuple[Takeover, ...] = ()
    """What is carried and what is short of Tokyo's load and of each hub's that must be carried."""
    routes: tuple[HubRoutes, ...] = ()
    """Two routes of each hub over the network and where they meet; empty in plans from before."""
    flows: tuple[Flow, ...] = ()
    """Who serves whom: the demand of each prefecture and class by the hub that serves it, by
    prefecture, class and falling MW; empty in plans from before it was written, and where hubs
    carry all they can or no demand of prefectures is asked for."""
    strategy_places: tuple[StrategyPlace, ...] = ()
    """Places that the strategy itself names, and what became of each; empty where no candidate is
    in any of them, and in plans from before it was written."""
    rules: tuple[RuleSource, ...] = ()
    """Every rule with the strategy's statements behind it, those in force first; empty in plans
    from before it was written."""
    sourced: tuple[SourcedValue, ...] = ()
    """Values that the strategy or a table gives; all others are among the assumptions."""

    def dump(self) -> dict[str, Any]:
        """Return the plan as plain JSON values; a hub's links and facts are keys of the hub."""
        document = super().dump()
        for hub in document["hubs"]:
            hub |= {**hub.pop("links"), **hub.pop("facts")}
        return document

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of plan.json, with the links and facts of the known criteria."""
        schema = super().schema()
        hub = schema["$defs"]["Hub"]
        del hub["properties"]["links"], hub["properties"]["facts"], schema["$defs"]["Link"]
        for key, kind in link_kinds().items():
            link = {name: said for name, said in kind.schema().items() if not name.startswith("$")}
            hub["properties"][key] = {"anyOf": [link, {"type": "null"}]}
        for fact in (fact for criterion in criteria() for fact in criterion.facts):
            described = {"type": ["number", "null"], "description": f"{fact.en}, {fact.unit}"}
            hub["properties"][fact.name] = described
        hub["required"] = list(hub["properties"])
        return schema

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def digest(self) -> str:
        """SHA-256 over the decisions: the scenario, and each hub with its tier, MW and reserve."""
        held = ((hub.site_id, hub.tier, hub.it_load_mw, hub.reserve_mw) for hub in self.hubs)
        return digest_of(self.scenario, held)

    @property
    def dropped_places(self) -> tuple[tuple[str, str], ...]:
        """Say which of the strategy's own places hard rules drop, in English and Japanese."""
        return tuple(dropped_places(self))

    @property
    def other_places(self) -> tuple[tuple[str, str], ...]:
        """Say what became of the strategy's other places, in English and Japanese."""
        return tuple(other_places(self))

    @property
    def decided_otherwise(self) -> str:
        """Say, in English and Japanese, where what is short and not the criteria decides the plan.

        That is where demand stays unserved, or penalties cost half of what the scores give; empty
        elsewhere.
        """
        scored = sum(one.weight * one.score for one in self.measures if one.score is not None)
        broken = sum(one.penalty for one in self.violations)
        unserved = scored - broken - self.objective
        if self.unserved_mw <= _UNSERVED_MW and broken + unserved <= scored / 2.0:
            return ""
        return (
            f"not the criteria decide this plan: of the objective the scores give {scored:.3f}, "
            f"broken rules take {broken:.3f}, unserved demand {unserved:.3f} / "
            f"この計画は評価基準では決まっていません：目的値のうち評価点は{scored:.3f}、"
            f"差し引かれる分は規則違反の罰則が{broken:.3f}、満たされない需要が{unserved:.3f}"
        )

    @property
    def tied(self) -> tuple[tuple[Hub, ...], ...]:
        """Hubs that have a tie, those of a tier that share one together."""
        groups: list[list[Hub]] = []
        for hub in (hub for hub in self.hubs if hub.ties):
            own = {tie.place.site_id for tie in hub.ties or ()}
            joined = [
                group
                for group in groups
                if group[0].tier == hub.tier
                and any(tie.place.site_id in own for one in group for tie in one.ties or ())
            ]
            groups = [group for group in groups if group not in joined]
            groups.append([*(one for group in joined for one in group), hub])
        return tuple(map(tuple, groups))

    @property
    def reserve_mw(self) -> float:
        """Capacity that all hubs hold free for others, in MW of IT load."""
        return sum(hub.reserve_mw for hub in self.hubs)

    def printed(self) -> AbstractContextManager[None]:
        """Return the block in which loads are written to what this plan's gap allows.

        Hubs that carry all their sites can are what the sites are, whatever the gap.
        """
        given = self.scenario.get("demand", {}).get("hub_loads") == "full"
        gap = 0.0 if given else max(self.gap, self.gap_asked)
        return printed_for([hub.it_load_mw for hub in self.hubs], gap)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per hub, indexed by `site_id`: the columns of ``hubs.csv``."""
        import pandas as pd

        return pd.DataFrame(self.to_geodataframe().drop(columns="geometry"))

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Return the same with a point for each hub (WGS 84, EPSG:4326)."""
        from .frame import hubs_frame

        return hubs_frame(self).set_index("site_id")

    def explore(self, *, tiles: bool = False) -> folium.Map:
        """Return the hubs and their links on a map, for notebooks.

        Each hub's pop-up holds its row of :meth:`to_frame`.

        Parameters
        ----------
        tiles : bool
            Whether the ground is the pale map of the GSI, which comes from the network; without,
            it is the prefectures' outlines, and nothing is fetched.
        """
        from dcsite.outputs.map.explore import explore

        return explore(self, tiles=tiles)

    def write(
        self,
        folder: str | Path,
        session: Session | None = None,
        *,
        sites: str | Path | gpd.GeoDataFrame | None = None,
    ) -> OutputPaths:
        """Write what ``dcsite solve`` writes, whole or not at all: the plan, tables and the map.

        Parameters
        ----------
        folder : str or Path
            Made if missing. One that holds only an older output is replaced as a whole.
        session : Session, optional
            The one that solved the plan. Without it the scenario is opened again, and the
            candidates, which the map shows, are measured again.
        sites : str, Path or geopandas.GeoDataFrame, optional
            The candidates the plan was made for, where there is no session; the municipalities by
            default.

        Raises
        ------
        OutputError
            If the folder cannot be written or holds files that are not ours; it is then unchanged.
        GeodataError, SitesError
            If the geodata or the candidates at hand are not those the plan was made from.
        """
        from dcsite.outputs.write import write_plan

        return write_plan(self, Path(folder), session, sites)

    def __repr__(self) -> str:
        """Say in a few lines what the plan is and how good it is known to be."""
        return "\n".join(self._said())

    def _repr_html_(self) -> str:
        """Return the same and the hubs for a notebook; what a user's file says stays text."""
        said = "<br>".join(html.escape(line) for line in self._said())
        hubs = self.to_frame()[["tier", "name_ja", "name_en", "it_load_mw"]]
        return f"<p>{said}</p>{hubs.to_html(escape=True)}"

    def _said(self) -> list[str]:
        tiers = Counter(hub.tier for hub in self.hubs)
        counts = ", ".join(f"{count} {tier}" for tier, count in tiers.items()) or "no hubs"
        proof = f"(bound {self.bound:.4f}, gap {self.gap:.3%})"
        worth = f"{self.status}, objective {self.objective:.4f} {proof}"
        with self.printed():
            reserve = f" and {load_mw(self.reserve_mw)} MW in reserve" if self.reserve_mw else ""
            served = (
                f"{load_mw(sum(hub.it_load_mw for hub in self.hubs))} MW IT load{reserve}, "
                f"{load_mw(self.unserved_mw)} MW unserved"
            )
        return [
            f"Plan of {self.scenario_name}: {worth}",
            f"{counts}; {served}, {len(self.violations)} soft rules broken",
        ]

    @classmethod
    def load(cls, document: Any, where: str = "", under: str = "") -> Self:
        """Return the plan that parsed JSON holds, if its decisions are those it was written with.

        Raises
        ------
        OutputError
            With one problem for each field that is not as dcsite writes it, or if there is no
            digest, or it says that scenario or hubs were changed since.
        """
        where = where or cls.file_name
        if isinstance(document, Mapping) and isinstance(document.get("hubs"), list):
            hubs = [_gathered(hub, where, n) for n, hub in enumerate(document["hubs"])]
            document = {**document, "hubs": hubs}
        try:
            plan = super().load(document, where, under)
        except OutputError as error:
            here = dcsite.__version__
            by = document.get("dcsite_version") if isinstance(document, Mapping) else None
            if not isinstance(by, str) or by == here:
                raise
            first = error.problems[0]
            message = f"was written by dcsite {by}, whose plans this {here} does not read"
            raise OutputError(
                Problem(where, "", f"{message} ({first.field}); solve the scenario again")
            ) from error
        written = document.get("digest")
        if written != plan.digest:
            message = (
                "has none, so that a change since it was written could not be told"
                if written is None
                else "the plan was changed since it was written (its scenario or its hubs are not "
                "those of its SHA-256)"
            )
            raise OutputError(Problem(where, "digest", f"{message}; solve the scenario again"))
        return plan


def digest_of(scenario: Any, hubs: Iterable[tuple[str, str, float, float]]) -> str:
    """Return the SHA-256 over a scenario and hubs: each its id, tier, MW and MW of reserve."""
    decided = {
        "scenario": plain(scenario),
        "hubs": sorted(
            (site_id, tier, rounded(mw, 3), *filter(None, (rounded(reserve_mw, 3),)))
            for site_id, tier, mw, reserve_mw in hubs
        ),
    }
    text = json.dumps(decided, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _gathered(hub: Any, where: str, number: int) -> Any:
    """Return a hub of a file with its links and facts gathered from its own keys.

    A kind of link whose criterion is not installed keeps what all links have; what else a tool
    added to a hub is left alone.
    """
    if not isinstance(hub, Mapping):
        return hub
    kinds, known = link_kinds(), {one.name for one in fields(Hub)}
    named = {fact.name for criterion in criteria() for fact in criterion.facts}
    links: dict[str, Link | None] = {}
    facts: dict[str, Any] = {}
    for key, value in hub.items():
        if key in known:
            continue
        kind = kinds.get(key, Link if _is_link(value) else None)
        if kind is not None:
            under = f"hubs.{number}.{key}"
            links[key] = None if value is None else kind.load(value, where, under)
        elif key in named or value is None or type(value) in {int, float}:
            facts[key] = value
    return {**hub, "links": links, "facts": facts}


def _is_link(value: Any) -> bool:
    return isinstance(value, Mapping) and all(one.name in value for one in fields(Link))
