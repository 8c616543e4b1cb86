"""Part ``run``: a whole run by phase, as a user starts it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dcsite
from dcsite.model import SolveOptions
from dcsite.outputs import write_outputs
from dcsite.plan import run_scenario
from dcsite.sites import municipality_sites

from .child import seconds_since_spawn
from .task import SOLVERS, Asked, Row, Task

if TYPE_CHECKING:
    from .task import Request

__all__ = ["PHASES", "PhaseAsked", "PhaseRow", "StopWatch", "measure_run", "tasks"]

PHASES = ("start", "read", "measure", "precheck", "build", "solve", "check", "write")


class PhaseAsked(Asked):
    """One run of a scenario by one solver."""

    scenario: str
    overrides: tuple[str, ...]
    solver: str


class PhaseRow(Row):
    """Seconds by phase and in all, objective and proven gap of one run."""

    solver: str
    seconds: dict[str, float]
    total_s: float
    objective: float
    gap: float | None


class StopWatch:
    """Keeps the seconds between one name and the next."""

    def __init__(self, first: str) -> None:
        self.seconds: dict[str, float] = {}
        self._name, self._begun = first, time.perf_counter()

    def turn(self, name: str) -> None:
        """End what is timed now and begin the next."""
        now = time.perf_counter()
        self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._begun
        self._name, self._begun = name, now


def measure_run(asked: PhaseAsked) -> PhaseRow:
    """Run a scenario in this process and time its phases."""
    start_s = seconds_since_spawn()
    watch = StopWatch("read")
    with tempfile.TemporaryDirectory() as folder:
        scenario = dcsite.load_scenario(asked.scenario, asked.overrides)
        atlas = dcsite.load_atlas()
        run = run_scenario(
            scenario,
            atlas,
            municipality_sites(atlas, scenario.land),
            SolveOptions(solver=asked.solver),  # type: ignore[arg-type]
            version=dcsite.__version__,
            on_stage=watch.turn,
        )
        watch.turn("write")
        write_outputs(run.plan, run.candidates, atlas, Path(folder) / "plan")
        watch.turn("end")
    seconds = {"start": start_s, **watch.seconds}
    by_phase = {phase: seconds.get(phase, 0.0) for phase in PHASES}
    return PhaseRow(
        status=run.plan.status,
        solver=asked.solver,
        seconds=by_phase,
        total_s=sum(by_phase.values()),
        objective=run.plan.objective,
        gap=run.plan.gap,
    )


def tasks(request: Request) -> list[Task]:
    """List the runs: all of one solver, then all of the next."""
    return [
        Task(
            f"{solver}, run {number} of {request.runs}",
            measure_run,
            PhaseAsked(scenario=request.scenario, overrides=request.overrides, solver=solver),
        )
        for solver in request.solvers or SOLVERS
        for number in range(1, request.runs + 1)
    ]
