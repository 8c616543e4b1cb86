"""A user's own list of sites, checked row by row and set beside what is known of its places.

Numbers, ids, names, tiers and geometries are judged each by itself, then places and areas.
"""

from __future__ import annotations

import difflib
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from dcsite.errors import SitesError

from .frame import ALLOWED_TIERS, disc_radius_km, site_frame
from .landmass import COAST_TOLERANCE_KM, PolygonLookup, landmass_of, landmasses
from .municipalities import municipality_table
from .reader import FileForm, UserRows, id_flaw, read_rows, shown

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import LandParameters

    from .reader import ProblemList


#: Round numbers outside all land of Japan: what is not in here is a slip, not a coast.
_LATITUDES_DEG = (20.0, 46.0)
_LONGITUDES_DEG = (122.0, 154.0)
#: Two sites nearer than this in both axes (about a metre) are one place written twice.
_SAME_PLACE_DEG = 1e-5
#: What each field of a sites file may be called, its own name first; case, spaces and hyphens are
#: free.
_COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "site_id": ("site_id", "id"),
    "name": ("name", "名称"),
    "name_ja": ("name_ja",),
    "name_en": ("name_en",),
    "lat_deg": ("lat_deg", "lat", "latitude", "latitude_deg", "緯度"),
    "lon_deg": ("lon_deg", "lon", "longitude", "longitude_deg", "long", "lng", "経度"),
    "hectares": ("hectares", "hectare", "ha", "area_ha"),
    "max_it_load_mw": ("max_it_load_mw", "max_mw"),
    "tier": ("tier", "allowed_tier"),
}
SITES_FILE = FileForm(
    record="site",
    kinds=".csv (with latitude and longitude), .geojson, .json (GeoJSON) or .gpkg (GeoPackage)",
    shapes="points or polygons",
    layer="sites",
    columns=_COLUMN_NAMES,
    needed=("lat_deg", "lon_deg"),
    needed_in_layer=(),
    error=SitesError,
)
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
        CSV with latitude and longitude columns (UTF-8 or CP932), GeoJSON, or GeoPackage in any
        coordinate reference system, of points or polygons. Optional columns: `site_id` or `id`,
        `name`, `name_ja`, `name_en`, `hectares`, `max_it_load_mw` or `max_mw`, `tier`.
    atlas : Atlas
        Gives prefecture and municipality polygons, municipalities and their terrain.
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `SITE_COLUMNS`, index `site_id` (``site-0001`` and on where none is given).
        `max_it_load_mw` is the given one, else hectares times `land.mw_per_ha`, else that of the
        municipality. `uncertainty_km` is 0 for a point, for a polygon the radius of a disc of
        its area. Terrain, prefecture and electricity area are those of the municipality that
        holds the point (of a split municipality, the main area).

    Raises
    ------
    SitesError
        With all problems of the file: the first 20 in full.
    """
    path = Path(path)
    rows = read_rows(path, SITES_FILE)
    problems, cells = rows.problems, check_cells(rows)
    inside = _check_places(cells, atlas, problems)
    municipalities = municipality_table(atlas, land)
    code = _municipality_codes(cells, inside, atlas)
    _check_hectares(cells, code, rows.labels.get("hectares", "hectares"), atlas, problems)
    problems.raise_if_any()

    here = municipalities.reindex(code)
    columns: dict[str, Any] = {str(name): values.to_numpy() for name, values in here.items()}
    hectares = np.where(np.isnan(cells.hectares), cells.polygon_hectares, cells.hectares)
    from_land_mw = np.where(
        np.isnan(hectares), columns["max_it_load_mw"], hectares * land.mw_per_ha
    )
    columns |= {
        "municipality_code": code,
        "name_ja": cells.name_ja,
        "name_en": cells.name_en,
        "lat_deg": cells.lat_deg,
        "lon_deg": cells.lon_deg,
        "uncertainty_km": disc_radius_km(np.nan_to_num(cells.polygon_hectares) / 100.0),
        "landmass_id": landmass_of(cells.lat_deg, cells.lon_deg, landmasses(atlas)),
        "max_it_load_mw": np.where(
            np.isnan(cells.max_it_load_mw), from_land_mw, cells.max_it_load_mw
        ),
        "allowed_tier": cells.tier,
        "hectares": hectares,
        # Whoever names a site has judged who can run it: the municipality's people are not asked.
        "population_2020": np.full(len(code), np.nan),
    }
    return site_frame(pd.Index(cells.site_id, dtype="str"), columns)


def _check_places(cells: UserCells, atlas: Atlas, problems: ProblemList) -> NDArray[np.bool_]:
    """Note points outside Japan and points given twice; return which points are in Japan."""
    lat, lon = cells.lat_deg, cells.lon_deg
    boxed = _between(lat, _LATITUDES_DEG) & _between(lon, _LONGITUDES_DEG)
    swapped = _between(lon, _LATITUDES_DEG) & _between(lat, _LONGITUDES_DEG)
    known = ~(np.isnan(lat) | np.isnan(lon))
    off_km = np.full(lat.shape, np.inf)
    lookup = PolygonLookup(atlas.polygons("prefecture_polygons"))
    off_km[boxed] = lookup.locate(lat[boxed], lon[boxed])[1]
    inside: NDArray[np.bool_] = off_km <= COAST_TOLERANCE_KM
    for at in np.flatnonzero(known & ~inside):
        place = f"({lat[at]:.10g}, {lon[at]:.10g})"
        if swapped[at]:
            message = f"latitude and longitude {place} look swapped; swap them"
        elif boxed[at]:
            message = (
                f"{place} is {off_km[at]:.1f} km from the nearest land of Japan; "
                f"allowed: up to {COAST_TOLERANCE_KM:g} km; check the coordinates"
            )
        else:
            message = (
                f"{place} is outside Japan; allowed: latitude {_LATITUDES_DEG[0]:g} to "
                f"{_LATITUDES_DEG[1]:g}, longitude {_LONGITUDES_DEG[0]:g} to "
                f"{_LONGITUDES_DEG[1]:g}; check the coordinates"
            )
        problems.add(cells.numbers[at], "", message)
    _check_same_place(cells, np.flatnonzero(inside), problems)
    return inside


def _between(values: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((values >= bounds[0]) & (values <= bounds[1]), dtype=bool)


def _check_same_place(cells: UserCells, inside: NDArray[np.int64], problems: ProblemList) -> None:
    """Note every site that stands where an earlier one does."""
    points = np.column_stack([cells.lat_deg[inside], cells.lon_deg[inside]])
    # Points equal to the last digit are paired with their first; the tree gets each place once,
    # or a file of one place a thousand times over would give a million pairs.
    places, first, place = np.unique(points, axis=0, return_index=True, return_inverse=True)
    earlier = first[place.ravel()].copy()
    if len(places) > 1:
        pairs = KDTree(places).query_pairs(_SAME_PLACE_DEG, p=np.inf, output_type="ndarray")
        ends = first[pairs]
        np.minimum.at(earlier, ends.max(axis=1), ends.min(axis=1))
    for at in np.flatnonzero(earlier < np.arange(len(inside))):
        lat, lon = points[at]
        problems.add(
            cells.numbers[inside[at]],
            "",
            f"stands at ({lat:.10g}, {lon:.10g}), as {problems.unit} "
            f"{cells.numbers[inside[earlier[at]]]} does; remove one of the two",
        )


def _municipality_codes(
    cells: UserCells, inside: NDArray[np.bool_], atlas: Atlas
) -> NDArray[np.object_]:
    """Return the code of the municipality that holds each point in Japan, else of the nearest."""
    polygons = atlas.polygons("municipality_polygons").sort_index()
    position, _ = PolygonLookup(polygons).locate(cells.lat_deg[inside], cells.lon_deg[inside])
    codes = np.full(len(inside), None, dtype=object)
    codes[inside] = polygons.index.to_numpy(dtype=object)[position]
    return codes


def _check_hectares(
    cells: UserCells,
    code: NDArray[np.object_],
    label: str,
    atlas: Atlas,
    problems: ProblemList,
) -> None:
    """Note sites larger than their whole municipality: square metres, most likely."""
    places = atlas.table("municipalities")
    whole_ha = places["area_km2"].reindex(code).to_numpy(dtype=float) * 100.0
    names = places["name_ja"].reindex(code).to_numpy(dtype=object)
    for at in np.flatnonzero(cells.hectares > whole_ha):
        problems.add(
            cells.numbers[at],
            label,
            f"{cells.hectares[at]:g} ha is more than all of {names[at]} ({whole_ha[at]:.0f} ha); "
            "allowed: the site's area in hectares, not in square metres",
        )


@dataclass(frozen=True)
class UserCells:
    """What a user says of each site, with NaN or None where nothing is said.

    `polygon_hectares` is the area of a site drawn as a polygon, NaN for points.
    """

    numbers: tuple[int, ...]
    site_id: tuple[str, ...]
    name_ja: tuple[str, ...]
    name_en: tuple[str | None, ...]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    hectares: NDArray[np.float64]
    polygon_hectares: NDArray[np.float64]
    max_it_load_mw: NDArray[np.float64]
    tier: tuple[str | None, ...]


def check_cells(rows: UserRows) -> UserCells:
    """Read every cell; note what is wrong and go on with NaN or None in its place.

    Parameters
    ----------
    rows : UserRows
        Records as texts and geometries; takes note of every problem.

    Returns
    -------
    UserCells
        Values per record; sound only if no problem was noted.
    """
    polygon_hectares = np.full(len(rows), np.nan)
    if rows.geometry is None:
        lat_deg, lon_deg = (
            rows.numbers(field, -math.inf, math.inf, needed=True, allowed=allowed)
            for field, allowed in _DEGREES.items()
        )
    else:
        lat_deg, lon_deg, polygon_hectares = _geometries(rows, rows.geometry)
    site_id = _ids(rows)
    names = {field: rows.names(field) for field in ("name", "name_ja", "name_en")}
    # A site's own name stands where a Japanese one is shown; without any name, its id does.
    name_ja = tuple(
        ja or name or en or site
        for ja, name, en, site in zip(
            names["name_ja"], names["name"], names["name_en"], site_id, strict=True
        )
    )
    hectares, max_it_load_mw = (
        rows.numbers(
            field,
            math.ulp(0.0),
            sys.float_info.max,
            allowed=f"a number of {unit} above 0, or nothing",
        )
        for field, unit in (("hectares", "ha"), ("max_it_load_mw", "MW"))
    )
    return UserCells(
        numbers=rows.record_numbers,
        site_id=site_id,
        name_ja=name_ja,
        name_en=tuple(text or None for text in names["name_en"]),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        hectares=hectares,
        polygon_hectares=polygon_hectares,
        max_it_load_mw=max_it_load_mw,
        tier=_tiers(rows),
    )


def _ids(rows: UserRows) -> tuple[str, ...]:
    ids = tuple(text or f"site-{at:04d}" for at, text in enumerate(rows.texts("site_id"), 1))
    first: dict[str, int] = {}
    for row, site_id in enumerate(ids):
        if wrong := id_flaw(site_id):
            rows.note(row, "site_id", wrong)
        if site_id in first:
            rows.note(
                row,
                "site_id",
                f"{shown(site_id)} is the id of {rows.called(first[site_id])} too; "
                "give each site its own",
            )
        first.setdefault(site_id, row)
    return ids


def _tiers(rows: UserRows) -> tuple[str | None, ...]:
    for row, text in enumerate(rows.said("tier")):
        tier = text.casefold()
        if tier and tier not in ALLOWED_TIERS:
            near = difflib.get_close_matches(tier, ALLOWED_TIERS, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            allowed = f"allowed: {', '.join(ALLOWED_TIERS)} or nothing"
            rows.note(row, "tier", f"{shown(text)} is not a tier; {allowed}{hint}")
    return tuple(text.casefold() or None for text in rows.said("tier"))


def _geometries(
    rows: UserRows, geometry: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude, longitude and, for polygons, hectares on an equal-area projection."""
    kinds = shapely.get_type_id(geometry)
    # Drawing programs often save a single point or polygon as a collection of one.
    single = (kinds == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(geometry) == 1
    )
    geometry = np.where(single, shapely.get_geometry(geometry, 0), geometry)
    kinds = shapely.get_type_id(geometry)
    is_point = kinds == shapely.GeometryType.POINT
    is_polygon = np.isin(kinds, [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON])
    flawed = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    flawed |= ~(is_point | is_polygon) | ~shapely.is_valid(geometry)
    for at in np.flatnonzero(flawed):
        rows.note(int(at), "geometry", _flaw(geometry[at]))
    point = geometry.copy()
    point[flawed] = None
    hectares = np.full(len(rows), np.nan)
    drawn = np.flatnonzero(is_polygon & ~flawed)
    if drawn.size:
        point[drawn] = shapely.point_on_surface(geometry[drawn])
        polygons = gpd.GeoSeries(geometry[drawn], crs="EPSG:4326")
        hectares[drawn] = polygons.to_crs(_EQUAL_AREA).area.to_numpy() / 1e4
    return shapely.get_y(point), shapely.get_x(point), hectares


def _flaw(geometry: shapely.Geometry | None) -> str:
    allowed = "allowed: a point or a polygon"
    if geometry is None:
        return f"has no readable geometry; {allowed}"
    if geometry.is_empty:
        return f"the geometry is empty; {allowed}"
    if geometry.geom_type not in {"Point", "Polygon", "MultiPolygon"}:
        return f"is a {geometry.geom_type}; {allowed}"
    reason = shapely.is_valid_reason(geometry)
    return f"is not a valid {geometry.geom_type}: {reason}; {allowed} that does not cross itself"
