"""Places to choose from, anywhere on earth or on a plane: CSV, GeoJSON, GeoPackage or TSPLIB.

Unlike a user's candidate sites they need not lie in Japan, and nothing but their id, name and
coordinates is used. Of TSPLIB files the planar ones are read: ``EUC_2D`` and ``CEIL_2D`` with
``NODE_COORD_SECTION``.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcsite.errors import Problem, SitesError

from .reader import ProblemList, read_rows, shown
from .user import SITES_FILE, check_cells

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_LATITUDES = {"lat_deg", "lat", "latitude", "latitude_deg", "緯度"}
_IDS = ("site_id", "id")
_NAMES = ("name", "name_ja", "name_en", "名称")
_METRICS: dict[str, Literal["euc_2d", "ceil_2d"]] = {"EUC_2D": "euc_2d", "CEIL_2D": "ceil_2d"}
_ALLOWED = " or ".join(_METRICS)


@dataclass(frozen=True, eq=False)
class Places:
    """Places with coordinates.

    Parameters
    ----------
    place_ids, names : tuple of str
        Id and name; the id stands for a name that is missing.
    first, second : numpy.ndarray
        Latitude and longitude in degrees where `geographic`, else x and y.
    geographic : bool
        Which of the two.
    """

    place_ids: tuple[str, ...]
    names: tuple[str, ...]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    geographic: bool


def read_places(path: Path) -> Places:
    """Read places of a file.

    Parameters
    ----------
    path : pathlib.Path
        CSV with latitude and longitude or with x and y; GeoJSON or GeoPackage.

    Returns
    -------
    Places
        Its places, in the order of the file.

    Raises
    ------
    SitesError
        If the file cannot be read, or coordinates are missing, out of range or coincident.
    """
    if path.suffix.lower() == ".csv" and path.is_file():
        planar = _planar_rows(path)
        if planar is not None:
            return _planar(path, *planar)
    rows = read_rows(path, SITES_FILE)
    problems, cells = rows.problems, check_cells(rows)
    for name, values, most in (
        ("latitude", cells.lat_deg, 90.0),
        ("longitude", cells.lon_deg, 180.0),
    ):
        for at in np.flatnonzero(np.abs(values) > most):
            problems.add(
                cells.numbers[at],
                "",
                f"{name} {values[at]:g} is out of range; allowed: {-most:g} to {most:g}",
            )
    _note_coincident(cells.numbers, cells.lat_deg, cells.lon_deg, problems)
    problems.raise_if_any()
    return Places(cells.site_id, cells.name_ja, cells.lat_deg, cells.lon_deg, geographic=True)


def _planar_rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]] | None:
    """Return header and rows of a CSV file with x and y and no latitude, else None."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first_line = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=first_line.count)
        rows = list(csv.reader(text.splitlines(), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error):
        return None  # the reader of geographic files says what is wrong, and knows more encodings
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(map(str.strip, row))]
    if not filled:
        return None
    header = [label.strip().casefold() for label in filled[0][1]]
    if not {"x", "y"} <= set(header) or _LATITUDES & set(header):
        return None
    return header, filled[1:]


def _planar(path: Path, header: list[str], rows: list[tuple[int, list[str]]]) -> Places:
    if not rows:
        raise SitesError(Problem(path.name, "", "has no rows; give at least two places"))
    problems = ProblemList(path.name, "row")
    column = {label: at for at, label in reversed(list(enumerate(header)))}
    numbers: list[int] = []
    values: dict[str, list[float]] = {"x": [], "y": []}
    place_ids: list[str] = []
    names: list[str] = []
    seen: dict[str, int] = {}
    for at, (number, row) in enumerate(rows, 1):
        if len(row) != len(header):
            problems.add(number, "", f"has {len(row)} cells, the header has {len(header)}")
            continue
        cells = {label: row[place].strip() for label, place in column.items()}
        for axis, found in values.items():
            found.append(_coordinate(cells[axis]))
            if math.isnan(found[-1]):
                problems.add(
                    number, axis, f"{shown(cells[axis])} is not a number; allowed: a finite one"
                )
        place_id = next((cells[label] for label in _IDS if cells.get(label)), f"site-{at:04d}")
        if place_id in seen:
            problems.add(
                number, "id", f"{shown(place_id)} is the id of row {seen[place_id]} too; change one"
            )
        seen.setdefault(place_id, number)
        numbers.append(number)
        place_ids.append(place_id)
        names.append(next((cells[label] for label in _NAMES if cells.get(label)), place_id))
    x, y = np.array(values["x"]), np.array(values["y"])
    _note_coincident(tuple(numbers), x, y, problems)
    problems.raise_if_any()
    return Places(tuple(place_ids), tuple(names), x, y, geographic=False)


