"""When disasters strike: Poisson occurrences of each source over a horizon of years.

A source with probability P in 30 years occurs at a constant rate of ``-ln(1 - P) / 30`` a year,
whatever happened before; when it occurs, one of its events does, by its share of the source's
probability. Both together are one Poisson process with rate ``source rate x share`` for each
event, which is what is drawn. Published probabilities that grow with the time since the last
earthquake hold for the next 30 years: a longer horizon is those 30 years over and over.

All plans of one seed meet the same disasters: what strikes, when, how strongly and for how long
is drawn here; only what a single hub adds is drawn by hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcsite.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLOCK_YEARS", "Occurrences", "event_rates", "occurrences"]

Floats = NDArray[np.float64]

#: Years drawn at a time, so that memory does not grow with the horizon. Every block begins with
#: all hubs up.
BLOCK_YEARS = 100_000

_YEARS = 30.0


@dataclass(frozen=True, eq=False)
class Occurrences:
    """What strikes in one block of years: k occurrences in order of time.

    Parameters
    ----------
    time_years : numpy.ndarray, shape (k,)
        Since the beginning of the horizon.
    event : numpy.ndarray of int, shape (k,)
        Position of the event in its set.
    common_draw : numpy.ndarray, shape (k,)
        Standard normal: how much stronger than predicted it shakes everywhere.
    loss_draw, outage_draw, days_draw : numpy.ndarray, shape (k,)
        Even in 0..1, the same for all hubs: whether what may be lost is lost, which recorded outage
        it is like, and how long landings or a user's losses last.
    """

    time_years: Floats
    event: NDArray[np.int64]
    common_draw: Floats
    loss_draw: Floats
    outage_draw: Floats
    days_draw: Floats

    def __len__(self) -> int:
        return len(self.event)

    def take(self, rows: NDArray[np.int64]) -> Occurrences:
        """Return some of the occurrences, in the order given."""
        return Occurrences(
            self.time_years[rows],
            self.event[rows],
            self.common_draw[rows],
            self.loss_draw[rows],
            self.outage_draw[rows],
            self.days_draw[rows],
        )


def event_rates(events: pd.DataFrame) -> Floats:
    """Return how often each event occurs, per year; 0 where nobody knows how likely it is.

    Parameters
    ----------
    events : pandas.DataFrame
        By `event_id`, m rows, as in :class:`dcsite.disasters.DisasterSet`.

    Returns
    -------
    numpy.ndarray, shape (m,)
        Rates per year.

    Raises
    ------
    ScenarioError
        If a source is certain: no rate gives it a probability of 1.
    """
    source = events["source_probability_30y"].to_numpy(dtype=float)
    own = events["probability_30y"].to_numpy(dtype=float)
    certain = np.flatnonzero(source >= 1.0)
    if certain.size:
        sure = events.iloc[int(certain[0])]
        raise ScenarioError(
            Problem(
                str(sure["basis"]),
                str(sure["source_id"]),
                "has a probability of 1 in 30 years, which no yearly rate gives; allowed: below 1",
            )
        )
    rate = -np.log1p(-np.nan_to_num(source)) / _YEARS
    share = np.divide(own, source, out=np.zeros_like(own), where=source > 0.0)
    return np.asarray(rate * np.nan_to_num(share), dtype=np.float64)


def occurrences(rates: Floats, years: int, seed: int) -> Iterator[Occurrences]:
    """Draw what strikes, block by block.

    Parameters
    ----------
    rates : numpy.ndarray, shape (m,)
        Rate of each event, per year.
    years : int
        Horizon.
    seed : int
        Same seed, same disasters.

    Yields
    ------
    Occurrences
        Those of at most :data:`BLOCK_YEARS` years.
    """
    total = float(rates.sum())
    upper = np.cumsum(rates)
    last = int(np.flatnonzero(rates > 0.0).max(initial=0))
    for block, begin in enumerate(range(0, years, BLOCK_YEARS)):
        length = min(BLOCK_YEARS, years - begin)
        chance = np.random.default_rng([seed, block])
        count = int(chance.poisson(total * length))
        time = np.sort(chance.uniform(0.0, length, count)) + begin
        # Rounding of a sum may leave the last place of a draw beyond every event.
        event = np.minimum(np.searchsorted(upper, chance.random(count) * total, "right"), last)
        yield Occurrences(
            np.minimum(time, np.nextafter(begin + length, 0.0)),
            event.astype(np.int64),
            chance.standard_normal(count),
            chance.random(count),
            chance.random(count),
            chance.random(count),
        )
