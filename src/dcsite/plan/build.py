"""Build the plan: check the answer, then gather hubs, measures, assumptions and provenance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from dcsite.contract import Measure, criteria, file_and_layer, input_files, link_kinds
from dcsite.errors import SolverError
from dcsite.geo.geodesy import nearest_other
from dcsite.network import network_inputs, network_of
from dcsite.scenario import as_dict
from dcsite.sites import site_members

from .check import check_plan, highest_first
from .places import name_of
from .shares import measure_shares
from .sources import rule_sources, sourced_values
from .types import Assumption, GeodataUse, Hub, Parcel, Plan, Tie

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario
    from dcsite.solvers import Answer, Swaps

    from .check import Checked

#: A chosen load is rounded to a watt, which moves the objective, and with it the gap, less than
#: this.
_ROUNDED = 1e-7
#: What loads are on, in the order of a plan.
_PARTS = ("area", "prefecture", "connection")
#: A flow of less than half a kW is none.
_TOLD_MW = 0.0005


def build_plan(
    answer: Answer,
    sites: gpd.GeoDataFrame,
    atlas: Atlas,
    scenario: Scenario,
    *,
    version: str,
    gap_asked: float,
    options: Mapping[str, Any],
    wall_s: float,
    swaps: Mapping[tuple[int, int], Swaps] | None = None,
) -> Plan:
    """Check an answer independently and build the plan from it.

    Parameters
    ----------
    answer : Answer
        What the solver chose and proved.
    sites : geopandas.GeoDataFrame
        Measured sites.
    atlas, scenario
        What is known and asked.
    version : str
        Version of dcsite.
    gap_asked : float
        Relative gap the run was asked to prove.
    options : mapping
        Solver options, for the manifest.
    wall_s : float
        Seconds since the command began.
    swaps : mapping, optional
        By site's row and tier, who else could hold a hub's place; None where that was not sought.

    Raises
    ------
    CheckError
        If the independent check disagrees.
    CriterionError
        If a criterion scores what it does not measure.
    """
    outcome = answer.outcome
    if outcome.objective is None:
        raise SolverError("the solver returned a plan without its objective")
    bound = outcome.bound if outcome.bound is not None else np.inf
    hubs = highest_first(sites.join(answer.chosen, how="inner"))
    checked = check_plan(
        hubs,
        atlas,
        scenario,
        claimed_objective=outcome.objective,
        bound=bound,
        scored_measures=answer.scored_measures,
    )
    gap = max(bound - checked.objective, 0.0) / max(abs(checked.objective), 1e-9)
    status = "interrupted" if outcome.interrupted else outcome.status
    if status == "optimal" and gap > gap_asked + _ROUNDED:
        status = "feasible"
    calibration = network_of(atlas, scenario.network).calibration

    def found(name: str) -> tuple[Any, ...]:
        """Return what all criteria found of a kind."""
        return tuple(one for own in checked.evaluations.values() for one in getattr(own, name))

    plan = Plan(
        dcsite_version=version,
        scenario_name=scenario.name,
        title_en=scenario.title_en,
        title_ja=scenario.title_ja,
        status=status,  # type: ignore[arg-type]
        objective=checked.objective,
        bound=float(bound),
        gap=float(gap),
        gap_asked=gap_asked,
        solver=outcome.solver,
        solver_version=outcome.solver_version,
        options=dict(options),
        wall_s=wall_s,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        hubs=_hubs(hubs, atlas, checked, _ties(sites, swaps or {})),
        measures=(*found("measures"), *_demand_measures(hubs, atlas, scenario, checked)),
        flows=tuple(flow for flow in checked.flows if flow.it_load_mw >= _TOLD_MW),
        unserved_mw=checked.unserved_mw,
        unserved=checked.unserved,
        violations=checked.violations,
        backups=found("backups"),
        worst_disasters=found("worst_disasters"),
        notes=(
            *((scenario.weights_note,) if scenario.weights_note else ()),
            *_files_read(scenario),
            *_merged(hubs, scenario),
            *((calibration.note,) if calibration else ()),
            *found("notes"),
            *outcome.notes,
        ),
        # What an assumption moves was measured on a national plan.
        assumptions=tuple(
            Assumption(one.key, one.value, one.why)
            if scenario.demand.hub_loads != "chosen"
            else Assumption(*one)
            for one in scenario.assumptions()
        ),
        rules=rule_sources(scenario, atlas),
        sourced=sourced_values(scenario, atlas),
        geodata=tables_read(atlas),
        scenario=as_dict(scenario),
        areas=found("areas"),
        loads=tuple(sorted(found("loads"), key=lambda load: _PARTS.index(load.part))),
        heat_maps=found("heat_maps"),
        stacks=found("stacks"),
        takeovers=found("takeovers"),
        routes=found("routes"),
    )
    told = plan.decided_otherwise
    return replace(plan, notes=(told, *plan.notes)) if told else plan


def tables_read(atlas: Atlas) -> tuple[GeodataUse, ...]:
    """Return the tables read so far, by name."""
    used = sorted(atlas.tables_used(), key=lambda table: table.name)
    return tuple(map(GeodataUse.of, used))


def _demand_measures(
    hubs: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario, checked: Checked
) -> tuple[Measure, ...]:
    """Report the load of all hubs, with how it is derived, what is served where, what is not."""
    demand = scenario.demand
    region = atlas.table("telecom_regions")["region"]
    at = hubs["municipality_code"].astype(str).str[:2].map(region)
    inside_mw = sum(
        flow.it_load_mw for flow in checked.flows if region[flow.pref_code] == at[flow.site_id]
    )
    asked_mw = sum(flow.it_load_mw for flow in checked.flows) + checked.unserved_mw
    derived = demand.total_new_it_load_mw is None
    grid = f"{demand.grid_demand_mw or 0.0:,.0f} MW"
    if demand.efficiency != "none":
        grid += f" ({demand.efficiency}, {demand.efficiency_year}-)"
    how_en = (
        f" ({grid} added at the grid by {demand.year} / PUE {demand.pue:g} "
        f"x {demand.share_in_new_hubs:g} in new hubs)"
    )
    how_ja = (
        f"（{demand.year}年までに増える系統需要{grid} ÷ PUE {demand.pue:g} "
        f"× 新拠点の割合{demand.share_in_new_hubs:g}）"
    )

    def told(name: str, en: str, ja: str, value: float, unit: str) -> Measure:
        return Measure("demand", name, en, ja, value, unit, None, 0.0, "demand")

    return (
        told(
            "it_load_mw",
            f"IT load of all new hubs{how_en if derived else ''}",
            f"新拠点のIT負荷の合計{how_ja if derived else ''}",
            float(hubs["it_load_mw"].sum()),
            "MW",
        ),
        told(
            "served_in_region_share",
            "demand that hubs of its own region serve",
            "自地方の拠点が賄う需要の割合",
            inside_mw / asked_mw if asked_mw else np.nan,
            "share",
        ),
        told(
            "unserved_mw",
            "demand that no hub serves",
            "どの拠点も賄わない需要",
            checked.unserved_mw,
            "MW",
        ),
    )


def _files_read(scenario: Scenario) -> tuple[str, ...]:
    """Say which files of the user's own the plan rests on, with their SHA-256."""
    return tuple(
        f"{path} (SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()})"
        for path in (
            *input_files(scenario),
            *network_inputs(scenario.network),
            *(file_and_layer(one)[0] for one in [scenario.places.sites_file] if one),
        )
    )


