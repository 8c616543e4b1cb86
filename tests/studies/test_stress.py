"""Years of disasters over a few hubs: counts and probabilities known by hand or in closed form."""

from __future__ import annotations

import math
from dataclasses import astuple, replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from dcsite.errors import ScenarioError
from dcsite.hazards import DisasterSet, Fragility, RestorationCurve, RestorationCurves
from dcsite.hazards.network_loss import NetworkDamage
from dcsite.network import Reach
from dcsite.studies import stress_simulate
from dcsite.studies.stress_fleet import (
    Fleet,
    clopper_pearson,
    fleet_result,
    in_30_years,
    pair_years,
    worst_by_year,
    yearly_mean,
)
from dcsite.studies.stress_simulate import (
    BLOCK_YEARS,
    HOURS_PER_YEAR,
    Damage,
    Occurrences,
    StressAssumptions,
    Striking,
    event_rates,
    occurrences,
    simulate,
)
from dcsite.studies.stress_takeover import Reserve
from dcsite.studies.stress_types import Estimate

YEARS = 100_000
#: A source of this probability in 30 years occurs once in ten years.
ONCE_IN_TEN = -math.expm1(-3.0)
TEN_HOURS = RestorationCurves(
    (RestorationCurve("one", "One", "一", "earthquake", (0.0, 10.0), (0.0, 1.0), False),), {}
)


def assumed(**changes: object) -> StressAssumptions:
    """Durations of a moment, so that nothing overlaps, but for what a test changes."""
    words = {"name_en": "-", "name_ja": "-", "unit": "-", "why": "-"}
    values = {
        "repair_after_shaking_days": {"low": 1e-6, "high": 1e-6},
        "landing_cluster_days": {"low": 1e-6, "high": 1e-6},
        "network_days": {"low": 1e-6, "high": 1e-6},
        "user_event_days": {"low": 1e-6, "high": 1e-6},
    }
    values.update(changes)
    return StressAssumptions.model_validate(
        {name: {**words, **value} for name, value in values.items()}
    )


def events(*rows: tuple[str, str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows,
        columns=["event_id", "source_id", "kind", "probability_30y", "source_probability_30y"],
    ).set_index("event_id")
    return frame.assign(
        name_en=frame.index, name_ja="", probability_date="2026-01-01", basis="test", areas_dark=()
        if frame.empty else [{}] * len(frame),
    )  # fmt: skip


def disasters(
    rows: pd.DataFrame,
    intensity: list[list[float]],
    lost: list[list[float]] | None = None,
    common_share: float = 0.5,
    dark_sd: float = 0.0,
    outlast: float = 1.0,
) -> DisasterSet:
    """Return a set in which earthquakes and blackouts take grids, others what stands behind it."""
    felt = np.array(intensity, dtype=float)
    gone = np.zeros_like(felt) if lost is None else np.array(lost, dtype=float)
    power = rows["kind"].isin(["earthquake", "area_blackout"]).to_numpy()
    return DisasterSet(
        rows,
        felt,
        np.where(power, 0.0, gone),
        np.where(power, logit(gone), -np.inf),
        dark_sd,
        np.full((3, len(rows)), outlast),
        Fragility.from_total(6.0, 0.38, common_share),
        tuple(f"hub{number}" for number in range(len(felt))),
        ("regional",) * len(felt),
    )


ONE_QUAKE = events(("q", "q", "earthquake", ONCE_IN_TEN, ONCE_IN_TEN))


def rates_of(found: DisasterSet) -> np.ndarray:
    return event_rates(found.events)


def run(
    found: DisasterSet,
    years: int = YEARS,
    seed: int = 1,
    fuel_hours: float = 0.0,
    assumptions: StressAssumptions | None = None,
) -> tuple[Damage, np.ndarray]:
    fuel = np.full(len(found.site_ids), fuel_hours)
    fleet = Striking(found, fuel, TEN_HOURS, assumptions or assumed())
    return simulate(fleet, rates_of(found), years, seed)


def test_a_hub_that_stands_without_a_route_is_down_for_its_users():
    # One hub far from the shaking hangs on a node that feels 7.0, which half of nodes withstand.
    graph = nx.MultiGraph([("core", "node", "link")])
    margin = np.array([[-np.inf], [0.0], [-np.inf]])
    network = NetworkDamage(
        Reach(graph, ("core",)), margin, np.zeros((3, 1)), np.array([[1, -1]]), 0.2, 0.3
    )
    found = replace(disasters(ONE_QUAKE, [[-np.inf]]), network=network)
    assert found.down[0, 0] == pytest.approx(0.5, abs=0.1)
    days = {"low": 2.0, "high": 2.0}
    damage, occurred = run(found, assumptions=assumed(network_days=days))
    share = len(damage.year) / occurred[0]
    assert share == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / occurred[0]))
    assert damage.struck.all()
    assert (damage.cut_hours == 48.0).mean() > 0.99  # the rest overlap with the one before


