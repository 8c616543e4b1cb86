"""The national network: backbone nodes and links, domestic cables by year, and round trips.

The backbone is a public reference topology (JPN48: the prefectural capitals and 82 links with the
length of their routes), not a carrier's network. Domestic submarine cables join the landings they
are published to join, from their year on; a landing is joined to the two nearest nodes of its land
body. A place is joined by tails to the two nearest nodes of its own land body (where that has one
node alone, as Hokkaido has, landings with a cable to another node's body count as nodes), along a
stated factor over the straight line; the second is no short cut, both together are at least as long
as the way between the two nodes. What no table has (feeders of small islands, routes of carriers)
is not there, and a place without a way has no round trip: not known, which is not zero.

Round trip of a way of `f` km of fibre: ``2 f fibre_us_per_km / 1000 + equipment_ms``, where fibre
is longer than the route by `fibre_per_route_km`. The three numbers are calibrated on one measured
pair, Tokyo to Osaka; see docs/network.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from dcsite.geo.geodesy import geodesic_km, nearest, to_ecef_km
from dcsite.sites import NO_LANDMASS, landmass_of, landmasses

from .calibration import Calibration, calibrated, measurement_files
from .files import network_files, read_network
from .systems import in_force

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import NetworkParameters

    Floats = NDArray[np.float64]

#: A node so far from the office of the only prefecture it stands for stands at the office instead.
_MISPLACED_KM = 10.0
_TAILS = 2
_WAITING = ["name", "status", "year"]
#: Of cables, and of links in a user's file: in use, or coming by a year that is known.
_IN_SERVICE, _COMING = "in_service", "under_construction"


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes and links in force in the scenario's year.

    Parameters
    ----------
    graph : networkx.MultiGraph
        Nodes have `name_en`, `name_ja`, `lat_deg`, `lon_deg` (NaN where a user's file has none),
        `landmass_id`, `kind` (``backbone`` or ``landing``), `municipality_code` (of the nearest
        office; empty without a land body), `joins` (whether places are joined to it); links, keyed
        by their id, `kind` (``land``, ``strait``, ``submarine`` or ``tail``), `route_km`,
        `fibre_km`, `system` (name of the cable, else empty), `year` (since when, None: not said),
        those between islands `crossing` (id, English and Japanese name of the strait, if known).
    parameters : NetworkParameters
        What is asked.
    waiting : pandas.DataFrame
        Cables and links that are no route: `name`, `status`, `year`.
    cores : tuple of str
        The node nearest to each existing core.
    digest : str
        Of all it follows from.
    calibration : Calibration, optional
        The fit to a user's measurements, where there are any; `parameters` are the fitted ones.
    """

    graph: nx.MultiGraph
    parameters: NetworkParameters
    waiting: pd.DataFrame
    cores: tuple[str, ...] = ()
    digest: str = ""
    calibration: Calibration | None = None

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """The nodes as a table, by id, in the order of the graph."""
        return pd.DataFrame.from_dict(dict(self.graph.nodes(data=True)), orient="index")

    @cached_property
    def _between_km(self) -> Floats:
        """Fibre in km between all nodes along the shortest ways, shape (nodes, nodes)."""
        at = {node: number for number, node in enumerate(self.graph)}
        # Of parallel links the shortest counts; a sparse matrix would add them up.
        least: dict[tuple[int, int], float] = {}
        for one, other, km in self.graph.edges(data="fibre_km"):
            pair = (at[one], at[other])
            least[pair] = min(km, least.get(pair, np.inf))
        row, column = np.array(list(least), dtype=np.int32).reshape(-1, 2).T
        links = coo_array((list(least.values()), (row, column)), shape=(len(at), len(at)))
        return np.asarray(dijkstra(links.tocsr(), directed=False))

    def tails(self, places: pd.DataFrame) -> tuple[NDArray[np.intp], Floats]:
        """Find the two nearest nodes of each place's own land body.

        Parameters
        ----------
        places : pandas.DataFrame
            With `lat_deg`, `lon_deg`, `landmass_id`.

        Returns
        -------
        node : numpy.ndarray of int, shape (places, 2)
            Positions in `nodes`.
        straight_km : numpy.ndarray, shape (places, 2)
            Geodesic distances, nearest first; infinite where there is no such node.
        """
        node = np.zeros((len(places), _TAILS), dtype=np.intp)
        away_km = np.full((len(places), _TAILS), np.inf)
        lat, lon = (self.nodes[name].to_numpy(dtype=float) for name in ("lat_deg", "lon_deg"))
        for body, rows in places.groupby("landmass_id").indices.items():
            own = (self.nodes["landmass_id"] == body).to_numpy()
            there = np.flatnonzero(own & self.nodes["joins"].to_numpy(dtype=bool))
            if count := min(_TAILS, len(there)):
                here = places.iloc[rows]
                found, km = nearest(here["lat_deg"], here["lon_deg"], lat[there], lon[there], count)
                node[rows, :count] = there[found.reshape(len(rows), count)]
                away_km[rows, :count] = km.reshape(len(rows), count)
        return node, away_km

    def fibre_km(self, here: pd.DataFrame, there: pd.DataFrame) -> Floats:
        """Work out the fibre between two lists of places, along the shortest ways.

        A way goes over the tails of both places. Places of one land body that are no farther from
        each other than one of them from its nearest node are joined directly too.

        Returns
        -------
        numpy.ndarray, shape (here, there)
            In km; infinite where the tables have no way.
        """
        factor = self.parameters.tail_route_factor * self.parameters.fibre_per_route_km
        (node, away_km), (end, end_km) = self.tails(here), self.tails(there)
        tail_km, its_km = self._tail_km(node, away_km), self._tail_km(end, end_km)
        found = np.full((len(here), len(there)), np.inf)
        for first in range(node.shape[1]):
            for last in range(end.shape[1]):
                via_km = self._between_km[np.ix_(node[:, first], end[:, last])]
                via_km += tail_km[:, first, None] + its_km[None, :, last]
                np.minimum(found, via_km, out=found)
        reach_km = np.maximum(away_km[:, :1], end_km[:, 0][None, :])
        return np.asarray(np.minimum(found, factor * overland_km(here, there, reach_km)))

    def _tail_km(self, node: NDArray[np.intp], straight_km: Floats) -> Floats:
        """Return the fibre of tails; the two make no short cut between their nodes."""
        own = self.parameters
        fibre_km = own.tail_route_factor * own.fibre_per_route_km * straight_km
        between_km = self._between_km[node[:, 0], node[:, 1]]
        both = np.isfinite(between_km) & np.isfinite(straight_km[:, 1])
        least_km = between_km[both] - fibre_km[both, 0]
        fibre_km[both, 1] = np.maximum(fibre_km[both, 1], least_km)
        return fibre_km

    def round_trip_ms(self, fibre_km: Floats) -> Floats:
        """Return round trips in ms over ways of some km of fibre."""
        own = self.parameters
        equipment_ms = own.equipment_ms if own.year < own.all_optical_year else 0.0
        return np.asarray(2.0 * fibre_km * own.fibre_us_per_km / 1000.0 + equipment_ms)


