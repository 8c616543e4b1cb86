"""What ``dcsite edge`` writes: ``edge.json``, two tables, layers for QGIS, a page with a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dcsite.contract import load_mw
from dcsite.records import Record

from . import atomic
from .map.encode import encode_path, encode_polygons
from .map.layer import Field
from .map.style import tier_style
from .page import circles, render_beside_map
from .tables import write_csv, write_layers
from .write import STUDY_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.atlas import Atlas
    from dcsite.studies.edge import Edge, EdgeHub, EdgeSite

_COVERED, _SHORT, _MEC, _LINK = "#5c6b78", "#a3281e", "#7a1fa2", "#7a1fa2"
_KIND_COLOURS = {"road": "#d55e00", "drone": "#0072b2", "river": "#009e73", "area": "#cc79a7"}
_SITE_FIELDS = (
    Field("IT負荷", "IT load", "kW"),
    Field("担当セル", "Cells served"),
    Field("担当区間", "Line served", "km"),
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


class EdgePaths(NamedTuple):
    """Where the files lie, in the order of `STUDY_FILES`."""

    json: Path
    mec_csv: Path
    coverage_csv: Path
    gpkg: Path
    html: Path


def write_edge(
    found: Edge, shapes: Mapping[str, Any], atlas: Atlas, created_at: str, directory: Path
) -> EdgePaths:
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
    page = render_edge(found, shapes, atlas)
    with atomic.replacing_directory(directory, STUDY_FILES["edge"]) as staging:
        atomic.write_text(staging / "edge.json", found.text())
        for name, frame in (("mec", mec), ("coverage", cells)):
            rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
            numbered = ([number, *row] for number, row in enumerate(rows, 1))
            write_csv(staging / f"{name}.csv", ["no", *frame], numbered)
        write_layers(staging / "edge.gpkg", _layers(found, shapes, mec, cells), created_at)
        atomic.write_text(staging / "edge.html", page)
    return EdgePaths(*(directory / name for name in STUDY_FILES["edge"]))


def _frame(records: tuple[Record, ...]) -> pd.DataFrame:
    """Return records as a table; ids and shares of one cell parted by semicolons."""
    rows = [
        {k: "; ".join(map(str, v)) if isinstance(v, list) else v for k, v in one.dump().items()}
        for one in records
    ]
    return pd.DataFrame(rows)


def _layers(
    found: Edge, shapes: Mapping[str, Any], mec: pd.DataFrame, cells: pd.DataFrame
) -> dict[str, tuple[gpd.GeoDataFrame, str]]:
    """Return the layers that are not empty."""
    layers = {}
    for name, frame in (("mec_sites", mec), ("cells", cells)):
        if len(frame):
            points = gpd.points_from_xy(frame["lon_deg"], frame["lat_deg"])
            layers[name] = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326"), "Point"
    corridors = _frame(found.corridors)
    drawn = np.array([shapes[one] for one in corridors["corridor_id"]], dtype=object)
    for name, flat, kind, multi in (
        ("corridors", 1, "MultiLineString", shapely.multilinestrings),
        ("areas", 2, "MultiPolygon", shapely.multipolygons),
    ):
        its = shapely.get_dimensions(drawn) == flat
        if its.any():
            parts = [multi(shapely.get_parts(one)) for one in drawn[its]]
            layers[name] = gpd.GeoDataFrame(corridors[its], geometry=parts, crs="EPSG:4326"), kind
    if found.mec:
        hubs = {one.site_id: one for one in found.hubs}
        rows = [(one.site_id, one.parent_id, one.parent_ms) for one in found.mec]
        links = pd.DataFrame(rows, columns=["site_id", "parent_id", "parent_ms"])
        lines = [
            shapely.LineString([(at.lon_deg, at.lat_deg) for at in (one, hubs[one.parent_id])])
            for one in found.mec
        ]
        layers["parents"] = gpd.GeoDataFrame(links, geometry=lines, crs="EPSG:4326"), "LineString"
    return layers


def render_edge(found: Edge, shapes: Mapping[str, Any], atlas: Atlas) -> str:
    """Return the text of ``edge.html``: what is not covered first, MEC sites, hubs, on a map."""
    hubs = {one.site_id: one for one in found.hubs}
    bounds = shapely.total_bounds([*shapes.values()]).tolist()
    west, south, east, north = bounds
    for one in found.mec:
        at = hubs[one.parent_id]
        west, east = min(west, one.lon_deg, at.lon_deg), max(east, one.lon_deg, at.lon_deg)
        south, north = min(south, one.lat_deg, at.lat_deg), max(north, one.lat_deg, at.lat_deg)
    return render_beside_map(
        "edge.html.j2",
        atlas,
        [*_drawn(found, shapes), *_points(found), _links(found), *_sites(found)],
        found.geodata,
        found=found,
        sites={one.site_id: one for one in found.mec},
        hubs=hubs,
        kinds=_KIND_COLOURS,
        short=_SHORT,
        mec_colour=_MEC,
        tier=tier_style,
        bounds=[[south, west], [north, east]],
    )


def _drawn(found: Edge, shapes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the corridors as lines, and the areas."""
    numbers = {name: at for at, name in enumerate(_KIND_COLOURS)}
    rows: dict[str, list[Any]] = {"lines": [], "areas": []}
    for one in found.corridors:
        shape, style = shapes[one.corridor_id], numbers[one.kind]
        record = [
            *(one.name_ja, one.name_en), round(one.length_km, 1) or None,
            round(one.area_km2) or None, one.covered_share, f"{one.basis_ja} {one.basis_en}",
        ]  # fmt: skip
        if shapely.get_dimensions(shape) == 2:
            (polygon,) = encode_polygons([shape], 0.0)
            rows["areas"].append([style, record, polygon])
        else:
            paths = [encode_path(shapely.get_coordinates(p)) for p in shapely.get_parts(shape)]
            rows["lines"].append([style, record, paths])
    fields = (
        Field("延長（図上）", "Length as drawn", "km"), Field("面積", "Area", "km2"),
        Field("カバー率", "Cells covered", "share"), Field("図形の根拠", "Shape"),
    )  # fmt: skip
    styles = [
        {"color": colour, "weight": 5, "opacity": 0.55, "fillColor": colour, "fillOpacity": 0.15}
        for colour in _KIND_COLOURS.values()
    ]
    return [
        {"maker": maker, "order": 1, "kind": "路線・エリア Corridor", "source": "", "rows": its,
         "fields": fields, "styles": styles, "interactive": True}
        for maker, its in rows.items()
    ]  # fmt: skip


