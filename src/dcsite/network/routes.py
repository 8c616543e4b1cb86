"""Ways of a few places over the network, found by NetworkX: for the checks of a plan.

Shares nothing with the tables of distances in `backbone`, nor with the losses worked through side
by side in `losses`, but the graph itself and the list of what may be lost.

Two routes from a place to the existing cores are disjoint if they share no part but the place: they
leave by different tails and, where they share no node either, end at different cores. The shortest
such pair is a flow of two units of least cost (Suurballe 1974; Suurballe and Tarjan 1984): a second
way is sought where the first may be undone, and what both undo falls away.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from dcsite.geo.geodesy import geodesic_km
from dcsite.sites import NO_LANDMASS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from .backbone import Network
    from .losses import Fate

    #: A vertex of the graph of routes: a node or link, and whether its near or far side.
    Vertex = tuple[str, str, int]


def ways_in(network: Network, place: pd.Series[Any]) -> list[tuple[float, str]]:
    """List the nodes a place is joined to by tails, nearest first, with the straight km to each."""
    names, lat_deg, lon_deg = _joining(network, place["landmass_id"])
    away_km = np.atleast_1d(geodesic_km(place["lat_deg"], place["lon_deg"], lat_deg, lon_deg))
    return sorted(zip(away_km.tolist(), names, strict=True))[:2]


@functools.lru_cache(maxsize=256)
def _joining(
    network: Network, landmass_id: int
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return the nodes of a land body that places are joined to, and where they are in degrees."""
    nodes = {
        node: (data["lat_deg"], data["lon_deg"])
        for node, data in network.graph.nodes(data=True)
        if data["joins"] and data["landmass_id"] == landmass_id != NO_LANDMASS
    }
    lat_deg, lon_deg = np.array(list(nodes.values()), dtype=float).reshape(-1, 2).T
    return list(nodes), lat_deg, lon_deg


@functools.lru_cache(maxsize=4096)
def _away_from(network: Network, node: str) -> dict[str, float]:
    """Return the km of fibre from a node to each that it reaches; not to be changed."""
    return dict(nx.single_source_dijkstra_path_length(network.graph, node, weight="fibre_km"))


def fibre_km_between(
    network: Network, here: pd.DataFrame, there: pd.DataFrame
) -> NDArray[np.float64]:
    """Work out what :meth:`Network.fibre_km` does, place by place with NetworkX."""
    own = network.parameters
    factor = own.tail_route_factor * own.fibre_per_route_km

    def joined(place: pd.Series[Any]) -> tuple[float, list[tuple[float, str]]]:
        """Return how far straight ways from a place may lead, and its tails by fibre."""
        tails = ways_in(network, place)
        found = [(factor * km, node) for km, node in tails]
        if len(found) == 2:
            (first_km, first), (last_km, last) = found
            found[1] = max(last_km, _away_from(network, first).get(last, 0.0) - first_km), last
        return tails[0][0] if tails else np.inf, found

    starts = [(place, *joined(place)) for _, place in here.iterrows()]
    ends = [joined(place) for _, place in there.iterrows()]
    found = np.full((len(here), len(there)), np.inf)
    for row, (place, reach_km, tails) in enumerate(starts):
        straight_km = km_on_land(place, there).tolist()
        for column, (its_reach_km, its) in enumerate(ends):
            over = [
                km + _away_from(network, node).get(at, np.inf) + its_km
                for km, node in tails
                for its_km, at in its
            ]
            if straight_km[column] <= max(reach_km, its_reach_km):
                over.append(factor * straight_km[column])
            found[row, column] = min(over, default=np.inf)
    return found


def km_on_land(place: pd.Series[Any], there: pd.DataFrame) -> NDArray[np.float64]:
    """Return the km from a place to each of others; infinite where no land joins them."""
    km = geodesic_km(place["lat_deg"], place["lon_deg"], there["lat_deg"], there["lon_deg"])
    joined = (there["landmass_id"] == place["landmass_id"]) & (there["landmass_id"] != NO_LANDMASS)
    return np.where(joined, km, np.inf)


@dataclass(frozen=True)
class Route:
    """One way from a place to an existing core.

    Parameters
    ----------
    nodes : tuple of str
        From the end of the tail to the core's node.
    links : tuple of str
        Between them, one fewer.
    route_km, fibre_km : float
        With the tail; the shortest by fibre.
    """

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    route_km: float
    fibre_km: float


@dataclass(frozen=True)
class Routes:
    """What a place has of routes to the existing cores.

    Parameters
    ----------
    link_disjoint, node_disjoint : int
        Routes, 0 to 2, that share no link, and no node either.
    shown : tuple of Route
        The shortest pair that shares least; one where there is no second, none where no way is
        known.
    cuts : tuple of Fate
        Single losses that leave the place without the route it has.
    """

    link_disjoint: int
    node_disjoint: int
    shown: tuple[Route, ...]
    cuts: tuple[Fate, ...]


