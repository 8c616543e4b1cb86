"""The exceedance curves as paths of an SVG: capacity down at once against probability per year."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.studies.stress_types import Exceedance, FleetResult

#: Picture and the frame of the curves in it, in pixels.
WIDTH, HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 560.0, 15.0, 345.0


@dataclass(frozen=True)
class Tick:
    """A line of the grid: where, and what stands at either end of it."""

    at: float
    label: str
    other: str = ""


@dataclass(frozen=True)
class Curve:
    """One fleet: the curve, and the area of its interval; empty where nothing was ever down."""

    name: str
    line: str
    band: str


@dataclass(frozen=True)
class Chart:
    """What the page draws; the frame is ``left, right, top, bottom``."""

    width: int
    height: int
    frame: tuple[float, float, float, float]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    curves: tuple[Curve, ...]


def exceedance_chart(fleets: Sequence[FleetResult], years: int) -> Chart:
    """Draw fleets over one logarithmic scale, from one in `years` years up.

    Parameters
    ----------
    fleets : sequence of FleetResult
        Their curves.
    years : int
        Length of the simulation: no rarer probability can be seen.
    """
    lowest = min(math.floor(math.log10(1.0 / years) + 1e-9), -1)
    scale = _Scale(lowest)
    decades = range(lowest, 1)
    return Chart(
        WIDTH,
        HEIGHT,
        (_LEFT, _RIGHT, _TOP, _BOTTOM),
        tuple(Tick(scale.x(percent), f"{percent} %") for percent in range(0, 101, 20)),
        tuple(
            Tick(scale.y(10.0**power), f"{10.0**power * 100:.10g} %", f"1/{10**-power:,}")
            for power in decades
        ),
        tuple(
            Curve(one.name, _line(one.exceedance, scale), _band(one.exceedance, scale))
            for one in fleets
        ),
    )


class _Scale:
    def __init__(self, lowest: int) -> None:
        self._lowest = lowest

    def x(self, percent: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * percent / 100.0, 1)

    def y(self, probability: float) -> float:
        power = max(math.log10(probability), self._lowest) if probability > 0 else self._lowest
        return round(_TOP + (_BOTTOM - _TOP) * power / self._lowest, 1)


def _line(points: Sequence[Exceedance], scale: _Scale) -> str:
    """Return steps: a probability holds from the per cent before up to its own."""
    seen = [point for point in points if point.per_year.value > 0.0]
    steps = [_step(point, point.per_year.value, scale) for point in seen]
    return "M" + "L".join(steps) if steps else ""


def _band(points: Sequence[Exceedance], scale: _Scale) -> str:
    seen = [point for point in points if point.per_year.value > 0.0]
    if not seen:
        return ""
    upper = [_step(point, point.per_year.high or 0.0, scale) for point in seen]
    lower = [_step(point, point.per_year.low or 0.0, scale, back=True) for point in reversed(seen)]
    return "M" + "L".join((*upper, *lower)) + "Z"


def _step(point: Exceedance, probability: float, scale: _Scale, *, back: bool = False) -> str:
    percent = round(point.share * 100.0)
    ends = [f"{scale.x(at):g} {scale.y(probability):g}" for at in (percent - 1, percent)]
    return "L".join(reversed(ends) if back else ends)
