"""The search for a front: its programs, solved side by side for one epsilon after the other.

Beside the scenario's own rows there are::

    front_y       = score of the measure on y
    front_penalty = penalties of soft rules and of unserved demand

and x comes in one of two kinds. A score is one row more, ``front_x``, so that going from one point
to the next changes a bound and nothing else. The spacing between hubs is no linear function of
the decisions: each least spacing has clique rows of its own, and the program is assembled anew
with them. The scenario's weights play no part: what a front shows is the trade between two
measures, all else left to the rules.

What is the same for every kind of x is :class:`FrontSearch`: programs that run at once, starts
from neighbours, points from answers. Each task is given a program of its own and hands back what it
found; everything else happens in the thread that searches.

Over two scores (:class:`ScoreSearch`) the search is the augmented epsilon-constraint method. For
each epsilon x's score is held to at least epsilon and ``y's score + delta * x's score`` is
maximised. This is AUGMECON: with the surplus ``s = x - epsilon``, ``y + delta * s`` differs from
it by a constant. Delta is so small that y comes first, and not zero, so that of equal y the larger
x wins and no weakly dominated plan is returned. The ends are lexicographic: the best x with the
best y that goes with it, and the reverse; each to the gap asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np
import pulp

from dcsite.errors import DcsiteError, InfeasibleError, NoPlanInTimeError, Problem, SolverError
from dcsite.model import Candidates, assemble
from dcsite.solvers import chosen_hubs, solve_program

from .front import SPACING_LABEL, Found, make_point, measure_named, spacing_of
from .pool import SolvePool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model import SiteProgram
    from dcsite.scenario import Scenario
    from dcsite.solvers import Outcome, SolveOptions

    from .front import FrontPoint

#: How much of a bound is given back, so that the plan that set the bound stays feasible.
_GIVE = 1e-7


@dataclass(frozen=True)
class Goal:
    """What one solve maximises and how it is bounded.

    Parameters
    ----------
    x, y, penalty : float
        Coefficients of the objective; all 0 asks for any plan. x only where it is a score.
    least_x : float, optional
        Score or spacing in km that must be reached.
    least_y : float, optional
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
    least_y: float | None = None
    most_penalty: float | None = None
    start: Mapping[str, float] | None = None


class FrontProgram(Protocol):
    """What a search asks of either kind of program.

    `measures` are those on x and y. One program serves one thread at a time.
    """

    measures: tuple[str, str]
    site_program: SiteProgram

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal."""

    def x_of(self, values: Mapping[str, float]) -> float:
        """Return the score or the spacing in km on x of a point of the program."""


class _Rows:
    """An assembled program with y and the penalties as variables."""

    def __init__(self, program: SiteProgram, y: str) -> None:
        self.program = program
        objective = program.problem.objective
        penalties = [(variable, -value) for variable, value in objective.items() if value]
        self.y = self.score("front_y", y)
        self.penalty = self._defined("front_penalty", penalties, 0.0)
        self.penalty.lowBound = 0.0
        # With no penalty allowed, every decision that would bring one is out: a smaller program.
        self._dear = [(variable, variable.upBound) for variable, value in penalties if value > 0.0]

    def score(self, name: str, measure: str) -> pulp.LpVariable:
        """Return a new variable equal to the score of a measure."""
        score = next(score for score in self.program.scores if score.measure == measure)
        return self._defined(name, score.terms, score.constant)

    def solve(
        self,
        goal: Goal,
        aim: Mapping[pulp.LpVariable, float],
        options: SolveOptions,
        halted: Callable[[], bool],
    ) -> Outcome:
        """Maximise `aim` and the goal's own terms of y and penalties within its bounds."""
        self.y.lowBound = None if goal.least_y is None else goal.least_y - _GIVE
        self.penalty.upBound = None if goal.most_penalty is None else goal.most_penalty + _GIVE
        for variable, up in self._dear:
            variable.upBound = 0.0 if goal.most_penalty == 0.0 else up
        terms = {**aim, self.y: goal.y, self.penalty: -goal.penalty}
        self.program.problem.setObjective(
            pulp.LpAffineExpression({variable: value for variable, value in terms.items() if value})
        )
        return solve_program(self.program, replace(options, start=goal.start), halted=halted)

    def _defined(
        self, name: str, terms: Sequence[tuple[pulp.LpVariable, float]], constant: float
    ) -> pulp.LpVariable:
        variable = self.program.problem.add_variable(name, None, None)
        self.program.row(name, [*terms, (variable, -1.0)], "==", -constant)
        self.program.defined.append((variable, list(terms), constant))
        return variable


