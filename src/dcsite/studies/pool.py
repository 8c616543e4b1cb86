"""Many solves at once: the one pool of fronts, explanations and robustness runs.

Solvers run in child processes of their own, so threads are enough to keep them busy:
:class:`SolvePool` gives each thread a program of its own, because a task changes bounds in it, and
:class:`Resolver` is one for programs of a scenario in which a few decisions are fixed. Where much
is computed besides the solving, :func:`run_in_workers` spreads tasks over processes.

In both, no more is handed out than is worked on, so that a stop has nothing to wait for and a task
can begin from what earlier ones found. Results are taken in the caller's thread, those that are
there together by their number. Ctrl-C, an error of a task or of the caller ends all solvers
before it goes on; when the parent is killed, workers and solvers end by themselves.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import resource_tracker
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import numpy as np

from dcsite.contract import TIERS
from dcsite.interrupts import WISHES_TO_STOP, begin_worker
from dcsite.model import Candidates, SiteProgram, assemble
from dcsite.scratch import scratch_folder
from dcsite.solvers import chosen_hubs, solve_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from dcsite.atlas import Atlas
    from dcsite.model import RuleModes
    from dcsite.scenario import Scenario
    from dcsite.solvers import SolveOptions

P = TypeVar("P")
R = TypeVar("R")

#: How soon a Ctrl-C is seen while solvers run.
_LOOK_S = 0.2


class SolvePool(Generic[P]):
    """Programs that are solved side by side, in threads.

    Parameters
    ----------
    programs : sequence
        As many as shall run at once, alike; one serves one task at a time.
    """

    def __init__(self, programs: Sequence[P]) -> None:
        self.programs = programs
        self._halt = threading.Event()

    def halted(self) -> bool:
        """Return whether the run is given up: a task's solves ask this again and again."""
        return self._halt.is_set()

    def run(
        self,
        tasks: Iterable[Callable[[P], R]],
        on_result: Callable[[int, R], None],
        halted: Callable[[], bool] | None = None,
    ) -> None:
        """Run tasks, each with a program that is free.

        Parameters
        ----------
        tasks : iterable of callable
            Each is given a program; the next one is asked for when a program is free.
        on_result : callable
            Called with a task's number and result, as tasks end; always in the caller's thread.
        halted : callable, optional
            Asked again and again; once it says yes, the run ends as on Ctrl-C.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, after all solvers have been ended.
        """
        self._halt.clear()
        free: SimpleQueue[P] = SimpleQueue()
        for program in self.programs:
            free.put(program)

        def work(task: Callable[[P], R]) -> R:
            program = free.get()
            try:
                return task(program)
            finally:
                free.put(program)

        at_once = len(self.programs)
        with ThreadPoolExecutor(at_once, thread_name_prefix="dcsite-solve") as threads:
            try:
                _follow(lambda task: threads.submit(work, task), tasks, at_once, on_result, halted)
            except BaseException:
                self._halt.set()
                raise

    def all(
        self, tasks: Sequence[Callable[[P], R]], on_done: Callable[[int], None] | None = None
    ) -> list[R]:
        """Run tasks and return their results in the order of the tasks.

        `on_done` is called with the number of tasks that have ended.
        """
        found: dict[int, R] = {}

        def keep(number: int, result: R) -> None:
            found[number] = result
            if on_done is not None:
                on_done(len(found))

        self.run(tasks, keep)
        return [found[number] for number in range(len(tasks))]


