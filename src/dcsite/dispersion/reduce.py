"""Fewer points that suffice: those another one can stand in for go.

Points that another one can stand in for are dropped before anything is searched. At a distance
under trial, let N[v] be the points too near to v, v itself among them. If u lies in N[v] and N[u]
is within N[v], then v may be dropped: in any set of points far enough apart that holds v there is
no other point of N[v], so none of N[u], and u can take the place of v. The set keeps its size, and
all its points stay far enough apart. Points are dropped one after another, each for one that is
still there, so what is left still holds a set of any size that there was. This is so only because
nothing but distance tells two points apart here.

A point w that speaks against it, near u and not near v, is about as far from both as the distance
under trial. So for a small patch of points only the ring around it needs to be looked at, which
keeps the work far below all pairs and needs no n x n matrix; that comes last, on few points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .points import Points

    Indices = NDArray[np.intp]

#: Up to this many points all pairs are held in a matrix, a byte for each.
MOST_IN_MATRIX = 16_000
#: Up to this many points all are compared with all, which takes the cube of their number.
MOST_COMPARED = 2500
#: All pairs are compared at once from here on; above, patches pay better.
_FEW = 1200
_PATCH = 24
_AROUND = 72
#: Passes over patches go on while they drop at least this share of the points.
_WORTHWHILE = 0.05


def reduce_points(
    points: Points, live: Indices, limit: float, check: Callable[[], None]
) -> Indices:
    """Return points of `live` that suffice for any set with all distances above `limit`.

    Parameters
    ----------
    points : Points
        All points.
    live : numpy.ndarray
        Indices of those that may be taken.
    limit : float
        Pairs at most this far apart are too near.
    check : callable
        Called now and then; may raise to stop the work.

    Returns
    -------
    numpy.ndarray
        Sorted indices, a subset of `live`.
    """
    around = _PATCH if len(live) > MOST_COMPARED else _AROUND
    while len(live) > _FEW:
        left = _pass_over_patches(points, live, limit, around, check)
        slow = len(left) > (1.0 - _WORTHWHILE) * len(live)
        live = left
        if slow:
            if around >= 16 * _AROUND or (len(live) <= MOST_IN_MATRIX and around >= _AROUND):
                break
            around *= 3
    if len(live) <= MOST_COMPARED:
        live = live[drop_dominated(points.near(live, live, limit), check)]
    return np.sort(live)


def _pass_over_patches(
    points: Points, live: Indices, limit: float, around: int, check: Callable[[], None]
) -> Indices:
    """Drop points for others nearby, patch by patch."""
    tree = cKDTree(points.places[live])
    alive = np.ones(len(live), dtype=bool)
    places = points.places[live]
    for patch in _patches(places):
        check()
        members = patch[alive[patch]]
        if not len(members):
            continue
        centre = places[members].mean(axis=0)
        _, beside = tree.query(centre, k=min(around, len(live)))
        beside = np.atleast_1d(beside)
        group = np.union1d(members, beside[alive[beside]])
        radius = float(np.sqrt(((places[group] - centre) ** 2).sum(axis=1).max()))
        from_centre = np.sqrt(((places - centre) ** 2).sum(axis=1))
        # Straight lines obey the triangle inequality whatever the metric.
        ring = np.flatnonzero(
            alive
            & (from_centre >= points.surely_near(limit) - radius - 1e-6)
            & (from_centre <= points.straight_reach(limit) + radius + 1e-6)
        )
        position = np.searchsorted(group, members)
        # Points of the group stand for themselves among the witnesses.
        witnesses = np.union1d(ring, group)
        near = points.near(live[group], live[witnesses], limit)
        beside_each_other = near[:, np.searchsorted(witnesses, group)]
        dropped = _dominated(near, beside_each_other, position)
        alive[members[dropped]] = False
    return live[alive]


def _dominated(
    near: NDArray[np.bool_], beside: NDArray[np.bool_], asked: Indices
) -> NDArray[np.bool_]:
    """Tell which of the `asked` rows hold all of another row that is beside them.

    Of equal rows the first stays. Being within is transitive, so each dropped row holds all of
    one that stays.
    """
    rows = near.astype(np.float32)
    size = rows.sum(axis=1)
    # common[v, u] is the number of points near both; float32 counts exactly up to 2**24.
    common = rows[asked] @ rows.T
    within = (common == size[None, :]) & beside[asked]
    smaller = size[None, :] < size[asked][:, None]
    earlier = np.arange(len(near))[None, :] < asked[:, None]
    tie = size[None, :] == size[asked][:, None]
    return np.asarray((within & (smaller | (tie & earlier))).any(axis=1))


def drop_dominated(near: NDArray[np.bool_], check: Callable[[], None]) -> Indices:
    """Drop points for any others until none can be dropped.

    Parameters
    ----------
    near : numpy.ndarray of bool, shape (n, n)
        Symmetric, true on the diagonal.
    check : callable
        Called now and then; may raise to stop the work.

    Returns
    -------
    numpy.ndarray
        Positions of the points that stay.
    """
    stay = np.arange(len(near))
    while True:
        check()
        dropped = _dominated(near, near, np.arange(len(near)))
        if not dropped.any():
            return stay
        left = np.flatnonzero(~dropped)
        stay, near = stay[left], near[np.ix_(left, left)]


def _patches(places: NDArray[np.float64]) -> list[Indices]:
    """Cut points into patches of about `_PATCH` by halving at the longest side."""
    waiting = [np.arange(len(places))]
    patches: list[Indices] = []
    while waiting:
        members = waiting.pop()
        if len(members) <= _PATCH:
            patches.append(members)
            continue
        extent = np.ptp(places[members], axis=0)
        middle = len(members) // 2
        order = np.argpartition(places[members, int(extent.argmax())], middle)
        waiting += [members[order[middle:]], members[order[:middle]]]
    return patches
