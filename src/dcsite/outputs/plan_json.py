"""The plan as JSON: the file that other programs read.

Numbers are rounded to what they can carry (degrees to 6 decimals, kilometres and megawatts to 3,
scores, shares and objective points to 6) so that the same plan always gives the same text; what
is not finite becomes null. Only ``wall_s`` and ``created_at`` differ between two runs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dcsite.plan.types import CriterionValue, Hub, Measure, MeasureShare, Plan

__all__ = [
    "plain",
    "plan_document",
    "plan_schema",
    "plan_to_json",
    "rounded",
    "share_document",
    "unit_decimals",
]

#: Units whose third decimal is already finer than any table here; others keep six decimals.
_COARSE_UNITS = frozenset({"km", "km2", "m", "ha", "MW", "GWh", "GWh/year", "kV", "ms"})


def unit_decimals(unit: str) -> int:
    """Return how many decimals a value of `unit` carries in files."""
    return 3 if unit in _COARSE_UNITS else 6


def rounded(value: float | None, decimals: int) -> float | None:
    """Round a number; None for what is missing or not finite, never a negative zero."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), decimals) + 0.0


def plain(value: Any) -> Any:
    """Turn a value of a scenario or of solver options into what JSON knows."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(part) for part in value), key=str)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _value(value: CriterionValue) -> dict[str, Any]:
    return {
        "criterion": value.criterion,
        "name": value.name,
        "label_en": value.label_en,
        "label_ja": value.label_ja,
        "value": rounded(value.value, unit_decimals(value.unit)),
        "unit": value.unit,
        "score": rounded(value.score, 6),
        "source": value.source,
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "criterion": measure.criterion,
        "name": measure.name,
        "label_en": measure.label_en,
        "label_ja": measure.label_ja,
        "value": rounded(measure.value, unit_decimals(measure.unit)),
        "unit": measure.unit,
        "score": rounded(measure.score, 6),
        "weight": rounded(measure.weight, 6),
    }


def _hub(hub: Hub) -> dict[str, Any]:
    substation, landing = hub.substation, hub.landing
    return {
        "site_id": hub.site_id,
        "municipality_code": hub.municipality_code,
        "name_ja": hub.name_ja,
        "name_en": hub.name_en,
        "prefecture_en": hub.prefecture_en,
        "prefecture_ja": hub.prefecture_ja,
        "area": hub.area,
        "tier": hub.tier,
        "lat_deg": rounded(hub.lat_deg, 6),
        "lon_deg": rounded(hub.lon_deg, 6),
        "uncertainty_km": rounded(hub.uncertainty_km, 3),
        "it_load_mw": rounded(hub.it_load_mw, 3),
        "substation": None
        if substation is None
        else {
            "substation_id": substation.substation_id,
            "name_ja": substation.name_ja,
            "name_en": substation.name_en,
            "voltage_kv": rounded(substation.voltage_kv, 3),
            "distance_km": rounded(substation.distance_km, 3),
            "lat_deg": rounded(substation.lat_deg, 6),
            "lon_deg": rounded(substation.lon_deg, 6),
        },
        "landing": None
        if landing is None
        else {
            "landing_id": landing.landing_id,
            "name_ja": landing.name_ja,
            "name_en": landing.name_en,
            "distance_km": rounded(landing.distance_km, 3),
            "lat_deg": rounded(landing.lat_deg, 6),
            "lon_deg": rounded(landing.lon_deg, 6),
            "cluster_id": landing.cluster_id,
        },
        "nearest_hub_km": rounded(hub.nearest_hub_km, 3),
        "nearest_hub_id": hub.nearest_hub_id,
        "renewable_share": rounded(hub.renewable_share, 6),
        "decarbonised_share": rounded(hub.decarbonised_share, 6),
        "values": [_value(value) for value in hub.values],
        "shares": [share_document(share) for share in hub.shares],
    }


def share_document(share: MeasureShare) -> dict[str, Any]:
    """Return a hub's part of a measure as plain JSON values, in objective points."""
    return {
        "criterion": share.criterion,
        "measure": share.measure,
        "label_en": share.label_en,
        "label_ja": share.label_ja,
        "points": rounded(share.points, 6),
        "plan_points": rounded(share.plan_points, 6),
    }


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain JSON values, keys in the order they are written."""
    return {
        "dcsite_version": plan.dcsite_version,
        "scenario_name": plan.scenario_name,
        "title_en": plan.title_en,
        "title_ja": plan.title_ja,
        "created_at": plan.created_at,
        "status": plan.status,
        "objective": rounded(plan.objective, 6),
        "bound": rounded(plan.bound, 6),
        "gap": rounded(plan.gap, 6),
        "gap_asked": rounded(plan.gap_asked, 6),
        "solver": plan.solver,
        "solver_version": plan.solver_version,
        "options": plain(plan.options),
        "wall_s": rounded(plan.wall_s, 3),
        "hubs": [_hub(hub) for hub in plan.hubs],
        "measures": [_measure(measure) for measure in plan.measures],
        "unserved_mw": rounded(plan.unserved_mw, 3),
        "unserved": [
            {
                "pref_code": zone.pref_code,
                "name_en": zone.name_en,
                "name_ja": zone.name_ja,
                "workload": zone.workload,
                "unserved_mw": rounded(zone.unserved_mw, 3),
            }
            for zone in plan.unserved
        ],
        "violations": [
            {
                "rule": violation.rule,
                "amount": rounded(violation.amount, unit_decimals(violation.unit)),
                "unit": violation.unit,
                "site_ids": list(violation.site_ids),
                "penalty": rounded(violation.penalty, 6),
                "message_en": violation.message_en,
                "message_ja": violation.message_ja,
            }
            for violation in plan.violations
        ],
        "backups": [
            {
                "site_id": backup.site_id,
                "backup_site_id": backup.backup_site_id,
                "both_down_30y": rounded(backup.both_down_30y, 9),
                "choices": backup.choices,
            }
            for backup in plan.backups
        ],
        "worst_disasters": [
            {
                "event_id": loss.event_id,
                "kind": loss.kind,
                "name_en": loss.name_en,
                "name_ja": loss.name_ja,
                "probability_30y": rounded(loss.probability_30y, 6),
                "probability_date": loss.probability_date,
                "share_down": rounded(loss.share_down, 6),
                "areas_lost": list(loss.areas_lost),
            }
            for loss in plan.worst_disasters
        ],
        "notes": list(plan.notes),
        "assumptions": [
            {"key": item.key, "value": plain(item.value), "why": item.why}
            for item in plan.assumptions
        ],
        "geodata": [
            {
                "table": table.table,
                "sha256": table.sha256,
                "licence": table.licence,
                "vintage": table.vintage,
                "source": table.source,
            }
            for table in plan.geodata
        ],
        "scenario": plain(plan.scenario),
    }


def plan_to_json(plan: Plan) -> str:
    """Return the text of ``plan.json``."""
    text = json.dumps(plan_document(plan), ensure_ascii=False, indent=2, allow_nan=False)
    return text + "\n"


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every ``plan.json`` meets."""
    schema: dict[str, Any] = json.loads(
        files("dcsite.outputs").joinpath("plan.schema.json").read_text(encoding="utf-8")
    )
    return schema