@dataclass(frozen=True)
class Change:
    """Decisions that a solve fixes, as pairs of site id and tier.

    Parameters
    ----------
    closed : tuple of str
        Sites where no hub may stand.
    opened : tuple of (str, str)
        Site and tier of hubs that must stand.
    gap : float, optional
        Gap to prove in place of that of the options.
    start : mapping of str to float, optional
        Values of variables to begin from, such as those of a plan found before.
    """

    closed: tuple[str, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()
    gap: float | None = None
    start: Mapping[str, float] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Resolved:
    """What a solve with fixed decisions found: hubs, and the bound on any plan of that kind.

    `feasible` is None where no plan was found in the time allowed, False where it is proven that
    there is none; `bound` is infinite where the solver gave none.
    """

    feasible: bool | None
    chosen: pd.DataFrame
    objective: float = -np.inf
    bound: float = -np.inf
    values: Mapping[str, float] | None = field(default=None, repr=False, compare=False)


#: Solves with a change; what a task of :meth:`Resolver.each` is given.
Solve: TypeAlias = Callable[[Change], Resolved]


class Resolver(SolvePool[SiteProgram]):
    """Programs of one scenario, ready to be solved with changes.

    Parameters
    ----------
    scenario, atlas, sites
        As for :meth:`dcsite.model.Candidates.of`.
    options : SolveOptions
        For every solve; a time limit counts for each.
    jobs : int
        Solvers that may run at once.
    modes : RuleModes, optional
        How strictly each rule holds; the scenario's own by default.
    """

    def __init__(
        self,
        scenario: Scenario,
        atlas: Atlas,
        sites: gpd.GeoDataFrame,
        options: SolveOptions,
        *,
        jobs: int = 1,
        modes: RuleModes | None = None,
    ) -> None:
        candidates = Candidates.of(scenario, atlas, sites, modes)
        super().__init__([assemble(candidates) for _ in range(jobs)])
        self._options = options

    @property
    def program(self) -> SiteProgram:
        """Return a program of the scenario, to be read."""
        return self.programs[0]

    def each(
        self,
        tasks: Iterable[Callable[[Solve], R]],
        on_result: Callable[[int, R], None],
        halted: Callable[[], bool] | None = None,
    ) -> None:
        """Run tasks as :meth:`run`; each is given a function that solves with a change."""
        self.run(map(self._given, tasks), on_result, halted)

    def changed(
        self, changes: Iterable[Change], on_done: Callable[[int], None] | None = None
    ) -> list[Resolved]:
        """Solve once for each change; return what was found in the order of the changes."""

        def task(change: Change) -> Callable[[SiteProgram], Resolved]:
            return self._given(lambda solve: solve(change))

        return self.all([task(change) for change in changes], on_done)

    def _given(self, task: Callable[[Solve], R]) -> Callable[[SiteProgram], R]:
        return lambda program: task(
            lambda change: _solve(program, change, self._options, self.halted)
        )


def _solve(
    program: SiteProgram, change: Change, options: SolveOptions, halted: Callable[[], bool]
) -> Resolved:
    gap = options.gap if change.gap is None else change.gap
    options = replace(options, gap=gap, start=change.start)
    nothing = chosen_hubs(program, None)
    with _fixed(program, change) as admitted:
        if not admitted:
            return Resolved(False, nothing)
        outcome = solve_program(program, options, halted=halted)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.status == "infeasible":
        return Resolved(False, nothing)
    bound = np.inf if outcome.bound is None else outcome.bound
    if outcome.values is None or outcome.objective is None:
        return Resolved(None, nothing, bound=bound)
    return Resolved(
        True, chosen_hubs(program, outcome.values), outcome.objective, bound, outcome.values
    )


@contextmanager
def _fixed(program: SiteProgram, change: Change) -> Iterator[bool]:
    """Fix decisions while the context lasts; tell whether hard rules admit those to be opened."""
    row = {str(site): number for number, site in enumerate(program.sites.index)}
    open_at = [(row[site], TIERS.index(tier)) for site, tier in change.opened]
    shut = [v for site in change.closed for v in program.open[row[site]] if v is not None]
    force = [program.open[site, tier] for site, tier in open_at]
    if any(variable is None for variable in force):
        yield False
        return
    try:
        for variable in shut:
            variable.upBound = 0
        for variable in force:
            variable.lowBound = 1
        yield True
    finally:
        for variable in shut:
            variable.upBound = 1
        for variable in force:
            variable.lowBound = 0


def run_in_workers(
    work: Callable[..., R],
    tasks: Iterable[tuple[Any, ...]],
    on_result: Callable[[int, R], None],
    *,
    workers: int,
    begin: Callable[..., None],
    begin_with: tuple[Any, ...],
    halted: Callable[[], bool] | None = None,
) -> None:
    """Run tasks in worker processes.

    Parameters
    ----------
    work : callable
        Called in a worker with a task's arguments.
    tasks : iterable of tuple
        Arguments; data that can be pickled.
    on_result : callable
        As for :meth:`SolvePool.run`.
    workers : int
        Processes at once.
    begin, begin_with
        Called once in each worker before its first task, with these arguments.
    halted : callable, optional
        As for :meth:`SolvePool.run`.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, after all workers have been ended.
    concurrent.futures.process.BrokenProcessPool
        If a worker died.
    """
    before = set(multiprocessing.active_children())
    resource_tracker.ensure_running()  # else the first worker's start would unblock signals
    with scratch_folder() as folder:
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=begin_worker,
            initargs=(os.getpid(), str(folder), pickle.dumps((begin, begin_with))),
        )

        def submit(task: tuple[Any, ...]) -> Future[R]:
            # A worker inherits what is blocked: Ctrl-C is heard here alone, from its first moment.
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, WISHES_TO_STOP)
            try:
                return pool.submit(work, *task)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)

        try:
            _follow(submit, tasks, workers, on_result, halted)
        except BaseException:
            for process in set(multiprocessing.active_children()) - before:
                process.kill()  # and with it goes its solver
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _follow(
    submit: Callable[[Any], Future[R]],
    tasks: Iterable[Any],
    at_once: int,
    on_result: Callable[[int, R], None],
    halted: Callable[[], bool] | None = None,
) -> None:
    waiting = enumerate(tasks)
    running: dict[Future[R], int] = {}
    while True:
        for number, task in islice(waiting, at_once - len(running)):
            running[submit(task)] = number
        if not running:
            return
        ended, _ = wait_for(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        for future in sorted(ended, key=running.__getitem__):
            on_result(running.pop(future), future.result())  # an error ends the run at once
        if halted is not None and halted():
            raise KeyboardInterrupt
