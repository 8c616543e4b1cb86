"""Bring the descriptor up to date after a wanted edit: ``python -m dcsite.atlas.describe``.

Recomputes what follows from the files themselves (bytes, SHA-256, rows, marks) and leaves all that
people wrote alone. A new column or table has to be described by hand first.

Marks tell which cell of a table changed. A SHA-256 says that a file differs, not where. So the
descriptor keeps two sums per column over the checksums h of its cells: ``sum(h[i])`` and
``sum(i * h[i])``, rows counted from 1. When one cell of row r changes by d, the sums change by d
and r * d: their ratio is the row.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dcsite.errors import GeodataError, Problem

from .atlas import default_root
from .descriptor import DESCRIPTOR, ResourceSpec, read_package

GEOMETRY = "geometry"


class Cell(NamedTuple):
    """A changed cell: its column, its row counted from 1 without the header, its value now."""

    column: str
    row: int
    value: str


def columns_of(spec: ResourceSpec, data: bytes) -> dict[str, list[str]]:
    """Split a table's file into columns of text.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the file is no such table.
    """
    text = spec.unpacked(data).decode(spec.encoding).removeprefix("\ufeff")
    if spec.features is None:
        return columns_of_csv(text)
    return columns_of_geojson(text, [field.name for field in spec.features.properties])


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
    """Return the two sums of each column's cells, as ``plain:weighted`` in hexadecimal."""
    return {name: "{:x}:{:x}".format(*_sums(cells)) for name, cells in columns.items()}


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
        was = (int(part, 16) for part in marks[name].split(":"))
        by, by_weighted = (now - then for now, then in zip(_sums(column), was, strict=True))
        if by == by_weighted == 0:
            continue
        row, rest = divmod(by_weighted, by) if by else (0, 1)
        if rest == 0 and 1 <= row <= len(column):
            cells.append(Cell(name, row, column[row - 1]))
        else:
            others.append(name)
    return cells, others


def refresh(root: Path) -> list[str]:
    """Rewrite bytes, hash, rows and marks of every resource in ``datapackage.json``.

    Parameters
    ----------
    root : Path
        The geodata folder.

    Returns
    -------
    list of str
        Names of the resources whose entry changed; the file is written only when there are any.

    Raises
    ------
    GeodataError
        When the descriptor is broken or a table cannot be read.
    """
    specs = {spec.name: spec for spec in read_package(root).resources}
    path = root / DESCRIPTOR
    descriptor: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    changed = []
    for entry in descriptor["resources"]:
        spec = specs[entry["name"]]
        try:
            data = (root / spec.path).read_bytes()
            columns = columns_of(spec, data)
        except (OSError, KeyError, TypeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise GeodataError(Problem(spec.path, "", f"cannot be read ({reason})")) from error
        facts = {
            "bytes": len(data),
            "hash": "sha256:" + hashlib.sha256(data).hexdigest(),
            "rows": max((len(column) for column in columns.values()), default=0),
            "marks": column_marks(columns),
        }
        if any(entry.get(key) != value for key, value in facts.items()):
            entry.update(facts)
            changed.append(spec.name)
    if changed:
        text = json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n"
        path.write_text(text, encoding="utf-8")
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Run the refresh from the command line and say what changed."""
    parser = argparse.ArgumentParser(prog="python -m dcsite.atlas.describe", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=default_root())
    try:
        changed = refresh(parser.parse_args(arguments).root)
    except GeodataError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write("".join(f"updated {name}\n" for name in changed) or "nothing to update\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
