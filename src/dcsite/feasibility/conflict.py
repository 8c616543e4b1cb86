"""Say that there is no plan, and why: at once where a check proves it, else by diagnosis.

A diagnosis looks for the least sets of hard rules that would have to give way. Rules are few, so
sets are tried outright, smallest first: the program is assembled with a set of rules off and asked
for any plan at all. When a set does, its rules are made soft once more and their violations
minimised, to say how far they are from holding.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import pulp

from dcsite.errors import InfeasibleError, Problem
from dcsite.model import all_rules, assemble
from dcsite.solvers.answer import solve_program

from .change import any_plan, smallest_relaxation
from .check import check_scenario, settings_of, settings_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.contract import Rule
    from dcsite.model import Candidates
    from dcsite.solvers import SolveOptions

#: Parts of the time for a diagnosis: for smallest changes, after it; and for measuring how far one
#: set is from holding. What must end soon follows the one time that a user gives.
_CHANGES_PART = 1 / 4
_MEASURING_PART = 1 / 8

#: Sets of more rules than this are not tried; a scenario that needs more is far from feasible.
_MOST_RULES = 3


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
class Conflict:
    """All least sets of rules that were found; with all of a set relaxed there is a plan.

    `least` says that no smaller set would do, `complete` that no other set of that size would.
    """

    relaxations: tuple[tuple[RelaxedRule, ...], ...]
    least: bool
    complete: bool


def look_ahead(candidates: Candidates, search_s: float) -> tuple[str, ...]:
    """Check a scenario before it is built, and return what the check warns of.

    Parameters
    ----------
    candidates : Candidates
        What is asked, and which sites are left for which tier.
    search_s : float
        Seconds that each search for distances may take.

    Returns
    -------
    tuple of str
        Warnings, a line each.

    Raises
    ------
    InfeasibleError
        If the check proves that there is no plan; names each value that cannot be met, with the
        most that can.
    """
    found = check_scenario(candidates, thorough=False, search_s=search_s)
    if found.errors:
        raise InfeasibleError(
            [
                Problem(
                    "infeasible",
                    "",
                    f"no plan meets all hard rules of scenario {candidates.scenario.name}; the "
                    "check before the solve proves it (--diagnose looks for every set of rules of "
                    "which one would have to give way):",
                ),
                *(Problem("infeasible", "", error.message) for error in found.errors),
            ]
        )
    return tuple(f"warning: {finding.message}" for finding in found.findings)


def why_infeasible(candidates: Candidates, options: SolveOptions) -> InfeasibleError:
    """Diagnose a scenario that a solver proved infeasible.

    Returns
    -------
    InfeasibleError
        To be raised: names the least sets of rules that would have to give way, what is short, and
        the smallest change of one number that does.
    """
    limit_s = min(options.time_limit_s or options.diagnosis_s, options.diagnosis_s)
    limits = replace(options, time_limit_s=limit_s, gap=1e-4, start=None)
    conflict = diagnose(candidates, limits)
    changes = _smallest_changes(candidates, conflict, limits)
    return InfeasibleError(_problems(candidates.scenario.name, conflict, changes))


def diagnose(candidates: Candidates, options: SolveOptions) -> Conflict | None:
    """Find the least sets of hard rules whose relaxation makes the scenario feasible.

    Parameters
    ----------
    candidates : Candidates
        The infeasible question.
    options : SolveOptions
        `time_limit_s` bounds the whole search; None lets it end by itself.

    Returns
    -------
    Conflict or None
        None when no set was found in the time allowed, or none would do.
    """
    ends = None if options.time_limit_s is None else time.monotonic() + options.time_limit_s
    hard = [name for name, mode in candidates.modes.mode.items() if mode == "hard"]
    least = True
    for size in range(1, min(_MOST_RULES, len(hard)) + 1):
        found: list[tuple[str, ...]] = []
        complete = True
        for names in combinations(hard, size):
            left_s = None if ends is None else ends - time.monotonic()
            answer = None
            if left_s is None or left_s > 0.0:
                without = candidates.under(candidates.modes.hard_only(names))
                answer = any_plan(assemble(without, scored=False), options, left_s)
            if answer is None:
                complete = False
            elif answer:
                found.append(names)
        if found:
            sets = tuple(_measured(candidates, names, options) for names in found)
            return Conflict(sets, least, complete)
        least &= complete
        if ends is not None and time.monotonic() > ends:
            return None
    return None


def _measured(
    candidates: Candidates, names: tuple[str, ...], options: SolveOptions
) -> tuple[RelaxedRule, ...]:
    """Minimise how much these rules are violated while all other hard ones hold."""
    softened = candidates.under(candidates.modes.hard_only(names, "soft"))
    program = assemble(softened, scored=False)
    objective: dict[pulp.LpVariable, float] = {}
    for name in names:
        for variable, coefficient in program.violations[name]:
            objective[variable] = objective.get(variable, 0.0) - coefficient
    program.problem.setObjective(pulp.LpAffineExpression(objective))
    limit_s = _MEASURING_PART * options.diagnosis_s
    values = solve_program(program, replace(options, time_limit_s=limit_s, gap=0.01)).values
    relaxed = []
    for name in names:
        terms = program.violations[name]
        amount = None if values is None else sum(c * values.get(v.name, 0.0) for v, c in terms)
        rule = all_rules()[name]
        relaxed.append(RelaxedRule(rule, amount, settings_of(candidates.scenario, rule)))
    return tuple(relaxed)


def _smallest_changes(
    candidates: Candidates, conflict: Conflict | None, limits: SolveOptions
) -> dict[str, str]:
    """Say for each rule that does alone which smallest change of one number does."""
    limit_s = _CHANGES_PART * limits.diagnosis_s
    ends = time.monotonic() + min(limit_s, limits.time_limit_s or limit_s)
    texts: dict[str, str] = {}
    for relaxation in conflict.relaxations if conflict else ():
        if len(relaxation) > 1:
            continue
        rule = relaxation[0].rule.name
        left_s = ends - time.monotonic()
        changes = smallest_relaxation(candidates, rule, left_s, limits) if left_s > 0 else []
        found = [
            f"{change.key} {change.value:.6g} -> {change.to:g}"
            + ("" if change.least else " (a smaller change was not ruled out in time)")
            for change in changes
        ]
        if found:
            texts[rule] = f"; smallest change that does: {', or '.join(found)}"
        elif time.monotonic() >= ends:
            texts[rule] = "; the smallest change was not found in time"
    return texts


def _problems(
    scenario: str, conflict: Conflict | None, changes: Mapping[str, str]
) -> list[Problem]:
    head = f"no plan meets all hard rules of scenario {scenario}"
    if conflict is None:
        return [
            Problem(
                "infeasible",
                "",
                f"{head}, and no small set of rules to relax was found; check tiers.*.count "
                "against the number of sites offered, and the sites' tiers",
            )
        ]
    sets = conflict.relaxations
    size = len(sets[0])
    which = "rule" if size == 1 else f"set of {size} rules"
    proof = "" if conflict.least else ", not proven least"
    if not conflict.complete:
        proof += "; others were not tried in time"
    if len(sets) == 1:
        lead = f"this {which} would have to give way{proof}"
    else:
        lead = f"any one {which} of these {len(sets)} would have to give way{proof}"
    problems = [Problem("infeasible", "", f"{head}; {lead}:")]
    for number, relaxation in enumerate(sets, 1):
        label = "infeasible" if size == 1 else f"infeasible, set {number}"
        for relaxed in relaxation:
            settings = settings_text(relaxed.settings)
            short = (
                ""
                if relaxed.amount is None
                else f" (least violation found {relaxed.amount:.4g}, unit: {relaxed.rule.unit})"
            )
            problems.append(
                Problem(
                    label,
                    f"rules.{relaxed.rule.name}",
                    f"{relaxed.rule.title_en}: cannot hold with the others{short}; set by "
                    f"{settings or 'the sites'}{changes.get(relaxed.rule.name, '')}; loosen "
                    "these, or set "
                    f'rules.{relaxed.rule.name} = "soft"',
                )
            )
    return problems
