"""How much of an electricity area goes dark when part of its residents is shaken strongly.

A curve through the recorded outages: the log-odds of the share of an area's customers cut off are
linear in the logarithm of the share of its residents shaken by 6-lower (5.5) or more. It is fitted
by maximum likelihood at run time, from `wide_area_power_outages`, recorded shaking and the
operators' contracts. What one occurrence has in common at all sites scatters around it by Student's
t with two degrees of freedom: most outages lie near the curve, and one in some twenty does not, as
Hokkaido in 2018, dark as a whole with one resident in 200 shaken so (the normal distribution is
rejected by the records: docs/disasters.md). Shares below :data:`LEAST` count as "at most that", an
area wholly dark as "at least :data:`MOST`": counts of different sources differ by more.

Inside an area the shaken prefecture is likelier dark. What a prefecture counts for is a mixture of
its own share of shaken residents and the area's; the weight is fitted to the outages counted by
prefecture. The area's median share stays that of the curve.

Where no resident is shaken so strongly nothing goes dark. Twice (2021, 2022) relays cut off
customers of the Tokyo area who were shaken less, to hold the frequency; power was back after three
hours, which any fuel outlasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr, logit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.atlas import Atlas

    from .settings import DisasterSettings

Floats = NDArray[np.float64]

#: Instrumental intensity from which a JMA class begins.
CLASS_FROM: Mapping[str, float] = {
    "3": 2.5,
    "4": 3.5,
    "5-lower": 4.5,
    "5-upper": 5.0,
    "6-lower": 5.5,
    "6-upper": 6.0,
    "7": 6.5,
}
STRONG = CLASS_FROM["6-lower"]

#: Shares of customers that records cannot tell from none and from all.
LEAST, MOST = 0.001, 0.99

_LOW, _HIGH = float(logit(LEAST)), float(logit(MOST))

#: Student's t with two degrees of freedom is ``sqrt(2) * tan(angle)`` with a density of
#: ``cos(angle) / 2``: points and weights of Gauss and Legendre between -90 and 90 degrees.
_NODES, _SPANS = np.polynomial.legendre.leggauss(64)
_DRAWS = np.sqrt(2.0) * np.tan(_NODES * np.pi / 2.0)
_WEIGHTS = _SPANS * np.cos(_NODES * np.pi / 2.0) * np.pi / 4.0

#: Standardised residual that nine in ten draws stay below.
_NINE_IN_TEN = 0.8 / np.sqrt(2.0 * 0.9 * 0.1)


@dataclass(frozen=True, eq=False)
class Darkness:
    """The fitted curve.

    Parameters
    ----------
    level, slope : float
        Log-odds of the share of customers cut off where all residents are shaken, and their rise
        with the natural logarithm of the share shaken.
    scale : float
        Of the common draw, in log-odds.
    covariance : numpy.ndarray, shape (2, 2)
        Of level and slope.
    log_likelihood : float
        Of the records.
    """

    level: float
    slope: float
    scale: float
    covariance: Floats
    log_likelihood: float

    def median(self, shaken_share: Floats, shift: float = 0.0) -> Floats:
        """Return the median log-odds at some shares of shaken residents; ``-inf`` at 0.

        `shift` moves them by so many standard errors of the curve at that share.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.log(np.asarray(shaken_share, dtype=np.float64))
            moved = self.level + self.slope * at + shift * self.standard_error(at)
        return np.where(np.isfinite(at), moved, -np.inf)

    def standard_error(self, log_share: Floats) -> Floats:
        """Return the standard error of the curve, in log-odds."""
        (level, both), (_, slope) = self.covariance
        variance = level + 2.0 * both * log_share + slope * log_share**2
        return np.asarray(np.sqrt(variance), dtype=np.float64)


def expected_share(median: Floats, scale: float) -> Floats:
    """Return the mean over the common draw of shares with some median log-odds.

    Parameters
    ----------
    median : numpy.ndarray
        Finite log-odds, of any shape.
    scale : float
        Of the common draw, at least 0.

    Returns
    -------
    numpy.ndarray
        Shares 0..1 of the same shape, right to 1e-3.
    """
    mean = np.zeros(np.shape(median))
    for draw, weight in zip(_DRAWS, _WEIGHTS / _WEIGHTS.sum(), strict=True):
        mean += weight * expit(median + scale * draw)
    return mean


