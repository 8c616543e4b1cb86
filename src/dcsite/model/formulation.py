"""The model's own rows, each with its formula, and how the whole program is put together.

Demand: total demand equals the total new IT load and is spread over the 47 prefectures and the
classes of workloads. A class with a limit may be served only by hubs within a round trip over the
network, one without anywhere; some by domestic sites alone. Unserved demand is allowed at a high
penalty, so that a shortage is reported and never hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, criteria
from dcsite.network import network_of, on_land
from dcsite.sites import demand_by_prefecture

from .program import DEMAND, SiteProgram

if TYPE_CHECKING:
    import pulp
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Demand, Scenario

    from .candidates import Candidates


def assemble(
    candidates: Candidates,
    *,
    spaced: bool = True,
    scored: bool = True,
    problem: pulp.LpProblem | None = None,
    suffix: str = "",
) -> SiteProgram:
    """Assemble the program of a question: decisions, rules, criteria, demand and objective.

    Parameters
    ----------
    candidates : Candidates
        What is asked, of which sites, and how strictly each rule holds.
    spaced : bool
        Whether the rows that keep hubs apart are laid: they take longest, and hold only ones. The
        program names the rules it left out in `unspaced`.
    scored : bool
        Whether demand and scores follow. They have slack: without them the program has a plan
        where the whole one has, and no objective.
    problem, suffix
        As for :class:`SiteProgram`, where other programs stand in the same problem.

    Returns
    -------
    SiteProgram
        Its `problem` is ready for a solver.
    """
    program = SiteProgram(candidates, spaced=spaced, problem=problem, suffix=suffix)
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
    program.unserved = serve_demand(program)
    for criterion in criteria():
        program.origin = criterion.name
        program.add_scores(criterion.name, criterion.score(program))
    program.set_objective(program.unserved)
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

    ``it_load_mw[i] == keep_mw[i] * sum(open[i, t] over t)``, where an MW is given; ``>=`` where it
    is the least.
    """
    if "wish" not in program.sites:
        return
    wish = program.sites["wish"].to_numpy(dtype=object)
    keep_mw = program.sites["keep_mw"].to_numpy(dtype=float)
    least = program.sites["keep_least"].to_numpy(dtype=bool)
    for value, rule in (("keep", "kept"), ("prefer", "preferred")):
        for site in np.flatnonzero(wish == value).tolist():
            here = np.zeros(program.eligible.shape)
            here[site] = 1.0
            opens, name = program.open_terms(here), f"{rule}_{program.labels[site]}"
            program.row(name, opens, ">=", 1.0, rule=rule, slack_up=1.0)
            if keep_mw[site] > 0.0:
                less = [(variable, -keep_mw[site]) for variable, _ in opens]
                sense = ">=" if least[site] else "=="
                program.row(f"{name}_mw", [*program.load_terms(here), *less], sense, 0.0)


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
    given: Any = False
    if "keep_mw" in program.sites:
        sites = program.sites
        given = ((sites["keep_mw"] > 0.0) & ~sites["keep_least"].astype(bool)).to_numpy()
    for site in np.flatnonzero(program.eligible.any(axis=1) & ~np.asarray(given)).tolist():
        here = np.zeros(program.eligible.shape)
        here[site] = 1.0
        full = program.open_terms(-here * full_mw)
        name = f"full_{program.labels[site]}"
        program.row(name, [*program.load_terms(here), *full], "==", 0.0)


def demand_zones(atlas: Atlas, scenario: Scenario) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spread the total demand over the prefectures and the classes of workloads.

    Returns
    -------
    zones : pandas.DataFrame
        Indexed by `pref_code`: `name_en`, `name_ja`, `lat_deg`, `lon_deg` (prefectural office),
        `landmass_id`.
    asked_mw : pandas.DataFrame
        Its demand of each class that has any, in MW of IT load.
    """
    prefectures, total_mw = atlas.table("prefectures"), demand_by_prefecture(atlas, scenario)
    names = {"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"}
    zones = prefectures.rename(columns=names)[["name_en", "name_ja", *names.values()]]
    parts = scenario.demand.classes.parts()
    asked_mw = pd.DataFrame({name: total_mw * part for name, part in parts.items()}, zones.index)
    return on_land(zones, atlas), asked_mw


def domestic_sites(sites: pd.DataFrame, demand: Demand) -> NDArray[np.bool_]:
    """Tell which sites count as domestic."""
    if "domestic" not in sites:
        return np.full(len(sites), demand.unmarked_sites_domestic)
    said = sites["domestic"].to_numpy(dtype=object)
    return np.asarray((said == "yes") | ((said != "no") & demand.unmarked_sites_domestic))


def zones_in_reach(
    sites: pd.DataFrame, zones: pd.DataFrame, atlas: Atlas, scenario: Scenario
) -> dict[str, NDArray[np.bool_]]:
    """Tell by class with demand which zones' each site may serve, shape (sites, zones)."""
    demand = scenario.demand
    network = network_of(atlas, scenario.network)
    away_ms = network.round_trip_ms(network.fibre_km(sites, zones))
    domestic = domestic_sites(sites, demand)[:, None]
    classes = {name: demand.classes[name] for name in demand.classes.parts()}
    return {
        name: (away_ms <= one.limit_ms) & (domestic | (one.sites == "any"))
        for name, one in classes.items()
    }


