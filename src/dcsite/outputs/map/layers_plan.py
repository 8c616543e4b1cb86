"""The plan on the map: hubs, links, existing cores, its worst disasters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import folium
import numpy as np
import shapely

from dcsite.contract import link_kinds, load_mw
from dcsite.hazards import intensity_at_offices

from .encode import encode_polygons, html_fragment
from .layer import Layer, Swatch, add, drawing, listed, rows, svg_group
from .layers_takeover import carried_loads, carrying_lines, named_ends, of_hubs
from .popup import hub_popup
from .style import (
    INTENSITIES,
    TIERS,
    hub_radius_px,
    intensity_class,
    largest_first,
    tier_style,
    tiers_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.schedule import Schedule, YearLoad
    from dcsite.plan.types import Hub, Plan

LINK_PANE, CORE_PANE, HUB_PANE = "dc-links", "dc-cores", "dc-hubs"
#: Untyped in Folium.
_POLYLINE: Any = folium.PolyLine
_POLYGON: Any = folium.Polygon
#: Colour, width in pixels and dashes of the links, kind by kind; further kinds begin anew.
_LINK_STYLES = (("#3b0f70", 2.2, None), ("#00798c", 1.2, "5 4"), ("#9c4a00", 1.2, "2 4"),
                ("#c2006b", 1.2, "8 4"))  # fmt: skip
_EXISTING_COLOUR = "#2b333a"
_DARK = "#2b333a"
#: Shares of customers cut off from which an area is drawn in the next darker shade.
_CUT_OFF = (0.6, 0.3, 0.1, 0.01)


class Footprint(NamedTuple):
    """Where an event strikes: intensity by municipality, and the share of each area cut off."""

    name_en: str
    name_ja: str
    intensity: Mapping[str, float]
    areas_dark: Mapping[str, float]
    title_ja: str = "最悪の災害"
    title_en: str = "Worst disaster"


@dataclass(frozen=True)
class HubMarker:
    """A drawn hub: its marker, and what the page's script needs beside it.

    `of` is its number in the plan, by which the script finds what is drawn of it; `loads` is what
    it carries year by year, from the year in which it opens.
    """

    hub: Hub
    marker: folium.CircleMarker
    of: int = 0
    loads: Sequence[YearLoad] = ()

    def as_config(self) -> dict[str, Any]:
        """Return what the page's script reads."""
        hub = self.hub
        return {
            "layer": self.marker.get_name(),
            "name": f"{hub.name_ja} {hub.name_en or ''}",
            "label": f"{hub.name_ja} {hub.name_en or ''} 約{load_mw(hub.it_load_mw)} MW",
            "first": hub.tier == TIERS[0].name,
            "of": self.of,
            "years": [
                [one.year, load_mw(one.it_load_mw), hub_radius_px(one.it_load_mw)]
                for one in self.loads
            ],
            "uncertainty_km": hub.uncertainty_km if hub.uncertainty_km > 0 else None,
        }


def _circle(
    where: tuple[float, float], pane: str, style: dict[str, Any], popup: str, label: dict[str, Any]
) -> folium.CircleMarker:
    """Return a circle with a pop-up and a name that always stands beside it."""
    marker = folium.CircleMarker(where, fill=True, fill_opacity=1, pane=pane, **style)
    size: Any = {"max_width": 400, "max_height": 460} if pane == HUB_PANE else {"max_width": 340}
    add(marker, folium.Popup(popup, class_name="dc-popup", **size))
    name = html_fragment("label.html.j2", text=label.pop("text"))
    add(marker, folium.Tooltip(name, sticky=False, permanent=True, opacity=1, **label))
    return marker


