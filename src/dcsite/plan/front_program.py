"""The program of a front: two scores and the penalties as variables that can be bounded.

Beside the scenario's own rows there are three::

    front_x       = score of the measure on x
    front_y       = score of the measure on y
    front_penalty = penalties of soft rules and of unserved demand

so that going from one point to the next changes a bound and nothing else. The scenario's weights
play no part: what a front shows is the trade between two measures, all else left to the rules.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulp

from dcsite.errors import DcsiteError, Problem
from dcsite.model import assemble, solve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model import Outcome, SolveOptions
    from dcsite.scenario import Scenario

__all__ = ["FrontProgram", "Goal", "measure_named"]

#: How much of a score bound is given back, so that the plan that set the bound stays feasible.
_GIVE = 1e-7


@dataclass(frozen=True)
class Goal:
    """What one solve maximises and how it is bounded.

    Parameters
    ----------
    x, y, penalty : float
        Coefficients of the objective.
    least_x, least_y : float, optional
        Scores that must be reached.
    most_penalty : float, optional
        Penalties allowed.
    start : mapping of str to float, optional
        A point to begin from.
    gap : float, optional
        Gap to prove in place of that of the options.
    """

    x: float = 0.0
    y: float = 0.0
    penalty: float = 0.0
    least_x: float | None = None
    least_y: float | None = None
    most_penalty: float | None = None
    start: Mapping[str, float] | None = None
    gap: float | None = None


def measure_named(option: str, name: str, scored: Mapping[str, Sequence[str]]) -> str:
    """Return the measure a user means: its own name, or a criterion's for its first scored one.

    Parameters
    ----------
    option, name : str
        Where the name was given, and the name.
    scored : mapping of str to sequence of str
        Scored measures by criterion.

    Raises
    ------
    DcsiteError
        If there is none; names the nearest.
    """
    measures = [measure for own in scored.values() for measure in own]
    if name in measures:
        return name
    if scored.get(name):
        return scored[name][0]
    known = [*(criterion for criterion, own in scored.items() if own), *measures]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise DcsiteError(
        Problem(option, "", f"unknown measure {name!r}; {hint}known are {', '.join(known)}")
    )


class FrontProgram:
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
        # Without weights the objective is what is left: penalties, negative.
        unweighted = scenario.model_copy(update={"weights": dict.fromkeys(scenario.weights, 0.0)})
        self.program = assemble(unweighted, atlas, sites)
        scored = self.program.scored_measures
        self.measures = (measure_named("--x", x, scored), measure_named("--y", y, scored))
        if self.measures[0] == self.measures[1]:
            raise DcsiteError(
                Problem("--y", "", f"is {self.measures[1]} as --x is; give two different measures")
            )
        objective = self.program.problem.objective
        penalties = [(variable, -value) for variable, value in objective.items() if value]
        scores = {score.measure: score for score in self.program.scores}
        self.x, self.y = (
            self._defined(f"front_{axis}", scores[name].terms, scores[name].constant)
            for axis, name in zip("xy", self.measures, strict=True)
        )
        self.penalty = self._defined("front_penalty", penalties, 0.0)
        self.penalty.lowBound = 0.0
        # With no penalty allowed, every decision that would bring one is out: a smaller program.
        self._dear = [(variable, variable.upBound) for variable, value in penalties if value > 0.0]

    def _defined(
        self, name: str, terms: Sequence[tuple[pulp.LpVariable, float]], constant: float
    ) -> pulp.LpVariable:
        variable = self.program.problem.add_variable(name, None, None)
        self.program.row(name, [*terms, (variable, -1.0)], "==", -constant)
        return variable

    def solve(self, goal: Goal, options: SolveOptions, halted: Callable[[], bool]) -> Outcome:
        """Solve for a goal; not from two threads at once."""
        self.x.lowBound = None if goal.least_x is None else goal.least_x - _GIVE
        self.y.lowBound = None if goal.least_y is None else goal.least_y - _GIVE
        self.penalty.upBound = None if goal.most_penalty is None else goal.most_penalty + _GIVE
        for variable, up in self._dear:
            variable.upBound = 0.0 if goal.most_penalty == 0.0 else up
        aim = {self.x: goal.x, self.y: goal.y, self.penalty: -goal.penalty}
        self.program.problem.setObjective(
            pulp.LpAffineExpression({variable: value for variable, value in aim.items() if value})
        )
        gap = options.gap if goal.gap is None else goal.gap
        own = replace(options, gap=gap, start=goal.start)
        return solve(self.program.problem, own, halted=halted)
