"""Part ``growth``: a user's own candidates, from hundreds to tens of thousands."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dcsite
from dcsite.criteria import measure_sites
from dcsite.errors import BenchError, Problem
from dcsite.model import SolveOptions, assemble
from dcsite.sites import read_sites

from .candidates import drawn_candidates
from .programs import size_of, timed_solve
from .task import Asked, Row, Task

if TYPE_CHECKING:
    from .task import Request

__all__ = ["SIZES", "GrowthAsked", "GrowthRow", "measure_growth", "tasks"]

SIZES = (200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)


class GrowthAsked(Asked):
    """One number of sites."""

    scenario: str
    overrides: tuple[str, ...]
    sites: int
    seed: int
    solver: str
    time_limit_s: float


class GrowthRow(Row):
    """Seconds by phase and size of the program for one number of sites.

    `read_s` takes reading and checking the sites file, `solve_s` all `rounds` after the first.
    """

    sites: int
    solver: str
    read_s: float | None = None
    measure_s: float | None = None
    build_s: float | None = None
    columns: int | None = None
    separation_rows: int | None = None
    solve_s: float | None = None
    rounds: int | None = None
    rows_added: int | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None


def measure_growth(asked: GrowthAsked) -> GrowthRow:
    """Read, measure, build and solve a drawn list of sites in this process."""
    scenario = dcsite.load_scenario(asked.scenario, asked.overrides)
    atlas = dcsite.load_atlas()
    drawn = drawn_candidates(atlas, asked.sites, asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.csv"
        drawn.to_csv(file, index=False)
        begun = time.perf_counter()
        sites = read_sites(file, atlas, scenario.land)
    read = time.perf_counter()
    measured = measure_sites(sites, atlas, scenario)
    known = time.perf_counter()
    program = assemble(scenario, atlas, measured)
    built = time.perf_counter()
    size = size_of(program.problem)
    solved = timed_solve(
        program,
        SolveOptions(solver=asked.solver, time_limit_s=asked.time_limit_s),  # type: ignore[arg-type]
    )
    outcome = solved.outcome
    return GrowthRow(
        status=outcome.status,
        sites=asked.sites,
        solver=outcome.solver,
        read_s=read - begun,
        measure_s=known - read,
        build_s=built - known,
        columns=size.columns,
        separation_rows=size.separation_rows,
        solve_s=solved.seconds,
        rounds=solved.rounds,
        rows_added=size_of(program.problem).separation_rows - size.separation_rows,
        objective=outcome.objective,
        bound=outcome.bound,
        gap=outcome.gap,
    )


def tasks(request: Request) -> list[Task]:
    """List the numbers of sites, for each solver asked for.

    Raises
    ------
    BenchError
        If fewer sites are allowed than the least there is to measure.
    """
    sizes = [size for size in SIZES if size <= request.most]
    if not sizes:
        raise BenchError(
            Problem("--most", "", f"is {request.most}; the part growth begins at {SIZES[0]} sites")
        )
    return [
        Task(
            f"{size} sites, {solver}",
            measure_growth,
            GrowthAsked(
                scenario=request.scenario,
                overrides=request.overrides,
                sites=size,
                seed=request.seed,
                solver=solver,
                time_limit_s=request.time_limit_s,
            ),
            request.whole_limit_s,
            GrowthRow(status=f"ended after {request.whole_limit_s:g} s", sites=size, solver=solver),
        )
        for solver in request.solvers or ("auto",)
        for size in sizes
    ]