class RouteFinder:
    """Finds disjoint routes of places, one by one.

    Parameters
    ----------
    network : Network
        Nodes, links and the cores' nodes.
    fates : sequence of Fate
        What may be lost by itself.
    """

    def __init__(self, network: Network, fates: tuple[Fate, ...]) -> None:
        self._network, self._fates = network, fates
        self._by_nodes = _potential(_vertices(network, of_nodes=True))
        self._by_links = _potential(_vertices(network, of_nodes=False))
        self._links = {key: link for *_, key, link in network.graph.edges(keys=True, data=True)}
        graph = {node: dict(links) for node, links in network.graph.adjacency()}
        self._reach = [_reached(graph, network.cores, fate) for fate in fates]

    def routes(self, place: pd.Series[Any]) -> Routes:
        """Find the routes of a place with `lat_deg`, `lon_deg` and `landmass_id`."""
        own = self._network.parameters
        tails = [
            (own.tail_route_factor * own.fibre_per_route_km * km, node)
            for km, node in ways_in(self._network, place)
        ]
        apart = self._pair(self._by_nodes, tails)
        joined = apart if len(apart) == 2 else self._pair(self._by_links, tails)
        ends = [node for _, node in tails] if joined else []
        cuts = tuple(
            fate
            for fate, reached in zip(self._fates, self._reach, strict=True)
            if ends and not reached.intersection(ends)
        )
        return Routes(len(joined), len(apart), joined, cuts)

    def _pair(
        self, over: tuple[nx.DiGraph, dict[Vertex, float]], tails: list[tuple[float, str]]
    ) -> tuple[Route, ...]:
        """Return the shortest two disjoint routes, the shorter first, or the shortest, or none."""
        tail_km = {node: km for km, node in tails}
        found = []
        for nodes, links in _pair(over, tail_km):
            fibre_km = tail_km[nodes[0]] + sum(self._links[link]["fibre_km"] for link in links)
            route_km = tail_km[nodes[0]] / self._network.parameters.fibre_per_route_km
            route_km += sum(self._links[link]["route_km"] for link in links)
            found.append(Route(nodes, links, route_km, fibre_km))
        return tuple(sorted(found, key=lambda route: route.fibre_km))


def _vertices(network: Network, *, of_nodes: bool) -> nx.DiGraph:
    """Return the graph in which every link, and every node if asked, can be used once."""
    graph = nx.DiGraph()
    far = 1 if of_nodes else 0
    if of_nodes:
        graph.add_edges_from(
            ((("node", node, 0), ("node", node, 1)) for node in network.graph), km=0.0
        )
    for one, other, key, km in network.graph.edges(keys=True, data="fibre_km"):
        graph.add_edge(("link", key, 0), ("link", key, 1), km=km)
        for end in (one, other):
            graph.add_edge(("node", end, far), ("link", key, 0), km=0.0)
            graph.add_edge(("link", key, 1), ("node", end, 0), km=0.0)
    for core, unit in itertools.product(network.cores, (1, 2)):  # two routes may end at one core
        graph.add_edge(("node", core, far), ("end", core, unit), km=0.0)
        graph.add_edge(("end", core, unit), _END, km=0.0)
    return graph


_START: Vertex = ("start", "", 0)
_END: Vertex = ("end", "", 0)


def _potential(graph: nx.DiGraph) -> tuple[nx.DiGraph, dict[Vertex, float]]:
    """Return the graph with each arc's km beyond the shortest way, and those ways' km."""
    if _END not in graph:
        return graph, {}
    away: dict[Vertex, float] = nx.single_source_dijkstra_path_length(
        graph.reverse(copy=False), _END, weight="km"
    )
    beyond = nx.DiGraph()
    beyond.add_weighted_edges_from(
        (one, other, max(km + away[other] - away[one], 0.0))
        for one, other, km in graph.edges(data="km")
        if one in away and other in away
    )
    return beyond, away


def _pair(
    over: tuple[nx.DiGraph, dict[Vertex, float]], tail_km: dict[str, float]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return nodes and links of the shortest two disjoint ways, or of the shortest, or none."""
    graph, away = over
    first = {node: km for node, km in tail_km.items() if ("node", node, 0) in away}
    if not first:
        return []
    least_km = min(km + away["node", node, 0] for node, km in first.items())
    used: set[tuple[Vertex, Vertex]] = set()
    # The place and its tails are put in, and taken out again with whatever was turned round.
    for node, km in first.items():
        beyond = max(km + away["node", node, 0] - least_km, 0.0)
        graph.add_edge(_START, ("node", node, 0), weight=beyond)
    turned: list[tuple[Vertex, Vertex]] = []
    try:
        for _ in range(2):
            try:
                way = nx.dijkstra_path(graph, _START, _END)
            except nx.NetworkXNoPath:
                break
            for arc in itertools.pairwise(way):
                back = arc[::-1]
                if back in used:
                    used.remove(back)
                else:
                    used.add(arc)
            if turned:
                break
            turned = list(itertools.pairwise(way))
            # What lies on a shortest way costs nothing beyond it, in either direction.
            graph.remove_edges_from(turned)
            graph.add_weighted_edges_from((other, one, 0.0) for one, other in turned)
    finally:
        graph.remove_edges_from([(other, one) for one, other in turned])
        graph.add_weighted_edges_from((one, other, 0.0) for one, other in turned)
        graph.remove_node(_START)
    return _unravelled(used)


def _unravelled(
    used: set[tuple[Vertex, Vertex]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Part the arcs in use into ways."""
    following: dict[Vertex, deque[Vertex]] = {}
    for one, other in sorted(used):
        following.setdefault(one, deque()).append(other)
    found = []
    for at in following[_START]:
        way, vertex = [at], at
        while vertex != _END:
            vertex = following[vertex].popleft()
            way.append(vertex)
        nodes = tuple(dict.fromkeys(name for kind, name, _ in way if kind == "node"))
        links = tuple(dict.fromkeys(name for kind, name, _ in way if kind == "link"))
        found.append((nodes, links))
    return found


def _reached(
    graph: Mapping[str, Mapping[str, Mapping[str, Any]]], cores: Sequence[str], fate: Fate
) -> set[str]:
    """Return the nodes that reach a core when something is lost."""
    found = set(cores) - fate.nodes
    ahead = list(found)
    while ahead:
        for node, links in graph[ahead.pop()].items():
            if node not in found and node not in fate.nodes and not fate.links.issuperset(links):
                found.add(node)
                ahead.append(node)
    return found
