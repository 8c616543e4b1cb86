"""``dcsite demand``: what is known of demand, side by side, and what a scenario takes of it."""

from __future__ import annotations

import math

from rich.markup import escape

from .options import JsonOption, Question, ScenarioArgument, asking
from .show import columns, output_console, print_json

#: Of each section: what it holds and what its MW are.
_TITLES = {
    "racks": ("Racks; MW: IT load at {0} kW each", "ラック数（MW：1ラック{0} kWのIT負荷）"),
    "outlook": ("Outlook; MW: added at the grid", "需要想定（MW：系統での増分）"),
    "energy": ("Energies of the strategy; MW: mean", "戦略の電力量（MW：年平均）"),
    "growth": ("Growth by field in the world", "分野別の伸び（世界）"),
    "class": (
        "Growth of the scenario's classes, which sets shares alone; MW: IT load of the new hubs",
        "処理の種類別の伸び（割合だけを決める。MW：新拠点のIT負荷）",
    ),
    "efficiency": (
        "Savings, one at a time, never multiplied; MW: what is left at the grid",
        "省電力化（1つずつ、掛け合わせない。MW：系統での残り）",
    ),
    "basis": (
        "Each basis in the plan's year; MW: IT load of the new hubs, / PUE {1} x {2}",
        "各根拠による計画年の増分（MW：新拠点のIT負荷、÷PUE {1}×{2}）",
    ),
    "tiers": ("What the tiers carry; MW: IT load", "全階層が担う負荷（MW：IT負荷）"),
    "share": ("The share for new hubs", "新拠点に向ける割合"),
}


@asking
def demand_command(
    asked: Question, scenario: ScenarioArgument = "policy-2023", as_json: JsonOption = False
) -> int:
    """Show figures of demand side by side with their lines, and what the scenario takes of them."""
    from dcsite.scenario import scenarios_by_year
    from dcsite.studies.demand import demand_figures

    session = asked.open(scenario, by_year=True)
    found = demand_figures(session.scenario, session.atlas)
    if as_json:
        print_json(found.dump())
        return 0
    console, asked_in = output_console(), [*scenarios_by_year(session.scenario).values()]
    demands = [one.demand for one in asked_in or [session.scenario]]
    by_year = ([one.pue for one in demands], [one.share_in_new_hubs for one in demands])
    named = [f"{session.scenario.demand.kw_per_rack:g}"]
    named += ["/".join(dict.fromkeys(f"{value:g}" for value in values)) for values in by_year]
    for section, titles in _TITLES.items():
        rows = [row for row in found.rows if row.section == section]
        if not rows:  # a private question has no classes and is no part of the country
            continue
        console.print(f"[bold]{' / '.join(title.format(*named) for title in titles)}[/bold]")
        table = columns(
            "*", "figure", ">year", ">value", ">MW", "source", wide={"figure", "source"}
        )
        for row in rows:
            whole = row.value >= 100.0 and row.unit != "TWh/year"
            digits = ",.0f" if whole else ",.4g" if row.unit == "TWh/year" else ".3g"
            value = (
                f"{row.value:.1%}" if row.unit == "share" else f"{row.value:{digits}} {row.unit}"
            )
            more = f"{row.above_generation:.1f}"
            above = f"above Japan's generation: {more} times / 日本の総発電量の{more}倍; "
            cells = (
                "*" if row.used else "",
                f"{row.label_en} / {row.label_ja}",
                str(row.year),
                value if math.isfinite(row.value) else "-",
                f"{row.mw:,.0f}" if math.isfinite(row.mw) else "-",
                f"{above if math.isfinite(row.above_generation) else ''}{row.source}",
            )
            table.add_row(*map(escape, cells))
        console.print(table)
        console.print()
    console.print("* what the scenario rests on / シナリオの根拠")
    return 0
