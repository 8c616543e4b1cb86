"""A user's own disasters: polygons, a table of municipalities, or ruptures.

Every format gives rows of scenarios. `scenario_id` is needed; `name`, `name_en`, `name_ja`,
`probability_30y` (0..1) and `group` are optional: scenarios of one group are alternatives, of
which one happens at most. Where a scenario has several rows, those that say any of these must say
the same.

==================  ===============================================================================
File                Further columns
==================  ===============================================================================
GeoPackage,         `probability_down` (0..1; 1 without it) or `intensity` (JMA) of all sites in
GeoJSON             the row's polygon
CSV                 `municipality_code`, and `probability_down` or `intensity` of its sites
CSV                 `moment_magnitude`, `source_type` (crustal, interface, intraslab), `lat_deg`,
                    `lon_deg`, `top_depth_km`, `length_km`, `width_km`, `strike_deg`, `dip_deg` of
                    a plane of the rupture, as in :class:`dcsite.hazards.FaultPlanes`
==================  ===============================================================================
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from dcsite.errors import DisastersError, Problem
from dcsite.sites.reader import FileForm, UserRows, read_rows, shown

from .ground_motion import FaultPlanes, SourceType, jma_intensity, rupture_distance_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from dcsite.atlas import Atlas

Floats = NDArray[np.float64]
#: Above any instrumental intensity on record, and below a class written as 55 or a PGV.
_LARGEST_INTENSITY = 7.5

#: All of Japan and a few hundred kilometres of the sea about it, which footprints may cover.
LATITUDES_DEG = (18.0, 48.0)
LONGITUDES_DEG = (118.0, 158.0)
#: Least and largest number of each field of a plane; see :class:`FaultPlanes`.
_PLANE_RANGES = {
    "lat_deg": LATITUDES_DEG,
    "lon_deg": LONGITUDES_DEG,
    "top_depth_km": (0.0, 700.0),
    "length_km": (0.0, 2000.0),
    "width_km": (0.0, 1000.0),
    "strike_deg": (-360.0, 360.0),
    "dip_deg": (0.0, 180.0),
}
_MAGNITUDES = (4.0, 10.0)
RUPTURE_FIELDS = ("moment_magnitude", "source_type", *_PLANE_RANGES)
#: Spreadsheets take the code for a number and drop its leading zero.
_WITHOUT_ZERO = re.compile(r"[1-9][0-9]{3}")
#: Ids of users' events and groups begin so: no shipped id does, and no event is taken for a group.
EVENT_PREFIX = "user_"
GROUP_PREFIX = "usergroup_"
#: Sums of decimal fractions go wrong in the last digits.
_HAIR = 1e-9
Value = TypeVar("Value", str, float)
_COMMON = (
    "scenario_id",
    "name",
    "name_en",
    "name_ja",
    "probability_30y",
    "group",
    "probability_down",
    "intensity",
)
_OTHER_NAMES = {
    "name": ("name", "名称"),
    "lat_deg": ("lat_deg", "lat", "latitude", "latitude_deg", "緯度"),
    "lon_deg": ("lon_deg", "lon", "longitude", "longitude_deg", "long", "lng", "経度"),
    "moment_magnitude": ("moment_magnitude", "mw"),
}
#: Forms apart: a layer of polygons may well have columns whose names are near to those of a plane.
_LAYER_FILE = FileForm(
    record="scenario",
    kinds=(
        ".csv (municipalities or ruptures by scenario), .geojson, .json (GeoJSON) or .gpkg "
        "(GeoPackage)"
    ),
    shapes="polygons",
    layer="footprints",
    columns={field: _OTHER_NAMES.get(field, (field,)) for field in _COMMON},
    needed=("scenario_id",),
    needed_in_layer=("scenario_id",),
    error=DisastersError,
)
_TABLE_FILE = replace(
    _LAYER_FILE,
    columns={
        field: _OTHER_NAMES.get(field, (field,))
        for field in (*_COMMON, "municipality_code", *RUPTURE_FIELDS)
    },
)


def polygon_effects(
    rows: UserRows, ids: tuple[str, ...], position: NDArray[np.int64], sites: pd.DataFrame
) -> tuple[Floats, Floats]:
    """Return what each scenario's polygons do to each site.

    Parameters
    ----------
    rows : UserRows
        Rows with polygons.
    ids, position : tuple of str, numpy.ndarray
        The m scenarios, and which of them each row belongs to.
    sites : pandas.DataFrame
        n sites with `lat_deg` and `lon_deg`.

    Returns
    -------
    intensity, lost : numpy.ndarray, shape (n, m)
        ``-inf`` and 0 outside. A site on a border is inside. Where polygons of one scenario
        overlap the largest value counts: polygons that say the same act as their union.

    Notes
    -----
    Borders run straight in longitude and latitude between their corners, whichever the system of
    the file.
    """
    geometry = rows.geometry
    if geometry is None:
        raise ValueError("expected rows with polygons, got a table")
    down, felt = _effects(rows, otherwise=1.0)
    sound = np.array(
        [_is_sound(rows, row, each, ids[position[row]]) for row, each in enumerate(geometry)],
        dtype=bool,
    )
    polygons = np.asarray(shapely.force_2d(geometry), dtype=object)
    polygons[~sound] = None
    _check_polygons_twice(rows, polygons, position, down, felt, ids)

    shape = (len(sites), len(ids))
    intensity, lost = np.full(shape, -np.inf), np.zeros(shape)
    points = shapely.points(sites["lon_deg"].to_numpy(float), sites["lat_deg"].to_numpy(float))
    row, site = shapely.STRtree(points).query(polygons, predicate="intersects")
    where = (site, position[row])
    np.maximum.at(lost, where, np.nan_to_num(down[row]))
    np.maximum.at(intensity, where, np.where(np.isnan(felt[row]), -np.inf, felt[row]))
    return intensity, lost


def _is_sound(rows: UserRows, row: int, geometry: shapely.Geometry | None, scenario: str) -> bool:
    wrong = _flaw(geometry)
    if wrong:
        rows.note(row, "geometry", f"of scenario {shown(scenario)} {wrong}")
    return not wrong


def _flaw(geometry: shapely.Geometry | None) -> str:
    """Return what is wrong with a polygon, else nothing."""
    allowed = "allowed: a polygon or a multipolygon"
    if geometry is None:
        return f"is missing or cannot be read; {allowed}"
    if geometry.is_empty:
        return f"is empty; {allowed}"
    if geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        return f"is a {geometry.geom_type}; {allowed}"
    if outside := _outside(geometry):
        return outside
    if not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        return (
            f"is not a valid {geometry.geom_type}: {reason} (longitude, latitude); "
            f"{allowed} that does not cross itself"
        )
    return ""


def _outside(geometry: shapely.Geometry) -> str:
    """Return how a polygon leaves Japan and the sea about it, else nothing."""
    west, south, east, north = geometry.bounds
    # What cannot be brought to degrees has infinite corners.
    if _within(LATITUDES_DEG, south, north) and _within(LONGITUDES_DEG, west, east):
        return ""
    if _within(LATITUDES_DEG, west, east) and _within(LONGITUDES_DEG, south, north):
        return "has latitude and longitude swapped; swap them"
    return (
        f"reaches from latitude {south:.6g} to {north:.6g} and longitude {west:.6g} to "
        f"{east:.6g}, out of Japan; allowed: latitude {LATITUDES_DEG[0]:g} to "
        f"{LATITUDES_DEG[1]:g}, longitude {LONGITUDES_DEG[0]:g} to {LONGITUDES_DEG[1]:g}; "
        "check the coordinate reference system"
    )


def _within(bounds: tuple[float, float], low: float, high: float) -> bool:
    return bool(bounds[0] <= low <= high <= bounds[1])


def _check_polygons_twice(
    rows: UserRows,
    polygons: NDArray[np.object_],
    position: NDArray[np.int64],
    down: Floats,
    felt: Floats,
    ids: tuple[str, ...],
) -> None:
    """Note polygons that say what an earlier one of their scenario says."""
    outlines = shapely.to_wkb(shapely.normalize(polygons))
    first: dict[tuple[object, ...], int] = {}
    for row, outline in enumerate(outlines):
        if outline is None:
            continue
        key = (int(position[row]), outline, repr(float(down[row])), repr(float(felt[row])))
        if key in first:
            rows.note(
                row,
                "geometry",
                f"is that of {rows.called(first[key])} again, in the same scenario "
                f"{shown(ids[position[row]])}; keep one of the two",
            )
        first.setdefault(key, row)


def rupture_intensity(
    rows: UserRows,
    ids: tuple[str, ...],
    position: NDArray[np.int64],
    sites: pd.DataFrame,
    atlas: Atlas,
) -> Floats:
    """Return the median JMA intensity of each rupture at each site.

    Parameters
    ----------
    rows : UserRows
        Rows of planes with the `RUPTURE_FIELDS`; several rows make up a scenario of several.
    ids, position : tuple of str, numpy.ndarray
        The m scenarios, and which of them each row belongs to.
    sites : pandas.DataFrame
        n sites with `lat_deg`, `lon_deg`, `municipality_code`, and `arv` where known.
    atlas : Atlas
        Gives the soil of the municipalities.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        Intensities, however weak: unlike the shipped cases nothing is cut off below 5.0. All
        ``-inf`` if anything about the planes is wrong.

    Notes
    -----
    The nearest point of all planes counts as the distance, and their mean depth, weighted by area,
    as the depth. The amplification is the site's `arv`, or the median over its municipality, which
    mountains pull down: a hub on lowland is shaken more (0.3 of an intensity for an `arv` of 1.2
    in place of 0.8).

    Raises
    ------
    DisastersError
        If the amplification of a site's municipality is not known and the site has none.
    """
    before = len(rows.problems)
    planes = {
        field: rows.numbers(field, low, high, needed=True)
        for field, (low, high) in _PLANE_RANGES.items()
    }
    given = rows.numbers("moment_magnitude", *_MAGNITUDES, needed=True)
    magnitude = one_for_each(rows, "moment_magnitude", given.tolist(), np.nan, ids, position)
    kinds = rows.choices("source_type", tuple(SourceType))
    kind = one_for_each(rows, "source_type", kinds, "", ids, position)
    _check_planes_twice(rows, planes, position, ids)
    intensity = np.full((len(sites), len(ids)), -np.inf)
    if len(rows.problems) > before:
        return intensity
    amplification = _amplification(sites, atlas)[:, None]
    lat, lon = sites["lat_deg"].to_numpy(dtype=float), sites["lon_deg"].to_numpy(dtype=float)
    for at in range(len(ids)):
        here = position == at
        source = FaultPlanes(**{field: values[here] for field, values in planes.items()})
        nearest = rupture_distance_km(lat, lon, source).min(axis=1, keepdims=True)
        intensity[:, [at]] = jma_intensity(
            magnitude[at], _mean_depth_km(source), nearest, kind[at], amplification
        )
    return intensity


def _mean_depth_km(planes: FaultPlanes) -> float:
    area = planes.length_km * planes.width_km
    weights = area if area.sum() > 0.0 else np.ones(len(planes))
    return float(np.average(planes.mean_depth_km, weights=weights))


def _check_planes_twice(
    rows: UserRows, planes: dict[str, Floats], position: NDArray[np.int64], ids: tuple[str, ...]
) -> None:
    """Note planes that an earlier row of their scenario gives."""
    first: dict[tuple[float, ...], int] = {}
    for row, numbers in enumerate(np.column_stack([position, *planes.values()]).tolist()):
        key = tuple(numbers)
        if key in first:
            rows.note(
                row,
                "",
                f"is the plane of {rows.called(first[key])} again, in the same scenario "
                f"{shown(ids[position[row]])}; keep one of the two",
            )
        first.setdefault(key, row)


def _amplification(sites: pd.DataFrame, atlas: Atlas) -> Floats:
    """Return each site's amplification from engineering bedrock, shape (n,)."""
    codes = sites["municipality_code"].to_numpy(dtype=object)
    found = (
        atlas.table("seismic_hazard_by_municipality")["arv_median"]
        .reindex(codes)
        .to_numpy(dtype=float)
    )
    if "arv" in sites:
        own = sites["arv"].to_numpy(dtype=float)
        found = np.where(np.isnan(own), found, own)
    unknown = np.flatnonzero(~(found > 0.0))
    if unknown.size:
        names = atlas.table("municipalities")["name_ja"].reindex(codes[unknown[:1]])
        raise DisastersError(
            Problem(
                "seismic_hazard_by_municipality",
                "arv_median",
                f"the soil of {names.iloc[0]} ({codes[unknown[0]]}), where site "
                f"{sites.index[unknown[0]]} stands, is not known; give the site its own arv",
            )
        )
    return np.asarray(found, dtype=np.float64)


