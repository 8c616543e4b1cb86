"""Layers of points and polygons of any geospatial format in use, brought to degrees on WGS 84.

A library that opens a path may take it for a container, an option or an address, open what a file
only points to, and write beside it. So it is given nothing but a copy in a folder of its own, by a
name of ours, whose content is what the extension says.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import json
import re
import shutil
import sqlite3
import struct
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely

from dcsite.scratch import scratch_folder

from .rows import FileForm, ProblemList, UserRows, match_columns, note_old_datum, shown
from .tables import cell_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NO_CRS = "has no coordinate reference system"
_SET_CRS = "set the one the coordinates are in, such as EPSG:6668"
#: Longitude and latitude in JGD2011, which all official layers of National Land Information are in.
_OFFICIAL_CRS = "EPSG:6668"
#: The files that make up a Shapefile, and that may stand beside a GeoPackage in use.
_BESIDE = {".shp": (".shx", ".dbf", ".prj", ".cpg")}
#: What an archive may hold, the one to read first where it holds a layer in two formats.
_PACKED = (".geojson", ".shp", ".gpkg", ".fgb", ".kml", ".parquet")
#: What readers of broken files may raise.
_BROKEN = (ValueError, TypeError, LookupError)
_MAX_REASON = 200
#: Bytes of the header of a .dbf, and of each column in it.
_DBF_HEADER = 32
_PARQUET = (".parquet", ".geoparquet")
#: Of these, what may hold several layers itself.
_LAYERED = {".gpkg", ".kml"}
#: Columns that the reader of KML adds to all.
_OF_KML = {
    "timestamp", "begin", "end", "altitudemode", "tessellate", "extrude", "visibility",
    "draworder", "icon", "snippet", "phonenumber", "address", "description",
}  # fmt: skip
#: The member of a GeoJSON file, and what escapes could hide it.
_CRS_MEMBER = re.compile(r'"crs"\s*:\s*')
_OTHER_JSON = re.compile(r'"type"\s*:\s*"(Topology)"|"esriGeometry[A-Z]')
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7][0-9a-fA-F]")


def read_layer(path: Path, form: FileForm, most_bytes: int, name: str | None) -> UserRows:
    """Read a layer: the only one of a file, or the one of a name.

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON, GeoPackage, Shapefile, KML, KMZ, FlatGeobuf, or an archive of one of these.
    form : FileForm
        What it should hold.
    most_bytes : int
        How large the content of an archive may be.
    name : str or None
        Name of the layer.

    Raises
    ------
    DcsiteError
        Of the form's class: if it cannot be read, is of several layers, or does not say where on
        earth it is.
    """
    with _copied(path, form, most_bytes, name) as copy:
        if copy.suffix in _PARQUET:
            return _judged(_read_parquet(copy, form, path, most_bytes), copy, form, path)
        return _read_copy(copy, form, path, name if copy.suffix in _LAYERED else None)


def layers_of(path: Path, form: FileForm, most_bytes: int) -> tuple[str, ...]:
    """Return the names of the layers of a file, of an archive too; errors as :func:`read_layer`."""
    packed: tuple[str, ...] = ()
    if path.suffix.lower() == ".zip":
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            named = itertools.filterfalse(_beside_the_user, archive.namelist())
            members = map(Path, named)
            packed = tuple(one.stem for one in members if one.suffix.lower() in _PACKED)
    if len(packed) > 1:
        return packed
    with _copied(path, form, most_bytes, None) as copy:
        _check_content(copy, form, path)
        return *packed, *(str(layer) for layer, _ in pyogrio.list_layers(copy))


@contextlib.contextmanager
def _copied(path: Path, form: FileForm, most_bytes: int, name: str | None) -> Iterator[Path]:
    """Give a copy of a layer, unpacked, in a folder of its own."""
    with scratch_folder() as folder:
        if path.suffix.lower() in {".zip", ".kmz"}:
            copy = _unpack(path, folder, form, most_bytes, name)
        else:
            copy = folder / f"layer{path.suffix.lower()}"
            for each in _parts(path):
                shutil.copyfile(each, copy.with_name(f"layer{each.name[len(path.stem) :].lower()}"))
        yield copy


def _parts(path: Path) -> list[Path]:
    """Return the files of a layer: of a Shapefile its parts, of a GeoPackage its journal too."""
    beside = _BESIDE.get(path.suffix.lower(), (f"{path.suffix.lower()}-wal",))
    names = {f"{path.stem}{suffix}".lower() for suffix in beside}
    found = [path]
    with contextlib.suppress(OSError):  # a folder that may be entered, not listed
        found += [each for each in path.parent.iterdir() if each.name.lower() in names]
    return [each for each in found if each.is_file()]


def _beside_the_user(name: str) -> bool:
    """Tell what a packing program adds for itself."""
    return name.startswith("__MACOSX/") or Path(name).name.startswith("._")


def _unpack(path: Path, folder: Path, form: FileForm, most_bytes: int, name: str | None) -> Path:
    """Unpack the one layer of an archive, or the one of a name."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {
                Path(info.filename): info
                for info in archive.infolist()
                if not _beside_the_user(info.filename)
            }
            layers = [one for one in members if one.suffix.lower() in _PACKED]
            if path.suffix.lower() == ".kmz":
                layers = [one for one in layers if one.name == "doc.kml"] or layers
            # Official archives hold the same layer in two formats.
            layers.sort(key=lambda one: (str(one), _PACKED.index(one.suffix.lower())))
            stems: dict[str, Path] = {}
            for one in layers:
                stems.setdefault(str(one.with_suffix("")), one)
            if name is not None:
                stems = {stem: one for stem, one in stems.items() if one.stem == name} or stems
            if not stems:
                kinds = ", ".join(_PACKED)
                raise form.unusable(path, f"holds no layer; allowed: one of {kinds}")
            if len(stems) != 1:
                listed = ", ".join(shown(one.name) for one in [*stems.values()][:8])
                raise form.unusable(
                    path,
                    f"holds {len(stems)} layers ({listed}); {form.which_layer}",
                )
            ((stem, first),) = stems.items()
            kind = first.suffix.lower()
            if name not in (None, first.stem) and kind not in _LAYERED:
                raise form.unusable(
                    path, f"has no layer {shown(str(name))}; it has {shown(first.stem)}"
                )
            wanted = {kind, *_BESIDE.get(kind, ())}
            parts = {
                one.suffix.lower(): info
                for one, info in members.items()
                if str(one.with_suffix("")) == stem and one.suffix.lower() in wanted
            }
            size = sum(info.file_size for info in parts.values())
            if size > most_bytes:
                raise form.unusable(
                    path, f"unpacks to {size:,} bytes; allowed: up to {most_bytes:,}; give less"
                )
            for suffix, info in parts.items():
                (folder / f"layer{suffix}").write_bytes(archive.read(info))
            return folder / f"layer{kind}"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise form.unusable(path, f"cannot be unpacked: {error}; pack it again") from None


