"""What a caller asks of a solver, what it hears while waiting, and what it gets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

SolverName = Literal["cbc", "highs"]
SolverChoice = Literal["auto", "cbc", "highs"]
OutcomeStatus = Literal[
    "optimal", "feasible", "infeasible", "unbounded", "no_solution", "interrupted"
]

#: Below this an objective counts as zero in a relative gap.
_TINY = 1e-9

#: What is left of a time limit that has passed: solvers take no limit of 0.
LEAST_TIME_S = 0.01


@dataclass(frozen=True)
class SolveOptions:
    """How to solve.

    Parameters
    ----------
    solver : {"auto", "cbc", "highs"}
        ``auto`` takes the first of :data:`AUTO_ORDER` and turns to the next only when that one
        breaks down, so the same program and options give the same plan.
    time_limit_s : float, optional
        Seconds the whole call may take, export included.
    gap : float
        Relative gap ``(bound - objective) / |objective|`` at which a plan counts as proven.
    threads : int, optional
        Threads the solver may use; None leaves it to the solver.
    seed : int
        Seed of the solver's own choices.
    check_s : float
        Seconds that each search for distances in the check before the solve may take.
    first_plan_s : float
        Seconds to find a first plan of a large program, or to complete a plan given to begin from.
    diagnosis_s : float
        Seconds to find out why there is no plan; a quarter as many again for the smallest changes.
    start : mapping of str to float, optional
        Values of variables by name, to begin from. The solver takes them as a hint: it keeps a
        plan it can complete from them and passes over one it cannot; names that the program does
        not have are passed over too.
    """

    solver: SolverChoice = "auto"
    time_limit_s: float | None = None
    gap: float = 0.001
    threads: int | None = 1
    seed: int = 0
    check_s: float = 1.0
    first_plan_s: float = 60.0
    diagnosis_s: float = 120.0
    start: Mapping[str, float] | None = field(default=None, repr=False, hash=False)

    def __post_init__(self) -> None:
        if self.solver not in get_args(SolverChoice):
            raise ValueError(f"solver is {self.solver!r}; choose auto, cbc or highs")
        for limit in ("time_limit_s", "check_s", "first_plan_s", "diagnosis_s"):
            value = getattr(self, limit)
            if value is not None and not value > 0:
                raise ValueError(f"{limit} is {value}; it must be above 0")
        if not 0.0 <= self.gap <= 1.0:
            raise ValueError(f"gap is {self.gap}; it must be between 0 and 1")
        if self.threads is not None and self.threads < 1:
            raise ValueError(f"threads is {self.threads}; it must be at least 1")
        if not 0 <= self.seed <= 2_147_483_647:
            raise ValueError(f"seed is {self.seed}; it must be between 0 and 2147483647")
        for name, value in (self.start or {}).items():
            if not math.isfinite(value):
                raise ValueError(f"start of {name} is {value}; it must be a finite number")

    @property
    def manifest(self) -> dict[str, Any]:
        """The options by name, for the record of a run; of the start only whether there was one."""
        return {**vars(self), "start": self.start is not None}


@dataclass(frozen=True)
class Progress:
    """Where a running solver stands, in the sense of the problem as the caller wrote it.

    Parameters
    ----------
    stage : str
        What the solver is doing, for people.
    elapsed_s : float
        Seconds since :func:`solve` was called.
    best, bound, gap : float, optional
        Objective of the best plan so far, the solver's bound on any plan, and the relative gap
        between them; None while not known.
    """

    stage: str
    elapsed_s: float
    best: float | None = None
    bound: float | None = None
    gap: float | None = None


@dataclass(frozen=True)
class Outcome:
    """The answer, claimed no better than it is.

    Parameters
    ----------
    status : str
        ``optimal``: the solver's bound proves the gap asked for. ``feasible``: a plan, its gap
        larger or unknown. ``interrupted``: the same, or no plan, after the user stopped the run.
        ``no_solution``: the time passed without a plan. ``infeasible``, ``unbounded``: proven.
    values : dict of str to float, optional
        Value by variable name; integer variables hold whole numbers.
    objective : float, optional
        Objective recomputed from `values`.
    bound : float, optional
        The solver's own bound on the objective of any plan; None if it gave none.
    gap : float, optional
        ``(bound - objective) / max(|objective|, 1e-9)``, signs turned when minimising.
    solver, solver_version : str
        Who solved.
    wall_s : float
        Seconds of the whole call.
    node_count : int, optional
        Branch-and-bound nodes; None if not told.
    interrupted : bool
        Whether the user asked to stop before the solver had ended.
    notes : tuple of str
        What else the reader should know, such as a solver that broke down before this one.
    """

    status: OutcomeStatus
    values: dict[str, float] | None
    objective: float | None
    bound: float | None
    gap: float | None
    solver: SolverName
    solver_version: str
    wall_s: float
    node_count: int | None = None
    interrupted: bool = False
    notes: tuple[str, ...] = ()


def relative_gap(objective: float, bound: float, sense: int) -> float:
    """Return the relative gap between a plan and the bound.

    Parameters
    ----------
    objective, bound : float
        In the problem's own sense.
    sense : int
        1 when minimising, -1 when maximising.
    """
    return max(0.0, sense * (objective - bound)) / max(abs(objective), _TINY)
