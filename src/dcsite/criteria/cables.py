"""Cables: international landings near, not all in one place, and leading in several directions.

The strategy finds landings concentrated from Boso to Kita-Ibaraki and at Shima (H2), wants them
dispersed (C5) and international routes multiplied with the core hubs (F4). It gives no distance,
no largest share and no number of directions: those are assumptions of the scenario. Cable routes
on the sea floor are not open data; only landings are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

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
from dcsite.records import Name
from dcsite.scenario.schema import Positive, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "nearest landing in a crowded cluster, 1 = yes",
    "最寄りの陸揚局が集中地域（1 = はい）",
    _SOURCE,
)
DIRECTIONS = Quantity(
    "international_directions",
    "directions",
    "international directions within reach of a core",
    "中核拠点から届く国際方面数",
    _SOURCE,
)
#: What the directions of submarine_cables are called.
_DIRECTIONS = {
    "arctic_europe": ("Europe by the Arctic", "北極海経由欧州"),
    "china_hk": ("China and Hong Kong", "中国・香港"),
    "europe_via_south": ("Europe by the south", "南回り欧州"),
    "guam_oceania": ("Guam and Oceania", "グアム・オセアニア"),
    "korea": ("Korea", "韓国"),
    "north_america": ("North America", "北米"),
    "russia": ("Russia", "ロシア"),
    "southeast_asia": ("South-East Asia", "東南アジア"),
    "taiwan": ("Taiwan", "台湾"),
}
LARGEST_CLUSTER = Quantity(
    "largest_landing_cluster_share",
    "share",
    "largest share of the new load on one landing cluster",
    "1つの陸揚地域が占める最大の割合",
)
CROWDED_SHARE = Quantity(
    "crowded_landing_share",
    "share",
    "share of the new load nearest to Boso to Kita-Ibaraki or Shima",
    "房総〜北茨城・志摩の陸揚地域が最寄りの割合",
)
#: Clusters count as equally large within this share of the load.
_TIED = 1e-6


class Parameters(Section):
    """Parameters of the cables criterion."""

    planned_until_year: Annotated[int, Field(ge=2000, le=2100)]
    """Planned cables count when ready for service by this year."""
    core_landing_max_km: Annotated[float, Field(ge=0, le=3000)]
    """Farthest international landing a core hub may use, in km."""
    max_crowded_share: Part
    """Largest share of new IT load at hubs whose nearest landing is a crowded one."""
    min_directions: Annotated[int, Field(ge=0, le=10)]
    """International directions each core hub shall reach."""
    score_zero_km: Positive
    """Landing distance that scores 0, in km."""
    score_one_km: Annotated[float, Field(ge=0)]
    """Landing distance that scores 1, in km."""
    cluster_share_of_weight: Part
    """Part of the criterion's weight given to the largest share of one cluster."""


class LandingLink(Link):
    """The international cable landing nearest to a hub."""

    key: ClassVar[str] = "landing"
    end_en: ClassVar[str] = "Nearest international landing"
    end_ja: ClassVar[str] = "最寄りの国際陸揚局"
    km_digits: ClassVar[int] = 0

    landing_id: Name
    """Id in the table cable_landing_stations."""
    cluster_id: str | None
    """Id of the crowded landing cluster the landing belongs to, else null."""


