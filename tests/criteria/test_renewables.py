"""Renewables: supply by hand from the tables, delivery over links, local decay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dcsite.criteria.renewable_delivery import delivered_share_by_area, links_mw
from dcsite.criteria.renewable_supply import (
    additional_supply,
    decarbonised_share,
    gathered,
    gathered_exactly,
    local_demand,
    supply_rows,
)
from dcsite.criteria.renewables import CRITERION
from dcsite.geo.geodesy import geodesic_km


@pytest.fixture(scope="module")
def own(policy):
    return policy.criteria["renewables"]


@pytest.fixture(scope="module")
def supply(shipped_atlas, own):
    return additional_supply(shipped_atlas, own)


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
    area = additional_supply(shipped_atlas, own).by_area_gwh.loc["okinawa"]
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
