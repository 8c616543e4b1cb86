"""Corridors and areas for MEC sites to cover: the user's, or those the strategy places.

Each becomes cells: points at an even spacing along its lines, or on a grid over its areas, each of
which stands for the km or km2 about it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field, model_validator

from dcsite.atlas.atlas import JAPAN_BOX_DEG
from dcsite.errors import CorridorsError, Problem
from dcsite.geo.geodesy import geodesic_destination, geodesic_polar
from dcsite.sites.reader import (
    FileForm,
    UserRows,
    described,
    geometry_flaw,
    read_rows,
)

from .toml_tables import Stated

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats

#: What this program can hold; ten times the roads of the country at the usual spacing.
MOST_CELLS = 200_000
#: Points of the grid over the box about an area, within it or not.
_MOST_GRID = 1e7
#: A gigawatt at the edge is a slip of the pen.
_MOST_KW = 1e6
_EQUAL_AREA = "EPSG:6933"
_KM_PER_DEGREE = 111.2
_SHAPES = "LineString MultiLineString Polygon MultiPolygon"
_FORM = FileForm.of("studies", "corridors", CorridorsError)
_COLUMNS = ["name_ja", "name_en", "kind", "weight", "max_ms", "lines", "stated_km", "basis_ja",
            "basis_en", "geometry"]  # fmt: skip
#: Bounds of the values of :class:`EdgeAssumptions`.
_BOUNDS = {
    "radio_one_way_ms": (0.0, 1000.0),
    "access_fibre_km": (0.1, 2000.0),
    "sampling_km": (0.1, 50.0),
    "sites_per_cell": (1.0, 5.0),
    "mec_load_kw": (0.1, 1e6),
    "parent_max_ms": (0.1, 1000.0),
}


class Given(Stated):
    """A stated value."""

    name_en: str = Field(min_length=1, description="What it is, in English.")
    name_ja: str = Field(min_length=1, description="What it is, in Japanese.")
    value: float = Field(description="Its value.")
    unit: str = Field(min_length=1, description="Unit.")
    why: str = Field(min_length=1, description="What it rests on.")


class Kind(Stated):
    """What one kind of corridor asks."""

    name_en: str = Field(min_length=1, description="What it is, in English.")
    name_ja: str = Field(min_length=1, description="What it is, in Japanese.")
    max_ms: float = Field(gt=0, le=10_000, description="Round trip to the MEC site, at most.")
    load_kw_per_km: float = Field(ge=0, le=10_000, description="IT load of a km of line.")
    load_kw_per_km2: float = Field(ge=0, le=10_000, description="IT load of a km2 of area.")
    why: str = Field(min_length=1, description="What these rest on.")


class Kinds(Stated):
    """All kinds."""

    road: Kind
    drone: Kind
    river: Kind
    area: Kind


class EdgeAssumptions(Stated):
    """Everything that is assumed of the edge; units are in the names."""

    shipped = "edge-assumptions.toml"

    radio_one_way_ms: Given
    access_fibre_km: Given
    sampling_km: Given
    sites_per_cell: Given
    mec_load_kw: Given
    parent_max_ms: Given
    kinds: Kinds

    @model_validator(mode="after")
    def _bounded(self) -> EdgeAssumptions:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name).value
            if not low <= value <= high:
                raise ValueError(f"{name}.value is {value:g}; allowed: {low:g} to {high:g}")
        if self.sites_per_cell.value % 1.0:
            raise ValueError(
                f"sites_per_cell.value is {self.sites_per_cell.value:g}; allowed: 1, 2, ..."
            )
        return self


def shipped_corridors(atlas: Atlas) -> pd.DataFrame:
    """Return the corridors of the table, drawn from municipalities; columns as the user's have."""
    table = atlas.table("edge_corridors")
    offices = atlas.table("municipalities")[["office_lon_deg", "office_lat_deg"]]
    polygons = atlas.polygons("municipality_polygons").geometry
    shapes = [
        shapely.LineString(offices.loc[codes].to_numpy(dtype=float))
        if shape == "line"
        else shapely.union_all(polygons.loc[codes].to_numpy())
        for shape, codes in zip(
            table["shape"], table["municipality_codes"].str.split("|"), strict=True
        )
    ]
    drawn = table.assign(geometry=shapes, weight=1.0, max_ms=np.nan, basis_en=table["basis"])
    return drawn.reset_index()[["corridor_id", *_COLUMNS]]


