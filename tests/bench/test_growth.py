"""Drawn candidates stand on land, and their programs are measured phase by phase."""

from __future__ import annotations

import numpy as np
import pytest

from dcsite.bench import growth, rows
from dcsite.bench.candidates import drawn_candidates
from dcsite.bench.growth import GrowthAsked, measure_growth
from dcsite.bench.rows import FamilyAsked, measure_family
from dcsite.bench.task import Request
from dcsite.sites import read_sites

#: Two regional hubs and nothing else, so that a few sites will do.
FEW = (
    "tiers.core.count=0",
    "tiers.large.count=0",
    "tiers.regional.count=2",
    "demand.total_new_it_load_mw=20",
    "demand.latency_critical_share=0",
    "rules.core_regions=off",
    "rules.renewable_share=soft",
    "rules.substation_reach=soft",
    "rules.landing_reach=off",
    "rules.landing_clusters=off",
    "rules.international_directions=off",
    "criteria.cables.max_crowded_share=1",
    # Rows of disasters are laid as needed too: here the rows of separation are counted.
    "weights.disasters=0",
    "rules.disaster_survival=off",
    "rules.backup=off",
    "rules.tokyo_takeover=off",
)


def test_a_longer_list_begins_with_a_shorter_one(shipped_atlas):
    short = drawn_candidates(shipped_atlas, 30, seed=7)
    long = drawn_candidates(shipped_atlas, 620, seed=7)
    assert long.head(30).equals(short)
    assert len(long) == 620
    assert not long.duplicated(["lat_deg", "lon_deg"]).any()
    assert list(short.columns) == ["site_id", "lat_deg", "lon_deg"]
    assert not drawn_candidates(shipped_atlas, 30, seed=8).equals(short)


def test_drawn_candidates_are_a_sites_file_without_fault(shipped_atlas, policy, tmp_path):
    drawn = drawn_candidates(shipped_atlas, 600, seed=3)
    file = tmp_path / "drawn.csv"
    drawn.to_csv(file, index=False)
    sites = read_sites(file, shipped_atlas, policy.land)
    assert sites.index.tolist() == drawn["site_id"].tolist()
    assert (sites["landmass_id"] >= 0).all()
    # Drawn by habitable area: the largest plain of Hokkaido and the Kanto have many, Tokyo's isles
    # few; over 40 prefectures are met.
    assert sites["pref_code"].nunique() > 40


def test_numbers_of_sites_up_to_the_most():
    listed = growth.tasks(Request(most=2_000, solvers=("cbc", "highs")))
    assert [(task.asked.sites, task.asked.solver) for task in listed] == [
        (size, solver) for solver in ("cbc", "highs") for size in (200, 500, 1_000, 2_000)
    ]


def test_a_small_list_is_measured_phase_by_phase():
    found = measure_growth(
        GrowthAsked(
            scenario="policy-2023",
            overrides=FEW,
            sites=40,
            seed=1,
            solver="cbc",
            time_limit_s=60.0,
        )
    )
    assert (found.status, found.sites, found.solver) == ("optimal", 40, "cbc")
    assert (found.rounds, found.rows_added) == (0, 0)
    assert 0.0 <= found.gap <= 0.001
    assert found.bound >= found.objective
    assert found.separation_rows > 0
    for seconds in (found.read_s, found.measure_s, found.build_s, found.solve_s):
        assert seconds > 0.0


@pytest.mark.parametrize("family", ["pairs", "grids", "dcsite", rows.LESS_DOMINATED])
def test_a_family_is_built_relaxed_and_solved(monkeypatch, measured, family):
    few = measured.iloc[np.arange(0, len(measured), 29)]
    monkeypatch.setattr(rows, "municipality_sites", lambda atlas, land: few)
    monkeypatch.setattr(rows, "measure_sites", lambda sites, atlas, scenario: sites)
    found = measure_family(
        FamilyAsked(
            scenario="policy-2023", overrides=FEW, family=family, solver="cbc", time_limit_s=60.0
        )
    )
    assert (found.status, found.family, found.solver) == ("optimal", family, "cbc")
    assert found.lp_bound >= found.objective - 1e-6
    assert found.separation_nonzeros >= 2 * found.separation_rows > 0
    assert (found.rounds > 0) == (found.rows_added > 0)
    if family == "pairs":
        assert found.separation_nonzeros == 2 * found.separation_rows