def municipality_effects(
    rows: UserRows,
    ids: tuple[str, ...],
    position: NDArray[np.int64],
    sites: pd.DataFrame,
    atlas: Atlas,
) -> tuple[Floats, Floats]:
    """Return what each scenario does to each site, by the site's municipality.

    Parameters
    ----------
    rows : UserRows
        Rows with `municipality_code` and either `probability_down` or `intensity`.
    ids, position : tuple of str, numpy.ndarray
        The m scenarios, and which of them each row belongs to.
    sites : pandas.DataFrame
        n sites with `municipality_code`.
    atlas : Atlas
        Knows the municipalities.

    Returns
    -------
    intensity, lost : numpy.ndarray, shape (n, m)
        ``-inf`` and 0 for sites whose municipality a scenario does not list.
    """
    down, felt = _effects(rows, otherwise=np.nan)
    codes = _codes(rows, atlas)
    first: dict[tuple[int, str], int] = {}
    for row, (at, code) in enumerate(zip(position.tolist(), codes, strict=True)):
        if code and (at, code) in first:
            rows.note(
                row,
                "municipality_code",
                f"{shown(code)} is listed for scenario {shown(ids[at])} in "
                f"{rows.called(first[at, code])} already; keep one of the two",
            )
        first.setdefault((at, code), row)

    shape = (len(sites), len(ids))
    intensity, lost = np.full(shape, -np.inf), np.zeros(shape)
    row_of = np.full((len(ids), 1 + len(set(codes))), -1)
    column = {code: at for at, code in enumerate(dict.fromkeys(codes), 1)}
    for (at, code), row in first.items():
        row_of[at, column[code]] = row
    # Column 0 is that of municipalities no row names.
    here = [column.get(str(code), 0) for code in sites["municipality_code"]]
    chosen = row_of[:, here].T
    listed = chosen >= 0
    lost[listed] = np.nan_to_num(down)[chosen[listed]]
    intensity[listed] = np.where(np.isnan(felt), -np.inf, felt)[chosen[listed]]
    return intensity, lost