def read_corridors(path: str | Path) -> pd.DataFrame:
    """Read and check a user's lines and areas.

    Parameters
    ----------
    path : str or pathlib.Path
        Lines or polygons in any stated coordinate reference system; ``FILE|layername=NAME`` where
        there are several layers. Optional columns: `corridor_id`, `name`, `name_ja`, `name_en`,
        `kind` (road, drone, river, area), `weight` (of the load, 1 without it), `max_ms` (round
        trip, in place of the kind's). Features of one id, or without ids of one name, are one
        corridor.

    Returns
    -------
    pandas.DataFrame
        `corridor_id`, `name_ja`, `name_en`, `kind`, `weight`, `max_ms` (NaN: the kind's), `lines`
        (statements: none), `basis_ja`, `basis_en`, `geometry` in degrees on WGS 84.

    Raises
    ------
    CorridorsError
        With all problems of the file.
    """
    rows = read_rows(path, _FORM)
    if rows.geometry is None:  # the form allows layers only
        raise CorridorsError(Problem(str(path), "", f"has no shapes; allowed: {_FORM.kinds}"))
    kept = [_kept(rows, row, shape) for row, shape in enumerate(rows.geometry)]
    lines = [shape is not None and shape.geom_type.endswith("LineString") for shape in kept]
    said = rows.said_as("kind", described("studies")["corridors"]["said"])
    if None in said:
        rows.problems.tell("lines without a kind are taken for a road, polygons for an area")
    kinds = [one or ("road" if line else "area") for one, line in zip(said, lines, strict=True)]
    names = [rows.names(field) for field in ("name_ja", "name", "name_en")]
    ids = rows.ids("corridor_id")
    frame = pd.DataFrame(
        {
            "corridor_id": ids,
            "name_ja": [ja or name or en for ja, name, en in zip(*names, strict=True)],
            "name_en": names[2],
            "kind": kinds,
            "weight": np.nan_to_num(rows.numbers("weight", 0.0, 1e6), nan=1.0),
            "max_ms": rows.numbers("max_ms", 0.001, 10_000.0),
            "line": lines,
        }
    )
    given = frame["corridor_id"].where(frame["corridor_id"] != "", frame["name_ja"])
    key = given.where(given != "", [f"\0{row}" for row in range(len(frame))])
    first = pd.Series(range(len(frame))).groupby(key.to_numpy()).transform("first").to_numpy()
    for field in ("kind", "weight", "max_ms", "line"):
        own, other = frame[field], frame[field].iloc[first].set_axis(frame.index)
        for row in np.flatnonzero((own != other) & ~(own.isna() & other.isna())):
            what = "is of another shape (line, area)" if field == "line" else "is another"
            what += f" than in {rows.called(first[row])} of the same corridor"
            how = "give each corridor its own id or name"
            rows.note(row, "" if field == "line" else field, f"{what}; {how}")
    rows.problems.raise_if_any()
    found = frame.groupby(key.to_numpy(), sort=False).first().reset_index(drop=True)
    groups = key.groupby(key.to_numpy(), sort=False).indices.values()
    shapes = [shapely.union_all([kept[row] for row in group]) for group in groups]
    taken = set(ids)
    free = (one for one in map("corridor-{:04d}".format, itertools.count(1)) if one not in taken)
    found["corridor_id"] = [one or next(free) for one in found["corridor_id"]]
    found["name_ja"] = found["name_ja"].where(found["name_ja"] != "", found["corridor_id"])
    found = found.assign(lines="", stated_km=np.nan, geometry=shapes)
    found = found.assign(basis_ja="利用者の図形", basis_en="the user's shape")
    return found[["corridor_id", *_COLUMNS]]


