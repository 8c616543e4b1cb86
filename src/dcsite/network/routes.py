"""Ways of a few places over the network, found by NetworkX: for the checks of a plan.

Shares nothing with the tables of distances in `backbone` but the graph itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from dcsite.geo.geodesy import geodesic_km
from dcsite.sites import NO_LANDMASS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from .backbone import Network


def ways_in(network: Network, place: pd.Series[Any]) -> list[tuple[float, str]]:
    """List the nodes a place is joined to by tails, nearest first, with the straight km to each."""
    nodes = [
        (node, data) for node, data in network.graph.nodes(data=True)
        if data["landmass_id"] == place["landmass_id"] != NO_LANDMASS
        and not np.isnan(data["lat_deg"])
    ]  # fmt: skip
    backbone = [one for one in nodes if one[1]["kind"] == "backbone"]
    return sorted((_km(place, data), node) for node, data in backbone or nodes)[:2]


def fibre_km_between(
    network: Network, here: pd.DataFrame, there: pd.DataFrame
) -> NDArray[np.float64]:
    """Work out what :meth:`Network.fibre_km` does, place by place with NetworkX."""
    own = network.parameters
    factor = own.tail_route_factor * own.fibre_per_route_km
    ends = [(place, ways_in(network, place)) for _, place in there.iterrows()]
    between = dict(nx.all_pairs_dijkstra_path_length(network.graph, weight="fibre_km"))

    def fibre_of(tails: list[tuple[float, str]]) -> list[tuple[float, str]]:
        found = [(factor * km, node) for km, node in tails]
        if len(found) == 2:
            (first_km, first), (last_km, last) = found
            found[1] = max(last_km, between[first].get(last, 0.0) - first_km), last
        return found

    found = np.full((len(here), len(there)), np.inf)
    for row, (_, place) in enumerate(here.iterrows()):
        graph, tails = network.graph.copy(), ways_in(network, place)
        # A tuple is no node of the network.
        graph.add_weighted_edges_from(
            [((), node, km) for km, node in fibre_of(tails)], weight="fibre_km"
        )
        away_km = (
            nx.single_source_dijkstra_path_length(graph, (), weight="fibre_km") if tails else {}
        )
        for column, (end, its) in enumerate(ends):
            over = [away_km[node] + km for km, node in fibre_of(its) if node in away_km]
            straight_km = _km(place, end)
            reach_km = max(one[0][0] if one else np.inf for one in (tails, its))
            if (
                place["landmass_id"] == end["landmass_id"] != NO_LANDMASS
                and straight_km <= reach_km
            ):
                over.append(factor * straight_km)
            found[row, column] = min(over, default=np.inf)
    return found


def _km(one: Any, other: Any) -> float:
    """Return the geodesic distance of two places."""
    return float(geodesic_km(one["lat_deg"], one["lon_deg"], other["lat_deg"], other["lon_deg"]))
