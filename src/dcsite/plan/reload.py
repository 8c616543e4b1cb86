"""Read a plan.json back: what was asked, which hubs were chosen, what was proven of them.

Whoever reads a plan to ask further questions must meet the same world, so the tables the plan was
made from are held against those at hand by their SHA-256.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import ValidationError

import dcsite
from dcsite.contract import TIERS, file_and_layer
from dcsite.errors import GeodataError, OutputError, Problem, SitesError
from dcsite.records import plain, read_json
from dcsite.scenario import scenario_model
from dcsite.sites import own_sites
from dcsite.solvers import SolveOptions

from .schedule import Schedule
from .types import Plan

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_AGAIN = "solve the scenario again"
_LISTED = 5
#: plan.json carries loads to 3 decimals.
_LOAD_STEP_MW = 1e-3
#: A bound is written with 6 decimals: the true one may be this much higher.
_HALF_DECIMAL = 5e-7


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was written, and where.

    Parameters
    ----------
    path : Path
        The file.
    plan : Plan
        What it holds.
    scenario : Scenario
        The resolved scenario; without the sources of its values, which plan.json does not carry.
    chosen : pandas.DataFrame
        Indexed by `site_id`, with `tier`, `it_load_mw` and `reserve_mw`; what rounding took from
        the loads is given back.
    """

    path: Path
    plan: Plan
    scenario: Scenario
    chosen: pd.DataFrame

    @property
    def bound(self) -> float:
        """Bound proven when the plan was made, as high as its decimals allow; infinite if none."""
        return self.plan.bound + _HALF_DECIMAL

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever asks about the plan should know, a line each."""
        written, here = self.plan.dcsite_version, dcsite.__version__
        if written == here:
            return ()
        return (f"warning: {self.path} was written by dcsite {written}, this is {here}",)

    def solve_options(
        self, gap: float | None = None, time_limit_s: float | None = None
    ) -> SolveOptions:
        """Return the options of the run that made the plan, save what is asked otherwise.

        Raises
        ------
        OutputError
            If the options in the file are none of a run.
        """
        fields = SolveOptions.__dataclass_fields__.keys() - {"gap", "start"}
        known = {key: self.plan.options[key] for key in fields if key in self.plan.options}
        known["gap"] = self.plan.gap_asked if gap is None else gap
        if time_limit_s is not None:
            known["time_limit_s"] = time_limit_s
        try:
            return SolveOptions(**known)
        except (TypeError, ValueError) as error:
            raise OutputError(Problem(str(self.path), "options", f"{error}; {_AGAIN}")) from error


def read_plan(source: Path) -> SavedPlan:
    """Read a plan from an output folder or its plan.json.

    Raises
    ------
    OutputError
        With one problem for each thing in the file that is not as dcsite writes it, or if its
        decisions are not those it was written with.
    """
    path = source / Plan.file_name if source.is_dir() else source
    top = source / Schedule.file_name if source.is_dir() else source
    if top.name == Schedule.file_name and top.is_file() and not (path != top and path.is_file()):
        years = Schedule.read_file(top).years
        folders = ", ".join(str(top.parent / one.folder) for one in years)
        message = f"holds plans of several years, this takes one plan: give {folders}"
        raise OutputError(Problem(str(source), "", message))
    if not path.is_file():
        raise OutputError(
            Problem(str(path), "", "no such file; give an output folder or its plan.json")
        )
    document = read_json(path, Plan.file_name)
    return saved_plan(Plan.load(document, str(path)), path)


def saved_plan(plan: Plan, path: Path) -> SavedPlan:
    """Return a plan with the scenario it holds, as if it had been read from `path`.

    Parameters
    ----------
    plan : Plan
        The plan, as it was written.
    path : Path
        What to call it.

    Raises
    ------
    OutputError
        With one problem for each thing in it that is not as dcsite writes it.
    """
    problems = _hub_problems(plan, str(path))
    model = scenario_model()
    try:
        scenario = model.model_validate_json(json.dumps(plain(plan.scenario)), strict=True)
    except ValidationError as error:
        # Nobody edited it, says its digest: it is of another version.
        faults = error.errors(include_input=False, include_url=False)
        keys = [".".join(map(str, fault["loc"])) for fault in faults]
        more = f" and {len(keys) - _LISTED} more" if keys[_LISTED:] else ""
        raise OutputError(
            Problem(
                str(path),
                "scenario",
                f"is of another version of dcsite (keys differ: {', '.join(keys[:_LISTED])}"
                f"{more}); {_AGAIN}",
            )
        ) from error
    if problems:
        raise OutputError(problems)
    return SavedPlan(path, plan, scenario, _unrounded(hubs_of(plan), scenario))


def check_geodata_of(plan: SavedPlan, atlas: Atlas) -> None:
    """Refuse geodata that are not those the plan was made from.

    Raises
    ------
    GeodataError
        With one problem for each table that is missing or has other content.
    """
    here = {resource.name: resource.sha256 for resource in atlas.resources()}
    problems = [
        Problem(
            str(plan.path),
            f"geodata.{table}",
            (
                "was used for this plan and is not among the geodata"
                if table not in here
                else f"was another version (SHA-256 {sha256[:12]}…, now {here[table][:12]}…)"
            )
            + (
                f"; give the overlay it came from with --geodata: {overlay}"
                if overlay
                else f"; {_AGAIN} with the geodata at hand, or use dcsite "
                f"{plan.plan.dcsite_version}"
            ),
        )
        for table, sha256, overlay in (
            (use.table, use.sha256, use.overlay) for use in plan.plan.geodata
        )
        if here.get(table) != sha256
    ]
    if problems:
        raise GeodataError(problems)


def check_files_of(plan: SavedPlan, sites: object, added: str) -> None:
    """Refuse to read a plan's own sites where their files no longer are.

    Raises
    ------
    SitesError
        With what to do about it.
    """
    for option, file in (("--sites", sites), ("--add-sites", added)):
        if isinstance(file, str | Path) and file and not file_and_layer(file)[0].exists():
            message = f"its sites lay in {file}, which is not there; give where by {option} FILE"
            raise SitesError(Problem(str(plan.path), "own_sites", message))


def check_sites_of(plan: SavedPlan, sites: gpd.GeoDataFrame) -> None:
    """Refuse candidates that are not those of the plan, or lack a hub of it.

    Raises
    ------
    SitesError
        If the plan was made for other candidates.
    """
    own = plan.plan.own_sites
    if own is not None:
        count, sha256 = own_sites(sites)
        if sha256 != own.sha256:
            message = (
                f"the plan was made for {own.count} own sites (SHA-256 {own.sha256[:12]}…), these "
                f"are {f'{count} others ({sha256[:12]}…)' if count else 'none'}; give the file as "
                f"it was, or {_AGAIN}"
            )
            raise SitesError(Problem(str(plan.path), "own_sites", message))
    missing = [str(site) for site in plan.chosen.index.difference(sites.index)]
    if missing:
        shown = ", ".join(missing[:_LISTED]) + (", …" if len(missing) > _LISTED else "")
        raise SitesError(
            Problem(
                str(plan.path),
                "hubs",
                f"{len(missing)} of {len(plan.chosen)} hubs are not among the candidates "
                f"({shown}); give the file of candidates it was solved for with --sites",
            )
        )


def _hub_problems(plan: Plan, where: str) -> list[Problem]:
    """Say what records alone cannot: tiers there are none of, hubs twice, tables not listed."""
    wrong = [
        (f"hubs.{number}.tier", f"must be one of {', '.join(TIERS)}, got {hub.tier!r}")
        for number, hub in enumerate(plan.hubs)
        if hub.tier not in TIERS
    ]
    times = Counter(hub.site_id for hub in plan.hubs)
    wrong += [("hubs", f"site {site} is there twice") for site in times if times[site] > 1]
    if not plan.hubs:
        wrong.append(("hubs", "must be a list of hubs"))
    if not plan.geodata:
        wrong.append(("geodata", "must list tables with their SHA-256"))
    return [Problem(where, key, f"{message}; {_AGAIN}") for key, message in wrong[:_LISTED]]


def hubs_of(plan: Plan) -> pd.DataFrame:
    """Return a plan's hubs by `site_id`, with `tier`, `it_load_mw` and `reserve_mw`."""
    rows = [(hub.site_id, hub.tier, hub.it_load_mw, hub.reserve_mw) for hub in plan.hubs]
    columns = ["site_id", "tier", "it_load_mw", "reserve_mw"]
    return pd.DataFrame(rows, columns=columns).set_index("site_id")


def _unrounded(chosen: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Give back what rounding took: spread it over the loads that are not round themselves.

    A reserve that fills its hub, as far as a file tells, fills it.
    """
    rest_mw = float(scenario.total_new_it_load_mw) - float(chosen["it_load_mw"].sum())
    most_mw = chosen["tier"].map(lambda tier: scenario.tiers[tier].it_load_mw.max)
    short_mw = most_mw - chosen["it_load_mw"] - chosen["reserve_mw"]
    full = (chosen["reserve_mw"] > 0.0) & (short_mw.abs() <= _LOAD_STEP_MW + 1e-9)
    odd = (chosen["it_load_mw"] % 1.0) != 0.0
    if not odd.any() or abs(rest_mw) > 0.5 * _LOAD_STEP_MW * int(odd.sum()) + 1e-9:
        return chosen
    loads = chosen["it_load_mw"].where(~odd, chosen["it_load_mw"] + rest_mw / int(odd.sum()))
    return chosen.assign(
        it_load_mw=loads, reserve_mw=chosen["reserve_mw"].where(~full, most_mw - loads)
    )
