"""What supply and distance allow at most: additional renewables, and demand within reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.criteria.renewable_delivery import delivered_share_by_area, links_gwh
from dcsite.criteria.renewable_supply import additional_supply
from dcsite.geo.geodesy import geodesic_km
from dcsite.model.demand import demand_zones

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model.funnel import Candidates
    from dcsite.scenario import Scenario

_HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True)
class OutOfReach:
    """A demand zone with no candidate near enough for its latency-critical part of `mw`."""

    pref_code: str
    name_en: str
    name_ja: str
    mw: float


def most_renewable_share(
    scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, left: Candidates
) -> float:
    """Bound the share of the hubs' yearly energy from additional renewables from above.

    Each area is given all the load its candidates could carry, up to the total; what can then be
    delivered is at least what any plan gets.
    """
    own = scenario.criteria["renewables"]
    total_mw = scenario.total_new_it_load_mw
    gwh_per_mw = scenario.demand.load_factor * scenario.demand.pue * _HOURS_PER_YEAR / 1000.0
    largest = np.where(left.eligible, left.max_mw, 0.0).max(axis=1)
    by_area = pd.Series(largest).groupby(sites["area"].to_numpy()).sum().clip(upper=total_mw)
    supply = additional_supply(
        atlas,
        horizon_year=own.horizon_year,
        onshore_wind_capacity_factor=own.onshore_wind_capacity_factor,
        offshore_wind_capacity_factor=own.offshore_wind_capacity_factor,
    ).by_area_gwh.sum(axis=1)
    energy = by_area[by_area.index.isin(supply.index)] * gwh_per_mw
    shares = delivered_share_by_area(
        energy, supply * own.contractable_share, links_gwh(atlas, own.interconnector_energy_share)
    )
    return min(1.0, float((shares * energy).sum()) / (total_mw * gwh_per_mw))


def out_of_reach(
    scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, left: Candidates
) -> tuple[OutOfReach, ...]:
    """List the demand zones that no candidate of any tier stands near enough to."""
    zones = demand_zones(atlas, scenario)
    zones = zones[zones["latency_critical_mw"] > 0.0]
    here = left.eligible.any(axis=1)
    away_km = geodesic_km(
        sites["lat_deg"].to_numpy(dtype=float)[here, None],
        sites["lon_deg"].to_numpy(dtype=float)[here, None],
        zones["lat_deg"].to_numpy(dtype=float)[None, :],
        zones["lon_deg"].to_numpy(dtype=float)[None, :],
    )
    far = ~(away_km <= scenario.demand.latency_critical_max_km).any(axis=0)
    return tuple(
        OutOfReach(
            str(code),
            str(zone["name_en"]),
            str(zone["name_ja"]),
            float(zone["latency_critical_mw"]),
        )
        for code, zone in zones[far].iterrows()
    )
