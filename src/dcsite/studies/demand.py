"""What is known of demand, side by side: racks, outlook, energies, savings, and what a plan takes.

Each figure is of its own kind and scope: none is added to another, and the claims on saving power
are taken one at a time. What exceeds all that the country generates is said to do so.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

from dcsite.contract import WORKLOAD_TITLES
from dcsite.errors import ScenarioError
from dcsite.records import Name, Record, UnknownAmount, UnknownMw
from dcsite.scenario import demand as basis
from dcsite.scenario import scenarios_by_year
from dcsite.sites import capacity_by_core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_OPERATORS = {
    "domestic_and_other": ("domestic and others", "国内ベンダ等"),
    "hyperscale": ("hyperscale", "ハイパースケール"),
    "": ("all operators", "合計"),
}
_RACKS = {"in_operation": ("racks in operation", "稼働ラック"), "total": ("all racks", "総ラック")}
_BASES: dict[str, tuple[str, str, dict[str, str]]] = {
    "outlook": ("outlook: added at the grid", "需要想定：系統での増分", {}),
    "racks": ("racks: growth carried on", "ラック数：伸びを延長", {}),
    "ict": ("strategy_twh, ict: growth", "戦略の電力量（ICT）：増分", {"power_series": "ict"}),
    "ai": ("strategy_twh, ai: growth", "戦略の電力量（AI）：増分", {"power_series": "ai"}),
}
#: What sets a value of the scenario, and what follows from others.
_KINDS = {
    "strategy": "strategy / 戦略",
    "table": "table / 表",
    "assumption": "assumption / 仮定",
    "user": "given / 利用者の指定",
}
_DERIVED = "derived / 算出"


class DemandRow(Record):
    """One figure."""

    section: Literal[
        "racks", "outlook", "energy", "growth", "class", "efficiency", "basis", "tiers", "share"
    ]
    """What the figure is of."""
    label_en: Name
    """What it is, in English."""
    label_ja: Name
    """What it is, in Japanese."""
    year: int
    """Year it is for."""
    value: UnknownAmount
    """The figure in its unit; null where the basis does not cover the year."""
    unit: str
    """Its unit."""
    source: str
    """Statement ids and lines of the strategy, or the table and what was read of it."""
    mw: UnknownMw = math.nan
    """What it is in MW: IT load of racks, of the new hubs and of their tiers, the grid's of the
    outlook and of efficiency, the mean of energies; null where it is no power."""
    above_generation: UnknownAmount = math.nan
    """Times Japan's generation of a year, where it exceeds that; else null."""
    used: bool = False
    """Whether the scenario rests on it."""


class DemandFigures(Record):
    """What is known of demand, and what a scenario takes of it."""

    scenario: Name
    """Name of the scenario."""
    rows: tuple[DemandRow, ...]
    """The figures, section by section."""


def demand_figures(scenario: Scenario, atlas: Atlas) -> DemandFigures:
    """Gather all figures of demand, and what each comes to in a scenario or each of its years."""
    years = [*scenarios_by_year(scenario).values()] or [scenario]
    rows = [*_racks(scenario, atlas), *_outlook(scenario, atlas), *_energies(scenario, atlas)]
    for section in (_classes, _efficiency, _bases, _tiers, _share):
        rows += [row for one in years for row in section(one, atlas)]
    return DemandFigures(scenario.name, tuple(rows))


def _said_of(scenario: Scenario, key: str) -> str:
    """Return what sets a value of the scenario, with the statements that its reason names."""
    origin = scenario.provenance[f"demand.{key}"]
    pairs = zip_longest(origin.lines, origin.passages, fillvalue="")
    named = [" ".join(pair).strip() for pair in pairs]
    named = named or re.findall(r"\b[A-S][1-9]\d* L\d+(?:-\d+)?", origin.why)
    said = f"{_KINDS[origin.kind]} {', '.join(dict.fromkeys(named))}".strip()
    return f"demand.{key}: {said}{', a reading / 解釈' if origin.reading else ''}"