def hub_layers(
    plan: Plan,
    atlas: Atlas,
    explanation: Explanation | None = None,
    schedule: Schedule | None = None,
) -> tuple[list[Layer], list[HubMarker]]:
    """Return one layer of hubs per tier, and the markers, the most important first."""
    by_year = {one.site_id: one.loads for one in schedule.hubs} if schedule else {}
    of = {hub.site_id: number for number, hub in enumerate(plan.hubs)}
    areas = atlas.table("electricity_areas")
    names = {site: end.both for site, end in named_ends(plan, atlas).items()}
    layers: list[Layer] = []
    markers: list[HubMarker] = []
    for tier in tiers_of(plan.hubs):
        style = tier_style(tier)
        known = style.name if style in TIERS else "other"
        own = [hub for hub in largest_first(plan.hubs) if hub.tier == tier]
        drawn: list[HubMarker] = []
        for hub in own:
            radius, loads = hub_radius_px(hub.it_load_mw), by_year.get(hub.site_id, ())
            area = (hub.area, hub.area)
            if hub.area in areas.index:
                area = tuple(areas.loc[hub.area, ["name_ja", "name_en"]])
            marker = _circle(
                (hub.lat_deg, hub.lon_deg), HUB_PANE,
                {"radius": radius, "color": "#ffffff", "weight": 2, "opacity": 1,
                 "fill_color": style.colour,
                 "class_name": f"dc-hub dc-hub-{known} {of_hubs(plan, hub.site_id)}"},
                hub_popup(hub, area, names, explanation, plan, loads),
                {"text": hub.name_ja, "direction": "right", "offset": [round(radius), 0],
                 "class_name": f"dc-label dc-label-{'core' if tier == 'core' else 'other'}"},
            )  # fmt: skip
            drawn.append(HubMarker(hub, marker, of[hub.site_id], loads))
        markers += drawn
        group = svg_group(f"hubs-{tier}", HUB_PANE, (one.marker for one in drawn))
        legend = [Swatch("dot", style.colour, size=12)]
        layers.append(
            listed(
                "hubs", group, key=f"hubs-{tier}", shown=True, legend=legend,
                ja=style.ja, en=style.en, count=len(own),
            )
        )  # fmt: skip
    return layers, markers


def core_layer(plan: Plan, atlas: Atlas) -> tuple[Layer, list[str]]:
    """Return the existing cores, at their prefectural offices, and their markers' names."""
    names = {site: end.both for site, end in named_ends(plan, atlas).items()}
    loads = {one.takeover.site_id: one for one in carried_loads(plan)}
    markers = [
        _circle(
            (core.lat_deg, core.lon_deg), CORE_PANE,
            {"radius": 9, "color": _EXISTING_COLOUR, "weight": 4, "fill_color": "#ffffff",
             "class_name": "dc-core"},
            html_fragment(
                "popup_core.html.j2", core=core, load=loads.get(str(core.Index)),
                lines=carrying_lines(plan, names, str(core.Index)),
            ),
            {"text": core.name_ja, "direction": "left", "offset": [-10, 0],
             "class_name": "dc-label dc-label-existing"},
        )
        for core in rows(atlas.existing_cores())
    ]  # fmt: skip
    layer = listed("cores", svg_group("cores", CORE_PANE, markers), shown=True)
    return layer, [marker.get_name() for marker in markers]


def link_layers(plan: Plan) -> list[Layer]:
    """Return straight links from each hub, one layer for each kind of link."""
    layers: list[Layer] = []
    for (key, kind), (colour, width, dashes) in zip(
        link_kinds().items(), cycle(_LINK_STYLES), strict=False
    ):
        lines = [
            _POLYLINE(
                [(hub.lat_deg, hub.lon_deg), (end.lat_deg, end.lon_deg)],
                color=colour, opacity=0.7, pane=LINK_PANE, interactive=False,
                weight=width, dash_array=dashes,
                class_name=f"dc-link {of_hubs(plan, hub.site_id)}",
            )
            for hub in plan.hubs
            if (end := hub.links.get(key)) is not None
        ]  # fmt: skip
        if not lines:
            continue
        layers.append(
            listed(
                "links", svg_group(f"links-{key}", LINK_PANE, lines),
                key=f"links-{key}", shown=True,
                legend=[Swatch("dash" if dashes else "line", colour, size=2)],
                ja=kind.end_ja, en=kind.end_en.lower(),
            )
        )  # fmt: skip
    return layers


