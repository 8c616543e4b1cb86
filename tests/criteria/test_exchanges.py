"""Exchanges: which count, whose region has one, openings counted against what is allowed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.criteria.exchanges import CRITERION, Parameters, exchanges_that_count
from dcsite.model import Candidates, assemble
from dcsite.solvers import SolveOptions, find_answer


def hubs_at(measured: pd.DataFrame, *codes: str, tier: str = "regional") -> pd.DataFrame:
    return measured.loc[list(codes)].assign(tier=tier, it_load_mw=50.0, reserve_mw=0.0)


def asked(*overrides: str) -> dcsite.Scenario:
    return dcsite.load_scenario("policy-2023", overrides)


def test_exchanges_with_several_networks_count_and_unknown_is_not_none(shipped_atlas, policy):
    own: Parameters = policy.criteria["exchanges"]
    regions = set(exchanges_that_count(shipped_atlas, own)["region"])
    # By the table, read by hand: none in Hokkaido, Tohoku, Hokuriku, Chugoku, Shikoku.
    assert regions == {"kanto", "shinetsu", "tokai", "kinki", "kyushu", "okinawa"}
    known = own.model_copy(update={"unknown_members_count": False})
    assert regions - set(exchanges_that_count(shipped_atlas, known)["region"]) == {"tokai"}
    many = own.model_copy(update={"min_members": 4, "unknown_members_count": False})
    assert "echigo-ix" not in exchanges_that_count(shipped_atlas, many).index  # three networks


def test_regions_take_in_every_prefecture_as_the_bureaus_do(shipped_atlas):
    region = shipped_atlas.table("telecom_regions")["region"]
    assert set(region.index) == set(shipped_atlas.table("prefectures").index)
    assert region.value_counts().to_dict() == {
        "kanto": 8, "kyushu": 7, "tohoku": 6, "kinki": 6, "chugoku": 5, "tokai": 4, "shikoku": 4,
        "hokuriku": 3, "shinetsu": 2, "hokkaido": 1, "okinawa": 1,
    }  # fmt: skip


def test_the_exchange_of_ones_region_comes_before_a_nearer_one(measured):
    # Niigata's exchange is Shin'etsu's; from Iida in southern Nagano Nagoya's is nearer.
    assert measured.loc["20205", "exchange_id"] == "echigo-ix"
    assert measured.loc["20205", "exchange_distance_km"] > 250.0
    sapporo = measured.loc["01100"]
    assert not sapporo["exchange_in_region"]
    assert sapporo["exchange_id"] == "echigo-ix"
    # Chiyoda: a few hundred metres to Otemachi, little more than equipment.
    assert measured.loc["13101", "exchange_round_trip_ms"] == pytest.approx(1.0, abs=0.05)
    # Sado has no way, and a distance all the same.
    assert np.isinf(measured.loc["15224", "exchange_round_trip_ms"])
    assert CRITERION.site_score(measured.loc[["15224"]], asked()).iloc[0] == 0.0


def test_measure_and_evaluation_agree(measured, shipped_atlas, policy):
    hubs = hubs_at(measured, "01100", "20205", "13101", "15224", "40130", "47207", "37201")
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    for site, row in hubs.iterrows():
        values = {one.name: one.value for one in found.hub_values[site]}
        linked = [link.exchange_id for link in found.links.get(site, ())]
        assert linked == ([row["exchange_id"]] if row["exchange_in_region"] else [])
        for name in ("exchange_distance_km", "exchange_round_trip_ms"):
            assert values.get(name, np.inf) == pytest.approx(row[name], abs=1e-6)


def test_the_link_tells_how_many_networks_and_not_known_is_said(measured, shipped_atlas, policy):
    found = CRITERION.evaluate(hubs_at(measured, "40130", "23100", "01100"), shipped_atlas, policy)
    said = [link.detail for links in found.links.values() for link in links]
    assert said == ["14 AS", "AS ?"]
    labels = {one.name: one.label_ja for one in found.hub_values["01100"]}
    assert labels["exchange_distance_km"].endswith("（地方外）")
    values = {one.name: one for one in found.hub_values["23100"]}
    assert np.isnan(values["exchange_members"].value)
    assert values["exchange_members"].label_ja.endswith("（非公表）")


def test_openings_are_told_and_too_many_are_a_breach_per_region(measured, shipped_atlas):
    # Hokkaido, Tohoku (two hubs), Hokuriku, Chugoku and Shikoku have none; Tokyo has.
    codes = ("01100", "02201", "04100", "17201", "34100", "37201", "13101")
    hubs = hubs_at(measured, *codes)
    hubs.loc["04100", "it_load_mw"] = 60.0
    few = CRITERION.evaluate(hubs, shipped_atlas, asked("criteria.exchanges.max_new=2"))
    assert [breach.amount for breach in few.breaches] == [1.0, 1.0, 1.0]
    # Tohoku carries most, then Chugoku by name; three regions are left without.
    (note,) = few.notes
    assert "Tohoku (largest hub 仙台市 Sendai-shi), Chugoku (largest hub 広島市" in note
    assert "東北（最大の拠点仙台市）" in note
    assert {breach.message_ja[:3] for breach in few.breaches} == {"北海道", "北陸に", "四国に"}
    all_of = CRITERION.evaluate(hubs, shipped_atlas, asked("criteria.exchanges.max_new=5"))
    assert all_of.breaches == ()
    opened = {one.name: one.value for one in all_of.measures}["exchanges_to_open"]
    assert opened == 5.0
    of_cores = asked("criteria.exchanges.max_new=0", 'criteria.exchanges.tiers=["core"]')
    assert CRITERION.evaluate(hubs, shipped_atlas, of_cores).breaches == ()


def test_no_exchange_at_all_is_no_crash(measured, shipped_atlas):
    none = asked(
        "criteria.exchanges.min_members=1000", "criteria.exchanges.unknown_members_count=false"
    )
    columns = [name for name in measured if name not in CRITERION.measure(
        measured.iloc[:1], shipped_atlas, asked()).columns]  # fmt: skip
    found = CRITERION.measure(measured[columns].iloc[:3], shipped_atlas, none)
    assert not found["exchange_in_region"].any()
    evaluation = CRITERION.evaluate(hubs_at(measured, "13101"), shipped_atlas, none)
    assert not any(evaluation.links.values())
    assert {one.name for one in evaluation.measures} >= {"exchanges_to_open"}


SMALL = (
    "demand.total_new_it_load_mw=60", "demand.classes.latency_critical.share=0",
    "tiers.core.count=0", "tiers.large.count=0", "tiers.regional.count=3",
    "tiers.regional.separation_km=0", "workforce.min_population=0",
)  # fmt: skip
OFF = tuple(
    f'rules.{rule}="off"'
    for rule in ("backup", "disaster_survival", "tokyo_takeover", "renewable_share", "core_areas",
                 "place_load", "area_load", "own_site_hazard", "nuclear_zone", "land_guide",
                 "existing_core_clearance", "separation", "core_regions")
)  # fmt: skip


@pytest.mark.parametrize("mode", ["soft", "hard", "off"])
def test_the_program_opens_hubs_in_as_few_regions_as_it_may(measured, shipped_atlas, mode):
    # Three hubs among Tohoku, Hokuriku, Chugoku and one in Kanto; one exchange may open.
    sites = measured.loc[["04100", "07203", "17201", "34100", "10208"]]
    scenario = asked(
        *SMALL, *OFF, "criteria.exchanges.max_new=1", f'rules.exchange_in_region="{mode}"',
        "penalties.exchange_in_region=10",
    )  # fmt: skip
    answer = find_answer(
        assemble(Candidates.of(scenario, shipped_atlas, sites)), SolveOptions(solver="highs")
    )
    lacking = set(sites.loc[answer.chosen.index, "telecom_region"]) - {"kanto"}
    if mode == "off":
        assert len(answer.chosen) == 3
        return
    # By hand: the two of Tohoku and the one of Kanto are the only three with one region lacking.
    assert set(answer.chosen.index) == {"04100", "07203", "10208"}
    assert lacking == {"tohoku"}
