"""Substation: connect to a utility substation whose voltage fits the tier, near the site.

The strategy's only figure is the 60 kV of the land-use exception (E5); "near" has no number. Open
mapping of 60 to 77 kV is thin in Chubu, Kansai and Chugoku (the share of substations without a
voltage tag differs threefold by area), so the default compares at 100 kV and above. A substation
counts only on the site's own land body: an island at the end of one undersea feeder must not
borrow the mainland's grid.
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
    PerTier,
    Program,
    Rule,
    ScoreTerm,
    Step,
    largest_finite,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km, nearest
from dcsite.sites import NO_LANDMASS, landmass_of, landmasses

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Voltage classes every site is measured for: the legal 60 kV, 100 kV where mapping is even,
#: 187 kV (the bulk grid of Hokkaido and Shikoku upwards), 220 kV, 500 kV.
VOLTAGE_CLASSES_KV: tuple[float, ...] = (60.0, 100.0, 187.0, 220.0, 500.0)

_SOURCE = "substations (OpenStreetMap, ODbL)"


class Parameters(BaseModel):
    """Parameters of the substation criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_voltage_kv: PerTier = Field(
        description="Lowest substation voltage that fits the tier, in kV."
    )
    max_distance_km: PerTier = Field(
        description="Farthest a fitting substation may stand from the site, in km."
    )
    score_zero_km: float = Field(gt=0, description="Distance that scores 0, in km.")
    score_one_km: float = Field(ge=0, description="Distance that scores 1, in km.")


def column(kind: str, voltage_kv: float) -> str:
    """Return the name of a measured column, such as ``substation_distance_km_100kv``."""
    return f"substation_{kind}_{voltage_kv:g}kv"


def _farther_substation(scenario: Scenario, measured: gpd.GeoDataFrame) -> tuple[Step, ...]:
    """Let each tier reach farther, up to the farthest fitting substation any site has."""
    own: Parameters = scenario.criteria["substation"]
    far = {
        tier: largest_finite(measured[column("distance_km", own.min_voltage_kv[tier])])
        for tier in TIERS
    }
    return tuple(
        Step(f"criteria.substation.max_distance_km.{tier}", far[tier], by=1.0)
        for tier in TIERS
        if far[tier] > own.max_distance_km[tier]
    )


#: Inside the class the name `Parameters` is the criterion's attribute.
_Parameters = Parameters


