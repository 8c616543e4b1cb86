"""From a solver's answer to a point of a front: evaluated anew, bounded, and sifted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dcsite.criteria import TIERS
from dcsite.errors import CheckError, Problem

from .check import check_plan
from .front_axes import SPACING_LABEL, spacing_of
from .front_types import AxisLabel, FrontHub, FrontPoint, PointMeasure, better_everywhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

__all__ = ["Found", "make_point", "share_bounds", "without_dominated"]

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
