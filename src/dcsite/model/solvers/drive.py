"""Drive solvers from start to judged answer: deadline, Ctrl-C, fallback, race, proof."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dcsite.errors import Problem, SolverError

from .cbc import CbcRunner
from .highs import HighsRunner
from .interrupts import Interrupts
from .judge import better_of, judge
from .matrix import ProgramMatrix
from .options import Outcome, Progress, SolveOptions, relative_gap
from .runner import RawAnswer, SolverBreakdownError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pulp

    from .options import SolverName
    from .runner import Runner

__all__ = ["AUTO_ORDER", "solve"]

#: What ``auto`` tries, in order: chosen by measurement, not by a race, whose winner would hang on
#: the noise of the machine and could give two plans for one input (``race`` is there to be asked
#: for). On the national program (5 scenarios, 6,500 columns, 4,500 rows, gap
#: 0.1 %, one thread) CBC took 2 to 10 s, HiGHS 5 to 19 s; to find one infeasible 0.3 and 3.6 s.
AUTO_ORDER: tuple[SolverName, ...] = ("cbc", "highs")

_RUNNERS: dict[SolverName, type[HighsRunner | CbcRunner]] = {
    "cbc": CbcRunner,
    "highs": HighsRunner,
}

_ALONE: dict[str, tuple[SolverName, ...]] = {name: (name,) for name in AUTO_ORDER}

#: How long one look at the child lasts; also how soon a Ctrl-C is seen.
_LOOK_S = 0.1

#: A solver that has not ended by itself this long after its time limit is asked to.
_OVERRUN_S = 2.0

_ASK_AGAIN_S = 1.0

_LEAST_TIME_S = 0.01


def solve(
    problem: pulp.LpProblem,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
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

    Raises
    ------
    KeyboardInterrupt
        If `halted` said yes.
    SolverError
        If no solver gave an answer that can be used; names what was tried.
    """
    return _Drive(options, on_progress, halted).run(problem)


