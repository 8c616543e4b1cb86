"""Locality: regions by hand, and what the rows ask against what the evaluation finds."""

from __future__ import annotations

import pytest

import dcsite
from dcsite.criteria.locality import CRITERION
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.solvers import SolveOptions, find_answer


def hubs_at(measured, **mw):
    codes = [code.removeprefix("c") for code in mw]
    return measured.loc[codes].assign(tier="large", it_load_mw=[*mw.values()], reserve_mw=0.0)


def demand_mw(atlas, total_mw, *codes):
    gdp = atlas.table("prefectures")["gdp_million_jpy_fy2021"]
    return total_mw * gdp[list(codes)].sum() / gdp.sum()


def found_at(hubs, atlas, *overrides):
    asked = ("demand.total_new_it_load_mw=1000", *overrides)
    found = CRITERION.evaluate(hubs, atlas, dcsite.load_scenario("policy-2023", asked))
    return found, {one.name: one.value for one in found.measures}


def test_a_region_counts_up_to_its_demand(measured, shipped_atlas):
    # Sapporo has more than Hokkaido asks for, Takamatsu less than Shikoku does; of Tokyo's and
    # Osaka's regions nothing is asked, they have their cores.
    hubs = hubs_at(measured, c01100=100.0, c37201=10.0)
    hokkaido = demand_mw(shipped_atlas, 1000.0, "01")
    shikoku = demand_mw(shipped_atlas, 1000.0, "36", "37", "38", "39")
    assert (hokkaido < 100.0, shikoku > 20.0) == (True, True)
    found, value = found_at(hubs, shipped_atlas)
    assert value["local_share"] == pytest.approx((hokkaido + 10.0) / 1000.0)
    assert value["local_share_hokkaido"] == 1.0
    assert value["local_share_shikoku"] == pytest.approx(10.0 / shikoku)
    assert value["local_share_tohoku"] == 0.0
    short = {one.message_ja.split("の", 1)[0]: one for one in found.breaches}
    assert set(short) == {"東北", "信越", "北陸", "東海", "中国", "四国", "九州", "沖縄"}
    least = 0.5
    assert short["四国"].amount == pytest.approx((least * shikoku - 10.0) / 1000.0)
    assert short["四国"].site_ids == ("37201",)
    assert short["東北"].site_ids == ()
    values = {site: one[0].value for site, one in found.hub_values.items()}
    assert values == pytest.approx({"01100": hokkaido, "37201": shikoku})


def test_without_demand_of_prefectures_nothing_is_known_or_asked(measured, shipped_atlas):
    classes = ("latency_critical", "latency_tolerant", "sensitive", "ai")
    none = (f"demand.classes.{name}.share=0" for name in classes)
    found, value = found_at(hubs_at(measured, c01100=100.0), shipped_atlas, *none)
    assert found.breaches == ()
    assert value["local_share"] != value["local_share"]  # not known
    assert len(value) == 1


@pytest.mark.parametrize(("mode", "shikoku"), [("soft", True), ("off", False)])
def test_the_rule_brings_a_hub_to_a_region_without_one(measured, shipped_atlas, mode, shikoku):
    # Two hubs of three places; the two in Hokkaido are preferred for half a point each.
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.count=0", "tiers.large.count=0", "tiers.regional.count=2",
            "tiers.regional.it_load_mw=40", "tiers.regional.separation_km=0",
            "demand.total_new_it_load_mw=80", 'rules.core_regions="off"', "penalties.unserved=0",
            'rules.substation_reach="off"', 'rules.disaster_survival="off"', 'rules.backup="off"',
            'places.prefer=["01100", "01213"]', "penalties.preferred=0.5",
            f'rules.locality="{mode}"', "penalties.locality=1000", "weights.locality=0.001",
        ),
    )  # fmt: skip
    sites = measured.loc[["01100", "01213", "37201"]].assign(
        wish=["prefer", "prefer", ""], keep_mw=0.0, keep_least=False
    )
    answer = find_answer(
        assemble(Candidates.of(scenario, shipped_atlas, sites)), SolveOptions(gap=1e-6)
    )
    assert len(answer.chosen) == 2
    hubs, outcome = sites.join(answer.chosen, how="inner"), answer.outcome
    checked = check_plan(
        hubs, shipped_atlas, scenario, claimed_objective=outcome.objective, bound=outcome.bound
    )
    assert checked.objective == pytest.approx(outcome.objective, abs=1e-6)
    assert ("37201" in answer.chosen.index) is shikoku


def test_a_site_scores_by_what_its_region_asks_for(measured, policy):
    score = CRITERION.site_score(measured, policy)
    assert ((score >= 0.0) & (score <= 1.0)).all()
    tokyo, naha = measured.loc["13101"], measured.loc["47201"]
    assert tokyo["region_demand_mw"] > 20.0 * naha["region_demand_mw"]
