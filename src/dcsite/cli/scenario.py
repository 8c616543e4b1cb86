"""``dcsite scenario``: list, show and describe scenarios."""

from __future__ import annotations

import typer

import dcsite

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