def test_a_rate_is_that_of_a_poisson_process_shared_out_among_alternatives():
    rates = event_rates(
        events(
            ("a", "a", "earthquake", 0.5, 0.5),
            ("b1", "b", "earthquake", 0.1, 0.4),
            ("b2", "b", "earthquake", 0.3, 0.4),
            ("unknown", "unknown", "tokyo_lost", np.nan, np.nan),
            ("never", "never", "earthquake", 0.0, 0.0),
        )
    )
    one_b = -math.log(0.6) / 30.0
    assert rates == pytest.approx([math.log(2.0) / 30.0, one_b / 4, 3 * one_b / 4, 0.0, 0.0])


def test_alternatives_that_do_not_fill_their_source_leave_the_rest_without_an_event():
    rates = event_rates(events(("a", "s", "user", 0.1, 0.4), ("b", "s", "user", 0.1, 0.4)))
    assert rates.sum() == pytest.approx(-math.log(0.6) / 30.0 / 2.0)


def test_a_certain_source_has_no_rate():
    with pytest.raises(ScenarioError, match=r"probability of 1 in 30 years.*below 1"):
        event_rates(events(("a", "a", "area_blackout", 1.0, 1.0)))


def test_as_many_strike_as_the_rates_say():
    rates = np.array([0.1, 0.0, 0.3])
    (block,) = occurrences(rates, YEARS, seed=1)
    counts = np.bincount(block.event, minlength=3)
    assert counts[1] == 0
    for count, rate in zip(counts, rates, strict=True):
        assert abs(count - rate * YEARS) <= 4.0 * math.sqrt(rate * YEARS)
    assert (np.diff(block.time_years) >= 0.0).all()
    assert 0.0 <= block.time_years[0] <= block.time_years[-1] < YEARS
    assert abs(block.common_draw.mean()) < 4.0 / math.sqrt(len(block))


def test_the_same_seed_gives_the_same_disasters_however_long_the_horizon():
    rates = np.array([0.01])
    short = list(occurrences(rates, BLOCK_YEARS, seed=7))
    long = list(occurrences(rates, 2 * BLOCK_YEARS + 1, seed=7))
    assert [len(short), len(long)] == [1, 3]
    assert (short[0].time_years == long[0].time_years).all()
    assert long[1].time_years.min() >= BLOCK_YEARS
    assert len(long[2]) == len(long[2].time_years)
    other = next(occurrences(rates, BLOCK_YEARS, seed=8))
    assert len(other) != len(short[0]) or (other.time_years != short[0].time_years).any()


def test_without_any_rate_nothing_ever_strikes():
    found = disasters(events(("u", "u", "tokyo_lost", np.nan, np.nan)), [[-np.inf]], [[1.0]])
    damage, occurred = run(found, 1000, 1)
    assert occurred.tolist() == [0]
    assert damage.down.shape == (0, 1)


def test_wholly_common_scatter_takes_two_hubs_down_as_often_as_the_safer_one():
    found = disasters(ONE_QUAKE, [[6.2], [5.7]], common_share=1.0)
    damage, _ = run(found)
    together = pair_years(damage, 0, 1)
    assert together == pair_years(damage, 1, 1)
    assert 0 < together < pair_years(damage, 0, 0)


def test_scatter_of_each_hubs_own_makes_probabilities_multiply():
    found = disasters(ONE_QUAKE, [[6.0], [6.0]], common_share=0.0)
    damage, _ = run(found)
    estimate = clopper_pearson(pair_years(damage, 0, 1), YEARS)
    assert estimate.low <= -math.expm1(-0.1 * 0.25) <= estimate.high


