"""How a finished plan fares in every disaster, worked out on its hubs alone.

Nothing of the formulation is used: no dropping of implied rows, no rows laid as needed, no
linearised tail. Each disaster is gone through, whether or not the program ever met it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.contract import (
    TIERS,
    Backup,
    Breach,
    CriterionValue,
    DisasterLoss,
    Evaluation,
    Measure,
    linear_score,
)
from dcsite.hazards import falls_with, joint_risk

from .disaster_terms import (
    SCORED_KINDS,
    Parameters,
    disasters_of,
    existing_areas,
    expected_down,
    tail_weights,
    tokyo_takeover_mw,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario

_NAME = "disasters"
_SOURCE = "scenario_intensity_by_municipality, scenario_earthquakes, herp_probabilities"

#: Survival counts as met within this, the solvers' own tolerance.
_SLACK = 1e-9


def find_backups(hubs: pd.DataFrame, found: DisasterSet, least_joint: float) -> tuple[Backup, ...]:
    """Find each core's and each large hub's backup.

    Parameters
    ----------
    hubs : pandas.DataFrame
        Indexed by `site_id`, with `tier`.
    found : DisasterSet
        Disasters at the hubs; those in force count.
    least_joint : float
        Two hubs fall together if a disaster takes both down with at least this probability.

    Returns
    -------
    tuple of Backup
        Of the hubs that fit, the one least often down together with the hub; of equal ones the
        first by site id.
    """
    in_force = found.take(found.events.index[found.events["in_force"]].tolist())
    rank = hubs["tier"].map({tier: number for number, tier in enumerate(TIERS)}).to_numpy()
    ids = np.array([str(site) for site in hubs.index])
    backups: list[Backup] = []
    for site in np.flatnonzero(rank <= TIERS.index("large")):
        together = falls_with(in_force, int(site), least_joint)
        fits = np.flatnonzero(~together & (rank <= rank[site]))
        if not len(fits):
            backups.append(Backup(str(ids[site]), None, None, 0))
            continue
        risk = joint_risk(found, int(site), fits)
        best = np.lexsort((ids[fits], np.round(risk, 12)))[0]
        backups.append(Backup(str(ids[site]), str(ids[fits[best]]), float(risk[best]), len(fits)))
    return tuple(backups)


def backups_of(hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> tuple[Backup, ...]:
    """Find the backups of a plan's hubs by what its scenario says; see :func:`find_backups`."""
    own: Parameters = scenario.criteria[_NAME]
    return find_backups(hubs, disasters_of(hubs, atlas, scenario), own.backup_joint_probability)


