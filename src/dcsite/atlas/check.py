"""``dcsite data check``: whether every table is what its descriptor says and makes sense.

Each fault becomes one line that names table, row and column: files and hashes, headers and rows,
types and constraints, keys within and between tables, points, paths and polygons.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from dcsite.errors import GeodataError, Problem

from .atlas import CRS, default_root, path_to_linestring
from .descriptor import DESCRIPTOR, Features, FieldSpec, ResourceSpec, TableSchema, read_package
from .marks import columns_of_csv, columns_of_geojson, locate_changes

MAX_LINES_PER_COLUMN = 20
# Offshore wind farms, capes and the simplified coast stay within this; Korea and the open sea do
# not. A table of points at sea says in the descriptor how far off they may lie.
MAX_OFF_LAND_KM = 40.0
JAPAN_BOX_DEG = (122.0, 20.0, 154.0, 46.0)

_PREFECTURES = "prefecture_polygons"
_AFTER_EDIT = "restore the file, or after a wanted edit run: python -m dcsite.atlas.describe"
_MAX_SHOWN = 60
# "nan" and "inf" have the form of a number and are told by the limits, or as what they are.
_NUMBERS = {
    "number": (r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:nan|[+-]?inf)", "a number"),
    "integer": (r"[+-]?[0-9]{1,18}", "a whole number"),
}
# Azimuthal equidistant around the middle of Japan: scale errors below 2 % over the archipelago.
_METRIC = "+proj=aeqd +lat_0=36 +lon_0=137 +datum=WGS84 +units=m"
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
        specs = read_package(folder).resources
        _refuse_unknown_references(specs)
    except GeodataError as error:
        return list(error.problems)
    return report(_all_faults(folder, specs), specs) + _unlisted(folder, specs)


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
    own = {(fault.resource, fault.column) for fault in faults if fault.refers_to is None}
    kept = [
        fault
        for fault in faults
        if fault.refers_to is None or own.isdisjoint({fault.refers_to, (fault.refers_to[0], "")})
    ]
    order = {spec.name: position for position, spec in enumerate(specs)}
    kept.sort(key=lambda fault: (order[fault.resource], fault.row or 0))
    # The first fault of a cell is the one told.
    cells = {(fault.resource, fault.row, fault.column): fault for fault in reversed(kept)}
    lines: list[Problem] = []
    counts: Counter[tuple[str, str]] = Counter()
    by_name = {spec.name: spec for spec in specs}
    for fault in reversed(cells.values()):
        spec = by_name[fault.resource]
        counts[fault.resource, fault.column] += 1
        if counts[fault.resource, fault.column] <= MAX_LINES_PER_COLUMN:
            row = "feature" if spec.format == "geojson" else "row"
            place = [
                f"{row} {fault.row}" if fault.row is not None else "",
                f"column {fault.column}" if fault.column else "",
            ]
            lines.append(Problem(spec.path, ", ".join(filter(None, place)), fault.message))
    for (resource, column), count in counts.items():
        if count > MAX_LINES_PER_COLUMN:
            place_of_all = f"column {column}" if column else ""
            message = f"and {count - MAX_LINES_PER_COLUMN:,} more rows like these"
            lines.append(Problem(by_name[resource].path, place_of_all, message))
    return lines


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


def _all_faults(folder: Path, specs: Sequence[ResourceSpec]) -> list[Fault]:
    faults: list[Fault] = []
    files: dict[str, bytes] = {}
    frames: dict[str, pd.DataFrame] = {}
    for spec in specs:
        read = _read(folder, spec)
        if isinstance(read, Fault):
            faults.append(read)
            continue
        files[spec.name] = read
        if spec.table_schema is not None:
            found, frame = _split(spec, spec.table_schema, read.decode(spec.encoding))
            faults += found
            if frame is not None:
                frames[spec.name] = frame
    prefectures = None
    for spec in specs:
        if spec.features is not None and spec.name in files:
            found, polygons = _polygon_faults(spec, spec.features, files[spec.name], frames)
            faults += found
            if spec.name == _PREFECTURES:
                prefectures = polygons
    for spec in specs:
        if spec.table_schema is None or spec.name not in frames:
            continue
        faults += _table_faults(spec, spec.table_schema, frames)
        faults += _path_faults(spec, frames[spec.name])
        if prefectures is not None:
            faults += _point_faults(spec, frames[spec.name], prefectures)
    # A hash says less than any of the above: it speaks where nothing else found the change.
    told = {fault.resource for fault in faults if fault.refers_to is None or fault.row is not None}
    for spec in specs:
        if spec.name in files and spec.name not in told:
            faults += _change_faults(spec, files[spec.name])
    return faults


# --- files -----------------------------------------------------------------------------------


def _read(root: Path, spec: ResourceSpec) -> bytes | Fault:
    """Read a file as far as it can be read at all: there, not empty, UTF-8, JSON where promised."""
    try:
        data = (root / spec.path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return Fault(spec.name, None, "", f"cannot be read ({reason}); restore the table")
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return Fault(spec.name, None, "", "the file is empty; restore the table")
    try:
        text = data.decode(spec.encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        wrong = f"byte 0x{data[error.start]:02x} is not UTF-8; save the table as UTF-8"
        return Fault(spec.name, row, "", wrong)
    if spec.format == "geojson":
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            message = f"not valid JSON at {place} ({error.msg}); restore the file"
            return Fault(spec.name, None, "", message)
    return data


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


def _change_faults(spec: ResourceSpec, data: bytes) -> list[Fault]:
    """Say where a file differs from what the descriptor was made for, as far as can be known."""

    def whole(message: str) -> list[Fault]:
        return [Fault(spec.name, None, "", f"{message}; {_AFTER_EDIT}")]

    same = hashlib.sha256(data).hexdigest() == spec.sha256
    text = data.decode(spec.encoding).removeprefix("\ufeff")
    try:
        if spec.features is not None:
            names = [field.name for field in spec.features.properties]
            columns, first_row = columns_of_geojson(text, names), 1
        else:
            columns, first_row = columns_of_csv(text), 2
    except (ValueError, KeyError, TypeError) as error:
        return whole(f"cannot be read ({error})")
    rows = max((len(column) for column in columns.values()), default=0)
    if rows != spec.rows:
        return whole(f"has {rows:,} rows, the descriptor says {spec.rows:,}")
    if same and len(data) == spec.size_bytes:
        return []
    if same:
        return whole(f"has {len(data):,} bytes, the descriptor says {spec.size_bytes:,}")
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
    return faults or whole("the bytes have changed (line ends, quotes or blanks), no value has")


# --- tables ----------------------------------------------------------------------------------


def _split(
    spec: ResourceSpec, schema: TableSchema, text: str
) -> tuple[list[Fault], pd.DataFrame | None]:
    """Split a CSV table into cells of text, by the row of the file (its header is row 1).

    No frame comes back where the header is not the schema's; rows that do not fit it are left out.
    """
    try:
        header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    except csv.Error as error:
        return [Fault(spec.name, None, "", f"cannot be read ({error}); restore the table")], None
    if header != schema.names:
        return _header_faults(spec.name, header, schema.names), None
    faults, good = [], {}
    for row, cells in enumerate(rows, start=2):
        if not any(cells):
            faults.append(Fault(spec.name, row, "", "is blank; take it out"))
        elif len(cells) != len(header):
            much = "many" if len(cells) > len(header) else "few"
            message = (
                f"has too {much} cells for the {len(header)} columns; "
                "look for a stray comma or quote"
            )
            faults.append(Fault(spec.name, row, "", message))
        else:
            good[row] = cells
    frame = pd.DataFrame(list(good.values()), index=list(good), columns=header, dtype="str")
    return faults, frame


def _header_faults(name: str, labels: Sequence[str], wanted: Sequence[str]) -> list[Fault]:
    """Word a header that is not the schema's: what is missing, what is too much, or the order."""
    missing = [label for label in wanted if label not in labels]
    extra = [label for label in labels if label not in wanted]
    if missing:
        found = f"; the header has {', '.join(map(repr, extra))} instead" if extra else ""
        message = f"the column is missing{found}; restore it"
        return [Fault(name, 1, label, message) for label in missing]
    if extra:
        message = "the column is not in the schema; describe it or take it out"
        return [Fault(name, 1, label, message) for label in extra]
    place = next(
        (pair for pair in zip(labels, wanted, strict=False) if pair[0] != pair[1]),
        (labels[-1], "nothing"),
    )
    message = f"stands where {place[1]} should; keep each column once, in the schema's order"
    return [Fault(name, 1, place[0], message)]


