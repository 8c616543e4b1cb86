"""Concentration: which share of the country's capacity stands in the Tokyo and Osaka areas.

Over 80 % of data centres stand there (A9), new investment goes there too (A4, G10), and with
disasters in view that is not best (B10). Capacity of today is the strategy's racks times kW per
rack, by the areas' shares of racks; the demand added by the plan's year goes, without a plan, where
it goes today. With a plan the new hubs take their load, and what is left of the added demand all
goes to the two areas: hubs there count for them, hubs elsewhere lessen their share. The rule caps
it; the cap may fall by year. Which prefectures the areas take in is a reading, in a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIER_TITLES,
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
    load_share,
)
from dcsite.scenario.schema import Section
from dcsite.sites import capacity_by_core

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Loads are told to a kW.
_SLACK_MW = 1e-3
_AREAS = "core_area_prefectures"
_SOURCE = f"rack_figures, data_centre_demand_outlook, {_AREAS}"


def _quantity(name: str, en: str, ja: str, source: str = _SOURCE) -> Quantity:
    return Quantity(name, "share", en, ja, source, topic="concentration")


INSIDE = Quantity(
    "in_core_areas",
    "",
    "stands in the Tokyo or Osaka area (1: yes)",
    "東京圏・大阪圏に立地（1：はい）",
    _AREAS,
)
_WHEN = {
    "": ("with the plan", "計画あり"),
    "_no_plan": ("in its year without a plan", "計画年・計画なし"),
    "_today": ("today", "現在"),
}
_CORES = ["tokyo", "osaka"]
_WHOSE = {
    "core_areas": ("Tokyo and Osaka areas'", "東京圏・大阪圏", _CORES),
    "tokyo_area": ("Tokyo area's", "東京圏", _CORES[:1]),
}
_HELD = {
    (whose, when): _quantity(
        f"{whose}_share{when}",
        f"{whose_en} share of the country's capacity, {when_en}",
        f"全国の設備容量に占める{whose_ja}の割合（{when_ja}）",
    )
    for whose, (whose_en, whose_ja, _) in _WHOSE.items()
    for when, (when_en, when_ja) in _WHEN.items()
}
WITH = _HELD["core_areas", ""]


class Parameters(Section):
    """Parameters of the criterion of concentration."""

    max_share: Annotated[float, Field(ge=0, le=1)]
    """Most of the country's IT capacity that the two areas hold together, a share."""


