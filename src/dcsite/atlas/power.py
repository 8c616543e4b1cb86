"""Electricity: areas, substations, lines, plants, renewables, links between areas, demand."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from dcsite.atlas.store import CRS, TableStore

__all__ = ["Power", "path_to_linestring"]


def path_to_linestring(paths: pd.Series[str]) -> gpd.GeoSeries:
    """Turn ``lon lat|lon lat`` texts into lines in EPSG:4326.

    Parameters
    ----------
    paths : pandas.Series of str
        Vertices of each line, at least two.

    Returns
    -------
    geopandas.GeoSeries
        One LineString per text, on the same index.
    """
    wkt = "LINESTRING (" + paths.str.replace("|", ",", regex=False) + ")"
    return gpd.GeoSeries(shapely.from_wkt(wkt.to_numpy(dtype=object)), index=paths.index, crs=CRS)


class Power:
    """Tables of the theme ``power``; every call returns a frame of its own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store

    def electricity_areas(self) -> pd.DataFrame:
        """Return the ten areas by `electricity_area`."""
        return self._store.frame("electricity_areas").set_index("electricity_area")

    def substations(
        self, min_voltage_kv: float = 60.0, utility_only: bool = True
    ) -> gpd.GeoDataFrame:
        """Return substations as points by `substation_id`.

        Parameters
        ----------
        min_voltage_kv : float
            Smallest highest voltage. Below 100 kV the mapping is too uneven to compare regions.
        utility_only : bool
            Keep only nodes of the utilities' grid (`grid_node` 1), where a customer can connect;
            traction, industrial, power-plant and cable-transition sites are left out.

        Returns
        -------
        geopandas.GeoDataFrame
            Points in EPSG:4326.
        """
        frame = self._store.frame("substations")
        keep = frame["voltage_kv"] >= min_voltage_kv
        if utility_only:
            keep &= frame["grid_node"] == 1
        frame = frame[keep].set_index("substation_id")
        points = gpd.points_from_xy(frame["lon_deg"], frame["lat_deg"])
        return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)

    def transmission_lines(self) -> gpd.GeoDataFrame:
        """Return lines of 154 kV and above as LineStrings by `line_id`, in EPSG:4326."""
        frame = self._store.frame("transmission_lines").set_index("line_id")
        lines = path_to_linestring(frame["path_lon_lat"])
        return gpd.GeoDataFrame(frame.drop(columns="path_lon_lat"), geometry=lines, crs=CRS)

    def power_plants(self) -> pd.DataFrame:
        """Return plants by `plant_id`; wind is not covered here, solar only in part."""
        return self._store.frame("power_plants").set_index("plant_id")

    def solar_by_municipality(self) -> pd.DataFrame:
        """Return solar under feed-in schemes by `municipality_code`."""
        return self._store.frame("solar_fit_by_municipality").set_index("municipality_code")

    def area_hourly_profile(self) -> pd.DataFrame:
        """Return mean supply and demand by area, month and hour; Okinawa has demand only."""
        return self._store.frame("area_hourly_profile")

    def area_annual_energy(self) -> pd.DataFrame:
        """Return yearly energy by area and period, oldest first; Okinawa is missing."""
        return self._store.frame("area_annual_energy")

    def offshore_wind_zones(self) -> pd.DataFrame:
        """Return offshore zones by `zone_id`; the proxy point lies on land."""
        return self._store.frame("offshore_wind_zones").set_index("zone_id")

    def wind_farms(self) -> pd.DataFrame:
        """Return wind farms by `wind_farm_id`; sum only rows with `include_in_totals` 1."""
        return self._store.frame("wind_farms").set_index("wind_farm_id")

    def wind_by_prefecture(self) -> pd.DataFrame:
        """Return wind capacity by `pref_code`: a lower bound."""
        return self._store.frame("wind_by_prefecture").set_index("pref_code")

    def nuclear_units(self) -> pd.DataFrame:
        """Return which nuclear units ran from March to August 2026."""
        return self._store.frame("nuclear_units_operation_2026")

    def interconnectors(self) -> pd.DataFrame:
        """Return links between areas by `link_id`."""
        return self._store.frame("interconnectors").set_index("link_id")

    def interconnector_reinforcements(self) -> pd.DataFrame:
        """Return planned reinforcements by `link_id`; NEW1 is a new link."""
        return self._store.frame("interconnector_reinforcements").set_index("link_id")

    def data_centre_demand_outlook(self) -> pd.DataFrame:
        """Return outlooks of data-centre demand; never add rows of different `kind`."""
        return self._store.frame("data_centre_demand_outlook")

    def demand_connection_zones(self) -> pd.DataFrame:
        """Return places where operators invite large demand; a partial list."""
        return self._store.frame("demand_connection_zones")

    def renewable_by_prefecture(self) -> pd.DataFrame:
        """Return renewable and nuclear capacity by `pref_code`."""
        return self._store.frame("renewable_by_prefecture").set_index("pref_code")
