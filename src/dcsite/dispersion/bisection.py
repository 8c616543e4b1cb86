"""The places farthest apart, proven by bisection between a set found and a bound proven.

At each distance under trial the question is whether enough points exist with all distances above
it. It is answered by `reduce` and `packing`, with a set, whose smallest distance becomes the new
lower end, or with a proof that there is none, which makes the trial distance the new upper end.
The ends meet at the optimum. Where reduction leaves more points than can be compared, the trial
stays open and larger distances are tried, so that at least the bound falls.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcsite.errors import Problem, SitesError

from .packing import pack
from .reduce import MOST_IN_MATRIX, reduce_points
from .start import Exchanges, first_bound, good_members, improve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .points import Points

#: Where the next trial lies between the ends: proofs are the easier the higher, while sets are the
#: easier found the lower, and the lower end is usually close to the optimum.
_PART = 0.3
#: The first set is seldom farther from the optimum than this share.
_LEAP = 0.03
#: Ends this close, as a share, are tried to be closed at once.
_CLOSE = 0.015
#: Where so few points are left, the optimum itself is tried next.
_FEW_LEFT = 150
#: From this many points on, a set is looked for by exchanges first: proofs take their time.
_CLIMB_FROM = 250
#: Steps of each search by exchanges for each point, for proofs take the longer the more points, and
#: the shares by which it tries to rise in turn.
_STEPS_PER_POINT = 6
_RISES = (0.02, 0.01, 0.005, 0.0)


@dataclass(frozen=True)
class DispersionProgress:
    """Where a run stands: best distance found, bound proven, seconds gone by."""

    distance: float
    bound: float
    seconds: float


class OutOfTimeError(Exception):
    """The time limit has passed."""


class _TooManyLeftError(Exception):
    """More points are left after reduction than a matrix of all pairs may hold."""


class Clock:
    """Wall time since the start, and the limit on it."""

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
            raise OutOfTimeError


class Bisection:
    """The best set so far, the bound so far, and how they come together.

    What stands here is true at every moment, so that the search may be broken off anywhere.
    """

    def __init__(
        self,
        points: Points,
        count: int,
        kept: list[int],
        clock: Clock,
        on_progress: Callable[[DispersionProgress], None] | None,
    ) -> None:
        self._points, self._count, self._kept = points, count, kept
        self._clock, self._on_progress = clock, on_progress
        self._bound = first_bound(points, count, kept)
        members = good_members(points, count, kept, clock.late)
        self._best = (points.smallest(members), members)
        #: At this distance too many points are left to tell.
        self._open = -1.0
        self._climbed = False
        self._exchanges = Exchanges(points, clock.check)
        self._few_left = False

    @property
    def distance(self) -> float:
        """Smallest distance of the best set."""
        return self._best[0]

    @property
    def members(self) -> NDArray[np.intp]:
        """The best set."""
        return self._best[1]

    @property
    def bound(self) -> float:
        """What no set exceeds."""
        return max(self._bound, self.distance)

    @property
    def proven(self) -> bool:
        """Whether the two ends have met."""
        return self.distance == self.bound

    def run(self) -> None:
        """Close the gap as far as it can be closed."""
        self._tell()
        while not self.proven:
            self._clock.check()
            low = max(self.distance, self._open)
            trial = self._next_trial(low)
            if trial <= self._open:
                return
            try:
                found = self._spread_above(trial)
            except _TooManyLeftError:
                # Larger distances leave fewer points: the bound may still fall.
                self._open = trial
                continue
            if found is None:
                self._bound = trial
            else:
                self._take(found)
            self._tell()

    def _next_trial(self, low: float) -> float:
        """Return a distance to try, from the lower end up to below the upper one."""
        points, gap = self._points, self.bound - low
        if (self._few_left and low > self._open) or gap <= max(
            1.0 if points.whole else 0.0, _CLOSE * low
        ):
            return low
        trial = low + min(_PART * gap, _LEAP * low)
        trial = float(np.floor(trial)) if points.whole else trial
        # In floating point a part of the way may be no way at all.
        return trial if low < trial < self.bound else low

    def _joining(self, among: NDArray[np.intp], limit: float) -> NDArray[np.intp] | None:
        """Return which of `among` can join those kept; None where these are too near themselves."""
        fixed = np.array(self._kept, dtype=np.intp)
        if self._points.smallest(fixed) <= limit:
            return None
        if not len(fixed):
            return among
        return among[~self._points.near(fixed, among, limit).any(axis=0)]

    def _spread_above(self, limit: float) -> NDArray[np.intp] | None:
        """Find points, those kept first, with all distances above `limit`; None: there are none."""
        points, check = self._points, self._clock.check
        fixed = np.array(self._kept, dtype=np.intp)
        live = self._joining(points.everyone, limit)
        if live is None:
            return None
        wanted = self._count - len(fixed)
        if wanted == 0:
            return fixed
        live = reduce_points(points, live, limit, check)
        self._few_left = len(live) <= _FEW_LEFT
        if len(live) < wanted:
            return None
        if len(live) > _CLIMB_FROM:
            rise = limit / self.distance - 1.0 if self.distance else 0.0
            self._climb(live, limit, (rise, 0.0) if self._climbed else (rise, *_RISES))
            self._climbed = True
            if self.distance > limit:
                return self.members
        if len(live) > MOST_IN_MATRIX:
            raise _TooManyLeftError
        found = pack(points.near(live, live, limit), wanted, check)
        return None if found is None else np.concatenate((fixed, live[found]))

    def _climb(self, among: NDArray[np.intp], limit: float, rises: tuple[float, ...]) -> None:
        """Better the set by exchanges, rising by shares while it can be, up to above `limit`.

        Nothing is proven. `among` are points to take: those that suffice for a set above `limit`
        nearly suffice somewhat below.
        """
        fixed = np.array(self._kept, dtype=np.intp)
        wanted, steps = self._count - len(fixed), _STEPS_PER_POINT * len(among)
        for rise in rises:
            better = wanted > 0
            while better and self.distance <= limit and not self.proven:
                asked = self.distance * (1.0 + rise)
                live = self._joining(among, asked)
                found = None
                if live is not None:
                    found = self._exchanges.find(live, asked, wanted, steps)
                better = found is not None
                if found is not None:
                    self._take(np.concatenate((fixed, found)))
                    self._tell()

    def _take(self, found: NDArray[np.intp]) -> None:
        """Keep a better set, bettered once more by exchanges."""
        points = self._points
        better, _ = improve(points, found, len(self._kept), self._clock.late)
        members = max(found, better, key=points.smallest)
        self._best = (points.smallest(members), members)

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(DispersionProgress(self.distance, self.bound, self._clock.seconds()))


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
    interrupted : bool
        Whether Ctrl-C ended the search before it was proven.
    """

    count: int
    distance: float
    bound: float
    proven: bool
    seconds: float
    members: tuple[int, ...]
    interrupted: bool = False


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
        `proven` unless time ran out, Ctrl-C came, or more points than can be held are left where
        only they could tell.

    Raises
    ------
    SitesError
        If `count` or `keep` do not fit the points.
    KeyboardInterrupt
        On Ctrl-C before any set is found.
    """
    kept = _checked(points, count, keep)
    clock = Clock(time_limit_s)
    search = Bisection(points, count, kept, clock, on_progress)
    interrupted = False
    try:
        search.run()
    except OutOfTimeError:
        pass
    except KeyboardInterrupt:
        interrupted = not search.proven
    others = sorted(set(map(int, search.members)) - set(kept))
    return Dispersion(
        count=count,
        distance=search.distance,
        bound=search.bound,
        proven=search.proven,
        seconds=clock.seconds(),
        members=(*kept, *others),
        interrupted=interrupted,
    )


def _checked(points: Points, count: int, keep: Sequence[int]) -> list[int]:
    """Return the points to keep, after checking them and the count."""
    kept = [int(member) for member in keep]
    last = len(points) - 1
    wrong = [
        ("keep", f"has {member}; allowed: positions 0 to {last}")
        for member in kept
        if not 0 <= member <= last
    ]
    if not 2 <= count <= len(points):
        wrong.insert(0, ("count", f"is {count}; allowed: from 2 to the {len(points)} points"))
    if len(set(kept)) < len(kept):
        wrong.append(("keep", "names a point twice; name each once"))
    elif len(kept) > count:
        wrong.append(("keep", f"has {len(kept)} points, more than the {count} to choose"))
    if wrong:
        raise SitesError(Problem(where, "", message) for where, message in wrong)
    return kept
