"""Demand from the tables, worked by hand."""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.errors import ScenarioError
from dcsite.plan import Session
from dcsite.scenario import load_scenario, scenarios_by_year
from dcsite.scenario.demand import (
    at_year,
    energy_levels,
    outlook_levels,
    racks_at,
    racks_by_year,
)


def grid_mw(*overrides: str) -> float:
    return load_scenario(overrides=overrides).demand.grid_demand_mw


def test_racks_are_those_of_the_strategy(shipped_atlas):
    table = shipped_atlas.table("rack_figures")
    read = {
        (basis, who): racks_by_year(table, basis, who)
        for basis in ("total", "in_operation")
        for who in ("domestic_and_other", "hyperscale")
    }
    assert read == {
        ("total", "domestic_and_other"): {2020: 364_750, 2025: 344_180},  # G1
        ("total", "hyperscale"): {2020: 56_550, 2025: 129_320},  # G2
        ("in_operation", "domestic_and_other"): {2020: 265_280, 2025: 273_930},  # G3
        ("in_operation", "hyperscale"): {2020: 46_720, 2025: 118_770},  # G4
    }
    assert racks_by_year(table, "in_operation") == {2020: 312_000, 2025: 392_700}


def test_energies_are_those_of_the_strategy(shipped_atlas):
    table = shipped_atlas.table("power_figures")
    ict, ai = (energy_levels(table, subject) for subject in ("ict", "ai"))
    assert {year: level.value for year, level in ict.items()} == {2018: 37.0, 2030: 185.0}
    assert {year: level.value for year, level in ai.items()} == {2018: 0.7, 2030: 16, 2050: 3000}
    assert ict[2030].source == "J6 L2516-2517, L2522; derived: 37 x 5"
    values = table["value"]
    assert (values["generation_2022"], values["consumption_2018"]) == (784.8, 981.5)
    assert {*table["value"][table["quantity"] == "efficiency"]} == {0.01, 0.6}


def test_the_outlook_by_year(shipped_atlas):
    levels = outlook_levels(
        shipped_atlas.table("data_centre_demand_outlook"), "occto_individual_peak"
    )
    assert {year: level.value for year, level in levels.items()} == {
        2025: 470.0,
        2030: 5380.0 - 980.0,
        2034: 6160.0,
    }
    assert "derived: 5,380 less 980" in levels[2030].source
    assert grid_mw() == 6160.0
    assert grid_mw("demand.year=2025") == 470.0
    assert grid_mw("demand.year=2028") == pytest.approx(470 + 3 / 5 * (4400 - 470))
    assert grid_mw("demand.year=2032") == pytest.approx((4400 + 6160) / 2)


def test_racks_grow_as_from_2020_to_2025():
    # 80,700 racks in five years: 16,140 a year for nine years, x 4 kW x PUE 1.3.
    racks = ("demand.basis=racks",)
    assert grid_mw(*racks) == pytest.approx(16_140 * 9 * 4 / 1000 * 1.3)
    said = load_scenario(overrides=racks).provenance["demand.grid_demand_mw"].why
    assert "at the growth of 2020 to 2025 (G3, G4)" in said
    said = load_scenario(overrides=(*racks, "demand.rack_basis=total"))
    assert "(G1, G2)" in said.provenance["demand.grid_demand_mw"].why
    assert grid_mw(*racks, "demand.kw_per_rack=8") == pytest.approx(2 * grid_mw(*racks))
    # All racks: 52,200 more in five years.
    assert grid_mw(*racks, "demand.rack_basis=total", "demand.year=2030") == pytest.approx(
        52_200 * 4 / 1000 * 1.3
    )


def test_energies_become_mw_at_one_rate_between_the_years():
    ict = grid_mw("demand.basis=strategy_twh", "demand.year=2030")
    assert ict == pytest.approx((185 - 37 * 5 ** (7 / 12)) * 1e6 / 8760 / 0.8)
    ai = grid_mw("demand.basis=strategy_twh", "demand.power_series=ai", "demand.year=2050")
    assert ai == pytest.approx((3000 - 0.7 * (16 / 0.7) ** (7 / 12)) * 1e6 / 8760 / 0.8)


