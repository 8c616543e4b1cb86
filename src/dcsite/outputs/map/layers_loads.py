"""What the plan puts on the power system: painted on the map, and in lines of panel and pop-ups.

A part of the system that no hub draws on is not painted. What nobody published is "not known".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dcsite.contract import load_mw

from .encode import encode_polygons, number
from .layer import Layer, Swatch, drawing
from .style import about, quantity, ramp_colour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcsite.atlas import Atlas
    from dcsite.contract import AddedLoad
    from dcsite.plan.types import Plan

#: What each kind of part is called.
PARTS = {
    "area": ("電力エリア", "Electricity area"),
    "prefecture": ("都道府県", "Prefecture"),
    "connection": ("接続点（変電所）", "Connection point (substation)"),
}
_SHARE = "share"
#: Painted kinds: their polygons, and the shares that a pop-up tells beside the one painted.
_PAINTED = {
    "area": ("electricity_area_polygons", ("peak_share", "最大需要に対する比", "Of today's peak")),
    "prefecture": (
        "prefecture_polygons",
        ("special_high_voltage_share", "特別高圧の需要に対する比", "Of special high voltage"),
    ),
}


def load_layers(plan: Plan, atlas: Atlas) -> list[Layer]:
    """Return areas and prefectures painted by the hubs' energy over what is used there today."""
    layers = []
    for part, (table, (further, ja, en)) in _PAINTED.items():
        polygons = atlas.polygons(table).geometry
        own = [one for one in plan.loads if one.part == part and one.key in polygons.index]
        if not own:
            continue
        outlines = encode_polygons(polygons.loc[[one.key for one in own]])
        shares = [one.energy_share for one in own]
        full = max([0.0, *(one for one in shares if math.isfinite(one))])
        layers.append(
            drawing(
                "load",
                [[n, [one.name_ja, one.name_en, number(share), number(getattr(one, further)),
                      about(one.grid_mw), one.known_ja or one.known_en], outline]
                 for n, (one, share, outline)
                 in enumerate(zip(own, shares, outlines, strict=True))],
                _painted(shares, full), key=f"load-{part}", legend=_ramp(full, _SHARE),
                ja=PARTS[part][0], en=PARTS[part][1], of_ja=ja, of_en=en,
            )
        )  # fmt: skip
    return layers


def area_figure_layers(plan: Plan, atlas: Atlas) -> list[Layer]:
    """Return each of a plan's figures by electricity area, painted over the areas."""
    polygons = atlas.polygons("electricity_area_polygons").geometry
    outlines = dict(zip(polygons.index, encode_polygons(polygons), strict=True))
    names = atlas.table("electricity_areas")[["name_ja", "name_en"]]
    layers: list[Layer] = []
    for name in dict.fromkeys(figure.name for figure in plan.areas):
        own = [one for one in plan.areas if one.name == name and one.area in outlines]
        said = own[0]
        full = float(np.nanmax([*(one.value for one in own), said.limit, 0.0]))
        figures = [
            [one if math.isfinite(one) else None for one in (one.value, one.limit)] for one in own
        ]
        layers.append(
            drawing(
                "area-figures",
                [[n, [*names.loc[one.area], *told], outlines[one.area]]
                 for n, (one, told) in enumerate(zip(own, figures, strict=True))],
                _painted([one.value for one in own], full),
                key=f"area-{name}", legend=_ramp(full, said.unit),
                ja=said.label_ja, en=said.label_en, unit=said.unit, source=said.source,
            )
        )  # fmt: skip
    return layers


def _painted(values: Iterable[float], full: float) -> list[dict[str, Any]]:
    """Return styles of areas by their values, of which the darkest is `full`; grey is not known."""
    return [
        {"fillColor": ramp_colour(value / full if full else math.nan), "fillOpacity": 0.6,
         "color": "#2b333a", "weight": 1}
        for value in values
    ]  # fmt: skip


def _ramp(full: float, unit: str) -> list[Swatch]:
    """Return the legend of such areas."""
    return [
        Swatch("area", ramp_colour(part), quantity(part * full, unit)) for part in (0.0, 0.5, 1.0)
    ]


def load_cells(one: AddedLoad) -> dict[tuple[str, str], str]:
    """Return what a part of the system is given and what is there, by Japanese and English head."""
    cells = {
        ("受電 MW", "at grid"): load_mw(one.grid_mw),
        ("予備 MW", "reserve"): load_mw(one.reserve_grid_mw),
    }
    if one.part == "connection":
        return cells | {
            ("容量 MW", "bears"): _known(one.capacity_mw, ""),
            ("利用率", "used"): _known(one.capacity_share, _SHARE),
        }
    cells |= {
        ("年 TWh", "a year"): f"{one.energy_gwh / 1000.0:,.2f}",
        ("需要比", "of demand"): _known(one.energy_share, _SHARE),
    }
    if one.part == "prefecture":
        return cells | {
            ("特別高圧比", "of special h. v."): _known(one.special_high_voltage_share, _SHARE)
        }
    return cells | {
        ("最大比", "of peak"): _known(one.peak_share, _SHARE),
        ("申込 MW", "queue"): _known(one.applications_mw, ""),
    }


def loads_by_part(plan: Plan, site_id: str | None = None) -> list[dict[str, Any]]:
    """Return what each part of the system is given, or what a hub's own parts are."""
    return [
        {
            "names": names,
            "loads": [
                (one, " ".join(dict.fromkeys(filter(None, (one.name_ja, one.name_en)))) or one.key,
                 load_cells(one))
                for one in plan.loads
                if one.part == part and (site_id is None or site_id in one.site_ids)
            ],
        }
        for part, names in PARTS.items()
    ]  # fmt: skip


def _known(value: float, unit: str) -> str:
    return quantity(value, unit) if math.isfinite(value) else "不明"
