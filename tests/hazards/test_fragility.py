from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from dcsite.hazards.fragility import (
    Fragility,
    conditional_probability_down,
    joint_probability_down,
    probability_down,
)
from dcsite.hazards.ground_motion import intensity_from_pgv

# P(Z <= 1) and P(Z <= 2) of a standard normal Z, from tables.
ONE, TWO = 0.8413447460685429, 0.9772498680518208

INTENSITY = st.floats(3.0, 7.0)
SIGMA = st.one_of(st.just(0.0), st.floats(0.01, 1.0))
FRAGILITY = st.builds(Fragility, st.floats(5.0, 6.5), SIGMA, SIGMA)


def test_half_are_down_at_the_median_and_tables_give_the_rest():
    curve = Fragility(5.5, sigma_common=0.3, sigma_own=0.4)
    assert curve.sigma == 0.5
    assert curve.correlation == pytest.approx(0.36, abs=1e-15)
    found = probability_down([4.5, 5.0, 5.5, 6.0, 6.5, -math.inf, math.inf], curve)
    assert found == pytest.approx([1 - TWO, 1 - ONE, 0.5, ONE, TWO, 0.0, 1.0], abs=1e-15)


def test_given_the_common_part_only_the_own_scatter_is_left():
    curve = Fragility(5.5, sigma_common=0.3, sigma_own=0.4)
    # 5.2 + 0.3 * 1 is the median; 5.6 + 0.3 is one own sigma above it, 5.4 - 0.3 one below.
    assert conditional_probability_down(5.2, 1.0, curve) == pytest.approx(0.5, abs=1e-15)
    assert conditional_probability_down(5.6, 1.0, curve) == pytest.approx(ONE, abs=1e-14)
    assert conditional_probability_down(5.4, -1.0, curve) == pytest.approx(1 - ONE, abs=1e-14)
    draws = np.array([[-1.0], [0.0], [2.0]])
    assert conditional_probability_down(np.array([5.0, 5.5]), draws, curve).shape == (3, 2)


def test_two_sites_at_the_median_fall_together_by_the_arc_sine():
    # Half of the variance in common: 1/4 + arcsin(1/2) / 2 pi = 1/3.
    curve = Fragility.from_total(6.0, sigma=0.37, common_share=0.5)
    assert joint_probability_down(6.0, 6.0, curve) == pytest.approx(1.0 / 3.0, abs=1e-15)


def test_a_total_is_split_by_variance():
    curve = Fragility.from_total(5.5, sigma=0.5, common_share=0.36)
    assert curve.sigma_common == pytest.approx(0.3, abs=1e-15)
    assert curve.sigma_own == pytest.approx(0.4, abs=1e-15)
    assert Fragility.from_total(5.5, 0.4, 0.0) == Fragility(5.5, 0.0, 0.4)
    assert Fragility.from_total(5.5, 0.4, 1.0) == Fragility(5.5, 0.4, 0.0)


@given(INTENSITY, INTENSITY, st.floats(5.0, 6.5), st.floats(0.01, 1.0))
def test_without_a_common_part_sites_are_independent(first, second, median, sigma):
    curve = Fragility(median, sigma_common=0.0, sigma_own=sigma)
    alone = probability_down([first, second], curve)
    assert joint_probability_down(first, second, curve) == alone[0] * alone[1]
    for draw in (-3.0, 0.0, 3.0):
        assert conditional_probability_down(first, draw, curve) == alone[0]


@given(INTENSITY, INTENSITY, st.floats(5.0, 6.5), st.floats(0.01, 1.0))
def test_without_an_own_part_the_less_shaken_site_never_falls_alone(first, second, median, sigma):
    curve = Fragility(median, sigma_common=sigma, sigma_own=0.0)
    alone = probability_down([first, second], curve)
    assert joint_probability_down(first, second, curve) == alone.min()
    # Each falls from a draw of its own on, with certainty.
    turning = (median - first) / sigma
    assert conditional_probability_down(first, turning + 1e-6, curve) == 1.0
    assert conditional_probability_down(first, turning - 1e-6, curve) == 0.0


def test_without_any_scatter_the_median_is_a_threshold():
    curve = Fragility(5.5, 0.0, 0.0)
    assert curve.correlation == 0.0
    assert probability_down([5.4, 5.5, 5.6], curve).tolist() == [0.0, 1.0, 1.0]
    assert conditional_probability_down([5.4, 5.5], 3.0, curve).tolist() == [0.0, 1.0]
    assert joint_probability_down([5.4, 5.5, 5.6], 5.6, curve).tolist() == [0.0, 1.0, 1.0]


