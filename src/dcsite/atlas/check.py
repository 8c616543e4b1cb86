"""``dcsite data check``: whether every table is what its descriptor says and makes sense.

Each fault becomes one line that names table, row and column: files and hashes, headers and rows,
types and constraints, keys within and between tables, points, paths and polygons.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from dcsite.errors import GeodataError, Problem

from .atlas import CRS, JAPAN_BOX_DEG, default_root, path_to_linestring
from .describe import columns_of, locate_changes
from .descriptor import (
    DESCRIPTOR,
    Features,
    FieldSpec,
    ResourceSpec,
    TableSchema,
    read_regular,
)
from .overlay import Layer, layers_of

MAX_LINES_PER_COLUMN = 20
# Offshore wind farms, capes and the simplified coast stay within this; Korea and the open sea do
# not. A table of points at sea says in the descriptor how far off they may lie.
MAX_OFF_LAND_KM = 40.0
_WEST, _SOUTH, _EAST, _NORTH = JAPAN_BOX_DEG
_BOX = f"allowed are latitudes {_SOUTH:g} to {_NORTH:g} and longitudes {_WEST:g} to {_EAST:g}"

_PREFECTURES = "prefecture_polygons"
_AFTER_EDIT = "restore the file, or after a wanted edit run: python -m dcsite.atlas.describe"
_MAX_SHOWN = 60
# "nan" and "inf" have the form of a number and are told by the limits, or as what they are.
_NUMBERS = {
    "number": (r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:nan|[+-]?inf)", "a number"),
    "integer": (r"[+-]?[0-9]{1,18}", "a whole number"),
}
# Azimuthal equidistant around the middle of Japan: scale errors below 2 % over the archipelago.
METRIC = "+proj=aeqd +lat_0=36 +lon_0=137 +datum=WGS84 +units=m"
# Positions a publisher gave and the table itself calls unusable.
_AS_PUBLISHED = "gem_"
_PATH_COLUMN = "path_lon_lat"
_VERTEX = r"-?[0-9]+(\.[0-9]+)? -?[0-9]+(\.[0-9]+)?"
_PATH = rf"{_VERTEX}(\|{_VERTEX})+"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fault:
    """One fault of one table.

    `row` is the line of a CSV file (its header is row 1) or the number of a GeoJSON feature; None
    when the whole table is meant, as an empty `column` is for a whole row. `refers_to` is the table
    and column whose ids a cell should hold.
    """

    resource: str
    row: int | None
    column: str
    message: str
    refers_to: tuple[str, str] | None = None


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
        layers = layers_of(folder, default_root())
        _refuse_unknown_references([parts[-1].spec for parts in layers.values()])
    except GeodataError as error:
        return list(error.problems)
    specs = [parts[-1].spec for parts in layers.values() if parts[-1].folder == folder]
    beside = _touched(specs, [part[0] for part in layers.values() if part[0].folder != folder])
    files = [path for end in ("csv", "csv.gz", "geojson") for path in folder.rglob(f"*.{end}")]
    unlisted = {file.relative_to(folder).as_posix() for file in files}
    unlisted -= {spec.path for spec in specs}
    message = f"is not listed in {DESCRIPTOR}; describe it or take it out"
    faults = _all_faults(folder, specs, beside)
    return [
        *report(faults, [*(layer.spec for layer in beside), *specs]),
        *(Problem(path, "", message) for path in sorted(unlisted)),
    ]


def report(faults: Sequence[Fault], specs: Sequence[ResourceSpec]) -> list[Problem]:
    """Turn faults into problems: one per cell, in the order of tables and rows.

    A missing id is left out when the table it refers to is itself at fault there: mending that
    table comes first. Long runs in one column are cut short, and the rest is counted.

    Parameters
    ----------
    faults : sequence of Fault
        What was found.
    specs : sequence of ResourceSpec
        The tables, in the order to report them.

    Returns
    -------
    list of Problem
        One line each.
    """
    by_name = {spec.name: spec for spec in specs}
    order = {name: position for position, name in enumerate(by_name)}
    own = {(fault.resource, fault.column) for fault in faults if fault.refers_to is None}
    cells: dict[tuple[str, int | None, str], str] = {}  # the first fault of a cell is the one told
    for fault in sorted(faults, key=lambda fault: (order[fault.resource], fault.row or 0)):
        there = fault.refers_to
        if there is None or own.isdisjoint({there, (there[0], "")}):
            cells.setdefault((fault.resource, fault.row, fault.column), fault.message)
    lines: list[Problem] = []
    counts: Counter[tuple[str, str]] = Counter()
    for (resource, row, column), message in cells.items():
        counts[resource, column] += 1
        if counts[resource, column] <= MAX_LINES_PER_COLUMN:
            unit = "feature" if by_name[resource].format == "geojson" else "row"
            place = ([f"{unit} {row}"] if row is not None else []) + _columns_named(column)
            lines.append(Problem(by_name[resource].path, ", ".join(place), message))
    for (resource, column), count in counts.items():
        if count > MAX_LINES_PER_COLUMN:
            message = f"and {count - MAX_LINES_PER_COLUMN:,} more rows like these"
            place = _columns_named(column)
            lines.append(Problem(by_name[resource].path, "".join(place), message))
    return lines


def _columns_named(column: str) -> list[str]:
    return [f"column {column}"] if column else []


def _refuse_unknown_references(specs: Sequence[ResourceSpec]) -> None:
    """Raise where a foreign key names a table or column that the descriptor does not have."""
    columns = {spec.name: spec.table_schema.names for spec in specs if spec.table_schema}
    problems = []
    for spec in specs:
        for key in spec.table_schema.foreign_keys if spec.table_schema else ():
            target, there = key.reference.resource or spec.name, key.reference.fields
            if target not in columns:
                wrong = f"{target!r} is not a table here; allowed are {', '.join(columns)}"
            elif unknown := [name for name in there if name not in columns[target]]:
                wrong = f"{unknown[0]!r} is not a column of the table {target}"
            elif len(there) != len(key.fields):
                wrong = f"{', '.join(key.fields)} refers to another number of columns"
            else:
                continue
            problems.append(Problem(DESCRIPTOR, f"resources.{spec.name}.schema.foreignKeys", wrong))
    if problems:
        raise GeodataError(problems)


def _all_faults(
    folder: Path, specs: Sequence[ResourceSpec], beside: Sequence[Layer]
) -> list[Fault]:
    """Check tables of one folder; those `beside` or below them only where the two touch."""
    faults: list[Fault] = []
    files: dict[str, bytes] = {}
    frames: dict[str, pd.DataFrame] = {}
    known: dict[str, pd.DataFrame] = {}
    shapes: dict[str, gpd.GeoDataFrame] = {}
    for layer in beside:
        faults += _faults_beside(layer, known, shapes)
    for spec in specs:
        faults += _file_faults(folder, spec, files)
        if spec.table_schema is not None and spec.name in files:
            faults += _row_faults(spec, spec.table_schema, files[spec.name], frames)
    for name, frame in frames.items():
        known[name] = pd.concat([known[name], frame]) if name in known else frame
    for spec in specs:
        if spec.features is not None and spec.name in files:
            faults += _polygon_faults(spec.name, spec.features, files[spec.name], known, shapes)
    land = shapes[_PREFECTURES].to_crs(METRIC) if _PREFECTURES in shapes else None
    for spec in specs:
        if spec.table_schema is not None and spec.name in frames:
            frame = frames[spec.name]
            faults += _table_faults(spec.name, spec.table_schema, frame)
            faults += _reference_faults(spec.name, spec.table_schema, frame, known)
            faults += _path_faults(spec.name, frames[spec.name])
            if land is not None:
                faults += _point_faults(spec, frames[spec.name], land)
    faults += _left_alone(beside, frames, known)
    # A hash says less than any of the above: it speaks where nothing else found the change.
    told = {fault.resource for fault in faults if fault.refers_to is None or fault.row is not None}
    for spec in specs:
        if spec.name in files and spec.name not in told:
            faults += _change_faults(spec, files[spec.name])
    return faults


def _faults_beside(
    layer: Layer, known: dict[str, pd.DataFrame], shapes: dict[str, gpd.GeoDataFrame]
) -> Iterator[Fault]:
    """Read what an overlay's tables are held against: ids of other tables, and the land."""
    spec, files = layer.spec, dict[str, bytes]()
    if spec.table_schema is None and spec.name != _PREFECTURES:
        return
    yield from _file_faults(layer.folder, spec, files)
    for data in files.values():
        if spec.table_schema is not None:
            yield from _row_faults(spec, spec.table_schema, data, known)
        elif spec.features is not None:
            yield from _polygon_faults(spec.name, spec.features, data, known, shapes)


