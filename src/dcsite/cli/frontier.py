"""``dcsite frontier``: the trade between two measures, each point proven to its gap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dcsite.interrupts import Interrupts

from .options import (
    EachTimeLimitOption,
    Question,
    QuietOption,
    ScenarioArgument,
    SolverChoice,
    SolverOption,
    asking,
    gap_option,
    output_option,
)
from .progress import Reporter
from .show import columns, output_console

if TYPE_CHECKING:
    from dcsite.studies.front import Front


@asking
def frontier_command(
    asked: Question,
    scenario: ScenarioArgument = "policy-2023",
    x: Annotated[
        str | None,
        typer.Option(
            "--x",
            help="Scored measure, or criterion for its first one; the first criterion by default.",
        ),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option(
            "--y",
            help="Another measure or criterion, or points: all scores but that on x, weighted; the "
            "criterion of the largest weight by default.",
        ),
    ] = None,
    points: Annotated[int, typer.Option(help="Points asked for, both ends included.")] = 21,
    output: Annotated[
        Path | None, output_option("Folder; dcsite-out/SCENARIO-front-X-Y by default.")
    ] = None,
    solver: SolverOption = SolverChoice.auto,
    gap: Annotated[float, gap_option("Relative gap at which a point is proven.")] = 0.001,
    time_limit: EachTimeLimitOption = None,
    quiet: QuietOption = False,
) -> int:
    """Find the plans between which two measures can only be traded, and draw them.

    Ctrl-C keeps the points found by then; run again, it begins anew.
    """
    from dcsite.outputs import check_directory
    from dcsite.outputs.front import write_front
    from dcsite.solvers import SolveOptions
    from dcsite.studies.front import default_axes
    from dcsite.studies.frontier import find_front

    options = SolveOptions(solver=solver.value, time_limit_s=time_limit, gap=gap)
    session = asked.open(scenario, options)
    x, y = default_axes(x, y, session.scenario)
    name = f"{session.scenario.name}-front-{_slug(x)}-{_slug(y)}"
    directory = output or Path("dcsite-out") / name
    check_directory(directory, "front")
    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet) as progress:
            front = find_front(
                session, x, y, points, on_stage=progress.stage, on_point=progress.count
            )
            interrupts.hold()
            progress.stage("write")
            paths = write_front(front, session.atlas, directory)
        _print(front)
        # The path stands alone and whole on the last line, so that scripts can take it.
        typer.echo(f"chart: {paths.html}")
        code = progress.leave(interrupts)
    if not front.complete:
        progress.note("interrupted: the points found so far were written")
    return code if front.complete else 130


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in name)[:60]


def _print(front: Front) -> None:
    console = output_console()
    axes = (f">x: {front.x.measure}", f">y: {front.y.measure}")
    table = columns(*axes, ">x score", ">y score", ">gap", "status")
    for point in front.points:
        table.add_row(
            f"{point.x:,.3f} {front.x.unit}",
            f"{point.y:,.3f} {front.y.unit}",
            f"{point.x_score:.4f}",
            f"{point.y_score:.4f}",
            f"{point.gap:.3%}",
            point.status,
        )
    console.print(table)
    for note in front.notes:
        typer.echo(note)
    proven = sum(point.status == "optimal" for point in front.points)
    typer.echo(
        f"{len(front.points)} of {front.points_asked} points, {front.dominated} dominated or equal "
        f"ones left out; {proven} proven to {front.gap_asked:.3%}; {front.wall_s:.0f} s"
    )
