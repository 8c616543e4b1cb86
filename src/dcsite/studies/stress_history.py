"""Recorded earthquakes and outages replayed on hubs: which would have gone down.

Shaking is the best figure a municipality has: recorded (from the peak velocity of its largest
station), else this project's estimate at the office, else the lower bound of the JMA class
observed. What all sites share in an earthquake is in the record, so only a hub's own scatter is
left of the fragility curve. Acceleration alone gives no intensity: such events are named, not
replayed.

Power is as recorded: the customers cut over those of the electricity area, by prefecture where the
record tells them apart; the time it took is the outage's own restoration curve, held against each
hub's fuel. Where no curve is on record nobody knows whether the outage outlasted the fuel, and the
probability is a range: from no hub to each one that was cut off. A hub is cut off, and shaken down,
independently of others here; takeover is drawn from that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dcsite.hazards import Fragility, conditional_probability_down, recorded_intensity

from .stress_types import Basis, HistoryEvent, HistoryHub, HistoryLoss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSettings, RestorationCurve, RestorationCurves

    from .stress_fleet import Fleet
    from .stress_simulate import Floats

#: Hubs less likely down than this are not listed.
_LEAST = 0.005
#: Draws of which hubs are down, for what reserve carries.
_DRAWS = 10_000


class Outage(NamedTuple):
    """Customers cut in one place, as a share of all there, and how they had power again."""

    share: float
    curve: RestorationCurve | None


def history(
    plan: Fleet,
    today: Fleet,
    atlas: Atlas,
    settings: DisasterSettings,
    curves: RestorationCurves,
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
    curves : RestorationCurves
        Those on record.

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
        dark = _cut(outages[outages["key"] == key], atlas, curves)
        (on_plan, plan_loss), (on_today, today_loss) = (
            _replay(one, felt.get(key), dark, settings, atlas) for one in (plan, today)
        )
        events.append(
            HistoryEvent(key, date, name_en, name_ja, on_plan, on_today, plan_loss, today_loss)
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


def _cut(outages: pd.DataFrame, atlas: Atlas, curves: RestorationCurves) -> dict[str, Outage]:
    """Return what an event's outages cut off, by electricity area or, where told, by prefecture.

    Customers of several areas that a record gives together count as evenly spread over them. Shares
    of prefectures are those of the area's customers cut, spread as they stood when they were first
    told apart.
    """
    areas = atlas.table("electricity_areas")["contracts_2016"].astype(float)
    places = atlas.table("municipalities")
    residents = places["population_2020"].astype(float)
    told = atlas.table("power_outages_by_prefecture")["customers_out"].astype(float)
    known = {curve.outage_id: curve for curve in curves.curves}
    found: dict[str, Outage] = {}
    for outage_id, row in outages.iterrows():
        struck = str(row["electricity_areas"]).split(";")
        curve, customers = known.get(str(outage_id)), float(row["customers_out"])
        share = 1.0 if row["whole_area"] else min(customers / areas[struck].sum(), 1.0)
        found |= {area: Outage(share, curve) for area in struck}
        if row["whole_area"] or outage_id not in told.index.get_level_values(0):
            continue
        cut: pd.Series[float] = told.xs(str(outage_id))
        here = residents[(places["electricity_area"] == struck[0]).to_numpy()]
        contracts = here.groupby(places.loc[here.index, "pref_code"]).sum()
        contracts *= areas[struck[0]] / contracts.sum()
        for pref_code, out in zip(map(str, cut.index), cut, strict=True):
            part = out / cut.sum() * customers / contracts[pref_code] if out else 0.0
            found[f"{struck[0]}/{pref_code}"] = Outage(min(part, 1.0), curve)
    return found


def _replay(
    fleet: Fleet,
    felt: pd.DataFrame | None,
    dark: Mapping[str, Outage],
    settings: DisasterSettings,
    atlas: Atlas,
) -> tuple[tuple[HistoryHub, ...], HistoryLoss]:
    """Return the hubs that may have gone down, and what of the load that takes."""
    fragility = Fragility.from_total(
        settings.down_intensity, settings.intensity_scatter, settings.common_share
    )
    pref_code = atlas.table("municipalities")["pref_code"]
    found: list[HistoryHub] = []
    ends = np.zeros((2, len(fleet.hubs)))
    for number, (site, hub) in enumerate(fleet.hubs.iterrows()):
        intensity, shaken, code = None, 0.0, hub["municipality_code"]
        basis: Basis = ""
        if felt is not None and code in felt.index:
            intensity, basis = felt.loc[code, ["intensity", "basis"]]
            shaken = float(conditional_probability_down(intensity, 0.0, fragility))
        area = str(hub["area"])
        outage = dark.get(f"{area}/{pref_code.get(code)}", dark.get(area, Outage(0.0, None)))
        outlasts = (0.0, 1.0)
        if outage.curve is not None:
            outlasts = (float(outage.curve.still_out(fleet.fuel_hours[number])),) * 2
        low, high = (1.0 - (1.0 - shaken) * (1.0 - outage.share * part) for part in outlasts)
        ends[:, number] = low, high
        if high >= _LEAST:
            found.append(HistoryHub(str(site), intensity, basis, outage.share, low, high))
    share = ends @ fleet.it_load_mw / fleet.it_load_mw.sum()
    return tuple(found), HistoryLoss(float(share[0]), float(share[1]), *_unserved(fleet, ends))


def _unserved(fleet: Fleet, ends: Floats) -> tuple[float | None, float | None]:
    """Return the expected share of the load that nobody carries, at both ends of a range."""
    reserve = fleet.reserve
    if reserve is None:
        return None, None
    load = reserve.load_mw
    even = np.random.default_rng(1).random((_DRAWS, len(load)))

    def unserved(down: Floats) -> float:
        drawn = even < down
        mw, carried_mw = float((drawn @ load).sum()), float(reserve.carried_mw(drawn).sum())
        # What is down is known without drawing; draws say which part of it is carried.
        return float(down @ load / load.sum()) * (1.0 - carried_mw / mw if mw else 1.0)

    return unserved(ends[0]), unserved(ends[1])
