"""Other families of separation rows, to compare the program's own with.

Each is a cover as :func:`dcsite.model.cliques.clique_cover`: from points and a distance to sets of
points that are all nearer to each other than that. Pairs that a family leaves out are covered as
plans violate them, by the program's own loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.model.cliques import clique_cover, conflicting_pairs, disc_cover

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.model.cliques import CliqueCover

__all__ = ["FAMILIES", "all_pairs", "grids", "grids_and_pairs"]

#: Largest radius of curvature of the WGS 84 ellipsoid (at the poles), in km: no step on it is
#: longer than on a sphere of this radius.
_LARGEST_RADIUS_KM = 6399.6
#: Cells of the shifted grids stand at these parts of a cell, in both directions.
_SHIFTS = (0.0, 0.5)


def all_pairs(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], distance_km: float
) -> list[NDArray[np.intp]]:
    """Give every conflicting pair a row of its own."""
    return list(conflicting_pairs(lat_deg, lon_deg, distance_km))


def grids(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], distance_km: float
) -> list[NDArray[np.intp]]:
    """Cover pairs by the cells of four shifted grids whose diagonals are shorter than D.

    A cell is as high as it is wide, ``D / sqrt(2)`` less a hair. On the ellipsoid no step in
    latitude is longer than ``R dlat`` and none in longitude longer than ``R cos(lat) dlon`` with
    the largest radius of curvature R and the latitude of the cell nearest to the equator, so a
    line between two points of a cell is shorter than its diagonal.

    Returns
    -------
    list of numpy.ndarray
        Sorted index arrays, each set once, none of fewer than two points.
    """
    if distance_km <= 0.0 or len(lat_deg) < 2:
        return []
    side_rad = (1.0 - 1e-9) * distance_km / np.sqrt(2.0) / _LARGEST_RADIUS_KM
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    found: set[tuple[int, ...]] = set()
    for up in _SHIFTS:
        row = np.floor(lat / side_rad + up).astype(np.int64)
        south, north = (row - up) * side_rad, (row + 1 - up) * side_rad
        nearest = np.clip(0.0, np.minimum(south, north), np.maximum(south, north))
        # Near the poles one cell goes round the earth, and no wider one is of use.
        wide_rad = np.minimum(side_rad / np.maximum(np.cos(nearest), 1e-3), 2.0 * np.pi)
        for right in _SHIFTS:
            column = np.floor(lon / wide_rad + right).astype(np.int64)
            _, cell = np.unique(np.column_stack([row, column]), axis=0, return_inverse=True)
            cell = cell.ravel()
            order = np.argsort(cell, kind="stable")
            parts = np.split(order, np.flatnonzero(np.diff(cell[order])) + 1)
            found |= {tuple(map(int, part)) for part in parts if len(part) > 1}
    return [np.array(cell, dtype=np.intp) for cell in sorted(found)]


def grids_and_pairs(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], distance_km: float
) -> list[NDArray[np.intp]]:
    """Cover pairs by shifted grids, and give each conflicting pair they miss a row of its own."""
    cells = grids(lat_deg, lon_deg, distance_km)
    count = len(lat_deg)
    covered = np.zeros((count, count), dtype=bool)
    for cell in cells:
        covered[np.ix_(cell, cell)] = True
    pairs = conflicting_pairs(lat_deg, lon_deg, distance_km)
    return cells + list(pairs[~covered[pairs[:, 0], pairs[:, 1]]])


#: Families by name, the program's own last.
FAMILIES: Mapping[str, CliqueCover] = {
    "pairs": all_pairs,
    "discs": disc_cover,
    "grids": grids,
    "grids+pairs": grids_and_pairs,
    "dcsite": clique_cover,
}