class Substation:
    """The substation criterion; see the module's text."""

    name = "substation"
    rank = 50
    title_en = "Substation"
    title_ja = "変電所"
    policy_lines = ("E5",)
    Parameters = Parameters
    rules = (
        Rule(
            "substation_reach",
            "a fitting utility substation stands within reach",
            "適合する変電所が到達距離内にある",
            "hub",
            ("criteria.substation.min_voltage_kv", "criteria.substation.max_distance_km"),
            ("E5",),
            per="per hub without a fitting substation in reach",
            gives_way=_farther_substation,
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the nearest substation of at least each voltage class on the same land body.

        Returns
        -------
        pandas.DataFrame
            For each class ``substation_distance_km_<class>kv`` (geodesic; infinite where the land
            body has none) and ``substation_id_<class>kv`` (empty there).
        """
        own: _Parameters = scenario.criteria[self.name]
        asked = {own.min_voltage_kv[tier] for tier in TIERS}
        stations = atlas.substations()
        bodies = landmass_of(
            stations.geometry.y.to_numpy(), stations.geometry.x.to_numpy(), landmasses(atlas)
        )
        measured: dict[str, NDArray[np.generic]] = {}
        for voltage_kv in sorted(asked | set(VOLTAGE_CLASSES_KV)):
            distance_km = np.full(len(sites), np.inf)
            station_id = np.full(len(sites), "", dtype=object)
            fits = (stations["voltage_kv"] >= voltage_kv).to_numpy()
            for body in np.unique(bodies[fits & (bodies != NO_LANDMASS)]):
                here = np.flatnonzero((sites["landmass_id"] == body).to_numpy())
                if not len(here):
                    continue
                there = stations[fits & (bodies == body)]
                index, km = nearest(
                    sites["lat_deg"].to_numpy()[here],
                    sites["lon_deg"].to_numpy()[here],
                    there.geometry.y.to_numpy(),
                    there.geometry.x.to_numpy(),
                )
                distance_km[here] = km.ravel()
                station_id[here] = there.index.to_numpy()[index.ravel()]
            measured[column("distance_km", voltage_kv)] = distance_km
            measured[column("id", voltage_kv)] = station_id
        return pd.DataFrame(measured, index=sites.index)

    def _distance_km(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> NDArray[np.float64]:
        own: _Parameters = scenario.criteria[self.name]
        return np.column_stack(
            [sites[column("distance_km", own.min_voltage_kv[tier])].to_numpy() for tier in TIERS]
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the distance to the nearest substation that fits the lowest tier."""
        own: _Parameters = scenario.criteria[self.name]
        distance_km = self._distance_km(sites, scenario)[:, -1]
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Leave out sites with no fitting substation within the tier's distance."""
        own: _Parameters = scenario.criteria[self.name]
        limit_km = own.max_distance_km.by_tier()
        far = (self._distance_km(sites, scenario) > limit_km).astype(float)
        return (Admission("substation_reach", far, "no fitting substation within reach"),)

    def constrain(self, program: Program) -> None:
        """Add no rows: admission already says it all."""

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load near fitting substations: ``sum(it_load_mw * score) / total``."""
        own: _Parameters = program.scenario.criteria[self.name]
        score = linear_score(
            self._distance_km(program.sites, program.scenario), own.score_zero_km, own.score_one_km
        )
        weight = program.scenario.weights[self.name]
        terms = program.load_terms(score / program.total_it_load_mw)
        return (ScoreTerm("substation_distance_km", weight, terms),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find each hub's nearest fitting substation anew by trying all of them."""
        own: _Parameters = scenario.criteria[self.name]
        stations = atlas.substations()
        bodies = landmass_of(
            stations.geometry.y.to_numpy(), stations.geometry.x.to_numpy(), landmasses(atlas)
        )
        all_km = geodesic_km(
            hubs["lat_deg"].to_numpy()[:, None],
            hubs["lon_deg"].to_numpy()[:, None],
            stations.geometry.y.to_numpy()[None, :],
            stations.geometry.x.to_numpy()[None, :],
        )
        least_kv = hubs["tier"].map(lambda tier: own.min_voltage_kv[tier])
        limit_km = hubs["tier"].map(lambda tier: own.max_distance_km[tier])
        fits = (
            (stations["voltage_kv"].to_numpy()[None, :] >= least_kv.to_numpy()[:, None])
            & (bodies[None, :] == hubs["landmass_id"].to_numpy()[:, None])
            & (bodies != NO_LANDMASS)[None, :]
        )
        fitting_km = np.where(fits, all_km, np.inf)
        distance_km = fitting_km.min(axis=1)
        chosen = stations.iloc[fitting_km.argmin(axis=1)]
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        load = hubs["it_load_mw"].to_numpy()
        with np.errstate(invalid="ignore"):
            mean_km = float(np.where(load > 0, load * distance_km, 0.0).sum() / load.sum())
        measure = Measure(
            self.name,
            "substation_distance_km",
            "distance to the fitting substation, MW-weighted mean",
            "適合変電所までの距離（MW加重平均）",
            mean_km,
            "km",
            float((load * score).sum() / scenario.total_new_it_load_mw),
            scenario.weights[self.name],
        )
        breaches = tuple(
            Breach(
                "substation_reach",
                1.0,
                (site,),
                f"{site} stands {km:.1f} km from the nearest substation of {kv:g} kV or more, "
                f"{limit:g} km allowed",
                f"{site}から{kv:g} kV以上の変電所まで{km:.1f} km（上限{limit:g} km）",
            )
            for site, km, kv, limit in zip(hubs.index, distance_km, least_kv, limit_km, strict=True)
            if km > limit
        )
        values = {
            site: (
                CriterionValue(
                    self.name,
                    "substation_distance_km",
                    "fitting substation",
                    "適合変電所までの距離",
                    float(km),
                    "km",
                    float(points),
                    _SOURCE,
                ),
                CriterionValue(
                    self.name,
                    "substation_voltage_kv",
                    "its voltage",
                    "その電圧",
                    float(kv),
                    "kV",
                    None,
                    _SOURCE,
                ),
            )
            for site, km, points, kv in zip(
                hubs.index, distance_km, score, chosen["voltage_kv"], strict=True
            )
            if np.isfinite(km)
        }
        return Evaluation((measure,), breaches, values)


CRITERION = Substation()
