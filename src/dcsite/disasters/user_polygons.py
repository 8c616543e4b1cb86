"""What a user's polygons do to the sites inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from dcsite.sites.problems import shown

if TYPE_CHECKING:
    import pandas as pd

    from .user_rows import UserRows

__all__ = ["LATITUDES_DEG", "LONGITUDES_DEG", "polygon_effects"]

Floats = NDArray[np.float64]

#: All of Japan and a few hundred kilometres of the sea about it, which footprints may cover.
LATITUDES_DEG = (18.0, 48.0)
LONGITUDES_DEG = (118.0, 158.0)


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
    down, felt = rows.effects(otherwise=1.0)
    sound = np.array(
        [_is_sound(rows, row, each, ids[position[row]]) for row, each in enumerate(geometry)],
        dtype=bool,
    )
    polygons = np.asarray(shapely.force_2d(geometry), dtype=object)
    polygons[~sound] = None
    _check_twice(rows, polygons, position, down, felt, ids)

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


def _check_twice(
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
