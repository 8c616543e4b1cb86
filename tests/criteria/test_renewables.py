"""Renewables: supply by hand from the tables, hours of hubs by hand, local decay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dcsite.criteria.cooling import pue_at
from dcsite.criteria.renewable_hours import hours
from dcsite.criteria.renewable_matching import Battery, Matcher
from dcsite.criteria.renewable_supply import (
    decarbonised_share,
    gathered,
    gathered_exactly,
    links_mw,
    local_demand,
    supply_rows,
)
from dcsite.criteria.renewables import CRITERION
from dcsite.criteria.renewables_found import _from_battery, replay
from dcsite.errors import CheckError
from dcsite.geo.geodesy import geodesic_km


@pytest.fixture(scope="module")
def own(policy):
    return policy.criteria["renewables"]


@pytest.fixture(scope="module")
def rows(shipped_atlas, own):
    return supply_rows(shipped_atlas, own)


def gwh(rows, area, kind, **which):
    chosen = rows[(rows["area"] == area) & (rows["kind"] == kind)]
    for column, value in which.items():
        chosen = chosen[chosen[column] == value]
    return chosen["energy_gwh"].sum()


def test_curtailed_energy_is_the_latest_year(rows):
    # area_annual_energy, Kyushu 2023: 1,343.8 GWh of solar and 26.1 of wind curtailed.
    assert gwh(rows, "kyushu", "curtailed_solar", year=2023, counts=True) == pytest.approx(1343.8)
    assert gwh(rows, "kyushu", "curtailed_wind", type="at_supply_point") == pytest.approx(26.1)
    # Tokyo: FY2025 (2025-04-01..2026-03-14). Okinawa is in no table: no row, and not a zero one.
    assert gwh(rows, "tokyo", "curtailed_solar", year=2025) == pytest.approx(6.2)
    assert not ((rows["area"] == "okinawa") & rows["kind"].str.startswith("curtailed")).any()


def test_offshore_wind_is_promotion_zones_and_what_is_built_outside_them(rows):
    # Hokkaido: Matsumae 250 MW and Hiyama 910 MW are promotion zones, three more only promising.
    assert gwh(rows, "hokkaido", "offshore_wind") == pytest.approx((250 + 910) * 0.33 * 8.76)
    # Kyushu: Goto 16.8 MW (its farm under construction is the zone's) and Saikai-Enoshima 420 MW
    # from 2029; and Hibikinada, 220 MW under construction in a port.
    assert gwh(rows, "kyushu", "offshore_wind") == pytest.approx(656.8 * 0.33 * 8.76)
    assert gwh(rows, "kyushu", "offshore_wind", year=2029) == pytest.approx(420 * 0.33 * 8.76)
    assert gwh(rows, "kyushu", "offshore_wind", status="construction") == pytest.approx(
        220 * 0.33 * 8.76
    )


def test_onshore_wind_leaves_out_offshore_projects_and_what_already_runs(rows):
    # Hokkaido: 132.2 MW under construction and 1,326 MW before it.
    assert gwh(rows, "hokkaido", "onshore_wind") == pytest.approx(1458.2 * 0.25 * 8.76)
    assert gwh(rows, "hokkaido", "onshore_wind", status="construction") == pytest.approx(
        132.2 * 0.25 * 8.76
    )


def test_solar_of_one_municipality_is_growth_under_fit_and_rooftops_past_it(rows, shipped_atlas):
    # Sapporo: 52.67 MW in 2018 to 89.232 MW in 2023, 11 years on; 53.593 MW of rooftops, of which
    # 70 % goes out; 1,330.8 kWh/kW.
    office = shipped_atlas.table("municipalities").loc["01100"]
    here = rows[
        (rows["kind"] == "solar")
        & np.isclose(rows["lat_deg"], office["office_lat_deg"])
        & np.isclose(rows["lon_deg"], office["office_lon_deg"])
    ].set_index("type")
    growth, rooftop = here.loc["fit"], here.loc["long_term_contract"]
    assert growth["energy_gwh"] == pytest.approx((89.232 - 52.67) / 5 * 11 * 1.3308)
    assert rooftop["energy_gwh"] == pytest.approx(53.593 * 1.3308 * 0.7)
    assert (rooftop["year"], rooftop["counts"], growth["counts"]) == (2033, True, False)


def test_rows_add_up_to_the_tables_and_none_stands_twice(rows, shipped_atlas):
    total = rows.groupby(["kind", "type"])["energy_gwh"].sum()
    energy = shipped_atlas.table("area_annual_energy").groupby("area").tail(1)
    assert total["curtailed_solar"].sum() == pytest.approx(energy["solar_curtailed_gwh"].sum())
    assert total["curtailed_wind"].sum() == pytest.approx(energy["wind_curtailed_gwh"].sum())
    # wind_farms: 394.2 MW under construction on land, 3,951.8 MW before it; zones 5,550.8 MW.
    assert total["onshore_wind"].sum() == pytest.approx((394.2 + 3951.8) * 0.25 * 8.76)
    assert total["offshore_wind"].sum() == pytest.approx((5550.8 + 220.0) * 0.33 * 8.76)
    solar = shipped_atlas.table("solar_fit_by_municipality")
    # 14.6 GW of rooftops of below 10 kW in December 2023.
    rooftops = rows[(rows["kind"] == "solar") & (rows["type"] != "fit")]["capacity_mw"].sum()
    assert rooftops == pytest.approx(solar["solar_residential_mw"].sum())
    assert not rows.duplicated(["kind", "type", "lat_deg", "lon_deg", "capacity_mw", "area"]).any()


def test_both_readings_are_as_in_the_documentation(rows, shipped_atlas):
    """docs/renewables.md: typed supply, FIT growth and the first reading by area, in GWh."""
    text = (Path(__file__).parents[2] / "docs" / "renewables.md").read_text(encoding="utf-8")
    rooftop = (rows["kind"] == "solar") & (rows["type"] != "fit")
    told = [
        [cell.strip(" *").replace(",", "") for cell in line.split("|")[1:9]]
        for line in text.split("\n## ")[2].splitlines()
        if line.startswith("| ") and line.count("|") == 9
    ]
    by_name = {row[0].split(" ")[0].lower(): [float(cell) for cell in row[5:8]] for row in told[1:]}
    for area in shipped_atlas.table("electricity_areas").index:
        here = rows["area"] == area
        found = [
            rows.loc[here & mask, "energy_gwh"].sum()
            for mask in (rows["counts"], rows["type"] == "fit", ~rooftop)
        ]
        np.testing.assert_allclose(by_name[area], found, atol=0.51)


def test_what_counts_follows_type_and_year(rows, shipped_atlas, own):
    assert not rows.loc[rows["type"] == "fit", "counts"].any()
    # Inego Pass (59 MW) and Seiryo (189 MW) have no known place.
    assert rows.loc[rows["area"].isna(), "capacity_mw"].tolist() == [59.0, 189.0]
    early = supply_rows(shipped_atlas, own.model_copy(update={"horizon_year": 2028}))
    # By 2028 only one zone has started (Oga-Katagami-Akita, 315 MW), and no rooftop left FIT.
    zones = early[early["counts"] & (early["kind"] == "offshore_wind")]
    assert zones["capacity_mw"].tolist() == [220.0, 315.0]
    assert not early.loc[early["kind"] == "solar", "counts"].any()
    everything = own.model_copy(update={"counting_types": (*own.counting_types, "fit")})
    all_rows = supply_rows(shipped_atlas, everything)
    assert (all_rows["counts"] == all_rows["area"].notna()).all()
    with pytest.raises(ValidationError, match="counting_types"):
        type(own).model_validate(own.model_dump() | {"counting_types": ["certificate"]})


def test_decarbonised_share_is_known_but_for_okinawa(shipped_atlas):
    share = decarbonised_share(shipped_atlas)
    assert np.isnan(share["okinawa"])
    known = share.drop("okinawa")
    assert ((known > 0) & (known < 1)).all()
    # Hokkaido ran no reactor in 2026: the share is the renewable one of 2023.
    row = shipped_atlas.table("area_annual_energy").reset_index()
    row = row[(row["area"] == "hokkaido") & (row["period"].astype(str) == "2023")].iloc[0]
    assert share["hokkaido"] == pytest.approx(
        row["renewable_share_of_generation_pct"] / 100, abs=2e-3
    )


def test_links_are_of_their_year(shipped_atlas):
    def link(year, *ends, basis="median"):
        table = links_mw(shipped_atlas, year, basis).set_index(["from_area", "to_area"])
        return table["capacity_mw"].get(ends, 0.0)

    # Hokkaido to Tohoku: 700 MW usual, 900 back; 300 MW more both ways from March 2028.
    assert [link(year, "hokkaido", "tohoku") for year in (2027, 2028)] == [700, 1000]
    assert link(2028, "tohoku", "hokkaido") == 1200
    # Tohoku to Tokyo grows from 5,730 by 4,550 MW: the way back has 2,360 and stays.
    assert link(2034, "tohoku", "tokyo") == 4810 + 4550
    assert link(2034, "tokyo", "tohoku") == 2360
    # Kyushu to Chugoku from 2039. Hokkaido to Tokyo is out to tender and counts in no year.
    assert [link(year, "kyushu", "chugoku") for year in (2034, 2039)] == [2010, 3010]
    assert link(2060, "hokkaido", "tokyo") == 0
    assert link(2034, "shikoku", "kansai", basis="largest") == 700
    links = links_mw(shipped_atlas, 2060)
    assert "okinawa" not in {*links["from_area"], *links["to_area"]}


def test_local_supply_decays_with_distance(measured, rows, policy):
    # By geodesics instead of chords, for one site.
    site = measured.loc["02201"]
    located = rows[rows["counts"]].dropna(subset="lat_deg")
    km = geodesic_km(
        site["lat_deg"],
        site["lon_deg"],
        located["lat_deg"].to_numpy(),
        located["lon_deg"].to_numpy(),
    )
    expected = (np.exp(-km / 50.0) * located["energy_gwh"].to_numpy()).sum()
    assert policy.criteria["renewables"].local_decay_km == 50
    assert site["local_renewable_gwh"] == pytest.approx(expected, rel=1e-6)


def test_the_two_ways_of_gathering_agree(measured, shipped_atlas):
    some = measured.iloc[::100]
    demand = local_demand(shipped_atlas)
    assert demand["energy_gwh"].sum() == pytest.approx(829_300, rel=1e-3)  # 829.3 TWh in FY2022
    np.testing.assert_allclose(
        gathered(some, demand, 50.0), gathered_exactly(some, demand, 50.0), rtol=1e-5
    )


def test_supply_points_outscore_cities(measured):
    # Wakkanai's wind belt against Tokyo's many roofs.
    assert measured.loc["01214", "local_renewable_ratio"] > 2.0
    assert measured.loc["13101", "local_renewable_ratio"] < 0.05
    assert (
        measured.loc["13101", "local_renewable_gwh"] > measured.loc["01214", "local_renewable_gwh"]
    )


def test_evaluation_of_one_hub_by_hand(measured, shipped_atlas, policy, own, rows):
    # One hub in Okinawa, which has no link and only rooftops: each hour by itself.
    hubs = measured.loc[["47201"]].assign(tier="regional", it_load_mw=50.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    load_mw = 50.0 * 0.8 * pue_at(hubs.iloc[0], shipped_atlas, policy)
    mean_mw = gwh(rows, "okinawa", "solar", counts=True) * own.contractable_share / 8.76
    year = hours(shipped_atlas)
    matched_mw = sum(
        weight * min(load_mw, mean_mw * shape)
        for weight, shape in zip(year.weight, year.shape["solar"].loc["okinawa"], strict=True)
    )
    share = matched_mw / load_mw
    assert 0.01 < share < mean_mw / load_mw  # some noons are above the load
    values = {value.name: value.value for value in found.hub_values["47201"]}
    assert values["renewable_share"] == pytest.approx(share)
    assert values["yearly_renewable_share"] == pytest.approx(mean_mw / load_mw)
    by_area = {figure.name: figure.value for figure in found.areas}
    assert by_area["hourly_renewable_share"] == pytest.approx(share)
    assert by_area["yearly_renewable_share"] == pytest.approx(mean_mw / load_mw)
    assert values["hub_energy_gwh"] == pytest.approx(load_mw * 8.76)
    assert np.isnan(values["decarbonised_share"])
    measures = {measure.name: measure for measure in found.measures}
    assert measures["hourly_renewable_share"].value == pytest.approx(share)
    assert measures["hourly_share_long_term_contract"].value == pytest.approx(share)
    assert measures["yearly_renewable_share"].value == pytest.approx(mean_mw / load_mw)
    assert measures["yearly_renewable_share_with_fit"].value > mean_mw / load_mw
    # All nights are left to the grid, and of the load of all hubs asked this one is a part.
    assert measures["grid_residual_p99_mw"].value == pytest.approx(load_mw)
    asked_mw = policy.total_new_it_load_mw * 0.8 * policy.demand.pue
    assert measures["hourly_renewable_share"].score == pytest.approx(
        matched_mw / asked_mw / own.score_one_share
    )
    [breach] = found.breaches
    assert breach.rule == "renewable_share"
    assert breach.amount == pytest.approx((own.min_share * load_mw - matched_mw) / asked_mw)
    [chart] = found.heat_maps
    assert chart.values[0][0] == 0.0
    assert chart.values[5][12] > share
    [stack] = found.stacks
    assert sum(part.value for part in stack.parts) == pytest.approx(load_mw * 8.76)


def test_hours_of_linked_hubs_add_up(measured, shipped_atlas, policy, own):
    # Goshogawara and Ebetsu: what one contracts no other counts, and curtailed energy is taken.
    hubs = measured.loc[["02205", "01217"]].assign(tier="large", it_load_mw=[200.0, 100.0])
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    measures = {measure.name: measure.value for measure in found.measures}
    kinds = [name for name in measures if name.startswith("hourly_share_")]
    assert sum(measures[kind] for kind in kinds) == pytest.approx(
        measures["hourly_renewable_share"]
    )
    assert measures["hourly_renewable_share"] <= measures["yearly_renewable_share"]
    matched_gwh = sum(
        part.value for stack in found.stacks for part in stack.parts[:-1]
    )  # fmt: skip
    energy_gwh = sum(
        value.value
        for values in found.hub_values.values()
        for value in values
        if value.name == "hub_energy_gwh"
    )
    assert matched_gwh == pytest.approx(measures["hourly_renewable_share"] * energy_gwh)
    earned = found.parts["hourly_renewable_share"].sum()
    scored = next(one for one in found.measures if one.name == "hourly_renewable_share")
    assert earned == pytest.approx(scored.score)


def test_contracts_beyond_what_there_is_are_refused(shipped_atlas, own, rows):
    most_mw = gwh(rows, "tohoku", "onshore_wind", counts=True) * own.contractable_share / 8.76
    contract = pd.DataFrame(
        [("tohoku", "tohoku", "onshore_wind", 0.6), ("hokkaido", "tohoku", "onshore_wind", 0.5)],
        columns=["area", "source", "kind", "mw"],
    )
    contract["mw"] *= most_mw
    load_mw = pd.Series({"tohoku": 100.0, "hokkaido": 100.0})
    with pytest.raises(CheckError, match="onshore_wind of tohoku"):
        replay(contract, load_mw, rows[rows["counts"]], shipped_atlas, own)
    contract["mw"] /= 1.1
    found = replay(contract, load_mw, rows[rows["counts"]], shipped_atlas, own)
    assert (found.matched_mw.to_numpy() <= 100.0 + 1e-9).all()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0.0, 3.0), min_size=24, max_size=24),
    st.floats(0.0, 6.0),
    st.floats(0.3, 1.0),
)
def test_a_battery_that_acts_as_soon_as_it_can_gives_as_much_as_any(own, output, hold, efficiency):
    arriving = np.array(output)
    asked = own.model_copy(update={"battery_hours": hold, "battery_efficiency": efficiency})
    given_mw = _from_battery(
        np.maximum(arriving - 1.0, 0.0), np.maximum(1.0 - arriving, 0.0), 1.0, asked
    )
    matcher = Matcher(
        np.full(24, 1.0 / 24.0), arriving[None, :], np.array([-1]), np.zeros(0),
        Battery(hold, efficiency),
    )  # fmt: skip
    direct = np.minimum(arriving, 1.0).mean()
    assert direct + given_mw.mean() == pytest.approx(matcher._stored(1.0, arriving)[0], abs=1e-6)
