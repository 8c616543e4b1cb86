"""Cooling: PUE between stations and with elevation, its curve, its limit and its score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.criteria.cooling import CRITERION, PUE, interpolated_c, pue, pue_at

#: Stations of the table: code, latitude, longitude, elevation in m.
SAPPORO = (43.06, 141.33, 17.4)
NAHA = (26.21, 127.69, 28.1)


def at(lat_deg: float, lon_deg: float, elevation_m: float) -> pd.DataFrame:
    hub = {"lat_deg": lat_deg, "lon_deg": lon_deg, "elevation_m": elevation_m}
    return pd.DataFrame([hub | {"tier": "core", "it_load_mw": 100.0}], index=["a"])


def only(share: float, *more: str) -> dcsite.Scenario:
    return dcsite.load_scenario(
        "policy-2023", [f"criteria.cooling.colocation_share={share}", *more]
    )


@pytest.mark.parametrize(("station", "by_hand"), [(SAPPORO, 1.1403), (NAHA, 1.1961)])
def test_at_a_station_it_is_the_mean_of_the_curve_over_its_months(shipped_atlas, station, by_hand):
    # Hyperscale points of the table at the station's twelve wet bulbs, averaged on paper.
    assert pue(at(*station), shipped_atlas, only(0)) == pytest.approx([by_hand], abs=2e-4)


def test_halls_mix_linearly_and_height_cools(shipped_atlas):
    hyper, half, colo = (pue(at(*NAHA), shipped_atlas, only(s))[0] for s in (0, 0.5, 1))
    assert half == pytest.approx((hyper + colo) / 2)
    low, high = (pue(at(36.0, 138.0, m), shipped_atlas, only(0.4))[0] for m in (0, 1000))
    assert low > high
    even = only(0.4, "criteria.cooling.lapse_c_per_km=0")
    low, high = (pue(at(36.0, 138.0, m), shipped_atlas, even)[0] for m in (0, 1000))
    assert low == high


def test_the_curve_never_falls_as_air_grows_warmer(shipped_atlas):
    for _, curve in shipped_atlas.table("pue_by_wet_bulb").reset_index().groupby("facility"):
        assert (np.diff(curve.sort_values("wet_bulb_c")["pue"]) >= 0).all()
        assert (curve["pue_p5"] < curve["pue"]).all()
        assert (curve["pue"] < curve["pue_p95"]).all()


def test_stations_left_out_are_met_as_closely_as_the_text_says(shipped_atlas, policy):
    normals = shipped_atlas.table("climate_normals_monthly").reset_index()
    normals = normals[normals["month"] > 0]
    known = normals.pivot_table(index="pref_code", columns="month", values="wet_bulb_c_derived")
    stations = normals[normals["month"] == 1].set_index("pref_code").loc[known.index]
    lapse = policy.criteria["cooling"].lapse_c_per_km
    at_sea_c = known.to_numpy() + lapse / 1000.0 * stations["elevation_m"].to_numpy()[:, None]
    halls = shipped_atlas.table("pue_by_wet_bulb")["pue"]
    points = 0.4 * halls["colocation"] + 0.6 * halls["hyperscale"]
    off_c, off = np.zeros(known.shape), np.zeros(len(known))
    for row, true_c in enumerate(known.to_numpy()):
        others = np.arange(len(known)) != row
        found = interpolated_c(stations.iloc[[row]], stations[others], at_sea_c[others], lapse)[0]
        off_c[row] = found - true_c
        wrong, right = (np.interp(c, points.index, points).mean() for c in (found, true_c))
        off[row] = wrong - right
    assert np.sqrt((off_c**2).mean()) == pytest.approx(0.46, abs=0.01)
    assert abs(off_c).max() == pytest.approx(3.6, abs=0.05)
    assert np.sqrt((off**2).mean()) == pytest.approx(0.002, abs=0.0005)
    assert abs(off).max() == pytest.approx(0.003, abs=0.0005)


def test_one_hub_alone_agrees_with_all_sites_at_once(measured, shipped_atlas, policy):
    for code in ("01214", "13101", "20201", "47201"):
        alone = pue_at(measured.loc[code], shipped_atlas, policy)
        assert alone == pytest.approx(measured.loc[code, PUE.name], abs=1e-9)
        bare = measured.loc[code].drop("elevation_m")
        assert pue_at(bare, shipped_atlas, policy) == pytest.approx(alone, abs=1e-9)


def test_a_height_that_is_not_known_is_taken_at_the_warm_end(shipped_atlas, policy):
    nowhere = at(36.0, 138.0, np.nan)
    lowest = pue(at(36.0, 138.0, 0.0), shipped_atlas, policy)[0]
    assert pue(nowhere, shipped_atlas, policy)[0] == lowest
    bare = nowhere.iloc[0].drop("elevation_m").copy()
    bare["municipality_code"] = None
    assert pue_at(bare, shipped_atlas, policy) == pytest.approx(lowest)


def test_the_country_lies_where_published_figures_lie(measured):
    found = measured[PUE.name]
    assert found.between(1.2, 1.35).all()
    north = measured["prefecture_en"].str.startswith("Hokkaido")
    assert found[north].mean() < found[~north].mean() - 0.01


def test_one_pue_for_all_and_a_limit_that_is_strict(measured, shipped_atlas):
    same = only(0.4, "criteria.cooling.pue_everywhere=1.3")
    hubs = measured.loc[["47201"]].assign(tier="core", it_load_mw=300.0)
    assert pue(hubs, shipped_atlas, same) == [1.3] == [pue_at(hubs.iloc[0], shipped_atlas, same)]
    everywhere = CRITERION.measure(hubs, shipped_atlas, same)
    assert CRITERION.admit(everywhere, same)[0].amount.tolist() == [[1.0, 1.0, 1.0]]
    (breach,) = CRITERION.evaluate(hubs, shipped_atlas, same).breaches
    assert breach.rule == "pue_limit"
    assert "那覇市" in breach.message_ja
    assert "PUE over the year 1.30 (limit 1.3)" in breach.message_en
    below = only(0.4, "criteria.cooling.pue_everywhere=1.2999")
    assert not CRITERION.admit(CRITERION.measure(hubs, shipped_atlas, below), below)[0].amount.any()
    assert not CRITERION.evaluate(hubs, shipped_atlas, below).breaches


def test_scores_run_between_the_anchors(measured, policy):
    score = CRITERION.site_score(measured, policy)
    by_pue = sorted(zip(measured[PUE.name], score, strict=True))
    # 1.32 scores 0 and 1.24 scores 1, so 1.28 scores a half.
    assert np.interp(1.28, *zip(*by_pue, strict=True)) == pytest.approx(0.5, abs=0.02)
