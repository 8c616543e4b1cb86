"""``dcsite explain``: why hubs stand where they stand, and why none stands elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from dcsite.errors import CheckError, OutputError, Problem
from dcsite.interrupts import Interrupts

from .options import (
    EachTimeLimitOption,
    GeodataOption,
    JsonOption,
    LayerOption,
    MovedAddSitesOption,
    MovedSitesOption,
    PlanArgument,
    QuietOption,
    gap_option,
)
from .progress import Reporter
from .show import columns, listed, output_console, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from dcsite.plan import Session
    from dcsite.plan.explanation import (
        Cost,
        HubDisasters,
        HubExplanation,
        HubLoad,
        LoadReason,
        MeasureChange,
        PlaceExplanation,
        Reason,
        RunnerUp,
        TierVerdict,
    )
    from dcsite.plan.reload import SavedPlan
    from dcsite.studies.explain import ExplainContext

#: plan.json carries the objective with 6 decimals, and loads with 3.
_SAME_OBJECTIVE = 1e-4

#: What is said where Ctrl-C ended the solves.
_SHOWN = "interrupted: what was known by then is shown"

#: Changes of fewer objective points than this are not shown.
_VISIBLE = 5e-6


def explain_command(
    plan: PlanArgument,
    place: Annotated[
        str | None,
        typer.Argument(
            help="Municipality code, site id, Japanese or English name; all hubs without it."
        ),
    ] = None,
    as_json: JsonOption = False,
    hubs: Annotated[
        bool | None,
        typer.Option(
            "--hubs/--no-hubs",
            help="Solve again without each hub; by default when no PLACE is given. Without, only "
            "the hubs' shares of the score are shown, at once.",
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Keep what is found of the hubs in the plan's folder: explanation.json, and the "
            "pop-ups of map.html.",
        ),
    ] = False,
    tier: Annotated[
        str | None, typer.Option(help="Ask about PLACE in one tier only: core, large, regional.")
    ] = None,
    sites: MovedSitesOption = None,
    add_sites: MovedAddSitesOption = None,
    layer: LayerOption = None,
    geodata: GeodataOption = None,
    gap: Annotated[
        float | None, gap_option("Relative gap of each solve; the plan's own by default.")
    ] = None,
    time_limit: EachTimeLimitOption = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Solves at once.")] = 2,
    quiet: QuietOption = False,
) -> int:
    """Explain a plan: what each hub is worth and who would take its place, or why not PLACE."""
    from dcsite.contract import TIERS
    from dcsite.plan import Session
    from dcsite.plan.places import find_place
    from dcsite.plan.reload import read_plan
    from dcsite.studies.explain import tighten

    if tier is not None and (tier not in TIERS or place is None):
        wrong = "asks about a PLACE; give one"
        if tier not in TIERS:
            wrong = f"must be one of {', '.join(TIERS)}, got {tier!r}"
        raise typer.BadParameter(wrong, param_hint="'--tier'")
    if write and hubs is False:
        wrong = "keeps what --hubs finds; leave out --no-hubs"
        raise typer.BadParameter(wrong, param_hint="'--write'")
    hubs = True if write else hubs
    saved = read_plan(plan)
    folder = _folder_to_write(saved) if write else None
    options = saved.solve_options(gap, time_limit)
    session = Session.reopen(
        saved, sites, add_sites=add_sites, layer=layer, options=options, atlas=geodata
    )
    tiers = TIERS if tier is None else (tier,)
    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet, notes=saved.notes) as progress:
            progress.stage("read")
            context = _context(session, saved, jobs, progress)
            site = None if place is None else find_place(context.sites, place)
            solves = place is not None or hubs is not False
            if gap is not None and gap < saved.plan.gap_asked and solves:
                progress.stage("prove")
                tighten(context)
            if solves:
                progress.stage("changes")
            explained, other = _explain(context, site, tiers, hubs, progress, interrupts)
            interrupts.hold()
            written = None if folder is None else _write(context, explained, folder)
        if as_json:
            document = {
                **context.explanation(explained).dump(),
                "place": None if other is None else other.dump(),
            }
            print_json(document)
            return progress.leave(interrupts, _SHOWN)
        with saved.plan.printed():
            _print(context, explained, site, hubs, other)
        if written is not None:
            typer.echo(f"map: {written}")
        return progress.leave(interrupts, _SHOWN)


def _print(
    context: ExplainContext,
    explained: tuple[HubExplanation, ...],
    site: str | None,
    hubs: bool | None,
    other: PlaceExplanation | None,
) -> None:
    console = output_console()
    console.print(
        f"{escape(context.scenario.title_en)}: objective {context.checked.objective:.5f}, best "
        f"known {context.best:.5f}, bound {context.bound:.5f}\n"
    )
    if site is None or hubs is not None:
        print_hubs(console, explained)
    for one in explained:
        if one.place.site_id == site and other is None:
            _print_hub(console, one)
    if other is not None:
        console.print(
            f"[bold]{escape(str(other.place))}[/bold]: what keeps it out, or what it would cost"
        )
        for verdict in other.verdicts:
            console.print()
            _print_verdict(console, verdict)


def _folder_to_write(saved: SavedPlan) -> Path:
    """Return the plan's folder; refuse, before any solve, one that could not be written after."""
    if saved.path.name != "plan.json":
        raise OutputError(
            Problem(str(saved.path), "", "--write wants an output folder or its plan.json")
        )
    from dcsite.outputs import check_directory

    folder = saved.path.parent
    with _naming_the_folder():
        check_directory(folder)
    return folder


