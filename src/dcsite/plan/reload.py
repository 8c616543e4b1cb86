"""Read a plan.json back: what was asked, which hubs were chosen, what was proven of them.

Whoever reads a plan to ask further questions must meet the same world, so the tables the plan was
made from are held against those at hand by their SHA-256.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import pandas as pd
from pydantic import ValidationError

from dcsite.criteria import TIERS
from dcsite.errors import GeodataError, OutputError, Problem, SitesError
from dcsite.scenario import scenario_model
from dcsite.scenario.keys import dotted

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

__all__ = ["SavedPlan", "check_geodata_of", "check_sites_of", "read_plan"]

_FILE = "plan.json"
_MAX_BYTES = 50_000_000
_AGAIN = "solve the scenario again"
_LISTED = 5
#: plan.json carries loads to 3 decimals.
_LOAD_STEP_MW = 1e-3
#: A bound is written with 6 decimals: the true one may be this much higher.
_HALF_DECIMAL = 5e-7


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was written.

    Parameters
    ----------
    path : Path
        The file.
    scenario : Scenario
        The resolved scenario; without the sources of its values, which plan.json does not carry.
    chosen : pandas.DataFrame
        Indexed by `site_id`, with `tier` and `it_load_mw`.
    objective, bound, gap_asked : float
        As proven when the plan was made; `bound` is infinite where none was known.
    options : mapping
        Solver options of the run.
    tables : mapping of str to str
        SHA-256 of each table the run read, by name.
    version : str
        Version of dcsite that wrote it.
    """

    path: Path
    scenario: Scenario
    chosen: pd.DataFrame
    objective: float
    bound: float
    gap_asked: float
    options: Mapping[str, Any]
    tables: Mapping[str, str]
    version: str


def read_plan(source: Path) -> SavedPlan:
    """Read a plan from an output folder or its plan.json.

    Raises
    ------
    OutputError
        With one problem for each thing in the file that is not as dcsite writes it.
    """
    path = source / _FILE if source.is_dir() else source
    data = _load(path)
    problems: list[Problem] = []
    scenario = _scenario(path, data, problems)
    chosen = _hubs(path, data, problems)
    numbers = {
        key: _number(path, data, key, problems, missing)
        for key, missing in (("objective", None), ("bound", math.inf), ("gap_asked", None))
    }
    tables = _tables(path, data, problems)
    options = data.get("options")
    if not isinstance(options, Mapping):
        problems.append(Problem(str(path), "options", f"is no table; {_AGAIN}"))
    if problems or scenario is None or chosen is None or not isinstance(options, Mapping):
        raise OutputError(problems)
    return SavedPlan(
        path,
        scenario,
        _unrounded(chosen, float(scenario.total_new_it_load_mw)),
        numbers["objective"],
        numbers["bound"] + _HALF_DECIMAL,
        numbers["gap_asked"],
        options,
        tables,
        str(data.get("dcsite_version", "unknown")),
    )


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
            + f"; {_AGAIN} with the geodata at hand, or use dcsite {plan.version}",
        )
        for table, sha256 in plan.tables.items()
        if here.get(table) != sha256
    ]
    if problems:
        raise GeodataError(problems)


def check_sites_of(plan: SavedPlan, sites: gpd.GeoDataFrame) -> None:
    """Refuse candidates that lack a hub of the plan.

    Raises
    ------
    SitesError
        If the plan was made for other candidates.
    """
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


def _load(path: Path) -> Mapping[str, Any]:
    try:
        if not path.is_file():
            raise OutputError(
                Problem(str(path), "", "no such file; give an output folder or its plan.json")
            )
        if path.stat().st_size > _MAX_BYTES:
            raise OutputError(Problem(str(path), "", "is too large for a plan.json"))
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise OutputError(
            Problem(str(path), "", f"is no plan.json, or cut short ({reason}); {_AGAIN}")
        ) from error
    except OSError as error:
        raise OutputError(
            Problem(str(path), "", f"cannot be read: {error.strerror or error}")
        ) from error
    if not isinstance(data, Mapping) or "hubs" not in data or "scenario" not in data:
        raise OutputError(Problem(str(path), "", f"is JSON, but no plan.json of dcsite; {_AGAIN}"))
    return data


def _scenario(path: Path, data: Mapping[str, Any], problems: list[Problem]) -> Scenario | None:
    model = scenario_model()
    try:
        return model.model_validate_json(json.dumps(data["scenario"]), strict=True)
    except ValidationError as error:
        problems += [
            Problem(
                str(path),
                f"scenario.{dotted(fault['loc'])}",
                f"{fault['msg'][:1].lower()}{fault['msg'][1:]}; the plan was edited or written by "
                f"another version of dcsite, {_AGAIN}",
            )
            for fault in error.errors()[:_LISTED]
        ]
        return None


def _hubs(path: Path, data: Mapping[str, Any], problems: list[Problem]) -> pd.DataFrame | None:
    hubs = data["hubs"]
    if not isinstance(hubs, list) or not hubs:
        problems.append(Problem(str(path), "hubs", f"must be a list of hubs; {_AGAIN}"))
        return None
    rows: list[tuple[str, str, float]] = []
    for number, hub in enumerate(hubs, 1):
        entry = hub if isinstance(hub, Mapping) else {}
        site, tier, load = entry.get("site_id"), entry.get("tier"), entry.get("it_load_mw")
        if not isinstance(site, str) or tier not in TIERS or not _finite(load):
            problems.append(
                Problem(
                    str(path),
                    f"hubs[{number}]",
                    f"needs site_id, tier ({', '.join(TIERS)}) and it_load_mw; {_AGAIN}",
                )
            )
        else:
            rows.append((site, str(tier), float(load)))
    frame = pd.DataFrame(rows, columns=["site_id", "tier", "it_load_mw"]).set_index("site_id")
    if frame.index.has_duplicates:
        twice = str(frame.index[frame.index.duplicated()][0])
        problems.append(Problem(str(path), "hubs", f"site {twice} is there twice; {_AGAIN}"))
    return frame


def _number(
    path: Path,
    data: Mapping[str, Any],
    key: str,
    problems: list[Problem],
    missing: float | None,
) -> float:
    value = data.get(key)
    if value is None and missing is not None:
        return missing
    if not _finite(value):
        problems.append(Problem(str(path), key, f"must be a number, got {value!r}; {_AGAIN}"))
        return math.nan
    return float(value)


def _finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tables(path: Path, data: Mapping[str, Any], problems: list[Problem]) -> dict[str, str]:
    listed = data.get("geodata")
    entries = listed if isinstance(listed, list) else []
    tables = {
        entry["table"]: entry["sha256"]
        for entry in entries
        if isinstance(entry, Mapping)
        and isinstance(entry.get("table"), str)
        and isinstance(entry.get("sha256"), str)
    }
    if not tables or len(tables) < len(entries):
        problems.append(
            Problem(str(path), "geodata", f"must list tables with their SHA-256; {_AGAIN}")
        )
    return tables


def _unrounded(chosen: pd.DataFrame, total_mw: float) -> pd.DataFrame:
    """Give back what rounding took: spread it over the loads that are not round themselves."""
    rest_mw = total_mw - float(chosen["it_load_mw"].sum())
    odd = (chosen["it_load_mw"] % 1.0) != 0.0
    if not odd.any() or abs(rest_mw) > 0.5 * _LOAD_STEP_MW * int(odd.sum()) + 1e-9:
        return chosen
    loads = chosen["it_load_mw"].where(~odd, chosen["it_load_mw"] + rest_mw / int(odd.sum()))
    return chosen.assign(it_load_mw=loads)
