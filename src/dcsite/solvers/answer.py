"""Solve a program and read the answer: which sites open, in which tier, with how much load."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import TIERS
from dcsite.errors import InterruptedWithoutPlanError, NoPlanInTimeError, Problem, SolverError
from dcsite.interrupts import Interrupts

from .drive import solve
from .matrix import ProgramMatrix
from .options import LEAST_TIME_S, Outcome, Progress, SolveOptions, relative_gap
from .relaxation import branched, first_plan, highs_version, relax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dcsite.model.joint import JointProgram
    from dcsite.model.program import SiteProgram

    from .options import OutcomeStatus
    from .relaxation import RelaxedPoint

#: The part of a time limit that preparing may take, and of that the relaxation must leave: what
#: helps the solver must leave it most of the time that the user gave.
_PART = 0.3
#: Rounds of rows that the relaxation breaks go on while each lowers its bound by this share.
_ROUNDS = 12
_WORTHWHILE = 5e-5
#: The part of the gap asked for that a solver is given where rows are added as needed.
_MARGIN = 0.7
#: A plan this many times the gap away from the bound of the relaxation may be proven by branches.
_NEAR = 3.0
#: HiGHS's tolerance of a relaxation's objective.
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Answer:
    """The solver's answer in the model's words.

    Parameters
    ----------
    outcome : Outcome
        Status, objective, bound and gap as the solver proved them.
    chosen : pandas.DataFrame
        Indexed by `site_id`, with `tier`, `it_load_mw` and `reserve_mw`; empty when infeasible.
    scored_measures : mapping of str to tuple of str
        By criterion, the measures that its terms of the objective are named after.
    """

    outcome: Outcome
    chosen: pd.DataFrame
    scored_measures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_answer(
    program: SiteProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Answer:
    """Solve the program; `on_progress` and `halted` as for :func:`dcsite.solvers.solve`.

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
    return Answer(outcome, chosen_hubs(program, outcome.values), program.scored_measures)


