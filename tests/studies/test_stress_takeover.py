"""Taking over, by hand and against brute force: who carries how much while which hubs are down."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dcsite.studies.stress_simulate import HOURS_PER_YEAR, Damage
from dcsite.studies.stress_takeover import Reserve, largest_flow


def reserve(load: list[float], free: list[float], fits: list[list[int]]) -> Reserve:
    return Reserve(np.array(load), np.array(free), np.array(fits, dtype=bool))


#: Hubs 0 and 1 may both lean on 2, hub 1 on 3 too; 2 and 3 carry 60 and 25 MW.
FOUR = reserve(
    [50.0, 40.0, 100.0, 100.0],
    [0.0, 0.0, 60.0, 25.0],
    [[0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
)


def test_reserve_is_shared_and_falls_with_its_hub():
    down = np.array(
        [
            [1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 1],
            [0, 0, 0, 0],
        ],
        dtype=bool,
    )  # fmt: skip
    # Both down: 60 of hub 2 and 25 of hub 3 for 90; with hub 2 down, hub 1 alone has 25 left.
    assert FOUR.carried_mw(down).tolist() == [50.0, 40.0, 85.0, 25.0, 0.0, 0.0, 0.0]


def test_energy_is_carried_anew_whenever_a_hub_falls_or_returns():
    # Hub 0 is down over hours 10 to 30, hub 1 over 20 to 60, a year later hub 2 for an hour.
    begin, until = np.full((3, 4), 0.0), np.full((3, 4), -np.inf)
    for row, hub, first, last in ((0, 0, 10, 30), (1, 1, 20, 60), (2, 2, 9000, 9001)):
        begin[row, hub], until[row, hub] = last - first, last
    struck = begin > 0.0
    event, none = np.zeros(3, dtype=np.int64), np.zeros((3, 4))
    damage = Damage(np.array([0, 0, 1]), event, struck, struck, begin, until, none)
    year, mwh = FOUR.carried_mwh(damage)
    # 10 h of 50 MW, 10 h of 85, 30 h of 40.
    assert mwh.sum() == 500.0 + 850.0 + 1200.0
    assert mwh[year >= 1].sum() == 0.0
    assert HOURS_PER_YEAR < 9000.0


sizes = st.integers(0, 4).map(float)


@given(
    st.lists(sizes, min_size=1, max_size=3),
    st.lists(sizes, min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_the_largest_flow_is_the_smallest_cut(load, free, fits):
    matrix = np.array(fits).reshape(3, 3)[: len(load), : len(free)]
    flow = largest_flow(np.array(load), np.array(free), matrix)
    assert (flow.sum(axis=1) <= load).all()
    assert (flow.sum(axis=0) <= free).all()
    assert not flow[~matrix].any()
    # Hall: what some loads ask for beyond the reserve that fits any of them cannot be carried.
    cuts = [
        sum(load)
        - np.dot(load, some)
        + np.dot(free, matrix[np.array(some, dtype=bool)].any(axis=0))
        for some in product((0, 1), repeat=len(load))
    ]
    assert abs(flow.sum() - min(cuts)) < 1e-9
