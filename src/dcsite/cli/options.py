"""Options that several commands take in the same words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = ["DisastersOption", "OverridesOption", "QuietOption", "SitesOption", "with_disasters"]

OverridesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value; may be repeated."),
]

SitesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--sites", help="Own candidate sites: CSV, GeoJSON or GeoPackage."),
]

QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]

DisastersOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--disasters",
        metavar="FILE",
        help="Further disasters: polygons (GeoPackage, GeoJSON) or a table (CSV).",
    ),
]


def with_disasters(overrides: list[str] | None, disasters: Path | None) -> tuple[str, ...]:
    """Return the overrides of a call; a user's file of disasters is a value like any other."""
    given = tuple(overrides or ())
    if disasters is None:
        return given
    # The whole path, so that the plan can be explained from another folder.
    path = json.dumps(str(disasters.expanduser().absolute()), ensure_ascii=False)
    return (*given, f"criteria.disasters.footprints_file={path}")
