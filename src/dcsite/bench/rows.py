"""Part ``rows``: families of separation rows on the scenario's own candidates."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dcsite
from dcsite.criteria import measure_sites
from dcsite.model import SolveOptions, assemble
from dcsite.model.cliques import clique_cover
from dcsite.model.dominance import leave_out
from dcsite.sites import municipality_sites

from .families import FAMILIES
from .programs import lp_bound, size_of, timed_solve
from .task import Asked, Row, Task

if TYPE_CHECKING:
    from .task import Request

__all__ = ["LESS_DOMINATED", "FamilyAsked", "FamilyRow", "measure_family", "tasks"]


#: Our rows, and the hubs that some best plan does without left out.
LESS_DOMINATED = "dcsite less dominated"


class FamilyAsked(Asked):
    """One scenario with one family of rows, by one solver."""

    scenario: str
    overrides: tuple[str, ...]
    family: str
    solver: str
    time_limit_s: float


class FamilyRow(Row):
    """Size, bound and solve with one family of rows.

    `lp_bound` is that of the rows laid up front; `rows_added` were added in `rounds` further
    solves for pairs that a plan violated. None stands for what was not found in time.
    """

    family: str
    solver: str
    separation_rows: int | None = None
    separation_nonzeros: int | None = None
    build_s: float | None = None
    lp_bound: float | None = None
    lp_s: float | None = None
    rounds: int | None = None
    rows_added: int | None = None
    solve_s: float | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None


def measure_family(asked: FamilyAsked) -> FamilyRow:
    """Build, relax and solve the scenario with one family of separation rows."""
    scenario = dcsite.load_scenario(asked.scenario, asked.overrides)
    atlas = dcsite.load_atlas()
    measured = measure_sites(municipality_sites(atlas, scenario.land), atlas, scenario)
    begun = time.perf_counter()
    cover = clique_cover if asked.family == LESS_DOMINATED else FAMILIES[asked.family]
    program = assemble(scenario, atlas, measured, cover=cover)
    if asked.family == LESS_DOMINATED:
        leave_out(program)
    built = time.perf_counter()
    size = size_of(program.problem)
    begun_lp = time.perf_counter()
    relaxed = lp_bound(program.problem, asked.time_limit_s)
    ended_lp = time.perf_counter()
    solved = timed_solve(
        program,
        SolveOptions(solver=asked.solver, time_limit_s=asked.time_limit_s),  # type: ignore[arg-type]
    )
    outcome = solved.outcome
    return FamilyRow(
        status=outcome.status,
        family=asked.family,
        solver=outcome.solver,
        separation_rows=size.separation_rows,
        separation_nonzeros=size.separation_nonzeros,
        build_s=built - begun,
        lp_bound=relaxed,
        lp_s=ended_lp - begun_lp,
        rounds=solved.rounds,
        rows_added=size_of(program.problem).separation_rows - size.separation_rows,
        solve_s=solved.seconds,
        objective=outcome.objective,
        bound=outcome.bound,
        gap=outcome.gap,
    )


def tasks(request: Request) -> list[Task]:
    """List the families, for each solver asked for."""
    return [
        Task(
            f"{family}, {solver}",
            measure_family,
            FamilyAsked(
                scenario=request.scenario,
                overrides=request.overrides,
                family=family,
                solver=solver,
                time_limit_s=request.time_limit_s,
            ),
            request.whole_limit_s,
            FamilyRow(
                status=f"ended after {request.whole_limit_s:g} s", family=family, solver=solver
            ),
        )
        for solver in request.solvers or ("auto",)
        for family in (*FAMILIES, LESS_DOMINATED)
    ]
