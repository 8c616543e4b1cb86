"""``stress.html``: chart, tables and the worst footprint, one page that asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcsite.outputs.map.style import INTENSITIES, hub_radius_px, intensity_class, tier_style
from dcsite.outputs.page import land, outline, percent, place, render_page

from .chart import exceedance_chart
from .document import METHODS

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.stress_types import FleetHub, Footprint, StressTest


@dataclass(frozen=True)
class _DownClass:
    """Probabilities of being down from `least` up to the next class, and how hubs are drawn."""

    least: float
    ja: str
    en: str
    colour: str


#: The most likely first.
_DOWN = (
    _DownClass(0.5, "停止する見込み（50%以上）", "likely down (50 % or more)", "#1d1d1d"),
    _DownClass(0.05, "停止のおそれ（5〜50%）", "may be down (5 to 50 %)", "#7a5195"),
    _DownClass(0.0, "稼働", "stands", "#ffffff"),
)
_FLEETS = {"plan": ("計画", "this plan", "#0072b2"), "today": ("現状", "today", "#d55e00")}
_PAIRS = 15
#: Tables that the page reads besides those of the simulation.
_DRAWN = ("prefecture_polygons", "municipality_polygons", "electricity_area_polygons")

#: Kinds of event in Japanese and English.
KINDS: dict[str, tuple[str, str]] = {
    "earthquake": ("地震（揺れと停電）", "earthquakes (shaking and blackout)"),
    "area_blackout": ("エリア停電", "area blackouts"),
    "frequency_blackout": ("同一周波数系統の停電", "frequency-wide blackouts"),
    "landing_cluster": ("陸揚地域の喪失", "landing clusters lost"),
    "tokyo_lost": ("東京圏の喪失", "Tokyo area lost"),
    "user": ("利用者の災害", "a user's own"),
}


def render_stress(found: StressTest, atlas: Atlas) -> str:
    """Return the text of ``stress.html``.

    Parameters
    ----------
    found : StressTest
        What came of the simulation.
    atlas : Atlas
        For the outlines of prefectures, municipalities and electricity areas.
    """
    fleets = (found.plan, found.today)
    names = {hub.site_id: hub for fleet in fleets for hub in fleet.hubs}
    return render_page(
        "stress.html.j2",
        (*found.geodata, *map(atlas.resource, _DRAWN)),
        found=found,
        fleets=fleets,
        labels=_FLEETS,
        kinds=KINDS,
        names=names,
        pairs={fleet.name: [p for p in fleet.pairs if p.per_year.value > 0][:_PAIRS]
               for fleet in fleets},
        chart=exceedance_chart(fleets, found.years),
        maps=[_map(one, found, atlas) for one in found.footprints],
        land=land(atlas),
        classes=INTENSITIES,
        down_classes=_DOWN,
        methods=METHODS,
        assumptions=[value for _, value in found.assumptions],
        tier=tier_style,
    )  # fmt: skip


def _map(one: Footprint, found: StressTest, atlas: Atlas) -> dict[str, Any]:
    """Return what the page draws of one footprint: polygons by class, dark areas, hubs."""
    places = atlas.table("municipalities")
    name_ja, name_en = places["name_ja"].to_dict(), places["name_en"].to_dict()
    polygons = atlas.polygons("municipality_polygons").geometry
    shaken = [
        {
            "path": outline(polygons.loc[code]),
            "colour": INTENSITIES[intensity_class(value)].colour,
            "title": f"{name_ja[code]} {name_en[code]} {value:.2f}",
        }
        for code, value in sorted(one.intensity.items())
        if code in polygons.index
    ]
    areas = atlas.polygons("electricity_area_polygons").geometry
    named = atlas.table("electricity_areas")
    area_ja, area_en = named["name_ja"].to_dict(), named["name_en"].to_dict()
    dark = [
        {
            "path": outline(areas.loc[area]),
            "title": f"停電 Dark: {area_ja[area]} {area_en[area]}",
        }
        for area in one.areas_lost
    ]
    return {
        "event": one,
        "shaken": shaken,
        "dark": dark,
        "hubs": [_mark(hub, one.plan[hub.site_id]) for hub in found.plan.hubs],
    }


def _mark(hub: FleetHub, down: float) -> dict[str, Any]:
    x, y = place(hub.lon_deg, hub.lat_deg)
    return {
        "x": x,
        "y": y,
        "r": round(1.2 * hub_radius_px(hub.it_load_mw), 1),
        "colour": next(group.colour for group in _DOWN if down >= group.least),
        "edge": tier_style(hub.tier).colour,
        "title": f"{hub.name_ja} {hub.name_en} {hub.it_load_mw:.0f} MW: {percent(down)}",
    }
