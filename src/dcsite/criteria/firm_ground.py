"""Firm ground: what threatens a site by itself, whatever befalls the others.

The strategy notes that data centres stand on firm ground (B2). Four tables say how firm: the
probability of shaking of 6-lower or more in 30 years (J-SHIS), and the shares of residents in zones
of deep flood, tsunami and landslide; and the distance to the nearest volcano under constant watch.
All are of the municipality, so grid squares and a user's points share its values. Which limits hold
and what each is worth are assumptions of the scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from dcsite.contract import (
    TIERS,
    Admission,
    Criterion,
    Evaluation,
    Findings,
    PerTier,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km, nearest
from dcsite.hazards.settings import Part
from dcsite.scenario.schema import Positive, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_ZONES = "flood_tsunami_landslide_by_municipality"
#: Hazards by name, and their columns (percent) in the tables that are their sources.
HAZARDS = {
    "strong_shaking": Quantity(
        "strong_shaking_30y_share",
        "share",
        "probability of 6-lower or more in 30 years",
        "30年以内に震度6弱以上となる確率",
        "seismic_hazard_by_municipality",
    ),
    "deep_flood": Quantity(
        "deep_flood_share",
        "share",
        "residents in zones of flood of 3 m or more",
        "浸水深3m以上の区域の人口割合",
        _ZONES,
    ),
    "tsunami": Quantity(
        "tsunami_share", "share", "residents in tsunami zones", "津波浸水想定区域の人口割合", _ZONES
    ),
    "landslide": Quantity(
        "landslide_share",
        "share",
        "residents in landslide warning zones",
        "土砂災害警戒区域の人口割合",
        _ZONES,
    ),
}
_COLUMNS = {
    "strong_shaking": "p30_i6lower_pct",
    "deep_flood": "pop_share_flood_ge_3m_pct",
    "tsunami": "pop_share_tsunami_any_pct",
    "landslide": "pop_share_landslide_warning_zone_pct",
}
VOLCANO = Quantity(
    "volcano_distance_km",
    "km",
    "distance to the nearest volcano under constant watch",
    "最寄りの常時観測火山までの距離",
    "volcanoes",
)
FIRMNESS = Quantity(
    "firm_ground_score",
    "score",
    "firmness of the ground (score of five hazards)",
    "地盤・立地の安全性（5種の災害の評点）",
)


class Limits(Section):
    """Largest share of each hazard that a tier admits; 1 admits everything."""

    strong_shaking: PerTier
    """Probability of 6-lower or more in 30 years."""
    deep_flood: PerTier
    """Share of residents in zones of flood of 3 m or more."""
    tsunami: PerTier
    """Share of residents in tsunami zones."""
    landslide: PerTier
    """Share of residents in landslide warning zones."""


class ScoreZero(Section):
    """Share of each hazard that scores 0; none of it scores 1."""

    strong_shaking: Annotated[float, Field(gt=0, le=1)]
    """Probability in 30 years."""
    deep_flood: Annotated[float, Field(gt=0, le=1)]
    """Share of residents."""
    tsunami: Annotated[float, Field(gt=0, le=1)]
    """Share of residents."""
    landslide: Annotated[float, Field(gt=0, le=1)]
    """Share of residents."""


class ScoreParts(Section):
    """Part of each hazard in the score; they add up to 1."""

    strong_shaking: Part
    """Strong shaking."""
    deep_flood: Part
    """Deep flood."""
    tsunami: Part
    """Tsunami."""
    landslide: Part
    """Landslide."""
    volcano: Part
    """Nearness of a volcano."""

    @model_validator(mode="after")
    def _whole(self) -> ScoreParts:
        total = sum(getattr(self, name) for name in type(self).model_fields)
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the five parts must add up to 1, got {total:g}")
        return self


class Parameters(Section):
    """Parameters of the firm-ground criterion."""

    max_share: Limits
    """Largest share of each hazard that a tier admits."""
    min_volcano_km: PerTier
    """Least distance to a volcano under constant watch, in km."""
    score_zero_share: ScoreZero
    """Share of each hazard that scores 0."""
    volcano_zero_km: Annotated[float, Field(ge=0)]
    """Distance to a volcano that scores 0, in km."""
    volcano_one_km: Positive
    """Distance to a volcano that scores 1, in km."""
    score_parts: ScoreParts
    """Part of each hazard in the score."""


class FirmGround(Criterion[Parameters]):
    """The firm-ground criterion; see the module's text."""

    name = "firm_ground"
    rank = 30
    title_en = "Firm ground (hazards of the site itself)"
    title_ja = "地盤・立地の安全性"
    policy_lines = ("B2",)
    Parameters = Parameters
    quantities = (*HAZARDS.values(), VOLCANO)
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
        for name, hazard in HAZARDS.items():
            share = atlas.table(hazard.source)[_COLUMNS[name]].astype(float) / 100.0
            worst = share.groupby(share.index.str[:2]).transform("max")
            measured[hazard.name] = share.fillna(worst).reindex(code).to_numpy()
        volcanoes = _watched(atlas)
        index, km = nearest(
            sites["lat_deg"].to_numpy(),
            sites["lon_deg"].to_numpy(),
            volcanoes["lat_deg"].to_numpy(),
            volcanoes["lon_deg"].to_numpy(),
        )
        measured[VOLCANO.name] = km.ravel()
        measured["nearest_volcano_id"] = volcanoes.index.to_numpy()[index.ravel()]
        return pd.DataFrame(measured, index=sites.index)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the hazards between the scenario's anchors, as a weighted mean."""
        shares = {name: sites[one.name].to_numpy(dtype=float) for name, one in HAZARDS.items()}
        score = _score(shares, sites[VOLCANO.name].to_numpy(dtype=float), self.own(scenario))
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Keep out sites with a hazard beyond the tier's limit."""
        own = self.own(scenario)
        beyond = np.zeros((len(sites), len(TIERS)), dtype=bool)
        for number, tier in enumerate(TIERS):
            for name, hazard in HAZARDS.items():
                limit = getattr(own.max_share, name)[tier]
                beyond[:, number] |= sites[hazard.name].to_numpy() > limit
            beyond[:, number] |= sites[VOLCANO.name].to_numpy() < own.min_volcano_km[tier]
        return (
            Admission(
                "own_site_hazard", beyond.astype(float), "a hazard of the site beyond its limit"
            ),
        )

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load on firm ground: ``sum(it_load_mw * score) / total``."""
        score = self.site_score(program.sites, program.scenario)
        return (self.by_load(program, FIRMNESS.in_plan, score),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Look up each hub's hazards anew, and measure every volcano."""
        own = self.own(scenario)
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
        found = Findings(self.name, hubs, scenario).mean(FIRMNESS, score, score)
        for name, share in shares.items():
            found.mean(HAZARDS[name], share).each(HAZARDS[name], share)
        en = names["name_en"]
        ja = names["jma_name_ja"].where(names["jma_name_ja"].map(type) == str, en)  # noqa: E721
        found.each(VOLCANO, volcano_km, score, list(zip(en, ja, strict=True)))
        _beyond_limits(found, shares, volcano_km, own)
        return found.done()


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
    column = _COLUMNS[name]
    frame = atlas.table(HAZARDS[name].source)
    found: list[float] = []
    for code in hubs["municipality_code"]:
        value = frame[column].get(code, np.nan)
        if pd.isna(value):
            value = frame[column][[c[:2] == code[:2] for c in frame.index]].max()
        found.append(float(value) / 100.0)
    return np.array(found)


def _beyond_limits(
    found: Findings,
    shares: dict[str, NDArray[np.float64]],
    volcano_km: NDArray[np.float64],
    own: Parameters,
) -> None:
    """Take one breach for each hub beyond a limit, naming every hazard concerned."""
    for number, (site, tier) in enumerate(found.hubs["tier"].items()):
        said = [
            (HAZARDS[name], share[number], getattr(own.max_share, name)[tier], "limit", "上限")
            for name, share in shares.items()
            if share[number] > getattr(own.max_share, name)[tier]
        ]
        if volcano_km[number] < own.min_volcano_km[tier]:
            said.append((VOLCANO, volcano_km[number], own.min_volcano_km[tier], "least", "下限"))
        if said:
            en, ja = found.place(number)
            parts_en = [f"{one.en} {one.said(x)} ({b} {one.limit(y)})" for one, x, y, b, _ in said]
            parts_ja = [f"{one.ja}{one.said(x)}（{b}{one.limit(y)}）" for one, x, y, _, b in said]
            found.breach(
                "own_site_hazard",
                1.0,
                [site],
                f"{en}: {', '.join(parts_en)}",
                f"{ja}：{'、'.join(parts_ja)}",
            )


CRITERION = FirmGround()
