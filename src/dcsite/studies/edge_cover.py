"""The fewest places that cover cells: set covering, proven; of these the ones of the least km."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pulp

from dcsite.errors import NoPlanInTimeError, Problem
from dcsite.solvers import SolveOptions, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.solvers import Progress

#: Arithmetic of the solvers.
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Cover:
    """Chosen places, by number, and what is proven of them."""

    status: str
    chosen: NDArray[np.int64]
    sites_bound: int
    km_bound: float
    solver: str


def find_cover(
    near: pd.DataFrame,
    wanted: int,
    cost_km: pd.Series[float],
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
) -> Cover:
    """Choose the fewest places that cover all cells; of these the ones of the least km.

    Parameters
    ----------
    near : pandas.DataFrame
        `cell` and `place`, a row for each place within reach of a cell.
    wanted : int
        Places that each cell needs, or all within its reach where they are fewer.
    cost_km : pandas.Series
        Km that each place costs, by its number.
    options : SolveOptions
        Solver and time limit, of both solves together.

    Raises
    ------
    NoPlanInTimeError
        If the time passed before any choice was found.
    KeyboardInterrupt
        After Ctrl-C.
    """
    if near.empty:
        return Cover("none", np.array([], dtype=np.int64), 0, 0.0, "")
    problem = pulp.LpProblem("edge", pulp.LpMinimize)
    x = {
        int(at): problem.add_variable(f"x_{at:06d}", cat=pulp.LpBinary)
        for at in sorted(near["place"].unique())
    }

    def ask(name: str, places: list[int], sense: int, count: int) -> None:
        terms = pulp.LpAffineExpression({x[at]: 1.0 for at in places})
        problem.addConstraint(pulp.LpConstraint(terms, sense, name, float(count)))

    ordered = near.sort_values(["cell", "place"])
    ends = np.flatnonzero(np.diff(ordered["cell"])) + 1
    # Cells that reach the same places are one row.
    rows = {tuple(one.tolist()) for one in np.split(ordered["place"].to_numpy(), ends)}
    for number, row in enumerate(sorted(rows)):
        ask(f"cover_{number}", [*row], pulp.LpConstraintGE, min(wanted, len(row)))
    begun = time.perf_counter()

    def best(cost: dict[int, float]) -> tuple[str, NDArray[np.int64], float, str]:
        problem.setObjective(pulp.LpAffineExpression({x[at]: cost[at] for at in x}))
        left_s = options.time_limit_s
        if left_s is not None:
            left_s = max(left_s - (time.perf_counter() - begun), 0.01)
        outcome = solve(problem, replace(options, time_limit_s=left_s, gap=0.0), on_progress)
        if outcome.interrupted:
            raise KeyboardInterrupt
        if outcome.values is None:
            hint = "give it longer, or a larger sampling_km in --assumptions"
            wrong = f"no choice of MEC sites within {options.time_limit_s:g} s; {hint}"
            raise NoPlanInTimeError(Problem("--time-limit", "", wrong))
        held = outcome.values
        chosen = np.array([at for at in x if held[x[at].name] > 0.5], dtype=np.int64)
        known = -math.inf if outcome.bound is None else outcome.bound
        return outcome.status, chosen, known, f"{outcome.solver} {outcome.solver_version}"

    status, chosen, known, solver = best(dict.fromkeys(x, 1.0))
    sites_bound = max(math.ceil(known - _TINY), 1) if math.isfinite(known) else 1
    if status != "optimal":
        return Cover(status, chosen, sites_bound, 0.0, solver)
    ask("as_few", [*x], pulp.LpConstraintLE, len(chosen))
    status, chosen, known, solver = best({at: float(cost_km[at]) for at in x})
    return Cover(status, chosen, sites_bound, max(known, 0.0), solver)
