"""Land use: the legal route in an urbanisation-control area, and the land about a hub.

In an urbanisation-control area (市街化調整区域) development is prohibited in principle (E4). Since
2022-10-19 a data centre there may be permitted (許可して差し支えない) if all of five things hold
(E2, E3, E5; L5529): a substation of 60 kV or more is near, it has 10 ha or more, it lies in a
priority promotion zone of an approved basic plan, the municipality has a land-use adjustment plan
that the prefecture agreed to, and it serves an approved regional-economy project. No open table
has the zone of a place: it and the last three come from a user's file of sites, and what she does
not say is not known and does not hold. "Near" has no number in the law's notice.

Weight 0 by default: the score, land that a hub could have, colours the map and moves no plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from dcsite.contract import (
    TIERS,
    Admission,
    Criterion,
    Evaluation,
    Findings,
    Limit,
    PerTier,
    Quantity,
    Rule,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km

from .substation_options import column
from .substation_points import points_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: What the notice asks of the substation and of the site.
LAW_KV, LAW_HA = 60.0, 10.0
#: Less land than this is none: what is divided by is never 0.
_ANY_HA = 1e-9
#: What only a user can say, with what each is called.
SAID: Mapping[str, tuple[str, str]] = {
    "priority_zone": ("in a priority promotion zone of an approved basic plan", "重点促進区域内"),
    "adjustment_plan": (
        "under a land-use adjustment plan that the prefecture agreed to",
        "都道府県が同意した土地利用調整計画あり",
    ),
    "regional_project": (
        "for an approved regional-economy project",
        "地域経済牽引事業の用に供する",
    ),
}

AVAILABLE = Quantity(
    "land_to_be_had_ha",
    "ha",
    "land a hub could have (assumed share of the free gentle land within 10 km)",
    "拠点に充てうる用地（10km以内の未利用の緩傾斜地の一定割合と仮定）",
    "gentle_land_by_municipality, land_use_by_municipality",
)
PARKS = Quantity(
    "known_industrial_parks_ha",
    "ha",
    "known industrial parks of the municipality",
    "市区町村内の既知の産業団地",
    "industrial_parks (a seed of nine, no national list)",
)
MET = Quantity(
    "control_area_conditions_met",
    "conditions",
    "urbanisation-control area: conditions of the exception met, of five",
    "市街化調整区域：特例の充足要件数（5件中）",
    "the user's file of sites, substations",
)


class Parameters(BaseModel):
    """Parameters of the land-use criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    near_km: float = Field(
        gt=0, le=50, description="Farthest a mapped substation stands and still is near, in km."
    )
    gx_land_ha: PerTier = Field(
        description="Land within 10 km that later policy is reported to ask for, in ha; 0: none."
    )


