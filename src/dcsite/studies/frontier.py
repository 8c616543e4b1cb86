"""The search for a front of two scores by the augmented epsilon-constraint method (AUGMECON).

Beside the scenario's own rows the program has::

    front_x       = score of the measure on x
    front_y       = score of the measure on y
    front_penalty = penalties of soft rules and of unserved demand

For each epsilon on an even grid between the ends, x's score is held to at least epsilon and
``front_y + delta * front_x`` is maximised; with the surplus ``s = x - epsilon``, ``y + delta * s``
differs from it by a constant. Delta is so small that y comes first, and not zero, so that of equal
y the larger x wins and no weakly dominated plan is returned. The ends are the best x with the best
y that goes with it, and the best y; each to the gap asked for. The other measures have no weight,
only rules count; or y is the points of all of them, as the scenario weighs them. Soft rules and
unserved demand may be broken as much as the least any plan breaks them (usually not at all), in the
scenario's penalties, so that no point buys its scores with violations.

Epsilon falls from point to point, so that each plan found is a start for the next. Two solvers run
at once, each on a program of its own; everything else happens in the thread that searches. Every
plan is evaluated anew from tables; a point's values are those of the evaluation.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pulp

from dcsite.errors import (
    DcsiteError,
    InfeasibleError,
    InterruptedWithoutPlanError,
    NoPlanInTimeError,
    Problem,
    SolverError,
)
from dcsite.model import assemble
from dcsite.solvers import chosen_hubs, solve_program

from .front import (
    POINTS,
    POINTS_AXIS,
    Found,
    Front,
    make_point,
    measure_named,
    share_bounds,
    without_dominated,
)
from .pool import SolvePool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dcsite.contract import ScoreTerm
    from dcsite.model import Candidates
    from dcsite.plan import Session
    from dcsite.solvers import Outcome, SolveOptions

    from .front import FrontPoint

#: Solvers that run at once.
_AT_ONCE = 2

#: Weight of x beside y: a tenth of the gap asked for, within what arithmetic can tell apart.
_LEAST_DELTA, _MOST_DELTA = 1e-6, 1e-4

#: How much of a bound is given back, so that the plan that set the bound stays feasible.
_GIVE = 1e-7

#: Penalties below this are arithmetic.
_NO_PENALTY = 1e-7

#: What is left of an objective coefficient when all its parts are taken off.
_ROUNDING = 1e-12


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
        Names of scored measures, or of criteria for their first scored measure; y may also be
        ``points``, all scores but that on x as the scenario weighs them.
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
    if points < 2:
        raise DcsiteError(Problem("--points", "", f"is {points}; a front has at least 2 points"))
    _refuse_same(x, y)
    stage = on_stage or (lambda _: None)
    stage("read")
    scenario, _, _ = session.scenario, session.atlas, session.sites
    stage("measure")
    candidates = session.candidates
    stage("build")
    programs = [FrontProgram(candidates, x, y) for _ in range(_AT_ONCE)]
    search = FrontSearch(session, programs, points, on_point)
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


@dataclass(frozen=True)
class Goal:
    """What one solve maximises and how it is bounded.

    Parameters
    ----------
    x, y, penalty : float
        Coefficients of the objective.
    least_x : float, optional
        Score that must be reached.
    most_penalty : float, optional
        Penalties allowed.
    start : mapping of str to float, optional
        A point to begin from.
    """

    x: float = 0.0
    y: float = 0.0
    penalty: float = 0.0
    least_x: float | None = None
    most_penalty: float | None = None
    start: Mapping[str, float] | None = None


class FrontProgram:
    """A program of candidates with both scores and the penalties as variables to bound.

    Parameters
    ----------
    candidates : Candidates
        What is asked and known.
    x, y : str
        Names as a user gives them.

    Attributes
    ----------
    program : SiteProgram
        One program serves one thread at a time.
    measures : tuple of str
        Those on x and y.
    """

    def __init__(self, candidates: Candidates, x: str, y: str) -> None:
        if y != POINTS:
            # Only penalties, negative, stay in the objective.
            weights = dict.fromkeys(candidates.scenario.weights, 0.0)
            unweighted = candidates.scenario.model_copy(update={"weights": weights})
            candidates = replace(candidates, scenario=unweighted)
        self.program = assemble(candidates)
        scored = self.program.scored_measures
        x = measure_named("--x", x, scored)
        y = POINTS_AXIS.measure if y == POINTS else measure_named("--y", y, scored)
        _refuse_same(x, y)
        self.measures = (x, y)
        weighed = _points(self.program.scores)
        left = [
            (variable, weighed.get(variable, 0.0) - own)
            for variable, own in self.program.problem.objective.items()
        ]
        penalties = [(variable, value) for variable, value in left if abs(value) > _ROUNDING]
        self._x, self._y = self._score("front_x", x), self._score("front_y", y)
        self._penalty = self._defined("front_penalty", penalties, 0.0)
        self._penalty.lowBound = 0.0
        # With no penalty allowed, every decision that would bring one is out: a smaller program.
        self._dear = [(variable, variable.upBound) for variable, value in penalties if value > 0.0]

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal; not from two threads at once."""
        self._x.lowBound = None if goal.least_x is None else goal.least_x - _GIVE
        self._penalty.upBound = None if goal.most_penalty is None else goal.most_penalty + _GIVE
        for variable, up in self._dear:
            variable.upBound = 0.0 if goal.most_penalty == 0.0 else up
        terms = [(self._x, goal.x), (self._y, goal.y), (self._penalty, -goal.penalty)]
        self.program.problem.setObjective(
            pulp.LpAffineExpression({variable: value for variable, value in terms if value})
        )
        return solve_program(self.program, replace(options, start=goal.start), halted=halted)

    def _score(self, name: str, measure: str) -> pulp.LpVariable:
        scores = self.program.scores
        if measure == POINTS_AXIS.measure:
            others = [score for score in scores if score.measure != self.measures[0]]
            constant = sum(score.weight * score.constant for score in others)
            return self._defined(name, list(_points(others).items()), constant)
        score = next(score for score in scores if score.measure == measure)
        return self._defined(name, score.terms, score.constant)

    def _defined(
        self, name: str, terms: Sequence[tuple[pulp.LpVariable, float]], constant: float
    ) -> pulp.LpVariable:
        variable = self.program.problem.add_variable(name, None, None)
        self.program.row(name, [*terms, (variable, -1.0)], "==", -constant)
        self.program.defined.append((variable, list(terms), constant))
        return variable


