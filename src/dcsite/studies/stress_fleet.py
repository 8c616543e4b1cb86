"""Sets of hubs under simulated disasters, each figure with its 95 % interval.

A fleet is the plan's hubs or today's, with their disasters.

Shares of years or of events are counted; their intervals are Clopper and Pearson's (exact, never
too narrow). Means over years have normal intervals from the scatter of the years' sums; with fewer
than two years there is none. All say how well so many years show what the model says, and nothing
of how true the model is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincinv

from dcsite.contract import TIERS, disasters_at
from dcsite.hazards import disaster_set, falls_with, settings_of
from dcsite.network import network_of

from .stress_simulate import Striking
from .stress_takeover import Reserve
from .stress_types import (
    AfterTakeover,
    CutOff,
    Estimate,
    EventLoss,
    Exceedance,
    FleetResult,
    PairResult,
    ShareBin,
    StressedHub,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet, RestorationCurves
    from dcsite.plan.types import Hub
    from dcsite.scenario import Scenario

    from .stress_simulate import Damage, StressAssumptions

Floats = NDArray[np.float64]

Ints = NDArray[np.int64]

CONFIDENCE = 0.95

_Z = 1.959963984540054

_YEARS = 30


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


_WORST = 10

#: Shares are sums of parts: what rounding takes from them must not push one below its per cent.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Fleet:
    """Hubs and what disasters do to them.

    Parameters
    ----------
    name : str
        What to call it.
    hubs : pandas.DataFrame
        By `site_id`, n rows: `name_en`, `name_ja`, `municipality_code`, `area`, `lat_deg`,
        `lon_deg`, `it_load_mw`, `tier`, `landing_cluster`.
    disasters : DisasterSet
        For these hubs, in this order.
    fuel_hours : numpy.ndarray, shape (n,)
        How long each runs on its own when its grid is cut off.
    reserve : Reserve, optional
        What they hold free for each other, where that is known.
    """

    name: str
    hubs: pd.DataFrame
    disasters: DisasterSet
    fuel_hours: Floats
    reserve: Reserve | None = None

    @property
    def it_load_mw(self) -> Floats:
        """Capacity of each hub, shape (n,)."""
        return self.hubs["it_load_mw"].to_numpy(dtype=float)

    def striking(self, curves: RestorationCurves, assumed: StressAssumptions) -> Striking:
        """Return what occurrences do to these hubs."""
        return Striking(self.disasters, self.fuel_hours, curves, assumed)

    def expected_share(self) -> Floats:
        """Share of the capacity that each event takes down on average, shape (m,)."""
        load = self.it_load_mw
        return np.asarray((load / load.sum()) @ self.disasters.down, dtype=np.float64)


def hubs_frame(hubs: Sequence[Hub]) -> pd.DataFrame:
    """Return a plan's hubs in the layout of :func:`dcsite.studies.today.todays_hubs`."""
    frame = pd.DataFrame([vars(hub) for hub in hubs]).set_index("site_id")
    return frame.assign(name_en=frame["name_en"].fillna(frame["name_ja"]))


def fleet(
    name: str,
    hubs: pd.DataFrame,
    atlas: Atlas,
    scenario: Scenario,
    landing_clusters: Sequence[str] | None = None,
) -> Fleet:
    """Join hubs with the disasters that a scenario asks for.

    Parameters
    ----------
    name : str
        What to call the fleet.
    hubs : pandas.DataFrame
        From :func:`hubs_frame` or :func:`dcsite.studies.today.todays_hubs`.
    atlas : Atlas
        What is known.
    scenario : Scenario
        Says which disasters there are and what they do.
    landing_clusters : sequence of str, optional
        The cluster of cable landings each hub leans on, where it was found before.

    Raises
    ------
    SitesError
        If a user's file of disasters is not as it must be.
    """
    settings = settings_of(scenario)
    hours = settings.fuel_hours
    disasters = (
        disasters_at(hubs, atlas, scenario)
        if landing_clusters is None
        else disaster_set(
            hubs, atlas, settings, landing_clusters, network_of(atlas, scenario.network)
        )
    )
    return Fleet(
        name,
        hubs.assign(landing_cluster=disasters.landing_clusters),
        disasters,
        # A data centre of today is as large as a large hub, as its disasters have it.
        np.array([hours[tier if tier in TIERS else "large"] for tier in hubs["tier"]]),
        _reserve(hubs, disasters, scenario) if "reserve_mw" in hubs else None,
    )


