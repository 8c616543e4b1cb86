"""The points load can be taken from, with the megawatts each bears and who says so.

A map knows a voltage and no megawatts. So a point bears what its class of voltage is assumed to,
never more than its transformers where their whole is published, and what its operator publishes for
it where there is a welcome zone. What a user knows better replaces all of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import PerTier
from dcsite.scenario.schema import Section
from dcsite.sites import NO_LANDMASS, landmass_of, landmasses

from .substation_files import take_headroom, with_own_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dcsite.atlas import Atlas

#: Lowest voltage of each class, in kV: 60-77, 100-154, 187-275 and 500 kV.
CLASSES_KV: tuple[float, ...] = (60.0, 100.0, 187.0, 500.0)
#: Points from here on are counted against residents, to tell where mapping is thin, in kV.
THIN_KV = 100.0
_ASSUMED = ("assumed for its voltage class", "電圧階級ごとの想定")

Mw = Annotated[float, Field(ge=0)]


class ClassCapacity(Section):
    """Capacity at the grid of one connection point by voltage class, in MW."""

    kv60: Mw
    """60 to 77 kV."""
    kv100: Mw
    """100 to 154 kV."""
    kv187: Mw
    """187 to 275 kV."""
    kv500: Mw
    """500 kV."""

    def of(self, voltage_kv: ArrayLike) -> NDArray[np.float64]:
        """Return the capacity of points by their highest voltage, in MW."""
        by_class = np.array([self.kv60, self.kv100, self.kv187, self.kv500])
        return by_class[np.searchsorted(CLASSES_KV, np.asarray(voltage_kv), side="right") - 1]


class Parameters(Section):
    """Parameters of the substation criterion."""

    class_capacity_mw: ClassCapacity
    """Capacity at the grid of one point where nobody states it, in MW by class of voltage."""
    headroom_end: Literal["low", "high"]
    """Which end of a stated range of capacity counts."""
    substations_file: str
    """A user's file that adds, corrects and forbids points; empty for none."""
    headroom_file: str
    """A user's file of what points can bear; empty for none."""
    thin_residents_per_point: Annotated[float, Field(gt=0)]
    """Residents within `thin_within_km` for each mapped point of 100 kV or more from which on the
    mapping is thin, and a distance not known."""
    thin_within_km: Annotated[float, Field(gt=0, le=100)]
    """Radius in which residents and points are counted, in km."""
    unknown_distance_km: Annotated[float, Field(ge=0)]
    """Distance that is assumed where it is not known, in km."""
    min_voltage_kv: PerTier
    """Lowest substation voltage that fits the tier, in kV."""
    max_distance_km: PerTier
    """Farthest a fitting substation may stand from the site, in km."""
    guessed_voltage: tuple[Literal["core", "large", "regional"], ...]
    """Tiers that may connect where the voltage is guessed or the node has no name."""
    route_factor: Annotated[float, Field(ge=1, le=3)]
    """Length of a connection along its route over the straight line."""
    score_zero_km: Annotated[float, Field(gt=0)]
    """Distance that scores 0, in km."""
    score_one_km: Annotated[float, Field(ge=0)]
    """Distance that scores 1, in km."""


def points_of(atlas: Atlas, own: Parameters) -> pd.DataFrame:
    """List every point that load can be taken from and that bears any.

    Returns
    -------
    pandas.DataFrame
        By `substation_id`: `lat_deg`, `lon_deg`, `voltage_kv`, `name_ja`, `name_en`, `connection`
        (``any`` or ``regional_only``), `source` (the map, or the user's file), `landmass_id`,
        `capacity_mw` at the grid, `known_en` and `known_ja` (who says so), `stated` (whether its
        operator or the user does), `lead_time_years` (NaN: not known). Not to be changed.

    Raises
    ------
    SubstationsError
        If a user's file is not as it must be.
    """
    if own.substations_file or own.headroom_file:  # they may have changed since they were read
        return _points(atlas, own)
    return atlas.kept("connection points", own.model_dump_json(), lambda: _points(atlas, own))


def _points(atlas: Atlas, own: Parameters) -> pd.DataFrame:
    points = pd.DataFrame(atlas.substations().drop(columns="geometry")).assign(
        source="OpenStreetMap"
    )
    if own.substations_file:
        points = with_own_points(points, own.substations_file)
    points = points[points["connection"] != "none"].copy()
    points["landmass_id"] = landmass_of(points["lat_deg"], points["lon_deg"], landmasses(atlas))
    points["capacity_mw"] = own.class_capacity_mw.of(points["voltage_kv"])
    points["known_en"], points["known_ja"] = _ASSUMED
    points["lead_time_years"] = np.nan
    points["stated"] = False
    _bound_by_transformers(points, atlas)
    _take_welcome_zones(points, atlas, own.headroom_end)
    if own.headroom_file:
        take_headroom(points, own.headroom_file, own.headroom_end)
    return points[(points["capacity_mw"] > 0.0) & (points["landmass_id"] != NO_LANDMASS)]


def residents_of(atlas: Atlas) -> pd.DataFrame:
    """List the municipalities' residents at their offices, with their land bodies."""
    towns = atlas.table("municipalities")
    towns = towns.rename(columns={"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"})
    body = landmass_of(towns["lat_deg"], towns["lon_deg"], landmasses(atlas))
    return towns[["lat_deg", "lon_deg", "population_2020"]].assign(landmass_id=body)


def _bound_by_transformers(points: pd.DataFrame, atlas: Atlas) -> None:
    """Let no point bear more than its transformers, where all of a site's are published as one sum.

    Banks counted alone are left aside: a site may have others. MVA count as MW, the upper end.
    """
    banks = atlas.table("substation_transformers").reset_index()
    whole = banks[(banks["scope"] == "whole_site") & (banks["status"] == "existing")]
    mva = whole.dropna(subset="substation_id").groupby("substation_id")["total_mva"].max()
    mva = mva[mva.index.isin(points.index)]
    less = mva < points.loc[mva.index, "capacity_mw"]
    said = mva.map("{:,.0f} MVA".format)
    points.loc[mva.index, "known_en"] = (f"{_ASSUMED[0]}, " + said + " of transformers").mask(
        less, said + " of transformers, an upper limit"
    )
    points.loc[mva.index, "known_ja"] = (f"{_ASSUMED[1]}、変圧器容量" + said).mask(
        less, "変圧器容量" + said + "（上限）"
    )
    points.loc[mva.index[less], "capacity_mw"] = mva[less]


def _take_welcome_zones(points: pd.DataFrame, atlas: Atlas, end: str) -> None:
    """Take what operators publish as supply for large demand at a named substation."""
    zones = atlas.table("demand_connection_zones").reset_index()
    zones = zones[zones["kind"] == "welcome_zone_substation"].dropna(subset="supply_low_mw")
    for zone in zones.to_dict("records"):
        here = points.index[
            (points["area"] == zone["electricity_area"])
            & (points["name_ja"] == zone["substation_ja"])
            & (points["voltage_kv"] >= float(zone["voltage_kv"]))
        ]
        columns = ["capacity_mw", "known_en", "known_ja", "lead_time_years", "stated"]
        points.loc[here, columns] = (
            float(zone[f"supply_{end}_mw"]),
            f"the operator's welcome zone at {zone['voltage_kv']} kV, {zone['as_of']}",
            f"事業者のウェルカムゾーン（{zone['voltage_kv']} kV、{zone['as_of']}）",
            float(zone["lead_time_years_min"]),
            True,
        )
