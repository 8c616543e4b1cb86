"""Cooling: the wet bulb between stations and with elevation, its limit and its score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.criteria.cooling import CRITERION, WET_BULB

#: Stations of the table: code, latitude, longitude, elevation in m, wet bulb of August in °C.
SAPPORO = (43.06, 141.33, 17.4, 19.24)
NAHA = (26.21, 127.69, 28.1, 25.76)


def at(lat_deg: float, lon_deg: float, elevation_m: float) -> pd.DataFrame:
    hub = {"lat_deg": lat_deg, "lon_deg": lon_deg, "elevation_m": elevation_m}
    return pd.DataFrame([hub | {"tier": "core", "it_load_mw": 100.0}], index=["a"])


@pytest.mark.parametrize("station", [SAPPORO, NAHA])
def test_at_a_station_it_is_the_stations_own(shipped_atlas, policy, station):
    lat_deg, lon_deg, elevation_m, wet_bulb_c = station
    found = CRITERION.values(at(lat_deg, lon_deg, elevation_m), shipped_atlas, policy)
    assert found == pytest.approx([wet_bulb_c], abs=0.02)


def test_five_degrees_less_for_each_kilometre_up(shipped_atlas, policy):
    low, high = (CRITERION.values(at(36.0, 138.0, m), shipped_atlas, policy)[0] for m in (0, 1000))
    assert low - high == pytest.approx(5.0)
    even = dcsite.load_scenario("policy-2023", ["criteria.cooling.lapse_c_per_km=0"])
    low, high = (CRITERION.values(at(36.0, 138.0, m), shipped_atlas, even)[0] for m in (0, 1000))
    assert low == high


def test_one_hub_alone_agrees_with_all_sites_at_once(measured, shipped_atlas, policy):
    for code in ("01214", "13101", "20201", "47201"):
        alone = CRITERION.value_at(measured.loc[code], shipped_atlas, policy)
        assert alone == pytest.approx(measured.loc[code, WET_BULB.name], abs=1e-9)


def test_every_municipality_lies_within_what_stations_and_mountains_allow(measured):
    wet_bulb_c = measured[WET_BULB.name]
    assert np.isfinite(wet_bulb_c).all()
    assert wet_bulb_c.between(14.0, 26.0).all()
    north = measured["prefecture_en"].str.startswith("Hokkaido")
    assert wet_bulb_c[north].mean() < wet_bulb_c[~north].mean() - 2.0


def test_its_limit_keeps_sites_out_and_is_told(measured, shipped_atlas, policy):
    (admission,) = CRITERION.admit(measured, policy)
    naha = measured.index.get_loc("47201")
    assert admission.amount[naha].tolist() == [1.0, 1.0, 0.0]
    hubs = measured.loc[["47201"]].assign(tier="core", it_load_mw=300.0)
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    (breach,) = found.breaches
    assert breach.rule == "wet_bulb"
    assert "那覇市" in breach.message_ja
    assert "mean wet-bulb temperature in August 25.9 °C (limit 24 °C)" in breach.message_en


def test_scores_run_between_the_anchors(measured, policy):
    score = CRITERION.site_score(measured, policy)
    wet_bulb_c = measured[WET_BULB.name]
    # 26 °C scores 0 and 18 °C scores 1, so 22 °C scores a half.
    assert np.interp(22.0, *zip(*sorted(zip(wet_bulb_c, score, strict=True)), strict=True)) == (
        pytest.approx(0.5, abs=0.01)
    )


def test_a_hub_without_an_elevation_takes_its_municipalitys(measured, shipped_atlas, policy):
    hub = measured.loc["20201"]
    bare = hub.drop("elevation_m")
    alone = CRITERION.value_at(bare, shipped_atlas, policy)
    assert alone == pytest.approx(hub[WET_BULB.name], abs=1e-9)
    nowhere = bare.drop("municipality_code").copy()
    nowhere["municipality_code"] = None
    assert np.isnan(CRITERION.value_at(nowhere, shipped_atlas, policy))