def recorded_intensity(shaking: pd.DataFrame) -> pd.DataFrame:
    """Return the best figure of each event and municipality, and what it is.

    Parameters
    ----------
    shaking : pandas.DataFrame
        Table of historical shaking, by `event_id` and `municipality_code`.

    Returns
    -------
    pandas.DataFrame
        On the same index without rows that have no intensity: `intensity`, `basis`.
    """
    recorded = shaking["intensity_from_pgv_max"].astype(float)
    estimated = shaking["intensity_estimated_office"].astype(float)
    observed = shaking["jma_intensity_class_max"].map(CLASS_FROM).astype(float)
    basis = pd.Series("jma_class_at_least", index=shaking.index, dtype=object)
    basis = basis.mask(estimated.notna(), "estimated").mask(recorded.notna(), "recorded")
    best = recorded.fillna(estimated).fillna(observed)
    return pd.DataFrame({"intensity": best, "basis": basis})[best.notna()]


def strongly_shaken(atlas: Atlas, least: float = STRONG) -> pd.DataFrame:
    """Return which municipalities recorded earthquakes shook with some intensity or more.

    Parameters
    ----------
    atlas : Atlas
        What is known: intensities, and for some earthquakes the municipalities of 6-lower alone.
    least : float
        Intensity. With another than 5.5 the earthquakes of the second kind are left out.

    Returns
    -------
    pandas.DataFrame
        0 or 1, by `municipality_code`, a column for each `event_id`.
    """
    best = recorded_intensity(atlas.table("historical_shaking_by_municipality"))["intensity"]
    felt = best.astype(float).unstack("event_id") >= least  # noqa: PD010 (a pivot of a series)
    if least == STRONG:
        listed = atlas.table("historical_6lower_municipalities").index.to_frame(index=False)
        felt = felt.join(pd.crosstab(listed["municipality_code"], listed["event_id"]), how="outer")
    codes = atlas.table("municipalities").index
    return felt.reindex(codes).fillna(0.0).astype(float)


def recorded_outages(atlas: Atlas, least: float = STRONG) -> pd.DataFrame:
    """Return what the curve is fitted to: outages after earthquakes, one electricity area each.

    Parameters
    ----------
    atlas, least
        As in :func:`strongly_shaken`.

    Returns
    -------
    pandas.DataFrame
        By `outage_id`: `area`, `event_id`, `shaken_share` of the area's residents (of 2020) and
        `cut_share` of its customers, 0..1: of the contracts of 2016, or 1 where the whole area was
        dark. Earthquakes without a known intensity are left out.
    """
    found = atlas.table("wide_area_power_outages")
    shares = _shares(atlas, strongly_shaken(atlas, least), ["electricity_area"])
    shaken = shares.stack()  # noqa: PD013 (a pivot back)
    found = found[found["event_id"].isin(shaken.index.unique("event_id"))]
    area, event = found["electricity_areas"].astype(str), found["event_id"].astype(str)
    contracts = area.map(atlas.table("electricity_areas")["contracts_2016"]).astype(float)
    cut = (found["customers_out"].astype(float) / contracts).clip(upper=1.0)
    places = pd.MultiIndex.from_arrays([area, event])
    return pd.DataFrame(
        {
            "area": area,
            "event_id": event,
            "shaken_share": shaken.reindex(places).to_numpy(dtype=float),
            "cut_share": cut.mask(found["whole_area"].astype(int) == 1, 1.0),
        },
        index=found.index,
    )


def fit(outages: pd.DataFrame) -> Darkness:
    """Fit the curve.

    Parameters
    ----------
    outages : pandas.DataFrame
        `shaken_share` and `cut_share`; those without a shaken resident say nothing of the slope
        and are left out. At least four must remain.
    """
    seen = outages[outages["shaken_share"] > 0.0]
    at = np.log(seen["shaken_share"].to_numpy(dtype=float))
    low, high, cut = _log_odds(seen["cut_share"])

    from scipy.optimize import minimize

    def misfit(parameters: Floats) -> float:
        level, slope, log_scale = parameters
        off = (cut - level - slope * at) / np.exp(log_scale)
        # The density of t, and what lies below and above, are elementary with two degrees.
        below = 0.5 * (1.0 + off / np.sqrt(2.0 + off**2))
        each = -1.5 * np.log(2.0 + off**2) - log_scale
        each[low], each[high] = np.log(below[low]), np.log(1.0 - below[high])
        return -float(each.sum())

    best = minimize(misfit, [0.0, 1.0, 0.5], method="BFGS", options={"gtol": 1e-6}).x
    step = 1e-3 * np.eye(3)
    curvature = np.array(
        [
            [
                sum(
                    sign * misfit(best + one * a + other * b)
                    for one, other, sign in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
                )
                / 4e-6
                for a in step
            ]
            for b in step
        ]
    )
    covariance = np.linalg.inv(curvature)[:2, :2]
    return Darkness(
        float(best[0]), float(best[1]), float(np.exp(best[2])), covariance, -misfit(best)
    )