def solve_program(
    program: SiteProgram | JointProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Outcome:
    """Solve, and solve again with the further rows that a plan breaks, until it breaks none.

    Each solve's bound holds for the whole program, since it has fewer rows. A plan counts when no
    pair of its hubs is too near and it keeps every row that stands ready; or when, with its helper
    variables set to what those rows ask for, it lies within the gap of the bound. Before, the
    relaxation gives a bound and a first plan: they may do. Ctrl-C keeps the best plan there is, the
    first one too.
    """
    with Interrupts() as interrupts:
        return _rounds(program, options, on_progress, halted, interrupts)


def _rounds(
    program: SiteProgram | JointProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    halted: Callable[[], bool] | None,
    interrupts: Interrupts,
) -> Outcome:
    def stopped() -> bool:
        return interrupts.count > 0 or (halted is not None and halted())

    def given_up() -> bool:
        return interrupts.count > 1 or (halted is not None and halted())

    begun = time.perf_counter()
    start, bound, last = _prepared(program, options, on_progress, stopped, given_up)
    # A plan that keeps the further rows too is worth a little less than the solver says.
    left = replace(options, gap=(_MARGIN if program.lazy else 1.0) * options.gap, start=start)
    best: Outcome | None = None
    if start is not None and last is not None:
        first = _first(last[0].grown(program.problem), last[1], options, start, stopped)
        bound = bound if first is None else first.bound
        if first is not None and first.gap is not None and first.gap <= options.gap:
            wall_s = time.perf_counter() - begun
            if on_progress is not None:
                found = Progress("first plan", wall_s, first.objective, first.bound, first.gap)
                on_progress(found)
            return _noted(program, replace(first, wall_s=wall_s), 0)
    rounds = 0
    while True:
        rounds += 1
        if options.time_limit_s is not None:
            remaining = options.time_limit_s - (time.perf_counter() - begun)
            left = replace(left, time_limit_s=max(remaining, LEAST_TIME_S))
        tell = _named(on_progress, f"round {rounds}")
        outcome = _bounded(solve(program.problem, left, tell, halted, interrupts), bound)
        bound = outcome.bound
        if outcome.values is None:
            return _noted(
                program,
                _started(program, outcome, left)
                if best is None
                else _cut_short(program, outcome, best, left),
                rounds,
            )
        near = sum(rows.separate(outcome.values) for rows in program.apart)
        if near + sum(rows.separate(outcome.values) for rows in program.lazy) == 0:
            return _noted(program, outcome, rounds)
        whole = None if near else _repaired(program, outcome)
        if whole is not None and (best is None or _better(whole, best)):
            best = whole
        if best is not None:
            best = _bounded(best, bound)
            if best.gap is not None and best.gap <= options.gap:
                return _noted(program, replace(best, status="optimal"), rounds)
        ended = options.time_limit_s is not None and (
            time.perf_counter() - begun >= options.time_limit_s
        )
        if outcome.interrupted or ended:
            return _noted(program, _cut_short(program, outcome, best, left), rounds)
        if best is not None:
            left = replace(left, start=best.values)


def _first(
    matrix: ProgramMatrix,
    relaxed: RelaxedPoint,
    options: SolveOptions,
    start: Mapping[str, float],
    stopped: Callable[[], bool],
) -> Outcome | None:
    """Return the plan a solve begins from, with the bound of the relaxation and of its branches.

    Branches are tried only where they may prove the gap asked for.
    """
    bound = matrix.sense * _surely(relaxed.objective)
    nothing = Outcome(
        "no_solution", None, None, bound, None, "highs", highs_version(), 0.0, node_count=0
    )
    first = _with_plan(matrix, nothing, start, "optimal")
    if first is None or not options.gap < (first.gap or 0.0) <= _NEAR * options.gap:
        return first
    limit_s = np.inf if options.time_limit_s is None else _PART * options.time_limit_s
    now = relax(matrix, None if np.isinf(limit_s) else limit_s, relaxed)
    if now is None or first.objective is None:
        return first
    least = matrix.sense * first.objective
    enough = least - (options.gap - 2.0 * _TOLERANCE) * abs(least)
    found = branched(matrix, now, enough, limit_s, stopped)
    return _bounded(first, matrix.sense * _surely(found))


def _surely(least: float) -> float:
    """Return a bound that holds whatever HiGHS's tolerance took from the objective."""
    return least - _TOLERANCE * max(1.0, abs(least))


def _cut_short(
    program: SiteProgram | JointProgram,
    outcome: Outcome,
    best: Outcome | None,
    options: SolveOptions,
) -> Outcome:
    """Return the best plan that keeps every row where no time is left for a further solve."""
    if best is not None:
        status: OutcomeStatus = "interrupted" if outcome.interrupted else "feasible"
        return replace(best, status=status, interrupted=outcome.interrupted)
    status = "interrupted" if outcome.interrupted else "no_solution"
    without = replace(outcome, status=status, values=None, objective=None, gap=None)
    return _started(program, without, options)


def _with_helpers(
    program: SiteProgram | JointProgram, values: Mapping[str, float], *, loosely: bool = False
) -> dict[str, float]:
    """Return a point with its helper variables set to what all rows that stand ready ask for."""
    whole = dict(values)
    for rows in program.lazy:
        whole |= rows.complete(whole, loosely=loosely)
    for variable, terms, constant in program.defined:
        whole[variable.name] = constant + sum(c * whole.get(v.name, 0.0) for v, c in terms)
    return whole


def _bounded(outcome: Outcome, bound: float | None) -> Outcome:
    """Return an outcome with the better of its bound and one of a solve with fewer rows."""
    if bound is None or (outcome.bound is not None and outcome.bound <= bound):
        return outcome
    gap = outcome.gap
    if outcome.objective is not None:
        gap = relative_gap(outcome.objective, max(bound, outcome.objective), -1)
    return replace(outcome, bound=bound, gap=gap)


def _better(one: Outcome, other: Outcome) -> bool:
    """Return whether one plan is worth more than another."""
    return (one.objective or -np.inf) > (other.objective or -np.inf)


def _repaired(program: SiteProgram | JointProgram, outcome: Outcome) -> Outcome | None:
    """Return the plan with its helper variables set to what all rows ask for, if it keeps them."""
    if outcome.values is None:
        return None
    matrix = ProgramMatrix.from_problem(program.problem)
    return _with_plan(matrix, outcome, _with_helpers(program, outcome.values), "feasible")


def _with_plan(
    matrix: ProgramMatrix, outcome: Outcome, plan: Mapping[str, float], status: OutcomeStatus
) -> Outcome | None:
    """Return an outcome with another plan under its bound; None if the plan breaks the program."""
    point = matrix.point(plan)
    if point is None:
        return None
    objective = matrix.sense * matrix.objective(point)
    gap = None
    if outcome.bound is not None:
        gap = relative_gap(objective, outcome.bound, matrix.sense)
    return replace(
        outcome,
        status=status,
        values=dict(zip(matrix.names, point.tolist(), strict=True)),
        objective=objective,
        gap=gap,
    )


def _noted(program: SiteProgram | JointProgram, outcome: Outcome, rounds: int) -> Outcome:
    """Add to an outcome how many of the rows that stood ready were needed."""
    if not program.lazy:
        return outcome
    found = "; ".join(rows.summary() for rows in program.lazy)
    return replace(
        outcome, notes=(*outcome.notes, f"rows laid as needed: {found}; {rounds} solves")
    )


def _relaxed_rounds(
    program: SiteProgram | JointProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stopped: Callable[[], bool],
) -> tuple[ProgramMatrix, RelaxedPoint] | None:
    """Lay rows that the relaxation breaks, round by round; return the last relaxation."""
    begun = time.perf_counter()
    limit_s = np.inf if options.time_limit_s is None else _PART * options.time_limit_s
    last: tuple[ProgramMatrix, RelaxedPoint] | None = None
    for number in range(1, _ROUNDS + 1):
        stage = f"relaxation, round {number} of at most {_ROUNDS}"
        _tell(
            on_progress, stage, begun, None if last is None else last[0].sense * last[1].objective
        )
        left_s = limit_s - (time.perf_counter() - begun)
        problem = program.problem
        matrix = ProgramMatrix.from_problem(problem) if last is None else last[0].grown(problem)
        relaxed = relax(
            matrix, None if np.isinf(limit_s) else left_s, None if last is None else last[1]
        )
        if relaxed is None:
            break
        gained = np.inf if last is None else relaxed.objective - last[1].objective
        last = matrix, relaxed
        point = dict(zip(matrix.names, relaxed.values.tolist(), strict=True))
        added = sum(rows.separate_relaxed(point) for rows in program.apart if not rows.covers_all)
        added += sum(rows.separate_relaxed(point) for rows in program.lazy)
        small = gained < _WORTHWHILE * abs(relaxed.objective)
        left_s = limit_s - (time.perf_counter() - begun)
        if not added or small or left_s < _PART * limit_s or stopped():
            break
    return last


def relaxed_bound(
    program: SiteProgram | JointProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
) -> float | None:
    """Lay the rows that the relaxation of a program breaks; return its bound.

    None where the relaxation was not solved in time.
    """
    last = _relaxed_rounds(program, options, on_progress, lambda: False)
    return None if last is None else last[0].sense * _surely(last[1].objective)


def _named(
    on_progress: Callable[[Progress], None] | None, phase: str
) -> Callable[[Progress], None] | None:
    """Return what hears of a phase by its name: a solver that begins anew is not a fresh start."""
    if on_progress is None:
        return None
    return lambda told: on_progress(replace(told, stage=f"{phase}, {told.stage}"))


def _tell(
    on_progress: Callable[[Progress], None] | None, stage: str, begun: float, bound: float | None
) -> None:
    if on_progress is not None:
        on_progress(Progress(stage, time.perf_counter() - begun, None, bound, None))


def _prepared(
    program: SiteProgram | JointProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stopped: Callable[[], bool],
    given_up: Callable[[], bool],
) -> tuple[Mapping[str, float] | None, float | None, tuple[ProgramMatrix, RelaxedPoint] | None]:
    """Lay rows that the relaxation breaks; return where a solver begins, a bound, the relaxation.

    A first Ctrl-C lets the first plan come, which takes less than a second: there is no other yet.
    """
    begun = time.perf_counter()
    last = _relaxed_rounds(program, options, on_progress, stopped)
    start = None if options.start is None else _with_helpers(program, options.start)
    if last is None:
        return start, None, None
    matrix, relaxed = last
    bound = matrix.sense * _surely(relaxed.objective)
    if start is not None:
        now = matrix.grown(program.problem)
        if now.point(start) is not None and not separated(program, start):
            return start, bound, last
    limit_s = np.inf if options.time_limit_s is None else _PART * options.time_limit_s
    for number in range(1, _ROUNDS + 1):
        _tell(on_progress, f"first plan, round {number} of at most {_ROUNDS}", begun, bound)
        left_s = min(limit_s, options.first_plan_s) - (time.perf_counter() - begun)
        found = first_plan(matrix, relaxed, left_s, given_up)
        if found is None:
            break
        plan = _with_helpers(program, dict(zip(matrix.names, found.tolist(), strict=True)))
        if not separated(program, plan):
            return plan, bound, last
        matrix = matrix.grown(program.problem)
    return start, bound, last


def completed(program: SiteProgram | JointProgram, values: Mapping[str, float]) -> dict[str, float]:
    """Return a plan with its helper variables set so that it keeps the rows that stand ready.

    Set loosely, which may cost it a little. Rows that it breaks even so are laid.
    """
    whole = _with_helpers(program, values, loosely=True)
    separated(program, whole)
    return whole


def separated(program: SiteProgram | JointProgram, values: Mapping[str, float]) -> int:
    """Lay the rows that a plan breaks; return how many."""
    near = sum(rows.separate(values) for rows in program.apart)
    return near + sum(rows.separate(values) for rows in program.lazy)


def _started(
    program: SiteProgram | JointProgram, outcome: Outcome, options: SolveOptions
) -> Outcome:
    """Return the plan a solve began from where it found none itself, and nothing proves more."""
    if options.start is None or outcome.status not in {"no_solution", "interrupted"}:
        return outcome
    status: OutcomeStatus = "interrupted" if outcome.interrupted else "feasible"
    matrix = ProgramMatrix.from_problem(program.problem)
    found = _with_plan(matrix, outcome, options.start, status)
    if found is None:
        return outcome
    return replace(found, notes=(*found.notes, "the plan is the one the solver began from"))


def chosen_hubs(program: SiteProgram, values: dict[str, float] | None) -> pd.DataFrame:
    """Read from variables' values which sites open, in which tier, with what load and reserve."""
    rows: list[tuple[str, str, float, float]] = []
    if values is not None:
        reserve_mw = program.reserve_of(values)
        for site, tier in np.argwhere(program.eligible):
            if values.get(program.open[site, tier].name, 0.0) > 0.5:
                extra = values.get(program.extra_mw[site, tier].name, 0.0)
                most = float(program.max_mw[site, tier])
                load = min(float(program.min_mw[tier] + extra), most)
                reserve = min(max(float(reserve_mw[site, tier]), 0.0), most - load)
                place = str(program.sites.index[site])
                rows.append((place, TIERS[tier], round(load, 6), round(reserve, 6)))
    frame = pd.DataFrame(rows, columns=["site_id", "tier", "it_load_mw", "reserve_mw"])
    return frame.set_index("site_id")
