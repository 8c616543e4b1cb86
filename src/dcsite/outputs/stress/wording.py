"""How figures of a stress test are written, for the page and the terminal alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcsite.studies.stress_types import Estimate

#: Kinds of event in Japanese and English.
KINDS: dict[str, tuple[str, str]] = {
    "earthquake": ("地震（揺れと停電）", "earthquakes (shaking and blackout)"),
    "area_blackout": ("エリア停電", "area blackouts"),
    "frequency_blackout": ("同一周波数系統の停電", "frequency-wide blackouts"),
    "landing_cluster": ("陸揚地域の喪失", "landing clusters lost"),
    "tokyo_lost": ("東京圏の喪失", "Tokyo area lost"),
    "user": ("利用者の災害", "a user's own"),
}


def percent(value: float | None) -> str:
    """Write a share in per cent with two or three digits that mean something."""
    if value is None:
        return "–"
    share = value * 100.0
    if share == 0.0:
        return "0 %"
    return f"{share:.0f} %" if share >= 99.95 else f"{share:.3g} %"


def chance(value: float) -> str:
    """Write a probability of which less than a thousandth is as good as none."""
    return "< 0.1 %" if 0.0 < value < 0.001 else percent(value)


def amount(value: float | None) -> str:
    """Write an amount with three digits that mean something."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def interval(estimate: Estimate, *, share: bool = True) -> str:
    """Write the two ends of an interval; a dash where there is none."""
    write = percent if share else amount
    return "–" if estimate.low is None else f"{write(estimate.low)} – {write(estimate.high)}"
