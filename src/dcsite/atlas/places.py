"""Where things are: municipalities, prefectures, electricity areas and their polygons."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from dcsite.atlas.store import TableStore

__all__ = ["Places"]


class Places:
    """Tables of the theme ``places``; every call returns a frame of its own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def municipalities(self) -> pd.DataFrame:
        """Return the 1,741 municipalities by `municipality_code`.

        Where `office_in_municipality` is 0 the office lies in another municipality and the inside
        point (`point_lat_deg`, `point_lon_deg`) stands for the place.
        """
        return self._store.frame("municipalities").set_index("municipality_code")

    def prefectures(self) -> pd.DataFrame:
        """Return the 47 prefectures by `pref_code`."""
        return self._store.frame("prefectures").set_index("pref_code")

    def elevation_slope(self) -> pd.DataFrame:
        """Return elevation and kilometre-scale slope by `municipality_code`."""
        return self._store.frame("elevation_slope_by_municipality").set_index("municipality_code")

    def electricity_area_mapping(self) -> pd.DataFrame:
        """Return prefecture defaults and municipal exceptions of the electricity areas."""
        return self._store.frame("electricity_area_mapping")

    def municipality_polygons(self) -> gpd.GeoDataFrame:
        """Return simplified polygons by `municipality_code`, in EPSG:4326."""
        return self._store.geoframe("municipality_polygons").set_index("municipality_code")

    def prefecture_polygons(self) -> gpd.GeoDataFrame:
        """Return simplified polygons by `pref_code`, in EPSG:4326."""
        return self._store.geoframe("prefecture_polygons").set_index("pref_code")

    def electricity_area_polygons(self) -> gpd.GeoDataFrame:
        """Return simplified polygons by `area_code`, in EPSG:4326."""
        return self._store.geoframe("electricity_area_polygons").set_index("area_code")
