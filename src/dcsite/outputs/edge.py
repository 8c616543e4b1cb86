"""What ``dcsite edge`` writes: ``edge.json``, two tables, layers for QGIS, a page with a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dcsite.contract import load_mw
from dcsite.records import Record

from .map.encode import encode_path, encode_polygons
from .map.layer import Field
from .map.style import tier_style
from .page import circles, render_beside_map
from .tables import write_csv, write_layers
from .write import StudyPaths, write_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.studies.edge import Edge, EdgeCell, EdgeHub, EdgeSite

_COVERED, _SHORT, _MEC = "#5c6b78", "#a3281e", "#7a1fa2"
_KIND_COLOURS = {"road": "#d55e00", "drone": "#0072b2", "river": "#009e73", "area": "#cc79a7"}
_SITE_FIELDS = (
    Field("IT負荷", "IT load", "kW"),
    Field("必要なユニット", "Units"),
    Field("担当セル", "Cells served"),
    Field("最長の往復遅延", "Longest round trip", "ms"),
    Field("親拠点", "Parent hub"),
    Field("親拠点まで", "To the parent", "ms"),
    Field("中核", "Core above"),
    Field("中核まで", "Parent to the core", "ms"),
)
_CELL_FIELDS = (
    Field("MEC", "MEC site"), Field("直線距離", "Straight line", "km"),
    Field("往復遅延", "Round trip", "ms"), Field("不足", "Not covered, since"),
)  # fmt: skip

_HUB_FIELDS = (
    Field("階層", "Tier"), Field("MEC", "MEC sites"), Field("MECのIT負荷", "Their IT load", "MW"),
    Field("計画のIT容量", "IT load in the plan", "MW"),
)  # fmt: skip


def write_edge(
    found: Edge, shapes: Mapping[str, Any], atlas: Atlas, created_at: str, directory: Path
) -> StudyPaths:
    """Write all files, or none.

    Parameters
    ----------
    found : Edge
        The answer.
    shapes : mapping of str to shapely.Geometry
        Shape of each corridor, by id, in degrees on WGS 84.
    atlas : Atlas
        Gives the map's ground.
    created_at : str
        When the plan was made: the time of last change in the GeoPackage.
    directory : Path
        Made, or replaced if it holds these files and nothing else.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    mec, cells = _frame(found.mec), _frame(found.cells)

    def more(staging: Path) -> None:
        for name, frame in (("mec", mec), ("coverage", cells)):
            rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
            numbered = ([number, *row] for number, row in enumerate(rows, 1))
            write_csv(staging / f"{name}.csv", ["no", *frame], numbered)
        write_layers(staging / "edge.gpkg", _layers(found, shapes, mec, cells), created_at)

    return write_study(found, directory, render_edge(found, shapes, atlas), more=more)


def _frame(records: tuple[Record, ...]) -> pd.DataFrame:
    """Return records as a table; ids of one cell parted by semicolons."""
    rows = [
        {k: "; ".join(v) if isinstance(v, list) else v for k, v in one.dump().items()}
        for one in records
    ]
    return pd.DataFrame(rows)


def _layers(
    found: Edge, shapes: Mapping[str, Any], mec: pd.DataFrame, cells: pd.DataFrame
) -> dict[str, tuple[gpd.GeoDataFrame, str]]:
    """Return the layers that are not empty."""
    corridors = _frame(found.corridors)
    drawn = np.array([shapes[one] for one in corridors["corridor_id"]], dtype=object)
    flat = shapely.get_dimensions(drawn) == 2
    ends = _links(found)
    links = [[one.site_id, other.site_id, ms] for one, other, ms in ends]
    parts = {
        "mec_sites": (mec, "Point", _points(found.mec)),
        "cells": (cells, "Point", _points(found.cells)),
        "corridors": (corridors[~flat], "MultiLineString",
                      [shapely.multilinestrings(shapely.get_parts(one)) for one in drawn[~flat]]),
        "areas": (corridors[flat], "MultiPolygon",
                  [shapely.multipolygons(shapely.get_parts(one)) for one in drawn[flat]]),
        "parents": (pd.DataFrame(links, columns=["site_id", "parent_id", "round_trip_ms"]),
                    "LineString",
                    [shapely.LineString(_points((one, other))) for one, other, _ in ends]),
    }  # fmt: skip
    return {
        name: (gpd.GeoDataFrame(frame, geometry=geometry, crs="EPSG:4326"), kind)
        for name, (frame, kind, geometry) in parts.items()
        if len(frame)
    }


def _points(places: Iterable[EdgeSite | EdgeHub | EdgeCell]) -> list[shapely.Point]:
    return [shapely.Point(one.lon_deg, one.lat_deg) for one in places]


def _links(found: Edge) -> list[tuple[EdgeSite | EdgeHub, EdgeHub, float]]:
    """Return each MEC site with its parent, each parent with its core, and the round trips."""
    hubs = {one.site_id: one for one in found.hubs}
    up: dict[str, tuple[EdgeSite | EdgeHub, EdgeHub, float]] = {
        one.parent_id: (hubs[one.parent_id], hubs[one.core_id], one.core_ms)
        for one in found.mec
        if one.parent_id != one.core_id
    }
    return [*((one, hubs[one.parent_id], one.parent_ms) for one in found.mec), *up.values()]


