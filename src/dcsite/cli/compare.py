"""``dcsite compare``: two or more plans or scenarios side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from dcsite.errors import Problem, ScenarioError
from dcsite.interrupts import Interrupts

from .options import (
    EachTimeLimitOption,
    Question,
    QuietOption,
    asking,
    gap_option,
    output_option,
)
from .progress import Reporter
from .show import columns, output_console, quantity

if TYPE_CHECKING:
    from rich.console import Console

    from dcsite.plan import Session
    from dcsite.studies.compare import Comparison, Contender

TODAY = "today"
_LEAST = 2
_MOST = 8
_LISTED = 12


@asking
def compare_command(
    asked: Question,
    plans: Annotated[
        list[str],
        typer.Argument(
            metavar="PLAN...",
            help="Output folder or plan.json of a solve, a scenario (is solved), or: today.",
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="SCENARIO",
            help="Scenario that measures all; policy-2023 by default, best-of where all are plans "
            "of hubs alike or full.",
        ),
    ] = None,
    output: Annotated[
        Path | None, output_option("Folder to write; dcsite-out/compare by default.")
    ] = None,
    gap: Annotated[float, gap_option("Relative gap of scenarios that are solved.")] = 1e-3,
    time_limit: EachTimeLimitOption = None,
    quiet: QuietOption = False,
) -> int:
    """Hold plans side by side: what each gains, what that costs, and all on one map."""
    from dcsite.outputs import check_directory
    from dcsite.outputs.compare import write_comparison
    from dcsite.solvers import SolveOptions
    from dcsite.studies.compare import compare_plans

    if not _LEAST <= len(plans) <= _MOST:
        allowed = f"{_LEAST} to {_MOST} plans, scenarios or {TODAY!r}"
        raise ScenarioError(Problem("PLAN...", "", f"got {len(plans)}; allowed: {allowed}"))
    doubled = sorted({one for one in plans if plans.count(one) > 1})
    if doubled:
        raise ScenarioError(Problem("PLAN...", "", f"{doubled[0]!r} is given twice"))
    session = asked.open(
        by or ("best-of" if all(map(_is_private, plans)) else "policy-2023"),
        SolveOptions(gap=gap, time_limit_s=time_limit),
    )
    directory = output or Path("dcsite-out") / "compare"
    check_directory(directory, "compare")
    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet) as progress:
            progress.stage("read")
            found = [_contender(one, session, progress) for one in plans]
            interrupts.hold()
            progress.stage("check")
            comparison = compare_plans(_told_apart(found), session.atlas, session.scenario)
            progress.stage("write")
            paths = write_comparison(comparison, session.atlas, directory)
        _print(output_console(), comparison)
        typer.echo(f"map: {paths.html}")
        return progress.leave(interrupts)


def _is_plan(one: str) -> bool:
    return one != TODAY and (Path(one).is_dir() or Path(one).suffix == ".json")


def _is_private(one: str) -> bool:
    """Tell whether this is a plan of a question without a demand of its own."""
    from dcsite.plan.reload import read_plan

    return _is_plan(one) and read_plan(Path(one)).scenario.demand.hub_loads != "chosen"


def _contender(one: str, session: Session, progress: Reporter) -> Contender:
    """Return a plan by what the user called it: today, a folder or file, else a scenario."""
    from dcsite.contract import file_and_layer
    from dcsite.plan.reload import check_geodata_of, check_sites_of, hubs_of, read_plan
    from dcsite.scenario import shipped_names
    from dcsite.studies.compare import Contender, today

    if one == TODAY:
        return today(session.atlas, session.scenario)
    path = Path(one)
    if _is_plan(one):
        saved = read_plan(path)
        for note in saved.notes:
            progress.note(note)
        check_geodata_of(saved, session.atlas)
        own, made_for = session, saved.plan.own_sites
        if made_for is not None:  # what the plan was made for, wherever that is now
            moved = made_for.file is None or not file_and_layer(made_for.file)[0].exists()
            sites = session.given_sites if moved else None
            own = session.reopen(saved, sites, atlas=session.atlas)
        check_sites_of(saved, own.sites)
        hubs = own.sites.loc[saved.chosen.index].join(saved.chosen)
        label = path.name if path.is_dir() else path.parent.name or path.stem
        return Contender(label, saved.plan.title_en, saved.plan.title_ja, hubs)
    if one not in shipped_names() and not path.exists():
        known = ", ".join([TODAY, *shipped_names()])
        how = f"give the output folder of a solve, a scenario file, or one of: {known}"
        raise ScenarioError(Problem("PLAN...", one, f"is no folder, file or scenario; {how}"))
    contender = session.beside(one, session.overrides)
    solved = contender.scenario
    run = contender.solve(
        on_stage=lambda stage: progress.stage(stage, contender.scenario.name),
        on_progress=progress.solver,
        on_note=progress.note,
    )
    if run.plan.status == "interrupted":
        raise KeyboardInterrupt
    chosen = hubs_of(run.plan)
    hubs = contender.sites.loc[chosen.index].join(chosen)
    return Contender(solved.name, solved.title_en, solved.title_ja, hubs)


def _told_apart(found: list[Contender]) -> list[Contender]:
    """Give labels that are the same, such as folders of one name, a number each."""
    labels = [one.label for one in found]
    return [
        one
        if labels.count(one.label) == 1
        else replace(one, label=f"{one.label} ({labels[: number + 1].count(one.label)})")
        for number, one in enumerate(found)
    ]


def _print(console: Console, found: Comparison) -> None:
    from dcsite.contract import load_mw

    labels = {name: english for name, (_, english) in found.labels().items()}
    console.print(
        f"measured by {escape(found.measured_by)}: {escape(found.scenario['title_en'])}\n"
    )
    for plan in found.plans:
        note = f" ({plan.note_en})" if plan.note_en else ""
        reserve_mw = sum(hub.reserve_mw for hub in plan.hubs)
        reserve = f" and {load_mw(reserve_mw)} MW in reserve" if reserve_mw else ""
        console.print(
            f"[bold]{escape(plan.label)}[/bold]: {escape(plan.title_en)}{escape(note)}, "
            f"{len(plan.hubs)} hubs, "
            f"{load_mw(sum(hub.it_load_mw for hub in plan.hubs))} MW{reserve}"
        )
        for measure in plan.measures:
            shared = labels[measure.name]
            if measure.label_en != shared:  # says more of this plan than of the others
                more = measure.label_en.removeprefix(f"{shared} (").removesuffix(")")
                console.print(f"  {escape(shared)}: {escape(more)}")
        if plan.unserved_mw > 0.05:
            console.print(f"  [red]unserved demand: {load_mw(plan.unserved_mw)} MW[/red]")
        for broken in plan.broken_rules[:_LISTED]:
            console.print(f"  [yellow]{escape(broken.rule)}[/yellow]: {escape(broken.message_en)}")
        if len(plan.broken_rules) > _LISTED:
            console.print(f"  and {len(plan.broken_rules) - _LISTED} more broken rules")
    console.print()
    titles = (f">{escape(plan.label)}" for plan in found.plans)
    table = columns("measure", *titles, wide=("measure",))
    for row in found.rows:
        table.add_row(
            escape(labels[row[0].name]), *(quantity(cell.value, cell.unit) for cell in row)
        )
    table.add_row("points (weighted scores)", *(f"{plan.points:.4f}" for plan in found.plans))
    console.print(table)
    for held in found.against_first:
        console.print(
            f"\n[bold]{escape(held.label)}[/bold] against {escape(found.plans[0].label)}: "
            f"{len(held.hubs_elsewhere)} hubs elsewhere, {len(held.hubs_given_up)} given up"
        )
        for title, side in (("gains", held.gains), ("costs", held.costs)):
            if not side:
                console.print(f"  {title}: nothing")
                continue
            console.print(f"  {title} ({sum(one.points for one in side):+.4f} points):")
            for one in side:
                before, after = quantity(one.before, one.unit), quantity(one.after, one.unit)
                label = escape(labels[one.measure])
                console.print(f"    {one.points:+.4f}  {label}: {before} to {after}")
