"""Where demand for computing arises: the total of a plan, spread over the prefectures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

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
