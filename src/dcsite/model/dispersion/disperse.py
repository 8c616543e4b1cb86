"""The places farthest apart, proven: check the question, start, bisect, and tell the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcsite.errors import Problem, SitesError

from .bisection import Bisection, Clock, DispersionProgress, OutOfTimeError
from .start import first_bound, good_members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .points import Points

__all__ = ["Dispersion", "DispersionProgress", "disperse"]


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
    bound = first_bound(points, count, kept)
    members = good_members(points, count, kept, clock.late)
    search = Bisection(points, count, kept, clock, on_progress, members, bound)
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
