"""What a front is: its axes, its points, and how a solver's answer becomes one.

An axis is a scored measure by its name, or the spacing between new hubs. A point is evaluated anew
from tables, held against the solver's claims, given the least bound known, and kept unless another
dominates it.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcsite.criteria import TIERS
from dcsite.errors import CheckError, DcsiteError, Problem
from dcsite.geo.geodesy import geodesic_km
from dcsite.plan.check import check_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

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


#: What a user calls the axis over the least distance between any two new hubs.
SPACING = "spacing"

SPACING_LABEL = AxisLabel(
    "separation",
    "least_hub_spacing_km",
    "least distance between any two new hubs",
    "新拠点どうしの最小距離",
    "km",
    scored=False,
)


def check_axes(x: str, y: str, points: int) -> None:
    """Raise DcsiteError for a front that cannot be drawn."""
    problems = []
    if points < 2:
        problems.append(Problem("--points", "", f"is {points}; a front has at least 2 points"))
    if x == y:
        problems.append(Problem("--y", "", f"is {y} as --x is; give two different measures"))
    elif y == SPACING:
        problems.append(
            Problem("--y", "", f"is {SPACING}, which is no score; give --x {SPACING} --y {x}")
        )
    if problems:
        raise DcsiteError(problems)


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
    if option == "--x":
        known.append(SPACING)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise DcsiteError(
        Problem(option, "", f"unknown measure {name!r}; {hint}known are {', '.join(known)}")
    )


def closest_pair(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
) -> tuple[int, int, float] | None:
    """Find the two points nearest to each other on WGS 84.

    Returns
    -------
    tuple of int, int and float, or None
        Positions of the two, the lower first, and the geodesic between them in km; None for fewer
        than two points.
    """
    first, second = np.triu_indices(len(lat_deg), 1)
    if not len(first):
        return None
    between_km = geodesic_km(lat_deg[first], lon_deg[first], lat_deg[second], lon_deg[second])
    nearest = int(between_km.argmin())
    return int(first[nearest]), int(second[nearest]), float(between_km[nearest])


def spacing_of(hubs: pd.DataFrame) -> float:
    """Return the least geodesic distance between any two hubs, in km; infinite for fewer than two.

    Parameters
    ----------
    hubs : pandas.DataFrame
        With `lat_deg` and `lon_deg` on WGS 84.
    """
    pair = closest_pair(
        hubs["lat_deg"].to_numpy(dtype=float), hubs["lon_deg"].to_numpy(dtype=float)
    )
    return float("inf") if pair is None else pair[2]


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
    found: Found,
    sites: gpd.GeoDataFrame,
    atlas: Atlas,
    scenario: Scenario,
    measures: tuple[str, str],
    most_penalty: float,
) -> FrontPoint:
    """Evaluate a plan from coordinates and tables and hold it against the solver's claims.

    Raises
    ------
    CheckError
        If a hard rule does not hold, or a score or the penalties are not what the solver claims.
    """
    rank = {tier: number for number, tier in enumerate(TIERS)}
    hubs = sites.join(found.chosen, how="inner")
    hubs = hubs.assign(_rank=hubs["tier"].map(rank), _id=hubs.index).sort_values(
        ["_rank", "it_load_mw", "_id"], ascending=[True, False, True]
    )
    checked = check_plan(hubs, atlas, scenario, claimed_objective=-float("inf"), bound=float("inf"))
    scored = tuple(
        PointMeasure(
            AxisLabel(measure.criterion, measure.name, measure.label_en, measure.label_ja,
                      measure.unit),
            measure.value,
            measure.score,
        )
        for evaluation in checked.evaluations.values()
        for measure in evaluation.measures
        if measure.score is not None
    )  # fmt: skip
    if measures[0] == SPACING_LABEL.measure:
        scored = (PointMeasure(SPACING_LABEL, spacing_of(hubs), None), *scored)
    x, y = (next(m for m in scored if m.label.measure == name) for name in measures)
    x_score, y_score = (m.value if m.score is None else m.score for m in (x, y))
    weighted = sum(
        measure.weight * (measure.score or 0.0)
        for evaluation in checked.evaluations.values()
        for measure in evaluation.measures
    )
    for name, value, least in (
        (measures[0], x_score, found.eps),
        (measures[1], y_score, found.y_score),
        ("penalties (negative)", checked.objective - weighted, -most_penalty),
    ):
        if value < least - _TOLERANCE:
            raise _disagrees(name, f"at least {least:.8f}", value, hubs)
    if y_score > found.y_bound + _TOLERANCE:
        raise _disagrees(measures[1], f"at most {found.y_bound:.8f}", y_score, hubs)
    return _bounded(
        FrontPoint(
            eps=found.eps,
            x=x.value,
            y=y.value,
            x_score=x_score,
            y_score=y_score,
            y_bound=found.y_bound,
            gap=0.0,
            status="optimal" if found.proven else "feasible",
            wall_s=found.wall_s,
            hubs=_hubs(hubs),
            measures=scored,
        ),
        found.y_bound,
    )


def share_bounds(points: Sequence[FrontPoint], gap_asked: float) -> list[FrontPoint]:
    """Give each point the least bound known: one for a smaller epsilon holds for a larger too.

    A point is ``optimal`` where its own solve was, or where the shared bound proves it.
    """
    least = float("inf")
    shared: list[FrontPoint] = []
    for point in sorted(points, key=lambda point: point.eps):
        least = min(least, point.y_bound)
        bounded = _bounded(point, least)
        shared.append(
            replace(bounded, status="optimal") if bounded.gap <= gap_asked + 1e-9 else bounded
        )
    return shared


def without_dominated(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """Return the points that no other dominates, one of each set of equals, by rising x score."""
    kept: list[FrontPoint] = []
    for point in sorted(points, key=lambda point: (-point.x_score, -point.y_score)):
        if any(better_everywhere(other, point) for other in points):
            continue
        if any(not _differ(other, point) for other in kept):
            continue
        kept.append(point)
    return kept[::-1]


def _differ(one: FrontPoint, other: FrontPoint) -> bool:
    near = 1e-6
    return abs(one.x_score - other.x_score) > near or abs(one.y_score - other.y_score) > near


def _bounded(point: FrontPoint, bound: float) -> FrontPoint:
    bound = max(bound, point.y_score)
    return replace(point, y_bound=bound, gap=(bound - point.y_score) / max(point.y_score, 1e-9))


def _hubs(hubs: gpd.GeoDataFrame) -> tuple[FrontHub, ...]:
    return tuple(
        FrontHub(
            site_id=str(site),
            tier=str(row["tier"]),
            name_ja=str(row["name_ja"]),
            name_en=row["name_en"] if isinstance(row["name_en"], str) else None,
            prefecture_en=str(row["prefecture_en"]),
            prefecture_ja=str(row["prefecture_ja"]),
            lat_deg=float(row["lat_deg"]),
            lon_deg=float(row["lon_deg"]),
            it_load_mw=float(row["it_load_mw"]),
        )
        for site, row in hubs.iterrows()
    )


def _disagrees(name: str, claim: str, value: float, hubs: pd.DataFrame) -> CheckError:
    return CheckError(
        Problem(
            "independent check",
            name,
            f"the solver claims {claim}, evaluation from tables gives {value:.8f} for hubs "
            f"{', '.join(map(str, hubs.index))}; please report this",
        )
    )
