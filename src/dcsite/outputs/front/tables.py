"""A front as CSV and JSON; numbers are rounded as in ``plan.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dcsite.outputs.tables import write_csv
from dcsite.records import rounded, unit_decimals

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.studies.front import Front, FrontPoint, PointMeasure


def front_document(front: Front) -> dict[str, Any]:
    """Return a front as plain data."""
    return {
        "dcsite_version": front.dcsite_version,
        "scenario_name": front.scenario_name,
        "title_en": front.title_en,
        "title_ja": front.title_ja,
        "complete": front.complete,
        "x": asdict(front.x),
        "y": asdict(front.y),
        "eps_unit": _eps_unit(front),
        "points_asked": front.points_asked,
        "dominated": front.dominated,
        "notes": list(front.notes),
        "gap_asked": front.gap_asked,
        "penalty": rounded(front.penalty, 6),
        # In the unit of eps, as it is compared with x_score or, without one, with x.
        "x_bound": rounded(front.x_bound, 6),
        "created_at": front.created_at,
        "wall_s": rounded(front.wall_s, 3),
        "points": [_point(front, point) for point in front.points],
    }


def front_to_json(front: Front) -> str:
    """Return the text of ``front.json``."""
    document = front_document(front)
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_front_csv(front: Front, path: Path) -> None:
    """Write one row per point: UTF-8 with the mark by which Excel knows it.

    The columns of the axes are named ``x_<measure>`` and ``y_<measure>``, the unit stands in a
    column of its own; an x that is not scored has no ``x_score``; hubs are listed as
    ``tier:site_id`` apart by spaces.
    """
    columns = (
        "no", f"x_{front.x.measure}", "x_unit", f"y_{front.y.measure}", "y_unit", "x_score",
        "y_score", "eps", "eps_unit", "y_score_bound", "gap", "status", "front_complete", "hubs",
    )  # fmt: skip
    rows = []
    for number, point in enumerate(front.points, start=1):
        row = _point(front, point)
        rows.append((
            number, row["x"], front.x.unit, row["y"], front.y.unit, row["x_score"],
            row["y_score"], row["eps"], _eps_unit(front), row["y_score_bound"], row["gap"],
            row["status"], "yes" if front.complete else "no",
            " ".join(f"{hub.tier}:{hub.site_id}" for hub in point.hubs),
        ))  # fmt: skip
    write_csv(path, columns, rows)


def _eps_unit(front: Front) -> str:
    return "score" if front.x.scored else front.x.unit


def _point(front: Front, point: FrontPoint) -> dict[str, Any]:
    return {
        "eps": rounded(point.eps, 6),
        "x": rounded(point.x, unit_decimals(front.x.unit)),
        "y": rounded(point.y, unit_decimals(front.y.unit)),
        "x_score": rounded(point.x_score, 6) if front.x.scored else None,
        "y_score": rounded(point.y_score, 6),
        "y_score_bound": rounded(point.y_bound, 6),
        "gap": rounded(point.gap, 6),
        "status": point.status,
        "wall_s": rounded(point.wall_s, 3),
        "measures": [_measure(measure) for measure in point.measures],
        "hubs": [
            {
                "site_id": hub.site_id,
                "tier": hub.tier,
                "name_ja": hub.name_ja,
                "name_en": hub.name_en,
                "prefecture_en": hub.prefecture_en,
                "prefecture_ja": hub.prefecture_ja,
                "lat_deg": rounded(hub.lat_deg, 6),
                "lon_deg": rounded(hub.lon_deg, 6),
                "it_load_mw": rounded(hub.it_load_mw, 3),
            }
            for hub in point.hubs
        ],
    }


def _measure(measure: PointMeasure) -> dict[str, Any]:
    return {
        **asdict(measure.label),
        "value": rounded(measure.value, unit_decimals(measure.label.unit)),
        "score": rounded(measure.score, 6),
    }