class Concentration(Criterion[Parameters]):
    """The criterion of concentration; see the module's text."""

    name = "concentration"
    rank = 67
    title_en = "Concentration in the Tokyo and Osaka areas"
    title_ja = "東京圏・大阪圏への集中"
    policy_lines = ("A4", "A9", "B10", "G10")
    Parameters = Parameters
    quantities = (INSIDE,)
    rules = (
        Rule(
            "concentration",
            "the Tokyo and Osaka areas hold no more than a share of the country's capacity",
            "全国の設備容量に占める東京圏・大阪圏の割合が上限以下",
            "share",
            ("criteria.concentration.max_share", "demand.share_in_new_hubs"),
            ("A9", "B10"),
            per="per unit of the total IT load that would have to stand outside both areas",
            gives_way=(Step("criteria.concentration.max_share", 1.0, by=0.01),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure whether each site stands in one of the two areas."""
        inside = sites["pref_code"].isin(atlas.table(_AREAS).index)
        return pd.DataFrame({INSIDE.name: inside.astype(float)}, index=sites.index)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score 1 outside both areas, 0 inside."""
        return pd.Series(1.0 - sites[INSIDE.name], index=sites.index, name=self.name)

    def _outside_mw(self, atlas: Atlas, scenario: Scenario) -> float:
        """Return the IT load that has to stand outside both areas for the cap, in MW.

        With ``c`` the capacity of the areas today, ``C`` that of the country and ``G`` what is
        added: ``(c + G - outside) / (C + G) <= max_share``.
        """
        mw = capacity_by_core(atlas, scenario)
        areas_mw = float(mw["today_mw"].drop("elsewhere").sum())
        most_mw = self.own(scenario).max_share * float(mw.to_numpy().sum())
        return areas_mw + float(mw["added_mw"].sum()) - most_mw

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Bound the share from below: what is left with every new hub outside both areas."""
        scenario, own = outlook.scenario, self.own(outlook.scenario)
        rule = self.rules[0].name
        if scenario.rules[rule] == "off" or scenario.rules["total_it_load"] != "hard":
            return ()
        all_mw = float(capacity_by_core(outlook.atlas, scenario).to_numpy().sum())
        beyond_mw = self._outside_mw(outlook.atlas, scenario) - scenario.total_new_it_load_mw
        least = own.max_share + beyond_mw / all_mw
        return (
            Bound(
                WITH.in_plan,
                "at_least",
                max(0.0, least),
                own.max_share,
                f"criteria.{self.name}.max_share",
                (rule,),
                "the two areas keep what stands there and all of the added demand that no new hub "
                f"takes: {least:.1%} with every new hub elsewhere",
                ", or raise demand.share_in_new_hubs",
            ),
        )

    def constrain(self, program: Program) -> None:
        """Ask for load outside both areas: ``sum(it_load_mw outside) / total >= least / total``."""
        rule = self.rules[0].name
        least = self._outside_mw(program.atlas, program.scenario) / program.total_it_load_mw
        if program.mode(rule) != "off" and least > 0.0:
            terms = program.load_terms(load_share(program, 1.0 - program.sites[INSIDE.name]))
            program.row(rule, terms, ">=", least, rule=rule, slack_up=least)

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load outside both areas, as a share of the new load."""
        weight = float(program.scenario.weights[self.name])
        terms = program.load_terms(load_share(program, 1.0 - program.sites[INSIDE.name]))
        return (ScoreTerm(WITH.in_plan, weight, terms),) if weight else ()

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Add up the areas' capacity today, without and with the plan, from codes and tables."""
        own, found = self.own(scenario), Findings(self.name, hubs, scenario)
        asked = scenario.rules[self.rules[0].name] != "off" or scenario.weights[self.name]
        if not asked and not scenario.demand.classes.parts():
            return found.done()  # a private question: its load is no share of the country's
        mw = capacity_by_core(atlas, scenario)
        today, added = mw["today_mw"], mw["added_mw"]
        later_mw = float((today + added).sum())
        # A municipality's code begins with that of its prefecture.
        areas = atlas.table(_AREAS)["core_id"]
        area = hubs["municipality_code"].astype(str).str[:2].map(areas).fillna("").to_numpy()
        inside = area != ""
        here_mw = pd.Series({core: float(found.load_mw[area == core].sum()) for core in _CORES})
        rest_mw = float(added.sum()) - float(found.load_mw.sum())
        ways = added[_CORES]
        part = ways / ways.sum() if ways.sum() > 0.0 else ways + 0.5
        with_mw = today[_CORES] + rest_mw * part + here_mw
        outside = np.where(inside, 0.0, found.load_mw / found.total_mw)
        scored = outside if float(scenario.weights[self.name]) > 0.0 else None
        for whose, (_, _, of) in _WHOSE.items():
            held = _HELD[whose, ""]
            found.figure(
                held, float(with_mw[of].sum()) / later_mw, earned=scored if held is WITH else None
            )
            found.figure(_HELD[whose, "_no_plan"], float((today + added)[of].sum()) / later_mw)
            found.figure(_HELD[whose, "_today"], float(today[of].sum() / today.sum()))
        for tier, (en, ja) in TIER_TITLES.items():
            of_tier = (hubs["tier"] == tier).to_numpy() & ~inside
            quantity = _quantity(
                f"outside_core_areas_{tier}",
                f"share of the country's capacity in new hubs outside both areas: {en}s",
                f"両圏の外の新拠点が担う全国容量の割合：{ja}",
            )
            found.figure(quantity, float(found.load_mw[of_tier].sum()) / later_mw)
        share = float(with_mw.sum()) / later_mw
        short_mw = (share - own.max_share) * later_mw
        if short_mw > _SLACK_MW:
            said = WITH.beside(share, own.max_share)
            sites = [*hubs.index[inside]]
            found.breach(self.rules[0].name, short_mw / found.total_mw, sites, *said)
        found.each(INSIDE, inside.astype(float))
        return found.done(notes=(_note(scenario, today, added),))


def _note(scenario: Scenario, today: pd.Series[float], added: pd.Series[float]) -> str:
    """Say what stands behind the shares, in both languages."""
    demand = scenario.demand
    basis = {"in_operation": ("in operation", "稼働"), "total": ("in all", "総")}[demand.rack_basis]
    grown = demand.core_growth_share
    return (
        f"concentration: {today.sum():,.0f} MW of IT today (racks {basis[0]} {demand.today_year} x "
        f"{demand.kw_per_rack:g} kW) and {added.sum():,.0f} MW more; without a plan "
        f"{grown.tokyo:.0%} of it in the Tokyo area and {grown.osaka:.0%} in the Osaka area, with "
        "it all that the new hubs do not take / 集中度：現在のIT容量"
        f"{today.sum():,.0f} MW（{demand.today_year}年{basis[1]}ラック×"
        f"{demand.kw_per_rack:g} kW）、"
        f"増分{added.sum():,.0f} MW。計画なしでは増分の{grown.tokyo:.0%}が東京圏、"
        f"{grown.osaka:.0%}が大阪圏に、計画ありでは新拠点が担う分以外が両圏に立地すると仮定"
    )


CRITERION = Concentration()