def overland_km(here: pd.DataFrame, there: pd.DataFrame, most_km: float | Floats) -> Floats:
    """Work out the straight distances between places on a common land body.

    Parameters
    ----------
    here, there : pandas.DataFrame
        With `lat_deg`, `lon_deg`, `landmass_id`.
    most_km : float or numpy.ndarray, shape (here, there)
        What is farther is left out.

    Returns
    -------
    numpy.ndarray, shape (here, there)
        In km; infinite where places have no common land body or are farther apart.
    """
    body, other = here["landmass_id"].to_numpy()[:, None], there["landmass_id"].to_numpy()
    chord_km = cdist(*(to_ecef_km(each["lat_deg"], each["lon_deg"]) for each in (here, there)))
    # A chord is never longer than the way over it.
    row, column = np.nonzero((body == other) & (other != NO_LANDMASS) & (chord_km <= most_km))
    km = geodesic_km(
        *(each[axis].to_numpy()[at] for each, at in ((here, row), (there, column))
          for axis in ("lat_deg", "lon_deg"))
    )  # fmt: skip
    found = np.full(chord_km.shape, np.inf)
    found[row, column] = km
    return np.where(found <= most_km, found, np.inf)


def network_of(atlas: Atlas, own: NetworkParameters) -> Network:
    """Return the network that is asked for, a user's own laid over or in place of the backbone.

    Raises
    ------
    NetworkFileError
        With all problems of a user's file.
    """
    digest = hashlib.sha256(own.model_dump_json().encode())
    for file in network_inputs(own):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    key = digest.hexdigest()
    return atlas.kept("network", key, lambda: replace(_calibrated(atlas, own), digest=key))


def calibration_of(atlas: Atlas, own: NetworkParameters) -> Calibration:
    """Return the rule of round trips beside what was measured: a user's pairs, else the shipped."""
    return calibrated(atlas, own, lambda one: _network(atlas, one))[1]


def network_inputs(own: NetworkParameters) -> tuple[Path, ...]:
    """Return the user's files that a network rests on."""
    return (*network_files(own.file), *measurement_files(own))