def _reserve(hubs: pd.DataFrame, disasters: DisasterSet, scenario: Scenario) -> Reserve:
    """Return who may carry whom, by what the scenario's criterion of taking over says."""
    own: Any = next(
        (one for one in scenario.criteria.values() if hasattr(one, "backup_tiers")), None
    )
    events = disasters.events
    in_force = disasters.take(events.index[events["in_force"]].tolist())
    fits = np.zeros((len(hubs), len(hubs)), dtype=bool)
    for site, tier in enumerate(hubs["tier"]):
        if own is not None and tier in own.backup_tiers:
            fits[site] = ~falls_with(in_force, site, own.joint_probability)
    load, reserve = (hubs[name].to_numpy(dtype=float) for name in ("it_load_mw", "reserve_mw"))
    return Reserve(load, reserve, fits)


def fleet_result(
    struck: Fleet, damage: Damage, occurred: NDArray[np.int64], years: int
) -> FleetResult:
    """Count what a horizon of years did to a fleet.

    Parameters
    ----------
    struck : Fleet
        n hubs, m events.
    damage : Damage
        From :func:`~dcsite.studies.stress_simulate.simulate`.
    occurred : numpy.ndarray of int, shape (m,)
        How often each event occurred.
    years : int
        Length of the horizon.
    """
    load = struck.it_load_mw
    total = float(load.sum())
    share = share_down(damage, load)
    worst = worst_by_year(damage.year, share)
    lost_mwh = damage.hours @ load
    mwh_per_year = yearly_mean(damage.year, lost_mwh, years)
    surviving = yearly_mean(np.arange(len(share)), 1.0 - share, len(share))
    together = worst_by_year(damage.year, damage.down.sum(axis=1).astype(float))
    return FleetResult(
        name=struck.name,
        total_mw=total,
        hubs=_hubs(struck, damage, years),
        damaging=len(share),
        damaged_years=len(worst),
        mean_surviving_share=surviving,
        bins=_bins(share, worst, years),
        exceedance=_exceedance(worst, years),
        two_down=clopper_pearson(int((together >= 2).sum()), years),
        mwh_per_year=mwh_per_year,
        full_load_hours_per_year=mwh_per_year.times(1.0 / total),
        after_takeover=_after_takeover(struck.reserve, damage, lost_mwh, years),
        mwh_by_kind=_by_kind(struck, damage, lost_mwh, occurred, years),
        cut_off=_cut_off(damage, load, years),
        pairs=_pairs(struck, damage, years),
        worst=_worst(struck, damage, share, lost_mwh, occurred, years),
    )


def _after_takeover(
    reserve: Reserve | None, damage: Damage, lost_mwh: Floats, years: int
) -> AfterTakeover | None:
    if reserve is None:
        return None
    total = float(reserve.load_mw.sum())
    left = damage.down @ reserve.load_mw - reserve.carried_mw(damage.down)
    year, carried_mwh = reserve.carried_mwh(damage)
    years_of, mwh = np.append(damage.year, year), np.append(lost_mwh, -carried_mwh)
    order = np.argsort(years_of, kind="stable")
    lost = yearly_mean(years_of[order], mwh[order], years)
    return AfterTakeover(
        reserve_mw=float(reserve.reserve_mw.sum()),
        exceedance=_exceedance(worst_by_year(damage.year, left / total), years),
        mwh_per_year=lost,
        full_load_hours_per_year=lost.times(1.0 / total),
    )


def _hubs(struck: Fleet, damage: Damage, years: int) -> tuple[StressedHub, ...]:
    found: list[StressedHub] = []
    for number, (site, hub) in enumerate(struck.hubs.iterrows()):
        hit = damage.struck[:, number]
        year, mwh = damage.year[hit], damage.hours[hit, number] * hub["it_load_mw"]
        fallen = {
            "down_per_year": clopper_pearson(len(np.unique(year)), years),
            "mwh_per_year": yearly_mean(year, mwh, years),
        }
        code = hub["municipality_code"] or ""
        found.append(StressedHub.of(site, hub, municipality_code=code, **fallen))
    return tuple(found)


