"""The page of single points of failure, single_points.html: what hangs on each one part.

Of the network: nodes, links, crossings of straits, cables, landings and what stands in one
prefecture, each lost by itself; a hub is down when no way to an existing core is left, and hangs on
its last route when one more single loss would then cut it off. Of the cables abroad: corridors
that hubs lose, or have to reach by another landing. Of the power system: connection points and
electricity areas. A kind on which nothing hangs is told with how many were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import load_mw
from dcsite.network import (
    Reach,
    cable_systems,
    cut_off,
    fates_of,
    landings_in_force,
    network_of,
    on_land,
)
from dcsite.scenario import NetworkParameters

from .page import render_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Link
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

    def hanging_mw(self, load: NDArray[np.float64]) -> tuple[float, ...]:
        """Return MW of hubs by how hard the loss is: down, a corridor lost, last route, further."""
        each = (
            self.down,
            frozenset().union(*self.without.values()),
            self.last,
            frozenset().union(*self.further.values()),
        )
        return tuple(float(load[sorted(one)].sum()) for one in each)


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
            points.values(), key=lambda point: ([-mw for mw in point.hanging_mw(load)], point.en)
        )
        for kind, points in found.items()
    }


def _lose_routes(
    found: dict[str, dict[str, Point]], hubs: pd.DataFrame, atlas: Atlas, own: NetworkParameters
) -> None:
    """Lose each part of the network, and then one more of its single parts."""
    network = network_of(atlas, own)
    fates = fates_of(network, atlas.table("prefectures"))
    reach = Reach(network.graph, network.cores)
    lost = [
        np.array([[part in fate_parts for fate_parts in parts] for part in all_parts], dtype=bool)
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
    twice = [(of[:, :, None] | of[:, None, single]).reshape(len(of), -1) for of in lost]
    down = cut_off(network, hubs, reach.reached(lost[0], lost[1]))
    after = cut_off(network, hubs, reach.reached(twice[0], twice[1]))
    after = after.reshape(len(hubs), len(fates), len(single))
    hangs = np.asarray(down[:, single].any(axis=1))  # on one route as it is
    last = np.asarray(after.any(axis=2) & ~down & ~hangs[:, None])
    for number, fate in enumerate(fates):
        gone, alone = (frozenset(np.flatnonzero(of[:, number]).tolist()) for of in (down, last))
        found[fate.kind][fate.fate_id] = Point(fate.name_ja, fate.name_en, gone, alone)


def _cables(link: Link) -> tuple[str, ...]:
    return tuple(filter(None, getattr(link, "cables", "").split("; ")))


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
    reach = {
        number: (
            frozenset(by_name[name] for name in _cables(link) if name in by_name),
            frozenset(getattr(link, "landings", ())),
        )
        for number, hub in enumerate(plan_hubs)
        for link in hub.links.values()
        if link is not None and _cables(link)
    }

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
                for number, (there, near) in reach.items()
                if there & those and not any((lands[one] & near) - gone for one in there & stay)
            )
            point.without |= {end: without} if without else {}

    for one, name in systems["name"].items():
        point = found["system"].setdefault(f"system:{one}", Point(name, name))
        lose(point, lost=[str(one)])
    for one, ja, en in landings[["name_ja", "name_en"]].itertuples():
        lose(found["landing"].setdefault(f"landing:{one}", Point(ja, en)), gone=[one])
    for cluster, members in atlas.table("landing_clusters").groupby("cluster_id"):
        ja, en = members[["name_ja", "name_en"]].iloc[0]
        lose(found["cluster"].setdefault(str(cluster), Point(ja, en)), gone=members.index)


def single_points_page(plan: Plan, atlas: Atlas) -> str:
    """Return the text of the page."""
    found = single_points(plan, atlas)
    corridors = atlas.table("cable_corridors").drop_duplicates("corridor").set_index("corridor")
    load = np.array([hub.it_load_mw for hub in plan.hubs])

    def hubs(numbers: Iterable[int], most: int = len(plan.hubs)) -> tuple[str, str, str]:
        """Write hubs, the largest first: their MW together, and their names in both languages."""
        named = [plan.hubs[number] for number in sorted(numbers, key=lambda one: -load[one])]
        rest = len(named) - most
        return (
            load_mw(sum(hub.it_load_mw for hub in named)),
            "、".join(f"{hub.name_ja} {load_mw(hub.it_load_mw)}" for hub in named[:most])
            + (f"、ほか{rest}拠点" if rest > 0 else ""),
            ", ".join(f"{hub.name_en or hub.name_ja} {load_mw(hub.it_load_mw)}"
                      for hub in named[:most]) + (f" and {rest} more" if rest > 0 else ""),
        )  # fmt: skip

    def row(point: Point) -> dict[str, object]:
        return {
            "ja": point.ja,
            "en": point.en,
            "down": hubs(point.down) if point.down else None,
            "last": hubs(point.last) if point.last else None,
            "corridors": [
                {
                    "ja": corridors.loc[end, "name_ja"],
                    "en": corridors.loc[end, "name_en"],
                    "left": left,
                    "without": hubs(point.without[end]) if end in point.without else None,
                    "further": hubs(point.further[end], _NAMED) if point.further.get(end) else None,
                }
                for end, left in point.left.items()
            ],
        }

    with plan.printed():
        kinds = []
        for kind, points in found.items():
            hanging = [point for point in points if any(point.hanging_mw(load))]
            kinds.append(
                {
                    "key": kind,
                    "count": len(points),
                    "down": sum(bool(point.down) for point in points),
                    "without": sum(bool(point.without) for point in points),
                    "last": sum(bool(point.last) for point in points),
                    "further": sum(any(point.further.values()) for point in points),
                    "abroad": kind in _ABROAD,
                    "network": kind not in {*_POWER, "cluster"},
                    "most": load_mw(max((point.hanging_mw(load)[0] for point in points),
                                        default=0.0)),
                    "rows": [row(point) for point in hanging],
                }
            )  # fmt: skip
        unknown = [
            (number, [one for one in routes.meets if one.kind == "town"], routes.link_disjoint)
            for number, routes in enumerate(getattr(plan, "routes", ()))
        ]
        return render_page(
            "single_points.html.j2",
            [*plan.geodata, *atlas.tables_used()],
            plan=plan,
            kinds=kinds,
            total=load_mw(float(load.sum())),
            towns=hubs(number for number, towns, _ in unknown if towns),
            wayless=hubs(number for number, _, routes in unknown if not routes),
        )
