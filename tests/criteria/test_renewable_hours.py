"""Representative hours: what the table says, what is made of it, and how far that errs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcsite.criteria.renewable_hours import drought, hours

MADE = ["tokyo", "okinawa"]


@pytest.fixture(scope="module")
def year(shipped_atlas):
    return hours(shipped_atlas)


def matched(hours_of, area, mix):
    """Share of a flat load met by a supply of solar and wind that is as large over the year."""
    supply = sum(
        part * hours_of.shape[kind].loc[area]
        for kind, part in zip(("solar", "onshore_wind"), mix, strict=True)
    )
    return float(np.minimum(1.0, supply) @ hours_of.weight)


def test_the_hours_are_a_year_for_all_ten_areas(year, shipped_atlas):
    assert len(year.weight) == 864
    assert year.weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert not (year.month == 7).any()  # the table has no day of July
    areas = list(shipped_atlas.table("electricity_areas").index)
    kinds = {"solar", "onshore_wind", "offshore_wind", "curtailed_solar", "curtailed_wind"}
    assert set(year.shape) == kinds
    for frame in (year.demand, *year.shape.values()):
        assert list(frame.index) == areas
        assert (frame.to_numpy() >= 0.0).all()
        np.testing.assert_allclose(frame.to_numpy() @ year.weight, 1.0, atol=1e-12)


def test_known_areas_are_as_in_the_table(year, shipped_atlas):
    # 2023-01-02 at midnight, the table's first rows: Tohoku's wind at 3.4036 of its mean.
    assert year.shape["onshore_wind"].loc["tohoku", 0] == pytest.approx(3.4036, rel=2e-5)
    assert year.weight[0] == pytest.approx(8 / 8760)
    noon = shipped_atlas.table("area_representative_days").loc[("2023-08-28", 12)]
    here = year.shape["solar"].loc[:, (year.month == 8) & (year.hour == 12)].iloc[:, 2]
    np.testing.assert_allclose(here[noon.index], noon["solar_over_mean"], rtol=2e-5)


def test_made_hours_err_by_little_on_areas_that_are_known(year, shipped_atlas):
    """Leave each known area out; docs/renewables.md has the table."""
    known = year.demand.index.drop(MADE)
    off = pd.DataFrame(
        {
            area: [
                matched(made, area, mix) - matched(year, area, mix)
                for mix in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))
            ]
            for area in known
            for made in [hours(shipped_atlas, leave_out=area)]
        }
    )
    text = (Path(__file__).parents[2] / "docs" / "renewables.md").read_text(encoding="utf-8")
    for area in known:
        (line,) = re.findall(rf"(?im)^\| {area} \| [A-Z].*$", text)
        told = [float(cell) for cell in line.split("|")[4:9:2]]
        np.testing.assert_allclose(100.0 * off[area], told, atol=0.051)
    off = off.abs()
    assert (off.mean(axis=1) < [0.006, 0.019, 0.010]).all()
    assert (off.max(axis=1) < [0.012, 0.039, 0.024]).all()
    assert (off.to_numpy() > 1e-5).all()  # nothing known slipped in
    # A mean day for each month, the other way to fill the gap, errs by ten times as much in wind.
    mean_day = year.shape["onshore_wind"].T.groupby([year.month, year.hour]).transform("mean").T
    flat = np.minimum(1.0, mean_day.loc[known]) @ year.weight
    true = np.minimum(1.0, year.shape["onshore_wind"].loc[known]) @ year.weight
    assert (flat - true).mean() > 0.1


def test_tokyo_keeps_its_own_mean_day_and_its_neighbours_weather(year, shipped_atlas):
    profile = shipped_atlas.table("area_hourly_profile").loc["tokyo"]
    own = (profile["solar_mw"] + profile["solar_curtailed_mw"]).groupby("hour").mean()
    made = year.shape["solar"].loc["tokyo"].to_numpy()
    by_hour = np.bincount(year.hour, year.weight * made) * 24.0
    np.testing.assert_allclose(by_hour, own / own.mean(), atol=0.25)
    days = year.shape["onshore_wind"].to_numpy().reshape(10, -1, 24).mean(axis=2)
    tohoku, tokyo, chubu = days[1:4]
    assert np.corrcoef(tokyo, (tohoku + chubu) / 2.0)[0, 1] > 0.8
    assert tokyo.std() > 0.5 * min(tohoku.std(), chubu.std())


def test_days_keep_how_weather_goes_together(year, shipped_atlas):
    # Seven years of daily wind: Hokkaido and Kyushu 0.13, Chugoku and Kyushu 0.77.
    published = shipped_atlas.table("area_vre_correlations")["wind_daily_correlation"]
    days = year.shape["onshore_wind"].to_numpy().reshape(10, -1, 24).mean(axis=2)
    weight = year.weight[::24]
    names = list(year.demand.index)
    covariance = np.cov(days, aweights=weight)
    spread = np.sqrt(np.diag(covariance))
    off = [
        covariance[names.index(a), names.index(b)] / spread[names.index(a)] / spread[names.index(b)]
        - value
        for (a, b), value in published.items()
    ]
    assert np.abs(off).mean() < 0.15


def test_curtailed_energy_lies_in_its_month_and_hour(year, shipped_atlas):
    profile = shipped_atlas.table("area_hourly_profile").loc["kyushu"]["solar_curtailed_mw"]
    long = pd.Series([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], index=range(1, 13))
    wanted = profile.mul(profile.index.get_level_values("month").map(long)).groupby("month").sum()
    shape = year.shape["curtailed_solar"].loc["kyushu"].to_numpy()
    placed = pd.Series(shape * year.weight).groupby(year.month).sum()
    # To 3 %: an hour of May wants a little more than its two sunny days could produce.
    np.testing.assert_allclose(
        placed, (wanted / wanted.sum()).drop(7), atol=0.01 * placed.max(), rtol=0.03
    )
    # 2023-05-07 was overcast (Kyushu curtailed nothing), 2023-05-03 a sunny holiday.
    may = shape[year.month == 5].reshape(-1, 24).sum(axis=1)
    assert may[1] == 0.0
    assert may[0] > may[2] > 0.0


def test_without_curtailment_the_shape_is_that_of_all_output(year):
    wind = year.shape["onshore_wind"]
    np.testing.assert_allclose(year.shape["curtailed_wind"].loc["hokkaido"], wind.loc["hokkaido"])
    assert year.shape["curtailed_wind"].loc["tohoku"].max() > 2.0 * wind.loc["tohoku"].max()


def test_droughts_are_weather_and_not_a_blackout(shipped_atlas):
    # By the table: Kyushu's worst week of wind from 2018-07-12 at 0.038 of the mean.
    assert drought(shipped_atlas, "kyushu", "wind", 7) == 0.038
    # Hokkaido's lies in the blackout of 2018-09-06; its worst week of solar does not.
    assert np.isnan(drought(shipped_atlas, "hokkaido", "wind", 7))
    assert drought(shipped_atlas, "hokkaido", "solar", 7) == 0.266
    assert np.isnan(drought(shipped_atlas, "tokyo", "wind", 7))
