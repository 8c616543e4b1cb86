"""Restoration curves: those of the tables, and draws from them, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dcsite.hazards import RestorationCurve, RestorationCurves, recorded_curves
from dcsite.hazards.restoration import outlast, restoration_curves


def outages(**customers: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_en": "Storm",
            "event_ja": "嵐",
            "cause": "typhoon",
            "customers_out": list(customers.values()),
        },
        index=pd.Index(customers, name="outage_id"),
    )


def points(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        rows, columns=["outage_id", "hours_after", "restored_pct", "customers_still_out"]
    )


def test_a_curve_runs_straight_between_points_and_on_at_its_last_slope():
    (curve,) = restoration_curves(
        outages(a=1000), points(("a", 20.0, 80.0, np.nan), ("a", 40.0, 90.0, np.nan))
    ).curves
    # Twenty hours for the last tenth, so twenty more to the end.
    assert curve.hours == pytest.approx((0.0, 20.0, 40.0, 60.0))
    assert curve.restored == pytest.approx((0.0, 0.8, 0.9, 1.0))
    assert curve.extended
    assert curve.hours_at(np.array([0.0, 0.4, 0.85, 1.0])) == pytest.approx([0, 10, 30, 60])
    assert curve.mean_hours == pytest.approx(0.8 * 10 + 0.1 * 30 + 0.1 * 50)


def test_customers_still_out_are_a_share_of_those_cut():
    (curve,) = restoration_curves(outages(a=1000), points(("a", 8.0, np.nan, 200))).curves
    assert curve.restored == pytest.approx((0.0, 0.8, 1.0))
    assert curve.hours == pytest.approx((0.0, 8.0, 10.0))


def test_a_curve_that_ends_restored_goes_no_further():
    (curve,) = restoration_curves(outages(a=1), points(("a", 5.0, 100.0, np.nan))).curves
    assert (curve.hours, curve.extended) == ((0.0, 5.0), False)


def test_outages_without_hours_are_named_with_the_reason():
    found = restoration_curves(
        outages(a=1, b=1, c=1), points(("a", 5.0, 100.0, np.nan), ("b", np.nan, np.nan, 1))
    )
    assert [curve.outage_id for curve in found.curves] == ["a"]
    assert found.unusable == {
        "b": "only a time of the clock is published, no hours",
        "c": "no point of its restoration is published",
    }


@pytest.mark.parametrize(
    "rows",
    [
        [("a", 5.0, 80.0, np.nan), ("a", 9.0, 70.0, np.nan)],
        [("a", 5.0, 120.0, np.nan)],
        [("a", 0.0, 50.0, np.nan)],
    ],
)
def test_a_curve_that_does_not_rise_is_refused(rows):
    with pytest.raises(ValueError, match="of a does not rise from 0 to 1"):
        restoration_curves(outages(a=1), points(*rows))


def test_none_at_all_is_refused():
    with pytest.raises(ValueError, match="no recorded outage"):
        restoration_curves(outages(a=1), points())


def test_an_earthquakes_blackout_is_like_one_of_an_earthquake():
    quake = RestorationCurve("q", "", "", "earthquake", (0.0, 10.0), (0.0, 1.0), False)
    storm = RestorationCurve("s", "", "", "typhoon", (0.0, 1000.0), (0.0, 1.0), False)
    curves = RestorationCurves((quake, storm), {})
    which = np.array([0.1, 0.9, 0.1, 0.9])
    after = np.array([True, True, False, False])
    hours = curves.draw_hours(which, np.full((4, 2), [0.5, 1.0]), after)
    assert hours.tolist() == [[5.0, 10.0], [5.0, 10.0], [5.0, 10.0], [500.0, 1000.0]]


def test_a_blackout_is_like_each_outage_as_often_as_that_cut_customers():
    brief = RestorationCurve("a", "", "", "typhoon", (0.0, 1.0), (0.0, 1.0), False, 3)
    long = RestorationCurve("b", "", "", "typhoon", (0.0, 9.0), (0.0, 1.0), False, 1)
    which = np.array([0.0, 0.74, 0.76, 1.0])
    hours = RestorationCurves((brief, long), {}).draw_hours(
        which, np.ones((4, 1)), np.zeros(4, dtype=bool)
    )
    assert hours[:, 0].tolist() == [1.0, 1.0, 9.0, 9.0]


def test_an_outage_of_which_only_a_late_point_is_known_tells_nothing_of_its_first_days():
    found = restoration_curves(
        outages(a=1, b=1), points(("a", 5.0, 100.0, np.nan), ("b", 280.0, 99.0, np.nan))
    )
    assert found.unusable == {"b": "no point of its first day is published"}


def test_the_shipped_tables(shipped_atlas):
    found = recorded_curves(shipped_atlas)
    curves = {curve.outage_id: curve for curve in found.curves}
    assert len(curves) == 22
    assert sum(curve.cause == "earthquake" for curve in found.curves) == 20
    assert found.unusable["faxai_2019_tokyo"] == "no point of its first day is published"
    assert found.unusable["hagibis_2019"] == "only a time of the clock is published, no hours"
    # 99 % after 48 hours; 4,113,460 of 4,660,000 still out after 19.2, 243,953 after 221.2.
    assert curves["iburi_2018_hokkaido"].hours_at(np.array([0.99])) == pytest.approx([48.0])
    share = curves["tohoku_2011_tohoku"].still_out(np.array([19.2, 221.2]))
    assert share == pytest.approx([4_113_460 / 4_660_000, 243_953 / 4_660_000])


@pytest.mark.parametrize("after_earthquake", [True, False])
def test_who_outlasts_the_fuel_is_counted_over_all_customers_cut(shipped_atlas, after_earthquake):
    hours = np.array([[0.0, 12.0], [48.0, 100_000.0]])
    share = outlast(shipped_atlas, hours, after_earthquake)
    alike = recorded_curves(shipped_atlas).like(after_earthquake)
    assert all(one.cause == "earthquake" for one in alike) == after_earthquake
    out = sum(one.customers_out * (1.0 - np.interp(48.0, one.hours, one.restored)) for one in alike)
    assert share[1, 0] == pytest.approx(out / sum(one.customers_out for one in alike))
    assert share[0, 0] == 1.0 > share[0, 1] > share[1, 0] > share[1, 1] == 0.0
