"""How explanations look in the terminal: tables, and a counter on stderr."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.plan.explanation import (
        Cost,
        HubDisasters,
        HubExplanation,
        MeasureChange,
        PlaceExplanation,
        PlaceName,
        RunnerUp,
        TierVerdict,
    )
    from dcsite.studies.explain_context import ExplainContext

_EVERY_S = 5.0
#: Changes of fewer objective points than this are not shown.
_VISIBLE = 5e-6
_LISTED = 6


class SolveCounter:
    """Says on stderr how many hubs or solves are done, every few seconds."""

    def __init__(self, title: str, *, quiet: bool) -> None:
        self._title = title
        self._console = None if quiet else Console(stderr=True, highlight=False, soft_wrap=True)
        self._begun = self._told = time.perf_counter()

    def __call__(self, done: int, count: int) -> None:
        """Note that `done` of `count` have ended."""
        now = time.perf_counter()
        if self._console is None or (now - self._told < _EVERY_S and done < count):
            return
        self._told = now
        self._console.print(f"{now - self._begun:7.1f} s  {self._title}: {done} of {count}")

    def __enter__(self) -> Self:
        """Begin to count."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""


def print_hubs(console: Console, hubs: Sequence[HubExplanation]) -> None:
    """Print all hubs: replacement cost, runner-up, share of each criterion's points."""
    names = list(dict.fromkeys(share.criterion for hub in hubs for share in hub.shares))
    solved = any(hub.cost is not None for hub in hubs)
    table = Table(box=None, pad_edge=False)
    table.add_column("tier", no_wrap=True)
    table.add_column("hub", min_width=18)
    table.add_column("IT MW", justify="right", no_wrap=True)
    if solved:
        table.add_column("cost", justify="right", no_wrap=True)
        table.add_column("runner-up")
    for name in (*names, "total"):
        table.add_column(name[:10], justify="right", no_wrap=True)
    for hub in hubs:
        points = {
            name: sum(share.points for share in hub.shares if share.criterion == name)
            for name in names
        }
        cells = [hub.tier, escape(_short(hub.place)), f"{hub.it_load_mw:.1f}"]
        if solved:
            cells += [_cost(hub.cost), escape(_successor(hub))]
        cells += [f"{points[name]:.4f}" for name in names]
        table.add_row(*cells, f"{sum(points.values()):.4f}")
    console.print(table)
    if solved:
        console.print(
            "\ncost: objective points lost when no hub may stand there; the true loss lies in the "
            "interval.\nrunner-up: the nearest hub of the best plan without it."
        )


def print_hub(console: Console, hub: HubExplanation) -> None:
    """Print one hub: cost, who takes its place, its share of each measure."""
    console.print(f"[bold]{escape(str(hub.place))}[/bold]: {hub.tier}, {hub.it_load_mw:.1f} MW")
    if hub.cost is not None:
        console.print(_cost_sentence(hub.cost, "without a hub there"))
        _print_places(console, "runner-up", hub.runners_up)
        if hub.cost.high is not None and not hub.runners_up:
            console.print("no other place takes its place: the other hubs carry its load")
        if hub.leaving:
            listed = ", ".join(_short(place) for place in hub.leaving[:_LISTED])
            more = f" and {len(hub.leaving) - _LISTED} more" if len(hub.leaving) > _LISTED else ""
            console.print(f"also given up: {escape(listed)}{more}")
        _print_changes(console, hub.changes)
    table = Table(box=None, pad_edge=False)
    for title in ("measure", "points", "of the plan's", "share"):
        table.add_column(title, justify="left" if title == "measure" else "right")
    for share in hub.shares:
        part = share.points / share.plan_points if share.plan_points else 0.0
        table.add_row(
            escape(share.label_en), f"{share.points:.5f}", f"{share.plan_points:.5f}", f"{part:.1%}"
        )
    console.print()
    console.print(table)
    if hub.disasters is not None:
        _print_disasters(console, hub.disasters)