def _calibrated(atlas: Atlas, own: NetworkParameters) -> Network:
    if not own.measurements_file:
        return _network(atlas, own)
    fitted, found = calibrated(atlas, own, lambda one: _network(atlas, one))
    return replace(_network(atlas, fitted), calibration=found)


def on_land(places: pd.DataFrame, atlas: Atlas) -> pd.DataFrame:
    """Return places, which have `lat_deg` and `lon_deg`, with the land body each stands on."""
    bodies = landmasses(atlas)
    return places.assign(landmass_id=landmass_of(places["lat_deg"], places["lon_deg"], bodies))


def _network(atlas: Atlas, own: NetworkParameters) -> Network:
    graph, waiting = nx.MultiGraph(), pd.DataFrame(columns=_WAITING)
    if not own.file or own.file_stands == "beside":
        _lay_backbone(graph, atlas)
        waiting = _lay_cables(graph, atlas, own)
    if own.file:
        given = read_network(own.file, dict(graph.nodes(data=True)))
        waiting = pd.concat([waiting, _lay_given(graph, given, own)], ignore_index=True)
    if graph:
        _place_nodes(graph, atlas)
    _join_landings(graph, own)
    for one, other, link in graph.edges(data=True):
        if link["kind"] == "":
            ends = {graph.nodes[node]["landmass_id"] for node in (one, other)}
            link["kind"] = "land" if len(ends) == 1 else "strait"
        if "fibre_km" not in link:
            link["fibre_km"] = link["route_km"] * own.fibre_per_route_km
    _mark_joining(graph)
    network = Network(graph, own, waiting)
    if not graph:
        return network
    node, away_km = network.tails(on_land(atlas.existing_cores(), atlas))
    cores = network.nodes.index[node[np.isfinite(away_km[:, 0]), 0]]
    return replace(network, cores=tuple(dict.fromkeys(cores)))


def _lay_backbone(graph: nx.MultiGraph, atlas: Atlas) -> None:
    """Lay JPN48: nodes at their cities, links with the length of the model."""
    nodes = atlas.table("fibre_backbone_nodes")
    nodes = nodes[nodes["in_jpn48"] == 1]
    offices = atlas.table("prefectures").loc[nodes["pref_code"]]
    office = offices["office_lat_deg"].to_numpy(), offices["office_lon_deg"].to_numpy()
    away_km = geodesic_km(nodes["lat_deg"], nodes["lon_deg"], *office)
    astray = (away_km > _MISPLACED_KM) & ~nodes["pref_code"].duplicated(keep=False).to_numpy()
    nodes = nodes.assign(
        lat_deg=np.where(astray, office[0], nodes["lat_deg"]),
        lon_deg=np.where(astray, office[1], nodes["lon_deg"]),
    )
    for node, row in nodes[["name_en", "name_ja", "lat_deg", "lon_deg"]].iterrows():
        graph.add_node(node, kind="backbone", **row)
    links = atlas.table("fibre_backbone_links")
    straits = atlas.table("strait_crossings")[["crossing_id", "name_en", "name_ja"]]
    crossing = dict(zip(straits.index, straits.itertuples(index=False, name=None), strict=True))
    for link, row in links[links["model"] == "JPN48"].iterrows():
        kind = "land" if pd.isna(row["inter_island"]) else "strait"
        graph.add_edge(
            row["node_a"], row["node_b"], link, kind=kind, route_km=row["route_length_km"],
            system="", year=None, crossing=crossing.get(link),
        )  # fmt: skip


def _lay_cables(graph: nx.MultiGraph, atlas: Atlas, own: NetworkParameters) -> pd.DataFrame:
    """Lay the domestic cables in force between their landings; return those that are not.

    Cables to Europe by the Arctic are told with them: they would be routes, and are under study.
    """
    cables = atlas.table("submarine_cables")
    arctic = cables["directions"].str.contains("arctic_europe", na=False)
    cables = cables[(cables["kind"] == "domestic") | arctic]
    year, laid = cables["rfs_year"], in_force(cables, own.year)
    segments = atlas.table("domestic_cable_segments")
    stations = atlas.table("cable_landing_stations")
    for segment, row in segments[segments["cable_id"].map(laid)].iterrows():
        for landing in (row["landing_a"], row["landing_b"]):
            place = stations.loc[landing, ["name_en", "name_ja", "lat_deg", "lon_deg"]]
            graph.add_node(landing, kind="landing", **place)
        published_km, estimated_km = row["published_km"], row["sea_way_km"] * own.sea_route_factor
        graph.add_edge(
            row["landing_a"], row["landing_b"], segment, kind="submarine",
            route_km=float(estimated_km if pd.isna(published_km) else published_km),
            system=str(cables.loc[row["cable_id"], "name"]),
            year=None if pd.isna(year[row["cable_id"]]) else int(year[row["cable_id"]]),
        )  # fmt: skip
    rest = cables[~laid & ~cables["status"].isin(["retired"])]
    return rest.rename(columns={"rfs_year": "year"})[_WAITING]


