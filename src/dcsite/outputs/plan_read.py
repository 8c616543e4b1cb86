"""A plan from the text of its plan.json: the other way round of :mod:`.plan_json`.

The map is drawn from what this gives, when a plan is written as well as when its map is drawn
again later: so the same plan.json always gives the same map.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from dcsite.errors import OutputError, Problem
from dcsite.plan.types import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["plan_from_json"]

#: What null stands for: plan_json writes it where a number is not finite.
_NULL = {
    "bound": math.inf,
    "gap": math.inf,
    "wall_s": math.nan,
    "value": math.nan,
    "uncertainty_km": math.nan,
    "nearest_hub_km": math.inf,
    "renewable_share": math.nan,
    "decarbonised_share": math.nan,
}
_LISTED = 5


def plan_from_json(text: str, where: str = "plan.json") -> Plan:
    """Return the plan that a ``plan.json`` holds, with the decimals it carries.

    Parameters
    ----------
    text : str
        The file's text.
    where : str
        What to call the file in errors.

    Raises
    ------
    OutputError
        With one problem for each field that is not as dcsite writes it.
    """
    try:
        document = json.loads(text)
        filled = {
            **_filled(document),
            "hubs": [{**_filled(hub), "values": _all(hub["values"])} for hub in document["hubs"]],
            "measures": _all(document["measures"]),
        }
    except (json.JSONDecodeError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise OutputError(
            Problem(where, "", f"is no plan.json of this dcsite ({error}); solve again")
        ) from error
    try:
        return TypeAdapter(Plan).validate_python(filled)
    except ValidationError as error:
        raise OutputError(
            Problem(
                where,
                ".".join(map(str, fault["loc"])),
                f"{fault['msg'][:1].lower()}{fault['msg'][1:]}; the plan was edited or written by "
                "another version of dcsite, solve the scenario again",
            )
            for fault in error.errors()[:_LISTED]
        ) from error


def _all(records: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_filled(record) for record in records]


def _filled(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _NULL[key] if value is None and key in _NULL else value
        for key, value in record.items()
    }