def serve_demand(program: SiteProgram) -> Terms:
    """Add service of demand and return the objective's terms for what stays unserved.

    Of each class c with a limit and zone j, over the groups g of sites that may serve it:
    ``sum(served[c, j, g] over g) + unserved[c, j] >= demand[c, j]``, and for each group
    ``sum(served[c, j, g] over c, j) <= it_load_mw of g``. Of each class without a limit:
    ``served[c] + unserved[c] >= sum(demand[c, j] over j)``. Over all hubs, and over domestic ones
    with what they alone may serve: ``sum(served) <= it_load_mw``.

    Sites within reach of the same zones form one group: any flow to a group can be handed on to
    its hubs, so the meaning is that of a flow to each site with far fewer columns. Quantities are
    shares of the total, which keeps coefficients near 1.
    """
    scenario, total = program.scenario, program.total_it_load_mw
    zones, asked_mw = demand_zones(program.atlas, scenario)
    if asked_mw.empty:
        return []
    here = np.flatnonzero(program.eligible.any(axis=1))
    sites = program.sites.iloc[here]
    reach = zones_in_reach(sites, zones, program.atlas, scenario)
    classes = {name: scenario.demand.classes[name] for name in reach}
    limited = [name for name, one in classes.items() if one.max_ms != "none"]
    domestic = domestic_sites(sites, scenario.demand)
    pattern = np.column_stack([*(reach[name] for name in limited), domestic])
    patterns, group = np.unique(pattern, axis=0, return_inverse=True)
    service: dict[tuple[str, int], Terms] = {}
    every: dict[str, Terms] = {"any": [], "domestic": []}

    def within(members: NDArray[np.intp], flows: Terms, name: str) -> None:
        inside = np.zeros(program.eligible.shape)
        inside[members] = 1.0 / total
        load = [(variable, -coefficient) for variable, coefficient in program.load_terms(inside)]
        program.row(name, [*flows, *load], "<=", 0.0)

    for number, one in enumerate(patterns):
        flows: Terms = []
        for at in np.flatnonzero(one[:-1]).tolist():
            name, zone = limited[at // len(zones)], at % len(zones)
            served = program.continuous(f"served_{name}_{zones.index[zone]}_g{number}", 0.0)
            flows.append((served, 1.0))
            service.setdefault((name, zone), []).append((served, 1.0))
        every["any"] += flows
        if one[-1]:
            every["domestic"] += flows
        if flows:
            within(here[group.ravel() == number], flows, f"capacity_g{number}")
    unserved: Terms = []

    def served_or_not(name: str, flows: Terms, mw: float) -> None:
        short = program.continuous(f"unserved_{name}", 0.0, mw / total)
        program.row(f"demand_{name}", [*flows, (short, 1.0)], ">=", mw / total)
        unserved.append((short, 1.0))

    for name, one in classes.items():
        if name in limited:
            for zone, (code, mw) in enumerate(asked_mw[name].items()):
                served_or_not(f"{name}_{code}", service.get((name, zone), []), mw)
            continue
        served = (program.continuous(f"served_{name}", 0.0), 1.0)
        every["any"].append(served)
        if one.sites == "domestic":
            every["domestic"].append(served)
        served_or_not(name, [served], float(asked_mw[name].sum()))
    within(here, every["any"], "capacity_all")
    if not domestic.all() and any(one.sites == "domestic" for one in classes.values()):
        within(here[domestic], every["domestic"], "capacity_domestic")
    penalty = float(scenario.penalties["unserved"])
    return [(variable, -penalty * share) for variable, share in unserved]
