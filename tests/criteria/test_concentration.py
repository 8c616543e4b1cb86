"""Concentration: shares by hand, and what the cap asks against every choice there is."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import pytest

import dcsite
from dcsite.criteria.concentration import CRITERION
from dcsite.errors import CheckError
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.sites import capacity_by_core
from dcsite.solvers import SolveOptions, find_answer

#: 100 MW of 250 MW added: 1,570.8 MW stand today, 1,256.64 MW of them in the two areas.
ASKED = ("demand.total_new_it_load_mw=100", "demand.share_in_new_hubs=0.4")
TODAY_MW = (273_930 + 118_770) * 0.004


def found_at(measured, atlas, hubs, *overrides):
    rows = measured.loc[[code for code, _, _ in hubs]].assign(
        tier=[tier for _, tier, _ in hubs],
        it_load_mw=[mw for _, _, mw in hubs],
        reserve_mw=0.0,
    )
    found = CRITERION.evaluate(rows, atlas, dcsite.load_scenario("policy-2023", overrides))
    return found, {one.name: one.value for one in found.measures}


def test_shares_before_and_after_by_hand(measured, shipped_atlas):
    # A core in Sapporo, a large hub in Chiba, a regional one in Nara; 40 + 40 + 20 MW.
    hubs = [("01100", "core", 40.0), ("12100", "large", 40.0), ("29201", "regional", 20.0)]
    found, value = found_at(measured, shipped_atlas, hubs, *ASKED)
    later = TODAY_MW + 250
    assert value["core_areas_share_today"] == pytest.approx(0.8)
    assert value["tokyo_area_share_today"] == pytest.approx(0.64)
    assert value["core_areas_share_no_plan"] == pytest.approx((0.8 * TODAY_MW + 195) / later)
    assert value["tokyo_area_share_no_plan"] == pytest.approx((0.64 * TODAY_MW + 155) / later)
    # All but the 40 MW in Sapporo of what is added is in the areas; of the 150 MW that no hub
    # takes 62 / 78 in Tokyo.
    assert value["core_areas_share"] == pytest.approx((0.8 * TODAY_MW + 210) / later)
    tokyo = 0.64 * TODAY_MW + 150 * 62 / 78 + 40
    assert value["tokyo_area_share"] == pytest.approx(tokyo / later)
    assert value["outside_core_areas_core"] == pytest.approx(40 / later)
    assert value["outside_core_areas_large"] == value["outside_core_areas_regional"] == 0.0
    # The cap of 0.8 asks for 50 MW outside, 0.2 x 250.
    (short,) = found.breaches
    assert short.amount == pytest.approx(10 / 100)
    assert short.site_ids == ("12100", "29201")
    values = {site: one[0].value for site, one in found.hub_values.items()}
    assert values == {"01100": 0.0, "12100": 1.0, "29201": 1.0}


def test_what_stands_and_what_grows_by_area(shipped_atlas):
    policy = dcsite.load_scenario("policy-2023", (*ASKED, "demand.rack_basis=total"))
    mw = capacity_by_core(shipped_atlas, policy)
    assert mw["today_mw"].sum() == pytest.approx((344_180 + 129_320) * 0.004)
    assert mw.loc["elsewhere", "added_mw"] == pytest.approx(0.22 * 250)
    outlook = shipped_atlas.table("data_centre_demand_outlook").reset_index()
    tokyo = outlook["value"][outlook["series"] == "occto_individual_share"]
    assert policy.demand.core_growth_share.tokyo == pytest.approx(float(tokyo.iloc[0]) / 100)


@pytest.mark.parametrize("mode", ["soft", "hard", "off"])
def test_a_tight_cap_moves_load_as_every_choice_shows(measured, shipped_atlas, mode):
    # Two hubs of three places, 40 MW each; the two in the Osaka area are preferred. Of 200 MW that
    # are added the cap of 0.8 asks for 40 outside.
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.count=0", "tiers.large.count=0", "tiers.regional.count=2",
            "tiers.regional.it_load_mw=40", "tiers.regional.separation_km=0",
            "demand.total_new_it_load_mw=80", 'rules.core_regions="off"', "penalties.unserved=0",
            'rules.substation_reach="off"', 'rules.disaster_survival="off"', 'rules.backup="off"',
            'places.prefer=["26100", "29201"]', "penalties.preferred=5", 'rules.locality="off"',
            'rules.exchange_in_region="off"', 'rules.existing_core_clearance="off"',
            f'rules.concentration="{mode}"', "penalties.concentration=20",
            "weights.concentration=0.001",
        ),
    )  # fmt: skip
    sites = measured.loc[["01100", "26100", "29201"]].assign(
        wish=["", "prefer", "prefer"], keep_mw=0.0, keep_least=False
    )
    answer = find_answer(
        assemble(Candidates.of(scenario, shipped_atlas, sites)), SolveOptions(gap=1e-6)
    )
    best, refused = {}, []
    for pair in combinations(sites.index, 2):
        hubs = sites.loc[[*pair]].assign(tier="regional", it_load_mw=40.0, reserve_mw=0.0)
        try:
            checked = check_plan(hubs, shipped_atlas, scenario, claimed_objective=-1e3, bound=10.0)
        except CheckError:
            refused.append(pair)
            continue
        best[frozenset(pair)] = checked.objective
    assert answer.outcome.objective == pytest.approx(max(best.values()), abs=1e-6)
    assert frozenset(answer.chosen.index) == max(best, key=best.get)
    assert refused == ([("26100", "29201")] if mode == "hard" else [])
    assert ("01100" in answer.chosen.index) is (mode != "off")


def test_the_least_share_is_told_before_a_solve(shipped_atlas, policy):
    # 4,738.5 MW are added, 1,895.4 MW of them in new hubs: all outside, 65.0 % stay.
    (bound,) = CRITERION.bounds(SimpleNamespace(scenario=policy, atlas=shipped_atlas))
    added = 6160 / 1.3
    assert bound.value == pytest.approx((0.8 * TODAY_MW + 0.6 * added) / (TODAY_MW + added))
    assert "65.0% with every new hub elsewhere" in bound.reason_en
    assert (bound.asked, bound.kind) == (0.8, "at_least")


def test_a_private_question_says_nothing_of_the_country(measured, shipped_atlas):
    hubs = measured.loc[["01100"]].assign(tier="large", it_load_mw=5.0, reserve_mw=0.0)
    asked = dcsite.load_scenario("best-of", ["demand.total_new_it_load_mw=5"])
    found = CRITERION.evaluate(hubs, shipped_atlas, asked)
    assert (found.measures, found.notes) == ((), ())


def test_a_site_scores_by_where_it_stands(measured, policy):
    score = CRITERION.site_score(measured, policy)
    assert (score["13101"], score["29201"], score["08201"]) == (0.0, 0.0, 1.0)
