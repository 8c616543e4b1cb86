"""What the strategy of June 2023 names: places, counts, racks, budgets, cores and clusters.

Every row carries the ids of the statements behind it (`lines`, such as ``D6``) and the lines of
the strategy's text dump (`dump_lines`).
"""

from __future__ import annotations

import pandas as pd

from dcsite.atlas.store import TableStore

__all__ = ["Policy"]


class Policy:
    """Tables of the theme ``policy``; every call returns a frame of its own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def feasibility_places(self) -> pd.DataFrame:
        """Return the ten local governments with a feasibility study by `place_id`.

        Wakayama Prefecture has no `municipality_code`.
        """
        return self._store.frame("feasibility_places").set_index("place_id")

    def planned_sites(self) -> pd.DataFrame:
        """Return the 27 entries of new data-centre plans by `entry_id`."""
        return self._store.frame("planned_sites").set_index("entry_id")

    def rack_figures(self) -> pd.DataFrame:
        """Return server racks of 2020 and 2025 by `figure_id`."""
        return self._store.frame("rack_figures").set_index("figure_id")

    def counts(self) -> pd.DataFrame:
        """Return how many hubs and the like the strategy asks for by `count_id`."""
        return self._store.frame("counts").set_index("count_id")

    def budgets(self) -> pd.DataFrame:
        """Return public money for dispersal by `budget_id`."""
        return self._store.frame("budgets").set_index("budget_id")

    def core_regions(self) -> pd.DataFrame:
        """Return which prefectures make up the regions named for the new cores."""
        return self._store.frame("core_regions")

    def existing_cores(self) -> pd.DataFrame:
        """Return Tokyo and Osaka by `core_id`, at the prefectural office (`lat_deg`, `lon_deg`)."""
        cores = self._store.frame("existing_cores")
        offices = self._store.frame("prefectures").set_index("pref_code")
        offices = offices.loc[cores["pref_code"], ["office_lat_deg", "office_lon_deg"]]
        cores["lat_deg"] = offices["office_lat_deg"].to_numpy()
        cores["lon_deg"] = offices["office_lon_deg"].to_numpy()
        return cores.set_index("core_id")

    def landing_clusters(self) -> pd.DataFrame:
        """Return the members (`landing_id`) of the two crowded landing clusters."""
        return self._store.frame("landing_clusters")