def _codes(rows: UserRows, atlas: Atlas) -> list[str]:
    """Return the codes as the atlas writes them, empty where they are unknown."""
    known = set(atlas.table("municipalities").index.astype(str))
    city_of_ward = atlas.table("seismic_hazard_by_ward")["municipality_code"]
    codes = []
    for row, text in enumerate(rows.texts("municipality_code")):
        code = f"0{text}" if _WITHOUT_ZERO.fullmatch(text) else text
        if code not in known:
            rows.note(row, "municipality_code", _unknown(code, known, city_of_ward))
        codes.append(code if code in known else "")
    return codes


def _unknown(code: str, known: set[str], city_of_ward: pd.Series) -> str:
    allowed = "allowed: the five digits of one of the municipalities of 2020, such as 01100"
    if not code:
        return f"is empty; {allowed}"
    if code in city_of_ward.index:
        return f"{shown(code)} is a ward; give its city, {city_of_ward[code]}"
    if len(code) == 6 and code[:5] in known:
        return f"{shown(code)} ends in a check digit; give {code[:5]}"
    return f"{shown(code)} is no municipality; {allowed}"


def scenario_positions(rows: UserRows) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the scenario ids in the order of the file, and the position of each row's."""
    given = rows.ids("scenario_id", needed="give each row the id of its scenario")
    codes, ids = pd.factorize(np.array(given, dtype=object))
    return tuple(map(str, ids)), codes.astype(np.int64)


