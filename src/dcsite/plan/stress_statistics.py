"""What a simulation shows, each figure with its 95 % interval.

Shares of years or of events are counted; their intervals are Clopper and Pearson's (exact, never
too narrow). Means over years have normal intervals from the scatter of the years' sums; with fewer
than two years there is none. All say how well so many years show what the model says, and nothing
of how true the model is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

if TYPE_CHECKING:
    from .stress_strike import Damage

__all__ = [
    "CONFIDENCE",
    "Estimate",
    "clopper_pearson",
    "in_30_years",
    "pair_years",
    "share_down",
    "worst_by_year",
    "yearly_mean",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONFIDENCE = 0.95
_Z = 1.959963984540054
_YEARS = 30


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; `low` and `high` are None where there is none."""

    value: float
    low: float | None
    high: float | None


def clopper_pearson(counted: int, of: int) -> Estimate:
    """Return a share with Clopper and Pearson's interval.

    Raises
    ------
    ValueError
        If more are counted than there are.
    """
    if not 0 <= counted <= of:
        raise ValueError(f"expected a count of at most {of}, got {counted}")
    if of == 0:
        return Estimate(0.0, None, None)
    tail = (1.0 - CONFIDENCE) / 2.0
    low = 0.0 if counted == 0 else float(betaincinv(counted, of - counted + 1, tail))
    high = 1.0 if counted == of else float(betaincinv(counted + 1, of - counted, 1.0 - tail))
    return Estimate(counted / of, low, high)


def in_30_years(per_year: Estimate) -> Estimate:
    """Turn a probability per year into one in 30 years; years are independent of each other."""

    def longer(probability: float | None) -> float | None:
        if probability is None:
            return None
        return -math.expm1(_YEARS * math.log1p(-probability)) if probability < 1.0 else 1.0

    return Estimate(longer(per_year.value) or 0.0, longer(per_year.low), longer(per_year.high))


def yearly_mean(year: Ints, amount: Floats, years: int) -> Estimate:
    """Return the mean per year of amounts that fall in some years, with a normal interval.

    Parameters
    ----------
    year : numpy.ndarray of int, shape (k,)
        Year of each amount, rising.
    amount : numpy.ndarray, shape (k,)
        Amounts; years without any count as 0.
    years : int
        Length of the horizon.
    """
    if not len(year):
        # Nothing seen is no proof that nothing happens: no interval.
        return Estimate(0.0, None, None)
    sums = np.add.reduceat(amount, _first_of_each(year))
    mean = float(sums.sum()) / years
    if years < 2:
        return Estimate(mean, None, None)
    squares = float(((sums - mean) ** 2).sum()) + (years - len(sums)) * mean**2
    error = _Z * math.sqrt(squares / (years - 1) / years)
    return Estimate(mean, max(mean - error, 0.0), mean + error)


def share_down(damage: Damage, it_load_mw: Floats) -> Floats:
    """Return the share of the capacity that is down at each damaging occurrence, shape (k,)."""
    return np.asarray(damage.down @ (it_load_mw / it_load_mw.sum()), dtype=np.float64)


def worst_by_year(year: Ints, share: Floats) -> Floats:
    """Return the largest share of each year that has any; years rise."""
    if not len(year):
        return np.zeros(0)
    return np.asarray(np.maximum.reduceat(share, _first_of_each(year)), dtype=np.float64)


def pair_years(damage: Damage, first: int, second: int) -> int:
    """Count the years in which two hubs are down together when something strikes."""
    both = damage.year[damage.down[:, first] & damage.down[:, second]]
    return len(_first_of_each(both)) if len(both) else 0


def _first_of_each(year: Ints) -> Ints:
    """Return where each year begins in a rising list that is not empty."""
    return np.flatnonzero(np.concatenate(([True], year[1:] != year[:-1])))
