"""The page of single points of failure, single_points.html: what hangs on each one part.

Of the network: nodes, links, crossings of straits, cables, landings and what stands in one
prefecture, each lost by itself; a hub is down when no way to an existing core is left, and hangs on
its last route when one more single loss would then cut it off. Of the cables abroad: corridors
that hubs lose, or have to reach by another landing. Of the power system: connection points and
electricity areas. A kind on which nothing hangs is told with how many were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dcsite.contract import load_mw
from dcsite.network import (
    Reach,
    cable_systems,
    cut_off,
    known_losses,
    landings_in_force,
    network_of,
    on_land,
    ways_out,
)
from dcsite.scenario import NetworkParameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dcsite.atlas import Atlas
    from dcsite.plan.types import Hub, Plan

    Numbers = frozenset[int]

#: Kinds of parts, in the order of the page; the template names them and says how each is known.
_KINDS = ("crossing", "node", "link", "system", "landing", "cluster", "prefecture", "connection",
          "area")  # fmt: skip
#: Kinds of the power system, and those that carry cables abroad.
_POWER, _ABROAD = ("connection", "area"), ("system", "landing", "cluster")
#: So many of the hubs that have to go further are named.
_NAMED = 3


@dataclass
class Point:
    """One part, and the hubs that hang on it, by their place in the plan.

    Parameters
    ----------
    ja, en : str
        What it is called.
    down : frozenset of int
        Hubs without a route, or without power, when it is lost.
    last : frozenset of int
        Hubs that are left with one route.
    without : dict
        By corridor, hubs that do not reach it any more from the landings in their reach.
    further : dict
        By corridor, hubs whose shortest way to it ends there and gets longer.
    left : dict
        By corridor, what is left of systems: of how many how many.
    """

    ja: str
    en: str
    down: Numbers = frozenset()
    last: Numbers = frozenset()
    without: dict[str, Numbers] = field(default_factory=dict)
    further: dict[str, Numbers] = field(default_factory=dict)
    left: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def hanging(self) -> tuple[Numbers, ...]:
        """Hubs by how hard the loss is: down, a corridor lost, last route, further; else empty."""
        each = (
            self.down,
            frozenset().union(*self.without.values()),
            self.last,
            frozenset().union(*self.further.values()),
        )
        return each if any(each) else ()


def single_points(plan: Plan, atlas: Atlas) -> dict[str, list[Point]]:
    """Find what hangs on each part, by kind, the most MW first.

    Parts on which nothing hangs are listed too. Plans of before there was a network have
    connection points and electricity areas alone.
    """
    found: dict[str, dict[str, Point]] = {kind: {} for kind in _KINDS}
    if "network" in plan.scenario and plan.hubs:
        own = NetworkParameters.model_validate(plan.scenario["network"])
        hubs = on_land(
            pd.DataFrame([{"lat_deg": hub.lat_deg, "lon_deg": hub.lon_deg} for hub in plan.hubs]),
            atlas,
        )
        _lose_routes(found, hubs, atlas, own)
        _lose_cables(found, plan.hubs, hubs, atlas, own)
    at = {hub.site_id: number for number, hub in enumerate(plan.hubs)}
    for one in plan.loads:
        if one.part in _POWER:
            names = one.name_ja or one.name_en or one.key, one.name_en or one.name_ja or one.key
            down = frozenset(at[site] for site in one.site_ids if site in at)
            found[one.part][one.key] = Point(*names, down)
    load = np.array([hub.it_load_mw for hub in plan.hubs])
    return {
        kind: sorted(
            points.values(),
            key=lambda point: (
                [-float(load[sorted(hubs)].sum()) for hubs in point.hanging] or [1.0],
                point.en,
            ),
        )
        for kind, points in found.items()
    }


def _lose_routes(
    found: dict[str, dict[str, Point]], hubs: pd.DataFrame, atlas: Atlas, own: NetworkParameters
) -> None:
    """Lose each part of the network, and then one more of its single parts."""
    network = network_of(atlas, own)
    fates, at_once = known_losses(network, atlas)
    reach = Reach(network.graph, network.cores)
    lost = [
        np.array([[part in taken for taken in parts] for part in all_parts], dtype=bool).reshape(
            len(all_parts), len(fates)
        )
        for all_parts, parts in (
            (reach.nodes, [fate.nodes for fate in fates]),
            (reach.links, [fate.links for fate in fates]),
        )
    ]
    # Second losses, after each first one: a link takes no more than a node at one of its ends does,
    # and without both existing cores there is no way to look for.
    single = np.flatnonzero(
        [fate.kind not in {"link", "prefecture"} and not fate.nodes & {*network.cores}
         for fate in fates]
    )  # fmt: skip
    both = len(fates) * len(single)
    twice = [(of[:, :, None] | of[:, None, single]).reshape(len(of), both) for of in lost]
    tails = ways_out(network, hubs)
    down = cut_off(tails, at_once)
    after = cut_off(tails, reach.reached(twice[0], twice[1]))
    after = after.reshape(len(hubs), len(fates), len(single))
    hangs = np.asarray(down[:, single].any(axis=1))  # on one route as it is
    last = np.asarray(after.any(axis=2) & ~down & ~hangs[:, None])
    for number, fate in enumerate(fates):
        gone, alone = (frozenset(np.flatnonzero(of[:, number]).tolist()) for of in (down, last))
        found[fate.kind][fate.fate_id] = Point(fate.name_ja, fate.name_en, gone, alone)


def _lose_cables(
    found: dict[str, dict[str, Point]],
    plan_hubs: Sequence[Hub],
    hubs: pd.DataFrame,
    atlas: Atlas,
    own: NetworkParameters,
) -> None:
    """Lose each system abroad, each landing and each cluster of landings."""
    systems, landings = cable_systems(atlas, own.year), landings_in_force(atlas, own.year)
    systems = systems[systems["counts"]]
    leads = dict(systems["corridors"].items())
    lands = {one: frozenset(there) for one, there in systems["landings"].items()}
    at = dict(landings["systems"].items())
    to = {
        end: frozenset(one for one in leads if end in leads[one])
        for end in sorted(frozenset().union(*leads.values()))
    }
    way_km = network_of(atlas, own).fibre_km(hubs, landings)
    nearest: dict[str, list[str]] = {}  # where each hub's shortest way to a corridor ends
    for end, those in to.items():
        km = np.where([not those.isdisjoint(there) for there in at.values()], way_km, np.inf)
        known = np.isfinite(km.min(axis=1, initial=np.inf))
        nearest[end] = [
            list(at)[one] if ok else "" for one, ok in zip(km.argmin(axis=1), known, strict=True)
        ]
    by_name = {str(name): one for one, name in systems["name"].items()}
    # Ways abroad of each hub: a system each, and the landings where the hub reaches it.
    reach = {
        number: ways
        for number, hub in enumerate(plan_hubs)
        if (ways := [
            (by_name[name], lands[by_name[name]].intersection(near))
            for link in hub.links.values() if link is not None
            for name, near in link.ways_abroad if name in by_name
        ])
    }  # fmt: skip

    def lose(point: Point, lost: Iterable[str] = (), gone: Iterable[str] = ()) -> None:
        """Say what the loss of systems, or of landings, takes."""
        lost, gone = frozenset(lost), frozenset(gone)
        for end, those in to.items():
            stay = frozenset(one for one in those - lost if not lands[one] <= gone)
            touched = {one for one in those if one in lost or not lands[one].isdisjoint(gone)}
            if not touched:
                continue
            point.left[end] = (len(stay), len(those))
            point.further[end] = frozenset(
                number
                for number, landing in enumerate(nearest[end])
                if landing and (landing in gone or stay.isdisjoint(at[landing]))
            )
            without = frozenset(
                number
                for number, ways in reach.items()
                if any(one in those for one, _ in ways)
                and not any(one in stay and near - gone for one, near in ways)
            )
            point.without |= {end: without} if without else {}

    for one, name in systems["name"].items():
        point = found["system"].setdefault(f"system:{name}", Point(name, name))
        lose(point, lost=[str(one)])
    for one, ja, en in landings[["name_ja", "name_en"]].itertuples():
        lose(found["landing"].setdefault(f"landing:{one}", Point(ja, en)), gone=[one])
    for cluster, members in atlas.table("landing_clusters").groupby("cluster_id"):
        ja, en = members[["name_ja", "name_en"]].iloc[0]
        lose(found["cluster"].setdefault(str(cluster), Point(ja, en)), gone=members.index)


def hubs_said(
    plan: Plan, numbers: Iterable[int], most: int | None = None
) -> tuple[str, str, str] | None:
    """Write hubs, the largest first: their MW together, and the first names in both languages."""
    hubs = [plan.hubs[number] for number in sorted(numbers)]
    named = sorted(hubs, key=lambda hub: -hub.it_load_mw)[:most]
    rest = len(hubs) - len(named)
    if not hubs:
        return None
    return (
        load_mw(sum(hub.it_load_mw for hub in hubs)),
        "、".join(f"{hub.name_ja} {load_mw(hub.it_load_mw)}" for hub in named)
        + (f"、ほか{rest}拠点" if rest else ""),
        ", ".join(f"{hub.name_en or hub.name_ja} {load_mw(hub.it_load_mw)}" for hub in named)
        + (f" and {rest} more" if rest else ""),
    )


def points_said(points: Iterable[Point], plan: Plan, atlas: Atlas) -> list[dict[str, Any]]:
    """Write the parts on which anything hangs, for a template."""
    corridors = {one.corridor: one for one in atlas.table("cable_corridors").itertuples()}
    return [
        {
            "ja": point.ja,
            "en": point.en,
            "down": hubs_said(plan, point.down),
            "last": hubs_said(plan, point.last),
            "corridors": [
                {
                    "ja": corridors[end].name_ja,
                    "en": corridors[end].name_en,
                    "left": left,
                    "without": hubs_said(plan, point.without.get(end, ())),
                    "further": hubs_said(plan, point.further.get(end, ()), _NAMED),
                }
                for end, left in point.left.items()
            ],
        }
        for point in points
        if point.hanging
    ]


def single_points_page(plan: Plan, atlas: Atlas, found: Mapping[str, Sequence[Point]]) -> str:
    """Return the text of the page on what :func:`single_points` found."""
    from .page import render_page  # the map draws on this module, and the page on the map's

    load = np.array([hub.it_load_mw for hub in plan.hubs])
    at = {hub.site_id: number for number, hub in enumerate(plan.hubs)}
    in_town = [one.site_id for one in plan.routes if any(at.kind == "town" for at in one.meets)]
    wayless = [one.site_id for one in plan.routes if not one.link_disjoint]
    with plan.printed():
        return render_page(
            "single_points.html.j2",
            [*plan.geodata, *atlas.tables_used()],
            plan=plan,
            kinds=[
                {
                    "key": kind,
                    "count": len(points),
                    "down": sum(bool(point.down) for point in points),
                    "last": sum(bool(point.last) for point in points),
                    "without": sum(bool(point.without) for point in points),
                    "most": load_mw(max((load[sorted(one.down)].sum() for one in points),
                                        default=0.0)),
                    "abroad": kind in _ABROAD,
                    "network": kind not in {*_POWER, "cluster"},
                    "rows": points_said(points, plan, atlas),
                }
                for kind, points in found.items()
            ],
            total=load_mw(float(load.sum())),
            towns=hubs_said(plan, (at[site] for site in in_town)),
            wayless=hubs_said(plan, (at[site] for site in wayless)),
        )  # fmt: skip