def test_hubs_fall_as_often_as_the_set_says_and_pairs_no_more_often():
    rows = events(
        ("q1", "q", "earthquake", ONCE_IN_TEN / 2, ONCE_IN_TEN),
        ("q2", "q", "earthquake", ONCE_IN_TEN / 2, ONCE_IN_TEN),
        ("dark", "dark", "area_blackout", ONCE_IN_TEN, ONCE_IN_TEN),
        ("here", "here", "local_earthquake", ONCE_IN_TEN, ONCE_IN_TEN),
    )
    # Hours are even over 0 to 10, so that six in ten outages outlast four hours of fuel.
    found = disasters(
        rows,
        [[6.3, 5.2, -np.inf, -np.inf], [5.9, 5.8, -np.inf, -np.inf], [-np.inf, 6.1, -np.inf, 0.0]],
        [[0.2, 0.0, 0.3, 0.4], [0.7, 0.2, 0.5, 0.1], [0.0, 0.0, 1.0, 0.0]],
        dark_sd=1.2,
        outlast=0.6,
    )
    rates = rates_of(found)
    damage, _ = run(found, seed=3, fuel_hours=4.0)

    def agrees(years: int, expected: float) -> bool:
        return abs(years - expected * YEARS) <= 4.0 * math.sqrt(expected * YEARS)

    for first in range(3):
        alone = -math.expm1(-float(rates @ found.down[first]))
        assert agrees(pair_years(damage, first, first), alone)
        for second in range(first + 1, 3):
            both = [found.both_down(first, np.array([second]), event)[0] for event in range(4)]
            years = pair_years(damage, first, second)
            assert years < YEARS * -math.expm1(-float(rates @ both))
            # Within the circle of a local earthquake they fall together like the less likely one.
            mine = damage.event == 3
            local = int((damage.struck[mine][:, first] & damage.struck[mine][:, second]).sum())
            assert agrees(local, 0.1 * min(found.lost[[first, second], 3]))


def test_a_common_draw_makes_grids_fail_together():
    dark = events(("q", "q", "earthquake", ONCE_IN_TEN, ONCE_IN_TEN))
    together = []
    for dark_sd in (0.0, 3.0):
        found = disasters(dark, [[-np.inf]] * 2, [[0.5]] * 2, dark_sd=dark_sd)
        damage, occurred = run(found)
        together.append(damage.struck.all(axis=1).sum() / occurred[0])
        assert damage.struck[:, 0].sum() / occurred[0] == pytest.approx(0.5, abs=0.02)
    # Alone: a quarter. E[expit(3 T)^2] is 0.401 over Student's t of two degrees, by quadrature.
    assert together == pytest.approx([0.25, 0.401], abs=0.015)


def test_generators_outlast_short_blackouts_and_shorten_long_ones():
    found = disasters(
        events(("dark", "dark", "area_blackout", ONCE_IN_TEN, ONCE_IN_TEN)), [[-np.inf]], [[1.0]]
    )
    damage, occurred = run(found, fuel_hours=4.0)
    # Hours are even over 0 to 10: six in ten outlast four, by 0 to 6 hours.
    assert len(damage.event) / occurred[0] == pytest.approx(0.6, abs=0.02)
    assert damage.hours.mean() == pytest.approx(3.0, abs=0.1)
    assert 5.9 < damage.hours.max() <= 6.0


def test_hours_that_overlap_count_once_and_what_is_still_down_counts(monkeypatch):
    rows = events(
        ("here", "here", "landing_cluster", 0.1, 0.1),
        ("there", "there", "landing_cluster", 0.1, 0.1),
    )
    found = disasters(rows, [[-np.inf] * 2] * 2, [[1.0, 0.0], [0.0, 1.0]])
    half = np.full(4, 0.5)
    given_times = Occurrences(
        np.array([0.25, 0.75, 0.875, 3.0]),
        np.array([0, 0, 1, 1]),
        half * 0.0,
        half * 0.0,
        half,
        half,
        half,
    )
    monkeypatch.setattr(stress_simulate, "occurrences", lambda rates, years, seed: [given_times])
    a_year = assumed(landing_cluster_days={"low": 365.25, "high": 365.25})
    damage, occurred = run(found, 4, assumptions=a_year)
    assert occurred.tolist() == [2, 2]
    assert damage.year.tolist() == [0, 0, 0, 3]
    assert damage.struck.tolist() == [[True, False], [True, False], [False, True], [False, True]]
    assert damage.down.tolist() == [[True, False], [True, False], [True, True], [False, True]]
    assert damage.hours == pytest.approx(
        HOURS_PER_YEAR * np.array([[1.0, 0.0], [0.5, 0.0], [0.0, 1.0], [0.0, 1.0]])
    )


