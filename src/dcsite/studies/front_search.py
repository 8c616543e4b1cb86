"""The search for a front: its programs, solved side by side for one epsilon after the other.

Beside the scenario's own rows there are::

    front_y       = score of the measure on y
    front_penalty = penalties of soft rules and of unserved demand

and x comes in one of two kinds. A score is one row more, ``front_x``, so that going from one point
to the next changes a bound and nothing else. The spacing between hubs is no linear function of
the decisions: each least spacing has clique rows of its own, and the program is assembled anew
with them. The scenario's weights play no part, and what a front shows is the trade between two
measures, all else left to the rules; unless y is the points of all other scores, which they weigh.

What is the same for either kind of x is :class:`FrontSearch`: programs that run at once, starts
from neighbours, points from answers. Each task is given a program of its own and hands back what it
found; everything else happens in the thread that searches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pulp

from dcsite.errors import DcsiteError, InfeasibleError, NoPlanInTimeError, Problem, SolverError
from dcsite.model import Candidates, assemble
from dcsite.solvers import chosen_hubs, solve_program

from .front import (
    POINTS,
    POINTS_AXIS,
    SPACING,
    SPACING_AXIS,
    Found,
    make_point,
    measure_named,
    spacing_of,
)
from .pool import SolvePool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dcsite.contract import ScoreTerm
    from dcsite.model import SiteProgram
    from dcsite.plan import Session
    from dcsite.solvers import Outcome, SolveOptions

    from .front import FrontPoint

#: How much of a bound is given back, so that the plan that set the bound stays feasible.
_GIVE = 1e-7

#: Penalties below this are arithmetic.
_NO_PENALTY = 1e-7

#: What is left of an objective coefficient when all its parts are taken off.
_ROUNDING = 1e-12

_R = TypeVar("_R")


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


class FrontProgram:
    """A program of candidates with y and the penalties to bound, and x: a score or a spacing.

    Where x is the spacing, every pair of new hubs keeps a goal's `least_x` in km, whatever their
    tiers; the scenario's own separation holds besides. One program serves one thread at a time.

    Parameters
    ----------
    candidates : Candidates
        What is asked and known.
    x, y : str
        Names as a user gives them.

    Attributes
    ----------
    site_program : SiteProgram
        Without a least spacing.
    measures : tuple of str
        Those on x and y.
    """

    def __init__(self, candidates: Candidates, x: str, y: str) -> None:
        self._candidates = candidates
        if y != POINTS:
            # Only penalties, negative, stay in the objective.
            weights = dict.fromkeys(candidates.scenario.weights, 0.0)
            unweighted = candidates.scenario.model_copy(update={"weights": weights})
            self._candidates = replace(candidates, scenario=unweighted)
        self.site_program = assemble(self._candidates)
        scored = self.site_program.scored_measures
        self._spaced = x == SPACING
        x = SPACING_AXIS.measure if self._spaced else measure_named("--x", x, scored)
        y = POINTS_AXIS.measure if y == POINTS else measure_named("--y", y, scored)
        self.measures = (x, y)
        if self.measures[0] == self.measures[1]:
            raise DcsiteError(Problem("--y", "", f"is {x} as --x is; give two different measures"))
        self._lay(self.site_program)

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal; not from two threads at once."""
        least_x = None if goal.least_x is None else goal.least_x - _GIVE
        if not self._spaced:
            self._x.lowBound = least_x
        elif self._program.spacing_km != (spacing_km := max(least_x or 0.0, 0.0)):
            self._lay(assemble(self._candidates, spacing_km=spacing_km))
        self._y.lowBound = None if goal.least_y is None else goal.least_y - _GIVE
        self._penalty.upBound = None if goal.most_penalty is None else goal.most_penalty + _GIVE
        for variable, up in self._dear:
            variable.upBound = 0.0 if goal.most_penalty == 0.0 else up
        terms = [(self._y, goal.y), (self._penalty, -goal.penalty)]
        if not self._spaced:
            terms.insert(0, (self._x, goal.x))
        self._program.problem.setObjective(
            pulp.LpAffineExpression({variable: value for variable, value in terms if value})
        )
        return solve_program(self._program, replace(options, start=goal.start), halted=halted)

    def x_of(self, values: Mapping[str, float]) -> float:
        """Return a point's score on x, or the least distance between any two of its hubs in km."""
        if not self._spaced:
            return values[self._x.name]
        chosen = chosen_hubs(self.site_program, dict(values))
        return spacing_of(self.site_program.sites.loc[chosen.index])

    def _lay(self, program: SiteProgram) -> None:
        """Give an assembled program y, the penalties and a scored x as variables."""
        self._program = program
        weighed = _points(program.scores)
        objective = program.problem.objective
        left = [(variable, weighed.get(variable, 0.0) - own) for variable, own in objective.items()]
        penalties = [(variable, value) for variable, value in left if abs(value) > _ROUNDING]
        self._y = self._score("front_y", self.measures[1])
        self._penalty = self._defined("front_penalty", penalties, 0.0)
        self._penalty.lowBound = 0.0
        # With no penalty allowed, every decision that would bring one is out: a smaller program.
        self._dear = [(variable, variable.upBound) for variable, value in penalties if value > 0.0]
        if not self._spaced:
            self._x = self._score("front_x", self.measures[0])

    def _score(self, name: str, measure: str) -> pulp.LpVariable:
        scores = self._program.scores
        if measure == POINTS_AXIS.measure:
            others = [score for score in scores if score.measure != self.measures[0]]
            constant = sum(score.weight * score.constant for score in others)
            return self._defined(name, list(_points(others).items()), constant)
        score = next(score for score in scores if score.measure == measure)
        return self._defined(name, score.terms, score.constant)

    def _defined(
        self, name: str, terms: Sequence[tuple[pulp.LpVariable, float]], constant: float
    ) -> pulp.LpVariable:
        variable = self._program.problem.add_variable(name, None, None)
        self._program.row(name, [*terms, (variable, -1.0)], "==", -constant)
        self._program.defined.append((variable, list(terms), constant))
        return variable


