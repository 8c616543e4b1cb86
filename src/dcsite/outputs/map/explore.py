"""A plan's map for notebooks: hubs and their links, with all that ``hubs.csv`` says of each hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import folium
import pandas as pd

from dcsite.atlas import load_atlas
from dcsite.outputs.inline import leaflet_css, script, xstatic

from .encode import html_fragment
from .layer import add, svg_group
from .layers_known import BORDER, LAND, tile_layer
from .layers_plan import HUB_PANE, LINK_PANE, link_layers
from .style import hub_radius_px, tier_style

if TYPE_CHECKING:
    from dcsite.plan.types import Plan

#: A pixel or two while the whole country is in view.
_SIMPLIFY_DEG = 0.02


def explore(plan: Plan, *, tiles: bool = False) -> folium.Map:
    """Return the map that :meth:`dcsite.Plan.explore` gives."""
    page = folium.Map(location=(37.5, 137.5), zoom_start=5, tiles=None)
    # The instance's own lists: Folium's class-wide ones point to the network.
    page.default_js = [
        ("leaflet", script(xstatic("leaflet", "leaflet.js"))),
        ("jquery", script(xstatic("jquery", "jquery.min.js"))),
    ]
    page.default_css = [("leaflet_css", leaflet_css())]
    for pane, z_index in ((LINK_PANE, 610), (HUB_PANE, 620)):
        add(page, folium.map.CustomPane(pane, z_index=z_index, pointer_events=True))
    ground = load_atlas().polygons("prefecture_polygons").geometry.simplify(_SIMPLIFY_DEG)
    style = {"color": BORDER, "weight": 0.7, "fill": not tiles, "fillColor": LAND, "fillOpacity": 1}
    add(page, folium.GeoJson(ground.to_json(), style_function=lambda _: style, interactive=False))
    if tiles:
        pale = tile_layer().layer
        pale.show = True
        add(page, pale)
    for layer in link_layers(plan):
        add(page, layer.layer)
    rows = plan.to_geodataframe().reset_index().drop(columns="geometry").to_dict("records")
    markers: list[folium.CircleMarker] = []
    for hub, row in zip(plan.hubs, rows, strict=True):
        cells = {name: cell for name, cell in row.items() if not pd.isna(cell)}
        marker = folium.CircleMarker(
            (hub.lat_deg, hub.lon_deg), radius=hub_radius_px(hub.it_load_mw),
            color="#ffffff", weight=2, fill_color=tier_style(hub.tier).colour, fill=True,
            fill_opacity=1,
        )  # fmt: skip
        add(marker, folium.Tooltip(html_fragment("label.html.j2", text=hub.label)))
        popup = html_fragment("popup_row.html.j2", cells=cells)
        add(marker, folium.Popup(popup, max_width=400, max_height=400))
        markers.append(marker)
    add(page, svg_group("hubs", HUB_PANE, markers))
    return page
