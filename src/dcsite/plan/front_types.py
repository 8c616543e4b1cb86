"""What a front is: axes, points, and what was left out, as plain frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["AxisLabel", "Front", "FrontHub", "FrontPoint", "PointMeasure", "better_everywhere"]

#: Scores nearer than this count as equal: the solvers' own arithmetic.
SCORE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class AxisLabel:
    """A measure that a front is drawn over.

    `unit` is that of its values. Points are compared by their scores on it, or by the values
    themselves where it is not `scored` (the spacing between hubs; more is better).
    """

    criterion: str
    measure: str
    label_en: str
    label_ja: str
    unit: str
    scored: bool = True


@dataclass(frozen=True)
class FrontHub:
    """A hub of one point's plan: enough to draw and name it."""

    site_id: str
    tier: str
    name_ja: str
    name_en: str | None
    prefecture_en: str
    prefecture_ja: str
    lat_deg: float
    lon_deg: float
    it_load_mw: float


@dataclass(frozen=True)
class PointMeasure:
    """A measure of one point's plan, on an axis or not; without a score where it has none."""

    label: AxisLabel
    value: float
    score: float | None


@dataclass(frozen=True)
class FrontPoint:
    """One plan of a front.

    Parameters
    ----------
    eps : float
        Least `x_score` that the solver was held to.
    x, y : float
        Values in the measures' own units, evaluated independently.
    x_score, y_score : float
        Their scores on 0..1, more is better; domination is judged on these. Where x is not
        scored, `x_score` is `x`.
    y_bound : float
        No plan with ``x_score >= eps`` scores above this on y.
    gap : float
        ``(y_bound - y_score) / max(y_score, 1e-9)``.
    status : {"optimal", "feasible"}
        Whether the gap asked for was proven.
    wall_s : float
        Seconds of this point's solves.
    hubs : tuple of FrontHub
        Highest tier first.
    measures : tuple of PointMeasure
        Every scored measure of the plan; the one on x first where it is not scored.
    """

    eps: float
    x: float
    y: float
    x_score: float
    y_score: float
    y_bound: float
    gap: float
    status: Literal["optimal", "feasible"]
    wall_s: float
    hubs: tuple[FrontHub, ...]
    measures: tuple[PointMeasure, ...]


@dataclass(frozen=True)
class Front:
    """A front of two measures.

    Parameters
    ----------
    scenario_name, title_en, title_ja : str
        Of the scenario.
    x, y : AxisLabel
        The two measures.
    points : tuple of FrontPoint
        Not dominated, by rising score on x.
    points_asked : int
        Values of epsilon asked for, both ends included.
    dominated : int
        Points left out because another was as good or better in both.
    notes : tuple of str
        Values of epsilon without a plan, and why.
    complete : bool
        Whether every epsilon was answered; False after Ctrl-C.
    gap_asked : float
        Relative gap each point was asked to be proven to.
    penalty : float
        Most objective points of soft rules and unserved demand that a point may break: the least
        that any plan does.
    x_bound : float
        No plan with so little penalty has a larger `x_score`: how far the front may reach beyond
        its last point.
    dcsite_version, created_at, wall_s
        For the manifest.
    """

    scenario_name: str
    title_en: str
    title_ja: str
    x: AxisLabel
    y: AxisLabel
    points: tuple[FrontPoint, ...]
    points_asked: int
    dominated: int
    notes: tuple[str, ...]
    complete: bool
    gap_asked: float
    penalty: float
    x_bound: float
    dcsite_version: str
    created_at: str
    wall_s: float


def better_everywhere(one: FrontPoint, other: FrontPoint) -> bool:
    """Whether `one` is as good as `other` in both scores and clearly better in one of them."""
    by_x = one.x_score - other.x_score
    by_y = one.y_score - other.y_score
    return min(by_x, by_y) >= -SCORE_TOLERANCE and max(by_x, by_y) > SCORE_TOLERANCE
