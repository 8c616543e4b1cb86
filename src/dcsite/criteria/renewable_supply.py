"""Additional renewable supply: what new or unused energy there is, and the links it comes over.

Only supply with additionality counts (strategy B8), so every row says what it is:

* ``curtailed_solar``, ``curtailed_wind``: what was curtailed in the area's latest year. It is
  typed ``at_supply_point``: nobody is paid for it, under FIT or otherwise, and a load that runs in
  that area in that hour lets the plant produce it. What the area's future fleet will curtail is
  not known;
* ``onshore_wind``, ``offshore_wind``: farms under construction or before it, and promotion zones at
  their least capacity, times a capacity factor: ``long_term_contract``. The tables do not say which
  of the farms hold a FIT certificate. Offshore farms of the wind-farm table count only under
  construction and outside the promotion zones: all others compete for the same sea;
* ``solar`` of type ``long_term_contract``: rooftops of less than 10 kW of December 2023, of which
  FIT buys ten years: the last leave it in 2033, and the tables do not say how many before. FIT buys
  twenty years of larger plants, from July 2012, and no table has what each year added, so what
  leaves FIT from July 2032 on is not known and not counted;
* ``solar`` of type ``fit``: growth of the FIT/FIP fleet from 2018-12 to 2023-12, carried on to the
  horizon at the same yearly MW. Sold under the tariff, it does not count by default.

Rows are disjoint: a farm at sea in a zone is the zone's, growth begins where the rooftops end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.geo.geodesy import all_km, to_ecef_km
from dcsite.hazards.settings import Part
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

_HOURS_PER_YEAR = 8760.0
_EARTH_RADIUS_KM = 6371.0088  # mean radius (IUGG)
_SOLAR_FROM_YEAR, _SOLAR_TO_YEAR = 2018, 2023  # both counted at the end of December
_ROOFTOP_FIT_YEARS = 10  # below 10 kW, under FIT as under the purchase of surplus before it
_STATUS = {"construction": "construction", "pre_construction": "planned"}
#: States of a reinforcement that count: decided by OCCTO, with a builder. The link of Hokkaido and
#: Tokyo by the Sea of Japan is out to tender, so its 2,000 MW of "FY2030" are a target.
_DECIDED = ("approved_construction", "plan_adopted")
#: A reinforcement counts in the directions whose largest capacity is near the one it starts from:
#: Tohoku to Tokyo (5,730 MW) and Kyushu to Chugoku (2,780 MW), not the weak ways back.
_NEAR = 0.15

_Year = Annotated[int, Field(ge=2023, le=2060)]
_Factor = Annotated[float, Field(gt=0, le=1)]


class SupplyParameters(Section):
    """What of the additional supply counts."""

    horizon_year: _Year
    """Year up to whose end additional supply, and links between areas, are counted."""
    counting_types: tuple[
        Literal["at_supply_point", "self_consumption", "long_term_contract", "fit"], ...
    ]
    """Types of supply that count as additional; certificates and grid mix never do (B8)."""
    start_year_not_known: _Year
    """Year in which plants start whose year no table has."""
    post_fit_surplus_share: Part
    """Share of the output of rooftops past their FIT term that their owners do not use."""
    onshore_wind_capacity_factor: _Factor
    """Yearly mean output over capacity, onshore wind."""
    offshore_wind_capacity_factor: _Factor
    """Yearly mean output over capacity, offshore wind."""
    interconnector_basis: Literal["median", "largest"]
    """Today's capacity of links: the usual one of the year on record, or its largest."""


def latest_year(atlas: Atlas) -> pd.DataFrame:
    """Return each area's latest row of the annual energy table, indexed by area."""
    energy = atlas.table("area_annual_energy").reset_index()
    return energy.groupby("area", sort=True).tail(1).set_index("area")


def supply_rows(atlas: Atlas, own: SupplyParameters) -> pd.DataFrame:
    """List additional renewable supply, a row for each area, kind and place.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    own : SupplyParameters
        What counts.

    Returns
    -------
    pandas.DataFrame
        `area`, `kind` (of those above), `type`, `status` (operating, construction, planned),
        `year` (of start, of the end of FIT, or of curtailment; NaN where not known), `capacity_mw`
        (NaN for curtailed energy), `energy_gwh` a year, `lat_deg` and `lon_deg` (NaN where not
        known), `counts`: whether its type counts, and it is there by the horizon in a known area
        (two farms of 248 MW are in none). Not to be changed.
    """
    key = own.model_dump_json(include=set(SupplyParameters.model_fields))
    return atlas.kept("additional supply", key, lambda: _supply_rows(atlas, own))


