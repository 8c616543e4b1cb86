"""Who takes over what in a finished plan, worked out on its hubs alone.

Every disaster in force, and every hub that fails by itself, is played: what falls is handed to the
reserve that stands, hub by hub, to those first that are least often down with it. Where that does
not end well, the most that can be handed on is found as a flow. Nothing of the formulation is used:
no sets that fall, no rows laid as needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcsite.contract import (
    SLACK,
    Backup,
    Evaluation,
    Findings,
    Quantity,
    Takeover,
    linear_score,
)
from dcsite.contract import load_mw as written
from dcsite.hazards import falls_with, joint_risk

from .takeover import CARRIED, RESERVE, Parameters, core_loads, osaka_idle_mw, reserve_anchor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario

_NAME = "takeover"
#: An arc that never carries as much, in MW, is not worth a line.
_LEAST_ARC_MW = 1.0
_TOKYO = ("Tokyo area", "東京圏")

_LOAD = Quantity(
    "tokyo_load_mw",
    "MW",
    "Tokyo's IT load of today: racks in operation, kW per rack, Tokyo's share",
    "東京の現在のIT負荷：稼働ラック数×ラック当たりkW×東京の割合",
    "rack_figures",
)
_CAPACITY = replace(
    _LOAD,
    name="tokyo_capacity_mw",
    en="Tokyo's IT capacity of today: all racks, in the same way",
    ja="東京の現在のIT容量：総ラック数から同様に算出",
)
_OSAKA_IDLE = replace(
    _LOAD,
    name="osaka_idle_mw",
    en="racks of Osaka not in operation today, in the same way",
    ja="大阪の未稼働ラック：同様に算出",
)
_RESERVE_MW = Quantity("reserve_mw", "MW", "reserve held free", "予備容量")
_UNSERVED = Quantity(
    "tokyo_unserved_mw",
    "MW",
    "load of Tokyo that nobody carries with Tokyo lost",
    "東京喪失時に誰も担えない東京の負荷",
)
_BOTH_DOWN = Quantity(
    "backup_both_down_30y",
    "times",
    "times down together with its main backup in 30 years, expected",
    "主な代替拠点と同時に停止する回数の期待値（30年間）",
)


class _Played(NamedTuple):
    """One event: what each hub hands to each other in MW, what is left, what Tokyo hands on."""

    event: str
    flow: NDArray[np.float64]
    left: NDArray[np.float64]
    tokyo: NDArray[np.float64] = np.zeros(0)


def evaluate_takeover(
    hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario, disasters: DisasterSet
) -> Evaluation:
    """Hand on what falls, in every disaster in force and of every hub alone.

    Parameters
    ----------
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`, with `tier`, `it_load_mw`, `reserve_mw`.
    atlas, scenario
        What is known and asked.
    disasters : DisasterSet
        Disasters at the hubs.
    """
    own: Parameters = scenario.criteria[_NAME]
    found = Findings(_NAME, hubs, scenario)
    in_force = disasters.take(disasters.events.index[disasters.events["in_force"]].tolist())
    holds = hubs["tier"].isin(own.reserve_tiers).to_numpy()
    reserve = np.where(holds, hubs["reserve_mw"].to_numpy(dtype=float), 0.0)
    counts = hubs["tier"].isin(own.backup_tiers).to_numpy() & (scenario.rules["backup"] != "off")
    load = np.where(counts, found.load_mw, 0.0)
    preferred = _preferred(in_force, disasters, own.joint_probability)
    played = list(_play(in_force, load, reserve, preferred, own.joint_probability))
    takeovers = _hubs(found, played, load, in_force.events)
    idle = osaka_idle_mw(atlas, scenario) if own.osaka_idle_counts else 0.0
    tokyo = _tokyo(found, next(one for one in played if one.tokyo.size), idle, atlas)
    weight = float(scenario.weights[_NAME]) * own.weight_parts.tokyo_carried
    told = scenario.rules["tokyo_takeover"] != "off" or weight > 0.0
    _figures(found, atlas, scenario, reserve, tokyo if told else None)
    backups = _arcs(played, disasters, hubs, tokyo.carried_mw if told else 0.0)
    _hub_values(found, backups)
    return found.done(
        backups=backups,
        takeovers=(tokyo, *takeovers) if told else takeovers,
        notes=_notes(atlas, scenario) if told else (),
    )


def _preferred(in_force: DisasterSet, every: DisasterSet, least: float) -> list[NDArray[np.intp]]:
    """Return, of each hub, those that never fall with it, the one least often down with it first.

    Of equal ones the first by site id.
    """
    ids = np.array(in_force.site_ids)
    found = []
    for site in range(len(ids)):
        fits = np.flatnonzero(~falls_with(in_force, site, least))
        risk = np.round(joint_risk(every, site, fits), 12)
        found.append(fits[np.lexsort((ids[fits], risk))])
    return found


def _play(
    disasters: DisasterSet,
    load: NDArray[np.float64],
    reserve: NDArray[np.float64],
    preferred: list[NDArray[np.intp]],
    least: float,
) -> Iterator[_Played]:
    """Play every hub that fails alone, and every disaster."""
    for site in np.flatnonzero(load > 0.0):
        alone = np.zeros(len(load))
        alone[site] = load[site]
        yield _Played("", *_hand_on(alone, reserve, preferred))
    for event, (name, kind) in enumerate(disasters.events["kind"].items()):
        down = disasters.down[:, event]
        fallen, stands = down * load, (1.0 - down) * reserve
        if kind == "tokyo_lost":
            # Tokyo falls for certain: it falls with a hub that is down that often itself.
            fits = np.flatnonzero(down < least)
            flow, left = _most_handed_on(
                np.append(fallen, stands.sum()), stands, [*preferred, fits], last_counts=0.5
            )
            yield _Played(str(name), flow[:-1], left[:-1], flow[-1])
        else:
            yield _Played(str(name), *_hand_on(fallen, stands, preferred))


def _hand_on(
    fallen: NDArray[np.float64],
    stands: NDArray[np.float64],
    preferred: list[NDArray[np.intp]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hand what falls to what stands, those with the fewest backups first.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        MW from hub to hub, and of each what is left over; as little in all as can be.
    """
    flow, free, left = np.zeros((len(fallen), len(stands))), stands.copy(), fallen.copy()
    for site in sorted(np.flatnonzero(fallen > 0.0), key=lambda one: (len(preferred[one]), one)):
        for other in preferred[site]:
            handed = min(left[site], free[other])
            flow[site, other] = handed
            left[site] -= handed
            free[other] -= handed
            if left[site] <= 0.0:
                break
    # More can be handed on only if room is found by moving what was handed before.
    arcs = np.zeros(flow.shape, dtype=bool)
    for hub, others in zip(range(len(fallen)), preferred, strict=False):
        arcs[hub, others] = True
    reached, last = left > SLACK, -1
    while last != (last := int(reached.sum())):
        at = arcs[reached].any(axis=0)
        if (free[at] > SLACK).any():
            return _most_handed_on(fallen, stands, preferred)
        reached |= (flow[:, at] > 0.0).any(axis=1)
    return flow, left


def _most_handed_on(
    fallen: NDArray[np.float64],
    stands: NDArray[np.float64],
    preferred: list[NDArray[np.intp]],
    last_counts: float = 1.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the most that can be handed on; a MW of the last row counts `last_counts`."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    arcs = [
        (site, int(other)) for site in np.flatnonzero(fallen > 0.0) for other in preferred[site]
    ]
    flow = np.zeros((len(fallen), len(stands)))
    if arcs:
        site, other = np.array(arcs).T
        each = np.tile(np.arange(len(arcs)), 2)
        rows = np.concatenate([site, len(fallen) + other])
        result = linprog(
            np.where(site == len(fallen) - 1, -last_counts, -1.0),
            A_ub=csr_array(
                (np.ones(len(rows)), (rows, each)), shape=(len(fallen) + len(stands), len(arcs))
            ),
            b_ub=np.concatenate([fallen, stands]),
        )
        flow[site, other] = result.x
    return flow, np.maximum(fallen - flow.sum(axis=1), 0.0)


def _figures(
    found: Findings,
    atlas: Atlas,
    scenario: Scenario,
    reserve: NDArray[np.float64],
    tokyo: Takeover | None,
) -> None:
    """Report the reserve and, where it is asked for, what stands behind Tokyo's load."""
    own: Parameters = scenario.criteria[_NAME]
    cores = core_loads(atlas, scenario.demand)
    share = float(reserve.sum()) / found.total_mw
    score = float(linear_score(np.array([share]), reserve_anchor(atlas, scenario), 0.0)[0])
    if tokyo is not None:
        found.figure(_LOAD, cores["tokyo"].load_mw)
        found.figure(_CAPACITY, cores["tokyo"].capacity_mw)
        found.figure(_OSAKA_IDLE, cores["osaka"].capacity_mw - cores["osaka"].load_mw)
        found.figure(_UNSERVED, tokyo.load_mw - tokyo.carried_mw)
    found.figure(_RESERVE_MW, float(reserve.sum()))
    found.figure(RESERVE, share, score, own.weight_parts.reserve_share)


def _hubs(
    found: Findings, played: list[_Played], load: NDArray[np.float64], events: pd.DataFrame
) -> tuple[Takeover, ...]:
    """Tell of each hub what is handed on in the event that leaves most; take the breach."""
    short_mw = np.array([one.left.sum() for one in played])
    if len(short_mw) and short_mw.max() / found.total_mw > SLACK:
        worst = played[int(short_mw.argmax())]
        sites = np.flatnonzero(worst.left / found.total_mw > SLACK).tolist()
        en, ja = found.places(sites)
        event = ("when it fails alone", "単独停止時")
        if worst.event:
            name_en, name_ja = events.loc[worst.event, ["name_en", "name_ja"]]
            event = (str(name_en), str(name_ja or name_en))
        found.breach(
            "backup",
            worst.left.sum() / found.total_mw,
            [found.hubs.index[site] for site in sites],
            f"{written(worst.left.sum())} MW that fall find no reserve that stands ({event[0]}): "
            f"{en}",
            f"停止する{written(worst.left.sum())} MWを担う予備容量がない（{event[1]}）：{ja}",
        )
    takeovers = []
    for site in np.flatnonzero(load > 0.0).tolist():
        left = np.array([one.left[site] for one in played])
        worst = played[int(left.argmax())]
        en, ja = found.place(site)
        short = float(left.max())
        takeovers.append(
            Takeover(
                str(found.hubs.index[site]),
                en,
                ja,
                float(load[site]),
                float(load[site]) - short,
                short,
                worst.event if short / found.total_mw > SLACK else "",
            )
        )
    return tuple(takeovers)


def _tokyo(found: Findings, lost: _Played, idle_mw: float, atlas: Atlas) -> Takeover:
    """Tell what is carried of Tokyo's load, once what falls of the hubs is; take the breach."""
    own: Parameters = found.scenario.criteria[_NAME]
    load_mw = core_loads(atlas, found.scenario.demand)["tokyo"].load_mw
    reach_mw = float(lost.tokyo.sum() - lost.left.sum()) + idle_mw
    carried_mw = min(max(reach_mw, 0.0), load_mw)
    wanted_mw = own.tokyo_share * load_mw
    short_mw = max(wanted_mw - reach_mw, 0.0)
    if short_mw / found.total_mw <= SLACK:
        short_mw = 0.0
    else:
        found.breach(
            "tokyo_takeover",
            short_mw / found.total_mw,
            (),
            f"with Tokyo lost reserve carries {written(carried_mw)} MW of its "
            f"{written(load_mw)} MW, {written(wanted_mw)} MW wanted",
            f"東京喪失時、負荷{written(load_mw)} MWのうち予備容量が担うのは{written(carried_mw)} MW"
            f"（必要{written(wanted_mw)} MW）",
        )
    share = carried_mw / load_mw if load_mw else 1.0
    found.figure(CARRIED, share, share, own.weight_parts.tokyo_carried)
    return Takeover("tokyo", *_TOKYO, load_mw, carried_mw, short_mw, lost.event)


def _arcs(
    played: list[_Played], every: DisasterSet, hubs: pd.DataFrame, tokyo_mw: float
) -> tuple[Backup, ...]:
    """List who carries how much for whom at most in any one event, the most first."""
    ids = [str(site) for site in hubs.index]
    most = np.max([one.flow for one in played], axis=0)
    arcs = []
    for site, other in np.argwhere(most >= _LEAST_ARC_MW).tolist():
        risk = float(joint_risk(every, site, np.array([other]))[0])
        arcs.append(Backup(ids[site], ids[other], float(most[site, other]), risk))
    for one in played:
        if not one.tokyo.any():
            continue
        # What could be carried beyond all of Tokyo's load is not asked of anyone.
        handed = one.tokyo * min(tokyo_mw / one.tokyo.sum(), 1.0)
        arcs += [
            Backup("tokyo", ids[other], float(handed[other]), None)
            for other in np.flatnonzero(handed >= _LEAST_ARC_MW)
        ]
    arcs.sort(key=lambda arc: (arc.site_id != "tokyo", arc.site_id, -arc.takeover_mw))
    return tuple(arcs)


def _hub_values(found: Findings, backups: tuple[Backup, ...]) -> None:
    """Take how often each hub is down together with the one that carries most of its load."""
    both = np.full(len(found.hubs), np.inf)
    names = [("", "")] * len(found.hubs)
    for arc in backups:
        if arc.site_id == "tokyo" or np.isfinite(both[found.row(arc.site_id)]):
            continue
        both[found.row(arc.site_id)] = arc.both_down_30y or 0.0
        names[found.row(arc.site_id)] = found.place(found.row(arc.backup_site_id))
    found.each(_BOTH_DOWN, both, notes=names)


def _notes(atlas: Atlas, scenario: Scenario) -> tuple[str, ...]:
    """Say how Tokyo's load was reached; what of it stays unserved is a :class:`Takeover`."""
    own: Parameters = scenario.criteria[_NAME]
    demand = scenario.demand
    here, osaka = (core_loads(atlas, demand)[core] for core in ("tokyo", "osaka"))
    counted = own.osaka_idle_counts
    en = (
        f"Tokyo's load of today: {here.racks_in_operation:,.0f} racks in operation in Japan "
        f"({demand.today_year}) x {demand.kw_per_rack:g} kW x {demand.core_rack_share.tokyo:.0%} = "
        f"{written(here.load_mw)} MW, of a capacity of {written(here.capacity_mw)} MW "
        f"({here.racks:,.0f} racks); Osaka {written(osaka.load_mw)} of "
        f"{written(osaka.capacity_mw)} MW, its idle racks {'' if counted else 'not '}counted as "
        "reserve"
    )
    ja = (
        f"東京圏の現在の負荷：全国の稼働ラック{here.racks_in_operation:,.0f}（{demand.today_year}年）"
        f"×{demand.kw_per_rack:g} kW×{demand.core_rack_share.tokyo:.0%}＝{written(here.load_mw)} MW"
        f"（設備容量{written(here.capacity_mw)} MW、{here.racks:,.0f}ラック）。"
        f"大阪圏は{written(osaka.capacity_mw)} MW中{written(osaka.load_mw)} MW、"
        f"空きラックは予備に{'含める' if counted else '含めない'}"
    )
    return (f"{en} / {ja}",)
