"""``dcsite bench``: how long each phase of a run takes, and how much memory, as a table.

Each run is a fresh process, so that imports and caches count as they do for a user; figures are
medians over the runs, with the least and the largest behind them.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from dcsite.errors import DcsiteError, Problem

from .summary import output_console

__all__ = ["bench_command", "measure_once"]

#: Environment variable with the moment a child process was started, in seconds since 1970.
_SPAWNED = "DCSITE_BENCH_SPAWNED"

_PHASES = ("start", "read", "measure", "build", "solve", "check", "write")


class TimedSolver(StrEnum):
    """Solvers to time."""

    cbc = "cbc"
    highs = "highs"


def bench_command(
    scenario: Annotated[str, typer.Argument(help="Shipped name or TOML file.")] = "policy-2023",
    runs: Annotated[int, typer.Option(min=1, max=100, help="Counted runs of each solver.")] = 3,
    solvers: Annotated[
        list[TimedSolver] | None,
        typer.Option("--solver", help="Solver to time; may be repeated. Default: cbc and highs."),
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time whole runs by phase: start, read, measure, build, solve, check, write."""
    results = {
        solver.value: [_child(scenario, solver.value, overrides or []) for _ in range(runs)]
        for solver in (solvers or TimedSolver)
    }
    if as_json:
        typer.echo(json.dumps({"machine": _machine(), "runs": results}, indent=2))
        return
    console = output_console()
    console.print(f"{scenario}, {runs} run(s) each; {_machine()}; median (least to largest)")
    console.print(_table(results))


def measure_once(scenario: str, solver: str, overrides: list[str]) -> dict[str, Any]:
    """Run a scenario in this process and time its phases.

    Returns
    -------
    dict
        Seconds by phase and in all, the larger peak memory in MB of this process and of the
        solver's, objective, gap and status.
    """
    import dcsite
    from dcsite.model import SolveOptions
    from dcsite.outputs import write_outputs
    from dcsite.plan import run_scenario
    from dcsite.sites import municipality_sites

    from .progress import QuietProgress

    # From the moment the parent started this process: the interpreter, and all imports.
    started = time.time() - float(os.environ.get(_SPAWNED, time.time()))
    with QuietProgress() as progress, tempfile.TemporaryDirectory() as folder:
        asked = dcsite.load_scenario(scenario, overrides)
        atlas = dcsite.load_atlas()
        run = run_scenario(
            asked,
            atlas,
            municipality_sites(atlas, asked.land),
            SolveOptions(solver=solver),  # type: ignore[arg-type]
            version=dcsite.__version__,
            on_stage=progress.stage,
        )
        progress.stage("write")
        write_outputs(run.plan, run.candidates, atlas, Path(folder) / "plan")
    seconds = {"start": started, **progress.seconds}
    peak_kb = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {
        "seconds": {phase: seconds.get(phase, 0.0) for phase in _PHASES},
        "total_s": sum(seconds.get(phase, 0.0) for phase in _PHASES),
        "peak_mb": peak_kb / 1024.0,
        "status": run.plan.status,
        "objective": run.plan.objective,
        "gap": run.plan.gap,
    }


def _child(scenario: str, solver: str, overrides: list[str]) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "dcsite.cli.bench", scenario, solver, *overrides],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, _SPAWNED: repr(time.time())},
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise DcsiteError(Problem("bench", f"{scenario} with {solver}", lines[-1]))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _machine() -> str:
    return (
        f"{platform.machine()}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}"
    )


def _spread(values: list[float], digits: int) -> str:
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _table(results: dict[str, list[dict[str, Any]]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("phase")
    for solver in results:
        table.add_column(solver, justify="right")
    for phase in _PHASES:
        table.add_row(
            f"{phase}, s",
            *(_spread([run["seconds"][phase] for run in runs], 2) for runs in results.values()),
        )
    for label, key, digits in (
        ("whole run, s", "total_s", 2),
        ("peak memory of one process, MB", "peak_mb", 0),
        ("objective", "objective", 6),
        ("proven gap", "gap", 6),
    ):
        table.add_row(
            label, *(_spread([run[key] for run in runs], digits) for runs in results.values())
        )
    return table


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_once(sys.argv[1], sys.argv[2], sys.argv[3:])))
