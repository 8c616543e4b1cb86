"""Firm ground: shares looked up by hand, the score, limits by tier and breaches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.firm_ground import CRITERION, HAZARDS


def hub(code: str, tier: str, lat: float, lon: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tier": [tier], "it_load_mw": [100.0], "lat_deg": [lat], "lon_deg": [lon],
            "municipality_code": [code],
        },
        index=pd.Index([code], name="site_id"),
    )  # fmt: skip


def test_shares_are_those_of_the_tables(measured):
    # Sapporo: 5.65 % in 30 years; 2.58 % in deep flood, no tsunami, 1.4 % in landslide zones.
    row = measured.loc["01100"]
    assert row["strong_shaking_30y_share"] == pytest.approx(0.0565)
    assert row["deep_flood_share"] == pytest.approx(0.0258)
    assert row["tsunami_share"] == 0.0
    assert row["landslide_share"] == pytest.approx(0.014)
    # Tarumae (42.69 N, 141.38 E) is the nearest watched one: 0.37 degrees of latitude.
    assert row["volcano_distance_km"] == pytest.approx(41.4, abs=1.5)


def test_where_no_figure_is_published_the_worst_of_the_prefecture_stands(measured, shipped_atlas):
    table = shipped_atlas.table("seismic_hazard_by_municipality")["p30_i6lower_pct"]
    assert table[table.isna()].index.tolist() == ["07546"]  # Futaba
    worst = table[[code.startswith("07") for code in table.index]].max() / 100.0
    assert measured.loc["07546", "strong_shaking_30y_share"] == pytest.approx(worst)


def test_score_by_hand(measured, policy):
    own = policy.criteria["firm_ground"]
    parts, zero = own.score_parts, own.score_zero_share
    row = measured.loc["01100"]
    expected = (
        parts.strong_shaking * (1.0 - 0.0565 / zero.strong_shaking)
        + parts.deep_flood * (1.0 - 0.0258 / zero.deep_flood)
        + parts.tsunami
        + parts.landslide * (1.0 - 0.014 / zero.landslide)
        + parts.volcano * min(row["volcano_distance_km"] / own.volcano_one_km, 1.0)
    )
    assert CRITERION.site_score(measured, policy)["01100"] == pytest.approx(expected)


def test_limits_by_tier(measured, policy):
    (admission,) = CRITERION.admit(measured, policy)
    beyond = pd.DataFrame(admission.amount, index=measured.index, columns=list(TIERS))
    kochi = measured.loc["39201"]
    assert kochi["strong_shaking_30y_share"] > 0.26
    assert beyond.loc["39201"].tolist() == [1.0, 1.0, 0.0]
    assert beyond.loc["01100"].tolist() == [0.0, 0.0, 0.0]
    near = (measured["volcano_distance_km"] < 20.0).to_numpy()
    assert (beyond.loc[near, "core"] == 1.0).all()


def test_the_check_agrees_with_admission_on_every_site(measured, shipped_atlas, policy):
    for code in ("39201", "22100", "01100", "46201", "13101"):
        row = measured.loc[code]
        position = measured.index.get_loc(code)
        for level, tier in enumerate(TIERS):
            one = hub(code, tier, row["lat_deg"], row["lon_deg"])
            found = CRITERION.evaluate(one, shipped_atlas, policy)
            (admission,) = CRITERION.admit(measured, policy)
            assert bool(found.breaches) == bool(admission.amount[position, level])
            score = CRITERION.site_score(measured, policy)[code]
            assert found.measures[0].value == pytest.approx(score)


def test_a_breach_names_every_hazard_beyond_its_limit(measured, shipped_atlas, policy):
    row = measured.loc["39201"]
    found = CRITERION.evaluate(
        hub("39201", "core", row["lat_deg"], row["lon_deg"]), shipped_atlas, policy
    )
    (breach,) = found.breaches
    assert breach.amount == 1.0
    assert "probability of 6-lower or more in 30 years" in breach.message_en
    assert "(limit 26%)" in breach.message_en


def test_parts_must_be_whole():
    with pytest.raises(dcsite.errors.ScenarioError, match="add up to 1"):
        dcsite.load_scenario("policy-2023", ("criteria.firm_ground.score_parts.volcano=0.5",))


def test_every_hazard_has_a_column_of_shares(measured):
    for hazard in HAZARDS.values():
        values = measured[hazard.name].to_numpy(dtype=float)
        assert np.isfinite(values).all()
        assert ((values >= 0.0) & (values <= 1.0)).all()