def _merged(hubs: gpd.GeoDataFrame, scenario: Scenario) -> tuple[str, ...]:
    """Say of which parcels hubs are made."""
    near_km = scenario.places.merge_km
    return tuple(
        f"{hubs.loc[site, 'name_ja']} is one site of {len(members)} parcels within {near_km:g} km "
        f"of each other / {near_km:g} km以内の{len(members)}区画を1か所として扱う: "
        + "; ".join(str(Parcel.load(one)) for one in members)
        for site, members in site_members(hubs).items()
    )


def _hubs(
    hubs: gpd.GeoDataFrame, atlas: Atlas, checked: Checked, ties: Mapping[str, Mapping[str, Any]]
) -> tuple[Hub, ...]:
    cores = atlas.existing_cores()
    nearest_km, nearest = nearest_other(
        hubs["lat_deg"], hubs["lon_deg"], cores["lat_deg"], cores["lon_deg"]
    )
    ids = [*map(str, hubs.index), *map(str, cores.index)]
    shares = measure_shares(hubs, checked)
    members = site_members(hubs)
    evaluations = tuple(checked.evaluations.values())
    facts = [fact.name for criterion in criteria() for fact in criterion.facts]
    found: list[Hub] = []
    for number, (site_id, row) in enumerate(hubs.iterrows()):
        site = str(site_id)
        values = tuple(
            value for evaluation in evaluations for value in evaluation.hub_values.get(site, ())
        )
        known = {value.name: value.value for value in values}
        joined = {link.key: link for one in evaluations for link in one.links.get(site, ())}
        found.append(
            Hub.of(
                site_id,
                row,
                municipality_code=_text(row["municipality_code"]),
                own=json.loads(_text(row.get("own")) or "{}"),
                members=tuple(map(Parcel.load, members.get(site, ()))),
                nearest_hub_km=float(nearest_km[number]),
                nearest_hub_id=ids[nearest[number]],
                values=values,
                shares=shares[site],
                links={key: joined.get(key) for key in link_kinds()},
                facts={name: known.get(name, np.nan) for name in facts},
                **ties.get(site, {}),
            )
        )
    return tuple(found)


def _ties(
    sites: gpd.GeoDataFrame, swaps: Mapping[tuple[int, int], Swaps]
) -> dict[str, dict[str, Any]]:
    """Return by site the fields of its hub that say who else could hold its place."""
    return {
        str(sites.index[row]): {
            "ties": tuple(
                Tie(name_of(sites, str(sites.index[one.site])), one.it_load_mw, one.loss)
                for one in told.found
            ),
            "ties_open": told.open,
        }
        for (row, _), told in swaps.items()
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
