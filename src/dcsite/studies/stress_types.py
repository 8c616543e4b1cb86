"""What comes out of a stress test: the records of ``stress.json``.

The same plan, horizon, seed, assumptions and tables give the same bytes; there is no time in it.
Numbers have six significant digits.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np

from dcsite.hazards import RestorationCurves
from dcsite.plan.types import GeodataUse, NamedHub
from dcsite.records import Figure, Name, Plain, Record

from .stress_simulate import StressAssumptions

if TYPE_CHECKING:
    import pandas as pd

    from .stress_simulate import Floats

Basis = Literal["", "recorded", "estimated", "jma_class_at_least"]


#: Per cent of the load at which the exceedance curve is told in numbers.
PARTS = (10, 50, 90)


class Method(NamedTuple):
    """A sentence on how the figures were made, in both languages."""

    en: str
    ja: str


_TEXTS = files("dcsite.studies").joinpath("stress-methods.toml").read_text("utf-8")
#: What was done, for whoever reads the figures.
METHODS = tuple(Method(**one) for one in tomllib.loads(_TEXTS)["method"])


class Estimate(Record):
    """A figure with its 95 % interval; `low` and `high` are null where there is none."""

    value: Figure
    low: Figure | None
    high: Figure | None

    def times(self, factor: float) -> Estimate:
        """Return the figure in another unit."""
        low, high = (None if one is None else one * factor for one in (self.low, self.high))
        return Estimate(self.value * factor, low, high)


class StressedHub(NamedHub):
    """One hub, how often it falls and what that loses."""

    lat_deg: Figure
    """Latitude in degrees, WGS 84."""
    lon_deg: Figure
    """Longitude in degrees, WGS 84."""
    area: str
    """Electricity area."""
    municipality_code: str
    """Five-digit code; empty outside the table."""
    it_load_mw: Figure
    """IT load in MW; of an existing data centre its stated capacity."""
    landing_cluster: str
    """Cluster of the cable landing it leans on."""
    down_per_year: Estimate
    """Probability that in a year something takes it down."""
    mwh_per_year: Estimate
    """Energy its IT load does not get, in MWh a year."""


class Exceedance(Record):
    """Probability that in a year at least this share of the capacity is down at once."""

    share: Figure
    per_year: Estimate


class ShareBin(Record):
    """How often a surviving share of the capacity lies in a class: above `above`, up to `up_to`.

    The first class is the whole capacity alone (both 1).
    """

    above: Figure
    up_to: Figure
    of_events: Estimate
    """Of the damaging occurrences."""
    of_years: Estimate
    """Of the years, by the worst of each."""


class PairResult(Record):
    """Probability that two hubs are down together."""

    first: str
    second: str
    per_year: Estimate
    in_30_years: Estimate


class NamedEvent(Record):
    """An event of the set of disasters, as people know it."""

    event_id: str
    """Which event."""
    source_id: str
    """Its source: events of one source are alternatives."""
    kind: str
    """Kind of disaster."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name; empty where the sources have none."""

    @classmethod
    def of(cls, events: pd.DataFrame, number: int, **others: Any) -> Self:
        """Return an event of a set by its position, with what the set does not say of it."""
        row = events.reset_index().iloc[number]
        named = {field.name: row[field.name] for field in fields(cls) if field.name in row}
        return cls(**named, **others)


class EventLoss(NamedEvent):
    """What one event does to a fleet."""

    probability_30y: Figure
    """Probability of the event in 30 years."""
    source_probability_30y: Figure
    """Probability of its source in 30 years."""
    probability_date: str
    """Date of that probability; empty where it has none."""
    basis: str
    """Table, scenario key or file that the probability is from."""
    expected_share: Figure
    """Share of the capacity it takes down on average when it occurs, from the model without any
    draw."""
    occurred: int
    """How often it occurred."""
    largest_share: Figure
    """Largest share down at one of these occurrences."""
    mwh_per_year: Estimate
    """What it and the other events of its source cost a year, in MWh."""


class LeftOut(NamedEvent):
    """An event without a known probability: never drawn. What it would take down is still said."""

    expected_share_plan: Figure
    expected_share_today: Figure


class AfterTakeover(Record):
    """What is lost once the reserve of standing hubs carries what it can of those that are down."""

    reserve_mw: Figure
    """Capacity held free for others, in MW."""
    exceedance: tuple[Exceedance, ...]
    """For every per cent of the load: a share of it that nobody carries."""
    mwh_per_year: Estimate
    """Energy of IT load lost, in MWh a year."""
    full_load_hours_per_year: Estimate
    """The same as hours of the whole load."""


