"""What each hub puts into the rows and the objective of an assembled program.

Rows are of three kinds: those of *separation*, which the program names itself; *private* rows,
which hold columns of one site only; and all others, *shared*. The columns of a hub are
``open[i, t]`` with the helper columns of separation that follow it, and ``extra_mw[i, t]``.
:mod:`dcsite.model.dominance` compares hubs by these, condition by condition of its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, vstack

from .solvers.matrix import ProgramMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .program import SiteProgram

__all__ = ["HubRows", "TierHubs", "entries"]

#: Pairs compared at a time.
_CHUNK = 20_000


@dataclass(frozen=True)
class HubRows:
    """The program's rows but those of separation, by kind."""

    matrix: ProgramMatrix
    position: dict[str, int]
    helpers: list[tuple[int, int, int]]
    shared: csr_array
    shared_lower: NDArray[np.float64]
    shared_upper: NDArray[np.float64]
    private: csr_array
    private_lower: NDArray[np.float64]
    private_upper: NDArray[np.float64]
    private_owner: NDArray[np.intp]

    @classmethod
    def of(cls, program: SiteProgram) -> HubRows | None:
        """Part the rows; None where the rows of separation cannot be told by name."""
        matrix = ProgramMatrix.from_problem(program.problem)
        exempt = np.array([name in program.apart_rows for name in matrix.row_names], dtype=bool)
        if exempt.sum() != len(program.apart_rows):
            return None
        position = {name: number for number, name in enumerate(matrix.names)}
        helpers = [
            (site, level, position[variable.name])
            for site, level, variable in program.helper_columns()
        ]
        owner = np.full(len(matrix.names), -1, dtype=np.intp)
        for site, tier in np.argwhere(program.eligible):
            for variable in (program.open[site, tier], program.extra_mw[site, tier]):
                owner[position[variable.name]] = site
        for site, _, column in helpers:
            owner[column] = site
        count = matrix.row_lower.size
        row = np.repeat(np.arange(count), np.diff(matrix.start))
        first = np.full(count, len(program.sites), dtype=np.intp)
        last = np.full(count, -1, dtype=np.intp)
        np.minimum.at(first, row, owner[matrix.column])
        np.maximum.at(last, row, owner[matrix.column])
        private = np.flatnonzero(~exempt & (first == last) & (first >= 0))
        shared = np.flatnonzero(~exempt & ((first != last) | (first < 0)))
        every = csr_array(
            (matrix.coefficient, matrix.column, matrix.start), shape=(count, len(matrix.names))
        )
        return cls(
            matrix,
            position,
            helpers,
            csr_array(every[shared]),
            matrix.row_lower[shared],
            matrix.row_upper[shared],
            csr_array(every[private]),
            matrix.row_lower[private],
            matrix.row_upper[private],
            first[private],
        )


@dataclass(frozen=True)
class TierHubs:
    """What hubs of one tier put into rows and objective, one entry or row for each site.

    Parameters
    ----------
    removable : numpy.ndarray of bool
        Condition 4, and the part of 5 that is about the site left.
    most_extra_mw : numpy.ndarray
        Largest extra load that bounds and private rows admit; negative where they admit no hub.
    burden : csr_array, shape (sites, coefficients)
        Coefficients of the columns, turned so that smaller is never worse.
    """

    removable: NDArray[np.bool_]
    most_extra_mw: NDArray[np.float64]
    burden: csr_array

    @classmethod
    def of(cls, program: SiteProgram, rows: HubRows, tier: int) -> TierHubs:
        """Gather the columns of all hubs of a tier."""
        matrix, count = rows.matrix, len(program.sites)
        sites = np.flatnonzero(program.eligible[:, tier])
        is_open = np.array([rows.position[v.name] for v in program.open[sites, tier]], dtype=int)
        extra = np.array([rows.position[v.name] for v in program.extra_mw[sites, tier]], dtype=int)
        followed = [
            (site, column)
            for site, level, column in rows.helpers
            if level >= tier and program.eligible[site, tier]
        ]
        follow = np.array(followed, dtype=int).reshape(-1, 2)
        columns = np.concatenate([is_open, follow[:, 1]])
        owners = np.concatenate([sites, follow[:, 0]])
        shape = (len(matrix.names), count)
        opening = csr_array((np.ones(len(columns)), (columns, owners)), shape=shape)
        loading = csr_array((np.ones(len(extra)), (extra, sites)), shape=shape)

        held = np.bincount(
            np.concatenate([owners, sites]),
            weights=(matrix.lower[np.concatenate([columns, extra])] != 0.0).astype(float),
            minlength=count,
        )
        refused = np.bincount(
            owners, weights=(matrix.upper[columns] < 1.0).astype(float), minlength=count
        )
        at_zero = (rows.private_lower <= 0.0) & (rows.private_upper >= 0.0)
        unfit = np.bincount(rows.private_owner, weights=(~at_zero).astype(float), minlength=count)

        most = np.full(count, -1.0)
        most[sites] = matrix.upper[extra]
        most[refused > 0] = -1.0
        within = _most_extra(rows, (rows.private @ opening), (rows.private @ loading), count)
        above = np.isfinite(rows.shared_upper)
        below = np.isfinite(rows.shared_lower)
        parts = []
        for turned in (opening, loading):
            part = csr_array(rows.shared @ turned)
            parts += [part[above], -part[below], csr_array(matrix.cost[None, :] @ turned)]
        return cls((held == 0) & (unfit == 0), np.minimum(most, within), csr_array(vstack(parts).T))

    def no_worse(self, pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say for which pairs the dominator is no worse: conditions 3 and 5."""
        site, dominator = pairs.T
        needed = self.most_extra_mw
        kept: NDArray[np.bool_] = (needed[site] <= needed[dominator]) & (needed[dominator] >= 0.0)
        for begin in range(0, len(pairs), _CHUNK):
            part = np.flatnonzero(kept[begin : begin + _CHUNK]) + begin
            if len(part):
                worse = self.burden[dominator[part]] - self.burden[site[part]]
                kept[part] = np.asarray(worse.max(axis=1).toarray()).ravel() <= 0.0
        return kept


def _most_extra(
    rows: HubRows, opening: csr_array, loading: csr_array, count: int
) -> NDArray[np.float64]:
    """Return up to which extra load an open hub keeps its private rows; negative for none.

    Each row is ``lower <= a + b * extra <= upper``; between 0 and what is returned, all hold.
    """
    each = np.arange(len(rows.private_owner))
    most = np.full(count, np.inf)
    if not len(each):
        return most
    a = entries(opening, np.column_stack([each, rows.private_owner]))
    b = entries(loading, np.column_stack([each, rows.private_owner]))
    limit = np.full(len(each), np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = np.where(b > 0.0, (rows.private_upper - a) / b, limit)
        limit = np.where(b < 0.0, (rows.private_lower - a) / b, limit)
    limit[(a > rows.private_upper) | (a < rows.private_lower)] = -1.0
    np.minimum.at(most, rows.private_owner, limit)
    return most


def entries(matrix: csr_array, places: NDArray[np.intp]) -> NDArray[Any]:
    """Return a matrix's entries at (row, column) places, shape (places,)."""
    if not len(places):
        return np.zeros(0, dtype=np.int32)
    found = matrix[places[:, 0], places[:, 1]]
    dense = found.toarray() if hasattr(found, "toarray") else found
    return np.asarray(dense).ravel()
