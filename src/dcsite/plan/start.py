"""Begin from an earlier plan: its hubs, completed to a point of the program at hand.

A plan file names hubs, the program has flows, shares and excuses besides. With the hubs' openings
fixed the rest is a small program, solved here once: either there is a point, which any solver can
take as it is, or the hubs break the rules now in force and the start is left out, with a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from dcsite.contract import TIERS, place_name
from dcsite.solvers import SolveOptions
from dcsite.solvers.matrix import ProgramMatrix

if TYPE_CHECKING:
    import pandas as pd

    from dcsite.model import SiteProgram

_SHOWN = 5

#: Rows that a completion breaks are laid, and it is completed anew, at most so often.
_ROUNDS = 20


@dataclass(frozen=True)
class Start:
    """Where a solver begins.

    Parameters
    ----------
    values : dict of str to float, optional
        Value by variable name, a feasible point; None where the hubs cannot be used.
    note : str
        What became of the earlier plan, in one line.
    """

    values: dict[str, float] | None
    note: str


def complete_start(
    program: SiteProgram, hubs: pd.DataFrame, limit_s: float = SolveOptions.first_plan_s
) -> Start:
    """Complete hubs to a feasible point of a program.

    Parameters
    ----------
    program : SiteProgram
        Assembled, not yet solved.
    hubs : pandas.DataFrame
        By `site_id`, with `tier`: of an earlier plan, perhaps of another scenario or other sites.
    limit_s : float
        Seconds the completion may take; it takes a fraction of one.

    Returns
    -------
    Start
        Loads and all that follows are chosen anew; only which sites open, in which tier, is kept.
    """
    place = {str(site_id): number for number, site_id in enumerate(program.sites.index)}
    opened: set[str] = set()
    refused: list[str] = []
    for site_id, tier in hubs["tier"].items():
        number = place.get(str(site_id), -1)
        column = TIERS.index(tier) if tier in TIERS else -1
        if min(number, column) < 0 or not program.eligible[number, column]:
            where = site_id if number < 0 else place_name(program.sites, number)[0]
            refused.append(f"{where} as {tier}")
        else:
            opened.add(program.open[number, column].name)
    if refused:
        more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        return Start(
            None,
            "warning: start plan left out: the scenario does not admit "
            f"{', '.join(refused[:_SHOWN])}{more}",
        )
    for _ in range(_ROUNDS):
        matrix = ProgramMatrix.from_problem(program.problem)
        values = _complete(
            matrix, {v.name for v in program.open[program.eligible]}, opened, limit_s
        )
        if values is None:
            return Start(
                None, "warning: start plan left out: its hubs break hard rules of this scenario"
            )
        point = dict(zip(matrix.names, values.tolist(), strict=True))
        if not sum(rows.separate(point) for rows in program.lazy):
            break
    objective = matrix.sense * matrix.objective(values)
    return Start(
        dict(zip(matrix.names, values.tolist(), strict=True)),
        f"starting from a plan of {len(opened)} hubs, worth {objective:.5f} here",
    )


def _complete(matrix: ProgramMatrix, openings: set[str], opened: set[str], limit_s: float) -> Any:
    """Return the best point with the openings as given, None if there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    for column, name in enumerate(matrix.names):
        if name in openings:
            lower[column] = upper[column] = 1.0 if name in opened else 0.0
    shape = (matrix.row_lower.size, len(matrix.names))
    rows = csr_array((matrix.coefficient, matrix.column, matrix.start), shape=shape)
    found = milp(
        matrix.cost,
        integrality=matrix.integer.astype(int),
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(rows, matrix.row_lower, matrix.row_upper),
        options={"time_limit": limit_s},
    )
    if found.x is None:
        return None
    values = matrix.clean(np.asarray(found.x, dtype=float))
    return None if matrix.fault(np.asarray(found.x, dtype=float), values) else values
