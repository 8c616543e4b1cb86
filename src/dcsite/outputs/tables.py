"""Hubs and candidates as tables: GeoJSON, CSV and GeoPackage.

All three hold the same flat row per hub: identity, size, what it connects to, and every value the
criteria measured, as ``<criterion>_<name>`` with its score beside it.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from shapely import LineString, MultiPolygon

from dcsite.contract import link_kinds
from dcsite.errors import OutputError, Problem
from dcsite.plan.frame import hub_rows, hubs_frame, storable_text
from dcsite.records import rounded

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.schedule import Schedule
    from dcsite.plan.scorecard import Scorecard
    from dcsite.plan.types import Hub, Plan

_GDAL_ERRORS = (DataLayerError, DataSourceError, FeatureError, GeometryError, RuntimeError)

#: Spreadsheets read a cell that starts with one of these (full-width ones too) as a formula.
_FORMULA_START = re.compile(r"^[\s\x00-\x1f]*[=+\-@＝＋－＠]")


def hubs_geojson(plan: Plan) -> str:
    """Return the hubs as GeoJSON (RFC 7946: WGS 84, longitude first, no ``crs`` member)."""
    features = [
        {
            "type": "Feature",
            "id": row["site_id"],
            "geometry": {"type": "Point", "coordinates": [row["lon_deg"], row["lat_deg"]]},
            "properties": {
                key: cell for key, cell in row.items() if key not in {"lat_deg", "lon_deg"}
            },
        }
        for row in hub_rows(plan)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table as CSV: UTF-8 with the mark by which Excel knows it, one line a row.

    No cell is a formula, whatever a user's file called a place; a missing value is empty.
    """
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_safe_cell(cell) for cell in row] for row in rows)


def _safe_cell(value: Any) -> Any:
    """Make a cell safe for spreadsheets: one line, and never a formula."""
    if not isinstance(value, str):
        return "" if value is None else value
    line = " ".join(value.replace("\x00", "").split())
    return f"'{line}" if _FORMULA_START.match(value) else line


def write_hubs_csv(plan: Plan, path: Path) -> None:
    """Write the hubs as CSV, units in the header.

    The mark of the encoding would cling to the first column's name in programs that read plain
    UTF-8, so the first column is only a running number.
    """
    _write_numbered(path, hub_rows(plan), "site_id")


def _write_numbered(path: Path, rows: Sequence[Mapping[str, Any]], first: str) -> None:
    """Write rows with a running number; a table without any has its first column alone."""
    columns = ["no", *(rows[0] if rows else (first,))]
    write_csv(path, columns, ([n, *row.values()] for n, row in enumerate(rows, start=1)))


def schedule_table(schedule: Schedule) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return columns and rows of periods.csv: each hub in each year, then each tier in each year.

    Rows of a tier have no site; `hubs` counts them, and is 1 in the row of a hub.
    """
    columns = (
        "no", "year", "site_id", "name_ja", "name_en", "prefecture_ja", "prefecture_en", "tier",
        "opened", "fixed", "hubs", "it_load_mw", "reserve_mw",
    )  # fmt: skip
    there = [(hub, load) for one in schedule.years for hub in schedule.hubs
             if (load := hub.in_year(one.year)) is not None]  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        (
            load.year, hub.site_id, hub.name_ja, hub.name_en, hub.prefecture_ja,
            hub.prefecture_en, hub.tier, hub.opened, hub.fixed, 1,
            rounded(load.it_load_mw, 3), rounded(load.reserve_mw, 3),
        )
        for hub, load in there
    ]  # fmt: skip
    for one in schedule.years:
        for tier in one.tiers:
            reserve_mw = sum(
                load.reserve_mw
                for hub, load in there
                if (hub.tier, load.year) == (tier.tier, one.year)
            )
            rows.append(
                (
                    one.year, None, "合計", "total", None, None, tier.tier, None, None, tier.count,
                    rounded(tier.it_load_mw, 3), rounded(reserve_mw, 3),
                )
            )  # fmt: skip
    return columns, [(number, *row) for number, row in enumerate(rows, start=1)]


def write_candidates_csv(card: Scorecard, path: Path) -> None:
    """Write every candidate of a plan as CSV, a running number first as in ``hubs.csv``."""
    frame = card.frame().astype(object)
    rows = frame.where(frame.notna(), None).itertuples(name=None)
    write_csv(path, ["no", *frame], ([n + 1, *row] for n, *row in rows))


def write_loads_csv(plan: Plan, path: Path) -> None:
    """Write what the plan puts on each area, prefecture and connection point, units in the header.

    Ids and Japanese names of the hubs stand in one cell each, parted by semicolons.
    """
    names = {hub.site_id: hub.name_ja for hub in plan.hubs}
    rows = [
        {
            **one.dump(),
            "site_ids": "; ".join(one.site_ids),
            "hubs_ja": "; ".join(names.get(site, site) for site in one.site_ids),
        }
        for one in plan.loads
    ]
    _write_numbered(path, rows, "part")


def write_flows_csv(plan: Plan, atlas: Atlas, path: Path) -> None:
    """Write who serves whom, with the names of both ends, units in the header."""
    hubs = {hub.site_id: hub for hub in plan.hubs}
    zones = atlas.table("prefectures") if plan.flows else None  # a table is credited once read
    rows = [
        {
            "pref_code": one.pref_code,
            "prefecture_ja": str(zones.loc[one.pref_code, "name_ja"]),
            "prefecture_en": str(zones.loc[one.pref_code, "name_en"]),
            "site_id": one.site_id,
            "hub_ja": hubs[one.site_id].name_ja,
            "hub_en": hubs[one.site_id].name_en,
            **one.dump(),
        }
        for one in plan.flows
        if zones is not None
    ]
    _write_numbered(path, rows, "pref_code")


def write_geopackage(plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, path: Path) -> None:
    """Write hubs, links, who carries whose load, and candidates as layers of one GeoPackage.

    The time of last change in the file is the plan's own, so that the same plan gives the same
    bytes.
    """
    hubs = hubs_frame(plan)
    layers = {
        "hubs": (hubs, "Point"),
        **{f"{key}_links": (_links(plan.hubs, key), "LineString") for key in link_kinds()},
        "backups": (_backups(plan, atlas), "LineString"),
        "candidates": (_candidates(candidates), "Point"),
    }
    if "outline" in candidates:
        layers["parcels"] = (_parcels(candidates), "MultiPolygon")
    write_layers(path, layers, plan.created_at)


def write_layers(
    path: Path, layers: Mapping[str, tuple[gpd.GeoDataFrame, str]], created_at: str
) -> None:
    """Write frames as layers of one GeoPackage, each with its type of geometry."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _last_change(created_at)})
    try:
        with _plainly_named(path) as named:
            for name, (frame, geometry_type) in layers.items():
                pyogrio.write_dataframe(
                    frame, named, layer=name, driver="GPKG", geometry_type=geometry_type,
                    append=path.exists(), encoding="UTF-8",
                )  # fmt: skip
            counted = {name: pyogrio.read_info(named, layer=name)["features"] for name in layers}
    except _GDAL_ERRORS as error:
        raise _gdal_error(path, str(error)) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    # GDAL only warns when a full disk cuts a commit short.
    if any(counted[name] != len(frame) for name, (frame, _) in layers.items()):
        raise _gdal_error(path, "fewer rows than expected were written")