def one_for_each(
    rows: UserRows,
    field: str,
    values: Sequence[Value],
    missing: Value,
    ids: tuple[str, ...],
    position: NDArray[np.int64],
) -> list[Value]:
    """Return the one value that a scenario's rows give it, noting rows that disagree.

    Parameters
    ----------
    rows : UserRows
        Rows of the file.
    field : str
        What the values are.
    values : sequence
        One for each row; empty or NaN says nothing, and other rows may still.
    missing : str or float
        What stands for a scenario of which no row says anything.
    ids, position : tuple of str, numpy.ndarray
        From :func:`scenario_positions`.
    """
    found: list[Value] = [missing] * len(ids)
    first: dict[int, int] = {}
    for row, (value, at) in enumerate(zip(values, position.tolist(), strict=True)):
        if value == "" or pd.isna(value):
            continue
        if at not in first:
            first[at], found[at] = row, value
        elif value != found[at]:
            rows.note(
                row,
                field,
                f"{_as_text(value)} is not {_as_text(found[at])}, as {rows.called(first[at])} has "
                f"it for scenario {shown(ids[at])}; give a scenario one {field}",
            )
    return found


def user_events(
    rows: UserRows, ids: tuple[str, ...], position: NDArray[np.int64], basis: str
) -> pd.DataFrame:
    """Return the events in the columns of `DisasterSet.events`, noting what does not hold.

    Parameters
    ----------
    rows : UserRows
        Rows of the file.
    ids, position : tuple of str, numpy.ndarray
        From :func:`scenario_positions`.
    basis : str
        What the probabilities are read from: the name of the file.

    Returns
    -------
    pandas.DataFrame
        Indexed by `event_id`. Names are the user's words, not escaped in any way. Without any
        name the id stands for the English one, and the Japanese one is empty.
    """
    names = {
        field: one_for_each(rows, field, rows.names(field), "", ids, position)
        for field in ("name", "name_en", "name_ja")
    }
    group = one_for_each(rows, "group", rows.ids("group"), "", ids, position)
    given = rows.numbers("probability_30y", 0.0, 1.0)
    own = np.array(
        one_for_each(rows, "probability_30y", given.tolist(), np.nan, ids, position), dtype=float
    )
    source = [
        f"{GROUP_PREFIX}{name}" if name else f"{EVENT_PREFIX}{scenario}"
        for name, scenario in zip(group, ids, strict=True)
    ]
    _check_groups(rows, group, own, position)
    summed = pd.Series(own).groupby(source).transform(lambda each: each.sum(skipna=False))
    return pd.DataFrame(
        {
            "kind": "user",
            "name_en": [
                en or name or ja or scenario
                for en, name, ja, scenario in zip(
                    names["name_en"], names["name"], names["name_ja"], ids, strict=True
                )
            ],
            "name_ja": [
                ja or name for ja, name in zip(names["name_ja"], names["name"], strict=True)
            ],
            "category": "user",
            "source_id": source,
            "source_probability_30y": np.minimum(summed.to_numpy(), 1.0),
            "probability_30y": own,
            "probability_date": "",
            "basis": basis,
            "areas_lost": [()] * len(ids),
            "in_force": True,
        },
        index=pd.Index([f"{EVENT_PREFIX}{scenario}" for scenario in ids], name="event_id"),
    )


