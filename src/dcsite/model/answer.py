"""Solve a program and read the answer: which sites open, in which tier, with how much load."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.criteria import TIERS
from dcsite.errors import InterruptedWithoutPlanError, NoPlanInTimeError, Problem, SolverError

from .solvers import Outcome, SolveOptions, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from .program import SiteProgram
    from .solvers import Progress

__all__ = ["Answer", "chosen_hubs", "find_answer", "solve_program"]


@dataclass(frozen=True)
class Answer:
    """The solver's answer in the model's words.

    Parameters
    ----------
    outcome : Outcome
        Status, objective, bound and gap as the solver proved them.
    chosen : pandas.DataFrame
        Indexed by `site_id`, with `tier` and `it_load_mw`; empty when infeasible.
    """

    outcome: Outcome
    chosen: pd.DataFrame


def find_answer(
    program: SiteProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Answer:
    """Solve the program; `on_progress` and `halted` as for :func:`dcsite.model.solve`.

    Raises
    ------
    KeyboardInterrupt
        If `halted` said yes.
    NoPlanInTimeError
        If the time limit passed without a plan.
    InterruptedWithoutPlanError
        If the user stopped the run before there was one.
    SolverError
        If the solver's answer makes no sense for this program.
    """
    outcome = solve_program(program, options, on_progress, halted)
    if outcome.status == "unbounded":
        raise SolverError("the program came out unbounded, which it cannot be; please report this")
    if outcome.status == "infeasible":
        return Answer(outcome, chosen_hubs(program, None))
    if outcome.values is None:
        if outcome.interrupted:
            raise InterruptedWithoutPlanError("interrupted before any plan was found")
        raise NoPlanInTimeError(
            Problem(
                "--time-limit",
                "",
                f"no plan found within {options.time_limit_s:g} s; allow more time, "
                "or loosen counts and distances"
                if options.time_limit_s is not None
                else "the solver stopped without a plan",
            )
        )
    return Answer(outcome, chosen_hubs(program, outcome.values))


def solve_program(
    program: SiteProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Outcome:
    """Solve, and solve again with further clique rows while hubs of the plan stand too near.

    Each solve's bound holds for the whole program, since it has fewer rows; a plan counts only
    when no pair of it is too near.
    """
    begun = time.perf_counter()
    left = options
    while True:
        outcome = solve(program.problem, left, on_progress, halted)
        if outcome.values is None or not program.separate(outcome.values):
            return outcome
        if outcome.interrupted:
            return replace(outcome, status="interrupted", values=None, objective=None, gap=None)
        if options.time_limit_s is not None:
            remaining = options.time_limit_s - (time.perf_counter() - begun)
            if remaining <= 0.0:
                return replace(outcome, status="no_solution", values=None, objective=None, gap=None)
            left = replace(options, time_limit_s=remaining)


def chosen_hubs(program: SiteProgram, values: dict[str, float] | None) -> pd.DataFrame:
    """Read from variables' values which sites open, in which tier, with how much load."""
    rows: list[tuple[str, str, float]] = []
    if values is not None:
        for site, tier in np.argwhere(program.eligible):
            if values.get(program.open[site, tier].name, 0.0) > 0.5:
                extra = values.get(program.extra_mw[site, tier].name, 0.0)
                load = min(float(program.min_mw[tier] + extra), float(program.max_mw[site, tier]))
                rows.append((str(program.sites.index[site]), TIERS[tier], round(load, 6)))
    frame = pd.DataFrame(rows, columns=["site_id", "tier", "it_load_mw"])
    return frame.set_index("site_id")
