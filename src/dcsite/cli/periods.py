"""``dcsite solve`` of a scenario that names years: plans that build on each other."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from dcsite.interrupts import Interrupts

from .progress import Reporter
from .show import columns, output_console
from .summary import STATUS, price_said, print_dropped, print_shortages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from dcsite.outputs import OutputPaths
    from dcsite.plan import Session
    from dcsite.plan.schedule import PlanYear, Schedule
    from dcsite.studies.periods import Fixed, ScheduleRun


def solve_years(
    session: Session,
    fixed: Sequence[Fixed],
    directory: Path,
    begun: float,
    *,
    cheapest: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Solve every year of a session, write a folder for each, and say what came out."""
    from dcsite.outputs import write_schedule
    from dcsite.studies.cheapest import Beside
    from dcsite.studies.periods import solve_schedule

    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet) as progress, ExitStack() as searches:
            beside: dict[int, Beside] = {}
            turn = threading.Lock()

            def search_beside(sessions: Mapping[int, Session]) -> None:
                for year, own in sessions.items():
                    beside[year] = searches.enter_context(Beside(own, wanted=cheapest, turn=turn))
                    for stage in ("measure", "build"):
                        beside[year].stage(stage)

            def on_stage(name: str, of: str) -> None:
                if name == "check":
                    interrupts.hold()
                progress.stage(name, of)

            found = solve_schedule(
                session,
                fixed=fixed,
                on_stage=on_stage,
                on_progress=progress.solver,
                on_note=progress.note,
                on_measured=search_beside,
                started=begun,
            )

            def stopped() -> bool:
                return interrupts.count > 0 or found.schedule.status == "interrupted"

            progress.stage("cheapest")
            runs = {
                year: replace(run, plan=beside[year].into(run.plan, stopped, progress.note))
                for year, run in found.runs.items()
            }
            found = replace(found, runs=runs)
            progress.stage("write")
            paths = write_schedule(found, directory)
        print_schedule(output_console(), found, paths, directory, verbose=verbose)
        code = progress.leave(interrupts)
    return 130 if found.schedule.status == "interrupted" else code


def print_schedule(
    console: Console,
    found: ScheduleRun,
    paths: Mapping[int, OutputPaths],
    directory: Path,
    *,
    verbose: bool = False,
) -> None:
    """Print what is short in each year, the years, the hubs as they open, what resilience costs.

    Unless `verbose`, only the prefectures with most unserved demand are named.
    """
    schedule = found.schedule
    console.print(
        f"[bold]{escape(schedule.title_en)}[/bold]  {escape(schedule.title_ja)}\n"
        f"{STATUS[schedule.status]} (all years, weighted: objective {schedule.objective:.5f}, "
        f"bound {schedule.bound:.5f} by {schedule.bound_from}, gap {schedule.gap:.4%}, asked "
        f"{schedule.gap_asked:.4%}; {schedule.solver} {schedule.solver_version}, "
        f"{schedule.wall_s:.1f} s)"
    )
    told: tuple[tuple[str, str], ...] = ()
    for year, run in found.runs.items():
        console.print(f"[bold]{year}[/bold]")
        if run.plan.dropped_places != told:  # said again only where another year drops others
            told = run.plan.dropped_places
            print_dropped(console, run.plan)
        with run.plan.printed():
            print_shortages(console, run.plan, None if verbose else 3)
    for table in (_years(schedule), _hubs(schedule)):
        console.print()
        console.print(table)
    console.print()
    for year, run in found.runs.items():
        if run.plan.cheapest is not None:
            console.print(escape(f"{year}: {price_said(run.plan.cheapest)}"))
    for one in schedule.fixed:
        since = "all years" if one.since is None else f"{one.since} on"
        console.print(f"{one.hubs} hubs of {escape(one.file)} stay, from {since}")
    for note in schedule.notes:
        console.print(f"note: {escape(note)}")
    for year, own in paths.items():
        typer.echo(f"{year}: {own.directory}")
    typer.echo(f"periods: {directory / schedule.file_name}")
    # The path stands alone and whole on the last line, so that scripts can take it.
    typer.echo(f"page to decide from: {directory / 'brief.html'}")
    typer.echo(f"map: {directory / 'map.html'}")


def _years(schedule: Schedule) -> Table:
    """Return a row for each year; what it loses is against the best plan of the year alone."""
    from dcsite.contract import load_mw

    tiers = [one.tier for one in schedule.years[0].tiers]
    table = columns(
        "year", *(f">{tier}" for tier in tiers), ">opened", ">about MW", ">reserve", ">unserved",
        ">objective", ">best alone", ">bound alone", ">lost to other years",
    )  # fmt: skip
    for one in schedule.years:
        table.add_row(
            str(one.year),
            *(str(tier.count) for tier in one.tiers),
            str(sum(tier.opened for tier in one.tiers)),
            load_mw(one.it_load_mw),
            load_mw(one.reserve_mw),
            load_mw(one.unserved_mw),
            f"{one.objective:.5f}",
            "not found" if one.free_objective is None else f"{one.free_objective:.5f}",
            f"{one.free_bound:.5f}",
            _price(one),
        )
    return table


def _price(one: PlanYear) -> str:
    """Say what a year loses to the others, in per cent of the best that is possible for it."""
    best = max(abs(one.objective), 1e-9)
    return f"{one.price_least / best:.2%} to {one.price_most / best:.2%}"


def _hubs(schedule: Schedule) -> Table:
    """Return a row for each hub, with what it carries in each year."""
    from dcsite.contract import load_mw

    years = [one.year for one in schedule.years]
    table = columns("opens", "tier", "hub", *(f">MW {year}" for year in years), wide=("hub",))
    for hub in schedule.hubs:
        loads = [hub.in_year(year) for year in years]
        table.add_row(
            f"{hub.opened}{' (fixed)' if hub.fixed else ''}",
            hub.tier,
            escape(f"{hub.label}, {hub.prefecture_en}"),
            *("-" if one is None else load_mw(one.it_load_mw) for one in loads),
        )
    return table