def _lay_given(graph: nx.MultiGraph, given: nx.MultiGraph, own: NetworkParameters) -> pd.DataFrame:
    """Lay a user's nodes and links; those of a known id take the place of what was there."""
    graph.add_nodes_from(given.nodes(data=True))
    # Two nodes joined here and in the backbone are joined as the user's file has it.
    pairs = {frozenset(pair) for pair in given.edges()}
    graph.remove_edges_from([one for one in graph.edges if frozenset(one[:2]) in pairs])
    rest = []
    for one, other, key, link in given.edges(keys=True, data=True):
        year, status = link["year"], link.pop("status")
        known = year is not None
        usable = {_IN_SERVICE: not known or year <= own.year, _COMING: known and year <= own.year}
        if not usable.get(status, False):
            rest.append({"name": f"{one} - {other}", "status": status, "year": year})
            continue
        if "straight_km" in link:
            link["route_km"] = link.pop("straight_km") * own.tail_route_factor
        elif "route_km" not in link:
            link["route_km"] = link["fibre_km"] / own.fibre_per_route_km
        graph.add_edge(one, other, key, **link)
    return pd.DataFrame(rest, columns=_WAITING)


def _place_nodes(graph: nx.MultiGraph, atlas: Atlas) -> None:
    """Find land body and municipality of each node; none abroad or without a position."""
    nodes = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index")
    here = nodes[nodes["lat_deg"].notna()]
    body = pd.Series(NO_LANDMASS, index=nodes.index)
    if len(here):
        body[here.index] = on_land(here, atlas)["landmass_id"]
    here = here[body[here.index] != NO_LANDMASS]
    code = pd.Series("", index=nodes.index)
    if len(here):
        offices = atlas.table("municipalities")
        at = offices["office_lat_deg"], offices["office_lon_deg"]
        code[here.index] = offices.index[nearest(here["lat_deg"], here["lon_deg"], *at)[0]]
    nx.set_node_attributes(graph, code.to_dict(), "municipality_code")
    nx.set_node_attributes(graph, {node: int(one) for node, one in body.items()}, "landmass_id")


def _join_landings(graph: nx.MultiGraph, own: NetworkParameters) -> None:
    """Join each landing to the two nearest backbone nodes of its land body, as places are."""
    bare = nx.subgraph_view(
        graph, filter_node=lambda node: graph.nodes[node]["kind"] == "backbone"
    ).copy()
    backbone = [
        (node, data) for node, data in graph.nodes(data=True)
        if data["kind"] == "backbone" and data["landmass_id"] != NO_LANDMASS
    ]  # fmt: skip
    landings = [(node, data) for node, data in graph.nodes(data=True) if data["kind"] == "landing"]
    for landing, here in landings:
        near = sorted(
            (float(geodesic_km(here["lat_deg"], here["lon_deg"], at["lat_deg"], at["lon_deg"])),
             node)
            for node, at in backbone if at["landmass_id"] == here["landmass_id"]
        )  # fmt: skip
        tails = [(km * own.tail_route_factor, node) for km, node in near[:_TAILS]]
        for number, (km, node) in enumerate(tails):
            least_km = 0.0
            if number and nx.has_path(bare, node, tails[0][1]):
                way_km = nx.shortest_path_length(bare, node, tails[0][1], weight="route_km")
                least_km = way_km - tails[0][0]
            graph.add_edge(
                landing, node, f"{landing}>{node}", kind="tail", system="", year=None,
                route_km=max(km, least_km),
            )  # fmt: skip


def _mark_joining(graph: nx.MultiGraph) -> None:
    """Say which nodes places are joined to: the backbone's, on a body with fewer than two more.

    There landings count as well from which the sea leads to the backbone elsewhere.
    """
    bodies: dict[int, list[str]] = {}
    for node, body in graph.nodes(data="landmass_id"):
        graph.nodes[node]["joins"] = False
        if body != NO_LANDMASS:
            bodies.setdefault(body, []).append(node)
    backbone = {node for node, kind in graph.nodes(data="kind") if kind == "backbone"}
    for there in bodies.values():
        joined = backbone.intersection(there)
        if len(joined) < _TAILS:
            away = nx.restricted_view(graph, list(joined), [])
            reached = set().union(
                *(part for part in nx.connected_components(away) if part & (backbone - joined))
            )
            joined = joined | reached.intersection(there)
        for node in joined:
            graph.nodes[node]["joins"] = True
