"""How strongly the ground shakes at a site in one earthquake: the published median relations.

The chain is the one behind Japan's national seismic hazard maps:

1. peak ground velocity on hard ground (Vs = 600 m/s) from magnitude, depth, kind of source and
   distance to the rupture (Si and Midorikawa 1999);
2. to engineering bedrock (Vs = 400 m/s), by a constant (Midorikawa, Matsuoka and Sakugawa 1994);
3. to the surface, by the site's amplification from the mean shear-wave velocity of its uppermost
   30 m, AVS30 (Fujimoto and Midorikawa 2006);
4. to the instrumental intensity of the Japan Meteorological Agency (JMA) (Midorikawa, Fujimoto
   and Muramatsu 1999).

Every number in this module is published. The relations give medians; their scatter is for
:mod:`dcsite.disasters.fragility`. They know nothing of long-period motion in basins, of
liquefaction, or of the weaker and stronger attenuation on either side of the volcanic front.

References
----------
Si, H. and Midorikawa, S. (1999): New attenuation relationships for peak ground acceleration
and velocity considering effects of fault type and site condition. J. Struct. Constr. Eng., AIJ,
523, 63-70.

National Research Institute for Earth Science and Disaster Prevention (2009): Technical reports on
national seismic hazard maps for Japan, 148-151.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "BEDROCK_AMPLIFICATION",
    "LARGEST_MW",
    "SourceType",
    "intensity_from_pgv",
    "intensity_scatter",
    "jma_intensity",
    "pgv600_cm_s",
    "pgv_from_intensity",
    "site_amplification",
]

Floats = NDArray[np.float64]

#: Magnitude above which predicted velocity does not grow any further, as in the hazard maps.
LARGEST_MW: Final = 8.3

#: Velocity on engineering bedrock (Vs = 400 m/s) over that on hard ground (Vs = 600 m/s).
BEDROCK_AMPLIFICATION: Final = (600.0 / 400.0) ** 0.66

_INTENSITY_CONSTANT = 2.68
_INTENSITY_SLOPE = 1.72


class SourceType(StrEnum):
    """Where an earthquake breaks: the three kinds the attenuation relation tells apart."""

    CRUSTAL = "crustal"
    INTERFACE = "interface"
    INTRASLAB = "intraslab"


_SOURCE_TERM: Final = {
    SourceType.CRUSTAL: 0.0,
    SourceType.INTERFACE: -0.02,
    SourceType.INTRASLAB: 0.12,
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


def site_amplification(avs30_m_s: ArrayLike) -> Floats:
    """Work out how much a site's soil amplifies the velocity of engineering bedrock.

    ``ARV = (400 / AVS30)^0.852`` (Fujimoto and Midorikawa 2006).

    Parameters
    ----------
    avs30_m_s : array_like
        Mean shear-wave velocity of the uppermost 30 m, in m/s; any shape.

    Returns
    -------
    numpy.ndarray
        Amplification ARV, without a unit, of the same shape; 1 at 400 m/s.

    Raises
    ------
    ValueError
        If a velocity is missing or not above 0, as it is on water.
    """
    return np.asarray((400.0 / _above_zero("avs30_m_s", avs30_m_s)) ** 0.852, dtype=np.float64)


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
    return np.asarray(_INTENSITY_CONSTANT + _INTENSITY_SLOPE * np.log10(velocity), dtype=np.float64)


def pgv_from_intensity(intensity: ArrayLike) -> Floats:
    """Turn JMA instrumental intensity into peak ground velocity: :func:`intensity_from_pgv` back.

    Parameters
    ----------
    intensity : array_like
        Instrumental intensities; any shape.

    Returns
    -------
    numpy.ndarray
        Velocities in cm/s, of the same shape.

    Raises
    ------
    ValueError
        If an intensity is missing.
    """
    exponent = (_finite("intensity", intensity) - _INTENSITY_CONSTANT) / _INTENSITY_SLOPE
    return np.asarray(10.0**exponent, dtype=np.float64)


def intensity_scatter(sigma_log10_pgv: ArrayLike) -> Floats:
    """Turn a standard deviation of log10 PGV into one of JMA intensity, by the slope of 1.72.

    The hazard maps' scatter of 0.20 to 0.23 becomes 0.344 to 0.396. Which one holds for an
    earthquake, and how much of it all sites share, is for the caller to say.

    Parameters
    ----------
    sigma_log10_pgv : array_like
        Standard deviations of the common logarithm of PGV, at least 0; any shape.

    Returns
    -------
    numpy.ndarray
        Standard deviations in units of intensity, of the same shape.

    Raises
    ------
    ValueError
        If one is missing or negative.
    """
    return np.asarray(
        _INTENSITY_SLOPE * _at_least_zero("sigma_log10_pgv", sigma_log10_pgv), dtype=np.float64
    )


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
        ARV of each site, above 0: from :func:`site_amplification`, or read from a soil map. Of
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
    terms = np.empty(kinds.shape)
    for number, kind in enumerate(kinds.tolist()):
        if kind not in _SOURCE_TERM:
            raise ValueError(f"source_type is {kind!r}; choose {', '.join(SourceType)}")
        terms[number] = _SOURCE_TERM[SourceType(kind)]
    return terms[position].reshape(np.shape(source_type))


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
