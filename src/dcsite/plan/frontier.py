"""Fronts of two measures by the augmented epsilon-constraint method.

For each epsilon on an even grid between the ends, x's score is held to at least epsilon and
``y's score + delta * x's score`` is maximised. This is AUGMECON: with the surplus
``s = x - epsilon``, ``y + delta * s`` differs from it by a constant. Delta is so small that y
comes first, and not zero, so that of equal y the larger x wins and no weakly dominated plan is
returned. The ends are lexicographic: the best x with the best y that goes with it, and the
reverse; x only to five times the gap asked for (see `_END_GAPS`). The other measures have no
weight: only rules count. Soft rules and unserved demand may be broken as much as the least any
plan breaks them (usually not at all), in the scenario's penalties, so that no point buys its
scores with violations.

Epsilon falls from point to point, so that each plan found is a start for the next. Two
solvers run at once. Every plan is evaluated anew from tables; a point's values are those of the
evaluation.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from dcsite.criteria import measure_sites
from dcsite.errors import (
    DcsiteError,
    InfeasibleError,
    InterruptedWithoutPlanError,
    NoPlanInTimeError,
    Problem,
    SolverError,
)
from dcsite.model import chosen_hubs

from .front_points import Found, make_point, share_bounds, without_dominated
from .front_program import FrontProgram, Goal
from .front_types import Front

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model import Outcome, SolveOptions
    from dcsite.scenario import Scenario

    from .front_types import FrontPoint

__all__ = ["check_axes", "find_front"]

#: How soon a Ctrl-C is seen while solvers run.
_LOOK_S = 0.2

#: Penalties below this are arithmetic.
_NO_PENALTY = 1e-7

#: The end of x is sought to this many times the gap asked for, and held to as much less than the
#: best x found: how far the front reaches needs less proof than how good its points are, and
#: among the last tenths of a percent of x neither solver finds plans in minutes.
_END_GAPS = 5.0

#: Weight of x beside y: a tenth of the gap asked for, within what arithmetic can tell apart.
_LEAST_DELTA, _MOST_DELTA = 1e-6, 1e-4


def check_axes(x: str, y: str, points: int) -> None:
    """Raise DcsiteError for a front that cannot be drawn."""
    problems = []
    if points < 2:
        problems.append(Problem("--points", "", f"is {points}; a front has at least 2 points"))
    if x == y:
        problems.append(Problem("--y", "", f"is {y} as --x is; give two different measures"))
    if problems:
        raise DcsiteError(problems)


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
    on_stage: Callable[[str], None] | None = None,
    on_point: Callable[[int, int], None] | None = None,
) -> Front:
    """Find the front of two measures.

    Parameters
    ----------
    scenario, atlas, sites
        What is asked, what is known, where a hub could stand.
    x, y : str
        Names of scored measures, or of criteria for their first scored measure.
    points : int
        Values of epsilon, both ends included.
    options : SolveOptions
        For every solve; a time limit counts for each.
    version : str
        Version of dcsite.
    jobs : int
        Solvers that run at once.
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
    measured = measure_sites(sites, atlas, scenario)
    stage("build")
    programs = [FrontProgram(scenario, atlas, measured, x, y) for _ in range(max(1, jobs))]
    stage("solve")
    search = _Search(scenario, atlas, measured, programs, points, options, on_point)
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
        for name in programs[0].measures
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
        x_score_bound=float(search.x_bound),
        dcsite_version=version,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=time.perf_counter() - begun,
    )


