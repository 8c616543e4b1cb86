"""Begin from an earlier plan: its hubs, completed to a point of the program at hand.

A plan file names hubs, the program has flows, shares and excuses besides. With the hubs' openings
fixed the rest is a small program, solved here once: either there is a point, which any solver can
take as it is, or the hubs break the rules now in force and the start is left out, with a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from dcsite.criteria import TIERS
from dcsite.errors import DcsiteError, Problem
from dcsite.solvers.matrix import ProgramMatrix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dcsite.model import SiteProgram

#: Seconds the completion may take; it takes a fraction of one.
_COMPLETION_S = 20.0
_SHOWN = 5

#: Rows that a completion breaks are laid, and it is completed anew, at most so often.
_ROUNDS = 20


class StartHub(BaseModel):
    """A hub of an earlier plan: all that a start needs to know of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    site_id: str = Field(min_length=1)
    tier: str = Field(min_length=1)


class _PlanFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    hubs: tuple[StartHub, ...] = Field(min_length=1)


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


def read_start(path: Path) -> tuple[StartHub, ...]:
    """Read the hubs of a ``plan.json``.

    Raises
    ------
    DcsiteError
        If the file cannot be read or is no plan.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise DcsiteError(Problem("--start", str(path), f"cannot be read ({reason})")) from error
    except UnicodeDecodeError as error:
        raise DcsiteError(
            Problem("--start", str(path), "is not UTF-8 text; give a plan.json")
        ) from error
    try:
        plan = _PlanFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise DcsiteError(
            Problem(
                "--start",
                str(path),
                f"is not a plan of dcsite ({place}: {first['msg']}); give the plan.json of a solve",
            )
        ) from error
    return plan.hubs


def complete_start(program: SiteProgram, hubs: Sequence[StartHub]) -> Start:
    """Complete hubs to a feasible point of a program.

    Parameters
    ----------
    program : SiteProgram
        Assembled, not yet solved.
    hubs : sequence of StartHub
        Of an earlier plan, perhaps of another scenario or other sites.

    Returns
    -------
    Start
        Loads and all that follows are chosen anew; only which sites open, in which tier, is kept.
    """
    place = {str(site_id): number for number, site_id in enumerate(program.sites.index)}
    opened: set[str] = set()
    refused: list[str] = []
    for hub in hubs:
        number = place.get(hub.site_id)
        tier = TIERS.index(hub.tier) if hub.tier in TIERS else None
        if number is None or tier is None or not program.eligible[number, tier]:
            refused.append(f"{hub.site_id} as {hub.tier}")
        else:
            opened.add(program.open[number, tier].name)
    if refused:
        more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
        return Start(
            None,
            f"start plan left out: the scenario does not admit {', '.join(refused[:_SHOWN])}{more}",
        )
    for _ in range(_ROUNDS):
        matrix = ProgramMatrix.from_problem(program.problem)
        values = _complete(matrix, {v.name for v in program.open[program.eligible]}, opened)
        if values is None:
            return Start(None, "start plan left out: its hubs break hard rules of this scenario")
        point = dict(zip(matrix.names, values.tolist(), strict=True))
        if not sum(rows.add_broken(point) for rows in program.lazy):
            break
    objective = matrix.sense * matrix.objective(values)
    return Start(
        dict(zip(matrix.names, values.tolist(), strict=True)),
        f"starting from a plan of {len(opened)} hubs, worth {objective:.5f} here",
    )


def _complete(matrix: ProgramMatrix, openings: set[str], opened: set[str]) -> Any:
    """Return the best point with the openings as given, None if there is none."""
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
        options={"time_limit": _COMPLETION_S},
    )
    if found.x is None:
        return None
    values = matrix.clean(np.asarray(found.x, dtype=float))
    return None if matrix.fault(np.asarray(found.x, dtype=float), values) else values
