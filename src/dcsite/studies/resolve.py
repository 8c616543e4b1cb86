"""Solve a program again and again with a few decisions fixed, several at a time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from dcsite.criteria import TIERS
from dcsite.model import Candidates, assemble
from dcsite.solvers import chosen_hubs, solve_program

from .pool import SolvePool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from dcsite.atlas import Atlas
    from dcsite.model import RuleModes, SiteProgram
    from dcsite.scenario import Scenario
    from dcsite.solvers import SolveOptions

T = TypeVar("T")


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
    objective: float
    bound: float
    values: Mapping[str, float] | None = field(default=None, repr=False, compare=False)


#: Solves with a change; what a task of :meth:`Resolver.each` is given.
Solve: TypeAlias = "Callable[[Change], Resolved]"


class Resolver:
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
        self._candidates = Candidates.of(scenario, atlas, sites, modes)
        self._options = options
        self._jobs = jobs
        self._programs: list[SiteProgram] = []

    @property
    def program(self) -> SiteProgram:
        """Return a program of the scenario, to be read."""
        self._provide(1)
        return self._programs[0]

    def run(
        self, changes: Sequence[Change], on_done: Callable[[int], None] | None = None
    ) -> list[Resolved]:
        """Solve once for each change.

        Parameters
        ----------
        changes : sequence of Change
            What to fix in each solve.
        on_done : callable, optional
            Called with the number of solves that have ended.

        Returns
        -------
        list of Resolved
            In the order of `changes`.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, after all solvers have been ended.
        """

        def task(change: Change) -> Callable[[Solve], Resolved]:
            return lambda solve: solve(change)

        found: dict[int, Resolved] = {}

        def keep(number: int, resolved: Resolved) -> None:
            found[number] = resolved
            if on_done is not None:
                on_done(len(found))

        self.each([task(change) for change in changes], keep)
        return [found[number] for number in range(len(changes))]

    def each(
        self,
        tasks: Sequence[Callable[[Solve], T]],
        on_result: Callable[[int, T], None],
        halted: Callable[[], bool] | None = None,
    ) -> None:
        """Run tasks that solve once or several times, each on a program of its own.

        Parameters
        ----------
        tasks : sequence of callable
            Each is given a function that solves with a change.
        on_result : callable
            Called with a task's number and result, as tasks end; always in the caller's thread.
        halted : callable, optional
            Asked again and again; once it says yes, the run ends as on Ctrl-C.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, after all solvers have been ended.
        """
        if not tasks:
            return
        jobs = min(self._jobs, len(tasks))
        self._provide(jobs)
        pool = SolvePool(self._programs[:jobs])

        def given(task: Callable[[Solve], T]) -> Callable[[SiteProgram], T]:
            return lambda program: task(
                lambda change: _solve(program, change, self._options, pool.halted)
            )

        pool.run([given(task) for task in tasks], on_result, halted)

    def _provide(self, count: int) -> None:
        while len(self._programs) < count:
            self._programs.append(assemble(self._candidates))


def _solve(
    program: SiteProgram, change: Change, options: SolveOptions, halted: Callable[[], bool]
) -> Resolved:
    gap = options.gap if change.gap is None else change.gap
    options = replace(options, gap=gap, start=change.start)
    nothing = chosen_hubs(program, None)
    with _fixed(program, change) as admitted:
        if not admitted:
            return Resolved(False, nothing, -np.inf, -np.inf)
        outcome = solve_program(program, options, halted=halted)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.status == "infeasible":
        return Resolved(False, nothing, -np.inf, -np.inf)
    bound = np.inf if outcome.bound is None else outcome.bound
    if outcome.values is None or outcome.objective is None:
        return Resolved(None, nothing, -np.inf, bound)
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
