"""Hours of the year: when solar, wind and curtailed energy come, in all ten areas at once.

864 hours stand for the year: 24 of each of 36 real days of 2023, the same days in every area
(`area_representative_days`). The table holds eight areas. The other two, Tokyo and Okinawa, are
made from the hours of their neighbours and their own mean day of each month
(`area_hourly_profile`): a mean day alone says when the sun stands high and not that the wind drops
for a week, and would match a flat load far too well. How far the construction errs is found by
leaving each known area out (`leave_out`) and is told in ``docs/renewables.md``.

No hours of wind at sea are known: offshore wind takes the area's hours of wind on land, which are
more variable than those at sea.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.geo.geodesy import geodesic_km

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas


_RECOVERY_DAYS = 7  # after a blackout of a whole area its plants come back one by one
_DARK = 0.01  # of the mean: below, a mean day is too small to divide by


@dataclass(frozen=True)
class Hours:
    """The weighted representative hours of a year.

    Parameters
    ----------
    weight : ndarray (hours,)
        Share of the year that each hour stands for; adds up to 1.
    month, hour : ndarray (hours,)
        Month of the date, 1 to 12, and hour of day at its start, JST.
    demand : pandas.DataFrame
        Areas x hours: demand over its mean of the year.
    shape : mapping of str to pandas.DataFrame
        By kind of supply, areas x hours: output over its mean of the year. Times GWh a year over
        8.76 it is MW. Curtailed energy lies where `_where_it_falls` puts it; where an area has
        none, its shape is that of all solar or wind.
    """

    weight: NDArray[np.float64]
    month: NDArray[np.int_]
    hour: NDArray[np.int_]
    demand: pd.DataFrame
    shape: Mapping[str, pd.DataFrame]


def hours(atlas: Atlas, *, leave_out: str = "") -> Hours:
    """Return the representative hours of all ten areas; not to be changed.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    leave_out : str
        An area whose own hours are passed over, so that they are made from its neighbours: what
        the construction is worth is seen by holding both against each other.

    Returns
    -------
    Hours
        Every shape has the weighted mean 1 to the last digit; in the table it is 1 within 0.00001.
    """
    if leave_out:
        return _made(atlas, leave_out)
    return atlas.kept("hours", "", lambda: _made(atlas))


def _made(atlas: Atlas, leave_out: str = "") -> Hours:
    table = atlas.table("area_representative_days").reset_index()
    days = table.drop_duplicates("source_date").set_index("source_date")["weight_days"].sort_index()
    month = np.repeat(pd.to_datetime(days.index).month.to_numpy(), 24)
    hour = np.tile(np.arange(24), len(days))
    weight = np.repeat(days.to_numpy(dtype=float), 24) / (days.sum() * 24.0)
    mean_day = _mean_days(atlas)
    cell = (month - 1) * 24 + hour
    potential: dict[str, pd.DataFrame] = {}
    for kind in ("demand", "solar", "wind"):
        wide = table.pivot_table(
            index="electricity_area",
            columns=["source_date", "hour_jst"],
            values=f"{kind}_over_mean",
        )
        real = pd.DataFrame(wide.to_numpy(), index=wide.index).drop(leave_out or [])
        mean = mean_day[kind].T.iloc[cell].T.set_axis(real.columns, axis=1)
        potential[kind] = pd.DataFrame(
            [
                real.loc[area].to_numpy()
                if area in real.index
                else _like_neighbours(mean.T[area], real.loc[near], mean.loc[near], weight)
                for area, near in _neighbours(atlas, real.index).items()
            ],
            index=mean.index,
            columns=mean.columns,
        )
        potential[kind] = _to_mean_one(potential[kind], weight)
    mw = {kind: frame.mul(mean_day[kind].mean(axis=1), axis=0) for kind, frame in potential.items()}
    by_day = (len(mean_day["demand"]), len(days), 24)
    residual = (mw["demand"] - mw["solar"] - mw["wind"]).to_numpy().reshape(by_day)
    shape = {"solar": potential["solar"]}
    shape |= {f"{place}_wind": potential["wind"] for place in ("onshore", "offshore")}
    for kind in ("solar", "wind"):
        here = _where_it_falls(
            mean_day[f"{kind}_curtailed"].to_numpy().reshape(-1, 12, 24),
            mw[kind].to_numpy().reshape(by_day),
            residual,
            days.to_numpy() / days.sum(),
            month[::24] - 1,
        ).reshape(len(mean_day["demand"]), -1)
        none = here.sum(axis=1) == 0.0
        here[none] = potential[kind].to_numpy()[none]
        shape[f"curtailed_{kind}"] = _to_mean_one(pd.DataFrame(here, index=mean.index), weight)
    return Hours(weight, month, hour, potential["demand"], shape)


def _to_mean_one(frame: pd.DataFrame, weight: NDArray[np.float64]) -> pd.DataFrame:
    return frame.div(frame.to_numpy() @ weight, axis=0)


def _mean_days(atlas: Atlas) -> dict[str, pd.DataFrame]:
    """Return MW by area and cell (month x hour of day), solar and wind before curtailment."""
    profile = atlas.table("area_hourly_profile")
    areas = atlas.table("electricity_areas").index
    lost = {kind: profile[f"{kind}_curtailed_mw"] for kind in ("solar", "wind")}
    columns = {
        "demand": profile["demand_mw"],
        **{kind: profile[f"{kind}_mw"] + lost[kind] for kind in lost},
        **{f"{kind}_curtailed": lost[kind] for kind in lost},
    }
    cells = pd.MultiIndex.from_product([range(1, 13), range(24)])
    return {
        name: column.unstack(["month", "hour"]).reindex(index=areas, columns=cells)  # noqa: PD010
        for name, column in columns.items()
    }


def _neighbours(atlas: Atlas, real: pd.Index[str]) -> dict[str, list[str]]:
    """List for each area the ones of known hours it has a link to, or else the nearest one."""
    links = atlas.table("interconnectors")[["from_area", "to_area"]].to_numpy()
    places = atlas.table("municipalities")
    centres = places.groupby("electricity_area")[["office_lat_deg", "office_lon_deg"]].mean()
    near = {}
    for area in atlas.table("electricity_areas").index:
        others = real.difference([area], sort=False)
        joined = {other for pair in links if area in pair for other in pair}
        away = geodesic_km(*centres.loc[area], *centres.loc[others].to_numpy().T)
        near[area] = [other for other in others if other in joined] or [others[int(away.argmin())]]
    return near


def _like_neighbours(
    own_mean: pd.Series[float],
    theirs: pd.DataFrame,
    their_mean: pd.DataFrame,
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Make an area's hours: its mean days, times how the neighbours' hours leave their own.

    ``own_mean * (1 + k * mean over neighbours of (their hour / their mean day - 1))``, clipped at
    0. Averaging over neighbours smooths; ``k`` stretches the deviation back to the spread that the
    neighbours have on average. Where the own mean day is not known (Okinawa: solar and wind in all
    months, demand in seven), the neighbours' mean days stand in, at the level of the months that
    both know.
    """
    theirs = theirs.div(theirs.to_numpy() @ weight, axis=0)
    their_mean = their_mean.div(their_mean.to_numpy() @ weight, axis=0)
    whole = their_mean.mean()
    known = own_mean.notna()
    level = own_mean[known].sum() / whole[known].sum() if known.any() else 1.0
    own = own_mean.fillna(whole * level)
    off = (theirs / their_mean.where(their_mean > _DARK)).fillna(1.0).to_numpy() - 1.0
    mass = weight * own.to_numpy()
    spread = np.sqrt(off**2 @ mass).mean() / np.sqrt(off.mean(axis=0) ** 2 @ mass)
    made: NDArray[np.float64] = own.to_numpy() * (1.0 + spread * off.mean(axis=0))
    return np.maximum(made, 0.0)


