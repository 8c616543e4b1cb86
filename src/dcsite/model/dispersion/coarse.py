"""A bound from few points: centres within a radius of all points stand in for them.

In a set with all distances above D each point lies within a radius r of some centre. Where D is
more than 2 r these centres differ, and any two of them are more than D - 2 r apart. So if no set of
centres is that far apart, no set of points has all distances above D. Centres that are found one
after another, each the point farthest from those before, have a small r.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .points import Points

    Indices = NDArray[np.intp]

__all__ = ["Coarse", "coarsen"]

#: Far above the rounding of straight lines and geodesics, as a share and in km.
_SHARE_OF_ROUNDING = 1e-12
_ROUNDING_KM = 1e-6


@dataclass(frozen=True, eq=False)
class Coarse:
    """Some points as centres, and the radius within which they have all points.

    Parameters
    ----------
    centres : numpy.ndarray
        Indices of the centres, those that were given first.
    radius : float
        Straight line from any point to its nearest centre, at most.
    """

    centres: Indices
    radius: float

    def limit(self, points: Points, limit: float) -> float:
        """Return what distances of centres exceed where all distances of points exceed `limit`.

        Kept points are their own centres. Negative where centres may coincide: that proves nothing.
        """
        if points.metric == "geodesic":
            return limit - 2.0 * points.longest(self.radius) - _ROUNDING_KM
        reach = limit - 2.0 * self.radius - _SHARE_OF_ROUNDING * (abs(limit) + self.radius)
        # Rounding, up or to the nearest, is off by no more than one on either side.
        return reach - 2.0 if points.whole else reach


def coarsen(points: Points, given: list[int], number: int, check: Callable[[], None]) -> Coarse:
    """Choose centres, each the point farthest from those before.

    Parameters
    ----------
    points : Points
        All points.
    given : list of int
        Points that are centres in any case.
    number : int
        How many centres there shall be.
    check : callable
        Called now and then; may raise to stop the work.

    Returns
    -------
    Coarse
        The centres and their radius.
    """
    everyone = np.arange(len(points))
    chosen = list(given) or [0]
    nearest = points.straight(everyone, np.array(chosen)).min(axis=1)
    while len(chosen) < number:
        check()
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, points.straight(everyone, np.array(chosen[-1:]))[:, 0])
    return Coarse(np.array(chosen, dtype=np.intp), float(nearest.max()))
