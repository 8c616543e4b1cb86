"""The one reader of users' files: opened safely, told apart, and judged field by field.

A file of any kind (CSV, Excel, GeoJSON, GeoPackage, Shapefile) becomes one table of texts and
geometries, a :class:`UserRows`.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj

from .rows import (
    NO_VALUE,
    FileForm,
    ProblemList,
    UserRows,
    geometry_flaw,
    match_columns,
    shown,
)
from .tables import cell_text, read_csv, read_excel
from .values import read_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "MAX_BYTES",
    "NO_VALUE",
    "TABLES",
    "FileForm",
    "ProblemList",
    "UserRows",
    "checked_suffix",
    "geometry_flaw",
    "read_number",
    "read_rows",
    "shown",
]

_NO_CRS = "has no coordinate reference system"
#: Longitude and latitude in JGD2011, which all official layers of National Land Information are in.
_OFFICIAL_CRS = "EPSG:6668"
#: The files that make up a Shapefile.
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: Extensions of tables, which have no geometries.
TABLES = (".csv", ".xlsx")
#: What a run can hold several times over; a larger file is refused before it is read.
MAX_BYTES = 200_000_000


def read_rows(path: Path, form: FileForm) -> UserRows:
    """Read a user's file of any kind.

    Parameters
    ----------
    path : pathlib.Path
        CSV, GeoJSON, GeoPackage or Shapefile (also zipped), told by the extension.
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
    suffix = checked_suffix(path, form)
    try:
        if path.stat().st_size == 0:
            raise form.unusable(path, f"is empty; give at least one {form.record}")
        if suffix == ".csv":
            rows = read_csv(path, form)
        elif suffix == ".xlsx":
            rows = read_excel(path, form, MAX_BYTES, None)
        elif suffix == ".zip":
            with _unzipped(path, form) as layer:
                rows = _read_vector(layer, form, path)
        else:
            rows = _read_vector(path, form, path)
    except OSError as error:
        raise form.unusable(path, f"cannot be read: {error.strerror or error}") from error
    if not len(rows):
        rows.problems.raise_if_any()
        raise form.unusable(path, f"has no rows; give at least one {form.record}")
    return rows


def checked_suffix(path: Path, form: FileForm) -> str:
    """Return a file's extension in lower case, if there is such a file and it may be opened.

    Raises
    ------
    DcsiteError
        Of the form's class: if there is no file, its extension is another, or it has more than
        `MAX_BYTES`.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise form.unusable(path, f"{what}; allowed: a file {form.kinds}")
    if suffix not in form.suffixes:
        raise form.unusable(path, f"extension {shown(suffix)} is not known; allowed: {form.kinds}")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise form.unusable(
            path,
            f"has {size:,} bytes; allowed: up to {MAX_BYTES:,}; simplify its geometries or leave "
            "out what is not needed",
        )
    return suffix


@contextlib.contextmanager
def _unzipped(path: Path, form: FileForm) -> Iterator[Path]:
    """Give the one Shapefile or GeoJSON of an archive, in a folder that is removed again."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            members = {Path(info.filename): info for info in archive.infolist()}
            layers = [one for one in members if one.suffix.lower() in {".shp", ".geojson"}]
            # Official archives hold the same layer in two formats.
            stems = {str(one.with_suffix("")): one for one in sorted(layers)}
            if len(stems) != 1:
                listed = ", ".join(shown(one.name) for one in [*stems.values()][:8])
                raise form.unusable(
                    path,
                    f"holds {len(stems)} layers ({listed}); unpack it and give the one of "
                    f"{form.layer}",
                )
            (stem, first), *_ = stems.items()
            beside = (".geojson",) if first.suffix.lower() == ".geojson" else _SHAPEFILE
            parts = [
                (info, one.suffix.lower())
                for one, info in members.items()
                if str(one.with_suffix("")) == stem and one.suffix.lower() in beside
            ]
            size = sum(info.file_size for info, _ in parts)
            if size > MAX_BYTES:
                raise form.unusable(
                    path, f"unpacks to {size:,} bytes; allowed: up to {MAX_BYTES:,}; give less"
                )
            for info, suffix in parts:
                (Path(folder) / f"layer{suffix}").write_bytes(archive.read(info))
            yield Path(folder) / f"layer{first.suffix.lower()}"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise form.unusable(path, f"cannot be unpacked: {error}; pack it again") from None


