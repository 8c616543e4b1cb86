"""What hubs are worth as JSON: ``explanation.json``, and what ``dcsite explain --json`` prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .plan_json import rounded, share_document

if TYPE_CHECKING:
    from dcsite.plan.explanation import Explanation, HubExplanation, PlaceExplanation

__all__ = [
    "explanation_document",
    "explanation_schema",
    "explanation_to_json",
    "place_document",
]


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain JSON values, objective points with 6 decimals.

    ``cost`` is null where it was not computed; its ``high`` where no plan without the hub was
    found in time; both ends where none exists (``possible`` is then false).
    """
    return {
        "scenario_name": explanation.scenario_name,
        "objective": rounded(explanation.objective, 6),
        "best_known": rounded(explanation.best_known, 6),
        "bound": rounded(explanation.bound, 6),
        "gap_asked": rounded(explanation.gap_asked, 6),
        "hubs": [_hub(hub) for hub in explanation.hubs],
    }


def place_document(place: PlaceExplanation) -> dict[str, Any]:
    """Return what is said of a place that is no hub as plain JSON values."""
    document: dict[str, Any] = _rounded(asdict(place))
    return document


def explanation_to_json(explanation: Explanation) -> str:
    """Return the text of ``explanation.json``."""
    document = explanation_document(explanation)
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def explanation_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every ``explanation.json`` meets."""
    schema: dict[str, Any] = json.loads(
        files("dcsite.outputs").joinpath("explanation.schema.json").read_text(encoding="utf-8")
    )
    return schema


def _hub(hub: HubExplanation) -> dict[str, Any]:
    document: dict[str, Any] = _rounded(asdict(hub))
    return {**document, "shares": [share_document(share) for share in hub.shares]}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return rounded(value, 6) if isinstance(value, float) else value
