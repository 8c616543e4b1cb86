"""The hubs of a plan as one flat table, for spreadsheets, notebooks and maps.

Identity, size, who carries whose load, what a hub connects to, and every value the criteria
measured, as ``<criterion>_<name>`` with its score beside it.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from dcsite.contract import Link, link_kinds
from dcsite.records import FILE_DECIMALS_DEG, rounded, unit_decimals

from .strategy import strategy_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import geopandas as gpd

    from .types import Hub, Plan


def _slug(unit: str) -> str:
    """Return a unit as part of a column name: ``GWh/year`` becomes ``gwh_per_year``."""
    return re.sub(r"[^a-z0-9]+", "_", unit.lower().replace("/", "_per_")).strip("_")


def value_column(criterion: str, name: str, unit: str) -> str:
    """Name a criterion's value, its unit last unless the name already holds it."""
    if not name.startswith(f"{criterion}_"):
        name = f"{criterion}_{name}"
    unit = _slug(unit)
    last = unit.split("_per_")[0]
    named = any(f"_{own}_" in f"{name}_" for own in (unit, last))
    return name if not unit or named else f"{name}_{unit}"


def storable_text(value: Any) -> Any:
    """Drop what no file format can hold: NUL and lone surrogates; what is no text stays."""
    if not isinstance(value, str):
        return value
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _backup_cells(plan: Plan, hub: Hub) -> dict[str, Any]:
    """Return who carries a hub's load when it is lost, for whom it carries, and what nobody does.

    The most first; MW are the most in any one event and do not add up. A load that no rule asks
    others to carry stays unserved when the hub is lost.
    """
    if not plan.takeovers:
        return {}
    names = {one.site_id: (one.name_ja, one.name_en) for one in plan.takeovers}
    names |= {one.site_id: (one.name_ja, one.name_en or "") for one in plan.hubs}
    cells: dict[str, Any] = {}
    for key, own, other in (
        ("backup_hubs", "site_id", "backup_site_id"),
        ("carries_for", "backup_site_id", "site_id"),
    ):
        arcs = [one for one in plan.backups if getattr(one, own) == hub.site_id]
        arcs.sort(key=lambda one: -one.takeover_mw)
        ids = [getattr(one, other) for one in arcs]
        ends = [names.get(one, (one, "")) for one in ids]
        cells[f"{key}_ids"] = "; ".join(ids)
        cells[f"{key}_ja"] = "; ".join(ja for ja, _ in ends)
        cells[f"{key}_en"] = "; ".join(en for _, en in ends)
        cells[f"{key}_mw"] = "; ".join(f"{one.takeover_mw:.3f}" for one in arcs)
    carried_mw = {one.site_id: one.carried_mw for one in plan.takeovers}.get(hub.site_id, 0.0)
    return {**cells, "unserved_when_lost_mw": rounded(hub.it_load_mw - carried_mw, 3)}


def _hub_row(plan: Plan, hub: Hub, marks: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "site_id": hub.site_id,
        "tier": hub.tier,
        "name_ja": hub.name_ja,
        "name_en": hub.name_en,
        "prefecture_ja": hub.prefecture_ja,
        "prefecture_en": hub.prefecture_en,
        "municipality_code": hub.municipality_code,
        "area": hub.area,
        "lat_deg": rounded(hub.lat_deg, FILE_DECIMALS_DEG),
        "lon_deg": rounded(hub.lon_deg, FILE_DECIMALS_DEG),
        "uncertainty_km": rounded(hub.uncertainty_km, 3),
        "it_load_mw": rounded(hub.it_load_mw, 3),
        "reserve_mw": rounded(hub.reserve_mw, 3),
        "nearest_hub_km": rounded(hub.nearest_hub_km, 3),
        "nearest_hub_id": hub.nearest_hub_id,
        "strategy_places": marks.get(hub.site_id),
        "ties_with": "; ".join(
            f"{tie.place.label} {tie.place.site_id} ({tie.said(plan.objective)})"
            for tie in hub.ties or ()
        ),
        **_backup_cells(plan, hub),
        **{name: rounded(value, 6) for name, value in hub.facts.items()},
    }
    for key, link in hub.links.items():
        row |= link_row(key, link)
    for value in hub.values:
        column = value_column(value.criterion, value.name, value.unit)
        row.setdefault(column, rounded(value.value, unit_decimals(value.unit)))
        if value.score is not None:
            row[f"{column}_score"] = rounded(value.score, 6)
    if hub.members:
        row["members"] = "; ".join(map(str, hub.members))
    row |= {column: cells[0] for column, cells in own_columns([hub.own], row).items()}
    return {key: storable_text(cell) for key, cell in row.items()}


def own_columns(
    told: Sequence[Mapping[str, str]], taken: Collection[str]
) -> dict[str, list[str | None]]:
    """Return what a user's file says of sites in columns that are not read, as ``own_<label>``.

    Parameters
    ----------
    told : sequence of mapping
        Of each site, by the file's own labels.
    taken : collection of str
        Columns there are already.
    """
    columns: dict[str, list[str | None]] = {}
    for label in dict.fromkeys(label for own in told for label in own):
        word = re.sub(r"\W+", "_", label)
        column = f"own_{word}".casefold()
        while column in taken or column in columns:  # a database tells no letter case apart
            column += "_"
        columns[column] = [own.get(label) for own in told]
    return columns


def link_row(key: str, link: Link | None) -> dict[str, Any]:
    """Return a link's own columns, named after its kind; empty where there is none.

    Of a kind that is not known they are those of any link.
    """
    names = (one.name for one in fields(link_kinds().get(key, Link)))
    cells = dict.fromkeys(names) if link is None else link.dump()
    return {
        column if column.startswith(f"{key}_") else f"{key}_{column}": cell
        for column, cell in cells.items()
    }


def hub_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return one flat row per hub; every row has the same columns in the same order."""
    marks = strategy_marks(plan.strategy_places)
    rows = [_hub_row(plan, hub, marks) for hub in plan.hubs]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return [{column: row.get(column) for column in columns} for row in rows]


def hubs_frame(plan: Plan) -> gpd.GeoDataFrame:
    """Return the rows with a point for each hub, in WGS 84."""
    import geopandas as gpd
    import pandas as pd
    from shapely import Point

    rows = hub_rows(plan)
    points = [Point(row["lon_deg"], row["lat_deg"]) for row in rows]
    columns = None if rows else ["site_id", "tier", "name_ja", "name_en", "it_load_mw"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=points, crs="EPSG:4326")