@contextmanager
def _plainly_named(path: Path) -> Iterator[Path]:
    """Give a path that GDAL opens whatever the folders above are called: `!`, /vsimem, no UTF-8."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        folder = Path(f"/proc/self/fd/{handle}")
        yield folder / path.name if folder.is_dir() else path
    finally:
        os.close(handle)


def _gdal_error(path: Path, message: str) -> OutputError:
    line = " ".join(message.split())
    return OutputError(
        Problem(path.name, "", f"cannot be written ({line}); is the disk full? free some space")
    )


def _last_change(created_at: str) -> str:
    """Return the plan's time as GDAL wants it, in UTC with milliseconds."""
    moment = pd.Timestamp(created_at)
    moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _links(hubs: Sequence[Hub], key: str) -> gpd.GeoDataFrame:
    """Return straight links of one kind from each hub."""
    rows: list[dict[str, Any]] = []
    lines: list[LineString] = []
    for hub in hubs:
        end = hub.links.get(key)
        if end is not None:
            cells = {name: storable_text(cell) for name, cell in end.dump().items()}
            rows.append({"site_id": hub.site_id, "tier": hub.tier, **cells})
            lines.append(LineString([(hub.lon_deg, hub.lat_deg), (end.lon_deg, end.lat_deg)]))
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=lines, crs="EPSG:4326")


def _backups(plan: Plan, atlas: Atlas) -> gpd.GeoDataFrame:
    """Return straight lines from each load that falls to the hubs that carry it, with names."""
    from .map.layers_takeover import named_ends

    ends = named_ends(plan, atlas)
    rows: list[dict[str, Any]] = []
    lines: list[LineString] = []
    for one in plan.backups:
        if not {one.site_id, one.backup_site_id} <= ends.keys():
            continue
        lost, backup = ends[one.site_id], ends[one.backup_site_id]
        names = {"name_ja": lost.name_ja, "name_en": lost.name_en,
                 "backup_name_ja": backup.name_ja, "backup_name_en": backup.name_en}  # fmt: skip
        rows.append({**one.dump(), **{key: storable_text(text) for key, text in names.items()}})
        lines.append(LineString([(end.lon_deg, end.lat_deg) for end in (lost, backup)]))
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=lines, crs="EPSG:4326")


def _candidates(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the candidates with columns that a GeoPackage can hold; infinities become null."""
    frame = candidates.copy()
    frame.index.name = "site_id"
    frame = frame.reset_index()
    for column in frame.columns.drop(frame.geometry.name):
        cells = frame[column]
        if pd.api.types.is_bool_dtype(cells):
            frame[column] = cells.astype("int8")
        elif pd.api.types.is_numeric_dtype(cells):
            frame[column] = cells.replace([np.inf, -np.inf], np.nan)
        else:
            frame[column] = cells.map(_as_text).astype(object)
    return frame


def _parcels(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the candidates that are polygons in the user's file, as they are there."""
    shapes = shapely.from_wkt(candidates["outline"].to_numpy(dtype=object))
    polygons = shapely.get_dimensions(shapes) == 2
    drawn = candidates[polygons]
    shapes = [MultiPolygon(list(shapely.get_parts(shape))) for shape in shapes[polygons]]
    names = pd.DataFrame({"site_id": drawn.index.astype(str), "name_ja": list(drawn["name_ja"])})
    return gpd.GeoDataFrame(names, geometry=shapes, crs="EPSG:4326")


def _as_text(value: Any) -> str | None:
    if isinstance(value, (set, frozenset)):
        return ";".join(sorted(str(part) for part in value))
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return str(storable_text(str(value)))
