"""The smallest change of one number that makes an infeasible scenario feasible.

For a rule that numbers of the scenario set, each number alone is loosened step by step (whole
kilometres, whole hubs, whole MW, hundredths of a share) until there is a plan. What a check
disproves at once costs no solve; between what is disproved and what is feasible the program is
asked for any plan. It then holds the rows of hard rules alone: soft rules and unserved demand have
slack, so they keep no plan from being one. The value reported is itself one that was tried.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pulp
from pydantic import BaseModel

from dcsite.contract import TIERS, criteria
from dcsite.model import Candidates, all_rules, assemble
from dcsite.model.cliques import conflicting_pairs
from dcsite.solvers import SolveOptions
from dcsite.solvers.answer import solve_program

from .check import disproved, load_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcsite.model import SiteProgram
    from dcsite.scenario import Scenario

#: The part of the time for a diagnosis that one question to the solver may take: none of many shall
#: use up what the others need.
_SOLVE_PART = 1 / 20

#: A solver that still runs this long after its limit is ended; too short for anyone to notice.
_OVERRUN_S = 0.5

#: Pairs of sites beyond which a program of rows for pairs is not built here.
_MOST_PAIRS = 20_000


@dataclass(frozen=True)
class SmallestChange:
    """One key, its value and the nearest value that makes the scenario feasible.

    A plan was found with `to`; `least` says that the step before it was proven not to do.
    """

    key: str
    value: float
    to: float
    least: bool


class _Scale(NamedTuple):
    """One number that may give way: what it is, and what it may become, the nearest first."""

    key: str
    value: float
    values: list[float]
    #: The rule whose criterion measures sites anew; empty where none needs to.
    remeasure: str = ""


def steps_to(value: float, extreme: float, by: float) -> list[float]:
    """List the multiples of a step between a value and its extreme, which is the last of them.

    Each exactly as it is printed.
    """
    if value == extreme:
        return []
    sign = 1 if extreme > value else -1
    between = range(math.floor(sign * value / by + 1e-9) + 1, math.ceil(sign * extreme / by - 1e-9))
    return [*(round(sign * number * by, 6) for number in between), extreme]


def smallest_relaxation(
    candidates: Candidates, rule: str, time_limit_s: float, options: SolveOptions | None = None
) -> list[SmallestChange]:
    """Find, for each number that sets a rule, the smallest change that makes a plan possible.

    Parameters
    ----------
    candidates : Candidates
        The infeasible question.
    rule : str
        Name of the rule that shall give way; one that no single number sets gives an empty list.
    time_limit_s : float
        Seconds the whole search may take; what was found by then is returned.
    options : SolveOptions, optional
        Solver, threads and seed.

    Returns
    -------
    list of SmallestChange
        One for each key that does on its own; a plan was found with each value.
    """
    ends = time.monotonic() + time_limit_s
    asking = _Asking(candidates, options or SolveOptions(), ends)
    found = (asking.smallest(scale) for scale in _scales(candidates, rule))
    return [change for change in found if change is not None]


def any_plan(
    program: SiteProgram,
    options: SolveOptions,
    left_s: float | None,
    halted: Callable[[], bool] | None = None,
) -> bool | None:
    """Ask a program for any plan, whatever it is worth; None when time ran out first.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, or if `halted` said yes.
    """
    if left_s is not None and left_s <= 0.0:
        return None
    program.problem.setObjective(pulp.LpAffineExpression())
    limits = replace(options, time_limit_s=left_s, gap=1.0, start=None)
    outcome = solve_program(program, limits, halted=halted)
    if outcome.values is not None:
        return True
    if outcome.interrupted:
        raise KeyboardInterrupt
    return False if outcome.status == "infeasible" else None


def with_value(scenario: Scenario, key: str, value: float) -> Scenario:
    """Return a scenario with one number changed, by its dotted key.

    Parameters
    ----------
    scenario : Scenario
        Stays as it is.
    key : str
        Dotted key of a number, such as ``tiers.core.separation_km``.
    value : float
        Its new value; whole numbers stay whole where the key held one.
    """
    return _changed(scenario, key.split("."), value)  # type: ignore[no-any-return]


def _value(scenario: Scenario, key: str) -> float:
    section: Any = scenario
    for name in key.split("."):
        section = getattr(section, name) if isinstance(section, BaseModel) else section[name]
    return float(section)


def _changed(section: Any, path: list[str], value: float) -> Any:
    name, *rest = path
    old = getattr(section, name) if isinstance(section, BaseModel) else section[name]
    new = _changed(old, rest, value) if rest else int(value) if isinstance(old, int) else value
    if isinstance(section, BaseModel):
        return section.model_copy(update={name: new})
    return type(section)({**section, name: new})


def _scales(candidates: Candidates, rule: str) -> list[_Scale]:
    """List the numbers that set a rule, each with how far and in which steps it may give way."""
    scenario = candidates.scenario
    if rule == "total_it_load":
        # Down to the least that hubs carry, up to the most.
        key = "demand.total_new_it_load_mw"
        bounds = load_range(candidates, [len(candidates.sites)] * len(TIERS))
        asked, most = bounds.asked_mw, float(math.floor(bounds.most_mw))
        least = max(1.0, float(math.ceil(bounds.least_mw)))
        ends = [*([least] if least < asked else []), *([most] if most > asked else [])]
        return [_Scale(key, asked, steps_to(asked, end, 1.0)) for end in ends]
    gives_way = all_rules()[rule].gives_way
    scales = []
    for step in gives_way(scenario, candidates.sites) if callable(gives_way) else gives_way:
        value = _value(scenario, step.key)
        values = steps_to(value, step.extreme, step.by)
        scales.append(_Scale(step.key, value, values, rule if step.remeasure else ""))
    return [scale for scale in scales if scale.values]


class _Asking:
    """Questions about one scenario, all within one deadline."""

    def __init__(self, candidates: Candidates, options: SolveOptions, ends: float) -> None:
        self._asked, self._options, self._ends = candidates, options, ends

    def smallest(self, scale: _Scale) -> SmallestChange | None:
        """Find the nearest value that does; None where none does alone, or none was found in time.

        A value that does not do rules out every nearer one too, so both searches bisect: first
        for what a check alone disproves, then for what the solver finds no plan with.
        """
        values, last = scale.values, len(scale.values) - 1
        answers: dict[float, bool | None] = {}

        def stands(value: float) -> bool:
            late = time.monotonic() >= self._ends
            return late or not disproved(self._question(scale, value))

        def does(value: float) -> bool:
            answers[value] = self._feasible(scale, value)
            return bool(answers[value])

        if not stands(values[last]):
            return None
        first = at = bisect_left(values, True, hi=last, key=stands)
        if not does(values[first]):
            if first == last or not does(values[last]):
                return None
            at = bisect_left(values, True, lo=first + 1, hi=last, key=does)
        least = at == first or answers[values[at - 1]] is False
        return SmallestChange(scale.key, scale.value, values[at], least)

    def _question(self, scale: _Scale, value: float) -> Candidates:
        changed = with_value(self._asked.scenario, scale.key, value)
        atlas, sites = self._asked.atlas, self._asked.sites
        for criterion in criteria():
            if scale.remeasure in {rule.name for rule in criterion.rules}:
                columns = criterion.measure(sites, atlas, changed)
                sites = sites.assign(**{str(name): columns[name] for name in columns})
        return Candidates.of(changed, atlas, sites)

    def _feasible(self, scale: _Scale, value: float) -> bool | None:
        """Ask for any plan under the hard rules; None when time ran out first."""
        question = self._question(scale, value)
        if time.monotonic() > self._ends or _too_many_pairs(question):
            return None
        hard = question.under(question.modes.hard_only())
        program = assemble(hard, scored=False)
        stop = min(self._ends, time.monotonic() + _SOLVE_PART * self._options.diagnosis_s)
        # Some phases of a solver do not hear of a time limit: it is then ended.
        late = stop + _OVERRUN_S
        try:
            return any_plan(
                program, self._options, stop - time.monotonic(), lambda: time.monotonic() > late
            )
        except KeyboardInterrupt:
            if time.monotonic() > late:
                return None
            raise


def _too_many_pairs(candidates: Candidates) -> bool:
    """Tell whether building the rows would take too long.

    A tier that keeps a larger distance than a higher one takes a row for each pair of sites.
    """
    if candidates.spaced != "hard":
        return False
    distances = [candidates.scenario.tiers[tier].separation_km for tier in TIERS]
    pairs = 0
    for level in range(1, len(TIERS)):
        if distances[level] > min(distances[:level]):
            here = candidates.eligible[:, : level + 1].any(axis=1)
            lat, lon = candidates.lat_deg[here], candidates.lon_deg[here]
            pairs += len(conflicting_pairs(lat, lon, distances[level]))
    return pairs > _MOST_PAIRS
