"""The independent check: a sound plan passes, every tampering is found and named."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import dcsite
from dcsite.contract import Criterion, criteria
from dcsite.errors import CheckError, CriterionError
from dcsite.model import all_rules
from dcsite.plan import check_plan
from dcsite.plan.check import unserved_demand
from dcsite.plan.flows import flows_of

ONE_CLASS = ("demand.classes.sensitive.share=0", "demand.classes.ai.share=0")
ALL_CRITICAL = (*ONE_CLASS, "demand.classes.latency_tolerant.share=0")
HALF_CRITICAL = (
    *ONE_CLASS, "demand.classes.latency_critical={share=0.5,growth=1}",
    "demand.classes.latency_tolerant={share=0.5,growth=1}",
)  # fmt: skip
#: Small and feasible: two cores and one regional hub far apart.
SMALL = (
    "tiers.large.count=0",
    "tiers.regional.count=1",
    "demand.total_new_it_load_mw=440",
    "demand.classes.latency_critical.share=0",
    "tiers.core.it_load_mw={min=100,max=300}",
    "criteria.cables.max_crowded_share=1",
)


@pytest.fixture(scope="module")
def small():
    return dcsite.load_scenario("policy-2023", SMALL)


@pytest.fixture
def hubs(measured):
    return measured.loc[["01217", "41206", "07203"]].assign(
        tier=["core", "core", "regional"], it_load_mw=[200.0, 200.0, 40.0]
    )


def short_of(hubs, atlas, scenario):
    return unserved_demand(flows_of(hubs, atlas, scenario), hubs, atlas, scenario)


def check(hubs, atlas, scenario, claimed=-np.inf, bound=np.inf):
    return check_plan(hubs, atlas, scenario, claimed_objective=claimed, bound=bound)


def test_a_sound_plan_passes_and_its_objective_adds_up(hubs, shipped_atlas, small):
    # Half of the demand is within 1.1 ms of prefectural offices, where no hub stands.
    strict = dcsite.load_scenario(
        "policy-2023",
        (*SMALL[:3], *SMALL[4:], *HALF_CRITICAL, "penalties.unserved=3",
         "demand.classes.latency_critical.max_ms=1.1", "criteria.cables.min_directions=3",
         'rules.international_directions="soft"', "penalties.international_directions=0.25"),
    )  # fmt: skip
    for scenario, unserved_mw in ((small, 0.0), (strict, 220.0)):
        found = check(hubs, shipped_atlas, scenario)
        scores = sum(
            measure.weight * measure.score
            for evaluation in found.evaluations.values()
            for measure in evaluation.measures
            if measure.score is not None
        )
        penalties = {violation.rule: violation.penalty for violation in found.violations}
        assert ("international_directions" in penalties) is (scenario is strict)
        priced = sum(violation.penalty for violation in found.violations)
        assert found.unserved_mw == pytest.approx(unserved_mw)
        assert found.objective == pytest.approx(scores - priced - 3.0 * unserved_mw / 440.0)


@pytest.mark.parametrize(
    ("change", "rule", "amount"),
    [
        *(({}, rule, 0.0) for rule in ("land", "workforce", "land_guide")),  # at their limits
        ({"tier": ["core", "regional", "regional"]}, "tier_counts", 2.0),  # 1 too few, 1 too many
        ({"tier": ["core", "large", "regional"]}, "tier_counts", 2.0),
        ({"pref_code": ["01", "01", "07"]}, "core_regions", 1.0),
        ({"it_load_mw": [200.0, 195.0, 40.0]}, "total_it_load", 5.0 / 440.0),
        ({"it_load_mw": [200.0, 200.0, 50.0]}, "total_it_load", 10.0 / 440.0),
        ({"max_it_load_mw": [150.0, 200.0, 40.0]}, "land", 50.0 / 440.0),
        ({"population_2020": [10_000.0, 9_999.0, 10_000.0]}, "workforce", 1.0),
        ({"hectares": [20.0, 7.5, 20.0]}, "land_guide", 0.25),
        # Where no area is known it follows from the MW that fit.
        ({"hectares": np.nan, "max_it_load_mw": [1e6, 1e6, 40.0]}, "land_guide", 0.5),
    ],
)  # fmt: skip
def test_what_the_program_itself_asks_is_counted_by_hand(hubs, shipped_atlas, change, rule, amount):
    soft = dcsite.load_scenario(
        "policy-2023",
        (*SMALL, "land.guide_ha=10", "land.mw_per_ha=8", "tiers.large.it_load_mw={min=10,max=300}",
         "tiers.regional.it_load_mw={min=10,max=300}", "workforce.min_population=10000",
         "cores_count_as_large=false",
         *(f'rules.{name}="soft"' for name in all_rules())),
    )  # fmt: skip
    roomy = hubs.assign(hectares=10.0, max_it_load_mw=[200.0, 200.0, 40.0], population_2020=1e4)

    found = check(roomy.assign(**change), shipped_atlas, soft).violations
    assert sum(one.amount for one in found if one.rule == rule) == pytest.approx(amount)


@pytest.mark.parametrize(
    ("change", "rule", "sites"),
    [
        ({"lat_deg": [43.10, 35.00, 37.40], "lon_deg": [141.5, 136.0, 140.4]},
         "separation", "41206"),
        ({"lat_deg": [43.10, 33.19, 35.70], "lon_deg": [141.5, 130.0, 139.9]},
         "existing_core_clearance", "07203"),
        ({"lat_deg": [45.0, 33.19, 37.40], "lon_deg": [141.5, 130.0, 140.4]},
         "substation_reach", "01217"),
        ({"it_load_mw": [200.0, 200.0, 50.0]}, "total_it_load", "all"),
        ({"tier": ["core", "regional", "core"], "it_load_mw": [200.0, 40.0, 200.0]},
         "core_regions", "all"),
        ({"population_2020": [10_000.0, 9_999.0, 10_000.0]}, "workforce", "41206"),
        ({"max_it_load_mw": [199.0, 1e6, 1e6]}, "land", "01217"),
    ],
)  # fmt: skip
def test_tampering_is_named_by_rule_and_site(hubs, shipped_atlas, small, change, rule, sites):
    with pytest.raises(CheckError) as caught:
        check(hubs.assign(**change), shipped_atlas, small)
    fields = {problem.field: problem.message for problem in caught.value.problems}
    assert f"rules.{rule}" in fields
    assert sites in fields[f"rules.{rule}"]


def test_loads_that_do_not_add_up_to_the_hubs_are_refused(hubs, shipped_atlas, small, monkeypatch):
    (criterion,) = (one for one in criteria() if one.name == "area_load")
    evaluate = type(criterion).evaluate

    for change in ({"it_load_mw": 199.0}, {"site_ids": ()}):

        def odd(self, hubs, atlas, scenario, change=change):
            found = evaluate(self, hubs, atlas, scenario)
            first, *others = found.loads
            return replace(found, loads=(replace(first, **change), *others))

        monkeypatch.setattr(type(criterion), "evaluate", odd)
        with pytest.raises(CriterionError, match="area_load: loads by area: do not add up"):
            check(hubs, shipped_atlas, small)


def test_a_load_outside_its_tier_is_refused(hubs, shipped_atlas, small):
    with pytest.raises(CheckError, match="07203: carries 60 MW, a regional hub takes 10 to 50 MW"):
        check(hubs.assign(it_load_mw=[190.0, 190.0, 60.0]), shipped_atlas, small)


@pytest.mark.parametrize(
    ("reserve_mw", "said"),
    [
        ([0.0, 0.0, 5.0], "07203: holds 5 MW in reserve, which no rule asks of a regional hub"),
        ([-1.0, 0.0, 0.0], "01217: carries 200 MW and -1 MW in reserve"),
        ([0.0, 110.0, 0.0], "41206: carries 200 MW and 110 MW in reserve, a core hub takes 100 to"),
        ([0.0, 60.0, 0.0], "about 10 MW larger than its usable land allows"),
    ],
)
def test_a_reserve_is_capacity_of_tiers_that_were_asked_for_it(
    hubs, shipped_atlas, small, monkeypatch, reserve_mw, said
):
    monkeypatch.setattr(Criterion, "reserve_tiers", lambda *_: ("core",))
    tight = hubs.assign(max_it_load_mw=250.0)
    check(tight.assign(reserve_mw=[50.0, 50.0, 0.0]), shipped_atlas, small)
    with pytest.raises(CheckError, match=re.escape(said)):
        check(tight.assign(reserve_mw=reserve_mw), shipped_atlas, small)


@pytest.mark.parametrize(
    ("keep", "fits"),
    [
        ("01217=core,200", True), ("01217=core", True), ("07203=regional,40", True),
        ("01217=large,200", False), ("01217=large", False), ("01217=core,201", False),
        ("07203=regional,39.999", False),
    ],
)  # fmt: skip
def test_a_kept_hub_is_held_to_its_tier_and_its_mw(hubs, shipped_atlas, keep, fits):
    kept = dcsite.load_scenario("policy-2023", (*SMALL, f'places.keep=["{keep}"]'))
    if fits:
        check(hubs, shipped_atlas, kept)
    else:
        with pytest.raises(CheckError, match=f"{keep[:5]}: is a hub that places or "):
            check(hubs, shipped_atlas, kept)


@pytest.mark.parametrize(("off_mw", "fits"), [(0.5e-5, True), (1e-3, False)])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_loads_may_be_off_by_a_solvers_tolerance_alone(hubs, shipped_atlas, off_mw, fits, side):
    # Full cores and regional hubs at their least, or the other way round.
    load = np.array([300.0, 300.0, 50.0] if side > 0.0 else [100.0, 100.0, 10.0])
    scenario = dcsite.load_scenario(
        "policy-2023", (*SMALL, f"demand.total_new_it_load_mw={load.sum()}")
    )
    offset = side * off_mw * np.array([1.0, 0.0, 0.0])
    check(hubs.assign(it_load_mw=load), shipped_atlas, scenario)
    if fits:
        check(hubs.assign(it_load_mw=load + offset), shipped_atlas, scenario)
    else:
        with pytest.raises(CheckError, match=r"01217: carries"):
            check(hubs.assign(it_load_mw=load + offset), shipped_atlas, scenario)


def test_a_site_used_twice_is_refused(hubs, shipped_atlas, small):
    twice = hubs.iloc[[0, 1, 2, 2]].assign(it_load_mw=[200.0, 200.0, 20.0, 20.0])
    with pytest.raises(CheckError, match="07203: opens in more than one tier"):
        check(twice, shipped_atlas, small)


def test_a_claim_above_the_evaluation_is_refused(hubs, shipped_atlas, small):
    worth = check(hubs, shipped_atlas, small).objective
    assert check(hubs, shipped_atlas, small, worth, worth + 1e-3).objective == worth
    with pytest.raises(CheckError, match="the solver claims"):
        check(hubs, shipped_atlas, small, worth + 1e-3, worth + 2e-3)


def test_an_evaluation_above_the_bound_is_refused(hubs, shipped_atlas, small):
    worth = check(hubs, shipped_atlas, small).objective
    with pytest.raises(CheckError, match="the solver claims"):
        check(hubs, shipped_atlas, small, worth - 2e-3, worth - 1e-3)


def test_soft_rules_are_priced_not_refused(hubs, shipped_atlas):
    soft = dcsite.load_scenario(
        "policy-2023", (*SMALL, 'rules.separation="soft"', "penalties.separation=0.2",
                        "tiers.core.separation_km=2000")
    )  # fmt: skip
    found = check(hubs, shipped_atlas, soft)
    by_rule = {}
    for violation in found.violations:
        by_rule[violation.rule] = by_rule.get(violation.rule, 0.0) + violation.amount
    # Both cores stand nearer than 2,000 km to Tokyo, and to each other: one would have to go.
    assert by_rule["separation"] == 3.0
    assert sum(v.penalty for v in found.violations if v.rule == "separation") == pytest.approx(0.6)


def test_rules_that_are_off_are_not_reported(hubs, shipped_atlas):
    off = dcsite.load_scenario(
        "policy-2023", (*SMALL, 'rules.separation="off"', "tiers.core.separation_km=2000")
    )
    found = check(hubs, shipped_atlas, off)
    assert "separation" not in {violation.rule for violation in found.violations}


def test_unserved_demand_by_hand(hubs, shipped_atlas):
    # All demand must be served within 1 ms, which equipment alone takes: only a hub at an office
    # serves anyone. Koriyama, Ebetsu and Takeo are none, so all of it stays unserved.
    strict = dcsite.load_scenario(
        "policy-2023",
        (*SMALL[:3], *ALL_CRITICAL, "demand.classes.latency_critical.max_ms=1"),
    )
    unserved = short_of(hubs, shipped_atlas, strict)
    assert sum(zone.unserved_mw for zone in unserved) == pytest.approx(440.0)
    assert len(unserved) == 47


def test_a_hub_serves_no_more_than_it_carries(hubs, shipped_atlas):
    # Everyone may be served by everyone, 440 MW asked, 140 MW offered.
    wide = dcsite.load_scenario(
        "policy-2023",
        (*SMALL[:3], *HALF_CRITICAL, "demand.classes.latency_critical.max_ms=1000"),
    )
    little = hubs.assign(it_load_mw=[50.0, 50.0, 40.0])
    unserved = short_of(little, shipped_atlas, wide)
    assert sum(zone.unserved_mw for zone in unserved) == pytest.approx(300.0)


def test_each_hub_serves_the_zones_in_its_reach_by_what_it_carries(measured, shipped_atlas):
    # Hubs at two prefectural offices, 1.1 ms of reach: Sapporo's 30 MW are less than Hokkaido asks,
    # Fukuoka's 400 more than its prefecture asks; the tolerant rest takes what is left.
    asked = ("demand.classes.latency_critical.max_ms=1.1", "demand.total_new_it_load_mw=2000")
    all_critical = dcsite.load_scenario("policy-2023", (*asked, *ALL_CRITICAL))
    offices = shipped_atlas.table("prefectures").loc[["01", "40"]]
    two = measured.loc[["01100", "40130"]].assign(
        it_load_mw=[30.0, 400.0], lat_deg=offices["office_lat_deg"].to_numpy(),
        lon_deg=offices["office_lon_deg"].to_numpy(),
    )  # fmt: skip
    short = {
        zone.pref_code: zone.unserved_mw for zone in short_of(two, shipped_atlas, all_critical)
    }
    weight = shipped_atlas.table("prefectures")["gdp_million_jpy_fy2021"]
    demand = 2000.0 * weight / weight.sum()
    served = {"01": 30.0, "40": demand["40"]}
    assert (demand["01"] > 30.0, demand["40"] < 400.0) == (True, True)
    assert short == pytest.approx(
        {code: mw - served.get(code, 0.0) for code, mw in demand.items() if code != "40"}
    )
    half = dcsite.load_scenario("policy-2023", (*asked, *HALF_CRITICAL))
    tolerant = short_of(two, shipped_atlas, half)
    assert sum(zone.unserved_mw for zone in tolerant) == pytest.approx(2000.0 - 430.0)


def test_what_is_broken_is_said_of_places_in_both_languages(hubs, shipped_atlas, small):
    soft = small.model_copy(update={"rules": dict.fromkeys(small.rules, "soft")})
    far = hubs.assign(
        lat_deg=[35.70, 35.60, 35.80], lon_deg=[139.9, 139.8, 139.7], tier="core",
        it_load_mw=[200.0, 200.0, 100.0], max_it_load_mw=10.0, hectares=1.0, population_2020=9.0,
        pref_code="07",
    )  # fmt: skip
    found = check(far, shipped_atlas, soft).violations
    assert len({violation.rule for violation in found}) > 8
    for violation in found:
        assert not re.search(r"\b(01217|41206|07203)\b", violation.message_en)
        assert not re.search(r"01217|41206|07203|core|large|regional", violation.message_ja)
        assert re.search("[\u3040-\u30ff\u4e00-\u9fff]", violation.message_ja)
    said = {violation.rule: violation for violation in found if violation.rule == "land"}
    assert said["land"].message_en.startswith("郡山市 Koriyama-shi is about 90 MW larger")
    texts = {violation.message_ja for violation in found}
    assert "中核拠点が3か所（必要2〜2）" in texts
    assert "九州に中核拠点がない" in texts
