"""How a finished plan fares in every disaster, worked out on its hubs alone.

Nothing of the formulation is used: no dropping of implied rows, no rows laid as needed, no
linearised tail. Each disaster is gone through, whether or not the program ever met it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.contract import (
    SLACK,
    DisasterLoss,
    Evaluation,
    Findings,
    Quantity,
    linear_score,
)
from dcsite.hazards import said_of_sources_without_case, sources_without_case

from .disaster_share import find_share
from .disaster_terms import (
    SCORED_KINDS,
    Parameters,
    area_blackout_interval,
    down_by_cause,
    existing_areas,
    expected_down,
    tail_weights,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario

_NAME = "disasters"
_SOURCE = (
    "scenario_intensity_by_municipality, scenario_earthquakes, herp_probabilities, "
    "seismic_hazard_by_municipality"
)

EXPECTED_DOWN = Quantity(
    "expected_down_30y",
    "times",
    "times down in 30 years, expected",
    "30年間に停止する回数の期待値",
    _SOURCE,
)
_WORST_EARTHQUAKE = Quantity(
    "worst_earthquake_down",
    "share",
    "probability to be down in its worst earthquake",
    "最も厳しい地震での停止確率",
    _SOURCE,
)
#: Parts of the expected times down, by cause.
_CAUSES = {
    cause: Quantity(f"down_by_{cause}_30y", "times", f"of these {en}", f"うち{ja}", _SOURCE)
    for cause, en, ja in (
        ("shaking", "by shaking in a computed earthquake", "計算対象の地震の揺れ"),
        ("local_earthquake", "by a local earthquake", "局地的な地震の揺れ"),
        ("power", "by power cut for longer than fuel lasts", "燃料が尽きるまで続く停電"),
        ("landing_cluster", "by cable landings lost", "海底ケーブル陸揚地域の喪失"),
        ("network", "by the network cut", "通信網の途絶"),
        ("user", "by disasters of the user's file", "利用者が与えた災害"),
    )
}
_WORST_SURVIVAL = Quantity(
    "worst_survival",
    "share",
    "share of the capacity standing in the worst disaster",
    "最悪の災害で残る容量の割合",
)
#: Disasters listed with a plan.
_LISTED = 10


def worst_disasters(
    load: NDArray[np.float64], found: DisasterSet, count: int = _LISTED
) -> tuple[DisasterLoss, ...]:
    """List what takes most of a plan, the worst of each source alone; Tokyo's loss in any case.

    Parameters
    ----------
    load : numpy.ndarray, shape (hubs,)
        IT load of each hub, in MW.
    found : DisasterSet
        Disasters at the hubs.
    count : int
        How many at most; those that take nothing are left out.
    """
    share = load @ found.down / load.sum()
    events = found.events
    worst: list[int] = []
    seen: set[str] = set()
    for number in np.lexsort((np.arange(len(share)), -np.round(share, 9))).tolist():
        if len(worst) == count or share[number] <= 0.0:
            break
        source = str(events["source_id"].iloc[number])
        if events["in_force"].iloc[number] and source not in seen:
            seen.add(source)
            worst.append(number)
    # The loss of Tokyo is a question of its own, however little of the plan it takes.
    asked = np.flatnonzero((events["kind"] == "tokyo_lost") & (share > 0.0)).tolist()
    losses: list[DisasterLoss] = []
    for number in dict.fromkeys([*worst, *asked]):
        row = events.iloc[number]
        probability = float(row["probability_30y"])
        shaking = {"earthquake": str(row.name), "tokyo_lost": str(row["basis"])}
        losses.append(
            DisasterLoss(
                str(row.name),
                str(row["kind"]),
                str(row["name_en"]),
                str(row["name_ja"]),
                None if np.isnan(probability) else probability,
                str(row["probability_date"]),
                float(share[number]),
                dict(row["areas_dark"]),
                shaking.get(str(row["kind"]), ""),
            )
        )
    return tuple(losses)


def cvar(loss: NDArray[np.float64], probability: NDArray[np.float64], level: float) -> float:
    """Return the mean of the worst ``1 - level`` of a discrete distribution of losses.

    Parameters
    ----------
    loss, probability : numpy.ndarray, shape (m,)
        Losses and their probabilities, which add up to 1 (or to 0 for no losses at all).
    level : float
        0 (the mean) to below 1.
    """
    tail = 1.0 - level
    total, left = 0.0, tail
    for number in np.argsort(-loss, kind="stable"):
        part = min(float(probability[number]), left)
        total += part * float(loss[number])
        left -= part
        if left <= 0.0:
            break
    return total / tail


def evaluate_disasters(
    hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario, disasters: DisasterSet
) -> Evaluation:
    """Evaluate a plan in every disaster.

    Parameters
    ----------
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`.
    atlas, scenario
        What is known and asked.
    disasters : DisasterSet
        Disasters at the hubs.
    """
    own: Parameters = scenario.criteria[_NAME]
    found = Findings(_NAME, hubs, scenario)
    stands_mw = found.load_mw @ (1.0 - disasters.down)
    _figures(found, disasters, stands_mw, atlas, scenario)
    find_share(found, atlas, own)
    _survival(found, disasters, stands_mw, scenario)
    _core_areas(found, atlas)
    return found.done(
        worst_disasters=worst_disasters(found.load_mw, disasters),
        notes=(" / ".join(said_of_sources_without_case(sources_without_case(atlas, own))),),
    )


def _figures(
    found: Findings,
    disasters: DisasterSet,
    stands_mw: NDArray[np.float64],
    atlas: Atlas,
    scenario: Scenario,
) -> None:
    """Take what stands in the worst disaster, the expected loss, the tail, and of each hub."""
    own: Parameters = scenario.criteria[_NAME]
    total, events, parts = scenario.total_new_it_load_mw, disasters.events, own.weight_parts
    scored = np.flatnonzero(events["in_force"] & events["kind"].isin(SCORED_KINDS))
    worst = scored[stands_mw[scored].argmin()]
    survival = float(np.clip(stands_mw[worst] / total, 0.0, 1.0))
    often = expected_down(disasters)
    tail = cvar(found.load_mw @ disasters.down / total, tail_weights(disasters), own.cvar_level)
    worst_share = f"{100.0 * (1.0 - own.cvar_level):.3g}%"
    loss = Quantity(
        "cvar_loss",
        "share",
        f"share lost, mean over the worst {worst_share} of disasters (CVaR)",
        f"失う割合：最悪{worst_share}の災害での平均（CVaR）",
    )
    named = _WORST_SURVIVAL.noted(*_named(disasters, int(worst)))
    found.figure(named, survival, survival, parts.worst_survival)
    score = linear_score(often, own.expected_zero_at, 0.0)
    said = _said_of_blackouts(found, disasters, atlas, often)
    found.mean(EXPECTED_DOWN.noted(*said), often, score, parts.expected_loss)
    found.figure(loss, tail, 1.0 - tail, parts.cvar_loss)
    found.each(EXPECTED_DOWN, often, score)
    for cause, times in down_by_cause(disasters).items():
        # What takes none of the hubs down is not told of each.
        found.each(_CAUSES[cause], np.where(times.any(), times, np.inf))
    quakes = np.flatnonzero(events["in_force"] & (events["kind"] == "earthquake"))
    if len(quakes):
        hardest = quakes[disasters.down[:, quakes].argmax(axis=1)]
        down = disasters.down[np.arange(len(hardest)), hardest]
        # A hub that no earthquake reaches has no worst one to be named.
        names = [
            _named(disasters, int(event)) if chance > 0.0 else ("", "")
            for event, chance in zip(hardest, down, strict=True)
        ]
        found.each(_WORST_EARTHQUAKE, down, notes=names)


def _said_of_blackouts(
    found: Findings, disasters: DisasterSet, atlas: Atlas, often: NDArray[np.float64]
) -> tuple[str, str]:
    """Tell how far the mean hangs on a blackout of a whole area, of which none is on record."""
    load = found.load_mw / found.load_mw.sum()
    whole = (disasters.events["kind"] == "area_blackout").to_numpy()
    taken = disasters.events["probability_30y"].to_numpy(dtype=float)[whole]
    low, high = (
        float(load @ (often + disasters.down[:, whole] @ (end - taken)))
        for end in area_blackout_interval(atlas)
    )
    return (
        f"{low:.2g} to {high:.2g} by what the record allows of whole areas going dark",
        f"全域停電の頻度の95%区間により{low:.2g}〜{high:.2g}回",
    )


def _named(found: DisasterSet, event: int) -> tuple[str, str]:
    """Return an event's name in English and Japanese; in both the English where there is none."""
    row = found.events.iloc[event]
    return str(row["name_en"]), str(row["name_ja"] or row["name_en"])


def _survival(
    found: Findings, disasters: DisasterSet, stands_mw: NDArray[np.float64], scenario: Scenario
) -> None:
    """Take one breach for all disasters in which too little stands: by the largest shortfall."""
    own: Parameters = scenario.criteria[_NAME]
    capacity_mw, total = float(found.load_mw.sum()), scenario.total_new_it_load_mw
    least = np.array([getattr(own.least_survival, kind) for kind in disasters.events["kind"]])
    short_mw = np.where(disasters.events["in_force"], least * capacity_mw - stands_mw, 0.0)
    broken = np.flatnonzero(short_mw / total > SLACK)
    if not len(broken):
        return
    worst = int(broken[short_mw[broken].argmax()])
    name_en, name_ja = _named(disasters, worst)
    more = f" ({len(broken)} disasters in all)" if len(broken) > 1 else ""
    more_ja = f"（全{len(broken)}件）" if len(broken) > 1 else ""
    stands = stands_mw[worst] / capacity_mw
    found.breach(
        "disaster_survival",
        short_mw[worst] / total,
        (),
        f"{stands:.1%} of the capacity stands in: {name_en}; {least[worst]:.0%} wanted{more}",
        f"{name_ja}で残る容量は{stands:.1%}（必要{least[worst]:.0%}）{more_ja}",
    )


def _core_areas(found: Findings, atlas: Atlas) -> None:
    cores = found.hubs[found.hubs["tier"] == "core"]
    taken = existing_areas(atlas)
    names = atlas.table("electricity_areas")
    for area, members in cores.groupby(cores["area"].astype(str)):
        over = len(members) - (0 if area in taken else 1)
        if over <= 0:
            continue
        en, ja = found.places(map(found.row, members.index))
        area_en, area_ja = (str(names[name].get(area, area)) for name in ("name_en", "name_ja"))
        found.breach(
            "core_areas",
            over,
            list(members.index),
            f"cores too many in the electricity area {area_en}: {en}"
            + (" beside an existing core" if area in taken else ""),
            f"電力エリア{area_ja}に中核拠点が重なる：{ja}"
            + ("（既存の中核拠点がある）" if area in taken else ""),
        )
