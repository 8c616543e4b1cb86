"""The option ``--disasters``: a user's file becomes a value of the scenario like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = ["DisastersOption", "with_disasters"]

DisastersOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--disasters",
        metavar="FILE",
        help="Further disasters: polygons (GeoPackage, GeoJSON) or a table (CSV).",
    ),
]


def with_disasters(overrides: list[str] | None, disasters: Path | None) -> tuple[str, ...]:
    """Return the overrides of a call, with the user's file of disasters among them."""
    given = tuple(overrides or ())
    if disasters is None:
        return given
    # The whole path, so that the plan can be explained from another folder.
    path = json.dumps(str(disasters.expanduser().absolute()), ensure_ascii=False)
    return (*given, f"criteria.disasters.footprints_file={path}")
