"""What an explanation says: what a hub is worth, who would take its place, what keeps others out.

Costs are in objective points and given as an interval, because both solves behind a cost are
proven only to a gap: the true loss lies between `low` and `high`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from dcsite.records import (
    Amount,
    EndlessPoints,
    Km,
    Loss,
    Mw,
    Name,
    Points,
    Record,
    Score,
    Share,
    Times,
    UnknownPoints,
)


class PlaceName(Record):
    """A site with the names people know it by."""

    site_id: str
    name_ja: str
    name_en: str | None
    prefecture_ja: str
    prefecture_en: str

    @property
    def label(self) -> str:
        """What people call the place, in Japanese and, where it has one, by its English name."""
        return self.name_ja if self.name_en is None else f"{self.name_ja} {self.name_en}"

    def __str__(self) -> str:
        """Render as ``唐津市 Karatsu-shi, Saga (41202)``."""
        return f"{self.label}, {self.prefecture_en} ({self.site_id})"


class Cost(Record):
    """Objective points lost by a change, between `low` and `high`.

    `high` is None where no plan with the change was found in the time allowed; both are None and
    `possible` is False where it is proven that none exists.
    """

    low: Loss | None
    high: Loss | None
    possible: bool = True


class RunnerUp(Record):
    """A hub of the plan after a change that was none before, and how far away it stands."""

    place: PlaceName
    tier: str
    it_load_mw: Mw
    distance_km: Km


class MeasureShare(Record):
    """A hub's part of one scored measure, in objective points (weight times score).

    Over all hubs, `points` add up to `plan_points`, except where a measure also counts load that
    no hub carries.
    """

    criterion: Name
    measure: str
    label_en: str
    label_ja: str
    points: Points
    plan_points: Points


class MeasureChange(Record):
    """How many objective points a measure, or the penalties, give before and after a change."""

    name: str
    label_en: str
    label_ja: str
    points_before: Points
    points_after: Points


class ScoreDifference(Record):
    """A scored value of a place beside that of the hub it displaces; scores are on 0..1."""

    criterion: Name
    name: str
    label_en: str
    label_ja: str
    unit: str
    value: Amount
    score: Score
    displaced_value: Amount
    displaced_score: Score


class WorstDisaster(Record):
    """A disaster that may take a hub down: how likely it is, and how likely the hub is down then.

    `probability_30y` is None where none is known; `probability_date` where it has none.
    """

    event_id: str
    kind: str
    name_en: str
    name_ja: str | None
    probability_30y: Share | None
    probability_date: str | None
    down: Share


class HubBackup(Record):
    """Who carries a hub's load when it falls, and how much of it at most in any one event.

    `both_down_30y` is how often both are expected down together in 30 years.
    """

    place: PlaceName
    takeover_mw: Mw
    both_down_30y: Times | None


class Move(Record):
    """The nearest place outside a footprint that can take a hub as it is, and what moving costs.

    `cost` is in objective points, all other hubs kept; below 0 the move would be a gain, within
    the plan's gap.
    """

    place: PlaceName
    distance_km: Km
    event_en: str
    down: Share
    cost: Points
    changes: tuple[MeasureChange, ...]


class HubDisasters(Record):
    """What could strike a hub, its backups, and the way out of its worst footprint."""

    worst: tuple[WorstDisaster, ...]
    backups: tuple[HubBackup, ...]
    move: Move | None


class LoadReason(Record):
    """What keeps a hub from more MW, or from less: a bound of its own, a rule, a measure.

    ``nothing``: any MW of its tier is as good within the gap; ``least``, ``largest``: of its tier;
    ``land``; ``reserve``: what it holds free for others; ``rule``: a rule's row binds; ``score``: a
    criterion's rows do; ``demand``: what is in reach; ``rest``: it carries what the other hubs
    leave of the total.
    """

    kind: Literal[
        "nothing", "least", "largest", "land", "reserve", "rule", "score", "demand", "rest"
    ]
    name: str
    """The rule, measure or criterion; empty for the hub's own bounds."""
    title_en: str
    title_ja: str
    points_per_100_mw: UnknownPoints
    """By how much it makes 100 MW here worth less than at the hub it treats best (more than at the
    one it treats worst, where it keeps a hub from less), in points; null where no loss of points
    would let the hub go on."""


class HubLoad(Record):
    """How firmly a hub's MW is set while all hubs stay where they are, and by what.

    Between `low_mw` and `high_mw` the plan, its other loads chosen anew, loses at most `within`
    points; its tier and land allow `least_mw` to `most_mw`. `best_mw` is where it gains most.
    `held_by` keeps it from more, `kept_by` from less (empty at its least).
    """

    best_mw: Mw
    low_mw: Mw
    high_mw: Mw
    least_mw: Mw
    most_mw: Mw
    within: Points
    held_by: tuple[LoadReason, ...]
    kept_by: tuple[LoadReason, ...]


class HubExplanation(Record):
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
    size : HubLoad, optional
        What sets its MW; None where that was not asked.
    """

    place: PlaceName
    tier: str
    it_load_mw: Mw
    shares: tuple[MeasureShare, ...]
    cost: Cost | None = None
    runners_up: tuple[RunnerUp, ...] = ()
    leaving: tuple[PlaceName, ...] = ()
    changes: tuple[MeasureChange, ...] = ()
    disasters: HubDisasters | None = None
    size: HubLoad | None = None


class Explanation(Record):
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

    file_name: ClassVar[str] = "explanation.json"

    scenario_name: str
    objective: Points
    best_known: Points
    bound: EndlessPoints
    gap_asked: Points
    hubs: tuple[HubExplanation, ...]

    def of(self, site_id: str) -> HubExplanation | None:
        """Return what is said of a hub, None where nothing is."""
        return next((hub for hub in self.hubs if hub.place.site_id == site_id), None)

    @property
    def whole(self) -> bool:
        """Whether every hub has its cost."""
        return all(hub.cost is not None for hub in self.hubs)


class Reason(Record):
    """A hard rule that keeps a place out of a tier, with the amounts."""

    rule: str
    message_en: str
    message_ja: str
    statements: tuple[str, ...] = ()
    """Statements of the strategy behind the rule, with their lines (`B4 L5402`)."""


class TierVerdict(Record):
    """What becomes of a place in one tier.

    ``blocked``: hard rules keep it out, see `reasons`. ``no_plan``: it may stand there, but no
    plan holds all hard rules with it; `reasons` name rules each of which alone would have to give
    way. ``costs``: see `cost` and what it displaces.
    """

    tier: str
    outcome: Literal["blocked", "no_plan", "costs"]
    reasons: tuple[Reason, ...] = ()
    cost: Cost | None = None
    it_load_mw: Mw | None = None
    displaced: tuple[RunnerUp, ...] = ()
    joining: tuple[RunnerUp, ...] = ()
    changes: tuple[MeasureChange, ...] = ()
    differences: tuple[ScoreDifference, ...] = ()


class PlaceExplanation(Record):
    """Why no hub stands at a place: the verdict for each tier, the cheapest one's cost overall."""

    place: PlaceName
    verdicts: tuple[TierVerdict, ...]
    cost: Cost | None
