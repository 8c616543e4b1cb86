"""What a stress test found, for the terminal: the worst first, then the comparison with today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from dcsite.outputs.page import amount, chance, interval, percent
from dcsite.outputs.stress import KINDS

from .show import columns

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dcsite.studies.stress_types import Estimate, HistoryEvent, HistoryHub, StressTest

_PAIRS = 3


def print_stress(console: Console, found: StressTest) -> None:
    """Print the worst event, loss, hubs that fall together and the comparison with today."""
    plan, today = found.plan, found.today
    names = {hub.site_id: hub.label for hub in plan.hubs}
    # Text, not markup: names are a user's own.
    console.print(Text.assemble((found.title_en, "bold"), f"  {found.title_ja}"))
    struck = sum(found.occurred.values())
    console.print(
        f"{found.years:,} simulated years, seed {found.seed}: {struck:,} disasters of "
        f"{found.sources} sources, {plan.damaging:,} took a hub of the plan down"
    )
    for loss in plan.worst[:1]:
        name = f"{loss.name_en} {loss.name_ja}".strip()
        dated = f", as of {loss.probability_date}" if loss.probability_date else ""
        takes = f" {name} takes {percent(loss.expected_share)} of the capacity down "
        likely = f"({percent(loss.probability_30y)} in 30 years{dated})"
        console.print(Text.assemble(("worst event:", "red"), takes, likely))
    kinds = (
        f"{amount(loss.value)} by {KINDS.get(kind, ('', kind))[1]}"
        for kind, loss in plan.mwh_by_kind.items()
    )
    console.print(
        f"expected loss: {amount(plan.mwh_per_year.value)} MWh a year "
        f"({interval(plan.mwh_per_year, share=False)}), {', '.join(kinds)}",
        markup=False,
    )
    console.print(f"two hubs or more down together: {_figure(plan.two_down)} a year")
    for pair in plan.pairs[:_PAIRS]:
        if pair.per_year.value > 0.0:
            console.print(
                f"  {names[pair.first]} + {names[pair.second]}: {_figure(pair.per_year)} a year, "
                f"{percent(pair.in_30_years.value)} in 30 years",
                markup=False,
            )
    console.print()
    console.print(_comparison(found))
    if found.left_out:
        listed = ", ".join(one.name_en for one in found.left_out)
        console.print(Text(f"left out, since nobody knows how likely they are: {listed}"))
    console.print(
        f"today: {len(today.hubs)} data centres in service that state a capacity, not a census; "
        "intervals are at 95 % and show the number of years only"
    )


def print_history(console: Console, found: StressTest) -> None:
    """Print which hubs each recorded event would have taken down."""
    names = {hub.site_id: hub.name_ja for hub in found.plan.hubs}
    hubs = "hubs that may have gone down"
    table = columns("date", "event", ">plan loses", ">today loses", hubs, wide=("event", hubs))
    table.title_justify = "left"
    table.title = "Recorded events replayed (on-site generation not counted)"
    for event in found.history:
        table.add_row(
            event.date,
            Text(event.name_ja or event.name_en),
            _range(event.plan_share_low, event.plan_share_high),
            _range(event.today_share_low, event.today_share_high),
            Text(_hubs(event, names)),
        )
    console.print(table)
    if found.not_replayed:
        why = next(iter(found.not_replayed.values()))
        console.print(Text(f"not replayed, {why}: {', '.join(found.not_replayed)}"))


def _comparison(found: StressTest) -> Table:
    table = columns("per year", ">plan", ">95 %", ">today", ">95 %")

    def row(label: str, *estimates: Estimate, share: bool = True) -> None:
        write = percent if share else amount
        table.add_row(
            label,
            *(text for one in estimates for text in (write(one.value), interval(one, share=share))),
        )

    fleets = (found.plan, found.today)
    for share in (10, 50, 90):
        row(
            f"{share} % of the capacity or more down at once",
            *(fleet.exceedance[share - 1].per_year for fleet in fleets),
        )
    row("two hubs or more down together", *(fleet.two_down for fleet in fleets))
    row(
        "hours of the whole capacity lost",
        *(fleet.full_load_hours_per_year for fleet in fleets),
        share=False,
    )
    return table


def _figure(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} ({interval(estimate)})"


def _range(low: float, high: float) -> str:
    return chance(low) if high - low < 5e-4 else f"{chance(low)} – {chance(high)}"


def _hubs(event: HistoryEvent, names: dict[str, str]) -> str:
    """Name the hubs by what would have struck them: a dark area, shaking, perhaps a dark area."""
    texts = []
    for title, outage in (("area dark", "certain"), ("shaken", ""), ("possibly dark", "possible")):
        hubs = [names[hub.site_id] + _shaken(hub) for hub in event.plan if hub.outage == outage]
        texts += [f"{title}: {', '.join(hubs)}"] * bool(hubs)
    return "; ".join(texts) or "none"


def _shaken(hub: HistoryHub) -> str:
    """Say how likely shaking alone takes a hub down, where that is anything to speak of."""
    if hub.intensity is None or hub.outage == "certain" or hub.probability_low < 0.001:
        return ""
    return f" ({percent(hub.probability_low)} at {hub.intensity:.1f})"