def _coordinate(text: str) -> float:
    """Return a finite number, or NaN for what is none."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _note_coincident(
    numbers: tuple[int, ...],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    problems: ProblemList,
) -> None:
    seen: dict[tuple[float, float], int] = {}
    for number, here in zip(
        numbers, zip(first.tolist(), second.tolist(), strict=True), strict=True
    ):
        if any(map(math.isnan, here)):
            continue
        if here in seen:
            problems.add(
                number,
                "",
                f"lies at the same coordinates as {problems.unit} {seen[here]}; "
                "keep one of the two",
            )
        seen.setdefault(here, number)


@dataclass(frozen=True, eq=False)
class TsplibPoints:
    """Points of a TSPLIB file, of identical ones only the first.

    Parameters
    ----------
    name : str
        Name in the file, else that of the file.
    metric : str
        ``euc_2d`` (rounded to the nearest integer) or ``ceil_2d`` (rounded up).
    node_ids : tuple of str
        Node numbers as in the file.
    x, y : numpy.ndarray
        Coordinates.
    removed : int
        How many points were left out because an earlier one has the same coordinates.
    """

    name: str
    metric: Literal["euc_2d", "ceil_2d"]
    node_ids: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    removed: int


def read_tsplib(path: Path) -> TsplibPoints:
    """Read a TSPLIB file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    TsplibPoints
        Its points; coincident ones are removed, as is usual for dispersion on these files.

    Raises
    ------
    SitesError
        If the file cannot be read, is cut short or is of a kind not supported.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise _unusable(path, f"{what}; allowed: a TSPLIB file (.tsp)")
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from error
    header, begin = _header(lines)
    if begin is None:
        raise _unusable(
            path,
            "has no NODE_COORD_SECTION; allowed: TSPLIB files with planar coordinates, not cut "
            "short",
        )
    metric, dimension = _checked_header(path, header)
    node_ids, x, y = _nodes(path, lines, begin, dimension)
    _, first = np.unique(np.column_stack((x, y)), axis=0, return_index=True)
    kept = np.sort(first)
    return TsplibPoints(
        name=header.get("NAME") or path.stem,
        metric=metric,
        node_ids=tuple(node_ids[at] for at in kept),
        x=x[kept],
        y=y[kept],
        removed=len(x) - len(kept),
    )


def _unusable(path: Path, message: str, field: str = "") -> SitesError:
    return SitesError(Problem(path.name, field, message))


def _header(lines: list[str]) -> tuple[dict[str, str], int | None]:
    """Return the keywords before the coordinates, and where these begin."""
    header: dict[str, str] = {}
    for number, line in enumerate(lines):
        keyword, _, value = line.partition(":")
        if keyword.strip().upper() == "NODE_COORD_SECTION":
            return header, number + 1
        header[keyword.strip().upper()] = value.strip()
    return header, None


def _checked_header(path: Path, header: dict[str, str]) -> tuple[Literal["euc_2d", "ceil_2d"], int]:
    kind = header.get("EDGE_WEIGHT_TYPE")
    if kind is None:
        raise _unusable(path, f"is missing; allowed: {_ALLOWED}", "EDGE_WEIGHT_TYPE")
    metric = _METRICS.get(kind.upper())
    if metric is None:
        raise _unusable(
            path,
            f"is {shown(kind)}, which is not supported; allowed: {_ALLOWED}",
            "EDGE_WEIGHT_TYPE",
        )
    told = header.get("DIMENSION", "")
    if not told.isdecimal() or int(told) < 1:
        raise _unusable(
            path, f"is {shown(told)}; allowed: the number of points, 1 or more", "DIMENSION"
        )
    return metric, int(told)


def _nodes(
    path: Path, lines: list[str], begin: int, dimension: int
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    problems = ProblemList(path.name, "line")
    node_ids: list[str] = []
    x: list[float] = []
    y: list[float] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[begin:], begin + 1):
        cells = line.split()
        if not cells:
            continue
        if cells[0][0].isalpha():  # EOF or another section
            break
        values = [_number(cell) for cell in cells[1:]]
        if len(values) != 2 or None in values:
            problems.add(
                number, "", f"is {shown(line.strip())}; allowed: node number, x and y, all finite"
            )
            continue
        if cells[0] in seen:
            problems.add(number, "", f"node {cells[0]} is there already, on line {seen[cells[0]]}")
        seen[cells[0]] = number
        node_ids.append(cells[0])
        x.append(values[0] or 0.0)
        y.append(values[1] or 0.0)
    problems.raise_if_any()
    if len(node_ids) != dimension:
        short = "the file is cut short" if len(node_ids) < dimension else "one of the two is wrong"
        raise _unusable(
            path, f"is {dimension}, but {len(node_ids)} points are listed: {short}", "DIMENSION"
        )
    return node_ids, np.array(x), np.array(y)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
