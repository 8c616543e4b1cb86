"""Renewables: the share of the hubs' energy from additional supply, and supply close to the hub.

The strategy counts only renewables with additionality: supply at the place, self-consumption or
long-term contract (B8). A hub's yearly energy is ``it_load_mw * load factor * PUE * 8,760 h``.
Each area's contractable additional supply may be used there or sent over the interconnectors, of
which only a stated share of the yearly energy is open to such contracts. The decarbonised share
of the area's grid (with nuclear units running) is reported beside it and never mixed in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    Bound,
    Criterion,
    Evaluation,
    Findings,
    Outlook,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    linear_score,
    load_share,
)
from dcsite.hazards.settings import Part
from dcsite.scenario.schema import Positive

from .renewable_delivery import delivered_share_by_area, links_gwh, links_mw
from .renewable_supply import (
    KINDS,
    SupplyParameters,
    additional_supply,
    decarbonised_share,
    gathered,
    gathered_exactly,
    local_demand,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

_HOURS_PER_YEAR = 8760.0
_SOURCE = (
    "solar_fit_by_municipality, wind_farms, offshore_wind_zones, area_annual_energy, "
    "interconnectors, interconnector_reinforcements"
)

RENEWABLE_SHARE = Quantity(
    "renewable_share",
    "share",
    "additional renewables in the hub's energy (of its electricity area)",
    "拠点電力に占める追加性のある再エネ（エリア単位）",
    _SOURCE,
    measure="additional_renewable_share",
    short_en="renew.",
)
LOCAL_SUPPLY = Quantity(
    "local_renewable_gwh",
    "GWh/year",
    "additional supply around the hub",
    "周辺の追加再エネ",
    _SOURCE,
)
LOCAL_RATIO = Quantity(
    "local_renewable_ratio",
    "ratio",
    "additional supply over electricity demand around the hub",
    "周辺の電力需要に対する追加再エネの比",
    _SOURCE,
)
AREA_SUPPLY = Quantity(
    "area_contractable_gwh",
    "GWh/year",
    "additional supply that can be contracted in the electricity area",
    "エリアで契約可能な追加再エネ",
    _SOURCE,
)
DECARBONISED = Quantity(
    "decarbonised_share",
    "share",
    "decarbonised share of the area's grid, nuclear running in 2026 included (reported only)",
    "エリア系統の脱炭素電源比率（2026年稼働原子力を含む・参考）",
    "area_annual_energy, nuclear_units_operation_2026",
)
AREA_DECARBONISED = replace(DECARBONISED, name="area_decarbonised_share")


class Parameters(SupplyParameters):
    """Parameters of the renewables criterion."""

    contractable_share: Part
    """Share of additional supply that data centres can contract."""
    interconnector_energy_share: Part
    """Share of an interconnector's yearly energy open to such contracts."""
    min_share: Part
    """Least share of the hubs' yearly energy from additional supply."""
    local_decay_km: Annotated[float, Field(gt=0, le=500)]
    """Distance at which local supply counts 1/e, in km."""
    local_share_of_weight: Part
    """Part of the criterion's weight given to supply close to the hub."""
    local_zero_ratio: Annotated[float, Field(ge=0)]
    """Local additional supply over local demand that scores 0."""
    local_one_ratio: Positive
    """Local additional supply over local demand that scores 1."""


def _links(atlas: Atlas, own: Parameters) -> pd.DataFrame:
    mw = links_mw(atlas, own.horizon_year, own.interconnector_basis)
    return links_gwh(mw, own.interconnector_energy_share)


def _energy_gwh_per_mw(scenario: Scenario) -> float:
    return scenario.demand.load_factor * scenario.demand.pue * _HOURS_PER_YEAR / 1000.0