def fit_own_weight(atlas: Atlas, slope: float) -> tuple[float, pd.Series[float]]:
    """Fit how much a prefecture's own shaken share counts beside its area's.

    Each outage has its own level, so that only differences between its prefectures speak; what is
    left scatters normally.

    Parameters
    ----------
    atlas : Atlas
        Gives the outages by prefecture.
    slope : float
        Of the curve.

    Returns
    -------
    weight : float
        Most likely of 0.00, 0.05 .. 0.95.
    log_likelihood : pandas.Series
        By weight.
    """
    rows = _by_prefecture(atlas)
    low, high, cut = _log_odds(rows["cut_share"])
    outage, names = pd.factorize(rows["outage_id"])
    own, area = rows["own_share"].to_numpy(), rows["area_share"].to_numpy()

    from scipy.optimize import minimize

    def misfit(parameters: Floats, curve: Floats) -> float:
        off = (cut - parameters[outage] - curve) / np.exp(parameters[-1])
        each = -0.5 * off**2 - 0.5 * np.log(2.0 * np.pi) - parameters[-1]
        each[low], each[high] = log_ndtr(off[low]), log_ndtr(-off[high])
        return -float(each.sum())

    likely: dict[float, float] = {}
    begin = np.append(np.zeros(len(names)), 1.0)
    for weight in np.arange(20) / 20.0:
        curve = slope * np.log(weight * own + (1.0 - weight) * area)
        found = minimize(misfit, begin, args=(curve,), method="BFGS")
        likely[float(weight)], begin = -float(found.fun), found.x
    by_weight = pd.Series(likely)
    return max(likely, key=lambda one: likely[one]), by_weight


def _by_prefecture(atlas: Atlas) -> pd.DataFrame:
    """Return the share of customers cut off and of residents shaken, of prefectures in an area."""
    rows = atlas.table("power_outages_by_prefecture").reset_index()
    rows = rows[rows.groupby("outage_id")["pref_code"].transform("size") > 1]
    outages = recorded_outages(atlas)
    outages = outages[outages["shaken_share"] > 0.0]
    rows = rows[rows["outage_id"].isin(outages.index)].reset_index(drop=True)
    area, event, shaken = (
        rows["outage_id"].map(outages[name]) for name in ("area", "event_id", "shaken_share")
    )
    keys = ["electricity_area", "pref_code"]
    own = _shares(atlas, strongly_shaken(atlas), keys).stack()  # noqa: PD013 (a pivot back)
    places = atlas.table("municipalities")
    people = places.groupby(keys)["population_2020"].sum()
    areas = atlas.table("electricity_areas")
    where = [area, rows["pref_code"]]
    customers = people.reindex(pd.MultiIndex.from_arrays(where)).to_numpy(dtype=float) * area.map(
        areas["contracts_2016"] / places.groupby("electricity_area")["population_2020"].sum()
    ).to_numpy(dtype=float)
    return rows[["outage_id", "pref_code"]].assign(
        own_share=own.reindex(pd.MultiIndex.from_arrays([*where, event])).to_numpy(dtype=float),
        area_share=shaken.astype(float),
        cut_share=np.minimum(rows["customers_out"].to_numpy(dtype=float) / customers, 1.0),
    )


