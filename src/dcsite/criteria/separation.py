"""Separation ("resilience distance"): hubs far enough apart not to fall together.

The strategy asks for a distance such that hubs do not fall together (共倒れ) in a wide-area
disaster and gives no kilometres (B4), so every distance here is an assumption of the scenario.
Spacing between new hubs is a constraint by clique rows; the objective rewards distance from the
existing cores, which is linear in the decisions. Each hub's nearest other hub or existing core is
measured in every plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import networkx as nx
import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIERS,
    Admission,
    Criterion,
    Evaluation,
    Findings,
    Limit,
    Program,
    Quantity,
    Rule,
    Step,
    linear_score,
)
from dcsite.geo.geodesy import all_km, geodesic_km, nearest_other
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

EXISTING_CORE = Quantity(
    "nearest_existing_core_km",
    "km",
    "distance to the nearest existing core",
    "最寄りの既存中核拠点までの距離",
    "prefectures (offices of Tokyo and Osaka)",
    measure="existing_core_distance_km",
)
NEAREST_HUB = Quantity(
    "nearest_hub_km",
    "km",
    "distance to the nearest other hub or existing core",
    "最寄りの他拠点・既存中核拠点までの距離",
    "municipal offices, WGS 84 geodesic",
)

#: Pairs too near that a message names; further ones are counted.
_PAIRS_SHOWN = 5


class Clearance(Section):
    """Distance that hubs of the lower tiers keep from the existing cores."""

    large: Annotated[float, Field(ge=0, le=2000)]
    """Large hubs, in km."""
    regional: Annotated[float, Field(ge=0, le=2000)]
    """Regional hubs, in km."""


class Parameters(Section):
    """Parameters of the separation criterion (distances between hubs stand with the tiers)."""

    existing_core_clearance_km: Clearance
    """Least distance of large and regional hubs to Tokyo and Osaka, in km."""
    score_zero_km: Annotated[float, Field(ge=0, le=3000)]
    """Distance to the nearest existing core that scores 0, in km."""
    score_one_km: Annotated[float, Field(gt=0, le=3000)]
    """Distance to the nearest existing core that scores 1, in km."""


def _nearer_hubs(scenario: Scenario, _: gpd.GeoDataFrame) -> tuple[Step, ...]:
    """Let a tier's distance go down to that of the tier below, not under it."""
    own_km = [scenario.tiers[tier].separation_km for tier in TIERS]
    below_km = [*own_km[1:], 0.0]
    return tuple(
        Step(f"tiers.{tier}.separation_km", below if below < value else 0.0, by=1.0)
        for tier, value, below in zip(TIERS, own_km, below_km, strict=True)
    )


def _nearer_to_existing_cores(_: Scenario, __: gpd.GeoDataFrame) -> tuple[Step, ...]:
    """Let the tiers below the cores come nearer to Tokyo and Osaka."""
    key = "criteria.separation.existing_core_clearance_km"
    return tuple(Step(f"{key}.{tier}", 0.0, by=1.0) for tier in TIERS[1:])


