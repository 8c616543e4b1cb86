"""Two routes: no single loss in the network leaves a hub without a way to an existing core.

Regional networks are to be made resilient (B13). A hub is worth nothing to its users without a way
out, so two routes are asked for, to the nodes of Tokyo or Osaka, that no loss takes together: of a
node, a landing, a link, a crossing of a strait, a submarine cable or all that stands in another
prefecture. Counted are losses beyond the hub's own town and prefecture. The network is a reference
model: which streets and buildings of a town both routes pass, nobody publishes; where a hub stands
in the town of a node that is told and not counted. A hub from which no way is known, on an island
whose feeder is in no table, has no two routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dcsite.contract import (
    Admission,
    Criterion,
    Evaluation,
    Findings,
    HubRoutes,
    Limit,
    MeetingPlace,
    NetworkRoute,
    PerTier,
    Quantity,
    Rule,
    Stop,
    linear_score,
)
from dcsite.network import RouteFinder, cut_off, known_losses, network_of, ways_out
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.network import Fate, Network, Route, Routes
    from dcsite.scenario import Scenario

_SOURCE = "fibre_backbone_links, domestic_cable_segments, strait_crossings"
#: Routes that are asked for.
_WANTED = 2.0
ROUTES = Quantity(
    "independent_routes",
    "routes",
    "routes to the existing cores that no single loss in the network takes together, at most 2",
    "単一の網障害では同時に失われない既存中核拠点への経路数（最大2）",
    _SOURCE,
)
SECOND = Quantity(
    "second_route_ms",
    "ms",
    "round trip to an existing core over the second route",
    "第2経路による既存中核拠点までの往復遅延",
    _SOURCE,
)
LOSSES = Quantity(
    "losses_that_cut_off",
    "losses",
    "single losses in the network that leave a hub without a route",
    "拠点の経路がなくなる単一の網障害の数",
    _SOURCE,
)


class Parameters(Section):
    """Parameters of the criterion of two routes."""

    counts: PerTier
    """What a hub without two independent routes counts in the rule; 0: nothing."""


class TwoRoutes(Criterion[Parameters]):
    """The criterion of two routes; see the module's text."""

    name = "routes"
    rank = 66
    title_en = "Two routes over the network"
    title_ja = "通信経路の二重化"
    policy_lines = ("B13",)
    Parameters = Parameters
    quantity = ROUTES
    quantities = (ROUTES, SECOND)
    rules = (
        Rule(
            "two_routes",
            "a hub has two routes to the existing cores that no single loss takes together",
            "単一の網障害では同時に失われない二つの経路が既存中核拠点まである",
            "hub",
            ("criteria.routes.counts",),
            ("B13",),
            per="per hub without two routes",
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Count the routes by what every single loss leaves reachable.

        As Menger has it, a place with tails to two nodes has two routes without a common part just
        if no part is on all of them.
        """
        network = network_of(atlas, scenario.network)
        fates, reached = known_losses(network, atlas)
        tails = ways_out(network, sites)
        cut = (cut_off(tails, reached) & ~_own(sites, fates)).any(axis=1)
        first, second = tails.T >= 0
        routes = np.where(first, np.where(cut | ~second, 1.0, _WANTED), 0.0)
        return pd.DataFrame({ROUTES.name: routes}, index=sites.index)

    def anchors(self, own: Any) -> tuple[float, float]:
        """Score 1 for two routes, half for one, 0 where none is known."""
        return 0.0, _WANTED

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Count sites with fewer than two routes, tier by tier."""
        routes = sites[ROUTES.name].to_numpy(dtype=float)
        counts = np.array(self.own(scenario).counts.by_tier())
        amount = np.where(routes < _WANTED, 1.0, 0.0)[:, None] * counts
        asked = Limit(ROUTES, routes, np.where(counts > 0.0, _WANTED, -np.inf), least=True)
        return (Admission("two_routes", amount, "no two independent routes", limits=(asked,)),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find two routes of each hub anew as a flow, and what each single loss leaves of them."""
        own, found = self.own(scenario), Findings(self.name, hubs, scenario)
        network = network_of(atlas, scenario.network)
        fates, _ = known_losses(network, atlas)
        finder = atlas.kept("routes", network.digest, lambda: RouteFinder(network, fates))
        links = {key: link for *_, key, link in network.graph.edges(keys=True, data=True)}
        told, routes, second_ms = [], np.zeros(len(hubs)), np.full(len(hubs), np.inf)
        cutting: dict[str, Fate] = {}
        in_town = []
        for number, (site, hub) in enumerate(hubs.iterrows()):
            ways = finder.routes(hub)
            meets = _meetings(hub, ways, fates, network)
            counted = [one for one in meets if one.cuts_off and not one.own]
            routes[number] = min(len(ways.shown), 1 if counted else ways.node_disjoint)
            if len(ways.shown) == 2:
                second_ms[number] = float(network.round_trip_ms(np.array(ways.shown[1].fibre_km)))
            if any(one.kind == "town" for one in meets):
                in_town.append(found.place(number))
            cutting |= {one.loss_id: fate for one in counted for fate in ways.cuts
                        if fate.fate_id == one.loss_id}  # fmt: skip
            shown = tuple(_shown(route, network, links) for route in ways.shown)
            told.append(
                HubRoutes(str(site), ways.link_disjoint, ways.node_disjoint, shown, tuple(meets))
            )
            if routes[number] < _WANTED and own.counts[hub["tier"]]:
                en, ja = found.place(number)
                at_en = ", ".join(f"{one.kind} {one.name_en}" for one in counted)
                at_ja = "、".join(one.name_ja for one in counted)
                found.breach(
                    "two_routes", own.counts[hub["tier"]], [site],
                    f"{en} has " + (f"one route, through: {at_en}" if at_en else "no known route"),
                    f"{ja}の経路は" + (f"{at_ja}を必ず通る" if at_ja else "不明"),
                )  # fmt: skip
        score = linear_score(routes, 0.0, _WANTED)
        found.mean(ROUTES, routes, score).each(ROUTES, routes, score)
        found.each(SECOND, second_ms)
        of = len(fates)
        said = LOSSES.noted(
            f"of {of} nodes, landings, links, crossings, cables and prefectures",
            f"ノード・陸揚地・リンク・海峡・ケーブル・都道府県の全{of}件のうち",
        )
        found.figure(said, float(len(cutting)))
        return found.done(routes=tuple(told), notes=_notes(in_town))


def _own(sites: pd.DataFrame, fates: tuple[Fate, ...]) -> NDArray[np.bool_]:
    """Tell which losses are of a site's own prefecture as a whole."""
    code = sites["municipality_code"].astype(str).str[:2].to_numpy()
    whole = np.array([fate.prefecture if fate.kind == "prefecture" else "" for fate in fates])
    return np.asarray(code[:, None] == whole[None, :])


def _meetings(
    hub: pd.Series[Any], ways: Routes, fates: tuple[Fate, ...], network: Network
) -> list[MeetingPlace]:
    """List where a hub's routes meet: its town, what cuts it off, what both shown pass."""
    code, nodes = str(hub["municipality_code"]), network.graph.nodes
    meets = [
        MeetingPlace("town", f"town:{code}", data["name_en"], data["name_ja"], False, True)
        for data in (nodes[route.nodes[0]] for route in ways.shown)
        if data["kind"] != "landing" and data["municipality_code"] == code
    ]
    cuts = set(ways.cuts)
    for fate in fates:
        own = fate.kind == "prefecture" and fate.prefecture == code[:2]
        both = len(ways.shown) == 2 and all(
            fate.nodes.intersection(route.nodes) or fate.links.intersection(route.links)
            for route in ways.shown
        )
        if fate in cuts or (both and not own):
            meets.append(
                MeetingPlace(fate.kind, fate.fate_id, fate.name_en, fate.name_ja,
                             fate in cuts, own)
            )  # fmt: skip
    return meets


def _shown(route: Route, network: Network, links: dict[str, dict[str, Any]]) -> NetworkRoute:
    """Write a route for people: its stops, and what it crosses the sea by."""
    at = [network.graph.nodes[node] for node in route.nodes]
    over = [links[link] for link in route.links]
    names = [
        link["crossing"][1:] if link.get("crossing") else (link["system"], link["system"])
        for link in over
        if link.get("crossing") or link["system"]
    ]
    names = list(dict.fromkeys(names))
    lat_lon = [
        (None, None) if np.isnan(one["lat_deg"]) else (one["lat_deg"], one["lon_deg"]) for one in at
    ]
    return NetworkRoute(
        tuple(
            Stop("landing" if one["kind"] == "landing" else "node", one["name_en"], one["name_ja"],
                 *where)
            for one, where in zip(at, lat_lon, strict=True)
        ),
        tuple(en for en, _ in names),
        tuple(ja for _, ja in names),
        route.route_km,
        float(network.round_trip_ms(np.array(route.fibre_km))),
    )  # fmt: skip


def _notes(in_town: list[tuple[str, str]]) -> tuple[str, ...]:
    if not in_town:
        return ()
    en, ja = ", ".join(en for en, _ in in_town), "、".join(ja for _, ja in in_town)
    said = (
        f"in the town of a node of the network, where the streets and buildings that both routes "
        f"pass are not known: {en} / 網のノードと同じ市町村にあり、両経路が市内で通る道路・"
        f"局舎は不明：{ja}"
    )
    return (said,)


CRITERION = TwoRoutes()