def test_shaking_outlasts_a_blackout(monkeypatch):
    found = disasters(ONE_QUAKE, [[9.0]], [[1.0]])
    week = assumed(repair_after_shaking_days={"low": 7.0, "high": 7.0})
    damage, _ = run(found, 1000, assumptions=week)
    assert set(np.round(damage.hours.ravel(), 6)) == {168.0}


def hub_frame(*loads: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name_en": "Hub", "name_ja": "拠点", "municipality_code": "01100", "area": "hokkaido",
            "lat_deg": 43.0, "lon_deg": 141.0, "it_load_mw": loads, "tier": "large",
            "landing_cluster": "x",
        },
        index=pd.Index([f"hub{number}" for number in range(len(loads))], name="site_id"),
    )  # fmt: skip


def test_figures_of_a_fleet_by_hand():
    rows = events(
        ("q1", "q", "earthquake", 0.2, 0.4),
        ("q2", "q", "earthquake", 0.2, 0.4),
        ("dark", "dark", "area_blackout", 0.1, 0.1),
    )
    found = disasters(rows, [[-np.inf] * 3] * 2, [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])
    fleet = Fleet("plan", hub_frame(30.0, 70.0), found, np.zeros(2))
    both, first, second = [True, True], [True, False], [False, True]
    damage = Damage(
        np.array([0, 0, 2, 5]),
        np.array([0, 2, 0, 1]),
        np.array([first, second, first, both]),
        np.array([first, second, first, both]),
        np.array([[10.0, 0.0], [0.0, 2.0], [10.0, 0.0], [1.0, 1.0]]),
        np.array([[10.0, -np.inf], [-np.inf, 8002.0], [20010.0, -np.inf], [50001.0, 50001.0]]),
        np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 0.0], [0.5, 0.0]]),
    )
    result = fleet_result(fleet, damage, np.array([4, 1, 1]), years=10)
    assert (result.total_mw, result.damaging, result.damaged_years) == (100.0, 4, 3)
    # Without a route alone: 70 MW for two hours in year 0, 30 MW for half an hour in year 5.
    cut = result.cut_off
    assert (cut.per_year.value, cut.mean_mw, cut.largest_mw) == (0.2, 50.0, 70.0)
    assert cut.mwh_per_year.value == pytest.approx((140.0 + 15.0) / 10.0)
    # Surviving: 0.7, 0.3, 0.7, 0.
    assert result.mean_surviving_share.value == pytest.approx(1.7 / 4.0)
    # Worst of the years: 0.7 down in year 0, 0.3 in year 2, all in year 5.
    exceedance = {round(point.share, 2): point.per_year.value for point in result.exceedance}
    assert exceedance[0.3] == 0.3
    assert exceedance[0.31] == 0.2
    assert exceedance[0.7] == 0.2
    assert exceedance[0.71] == exceedance[1.0] == 0.1
    bins = {(row.above, row.up_to): row for row in result.bins}
    assert bins[1.0, 1.0].of_years.value == 0.7
    assert bins[0.6, 0.7].of_events.value == 0.5
    assert bins[0.2, 0.3].of_events.value == 0.25
    assert bins[0.0, 0.1].of_events.value == 0.25
    assert bins[0.6, 0.7].of_years.value == bins[0.2, 0.3].of_years.value == 0.1
    assert sum(row.of_events.value for row in result.bins) == pytest.approx(1.0)
    assert sum(row.of_years.value for row in result.bins) == pytest.approx(1.0)
    # MWh: 300 + 140 in year 0, 300 in year 2, 100 in year 5.
    assert result.mwh_per_year.value == pytest.approx(84.0)
    assert result.full_load_hours_per_year.value == pytest.approx(0.84)
    assert {kind: loss.value for kind, loss in result.mwh_by_kind.items()} == pytest.approx(
        {"earthquake": 70.0, "area_blackout": 14.0}
    )
    assert result.two_down.value == 0.1
    (pair,) = result.pairs
    assert (pair.first, pair.second, pair.per_year.value) == ("hub0", "hub1", 0.1)
    assert pair.in_30_years.value == pytest.approx(1.0 - 0.9**30)
    assert [hub.down_per_year.value for hub in result.hubs] == [0.3, 0.2]
    assert [hub.mwh_per_year.value for hub in result.hubs] == pytest.approx([63.0, 21.0])
    # The blackout takes 0.7 down; of the alternatives q1 and q2 the worse one stands for both.
    assert [loss.event_id for loss in result.worst] == ["dark", "q2"]
    assert [loss.expected_share for loss in result.worst] == pytest.approx([0.7, 0.5])
    assert [loss.largest_share for loss in result.worst] == [pytest.approx(0.7), 1.0]
    assert [loss.occurred for loss in result.worst] == [1, 1]
    assert result.worst[1].mwh_per_year.value == pytest.approx(70.0)


