"""Cables: a core's international landing, and how much load stands at the crowded ones.

The strategy finds landings concentrated from Boso to Kita-Ibaraki and at Shima (H2), wants them
dispersed (C5) and international routes multiplied with the core hubs (F4). Only cores need a
landing near; other hubs reach one over the network. A landing counts by the cable systems that are
in service or being built by the scenario's year and lead to a corridor the strategy names (North
America, Asia-Pacific, Europe; Russia is none), and only on the site's own land body. It gives no
distance, no largest share and no number of corridors: those are assumptions of the scenario. Cable
routes on the sea floor are not open data; only landings are used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIERS,
    Admission,
    Bound,
    Criterion,
    Evaluation,
    Findings,
    Limit,
    Link,
    Outlook,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    largest_finite,
    linear_score,
    load_share,
)
from dcsite.geo.geodesy import geodesic_km
from dcsite.hazards.settings import Part
from dcsite.network import cable_systems, landings_in_force
from dcsite.records import Name
from dcsite.scenario.schema import Positive, Section
from dcsite.sites import NO_LANDMASS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_SOURCE = "cable_landing_stations, submarine_cables"
DISTANCE = Quantity(
    "landing_distance_km",
    "km",
    "distance to the nearest international landing",
    "最寄りの国際陸揚局までの距離",
    _SOURCE,
)
CROWDED = Quantity(
    "landing_crowded",
    "",
    "nearest landing within a core's reach and in a crowded cluster, 1 = yes",
    "最寄りの陸揚局が到達距離内かつ集中地域（1 = はい）",
    _SOURCE,
)
CORRIDORS = Quantity(
    "international_corridors",
    "corridors",
    "international corridors within reach of a core",
    "中核拠点から届く国際方面数",
    f"{_SOURCE}, cable_corridors",
)
CORE_DISTANCE = replace(
    DISTANCE,
    en="distance of cores to the nearest international landing, mean",
    ja="中核拠点から最寄りの国際陸揚局までの距離（平均）",
)
LARGEST_CLUSTER = Quantity(
    "largest_landing_cluster_share",
    "share",
    "largest share of the new load on one landing cluster",
    "1つの陸揚地域が占める最大の割合",
)
CROWDED_SHARE = Quantity(
    "crowded_landing_share",
    "share",
    "share of the new load within reach of Boso to Kita-Ibaraki or Shima",
    "房総〜北茨城・志摩の陸揚地域の到達距離内にある割合",
)


class Parameters(Section):
    """Parameters of the cables criterion."""

    core_landing_max_km: Annotated[float, Field(ge=0, le=3000)]
    """Farthest international landing a core hub may use, in km."""
    max_crowded_share: Part
    """Largest share of new IT load at hubs within reach of a crowded landing."""
    min_directions: Annotated[int, Field(ge=0, le=10)]
    """International corridors each core hub shall reach."""
    score_zero_km: Positive
    """Landing distance of a core that scores 0, in km."""
    score_one_km: Annotated[float, Field(ge=0)]
    """Landing distance of a core that scores 1, in km."""


class LandingLink(Link):
    """The international cable landing nearest to a core, or to another hub within its reach."""

    key: ClassVar[str] = "landing"
    end_en: ClassVar[str] = "Nearest international landing"
    end_ja: ClassVar[str] = "最寄りの国際陸揚局"
    km_digits: ClassVar[int] = 0

    landing_id: Name
    """Id in the table cable_landing_stations."""
    cluster_id: str | None
    """Id of the crowded landing cluster the landing belongs to, else null."""
    only_cable: str | None = None
    """The one cable system of a core's landing; null where there are several, and of other hubs."""

    @property
    def detail(self) -> str:
        """The one cable system of a core's landing."""
        return self.only_cable or ""


def _landings(atlas: Atlas, year: int) -> pd.DataFrame:
    """Return the landings in force with `cables`, a dict from a system's name to its corridors."""
    landings, systems = landings_in_force(atlas, year), cable_systems(atlas, year)
    named: list[dict[str, frozenset[str]]] = [
        dict(systems.loc[list(there), ["name", "corridors"]].itertuples(index=False))
        for there in landings["systems"]
    ]
    return landings.assign(cables=pd.Series(named, index=landings.index))


