"""The programs of a front: the score on y and the penalties as variables, and x to be bounded.

Beside the scenario's own rows there are::

    front_y       = score of the measure on y
    front_penalty = penalties of soft rules and of unserved demand

and x comes in one of two kinds. A score is one row more, ``front_x``, so that going from one point
to the next changes a bound and nothing else. The spacing between hubs is no linear function of
the decisions: each least spacing has clique rows of its own, and the program is assembled anew
with them. The scenario's weights play no part: what a front shows is the trade between two
measures, all else left to the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import pulp

from dcsite.errors import DcsiteError, Problem
from dcsite.model import assemble, chosen_hubs, solve_program

from .front_axes import SPACING_LABEL, measure_named, spacing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model import Outcome, SiteProgram, SolveOptions
    from dcsite.scenario import Scenario

__all__ = ["FrontProgram", "Goal", "ScoreProgram", "SpacingProgram"]

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
        As for :func:`dcsite.model.assemble`.
    x, y : str
        Names as a user gives them.
    """

    def __init__(
        self, scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, x: str, y: str
    ) -> None:
        self.site_program = assemble(_unweighted(scenario), atlas, sites)
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
        As for :func:`dcsite.model.assemble`.
    y : str
        Name as a user gives it.
    """

    def __init__(self, scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, y: str) -> None:
        self._question = (_unweighted(scenario), atlas, sites)
        self.site_program = assemble(*self._question)
        measure = measure_named("--y", y, self.site_program.scored_measures)
        self.measures = (SPACING_LABEL.measure, measure)
        self._rows = _Rows(self.site_program, measure)

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal; not from two threads at once."""
        spacing_km = 0.0 if goal.least_x is None else max(goal.least_x - _GIVE, 0.0)
        if self._rows.program.spacing_km != spacing_km:
            program = assemble(*self._question, spacing_km=spacing_km)
            self._rows = _Rows(program, self.measures[1])
        return self._rows.solve(goal, {}, options, halted)

    def x_of(self, values: Mapping[str, float]) -> float:
        """Return the least distance between any two hubs, in km."""
        chosen = chosen_hubs(self.site_program, dict(values))
        return spacing_of(self.site_program.sites.loc[chosen.index])


def _unweighted(scenario: Scenario) -> Scenario:
    """Leave only penalties, negative, in the objective."""
    return scenario.model_copy(update={"weights": dict.fromkeys(scenario.weights, 0.0)})
