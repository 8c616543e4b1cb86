"""``dcsite init``: a folder to start from, with a scenario, sample sites and how to run them."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from dcsite.errors import OutputError, Problem, unwritable


class Start(StrEnum):
    """What a folder may be started for."""

    best_of = "best-of"
    national = "national"


def init_command(
    kind: Annotated[
        Start, typer.Argument(help="best-of: choose among own sites; national: a whole plan.")
    ] = Start.best_of,
    folder: Annotated[
        Path | None, typer.Argument(help="Folder to write; my-KIND by default.")
    ] = None,
) -> None:
    """Write a folder to start from: scenario, sample sites, README; overwrite nothing."""
    directory = folder or Path(f"my-{kind.value}")
    shipped = resources.files("dcsite.scenario") / "starting" / kind.value
    files = {entry.name: entry.read_bytes() for entry in shipped.iterdir()}
    taken = [name for name in sorted(files) if (directory / name).exists()]
    if taken:
        message = "is there already, and nothing is overwritten; give another folder"
        raise OutputError([Problem(str(directory), name, message) for name in taken])
    try:
        with ExitStack() as undoing:  # all files or none, on a full disk too
            for made in (*reversed(directory.parents), directory):
                if not made.exists():
                    made.mkdir(exist_ok=True)
                    undoing.callback(made.rmdir)
            for name, content in files.items():
                with (directory / name).open("xb") as file:
                    undoing.callback((directory / name).unlink)
                    file.write(content)
            undoing.pop_all()
    except OSError as error:
        raise OutputError(Problem(str(directory), "", unwritable(error))) from error
    for name in sorted(files):
        typer.echo(directory / name)
