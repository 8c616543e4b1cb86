"""Cables: what a core reaches and hangs on, where the shortest ways end, and the crowded share."""

from __future__ import annotations

import numpy as np
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.cables import CRITERION
from dcsite.model import Candidates, assemble


def test_measurements_of_sapporo_and_across_a_strait(measured):
    row = measured.loc["01100"]
    assert row["landing_distance_km"] == pytest.approx(51.8, abs=0.5)
    assert row[["international_systems", "international_corridors"]].tolist() == [1, 2]
    assert row["international_systems_left"] == 0
    # Shimonoseki looks over to Kitakyushu; Honshu's nearest landing is far to the east.
    strait = measured.loc["35201"]
    assert strait["landing_distance_km"] > 400.0
    assert strait["international_systems"] == strait["international_corridors"] == 0
    # Over the network the strait is no matter: its ways end in Kyushu.
    assert strait["crowded_ways"] == 0.0
    # Takamatsu: no international cable lands on Shikoku, and the ways end at Shima.
    assert measured.loc["37201", "landing_distance_km"] == np.inf
    assert measured.loc["37201", "crowded_ways"] == 1.0


def test_measure_and_evaluation_agree_at_every_kind_of_place(measured, shipped_atlas, policy):
    picked = ["01100", "12234", "23201", "35201", "37201", "40130", "47201", "47382", "02203"]
    # Over there the ways to the two corridors part.
    mixed = measured[measured["crowded_ways"].between(0.1, 0.9)].index[:2]
    hubs = measured.loc[[*picked, *mixed]].assign(tier="core", it_load_mw=100.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    for site, row in hubs.iterrows():
        values = {one.name: one.value for one in found.hub_values[site]}
        for name in ("systems", "corridors", "systems_left"):
            assert values[f"international_{name}"] == row[f"international_{name}"]
        distance_km = values.get("landing_distance_km", np.inf)
        assert distance_km == pytest.approx(row["landing_distance_km"])
        assert bool(found.links.get(site)) == np.isfinite(distance_km)
    share = {one.name: one.value for one in found.measures}["crowded_landing_share"]
    crowded = hubs["crowded_ways"].sum()
    assert 0.5 in hubs["crowded_ways"].to_numpy()
    assert share == pytest.approx(100.0 * crowded / policy.total_new_it_load_mw)


def test_what_a_core_hangs_on_is_named(measured, shipped_atlas, policy):
    hubs = measured.loc[["01213", "40230", "08215", "24215", "12234"]].assign(
        tier=["core", "core", "core", "core", "regional"], it_load_mw=200.0
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    tomakomai, itoshima, kitaibaraki, shima = found.notes[:4]
    assert "North America by E2A alone; Asia-Pacific by E2A alone" in tomakomai
    assert "hangs on E2A or the landing at Tomakomai: without it nothing" in tomakomai
    assert "E2Aまたは苫小牧陸揚局に依存し、失うとなし" in tomakomai
    assert "hangs on E2A or the landing at Itoshima: without it Asia-Pacific by Guam" in itoshima
    # Five systems at three landings, all in one cluster.
    assert "hangs on Boso peninsula to Kita-Ibaraki: without it nothing" in kitaibaraki
    # Nine systems at Shima; without them all TGN-Pacific at Toyohashi leads to both corridors.
    assert "Tata TGN-Pacific" in shima
    assert "hangs on" not in shima
    ends = {site: links[0] for site, links in found.links.items()}
    assert ends["01213"].detail == ends["40230"].detail == "E2A"
    assert ends["08215"].detail == "Boso peninsula to Kita-Ibaraki"
    assert (ends["24215"].detail, ends["24215"].cluster_id) == ("", "shima")
    names = "E2A; Guam Okinawa Kyushu Incheon; JAKO; Korea-Japan Cable Network"
    assert ends["40230"].cables == names
    assert ends["40230"].ways_abroad == tuple(
        (name, ("fukuoka", "itoshima", "kitakyushu")) for name in names.split("; ")
    )
    told = {one.name: one for one in found.hub_values["40230"]}
    assert "E2A 2028, 192 Tbit/s; Guam" in told["international_systems"].label_en
    assert "JAKO 2027年、容量不明" in told["international_systems"].label_ja
    assert told["international_systems_left"].value == 3.0
    # A regional hub at Boso hangs on nothing, and needs no landing.
    assert "12234" not in found.links
    assert {one.name for one in found.hub_values["12234"]} == {
        "landing_fibre_km_north_america",
        "landing_fibre_km_asia_pacific",
    }


def test_what_stays_of_each_corridor_when_a_cluster_is_lost(measured, shipped_atlas, policy):
    # Fukuoka leaves by Kyushu, Mito and Minamiboso by Boso: half of 1,774 MW.
    total = policy.total_new_it_load_mw
    hubs = measured.loc[["40130", "08201", "12234"]].assign(
        tier="regional", it_load_mw=[0.1 * total, 0.3 * total, 0.2 * total]
    )
    boso, shima, both = CRITERION.evaluate(hubs, shipped_atlas, policy).notes
    # To America: PC-1, FASTER, JUPITER, Topaz, JUNO at Shima, TGN at Toyohashi, E2A; not TPE,
    # NCP, Unity. Capacity of TGN is not known.
    assert "North America by 7 of 10 systems at 4 landings (912 of 922 Tbit/s" in boso
    assert "capacity of 1 of the 7 not known; till then the shortest way of 50%" in boso
    assert "北米方面10ケーブル中7・陸揚局4" in boso
    # All of Shima's systems land elsewhere too, but for JUNO's and Topaz' share of that: there too.
    assert "North America by 10 of 10 systems at 9 landings" in shima
    assert "the shortest way of 0%" in shima
    assert "North America by 2 of 10 systems at 3 landings (192 of" in both


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
    assert "reaches no international cable" in found.notes[0]


def test_shares_are_of_all_the_load_asked(measured, shipped_atlas):
    scenario = dcsite.load_scenario("policy-2023", ["criteria.cables.max_crowded_share=0.3"])
    total = scenario.total_new_it_load_mw
    hubs = measured.loc[["12234", "08215", "40130"]].assign(
        tier="regional", it_load_mw=[0.2 * total, 0.15 * total, 0.1 * total]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, scenario)
    by_name = {measure.name: measure for measure in found.measures}
    for end in ("", "_north_america", "_asia_pacific"):
        assert by_name[f"crowded_landing_share{end}"].value == pytest.approx(0.35)
        assert by_name[f"crowded_landing_share{end}"].weight == 0.0
    (breach,) = found.breaches
    assert breach.rule == "landing_clusters"
    assert breach.amount == pytest.approx(0.05)


def test_an_island_without_a_way_counts_nowhere(measured, shipped_atlas, policy):
    sado = measured.loc[["15224"]].assign(tier="regional", it_load_mw=500.0)
    found = CRITERION.evaluate(sado, shipped_atlas, policy)
    assert sado["crowded_ways"].tolist() == [0.0]
    assert found.hub_values["15224"] == ()
    assert any("way of 500 MW is not known" in note for note in found.notes)


def test_corridors_wanted_can_be_changed(measured):
    many = dcsite.load_scenario("policy-2023", ["criteria.cables.min_directions=3"])
    _, few = CRITERION.admit(measured, many)
    assert few.amount[measured.index.get_loc("01100")].tolist() == [1, 0, 0]


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
    half = measured[measured["crowded_ways"].eq(0.5) & measured["max_it_load_mw"].ge(50)].index[0]
    # Boso, Shima, one whose ways part, and two far away.
    sites = measured.loc[["12234", "24215", half, "40130", "01213"]]
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    row = next(one for one in program.problem.constraints() if one.name == "landing_clusters")
    share, total = {}, scenario.total_new_it_load_mw
    for site, tier in np.argwhere(program.eligible[:3]):
        ways = (1.0, 1.0, 0.5)[site]
        share[program.open[site, tier].name] = ways * program.min_mw[tier] / total
        share[program.extra_mw[site, tier].name] = ways / total
    if mode == "soft":
        share["over_landing_clusters"] = -1.0
    assert len(share) > len(TIERS)
    assert {variable.name: factor for variable, factor in row.items()} == pytest.approx(share)
    assert (row.sense, row.constant) == (-1, -0.2)  # at most
