"""The places farthest apart, proven: bisection between a set that was found and a bound.

At each distance under trial the question is whether enough points exist with all distances above
it. It is answered by `reduce` and `packing`, with a set, whose smallest distance becomes the new
lower end, or with a proof that there is none, which makes the trial distance the new upper end.
The ends meet at the optimum.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcsite.errors import Problem, SitesError

from .packing import pack
from .reduce import MOST_IN_MATRIX, reduce_points
from .start import first_bound, good_members, improve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .points import Points

__all__ = ["Dispersion", "DispersionProgress", "disperse"]

#: Where the next trial lies between the ends: proofs are the easier the higher, while sets are the
#: easier found the lower, and the lower end is usually close to the optimum.
_PART = 0.3
#: The first set is seldom farther from the optimum than this share.
_LEAP = 0.05
#: Ends this close, as a share, are tried to be closed at once.
_CLOSE = 0.01


@dataclass(frozen=True)
class Dispersion:
    """Points far apart, and how far any could be.

    Parameters
    ----------
    count : int
        How many points.
    distance : float
        Smallest distance among them, by the metric of the points.
    bound : float
        No set of as many points (with those kept) has a larger smallest distance.
    proven : bool
        Whether distance and bound are equal.
    seconds : float
        Wall time.
    members : tuple of int
        Positions of the points, those kept first, then ascending.
    """

    count: int
    distance: float
    bound: float
    proven: bool
    seconds: float
    members: tuple[int, ...]


@dataclass(frozen=True)
class DispersionProgress:
    """Where a run stands: best distance found, bound proven, seconds gone by."""

    distance: float
    bound: float
    seconds: float


class _OutOfTimeError(Exception):
    """The time limit has passed."""


class _Clock:
    def __init__(self, limit_s: float | None) -> None:
        self._begun = time.perf_counter()
        self._limit_s = limit_s

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self._begun

    def late(self) -> bool:
        """Tell whether the limit has passed."""
        return self._limit_s is not None and self.seconds() >= self._limit_s

    def check(self) -> None:
        """Raise once the limit has passed."""
        if self.late():
            raise _OutOfTimeError


def disperse(
    points: Points,
    count: int,
    *,
    keep: Sequence[int] = (),
    time_limit_s: float | None = None,
    on_progress: Callable[[DispersionProgress], None] | None = None,
) -> Dispersion:
    """Find the `count` points whose smallest distance is largest, and prove it.

    Parameters
    ----------
    points : Points
        All points and their metric. Coincident points are allowed, at distance 0.
    count : int
        How many to choose, from 2 to the number of points.
    keep : sequence of int
        Positions of points that must be among them.
    time_limit_s : float, optional
        Stop after this long with the best set and the best bound so far.
    on_progress : callable, optional
        Told whenever the set or the bound gets better.

    Returns
    -------
    Dispersion
        `proven` unless time ran out.

    Raises
    ------
    SitesError
        If `count` or `keep` do not fit the points.
    """
    kept = _checked(points, count, keep)
    clock = _Clock(time_limit_s)
    bound = first_bound(points, count, kept)
    members = good_members(points, count, kept, clock.late)
    distance = points.smallest(members)

    def tell() -> None:
        if on_progress is not None:
            on_progress(DispersionProgress(distance, bound, clock.seconds()))

    bound = max(bound, distance)
    tell()
    try:
        while distance < bound:
            clock.check()
            trial = _next_trial(points, distance, bound)
            found = _spread_above(points, trial, count, kept, clock.check)
            if found is None:
                bound = max(trial, distance)
            else:
                better, _ = improve(points, found, len(kept), clock.late)
                members = max(found, better, key=points.smallest)
                distance = points.smallest(members)
                bound = max(bound, distance)
            tell()
    except _OutOfTimeError:
        pass
    others = sorted(set(map(int, members)) - set(kept))
    return Dispersion(
        count=count,
        distance=distance,
        bound=bound,
        proven=distance == bound,
        seconds=clock.seconds(),
        members=(*kept, *others),
    )


def _checked(points: Points, count: int, keep: Sequence[int]) -> list[int]:
    """Return the points to keep, after checking them and the count."""
    problems: list[Problem] = []
    if not 2 <= count <= len(points):
        problems.append(
            Problem("count", "", f"is {count}; allowed: from 2 to the {len(points)} points")
        )
    kept = [int(member) for member in keep]
    for member in kept:
        if not 0 <= member < len(points):
            problems.append(
                Problem("keep", "", f"has {member}; allowed: positions 0 to {len(points) - 1}")
            )
    if len(set(kept)) < len(kept):
        problems.append(Problem("keep", "", "names a point twice; name each once"))
    elif len(kept) > count:
        problems.append(
            Problem("keep", "", f"has {len(kept)} points, more than the {count} to choose")
        )
    if problems:
        raise SitesError(problems)
    return kept


def _next_trial(points: Points, distance: float, bound: float) -> float:
    """Return a distance to try, from the lower end up to below the upper one."""
    if bound - distance <= max(1.0 if points.whole else 0.0, _CLOSE * distance):
        return distance
    trial = distance + min(_PART * (bound - distance), _LEAP * distance)
    trial = float(np.floor(trial)) if points.whole else trial
    # In floating point a part of the way may be no way at all.
    return trial if distance < trial < bound else distance


def _spread_above(
    points: Points,
    limit: float,
    count: int,
    kept: list[int],
    check: Callable[[], None],
) -> NDArray[np.intp] | None:
    """Find `count` points, `kept` first, with all distances above `limit`; None: there are none."""
    fixed = np.array(kept, dtype=np.intp)
    if points.smallest(fixed) <= limit:
        return None
    live = np.arange(len(points))
    if kept:
        live = live[~points.near(fixed, live, limit).any(axis=0)]
    wanted = count - len(kept)
    if wanted == 0:
        return fixed
    live = reduce_points(points, live, limit, check)
    if len(live) < wanted:
        return None
    if len(live) > MOST_IN_MATRIX:
        raise SitesError(
            Problem(
                "count",
                "",
                f"is {count} of {len(points)} points: {len(live)} points are left at distance "
                f"{limit:g}, more than the {MOST_IN_MATRIX} that are searched; choose fewer",
            )
        )
    found = pack(points.near(live, live, limit), wanted, check)
    return None if found is None else np.concatenate((fixed, live[found]))