def _touched(specs: Sequence[ResourceSpec], shipped: Sequence[Layer]) -> list[Layer]:
    """Choose the shipped tables that an overlay's tables lie over, refer to, or take ids from."""
    own = {spec.name for spec in specs}
    replaced = {spec.name for spec in specs if spec.overlay == "replace"}
    wanted = own.union(*(_refers_to(spec) for spec in specs))
    names = [name for spec in specs if spec.table_schema for name in spec.table_schema.names]
    if any(name.endswith("lat_deg") for name in names):
        wanted |= {_PREFECTURES, "prefectures"}
    return [
        layer
        for layer in shipped
        if layer.spec.name in wanted or not replaced.isdisjoint(_refers_to(layer.spec))
    ]


def _refers_to(spec: ResourceSpec) -> set[str]:
    """Name the other tables whose ids a table holds."""
    if spec.features is not None:
        return {spec.features.reference.resource}
    if spec.table_schema is None:
        return set()
    keys = {key.reference.resource for key in spec.table_schema.foreign_keys}
    return keys | {one.list_of.resource for one in spec.table_schema.fields if one.list_of}


def _left_alone(
    beside: Sequence[Layer],
    frames: Mapping[str, pd.DataFrame],
    known: Mapping[str, pd.DataFrame],
) -> Iterator[Fault]:
    """Find rows of shipped tables whose ids an overlay's tables no longer have."""
    laid = {name: known[name] for name in frames}
    for layer in beside:
        schema, name = layer.spec.table_schema, layer.spec.name
        if schema is not None and name in known and name not in frames:
            yield from _reference_faults(name, schema, known[name], laid)


