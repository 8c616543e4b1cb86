"""A user's own list of sites, checked row by row and set beside what is known of its places.

Numbers, ids, names, tiers and geometries are judged each by itself, then places and areas.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from dcsite.atlas.atlas import JAPAN_BOX_DEG
from dcsite.errors import SitesError

from .frame import ALLOWED_TIERS, disc_radius_km, municipality_table, site_frame
from .land import gentle_land, with_available_land
from .landmass import COAST_TOLERANCE_KM, PolygonLookup, landmass_of, landmasses
from .reader import FileForm, UserRows, described, geometry_flaw, read_rows, shown
from .values import AREA, POWER, VOLTAGE, plain, read_number

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats
    from dcsite.scenario import LandParameters


_WEST, _SOUTH, _EAST, _NORTH = JAPAN_BOX_DEG
#: Two sites nearer than this in both axes (about a metre) are one place written twice.
_SAME_PLACE_DEG = 1e-5
_SAID = described("sites")
#: What each field of a list of places may be called.
PLACE_COLUMNS = {field: tuple(words) for field, words in _SAID["words"].items()}
SITES_FILE = FileForm.of(
    "sites",
    "sites",
    SitesError,
    measures={"hectares": AREA, "max_it_load_mw": POWER, "substation_kv": VOLTAGE},
)
#: Names of columns that may hold tiers, and may well hold something else.
_LOOSE_TIER: list[str] = _SAID["loose_tier"]
#: How Japanese texts call the tiers, without what follows in 中核拠点 or 大規模型.
_TIER_WORDS = {word: tier for tier, words in _SAID["tiers"].items() for word in words}
_TIER_ENDING = re.compile(r"(拠点|ハブ|データセンター|データセンタ|dc|型|級|hub)+$")
_MAX_KV = 1100.0
_DEGREES = {
    "lat_deg": "latitude in decimal degrees, such as 43.0621",
    "lon_deg": "longitude in decimal degrees, such as 141.3544",
}
_EQUAL_AREA = "EPSG:6933"


def read_sites(path: str | Path, atlas: Atlas, land: LandParameters) -> gpd.GeoDataFrame:
    """Read and check a user's list of sites.

    Parameters
    ----------
    path : str or pathlib.Path
        A table with latitude and longitude (CSV or Excel), or points or polygons in any stated
        coordinate reference system (GeoJSON, GeoPackage, Shapefile, KML, FlatGeobuf);
        ``FILE|layername=NAME`` where there are several layers or sheets.
        Optional columns are those of `SITES_FILE`, in English or Japanese.
    atlas : Atlas
        Gives prefecture and municipality polygons, municipalities and their terrain.
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `SITE_COLUMNS` and, where a zone is given, what is said of city planning, where one
        is said to be domestic or not, that (`domestic`, ``yes`` or ``no``), where sites are
        polygons, their `outline` (WKT, longitude and latitude), and where the file has
        columns that are not read, their text (`own`, JSON); index `site_id`
        (``site-0001`` and on where none is given).
        `max_it_load_mw` is the given one, else hectares times `land.mw_per_ha`, else what the
        gentle land about the point carries. `uncertainty_km` is 0 for a point, for a polygon the
        radius of a disc of its area. Gentle land is that about the point; elevation, prefecture
        and electricity area are those of the municipality that holds it (of a split municipality,
        the main area).

    Raises
    ------
    SitesError
        With all problems of the file: the first 20 in full.
    """
    rows = read_rows(path, SITES_FILE)
    lat_deg, lon_deg, polygon_hectares = read_points(rows)
    rows = _without_bare_areas(rows, polygon_hectares)
    site_id = read_ids(rows)
    name_ja, name_en = read_names(rows, site_id)
    hectares, max_it_load_mw = (
        rows.numbers(
            field,
            math.ulp(0.0),
            sys.float_info.max,
            allowed=f"a number of {unit} above 0, or nothing",
        )
        for field, unit in (("hectares", "ha"), ("max_it_load_mw", "MW"))
    )
    tier = _tiers(rows)
    planning: dict[str, Any] = {
        "zone": rows.said_as("zone", _SAID["zones"]),
        "substation_kv": rows.numbers("substation_kv", 0.0, _MAX_KV),
    }
    for field in ("priority_zone", "adjustment_plan", "regional_project"):
        planning[field] = rows.said_as(field, _SAID["yes_or_no"])
    domestic = rows.said_as("domestic", _SAID["yes_or_no"])
    inside = _inside_japan(rows, lat_deg, lon_deg, atlas)
    _note_same_places(rows, lat_deg, lon_deg, np.flatnonzero(inside))
    polygons = atlas.polygons("municipality_polygons").sort_index()
    position, _ = PolygonLookup(polygons).locate(lat_deg[inside], lon_deg[inside])
    code = np.full(len(rows), None, dtype=object)
    code[inside] = polygons.index.to_numpy(dtype=object)[position]
    _note_too_large(rows, hectares, code, atlas)
    rows.problems.raise_if_any()

    around = with_available_land(
        gentle_land(lat_deg, lon_deg, code.tolist(), atlas), code, atlas, land
    )
    hectares = np.where(np.isnan(hectares), polygon_hectares, hectares)
    from_land_mw = np.where(np.isnan(hectares), around["max_it_load_mw"], hectares * land.mw_per_ha)
    columns: dict[str, Any] = {str(name): own.to_numpy() for name, own in around.items()}
    columns |= {
        "municipality_code": code,
        "name_ja": name_ja,
        "name_en": name_en,
        "lat_deg": lat_deg,
        "lon_deg": lon_deg,
        "uncertainty_km": disc_radius_km(np.nan_to_num(polygon_hectares) / 100.0),
        "landmass_id": landmass_of(lat_deg, lon_deg, landmasses(atlas)),
        "max_it_load_mw": np.where(np.isnan(max_it_load_mw), from_land_mw, max_it_load_mw),
        "allowed_tier": tier,
        "hectares": hectares,
        # Whoever names a site has judged who can run it: the municipality's people are not asked.
        "population_2020": np.nan,
    }
    if any(planning["zone"]):
        columns |= planning
    elif unused := [shown(rows.labels[field]) for field in planning if any(rows.said(field))]:
        rows.problems.tell(
            f"not used: {', '.join(unused)}, which counts only where a zone (区域区分) is said"
        )
    if any(domestic):
        columns["domestic"] = domestic
    if rows.others:
        own = pd.DataFrame(rows.others).to_dict("records")
        columns["own"] = [json.dumps(one, ensure_ascii=False) for one in own]
    drawn = polygon_hectares > 0.0
    if rows.geometry is not None and drawn.any():
        columns["outline"] = np.where(drawn, shapely.to_wkt(rows.geometry), None)
    here = municipality_table(atlas, land).reindex(code).set_axis(list(site_id))
    return site_frame(here.assign(**columns))


def read_points(rows: UserRows) -> tuple[Floats, Floats, Floats]:
    """Return latitude and longitude of each row in degrees, and hectares where it is a polygon.

    NaN stands for what is flawed, which is noted, and for the hectares of points. A polygon's
    point is one inside it; its area is measured on an equal-area projection.
    """
    hectares = np.full(len(rows), np.nan)
    if rows.geometry is None:
        lat_deg, lon_deg = (
            rows.numbers(field, -math.inf, math.inf, needed=True, allowed=allowed)
            for field, allowed in _DEGREES.items()
        )
        return lat_deg, lon_deg, hectares
    geometry = rows.geometry
    # Drawing programs often save a single point as a collection of one.
    single = (shapely.get_type_id(geometry) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(geometry) == 1
    )
    point = np.where(single, shapely.get_geometry(geometry, 0), geometry)
    for at, each in enumerate(point):
        if flaw := geometry_flaw(each, "Point Polygon MultiPolygon", "a point or a polygon"):
            rows.note(at, "geometry", flaw)
            point[at] = None
    drawn = np.flatnonzero(shapely.get_dimensions(point) == 2)
    if drawn.size:
        polygons = gpd.GeoSeries(point[drawn], crs="EPSG:4326")
        hectares[drawn] = polygons.to_crs(_EQUAL_AREA).area.to_numpy() / 1e4
        point[drawn] = shapely.point_on_surface(point[drawn])
    return shapely.get_y(point), shapely.get_x(point), hectares


def read_ids(rows: UserRows, kept: NDArray[np.bool_] | None = None) -> tuple[str, ...]:
    """Return each row's id, ``site-0001`` and on where none is given; note what is amiss.

    Rows that are not kept may have the id of another.
    """
    ids = tuple(text or f"site-{at:04d}" for at, text in enumerate(rows.ids("site_id"), 1))
    keys = (one if kept is None or kept[at] else None for at, one in enumerate(ids))
    for row, earlier in rows.repeats(keys):
        message = f"{shown(ids[row])} is the id of {earlier} too; give each site its own"
        rows.note(row, "site_id", message)
    return ids


def read_names(
    rows: UserRows, ids: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Return the name to show of each row, and the English one where there is one.

    A place's own name stands where a Japanese one is shown; without any name, its id does.
    """
    if rows.others and not any(map(rows.has, ("name", "name_ja", "name_en", "site_id"))):
        rows.problems.tell("no column of names (name, 名称, 施設名, ...); ids stand for them")
    name, name_ja, name_en = (rows.names(field) for field in ("name", "name_ja", "name_en"))
    said = zip(name_ja, name, name_en, ids, strict=True)
    return tuple(ja or own or en or key for ja, own, en, key in said), tuple(
        text or None for text in name_en
    )


