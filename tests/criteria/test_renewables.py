"""Renewables: supply by hand from the tables, delivery over links, local decay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.criteria.renewable_delivery import delivered_share_by_area, links_gwh
from dcsite.criteria.renewable_supply import (
    additional_supply,
    decarbonised_share,
    gathered,
    gathered_exactly,
    local_demand,
)
from dcsite.criteria.renewables import CRITERION
from dcsite.geo.geodesy import geodesic_km


@pytest.fixture(scope="module")
def supply(shipped_atlas):
    return additional_supply(
        shipped_atlas,
        horizon_year=2034,
        onshore_wind_capacity_factor=0.25,
        offshore_wind_capacity_factor=0.33,
    )


def test_curtailed_energy_is_the_latest_year(supply):
    # area_annual_energy, Kyushu 2023: 1,343.8 GWh of solar and 26.1 of wind curtailed.
    assert supply.by_area_gwh.loc["kyushu", "curtailed"] == pytest.approx(1369.9)
    assert supply.by_area_gwh.loc["okinawa", "curtailed"] == 0.0


def test_offshore_wind_counts_promotion_zones_at_their_least_capacity(supply):
    # Hokkaido: Matsumae 250 MW and Hiyama 910 MW are promotion zones, three more only promising.
    assert supply.by_area_gwh.loc["hokkaido", "offshore_wind"] == pytest.approx(
        (250 + 910) * 0.33 * 8.76
    )
    # Kyushu: Goto 16.8 MW and Saikai-Enoshima 420 MW.
    assert supply.by_area_gwh.loc["kyushu", "offshore_wind"] == pytest.approx(436.8 * 0.33 * 8.76)


def test_onshore_wind_leaves_out_offshore_projects_and_what_already_runs(supply):
    # Hokkaido: 132.2 MW under construction and 1,326 MW before it.
    assert supply.by_area_gwh.loc["hokkaido", "onshore_wind"] == pytest.approx(1458.2 * 0.25 * 8.76)


def test_solar_growth_of_one_municipality(supply, shipped_atlas):
    # Sapporo: 52.67 MW in 2018 to 89.232 MW in 2023, 11 years on, 1,330.8 kWh/kW.
    row = shipped_atlas.table("solar_fit_by_municipality").loc["01100"]
    expected = (89.232 - 52.67) / 5 * 11 * 1330.8 / 1000
    office = shipped_atlas.table("municipalities").loc["01100"]
    located = supply.located_gwh
    here = located[
        (located["source"] == "solar")
        & np.isclose(located["lat_deg"], office["office_lat_deg"])
        & np.isclose(located["lon_deg"], office["office_lon_deg"])
    ]
    assert row["pv_yield_kwh_per_kw"] == 1330.8
    assert here["energy_gwh"].tolist() == [pytest.approx(expected)]


def test_no_growth_before_the_table_ends(shipped_atlas):
    none = additional_supply(
        shipped_atlas,
        horizon_year=2023,
        onshore_wind_capacity_factor=0.25,
        offshore_wind_capacity_factor=0.33,
    )
    assert none.by_area_gwh["solar"].sum() == 0.0


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


def test_links_follow_the_usual_capacity(shipped_atlas):
    links = links_gwh(shipped_atlas, 0.1).set_index(["from_area", "to_area"])["limit_gwh"]
    # Hokkaido to Tohoku: 700 MW usual; 900 MW back.
    assert links["hokkaido", "tohoku"] == pytest.approx(700 * 8.76 * 0.1)
    assert links["tohoku", "hokkaido"] == pytest.approx(900 * 8.76 * 0.1)
    assert not any("okinawa" in pair for pair in links.index)


def line_links(limit_gwh: float) -> pd.DataFrame:
    return pd.DataFrame({"from_area": ["a"], "to_area": ["b"], "limit_gwh": [limit_gwh]})


def test_delivery_uses_own_supply_then_the_link():
    # b needs 100, has 20, may take 30 over the link from a, which itself needs 10 of its 50.
    share = delivered_share_by_area(
        pd.Series({"a": 10.0, "b": 100.0}), pd.Series({"a": 50.0, "b": 20.0}), line_links(30.0)
    )
    assert share["a"] == pytest.approx(1.0)
    assert share["b"] == pytest.approx(0.5)


def test_nothing_flows_against_a_link():
    share = delivered_share_by_area(
        pd.Series({"a": 10.0}), pd.Series({"a": 0.0, "b": 20.0}), line_links(30.0)
    )
    assert share["a"] == pytest.approx(0.0)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(0, 100), min_size=2, max_size=2),
    st.lists(st.floats(0, 100), min_size=2, max_size=2),
    st.floats(0, 100),
)
def test_delivery_of_two_areas_by_hand(need, supply_gwh, limit_gwh):
    share = delivered_share_by_area(
        pd.Series(need, index=["a", "b"]),
        pd.Series(supply_gwh, index=["a", "b"]),
        line_links(limit_gwh),
    )
    own = np.minimum(need, supply_gwh)
    moved = min(limit_gwh, supply_gwh[0] - own[0], need[1] - own[1])
    delivered = (share * pd.Series(need, index=["a", "b"])).sum()
    assert delivered == pytest.approx(own.sum() + moved, abs=1e-6)


def test_local_supply_decays_with_distance(measured, supply, policy):
    # By geodesics instead of chords, for one site.
    site = measured.loc["02201"]
    located = supply.located_gwh
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


def test_evaluation_of_one_hub_by_hand(measured, shipped_atlas, policy):
    # One hub in Okinawa, which has no link: the share is its own supply over its own energy.
    hubs = measured.loc[["47201"]].assign(tier="regional", it_load_mw=50.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    own = policy.criteria["renewables"]
    area = additional_supply(
        shipped_atlas,
        horizon_year=own.horizon_year,
        onshore_wind_capacity_factor=own.onshore_wind_capacity_factor,
        offshore_wind_capacity_factor=own.offshore_wind_capacity_factor,
    ).by_area_gwh.loc["okinawa"]
    energy_gwh = 50.0 * 0.8 * 1.3 * 8.76
    share = min(area.sum() * own.contractable_share / energy_gwh, 1.0)
    values = {value.name: value.value for value in found.hub_values["47201"]}
    assert values["renewable_share"] == pytest.approx(share)
    assert np.isnan(values["decarbonised_share"])
    measures = {measure.name: measure for measure in found.measures}
    # The plan's share is of all the load asked, not of what one hub carries.
    assert measures["additional_renewable_share"].value == pytest.approx(
        share * 50.0 / policy.total_new_it_load_mw
    )
    assert [breach.rule for breach in found.breaches] == ["renewable_share"]
