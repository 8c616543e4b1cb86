"""Open a user's file: CSV, GeoJSON or GeoPackage, as one table of texts and geometries.

Nothing is judged here but whether the file can be read at all.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj

from .columns import match_columns
from .file_form import SITES_FORM, FileForm
from .problems import ProblemList, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["RawRecords", "read_raw", "read_raw_sites"]

_TEXT = "UTF-8 (with or without BOM) or CP932"
_DELIMITERS = ",;\t"
_NO_CRS = "has no coordinate reference system"


@dataclass(frozen=True)
class RawRecords:
    """A user's file as read.

    Parameters
    ----------
    numbers : tuple of int
        Number of each record in the file: spreadsheet rows (the header is 1) or features from 1.
    cells : mapping of str to tuple of str
        Stripped text per field and record, empty where missing; only fields the file has.
    labels : mapping of str to str
        Name of each field's column in the file.
    geometry : numpy.ndarray or None
        Shapely geometries in EPSG:4326 (None where missing); None for a CSV file.
    """

    numbers: tuple[int, ...]
    cells: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    geometry: NDArray[np.object_] | None

    def __len__(self) -> int:
        return len(self.numbers)


def read_raw_sites(path: Path) -> tuple[RawRecords, ProblemList]:
    """Read a sites file of any kind: see :func:`read_raw`."""
    return read_raw(path, SITES_FORM)


def read_raw(path: Path, form: FileForm) -> tuple[RawRecords, ProblemList]:
    """Read a user's file of any kind.

    Parameters
    ----------
    path : pathlib.Path
        CSV, GeoJSON or GeoPackage, told by the extension.
    form : FileForm
        What it should hold.

    Returns
    -------
    RawRecords
        Its records; at least one.
    ProblemList
        What is wrong with the header or the shape of rows, to be added to.

    Raises
    ------
    DcsiteError
        Of the form's class: if the file cannot be read, has no records or lacks what every record
        needs.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise form.unusable(path, f"{what}; allowed: a file {form.kinds}")
    if suffix not in {".csv", ".geojson", ".json", ".gpkg"}:
        raise form.unusable(path, f"extension {shown(suffix)} is not known; allowed: {form.kinds}")
    try:
        empty = path.stat().st_size == 0
        if empty:
            raise form.unusable(path, f"is empty; give at least one {form.record}")
        raw, problems = _read_csv(path, form) if suffix == ".csv" else _read_vector(path, form)
    except OSError as error:
        raise form.unusable(path, f"cannot be read: {error.strerror or error}") from error
    if not len(raw):
        problems.raise_if_any()
        raise form.unusable(path, f"has no rows; give at least one {form.record}")
    return raw, problems


def _read_csv(path: Path, form: FileForm) -> tuple[RawRecords, ProblemList]:
    text = _decode(path, form)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first_line.count)
    problems = ProblemList(path.name, "row", form.error)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise form.unusable(
            path, f"is not a CSV file: {error}; quote cells as RFC 4180 says"
        ) from None
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(map(str.strip, row))]
    if not filled:
        raise form.unusable(path, f"is empty; give a header and at least one {form.record}")
    header = [label.strip() for label in filled[0][1]]
    position = match_columns(header, problems, form.columns)
    _check_needed(form.needed, header, position, form, problems)
    numbers: list[int] = []
    kept: list[list[str]] = []
    for number, row in filled[1:]:
        if len(row) == len(header):
            numbers.append(number)
            kept.append([cell.strip() for cell in row])
        else:
            message = f"has {len(row)} cells, the header has {len(header)}"
            problems.add(number, "", f"{message}; quote cells that hold the delimiter")
    if not kept:
        problems.raise_if_any()
    cells = {field: tuple(row[at] for row in kept) for field, at in position.items()}
    labels = {field: header[at] for field, at in position.items()}
    return RawRecords(tuple(numbers), cells, labels, None), problems


def _check_needed(
    needed: tuple[str, ...],
    header: list[str],
    position: dict[str, int],
    form: FileForm,
    problems: ProblemList,
) -> None:
    """Raise what is wrong with the header if it lacks what makes sense of a row."""
    missing = [field for field in needed if field not in position]
    for field in missing:
        allowed = ", ".join(form.columns[field])
        found = ", ".join(shown(label) for label in header[:12])
        problems.add(0, "", f"no column for {field}; allowed: {allowed}; found: {found}")
    if missing:
        problems.raise_if_any()


