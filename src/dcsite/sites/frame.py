"""The one shape of a frame of sites, and what land allows on them.

Every source of sites ends here, so that all later rooms meet the same columns, types and CRS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dcsite.scenario import Tiers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: Columns of a frame of sites, in order; the index is `site_id`.
SITE_COLUMNS: tuple[str, ...] = (
    "municipality_code",
    "name_ja",
    "name_en",
    "prefecture_en",
    "prefecture_ja",
    "pref_code",
    "area",
    "lat_deg",
    "lon_deg",
    "geometry",
    "uncertainty_km",
    "habitable_area_km2",
    "gentle_share",
    "elevation_m",
    "landmass_id",
    "max_it_load_mw",
    "allowed_tier",
    "hectares",
    "population_2020",
)

#: Tiers a site may be reserved for by `allowed_tier`, from the highest to the lowest.
ALLOWED_TIERS: tuple[str, ...] = tuple(Tiers.model_fields)

_FLOATS = (
    "lat_deg",
    "lon_deg",
    "uncertainty_km",
    "habitable_area_km2",
    "gentle_share",
    "elevation_m",
    "max_it_load_mw",
    "hectares",
    "population_2020",
)
#: Text that may be missing: kept as object so that missing stays None, not NaN.
_OPTIONAL_TEXT = ("name_en", "allowed_tier")


def disc_radius_km(area_km2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the radius of a disc of the given area: how far a place may be from its point."""
    return np.asarray(np.sqrt(area_km2 / np.pi), dtype=float)


def site_frame(site_ids: pd.Index[str], columns: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Build a frame of sites: columns in order, types fixed, points in EPSG:4326.

    Parameters
    ----------
    site_ids : pandas.Index
        Unique ids of the sites.
    columns : mapping of str to array_like
        All of `SITE_COLUMNS` but ``geometry``, which follows from the coordinates.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `SITE_COLUMNS`, index `site_id`.
    """
    data: dict[str, Any] = {}
    for name in SITE_COLUMNS:
        if name == "geometry":
            data[name] = shapely.points(data["lon_deg"], data["lat_deg"])
        elif name in _FLOATS:
            data[name] = np.asarray(columns[name], dtype=float)
        elif name == "landmass_id":
            data[name] = np.asarray(columns[name], dtype=np.int64)
        elif name in _OPTIONAL_TEXT:
            values = [None if pd.isna(value) else str(value) for value in columns[name]]
            data[name] = pd.Series(values, index=site_ids, dtype=object)
        else:
            data[name] = pd.array([str(value) for value in columns[name]], dtype="str")
    return gpd.GeoDataFrame(data, index=site_ids.rename("site_id"), crs="EPSG:4326")
