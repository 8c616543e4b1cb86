"""Say that there is no plan, and why: at once where a check proves it, else by diagnosis."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dcsite.errors import InfeasibleError, Problem
from dcsite.scenario import toml_value
from dcsite.solvers import SolveOptions

from .diagnose import diagnose
from .precheck import quick_findings
from .relax import smallest_relaxation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

    from .diagnose import Conflict

#: Seconds a diagnosis of infeasibility may take.
_DIAGNOSIS_S = 120.0

#: Seconds that the search for smallest changes may take after that.
_RELAXING_S = 30.0


def look_ahead(scenario: Scenario, atlas: Atlas, measured: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Check a scenario before it is built, and return what the check warns of.

    Parameters
    ----------
    scenario, atlas
        What is asked and known.
    measured : geopandas.GeoDataFrame
        Sites with their measurements.

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
    findings = quick_findings(scenario, atlas, measured)
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        raise InfeasibleError(
            [
                Problem(
                    "infeasible",
                    "",
                    f"no plan meets all hard rules of scenario {scenario.name}; the check before "
                    "the solve proves it (--diagnose looks for every set of rules of which one "
                    "would have to give way):",
                ),
                *(Problem("infeasible", "", error.message) for error in errors),
            ]
        )
    return tuple(f"warning: {finding.message}" for finding in findings)


def why_infeasible(
    scenario: Scenario, atlas: Atlas, measured: gpd.GeoDataFrame, options: SolveOptions
) -> InfeasibleError:
    """Diagnose a scenario that a solver proved infeasible.

    Returns
    -------
    InfeasibleError
        To be raised: names the least sets of rules that would have to give way, what is short, and
        the smallest change of one number that does.
    """
    limits = SolveOptions(
        solver=options.solver,
        time_limit_s=min(options.time_limit_s or _DIAGNOSIS_S, _DIAGNOSIS_S),
        gap=1e-4,
        threads=options.threads,
        seed=options.seed,
    )
    conflict = diagnose(scenario, atlas, measured, limits)
    changes = _smallest_changes(scenario, atlas, measured, conflict, limits)
    return InfeasibleError(_problems(scenario, conflict, changes))


def _smallest_changes(
    scenario: Scenario,
    atlas: Atlas,
    measured: gpd.GeoDataFrame,
    conflict: Conflict | None,
    limits: SolveOptions,
) -> dict[str, str]:
    """Say for each rule that does alone which smallest change of one number does."""
    ends = time.monotonic() + min(_RELAXING_S, limits.time_limit_s or _RELAXING_S)
    texts: dict[str, str] = {}
    for relaxation in conflict.relaxations if conflict else ():
        if len(relaxation.rules) > 1:
            continue
        rule = relaxation.rules[0].rule.name
        left = ends - time.monotonic()
        changes = (
            smallest_relaxation(scenario, atlas, measured, rule, left, limits) if left > 0 else []
        )
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
    scenario: Scenario, conflict: Conflict | None, changes: Mapping[str, str]
) -> list[Problem]:
    head = f"no plan meets all hard rules of scenario {scenario.name}"
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
    size = len(sets[0].rules)
    which = "rule" if size == 1 else f"set of {size} rules"
    proof = "" if conflict.least else ", not proven least"
    if len(sets) == 1:
        lead = f"this {which} would have to give way{proof}"
    else:
        lead = f"any one {which} of these {len(sets)} would have to give way{proof}"
    problems = [Problem("infeasible", "", f"{head}; {lead}:")]
    for number, relaxation in enumerate(sets, 1):
        label = "infeasible" if size == 1 else f"infeasible, set {number}"
        for relaxed in relaxation.rules:
            settings = ", ".join(f"{key} = {toml_value(value)}" for key, value in relaxed.settings)
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
