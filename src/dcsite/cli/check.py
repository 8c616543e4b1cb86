"""``dcsite check``: what stands against a scenario before it is solved."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from rich.markup import escape

from .options import (
    CheckTimeOption,
    JsonOption,
    Question,
    ScenarioArgument,
    asking,
)
from .show import columns, output_console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from dcsite.feasibility.check import Precheck, TierCheck

_STYLE = {"error": "red", "warning": "yellow", "note": "cyan"}


@asking
def check_command(
    asked: Question,
    scenario: ScenarioArgument = "policy-2023",
    check_time: CheckTimeOption = 1.0,
    as_json: JsonOption = False,
) -> int:
    """Check a scenario without solving it: candidates left, distances, loads, supply, numbers.

    Leaves with 3 where a check proves that no plan exists.
    """
    from dcsite.feasibility.check import check_scenario
    from dcsite.records import plain

    session = asked.open(scenario)
    found = check_scenario(session.candidates, search_s=check_time)
    if as_json:
        print_json(plain(dataclasses.asdict(found)))
    else:
        _print(found)
    return 3 if found.errors else 0


def _print(found: Precheck) -> None:
    console = output_console()
    console.print(f"[bold]{escape(found.scenario_name)}[/bold]: {found.sites:,} sites\n")
    console.print(_funnels(found.tiers))
    console.print()
    console.print(_tiers(found.tiers))
    regions = ", ".join(f"{region} {count:,}" for region, count in found.core_regions)
    lines = [f"candidates for a core: {regions}"] if regions else []
    lines.append(
        f"total new IT load {found.load.asked_mw:,.1f} MW; the hubs allowed carry "
        f"{found.load.least_mw:,.0f} to {found.load.most_mw:,.0f} MW"
    )
    lines += [bound.reason_en for bound in found.bounds]
    if found.coefficients is not None:
        numbers = found.coefficients
        lines.append(
            f"coefficients: rows {numbers.rows_least:.3g} to {numbers.rows_most:.3g}, objective "
            f"{numbers.objective_least:.3g} to {numbers.objective_most:.3g}"
        )
    console.print()
    for line in lines:
        console.print(escape(line))
    console.print()
    for finding in found.findings:
        style = _STYLE[finding.level]
        console.print(
            f"[{style}]{finding.level}:[/{style}] {escape(finding.message)}", soft_wrap=True
        )
    if not found.findings:
        console.print("nothing found that stands against a plan")
    elif not found.errors:
        console.print("nothing found that rules a plan out")


def _funnels(tiers: tuple[TierCheck, ...]) -> Table:
    why = "drops sites where"
    table = columns("rule", why, *(f">{tier.funnel.tier}" for tier in tiers), wide=(why,))
    reasons = {step.rule: step.reason_en for tier in tiers for step in tier.funnel.steps}
    order = {
        rule: max(
            number
            for tier in tiers
            for number, step in enumerate(tier.funnel.steps)
            if step.rule == rule
        )
        for rule in reasons
    }
    table.add_row("all sites", "", *(f"{tier.funnel.sites:,}" for tier in tiers))
    for rule in sorted(reasons, key=lambda rule: order[rule]):
        dropped = [
            sum(step.dropped for step in tier.funnel.steps if step.rule == rule) for tier in tiers
        ]
        table.add_row(
            rule, escape(reasons[rule]), *(f"-{count:,}" if count else "" for count in dropped)
        )
    table.add_row("left", "", *(f"{tier.funnel.left:,}" for tier in tiers))
    return table


def _tiers(tiers: tuple[TierCheck, ...]) -> Table:
    table = columns("tier", ">asked", ">left", ">apart km", ">room for", ">largest km")
    for tier in tiers:
        funnel, room, largest = tier.funnel, tier.room, tier.largest
        table.add_row(
            funnel.tier,
            _range(funnel.asked_min, funnel.asked_max),
            f"{funnel.left:,}",
            f"{tier.separation_km:g}",
            _range(room.at_least, room.at_most),
            "-" if largest is None else f"{largest.distance_km:,.1f}",
        )
    return table


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
