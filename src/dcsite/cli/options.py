"""Options that several commands take in the same words. Nothing heavy is imported for them."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer


def with_places(
    overrides: list[str] | None,
    count: int | None,
    add_sites: Path | None,
    **named: list[str] | None,
) -> list[str]:
    """Return the overrides of a call, with what its options say of places among them."""
    laid = {f"places.{key}": places for key, places in named.items() if places}
    whole = add_sites and {"places.sites_file": str(add_sites.expanduser().absolute())}
    many = {} if count is None else {"tiers.large.count": count}
    return [
        *(overrides or ()),
        *(
            f"{key}={json.dumps(value, ensure_ascii=False)}"
            for key, value in {**many, **(whole or {}), **laid}.items()
        ),
    ]


class SolverChoice(StrEnum):
    """Solvers to choose from."""

    auto = "auto"
    cbc = "cbc"
    highs = "highs"


def output_option(text: str) -> Any:
    """Return the option for the folder to write, with a help of its own."""
    return typer.Option("--output", "-o", help=text)


def gap_option(text: str) -> Any:
    """Return the option for a relative gap, with a help of its own."""
    return typer.Option("--gap", min=0.0, max=1.0, help=text)


def seconds_option(text: str) -> Any:
    """Return an option for a time in seconds, named as its parameter, with a help of its own."""
    return typer.Option(min=0.1, help=text)


ScenarioArgument: TypeAlias = Annotated[
    str, typer.Argument(help="Shipped name (dcsite scenario list) or TOML file.")
]

PlanArgument: TypeAlias = Annotated[
    Path, typer.Argument(help="Output folder of a run, or its plan.json.")
]

OverridesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value; may be repeated."),
]

SitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--sites",
        help="Own candidate sites: CSV, Excel, GeoJSON, GeoPackage, Shapefile, KML, FlatGeobuf.",
    ),
]

LayerOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--layer", metavar="NAME", help="Layer or sheet to read, where there are several."
    ),
]

CountOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--count", min=1, max=10_000, help="How many large hubs: tiers.large.count."),
]

AddSitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--add-sites", metavar="FILE", help="Own sites beside the other candidates."),
]

KeepOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="PLACE[=TIER,MW]",
        help="A place that must be a hub, by id, code or name; may be repeated.",
    ),
]

ForbidOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--forbid", metavar="PLACE", help="A place that is no hub; may be repeated."),
]

PreferOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--prefer", metavar="PLACE", help="A place worth penalties.preferred; may be repeated."
    ),
]

GeodataOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--geodata",
        metavar="DIR",
        help="Own tables laid over the shipped geodata (dcsite data import writes such a folder).",
    ),
]

DisastersOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--disasters",
        metavar="FILE",
        help="Further disasters: polygons (GeoPackage, GeoJSON) or a table (CSV).",
    ),
]

SubstationsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--substations",
        metavar="FILE",
        help="Connection points to add, correct or forbid (CSV).",
    ),
]

HeadroomOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--headroom", metavar="FILE", help="What connection points can bear, in MW (CSV)."
    ),
]

HazardsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--hazards",
        metavar="FILE",
        help="Zones of flood, tsunami, landslide, storm surge (Shapefile, GeoJSON, GeoPackage, "
        "zip, or a folder), measured at points and polygons of --sites.",
    ),
]

SolverOption: TypeAlias = Annotated[SolverChoice, typer.Option(help="Solver to use.")]

EachTimeLimitOption: TypeAlias = Annotated[
    float | None, typer.Option("--time-limit", min=0.1, help="Seconds each solve may take.")
]

CheckTimeOption: TypeAlias = Annotated[
    float,
    typer.Option(
        "--check-time", min=0.1, help="Seconds each search of the check for distances may take."
    ),
]

NoCacheOption: TypeAlias = Annotated[
    bool,
    typer.Option("--no-cache", help="Measure anew; neither read nor keep measured sites."),
]

JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]

QuietOption: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress; warnings are told.")
]
