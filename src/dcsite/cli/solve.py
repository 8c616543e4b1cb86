"""``dcsite solve``: from a scenario to a proven plan and its map."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import dcsite
from dcsite.atlas import load_atlas
from dcsite.criteria import parameter_schemas, rule_names
from dcsite.criteria.cache import MeasureCache
from dcsite.errors import InterruptedWithoutPlanError
from dcsite.model import SolveOptions
from dcsite.outputs import OutputPaths, check_directory, write_outputs
from dcsite.plan import Run, run_scenario
from dcsite.plan.start import StartHub, read_start
from dcsite.scenario import Scenario, load_scenario
from dcsite.sites import municipality_sites, read_sites

from .late import LateInterrupt
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
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override one value; may be repeated."),
    ] = None,
    sites: Annotated[
        Path | None,
        typer.Option("--sites", help="Own candidate sites: CSV, GeoJSON or GeoPackage."),
    ] = None,
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> int:
    """Solve a scenario, check the plan independently, and write plan, tables and map."""
    begun = time.perf_counter()
    asked = load_scenario(scenario, overrides or (), parameter_schemas(), rule_names())
    directory = output or Path("dcsite-out") / asked.name
    check_directory(directory)
    hubs = read_start(start) if start is not None else ()
    cache = None if no_cache else MeasureCache()
    notes: list[str] = []
    options = SolveOptions(
        solver=solver.value, time_limit_s=time_limit, gap=gap, threads=threads, seed=seed
    )
    try:
        with LateInterrupt() as late, reporter(quiet=quiet) as progress:
            run, paths = _run(
                asked, sites, options, directory, late, progress, begun, cache, hubs, notes
            )
    except KeyboardInterrupt:
        raise InterruptedWithoutPlanError(
            "interrupted before any plan was found; nothing was written"
        ) from None
    for note in () if quiet else notes:
        typer.echo(note, err=True)
    print_summary(output_console(), run.plan, paths)
    if late.noted:
        typer.echo("interrupted: the plan was already found, it was checked and written", err=True)
    return 130 if late.noted or run.plan.status == "interrupted" else 0


def _run(
    asked: Scenario,
    sites: Path | None,
    options: SolveOptions,
    directory: Path,
    late: LateInterrupt,
    progress: ProgressReporter,
    begun: float,
    cache: MeasureCache | None,
    hubs: tuple[StartHub, ...],
    notes: list[str],
) -> tuple[Run, OutputPaths]:
    def on_stage(name: str) -> None:
        if name == "check":
            late.shield()
        progress.stage(name)

    progress.stage("read")
    atlas = load_atlas()
    candidates = (
        municipality_sites(atlas, asked.land)
        if sites is None
        else read_sites(sites, atlas, asked.land)
    )
    run = run_scenario(
        asked,
        atlas,
        candidates,
        options,
        version=dcsite.__version__,
        on_stage=on_stage,
        on_progress=progress.solver,
        started=begun,
        cache=cache,
        start=hubs,
        on_note=notes.append,
    )
    progress.stage("write")
    return run, write_outputs(run.plan, run.candidates, atlas, directory)
