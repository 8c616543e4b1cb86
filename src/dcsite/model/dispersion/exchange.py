"""Look for points far enough apart by exchanges, without proof: quick where some exist.

A set of the size wanted is kept, though pairs in it may be too near. A pair at straight line d
costs ``(1 - d / D)**2`` where d is below the distance D asked for, and nothing beyond. Again and
again a point of a pair that costs leaves, for the point that costs least with the rest; it may not
come back for a few steps, so that the set wanders. When it has wandered long it begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .points import Points

    Indices = NDArray[np.intp]

__all__ = ["Exchanges"]

#: A set begins anew after this many steps.
_STEPS_PER_START = 600
#: Steps a point stays out after it left: this many and up to as many again, less one.
_OUT = 3
#: What a pair costs at most to count as far enough, and after how many steps costs are summed anew.
_NOTHING = 1e-12
_STEPS_PER_SUM = 200


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
