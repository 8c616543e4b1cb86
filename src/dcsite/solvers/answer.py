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
from .relaxation import TOLERANCE, branched, first_plan, highs_version, relax, surely

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
        return _Search(program, options, on_progress, halted, interrupts).run()


def relaxed_bound(
    program: SiteProgram | JointProgram,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
) -> float | None:
    """Lay the rows that the relaxation of a program breaks; return its bound.

    None where the relaxation was not solved in time.
    """
    last = _Search(program, options, on_progress).relaxed()
    return None if last is None else last.bound


class _Search:
    """The search for the best plan of a program, from its relaxation to a plan with a bound.

    Parameters
    ----------
    program, options, on_progress, halted
        As for :func:`solve_program`.
    interrupts : Interrupts
        Where Ctrl-C is counted; nobody counts it by default.
    """

    def __init__(
        self,
        program: SiteProgram | JointProgram,
        options: SolveOptions,
        on_progress: Callable[[Progress], None] | None = None,
        halted: Callable[[], bool] | None = None,
        interrupts: Interrupts | None = None,
    ) -> None:
        self._program, self._options = program, options
        self._on_progress, self._halted = on_progress, halted
        self._interrupts = interrupts or Interrupts()
        self._begun = time.perf_counter()
        limit_s = options.time_limit_s
        self._part_s = np.inf if limit_s is None else _PART * limit_s

    def run(self) -> Outcome:
        program, options = self._program, self._options
        start, last = self._prepared()
        bound = None if last is None else last.bound
        if start is not None and last is not None:
            first = self._first(last, start)
            bound = bound if first is None else first.bound
            if first is not None and first.gap is not None and first.gap <= options.gap:
                first = replace(first, wall_s=self._elapsed())
                if self._on_progress is not None:
                    told = first.wall_s, first.objective, first.bound, first.gap
                    self._on_progress(Progress("first plan", *told))
                return self._noted(first, 0)
        # A plan that keeps the further rows too is worth a little less than the solver says.
        left = replace(options, gap=(_MARGIN if program.lazy else 1.0) * options.gap, start=start)
        best: Outcome | None = None
        rounds = 0
        while True:
            rounds += 1
            if options.time_limit_s is not None:
                left_s = options.time_limit_s - self._elapsed()
                left = replace(left, time_limit_s=max(left_s, LEAST_TIME_S))
            tell = self._named(f"round {rounds}")
            found = solve(program.problem, left, tell, self._halted, self._interrupts)
            outcome = _bounded(found, bound)
            bound = outcome.bound
            if outcome.values is None:
                return self._noted(self._ended(outcome, best, start), rounds)
            near = sum(rows.separate(outcome.values) for rows in program.apart)
            if near + sum(rows.separate(outcome.values) for rows in program.lazy) == 0:
                return self._noted(outcome, rounds)
            whole = None if near else self._repaired(outcome)
            if whole is not None and (best is None or _worth(whole) > _worth(best)):
                best = whole
            if best is not None:
                best = _bounded(best, bound)
                if best.gap is not None and best.gap <= options.gap:
                    return self._noted(replace(best, status="optimal"), rounds)
                start = best.values
                left = replace(left, start=start)
            late = options.time_limit_s is not None and self._elapsed() >= options.time_limit_s
            if outcome.interrupted or late:
                return self._noted(self._ended(outcome, best, start), rounds)

    def relaxed(self) -> RelaxedPoint | None:
        """Lay rows that the relaxation breaks, round by round; return the last relaxation."""
        program, last = self._program, None
        for number in range(1, _ROUNDS + 1):
            bound = None if last is None else last.matrix.sense * last.objective
            self._tell(f"relaxation, round {number} of at most {_ROUNDS}", bound)
            problem = program.problem
            matrix = ProgramMatrix.from_problem(problem) if not last else last.matrix.grown(problem)
            limit_s = None if np.isinf(self._part_s) else self._part_s - self._elapsed()
            relaxed = relax(matrix, limit_s, last)
            if relaxed is None:
                break
            gained = np.inf if last is None else relaxed.objective - last.objective
            last = relaxed
            point = matrix.named(relaxed.values)
            loose = [rows for rows in program.apart if not rows.covers_all]
            added = sum(rows.separate_relaxed(point) for rows in loose)
            added += sum(rows.separate_relaxed(point) for rows in program.lazy)
            small = gained < _WORTHWHILE * abs(relaxed.objective)
            late = self._part_s - self._elapsed() < _PART * self._part_s
            if not added or small or late or self._stopped():
                break
        return last

    def _prepared(self) -> tuple[Mapping[str, float] | None, RelaxedPoint | None]:
        """Lay rows that the relaxation breaks; return where a solver begins, and the relaxation.

        A first Ctrl-C lets the first plan come, which takes less than a second: there is no other
        yet.
        """
        program, options = self._program, self._options
        last = self.relaxed()
        start = None if options.start is None else _with_helpers(program, options.start)
        if last is None:
            return start, None
        matrix = last.matrix
        if start is not None:
            now = matrix.grown(program.problem)
            if now.point(start) is not None and not separated(program, start):
                return start, last
        for number in range(1, _ROUNDS + 1):
            self._tell(f"first plan, round {number} of at most {_ROUNDS}", last.bound)
            left_s = min(self._part_s, options.first_plan_s) - self._elapsed()
            found = first_plan(matrix, last, left_s, self._given_up)
            if found is None:
                break
            plan = _with_helpers(program, matrix.named(found))
            if not separated(program, plan):
                return plan, last
            matrix = matrix.grown(program.problem)
        return start, last

    def _first(self, last: RelaxedPoint, start: Mapping[str, float]) -> Outcome | None:
        """Return the plan a solve begins from, with the bound of the relaxation and its branches.

        Branches are tried only where they may prove the gap asked for.
        """
        matrix = last.matrix.grown(self._program.problem)
        gap, version = self._options.gap, highs_version()
        nothing = Outcome(
            "no_solution", None, None, last.bound, None, "highs", version, 0.0, node_count=0
        )
        first = _with_plan(matrix, nothing, start, "optimal")
        if first is None or not gap < (first.gap or 0.0) <= _NEAR * gap:
            return first
        now = relax(matrix, None if np.isinf(self._part_s) else self._part_s, last)
        if now is None or first.objective is None:
            return first
        least = matrix.sense * first.objective
        enough = least - (gap - 2.0 * TOLERANCE) * abs(least)
        found = branched(matrix, now, enough, self._part_s, self._stopped)
        return _bounded(first, matrix.sense * surely(found))

    def _repaired(self, outcome: Outcome) -> Outcome | None:
        """Return the plan with its helper variables set to what rows ask for, if it keeps them."""
        matrix = ProgramMatrix.from_problem(self._program.problem)
        plan = _with_helpers(self._program, outcome.values or {})
        return _with_plan(matrix, outcome, plan, "feasible")

    def _ended(
        self, outcome: Outcome, best: Outcome | None, start: Mapping[str, float] | None
    ) -> Outcome:
        """Return the best plan that keeps every row where a solve found none and is the last.

        It may be the one the solver began from, where nothing proves that there is none.
        """
        status: OutcomeStatus = "interrupted" if outcome.interrupted else "feasible"
        if best is not None:
            return replace(best, status=status, interrupted=outcome.interrupted)
        if outcome.values is not None:  # it breaks rows
            none: OutcomeStatus = "interrupted" if outcome.interrupted else "no_solution"
            outcome = replace(outcome, status=none, values=None, objective=None, gap=None)
        if start is None or outcome.status not in {"no_solution", "interrupted"}:
            return outcome
        matrix = ProgramMatrix.from_problem(self._program.problem)
        found = _with_plan(matrix, outcome, start, status)
        if found is None:
            return outcome
        return replace(found, notes=(*found.notes, "the plan is the one the solver began from"))

    def _noted(self, outcome: Outcome, rounds: int) -> Outcome:
        """Add to an outcome how many of the rows that stood ready were needed."""
        if not self._program.lazy:
            return outcome
        found = "; ".join(rows.summary() for rows in self._program.lazy)
        said = f"rows laid as needed: {found}; {rounds} solves"
        return replace(outcome, notes=(*outcome.notes, said))

    def _stopped(self) -> bool:
        return self._interrupts.count > 0 or (self._halted is not None and self._halted())

    def _given_up(self) -> bool:
        return self._interrupts.count > 1 or (self._halted is not None and self._halted())

    def _elapsed(self) -> float:
        return time.perf_counter() - self._begun

    def _tell(self, stage: str, bound: float | None) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(stage, self._elapsed(), None, bound, None))

    def _named(self, phase: str) -> Callable[[Progress], None] | None:
        """Return what hears of a phase by its name: a solver begun anew is no fresh start."""
        tell = self._on_progress
        if tell is None:
            return None
        return lambda told: tell(replace(told, stage=f"{phase}, {told.stage}"))


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


def _worth(outcome: Outcome) -> float:
    return -np.inf if outcome.objective is None else outcome.objective


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
    return replace(outcome, status=status, values=matrix.named(point), objective=objective, gap=gap)


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
