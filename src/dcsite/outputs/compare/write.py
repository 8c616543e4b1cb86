"""Write compare.json and compare.html, both or neither."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dcsite
from dcsite.outputs import atomic
from dcsite.records import rounded, unit_decimals
from dcsite.scenario import as_dict

from .page import render_comparison

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.criteria import Measure
    from dcsite.studies.compare import ComparedPlan, Comparison, Difference

#: Everything the folder holds; one that holds anything else is not ours to replace.
COMPARE_FILES = ("compare.json", "compare.html")


@dataclass(frozen=True)
class ComparePaths:
    """Where the files lie."""

    directory: Path
    json: Path
    html: Path


def check_compare_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_comparison` could not write `directory`."""
    atomic.check_directory(directory, COMPARE_FILES)


def write_comparison(found: Comparison, atlas: Atlas, directory: Path) -> ComparePaths:
    """Write a comparison.

    Parameters
    ----------
    found : Comparison
        Plans side by side.
    atlas : Atlas
        Gives the map's ground.
    directory : Path
        Made, or replaced if it holds a comparison and nothing else.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    with atomic.replacing_directory(directory, COMPARE_FILES) as staging:
        for name, text in (
            ("compare.json", comparison_json(found, atlas)),
            ("compare.html", render_comparison(found, atlas)),
        ):
            atomic.write_text(staging / name, text)
    return ComparePaths(directory, *(directory / name for name in COMPARE_FILES))


def comparison_json(found: Comparison, atlas: Atlas) -> str:
    """Return a comparison as JSON; the same for the same plans."""
    document = {
        "dcsite_version": dcsite.__version__,
        "measured_by": found.scenario.name,
        "plans": [_plan(plan) for plan in found.plans],
        "against_first": [
            {
                "label": plan.contender.label,
                "hubs_given_up": list(found.moved(plan)[0]),
                "hubs_elsewhere": list(found.moved(plan)[1]),
                "gains": [_difference(one) for one in found.gains(plan)],
                "costs": [_difference(one) for one in found.costs(plan)],
            }
            for plan in found.plans[1:]
        ],
        "assumptions": [
            {"key": record.key, "value": record.value, "why": record.why}
            for record in found.scenario.assumptions()
        ],
        "geodata": [
            {"table": used.name, "sha256": used.sha256, "licence": used.licence}
            for used in sorted(atlas.tables_used(), key=lambda used: used.name)
        ],
        "scenario": as_dict(found.scenario),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False, default=str) + "\n"


def _plan(plan: ComparedPlan) -> dict[str, Any]:
    contender = plan.contender
    return {
        "label": contender.label,
        "title_en": contender.title_en,
        "title_ja": contender.title_ja,
        "note_en": contender.note_en,
        "note_ja": contender.note_ja,
        "points": rounded(plan.points, 6),
        "unserved_mw": rounded(plan.unserved_mw, 3),
        "hubs": [
            {
                "site_id": str(site),
                "name_ja": str(hub["name_ja"]),
                "name_en": hub["name_en"] if isinstance(hub["name_en"], str) else None,
                "tier": str(hub["tier"]),
                "it_load_mw": rounded(float(hub["it_load_mw"]), 3),
                "lat_deg": rounded(float(hub["lat_deg"]), 5),
                "lon_deg": rounded(float(hub["lon_deg"]), 5),
            }
            for site, hub in contender.hubs.iterrows()
        ],
        "measures": [
            {
                "criterion": one.criterion,
                "name": one.name,
                "label_en": one.label_en,
                "label_ja": one.label_ja,
                "value": rounded(one.value, unit_decimals(one.unit)),
                "unit": one.unit,
                "score": rounded(one.score, 6),
                "weight": rounded(one.weight, 6),
            }
            for one in plan.measures
        ],
        "broken_rules": [
            {
                "rule": breach.rule,
                "amount": rounded(breach.amount, 6),
                "site_ids": list(breach.site_ids),
                "message_en": breach.message_en,
                "message_ja": breach.message_ja,
            }
            for breach in plan.breaches
        ],
        "backups": [
            {"site_id": one.site_id, "backup_site_id": one.backup_site_id} for one in plan.backups
        ],
    }


def _difference(one: Difference) -> dict[str, Any]:
    def value(measure: Measure) -> float | None:
        return rounded(measure.value, unit_decimals(measure.unit))

    return {
        "measure": one.measure.name,
        "unit": one.measure.unit,
        "before": value(one.before),
        "after": value(one.measure),
        "points": rounded(one.points, 6),
    }
