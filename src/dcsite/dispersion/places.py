"""Places to choose from, anywhere on earth or on a plane: a table, a layer or TSPLIB.

Unlike a user's candidate sites they need not lie in Japan, and nothing but their id, name and
coordinates is used. Of TSPLIB files the planar ones are read: ``EUC_2D`` and ``CEIL_2D`` with
``NODE_COORD_SECTION``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dcsite.contract import file_and_layer
from dcsite.errors import Problem, SitesError
from dcsite.sites.reader import (
    LAYER_KINDS,
    ProblemList,
    checked_suffix,
    read_number,
    read_rows,
    shown,
)
from dcsite.sites.user import PLACE_COLUMNS, SITES_FILE, read_ids, read_names, read_points

from .points import Metric, Points

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dcsite.geo.geodesy import Floats
    from dcsite.sites.reader import UserRows

_AXES = ("x", "y")
#: Beyond it, in whatever unit, neighbouring numbers are farther apart than any two places.
_MOST = 1e15
#: Decimals that coordinates in degrees have, and those of a made-up plane hardly.
_DEGREES = re.compile(r"-?\d{1,3}\.\d{3,}")
_PLACES_FILE = replace(
    SITES_FILE,
    record="place",
    hands_on=False,
    kinds=f".csv or .xlsx (with latitude and longitude, or x and y), .tsp (TSPLIB), {LAYER_KINDS}",
    layer="places",
    columns=PLACE_COLUMNS | {axis: (axis,) for axis in _AXES},
    needed_instead=_AXES,
    suffixes=(*SITES_FILE.suffixes, ".tsp"),
)
_GEOGRAPHIC: dict[str, Metric] = {"auto": "geodesic", "geodesic": "geodesic"}
_PLANAR: dict[str, Metric] = {"auto": "euclidean", "euclidean": "euclidean", "ceil": "ceil_2d"}
_OF_TSPLIB: dict[str, Metric] = {"EUC_2D": "euc_2d", "CEIL_2D": "ceil_2d"}
_ALLOWED = " or ".join(_OF_TSPLIB)


@dataclass(frozen=True, eq=False)
class Places:
    """Points and what they are called.

    Parameters
    ----------
    points : Points
        The points, in the order of the file.
    place_ids, names : tuple of str
        Id and name; the id stands for a name that is missing.
    removed : int
        How many points were left out, since an earlier one has their coordinates.
    """

    points: Points
    place_ids: tuple[str, ...]
    names: tuple[str, ...]
    removed: int = 0


def read_places(
    given: str | Path, metric: str = "auto", *, first_of_coincident: bool = False
) -> Places:
    """Read places of a file.

    Parameters
    ----------
    given : str or pathlib.Path
        A table with latitude and longitude or with x and y; a layer (``FILE|layername=NAME`` where
        there are several); TSPLIB (.tsp), of which coincident points are removed, as is usual for
        dispersion on these files.
    metric : str
        ``auto``, ``geodesic`` (of latitude and longitude), ``euclidean`` or ``ceil`` (of x and y).
        Of TSPLIB files ``auto`` is the file's own rounding, and ``euclidean`` that to the nearest
        integer.
    first_of_coincident : bool
        Whether of places at the same coordinates the first is kept; they are refused otherwise.

    Raises
    ------
    SitesError
        If the file cannot be read or is cut short, coordinates are missing, out of range or
        coincident, or the metric is not one of such coordinates.
    """
    path, _ = file_and_layer(given)
    if checked_suffix(path, _PLACES_FILE) == ".tsp":
        return _read_tsplib(path, metric)
    rows = read_rows(given, _PLACES_FILE)
    planar = rows.geometry is None and not rows.has("lat_deg") and all(map(rows.has, _AXES))
    if planar:
        allowed = f"a finite number, up to {_MOST:g} either way"
        first, second = (
            rows.numbers(axis, -_MOST, _MOST, needed=True, allowed=allowed) for axis in _AXES
        )
        if metric == "auto":
            _tell_degrees(rows)
    else:
        first, second, _ = read_points(rows)
        for name, values, most in (("latitude", first, 90.0), ("longitude", second, 180.0)):
            for at in np.flatnonzero(np.abs(values) > most):
                allowed = f"allowed: {-most:g} to {most:g}"
                swapped = most == 90.0 and abs(second[at]) <= 90.0
                hint = "; latitude and longitude look swapped" if swapped else ""
                rows.note(at, "", f"{name} {values[at]:g} is out of range; {allowed}{hint}")
    kept = np.ones(len(rows), dtype=bool)
    for row, earlier in rows.repeats(_where(first, second, planar=planar)):
        kept[row] = not first_of_coincident
        if kept[row]:
            what = f"lies at the same coordinates as {earlier}; keep one of the two"
            rows.note(row, "", f"{what}, or the first of all by --coincident first")
    ids = read_ids(rows, kept)
    names, _ = read_names(rows, ids)
    rows.problems.raise_if_any()
    kind = _chosen(metric, _PLANAR if planar else _GEOGRAPHIC, path)
    points = Points(first[kept], second[kept], kind)
    ids, names = (tuple(np.array(one, dtype=object)[kept]) for one in (ids, names))
    return Places(points, ids, names, int((~kept).sum()))


def _where(first: Floats, second: Floats, *, planar: bool) -> list[tuple[float, float] | None]:
    """Return what tells places apart: one meridian is written in two ways, a pole in many."""
    if not planar:
        second = np.where(np.abs(second) == 180.0, 180.0, second)
        second = np.where(np.abs(first) == 90.0, 0.0, second)
    here = zip(first.tolist(), second.tolist(), strict=True)
    return [None if any(map(math.isnan, at)) else at for at in here]


def _tell_degrees(rows: UserRows) -> None:
    """Tell where x and y may well be longitude and latitude."""
    x, y = (rows.texts(axis) for axis in _AXES)
    degrees = [
        (abs(float(one)), abs(float(two)))
        for one, two in zip(x, y, strict=True)
        if _DEGREES.fullmatch(one) and _DEGREES.fullmatch(two)
    ]
    east, north = np.array(degrees or [(0.0, 0.0)]).max(axis=0)
    # Points of a unit square are no places about Null Island.
    if 2 * len(degrees) > len(rows) and 1.0 < east <= 180.0 and north <= 90.0:
        rows.problems.tell(
            f"x and y look like degrees ({x[0]}, {y[0]}) and are taken for a plane; name the "
            "columns lon and lat for km on the earth"
        )


def _chosen(metric: str, allowed: Mapping[str, Metric], path: Path) -> Metric:
    """Return the metric that a word means for a file's coordinates."""
    if metric not in allowed:
        has = "latitude and longitude" if allowed is _GEOGRAPHIC else "x and y"
        message = f"is {metric}, but {path.name} has {has}; allowed: {', '.join(allowed)}"
        raise SitesError(Problem("--metric", "", message))
    return allowed[metric]


