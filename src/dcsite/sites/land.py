"""Gentle land about a point, from the kilometre mesh, and the IT load that can be put on it.

Gentle is a cell of about 1 km whose terrain rises by less than `MAX_SLOPE_DEG` and that lies at
`MIN_ELEVATION_M` or more: below are lagoons, polders and the sea. That is the slope of
kilometre-scale terrain, not the gradient of a building plot: it tells plains from hills, and no
site from another. Lakes are land in the mesh; a level piece of `LAKE_CELLS` cells or more beside
which nothing lies lower is taken for one (Biwa, Inawashiro, Shikotsu, Toya, Kussharo, Towada, and
some 45 cells of plains).

What a hub could have is a share of the largest connected piece of gentle land that its
municipality has within `RADIUS_KM` of its point, less what is built up
(:func:`with_available_land`).

``python -m dcsite.sites.land`` derives the table ``gentle_land_by_municipality`` anew, so that a
run on municipalities need not read the mesh.
"""

from __future__ import annotations

import argparse
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from dcsite.atlas import load_atlas
from dcsite.geo.geodesy import geodesic_km, to_ecef_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats
    from dcsite.scenario import LandParameters

#: As the share of the terrain table it replaces; 46 % of all cells.
MAX_SLOPE_DEG = 3.0
MIN_ELEVATION_M = 1.0
#: The radius in which later policy (GX strategy) is reported to count a cluster's industrial land.
RADIUS_KM = 10.0
LAKE_CELLS = 8
_TABLE = "gentle_land_by_municipality"
#: Cells of the third-order mesh (JIS X 0410) in a degree of latitude and of longitude.
_ROWS, _COLUMNS = 120, 80
_SEMI_MAJOR_KM, _ECCENTRICITY2 = 6378.137, 0.00669437999014


def municipality_points(atlas: Atlas) -> tuple[Floats, Floats]:
    """Return latitude and longitude of each municipality's point.

    It is the municipal office. Four offices stand outside their municipality (a temporary office,
    and island villages run from a port elsewhere): there it is a point inside the largest part.
    Points moved to the gentle land are no truer; a test holds the figures.
    """
    places = atlas.table("municipalities")
    at_office = places["office_in_municipality"].to_numpy(dtype=int) == 1
    lat, lon = (
        np.where(at_office, places[f"office_{axis}"], places[f"point_{axis}"])
        for axis in ("lat_deg", "lon_deg")
    )
    return lat, lon


@lru_cache(maxsize=2)
def gentle_cells(atlas: Atlas) -> pd.DataFrame:
    """Return the gentle cells of the mesh; not to be changed.

    Returns
    -------
    pandas.DataFrame
        `municipality_code` (of the largest part), `row` and `column` of the mesh, `lat_deg` and
        `lon_deg` of the cell's middle, `land_ha`: its area times its share of land.
    """
    mesh = atlas.table("land_mesh_1km")
    letters = np.array(mesh.index.to_numpy(dtype="S8")).view(np.uint8).reshape(-1, 8)
    digit = letters.astype(np.int64) - ord("0")
    row = (digit[:, 0] * 10 + digit[:, 1]) * 80 + digit[:, 4] * 10 + digit[:, 6]
    column = (digit[:, 2] * 10 + digit[:, 3]) * 80 + digit[:, 5] * 10 + digit[:, 7]
    lat_deg = (row + 0.5) / _ROWS
    # Radii of curvature of the ellipsoid along the meridian and across it.
    bend = 1.0 - _ECCENTRICITY2 * np.sin(np.radians(lat_deg)) ** 2
    across_km = _SEMI_MAJOR_KM / np.sqrt(bend)
    along_km = across_km * (1.0 - _ECCENTRICITY2) / bend
    tall_km = along_km * np.radians(1.0 / _ROWS)
    wide_km = across_km * np.cos(np.radians(lat_deg)) * np.radians(1.0 / _COLUMNS)
    cells = pd.DataFrame(
        {
            "municipality_code": mesh["municipality_code"].to_numpy(),
            "row": row,
            "column": column,
            "lat_deg": lat_deg,
            "lon_deg": 100.0 + (column + 0.5) / _COLUMNS,
            "land_ha": tall_km * wide_km * 100.0 * mesh["land_share"].to_numpy(),
        }
    )
    elevation_m = mesh["elevation_m"].to_numpy(dtype=float)
    gentle = (
        (mesh["slope_deg"].to_numpy(dtype=float) < MAX_SLOPE_DEG)
        & (elevation_m >= MIN_ELEVATION_M)
        & (mesh["land_share"].to_numpy() > 0.0)
        & ~lakes(row, column, elevation_m)
    )
    return cells[gentle].reset_index(drop=True)


def lakes(
    row: NDArray[np.int64], column: NDArray[np.int64], elevation_m: Floats
) -> NDArray[np.bool_]:
    """Tell which cells are a lake's: level, side by side, and with nothing lower beside them.

    Parameters
    ----------
    row, column : numpy.ndarray of int
        Where each cell lies in the mesh.
    elevation_m : numpy.ndarray
        To the metre; cells of one elevation that share a side are one piece.

    Returns
    -------
    numpy.ndarray of bool
        True in pieces of `LAKE_CELLS` or more of whose eight-neighbours none lies lower.
    """
    row, column = row - row.min() + 1, column - column.min() + 1
    at = np.full((row.max() + 2, column.max() + 2), -1)
    at[row, column] = np.arange(len(row))
    ends = [(at[row, column + 1], np.arange(len(row))), (at[row + 1, column], np.arange(len(row)))]
    there, here = (np.concatenate(side) for side in zip(*ends, strict=True))
    level = (there >= 0) & (elevation_m[there] == elevation_m[here])
    edges = coo_array(
        (np.ones(level.sum()), (here[level], there[level])), shape=(len(row), len(row))
    )
    piece = connected_components(edges, directed=False)[1]
    large = np.flatnonzero(np.bincount(piece)[piece] >= LAKE_CELLS)
    drains = np.zeros(piece.max() + 1, dtype=bool)
    for up in (-1, 0, 1):
        for right in (-1, 0, 1):
            beside = at[row[large] + up, column[large] + right]
            lower = (beside >= 0) & (elevation_m[beside] < elevation_m[large])
            drains[piece[large[lower]]] = True
    lake = np.zeros(len(row), dtype=bool)
    lake[large] = ~drains[piece[large]]
    return lake


