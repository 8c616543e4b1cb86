"""Cooling: the PUE that a site's air allows, which sets what a hub draws from the grid.

PUE is the mean over the twelve months of a published curve at the month's wet bulb, the lowest
temperature that evaporation can reach. The curve is a hall cooled through towers, with an
economiser and chillers for the warm weeks (`pue_by_wet_bulb`), for hyperscale and for colocation.
The wet bulb is known at 47 stations (normals of 1991 to 2020). Each is brought to sea level and,
by the month's own trend, to the site's latitude; all are weighted by the inverse square of their
distance, and the result is brought up to the site's own elevation. Left out one at a time,
stations are met to 0.46 °C (root mean square; at worst 3.6, Naha in January) and their PUE to 0.002
(at worst 0.003). Months hide their days: days that scatter by 3 °C about the month's mean would
raise every PUE by about 0.005.
"""

from __future__ import annotations

from statistics import linear_regression
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from dcsite.contract import TIERS, PerTier, Quantity, Rule, SiteValue, up_to_the_largest
from dcsite.geo.geodesy import all_km, geodesic_km
from dcsite.hazards.settings import Part
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: A site is never taken to be nearer to a station than this.
_LEAST_KM = 1.0

PUE = Quantity(
    "pue",
    "ratio",
    "PUE over the year",
    "年間PUE",
    "climate_normals_monthly, pue_by_wet_bulb",
)


class CoolingParameters(Section):
    """Parameters of the cooling criterion."""

    lapse_c_per_km: Annotated[float, Field(ge=0, le=10)]
    """By how much the wet bulb falls with elevation, in °C per km."""
    colocation_share: Part
    """Share of the new load in colocation halls, the rest being hyperscale: which curve holds."""
    pue_everywhere: Annotated[float, Field(ge=1, le=10)] | None = None
    """One PUE for all sites, whatever their climate; where it is not given it follows the wet
    bulb."""
    pue_below: PerTier
    """PUE that a hub of the tier has to stay strictly below."""
    score_zero_pue: Annotated[float, Field(ge=1, le=10)]
    """PUE that scores 0."""
    score_one_pue: Annotated[float, Field(ge=1, le=10)]
    """PUE that scores 1."""