def _read_copy(copy: Path, form: FileForm, path: Path, name: str | None) -> UserRows:
    """Read a layer of our own copy; `path` is the user's file, which messages name."""
    _check_content(copy, form, path)
    stated = _crs_of_json(copy, form, path) if copy.suffix in {".json", ".geojson"} else None
    try:
        with warnings.catch_warnings():
            # Of what the library warns (odd fields, lists in cells) the checks say more, by row.
            warnings.simplefilter("ignore")
            # A ring that is not closed becomes no geometry here, and a problem of its feature.
            frame = pyogrio.read_dataframe(
                copy,
                layer=_one_layer(copy, form, path, name),
                on_invalid="ignore",
                encoding=_dbf_encoding(copy, form, path),
            )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        reason = str(error).split(";")[0].replace(str(copy), path.name)
        reason = reason.replace(str(copy.with_suffix("")), path.stem)
        what = f"cannot be read: {reason[:_MAX_REASON]}"
        raise form.unusable(path, f"{what}; allowed: {form.kinds}") from None
    except UnicodeDecodeError:
        raise form.unusable(path, "holds text that is not UTF-8; save it again in UTF-8") from None
    if stated is not None and isinstance(frame, gpd.GeoDataFrame):
        frame = frame.set_crs(stated, allow_override=True)
    return _judged(frame, copy, form, path)


