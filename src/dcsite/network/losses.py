"""What a loss in the network leaves reachable: nodes, links, crossings, cables, landings.

A place has a route while one of the nodes that its tails lead to still reaches the node of an
existing core: Tokyo's or Osaka's. Losses are worked through side by side, one bit each: what is
reached spreads from the cores along the links until nothing is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

    from .backbone import Network

    Flags = NDArray[np.bool_]

FateKind = Literal["node", "landing", "crossing", "system", "link", "prefecture"]


@dataclass(frozen=True)
class Fate:
    """Parts of the network that one loss takes together.

    Parameters
    ----------
    kind : str
        ``node``, ``landing``, ``crossing`` (all links over one strait), ``system`` (all segments of
        a submarine cable), ``link`` or ``prefecture`` (all nodes and landings in it).
    fate_id : str
        Unique.
    name_en, name_ja : str
        What it is called.
    nodes, links : frozenset of str
        What is lost.
    prefecture : str
        Code of the prefecture it lies in; empty for what lies in several.
    """

    kind: FateKind
    fate_id: str
    name_en: str
    name_ja: str
    nodes: frozenset[str]
    links: frozenset[str]
    prefecture: str = ""


def fates_of(network: Network, prefectures: pd.DataFrame) -> tuple[Fate, ...]:
    """List what may be lost by itself; what takes the same parts stands once.

    Parameters
    ----------
    network : Network
        Nodes and links.
    prefectures : pandas.DataFrame
        By `pref_code`: `name_en`, `name_ja`.
    """
    nodes = dict(network.graph.nodes(data=True))
    found: dict[tuple[frozenset[str], frozenset[str]], Fate] = {}

    def add(
        kind: FateKind, fate_id: str, names: tuple[str, str], nodes: set[str], links: set[str],
        prefecture: str = "",
    ) -> None:  # fmt: skip
        parts = frozenset(nodes), frozenset(links)
        found.setdefault(parts, Fate(kind, f"{kind}:{fate_id}", *names, *parts, prefecture))

    for node, data in nodes.items():
        kind: FateKind = "landing" if data["kind"] == "landing" else "node"
        names = (data["name_en"], data["name_ja"])
        add(kind, node, names, {node}, set(), data["municipality_code"][:2])
    groups: dict[tuple[FateKind, str], tuple[tuple[str, str], set[str]]] = {}
    for _, _, key, link in network.graph.edges(keys=True, data=True):
        if crossing := link.get("crossing"):
            groups.setdefault(("crossing", crossing[0]), (crossing[1:], set()))[1].add(key)
        if system := link["system"]:
            groups.setdefault(("system", system), ((system, system), set()))[1].add(key)
    for (kind, fate_id), (names, links) in groups.items():
        add(kind, fate_id, names, set(), links)
    for one, other, key in network.graph.edges(keys=True):
        en, ja = (f" {dash} ".join(nodes[end][name] for end in (one, other))
                  for dash, name in (("-", "name_en"), ("－", "name_ja")))  # fmt: skip
        add("link", key, (en, ja), set(), {key})
    for code in sorted({data["municipality_code"][:2] for data in nodes.values()} - {""}):
        there = {node for node, data in nodes.items() if data["municipality_code"][:2] == code}
        names = tuple(prefectures.loc[code, ["name_en", "name_ja"]])
        add("prefecture", code, names, there, set(), code)
    return tuple(found.values())


class Reach:
    """Which nodes reach a core under many losses at once.

    Parameters
    ----------
    graph : networkx.MultiGraph
        N nodes and L links, in its order.
    cores : sequence of str
        Nodes that are to be reached.
    """

    def __init__(self, graph: nx.MultiGraph, cores: tuple[str, ...]) -> None:
        self.nodes = tuple(graph)
        self.links = tuple(key for _, _, key in graph.edges(keys=True))
        at = {node: number for number, node in enumerate(graph)}
        self.ends = np.array([[at[one], at[other]] for one, other in graph.edges()])
        self.ends = self.ends.astype(np.intp).reshape(-1, 2)
        self._cores = [at[core] for core in cores]

    def reached(self, nodes_lost: Flags, links_lost: Flags) -> Flags:
        """Return which nodes reach a core.

        Parameters
        ----------
        nodes_lost : numpy.ndarray of bool, shape (N, s)
            For each of s losses.
        links_lost : numpy.ndarray of bool, shape (L, s)
            The same of links.

        Returns
        -------
        numpy.ndarray of bool, shape (N, s)
        """
        lost = np.packbits(np.concatenate([nodes_lost, links_lost]), axis=1)
        found = self._spread(lost, np.uint8(255), np.bitwise_or, np.bitwise_and)
        return np.unpackbits(~found, axis=1, count=nodes_lost.shape[1]).astype(bool)

    def weakest(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the largest value on the way to a core whose largest is least.

        Parameters
        ----------
        value : numpy.ndarray, shape (N + L, s)
            Of each node and each link.

        Returns
        -------
        numpy.ndarray, shape (N, s)
            Infinite where there is no way.
        """
        return np.asarray(self._spread(value, np.inf, np.maximum, np.minimum))

    def _spread(self, value: Any, no_way: Any, along: np.ufunc, best: np.ufunc) -> Any:
        """Spread from the cores what `along` makes of a way, the `best` of ways, to all nodes."""
        nodes, links = value[: len(self.nodes)], value[len(self.nodes) :]
        found = np.full_like(nodes, no_way)
        found[self._cores] = nodes[self._cores]
        before = found[:0]
        while not np.array_equal(before, found):
            before = found.copy()
            for link, (one, other) in zip(links, self.ends.tolist(), strict=True):
                for here, there in ((one, other), (other, one)):
                    over = along(along(link, found[here]), nodes[there])
                    best(found[there], over, out=found[there])
        return found

    def of(self, fates: tuple[Fate, ...]) -> Flags:
        """Return which nodes reach a core when each of some fates comes, shape (N, fates)."""

        def lost(every: tuple[str, ...], taken: list[frozenset[str]]) -> Flags:
            rows = [[one in parts for parts in taken] for one in every]
            return np.array(rows, dtype=np.bool_).reshape(len(every), len(taken))

        return self.reached(
            lost(self.nodes, [fate.nodes for fate in fates]),
            lost(self.links, [fate.links for fate in fates]),
        )


