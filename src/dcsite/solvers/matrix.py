"""A PuLP problem as arrays: what the solvers are given and what answers are checked against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp
from scipy.sparse import csr_array

from dcsite.errors import Problem, SolverError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

#: A point is refused when it breaks a row or bound by more than this, relative to the row's
#: largest term (a whole number counted as 1 at least): ten times what the solvers allow themselves,
#: so only nonsense is refused.
_FEASIBILITY = 1e-5


@dataclass(frozen=True, eq=False)
class ProgramMatrix:
    """``min cost @ x + offset`` with row and column bounds; rows in compressed form.

    Parameters
    ----------
    names : tuple of str
        Variable names, the columns in order.
    sense : int
        1 if the problem minimises, -1 if it maximises; `cost` and `offset` are already turned.
    cost, lower, upper : numpy.ndarray
        One entry per column.
    integer : numpy.ndarray of bool
        Which columns are whole numbers.
    start, column, coefficient : numpy.ndarray
        Row i holds entries ``start[i]:start[i + 1]``.
    row_lower, row_upper : numpy.ndarray
        Bounds of the rows.
    offset : float
        Constant of the objective.
    row_names : tuple of str
        Constraint names, the rows in order.
    """

    names: tuple[str, ...]
    sense: int
    cost: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    integer: NDArray[np.bool_]
    start: NDArray[np.int32]
    column: NDArray[np.int32]
    coefficient: NDArray[np.float64]
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    offset: float
    row_names: tuple[str, ...]
    _row: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        row = np.repeat(np.arange(self.row_lower.size), np.diff(self.start))
        object.__setattr__(self, "_row", row)

    @classmethod
    def from_problem(cls, problem: pulp.LpProblem) -> ProgramMatrix:
        """Read a PuLP problem.

        Raises
        ------
        SolverError
            If the problem has no variables, special ordered sets, two variables of one name, or a
            coefficient that is not a finite number.
        """
        if problem.sos1 or problem.sos2:
            raise SolverError("the program has special ordered sets, which are not supported")
        variables = problem.variables()
        if not variables:
            raise SolverError("the program has no variables: nothing is left to decide")
        names = tuple(variable.name for variable in variables)
        if len(set(names)) < len(names):
            twice, _ = Counter(names).most_common(1)[0]
            raise SolverError(f"two variables of the program are both named {twice}")
        position = {id(variable): number for number, variable in enumerate(variables)}
        sense = 1 if problem.sense == pulp.LpMinimize else -1
        cost = np.zeros(len(variables))
        offset = 0.0
        if problem.objective is not None:
            offset = sense * float(problem.objective.constant)
            columns = [position[id(variable)] for variable in problem.objective]
            cost[columns] = list(problem.objective.values())
            cost *= sense
        matrix = cls(
            names=names,
            sense=sense,
            cost=cost,
            lower=_bounds((variable.lowBound for variable in variables), -np.inf),
            upper=_bounds((variable.upBound for variable in variables), np.inf),
            integer=np.array([variable.cat == pulp.LpInteger for variable in variables]),
            offset=offset,
            **_read(_rows(problem), {names[column]: column for column in position.values()}),
        )
        matrix._refuse_odd_numbers()
        return matrix

    def grown(self, problem: pulp.LpProblem) -> ProgramMatrix:
        """Return a problem read before with the rows, and their columns, added to it since.

        Raises
        ------
        SolverError
            If a number in them is not finite.
        """
        new = _rows(problem)[len(self.row_names) :]
        position = {name: column for column, name in enumerate(self.names)}
        if any(variable.name not in position for row in new for variable in row):
            return ProgramMatrix.from_problem(problem)
        read = _read(new, position)
        read["start"] = read["start"][1:] + self.start[-1]
        grown: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), new])
            for name, new in read.items()
            if name != "row_names"
        }
        matrix = replace(self, row_names=self.row_names + read["row_names"], **grown)
        matrix._refuse_odd_numbers()
        return matrix

    def _refuse_odd_numbers(self) -> None:
        names, rows = self.names, self.row_names
        right = np.where(np.isinf(self.row_lower), self.row_upper, self.row_lower)
        bounds = np.isnan(self.lower) | np.isnan(self.upper)
        found = [
            *((names[j], f"objective coefficient is {self.cost[j]}") for j in _odd(self.cost)),
            *(
                (rows[self._row[k]], f"coefficient of {names[self.column[k]]} is {one}")
                for k in _odd(self.coefficient)
                for one in [self.coefficient[k]]
            ),
            *((rows[i], f"right-hand side is {right[i]}") for i in _odd(right)),
            *((names[j], "a bound is not a number") for j in np.flatnonzero(bounds)),
            *(("objective", f"constant is {self.offset}") for _ in _odd([self.offset])),
        ]
        if found:
            raise SolverError([Problem("program", *one) for one in found[:10]])

    def arrays(self) -> dict[str, Any]:
        """Return the program as arrays by name, as :mod:`.highs_worker` reads it."""
        return {
            entry.name: np.asarray(getattr(self, entry.name))
            for entry in fields(self)
            if entry.name not in {"names", "sense", "row_names", "_row"}
        }

    def without_cost(self) -> ProgramMatrix:
        """Return the same rows with nothing to minimise: is there any plan at all."""
        return replace(self, cost=np.zeros_like(self.cost), offset=0.0)

    def clean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Round whole-number columns, pull the others into their bounds, drop negative zeros."""
        rounded = np.where(self.integer, np.rint(values), values)
        return np.clip(rounded, self.lower, self.upper) + 0.0

    def point(self, values: Mapping[str, float]) -> NDArray[np.float64] | None:
        """Return a plan given by name as a point, 0 where it names none; None if it is none."""
        raw = np.array([values.get(name, 0.0) for name in self.names])
        point = self.clean(raw)
        return None if self.fault(raw, point) else point

    def named(self, values: NDArray[np.float64]) -> dict[str, float]:
        """Return a point by the names of its columns."""
        return dict(zip(self.names, values.tolist(), strict=True))

    def part(
        self,
        columns: NDArray[np.intp],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        left_out: Collection[str] = (),
    ) -> ProgramMatrix:
        """Return the program of some columns; all others are 0.

        Parameters
        ----------
        columns : numpy.ndarray
            Which, in their order.
        lower, upper : numpy.ndarray
            Bounds of all columns, in place of the program's own.
        left_out : collection of str
            Rows that are left out, beside those with none of the columns.
        """
        rows = self.rows[:, columns].tocsr()
        out = np.array([name in left_out for name in self.row_names], dtype=bool)
        kept = np.flatnonzero((np.diff(rows.indptr) > 0) & ~out)
        rows = rows[kept]
        return ProgramMatrix(
            names=tuple(self.names[column] for column in columns),
            sense=self.sense,
            cost=self.cost[columns],
            lower=lower[columns],
            upper=upper[columns],
            integer=self.integer[columns],
            start=rows.indptr.astype(np.int32),
            column=rows.indices.astype(np.int32),
            coefficient=rows.data,
            row_lower=self.row_lower[kept],
            row_upper=self.row_upper[kept],
            offset=self.offset,
            row_names=tuple(self.row_names[row] for row in kept),
        )

    @property
    def rows(self) -> csr_array:
        """The coefficients as a sparse array."""
        shape = (self.row_lower.size, self.cost.size)
        return csr_array((self.coefficient, self.column, self.start), shape=shape)

    def objective(self, values: NDArray[np.float64]) -> float:
        """Return the minimised objective at a point."""
        return float(self.cost @ values) + self.offset

    def fault(self, raw: NDArray[np.float64], values: NDArray[np.float64]) -> str | None:
        """Say what is wrong with a solver's point (`raw`, and cleaned as `values`), if anything."""
        if raw.shape != self.cost.shape or not np.isfinite(raw).all():
            return f"{raw.size} values for {self.cost.size} variables, or some not finite"
        moved = np.abs(values - raw) / np.maximum(1.0, np.abs(values))
        if moved.max() > _FEASIBILITY:
            worst = int(moved.argmax())
            return f"{self.names[worst]} = {raw[worst]:.9g} breaks its bounds or is not whole"
        count = self.row_lower.size
        terms = self.coefficient * values[self.column]
        activity = np.bincount(self._row, weights=terms, minlength=count)
        scale = np.ones(count)
        # A whole number may be off by the solvers' tolerance where it is rounded to 0, too.
        size = np.maximum(np.abs(values), self.integer)[self.column]
        np.maximum.at(scale, self._row, np.abs(self.coefficient) * size)
        short = np.maximum(self.row_lower - activity, activity - self.row_upper) / scale
        if count and short.max() > _FEASIBILITY:
            row = self.row_names[int(short.argmax())]
            return f"row {row} is violated by {short.max():.3g} of its largest term"
        return None