def _read_parquet(copy: Path, form: FileForm, path: Path, most_bytes: int) -> gpd.GeoDataFrame:
    """Read GeoParquet, which the geospatial library's wheels leave to Arrow."""
    _check_content(copy, form, path)
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError:
        how = "pip install 'dcsite[parquet]', or convert it: ogr2ogr sites.gpkg FILE"
        raise form.unusable(path, f"is GeoParquet, which needs pyarrow; {how}") from None
    with copy.open("rb") as file:
        try:
            held = parquet.ParquetFile(file).metadata
            groups = (held.row_group(at).total_byte_size for at in range(held.num_row_groups))
            # What repeats is packed into next to nothing; a value takes eight bytes at least.
            size = max(sum(groups), 8 * held.num_rows * held.num_columns)
            if size > most_bytes:
                raise form.unusable(
                    path, f"unpacks to {size:,} bytes; allowed: up to {most_bytes:,}; give less"
                )
            frame = gpd.read_parquet(file)
        except (ArrowException, shapely.GEOSException, OSError, *_BROKEN) as error:
            reason = str(error).splitlines()[0] if str(error) else "it is broken"
            raise form.unusable(path, f"cannot be read as GeoParquet: {reason}") from None
    # Tools keep an index beside the columns, which may be the ids.
    named = [name for name in frame.index.names if name is not None and name not in frame]
    return frame.reset_index(level=named) if named else frame


def _judged(frame: gpd.GeoDataFrame, copy: Path, form: FileForm, path: Path) -> UserRows:
    """Bring what was read to texts and to degrees on WGS 84."""
    problems = ProblemList(path.name, "feature", form.error)
    if copy.suffix == ".shp" and not copy.with_suffix(".dbf").exists():
        problems.tell("has no .dbf beside it, and so neither names nor anything else of its places")
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=np.full(len(frame), None), crs="EPSG:4326")
    columns = [str(column) for column in frame.columns.drop(frame.geometry.name)]
    if copy.suffix == ".kml":
        columns = [column for column in columns if column.casefold() not in _OF_KML]
    shapes = _to_wgs84(path, frame, form, columns)
    geometry = np.asarray(shapely.force_2d(np.asarray(shapes.array, dtype=object)), dtype=object)
    needed = tuple(one for one in form.needed if len(frame) and not one.endswith("_deg"))
    position = match_columns(columns, problems, form, needed)
    labels = {one: columns[at] for one, at in position.items()}
    texts = {label: [_text(value) for value in frame[label].astype(object)] for label in columns}
    for label in labels.values():
        for number, text in enumerate(texts[label], 1):
            if text is None:
                what = "holds a list or an object; allowed: a text or a number"
                problems.add(number, label, what)
    said = {label: tuple(text or "" for text in each) for label, each in texts.items()}
    cells = {one: said[label] for one, label in labels.items()}
    others = {label: said[label] for label in columns if label not in labels.values()}
    note_old_datum(others, problems)
    numbers = tuple(range(1, len(frame) + 1))
    return UserRows(numbers, cells, labels, geometry, problems, form.measures, others)


