"""Load on place and area: demand around a site, the two limits, and what a plan is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.area_load import (
    AROUND,
    CITY,
    CITY_DEMAND,
    CRITERION,
    applications,
    area_demand,
)
from dcsite.feasibility.check import check_scenario
from dcsite.geo.geodesy import geodesic_km
from dcsite.model import Candidates, assemble

EVEN = ["criteria.cooling.pue_everywhere=1.3"]
GWH_PER_MW = 1.3 * 0.8 * 8.76
#: Hubs of the first model's plan and how many times their municipality's electricity they need.
FIRST = {
    "02205": (200.0, 6.06), "03524": (50.0, 5.88), "41202": (313.4, 3.75), "01217": (200.0, 3.47),
}  # fmt: skip


@pytest.fixture(scope="module")
def even(measured, shipped_atlas):
    """Return the scenario with one PUE everywhere, and the sites measured by it."""
    scenario = dcsite.load_scenario("policy-2023", EVEN)
    columns = CRITERION.measure(measured, shipped_atlas, scenario)
    return scenario, measured.assign(**columns)


def hubs_of(sites, loads, tiers):
    return sites.loc[list(loads)].assign(tier=tiers, it_load_mw=list(loads.values()))


def values(found, quantity):
    return [
        next(value.value for value in own if value.name == quantity.name)
        for own in found.hub_values.values()
    ]


def test_the_first_models_hubs_need_several_times_their_municipality(even, shipped_atlas):
    scenario, sites = even
    loads = {code: mw for code, (mw, _) in FIRST.items()}
    found = CRITERION.evaluate(hubs_of(sites, loads, "large"), shipped_atlas, scenario)
    assert values(found, CITY) == pytest.approx([times for _, times in FIRST.values()], abs=0.01)


def test_demand_around_is_that_of_offices_within_the_radius(measured, shipped_atlas, policy):
    places = shipped_atlas.table("municipalities")
    demand = shipped_atlas.table("solar_fit_by_municipality")["demand_gwh_fy2022"]
    for code in ("01235", "13101", "36207", "47382"):
        site = measured.loc[code]
        away_km = geodesic_km(
            site["lat_deg"], site["lon_deg"], places["office_lat_deg"], places["office_lon_deg"]
        )
        by_hand = demand.reindex(places.index)[np.asarray(away_km) <= 30.0].sum()
        assert site[AROUND.name] == pytest.approx(by_hand)
        assert site[CITY_DEMAND.name] == demand[code]
    hubs = hubs_of(measured, dict.fromkeys(("01235", "36207"), 50.0), "regional")
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    assert values(found, AROUND) == pytest.approx(hubs[AROUND.name].tolist())


def test_a_site_far_from_every_office_has_its_own_municipality_around(measured, shipped_atlas):
    narrow = dcsite.load_scenario("policy-2023", ["criteria.area_load.around_km=0.1"])
    moved = measured.loc[["01101" if "01101" in measured.index else "01100"]].copy()
    moved["lat_deg"] += 0.05
    around = CRITERION.measure(moved, shipped_atlas, narrow)
    assert around[AROUND.name].tolist() == around[CITY_DEMAND.name].tolist() != [0.0]
    moved["municipality_code"] = None
    around = CRITERION.measure(moved, shipped_atlas, narrow)
    assert around[AROUND.name].tolist() == [0.0]
    assert around[CITY_DEMAND.name].isna().all()


def test_areas_are_brought_to_a_year_and_okinawas_peak_is_not_known(shipped_atlas):
    demand = area_demand(shipped_atlas)
    assert demand.loc["hokkaido"].tolist() == [29980.2, 5691.0, "2023"]
    # 348 days of half hours: 16,702 records.
    assert demand.loc["tokyo", "energy_gwh"] == pytest.approx(269571.6 * 17520 / 16702)
    assert demand.loc["okinawa", "energy_gwh"] == pytest.approx(7934.4, abs=0.1)
    assert np.isnan(demand.loc["okinawa", "peak_mw"])
    waits = applications(shipped_atlas)
    assert waits["value"].to_dict() == {"tokyo": 9270.0, "kyushu": 4950.0, "japan": 19920.0}
    assert waits.loc["kyushu", "as_of"] == "2025-09-30"


def test_what_an_area_is_told(even, shipped_atlas):
    scenario, sites = even
    loads = {"01217": 200.0, "01206": 50.0, "41202": 100.0, "47350": 10.0}
    hubs = hubs_of(sites, loads, ["core", "regional", "large", "regional"])
    hubs["reserve_mw"] = [40.0, 0.0, 0.0, 0.0]
    found = CRITERION.evaluate(hubs, shipped_atlas, scenario)
    told = {one.key: one for one in found.loads}
    assert list(told) == ["hokkaido", "kyushu", "okinawa", "01", "41", "47"]
    there = told["hokkaido"]
    assert (there.name_ja, there.site_ids) == ("北海道", ("01217", "01206"))
    assert (there.it_load_mw, there.reserve_grid_mw) == (250.0, pytest.approx(40.0 * 1.3))
    assert there.energy_share == pytest.approx(250 * GWH_PER_MW / 29980.2)
    assert there.peak_share == pytest.approx(250 * 1.3 / 5691)
    assert (there.max_share, there.beyond) == (0.07, True)
    assert np.isnan(there.applications_mw)
    assert (told["kyushu"].applications_mw, told["kyushu"].beyond) == (4950.0, False)
    assert "2025-09-30" in told["kyushu"].known_ja
    assert np.isnan(told["okinawa"].peak_share)
    # Saga, FY2024, by voltage: METI's table.
    saga = told["41"]
    assert saga.energy_share == pytest.approx(100 * GWH_PER_MW / 6672.5)
    assert saga.special_high_voltage_share == pytest.approx(100 * GWH_PER_MW / 2181.319)
    (queue,) = (one for one in found.measures if one.name == "area_queue_share")
    assert queue.value == pytest.approx((100 * 1.3 + 4950) / 15782)
    (breach,) = (one for one in found.breaches if one.rule == "area_load")
    # 7 % of 29,980.2 GWh is 299.5 MW at the grid, of 6,160 x 0.4.
    assert breach.amount == pytest.approx((325 - 0.07 * 29980.2 / 7.008) / 2464)
    assert breach.site_ids == ("01217", "01206")
    assert breach.message_en == (
        "Hokkaido: hubs take 7.6% of the area's energy (limit 7%), about 25 MW at the grid too much"
    )


def test_what_is_too_much_is_said_of_the_peak_where_that_is_more(even, shipped_atlas):
    # Half of the year at the peak: 250 MW x 1.3 are 5.7 % of the peak and 4.7 % of the energy.
    scenario, sites = even
    key = "criteria.area_load.max_area_share"
    asked = dcsite.load_scenario(scenario, [f"{key}=0.05", "demand.load_factor=0.5"])
    hubs = hubs_of(sites, {"01217": 200.0, "01206": 50.0}, ["core", "regional"])
    found = CRITERION.evaluate(hubs, shipped_atlas, asked)
    (breach,) = (one for one in found.breaches if one.rule == "area_load")
    assert breach.message_en.startswith("Hokkaido: hubs take 5.7% of the area's peak (limit 5%)")
    assert breach.message_ja.startswith("北海道エリア：拠点が最大需要の5.7%（上限5%）")


def test_a_hard_limit_keeps_out_what_cannot_hold_it(even):
    scenario, sites = even
    (admission,) = CRITERION.admit(sites, scenario)
    out = admission.amount > 0.0
    # Wakkanai: about 204 GWh within 30 km, half of it is 11 MW of IT load.
    assert out[sites.index.get_loc("01214")].tolist() == [True, True, False]
    assert not out[sites.index.get_loc("01217")].any()


CODES = ("01217", "01214", "02205", "03524", "41202", "35207")


@pytest.fixture(scope="module")
def program(even, shipped_atlas):
    scenario, sites = even
    return assemble(Candidates.of(scenario, shipped_atlas, sites.loc[list(CODES)]), spaced=False)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_the_program_counts_what_the_evaluation_finds(program, even, shipped_atlas, data):
    """Least violations of the program at any loads equal the breaches found without it."""
    scenario, sites = even
    point, loads, tiers = {}, {}, []
    for number, code in enumerate(CODES):
        free = np.flatnonzero(program.eligible[number])
        tier = data.draw(st.sampled_from([-1, *free.tolist()]))
        if tier >= 0:
            most = program.extra_mw[number, tier].upBound
            extra = data.draw(st.floats(0.0, most))
            point[program.open[number, tier].name] = 1.0
            point[program.extra_mw[number, tier].name] = extra
            loads[code] = program.min_mw[tier] + extra
            tiers.append(TIERS[tier])
    found = CRITERION.evaluate(hubs_of(sites, loads, tiers), shipped_atlas, scenario)
    constraints = program.problem.constraints
    rows = list(constraints() if callable(constraints) else constraints.values())
    for rule in ("place_load", "area_load"):
        counted = 0.0
        for variable, share in program.violations[rule]:
            name = variable.name
            if name.startswith("over_"):
                row = next(row for row in rows if row.name == name.removeprefix("over_"))
                held = sum(c * point.get(v.name, 0.0) for v, c in row.items() if v.name != name)
                counted += share * max(0.0, held + row.constant)
            else:
                counted += share * point.get(name, 0.0)
        breached = sum(one.amount for one in found.breaches if one.rule == rule)
        assert counted == pytest.approx(breached, abs=1e-8)


def test_a_limit_no_plan_can_hold_is_told_before_a_solve(measured, shipped_atlas):
    asked = dcsite.load_scenario(
        "policy-2023", ["criteria.area_load.max_area_share=0.005", "rules.area_load=hard"]
    )
    found = check_scenario(Candidates.of(asked, shipped_atlas, measured))
    (error,) = (one for one in found.errors if "max_area_share" in one.rule_or_key)
    # 1,895.4 MW at the least PUE of 1.24, of 122.7 GW that the ten areas use in the mean.
    assert "take 1.9% of an area's demand; set it to 0.02 or more" in error.message
