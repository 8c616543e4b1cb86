"""Years of disasters: what strikes, which hubs it takes down, and for how long.

What is assumed where no table says anything is a small TOML of named values
(:class:`StressAssumptions`).

When disasters strike: Poisson occurrences of each source over a horizon of years.

A source with probability P in 30 years occurs at a constant rate of ``-ln(1 - P) / 30`` a year,
whatever happened before; when it occurs, one of its events does, by its share of the source's
probability. Both together are one Poisson process with rate ``source rate x share`` for each
event, which is what is drawn. Published probabilities that grow with the time since the last
earthquake hold for the next 30 years: a longer horizon is those 30 years over and over.

All plans of one seed meet the same disasters: what strikes, when, how strongly and for how long
is drawn here; only what a single hub adds is drawn by hub.

What disasters do to a fleet of hubs: which are down at once, and for how many hours.

A hub is struck by shaking where the intensity it really feels reaches what it withstands, with one
draw common to all hubs and one of its own (:mod:`dcsite.hazards.fragility`). Its grid is cut off
where a draw of its own lies below the share of customers cut, which one draw common to all hubs
moves up or down; the hub is then down for as long as the outage outlasts the fuel of its tier, not
at all if it does not. A loss strikes where the draw common to all hubs lies below its probability,
so that two hubs that may both be lost are lost together as often as the less likely of them; a
local earthquake is such a loss within its circle. A hub whose every route over the network is cut
by the same shaking, node by node and link by link, is down for its users until one is mended. A hub
stays down for the longest of these.

Hubs that an earlier disaster still keeps down count as down when the next one strikes, and hours
that overlap are counted once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.special import expit

from dcsite.errors import Problem, ScenarioError
from dcsite.hazards.disaster_set import UNSHAKING

from .toml_tables import Stated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcsite.hazards import DisasterSet, RestorationCurves

Floats = NDArray[np.float64]


class LogRange(Stated):
    """A number drawn evenly on a logarithmic scale."""

    name_en: str = Field(min_length=1, description="What it is, in English.")
    name_ja: str = Field(min_length=1, description="What it is, in Japanese.")
    unit: str = Field(min_length=1, description="Unit.")
    why: str = Field(min_length=1, description="What it rests on.")
    low: float = Field(gt=0, le=10_000, description="Least value, above 0.")
    high: float = Field(gt=0, le=10_000, description="Largest value.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low must not lie above high, got {self.low:g} and {self.high:g}")
        return self

    def at(self, quantile: Floats) -> Floats:
        """Return the values at some quantiles, 0..1, of any shape."""
        return np.asarray(self.low * (self.high / self.low) ** quantile, dtype=np.float64)


class StressAssumptions(Stated):
    """Everything that is assumed of durations; units are in the names."""

    shipped: ClassVar[str] = "stress-assumptions.toml"

    repair_after_shaking_days: LogRange
    landing_cluster_days: LogRange
    network_days: LogRange
    user_event_days: LogRange


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
    dark_draw : numpy.ndarray, shape (k,)
        How many more customers than in the median are cut off everywhere, in scales of the curve of
        darkness.
    loss_draw, outage_draw, days_draw : numpy.ndarray, shape (k,)
        Even in 0..1, the same for all hubs: whether what may be lost is lost, which recorded outage
        it is like, and how long landings, a part of the network or a user's losses last.
    """

    time_years: Floats
    event: NDArray[np.int64]
    common_draw: Floats
    dark_draw: Floats
    loss_draw: Floats
    outage_draw: Floats
    days_draw: Floats

    def __len__(self) -> int:
        return len(self.event)