def _points(scores: Sequence[ScoreTerm]) -> dict[pulp.LpVariable, float]:
    """Return the coefficients of the weighted sum of scores."""
    total: dict[pulp.LpVariable, float] = defaultdict(float)
    for score in scores:
        for variable, coefficient in score.terms:
            total[variable] += score.weight * coefficient
    return {variable: value for variable, value in total.items() if value}


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


class FrontSearch(ABC):
    """A search with programs of one kind.

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

    #: What x's score weighs beside y's in the objective of an epsilon.
    delta: float = 0.0

    def __init__(
        self,
        session: Session,
        programs: Sequence[FrontProgram],
        count: int,
        on_point: Callable[[int, int, str], None] | None,
    ) -> None:
        self.session = session
        self.programs = programs
        self.options = session.options
        self.penalty = 0.0
        self.x_bound = np.inf
        self.points: list[FrontPoint] = []
        self.notes: list[str] = []
        self._count = count
        self._on_point = on_point or (lambda _done, _all, _found: None)
        self._pool = SolvePool(programs)
        self._plans: list[tuple[float, Mapping[str, float]]] = []
        self._answered = 0

    def run(self) -> None:
        """Find both ends, then the points between them, from the top: each plan is a start."""
        (outcome,) = self.solved(Goal(penalty=1.0))
        first = self.values(outcome)
        least = max(first["front_penalty"], 0.0)
        self.penalty = least if least > _NO_PENALTY else 0.0
        low, high = self.find_ends(first)
        grid = np.linspace(high, low, self._count).tolist() if high > low else []
        pairs = list(zip(grid[1:-1], grid[:-2], strict=True))
        self._pool.run(
            (self._task(*pair) for pair in pairs),
            lambda number, answered: self._finish(pairs[number][0], answered),
        )

    # -- what differs by the kind of x ---------------------------------------------------------

    @abstractmethod
    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Take both ends, from a plan of least penalty; return x between which others lie."""

    @abstractmethod
    def answer(
        self,
        program: FrontProgram,
        eps: float,
        eps_above: float,
        start: Mapping[str, float] | None,
    ) -> Answered:
        """Maximise y for one epsilon, knowing that the next larger one is answered for itself."""

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

    def all(self, *tasks: Callable[[FrontProgram], _R]) -> list[_R]:
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
            raise InfeasibleError(
                Problem(
                    "infeasible",
                    "",
                    f"no plan meets all hard rules of scenario {self.session.scenario.name}, so "
                    "there is no front; dcsite solve names the rules that cannot hold together",
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
        outcome: Outcome,
        wall_s: float,
        delta: float = 0.0,
    ) -> None:
        """Make a point of a plan.

        Parameters
        ----------
        eps : float
            What the plan reaches on x.
        values : mapping of str to float
            The plan.
        outcome : Outcome
            Of maximising y's score and `delta` times x's: its bound, less what x adds to it at
            the least, bounds y for every plan that reaches `eps`.
        wall_s : float
            Seconds of all solves behind it.
        delta : float
            Weight of x's score in that objective.
        """
        found = Found(
            eps=eps,
            chosen=chosen_hubs(self.programs[0].site_program, dict(values)),
            y_score=values["front_y"],
            y_bound=np.inf if outcome.bound is None else outcome.bound - delta * eps,
            proven=outcome.status == "optimal",
            wall_s=wall_s,
        )
        point = make_point(found, self.session, self.programs[0].measures, self.penalty)
        self.points.append(point)
        self._plans.append((self.programs[0].x_of(values), values))
        self._tell(f"x {point.x:.4g}, y {point.y:.4g}, gap {point.gap:.3%}")

    def _task(self, eps: float, above: float) -> Callable[[FrontProgram], Answered]:
        start = max(
            (plan for plan in self._plans if plan[0] >= eps - 1e-9),
            key=lambda plan: plan[1]["front_y"],
            default=(0.0, None),
        )[1]
        return lambda program: self.answer(program, eps, above, start)

    def _finish(self, eps: float, answered: Answered) -> None:
        outcome = answered.outcome
        if answered.values is not None:
            self.take(eps, answered.values, outcome, answered.wall_s, self.delta)
            return
        why = "no plan reaches it" if outcome.status == "infeasible" else "no plan in time"
        self.notes.append(f"x {eps:.6f}: {why}")
        self._tell(self.notes[-1])

    def _tell(self, found: str) -> None:
        self._answered += 1
        self._on_point(self._answered, self._count, found)
