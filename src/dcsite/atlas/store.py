"""Tables read on demand: each file hashed at first use, parsed by its schema, kept and counted."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from dcsite.atlas.descriptor import DESCRIPTOR, FieldSpec, ResourceInfo, ResourceSpec
from dcsite.errors import GeodataError, Problem

__all__ = ["CRS", "TableStore"]

CRS = "EPSG:4326"


def _dtype(field: FieldSpec) -> str:
    """Choose the pandas dtype of a column: codes stay text, gaps in integers stay gaps."""
    if field.type == "string":
        return "str"
    if field.type == "number":
        return "float64"
    return "int64" if field.constraints.required else "Int64"


class TableStore:
    """The tables of one geodata folder.

    Parameters
    ----------
    root : Path
        The geodata folder.
    resources : sequence of ResourceSpec
        What its descriptor lists.
    """

    def __init__(self, root: Path, resources: Sequence[ResourceSpec]) -> None:
        self.root = root
        self._specs = {spec.name: spec for spec in resources}
        self._frames: dict[str, pd.DataFrame] = {}
        self._geoframes: dict[str, gpd.GeoDataFrame] = {}
        self._verified: set[str] = set()
        self._recorders: list[set[str]] = []

    def spec(self, name: str) -> ResourceSpec:
        """Return the descriptor's entry of one table."""
        try:
            return self._specs[name]
        except KeyError:
            raise GeodataError(
                Problem(
                    DESCRIPTOR,
                    f"resources.{name}",
                    "this table is not listed; dcsite needs it, so add it or use the shipped "
                    f"geodata (listed: {', '.join(sorted(self._specs))})",
                )
            ) from None

    def infos(self) -> tuple[ResourceInfo, ...]:
        """List all tables, in the descriptor's order."""
        return tuple(spec.info for spec in self._specs.values())

    def used(self) -> tuple[ResourceInfo, ...]:
        """List the tables read so far, in the descriptor's order."""
        return tuple(spec.info for spec in self._specs.values() if self._was_read(spec.name))

    def mark_used(self, name: str) -> None:
        """Count a table as read, held against its SHA-256 but not parsed."""
        if not self._was_read(name):
            self._verified_bytes(self.spec(name))
            self._verified.add(name)
        self._record(name)

    @contextmanager
    def recording(self) -> Iterator[set[str]]:
        """Collect the names of the tables that are asked for inside the block."""
        names: set[str] = set()
        self._recorders.append(names)
        try:
            yield names
        finally:
            self._recorders = [other for other in self._recorders if other is not names]

    def _was_read(self, name: str) -> bool:
        return name in self._frames or name in self._geoframes or name in self._verified

    def _record(self, name: str) -> None:
        for names in self._recorders:
            names.add(name)

    def frame(self, name: str) -> pd.DataFrame:
        """Read a CSV table; the caller gets a copy of its own."""
        if name not in self._frames:
            self._frames[name] = self._parse_csv(self.spec(name))
        self._record(name)
        return self._frames[name].copy()

    def geoframe(self, name: str) -> gpd.GeoDataFrame:
        """Read a GeoJSON table in EPSG:4326; the caller gets a copy of its own."""
        if name not in self._geoframes:
            self._geoframes[name] = self._parse_geojson(self.spec(name))
        self._record(name)
        return self._geoframes[name].copy()

    def _verified_bytes(self, spec: ResourceSpec) -> bytes:
        """Read a file and hold it against its SHA-256, so that no plan rests on a changed table."""
        try:
            data = (self.root / spec.path).read_bytes()
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
        return data

    def _parse_csv(self, spec: ResourceSpec) -> pd.DataFrame:
        data = self._verified_bytes(spec)
        if spec.table_schema is None:
            raise GeodataError(Problem(spec.path, "", f"is {spec.format}, not a CSV table"))
        fields = spec.table_schema.fields
        try:
            frame = pd.read_csv(
                io.BytesIO(data),
                dtype={field.name: _dtype(field) for field in fields},
                encoding=spec.encoding,
                keep_default_na=False,
                na_values=[""],
            )
            return frame[[field.name for field in fields]]
        except (ValueError, KeyError, OverflowError) as error:
            raise GeodataError(
                Problem(
                    spec.path,
                    "",
                    f"does not fit its schema ({error}); run: dcsite data check",
                )
            ) from error

    def _parse_geojson(self, spec: ResourceSpec) -> gpd.GeoDataFrame:
        data = self._verified_bytes(spec)
        if spec.features is None:
            raise GeodataError(Problem(spec.path, "", f"is {spec.format}, not GeoJSON"))
        try:
            frame = gpd.GeoDataFrame(pyogrio.read_dataframe(io.BytesIO(data)))
            frame = frame[[*(field.name for field in spec.features.properties), "geometry"]]
        except (
            pyogrio.errors.DataSourceError,
            shapely.errors.GEOSException,
            ValueError,
            KeyError,
        ) as error:
            raise GeodataError(
                Problem(
                    spec.path,
                    "",
                    f"cannot be read as described ({error}); run: dcsite data check",
                )
            ) from error
        return frame.set_crs(CRS, allow_override=True)