def _without_bare_areas(rows: UserRows, polygon_hectares: Floats) -> UserRows:
    """Leave out areas without a unit of polygons, which tools add in units of the map's."""
    label = rows.labels.get("hectares", "")
    stated = AREA.stated(label)[1] is not None or any(
        text and read_number(text) is None for text in rows.said("hectares")
    )
    if not rows.has("hectares") or stated or not (polygon_hectares > 0.0).all():
        return rows
    rows.problems.tell(
        f"not read: column {shown(label)}, which states no unit; the polygons' own areas count"
    )
    cells = {field: texts for field, texts in rows.cells.items() if field != "hectares"}
    return replace(rows, cells=cells)


def _tiers(rows: UserRows) -> tuple[str | None, ...]:
    said = rows.said("tier")
    tiers = [_TIER_WORDS.get(_TIER_ENDING.sub("", plain(text).casefold())) for text in said]
    label = rows.labels.get("tier", "")
    if label in _LOOSE_TIER and any(said) and not any(tiers):
        rows.problems.tell(
            f"not read: column {shown(label)}, which names no tier (中核, 大規模, 地域)"
        )
        return (None,) * len(rows)
    for row, (text, tier) in enumerate(zip(said, tiers, strict=True)):
        if text and not tier:
            near = difflib.get_close_matches(text.casefold(), ALLOWED_TIERS, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            allowed = f"allowed: {', '.join(ALLOWED_TIERS)} (中核, 大規模, 地域) or nothing"
            rows.note(row, "tier", f"{shown(text)} is not a tier; {allowed}{hint}")
    return tuple(tiers)


def _inside_japan(rows: UserRows, lat: Floats, lon: Floats, atlas: Atlas) -> NDArray[np.bool_]:
    """Tell which points are in Japan; note those that are not."""
    boxed, swapped = (
        (north >= _SOUTH) & (north <= _NORTH) & (east >= _WEST) & (east <= _EAST)
        for north, east in ((lat, lon), (lon, lat))
    )
    known = ~(np.isnan(lat) | np.isnan(lon))
    off_km = np.full(lat.shape, np.inf)
    lookup = PolygonLookup(atlas.polygons("prefecture_polygons"))
    off_km[boxed] = lookup.locate(lat[boxed], lon[boxed])[1]
    inside: NDArray[np.bool_] = off_km <= COAST_TOLERANCE_KM
    for at in np.flatnonzero(known & ~inside):
        place = f"({lat[at]:.10g}, {lon[at]:.10g})"
        if swapped[at]:
            message = f"latitude and longitude {place} look swapped; swap them"
        elif 360.0 < max(abs(lat[at]), abs(lon[at])) < math.inf:
            message = (
                f"{place} look like metres; give latitude and longitude in degrees, or a layer "
                "that states its coordinate reference system"
            )
        elif boxed[at]:
            message = (
                f"{place} is {off_km[at]:.1f} km from the nearest land of Japan; "
                f"allowed: up to {COAST_TOLERANCE_KM:g} km; check the coordinates"
            )
        else:
            message = (
                f"{place} is outside Japan; allowed: latitude {_SOUTH:g} to {_NORTH:g}, "
                f"longitude {_WEST:g} to {_EAST:g}; check the coordinates"
            )
        rows.note(at, "", message)
    return inside


def _note_same_places(rows: UserRows, lat: Floats, lon: Floats, inside: NDArray[np.int64]) -> None:
    """Note every site that stands where an earlier one does."""
    points = np.column_stack([lat[inside], lon[inside]])
    # Points equal to the last digit are paired with their first; the tree gets each place once,
    # or a file of one place a thousand times over would give a million pairs.
    places, first, place = np.unique(points, axis=0, return_index=True, return_inverse=True)
    earlier = first[place.ravel()].copy()
    if len(places) > 1:
        pairs = KDTree(places).query_pairs(_SAME_PLACE_DEG, p=np.inf, output_type="ndarray")
        ends = first[pairs]
        np.minimum.at(earlier, ends.max(axis=1), ends.min(axis=1))
    for at in np.flatnonzero(earlier < np.arange(len(inside))):
        where = "({:.10g}, {:.10g})".format(*points[at])
        other = rows.called(inside[earlier[at]])
        rows.note(inside[at], "", f"stands at {where}, as {other} does; remove one of the two")


def _note_too_large(
    rows: UserRows, hectares: Floats, code: NDArray[np.object_], atlas: Atlas
) -> None:
    """Note sites larger than their whole municipality: square metres, most likely."""
    places = atlas.table("municipalities").reindex(code)
    whole_ha = places["area_km2"].to_numpy(dtype=float) * 100.0
    for at in np.flatnonzero(hectares > whole_ha):
        rows.note(
            at,
            "hectares",
            f"{hectares[at]:g} ha is more than all of {places['name_ja'].iloc[at]} "
            f"({whole_ha[at]:.0f} ha); allowed: the site's area in hectares, not in square metres",
        )
