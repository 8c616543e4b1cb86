"""Recorded earthquakes and outages replayed on hubs: which would have gone down.

Shaking is the best figure a municipality has: recorded (from the peak velocity of its largest
station), else this project's estimate at the office, else the lower bound of the JMA class
observed. What all sites share in an earthquake is in the record, so only a hub's own scatter is
left of the fragility curve. Acceleration alone gives no intensity: such events are named, not
replayed.

An outage that took a whole electricity area takes each hub there down as the scenario says for a
blackout. No table has the total number of customers of an area, so that an outage of a part of it
gives no probability: there a hub is "possibly" without power, and its probability is a range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcsite.hazards import Fragility, conditional_probability_down

from .stress_types import HistoryEvent, HistoryHub, Outage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSettings

    from .stress_fleet import Fleet

Floats = NDArray[np.float64]
#: Instrumental intensity from which a JMA class begins.
CLASS_FROM: Mapping[str, float] = {
    "3": 2.5,
    "4": 3.5,
    "5-lower": 4.5,
    "5-upper": 5.0,
    "6-lower": 5.5,
    "6-upper": 6.0,
    "7": 6.5,
}

_LEAST = 0.0005


def recorded_intensity(shaking: pd.DataFrame) -> pd.DataFrame:
    """Return the best figure of each event and municipality, and what it is.

    Parameters
    ----------
    shaking : pandas.DataFrame
        Table of historical shaking, by `event_id` and `municipality_code`.

    Returns
    -------
    pandas.DataFrame
        On the same index without rows that have no intensity: `intensity`, `basis`.
    """
    recorded = shaking["intensity_from_pgv_max"].astype(float)
    estimated = shaking["intensity_estimated_office"].astype(float)
    observed = shaking["jma_intensity_class_max"].map(CLASS_FROM).astype(float)
    basis = pd.Series("jma_class_at_least", index=shaking.index, dtype=object)
    basis = basis.mask(estimated.notna(), "estimated").mask(recorded.notna(), "recorded")
    best = recorded.fillna(estimated).fillna(observed)
    return pd.DataFrame({"intensity": best, "basis": basis})[best.notna()]


def history(
    plan: Fleet, today: Fleet, atlas: Atlas, settings: DisasterSettings
) -> tuple[tuple[HistoryEvent, ...], dict[str, str]]:
    """Replay what is on record.

    Parameters
    ----------
    plan, today : Fleet
        Hubs.
    atlas : Atlas
        Gives the records.
    settings : DisasterSettings
        What takes a hub down.

    Returns
    -------
    events : tuple of HistoryEvent
        By date.
    not_replayed : dict of str to str
        Events on record that give no intensity, and why.
    """
    shaking = atlas.table("historical_shaking_by_municipality")
    best = recorded_intensity(shaking)
    known = atlas.table("historical_earthquakes")
    outages = atlas.table("wide_area_power_outages")
    replay = _Replay(best, outages, settings)
    names: dict[str, tuple[str, str, str]] = {}
    for event in best.index.unique(level="event_id"):
        row = known.loc[event]
        names[str(event)] = (str(row["origin_time_jst"])[:10], *_names(row))
    for outage_id, row in outages.iterrows():
        key = replay.key(str(outage_id), row)
        names.setdefault(key, (str(row["date"]), str(row["event_en"]), str(row["event_ja"])))
    events = [
        replay.event(key, *name, plan, today) for key, name in sorted(names.items(), key=_by_date)
    ]
    silent = sorted(set(shaking.index.unique(level="event_id")) - set(names))
    return tuple(events), {
        f"{event} {_names(known.loc[event])[0]}": "only acceleration is on record, no intensity"
        for event in silent
    }


def _by_date(item: tuple[str, tuple[str, str, str]]) -> tuple[str, str]:
    return item[1][0], item[0]


def _names(row: pd.Series) -> tuple[str, str]:
    """Return the English name, or the region where there is none, and the Japanese one."""
    given = row[["name_en", "region_en", "name_ja"]].dropna().map(str)
    return next(iter(given), ""), given.get("name_ja", "")


class _Replay:
    def __init__(
        self, best: pd.DataFrame, outages: pd.DataFrame, settings: DisasterSettings
    ) -> None:
        self._best, self._outages = best, outages
        self._in_blackout = settings.down_in_blackout
        self._fragility = Fragility.from_total(
            settings.down_intensity, settings.intensity_scatter, settings.common_share
        )

    @staticmethod
    def key(outage_id: str, row: pd.Series) -> str:
        """Return what joins an outage with its earthquake, or with its other areas."""
        return str(row["event_id"]) if pd.notna(row["event_id"]) else outage_id

    def event(
        self, key: str, date: str, name_en: str, name_ja: str, plan: Fleet, today: Fleet
    ) -> HistoryEvent:
        """Replay one event on both fleets."""
        on_plan, plan_low, plan_high = self._fleet(key, plan)
        on_today, today_low, today_high = self._fleet(key, today)
        return HistoryEvent(
            key, date, name_en, name_ja, on_plan, on_today, plan_low, plan_high, today_low,
            today_high,
        )  # fmt: skip

    def _fleet(self, key: str, fleet: Fleet) -> tuple[tuple[HistoryHub, ...], float, float]:
        outage = self._outage_by_area(key)
        felt: pd.DataFrame | None = None
        if key in self._best.index.unique(level="event_id"):
            felt = pd.DataFrame(self._best.xs(key, level="event_id"))
        found: list[HistoryHub] = []
        low_mw = high_mw = 0.0
        for site, hub in fleet.hubs.iterrows():
            code = hub["municipality_code"]
            intensity, basis = None, ""
            if felt is not None and code in felt.index:
                intensity = float(felt.loc[code, "intensity"])
                basis = str(felt.loc[code, "basis"])
            shaken = 0.0 if intensity is None else self._shaken(intensity)
            state: Outage = outage.get(str(hub["area"]), "")
            low = 1.0 - (1.0 - shaken) * (1.0 - self._dark(state == "certain"))
            high = 1.0 - (1.0 - shaken) * (1.0 - self._dark(state != ""))
            low_mw += low * float(hub["it_load_mw"])
            high_mw += high * float(hub["it_load_mw"])
            if high >= _LEAST:
                found.append(
                    HistoryHub(str(site), intensity, basis, state, low, high)  # type: ignore[arg-type]
                )
        total = float(fleet.it_load_mw.sum())
        return tuple(found), low_mw / total, high_mw / total

    def _dark(self, is_dark: bool) -> float:
        return self._in_blackout if is_dark else 0.0

    def _shaken(self, intensity: float) -> float:
        return float(conditional_probability_down(intensity, 0.0, self._fragility))

    def _outage_by_area(self, key: str) -> dict[str, Outage]:
        """Return what is known of each area that an event left without power."""
        found: dict[str, Outage] = {}
        for outage_id, row in self._outages.iterrows():
            if self.key(str(outage_id), row) != key:
                continue
            for area in str(row["electricity_areas"]).split(";"):
                whole = bool(row["whole_area"]) or found.get(area) == "certain"
                found[area] = "certain" if whole else "possible"
        return found