class Cooling(SiteValue[CoolingParameters]):
    """The cooling criterion; see the module's text."""

    name = "cooling"
    rank = 70
    title_en = "Cooling (PUE by climate)"
    title_ja = "冷却（気候によるPUE）"
    policy_lines = ("I9",)
    Parameters = CoolingParameters
    quantity = PUE
    quantities = (PUE,)
    reason_en = "PUE not below its limit"
    rules = (
        Rule(
            "pue_limit",
            "the PUE that the climate allows stays below the tier's limit",
            "気候で決まるPUEが上限未満",
            "hub",
            ("criteria.cooling.pue_below",),
            ("I9",),
            per="per hub not below its limit",
            gives_way=up_to_the_largest(name, "pue_below", lambda _: [PUE.name] * 3, by=0.01),
        ),
    )

    def values(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Return the PUE of every site."""
        return pue(sites, atlas, scenario)

    def value_at(self, hub: pd.Series[Any], atlas: Atlas, scenario: Scenario) -> float:
        """Return the PUE of one hub."""
        return pue_at(hub, atlas, scenario)

    def limits(self, own: CoolingParameters) -> PerTier:
        """Return the largest PUE below the limit of each tier: at the limit is too much."""
        return PerTier(**{tier: float(np.nextafter(own.pue_below[tier], 0.0)) for tier in TIERS})


def pue(sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> NDArray[np.float64]:
    """Return the PUE of many sites: ``mean over months of curve(wet bulb)``.

    Parameters
    ----------
    sites : pandas.DataFrame
        With `lat_deg`, `lon_deg` and `elevation_m` (NaN: taken as sea level, the warm end).

    Returns
    -------
    numpy.ndarray, shape (sites,)
        Energy at the grid over energy of the IT load, in a year.
    """
    own: CoolingParameters = scenario.criteria["cooling"]
    if own.pue_everywhere is not None:
        return np.full(len(sites), own.pue_everywhere)
    normals = atlas.table("climate_normals_monthly").reset_index()
    normals = normals[normals["month"] > 0].sort_values(["pref_code", "month"])
    stations = normals[normals["month"] == 1]
    monthly_c = normals["wet_bulb_c_derived"].to_numpy(dtype=float).reshape(-1, 12)
    at_sea_c = monthly_c + own.lapse_c_per_km / 1000.0 * stations["elevation_m"].to_numpy()[:, None]
    wet_bulb_c = interpolated_c(sites, stations, at_sea_c, own.lapse_c_per_km)
    curve = atlas.table("pue_by_wet_bulb")["pue"].sort_index()
    mixed = curve["hyperscale"] * (1.0 - own.colocation_share)
    mixed = mixed + curve["colocation"] * own.colocation_share
    by_month = np.interp(wet_bulb_c, mixed.index.to_numpy(dtype=float), mixed.to_numpy())
    return np.asarray(by_month.mean(axis=1))


def interpolated_c(
    sites: pd.DataFrame, stations: pd.DataFrame, at_sea_c: NDArray[np.float64], lapse: float
) -> NDArray[np.float64]:
    """Return the wet bulb of each month at sites, in °C, shape (sites, 12).

    Parameters
    ----------
    at_sea_c : numpy.ndarray, shape (stations, 12)
        What the stations would have at sea level, in °C.
    lapse : float
        Fall with elevation in °C per km.
    """
    away_km = all_km(sites, stations)
    weight = np.maximum(away_km, _LEAST_KM) ** -2
    up_km = np.nan_to_num(sites["elevation_m"].to_numpy(dtype=float)) / 1000.0
    lat_deg = stations["lat_deg"].to_numpy()
    trend = np.polyfit(lat_deg, at_sea_c, 1)[0]
    alike_c = weight @ (at_sea_c - np.outer(lat_deg, trend)) / weight.sum(axis=1, keepdims=True)
    here_c = alike_c + np.outer(sites["lat_deg"].to_numpy(), trend)
    return np.asarray(here_c - lapse * up_km[:, None])


def pue_at(hub: pd.Series[Any], atlas: Atlas, scenario: Scenario) -> float:
    """Return the PUE of one hub, month by month.

    Parameters
    ----------
    hub : pandas.Series
        With `lat_deg`, `lon_deg` and `elevation_m`, else `municipality_code`.
    """
    own: CoolingParameters = scenario.criteria["cooling"]
    if own.pue_everywhere is not None:
        return own.pue_everywhere
    key = (own.lapse_c_per_km, own.colocation_share)
    months, curves = atlas.kept("air of months", key, lambda: _air(atlas, own))
    up_c = own.lapse_c_per_km * _elevation_m(hub, atlas) / 1000.0
    by_month = []
    for lat_deg, lon_deg, at_sea_c, trend in months:
        away_km = geodesic_km(hub["lat_deg"], hub["lon_deg"], lat_deg, lon_deg)
        weight = np.maximum(away_km, _LEAST_KM) ** -2
        here_c = at_sea_c + trend * (hub["lat_deg"] - lat_deg)
        by_month.append(float(weight @ here_c / weight.sum()) - up_c)
    parts = (share * np.interp(by_month, *curve).mean() for share, curve in curves)
    return float(sum(parts))


def _air(atlas: Atlas, own: CoolingParameters) -> tuple[list[Any], list[Any]]:
    """Return stations, wet bulb at sea level and trend of each month, and the curves of PUE."""
    normals = atlas.table("climate_normals_monthly").reset_index()
    months = []
    for _, rows in normals[normals["month"] > 0].groupby("month"):
        at_sea_c = rows["wet_bulb_c_derived"] + own.lapse_c_per_km / 1000.0 * rows["elevation_m"]
        trend = linear_regression(rows["lat_deg"], at_sea_c).slope
        place = rows["lat_deg"].to_numpy(), rows["lon_deg"].to_numpy()
        months.append((*place, at_sea_c.to_numpy(), trend))
    points = atlas.table("pue_by_wet_bulb").reset_index()
    shares = {"hyperscale": 1.0 - own.colocation_share, "colocation": own.colocation_share}
    curves = [
        (shares[str(facility)], (curve["wet_bulb_c"].to_numpy(), curve["pue"].to_numpy()))
        for facility, curve in points.groupby("facility") if facility in shares
    ]  # fmt: skip
    return months, curves


def _elevation_m(hub: pd.Series[Any], atlas: Atlas) -> float:
    """Return a hub's own elevation, else that of its municipality's office, else sea level."""
    height = hub.get("elevation_m")
    if height is None:
        offices = atlas.table("elevation_slope_by_municipality")["office_cell_elevation_m"]
        height = offices.get(hub["municipality_code"])
    return 0.0 if height is None or np.isnan(height) else float(height)


CRITERION = Cooling()