def _table_faults(
    spec: ResourceSpec, schema: TableSchema, frames: Mapping[str, pd.DataFrame]
) -> list[Fault]:
    """Hold a table's cells against types, constraints, its own key and the tables it refers to."""
    frame = frames[spec.name]
    faults = [
        fault
        for field in schema.fields
        for fault in _cell_faults(spec.name, field, frame[field.name])
    ]
    faults += _key_faults(spec.name, schema, frame)
    for key in schema.foreign_keys:
        target = key.reference.resource or spec.name
        if target in frames:
            known = set(_rows(frames[target], key.reference.fields))
            faults += [
                _unknown_id(
                    spec.name, row, key.fields[0], cells[0], (target, key.reference.fields[0])
                )
                for row, cells in zip(frame.index, _rows(frame, key.fields), strict=True)
                if any(cells) and cells not in known
            ]
    for field in schema.fields:
        listed = field.list_of
        if listed is None or listed.field not in frames.get(listed.resource, ()):
            continue
        ids = set(frames[listed.resource][listed.field])
        faults += [
            _unknown_id(spec.name, row, field.name, one, (listed.resource, listed.field))
            for row, cell in zip(frame.index, frame[field.name], strict=True)
            for one in (cell.split(listed.separator) if cell else ())
            if one not in ids
        ]
    return faults


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return frame[list(columns)].itertuples(index=False, name=None)