def _print_disasters(console: Console, found: HubDisasters) -> None:
    """Print a hub's worst disasters, its backup and the nearest place out of reach."""
    console.print("\nworst disasters in force (probability to be down once it happens):")
    for worst in found.worst:
        often = "probability unknown"
        if worst.probability_30y is not None:
            often = f"{worst.probability_30y:.2%} in 30 years"
            if worst.probability_date:
                often += f", as of {worst.probability_date}"
        name = worst.name_en if worst.name_ja is None else f"{worst.name_en} {worst.name_ja}"
        console.print(f"  {worst.down:6.1%}  {escape(name)} ({often})")
    if not found.worst:
        console.print("  none takes it down with 5 % or more")
    backup = found.backup
    if backup is not None:
        if backup.place is None:
            console.print("backup: none, every hub of its tier or above falls with it")
        else:
            console.print(
                f"backup: {escape(str(backup.place))}, of {backup.choices} that could be the one "
                f"least often down with it ({backup.both_down_30y:.5f} times in 30 years)"
            )
        if backup.falling:
            listed = ", ".join(_short(place) for place in backup.falling[:_LISTED])
            more = len(backup.falling) - _LISTED
            console.print(
                f"  fall together with it: {escape(listed)}"
                + (f" and {more} more" if more > 0 else "")
            )
    if found.move is not None:
        move = found.move
        console.print(
            f"nearest place outside its worst footprint ({escape(move.event_en)}): "
            f"{escape(str(move.place))}, {move.distance_km:.0f} km away, down with {move.down:.1%} "
            f"there; moving costs {move.cost:+.5f} points"
        )
        _print_changes(console, move.changes)
    elif found.worst:
        console.print("no place outside its worst footprint can take the hub as it is")


def print_place(console: Console, place: PlaceExplanation) -> None:
    """Print why no hub stands at a place, tier by tier."""
    console.print(
        f"[bold]{escape(str(place.place))}[/bold]: what keeps it out, or what it would cost"
    )
    for verdict in place.verdicts:
        console.print()
        _print_verdict(console, verdict)


def _print_verdict(console: Console, verdict: TierVerdict) -> None:
    if verdict.outcome == "blocked":
        console.print(f"as [bold]{verdict.tier}[/bold]: kept out by hard rules")
        for reason in verdict.reasons:
            console.print(f"  {reason.rule}: {escape(reason.message_en)}")
        return
    if verdict.outcome == "no_plan":
        console.print(f"as [bold]{verdict.tier}[/bold]: no plan holds all hard rules with it")
        for reason in verdict.reasons:
            console.print(
                f"  one would do, if it were off: {reason.rule} ({escape(reason.message_en)})"
            )
        return
    load = "" if verdict.it_load_mw is None else f" with {verdict.it_load_mw:.1f} MW"
    sentence = "" if verdict.cost is None else _cost_sentence(verdict.cost, f"with it{load}")
    console.print(f"as [bold]{verdict.tier}[/bold]: {sentence}")
    _print_places(console, "displaces", verdict.displaced)
    _print_places(console, "brings in", verdict.joining)
    for value in verdict.differences:
        if abs(value.score - value.displaced_score) > _VISIBLE:
            console.print(
                f"  {escape(value.label_en)}: {value.value:,.4g} {value.unit} "
                f"(score {value.score:.3f}), displaced hub {value.displaced_value:,.4g} "
                f"{value.unit} (score {value.displaced_score:.3f})"
            )
    _print_changes(console, verdict.changes)


def print_proof(console: Console, context: ExplainContext) -> None:
    """Print the plan's objective, the best one known by now, and the bound on all plans."""
    console.print(
        f"{escape(context.scenario.title_en)}: objective {context.checked.objective:.5f}, best "
        f"known {context.best:.5f}, bound {context.bound:.5f}\n"
    )


def _print_places(console: Console, title: str, found: Sequence[RunnerUp]) -> None:
    if not found:
        return
    listed = ", ".join(
        f"{_short(other.place)} ({other.tier}, {other.it_load_mw:.1f} MW, "
        f"{other.distance_km:.0f} km)"
        for other in found[:_LISTED]
    )
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    console.print(f"  {title}: {escape(listed)}{more}")


def _print_changes(console: Console, changes: Sequence[MeasureChange]) -> None:
    visible = [c for c in changes if abs(c.points_after - c.points_before) > _VISIBLE]
    for change in sorted(visible, key=lambda c: c.points_after - c.points_before):
        console.print(
            f"  {change.points_after - change.points_before:+.5f} points: {escape(change.label_en)}"
        )


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return "-"
    if not cost.possible:
        return "irreplaceable"
    if cost.high is None:
        return f"{cost.low:.5f} or more"
    return f"{cost.low:.5f} to {cost.high:.5f}"


def _cost_sentence(cost: Cost, what: str) -> str:
    if not cost.possible:
        return f"{what} no plan holds all hard rules"
    return f"{what} the best plan loses {_cost(cost)} objective points"


def _successor(hub: HubExplanation) -> str:
    if not hub.runners_up:
        return "none" if hub.cost is not None and hub.cost.high is not None else "-"
    first = hub.runners_up[0]
    more = f" +{len(hub.runners_up) - 1}" if len(hub.runners_up) > 1 else ""
    return f"{_short(first.place)}, {first.distance_km:.0f} km{more}"


def _short(place: PlaceName) -> str:
    return place.name_ja if place.name_en is None else f"{place.name_ja} {place.name_en}"
