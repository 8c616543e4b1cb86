from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.hazards.ground_motion import (
    BEDROCK_AMPLIFICATION,
    SourceType,
    intensity_from_pgv,
    jma_intensity,
    pgv600_cm_s,
)

VECTORS = Path(__file__).parent / "data" / "si_midorikawa_1999.csv"
KINDS = {
    "crustal": SourceType.CRUSTAL,
    "interface": SourceType.INTERFACE,
    "slab": SourceType.INTRASLAB,
}
MW = st.floats(5.5, 9.2)
DEPTH_KM = st.floats(0.0, 120.0)
DISTANCE_KM = st.floats(0.0, 500.0)
KIND = st.sampled_from(SourceType)


@pytest.fixture(scope="module")
def vectors() -> pd.DataFrame:
    return pd.read_csv(VECTORS, comment="#")


def test_hard_ground_velocity_is_that_of_the_independent_implementation(vectors):
    assert len(vectors) == 252
    assert set(vectors["source_type"]) == set(KINDS)
    found = pgv600_cm_s(
        vectors["mag"],
        vectors["rep_depth_km"],
        vectors["rrup_km"],
        vectors["source_type"].map(KINDS).to_numpy(dtype=str),
    )
    np.testing.assert_allclose(found, vectors["pgv600_cm_s"], rtol=1e-12, atol=0.0)


def test_at_a_distance_that_leaves_no_decimals_the_exponent_is_worked_by_hand():
    # Mw 6: 0.0028 * 10^3 = 2.8 km; X = 97.2 km, so X + 2.8 = 100 and its logarithm is 2.
    # 0.58 * 6 + 0.0038 * 10 + 0.12 - 1.29 - 2 - 0.002 * 97.2 = 3.48 + 0.038 + 0.12 - 3.4844
    found = pgv600_cm_s(6.0, 10.0, 97.2, SourceType.INTRASLAB)
    assert found == pytest.approx(10.0**0.1536, rel=1e-14)
    assert pgv600_cm_s(6.0, 10.0, 97.2, "crustal") == pytest.approx(10.0**0.0336, rel=1e-14)
    assert pgv600_cm_s(6.0, 10.0, 97.2, "interface") == pytest.approx(10.0**0.0136, rel=1e-14)


def test_no_more_velocity_above_magnitude_8_3():
    largest = pgv600_cm_s(8.3, 20.0, [5.0, 100.0], SourceType.INTERFACE)
    assert pgv600_cm_s(9.1, 20.0, [5.0, 100.0], SourceType.INTERFACE).tolist() == largest.tolist()
    assert (pgv600_cm_s(8.29, 20.0, [5.0, 100.0], SourceType.INTERFACE) < largest).all()


def test_sites_by_earthquakes_give_a_matrix_of_the_single_answers():
    distance_km = np.array([[10.0, 200.0], [50.0, 60.0], [0.0, 400.0]])
    mw, depth_km = np.array([7.1, 8.0]), np.array([9.0, 25.0])
    kinds = np.array([SourceType.CRUSTAL, SourceType.INTERFACE])
    amplification = np.array([[1.0], [1.4], [0.7]])
    found = jma_intensity(mw, depth_km, distance_km, kinds, amplification)
    assert found.shape == (3, 2)
    for site in range(3):
        for quake in range(2):
            single = jma_intensity(
                mw[quake],
                depth_km[quake],
                distance_km[site, quake],
                kinds[quake],
                amplification[site, 0],
            )
            assert found[site, quake] == pytest.approx(float(single), abs=1e-13)


@given(MW, DEPTH_KM, st.tuples(DISTANCE_KM, DISTANCE_KM), KIND)
def test_farther_never_shakes_more(mw, depth_km, distances, kind):
    near, far = pgv600_cm_s(mw, depth_km, sorted(distances), kind)
    assert near >= far


@given(st.tuples(MW, MW), DEPTH_KM, DISTANCE_KM, KIND)
def test_larger_never_shakes_less(magnitudes, depth_km, distance_km, kind):
    small, large = pgv600_cm_s(sorted(magnitudes), depth_km, distance_km, kind)
    # Right at the source the magnitude's two effects leave 0.08 per unit, and rounding.
    assert large >= small * (1.0 - 1e-12)


def test_from_hard_ground_to_bedrock_is_a_factor_of_1_307():
    assert pytest.approx(1.307, abs=5e-4) == BEDROCK_AMPLIFICATION


def test_intensity_at_one_ten_and_a_hundred_cm_s():
    assert intensity_from_pgv([1.0, 10.0, 100.0]) == pytest.approx([2.68, 4.40, 6.12], abs=1e-14)


def test_the_whole_chain_adds_logarithms():
    # On bedrock itself: 2.68 + 1.72 * (0.1536 + 0.66 * log10 1.5), see above for the first term.
    expected = 2.68 + 1.72 * (0.1536 + 0.66 * math.log10(1.5))
    found = jma_intensity(6.0, 10.0, 97.2, SourceType.INTRASLAB, 1.0)
    assert found == pytest.approx(expected, abs=1e-13)
    # Twice the amplification is 1.72 * log10 2 of intensity more.
    doubled = jma_intensity(6.0, 10.0, 97.2, SourceType.INTRASLAB, 2.0)
    assert doubled - found == pytest.approx(1.72 * math.log10(2.0), abs=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pgv600_cm_s(7.0, 10.0, -1.0, "crustal"), "distance_km is -1; it must be at least"),
        (lambda: pgv600_cm_s(7.0, -2.0, 1.0, "crustal"), "depth_km is -2; it must be at least 0"),
        (lambda: pgv600_cm_s(np.nan, 1.0, 1.0, "crustal"), "mw is nan; it must be a finite number"),
        (lambda: pgv600_cm_s(7.0, 1.0, 1.0, "slab"), "source_type is 'slab'; choose crustal, int"),
        (lambda: intensity_from_pgv(0.0), "pgv_cm_s is 0; it must be above 0"),
        (lambda: intensity_from_pgv(np.inf), "pgv_cm_s is inf; it must be a finite number"),
        (lambda: jma_intensity(7, 1, 1, "crustal", 0), "amplification is 0; it must be above 0"),
    ],
)
def test_numbers_that_cannot_be_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
