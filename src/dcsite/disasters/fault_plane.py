"""How far sites lie from a rupture: rectangular planes in the ground, and points.

A plane hangs from its reference corner. Its top edge is the geodesic that leaves the corner in the
direction of strike; the plane dips to the right of it, or to the left where the dip is above 90
degrees (the convention of the national seismic hazard maps). Places are described by geodesic
polar coordinates about the corner, in km along and across strike. In these the directions and
distances seen from the corner are exact, and those between other places off by a few thousandths
over a whole plate boundary; they serve only to find the plane's point nearest to a site. The
distance to that point is a geodesic again, joined with its depth, so that it is at most a metre
above the smallest one even for a plane of 767 by 150 km.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dcsite.atlas.geodesy import geodesic_destination, geodesic_km, geodesic_polar

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["FaultPlanes", "hypocentral_distance_km", "rupture_distance_km"]

Floats = NDArray[np.float64]

_RANGES = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "top_depth_km": (0.0, np.inf),
    "length_km": (0.0, np.inf),
    "width_km": (0.0, np.inf),
    "strike_deg": (-360.0, 360.0),
    "dip_deg": (0.0, 180.0),
}


@dataclass(frozen=True, eq=False)
class FaultPlanes:
    """Rectangular fault planes, one per position; a source may consist of several.

    Parameters
    ----------
    lat_deg, lon_deg : numpy.ndarray
        Reference corner: the end of the top edge from which strike points along the plane.
        Degrees, WGS 84. Shape (m,), as of all the others.
    top_depth_km : numpy.ndarray
        Depth of the top edge, in km below the surface.
    length_km : numpy.ndarray
        Length along strike, in km.
    width_km : numpy.ndarray
        Width down dip, measured on the plane, in km. Without length and width a plane is a point.
    strike_deg : numpy.ndarray
        Azimuth of the top edge at the corner, in degrees clockwise from north.
    dip_deg : numpy.ndarray
        Angle below the horizontal, 0 to 180 degrees: up to 90 the plane dips to the right of
        strike, above that to the left (120 is 60 degrees to the left).

    Raises
    ------
    ValueError
        If the arrays are not of one length or a number is missing or out of range.
    """

    lat_deg: Floats
    lon_deg: Floats
    top_depth_km: Floats
    length_km: Floats
    width_km: Floats
    strike_deg: Floats
    dip_deg: Floats

    def __post_init__(self) -> None:
        for entry in fields(self):
            values = np.array(getattr(self, entry.name), dtype=np.float64)
            if values.ndim != 1 or len(values) != np.size(self.lat_deg):
                raise ValueError(
                    f"expected one {entry.name} for each of {np.size(self.lat_deg)} planes, got "
                    f"shape {values.shape}"
                )
            low, high = _RANGES[entry.name]
            wrong = ~(np.isfinite(values) & (values >= low) & (values <= high))
            if wrong.any():
                raise ValueError(
                    f"{entry.name} is {values[wrong][0]:g}; it must be between {low:g} and "
                    f"{high:g}, and finite"
                )
            values.flags.writeable = False
            object.__setattr__(self, entry.name, values)

    def __len__(self) -> int:
        """Return the number of planes."""
        return len(self.lat_deg)

    @property
    def bottom_depth_km(self) -> Floats:
        """Depth of the bottom edges in km, shape (m,)."""
        return self.top_depth_km + self.width_km * np.sin(np.radians(self.dip_deg))

    @property
    def mean_depth_km(self) -> Floats:
        """Mean depth of the planes in km, shape (m,): what the attenuation relation asks for."""
        return (self.top_depth_km + self.bottom_depth_km) / 2.0


def rupture_distance_km(lat_deg: ArrayLike, lon_deg: ArrayLike, planes: FaultPlanes) -> Floats:
    """Work out the shortest distance from sites at the surface to fault planes.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Sites, in degrees, shape (n,).
    planes : FaultPlanes
        m planes.

    Returns
    -------
    numpy.ndarray
        Distances in km, shape (n, m): the geodesic to the nearest point of the plane and its
        depth as the two sides of a right angle. For a source of several planes take the smallest
        of its columns.

    Raises
    ------
    ValueError
        If the sites are not two arrays of one length.
    """
    lat, lon = _sites(lat_deg, lon_deg)
    azimuth_deg, from_corner_km = geodesic_polar(planes.lat_deg, planes.lon_deg, lat, lon)
    angle = np.radians(azimuth_deg - planes.strike_deg)
    along_km, across_km = from_corner_km * np.cos(angle), from_corner_km * np.sin(angle)

    dip = np.radians(planes.dip_deg)
    # The foot of the perpendicular in plane coordinates, drawn back to the rectangle's edge: along
    # and down dip are at right angles, so each can be drawn back by itself.
    foot_along_km = np.clip(along_km, 0.0, planes.length_km)
    foot_down_km = np.clip(
        across_km * np.cos(dip) - planes.top_depth_km * np.sin(dip), 0.0, planes.width_km
    )
    foot_across_km = foot_down_km * np.cos(dip)
    foot_depth_km = planes.top_depth_km + foot_down_km * np.sin(dip)

    foot_lat, foot_lon = geodesic_destination(
        planes.lat_deg,
        planes.lon_deg,
        planes.strike_deg + np.degrees(np.arctan2(foot_across_km, foot_along_km)),
        np.hypot(foot_along_km, foot_across_km),
    )
    return np.hypot(geodesic_km(lat, lon, foot_lat, foot_lon), foot_depth_km)


def hypocentral_distance_km(
    lat_deg: ArrayLike,
    lon_deg: ArrayLike,
    source_lat_deg: ArrayLike,
    source_lon_deg: ArrayLike,
    source_depth_km: ArrayLike,
) -> Floats:
    """Work out the distance from sites at the surface to points in the ground.

    Parameters
    ----------
    lat_deg, lon_deg : array_like
        Sites, in degrees, shape (n,).
    source_lat_deg, source_lon_deg, source_depth_km : array_like
        Hypocentres, or the points a plate boundary is given by: degrees, and km below the
        surface, shape (m,).

    Returns
    -------
    numpy.ndarray
        Distances in km, shape (n, m).

    Raises
    ------
    ValueError
        If the arrays are not of one length or a depth is missing or negative.
    """
    lat, lon = _sites(lat_deg, lon_deg)
    at_lat, at_lon, depth_km = (
        np.asarray(values, dtype=np.float64)
        for values in (source_lat_deg, source_lon_deg, source_depth_km)
    )
    if at_lat.ndim != 1 or not at_lat.shape == at_lon.shape == depth_km.shape:
        raise ValueError(
            f"expected latitudes, longitudes and depths of equal length, got shapes "
            f"{at_lat.shape}, {at_lon.shape} and {depth_km.shape}"
        )
    if not (np.isfinite(at_lat) & np.isfinite(at_lon) & (depth_km >= 0.0)).all():
        raise ValueError("expected finite coordinates and depths of at least 0 km")
    return np.hypot(geodesic_km(lat, lon, at_lat, at_lon), depth_km)


def _sites(lat_deg: ArrayLike, lon_deg: ArrayLike) -> tuple[Floats, Floats]:
    """Return the sites as columns, to be set against rows of planes."""
    lat, lon = np.asarray(lat_deg, dtype=np.float64), np.asarray(lon_deg, dtype=np.float64)
    if lat.ndim != 1 or lat.shape != lon.shape:
        raise ValueError(
            f"expected latitudes and longitudes of equal length, got shapes {lat.shape} and "
            f"{lon.shape}"
        )
    if not (np.isfinite(lat).all() and np.isfinite(lon).all()):
        raise ValueError("expected finite coordinates, got missing ones; drop them first")
    return lat[:, None], lon[:, None]
