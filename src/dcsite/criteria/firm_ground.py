"""Firm ground: what threatens a site by itself, whatever befalls the others.

The strategy notes that data centres stand on firm ground (B2). Four tables say how firm: the
probability of shaking of 6-lower or more in 30 years (J-SHIS), and the shares of residents in zones
of deep flood, tsunami and landslide; and the distance to the nearest volcano under constant watch.
All are of the municipality, so grid squares and a user's points share its values. Which limits hold
and what each is worth are assumptions of the scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dcsite.contract import (
    TIERS,
    Admission,
    Breach,
    CriterionValue,
    Evaluation,
    Measure,
    PerTier,
    Program,
    Rule,
    ScoreTerm,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Hazards by name: measured column, its column in the table (percent there), label, source.
HAZARDS: dict[str, tuple[str, str, str, str, str]] = {
    "strong_shaking": (
        "strong_shaking_30y_share",
        "p30_i6lower_pct",
        "probability of 6-lower or more in 30 years",
        "30年以内に震度6弱以上となる確率",
        "seismic_hazard_by_municipality",
    ),
    "deep_flood": (
        "deep_flood_share",
        "pop_share_flood_ge_3m_pct",
        "residents in zones of flood of 3 m or more",
        "浸水深3m以上の区域の人口割合",
        "flood_tsunami_landslide_by_municipality",
    ),
    "tsunami": (
        "tsunami_share",
        "pop_share_tsunami_any_pct",
        "residents in tsunami zones",
        "津波浸水想定区域の人口割合",
        "flood_tsunami_landslide_by_municipality",
    ),
    "landslide": (
        "landslide_share",
        "pop_share_landslide_warning_zone_pct",
        "residents in landslide warning zones",
        "土砂災害警戒区域の人口割合",
        "flood_tsunami_landslide_by_municipality",
    ),
}

_VOLCANO_KM = "volcano_distance_km"


class Limits(BaseModel):
    """Largest share of each hazard that a tier admits; 1 admits everything."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    strong_shaking: PerTier = Field(description="Probability of 6-lower or more in 30 years.")
    deep_flood: PerTier = Field(description="Share of residents in zones of flood of 3 m or more.")
    tsunami: PerTier = Field(description="Share of residents in tsunami zones.")
    landslide: PerTier = Field(description="Share of residents in landslide warning zones.")


class ScoreZero(BaseModel):
    """Share of each hazard that scores 0; none of it scores 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    strong_shaking: float = Field(gt=0, le=1, description="Probability in 30 years.")
    deep_flood: float = Field(gt=0, le=1, description="Share of residents.")
    tsunami: float = Field(gt=0, le=1, description="Share of residents.")
    landslide: float = Field(gt=0, le=1, description="Share of residents.")


class ScoreParts(BaseModel):
    """Part of each hazard in the score; they add up to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    strong_shaking: float = Field(ge=0, le=1, description="Strong shaking.")
    deep_flood: float = Field(ge=0, le=1, description="Deep flood.")
    tsunami: float = Field(ge=0, le=1, description="Tsunami.")
    landslide: float = Field(ge=0, le=1, description="Landslide.")
    volcano: float = Field(ge=0, le=1, description="Nearness of a volcano.")

    @model_validator(mode="after")
    def _whole(self) -> ScoreParts:
        total = sum(getattr(self, name) for name in type(self).model_fields)
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the five parts must add up to 1, got {total:g}")
        return self


