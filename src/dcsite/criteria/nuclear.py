"""Nuclear stations: how far the nearest stands, and in which emergency zones a hub lies.

The guide of the Nuclear Regulation Authority (原子力災害対策指針) prepares two zones about a power
station: a precautionary one (PAZ) of about 5 km, which people leave before anything is released,
and an urgent one (UPZ) of about 30 km, in which they stay indoors and leave as measured. A hub in
either loses its staff and its deliveries of fuel for as long, so each counts in a soft rule. The
table `nuclear_stations` says which stations have which zones: every site of power reactors with
fuel, operating or not, and Ohma, which is being built. The zones follow municipal borders where
they are drawn; circles stand in for them.

Weight 0 by default: the score, distance, colours the map and moves no plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field

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
from dcsite.scenario.schema import Positive, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Column of the innermost zone that a site lies in: 0 none, 1 urgent, 2 precautionary.
_ZONE = "nuclear_zone_level"
_MAY_REACH = ("; the parcel may lie in a UPZ", "、敷地はUPZに掛かりうる")
_SOURCE = "nuclear_stations, nuclear_units_operation_2026"
DISTANCE = Quantity(
    "nuclear_station_km",
    "km",
    "distance to the nearest nuclear station",
    "最寄りの原子力発電所までの距離",
    _SOURCE,
)
IN_ZONE = replace(
    DISTANCE,
    en="in an emergency zone of a nuclear station; distance to the nearest one",
    ja="原子力災害対策重点区域内、最寄りの原子力発電所までの距離",
)
IN_ZONES = Quantity(
    "nuclear_zone_load_share",
    "share",
    "new load in the emergency zones of nuclear stations",
    "原子力災害対策重点区域（PAZ・UPZ）内の新規負荷の割合",
    _SOURCE,
)


class Parameters(Section):
    """Parameters of the criterion of nuclear stations."""

    upz_counts: PerTier
    """What a hub in an urgent zone (UPZ, about 30 km) counts in the rule; 0: nothing."""
    paz_counts: PerTier
    """What a hub in a precautionary zone (PAZ, about 5 km) counts in the rule; 0: nothing."""
    score_zero_km: Annotated[float, Field(ge=0)]
    """Distance to the nearest station that scores 0, in km."""
    score_one_km: Positive
    """Distance that scores 1, in km."""


class Nuclear(Criterion[Parameters]):
    """The criterion of nuclear stations; see the module's text."""

    name = "nuclear"
    rank = 35
    title_en = "Nuclear stations near by"
    title_ja = "近隣の原子力発電所"
    Parameters = Parameters
    quantity = DISTANCE
    quantities = (DISTANCE,)
    rules = (
        Rule(
            "nuclear_zone",
            "hubs stand outside the emergency zones of nuclear stations",
            "原子力災害対策重点区域（PAZ・UPZ）の外に立地",
            "hub",
            ("criteria.nuclear.upz_counts", "criteria.nuclear.paz_counts"),
            per="per hub in an urgent zone, more in a precautionary one",
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the distance to the nearest station, and the innermost zone a site lies in."""
        least_km, level = np.full(len(sites), np.inf), np.zeros(len(sites))
        where = sites["lat_deg"].to_numpy(), sites["lon_deg"].to_numpy()
        # Of stations with the same zones the nearest decides.
        for _, alike in atlas.nuclear_stations().groupby(["paz_km", "upz_km"], dropna=False):
            _, km = nearest(*where, alike["lat_deg"].to_numpy(), alike["lon_deg"].to_numpy())
            least_km = np.minimum(least_km, km)
            level = np.maximum(level, _level(km, alike.iloc[0]["paz_km"], alike.iloc[0]["upz_km"]))
        return pd.DataFrame({DISTANCE.name: least_km, _ZONE: level}, index=sites.index)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Count sites in the zones, tier by tier."""
        own = self.own(scenario)
        counts = np.array([[0.0] * 3, own.upz_counts.by_tier(), own.paz_counts.by_tier()])
        amount = counts[sites[_ZONE].to_numpy(dtype=int)]
        km = sites[DISTANCE.name].to_numpy(dtype=float)
        inside = Limit(IN_ZONE, km, np.where(amount > 0.0, np.inf, -np.inf), least=True)
        reason = "in an emergency zone of a nuclear station"
        return (Admission("nuclear_zone", amount, reason, limits=(inside,)),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Measure every station from every hub, and name the one that matters."""
        own, found = self.own(scenario), Findings(self.name, hubs, scenario)
        stations = atlas.nuclear_stations()
        km = all_km(hubs, stations)
        level = _level(km, stations["paz_km"].to_numpy(), stations["upz_km"].to_numpy())
        # A municipality is no parcel: its hub may stand anywhere in it.
        own_km = hubs.get("uncertainty_km", pd.Series(0.0, hubs.index)).to_numpy()
        may_reach = km - own_km[:, None] <= stations["upz_km"].to_numpy()
        said = []
        for number, (site, tier) in enumerate(hubs["tier"].items()):
            near = stations.iloc[km[number].argmin()]
            # Zones overlap in Wakasa: the innermost counts, of the nearest that has it.
            at = min(range(len(stations)), key=lambda one: (-level[number, one], km[number, one]))
            station, zone = stations.iloc[at], int(level[number, at])
            tail_en, tail_ja = _MAY_REACH if may_reach[number].any() else ("", "")
            if zone:
                name = ("UPZ", "PAZ")[zone - 1]
                tail_en = f"; in the {name} of {station['name_en']}"
                tail_ja = f"、{station['name_ja']}の{name}内"
            said.append(
                (
                    f"{near['name_en']}, {near['state_en']}{tail_en}",
                    f"{near['name_ja']}、{near['state_ja']}{tail_ja}",
                )
            )
            counts = (0.0, own.upz_counts[tier], own.paz_counts[tier])[zone]
            if counts:
                (en, ja), away = found.place(number), DISTANCE.said(km[number, at])
                found.breach(
                    "nuclear_zone",
                    counts,
                    [site],
                    f"{en} stands in the {name} of the nuclear station {station['name_en']}, "
                    f"{away} away ({station['state_en']})",
                    f"{ja}は{station['name_ja']}（{station['state_ja']}）の{name}内、距離{away}",
                )
        least_km = km.min(axis=1)
        score = linear_score(least_km, own.score_zero_km, own.score_one_km)
        inside = level.max(axis=1) > 0.0
        found.mean(DISTANCE, least_km, score).each(DISTANCE, least_km, score, said)
        return found.figure(IN_ZONES, float(found.load_mw[inside].sum()) / found.total_mw).done()


def _level(
    km: NDArray[np.float64], paz_km: NDArray[np.float64], upz_km: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return 2 in the precautionary zone, 1 in the urgent one, 0 outside; NaN: no such zone."""
    return np.where(km <= paz_km, 2.0, np.where(km <= upz_km, 1.0, 0.0))


CRITERION = Nuclear()
