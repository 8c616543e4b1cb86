"""Links between electricity areas, with their capacity in a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

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
        Not to be changed.
    """
    return atlas.kept("links of areas", (year, basis), lambda: _links_mw(atlas, year, basis))


def _links_mw(atlas: Atlas, year: int, basis: str) -> pd.DataFrame:
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