def _write(context: ExplainContext, hubs: tuple[HubExplanation, ...], folder: Path) -> Path:
    from dcsite.outputs import write_explanation

    place = {site: number for number, (site, _) in enumerate(context.opened)}
    ordered = tuple(sorted(hubs, key=lambda hub: place[hub.place.site_id]))
    with _naming_the_folder():
        paths = write_explanation(
            context.explanation(ordered), context.sites, context.atlas, folder
        )
    return paths.map_html


@contextmanager
def _naming_the_folder() -> Iterator[None]:
    """Say what to do about a folder that cannot be replaced, where there is no --output."""
    copy = "copy the plan to a folder of its own and explain the copy"
    outside = f"call from outside the plan's folder, or {copy}"
    try:
        yield
    except OutputError as error:
        problems = []
        for one in error.problems:
            said = one.message.replace("give another folder", copy)
            said = said.replace("give a folder inside it", outside)
            problems.append(replace(one, message=f"--write: {said}"))
        raise OutputError(problems) from error


def _explain(
    context: ExplainContext,
    site: str | None,
    tiers: tuple[str, ...],
    hubs: bool | None,
    progress: Reporter,
    interrupts: Interrupts,
) -> tuple[tuple[HubExplanation, ...], PlaceExplanation | None]:
    """Explain the hubs asked for, and the place if it is no hub or asked about in one tier."""
    from dcsite.contract import TIERS
    from dcsite.studies.explain import explain_disasters, hub_shares
    from dcsite.studies.explain_place import explain_place

    is_hub = site in context.hubs.index and tiers == TIERS
    explained: tuple[HubExplanation, ...] = ()
    if hubs or (hubs is None and site is None):
        explained = _explain_hubs(context, None, progress, interrupts)
    else:
        if hubs is not None:
            explained = hub_shares(context)
        if site is not None and is_hub:
            others = tuple(hub for hub in explained if hub.place.site_id != site)
            (asked,) = _explain_hubs(context, (site,), progress, interrupts)
            asked = replace(asked, disasters=explain_disasters(context, site))
            explained = (asked, *others)
    if site is None or is_hub or interrupts.count:
        return explained, None
    return explained, explain_place(context, site, tiers, progress.count)


def _explain_hubs(
    context: ExplainContext,
    hubs: tuple[str, ...] | None,
    progress: Reporter,
    interrupts: Interrupts,
) -> tuple[HubExplanation, ...]:
    """Solve without each hub; Ctrl-C keeps what is known by then, if anything is."""
    from dcsite.studies.explain import explain_hubs

    with Interrupts(patience=1) as stop:
        found = explain_hubs(context, hubs, progress.count, lambda: stop.count > 0)
    if stop.count and all(hub.cost is None for hub in found):
        raise KeyboardInterrupt
    interrupts.count += stop.count
    return found


