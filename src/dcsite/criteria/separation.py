"""Separation ("resilience distance"): hubs far enough apart not to fall together.

The strategy asks for a distance such that hubs do not fall together (共倒れ) in a wide-area
disaster and gives no kilometres (B4), so every distance here is an assumption of the scenario.
Spacing between new hubs is a constraint by clique rows; the objective rewards distance from the
existing cores, which is linear in the decisions. Each hub's nearest other hub or existing core is
measured in every plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from dcsite.contract import (
    TIERS,
    Admission,
    Breach,
    CriterionValue,
    Evaluation,
    Measure,
    Program,
    Rule,
    ScoreTerm,
    Step,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Pairs too near that a message names; further ones are counted.
_PAIRS_SHOWN = 5


class Clearance(BaseModel):
    """Distance that hubs of the lower tiers keep from the existing cores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    large: float = Field(ge=0, le=2000, description="Large hubs, in km.")
    regional: float = Field(ge=0, le=2000, description="Regional hubs, in km.")


class Parameters(BaseModel):
    """Parameters of the separation criterion (distances between hubs stand with the tiers)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    existing_core_clearance_km: Clearance = Field(
        description="Least distance of large and regional hubs to Tokyo and Osaka, in km."
    )
    score_zero_km: float = Field(
        ge=0, le=3000, description="Distance to the nearest existing core that scores 0, in km."
    )
    score_one_km: float = Field(
        gt=0, le=3000, description="Distance to the nearest existing core that scores 1, in km."
    )


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


#: Inside the class the name `Parameters` is the criterion's attribute.
_Parameters = Parameters


class Separation:
    """The separation criterion; see the module's text."""

    name = "separation"
    rank = 10
    title_en = "Separation (resilience distance)"
    title_ja = "離隔（共倒れしない距離）"
    policy_lines = ("B2", "B4")
    Parameters = Parameters
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
        distance_km = geodesic_km(
            sites["lat_deg"].to_numpy()[:, None],
            sites["lon_deg"].to_numpy()[:, None],
            cores["lat_deg"].to_numpy()[None, :],
            cores["lon_deg"].to_numpy()[None, :],
        )
        nearest = distance_km.argmin(axis=1)
        return pd.DataFrame(
            {
                "nearest_existing_core_km": distance_km[np.arange(len(sites)), nearest],
                "nearest_existing_core": cores.index.to_numpy()[nearest],
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the distance to the nearest existing core between the scenario's anchors."""
        own: _Parameters = scenario.criteria[self.name]
        score = linear_score(sites["nearest_existing_core_km"], own.score_zero_km, own.score_one_km)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Keep cores away from Tokyo and Osaka by their separation, others by the clearance."""
        own: _Parameters = scenario.criteria[self.name]
        clear = own.existing_core_clearance_km
        distance_km = sites["nearest_existing_core_km"].to_numpy()
        least = {"core": 0.0, "large": clear.large, "regional": clear.regional}
        near_core = np.zeros((len(sites), len(TIERS)))
        near_core[:, TIERS.index("core")] = distance_km < scenario.tiers.core.separation_km
        cleared = np.column_stack([distance_km < least[tier] for tier in TIERS]).astype(float)
        return (
            Admission("separation", near_core, "nearer to Tokyo or Osaka than cores may stand"),
            Admission("existing_core_clearance", cleared, "too near to Tokyo or Osaka"),
        )

    def constrain(self, program: Program) -> None:
        """Keep hubs apart by clique rows: at most one hub in any set of sites too near."""
        tiers = program.scenario.tiers
        program.keep_apart(
            "separation",
            {tier: float(tiers[tier].separation_km) for tier in program.tiers},
        )

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load far from the existing cores: ``sum(it_load_mw * score) / total``."""
        score = self.site_score(program.sites, program.scenario).to_numpy()
        share = np.repeat(score[:, None] / program.total_it_load_mw, len(program.tiers), axis=1)
        weight = program.scenario.weights[self.name]
        return (ScoreTerm("existing_core_distance_km", weight, program.load_terms(share)),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Measure distances between hubs and to existing cores anew, from coordinates."""
        own: _Parameters = scenario.criteria[self.name]
        cores = atlas.existing_cores()
        lat, lon = hubs["lat_deg"].to_numpy(), hubs["lon_deg"].to_numpy()
        between_km = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
        to_core_km = geodesic_km(
            lat[:, None],
            lon[:, None],
            cores["lat_deg"].to_numpy()[None, :],
            cores["lon_deg"].to_numpy()[None, :],
        ).min(axis=1)
        nearest_km, _ = nearest_other(hubs, cores)
        load = hubs["it_load_mw"].to_numpy()
        total = scenario.total_new_it_load_mw
        score = linear_score(to_core_km, own.score_zero_km, own.score_one_km)
        measures = (
            Measure(
                self.name,
                "existing_core_distance_km",
                "distance to the nearest existing core, MW-weighted mean",
                "既存中核拠点までの距離（MW加重平均）",
                float((load * to_core_km).sum() / load.sum()),
                "km",
                float((load * score).sum() / total),
                scenario.weights[self.name],
            ),
            Measure(
                self.name,
                "least_nearest_hub_km",
                "nearest other hub or existing core, smallest of all hubs",
                "最寄りの他拠点・既存中核までの距離（最小）",
                float(nearest_km.min()),
                "km",
                None,
                0.0,
            ),
            Measure(
                self.name,
                "mean_nearest_hub_km",
                "nearest other hub or existing core, mean of all hubs",
                "最寄りの他拠点・既存中核までの距離（平均）",
                float(nearest_km.mean()),
                "km",
                None,
                0.0,
            ),
        )
        values = {
            site_id: (
                CriterionValue(
                    self.name,
                    "nearest_existing_core_km",
                    "nearest existing core",
                    "最寄りの既存中核拠点",
                    float(km),
                    "km",
                    float(points),
                    "prefectures (offices of Tokyo and Osaka)",
                ),
                CriterionValue(
                    self.name,
                    "nearest_hub_km",
                    "nearest other hub or existing core",
                    "最寄りの他拠点・既存中核拠点",
                    float(near),
                    "km",
                    None,
                    "municipal offices, WGS 84 geodesic",
                ),
            )
            for site_id, km, points, near in zip(
                hubs.index, to_core_km, score, nearest_km, strict=True
            )
        }
        return Evaluation(measures, self._breaches(hubs, between_km, to_core_km, scenario), values)

    def _breaches(
        self,
        hubs: pd.DataFrame,
        between_km: NDArray[np.float64],
        to_core_km: NDArray[np.float64],
        scenario: Scenario,
    ) -> tuple[Breach, ...]:
        own: _Parameters = scenario.criteria[self.name]
        least = {tier: scenario.tiers[tier].separation_km for tier in TIERS}
        rank = hubs["tier"].map({tier: number for number, tier in enumerate(TIERS)}).to_numpy()
        lower = np.maximum(rank[:, None], rank[None, :])
        required_km = np.array([least[tier] for tier in TIERS])[lower]
        near = np.argwhere(np.triu(between_km < required_km, k=1))
        breaches: list[Breach] = []
        if len(near):
            excused = least_excused([(int(a), int(b)) for a, b in near])
            pairs = [
                (str(hubs.index[a]), str(hubs.index[b]), between_km[a, b], required_km[a, b])
                for a, b in near.tolist()
            ]
            shown = pairs[:_PAIRS_SHOWN]
            more = f" and {len(pairs) - len(shown)} more" if len(pairs) > len(shown) else ""
            more_ja = f"ほか{len(pairs) - len(shown)}組" if more else ""
            breaches.append(
                Breach(
                    "separation",
                    float(len(excused)),
                    tuple(sorted({site for a, b, _, _ in pairs for site in (a, b)})),
                    "too near: "
                    + ", ".join(
                        f"{a} and {b} ({km:.1f} of {need:g} km)" for a, b, km, need in shown
                    )
                    + more,
                    "近すぎる組: "
                    + "、".join(f"{a}と{b}（{km:.1f}／{need:g} km）" for a, b, km, need in shown)
                    + more_ja,
                )
            )
        is_core = (hubs["tier"] == "core").to_numpy()
        clear = {
            "large": own.existing_core_clearance_km.large,
            "regional": own.existing_core_clearance_km.regional,
        }
        limit_km = np.where(is_core, least["core"], hubs["tier"].map(clear).fillna(0.0).to_numpy())
        for number in np.flatnonzero(to_core_km < limit_km).tolist():
            site, km, need = hubs.index[number], to_core_km[number], limit_km[number]
            breaches.append(
                Breach(
                    "separation" if is_core[number] else "existing_core_clearance",
                    1.0,
                    (site,),
                    f"{site} stands {km:.1f} km from an existing core, {need:g} km wanted",
                    f"{site}は既存中核拠点から{km:.1f} km（必要{need:g} km）",
                )
            )
        return tuple(breaches)


def nearest_other(hubs: pd.DataFrame, cores: pd.DataFrame) -> tuple[NDArray[np.float64], list[str]]:
    """Find each hub's nearest other hub or existing core.

    Parameters
    ----------
    hubs : pandas.DataFrame
        Indexed by site id, with `lat_deg` and `lon_deg`.
    cores : pandas.DataFrame
        Existing cores, indexed by core id, with `lat_deg` and `lon_deg`.

    Returns
    -------
    distance_km : numpy.ndarray, shape (hubs,)
        Geodesic distance on WGS 84.
    ids : list of str
        Site id or core id of the nearest.
    """
    lat = np.concatenate([hubs["lat_deg"].to_numpy(), cores["lat_deg"].to_numpy()])
    lon = np.concatenate([hubs["lon_deg"].to_numpy(), cores["lon_deg"].to_numpy()])
    distance_km = geodesic_km(
        lat[: len(hubs), None], lon[: len(hubs), None], lat[None, :], lon[None, :]
    )
    distance_km[np.arange(len(hubs)), np.arange(len(hubs))] = np.inf
    nearest = distance_km.argmin(axis=1)
    names = [*map(str, hubs.index), *map(str, cores.index)]
    return distance_km[np.arange(len(hubs)), nearest], [names[number] for number in nearest]


def least_excused(pairs: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Find a smallest set of hubs whose removal leaves no pair too near (a vertex cover).

    Exact by branching: of any remaining pair one member must go. Pairs too near are few in a
    plan, so the search stays small.
    """
    best: frozenset[int] | None = None

    def search(left: Sequence[tuple[int, int]], gone: frozenset[int]) -> None:
        nonlocal best
        if best is not None and len(gone) >= len(best):
            return
        if not left:
            best = gone
            return
        members = [number for pair in left for number in pair]
        busiest = max(sorted(set(members)), key=members.count)
        search([pair for pair in left if busiest not in pair], gone | {busiest})
        others = frozenset(b if a == busiest else a for a, b in left if busiest in (a, b))
        search([pair for pair in left if not others & set(pair)], gone | others)

    search(pairs, frozenset())
    return best if best is not None else frozenset()


CRITERION = Separation()