def event_rates(events: pd.DataFrame) -> Floats:
    """Return how often each event occurs, per year; 0 where nobody knows how likely it is.

    Parameters
    ----------
    events : pandas.DataFrame
        By `event_id`, m rows, as in :class:`dcsite.hazards.DisasterSet`.

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
        wrong = "has a probability of 1 in 30 years, which no yearly rate gives; allowed: below 1"
        raise ScenarioError(Problem(str(sure["basis"]), str(sure["source_id"]), wrong))
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
            *common_draws(chance, count),
        )


def common_draws(chance: np.random.Generator, count: int) -> list[Floats]:
    """Return what all hubs share in some occurrences: the last five of :class:`Occurrences`.

    Customers cut scatter by Student's t with two degrees of freedom, as the curve of darkness does.
    """
    strength, cut = chance.standard_normal(count), chance.standard_t(2.0, count)
    return [strength, cut, *chance.random((3, count))]


Flags = NDArray[np.bool_]
#: Occurrences, hubs that they strike, and for how many hours.
_Struck = tuple[NDArray[np.intp], NDArray[np.intp], Floats]

HOURS_PER_YEAR = 8766.0

_HOURS_PER_DAY = 24.0

_LANDINGS = "landing_cluster"

_LOCAL = "local_earthquake"

_NETWORK = "network"


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
    until_hours : numpy.ndarray, shape (k, n)
        Hour of the horizon at which each hub that is down then is up again.
    cut_hours : numpy.ndarray, shape (k, n)
        Hours that each hub is down for want of a route alone: beyond all else that this occurrence
        does to it.
    """

    year: NDArray[np.int64]
    event: NDArray[np.int64]
    struck: Flags
    down: Flags
    hours: Floats
    until_hours: Floats
    cut_hours: Floats


def simulate(
    fleet: Striking, rates: Floats, years: int, seed: int
) -> tuple[Damage, NDArray[np.int64]]:
    """Let a horizon of years pass over a fleet.

    Parameters
    ----------
    fleet : Striking
        What occurrences do to its n hubs.
    rates : numpy.ndarray, shape (m,)
        From :func:`~dcsite.studies.stress_simulate.event_rates`.
    years, seed : int
        Horizon and seed.

    Returns
    -------
    damage : Damage
        What came of it.
    occurred : numpy.ndarray of int, shape (m,)
        How often each event occurred, whether it did damage or not.
    """
    occurred = np.zeros(len(rates), dtype=np.int64)
    blocks: list[Damage] = []
    for number, block in enumerate(occurrences(rates, years, seed)):
        occurred += np.bincount(block.event, minlength=len(rates))
        blocks.append(fleet.strike(block, np.random.default_rng([seed, number, 1])))
    damage = (
        np.concatenate([getattr(block, field.name) for block in blocks]) for field in fields(Damage)
    )
    return Damage(*damage), occurred


