"""What is wrong with a table, before it becomes one line for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dcsite.atlas.descriptor import ResourceSpec
from dcsite.errors import Problem

__all__ = ["Fault", "report"]

MAX_LINES_PER_COLUMN = 20


@dataclass(frozen=True)
class Fault:
    """One fault of one table.

    `row` is the line of a CSV file (its header is row 1) or the number of a GeoJSON feature; None
    when the whole table is meant, as an empty `column` is for a whole row. `refers_to` is the table
    and column whose ids a cell should hold.
    """

    resource: str
    row: int | None
    column: str
    message: str
    refers_to: tuple[str, str] | None = None


def _is_consequence(fault: Fault, others: Iterable[Fault]) -> bool:
    """Tell whether a missing id follows from a fault of the very column it refers to."""
    if fault.refers_to is None:
        return False
    resource, column = fault.refers_to
    return any(
        other is not fault and other.resource == resource and other.column in ("", column)
        for other in others
    )


def report(faults: Sequence[Fault], specs: Sequence[ResourceSpec]) -> list[Problem]:
    """Turn faults into problems: one per cell, in the order of tables and rows.

    A missing id is left out when the table it refers to is itself at fault there: mending that
    table comes first. Long runs in one column are cut short, and the rest is counted.

    Parameters
    ----------
    faults : sequence of Fault
        What was found.
    specs : sequence of ResourceSpec
        The tables, in the order to report them.

    Returns
    -------
    list of Problem
        One line each.
    """
    own = [fault for fault in faults if fault.refers_to is None]
    kept = [fault for fault in faults if not _is_consequence(fault, own)]
    order = {spec.name: position for position, spec in enumerate(specs)}
    kept.sort(key=lambda fault: (order[fault.resource], fault.row or 0))
    lines: list[Problem] = []
    told: set[tuple[str, int | None, str]] = set()
    counts: dict[tuple[str, str], int] = {}
    formats = {spec.name: (spec.path, spec.format) for spec in specs}
    for fault in kept:
        cell = (fault.resource, fault.row, fault.column)
        if cell in told:
            continue
        told.add(cell)
        column = (fault.resource, fault.column)
        counts[column] = counts.get(column, 0) + 1
        if counts[column] <= MAX_LINES_PER_COLUMN:
            path, kind = formats[fault.resource]
            row = "feature" if kind == "geojson" else "row"
            place = [
                f"{row} {fault.row}" if fault.row is not None else "",
                f"column {fault.column}" if fault.column else "",
            ]
            lines.append(Problem(path, ", ".join(filter(None, place)), fault.message))
    for (resource, column_name), count in counts.items():
        if count > MAX_LINES_PER_COLUMN:
            lines.append(
                Problem(
                    formats[resource][0],
                    f"column {column_name}" if column_name else "",
                    f"and {count - MAX_LINES_PER_COLUMN:,} more rows like these",
                )
            )
    return lines