def _check_groups(
    rows: UserRows, group: list[str], own: NDArray[np.float64], position: NDArray[np.int64]
) -> None:
    """Note groups whose probabilities sum above 1, and those that have only some of them."""
    first_row = [int(np.flatnonzero(position == at)[0]) for at in range(len(group))]
    for name in dict.fromkeys(filter(None, group)):
        members = [at for at, one in enumerate(group) if one == name]
        known = ~np.isnan(own[members])
        if known.any() and not known.all():
            at = members[int(np.flatnonzero(~known)[0])]
            rows.note(
                first_row[at],
                "probability_30y",
                f"is missing, while other alternatives of group {shown(name)} have one; give all "
                "of them one, or none",
            )
        total = float(np.nansum(own[members]))
        if total > 1.0 + _HAIR:
            rows.note(
                first_row[members[-1]],
                "probability_30y",
                f"the {len(members)} alternatives of group {shown(name)} sum to {total:g}; "
                "allowed: up to 1",
            )


def _as_text(value: str | float) -> str:
    return shown(value) if isinstance(value, str) else f"{value:g}"


@dataclass(frozen=True, eq=False)
class UserFootprints:
    """Events of a user's file and what they do; see :class:`dcsite.hazards.DisasterSet`.

    Parameters
    ----------
    events : pandas.DataFrame
        Indexed by `event_id`: ``user_`` and the scenario's id. `source_id` is that too, or
        ``usergroup_`` and the group's name; `source_probability_30y` the sum over the group.
        Probabilities are NaN where none is given; all events are in force.
    intensity : numpy.ndarray, shape (n, m)
        JMA intensity at each site, ``-inf`` where an event does not shake it.
    lost : numpy.ndarray, shape (n, m)
        Probability that a site is down for another reason than shaking.
    """

    events: pd.DataFrame
    intensity: Floats
    lost: Floats


