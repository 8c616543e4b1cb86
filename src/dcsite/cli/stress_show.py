"""What a stress test found, for the terminal: the worst first, then the comparison with today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from dcsite.contract import load_mw, printed_for
from dcsite.outputs.page import amount, chance, interval, percent
from dcsite.outputs.stress import FIGURES, KINDS

from .show import columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from rich.table import Table

    from dcsite.outputs.stress import Label
    from dcsite.studies.stress_types import (
        Estimate,
        HistoryEvent,
        HistoryHub,
        StressTest,
        TokyoLost,
    )

_PAIRS = 3
#: Hubs that fall with Tokyo at least this likely are named.
_FALLS = 0.01


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
    cut = plan.cut_off
    console.print(
        f"cut off by earthquakes from the network alone: {_figure(cut.per_year)} a year, "
        f"{cut.mean_mw:,.0f} MW when it happens, at most {cut.largest_mw:,.0f} MW; "
        f"{amount(cut.mwh_per_year.value)} MWh a year of the loss"
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
    console.print()
    with printed_for([hub.it_load_mw for hub in plan.hubs]):
        for line in _tokyo(found.tokyo_lost, names):
            console.print(line)
    if found.left_out:
        listed = ", ".join(one.name_en for one in found.left_out)
        console.print(Text(f"left out, since nobody knows how likely they are: {listed}"))
    console.print(
        f"today: {len(today.hubs)} data centres in service that state a capacity, not a census; "
        "95 % shows the number of years only; assumptions: least and largest over "
        f"{len(found.varied.sets)} draws of what is assumed of disasters, of "
        f"{found.varied.years:,} years each: "
        + ", ".join(
            f"{one.key.split('.', 2)[2]} {one.low:.3g} to {one.high:.3g}"
            for one in found.varied.ranges
        ),
        markup=False,
    )


def print_history(console: Console, found: StressTest) -> None:
    """Print which hubs each recorded event would have taken down."""
    names = {hub.site_id: hub.name_ja for hub in found.plan.hubs}
    hubs = "hubs that may have gone down"
    lost = (">plan down", ">unserved", ">today down")
    table = columns("date", "event", *lost, hubs, wide=("event", hubs))
    table.title_justify = "left"
    table.title = "Recorded events replayed, with fuel and reserve"
    for event in found.history:
        plan, today = event.plan_loss, event.today_loss
        table.add_row(
            event.date,
            Text(event.name_ja or event.name_en),
            _range(plan.share_low, plan.share_high),
            _range(plan.unserved_low, plan.unserved_high),
            _range(today.share_low, today.share_high),
            Text(_hubs(event, names)),
        )
    console.print(table)
    if found.not_replayed:
        why = next(iter(found.not_replayed.values()))
        console.print(Text(f"not replayed, {why}: {', '.join(found.not_replayed)}"))


def _comparison(found: StressTest) -> Table:
    table = columns("per year", ">plan", ">95 %", ">assumptions", ">today", ">assumptions")
    plan, today = found.plan.main, found.today.main
    for name, label in FIGURES.items():
        if name not in plan:
            continue
        write = percent if label.share else amount
        table.add_row(
            label.en,
            write(plan[name].value),
            interval(plan[name], share=label.share),
            _varied(found.varied.plan, name, label),
            write(today[name].value) if name in today else "not known",
            _varied(found.varied.today, name, label),
        )
    return table


def _tokyo(lost: TokyoLost, names: dict[str, str]) -> Iterator[Text]:
    """Say who takes Tokyo's load, what stays unserved and for how long, and which hubs fall."""
    yield Text.assemble((f"{lost.name_en}  {lost.name_ja}", "bold"))
    if lost.unserved_mw is None or lost.carried_mw is None:
        yield Text("Tokyo's load is not known to this plan, so neither is what stays unserved")
    else:
        yield Text(
            f"{load_mw(lost.unserved_mw.mean)} of {load_mw(lost.load_mw or 0.0)} MW stay unserved "
            f"(nine in ten draws: at most {load_mw(lost.unserved_mw.nine_in_ten)}), "
            f"{load_mw(lost.carried_mw.mean)} MW are carried"
        )
    takes = [one for one in lost.hubs if one.takeover_mw > 0.0]
    if takes:
        listed = (f"{names[one.site_id]} {load_mw(one.takeover_mw)} MW" for one in takes)
        yield Text(f"  taken by {', '.join(listed)}")
    falls = sorted(lost.hubs, key=lambda one: -one.down)
    falls = [one for one in falls if one.down >= _FALLS]
    listed = (f"{names[one.site_id]} ({percent(one.down)})" for one in falls)
    yield Text(f"  hubs that fall with it: {', '.join(listed) or 'none'}")
    if lost.days:
        yield Text(
            f"  {percent(lost.today_down_share)} of the known capacity in Tokyo's area is down, "
            f"half of it for {amount(lost.days.median)} days, nine tenths for at most "
            f"{amount(lost.days.nine_in_ten)}"
        )


def _varied(figures: Mapping[str, Estimate], name: str, label: Label) -> str:
    return interval(figures[name], share=label.share) if name in figures else "–"


def _figure(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} ({interval(estimate)})"


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "not known"
    return chance(low) if high - low < 5e-4 else f"{chance(low)} – {chance(high)}"


def _hubs(event: HistoryEvent, names: dict[str, str]) -> str:
    """Name the hubs with their probability, what they felt, and the share cut off around them."""
    return "; ".join(f"{names[hub.site_id]} {_struck(hub)}" for hub in event.plan) or "none"


def _struck(hub: HistoryHub) -> str:
    why = [] if hub.intensity is None else [f"intensity {hub.intensity:.1f}"]
    why += [f"{percent(hub.cut)} cut off"] * (hub.cut > 0.0)
    return f"{_range(hub.probability_low, hub.probability_high)} ({', '.join(why)})"
