"""What a criterion finds in a finished plan: figures, broken rules, links, backups.

A figure is a :class:`Quantity`, whose name, unit, labels and source are said once and serve the
measured column, the value of a hub and the measure of the plan. :class:`Findings` gathers them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from dcsite.records import (
    Amount,
    Km,
    Latitude,
    Longitude,
    Mw,
    Name,
    Points,
    Record,
    Score,
    Share,
    Times,
    Unit,
    UnknownAmount,
)

from .amounts import YEN, yen
from .figures import AddedLoad, AreaFigure, HeatMap, Part, Stack

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.scenario import Scenario

    from .rules import PerTier

#: A violation below this is the solvers' own tolerance.
SLACK = 1e-9

#: Questions of a decider that a plan's measure may answer; empty: it answers none of these.
Topic = Literal["", "money", "concentration", "demand"]


@dataclass(frozen=True)
class Quantity:
    """A number that a criterion gives: what it is called, its unit, where it comes from.

    Parameters
    ----------
    name : str
        Name of the measured column and of a hub's value.
    unit : str
        Unit; ``share`` for parts of a whole, which people read as per cent.
    en, ja : str
        Its labels.
    source : str
        Tables or method it comes from.
    measure : str
        Name of the plan's measure where it is another.
    short_en : str
        Head of a column in the plan's table of hubs; empty where it has none there.
    painted : bool
        Whether the map paints the candidates by it: a measured share that tells places apart.
    topic : str
        The question of a decider that the plan's measure answers: ``money``, ``concentration`` or
        ``demand``; the page to decide from shows it there.
    """

    name: str
    unit: str
    en: str
    ja: str
    source: str = ""
    measure: str = ""
    short_en: str = ""
    painted: bool = False
    topic: Topic = ""

    @property
    def in_plan(self) -> str:
        """Name of the plan's measure."""
        return self.measure or self.name

    def noted(self, en: str, ja: str) -> Quantity:
        """Return the quantity with a note in brackets behind its labels, where there is one."""
        return replace(
            self,
            en=f"{self.en} ({en})" if en else self.en,
            ja=f"{self.ja}（{ja}）" if ja else self.ja,
        )

    def said(self, value: float) -> str:
        """Write a value of it with its unit, the same in both languages."""
        if not math.isfinite(value):
            return "-"
        if self.unit == YEN:
            return yen(value)
        if self.unit == "share":
            return f"{value:.1%}"
        if not self.unit:
            return f"{value:,.0f}"
        return f"{value:,.1f} {self.unit}" if self.unit != "ratio" else f"{value:.2f}"

    def limit(self, value: float) -> str:
        """Write a bound of it as it was asked for."""
        if self.unit == "share":
            return f"{100.0 * value:g}%"
        if not self.unit:
            return f"{value:,.0f}"
        return f"{value:g} {self.unit}" if self.unit != "ratio" else f"{value:g}"

    def beside(self, value: float, limit: float, *, least: bool = False) -> tuple[str, str]:
        """Write a value with the most (or least) that is allowed, in English and Japanese."""
        bound_en, bound_ja = ("least", "下限") if least else ("limit", "上限")
        said = self.said(value) if math.isfinite(value) else None
        en, ja = f"{self.en} {said or 'none'}", f"{self.ja} {said or 'なし'}"
        if not math.isfinite(limit):
            return en, ja
        asked = self.limit(limit)
        return f"{en} ({bound_en} {asked})", f"{ja}（{bound_ja}{asked}）"


