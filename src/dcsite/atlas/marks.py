"""Marks that tell which cell of a table changed.

A SHA-256 says that a file differs, not where. So the descriptor keeps two sums per column over the
checksums h of its cells: ``sum(h[i])`` and ``sum(i * h[i])``, rows counted from 1. When one cell of
row r changes by d, the sums change by d and r * d: their ratio is the row.
"""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

GEOMETRY = "geometry"


class Cell(NamedTuple):
    """A changed cell: its column, its row counted from 1 without the header, its value now."""

    column: str
    row: int
    value: str


def columns_of_csv(text: str) -> dict[str, list[str]]:
    """Split a CSV table into its columns of text.

    Raises
    ------
    ValueError
        When rows differ in length or the file is empty.
    """
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows:
        raise ValueError("the table is empty")
    header, body = rows[0], rows[1:]
    columns = zip(*body, strict=True) if body else [()] * len(header)
    return {name: list(column) for name, column in zip(header, columns, strict=True)}


def columns_of_geojson(text: str, properties: Sequence[str]) -> dict[str, list[str]]:
    """Split GeoJSON features into a column per property and one of the geometries' text.

    Raises
    ------
    KeyError, ValueError
        When the text is not a feature collection with these properties.
    """
    features = json.loads(text)["features"]
    columns = {
        name: [str(feature["properties"][name]) for feature in features] for name in properties
    }
    columns[GEOMETRY] = [
        json.dumps(feature[GEOMETRY], separators=(",", ":")) for feature in features
    ]
    return columns


def _sums(cells: Sequence[str]) -> tuple[int, int]:
    checksums = [zlib.crc32(cell.encode()) for cell in cells]
    return sum(checksums), sum(row * value for row, value in enumerate(checksums, start=1))


def column_marks(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Compute the marks of a table, as ``plain:weighted`` in hexadecimal.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells by column.

    Returns
    -------
    dict of str to str
        The two sums of each column.
    """
    return {
        name: f"{plain:x}:{weighted:x}"
        for name, (plain, weighted) in ((name, _sums(cells)) for name, cells in columns.items())
    }


def locate_changes(
    columns: Mapping[str, Sequence[str]], marks: Mapping[str, str]
) -> tuple[list[Cell], list[str]]:
    """Find what changed since the marks were made.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells by column, as they are now.
    marks : mapping of str to str
        Marks by column, as the descriptor keeps them.

    Returns
    -------
    cells : list of Cell
        Columns with exactly one changed cell.
    others : list of str
        Columns that changed in more places than one.
    """
    cells: list[Cell] = []
    others: list[str] = []
    for name, column in columns.items():
        if name not in marks:
            others.append(name)
            continue
        plain, weighted = _sums(column)
        was_plain, was_weighted = (int(part, 16) for part in marks[name].split(":"))
        by, by_weighted = plain - was_plain, weighted - was_weighted
        if by == 0 and by_weighted == 0:
            continue
        row, rest = divmod(by_weighted, by) if by else (0, 1)
        if rest == 0 and 1 <= row <= len(column):
            cells.append(Cell(name, row, column[row - 1]))
        else:
            others.append(name)
    return cells, others
