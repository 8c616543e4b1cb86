"""What comes out of a stress test, as plain frozen records that every output reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from dcsite.atlas.descriptor import ResourceInfo

    from .stress_simulate import RestorationCurves, StressAssumptions


Outage = Literal["", "possible", "certain"]
Basis = Literal["", "recorded", "estimated", "jma_class_at_least"]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; `low` and `high` are None where there is none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class FleetHub:
    """One hub, how often it falls and what that loses.

    `down_per_year` is the probability that in a year something takes it down; `mwh_per_year` the
    energy its IT load does not get.
    """

    site_id: str
    name_ja: str
    name_en: str
    tier: str
    area: str
    municipality_code: str
    lat_deg: float
    lon_deg: float
    it_load_mw: float
    landing_cluster: str
    down_per_year: Estimate
    mwh_per_year: Estimate


@dataclass(frozen=True)
class Exceedance:
    """Probability that in a year at least this share of the capacity is down at once."""

    share: float
    per_year: Estimate


@dataclass(frozen=True)
class ShareBin:
    """How often a surviving share of the capacity lies in a class: above `above`, up to `up_to`.

    The first class is the whole capacity alone (both 1).
    """

    above: float
    up_to: float
    of_events: Estimate
    of_years: Estimate


@dataclass(frozen=True)
class PairResult:
    """Probability that two hubs are down together, per year and in 30 years."""

    first: str
    second: str
    per_year: Estimate
    in_30_years: Estimate


@dataclass(frozen=True)
class EventLoss:
    """What one event does to a fleet.

    `expected_share` is the share of the capacity it takes down on average when it occurs, from the
    model without any draw and before on-site generation; `largest_share` the largest share down at
    one of its `occurred` occurrences. `mwh_per_year` is what it and the other events of its
    `source_id` cost a year. `probability_30y` is the event's own, of `source_probability_30y`.
    """

    event_id: str
    source_id: str
    kind: str
    name_en: str
    name_ja: str
    probability_30y: float
    source_probability_30y: float
    probability_date: str
    basis: str
    expected_share: float
    occurred: int
    largest_share: float
    mwh_per_year: Estimate


@dataclass(frozen=True)
class LeftOut:
    """An event without a known probability: never drawn. What it would take down is still said."""

    event_id: str
    source_id: str
    kind: str
    name_en: str
    name_ja: str
    expected_share_plan: float
    expected_share_today: float


@dataclass(frozen=True)
class FleetResult:
    """What the simulated years do to one set of hubs.

    Parameters
    ----------
    name : str
        ``plan`` or ``today``.
    total_mw : float
        Capacity.
    hubs : tuple of FleetHub
        In the order of the plan.
    damaging : int
        Occurrences that took at least one hub down.
    damaged_years : int
        Years with at least one of them.
    mean_surviving_share : Estimate
        Over damaging occurrences.
    bins : tuple of ShareBin
        Distribution of the surviving share, per damaging occurrence and as the worst of a year.
    exceedance : tuple of Exceedance
        For every per cent of the capacity.
    two_down : Estimate
        Probability that in a year two hubs or more are down together.
    mwh_per_year : Estimate
        Energy of IT load lost.
    full_load_hours_per_year : Estimate
        The same as hours of the whole capacity: comparable between fleets of different size.
    mwh_by_kind : mapping of str to Estimate
        Energy lost a year by kind of event, in order of the set; kinds that were drawn.
    pairs : tuple of PairResult
        All pairs, the most likely first.
    worst : tuple of EventLoss
        The worst event of each source, the largest expected share first; at most ten.
    """

    name: str
    total_mw: float
    hubs: tuple[FleetHub, ...]
    damaging: int
    damaged_years: int
    mean_surviving_share: Estimate
    bins: tuple[ShareBin, ...]
    exceedance: tuple[Exceedance, ...]
    two_down: Estimate
    mwh_per_year: Estimate
    full_load_hours_per_year: Estimate
    mwh_by_kind: Mapping[str, Estimate]
    pairs: tuple[PairResult, ...]
    worst: tuple[EventLoss, ...]


@dataclass(frozen=True)
class Footprint:
    """Where an event strikes.

    Parameters
    ----------
    event_id, name_en, name_ja : str
        Which event; `name_ja` is empty where the sources have none.
    intensity : mapping of str to float
        Computed JMA intensity at the municipal office, by municipality code, where it is known.
    areas_lost : tuple of str
        Electricity areas that go dark.
    plan, today : mapping of str to float
        Probability that each hub is down, by `site_id`, before on-site generation.
    """

    event_id: str
    name_en: str
    name_ja: str
    intensity: Mapping[str, float]
    areas_lost: tuple[str, ...]
    plan: Mapping[str, float]
    today: Mapping[str, float]


@dataclass(frozen=True)
class HistoryHub:
    """What an event would have done to one hub.

    `intensity` is None where there is no figure (less than the threshold of the records);
    `probability_low` counts a possible outage as none, `probability_high` as certain.
    """

    site_id: str
    intensity: float | None
    basis: Basis
    outage: Outage
    probability_low: float
    probability_high: float


@dataclass(frozen=True)
class HistoryEvent:
    """A recorded event on the plan and on today's data centres.

    Only hubs that may have gone down are listed. Shares are of the capacity, expected.
    """

    event_id: str
    date: str
    name_en: str
    name_ja: str
    plan: tuple[HistoryHub, ...]
    today: tuple[HistoryHub, ...]
    plan_share_low: float
    plan_share_high: float
    today_share_low: float
    today_share_high: float


@dataclass(frozen=True)
class StressTest:
    """A whole stress test.

    `occurred` counts occurrences by kind of event, `sources` the sources that were drawn from;
    `settings` are the scenario's values for disasters; `footprints` those of the plan's worst event
    and, where that is another one, of its worst earthquake; `geodata` the tables read.
    """

    dcsite_version: str
    title_en: str
    title_ja: str
    scenario_name: str
    years: int
    seed: int
    sources: int
    occurred: Mapping[str, int]
    plan: FleetResult
    today: FleetResult
    left_out: tuple[LeftOut, ...]
    footprints: tuple[Footprint, ...]
    history: tuple[HistoryEvent, ...]
    not_replayed: Mapping[str, str]
    settings: Mapping[str, Any]
    assumptions: StressAssumptions
    curves: RestorationCurves
    geodata: tuple[ResourceInfo, ...]
