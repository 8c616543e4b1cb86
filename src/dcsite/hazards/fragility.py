"""How likely a site is down at a given shaking, alone and together with another.

A site is down when the intensity it really feels reaches what it withstands::

    I + sigma_common * U + sigma_own * V_i >= median_intensity

with I the predicted median intensity at the site, U one standard normal draw for the whole
earthquake (it was stronger or weaker than predicted, everywhere) and V_i an independent one for
each site (its path, its ground, its building). Without U two sites fall together only as often as
chance has it; the share that is common is what makes hubs fall together.

Intensity is linear in the logarithm of peak ground velocity, so a normal curve in intensity is a
lognormal fragility curve in velocity; a standard deviation of log10 PGV times 1.72 is one of
intensity (see :func:`dcsite.hazards.ground_motion.intensity_from_pgv`).

What is published: the form of the curve, and a total scatter of the attenuation relation of 0.20
to 0.23 in log10 PGV, that is about 0.35 to 0.40 in intensity. What is an assumption wherever a
number is set: the intensity at which half of the sites are down, how much of the scatter is
common, and any scatter of what sites withstand (added to the own part as a root sum of squares).
No number has a default here.

Two sites are two normal variables that move together: :func:`both_below`. SciPy's multivariate
normal integrates pair by pair; Owen's T function gives the bivariate case in closed form (Owen
1956, Annals of Mathematical Statistics 27, 1075-1090) and takes whole arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import ndtr, owens_t

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from dcsite.geo.geodesy import Floats

#: Beyond this the normal distribution is 0 or 1 in double precision: infinite limits end here.
_FAR = 40.0


@dataclass(frozen=True)
class Fragility:
    """A fragility curve over JMA instrumental intensity, its scatter split in two.

    Parameters
    ----------
    median_intensity : float
        Predicted intensity at which half of the sites are down. An assumption.
    sigma_common : float
        Standard deviation, in units of intensity, of what all sites share in one earthquake; at
        least 0. With 0, sites fail independently of each other. An assumption.
    sigma_own : float
        Standard deviation, in units of intensity, of each site's own part; at least 0. With 0, no
        site stands while one that was shaken less is down. An assumption.

    Raises
    ------
    ValueError
        If a number is not finite or a standard deviation negative.
    """

    median_intensity: float
    sigma_common: float
    sigma_own: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.median_intensity):
            raise ValueError(
                f"median_intensity is {self.median_intensity}; it must be a finite number"
            )
        for name in ("sigma_common", "sigma_own"):
            sigma = getattr(self, name)
            if not (math.isfinite(sigma) and sigma >= 0.0):
                raise ValueError(f"{name} is {sigma}; it must be a finite number of at least 0")

    @classmethod
    def from_total(cls, median_intensity: float, sigma: float, common_share: float) -> Self:
        """Split a published total scatter by the share of its variance that is common.

        Parameters
        ----------
        median_intensity : float
            As in the class.
        sigma : float
            Total standard deviation in units of intensity, at least 0.
        common_share : float
            Share of the variance common to all sites, 0 to 1: the correlation of two sites.

        Raises
        ------
        ValueError
            If a number is outside its range.
        """
        if not (math.isfinite(sigma) and sigma >= 0.0):
            raise ValueError(f"sigma is {sigma}; it must be a finite number of at least 0")
        if not 0.0 <= common_share <= 1.0:
            raise ValueError(f"common_share is {common_share}; it must be between 0 and 1")
        return cls(
            median_intensity,
            sigma * math.sqrt(common_share),
            sigma * math.sqrt(1.0 - common_share),
        )

    @property
    def sigma(self) -> float:
        """Total standard deviation in units of intensity: sigma^2 = common^2 + own^2."""
        return math.hypot(self.sigma_common, self.sigma_own)

    @property
    def correlation(self) -> float:
        """Correlation of two sites in one earthquake: the common share of the variance.

        Without any scatter nothing varies; it is 0 then.
        """
        sigma = self.sigma
        return (self.sigma_common / sigma) ** 2 if sigma > 0.0 else 0.0


def probability_down(intensity: ArrayLike, fragility: Fragility) -> Floats:
    """Return the probability that a site is down, given the predicted intensity.

    Parameters
    ----------
    intensity : array_like
        Predicted median JMA intensities, any shape, say (n sites, m scenarios); ``-inf`` for not
        shaken at all.
    fragility : Fragility
        The curve.

    Returns
    -------
    numpy.ndarray
        Probabilities of the same shape. Without any scatter 1 from the median on, 0 below.

    Raises
    ------
    ValueError
        If an intensity is missing: whether that means not shaken is for the caller to say.
    """
    return _reaches(_margin(intensity, fragility), fragility.sigma)


def conditional_probability_down(
    intensity: ArrayLike, common_draw: ArrayLike, fragility: Fragility
) -> Floats:
    """Return the probability that a site is down, given also what all sites share.

    Given the draw, sites are independent: their probabilities multiply, and the capacity that
    falls has a mean and a variance that are plain sums over the sites.

    Parameters
    ----------
    intensity : array_like
        Predicted median JMA intensities, say (n,).
    common_draw : array_like
        Standard normal draws of the common part, say (k, 1) for k draws; 1 is an earthquake one
        `sigma_common` stronger than predicted. It broadcasts against the intensities.
    fragility : Fragility
        The curve.

    Returns
    -------
    numpy.ndarray
        Probabilities in the broadcast shape, say (k, n).

    Raises
    ------
    ValueError
        If an intensity is missing or a draw not finite.
    """
    draw = np.asarray(common_draw, dtype=np.float64)
    if not np.isfinite(draw).all():
        raise ValueError("expected finite draws of the common part, got missing or infinite ones")
    margin = _margin(intensity, fragility) + fragility.sigma_common * draw
    return _reaches(margin, fragility.sigma_own)


def joint_probability_down(
    first_intensity: ArrayLike, second_intensity: ArrayLike, fragility: Fragility
) -> Floats:
    """Return the probability that two different sites are down in one earthquake.

    Parameters
    ----------
    first_intensity, second_intensity : array_like
        Predicted median JMA intensities at the two sites; they broadcast against each other, say
        (n, 1) and (1, n) for all pairs. For a site with itself the answer is that for two sites
        shaken alike, not :func:`probability_down`.
    fragility : Fragility
        The curve of both.

    Returns
    -------
    numpy.ndarray
        Probabilities in the broadcast shape: between the product of the two single ones
        (`sigma_common` 0) and the smaller of them (`sigma_own` 0).

    Raises
    ------
    ValueError
        If an intensity is missing.
    """
    first, second = _margin(first_intensity, fragility), _margin(second_intensity, fragility)
    sigma = fragility.sigma
    if sigma == 0.0:
        return _reaches(first, sigma) * _reaches(second, sigma)
    return both_below(first / sigma, second / sigma, fragility.correlation)


def _margin(intensity: ArrayLike, fragility: Fragility) -> Floats:
    felt = np.asarray(intensity, dtype=np.float64)
    if np.isnan(felt).any():
        raise ValueError("expected predicted intensities, got missing ones; settle them first")
    return felt - fragility.median_intensity


def _reaches(margin: Floats, sigma: float) -> Floats:
    """Return the probability that a margin with this scatter is at least 0."""
    if sigma == 0.0:
        return np.asarray(margin >= 0.0, dtype=np.float64)
    return np.asarray(ndtr(margin / sigma), dtype=np.float64)


def both_below(first: ArrayLike, second: ArrayLike, correlation: float) -> Floats:
    """Return P(X <= first and Y <= second) of standard normal X and Y.

    Parameters
    ----------
    first, second : array_like
        Limits in standard deviations, which may be infinite; they broadcast against each other.
    correlation : float
        Correlation of X and Y, 0 (independent) to 1 (one and the same).

    Returns
    -------
    numpy.ndarray
        Probabilities in the broadcast shape, right to about 1e-15 in absolute terms; far out in
        the tails the relative error is larger.

    Raises
    ------
    ValueError
        If a limit is missing or the correlation is not within 0 and 1.
    """
    if not 0.0 <= correlation <= 1.0:
        raise ValueError(f"correlation is {correlation}; it must be between 0 and 1")
    h, k = np.broadcast_arrays(*(np.asarray(limit, dtype=np.float64) for limit in (first, second)))
    if np.isnan(h).any() or np.isnan(k).any():
        raise ValueError("expected limits in standard deviations, got missing ones")
    below_h, below_k = ndtr(h), ndtr(k)
    smaller = np.asarray(np.minimum(below_h, below_k), dtype=np.float64)
    if correlation == 1.0:
        return smaller
    if correlation == 0.0:
        return np.asarray(below_h * below_k, dtype=np.float64)

    # Adding 0.0 turns -0.0 into 0.0, whose quotient below has the sign that is meant.
    h, k = np.clip(h, -_FAR, _FAR) + 0.0, np.clip(k, -_FAR, _FAR) + 0.0
    spread = np.sqrt((1.0 - correlation) * (1.0 + correlation))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        by_h = owens_t(h, (k / h - correlation) / spread)
        by_k = owens_t(k, (h / k - correlation) / spread)
    opposite = (h < 0.0) != (k < 0.0)
    both = (below_h + below_k - opposite) / 2.0 - by_h - by_k
    at_zero = 0.25 + np.arcsin(correlation) / (2.0 * np.pi)
    both = np.where((h == 0.0) & (k == 0.0), at_zero, both)
    # Rounding must not carry a probability past what the two single ones allow.
    return np.asarray(
        np.clip(both, np.maximum(below_h + below_k - 1.0, 0.0), smaller), dtype=np.float64
    )
