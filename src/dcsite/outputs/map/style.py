"""How things look and read: colours, sizes and classes of the map; numbers and units for people.

Colours are told apart by colour-blind readers too: tiers use three of Okabe and Ito's palette, and
differ in size as well. Voltages run from light to dark along a perceptually even ramp, scores along
ColorBrewer's YlGnBu, and hazards in classes of its ramps, whose order of lightness every reader
sees.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from dcsite.contract import TIER_TITLES, YEN, load_mw, yen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dcsite.contract import HeatMap
    from dcsite.plan.types import Hub


@dataclass(frozen=True)
class Tier:
    """How a tier is named and drawn."""

    name: str
    ja: str
    en: str
    colour: str


@dataclass(frozen=True)
class VoltageClass:
    """Voltages from `least_kv` up to the next class, and how they are drawn."""

    least_kv: float
    label: str
    colour: str
    radius_px: float
    weight_px: float


class ValueClass(NamedTuple):
    """Values from `least` up to the next class, how they are called and painted."""

    least: float
    ja: str
    en: str
    colour: str


_TIER_COLOURS = {"core": "#d55e00", "large": "#0072b2", "regional": "#009e73"}
TIERS: tuple[Tier, ...] = tuple(
    Tier(name, ja, en, _TIER_COLOURS[name]) for name, (en, ja) in TIER_TITLES.items()
)

VOLTAGES: tuple[VoltageClass, ...] = (
    VoltageClass(500.0, "500 kV", "#3b0f70", 4.5, 2.4),
    VoltageClass(250.0, "250–275 kV", "#8c2981", 3.6, 1.7),
    VoltageClass(187.0, "187–220 kV", "#de4968", 3.2, 1.4),
    VoltageClass(100.0, "100–154 kV", "#f58860", 2.6, 1.0),
    VoltageClass(0.0, "60–77 kV", "#b9a07c", 1.8, 0.7),
)

#: JMA intensities, the strongest first; ColorBrewer's YlOrRd.
INTENSITIES = (
    ValueClass(6.5, "震度7", "7", "#800026"),
    ValueClass(6.0, "震度6強", "6-upper", "#e31a1c"),
    ValueClass(5.5, "震度6弱", "6-lower", "#fd8d3c"),
    ValueClass(5.0, "震度5強", "5-upper", "#fed976"),
    ValueClass(0.0, "震度5弱以下", "5-lower or less", "#ffffcc"),
)

#: Scores 0, 0.25, 0.5, 0.75 and 1; between them colours are mixed.
SCORE_RAMP: tuple[str, ...] = ("#ffffd9", "#c7e9b4", "#41b6c4", "#225ea8", "#081d58")

#: A municipality that a table says nothing of.
HAZARD_ABSENT = "#e3e5e6"
#: Grey hatch of what is not known; the page's script and its list of layers draw it.
HATCH = "url(#dc-hatch)"

#: What is short by less is a rounding of the solver.
LEAST_MW = 0.05

_OTHER_TIER = "#6b5b95"


def tier_style(name: str) -> Tier:
    """Return how a tier is drawn; one that is not known here keeps its own name."""
    return next((tier for tier in TIERS if tier.name == name), Tier(name, name, name, _OTHER_TIER))


def tiers_of(hubs: Iterable[Hub]) -> list[str]:
    """Return the tiers in their order, and after them those of hubs that are none of ours."""
    known = list(TIER_TITLES)
    return known + sorted({hub.tier for hub in hubs}.difference(known))


def at_offices(hubs: Iterable[Hub]) -> bool:
    """Tell whether hubs stand for municipalities, and not for places of a user's own."""
    return all(hub.site_id == hub.municipality_code for hub in hubs)


def largest_first(hubs: Collection[Hub]) -> list[Hub]:
    """Return hubs tier by tier, the largest first."""
    tiers = tiers_of(hubs)
    return sorted(hubs, key=lambda hub: (tiers.index(hub.tier), -hub.it_load_mw, hub.site_id))


