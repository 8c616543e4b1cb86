"""``dcsite explain``: why hubs stand where they stand, and why none stands elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dcsite.errors import CheckError, InterruptedWithoutPlanError, OutputError, Problem

from .explain_show import SolveCounter, print_hub, print_hubs, print_place, print_proof
from .options import EachTimeLimitOption, JsonOption, NoCacheOption, PlanArgument, QuietOption
from .progress import reporter
from .summary import output_console

if TYPE_CHECKING:
    from dcsite.plan import Session
    from dcsite.plan.explanation import HubExplanation, PlaceExplanation
    from dcsite.plan.reload import SavedPlan
    from dcsite.studies.explain_context import ExplainContext

#: plan.json carries the objective with 6 decimals, and loads with 3.
_SAME_OBJECTIVE = 1e-4


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
    sites: Annotated[
        Path | None, typer.Option("--sites", help="Own candidate sites the plan was made for.")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Relative gap of each solve; the plan's own by default."
        ),
    ] = None,
    time_limit: EachTimeLimitOption = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Solves at once.")] = 2,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
) -> None:
    """Explain a plan: what each hub is worth and who would take its place, or why not PLACE."""
    from dcsite.criteria import TIERS
    from dcsite.plan import Session
    from dcsite.plan.reload import read_plan
    from dcsite.studies.explain_context import tighten
    from dcsite.studies.explain_place import find_place

    if tier is not None and (tier not in TIERS or place is None):
        raise typer.BadParameter(
            f"must be one of {', '.join(TIERS)}, got {tier!r}"
            if tier not in TIERS
            else "asks about a PLACE; give one"
        )
    if write and hubs is False:
        raise typer.BadParameter("--write keeps what --hubs finds; leave out --no-hubs")
    hubs = True if write else hubs
    saved = read_plan(plan)
    folder = _folder_to_write(saved) if write else None
    options = saved.solve_options(gap, time_limit)
    session = Session.reopen(saved, sites, cache=not no_cache, options=options)
    if saved.version != session.version:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"[yellow]warning:[/yellow] {saved.path} was written by dcsite {saved.version}, this "
            f"is {session.version}"
        )
    tiers = TIERS if tier is None else (tier,)
    try:
        with reporter(quiet=quiet) as progress:
            progress.stage("read")
            context = _context(session, saved, jobs, progress.stage)
        site = None if place is None else find_place(context.sites, place)
        if gap is not None and gap < saved.gap_asked and (place is not None or hubs is not False):
            with SolveCounter("proving the plan", quiet=quiet):
                tighten(context)
        with SolveCounter("solving with changes", quiet=quiet) as counter:
            explained, other = _explain(context, site, tiers, hubs, counter)
    except KeyboardInterrupt:
        raise InterruptedWithoutPlanError("interrupted; nothing was explained") from None
    written = None if folder is None else _write(context, explained, folder)
    if as_json:
        document = {
            **context.explanation(explained).dump(),
            "place": None if other is None else other.dump(),
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
        return
    _print(context, explained, site, hubs, other)
    if written is not None:
        typer.echo(f"map: {written}")


def _print(
    context: ExplainContext,
    explained: tuple[HubExplanation, ...],
    site: str | None,
    hubs: bool | None,
    other: PlaceExplanation | None,
) -> None:
    console = output_console()
    print_proof(console, context)
    if site is None or hubs is not None:
        print_hubs(console, explained)
    for one in explained:
        if one.place.site_id == site and other is None:
            print_hub(console, one)
    if other is not None:
        print_place(console, other)


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
    try:
        yield
    except OutputError as error:
        raise OutputError(
            Problem(
                problem.where,
                problem.field,
                f"--write: {problem.message.partition('; ')[0]}; call from outside the plan's "
                "folder, or copy the plan to a folder of its own and explain the copy"
                if "--output" in problem.message
                else problem.message,
            )
            for problem in error.problems
        ) from error


def _explain(
    context: ExplainContext,
    site: str | None,
    tiers: tuple[str, ...],
    hubs: bool | None,
    counter: SolveCounter,
) -> tuple[tuple[HubExplanation, ...], PlaceExplanation | None]:
    """Explain the hubs asked for, and the place if it is no hub or asked about in one tier."""
    from dcsite.criteria import TIERS
    from dcsite.studies.explain import explain_disasters, explain_hubs, hub_shares
    from dcsite.studies.explain_place import explain_place

    is_hub = site in context.hubs.index and tiers == TIERS
    explained: tuple[HubExplanation, ...] = ()
    if hubs or (hubs is None and site is None):
        explained = explain_hubs(context, None, counter)
    else:
        if hubs is not None:
            explained = hub_shares(context)
        if site is not None and is_hub:
            others = tuple(hub for hub in explained if hub.place.site_id != site)
            (asked,) = explain_hubs(context, (site,), counter)
            asked = replace(asked, disasters=explain_disasters(context, site))
            explained = (asked, *others)
    if site is None or is_hub:
        return explained, None
    return explained, explain_place(context, site, tiers, counter)


def _context(
    session: Session, saved: SavedPlan, jobs: int, on_stage: Callable[[str], None]
) -> ExplainContext:
    """Measure the candidates again and hold the plan against what it says of itself."""
    from dcsite.studies.explain_context import explain_context

    on_stage("measure")
    measured = session.measured
    on_stage("check")
    try:
        context = explain_context(
            saved.scenario,
            session.atlas,
            measured,
            saved.chosen,
            session.options,
            bound=saved.bound,
            jobs=jobs,
        )
    except CheckError as error:
        raise OutputError(
            Problem(
                str(saved.path),
                problem.field,
                f"{problem.message.removesuffix('; no plan was written, please report this')}; "
                "the plan was edited or its candidates were others, solve the scenario again",
            )
            for problem in error.problems
        ) from error
    found = context.checked.objective
    if abs(found - saved.objective) > _SAME_OBJECTIVE:
        raise OutputError(
            Problem(
                str(saved.path),
                "objective",
                f"is {saved.objective:.6f}, but its hubs are worth {found:.6f}; the plan was "
                "edited or its candidates were others, solve the scenario again",
            )
        )
    return context
