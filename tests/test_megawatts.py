"""To how many MW loads are written: what the gap allows, and never a load as none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.contract import about_mw, load_mw, mw_step, printed_for, step_said

NATIONAL = [76.0] * 25


@pytest.mark.parametrize(
    ("loads_mw", "gap", "step"),
    [
        (NATIONAL, 0.001, 5.0),  # 0.001 / 0.4 x 1,900 = 4.75
        (NATIONAL, 0.0001, 0.5),
        (NATIONAL, 0.05, 5.0),  # a tenth of the mean hub, 7.6, allows no 10
        (NATIONAL, math.inf, 5.0),
        ([12.5, 10.0, 7.5], 0.001, 0.1),
        ([12.5, 10.0, 7.5], 0.05, 1.0),
        ([2.5], math.inf, 0.2),
        ([300.0, 300.0], 0.0, 0.1),
        ([], 0.001, 0.1),
    ],
)
def test_a_step_is_what_gap_and_size_allow(loads_mw, gap, step):
    assert mw_step(loads_mw, gap) == step


def test_loads_are_written_to_the_plans_step_within_its_block_alone():
    with printed_for(NATIONAL):
        assert [load_mw(mw) for mw in (294.292, 11.698, 12.5, 1895.4, 1.4, 0.0)] == [
            "295", "10", "15", "1,895", "<5", "0",
        ]  # fmt: skip
        assert step_said() == ("MW to the nearest 5; files keep decimals", "MWは5 MW単位の概数")
        with printed_for([12.5, 10.0, 7.5]):
            assert [load_mw(mw) for mw in (12.5, 2.5, 30.0)] == ["12.5", "2.5", "30.0"]
        assert about_mw(62.4) == ("about 60 MW", "約60 MW")
    assert load_mw(math.nan) == "-"


@given(st.floats(0.1, 1e4))
def test_without_a_plan_the_size_decides_and_nothing_is_written_as_none(mw):
    text = load_mw(mw).removeprefix("<")
    assert abs(float(text.replace(",", "")) - mw) <= min(2.5, mw / 6.0) + 0.051


@given(st.lists(st.floats(0.5, 400.0), min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_a_step_never_hides_the_mean_hub(loads_mw, gap):
    assert 0.1 <= mw_step(loads_mw, gap) <= max(0.1 * sum(loads_mw) / len(loads_mw), 0.1)