def _context(session: Session, saved: SavedPlan, jobs: int, progress: Reporter) -> ExplainContext:
    """Measure the candidates again and hold the plan against what it says of itself."""
    from dcsite.studies.explain import ExplainContext

    def edited(field: str, message: str) -> Problem:
        why = "the plan was edited or its candidates were others, solve the scenario again"
        return Problem(str(saved.path), field, f"{message}; {why}")

    progress.stage("measure")
    measured = session.measured
    progress.stage("check")
    asked = (saved.scenario, session.atlas, measured, saved.chosen, session.options)
    try:
        context = ExplainContext(*asked, saved.bound, jobs)
    except CheckError as error:
        end = "; no plan was written, please report this"
        raise OutputError(
            edited(one.field, one.message.removesuffix(end)) for one in error.problems
        ) from error
    claimed, found = saved.plan.objective, context.checked.objective
    if abs(found - claimed) > _SAME_OBJECTIVE:
        raise OutputError(
            edited("objective", f"is {claimed:.6f}, but its hubs are worth {found:.6f}")
        )
    return context


def print_hubs(console: Console, hubs: Sequence[HubExplanation]) -> None:
    """Print all hubs: replacement cost, runner-up, share of each criterion's points."""
    from dcsite.contract import load_mw

    names = list(dict.fromkeys(share.criterion for hub in hubs for share in hub.shares))
    solved = any(hub.cost is not None for hub in hubs)
    table = columns(
        *("tier", "hub", ">about MW"),
        *((">cost", "runner-up") if solved else ()),
        *(f">{name[:10]}" for name in (*names, "total")),
        wide=("hub", "runner-up"),
    )
    for hub in hubs:
        points = dict.fromkeys(names, 0.0)
        for share in hub.shares:
            points[share.criterion] += share.points
        table.add_row(
            *(hub.tier, escape(hub.place.label), load_mw(hub.it_load_mw)),
            *((_cost(hub.cost), escape(_successor(hub))) if solved else ()),
            *(f"{part:.4f}" for part in (*points.values(), sum(points.values()))),
        )
    console.print(table)
    _print_sizes(console, hubs)
    if solved:
        console.print(
            "\ncost: objective points lost when no hub may stand there; the true loss lies in the "
            "interval.\nrunner-up: the nearest hub of the best plan without it."
        )


def _print_sizes(console: Console, hubs: Sequence[HubExplanation]) -> None:
    """Print how firmly each hub's MW is set, and by what."""
    sizes = [(hub, hub.size) for hub in hubs if hub.size is not None]
    if not sizes:
        return
    wide = ("hub", "held by", "kept up by")
    table = columns("hub", ">MW as good", *wide[1:], wide=wide)
    for hub, size in sizes:
        reasons = (_titles(size.held_by), _titles(size.kept_by))
        table.add_row(escape(hub.place.label), _mw_range(size), *reasons)
    console.print()
    console.print(table)
    console.print(
        "\nMW as good: all hubs where they are, other loads chosen anew, the plan loses less than "
        f"{sizes[0][1].within:.5f} points.\nheld by: what keeps the hub from more; kept up by: "
        "from less."
    )


def _mw_range(size: HubLoad) -> str:
    from dcsite.contract import load_mw

    low, high = load_mw(size.low_mw), load_mw(size.high_mw)
    return low if low == high else f"{low} to {high}"


def _titles(reasons: Sequence[LoadReason]) -> str:
    return escape("; ".join(reason.title_en for reason in reasons) or "-")