def worst_disasters_of(
    hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario, count: int = 10
) -> tuple[DisasterLoss, ...]:
    """List the disasters in force that take most of a plan, the worst of each source alone.

    Parameters
    ----------
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`.
    atlas, scenario
        What is known and asked.
    count : int
        How many at most; those that take nothing are left out.
    """
    found = disasters_of(hubs, atlas, scenario)
    load = hubs["it_load_mw"].to_numpy(dtype=float)
    share = load @ found.down / load.sum()
    events = found.events
    losses: list[DisasterLoss] = []
    seen: set[str] = set()
    for number in np.lexsort((np.arange(len(share)), -np.round(share, 9))):
        row = events.iloc[int(number)]
        if len(losses) == count or share[number] <= 0.0:
            break
        if not row["in_force"] or str(row["source_id"]) in seen:
            continue
        seen.add(str(row["source_id"]))
        probability = float(row["probability_30y"])
        losses.append(
            DisasterLoss(
                str(events.index[int(number)]),
                str(row["kind"]),
                str(row["name_en"]),
                str(row["name_ja"]),
                None if np.isnan(probability) else probability,
                str(row["probability_date"]),
                float(share[number]),
                tuple(map(str, row["areas_lost"])),
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
    hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario, found: DisasterSet
) -> Evaluation:
    """Evaluate a plan in every disaster.

    Parameters
    ----------
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`.
    atlas, scenario
        What is known and asked.
    found : DisasterSet
        Disasters at the hubs.
    """
    own: Parameters = scenario.criteria[_NAME]
    load = hubs["it_load_mw"].to_numpy(dtype=float)
    stands_mw = load @ (1.0 - found.down)
    backups = find_backups(hubs, found, own.backup_joint_probability)
    breaches = (
        *_survival_breaches(found, stands_mw, float(load.sum()), scenario),
        *_backup_breaches(backups),
        *_core_area_breaches(hubs, atlas),
        *_tokyo_breaches(found, stands_mw, scenario),
    )
    measures = _measures(load, found, stands_mw, scenario)
    return Evaluation(measures, breaches, _values(hubs, found, backups, own))


def _measures(
    load: NDArray[np.float64],
    found: DisasterSet,
    stands_mw: NDArray[np.float64],
    scenario: Scenario,
) -> tuple[Measure, ...]:
    own: Parameters = scenario.criteria[_NAME]
    weight, parts = scenario.weights[_NAME], own.weight_parts
    total = scenario.total_new_it_load_mw
    events = found.events
    scored = np.flatnonzero(events["in_force"] & events["kind"].isin(SCORED_KINDS))
    worst = scored[stands_mw[scored].argmin()]
    survival = float(np.clip(stands_mw[worst] / total, 0.0, 1.0))
    often = expected_down(found)
    near = linear_score(often, own.expected_zero_at, 0.0)
    tail = cvar(load @ found.down / total, tail_weights(found), own.cvar_level)
    name_en, name_ja = _named(found, int(worst))
    return (
        Measure(
            _NAME,
            "worst_survival",
            f"share of the capacity standing in the worst disaster ({name_en})",
            f"最悪の災害で残る容量の割合（{name_ja}）",
            survival,
            "share",
            survival,
            weight * parts.worst_survival,
        ),
        Measure(
            _NAME,
            "expected_down_30y",
            "times down in 30 years, expected, MW-weighted mean",
            "30年間に停止する回数の期待値（MW加重平均）",
            float((load * often).sum() / load.sum()),
            "times",
            float((load * near).sum() / total),
            weight * parts.expected_loss,
        ),
        Measure(
            _NAME,
            "cvar_loss",
            f"share lost, mean over the worst {1.0 - own.cvar_level:.0%} of disasters (CVaR)",
            f"失う割合：最悪{1.0 - own.cvar_level:.0%}の災害での平均（CVaR）",
            tail,
            "share",
            1.0 - tail,
            weight * parts.cvar_loss,
        ),
    )


def _named(found: DisasterSet, event: int) -> tuple[str, str]:
    """Return an event's name in English and Japanese; in both the English where there is none."""
    row = found.events.iloc[event]
    return str(row["name_en"]), str(row["name_ja"] or row["name_en"])


def _survival_breaches(
    found: DisasterSet, stands_mw: NDArray[np.float64], capacity_mw: float, scenario: Scenario
) -> list[Breach]:
    """Return one breach for all disasters in which too little stands: by the largest shortfall."""
    own: Parameters = scenario.criteria[_NAME]
    least = np.array([getattr(own.least_survival, kind) for kind in found.events["kind"]])
    short_mw = np.where(found.events["in_force"], least * capacity_mw - stands_mw, 0.0)
    total = scenario.total_new_it_load_mw
    broken = np.flatnonzero(short_mw / total > _SLACK)
    if not len(broken):
        return []
    worst = int(broken[short_mw[broken].argmax()])
    name_en, name_ja = _named(found, worst)
    more = f" ({len(broken)} disasters in all)" if len(broken) > 1 else ""
    more_ja = f"（全{len(broken)}件）" if len(broken) > 1 else ""
    stands = stands_mw[worst] / capacity_mw
    return [
        Breach(
            "disaster_survival",
            float(short_mw[worst] / total),
            (),
            f"{stands:.1%} of the capacity stands in: {name_en}; {least[worst]:.0%} wanted{more}",
            f"{name_ja}で残る容量は{stands:.1%}（必要{least[worst]:.0%}）{more_ja}",
        )
    ]


def _backup_breaches(backups: tuple[Backup, ...]) -> list[Breach]:
    return [
        Breach(
            "backup",
            1.0,
            (backup.site_id,),
            f"{backup.site_id} has no backup: every hub of its tier or above falls with it in some "
            "disaster",
            f"{backup.site_id}には共倒れしない代替拠点（同じ階層以上）がない",
        )
        for backup in backups
        if backup.backup_site_id is None
    ]


def _core_area_breaches(hubs: pd.DataFrame, atlas: Atlas) -> list[Breach]:
    cores = hubs[hubs["tier"] == "core"]
    taken = existing_areas(atlas)
    breaches: list[Breach] = []
    for area, members in cores.groupby(cores["area"].astype(str)):
        over = len(members) - (0 if area in taken else 1)
        if over > 0:
            sites = tuple(map(str, members.index))
            breaches.append(
                Breach(
                    "core_areas",
                    float(over),
                    sites,
                    f"cores too many in the electricity area {area}: {', '.join(sites)}"
                    + (" beside an existing core" if area in taken else ""),
                    f"電力エリア{area}に中核拠点が重なる: {'、'.join(sites)}"
                    + ("（既存の中核拠点がある）" if area in taken else ""),
                )
            )
    return breaches


def _tokyo_breaches(
    found: DisasterSet, stands_mw: NDArray[np.float64], scenario: Scenario
) -> list[Breach]:
    need_mw = tokyo_takeover_mw(scenario)
    have_mw = float(stands_mw[found.events.index.get_loc("tokyo_lost")])
    short = (need_mw - have_mw) / scenario.total_new_it_load_mw
    if short <= _SLACK:
        return []
    return [
        Breach(
            "tokyo_takeover",
            float(short),
            (),
            f"with Tokyo lost {have_mw:.0f} MW stand, {need_mw:.0f} MW wanted",
            f"東京喪失時に残るのは{have_mw:.0f} MW（必要{need_mw:.0f} MW）",
        )
    ]


def _values(
    hubs: pd.DataFrame, found: DisasterSet, backups: tuple[Backup, ...], own: Parameters
) -> dict[str, tuple[CriterionValue, ...]]:
    in_force = found.take(found.events.index[found.events["in_force"]].tolist())
    often = expected_down(found)
    score = linear_score(often, own.expected_zero_at, 0.0)
    quakes = np.flatnonzero(in_force.events["kind"] == "earthquake")
    down = in_force.down[:, quakes]
    by_site = {backup.site_id: backup for backup in backups}
    names = hubs["name_ja"] if "name_ja" in hubs else hubs.index.to_series()
    values: dict[str, tuple[CriterionValue, ...]] = {}
    for number, site in enumerate(map(str, hubs.index)):
        shown = [
            CriterionValue(
                _NAME,
                "expected_down_30y",
                "times down in 30 years, expected",
                "30年間に停止する回数の期待値",
                float(often[number]),
                "times",
                float(score[number]),
                _SOURCE,
            ),
        ]
        if len(quakes):
            worst = int(down[number].argmax())
            name_en, name_ja = _named(in_force, int(quakes[worst]))
            shown.append(
                CriterionValue(
                    _NAME,
                    "worst_earthquake_down",
                    f"probability to be down in its worst earthquake ({name_en})",
                    f"最も厳しい地震での停止確率（{name_ja}）",
                    float(down[number, worst]),
                    "share",
                    None,
                    _SOURCE,
                )
            )
        backup = by_site.get(site)
        if backup is not None and backup.backup_site_id is not None:
            name = names.get(backup.backup_site_id)
            title = f"{backup.backup_site_id} {name if isinstance(name, str) else ''}".strip()
            shown.append(
                CriterionValue(
                    _NAME,
                    "backup_both_down_30y",
                    f"times down together with its backup {title} in 30 years, expected",
                    f"代替拠点 {title} と同時に停止する回数の期待値（30年間）",
                    float(backup.both_down_30y or 0.0),
                    "times",
                    None,
                    _SOURCE,
                )
            )
        values[site] = tuple(shown)
    return values
