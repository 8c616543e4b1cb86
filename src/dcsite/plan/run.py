"""One whole run: measure, assemble, solve, check, build the plan."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dcsite.criteria import measure_sites
from dcsite.model import assemble, find_answer

from .build import build_plan
from .infeasible import look_ahead, why_infeasible
from .start import complete_start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.criteria.cache import MeasureCache
    from dcsite.model import Progress, SolveOptions
    from dcsite.scenario import Scenario

    from .start import StartHub
    from .types import Plan

__all__ = ["Run", "run_scenario"]


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
    check_first: bool = True,
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
        Called with ``measure``, ``precheck``, ``build``, ``solve`` and ``check`` as each begins.
    on_progress : callable, optional
        Called with the solver's progress.
    started : float, optional
        ``time.perf_counter()`` when the command began.
    cache : MeasureCache, optional
        Where measured sites are kept between runs; nowhere by default.
    start : sequence of StartHub, optional
        Hubs of an earlier plan to begin from, where they still fit.
    on_note : callable, optional
        Called with what the check before the solve warns of, and what became of the start, each
        in one line.
    check_first : bool
        Whether a check may answer at once that there is no plan. Without it such a scenario is
        built and solved, and every least set of rules that cannot hold is looked for.

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
    if check_first:
        stage("precheck")
        for warning in look_ahead(scenario, atlas, measured):
            if on_note is not None:
                on_note(warning)
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
        raise why_infeasible(scenario, atlas, measured, options)
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
