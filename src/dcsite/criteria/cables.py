"""Cables: international landings near, not all in one place, and leading in several directions.

The strategy finds landings concentrated from Boso to Kita-Ibaraki and at Shima (H2), wants them
dispersed (C5) and international routes multiplied with the core hubs (F4). It gives no distance,
no largest share and no number of directions: those are assumptions of the scenario. Cable routes
on the sea floor are not open data; only landings are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from dcsite.contract import (
    TIERS,
    Admission,
    Bound,
    Breach,
    CriterionValue,
    Evaluation,
    Measure,
    Outlook,
    Program,
    Rule,
    ScoreTerm,
    Step,
    largest_finite,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_SOURCE = "cable_landing_stations, submarine_cables"


class Parameters(BaseModel):
    """Parameters of the cables criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    planned_until_year: int = Field(
        ge=2000,
        le=2100,
        description="Planned cables count when ready for service by this year.",
    )
    core_landing_max_km: float = Field(
        ge=0, le=3000, description="Farthest international landing a core hub may use, in km."
    )
    max_crowded_share: float = Field(
        ge=0,
        le=1,
        description="Largest share of new IT load at hubs whose nearest landing is a crowded one.",
    )
    min_directions: int = Field(
        ge=0, le=10, description="International directions each core hub shall reach."
    )
    score_zero_km: float = Field(gt=0, description="Landing distance that scores 0, in km.")
    score_one_km: float = Field(ge=0, description="Landing distance that scores 1, in km.")
    cluster_share_of_weight: float = Field(
        ge=0,
        le=1,
        description="Part of the criterion's weight given to the largest share of one cluster.",
    )


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


#: Inside the class the name `Parameters` is the criterion's attribute.
_Parameters = Parameters


