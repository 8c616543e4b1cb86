"""Cables: what a core reaches by which systems, what any one loss leaves, and the crowded landings.

The strategy finds landings concentrated from Boso to Kita-Ibaraki and at Shima (H2), wants them
dispersed (C5) and international routes multiplied with the core hubs (F4). Only cores need a
landing near, on their own land body; a core has the systems that land within its reach, to the
corridors the strategy names (North America, Asia-Pacific, Europe; Russia is none), and keeps what
is left when any one system, or any one cluster of landings, is lost. All other load goes out over
the land network: counted is how much of it has its shortest way to a landing of each corridor end
at a crowded one. The strategy gives no distance, share or number of corridors: those are
assumptions of the scenario. Routes on the sea floor are not open data; only landings are used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIERS,
    Admission,
    Bound,
    Criterion,
    Evaluation,
    Limit,
    Outlook,
    Program,
    Rule,
    ScoreTerm,
    Step,
    largest_finite,
    load_share,
)
from dcsite.hazards.settings import Part
from dcsite.network import (
    cable_systems,
    landings_in_force,
    network_of,
    overland_km,
    reach_and_loss,
)
from dcsite.scenario.schema import Positive, Section

from .cables_found import (
    CORRIDORS,
    CROWDED,
    DISTANCE,
    SYSTEMS,
    SYSTEMS_LEFT,
    LandingLink,
    evaluate_cables,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario


class Parameters(Section):
    """Parameters of the cables criterion."""

    core_landing_max_km: Annotated[float, Field(ge=0, le=3000)]
    """Farthest international landing a core hub may use, in km."""
    max_crowded_share: Part
    """Largest share of new IT load whose shortest way to a corridor ends at a crowded landing."""
    min_directions: Annotated[int, Field(ge=0, le=10)]
    """International corridors each core hub shall reach."""
    score_zero_km: Positive
    """Landing distance of a core that scores 0, in km."""
    score_one_km: Annotated[float, Field(ge=0)]
    """Landing distance of a core that scores 1, in km."""


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
    scored_tiers = ("core",)  # to other tiers a landing is worth nothing
    Parameters = Parameters
    quantity = DISTANCE
    quantities = (DISTANCE, SYSTEMS, CORRIDORS, SYSTEMS_LEFT, CROWDED)
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
            "few of the new load's shortest ways to the corridors end at crowded landings",
            "新規負荷から国際方面への最短経路が集中する2つの陸揚地域に偏らない",
            "share",
            ("criteria.cables.max_crowded_share", "network.year"),
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
        """Measure what a core would reach and keep, and where the shortest ways out end."""
        systems = cable_systems(atlas, scenario.network.year)
        landings = landings_in_force(atlas, scenario.network.year)
        distance_km = overland_km(sites, landings, np.inf)
        near = distance_km <= self.own(scenario).core_landing_max_km
        reach = reach_and_loss(systems, landings, near)
        columns = {
            DISTANCE.name: distance_km.min(axis=1, initial=np.inf),
            SYSTEMS.name: reach["systems"].to_numpy(),
            CORRIDORS.name: reach["corridors"].to_numpy(),
            SYSTEMS_LEFT.name: reach["systems_left"].to_numpy(),
        }
        way_km = network_of(atlas, scenario.network).fibre_km(sites, landings)
        crowded = landings["crowded"].to_numpy(dtype=bool)
        there_first = [
            np.where(leads & crowded, way_km, np.inf).min(axis=1, initial=np.inf)
            < np.where(leads & ~crowded, way_km, np.inf).min(axis=1, initial=np.inf)
            for leads in _leading(systems, landings)
        ]
        columns[CROWDED.name] = np.mean(there_first, axis=0) if there_first else 0.0
        return pd.DataFrame(columns, index=sites.index)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Let cores stand only within reach of a landing and of enough corridors."""
        own = self.own(scenario)
        core = TIERS.index("core")
        far = np.zeros((len(sites), len(TIERS)))
        far[:, core] = sites["landing_distance_km"].to_numpy() > own.core_landing_max_km
        has = sites[CORRIDORS.name].to_numpy(dtype=float)
        few = np.zeros((len(sites), len(TIERS)))
        few[:, core] = np.maximum(own.min_directions - has, 0.0)
        reach_km, wanted = np.full(len(TIERS), np.inf), np.zeros(len(TIERS))
        reach_km[core], wanted[core] = own.core_landing_max_km, own.min_directions
        away = Limit(DISTANCE, sites[DISTANCE.name].to_numpy(dtype=float), reach_km)
        lacking = Limit(replace(CORRIDORS, unit=""), has, wanted, least=True)
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
        """Bound from below the share of load whose ways must all end at crowded landings."""
        own = self.own(outlook.scenario)
        total_mw = outlook.scenario.total_new_it_load_mw
        crowded_mw = outlook.least_load_mw(outlook.sites[CROWDED.name].to_numpy() == 1.0)
        if crowded_mw <= 0.0:
            return ()
        return (
            Bound(
                CROWDED.in_plan,
                "at_least",
                crowded_mw / total_mw,
                own.max_crowded_share,
                "criteria.cables.max_crowded_share",
                ("landing_clusters", "total_it_load"),
                "sites with a shortest way to a landing that is not crowded carry at most "
                f"{total_mw - crowded_mw:,.0f} MW of {total_mw:,.0f}",
            ),
        )

    def constrain(self, program: Program) -> None:
        """Bound the new load whose shortest ways end at crowded landings.

        ``sum(it_load_mw * share of corridors) / total <= max_crowded_share``: one row over all
        corridors. One for each would say nearly the same twice, which made the solve twice as long.
        """
        program.row(
            "landing_clusters",
            program.load_terms(load_share(program, program.sites[CROWDED.name])),
            "<=",
            self.own(program.scenario).max_crowded_share,
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
        """Find landings, systems, losses and ways anew, hub by hub."""
        return evaluate_cables(self.name, self.own(scenario), hubs, atlas, scenario)


def _leading(systems: pd.DataFrame, landings: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Return for each corridor that has any which landings have a system to it."""
    ends = [
        frozenset().union(*systems.loc[list(there), "corridors"]) for there in landings["systems"]
    ]
    return [np.array([to in led for led in ends]) for to in sorted(frozenset().union(*ends))]


CRITERION = Cables()
