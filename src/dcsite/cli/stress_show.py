"""What a stress test found, for the terminal: the worst first, then the comparison with today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from dcsite.outputs.page import amount, chance, interval, percent
from dcsite.outputs.stress.page import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from dcsite.studies.stress_types import (
        Estimate,
        EventLoss,
        FleetResult,
        HistoryEvent,
        HistoryHub,
        StressTest,
    )

_PAIRS = 3
_HALF = 50


def print_stress(console: Console, found: StressTest) -> None:
    """Print the worst event, loss, hubs that fall together and the comparison with today."""
    plan, today = found.plan, found.today
    names = {
        hub.site_id: f"{hub.name_ja} {hub.name_en}" for fleet in (plan, today) for hub in fleet.hubs
    }
    console.print(
        f"[bold]{escape(found.title_en)}[/bold]  {escape(found.title_ja)}\n"
        f"{found.years:,} simulated years, seed {found.seed}: "
        f"{sum(found.occurred.values()):,} disasters of {found.sources} sources, {plan.damaging:,} "
        f"took a hub of the plan down"
    )
    if plan.worst:
        console.print(f"[red]worst event:[/red] {escape(_event(plan.worst[0]))}")
    console.print(
        f"expected loss: {amount(plan.mwh_per_year.value)} MWh a year "
        f"({interval(plan.mwh_per_year, share=False)}), "
        + ", ".join(
            f"{amount(loss.value)} by {KINDS.get(kind, ('', kind))[1]}"
            for kind, loss in plan.mwh_by_kind.items()
        ),
        markup=False,
    )
    console.print(f"two hubs or more down together: {_figure(plan.two_down)} a year", markup=False)
    for pair in plan.pairs[:_PAIRS]:
        if pair.per_year.value > 0.0:
            console.print(
                f"  {names[pair.first]} + {names[pair.second]}: {_figure(pair.per_year)} a year, "
                f"{percent(pair.in_30_years.value)} in 30 years",
                markup=False,
            )
    console.print()
    console.print(_comparison(plan, today))
    if found.left_out:
        listed = ", ".join(escape(one.name_en) for one in found.left_out)
        console.print(f"left out, since nobody knows how likely they are: {listed}")
    console.print(
        f"today: {len(today.hubs)} data centres in service that state a capacity, not a census; "
        "intervals are at 95 % and show the number of years only"
    )


def print_history(console: Console, found: StressTest) -> None:
    """Print which hubs each recorded event would have taken down."""
    names = {hub.site_id: hub.name_ja for hub in found.plan.hubs}
    table = Table(
        title="Recorded events replayed (on-site generation not counted)",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("date", no_wrap=True)
    table.add_column("event")
    table.add_column("plan loses", justify="right", no_wrap=True)
    table.add_column("today loses", justify="right", no_wrap=True)
    table.add_column("hubs that may have gone down")
    for event in found.history:
        table.add_row(
            event.date,
            escape(event.name_ja or event.name_en),
            _range(event.plan_share_low, event.plan_share_high),
            _range(event.today_share_low, event.today_share_high),
            escape(_hubs(event, names)),
        )
    console.print(table)
    if found.not_replayed:
        console.print(
            f"not replayed, {next(iter(found.not_replayed.values()))}: "
            f"{', '.join(escape(name) for name in found.not_replayed)}"
        )


def _comparison(plan: FleetResult, today: FleetResult) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, title in enumerate(("per year", "plan", "95 %", "today", "95 %")):
        table.add_column(title, justify="right" if number else "left", no_wrap=bool(number))
    rows: list[tuple[str, Estimate, Estimate, bool]] = [
        (f"{share} % of the capacity or more down at once", *_exceeds((plan, today), share), True)
        for share in (10, _HALF, 90)
    ]
    rows += [
        ("two hubs or more down together", plan.two_down, today.two_down, True),
        (
            "hours of the whole capacity lost",
            plan.full_load_hours_per_year,
            today.full_load_hours_per_year,
            False,
        ),
    ]
    for label, ours, theirs, share in rows:
        write = percent if share else amount
        table.add_row(
            label,
            write(ours.value),
            interval(ours, share=share),
            write(theirs.value),
            interval(theirs, share=share),
        )
    return table


def _exceeds(fleets: tuple[FleetResult, FleetResult], share: int) -> tuple[Estimate, Estimate]:
    first, second = (fleet.exceedance[share - 1].per_year for fleet in fleets)
    return first, second


def _figure(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} ({interval(estimate)})"


def _event(loss: EventLoss) -> str:
    name = f"{loss.name_en} {loss.name_ja}".strip()
    dated = f", as of {loss.probability_date}" if loss.probability_date else ""
    return (
        f"{name} takes {percent(loss.expected_share)} of the capacity down "
        f"({percent(loss.probability_30y)} in 30 years{dated})"
    )


def _range(low: float, high: float) -> str:
    return chance(low) if high - low < 5e-4 else f"{chance(low)} – {chance(high)}"


def _hubs(event: HistoryEvent, names: dict[str, str]) -> str:
    """Name the hubs by what would have struck them: a dark area, shaking, perhaps a dark area."""
    texts = [
        f"{title}: {', '.join(names[hub.site_id] + _shaken(hub) for hub in hubs)}"
        for title, hubs in (
            ("area dark", [hub for hub in event.plan if hub.outage == "certain"]),
            ("shaken", [hub for hub in event.plan if not hub.outage]),
            ("possibly dark", [hub for hub in event.plan if hub.outage == "possible"]),
        )
        if hubs
    ]
    return "; ".join(texts) or "none"


def _shaken(hub: HistoryHub) -> str:
    """Say how likely shaking alone takes a hub down, where that is anything to speak of."""
    if hub.intensity is None or hub.outage == "certain" or hub.probability_low < 0.001:
        return ""
    return f" ({percent(hub.probability_low)} at {hub.intensity:.1f})"