def _exceedance(worst: Floats, years: int) -> tuple[Exceedance, ...]:
    return tuple(
        Exceedance(
            percent / 100.0,
            clopper_pearson(int((worst >= percent / 100.0 - _ROUNDING).sum()), years),
        )
        for percent in range(1, 101)
    )


def _bins(share: Floats, worst: Floats, years: int) -> tuple[ShareBin, ...]:
    """Count surviving shares: all stands, then ten classes down to nothing."""
    # Surviving above 1 - (tenth + 1)/10, up to 1 - tenth/10; nothing lost is no damage.
    lost = np.append(np.arange(10) / 10.0 - _ROUNDING, np.inf)
    of_events, of_years = (np.histogram(one, lost)[0] for one in (share, worst))
    counts = [(1.0, 1.0, 0, years - len(worst))]
    counts += [
        ((9 - tenth) / 10.0, (10 - tenth) / 10.0, int(of_events[tenth]), int(of_years[tenth]))
        for tenth in range(10)
    ]
    return tuple(
        ShareBin(
            above, up_to, clopper_pearson(events, len(share)), clopper_pearson(worst_of, years)
        )
        for above, up_to, events, worst_of in counts
    )


def _cut_off(damage: Damage, load: Floats, years: int) -> CutOff:
    """Count what stands without a route over the network."""
    cut_mw = (damage.cut_hours > 0.0) @ load
    hit = cut_mw > 0.0
    return CutOff(
        per_year=clopper_pearson(len(np.unique(damage.year[hit])), years),
        mean_mw=float(cut_mw[hit].mean()) if hit.any() else 0.0,
        largest_mw=float(cut_mw.max(initial=0.0)),
        mwh_per_year=yearly_mean(damage.year, damage.cut_hours @ load, years),
    )


def _by_kind(
    struck: Fleet, damage: Damage, lost_mwh: Floats, occurred: NDArray[np.int64], years: int
) -> dict[str, Estimate]:
    kind = struck.disasters.events["kind"].to_numpy(dtype=object)
    of = {one: kind[damage.event] == one for one in dict.fromkeys(kind[occurred > 0])}
    return {
        str(one): yearly_mean(damage.year[mine], lost_mwh[mine], years) for one, mine in of.items()
    }


def _pairs(struck: Fleet, damage: Damage, years: int) -> tuple[PairResult, ...]:
    found = []
    for (first, one), (second, other) in combinations(enumerate(map(str, struck.hubs.index)), 2):
        per_year = clopper_pearson(pair_years(damage, first, second), years)
        found.append(PairResult(one, other, per_year, in_30_years(per_year)))
    return tuple(sorted(found, key=lambda pair: (-pair.per_year.value, pair.first, pair.second)))


def _worst(
    struck: Fleet,
    damage: Damage,
    share: Floats,
    lost_mwh: Floats,
    occurred: NDArray[np.int64],
    years: int,
) -> tuple[EventLoss, ...]:
    """List the worst event of each source that was drawn from, the worst first."""
    events = struck.disasters.events
    expected = struck.expected_share()
    drawn = events["probability_30y"].gt(0.0).to_numpy() & (expected > 0.0)
    source, ids = events["source_id"].to_numpy(dtype=object), events.index.map(str)
    order = sorted(np.flatnonzero(drawn).tolist(), key=lambda n: (-expected[n], ids[n]))
    worst = {source[number]: number for number in reversed(order)}
    found: list[EventLoss] = []
    for number in [one for one in order if worst[source[one]] == one][:_WORST]:
        kin = source[damage.event] == source[number]
        found.append(
            EventLoss.of(
                events,
                number,
                expected_share=expected[number],
                occurred=int(occurred[number]),
                largest_share=share[damage.event == number].max(initial=0.0),
                mwh_per_year=yearly_mean(damage.year[kin], lost_mwh[kin], years),
            )
        )
    return tuple(found)
