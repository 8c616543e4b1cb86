"""``dcsite scenario`` and ``dcsite init``: scenarios to list and show, a folder to start from."""

from __future__ import annotations

from contextlib import ExitStack
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

import dcsite
from dcsite.errors import OutputError, Problem, unwritable

from .options import OverridesOption, ScenarioArgument
from .show import print_json

scenario_app = typer.Typer(
    help="Show scenarios and what each value is based on.", no_args_is_help=True
)


@scenario_app.command("list", epilog="Example: dcsite scenario list")
def list_scenarios() -> None:
    """List the shipped scenarios and what each asks, in English and in Japanese."""
    from dcsite.scenario import shipped_names

    for name in shipped_names():
        found = dcsite.load_scenario(name)
        typer.echo(f"{name}\t{found.asks_en}\t{found.asks_ja}")


@scenario_app.command("show", epilog="Example: dcsite scenario show policy-2023")
def show(scenario: ScenarioArgument = "policy-2023", overrides: OverridesOption = None) -> None:
    """Print the resolved scenario as TOML; behind each value, where it is from."""
    from dcsite.scenario import render_toml

    typer.echo(render_toml(dcsite.load_scenario(scenario, overrides or ())), nl=False)


@scenario_app.command("schema", epilog="Example: dcsite scenario schema > scenario.schema.json")
def schema() -> None:
    """Print the JSON Schema of a scenario, for editors."""
    from dcsite.scenario import json_schema

    print_json(json_schema())


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
