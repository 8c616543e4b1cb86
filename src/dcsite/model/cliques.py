"""Clique rows for separation: sets of sites of which at most one may open.

Two sites nearer than D conflict. Any set of sites with diameter below D is a clique of that
conflict graph and shares one row ``sum(open) <= 1``, which is far stronger than a row for each
pair. Up to `DENSE_LIMIT` sites rows come from discs of diameter D on a grid, grown to maximal
cliques, then from greedy cliques over the pairs that discs missed, until every conflicting pair
stands in some row. Beyond it only discs are laid up front; a pair that a plan violates is grown to
a clique then, and the program solved again.

Distances: chords in WGS 84 earth-centred coordinates find candidates; a chord is never longer
than the geodesic, and pairs whose chord alone does not settle the question are decided by the
geodesic itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from dcsite.geo.geodesy import geodesic_km, longest_geodesic_km, safe_chord_km, to_ecef_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Up to this many points every pair is covered up front, with a square matrix of pairs. Beyond it
#: discs alone are laid, and pairs they miss are covered when a plan violates one.
DENSE_LIMIT = 5_000

#: Disc centres stand this part of D apart; finer grids cost rows, coarser ones leave more pairs to
#: the greedy part.
_GRID_PART = 3.0
_FINE_GRID_PART = 6.0


def disc_radius_km(distance_km: float) -> float:
    """Return a chord within which of a common centre all points are too near to each other.

    Points within chord r of a common centre lie within chord 2 r of each other; r is set so that
    even the longest geodesic over that chord stays below the distance.

    Parameters
    ----------
    distance_km : float
        Pairs with a geodesic strictly below this are too near.
    """
    return safe_chord_km(distance_km) / 2.0 * (1.0 - 1e-9)


def conflicting_pairs(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], distance_km: float
) -> NDArray[np.intp]:
    """Find all pairs of points nearer to each other than a distance.

    Parameters
    ----------
    lat_deg, lon_deg : numpy.ndarray, shape (n,)
        Points on WGS 84, in degrees.
    distance_km : float
        Pairs with a geodesic strictly below this conflict.

    Returns
    -------
    numpy.ndarray, shape (pairs, 2)
        Indices ``i < j``, sorted.
    """
    if len(lat_deg) < 2 or distance_km <= 0.0:
        return np.empty((0, 2), dtype=np.intp)
    points = to_ecef_km(lat_deg, lon_deg)
    pairs = cKDTree(points).query_pairs(distance_km, output_type="ndarray")
    chord_km = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    near = longest_geodesic_km(chord_km) < distance_km
    open_question = np.flatnonzero(~near)
    first, second = pairs[open_question, 0], pairs[open_question, 1]
    near[open_question] = (
        geodesic_km(lat_deg[first], lon_deg[first], lat_deg[second], lon_deg[second]) < distance_km
    )
    kept = np.sort(pairs[near], axis=1)
    return np.asarray(kept[np.lexsort((kept[:, 1], kept[:, 0]))], dtype=np.intp)


def conflict_matrix(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], distance_km: float
) -> NDArray[np.bool_]:
    """Return the conflicting pairs as a symmetric square matrix, false on its diagonal."""
    return _as_matrix(conflicting_pairs(lat_deg, lon_deg, distance_km), len(lat_deg))


def _as_matrix(pairs: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
    near = np.zeros((count, count), dtype=bool)
    near[pairs[:, 0], pairs[:, 1]] = True
    return near | near.T


def clique_cover(
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    distance_km: float,
) -> list[NDArray[np.intp]]:
    """Cover conflicting pairs by cliques of the conflict graph: all of them up to `DENSE_LIMIT`.

    Parameters
    ----------
    lat_deg, lon_deg : numpy.ndarray, shape (n,)
        Points on WGS 84, in degrees.
    distance_km : float
        Pairs with a geodesic strictly below this conflict.

    Returns
    -------
    list of numpy.ndarray
        Sorted index arrays; within each, all points lie nearer than `distance_km` to each other.
        Up to `DENSE_LIMIT` points every conflicting pair lies in at least one; beyond it whoever
        uses the rows must look for violated pairs and add :func:`clique_of` each.
    """
    count = len(lat_deg)
    if count > DENSE_LIMIT:
        return _discs(lat_deg, lon_deg, distance_km, _FINE_GRID_PART) if distance_km > 0.0 else []
    pairs = conflicting_pairs(lat_deg, lon_deg, distance_km)
    if not len(pairs):
        return []
    near = _as_matrix(pairs, count)
    missing = near.copy()
    reach = near.sum(axis=1)
    cliques: list[NDArray[np.intp]] = []
    for disc in _discs(lat_deg, lon_deg, distance_km, _GRID_PART):
        if missing[np.ix_(disc, disc)].any():
            cliques.append(_grow(disc, near, missing, reach))
    left = missing.sum(axis=1)
    while left.any():
        clique = _grow(np.array([int(left.argmax())]), near, missing, reach)
        left[clique] = missing[clique].sum(axis=1)
        cliques.append(clique)
    # All are maximal, so one lies within another only when they are equal.
    unique = {tuple(map(int, clique)) for clique in cliques}
    return [np.array(clique, dtype=np.intp) for clique in sorted(unique)]


def clique_of(
    members: NDArray[np.intp],
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    distance_km: float,
) -> NDArray[np.intp]:
    """Grow conflicting points to a maximal clique, looking only at points near all of them.

    Parameters
    ----------
    members : numpy.ndarray
        Indices of two or more points, all nearer than `distance_km` to each other.
    lat_deg, lon_deg, distance_km
        As of :func:`clique_cover`.

    Returns
    -------
    numpy.ndarray
        Sorted indices, `members` among them.
    """
    points = to_ecef_km(lat_deg, lon_deg)
    # A chord is never longer than the geodesic: what lies farther by it lies farther.
    chord_km = np.linalg.norm(points - points[members[0]], axis=1)
    beside = np.flatnonzero(chord_km < distance_km)
    for member in members:
        away_km = geodesic_km(lat_deg[beside], lon_deg[beside], lat_deg[member], lon_deg[member])
        beside = beside[away_km < distance_km]
    around = np.union1d(beside, members)
    near = conflict_matrix(lat_deg[around], lon_deg[around], distance_km)
    grown = _grow(np.searchsorted(around, members), near, near.copy(), near.sum(axis=1))
    return np.asarray(around[grown])


def _discs(
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    distance_km: float,
    grid_part: float,
) -> list[NDArray[np.intp]]:
    """List the point sets of discs of diameter D around a grid, largest first."""
    step_lat = distance_km / grid_part / 111.0
    rows = np.floor(lat_deg / step_lat).astype(int)
    step_lon = step_lat / np.maximum(np.cos(np.radians(lat_deg)), 0.05)
    columns = np.floor(lon_deg / step_lon).astype(int)
    # Centres: the mean of the points of each occupied cell, so that none lies over empty sea.
    cells, cell = np.unique(np.column_stack([rows, columns]), axis=0, return_inverse=True)
    cell = cell.ravel()
    weight = np.bincount(cell, minlength=len(cells))
    points = to_ecef_km(lat_deg, lon_deg)
    centre = np.column_stack(
        [np.bincount(cell, points[:, axis], len(cells)) / weight for axis in range(3)]
    )
    radius_km = disc_radius_km(distance_km)
    found = cKDTree(points).query_ball_point(centre, radius_km, return_sorted=True)
    unique = {tuple(members) for members in found if len(members) > 1}
    return [np.array(members) for members in sorted(unique, key=lambda m: (-len(m), m))]


def _grow(
    members: NDArray[np.intp],
    near: NDArray[np.bool_],
    missing: NDArray[np.bool_],
    reach: NDArray[np.int_],
) -> NDArray[np.intp]:
    """Grow a clique to a maximal one, taking the point with most missing pairs first."""
    chosen = list(map(int, members))
    rest = np.flatnonzero(near[members[0]])
    rest = rest[near[np.ix_(members[1:], rest)].all(axis=0)]
    gain = missing[np.ix_(members, rest)].sum(axis=0, dtype=np.int64)
    # Only points near to all so far are looked at, so a step costs what is left, not all points.
    while rest.size:
        # Of equal gains the point near to most others, of equal ones again the first.
        first = int((gain * (len(near) + 1) + reach[rest]).argmax())
        best = int(rest[first])
        chosen.append(best)
        kept = near[best, rest]
        rest = rest[kept]
        gain = gain[kept] + missing[best, rest]
    clique = np.array(sorted(chosen), dtype=np.intp)
    missing[np.ix_(clique, clique)] = False
    return clique
