"""Fronts of two measures by the augmented epsilon-constraint method.

For each epsilon on an even grid between the ends, x is held to at least epsilon and y's score is
maximised; of plans with equal y the one with the larger x is taken, so that no weakly dominated
plan is returned: by a term of the objective where x is a score (:class:`ScoreSearch`), by a search
where it is the spacing between hubs (:class:`SpacingSearch`). The ends are the best x with the best
y that goes with it, and the best y; each to the gap asked for. The other measures have no weight,
only rules count; or y is the points of all of them, as the scenario
weighs them. Soft rules and unserved demand may be broken as much as the least any plan breaks them
(usually not at all), in the scenario's penalties, so that no point buys its scores with violations.

Epsilon falls from point to point, so that each plan found is a start for the next. Two solvers run
at once. Every plan is evaluated anew from tables; a point's values are those of the evaluation.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dcsite.dispersion import Points, disperse
from dcsite.errors import (
    DcsiteError,
    InterruptedWithoutPlanError,
    NoPlanInTimeError,
    Problem,
)
from dcsite.geo.geodesy import geodesic_km
from dcsite.model.cliques import DENSE_LIMIT

from .front import SPACING, Front, check_axes, share_bounds, without_dominated
from .front_search import Answered, FrontProgram, FrontSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.model import SiteProgram
    from dcsite.plan import Session
    from dcsite.solvers import Outcome

#: Solvers that run at once.
_AT_ONCE = 2

#: Weight of x beside y: a tenth of the gap asked for, within what arithmetic can tell apart.
_LEAST_DELTA, _MOST_DELTA = 1e-6, 1e-4

#: No two spacings are told apart more finely than this, in km.
_LEAST_TOLERANCE_KM = 1e-6

#: Scores on y nearer than this are equal: what the programs give back of a bound.
_SAME_Y = 1e-7


def find_front(
    session: Session,
    x: str,
    y: str,
    points: int,
    *,
    on_stage: Callable[[str], None] | None = None,
    on_point: Callable[[int, int, str], None] | None = None,
) -> Front:
    """Find the front of two measures.

    Parameters
    ----------
    session : Session
        What is asked and known; its options are for every solve, a time limit counts for each.
    x, y : str
        Names of scored measures, or of criteria for their first scored measure; x may also be
        ``spacing``, the least distance between any two new hubs, and y ``points``, all scores but
        that on x as the scenario weighs them.
    points : int
        Values of epsilon, both ends included.
    on_stage : callable, optional
        Called with ``read``, ``measure``, ``build`` and ``solve`` as each begins.
    on_point : callable, optional
        Called with the number of epsilons answered and of all, and what was found of the last.

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
    programs = [FrontProgram(candidates, x, y) for _ in range(_AT_ONCE)]
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


class ScoreSearch(FrontSearch):
    """The search where x is a score: the augmented epsilon-constraint method (AUGMECON).

    For each epsilon x's score is held to at least epsilon and ``y's score + delta * x's score`` is
    maximised; with the surplus ``s = x - epsilon``, ``y + delta * s`` differs from it by a
    constant. Delta is so small that y comes first, and not zero, so that of equal y the larger x
    wins and no weakly dominated plan is returned.
    """

    @property
    def delta(self) -> float:  # type: ignore[override]  # follows from the gap asked for
        """Weight of x beside y."""
        return min(max(self.options.gap / 10.0, _LEAST_DELTA), _MOST_DELTA)

    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Maximise x, then y beside it; and y, with x as on every epsilon.

        To ask for the most x that goes with the best y takes many times as long: of plans that are
        equal in y within the gap there are many, and no bound tells them apart.
        """
        best_x, near = self.solved(
            self.goal(x=1.0, start=first), self.goal(x=self.delta, y=1.0, start=first)
        )
        x_values, near_values = self.values(best_x), self.values(near)
        # Held to the best x within the gap that is proven, so that y is not lost to a hair of x.
        high = x_values["front_x"] * (1.0 - self.options.gap)
        low = near_values["front_x"]
        (far,) = self.solved(self.goal(x=self.delta, y=1.0, least_x=high, start=x_values))
        self.x_bound = np.inf if best_x.bound is None else best_x.bound
        self.take(high, self.values(far), far, best_x.wall_s + far.wall_s, self.delta)
        self.take(low, near_values, near, near.wall_s, self.delta)
        return low, high

    def answer(
        self,
        program: FrontProgram,
        eps: float,
        eps_above: float,
        start: Mapping[str, float] | None,
    ) -> Answered:
        """Maximise y, and x a little, from a neighbour's plan."""
        outcome = self.solve(program, self.goal(x=self.delta, y=1.0, least_x=eps, start=start))
        return Answered(outcome, outcome.values, outcome.wall_s)