def _where_it_falls(
    lost_mw: NDArray[np.float64],
    potential_mw: NDArray[np.float64],
    residual_mw: NDArray[np.float64],
    day_share: NDArray[np.float64],
    month: NDArray[np.int_],
) -> NDArray[np.float64]:
    """Put curtailed energy on the days of its month that leave least demand for other plants.

    For each area, month and hour of day: ``min(potential, max(0, level - residual))`` on the days
    of that month, ``residual`` being demand less solar and wind, at the level where the energy of
    that month and hour is placed. July has no representative day; a month without one hands its
    energy to the month before.

    Parameters
    ----------
    lost_mw : ndarray (areas, 12, 24)
        Mean curtailed MW by month and hour; NaN where not known, which places nothing.
    potential_mw, residual_mw : ndarray (areas, days, 24)
        Output before curtailment, and demand less solar and wind.
    day_share : ndarray (days,)
        Share of the year that each day stands for.
    month : ndarray (days,)
        Month of the day, counted from 0.

    Returns
    -------
    ndarray (areas, days, 24)
        MW. What a month's days could not have produced is left out.
    """
    long = pd.date_range("2023-01-01", "2023-12-31").month.value_counts().sort_index().to_numpy()
    wanted = np.nan_to_num(lost_mw) * (long / 365.0)[:, None]
    held = day_share[:, None] * (month[:, None] == np.arange(12))
    for empty in np.flatnonzero(held.sum(axis=0) == 0.0):
        wanted[:, empty - 1] += wanted[:, empty]
        wanted[:, empty] = 0.0
    room = np.nan_to_num(potential_mw)
    residual = np.nan_to_num(residual_mw)
    low, high = (np.full_like(wanted, end) for end in (residual.min(), (residual + room).max()))
    for _ in range(40):  # halves some 50 GW to well below a watt
        level = (low + high) / 2.0
        placed = np.clip(level[:, month] - residual, 0.0, room)
        short = np.einsum("adh,dm->amh", placed, held) < wanted
        low, high = np.where(short, level, low), np.where(short, high, level)
    return np.clip(high[:, month] - residual, 0.0, room) * (wanted[:, month] > 0.0)


def drought(atlas: Atlas, area: str, mix: str, days: int) -> float:
    """Return how little solar, wind or half of each gave in the worst days in a row.

    Parameters
    ----------
    atlas : Atlas
        What is known; 2017 to 2023.
    area : str
        Electricity area, or ``eight_areas_equal_weight``.
    mix : str
        ``solar``, ``wind`` or ``half_half``.
    days : int
        Window: 1, 3, 7, 14 or 30.

    Returns
    -------
    float
        Output over its mean of the year. Nothing is known (NaN) of Tokyo and Okinawa; and a window
        about the blackout of a whole area (Hokkaido, September 2018) says nothing of the weather.
    """
    table = atlas.table("area_vre_droughts").reset_index()
    same = (table["area"] == area) & (table["mix"] == mix) & (table["window_days"] == days)
    if not same.any():
        return np.nan
    row = table[same].iloc[0]
    outages = atlas.table("wide_area_power_outages")
    here = outages["electricity_areas"].str.split("|").map(lambda names: area in names)
    dark = pd.to_datetime(outages.loc[here & (outages["whole_area"] == 1), "date"])
    since = (pd.Timestamp(row["lowest_from"]) - dark).dt.days
    blackout = since.between(-days, _RECOVERY_DAYS).any()
    return np.nan if blackout else float(row["lowest_over_mean"])
