"""Locality: whether data of a region can be processed by hubs of its region.

Data born and used in a region are processed today where data centres and exchanges cluster (B9);
they are to be processed in the region (B11), produced and consumed there (F11), near their source
(K17). Regions are those of the Regional Bureaus of Telecommunications. Of each region's demand
counts what the hubs there have room for; the rest has to leave it. The rule asks for a part of it
in every region without an existing core: in the others the data centres of today stand, and new
ones are to stand elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    Criterion,
    Evaluation,
    Findings,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    load_share,
)
from dcsite.scenario.schema import Section
from dcsite.sites import demand_by_prefecture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Loads are told to a kW.
_SLACK_MW = 1e-3
_SOURCE = "telecom_regions, prefectures"
DEMAND = Quantity(
    "region_demand_mw",
    "MW",
    "demand for computing of its telecommunications region",
    "通信の地方区分で生じる計算需要",
    _SOURCE,
)
LOCAL = Quantity(
    "local_share",
    "share",
    "demand that hubs of its own region have room for",
    "地方内の拠点で処理できる需要の割合",
    _SOURCE,
)


class Parameters(Section):
    """Parameters of the locality criterion."""

    min_share: Annotated[float, Field(ge=0, le=1)]
    """Part of the demand of each region without an existing core that its hubs have room for."""


class Locality(Criterion[Parameters]):
    """The locality criterion; see the module's text."""

    name = "locality"
    rank = 66
    title_en = "Data processed in their region"
    title_ja = "地方のデータの地方での処理"
    policy_lines = ("B9", "B11", "F11", "K17")
    Parameters = Parameters
    quantities = (DEMAND,)
    rules = (
        Rule(
            "locality",
            "hubs of every region without an existing core have room for a part of its demand",
            "既存中核のない各地方で、需要の一定割合を地方内の拠点で処理できる",
            "share",
            ("criteria.locality.min_share",),
            ("B11", "F11"),
            per="per unit of the total IT load that regions are short of",
            gives_way=(Step("criteria.locality.min_share", 0.0, by=0.01),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the demand of each site's region."""
        region, demand_mw = _demand(atlas, scenario)
        here = sites["pref_code"].map(region).map(demand_mw)
        return pd.DataFrame({DEMAND.name: here.astype(float)}, index=sites.index)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score how much of what a site can carry its region asks for."""
        asked = sites[DEMAND.name] / sites["max_it_load_mw"].clip(lower=1e-9)
        return pd.Series(asked.clip(upper=1.0).fillna(0.0), name=self.name)

    def constrain(self, program: Program) -> None:
        """Bound what regions lack.

        ``sum(it_load_mw of region r) / total >= min_share * demand of r / total``.
        """
        rule, own = self.rules[0].name, self.own(program.scenario)
        region = program.atlas.table("telecom_regions")["region"]
        cores = {*region.reindex(program.atlas.existing_cores()["pref_code"])}
        for name, load, asked in _regions(program) if program.mode(rule) != "off" else ():
            least = own.min_share * asked
            if name not in cores and least > 0.0:
                program.row(f"{rule}_{name}", load, ">=", least, rule=rule, slack_up=least)

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward room for demand in its region: ``sum(local[r] over r)``.

        ``local[r] <= demand of r / total``; ``local[r] <= sum(it_load_mw of region r) / total``.
        """
        weight = float(program.scenario.weights[self.name])
        if not weight:
            return ()
        terms = []
        for name, load, asked in _regions(program):
            local = program.continuous(f"local_{name}", 0.0, asked)
            held = [(variable, -share) for variable, share in load]
            program.row(f"local_{name}", [(local, 1.0), *held], "<=", 0.0)
            terms.append((local, 1.0))
        return (ScoreTerm(LOCAL.name, weight, terms),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Add up demand and hubs region by region."""
        own, found = self.own(scenario), Findings(self.name, hubs, scenario)
        regions, asked_mw = atlas.table("telecom_regions"), demand_by_prefecture(atlas, scenario)
        cores = {str(one)[:2] for one in atlas.existing_cores()["pref_code"]}
        # A municipality's code begins with that of its prefecture.
        code = hubs["municipality_code"].astype(str).str[:2].to_numpy()
        each_mw, local_mw, figures = np.full(len(hubs), np.nan), 0.0, []
        for region, of in regions.groupby("region", sort=True):
            inside = np.isin(code, of.index)
            need_mw = sum(float(asked_mw[pref]) for pref in of.index)
            held_mw = float(found.load_mw[inside].sum())
            each_mw[inside] = need_mw
            if need_mw <= 0.0:
                continue
            en, ja = str(of["name_en"].iloc[0]), str(of["name_ja"].iloc[0])
            here_mw = min(held_mw, need_mw)
            local_mw += here_mw
            named = replace(LOCAL, name=f"{LOCAL.name}_{region}").noted(en, ja)
            figures.append((named, here_mw / need_mw))
            short_mw = own.min_share * need_mw - held_mw
            if short_mw > _SLACK_MW and not cores & {*of.index}:
                found.breach(
                    self.rules[0].name,
                    short_mw / found.total_mw,
                    [*hubs.index[inside]],
                    f"hubs in {en} have room for {held_mw:,.1f} MW of its {need_mw:,.1f} MW of "
                    f"demand, {own.min_share:.0%} wanted",
                    f"{ja}の拠点で処理できるのは需要{need_mw:,.1f} MWのうち{held_mw:,.1f} MW"
                    f"（必要{own.min_share:.0%}）",
                )
        share = local_mw / asked if (asked := float(asked_mw.sum())) else np.nan
        scored = float(scenario.weights[self.name]) > 0.0
        found.figure(LOCAL, share, local_mw / found.total_mw if scored else None)
        for quantity, value in figures:
            found.figure(quantity, value)
        return found.each(DEMAND, each_mw).done()


def _demand(atlas: Atlas, scenario: Scenario) -> tuple[pd.Series[str], pd.Series[float]]:
    """Return the region of each prefecture and the demand of each region in MW."""
    region = atlas.table("telecom_regions")["region"]
    asked_mw = demand_by_prefecture(atlas, scenario)
    return region, asked_mw.groupby(region.reindex(asked_mw.index)).sum()


def _regions(program: Program) -> list[tuple[str, list[tuple[object, float]], float]]:
    """Return each region with the terms of its load and its demand, as shares of the total."""
    region, demand_mw = _demand(program.atlas, program.scenario)
    there = program.sites["pref_code"].map(region).to_numpy(dtype=object)
    return [
        (str(name), program.load_terms(load_share(program, (there == name).astype(float))), asked)
        for name, asked in (demand_mw / program.total_it_load_mw).items()
    ]


CRITERION = Locality()
