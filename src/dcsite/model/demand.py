"""Demand zones: where computing demand arises and which hubs may serve it.

Total demand equals the total new IT load and is spread over the 47 prefectures. The
latency-critical part of a zone may be served only by hubs within a straight-line distance; the
latency-tolerant part anywhere. Unserved demand is allowed at a high penalty, so that a shortage
is reported and never hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.geo.geodesy import geodesic_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

    from .program import SiteProgram

#: Column of the prefectures' table behind each way of spreading demand.
WEIGHT_COLUMNS = {
    "gdp": "gdp_million_jpy_fy2021",
    "population": "population_census_2020",
    "ict_employees": "employees_ict_2021",
}


@dataclass(frozen=True)
class _SiteGroup:
    """Sites within reach of exactly the same zones: they can stand in for one another."""

    members: NDArray[np.intp]
    zones: NDArray[np.intp]


def demand_zones(atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
    """Spread the total demand over the prefectures.

    Returns
    -------
    pandas.DataFrame
        Indexed by `pref_code`: `name_en`, `name_ja`, `lat_deg`, `lon_deg` (prefectural office),
        `latency_critical_mw`, `latency_tolerant_mw`.
    """
    prefectures = atlas.table("prefectures")
    weight = prefectures[WEIGHT_COLUMNS[scenario.demand.zone_weight]].astype(float)
    total_mw = scenario.total_new_it_load_mw * weight / weight.sum()
    critical = scenario.demand.latency_critical_share
    return pd.DataFrame(
        {
            "name_en": prefectures["name_en"],
            "name_ja": prefectures["name_ja"],
            "lat_deg": prefectures["office_lat_deg"],
            "lon_deg": prefectures["office_lon_deg"],
            "latency_critical_mw": total_mw * critical,
            "latency_tolerant_mw": total_mw * (1.0 - critical),
        }
    )


def serve_demand(program: SiteProgram) -> Terms:
    """Add service of demand and return the objective's terms for what stays unserved.

    ``sum(served[j, g] over g) + unserved[j] >= critical demand of zone j``;
    ``sum(served[j, g] over j) <= it_load_mw of group g``;
    ``sum(served) + served_tolerant <= it_load_mw of all hubs``;
    ``served_tolerant + unserved_tolerant >= tolerant demand``.

    Sites within reach of the same zones form one group g: any flow to a group can be handed on to
    its hubs, so the meaning is that of a flow to each site with far fewer columns. Quantities are
    shares of the total, which keeps coefficients near 1.
    """
    zones = demand_zones(program.atlas, program.scenario)
    total = program.total_it_load_mw
    critical = zones["latency_critical_mw"].to_numpy() / total
    unserved: Terms = []
    service: dict[int, Terms] = {number: [] for number in range(len(zones))}
    every: Terms = []
    for number, group in enumerate(_groups(program, zones)):
        flows: Terms = []
        for zone in group.zones.tolist():
            served = program.continuous(f"served_{zones.index[zone]}_g{number}", 0.0)
            flows.append((served, 1.0))
            service[zone].append((served, 1.0))
        every += flows
        inside = np.zeros(program.eligible.shape)
        inside[group.members] = 1.0 / total
        load = [(variable, -coefficient) for variable, coefficient in program.load_terms(inside)]
        program.row(f"capacity_g{number}", [*flows, *load], "<=", 0.0)
    for zone, code in enumerate(zones.index):
        short = program.continuous(f"unserved_critical_{code}", 0.0, float(critical[zone]))
        program.row(
            f"demand_critical_{code}", [*service[zone], (short, 1.0)], ">=", float(critical[zone])
        )
        unserved.append((short, 1.0))
    tolerant = float(zones["latency_tolerant_mw"].sum() / total)
    served = program.continuous("served_tolerant", 0.0)
    short = program.continuous("unserved_tolerant", 0.0, tolerant)
    program.row("demand_tolerant", [(served, 1.0), (short, 1.0)], ">=", tolerant)
    everything = np.full(program.eligible.shape, 1.0 / total)
    load = [(variable, -coefficient) for variable, coefficient in program.load_terms(everything)]
    program.row("capacity_all", [*every, (served, 1.0), *load], "<=", 0.0)
    unserved.append((short, 1.0))
    penalty = float(program.scenario.penalties["unserved"])
    return [(variable, -penalty * share) for variable, share in unserved]


def _groups(program: SiteProgram, zones: pd.DataFrame) -> list[_SiteGroup]:
    here = np.flatnonzero(program.eligible.any(axis=1))
    distance_km = geodesic_km(
        program.sites["lat_deg"].to_numpy(dtype=float)[here, None],
        program.sites["lon_deg"].to_numpy(dtype=float)[here, None],
        zones["lat_deg"].to_numpy()[None, :],
        zones["lon_deg"].to_numpy()[None, :],
    )
    reach = distance_km <= program.scenario.demand.latency_critical_max_km
    patterns, group = np.unique(reach, axis=0, return_inverse=True)
    group = group.ravel()
    return [
        _SiteGroup(here[group == number], np.flatnonzero(pattern))
        for number, pattern in enumerate(patterns)
        if pattern.any()
    ]
