"""Additional renewable supply: how much new or unused energy each area and place can add.

Only supply with additionality counts (strategy B8): energy curtailed today, and plants that do
not exist yet. Four kinds are told apart, each from a table:

* ``curtailed``: solar and wind energy curtailed in the area's latest year;
* ``solar``: growth of FIT/FIP solar by municipality from 2018-12 to 2023-12, carried on to the
  horizon year at the same yearly MW, times the municipality's yield;
* ``onshore_wind``: farms under construction or before it, times a capacity factor;
* ``offshore_wind``: promotion zones at their least capacity, times a capacity factor. Offshore
  projects of the wind-farm table are left out: they compete for the same zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.geo.geodesy import geodesic_km, to_ecef_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

#: Kinds of additional supply, in the order they are reported.
SOURCES: tuple[str, ...] = ("curtailed", "solar", "onshore_wind", "offshore_wind")

_HOURS_PER_YEAR = 8760.0
_EARTH_RADIUS_KM = 6371.0088  # mean radius (IUGG)
_SOLAR_FROM_YEAR, _SOLAR_TO_YEAR = 2018, 2023  # both counted at the end of December


@dataclass(frozen=True)
class AdditionalSupply:
    """Additional renewable energy a year by the horizon.

    Parameters
    ----------
    by_area_gwh : pandas.DataFrame
        Index electricity area, one column for each of :data:`SOURCES`, in GWh a year.
    located_gwh : pandas.DataFrame
        Supply with a position: `lat_deg`, `lon_deg`, `energy_gwh`, `source`.
    """

    by_area_gwh: pd.DataFrame
    located_gwh: pd.DataFrame


def latest_year(atlas: Atlas) -> pd.DataFrame:
    """Return each area's latest row of the annual energy table, indexed by area."""
    energy = atlas.table("area_annual_energy").reset_index()
    return energy.groupby("area", sort=True).tail(1).set_index("area")


def additional_supply(
    atlas: Atlas,
    *,
    horizon_year: int,
    onshore_wind_capacity_factor: float,
    offshore_wind_capacity_factor: float,
) -> AdditionalSupply:
    """Work out additional renewable supply by area and by place.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    horizon_year : int
        Year up to whose end solar growth is carried on.
    onshore_wind_capacity_factor, offshore_wind_capacity_factor : float
        Yearly mean output over capacity, 0..1.

    Returns
    -------
    AdditionalSupply
        In GWh a year; never negative.
    """
    areas = atlas.table("electricity_areas").index
    energy = latest_year(atlas)
    curtailed = (energy["solar_curtailed_gwh"] + energy["wind_curtailed_gwh"]).reindex(areas)

    solar = atlas.table("solar_fit_by_municipality")
    yearly_mw = (solar["solar_total_mw_2023_12"] - solar["solar_total_mw_2018_12"]) / (
        _SOLAR_TO_YEAR - _SOLAR_FROM_YEAR
    )
    years = max(horizon_year - _SOLAR_TO_YEAR, 0)
    solar_gwh = (yearly_mw.clip(lower=0.0) * years * solar["pv_yield_kwh_per_kw"] / 1000.0).fillna(
        0
    )
    places = atlas.table("municipalities")
    solar_located = pd.DataFrame(
        {
            "lat_deg": places["office_lat_deg"].reindex(solar.index),
            "lon_deg": places["office_lon_deg"].reindex(solar.index),
            "energy_gwh": solar_gwh,
            "source": "solar",
        }
    )

    farms = atlas.table("wind_farms")
    coming = farms[
        (farms["include_in_totals"] == 1)
        & farms["status"].isin(["construction", "pre_construction"])
        & (farms["installation"] != "offshore")
    ]
    wind_gwh = coming["capacity_mw"] * onshore_wind_capacity_factor * _HOURS_PER_YEAR / 1000.0
    wind_located = pd.DataFrame(
        {
            "lat_deg": coming["lat_deg"],
            "lon_deg": coming["lon_deg"],
            "energy_gwh": wind_gwh,
            "source": "onshore_wind",
        }
    )

    zones = atlas.table("offshore_wind_zones")
    zones = zones[zones["category"] == "promotion_zone"]
    offshore_gwh = (
        zones["capacity_min_mw"] * offshore_wind_capacity_factor * _HOURS_PER_YEAR / 1000.0
    )
    offshore_located = pd.DataFrame(
        {
            "lat_deg": zones["proxy_lat_deg"],
            "lon_deg": zones["proxy_lon_deg"],
            "energy_gwh": offshore_gwh,
            "source": "offshore_wind",
        }
    )

    by_area = pd.DataFrame(
        {
            "curtailed": curtailed,
            "solar": solar_gwh.groupby(solar["area"]).sum(),
            "onshore_wind": wind_gwh.groupby(coming["area"]).sum(),
            "offshore_wind": offshore_gwh.groupby(zones["area"]).sum(),
        }
    )
    located = pd.concat([solar_located, wind_located, offshore_located], ignore_index=True)
    located = located.dropna(subset=["lat_deg", "lon_deg"])
    return AdditionalSupply(
        by_area.reindex(areas)[list(SOURCES)].fillna(0.0).clip(lower=0.0),
        located[located["energy_gwh"] > 0.0].reset_index(drop=True),
    )


