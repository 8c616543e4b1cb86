"""``dcsite data``: list and check what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dcsite.errors import GeodataError

from .options import JsonOption
from .show import output_console, print_json

data_app = typer.Typer(help="List and check the geodata.", no_args_is_help=True)

Root = Annotated[
    Path | None,
    typer.Argument(help="A folder with datapackage.json; the shipped geodata by default."),
]


@data_app.command("list", epilog="Example: dcsite data list --json")
def list_tables(
    root: Root = None,
    as_json: JsonOption = False,
) -> None:
    """List every table: rows, vintage, licence, source."""
    from dcsite.atlas import load_atlas

    resources = load_atlas(root).resources()
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
        table.add_row(escape(one.name), f"{one.rows:,}", *texts)
    console.print(table)


@data_app.command("check", epilog="Example: dcsite data check")
def check(root: Root = None) -> None:
    """Check every table against its description: bytes, columns, keys, places."""
    from dcsite.atlas import check_geodata, load_atlas

    atlas = load_atlas(root)
    problems = check_geodata(root)
    if problems:
        raise GeodataError(problems)
    resources = atlas.resources()
    rows = sum(resource.rows for resource in resources)
    typer.echo(f"{len(resources)} tables, {rows:,} rows: all as described")
