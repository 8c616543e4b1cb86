"""``dcsite robust``: how often each place is chosen when weights and assumptions vary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from dcsite.interrupts import Interrupts

from .options import (
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
from .show import columns, output_console

if TYPE_CHECKING:
    from dcsite.outputs import StudyPaths
    from dcsite.studies.robust import Robustness
    from dcsite.studies.robust_sample import Sample

_SHOWN = 20


@asking
def robust_command(
    asked: Question,
    scenario: ScenarioArgument = "policy-2023",
    samples: Annotated[int, typer.Option(min=1, max=100_000, help="Samples to draw.")] = 200,
    seed: Annotated[
        int, typer.Option(min=0, max=2_147_483_647, help="Seed of the draws and the solver.")
    ] = 1,
    ranges: Annotated[
        Path | None,
        typer.Option("--ranges", help="TOML of what to vary, and how far; shipped by default."),
    ] = None,
    output: Annotated[
        Path | None, output_option("Folder; dcsite-out/SCENARIO-robust by default.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Samples solved at a time.")] = 2,
    solver: SolverOption = SolverChoice.auto,
    gap: Annotated[float, gap_option("Relative gap each sample is solved to.")] = 0.01,
    time_limit: Annotated[
        float | None,
        seconds_option(
            "Seconds the solver may take for a sample; results then hang on the machine."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print robust.json.")] = False,
    quiet: QuietOption = False,
) -> int:
    """Solve many draws of weights and assumptions; stopped with Ctrl-C, it goes on when run again.

    Writes samples.jsonl, robust.csv, robust.json and robust.html.
    """
    from dcsite.atlas.atlas import default_root
    from dcsite.outputs import check_directory
    from dcsite.outputs.robust import write_robust
    from dcsite.solvers import SolveOptions
    from dcsite.studies.robust import run_robust
    from dcsite.studies.robust_sample import Case, RobustRanges

    session = asked.open(scenario)
    directory = output or Path("dcsite-out") / f"{session.scenario.name}-robust"
    check_directory(directory, "robust")
    spread = RobustRanges.read(ranges)
    case = Case(
        source=scenario,
        overrides=session.overrides,
        geodata=asked.geodata or default_root(),
        sites=session.given_sites,
        options=SolveOptions(solver=solver.value, gap=gap, seed=seed, time_limit_s=time_limit),
    )
    with Interrupts(patience=1, hold=False) as interrupts:
        with Reporter(quiet=quiet) as progress:
            told = _Told(progress)
            try:
                found, _ = run_robust(
                    case,
                    spread,
                    directory,
                    samples=samples,
                    seed=seed,
                    processes=processes,
                    where=str(ranges) if ranges else "shipped ranges",
                    on_sample=told,
                )
            except KeyboardInterrupt:
                if not told.done:
                    raise
                progress.note(
                    f"interrupted: {told.done} of {samples} samples are kept in {directory}; "
                    "the same command goes on from there"
                )
                return 130
            interrupts.hold()
            progress.stage("write")
            paths = write_robust(found, session.atlas, directory)
        if as_json:
            typer.echo(found.text(), nl=False)
        else:
            _print(found, paths)
        return progress.leave(interrupts)


class _Told:
    """Tells of each sample."""

    def __init__(self, progress: Reporter) -> None:
        self._progress = progress
        self.done = 0

    def __call__(self, done: int, wanted: int, sample: Sample | None) -> None:
        self.done = done
        if sample is None:
            self._progress.stage("robust", done=done)
            if done:
                self._progress.note(f"{done} of {wanted} samples are kept from an earlier run")
            return
        worth = "" if sample.objective is None else f" {sample.objective:.5f}"
        found = f"sample {sample.number} {sample.status}{worth} in {sample.seconds:.1f} s"
        self._progress.count(done, wanted, found)


def _print(found: Robustness, paths: StudyPaths) -> None:
    from dcsite.studies.robust import ANY_TIER

    console = output_console()
    more = "".join(
        f", {found.counts[name]} {name.replace('_', ' ')}"
        for name in ("infeasible", "no_plan_in_time")
        if found.counts[name]
    )
    console.print(
        f"{found.samples} samples: {found.samples_with_plan} with a plan{more}; "
        f"gap {found.gap:.2%}, seed {found.seed}"
    )
    table = columns("place", "chosen in", "95 %", "tiers", wide=("place", "tiers"))
    tiers: dict[str, list[str]] = {}
    for entry in found.frequencies:
        if entry.tier != ANY_TIER:
            tiers.setdefault(entry.site_id, []).append(f"{entry.tier} {entry.frequency:.0%}")
    places = [entry for entry in found.frequencies if entry.tier == ANY_TIER]
    for entry in places[:_SHOWN]:
        table.add_row(
            escape(f"{entry.label} ({entry.site_id})"),
            f"{entry.frequency:.0%}",
            f"{entry.low:.0%} to {entry.high:.0%}",
            ", ".join(tiers[entry.site_id]),
        )
    console.print(table)
    if len(places) > _SHOWN:
        console.print(f"and {len(places) - _SHOWN} more places in {paths.csv}")
    console.print(f"map: {paths.html}")