def _decode(path: Path, form: FileForm) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
        raise form.unusable(
            path, f"is no text in a known encoding; allowed: {_TEXT}; save it again"
        )
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise form.unusable(path, f"is no text in a known encoding; allowed: {_TEXT}; save it again")


def _read_vector(path: Path, form: FileForm) -> tuple[RawRecords, ProblemList]:
    # GDAL guesses the format from the content, and some formats only point to other files or
    # addresses: nothing but what the extension says is opened.
    geopackage = path.suffix.lower() == ".gpkg"
    if not (_is_geopackage(path) if geopackage else _is_json_object(path)):
        kind = "a GeoPackage" if geopackage else "GeoJSON"
        raise form.unusable(path, f"is not {kind}; write it again, or name it after what it is")
    try:
        with warnings.catch_warnings():
            # Of what GDAL warns (odd fields, lists in cells) the checks say more, with the row.
            warnings.simplefilter("ignore")
            layer = _only_layer(path, form)
            # A ring that is not closed becomes no geometry here, and a problem of its feature.
            frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        reason = str(error).split(";")[0].replace(str(path), path.name)
        raise form.unusable(path, f"cannot be read: {reason}; allowed: {form.kinds}") from None
    except UnicodeDecodeError:
        raise form.unusable(path, "holds text that is not UTF-8; save it again in UTF-8") from None
    problems = ProblemList(path.name, "feature", form.error)
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=np.full(len(frame), None), crs="EPSG:4326")
    geometry = np.asarray(_to_wgs84(path, frame, form).array, dtype=object)
    names = [name for name in frame.columns if name != frame.geometry.name]
    position = match_columns([str(name) for name in names], problems, form.columns)
    if len(frame):
        _check_needed(form.needed_in_layer, list(map(str, names)), position, form, problems)
    cells = {field: _texts(frame[names[at]]) for field, at in position.items()}
    labels = {field: str(names[at]) for field, at in position.items()}
    return RawRecords(tuple(range(1, len(frame) + 1)), cells, labels, geometry), problems


def _is_json_object(path: Path) -> bool:
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _is_geopackage(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\x00":
            return False
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            connection.execute("SELECT count(*) FROM gpkg_contents")
        finally:
            connection.close()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # SQLite quotes a broken schema in its message, in bytes that may be no text.
        return False
    return True


def _only_layer(path: Path, form: FileForm) -> str:
    layers = pyogrio.list_layers(path)
    spatial = [str(name) for name, kind in layers if kind is not None]
    if not len(layers):
        raise form.unusable(path, f"holds no layer; give one layer of {form.shapes}")
    if not spatial:
        raise form.unusable(path, f"holds no geometry; give one layer of {form.shapes}")
    if len(spatial) > 1:
        listed = ", ".join(shown(name) for name in spatial[:8])
        raise form.unusable(
            path, f"holds {len(spatial)} layers ({listed}); keep the one with {form.layer}"
        )
    return spatial[0]


def _to_wgs84(path: Path, frame: gpd.GeoDataFrame, form: FileForm) -> gpd.GeoSeries:
    geometry = frame.geometry
    crs = geometry.crs
    # A GeoPackage without one carries a system of this name, geographic or not.
    if crs is None or crs.name.startswith("Undefined"):
        raise form.unusable(
            path, f"{_NO_CRS}; set the one the coordinates are in, such as EPSG:6668"
        )
    try:
        return geometry.to_crs("EPSG:4326")
    except pyproj.exceptions.ProjError as error:
        raise form.unusable(
            path, f"coordinates cannot be brought from {shown(crs.name)} to EPSG:4326: {error}"
        ) from None


def _texts(values: pd.Series[Any]) -> tuple[str, ...]:
    return tuple("" if _missing(value) else _text(value) for value in values.astype(object))


def _missing(value: Any) -> bool:
    return (
        value is None
        or value is pd.NaT
        or value is pd.NA
        or (isinstance(value, float) and np.isnan(value))
    )


def _text(value: Any) -> str:
    # A column of whole numbers with a gap arrives as floats: 7.0 is the id 7.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
