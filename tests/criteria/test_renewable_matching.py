"""Matched hours: by hand, against direct linear programs, and that no tangent cuts a point off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array

from dcsite.criteria.renewable_matching import Battery, Market, Matcher

DAY = 4


NO_BATTERY = Battery()


def value(matcher: Matcher, load: float, contract: np.ndarray) -> float:
    """Return the matched part of a load: hour by hour, or by a battery's own program."""
    arriving, _ = matcher._arriving(contract)
    if matcher.battery.hours:
        return matcher._stored(load, arriving)[0]
    return float(matcher.weight @ np.minimum(load, arriving))


def day_and_night(battery: Battery = NO_BATTERY) -> Matcher:
    """Return two hours alike: sun in the first alone, in the area and over a link of 0.5."""
    profile = np.array([[2.0, 0.0], [2.0, 0.0]])
    return Matcher(np.array([0.5, 0.5]), profile, np.array([-1, 0]), np.array([0.5]), battery)


def test_one_area_by_hand():
    matcher = day_and_night()
    # 0.3 of mean output is 0.6 by day: half of the hours, 0.6 of a load of 1.
    assert value(matcher, 1.0, np.array([0.3, 0.0])) == pytest.approx(0.3)
    # Another 0.4 from over the link is 0.8 by day, of which 0.5 come over; 1.1 is above the load.
    assert value(matcher, 1.0, np.array([0.3, 0.4])) == pytest.approx(0.5)
    assert value(matcher, 2.0, np.array([0.3, 0.4])) == pytest.approx(0.55)
    # By day the load binds: the tangent is half of the load and nothing else.
    tangent = matcher.tangent(1.0, np.array([0.3, 0.4]))
    assert (tangent.load, *tangent.contract, tangent.constant) == (0.5, 0.0, 0.0, 0.0)
    # With the load of 2 the link binds: 0.5 of it in half of the hours is the constant.
    tangent = matcher.tangent(2.0, np.array([0.3, 0.4]))
    assert (tangent.load, *tangent.contract, tangent.constant) == (0.0, 1.0, 0.0, 0.25)


def test_a_battery_by_hand():
    # By day 1.6 over a load of 1: 0.6 are left, of which half comes out again at night.
    matcher = day_and_night(Battery(1.0, 0.5, 2))
    assert value(matcher, 1.0, np.array([0.8, 0.0])) == pytest.approx(0.5 + 0.5 * 0.3)
    # It holds a tenth of the load's hour: no more than 0.1 at night.
    matcher = day_and_night(Battery(0.1, 0.5, 2))
    assert value(matcher, 1.0, np.array([0.8, 0.0])) == pytest.approx(0.5 + 0.5 * 0.1)


@st.composite
def matchers(draw):
    """Draw a matcher of two days of four hours, with four contracts over two links and a point."""
    hours = 2 * DAY
    share = st.floats(0.0, 1.0)
    days = np.array(draw(st.lists(st.floats(0.1, 1.0), min_size=2, max_size=2)))
    profile = draw(st.lists(share, min_size=4 * hours, max_size=4 * hours))
    hold = draw(st.sampled_from([0.0, 0.0, 0.5, 2.0]))
    return Matcher(
        np.repeat(days, DAY) / days.sum() / DAY,
        np.array(profile).reshape(4, hours),
        np.array([-1, -1, 0, 1]),
        np.array(draw(st.lists(share, min_size=2, max_size=2))),
        Battery(hold, 0.85, DAY),
    )


def points():
    """Return a strategy of loads and contracts."""
    amounts = st.lists(st.floats(0.0, 3.0), min_size=5, max_size=5)
    return amounts.map(lambda drawn: (drawn[0], np.array(drawn[1:])))


@settings(deadline=None, max_examples=60)
@given(matchers(), points(), points())
def test_no_tangent_cuts_off_a_point(matcher, here, there):
    tangent = matcher.tangent(*here)
    assert tangent.at(*here) == pytest.approx(value(matcher, *here), abs=1e-7)
    assert tangent.at(*there) >= value(matcher, *there) - 1e-7


@settings(deadline=None, max_examples=25)
@given(matchers(), points(), points(), st.floats(0.1, 10.0))
def test_the_matched_part_is_concave_and_grows_with_all_it_rests_on(matcher, here, there, times):
    between = 0.5 * (here[0] + there[0]), 0.5 * (here[1] + there[1])
    halves = 0.5 * (value(matcher, *here) + value(matcher, *there))
    assert value(matcher, *between) >= halves - 1e-7
    wider = Matcher(
        matcher.weight, matcher.profile, matcher.link, times * matcher.open_capacity,
        matcher.battery,
    )  # fmt: skip
    assert value(wider, times * here[0], times * here[1]) == pytest.approx(
        times * value(matcher, *here), abs=1e-6
    )
    for tangent in matcher.starting():
        assert tangent.at(*here) >= value(matcher, *here) - 1e-9