class Separation(Criterion[Parameters]):
    """The separation criterion; see the module's text."""

    name = "separation"
    rank = 10
    title_en = "Separation (resilience distance)"
    title_ja = "離隔（共倒れしない距離）"
    policy_lines = ("B2", "B4")
    Parameters = Parameters
    quantity = EXISTING_CORE
    quantities = (EXISTING_CORE, NEAREST_HUB)
    rules = (
        Rule(
            "separation",
            "hubs stand far enough apart not to fall together",
            "拠点どうしが共倒れしない距離をとる",
            "hub",
            (
                "tiers.core.separation_km",
                "tiers.large.separation_km",
                "tiers.regional.separation_km",
            ),
            ("B4",),
            per="per hub that stands too near to another",
            gives_way=_nearer_hubs,
            keeps_apart=True,
        ),
        Rule(
            "existing_core_clearance",
            "large and regional hubs stand clear of Tokyo and Osaka",
            "大規模・地方拠点が東京・大阪から離れている",
            "hub",
            ("criteria.separation.existing_core_clearance_km",),
            ("A9", "B10"),
            per="per hub too near to Tokyo or Osaka",
            gives_way=_nearer_to_existing_cores,
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the geodesic distance to the nearest existing core, in km, and which it is."""
        cores = atlas.existing_cores()
        distance_km = all_km(sites, cores)
        nearest = distance_km.argmin(axis=1)
        return pd.DataFrame(
            {
                "nearest_existing_core_km": distance_km[np.arange(len(sites)), nearest],
                "nearest_existing_core": cores.index.to_numpy()[nearest],
            },
            index=sites.index,
        )

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Keep cores away from Tokyo and Osaka by their separation, others by the clearance."""
        clear = self.own(scenario).existing_core_clearance_km
        distance_km = sites["nearest_existing_core_km"].to_numpy()
        asked = (
            ("separation", [scenario.tiers.core.separation_km, 0.0, 0.0],
             "nearer to Tokyo or Osaka than cores may stand"),
            ("existing_core_clearance", [0.0, clear.large, clear.regional],
             "too near to Tokyo or Osaka"),
        )  # fmt: skip
        return [
            Admission(
                rule,
                (distance_km[:, None] < least_km).astype(float),
                reason,
                limits=(Limit(EXISTING_CORE, distance_km, np.array(least_km), least=True),),
            )
            for rule, least_km, reason in asked
        ]

    def constrain(self, program: Program) -> None:
        """Keep hubs apart by clique rows: at most one hub in any set of sites too near."""
        tiers = program.scenario.tiers
        program.keep_apart(
            "separation",
            {tier: float(tiers[tier].separation_km) for tier in program.tiers},
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Measure distances between hubs and to existing cores anew, from coordinates."""
        own = self.own(scenario)
        cores = atlas.existing_cores()
        lat, lon = hubs["lat_deg"].to_numpy(), hubs["lon_deg"].to_numpy()
        between_km = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
        cores_lat, cores_lon = cores["lat_deg"].to_numpy(), cores["lon_deg"].to_numpy()
        to_core_km = geodesic_km(lat[:, None], lon[:, None], cores_lat, cores_lon).min(axis=1)
        nearest_km, _ = nearest_other(lat, lon, cores_lat, cores_lon)
        score = linear_score(to_core_km, own.score_zero_km, own.score_one_km)
        found = (
            Findings(self.name, hubs, scenario)
            .mean(EXISTING_CORE, to_core_km, score)
            .figure(_over_hubs("least", "smallest", "最小"), float(nearest_km.min()))
            .figure(_over_hubs("mean", "mean", "平均"), float(nearest_km.mean()))
            .each(EXISTING_CORE, to_core_km, score)
            .each(NEAREST_HUB, nearest_km)
        )
        self._spacing(found, hubs, between_km, scenario)
        core = (hubs["tier"] == "core").to_numpy()
        limit_km = hubs["tier"].map(
            {
                **own.existing_core_clearance_km.model_dump(),
                "core": scenario.tiers.core.separation_km,
            }
        )
        for rule, concerned in (("separation", core), ("existing_core_clearance", ~core)):
            asked_km = np.where(concerned, limit_km.to_numpy(dtype=float), 0.0)
            found.beyond(rule, EXISTING_CORE, to_core_km, asked_km, least=True)
        return found.done()

    def _spacing(
        self,
        found: Findings,
        hubs: pd.DataFrame,
        between_km: NDArray[np.float64],
        scenario: Scenario,
    ) -> None:
        """Count the fewest hubs without which no pair is too near, and name the pairs."""
        least = np.array([scenario.tiers[tier].separation_km for tier in TIERS])
        rank = hubs["tier"].map({tier: number for number, tier in enumerate(TIERS)}).to_numpy()
        required_km = least[np.maximum(rank[:, None], rank[None, :])]
        near = np.argwhere(np.triu(between_km < required_km, k=1)).tolist()
        if not near:
            return
        said: tuple[list[str], list[str]] = ([], [])
        for a, b in near[:_PAIRS_SHOWN]:
            (first, first_ja), (second, second_ja) = found.place(a), found.place(b)
            km, need = between_km[a, b], required_km[a, b]
            said[0].append(f"{first} and {second} ({km:.1f} of {need:g} km)")
            said[1].append(f"{first_ja}と{second_ja}（{km:.1f}／{need:g} km）")
        more = len(near) - _PAIRS_SHOWN
        found.breach(
            "separation",
            len(least_excused([(a, b) for a, b in near])),
            sorted(map(str, hubs.index[list({number for pair in near for number in pair})])),
            f"too near: {', '.join(said[0])}" + (f" and {more} more" if more > 0 else ""),
            f"近すぎる組: {'、'.join(said[1])}" + (f"ほか{more}組" if more > 0 else ""),
        )


def _over_hubs(kind: str, en: str, ja: str) -> Quantity:
    """Return the distance to the nearest hub as a figure over all hubs."""
    return Quantity(
        f"{kind}_{NEAREST_HUB.name}",
        "km",
        f"{NEAREST_HUB.en}, {en} of all hubs",
        f"{NEAREST_HUB.ja}（{ja}）",
    )


def least_excused(pairs: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Find a smallest set of hubs whose removal leaves no pair too near (a vertex cover).

    All but a largest set of hubs that are pairwise far enough apart; pairs too near are few in a
    plan, so that the search stays small.
    """
    near = nx.Graph(pairs)
    apart, _ = nx.max_weight_clique(nx.complement(near), weight=None)
    return frozenset(near) - frozenset(apart)


CRITERION = Separation()
