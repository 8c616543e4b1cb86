"""Look for points of which no two are near by exchanges, without proof: quick where some exist.

A set of points apart from each other is kept. A point near to none of them joins it; if there is
none, a point near to one of them takes its place, or now and then one near to two takes that of
both. A point that left may not come back for a few steps, so that the set wanders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["find_by_exchange"]

#: Steps a point stays out after it left: this many and up to as many again.
_OUT = 2
#: Share of steps at which a point takes the place of two.
_FORCED = 0.02
#: A step that never comes.
_NEVER = np.iinfo(np.int64).max
#: The check is called once in this many steps.
_STEPS_PER_CHECK = 64


def find_by_exchange(
    near: NDArray[np.bool_], wanted: int, steps: int, check: Callable[[], None]
) -> NDArray[np.intp] | None:
    """Look for `wanted` points no two of which are near.

    Parameters
    ----------
    near : numpy.ndarray of bool, shape (n, n)
        Symmetric, true on the diagonal.
    wanted : int
        How many points.
    steps : int
        Exchanges to try at most.
    check : callable
        Called now and then; may raise to stop the work.

    Returns
    -------
    numpy.ndarray, optional
        Positions of the points; None if none were found, which proves nothing.
    """
    random = np.random.default_rng(1)
    number = near.view(np.uint8)
    # How many chosen points are near to each point; and from which step on it may come in.
    crowd = np.zeros(len(near), dtype=np.int32)
    since = np.zeros(len(near), dtype=np.int64)
    spread = number.sum(axis=1, dtype=np.int32)
    chosen = np.zeros(len(near), dtype=bool)
    size = 0
    for step in range(steps + wanted):
        if step % _STEPS_PER_CHECK == 0:
            check()
        point = _next_point(crowd, since <= step, spread, random)
        if point is None:
            continue
        leaving = (chosen & near[point]).nonzero()[0]
        for other in leaving:
            crowd -= number[other]
            chosen[other] = False
            since[other] = step + _OUT + int(random.integers(_OUT + 1))
        crowd += number[point]
        chosen[point] = True
        # What is chosen does not come in again.
        since[point] = _NEVER
        size += 1 - len(leaving)
        if size == wanted:
            return np.flatnonzero(chosen)
    return None


def _next_point(
    crowd: NDArray[np.int32],
    allowed: NDArray[np.bool_],
    spread: NDArray[np.int32],
    random: np.random.Generator,
) -> int | None:
    free = ((crowd == 0) & allowed).nonzero()[0]
    if len(free):
        # Of a few, the one with the fewest others near to it leaves most room.
        drawn = free[random.integers(len(free), size=8)]
        return int(drawn[spread[drawn].argmin()])
    forced = random.random() < _FORCED
    for others in (2, 1) if forced else (1, 2):
        swaps = ((crowd == others) & allowed).nonzero()[0]
        if len(swaps):
            return int(swaps[random.integers(len(swaps))])
    return None
