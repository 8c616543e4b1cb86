"""Lazy constraints: rows that are added only as points violate them; few are ever needed.

Each solve has fewer rows than the program, so its bound holds for the program; a plan counts only
once it violates no lazy constraint, or once its objective, worked out with all of them, lies within
the gap of that bound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dcsite.contract import TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.contract import FindRows, LoadTable

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

    def complete(self, values: Mapping[str, float]) -> dict[str, float]:
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


class FoundRows:
    """Rows about single hubs that a criterion finds violated by a choice of hubs.

    Parameters
    ----------
    program : SiteProgram
        Gets the rows.
    name : str
        Of the rows.
    rule : str
        Under which they hold.
    concerned : numpy.ndarray of bool, shape (sites, tiers)
        Hubs that may have such a row. Where the rule is soft, each has a column for its violation
        from the beginning, so that penalties are all known when the program is put together.
    find : callable
        See :data:`dcsite.contract.FindRows`.
    """

    def __init__(
        self,
        program: SiteProgram,
        name: str,
        rule: str,
        concerned: NDArray[np.bool_],
        find: FindRows,
    ) -> None:
        self._program, self._name, self._rule, self._find = program, name, rule, find
        self._origin = program.origin
        self._added: set[tuple[int, int]] = set()
        self._slack: dict[tuple[int, int], Any] = {}
        if program.mode(rule) == "soft":
            for site, tier in np.argwhere(program.eligible & concerned):
                label = f"{program.labels[site]}_{TIERS[tier]}"
                slack = program.continuous(f"short_{name}_{label}", 0.0, 1.0)
                program.violate(rule, slack)
                self._slack[int(site), int(tier)] = slack

    def separate(self, values: Mapping[str, float]) -> int:
        """Add the rows that a candidate solution violates; return how many."""
        program = self._program
        program.origin = self._origin
        added = 0
        for hub, coefficient in self._find(self._chosen(values)):
            if hub in self._added:
                continue
            terms = program.open_terms(coefficient)
            if hub in self._slack:
                terms = [*terms, (self._slack[hub], 1.0)]
            label = f"{program.labels[hub[0]]}_{TIERS[hub[1]]}"
            program.row(f"{self._name}_{label}", terms, ">=", 0.0)
            self._added.add(hub)
            added += 1
        return added

    def separate_relaxed(self, values: Mapping[str, float]) -> int:
        """Add nothing: what is chosen in parts has no hub whose partner could be missing."""
        return 0

    def complete(self, values: Mapping[str, float]) -> dict[str, float]:
        """Count every hub whose row is violated as a violation, where the rule is soft."""
        violated = {hub for hub, _ in self._find(self._chosen(values))}
        return {slack.name: float(hub in violated) for hub, slack in self._slack.items()}

    def summary(self) -> str:
        """Say how many rows were added."""
        return f"{self._name}: {len(self._added)} needed"

    def _chosen(self, values: Mapping[str, float]) -> list[tuple[int, int]]:
        program = self._program
        return [
            (int(site), int(tier))
            for site, tier in np.argwhere(program.eligible)
            if values.get(program.open[site, tier].name, 0.0) > 0.5
        ]
