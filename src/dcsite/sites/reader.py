"""The one reader of users' files: opened safely, told apart, and judged field by field.

A table or a layer of any kind becomes one table of texts and geometries, a :class:`UserRows`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from dcsite.contract import file_and_layer
from dcsite.errors import DcsiteError

from .layers import layers_of, read_layer
from .rows import (
    LAYER_KINDS,
    LAYER_SUFFIXES,
    NO_VALUE,
    FileForm,
    ProblemList,
    UserRows,
    geometry_flaw,
    shown,
)
from .tables import read_csv, read_excel, sheets_of
from .values import described, read_number

__all__ = [
    "LAYER_KINDS",
    "LAYER_SUFFIXES",
    "MAX_BYTES",
    "NO_VALUE",
    "TABLES",
    "FileForm",
    "ProblemList",
    "UserRows",
    "checked_suffix",
    "described",
    "geometry_flaw",
    "layer_names",
    "read_number",
    "read_rows",
    "shown",
]

#: Extensions of tables, which have no geometries.
TABLES = (".csv", ".xlsx")
#: How to bring other formats of the trade to one that is read.
_CONVERT = {
    (".xls", ".xlsm", ".xlsb", ".ods"): "; save it as .xlsx",
    (".gml", ".xml", ".tab", ".mif", ".gdb", ".dxf", ".gpx", ".sqlite", ".geojsonl", ".ndjson"): (
        "; convert it in a geographic information system, or as in: ogr2ogr sites.gpkg FILE"
    ),
}
#: What a run can hold several times over; a larger file is refused before it is read.
MAX_BYTES = 200_000_000
#: Extensions of what may hold several layers or sheets.
_LAYERED = {".xlsx", ".gpkg", ".kml", ".kmz", ".zip"}
#: Any file, for its layers' names.
_ANY = FileForm("", "", "", "", {}, (), DcsiteError)


def read_rows(given: str | Path, form: FileForm) -> UserRows:
    """Read a user's file of any kind.

    Parameters
    ----------
    given : str or pathlib.Path
        A table or a layer of a format that the form allows, told by the extension; where there
        are several, ``FILE|layername=NAME``.
    form : FileForm
        What it should hold.

    Returns
    -------
    UserRows
        Its records, at least one, with what is wrong with the header or the shape of rows.

    Raises
    ------
    DcsiteError
        Of the form's class: if the file cannot be read, has no records or lacks what every record
        needs.
    """
    path, layer = file_and_layer(given)
    suffix = checked_suffix(path, form)
    if layer is not None and suffix not in _LAYERED:
        raise form.unusable(path, f"has no layers; leave out {shown(layer)}")
    try:
        if path.stat().st_size == 0:
            raise form.unusable(path, f"is empty; give at least one {form.record}")
        if suffix == ".csv":
            rows = read_csv(path, form)
        elif suffix == ".xlsx":
            rows = read_excel(path, form, MAX_BYTES, layer)
        else:
            rows = read_layer(path, form, MAX_BYTES, layer)
    except OSError as error:
        raise form.unusable(path, f"cannot be read: {error.strerror or error}") from error
    if not len(rows):
        rows.problems.raise_if_any()
        raise form.unusable(path, f"has no rows; give at least one {form.record}")
    return rows


def layer_names(given: str | Path) -> tuple[str, ...]:
    """Return the names of a file's layers or sheets; none of what has or names one, or none."""
    path, layer = file_and_layer(given)
    if layer is not None or path.suffix.lower() not in _LAYERED or not path.is_file():
        return ()
    with contextlib.suppress(OSError, DcsiteError):  # what is wrong is told when it is read
        if path.suffix.lower() == ".xlsx":
            return sheets_of(path, _ANY, MAX_BYTES)
        return layers_of(path, _ANY, MAX_BYTES)
    return ()


def checked_suffix(path: Path, form: FileForm) -> str:
    """Return a file's extension in lower case, if there is such a file and it may be opened.

    Raises
    ------
    DcsiteError
        Of the form's class: if there is no file, its extension is another, or it has more than
        `MAX_BYTES`.
    """
    suffix = path.suffix.lower()
    what = ""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "no such file"
            if path.exists() and not path.is_dir():
                what = "is no regular file"
    except OSError as error:  # a name that is too long
        what = f"cannot be opened: {error.strerror}"
    if what:
        raise form.unusable(path, f"{what}; allowed: a file {form.kinds}")
    if suffix not in form.suffixes:
        hint = next((text for kinds, text in _CONVERT.items() if suffix in kinds), "")
        what = f"extension {shown(suffix)} is not known; allowed: {form.kinds}"
        raise form.unusable(path, f"{what}{hint}")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise form.unusable(
            path,
            f"has {size:,} bytes; allowed: up to {MAX_BYTES:,}; simplify its geometries or leave "
            "out what is not needed",
        )
    return suffix