def render_edge(found: Edge, shapes: Mapping[str, Any], atlas: Atlas) -> str:
    """Return the text of ``edge.html``: what is not covered first, MEC sites, hubs, on a map."""
    seen = shapely.GeometryCollection([*shapes.values(), *_points(found.mec), *_points(found.hubs)])
    west, south, east, north = seen.bounds
    return render_beside_map(
        "edge.html.j2",
        atlas,
        [*_drawn(found, shapes), *_circles(found)],
        found.geodata,
        found=found,
        hubs={one.site_id: one for one in found.hubs},
        kinds=_KIND_COLOURS,
        short=_SHORT,
        mec_colour=_MEC,
        tier=tier_style,
        bounds=[[south, west], [north, east]],
    )


def _drawn(found: Edge, shapes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the corridors as lines, the areas, and straight lines to parents and cores."""
    numbers = {name: at for at, name in enumerate(_KIND_COLOURS)}
    lines, areas, links = [], [], []
    for one in found.corridors:
        shape, style = shapes[one.corridor_id], numbers[one.kind]
        record = [
            *(one.name_ja, one.name_en), round(one.length_km, 1) or None,
            round(one.area_km2) or None, one.covered_share, f"{one.basis_ja} {one.basis_en}",
        ]  # fmt: skip
        if shapely.get_dimensions(shape) == 2:
            areas.append([style, record, *encode_polygons([shape], 0.0)])
        else:
            paths = [encode_path(shapely.get_coordinates(p)) for p in shapely.get_parts(shape)]
            lines.append([style, record, paths])
    for lower, upper, ms in _links(found):
        names = (f"{lower.name_ja} → {upper.name_ja}", f"{lower.name_en} → {upper.name_en}")
        ends = np.array([[at.lon_deg, at.lat_deg] for at in (lower, upper)])
        links.append([0, [*names, _known(ms)], [encode_path(ends)]])
    fields = (
        Field("延長（図上）", "Length as drawn", "km"), Field("面積", "Area", "km2"),
        Field("カバー率", "Cells covered", "share"), Field("図形の根拠", "Shape"),
    )  # fmt: skip
    trip = (Field("往復遅延", "Round trip", "ms"),)
    styles = [
        {"color": colour, "weight": 5, "opacity": 0.55, "fillColor": colour, "fillOpacity": 0.15}
        for colour in _KIND_COLOURS.values()
    ]
    link = [{"color": _MEC, "weight": 1.6, "opacity": 0.8}]
    up = "上位拠点への接続（直線は経路ではない） Parent"
    return [
        {"maker": maker, "order": order, "kind": kind, "source": "", "fields": its_fields,
         "styles": its, "rows": rows, "interactive": True}
        for maker, order, kind, its_fields, its, rows in (
            ("lines", 1, "路線・エリア Corridor", fields, styles, lines),
            ("areas", 1, "路線・エリア Corridor", fields, styles, areas),
            ("lines", 3, up, trip, link, links),
        )
    ]  # fmt: skip


def _known(ms: float) -> float | None:
    return None if np.isnan(ms) else round(ms, 2)


def _circles(found: Edge) -> list[dict[str, Any]]:
    """Return cells that are covered, those that lack something, hubs and MEC sites."""
    mec = {one.site_id: one.name_ja for one in found.mec}
    hubs = {one.site_id: one.label for one in found.hubs}
    corridors = {one.corridor_id: one for one in found.corridors}

    def cell(one: EdgeCell) -> list[Any]:
        its, served = corridors[one.corridor_id], "、".join(mec[site] for site in one.site_ids)
        trip, why = _known(one.round_trip_ms), f"{one.why_ja} {one.why_en}".strip()
        return [its.name_ja, its.name_en, served, _known(one.distance_km), trip, why or None]

    def layer(
        kind: str, fields: Iterable[Field], places: Iterable[Any], order: int, radius_px: float,
        record: Callable[[Any], list[Any]], **style: Any,
    ) -> dict[str, Any]:  # fmt: skip
        marks = [(one.lat_deg, one.lon_deg, radius_px, record(one)) for one in places]
        return circles(kind, "", [*fields], marks, order=order, **style)

    covered = [one for one in found.cells if not one.missing]
    cells, bare = "セル（基地局） Cell", {"stroke": False}
    above = {"color": "#ffffff", "weight": 2, "fillOpacity": 0.95}
    return [
        layer(cells, _CELL_FIELDS, covered, 2, 1.8, cell, fillColor=_COVERED, fillOpacity=0.5,
              **bare),
        layer(cells, _CELL_FIELDS, found.shortages, 2, 5.0, cell, fillColor=_SHORT,
              fillOpacity=0.8, **bare),
        layer(
            "上位の拠点 Hub above", _HUB_FIELDS, found.hubs, 4, 8.0,
            lambda one: [one.name_ja, one.name_en, tier_style(one.tier).ja, one.mec_sites,
                         round(one.mec_load_mw, 3),
                         f"約 about {load_mw(one.it_load_mw)}" if one.it_load_mw else None],
            fillColor="#1d5c7a", **above,
        ),
        layer(
            "MEC（エッジ） MEC site", _SITE_FIELDS, found.mec, 5, 7.0,
            lambda one: [one.name_ja, one.name_en, round(one.load_kw, 1), one.units, one.cells,
                         _known(one.worst_ms), hubs[one.parent_id], _known(one.parent_ms),
                         hubs[one.core_id], _known(one.core_ms)],
            fillColor=_MEC, **above,
        ),
    ]  # fmt: skip
