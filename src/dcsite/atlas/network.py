"""Communications: cable landings, submarine cables, exchanges, fibre backbone, data centres."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from dcsite.atlas.store import CRS, TableStore

__all__ = ["Network"]


class Network:
    """Tables of the theme ``network``; every call returns a frame of its own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def landing_stations(self) -> gpd.GeoDataFrame:
        """Return cable landings as points by `landing_id`, in EPSG:4326; see `uncertainty_km`."""
        frame = self._store.frame("cable_landing_stations").set_index("landing_id")
        points = gpd.points_from_xy(frame["lon_deg"], frame["lat_deg"])
        return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)

    def submarine_cables(self) -> pd.DataFrame:
        """Return cables by `cable_id`; `japan_landings` and `directions` are joined by ``;``."""
        return self._store.frame("submarine_cables").set_index("cable_id")

    def internet_exchanges(self) -> pd.DataFrame:
        """Return internet exchanges by `ix_id`."""
        return self._store.frame("internet_exchanges").set_index("ix_id")

    def fibre_nodes(self) -> pd.DataFrame:
        """Return nodes of the reference backbone by `node_id`."""
        return self._store.frame("fibre_backbone_nodes").set_index("node_id")

    def fibre_links(self) -> pd.DataFrame:
        """Return links of the reference backbone by `link_id`; three topologies in `model`."""
        return self._store.frame("fibre_backbone_links").set_index("link_id")

    def data_centres_existing(self) -> pd.DataFrame:
        """Return known data centres by `dc_id`; not a census, some without coordinates."""
        return self._store.frame("data_centres_existing").set_index("dc_id")