def _print_hub(console: Console, hub: HubExplanation) -> None:
    """Print one hub: cost, who takes its place, its share of each measure."""
    from dcsite.contract import about_mw

    console.print(
        f"[bold]{escape(str(hub.place))}[/bold]: {hub.tier}, {about_mw(hub.it_load_mw)[0]}"
    )
    if hub.cost is not None:
        console.print(_cost_sentence(hub.cost, "without a hub there"))
        _print_places(console, "runner-up", hub.runners_up)
        if hub.cost.high is not None and not hub.runners_up:
            console.print("no other place takes its place: the other hubs carry its load")
        if hub.leaving:
            gone = listed([place.label for place in hub.leaving])
            console.print(f"also given up: {escape(gone)}")
        _print_changes(console, hub.changes)
    if hub.size is not None:
        console.print(
            f"{_mw_range(hub.size)} MW are as good within {hub.size.within:.5f} points; held by: "
            f"{_titles(hub.size.held_by)}; kept up by: {_titles(hub.size.kept_by)}"
        )
    table = columns("measure", ">points", ">of the plan's", ">share", wide=("measure",))
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
    """Print a hub's worst disasters, its backups and the nearest place out of reach."""
    from dcsite.contract import load_mw

    console.print("\nworst disasters in force (probability to be down once it happens):")
    for worst in found.worst:
        often = "probability unknown"
        if worst.probability_30y is not None:
            dated = f", as of {worst.probability_date}" if worst.probability_date else ""
            often = f"{worst.probability_30y:.2%} in 30 years{dated}"
        name = worst.name_en if worst.name_ja is None else f"{worst.name_en} {worst.name_ja}"
        console.print(f"  {worst.down:6.1%}  {escape(name)} ({often})")
    if not found.worst:
        console.print("  none takes it down with 5 % or more")
    for backup in found.backups:
        console.print(
            f"backup: {escape(str(backup.place))} carries {load_mw(backup.takeover_mw)} MW of it; "
            f"both are down {backup.both_down_30y or 0.0:.5f} times in 30 years"
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


def _print_verdict(console: Console, verdict: TierVerdict) -> None:
    """Print what becomes of a place in one tier."""
    from dcsite.contract import about_mw

    title = f"as [bold]{verdict.tier}[/bold]"
    if verdict.outcome == "blocked":
        console.print(f"{title}: kept out by hard rules")
        for reason in verdict.reasons:
            console.print(f"  {_named(reason)}: {escape(reason.message_en)}")
        return
    if verdict.outcome == "no_plan":
        console.print(f"{title}: no plan holds all hard rules with it")
        for reason in verdict.reasons:
            console.print(
                f"  one would do, if it were off: {_named(reason)}: {escape(reason.message_en)}"
            )
        return
    load = "" if verdict.it_load_mw is None else f" with {about_mw(verdict.it_load_mw)[0]}"
    sentence = "" if verdict.cost is None else _cost_sentence(verdict.cost, f"with it{load}")
    console.print(f"{title}: {sentence}")
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


def _named(reason: Reason) -> str:
    """Return a rule with the strategy's lines behind it."""
    return escape(f"{reason.rule} ({', '.join(reason.statements) or 'assumption'})")


def _print_places(console: Console, title: str, found: Sequence[RunnerUp]) -> None:
    from dcsite.contract import about_mw

    if found:
        places = [
            f"{other.place.label} ({other.tier}, {about_mw(other.it_load_mw)[0]}, "
            f"{other.distance_km:.0f} km)"
            for other in found
        ]
        console.print(f"  {title}: {escape(listed(places))}")


def _print_changes(console: Console, changes: Sequence[MeasureChange]) -> None:
    gains = [(change.points_after - change.points_before, change.label_en) for change in changes]
    for gain, label in sorted(gains, key=lambda pair: pair[0]):
        if abs(gain) > _VISIBLE:
            console.print(f"  {gain:+.5f} points: {escape(label)}")


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return "-"
    if not cost.possible:
        return "irreplaceable"
    low = f"{cost.low:.5f}"
    return f"{low} or more" if cost.high is None else f"{low} to {cost.high:.5f}"


def _cost_sentence(cost: Cost, what: str) -> str:
    if not cost.possible:
        return f"{what} no plan holds all hard rules"
    return f"{what} the best plan loses {_cost(cost)} objective points"


def _successor(hub: HubExplanation) -> str:
    if not hub.runners_up:
        return "none" if hub.cost is not None and hub.cost.high is not None else "-"
    first = hub.runners_up[0]
    more = f" +{len(hub.runners_up) - 1}" if len(hub.runners_up) > 1 else ""
    return f"{first.place.label}, {first.distance_km:.0f} km{more}"
