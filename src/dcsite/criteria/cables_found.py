"""What a finished plan has of cables: found anew, hub by hub, and said by name.

Shares nothing with what the criterion measures and lays in rows but the tables.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from dcsite.contract import Evaluation, Findings, Link, Quantity, linear_score, load_mw
from dcsite.network import (
    cable_systems,
    fibre_km_between,
    km_on_land,
    landings_in_force,
    network_of,
)
from dcsite.records import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

    from .cables import Parameters

_SOURCE = "cable_landing_stations, submarine_cables"
DISTANCE = Quantity(
    "landing_distance_km",
    "km",
    "distance of a core to the nearest international landing",
    "中核拠点から最寄りの国際陸揚局までの距離",
    _SOURCE,
)
SYSTEMS = Quantity(
    "international_systems",
    "systems",
    "international cable systems within reach of a core",
    "中核拠点から届く国際ケーブル数",
    _SOURCE,
)
CORRIDORS = Quantity(
    "international_corridors",
    "corridors",
    "international corridors within reach of a core",
    "中核拠点から届く国際方面数",
    f"{_SOURCE}, cable_corridors",
)
SYSTEMS_LEFT = Quantity(
    "international_systems_left",
    "systems",
    "systems left to a core when the one cable system or landing cluster it needs most is lost",
    "最も重要な1ケーブルまたは1陸揚地域を失っても残る国際ケーブル数",
    _SOURCE,
)


CROWDED = Quantity(
    "crowded_ways",
    "share",
    "corridors to which the shortest way over the network ends at a crowded landing",
    "通信網上の最短経路が集中陸揚地域に向かう国際方面の割合",
    f"{_SOURCE}, landing_clusters, fibre_backbone_links",
    measure="crowded_landing_share",
)
CROWDED_LOAD = Quantity(
    CROWDED.in_plan,
    "share",
    "share of the new load whose shortest way to a corridor ends at a crowded landing",
    "国際方面への最短経路が集中陸揚地域に向かう新規負荷の割合",
    CROWDED.source,
)


#: A share of the load that is no MW: what solver and rounding leave.
_NO_MW = 1e-6


class LandingLink(Link):
    """The international cable landing nearest to a core, with the systems within its reach."""

    key: ClassVar[str] = "landing"
    end_en: ClassVar[str] = "Nearest international landing (cores)"
    end_ja: ClassVar[str] = "最寄りの国際陸揚局（中核拠点）"
    km_digits: ClassVar[int] = 0

    landing_id: Name
    """Id in the table cable_landing_stations."""
    cluster_id: str | None
    """Id of the crowded landing cluster the landing belongs to, else null."""
    cables: str = ""
    """Names of all systems within the core's reach, with semicolons between them."""
    landings: str = ""
    """Ids of all landings within the core's reach, with semicolons between them."""
    hangs_on: str | None = None
    """System or landing whose loss takes a corridor from the core; null where none does."""

    @property
    def ways_abroad(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The systems and the landings within the core's reach."""
        names, landings = (tuple(text.split("; ")) for text in (self.cables, self.landings))
        return tuple((name, landings) for name in names if name)

    @property
    def detail(self) -> str:
        """What the core hangs on."""
        return self.hangs_on or ""


class _Coast:
    """The systems and landings in force, by name in English and Japanese."""

    def __init__(self, atlas: Atlas, scenario: Scenario) -> None:
        self.systems = cable_systems(atlas, scenario.network.year)
        self.name = {str(one): str(name) for one, name in self.systems["name"].items()}
        self.leads = dict(zip(self.name, self.systems["corridors"].tolist(), strict=True))
        self.landings = landings_in_force(atlas, scenario.network.year)
        table = atlas.table("cable_corridors").dropna(subset=["corridor"])
        self.titles = _titles(table.set_index("corridor"))
        clusters = atlas.table("landing_clusters")
        self.crowded = _titles(clusters.set_index("cluster_id"))
        self.lost = self.crowded | {
            one: (f"the landing at {en}", f"{ja}陸揚局")
            for one, (en, ja) in _titles(self.landings[~self.landings["crowded"]]).items()
        }

    def at(self, landings: pd.DataFrame) -> list[str]:
        """List the systems at some landings, by name."""
        there = {one for each in landings["systems"].tolist() for one in each}
        return sorted(there, key=lambda one: self.name[one])

    def ends(self, systems: Iterable[str]) -> list[str]:
        """List the corridors that some systems lead to."""
        led = frozenset().union(*(self.leads[one] for one in systems))
        return [end for end in self.titles if end in led]

    def led(self, systems: list[str]) -> tuple[str, str]:
        """Say by which systems each corridor is reached."""
        by = {
            end: [self.name[one] for one in systems if end in self.leads[one]]
            for end in self.ends(systems)
        }
        en = [f"{self.titles[end][0]} by {', '.join(of)}" for end, of in by.items()]
        ja = [f"{self.titles[end][1]}は{'、'.join(of)}" for end, of in by.items()]
        alone = [len(of) == 1 for of in by.values()]
        return (
            "; ".join(one + " alone" * single for one, single in zip(en, alone, strict=True)),
            "、".join(one + "のみ" * single for one, single in zip(ja, alone, strict=True)),
        )

    def named(self, systems: Iterable[str]) -> tuple[str, str]:
        """Name systems with year and capacity."""
        en, ja = [], []
        for one in systems:
            row = self.systems.loc[one]
            year = "?" if np.isnan(row["year"]) else f"{row['year']:.0f}"
            known = not np.isnan(row["capacity_tbps"])
            tbps = f"{row['capacity_tbps']:g} Tbit/s"
            en.append(f"{row['name']} {year}, {tbps if known else 'capacity not known'}")
            ja.append(f"{row['name']} {year}年、{tbps if known else '容量不明'}")
        return "; ".join(en), "；".join(ja)

    def worst(self, near: pd.DataFrame) -> tuple[list[str], list[tuple[str, str]]]:
        """Find which systems the worst loss of one system or cluster leaves, and what that loss is.

        Of losses that leave as few corridors and systems all are named.
        """
        all_systems = self.at(near)
        left = {one: [other for other in all_systems if other != one] for one in all_systems}
        left |= {one: self.at(near[near["cluster"] != one]) for one in near["cluster"].unique()}
        if not left:
            return [], []
        least = min((len(self.ends(of)), len(of)) for of in left.values())
        lost = [one for one, of in left.items() if (len(self.ends(of)), len(of)) == least]
        return left[lost[0]], [self.lost.get(one) or (self.name[one],) * 2 for one in lost]

    def without(self, clusters: list[str], ended: Mapping[str, Mapping[str, float]]) -> str:
        """Say what stays of each corridor without the landings of some clusters."""
        stands = self.landings[~self.landings["cluster"].isin(clusters)]
        en, ja = [], []
        for end, shares in ended.items():
            leads = self.systems["corridors"].map(lambda led, to=end: to in led)
            to = self.systems.index[leads & self.systems["counts"]]
            left = [one for one in self.at(stands) if one in to]
            at = sum(not set(left).isdisjoint(there) for there in stands["systems"])
            tbps, all_tbps = (self.systems.loc[list(of), "capacity_tbps"] for of in (left, to))
            share = sum(shares[one] for one in clusters)
            title = self.titles[end]
            unknown = int(tbps.isna().sum())
            en.append(
                f"{title[0]} by {len(left)} of {len(to)} systems at {at} landings "
                f"({tbps.sum():,.0f} of {all_tbps.sum():,.0f} Tbit/s as published, capacity of "
                f"{unknown} of the {len(left)} not known; till then the shortest way of "
                f"{share:.0%} of the new load)"
            )
            ja.append(
                f"{title[1]}方面{len(to)}ケーブル中{len(left)}・陸揚局{at}（公表容量"
                f"{all_tbps.sum():,.0f} Tbit/s中{tbps.sum():,.0f}、{unknown}ケーブルは容量不明、"
                f"新規負荷の{share:.0%}の最短経路だった）"
            )
        names = [self.crowded[one] for one in clusters]
        return (
            f"without the landings of {' and '.join(one for one, _ in names)} there stay "
            f"{', '.join(en)} / {'と'.join(one for _, one in names)}の陸揚局を失っても残るのは、"
            f"{'、'.join(ja)}"
        )


def _titles(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    each = zip(table.index, table["name_en"], table["name_ja"], strict=True)
    return {str(one): (str(en), str(ja)) for one, en, ja in each}


def evaluate_cables(
    name: str, own: Parameters, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario
) -> Evaluation:
    """Find landings, systems, losses and ways anew, hub by hub."""
    coast, found = _Coast(atlas, scenario), Findings(name, hubs, scenario)
    core = (hubs["tier"] == "core").to_numpy()
    notes = _find_cores(found, coast, own, core)
    way_km = fibre_km_between(network_of(atlas, scenario.network), hubs, coast.landings)
    ended = _find_ways(found, coast, own, way_km)
    lost_mw = float(found.load_mw[~np.isfinite(way_km).any(axis=1)].sum())
    if lost_mw > 0.0:
        notes.append(
            f"the way of {load_mw(lost_mw)} MW is not known, and counts at no landing / "
            f"{load_mw(lost_mw)} MWの経路は不明で、どの陸揚局にも数えない"
        )
    if ended:
        crowded = list(coast.crowded)
        lost = [[one] for one in crowded] + ([crowded] if len(crowded) > 1 else [])
        notes += [coast.without(one, ended) for one in lost]
    return replace(found.done(), notes=tuple(notes))


def _find_cores(
    found: Findings, coast: _Coast, own: Parameters, core: NDArray[np.bool_]
) -> list[str]:
    """Find what each core reaches, and what the worst loss leaves it; return a note on each."""
    hubs = found.hubs
    distance_km, systems, ends, systems_left = np.full((4, len(hubs)), np.inf)
    said = {one: [("", "")] * len(hubs) for one in (SYSTEMS, CORRIDORS, SYSTEMS_LEFT)}
    notes = []
    for number in np.flatnonzero(core).tolist():
        hub, (en, ja) = hubs.iloc[number], found.place(number)
        away_km = km_on_land(hub, coast.landings)
        near = coast.landings[away_km <= own.core_landing_max_km]
        reached = coast.at(near)
        left, lost = coast.worst(near)
        systems[number], ends[number] = len(reached), len(coast.ends(reached))
        systems_left[number] = len(left)
        by, after = coast.led(reached), coast.led(left)
        said[SYSTEMS][number], said[CORRIDORS][number] = coast.named(reached), by
        without = " or ".join(one for one, _ in lost), "または".join(one for _, one in lost)
        hangs = len(coast.ends(left)) < ends[number]
        if hangs:
            said[SYSTEMS_LEFT][number] = (
                f"without {without[0]}: {after[0] or 'none'}",
                f"{without[1]}を失うと{after[1] or 'なし'}",
            )
        notes.append(
            f"core {en} reaches {by[0] or 'no international cable'}"
            + (f", and hangs on {without[0]}: without it {after[0] or 'nothing'}" if hangs else "")
            + f" / 中核拠点{ja}の国際方面：{by[1] or 'なし'}"
            + (f"。{without[1]}に依存し、失うと{after[1] or 'なし'}" if hangs else "")
        )
        if ends[number] < own.min_directions:
            found.breach(
                "international_directions",
                own.min_directions - ends[number],
                [hubs.index[number]],
                f"core {en} reaches {ends[number]:.0f} international corridor(s), "
                f"{own.min_directions} wanted",
                f"中核拠点{ja}の国際方面は{ends[number]:.0f}（必要{own.min_directions}）",
            )
        distance_km[number] = away_km.min(initial=np.inf)
        if np.isfinite(distance_km[number]):
            nearest = coast.landings.iloc[int(away_km.argmin())]
            found.link(
                hubs.index[number],
                LandingLink(
                    name_ja=str(nearest["name_ja"]),
                    name_en=str(nearest["name_en"]),
                    distance_km=distance_km[number],
                    lat_deg=float(nearest["lat_deg"]),
                    lon_deg=float(nearest["lon_deg"]),
                    landing_id=str(nearest.name),
                    cluster_id=str(nearest["cluster"]) if nearest["crowded"] else None,
                    cables="; ".join(coast.name[one] for one in reached),
                    landings="; ".join(map(str, near.index)),
                    hangs_on=lost[0][0] if hangs else None,
                ),
            )
    score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
    most = found.scenario.tiers.core.count.max
    earned = np.where(core, score, 0.0) / max(most, 1)
    mean_km = float(distance_km[core].mean()) if core.any() else np.nan
    found.figure(
        replace(DISTANCE, en=f"{DISTANCE.en}, mean", ja=f"{DISTANCE.ja}（平均）"),
        mean_km,
        earned=earned / max(float(earned.sum()), 1.0) if most else None,
    )
    found.each(DISTANCE, distance_km, np.where(core, score, np.nan))
    found.each(SYSTEMS, systems, notes=said[SYSTEMS])
    found.each(CORRIDORS, ends, notes=said[CORRIDORS])
    found.each(SYSTEMS_LEFT, systems_left, notes=said[SYSTEMS_LEFT])
    limit_km = np.where(core, own.core_landing_max_km, np.inf)
    found.beyond("landing_reach", DISTANCE, distance_km, limit_km)
    return notes


def _find_ways(
    found: Findings, coast: _Coast, own: Parameters, way_km: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    """Find where each hub's shortest way to a landing of each corridor ends.

    Returns
    -------
    dict
        By corridor and crowded cluster, the share of the new load whose way ends there.
    """
    ended = {}
    for end, (en, ja) in coast.titles.items():
        led = np.array([end in coast.ends(there) for there in coast.landings["systems"]], bool)
        if not led.any():
            continue
        ends_km = np.where(led, way_km, np.inf)
        least_km = ends_km.min(axis=1)
        last = coast.landings.iloc[ends_km.argmin(axis=1)]
        cluster = np.where(np.isfinite(least_km), last["cluster"], "")
        landings = zip(last["name_en"], last["name_ja"], strict=True)
        found.each(
            Quantity(
                f"landing_fibre_km_{end}",
                "km",
                f"fibre to the nearest landing with a cable to {en}",
                f"{ja}方面のケーブルがある最寄り陸揚局までの光ファイバー",
                f"{_SOURCE}, fibre_backbone_links",
            ),
            least_km,
            notes=list(landings),
        )
        ended[end] = {
            one: float(found.load_mw[cluster == one].sum()) / found.total_mw
            for one in coast.crowded
        }
        found.figure(
            replace(
                CROWDED_LOAD,
                name=f"{CROWDED_LOAD.name}_{end}",
                en=f"{CROWDED_LOAD.en}: {en}",
                ja=f"{CROWDED_LOAD.ja}：{ja}",
            ),
            sum(ended[end].values()),
        )
    share = float(np.mean([sum(of.values()) for of in ended.values()])) if ended else 0.0
    found.figure(CROWDED_LOAD, share)
    if share > own.max_crowded_share + _NO_MW:
        said = CROWDED_LOAD.beside(share, own.max_crowded_share)
        found.breach("landing_clusters", share - own.max_crowded_share, (), *said)
    return ended
