"""One self-contained HTML file: Folium's map with everything it needs inside."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, cast

import folium
from branca.element import Element, Figure

from dcsite.outputs.inline import asset, data_uri, leaflet_css, script, xstatic
from dcsite.outputs.single_points import points_said, single_points

from .choropleth import candidate_layer, round_trips, scored_criteria, theme_groups
from .encode import script_json
from .layer import Piece, add
from .layers_flows import flow_layers, route_paths
from .layers_known import BORDER, known_layers, prefecture_ground, tile_layer
from .layers_loads import area_figure_layers, load_layers
from .layers_network import network_layers, network_panel
from .layers_plan import (
    CORE_PANE,
    HUB_PANE,
    LINK_PANE,
    core_layer,
    footprint_layer,
    hub_layers,
    link_layers,
    outline_layers,
    worst_footprints,
)
from .layers_takeover import BACKUP_PANE, takeover_layers
from .panel import ATTRIBUTION, layers_html, plan_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.outputs.single_points import Point
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.schedule import Schedule
    from dcsite.plan.types import Plan

#: Four main islands; the map opens on them and on every hub.
_MAIN_ISLANDS = ((31.0, 129.6), (45.5, 145.8))

#: Nothing but the optional tiles may be fetched, whatever the page holds.
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:; "
    "img-src data: https://cyberjapandata.gsi.go.jp; base-uri 'none'; form-action 'none'"
)


_HTML = "{% macro html(this, kwargs) %}{{ this.html }}{% endmacro %}"
#: Hands the finished map to the page's script.
_START = """
    {% macro script(this, kwargs) %}
        dcsite.start({{ this._parent.get_name() }}, {{ this.config }});
    {% endmacro %}
"""


def render_map(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    explanation: Explanation | None = None,
    points: Mapping[str, Sequence[Point]] | None = None,
    schedule: Schedule | None = None,
) -> str:
    """Return the text of ``map.html``.

    Parameters
    ----------
    plan : Plan
        What came out.
    candidates : geopandas.GeoDataFrame
        Sites with measurements and ``score_<criterion>`` columns, indexed by `site_id`.
    atlas : Atlas
        What is known.
    explanation : Explanation, optional
        What the hubs are worth, for their pop-ups.
    points : mapping, optional
        What hangs on each part, as :func:`dcsite.outputs.single_points.single_points` finds it.
    schedule : Schedule, optional
        Of the plans of several years of which this is the last: hubs show by year.
    """
    found = single_points(plan, atlas) if points is None else points
    with plan.printed():
        said = points_said(found["system"], plan, atlas)
        return _drawn(plan, candidates, atlas, explanation, said, schedule)


def _drawn(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    explanation: Explanation | None,
    on_systems: Sequence[Mapping[str, Any]],
    schedule: Schedule | None,
) -> str:
    page = folium.Map(
        location=(37.5, 137.5), zoom_start=6, tiles=None, prefer_canvas=True, control_scale=False,
        zoom_control="topleft", min_zoom=4, max_zoom=14, zoom_snap=0.25, zoom_delta=0.5,
        wheel_px_per_zoom_level=90, max_bounds_viscosity=0.6,
    )  # fmt: skip
    # The instance's own lists: Folium's class-wide ones point to the network.
    page.default_js = [
        ("leaflet", script(xstatic("leaflet", "leaflet.js"))),
        ("jquery", script(xstatic("jquery", "jquery.min.js"))),
        ("dcsite_layers", script(asset("layers.js"))),
        ("dcsite_page", script(asset("page.js"))),
    ]
    page.default_css = [
        ("leaflet_css", leaflet_css()),
        ("dcsite_css", data_uri("text/css", asset("page.css"))),
    ]
    for pane, z_index in (
        ("dc-names", 450),
        (BACKUP_PANE, 605),
        (LINK_PANE, 610),
        (CORE_PANE, 615),
        (HUB_PANE, 620),
    ):
        add(page, folium.map.CustomPane(pane, z_index=z_index, pointer_events=True))

    ground = prefecture_ground(atlas)
    themes = [*round_trips(candidates, atlas, plan), *theme_groups(candidates, atlas)]
    scored = candidate_layer(candidates, atlas, themes)
    tiles = tile_layer()
    hubs, markers = hub_layers(plan, atlas, explanation, schedule)
    cores, core_names = core_layer(plan, atlas)
    layers = [
        *hubs,
        *outline_layers(candidates),
        *link_layers(plan),
        *flow_layers(plan, atlas),
        *load_layers(plan, atlas),
        *area_figure_layers(plan, atlas),
        *takeover_layers(plan, atlas),
        *(
            footprint_layer(footprint, atlas, f"footprint-{number}")
            for number, footprint in enumerate(worst_footprints(plan, atlas))
        ),
        cores,
        *known_layers(atlas, plan),
        *network_layers(plan, atlas),
        tiles,
    ]
    add(page, ground)
    for layer in layers:
        add(page, layer.layer)
    add(page, scored)
    network = network_panel(plan, atlas, schedule) | {
        "hangs": {one["en"]: one for one in on_systems}
    }
    panels = plan_html(plan, markers, atlas, explanation, schedule)
    panels += layers_html(layers, scored_criteria(candidates), themes, network)
    add(page, Piece("Html", _HTML, html=panels))
    paths = route_paths(plan, atlas)
    config = {
        "base": ground.get_name(),
        "tiles": tiles.layer.get_name(),
        "candidates": scored.get_name(),
        "border": BORDER,
        "bounds": _bounds(plan),
        "prefix": escape(ATTRIBUTION),
        "cores": core_names,
        "systems": [[one["name"], one["at"]] for one in network["systems"]],
        "hubs": [
            drawn.as_config() | {"routes": paths.get(drawn.hub.site_id, [])} for drawn in markers
        ],
    }
    add(page, Piece("Start", _START, config=script_json(config)))
    return _render(page, f"{plan.title_ja} {plan.title_en}")


def _render(page: folium.Map, title: str) -> str:
    figure = cast("Figure", page.get_root())
    figure.title = escape(title)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_CONTENT_POLICY}" />'
    add(figure.header, Element(policy))
    text = _with_counted_names(figure.render(), figure)
    return text.replace("<html>", '<html lang="ja">', 1)


def _with_counted_names(text: str, root: Element) -> str:
    """Replace Folium's random names by counted ones: the same plan gives the same page."""
    ids: dict[str, str] = {}
    waiting = [root]
    while waiting:
        element = waiting.pop()
        ids.setdefault(element._id, f"{len(ids):04d}")
        waiting += reversed(element._children.values())
        inner = (getattr(element, name, None) for name in ("html", "script", "header"))
        waiting += [part for part in inner if isinstance(part, Element)]
    return re.sub(r"[0-9a-f]{32}", lambda match: ids.get(match[0], match[0]), text)


def _bounds(plan: Plan) -> list[list[float]]:
    (south, west), (north, east) = _MAIN_ISLANDS
    latitudes = [hub.lat_deg for hub in plan.hubs]
    longitudes = [hub.lon_deg for hub in plan.hubs]
    return [
        [min([south, *latitudes]), min([west, *longitudes])],
        [max([north, *latitudes]), max([east, *longitudes])],
    ]