class _Drive:
    def __init__(
        self,
        options: SolveOptions,
        on_progress: Callable[[Progress], None] | None,
        halted: Callable[[], bool] | None = None,
    ) -> None:
        self._options = options
        self._on_progress = on_progress
        self._halted = halted
        self._begun = time.perf_counter()
        self._sense = 1
        self._told: tuple[str, float | None, float | None] | None = None

    def run(self, problem: pulp.LpProblem) -> Outcome:
        asked = self._options.solver
        tried: list[Problem] = []
        with Interrupts() as interrupts:
            self._tell("export", None, None)
            matrix = ProgramMatrix.from_problem(problem)
            self._sense = matrix.sense
            if asked == "race":
                raced = self._race(matrix, interrupts, tried)
                if raced is not None:
                    return raced
            for name in _ALONE.get(asked, AUTO_ORDER):
                if any(problem.field == name for problem in tried):
                    continue
                try:
                    return self._attempt(name, matrix, interrupts, tried)
                except SolverBreakdownError as error:
                    tried.append(Problem("solver", name, str(error)))
        raise SolverError(tried)

    def _attempt(
        self,
        name: SolverName,
        matrix: ProgramMatrix,
        interrupts: Interrupts,
        tried: list[Problem],
    ) -> Outcome:
        answer = self._answer(name, matrix, interrupts)
        if answer.claim == "unbounded":
            # A relaxation without limit says nothing yet: is there any whole-number plan?
            plain = self._answer(name, matrix.without_cost(), interrupts)
            if plain.claim == "infeasible" or plain.values is None:
                answer = plain
        return self._judged(name, answer, matrix, interrupts, tried)

    def _judged(
        self,
        name: SolverName,
        answer: RawAnswer,
        matrix: ProgramMatrix,
        interrupts: Interrupts,
        tried: list[Problem],
    ) -> Outcome:
        return judge(
            answer,
            matrix,
            self._options,
            solver=name,
            wall_s=self._elapsed(),
            interrupted=interrupts.count > 0,
            notes=tuple(f"tried before, in vain: {problem}" for problem in tried),
        )

    def _answer(self, name: SolverName, matrix: ProgramMatrix, interrupts: Interrupts) -> RawAnswer:
        with TemporaryDirectory(prefix="dcsite-", ignore_cleanup_errors=True) as folder:
            runner = _RUNNERS[name](matrix, self._options, Path(folder))
            try:
                self._tell(f"starting {runner.title}", None, None)
                runner.write()
                if interrupts.count:
                    return RawAnswer("stopped", None, None, "not started")
                runner.start(self._time_left())
                self._follow([runner], interrupts, lambda _: True)
                return runner.result()
            finally:
                runner.kill()

    def _race(
        self, matrix: ProgramMatrix, interrupts: Interrupts, tried: list[Problem]
    ) -> Outcome | None:
        """Let all solvers work at once; the first that proves something ends the others.

        Returns None where none gave an answer that can be used, and when a relaxation came out
        without limit, which one solver alone then looks into.
        """
        answers: dict[SolverName, RawAnswer] = {}
        with ExitStack() as stack:
            runners: list[Runner] = []
            for name in AUTO_ORDER:
                folder = stack.enter_context(
                    TemporaryDirectory(prefix="dcsite-", ignore_cleanup_errors=True)
                )
                racer: Runner = _RUNNERS[name](matrix, self._options, Path(folder))
                stack.callback(racer.kill)
                try:
                    racer.write()
                    if interrupts.count:
                        return self._judged(
                            name,
                            RawAnswer("stopped", None, None, "not started"),
                            matrix,
                            interrupts,
                            tried,
                        )
                    racer.start(self._time_left())
                except SolverBreakdownError as error:
                    tried.append(Problem("solver", name, str(error)))
                    continue
                runners.append(racer)

            def take(runner: Runner) -> bool:
                try:
                    answers[runner.name] = runner.result()
                except SolverBreakdownError as error:
                    tried.append(Problem("solver", runner.name, str(error)))
                    return False
                return answers[runner.name].claim != "stopped"

            self._follow(runners, interrupts, take)
            proven = any(answer.claim != "stopped" for answer in answers.values())
            for runner in runners:
                seen = any(problem.field == runner.name for problem in tried)
                if not proven and not seen and runner.name not in answers:
                    take(runner)
        if any(answer.claim == "unbounded" for answer in answers.values()):
            return None
        outcomes: list[Outcome] = []
        for name, answer in answers.items():
            try:
                outcomes.append(self._judged(name, answer, matrix, interrupts, tried))
            except SolverBreakdownError as error:
                tried.append(Problem("solver", name, str(error)))
        if not outcomes:
            return None
        best = better_of(outcomes, matrix.sense, self._options.gap)
        return replace(best, notes=(*best.notes, f"raced; {_RUNNERS[best.solver].title} was taken"))

    def _follow(
        self, runners: Sequence[Runner], interrupts: Interrupts, enough: Callable[[Runner], bool]
    ) -> None:
        """Wait until one that ended is enough, or all ended: by themselves, on Ctrl-C, or late."""
        left = self._time_left()
        ask_at = None if left is None else time.perf_counter() + left + _OVERRUN_S
        ask_again_at = 0.0
        kill_at: float | None = None
        running = list(runners)
        while running:
            try:
                for runner in tuple(running):
                    if not runner.poll(_LOOK_S / len(running)):
                        running.remove(runner)
                        if enough(runner):
                            return
                self._tell_of(runners, stopping=kill_at is not None)
            except KeyboardInterrupt:  # where the host program keeps its own handler
                interrupts.count += 1
            if self._halted is not None and self._halted():
                raise KeyboardInterrupt
            now = time.perf_counter()
            if kill_at is None and (interrupts.count or (ask_at is not None and now > ask_at)):
                kill_at = now + max((runner.stop_grace_s for runner in running), default=0.0)
            if kill_at is None:
                continue
            if interrupts.count > 1 or now > kill_at:
                for runner in running:
                    runner.kill()
                return
            if now > ask_again_at:  # CBC does not hear it in every phase
                for runner in running:
                    runner.stop()
                ask_again_at = now + _ASK_AGAIN_S

    def _tell_of(self, runners: Sequence[Runner], *, stopping: bool) -> None:
        """Report the best plan and the best bound of all that were started."""
        states = [(runner.title, runner.state) for runner in runners]
        bests = [state.best for _, state in states if state.best is not None]
        bounds = [state.bound for _, state in states if state.bound is not None]
        stage = "; ".join(f"{title}: {state.stage}" for title, state in states)
        self._tell(
            f"{'stopping ' if stopping else ''}{stage}",
            min(bests, default=None),
            max(bounds, default=None),
        )

    def _elapsed(self) -> float:
        return time.perf_counter() - self._begun

    def _time_left(self) -> float | None:
        limit = self._options.time_limit_s
        return None if limit is None else max(_LEAST_TIME_S, limit - self._elapsed())

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
