"""Say why no plan exists: a least set of rules that would have to give way.

An elastic program softens every hard rule, switches the soft ones off, and lets rule r be violated
only if ``relax[r]`` is 1; it minimises the number of relaxed rules, then the violations.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from dcsite.scenario import as_dict, flatten

from .assemble import assemble
from .rules import RuleModes, all_rules, modes_of
from .solvers import SolveOptions, solve

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.criteria import Rule
    from dcsite.scenario import Scenario

__all__ = ["Conflict", "RelaxedRule", "diagnose"]

#: Weight of the violations beside the count of relaxed rules: they only break ties.
_TIE_BREAK = 1e-3


@dataclass(frozen=True)
class RelaxedRule:
    """One rule that would have to give way, by how much, and the keys that set it."""

    rule: Rule
    amount: float
    settings: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Conflict:
    """A set of rules to relax; `least` says whether it is proven smallest."""

    relaxed: tuple[RelaxedRule, ...]
    least: bool


def diagnose(
    scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, options: SolveOptions
) -> Conflict | None:
    """Find a least set of hard rules whose relaxation makes the scenario feasible.

    Returns
    -------
    Conflict or None
        None when none was found in the time allowed, or when no set of rules would do.
    """
    own = modes_of(scenario)
    softened = RuleModes(
        {name: "soft" if mode == "hard" else "off" for name, mode in own.mode.items()},
        dict.fromkeys(own.mode, 0.0),
    )
    program = assemble(scenario, atlas, sites, softened)
    relax: dict[str, pulp.LpVariable] = {}
    objective: list[tuple[pulp.LpVariable, float]] = []
    for rule, terms in program.violations.items():
        if not terms:
            continue
        up = max(program.violation_up[rule], 1e-6)
        relax[rule] = program.binary(f"relax_{rule}")
        program.row(f"relax_{rule}", [*terms, (relax[rule], -up)], "<=", 0.0)
        objective.append((relax[rule], -1.0))
        objective += [(v, -_TIE_BREAK * coefficient / up) for v, coefficient in terms]
    total: dict[pulp.LpVariable, float] = {}
    for variable, coefficient in objective:
        total[variable] = total.get(variable, 0.0) + coefficient
    program.problem.setObjective(pulp.LpAffineExpression(total))
    outcome = solve(program.problem, options)
    if outcome.values is None:
        return None
    rules = all_rules()
    relaxed = []
    for name, variable in relax.items():
        if outcome.values.get(variable.name, 0.0) > 0.5:
            amount = sum(
                coefficient * outcome.values.get(v.name, 0.0)
                for v, coefficient in program.violations[name]
            )
            relaxed.append(RelaxedRule(rules[name], amount, _settings(scenario, rules[name])))
    return Conflict(tuple(relaxed), outcome.status == "optimal")


def _settings(scenario: Scenario, rule: Rule) -> tuple[tuple[str, object], ...]:
    """Look up the values behind a rule's keys; a key may name a whole table or use ``*``."""
    leaves = dict(flatten(as_dict(scenario)))
    return tuple(
        (key, value)
        for pattern in rule.keys
        for key, value in leaves.items()
        if fnmatch.fnmatch(key, pattern) or key.startswith(f"{pattern}.")
    )
