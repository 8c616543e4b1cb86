"""Write a program as an MPS file for CBC, every number exact.

PuLP's own writer keeps 13 digits and the caller's names; this one writes the shortest digits that
read back as the same number, and names columns ``c0, c1, ...`` and rows ``r0, r1, ...``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .matrix import ProgramMatrix


def write_mps(matrix: ProgramMatrix, path: Path) -> None:
    """Write the program, minimised; its constant becomes a last column fixed at 1.

    CBC handles a constant in the objective row in ways that differ between its parts. A fixed
    column keeps the constant inside every objective it prints and inside its own gap.
    """
    with path.open("w", encoding="ascii") as file:
        file.write("NAME dcsite FREE\nROWS\n N  obj\n")
        file.writelines(_row_lines(matrix))
        file.write("COLUMNS\n")
        file.writelines(_column_lines(matrix))
        file.write("RHS\n")
        file.writelines(_right_lines(matrix))
        file.write("BOUNDS\n")
        file.writelines(_bound_lines(matrix))
        file.write("ENDATA\n")


def _row_lines(matrix: ProgramMatrix) -> Iterator[str]:
    equal = matrix.row_lower == matrix.row_upper
    kinds = np.where(equal, "E", np.where(np.isinf(matrix.row_lower), "L", "G"))
    return (f" {kind}  r{i}\n" for i, kind in enumerate(kinds.tolist()))


def _column_lines(matrix: ProgramMatrix) -> Iterator[str]:
    row = np.repeat(np.arange(matrix.row_lower.size), np.diff(matrix.start))
    order = np.argsort(matrix.column, kind="stable")
    rows, values = row[order].tolist(), matrix.coefficient[order].tolist()
    ends = np.searchsorted(matrix.column[order], np.arange(len(matrix.names) + 1)).tolist()
    costs = matrix.cost.tolist()
    inside = False
    for j, whole in enumerate(matrix.integer.tolist()):
        if whole != inside:
            yield _marker(whole)
            inside = whole
        # Even a zero cost is written: a column must be named here to exist.
        yield f"    c{j}  obj  {costs[j]!r}\n"
        for k in range(ends[j], ends[j + 1]):
            yield f"    c{j}  r{rows[k]}  {values[k]!r}\n"
    if inside:
        yield _marker(begins=False)
    yield f"    offset  obj  {float(matrix.offset)!r}\n"


def _marker(begins: bool) -> str:
    return f"    MARK  'MARKER'  '{'INTORG' if begins else 'INTEND'}'\n"


def _right_lines(matrix: ProgramMatrix) -> Iterator[str]:
    right = np.where(np.isinf(matrix.row_lower), matrix.row_upper, matrix.row_lower)
    return (f"    RHS  r{i}  {value!r}\n" for i, value in enumerate(right.tolist()) if value != 0.0)


def _bound_lines(matrix: ProgramMatrix) -> Iterator[str]:
    """Write every bound: what a reader assumes of one left out differs from reader to reader."""
    bounds = zip(matrix.lower.tolist(), matrix.upper.tolist(), strict=True)
    for j, (low, up) in enumerate(bounds):
        if low == up:
            yield f" FX BND  c{j}  {low!r}\n"
            continue
        if np.isneginf(low) and np.isposinf(up):
            yield f" FR BND  c{j}\n"
            continue
        if np.isneginf(low):
            yield f" MI BND  c{j}\n"
        yield f" PL BND  c{j}\n" if np.isposinf(up) else f" UP BND  c{j}  {up!r}\n"
        # After UP, because some readers take a negative UP to free the lower bound.
        if not np.isneginf(low):
            yield f" LO BND  c{j}  {low!r}\n"
    yield " FX BND  offset  1\n"
