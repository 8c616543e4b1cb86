"""One whole run: measure, assemble, solve, check, build the plan."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dcsite.criteria import measure_sites
from dcsite.errors import InfeasibleError, Problem
from dcsite.model import SolveOptions, assemble, diagnose, find_answer
from dcsite.model.relax import smallest_relaxation
from dcsite.scenario.keys import toml_value

from .build import build_plan
from .start import complete_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.criteria.cache import MeasureCache
    from dcsite.model import Conflict, Progress
    from dcsite.scenario import Scenario

    from .start import StartHub
    from .types import Plan

__all__ = ["Run", "run_scenario"]

#: Seconds a diagnosis of infeasibility may take.
_DIAGNOSIS_S = 120.0

#: Seconds that the search for smallest changes may take after that.
_RELAXING_S = 30.0


@dataclass(frozen=True)
class Run:
    """A finished run: the plan and the measured candidates it was chosen from."""

    plan: Plan
    candidates: gpd.GeoDataFrame


def run_scenario(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    options: SolveOptions,
    *,
    version: str,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    started: float | None = None,
    cache: MeasureCache | None = None,
    start: Sequence[StartHub] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Run:
    """Carry a scenario from sites to a checked plan.

    Parameters
    ----------
    scenario, atlas, sites
        What is asked, what is known, where a hub could stand.
    options : SolveOptions
        Solver, limits, gap, threads, seed.
    version : str
        Version of dcsite, for the manifest.
    on_stage : callable, optional
        Called with ``measure``, ``build``, ``solve`` and ``check`` as each begins.
    on_progress : callable, optional
        Called with the solver's progress.
    started : float, optional
        ``time.perf_counter()`` when the command began.
    cache : MeasureCache, optional
        Where measured sites are kept between runs; nowhere by default.
    start : sequence of StartHub, optional
        Hubs of an earlier plan to begin from, where they still fit.
    on_note : callable, optional
        Called with what became of the start, in one line.

    Raises
    ------
    InfeasibleError
        If no plan meets all hard rules; names a least set that cannot hold together.
    NoPlanInTimeError, InterruptedWithoutPlanError, SolverError, CheckError
        As their texts say.
    """
    begun = time.perf_counter() if started is None else started
    stage = on_stage or (lambda _: None)
    stage("measure")
    measured = (
        measure_sites(sites, atlas, scenario)
        if cache is None
        else cache.measure_sites(sites, atlas, scenario)
    )
    stage("build")
    program = assemble(scenario, atlas, measured)
    if start:
        begin = complete_start(program, start)
        options = replace(options, start=begin.values)
        if on_note is not None:
            on_note(begin.note)
    stage("solve")
    answer = find_answer(program, options, on_progress)
    if answer.outcome.status == "infeasible":
        stage("diagnose")
        limits = SolveOptions(
            solver=options.solver,
            time_limit_s=min(options.time_limit_s or _DIAGNOSIS_S, _DIAGNOSIS_S),
            gap=1e-4,
            threads=options.threads,
            seed=options.seed,
        )
        conflict = diagnose(scenario, atlas, measured, limits)
        changes = _smallest_changes(scenario, atlas, measured, conflict, limits)
        raise InfeasibleError(_explain(scenario, conflict, changes))
    stage("check")
    plan = build_plan(
        answer,
        measured,
        atlas,
        scenario,
        version=version,
        gap_asked=options.gap,
        options=_manifest(options),
        wall_s=time.perf_counter() - begun,
    )
    return Run(plan, measured)


def _manifest(options: SolveOptions) -> dict[str, Any]:
    return {
        "solver": options.solver,
        "time_limit_s": options.time_limit_s,
        "gap": options.gap,
        "threads": options.threads,
        "seed": options.seed,
        "start": options.start is not None,
    }


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


def _explain(
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
