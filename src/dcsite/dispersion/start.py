"""A good set at once, and better ones by exchanges; nothing here proves anything but a first bound.

The good set comes from a farthest-point greedy, bettered by exchanges of its closest pair.

Exchanges find points far enough apart, quickly where some exist. A set of the size wanted is kept,
though pairs in it may be too near. A pair at straight line d costs ``(1 - d / D)**2`` where d is
below the distance D asked for, and nothing beyond. Again and again a point of a pair that costs
leaves, for the point that costs least with the rest; it may not come back for a few steps, so that
the set wanders. When it has wandered long it begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .points import Points

    Indices = NDArray[np.intp]

#: Starting points of the greedy, and exchanges tried from each.
_STARTS = 40
_EXCHANGES = 400
#: Work that is enough, in distances measured.
_ENOUGH = 60_000_000
#: A set begins anew after this many steps.
_STEPS_PER_START = 600
#: Steps a point stays out after it left: this many and up to as many again, less one.
_OUT = 3
#: What a pair costs at most to count as far enough, and after how many steps costs are summed anew.
_NOTHING = 1e-12
_STEPS_PER_SUM = 200


def first_bound(points: Points, count: int, keep: Sequence[int]) -> float:
    """Bound the dispersion of `count` points from above.

    Any ``count - 1`` centres cover all points within some radius r, and two of `count` points share
    a centre, so they lie at most 2 r apart. Farthest-point greedy finds centres with a small r.
    """
    begin = [int(member) for member in keep][: count - 1]
    begin = begin or [int(points.straight(points.everyone, np.array([0])).argmax())]
    _, nearest = points.farthest_first(begin, count - 1)
    radius = max(float(nearest.max()), 0.0)
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
    centre = points.places.mean(axis=0)
    outermost = int(((points.places - centre) ** 2).sum(axis=1).argmax())
    starts = [outermost, *map(int, random.choice(len(points), min(_STARTS, len(points)), False))]
    best, best_value, work = np.empty(0, dtype=np.intp), -1.0, 0
    for start in starts:
        if len(best) and late():
            break
        chosen = list(keep) or [start]
        if keep and start not in chosen and len(chosen) < count and start != outermost:
            chosen.append(start)
        begun, _ = points.farthest_first(chosen, count)
        members, spent = improve(points, begun, len(keep), late)
        value = points.smallest(members)
        if value > best_value:
            best, best_value = members, value
        work += spent
        if work > _ENOUGH:
            break
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
    distance = points.straight(members, points.everyone)
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
                distance[place] = points.straight(points.everyone, members[[place]])[:, 0]
                work += len(points)
                moved = True
                break
        if not moved:
            break
    return members, work


class Exchanges:
    """A search by exchanges that begins differently each time it is asked.

    Parameters
    ----------
    points : Points
        All points.
    check : callable
        Called now and then; may raise to stop the work.
    """

    def __init__(self, points: Points, check: Callable[[], None]) -> None:
        self._points, self._check = points, check
        self._random = np.random.default_rng(1)

    def find(self, live: Indices, limit: float, wanted: int, steps: int) -> Indices | None:
        """Look for `wanted` points of `live` with all distances above `limit`.

        Parameters
        ----------
        live : numpy.ndarray
            Indices of points that may be taken.
        limit : float
            All distances are to exceed this.
        wanted : int
            How many points, 1 or more.
        steps : int
            Exchanges to try at most.

        Returns
        -------
        numpy.ndarray, optional
            Indices of the points; None if none were found, which proves nothing.
        """
        places = self._points.places[live]
        reach = self._points.surely_far(limit)
        if len(live) < wanted or reach <= 0.0:
            return None
        for begin in range(0, steps, _STEPS_PER_START):
            self._check()
            length = min(_STEPS_PER_START, steps - begin)
            found = self._wander(places, reach, wanted, length)
            if found is not None and self._points.smallest(live[found]) > limit:
                return live[found]
        return None

    def _wander(
        self, places: NDArray[np.float64], reach: float, wanted: int, steps: int
    ) -> Indices | None:
        """Exchange points of a random set until no pair costs anything."""
        random = self._random
        axes = [np.ascontiguousarray(axis) for axis in places.T]
        chosen = random.choice(len(places), wanted, replace=False)
        costs = np.array([_costs(axes, int(point), reach) for point in chosen])
        total = costs.sum(axis=0)
        out: list[tuple[int, int]] = []  # until which step, and which point
        for step in range(steps):
            # Each point's cost with itself is 1.
            paying = (total[chosen] - costs[np.arange(wanted), chosen] > _NOTHING).nonzero()[0]
            if not len(paying):
                return np.asarray(chosen, dtype=np.intp)
            leaving = int(paying[random.integers(len(paying))])
            price = total - costs[leaving]
            price[chosen] = np.inf
            out = [(until, point) for until, point in out if until > step]
            # Where few points are left, all of them may be out: then the longest out come back.
            out = out[max(len(out) - (len(places) - wanted) + 1, 0) :]
            price[[point for _, point in out]] = np.inf
            entering = int(price.argmin())
            if price[entering] == np.inf:
                return None
            out.append((step + _OUT + int(random.integers(_OUT)), int(chosen[leaving])))
            chosen[leaving] = entering
            total -= costs[leaving]
            costs[leaving] = _costs(axes, entering, reach)
            total += costs[leaving]
            if step % _STEPS_PER_SUM == _STEPS_PER_SUM - 1:
                total = costs.sum(axis=0)
        return None


def _costs(axes: list[NDArray[np.float64]], point: int, reach: float) -> NDArray[np.float64]:
    """Return what each place costs together with one of them."""
    total = np.zeros(len(axes[0]))
    for axis in axes:
        step = axis - axis[point]
        step *= step
        total += step
    np.sqrt(total, out=total)
    total /= -reach
    total += 1.0
    np.maximum(total, 0.0, out=total)
    total *= total
    return total
