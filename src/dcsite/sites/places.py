"""Read places to choose from, anywhere on earth or on a plane: CSV, GeoJSON or GeoPackage.

Unlike a user's candidate sites they need not lie in Japan, and nothing but their id, name and
coordinates is used.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcsite.errors import Problem, SitesError

from .cells import check_cells
from .files import read_raw_sites
from .problems import ProblemList, shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Places", "read_places"]

_LATITUDES = {"lat_deg", "lat", "latitude", "latitude_deg", "緯度"}
_IDS = ("site_id", "id")
_NAMES = ("name", "name_ja", "name_en", "名称")


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
    raw, problems = read_raw_sites(path)
    cells = check_cells(raw, problems)
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
