"""Points, paths and polygons: on land in Japan, valid, each with its own key."""

from __future__ import annotations

import json
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from dcsite.atlas.atlas import CRS, path_to_linestring
from dcsite.atlas.descriptor import Features, ResourceSpec
from dcsite.atlas.faults import Fault

__all__ = ["MAX_OFF_LAND_KM", "path_faults", "point_faults", "polygon_faults"]

# Offshore wind farms, capes and the simplified coast stay within this; Korea and the open sea do
# not. A table of points at sea says in the descriptor how far off they may lie.
MAX_OFF_LAND_KM = 40.0
JAPAN_BOX_DEG = (122.0, 20.0, 154.0, 46.0)
# Azimuthal equidistant around the middle of Japan: scale errors below 2 % over the archipelago.
_METRIC = "+proj=aeqd +lat_0=36 +lon_0=137 +datum=WGS84 +units=m"
# Positions a publisher gave and the table itself calls unusable.
_AS_PUBLISHED = "gem_"
_PATH_COLUMN = "path_lon_lat"
_VERTEX = r"-?[0-9]+(\.[0-9]+)? -?[0-9]+(\.[0-9]+)?"
_PATH = rf"{_VERTEX}(\|{_VERTEX})+"


def _off_land_km(
    points: gpd.GeoSeries, prefectures: gpd.GeoDataFrame, codes: pd.Series[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure to the nearest land, and to the point's own prefecture where it names one (or 0)."""
    shapes = prefectures.geometry.to_crs(_METRIC)
    metric = points.to_crs(_METRIC)
    _, to_land_m = shapely.STRtree(shapes.array).query_nearest(
        metric.array, return_distance=True, all_matches=False
    )
    own = shapes.reindex(codes)
    to_own_m = np.nan_to_num(shapely.distance(metric.array, own.array))
    return to_land_m / 1000.0, to_own_m / 1000.0


def point_faults(
    spec: ResourceSpec, frame: pd.DataFrame, prefectures: gpd.GeoDataFrame
) -> list[Fault]:
    """Find points that lie far from the prefecture they claim, or from all land in Japan.

    Parameters
    ----------
    spec : ResourceSpec
        The table.
    frame : DataFrame
        Its cells as text.
    prefectures : GeoDataFrame
        Polygons by `pref_code` with `pref_name_ja`, in EPSG:4326.

    Returns
    -------
    list of Fault
        One for each point; points outside the box of Japan are left to the schema.
    """
    names: dict[str, str] = prefectures["pref_name_ja"].to_dict()
    code_of = {name: code for code, name in names.items()}
    if "pref_code" in frame:
        codes = frame["pref_code"]
    elif "prefecture_ja" in frame:
        codes = frame["prefecture_ja"].map(code_of)
    else:
        codes = pd.Series(pd.NA, index=frame.index, dtype="object")
    west, south, east, north = JAPAN_BOX_DEG
    max_off_land_km = spec.max_off_land_km or MAX_OFF_LAND_KM
    faults: list[Fault] = []
    for column in frame.columns:
        if not column.endswith("lat_deg") or column.startswith(_AS_PUBLISHED):
            continue
        lon_column = column.removesuffix("lat_deg") + "lon_deg"
        if lon_column not in frame:
            continue
        lat = pd.to_numeric(frame[column], errors="coerce")
        lon = pd.to_numeric(frame[lon_column], errors="coerce")
        inside = np.flatnonzero(lat.between(south, north) & lon.between(west, east))
        if not len(inside):
            continue
        points = gpd.GeoSeries.from_xy(lon.iloc[inside], lat.iloc[inside], crs=CRS)
        to_land_km, to_own_km = _off_land_km(points, prefectures, codes.iloc[inside])
        for k in np.flatnonzero((to_land_km > max_off_land_km) | (to_own_km > max_off_land_km)):
            i = inside[k]
            place = (
                f"outside Japan, {to_land_km[k]:,.0f} km from its nearest land"
                if to_land_km[k] > max_off_land_km
                else f"{to_own_km[k]:,.0f} km from its prefecture {names[codes.iloc[i]]}"
            )
            message = (
                f"the point {lat.iloc[i]:g}, {lon.iloc[i]:g} lies {place}; "
                f"allowed are {max_off_land_km:g} km"
            )
            faults.append(Fault(spec.name, int(i) + 2, column, message))
    return faults


def path_faults(spec: ResourceSpec, frame: pd.DataFrame) -> list[Fault]:
    """Find paths with a vertex outside the box of Japan."""
    if _PATH_COLUMN not in frame:
        return []
    fits = frame[_PATH_COLUMN].str.fullmatch(_PATH)
    try:
        bounds = path_to_linestring(frame.loc[fits, _PATH_COLUMN]).bounds
    except shapely.errors.GEOSException as error:
        return [Fault(spec.name, None, _PATH_COLUMN, f"cannot be read as paths ({error})")]
    west, south, east, north = JAPAN_BOX_DEG
    outside = bounds[
        (bounds["minx"] < west)
        | (bounds["maxx"] > east)
        | (bounds["miny"] < south)
        | (bounds["maxy"] > north)
    ]
    return [
        Fault(
            spec.name,
            int(position) + 2,
            _PATH_COLUMN,
            f"a vertex lies outside Japan; allowed are latitudes {south:g} to {north:g} and "
            f"longitudes {west:g} to {east:g}",
        )
        for position in outside.index
    ]


def polygon_faults(
    spec: ResourceSpec,
    features: Features,
    data: bytes,
    frames: Mapping[str, pd.DataFrame],
) -> tuple[list[Fault], gpd.GeoDataFrame | None]:
    """Validate a GeoJSON table: properties, keys, geometries.

    Parameters
    ----------
    spec : ResourceSpec
        The resource.
    features : Features
        What its features promise.
    data : bytes
        The file, valid JSON.
    frames : mapping of str to DataFrame
        CSV tables as text, for the ids its key refers to.

    Returns
    -------
    faults : list of Fault
        Everything found.
    frame : GeoDataFrame or None
        The polygons by key; None when they cannot be relied on.
    """
    try:
        collection = json.loads(data)["features"]
        frame = gpd.GeoDataFrame(
            pd.DataFrame([feature["properties"] for feature in collection], dtype="object"),
            # Feature by feature, so that one broken ring does not hide the others.
            geometry=shapely.from_geojson(
                [json.dumps(feature["geometry"]) for feature in collection], on_invalid="ignore"
            ),
            crs=CRS,
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"is not a collection of features with properties and geometry ({error!r})"
        return [Fault(spec.name, None, "", message)], None
    missing = [field.name for field in features.properties if field.name not in frame]
    if missing:
        lack = [Fault(spec.name, None, name, "no feature has this property") for name in missing]
        return lack, None
    key = frame[features.key]
    faults = [
        Fault(spec.name, int(i) + 1, features.key, f"key {key[i]!r} stands in an earlier feature")
        for i in np.flatnonzero(key.duplicated())
    ]
    known = frames.get(features.reference.resource)
    if known is not None and features.reference.field in known:
        target = (features.reference.resource, features.reference.field)
        faults += [
            Fault(
                spec.name,
                int(i) + 1,
                features.key,
                f"{key[i]!r} is not a {target[1]} of the table {target[0]}",
                target,
            )
            for i in np.flatnonzero(~key.isin(known[target[1]]))
        ]
    faults += _geometry_faults(spec, features, frame.geometry)
    return faults, None if faults else frame.set_index(features.key)


def _geometry_faults(
    spec: ResourceSpec, features: Features, geometry: gpd.GeoSeries
) -> list[Fault]:
    """Find geometries that are missing, of the wrong kind, invalid or outside Japan."""
    empty = (geometry.isna() | geometry.is_empty).to_numpy()
    wrong = ~geometry.geom_type.isin(features.geometry_types).to_numpy() & ~empty
    invalid = ~geometry.is_valid.to_numpy() & ~empty & ~wrong
    west, south, east, north = JAPAN_BOX_DEG
    bounds = geometry.bounds
    outside = (
        (bounds["minx"] < west)
        | (bounds["maxx"] > east)
        | (bounds["miny"] < south)
        | (bounds["maxy"] > north)
    ).to_numpy()
    column = "geometry"
    return [
        *(
            Fault(spec.name, int(i) + 1, column, "is missing or has a broken ring")
            for i in np.flatnonzero(empty)
        ),
        *(
            Fault(
                spec.name,
                int(i) + 1,
                column,
                f"is a {geometry.iloc[i].geom_type}; allowed are "
                f"{', '.join(features.geometry_types)}",
            )
            for i in np.flatnonzero(wrong)
        ),
        *(
            Fault(
                spec.name,
                int(i) + 1,
                column,
                f"is not valid ({shapely.is_valid_reason(geometry.iloc[i])})",
            )
            for i in np.flatnonzero(invalid)
        ),
        *(
            Fault(
                spec.name,
                int(i) + 1,
                column,
                f"reaches outside Japan; allowed are latitudes {south:g} to {north:g} and "
                f"longitudes {west:g} to {east:g}",
            )
            for i in np.flatnonzero(outside)
        ),
    ]
