"""How strongly a user's ruptures shake the sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dcsite.errors import DisastersError, Problem
from dcsite.sites.problems import shown

from .fault_plane import FaultPlanes, rupture_distance_km
from .ground_motion import SourceType, jma_intensity
from .user_events import one_for_each
from .user_polygons import LATITUDES_DEG, LONGITUDES_DEG

if TYPE_CHECKING:
    import pandas as pd

    from dcsite.atlas import Atlas

    from .user_rows import UserRows

__all__ = ["RUPTURE_FIELDS", "rupture_intensity"]

Floats = NDArray[np.float64]

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
    _check_twice(rows, planes, position, ids)
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


def _check_twice(
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