def _unknown_id(name: str, row: int, column: str, value: str, refers_to: tuple[str, str]) -> Fault:
    message = f"{value!r} is not a {refers_to[1]} of the table {refers_to[0]}"
    return Fault(name, int(row), column, message, refers_to)


def _numbers(cells: pd.Series[str]) -> pd.Series[float]:
    """Read cells as numbers; NaN where they are none."""
    read = pd.to_numeric(cells, errors="coerce")
    return pd.Series(read.to_numpy(dtype=float, na_value=np.nan), index=cells.index)


def _short(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…")


def _cell_faults(name: str, field: FieldSpec, cells: pd.Series[str]) -> list[Fault]:
    """Hold the cells of one column against its type and constraints."""
    allowed = field.constraints
    full = (cells != "").to_numpy()
    found: list[tuple[Mask, Callable[[str], str]]] = []
    if allowed.required:
        found.append((~full, lambda _: "is empty, but a value is required"))
    values: pd.Series[str] | pd.Series[float] = cells
    if field.type != "string":
        form, kind = _NUMBERS[field.type]
        values = _numbers(cells)
        is_number = cells.str.fullmatch(form).to_numpy(dtype=bool)
        found.append((full & ~is_number, lambda cell: f"{cell!r} is not {kind}"))
    if allowed.minimum is not None or allowed.maximum is not None:
        low = "any" if allowed.minimum is None else allowed.minimum
        high = "any" if allowed.maximum is None else allowed.maximum
        inside = _numbers(cells).between(
            -np.inf if allowed.minimum is None else allowed.minimum,
            np.inf if allowed.maximum is None else allowed.maximum,
        )
        wrong, unit = "is out of range", ""
        if field.name.endswith(("lat_deg", "lon_deg")):
            wrong, unit = "lies outside Japan", " degrees"
        text = f"{wrong}; allowed are {low} to {high}{unit}"
        found.append((full & ~inside.to_numpy(), lambda cell: f"{cell} {text}"))
    if field.type != "string":
        found.append(
            (full & ~np.isfinite(values.to_numpy()), lambda cell: f"{cell!r} is not {kind}")
        )
    if allowed.enum is not None:
        names = [str(value) for value in allowed.enum]
        listed = values.isin(names if field.type == "string" else list(_numbers(pd.Series(names))))

        def not_listed(cell: str) -> str:
            near = difflib.get_close_matches(cell, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return f"{_short(cell)} is unknown; allowed are {', '.join(names)}{hint}"

        found.append((full & ~listed.to_numpy(), not_listed))
    if allowed.pattern is not None:
        pattern = _short(allowed.pattern)
        fits = cells.str.fullmatch(allowed.pattern).to_numpy(dtype=bool)
        found.append(
            (full & ~fits, lambda cell: f"{_short(cell)} does not have the form {pattern}")
        )
    if allowed.min_length is not None or allowed.max_length is not None:
        least, most = allowed.min_length or 0, allowed.max_length
        length = cells.str.len().to_numpy(dtype=float)
        fits = (length >= least) & (length <= (np.inf if most is None else most))
        limits = f"allowed are {least} to {'any' if most is None else most}"
        found.append((full & ~fits, lambda cell: f"{_short(cell)} has {len(cell)} signs; {limits}"))
    if allowed.unique:
        twice = values.duplicated().to_numpy()
        found.append((full & twice, lambda cell: f"{_short(cell)} stands in an earlier row too"))
    return [
        Fault(name, int(row), field.name, word(cell))
        for wrong_here, word in found
        for row, cell in zip(cells.index[wrong_here], cells[wrong_here], strict=True)
    ]


def _key_faults(name: str, schema: TableSchema, frame: pd.DataFrame) -> list[Fault]:
    """Find rows whose key is empty or stands in an earlier row; numbers are equal by value."""
    if not schema.primary_key:
        return []
    columns = schema.primary_key
    cells = frame[list(columns)]
    column = " + ".join(columns)
    empty = (cells == "").all(axis=1)
    faults = [
        Fault(name, int(row), column, "the key is empty, but every row needs one")
        for row in frame.index[empty]
    ]
    kinds = {field.name: field.type for field in schema.fields}
    values = cells.apply(lambda part: part if kinds[part.name] == "string" else _numbers(part))
    first: dict[tuple[object, ...], int] = {}
    twice = values.duplicated(keep=False) & ~empty
    for row, value, text in zip(
        frame.index[twice],
        _rows(values[twice], columns),
        _rows(cells[twice], columns),
        strict=True,
    ):
        key = tuple("" if part != part else part for part in value)  # noqa: PLR0124 (NaN)
        if key in first:
            message = f"key {', '.join(text)!r} stands in row {first[key]} too; keep one"
            faults.append(Fault(name, int(row), column, message))
        else:
            first[key] = row
    return faults


# --- places ----------------------------------------------------------------------------------


def _outside(bounds: pd.DataFrame) -> Mask:
    """Tell which bounds (degrees) reach out of the box of Japan."""
    west, south, east, north = JAPAN_BOX_DEG
    inside = (
        (bounds["minx"] >= west)
        & (bounds["maxx"] <= east)
        & (bounds["miny"] >= south)
        & (bounds["maxy"] <= north)
    )
    # Without bounds there is nothing outside.
    return (~inside & bounds["minx"].notna()).to_numpy()


def _box() -> str:
    west, south, east, north = JAPAN_BOX_DEG
    return f"latitudes {south:g} to {north:g} and longitudes {west:g} to {east:g}"


def _off_land_km(
    points: gpd.GeoSeries, prefectures: gpd.GeoDataFrame, codes: pd.Series[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure to the nearest land, and to the point's own prefecture where it names one (or 0)."""
    shapes = prefectures.geometry.to_crs(_METRIC)
    metric = points.to_crs(_METRIC)
    _, to_land_m = shapely.STRtree(shapes.array).query_nearest(
        metric.array, return_distance=True, all_matches=False
    )
    to_own_m = np.nan_to_num(shapely.distance(metric.array, shapes.reindex(codes).array))
    return to_land_m / 1000.0, to_own_m / 1000.0


def _point_faults(
    spec: ResourceSpec, frame: pd.DataFrame, prefectures: gpd.GeoDataFrame
) -> list[Fault]:
    """Find points that lie far from the prefecture they claim, or from all land in Japan.

    Points outside the box of Japan are left to the schema.
    """
    names: dict[str, str] = prefectures["pref_name_ja"].to_dict()
    if "pref_code" in frame:
        codes = frame["pref_code"]
    elif "prefecture_ja" in frame:
        codes = frame["prefecture_ja"].map({name: code for code, name in names.items()})
    else:
        codes = pd.Series(pd.NA, index=frame.index, dtype="object")
    west, south, east, north = JAPAN_BOX_DEG
    most_km = spec.max_off_land_km or MAX_OFF_LAND_KM
    faults: list[Fault] = []
    for column in frame.columns:
        lon_column = column.removesuffix("lat_deg") + "lon_deg"
        if (
            not column.endswith("lat_deg")
            or column.startswith(_AS_PUBLISHED)
            or lon_column not in frame
        ):
            continue
        lat, lon = _numbers(frame[column]), _numbers(frame[lon_column])
        inside = np.flatnonzero(lat.between(south, north) & lon.between(west, east))
        if not len(inside):
            continue
        points = gpd.GeoSeries.from_xy(lon.iloc[inside], lat.iloc[inside], crs=CRS)
        to_land_km, to_own_km = _off_land_km(points, prefectures, codes.iloc[inside])
        for k in np.flatnonzero((to_land_km > most_km) | (to_own_km > most_km)):
            i = inside[k]
            place = (
                f"outside Japan, {to_land_km[k]:,.0f} km from its nearest land"
                if to_land_km[k] > most_km
                else f"{to_own_km[k]:,.0f} km from its prefecture {names[codes.iloc[i]]}"
            )
            message = (
                f"the point {lat.iloc[i]:g}, {lon.iloc[i]:g} lies {place}; "
                f"allowed are {most_km:g} km"
            )
            faults.append(Fault(spec.name, int(frame.index[i]), column, message))
    return faults


def _path_faults(spec: ResourceSpec, frame: pd.DataFrame) -> list[Fault]:
    """Find paths with a vertex outside the box of Japan."""
    if _PATH_COLUMN not in frame:
        return []
    paths = frame.loc[frame[_PATH_COLUMN].str.fullmatch(_PATH), _PATH_COLUMN]
    try:
        outside = paths.index[_outside(path_to_linestring(paths).bounds)]
    except shapely.errors.GEOSException as error:
        return [Fault(spec.name, None, _PATH_COLUMN, f"cannot be read as paths ({error})")]
    message = f"a vertex lies outside Japan; allowed are {_box()}"
    return [Fault(spec.name, int(row), _PATH_COLUMN, message) for row in outside]


def _polygon_faults(
    spec: ResourceSpec, features: Features, data: bytes, frames: Mapping[str, pd.DataFrame]
) -> tuple[list[Fault], gpd.GeoDataFrame | None]:
    """Validate a GeoJSON table: properties, keys, geometries.

    The polygons come back by key; None where they cannot be relied on.
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
        return [Fault(spec.name, None, "", message)], None
    missing = [field.name for field in features.properties if field.name not in frame]
    if missing:
        lack = [Fault(spec.name, None, name, "no feature has this property") for name in missing]
        return lack, None
    key = frame[features.key]
    faults = [
        Fault(spec.name, int(i) + 1, features.key, f"key {key[i]!r} stands in an earlier feature")
        for i in np.flatnonzero(key.duplicated())
    ]
    target = (features.reference.resource, features.reference.field)
    known = frames.get(target[0])
    if known is not None and target[1] in known:
        faults += [
            _unknown_id(spec.name, int(i) + 1, features.key, key[i], target)
            for i in np.flatnonzero(~key.isin(known[target[1]]))
        ]
    faults += _geometry_faults(spec, features, frame.geometry)
    return faults, None if faults else frame.set_index(features.key)


def _geometry_faults(
    spec: ResourceSpec, features: Features, geometry: gpd.GeoSeries
) -> list[Fault]:
    """Find geometries that are missing, of the wrong kind, invalid or outside Japan."""
    empty = (geometry.isna() | geometry.is_empty).to_numpy()
    wrong = ~geometry.geom_type.isin(features.geometry_types).to_numpy() & ~empty
    invalid = ~geometry.is_valid.to_numpy() & ~empty & ~wrong
    kinds = ", ".join(features.geometry_types)
    found: list[tuple[Mask, Callable[[shapely.Geometry], str]]] = [
        (empty, lambda _: "is missing or has a broken ring"),
        (wrong, lambda shape: f"is a {shape.geom_type}; allowed are {kinds}"),
        (invalid, lambda shape: f"is not valid ({shapely.is_valid_reason(shape)})"),
        (_outside(geometry.bounds), lambda _: f"reaches outside Japan; allowed are {_box()}"),
    ]
    return [
        Fault(spec.name, int(i) + 1, "geometry", word(geometry.iloc[i]))
        for mask, word in found
        for i in np.flatnonzero(mask)
    ]