def decarbonised_share(atlas: Atlas) -> pd.Series[float]:
    """Work out each area's decarbonised share of generation with nuclear units running in 2026.

    Renewable energy of the area's latest year plus what its nuclear units produce at the share of
    days they ran from March to August 2026, over the year's generation with its own nuclear energy
    replaced by that. Reported beside the additional share and never mixed in.

    Returns
    -------
    pandas.Series
        Share 0..1 by area; NaN where the operator publishes no split of generation (Okinawa).
    """
    energy = latest_year(atlas)
    kinds = ["hydro_gwh", "geothermal_gwh", "biomass_gwh", "solar_gwh", "wind_gwh"]
    renewable = energy[kinds].sum(axis=1)
    units = atlas.table("nuclear_units_operation_2026")
    running_gwh = (
        units["gross_capacity_mw"]
        * units["days_generating"]
        / units["days_observed"]
        * _HOURS_PER_YEAR
        / 1000.0
    )
    nuclear = running_gwh.groupby(units["area"]).sum().reindex(energy.index).fillna(0.0)
    other = energy["thermal_gwh"] + energy["other_gwh"].fillna(0.0)
    share = (renewable + nuclear) / (renewable + nuclear + other)
    return share.reindex(atlas.table("electricity_areas").index)


def local_demand(atlas: Atlas) -> pd.DataFrame:
    """Return present electricity demand by municipality, at its office.

    Returns
    -------
    pandas.DataFrame
        `lat_deg`, `lon_deg`, `energy_gwh` (FY2022), one row per municipality.
    """
    places = atlas.table("municipalities")
    demand = atlas.table("solar_fit_by_municipality")["demand_gwh_fy2022"].reindex(places.index)
    return pd.DataFrame(
        {
            "lat_deg": places["office_lat_deg"],
            "lon_deg": places["office_lon_deg"],
            "energy_gwh": demand.fillna(0.0),
        }
    )


def gathered(sites: pd.DataFrame, located: pd.DataFrame, decay_km: float) -> NDArray[np.float64]:
    """Sum ``energy * exp(-distance / decay)`` around every site, block by block."""
    there = to_ecef_km(located["lat_deg"].to_numpy(), located["lon_deg"].to_numpy())
    here = to_ecef_km(sites["lat_deg"].to_numpy(), sites["lon_deg"].to_numpy())
    energy = located["energy_gwh"].to_numpy(dtype=float)
    gathered = np.empty(len(sites))
    for start in range(0, len(sites), 2048):
        block = here[start : start + 2048]
        squared = (
            (block**2).sum(axis=1)[:, None]
            + (there**2).sum(axis=1)[None, :]
            - 2.0 * block @ there.T
        )
        half_angle = np.sqrt(np.maximum(squared, 0.0)) / (2.0 * _EARTH_RADIUS_KM)
        distance_km = 2.0 * _EARTH_RADIUS_KM * np.arcsin(np.minimum(half_angle, 1.0))
        gathered[start : start + 2048] = np.exp(-distance_km / decay_km) @ energy
    return gathered


def gathered_exactly(
    hubs: pd.DataFrame, located: pd.DataFrame, decay_km: float
) -> NDArray[np.float64]:
    """Do the same by geodesics, for the few hubs of a finished plan."""
    away_km = geodesic_km(
        hubs["lat_deg"].to_numpy()[:, None],
        hubs["lon_deg"].to_numpy()[:, None],
        located["lat_deg"].to_numpy()[None, :],
        located["lon_deg"].to_numpy()[None, :],
    )
    weighed = np.exp(-away_km / decay_km) * located["energy_gwh"].to_numpy(dtype=float)
    return np.asarray(weighed.sum(axis=1), dtype=float)
