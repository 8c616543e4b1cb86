"""Solve a program and read the answer: which sites open, in which tier, with how much load."""

from __future__ import annotations

from dataclasses import dataclass
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

__all__ = ["Answer", "find_answer"]


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
) -> Answer:
    """Solve the program.

    Raises
    ------
    NoPlanInTimeError
        If the time limit passed without a plan.
    InterruptedWithoutPlanError
        If the user stopped the run before there was one.
    SolverError
        If the solver's answer makes no sense for this program.
    """
    outcome = solve(program.problem, options, on_progress)
    if outcome.status == "unbounded":
        raise SolverError("the program came out unbounded, which it cannot be; please report this")
    if outcome.status == "infeasible":
        return Answer(outcome, _chosen(program, None))
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
    return Answer(outcome, _chosen(program, outcome.values))


def _chosen(program: SiteProgram, values: dict[str, float] | None) -> pd.DataFrame:
    rows: list[tuple[str, str, float]] = []
    if values is not None:
        for site, tier in np.argwhere(program.eligible):
            if values.get(program.open[site, tier].name, 0.0) > 0.5:
                extra = values.get(program.extra_mw[site, tier].name, 0.0)
                load = min(float(program.min_mw[tier] + extra), float(program.max_mw[site, tier]))
                rows.append((str(program.sites.index[site]), TIERS[tier], round(load, 6)))
    frame = pd.DataFrame(rows, columns=["site_id", "tier", "it_load_mw"])
    return frame.set_index("site_id")