def footprint_layer(footprint: Footprint, atlas: Atlas, key: str = "footprint") -> Layer:
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
    places, areas = atlas.table("municipalities"), atlas.table("electricity_areas")
    polygons = atlas.polygons("municipality_polygons").geometry
    area_polygons = atlas.polygons("electricity_area_polygons").geometry
    shaken = [code for code in sorted(footprint.intensity) if code in polygons.index]
    dark = footprint.areas_dark
    struck = [
        [intensity_class(footprint.intensity[code]),
         [*places.loc[code, ["name_ja", "name_en"]], round(footprint.intensity[code], 2), None],
         outline]
        for code, outline in zip(
            shaken, encode_polygons(polygons.loc[shaken]), strict=True
        )
    ]  # fmt: skip
    struck += [
        [
            len(INTENSITIES) + sum(share < least for least in _CUT_OFF[:-1]),
            [*areas.loc[area, ["name_ja", "name_en"]], None, f"停電 cut off {share:.0%}"],
            outline,
        ]
        for (area, share), outline in zip(
            dark.items(), encode_polygons(area_polygons.loc[list(dark)]), strict=True
        )
    ]
    legend = [Swatch("area", one.colour, one.ja, one.en) for one in INTENSITIES if shaken]
    shades = [round(0.05 + 0.4 * least, 2) for least in _CUT_OFF]
    if dark:
        legend += [
            Swatch(
                "area",
                f"{_DARK}{round(255 * shade):02x}",
                f"需要家の{least:.0%}以上が停電",
                f"{least:.0%} of customers or more cut off",
            )
            for least, shade in zip(_CUT_OFF, shades, strict=True)
        ]
    return drawing(
        "footprint", struck,
        [
            *({"fillColor": one.colour, "fillOpacity": 0.75, "color": "#8a8a7a", "weight": 0.4}
              for one in INTENSITIES),
            *({"fillColor": _DARK, "fillOpacity": shade, "color": _DARK, "weight": 2,
               "dashArray": "6 4"} for shade in shades),
        ],
        key=key, legend=legend, ja=footprint.name_ja or footprint.name_en,
        en=footprint.name_en, title_ja=footprint.title_ja, title_en=footprint.title_en,
    )  # fmt: skip


def outline_layers(candidates: gpd.GeoDataFrame) -> list[Layer]:
    """Return the layer of the candidates that are polygons in the user's file, to about a metre."""
    if "outline" not in candidates:
        return []
    group = folium.FeatureGroup(control=False)
    for outline in candidates["outline"].dropna():
        parts = shapely.get_parts(shapely.from_wkt(outline))
        for part in parts[shapely.get_dimensions(parts) == 2]:
            rings = [np.round(shapely.get_coordinates(ring)[:, ::-1], 5).tolist()
                     for ring in shapely.get_rings(part)]  # fmt: skip
            add(group, _POLYGON(rings, color=_DARK, weight=1.5, fill=True, fill_opacity=0.15))
    return [listed("outlines", group, shown=True)]


def worst_footprints(plan: Plan, atlas: Atlas) -> list[Footprint]:
    """Return where a plan's worst disaster strikes, its worst earthquake, and the loss of Tokyo.

    A user's disaster and a lost cluster of landings have no outline among the tables: they are
    left out, and so is an earthquake that blacks out nothing and shakes no municipality by 5.0.
    """
    worst = list(plan.worst_disasters[:1])
    worst += [loss for loss in plan.worst_disasters if loss.kind == "earthquake"][:1]
    worst += [loss for loss in plan.worst_disasters if loss.kind == "tokyo_lost"]
    found: list[Footprint] = []
    for loss in {loss.event_id: loss for loss in worst}.values():
        shaken = intensity_at_offices(atlas, loss.case_id)
        said = ("引き受けで想定する災害", "Asked of takeover") if loss.kind == "tokyo_lost" else ()
        if shaken or loss.areas_dark:
            found.append(Footprint(loss.name_en, loss.name_ja, shaken, loss.areas_dark, *said))
    return found
