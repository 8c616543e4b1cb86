"""Write the folder of a plan, or of a study of several, whole or not at all."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcsite.errors import OutputError, Problem
from dcsite.plan.reload import saved_plan
from dcsite.plan.session import Session
from dcsite.plan.types import Plan

from . import atomic
from .tables import (
    hubs_geojson,
    schedule_table,
    write_candidates_csv,
    write_csv,
    write_flows_csv,
    write_geopackage,
    write_hubs_csv,
    write_loads_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.scorecard import Scorecard
    from dcsite.records import Record
    from dcsite.studies.alternatives import Alternatives
    from dcsite.studies.periods import ScheduleRun

    from .single_points import Point


@dataclass(frozen=True)
class OutputPaths:
    """Where the files of a written plan lie."""

    directory: Path
    plan_json: Path
    hubs_geojson: Path
    hubs_csv: Path
    loads_csv: Path
    flows_csv: Path
    candidates_csv: Path
    plan_gpkg: Path
    brief_html: Path
    map_html: Path
    candidates_html: Path
    single_points_html: Path


#: Everything an output folder holds; a folder that holds anything else is not ours to replace.
FILE_NAMES = tuple(
    ".".join(one.name.rsplit("_", 1)) for one in fields(OutputPaths) if one.name != "directory"
)

#: Written beside them when alternatives were asked for.
ALTERNATIVES_NAME = "alternatives.json"

#: Written beside them when the hubs were explained.
EXPLANATION_NAME = "explanation.json"

#: Written beside them by a stress test; :mod:`dcsite.outputs.stress` says what they hold.
STRESS_FILES = ("stress.json", "stress.html")

#: What the folder of each other study holds.
STUDY_FILES = {
    "backtest": ("backtest.json", "backtest.html"),
    "compare": ("compare.json", "compare.html"),
    "edge": ("edge.json", "mec.csv", "coverage.csv", "edge.gpkg", "edge.html"),
    "front": ("front.json", "front.csv", "front.html"),
    "robust": ("robust.json", "robust.csv", "robust.html", "samples.jsonl"),
}

#: What stands beside the folders of years.
SCHEDULE_FILES = ("periods.json", "periods.csv")

OWN_NAMES = (*FILE_NAMES, ALTERNATIVES_NAME, EXPLANATION_NAME, *STRESS_FILES)


@dataclass(frozen=True)
class StudyPaths:
    """Where the files of a written study lie; not every study has a table."""

    json: Path
    csv: Path
    html: Path


def check_directory(
    directory: Path,
    study: str | None = None,
    inputs: Iterable[Path] = (),
    *,
    by_year: bool = False,
) -> None:
    """Raise OutputError if the folder could not be written; change nothing.

    Parameters
    ----------
    directory : Path
        For :func:`write_outputs`, or with a `study` for :func:`write_study`.
    study : str, optional
        ``backtest``, ``compare``, ``edge``, ``front`` or ``robust``.
    inputs : iterable of Path
        Files that the run reads; a folder that holds one would be replaced with it.
    by_year : bool
        Whether plans of several years are written there, for :func:`write_schedule`.
    """
    for file in inputs:
        above = (file.parent, file.parent.parent) if by_year else (file.parent,)
        if os.path.realpath(directory) in map(os.path.realpath, above):
            message = f"holds {file.name}, which this run reads; give another folder"
            raise OutputError(Problem(str(directory), "", message))
    names = OWN_NAMES if study is None else STUDY_FILES[study]
    names, in_years = ((*names, *SCHEDULE_FILES), OWN_NAMES) if by_year else (names, ())
    atomic.check_directory(Path(directory), names, in_years)


def write_study(
    found: Record,
    directory: Path,
    page: str,
    columns: Iterable[str] = (),
    rows: Iterable[Iterable[Any]] = (),
    more: Callable[[Path], None] = lambda staging: None,
) -> StudyPaths:
    """Write the files of a study, all or none.

    Parameters
    ----------
    found : Record
        Its JSON names the files: ``front.json``, ``front.csv``, ``front.html``.
    directory : Path
        Made if missing. One that holds only the same study's files is replaced as a whole; the
        samples of a robustness run stay.
    page : str
        Text of the page.
    columns, rows
        The table, where the study has one.
    more : callable, optional
        Writes further files of the study into the folder it is given.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    directory = Path(directory)
    stem = found.file_name.removesuffix(".json")
    with atomic.replacing_directory(directory, STUDY_FILES[stem]) as staging:
        if stem == "robust" and (samples := directory / "samples.jsonl").exists():
            shutil.copy2(samples, staging / samples.name)
        atomic.write_text(staging / found.file_name, found.text())
        atomic.write_text(staging / f"{stem}.html", page)
        if f"{stem}.csv" in STUDY_FILES[stem]:
            write_csv(staging / f"{stem}.csv", columns, rows)
        more(staging)
    return StudyPaths(*(directory / f"{stem}{suffix}" for suffix in (".json", ".csv", ".html")))


