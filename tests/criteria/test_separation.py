"""Separation: distances by hand, admission, breaches and the least set of excused hubs."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.separation import CRITERION, least_excused
from dcsite.geo.geodesy import geodesic_destination


def hubs_frame(rows: list[tuple[str, str, float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["site_id", "tier", "it_load_mw", "lat_deg", "lon_deg"])
    return frame.set_index("site_id")


def test_sapporo_and_fukuoka_are_measured_to_the_nearest_core(measured):
    # By hand, Fukuoka to Osaka: 1.096 deg x 110.9 km and 5.119 deg x 92.1 km make 487 km.
    assert measured.loc["01100", "nearest_existing_core"] == "tokyo"
    assert measured.loc["01100", "nearest_existing_core_km"] == pytest.approx(831.0, abs=2.0)
    assert measured.loc["40130", "nearest_existing_core"] == "osaka"
    assert measured.loc["40130", "nearest_existing_core_km"] == pytest.approx(487.0, abs=2.0)


def test_score_is_linear_between_the_anchors(measured, policy):
    score = CRITERION.site_score(measured, policy)
    own = policy.criteria["separation"]
    assert (own.score_zero_km, own.score_one_km) == (0, 800)
    km = measured.loc["40130", "nearest_existing_core_km"]
    assert score["40130"] == pytest.approx(km / 800.0)
    assert score["01100"] == 1.0  # clipped: farther than 800 km


def test_admission_keeps_cores_by_separation_and_others_by_clearance(measured, policy):
    separation, clearance = CRITERION.admit(measured, policy)
    chiyoda = measured.index.get_loc("13101")
    nagoya = measured.index.get_loc("23100")  # 259 km from Tokyo, 138 km from Osaka
    sapporo = measured.index.get_loc("01100")
    assert separation.amount[[chiyoda, nagoya, sapporo]].tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]
    assert clearance.amount[[chiyoda, nagoya, sapporo]].tolist() == [
        [0, 1, 1],
        [0, 0, 0],
        [0, 0, 0],
    ]


def test_evaluate_measures_nearest_hubs_and_finds_breaches(shipped_atlas, policy):
    # Sapporo and Ebetsu stand 19 km apart: too near for a core and a large hub (150 km).
    hubs = hubs_frame(
        [
            ("01100", "core", 300.0, 43.06209, 141.35439),
            ("01217", "large", 100.0, 43.10369, 141.53635),
            ("40130", "core", 300.0, 33.59008, 130.40169),
            ("13101", "regional", 10.0, 35.69400, 139.75364),
        ]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    by_name = {measure.name: measure for measure in found.measures}
    breaches = {breach.rule: breach for breach in found.breaches}
    assert breaches["separation"].amount == 1.0
    assert breaches["separation"].site_ids == ("01100", "01217")
    assert "of 150 km" in breaches["separation"].message_en
    assert breaches["existing_core_clearance"].site_ids == ("13101",)
    assert by_name["least_nearest_hub_km"].value == pytest.approx(5.7, abs=0.5)  # Chiyoda-Shinjuku
    assert by_name["existing_core_distance_km"].weight == policy.weights["separation"]


@given(
    st.sets(
        st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1]),
        max_size=12,
    )
)
def test_least_excused_is_a_smallest_vertex_cover(pairs):
    excused = least_excused(sorted(pairs))
    assert all(a in excused or b in excused for a, b in pairs)
    smaller = (
        set(chosen) for size in range(len(excused)) for chosen in combinations(range(8), size)
    )
    assert not any(all(a in c or b in c for a, b in pairs) for c in smaller)


def test_a_scenario_can_turn_the_clearance(measured):
    wide = dcsite.load_scenario(
        "policy-2023", ["criteria.separation.existing_core_clearance_km.large=300"]
    )
    _, clearance = CRITERION.admit(measured, wide)
    nagoya = measured.index.get_loc("23100")
    assert clearance.amount[nagoya].tolist() == [0, 1, 0]


@pytest.mark.parametrize("factor", [0.999, 1.001])
@pytest.mark.parametrize("pair", list(combinations_with_replacement(TIERS, 2)))
def test_two_hubs_stand_apart_by_what_the_lower_tier_asks(shipped_atlas, policy, pair, factor):
    need_km = policy.tiers[max(pair, key=TIERS.index)].separation_km
    there = geodesic_destination(43.0, 142.0, 30.0, need_km * factor)
    hubs = hubs_frame(
        [("a", pair[0], 300.0, 43.0, 142.0), ("b", pair[1], 100.0, *map(float, there))]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    told = [(one.rule, one.amount, one.site_ids) for one in found.breaches]
    assert told == ([("separation", 1, ("a", "b"))] if factor < 1.0 else [])


@pytest.mark.parametrize("factor", [0.999, 1.001])
@pytest.mark.parametrize("tier", TIERS)
def test_each_tier_stands_clear_of_tokyo_by_its_own_distance(shipped_atlas, factor, tier):
    # West of Osaka no other core is near: 30 and 20 km are asked of the lower tiers, 400 of cores.
    scenario = dcsite.load_scenario(
        "policy-2023",
        ["criteria.separation.existing_core_clearance_km={large=30, regional=20}"],
    )
    need_km = {"core": 400.0, "large": 30.0, "regional": 20.0}[tier]
    osaka = shipped_atlas.existing_cores().loc["osaka"]
    there = geodesic_destination(osaka["lat_deg"], osaka["lon_deg"], 270.0, need_km * factor)
    hubs = hubs_frame([("a", tier, 100.0, *map(float, there))])
    rules = {one.rule for one in CRITERION.evaluate(hubs, shipped_atlas, scenario).breaches}
    rule = "separation" if tier == "core" else "existing_core_clearance"
    assert rules == ({rule} if factor < 1.0 else set())
    sites = CRITERION.measure(hubs, shipped_atlas, scenario)
    amounts = {
        one.rule: one.amount[0, TIERS.index(tier)] for one in CRITERION.admit(sites, scenario)
    }
    assert [name for name, amount in amounts.items() if amount] == sorted(rules)


@pytest.mark.parametrize("hubs", [2, 4, 5])
def test_five_pairs_are_named_and_the_others_counted(shipped_atlas, policy, hubs):
    rows = [(f"h{n}", "regional", 10.0, 43.0, 142.0 + 0.1 * n) for n in range(hubs)]
    (breach,) = CRITERION.evaluate(hubs_frame(rows), shipped_atlas, policy).breaches
    pairs = hubs * (hubs - 1) // 2
    assert (
        breach.message_en.count("of 80 km") == breach.message_ja.count("／80 km") == min(pairs, 5)
    )
    more = f" and {pairs - 5} more" if pairs > 5 else "km)"
    more_ja = f"ほか{pairs - 5}組" if pairs > 5 else "km）"
    assert breach.message_en.endswith(more)
    assert breach.message_ja.endswith(more_ja)
    assert breach.amount == hubs - 1