def _racks(scenario: Scenario, atlas: Atlas) -> Iterator[DemandRow]:
    demand, table = scenario.demand, atlas.table(basis.RACKS)
    for kind, racks in _RACKS.items():
        for who, of in _OPERATORS.items():
            rows = table[(table["basis"] == kind) & (table["operators"].eq(who) | (not who))]
            said = "; ".join(dict.fromkeys(map(basis.statement, rows.to_dict("records"))))
            used = demand.basis == "racks" and kind == demand.rack_basis and not who
            for year, number in basis.racks_by_year(table, kind, who).items():
                label, mw = (f"{racks[0]}, {of[0]}", f"{racks[1]}・{of[1]}"), number / 1000.0
                mw *= demand.kw_per_rack
                yield DemandRow("racks", *label, year, number, "racks", said, mw, used=used)


def _outlook(scenario: Scenario, atlas: Atlas) -> Iterator[DemandRow]:
    demand, table = scenario.demand, atlas.table(basis.OUTLOOK)
    for series in basis.outlook_series(table):
        used = demand.basis == "outlook" and series == demand.outlook_series
        for year, (mw, said) in basis.outlook_levels(table, series).items():
            label, source = ("data centres", "データセンター"), f"{basis.OUTLOOK}, {series}, {said}"
            yield DemandRow("outlook", *label, year, mw, "MW", source, mw, used=used)


def _energies(scenario: Scenario, atlas: Atlas) -> Iterator[DemandRow]:
    demand, table = scenario.demand, atlas.table(basis.POWER)
    named = table.drop_duplicates("subject").set_index("subject")[["name_en", "name_ja"]]
    for subject in table["subject"][table["quantity"] == "energy"].unique():
        used = demand.basis == "strategy_twh" and subject == demand.power_series
        en, ja = map(str, named.loc[subject])
        for year, (twh, said) in basis.energy_levels(table, subject).items():
            above = _above_generation(twh, atlas)
            mean_mw = twh * 1e6 / basis.HOURS_PER_YEAR
            yield DemandRow("energy", en, ja, year, twh, "TWh/year", said, mean_mw, above, used)
    grown = table[(table["quantity"] == "growth") & (table["scope"] == "world")]
    for since, row in zip(grown["base_year"].fillna(0), grown.to_dict("records"), strict=True):
        unit = f"times that of {since}" if since else "times"
        source = basis.statement(row)
        label = (row["name_en"], row["name_ja"])
        yield DemandRow("growth", *label, int(row["year"]), float(row["value"]), unit, source)


def _above_generation(twh: float, atlas: Atlas) -> float:
    """Return how many times Japan's generation an energy is; NaN where no more or not known."""
    times = twh / float(atlas.table(basis.POWER)["value"].get("generation_2022", math.nan))
    return times if times > 1.0 else math.nan


def _classes(scenario: Scenario, _atlas: Atlas) -> Iterator[DemandRow]:
    """Say what each class of workloads grows by, and what of the new load it is."""
    demand, parts = scenario.demand, scenario.demand.classes.parts()
    whole = sum(one.share for _, one in demand.classes)
    for name, part in parts.items():
        (en, ja), own = WORKLOAD_TITLES[name], demand.classes[name]
        today = own.share / whole
        label = f"{en}: {today:.0%} today, {part:.0%} then", f"{ja}：現在{today:.0%}→{part:.0%}"
        source, mw = _said_of(scenario, f"classes.{name}.growth"), part * demand.new_it_load_mw
        yield DemandRow("class", *label, demand.year, own.growth, "times", source, mw, used=True)


def _efficiency(scenario: Scenario, atlas: Atlas) -> Iterator[DemandRow]:
    demand, table = scenario.demand, atlas.table(basis.POWER)
    read = demand.basis != "given" and demand.total_new_it_load_mw is None
    grid_mw = float(capacity_by_core(atlas, scenario)["added_mw"].sum()) * demand.pue
    grid_mw /= basis.efficiency_factor(demand, table) if read else 1.0
    for name, row in table[table["quantity"] == "efficiency"].iterrows():
        left = basis.efficiency_factor(demand.model_copy(update={"efficiency": name}), table)
        early = demand.year < demand.efficiency_year
        said = basis.statement(row.to_dict()) + f"; from {demand.efficiency_year} on" * early
        label, used = (row["name_en"], row["name_ja"]), read and demand.efficiency == name
        yield DemandRow(
            "efficiency", *label, demand.year, left, "times", said, grid_mw * left, used=used
        )


