"""The one place for distances: geodesics on the WGS 84 ellipsoid.

Distances are solved by :class:`pyproj.Geod` (Karney's method, exact to nanometres). Searches first
narrow down by a KD-tree on earth-centred coordinates: a chord is never longer than the geodesic
over it, which makes the narrowing safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    import pandas as pd

_GEOD = Geod(ellps="WGS84")

#: Smallest radius of curvature on the WGS 84 ellipsoid (meridian at the equator), in km. A curve
#: bent no more than this has, for its chord, at most the length of this circle's arc (Schur), as
#: long as that is no longer than half the circle.
LEAST_RADIUS_KM = 6335.4

_SPARE_CANDIDATES = 4

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def geodesic_km(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> Floats:
    """Work out geodesic distances on WGS 84.

    Parameters
    ----------
    lat1_deg, lon1_deg, lat2_deg, lon2_deg : array_like
        Coordinates in degrees; they broadcast against each other.

    Returns
    -------
    numpy.ndarray
        Distances in km, in the broadcast shape.
    """
    return geodesic_polar(lat1_deg, lon1_deg, lat2_deg, lon2_deg)[1]


def all_km(here: pd.DataFrame, there: pd.DataFrame) -> Floats:
    """Return the geodesic distances in km of two tables of places, shape (here, there).

    Parameters
    ----------
    here, there : pandas.DataFrame
        With `lat_deg` and `lon_deg` in degrees, WGS 84.
    """
    one, other = (
        [places[name].to_numpy(dtype=float) for name in ("lat_deg", "lon_deg")]
        for places in (here, there)
    )
    return geodesic_km(one[0][:, None], one[1][:, None], other[0][None, :], other[1][None, :])


def geodesic_polar(
    lat1_deg: ArrayLike, lon1_deg: ArrayLike, lat2_deg: ArrayLike, lon2_deg: ArrayLike
) -> tuple[Floats, Floats]:
    """Work out in which direction and how far second places lie from first ones.

    Parameters
    ----------
    lat1_deg, lon1_deg, lat2_deg, lon2_deg : array_like
        Coordinates in degrees; they broadcast against each other.

    Returns
    -------
    azimuth_deg : numpy.ndarray
        Azimuth at the first place, in degrees clockwise from north, -180 to 180; without meaning
        where both places are one.
    distance_km : numpy.ndarray
        Geodesic distances in km. Both in the broadcast shape.
    """
    lat1, lon1, lat2, lon2 = _broadcast(lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    azimuth, _, metres = _GEOD.inv(lon1.ravel(), lat1.ravel(), lon2.ravel(), lat2.ravel())
    return (
        np.asarray(azimuth, dtype=np.float64).reshape(lat1.shape),
        np.asarray(metres, dtype=np.float64).reshape(lat1.shape) / 1000.0,
    )


def geodesic_destination(
    lat_deg: ArrayLike, lon_deg: ArrayLike, azimuth_deg: ArrayLike, distance_km: ArrayLike
) -> tuple[Floats, Floats]:
    """Find where a geodesic ends: the inverse of :func:`geodesic_polar`.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Where it begins, in degrees.
    azimuth_deg : array_like
        Its direction there, in degrees clockwise from north.
    distance_km : array_like
        Its length in km. All broadcast against each other.

    Returns
    -------
    lat_deg, lon_deg : numpy.ndarray
        Coordinates in degrees, in the broadcast shape.
    """
    lat, lon, azimuth, km = _broadcast(lat_deg, lon_deg, azimuth_deg, distance_km)
    end_lon, end_lat, _ = _GEOD.fwd(lon.ravel(), lat.ravel(), azimuth.ravel(), km.ravel() * 1000.0)
    return (
        np.asarray(end_lat, dtype=np.float64).reshape(lat.shape),
        np.asarray(end_lon, dtype=np.float64).reshape(lat.shape),
    )


def _broadcast(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))


def to_ecef_km(lat_deg: ArrayLike, lon_deg: ArrayLike) -> Floats:
    """Turn coordinates on the ellipsoid into earth-centred Cartesian ones.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Coordinates in degrees, one-dimensional.

    Returns
    -------
    numpy.ndarray
        Array of shape (n, 3), in km.
    """
    lat = np.radians(np.atleast_1d(np.asarray(lat_deg, dtype=np.float64)))
    lon = np.radians(np.atleast_1d(np.asarray(lon_deg, dtype=np.float64)))
    radius = _GEOD.a / np.sqrt(1.0 - _GEOD.es * np.sin(lat) ** 2)
    metres = np.column_stack(
        (
            radius * np.cos(lat) * np.cos(lon),
            radius * np.cos(lat) * np.sin(lon),
            radius * (1.0 - _GEOD.es) * np.sin(lat),
        )
    )
    return np.asarray(metres, dtype=np.float64) / 1000.0


def longest_geodesic_km(chord_km: ArrayLike) -> Floats:
    """Bound the geodesic between two points of the ellipsoid from above by their chord.

    Parameters
    ----------
    chord_km : array_like
        Straight-line distances through the earth, in km.

    Returns
    -------
    numpy.ndarray
        Upper bounds of the geodesic distances, in km: ``2 R arcsin(chord / 2 R)`` with
        `LEAST_RADIUS_KM` for R.
    """
    half = np.clip(np.asarray(chord_km, dtype=float) / (2.0 * LEAST_RADIUS_KM), 0.0, 1.0)
    return np.asarray(2.0 * LEAST_RADIUS_KM * np.arcsin(half))


def safe_chord_km(distance_km: float) -> float:
    """Return a chord up to which no geodesic is longer than a distance.

    The inverse of :func:`longest_geodesic_km`, but for rounding, which callers leave room for.
    """
    half_turn = min(distance_km / (2.0 * LEAST_RADIUS_KM), np.pi / 2.0)
    return float(2.0 * LEAST_RADIUS_KM * np.sin(half_turn))


def _points(lat_deg: ArrayLike, lon_deg: ArrayLike) -> tuple[Floats, Floats]:
    lat = np.atleast_1d(np.asarray(lat_deg, dtype=np.float64))
    lon = np.atleast_1d(np.asarray(lon_deg, dtype=np.float64))
    if lat.shape != lon.shape or lat.ndim != 1:
        raise ValueError(
            f"expected latitudes and longitudes of equal length, got shapes {lat.shape} and "
            f"{lon.shape}"
        )
    if not (np.isfinite(lat).all() and np.isfinite(lon).all()):
        raise ValueError("expected finite coordinates, got missing ones; drop them first")
    return lat, lon


def nearest(
    lat_deg: ArrayLike,
    lon_deg: ArrayLike,
    target_lat_deg: ArrayLike,
    target_lon_deg: ArrayLike,
    count: int = 1,
) -> tuple[Ints, Floats]:
    """Find the nearest targets of each point by geodesic distance.

    The tree offers a few targets nearest by chord; their geodesics are solved and ranked. A target
    left out can only be nearer if its chord, and so every chord further out, is below the distance
    found; where that is open, more candidates are drawn until it is settled.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Points, in degrees, one-dimensional.
    target_lat_deg, target_lon_deg : array_like
        Targets, in degrees, one-dimensional and not empty.
    count : int
        How many targets to give for each point, at most the number of targets.

    Returns
    -------
    index : numpy.ndarray
        Positions in the targets, nearest first, ties by position; shape (n,) for `count` 1, else
        (n, count).
    distance_km : numpy.ndarray
        Geodesic distances in km, of the same shape.
    """
    lat, lon = _points(lat_deg, lon_deg)
    target_lat, target_lon = _points(target_lat_deg, target_lon_deg)
    total = len(target_lat)
    if not 1 <= count <= total:
        raise ValueError(f"expected a count between 1 and the {total} targets, got {count}")
    tree = cKDTree(to_ecef_km(target_lat, target_lon))
    points = to_ecef_km(lat, lon) if len(lat) else np.empty((0, 3))
    index = np.empty((len(lat), count), dtype=np.intp)
    distance_km = np.empty((len(lat), count))
    open_rows = np.arange(len(lat))
    drawn = min(count + _SPARE_CANDIDATES, total)
    while len(open_rows):
        ranks = np.arange(1, drawn + 1)
        chord_km, candidate = tree.query(points[open_rows], k=ranks)
        exact_km = geodesic_km(
            lat[open_rows, None], lon[open_rows, None], target_lat[candidate], target_lon[candidate]
        )
        order = np.lexsort((candidate, exact_km), axis=-1)[:, :count]
        index[open_rows] = np.take_along_axis(candidate, order, axis=1)
        distance_km[open_rows] = np.take_along_axis(exact_km, order, axis=1)
        if drawn == total:
            break
        settled = chord_km[:, -1] > distance_km[open_rows, -1]
        open_rows = open_rows[~settled]
        drawn = min(drawn * 4, total)
    if count == 1:
        return index[:, 0], distance_km[:, 0]
    return index, distance_km


def nearest_other(
    lat_deg: ArrayLike, lon_deg: ArrayLike, further_lat_deg: ArrayLike, further_lon_deg: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Find for each point the nearest of the other points and of further ones.

    Parameters
    ----------
    lat_deg, lon_deg : array_like, shape (points,)
        Points, in degrees.
    further_lat_deg, further_lon_deg : array_like, shape (further,)
        What may be nearer still; at least one where there is only one point.

    Returns
    -------
    distance_km : numpy.ndarray, shape (points,)
        Geodesic distance on WGS 84.
    position : numpy.ndarray, shape (points,)
        Which it is, counted over the points and then the further ones.
    """
    lat = np.concatenate([np.asarray(lat_deg, float), np.asarray(further_lat_deg, float)])
    lon = np.concatenate([np.asarray(lon_deg, float), np.asarray(further_lon_deg, float)])
    own = np.arange(len(np.asarray(lat_deg)))
    distance_km = geodesic_km(lat[own, None], lon[own, None], lat[None, :], lon[None, :])
    distance_km[own, own] = np.inf
    position = distance_km.argmin(axis=1)
    return distance_km[own, position], position
