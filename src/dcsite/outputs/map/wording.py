"""How numbers and units are written for people, in the panel and in pop-ups."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["assumed", "decimals", "quantity", "score"]

_UNITS = {
    "ratio": "",
    "GWh/year": "GWh/年 yr",
    "directions": "方面 directions",
    "direction": "方面 directions",
    "hub": "拠点 hubs",
    "hubs": "拠点 hubs",
    "region": "地域 regions",
    "regions": "地域 regions",
    "times": "回 times",
    "score": "",
}
_ONE_DECIMAL = frozenset({"km", "MW", "GWh", "GWh/year", "ha", "ms"})


def quantity(value: float | None, unit: str) -> str:
    """Write a value with its unit; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "share":
        return f"{value * 100:,.1f} %"
    if float(value).is_integer():
        text = f"{value:,.0f}"
    elif unit in _ONE_DECIMAL:
        text = f"{value:,.1f}"
    else:
        text = f"{value:,.4g}"
    return f"{text} {_UNITS.get(unit, unit)}".strip()


def decimals(value: float | None, digits: int) -> str:
    """Write a plain number with a fixed count of decimals."""
    return "–" if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"


def score(value: float | None) -> str:
    """Write a score on 0..1; empty where the value is only reported."""
    return "" if value is None or not math.isfinite(value) else f"{value:.3f}"


def assumed(value: Any) -> str:
    """Write an assumed value as it stands in a scenario file."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
