"""What distance allows at most: demand within reach of a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcsite.geo.geodesy import geodesic_km
from dcsite.model.demand import demand_zones

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model.funnel import Candidates
    from dcsite.scenario import Scenario


@dataclass(frozen=True)
class OutOfReach:
    """A demand zone with no candidate near enough for its latency-critical part of `mw`."""

    pref_code: str
    name_en: str
    name_ja: str
    mw: float


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
