"""What renewables do for a finished plan, recomputed hour by hour from the tables.

Which contracts the hubs make is chosen anew, best for their loads; whatever they are, what they
match is what is found here in MW, hour by hour, from the supply's rows, the profiles and the links,
and no supply is contracted twice. Nothing of the formulation's columns or tangents is used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dcsite.contract import Evaluation, Findings, Quantity, linear_score
from dcsite.errors import CheckError, Problem
from dcsite.geo.geodesy import all_km

from . import renewables as own_words
from .cooling import pue_at
from .renewable_hours import drought, hours
from .renewable_supply import (
    decarbonised_share,
    gathered_exactly,
    links_mw,
    local_demand,
    supply_rows,
)
from .renewables import HOURS_PER_YEAR, Offers, Parameters, energy_asked_mw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

    Values = NDArray[np.float64]

#: A mix that is said to match more than this part of the load beyond what its hours show is wrong.
_TOLERANCE = 1e-5
#: Of all loads: what a row of the contracts may be off.
_ROWS_KEPT = 2e-7
_WEEK_DAYS = 7
_LAPS = 100
_KINDS = {
    "curtailed_solar": ("curtailed solar", "出力制御される太陽光"),
    "curtailed_wind": ("curtailed wind", "出力制御される風力"),
    "solar": ("solar", "太陽光"),
    "onshore_wind": ("onshore wind", "陸上風力"),
    "offshore_wind": ("offshore wind", "洋上風力"),
}
_TYPES = {
    "at_supply_point": ("at the supply point", "電源地"),
    "self_consumption": ("self-consumption", "自家消費"),
    "long_term_contract": ("long-term contract", "長期契約"),
    "fit": ("sold under FIT", "FIT売電"),
}
_HOURS = "area_representative_days, supply by area and type, interconnectors"

HOURLY_SHARE = replace(
    own_words.RENEWABLE_SHARE,
    en="share of the hubs' energy matched hour by hour by additional renewables",
    ja="時間単位で追加性のある再エネが賄う拠点電力の割合",
)
YEARLY_WITH_FIT = replace(
    own_words.YEARLY_SHARE,
    name="yearly_renewable_share_with_fit",
    en="the first reading: summed over the year, growth of FIT solar counted",
    ja="従来の数え方：年間合計、FIT太陽光の増加を含む",
)
RESIDUAL = Quantity(
    "grid_residual_p99_mw",
    "MW",
    "what the grid must give in the hundredth of hours that asks most",
    "系統に残る電力（上位1%の時間の下限）",
    _HOURS,
)
WORST_WEEK = Quantity(
    "worst_week_residual_mw",
    "MW",
    "mean MW left to the grid if every area's supply had its worst week on record at once",
    "各エリアの再エネが同時に最悪の週となる場合に系統に残る平均電力",
    "area_vre_droughts; areas without a record at the worst of the others",
)
ABSORBED = Quantity(
    "curtailment_absorbed_gwh",
    "GWh/year",
    "curtailed energy that the hubs take",
    "拠点が吸収する出力制御電力量",
    _HOURS,
)
ABSORBED_SHARE = Quantity(
    "curtailment_absorbed_share",
    "share",
    "part of all curtailed energy that the hubs take",
    "出力制御電力量のうち拠点が吸収する割合",
    _HOURS,
)
ENERGY_BY_SOURCE = Quantity(
    "hub_energy_by_source_gwh",
    "GWh/year",
    "energy of the area's hubs by where it comes from",
    "エリア内拠点の電力量の内訳",
    _HOURS,
)
LOCAL_ONCE = replace(
    own_words.LOCAL_SUPPLY,
    en="additional supply around all hubs, each GWh counted once",
    ja="拠点周辺の追加再エネ（重複なし）",
)


class Found(NamedTuple):
    """What contracts do for the hubs of a plan."""

    contract: pd.DataFrame
    """`area` of the hubs, `source` area, `kind`, `mw` in the mean of the year, and `matched_gwh`,
    what of it the hubs use."""
    matched_mw: pd.DataFrame
    """Areas x hours."""


def best_contracts(
    load_mw: pd.Series[float],
    supply: pd.DataFrame,
    atlas: Atlas,
    scenario: Scenario,
    *,
    yearly: bool = False,
) -> tuple[pd.DataFrame, float]:
    """Choose contracts for the loads of areas; return them and the MW they are said to match."""
    offers = Offers.of(list(load_mw.index), supply, atlas, scenario, yearly=yearly)
    load = np.asarray(load_mw, dtype=np.float64) / offers.unit_mw
    mix = offers.market.best(load, load)
    found = [
        (area, offer.source, offer.kind, amount * offers.unit_mw)
        for area, here, amounts in zip(offers.areas, offers.offers, mix.contract, strict=True)
        for offer, amount in zip(here, amounts.tolist(), strict=True)
    ]
    contract = pd.DataFrame(found, columns=["area", "source", "kind", "mw"])
    return contract[contract["mw"] > 0.0], float(mix.matched.sum()) * offers.unit_mw


def replay(
    contract: pd.DataFrame,
    load_mw: pd.Series[float],
    counted: pd.DataFrame,
    atlas: Atlas,
    own: Parameters,
) -> Found:
    """Go through the hours: what contracts yield, what comes over the links, what is used.

    Raises
    ------
    CheckError
        If contracts take more of a kind of supply than can be contracted.
    """
    year = hours(atlas)
    gwh = counted.groupby(["area", "kind"])["energy_gwh"].sum()
    taken = contract.groupby(["source", "kind"])["mw"].sum() * HOURS_PER_YEAR / 1000.0
    over = taken - gwh.reindex(taken.index).fillna(0.0) * own.contractable_share
    # The solver keeps its rows to 1e-7, in units of the loads, whatever is contracted of a kind.
    slack_gwh = _ROWS_KEPT * float(load_mw.sum()) * HOURS_PER_YEAR / 1000.0
    if (over > _TOLERANCE * taken + slack_gwh).any():
        worst = over.index[int(over.argmax())]
        raise _wrong(
            f"{worst[1]} of {worst[0]} is contracted {over.max():.3f} GWh beyond what there is"
        )
    links = links_mw(atlas, own.horizon_year, own.interconnector_basis)
    open_mw = {
        (to, origin): float(capacity_mw) * own.interconnector_share
        for origin, to, capacity_mw in links[["from_area", "to_area", "capacity_mw"]].to_numpy()
    }
    matched, used = {}, []
    for area, load in load_mw.items():
        mine = contract[contract["area"] == area]
        output = np.zeros((len(mine), len(year.weight)))
        for number, (_, source, kind, mw) in enumerate(mine.itertuples(index=False)):
            output[number] = mw * year.shape[kind].loc[source].to_numpy()
        for source in set(mine["source"]) - {area}:
            from_there = (mine["source"] == source).to_numpy()
            coming = output[from_there].sum(axis=0)
            cap = open_mw[str(area), source]
            output[from_there] *= np.where(coming > cap, cap / np.maximum(coming, cap), 1.0)
        arriving = output.sum(axis=0)
        direct = np.minimum(arriving, load)
        stored = _from_battery(arriving - direct, load - direct, load, own)
        part = output / np.where(arriving > 0.0, arriving, 1.0)
        left = (part * (arriving - direct)) @ year.weight
        later = left / max(left.sum(), 1e-12) * (stored @ year.weight)
        matched[area] = direct + stored
        used += list(((part * direct) @ year.weight + later) * HOURS_PER_YEAR / 1000.0)
    ordered = pd.concat([contract[contract["area"] == area] for area in load_mw.index])
    return Found(ordered.assign(matched_gwh=used), pd.DataFrame(matched).T)


def _from_battery(surplus_mw: Values, lacking_mw: Values, load: float, own: Parameters) -> Values:
    """Return what a battery gives in each hour: it takes what is left and gives what is lacking.

    Each day begins with what it ends with; a battery that takes and gives as soon as it can gives
    as much as any.
    """
    size = own.battery_hours * load
    given = np.zeros((len(surplus_mw) // 24, 24))
    if size == 0.0:
        return given.ravel()
    surplus, lacking = surplus_mw.reshape(-1, 24), lacking_mw.reshape(-1, 24)
    held = np.zeros(len(given))
    for _ in range(_LAPS):
        before = held
        for hour in range(24):
            held = np.minimum(held + own.battery_efficiency * surplus[:, hour], size)
            given[:, hour] = np.minimum(held, lacking[:, hour])
            held = held - given[:, hour]
        if np.allclose(before, held, rtol=0.0, atol=1e-9 * size):
            break
    return given.ravel()


def evaluate(hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
    """Evaluate a finished plan; see :meth:`.Criterion.evaluate`."""
    own: Parameters = scenario.criteria["renewables"]
    asked = energy_asked_mw(scenario)
    draw = np.array([pue_at(hub, atlas, scenario) for _, hub in hubs.iterrows()])
    hub_mw = hubs["it_load_mw"].to_numpy(dtype=float) * draw * scenario.demand.load_factor
    load_mw = pd.Series(hub_mw).groupby(hubs["area"].to_numpy(dtype=str)).sum()
    rows = supply_rows(atlas, own)
    counted = rows[rows["counts"]]
    contract, claimed_mw = best_contracts(load_mw, counted, atlas, scenario)
    found = replay(contract, load_mw, counted, atlas, own)
    year = hours(atlas)
    matched_mw = pd.Series(found.matched_mw.to_numpy() @ year.weight, load_mw.index)
    if abs(matched_mw.sum() - claimed_mw) > _TOLERANCE * asked:
        raise _wrong(
            f"contracts are said to match {claimed_mw:.3f} MW in the mean and hour by hour match "
            f"{matched_mw.sum():.3f} MW"
        )
    findings = Findings("renewables", hubs, scenario)
    total_mw = float(load_mw.sum())
    area_share = (matched_mw / load_mw.where(load_mw > 0.0)).fillna(0.0)
    share = np.asarray(hubs["area"].map(area_share), dtype=np.float64)
    part = own.local_share_of_weight
    score = min(float(matched_mw.sum()) / asked / own.score_one_share, 1.0)
    earned = hub_mw * share
    earned *= score / max(float(earned.sum()), 1e-12)
    hourly = float(matched_mw.sum()) / total_mw if total_mw else 0.0
    findings.figure(HOURLY_SHARE, hourly, score, 1.0 - part, earned)
    findings.by_area(HOURLY_SHARE, area_share)
    findings.each(own_words.RENEWABLE_SHARE, share, share)
    _readings(findings, load_mw, rows, atlas, scenario)
    _by_type(findings, found.contract, counted, total_mw)
    _worst(findings, found, load_mw, atlas, year.weight)
    _absorbed(findings, found.contract, rows)
    _local(findings, counted, atlas, own)
    grid = np.asarray(hubs["area"].map(decarbonised_share(atlas)), dtype=np.float64)
    findings.mean(own_words.DECARBONISED, grid)
    findings.each(own_words.HUB_ENERGY, hub_mw * HOURS_PER_YEAR / 1000.0)
    findings.each(own_words.DECARBONISED, grid)
    _charts(findings, found, load_mw, year.month, year.hour, year.weight)
    short = (own.min_share * total_mw - float(matched_mw.sum())) / asked
    if short > 0.0:
        findings.breach(
            "renewable_share",
            short,
            (),
            f"additional renewables match {hourly:.1%} of the hubs' energy hour by hour, "
            f"{own.min_share:.1%} wanted",
            f"時間単位で賄われる再エネは{hourly:.1%}（必要{own.min_share:.1%}）",
        )
    # What is not matched hour by hour is the grid's mix, of which one counts where it is known.
    free = share + (1.0 - share) * np.nan_to_num(grid)
    return replace(findings.done(), decarbonised=free)


def _wrong(what: str) -> CheckError:
    return CheckError(
        Problem("independent check", "renewables", f"{what}; no plan was written, please report it")
    )


def _readings(
    findings: Findings,
    load_mw: pd.Series[float],
    rows: pd.DataFrame,
    atlas: Atlas,
    scenario: Scenario,
) -> None:
    """Take the same question by the year: with the types that count, and with FIT's growth."""
    total = float(load_mw.sum())
    for quantity, supply in (
        (own_words.YEARLY_SHARE, rows[rows["counts"]]),
        (YEARLY_WITH_FIT, rows[rows["counts"] | (rows["type"] == "fit")]),
    ):
        contract, matched = best_contracts(load_mw, supply, atlas, scenario, yearly=True)
        findings.figure(quantity, matched / total if total else 0.0)
        contracted = contract.groupby("area")["mw"].sum().reindex(load_mw.index).fillna(0.0)
        share = (contracted / load_mw.where(load_mw > 0.0)).fillna(0.0).clip(upper=1.0)
        findings.by_area(quantity, share)
        if quantity is own_words.YEARLY_SHARE:
            here = findings.hubs["area"].map(share)
            findings.each(quantity, np.asarray(here, dtype=np.float64))


