"""Cables: which landings count and where, corridors, single cables, shares."""

from __future__ import annotations

import numpy as np
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.cables import CRITERION
from dcsite.model import Candidates, assemble


def test_measurements_of_sapporo_and_across_a_strait(measured):
    row = measured.loc["01100"]
    assert row["landing_id"] == "tomakomai"
    assert row["landing_distance_km"] == pytest.approx(51.8, abs=0.5)
    assert row["international_corridors"] == 2
    # Shimonoseki looks over to Kitakyushu; Honshu's nearest landing is far to the east.
    strait = measured.loc["35201"]
    assert strait["landing_distance_km"] > 400.0
    assert (strait["landing_cluster"], strait["international_corridors"]) == ("", 0)
    # Takamatsu: no international cable lands on Shikoku.
    assert (measured.loc["37201", "landing_id"], measured.loc["37201", "landing_distance_km"]) == (
        "",
        np.inf,
    )


def test_measure_and_evaluation_agree_at_every_kind_of_place(measured, shipped_atlas, policy):
    picked = ["01100", "12234", "23201", "35201", "37201", "40130", "47201", "47382"]
    hubs = measured.loc[picked].assign(tier="core", it_load_mw=100.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    for site, row in hubs.iterrows():
        (link,) = found.links.get(site, (None,))
        values = {one.name: one.value for one in found.hub_values[site]}
        assert values["international_corridors"] == row["international_corridors"]
        assert (link.landing_id if link else "") == row["landing_id"]
        if link:
            assert values["landing_distance_km"] == pytest.approx(row["landing_distance_km"])
    share = {one.name: one.value for one in found.measures}["crowded_landing_share"]
    crowded = hubs["landing_crowded"].sum()
    assert share == pytest.approx(100.0 * crowded / policy.total_new_it_load_mw)


def test_the_one_cable_that_a_core_hangs_on_is_named(measured, shipped_atlas, policy):
    hubs = measured.loc[["01213", "40230", "08215", "24215"]].assign(
        tier=["core", "core", "regional", "core"], it_load_mw=200.0
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    tomakomai, itoshima = found.notes
    assert "Asia-Pacific by E2A alone, North America by E2A alone" in tomakomai
    assert "アジア太平洋（E2Aのみ）、北米（E2Aのみ）" in tomakomai
    assert "Asia-Pacific, North America by E2A alone" in itoshima
    (link,) = found.links["01213"]
    assert (link.only_cable, link.detail) == ("E2A", "E2A")
    # Kita-Ibaraki has one cable too, and a regional hub there does not hang on it.
    (regional,) = found.links["08215"]
    assert (regional.only_cable, regional.detail) == (None, "")
    labels = {one.name: one.label_ja for one in found.hub_values["01213"]}
    assert "E2Aのみ" in labels["international_corridors"]
    # Nine cables land at Shima.
    (many,) = found.links["24215"]
    assert (many.landing_id, many.only_cable, many.cluster_id) == ("shima", None, "shima")
    told = next(one for one in found.hub_values["24215"] if one.name == "international_corridors")
    assert ("alone" in told.label_en, "のみ" in told.label_ja) == (False, False)
    assert "international_corridors" not in {one.name for one in found.hub_values["08215"]}


def test_only_cores_are_scored_and_half_way_is_a_half(measured, shipped_atlas, policy):
    hubs = measured.loc[["01213", "40130", "40202"]].assign(
        tier=["core", "regional", "core"], it_load_mw=[200.0, 50.0, 400.0]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    distance = next(one for one in found.measures if one.name == "landing_distance_km")
    km = hubs["landing_distance_km"]
    assert distance.value == pytest.approx((km["01213"] + km["40202"]) / 2)
    # Tomakomai stands at its landing: 1; the other core (100 - km) / 80; MW do not count.
    by_hand = (1.0 + min((100.0 - km["40202"]) / 80.0, 1.0)) / 2
    assert distance.score == pytest.approx(by_hand)
    assert found.parts["landing_distance_km"][1] == 0.0


def test_a_core_far_from_landings_is_a_breach(measured, shipped_atlas, policy):
    hubs = measured.loc[["20202", "40130"]].assign(tier="core", it_load_mw=100.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    rules = {breach.rule: breach for breach in found.breaches}
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
    assert by_name["largest_landing_cluster_share"].weight == 0.0
    (breach,) = found.breaches
    assert breach.rule == "landing_clusters"
    assert breach.amount == pytest.approx(0.05)


def test_corridors_wanted_can_be_changed(measured):
    many = dcsite.load_scenario("policy-2023", ["criteria.cables.min_directions=3"])
    _, few = CRITERION.admit(measured, many)
    assert few.amount[measured.index.get_loc("01100")].tolist() == [1, 0, 0]


def test_a_hub_that_needs_no_landing_has_a_link_only_within_reach(measured, shipped_atlas, policy):
    # Shimonoseki's nearest landing on Honshu is 400 km away; Fukuoka's is in the city.
    hubs = measured.loc[["35201", "40130"]].assign(tier="regional", it_load_mw=50.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    assert set(found.links) == {"40130"}
    told = {one.name: one.value for one in found.hub_values["35201"]}
    assert told["landing_distance_km"] == pytest.approx(
        measured.loc["35201", "landing_distance_km"]
    )


@pytest.mark.parametrize(("asked", "short"), [(0, []), (2, []), (3, [1.0]), (5, [3.0])])
def test_corridors_short_are_those_asked_less_those_reached(measured, shipped_atlas, asked, short):
    # Tomakomai's one cable leads to two corridors; a regional hub needs none.
    scenario = dcsite.load_scenario("policy-2023", [f"criteria.cables.min_directions={asked}"])
    hubs = measured.loc[["01213", "20202"]].assign(tier=["core", "regional"], it_load_mw=100.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, scenario)
    told = [one.amount for one in found.breaches if one.rule == "international_directions"]
    assert told == short
    _, few = CRITERION.admit(hubs, scenario)
    assert few.amount[0].tolist() == [*(short or [0.0]), 0.0, 0.0]


@pytest.mark.parametrize(("factor", "reached"), [(1.001, True), (0.999, False)])
def test_a_cores_reach_ends_at_its_limit(measured, shipped_atlas, factor, reached):
    hubs = measured.loc[["40130"]].assign(tier="core", it_load_mw=100.0)
    limit_km = factor * float(hubs["landing_distance_km"].iloc[0])
    scenario = dcsite.load_scenario(
        "policy-2023",
        ["criteria.cables.min_directions=1", f"criteria.cables.core_landing_max_km={limit_km}"],
    )
    rules = {one.rule for one in CRITERION.evaluate(hubs, shipped_atlas, scenario).breaches}
    assert ("landing_reach" not in rules) is reached
    bare = hubs[["lat_deg", "lon_deg", "landmass_id"]]
    anew = hubs.assign(**CRITERION.measure(bare, shipped_atlas, scenario))
    far, few = CRITERION.admit(anew, scenario)
    assert far.amount.tolist() == [[0.0 if reached else 1.0, 0.0, 0.0]]
    assert few.amount[0, 0] == (0.0 if reached else 1.0)


@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_the_row_adds_up_the_load_at_crowded_landings_and_keeps_it_below(
    measured, shipped_atlas, mode
):
    scenario = dcsite.load_scenario(
        "policy-2023",
        [f'rules.landing_clusters="{mode}"', "criteria.cables.max_crowded_share=0.2"],
    )
    sites = measured.loc[["12234", "24215", "40130", "01213"]]  # Boso, Shima, and two far away
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    row = next(one for one in program.problem.constraints() if one.name == "landing_clusters")
    share, total = {}, scenario.total_new_it_load_mw
    for site, tier in np.argwhere(program.eligible[:2]):
        share[program.open[site, tier].name] = program.min_mw[tier] / total
        share[program.extra_mw[site, tier].name] = 1.0 / total
    if mode == "soft":
        share["over_landing_clusters"] = -1.0
    assert len(share) > len(TIERS)
    assert {variable.name: factor for variable, factor in row.items()} == pytest.approx(share)
    assert (row.sense, row.constant) == (-1, -0.2)  # at most
