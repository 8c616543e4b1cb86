"""``dcsite edge``: the fewest MEC sites along corridors, under the hubs of a plan."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dcsite.interrupts import Interrupts

from .options import (
    GeodataOption,
    PlanArgument,
    QuietOption,
    SolverChoice,
    SolverOption,
    output_option,
)
from .progress import Reporter
from .show import columns, output_console

if TYPE_CHECKING:
    from rich.console import Console

    from dcsite.studies.edge import Edge

_LISTED = 30


def edge_command(
    plan: PlanArgument,
    corridors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Lines and areas to cover, of any format that --sites takes; "
            "FILE|layername=NAME where there are several layers; those that the strategy names "
            "with a place by default.",
        ),
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Own places for MEC sites, beside the municipal offices."
        ),
    ] = None,
    own_only: Annotated[
        bool, typer.Option("--own-only", help="Only those of --candidates, no offices.")
    ] = False,
    assumptions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML of what is assumed; shipped by default."),
    ] = None,
    geodata: GeodataOption = None,
    output: Annotated[
        Path | None, output_option("Folder to write; dcsite-out/edge by default.")
    ] = None,
    # Where capacity binds HiGHS proves a cover in a quarter of CBC's time.
    solver: SolverOption = SolverChoice.highs,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=0.1, help="Seconds the search may take in all.")
    ] = 600.0,
    quiet: QuietOption = False,
) -> int:
    """Cover roads, drone routes and areas by the fewest MEC sites, each under a hub of a plan.

    What cannot be covered is told first. Writes edge.json, mec.csv, coverage.csv, edge.gpkg and
    edge.html.
    """
    from dcsite.contract import file_and_layer
    from dcsite.outputs.edge import write_edge
    from dcsite.outputs.write import check_directory
    from dcsite.plan import Session
    from dcsite.plan.reload import read_plan
    from dcsite.solvers import SolveOptions
    from dcsite.studies.edge import corridors_of, run_edge
    from dcsite.studies.edge_corridors import EdgeAssumptions

    if own_only and candidates is None:
        raise typer.BadParameter("needs --candidates FILE", param_hint="'--own-only'")
    assumed = EdgeAssumptions.read(assumptions)
    saved = read_plan(plan)
    session = Session.reopen(saved, atlas=geodata)
    directory = output or Path("dcsite-out") / "edge"
    given = [one for one in (corridors, candidates, assumptions, saved.path) if one is not None]
    check_directory(directory, "edge", [file_and_layer(one)[0] for one in given])
    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet, notes=saved.notes) as progress:
            progress.stage("read")
            drawn = corridors_of(session.atlas, corridors)
            found = run_edge(
                saved.plan,
                session.scenario,
                session.atlas,
                assumed,
                drawn,
                candidates=candidates,
                own_only=own_only,
                options=SolveOptions(solver=solver.value, time_limit_s=time_limit),
                on_stage=progress.stage,
                on_progress=progress.solver,
            )
            interrupts.hold()
            progress.stage("write")
            shapes = dict(zip(drawn["corridor_id"], drawn["geometry"], strict=True))
            paths = write_edge(found, shapes, session.atlas, saved.plan.created_at, directory)
        print_edge(output_console(), found)
        # The path stands alone and whole on the last line, so that scripts can take it.
        typer.echo(f"map: {paths.html}")
        return progress.leave(interrupts)


def print_edge(console: Console, found: Edge) -> None:
    """Print what is not covered, MEC sites with their parents, and corridors; in both languages."""
    # Text, not markup: names are a user's own.
    console.print(Text.assemble((found.title_en, "bold"), f"  {found.title_ja}"))
    for one in found.lacking:
        whole, first = one.corridor, one.first
        line = (
            f" {whole.name_ja} {whole.name_en}: {one.cells} of {whole.cells} cells セル; "
            f"such as 例: {first.why_en} {first.why_ja}"
        )
        console.print(Text.assemble(("not covered カバー不能:", "red"), line), soft_wrap=True)
    proof = {
        "optimal": "proven: no fewer will do これより少なくできないことを証明済み",
        "none": "no cell can be covered カバーできるセルがない",
    }.get(found.status, f"best in the time, no fewer than 時間内の最良、下限 {found.sites_bound}")
    console.print(Text(f"{found.sites} MEC sites, {proof}"))
    if found.candidates_without_parent:
        console.print(
            f"{found.candidates_without_parent} places in reach have no hub of the plan near "
            "enough to parent them 親拠点が遠い候補地"
        )
    hubs = {one.site_id: one.label for one in found.hubs}
    heads = ("MEC site", ">kW", ">cells", ">longest", "parent 親拠点", ">ms", "core 中核", ">ms ")
    table = columns(*heads, wide=("MEC site", "parent 親拠点", "core 中核"))
    for site in found.mec[:_LISTED]:
        core_ms = "not known" if math.isnan(site.core_ms) else f"{site.core_ms:.1f}"
        table.add_row(
            Text(f"{site.name_ja} {site.name_en}"), f"{site.load_kw:,.1f}", f"{site.cells}",
            f"{site.worst_ms:.2f} ms", Text(hubs[site.parent_id]), f"{site.parent_ms:.1f}",
            Text(hubs[site.core_id]), core_ms,
        )  # fmt: skip
    console.print(table)
    if len(found.mec) > _LISTED:
        console.print(f"and {len(found.mec) - _LISTED} more in mec.csv")
    table = columns("corridor 路線・エリア", "kind", ">as drawn", ">at most", ">reach", ">covered",
                    wide=("corridor 路線・エリア",))  # fmt: skip
    for drawn in found.corridors[:_LISTED]:
        size = f"{drawn.length_km:,.0f} km" if drawn.length_km else f"{drawn.area_km2:,.0f} km2"
        table.add_row(
            Text(f"{drawn.name_ja} {drawn.name_en}"), drawn.kind, size, f"{drawn.max_ms:g} ms",
            f"{drawn.reach_km:.1f} km", f"{drawn.covered_share:.1%}",
        )  # fmt: skip
    console.print(table)
    for hub in found.hubs:
        if hub.mec_sites:
            load = f"{hub.mec_load_mw:.3f} MW of IT load"
            console.print(Text(f"{hub.label}: {hub.mec_sites} MEC sites, {load}"))
