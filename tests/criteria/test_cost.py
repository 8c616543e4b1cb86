"""Cost: hubs priced by hand, what is not known, budgets that bind, and nothing without figures."""

from __future__ import annotations

import itertools

import pytest

import dcsite
from dcsite.contract import yen
from dcsite.criteria.cost import CRITERION, study_grant_jpy
from dcsite.errors import ScenarioError
from dcsite.model import Candidates, assemble
from dcsite.solvers import SolveOptions, find_answer

SAPPORO, MITO, NAHA, TOKYO = "01100", "08201", "47201", "13101"
FIGURES = (
    "land.mw_per_ha=10",
    "criteria.cost.land_price_factor=0.5",
    "criteria.cost.build_usd_per_w=10",
    "criteria.cost.jpy_per_usd=100",
    "criteria.cooling.pue_everywhere=1.2",
    "demand.load_factor=0.5",
    "criteria.cost.years=10",
)
NONE = tuple(
    f'criteria.cost.{key}="none"'
    for key in ("land_price_factor", "build_usd_per_w", "electricity_jpy_per_kwh", "jpy_per_usd")
)


def asked(*overrides):
    return dcsite.load_scenario("policy-2023", (*FIGURES, *overrides))


def evaluated(measured, atlas, scenario, hubs):
    rows = measured.loc[[*hubs]].assign(
        tier=[tier for tier, _, _ in hubs.values()],
        it_load_mw=[mw for _, mw, _ in hubs.values()],
        reserve_mw=[mw for _, _, mw in hubs.values()],
    )
    found = CRITERION.evaluate(rows, atlas, scenario)
    values = {site: {one.name: one.value for one in of} for site, of in found.hub_values.items()}
    return found, {one.name: one for one in found.measures}, values


def test_a_hub_of_100_mw_by_hand(measured, shipped_atlas):
    hubs = {SAPPORO: ("large", 80.0, 20.0), TOKYO: ("regional", 10.0, 0.0)}
    found, plan, of = evaluated(measured, shipped_atlas, asked(), hubs)
    # 100 MW on 10 ha at half of 23,600 yen for a m2 (Hokkaido, 2023); 10 dollars at 100 yen for a
    # watt, 15.15 in Tokyo; 80 MW * 1.2 * 0.5 * 8,760 h at the mean of Hokkaido's half-hours.
    table = shipped_atlas.table("prefecture_land_price")["land_price_residential_jpy_per_m2"]
    months = shipped_atlas.table("jepx_area_price_monthly").loc["hokkaido"]
    price = (months["mean_jpy_per_kwh"] * months["n_slots"]).sum() / months["n_slots"].sum()
    assert price == pytest.approx(11.60, abs=0.01)
    land, building = 100_000.0 * 0.5 * table["01", 2023], 100e6 * 10.0 * 100.0
    power = 80_000.0 * 1.2 * 0.5 * 8760.0 * price
    assert of[SAPPORO]["land_jpy"] == pytest.approx(land)
    assert of[SAPPORO]["building_jpy"] == pytest.approx(building)
    assert of[SAPPORO]["electricity_jpy_per_year"] == pytest.approx(power)
    assert of[SAPPORO]["capital_jpy"] == pytest.approx(land + building)
    assert of[SAPPORO]["cost_of_years_jpy"] == pytest.approx(land + building + 10 * power)
    assert of[TOKYO]["building_jpy"] == pytest.approx(10e6 * 15.15 * 100.0)
    total = sum(one["cost_of_years_jpy"] for one in of.values())
    assert plan["cost_of_years_jpy"].value == pytest.approx(total)
    assert plan["cost_jpy_per_mw"].value == pytest.approx(total / 90.0)
    # Of the large hub alone: half of its land and of its buildings.
    assert plan["land_subsidy_jpy"].value == pytest.approx(0.5 * land)
    assert plan["building_subsidy_jpy"].value == 50e9
    capital = sum(one["capital_jpy"] for one in of.values())
    left = capital - 0.5 * land - 50e9
    assert plan["owners_capital_jpy"].value == pytest.approx(left)
    labels = {one.name: (one.label_en, one.label_ja) for one in found.hub_values[TOKYO]}
    assert labels["building_jpy"] == ("buildings (Tokyo, published)", "建設費（東京の公表値）")
    assert "not priced" not in found.notes[0]
    assert "connection to the grid" in found.notes[0]
    assert {one.topic for one in found.measures} == {"money"}


