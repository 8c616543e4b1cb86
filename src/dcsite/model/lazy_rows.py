"""Lazy constraints: rows that are added only as points violate them; few are ever needed.

Each solve has fewer rows than the program, so its bound holds for the program; a plan counts only
once it violates no lazy constraint, or once its objective, worked out with all of them, lies within
the gap of that bound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.contract import LoadTable

    from .program import SiteProgram

#: A row counts as violated by more than this.
_VIOLATED = 1e-7
#: The most violated rows of one table that one round adds: the next is likely to need others.
_ROWS_PER_ROUND = 12
#: Coefficients below this are not worth their place in a row; they change a share by less than the
#: solvers' own tolerances.
_NEGLIGIBLE = 1e-6
#: Columns by which two rows are compared before all are.
_TRIED_FIRST = 16


def undominated(coefficient: NDArray[np.float64], least: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the rows of ``coefficient @ mw >= least`` that no other row implies.

    Parameters
    ----------
    coefficient : numpy.ndarray, shape (m, n)
        One row each.
    least : numpy.ndarray, shape (m,)
        Right-hand sides.

    Returns
    -------
    numpy.ndarray
        Positions of the rows to keep, in their order.

    Notes
    -----
    Loads and reserves are never negative. If row s has coefficients at most those of row r,
    everywhere, and a right-hand side at least as large, then every plan that keeps s keeps r:
    ``r @ mw >= s @ mw >= least_s >= least_r``. Of equal rows the first is kept. Dropping is safe
    in any order, since the relation is transitive.
    """
    number, width = coefficient.shape
    total = coefficient.sum(axis=1)
    kept: list[int] = []
    # A row can only be implied by one whose sum is at most its own.
    for row in np.lexsort((np.arange(number), -least, total)):
        candidates = np.array(kept, dtype=np.intp)
        candidates = candidates[least[candidates] >= least[row]]
        if width > _TRIED_FIRST and len(candidates):
            # Where a row is lowest few others are lower: most are told apart by a few columns.
            low = np.argpartition(coefficient[row], _TRIED_FIRST)[:_TRIED_FIRST]
            lower = coefficient[np.ix_(candidates, low)] <= coefficient[row, low]
            candidates = candidates[lower.all(axis=1)]
        if not (coefficient[candidates] <= coefficient[row]).all(axis=1).any():
            kept.append(int(row))
    return np.array(sorted(kept), dtype=np.intp)


class TableRows:
    """Rows of a load table, over the pairs of site and tier that may carry load or hold a reserve.

    Parameters
    ----------
    program : SiteProgram
        Gets the rows.
    table : LoadTable
        The rows.
    """

    def __init__(self, program: SiteProgram, table: LoadTable) -> None:
        self._program, self._origin = program, program.origin
        own = table.slack is not None and len({v.name for v in table.slack}) > 1
        site, tier = np.nonzero(program.eligible)
        load = table.coefficient
        self._pairs = len(site)
        self._per_mw = load[:, site] if load.ndim == 2 else load[:, site, tier]
        if table.reserve is not None:
            self._per_mw = np.hstack([self._per_mw, table.reserve[:, program.reserves]])
        # What is not of these pairs is let go: a table of thousands of rows holds it three times.
        self._table = replace(table, coefficient=self._per_mw[:, :0], reserve=None)
        # Rows with a slack of their own do not imply each other.
        self._ready = np.arange(len(table.least)) if own else undominated(self._per_mw, table.least)
        self._added: set[int] = set()

    def separate(self, values: Mapping[str, float]) -> int:
        """Add the most violated rows at a point as lazy constraints; return how many.

        Violation is in the unit of the right-hand sides (shares of the total IT load).
        """
        short = self._table.least - self._left(values) - self._own(values)
        ready = [int(row) for row in self._ready if row not in self._added]
        violated = [row for row in ready if short[row] > _VIOLATED]
        violated.sort(key=lambda row: (-short[row], row))
        for row in violated[:_ROWS_PER_ROUND]:
            self._add(row)
        return len(violated[:_ROWS_PER_ROUND])

    separate_relaxed = separate

    def complete(self, values: Mapping[str, float], *, loosely: bool = False) -> dict[str, float]:
        """Lower the epigraph, or raise the slack, until every row is kept; where there is any."""
        table = self._table
        short = table.least - self._left(values)
        if table.epigraph is not None:
            held = values.get(table.epigraph.name, 0.0)
            return {table.epigraph.name: max(min(held, -float(short[self._ready].max())), 0.0)}
        if table.slack is None:
            return {}
        slack: dict[str, float] = {}
        for row in self._ready:
            name = table.slack[row].name
            slack[name] = max(slack.get(name, 0.0), float(short[row]), 0.0)
        return slack

    def summary(self) -> str:
        """Say how many rows there are, how many others imply, and how many were added."""
        number, ready = len(self._table.least), len(self._ready)
        implied = f", {number - ready} of them implied by others" if ready < number else ""
        return f"{self._table.name}: {number} rows{implied}, {len(self._added)} needed"

    def _left(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return each row's part that depends on loads and on the fixed terms."""
        program = self._program
        mw = program.load_by_tier(values)[program.eligible]
        if self._per_mw.shape[1] > self._pairs:
            mw = np.concatenate([mw, program.reserve_of(values)[program.reserves]])
        fixed = sum(c * values.get(v.name, 0.0) for v, c in self._table.fixed)
        return np.asarray(self._per_mw @ mw + fixed, dtype=np.float64)

    def _own(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        table = self._table
        if table.epigraph is not None:
            return np.full(len(table.least), -values.get(table.epigraph.name, 0.0))
        if table.slack is not None:
            return np.array([values.get(v.name, 0.0) for v in table.slack])
        return np.zeros(len(table.least))

    def _add(self, row: int) -> None:
        table, program = self._table, self._program
        per_mw = self._per_mw[row]
        per_mw = np.where(np.abs(per_mw) < _NEGLIGIBLE * table.scale, 0.0, per_mw)
        coefficient = np.zeros(program.eligible.shape)
        coefficient[program.eligible] = per_mw[: self._pairs]
        terms = [*program.load_terms(coefficient), *table.fixed]
        if len(per_mw) > self._pairs:
            held = np.zeros(program.eligible.shape)
            held[program.reserves] = per_mw[self._pairs :]
            terms += program.reserve_terms(held)
        if table.epigraph is not None:
            terms.append((table.epigraph, -1.0))
        if table.slack is not None:
            terms.append((table.slack[row], 1.0))
        program.origin = self._origin
        # The solvers keep a row to about 1e-6 of its largest number: rows are laid in shares.
        program.row(f"{table.name}_{table.labels[row]}", terms, ">=", float(table.least[row]))
        self._added.add(row)
