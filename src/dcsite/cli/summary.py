"""What the terminal shows at the end: what is wrong first, then hubs, measures and the map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from .explain import print_hubs
from .show import columns, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from dcsite.contract import AreaFigure, Link
    from dcsite.outputs import OutputPaths
    from dcsite.plan import Hub, Measure, Plan
    from dcsite.plan.explanation import Explanation
    from dcsite.studies.alternatives import Alternatives

_ENDED = {
    "count": "as many as were asked for",
    "within": "no further plan is as good as asked",
    "undecided": "the next plan found is not as good as asked; whether one is was not proven",
    "infeasible": "no further plan exists",
    "time": "no further one was found in time",
    "interrupted": "the search was interrupted",
}

_STATUS = {
    "optimal": "[green]optimal[/green]: proven within the gap asked",
    "feasible": "[yellow]feasible[/yellow]: not proven within the gap asked",
    "interrupted": "[yellow]interrupted[/yellow]: the best plan found so far was kept",
}


def print_summary(
    console: Console,
    plan: Plan,
    paths: OutputPaths,
    others: Alternatives | None = None,
    explanation: Explanation | None = None,
) -> None:
    """Print shortages and violated soft rules, the hubs, the measures and the path of the map."""
    console.print(
        f"[bold]{escape(plan.title_en)}[/bold]  {escape(plan.title_ja)}\n"
        f"{_STATUS[plan.status]} (objective {plan.objective:.5f}, bound {plan.bound:.5f}, "
        f"gap {plan.gap:.4%}, asked {plan.gap_asked:.4%}; {plan.solver} {plan.solver_version}, "
        f"{plan.wall_s:.1f} s)"
    )
    for note in plan.notes[:1] if plan.decided_otherwise else ():
        console.print(f"[red]{escape(note)}[/red]")
    _takeovers(console, plan)
    for note in plan.notes[1:] if plan.decided_otherwise else plan.notes:
        console.print(escape(note))
    if plan.unserved_mw > 0.05:
        console.print(f"[red]unserved demand: {plan.unserved_mw:.1f} MW[/red]")
        for zone in plan.unserved:
            console.print(
                f"  {escape(zone.name_en)} {escape(zone.name_ja)}: {zone.unserved_mw:.1f} MW "
                f"{zone.workload.replace('_', '-')}"
            )
    for violation in plan.violations:
        console.print(
            f"[yellow]soft rule {escape(violation.rule)}[/yellow]: "
            f"{escape(violation.message_en)} (costs {violation.penalty:.4f})"
        )
    console.print()
    private = bool(plan.scenario["demand"].get("shared_alike"))
    console.print(_hubs(plan.hubs, room=private))
    console.print(_total(plan))
    if plan.backups:
        console.print()
        console.print(_backups(plan))
    console.print()
    console.print(_measures(_in_question(plan) if private else plan.measures))
    if plan.areas:
        console.print()
        console.print(_areas(plan.areas))
    if others is not None:
        console.print()
        _alternatives(console, others)
    if explanation is not None:
        console.print()
        print_hubs(console, explanation.hubs)
        if not explanation.whole:
            known = sum(hub.cost is not None for hub in explanation.hubs)
            console.print(f"interrupted: {known} of {len(explanation.hubs)} hubs were explained")
    console.print(
        f"\n{len(plan.assumptions)} values are assumptions, not from the strategy; "
        "they are listed in the map and in plan.json"
    )
    deciding = [one for one in plan.assumptions if one.decides]
    if deciding:
        told = ", ".join(f"{one.key} (at {one.tried}: {one.moves_share:.0%})" for one in deciding)
        console.print(
            f"each of these alone moves a third of the default plan's load or more: {escape(told)}"
        )
    # The path stands alone and whole on the last line, so that scripts can take it.
    typer.echo(f"map: {paths.map_html}")


def _takeovers(console: Console, plan: Plan) -> None:
    """Print what of an existing core's load nobody carries, and of which hubs' load."""
    hubs = {hub.site_id: hub for hub in plan.hubs}
    names = {loss.event_id: loss.name_en for loss in plan.worst_disasters}
    for one in plan.takeovers:
        short = one.short_mw > 0.05
        if one.site_id not in hubs:
            name = escape(f"{one.name_en} {one.name_ja}")
            style = "red" if short else "bold"
            asked = f"; short of what is asked: {one.short_mw:,.0f} MW" if short else ""
            console.print(
                f"[{style}]{name} lost: {one.load_mw - one.carried_mw:,.0f} MW of its "
                f"{one.load_mw:,.0f} MW are carried by nobody, {one.carried_mw:,.0f} MW by reserve"
                f"{asked}[/{style}]"
            )
        elif short:
            event = names.get(one.worst_event_id, one.worst_event_id)
            event = f"in {event}" if event else "when it fails alone"
            console.print(
                f"[red]{escape(hubs[one.site_id].label)}: {one.short_mw:,.0f} MW of its "
                f"{one.load_mw:,.0f} MW are carried by nobody {escape(event)}[/red]"
            )


def _alternatives(console: Console, others: Alternatives) -> None:
    for plan in others.alternatives:
        come = ", ".join(
            f"{hub.place.name_ja} ({hub.tier})" for hub in plan.hubs if not hub.in_best
        )
        gone = ", ".join(f"{hub.place.name_ja} ({hub.tier})" for hub in plan.gone)
        console.print(
            f"alternative {plan.number}: objective {plan.objective:.5f} "
            f"({plan.below_best:.3%} below the best), gap {plan.gap:.3%}; "
            f"{escape(come or 'nothing')} for {escape(gone or 'nothing')}"
        )
    console.print(f"{len(others.alternatives)} alternative(s): {_ENDED[others.ended]}")


def _in_question(plan: Plan) -> tuple[Measure, ...]:
    """Leave out what criteria measure of which neither a score nor a rule is asked for."""
    from dcsite.contract import criteria

    weights, rules = plan.scenario["weights"], plan.scenario["rules"]
    silent = {
        one.name
        for one in criteria()
        if not weights[one.name] and all(rules[rule.name] == "off" for rule in one.rules)
    }
    return tuple(
        one
        for one in plan.measures
        if one.criterion not in silent | {"demand"} and (one.score is None or one.weight)
    )


def _hubs(hubs: tuple[Hub, ...], *, room: bool) -> Table:
    """Return a row for each hub; with `room`, also what its site could carry."""
    from dcsite.contract import criteria, link_kinds, load_mw

    facts = [fact for one in criteria() for fact in one.facts if fact.short_en]
    further = (*link_kinds(), "nearest", *(fact.short_en for fact in facts))
    reserve = any(hub.reserve_mw for hub in hubs)
    further = ("reserve", *further) if reserve else further
    further = ("site MW", *further) if room else further
    table = columns("tier", "hub", ">about MW", *(f">{title}" for title in further), wide=("hub",))
    for hub in hubs:
        table.add_row(
            hub.tier,
            escape(f"{hub.label}, {hub.prefecture_en}"),
            load_mw(hub.it_load_mw),
            *([load_mw(hub.max_it_load_mw or math.nan)] if room else ()),
            *([load_mw(hub.reserve_mw)] if reserve else ()),
            *(_link(hub.links.get(key)) for key in link_kinds()),
            f"{hub.nearest_hub_km:.0f} km",
            *(f"{hub.facts.get(fact.name, math.nan):.0%}" for fact in facts),
        )
    return table


def _backups(plan: Plan) -> Table:
    """Return a row for each load that others carry when it is lost, and one for the rest."""
    from dcsite.contract import load_mw

    names = {hub.site_id: hub.label for hub in plan.hubs}
    title = "carried by (at most, in any one event)"
    table = columns("lost", ">about MW", title, ">nobody", wide=("lost", title))
    for one in plan.takeovers:
        arcs = [arc for arc in plan.backups if arc.site_id == one.site_id]
        told = (
            f"{names.get(arc.backup_site_id, arc.backup_site_id)} {load_mw(arc.takeover_mw)}"
            for arc in sorted(arcs, key=lambda arc: -arc.takeover_mw)
        )
        table.add_row(
            escape(names.get(one.site_id, f"{one.name_ja} {one.name_en}")),
            load_mw(one.load_mw),
            escape(", ".join(told)),
            load_mw(max(one.load_mw - one.carried_mw, 0.0)),
        )
    asked = {one.site_id for one in plan.takeovers}
    rest = [hub.it_load_mw for hub in plan.hubs if hub.site_id not in asked]
    if rest:
        why = f"no rule asks others to carry the load of these {len(rest)} hubs"
        table.add_row("all other hubs", load_mw(sum(rest)), why, load_mw(sum(rest)))
    return table


def _total(plan: Plan) -> str:
    from dcsite.contract import load_mw

    load = f"{sum(hub.it_load_mw for hub in plan.hubs):,.0f} MW of IT load"
    return f"{load} and {load_mw(plan.reserve_mw)} MW in reserve" if plan.reserve_mw else load


def _areas(figures: Sequence[AreaFigure]) -> Table:
    """Return a row for each electricity area; what is above its limit is marked."""
    titles = {one.name: f">{one.label_en}" for one in figures}
    table = columns("area", *titles.values(), wide=titles.values())
    for area in dict.fromkeys(one.area for one in figures):
        own = {one.name: one for one in figures if one.area == area}
        cells = [_figure(own[name]) if name in own else "-" for name in titles]
        table.add_row(escape(area), *cells)
    return table


def _figure(one: AreaFigure) -> str:
    text = quantity(one.value, one.unit)
    return f"[red]{text} > {quantity(one.limit, one.unit)}[/red]" if one.beyond else text


def _link(link: Link | None) -> str:
    if link is None:
        return "-"
    return f"{link.detail} {link.distance_km:.{link.km_digits}f} km".strip()


def _measures(measures: tuple[Measure, ...]) -> Table:
    table = columns("criterion", "measure", ">value", ">score", ">weight", wide=("measure",))
    for measure in measures:
        table.add_row(
            measure.criterion,
            escape(measure.label_en),
            quantity(measure.value, measure.unit),
            "-" if measure.score is None else f"{measure.score:.3f}",
            "-" if not measure.weight else f"{measure.weight:.3f}",
        )
    return table
