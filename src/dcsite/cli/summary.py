"""What the terminal shows at the end: what is wrong first, then hubs, measures and the map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from .explain import print_hubs
from .show import columns, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from dcsite.contract import AddedLoad, AreaFigure, Link
    from dcsite.outputs import OutputPaths
    from dcsite.plan import Measure, Plan
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.types import CheapestPlan
    from dcsite.studies.alternatives import Alternatives

_ENDED = {
    "count": "as many as were asked for",
    "within": "no further plan is as good as asked",
    "undecided": "the next plan found is not as good as asked; whether one is was not proven",
    "infeasible": "no further plan exists",
    "time": "no further one was found in time",
    "interrupted": "the search was interrupted",
}

#: So many places and measures are named where there are more.
_NAMED = 3
STATUS = {
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
    *,
    verbose: bool = False,
) -> None:
    """Print what is wrong, the hubs, who carries whose load, what scores, what the grid is given.

    With `verbose` also what is only reported, by measure, electricity area, prefecture and
    connection point; all of it stands in the map and in plan.json.
    """
    with plan.printed():
        _wrong(console, plan)
        for table in _tables(plan, verbose=verbose):
            console.print()
            console.print(table)
        if plan.cheapest is not None:
            console.print()
            console.print(_cheapest(plan, plan.cheapest))
        if others is not None:
            console.print()
            _alternatives(console, others)
        if explanation is not None:
            console.print()
            print_hubs(console, explanation.hubs)
            if not explanation.whole:
                known = sum(hub.cost is not None for hub in explanation.hubs)
                total = len(explanation.hubs)
                console.print(f"interrupted: {known} of {total} hubs were explained")
    console.print()
    for note in plan.notes[1:] if plan.decided_otherwise else plan.notes:
        console.print(f"note: {escape(note)}")
    for en, _ in plan.other_places:
        console.print(f"the strategy's own {escape(en)}")
    console.print(
        f"{len(plan.assumptions)} values are assumptions, not from the strategy; "
        "they are listed in the map and in plan.json"
    )
    deciding = [one for one in plan.assumptions if one.decides]
    if deciding:
        told = ", ".join(f"{one.key} (at {one.tried}: {one.moves_share:.0%})" for one in deciding)
        console.print(
            f"each of these alone moves a third of the default plan's load or more: {escape(told)}"
        )
    typer.echo(f"candidates: {paths.candidates_html}")
    typer.echo(f"page to decide from: {paths.brief_html}")
    # The path stands alone and whole on the last line, so that scripts can take it.
    typer.echo(f"map: {paths.map_html}")


def _wrong(console: Console, plan: Plan) -> None:
    """Print how good the plan is known to be, then shortages and violated soft rules."""
    console.print(
        f"[bold]{escape(plan.title_en)}[/bold]  {escape(plan.title_ja)}\n"
        f"{STATUS[plan.status]} (objective {plan.objective:.5f}, bound {plan.bound:.5f}, "
        f"gap {plan.gap:.4%}, asked {plan.gap_asked:.4%}; {plan.solver} {plan.solver_version}, "
        f"{plan.wall_s:.1f} s)"
    )
    print_shortages(console, plan)
    print_dropped(console, plan)


def print_shortages(console: Console, plan: Plan, most: int | None = None) -> None:
    """Print what a plan is short of, of `most` prefectures, and the soft rules it breaks."""
    from dcsite.contract import load_mw

    for note in plan.notes[:1] if plan.decided_otherwise else ():
        console.print(f"[red]{escape(note)}[/red]")
    _takeovers(console, plan)
    if plan.unserved_mw > 0.05:
        console.print(f"[red]unserved demand: {load_mw(plan.unserved_mw)} MW[/red]")
        zones = plan.unserved
        if most is not None:
            zones = tuple(sorted(zones, key=lambda zone: -zone.unserved_mw)[:most])
        for zone in zones:
            console.print(
                f"  {escape(zone.name_en)} {escape(zone.name_ja)}: {load_mw(zone.unserved_mw)} MW "
                f"{zone.workload.replace('_', '-')}"
            )
        if len(zones) < len(plan.unserved):
            console.print(f"  and {len(plan.unserved) - len(zones)} more: plan.json, map.html")
    cited = {one.rule: f" ({one.cited})" for one in plan.rules}
    for violation in plan.violations:
        console.print(
            f"[yellow]soft rule {escape(violation.rule)}[/yellow]"
            f"{escape(cited.get(violation.rule, ''))}: "
            f"{escape(violation.message_en)} (costs {violation.penalty:.4f})"
        )


def print_dropped(console: Console, plan: Plan) -> None:
    """Warn of each of the strategy's own places that a hard rule drops."""
    for en, ja in plan.dropped_places:
        console.print(f"[yellow]warning[/yellow]: the strategy's own {escape(en)}\n  {escape(ja)}")