class _Search:
    def __init__(
        self,
        scenario: Scenario,
        atlas: Atlas,
        sites: gpd.GeoDataFrame,
        programs: Sequence[FrontProgram],
        count: int,
        options: SolveOptions,
        on_point: Callable[[int, int], None] | None,
    ) -> None:
        self._question = (sites, atlas, scenario)
        self._programs = programs
        self._count = count
        self._options = options
        self._on_point = on_point or (lambda _done, _all: None)
        self._delta = min(max(options.gap / 10.0, _LEAST_DELTA), _MOST_DELTA)
        self._free = list(programs)
        self._halt = threading.Event()
        self._plans: list[tuple[float, dict[str, float]]] = []
        self._answered = 0
        self.penalty = 0.0
        self.x_bound = np.inf
        self.points: list[FrontPoint] = []
        self.notes: list[str] = []

    def run(self) -> None:
        """Find both ends, then the points between them."""
        with ThreadPoolExecutor(len(self._programs), thread_name_prefix="dcsite-front") as pool:
            self._pool = pool
            try:
                self._least_penalty()
                low, high = self._ends()
                self._between(low, high)
            except BaseException:
                self._halt.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    # -- the parts -----------------------------------------------------------------------------

    def _least_penalty(self) -> None:
        (outcome,) = self._all([Goal(penalty=1.0)])
        values = self._values(outcome)
        least = max(values["front_penalty"], 0.0)
        self.penalty = least if least > _NO_PENALTY else 0.0
        self._first = values

    def _ends(self) -> tuple[float, float]:
        """Return the scores on x between which the front runs; both ends become points."""
        start = self._first
        best_x, best_y = self._all(
            [
                self._goal(x=1.0, start=start, gap=min(_END_GAPS * self._options.gap, 1.0)),
                self._goal(y=1.0, start=start),
            ]
        )
        x_values, y_values = self._values(best_x), self._values(best_y)
        top_y = y_values["front_y"]
        high = x_values["front_x"] * (1.0 - _END_GAPS * self._options.gap)
        far, near = self._all(
            [
                self._goal(x=self._delta, y=1.0, least_x=high, start=x_values),
                self._goal(x=1.0, least_y=top_y, start=y_values),
            ]
        )
        far_values, near_values = self._values(far), self._values(near)
        low = near_values["front_x"]
        self.x_bound = np.inf if best_x.bound is None else best_x.bound
        self._take(high, far, self._bound_on_y(far, high), far_values)
        # Any plan's y is at most what maximising y alone has proven.
        bound = np.inf if best_y.bound is None else best_y.bound
        self._take(low, near, bound, near_values, proven=best_y.status == "optimal")
        return low, high

    def _between(self, low: float, high: float) -> None:
        waiting = list(np.linspace(high, low, self._count)[1:-1]) if high > low else []
        running: dict[Future[Outcome], float] = {}
        while waiting or running:
            while waiting and self._free:
                eps = float(waiting.pop(0))
                start = max(
                    (plan for plan in self._plans if plan[0] >= eps - 1e-9),
                    key=lambda plan: plan[1]["front_y"],
                    default=(0.0, None),
                )[1]
                goal = self._goal(x=self._delta, y=1.0, least_x=eps, start=start)
                running[self._submit(goal)] = eps
            done, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in done:
                self._finish(running.pop(future), _result(future))

    def _finish(self, eps: float, outcome: Outcome) -> None:
        if outcome.values is None or outcome.objective is None:
            why = "no plan reaches it" if outcome.status == "infeasible" else "no plan in time"
            self.notes.append(f"x score {eps:.6f}: {why}")
            self._tell()
            return
        self._take(eps, outcome, self._bound_on_y(outcome, eps), outcome.values)

    # -- solving -------------------------------------------------------------------------------

    def _goal(self, **parts: object) -> Goal:
        return replace(Goal(most_penalty=self.penalty), **parts)  # type: ignore[arg-type]

    def _submit(self, goal: Goal) -> Future[Outcome]:
        program = self._free.pop()

        def work() -> Outcome:
            try:
                return program.solve(goal, self._options, self._halt.is_set)
            finally:
                self._free.append(program)

        return self._pool.submit(work)

    def _all(self, goals: Sequence[Goal]) -> list[Outcome]:
        """Solve for goals, as many at once as there are programs."""
        waiting = list(goals)
        futures: list[Future[Outcome]] = []
        while waiting or not all(future.done() for future in futures):
            while waiting and self._free:
                futures.append(self._submit(waiting.pop(0)))
            wait(futures, timeout=_LOOK_S)
        return [_result(future) for future in futures]

    def _values(self, outcome: Outcome) -> dict[str, float]:
        if outcome.status == "infeasible":
            name = self._question[2].name
            raise InfeasibleError(
                Problem(
                    "infeasible",
                    "",
                    f"no plan meets all hard rules of scenario {name}, so there is no front; "
                    f"dcsite solve names the rules that cannot hold together",
                )
            )
        if outcome.values is None:
            raise NoPlanInTimeError(
                Problem("--time-limit", "", "an end of the front was not found; allow more time")
            )
        return outcome.values

    def _bound_on_y(self, outcome: Outcome, eps: float) -> float:
        """Return a bound on y: that of the objective less what x adds to it at the least."""
        return np.inf if outcome.bound is None else outcome.bound - self._delta * eps

    def _take(
        self,
        eps: float,
        outcome: Outcome,
        bound: float,
        values: dict[str, float],
        *,
        proven: bool | None = None,
    ) -> None:
        found = Found(
            eps=eps,
            chosen=chosen_hubs(self._programs[0].program, values),
            y_score=values["front_y"],
            y_bound=bound,
            proven=outcome.status == "optimal" if proven is None else proven,
            wall_s=outcome.wall_s,
        )
        self.points.append(
            make_point(found, *self._question, self._programs[0].measures, self.penalty)
        )
        self._plans.append((values["front_x"], values))
        self._tell()

    def _tell(self) -> None:
        self._answered += 1
        self._on_point(self._answered, self._count)


def _result(future: Future[Outcome]) -> Outcome:
    outcome = future.result()
    if outcome.status == "unbounded":
        raise SolverError("the program came out unbounded, which it cannot be")
    return outcome
