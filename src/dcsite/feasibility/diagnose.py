"""Say why no plan exists: the least sets of hard rules that would have to give way.

Rules are few, so sets are tried outright, smallest first: the program is assembled with a set of
rules off and asked for any plan at all. When a set does, its rules are made soft once more and
their violations minimised, to say how far they are from holding.
"""

from __future__ import annotations

import fnmatch
import time
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import pulp

from dcsite.model.assemble import assemble
from dcsite.model.rules import RuleModes, all_rules, modes_of
from dcsite.scenario import as_dict, flatten
from dcsite.solvers import SolveOptions
from dcsite.solvers.answer import solve_program

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.criteria import Rule
    from dcsite.scenario import Scenario

#: Sets of more rules than this are not tried; a scenario that needs more is far from feasible.
_MOST_RULES = 3

#: Seconds that measuring how far one set is from holding may take.
_MEASURING_S = 15.0


@dataclass(frozen=True)
class RelaxedRule:
    """One rule that would have to give way, and the keys that set it.

    `amount` is the violation found when violations are minimised, None where none was found in
    the time allowed.
    """

    rule: Rule
    amount: float | None
    settings: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Relaxation:
    """A set of rules; with all of them relaxed there is a plan."""

    rules: tuple[RelaxedRule, ...]


@dataclass(frozen=True)
class Conflict:
    """All least sets of rules to relax that were found.

    `least` says that no smaller set would do, `complete` that no other set of that size would.
    """

    relaxations: tuple[Relaxation, ...]
    least: bool
    complete: bool


def diagnose(
    scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, options: SolveOptions
) -> Conflict | None:
    """Find the least sets of hard rules whose relaxation makes the scenario feasible.

    Parameters
    ----------
    scenario, atlas, sites
        The infeasible question; `sites` are measured.
    options : SolveOptions
        `time_limit_s` bounds the whole search; None lets it end by itself.

    Returns
    -------
    Conflict or None
        None when no set was found in the time allowed, or none would do.
    """
    ends = None if options.time_limit_s is None else time.monotonic() + options.time_limit_s
    hard = [name for name, mode in modes_of(scenario).mode.items() if mode == "hard"]
    least = True
    for size in range(1, min(_MOST_RULES, len(hard)) + 1):
        found: list[tuple[str, ...]] = []
        complete = True
        for names in combinations(hard, size):
            answer = _feasible(scenario, atlas, sites, names, options, ends)
            if answer is None:
                complete = False
            elif answer:
                found.append(names)
        if found:
            return Conflict(
                tuple(_measured(scenario, atlas, sites, names, options) for names in found),
                least,
                complete,
            )
        least &= complete
        if ends is not None and time.monotonic() > ends:
            return None
    return None


def _feasible(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    names: Iterable[str],
    options: SolveOptions,
    ends: float | None,
) -> bool | None:
    """Tell whether there is any plan with these rules off; None when time ran out first."""
    left = None if ends is None else ends - time.monotonic()
    if left is not None and left <= 0.0:
        return None
    modes = _without(modes_of(scenario), names, "off")
    program = assemble(scenario, atlas, sites, modes)
    program.problem.setObjective(pulp.LpAffineExpression())
    limits = SolveOptions(options.solver, left, 1.0, options.threads, options.seed)
    outcome = solve_program(program, limits)
    if outcome.values is not None:
        return True
    if outcome.interrupted:
        raise KeyboardInterrupt
    return False if outcome.status == "infeasible" else None


def _measured(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    names: tuple[str, ...],
    options: SolveOptions,
) -> Relaxation:
    """Minimise how much these rules are violated while all other hard ones hold."""
    program = assemble(scenario, atlas, sites, _without(modes_of(scenario), names, "soft"))
    objective: dict[pulp.LpVariable, float] = {}
    for name in names:
        for variable, coefficient in program.violations[name]:
            objective[variable] = objective.get(variable, 0.0) - coefficient
    program.problem.setObjective(pulp.LpAffineExpression(objective))
    limits = SolveOptions(options.solver, _MEASURING_S, 0.01, options.threads, options.seed)
    values = solve_program(program, limits).values
    rules = all_rules()
    return Relaxation(
        tuple(
            RelaxedRule(
                rules[name],
                None
                if values is None
                else sum(c * values.get(v.name, 0.0) for v, c in program.violations[name]),
                settings_of(scenario, rules[name]),
            )
            for name in names
        )
    )


def _without(modes: RuleModes, names: Iterable[str], mode: str) -> RuleModes:
    """Return modes with some rules off or soft, and the soft ones out of the way."""
    changed = {name: "hard" if own == "hard" else "off" for name, own in modes.mode.items()}
    return RuleModes(changed | dict.fromkeys(names, mode), dict.fromkeys(modes.mode, 0.0))


def settings_of(scenario: Scenario, rule: Rule) -> tuple[tuple[str, object], ...]:
    """Look up the values behind a rule's keys; a key may name a whole table or use ``*``."""
    leaves = dict(flatten(as_dict(scenario)))
    return tuple(
        (key, value)
        for pattern in rule.keys
        for key, value in leaves.items()
        if fnmatch.fnmatch(key, pattern) or key.startswith(f"{pattern}.")
    )
