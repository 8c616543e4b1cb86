"""Who serves whom, class by class of workloads, and the routes of a hub to the existing cores.

Lines of flows are straight and no routes; a hub's routes follow the stops of the network's model,
straight on land and along the drawn sea way where a published cable joins two landings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import WORKLOAD_TITLES

from .encode import encode_path, number
from .layer import Layer, Swatch, drawing, rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcsite.atlas import Atlas
    from dcsite.contract import NetworkRoute
    from dcsite.plan.types import Plan

    Position = tuple[float, float]

#: Colours of classes, in their order; Okabe and Ito's palette.
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
#: Widths in pixels from so many MW on, and their names.
_WIDTHS = ((0.0, 0.7, "2 MW未満", "below 2 MW"), (2.0, 1.6, "2–10 MW", ""),
           (10.0, 3.0, "10–30 MW", ""), (30.0, 5.5, "30 MW以上", "30 MW or more"))  # fmt: skip


def flow_layers(plan: Plan, atlas: Atlas) -> list[Layer]:
    """Return a layer of each class: from a prefecture's office to the hubs that serve it."""
    zones = atlas.table("prefectures")
    hubs = {hub.site_id: hub for hub in plan.hubs}
    least = [mw for mw, *_ in _WIDTHS]
    layers = []
    for place, workload in enumerate(dict.fromkeys(flow.workload for flow in plan.flows)):
        colour = _COLOURS[place % len(_COLOURS)]
        en, ja = WORKLOAD_TITLES.get(workload, (workload, workload))
        drawn = []
        for flow in sorted(plan.flows, key=lambda flow: flow.it_load_mw):
            if flow.workload != workload:
                continue
            zone, hub = zones.loc[flow.pref_code], hubs[flow.site_id]
            ends = [[zone["office_lon_deg"], zone["office_lat_deg"]], [hub.lon_deg, hub.lat_deg]]
            drawn.append(
                [int(np.searchsorted(least, flow.it_load_mw, "right")) - 1,
                 [f"{zone['name_ja']} → {hub.name_ja}",
                  f"{zone['name_en']} → {hub.name_en or hub.name_ja}",
                  round(flow.it_load_mw, 1), number(flow.round_trip_ms, 1)],
                 [encode_path(np.array(ends, dtype=float))]]
            )  # fmt: skip
        layers.append(
            drawing(
                "flows", drawn,
                [{"color": colour, "weight": width, "opacity": 0.75} for _, width, *_ in _WIDTHS],
                key=f"flows-{workload}",
                legend=[Swatch("line", colour, text_ja, text_en, width)
                        for _, width, text_ja, text_en in _WIDTHS],
                ja=ja, en=en, count=len(drawn),
            )
        )  # fmt: skip
    return layers


def route_paths(plan: Plan, atlas: Atlas) -> dict[str, list[str]]:
    """Return the lines of each hub's routes, by its site, as the page's script reads them."""
    if not plan.routes:
        return {}
    stations = atlas.table("cable_landing_stations")
    at = dict(zip(stations.index, _positions(stations), strict=True))
    by_sea: dict[tuple[Position, Position], list[Position]] = {}
    for one in rows(atlas.table("domestic_cable_segments")):
        way = [each.split() for each in one.path_lon_lat.split("|")]
        by_sea[at[one.landing_a], at[one.landing_b]] = [
            (float(lon), float(lat)) for lon, lat in way
        ]
    by_sea |= {(other, one): path[::-1] for (one, other), path in by_sea.items()}
    hubs = {hub.site_id: hub for hub in plan.hubs}
    return {
        routes.site_id: [
            _path((hubs[routes.site_id].lon_deg, hubs[routes.site_id].lat_deg), route, by_sea)
            for route in routes.routes
        ]
        for routes in plan.routes
    }


def _positions(table: pd.DataFrame) -> Iterable[Position]:
    """Return longitude and latitude as a plan's stops have them."""
    return zip(table["lon_deg"].round(6), table["lat_deg"].round(6), strict=True)


def _path(
    start: Position, route: NetworkRoute, by_sea: dict[tuple[Position, Position], list[Position]]
) -> str:
    line = [start]
    for stop in route.stops:
        if stop.lon_deg is not None and stop.lat_deg is not None:
            here = (round(stop.lon_deg, 6), round(stop.lat_deg, 6))
            line += [*by_sea.get((line[-1], here), ()), here]
    return encode_path(np.array(line))
