"""``dcsite bench``: the race table, measured on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from dcsite.bench.task import PARTS, SOLVERS, PartName, Request, Task
from dcsite.errors import OutputError
from dcsite.outputs.atomic import check_file, write_file
from dcsite.scenario import load_scenario

from .options import QuietOption
from .summary import output_console

if TYPE_CHECKING:
    from dcsite.bench.session import Report

__all__ = ["bench_command"]

#: Time limits of a solve: of parts asked for by name, and of the round through all, which shall
#: end in a few minutes.
_LIMIT_S = 120.0
_SHORT_LIMIT_S = 30.0


def _solver(text: str) -> str:
    if text not in SOLVERS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(SOLVERS)}")
    return text


def _part(text: str) -> PartName:
    for part in PARTS:
        if part == text:
            return part
    raise typer.BadParameter(f"{text!r} is not one of {', '.join(PARTS)}")


def _counts(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) >= 2 for part in parts):
        raise typer.BadParameter(f"{text!r} is not a list like 5,10,15: whole numbers from 2")
    return tuple(map(int, parts))


def bench_command(
    scenario: Annotated[str, typer.Argument(help="Shipped name or TOML file.")] = "policy-2023",
    parts: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            metavar="PART",
            help="run (phases), rows (separation rows compared), peers (spopt, if installed), "
            "dispersion (TSPLIB files), growth (200 to 20,000 sites), records (computed shaking "
            "against recorded); may be repeated. "
            "Default: run, rows, peers and records, and dispersion with --instances.",
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option(min=1, max=100, help="Counted runs of each solver, part run.")
    ] = 3,
    solvers: Annotated[
        list[str] | None,
        typer.Option(
            "--solver",
            metavar="SOLVER",
            help=f"Solver to time: {', '.join(SOLVERS)}; may be repeated. "
            "Default: all in part run, auto in rows and growth.",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=1_000_000.0,
            help="Seconds of each solve in all parts but run. "
            f"Default: {_LIMIT_S:g}, or {_SHORT_LIMIT_S:g} where no part is named.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2_147_483_647, help="Seed of drawn places.")] = 1,
    most: Annotated[
        int, typer.Option(min=1, help="Most places in parts peers, dispersion and growth.")
    ] = 20_000,
    instances: Annotated[
        Path | None, typer.Option("--instances", help="Folder of TSPLIB files (.tsp).")
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            "--published",
            help="CSV of published values: instance, count, lower_bound, upper_bound, proven, "
            "and if known decremental_clustering_s.",
        ),
    ] = None,
    counts: Annotated[
        str, typer.Option("--counts", help="How many points to choose of each instance.")
    ] = "5,10,15,20",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON file, written after every row.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: QuietOption = False,
) -> int:
    """Measure dcsite: phases of a run, row families, a peer, published instances, growth.

    Each row is measured in a process of its own; what is done is kept on Ctrl-C.
    """
    from dcsite.bench.session import Report, plan_parts, run_parts

    request = Request(
        scenario=scenario,
        overrides=tuple(overrides or ()),
        runs=runs,
        solvers=tuple(dict.fromkeys(map(_solver, solvers or ()))),
        time_limit_s=time_limit or (_LIMIT_S if parts else _SHORT_LIMIT_S),
        seed=seed,
        most=most,
        instances=instances,
        published=published,
        counts=_counts(counts),
    )
    wanted = [_part(part) for part in parts or ()]
    load_scenario(scenario, request.overrides)
    if output is not None:
        check_file(output)
    tasks, notes = plan_parts(request, wanted)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for note in notes:
        console.print(f"note: {escape(note)}")
    report = Report(request, notes=notes)
    begun = time.perf_counter()

    def tell(part: PartName, task: Task) -> None:
        if not quiet:
            passed = time.perf_counter() - begun
            console.print(f"{passed:7.1f} s  {part}: {escape(task.label)}")

    unwritten: list[OutputError] = []

    def keep() -> None:
        if output is None:
            return
        try:
            write_file(output, report.to_json())
            unwritten.clear()
        except OutputError as error:  # a full disk, say, loses the file but not the run
            unwritten[:] = [error]

    run_parts(report, tasks, on_task=tell, on_row=keep)
    if as_json:
        typer.echo(report.to_json(), nl=False)
    else:
        _print(report)
    code = _ended(report, console)
    if unwritten:
        raise unwritten[0]
    return code


def _print(report: Report) -> None:
    from dcsite.bench.tables import part_table

    console = output_console()
    console.print(f"{report.date[:10]}, {report.machine}", markup=False)
    console.print(
        ", ".join(f"{name} {version}" for name, version in report.versions.items()), markup=False
    )
    request = report.request
    changed = "".join(f" --set {text}" for text in request.overrides)
    console.print(
        f"scenario {request.scenario}{changed}, time limit {request.time_limit_s:g} s "
        f"for each solve but in whole runs, seed {request.seed}",
        markup=False,
    )
    for part, rows in report.rows.items():
        if rows:
            console.print()
            console.print(part_table(part, rows))


def _ended(report: Report, console: Console) -> int:
    for part, label, error in report.errors:
        for problem in error.problems:
            console.print(f"[red]error:[/red] {part}, {escape(label)}: {escape(str(problem))}")
    if report.interrupted:
        console.print("[yellow]interrupted[/yellow]: what was measured so far is kept")
        return 130
    return report.errors[0][2].exit_code if report.errors else 0