def _by_type(
    findings: Findings, contract: pd.DataFrame, counted: pd.DataFrame, total_mw: float
) -> None:
    """Take the hourly share of each type; what is of one kind is used alike."""
    by_type = counted.pivot_table("energy_gwh", ["area", "kind"], "type", "sum", fill_value=0.0)
    parts = by_type.div(by_type.sum(axis=1), axis=0)
    used = contract.groupby(["source", "kind"])["matched_gwh"].sum()
    gwh = parts.reindex(used.index).mul(used, axis=0).sum()
    for name, (en, ja) in _TYPES.items():
        if name in gwh.index:
            quantity = replace(
                HOURLY_SHARE, name=f"hourly_share_{name}", measure="", short_en=""
            ).noted(en, ja)
            findings.figure(quantity, float(gwh[name]) * 1000.0 / HOURS_PER_YEAR / total_mw)


def _worst(
    findings: Findings, found: Found, load_mw: pd.Series[float], atlas: Atlas, weight: Values
) -> None:
    """Take what is left to the grid when least is matched."""
    residual = float(load_mw.sum()) - found.matched_mw.to_numpy().sum(axis=0)
    order = np.argsort(residual)
    rank = np.searchsorted(np.cumsum(weight[order]), 0.99)
    findings.figure(RESIDUAL, float(residual[order][min(rank, len(order) - 1)]))
    mean = found.contract.assign(
        mix=found.contract["kind"].map(
            {"solar": "solar", "onshore_wind": "wind", "offshore_wind": "wind"}
        )
    ).dropna(subset="mix")
    known = atlas.kept("worst weeks", "", lambda: _worst_weeks(atlas))
    given = sum(mw * known.loc[source, mix] for _, source, _, mw, _, mix in mean.to_numpy())
    findings.figure(WORST_WEEK, max(float(load_mw.sum()) - float(given), 0.0))