class LandUse(Criterion[Parameters]):
    """The land-use criterion; see the module's text."""

    name = "land_use"
    rank = 90
    title_en = "Land use"
    title_ja = "土地利用"
    policy_lines = ("E2", "E3", "E4", "E5")
    Parameters = Parameters
    quantity = AVAILABLE
    quantities = (AVAILABLE, PARKS, MET)
    rules = (
        Rule(
            "control_area",
            "in an urbanisation-control area all five conditions of the exception hold",
            "市街化調整区域では特例の5要件をすべて満たす",
            "condition",
            ("criteria.land_use.near_km",),
            ("E2", "E3", "E4", "E5"),
            per="per condition that does not hold or is not known",
        ),
        Rule(
            "gx_land",
            "enough land within 10 km, as later policy is reported to ask",
            "10km圏にまとまった用地がある（後の政策の要件との報道による）",
            "guide",
            ("criteria.land_use.gx_land_ha",),
            per="per hub with no land, in proportion to the share that is short",
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Count the conditions met in control areas; NaN elsewhere, where none is asked."""
        met = np.full(len(sites), np.nan)
        if "zone" in sites:
            control = (sites["zone"] == "control").to_numpy()
            km = sites[column("distance_km", LAW_KV)].to_numpy(dtype=float)
            kv = sites["substation_kv"].to_numpy(dtype=float)
            near = np.where(np.isnan(kv), km <= self.own(scenario).near_km, kv >= LAW_KV)
            large = sites["hectares"].to_numpy(dtype=float) >= LAW_HA
            said = [(sites[name] == "yes").to_numpy() for name in SAID]
            met = np.where(control, np.sum([near, large, *said], axis=0), np.nan)
        return pd.DataFrame({MET.name: met}, index=sites.index)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the land that a hub could have, from none to what later policy asks for."""
        most_ha = _most_ha(self.own(scenario), scenario)
        score = linear_score(_land_ha(sites), 0.0, most_ha)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Leave out what fails a condition in a control area, and what has too little land."""
        unmet = 5.0 - sites[MET.name].fillna(5.0).to_numpy(dtype=float)
        gx_ha, land_ha = self.own(scenario).gx_land_ha.by_tier(), _land_ha(sites)
        short = np.clip(1.0 - np.divide.outer(land_ha, np.maximum(gx_ha, _ANY_HA)), 0.0, 1.0)
        every = np.ones(len(TIERS))
        met = Limit(replace(MET, unit=""), 5.0 - unmet, 5.0 * every, least=True)
        land = Limit(AVAILABLE, land_ha, gx_ha, least=True)
        return (
            Admission(
                "control_area",
                np.outer(unmet, every),
                "it lies in an urbanisation-control area and a condition of the exception fails or "
                "is not known",
                limits=(met,),
            ),
            Admission(
                "gx_land",
                np.where(gx_ha > 0.0, short, 0.0),
                "too little land within 10 km",
                limits=(land,),
            ),
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Go through the conditions of each hub by itself, in words."""
        own, found = self.own(scenario), Findings(self.name, hubs, scenario)
        rows = hubs.to_dict("records")
        land_ha = np.array([_hub_land_ha(hub) for hub in rows])
        most_ha = _most_ha(own, scenario)
        score = np.clip(np.nan_to_num(land_ha) / most_ha, 0.0, 1.0)
        found.mean(AVAILABLE, land_ha, score).each(AVAILABLE, land_ha, score)
        known = atlas.table("industrial_parks").reset_index()
        here = [known[known["municipality_code"] == hub["municipality_code"]] for hub in rows]
        listed = ["、".join(parks["park_ja"]) for parks in here]
        found.each(
            PARKS,
            np.array([parks["area_ha"].sum() if len(parks) else np.nan for parks in here]),
            notes=[(names or "not known", names or "不明") for names in listed],
        )
        met = np.full(len(hubs), np.inf)
        routes = [("", "")] * len(hubs)
        for number, hub in enumerate(rows):
            (en, ja), site = found.place(number), hubs.index[number]
            if hub.get("zone") == "control":
                unmet = _unmet(hub, points_of(atlas, scenario.criteria["substation"]), own)
                met[number] = 5 - len(unmet)
                routes[number] = ("may be permitted", "許可して差し支えない")
                if unmet:
                    routes[number] = ("prohibited in principle", "開発は原則禁止")
                    why_en, why_ja = (", ".join(said) for said in zip(*unmet, strict=True))
                    found.breach(
                        "control_area",
                        len(unmet),
                        [site],
                        f"{en} lies in an urbanisation-control area: {why_en}",
                        f"{ja}は市街化調整区域内：{why_ja}",
                    )
            asked_ha = own.gx_land_ha[hub["tier"]]
            if land_ha[number] < asked_ha:
                found.breach(
                    "gx_land",
                    1.0 - land_ha[number] / asked_ha,
                    [site],
                    f"{en} has {land_ha[number]:.1f} ha of about {asked_ha:g} ha within 10 km",
                    f"{ja}の10km圏の用地は{land_ha[number]:.1f} ha（目安約{asked_ha:g} ha）",
                )
        return found.each(MET, met, notes=routes).done()


def _most_ha(own: Parameters, scenario: Scenario) -> float:
    """Return the land that scores 1: the most that any tier is asked for, or the guide."""
    return float(max(*own.gx_land_ha.by_tier(), scenario.land.guide_ha, 1.0))


def _land_ha(sites: pd.DataFrame) -> NDArray[np.float64]:
    """Return the land about sites that a hub could have: no less than their own hectares."""
    own = sites[["available_land_ha", "hectares"]].max(axis=1)
    return own.to_numpy(dtype=float)


def _hub_land_ha(hub: Mapping[Any, Any]) -> float:
    """Return the same of one hub, NaN where neither is known."""
    stated = (hub.get(name) for name in ("available_land_ha", "hectares"))
    known = [float(ha) for ha in stated if ha is not None and not np.isnan(ha)]
    return max(known, default=np.nan)


def _unmet(hub: Mapping[Any, Any], points: pd.DataFrame, own: Parameters) -> list[tuple[str, str]]:
    """Name the conditions that do not hold or are not known, in English and in Japanese."""
    unmet: list[tuple[str, str]] = []
    kv, ha = float(hub["substation_kv"]), float(hub["hectares"])
    if np.isnan(kv):
        km = _nearest_km(hub, points)
        if km > own.near_km:
            away = ("none is mapped", "地図上になし")
            if np.isfinite(km):
                away = (f"the nearest mapped is {km:.1f} km away", f"地図上の最寄りは{km:.1f} km")
            unmet.append(
                (
                    f"no substation of {LAW_KV:g} kV or more within {own.near_km:g} km ({away[0]})",
                    f"{own.near_km:g} km以内に{LAW_KV:g} kV以上の変電所なし（{away[1]}）",
                )
            )
    elif kv < LAW_KV:
        unmet.append(
            (
                f"its substation transmits at {kv:g} kV, below {LAW_KV:g} kV",
                f"近傍変電所は{kv:g} kV（{LAW_KV:g} kV以上が要件）",
            )
        )
    if np.isnan(ha):
        unmet.append(("its hectares are not known", "面積不明"))
    elif ha < LAW_HA:
        unmet.append(
            (f"{ha:g} ha is below {LAW_HA:g} ha", f"面積{ha:g} ha（{LAW_HA:g} ha以上が要件）")
        )
    for name, (en, ja) in SAID.items():
        if hub[name] == "no":
            unmet.append((f"it is not {en}", f"「{ja}」に該当しない"))
        elif hub[name] != "yes":
            unmet.append((f"whether it is {en} is not known", f"「{ja}」か不明"))
    return unmet


def _nearest_km(hub: Mapping[Any, Any], points: pd.DataFrame) -> float:
    """Return the distance to the nearest point of the law's voltage by trying them all."""
    fits = points[
        (points["connection"] == "any")
        & (points["voltage_kv"] >= LAW_KV)
        & (points["landmass_id"] == hub["landmass_id"])
    ]
    km = geodesic_km(hub["lat_deg"], hub["lon_deg"], fits["lat_deg"], fits["lon_deg"])
    return float(np.min(km, initial=np.inf))


CRITERION = LandUse()