def _check_content(copy: Path, form: FileForm, path: Path) -> None:
    """Refuse what is not of the kind its extension says.

    The library guesses the format from the content, and some formats only point to other files or
    addresses.
    """
    if copy.suffix == ".gpkg":
        kind, is_one = "a GeoPackage", _is_geopackage(copy)
    else:
        kind, told_by = _KINDS[copy.suffix]
        is_one = told_by(copy.read_bytes())
    if not is_one:
        raise form.unusable(path, f"is not {kind}; write it again, or name it after what it is")
    if copy.suffix == ".shp" and not copy.with_suffix(".shx").exists():
        raise form.unusable(path, "has no .shx beside it; copy all of its files")


def _text(value: Any) -> str | None:
    """Return a cell's text; None for a list or an object."""
    return None if isinstance(value, dict | list | np.ndarray) else cell_text(value)


def _crs_of_json(copy: Path, form: FileForm, path: Path) -> pyproj.CRS | None:
    """Return the system that GeoJSON states; the library would look for a linked one, or guess.

    None where the file states none, which is WGS 84.
    """
    content = copy.read_bytes()
    if _ESCAPED_LETTER.search(content):
        # Letters need no escape: written out, nothing hides from a search for the member.
        with contextlib.suppress(ValueError, RecursionError):
            content = json.dumps(json.loads(content), ensure_ascii=False).encode()
            copy.write_bytes(content)
    text = content.decode("utf-8", errors="replace")
    if '"FeatureCollection"' not in text and (other := _OTHER_JSON.search(text)):
        kind = "TopoJSON" if other[1] else "Esri JSON"
        raise form.unusable(path, f"is {kind}; convert it to GeoJSON: ogr2ogr sites.geojson FILE")
    for found in _CRS_MEMBER.finditer(text):
        with contextlib.suppress(ValueError, RecursionError):
            member: Any = json.JSONDecoder().raw_decode(text, found.end())[0]
            if member is not None and not isinstance(member, dict):
                continue  # a property of the user's, of this name
            properties = (member or {}).get("properties")
            name = properties.get("name") if isinstance(properties, dict) else None
            if not isinstance(name, str):
                raise form.unusable(
                    path, f"names no coordinate reference system in its member crs; {_SET_CRS}"
                )
            try:
                return pyproj.CRS.from_user_input(name)
            except pyproj.exceptions.CRSError:
                raise form.unusable(
                    path, f"coordinate reference system {shown(name)} is not known; {_SET_CRS}"
                ) from None
    return None


def _dbf_encoding(layer: Path, form: FileForm, path: Path) -> str | None:
    """Return the encoding of a Shapefile's attributes; None of other layers.

    What is UTF-8 is read so; else what the .cpg says where that is an encoding and fits, else
    CP932. The library takes what it does not know for Latin-1.

    Raises
    ------
    DcsiteError
        Of the form's class: if the attributes are cut short.
    """
    table = layer.with_suffix(".dbf")
    if layer.suffix.lower() != ".shp" or not table.exists():
        return None
    content = table.read_bytes()
    records, begin, length = struct.unpack_from("<IHH", content.ljust(12, b"\0"), 4)
    if len(content) < begin + records * length or begin < _DBF_HEADER:
        raise form.unusable(path, "has a .dbf that is cut short; copy all of its files again")
    # Names of columns may be cut in the middle of a letter; they tell only where no cell does.
    names = b"".join(content[at : at + 10] for at in range(_DBF_HEADER, begin - 1, _DBF_HEADER))
    cells = content[begin:]
    said = layer.with_suffix(".cpg")
    stated = said.read_text(encoding="ascii", errors="replace").strip() if said.exists() else ""
    japanese = re.search(r"932|s(hift)?[-_]?jis", stated, re.IGNORECASE)
    for encoding in ("utf-8", "cp932" if japanese else stated, "cp932"):
        with contextlib.suppress(UnicodeDecodeError, LookupError, ValueError):
            if cells.isascii():
                codecs.getincrementaldecoder(encoding)().decode(names)
            cells.decode(encoding)
            return encoding
    return "cp932"


