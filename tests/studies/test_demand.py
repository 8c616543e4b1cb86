"""Figures of demand side by side, and what they say of a scenario."""

from __future__ import annotations

import copy
import math

import pytest

from dcsite.scenario import load_scenario
from dcsite.studies.demand import demand_figures


def rows_of(atlas, *overrides, scenario="policy-2023"):
    found = demand_figures(load_scenario(scenario, overrides), atlas)
    return {(row.section, row.label_en, row.year): row for row in found.rows}, found


def test_what_stands_beside_what(shipped_atlas):
    rows, found = rows_of(shipped_atlas)
    racks = rows["racks", "racks in operation, hyperscale", 2025]
    assert (racks.value, racks.mw, racks.source) == (118_770, 475.08, "G4 L2557-2559")
    ict = rows["energy", "all ICT infrastructure, more than data centres", 2030]
    assert ict.mw == pytest.approx(185e6 / 8760)
    above = {key: row for key, row in rows.items() if not math.isnan(row.above_generation)}
    assert {(year, row.value) for (_, _, year), row in above.items()} == {
        (2050, 3000.0),
        (2018, 981.5),
    }
    assert above["energy", "computing of AI", 2050].above_generation == pytest.approx(3000 / 784.8)
    # Two cores of 200, five of 50, eleven of 10 MW; two of 400, seven of 200, nineteen of 50 MW.
    tiers = {label: row.value for (of, label, _), row in rows.items() if of == "tiers"}
    assert tiers == {"least that all tiers carry": 760.0, "most that all tiers carry": 3150.0}
    outlook = rows["basis", "outlook: added at the grid", 2034]
    assert (outlook.value, outlook.used) == (6160.0, True)
    assert outlook.mw == pytest.approx(6160 / 1.3 * 0.4)
    ict = rows["basis", "strategy_twh, ict: growth", 2034]
    assert math.isnan(ict.value)
    assert "from 2026 to 2030" in ict.source
    assert found.load(found.dump(), "demand").dump() == found.dump()


def test_the_share_for_new_hubs_is_a_choice_beside_what_happens(shipped_atlas):
    rows, _ = rows_of(shipped_atlas)
    share = {label: row.value for (section, label, _), row in rows.items() if section == "share"}
    assert share["growth outside both as things go"] == pytest.approx(0.22)
    assert share["more than goes outside both"] == pytest.approx(0.18)
    today, added = 392_700 * 0.004, 6160 / 1.3
    assert share["both areas in the country's capacity today"] == pytest.approx(0.8)
    assert share["the same in the plan's year without a plan"] == pytest.approx(
        (0.8 * today + 0.78 * added) / (today + added)
    )
    assert share["the same with every new hub outside both"] == pytest.approx(
        (0.8 * today + 0.6 * added) / (today + added)
    )


@pytest.mark.parametrize(
    ("overrides", "used"),
    [
        (("demand.basis=racks",), {"racks: growth carried on"}),
        (("demand.basis=strategy_twh", "demand.power_series=ai"), {"strategy_twh, ai: growth"}),
        (("demand.basis=given", "demand.grid_demand_mw=2000"), {"given"}),
        (("demand.total_new_it_load_mw=900",), {"given"}),
    ],
)
def test_what_the_scenario_takes_is_marked_and_comes_to_its_load(shipped_atlas, overrides, used):
    rows, _ = rows_of(shipped_atlas, *overrides)
    taken = {key[1]: row for key, row in rows.items() if key[0] == "basis" and row.used}
    assert set(taken) == used
    total = load_scenario(overrides=overrides).total_new_it_load_mw
    assert [row.mw for row in taken.values()] == [pytest.approx(total)]


def test_savings_are_shown_against_the_demand_before_any(shipped_atlas):
    plain, _ = rows_of(shipped_atlas)
    saved, _ = rows_of(shipped_atlas, "demand.efficiency=photonics_dc_40")
    mw = {key: row.mw for key, row in plain.items() if key[0] == "efficiency"}
    assert min(mw.values()) == pytest.approx(0.6 * 6160)
    assert {key: pytest.approx(row.mw) for key, row in saved.items() if key in mw} == mw
    assert [key[1][:18] for key, row in saved.items() if key in mw and row.used] == [
        "photonics: 40 % le"
    ]


