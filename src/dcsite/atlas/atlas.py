"""The atlas: the tables of one geodata folder, read on demand.

Each file is held against its SHA-256 at first use, parsed by its schema, kept, and counted as used.
"""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from dcsite.errors import GeodataError, Problem

from .connection import connection_points
from .descriptor import (
    DESCRIPTOR,
    Features,
    FieldSpec,
    ResourceSpec,
    TableSchema,
    read_regular,
)
from .overlay import Layer, as_one, layers_of, updated

_Made = TypeVar("_Made")
#: Answers kept of one name: a run asks of its candidates and its hubs in turn.
_KEPT = 3
CRS = "EPSG:4326"
#: West, south, east and north of round numbers about all land of Japan: what is not in here is a
#: slip, not a coast.
JAPAN_BOX_DEG = (122.0, 20.0, 154.0, 46.0)


def path_to_linestring(paths: pd.Series[str]) -> gpd.GeoSeries:
    """Turn ``lon lat|lon lat`` texts into lines in EPSG:4326.

    Parameters
    ----------
    paths : pandas.Series of str
        Vertices of each line, at least two.

    Returns
    -------
    geopandas.GeoSeries
        One LineString per text, on the same index.
    """
    wkt = "LINESTRING (" + paths.str.replace("|", ",", regex=False) + ")"
    return gpd.GeoSeries(shapely.from_wkt(wkt.to_numpy(dtype=object)), index=paths.index, crs=CRS)


def _dtype(field: FieldSpec) -> str:
    """Choose the pandas dtype of a column: codes stay text, gaps in integers stay gaps."""
    if field.type == "string":
        return "str"
    if field.type == "number":
        return "float64"
    return "int64" if field.constraints.required else "Int64"


