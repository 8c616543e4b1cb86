"""Plans that differ from a plan in one hub: who else could hold its place within the gap.

One hub is closed and one other candidate opened in its tier, all other hubs stay, and loads,
reserves and connections are chosen anew. For each hub a relaxation that may share the place among
all candidates bounds what each of them could reach by its reduced cost; whom that does not rule out
is solved for by itself. A candidate counts once its plan, with every row that stands ready kept, is
within the loss allowed: it is a plan of the program, and how good it is, is no estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np

from .answer import completed, separated
from .highs_worker import highs_program
from .matrix import ProgramMatrix
from .relaxation import silent_highs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.model.program import SiteProgram

#: Rounds of rows that the plans of swaps violate.
_ROUNDS = 2
#: For each one that is sought so many candidates are solved for at most, those first that may lose
#: least: the default plan's twenty-five hubs have a thousand that no bound rules out.
_TRIED = 5
#: A program of more columns takes too long.
_MOST_COLUMNS = 20_000
#: Rows of more columns force none to 0 that narrower ones do not.
_NARROW = 64
#: HiGHS's tolerance of an objective, and of whole numbers.
_TOLERANCE = 1e-7
_WHOLE = 1e-6


@dataclass(frozen=True)
class Swap:
    """A candidate that may hold a hub's place.

    Parameters
    ----------
    site : int
        Its row among the sites.
    loss : float
        Objective points lost by it, all other hubs kept; below 0 a gain within the gap.
    it_load_mw : float
        Its load in that plan.
    """

    site: int
    loss: float
    it_load_mw: float


@dataclass(frozen=True)
class Swaps:
    """Who may hold the place of one hub.

    Parameters
    ----------
    found : tuple of Swap
        Those within the loss allowed, the least loss first.
    open : int
        Further candidates that no bound rules out and that were not solved for.
    """

    found: tuple[Swap, ...]
    open: int


def find_swaps(
    program: SiteProgram, values: Mapping[str, float], loss: float, most: int = 1
) -> dict[tuple[int, int], Swaps] | None:
    """Find for each hub of a plan which candidates could hold its place.

    Parameters
    ----------
    program : SiteProgram
        As it was solved; rows that swaps violate are added to it.
    values : mapping of str to float
        The plan, by column.
    loss : float
        Objective points that a swap may lose at most.
    most : int
        Candidates sought for each hub; each takes a tenth of a second on the national program.

    Returns
    -------
    dict, optional
        By site and tier; None where it would take too long.
    """
    matrix = ProgramMatrix.from_problem(program.problem)
    if len(matrix.names) > _MOST_COLUMNS:
        return None
    best = matrix.objective(matrix.clean(_point(matrix, values)))
    enough = best + loss + _TOLERANCE * max(1.0, abs(best))
    place = {name: number for number, name in enumerate(matrix.names)}
    opens = np.full(program.eligible.shape, -1)
    opens[program.eligible] = [place[one.name] for one in program.open[program.eligible]]
    hubs = [
        (int(site), int(tier))
        for site, tier in np.argwhere(program.eligible)
        if values.get(program.open[site, tier].name, 0.0) > 0.5
    ]
    held = {site for site, _ in hubs}
    free = np.array([site not in held for site in range(len(program.eligible))])
    sought = {hub: np.flatnonzero(program.eligible[:, hub[1]] & free) for hub in hubs}
    found: dict[tuple[int, int], list[Swap]] = {hub: [] for hub in hubs}
    left: dict[tuple[int, int], int] = dict.fromkeys(hubs, 0)
    for _ in range(_ROUNDS):
        rows = len(matrix.row_names)
        for hub, among in list(sought.items()):
            others = [opens[one] for one in hubs if one != hub]
            place_of = _Place(matrix, opens[program.eligible], others, opens[among, hub[1]])
            within, again = place_of.within(enough), []
            for tried, one in enumerate(within):
                if tried == _TRIED * most or len(found[hub]) == most:
                    left[hub] += len(within) - tried
                    break
                point = place_of.solve(one, enough)
                if point is None:
                    continue
                solved = matrix.named(point)
                plan = completed(program, solved)
                matrix = matrix.grown(program.problem)
                kept = matrix.point(plan)
                if kept is not None and matrix.objective(kept) <= enough:
                    site = int(among[one])
                    lost = matrix.objective(kept) - best
                    load_mw = float(program.load_of(plan)[site])
                    found[hub].append(Swap(site, lost, load_mw))
                else:
                    separated(program, solved)
                    again.append(int(among[one]))
            sought[hub] = np.array(again, dtype=np.intp)
            matrix = matrix.grown(program.problem)
        sought = {hub: among for hub, among in sought.items() if len(among)}
        if not sought or len(matrix.row_names) == rows:
            break
    return {
        hub: Swaps(
            tuple(sorted(own, key=lambda one: (one.loss, one.site))),
            left[hub] + len(sought.get(hub, ())),
        )
        for hub, own in found.items()
    }


def _point(matrix: ProgramMatrix, values: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([values.get(name, 0.0) for name in matrix.names])


class _Place:
    """The place of one hub: a program in which all other hubs stand and one candidate opens.

    Parameters
    ----------
    matrix : ProgramMatrix
        The program.
    opens : numpy.ndarray
        Every column that opens a hub.
    others : sequence of int
        Those of the hubs that stay.
    free : numpy.ndarray
        Those of the candidates.
    """

    def __init__(
        self,
        matrix: ProgramMatrix,
        opens: NDArray[np.intp],
        others: list[int],
        free: NDArray[np.intp],
    ) -> None:
        self._matrix = matrix
        lower, upper = matrix.lower.copy(), matrix.upper.copy()
        upper[opens] = 0.0
        upper[free] = 1.0
        lower[others] = upper[others] = 1.0
        self.possible = propagate(matrix, lower, upper)
        self._free = free
        self._columns = np.flatnonzero((lower != 0.0) | (upper != 0.0))
        place = np.full(matrix.cost.size, -1)
        place[self._columns] = np.arange(self._columns.size)
        self._candidates = place[free]
        if not self.possible:
            return
        self._part = matrix.part(self._columns, lower, upper)
        self._highs = silent_highs()
        self._highs.passModel(highs_program(self._part.arrays(), relaxed=True))
        one = self._candidates[self._candidates >= 0].astype(np.int32)
        self._highs.addRow(1.0, 1.0, one.size, one, np.ones(one.size))

    def within(self, enough: float) -> list[int]:
        """Return the candidates that a bound does not keep from a cost, the best bound first."""
        if not self.possible or not (self._candidates >= 0).any() or not self._run(self._highs):
            return []
        least = float(self._highs.getInfo().objective_function_value)
        dual = np.array(self._highs.getSolution().col_dual)
        bound = np.full(self._candidates.size, np.inf)
        here = np.flatnonzero(self._candidates >= 0)
        bound[here] = least + np.maximum(dual[self._candidates[here]], 0.0)
        order = here[np.argsort(bound[here], kind="stable")]
        return [int(one) for one in order if bound[one] <= enough]

    def solve(self, candidate: int, enough: float) -> NDArray[np.float64] | None:
        """Return the best plan with a candidate; None if it costs more than enough, or is none."""
        column = int(self._candidates[candidate])
        self._highs.setOptionValue("objective_bound", enough)
        self._highs.changeColBounds(column, 1.0, 1.0)
        good = self._run(self._highs)
        cost = float(self._highs.getInfo().objective_function_value)
        values = np.array(self._highs.getSolution().col_value)
        self._highs.changeColBounds(column, 0.0, 1.0)
        if not good or cost > enough:
            return None
        whole = self._part.integer
        if np.abs(values[whole] - np.rint(values[whole])).max(initial=0.0) > _WHOLE:
            lower, upper = self._part.lower.copy(), self._part.upper.copy()
            upper[self._candidates[self._candidates >= 0]] = 0.0
            lower[column] = upper[column] = 1.0
            exact = silent_highs()
            exact.setOptionValue("mip_rel_gap", 0.0)
            arrays = {**self._part.arrays(), "lower": lower, "upper": upper}
            exact.passModel(highs_program(arrays))
            if not self._run(exact) or exact.getInfo().objective_function_value > enough:
                return None
            values = np.array(exact.getSolution().col_value)
        point = np.zeros(self._matrix.cost.size)
        point[self._columns] = values
        return point

    @staticmethod
    def _run(highs: highspy.Highs) -> bool:
        highs.run()
        return bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def propagate(
    matrix: ProgramMatrix, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> bool:
    """Narrow bounds by what rows allow, until no further column is forced to 0; in place.

    Returns
    -------
    bool
        False where a row cannot be kept.
    """
    row = np.repeat(np.arange(matrix.row_lower.size), np.diff(matrix.start))
    told = (matrix.coefficient != 0.0) & (np.diff(matrix.start)[row] <= _NARROW)
    here = np.bincount(row[told], minlength=matrix.row_lower.size) > 0
    row, column, a = row[told], matrix.column[told], matrix.coefficient[told]
    while True:
        before = int(((lower == 0.0) & (upper == 0.0)).sum())
        for sign, most in ((1.0, matrix.row_upper), (-1.0, -matrix.row_lower)):
            bound = np.where(here, most, np.inf)
            # sign * row <= bound: what the others leave at least bounds each term.
            c = sign * a
            up = c > 0.0
            term = np.where(up, c * lower[column], c * upper[column])
            endless = np.isinf(term)
            least = np.bincount(row, np.where(endless, 0.0, term), len(bound))
            many = np.bincount(row, endless, len(bound))
            if ((many == 0) & (least > bound + 1e-6 * np.maximum(1.0, np.abs(bound)))).any():
                return False
            known = (many[row] - endless == 0) & np.isfinite(bound[row])
            room = (bound[row] - least[row] + np.where(endless, 0.0, term))[known] / c[known]
            at, up = column[known], up[known]
            room[np.abs(room) < 1e-9] = 0.0
            whole = matrix.integer[at]
            room = np.where(whole & up, np.floor(room + _WHOLE), room)
            room = np.where(whole & ~up, np.ceil(room - _WHOLE), room)
            np.minimum.at(upper, at[up], np.maximum(room[up], lower[at[up]]))
            np.maximum.at(lower, at[~up], np.minimum(room[~up], upper[at[~up]]))
        if int(((lower == 0.0) & (upper == 0.0)).sum()) == before:
            return True
