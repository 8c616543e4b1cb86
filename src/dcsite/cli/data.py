"""``dcsite data``: list and check what is known, and count where load can be taken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dcsite.errors import GeodataError

from .options import JsonOption, Question, ScenarioArgument, asking
from .show import output_console, print_json

data_app = typer.Typer(help="List and check the geodata.", no_args_is_help=True)

Root = Annotated[
    Path | None,
    typer.Argument(
        help="A folder with datapackage.json, or an overlay; the shipped geodata by default."
    ),
]


def _list_kinds(asked: bool) -> None:
    """Print what can be imported, and leave."""
    if asked:
        from dcsite.atlas.importing import IMPORTERS, described

        for kind in IMPORTERS:
            typer.echo("{}\n  {reads_en}\n  {reads_ja}".format(kind, **described(kind)))
        raise typer.Exit


@data_app.command(
    "import",
    epilog="Example: dcsite data import area-supply-demand eria_jukyu_*_06.csv --into mine",
)
def import_command(
    kind: Annotated[str, typer.Argument(help="What the files are; --list names the kinds.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files as published.")],
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Overlay to write or add to.")
    ],
    area: Annotated[
        str | None,
        typer.Option(help="Electricity area of all files, where their names do not tell it."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Let the tables stand in for the shipped ones as a whole; by default rows of "
            "equal key are replaced and others added.",
        ),
    ] = False,
    kinds: Annotated[  # noqa: ARG001 (answered before anything else)
        bool,
        typer.Option(
            "--list", callback=_list_kinds, is_eager=True, help="List the kinds of files and leave."
        ),
    ] = False,
) -> None:
    """Make official files into tables for --geodata DIR: all of them, or none."""
    from dcsite.atlas.importing import import_files
    from dcsite.outputs.atomic import write_overlay

    imported = import_files(kind, files, into, area=area, replace=replace)
    write_overlay(imported.files, into)
    for note in imported.notes:
        typer.echo(note, err=True)
    for name, rows in imported.rows.items():
        typer.echo(f"{name}: {rows:,} rows")
    typer.echo(f"written: {into} (use it with --geodata)")


@data_app.command("list", epilog="Example: dcsite data list --json")
def list_tables(
    root: Root = None,
    as_json: JsonOption = False,
) -> None:
    """List every table: rows, vintage, licence, source."""
    from dcsite.atlas import load_atlas

    atlas = load_atlas(root)
    resources = atlas.resources()
    if as_json:
        said = ("theme", "rows", "vintage", "licence", "source", "sha256")
        print_json(
            [
                {"table": one.name, **{name: getattr(one, name) for name in said}}
                for one in resources
            ]
        )
        return
    console = output_console()
    table = Table(box=None, pad_edge=False, show_lines=False)
    table.add_column("table", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    for title in ("vintage", "licence", "source"):
        table.add_column(title)
    for one in resources:
        texts = map(escape, (one.vintage, one.licence, one.source))
        rows = len(atlas.table(one.name)) if one.overlay == "update" else one.rows
        table.add_row(escape(one.name), f"{rows:,}", *texts)
    console.print(table)


@data_app.command("check", epilog="Example: dcsite data check")
def check(root: Root = None) -> None:
    """Check every table against its description: bytes, columns, keys, places."""
    from dcsite.atlas import check_geodata, load_atlas

    problems = check_geodata(root)
    if problems:
        raise GeodataError(problems)
    resources = load_atlas(root).resources()
    resources = tuple(one for one in resources if one.laid) or resources
    rows = sum(resource.rows for resource in resources)
    typer.echo(f"{len(resources)} tables, {rows:,} rows: all as described")


@data_app.command("connections", epilog="Example: dcsite data connections")
def connections(root: Root = None, as_json: JsonOption = False) -> None:
    """Count the mapped substations that load can be taken from, and why others are left out."""
    from dcsite.atlas import load_atlas

    nodes = load_atlas(root).substations()
    keys = ["connection", "connection_reason_en", "connection_reason_ja"]
    strong = {f"nodes_{kv}kv": nodes["voltage_kv"] >= kv for kv in (100, 187, 500)}
    counted = nodes[keys].assign(nodes=1, **strong).groupby(keys)
    counts = counted.sum().astype(int).reset_index()
    if as_json:
        print_json(counts.to_dict("records"))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("connection", no_wrap=True)
    for head in ("nodes", "100 kV+", "187 kV+", "500 kV"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("reason")
    for one in counts.itertuples():
        reason = f"{one.connection_reason_en} {one.connection_reason_ja}".strip()
        numbers = (one.nodes, one.nodes_100kv, one.nodes_187kv, one.nodes_500kv)
        table.add_row(one.connection, *(f"{number:,}" for number in numbers), escape(reason))
    output_console().print(table)


@data_app.command("latency", epilog="Example: dcsite data latency --latency measured.csv")
@asking
def latency(
    asked: Question, scenario: ScenarioArgument = "policy-2023", as_json: JsonOption = False
) -> int:
    """Hold the rule of round trips against what was measured: --latency FILE, else the shipped."""
    from dcsite.network import calibration_of

    session = asked.open(scenario)
    found = calibration_of(session.atlas, session.scenario.network)
    rows = found.pairs.to_dict("records")
    if as_json:
        rule = {name: getattr(found, name) for name in ("fibre_per_route_km", "equipment_ms")}
        print_json({"source": found.source, **rule, "fitted": [*found.fitted], "pairs": rows})
        return 0
    table = Table(box=None, pad_edge=False)
    for head in ("from", "to", "km of fibre", "measured ms", "by the rule ms", "off ms"):
        table.add_column(head, justify="left" if head in {"from", "to"} else "right")
    for one in rows:
        off_ms = one["predicted_ms"] - one["measured_ms"]
        numbers = (one["measured_ms"], one["predicted_ms"], off_ms)
        ends = (escape(str(one[end])) for end in ("from", "to"))
        table.add_row(*ends, f"{one['fibre_km']:,.0f}", *(f"{ms:.2f}" for ms in numbers))
    console = output_console()
    console.print(table)
    console.print(escape(found.note), highlight=False)
    return 0
