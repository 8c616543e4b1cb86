"""Firm ground: what threatens a site by itself, whatever befalls the others.

The strategy notes that data centres stand on firm ground (B2). Tables say how firm, for the whole
municipality and not for a parcel, and what they give is shown as such: the probability of shaking
of 6-lower or more in 30 years (J-SHIS, at the centre of population); how much of the gentle land
is soft lowland with an S-wave velocity (AVS30) below 230 m/s; the shares of residents in zones of
deep flood, tsunami and landslide; and the distance to the nearest volcano under constant watch.
Grid squares and a user's points share their municipality's values.

Where a user's map of flood, tsunami or landslide (`hazards_file`) covers her point or polygon, the
share is that of its own ground (0 or 1 at a point), and is shown as the site's.

A hub chooses its parcel, so ground counts by the share of the gentle land that is soft, and
mountains help nobody: 16 % of Kochi is soft, but 39 % of what can be built on. Lowland alone would
call the gravel floors of mountain valleys soft, AVS30 alone the loam terraces of Saitama: both must
hold. The tables give shares of each, so that of both is at most the lesser; all of it is taken to
be gentle. No national table of liquefaction is published; this share stands in for it and says so.

Unknown is not zero: a municipality without any resident in zones of flood from 0.5 m has no map of
them, so its deep flood is not known. What is not known earns no score and is refused by no limit.
Zones of tsunami and landslide are published by every prefecture concerned: none there is zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import shapely
from pydantic import Field, model_validator

from dcsite.contract import (
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
from dcsite.geo.geodesy import all_km, nearest
from dcsite.hazards import hazard_files, measure_polygons, read_polygons, site_ground
from dcsite.hazards.settings import Part
from dcsite.scenario.schema import Positive, Section
from dcsite.sites.reader import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards.polygons import ZonePolygons
    from dcsite.scenario import Scenario

_GROUND, _GENTLE = "seismic_hazard_by_municipality", "gentle_land_by_municipality"
_ZONES = "flood_tsunami_landslide_by_municipality"
#: Hazards by name.
HAZARDS = {
    "strong_shaking": Quantity(
        "strong_shaking_30y_share",
        "share",
        "probability of 6-lower or more in 30 years at the municipality's centre of population",
        "30年以内に震度6弱以上となる確率（自治体の人口重心）",
        _GROUND,
    ),
    "soft_ground": Quantity(
        "soft_ground_share",
        "share",
        "municipality's gentle land on soft lowland (AVS30 < 230 m/s), in place of liquefaction",
        "自治体の緩傾斜地に占める軟弱低地（AVS30 230 m/s未満）の割合（液状化の代用）",
        f"{_GROUND}, {_GENTLE}",
    ),
    "deep_flood": Quantity(
        "deep_flood_share",
        "share",
        "municipality's residents in zones of flood of 3 m or more",
        "浸水深3m以上の区域の自治体人口割合",
        _ZONES,
    ),
    "tsunami": Quantity(
        "tsunami_share",
        "share",
        "municipality's residents in tsunami zones",
        "津波浸水想定区域の自治体人口割合",
        _ZONES,
    ),
    "landslide": Quantity(
        "landslide_share",
        "share",
        "municipality's residents in landslide warning zones",
        "土砂災害警戒区域の自治体人口割合",
        _ZONES,
    ),
}
#: Shares of the land that is soft lowland, and whose AVS30 is below 230 m/s.
_SOFT = ["share_soft_lowland", "share_arv_ge_1_6"]
#: Columns of shares of residents in percent.
_OF_RESIDENTS = {
    "deep_flood": "pop_share_flood_ge_3m_pct",
    "tsunami": "pop_share_tsunami_any_pct",
    "landslide": "pop_share_landslide_warning_zone_pct",
}
_NOT_THE_PARCEL = ("not the parcel's", "敷地の値ではない")
#: The same where a user's map covers the site itself; no limit is set for storm surge.
AT_SITE = {
    "deep_flood": ("of the site in zones of flood of 3 m or more", "敷地のうち浸水深3m以上の割合"),
    "tsunami": ("of the site in tsunami zones", "敷地のうち津波浸水想定区域の割合"),
    "landslide": ("of the site in landslide warning zones", "敷地のうち土砂災害警戒区域の割合"),
    "storm_surge": ("of the site in storm surge zones", "敷地のうち高潮浸水想定区域の割合"),
}
#: Column with the name of the map by which a site was measured, empty where it was not.
_MAP = "hazards_map"
_COVERED = ("the site's own where a map of yours covers it", "利用者の地図がある敷地はその値")
VELOCITY = Quantity(
    "avs30_m_s",
    "m/s",
    "AVS30, median of the municipality",
    "AVS30（自治体の中央値）",
    _GROUND,
)
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
    "firmness of the ground (score of six hazards)",
    "地盤・立地の安全性（6種の災害の評点）",
)


class Hazard(Section):
    """How far one hazard may go, and what it is worth."""

    max_share: PerTier
    """Largest share that a tier admits; 1 admits everything."""
    score_zero_share: Annotated[float, Field(gt=0, le=1)]
    """Share that scores 0; none of it scores 1."""
    part: Part
    """Part of the score."""


class Volcano(Section):
    """How near a volcano may be, and what its distance is worth."""

    min_km: PerTier
    """Least distance to a volcano under constant watch, in km."""
    score_zero_km: Annotated[float, Field(ge=0)]
    """Distance that scores 0, in km."""
    score_one_km: Positive
    """Distance that scores 1, in km."""
    part: Part
    """Part of the score."""


class Parameters(Section):
    """Parameters of the firm-ground criterion."""

    hazards_file: str
    """A user's map of flood, tsunami, landslide and storm surge, or a folder of them; or empty."""
    strong_shaking: Hazard
    """Probability of 6-lower or more in 30 years."""
    soft_ground: Hazard
    """Share of the gentle land on soft lowland."""
    deep_flood: Hazard
    """Share of residents in zones of flood of 3 m or more."""
    tsunami: Hazard
    """Share of residents in tsunami zones."""
    landslide: Hazard
    """Share of residents in landslide warning zones."""
    volcano: Volcano
    """Nearness of a volcano."""

    @model_validator(mode="after")
    def _whole(self) -> Parameters:
        total = sum(getattr(self, name).part for name in (*HAZARDS, "volcano"))
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the six parts must add up to 1, got {total:g}")
        return self