class Striking:
    """What occurrences do to n hubs.

    Parameters
    ----------
    disasters : DisasterSet
        n hubs and m events.
    fuel_hours : numpy.ndarray, shape (n,)
        How long each hub runs on its own when its grid is cut off.
    curves : RestorationCurves
        Durations of blackouts.
    assumed : StressAssumptions
        The other durations.
    """

    def __init__(
        self,
        disasters: DisasterSet,
        fuel_hours: Floats,
        curves: RestorationCurves,
        assumed: StressAssumptions,
    ) -> None:
        self._curves, self._assumed, self._fuel_hours = curves, assumed, fuel_hours
        self._fragility, self._dark_sd = disasters.fragility, disasters.dark_sd
        # By event first: an occurrence takes one row of each.
        self._network = disasters.network
        self._intensity = np.ascontiguousarray(disasters.intensity.T)
        self._lost = np.ascontiguousarray(disasters.lost.T)
        self._dark_logit = np.ascontiguousarray(disasters.dark_logit.T)
        kind = disasters.events["kind"].to_numpy(dtype=object).astype(str)
        self._after_earthquake: Flags = ~np.isin(kind, UNSHAKING)
        self._landings: Flags = kind == _LANDINGS
        self._local: Flags = kind == _LOCAL
        self._of_network: Flags = kind == _NETWORK
        self._may_shake: Flags = np.isfinite(self._intensity)
        self._may_lose: Flags = self._lost > 0.0
        self._may_darken: Flags = self._dark_logit > -np.inf

    def strike(self, what: Occurrences, chance: np.random.Generator) -> Damage:
        """Return what some occurrences do; own draws come from `chance`."""
        hours = np.zeros((len(what), self._intensity.shape[1]))
        for row, hub, lasts in (
            self._shaken(what, chance),
            self._lose(what, chance),
            self._darken(what, chance),
        ):
            hours[row, hub] = np.maximum(hours[row, hub], lasts)
        without = hours.copy()
        if self._network is not None:
            row, hub = np.nonzero(
                self._network.draw(what.event, what.common_draw, what.loss_draw, chance)
            )
            lasts = self._assumed.network_days.at(what.days_draw[row]) * _HOURS_PER_DAY
            hours[row, hub] = np.maximum(hours[row, hub], lasts)
        # What strikes nobody keeps nobody down either.
        hit = np.flatnonzero(hours.any(axis=1))
        without, hours, time = without[hit], hours[hit], what.time_years[hit]
        struck, begin = hours > 0.0, time[:, None] * HOURS_PER_YEAR
        end = np.where(struck, begin + hours, -np.inf)
        before = np.full(hours.shape, -np.inf)
        if len(hit) > 1:
            before[1:] = np.maximum.accumulate(end, axis=0)[:-1]
        return Damage(
            time.astype(np.int64),
            what.event[hit],
            struck,
            struck | (before > begin),
            np.where(struck, np.maximum(end - np.maximum(begin, before), 0.0), 0.0),
            np.maximum(before, end),
            hours - without,
        )

    def _shaken(self, what: Occurrences, chance: np.random.Generator) -> _Struck:
        """Return who is shaken down by an earthquake, and the hours of repair."""
        row, hub = np.nonzero(self._may_shake[what.event])
        curve = self._fragility
        felt = self._intensity[what.event[row], hub] + curve.sigma_common * what.common_draw[row]
        felt += curve.sigma_own * chance.standard_normal(len(row))
        down = felt >= curve.median_intensity
        return row[down], hub[down], self._repair_hours(chance, int(down.sum()))

    def _lose(self, what: Occurrences, chance: np.random.Generator) -> _Struck:
        """Return who is lost: to a local earthquake, with landings or network, by a user's file."""
        row, hub = np.nonzero(self._may_lose[what.event])
        down = what.loss_draw[row] < self._lost[what.event[row], hub]
        row, hub = row[down], hub[down]
        event, drawn, assumed = what.event[row], what.days_draw[row], self._assumed
        days = np.select(
            [self._landings[event], self._of_network[event]],
            [assumed.landing_cluster_days.at(drawn), assumed.network_days.at(drawn)],
            assumed.user_event_days.at(drawn),
        )
        repair = self._repair_hours(chance, len(row))
        return row, hub, np.where(self._local[event], repair, days * _HOURS_PER_DAY)

    def _darken(self, what: Occurrences, chance: np.random.Generator) -> _Struck:
        """Return whose grid is cut off, and for how long beyond its fuel."""
        row, hub = np.nonzero(self._may_darken[what.event])
        share = expit(self._dark_logit[what.event[row], hub] + self._dark_sd * what.dark_draw[row])
        cut = chance.random(len(row)) < share
        row, hub = row[cut], hub[cut]
        place = chance.random((len(row), 1))
        quake = self._after_earthquake[what.event[row]]
        outage = self._curves.draw_hours(what.outage_draw[row], place, quake)[:, 0]
        return row, hub, np.maximum(outage - self._fuel_hours[hub], 0.0)

    def _repair_hours(self, chance: np.random.Generator, count: int) -> Floats:
        days = self._assumed.repair_after_shaking_days.at(chance.random(count))
        return days * _HOURS_PER_DAY