def write_outputs(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    directory: Path,
    alternatives: Alternatives | None = None,
    explanation: Explanation | None = None,
    card: Scorecard | None = None,
) -> OutputPaths:
    """Write plan.json, hubs, candidates and loads as tables, plan.gpkg and pages into a folder.

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
    explanation : Explanation, optional
        What the hubs are worth, written as explanation.json and into the map's pop-ups.
    card : Scorecard, optional
        What became of every candidate, written as candidates.csv and candidates.html.

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
    _check_crs(candidates)
    directory = Path(directory)
    with atomic.replacing_directory(directory, OWN_NAMES) as staging:
        document = plan.text()
        atomic.write_text(staging / "plan.json", document)
        atomic.write_text(staging / "hubs.geojson", hubs_geojson(plan))
        write_hubs_csv(plan, staging / "hubs.csv")
        write_loads_csv(plan, staging / "loads.csv")
        write_flows_csv(plan, atlas, staging / "flows.csv")
        if card is not None:
            write_candidates_csv(card, staging / "candidates.csv")
            from .candidates import candidates_page

            atomic.write_text(staging / "candidates.html", candidates_page(card, plan))
        told = candidates if card is None else candidates.join(card.verdicts())
        write_geopackage(plan, told, atlas, staging / "plan.gpkg")
        # Pages tell what plan.json says, so that they can be written again from there.
        written = Plan.read(document)
        from .single_points import single_points, single_points_page

        points = single_points(written, atlas)
        _write_map(staging, written, candidates, atlas, explanation, points)
        page = single_points_page(written, atlas, points)
        atomic.write_text(staging / "single_points.html", page)
        from .brief import brief_page

        atomic.write_text(staging / "brief.html", brief_page([("", written)], atlas, card=card))
        if alternatives is not None:
            atomic.write_text(staging / ALTERNATIVES_NAME, alternatives.text())
    return _paths(directory)


def write_schedule(found: ScheduleRun, directory: Path) -> dict[int, OutputPaths]:
    """Write plans of several years, each into a folder of its own, and above them what joins them.

    That is periods.json and periods.csv, the page to decide from, and the map with hubs by year.

    Parameters
    ----------
    found : ScheduleRun
        The plans.
    directory : Path
        Made if missing. One that holds only an older output is replaced as a whole.

    Returns
    -------
    dict of int to OutputPaths
        Where each year's files lie.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    directory = Path(directory)
    names = (*OWN_NAMES, *SCHEDULE_FILES)
    with atomic.replacing_directory(directory, names, OWN_NAMES) as staging:
        for year, run in found.runs.items():
            session = found.sessions[year]
            card = session.scorecard(run.plan)
            folder = staging / str(year)
            write_outputs(run.plan, run.candidates, session.atlas, folder, card=card)
        atomic.write_text(staging / found.schedule.file_name, found.schedule.text())
        write_csv(staging / "periods.csv", *schedule_table(found.schedule))
        _write_years(found, staging)
    return {year: _paths(directory / str(year)) for year in found.runs}


def _write_years(found: ScheduleRun, staging: Path) -> None:
    """Write the pages above the years' folders, which tell what these hold."""
    from .brief import brief_page
    from .map import render_map

    plans = [
        (str(year), Plan.read_file(staging / str(year) / Plan.file_name)) for year in found.runs
    ]
    last = max(found.runs)
    atlas = found.sessions[last].atlas
    page = brief_page(plans, atlas, found.schedule)
    atomic.write_text(staging / "brief.html", page)
    candidates = found.runs[last].candidates
    page = render_map(plans[-1][1], candidates, atlas, schedule=found.schedule)
    atomic.write_text(staging / "map.html", page)


def write_plan(
    plan: Plan,
    directory: Path,
    session: Session | None,
    sites: str | Path | gpd.GeoDataFrame | None,
) -> OutputPaths:
    """Write a plan as :meth:`dcsite.Plan.write` says."""
    check_directory(directory)
    if session is None:
        session = Session.reopen(saved_plan(plan, directory / plan.file_name), sites)
    card = session.scorecard(plan)
    return write_outputs(plan, session.measured, session.atlas, directory, card=card)


def write_explanation(
    explanation: Explanation, candidates: gpd.GeoDataFrame, atlas: Atlas, directory: Path
) -> OutputPaths:
    """Write what hubs are worth into the folder of their plan: explanation.json and map.html.

    Parameters
    ----------
    explanation : Explanation
        Of the plan in the folder.
    candidates, atlas
        As for :func:`write_outputs`.
    directory : Path
        A folder written by dcsite; its other files stay byte for byte what they were.

    Raises
    ------
    OutputError
        If the folder cannot be written, holds files that are not ours, or by now another plan; it
        is then unchanged.
    ValueError
        If `candidates` are not in EPSG:4326.
    """
    _check_crs(candidates)
    directory = Path(directory)
    with atomic.updating_directory(directory, OWN_NAMES) as staging:
        document = (staging / "plan.json").read_text(encoding="utf-8")
        explained = [hub.place.site_id for hub in explanation.hubs]
        there = Plan.read(document, str(directory / "plan.json"))
        if sorted(hub.site_id for hub in there.hubs) != sorted(explained):
            raise OutputError(
                Problem(
                    str(directory / "plan.json"),
                    "hubs",
                    "was replaced by another plan while this one was explained; explain it again",
                )
            )
        _write_map(staging, there, candidates, atlas, explanation)
    return _paths(directory)


def _write_map(
    staging: Path,
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    explanation: Explanation | None,
    points: Mapping[str, Sequence[Point]] | None = None,
) -> None:
    from .map import render_map

    page = render_map(plan, candidates, atlas, explanation, points)
    atomic.write_text(staging / "map.html", page)
    if explanation is not None:
        atomic.write_text(staging / EXPLANATION_NAME, explanation.text())


def _check_crs(candidates: gpd.GeoDataFrame) -> None:
    if candidates.crs is None or candidates.crs.to_epsg() != 4326:
        raise ValueError(f"candidates: expected EPSG:4326, got {candidates.crs}")


def _paths(directory: Path) -> OutputPaths:
    return OutputPaths(directory, *(directory / name for name in FILE_NAMES))
