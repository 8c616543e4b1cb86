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

from dcsite.criteria import measure_sites
from dcsite.errors import InterruptedWithoutPlanError, NoPlanInTimeError

from .front import SPACING, Front, check_axes, share_bounds, without_dominated
from .front_search import ScoreProgram, ScoreSearch, SpacingProgram
from .front_spacing import SpacingSearch

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.criteria.cache import MeasureCache
    from dcsite.scenario import Scenario
    from dcsite.solvers import SolveOptions


def find_front(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    x: str,
    y: str,
    points: int,
    options: SolveOptions,
    *,
    version: str,
    jobs: int = 2,
    cache: MeasureCache | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_point: Callable[[int, int], None] | None = None,
) -> Front:
    """Find the front of two measures.

    Parameters
    ----------
    scenario, atlas, sites
        What is asked, what is known, where a hub could stand.
    x, y : str
        Names of scored measures, or of criteria for their first scored measure; x may also be
        ``spacing``, the least distance between any two new hubs.
    points : int
        Values of epsilon, both ends included.
    options : SolveOptions
        For every solve; a time limit counts for each.
    version : str
        Version of dcsite.
    jobs : int
        Solvers that run at once.
    cache : MeasureCache, optional
        Where measured sites are kept between runs; nowhere by default.
    on_stage : callable, optional
        Called with ``measure``, ``build`` and ``solve`` as each begins.
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
    stage("measure")
    measure = measure_sites if cache is None else cache.measure_sites
    measured = measure(sites, atlas, scenario)
    stage("build")
    search = _search_for(x, y, (scenario, atlas, measured), points, options, jobs, on_point)
    stage("solve")
    complete = True
    try:
        search.run()
    except KeyboardInterrupt:
        complete = False
    found = share_bounds(search.points, options.gap)
    if not found:
        if complete:
            raise NoPlanInTimeError("no point of the front was found in time; allow more time")
        raise InterruptedWithoutPlanError("interrupted before any point of the front was found")
    kept = without_dominated(found)
    x_label, y_label = (
        next(m.label for m in kept[0].measures if m.label.measure == name)
        for name in search.programs[0].measures
    )
    return Front(
        scenario_name=scenario.name,
        title_en=scenario.title_en,
        title_ja=scenario.title_ja,
        x=x_label,
        y=y_label,
        points=tuple(kept),
        points_asked=points,
        dominated=len(found) - len(kept),
        notes=tuple(search.notes),
        complete=complete,
        gap_asked=options.gap,
        penalty=search.penalty,
        x_bound=float(search.x_bound),
        dcsite_version=version,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=time.perf_counter() - begun,
    )


def _search_for(
    x: str,
    y: str,
    question: tuple[Scenario, Atlas, gpd.GeoDataFrame],
    count: int,
    options: SolveOptions,
    jobs: int,
    on_point: Callable[[int, int], None] | None,
) -> ScoreSearch | SpacingSearch:
    jobs = max(1, jobs)
    if x == SPACING:
        spaced = [SpacingProgram(*question, y) for _ in range(jobs)]
        return SpacingSearch(*question, spaced, count, options, on_point)
    scored = [ScoreProgram(*question, x, y) for _ in range(jobs)]
    return ScoreSearch(*question, scored, count, options, on_point)