@given(FRAGILITY, st.tuples(INTENSITY, INTENSITY), INTENSITY, st.floats(-4.0, 4.0))
def test_more_shaking_never_lowers_any_of_them(curve, two, other, draw):
    less, more = sorted(two)
    assert probability_down(more, curve) >= probability_down(less, curve)
    assert conditional_probability_down(more, draw, curve) >= conditional_probability_down(
        less, draw, curve
    )
    assert (
        joint_probability_down(more, other, curve)
        >= joint_probability_down(less, other, curve) - 1e-14
    )


@given(FRAGILITY, INTENSITY, INTENSITY)
def test_together_lies_between_independent_and_the_smaller(curve, first, second):
    alone = probability_down([first, second], curve)
    both = float(joint_probability_down(first, second, curve))
    assert alone[0] * alone[1] - 1e-14 <= both <= alone.min()


@given(
    st.floats(5.0, 6.5),
    st.floats(0.02, 0.6),
    st.floats(0.15, 0.6),
    st.tuples(INTENSITY, INTENSITY),
)
def test_conditional_ones_average_to_the_others(median, common, own, intensities):
    curve = Fragility(median, sigma_common=common, sigma_own=own)
    # The trapezoidal rule is exact beyond all need for a smooth density that dies out.
    draws = np.linspace(-12.0, 12.0, 4801)
    weight = np.exp(-(draws**2) / 2.0) / math.sqrt(2.0 * math.pi) * (draws[1] - draws[0])
    given_draw = conditional_probability_down(np.array(intensities), draws[:, None], curve)
    alone = probability_down(intensities, curve)
    assert weight @ given_draw == pytest.approx(alone, abs=1e-12)
    both = float(joint_probability_down(*intensities, curve))
    assert weight @ given_draw.prod(axis=1) == pytest.approx(both, abs=1e-12)


@pytest.mark.parametrize("common_share", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_drawn_earthquakes_take_down_as_many_sites_and_pairs(common_share):
    curve = Fragility.from_total(5.5, sigma=0.4, common_share=common_share)
    intensities = np.array([5.0, 5.3, 5.5, 6.1])
    draws = 400_000
    rng = np.random.default_rng(20_240_101)
    common = rng.standard_normal((draws, 1)) * curve.sigma_common
    own = rng.standard_normal((draws, 4)) * curve.sigma_own
    down = (intensities + common + own >= curve.median_intensity).astype(float)

    def agrees(counted, expected):
        error = np.sqrt(expected * (1.0 - expected) / draws)
        return (np.abs(counted - expected) <= 4.0 * error).all()

    assert agrees(down.mean(axis=0), probability_down(intensities, curve))
    first, second = np.triu_indices(4, k=1)
    expected = joint_probability_down(intensities[first], intensities[second], curve)
    assert agrees((down[:, first] * down[:, second]).mean(axis=0), expected)
    # The test can tell shares apart: the most shaken pair is not explained by independence.
    if common_share >= 0.2:
        independent = Fragility.from_total(5.5, 0.4, 0.0)
        wrong = joint_probability_down(intensities[first], intensities[second], independent)
        assert not agrees((down[:, first] * down[:, second]).mean(axis=0), wrong)


def test_a_normal_curve_in_intensity_is_a_lognormal_one_in_velocity():
    sigma_log10 = 0.23
    slope = float(np.diff(intensity_from_pgv([1.0, 10.0]))[0])
    curve = Fragility(5.5, sigma_common=0.0, sigma_own=slope * sigma_log10)
    velocities = np.geomspace(6.0, 320.0, 13)
    median = 10.0 ** ((5.5 - float(intensity_from_pgv(1.0))) / slope)
    expected = lognorm.cdf(velocities, s=sigma_log10 * math.log(10.0), scale=median)
    assert probability_down(intensity_from_pgv(velocities), curve) == pytest.approx(
        expected, abs=1e-13
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Fragility(math.nan, 0.2, 0.3), "median_intensity is nan; it must be a finite"),
        (lambda: Fragility(5.5, -0.2, 0.3), r"sigma_common is -0\.2; it must be a finite number"),
        (lambda: Fragility(5.5, 0.2, math.inf), "sigma_own is inf; it must be a finite number"),
        (lambda: Fragility.from_total(5.5, -1.0, 0.5), r"sigma is -1\.0; it must be a finite"),
        (lambda: Fragility.from_total(5.5, 0.4, 1.1), r"common_share is 1\.1; it must be between"),
        (lambda: probability_down([5.0, math.nan], Fragility(5.5, 0.2, 0.3)), "settle them first"),
        (
            lambda: conditional_probability_down(5.0, math.inf, Fragility(5.5, 0.2, 0.3)),
            "expected finite draws of the common part",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