def _file_faults(folder: Path, spec: ResourceSpec, files: dict[str, bytes]) -> Iterator[Fault]:
    """Read a file as far as it can be read at all: there, not empty, UTF-8, JSON where promised."""

    def whole(message: str) -> Fault:
        return Fault(spec.name, None, "", message)

    try:
        data = read_regular(folder / spec.path)
        plain = spec.unpacked(data)
        text = plain.decode("utf-8-sig")
        if spec.format == "geojson" and text.strip():
            json.loads(text)
    except OSError as error:
        yield whole(f"cannot be read ({error.strerror or error}); restore the table")
    except UnicodeDecodeError as error:
        row = plain.count(b"\n", 0, error.start) + 1
        wrong = f"byte 0x{plain[error.start]:02x} is not UTF-8; save the table as UTF-8"
        yield Fault(spec.name, row, "", wrong)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        yield whole(f"not valid JSON at {place} ({error.msg}); restore the file")
    except (ValueError, RecursionError) as error:
        yield whole(f"{error}; restore the table")
    else:
        if text.strip():
            files[spec.name] = data
        else:
            yield whole("the file is empty; restore the table")


def _change_faults(spec: ResourceSpec, data: bytes) -> Iterator[Fault]:
    """Say where a file differs from what the descriptor was made for, as far as can be known."""

    def fault(message: str, row: int | None = None, column: str = "") -> Fault:
        return Fault(spec.name, row, column, f"{message}; {_AFTER_EDIT}")

    same = hashlib.sha256(data).hexdigest() == spec.sha256
    try:
        columns = columns_of(spec, data)
    except (ValueError, KeyError, TypeError) as error:
        yield fault(f"cannot be read ({error})")
        return
    rows = max((len(column) for column in columns.values()), default=0)
    if rows != spec.rows:
        yield fault(f"has {rows:,} rows, the descriptor says {spec.rows:,}")
    elif same and len(data) != spec.size_bytes:
        yield fault(f"has {len(data):,} bytes, the descriptor says {spec.size_bytes:,}")
    elif not same:
        cells, others = locate_changes(columns, spec.marks)
        above = 0 if spec.features is not None else 1
        for cell in cells:
            what = f"the value {cell.value[:60]!r} is not the one the descriptor was made for"
            yield fault(what, cell.row + above, cell.column)
        for column in others:
            yield fault("several values have changed", None, column)
        if not cells and not others:
            yield fault("the bytes have changed (line ends, quotes or blanks), no value has")