class ScoreProgram:
    """A scenario's program with two scores and the penalties to bound.

    Parameters
    ----------
    scenario, atlas, sites
        As for :meth:`dcsite.model.Candidates.of`.
    x, y : str
        Names as a user gives them.
    """

    def __init__(
        self, scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, x: str, y: str
    ) -> None:
        self.site_program = assemble(Candidates.of(_unweighted(scenario), atlas, sites))
        scored = self.site_program.scored_measures
        self.measures = (measure_named("--x", x, scored), measure_named("--y", y, scored))
        if self.measures[0] == self.measures[1]:
            raise DcsiteError(
                Problem("--y", "", f"is {self.measures[1]} as --x is; give two different measures")
            )
        self._rows = _Rows(self.site_program, self.measures[1])
        self._x = self._rows.score("front_x", self.measures[0])

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal; not from two threads at once."""
        self._x.lowBound = None if goal.least_x is None else goal.least_x - _GIVE
        return self._rows.solve(goal, {self._x: goal.x}, options, halted)

    def x_of(self, values: Mapping[str, float]) -> float:
        """Return the score on x."""
        return values[self._x.name]


class SpacingProgram:
    """A scenario's program with a score and the penalties to bound, and hubs to space out.

    Every pair of new hubs keeps the goal's `least_x` in km, whatever their tiers; the scenario's
    own separation holds besides.

    Parameters
    ----------
    scenario, atlas, sites
        As for :meth:`dcsite.model.Candidates.of`.
    y : str
        Name as a user gives it.
    """

    def __init__(self, scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, y: str) -> None:
        self._candidates = Candidates.of(_unweighted(scenario), atlas, sites)
        self.site_program = assemble(self._candidates)
        measure = measure_named("--y", y, self.site_program.scored_measures)
        self.measures = (SPACING_LABEL.measure, measure)
        self._rows = _Rows(self.site_program, measure)

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal; not from two threads at once."""
        spacing_km = 0.0 if goal.least_x is None else max(goal.least_x - _GIVE, 0.0)
        if self._rows.program.spacing_km != spacing_km:
            program = assemble(self._candidates, spacing_km=spacing_km)
            self._rows = _Rows(program, self.measures[1])
        return self._rows.solve(goal, {}, options, halted)

    def x_of(self, values: Mapping[str, float]) -> float:
        """Return the least distance between any two hubs, in km."""
        chosen = chosen_hubs(self.site_program, dict(values))
        return spacing_of(self.site_program.sites.loc[chosen.index])


def _unweighted(scenario: Scenario) -> Scenario:
    """Leave only penalties, negative, in the objective."""
    return scenario.model_copy(update={"weights": dict.fromkeys(scenario.weights, 0.0)})


#: Penalties below this are arithmetic.
_NO_PENALTY = 1e-7

_P = TypeVar("_P", bound=FrontProgram)

_R = TypeVar("_R")


@dataclass(frozen=True)
class Answered:
    """A solver's answer for one epsilon, and the plan that came of it.

    Parameters
    ----------
    outcome : Outcome
        Its bound holds for every plan that reaches the epsilon.
    values : mapping of str to float, optional
        The plan, no worse on y than the outcome's own; None without one.
    wall_s : float
        Seconds of all solves.
    """

    outcome: Outcome
    values: Mapping[str, float] | None
    wall_s: float