def _points(found: Edge) -> list[dict[str, Any]]:
    """Return covered cells, and those that lack something."""
    names = {one.site_id: one.name_ja for one in found.mec}
    corridors = {one.corridor_id: one for one in found.corridors}
    short = set(map(id, found.shortages))
    layers = []
    for lacking, colour in ((False, _COVERED), (True, _SHORT)):
        marks = []
        for one in found.cells:
            if (id(one) in short) == lacking:
                its = corridors[one.corridor_id]
                served = "、".join(names[site] for site in one.site_ids)
                measured = (one.distance_km, one.round_trip_ms)
                told = [None if np.isnan(value) else round(value, 2) for value in measured]
                why = f"{one.why_ja} {one.why_en}" if lacking else None
                record = [its.name_ja, its.name_en, served, *told, why]
                marks.append((one.lat_deg, one.lon_deg, 5.0 if lacking else 1.8, record))
        style = {"stroke": False, "fillColor": colour, "fillOpacity": 0.8 if lacking else 0.5}
        layers.append(circles("セル（基地局） Cell", "", _CELL_FIELDS, marks, order=2, **style))
    return layers


def _links(found: Edge) -> dict[str, Any]:
    """Return straight lines from MEC sites to their hubs, and from these to the cores above."""
    hubs = {one.site_id: one for one in found.hubs}
    pairs: dict[tuple[str, str], tuple[int, EdgeSite | EdgeHub, EdgeHub, float]] = {}
    for one in found.mec:
        parent, core = hubs[one.parent_id], hubs[one.core_id]
        pairs[one.site_id, parent.site_id] = (0, one, parent, one.parent_ms)
        if parent is not core:
            pairs[parent.site_id, core.site_id] = (1, parent, core, one.core_ms)
    rows = []
    for style, lower, other, ms in pairs.values():
        ends = [[lower.lon_deg, lower.lat_deg], [other.lon_deg, other.lat_deg]]
        record = [f"{lower.name_ja} → {other.name_ja}", f"{lower.name_en} → {other.name_en}",
                  None if np.isnan(ms) else round(ms, 2)]  # fmt: skip
        rows.append([style, record, [encode_path(np.array(ends))]])
    styles = [
        {"color": _LINK, "weight": 1.6, "opacity": 0.8},
        {"color": _LINK, "weight": 1.6, "opacity": 0.8, "dashArray": "6 5"},
    ]
    return {"maker": "lines", "order": 3, "kind": "上位拠点への接続（直線は経路ではない） Parent",
            "source": "", "fields": [Field("往復遅延", "Round trip", "ms")], "styles": styles,
            "rows": rows}  # fmt: skip


def _sites(found: Edge) -> list[dict[str, Any]]:
    """Return hubs and MEC sites as circles."""
    hubs = {one.site_id: one for one in found.hubs}
    above = circles(
        "上位の拠点 Hub above", "",
        (Field("階層", "Tier"), Field("MEC", "MEC sites"),
         Field("MECのIT負荷", "Their IT load", "MW"),
         Field("計画のIT容量", "IT load in the plan", "MW")),
        ((one.lat_deg, one.lon_deg, 8.0,
          [one.name_ja, one.name_en, f"{tier_style(one.tier).ja} {tier_style(one.tier).en}",
           one.mec_sites, round(one.mec_load_mw, 3),
           f"約 about {load_mw(one.it_load_mw)}" if one.it_load_mw else None])
         for one in found.hubs),
        order=4, color="#ffffff", weight=2, fillColor="#1d5c7a", fillOpacity=0.9,
    )  # fmt: skip

    def record(one: EdgeSite) -> list[Any]:
        parent, core = hubs[one.parent_id], hubs[one.core_id]
        return [one.name_ja, one.name_en, round(one.load_kw, 1), one.cells, round(one.serves_km, 1),
                round(one.worst_ms, 2), parent.label, round(one.parent_ms, 2), core.label,
                None if np.isnan(one.core_ms) else round(one.core_ms, 2)]  # fmt: skip

    marks = ((one.lat_deg, one.lon_deg, 7.0, record(one)) for one in found.mec)
    mec = circles("MEC（エッジ） MEC site", "", _SITE_FIELDS, marks, order=5, color="#ffffff",
                  weight=1.5, fillColor=_MEC, fillOpacity=0.95)  # fmt: skip
    return [above, mec]