def _row_faults(
    spec: ResourceSpec, schema: TableSchema, data: bytes, frames: dict[str, pd.DataFrame]
) -> Iterator[Fault]:
    """Split a CSV table into cells of text, by the row of the file (its header is row 1).

    There is no frame where the header is not the schema's; rows that do not fit it are left out.
    """
    name, text = spec.name, spec.unpacked(data).decode("utf-8-sig")
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    except csv.Error as error:
        yield Fault(name, None, "", f"cannot be read ({error}); restore the table")
        return
    if header != schema.names:
        yield from _header_faults(name, header, schema.names)
        return
    good = {}
    for row, cells in enumerate(rows, start=2):
        if not any(cells):
            yield Fault(name, row, "", "is blank; take it out")
        elif len(cells) != len(header):
            much = "many" if len(cells) > len(header) else "few"
            what = f"has too {much} cells for the {len(header)} columns"
            yield Fault(name, row, "", f"{what}; look for a stray comma or quote")
        else:
            good[row] = cells
    frames[name] = pd.DataFrame(list(good.values()), index=list(good), columns=header, dtype="str")


def _header_faults(name: str, labels: Sequence[str], wanted: Sequence[str]) -> Iterator[Fault]:
    """Word a header that is not the schema's: what is missing, what is too much, or the order."""
    missing = [label for label in wanted if label not in labels]
    extra = [label for label in labels if label not in wanted]
    if missing:
        found = f"; the header has {', '.join(map(repr, extra))} instead" if extra else ""
        message = f"the column is missing{found}; restore it"
    elif extra:
        message = "the column is not in the schema; describe it or take it out"
    else:
        here = [(label, want) for label, want in zip(labels, wanted, strict=False) if label != want]
        label, want = (here or [(labels[-1], "nothing")])[0]
        missing = [label]
        message = f"stands where {want} should; keep each column once, in the schema's order"
    for label in missing or extra:
        yield Fault(name, 1, label, message)


def _table_faults(name: str, schema: TableSchema, frame: pd.DataFrame) -> Iterator[Fault]:
    """Hold a table's cells against types, constraints and its own key."""
    for field in schema.fields:
        yield from cell_faults(name, field, frame[field.name])
    yield from key_faults(name, schema, frame)


def _reference_faults(
    name: str, schema: TableSchema, frame: pd.DataFrame, frames: Mapping[str, pd.DataFrame]
) -> Iterator[Fault]:
    """Hold a table's cells against the tables it refers to, as far as those are at hand."""
    for key in schema.foreign_keys:
        target, there = key.reference.resource or name, key.reference.fields
        if target in frames:
            known = set(_rows(frames[target], there))
            for row, cells in zip(frame.index, _rows(frame, key.fields), strict=True):
                if any(cells) and cells not in known:
                    yield _unknown_id(name, row, key.fields[0], cells[0], (target, there[0]))
    for field in schema.fields:
        listed = field.list_of
        if listed is not None and listed.field in frames.get(listed.resource, ()):
            ids = {"", *frames[listed.resource][listed.field]}
            for row, cell in zip(frame.index, frame[field.name], strict=True):
                for one in cell.split(listed.separator) if cell else ():
                    if one not in ids:
                        there = (listed.resource, listed.field)
                        yield _unknown_id(name, row, field.name, one, there)


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return frame[list(columns)].itertuples(index=False, name=None)


def _unknown_id(name: str, row: int, column: str, value: str, there: tuple[str, str]) -> Fault:
    message = f"{value!r} is not a {there[1]} of the table {there[0]}"
    return Fault(name, int(row), column, message, there)


def _numbers(cells: pd.Series[str]) -> pd.Series[float]:
    """Read cells as numbers; NaN where they are none."""
    read = pd.to_numeric(cells, errors="coerce")
    return pd.Series(read.to_numpy(dtype=float, na_value=np.nan), index=cells.index)