def _read_tsplib(path: Path, metric: str) -> Places:
    def refuse(message: str, field: str = "") -> SitesError:
        return SitesError(Problem(path.name, field, message))

    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror or error}") from error
    said = [
        (key.strip().upper(), value.strip())
        for key, _, value in (line.partition(":") for line in lines)
    ]
    begin = next((at for at, (key, _) in enumerate(said, 1) if key == "NODE_COORD_SECTION"), None)
    if begin is None:
        allowed = "allowed: TSPLIB files with planar coordinates, not cut short"
        raise refuse(f"has no NODE_COORD_SECTION; {allowed}")
    header = dict(said[:begin])
    own = header.get("EDGE_WEIGHT_TYPE")
    # Remarks stand behind the word, as in "EUC_2D (rounded)".
    word = own.split()[0].upper() if own else ""
    if own is None or word not in _OF_TSPLIB:
        what = "is missing" if own is None else f"is {shown(own)}, which is not supported"
        raise refuse(f"{what}; allowed: {_ALLOWED}", "EDGE_WEIGHT_TYPE")
    told = header.get("DIMENSION", "")
    if not re.fullmatch(r"0*[1-9]\d{0,8}", told, re.ASCII):
        raise refuse(f"is {shown(told)}; allowed: the number of points, 1 or more", "DIMENSION")
    nodes = _nodes(path, lines, begin)
    if len(nodes) != int(told):
        short = "the file is cut short" if len(nodes) < int(told) else "one of the two is wrong"
        raise refuse(f"is {told}, but {len(nodes)} points are listed: {short}", "DIMENSION")
    kept: dict[tuple[float, float], str] = {}
    for node, place in nodes.items():
        kept.setdefault(place, node)
    ids = tuple(kept.values())
    x, y = np.array(list(kept)).T
    choices: dict[str, Metric] = {
        "auto": _OF_TSPLIB[word],
        "euclidean": "euc_2d",
        "ceil": "ceil_2d",
    }
    return Places(Points(x, y, _chosen(metric, choices, path)), ids, ids, len(nodes) - len(ids))


def _nodes(path: Path, lines: list[str], begin: int) -> dict[str, tuple[float, float]]:
    """Return x and y by node, of the lines from this one on."""
    problems = ProblemList(path.name, "line", SitesError)
    nodes: dict[str, tuple[float, float]] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[begin:], begin + 1):
        node, *cells = line.split() or [""]
        if node[:1].isalpha() or (node == "-1" and not cells):  # EOF, -1 or another section
            break
        values = [math.nan if (value := read_number(cell)) is None else value for cell in cells]
        if node and (len(values) != 2 or not all(abs(value) <= _MOST for value in values)):
            what = f"is {shown(line.strip())}; allowed: node number, x and y, all finite"
            problems.add(number, "", what)
        elif node in seen:
            problems.add(number, "", f"node {node} is there already, on line {seen[node]}")
        elif node:
            seen[node] = number
            nodes[node] = values[0], values[1]
    problems.raise_if_any()
    return nodes
