"""Renewables: the share of the hubs' energy from additional supply, and supply close to the hub.

The strategy counts only renewables with additionality: supply at the place, self-consumption or
long-term contract (B8). A hub's yearly energy is ``it_load_mw * load factor * PUE * 8,760 h``.
Each area's contractable additional supply may be used there or sent over the interconnectors, of
which only a stated share of the yearly energy is open to such contracts. The decarbonised share
of the area's grid (with nuclear units running) is reported beside it and never mixed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import linprog

from dcsite.atlas.geodesy import geodesic_km, to_ecef_km

from .base import Breach, Evaluation, Program, Rule, ScoreTerm, linear_score
from .measures import CriterionValue, Measure
from .renewable_supply import SOURCES, AdditionalSupply, additional_supply, decarbonised_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

    from .base import Admission, Terms

__all__ = ["CRITERION", "Parameters", "Renewables", "delivered_share_by_area", "links_gwh"]

_HOURS_PER_YEAR = 8760.0
_EARTH_RADIUS_KM = 6371.0088  # mean radius (IUGG)
_SOURCE = (
    "solar_fit_by_municipality, wind_farms, offshore_wind_zones, area_annual_energy, "
    "interconnectors"
)


class Parameters(BaseModel):
    """Parameters of the renewables criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_year: int = Field(
        ge=2023, le=2060, description="Year up to whose end additional supply is counted."
    )
    contractable_share: float = Field(
        ge=0, le=1, description="Share of additional supply that data centres can contract."
    )
    onshore_wind_capacity_factor: float = Field(
        gt=0, le=1, description="Yearly mean output over capacity, onshore wind."
    )
    offshore_wind_capacity_factor: float = Field(
        gt=0, le=1, description="Yearly mean output over capacity, offshore wind."
    )
    interconnector_energy_share: float = Field(
        ge=0,
        le=1,
        description="Share of an interconnector's yearly energy open to such contracts.",
    )
    min_share: float = Field(
        ge=0, le=1, description="Least share of the hubs' yearly energy from additional supply."
    )
    local_decay_km: float = Field(
        gt=0, le=500, description="Distance at which local supply counts 1/e, in km."
    )
    local_share_of_weight: float = Field(
        ge=0, le=1, description="Part of the criterion's weight given to supply close to the hub."
    )
    local_zero_gwh: float = Field(
        ge=0, description="Local additional supply that scores 0, in GWh a year."
    )
    local_one_gwh: float = Field(
        gt=0, description="Local additional supply that scores 1, in GWh a year."
    )


def _supply(atlas: Atlas, own: _Parameters) -> AdditionalSupply:
    return additional_supply(
        atlas,
        horizon_year=own.horizon_year,
        onshore_wind_capacity_factor=own.onshore_wind_capacity_factor,
        offshore_wind_capacity_factor=own.offshore_wind_capacity_factor,
    )


def _energy_gwh_per_mw(scenario: Scenario) -> float:
    return scenario.demand.load_factor * scenario.demand.pue * _HOURS_PER_YEAR / 1000.0


def links_gwh(atlas: Atlas, energy_share: float) -> pd.DataFrame:
    """List directed links between areas with the energy open to contracts.

    Parameters
    ----------
    atlas : Atlas
        What is known; the usual (median) operating capacity is taken.
    energy_share : float
        Share of ``capacity * 8,760 h`` that is open.

    Returns
    -------
    pandas.DataFrame
        `from_area`, `to_area`, `limit_gwh`, one row per direction with a limit above zero.
    """
    table = atlas.power.interconnectors()
    factor = energy_share * _HOURS_PER_YEAR / 1000.0
    forth = pd.DataFrame(
        {
            "from_area": table["from_area"],
            "to_area": table["to_area"],
            "limit_gwh": table["capacity_from_to_median_mw"] * factor,
        }
    )
    back = pd.DataFrame(
        {
            "from_area": table["to_area"],
            "to_area": table["from_area"],
            "limit_gwh": table["capacity_to_from_median_mw"] * factor,
        }
    )
    both = pd.concat([forth, back], ignore_index=True)
    return both[both["limit_gwh"] > 0.0].reset_index(drop=True)