def known_losses(network: Network, atlas: Atlas) -> tuple[tuple[Fate, ...], Flags]:
    """Return what may be lost by itself, and which nodes reach a core then: of nodes by losses."""

    def found() -> tuple[tuple[Fate, ...], Flags]:
        fates = fates_of(network, atlas.table("prefectures"))
        return fates, Reach(network.graph, network.cores).of(fates)

    return atlas.kept("losses in the network", network.digest, found)


def cut_off(tails: NDArray[np.intp], reached: Flags) -> Flags:
    """Tell which places no tail joins to a node that reaches a core.

    Parameters
    ----------
    tails : numpy.ndarray of int, shape (places, 2)
        From :func:`ways_out`.
    reached : numpy.ndarray of bool, shape (N, s)
        From :class:`Reach`.

    Returns
    -------
    numpy.ndarray of bool, shape (places, s)
        Never True of a place from which no way is known: none can be lost.
    """
    over = [reached[end] & (end >= 0)[:, None] for end in tails.T]
    return np.asarray((tails[:, :1] >= 0) & ~np.logical_or.reduce(over))


def ways_out(network: Network, places: pd.DataFrame) -> NDArray[np.intp]:
    """Return the nodes that tails lead to and from which a core is reached while nothing is lost.

    Returns
    -------
    numpy.ndarray of int, shape (places, 2)
        Positions in the network; -1: none, never before one.
    """
    node, away_km = network.tails(places)
    joined = set[str]().union(*(nx.node_connected_component(network.graph, core)
                                for core in network.cores))  # fmt: skip
    reaches = np.array([one in joined for one in network.graph], dtype=np.bool_)
    if not len(reaches):
        return np.full(node.shape, -1)
    node = np.where(np.isfinite(away_km) & reaches[node], node, -1)
    return np.where(node[:, :1] < 0, node[:, ::-1], node)