def landings_in_force(atlas: Atlas, planned_until_year: int) -> pd.DataFrame:
    """List the international landings that count, with cluster and directions.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    planned_until_year : int
        Cables planned or under construction count when ready by the end of this year.

    Returns
    -------
    pandas.DataFrame
        Indexed by `landing_id`: `lat_deg`, `lon_deg`, `name_en`, `name_ja`, `cluster` (id of the
        crowded cluster, else the landing's own id), `crowded` (bool), `directions` (frozenset).
    """
    cables = atlas.table("submarine_cables")
    year = pd.to_numeric(cables["rfs_year"], errors="coerce")
    coming = cables["status"].isin(["planned", "under_construction"]) & (year <= planned_until_year)
    counted = cables[
        (cables["kind"] == "international") & ((cables["status"] == "in_service") | coming)
    ]
    pairs = counted[["japan_landings", "directions"]].dropna()
    pairs = pairs.assign(landing_id=pairs["japan_landings"].str.split(";")).explode("landing_id")
    pairs = pairs.assign(direction=pairs["directions"].str.split(";")).explode("direction")
    directions = pairs.groupby("landing_id")["direction"].agg(frozenset)
    stations = atlas.table("cable_landing_stations")
    stations = stations[stations.index.isin(directions.index)].sort_index()
    clusters = atlas.table("landing_clusters")["cluster_id"]
    cluster = clusters.reindex(stations.index)
    return pd.DataFrame(
        {
            "lat_deg": stations["lat_deg"],
            "lon_deg": stations["lon_deg"],
            "name_en": stations["name_en"],
            "name_ja": stations["name_ja"],
            "cluster": cluster.where(cluster.notna(), stations.index.to_series()),
            "crowded": cluster.notna(),
            "directions": directions.reindex(stations.index),
        },
        index=stations.index,
    )


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
    quantities = (DISTANCE, CROWDED, DIRECTIONS)
    links = (LandingLink,)
    rules = (
        Rule(
            "landing_reach",
            "core hubs stand within reach of an international landing",
            "中核拠点が国際陸揚局の到達距離内にある",
            "hub",
            ("criteria.cables.core_landing_max_km", "criteria.cables.planned_until_year"),
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
            "core hubs reach several international directions",
            "中核拠点が複数の国際方面につながる",
            "direction",
            ("criteria.cables.min_directions", "criteria.cables.planned_until_year"),
            ("F4", "H9"),
            per="per direction short",
            gives_way=(Step("criteria.cables.min_directions", 0.0, by=1.0),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure landing distance in km, landing, cluster and directions within a core's reach."""
        own = self.own(scenario)
        landings = landings_in_force(atlas, own.planned_until_year)
        distance_km = geodesic_km(
            sites["lat_deg"].to_numpy()[:, None],
            sites["lon_deg"].to_numpy()[:, None],
            landings["lat_deg"].to_numpy()[None, :],
            landings["lon_deg"].to_numpy()[None, :],
        )
        nearest = distance_km.argmin(axis=1)
        names = sorted(frozenset().union(*landings["directions"]))
        leads = np.array([[name in there for name in names] for there in landings["directions"]])
        reach = (distance_km <= own.core_landing_max_km).astype(int) @ leads.astype(int) > 0
        return pd.DataFrame(
            {
                "landing_distance_km": distance_km[np.arange(len(sites)), nearest],
                "landing_id": landings.index.to_numpy()[nearest],
                "landing_cluster": landings["cluster"].to_numpy()[nearest],
                "landing_crowded": landings["crowded"].to_numpy()[nearest],
                "international_directions": reach.sum(axis=1),
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the distance to the nearest international landing."""
        own = self.own(scenario)
        score = linear_score(sites["landing_distance_km"], own.score_zero_km, own.score_one_km)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Let cores stand only within reach of a landing and of enough directions."""
        own = self.own(scenario)
        core = TIERS.index("core")
        far = np.zeros((len(sites), len(TIERS)))
        far[:, core] = sites["landing_distance_km"].to_numpy() > own.core_landing_max_km
        few = np.zeros((len(sites), len(TIERS)))
        few[:, core] = np.maximum(
            own.min_directions - sites["international_directions"].to_numpy(), 0
        )
        return (
            Admission("landing_reach", far, "no international landing within reach of a core"),
            Admission("international_directions", few, "too few international directions"),
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
        """Bound the share of new load whose nearest landing lies in a crowded cluster."""
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
        """Reward near landings, and a small largest share of one landing cluster."""
        own = self.own(program.scenario)
        part = own.cluster_share_of_weight
        near = self.site_score(program.sites, program.scenario)
        terms = self.by_load(program, DISTANCE.in_plan, near, 1.0 - part)
        largest = program.continuous(LARGEST_CLUSTER.in_plan, 0.0, 1.0)
        for cluster in sorted(program.sites["landing_cluster"].unique()):
            there = (program.sites["landing_cluster"] == cluster).to_numpy(dtype=float)
            program.row(
                f"landing_cluster_share_{cluster}",
                [*program.load_terms(load_share(program, there)), (largest, -1.0)],
                "<=",
                0.0,
            )
        weight = program.scenario.weights[self.name] * part
        return (terms, ScoreTerm(LARGEST_CLUSTER.in_plan, weight, [(largest, -1.0)], 1.0))

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Measure landings, shares and directions anew, hub by hub."""
        own = self.own(scenario)
        landings = landings_in_force(atlas, own.planned_until_year)
        found = Findings(self.name, hubs, scenario)
        distance_km = np.zeros(len(hubs))
        nearest = np.zeros(len(hubs), dtype=int)
        reached: list[list[str]] = []
        for number, (site, hub) in enumerate(hubs.iterrows()):
            away_km = geodesic_km(
                hub["lat_deg"],
                hub["lon_deg"],
                landings["lat_deg"].to_numpy(),
                landings["lon_deg"].to_numpy(),
            )
            nearest[number] = int(np.argmin(away_km))
            distance_km[number] = float(np.min(away_km))
            within = landings[away_km <= own.core_landing_max_km]
            reached.append(sorted(frozenset().union(*within["directions"])))
            found.link(site, _link(landings, nearest[number], distance_km[number]))
        cluster = landings["cluster"].to_numpy()[nearest]
        crowded = landings["crowded"].to_numpy(dtype=bool)[nearest]
        total = float(scenario.total_new_it_load_mw)
        by_cluster = pd.Series(found.load_mw).groupby(cluster).sum()
        largest = float(by_cluster.max()) / total
        crowded_share = float(found.load_mw[crowded].sum()) / total
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        directions = np.array([float(len(names)) for names in reached])
        part = own.cluster_share_of_weight
        outside = _outside_largest(found.load_mw, cluster, by_cluster) / total
        found.mean(DISTANCE, distance_km, score, 1.0 - part)
        found.figure(LARGEST_CLUSTER, largest, 1.0 - largest, part, outside)
        found.figure(CROWDED_SHARE, crowded_share)
        found.each(DISTANCE, distance_km, score)
        said = [[_DIRECTIONS.get(name, (name, name)) for name in names] for names in reached]
        notes = [
            (", ".join(en for en, _ in names), "、".join(ja for _, ja in names)) for names in said
        ]
        reach = f"within {own.core_landing_max_km:g} km", f"{own.core_landing_max_km:g} km以内"
        found.each(DIRECTIONS.noted(*reach), directions, notes=notes)
        core = (hubs["tier"] == "core").to_numpy()
        most_km = np.where(core, own.core_landing_max_km, np.inf)
        found.beyond("landing_reach", DISTANCE, distance_km, most_km)
        for number in np.flatnonzero(core & (directions < own.min_directions)).tolist():
            en, ja = found.place(number)
            found.breach(
                "international_directions",
                own.min_directions - directions[number],
                [hubs.index[number]],
                f"core {en} reaches {directions[number]:.0f} international direction(s), "
                f"{own.min_directions} wanted",
                f"中核拠点{ja}の国際方面は{directions[number]:.0f}（必要{own.min_directions}）",
            )
        if crowded_share > own.max_crowded_share:
            found.breach(
                "landing_clusters",
                crowded_share - own.max_crowded_share,
                (),
                f"hubs at the crowded landing clusters carry {crowded_share:.1%} of the new "
                f"load, {own.max_crowded_share:.1%} allowed",
                f"集中陸揚地域の比率が{crowded_share:.1%}（上限{own.max_crowded_share:.1%}）",
            )
        return found.done()


def _link(landings: pd.DataFrame, number: int, distance_km: float) -> LandingLink:
    landing = landings.iloc[number]
    return LandingLink(
        name_ja=str(landing["name_ja"]),
        name_en=str(landing["name_en"]),
        distance_km=distance_km,
        lat_deg=float(landing["lat_deg"]),
        lon_deg=float(landing["lon_deg"]),
        landing_id=str(landings.index[number]),
        cluster_id=str(landing["cluster"]) if landing["crowded"] else None,
    )


def _outside_largest(
    load_mw: NDArray[np.float64], cluster: NDArray[np.object_], by_cluster: pd.Series[float]
) -> NDArray[np.float64]:
    """Return the MW by which each hub keeps the largest cluster small.

    Of ``1 - largest share`` a hub outside the largest cluster earns its MW, one inside nothing;
    equally large clusters share the loss.
    """
    tied = by_cluster.index[by_cluster >= by_cluster.max() * (1.0 - _TIED)]
    inside = np.isin(cluster.astype(str), tied.astype(str))
    return np.where(inside, load_mw * (1.0 - 1.0 / len(tied)), load_mw)


CRITERION = Cables()