class Cables:
    """The cables criterion; see the module's text."""

    name = "cables"
    rank = 60
    title_en = "Submarine cables"
    title_ja = "海底ケーブル"
    policy_lines = ("B11", "F4", "H2", "H8", "H9")
    Parameters = Parameters
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
        own: _Parameters = scenario.criteria[self.name]
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
        own: _Parameters = scenario.criteria[self.name]
        score = linear_score(sites["landing_distance_km"], own.score_zero_km, own.score_one_km)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Let cores stand only within reach of a landing and of enough directions."""
        own: _Parameters = scenario.criteria[self.name]
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
        own: _Parameters = outlook.scenario.criteria[self.name]
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
        own: _Parameters = program.scenario.criteria[self.name]
        crowded = program.sites["landing_crowded"].to_numpy(dtype=float)
        share = np.repeat(crowded[:, None] / program.total_it_load_mw, len(program.tiers), axis=1)
        program.row(
            "landing_clusters",
            program.load_terms(share),
            "<=",
            own.max_crowded_share,
            rule="landing_clusters",
            slack_up=1.0,
        )

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward near landings, and a small largest share of one landing cluster."""
        own: _Parameters = program.scenario.criteria[self.name]
        weight = program.scenario.weights[self.name]
        tiers = len(program.tiers)
        near = self.site_score(program.sites, program.scenario).to_numpy(dtype=np.float64)
        terms = program.load_terms(
            np.repeat(near[:, None] / program.total_it_load_mw, tiers, axis=1)
        )
        largest = program.continuous("largest_landing_cluster_share", 0.0, 1.0)
        for cluster in sorted(program.sites["landing_cluster"].unique()):
            there = (program.sites["landing_cluster"] == cluster).to_numpy(dtype=float)
            share = np.repeat(there[:, None] / program.total_it_load_mw, tiers, axis=1)
            program.row(
                f"landing_cluster_share_{cluster}",
                [*program.load_terms(share), (largest, -1.0)],
                "<=",
                0.0,
            )
        part = own.cluster_share_of_weight
        return (
            ScoreTerm("landing_distance_km", weight * (1.0 - part), terms),
            ScoreTerm("largest_landing_cluster_share", weight * part, [(largest, -1.0)], 1.0),
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Measure landings, shares and directions anew, hub by hub."""
        own: _Parameters = scenario.criteria[self.name]
        landings = landings_in_force(atlas, own.planned_until_year)
        total = scenario.total_new_it_load_mw
        load_by_cluster: dict[str, float] = {}
        crowded_mw = 0.0
        distances: list[float] = []
        breaches: list[Breach] = []
        values: dict[str, tuple[CriterionValue, ...]] = {}
        for site, hub in hubs.iterrows():
            away_km = geodesic_km(
                hub["lat_deg"],
                hub["lon_deg"],
                landings["lat_deg"].to_numpy(),
                landings["lon_deg"].to_numpy(),
            )
            landing = landings.iloc[int(np.argmin(away_km))]
            km = float(np.min(away_km))
            within = landings[away_km <= own.core_landing_max_km]
            directions = sorted(frozenset().union(*within["directions"]))
            distances.append(km)
            load_by_cluster[landing["cluster"]] = (
                load_by_cluster.get(landing["cluster"], 0.0) + hub["it_load_mw"]
            )
            crowded_mw += hub["it_load_mw"] if landing["crowded"] else 0.0
            if hub["tier"] == "core":
                breaches += self._core_breaches(str(site), km, len(directions), own)
            values[str(site)] = self._hub_values(km, directions, own)
        load = hubs["it_load_mw"].to_numpy()
        score = linear_score(np.array(distances), own.score_zero_km, own.score_one_km)
        largest = max(load_by_cluster.values()) / total
        crowded_share = crowded_mw / total
        if crowded_share > own.max_crowded_share:
            breaches.append(
                Breach(
                    "landing_clusters",
                    crowded_share - own.max_crowded_share,
                    (),
                    f"hubs at the crowded landing clusters carry {crowded_share:.1%} of the new "
                    f"load, {own.max_crowded_share:.1%} allowed",
                    f"集中陸揚地域の比率が{crowded_share:.1%}（上限{own.max_crowded_share:.1%}）",
                )
            )
        weight, part = scenario.weights[self.name], own.cluster_share_of_weight
        measures = (
            Measure(
                self.name,
                "landing_distance_km",
                "distance to the nearest international landing, MW-weighted mean",
                "最寄りの国際陸揚局までの距離（MW加重平均）",
                float((load * np.array(distances)).sum() / load.sum()),
                "km",
                float((load * score).sum() / total),
                weight * (1.0 - part),
            ),
            Measure(
                self.name,
                "largest_landing_cluster_share",
                "largest share of the new load on one landing cluster",
                "1つの陸揚地域が占める最大の割合",
                largest,
                "share",
                1.0 - largest,
                weight * part,
            ),
            Measure(
                self.name,
                "crowded_landing_share",
                "share of the new load nearest to Boso to Kita-Ibaraki or Shima",
                "房総〜北茨城・志摩の陸揚地域が最寄りの割合",
                crowded_share,
                "share",
                None,
                0.0,
            ),
        )
        return Evaluation(measures, tuple(breaches), values)

    @staticmethod
    def _core_breaches(
        site: str, landing_km: float, directions: int, own: _Parameters
    ) -> list[Breach]:
        breaches: list[Breach] = []
        if landing_km > own.core_landing_max_km:
            breaches.append(
                Breach(
                    "landing_reach",
                    1.0,
                    (site,),
                    f"core {site} stands {landing_km:.1f} km from the nearest international "
                    f"landing, {own.core_landing_max_km:g} km allowed",
                    f"中核拠点{site}から国際陸揚局まで{landing_km:.1f} km"
                    f"（上限{own.core_landing_max_km:g} km）",
                )
            )
        if directions < own.min_directions:
            breaches.append(
                Breach(
                    "international_directions",
                    float(own.min_directions - directions),
                    (site,),
                    f"core {site} reaches {directions} international direction(s), "
                    f"{own.min_directions} wanted",
                    f"中核拠点{site}の国際方面は{directions}（必要{own.min_directions}）",
                )
            )
        return breaches

    def _hub_values(
        self, km: float, directions: list[str], own: _Parameters
    ) -> tuple[CriterionValue, ...]:
        return (
            CriterionValue(
                self.name,
                "landing_distance_km",
                "nearest international landing",
                "最寄りの国際陸揚局",
                km,
                "km",
                float(linear_score(np.array([km]), own.score_zero_km, own.score_one_km)[0]),
                _SOURCE,
            ),
            CriterionValue(
                self.name,
                "international_directions",
                f"international directions within {own.core_landing_max_km:g} km"
                + (f" ({', '.join(directions)})" if directions else ""),
                f"{own.core_landing_max_km:g} km以内の国際方面数",
                float(len(directions)),
                "directions",
                None,
                _SOURCE,
            ),
        )


CRITERION = Cables()
