"""Write a plan's folder: the five files people and programs read, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcsite.plan.alternatives import alternatives_document

from . import atomic
from .map import render_map
from .plan_json import plan_to_json
from .tables import hubs_geojson, write_geopackage, write_hubs_csv

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.plan.alternatives import Alternatives
    from dcsite.plan.types import Plan

__all__ = ["FILE_NAMES", "OutputPaths", "check_directory", "write_outputs"]

#: Everything an output folder holds; a folder that holds anything else is not ours to replace.
FILE_NAMES = ("plan.json", "hubs.geojson", "hubs.csv", "plan.gpkg", "map.html")

#: Written beside them when alternatives were asked for.
ALTERNATIVES_NAME = "alternatives.json"

_OWN_NAMES = (*FILE_NAMES, ALTERNATIVES_NAME)


@dataclass(frozen=True)
class OutputPaths:
    """Where the files of a written plan lie."""

    directory: Path
    plan_json: Path
    hubs_geojson: Path
    hubs_csv: Path
    plan_gpkg: Path
    map_html: Path


def check_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_outputs` could not write `directory`; change nothing."""
    atomic.check_directory(Path(directory), _OWN_NAMES)


def write_outputs(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    directory: Path,
    alternatives: Alternatives | None = None,
) -> OutputPaths:
    """Write plan.json, hubs.geojson, hubs.csv, plan.gpkg and map.html into a folder.

    Parameters
    ----------
    plan : Plan
        What came out of the run.
    candidates : geopandas.GeoDataFrame
        Every site with its measurements and one column ``score_<criterion>`` (0..1) for each
        criterion; indexed by `site_id`, points in EPSG:4326.
    atlas : Atlas
        What is known; the map shows its polygons, grid, landings and policy places.
    directory : Path
        Made if missing. One that holds only an older output is replaced as a whole.
    alternatives : Alternatives, optional
        Further plans, written as alternatives.json.

    Returns
    -------
    OutputPaths
        The files' paths.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    ValueError
        If `candidates` are not in EPSG:4326.
    """
    if candidates.crs is None or candidates.crs.to_epsg() != 4326:
        raise ValueError(f"candidates: expected EPSG:4326, got {candidates.crs}")
    directory = Path(directory)
    with atomic.replacing_directory(directory, _OWN_NAMES) as staging:
        _write_text(staging / "plan.json", plan_to_json(plan))
        _write_text(staging / "hubs.geojson", hubs_geojson(plan))
        write_hubs_csv(plan, staging / "hubs.csv")
        write_geopackage(plan, candidates, staging / "plan.gpkg")
        _write_text(staging / "map.html", render_map(plan, candidates, atlas))
        if alternatives is not None:
            document = json.dumps(
                alternatives_document(alternatives), ensure_ascii=False, indent=2, allow_nan=False
            )
            _write_text(staging / ALTERNATIVES_NAME, document + "\n")
    return OutputPaths(directory, *(directory / name for name in FILE_NAMES))


def _write_text(path: Path, text: str) -> None:
    """Write UTF-8; lone surrogates, which no file can hold, become question marks."""
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