class Link(Record):
    """What a hub is joined to, as the evaluation of a plan found it.

    A criterion's own kind of link has further fields, and says what it is called.
    """

    #: Key of the link in a hub of plan.json.
    key: ClassVar[str] = ""
    #: What the link's end is called: of a hub's line in a pop-up, of the map's layer.
    end_en: ClassVar[str] = ""
    end_ja: ClassVar[str] = ""
    #: Digits of its distance in km that are worth reading.
    km_digits: ClassVar[int] = 1

    name_ja: str | None
    """Japanese name, null where the source has none."""
    name_en: str | None
    """English name, null where the source has none."""
    distance_km: Km
    """Geodesic distance from the hub in km."""
    lat_deg: Latitude
    """Latitude in degrees, WGS 84, 6 decimals."""
    lon_deg: Longitude
    """Longitude in degrees, WGS 84, 6 decimals."""

    @property
    def detail(self) -> str:
        """What stands before the distance, such as a voltage; empty where nothing does."""
        return ""

    @property
    def ways_abroad(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Cable systems it opens to the hub: name, and ids of the landings that are in reach."""
        return ()

    @property
    def end_id(self) -> str:
        """Id of the link's end in its table; empty where it has none."""
        return ""


class _Figure(Record):
    """A number that a criterion found, with what it is called."""

    criterion: Name
    """Name of the criterion."""
    name: Name
    """Name of the figure."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    value: UnknownAmount
    """Value in its unit; null where there is none."""
    unit: str
    """Unit of the value."""
    score: Score | None
    """Score 0..1 by the scenario's fixed anchors; null where the value is only reported."""


class CriterionValue(_Figure):
    """One measured value of one hub, ready for a pop-up or a table row."""

    source: str
    """Table or method the value comes from."""


class Measure(_Figure):
    """One plan-level measure in its natural unit."""

    weight: Points
    """Weight in the objective; 0 where only reported."""
    topic: Topic = ""
    """Question of a decider that it answers; empty where it answers none of them."""


class Violation(Record):
    """A soft rule that the plan breaks, by how much, where, and what that costs."""

    rule: Name
    """Name of the soft rule."""
    amount: Amount
    """By how much, in `unit`."""
    unit: str
    """Unit of the amount."""
    site_ids: tuple[str, ...]
    """Sites concerned."""
    penalty: Points
    """Objective points this costs."""
    message_en: str
    """The violation in English."""
    message_ja: str
    """The violation in Japanese."""


class Backup(Record):
    """Who carries whose load when it falls, and how much of it."""

    site_id: str
    """The hub whose load falls; `tokyo` for the Tokyo area."""
    backup_site_id: str
    """The hub whose reserve carries it; no disaster in force takes both down."""
    takeover_mw: Mw
    """The most IT load it carries in any one event, in MW."""
    both_down_30y: Times | None
    """Times both are expected down together in 30 years, over disasters of known probability; null
    for Tokyo."""


class Takeover(Record):
    """What becomes of a load in the event that leaves most of it without reserve."""

    site_id: str
    """The hub; `tokyo` for the Tokyo area."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name."""
    load_mw: Mw
    """IT load in MW; Tokyo's is today's."""
    carried_mw: Mw
    """What the reserve of others carries of it, in MW."""
    short_mw: Mw
    """What is asked for and not carried, in MW: all of a hub's load, a share of Tokyo's."""
    worst_event_id: str
    """The event in which most is short; empty where nothing is, or where it fails alone."""


class Stop(Record):
    """A node or cable landing on a route."""

    kind: Literal["node", "landing"]
    """Node of the backbone or landing of a submarine cable."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name."""
    lat_deg: Latitude | None
    """Latitude in degrees, WGS 84; null where a user's network gives none."""
    lon_deg: Longitude | None
    """Longitude in degrees, WGS 84; null where a user's network gives none."""


class NetworkRoute(Record):
    """A route over the network from a hub to an existing core."""

    stops: tuple[Stop, ...]
    """From the end of the hub's tail to the core's node."""
    crossings_en: tuple[str, ...]
    """Straits and submarine cables on the way, English names."""
    crossings_ja: tuple[str, ...]
    """The same in Japanese."""
    route_km: Km
    """Its length in km, with the tail."""
    round_trip_ms: Annotated[float, Unit(3, least=0.0)]
    """Round trip over it in ms."""


class MeetingPlace(Record):
    """Where both routes of a hub meet: a part of the network that a single loss takes."""

    kind: Literal["town", "node", "landing", "crossing", "system", "link", "prefecture"]
    """What it is; town: the hub stands in the municipality of a node, and how its routes leave
    that town is not known."""
    loss_id: str
    """Id of the loss."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name."""
    cuts_off: bool
    """Whether no route is left without it; false where others than the two shown avoid it, and of
    a town."""
    own: bool
    """Whether it is the hub's own town or prefecture, which rules do not count."""


class HubRoutes(Record):
    """The routes of a hub to the existing cores and where they meet."""

    site_id: Name
    """Site of the hub."""
    link_disjoint: Annotated[int, Field(ge=0, le=2)]
    """Routes without a link in common: 0 (none is known) to 2."""
    node_disjoint: Annotated[int, Field(ge=0, le=2)]
    """Routes without a node in common."""
    routes: tuple[NetworkRoute, ...]
    """The shortest two that have no node in common, or no link; one where there is no second."""
    meets: tuple[MeetingPlace, ...]
    """Where they meet."""


class DisasterLoss(Record):
    """What a disaster is expected to take from a plan."""

    event_id: str
    """Which disaster."""
    kind: str
    """Kind of disaster."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name; empty where the sources have none."""
    probability_30y: Share | None
    """Probability in 30 years; null where none is known."""
    probability_date: str
    """Date of that probability; empty where it has none."""
    share_down: Share
    """Share of the plan's capacity expected down, 0..1."""
    areas_dark: Mapping[str, Share]
    """Share of its customers that each electricity area is expected to lose; those of 0.01 or
    more."""
    case_id: str = ""
    """Computed earthquake whose shaking it has; empty where that is of none."""


@dataclass(frozen=True)
class Breach:
    """A rule that a finished plan violates, found without the formulation."""

    rule: str
    amount: float
    site_ids: tuple[str, ...]
    message_en: str
    message_ja: str


@dataclass(frozen=True)
class Evaluation:
    """What a criterion finds in a finished plan.

    Parameters
    ----------
    measures : tuple of Measure
        Figures of the whole plan; for each scored term of the objective one of its name.
    breaches : tuple of Breach
        Rules that do not hold.
    hub_values : mapping of str to tuple of CriterionValue
        Values of each hub, by site id.
    parts : mapping of str to numpy.ndarray
        By measure, the part of its score that each hub earns; they add up to the score. A measure
        without them is taken to be earned in proportion to the MW.
    links : mapping of str to tuple of Link
        What each hub is joined to, by site id.
    areas : tuple of AreaFigure
        Figures of the plan by electricity area.
    loads : tuple of AddedLoad
        What the plan puts on parts of the power system; each hub in one part of a kind.
    heat_maps, stacks : tuple
        Charts of electricity areas, which the hubs there show.
    backups : tuple of Backup
        Which hub stands in for which.
    takeovers : tuple of Takeover
        What is carried and what is short of each load that must be taken over, Tokyo's first.
    routes : tuple of HubRoutes
        Two routes of each hub and where they meet.
    worst_disasters : tuple of DisasterLoss
        What takes most of the plan, the worst first.
    notes : tuple of str
        What a reader of the plan must know.
    decarbonised : numpy.ndarray, optional
        Share of each hub's energy that is free of carbon: what demand that bears delay prefers.
    """

    measures: tuple[Measure, ...] = ()
    breaches: tuple[Breach, ...] = ()
    hub_values: Mapping[str, tuple[CriterionValue, ...]] = field(default_factory=dict)
    parts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    links: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    areas: tuple[AreaFigure, ...] = ()
    loads: tuple[AddedLoad, ...] = ()
    heat_maps: tuple[HeatMap, ...] = ()
    stacks: tuple[Stack, ...] = ()
    backups: tuple[Backup, ...] = ()
    takeovers: tuple[Takeover, ...] = ()
    routes: tuple[HubRoutes, ...] = ()
    worst_disasters: tuple[DisasterLoss, ...] = ()
    notes: tuple[str, ...] = ()
    decarbonised: NDArray[np.float64] | None = None


class Findings:
    """Gathers what a criterion finds in a plan's hubs, figure by figure.

    Parameters
    ----------
    criterion : str
        Name of the criterion whose findings they are; its weight is the scenario's.
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`, with `it_load_mw`.
    scenario : Scenario
        What is asked.
    """

    def __init__(self, criterion: str, hubs: pd.DataFrame, scenario: Scenario) -> None:
        self.hubs = hubs
        self.load_mw: NDArray[np.float64] = hubs["it_load_mw"].to_numpy(dtype=float)
        self.reserve_mw = 0.0 * self.load_mw
        if "reserve_mw" in hubs:  # what stands today, and plans of old, have none
            self.reserve_mw = hubs["reserve_mw"].to_numpy(dtype=float)
        self._criterion = criterion
        self.scenario = scenario
        self._weight = float(scenario.weights[criterion])
        self.total_mw = float(scenario.total_new_it_load_mw)
        #: What is found, by field of the evaluation.
        self._found: dict[str, list[Any]] = defaultdict(list)
        self._values: dict[str, list[CriterionValue]] = {str(site): [] for site in hubs.index}
        self._parts: dict[str, NDArray[np.float64]] = {}
        self._links: dict[str, list[Link]] = defaultdict(list)

    def _called(self, name: str, quantity: Quantity) -> dict[str, Any]:
        """Return what a record of a quantity is called, and its unit."""
        labels = {"label_en": quantity.en, "label_ja": quantity.ja, "unit": quantity.unit}
        return {"criterion": self._criterion, "name": name, **labels}

    def mean(
        self,
        quantity: Quantity,
        value: NDArray[np.float64],
        score: NDArray[np.float64] | None = None,
        part: float = 1.0,
    ) -> Self:
        """Take the MW-weighted mean of a value of each hub as a measure of the plan.

        Parameters
        ----------
        quantity : Quantity
            What it is.
        value : numpy.ndarray, shape (hubs,)
            Hubs where it is NaN, not known, are left out of the mean.
        score : numpy.ndarray, shape (hubs,), optional
            Scores 0..1; hubs that carry nothing earn nothing. Without it the mean is only reported.
        part : float
            Part of the criterion's weight that the measure has.
        """
        import numpy as np

        known = ~np.isnan(value) & (self.load_mw > 0.0)
        load = self.load_mw[known]
        mean = float((load * value[known]).sum() / load.sum()) if known.any() else math.nan
        mw_weighted = replace(
            quantity, en=f"{quantity.en}, MW-weighted mean", ja=f"{quantity.ja}（MW加重平均）"
        )
        earned = None if score is None else self.load_mw * score / self.total_mw
        return self.figure(mw_weighted, mean, None, part, earned)

    def figure(
        self,
        quantity: Quantity,
        value: float,
        score: float | None = None,
        part: float = 1.0,
        earned: NDArray[np.float64] | None = None,
    ) -> Self:
        """Take a figure of the whole plan; `earned` says which part of its score each hub earns."""
        if earned is not None:
            self._parts[quantity.in_plan] = earned
            score = float(earned.sum()) if score is None else score
        called, weight = self._called(quantity.in_plan, quantity), self._weight * part
        measure = Measure(
            **called, value=value, score=score, weight=0.0 if score is None else weight,
            topic=quantity.topic,
        )  # fmt: skip
        self._found["measures"].append(measure)
        return self

    def each(
        self,
        quantity: Quantity,
        value: NDArray[np.float64],
        score: NDArray[np.float64] | None = None,
        notes: Sequence[tuple[str, str]] | None = None,
    ) -> Self:
        """Take a value of each hub, with a note in both languages on each where there is one.

        Hubs at which it is infinite have none, such as a distance to what does not exist; a score
        of NaN is none.
        """
        for number, site in enumerate(map(str, self.hubs.index)):
            if math.isinf(value[number]):
                continue
            own = quantity if notes is None else quantity.noted(*notes[number])
            earned = None if score is None or math.isnan(score[number]) else float(score[number])
            called, here = self._called(own.name, own), float(value[number])
            found = CriterionValue(**called, value=here, score=earned, source=own.source)
            self._values[site].append(found)
        return self

    def breach(self, rule: str, amount: float, sites: Sequence[object], en: str, ja: str) -> Self:
        """Take a rule that does not hold, by how much, and at which sites."""
        found = Breach(rule, float(amount), tuple(map(str, sites)), en, ja)
        self._found["breaches"].append(found)
        return self

    def beyond(
        self,
        rule: str,
        quantity: Quantity,
        value: NDArray[np.float64],
        limit: NDArray[np.float64],
        notes: Sequence[tuple[str, str]] | None = None,
        *,
        least: bool = False,
    ) -> Self:
        """Take a breach of 1 for each hub whose value lies beyond its limit.

        Parameters
        ----------
        value, limit : numpy.ndarray, shape (hubs,)
            Values, and the most that is allowed (the least, where `least` says so).
        notes : sequence of (str, str), optional
            A note on each hub's value in both languages.
        """
        out = value < limit if least else value > limit
        for number in out.nonzero()[0].tolist():
            own = quantity if notes is None else quantity.noted(*notes[number])
            said = own.beside(float(value[number]), float(limit[number]), least=least)
            (en, ja), site = self.place(number), self.hubs.index[number]
            self.breach(rule, 1.0, [site], f"{en}: {said[0]}", f"{ja}：{said[1]}")
        return self

    def row(self, site: object) -> int:
        """Return where a hub stands in the table of hubs."""
        return int(list(self.hubs.index).index(site))

    def place(self, number: int) -> tuple[str, str]:
        """Return what people call a hub, in English and in Japanese."""
        return place_name(self.hubs, number)

    def places(self, numbers: Iterable[int]) -> tuple[str, str]:
        """Return what people call some hubs, one after another, in English and in Japanese."""
        names = [self.place(number) for number in numbers]
        return ", ".join(en for en, _ in names), "、".join(ja for _, ja in names)

    def of_tier(self, values: PerTier) -> NDArray[np.float64]:
        """Return the value of each hub's tier, shape (hubs,)."""
        import numpy as np

        return np.array([values[tier] for tier in self.hubs["tier"]])

    def link(self, site: object, link: Link) -> Self:
        """Take what a hub is joined to."""
        self._links[str(site)].append(link)
        return self

    def by_area(
        self,
        quantity: Quantity,
        values: Mapping[str, float] | pd.Series[float],
        limit: float = math.nan,
    ) -> Self:
        """Take a figure of the plan by electricity area; NaN: not known, or no limit."""
        called = {**self._called(quantity.in_plan, quantity), "source": quantity.source}
        self._found["areas"] += [
            AreaFigure(**called, area=str(area), value=float(value), limit=limit)
            for area, value in values.items()
        ]
        return self

    def load_on(
        self,
        part: Literal["area", "prefecture", "connection"],
        key: str,
        names: tuple[str, str],
        here: NDArray[np.bool_] | pd.Series[bool],
        pue: NDArray[np.float64],
        **known: Any,
    ) -> Self:
        """Take what some hubs put on a part of the power system; nothing where there are none.

        Parameters
        ----------
        part, key
            Kind and id of the part.
        names : tuple of str
            In Japanese and in English.
        here : numpy.ndarray of bool, shape (hubs,)
            The hubs in that part.
        pue : numpy.ndarray, shape (hubs,)
            Electricity at the grid over that of the IT.
        **known
            What is known of the part today: fields of :class:`AddedLoad`.
        """
        sites = tuple(map(str, self.hubs.index[here]))
        if not sites:
            return self
        grid_mw = float((self.load_mw * pue)[here].sum())
        self._found["loads"].append(
            AddedLoad(
                part,
                key,
                *names,
                sites,
                float(self.load_mw[here].sum()),
                grid_mw,
                float((self.reserve_mw * pue)[here].sum()),
                grid_mw * self.scenario.demand.load_factor * 8.76,
                **known,
            )
        )
        return self

    def heat_map(self, area: str, quantity: Quantity, values: NDArray[np.float64]) -> Self:
        """Take an area's values by month and hour, shape (12, 24); NaN where not known."""
        months = tuple(map(tuple, values.tolist()))
        own = (self._criterion, area, quantity.en, quantity.ja, quantity.unit)
        self._found["heat_maps"].append(HeatMap(*own, months, quantity.source))
        return self

    def stack(self, area: str, quantity: Quantity, parts: Sequence[tuple[str, str, float]]) -> Self:
        """Take what an area's `quantity` is made of: each part's labels (en, ja) and value."""
        pile = tuple(Part(en, ja, quantity.unit, float(value)) for en, ja, value in parts)
        own = (self._criterion, area, quantity.en, quantity.ja)
        self._found["stacks"].append(Stack(*own, pile, quantity.source))
        return self

    def done(self, **further: Any) -> Evaluation:
        """Return the evaluation; `further` are its fields that are not gathered here."""
        gathered: dict[str, Any] = {name: tuple(found) for name, found in self._found.items()}
        return Evaluation(
            **gathered,
            hub_values={site: tuple(values) for site, values in self._values.items()},
            parts=self._parts,
            links={site: tuple(links) for site, links in self._links.items()},
            **further,
        )


def place_name(hubs: pd.DataFrame, number: int) -> tuple[str, str]:
    """Return what people call a hub of a table, in English (with the Japanese) and in Japanese."""
    ja, en = (
        str(hubs[column].iloc[number])
        if column in hubs and isinstance(hubs[column].iloc[number], str)
        else ""
        for column in ("name_ja", "name_en")
    )
    ja = ja or en or str(hubs.index[number])
    return f"{ja} {en}".strip() if en != ja else ja, ja
