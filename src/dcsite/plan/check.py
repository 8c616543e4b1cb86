"""Check a plan anew from coordinates and tables, sharing nothing with the formulation.

Plain NumPy and pandas on the chosen sites: every rule of the model and of the criteria, who serves
whom, and the objective from the measures' scores. A hard rule that does not hold, a flow that may
not be or an objective that disagrees is a bug in dcsite and no plan is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from dcsite.contract import (
    TIER_TITLES,
    TIERS,
    Breach,
    Evaluation,
    Violation,
    about_mw,
    criteria,
    place_name,
    printed_for,
)
from dcsite.errors import CheckError, CriterionError, Problem
from dcsite.model import all_rules, demand_zones
from dcsite.network import fibre_km_between, network_of

from .flows import flows_of
from .places import kept_place
from .types import UnservedZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

    from .types import Flow

#: Violations of a hard rule below this are the solvers' own feasibility tolerance.
_TOLERANCE = 1e-5
#: MW by which many flows may miss what they add up to.
_FLOW_MW = 1e-3


@dataclass(frozen=True)
class Checked:
    """A plan found sound: what it measures, breaks softly, whom it serves, what it is worth."""

    evaluations: dict[str, Evaluation]
    violations: tuple[Violation, ...]
    flows: tuple[Flow, ...]
    unserved: tuple[UnservedZone, ...]
    unserved_mw: float
    objective: float


_Hubs = TypeVar("_Hubs", bound=pd.DataFrame)


def highest_first(hubs: _Hubs) -> _Hubs:
    """Return hubs as plans list them: by tier, then by falling load, then by `site_id`."""
    site_id = hubs.index.to_numpy(dtype=str)
    tier = hubs["tier"].map(TIERS.index).to_numpy(dtype=int)
    return hubs.iloc[np.lexsort((site_id, -hubs["it_load_mw"].to_numpy(dtype=float), tier))]


def decided(hubs: pd.DataFrame) -> pd.DataFrame:
    """Return what a plan decides of its hubs: `tier`, `it_load_mw`, `reserve_mw` (else 0)."""
    columns = ["tier", "it_load_mw", "reserve_mw"]
    return hubs.reindex(columns=columns).fillna({"reserve_mw": 0.0})


def check_plan(
    hubs: pd.DataFrame,
    atlas: Atlas,
    scenario: Scenario,
    *,
    claimed_objective: float,
    bound: float,
    scored_measures: Mapping[str, Sequence[str]] | None = None,
) -> Checked:
    """Evaluate chosen hubs anew and hold the result against the solver's claim.

    Parameters
    ----------
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`: `tier`, `it_load_mw`, `reserve_mw` (0 where it is
        missing), `lat_deg`, `lon_deg`, `area`, `pref_code`, `municipality_code`, `landmass_id`,
        `max_it_load_mw`, `hectares`, `allowed_tier`.
    atlas, scenario
        What is known and asked.
    claimed_objective, bound : float
        The solver's objective and its proven bound, in objective points (maximised).
    scored_measures : mapping of str to sequence of str, optional
        By criterion, the measures its terms of the objective are named after; `evaluate` has to
        give each of them, else the objective here would lack a term.

    Returns
    -------
    Checked
        With the objective as evaluated here; it may exceed the claim where a solver stopped with
        continuous decisions not yet at their best, never the bound.

    Raises
    ------
    CheckError
        If a hard rule does not hold or the objective disagrees; names rule and sites.
    CriterionError
        If a criterion scores what it does not measure.
    """
    if "reserve_mw" not in hubs:
        hubs = hubs.assign(reserve_mw=0.0)
    _refuse_structure(hubs, scenario)
    gap = (bound - claimed_objective) / max(abs(claimed_objective), 1e-9)
    with printed_for(hubs["it_load_mw"].tolist(), gap):
        evaluations = {one.name: one.evaluate(hubs, atlas, scenario) for one in criteria()}
        _refuse_unmeasured(evaluations, scored_measures or {})
        _refuse_sums(evaluations, hubs)
        breaches = [breach for found in evaluations.values() for breach in found.breaches]
        breaches += _program_breaches(hubs, atlas, scenario)
    report = "no plan was written, please report this"
    _refuse(
        (
            f"rules.{one.rule}",
            f"{one.message_en} (sites {', '.join(one.site_ids) or 'all'}); {report}",
        )
        for one in breaches
        if scenario.rules[one.rule] == "hard" and one.amount > _TOLERANCE
    )
    rules = all_rules()
    full = scenario.demand.hub_loads == "full"  # the demand is what they carry
    carbon_free = [one.decarbonised for one in evaluations.values()]
    clean = next((share for share in carbon_free if share is not None), None)
    flows = () if full else flows_of(hubs, atlas, scenario, clean)
    unserved = () if full else unserved_demand(flows, hubs, atlas, scenario)
    unserved_mw = sum(zone.unserved_mw for zone in unserved)
    violations = tuple(
        Violation(
            breach.rule,
            breach.amount,
            rules[breach.rule].unit,
            breach.site_ids,
            breach.amount * float(scenario.penalties[breach.rule]),
            breach.message_en,
            breach.message_ja,
        )
        for breach in breaches
        if scenario.rules[breach.rule] == "soft"
    )
    objective = (
        sum(
            measure.weight * measure.score
            for found in evaluations.values()
            for measure in found.measures
            if measure.score is not None
        )
        - sum(violation.penalty for violation in violations)
        - float(scenario.penalties["unserved"]) * unserved_mw / scenario.total_new_it_load_mw
    )
    slack = _TOLERANCE * max(1.0, abs(claimed_objective)) + 1e-9
    if objective < claimed_objective - slack or objective > bound + slack:
        message = (
            f"the solver claims {claimed_objective:.8f} (bound {bound:.8f}) for hubs "
            f"{', '.join(map(str, hubs.index))}, evaluation from tables gives {objective:.8f}; "
            f"{report}"
        )
        _refuse([("objective", message)])
    return Checked(evaluations, violations, flows, unserved, unserved_mw, min(objective, bound))


def unserved_demand(
    flows: Sequence[Flow], hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario
) -> tuple[UnservedZone, ...]:
    """Find what flows leave unserved, and hold each against what hubs carry and may serve.

    Ways are found anew, one by one. What bears delay is short as a whole, since where it arises
    does not matter.

    Raises
    ------
    CheckError
        If a hub serves more than it carries or what it may not, a prefecture more than it asks, or
        a round trip is another.
    """
    zones, asked_mw = demand_zones(atlas, scenario)
    if asked_mw.empty:
        return ()
    network = network_of(atlas, scenario.network)
    away_ms = network.round_trip_ms(fibre_km_between(network, zones, hubs))
    code, site, kind = (
        {str(one): n for n, one in enumerate(of)}
        for of in (zones.index, hubs.index, asked_mw.columns)
    )
    short = asked_mw.to_numpy(copy=True)
    carried = np.zeros(len(hubs))
    said = hubs["domestic"].tolist() if "domestic" in hubs else [None] * len(hubs)
    unmarked = scenario.demand.unmarked_sites_domestic
    wrong = []
    for flow in flows:
        zone, hub = code[flow.pref_code], site[flow.site_id]
        own = scenario.demand.classes[flow.workload]
        off_ms = abs(min(flow.round_trip_ms, 1e9) - min(away_ms[zone, hub], 1e9))
        home = {"yes": True, "no": False}.get(str(said[hub]), unmarked)
        if (own.sites == "domestic" and not home) or away_ms[zone, hub] > own.limit_ms + 1e-6:
            wrong.append(f"serves {flow.workload} demand of {flow.pref_code}, which it may not")
        if off_ms > _TOLERANCE:
            wrong.append(f"is said to be {flow.round_trip_ms:g} ms from {flow.pref_code}")
        short[zone, kind[flow.workload]] -= flow.it_load_mw
        carried[hub] += flow.it_load_mw
    over_mw = max(float((carried - hubs["it_load_mw"]).max()), -float(short.min()))
    if over_mw > _FLOW_MW:
        wrong.append(f"up to {over_mw:g} MW more are served than a hub carries or is asked for")
    _refuse(("flows", one) for one in wrong)
    places = [(str(at), str(one["name_en"]), str(one["name_ja"])) for at, one in zones.iterrows()]
    found = []
    for name, number in kind.items():
        if scenario.demand.classes[name].max_ms == "none":
            found.append((("", "Japan", "全国"), name, float(short[:, number].sum())))
        else:
            found += [
                (place, name, float(mw)) for place, mw in zip(places, short.T[number], strict=True)
            ]
    return tuple(UnservedZone(*at, name, mw) for at, name, mw in found if mw > _TOLERANCE)


def _refuse_unmeasured(
    evaluations: Mapping[str, Evaluation], scored_measures: Mapping[str, Sequence[str]]
) -> None:
    missing = [
        Problem(
            f"criterion {name}",
            "",
            f"evaluate() gives no measure for score term {term}; its Evaluation must hold a scored "
            f"Measure of that name for each ScoreTerm that score() returns",
        )
        for name, terms in scored_measures.items()
        for term in terms
        if not any(
            measure.name == term and measure.score is not None
            for measure in evaluations[name].measures
        )
    ]
    if missing:
        raise CriterionError(missing)


def _refuse_sums(evaluations: Mapping[str, Evaluation], hubs: pd.DataFrame) -> None:
    """Hold loads on parts of the power system against the hubs: each in one part, MW for MW."""
    load_mw = dict(zip(map(str, hubs.index), hubs["it_load_mw"], strict=True))
    for name, found in evaluations.items():
        for part in dict.fromkeys(one.part for one in found.loads):
            own = [one for one in found.loads if one.part == part]
            off_mw = [
                one.it_load_mw - sum(load_mw.get(site, 0.0) for site in one.site_ids) for one in own
            ]
            placed = sorted(site for one in own for site in one.site_ids)
            if placed != sorted(load_mw) or max(map(abs, off_mw)) > _TOLERANCE:
                message = "do not add up to the hubs' IT load, or a hub is in none or in two"
                raise CriterionError(Problem(f"criterion {name}", f"loads by {part}", message))


def _refuse(wrong: Iterable[tuple[str, str]]) -> None:
    """Refuse the plan if anything is wrong: of what, and what it is."""
    problems = [Problem("independent check", of, what) for of, what in wrong]
    if problems:
        raise CheckError(problems)


def _program_breaches(hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> list[Breach]:
    breaches: list[Breach] = []
    counts = hubs["tier"].value_counts()
    for tier in TIERS:
        wanted = scenario.tiers[tier].count
        have = int(counts.get(tier, 0))
        if tier == "large" and scenario.cores_count_as_large:
            have += int(counts.get("core", 0))
        off = max(wanted.min - have, have - wanted.max, 0)
        if off:
            breaches.append(
                Breach(
                    "tier_counts",
                    float(off),
                    (),
                    f"{have} {tier} hub(s), {wanted.min} to {wanted.max} wanted",
                    f"{TIER_TITLES[tier][1]}が{have}か所（必要{wanted.min}〜{wanted.max}）",
                )
            )
    regions = atlas.table("core_regions")
    region_names = regions.drop_duplicates("region").set_index("region")
    cores = hubs[hubs["tier"] == "core"]
    asked = scenario.tiers.core.count.max > 0 or scenario.rules["tier_counts"] == "off"
    for region in scenario.tiers.core.regions if asked else ():
        if not cores["pref_code"].isin(regions.index[regions["region"] == region]).any():
            en, ja = (str(region_names.loc[region, name]) for name in ("name_en", "name_ja"))
            breaches.append(
                Breach("core_regions", 1.0, (), f"no core hub in {en}", f"{ja}に中核拠点がない")
            )
    breaches += _named_breaches(hubs, scenario)
    total = scenario.total_new_it_load_mw
    off_total = abs(float(hubs["it_load_mw"].sum()) - total) / total
    if off_total > _TOLERANCE:
        breaches.append(
            Breach(
                "total_it_load",
                off_total,
                (),
                f"hubs carry {hubs['it_load_mw'].sum():.1f} MW of {total:.1f} MW asked",
                f"拠点合計{hubs['it_load_mw'].sum():.1f} MW（目標{total:.1f} MW）",
            )
        )
    return breaches + site_breaches(hubs, scenario)


def _named_breaches(hubs: pd.DataFrame, scenario: Scenario) -> list[Breach]:
    """Say which places to be kept or preferred are no hub; refuse hubs that are not as asked."""
    kept = [kept_place(text, hubs) for text in scenario.places.keep]
    wrong = [site for site in scenario.places.forbid if site in hubs.index]
    if scenario.demand.hub_loads == "full":
        most_mw = hubs["tier"].map(lambda tier: scenario.tiers[tier].it_load_mw.max)
        full_mw = hubs["max_it_load_mw"].clip(upper=most_mw)
        given = [one.site_id for one in kept if one.mw > 0.0 and not one.least]
        off = (hubs["it_load_mw"] - full_mw).abs() > _TOLERANCE * full_mw.clip(lower=1.0)
        wrong += [site for site in hubs.index[off] if site not in given]
    for site, tier, mw, least in kept:
        if site in hubs.index:
            hub = hubs.loc[site]
            off_mw = mw - hub["it_load_mw"] if mw > 0.0 else 0.0
            off_mw = off_mw if least else abs(off_mw)
            if (tier and hub["tier"] != tier) or off_mw > _TOLERANCE * max(1.0, mw):
                wrong.append(site)
    _refuse(
        (site, "is a hub that places or demand.hub_loads do not allow as it is") for site in wrong
    )
    asked = {"kept": [one.site_id for one in kept], "preferred": scenario.places.prefer}
    words = {"kept": ("kept", "指定"), "preferred": ("preferred", "優先")}
    return [
        Breach(
            rule,
            1.0,
            (),
            f"{site} is to be {words[rule][0]} and is no hub",
            f"{words[rule][1]}した場所{site}が拠点になっていない",
        )
        for rule, sites in asked.items()
        for site in sites
        if site not in hubs.index
    ]


def site_breaches(hubs: pd.DataFrame, scenario: Scenario) -> list[Breach]:
    """Say where a hub breaks what the program itself asks of its place: land and people."""
    total, least = scenario.total_new_it_load_mw, scenario.workforce.min_population
    over_mw = (hubs["it_load_mw"] + hubs.get("reserve_mw", 0.0) - hubs["max_it_load_mw"]).to_numpy(
        dtype=float
    )
    people = hubs["population_2020"].to_numpy(dtype=float)
    usable = hubs["hectares"].astype(float).fillna(hubs["max_it_load_mw"] / scenario.land.mw_per_ha)
    guide_ha, usable_ha = scenario.land.guide_ha, usable.to_numpy()

    def where(broken: NDArray[np.bool_]) -> list[tuple[int, tuple[str], str, str]]:
        return [
            (n, (str(hubs.index[n]),), *place_name(hubs, n))
            for n in np.flatnonzero(broken).tolist()
        ]

    land = [
        Breach(
            "land",
            float(over_mw[n] / total),
            site,
            f"{en} is {about_mw(over_mw[n])[0]} larger than its usable land allows",
            f"{ja}は利用可能な土地を{about_mw(over_mw[n])[1]}超過",
        )
        for n, site, en, ja in where(over_mw / total > _TOLERANCE)
    ]
    workforce = [
        Breach(
            "workforce",
            1.0,
            site,
            f"{en} has {people[n]:,.0f} residents, {least:,} wanted",
            f"{ja}の人口は{people[n]:,.0f}人（必要{least:,}人）",
        )
        for n, site, en, ja in where(people < least)
    ]
    guide = [
        Breach(
            "land_guide",
            float((guide_ha - usable_ha[n]) / guide_ha),
            site,
            f"{en} has {usable_ha[n]:.1f} ha of usable land, about {guide_ha:g} ha is the guide",
            f"{ja}の利用可能地は{usable_ha[n]:.1f} ha（目安{guide_ha:g} ha）",
        )
        for n, site, en, ja in where(usable_ha < guide_ha)
    ]
    return [*land, *workforce, *guide]


def _refuse_structure(hubs: pd.DataFrame, scenario: Scenario) -> None:
    """Refuse what no switch allows: a site used twice, loads or reserves not of its tier."""
    reserving = {tier for one in criteria() for tier in one.reserve_tiers(scenario)}
    wrong = [
        (str(site), "opens in more than one tier") for site in hubs.index[hubs.index.duplicated()]
    ]
    for site, hub in hubs.iterrows():
        bounds = getattr(scenario.tiers, hub["tier"]).it_load_mw
        load, reserve = hub["it_load_mw"], hub["reserve_mw"]
        held = f" and {reserve:g} MW in reserve" if reserve else ""
        if not bounds.min - _TOLERANCE <= load <= load + reserve <= bounds.max + _TOLERANCE:
            takes = f"a {hub['tier']} hub takes {bounds.min:g} to {bounds.max:g} MW"
            wrong.append((str(site), f"carries {load:g} MW{held}, {takes}"))
        if reserve and hub["tier"] not in reserving:
            why = f"holds {reserve:g} MW in reserve, which no rule asks of a {hub['tier']} hub"
            wrong.append((str(site), why))
        if isinstance(hub["allowed_tier"], str) and hub["allowed_tier"] != hub["tier"]:
            wrong.append((str(site), f"is offered as {hub['allowed_tier']} only"))
    _refuse(wrong)