def direct(market: Market, load: np.ndarray) -> float:
    """Return the most that can be matched by one linear program over all hours at once."""
    width = sum(map(len, market.pool))
    hours = np.arange(len(market.matchers[0].weight))
    cost, most, parts = [np.zeros(width)], [np.full(width, np.inf)], []
    place, row, first = width, 0, 0
    for matcher, mw in zip(market.matchers, load, strict=True):
        area = row
        # By hour: what is taken, at most the load; then what comes over each link and adds to it.
        for link in range(-1, len(matcher.open_capacity)):
            parts.append((row + hours, place + hours, np.ones(len(hours))))
            if link >= 0:
                parts.append((area + hours, place + hours, -np.ones(len(hours))))
            for own in np.flatnonzero(matcher.link == link):
                parts.append((row + hours, 0 * hours + first + own, -matcher.profile[own]))
            cost.append(-matcher.weight if link < 0 else np.zeros(len(hours)))
            most.append(np.full(len(hours), mw if link < 0 else matcher.open_capacity[link]))
            place, row = place + len(hours), row + len(hours)
        first += len(matcher.link)
    parts.append((row + np.concatenate(market.pool), np.arange(width), np.ones(width)))
    rows, columns, values = map(np.concatenate, zip(*parts, strict=True))
    found = linprog(
        np.concatenate(cost),
        A_ub=csr_array((values, (rows, columns)), shape=(row + len(market.potential), place)),
        b_ub=np.concatenate([np.zeros(row), market.potential]),
        bounds=np.stack([np.zeros(place), np.concatenate(most)], axis=1),
        method="highs",
    )
    return -float(found.fun)


def synthetic(hours: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two suns and two winds of a year, each with the mean 1."""
    rng = np.random.default_rng(seed)
    hour = np.arange(hours)
    sun = np.maximum(0.0, np.sin((hour % 24 - 6) / 12 * np.pi)) * rng.uniform(0.2, 1.0, (2, hours))
    gusts = np.repeat(rng.weibull(1.5, (2, hours // 8)), 8, axis=1)
    profile = np.vstack([sun, gusts])
    return profile / profile.mean(axis=1, keepdims=True), np.full(hours, 1.0 / hours)


def test_a_year_of_8760_hours_equals_the_direct_program():
    profile, weight = synthetic(8760, 1)
    matcher = Matcher(weight, profile, np.array([-1] * 4), np.zeros(0))
    # As much as the load takes over the year, of suns and winds in the mix that matches most.
    market = Market([matcher], [np.zeros(4, dtype=int)], np.array([1.0]))
    load = np.array([1.0])
    mix = market.best(load, load)
    whole = direct(market, load)
    assert mix.matched.sum() == pytest.approx(whole, abs=1e-6)
    assert mix.most >= whole - 1e-9


def test_two_areas_that_draw_on_one_pool_equal_the_direct_program():
    profile, weight = synthetic(480, 2)
    a = Matcher(weight, profile, np.array([-1, -1, 0, 0]), np.array([0.1]))
    b = Matcher(weight, profile[[2, 3, 0]], np.array([-1, -1, 0]), np.array([0.05]))
    # What a contracts in b's area b cannot count, and the other way round.
    market = Market(
        [a, b], [np.array([0, 1, 2, 3]), np.array([2, 3, 0])], np.array([0.4, 0.2, 0.3, 0.1])
    )
    load = np.array([0.6, 0.4])
    mix = market.best(load, load)
    drawn = np.bincount(np.concatenate(market.pool), np.concatenate(mix.contract))
    assert (drawn <= market.potential + 1e-9).all()
    assert mix.matched.sum() == pytest.approx(direct(market, load), abs=1e-6)
    for matcher, mw, contract, matched in zip(
        market.matchers, load, mix.contract, mix.matched, strict=True
    ):
        assert value(matcher, mw, contract) == pytest.approx(matched, abs=1e-9)


def test_loads_are_chosen_where_more_is_matched():
    # The sunny area has output for half of its hours, the other one none: all load goes there.
    sunny = Matcher(np.array([0.5, 0.5]), np.array([[2.0, 0.0]]), np.array([-1]), np.zeros(0))
    market = Market([sunny, sunny], [np.array([0]), np.array([1])], np.array([0.5, 0.0]))
    mix = market.best(np.zeros(2), np.ones(2), total=1.0)
    assert mix.load[0] == pytest.approx(1.0)
    assert mix.matched.sum() == pytest.approx(0.5)