def voltage_class(voltage_kv: float) -> int:
    """Return the position in :data:`VOLTAGES` of the class a voltage belongs to."""
    return next(n for n, group in enumerate(VOLTAGES) if voltage_kv >= group.least_kv)


def intensity_class(intensity: float) -> int:
    """Return the position in :data:`INTENSITIES` of the class an intensity belongs to."""
    weakest = len(INTENSITIES) - 1
    return next((n for n, group in enumerate(INTENSITIES) if intensity >= group.least), weakest)


#: Parts of a whole, in the order they stand; Okabe and Ito's palette.
_PARTS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")


def part_colour(number: int) -> str:
    """Return the colour of a part of a whole by its place in it."""
    return _PARTS[number % len(_PARTS)]


def ramp_colour(score: float) -> str:
    """Return the colour of a score on 0..1, mixed between those of :data:`SCORE_RAMP`."""
    if not math.isfinite(score):
        return HAZARD_ABSENT
    place = min(max(score, 0.0), 1.0) * (len(SCORE_RAMP) - 1)
    left = min(int(place), len(SCORE_RAMP) - 2)
    ends = [[int(one[n : n + 2], 16) for n in (1, 3, 5)] for one in SCORE_RAMP[left : left + 2]]
    mixed = (round(a + (b - a) * (place - left)) for a, b in zip(*ends, strict=True))
    return f"#{''.join(f'{part:02x}' for part in mixed)}"


def most(chart: HeatMap) -> float:
    """Return what a chart's darkest colour stands for: all of a share, else its largest value."""
    known = [value for row in chart.values for value in row if math.isfinite(value)]
    return 1.0 if chart.unit == "share" else max(known, default=0.0)


def steps(row: Sequence[float], full: float) -> str:
    """Return a row of a heat map as a background: a step of colour for each of its values."""
    width = 100.0 / len(row)
    colours = [ramp_colour(value / full if full > 0.0 else 0.0) for value in row]
    stops = [f"{colour} 0 {width * (n + 1):.4g}%" for n, colour in enumerate(colours)]
    return f"linear-gradient(90deg,{','.join(stops)})"


def hub_radius_px(it_load_mw: float) -> float:
    """Return a circle's radius: its area grows with the load, with a floor to be seen at all."""
    return round(max(5.0, math.sqrt(max(it_load_mw, 0.0))), 1)


#: Units that read otherwise in Japanese and in English; of each the Japanese first.
_UNITS = {
    "ratio": ("", ""),
    "GWh/year": ("GWh/年", "GWh/yr"),
    "directions": ("方面", "directions"),
    "direction": ("方面", "directions"),
    "hub": ("拠点", "hubs"),
    "hubs": ("拠点", "hubs"),
    "region": ("地域", "regions"),
    "regions": ("地域", "regions"),
    "times": ("回", "times"),
    "score": ("", ""),
}
_ONE_DECIMAL = frozenset({"km", "MW", "GWh", "GWh/year", "ha", "ms"})


def quantity(value: float | None, unit: str, language: str = "") -> str:
    """Write a value with its unit, in Japanese (``ja``), in English (``en``) or for both readers.

    An en dash where there is none.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "share":
        return "<0.1 %" if 0.0 < value < 0.0005 else f"{value * 100:,.1f} %"
    units = _UNITS.get(unit, (unit, unit))
    if unit == YEN:
        return yen(value, language)
    named = units[language == "en"] if language else " ".join(dict.fromkeys(units))
    return f"{_amount(value, unit)} {named}".strip()


def _amount(value: float, unit: str) -> str:
    if unit == "MW" and not float(value).is_integer():  # what a source states is whole
        return load_mw(value)
    if float(value).is_integer():
        return f"{value:,.0f}"
    if unit in _ONE_DECIMAL:
        return f"{value:,.1f}"
    return f"{value:,.4g}"


def about(it_load_mw: float) -> str:
    """Write a hub's load, to 5 MW."""
    return f"約 about {load_mw(it_load_mw)} MW"


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
