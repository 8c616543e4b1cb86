"""What an explanation says: what a hub is worth, who would take its place, what keeps others out.

Costs are in objective points and given as an interval, because both solves behind a cost are
proven only to a gap: the true loss lies between `low` and `high`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class PlaceName:
    """A site with the names people know it by."""

    site_id: str
    name_ja: str
    name_en: str | None
    prefecture_ja: str
    prefecture_en: str

    def __str__(self) -> str:
        """Render as ``唐津市 Karatsu-shi, Saga (41202)``."""
        name = self.name_ja if self.name_en is None else f"{self.name_ja} {self.name_en}"
        return f"{name}, {self.prefecture_en} ({self.site_id})"


@dataclass(frozen=True)
class Cost:
    """Objective points lost by a change, between `low` and `high`.

    `high` is None where no plan with the change was found in the time allowed; both are None and
    `possible` is False where it is proven that none exists.
    """

    low: float | None
    high: float | None
    possible: bool = True


@dataclass(frozen=True)
class RunnerUp:
    """A hub of the plan after a change that was none before, and how far away it stands."""

    place: PlaceName
    tier: str
    it_load_mw: float
    distance_km: float


@dataclass(frozen=True)
class MeasureShare:
    """A hub's part of one scored measure, in objective points (weight times score).

    Over all hubs, `points` add up to `plan_points`, except where a measure also counts load that
    no hub carries.
    """

    criterion: str
    measure: str
    label_en: str
    label_ja: str
    points: float
    plan_points: float


@dataclass(frozen=True)
class MeasureChange:
    """How many objective points a measure, or the penalties, give before and after a change."""

    name: str
    label_en: str
    label_ja: str
    points_before: float
    points_after: float


@dataclass(frozen=True)
class ScoreDifference:
    """A scored value of a place beside that of the hub it displaces; scores are on 0..1."""

    criterion: str
    name: str
    label_en: str
    label_ja: str
    unit: str
    value: float
    score: float
    displaced_value: float
    displaced_score: float


@dataclass(frozen=True)
class WorstDisaster:
    """A disaster that may take a hub down: how likely it is, and how likely the hub is down then.

    `probability_30y` is None where none is known; `probability_date` where it has none.
    """

    event_id: str
    kind: str
    name_en: str
    name_ja: str | None
    probability_30y: float | None
    probability_date: str | None
    down: float


@dataclass(frozen=True)
class BackupChoice:
    """A hub's backup and why that one.

    Of `choices` hubs of its tier or above that no disaster takes down with it, the backup is the
    one least often down together with it (`both_down_30y`, times expected in 30 years); those that
    do fall with it are `falling`. `place` is None where no hub is left.
    """

    place: PlaceName | None
    both_down_30y: float | None
    choices: int
    falling: tuple[PlaceName, ...]


@dataclass(frozen=True)
class Move:
    """The nearest place outside a footprint that can take a hub as it is, and what moving costs.

    `cost` is in objective points, all other hubs kept; below 0 the move would be a gain, within
    the plan's gap.
    """

    place: PlaceName
    distance_km: float
    event_en: str
    down: float
    cost: float
    changes: tuple[MeasureChange, ...]


@dataclass(frozen=True)
class HubDisasters:
    """What could strike a hub, its backup, and the way out of its worst footprint."""

    worst: tuple[WorstDisaster, ...]
    backup: BackupChoice | None
    move: Move | None


@dataclass(frozen=True)
class HubExplanation:
    """Why a hub stands where it stands.

    Parameters
    ----------
    place, tier, it_load_mw
        The hub.
    shares : tuple of MeasureShare
        Its part of each scored measure.
    cost : Cost or None
        Objective lost when no hub may stand there; None where that was not asked.
    runners_up : tuple of RunnerUp
        Hubs of a plan without it that the plan does not have, nearest first: of the best such
        plan, or of one as good within the gap asked that keeps all other hubs. Hubs that would
        improve the plan as it stands take nobody's place and are left out.
    leaving : tuple of PlaceName
        Further hubs that this other plan gives up as well.
    changes : tuple of MeasureChange
        What each measure gives in the plan and in the other; the differences add up to the
        difference of their objectives.
    disasters : HubDisasters, optional
        What could strike it; None where that was not asked.
    """

    place: PlaceName
    tier: str
    it_load_mw: float
    shares: tuple[MeasureShare, ...]
    cost: Cost | None = None
    runners_up: tuple[RunnerUp, ...] = ()
    leaving: tuple[PlaceName, ...] = ()
    changes: tuple[MeasureChange, ...] = ()
    disasters: HubDisasters | None = None


@dataclass(frozen=True)
class Explanation:
    """What the hubs of a plan are worth, and how well that is proven.

    Parameters
    ----------
    scenario_name : str
        The scenario.
    objective, best_known, bound : float
        Of the plan; of the best plan found while explaining it, which may be better within the
        gap; proven for all plans.
    gap_asked : float
        Relative gap of each solve.
    hubs : tuple of HubExplanation
        In the order of the plan. One without a cost was not asked for, or was cut off.
    """

    scenario_name: str
    objective: float
    best_known: float
    bound: float
    gap_asked: float
    hubs: tuple[HubExplanation, ...]

    def of(self, site_id: str) -> HubExplanation | None:
        """Return what is said of a hub, None where nothing is."""
        return next((hub for hub in self.hubs if hub.place.site_id == site_id), None)

    @property
    def whole(self) -> bool:
        """Whether every hub has its cost."""
        return all(hub.cost is not None for hub in self.hubs)


@dataclass(frozen=True)
class Reason:
    """A hard rule that keeps a place out of a tier, with the amounts."""

    rule: str
    message_en: str
    message_ja: str


@dataclass(frozen=True)
class TierVerdict:
    """What becomes of a place in one tier.

    ``blocked``: hard rules keep it out, see `reasons`. ``no_plan``: it may stand there, but no
    plan holds all hard rules with it; `reasons` name rules each of which alone would have to give
    way. ``costs``: see `cost` and what it displaces.
    """

    tier: str
    outcome: Literal["blocked", "no_plan", "costs"]
    reasons: tuple[Reason, ...] = ()
    cost: Cost | None = None
    it_load_mw: float | None = None
    displaced: tuple[RunnerUp, ...] = ()
    joining: tuple[RunnerUp, ...] = ()
    changes: tuple[MeasureChange, ...] = ()
    differences: tuple[ScoreDifference, ...] = ()


@dataclass(frozen=True)
class PlaceExplanation:
    """Why no hub stands at a place: the verdict for each tier, the cheapest one's cost overall."""

    place: PlaceName
    verdicts: tuple[TierVerdict, ...]
    cost: Cost | None
