"""Judge the cells of a sites file: numbers, ids, names, tiers and geometries, each by itself."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from .cell_values import NO_VALUE, id_flaw, name_flaw, read_number
from .frame import ALLOWED_TIERS
from .problems import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .files import RawRecords
    from .problems import ProblemList

__all__ = ["UserCells", "check_cells"]

_DEGREES = {"lat_deg": "latitude in decimal degrees", "lon_deg": "longitude in decimal degrees"}
_EXAMPLE = {"lat_deg": "43.0621", "lon_deg": "141.3544"}
_EQUAL_AREA = "EPSG:6933"


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


def check_cells(raw: RawRecords, problems: ProblemList) -> UserCells:
    """Read every cell; note what is wrong and go on with NaN or None in its place.

    Parameters
    ----------
    raw : RawRecords
        Records as texts and geometries.
    problems : ProblemList
        Takes note of every problem.

    Returns
    -------
    UserCells
        Values per record; sound only if no problem was noted.
    """
    polygon_hectares = np.full(len(raw), np.nan)
    if raw.geometry is None:
        lat_deg = _coordinates(raw, "lat_deg", problems)
        lon_deg = _coordinates(raw, "lon_deg", problems)
    else:
        lat_deg, lon_deg, polygon_hectares = _geometries(raw, raw.geometry, problems)
    site_id = _ids(raw, problems)
    names = {field: _names(raw, field, problems) for field in ("name", "name_ja", "name_en")}
    # A site's own name stands where a Japanese one is shown; without any name, its id does.
    name_ja = tuple(
        ja or name or en or site
        for ja, name, en, site in zip(
            names["name_ja"], names["name"], names["name_en"], site_id, strict=True
        )
    )
    return UserCells(
        numbers=raw.numbers,
        site_id=site_id,
        name_ja=name_ja,
        name_en=names["name_en"],
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        hectares=_amounts(raw, "hectares", "ha", problems),
        polygon_hectares=polygon_hectares,
        max_it_load_mw=_amounts(raw, "max_it_load_mw", "MW", problems),
        tier=_tiers(raw, problems),
    )


def _coordinates(raw: RawRecords, field: str, problems: ProblemList) -> NDArray[np.float64]:
    values = np.full(len(raw), np.nan)
    allowed = f"allowed: {_DEGREES[field]}, such as {_EXAMPLE[field]}"
    for at, (number, text) in enumerate(zip(raw.numbers, raw.cells[field], strict=True)):
        value = read_number(text)
        if text.casefold() in NO_VALUE:
            what = f"is {shown(text)}" if text else "is empty"
            problems.add(number, raw.labels[field], f"{what}; {allowed}")
        elif value is None:
            problems.add(number, raw.labels[field], f"{shown(text)} is not a number; {allowed}")
        else:
            values[at] = value
    return values


def _amounts(raw: RawRecords, field: str, unit: str, problems: ProblemList) -> NDArray[np.float64]:
    values = np.full(len(raw), np.nan)
    allowed = f"allowed: a number of {unit} above 0, or nothing"
    for at, (number, text) in enumerate(zip(raw.numbers, raw.cells.get(field, ()), strict=False)):
        if text.casefold() in NO_VALUE:
            continue
        value = read_number(text)
        if value is None:
            problems.add(number, raw.labels[field], f"{shown(text)} is not a number; {allowed}")
        elif not 0 < value < math.inf:
            problems.add(number, raw.labels[field], f"{shown(text)} is out of range; {allowed}")
        else:
            values[at] = value
    return values


def _names(raw: RawRecords, field: str, problems: ProblemList) -> tuple[str | None, ...]:
    texts = raw.cells.get(field, ("",) * len(raw))
    for number, text in zip(raw.numbers, texts, strict=True):
        wrong = name_flaw(text)
        if wrong:
            problems.add(number, raw.labels[field], wrong)
    return tuple(text or None for text in texts)


def _ids(raw: RawRecords, problems: ProblemList) -> tuple[str, ...]:
    given = raw.cells.get("site_id", ("",) * len(raw))
    ids = tuple(text or f"site-{at:04d}" for at, text in enumerate(given, 1))
    label = raw.labels.get("site_id", "site_id")
    first: dict[str, int] = {}
    for number, site_id in zip(raw.numbers, ids, strict=True):
        wrong = id_flaw(site_id)
        if wrong:
            problems.add(number, label, wrong)
        if site_id in first:
            problems.add(
                number,
                label,
                f"{shown(site_id)} is the id of {problems.unit} {first[site_id]} too; "
                "give each site its own",
            )
        first.setdefault(site_id, number)
    return ids


def _tiers(raw: RawRecords, problems: ProblemList) -> tuple[str | None, ...]:
    tiers: list[str | None] = []
    for number, text in zip(raw.numbers, raw.cells.get("tier", ("",) * len(raw)), strict=True):
        tier = text.casefold()
        if tier in NO_VALUE:
            tiers.append(None)
            continue
        tiers.append(tier)
        if tier not in ALLOWED_TIERS:
            near = difflib.get_close_matches(tier, ALLOWED_TIERS, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            allowed = f"allowed: {', '.join(ALLOWED_TIERS)} or nothing"
            problems.add(
                number, raw.labels["tier"], f"{shown(text)} is not a tier; {allowed}{hint}"
            )
    return tuple(tiers)


def _geometries(
    raw: RawRecords, geometry: NDArray[np.object_], problems: ProblemList
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
        problems.add(raw.numbers[at], "geometry", _flaw(geometry[at]))
    point = geometry.copy()
    point[flawed] = None
    hectares = np.full(len(raw), np.nan)
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