def _read(rows: list[pulp.LpConstraint], position: Mapping[str, int]) -> dict[str, Any]:
    """Return rows as fields of a matrix, given the column of each variable by name."""
    start = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum([len(row) for row in rows], out=start[1:])
    kinds = np.array([row.sense for row in rows], dtype=np.int8)
    right = np.array([-row.constant for row in rows], dtype=float)
    column = [position[variable.name] for row in rows for variable in row]
    return {
        "start": start,
        "column": np.array(column, dtype=np.int32),
        "coefficient": np.array([c for row in rows for c in row.values()], dtype=float),
        "row_lower": np.where(kinds == pulp.LpConstraintLE, -np.inf, right),
        "row_upper": np.where(kinds == pulp.LpConstraintGE, np.inf, right),
        "row_names": tuple(str(row.name) for row in rows),
    }


def _rows(problem: pulp.LpProblem) -> list[pulp.LpConstraint]:
    """Return the constraints in the order they were added; PuLP 3.3 made them a call."""
    constraints = problem.constraints
    return list(constraints() if callable(constraints) else constraints.values())


def _odd(numbers: Any) -> NDArray[np.intp]:
    return np.flatnonzero(~np.isfinite(numbers))


def _bounds(values: Iterable[float | None], missing: float) -> NDArray[np.float64]:
    return np.array([missing if value is None else float(value) for value in values])
