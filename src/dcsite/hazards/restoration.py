"""How long the power stays away: the restoration curves of recorded outages, and draws from them.

A curve begins at nothing restored when the outage begins and runs straight between the published
points. Beyond the last point, where a few per cent are still out, it goes on at the slope of its
last stretch until all is restored. Numbers of customers still out become shares of
`customers_out`. What has no point within a day, or a time of the clock alone, cannot be used and is
named.

A hub's hours are the time at which the curve reaches a share drawn evenly between 0 and 1: a hub
is restored as early or late as any customer. Which outage a blackout is like is drawn once for all
hubs, each as likely as it cut customers: whoever is cut is more often so in a large outage, and
large ones last longer. A blackout after an earthquake is like one that an earthquake caused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dcsite.records import Figure, Record

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

Floats = NDArray[np.float64]

#: What is restored in the first days is not to be guessed from one later point.
_FIRST_DAY_HOURS = 24.0


class RestorationCurve(Record):
    """The curve of one recorded outage, by which customers had power again."""

    outage_id: str
    """Id in the table of outages."""
    event_en: str
    event_ja: str
    cause: str
    hours: tuple[Figure, ...]
    """Hours after the outage began, rising from 0."""
    restored: tuple[Figure, ...]
    """Share restored by then, rising from 0 to 1."""
    extended: bool
    """Whether the last stretch goes beyond what is published."""
    customers_out: int = 1
    """Customers cut: what the outage weighs among others."""

    def still_out(self, hours: Floats) -> Floats:
        """Return the share of the customers cut (0..1) still without power after some hours."""
        return np.asarray(1.0 - np.interp(hours, self.hours, self.restored), dtype=np.float64)

    def hours_at(self, share: Floats) -> Floats:
        """Return the hours by which a share (0..1) of the customers had power again."""
        return np.interp(share, self.restored, self.hours)

    @property
    def mean_hours(self) -> float:
        """Mean hours without power over all customers cut: the area above the curve."""
        hours, restored = np.array(self.hours), np.array(self.restored)
        return float(((hours[1:] + hours[:-1]) / 2.0 * np.diff(restored)).sum())


class RestorationCurves(Record):
    """All curves that can be used, and the outages that cannot be, with the reason."""

    curves: tuple[RestorationCurve, ...]
    unusable: Mapping[str, str]

    def like(self, after_earthquake: bool) -> tuple[RestorationCurve, ...]:
        """Return the curves a blackout may be like: an earthquake's like those of earthquakes."""
        shaken = tuple(one for one in self.curves if one.cause == "earthquake")
        return (shaken if after_earthquake else ()) or self.curves

    def draw_hours(
        self, which: Floats, share: Floats, after_earthquake: NDArray[np.bool_]
    ) -> Floats:
        """Draw hours without power.

        Parameters
        ----------
        which : numpy.ndarray, shape (k,)
            Even draws in 0..1 that choose the outage each of k blackouts is like.
        share : numpy.ndarray, shape (k, n)
            Even draws in 0..1: the place of each of n hubs on the curve.
        after_earthquake : numpy.ndarray of bool, shape (k,)
            Whether the blackout is an earthquake's.

        Returns
        -------
        numpy.ndarray, shape (k, n)
            Hours.
        """
        hours = np.zeros(share.shape)
        for quake in (True, False):
            group, mine = self.like(quake), after_earthquake == quake
            upper = np.cumsum([curve.customers_out for curve in group])
            choice = np.searchsorted(upper, np.minimum(which, 1.0 - 1e-12) * upper[-1], "right")
            for position, curve in enumerate(group):
                rows = mine & (choice == position)
                hours[rows] = curve.hours_at(share[rows])
        return hours


def restoration_curves(outages: pd.DataFrame, points: pd.DataFrame) -> RestorationCurves:
    """Build the curves from the tables of outages and of restoration.

    Parameters
    ----------
    outages : pandas.DataFrame
        By `outage_id`: `event_en`, `event_ja`, `cause`, `customers_out`.
    points : pandas.DataFrame
        `outage_id`, `hours_after`, `restored_pct` or `customers_still_out`.

    Raises
    ------
    ValueError
        If no outage has a usable curve, or one that falls.
    """
    found: list[RestorationCurve] = []
    unusable: dict[str, str] = {}
    for outage_id, outage in outages.sort_index().iterrows():
        rows = points[points["outage_id"] == outage_id]
        if rows.empty:
            unusable[str(outage_id)] = "no point of its restoration is published"
            continue
        timed = rows[rows["hours_after"].notna()].sort_values("hours_after")
        if timed.empty:
            unusable[str(outage_id)] = "only a time of the clock is published, no hours"
            continue
        if timed["hours_after"].iloc[0] > _FIRST_DAY_HOURS:
            unusable[str(outage_id)] = "no point of its first day is published"
            continue
        still_out = timed["customers_still_out"].astype("Float64").astype(float)
        share = (timed["restored_pct"] / 100.0).fillna(
            1.0 - still_out / float(outage["customers_out"])
        )
        hours = [0.0, *map(float, timed["hours_after"])]
        restored = [0.0, *map(float, share)]
        if min(np.diff(hours)) <= 0.0 or min(np.diff(restored)) <= 0.0 or restored[-1] > 1.0:
            raise ValueError(f"the restoration curve of {outage_id} does not rise from 0 to 1")
        extended = restored[-1] < 1.0
        if extended:
            pace = (hours[-1] - hours[-2]) / (restored[-1] - restored[-2])
            hours.append(hours[-1] + pace * (1.0 - restored[-1]))
            restored.append(1.0)
        found.append(
            RestorationCurve(
                outage_id=str(outage_id),
                **outage[["event_en", "event_ja", "cause"]],
                hours=tuple(hours),
                restored=tuple(restored),
                extended=extended,
                customers_out=int(outage["customers_out"]),
            )
        )
    if not found:
        raise ValueError("no recorded outage has a restoration curve")
    return RestorationCurves(tuple(found), unusable)


def recorded_curves(atlas: Atlas) -> RestorationCurves:
    """Return the curves of the atlas's tables; worked out once."""

    def read() -> RestorationCurves:
        outages, points = map(atlas.table, ("wide_area_power_outages", "power_outage_restoration"))
        return restoration_curves(outages, points.reset_index())

    return atlas.kept("restoration curves", "", read)


def outlast(atlas: Atlas, hours: ArrayLike, after_earthquake: bool) -> Floats:
    """Return how likely a customer who was cut is still without power after some hours.

    Parameters
    ----------
    atlas : Atlas
        Gives the recorded outages and how power came back.
    hours : array_like
        Hours since the cut, as many as the fuel lasts; of any shape.
    after_earthquake : bool
        Whether an earthquake cut the power: then outages after earthquakes alone count.

    Returns
    -------
    numpy.ndarray
        Probabilities, of the shape of `hours`: of all customers the recorded outages cut.
    """
    since = np.asarray(hours, dtype=np.float64)
    curves = recorded_curves(atlas).like(after_earthquake)
    share = [one.still_out(since) for one in curves]
    weight = [one.customers_out for one in curves]
    return np.asarray(np.average(share, axis=0, weights=weight), dtype=np.float64)