def _refuse_same(x: str, y: str) -> None:
    if x == y:
        raise DcsiteError(Problem("--y", "", f"is {y} as --x is; give two different measures"))


def _points(scores: Sequence[ScoreTerm]) -> dict[pulp.LpVariable, float]:
    """Return the coefficients of the weighted sum of scores."""
    total: dict[pulp.LpVariable, float] = defaultdict(float)
    for score in scores:
        for variable, coefficient in score.terms:
            total[variable] += score.weight * coefficient
    return {variable: value for variable, value in total.items() if value}


class FrontSearch:
    """A search with programs that run side by side.

    Parameters
    ----------
    session : Session
        What is asked and known, and how to solve.
    programs : sequence of FrontProgram
        As many as shall run at once, alike.
    count : int
        Values of epsilon, both ends included.
    on_point : callable, optional
        Called with the number of epsilons answered and of all, and what was found of the last.
    """

    def __init__(
        self,
        session: Session,
        programs: Sequence[FrontProgram],
        count: int,
        on_point: Callable[[int, int, str], None] | None,
    ) -> None:
        self.session, self.programs = session, programs
        self.penalty = 0.0
        self.x_bound = np.inf
        self.points: list[FrontPoint] = []
        self.notes: list[str] = []
        self._delta = min(max(session.options.gap / 10.0, _LEAST_DELTA), _MOST_DELTA)
        self._count = count
        self._on_point = on_point or (lambda _done, _all, _found: None)
        self._pool = SolvePool(programs)
        self._plans: list[Mapping[str, float]] = []
        self._answered = 0

    def run(self) -> None:
        """Find both ends, then the points between them, from the top: each plan is a start."""
        (outcome,) = self._solved(Goal(penalty=1.0))
        first = self._values(outcome)
        least = max(first["front_penalty"], 0.0)
        self.penalty = least if least > _NO_PENALTY else 0.0
        low, high = self._ends(first)
        grid = np.linspace(high, low, self._count).tolist()[1:-1] if high > low else []
        self._pool.run(
            (self._task(eps) for eps in grid),
            lambda number, outcome: self._finish(grid[number], outcome),
        )

    def _ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Take both ends, from a plan of least penalty; return x between which others lie.

        Maximise x, then y beside it; and y, with x as on every epsilon. To ask for the most x that
        goes with the best y takes many times as long: of plans that are equal in y within the gap
        there are many, and no bound tells them apart.
        """
        best_x, near = self._solved(
            Goal(x=1.0, most_penalty=self.penalty, start=first), self._best_y(None, first)
        )
        x_values, near_values = self._values(best_x), self._values(near)
        # Held to the best x within the gap that is proven, so that y is not lost to a hair of x.
        high = x_values["front_x"] * (1.0 - self.session.options.gap)
        low = near_values["front_x"]
        (far,) = self._solved(self._best_y(high, x_values))
        self.x_bound = np.inf if best_x.bound is None else best_x.bound
        self._take(high, self._values(far), far, best_x.wall_s + far.wall_s)
        self._take(low, near_values, near, near.wall_s)
        return low, high

    def _best_y(self, eps: float | None, start: Mapping[str, float] | None) -> Goal:
        """Return the goal of the best y, and of equal y the largest x, with x of at least eps."""
        return Goal(x=self._delta, y=1.0, least_x=eps, most_penalty=self.penalty, start=start)

    def _solve(self, program: FrontProgram, goal: Goal) -> Outcome:
        """Solve in a task; ends at once when the search is given up."""
        outcome = program.solve(goal, self.session.options, self._pool.halted)
        if outcome.status == "unbounded":
            raise SolverError("the program came out unbounded, which it cannot be")
        return outcome

    def _solved(self, *goals: Goal) -> list[Outcome]:
        """Solve for goals, as many at once as there are programs."""

        def task(goal: Goal) -> Callable[[FrontProgram], Outcome]:
            return lambda program: self._solve(program, goal)

        return self._pool.all([task(goal) for goal in goals])

    def _values(self, outcome: Outcome) -> Mapping[str, float]:
        """Return an outcome's plan.

        Raises
        ------
        InfeasibleError, NoPlanInTimeError
            If there is none.
        """
        if outcome.status == "infeasible":
            wrong = f"no plan meets all hard rules of scenario {self.session.scenario.name}"
            how = "dcsite solve names the rules that cannot hold together"
            raise InfeasibleError(
                Problem("infeasible", "", f"{wrong}, so there is no front; {how}")
            )
        if outcome.values is None:
            raise NoPlanInTimeError(
                Problem("--time-limit", "", "an end of the front was not found; allow more time")
            )
        return outcome.values

    def _take(
        self, eps: float, values: Mapping[str, float], outcome: Outcome, wall_s: float
    ) -> None:
        """Make a point of a plan that reaches epsilon; `wall_s` counts all solves behind it.

        The outcome's bound is on y and delta times x: less what x adds to it at the least, it
        bounds y for every plan that reaches epsilon.
        """
        found = Found(
            eps=eps,
            chosen=chosen_hubs(self.programs[0].program, dict(values)),
            y_score=values["front_y"],
            y_bound=np.inf if outcome.bound is None else outcome.bound - self._delta * eps,
            proven=outcome.status == "optimal",
            wall_s=wall_s,
        )
        point = make_point(found, self.session, self.programs[0].measures, self.penalty)
        self.points.append(point)
        self._plans.append(values)
        self._tell(f"x {point.x:.4g}, y {point.y:.4g}, gap {point.gap:.3%}")

    def _task(self, eps: float) -> Callable[[FrontProgram], Outcome]:
        """Return a task that answers one epsilon, from the best plan known that reaches it."""
        start = max(
            (plan for plan in self._plans if plan["front_x"] >= eps - 1e-9),
            key=lambda plan: plan["front_y"],
            default=None,
        )
        return lambda program: self._solve(program, self._best_y(eps, start))

    def _finish(self, eps: float, outcome: Outcome) -> None:
        if outcome.values is not None:
            self._take(eps, outcome.values, outcome, outcome.wall_s)
            return
        why = "no plan reaches it" if outcome.status == "infeasible" else "no plan in time"
        self.notes.append(f"x {eps:.6f}: {why}")
        self._tell(self.notes[-1])

    def _tell(self, found: str) -> None:
        self._answered += 1
        self._on_point(self._answered, self._count, found)
