"""Delivery of contracted renewable energy between areas, within their interconnectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

_HOURS_PER_YEAR = 8760.0


#: States of a reinforcement that count: decided by OCCTO, with a builder. The link of Hokkaido and
#: Tokyo by the Sea of Japan is out to tender, so its 2,000 MW of "FY2030" are a target.
_DECIDED = ("approved_construction", "plan_adopted")
#: A reinforcement counts in the directions whose largest capacity is near the one it starts from:
#: Tohoku to Tokyo (5,730 MW) and Kyushu to Chugoku (2,780 MW), not the weak ways back.
_NEAR = 0.15


def links_mw(
    atlas: Atlas, year: int, basis: Literal["median", "largest"] = "median"
) -> pd.DataFrame:
    """List directed links between areas with their capacity in a year.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    year : int
        Reinforcements that are decided and due by the end of this year are added.
    basis : {"median", "largest"}
        Today's operating capacity: the usual or the largest of the year on record. Kansai-Shikoku
        differs most: usually none and 70 MW, at most 109 and 700, of 1,400 MW rated.

    Returns
    -------
    pandas.DataFrame
        `from_area`, `to_area`, `capacity_mw`, one row per direction with a capacity above zero.
    """
    plans = atlas.table("interconnector_reinforcements")
    due = plans["in_service"].str.extract(r"(\d{4})", expand=False).astype(int) <= year
    plans = plans[due & plans["status"].isin(_DECIDED)]
    table = atlas.table("interconnectors")
    table = table.reindex(table.index.union(plans.index))
    plans = plans.reindex(table.index)
    added, base = plans["added_mw"].fillna(0.0), plans["base_capacity_mw"].fillna(0.0)
    ends = {end: table[end].fillna(plans[end]) for end in ("from_area", "to_area")}
    today = "max" if basis == "largest" else "median"
    ways = []
    for way, origin, target in (
        ("from_to", "from_area", "to_area"),
        ("to_from", "to_area", "from_area"),
    ):
        largest = table[f"capacity_{way}_max_mw"].fillna(0.0)
        grows = (base - largest).abs() <= _NEAR * largest
        capacity_mw = table[f"capacity_{way}_{today}_mw"].fillna(0.0) + added.where(grows, 0.0)
        ways.append(
            pd.DataFrame(
                {"from_area": ends[origin], "to_area": ends[target], "capacity_mw": capacity_mw}
            )
        )
    both = pd.concat(ways, ignore_index=True)
    return both[both["capacity_mw"] > 0.0].reset_index(drop=True)


def links_gwh(links: pd.DataFrame, energy_share: float) -> pd.DataFrame:
    """Give links (:func:`links_mw`) the yearly energy open to contracts, as `limit_gwh`."""
    limit = links["capacity_mw"] * energy_share * _HOURS_PER_YEAR / 1000.0
    return links.drop(columns="capacity_mw").assign(limit_gwh=limit)


def delivered_share_by_area(
    energy_gwh: pd.Series[float], supply_gwh: pd.Series[float], links: pd.DataFrame
) -> pd.Series[float]:
    """Find the largest delivery of contracted supply, own area first, then fewest GWh moved.

    Parameters
    ----------
    energy_gwh : pandas.Series
        Yearly energy of the hubs by area, in GWh.
    supply_gwh : pandas.Series
        Contractable supply by area, in GWh; its index lists all areas.
    links : pandas.DataFrame
        As returned by :func:`links_gwh`.

    Returns
    -------
    pandas.Series
        Delivered share of the hubs' energy, 0..1, for each area with hubs.
    """
    from scipy.optimize import linprog

    areas = list(supply_gwh.index)
    need = energy_gwh.reindex(areas).fillna(0.0).to_numpy()
    count = len(areas)
    place = {area: number for number, area in enumerate(areas)}
    # Columns: used[a], delivered[a], flow[l]; a link costs a little, so nothing moves in vain.
    balance = np.zeros((count, 2 * count + len(links)))
    balance[:, :count] = np.eye(count)
    balance[:, count : 2 * count] = -np.eye(count)
    for number, (origin, target) in enumerate(
        zip(links["from_area"], links["to_area"], strict=True)
    ):
        balance[place[origin], 2 * count + number] = -1.0
        balance[place[target], 2 * count + number] = 1.0
    cost = np.concatenate([np.zeros(count), -np.ones(count), np.full(len(links), 1e-6)])
    bounds = [
        *((0.0, float(limit)) for limit in supply_gwh),
        *((0.0, float(limit)) for limit in need),
        *((0.0, float(limit)) for limit in links["limit_gwh"]),
    ]
    result = linprog(cost, A_eq=balance, b_eq=np.zeros(count), bounds=bounds, method="highs")
    delivered: NDArray[np.float64] = result.x[count : 2 * count]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(need > 0.0, delivered / need, 0.0)
    return pd.Series(np.clip(share, 0.0, 1.0), index=areas).loc[energy_gwh.index]