def _bases(scenario: Scenario, atlas: Atlas) -> Iterator[DemandRow]:
    """Say what new IT load each basis comes to in the plan's year, and which one the plan takes."""
    demand, total_mw = scenario.demand, scenario.total_new_it_load_mw
    twh_per_mw = basis.HOURS_PER_YEAR * demand.load_factor / 1e6
    given = demand.basis == "given" or demand.total_new_it_load_mw is not None
    for key, (en, ja, own) in _BASES.items():
        kind: Any = "strategy_twh" if own else key
        used = not given and demand.basis == kind
        used &= own.get("power_series", demand.power_series) == demand.power_series
        try:
            asked = demand.model_copy(update={"basis": kind, **own})
            mw, origin = basis.grid_demand(asked, atlas.table)
            source = f"{', '.join(origin.lines)}: {origin.why}"
        except ScenarioError as error:
            mw, source = math.nan, "; ".join(one.message for one in error.problems)
            source = f"does not cover {demand.year} / {demand.year}年は対象外: {source}"
        new_mw = mw / demand.pue * demand.share_in_new_hubs
        above = _above_generation(mw * twh_per_mw, atlas)
        yield DemandRow("basis", en, ja, demand.year, mw, "MW", source, new_mw, above, used)
    if given:
        mw = math.nan if demand.grid_demand_mw is None else demand.grid_demand_mw
        mw = math.nan if demand.total_new_it_load_mw is not None else mw
        above, label = _above_generation(mw * twh_per_mw, atlas), ("given", "シナリオで指定")
        yield DemandRow("basis", *label, demand.year, mw, "MW", "scenario", total_mw, above, True)


def _tiers(scenario: Scenario, _atlas: Atlas) -> Iterator[DemandRow]:
    """Say what the hubs of all tiers carry together, least and most."""
    year, tiers = scenario.demand.year, [tier for _, tier in scenario.tiers.items()]
    for en, ja, end in (("least", "下限", "min"), ("most", "上限", "max")):
        loads = (getattr(tier.count, end) * getattr(tier.it_load_mw, end) for tier in tiers)
        label, mw = (f"{en} that all tiers carry", f"全階層の合計・{ja}"), float(sum(loads))
        source = f"tiers.*.count.{end} x tiers.*.it_load_mw.{end}"
        yield DemandRow("tiers", *label, year, mw, "MW", source, mw)


def _share(scenario: Scenario, atlas: Atlas) -> Iterator[DemandRow]:
    """Derive what the share for new hubs is beside where growth goes, and what the areas keep.

    Nothing of a private question, whose load is no share of the country's.
    """
    if not scenario.demand.classes.parts():
        return
    demand, mw = scenario.demand, capacity_by_core(atlas, scenario)
    tokyo, osaka = demand.core_growth_share.tokyo, demand.core_growth_share.osaka
    today, added = (float(mw[column].sum()) for column in ("today_mw", "added_mw"))
    kept, grown = today - mw["today_mw"]["elsewhere"], added - mw["added_mw"]["elsewhere"]
    taken, outside = demand.share_in_new_hubs, 1.0 - tokyo - osaka
    tokyo_key, osaka_key = (f"core_growth_share.{core}" for core in ("tokyo", "osaka"))
    for en, ja, share, key in (
        ("growth to the Tokyo area as things go", "現状の増分のうち東京圏", tokyo, tokyo_key),
        ("growth to the Osaka area as things go", "同、大阪圏", osaka, osaka_key),
        ("growth outside both as things go", "同、両圏以外", outside, ""),
        ("share for new hubs, a choice of policy", "新拠点に向ける割合（政策上の選択）", taken,
         "share_in_new_hubs"),
        ("more than goes outside both", "両圏以外の現状への上乗せ", taken - outside, ""),
        ("both areas in the country's capacity today", "全国容量に占める両圏の割合・現在",
         kept / today, "core_rack_share.tokyo"),
        ("the same in the plan's year without a plan", "同、計画年・計画なし",
         (kept + grown) / (today + added), ""),
        ("the same with every new hub outside both", "同、新拠点がすべて両圏外の場合",
         (kept + (1.0 - taken) * added) / (today + added), ""),
    ):  # fmt: skip
        source, used = _said_of(scenario, key) if key else _DERIVED, key == "share_in_new_hubs"
        yield DemandRow("share", en, ja, demand.year, float(share), "share", source, used=used)
