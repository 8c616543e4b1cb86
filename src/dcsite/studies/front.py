"""What a front is: its axes, its points, and how a solver's answer becomes one.

An axis is a scored measure by its name, or on y the points of all other scores: what more of x
costs in everything the scenario weighs. A point is evaluated anew from tables, held against the
solver's claims, given the least bound known, and kept unless another dominates it.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import field_serializer

from dcsite.contract import criteria
from dcsite.errors import CheckError, DcsiteError, Problem
from dcsite.plan.check import check_plan, highest_first
from dcsite.plan.types import HubBrief
from dcsite.records import (
    EndlessPoints,
    Name,
    Points,
    Record,
    Seconds,
    UnknownAmount,
    rounded,
    unit_decimals,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from dcsite.plan import Session
    from dcsite.scenario import Scenario

#: Scores nearer than this count as equal: the solvers' own arithmetic.
SCORE_TOLERANCE = 1e-6


class Axis(Record):
    """A scored measure that a front is drawn over; points are compared by their scores on it."""

    criterion: Name
    """Criterion of the measure."""
    measure: Name
    """Name of the measure."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    unit: str
    """Unit of its values."""


class PointMeasure(Axis):
    """A measure of one point's plan, on an axis or not."""

    value: UnknownAmount
    """Value in its unit, evaluated independently; null where there is none."""
    score: Points
    """Score 0..1, more is better."""

    @property
    def label(self) -> Axis:
        """What is measured, without the value."""
        return Axis(self.criterion, self.measure, self.label_en, self.label_ja, self.unit)


class FrontPoint(Record):
    """One plan of a front."""

    eps: Points
    """Least score on x that the solver was held to."""
    x: float
    """Value on x in the measure's own unit, evaluated independently."""
    y: float
    """Value on y, likewise."""
    x_score: Points
    """Score on x. Domination is judged on scores, more is better."""
    y_score: Points
    """Score on y."""
    y_score_bound: EndlessPoints
    """No plan that reaches eps scores above this on y; null where no bound is known."""
    gap: EndlessPoints
    """(y_score_bound - y_score) / max(y_score, 1e-9); null without a bound."""
    status: Literal["optimal", "feasible"]
    """Whether the gap asked for was proven."""
    wall_s: Seconds
    """Seconds of this point's solves."""
    measures: tuple[PointMeasure, ...]
    """Every scored measure of the plan."""
    hubs: tuple[HubBrief, ...]
    """Hubs, from the highest tier down."""

    @field_serializer("x", "y")
    def _in_its_unit(self, value: float) -> float | None:
        """Round as the measure is rounded that it is the value of."""
        unit = next((one.unit for one in self.measures if one.value == value), "")
        return rounded(value, unit_decimals(unit))


class Front(Record):
    """The plans between which two measures can only be traded."""

    file_name: ClassVar[str] = "front.json"

    dcsite_version: Name
    """Version of dcsite that found the front."""
    scenario_name: str
    """Name of the scenario."""
    title_en: str
    """Title in English."""
    title_ja: str
    """Title in Japanese."""
    complete: bool
    """Whether every epsilon was answered; false after Ctrl-C."""
    x: Axis
    """The measure on x."""
    y: Axis
    """The measure on y."""
    points_asked: int
    """Values of epsilon asked for, both ends included."""
    dominated: int
    """Points left out because another is as good or better in both."""
    notes: tuple[str, ...]
    """Values of epsilon without a plan, and why."""
    gap_asked: float
    """Relative gap each point was asked to be proven to."""
    penalty: Points
    """Most objective points of soft rules and unserved demand that a point may break: the least
    that any plan does."""
    x_bound: EndlessPoints
    """No plan with so little penalty scores above this on x; null without a bound."""
    created_at: str
    """When the front was found, ISO 8601."""
    wall_s: Seconds
    """Wall-clock time in seconds."""
    points: tuple[FrontPoint, ...]
    """Not dominated, by rising x."""


def better_everywhere(one: FrontPoint, other: FrontPoint) -> bool:
    """Whether `one` is as good as `other` on both axes and clearly better on one of them."""
    better = _differences(one, other)
    return min(better) >= -SCORE_TOLERANCE and max(better) > SCORE_TOLERANCE


def _differences(one: FrontPoint, other: FrontPoint) -> tuple[float, float]:
    return one.x_score - other.x_score, one.y_score - other.y_score


#: What a user calls the axis over all scores but that on x, weighted as the scenario has it.
POINTS = "points"

POINTS_AXIS = Axis(
    POINTS,
    "points_of_other_scores",
    "all other scores, weighted as the scenario has it",
    "その他の全評価（シナリオの重みによる合計）",
    "points",
)


def default_axes(x: str | None, y: str | None, scenario: Scenario) -> tuple[str, str]:
    """Return both axes, each that is not given by the scenario's criteria.

    On y stands the criterion of the largest weight, on x the first one by rank; of equal weights
    the first; never the one on the other axis.
    """
    names = [criterion.name for criterion in criteria() if criterion.name in scenario.weights]
    if y is None:
        y = max((name for name in names if name != x), key=scenario.weights.__getitem__)
    return x or next(name for name in names if name != y), y


