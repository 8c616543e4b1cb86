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

#: Type of each column of a frame of sites, in order. Text that may be missing is kept as objects:
#: missing stays None there, not NaN.
_TYPES = {
    "municipality_code": "str",
    "name_ja": "str",
    "name_en": "object",
    "prefecture_en": "str",
    "prefecture_ja": "str",
    "pref_code": "str",
    "area": "str",
    "lat_deg": "float",
    "lon_deg": "float",
    "geometry": "point",
    "uncertainty_km": "float",
    "habitable_area_km2": "float",
    "gentle_share": "float",
    "elevation_m": "float",
    "landmass_id": "int64",
    "max_it_load_mw": "float",
    "allowed_tier": "object",
    "hectares": "float",
    "population_2020": "float",
}
#: Columns of a frame of sites, in order; the index is `site_id`.
SITE_COLUMNS: tuple[str, ...] = tuple(_TYPES)

#: Tiers a site may be reserved for by `allowed_tier`, from the highest to the lowest.
ALLOWED_TIERS: tuple[str, ...] = tuple(Tiers.model_fields)


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
    for name, kind in _TYPES.items():
        if kind == "point":
            data[name] = shapely.points(data["lon_deg"], data["lat_deg"])
        elif kind == "object":
            values = [None if pd.isna(value) else str(value) for value in columns[name]]
            data[name] = pd.Series(values, index=site_ids, dtype=object)
        elif kind == "str":
            data[name] = pd.array([str(value) for value in columns[name]], dtype="str")
        else:
            data[name] = np.asarray(columns[name], dtype=kind)
    return gpd.GeoDataFrame(data, index=site_ids.rename("site_id"), crs="EPSG:4326")
