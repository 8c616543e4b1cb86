"""``dcsite data check``: whether every table is what its descriptor says and makes sense."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dcsite.atlas.atlas import default_root
from dcsite.atlas.check_geometry import path_faults, point_faults, polygon_faults
from dcsite.atlas.check_tables import list_faults, table_faults
from dcsite.atlas.descriptor import DESCRIPTOR, ResourceSpec, read_package
from dcsite.atlas.faults import Fault, report
from dcsite.atlas.marks import columns_of_csv, columns_of_geojson, locate_changes
from dcsite.errors import GeodataError, Problem

__all__ = ["check_geodata"]

_PREFECTURES = "prefecture_polygons"
_AFTER_EDIT = "restore the file, or after a wanted edit run: python -m dcsite.atlas.describe"


def _read(root: Path, spec: ResourceSpec) -> bytes | Fault:
    """Read a file as far as it can be read at all: there, not empty, UTF-8, JSON where promised."""
    try:
        data = (root / spec.path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return Fault(spec.name, None, "", f"cannot be read ({reason}); restore the table")
    if not data.strip():
        return Fault(spec.name, None, "", "the file is empty; restore the table")
    try:
        text = data.decode(spec.encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        value = data[error.start]
        return Fault(
            spec.name, row, "", f"byte 0x{value:02x} is not UTF-8; save the table as UTF-8"
        )
    if spec.format == "geojson":
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            message = f"not valid JSON at {place} ({error.msg}); restore the file"
            return Fault(spec.name, None, "", message)
    return data


def _change_faults(spec: ResourceSpec, data: bytes) -> list[Fault]:
    """Say where a file differs from what the descriptor was made for, as far as can be known."""
    same = hashlib.sha256(data).hexdigest() == spec.sha256
    text = data.decode(spec.encoding).removeprefix("\ufeff")
    try:
        if spec.features is not None:
            names = [field.name for field in spec.features.properties]
            columns, first_row = columns_of_geojson(text, names), 1
        else:
            columns, first_row = columns_of_csv(text), 2
    except (ValueError, KeyError, TypeError) as error:
        return [Fault(spec.name, None, "", f"cannot be read ({error}); {_AFTER_EDIT}")]
    rows = max((len(column) for column in columns.values()), default=0)
    if rows != spec.rows:
        message = f"has {rows:,} rows, the descriptor says {spec.rows:,}; {_AFTER_EDIT}"
        return [Fault(spec.name, None, "", message)]
    if same and len(data) == spec.size_bytes:
        return []
    if same:
        message = f"has {len(data):,} bytes, the descriptor says {spec.size_bytes:,}; {_AFTER_EDIT}"
        return [Fault(spec.name, None, "", message)]
    cells, others = locate_changes(columns, spec.marks)
    faults = [
        Fault(
            spec.name,
            cell.row - 1 + first_row,
            cell.column,
            f"the value {cell.value[:60]!r} is not the one the descriptor was made for; "
            + _AFTER_EDIT,
        )
        for cell in cells
    ]
    faults += [
        Fault(spec.name, None, column, f"several values have changed; {_AFTER_EDIT}")
        for column in others
    ]
    return faults or [
        Fault(
            spec.name,
            None,
            "",
            f"the bytes have changed (line ends, quotes or blanks), no value has; {_AFTER_EDIT}",
        )
    ]


def _as_text(spec: ResourceSpec, data: bytes) -> pd.DataFrame | None:
    """Read a CSV table as text; None where its rows do not fit its header."""
    try:
        return pd.read_csv(
            io.BytesIO(data),
            dtype="str",
            encoding=spec.encoding,
            keep_default_na=False,
            na_filter=False,
            index_col=False,
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError):
        return None


def _unlisted(root: Path, specs: Sequence[ResourceSpec]) -> list[Problem]:
    """Find tables that lie in the folder but not in the descriptor."""
    listed = {spec.path for spec in specs}
    found = sorted(
        path.relative_to(root).as_posix()
        for pattern in ("*.csv", "*.geojson")
        for path in root.rglob(pattern)
    )
    return [
        Problem(path, "", f"is not listed in {DESCRIPTOR}; describe it or take it out")
        for path in found
        if path not in listed
    ]


def check_geodata(root: Path | None = None) -> list[Problem]:
    """Check a geodata folder: files, hashes, schemas, keys, places, polygons.

    Parameters
    ----------
    root : Path, optional
        The geodata folder; the shipped one when not given.

    Returns
    -------
    list of Problem
        One line for each fault, naming table, row and column; empty when all is well.
    """
    folder = default_root() if root is None else Path(root)
    try:
        specs = read_package(folder).resources
        descriptor: dict[str, Any] = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        faults = _all_faults(folder, descriptor, specs)
    except GeodataError as error:
        return list(error.problems)
    return report(faults, specs) + _unlisted(folder, specs)


def _all_faults(
    folder: Path, descriptor: dict[str, Any], specs: Sequence[ResourceSpec]
) -> list[Fault]:
    files: dict[str, bytes] = {}
    faults: list[Fault] = []
    for spec in specs:
        read = _read(folder, spec)
        if isinstance(read, Fault):
            faults.append(read)
        else:
            files[spec.name] = read
    tables = [spec for spec in specs if spec.format == "csv" and spec.name in files]
    faults += table_faults(folder, descriptor, tables)

    texts = {spec.name: _as_text(spec, files[spec.name]) for spec in tables}
    frames = {name: frame for name, frame in texts.items() if frame is not None}
    prefectures = None
    for spec in specs:
        if spec.features is not None and spec.name in files:
            found, polygons = polygon_faults(spec, spec.features, files[spec.name], frames)
            faults += found
            if spec.name == _PREFECTURES:
                prefectures = polygons
    for spec in tables:
        if spec.name not in frames:
            continue
        faults += list_faults(spec, frames)
        faults += path_faults(spec, frames[spec.name])
        if prefectures is not None:
            faults += point_faults(spec, frames[spec.name], prefectures)

    # A hash says less than any of the above: it speaks where nothing else found the change.
    told = {fault.resource for fault in faults if fault.refers_to is None}
    told |= {fault.resource for fault in faults if fault.row is not None}
    for spec in specs:
        if spec.name in files and spec.name not in told:
            faults += _change_faults(spec, files[spec.name])
    return faults
