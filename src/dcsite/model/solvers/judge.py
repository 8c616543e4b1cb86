"""From a solver's claim to an outcome that says no more than was proved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .options import Outcome, relative_gap
from .runner import SolverBreakdownError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .matrix import ProgramMatrix
    from .options import OutcomeStatus, SolveOptions, SolverName
    from .runner import RawAnswer

__all__ = ["better_of", "judge"]

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


def better_of(outcomes: Sequence[Outcome], sense: int, gap: float) -> Outcome:
    """Return the best of several solvers' outcomes on one program, with the best of their bounds.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One or more, of the same program.
    sense : int
        1 when minimising, -1 when maximising.
    gap : float
        Relative gap at which a plan counts as proven.
    """
    proofs = [outcome for outcome in outcomes if outcome.status in {"infeasible", "unbounded"}]
    if proofs:
        return proofs[0]
    bounds = [sense * outcome.bound for outcome in outcomes if outcome.bound is not None]
    found = [(sense * o.objective, o) for o in outcomes if o.objective is not None]
    best = min(found, key=lambda pair: pair[0])[1] if found else outcomes[0]
    if not bounds:
        return best
    if best.objective is None:
        return replace(best, bound=sense * max(bounds))
    lowest = min(max(bounds), sense * best.objective)
    bound = sense * lowest
    left = relative_gap(best.objective, bound, sense)
    status = "optimal" if left <= gap else best.status
    return replace(best, status=status, bound=bound, gap=left)