class Renewables(Criterion[Parameters]):
    """The renewables criterion; see the module's text."""

    name = "renewables"
    rank = 40
    title_en = "Additional renewables"
    title_ja = "追加性のある再エネ"
    policy_lines = ("B7", "B8", "A11", "F7")
    Parameters = Parameters
    quantities = (
        RENEWABLE_SHARE,
        LOCAL_SUPPLY,
        LOCAL_RATIO,
        AREA_SUPPLY,
        DECARBONISED,
        AREA_DECARBONISED,
    )
    facts = (RENEWABLE_SHARE, DECARBONISED)
    rules = (
        Rule(
            "renewable_share",
            "enough of the hubs' energy comes from additional renewables",
            "追加性のある再エネの割合を満たす",
            "share",
            ("criteria.renewables.min_share", "criteria.renewables.contractable_share"),
            ("B8",),
            per="per unit of renewable share short",
            gives_way=(Step("criteria.renewables.min_share", 0.0, by=0.01),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure local additional supply and what part of local demand it makes.

        Every located GWh counts ``exp(-distance / decay)``; present electricity demand by
        municipality is gathered the same way. The ratio tells supply points from places where much
        is built because many live there. Distances here are chords of the ellipsoid, bent to the
        arc of a sphere (within 0.001 % of the geodesic over Japan), which allows one matrix product
        for all sites.
        """
        own = self.own(scenario)
        supply = additional_supply(atlas, own)
        local = gathered(sites, supply.located_gwh, own.local_decay_km)
        demand = gathered(sites, local_demand(atlas), own.local_decay_km)
        area_gwh = supply.by_area_gwh.sum(axis=1) * own.contractable_share
        return pd.DataFrame(
            {
                "local_renewable_gwh": local,
                "local_renewable_ratio": local / demand,
                "area_contractable_gwh": sites["area"].map(area_gwh).to_numpy(dtype=float),
                "area_decarbonised_share": sites["area"]
                .map(decarbonised_share(atlas))
                .to_numpy(dtype=float),
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score local additional supply over local demand between the scenario's anchors."""
        own = self.own(scenario)
        score = linear_score(
            sites["local_renewable_ratio"], own.local_zero_ratio, own.local_one_ratio
        )
        return pd.Series(score, index=sites.index, name=self.name)

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Bound from above the share of the hubs' yearly energy from additional renewables.

        Each area is given all the load its candidates could carry, up to the total; what can then
        be delivered is at least what any plan gets.
        """
        own = self.own(outlook.scenario)
        total_mw = outlook.scenario.total_new_it_load_mw
        gwh_per_mw = _energy_gwh_per_mw(outlook.scenario)
        largest = pd.Series(outlook.most_mw.max(axis=1))
        by_area = largest.groupby(outlook.sites["area"].to_numpy()).sum().clip(upper=total_mw)
        supply = additional_supply(outlook.atlas, own).by_area_gwh.sum(axis=1)
        energy = by_area[by_area.index.isin(supply.index)] * gwh_per_mw
        shares = delivered_share_by_area(
            energy,
            supply * own.contractable_share,
            _links(outlook.atlas, own),
        )
        share = min(1.0, float((shares * energy).sum()) / (total_mw * gwh_per_mw))
        return (
            Bound(
                "additional_renewable_share",
                "at_most",
                share,
                own.min_share,
                "criteria.renewables.min_share",
                ("renewable_share",),
                f"additional renewables reach at most {share:.1%} of the hubs' yearly energy",
                ", or raise criteria.renewables.contractable_share or interconnector_energy_share",
            ),
        )

    def _delivered(self, program: Program) -> Terms:
        """Return ``sum(delivered[a])``, in shares of all hubs' yearly energy."""
        areas = program.atlas.table("electricity_areas").index
        return [(program.variable(f"renewable_delivered_{area}"), 1.0) for area in areas]

    def constrain(self, program: Program) -> None:
        """Balance each area: own supply used plus imports less exports is what hubs there get.

        ``delivered[a] <= energy of the hubs in a``;
        ``delivered[a] = used[a] + sum(flow into a) - sum(flow out of a)``;
        ``used[a, source] <= contractable supply``; flows within the interconnectors' open energy;
        ``sum(delivered) >= min_share`` of all hubs' energy (rule ``renewable_share``).
        """
        own = self.own(program.scenario)
        areas = list(program.atlas.table("electricity_areas").index)
        scale = 1.0 / (_energy_gwh_per_mw(program.scenario) * program.total_it_load_mw)
        supply = additional_supply(program.atlas, own).by_area_gwh * (
            own.contractable_share * scale
        )
        links = _links(program.atlas, own)
        flows = [
            program.continuous(f"renewable_flow_{a}_{b}", 0.0, limit * scale)
            for a, b, limit in links.itertuples(index=False)
        ]
        for area in areas:
            delivered = program.continuous(f"renewable_delivered_{area}", 0.0, 1.0)
            here = (program.sites["area"] == area).to_numpy(dtype=float)
            energy = program.load_terms(load_share(program, here))
            program.row(
                f"renewable_within_load_{area}",
                [(delivered, 1.0), *((v, -c) for v, c in energy)],
                "<=",
                0.0,
            )
            used = [
                program.continuous(
                    f"renewable_used_{area}_{source}", 0.0, float(supply.loc[area, source])
                )
                for source in KINDS
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
        """Reward the additional share of all energy, and load where local supply is plentiful."""
        own = self.own(program.scenario)
        weight, part = program.scenario.weights[self.name], own.local_share_of_weight
        local = self.site_score(program.sites, program.scenario)
        return (
            ScoreTerm(RENEWABLE_SHARE.in_plan, weight * (1.0 - part), self._delivered(program)),
            self.by_load(program, LOCAL_RATIO.in_plan, local, part),
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find by a small linear program of its own what share can be delivered to these hubs."""
        own = self.own(scenario)
        supply = additional_supply(atlas, own)
        total_gwh = scenario.total_new_it_load_mw * _energy_gwh_per_mw(scenario)
        energy_gwh = hubs["it_load_mw"].groupby(hubs["area"]).sum() * _energy_gwh_per_mw(scenario)
        shares = delivered_share_by_area(
            energy_gwh,
            supply.by_area_gwh.sum(axis=1) * own.contractable_share,
            _links(atlas, own),
        )
        delivered = float((shares * energy_gwh).sum() / total_gwh)
        decarbonised = decarbonised_share(atlas)
        local = gathered_exactly(hubs, supply.located_gwh, own.local_decay_km)
        ratio: NDArray[np.float64] = local / gathered_exactly(
            hubs, local_demand(atlas), own.local_decay_km
        )
        score = linear_score(ratio, own.local_zero_ratio, own.local_one_ratio)
        grid = np.asarray(hubs["area"].map(decarbonised), dtype=np.float64)
        share = np.asarray(hubs["area"].map(shares).fillna(0.0), dtype=np.float64)
        part = own.local_share_of_weight
        decay = f"decay {own.local_decay_km:g} km", f"減衰{own.local_decay_km:g} km"
        whole = replace(
            RENEWABLE_SHARE,
            en="share of yearly energy from additional renewables",
            ja="年間電力量に占める追加性のある再エネの割合",
        )
        found = Findings(self.name, hubs, scenario)
        earned = found.load_mw * share / scenario.total_new_it_load_mw
        found.figure(whole, delivered, delivered, 1.0 - part, earned)
        found.mean(LOCAL_RATIO.noted(*decay), ratio, score, part).mean(DECARBONISED, grid)
        if delivered < own.min_share:
            found.breach(
                "renewable_share",
                own.min_share - delivered,
                (),
                f"additional renewables reach {delivered:.1%} of yearly energy, "
                f"{own.min_share:.1%} wanted",
                f"追加性のある再エネは{delivered:.1%}（必要{own.min_share:.1%}）",
            )
        return (
            found.each(RENEWABLE_SHARE, share, share)
            .each(LOCAL_SUPPLY, local)
            .each(LOCAL_RATIO, ratio, score)
            .each(DECARBONISED, grid)
            .done()
        )


CRITERION = Renewables()
