"""Drive solvers from start to judged answer: deadline, Ctrl-C, fallback, proof."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from dcsite.errors import Problem, SolverError
from dcsite.interrupts import Interrupts
from dcsite.scratch import scratch_folder

from .cbc import CbcRunner
from .highs import HighsRunner
from .matrix import ProgramMatrix
from .options import LEAST_TIME_S, Outcome, Progress, SolveOptions, relative_gap
from .runner import RawAnswer, SolverBreakdownError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulp

    from .options import OutcomeStatus, SolverName
    from .runner import Runner

#: What ``auto`` tries, in order: chosen by measurement, not by a race, whose winner would hang on
#: the noise of the machine and could give two plans for one input. On six national programs that
#: a first plan did not settle (7,000 columns, 4,500 rows, gap 0.1 %, one thread) CBC, begun from
#: that plan, took 2 to 7 CPU seconds, HiGHS 2 to 21; on a seventh both took 10.
AUTO_ORDER: tuple[SolverName, ...] = ("cbc", "highs")

_RUNNERS: dict[SolverName, type[Runner]] = {"cbc": CbcRunner, "highs": HighsRunner}

# How closely a child is watched: matters of technique, too short for anyone to notice.
#: How long one look at the child lasts; also how soon a Ctrl-C is seen.
_LOOK_S = 0.1

#: A solver that has not ended by itself this long after its time limit is asked to.
_OVERRUN_S = 2.0

#: CBC does not hear a wish to stop in every phase, so it is told again.
_ASK_AGAIN_S = 1.0

#: The solvers compute to about this much of the objective (and of 1): no gap below it means
#: anything, and a bound may lie this much on the wrong side of its plan.
_ARITHMETIC = 1e-6

#: A few last digits of a double.
_ROUNDING = 1e-12


def solve(
    problem: pulp.LpProblem,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Solve a PuLP problem and claim no more than the solver proved.

    Ctrl-C asks the solver for its best plan; a second one ends it at once. CBC may take up to
    half a minute to answer the first and loses its plan on the second, HiGHS loses nothing.

    Parameters
    ----------
    problem : pulp.LpProblem
        What to solve; it is read, not changed.
    options : SolveOptions
        Solver, time limit, gap, threads and seed.
    on_progress : callable, optional
        Called when stage, best plan or bound change.
    halted : callable, optional
        Asked again and again; once it says yes, the solver is ended at once. For callers who
        solve in threads, where no signal arrives.
    interrupts : Interrupts, optional
        Where the caller counts Ctrl-C, before this solve too.

    Raises
    ------
    KeyboardInterrupt
        If `halted` said yes.
    SolverError
        If no solver gave an answer that can be used; names what was tried.
    """
    with Interrupts() if interrupts is None else nullcontext(interrupts) as counted:
        return _Drive(options, counted, on_progress, halted).run(problem)


class _Drive:
    def __init__(
        self,
        options: SolveOptions,
        interrupts: Interrupts,
        on_progress: Callable[[Progress], None] | None,
        halted: Callable[[], bool] | None,
    ) -> None:
        self._options = options
        self._interrupts = interrupts
        self._on_progress = on_progress
        self._halted = halted
        self._begun = time.perf_counter()
        self._sense = 1
        self._told: tuple[str, float | None, float | None] | None = None

    def run(self, problem: pulp.LpProblem) -> Outcome:
        asked = self._options.solver
        tried: list[Problem] = []
        self._tell("export", None, None)
        matrix = ProgramMatrix.from_problem(problem)
        self._sense = matrix.sense
        names = AUTO_ORDER if asked == "auto" else (asked,)
        while True:
            for name in names:
                try:
                    return self._attempt(name, matrix, tried)
                except SolverBreakdownError as error:
                    tried.append(Problem("solver", name, str(error)))
            if self._options.start is None or self._interrupts.count:
                raise SolverError(tried)
            # CBC 2.10 can take the start for the best where the root relaxation is a plan already.
            self._options = replace(self._options, start=None)

    def _attempt(self, name: SolverName, matrix: ProgramMatrix, tried: list[Problem]) -> Outcome:
        answer = self._answer(name, matrix)
        if answer.claim == "unbounded":
            # A relaxation without limit says nothing yet: is there any whole-number plan?
            plain = self._answer(name, matrix.without_cost())
            if plain.claim == "infeasible" or plain.values is None:
                answer = plain
        return judge(
            answer,
            matrix,
            self._options,
            solver=name,
            wall_s=self._elapsed(),
            interrupted=self._interrupts.count > 0,
            notes=tuple(f"tried before, in vain: {problem}" for problem in tried),
        )

    def _answer(self, name: SolverName, matrix: ProgramMatrix) -> RawAnswer:
        with scratch_folder() as folder:
            runner = _RUNNERS[name](matrix, self._options, folder)
            try:
                self._tell(f"starting {runner.title}", None, None)
                runner.write()
                if self._interrupts.count:
                    return RawAnswer("stopped", None, None, "not started")
                runner.start(self._time_left())
                self._follow(runner)
                return runner.result()
            finally:
                runner.kill()

    def _follow(self, runner: Runner) -> None:
        """Wait until a solver has ended: by itself, on Ctrl-C, or late."""
        left, interrupts = self._time_left(), self._interrupts
        ask_at = None if left is None else time.perf_counter() + left + _OVERRUN_S
        ask_again_at = 0.0
        kill_at: float | None = None
        while True:
            try:
                if not runner.poll(_LOOK_S):
                    return
                self._tell_of(runner, stopping=kill_at is not None)
            except KeyboardInterrupt:  # where the host program keeps its own handler
                interrupts.count += 1
            if self._halted is not None and self._halted():
                raise KeyboardInterrupt
            now = time.perf_counter()
            if kill_at is None and (interrupts.count or (ask_at is not None and now > ask_at)):
                kill_at = now + runner.stop_grace_s
            if kill_at is None:
                continue
            if interrupts.count > 1 or now > kill_at:
                runner.kill()
                return
            if now > ask_again_at:
                runner.stop()
                ask_again_at = now + _ASK_AGAIN_S

    def _tell_of(self, runner: Runner, *, stopping: bool) -> None:
        """Report where a solver stands."""
        state = runner.state
        stage = f"{'stopping ' if stopping else ''}{runner.title}: {state.stage}"
        self._tell(stage, state.best, state.bound)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._begun

    def _time_left(self) -> float | None:
        limit = self._options.time_limit_s
        return None if limit is None else max(LEAST_TIME_S, limit - self._elapsed())

    def _tell(self, stage: str, best: float | None, bound: float | None) -> None:
        """Report in the problem's own sense, when something has changed."""
        if self._on_progress is None or self._told == (stage, best, bound):
            return
        self._told = (stage, best, bound)
        best = None if best is None else self._sense * best + 0.0  # no -0.0
        bound = None if bound is None else self._sense * bound
        gap = None
        if best is not None and bound is not None:
            gap = relative_gap(best, bound, self._sense)
        self._on_progress(Progress(stage, self._elapsed(), best, bound, gap))


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
        values = matrix.named(point)
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