class FrontSearch(ABC, Generic[_P]):
    """A search over programs of one kind.

    Parameters
    ----------
    scenario, atlas, sites
        What is asked and known; sites measured.
    programs : sequence of FrontProgram
        As many as shall run at once, alike.
    count : int
        Values of epsilon, both ends included.
    options : SolveOptions
        For every solve.
    on_point : callable, optional
        Called with the number of epsilons answered and of all.
    """

    def __init__(
        self,
        scenario: Scenario,
        atlas: Atlas,
        sites: gpd.GeoDataFrame,
        programs: Sequence[_P],
        count: int,
        options: SolveOptions,
        on_point: Callable[[int, int], None] | None,
    ) -> None:
        self.question = (sites, atlas, scenario)
        self.programs = programs
        self.options = options
        self.penalty = 0.0
        self.x_bound = np.inf
        self.points: list[FrontPoint] = []
        self.notes: list[str] = []
        self._count = count
        self._on_point = on_point or (lambda _done, _all: None)
        self._pool = SolvePool(programs)
        self._plans: list[tuple[float, Mapping[str, float]]] = []
        self._answered = 0

    def run(self) -> None:
        """Find both ends, then the points between them."""
        low, high = self.find_ends(self._least_penalty())
        self._between(low, high)

    # -- what differs by the kind of x ---------------------------------------------------------

    @abstractmethod
    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Take both ends, from a plan of least penalty; return x between which others lie."""

    @abstractmethod
    def answer(
        self, program: _P, eps: float, eps_above: float, start: Mapping[str, float] | None
    ) -> Answered:
        """Maximise y for one epsilon, knowing that the next larger one is answered for itself."""

    @abstractmethod
    def bound_on_y(self, outcome: Outcome, eps: float) -> float:
        """Return the largest score on y of any plan that reaches an epsilon."""

    # -- what they share -----------------------------------------------------------------------

    def goal(self, **parts: object) -> Goal:
        """Return a goal that allows the least penalty there is."""
        return replace(Goal(most_penalty=self.penalty), **parts)  # type: ignore[arg-type]

    def solve(self, program: FrontProgram, goal: Goal) -> Outcome:
        """Solve in a task; ends at once when the search is given up."""
        outcome = program.solve(goal, self.options, self._pool.halted)
        if outcome.status == "unbounded":
            raise SolverError("the program came out unbounded, which it cannot be")
        return outcome

    def all(self, *tasks: Callable[[_P], _R]) -> list[_R]:
        """Run tasks, as many at once as there are programs."""
        return self._pool.all(tasks)

    def solved(self, *goals: Goal) -> list[Outcome]:
        """Solve for goals, as many at once as there are programs."""
        return self.all(*(lambda program, goal=goal: self.solve(program, goal) for goal in goals))

    def values(self, outcome: Outcome) -> Mapping[str, float]:
        """Return an outcome's plan.

        Raises
        ------
        InfeasibleError, NoPlanInTimeError
            If there is none.
        """
        if outcome.status == "infeasible":
            name = self.question[2].name
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

    def take(
        self,
        eps: float,
        values: Mapping[str, float],
        y_bound: float,
        *,
        proven: bool,
        wall_s: float,
    ) -> None:
        """Make a point of a plan."""
        found = Found(
            eps=eps,
            chosen=chosen_hubs(self.programs[0].site_program, dict(values)),
            y_score=values["front_y"],
            y_bound=y_bound,
            proven=proven,
            wall_s=wall_s,
        )
        self.points.append(
            make_point(found, *self.question, self.programs[0].measures, self.penalty)
        )
        self._plans.append((self.programs[0].x_of(values), values))
        self._tell()

    def _least_penalty(self) -> Mapping[str, float]:
        (outcome,) = self.solved(Goal(penalty=1.0))
        values = self.values(outcome)
        least = max(values["front_penalty"], 0.0)
        self.penalty = least if least > _NO_PENALTY else 0.0
        return values

    def _between(self, low: float, high: float) -> None:
        """Answer the epsilons between two ends, from the top: each plan is a start further down."""
        grid = np.linspace(high, low, self._count).tolist() if high > low else []
        pairs = list(zip(grid[1:-1], grid[:-2], strict=True))
        self._pool.run(
            (self._task(*pair) for pair in pairs),
            lambda number, answered: self._finish(pairs[number][0], answered),
        )

    def _task(self, eps: float, above: float) -> Callable[[_P], Answered]:
        start = max(
            (plan for plan in self._plans if plan[0] >= eps - 1e-9),
            key=lambda plan: plan[1]["front_y"],
            default=(0.0, None),
        )[1]
        return lambda program: self.answer(program, eps, above, start)

    def _finish(self, eps: float, answered: Answered) -> None:
        outcome = answered.outcome
        if answered.values is None:
            why = "no plan reaches it" if outcome.status == "infeasible" else "no plan in time"
            self.notes.append(f"x {eps:.6f}: {why}")
            self._tell()
            return
        self.take(
            eps,
            answered.values,
            self.bound_on_y(outcome, eps),
            proven=outcome.status == "optimal",
            wall_s=answered.wall_s,
        )

    def _tell(self) -> None:
        self._answered += 1
        self._on_point(self._answered, self._count)


#: Weight of x beside y: a tenth of the gap asked for, within what arithmetic can tell apart.
_LEAST_DELTA, _MOST_DELTA = 1e-6, 1e-4


class ScoreSearch(FrontSearch[ScoreProgram]):
    """The search where x is a score."""

    @cached_property
    def _delta(self) -> float:
        return min(max(self.options.gap / 10.0, _LEAST_DELTA), _MOST_DELTA)

    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Maximise x, then y beside it; and the reverse."""
        best_x, best_y = self.solved(self.goal(x=1.0, start=first), self.goal(y=1.0, start=first))
        x_values, y_values = self.values(best_x), self.values(best_y)
        # Held to the best x within the gap that is proven, so that y is not lost to a hair of x.
        high = x_values["front_x"] * (1.0 - self.options.gap)
        far, near = self.solved(
            self.goal(x=self._delta, y=1.0, least_x=high, start=x_values),
            self.goal(x=1.0, least_y=y_values["front_y"], start=y_values),
        )
        far_values, near_values = self.values(far), self.values(near)
        low = near_values["front_x"]
        self.x_bound = np.inf if best_x.bound is None else best_x.bound
        self.take(
            high,
            far_values,
            self.bound_on_y(far, high),
            proven=far.status == "optimal",
            wall_s=best_x.wall_s + far.wall_s,
        )
        # Any plan's y is at most what maximising y alone has proven.
        self.take(
            low,
            near_values,
            np.inf if best_y.bound is None else best_y.bound,
            proven=best_y.status == "optimal",
            wall_s=best_y.wall_s + near.wall_s,
        )
        return low, high

    def answer(
        self,
        program: ScoreProgram,
        eps: float,
        eps_above: float,
        start: Mapping[str, float] | None,
    ) -> Answered:
        """Maximise y, and x a little, from a neighbour's plan."""
        outcome = self.solve(program, self.goal(x=self._delta, y=1.0, least_x=eps, start=start))
        return Answered(outcome, outcome.values, outcome.wall_s)

    def bound_on_y(self, outcome: Outcome, eps: float) -> float:
        """Return a bound on y: that of the objective less what x adds to it at the least."""
        return np.inf if outcome.bound is None else outcome.bound - self._delta * eps
