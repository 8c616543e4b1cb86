"""Delivery of contracted renewable energy between areas, within their interconnectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

_HOURS_PER_YEAR = 8760.0


def links_gwh(atlas: Atlas, energy_share: float) -> pd.DataFrame:
    """List directed links between areas with the energy open to contracts.

    Parameters
    ----------
    atlas : Atlas
        What is known; the usual (median) operating capacity is taken.
    energy_share : float
        Share of ``capacity * 8,760 h`` that is open.

    Returns
    -------
    pandas.DataFrame
        `from_area`, `to_area`, `limit_gwh`, one row per direction with a limit above zero.
    """
    table = atlas.table("interconnectors")
    factor = energy_share * _HOURS_PER_YEAR / 1000.0
    forth = pd.DataFrame(
        {
            "from_area": table["from_area"],
            "to_area": table["to_area"],
            "limit_gwh": table["capacity_from_to_median_mw"] * factor,
        }
    )
    back = pd.DataFrame(
        {
            "from_area": table["to_area"],
            "to_area": table["from_area"],
            "limit_gwh": table["capacity_to_from_median_mw"] * factor,
        }
    )
    both = pd.concat([forth, back], ignore_index=True)
    return both[both["limit_gwh"] > 0.0].reset_index(drop=True)


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
