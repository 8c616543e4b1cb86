"""Cables: which landings count, clusters, directions, shares."""

from __future__ import annotations

import pytest

import dcsite
from dcsite.criteria.cables import CRITERION, landings_in_force


def test_planned_cables_count_from_their_year(shipped_atlas):
    now, later = landings_in_force(shipped_atlas, 2026), landings_in_force(shipped_atlas, 2028)
    # E2A (2028) is the only international cable at Tomakomai and Itoshima.
    assert {"tomakomai", "itoshima"} & set(now.index) == set()
    assert {"tomakomai", "itoshima"} <= set(later.index)
    assert later.loc["tomakomai", "directions"] == {"north_america", "taiwan", "korea"}


def test_retired_and_proposed_cables_never_count(shipped_atlas):
    far = landings_in_force(shipped_atlas, 2099)
    assert "miura" not in far.index  # FLAG only, retired
    assert "arctic_europe" not in frozenset().union(*far["directions"])  # proposed only


def test_domestic_landings_do_not_count(shipped_atlas):
    assert "otaru" not in landings_in_force(shipped_atlas, 2099).index


def test_the_two_crowded_clusters(shipped_atlas):
    landings = landings_in_force(shipped_atlas, 2028)
    crowded = landings[landings["crowded"]]
    assert set(crowded["cluster"]) == {"boso_kitaibaraki", "shima"}
    assert crowded.loc["shima", "cluster"] == "shima"
    assert crowded.loc["maruyama", "cluster"] == "boso_kitaibaraki"
    assert landings.loc["naoetsu", "cluster"] == "naoetsu"


def test_measurements_of_sapporo(measured):
    row = measured.loc["01100"]
    assert row["landing_id"] == "ishikari"
    assert row["landing_distance_km"] == pytest.approx(12.5, abs=0.5)
    assert not row["landing_crowded"]
    # Ishikari leads to Russia, Tomakomai (52 km) to North America, Taiwan and Korea.
    assert row["international_directions"] == 4


def test_a_core_far_from_landings_is_a_breach(measured, shipped_atlas, policy):
    hubs = measured.loc[["20202", "40130"]].assign(tier="core", it_load_mw=100.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    rules = {breach.rule: breach for breach in found.breaches}
    # Matsumoto: Naoetsu at about 110 km is beyond the 100 km a core may use.
    assert rules["landing_reach"].site_ids == ("20202",)
    assert rules["international_directions"].amount == 2.0
    assert set(rules) == {"landing_reach", "international_directions"}


def test_shares_are_of_all_the_load_asked(measured, shipped_atlas, policy):
    total = policy.total_new_it_load_mw
    hubs = measured.loc[["12234", "08215", "40130"]].assign(
        tier="regional", it_load_mw=[0.2 * total, 0.15 * total, 0.1 * total]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    by_name = {measure.name: measure for measure in found.measures}
    assert by_name["largest_landing_cluster_share"].value == pytest.approx(0.35)
    assert by_name["largest_landing_cluster_share"].score == pytest.approx(0.65)
    (breach,) = found.breaches
    assert breach.rule == "landing_clusters"
    assert breach.amount == pytest.approx(0.05)


def test_directions_wanted_can_be_changed(measured):
    many = dcsite.load_scenario("policy-2023", ["criteria.cables.min_directions=6"])
    _, few = CRITERION.admit(measured, many)
    assert few.amount[measured.index.get_loc("01100")].tolist() == [2, 0, 0]
