"""The fewest places that cover cells and bear their load: set covering with capacity, proven.

The program, over whole x and the load y of groups of cells with the same places in reach::

    least places, then least km
    sum of x within reach of a cell >= places it needs             for each group
    sum of y of a group = its load;  sum of y at a place <= cap x  where capacity can bind
    sum of x within reach of some cells >= their load / cap        for cells that belong together

The last rows follow from the others but for the rounding up, which spares the solver a search.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pulp
from scipy.optimize import linprog
from scipy.sparse import block_array, coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from dcsite.errors import CheckError, NoPlanInTimeError, Problem
from dcsite.solvers import SolveOptions, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dcsite.geo.geodesy import Floats
    from dcsite.solvers import Progress

    Ints = NDArray[np.int64]

#: Arithmetic of the solvers, as a part of a capacity.
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Cover:
    """Chosen places, as positions, and what is proven of them."""

    status: str
    chosen: Ints
    sites_bound: int
    km_bound: float
    solver: str


def find_cover(
    near: csr_array,
    need: Ints,
    load_kw: Floats,
    cap_kw: float,
    cost_km: Floats,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
) -> Cover:
    """Choose the fewest places that cover all cells and bear their load; then the least km.

    Parameters
    ----------
    near : scipy.sparse.csr_array, shape (cells, places)
        1 where a place is within reach of a cell.
    need : numpy.ndarray, shape (cells,)
        Places that each cell needs, no more than are within its reach.
    load_kw : numpy.ndarray, shape (cells,)
        Load, no more than all places together can bear.
    cap_kw : float
        What a place bears.
    cost_km : numpy.ndarray, shape (places,)
        Km that each place costs.
    options : SolveOptions
        Solver and time limit, of both solves together.

    Raises
    ------
    NoPlanInTimeError
        If the time passed before any choice was found.
    KeyboardInterrupt
        After Ctrl-C.
    """
    if not need.any():
        return Cover("none", np.array([], dtype=np.int64), 0, 0.0, "")
    problem = pulp.LpProblem("edge", pulp.LpMinimize)
    places = np.flatnonzero(near.sum(axis=0) > 0).tolist()
    x = {at: problem.add_variable(f"x_{at:06d}", cat=pulp.LpBinary) for at in places}
    group_of: dict[bytes, int] = {}
    number = np.array(
        [group_of.setdefault(row.tobytes(), len(group_of)) for row in _columns_of(near)]
    )
    _, first = np.unique(number, return_index=True)
    least, load = need[first], np.bincount(number, load_kw).astype(float)
    near = near[first]

    for group, at in enumerate(_columns_of(near)):
        if least[group]:
            terms = {x[one]: 1.0 for one in at.tolist()}
            _ask(problem, f"cover_{group}", terms, pulp.LpConstraintGE, least[group])
    _bear(problem, x, near, load, cap_kw)
    begun = time.perf_counter()

    def best(cost: Floats) -> tuple[str, Ints, float, str]:
        problem.setObjective(pulp.LpAffineExpression({x[at]: float(cost[at]) for at in x}))
        left_s = options.time_limit_s
        if left_s is not None:
            left_s = max(left_s - (time.perf_counter() - begun), 0.01)
        outcome = solve(problem, replace(options, time_limit_s=left_s, gap=0.0), on_progress)
        if outcome.interrupted:
            raise KeyboardInterrupt
        if outcome.values is None:
            hint = "give it longer, or a larger sampling_km in --assumptions"
            wrong = f"no choice of MEC sites within {options.time_limit_s:g} s; {hint}"
            raise NoPlanInTimeError(Problem("--time-limit", "", wrong))
        held = outcome.values
        chosen = np.array([at for at in x if held[x[at].name] > 0.5], dtype=np.int64)
        known = -math.inf if outcome.bound is None else outcome.bound
        return outcome.status, chosen, known, f"{outcome.solver} {outcome.solver_version}"

    status, chosen, known, solver = best(np.ones(near.shape[1]))
    sites_bound = max(math.ceil(known - _TINY), 1) if math.isfinite(known) else 1
    if status != "optimal":
        return Cover(status, chosen, sites_bound, 0.0, solver)
    _ask(problem, "as_few", dict.fromkeys(x.values(), 1.0), pulp.LpConstraintLE, len(chosen))
    status, chosen, known, solver = best(cost_km)
    return Cover(status, chosen, sites_bound, max(known, 0.0), solver)


def _ask(
    problem: pulp.LpProblem, name: str, terms: dict[pulp.LpVariable, float], sense: int, rhs: float
) -> None:
    left = pulp.LpAffineExpression(terms)
    problem.addConstraint(pulp.LpConstraint(left, sense, name, float(rhs)))


def _bear(
    problem: pulp.LpProblem,
    x: dict[int, pulp.LpVariable],
    near: csr_array,
    load: Floats,
    cap: float,
) -> None:
    """Ask that chosen places bear the load, wherever one could have more than it bears."""
    joined = connected_components(block_array([[None, near], [near.T, None]]), directed=False)[1]
    joined, its = joined[: len(load)], joined[len(load) :]
    full = np.unique(its[near.T @ load > cap])
    columns, at_place = _columns_of(near), dict[int, dict[pulp.LpVariable, float]]()
    for group in np.flatnonzero(np.isin(joined, full) & (load > 0.0)).tolist():
        places = columns[group].tolist()
        y = {at: problem.add_variable(f"y_{group:06d}_{at:06d}", 0.0) for at in places}
        terms = dict.fromkeys(y.values(), 1.0)
        _ask(problem, f"load_{group}", terms, pulp.LpConstraintEQ, load[group])
        for at, part in y.items():
            at_place.setdefault(at, {})[part] = 1.0
    for at, parts in at_place.items():
        _ask(problem, f"bear_{at}", parts | {x[at]: -cap}, pulp.LpConstraintLE, 0.0)
    together = [joined == one for one in full]
    together += [(near[:, [at]] != 0).toarray().ravel() for at in at_place]
    for number, cells in enumerate(together):
        about = np.flatnonzero(near[cells].sum(axis=0) > 0).tolist()
        terms = {x[at]: 1.0 for at in about}
        sites = math.ceil(float(load[cells].sum()) / cap - _TINY)
        _ask(problem, f"round_{number}", terms, pulp.LpConstraintGE, sites)


def _columns_of(near: csr_array) -> list[Ints]:
    """Return the columns of each row, in order."""
    near.sort_indices()
    return np.split(near.indices.astype(np.int64), near.indptr[1:-1])


def most_borne(near: csr_array, load_kw: Floats, cap_kw: float) -> Floats:
    """Return the load of each cell that all places together could bear; 0 without any in reach."""
    covered = np.where(near.sum(axis=1) > 0, load_kw, 0.0)
    if (near.T @ covered <= cap_kw).all():
        return covered
    entry = near.tocoo()
    part = _transport(entry.row, entry.col, near.shape, -np.ones(entry.nnz), covered, cap_kw, "ub")
    borne = np.bincount(entry.row, part, minlength=near.shape[0])
    # A hair less where capacity is used up, so that a program with all places is not infeasible.
    return np.where(borne < covered - _TINY, np.maximum(borne, 0.0) * (1.0 - _TINY), covered)


def assigned(
    near: csr_array, km: csr_array, load_kw: Floats, cap_kw: float, chosen: Ints
) -> csr_array:
    """Share loads between the chosen places: to the nearest, or by least km within capacity."""
    entry = (km * near)[:, chosen].tocoo()
    order = np.lexsort((entry.col, entry.data, entry.row))
    cell, at, far = entry.row[order], entry.col[order], entry.data[order]
    first = np.diff(cell, prepend=-1) > 0
    plain = csr_array((np.ones(first.sum()), (cell[first], chosen[at[first]])), shape=near.shape)
    if (plain.T @ load_kw <= cap_kw).all():
        return plain
    shape = (near.shape[0], len(chosen))
    part = _transport(cell, at, shape, far, load_kw, cap_kw * (1.0 + _TINY), "eq")
    share = np.where(load_kw[cell] > 0.0, part / np.maximum(load_kw[cell], _TINY), first)
    kept = share > _TINY
    return csr_array((share[kept], (cell[kept], chosen[at[kept]])), shape=near.shape)


def _transport(
    cell: Ints, place: Ints, shape: tuple[int, int], cost: Floats, load_kw: Floats, cap_kw: float,
    kind: str,
) -> Floats:  # fmt: skip
    """Return the kW from cells to places at least cost: all of a load (``eq``) or some (``ub``)."""
    number, ones = np.arange(len(cell)), np.ones(len(cell))
    cells = coo_array((ones, (cell, number)), shape=(shape[0], len(cell))).tocsr()
    places = coo_array((ones, (place, number)), shape=(shape[1], len(cell))).tocsr()
    caps = np.full(shape[1], cap_kw)
    if kind == "eq":
        found = linprog(cost, A_ub=places, b_ub=caps, A_eq=cells, b_eq=load_kw, method="highs-ds")
    else:
        both = np.concatenate([caps, load_kw])
        rows = block_array([[places], [cells]], format="csr")
        found = linprog(cost, A_ub=rows, b_ub=both, method="highs-ds")
    if found.x is None:
        raise CheckError(f"MEC sites cannot bear the load they were chosen for: {found.message}")
    return np.asarray(found.x)
