"""The separation of hubs: rows for exactly the pairs that are nearer than their tiers ask for."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.geo.geodesy import geodesic_destination, geodesic_km
from dcsite.model import Candidates, assemble, cliques
from dcsite.solvers import SolveOptions, find_answer

DISTANCE_KM = {"core": 400.0, "large": 150.0, "regional": 80.0}


def kept_apart(program, prefixes):
    """Return the pairs of (site, tier) that rows of these names let open one of at most."""
    columns = {}
    for site, tier in zip(*program.eligible.nonzero(), strict=True):
        columns[program.open[site, tier].name] = {(site, tier)}
        for level in range(tier, len(TIERS)):
            name = f"hub_{TIERS[level]}_{program.labels[site]}"
            columns.setdefault(name, set()).add((site, tier))
    pairs = set()
    for row in program.problem.constraints():
        if row.name.startswith(prefixes):
            assert row.constant == -1.0
            held = {(variable.name, factor) for variable, factor in row.items()}
            assert {factor for _, factor in held} == {1.0}  # nobody is excused
            members = sorted(set().union(*(columns[name] for name, _ in held)))
            pairs |= {pair for pair in combinations(members, 2) if pair[0][0] != pair[1][0]}
    return pairs


def nearer_than(program, sites, least_km):
    """Return the pairs of (site, tier) nearer than their tiers ask for, by brute force."""
    lat, lon = sites["lat_deg"].to_numpy(), sites["lon_deg"].to_numpy()
    decisions = sorted(zip(*program.eligible.nonzero(), strict=True))
    return {
        ((a, s), (b, t))
        for (a, s), (b, t) in combinations(decisions, 2)
        if a != b and geodesic_km(lat[a], lon[a], lat[b], lon[b]) < least_km(max(s, t))
    }


@pytest.mark.parametrize("factor", [0.999, 1.001])
@pytest.mark.parametrize("tier", TIERS)
def test_rows_end_where_the_separation_does(measured, shipped_atlas, policy, tier, factor):
    pair = measured.loc[["01217", "41206"]].copy()  # fit for cores; the second is moved
    start = pair[["lat_deg", "lon_deg"]].iloc[0]
    moved = geodesic_destination(*start, 200.0, factor * DISTANCE_KM[tier])
    pair.loc[pair.index[1], ["lat_deg", "lon_deg"]] = np.ravel(moved)
    program = assemble(Candidates.of(policy, shipped_atlas, pair))
    expected = nearer_than(program, pair, lambda level: DISTANCE_KM[TIERS[level]])
    of_tier = [max(s, t) for (_, s), (_, t) in expected].count(TIERS.index(tier))
    assert (of_tier > 0) is (factor < 1.0)
    assert kept_apart(program, "separation_") == expected


def test_every_hub_in_a_row_of_a_soft_separation_may_be_excused(measured, shipped_atlas):
    # Niigata and Sendai stand 165 km apart; regional hubs ask for more than large ones: pairs.
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            'rules.separation="soft"',
            "tiers.core.separation_km=300",
            "tiers.large.separation_km=170",
            "tiers.regional.separation_km=200",
        ),
    )
    sites = measured.loc[["04100", "15100"]]
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    rows = [row for row in program.problem.constraints() if row.name.startswith("separation_")]
    assert {row.name.split("_")[1] for row in rows} == {"large", "regional"}
    for row in rows:
        hubs = {v.name for v, factor in row.items() if factor == 1.0}
        excused = {v.name.removeprefix("excused_") for v, factor in row.items() if factor == -1.0}
        opened = {name.removeprefix("open_") for name in hubs if name.startswith("open_")}
        whole = {name.removeprefix("hub_large_") for name in hubs if name.startswith("hub_")}
        opened |= {f"{site}_{tier}" for site in whole for tier in ("core", "large")} & {
            f"{program.labels[site]}_{TIERS[tier]}" for site, tier in np.argwhere(program.eligible)
        }
        assert len(row) == len(hubs) + len(excused)
        assert opened == excused
        assert (row.sense, row.constant) == (-1, -1.0)


def test_pairs_that_rows_up_front_miss_are_covered_when_a_plan_violates_them(
    measured, shipped_atlas, monkeypatch
):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.count=0",
            'rules.core_regions="off"',
            "tiers.large.count=0",
            "tiers.regional.count=8",
            *(f"tiers.{tier}.separation_km=200" for tier in TIERS),
            "demand.total_new_it_load_mw=200",
            "demand.classes.latency_critical.share=0",
            "criteria.cables.max_crowded_share=1",
        ),
    )
    sites = measured[measured["population_2020"] > 60_000]
    options = SolveOptions(gap=1e-6)
    asked = Candidates.of(scenario, shipped_atlas, sites)
    whole = find_answer(assemble(asked), options)
    monkeypatch.setattr(cliques, "DENSE_LIMIT", 10)
    monkeypatch.setattr(cliques, "_FINE_GRID_PART", 1.0)  # coarse: many pairs are missed
    program = assemble(asked)
    before = len(program.problem.constraints())
    lazy = find_answer(program, options)
    assert len(program.problem.constraints()) > before, "nothing had to be added: a vain test"
    assert lazy.outcome.objective == pytest.approx(whole.outcome.objective, abs=1e-5)
    assert not any(rows.separate(lazy.outcome.values) for rows in program.apart)
