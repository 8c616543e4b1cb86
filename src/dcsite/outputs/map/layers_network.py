"""The network by kind and year: links, cable systems at their landings, internet exchanges.

What a year has is chosen on the page: each record ends with the year it is in force from. What is
planned or under study is in force in no year; it is listed, and never drawn as a route. Routes on
the sea floor of international systems are not open data: a system is drawn as its landings alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dcsite.network import network_of
from dcsite.network.systems import cable_systems
from dcsite.records import drawn_deg
from dcsite.scenario import NetworkParameters

from .encode import encode_path
from .layer import DECLARED, Layer, drawing, points, rows

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.network import Network
    from dcsite.plan import Plan
    from dcsite.plan.schedule import Schedule

#: Kinds of links, as their styles and their legend stand in layers.toml.
_KINDS = ("land", "strait", "submarine", "tail")
_WORDS = DECLARED["landings"]
#: What is in force in no year is in force from here on.
_NEVER, _EVER = 9999, 0
#: The years that can be chosen at least: those of the strategy's plans.
_FIRST_YEAR, _LAST_YEAR = 2024, 2035


def network_layers(plan: Plan, atlas: Atlas) -> list[Layer]:
    """Return links, landings and exchanges; plans of before there was a network have no links."""
    links = [_link_layer(plan, atlas)] if "network" in plan.scenario else []
    return [*links, _landing_layer(atlas), _exchange_layer(atlas)]


def network_panel(plan: Plan, atlas: Atlas, schedule: Schedule | None = None) -> dict[str, Any]:
    """Return what the list of layers says of the network: the years, and each cable system.

    Returns
    -------
    dict
        `first`, `last`, `year`: the years to choose from, and that of the plan. `planned`: years
        that have a plan of their own. `systems`: each in words, the international ones first.
        `waiting`: a user's own links that are no route.
    """
    systems = _systems(atlas)
    given = plan.scenario.get("network")
    year = given["year"] if isinstance(given, dict) else _FIRST_YEAR
    known, waiting = [one["since"] for one in systems if _EVER < one["since"] < _NEVER], []
    if given is not None:
        network = _network(plan, atlas)
        known += [since for *_, since in network.graph.edges(data="year") if since]
        waiting = list(network.waiting["name"])
    planned = [one.year for one in schedule.years] if schedule else []
    return {
        "first": min(_FIRST_YEAR, year, *planned),
        "last": max([_LAST_YEAR, year, *known, *planned]),
        "year": year,
        "shown": planned[-1] if planned else year,
        "planned": planned,
        "systems": systems,
        "waiting": sorted({*waiting} - {one["name"] for one in systems}),
    }


def _network(plan: Plan, atlas: Atlas) -> Network:
    """Return the network with all that is in force in any year."""
    own = NetworkParameters.model_validate(plan.scenario["network"])
    network = network_of(atlas, own)
    coming = network.waiting["status"].eq("under_construction") & network.waiting["year"].notna()
    later = own.model_copy(update={"year": _NEVER})
    return network_of(atlas, later) if coming.any() else network


def _systems(atlas: Atlas) -> list[dict[str, Any]]:
    """Return the cable systems that are in use, coming or thought of, in words."""
    systems = cable_systems(atlas, _NEVER)
    stations = {one.Index: one for one in rows(atlas.table("cable_landing_stations"))}
    corridors = {one.corridor: one for one in rows(atlas.table("cable_corridors"))}
    told = []
    for one in rows(systems[systems["status"].isin(list(_WORDS["status"]))]):
        ends = [corridors[end] for end in sorted(one.corridors)]
        there = [stations[landing] for landing in one.landings]
        ready = "" if np.isnan(one.year) else f"{one.year:.0f}"
        tbps = "" if np.isnan(one.capacity_tbps) else f"{one.capacity_tbps:g} Tbps"
        no_end = ("", "")
        if one.kind == "international":
            no_end = ("数える方面なし", "no corridor that counts")
        told.append(
            {
                "name": one.name,
                "international": one.kind == "international",
                "since": int(ready or _EVER) if one.in_force else _NEVER,
                "ready": ready,
                "status": _WORDS["status"][one.status],
                "kind": _WORDS["scope"][one.kind],
                "tbps": (tbps or "容量不明", tbps or "capacity not known"),
                "corridors": (
                    "・".join(end.name_ja for end in ends) or no_end[0],
                    ", ".join(end.name_en for end in ends) or no_end[1],
                ),
                "landings": (
                    "・".join(at.name_ja for at in there) or "陸揚地不明",
                    ", ".join(at.name_en for at in there) or "landings not known",
                ),
                "landing_ids": one.landings,
                "at": [drawn_deg(at.lat_deg, at.lon_deg) for at in there],
            }
        )
    return sorted(told, key=lambda one: (not one["international"], one["since"], one["name"]))


def _link_layer(plan: Plan, atlas: Atlas) -> Layer:
    """Return the links; straight lines stand for routes, which are not public."""
    network = _network(plan, atlas)
    at = network.graph.nodes
    by_sea = atlas.table("domestic_cable_segments")["path_lon_lat"]
    drawn = []
    for one, other, key, link in network.graph.edges(keys=True, data=True):
        ends = at[one], at[other]
        line = np.array([[end["lon_deg"], end["lat_deg"]] for end in ends], dtype=float)
        if np.isnan(line).any():
            continue
        if key in by_sea.index:
            line = np.array([each.split() for each in by_sea[key].split("|")], dtype=float)
        system = f"{link['system']} " if link["system"] else ""
        drawn.append(
            [_KINDS.index(link["kind"]),
             [system + "–".join(end["name_ja"] for end in ends),
              system + " – ".join(end["name_en"] for end in ends),
              round(link["route_km"]), round(link["fibre_km"]),
              str(link["year"] or ""), link["year"] or _EVER],
             [encode_path(line)]]
        )  # fmt: skip
    return drawing("network", drawn)


def _landing_layer(atlas: Atlas) -> Layer:
    """Return the landing stations, each with its systems; routes are not known."""
    clusters = {one.Index: one for one in rows(atlas.table("landing_clusters"))}
    systems = _systems(atlas)
    drawn = []
    for station in rows(atlas.table("cable_landing_stations")):
        own = [one for one in systems if station.Index in one["landing_ids"]]
        cluster = clusters.get(station.Index)
        abroad = any(one["international"] and one["since"] < _NEVER for one in own)
        drawn.append(
            [*drawn_deg(station.lat_deg, station.lon_deg), int(not abroad),
             [station.name_ja, station.name_en,
              f"{cluster.name_ja} {cluster.name_en}" if cluster else "",
              float(station.uncertainty_km), *[""] * 5,
              min((one["since"] for one in own), default=_EVER)],
             *([one["name"], "", "", None, " ".join(one["kind"]), " ".join(one["status"]),
                one["ready"], " ".join(dict.fromkeys(one["tbps"])), " ".join(one["corridors"]),
                one["since"]] for one in own)]
        )  # fmt: skip
    return drawing("landings", drawn)


def _exchange_layer(atlas: Atlas) -> Layer:
    """Return the internet exchanges with the networks that are connected."""
    table = atlas.table("internet_exchanges")
    table = table.assign(
        name_ja="",
        name_en=table["name"],
        mark=table["members"].isna().astype(int),
        networks=table["members"].astype("string").fillna("不明 not known"),
    )
    return points("exchanges", table, count=len(table))
