"""A user's own network: node-link JSON, GraphML or GML, one file or all of a folder.

Files of the public topology collections are read as they are: SNDlib and Topology Zoo call
coordinates `Latitude` and `Longitude`, node-link files list `links` or `edges`. A link's length is
`fibre_km` (as laid), or one of `route_km`, `length_km`, `distance_km`, `distance`, `length`, `dist`
(km along its route); a link without any runs along the scenario's factor over the straight line.
Every flaw is told with node or link; what is left out or not read is told too.
"""

from __future__ import annotations

import json
import math
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from dcsite.errors import NetworkFileError, Problem
from dcsite.geo.geodesy import geodesic_km
from dcsite.sites.reader import ProblemList, shown
from dcsite.sites.rows import id_flaw, name_flaw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_SUFFIXES = (".json", ".graphml", ".gml")
_KINDS = ".json (node-link), .graphml or .gml, or a folder of them"
#: A backbone of a country has a few hundred nodes; ways between all are worked out at once.
_MAX_NODES, _MAX_LINKS, _MAX_BYTES = 5_000, 50_000, 20_000_000
_LAT, _LON = (
    ("lat_deg", "latitude", "lat", "y"),
    ("lon_deg", "longitude", "lon", "lng", "long", "x"),
)
_NAMES = ("name", "label", "name_ja", "name_en")
_LENGTHS = ("route_km", "length_km", "distance_km", "distance", "length", "dist")
_LINK_KINDS = ("land", "strait", "submarine")
_STATUS = ("in_service", "under_construction", "planned", "proposed", "under_study")
#: What node-link files and the readers of NetworkX give beside what is meant.
_BOOKKEEPING = {"id", "source", "target", "key"}
_LONGEST_KM = 20_000.0
#: A length so many times the straight line is in another unit.
_FARTHEST = 20.0


def network_files(given: str) -> tuple[Path, ...]:
    """Return the files of a user's network: the one given, or those of a folder; none without one.

    Raises
    ------
    NetworkFileError
        If there is none, or one may not be opened.
    """
    if not given:
        return ()
    path = Path(given)
    found = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    files = [one for one in found if one.suffix.lower() in _SUFFIXES]
    if not files or not all(one.is_file() for one in files):
        what = "holds no network" if path.is_dir() else "no such file" if files else (
            f"extension {shown(path.suffix)} is not known"
        )  # fmt: skip
        raise NetworkFileError(Problem(path.name, "", f"{what}; allowed: {_KINDS}"))
    if large := [one for one in files if one.stat().st_size > _MAX_BYTES]:
        wrong = f"has {large[0].stat().st_size:,} bytes; allowed: up to {_MAX_BYTES:,}"
        raise NetworkFileError(Problem(large[0].name, "", wrong))
    if others := [one.name for one in found if one not in files]:
        ProblemList(path.name, "file").tell(f"not read: {', '.join(map(shown, others[:20]))}")
    return tuple(files)


def read_network(given: str, known: Mapping[str, Any] | None = None) -> nx.MultiGraph:
    """Read a user's network.

    Parameters
    ----------
    given : str
        File or folder.
    known : mapping, optional
        Nodes of the backbone it stands beside, which its links may name, with their positions.

    Returns
    -------
    networkx.MultiGraph
        Nodes with `name_en`, `name_ja`, `lat_deg`, `lon_deg` (NaN: none) and `kind`; links with
        `kind` (empty: by the land bodies of its ends), `system`, `year` (None: not said), `status`
        and `fibre_km`, `route_km` or `straight_km`.

    Raises
    ------
    NetworkFileError
        With all problems of a file: the first 20 in full.
    """
    whole = nx.MultiGraph()
    parts = [(file, _parsed(file)) for file in network_files(given)]
    for file, raw in parts:
        _take_nodes(whole, raw, ProblemList(file.name, "node", NetworkFileError))
    for file, raw in parts:
        problems = ProblemList(file.name, "link", NetworkFileError)
        _take_links(whole, raw, known or {}, problems)
    # Without a position and a length no link's way is known.
    position = dict(whole.nodes(data="lat_deg", default=0.0))  # of the backbone's nodes: known
    lost = [node for node in whole if math.isnan(position[node]) and not whole.degree(node)]
    whole.remove_nodes_from(lost)
    if lost:
        said = f"left out, without a position and with no link of known length: {_listed(lost)}"
        ProblemList(Path(given).name, "node").tell(said)
    if all(math.isnan(position[node]) for node in whole):
        wrong = f"no node has a position; allowed: {_LAT[0]} and {_LON[0]}, or Latitude, Longitude"
        raise NetworkFileError(Problem(Path(given).name, "", wrong))
    return whole