def measure_named(option: str, name: str, scored: Mapping[str, Sequence[str]]) -> str:
    """Return the measure a user means: its own name, or a criterion's for its first scored one.

    Parameters
    ----------
    option, name : str
        Where the name was given, and the name.
    scored : mapping of str to sequence of str
        Scored measures by criterion.

    Raises
    ------
    DcsiteError
        If there is none; names the nearest.
    """
    measures = [measure for own in scored.values() for measure in own]
    if name in measures:
        return name
    if scored.get(name):
        return scored[name][0]
    known = [*(criterion for criterion, own in scored.items() if own), *measures]
    known += [POINTS] * (option == "--y")
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise DcsiteError(
        Problem(option, "", f"unknown measure {name!r}; {hint}known are {', '.join(known)}")
    )


#: How far the independent evaluation may lie from what the solver was held to: the solvers'
#: own feasibility tolerance, as in the check of a plan.
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Found:
    """What the solver says of one epsilon: the hubs, its scores' bounds, and how it ended."""

    eps: float
    chosen: pd.DataFrame
    y_score: float
    y_bound: float
    proven: bool
    wall_s: float


def make_point(
    found: Found, session: Session, measures: tuple[str, str], most_penalty: float
) -> FrontPoint:
    """Evaluate a plan from coordinates and tables and hold it against the solver's claims.

    Raises
    ------
    CheckError
        If a hard rule does not hold, or a score or the penalties are not what the solver claims.
    """
    hubs = highest_first(session.measured.join(found.chosen, how="inner"))
    checked = check_plan(
        hubs, session.atlas, session.scenario, claimed_objective=-np.inf, bound=np.inf
    )
    every = [one for evaluation in checked.evaluations.values() for one in evaluation.measures]
    scored = [
        PointMeasure(
            one.criterion,
            one.name,
            one.label_en,
            one.label_ja,
            one.unit,
            one.value,
            one.score,
        )
        for one in every
        if one.score is not None
    ]
    points = {one.name: one.weight * (one.score or 0.0) for one in every}
    weighted = sum(points.values())
    if measures[1] == POINTS_AXIS.measure:
        others = weighted - points.get(measures[0], 0.0)
        scored.append(PointMeasure(**vars(POINTS_AXIS), value=others, score=others))
    x, y = (next(one for one in scored if one.measure == name) for name in measures)
    point = _bounded(
        FrontPoint(
            eps=found.eps,
            x=x.value,
            y=y.value,
            x_score=x.score,
            y_score=y.score,
            y_score_bound=found.y_bound,
            gap=0.0,
            status="optimal" if found.proven else "feasible",
            wall_s=found.wall_s,
            measures=tuple(scored),
            hubs=tuple(HubBrief.of(site, hub) for site, hub in hubs.iterrows()),
        ),
        found.y_bound,
    )
    for name, value, least in (
        (measures[0], point.x_score, found.eps),
        (measures[1], point.y_score, found.y_score),
        ("penalties (negative)", checked.objective - weighted, -most_penalty),
    ):
        if value < least - _TOLERANCE:
            raise _disagrees(name, f"at least {least:.8f}", value, hubs)
    if point.y_score > found.y_bound + _TOLERANCE:
        raise _disagrees(measures[1], f"at most {found.y_bound:.8f}", point.y_score, hubs)
    return point


def share_bounds(points: Sequence[FrontPoint], gap_asked: float) -> list[FrontPoint]:
    """Give each point the least bound known: one for a smaller epsilon holds for a larger too.

    A point is ``optimal`` where its own solve was, or where the shared bound proves it.
    """
    least = float("inf")
    shared: list[FrontPoint] = []
    for point in sorted(points, key=lambda point: point.eps):
        least = min(least, point.y_score_bound)
        bounded = _bounded(point, least)
        shared.append(
            replace(bounded, status="optimal") if bounded.gap <= gap_asked + 1e-9 else bounded
        )
    return shared


def without_dominated(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """Return the points that no other dominates, one of each set of equals, by rising x."""
    kept: list[FrontPoint] = []
    for point in sorted(points, key=lambda point: (-point.x_score, -point.y_score)):
        if any(better_everywhere(other, point) for other in points):
            continue
        if all(max(map(abs, _differences(other, point))) > SCORE_TOLERANCE for other in kept):
            kept.append(point)
    return kept[::-1]


def _bounded(point: FrontPoint, bound: float) -> FrontPoint:
    bound = max(bound, point.y_score)
    gap = (bound - point.y_score) / max(point.y_score, 1e-9)
    return replace(point, y_score_bound=bound, gap=gap)


def _disagrees(name: str, claim: str, value: float, hubs: pd.DataFrame) -> CheckError:
    found = f"evaluation from tables gives {value:.8f} for hubs {', '.join(map(str, hubs.index))}"
    said = f"the solver claims {claim}, {found}; please report this"
    return CheckError(Problem("independent check", name, said))
