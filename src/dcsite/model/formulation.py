"""The model's own rows, each with its formula, and how the whole program is put together.

Demand: total demand equals the total new IT load and is spread over the 47 prefectures. The
latency-critical part of a zone may be served only by hubs within a round trip over the network; the
latency-tolerant part anywhere. Unserved demand is allowed at a high penalty, so that a shortage
is reported and never hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, criteria
from dcsite.network import network_of, on_land

from .program import DEMAND, SiteProgram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

    from .candidates import Candidates

#: Column of the prefectures' table behind each way of spreading demand.
WEIGHT_COLUMNS = {
    "gdp": "gdp_million_jpy_fy2021",
    "population": "population_census_2020",
    "ict_employees": "employees_ict_2021",
}


def assemble(
    candidates: Candidates, *, spacing_km: float = 0.0, spaced: bool = True, scored: bool = True
) -> SiteProgram:
    """Assemble the program of a question: decisions, rules, criteria, demand and objective.

    Parameters
    ----------
    candidates : Candidates
        What is asked, of which sites, and how strictly each rule holds.
    spacing_km : float
        Least distance between any two new hubs, beside the rules; 0 asks for none.
    spaced : bool
        Whether the rows that keep hubs apart are laid: they take longest, and hold only ones. The
        program names the rules it left out in `unspaced`.
    scored : bool
        Whether demand and scores follow. They have slack: without them the program has a plan
        where the whole one has, and no objective.

    Returns
    -------
    SiteProgram
        Its `problem` is ready for a solver.
    """
    program = SiteProgram(candidates, spacing_km, spaced=spaced)
    program.reserve({t for one in criteria() for t in one.reserve_tiers(candidates.scenario)})
    count_tiers(program)
    place_cores(program)
    named_places(program)
    total_load(program)
    full_loads(program)
    for criterion in criteria():
        program.origin = criterion.name
        criterion.constrain(program)
    program.origin = DEMAND
    if not scored:
        return program
    unserved = serve_demand(program)
    for criterion in criteria():
        program.origin = criterion.name
        program.add_scores(criterion.name, criterion.score(program))
    program.set_objective(unserved)
    return program


def count_tiers(program: SiteProgram) -> None:
    """Bound the number of hubs: ``min_t <= sum(open[i, t]) <= max_t`` (strategy F1, C8, C3).

    Whether core hubs count among the large ones is not stated in the strategy; the scenario's
    `cores_count_as_large` decides.
    """
    for number, tier in enumerate(TIERS):
        coefficient = np.zeros(program.eligible.shape)
        coefficient[:, number] = 1.0
        if tier == "large" and program.scenario.cores_count_as_large:
            coefficient[:, TIERS.index("core")] = 1.0
        count = program.scenario.tiers[tier].count
        terms = program.open_terms(coefficient)
        up = float(len(program.sites))
        for sense, bound, name in ((">=", count.min, "least"), ("<=", count.max, "most")):
            program.row(
                f"count_{name}_{tier}", terms, sense, float(bound), rule="tier_counts", slack_up=up
            )


def place_cores(program: SiteProgram) -> None:
    """Place a core in each named region: ``sum(open[i, core] for i in region) >= 1`` (F5)."""
    for region, inside in program.candidates.core_regions.items():
        coefficient = np.zeros(program.eligible.shape)
        coefficient[:, TIERS.index("core")] = inside
        program.row(
            f"core_region_{region}",
            program.open_terms(coefficient),
            ">=",
            1.0,
            rule="core_regions",
            slack_up=1.0,
        )


def named_places(program: SiteProgram) -> None:
    """Open kept and preferred places: ``sum(open[i, t] over t) >= 1``; a kept hub carries its MW.

    ``it_load_mw[i] == keep_mw[i] * sum(open[i, t] over t)``, where an MW is given.
    """
    if "wish" not in program.sites:
        return
    wish = program.sites["wish"].to_numpy(dtype=object)
    keep_mw = program.sites["keep_mw"].to_numpy(dtype=float)
    for value, rule in (("keep", "kept"), ("prefer", "preferred")):
        for site in np.flatnonzero(wish == value).tolist():
            here = np.zeros(program.eligible.shape)
            here[site] = 1.0
            opens, name = program.open_terms(here), f"{rule}_{program.labels[site]}"
            program.row(name, opens, ">=", 1.0, rule=rule, slack_up=1.0)
            if keep_mw[site] > 0.0:
                less = [(variable, -keep_mw[site]) for variable, _ in opens]
                program.row(f"{name}_mw", [*program.load_terms(here), *less], "==", 0.0)


def total_load(program: SiteProgram) -> None:
    """Carry the total: ``sum(it_load_mw) / total == 1``."""
    share = np.full(program.eligible.shape, 1.0 / program.total_it_load_mw)
    program.row(
        "total_it_load", program.load_terms(share), "==", 1.0, rule="total_it_load", slack_up=10.0
    )


def full_loads(program: SiteProgram) -> None:
    """Let each hub carry all it can: ``it_load_mw[i] == sum(full_mw[i, t] * open[i, t] over t)``.

    That is what its land carries or the user's file gives, up to the tier's largest load; a kept
    hub with an MW of its own carries that.
    """
    if program.scenario.demand.hub_loads != "full":
        return
    most_mw = [program.scenario.tiers[tier].it_load_mw.max for tier in TIERS]
    full_mw = np.minimum(program.sites["max_it_load_mw"].to_numpy(dtype=float)[:, None], most_mw)
    given = program.sites["keep_mw"].to_numpy() > 0.0 if "keep_mw" in program.sites else False
    for site in np.flatnonzero(program.eligible.any(axis=1) & ~np.asarray(given)).tolist():
        here = np.zeros(program.eligible.shape)
        here[site] = 1.0
        full = program.open_terms(-here * full_mw)
        name = f"full_{program.labels[site]}"
        program.row(name, [*program.load_terms(here), *full], "==", 0.0)


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
        `landmass_id`, `latency_critical_mw`, `latency_tolerant_mw`.
    """
    prefectures = atlas.table("prefectures")
    weight = prefectures[WEIGHT_COLUMNS[scenario.demand.zone_weight]].astype(float)
    total_mw = scenario.total_new_it_load_mw * weight / weight.sum()
    critical = scenario.demand.latency_critical_share
    zones = pd.DataFrame(
        {
            "name_en": prefectures["name_en"],
            "name_ja": prefectures["name_ja"],
            "lat_deg": prefectures["office_lat_deg"],
            "lon_deg": prefectures["office_lon_deg"],
            "latency_critical_mw": total_mw * critical,
            "latency_tolerant_mw": total_mw * (1.0 - critical),
        }
    )
    return on_land(zones, atlas)


def zones_in_reach(candidates: Candidates, zones: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which zones' latency-critical demand each site left for any tier is near enough to."""
    here = candidates.eligible.any(axis=1)
    network = network_of(candidates.atlas, candidates.scenario.network)
    away_ms = network.round_trip_ms(network.fibre_km(candidates.sites[here], zones))
    return np.asarray(away_ms <= candidates.scenario.demand.latency_critical_max_ms)


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
    reach = zones_in_reach(program.candidates, zones)
    patterns, group = np.unique(reach, axis=0, return_inverse=True)
    group = group.ravel()
    return [
        _SiteGroup(here[group == number], np.flatnonzero(pattern))
        for number, pattern in enumerate(patterns)
        if pattern.any()
    ]