def _farther_landing(scenario: Scenario, measured: gpd.GeoDataFrame) -> tuple[Step, ...]:
    """Let cores use landings farther away, up to the farthest any site has."""
    own: Parameters = scenario.criteria["cables"]
    far = largest_finite(measured["landing_distance_km"])
    step = Step("criteria.cables.core_landing_max_km", far, by=1.0, remeasure=True)
    return (step,) if far > own.core_landing_max_km else ()


class Cables(Criterion[Parameters]):
    """The cables criterion; see the module's text."""

    name = "cables"
    rank = 60
    title_en = "Submarine cables"
    title_ja = "海底ケーブル"
    policy_lines = ("B11", "F4", "H2", "H8", "H9")
    Parameters = Parameters
    quantities = (DISTANCE, CROWDED, CORRIDORS)
    links = (LandingLink,)
    rules = (
        Rule(
            "landing_reach",
            "core hubs stand within reach of an international landing",
            "中核拠点が国際陸揚局の到達距離内にある",
            "hub",
            ("criteria.cables.core_landing_max_km", "network.year"),
            ("F2", "F4"),
            per="per core without a landing in reach",
            gives_way=_farther_landing,
        ),
        Rule(
            "landing_clusters",
            "the two crowded landing clusters carry little of the new load",
            "集中する2つの陸揚地域への依存を抑える",
            "share",
            ("criteria.cables.max_crowded_share",),
            ("H2", "C5"),
            per="per unit of share above the largest allowed",
            gives_way=(Step("criteria.cables.max_crowded_share", 1.0, by=0.01),),
        ),
        Rule(
            "international_directions",
            "core hubs reach several international corridors",
            "中核拠点が複数の国際方面につながる",
            "corridor",
            ("criteria.cables.min_directions", "network.year"),
            ("F4", "H9"),
            per="per corridor short",
            gives_way=(Step("criteria.cables.min_directions", 0.0, by=1.0),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the nearest landing on the land body, and the corridors within a core's reach."""
        own = self.own(scenario)
        landings = _landings(atlas, scenario.network.year)
        away_km = geodesic_km(
            sites["lat_deg"].to_numpy()[:, None],
            sites["lon_deg"].to_numpy()[:, None],
            landings["lat_deg"].to_numpy()[None, :],
            landings["lon_deg"].to_numpy()[None, :],
        )
        body = landings["landmass_id"].to_numpy()[None, :]
        joined = (sites["landmass_id"].to_numpy()[:, None] == body) & (body != NO_LANDMASS)
        distance_km = np.where(joined, away_km, np.inf)
        nearest, least_km = distance_km.argmin(axis=1), distance_km.min(axis=1)
        near = least_km <= own.core_landing_max_km
        led = [frozenset().union(*cables.values()) for cables in landings["cables"]]
        names = sorted(frozenset().union(*led))
        leads = np.array([[name in there for name in names] for there in led], dtype=int)
        reach = (distance_km <= own.core_landing_max_km).astype(int) @ leads > 0
        ids = landings.index.to_numpy()[nearest]
        return pd.DataFrame(
            {
                "landing_distance_km": least_km,
                "landing_id": np.where(np.isfinite(least_km), ids, ""),
                "landing_cluster": np.where(near, landings["cluster"].to_numpy()[nearest], ""),
                "landing_crowded": near & landings["crowded"].to_numpy(dtype=bool)[nearest],
                "international_corridors": reach.sum(axis=1),
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the distance to the nearest international landing, which counts for cores."""
        own = self.own(scenario)
        score = linear_score(sites["landing_distance_km"], own.score_zero_km, own.score_one_km)
        return pd.Series(score, index=sites.index, name=self.name)

    def tier_score(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Score cores alone: to other tiers a landing is worth nothing."""
        score = super().tier_score(sites, atlas, scenario)
        score[:, [tier != "core" for tier in TIERS]] = 0.0
        return score

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Let cores stand only within reach of a landing and of enough corridors."""
        own = self.own(scenario)
        core = TIERS.index("core")
        far = np.zeros((len(sites), len(TIERS)))
        far[:, core] = sites["landing_distance_km"].to_numpy() > own.core_landing_max_km
        few = np.zeros((len(sites), len(TIERS)))
        few[:, core] = np.maximum(
            own.min_directions - sites["international_corridors"].to_numpy(), 0
        )
        reach_km, directions = np.full(len(TIERS), np.inf), np.zeros(len(TIERS))
        reach_km[core], directions[core] = own.core_landing_max_km, own.min_directions
        away = Limit(DISTANCE, sites[DISTANCE.name].to_numpy(dtype=float), reach_km)
        reached = sites[CORRIDORS.name].to_numpy(dtype=float)
        lacking = Limit(replace(CORRIDORS, unit=""), reached, directions, least=True)
        reason = "no international landing within reach of a core"
        return (
            Admission("landing_reach", far, reason, limits=(away,)),
            Admission(
                "international_directions",
                few,
                "too few international corridors",
                limits=(lacking,),
            ),
        )

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Bound from below the share of load that must stand near the crowded landings."""
        own = self.own(outlook.scenario)
        total_mw = outlook.scenario.total_new_it_load_mw
        crowded_mw = outlook.least_load_mw(outlook.sites["landing_crowded"].to_numpy(dtype=bool))
        if crowded_mw <= 0.0:
            return ()
        return (
            Bound(
                "crowded_landing_share",
                "at_least",
                crowded_mw / total_mw,
                own.max_crowded_share,
                "criteria.cables.max_crowded_share",
                ("landing_clusters", "total_it_load"),
                "sites away from the crowded landings carry at most "
                f"{total_mw - crowded_mw:,.0f} MW of {total_mw:,.0f}",
            ),
        )

    def constrain(self, program: Program) -> None:
        """Bound the share of new load within reach of a crowded landing."""
        own = self.own(program.scenario)
        crowded = program.sites["landing_crowded"].to_numpy(dtype=float)
        program.row(
            "landing_clusters",
            program.load_terms(load_share(program, crowded)),
            "<=",
            own.max_crowded_share,
            rule="landing_clusters",
            slack_up=1.0,
        )

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward cores near landings: ``sum(open[i, core] * score[i]) / cores``, at most 1."""
        most = program.scenario.tiers.core.count.max
        if not most:
            return ()
        worth = np.zeros((len(program.sites), len(TIERS)))
        worth[:, TIERS.index("core")] = self.site_score(program.sites, program.scenario) / most
        # Where tier counts may give way there can be more cores; no score is above 1.
        near = program.continuous(DISTANCE.in_plan, 0.0, 1.0)
        program.row("cores_near_landings", [*program.open_terms(worth), (near, -1.0)], ">=", 0.0)
        weight = float(program.scenario.weights[self.name])
        return (ScoreTerm(DISTANCE.in_plan, weight, [(near, 1.0)]),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find landings, cables and shares anew, hub by hub."""
        own = self.own(scenario)
        landings = _landings(atlas, scenario.network.year)
        table = atlas.table("cable_corridors").dropna(subset=["corridor"])
        titles = zip(table["name_en"], table["name_ja"], strict=True)
        named = dict(zip(table["corridor"], titles, strict=True))
        found = Findings(self.name, hubs, scenario)
        core = (hubs["tier"] == "core").to_numpy()
        distance_km, corridors = np.full((2, len(hubs)), np.inf)
        corridors[core] = 0.0
        lean = np.full(len(hubs), "", dtype=object)
        said, notes = [("", "")] * len(hubs), []
        for number, (site, hub) in enumerate(hubs.iterrows()):
            there = landings[
                (landings["landmass_id"] == hub["landmass_id"])
                & (landings["landmass_id"] != NO_LANDMASS)
            ]
            if there.empty:
                continue
            away_km = geodesic_km(
                hub["lat_deg"],
                hub["lon_deg"],
                there["lat_deg"].to_numpy(),
                there["lon_deg"].to_numpy(),
            )
            nearest = there.iloc[int(away_km.argmin())]
            distance_km[number] = away_km.min()
            within = away_km <= own.core_landing_max_km
            if core[number] or within.any():
                found.link(site, _link(nearest, distance_km[number], core[number]))
            lean[number] = nearest["cluster"] if within.any() else ""
            if not core[number]:
                continue
            cables = _by_corridor(there["cables"][within])
            corridors[number] = len(cables)
            said[number] = _said(cables, named)
            if any(len(names) == 1 for names in cables.values()):
                en, ja = found.place(number)
                notes.append(
                    f"core {en} hangs on single cables: {said[number][0]} / "
                    f"中核拠点{ja}は単独のケーブルに依存：{said[number][1]}"
                )
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        most = scenario.tiers.core.count.max
        earned = np.where(core, score, 0.0) / max(most, 1)
        total = float(scenario.total_new_it_load_mw)
        clusters = pd.Series(found.load_mw).groupby(lean).sum().drop("", errors="ignore")
        crowded = pd.Series(lean).isin(landings["cluster"][landings["crowded"]]).to_numpy()
        crowded_share = float(found.load_mw[crowded].sum()) / total
        mean_km = float(distance_km[core].mean()) if core.any() else np.nan
        shares = earned / max(float(earned.sum()), 1.0) if most else None
        found.figure(CORE_DISTANCE, mean_km, earned=shares)
        found.figure(LARGEST_CLUSTER, float(clusters.max()) / total if len(clusters) else 0.0)
        found.figure(CROWDED_SHARE, crowded_share)
        found.each(DISTANCE, distance_km, np.where(core, score, np.nan))
        reach = f"within {own.core_landing_max_km:g} km", f"{own.core_landing_max_km:g} km以内"
        found.each(CORRIDORS.noted(*reach), corridors, notes=said)
        found.beyond(
            "landing_reach",
            DISTANCE,
            distance_km,
            np.where(core, own.core_landing_max_km, np.inf),
        )
        for number in np.flatnonzero(core & (corridors < own.min_directions)).tolist():
            en, ja = found.place(number)
            found.breach(
                "international_directions",
                own.min_directions - corridors[number],
                [hubs.index[number]],
                f"core {en} reaches {corridors[number]:.0f} international corridor(s), "
                f"{own.min_directions} wanted",
                f"中核拠点{ja}の国際方面は{corridors[number]:.0f}（必要{own.min_directions}）",
            )
        if crowded_share > own.max_crowded_share:
            found.breach(
                "landing_clusters",
                crowded_share - own.max_crowded_share,
                (),
                f"hubs within reach of the crowded landings carry {crowded_share:.1%} of the new "
                f"load, {own.max_crowded_share:.1%} allowed",
                f"集中陸揚地域の比率が{crowded_share:.1%}（上限{own.max_crowded_share:.1%}）",
            )
        return replace(found.done(), notes=tuple(notes))


def _link(landing: pd.Series[Any], distance_km: float, core: bool) -> LandingLink:
    cables = sorted(landing["cables"])
    return LandingLink(
        name_ja=str(landing["name_ja"]),
        name_en=str(landing["name_en"]),
        distance_km=distance_km,
        lat_deg=float(landing["lat_deg"]),
        lon_deg=float(landing["lon_deg"]),
        landing_id=str(landing.name),
        cluster_id=str(landing["cluster"]) if landing["crowded"] else None,
        only_cable=cables[0] if core and len(cables) == 1 else None,
    )


def _by_corridor(landings: Iterable[Mapping[str, frozenset[str]]]) -> dict[str, list[str]]:
    """Return the cable systems that lead to each corridor from some landings."""
    reached: dict[str, frozenset[str]] = {}
    for cables in landings:
        reached.update(cables)
    return {
        corridor: sorted(cable for cable, ends in reached.items() if corridor in ends)
        for corridor in sorted(frozenset().union(*reached.values()))
    }


def _said(
    cables: Mapping[str, Sequence[str]], named: Mapping[str, tuple[str, str]]
) -> tuple[str, str]:
    """Name corridors in both languages, with the cable where there is but one."""
    en = [named[one][0] + (f" by {of[0]} alone" * (len(of) == 1)) for one, of in cables.items()]
    ja = [named[one][1] + (f"（{of[0]}のみ）" * (len(of) == 1)) for one, of in cables.items()]
    return ", ".join(en), "、".join(ja)


CRITERION = Cables()