class CutOff(Record):
    """What earthquakes leave without a route to an existing core, beyond what else they do.

    Losses of parts of the network without an earthquake are a kind of disaster of their own.
    """

    per_year: Estimate
    """Probability that in a year a hub is cut off that would stand, or for longer than it is down
    otherwise."""
    mean_mw: Figure
    """Capacity cut off in MW, mean over the occurrences that cut any off."""
    largest_mw: Figure
    """The most in one of them, in MW."""
    mwh_per_year: Estimate
    """Energy of IT load that this adds to what is lost, in MWh a year."""


class FleetResult(Record):
    """What the simulated years do to one set of hubs."""

    name: str
    """plan or today."""
    total_mw: Figure
    """Capacity in MW."""
    hubs: tuple[StressedHub, ...]
    """In the order of the plan."""
    damaging: int
    """Occurrences that took at least one hub down."""
    damaged_years: int
    """Years with at least one of them."""
    mean_surviving_share: Estimate
    """Of the capacity, over damaging occurrences."""
    bins: tuple[ShareBin, ...]
    """Distribution of the surviving share, per damaging occurrence and as the worst of a year."""
    exceedance: tuple[Exceedance, ...]
    """For every per cent of the capacity."""
    two_down: Estimate
    """Probability that in a year two hubs or more are down together."""
    mwh_per_year: Estimate
    """Energy of IT load lost, in MWh a year."""
    full_load_hours_per_year: Estimate
    """The same as hours of the whole capacity: comparable between fleets of different size."""
    after_takeover: AfterTakeover | None
    """What is lost after takeover; null where nobody knows what is held free (today)."""
    mwh_by_kind: Mapping[str, Estimate]
    """Energy lost a year before takeover, by kind of disaster in order of the set; kinds that were
    drawn."""
    cut_off: CutOff
    """What the network's own damage adds."""
    pairs: tuple[PairResult, ...]
    """All pairs, the most likely first."""
    worst: tuple[EventLoss, ...]
    """The worst event of each source, the largest expected share first; at most ten."""

    @property
    def main(self) -> dict[str, Estimate]:
        """The figures told first, before takeover and, where it is known, after."""
        found = {"two_down": self.two_down}
        for when, one in (("down", self), ("unserved", self.after_takeover)):
            if one is not None:
                found |= {f"{when}_{part}": one.exceedance[part - 1].per_year for part in PARTS}
                found[f"{when}_hours"] = one.full_load_hours_per_year
                found[f"{when}_mwh"] = one.mwh_per_year
        return found


class VariedKey(Record):
    """What one value of the scenario is drawn from."""

    key: str
    """Key of the scenario."""
    value: Figure
    """What the scenario says."""
    low: Figure
    high: Figure
    why: str
    """What this range rests on."""


class Varied(Record):
    """The main figures where what is assumed of disasters is drawn, as ``dcsite robust`` draws it.

    `low` and `high` are the least and the largest over the sets, in which nine in ten of further
    sets would lie; `value` is the median. In part they differ by counting.
    """

    years: int
    """Years simulated with each set."""
    ranges: tuple[VariedKey, ...]
    """What is drawn from."""
    sets: tuple[Mapping[str, Figure], ...]
    """Drawn value by scenario key."""
    plan: Mapping[str, Estimate]
    """By name of :attr:`FleetResult.main`; nothing without sets."""
    today: Mapping[str, Estimate]


class Spread(Record):
    """How an amount is distributed over draws."""

    mean: Figure
    median: Figure
    nine_in_ten: Figure
    """Nine in ten draws lie at or below it."""

    @classmethod
    def of(cls, values: Floats, weights: Floats | None = None) -> Self:
        """Return it for some values, at least one, with weights if they do not count alike."""
        order = np.argsort(values)
        weights = np.ones(len(values)) if weights is None else weights
        part = np.cumsum(weights[order]) / weights.sum()
        median, most = (float(values[order][np.searchsorted(part, p)]) for p in (0.5, 0.9))
        return cls(float(np.average(values, weights=weights)), median, most)


class TokyoTaker(Record):
    """A hub of the plan when Tokyo is lost."""

    site_id: str
    reserve_mw: Figure
    """What it holds free for others, in MW."""
    takeover_mw: Figure
    """What it takes of Tokyo's load by the plan, in MW, if it stands."""
    down: Figure
    """Probability that it falls with Tokyo."""