def _worst_weeks(atlas: Atlas) -> pd.DataFrame:
    """Return the output of each area's worst week over its mean, of solar and of wind."""
    areas = atlas.table("electricity_areas").index
    found = pd.DataFrame(
        {
            mix: [drought(atlas, area, mix, _WEEK_DAYS) for area in areas]
            for mix in ("solar", "wind")
        },
        index=areas,
    )
    return found.fillna(found.min())


def _absorbed(findings: Findings, contract: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Take how much of what is curtailed today the hubs use."""
    absorbed = float(
        contract.loc[contract["kind"].str.startswith("curtailed"), "matched_gwh"].sum()
    )
    curtailed = float(rows.loc[rows["kind"].str.startswith("curtailed"), "energy_gwh"].sum())
    findings.figure(ABSORBED, absorbed)
    findings.figure(ABSORBED_SHARE, absorbed / curtailed if curtailed else 0.0)


def _local(findings: Findings, counted: pd.DataFrame, atlas: Atlas, own: Parameters) -> None:
    """Take the supply around each hub, and around all of them with each GWh counted once."""
    hubs, decay = findings.hubs, own.local_decay_km
    located = counted.dropna(subset=["lat_deg", "lon_deg"])
    local = gathered_exactly(hubs, located, decay)
    ratio = local / gathered_exactly(hubs, local_demand(atlas), decay)
    score = linear_score(ratio, own.local_zero_ratio, own.local_one_ratio)
    near_km = all_km(hubs, located).min(axis=0)
    note = f"decay {decay:g} km", f"減衰{decay:g} km"
    findings.mean(own_words.LOCAL_RATIO.noted(*note), ratio, score, own.local_share_of_weight)
    once = float(np.exp(-near_km / decay) @ located["energy_gwh"].to_numpy(dtype=float))
    findings.figure(LOCAL_ONCE.noted(*note), once)
    findings.each(own_words.LOCAL_SUPPLY, local)
    findings.each(own_words.LOCAL_RATIO, ratio, score)


def _charts(
    findings: Findings,
    found: Found,
    load_mw: pd.Series[float],
    month: NDArray[np.int_],
    hour: NDArray[np.int_],
    weight: Values,
) -> None:
    """Draw for each area when it is matched, and by what."""
    cell = (month - 1) * 24 + hour
    held = np.bincount(cell, weight, 288)
    for area, load in load_mw.items():
        name = str(area)
        matched = found.matched_mw.loc[name].to_numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(cell, weight * matched / load, 288) / held
        findings.heat_map(name, HOURLY_SHARE, mean.reshape(12, 24))
        mine = found.contract[found.contract["area"] == area]
        parts = []
        for kind, (en, ja) in _KINDS.items():
            of_kind = mine[mine["kind"] == kind]
            for here, note_en, note_ja in (
                (True, "", ""),
                (False, ", imported", "（他エリアから）"),
            ):
                gwh = float(of_kind.loc[(of_kind["source"] == area) == here, "matched_gwh"].sum())
                if gwh > 0.0:
                    parts.append((f"{en}{note_en}", f"{ja}{note_ja}", gwh))
        rest = load * HOURS_PER_YEAR / 1000.0 - sum(gwh for *_, gwh in parts)
        parts.append(("from the grid", "系統から", max(rest, 0.0)))
        findings.stack(name, ENERGY_BY_SOURCE, parts)  # noqa: PD013