def test_what_is_not_known_is_in_no_sum_and_makes_no_place_cheap(measured, shipped_atlas):
    hubs = {NAHA: ("large", 50.0, 0.0), SAPPORO: ("large", 50.0, 0.0)}
    _, plan, of = evaluated(measured, shipped_atlas, asked(), hubs)
    unknown, known = of[NAHA], of[SAPPORO]
    assert unknown["electricity_jpy_per_year"] != unknown["electricity_jpy_per_year"]
    assert unknown["cost_of_years_jpy"] != unknown["cost_of_years_jpy"]
    assert plan["electricity_jpy_per_year"].value == known["electricity_jpy_per_year"]
    assert "那覇市（50 MW）は不明：この合計に含まない" in plan["electricity_jpy_per_year"].label_ja
    months = shipped_atlas.table("jepx_area_price_monthly").reset_index()
    months["jpy"] = months["mean_jpy_per_kwh"] * months["n_slots"]
    summed = months.groupby("area")[["jpy", "n_slots"]].sum()
    dearest = (summed["jpy"] / summed["n_slots"]).max()
    stand_in = unknown["capital_jpy"] + 10 * 50_000.0 * 1.2 * 0.5 * 8760.0 * dearest
    assert plan["cost_of_years_jpy"].value == pytest.approx(stand_in + known["cost_of_years_jpy"])
    assert "at the dearest known price" in plan["cost_of_years_jpy"].label_en


def test_a_subsidy_for_what_is_not_known_is_not_told_of_the_place(measured, shipped_atlas):
    nowhere = measured.assign(municipality_code=measured["municipality_code"].mask(
        measured.index == NAHA, ""))  # fmt: skip
    hubs = {NAHA: ("large", 50.0, 0.0), SAPPORO: ("large", 50.0, 0.0)}
    _, plan, of = evaluated(nowhere, shipped_atlas, asked(), hubs)
    assert of[NAHA]["land_subsidy_jpy"] != of[NAHA]["land_subsidy_jpy"]
    assert of[SAPPORO]["land_subsidy_jpy"] == pytest.approx(0.5 * of[SAPPORO]["land_jpy"])
    # Of the plan it counts at the dearest known price, and is said to.
    dearest = 50e3 * 0.5 * shipped_atlas.table("prefecture_land_price").xs(2023, level="year")[
        "land_price_residential_jpy_per_m2"
    ].max()  # fmt: skip
    paid = 0.5 * (of[SAPPORO]["land_jpy"] + dearest)
    assert plan["land_subsidy_jpy"].value == pytest.approx(paid)
    left = sum(plan[name].value for name in ("land_jpy", "building_jpy")) + dearest - paid - 50e9
    assert plan["owners_capital_jpy"].value == pytest.approx(left)
    for name in ("land_subsidy_jpy", "owners_capital_jpy"):
        assert "既知の最高単価で算入" in plan[name].label_ja


def test_without_figures_there_is_no_yen(measured, shipped_atlas):
    bare = asked(*NONE)
    found, _, _ = evaluated(measured, shipped_atlas, bare, {SAPPORO: ("large", 50.0, 0.0)})
    assert (found.measures, found.hub_values[SAPPORO]) == ((), ())
    # A rule that is on and has nothing to judge by is told, and refused where it is hard.
    (note,) = found.notes
    assert "the rule budget_land is not judged" in note
    assert not any(word in note for word in ("yen", "JPY", "円"))
    with pytest.raises(ScenarioError, match=r"rules.budget_land: = .hard., and .* prices no land"):
        CRITERION.measure(measured, shipped_atlas, asked(*NONE, 'rules.budget_land="hard"'))
    given = 'criteria.cost.building_subsidy_rate="none"', 'rules.budget_buildings="hard"'
    with pytest.raises(ScenarioError, match=r"rules.budget_buildings: .* has no rate"):
        CRITERION.measure(measured, shipped_atlas, asked(*given))
    sites = measured.loc[[SAPPORO, MITO]].filter(regex="^(?!.*jpy)")
    assert list(CRITERION.measure(sites, shipped_atlas, bare)) == []
    with pytest.raises(ScenarioError, match=r"weights.cost: = 0.1: no item"):
        CRITERION.measure(sites, shipped_atlas, asked(*NONE, "weights.cost=0.1"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ('criteria.cost.jpy_per_usd="none"', "give both or none"),
        ('criteria.cost.build_markets={Tokyo=["13"],Osaka=["13"]}', "has prefecture 13 twice"),
        ("criteria.cost.score_one_jpy=9e9", "score_zero_jpy must be above"),
        ('criteria.cost.build_markets={Tokyo=["48"]}', "build_markets"),
        ('criteria.cost.build_markets={Sendai=["04"]}', "Sendai"),
        ("criteria.cost.jpy_per_usd=-150", "jpy_per_usd"),
        ("criteria.cost.land_subsidy_rate=1.5", "land_subsidy_rate"),
    ],
)
def test_figures_that_cannot_be_are_refused(override, said):
    with pytest.raises(ScenarioError, match=said):
        asked(override)


SMALL = (
    "tiers.core.count=0", "tiers.large.count=2", "tiers.regional.count=0",
    "tiers.large.it_load_mw={min=20,max=100}", "tiers.large.separation_km=0",
    "demand.total_new_it_load_mw=120", "penalties.unserved=0", "tiers.core.regions=[]",
    'rules.substation_reach="off"', 'rules.connection_capacity="off"',
    'criteria.cost.build_markets={Tokyo=[],Osaka=[]}',
)  # fmt: skip


