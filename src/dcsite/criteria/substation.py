"""Substation: connect to a utility substation whose voltage fits the tier, near the site.

The strategy's only figure is the 60 kV of the land-use exception (E5); "near" has no number. Open
mapping of 60 to 77 kV is thin in Chubu, Kansai and Chugoku (the share of substations without a
voltage tag differs threefold by area), so the default compares at 100 kV and above. A substation
counts only on the site's own land body: an island at the end of one undersea feeder must not
borrow the mainland's grid. What counts as a substation at all is the atlas's
(`dcsite.atlas.connection`): no plant, yard, converter or office; and a voltage guessed from a
line's end, or a node without a name, carries hubs of the tiers named in `guessed_voltage` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from dcsite.contract import (
    TIERS,
    Admission,
    Criterion,
    Evaluation,
    Findings,
    Link,
    PerTier,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    linear_score,
    up_to_the_largest,
)
from dcsite.geo.geodesy import geodesic_km, nearest
from dcsite.records import Kv, Name
from dcsite.sites import NO_LANDMASS, landmass_of, landmasses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Voltage classes every site is measured for: the legal 60 kV, 100 kV where mapping is even,
#: 187 kV (the bulk grid of Hokkaido and Shikoku upwards), 220 kV, 500 kV.
VOLTAGE_CLASSES_KV: tuple[float, ...] = (60.0, 100.0, 187.0, 220.0, 500.0)

_SOURCE = "substations (OpenStreetMap, ODbL)"
DISTANCE = Quantity(
    "substation_distance_km",
    "km",
    "distance to the nearest fitting substation",
    "最寄りの適合変電所までの距離",
    _SOURCE,
)
VOLTAGE = Quantity(
    "substation_voltage_kv",
    "kV",
    "voltage of the nearest fitting substation",
    "最寄りの適合変電所の電圧",
    _SOURCE,
)


class Parameters(BaseModel):
    """Parameters of the substation criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_voltage_kv: PerTier = Field(
        description="Lowest substation voltage that fits the tier, in kV."
    )
    max_distance_km: PerTier = Field(
        description="Farthest a fitting substation may stand from the site, in km."
    )
    guessed_voltage: tuple[Literal["core", "large", "regional"], ...] = Field(
        description="Tiers that may connect where the voltage is guessed or the node has no name."
    )
    score_zero_km: float = Field(gt=0, description="Distance that scores 0, in km.")
    score_one_km: float = Field(ge=0, description="Distance that scores 1, in km.")


class SubstationLink(Link):
    """The substation a hub connects to."""

    key: ClassVar[str] = "substation"
    end_en: ClassVar[str] = "Substation"
    end_ja: ClassVar[str] = "接続変電所"

    substation_id: Name
    """Id in the table substations."""
    voltage_kv: Kv
    """Highest voltage in kV."""

    @property
    def detail(self) -> str:
        """Its voltage."""
        return f"{self.voltage_kv:g} kV"

    @property
    def end_id(self) -> str:
        """Id of the substation."""
        return self.substation_id


def column(kind: str, voltage_kv: float, *, guessed: bool = False) -> str:
    """Return the name of a measured column, such as ``substation_distance_km_100kv``.

    With `guessed`, of the one that takes in points whose voltage is guessed.
    """
    return f"substation_{kind}_{voltage_kv:g}kv{'_or_guessed' if guessed else ''}"


def _distance_columns(scenario: Scenario) -> list[str]:
    own: Parameters = scenario.criteria[CRITERION.name]
    return [
        column("distance_km", own.min_voltage_kv[tier], guessed=tier in own.guessed_voltage)
        for tier in TIERS
    ]