def _parsed(file: Path) -> nx.MultiGraph:
    """Read nodes, links and what is said of them, not yet judged; nodes are named by their id."""
    readers: Mapping[str, Callable[[bytes], nx.MultiGraph]] = {
        ".json": _from_json, ".graphml": _from_graphml, ".gml": _from_gml,
    }  # fmt: skip
    unusable = partial(Problem, file.name, "")
    try:
        graph = readers[file.suffix.lower()](file.read_bytes())
    except RecursionError as error:
        raise NetworkFileError(unusable("is nested too deep for a network")) from error
    except (
        nx.NetworkXException, ParseError, ValueError, KeyError, TypeError, AttributeError,
        IndexError, OSError,
    ) as error:  # fmt: skip
        reason = shown(str(error).split("\n", maxsplit=1)[0]) if str(error) else "broken"
        raise NetworkFileError(unusable(f"is no network: {reason}; allowed: {_KINDS}")) from error
    if graph.number_of_nodes() > _MAX_NODES or graph.number_of_edges() > _MAX_LINKS:
        wrong = (
            f"has {graph.number_of_nodes():,} nodes and {graph.number_of_edges():,} links; "
            f"allowed: up to {_MAX_NODES:,} and {_MAX_LINKS:,}"
        )
        raise NetworkFileError(unusable(wrong))
    if not graph.number_of_nodes():
        raise NetworkFileError(unusable("holds no node"))
    return graph


def _from_json(content: bytes) -> nx.MultiGraph:
    data = json.loads(content.decode("utf-8-sig"))
    nodes = data.get("nodes") if isinstance(data, dict) else None
    links = (data.get("links") or data.get("edges") or []) if nodes is not None else None
    if not isinstance(nodes, list) or not isinstance(links, list):
        raise nx.NetworkXError('no lists "nodes" and "links" (or "edges")')
    graph = nx.MultiGraph()
    for node in nodes:
        if not isinstance(node, dict) or not isinstance(node.get("id"), str | int):
            raise nx.NetworkXError(f'no object with an "id" among the nodes: {json.dumps(node)}')
        if str(node["id"]) in graph:
            raise ValueError(f"node {node['id']} stands twice")
        graph.add_node(str(node["id"]), **{str(key): value for key, value in node.items()})
    names = {str(node["name"]): str(node["id"]) for node in nodes if "name" in node}
    for number, link in enumerate(links, start=1):
        ends = [link.get(end) for end in ("source", "target")] if isinstance(link, dict) else []
        if len(ends) != 2 or not all(isinstance(end, str | int) for end in ends):
            raise nx.NetworkXError(f'no object with "source" and "target": {json.dumps(link)}')
        here, there = (str(end) if str(end) in graph else names.get(str(end), str(end))
                       for end in ends)  # fmt: skip
        graph.add_edge(here, there, number=number, said=link)
    return graph


