"""Cooling: how warm and damp the air is in August, which sets what cooling costs and what PUE is.

The strategy asks for efficient data centres and names no climate, so limit and anchors are
assumptions. The wet bulb, the lowest temperature that evaporation can reach, is known at 47
stations (normals of 1991 to 2020), one in each prefecture. Each is brought to sea level, all are
weighted by the inverse square of their distance, and the result is brought up to the site's own
elevation. Between stations, in a city's heat or a cold current's fog it is off by a degree or so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from dcsite.contract import PerTier, Quantity, Rule, SiteValue, up_to_the_largest
from dcsite.geo.geodesy import geodesic_km
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_AUGUST = 8
#: A site is never taken to be nearer to a station than this.
_LEAST_KM = 1.0

WET_BULB = Quantity(
    "august_wet_bulb_c",
    "°C",
    "mean wet-bulb temperature in August",
    "8月の平均湿球温度",
    "climate_normals_monthly (JMA normals 1991-2020, wet bulb computed)",
)


class CoolingParameters(Section):
    """Parameters of the cooling criterion."""

    lapse_c_per_km: Annotated[float, Field(ge=0, le=10)]
    """By how much the wet bulb falls with elevation, in °C per km."""
    max_wet_bulb_c: PerTier
    """Highest mean wet bulb in August that the tier admits, in °C."""
    score_zero_c: Annotated[float, Field(ge=0, le=40)]
    """Wet bulb that scores 0, in °C."""
    score_one_c: Annotated[float, Field(ge=0, le=40)]
    """Wet bulb that scores 1, in °C."""


class Cooling(SiteValue[CoolingParameters]):
    """The cooling criterion; see the module's text."""

    name = "cooling"
    rank = 70
    title_en = "Cooling (August wet bulb)"
    title_ja = "冷却（8月の湿球温度）"
    Parameters = CoolingParameters
    quantity = WET_BULB
    quantities = (WET_BULB,)
    reason_en = "the air of August too warm and damp"
    rules = (
        Rule(
            "wet_bulb",
            "the wet bulb in August stays within the tier's limit",
            "8月の湿球温度が上限以下",
            "hub",
            ("criteria.cooling.max_wet_bulb_c",),
            per="per hub above its limit",
            gives_way=up_to_the_largest(
                name, "max_wet_bulb_c", lambda _: [WET_BULB.name] * 3, by=0.1
            ),
        ),
    )

    def values(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Interpolate the wet bulb at every site, in °C."""
        lapse = self.own(scenario).lapse_c_per_km / 1000.0
        stations = _august(atlas)
        away_km = geodesic_km(
            sites["lat_deg"].to_numpy()[:, None],
            sites["lon_deg"].to_numpy()[:, None],
            stations["lat_deg"].to_numpy()[None, :],
            stations["lon_deg"].to_numpy()[None, :],
        )
        weight = np.maximum(away_km, _LEAST_KM) ** -2
        at_sea = stations["wet_bulb_c_derived"] + lapse * stations["elevation_m"]
        mean = weight @ at_sea.to_numpy(dtype=float) / weight.sum(axis=1)
        return np.asarray(mean - lapse * sites["elevation_m"].to_numpy(dtype=float))

    def value_at(self, hub: pd.Series[Any], atlas: Atlas, scenario: Scenario) -> float:
        """Interpolate the wet bulb at one hub, station by station."""
        lapse = self.own(scenario).lapse_c_per_km / 1000.0
        total = weights = 0.0
        for station in _august(atlas).to_dict("records"):
            away_km = geodesic_km(
                hub["lat_deg"], hub["lon_deg"], station["lat_deg"], station["lon_deg"]
            )
            weight = max(float(away_km), _LEAST_KM) ** -2
            total += weight * (station["wet_bulb_c_derived"] + lapse * station["elevation_m"])
            weights += weight
        return float(total / weights - lapse * _elevation_m(hub, atlas))

    def limits(self, own: CoolingParameters) -> PerTier:
        """Return the highest wet bulb of each tier."""
        return own.max_wet_bulb_c

    def anchors(self, own: CoolingParameters) -> tuple[float, float]:
        """Return the wet bulbs that score 0 and 1."""
        return own.score_zero_c, own.score_one_c


def _elevation_m(hub: pd.Series[Any], atlas: Atlas) -> float:
    """Return a hub's own elevation, else that of its municipality's office; NaN: not known."""
    if "elevation_m" in hub:
        return float(hub["elevation_m"])
    offices = atlas.table("elevation_slope_by_municipality")["office_cell_elevation_m"]
    return float(offices.get(hub["municipality_code"], np.nan))


def _august(atlas: Atlas) -> pd.DataFrame:
    normals = atlas.table("climate_normals_monthly").reset_index()
    return normals[normals["month"] == _AUGUST]


CRITERION = Cooling()
