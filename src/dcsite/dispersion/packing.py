"""Points far enough apart are found, or proven not to be there, by linear bounds and branching.

Points that are all too near to each other share a row ``sum x <= 1``. The linear program over such
rows, found where its own solution breaks them, bounds the number of points hardly above the truth.
Any dual values y >= 0 prove a bound by themselves, without trust in the solver::

    sum y + sum of max(0, 1 - y(v)) over points v,   y(v) = sum of y over the rows of v

and with v taken, less by what y(v) exceeds 1. A point whose bound falls below the number wanted is
in no solution and is dropped; then fewer points tell the rest apart, the reduction (as in `reduce`)
begins anew, and so on. What still stands is branched on: some solution, if there is any, has a
point in N[v] for any point v (else v could join it and another leave). The points of the smallest
such set are tried, each being dropped for those after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

from dcsite.solvers.relaxation import silent_highs

from .reduce import MOST_COMPARED, drop_dominated

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Indices = NDArray[np.intp]
    Cliques = list[Indices]

#: How far a bound must stay below the number wanted: far above rounding of a few thousand sums.
_MARGIN = 1e-6
#: Rows added in one round, and by how much a row must be broken.
_ROWS_AT_ONCE = 150
_BROKEN = 1e-3
#: A bound that falls by less than this in a round, above what is wanted, has come to rest.
_REST = 2e-3
#: Seconds a linear program is solved for before the check is called; twice as long each time. The
#: answer does not depend on it, only how soon a wish to stop is heard.
_FIRST_STRETCH_S = 2.0
#: Dropping this share of the points begins the reduction anew.
_SHARE = 0.1


def pack(near: NDArray[np.bool_], wanted: int, check: Callable[[], None]) -> Indices | None:
    """Find `wanted` points no two of which are near, or prove that there are none.

    Parameters
    ----------
    near : numpy.ndarray of bool, shape (n, n)
        Symmetric, true on the diagonal.
    wanted : int
        How many points.
    check : callable
        Called now and then; may raise to stop the work.

    Returns
    -------
    numpy.ndarray, optional
        Positions of the points; None if there are no such points, which is proven.
    """
    return _Packing(near, check).solve(np.arange(len(near)), wanted, [])


class _Packing:
    def __init__(self, near: NDArray[np.bool_], check: Callable[[], None]) -> None:
        self._near = near
        self._check = check

    def solve(self, live: Indices, wanted: int, rows: Cliques) -> Indices | None:
        """Find `wanted` points among `live`; `rows` are sets of points all near to each other."""
        while True:
            self._check()
            if len(live) <= MOST_COMPARED:
                live = live[drop_dominated(self._near[np.ix_(live, live)], self._check)]
            if len(live) < wanted:
                return None
            if wanted <= 1:
                return live[: max(wanted, 0)]
            relaxed = _Relaxation(self._near, live, rows, wanted, self._check)
            left, rows, found = relaxed.tighten()
            if found is not None:
                return found
            if len(left) < wanted:
                return None
            if len(left) > (1.0 - _SHARE) * len(live):
                return self._branch(left, wanted, rows)
            live = left

    def _branch(self, live: Indices, wanted: int, rows: Cliques) -> Indices | None:
        """Try each point of the least N[v] in turn: some solution, if any, has one of them."""
        near = self._near[np.ix_(live, live)]
        around = np.flatnonzero(near[int(near.sum(axis=1).argmin())])
        around = around[np.argsort(near[around].sum(axis=1), kind="stable")]
        left = np.ones(len(live), dtype=bool)
        for point in around:
            rest = live[left & ~near[point]]
            found = self.solve(rest, wanted - 1, rows)
            if found is not None:
                return np.append(found, live[point])
            left[point] = False
        return None


class _Relaxation:
    """The linear program over some points, tightened row by row."""

    def __init__(
        self,
        near: NDArray[np.bool_],
        live: Indices,
        rows: Cliques,
        wanted: int,
        check: Callable[[], None],
    ) -> None:
        self._live = live
        self._near = near[np.ix_(live, live)]
        self._wanted = wanted
        self._check = check
        number = np.full(len(near), -1)
        number[live] = np.arange(len(live))
        kept = [number[row][number[row] >= 0] for row in rows]
        self._rows: Cliques = [row for row in kept if len(row) > 1]
        covered = np.zeros(len(live), dtype=bool)
        for row in self._rows:
            covered[row] = True
        if not covered.all():
            order = np.argsort(-self._near.sum(axis=1), kind="stable")
            near = self._near[np.ix_(order, order)]
            for place in range(len(order)):
                if not covered[order[place]]:
                    row = np.sort(order[_grown(near, np.array([place]))])
                    covered[row] = True
                    self._rows.append(row)

    def tighten(self) -> tuple[Indices, Cliques, Indices | None]:
        """Add rows until the bound rests or many points are ruled out.

        Returns
        -------
        left : numpy.ndarray
            Points not ruled out; none at all where the bound is below the number wanted.
        rows : list of numpy.ndarray
            The rows that bind, by point.
        found : numpy.ndarray, optional
            A solution met on the way.
        """
        solver = _linear_program(len(self._live), self._rows)
        possible = np.ones(len(self._live), dtype=bool)
        before = np.inf
        resting = 0
        while True:
            _run(solver, self._check)
            solution = solver.getSolution()
            value = np.array(solution.col_value)
            bound, ruled_out = self._prove(-np.array(solution.row_dual), possible)
            possible &= ~ruled_out
            left = np.flatnonzero(possible)
            if bound < self._wanted - _MARGIN or len(left) < self._wanted:
                return self._live[:0], [], None
            found = self._round(value)
            if found is not None:
                return self._live[left], [], self._live[found]
            resting = resting + 1 if before - bound < _REST else 0
            before = bound
            new = [] if resting >= 3 else self._broken(value)
            if not new or len(left) <= (1.0 - 3.0 * _SHARE) * len(possible):
                binding = np.array(solution.row_dual) < -_MARGIN
                bind = [row for row, binds in zip(self._rows, binding, strict=True) if binds]
                return self._live[left], [self._live[row] for row in bind + new], None
            if ruled_out.any():
                gone = np.flatnonzero(~possible).astype(np.int32)
                nought = np.zeros(len(gone))
                solver.changeColsBounds(len(gone), gone, nought, nought)
            _add_rows(solver, new)
            self._rows += new

    def _prove(
        self, dual: NDArray[np.float64], possible: NDArray[np.bool_]
    ) -> tuple[float, NDArray[np.bool_]]:
        """Return the bound that dual values prove on what is possible, and what it rules out."""
        dual = np.maximum(np.nan_to_num(dual), 0.0)
        paid = np.zeros(len(self._live))
        for row, price in zip(self._rows, dual, strict=True):
            if price > 0.0:
                paid[row] += price
        bound = float(dual.sum() + np.maximum(0.0, 1.0 - paid[possible]).sum())
        return bound, bound + np.minimum(0.0, 1.0 - paid) < self._wanted - _MARGIN

    def _round(self, value: NDArray[np.float64]) -> Indices | None:
        """Take points by falling value while they fit; return them if they are enough."""
        free = value > 0.0
        chosen: list[int] = []
        for point in np.argsort(-value, kind="stable"):
            if len(chosen) == self._wanted or not free.any():
                break
            if free[point]:
                chosen.append(int(point))
                free &= ~self._near[point]
        return np.array(chosen, dtype=np.intp) if len(chosen) == self._wanted else None

    def _broken(self, value: NDArray[np.float64]) -> Cliques:
        """Find rows that the solution breaks, the most broken first."""
        order = np.argsort(-value, kind="stable")
        near = self._near[np.ix_(order, order)]
        # Only points of some value make a row broken; the others join rows that are.
        positive = int((value > _MARGIN).sum())
        inner = np.ascontiguousarray(near[:positive, :positive])
        found: dict[bytes, tuple[float, Indices]] = {}
        for place in range(positive):
            core = _grown(inner, np.array([place]))
            load = float(value[order[core]].sum())
            if load > 1.0 + _BROKEN:
                found[core.tobytes()] = (load, core)
        ranked = sorted(found.values(), key=lambda entry: -entry[0])
        return [np.sort(order[_grown(near, core)]) for _, core in ranked[:_ROWS_AT_ONCE]]


def _grown(near: NDArray[np.bool_], core: Indices) -> Indices:
    """Return the core, whose points are all near to each other, and those that join it in turn."""
    chosen = [int(point) for point in core]
    free = np.logical_and.reduce(near[core])
    free[core] = False
    while True:
        point = int(free.argmax())
        if not free[point]:
            return np.sort(np.array(chosen, dtype=np.intp))
        chosen.append(point)
        free &= near[point]
        free[point] = False


def _linear_program(points: int, rows: Cliques) -> highspy.Highs:
    solver: highspy.Highs = silent_highs()
    solver.addVars(points, np.zeros(points), np.ones(points))
    solver.changeColsCost(points, np.arange(points, dtype=np.int32), np.full(points, -1.0))
    _add_rows(solver, rows)
    return solver


def _add_rows(solver: highspy.Highs, rows: Cliques) -> None:
    for row in rows:
        number = len(row)
        solver.addRow(-highspy.kHighsInf, 1.0, number, row.astype(np.int32), np.ones(number))


def _run(solver: highspy.Highs, check: Callable[[], None]) -> None:
    """Solve, stopping now and then for the check: a large program may take minutes."""
    most_s = _FIRST_STRETCH_S
    while True:
        check()
        solver.setOptionValue("time_limit", solver.getRunTime() + most_s)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kTimeLimit:
            return
        most_s *= 2.0