class FirmGround(Criterion[Parameters]):
    """The firm-ground criterion; see the module's text."""

    name = "firm_ground"
    rank = 30
    title_en = "Firm ground (hazards of the site itself)"
    title_ja = "地盤・立地の安全性"
    policy_lines = ("B2",)
    Parameters = Parameters
    quantity = FIRMNESS
    file_options = {"hazards": "hazards_file"}  # noqa: RUF012  # never changed
    quantities = (*HAZARDS.values(), VOLCANO)
    rules = (
        Rule(
            "own_site_hazard",
            "the site's own hazards stay within limits",
            "立地そのものの災害リスクが上限以下",
            "hazard",
            (
                *(f"criteria.firm_ground.{hazard}.max_share" for hazard in HAZARDS),
                "criteria.firm_ground.volcano.min_km",
            ),
            ("B2",),
            per="per hub and hazard beyond its limit",
        ),
    )

    def columns(self, sites: pd.DataFrame) -> Mapping[str, Quantity]:
        """Return what columns are; a user's map may have taken the municipality's place."""
        named = dict(super().columns(sites))
        for name in _OF_RESIDENTS if _MAP in sites else ():
            column = HAZARDS[name].name
            named[column] = named[column].noted(*_COVERED)
        return named

    def input_files(self, scenario: Scenario) -> tuple[str, ...]:
        """Return all files of the user's map."""
        given = self.own(scenario).hazards_file
        return tuple(map(str, hazard_files(given))) if given else ()

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure shares of hazards (0..1; NaN: not known), and km to the nearest volcano."""
        measured = _shares(atlas).reindex(sites["municipality_code"]).set_index(sites.index)
        volcanoes = _watched(atlas)
        index, km = nearest(
            sites["lat_deg"].to_numpy(),
            sites["lon_deg"].to_numpy(),
            volcanoes["lat_deg"].to_numpy(),
            volcanoes["lon_deg"].to_numpy(),
        )
        measured[VOLCANO.name] = km
        measured["nearest_volcano_id"] = volcanoes.index.to_numpy()[index]
        if given := self.own(scenario).hazards_file:
            at_site = measure_polygons(sites, given, atlas)
            for name in _OF_RESIDENTS:
                column = HAZARDS[name].name
                measured[column] = at_site[name].fillna(measured[column])
            measured[_MAP] = np.where(at_site.notna().any(axis=1), Path(given).name, "")
        return measured

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the hazards between the scenario's anchors, as a weighted mean."""
        shares = {name: sites[one.name].to_numpy(dtype=float) for name, one in HAZARDS.items()}
        score = _score(shares, sites[VOLCANO.name].to_numpy(dtype=float), self.own(scenario))
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Count the hazards of each site beyond the limits of each tier."""
        own = self.own(scenario)
        km = sites[VOLCANO.name].to_numpy(dtype=float)
        limits = [Limit(VOLCANO, km, own.volcano.min_km.by_tier(), least=True)]
        beyond = (km[:, None] < limits[0].limit).astype(float)
        for name, hazard in HAZARDS.items():
            share = sites[hazard.name].to_numpy(dtype=float)
            limits.append(Limit(hazard, share, getattr(own, name).max_share.by_tier()))
            beyond += share[:, None] > limits[-1].limit
        reason = "a hazard of the site beyond its limit"
        return (Admission("own_site_hazard", beyond, reason, limits=tuple(limits)),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Look up each hub's hazards anew, and measure every volcano."""
        own = self.own(scenario)
        looked_up = pd.DataFrame([_looked_up(code, atlas) for code in hubs["municipality_code"]])
        drawn = read_polygons(own.hazards_file) if own.hazards_file else {}
        at_site = {name: _found_at(hubs, zones, atlas) for name, zones in drawn.items()}
        nowhere = np.full(len(hubs), np.nan)
        known = {name: ~np.isnan(at_site.get(name, nowhere)) for name in HAZARDS}
        shares = {
            name: np.where(known[name], at_site.get(name, nowhere), looked_up[name].astype(float))
            for name in HAZARDS
        }
        volcanoes = _watched(atlas)
        away_km = all_km(hubs, volcanoes)
        volcano_km = away_km.min(axis=1)
        names = volcanoes.iloc[away_km.argmin(axis=1)]
        score = _score(shares, volcano_km, own)
        found = Findings(self.name, hubs, scenario).mean(FIRMNESS, score, score)
        for name, share in shares.items():
            limit, here = found.of_tier(getattr(own, name).max_share), known[name]
            hazard = HAZARDS[name]
            found.mean(hazard.noted(*_COVERED) if here.any() else hazard, share)
            found.each(hazard, np.where(here, np.inf, share), notes=[_NOT_THE_PARCEL] * len(hubs))
            found.beyond("own_site_hazard", hazard, np.where(here, np.nan, share), limit)
            if here.any():
                at_it = _at_site(name, own)
                found.beyond("own_site_hazard", at_it, np.where(here, share, np.nan), limit)
        for name, share in at_site.items():
            found.each(_at_site(name, own), np.where(np.isnan(share), np.inf, share))
        found.each(VELOCITY, looked_up["avs30_m_s"].to_numpy(), notes=list(looked_up["range"]))
        en = names["name_en"]
        ja = names["jma_name_ja"].where(names["jma_name_ja"].map(type) == str, en)  # noqa: E721
        found.each(VOLCANO, volcano_km, score, list(zip(en, ja, strict=True)))
        least = found.of_tier(own.volcano.min_km)
        found.beyond("own_site_hazard", VOLCANO, volcano_km, least, least=True)
        return found.done()


