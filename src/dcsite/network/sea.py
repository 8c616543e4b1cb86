"""The sea round Japan: which coast lies open to it, and the shortest way by sea between places.

What is shipped of the coast are the municipality polygons, simplified to a kilometre. The open sea
is what lies more than `OPEN_KM` from all land and hangs together with the ocean: straits of less
than twice that are closed, and so Tokyo, Ise, Osaka and Mutsu Bay, the Seto Inland Sea, the Ariake
Sea, Kagoshima Bay and lagoons are not part of it, while the Tsugaru strait (19 km) is. A coast is
open where it is the land nearest to some of that sea. Ways run from cell to cell of a grid of 0.1
degrees, in sixteen directions; they are some 6 % longer than those of domestic_cable_segments. No
depth, fishing ground, current or other cable is minded, nor land abroad (Korea, Sakhalin, the
Kurils), which is in no table. A cable is longer than such a way: see ``network.sea_route_factor``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from dcsite.geo.geodesy import to_ecef_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

    Floats = NDArray[np.float64]

_KM_PER_DEG = 111.3
#: Sea this far from all land is open.
OPEN_KM = 8.0
#: Cells in which the coast is read, and how many of them a cell of the ways takes each way.
_CELL_DEG, _COARSE = 0.05, 2
#: Sea around all municipalities that ways may take.
_MARGIN_DEG = 1.5
#: Cells from land, at most, that a way may lie: some 200 km.
_FARTHEST = 20
#: Corners of the coast are no farther apart than this.
_CORNER_DEG = 0.02
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))


@dataclass(frozen=True, eq=False)
class Sea:
    """The open sea as a graph of cells, and the coast that lies open to it.

    Parameters
    ----------
    lat_deg, lon_deg : numpy.ndarray, shape (cells,)
        Centres of the cells.
    steps : scipy.sparse.csr_array, shape (cells, cells)
        Km between neighbouring cells.
    coast : pandas.DataFrame
        Points of open coast, some 2 km apart: `municipality_code`, `lat_deg`, `lon_deg`.
    """

    lat_deg: Floats
    lon_deg: Floats
    steps: csr_array
    coast: pd.DataFrame

    def ways_km(self, here: pd.DataFrame, there: pd.DataFrame, most_km: float) -> Floats:
        """Work out the shortest ways by sea from some places on the coast to others.

        Parameters
        ----------
        here, there : pandas.DataFrame
            With `lat_deg`, `lon_deg`; each is joined to the nearest cell by a straight line. The
            search starts from each of `there`: the fewer, the faster.
        most_km : float
            Ways longer than this are not looked for.

        Returns
        -------
        numpy.ndarray, shape (here, there)
            In km; infinite where there is none, or none so short.
        """
        tree = cKDTree(to_ecef_km(self.lat_deg, self.lon_deg))
        (one_km, one), (other_km, other) = (
            tree.query(to_ecef_km(each["lat_deg"], each["lon_deg"])) for each in (here, there)
        )
        cells, source = np.unique(other, return_inverse=True)
        way_km = dijkstra(self.steps, directed=False, indices=cells, limit=most_km)
        found = way_km[source][:, one].T + one_km[:, None] + other_km[None, :]
        return np.where(found <= most_km, found, np.inf)


def open_sea(atlas: Atlas) -> Sea:
    """Return the open sea round the municipalities of the tables."""
    return atlas.kept("open_sea", None, lambda: _open_sea(atlas))


def _open_sea(atlas: Atlas) -> Sea:
    polygons = atlas.polygons("municipality_polygons")
    shapes = np.asarray(polygons.geometry.array)
    outline, of = shapely.get_coordinates(
        shapely.segmentize(shapes, _CORNER_DEG), return_index=True
    )
    size = _CELL_DEG * _COARSE
    low = np.floor((outline.min(axis=0) - _MARGIN_DEG) / size) * size
    count = np.ceil((outline.max(axis=0) + _MARGIN_DEG - low) / size).astype(int) * _COARSE
    lon, lat = (low[axis] + _CELL_DEG * (np.arange(count[axis]) + 0.5) for axis in (0, 1))
    sea = ~_inside(shapes, lon, lat)
    # Cells at sea near land, by their number of cells from it; all beyond is open.
    reach_km = OPEN_KM + 1.5 * _CELL_DEG * _KM_PER_DEG
    narrowest_km = _CELL_DEG * _KM_PER_DEG * np.cos(np.radians(np.abs(lat).max()))
    near = sea & (ndimage.distance_transform_cdt(sea) <= np.ceil(reach_km / narrowest_km) + 1)
    row, column = np.nonzero(near)
    # Of all outlines the nearest to a cell at sea is a coast: what lies inland is behind one.
    away_km, nearest = cKDTree(to_ecef_km(outline[:, 1], outline[:, 0])).query(
        to_ecef_km(lat[row], lon[column]), distance_upper_bound=reach_km
    )
    far = sea.copy()
    far[row, column] = away_km > OPEN_KM
    parts, _ = ndimage.label(far)
    is_open = parts == parts[0, 0]
    found = np.unique(nearest[is_open[row, column] & np.isfinite(away_km)])
    coast = pd.DataFrame(
        {
            "municipality_code": polygons.index.to_numpy()[of[found]],
            "lat_deg": outline[found, 1],
            "lon_deg": outline[found, 0],
        }
    )
    blocks = (len(lat) // _COARSE, _COARSE, len(lon) // _COARSE, _COARSE)
    cells_off = ndimage.distance_transform_cdt(sea.reshape(blocks).all(axis=(1, 3)))
    coarse = is_open.reshape(blocks).any(axis=(1, 3)) & (cells_off <= _FARTHEST)
    middle = (lat.reshape(-1, _COARSE).mean(axis=1), lon.reshape(-1, _COARSE).mean(axis=1))
    row, column = np.nonzero(coarse)
    return Sea(middle[0][row], middle[1][column], _steps(coarse, *middle), coast)


def _inside(shapes: NDArray[np.object_], lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Return which cells have their centre on land, shape (lat, lon).

    A border toggles every cell to its east; those that two polygons share toggle twice.
    """
    rings = shapely.get_rings(shapely.get_parts(shapes))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    (x0, y0), (x1, y1) = points[:-1][joined].T, points[1:][joined].T
    first, last = np.searchsorted(lat, np.sort([y0, y1], axis=0))
    crossed = last - first
    side = np.repeat(np.arange(len(crossed)), crossed)
    row = np.arange(crossed.sum()) - np.repeat(np.cumsum(crossed) - crossed, crossed) + first[side]
    at = x0[side] + (lat[row] - y0[side]) / (y1 - y0)[side] * (x1 - x0)[side]
    toggles = np.zeros((len(lat), len(lon) + 1), dtype=np.int64)
    np.add.at(toggles, (row, np.searchsorted(lon, at)), 1)
    return np.asarray(np.cumsum(toggles, axis=1)[:, :-1] % 2 == 1)


def _steps(cells: NDArray[np.bool_], lat: Floats, lon: Floats) -> csr_array:
    """Join each cell to its neighbours, and over two of them where both are cells too."""
    number = np.cumsum(cells).reshape(cells.shape) - 1
    row, column = np.nonzero(cells)
    ends = []
    for up, right in _STEPS:
        side = np.sign(right)
        # A step askew passes between two cells, which are both to be sea.
        passed = ((up // 2, side * (abs(right) // 2)), (1, side)) if abs(up * right) == 2 else ()
        kept = (row + up < len(lat)) & (column + right >= 0) & (column + right < len(lon))
        for north, east in (*passed, (up, right)):
            kept[kept] = cells[row[kept] + north, column[kept] + east]
        ends.append(
            np.stack(
                [number[row, column][kept], number[row + up * kept, column + right * kept][kept]]
            )
        )
    one, other = np.concatenate(ends, axis=1)
    place = to_ecef_km(lat[row], lon[column])
    km = np.linalg.norm(place[one] - place[other], axis=1)
    # Older versions of SciPy find ways over indices of 32 bits alone.
    steps = coo_array((km, (one.astype(np.int32), other.astype(np.int32))), shape=(len(row),) * 2)
    return steps.tocsr()