@pytest.mark.parametrize(("reserve_mw", "left"), [(0.0, 1.0), (20.0, 1.0 / 3.0), (30.0, 0.0)])
def test_what_a_standing_hub_holds_free_is_carried(reserve_mw, left):
    found = disasters(ONE_QUAKE, [[6.0], [-np.inf]])
    month = assumed(repair_after_shaking_days={"low": 30.0, "high": 30.0})
    damage, occurred = run(found, 2000, assumptions=month)
    fits = np.array([[False, True], [True, False]])
    reserve = Reserve(np.array([30.0, 70.0]), np.array([0.0, reserve_mw]), fits)
    fleet = Fleet("plan", hub_frame(30.0, 70.0), found, np.zeros(2), reserve)
    result = fleet_result(fleet, damage, occurred, 2000)
    after = result.after_takeover
    assert after.reserve_mw == reserve_mw
    assert after.mwh_per_year.value == pytest.approx(left * result.mwh_per_year.value, abs=1e-6)
    down = [point.per_year.value for point in result.exceedance]
    unserved = [point.per_year.value for point in after.exceedance]
    # Of the load 30 % is down whenever anything is: what is left of it is unserved.
    assert unserved == [down[0] if percent <= 30 * left else 0.0 for percent in range(1, 101)]


def test_a_fleet_that_nothing_strikes():
    found = disasters(ONE_QUAKE, [[-np.inf], [-np.inf]])
    damage, occurred = run(found, 100, 1)
    result = fleet_result(
        Fleet("plan", hub_frame(1.0, 2.0), found, np.zeros(2)), damage, occurred, 100
    )
    assert result.damaging == 0
    assert result.worst == ()
    assert result.mwh_per_year == Estimate(0.0, None, None)
    assert result.exceedance[0].per_year.value == 0.0
    # Nothing in a hundred years: the true probability may still be 3.6 %.
    assert result.exceedance[0].per_year.high == pytest.approx(1.0 - 0.025 ** (1 / 100))


def test_clopper_and_pearsons_interval():
    assert clopper_pearson(5, 10).low == pytest.approx(0.18709, abs=1e-5)
    assert clopper_pearson(5, 10).high == pytest.approx(0.81291, abs=1e-5)
    assert astuple(clopper_pearson(0, 10)) == (0.0, 0.0, pytest.approx(1.0 - 0.025**0.1))
    assert astuple(clopper_pearson(10, 10)) == (1.0, pytest.approx(0.025**0.1), 1.0)
    assert clopper_pearson(0, 0) == Estimate(0.0, None, None)
    with pytest.raises(ValueError, match="at most 3, got 4"):
        clopper_pearson(4, 3)


def test_a_probability_over_thirty_years():
    found = in_30_years(Estimate(0.1, 0.0, 1.0))
    assert astuple(found) == (pytest.approx(1.0 - 0.9**30), 0.0, 1.0)
    assert in_30_years(Estimate(0.0, None, None)) == Estimate(0.0, None, None)