class Atlas:
    """What is known of Japan.

    Parameters
    ----------
    root : Path
        A geodata folder, or an overlay, which is laid over the shipped geodata.

    Raises
    ------
    GeodataError
        When its descriptor is missing or broken.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._layers = layers_of(root, default_root())
        self._specs = {name: as_one(layers) for name, layers in self._layers.items()}
        self._frames: dict[str, pd.DataFrame] = {}
        self._connections: pd.DataFrame | None = None
        self._verified: set[str] = set()
        self._recorders: list[set[str]] = []
        self._kept: dict[str, dict[Hashable, tuple[Any, frozenset[str]]]] = {}

    def __repr__(self) -> str:
        return f"Atlas({str(self.root)!r}, {len(self._specs)} tables, {len(self._verified)} read)"

    def resources(self) -> tuple[ResourceSpec, ...]:
        """List all tables, read or not, in the descriptor's order."""
        return tuple(self._specs.values())

    def resource(self, name: str) -> ResourceSpec:
        """Return what is known of one table, by its name."""
        try:
            return self._specs[name]
        except KeyError:
            listed = ", ".join(sorted(self._specs))
            wrong = (
                "this table is not listed; dcsite needs it, so add it or use the shipped geodata"
            )
            raise GeodataError(
                Problem(DESCRIPTOR, f"resources.{name}", f"{wrong} (listed: {listed})")
            ) from None

    def tables_used(self) -> tuple[ResourceSpec, ...]:
        """List the tables read so far: what a plan made with this atlas rests on."""
        return tuple(spec for spec in self._specs.values() if spec.name in self._verified)

    def mark_used(self, name: str) -> None:
        """Count a table as read where a kept result rests on it.

        Parameters
        ----------
        name : str
            Of the table; its file is held against its SHA-256, as when it is read.

        Raises
        ------
        GeodataError
            If there is no such table, or its file has changed.
        """
        if self.resource(name).name not in self._verified:
            for layer in self._layers[name]:
                self._verified_bytes(layer)
        self._record(name)

    @contextmanager
    def recording(self) -> Iterator[set[str]]:
        """Collect the names of the tables asked for inside a ``with`` block."""
        names: set[str] = set()
        self._recorders.append(names)
        try:
            yield names
        finally:
            self._recorders = [other for other in self._recorders if other is not names]

    def kept(self, name: str, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what follows from the tables and a key, made once; not to be changed.

        Parameters
        ----------
        name : str
            Of the question.
        key : hashable
            What the answer follows from beside the tables; those of the last few keys are kept.
        make : callable
            Works it out. The tables it asks for count as used each time.
        """
        known = self._kept.setdefault(name, {})
        if key in known:
            for table in sorted(known[key][1]):
                self.mark_used(table)
        else:
            with self.recording() as names:
                made = make()
            if len(known) == _KEPT:
                del known[next(iter(known))]
            known[key] = made, frozenset(names)
        found: _Made = known[key][0]
        return found

    def table(self, name: str) -> pd.DataFrame:
        """Read a table of figures.

        Parameters
        ----------
        name : str
            As in the descriptor, which says what each column holds.

        Returns
        -------
        pandas.DataFrame
            A copy of the caller's own, indexed by the table's primary key. Codes are text with
            their leading zeros; missing whole numbers stay missing (``Int64``).

        Raises
        ------
        GeodataError
            If there is no such table, its file has changed, or it does not fit its schema.
        """
        return self._frame(name, "csv").copy()

    def polygons(self, name: str) -> gpd.GeoDataFrame:
        """Read a table of polygons, in EPSG:4326 and indexed by its key; else as `table`."""
        return self._frame(name, "geojson").copy()

    def substations(self, min_voltage_kv: float = 60.0) -> gpd.GeoDataFrame:
        """Return the mapped nodes of the grid as points by `substation_id`, in EPSG:4326.

        Beside the table's own columns stands what load can be taken from a node: `connection` is
        ``any``, ``regional_only`` (regional hubs alone) or ``none``; `connection_reason_en` and
        `connection_reason_ja` say why, see `dcsite.atlas.connection`.

        Parameters
        ----------
        min_voltage_kv : float
            Smallest highest voltage. Below 100 kV the mapping is too uneven to compare regions.
        """
        frame = self.table("substations")
        areas, companies = self.table("electricity_areas"), self.table("network_companies")
        if self._connections is None:
            self._connections = connection_points(frame, areas, companies)
        frame = frame[frame["voltage_kv"] >= min_voltage_kv].join(self._connections)
        points = gpd.points_from_xy(frame["lon_deg"], frame["lat_deg"])
        return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)

    def transmission_lines(self) -> gpd.GeoDataFrame:
        """Return lines of 154 kV and above as LineStrings by `line_id`, in EPSG:4326."""
        frame = self.table("transmission_lines")
        lines = path_to_linestring(frame["path_lon_lat"])
        return gpd.GeoDataFrame(frame.drop(columns="path_lon_lat"), geometry=lines, crs=CRS)

    def existing_cores(self) -> pd.DataFrame:
        """Return Tokyo and Osaka by `core_id`, at the prefectural office (`lat_deg`, `lon_deg`)."""
        cores = self.table("existing_cores")
        offices = self.table("prefectures").loc[cores["pref_code"]]
        cores["lat_deg"] = offices["office_lat_deg"].to_numpy()
        cores["lon_deg"] = offices["office_lon_deg"].to_numpy()
        return cores

    def nuclear_stations(self) -> pd.DataFrame:
        """Return nuclear stations by `station_id` with their state (`state_en`, `state_ja`).

        A station operates if any of its units gave power while its units were watched.
        """
        watched = "nuclear_units_operation_2026"
        units, stations = self.table(watched), self.table("nuclear_stations")
        ran = stations.index.isin(units["station_id"][units["days_generating"] > 0])
        period = self.resource(watched).vintage
        period_ja = period.replace(" to ", "〜")
        said = {
            "operating": (f"operating (output {period})", f"運転中（{period_ja}に発電実績あり）"),
            "licensed": (f"not operating (no output {period})", f"停止中（{period_ja}は発電なし）"),
            "construction": ("under construction", "建設中"),
            "decommissioning": ("being decommissioned", "廃止措置中"),
        }
        state = stations["stage"].mask(ran, "operating")
        return stations.assign(
            state=state,
            state_en=state.map({key: en for key, (en, _) in said.items()}),
            state_ja=state.map({key: ja for key, (_, ja) in said.items()}),
        )

    def _record(self, name: str) -> None:
        for names in self._recorders:
            names.add(name)

    def _frame(self, name: str, wanted: Literal["csv", "geojson"]) -> pd.DataFrame:
        spec = self.resource(name)
        if spec.format != wanted:
            kind = "a CSV table" if wanted == "csv" else "GeoJSON"
            raise GeodataError(Problem(spec.path, "", f"is {spec.format}, not {kind}"))
        if name not in self._frames:
            frames = (self._parsed(layer) for layer in self._layers[name])
            self._frames[name] = functools.reduce(updated, frames)
        self._record(name)
        return self._frames[name]

    def _parsed(self, layer: Layer) -> pd.DataFrame:
        spec, data = layer.spec, self._verified_bytes(layer)
        if spec.features is not None:
            polygons: pd.DataFrame = _parse_geojson(spec, spec.features, data)
            return polygons
        return _parse_csv(spec, cast("TableSchema", spec.table_schema), data)

    def _verified_bytes(self, layer: Layer) -> bytes:
        """Read a file and hold it against its SHA-256, so that no plan rests on a changed table."""
        spec = layer.spec
        try:
            data = read_regular(layer.folder / spec.path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise GeodataError(
                Problem(spec.path, "", f"cannot be read ({reason}); restore the table")
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != spec.sha256:
            raise GeodataError(
                Problem(
                    spec.path,
                    "",
                    f"SHA-256 is {found[:12]}…, the descriptor says {spec.sha256[:12]}…; restore "
                    "the table, or after a wanted edit run: python -m dcsite.atlas.describe",
                )
            )
        self._verified.add(spec.name)
        return data


def _parse_csv(spec: ResourceSpec, schema: TableSchema, data: bytes) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.BytesIO(spec.unpacked(data)),
            dtype={field.name: _dtype(field) for field in schema.fields},
            encoding=spec.encoding,
            keep_default_na=False,
            na_values=[""],
        )[[field.name for field in schema.fields]]
    except (ValueError, KeyError, OverflowError) as error:
        message = f"does not fit its schema ({error}); run: dcsite data check"
        raise GeodataError(Problem(spec.path, "", message)) from error
    return frame.set_index(list(schema.primary_key)) if schema.primary_key else frame


def _parse_geojson(spec: ResourceSpec, features: Features, data: bytes) -> gpd.GeoDataFrame:
    try:
        frame = gpd.GeoDataFrame(pyogrio.read_dataframe(io.BytesIO(data)))
        frame = frame[[*(field.name for field in features.properties), "geometry"]]
    except (
        pyogrio.errors.DataSourceError,
        shapely.errors.GEOSException,
        ValueError,
        KeyError,
    ) as error:
        message = f"cannot be read as described ({error}); run: dcsite data check"
        raise GeodataError(Problem(spec.path, "", message)) from error
    return frame.set_crs(CRS, allow_override=True).set_index(features.key)


def default_root() -> Path:
    """Return the geodata folder of the installed package, or of the source tree it runs from."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "geodata"
    if (installed / DESCRIPTOR).is_file():
        return installed
    return package.parent.parent / "geodata"


def load_atlas(root: Path | None = None) -> Atlas:
    """Open a geodata folder; its tables are read when asked for.

    Parameters
    ----------
    root : Path, optional
        Folder with a ``datapackage.json``; the shipped geodata when not given. An overlay is held
        against the descriptions of the shipped tables at once, and laid over them.

    Returns
    -------
    Atlas
        What is known.

    Raises
    ------
    GeodataError
        When the descriptor is missing or broken, or a table of an overlay is not as described.
    """
    from .check import check_geodata

    atlas = Atlas(default_root() if root is None else Path(root))
    if any(resource.laid for resource in atlas.resources()):
        problems = check_geodata(root)
        if problems:
            raise GeodataError(problems)
    return atlas
