"""``dcsite solve``: from a scenario to a proven plan and its map."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import dcsite
from dcsite.atlas import Atlas, load_atlas
from dcsite.criteria.cache import MeasureCache
from dcsite.errors import InterruptedWithoutPlanError, SolverError
from dcsite.model import SolveOptions
from dcsite.outputs import OutputPaths, check_directory, write_outputs
from dcsite.plan import Run, run_scenario
from dcsite.plan.alternatives import Alternatives, find_alternatives
from dcsite.plan.explain import explain_hubs
from dcsite.plan.explain_context import explain_context
from dcsite.plan.explanation import Explanation
from dcsite.plan.reload import hubs_of
from dcsite.plan.start import StartHub, read_start
from dcsite.scenario import Scenario, load_scenario
from dcsite.sites import municipality_sites, read_sites

from .late import LateInterrupt
from .options import DisastersOption, OverridesOption, QuietOption, SitesOption, with_disasters
from .progress import ProgressReporter, reporter
from .summary import output_console, print_summary

__all__ = ["solve_command"]


class SolverChoice(StrEnum):
    """Solvers to choose from."""

    auto = "auto"
    cbc = "cbc"
    highs = "highs"


def solve_command(
    scenario: Annotated[
        str, typer.Argument(help="Shipped name (dcsite scenario list) or TOML file.")
    ] = "policy-2023",
    overrides: OverridesOption = None,
    disasters: DisastersOption = None,
    sites: SitesOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write; dcsite-out/SCENARIO by default."),
    ] = None,
    solver: Annotated[SolverChoice, typer.Option(help="Solver to use.")] = SolverChoice.auto,
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds the solver may take.")
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Relative gap at which a plan is proven.")
    ] = 0.001,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Threads the solver may use.")] = 1,
    seed: Annotated[int, typer.Option(min=0, max=2_147_483_647, help="Seed of the solver.")] = 0,
    start: Annotated[
        Path | None, typer.Option("--start", help="plan.json of an earlier run to begin from.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Measure anew; neither read nor keep measured sites.")
    ] = False,
    diagnose: Annotated[
        bool,
        typer.Option(
            "--diagnose",
            help="Where there is no plan, look for every set of rules of which one would have to "
            "give way, even if the check before the solve already says why.",
        ),
    ] = False,
    alternatives: Annotated[
        int, typer.Option(min=0, max=100, help="Further plans to find, the best first.")
    ] = 0,
    alternatives_within: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="Their largest loss against the best, in %.")
    ] = 1.0,
    differ_in: Annotated[
        int, typer.Option(min=1, help="Hubs in which plans differ at least, where no core does.")
    ] = 1,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Also find each hub's replacement cost and runner-up, for the map."
        ),
    ] = False,
    quiet: QuietOption = False,
) -> int:
    """Solve a scenario, check the plan independently, and write plan, tables and map."""
    begun = time.perf_counter()
    given = with_disasters(overrides, disasters)
    asked = load_scenario(scenario, given)
    directory = output or Path("dcsite-out") / asked.name
    check_directory(directory)
    request = _Request(
        asked,
        sites,
        directory,
        SolveOptions(
            solver=solver.value, time_limit_s=time_limit, gap=gap, threads=threads, seed=seed
        ),
        None if no_cache else MeasureCache(),
        read_start(start) if start is not None else (),
        not diagnose,
        alternatives,
        alternatives_within / 100.0,
        differ_in,
        explain,
    )
    notes: list[str] = []
    try:
        with LateInterrupt() as late, reporter(quiet=quiet) as progress:
            run, others, explanation, paths = _run(request, late, progress, begun, notes)
    except KeyboardInterrupt:
        raise InterruptedWithoutPlanError(
            "interrupted before any plan was found; nothing was written"
        ) from None
    for note in () if quiet else notes:
        typer.echo(note, err=True)
    print_summary(output_console(), run.plan, paths, others, explanation)
    if late.noted:
        typer.echo("interrupted: the plan was already found, it was checked and written", err=True)
    return 130 if late.noted or run.plan.status == "interrupted" else 0


@dataclass(frozen=True)
class _Request:
    """What one call of the command asks for."""

    scenario: Scenario
    sites: Path | None
    directory: Path
    options: SolveOptions
    cache: MeasureCache | None
    start: tuple[StartHub, ...]
    check_first: bool
    alternatives: int
    within: float
    differ_in: int
    explain: bool


def _run(
    request: _Request,
    late: LateInterrupt,
    progress: ProgressReporter,
    begun: float,
    notes: list[str],
) -> tuple[Run, Alternatives | None, Explanation | None, OutputPaths]:
    def on_stage(name: str) -> None:
        if name == "check":
            late.shield()
        progress.stage(name)

    asked = request.scenario
    progress.stage("read")
    atlas = load_atlas()
    candidates = (
        municipality_sites(atlas, asked.land)
        if request.sites is None
        else read_sites(request.sites, atlas, asked.land)
    )
    run = run_scenario(
        asked,
        atlas,
        candidates,
        request.options,
        version=dcsite.__version__,
        on_stage=on_stage,
        on_progress=progress.solver,
        started=begun,
        cache=request.cache,
        start=request.start,
        on_note=notes.append,
        check_first=request.check_first,
    )
    others = None
    if request.alternatives and run.plan.status != "interrupted":
        progress.stage("alternatives")
        with _without(notes, "alternatives"):
            others = find_alternatives(
                asked,
                atlas,
                run.candidates,
                hubs_of(run.plan),
                request.options,
                count=request.alternatives,
                within=request.within,
                differ_in=request.differ_in,
                on_progress=progress.solver,
                halted=lambda: late.noted,
            )
    explanation = None
    if request.explain and run.plan.status != "interrupted" and not late.noted:
        progress.stage("explain")
        with _without(notes, "the explanation"):
            explanation = _explanation(request, run, atlas, late, progress)
    progress.stage("write")
    paths = write_outputs(run.plan, run.candidates, atlas, request.directory, others, explanation)
    return run, others, explanation, paths


@contextmanager
def _without(notes: list[str], what: str) -> Iterator[None]:
    """Go on without something that a solver broke down over: the plan is found, and is kept."""
    try:
        yield
    except SolverError as error:
        notes.append(f"warning: {what} left out, a solver broke down: {error}")


def _explanation(
    request: _Request, run: Run, atlas: Atlas, late: LateInterrupt, progress: ProgressReporter
) -> Explanation:
    """Solve again without each hub; Ctrl-C keeps what is known by then."""
    context = explain_context(
        request.scenario,
        atlas,
        run.candidates,
        hubs_of(run.plan),
        request.options,
        bound=run.plan.bound,
    )
    hubs = explain_hubs(context, None, progress.count, lambda: late.noted)
    return context.explanation(hubs)