def test_a_mean_per_year_and_its_interval():
    found = yearly_mean(np.array([0, 0, 2]), np.array([1.0, 2.0, 3.0]), 4)
    # Sums by year are 3, 0, 3, 0: mean 1.5, standard deviation sqrt(3).
    error = 1.959963984540054 * math.sqrt(3.0) / 2.0
    assert astuple(found) == (1.5, 0.0, pytest.approx(1.5 + error))
    assert yearly_mean(np.array([0]), np.array([2.0]), 1) == Estimate(2.0, None, None)


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    hubs = draw(st.integers(2, 4))
    year = sorted(draw(st.lists(st.integers(0, 9), max_size=12)))
    rows = draw(
        st.lists(
            st.lists(st.booleans(), min_size=hubs, max_size=hubs),
            min_size=len(year),
            max_size=len(year),
        )
    )
    down = np.array(rows, dtype=bool).reshape(len(year), hubs)
    return Damage(
        np.array(year, dtype=np.int64),
        np.zeros(len(year), dtype=np.int64),
        down,
        down,
        1.0 * down,
        1.0 * down,
        0.0 * down,
    )


@given(damages())
def test_years_with_a_pair_are_those_counted_one_by_one_and_at_most_those_of_either(damage):
    hubs = range(damage.down.shape[1])
    for first in hubs:
        for second in hubs:
            together = pair_years(damage, first, second)
            years = {
                int(year)
                for year, down in zip(damage.year, damage.down, strict=True)
                if down[first] and down[second]
            }
            assert together == len(years)
            assert together <= min(
                pair_years(damage, first, first), pair_years(damage, second, second)
            )


@given(damages())
def test_the_worst_of_each_year_is_the_largest(damage):
    share = damage.down.mean(axis=1)
    expected = [share[damage.year == year].max() for year in np.unique(damage.year)]
    assert worst_by_year(damage.year, share).tolist() == expected


@given(
    st.lists(st.floats(4.0, 8.0), min_size=2, max_size=4),
    st.floats(0.0, 1.0),
    st.integers(0, 1000),
)
def test_hubs_never_fall_together_more_often_than_either_falls(intensity, share, seed):
    found = disasters(ONE_QUAKE, [[felt] for felt in intensity], common_share=share)
    damage, occurred = run(found, 200, seed)
    hubs = hub_frame(*[1.0] * len(intensity))
    result = fleet_result(Fleet("plan", hubs, found, np.zeros(len(hubs))), damage, occurred, 200)
    alone = {hub.site_id: hub.down_per_year.value for hub in result.hubs}
    for pair in result.pairs:
        assert pair.per_year.value <= min(alone[pair.first], alone[pair.second])
    probabilities = [point.per_year.value for point in result.exceedance]
    assert probabilities == sorted(probabilities, reverse=True)
    assert result.damaging <= occurred.sum()


def test_shipped_assumptions_name_value_unit_and_reason():
    for _, value in StressAssumptions.read():
        assert value.name_en
        assert value.name_ja
        assert value.unit
        assert len(value.why) > 20


def test_durations_are_even_on_a_logarithmic_scale():
    spread = StressAssumptions.read().repair_after_shaking_days
    assert spread.at(np.array([0.0, 0.5, 1.0])) == pytest.approx(
        [spread.low, math.sqrt(spread.low * spread.high), spread.high]
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("low = 3.0", "repair_after_shaking_days"),
        ('unit = "d"', "repair_after_shaking_days.unit"),
        ("[landing_cluster_days]", "is not valid TOML: "),
    ],
)
def test_a_file_of_assumptions_that_lacks_something_is_refused(tmp_path, change, said):
    from importlib.resources import files

    text = files("dcsite.studies").joinpath("stress-assumptions.toml").read_text(encoding="utf-8")
    assert change in text
    broken = tmp_path / "mine.toml"
    broken.write_text(text.replace(change, "", 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"mine\.toml") as raised:
        StressAssumptions.read(broken)
    assert said in str(raised.value)


def test_the_least_value_must_come_first(tmp_path):
    from importlib.resources import files

    text = files("dcsite.studies").joinpath("stress-assumptions.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("low = 7.0", "low = 70.0"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="low must not lie above high, got 70 and 60"):
        StressAssumptions.read(tmp_path / "mine.toml")
