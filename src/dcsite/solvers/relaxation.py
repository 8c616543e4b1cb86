"""The linear relaxation of a program by HiGHS in this process, and a first plan made from it.

The solvers find a first plan of a program of ten thousand columns quickly by themselves, and one
from here would rather lead them astray. With tens of thousands of columns they may not find any
in time; then this is where they begin, and what is left if they find none better.

The first plan is greedy by the relaxation, then bettered by exchanges. Which sites open is chosen
here; loads and flows follow from a small linear program with only those sites in it. Its duals say
what any other site would be worth in their place, so that of the many exchanges only the most
promising are worked out.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array

from dcsite.contract import TIERS
from dcsite.errors import SolverError

from .highs_worker import highs_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcsite.model.program import SiteProgram

    from .matrix import ProgramMatrix

    Indices = NDArray[np.intp]

#: Exchanges worked out before the search gives up on a plan, and in all.
_TRIED_AT_ONCE = 40
_TRIED_IN_ALL = 300

#: Exchanges offered for each hub and tier.
_OFFERED = 3

#: A gain below this is rounding.
_GAIN = 1e-7


@dataclass(frozen=True)
class RelaxedPoint:
    """The best point of a relaxation, minimised.

    Parameters
    ----------
    objective : float
        No whole-number plan is below it.
    values : numpy.ndarray, shape (columns,)
        The point.
    duals : numpy.ndarray, shape (rows,)
        Dual value of each row: by how much the objective rises with its right-hand side.
    """

    objective: float
    values: NDArray[np.float64]
    duals: NDArray[np.float64]


def relax(matrix: ProgramMatrix, time_limit_s: float | None = None) -> RelaxedPoint | None:
    """Solve the linear relaxation of a program.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program; that columns are whole numbers is left out.
    time_limit_s : float, optional
        Seconds it may take.

    Returns
    -------
    RelaxedPoint or None
        None if there is no such point, or none was found in time.

    Raises
    ------
    SolverError
        If HiGHS refuses the program.
    """
    highs = silent_highs()
    if time_limit_s is not None:
        highs.setOptionValue("time_limit", max(0.01, time_limit_s))
    if highs.passModel(highs_program(matrix.arrays(), relaxed=True)) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the relaxation of the program")
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = highs.getSolution()
    return RelaxedPoint(
        float(highs.getInfo().objective_function_value),
        np.array(solution.col_value),
        np.array(solution.row_dual),
    )


def silent_highs() -> Any:
    """Return a solver of one thread that prints nothing, not even its greeting."""
    _take_greeting()
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


@cache
def _take_greeting() -> None:
    """Let HiGHS say who it is where nobody listens.

    The first solver of a process prints a greeting to stdout as it is built, before any option can
    forbid it; there it would break the JSON of whoever reads it.
    """
    sys.stdout.flush()
    try:
        stdout = os.dup(1)
    except OSError:  # closed: nothing can be printed
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()  # type: ignore[no-untyped-call]
            # What C still holds back would come out later.
            ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def first_plan(
    program: SiteProgram,
    matrix: ProgramMatrix,
    relaxed: RelaxedPoint,
    time_limit_s: float,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, float] | None:
    """Find a good plan of a program.

    Parameters
    ----------
    program : SiteProgram
        The program.
    matrix : ProgramMatrix
        The same, as a matrix.
    relaxed : RelaxedPoint
        Its relaxation.
    time_limit_s : float
        Seconds after which the best plan so far is returned.
    stopped : callable
        Asked again and again; once it says yes, the best plan so far is returned.

    Returns
    -------
    dict of str to float, optional
        Value of each variable by name: a feasible point; None where the search met none.
    """
    ends = time.monotonic() + time_limit_s
    search = _Search(program, matrix)
    best = search.worth(search.greedy(relaxed))
    tried = 1
    while best is not None and tried < _TRIED_IN_ALL:
        better = None
        for move in search.moves(best):
            if tried >= _TRIED_IN_ALL or time.monotonic() > ends or stopped():
                break
            found = search.worth(move)
            tried += 1
            if found is not None and found.cost < best.cost - _GAIN:
                better = found
                break
        if better is None:
            break
        best = better
    return None if best is None else search.values(best)


@dataclass(frozen=True)
class _Plan:
    """Candidates that open, what the rest of the program then costs, and its duals."""

    opened: tuple[int, ...]
    cost: float
    columns: Indices
    point: NDArray[np.float64]
    duals: NDArray[np.float64]


class _Search:
    """Candidates are pairs of site and tier, numbered as the program's decisions are."""

    def __init__(self, program: SiteProgram, matrix: ProgramMatrix) -> None:
        self._program, self._matrix = program, matrix
        self._site, self._tier = np.nonzero(program.eligible)
        place = {name: number for number, name in enumerate(matrix.names)}
        chosen = program.eligible
        self._open = np.array([place[v.name] for v in program.open[chosen]], dtype=np.intp)
        self._extra = np.array([place[v.name] for v in program.extra_mw[chosen]], dtype=np.intp)
        self._spread = matrix.upper[self._extra]
        shape = (matrix.row_lower.size, matrix.cost.size)
        rows = csr_array((matrix.coefficient, matrix.column, matrix.start), shape=shape)
        self._columns: csc_array = rows.tocsc()
        self._local = np.array([name in program.local_rows for name in matrix.row_names])
        self._owned = self._columns_of_sites(rows)
        counts = [program.scenario.tiers[tier].count for tier in TIERS]
        self._least = np.array([count.min for count in counts])
        self._most = np.array([count.max for count in counts])
        self._too_near: dict[int, NDArray[np.bool_]] = {}

    def _columns_of_sites(self, rows: csr_array) -> NDArray[np.intp]:
        """Return for each column the site it belongs to, -1 for those of the plan as a whole.

        A column belongs to a site if a row of that site alone ties it to the site's decisions.
        """
        owner = np.full(self._matrix.cost.size, -1, dtype=np.intp)
        owner[self._open] = self._site
        owner[self._extra] = self._site
        for row in np.flatnonzero(self._local):
            members = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            sites = np.unique(owner[members][owner[members] >= 0])
            if len(sites) == 1:
                owner[members] = sites[0]
        return owner

    def near(self, candidate: int) -> NDArray[np.bool_]:
        """Tell which candidates may not open beside one, itself among them."""
        found = self._too_near.get(candidate)
        if found is None:
            site, tier = int(self._site[candidate]), int(self._tier[candidate])
            found = self._site == site
            for rows in self._program.apart:
                found |= rows.too_near(site, tier)[self._site, self._tier]
            self._too_near[candidate] = found
        return found

    def greedy(self, relaxed: RelaxedPoint) -> tuple[int, ...]:
        """Open what the relaxation opens most of, tier by tier, while it fits."""
        taken = np.round(relaxed.values[self._open], 6)
        cost = self._marginal(relaxed.duals, np.zeros(len(self._local), dtype=bool))
        blocked = np.zeros(len(taken), dtype=bool)
        opened: list[int] = []
        # Few more than the least of the lowest tier: each has to carry its least load.
        wanted = [*self._most[:-1], (self._least[-1] + self._most[-1]) // 2]
        for tier, most in enumerate(wanted):
            own = 0
            for candidate in np.lexsort((cost, -taken)).tolist():
                if own == most:
                    break
                if self._tier[candidate] == tier and not blocked[candidate]:
                    opened.append(candidate)
                    blocked |= self.near(candidate)
                    own += 1
        return tuple(opened)

    def worth(self, opened: tuple[int, ...]) -> _Plan | None:
        """Work out the best plan with exactly these candidates open; None if there is none."""
        matrix = self._matrix
        mine = np.array(opened, dtype=np.intp)
        columns = np.flatnonzero((self._owned < 0) | np.isin(self._owned, self._site[mine]))
        lower, upper = matrix.lower[columns].copy(), matrix.upper[columns].copy()
        decided = np.isin(columns, self._open)
        lower[decided] = upper[decided] = np.isin(columns[decided], self._open[mine])
        part = self._columns[:, columns].tocsr()
        kept = np.flatnonzero(
            (np.diff(part.indptr) > 0) | (matrix.row_lower > 0.0) | (matrix.row_upper < 0.0)
        )
        rows = part[kept]
        small = replace(
            matrix,
            names=tuple(matrix.names[column] for column in columns),
            cost=matrix.cost[columns],
            lower=lower,
            upper=upper,
            integer=np.zeros(len(columns), dtype=bool),
            start=rows.indptr.astype(np.int32),
            column=rows.indices.astype(np.int32),
            coefficient=rows.data,
            row_lower=matrix.row_lower[kept],
            row_upper=matrix.row_upper[kept],
            row_names=tuple(matrix.row_names[row] for row in kept),
        )
        found = relax(small)
        if found is None:
            return None
        duals = np.zeros(len(matrix.row_names))
        duals[kept] = found.duals
        return _Plan(opened, found.objective, columns, found.values, duals)

    def _marginal(
        self, duals: NDArray[np.float64], left_out: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return what opening each candidate costs at given duals, its load chosen best."""
        reduced = self._matrix.cost - self._columns.T @ np.where(left_out, 0.0, duals)
        loaded = self._spread * np.minimum(0.0, reduced[self._extra])
        return np.asarray(reduced[self._open] + loaded)

    def moves(self, plan: _Plan) -> list[tuple[int, ...]]:
        """List exchanges, additions and removals, the most promising first."""
        cost = self._marginal(plan.duals, self._local)
        opened = np.array(plan.opened, dtype=np.intp)
        per_tier = np.bincount(self._tier[opened], minlength=len(TIERS))
        crowd = np.sum([self.near(candidate) for candidate in plan.opened], axis=0)
        offers: list[tuple[float, tuple[int, ...]]] = []
        for leaves in plan.opened:
            rest = tuple(candidate for candidate in plan.opened if candidate != leaves)
            from_tier = int(self._tier[leaves])
            free = np.flatnonzero(crowd - self.near(leaves) == 0)
            for tier in range(len(TIERS)):
                moved = tier != from_tier
                if moved and (
                    per_tier[tier] >= self._most[tier]
                    or per_tier[from_tier] <= self._least[from_tier]
                ):
                    continue
                offers += self._best(free[self._tier[free] == tier], cost, cost[leaves], rest)
            if per_tier[from_tier] > self._least[from_tier]:
                offers.append((float(cost[leaves]), rest))
        free = np.flatnonzero(crowd == 0)
        for tier in np.flatnonzero(per_tier < self._most).tolist():
            offers += self._best(free[self._tier[free] == tier], cost, 0.0, plan.opened)
        offers.sort(key=lambda offer: -offer[0])
        return [opened for gain, opened in offers[:_TRIED_AT_ONCE] if gain > _GAIN]

    def _best(
        self, among: Indices, cost: NDArray[np.float64], saved: float, rest: tuple[int, ...]
    ) -> list[tuple[float, tuple[int, ...]]]:
        """Return the cheapest few to add to a plan, each with what it gains."""
        order = among[np.argsort(cost[among], kind="stable")[:_OFFERED]]
        return [(float(saved - cost[new]), (*rest, int(new))) for new in order]

    def values(self, plan: _Plan) -> dict[str, float] | None:
        """Return a plan's point by variable name, None if it breaks the program after all."""
        raw = np.zeros(self._matrix.cost.size)
        raw[plan.columns] = plan.point
        raw = np.clip(raw, self._matrix.lower, self._matrix.upper)
        point = self._matrix.clean(raw)
        if self._matrix.fault(raw, point) is not None:
            return None
        return dict(zip(self._matrix.names, point.tolist(), strict=True))