def _is_geopackage(path: Path) -> bool:
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM gpkg_contents")
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # SQLite quotes a broken schema in its message, in bytes that may be no text.
        return False
    return True


def _is_kml(content: bytes) -> bool:
    """Tell KML, of nothing but itself: what is linked or declared elsewhere is not followed."""
    linked = any(word in content for word in (b"NetworkLink", b"<!DOCTYPE", b"<!ENTITY"))
    return b"<kml" in content[:4096] and not linked


_JSON = "GeoJSON", lambda content: content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
_GEOPARQUET = "GeoParquet", lambda content: content[:4] == content[-4:] == b"PAR1"
#: What each extension says, and what tells by the bytes whether it is so; a GeoPackage is asked.
_KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    ".shp": ("a Shapefile", lambda content: content.startswith(b"\x00\x00\x27\x0a")),
    ".geojson": _JSON,
    ".json": _JSON,
    ".kml": ("KML without links", _is_kml),
    ".fgb": ("a FlatGeobuf", lambda content: content.startswith(b"fgb")),
    **dict.fromkeys(_PARQUET, _GEOPARQUET),
}


def _one_layer(copy: Path, form: FileForm, path: Path, name: str | None) -> str:
    layers = pyogrio.list_layers(copy)
    spatial = [str(layer) for layer, kind in layers if kind is not None]
    if not len(layers):
        raise form.unusable(path, f"holds no layer; give one layer of {form.shapes}")
    if not spatial:
        raise form.unusable(path, f"holds no geometry; give one layer of {form.shapes}")
    if copy.suffix == ".kml" and len(spatial) > 1:  # a folder of folders has nothing itself
        spatial = [one for one in spatial if pyogrio.read_info(copy, layer=one)["features"]] or [
            *spatial[:1]
        ]
    listed = ", ".join(shown(layer) for layer in spatial[:8])
    if name is not None:
        if name not in spatial:
            raise form.unusable(path, f"has no layer {shown(name)}; it has {listed}")
        return name
    if len(spatial) > 1:
        raise form.unusable(path, f"holds {len(spatial)} layers ({listed}); {form.which_layer}")
    return spatial[0]


def _to_wgs84(
    path: Path, frame: gpd.GeoDataFrame, form: FileForm, names: Sequence[str]
) -> gpd.GeoSeries:
    geometry, crs = frame.geometry, frame.geometry.crs
    if crs is None and form.official and any(re.match(form.official, name) for name in names):
        return geometry.set_crs(_OFFICIAL_CRS).to_crs("EPSG:4326")
    # A GeoPackage without one carries a system of this name, geographic or not.
    if crs is None or crs.name.startswith("Undefined"):
        raise form.unusable(path, f"{_NO_CRS}; {_SET_CRS}")
    if not crs.is_geographic and not crs.is_projected:
        what = f"{shown(crs.name)} is a local system, of no known place on earth"
        raise form.unusable(path, f"{what}; {_SET_CRS}")
    corners = geometry.total_bounds
    corner = corners[:2] if np.abs(corners[:2]).max() > np.abs(corners[2:]).max() else corners[2:]
    place = ", ".join(f"{value:.6g}" for value in corner)
    if crs.is_projected and (np.abs(corners) <= 180.0).all() and corners.any():
        what = f"coordinates ({place}) look like degrees, but the file says metres"
        raise form.unusable(path, f"{what} ({crs.name}); set the system they are in")
    if crs.is_geographic and (np.abs(corners[np.isfinite(corners)]) > 360.0).any():
        what = f"coordinates ({place}) look like metres, but the file says degrees"
        raise form.unusable(path, f"{what} ({crs.name}); set the system they are in")
    try:
        return geometry.to_crs("EPSG:4326")
    except pyproj.exceptions.ProjError as error:
        raise form.unusable(
            path, f"coordinates cannot be brought from {shown(crs.name)} to EPSG:4326: {error}"
        ) from None
