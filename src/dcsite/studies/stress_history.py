"""Recorded earthquakes and outages replayed on hubs: which would have gone down.

Shaking is the best figure a municipality has: recorded (from the peak velocity of its largest
station), else this project's estimate at the office, else the lower bound of the JMA class
observed. What all sites share in an earthquake is in the record, so only a hub's own scatter is
left of the fragility curve. Acceleration alone gives no intensity: such events are named, not
replayed.

An outage that took a whole electricity area counts as if no fuel bridged it. No table has the total
number of customers of an area, so that an outage of a part of it gives no probability: there a hub
is "possibly" without power, and its probability is a range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dcsite.hazards import Fragility, conditional_probability_down, recorded_intensity

from .stress_types import Basis, HistoryEvent, HistoryHub, Outage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSettings

    from .stress_fleet import Fleet

_LEAST = 0.0005


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
    # What joins an outage with its earthquake, or with its other areas.
    outages = outages.assign(key=outages["event_id"].fillna(outages.index.to_series()).map(str))
    named: dict[str, tuple[str, str, str]] = {}
    for event in best.index.unique(level="event_id"):
        row = known.loc[event]
        named[str(event)] = (str(row["origin_time_jst"])[:10], *_names(row))
    for key, *said in outages[["key", "date", "event_en", "event_ja"]].itertuples(index=False):
        date, name_en, name_ja = map(str, said)
        named.setdefault(key, (date, name_en, name_ja))
    felt = {str(key): rows.droplevel("event_id") for key, rows in best.groupby(level="event_id")}
    events = []
    for key, (date, name_en, name_ja) in sorted(
        named.items(), key=lambda item: (item[1][0], item[0])
    ):
        dark = _dark_areas(outages[outages["key"] == key])
        (on_plan, *plan_share), (on_today, *today_share) = (
            _replay(one, felt.get(key), dark, settings) for one in (plan, today)
        )
        events.append(
            HistoryEvent(key, date, name_en, name_ja, on_plan, on_today, *plan_share, *today_share)
        )
    silent = sorted(set(shaking.index.unique(level="event_id")) - set(named))
    return tuple(events), {
        f"{event} {_names(known.loc[event])[0]}": "only acceleration is on record, no intensity"
        for event in silent
    }


def _names(row: pd.Series) -> tuple[str, str]:
    """Return the English name, or the region where there is none, and the Japanese one."""
    given = row[["name_en", "region_en", "name_ja"]].dropna().map(str)
    return next(iter(given), ""), given.get("name_ja", "")


def _dark_areas(outages: pd.DataFrame) -> dict[str, Outage]:
    """Return what is known of each area that an event left without power."""
    found: dict[str, Outage] = {}
    for _, row in outages.iterrows():
        for area in str(row["electricity_areas"]).split(";"):
            whole = bool(row["whole_area"]) or found.get(area) == "certain"
            found[area] = "certain" if whole else "possible"
    return found


def _replay(
    fleet: Fleet,
    felt: pd.DataFrame | None,
    dark: Mapping[str, Outage],
    settings: DisasterSettings,
) -> tuple[tuple[HistoryHub, ...], float, float]:
    """Return the hubs that may have gone down, and the least and largest share of the capacity."""
    fragility = Fragility.from_total(
        settings.down_intensity, settings.intensity_scatter, settings.common_share
    )
    found: list[HistoryHub] = []
    low_mw = high_mw = 0.0
    for site, hub in fleet.hubs.iterrows():
        intensity, shaken = None, 0.0
        basis: Basis = ""
        if felt is not None and hub["municipality_code"] in felt.index:
            intensity, basis = felt.loc[hub["municipality_code"], ["intensity", "basis"]]
            shaken = float(conditional_probability_down(intensity, 0.0, fragility))
        outage: Outage = dark.get(str(hub["area"]), "")
        low, high = (
            1.0 - (1.0 - shaken) * (1.0 - is_dark)
            for is_dark in (outage == "certain", outage != "")
        )
        low_mw += low * float(hub["it_load_mw"])
        high_mw += high * float(hub["it_load_mw"])
        if high >= _LEAST:
            found.append(HistoryHub(str(site), intensity, basis, outage, low, high))
    total = float(fleet.it_load_mw.sum())
    return tuple(found), low_mw / total, high_mw / total