def _supply_rows(atlas: Atlas, own: SupplyParameters) -> pd.DataFrame:
    rows = pd.concat(
        [_curtailed(atlas), _solar(atlas, own), _wind(atlas, own)], ignore_index=True
    ).query("energy_gwh > 0", engine="python")
    by_then = rows["year"].fillna(own.start_year_not_known) <= own.horizon_year
    rows["counts"] = rows["type"].isin(own.counting_types) & by_then & rows["area"].notna()
    return rows.reset_index(drop=True)


def _curtailed(atlas: Atlas) -> pd.DataFrame:
    energy = latest_year(atlas)
    year = energy["period"].str.extract(r"(\d{4})", expand=False).astype(float)
    return pd.concat(
        pd.DataFrame(
            {
                "area": energy.index,
                "kind": f"curtailed_{kind}",
                "type": "at_supply_point",
                "status": "operating",
                "year": year.to_numpy(),
                "capacity_mw": np.nan,
                "energy_gwh": energy[f"{kind}_curtailed_gwh"].to_numpy(),
                "lat_deg": np.nan,
                "lon_deg": np.nan,
            }
        )
        for kind in ("solar", "wind")
    )


def _solar(atlas: Atlas, own: SupplyParameters) -> pd.DataFrame:
    solar = atlas.table("solar_fit_by_municipality")
    offices = atlas.table("municipalities").reindex(solar.index)
    yearly_mw = (solar["solar_total_mw_2023_12"] - solar["solar_total_mw_2018_12"]) / (
        _SOLAR_TO_YEAR - _SOLAR_FROM_YEAR
    )
    years = max(own.horizon_year - _SOLAR_TO_YEAR, 0)
    fit = ("fit", "planned", own.horizon_year, yearly_mw.clip(lower=0.0) * years, 1.0)
    rooftop = (
        "long_term_contract",
        "operating",
        _SOLAR_TO_YEAR + _ROOFTOP_FIT_YEARS,
        solar["solar_residential_mw"],
        own.post_fit_surplus_share,
    )
    return pd.concat(
        pd.DataFrame(
            {
                "area": solar["area"],
                "kind": "solar",
                "type": type_,
                "status": status,
                "year": year,
                "capacity_mw": capacity_mw,
                "energy_gwh": capacity_mw * solar["pv_yield_kwh_per_kw"] / 1000.0 * share,
                "lat_deg": offices["office_lat_deg"],
                "lon_deg": offices["office_lon_deg"],
            }
        )
        for type_, status, year, capacity_mw, share in (rooftop, fit)
    )


def _wind(atlas: Atlas, own: SupplyParameters) -> pd.DataFrame:
    zones = atlas.table("offshore_wind_zones")
    zones = zones[zones["category"] == "promotion_zone"]
    farms = atlas.table("wind_farms")
    at_sea = farms["installation"] == "offshore"
    in_zone = farms["municipality_code"].isin(zones["municipality_codes"].str.split("|").explode())
    coming = farms[
        (farms["include_in_totals"] == 1)
        & farms["status"].isin(_STATUS)
        & (~at_sea | ((farms["status"] == "construction") & ~in_zone))
    ]
    wind = pd.DataFrame(
        {
            "area": [*coming["area"], *zones["area"]],
            "kind": [
                *np.where(at_sea[coming.index], "offshore_wind", "onshore_wind"),
                *["offshore_wind"] * len(zones),
            ],
            "type": "long_term_contract",
            "status": [*coming["status"].map(_STATUS), *["planned"] * len(zones)],
            "year": [
                *coming["start_year"].astype(float),
                *zones["note"].str.extract(r"start (\d{4})", expand=False).astype(float),
            ],
            "capacity_mw": [*coming["capacity_mw"], *zones["capacity_min_mw"]],
            "lat_deg": [*coming["lat_deg"], *zones["proxy_lat_deg"]],
            "lon_deg": [*coming["lon_deg"], *zones["proxy_lon_deg"]],
        }
    )
    factor = wind["kind"].map(
        {
            "onshore_wind": own.onshore_wind_capacity_factor,
            "offshore_wind": own.offshore_wind_capacity_factor,
        }
    )
    wind["energy_gwh"] = wind["capacity_mw"] * factor * _HOURS_PER_YEAR / 1000.0
    return wind


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
    away_km = all_km(hubs, located)
    weighed = np.exp(-away_km / decay_km) * located["energy_gwh"].to_numpy(dtype=float)
    return np.asarray(weighed.sum(axis=1), dtype=float)


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