def _at_site(name: str, own: Parameters) -> Quantity:
    """Return the quantity of a hazard of the site's own ground, which names the user's map."""
    file = shown(Path(own.hazards_file).name)
    en, ja = AT_SITE[name]
    column = HAZARDS[name].name if name in HAZARDS else f"{name}_share"
    said = Quantity(column, "share", f"share {en}", ja, file)
    return said.noted(f"at the site, by {file}", f"敷地の値、{file}による")


def _found_at(hubs: pd.DataFrame, zones: ZonePolygons, atlas: Atlas) -> NDArray[np.float64]:
    """Return the share of each hub's ground in zones, cut out one by one; NaN: not covered."""
    towns = atlas.polygons("municipality_polygons").geometry
    found = np.full(len(hubs), np.nan)
    for number, (code, ground) in enumerate(
        zip(hubs["municipality_code"], site_ground(hubs), strict=True)
    ):
        if ground is None:
            continue
        struck = shapely.intersects(zones.geometry, ground)
        covered = struck.any() or code[:2] in zones.prefectures
        shapely.prepare(towns[code])
        if covered or shapely.intersects(zones.loose, towns[code]).any():
            left = ground
            for zone in zones.geometry[struck & zones.counts]:
                left = shapely.difference(left, zone)
            area = shapely.area(ground)
            found[number] = 1.0 - shapely.area(left) / area if area else float(left.is_empty)
    return found


