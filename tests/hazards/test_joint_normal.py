from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr

from dcsite.hazards.fragility import both_below

LIMIT = st.one_of(st.floats(-6.0, 6.0), st.sampled_from([0.0, -0.0, 1e-200, -1e-200, 5e-324]))
CORRELATION = st.floats(0.0, 1.0)


def integrated(first: float, second: float, correlation: float) -> float:
    """Integrate over X the chance that Y, given X, stays below its limit.

    For a correlation of nearly 1 that chance is nearly a step, where X passes `step`.
    """
    spread = math.sqrt(1.0 - correlation**2)

    def density(x: float) -> float:
        return (
            math.exp(-(x**2) / 2.0)
            / math.sqrt(2.0 * math.pi)
            * float(ndtr((second - correlation * x) / spread))
        )

    step = second / correlation if correlation else 0.0
    width = spread / correlation if correlation else 1.0
    cuts = [step + width * s for s in (-8.0, -2.0, 0.0, 2.0, 8.0)] + [-4.0, -2.0, 0.0, 2.0, 4.0]
    edges = sorted({-9.0, first, *(cut for cut in cuts if -9.0 < cut < first)})
    return sum(
        quad(density, low, high, epsabs=1e-14, epsrel=1e-12)[0] for low, high in pairwise(edges)
    )


@settings(max_examples=200, deadline=None)
@given(LIMIT, LIMIT, st.floats(0.0, 0.999))
def test_it_is_the_integral(first, second, correlation):
    found = both_below(first, second, correlation)
    assert found == pytest.approx(integrated(first, second, correlation), abs=1e-11)


@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.5, math.sqrt(0.5), 0.999999, 1.0])
def test_at_the_middle_it_is_a_quarter_and_an_arc(correlation):
    # Sheppard: 1/4 + arcsin(rho) / 2 pi; a third for one half, 3/8 for 45 degrees.
    expected = 0.25 + math.asin(correlation) / (2.0 * math.pi)
    for zero in (0.0, -0.0):
        assert both_below(zero, 0.0, correlation) == pytest.approx(expected, abs=1e-15)
    assert both_below(1e-12, -1e-12, correlation) == pytest.approx(expected, abs=1e-6)


def test_a_third_at_one_half():
    assert both_below(0.0, 0.0, 0.5) == pytest.approx(1.0 / 3.0, abs=1e-15)


@given(LIMIT, LIMIT)
def test_without_correlation_chances_multiply_and_with_all_of_it_the_smaller_counts(first, second):
    low, high = float(ndtr(first)), float(ndtr(second))
    assert both_below(first, second, 0.0) == low * high
    assert both_below(first, second, 1.0) == min(low, high)
    # And the formula in between leads there: it leaves the ends at a known rate.
    assert both_below(first, second, 1e-9) == pytest.approx(low * high, abs=1e-9)
    assert both_below(first, second, 1.0 - 1e-12) == pytest.approx(min(low, high), abs=1e-6)


@given(LIMIT, LIMIT, st.tuples(CORRELATION, CORRELATION))
def test_more_correlation_never_lowers_it_and_it_is_symmetric(first, second, correlations):
    less, more = sorted(correlations)
    assert both_below(first, second, more) >= both_below(first, second, less) - 1e-14
    assert both_below(first, second, less) == pytest.approx(
        float(both_below(second, first, less)), abs=1e-15
    )


def test_a_limit_at_infinity_leaves_the_other_alone():
    found = both_below([math.inf, math.inf, -math.inf, 0.0], [1.0, math.inf, 1.0, math.inf], 0.4)
    assert found == pytest.approx([float(ndtr(1.0)), 1.0, 0.0, 0.5], abs=1e-15)


def test_it_broadcasts():
    limits = np.array([-1.0, 0.0, 2.0])
    matrix = both_below(limits[:, None], limits[None, :], 0.3)
    assert matrix.shape == (3, 3)
    assert matrix[0, 2] == both_below(-1.0, 2.0, 0.3)
    assert np.allclose(matrix, matrix.T, rtol=0.0, atol=1e-16)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"correlation is -0\.1; it must be between 0 and 1"):
        both_below(0.0, 0.0, -0.1)
    with pytest.raises(ValueError, match="correlation is nan"):
        both_below(0.0, 0.0, math.nan)
    with pytest.raises(ValueError, match="got missing ones"):
        both_below([0.0, math.nan], 0.0, 0.5)
