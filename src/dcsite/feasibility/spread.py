"""How far apart a number of hubs can stand: quick bounds, and exact answers for few sites.

Sites at least D apart are a clique of the graph whose edges join sites at least D apart. Rows of
that graph are kept as whole numbers, bit by bit, so that one operation works on all sites; a
greedy colouring (sets of sites all nearer than D to each other, of which a plan takes one at
most) bounds what any search below could find.

`dispersion` answers the same question for many points, but only where nothing except distance tells
two of them apart: it drops a point for another one that can take its place. Here a site may be the
one that stands for its region, and no other can take that place.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from dcsite.geo.geodesy import geodesic_km, to_ecef_km
from dcsite.model.cliques import DENSE_LIMIT, conflict_matrix, disc_radius_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: A search looks at the clock after this many steps.
_STEPS_PER_LOOK = 256


class OutOfTimeError(Exception):
    """The time allowed for a search has passed; never leaves this room."""


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
        len(_colours((1 << len(order)) - 1, _far_masks(near[np.ix_(order, order)])))
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
    free = np.ones(len(lat), dtype=bool)
    if keep is not None and len(keep[0]):
        free = _to_keep_km(lat, lon, keep) >= distance_km
    here = np.flatnonzero(free)
    search = _Search(_far_masks(conflict_matrix(lat[here], lon[here], distance_km)), time_limit_s)
    found = search.clique(count, [group[here] for group in groups])
    return None if found is None else tuple(int(here[number]) for number in found)


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
    ends = None if time_limit_s is None else time.monotonic() + time_limit_s
    between_km = _between_km(lat, lon)
    kept_km = np.full(len(lat), np.inf)
    if keep is not None and len(keep[0]):
        kept_km = _to_keep_km(lat, lon, keep)
    members = _clique_at(between_km, kept_km, 0.0, count, groups, None)
    if members is None:
        return None
    distances = np.unique(np.concatenate([between_km[np.triu_indices(len(lat), 1)], kept_km]))
    best_km = _least_km(between_km, kept_km, members)
    # A distance is met up to `best_km`; those from index `high` on are not.
    high = int(np.searchsorted(distances, np.inf))
    low = int(np.searchsorted(distances, best_km))
    try:
        while high - low > 1:
            middle = (low + high) // 2
            asked = float(distances[middle])
            found = _clique_at(between_km, kept_km, asked, count, groups, ends)
            if found is None:
                high = middle
            else:
                members, best_km = found, _least_km(between_km, kept_km, found)
                low = int(np.searchsorted(distances, best_km))
    except OutOfTimeError:
        bound_km = float(distances[high - 1]) if high else best_km
        return Spread(best_km, max(best_km, bound_km), False, members)
    return Spread(best_km, best_km, True, members)


def _clique_at(
    between_km: NDArray[np.float64],
    kept_km: NDArray[np.float64],
    distance_km: float,
    count: int,
    groups: Sequence[NDArray[np.bool_]],
    ends: float | None,
) -> tuple[int, ...] | None:
    here = np.flatnonzero(kept_km >= distance_km)
    limit = None if ends is None else ends - time.monotonic()
    search = _Search(_far_masks(between_km[np.ix_(here, here)] < distance_km), limit)
    found = search.clique(count, [group[here] for group in groups])
    return None if found is None else tuple(int(here[number]) for number in found)


def _least_km(
    between_km: NDArray[np.float64], kept_km: NDArray[np.float64], members: tuple[int, ...]
) -> float:
    """Return the least distance that these sites keep; infinite for one with nothing to keep."""
    chosen = np.array(members, dtype=np.intp)
    own = between_km[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    return float(np.concatenate([own, kept_km[chosen], [np.inf]]).min())


def _between_km(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    first, second = np.triu_indices(len(lat), 1)
    between_km = np.zeros((len(lat), len(lat)))
    between_km[first, second] = geodesic_km(lat[first], lon[first], lat[second], lon[second])
    return between_km + between_km.T


def _to_keep_km(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    keep: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    return np.asarray(
        geodesic_km(lat[:, None], lon[:, None], keep[0][None, :], keep[1][None, :]).min(axis=1)
    )


def _far_masks(near: NDArray[np.bool_]) -> list[int]:
    """Return for each site the others far enough away, as bits of a whole number."""
    far = ~near
    np.fill_diagonal(far, False)
    return [_mask(row) for row in far]


def _mask(members: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(members, bitorder="little").tobytes(), "little")


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _colours(mask: int, far: list[int]) -> list[list[int]]:
    """Part sites greedily into sets whose members are all too near to each other."""
    colours: list[list[int]] = []
    while mask:
        free, members = mask, []
        while free:
            site = _lowest(free)
            members.append(site)
            free &= ~(far[site] | 1 << site)
        for site in members:
            mask &= ~(1 << site)
        colours.append(members)
    return colours


class _Search:
    """Depth-first search for sites that are all far from each other."""

    def __init__(self, far: list[int], time_limit_s: float | None) -> None:
        self._far = far
        self._ends = None if time_limit_s is None else time.monotonic() + time_limit_s
        self._steps = 0

    def clique(self, count: int, groups: Sequence[NDArray[np.bool_]]) -> list[int] | None:
        """Return `count` sites, one or more of each group; None if there are none."""
        everywhere = (1 << len(self._far)) - 1
        return self._of_groups(everywhere, count, [_mask(group) for group in groups])

    def _of_groups(self, mask: int, count: int, groups: list[int]) -> list[int] | None:
        self._look()
        if not groups:
            return self._any(mask, count)
        if count == 0:
            return None
        first = min(groups, key=lambda group: (mask & group).bit_count())
        left = mask & first
        while left:
            site = _lowest(left)
            bit = 1 << site
            rest = [group for group in groups if not group & bit]
            found = self._of_groups(mask & self._far[site], count - 1, rest)
            if found is not None:
                return [site, *found]
            left ^= bit
            mask ^= bit  # what holds this site has been searched
        return None

    def _any(self, mask: int, count: int) -> list[int] | None:
        self._look()
        if count <= 0:
            return []
        if mask.bit_count() < count:
            return None
        colours = _colours(mask, self._far)
        # Sites of the first `count - 1` colours alone can give no more than that many.
        for members in reversed(colours[count - 1 :]):
            for site in members:
                found = self._any(mask & self._far[site], count - 1)
                if found is not None:
                    return [site, *found]
                mask ^= 1 << site
        return None

    def _look(self) -> None:
        self._steps += 1
        if (
            self._ends is not None
            and self._steps % _STEPS_PER_LOOK == 1
            and time.monotonic() > self._ends
        ):
            raise OutOfTimeError