def _from_graphml(content: bytes) -> nx.MultiGraph:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("it declares a document type, which no network needs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a key without a type is read as text
        return _undirected(nx.parse_graphml(content.decode("utf-8-sig"), force_multigraph=True))


def _from_gml(content: bytes) -> nx.MultiGraph:
    return _undirected(nx.parse_gml(content.decode("utf-8-sig").splitlines(), label="id"))


def _undirected(read: Any) -> nx.MultiGraph:
    graph = nx.MultiGraph()
    graph.add_nodes_from((str(node), data) for node, data in read.nodes(data=True))
    for one, other, data in read.edges(data=True):
        graph.add_edge(str(one), str(other), number=0, said=data)
    return graph


def _take_nodes(whole: nx.MultiGraph, raw: nx.MultiGraph, problems: ProblemList) -> None:
    unread: set[str] = set()
    for number, (node, data) in enumerate(raw.nodes(data=True), start=1):
        said = {str(key).strip().casefold(): value for key, value in data.items()}
        if not data and raw.degree(node):
            continue  # named by a link alone: known to another file or the backbone, or an error
        flaw = id_flaw(node.replace(" ", "_"))
        names = {key: str(said[key]).strip() for key in _NAMES if said.get(key) not in (None, "")}
        for key, name in names.items():
            flaw = flaw or (f"{key}: {name_flaw(name)}" if name_flaw(name) else "")
        if flaw or node in whole:
            problems.add(number, "", flaw or f"id {shown(node)} stands in another file too")
            continue
        lat, lon = (_first(said, keys) for keys in (_LAT, _LON))
        position = [_number(value) for _, value in (lat, lon)]
        if [value in (None, "") for _, value in (lat, lon)] == [True, True]:
            position = [math.nan, math.nan]
        else:
            for (key, value), found, most in zip((lat, lon), position, (90.0, 180.0), strict=True):
                if found is None or not abs(found) <= most:
                    allowed = f"allowed: a number from -{most:g} to {most:g}"
                    problems.add(number, key, f"of {shown(node)} is {_text(value)}; {allowed}")
        name = names.get("name") or names.get("label") or node
        whole.add_node(
            node, kind="backbone", name_en=names.get("name_en", name),
            name_ja=names.get("name_ja", name), lat_deg=position[0], lon_deg=position[1],
        )  # fmt: skip
        unread |= said.keys() - {lat[0], lon[0]} - {*_NAMES} - _BOOKKEEPING
    problems.raise_if_any()
    if unread:
        problems.tell(f"not read of nodes: {_listed(unread)}")


def _take_links(
    whole: nx.MultiGraph, raw: nx.MultiGraph, known: Mapping[str, Any], problems: ProblemList
) -> None:
    unread: set[str] = set()
    loops, bare = [], []
    for at, (one, other, data) in enumerate(raw.edges(data=True), start=1):
        number = data["number"] or at  # NetworkX hands links out by their nodes
        said = {str(key).strip().casefold(): value for key, value in data["said"].items()}
        if missing := [end for end in (one, other) if end not in whole and end not in known]:
            problems.add(number, "", f"joins {shown(missing[0])}, which is no node")
            continue
        if one == other:
            loops.append(one)
            continue
        link = _link(said, partial(problems.add, number))
        unread |= said.keys() - {*_LENGTHS, "fibre_km", "kind", "status", "year", "system"} - (
            _BOOKKEEPING
        )  # fmt: skip
        ends = [whole.nodes.get(end) or known[end] for end in (one, other)]
        places = [end[key] for end in ends for key in ("lat_deg", "lon_deg")]
        straight_km = math.nan if any(map(math.isnan, places)) else float(geodesic_km(*places))
        length = next((key for key in ("fibre_km", "route_km") if key in link), "")
        if not length and math.isnan(straight_km):
            bare.append(f"{one} - {other}")
            continue
        if not length:
            link["straight_km"] = straight_km
        elif not math.isnan(straight_km) and not (
            0.8 * straight_km <= link[length] <= _FARTHEST * straight_km + 100.0
        ):
            wrong = (
                f"{shown(one)} to {shown(other)} is {link[length]:g} km long, the straight line "
                f"{straight_km:.1f} km; allowed: km, not shorter than the straight line"
            )
            problems.add(number, length, wrong)
        whole.add_edge(one, other, f"{problems.where}:{number}", **link)
    problems.raise_if_any()
    if loops:
        problems.tell(f"left out, from a node to itself: {_listed(loops)}")
    if bare:
        problems.tell(f"left out, without a length and a position of both ends: {_listed(bare)}")
    if unread:
        problems.tell(f"not read of links: {_listed(unread)}")


def _link(said: Mapping[str, Any], wrong: Callable[[str, str], None]) -> dict[str, Any]:
    """Judge what is said of a link."""
    link: dict[str, Any] = {"kind": "", "status": "in_service", "year": None, "system": ""}
    lengths = [key for key in ("fibre_km", *_LENGTHS) if said.get(key) not in (None, "")]
    if len(lengths) > 1:
        wrong(lengths[1], f"stands beside {lengths[0]}; give one length")
        lengths = []
    for key in lengths[:1]:
        km = _number(said[key])
        if km is None or not 0.0 < km <= _LONGEST_KM:
            wrong(key, f"{_text(said[key])} is no length; allowed: above 0 to {_LONGEST_KM:g} km")
        else:
            link["fibre_km" if key == "fibre_km" else "route_km"] = km
    for key, allowed in (("kind", _LINK_KINDS), ("status", _STATUS)):
        if said.get(key) not in (None, ""):
            link[key] = str(said[key]).strip().casefold()
            if link[key] not in allowed:
                wrong(key, f"{_text(said[key])} is not known; allowed: {', '.join(allowed)}")
    if said.get("year") not in (None, ""):
        year = _number(said["year"])
        if year is None or not 1900 <= year <= 2100 or year % 1:
            wrong("year", f"{_text(said['year'])} is no year; allowed: 1900 to 2100")
        else:
            link["year"] = int(year)
    if said.get("system") not in (None, ""):
        link["system"] = str(said["system"]).strip()
        if flaw := name_flaw(link["system"]):
            wrong("system", flaw)
    return link


def _first(said: Mapping[str, Any], keys: Iterable[str]) -> tuple[str, Any]:
    return next(((key, said[key]) for key in keys if key in said), (next(iter(keys)), None))


def _number(value: Any) -> float | None:
    """Return a finite number, also where it is given as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _text(value: Any) -> str:
    return shown(str(value)) if value not in (None, "") else "empty"


def _listed(names: Iterable[str]) -> str:
    every = sorted({*names})
    more = f" and {len(every) - 20} more" if len(every) > 20 else ""
    return ", ".join(map(shown, every[:20])) + more