class Substation(Criterion[Parameters]):
    """The substation criterion; see the module's text."""

    name = "substation"
    rank = 50
    title_en = "Substation"
    title_ja = "変電所"
    policy_lines = ("E5",)
    Parameters = Parameters
    quantities = (DISTANCE, VOLTAGE)
    links = (SubstationLink,)
    rules = (
        Rule(
            "substation_reach",
            "a fitting utility substation stands within reach",
            "適合する変電所が到達距離内にある",
            "hub",
            ("criteria.substation.min_voltage_kv", "criteria.substation.max_distance_km"),
            ("E5",),
            per="per hub without a fitting substation in reach",
            gives_way=up_to_the_largest(name, "max_distance_km", _distance_columns, by=1.0),
        ),
    )

    def columns(self, sites: pd.DataFrame) -> Mapping[str, Quantity]:
        """Return what the distance to each class of voltage is."""
        named: dict[str, Quantity] = {}
        for measured in map(str, sites.columns):
            plain = measured.removesuffix("_or_guessed")
            if plain.startswith(f"{DISTANCE.name}_") and plain.endswith("kv"):
                kv = plain.removeprefix(f"{DISTANCE.name}_").removesuffix("kv")
                distance = Quantity(
                    measured,
                    "km",
                    f"distance to a substation of {kv} kV or more",
                    f"{kv} kV以上の変電所までの距離",
                    _SOURCE,
                )
                named[measured] = (
                    distance
                    if plain == measured
                    else distance.noted("guessed or unnamed too", "推定電圧・名称なしを含む")
                )
        return named

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the nearest substation of at least each voltage class on the same land body.

        Returns
        -------
        pandas.DataFrame
            For each class ``substation_distance_km_<class>kv`` (geodesic; infinite where the land
            body has none) and ``substation_id_<class>kv`` (empty there), by points of a known
            voltage; for tiers to which a guessed one is enough also ``..._or_guessed``.
        """
        own = self.own(scenario)
        asked = {(own.min_voltage_kv[tier], tier in own.guessed_voltage) for tier in TIERS}
        stations = atlas.substations()
        bodies = landmass_of(
            stations.geometry.y.to_numpy(), stations.geometry.x.to_numpy(), landmasses(atlas)
        )
        measured: dict[str, NDArray[np.generic]] = {}
        for voltage_kv, guessed in sorted(asked | {(kv, False) for kv in VOLTAGE_CLASSES_KV}):
            distance_km = np.full(len(sites), np.inf)
            station_id = np.full(len(sites), "", dtype=object)
            point = stations["connection"].isin(["any", "regional_only"] if guessed else ["any"])
            fits = (point & (stations["voltage_kv"] >= voltage_kv)).to_numpy()
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
            measured[column("distance_km", voltage_kv, guessed=guessed)] = distance_km
            measured[column("id", voltage_kv, guessed=guessed)] = station_id
        return pd.DataFrame(measured, index=sites.index)

    def _distance_km(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> NDArray[np.float64]:
        """Return the distance to what fits each tier, shape (sites, tiers)."""
        distance_km: NDArray[np.float64] = sites[_distance_columns(scenario)].to_numpy(dtype=float)
        return distance_km

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the distance to the nearest substation that fits the lowest tier."""
        own = self.own(scenario)
        distance_km = self._distance_km(sites, scenario)[:, -1]
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Leave out sites with no fitting substation within the tier's distance."""
        limit_km = self.own(scenario).max_distance_km.by_tier()
        far = (self._distance_km(sites, scenario) > limit_km).astype(float)
        return (Admission("substation_reach", far, "no fitting substation within reach"),)

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load near fitting substations: ``sum(it_load_mw * score) / total``."""
        own = self.own(program.scenario)
        distance_km = self._distance_km(program.sites, program.scenario)
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        return (self.by_load(program, DISTANCE.in_plan, score),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find each hub's nearest fitting substation anew by trying all of them."""
        own = self.own(scenario)
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
        least_kv = np.array([own.min_voltage_kv[tier] for tier in hubs["tier"]])
        limit_km = np.array([own.max_distance_km[tier] for tier in hubs["tier"]])
        sure = (stations["connection"] == "any").to_numpy()[None, :]
        guess = (stations["connection"] == "regional_only").to_numpy()[None, :]
        may_guess = hubs["tier"].isin(own.guessed_voltage).to_numpy()[:, None]
        fits = (
            (sure | (guess & may_guess))
            & (stations["voltage_kv"].to_numpy()[None, :] >= least_kv[:, None])
            & (bodies[None, :] == hubs["landmass_id"].to_numpy()[:, None])
            & (bodies != NO_LANDMASS)[None, :]
        )
        fitting_km = np.where(fits, all_km, np.inf)
        distance_km = fitting_km.min(axis=1)
        chosen = stations.iloc[fitting_km.argmin(axis=1)]
        voltage_kv = np.where(np.isfinite(distance_km), chosen["voltage_kv"], np.inf)
        score = linear_score(distance_km, own.score_zero_km, own.score_one_km)
        classes = [(f"{kv:g} kV or more", f"{kv:g} kV以上") for kv in least_kv]
        found = (
            Findings(self.name, hubs, scenario)
            .mean(DISTANCE, distance_km, score)
            .each(DISTANCE, distance_km, score)
            .each(VOLTAGE, voltage_kv)
            .beyond("substation_reach", DISTANCE, distance_km, limit_km, classes)
        )
        for number in np.flatnonzero(np.isfinite(distance_km)).tolist():
            station = chosen.iloc[number]
            found.link(
                hubs.index[number],
                SubstationLink(
                    name_ja=_text(station["name_ja"]),
                    name_en=_text(station["name_en"]),
                    distance_km=float(distance_km[number]),
                    lat_deg=float(station.geometry.y),
                    lon_deg=float(station.geometry.x),
                    substation_id=str(chosen.index[number]),
                    voltage_kv=float(station["voltage_kv"]),
                ),
            )
        return found.done()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


CRITERION = Substation()