def _tables(plan: Plan, *, verbose: bool) -> Iterator[Table | str]:
    private = plan.scenario["demand"].get("hub_loads", "chosen") != "chosen"
    yield _hubs(plan, room=private)
    if plan.tied:
        yield _ties(plan)
    if plan.backups:
        yield _backups(plan)
    asked = _in_question(plan) if private else plan.measures
    yield _measures(
        asked if verbose else [one for one in asked if one.weight or one.topic == "money"]
    )
    for part in ("area", "prefecture", "connection") if verbose else ("area",):
        if any(one.part == part for one in plan.loads):
            yield _loads(plan, part)
    if verbose and plan.areas:
        yield _areas(plan.areas)
    if not verbose:
        yield (
            f"all {len(plan.measures)} measures, and what each prefecture and connection point is "
            "given: --verbose, the map, plan.json, loads.csv"
        )


def _ties(plan: Plan) -> str:
    """Say who could hold a hub's place within the gap, a line for each group of hubs."""
    lines = [f"as good within the plan's gap ({plan.gap:.3%}), other hubs kept; its loss at most:"]
    for group in plan.tied:
        rivals: dict[str, tuple[float, str]] = {}
        for tie in (tie for hub in group for tie in hub.ties or ()):
            said = tie.loss, f"{tie.place.label} ({tie.said(plan.objective)})"
            rivals[tie.place.site_id] = min(said, rivals.get(tie.place.site_id, said))
        listed = ", ".join(text for _, text in sorted(rivals.values()))
        more = max(hub.ties_open for hub in group)
        others = f"; up to {more} more not ruled out" if more else ""
        hubs = ", ".join(hub.label for hub in group)
        lines.append(f"  {group[0].tier} {hubs} ~ {listed}{others}")
    return escape("\n".join(lines))


def price_said(one: CheapestPlan) -> str:
    """Say what resilience costs."""
    proof = "at most" if one.status == "optimal" else "not proven; at most"
    amounts = (one.resilience_jpy, one.resilience_most_jpy, one.plan_jpy, one.cost_jpy)
    more, most, plan_jpy, least = (quantity(jpy, "JPY") for jpy in amounts)
    return (
        f"price of resilience: {more} ({proof} {most}): {one.label_en}\n"
        f"  this plan {plan_jpy}, the cheapest of the same counts, loads and hard rules {least}, "
        f"which breaks {len(one.violations)} soft rules"
    )


def _cheapest(plan: Plan, one: CheapestPlan) -> str:
    """Say what resilience costs, where the cheapest plan stands, and what it loses."""
    own = {hub.site_id for hub in plan.hubs}
    moved = [f"{hub.tier} {hub.label}" for hub in one.hubs if hub.site_id not in own]
    shown = ", ".join(moved[:_NAMED]) + (
        f" and {len(moved) - _NAMED} more" if moved[_NAMED:] else ""
    )
    lost = [
        f"{mine.label_en} {quantity(mine.value, mine.unit)} -> {quantity(its.value, its.unit)}"
        for mine, its in one.loses(plan.measures)[:_NAMED]
        if mine.weight * ((its.score or 0.0) - (mine.score or 0.0)) < 0.0
    ]
    said = f"{price_said(one)}\n  the cheapest stands elsewhere with: {shown or 'no hub'}"
    return escape(said + (f"\n  and loses most in: {'; '.join(lost)}" if lost else ""))


