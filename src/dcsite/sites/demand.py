"""Where demand for computing arises, and where it is met today and as things go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dcsite.scenario.demand import RACKS, racks_today

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Column of the prefectures' table behind each way of spreading demand.
WEIGHT_COLUMNS = {
    "gdp": "gdp_million_jpy_fy2021",
    "population": "population_census_2020",
    "ict_employees": "employees_ict_2021",
}


def demand_by_prefecture(atlas: Atlas, scenario: Scenario) -> pd.Series[float]:
    """Return the demand of each prefecture in MW of IT load, by `pref_code`.

    It adds up to the new IT load; 0 where no class of workloads has a share.
    """
    weight = atlas.table("prefectures")[WEIGHT_COLUMNS[scenario.demand.zone_weight]].astype(float)
    asked = bool(scenario.demand.classes.parts())
    return scenario.total_new_it_load_mw * weight / weight.sum() * asked


def capacity_by_core(atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
    """Return the IT capacity in MW by existing core, and ``elsewhere``: today, and what is added.

    `today_mw` is the strategy's racks times kW per rack, by the cores' shares of racks; `added_mw`
    what demand adds by the plan's year, going where it goes today. Both are the country's: the new
    hubs are a part of what is added.
    """
    demand = scenario.demand
    racks = racks_today(atlas.table(RACKS), demand)
    added_mw = scenario.total_new_it_load_mw / demand.share_in_new_hubs
    stands, grows = demand.core_rack_share.model_dump(), demand.core_growth_share.model_dump()
    found = pd.DataFrame(
        {
            "today_mw": pd.Series(stands) * racks * demand.kw_per_rack / 1000.0,
            "added_mw": pd.Series(grows) * added_mw,
        }
    )
    found.loc["elsewhere"] = (
        (1.0 - sum(stands.values())) * racks * demand.kw_per_rack / 1000.0,
        (1.0 - sum(grows.values())) * added_mw,
    )
    return found
