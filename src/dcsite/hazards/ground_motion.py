"""How strongly the ground shakes at a site in one earthquake, and how far the rupture is.

The chain is the one behind Japan's national seismic hazard maps:

1. peak ground velocity on hard ground (Vs = 600 m/s) from magnitude, depth, kind of source and
   distance to the rupture (Si and Midorikawa 1999);
2. to engineering bedrock (Vs = 400 m/s), by a constant (Midorikawa, Matsuoka and Sakugawa 1994);
3. to the surface, by the site's amplification from the mean shear-wave velocity of its uppermost
   30 m, AVS30 (Fujimoto and Midorikawa 2006);
4. to the instrumental intensity of the Japan Meteorological Agency (JMA) (Midorikawa, Fujimoto
   and Muramatsu 1999).

Every number in this module is published. The relations give medians; their scatter is for
:mod:`dcsite.hazards.fragility`. They know nothing of long-period motion in basins, of
liquefaction, or of the weaker and stronger attenuation on either side of the volcanic front.

Ruptures are rectangular planes in the ground, or points. A plane hangs from its reference corner.
Its top edge is the geodesic that leaves the corner in the direction of strike; the plane dips to
the right of it, or to the left where the dip is above 90 degrees (the convention of the national
seismic hazard maps). Places are described by geodesic polar coordinates about the corner, in km
along and across strike. In these the directions and distances seen from the corner are exact, and
those between other places off by a few thousandths over a whole plate boundary; they serve only to
find the plane's point nearest to a site. The distance to that point is a geodesic again, joined
with its depth, so that it is at most a metre above the smallest one even for a plane of 767 by 150
km.

References
----------
Si, H. and Midorikawa, S. (1999): New attenuation relationships for peak ground acceleration
and velocity considering effects of fault type and site condition. J. Struct. Constr. Eng., AIJ,
523, 63-70.

National Research Institute for Earth Science and Disaster Prevention (2009): Technical reports on
national seismic hazard maps for Japan, 148-151.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dcsite.geo.geodesy import geodesic_destination, geodesic_km, geodesic_polar

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from dcsite.geo.geodesy import Floats


class SourceType(StrEnum):
    """Where an earthquake breaks: the three kinds the attenuation relation tells apart."""

    CRUSTAL = "crustal"
    INTERFACE = "interface"
    INTRASLAB = "intraslab"


#: Magnitude above which predicted velocity does not grow any further, as in the hazard maps.
LARGEST_MW: Final = 8.3
#: Velocity on engineering bedrock (Vs = 400 m/s) over that on hard ground (Vs = 600 m/s).
BEDROCK_AMPLIFICATION: Final = (600.0 / 400.0) ** 0.66
_SOURCE_TERM: Final[dict[str, float]] = {
    SourceType.CRUSTAL: 0.0,
    SourceType.INTERFACE: -0.02,
    SourceType.INTRASLAB: 0.12,
}
#: Least and largest number of each field of a plane.
PLANE_RANGES = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "top_depth_km": (0.0, np.inf),
    "length_km": (0.0, np.inf),
    "width_km": (0.0, np.inf),
    "strike_deg": (-360.0, 360.0),
    "dip_deg": (0.0, 180.0),
}


def pgv600_cm_s(
    mw: ArrayLike, depth_km: ArrayLike, distance_km: ArrayLike, source_type: ArrayLike
) -> Floats:
    """Predict the median peak ground velocity on hard ground (Vs = 600 m/s).

    ``log10 PGV = 0.58 Mw + 0.0038 D + d - 1.29 - log10(X + 0.0028 * 10^(0.5 Mw)) - 0.002 X``
    with d = 0 (crustal), -0.02 (interface), 0.12 (intraslab) and Mw at most `LARGEST_MW`.

    Parameters
    ----------
    mw : array_like
        Moment magnitudes.
    depth_km : array_like
        Mean depth of the rupture D, in km, at least 0.
    distance_km : array_like
        Shortest distance from the site to the rupture X, in km, at least 0. For a source known
        only as a point this is the distance to its hypocentre, which is too long near a large
        earthquake.
    source_type : array_like of SourceType
        Kind of source. All four broadcast against each other: (n, 1) or (n, m) distances of n
        sites and (m,) magnitudes, depths and kinds of m earthquakes give (n, m).

    Returns
    -------
    numpy.ndarray
        Velocities in cm/s, the larger of the two horizontal components, in the broadcast shape.

    Raises
    ------
    ValueError
        If a number is missing or negative or a kind of source unknown.
    """
    magnitude = np.minimum(_finite("mw", mw), LARGEST_MW)
    depth = _at_least_zero("depth_km", depth_km)
    distance = _at_least_zero("distance_km", distance_km)
    near_source_km = 0.0028 * 10.0 ** (0.5 * magnitude)
    logarithm = (
        0.58 * magnitude
        + 0.0038 * depth
        + _source_term(source_type)
        - 1.29
        - np.log10(distance + near_source_km)
        - 0.002 * distance
    )
    return np.asarray(10.0**logarithm, dtype=np.float64)


def intensity_from_pgv(pgv_cm_s: ArrayLike) -> Floats:
    """Turn peak ground velocity at the surface into JMA instrumental intensity.

    ``I = 2.68 + 1.72 log10 PGV`` (Midorikawa, Fujimoto and Muramatsu 1999), fitted to intensities
    of about 4 to 7.

    Parameters
    ----------
    pgv_cm_s : array_like
        Velocities in cm/s, above 0; any shape.

    Returns
    -------
    numpy.ndarray
        Instrumental intensities, of the same shape. They are not rounded to the ten classes and
        not cut off where the fit ends.

    Raises
    ------
    ValueError
        If a velocity is missing or not above 0.
    """
    velocity = _above_zero("pgv_cm_s", pgv_cm_s)
    return np.asarray(2.68 + 1.72 * np.log10(velocity), dtype=np.float64)


def jma_intensity(
    mw: ArrayLike,
    depth_km: ArrayLike,
    distance_km: ArrayLike,
    source_type: ArrayLike,
    amplification: ArrayLike,
) -> Floats:
    """Predict the median JMA intensity at the surface: the whole chain in one call.

    Parameters
    ----------
    mw, depth_km, distance_km, source_type : array_like
        As in :func:`pgv600_cm_s`.
    amplification : array_like
        ARV of each site, above 0, read from a soil map. Of
        shape (n, 1) beside (n, m) distances.

    Returns
    -------
    numpy.ndarray
        Instrumental intensities in the broadcast shape.

    Raises
    ------
    ValueError
        If a number is missing or outside its range or a kind of source unknown.
    """
    bedrock = BEDROCK_AMPLIFICATION * pgv600_cm_s(mw, depth_km, distance_km, source_type)
    return intensity_from_pgv(bedrock * _above_zero("amplification", amplification))


def _source_term(source_type: ArrayLike) -> Floats:
    kinds, position = np.unique(np.asarray(source_type, dtype=np.str_), return_inverse=True)
    if unknown := [kind for kind in kinds.tolist() if kind not in _SOURCE_TERM]:
        raise ValueError(f"source_type is {unknown[0]!r}; choose {', '.join(SourceType)}")
    terms = np.array([_SOURCE_TERM[kind] for kind in kinds.tolist()])
    return np.asarray(terms[position].reshape(np.shape(source_type)))


def _finite(name: str, values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    return _refuse(name, numbers, ~np.isfinite(numbers), "it must be a finite number")


def _at_least_zero(name: str, values: ArrayLike) -> Floats:
    numbers = _finite(name, values)
    return _refuse(name, numbers, numbers < 0.0, "it must be at least 0")


def _above_zero(name: str, values: ArrayLike) -> Floats:
    numbers = _finite(name, values)
    return _refuse(name, numbers, numbers <= 0.0, "it must be above 0")


def _refuse(name: str, numbers: Floats, wrong: NDArray[np.bool_], rule: str) -> Floats:
    if wrong.any():
        raise ValueError(f"{name} is {numbers[wrong].flat[0]:g}; {rule}")
    return numbers


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
            low, high = PLANE_RANGES[entry.name]
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