class Parameters(BaseModel):
    """Parameters of the firm-ground criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_share: Limits = Field(description="Largest share of each hazard that a tier admits.")
    min_volcano_km: PerTier = Field(
        description="Least distance to a volcano under constant watch, in km."
    )
    score_zero_share: ScoreZero = Field(description="Share of each hazard that scores 0.")
    volcano_zero_km: float = Field(ge=0, description="Distance to a volcano that scores 0, in km.")
    volcano_one_km: float = Field(gt=0, description="Distance to a volcano that scores 1, in km.")
    score_parts: ScoreParts = Field(description="Part of each hazard in the score.")


#: Inside the class the name `Parameters` is the criterion's attribute.
_Parameters = Parameters


class FirmGround:
    """The firm-ground criterion; see the module's text."""

    name = "firm_ground"
    rank = 30
    title_en = "Firm ground (hazards of the site itself)"
    title_ja = "地盤・立地の安全性"
    policy_lines = ("B2",)
    Parameters = Parameters
    rules = (
        Rule(
            "own_site_hazard",
            "the site's own hazards stay within limits",
            "立地そのものの災害リスクが上限以下",
            "hub",
            ("criteria.firm_ground.max_share", "criteria.firm_ground.min_volcano_km"),
            ("B2",),
            per="per hub",
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure shares of hazards (0..1) of the municipality, and km to the nearest volcano.

        Where no figure is published (shaking at Futaba) the share is that of the worst
        municipality of the prefecture.
        """
        code = sites["municipality_code"].to_numpy()
        measured: dict[str, NDArray[np.generic]] = {}
        for column, source, _, _, table in HAZARDS.values():
            share = atlas.table(table)[source].astype(float) / 100.0
            worst = share.groupby(share.index.str[:2]).transform("max")
            measured[column] = share.fillna(worst).reindex(code).to_numpy()
        volcanoes = _watched(atlas)
        index, km = nearest(
            sites["lat_deg"].to_numpy(),
            sites["lon_deg"].to_numpy(),
            volcanoes["lat_deg"].to_numpy(),
            volcanoes["lon_deg"].to_numpy(),
        )
        measured[_VOLCANO_KM] = km.ravel()
        measured["nearest_volcano_id"] = volcanoes.index.to_numpy()[index.ravel()]
        return pd.DataFrame(measured, index=sites.index)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the hazards between the scenario's anchors, as a weighted mean."""
        shares = {name: sites[HAZARDS[name][0]].to_numpy(dtype=float) for name in HAZARDS}
        score = _score(shares, sites[_VOLCANO_KM].to_numpy(dtype=float), self._own(scenario))
        return pd.Series(score, index=sites.index, name=self.name)

    def _own(self, scenario: Scenario) -> _Parameters:
        own: _Parameters = scenario.criteria[self.name]
        return own

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Keep out sites with a hazard beyond the tier's limit."""
        own = self._own(scenario)
        beyond = np.zeros((len(sites), len(TIERS)), dtype=bool)
        for number, tier in enumerate(TIERS):
            for name, (column, *_) in HAZARDS.items():
                limit = getattr(own.max_share, name)[tier]
                beyond[:, number] |= sites[column].to_numpy() > limit
            beyond[:, number] |= sites[_VOLCANO_KM].to_numpy() < own.min_volcano_km[tier]
        return (
            Admission(
                "own_site_hazard", beyond.astype(float), "a hazard of the site beyond its limit"
            ),
        )

    def constrain(self, program: Program) -> None:
        """Add no rows: admission already says it all."""

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load on firm ground: ``sum(it_load_mw * score) / total``."""
        score = self.site_score(program.sites, program.scenario).to_numpy(dtype=np.float64)
        terms = program.load_terms(
            np.repeat(score[:, None] / program.total_it_load_mw, len(program.tiers), axis=1)
        )
        return (ScoreTerm("firm_ground_score", program.scenario.weights[self.name], terms),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Look up each hub's hazards anew, and measure every volcano."""
        own = self._own(scenario)
        shares = {name: _looked_up(hubs, atlas, name) for name in HAZARDS}
        volcanoes = _watched(atlas)
        all_km = geodesic_km(
            hubs["lat_deg"].to_numpy()[:, None],
            hubs["lon_deg"].to_numpy()[:, None],
            volcanoes["lat_deg"].to_numpy()[None, :],
            volcanoes["lon_deg"].to_numpy()[None, :],
        )
        volcano_km = all_km.min(axis=1)
        names = volcanoes.iloc[all_km.argmin(axis=1)]
        score = _score(shares, volcano_km, own)
        load = hubs["it_load_mw"].to_numpy(dtype=float)
        total = scenario.total_new_it_load_mw
        measures = [
            Measure(
                self.name,
                "firm_ground_score",
                "firmness of the ground (score of five hazards), MW-weighted mean",
                "地盤・立地の安全性（5種の災害の評点、MW加重平均）",
                float((load * score).sum() / load.sum()),
                "score",
                float((load * score).sum() / total),
                scenario.weights[self.name],
            )
        ]
        measures += [
            Measure(
                self.name,
                HAZARDS[name][0],
                f"{HAZARDS[name][2]}, MW-weighted mean",
                f"{HAZARDS[name][3]}（MW加重平均）",
                float((load * share).sum() / load.sum()),
                "share",
                None,
                0.0,
            )
            for name, share in shares.items()
        ]
        values: dict[str, tuple[CriterionValue, ...]] = {}
        for number, site in enumerate(map(str, hubs.index)):
            ja = names["jma_name_ja"].iloc[number]
            en = names["name_en"].iloc[number]
            values[site] = (
                *(
                    CriterionValue(
                        self.name,
                        HAZARDS[name][0],
                        HAZARDS[name][2],
                        HAZARDS[name][3],
                        float(share[number]),
                        "share",
                        None,
                        HAZARDS[name][4],
                    )
                    for name, share in shares.items()
                ),
                CriterionValue(
                    self.name,
                    _VOLCANO_KM,
                    f"nearest volcano under constant watch ({en})",
                    f"最寄りの常時観測火山（{ja if isinstance(ja, str) else en}）",
                    float(volcano_km[number]),
                    "km",
                    float(score[number]),
                    "volcanoes",
                ),
            )
        return Evaluation(tuple(measures), _breaches(hubs, shares, volcano_km, own), values)


def _watched(atlas: Atlas) -> pd.DataFrame:
    volcanoes = atlas.table("volcanoes")
    return volcanoes[volcanoes["jma_watched"].astype(bool)]


def _score(
    shares: dict[str, NDArray[np.float64]], volcano_km: NDArray[np.float64], own: Parameters
) -> NDArray[np.float64]:
    parts = own.score_parts
    score = parts.volcano * linear_score(volcano_km, own.volcano_zero_km, own.volcano_one_km)
    for name, share in shares.items():
        zero = getattr(own.score_zero_share, name)
        score = score + getattr(parts, name) * linear_score(share, zero, 0.0)
    return np.asarray(score, dtype=np.float64)


def _looked_up(hubs: pd.DataFrame, atlas: Atlas, name: str) -> NDArray[np.float64]:
    """Return a hazard's share at each hub, row by row."""
    _, column, _, _, table = HAZARDS[name]
    frame = atlas.table(table)
    found: list[float] = []
    for code in hubs["municipality_code"]:
        value = frame[column].get(code, np.nan)
        if pd.isna(value):
            value = frame[column][[c[:2] == code[:2] for c in frame.index]].max()
        found.append(float(value) / 100.0)
    return np.array(found)


def _breaches(
    hubs: pd.DataFrame,
    shares: dict[str, NDArray[np.float64]],
    volcano_km: NDArray[np.float64],
    own: Parameters,
) -> tuple[Breach, ...]:
    """Return one breach for each hub beyond a limit, naming every hazard concerned."""
    breaches: list[Breach] = []
    for number, (site, tier) in enumerate(hubs["tier"].items()):
        en: list[str] = []
        ja: list[str] = []
        for name, share in shares.items():
            limit = getattr(own.max_share, name)[tier]
            if share[number] > limit:
                en.append(f"{HAZARDS[name][2]} {share[number]:.1%} (limit {limit:.0%})")
                ja.append(f"{HAZARDS[name][3]}{share[number]:.1%}（上限{limit:.0%}）")
        least_km = own.min_volcano_km[tier]
        if volcano_km[number] < least_km:
            en.append(f"volcano at {volcano_km[number]:.1f} km (least {least_km:g} km)")
            ja.append(f"火山まで{volcano_km[number]:.1f} km（下限{least_km:g} km）")
        if en:
            breaches.append(
                Breach(
                    "own_site_hazard",
                    1.0,
                    (str(site),),
                    f"{site}: {', '.join(en)}",
                    f"{site}: {'、'.join(ja)}",
                )
            )
    return tuple(breaches)


CRITERION = FirmGround()