@dataclass(frozen=True)
class _Farthest:
    """A plan, the spacing it keeps, and a spacing that no such plan exceeds; both in km."""

    spacing_km: float
    bound_km: float
    values: Mapping[str, float]
    wall_s: float


def least_hubs(program: SiteProgram) -> int:
    """Return how many hubs every plan has at the least, by hard rules alone."""
    tiers = program.scenario.tiers
    count = 0
    if program.mode("tier_counts") == "hard":
        large = tiers.large.count.min
        if program.scenario.cores_count_as_large:
            large = max(0, large - tiers.core.count.max)
        count = tiers.core.count.min + large + tiers.regional.count.min
    if program.mode("total_it_load") == "hard" and program.eligible.any():
        most_mw = float(program.max_mw[program.eligible].max())
        count = max(count, math.ceil(program.total_it_load_mw / most_mw - 1e-9))
    return count


class SpacingSearch(FrontSearch):
    """The search where x is the spacing: the least distance between any two hubs, in km.

    Spacing enters the program as clique rows, not as a term, so nothing can be added to the
    objective to break ties. What the augmented method does by a term is done here by a search:
    once y is maximised for a least spacing, the largest spacing that keeps this y is found by
    bisection, each step a program of its own whose rows are laid for that spacing. So of equal y
    the wider plan is returned, to the gap asked for in both. The upper end starts from the exact
    p-dispersion of all sites that may carry a hub: no plan can be spaced wider.
    """

    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Find the widest spacing and the best y it allows; and the reverse."""
        top_km = self._widest_km

        def far(program: FrontProgram) -> tuple[_Farthest, Outcome]:
            widest = self._farthest(program, first, top_km)
            best_y = self.solve(
                program, self.goal(y=1.0, least_x=widest.spacing_km, start=widest.values)
            )
            return widest, best_y

        def near(program: FrontProgram) -> tuple[_Farthest, Outcome]:
            best_y = self.solve(program, self.goal(y=1.0, start=first))
            return self._farthest(program, self.values(best_y), top_km, keep_y=True), best_y

        (widest, y_there), (nearest, top_y) = self.all(far, near)
        self.x_bound = widest.bound_km
        low, high = nearest.spacing_km, widest.spacing_km
        self.take(high, self.values(y_there), y_there, widest.wall_s + y_there.wall_s)
        self.take(low, nearest.values, top_y, nearest.wall_s + top_y.wall_s)
        if high <= low:
            self.notes.append(
                f"nothing to trade: a plan with the best y keeps its hubs {low:.1f} km apart, and "
                f"no plan more than {self.x_bound:.1f} km"
            )
        return low, high

    def answer(
        self,
        program: FrontProgram,
        eps: float,
        eps_above: float,
        start: Mapping[str, float] | None,
    ) -> Answered:
        """Maximise y from a neighbour's plan, then keep that y and space the hubs out."""
        outcome = self.solve(program, self.goal(y=1.0, least_x=eps, start=start))
        if outcome.values is None:
            return Answered(outcome, None, outcome.wall_s)
        if start is not None and start["front_y"] >= outcome.values["front_y"] - _SAME_Y:
            # The neighbour is as good and spaced no less: it stands for this epsilon too.
            return Answered(outcome, start, outcome.wall_s)
        wider = self._farthest(program, outcome.values, eps_above, keep_y=True, nearby=True)
        return Answered(outcome, wider.values, outcome.wall_s + wider.wall_s)

    @cached_property
    def _widest_km(self) -> float:
        """Bound the spacing of any plan: as many sites as it has hubs, as far apart as can be."""
        program = self.programs[0].site_program
        count = least_hubs(program)
        if count < 2:
            raise DcsiteError(
                Problem(
                    "--x",
                    "",
                    f"{SPACING} lies between two hubs, and the hard rules of this scenario allow "
                    f"a plan of {count}; ask for two at least (tiers.*.count)",
                )
            )
        sites = self._candidates
        points = Points(sites["lat_deg"].to_numpy(dtype=float), sites["lon_deg"].to_numpy(float))
        found = disperse(points, count, time_limit_s=self.options.time_limit_s)
        if found.interrupted:
            raise KeyboardInterrupt
        return found.bound

    @cached_property
    def _candidates(self) -> gpd.GeoDataFrame:
        """Return the sites that may carry a hub of some tier."""
        program = self.programs[0].site_program
        return program.sites[program.eligible.any(axis=1)]

    @cached_property
    def _between_km(self) -> NDArray[np.float64]:
        """Return all distances between candidates, rising: a spacing is one of them.

        None for very many sites, where the table would be too large; steps are then not snapped.
        """
        sites = self._candidates
        if len(sites) > DENSE_LIMIT:
            return np.empty(0)
        lat, lon = sites["lat_deg"].to_numpy(dtype=float), sites["lon_deg"].to_numpy(dtype=float)
        first, second = np.triu_indices(len(sites), 1)
        return np.unique(geodesic_km(lat[first], lon[first], lat[second], lon[second]))

    @property
    def _tolerance_km(self) -> float:
        return max(self.options.gap * self._widest_km, _LEAST_TOLERANCE_KM)

    def _farthest(
        self,
        program: FrontProgram,
        values: Mapping[str, float],
        bound_km: float,
        *,
        keep_y: bool = False,
        nearby: bool = False,
    ) -> _Farthest:
        """Space the hubs of a plan out by bisection, with no less y if that is to be kept.

        Stops within the tolerance, or at a step that no solve decided in time. `nearby` tries the
        smallest step first: mostly there is none. To keep y it is maximised, and plans as good
        within the gap are let in: with none to stop at, to prove the last of the gap takes several
        times as long as all before it. The bound is proven only where y need not be kept.
        """
        same_y = values["front_y"] - _SAME_Y if keep_y else -np.inf
        parts = {}
        if keep_y:
            parts = {"y": 1.0, "least_y": values["front_y"] * (1.0 - self.options.gap)}
        spacing_km = program.x_of(values)
        wall_s = 0.0
        part = 0.0 if nearby else 0.5
        while bound_km - spacing_km > self._tolerance_km:
            step_km = max(part * (bound_km - spacing_km), self._tolerance_km)
            outcome = self.solve(program, self.goal(least_x=spacing_km + step_km, **parts))
            wall_s += outcome.wall_s
            if outcome.values is None and outcome.status != "infeasible":
                break
            if outcome.values is None or outcome.values["front_y"] < same_y:
                bound_km = self._below(spacing_km + step_km)
            else:
                values = outcome.values
                spacing_km = max(program.x_of(values), spacing_km + step_km)
            part = 0.5
        return _Farthest(spacing_km, bound_km, values, wall_s)

    def _below(self, distance_km: float) -> float:
        """Return the largest spacing there can be below a distance that no plan keeps."""
        number = int(np.searchsorted(self._between_km, distance_km))
        return float(self._between_km[number - 1]) if number else distance_km