def _takeovers(console: Console, plan: Plan) -> None:
    """Print what of an existing core's load nobody carries, and of which hubs' load."""
    from dcsite.contract import load_mw

    hubs = {hub.site_id: hub for hub in plan.hubs}
    names = {loss.event_id: loss.name_en for loss in plan.worst_disasters}
    for one in plan.takeovers:
        short = one.short_mw > 0.05
        if one.site_id not in hubs:
            name = escape(f"{one.name_en} {one.name_ja}")
            style = "red" if short else "bold"
            asked = f"; short of what is asked: {load_mw(one.short_mw)} MW" if short else ""
            console.print(
                f"[{style}]{name} lost: {load_mw(one.load_mw - one.carried_mw)} MW of its "
                f"{load_mw(one.load_mw)} MW are carried by nobody, {load_mw(one.carried_mw)} MW by "
                f"reserve{asked}[/{style}]"
            )
        elif short:
            event = names.get(one.worst_event_id, one.worst_event_id)
            event = f"in {event}" if event else "when it fails alone"
            console.print(
                f"[red]{escape(hubs[one.site_id].label)}: {load_mw(one.short_mw)} MW of its "
                f"{load_mw(one.load_mw)} MW are carried by nobody {escape(event)}[/red]"
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


def _hubs(plan: Plan, *, room: bool) -> Table:
    """Return a row for each hub and their sum; with `room`, also what its site could carry."""
    from dcsite.contract import criteria, link_kinds, load_mw, step_said

    facts = [fact for one in criteria() for fact in one.facts if fact.short_en]
    further = (*link_kinds(), "nearest", *(fact.short_en for fact in facts))
    hubs, reserve = plan.hubs, plan.reserve_mw > 0.0
    further = ("reserve", *further) if reserve else further
    further = ("site MW", *further) if room else further
    table = columns("tier", "hub", ">about MW", *(f">{title}" for title in further), wide=("hub",))
    for hub in hubs:
        table.add_row(
            hub.tier,
            escape(f"{hub.label}, {hub.prefecture_en}"),
            load_mw(hub.it_load_mw),
            *([_given_mw(hub.max_it_load_mw)] if room else ()),
            *([load_mw(hub.reserve_mw)] if reserve else ()),
            *(_link(hub.links.get(key)) for key in link_kinds()),
            f"{hub.nearest_hub_km:.0f} km",
            *(f"{hub.facts.get(fact.name, math.nan):.0%}" for fact in facts),
        )
    table.add_row(
        f"{len(hubs)} hubs",
        step_said()[0],
        load_mw(sum(hub.it_load_mw for hub in hubs)),
        *([""] if room else ()),
        *([load_mw(plan.reserve_mw)] if reserve else ()),
    )
    return table


def _given_mw(mw: float | None) -> str:
    """Write what a site is said to carry as it was given, to a tenth."""
    return "-" if mw is None or not math.isfinite(mw) else f"{round(mw, 1):,g}"


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


def _loads(plan: Plan, part: str) -> Table:
    """Return a row for each part of the power system: what it is given, and what is there today."""
    rows = [_load(one) for one in plan.loads if one.part == part]
    table = columns(*rows[0], wide=(next(iter(rows[0])), "capacity from"))
    for row in rows:
        table.add_row(*row.values())
    return table


def _load(one: AddedLoad) -> dict[str, str]:
    from dcsite.contract import load_mw

    names = dict.fromkeys(filter(None, (one.name_ja, one.name_en)))
    given = {
        f"{one.part} point" if one.part == "connection" else one.part: escape(
            " ".join(names) or one.key
        ),
        ">hubs": str(len(one.site_ids)),
        ">MW at grid": load_mw(one.grid_mw),
        ">reserve": load_mw(one.reserve_grid_mw),
    }
    if one.part == "connection":
        return given | {
            ">kV": "-" if one.voltage_kv is None else f"{one.voltage_kv:g}",
            ">bears MW": _known(one.capacity_mw),
            ">used": _known(one.capacity_share, "share"),
            "capacity from": escape(one.known_en),
        }
    energy = _known(one.energy_share, "share")
    given |= {
        ">TWh/year": f"{one.energy_gwh / 1000.0:.2f}",
        ">of energy today": f"[red]{energy}[/red]" if one.beyond else energy,
    }
    if one.part == "prefecture":
        return given | {">of special high voltage": _known(one.special_high_voltage_share, "share")}
    return given | {
        ">limit": "-" if one.max_share is None else f"{one.max_share:.0%}",
        ">peak MW": _known(one.peak_mw),
        ">of peak": _known(one.peak_share, "share"),
        ">queue MW": _known(one.applications_mw),
    }


def _known(value: float, unit: str = "") -> str:
    if not math.isfinite(value):
        return "not known"
    return quantity(value, unit) if unit else f"{value:,.0f}"


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


def _measures(measures: Sequence[Measure]) -> Table:
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
