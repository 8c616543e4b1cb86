"""``dcsite scenario``: list, show and describe scenarios."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dcsite.scenario import json_schema, load_scenario, render_toml, shipped_names

__all__ = ["scenario_app"]

scenario_app = typer.Typer(
    help="Show scenarios and what each value is based on.", no_args_is_help=True
)


@scenario_app.command("list", epilog="Example: dcsite scenario list")
def list_scenarios() -> None:
    """List the shipped scenarios."""
    for name in shipped_names():
        found = load_scenario(name)
        typer.echo(f"{name}\t{found.title_en}\t{found.title_ja}")


@scenario_app.command("show", epilog="Example: dcsite scenario show policy-2023")
def show(
    scenario: Annotated[str, typer.Argument(help="Shipped name or TOML file.")] = "policy-2023",
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")
    ] = None,
) -> None:
    """Print the resolved scenario as TOML; behind each value, where it is from."""
    found = load_scenario(scenario, overrides or ())
    typer.echo(render_toml(found), nl=False)


@scenario_app.command("schema", epilog="Example: dcsite scenario schema > scenario.schema.json")
def schema() -> None:
    """Print the JSON Schema of a scenario, for editors."""
    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