def _kept(rows: UserRows, row: int, shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """Return a shape that is one of a corridor in Japan; note what is wrong with any other."""
    flaw = geometry_flaw(shape, _SHAPES, "a line or a polygon")
    if flaw or shape is None:
        rows.note(row, "", flaw)
        return None
    west, south, east, north = shape.bounds
    least_lon, least_lat, most_lon, most_lat = JAPAN_BOX_DEG
    if not (least_lon <= west <= east <= most_lon and least_lat <= south <= north <= most_lat):
        rows.note(
            row,
            "",
            f"reaches from ({south:.6g}, {west:.6g}) to ({north:.6g}, {east:.6g}), outside Japan; "
            f"allowed: latitude {least_lat:g} to {most_lat:g}, longitude {least_lon:g} to "
            f"{most_lon:g}; check the coordinates and their order",
        )
        return None
    return shape


def cells_of(corridors: pd.DataFrame, assumed: EdgeAssumptions) -> pd.DataFrame:
    """Lay cells over corridors.

    Parameters
    ----------
    corridors : pandas.DataFrame
        As :func:`read_corridors` returns them.
    assumed : EdgeAssumptions
        Spacing, and load and time of each kind.

    Returns
    -------
    pandas.DataFrame
        `corridor` (its position), `lat_deg`, `lon_deg`, `km` and `km2` it stands for, `load_kw`,
        `max_ms`.

    Raises
    ------
    CorridorsError
        If they would be more than `MOST_CELLS`.
    """
    spacing_km = assumed.sampling_km.value
    shapes = gpd.GeoSeries(corridors["geometry"].to_numpy(), crs="EPSG:4326")
    # Degrees of longitude are shorter: this errs to the high side, by a third at most.
    rough = shapely.length(shapes.to_numpy()) * _KM_PER_DEGREE / spacing_km
    flat = shapes.geom_type.str.endswith("Polygon").to_numpy()
    area_km2 = shapes.to_crs(_EQUAL_AREA).area.to_numpy() / 1e6
    count = float(np.where(flat, area_km2 / spacing_km**2, rough).sum())
    box = shapes.bounds.to_numpy()
    box = (box[:, 2:] - box[:, :2]).prod(axis=1) * (_KM_PER_DEGREE / spacing_km) ** 2
    if count > MOST_CELLS or (flat & (box > _MOST_GRID)).any():
        count = max(count, float(box[flat].max(initial=0.0)))
        what = f"make about {count:,.0f} cells every {spacing_km:g} km; allowed: up to"
        how = "give less, or a larger sampling_km in --assumptions"
        raise CorridorsError(Problem("--corridors", "", f"{what} {MOST_CELLS:,}; {how}"))
    kinds: list[Kind] = [getattr(assumed.kinds, one) for one in corridors["kind"]]
    lay = [_over if one else _along for one in flat]
    laid = [over(shape, spacing_km) for over, shape in zip(lay, shapes, strict=True)]
    at = np.repeat(np.arange(len(laid)), [len(one[0]) for one in laid])
    lat, lon, km = (np.concatenate(part) for part in zip(*laid, strict=True))
    km2 = np.where(flat, area_km2, 0.0)[at] / np.bincount(at)[at]
    per_km = np.array([one.load_kw_per_km for one in kinds])[at]
    per_km2 = np.array([one.load_kw_per_km2 for one in kinds])[at]
    load_kw = (per_km * km + per_km2 * km2) * corridors["weight"].to_numpy(dtype=float)[at]
    max_ms = corridors["max_ms"].fillna(pd.Series([one.max_ms for one in kinds], corridors.index))
    cells = pd.DataFrame(
        {"corridor": at, "lat_deg": lat, "lon_deg": lon, "km": km, "km2": km2, "load_kw": load_kw,
         "max_ms": max_ms.to_numpy(dtype=float)[at]}
    )  # fmt: skip
    if (load_kw := float(cells["load_kw"].sum())) > _MOST_KW:
        what = f"have a load of {load_kw:,.0f} kW in all; allowed: up to {_MOST_KW:,.0f} kW"
        raise CorridorsError(Problem("--corridors", "weight", f"{what}; give smaller weights"))
    return cells


def _along(shape: shapely.Geometry, spacing_km: float) -> tuple[Floats, Floats, Floats]:
    """Return the middles of equal stretches of each line, and how long they are."""
    found = []
    merged = shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape
    for line in shapely.get_parts(merged):
        lon, lat = shapely.get_coordinates(line).T
        azimuth, leg_km = geodesic_polar(lat[:-1], lon[:-1], lat[1:], lon[1:])
        end_km = np.cumsum(leg_km)
        count = max(1, int(np.ceil(end_km[-1] / spacing_km - 1e-9)))
        stretch_km = end_km[-1] / count
        middle_km = (np.arange(count) + 0.5) * stretch_km
        leg = np.minimum(np.searchsorted(end_km, middle_km), len(leg_km) - 1)
        into_km = middle_km - (end_km[leg] - leg_km[leg])
        at = geodesic_destination(lat[leg], lon[leg], azimuth[leg], into_km)
        found.append((*at, np.full(count, stretch_km)))
    lat, lon, km = (np.concatenate(one) for one in zip(*found, strict=True))
    return lat, lon, km


def _over(shape: shapely.Geometry, spacing_km: float) -> tuple[Floats, Floats, Floats]:
    """Return the points of a square grid within an area; one where none is."""
    west, south, east, north = shape.bounds
    step_lat = spacing_km / _KM_PER_DEGREE
    step_lon = step_lat / np.cos(np.radians((south + north) / 2.0))
    lon, lat = np.meshgrid(
        np.arange(west + step_lon / 2.0, east, step_lon),
        np.arange(south + step_lat / 2.0, north, step_lat),
    )
    inside = shapely.contains_xy(shape, lon, lat)
    lat, lon = lat[inside], lon[inside]
    if not len(lat):
        point = shapely.point_on_surface(shape)
        lat, lon = np.array([point.y]), np.array([point.x])
    return lat, lon, np.zeros(len(lat))