def read_footprints(path: str | Path, sites: pd.DataFrame, atlas: Atlas) -> UserFootprints:
    """Read and check a user's file of disasters.

    Parameters
    ----------
    path : str or pathlib.Path
        GeoPackage or GeoJSON of polygons in any stated coordinate reference system, or CSV (UTF-8
        or CP932) of municipalities or ruptures, told apart by its columns.
    sites : pandas.DataFrame
        Indexed by `site_id`: `municipality_code`, `lat_deg`, `lon_deg`; `arv` (amplification of
        the ground, used for ruptures) where known.
    atlas : Atlas
        Knows municipalities and their soil.

    Returns
    -------
    UserFootprints
        The file's scenarios, in its order.

    Raises
    ------
    DisastersError
        With all problems of the file: the first 20 in full.
    """
    path = Path(path)
    rows = read_rows(path, _TABLE_FILE if path.suffix.lower() == ".csv" else _LAYER_FILE)
    in_municipalities = _in_municipalities(rows) if rows.geometry is None else False
    ids, position = scenario_positions(rows)
    events = user_events(rows, ids, position, path.name)
    shape = (len(sites), len(ids))
    if rows.geometry is not None:
        intensity, lost = polygon_effects(rows, ids, position, sites)
    elif in_municipalities:
        intensity, lost = municipality_effects(rows, ids, position, sites, atlas)
    else:
        intensity, lost = rupture_intensity(rows, ids, position, sites, atlas), np.zeros(shape)
    rows.problems.raise_if_any()
    return UserFootprints(events, intensity, lost)


def _in_municipalities(rows: UserRows) -> bool:
    """Tell whether a table is one of municipalities or one of ruptures, or refuse it."""
    note = functools.partial(rows.problems.add, 0)
    of_ruptures = any(map(rows.has, RUPTURE_FIELDS))
    if rows.has("municipality_code"):
        if rows.has("moment_magnitude"):
            note("", "has municipality_code and moment_magnitude; give one file for each kind")
        elif rows.has("probability_down") or rows.has("intensity"):
            return True
        else:
            note("", "no column for probability_down or intensity; give one of the two")
    elif of_ruptures:
        missing = [field for field in RUPTURE_FIELDS if not rows.has(field)]
        for field in missing:
            note("", f"no column for {field}; a rupture needs it")
        for field in filter(rows.has, ("probability_down", "intensity")):
            note(field, "is not read for ruptures, whose intensity is computed; remove it")
        if not missing:
            return False
    else:
        note(
            "",
            "has neither municipality_code (a table of municipalities) nor moment_magnitude (one "
            "of ruptures); give one of the two",
        )
    rows.problems.raise_if_any()
    return False


def _effects(rows: UserRows, otherwise: float) -> tuple[Floats, Floats]:
    """Return probability of being down and JMA intensity of each row; one of them is NaN.

    Parameters
    ----------
    rows : UserRows
        Rows of the file.
    otherwise : float
        Probability of being down where a row gives neither; NaN if that is a flaw.
    """
    down = rows.numbers("probability_down", 0.0, 1.0)
    intensity = rows.numbers("intensity", 0.0, _LARGEST_INTENSITY)
    says_down, says_intensity = (
        np.array([bool(text) for text in rows.said(field)], dtype=bool)
        for field in ("probability_down", "intensity")
    )
    for row in np.flatnonzero(says_down & says_intensity).tolist():
        rows.note(row, "", "gives both probability_down and intensity; give one of the two")
    neither = ~(says_down | says_intensity)
    if np.isnan(otherwise):
        for row in np.flatnonzero(neither).tolist():
            rows.note(row, "", "gives neither probability_down nor intensity; give one of the two")
    return np.where(neither, otherwise, down), intensity