def _shares(atlas: Atlas, shaken: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the share of residents shaken, of each group of municipalities in each event."""
    places = atlas.table("municipalities").reindex(shaken.index)
    people = places["population_2020"].astype(float)
    groups = [places[name] for name in by]
    return (
        shaken.mul(people, axis=0).groupby(groups).sum().div(people.groupby(groups).sum(), axis=0)
    )


def _log_odds(share: pd.Series[float]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]:
    """Tell which shares are no more than LEAST, which at least MOST, and all log-odds."""
    kept = share.to_numpy(dtype=float).clip(LEAST, MOST)
    return kept <= LEAST, kept >= MOST, np.asarray(logit(kept), dtype=np.float64)


def darkness(atlas: Atlas) -> tuple[Darkness, float]:
    """Return the curve of the atlas's records, and the weight of a prefecture's own shaking."""

    def fitted() -> tuple[Darkness, float]:
        curve = fit(recorded_outages(atlas))
        return curve, fit_own_weight(atlas, curve.slope)[0]

    return atlas.kept("darkness", "", fitted)


def dark_logit(atlas: Atlas, settings: DisasterSettings, shaken: pd.DataFrame) -> pd.DataFrame:
    """Return the median log-odds that a customer of each municipality is cut off in each event.

    Parameters
    ----------
    atlas : Atlas
        Gives the records the curve goes through, and the residents.
    settings : DisasterSettings
        `darkness_shift`: how many standard errors the curve is moved.
    shaken : pandas.DataFrame
        Probability of 5.5 or more, 0..1, by `municipality_code`, a column for each event; what is
        not in it is not shaken.

    Returns
    -------
    pandas.DataFrame
        For every municipality and event; ``-inf`` where nobody of its area is shaken.
    """
    curve, weight = darkness(atlas)
    places = atlas.table("municipalities")
    shaken = shaken.reindex(places.index).fillna(0.0)
    keys = ["electricity_area", "pref_code"]
    own = _shares(atlas, shaken, keys)
    of_area = _shares(atlas, shaken, keys[:1])
    target = curve.median(of_area.to_numpy(), settings.darkness_shift)
    area = own.index.get_level_values("electricity_area")
    row = of_area.index.get_indexer(area)
    people = places.groupby(keys)["population_2020"].sum().loc[own.index].to_numpy(dtype=float)
    part = people / pd.Series(people).groupby(np.asarray(area)).transform("sum").to_numpy()
    with np.errstate(divide="ignore"):
        counted = np.log(weight * own.to_numpy() + (1.0 - weight) * of_area.to_numpy()[row])
    level = _level(target, curve.slope * counted, part, row)
    median = pd.DataFrame(level[row] + curve.slope * counted, index=own.index, columns=own.columns)
    median = median.mask(~np.isfinite(target)[row], -np.inf)
    found = median.reindex(pd.MultiIndex.from_frame(places[keys]))
    return found.set_axis(places.index)


def _level(target: Floats, rise: Floats, part: Floats, row: NDArray[np.intp]) -> Floats:
    """Find the level of each area and event that gives its prefectures the area's share.

    Parameters
    ----------
    target : numpy.ndarray, shape (areas, events)
        Log-odds of the area's share, ``-inf`` where it is 0.
    rise : numpy.ndarray, shape (prefectures, events)
        What each prefecture has above the level.
    part : numpy.ndarray, shape (prefectures,)
        Of its area's residents, 0..1.
    row : numpy.ndarray of int, shape (prefectures,)
        Its area.
    """
    share = expit(target)
    finite = np.where(np.isfinite(rise), rise, 0.0)
    low, high = np.full(target.shape, -60.0), np.full(target.shape, 60.0)
    for _ in range(60):
        middle = (low + high) / 2.0
        sums = np.zeros(target.shape)
        np.add.at(sums, row, part[:, None] * expit(middle[row] + finite))
        low, high = np.where(sums < share, middle, low), np.where(sums < share, high, middle)
    return np.asarray((low + high) / 2.0, dtype=np.float64)


def dark_sd(atlas: Atlas) -> float:
    """Return the scale of the draw that all sites of one occurrence share, in log-odds.

    The draw is Student's t with two degrees of freedom (:func:`expected_share`).
    """
    return darkness(atlas)[0].scale


def left_out(atlas: Atlas) -> pd.DataFrame:
    """Predict each recorded outage by a curve fitted without it.

    Returns
    -------
    pandas.DataFrame
        By `outage_id`, by the date: `shaken_share`, `cut_share` (recorded), `median_share`,
        `expected_share`, `low_share` and `high_share`, between which 80 % of such outages lie (the
        common draw and the curve's own error together), and `within`, whether this one does.
    """
    seen = recorded_outages(atlas)
    seen = seen[seen["shaken_share"] > 0.0]
    found = []
    for outage_id, one in seen.iterrows():
        curve = fit(seen.drop(index=outage_id))
        at = np.log(np.array([one["shaken_share"]]))
        median = curve.level + curve.slope * at
        wide = np.hypot(_NINE_IN_TEN * curve.scale, 1.2816 * curve.standard_error(at))
        found.append(
            {
                "shaken_share": one["shaken_share"],
                "cut_share": one["cut_share"],
                "median_share": float(expit(median)[0]),
                "expected_share": float(expected_share(median, curve.scale)[0]),
                "low_share": float(expit(median - wide)[0]),
                "high_share": float(expit(median + wide)[0]),
            }
        )
    told = pd.DataFrame(found, index=seen.index)
    cut = told["cut_share"].clip(LEAST, MOST)
    below = (cut <= told["high_share"]) | (cut <= LEAST)
    return told.assign(within=below & (told["low_share"] <= cut))
