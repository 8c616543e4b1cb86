"""From a solver's claim to an outcome that says no more than was proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import Outcome, relative_gap
from .runner import SolverBreakdownError

if TYPE_CHECKING:
    from .matrix import ProgramMatrix
    from .options import OutcomeStatus, SolveOptions, SolverName
    from .runner import RawAnswer

#: The solvers compute to about this much of the objective (and of 1): no gap below it means
#: anything, and a bound may lie this much on the wrong side of its plan.
_ARITHMETIC = 1e-6

#: A few last digits of a double.
_ROUNDING = 1e-12


def judge(
    answer: RawAnswer,
    matrix: ProgramMatrix,
    options: SolveOptions,
    *,
    solver: SolverName,
    wall_s: float,
    interrupted: bool,
    notes: tuple[str, ...] = (),
) -> Outcome:
    """Check a solver's answer against the program and name its status.

    Parameters
    ----------
    answer : RawAnswer
        As the solver gave it.
    matrix : ProgramMatrix
        The program it was asked to solve.
    options : SolveOptions
        For the gap asked for.
    solver, wall_s, interrupted, notes
        Carried into the outcome.

    Raises
    ------
    SolverBreakdownError
        If the point breaks the program, or the solver contradicts itself.
    """
    status: OutcomeStatus
    values: dict[str, float] | None = None
    objective = bound = gap = None
    if answer.claim in {"infeasible", "unbounded"}:
        status = "infeasible" if answer.claim == "infeasible" else "unbounded"
    elif answer.values is None:
        if answer.claim == "solved":
            raise SolverBreakdownError(f"{solver} claims to have solved, but gave no plan")
        status = "interrupted" if interrupted else "no_solution"
        bound = None if answer.bound is None else matrix.sense * answer.bound
    else:
        point = matrix.clean(answer.values)
        fault = matrix.fault(answer.values, point)
        if fault is not None:
            raise SolverBreakdownError(f"{solver} gave a plan that breaks the program: {fault}")
        least = matrix.objective(point)
        slack = _ARITHMETIC * max(1.0, abs(least))
        proven = False
        objective = matrix.sense * least + 0.0
        if answer.bound is not None:
            if answer.bound > least + slack:
                raise SolverBreakdownError(
                    f"{solver} contradicts itself: plan {objective:.9g}, "
                    f"bound {matrix.sense * answer.bound:.9g}"
                )
            lowest = min(answer.bound, least)
            bound = matrix.sense * lowest + 0.0
            gap = relative_gap(objective, bound, matrix.sense)
            # A bound that lies the gap asked for away was itself rounded: take it as within.
            allowed = max(options.gap * abs(least), slack)
            proven = least - lowest <= allowed + _ROUNDING * max(1.0, abs(least))
        status = "optimal" if proven else "interrupted" if interrupted else "feasible"
        values = dict(zip(matrix.names, point.tolist(), strict=True))
    return Outcome(
        status=status,
        values=values,
        objective=objective,
        bound=bound,
        gap=gap,
        solver=solver,
        solver_version=answer.version,
        wall_s=wall_s,
        node_count=answer.node_count,
        interrupted=interrupted,
        notes=notes,
    )