def test_a_basis_beyond_what_the_country_generates_is_flagged(shipped_atlas):
    # 3,000 TWh less 0.7 x (16 / 0.7) ^ (7 / 12) of 2025, over the 784.8 of J10.
    ai = ("demand.basis=strategy_twh", "demand.power_series=ai", "demand.year=2050")
    rows, _ = rows_of(shipped_atlas, *ai)
    growth = rows["basis", "strategy_twh, ai: growth", 2050]
    assert growth.above_generation == pytest.approx((3000 - 0.7 * (16 / 0.7) ** (7 / 12)) / 784.8)
    assert math.isnan(rows["basis", "racks: growth carried on", 2050].above_generation)
    # 200 GW x 8,760 h x 0.8.
    rows, _ = rows_of(shipped_atlas, "demand.basis=given", "demand.grid_demand_mw=200000")
    assert rows["basis", "given", 2034].above_generation == pytest.approx(1401.6 / 784.8)


def test_without_a_figure_of_generation_nothing_is_flagged(shipped_atlas, monkeypatch):
    atlas, power = copy.copy(shipped_atlas), shipped_atlas.table("power_figures")
    frames = {**atlas._frames, "power_figures": power.drop(index="generation_2022")}
    monkeypatch.setattr(atlas, "_frames", frames)
    rows, _ = rows_of(atlas)
    assert all(math.isnan(row.above_generation) for row in rows.values())


def test_classes_grow_by_their_factors_and_share_the_new_load(shipped_atlas):
    share = "demand.classes.sensitive.share=0"
    rows, _ = rows_of(shipped_atlas, share, "demand.classes.ai.growth=30")
    classes = {label: row for (of, label, _), row in rows.items() if of == "class"}
    # 0.33 x 5, 0.32 x 7 and 0.02 x 30 of 4.49.
    assert [*classes] == [
        "latency-critical: 49% today, 37% then",
        "latency-tolerant: 48% today, 50% then",
        "AI: 3% today, 13% then",
    ]
    critical, _, ai = classes.values()
    assert critical.mw == pytest.approx(0.33 * 5 / 4.49 * 6160 / 1.3 * 0.4)
    assert critical.source.endswith("strategy / 戦略 J3 L301-305, a reading / 解釈")
    assert ai.source.endswith("given / 利用者の指定")


def test_a_share_is_said_to_be_from_what_sets_it(shipped_atlas):
    label = "both areas in the country's capacity today"
    rows, _ = rows_of(shipped_atlas)
    assert rows["share", label, 2034].source.endswith("assumption / 仮定 A9 L11192")
    rows, _ = rows_of(shipped_atlas, "demand.core_rack_share={tokyo=0.3, osaka=0.1}")
    assert rows["share", label, 2034].value == pytest.approx(0.4)
    assert rows["share", label, 2034].source.endswith("core_rack_share.tokyo: given / 利用者の指定")


def test_a_private_question_has_no_classes_and_no_share_of_the_country(shipped_atlas):
    rows, _ = rows_of(shipped_atlas, scenario="best-of")
    assert {section for section, *_ in rows} == {
        "racks", "outlook", "energy", "growth", "efficiency", "basis", "tiers"
    }  # fmt: skip


def test_each_year_of_a_scenario_has_its_rows(shipped_atlas):
    rows, _ = rows_of(shipped_atlas, scenario="by-year")
    most = {year: row.value for (_, label, year), row in rows.items() if label[:4] == "most"}
    # One to three large ones by 2028, up to five by 2030.
    assert most == {2028: 2350.0, 2030: 2750.0, 2034: 3150.0}
    at = {year: row.value for (_, label, year), row in rows.items() if label.startswith("outlook")}
    assert at == {2028: pytest.approx(2828.0), 2030: 4400.0, 2034: 6160.0}