def test_one_claim_on_efficiency_at_a_time_and_each_in_its_scope():
    policy = load_scenario()
    at_edge = policy.demand.classes.parts()["latency_critical"]
    assert grid_mw("demand.efficiency=photonics_dc_40") == pytest.approx(6160 * 0.6)
    assert grid_mw("demand.efficiency=network_1_100") == 6160
    assert grid_mw("demand.efficiency=edge_system_40") == pytest.approx(6160 * (1 - 0.4 * at_edge))
    early = ("demand.efficiency=photonics_dc_40", "demand.year=2029")
    assert grid_mw(*early) == grid_mw("demand.year=2029")
    said = load_scenario(overrides=early).provenance["demand.grid_demand_mw"]
    assert said.lines == ("data_centre_demand_outlook", "power_figures")
    assert "x 1 by efficiency photonics_dc_40, from 2030 on" in said.why


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("year=2035",), r"year: must be from 2025 to 2034 for demand.basis outlook, got 2035"),
        (("year=2024",), r"year: must be from 2025 to 2034"),
        (("basis=racks", "year=2025"), r"year: must be 2026 or later .* racks, got 2025"),
        (("basis=strategy_twh",), r"year: must be from 2026 to 2030 .* strategy_twh, got 2034"),
        (("outlook_series=tepco",), r"must be one of occto_individual_peak, got tepco"),
        (("basis=given",), r"grid_demand_mw: must be given"),
        (("grid_demand_mw=6000",), r"grid_demand_mw: has no effect beside demand.basis = outlook"),
        (("power_series=ai",), r"power_series: has no effect .* set basis to strategy_twh"),
        (("basis=given", "grid_demand_mw=9", "year=2030"), r"year: has no effect"),
        (
            ("total_new_it_load_mw=900", "year=2030"),
            r"year: has no effect .*total_new_it_load_mw = 900",
        ),
        (("total_new_it_load_mw=900", "grid_demand_mw=9"), r"grid_demand_mw: has no effect"),
    ],
)
def test_what_no_basis_answers_or_reads_is_an_error(overrides, said):
    with pytest.raises(ScenarioError) as raised:
        load_scenario(overrides=[f"demand.{one}" for one in overrides])
    assert [one for one in raised.value.problems if re.search(said, str(one))]


def test_a_later_layer_chooses_anew(write):
    mine = write(
        "mine.toml",
        'extends = "policy-2023"\n[demand]\nbasis = "given"\ngrid_demand_mw = 2000\n',
    )
    assert load_scenario(mine).demand.grid_demand_mw == 2000
    again = load_scenario(mine, ["demand.basis=outlook"])
    assert again.demand.grid_demand_mw == 6160
    total = load_scenario(load_scenario(overrides=["demand.year=2028"]), ["demand.pue=1.2"])
    assert total.demand.grid_demand_mw == pytest.approx(2828)
    assert total.provenance["demand.grid_demand_mw"].lines == ("data_centre_demand_outlook",)
    given = load_scenario(load_scenario(), ["demand.total_new_it_load_mw=900"])
    assert load_scenario(given, ["demand.pue=1.2"]).total_new_it_load_mw == 900
    with pytest.raises(ScenarioError, match=r"demand\.year: has no effect"):
        load_scenario(given, ["demand.year=2030"])


def test_the_tables_of_a_users_geodata_count(shipped_atlas, monkeypatch):
    """Another figure for 2034 in one's own geodata gives another demand."""
    outlook = shipped_atlas.table("data_centre_demand_outlook")
    other = outlook.assign(value=outlook["value"].where(outlook["value"] != 6160.0, 5000.0))
    atlas = copy.copy(shipped_atlas)
    monkeypatch.setattr(atlas, "_frames", {**atlas._frames, "data_centre_demand_outlook": other})
    session = Session.open("policy-2023", atlas=atlas)
    assert session.scenario.demand.grid_demand_mw == 5000.0
    later = session.beside(session.scenario, ["demand.year=2032"])
    assert later.scenario.demand.grid_demand_mw == pytest.approx((4400 + 5000) / 2)


@given(
    st.dictionaries(st.integers(2000, 2060), st.floats(1, 1e5), min_size=2, max_size=5),
    st.data(),
)
def test_between_stated_years_a_value_lies_between_theirs(levels, data):
    year = data.draw(st.integers(min(levels), max(levels)))
    before = max(one for one in levels if one <= year)
    after = min(one for one in levels if one >= year)
    low, high = sorted((levels[before], levels[after]))
    for geometric in (False, True):
        found = at_year(levels, year, geometric=geometric)
        assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)
    assert racks_at(levels, max(levels)) == levels[max(levels)]


@pytest.mark.parametrize(
    ("table", "keep", "override", "said"),
    [
        ("rack_figures", "year", "basis=racks", "two years of in_operation"),
        ("power_figures", "year", "basis=strategy_twh", "energies of 2025 and later"),
        ("power_figures", "year", "efficiency=photonics_dc_40", "is not in the table"),
    ],
)
def test_tables_of_a_user_that_say_too_little_are_told(shipped_atlas, table, keep, override, said):
    def tables(name):
        known = shipped_atlas.table(name)
        return known[known[keep] < 2025] if name == table else known

    with pytest.raises(ScenarioError, match=said):
        load_scenario("policy-2023", [f"demand.{override}"], tables)


def test_each_year_of_a_scenario_has_its_own_demand(write):
    mine = write(
        "mine.toml",
        'extends = "policy-2023"\n[periods]\nyears = [2028, 2034]\n'
        "[periods.set.2028.demand]\nyear = 2028\n",
    )
    by_year = scenarios_by_year(load_scenario(mine))
    assert by_year[2034].demand.grid_demand_mw == 6160
    assert by_year[2028].demand.grid_demand_mw == pytest.approx(2828)
    assert "FY2028" in by_year[2028].provenance["demand.grid_demand_mw"].why
