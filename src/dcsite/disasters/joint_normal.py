"""Two normal variables that move together: the chance that both stay below their limits.

SciPy's multivariate normal integrates pair by pair; Owen's T function gives the bivariate case in
closed form (Owen 1956, Annals of Mathematical Statistics 27, 1075-1090) and takes whole arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["both_below"]

Floats = NDArray[np.float64]

#: Beyond this the normal distribution is 0 or 1 in double precision: infinite limits end here.
_FAR = 40.0


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