def small_program(measured, shipped_atlas, places, *overrides):
    soft = dcsite.load_scenario("policy-2023").rules
    off = (f'rules.{rule}="off"' for rule, mode in soft.items() if mode == "soft")
    weights = (f"weights.{name}=0" for name in dcsite.load_scenario("policy-2023").weights)
    scenario = asked(*SMALL, *off, *weights, *overrides)
    sites = measured.loc[places]
    sites = sites.drop(columns=[name for name in sites if "jpy" in name or name == "pue"])
    sites = sites.assign(pue=1.2)
    sites = sites.join(CRITERION.measure(sites, shipped_atlas, scenario))
    return scenario, sites, assemble(Candidates.of(scenario, shipped_atlas, sites))


def test_a_budget_that_binds_moves_land_to_where_it_is_cheap(measured, shipped_atlas):
    # Naha is farthest from Tokyo and Osaka, which alone is scored, and its land dear. What half of
    # its land costs is beyond the budget, so load moves to Akita or Mito until it is just kept.
    places = [NAHA, MITO, "05201"]
    far = ("weights.separation=1", "criteria.cost.land_price_factor=20")
    free = small_program(measured, shipped_atlas, places, *far)
    kept = small_program(measured, shipped_atlas, places, *far, 'rules.budget_land="hard"')
    price = free[1]["land_jpy_per_mw"] * 0.5
    worth = dict(zip(places, free[1]["score_separation"], strict=True))

    def best(budget_jpy):
        found = []
        for pair in itertools.combinations(places, 2):
            for mw in range(200, 1001):
                loads = dict(zip(pair, (mw / 10.0, 120.0 - mw / 10.0), strict=True))
                paid = sum(price[site] * load for site, load in loads.items())
                fits = all(20.0 <= loads[site] <= free[1]["max_it_load_mw"][site] for site in pair)
                if paid <= budget_jpy and fits:
                    found.append(sum(worth[one] * mw for one, mw in loads.items()) / 120.0)
        return max(found)

    answers = [find_answer(one[2], SolveOptions(gap=1e-9)) for one in (free, kept)]
    asked_jpy = [float((price * of.chosen["it_load_mw"]).sum()) for of in answers]
    assert asked_jpy[0] > 52.6e9
    assert asked_jpy[1] <= 52.6e9 * (1 + 1e-6)
    for answer, budget in zip(answers, (float("inf"), 52.6e9), strict=True):
        assert answer.outcome.objective == pytest.approx(best(budget), abs=1e-3)


def test_terms_of_the_program_price_hubs_as_the_evaluation_does(measured, shipped_atlas):
    by_class = "{kv60=1e8,kv100=2e8,kv187=5e8,kv500=9e8}"
    given = f"criteria.cost.connection_km_jpy={by_class}"
    scenario, sites, program = small_program(
        measured,
        shipped_atlas,
        [SAPPORO, MITO, NAHA],
        "weights.separation=1",
        given,
        'criteria.takeover.reserve_tiers=["large"]',
    )
    program.reserve(["large"])
    terms = CRITERION.price_terms(program)
    for pair in itertools.combinations([SAPPORO, MITO, NAHA], 2):
        values, hubs = {}, {}
        for number, site in enumerate(pair):
            row = list(sites.index).index(site)
            values |= {program.open[row, 1].name: 1.0, program.extra_mw[row, 1].name: 10.0 * number}
            values[program.reserve_mw[row, 1].name] = 7.0
            hubs[site] = ("large", 20.0 + 10.0 * number, 7.0)
        _, plan, _ = evaluated(sites, shipped_atlas, scenario, hubs)
        by_terms = sum(values.get(variable.name, 0.0) * jpy for variable, jpy in terms)
        assert by_terms == pytest.approx(plan["cost_of_years_jpy"].value, rel=1e-9)
        assert plan["connection_jpy"].value > 0.0


@pytest.mark.parametrize(
    ("study_jpy", "grant_jpy"), [(1e6, 5e5), (19_999_998, 9_999_999), (2e7, 1e7), (9e7, 1e7)]
)
def test_a_study_gets_half_and_at_most_ten_million(shipped_atlas, study_jpy, grant_jpy):
    assert study_grant_jpy(study_jpy, shipped_atlas) == grant_jpy


@pytest.mark.parametrize("others", [(), NONE])
def test_the_ten_studies_are_told_where_a_cost_is_given(measured, shipped_atlas, others):
    given = asked("criteria.cost.study_jpy=3e7", *others)
    _, plan, _ = evaluated(measured, shipped_atlas, given, {SAPPORO: ("large", 50.0, 0.0)})
    assert plan["study_grants_jpy"].value == 100e6
    assert plan["study_grants_jpy"].label_en.endswith("(10 places)")


def test_yen_are_counted_in_both_languages():
    assert [yen(one) for one in (999.0, 1e6, 1.5e8, 5e10, 6.576e12, float("nan"))] == [
        "999円 (JPY 999)",
        "100万円 (JPY 1.0 M)",
        "1.5億円 (JPY 0.15 bn)",
        "500億円 (JPY 50.0 bn)",
        "6.58兆円 (JPY 6.58 tn)",
        "-",
    ]