class TokyoLost(NamedEvent):
    """Tokyo lost in the earthquake that the scenario names: who takes what, and for how long."""

    draws: int
    """How often it was drawn."""
    load_mw: Figure | None
    """Tokyo's load in MW; null where the plan does not say, and so below."""
    carried_mw: Spread | None
    """What of it the reserve carries, after the hubs of the plan that fell."""
    unserved_mw: Spread | None
    """What of it nobody carries."""
    hubs: tuple[TokyoTaker, ...]
    """Hubs with reserve, and those that fall with Tokyo at least once in a hundred times."""
    today_down_share: Figure | None
    """Share that is down of the capacity of today's known data centres in Tokyo's area, expected;
    null where none is known."""
    days: Spread | None
    """Days until one of them that is down works again, by capacity."""


class Footprint(Record):
    """Where an event strikes."""

    event_id: str
    """Which event."""
    case_id: str
    """Computed earthquake whose shaking it has: itself, but for the loss of Tokyo."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name; empty where the sources have none."""
    areas_dark: Mapping[str, Figure]
    """Share of its customers that each electricity area is expected to lose; those of 0.01 or
    more."""
    municipalities_ge_6lower: int
    """Municipalities whose office is shaken by a computed intensity of 5.5 (6-lower) or more."""
    plan: Mapping[str, Figure]
    """Probability that each hub is down, by `site_id`, with the fuel of its tier."""
    today: Mapping[str, Figure]
    """The same of today's data centres."""


class HistoryHub(Record):
    """What a recorded event would have done to one hub."""

    site_id: str
    intensity: Figure | None
    """JMA intensity; null where there is no figure (less than the records' threshold)."""
    basis: Basis
    """What that intensity is."""
    cut: Figure
    """Share of the customers there whose power was cut."""
    probability_low: Figure
    """Probability that it went down: shaken, or cut off for longer than its fuel lasts."""
    probability_high: Figure
    """The same, larger where nobody recorded how long the power was away."""


class HistoryLoss(Record):
    """What a recorded event would have taken of a fleet, expected; ranges as of its hubs."""

    share_low: Figure
    """Share of the load that goes down."""
    share_high: Figure
    unserved_low: Figure | None
    """Share that nobody carries after takeover; null where nobody knows the reserve."""
    unserved_high: Figure | None


class HistoryEvent(Record):
    """A recorded event on the plan and on today's data centres.

    Only hubs that may have gone down are listed.
    """

    event_id: str
    date: str
    name_en: str
    name_ja: str
    plan: tuple[HistoryHub, ...]
    today: tuple[HistoryHub, ...]
    plan_loss: HistoryLoss
    today_loss: HistoryLoss


class StressTest(Record):
    """A whole stress test: a plan's hubs and today's data centres under the same disasters."""

    file_name: ClassVar[str] = "stress.json"

    dcsite_version: Name
    """Version of dcsite that made the test."""
    scenario_name: str
    """Name of the plan's scenario."""
    title_en: str
    """Title of the plan in English."""
    title_ja: str
    """Title of the plan in Japanese."""
    years: int
    """Years simulated."""
    seed: int
    """Seed of the draws."""
    confidence: Figure
    """Level of every interval."""
    methods: tuple[str, ...]
    """What was drawn and how intervals are made, one sentence each."""
    sources: int
    """Number of sources drawn from."""
    occurred: Mapping[str, int]
    """Occurrences in all years, by kind of disaster."""
    plan: FleetResult
    """The plan's hubs."""
    today: FleetResult
    """Today's data centres, as if they were hubs."""
    left_out: tuple[LeftOut, ...]
    """Events without a known probability."""
    varied: Varied
    """How far the main figures move with what is assumed."""
    tokyo_lost: TokyoLost
    """Tokyo lost: who takes what, what stays unserved, for how many days."""
    footprints: tuple[Footprint, ...]
    """Of the plan's worst event, where that is another one of its worst earthquake, and last of the
    loss of Tokyo."""
    history: tuple[HistoryEvent, ...]
    """Recorded events replayed."""
    not_replayed: Mapping[str, str]
    """Events on record without an intensity, and why."""
    settings: Mapping[str, Plain]
    """The scenario's values for disasters."""
    assumptions: StressAssumptions
    """Named values that no table gives, with unit and reason."""
    restoration: RestorationCurves
    """Curves that blackouts were drawn from, and outages that have none."""
    geodata: tuple[GeodataUse, ...]
    """Tables read."""
