"""What disasters do to a fleet of hubs: which are down at once, and for how many hours.

A hub is struck by shaking where the intensity it really feels reaches what it withstands, with one
draw common to all hubs and one of its own (:mod:`dcsite.disasters.fragility`); and by a loss where
the draw common to all hubs lies below its probability, so that two hubs that may both be lost are
lost together as often as the less likely of them. It stays down for the longer of both; hours of
on-site generation are taken off a blackout, and a blackout shorter than that strikes nobody.

Hubs that an earlier disaster still keeps down count as down when the next one strikes, and hours
that overlap are counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .stress_events import occurrences

if TYPE_CHECKING:
    from dcsite.disasters import DisasterSet

    from .stress_assumptions import StressAssumptions
    from .stress_events import Occurrences
    from .stress_outages import RestorationCurves

__all__ = ["HOURS_PER_YEAR", "Damage", "simulate"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOURS_PER_YEAR = 8766.0

_HOURS_PER_DAY = 24.0
_BLACKOUTS = ("earthquake", "area_blackout", "frequency_blackout")
_SHAKING = "earthquake"
_LANDINGS = "landing_cluster"


@dataclass(frozen=True, eq=False)
class Damage:
    """The occurrences that take at least one hub of a fleet down, in order of time.

    Parameters
    ----------
    year : numpy.ndarray of int, shape (k,)
        Year of the horizon, from 0.
    event : numpy.ndarray of int, shape (k,)
        Position of the event in its set.
    struck : numpy.ndarray of bool, shape (k, n)
        Hubs that this occurrence takes down.
    down : numpy.ndarray of bool, shape (k, n)
        Hubs that are down at that moment, by this occurrence or still by earlier ones.
    hours : numpy.ndarray, shape (k, n)
        Hours each hub is down because of this occurrence beyond what it was already.
    """

    year: NDArray[np.int64]
    event: NDArray[np.int64]
    struck: Flags
    down: Flags
    hours: Floats


def simulate(
    disasters: DisasterSet,
    rates: Floats,
    curves: RestorationCurves,
    assumed: StressAssumptions,
    years: int,
    seed: int,
) -> tuple[Damage, NDArray[np.int64]]:
    """Let a horizon of years pass over a fleet.

    Parameters
    ----------
    disasters : DisasterSet
        n hubs and m events.
    rates : numpy.ndarray, shape (m,)
        From :func:`~dcsite.plan.stress_events.event_rates`.
    curves : RestorationCurves
        Durations of blackouts.
    assumed : StressAssumptions
        The other durations.
    years, seed : int
        Horizon and seed.

    Returns
    -------
    damage : Damage
        What came of it.
    occurred : numpy.ndarray of int, shape (m,)
        How often each event occurred, whether it did damage or not.
    """
    fleet = _Fleet(disasters, curves, assumed)
    occurred = np.zeros(len(rates), dtype=np.int64)
    blocks: list[Damage] = []
    for number, block in enumerate(occurrences(rates, years, seed)):
        occurred += np.bincount(block.event, minlength=len(rates))
        near = block.take(np.flatnonzero(fleet.reached[block.event]))
        blocks.append(fleet.strike(near, np.random.default_rng([seed, number, 1])))
    return (
        Damage(
            *(
                np.concatenate([getattr(block, name) for block in blocks])
                for name in ("year", "event", "struck", "down", "hours")
            )
        ),
        occurred,
    )


class _Fleet:
    def __init__(
        self, disasters: DisasterSet, curves: RestorationCurves, assumed: StressAssumptions
    ) -> None:
        self._curves, self._assumed = curves, assumed
        self._fragility = disasters.fragility
        # By event first: an occurrence takes one row of each.
        self._intensity = np.ascontiguousarray(disasters.intensity.T)
        self._lost = np.ascontiguousarray(disasters.lost.T)
        kind = disasters.events["kind"].to_numpy(dtype=object)
        self._blackout: Flags = np.isin(kind.astype(str), _BLACKOUTS)
        self._earthquake: Flags = np.equal(kind, _SHAKING).astype(np.bool_)
        self._landings: Flags = np.equal(kind, _LANDINGS).astype(np.bool_)
        #: Events that may strike any hub at all.
        self.reached: Flags = np.any(np.isfinite(self._intensity) | (self._lost > 0.0), axis=1)

    def strike(self, what: Occurrences, chance: np.random.Generator) -> Damage:
        """Return what some occurrences do; own draws come from `chance`."""
        shape = (len(what), self._intensity.shape[1])
        own = chance.standard_normal(shape)
        shaken = self._shaken(what, own)
        lost = what.loss_draw[:, None] < self._lost[what.event]
        repair = self._assumed.repair_after_shaking_days.at(chance.random(shape))
        hours = np.maximum(
            np.where(shaken, repair * _HOURS_PER_DAY, 0.0),
            np.where(lost, self._hours_lost(what, chance.random(shape)), 0.0),
        )
        struck = hours > 0.0
        begin = what.time_years[:, None]
        end = np.where(struck, begin + hours / HOURS_PER_YEAR, -np.inf)
        before = np.full(shape, -np.inf)
        if len(what) > 1:
            before[1:] = np.maximum.accumulate(end, axis=0)[:-1]
        added = np.maximum(end - np.maximum(begin, before), 0.0) * HOURS_PER_YEAR
        hit = np.flatnonzero(struck.any(axis=1))
        return Damage(
            what.time_years[hit].astype(np.int64),
            what.event[hit],
            struck[hit],
            (struck | (before > begin))[hit],
            np.where(struck, added, 0.0)[hit],
        )

    def _shaken(self, what: Occurrences, own: Floats) -> Flags:
        curve = self._fragility
        felt = self._intensity[what.event] + curve.sigma_common * what.common_draw[:, None]
        return np.asarray(felt + curve.sigma_own * own >= curve.median_intensity, dtype=np.bool_)

    def _hours_lost(self, what: Occurrences, place: Floats) -> Floats:
        """Return how long each hub is without power, landings or whatever a user's file takes."""
        dark = self._curves.draw_hours(what.outage_draw, place, self._earthquake[what.event])
        dark = np.maximum(dark - self._assumed.on_site_generation_hours.value, 0.0)
        days = np.where(
            self._landings[what.event],
            self._assumed.landing_cluster_days.at(what.days_draw),
            self._assumed.user_event_days.at(what.days_draw),
        )
        return np.where(self._blackout[what.event][:, None], dark, days[:, None] * _HOURS_PER_DAY)
