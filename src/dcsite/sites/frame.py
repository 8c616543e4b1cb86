"""The one shape of a frame of sites, and the 1,741 municipalities in it.

Every source of sites ends here, so that all later rooms meet the same columns, types and CRS.
Municipalities are where people, roads and flat land are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dcsite.errors import Problem, SitesError
from dcsite.scenario import Tiers

from .land import municipality_points, with_available_land
from .landmass import landmass_of, landmasses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import LandParameters

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
    "gentle_land_ha": "float",
    "connected_land_ha": "float",
    "available_land_ha": "float",
    "elevation_m": "float",
    "landmass_id": "int64",
    "max_it_load_mw": "float",
    "allowed_tier": "object",
    "hectares": "float",
    "population_2020": "float",
}
#: Columns of a frame of sites, in order; the index is `site_id`.
SITE_COLUMNS: tuple[str, ...] = tuple(_TYPES)

#: What a frame has besides where a user's list says it: in which zone of city planning sites lie
#: (``control``, ``promotion`` or ``none``; ``yes`` or ``no``; kV of the substation near), and which
#: are domestic (``yes`` or ``no``).
_LAW = {
    "zone": "object",
    "substation_kv": "float",
    "priority_zone": "object",
    "adjustment_plan": "object",
    "regional_project": "object",
    "domestic": "object",
}
#: And the outline of those that are polygons (WKT, longitude and latitude), the text of a list's
#: own columns (JSON by column), and the parcels of which a site was merged (a JSON list).
_FURTHER = _LAW | {"outline": "object", "own": "object", "members": "object"}

#: Tiers a site may be reserved for by `allowed_tier`, from the highest to the lowest.
ALLOWED_TIERS: tuple[str, ...] = tuple(Tiers.model_fields)


def disc_radius_km(area_km2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the radius of a disc of the given area: how far a place may be from its point."""
    return np.asarray(np.sqrt(area_km2 / np.pi), dtype=float)


def site_frame(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Build a frame of sites: columns in order, types fixed, points in EPSG:4326.

    Parameters
    ----------
    table : pandas.DataFrame
        All of `SITE_COLUMNS` but ``geometry``, which follows from the coordinates, and what is said
        besides; the index is the unique ids of the sites.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `SITE_COLUMNS` and those said besides, index `site_id`.
    """
    index = pd.Index(table.index, dtype="str", name="site_id")
    data: dict[str, Any] = {}
    for name, kind in (_TYPES | {one: _FURTHER[one] for one in _FURTHER if one in table}).items():
        if kind == "point":
            data[name] = shapely.points(data["lon_deg"], data["lat_deg"])
        elif kind == "object":
            values = [None if pd.isna(value) else str(value) for value in table[name]]
            data[name] = pd.Series(values, index=index, dtype=object)
        elif kind == "str":
            data[name] = pd.array([str(value) for value in table[name]], dtype="str")
        else:
            data[name] = table[name].to_numpy(dtype=kind)
    return gpd.GeoDataFrame(data, index=index, crs="EPSG:4326")


def own_sites(sites: gpd.GeoDataFrame) -> tuple[int, str]:
    """Return how many sites are a user's own, and the SHA-256 of what makes them what they are.

    Ids, names, places to a decimetre, MW, hectares, tiers, zones and what is domestic count; other
    columns, the form of the file and where it lies do not. Without own sites the text is empty.
    """
    own = sites[sites["population_2020"].isna()]
    if own.empty:
        return 0, ""
    names = ["name_ja", "name_en", "allowed_tier", *(name for name in _LAW if name in own)]
    sizes = {"lat_deg": 6, "lon_deg": 6, "max_it_load_mw": 3, "hectares": 3}
    text = pd.DataFrame(own[[*names, *sizes]]).round(sizes).to_csv(lineterminator="\n")
    return len(own), hashlib.sha256(text.encode()).hexdigest()


def joined_sites(sites: gpd.GeoDataFrame, added: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    """Return a user's own places beside others, in one frame.

    Raises
    ------
    SitesError
        If an id of theirs is taken.
    """
    taken = added.index.intersection(sites.index)
    if len(taken):
        wrong = f"{taken[0]} is the id of another candidate; give each site an id of its own"
        raise SitesError(Problem(where, "site_id", wrong))
    return site_frame(pd.concat([pd.DataFrame(sites), pd.DataFrame(added)]))


def municipality_table(atlas: Atlas, land: LandParameters) -> pd.DataFrame:
    """Return what is known of each municipality as a site, without its land body.

    Parameters
    ----------
    atlas : Atlas
        Gives municipalities and their terrain.
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    pandas.DataFrame
        Site columns but `geometry`, `landmass_id`, `allowed_tier`, `hectares` and
        `population_2020`, indexed
        `municipality_code`.

    Notes
    -----
    Eight municipalities are split between two electricity areas; each counts whole to its main
    one, since the border is not known below municipality level.
    """
    places = atlas.table("municipalities")
    terrain = atlas.table("elevation_slope_by_municipality").reindex(places.index)
    habitable_area_km2 = places["habitable_area_km2"].to_numpy(dtype=float)
    table: pd.DataFrame = places[["name_ja", "name_en", "pref_code"]].copy()
    table["prefecture_en"] = places["pref_name_en"]
    table["prefecture_ja"] = places["pref_name_ja"]
    table["area"] = places["electricity_area"]
    table["lat_deg"], table["lon_deg"] = municipality_points(atlas)
    table["uncertainty_km"] = disc_radius_km(habitable_area_km2)
    table["habitable_area_km2"] = habitable_area_km2
    table["elevation_m"] = np.where(
        places["office_in_municipality"].to_numpy(dtype=int) == 1,
        terrain["office_cell_elevation_m"],
        terrain["elevation_median_m"],
    )
    gentle = atlas.table("gentle_land_by_municipality").reindex(places.index)
    return table.join(
        with_available_land(
            gentle[["gentle_land_ha", "connected_land_ha"]], table.index, atlas, land
        )
    )


def municipality_sites(atlas: Atlas, land: LandParameters) -> gpd.GeoDataFrame:
    """Return every municipality as a site.

    Parameters
    ----------
    atlas : Atlas
        Gives municipalities, their terrain and the prefecture polygons.
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `SITE_COLUMNS`, index `site_id`: the five-digit municipality code.
        `uncertainty_km` is the radius of a disc of the habitable area.
    """
    table = municipality_table(atlas, land)
    return site_frame(
        table.assign(
            municipality_code=table.index,
            landmass_id=landmass_of(table["lat_deg"], table["lon_deg"], landmasses(atlas)),
            allowed_tier=None,
            hectares=np.nan,
            population_2020=atlas.table("municipalities")["population_2020"],
        )
    )