def _short(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…")


def cell_faults(name: str, field: FieldSpec, cells: pd.Series[str]) -> list[Fault]:
    """Hold the cells of one column against its type and constraints."""
    allowed, full = field.constraints, (cells != "").to_numpy()
    values: pd.Series[str] | pd.Series[float] = cells
    found: list[tuple[Mask, Callable[[str], str]]] = []

    def hold(right: ArrayLike, word: Callable[[str], str]) -> None:
        found.append((full & ~np.asarray(right, dtype=bool), word))

    def no_number(cell: str) -> str:
        return f"{cell!r} is not {_NUMBERS[field.type][1]}"

    if allowed.required:
        found.append((~full, lambda _: "is empty, but a value is required"))
    if field.type != "string":
        values = _numbers(cells)
        hold(cells.str.fullmatch(_NUMBERS[field.type][0]), no_number)
    if allowed.minimum is not None or allowed.maximum is not None:
        low = -np.inf if allowed.minimum is None else allowed.minimum
        high = np.inf if allowed.maximum is None else allowed.maximum
        limits = " to ".join("any" if np.isinf(limit) else str(limit) for limit in (low, high))
        text = f"is out of range; allowed are {limits}"
        if field.name.endswith(("lat_deg", "lon_deg")):
            text = f"lies outside Japan; allowed are {limits} degrees"
        hold(_numbers(cells).between(low, high), lambda cell: f"{cell} {text}")
    if field.type != "string":
        hold(np.isfinite(values.to_numpy()), no_number)
    if allowed.enum is not None:
        names = [str(value) for value in allowed.enum]

        def not_listed(cell: str) -> str:
            near = difflib.get_close_matches(cell, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return f"{_short(cell)} is unknown; allowed are {', '.join(names)}{hint}"

        hold(
            values.isin(names if field.type == "string" else list(_numbers(pd.Series(names)))),
            not_listed,
        )
    if allowed.pattern is not None:
        form = f"does not have the form {_short(allowed.pattern)}"
        hold(cells.str.fullmatch(allowed.pattern), lambda cell: f"{_short(cell)} {form}")
    if allowed.min_length is not None or allowed.max_length is not None:
        least, most = allowed.min_length or 0, allowed.max_length
        bounds = f"allowed are {least} to {'any' if most is None else most}"
        hold(
            cells.str.len().between(least, np.inf if most is None else most),
            lambda cell: f"{_short(cell)} has {len(cell)} signs; {bounds}",
        )
    if allowed.unique:
        hold(~values.duplicated(), lambda cell: f"{_short(cell)} stands in an earlier row too")
    return [
        Fault(name, int(row), field.name, word(cell))
        for wrong, word in found
        for row, cell in zip(cells.index[wrong], cells[wrong], strict=True)
    ]


def key_faults(name: str, schema: TableSchema, frame: pd.DataFrame) -> Iterator[Fault]:
    """Find rows whose key is empty or stands in an earlier row; numbers are equal by value."""
    columns = schema.primary_key
    if not columns:
        return
    cells, column = frame[list(columns)], " + ".join(columns)
    empty = (cells == "").all(axis=1)
    for row in frame.index[empty]:
        yield Fault(name, int(row), column, "the key is empty, but every row needs one")
    kinds = {field.name: field.type for field in schema.fields}
    values = cells.apply(lambda part: part if kinds[part.name] == "string" else _numbers(part))
    twice = values.duplicated(keep=False) & ~empty
    first: dict[tuple[object, ...], int] = {}
    for row, value, text in zip(
        frame.index[twice], _rows(values[twice], columns), _rows(cells[twice], columns), strict=True
    ):
        key = tuple("" if part != part else part for part in value)  # noqa: PLR0124 (NaN)
        if first.setdefault(key, row) != row:
            message = f"key {', '.join(text)!r} stands in row {first[key]} too; keep one"
            yield Fault(name, int(row), column, message)


def _outside(geometry: gpd.GeoSeries) -> Mask:
    """Tell what reaches out of the box of Japan; what has no bounds does not."""
    west, south, east, north = shapely.bounds(geometry.array).T
    beyond = (west < _WEST) | (south < _SOUTH) | (east > _EAST) | (north > _NORTH)
    return np.asarray(beyond, dtype=bool)


def _point_faults(
    spec: ResourceSpec, frame: pd.DataFrame, land: gpd.GeoDataFrame
) -> Iterator[Fault]:
    """Find points that lie far from the prefecture they claim, or from all land in Japan.

    Points outside the box of Japan are left to the schema.
    """
    names: dict[str, str] = land["pref_name_ja"].to_dict()
    codes = pd.Series(pd.NA, index=frame.index, dtype="object")
    if "pref_code" in frame:
        codes = frame["pref_code"]
    elif "prefecture_ja" in frame:
        codes = frame["prefecture_ja"].map({name: code for code, name in names.items()})
    most_km = spec.max_off_land_km or MAX_OFF_LAND_KM
    for column in frame.columns:
        lon_column = column.removesuffix("lat_deg") + "lon_deg"
        paired = column.endswith("lat_deg") and lon_column in frame
        if not paired or column.startswith(_AS_PUBLISHED):
            continue
        lat, lon = _numbers(frame[column]), _numbers(frame[lon_column])
        inside = lat.between(_SOUTH, _NORTH) & lon.between(_WEST, _EAST)
        points = gpd.GeoSeries.from_xy(lon[inside], lat[inside], crs=CRS).to_crs(METRIC)
        _, land_m = shapely.STRtree(land.geometry.array).query_nearest(
            points.array, return_distance=True, all_matches=False
        )
        own_m = np.nan_to_num(
            shapely.distance(points.array, land.geometry.reindex(codes[inside]).array)
        )
        for row, land_km, own_km in zip(points.index, land_m / 1e3, own_m / 1e3, strict=True):
            if land_km > most_km:
                place = f"outside Japan, {land_km:,.0f} km from its nearest land"
            elif own_km > most_km:
                place = f"{own_km:,.0f} km from its prefecture {names[codes[row]]}"
            else:
                continue
            message = (
                f"the point {lat[row]:g}, {lon[row]:g} lies {place}; allowed are {most_km:g} km"
            )
            yield Fault(spec.name, int(row), column, message)


def _path_faults(name: str, frame: pd.DataFrame) -> Iterator[Fault]:
    """Find paths with a vertex outside the box of Japan."""
    if _PATH_COLUMN not in frame:
        return
    paths = frame.loc[frame[_PATH_COLUMN].str.fullmatch(_PATH), _PATH_COLUMN]
    try:
        outside = paths.index[_outside(path_to_linestring(paths))]
    except shapely.errors.GEOSException as error:
        yield Fault(name, None, _PATH_COLUMN, f"cannot be read as paths ({error})")
        return
    for row in outside:
        yield Fault(name, int(row), _PATH_COLUMN, f"a vertex lies outside Japan; {_BOX}")


def _polygon_faults(
    name: str,
    features: Features,
    data: bytes,
    frames: Mapping[str, pd.DataFrame],
    shapes: dict[str, gpd.GeoDataFrame],
) -> list[Fault]:
    """Validate a GeoJSON table: properties, keys, geometries.

    There are shapes, by key, only where they can be relied on.
    """
    try:
        collection = json.loads(data)["features"]
        frame = gpd.GeoDataFrame(
            pd.DataFrame([feature["properties"] for feature in collection], dtype="object"),
            # Feature by feature, so that one broken ring does not hide the others.
            geometry=shapely.from_geojson(
                [json.dumps(feature["geometry"]) for feature in collection], on_invalid="ignore"
            ),
            crs=CRS,
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"is not a collection of features with properties and geometry ({error!r})"
        return [Fault(name, None, "", message)]
    missing = [field.name for field in features.properties if field.name not in frame]
    if missing:
        return [Fault(name, None, column, "no feature has this property") for column in missing]
    key, geometry = frame[features.key], frame.geometry
    faults = [
        Fault(name, int(i) + 1, features.key, f"key {key[i]!r} stands in an earlier feature")
        for i in np.flatnonzero(key.duplicated())
    ]
    target = (features.reference.resource, features.reference.field)
    if target[1] in frames.get(target[0], ()):
        faults += [
            _unknown_id(name, int(i) + 1, features.key, key[i], target)
            for i in np.flatnonzero(~key.isin(frames[target[0]][target[1]]))
        ]
    empty = (geometry.isna() | geometry.is_empty).to_numpy()
    wrong = ~geometry.geom_type.isin(features.geometry_types).to_numpy() & ~empty
    kinds = ", ".join(features.geometry_types)
    found: list[tuple[Mask, Callable[[shapely.Geometry], str]]] = [
        (empty, lambda _: "is missing or has a broken ring"),
        (wrong, lambda shape: f"is a {shape.geom_type}; allowed are {kinds}"),
        (
            ~geometry.is_valid.to_numpy() & ~empty & ~wrong,
            lambda shape: f"is not valid ({shapely.is_valid_reason(shape)})",
        ),
        (_outside(geometry), lambda _: f"reaches outside Japan; {_BOX}"),
    ]
    faults += [
        Fault(name, int(i) + 1, "geometry", word(geometry.iloc[i]))
        for mask, word in found
        for i in np.flatnonzero(mask)
    ]
    if not faults:
        shapes[name] = frame.set_index(features.key)
    return faults
