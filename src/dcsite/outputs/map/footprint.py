"""Where a disaster strikes, as a layer of the map: shaken municipalities and dark areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcsite.disasters import intensity_at_offices
from dcsite.plan.stress_types import Footprint

from .encode import encode_polygons
from .palette import INTENSITIES, intensity_class
from .parts import DataLayer, Field, LayerEntry, Swatch

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.types import Plan

__all__ = ["footprint_entry", "worst_footprints"]

_LEAST_PART_DEG2 = 1.5e-4
_DARK = "#2b333a"


def footprint_entry(footprint: Footprint, atlas: Atlas, key: str = "footprint") -> LayerEntry:
    """Return the layer of one event.

    Parameters
    ----------
    footprint : Footprint
        Municipalities by intensity and areas that go dark; either may be empty.
    atlas : Atlas
        Gives polygons and names.
    key : str
        Of the layer; one of its own for each event.
    """
    places = atlas.table("municipalities")
    polygons = atlas.polygons("municipality_polygons").geometry
    shaken = [code for code in sorted(footprint.intensity) if code in polygons.index]
    outlines = encode_polygons(polygons.loc[shaken], _LEAST_PART_DEG2)
    name_ja, name_en = places["name_ja"].to_dict(), places["name_en"].to_dict()
    rows = [
        [
            intensity_class(footprint.intensity[code]),
            [name_ja[code], name_en[code], round(footprint.intensity[code], 2), None],
            outline,
        ]
        for code, outline in zip(shaken, outlines, strict=True)
    ]
    areas = atlas.table("electricity_areas")
    area_ja, area_en = areas["name_ja"].to_dict(), areas["name_en"].to_dict()
    dark = encode_polygons(
        atlas.polygons("electricity_area_polygons").geometry.loc[list(footprint.areas_lost)],
        _LEAST_PART_DEG2,
    )
    rows += [
        [len(INTENSITIES), [area_ja[area], area_en[area], None, "停電 dark"], outline]
        for area, outline in zip(footprint.areas_lost, dark, strict=True)
    ]
    layer = DataLayer(
        "areas",
        {
            "order": 2,
            "interactive": True,
            "kind": f"被害範囲 Footprint: {footprint.name_ja or footprint.name_en}",
            "source": "J-SHIS / NIED に基づく計算値 computed, not official",
            "styles": [
                *(
                    {
                        "fillColor": one.colour,
                        "fillOpacity": 0.75,
                        "color": "#8a8a7a",
                        "weight": 0.4,
                    }
                    for one in INTENSITIES
                ),
                {
                    "fillColor": _DARK,
                    "fillOpacity": 0.25,
                    "color": _DARK,
                    "weight": 2,
                    "dashArray": "6 4",
                },
            ],
            "fields": [
                Field("計算震度（役場）", "Computed intensity at the office").as_row(),
                Field("電力エリア", "Electricity area").as_row(),
            ],
            "rows": rows,
        },
    )
    legend = [Swatch("area", one.colour, one.ja, one.en) for one in INTENSITIES if shaken]
    if footprint.areas_lost:
        legend.append(Swatch("area", f"{_DARK}40", "停電エリア", "Area goes dark"))
    return LayerEntry(
        key,
        "plan",
        f"最悪の災害: {footprint.name_ja or footprint.name_en}",
        f"Worst disaster: {footprint.name_en}",
        layer,
        legend=legend,
        note_ja="計算値であり、公表値ではない。",
        note_en="Computed, not official.",
    )


def worst_footprints(plan: Plan, atlas: Atlas) -> list[Footprint]:
    """Return where a plan's worst disaster strikes, and its worst earthquake.

    A user's disaster and a lost cluster of landings have no outline among the tables: they are
    left out, and so is an earthquake that blacks out nothing and shakes no municipality by 5.0.
    """
    worst = list(plan.worst_disasters[:1])
    worst += [loss for loss in plan.worst_disasters if loss.kind == "earthquake"][:1]
    found: list[Footprint] = []
    for loss in dict.fromkeys(worst):
        shaken = intensity_at_offices(atlas, loss.event_id)
        if shaken or loss.areas_lost:
            found.append(
                Footprint(
                    loss.event_id, loss.name_en, loss.name_ja, shaken, loss.areas_lost, {}, {}
                )
            )
    return found
