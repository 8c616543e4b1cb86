"""Points far enough apart are found, or proven not to be there.

**Linear bounds** come first, and the points they rule out; the rest is searched. Points that are
all too near to each other share a row ``sum x <= 1``. The linear program over such rows, found
where its own solution breaks them, bounds the number of points hardly above the truth. Any dual
values y >= 0 prove a bound by themselves, without trust in the solver::

    sum y + sum of max(0, 1 - y(v)) over points v,   y(v) = sum of y over the rows of v

and with v taken, less by what y(v) exceeds 1. A point whose bound falls below the number wanted is
in no solution and is dropped; then fewer points tell the rest apart, the reduction begins anew, and
so on. What still stands is branched on, or searched once it is small.

**The search** finds a number of points or proves that there are none. Each point's too-near points
are one long integer, a bit for each point, so that whole sets are cut and compared in one step. The
search goes depth first:

- bound: points are covered by groups whose members are all too near to each other; each group gives
  at most one point, so fewer groups than points wanted ends the branch;
- branching: of a solution of `wanted` points at least one lies outside any ``wanted - 1`` groups.
  Also, some solution has a point in N[v] for any point v (else v could join it and another leave).
  The smaller of the two lists is tried, each point tried being dropped for those after it;
- reduction: a point whose too-near set holds all of another's is dropped, as in `reduce`;
- memory: sets that were refuted are not searched again.
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

#: Up to this many points are left to the plain search.
_SMALL = 90
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
#: Refuted sets remembered at most; a few hundred bytes each.
_REMEMBERED = 1_000_000
#: Larger sets are not reduced below the root: comparing their pairs costs more than it saves.
_REDUCE_BELOW = 400


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
            if len(live) <= _SMALL or wanted <= 2:
                return self._search(live, wanted)
            relaxed = _Relaxation(self._near, live, rows, wanted, self._check)
            left, rows, found = relaxed.tighten()
            if found is not None:
                return found
            if len(left) < wanted:
                return None
            if len(left) > (1.0 - _SHARE) * len(live):
                return self._branch(left, wanted, rows)
            live = left

    def _search(self, live: Indices, wanted: int) -> Indices | None:
        found = find_spread(self._near[np.ix_(live, live)], wanted, self._check)
        return None if found is None else live[np.array(found, dtype=np.intp)]

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


def find_spread(
    near: NDArray[np.bool_], wanted: int, check: Callable[[], None]
) -> list[int] | None:
    """Find `wanted` points no two of which are near, or prove that there are none.

    Parameters
    ----------
    near : numpy.ndarray of bool, shape (n, n)
        Symmetric, true on the diagonal.
    wanted : int
        How many points.
    check : callable
        Called at every branch; may raise to stop the search.

    Returns
    -------
    list of int, optional
        Positions of the points; None if there are no such points, which is proven.
    """
    if wanted <= 0:
        return []
    if wanted > len(near):
        return None
    packed = np.packbits(near, axis=1, bitorder="little")
    rows = [int.from_bytes(row.tobytes(), "little") for row in packed]
    return _Search(rows, check).run((1 << len(rows)) - 1, wanted)


class _Search:
    def __init__(self, rows: list[int], check: Callable[[], None]) -> None:
        self._rows = rows
        self._check = check
        self._refuted: dict[int, int] = {}

    def run(self, live: int, wanted: int) -> list[int] | None:
        """Find `wanted` points among `live`."""
        if wanted <= 1:
            return [live.bit_length() - 1] * wanted if live or not wanted else None
        self._check()
        if live.bit_count() <= _REDUCE_BELOW:
            live = self._reduce(live)
        if live.bit_count() < wanted or self._refuted.get(live, wanted + 1) <= wanted:
            return None
        left = live
        for point in self._branch(live, wanted):
            found = self.run(left & ~self._rows[point], wanted - 1)
            if found is not None:
                return [point, *found]
            left &= ~(1 << point)
        if len(self._refuted) < _REMEMBERED:
            self._refuted[live] = wanted
        return None

    def _branch(self, live: int, wanted: int) -> list[int]:
        """List points one of which is in some solution, if there is any; none if refuted."""
        outside = self._outside(live, wanted - 1)
        if not outside:
            return []
        rows = self._rows
        best, size = outside, outside.bit_count()
        for point in _bits(live):
            around = rows[point] & live
            number = around.bit_count()
            if number < size:
                best, size = around, number
        return sorted(_bits(best), key=lambda point: (rows[point] & live).bit_count())

    def _outside(self, live: int, groups: int) -> int:
        """Return the points left when the largest `groups` of a greedy cover are taken."""
        rows = self._rows
        left = live
        cover: list[tuple[int, int]] = []
        while left:
            first = (left & -left).bit_length() - 1
            group = 1 << first
            candidates = left & rows[first] & ~group
            while candidates:
                lowest = candidates & -candidates
                group |= lowest
                candidates &= rows[lowest.bit_length() - 1] & ~lowest
            cover.append((group.bit_count(), group))
            left &= ~group
        if len(cover) <= groups:
            return 0
        cover.sort()
        outside = 0
        for _, group in cover[: len(cover) - groups]:
            outside |= group
        return outside

    def _reduce(self, live: int) -> int:
        """Drop points whose too-near set holds all of another one's that is near to them."""
        rows = self._rows
        waiting = live
        while waiting:
            bit = waiting & -waiting
            waiting ^= bit
            if not bit & live:
                continue
            around = rows[bit.bit_length() - 1] & live
            # Points near to all points of `around` hold it whole: all of them but this one go.
            holders = around ^ bit
            rest = holders
            while rest and holders:
                low = rest & -rest
                rest ^= low
                holders &= rows[low.bit_length() - 1]
            if holders:
                live &= ~holders
                # Who lost a near point may now be held by others.
                again = 0
                for point in _bits(holders):
                    again |= rows[point]
                waiting |= again & live & ~bit
        return live


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        bit = mask & -mask
        found.append(bit.bit_length() - 1)
        mask ^= bit
    return found
