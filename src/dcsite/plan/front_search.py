"""The search for a front: programs that run at once, starts from neighbours, points from answers.

What is the same for every kind of x. Each task is given a program of its own and hands back what
it found; everything else happens in the thread that searches.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from dcsite.errors import InfeasibleError, NoPlanInTimeError, Problem, SolverError
from dcsite.model import chosen_hubs

from .front_points import Found, make_point
from .front_program import FrontProgram, Goal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model import Outcome, SolveOptions
    from dcsite.scenario import Scenario

    from .front_types import FrontPoint

__all__ = ["Answered", "FrontSearch"]

#: How soon a Ctrl-C is seen while solvers run.
_LOOK_S = 0.2

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
        self._free = list(programs)
        self._halt = threading.Event()
        self._plans: list[tuple[float, Mapping[str, float]]] = []
        self._answered = 0

    def run(self) -> None:
        """Find both ends, then the points between them."""
        with ThreadPoolExecutor(len(self.programs), thread_name_prefix="dcsite-front") as pool:
            self._pool = pool
            try:
                low, high = self.find_ends(self._least_penalty())
                self._between(low, high)
            except BaseException:
                self._halt.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

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
        outcome = program.solve(goal, self.options, self._halt.is_set)
        if outcome.status == "unbounded":
            raise SolverError("the program came out unbounded, which it cannot be")
        return outcome

    def all(self, *tasks: Callable[[_P], _R]) -> list[_R]:
        """Run tasks, as many at once as there are programs."""
        waiting = list(tasks)
        futures: list[Future[_R]] = []
        while waiting or not all(future.done() for future in futures):
            while waiting and self._free:
                futures.append(self._submit(waiting.pop(0)))
            wait(futures, timeout=_LOOK_S)
        return [future.result() for future in futures]

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
        waiting = list(zip(grid[1:-1], grid[:-2], strict=True))
        running: dict[Future[Answered], float] = {}
        while waiting or running:
            while waiting and self._free:
                eps, above = waiting.pop(0)
                running[self._submit(self._task(eps, above))] = eps
            done, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            for future in done:
                self._finish(running.pop(future), future.result())

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

    def _submit(self, task: Callable[[_P], _R]) -> Future[_R]:
        program = self._free.pop()

        def work() -> Any:
            try:
                return task(program)
            finally:
                self._free.append(program)

        return self._pool.submit(work)

    def _tell(self) -> None:
        self._answered += 1
        self._on_point(self._answered, self._count)
