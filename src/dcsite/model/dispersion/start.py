"""A good set of far-apart points at once: farthest-point greedy, then exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .points import Points

    Indices = NDArray[np.intp]

__all__ = ["first_bound", "good_members", "improve"]

#: Starting points of the greedy, and exchanges tried from each.
_STARTS = 40
_EXCHANGES = 400
#: Work that is enough, in distances measured.
_ENOUGH = 60_000_000


def first_bound(points: Points, count: int, keep: Sequence[int]) -> float:
    """Bound the dispersion of `count` points from above.

    Any ``count - 1`` centres cover all points within some radius r, and two of `count` points share
    a centre, so they lie at most 2 r apart. Farthest-point greedy finds centres with a small r.
    """
    kept = [int(member) for member in keep][: count - 1]
    chosen = kept or [int(np.argmax(points.straight(_all(points), np.array([0]))[:, 0]))]
    nearest = points.straight(_all(points), np.array(chosen)).min(axis=1)
    while len(chosen) < count - 1:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, _from(points, chosen[-1]))
    radius = float(nearest.max())
    bound = points.longest(2.0 * radius)
    if points.metric == "geodesic":
        bound = min(20_004.0, 2.0 * points.longest(radius))
    return min(bound, points.smallest(np.asarray(keep, dtype=np.intp)))


def good_members(
    points: Points, count: int, keep: Sequence[int], late: Callable[[], bool]
) -> Indices:
    """Return `count` points, `keep` (first) among them, that stand far apart.

    Several greedy starts, each improved by exchanging a point of the closest pair for the one
    farthest from the rest. Straight lines are compared; the caller measures the outcome.
    """
    random = np.random.default_rng(1)
    everyone = _all(points)
    centre = points.places.mean(axis=0)
    outermost = int(((points.places - centre) ** 2).sum(axis=1).argmax())
    starts = [outermost, *map(int, random.choice(len(points), min(_STARTS, len(points)), False))]
    best: Indices | None = None
    best_value = -1.0
    work = 0
    for start in starts:
        if best is not None and late():
            break
        chosen = list(keep) or [start]
        if keep and start not in chosen and len(chosen) < count and start != outermost:
            chosen.append(start)
        nearest = points.straight(everyone, np.array(chosen)).min(axis=1)
        nearest[chosen] = -1.0
        while len(chosen) < count:
            chosen.append(int(nearest.argmax()))
            nearest = np.minimum(nearest, _from(points, chosen[-1]))
            nearest[chosen] = -1.0
        members, spent = improve(points, np.array(chosen, dtype=np.intp), len(keep), late)
        value = points.smallest(members)
        if value > best_value:
            best, best_value = members, value
        work += spent
        if work > _ENOUGH:
            break
    if best is None:
        raise AssertionError("there is always one start")
    return best


def improve(
    points: Points, members: Indices, fixed: int, late: Callable[[], bool]
) -> tuple[Indices, int]:
    """Exchange points of the closest pair while the set gets better.

    Parameters
    ----------
    points : Points
        All points.
    members : numpy.ndarray
        Points to begin with; the first `fixed` of them stay.
    fixed : int
        How many of them must stay.
    late : callable
        Tells whether to stop with what there is.

    Returns
    -------
    members : numpy.ndarray
        Points no single exchange of the closest pair makes better.
    work : int
        Distances measured.
    """
    members = members.copy()
    everyone = _all(points)
    distance = points.straight(members, everyone)
    work = distance.size
    for _ in range(_EXCHANGES):
        if late():
            break
        among = distance[:, members].copy()
        np.fill_diagonal(among, np.inf)
        closest = np.unravel_index(int(among.argmin()), among.shape)
        moved = False
        lowest = np.partition(distance, 1, axis=0)[:2]
        for place in map(int, closest):
            if place < fixed:
                continue
            # The nearest member but the one that leaves.
            rest = np.where(distance[place] == lowest[0], lowest[1], lowest[0])
            rest[members] = -1.0
            rest[members[place]] = np.delete(among[place], place).min(initial=np.inf)
            candidate = int(rest.argmax())
            others = np.delete(np.arange(len(members)), place)
            before = (among[np.ix_(others, others)].min(), among[place].min())
            if rest[candidate] > before[1] and candidate != members[place]:
                members[place] = candidate
                distance[place] = _from(points, candidate)
                work += len(points)
                moved = True
                break
        if not moved:
            break
    return members, work


def _all(points: Points) -> Indices:
    return np.arange(len(points))


def _from(points: Points, point: int) -> NDArray[np.float64]:
    return points.straight(_all(points), np.array([point]))[:, 0]
