"""Darkness: the curve against independent figures, its prefectures, and the document's table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import t as student

from dcsite.hazards.darkness import (
    LEAST,
    MOST,
    dark_logit,
    dark_sd,
    darkness,
    expected_share,
    fit,
    fit_own_weight,
    left_out,
    recorded_outages,
    strongly_shaken,
)

from .tiny import settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "disasters.md"


@given(st.floats(-30, 30), st.floats(0, 3))
def test_an_expected_share_is_the_mean_over_students_t(median, scale):
    draws = student.ppf((np.arange(20_000) + 0.5) / 20_000, 2)
    found = expected_share(np.array([median]), scale)
    assert found == pytest.approx(expit(median + scale * draws).mean(), abs=1e-3)


def likelihood(outages, level, slope, scale):
    """The likelihood by SciPy's distribution, outage by outage."""
    total = 0.0
    for shaken, cut in outages[["shaken_share", "cut_share"]].to_numpy():
        middle = level + slope * np.log(shaken)
        if cut <= LEAST:
            total += student.logcdf(logit(LEAST), 2, middle, scale)
        elif cut >= MOST:
            total += student.logsf(logit(MOST), 2, middle, scale)
        else:
            total += student.logpdf(logit(cut), 2, middle, scale)
    return total


def test_no_other_curve_is_likelier(shipped_atlas):
    outages = recorded_outages(shipped_atlas)
    curve = fit(outages)
    seen = outages[outages["shaken_share"] > 0]
    best = (curve.level, curve.slope, curve.scale)
    assert curve.log_likelihood == pytest.approx(likelihood(seen, *best))
    for number in range(3):
        for factor in (0.97, 1.03):
            other = [value * (factor if n == number else 1) for n, value in enumerate(best)]
            assert likelihood(seen, *other) < curve.log_likelihood


def test_standard_errors_are_the_spread_of_curves_fitted_to_draws():
    chance = np.random.default_rng(5)
    shaken = np.exp(chance.uniform(-5, -1, 40))
    slopes = []
    for _ in range(60):
        cut = expit(1.0 + 1.5 * np.log(shaken) + student.rvs(2, size=40, random_state=chance))
        curve = fit(pd.DataFrame({"shaken_share": shaken, "cut_share": cut}))
        slopes.append((curve.slope, curve.covariance[1, 1] ** 0.5))
    found, told = np.array(slopes).T
    assert found.mean() == pytest.approx(1.5, abs=0.1)
    assert np.median(told) == pytest.approx(found.std(), rel=0.35)


def test_records_by_hand(shipped_atlas):
    found = recorded_outages(shipped_atlas)
    # Kurayoshi, Yurihama and Hokuei of the residents of Chugoku; 77,100 of 5,271,000 contracts.
    people = shipped_atlas.table("municipalities")["population_2020"]
    tottori = found.loc["tottori_2016_chugoku"]
    assert tottori["shaken_share"] == pytest.approx(
        people.loc[["31203", "31370", "31372"]].sum() / 7_291_054
    )
    assert tottori["cut_share"] == pytest.approx(77_100 / 5_271_000)
    assert found.loc["iburi_2018_hokkaido", "cut_share"] == 1.0
    # The capital was cut in 2021 and 2022 without 6-lower anywhere in its area.
    assert found.loc["fukushima_oki_2022_tokyo", "shaken_share"] == 0.0
    assert len(recorded_outages(shipped_atlas, 5.0)) == 9


def test_the_weight_of_a_prefecture_is_the_likeliest(shipped_atlas):
    curve, weight = darkness(shipped_atlas)
    found, by_weight = fit_own_weight(shipped_atlas, curve.slope)
    assert found == weight == 0.8
    # By likelihood ratio 0.6 to 0.9 are within 95 %; the area alone and even parts are not.
    within = by_weight.index[by_weight > by_weight.max() - 1.92]
    assert (within.min(), within.max()) == (0.6, 0.9)


def test_prefectures_make_up_their_area_and_the_shaken_one_is_darker(shipped_atlas):
    places = shipped_atlas.table("municipalities")
    shaken = strongly_shaken(shipped_atlas)[["201604160125"]]
    median = dark_logit(shipped_atlas, settings(), shaken)["201604160125"]
    people = places["population_2020"].astype(float)
    kyushu = places["electricity_area"] == "kyushu"
    share = float((expit(median) * people)[kyushu].sum() / people[kyushu].sum())
    curve, _ = darkness(shipped_atlas)
    of_area = recorded_outages(shipped_atlas).loc["kumamoto_2016_kyushu", "shaken_share"]
    assert logit(share) == pytest.approx(float(curve.median(np.array([of_area]))[0]))
    # Kumamoto city, Fukuoka city: half of the one, less than one in 200 of the other.
    assert expit(median["43100"]) > 0.3
    assert expit(median["40130"]) < 0.005
    assert (median[~kyushu] == -np.inf).all()


def test_a_shift_moves_the_curve_by_standard_errors(shipped_atlas):
    curve, _ = darkness(shipped_atlas)
    shaken = np.array([0.01, 0.3])
    moved = curve.median(shaken, 1.0) - curve.median(shaken)
    assert moved == pytest.approx(curve.standard_error(np.log(shaken)))
    assert curve.median(np.array([0.0]), 1.0).tolist() == [-np.inf]
    all_of_it = pd.DataFrame({"e": 1.0}, index=["01100"])
    low, high = (
        dark_logit(shipped_atlas, settings(darkness_shift=by), all_of_it).loc["01202", "e"]
        for by in (-1.0, 1.0)
    )
    assert low < high


def test_hokkaido_of_2018_is_within_the_scatter(shipped_atlas):
    curve, _ = darkness(shipped_atlas)
    shaken = recorded_outages(shipped_atlas).loc["iburi_2018_hokkaido", "shaken_share"]
    median = float(curve.median(np.array([shaken]))[0])
    chance = student.sf(logit(MOST), 2, median, dark_sd(shipped_atlas))
    assert 0.005 < chance < 0.05


def test_the_document_holds_the_table_left_out_one_by_one(shipped_atlas):
    text = DOCUMENT.read_text(encoding="utf-8")
    found = left_out(shipped_atlas)
    for outage_id, one in found.iterrows():
        assert row(outage_id, one) in text
    assert f"{found['within'].sum()} of {len(found)} records" in text
    assert f"on average {found['expected_share'].mean():.1%}" in text
    assert f"recorded were {found['cut_share'].mean():.1%}" in text


def row(outage_id: str, one: pd.Series) -> str:
    percent = [one[f"{name}_share"] for name in ("shaken", "cut", "expected", "low", "high")]
    shaken, cut, expected, low, high = (f"{value:.1%}" for value in percent)
    inside = "yes" if one["within"] else "no"
    return f"| {outage_id} | {shaken} | {cut} | {expected} | {low} to {high} | {inside} |"