#: Inside the class the name `Parameters` is the criterion's attribute.
_Parameters = Parameters


class Renewables:
    """The renewables criterion; see the module's text."""

    name = "renewables"
    title_en = "Additional renewables"
    title_ja = "追加性のある再エネ"
    policy_lines = ("B7", "B8", "A11", "F7")
    Parameters = Parameters
    rules = (
        Rule(
            "renewable_share",
            "enough of the hubs' energy comes from additional renewables",
            "追加性のある再エネの割合を満たす",
            "share",
            ("criteria.renewables.min_share", "criteria.renewables.contractable_share"),
            ("B8",),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure local additional supply: every located GWh times ``exp(-distance / decay)``.

        Distances here are chords of the ellipsoid, bent to the arc of a sphere (within 0.001 % of
        the geodesic over Japan), which allows one matrix product for all sites.
        """
        own: _Parameters = scenario.criteria[self.name]
        supply = _supply(atlas, own)
        located = supply.located_gwh
        there = to_ecef_km(located["lat_deg"].to_numpy(), located["lon_deg"].to_numpy())
        here = to_ecef_km(sites["lat_deg"].to_numpy(), sites["lon_deg"].to_numpy())
        energy = located["energy_gwh"].to_numpy()
        local = np.empty(len(sites))
        for start in range(0, len(sites), 2048):
            block = here[start : start + 2048]
            squared = (
                (block**2).sum(axis=1)[:, None]
                + (there**2).sum(axis=1)[None, :]
                - 2.0 * block @ there.T
            )
            half_angle = np.sqrt(np.maximum(squared, 0.0)) / (2.0 * _EARTH_RADIUS_KM)
            distance_km = 2.0 * _EARTH_RADIUS_KM * np.arcsin(np.minimum(half_angle, 1.0))
            local[start : start + 2048] = np.exp(-distance_km / own.local_decay_km) @ energy
        area_gwh = supply.by_area_gwh.sum(axis=1) * own.contractable_share
        return pd.DataFrame(
            {
                "local_renewable_gwh": local,
                "area_contractable_gwh": sites["area"].map(area_gwh).to_numpy(dtype=float),
                "area_decarbonised_share": sites["area"]
                .map(decarbonised_share(atlas))
                .to_numpy(dtype=float),
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score local additional supply between the scenario's anchors."""
        own: _Parameters = scenario.criteria[self.name]
        score = linear_score(sites["local_renewable_gwh"], own.local_zero_gwh, own.local_one_gwh)
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Keep no site out: supply is shared by a whole area."""
        return ()

    def _delivered(self, program: Program) -> Terms:
        """Return ``sum(delivered[a])``, in shares of all hubs' yearly energy."""
        areas = program.atlas.power.electricity_areas().index
        return [(program.variable(f"renewable_delivered_{area}"), 1.0) for area in areas]

    def constrain(self, program: Program) -> None:
        """Balance each area: own supply used plus imports less exports is what hubs there get.

        ``delivered[a] <= energy of the hubs in a``;
        ``delivered[a] = used[a] + sum(flow into a) - sum(flow out of a)``;
        ``used[a, source] <= contractable supply``; flows within the interconnectors' open energy;
        ``sum(delivered) >= min_share`` of all hubs' energy (rule ``renewable_share``).
        """
        own: _Parameters = program.scenario.criteria[self.name]
        areas = list(program.atlas.power.electricity_areas().index)
        scale = 1.0 / (_energy_gwh_per_mw(program.scenario) * program.total_it_load_mw)
        supply = _supply(program.atlas, own).by_area_gwh * (own.contractable_share * scale)
        links = links_gwh(program.atlas, own.interconnector_energy_share)
        flows = [
            program.continuous(f"renewable_flow_{a}_{b}", 0.0, limit * scale)
            for a, b, limit in links.itertuples(index=False)
        ]
        for area in areas:
            delivered = program.continuous(f"renewable_delivered_{area}", 0.0, 1.0)
            here = (program.sites["area"] == area).to_numpy(dtype=float)
            energy = np.repeat(here[:, None] / program.total_it_load_mw, len(program.tiers), axis=1)
            program.row(
                f"renewable_within_load_{area}",
                [(delivered, 1.0), *((v, -c) for v, c in program.load_terms(energy))],
                "<=",
                0.0,
            )
            used = [
                program.continuous(
                    f"renewable_used_{area}_{source}", 0.0, float(supply.loc[area, source])
                )
                for source in SOURCES
            ]
            into = [
                (flow, 1.0) for flow, b in zip(flows, links["to_area"], strict=True) if b == area
            ]
            out = [
                (flow, -1.0) for flow, a in zip(flows, links["from_area"], strict=True) if a == area
            ]
            program.row(
                f"renewable_balance_{area}",
                [*((variable, 1.0) for variable in used), *into, *out, (delivered, -1.0)],
                "==",
                0.0,
            )
        program.row(
            "renewable_share",
            self._delivered(program),
            ">=",
            own.min_share,
            rule="renewable_share",
            slack_up=1.0,
        )

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward the additional share of all energy, and load close to additional supply."""
        own: _Parameters = program.scenario.criteria[self.name]
        weight, part = program.scenario.weights[self.name], own.local_share_of_weight
        local = self.site_score(program.sites, program.scenario).to_numpy()
        share = np.repeat(local[:, None] / program.total_it_load_mw, len(program.tiers), axis=1)
        return (
            ScoreTerm(
                "additional_renewable_share", weight * (1.0 - part), self._delivered(program)
            ),
            ScoreTerm("local_renewable_gwh", weight * part, program.load_terms(share)),
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find by a small linear program of its own what share can be delivered to these hubs."""
        own: _Parameters = scenario.criteria[self.name]
        supply = _supply(atlas, own)
        total_gwh = scenario.total_new_it_load_mw * _energy_gwh_per_mw(scenario)
        energy_gwh = hubs["it_load_mw"].groupby(hubs["area"]).sum() * _energy_gwh_per_mw(scenario)
        shares = delivered_share_by_area(
            energy_gwh,
            supply.by_area_gwh.sum(axis=1) * own.contractable_share,
            links_gwh(atlas, own.interconnector_energy_share),
        )
        delivered = float((shares * energy_gwh).sum() / total_gwh)
        decarbonised = decarbonised_share(atlas)
        located = supply.located_gwh
        away_km = geodesic_km(
            hubs["lat_deg"].to_numpy()[:, None],
            hubs["lon_deg"].to_numpy()[:, None],
            located["lat_deg"].to_numpy()[None, :],
            located["lon_deg"].to_numpy()[None, :],
        )
        local = (np.exp(-away_km / own.local_decay_km) * located["energy_gwh"].to_numpy()).sum(
            axis=1
        )
        score = linear_score(local, own.local_zero_gwh, own.local_one_gwh)
        load = hubs["it_load_mw"].to_numpy()
        grid = hubs["area"].map(decarbonised).to_numpy(dtype=float)
        known = np.isfinite(grid)
        weight, part = scenario.weights[self.name], own.local_share_of_weight
        measures = (
            Measure(
                self.name,
                "additional_renewable_share",
                "share of yearly energy from additional renewables",
                "年間電力量に占める追加性のある再エネの割合",
                delivered,
                "share",
                delivered,
                weight * (1.0 - part),
            ),
            Measure(
                self.name,
                "local_renewable_gwh",
                f"additional supply around the hub (decay {own.local_decay_km:g} km), MW-weighted",
                f"拠点周辺の追加再エネ（減衰{own.local_decay_km:g} km、MW加重平均）",
                float((load * local).sum() / load.sum()),
                "GWh/year",
                float((load * score).sum() / scenario.total_new_it_load_mw),
                weight * part,
            ),
            Measure(
                self.name,
                "decarbonised_share",
                "decarbonised share of the areas' grid, nuclear running in 2026 included "
                "(reported only)",
                "エリア系統の脱炭素電源比率（2026年稼働原子力を含む・参考）",
                float((load * grid)[known].sum() / load[known].sum()) if known.any() else np.nan,
                "share",
                None,
                0.0,
            ),
        )
        breaches: tuple[Breach, ...] = ()
        if delivered < own.min_share:
            breaches = (
                Breach(
                    "renewable_share",
                    own.min_share - delivered,
                    (),
                    f"additional renewables reach {delivered:.1%} of yearly energy, "
                    f"{own.min_share:.1%} wanted",
                    f"追加性のある再エネは{delivered:.1%}（必要{own.min_share:.1%}）",
                ),
            )
        values = {
            str(site): self._hub_values(float(shares.get(area, 0.0)), gwh, points, float(clean))
            for site, area, gwh, points, clean in zip(
                hubs.index, hubs["area"], local, score, grid, strict=True
            )
        }
        return Evaluation(measures, breaches, values)

    def _hub_values(
        self, share: float, local_gwh: float, score: float, grid: float
    ) -> tuple[CriterionValue, ...]:
        return (
            CriterionValue(
                self.name,
                "renewable_share",
                "additional renewables in the hub's energy (of its electricity area)",
                "拠点電力に占める追加性のある再エネ（エリア単位）",
                share,
                "share",
                share,
                _SOURCE,
            ),
            CriterionValue(
                self.name,
                "local_renewable_gwh",
                "additional supply around the hub",
                "拠点周辺の追加再エネ",
                float(local_gwh),
                "GWh/year",
                float(score),
                _SOURCE,
            ),
            CriterionValue(
                self.name,
                "decarbonised_share",
                "decarbonised share of the area's grid (reported only)",
                "エリア系統の脱炭素電源比率（参考）",
                grid,
                "share",
                None,
                "area_annual_energy, nuclear_units_operation_2026",
            ),
        )


def delivered_share_by_area(
    energy_gwh: pd.Series[float], supply_gwh: pd.Series[float], links: pd.DataFrame
) -> pd.Series[float]:
    """Find the largest delivery of contracted supply, own area first, then fewest GWh moved.

    Parameters
    ----------
    energy_gwh : pandas.Series
        Yearly energy of the hubs by area, in GWh.
    supply_gwh : pandas.Series
        Contractable supply by area, in GWh; its index lists all areas.
    links : pandas.DataFrame
        As returned by :func:`links_gwh`.

    Returns
    -------
    pandas.Series
        Delivered share of the hubs' energy, 0..1, for each area with hubs.
    """
    areas = list(supply_gwh.index)
    need = energy_gwh.reindex(areas).fillna(0.0).to_numpy()
    count = len(areas)
    place = {area: number for number, area in enumerate(areas)}
    # Columns: used[a], delivered[a], flow[l]; a link costs a little, so nothing moves in vain.
    balance = np.zeros((count, 2 * count + len(links)))
    balance[:, :count] = np.eye(count)
    balance[:, count : 2 * count] = -np.eye(count)
    for number, (origin, target) in enumerate(
        zip(links["from_area"], links["to_area"], strict=True)
    ):
        balance[place[origin], 2 * count + number] = -1.0
        balance[place[target], 2 * count + number] = 1.0
    cost = np.concatenate([np.zeros(count), -np.ones(count), np.full(len(links), 1e-6)])
    bounds = [
        *((0.0, float(limit)) for limit in supply_gwh),
        *((0.0, float(limit)) for limit in need),
        *((0.0, float(limit)) for limit in links["limit_gwh"]),
    ]
    result = linprog(cost, A_eq=balance, b_eq=np.zeros(count), bounds=bounds, method="highs")
    delivered: NDArray[np.float64] = result.x[count : 2 * count]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(need > 0.0, delivered / need, 0.0)
    return pd.Series(np.clip(share, 0.0, 1.0), index=areas).loc[energy_gwh.index]


CRITERION = Renewables()
