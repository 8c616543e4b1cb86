"""How long the power stays away: the restoration curves of recorded outages, and draws from them.

A curve begins at nothing restored when the outage begins and runs straight between the published
points. Beyond the last point, where a few per cent are still out, it goes on at the slope of its
last stretch until all is restored. Numbers of customers still out become shares of
`customers_out`. What has no point, or a time of the clock alone, cannot be used and is named.

A hub's hours are the time at which the curve reaches a share drawn evenly between 0 and 1: a hub
is restored as early or late as any customer. Which outage a blackout is like is drawn once for all
hubs, evenly; a blackout after an earthquake is like one that an earthquake caused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RestorationCurve", "RestorationCurves", "restoration_curves"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RestorationCurve:
    """One outage's curve.

    Parameters
    ----------
    outage_id, event_en, event_ja, cause : str
        As in the table of outages.
    hours : tuple of float
        Hours after the outage began, rising from 0.
    restored : tuple of float
        Share restored by then, rising from 0 to 1.
    extended : bool
        Whether the last stretch goes beyond what is published.
    """

    outage_id: str
    event_en: str
    event_ja: str
    cause: str
    hours: tuple[float, ...]
    restored: tuple[float, ...]
    extended: bool

    def hours_at(self, share: Floats) -> Floats:
        """Return the hours by which a share (0..1) of the customers had power again."""
        return np.interp(share, self.restored, self.hours)

    @property
    def mean_hours(self) -> float:
        """Mean hours without power over all customers cut: the area above the curve."""
        hours, restored = np.array(self.hours), np.array(self.restored)
        return float(((hours[1:] + hours[:-1]) / 2.0 * np.diff(restored)).sum())


@dataclass(frozen=True)
class RestorationCurves:
    """All curves that can be used, and the outages that cannot be, with the reason."""

    curves: tuple[RestorationCurve, ...]
    unusable: Mapping[str, str]

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
        everything = tuple(range(len(self.curves)))
        shaken = tuple(n for n in everything if self.curves[n].cause == "earthquake") or everything
        for group, mine in ((shaken, after_earthquake), (everything, ~after_earthquake)):
            choice = np.minimum((which * len(group)).astype(np.int64), len(group) - 1)
            for position, number in enumerate(group):
                rows = mine & (choice == position)
                hours[rows] = self.curves[number].hours_at(share[rows])
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
                str(outage_id),
                str(outage["event_en"]),
                str(outage["event_ja"]),
                str(outage["cause"]),
                tuple(hours),
                tuple(restored),
                extended,
            )
        )
    if not found:
        raise ValueError("no recorded outage has a restoration curve")
    return RestorationCurves(tuple(found), unusable)
