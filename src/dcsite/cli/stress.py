"""``dcsite stress``: years of disasters over a plan's hubs, and what is on record replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dcsite.interrupts import Interrupts

from .options import (
    DisastersOption,
    GeodataOption,
    LayerOption,
    OverridesOption,
    PlanArgument,
    QuietOption,
    output_option,
)
from .progress import Reporter
from .show import output_console

_MOST_YEARS = 10_000_000
_MOST_SETS = 1000
_MOST_SEED = 2_147_483_647


def stress_command(
    plan: PlanArgument,
    years: Annotated[int, typer.Option(help=f"Years to simulate, 1 to {_MOST_YEARS:,}.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the draws; same seed, same file.")] = 1,
    sets: Annotated[
        int,
        typer.Option(
            help="Draws of what is assumed of disasters, each over a quarter of the years."
        ),
    ] = 20,
    output: Annotated[
        Path | None,
        output_option("Folder for stress.json and stress.html; the plan's own by default."),
    ] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history", help="Print what recorded earthquakes and outages would have done."
        ),
    ] = False,
    assumptions: Annotated[
        Path | None,
        typer.Option(
            "--assumptions", help="TOML of durations that no table gives; shipped by default."
        ),
    ] = None,
    overrides: OverridesOption = None,
    disasters: DisastersOption = None,
    layer: LayerOption = None,
    geodata: GeodataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print stress.json.")] = False,
    quiet: QuietOption = False,
) -> int:
    """Prove a plan by simulation: which hubs fall together, how often, and what that loses.

    The same disasters strike today's data centres. Writes stress.json and stress.html.

    Ctrl-C keeps the plan's own years and the draws done by then; run again, it begins anew.
    """
    from dcsite.outputs.stress import check_stress_directory, write_stress
    from dcsite.plan import Session
    from dcsite.plan.reload import read_plan
    from dcsite.studies.stress import run_stress
    from dcsite.studies.stress_simulate import StressAssumptions

    from .stress_show import print_history, print_stress

    _check_range("--years", years, 1, _MOST_YEARS)
    _check_range("--seed", seed, 0, _MOST_SEED)
    _check_range("--sets", sets, 0, _MOST_SETS)
    assumed = StressAssumptions.read(assumptions)
    saved = read_plan(plan)
    session = Session.reopen(
        saved, overrides=overrides, disasters=disasters, layer=layer, atlas=geodata
    )
    directory = saved.path.parent if output is None else output
    check_stress_directory(directory)
    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet, notes=saved.notes) as progress:
            progress.stage("read")
            found = run_stress(
                saved.plan,
                session.scenario,
                session.atlas,
                assumed,
                years=years,
                seed=seed,
                sets=sets,
                version=session.version,
                on_stage=progress.stage,
                on_set=progress.count,
            )
            interrupts.hold()
            progress.stage("write")
            written, page = write_stress(found, session.atlas, directory)
        said = "interrupted: the answer was already found, it was checked and written"
        if (drawn := len(found.varied.sets)) < sets:
            said, interrupts.count = f"interrupted: {drawn} of {sets} draws were simulated", 1
        if as_json:
            typer.echo(written.read_text(encoding="utf-8"), nl=False)
            return progress.leave(interrupts, said)
        console = output_console()
        print_stress(console, found)
        if history:
            console.print()
            print_history(console, found)
        # The path stands alone and whole on the last line, so that scripts can take it.
        typer.echo(f"page: {page}")
        return progress.leave(interrupts, said)


def _check_range(option: str, value: int, least: int, most: int) -> None:
    """Refuse a number outside its range, and name both."""
    if not least <= value <= most:
        raise typer.BadParameter(
            f"is {value}; allowed: {least:,} to {most:,}", param_hint=repr(option)
        )