def gentle_land(
    lat_deg: ArrayLike, lon_deg: ArrayLike, municipality_code: Sequence[str], atlas: Atlas
) -> pd.DataFrame:
    """Measure the gentle land about points.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Points in EPSG:4326.
    municipality_code : sequence of str
        The municipality of each.
    atlas : Atlas
        Gives the mesh.

    Returns
    -------
    pandas.DataFrame
        One row per point: `gentle_land_ha`, whoever's, in cells whose middle lies within
        `RADIUS_KM`; `connected_land_ha`, the largest piece of it that is the municipality's own,
        of cells that share a side.
    """
    atlas.mark_used("land_mesh_1km")
    cells = gentle_cells(atlas)
    tree = KDTree(to_ecef_km(cells["lat_deg"], cells["lon_deg"]))
    lat, lon = np.asarray(lat_deg, dtype=float), np.asarray(lon_deg, dtype=float)
    near = tree.query_ball_point(to_ecef_km(lat, lon), RADIUS_KM)
    cell_lat, cell_lon = cells["lat_deg"].to_numpy(), cells["lon_deg"].to_numpy()
    land_ha, owner = cells["land_ha"].to_numpy(), cells["municipality_code"].to_numpy()
    row, column = cells["row"].to_numpy(), cells["column"].to_numpy()
    found = np.zeros((len(lat), 2))
    for point, listed in enumerate(near):
        some = np.array(listed, dtype=np.int64)
        km = geodesic_km(lat[point], lon[point], cell_lat[some], cell_lon[some])
        some = some[km <= RADIUS_KM]
        own = some[owner[some] == municipality_code[point]]
        found[point] = land_ha[some].sum(), _largest(row[own], column[own], land_ha[own])
    return pd.DataFrame(found, columns=["gentle_land_ha", "connected_land_ha"])


def _largest(row: NDArray[np.int64], column: NDArray[np.int64], land_ha: Floats) -> float:
    """Return the hectares of the largest piece of cells that share a side."""
    if not len(row):
        return 0.0
    row, column = row - row.min(), column - column.min()
    grid = np.zeros((row.max() + 1, column.max() + 1), dtype=bool)
    grid[row, column] = True
    piece, _ = ndimage.label(grid)
    return float(np.bincount(piece[row, column], weights=land_ha).max())


def with_available_land(
    measured: pd.DataFrame, code: ArrayLike, atlas: Atlas, land: LandParameters
) -> pd.DataFrame:
    """Add to measured gentle land what of it a hub could have, and the IT load that carries.

    Parameters
    ----------
    measured : pandas.DataFrame
        `connected_land_ha` of each point.
    code : array_like of str
        The municipality of each.
    atlas : Atlas
        Gives habitable, building and cultivated land by municipality.
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    pandas.DataFrame
        The same with `available_land_ha`, ``connected_land_ha * free * share_of_free_gentle_land``,
        and `max_it_load_mw`, that times ``mw_per_ha``. `free` is the share of the municipality's
        gentle land that is not built up: its gentle land, no more than is habitable (neither forest
        nor lake), less building land with the streets, yards and schools that go with it, yet no
        less than its fields.
    """
    index = pd.Index(np.asarray(code, dtype=object))
    use = atlas.table("land_use_by_municipality").reindex(index)
    habitable_ha = atlas.table("municipalities")["habitable_area_km2"].reindex(index) * 100.0
    gentle_ha = atlas.table(_TABLE)["gentle_land_in_municipality_ha"].reindex(index)
    most_ha = np.minimum(gentle_ha, habitable_ha)
    built_ha = use["building_land_ha"] * land.built_up_per_building_land
    free_ha = np.maximum(most_ha - built_ha, np.minimum(use["cultivated_land_ha"], most_ha))
    free = (free_ha / gentle_ha.where(gentle_ha > 0, 1)).to_numpy(dtype=float)
    available_ha = measured["connected_land_ha"] * free * land.share_of_free_gentle_land
    return measured.assign(
        available_land_ha=available_ha, max_it_load_mw=available_ha * land.mw_per_ha
    )


def by_municipality(atlas: Atlas) -> pd.DataFrame:
    """Derive the table of gentle land by municipality from the mesh, in whole hectares."""
    codes = atlas.table("municipalities").index
    table = gentle_land(*municipality_points(atlas), codes.tolist(), atlas).set_index(codes)
    whole = gentle_cells(atlas).groupby("municipality_code")["land_ha"].sum().reindex(codes)
    table.insert(0, "gentle_land_in_municipality_ha", whole.fillna(0.0))
    return table.round().astype(np.int64)


def main(arguments: list[str] | None = None) -> None:
    """Write the derived table into a geodata folder."""
    parser = argparse.ArgumentParser(prog="python -m dcsite.sites.land", description=main.__doc__)
    parser.add_argument("root", type=Path)
    root = parser.parse_args(arguments).root
    path = root / "places" / f"{_TABLE}.csv"
    by_municipality(load_atlas(root)).to_csv(path, lineterminator="\n")


if __name__ == "__main__":
    main()
