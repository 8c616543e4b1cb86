"""Fronts of two measures by the augmented epsilon-constraint method.

For each epsilon on an even grid between the ends, x is held to at least epsilon and y's score is
maximised; of plans with equal y the one with the larger x is taken, so that no weakly dominated
plan is returned (:mod:`.front_search` by a term of the objective, :mod:`.front_spacing` by a
search). The ends are lexicographic, each to the gap asked for. The other
measures have no weight: only rules count. Soft rules and unserved demand may be broken as much as
the least any plan breaks them (usually not at all), in the scenario's penalties, so that no point
buys its scores with violations.

Epsilon falls from point to point, so that each plan found is a start for the next. Two
solvers run at once. Every plan is evaluated anew from tables; a point's values are those of the
evaluation.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dcsite.errors import InterruptedWithoutPlanError, NoPlanInTimeError

from .front import SPACING, Front, check_axes, share_bounds, without_dominated
from .front_search import FrontProgram, ScoreSearch
from .front_spacing import SpacingSearch

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcsite.plan import Session


def find_front(
    session: Session,
    x: str,
    y: str,
    points: int,
    *,
    jobs: int = 2,
    on_stage: Callable[[str], None] | None = None,
    on_point: Callable[[int, int], None] | None = None,
) -> Front:
    """Find the front of two measures.

    Parameters
    ----------
    session : Session
        What is asked and known; its options are for every solve, a time limit counts for each.
    x, y : str
        Names of scored measures, or of criteria for their first scored measure; x may also be
        ``spacing``, the least distance between any two new hubs.
    points : int
        Values of epsilon, both ends included.
    jobs : int
        Solvers that run at once.
    on_stage : callable, optional
        Called with ``read``, ``measure``, ``build`` and ``solve`` as each begins.
    on_point : callable, optional
        Called with the number of epsilons answered and of all.

    Returns
    -------
    Front
        After Ctrl-C with the points done so far, and `complete` False.

    Raises
    ------
    DcsiteError
        For bad axes.
    InfeasibleError, NoPlanInTimeError, InterruptedWithoutPlanError, SolverError, CheckError
        As their texts say.
    """
    begun = time.perf_counter()
    check_axes(x, y, points)
    stage = on_stage or (lambda _: None)
    stage("read")
    scenario, _, _ = session.scenario, session.atlas, session.sites
    stage("measure")
    candidates = session.candidates
    stage("build")
    programs = [FrontProgram(candidates, x, y) for _ in range(max(1, jobs))]
    kind = SpacingSearch if x == SPACING else ScoreSearch
    search = kind(session, programs, points, on_point)
    stage("solve")
    complete = True
    try:
        search.run()
    except KeyboardInterrupt:
        complete = False
    found = share_bounds(search.points, session.options.gap)
    if not found:
        if complete:
            raise NoPlanInTimeError("no point of the front was found in time; allow more time")
        raise InterruptedWithoutPlanError("interrupted before any point of the front was found")
    kept = without_dominated(found)
    x_axis, y_axis = (
        next(one.label for one in kept[0].measures if one.measure == name)
        for name in programs[0].measures
    )
    return Front(
        dcsite_version=session.version,
        scenario_name=scenario.name,
        title_en=scenario.title_en,
        title_ja=scenario.title_ja,
        complete=complete,
        x=x_axis,
        y=y_axis,
        points_asked=points,
        dominated=len(found) - len(kept),
        notes=tuple(search.notes),
        gap_asked=session.options.gap,
        penalty=search.penalty,
        x_bound=float(search.x_bound),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=time.perf_counter() - begun,
        points=tuple(kept),
    )