def _read_vector(layer: Path, form: FileForm, path: Path) -> UserRows:
    """Read a layer; `path` is the user's file, which messages name."""
    # GDAL guesses the format from the content, and some formats only point to other files or
    # addresses: nothing but what the extension says is opened.
    kind, is_one = {
        ".gpkg": ("a GeoPackage", _is_geopackage),
        ".shp": ("a Shapefile", _is_shapefile),
    }.get(layer.suffix.lower(), ("GeoJSON", _is_json_object))
    if not is_one(layer):
        raise form.unusable(path, f"is not {kind}; write it again, or name it after what it is")
    try:
        with warnings.catch_warnings():
            # Of what GDAL warns (odd fields, lists in cells) the checks say more, with the row.
            warnings.simplefilter("ignore")
            # A ring that is not closed becomes no geometry here, and a problem of its feature.
            frame = pyogrio.read_dataframe(
                layer,
                layer=_only_layer(layer, form, path),
                on_invalid="ignore",
                encoding=_dbf_encoding(layer),
            )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        reason = str(error).split(";")[0].replace(str(layer), path.name)
        raise form.unusable(path, f"cannot be read: {reason}; allowed: {form.kinds}") from None
    except UnicodeDecodeError:
        raise form.unusable(path, "holds text that is not UTF-8; save it again in UTF-8") from None
    problems = ProblemList(path.name, "feature", form.error)
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=np.full(len(frame), None), crs="EPSG:4326")
    names = [str(name) for name in frame.columns.drop(frame.geometry.name)]
    geometry = np.asarray(_to_wgs84(path, frame, form, names).array, dtype=object)
    needed = tuple(field for field in form.needed if len(frame) and not field.endswith("_deg"))
    labels = {
        field: names[at] for field, at in match_columns(names, problems, form, needed).items()
    }
    cells = {
        field: tuple(map(cell_text, frame[name].astype(object))) for field, name in labels.items()
    }
    return UserRows(
        tuple(range(1, len(frame) + 1)), cells, labels, geometry, problems, form.measures
    )


def _dbf_encoding(layer: Path) -> str | None:
    """Return the encoding of a Shapefile that does not tell it: UTF-8, or CP932 as older ones."""
    table = layer.with_suffix(".dbf")
    if layer.suffix.lower() != ".shp" or layer.with_suffix(".cpg").exists() or not table.exists():
        return None
    content = table.read_bytes()
    try:
        content[int.from_bytes(content[8:10], "little") :].decode("utf-8")
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8"


def _is_shapefile(path: Path) -> bool:
    return path.read_bytes()[:4] == b"\x00\x00\x27\x0a"


def _is_json_object(path: Path) -> bool:
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _is_geopackage(path: Path) -> bool:
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM gpkg_contents")
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # SQLite quotes a broken schema in its message, in bytes that may be no text.
        return False
    return True


def _only_layer(layer: Path, form: FileForm, path: Path) -> str:
    layers = pyogrio.list_layers(layer)
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


def _to_wgs84(
    path: Path, frame: gpd.GeoDataFrame, form: FileForm, names: Sequence[str]
) -> gpd.GeoSeries:
    geometry = frame.geometry
    crs = geometry.crs
    if crs is None and form.official and any(re.match(form.official, name) for name in names):
        return geometry.set_crs(_OFFICIAL_CRS).to_crs("EPSG:4326")
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