def _watched(atlas: Atlas) -> pd.DataFrame:
    volcanoes = atlas.table("volcanoes")
    return volcanoes[volcanoes["jma_watched"].astype(bool)]


def _score(
    shares: dict[str, NDArray[np.float64]], volcano_km: NDArray[np.float64], own: Parameters
) -> NDArray[np.float64]:
    far = own.volcano
    score = far.part * linear_score(volcano_km, far.score_zero_km, far.score_one_km)
    for name, share in shares.items():
        hazard = getattr(own, name)
        score = score + hazard.part * linear_score(share, hazard.score_zero_share, 0.0)
    return np.asarray(score, dtype=np.float64)


def _shares(atlas: Atlas) -> pd.DataFrame:
    """Return the share of each hazard by municipality, 0..1; NaN where it is not known."""
    ground, zones = atlas.table(_GROUND), atlas.table(_ZONES)
    area_ha = atlas.table("municipalities")["area_km2"] * 100.0
    gentle_ha = atlas.table(_GENTLE)["gentle_land_in_municipality_ha"]
    shares = {"strong_shaking": ground["p30_i6lower_pct"] / 100.0}
    # Meshes that are both are as many as the fewer of either at most.
    soft_ha = ground[_SOFT].min(axis=1) * area_ha
    shares["soft_ground"] = (soft_ha / np.maximum(gentle_ha, soft_ha)).fillna(0.0)
    for name, column in _OF_RESIDENTS.items():
        shares[name] = zones[column] / 100.0
    mapped = zones["pop_share_flood_ge_0_5m_pct"] > 0.0
    shares["deep_flood"] = shares["deep_flood"].where(mapped)
    return pd.DataFrame({HAZARDS[name].name: share for name, share in shares.items()})


def _looked_up(code: str, atlas: Atlas) -> dict[str, object]:
    """Return one municipality's share of each hazard, its AVS30, and how far that varies."""
    rows: list[dict[Any, Any]] = [
        atlas.table(name).loc[code].to_dict()
        for name in (_GROUND, _ZONES, _GENTLE, "municipalities")
    ]
    ground, zones, gentle, place = rows
    gentle_ha = float(gentle["gentle_land_in_municipality_ha"])
    land_ha = 100.0 * float(place["area_km2"])
    found: dict[str, object] = {"strong_shaking": ground["p30_i6lower_pct"] / 100.0}
    soft_ha = land_ha * min(ground["share_soft_lowland"], ground["share_arv_ge_1_6"])
    found["soft_ground"] = min(soft_ha / gentle_ha, 1.0) if gentle_ha else float(soft_ha > 0.0)
    for name, column in _OF_RESIDENTS.items():
        found[name] = zones[column] / 100.0
    if not zones["pop_share_flood_ge_0_5m_pct"]:
        found["deep_flood"] = np.nan
    low, high = (f"{ground[f'avs30_{part}_m_s']:.0f}" for part in ("p10", "p90"))
    found["avs30_m_s"] = float(ground["avs30_median_m_s"])
    found["range"] = (
        f"{low} to {high} m/s over eight tenths of it",
        f"8割の範囲は{low}〜{high} m/s",
    )
    return found


CRITERION = FirmGround()
