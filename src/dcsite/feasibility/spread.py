"""How far apart a number of hubs can stand: quick bounds, and exact answers for few sites.

`dispersion` answers the same question for many points, but only where nothing except distance tells
two of them apart. Here a site may be the one that stands for its region, and no other can take that
place: such sites are tried in turn, and the others packed as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from dcsite.dispersion import Clock, OutOfTimeError, pack
from dcsite.geo.geodesy import geodesic_km, to_ecef_km
from dcsite.model.cliques import DENSE_LIMIT, conflict_matrix, disc_radius_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Room:
    """Bounds on how many sites can stand at least a distance apart: some `at_least` do."""

    at_least: int
    at_most: int


@dataclass(frozen=True)
class Spread:
    """The largest distance that a number of hubs can keep.

    `members` keep `distance_km`; no choice keeps more than `bound_km`, and `proven` says that the
    two are equal.
    """

    distance_km: float
    bound_km: float
    proven: bool
    members: tuple[int, ...]


def room_for(lat: NDArray[np.float64], lon: NDArray[np.float64], distance_km: float) -> Room:
    """Bound from both sides how many sites can stand at least a distance apart.

    Parameters
    ----------
    lat, lon : numpy.ndarray
        Sites, in degrees.
    distance_km : float
        Least geodesic distance between any two that are taken.

    Returns
    -------
    Room
        Below: a greedy choice, the site with fewest others too near first. Above: the number of
        sets of mutually too near sites in a greedy cover of all sites. Both are looser above
        :data:`~dcsite.model.cliques.DENSE_LIMIT` sites, where no table of all pairs is made.
    """
    if len(lat) > DENSE_LIMIT:
        return _room_for_many(lat, lon, distance_km)
    near = conflict_matrix(lat, lon, distance_km)
    left = np.ones(len(lat), dtype=bool)
    conflicts = near.sum(axis=1)
    taken = 0
    while left.any():
        best = int(np.where(left, conflicts, len(lat) + 1).argmin())
        gone = near[best] & left
        gone[best] = True
        left &= ~gone
        conflicts = conflicts - near[:, gone].sum(axis=1)
        taken += 1
    covers = [
        _cover(near[np.ix_(order, order)])
        for order in (np.lexsort((lon, lat)), np.lexsort((lat, lon)))
    ]
    return Room(taken, max(taken, min(covers)))


def _room_for_many(lat: NDArray[np.float64], lon: NDArray[np.float64], distance_km: float) -> Room:
    """Bound the room by balls around sites: a site is taken, or a group made, and its ball left."""
    points = to_ecef_km(lat, lon)
    tree = cKDTree(points)
    # A chord is never longer than the geodesic, so outside this ball sites are far enough apart;
    # within half of it around a common point they are too near to each other.
    counts = []
    for radius_km in (distance_km, disc_radius_km(distance_km)):
        left = np.ones(len(lat), dtype=bool)
        number = 0
        for site in np.lexsort((lon, lat)).tolist():
            if left[site]:
                left[tree.query_ball_point(points[site], radius_km)] = False
                left[site] = False
                number += 1
        counts.append(number)
    return Room(counts[0], max(counts))


def fits_apart(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    count: int,
    distance_km: float,
    *,
    keep: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    groups: Sequence[NDArray[np.bool_]] = (),
    time_limit_s: float | None = None,
) -> tuple[int, ...] | None:
    """Find `count` sites at least a distance apart, one or more in each group.

    Parameters
    ----------
    lat, lon : numpy.ndarray
        Sites, in degrees.
    count : int
        How many to take.
    distance_km : float
        Least geodesic distance between any two, and to the points of `keep`.
    keep : pair of numpy.ndarray, optional
        Latitudes and longitudes of points that stand already.
    groups : sequence of numpy.ndarray of bool
        Sets of sites; at least one site of each is to be taken.
    time_limit_s : float, optional
        Seconds the search may take.

    Returns
    -------
    tuple of int or None
        Positions of the sites; None if there is no such choice (proven).

    Raises
    ------
    OutOfTimeError
        If the time passed before either was known.
    """
    here = np.flatnonzero(_to_keep_km(lat, lon, keep) >= distance_km)
    near = conflict_matrix(lat[here], lon[here], distance_km)
    return _apart_here(here, near, count, groups, Clock(time_limit_s))


def largest_distance(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    count: int,
    *,
    keep: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    groups: Sequence[NDArray[np.bool_]] = (),
    time_limit_s: float | None = None,
) -> Spread | None:
    """Find the largest distance that `count` sites can keep, by bisection over all distances.

    Parameters
    ----------
    lat, lon, count, keep, groups
        As of :func:`fits_apart`.
    time_limit_s : float, optional
        Seconds the search may take; what is known by then is returned, `proven` or not.

    Returns
    -------
    Spread or None
        None if there is no such choice at any distance. Infinite where nothing has to be kept
        apart: one site, and no points to keep.
    """
    clock = Clock(time_limit_s)
    first, second = np.triu_indices(len(lat), 1)
    pairs_km = geodesic_km(lat[first], lon[first], lat[second], lon[second])
    between_km = np.zeros((len(lat), len(lat)))
    between_km[first, second] = between_km[second, first] = pairs_km
    kept_km = _to_keep_km(lat, lon, keep)

    def apart_at(distance_km: float, clock: Clock) -> tuple[int, ...] | None:
        here = np.flatnonzero(kept_km >= distance_km)
        near = between_km[np.ix_(here, here)] < distance_km
        return _apart_here(here, near, count, groups, clock)

    clock = Clock(time_limit_s)
    members = apart_at(0.0, Clock(None))
    if members is None:
        return None
    distances = np.unique(np.concatenate([pairs_km, kept_km]))
    best_km = _least_km(between_km, kept_km, members)
    # A distance is met up to `best_km`; those from index `high` on are not.
    high = int(np.searchsorted(distances, np.inf))
    low = int(np.searchsorted(distances, best_km))
    try:
        while high - low > 1:
            middle = (low + high) // 2
            found = apart_at(float(distances[middle]), clock)
            if found is None:
                high = middle
            else:
                members, best_km = found, _least_km(between_km, kept_km, found)
                low = int(np.searchsorted(distances, best_km))
    except OutOfTimeError:
        bound_km = float(distances[high - 1]) if high else best_km
        return Spread(best_km, max(best_km, bound_km), False, members)
    return Spread(best_km, best_km, True, members)


def _least_km(
    between_km: NDArray[np.float64], kept_km: NDArray[np.float64], members: tuple[int, ...]
) -> float:
    """Return the least distance that these sites keep; infinite for one with nothing to keep."""
    chosen = np.array(members, dtype=np.intp)
    own = between_km[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    return float(np.concatenate([own, kept_km[chosen], [np.inf]]).min())


def _to_keep_km(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    keep: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
) -> NDArray[np.float64]:
    """Return how far each site stands from the nearest point to keep, infinite without any."""
    if keep is None or not len(keep[0]):
        return np.full(len(lat), np.inf)
    away_km = geodesic_km(lat[:, None], lon[:, None], keep[0][None, :], keep[1][None, :])
    return np.asarray(away_km.min(axis=1))


def _apart_here(
    here: NDArray[np.intp],
    near: NDArray[np.bool_],
    count: int,
    groups: Sequence[NDArray[np.bool_]],
    clock: Clock,
) -> tuple[int, ...] | None:
    """Find `count` of some sites, of which `near` tells the pairs that are too near."""
    np.fill_diagonal(near, True)
    found = _apart(near, count, [group[here] for group in groups], clock)
    return None if found is None else tuple(here[found].tolist())


def _apart(
    near: NDArray[np.bool_],
    count: int,
    groups: Sequence[NDArray[np.bool_]],
    clock: Clock,
    live: NDArray[np.bool_] | None = None,
) -> list[int] | None:
    """Find `count` sites no two of which are near, one or more of each group; None: there are none.

    A site of the smallest group is taken in turn; sites of no group are left to the packing.
    """
    clock.check()
    live = np.ones(len(near), dtype=bool) if live is None else live.copy()
    if not groups:
        here = np.flatnonzero(live)
        found = pack(near[np.ix_(here, here)], count, clock.check)
        return None if found is None else here[found].tolist()
    if count == 0:
        return None
    for site in np.flatnonzero(min((live & group for group in groups), key=np.sum)).tolist():
        rest = [group for group in groups if not group[site]]
        others = _apart(near, count - 1, rest, clock, live & ~near[site])
        if others is not None:
            return [site, *others]
        live[site] = False  # what holds this site has been searched
    return None


def _cover(near: NDArray[np.bool_]) -> int:
    """Count the sets, of sites that are all too near to each other, of a greedy cover."""
    left, number = np.ones(len(near), dtype=bool), 0
    while left.any():
        free = left.copy()
        while free.any():
            site = int(free.argmax())
            left[site] = free[site] = False
            free &= near[site]
        number += 1
    return number
