"""``dcsite solve``: from a scenario to a proven plan and its map."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dcsite.errors import OutputError, Problem, ScenarioError, SolverError
from dcsite.interrupts import Interrupts

from .options import (
    CheckTimeOption,
    Question,
    QuietOption,
    ScenarioArgument,
    SolverChoice,
    SolverOption,
    asking,
    gap_option,
    output_option,
    seconds_option,
)
from .progress import Reporter
from .show import output_console
from .summary import print_summary

if TYPE_CHECKING:
    from dcsite.plan import Run, Session
    from dcsite.plan.explanation import Explanation


@asking
def solve_command(
    asked: Question,
    scenario: ScenarioArgument = "policy-2023",
    output: Annotated[
        Path | None, output_option("Folder to write; dcsite-out/SCENARIO by default.")
    ] = None,
    solver: SolverOption = SolverChoice.auto,
    time_limit: Annotated[
        float | None,
        seconds_option(
            "Seconds to search for a plan; reading, measuring, checking and writing come on top."
        ),
    ] = None,
    gap: Annotated[float, gap_option("Relative gap at which a plan is proven.")] = 0.001,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Threads the solver may use.")] = 1,
    seed: Annotated[int, typer.Option(min=0, max=2_147_483_647, help="Seed of the solver.")] = 0,
    start: Annotated[
        Path | None, typer.Option("--start", help="plan.json of an earlier run to begin from.")
    ] = None,
    fix: Annotated[
        list[Path] | None,
        typer.Option(
            "--fix",
            metavar="FILE",
            help="plan.json or periods.json of an earlier run, whose hubs stay, in their tier and "
            "with their load at least; may be repeated.",
        ),
    ] = None,
    check_time: CheckTimeOption = 1.0,
    first_plan_time: Annotated[
        float,
        seconds_option("Seconds to find a first plan of a large program, or to complete --start."),
    ] = 60.0,
    diagnosis_time: Annotated[
        float, seconds_option("Seconds to find out why there is no plan.")
    ] = 120.0,
    diagnose: Annotated[
        bool,
        typer.Option(
            "--diagnose",
            help="Where there is no plan, look for every set of rules of which one would have to "
            "give way, even if the check before the solve already says why.",
        ),
    ] = False,
    alternatives: Annotated[
        int, typer.Option(min=0, max=100, help="Further plans to find, the best first.")
    ] = 0,
    alternatives_within: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="Their largest loss against the best, in %.")
    ] = 1.0,
    differ_in: Annotated[
        int, typer.Option(min=1, help="Hubs in which plans differ at least, where no core does.")
    ] = 1,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Also find each hub's replacement cost and runner-up, for the map."
        ),
    ] = False,
    cheapest: Annotated[
        bool,
        typer.Option(
            "--cheapest/--no-cheapest",
            help="Also find the cheapest plan of the same counts, loads and hard rules: what "
            "resilience costs, where costs are given.",
        ),
    ] = True,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Also print what is only reported, and every part of the grid."
        ),
    ] = False,
    quiet: QuietOption = False,
) -> int:
    """Solve a scenario, check the plan independently, and write plan, tables and map."""
    begun = time.perf_counter()
    from dcsite.outputs import check_directory, write_outputs
    from dcsite.plan.reload import hubs_of
    from dcsite.plan.types import Plan
    from dcsite.solvers import SolveOptions
    from dcsite.studies.cheapest import Beside
    from dcsite.studies.periods import read_fixed, refuse_late, with_fixed

    from .periods import solve_years

    options = SolveOptions(
        solver=solver.value,
        time_limit_s=time_limit,
        gap=gap,
        threads=threads,
        seed=seed,
        check_s=check_time,
        first_plan_s=first_plan_time,
        diagnosis_s=diagnosis_time,
    )
    session = asked.open(scenario, options, by_year=True)
    directory = output or Path("dcsite-out") / session.scenario.name
    fixed = [read_fixed(path) for path in fix or ()]
    inputs = (*session.files, *(Path(one.plan.file) for one in fixed))
    check_directory(directory, inputs=inputs, by_year=bool(session.scenario.years))
    if session.scenario.years:
        _refuse_of_one_plan(
            session,
            {
                "--start": start,
                "--alternatives": alternatives,
                "--explain": explain,
                "--diagnose": diagnose,
            },
        )
        return solve_years(
            session, fixed, directory, begun, cheapest=cheapest, quiet=quiet, verbose=verbose
        )
    if (directory.resolve().parent / "periods.json").is_file() and directory.exists():
        wrong = "is a year of the plans that periods.json beside it tells of; give another folder"
        raise OutputError(Problem(str(directory), "", wrong))
    if fixed:
        year = session.scenario.periods.year if session.scenario.periods else None
        refuse_late(fixed, year)
        session = with_fixed(session, fixed, year)
    begin_from = hubs_of(Plan.read_file(start)) if start is not None else None
    with Interrupts(patience=1, hold=False) as interrupts:
        with (
            Reporter(quiet=quiet) as progress,
            Beside(session, wanted=cheapest) as beside,
        ):
            for one in fixed:
                progress.note(f"{one.plan.hubs} hubs of {one.plan.file} stay")

            def on_stage(name: str) -> None:
                if name == "check":
                    interrupts.hold()
                progress.stage(name)
                beside.stage(name)

            run = session.solve(
                on_stage=on_stage,
                on_progress=progress.solver,
                on_note=progress.note,
                started=begun,
                start=begin_from,
                check_first=not diagnose,
                ties=6 if explain else 1,
            )
            others, explanation, interrupted = None, None, run.plan.status == "interrupted"
            if alternatives and not interrupted:
                from dcsite.studies.alternatives import find_alternatives

                progress.stage("alternatives")
                with _without(progress, "alternatives"):
                    others = find_alternatives(
                        session.scenario,
                        session.atlas,
                        run.candidates,
                        hubs_of(run.plan),
                        session.options,
                        count=alternatives,
                        within=alternatives_within / 100.0,
                        differ_in=differ_in,
                        on_found=lambda number: progress.count(number - 1, alternatives),
                        on_progress=progress.solver,
                        halted=lambda: interrupts.count > 0,
                    )
            if explain and not interrupted and not interrupts.count:
                progress.stage("explain")
                with _without(progress, "the explanation"):
                    explanation = _explanation(session, run, interrupts, progress)
            plan = beside.into(
                run.plan,
                lambda: interrupted or interrupts.count > 0,
                progress.note,
                progress.stage,
            )
            progress.stage("write")
            card = session.scorecard(plan)
            paths = write_outputs(
                plan, run.candidates, session.atlas, directory, others, explanation, card
            )
        print_summary(output_console(), plan, paths, others, explanation, verbose=verbose)
        code = progress.leave(interrupts)
    return 130 if interrupted else code


def _refuse_of_one_plan(session: Session, options: Mapping[str, object]) -> None:
    """Refuse options that are for one plan where one of each year is asked for."""
    years = session.scenario.years
    message = (
        f"is for one plan, and one of each year is asked for ({', '.join(map(str, years))}); "
        f"for one year by itself add --set periods.year={years[-1]}"
    )
    wrong = [
        Problem(session.scenario.name, name, message) for name, given in options.items() if given
    ]
    if wrong:
        raise ScenarioError(wrong)


@contextmanager
def _without(progress: Reporter, what: str) -> Iterator[None]:
    """Go on without something that a solver broke down over: the plan is found, and is kept."""
    try:
        yield
    except SolverError as error:
        progress.note(f"warning: {what} left out, a solver broke down: {error}")


def _explanation(
    session: Session, run: Run, interrupts: Interrupts, progress: Reporter
) -> Explanation:
    """Solve again without each hub; Ctrl-C keeps what is known by then."""
    from dcsite.plan.reload import hubs_of
    from dcsite.studies.explain import ExplainContext, explain_hubs

    context = ExplainContext(
        session.scenario,
        session.atlas,
        run.candidates,
        hubs_of(run.plan),
        session.options,
        bound=run.plan.bound,
    )
    hubs = explain_hubs(context, None, progress.count, lambda: interrupts.count > 0)
    return context.explanation(hubs)
