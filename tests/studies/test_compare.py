"""Plans side by side: evaluated alike, differences by hand, today's data centres."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

import dcsite
from dcsite.contract import Measure, criteria, linear_score
from dcsite.studies.compare import (
    ComparedPlan,
    Contender,
    against,
    compare_plans,
    points_of,
    today,
)
from dcsite.studies.today import todays_hubs


def contender(measured, label: str, *rows: tuple[str, str, float]) -> Contender:
    codes = [code for code, _, _ in rows]
    hubs = measured.loc[codes].assign(
        tier=[tier for _, tier, _ in rows],
        it_load_mw=[load for _, _, load in rows],
        reserve_mw=0.0,
    )
    return Contender(label, f"Plan {label}", f"計画{label}", hubs)


@pytest.fixture(scope="module")
def asked():
    return dcsite.load_scenario("policy-2023", ("demand.total_new_it_load_mw=600",))


@pytest.fixture(scope="module")
def found(measured, shipped_atlas, asked):
    north = contender(measured, "north", ("01217", "core", 400.0), ("02201", "large", 200.0))
    split = contender(measured, "split", ("01217", "core", 300.0), ("43100", "core", 300.0))
    return compare_plans([north, split, today(shipped_atlas, asked)], shipped_atlas, asked)


def test_every_plan_has_the_measures_of_all_criteria(found, shipped_atlas, asked):
    names = [[one.name for one in plan.measures] for plan in found.plans]
    assert names[0] == names[1] == names[2]
    assert {one.criterion for one in found.plans[0].measures} == {
        criterion.name for criterion in criteria()
    }


def test_worst_survival_by_hand(found):
    # An earthquake under Ebetsu takes a share of 400 of 600 MW from the one, half from the other.
    # It shakes there at 5.96, where half of what withstands 6.0 +- 0.38 is down; 21.8 % of grids
    # are cut, 5.93 % of those for more than a core's 72 hours. Neither other hub is reached.
    stands = (1.0 - NormalDist(6.0, 0.38).cdf(5.96)) * (1.0 - 0.2176 * 0.0593)
    worst = [
        next(one for one in plan.measures if one.name == "worst_survival") for plan in found.plans
    ]
    assert worst[0].value == pytest.approx(1.0 - (1.0 - stands) * 2.0 / 3.0, abs=1e-4)
    assert worst[1].value == pytest.approx(1.0 - (1.0 - stands) / 2.0, abs=1e-4)
    assert "Nohoro" in worst[0].label_en
    assert "Nohoro" in worst[1].label_en


def test_a_question_without_demand_asks_each_plan_for_what_it_carries(
    measured, shipped_atlas, asked, found
):
    plans = [
        contender(measured, label, ("01217", "core", 2.0 * mw), ("02201", "large", mw))
        for label, mw in (("small", 10.0), ("big", 100.0))
    ]
    private = dcsite.load_scenario(asked, ('demand.hub_loads="full"',))
    shares = [
        next(one.value for one in plan.measures if one.name == "worst_survival")
        for plan in (*compare_plans(plans, shipped_atlas, private).plans, found.plans[0])
    ]
    assert shares == pytest.approx([shares[2]] * 3, abs=1e-9)


def test_gains_and_costs_add_up_to_the_difference_of_points(found):
    first = found.plans[0]
    for plan, held in zip(found.plans[1:], found.against_first, strict=True):
        assert held.label == plan.label
        assert all(one.points > 0.0 for one in held.gains)
        assert all(one.points < 0.0 for one in held.costs)
        assert [one.points for one in held.gains] == sorted(
            (one.points for one in held.gains), reverse=True
        )
        assert [one.points for one in held.costs] == sorted(one.points for one in held.costs)
        change = sum(one.points for one in (*held.gains, *held.costs))
        assert change == pytest.approx(plan.points - first.points, abs=2e-5)
    assert "worst_survival" in {one.measure for one in found.against_first[0].gains}


def test_hubs_that_moved(found):
    split = found.against_first[0]
    assert (split.hubs_given_up, split.hubs_elsewhere) == (("02201",), ("43100",))


def test_labels_leave_out_what_they_say_of_one_plan_alone(found):
    labels = found.labels()
    assert labels["worst_survival"][1] == "share of the capacity standing in the worst disaster"
    whole = {one.name: (one.label_ja, one.label_en) for one in found.plans[0].measures}
    changed = {name for name, label in labels.items() if label != whole[name]}
    assert changed == {
        "worst_survival",
        "expected_down_30y",
        "area_energy_share",
        "area_peak_share",
        "land_subsidy_jpy",
        "building_subsidy_jpy",
    }
    # What stands behind the brackets is of all plans.
    assert labels["expected_down_30y"] == (
        "30年間に停止する回数の期待値（MW加重平均）",
        "times down in 30 years, expected, MW-weighted mean",
    )


def test_difference_by_hand():
    def plan(*scores: float) -> ComparedPlan:
        measures = tuple(
            Measure("c", f"m{n}", f"M {n}", f"指標{n}", score, "share", score, 0.5)
            for n, score in enumerate(scores)
        )
        points = points_of(measures)
        return ComparedPlan("p", "", "", "", "", points, 0.0, (), measures, (), ())

    before, after = plan(0.2, 0.8, 0.5), plan(0.6, 0.4, 0.5)
    held = against(before, after)
    assert [(one.measure, one.before, one.after, one.points) for one in held.gains] == [
        ("m0", 0.2, 0.6, pytest.approx(0.2))
    ]
    assert [(one.measure, one.points) for one in held.costs] == [("m1", pytest.approx(-0.2))]
    assert before.points == pytest.approx(0.75)


def test_today_is_scaled_to_the_load_and_concentrated(found, shipped_atlas):
    now = found.plans[2]
    assert sum(hub.it_load_mw for hub in now.hubs) == pytest.approx(600.0)
    assert {hub.tier for hub in now.hubs} == {"large"}
    lost = next(one for one in now.broken_rules if one.rule == "disaster_survival")
    # All of the Tokyo area is within reach of one stretch of coast, where cables land.
    assert "Boso" in lost.message_en
    areas = todays_hubs(shipped_atlas)
    elsewhere = areas.loc[areas["area"] != "tokyo", "it_load_mw"].sum() / areas["it_load_mw"].sum()
    assert elsewhere == pytest.approx(0.0795, abs=1e-4)
    assert lost.amount == pytest.approx(0.7 - elsewhere)
    share = next(one for one in now.measures if one.name == "crowded_landing_share")
    assert share.value == pytest.approx(1.0)


def test_a_hub_that_lacks_what_a_criterion_needs_has_no_number(measured, shipped_atlas, asked):
    # Tarama (47375) is an island without any substation in the table.
    alone = contender(measured, "island", ("47375", "large", 300.0), ("43100", "core", 300.0))
    (plan, _) = compare_plans(
        [alone, contender(measured, "b", ("43100", "core", 600.0))], shipped_atlas, asked
    ).plans
    distance = next(one for one in plan.measures if one.name == "substation_distance_km")
    assert not math.isfinite(distance.value)
    assert distance.dump()["value"] is None
    # Only the half of the load at Kumamoto scores.
    assert distance.score == pytest.approx(
        0.5 * linear_score(measured.loc["43100", "substation_distance_km_187kv"], 20.0, 0.0)
    )
    assert "substation_reach" in {breach.rule for breach in plan.broken_rules}
