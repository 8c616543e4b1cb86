"""The parts of a benchmark as tables for the terminal."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, cast

from rich.markup import escape
from rich.table import Table

from .peers import PeerRow
from .phases import PHASES, PhaseRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dispersion import InstanceRow
    from .growth import GrowthRow
    from .records import RecordsRow
    from .rows import FamilyRow
    from .task import PartName, Row

__all__ = ["part_table"]

_TITLES: dict[PartName, str] = {
    "run": "Whole runs by phase: median (least to largest)",
    "rows": "Separation rows compared: the same program with other rows",
    "peers": "p-dispersion on municipalities, geodesic km on WGS 84, by spopt (CBC) and dcsite",
    "dispersion": "p-dispersion on TSPLIB points",
    "growth": "A user's own sites, drawn inside municipalities",
    "records": (
        "Recorded less computed JMA intensity: the estimate at the office, and the attenuation "
        "relation alone"
    ),
}

_WORDS = {"no_solution": "no plan in time", "feasible": "time limit"}


def part_table(part: PartName, rows: Sequence[Row]) -> Table:
    """Render the rows of one part.

    Parameters
    ----------
    part : str
        Which part.
    rows : sequence of Row
        Its rows, of the kind that this part gives.
    """
    if part == "run":
        return _run_table([cast("PhaseRow", row) for row in rows])
    columns, lines = {
        "rows": _family_lines,
        "peers": _peer_lines,
        "dispersion": _instance_lines,
        "growth": _growth_lines,
        "records": _record_lines,
    }[part](rows)
    table = _table(part)
    for number, title in enumerate(columns):
        table.add_column(title, justify="left" if number == 0 else "right")
    for line in lines:
        table.add_row(*(escape(cell) for cell in line))
    return table


def _table(part: PartName) -> Table:
    return Table(title=_TITLES[part], title_justify="left", box=None, pad_edge=False)


def _run_table(rows: Sequence[PhaseRow]) -> Table:
    by_solver: dict[str, list[PhaseRow]] = {}
    for row in rows:
        by_solver.setdefault(row.solver, []).append(row)
    table = _table("run")
    table.add_column("phase")
    for solver, runs in by_solver.items():
        table.add_column(f"{solver}, {len(runs)} run(s)", justify="right")
    for phase in PHASES:
        table.add_row(
            f"{phase}, s",
            *(_spread([run.seconds[phase] for run in runs], 2) for runs in by_solver.values()),
        )
    for label, name, digits in (
        ("whole run, s", "total_s", 2),
        ("CPU time of all processes, s", "cpu_s", 2),
        ("peak memory of one process, MB", "peak_mb", 0),
        ("objective", "objective", 6),
        ("proven gap", "gap", 6),
    ):
        table.add_row(
            label,
            *(_spread([getattr(run, name) for run in runs], digits) for runs in by_solver.values()),
        )
    return table


def _spread(values: Sequence[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    middle = statistics.median(known)
    return f"{middle:.{digits}f} ({min(known):.{digits}f} to {max(known):.{digits}f})"


def _family_lines(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    titles = (
        "rows", "solver", "number", "non-zeros", "LP bound", "build s", "solve s", "rounds",
        "added", "plan", "bound", "gap", "CPU s", "MB", "status",
    )  # fmt: skip
    return titles, [
        (
            row.family,
            row.solver,
            _number(row.separation_rows),
            _number(row.separation_nonzeros),
            _fixed(row.lp_bound, 5),
            _fixed(row.build_s, 2),
            _fixed(row.solve_s, 1),
            _number(row.rounds),
            _number(row.rows_added),
            _fixed(row.objective, 5),
            _fixed(row.bound, 5),
            _percent(row.gap),
            _fixed(row.cpu_s, 1),
            _fixed(row.peak_mb, 0),
            _WORDS.get(row.status, row.status),
        )
        for row in cast("Sequence[FamilyRow]", rows)
    ]


def _peer_lines(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    titles = (
        "n", "p", "spopt says", "PuLP says", "its value km", "its places km", "s", "dcsite km",
        "proven", "s", "spopt right",
    )  # fmt: skip
    return titles, [
        (
            _number(row.points),
            _number(row.count),
            row.status,
            row.solution or "-",
            _fixed(row.claimed_km, 3),
            _fixed(row.apart_km, 3),
            _fixed(row.seconds, 1),
            _fixed(row.dcsite_km, 3),
            "yes" if row.dcsite_proven else "no",
            _fixed(row.dcsite_s, 2),
            row.right or "-",
        )
        for row in cast("Sequence[PeerRow]", rows)
    ]


def _instance_lines(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    titles = (
        "instance", "points", "count", "distance", "bound", "proven", "s", "MB", "published",
        "published s", "agrees",
    )  # fmt: skip
    return titles, [
        (
            row.instance,
            _number(row.points),
            _number(row.count),
            _short(row.distance),
            _short(row.bound),
            "yes" if row.proven else row.status,
            _fixed(row.seconds, 1),
            _fixed(row.peak_mb, 0),
            _bracket(row.published_lower, row.published_upper),
            row.published_s or "-",
            row.agrees or "-",
        )
        for row in cast("Sequence[InstanceRow]", rows)
    ]


def _growth_lines(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    titles = (
        "sites", "solver", "read s", "measure s", "build s", "columns", "rows", "solve s",
        "rounds", "added", "gap", "CPU s", "MB", "status",
    )  # fmt: skip
    return titles, [
        (
            _number(row.sites),
            row.solver,
            _fixed(row.read_s, 2),
            _fixed(row.measure_s, 2),
            _fixed(row.build_s, 2),
            _number(row.columns),
            _number(row.separation_rows),
            _fixed(row.solve_s, 1),
            _number(row.rounds),
            _number(row.rows_added),
            _percent(row.gap),
            _fixed(row.cpu_s, 1),
            _fixed(row.peak_mb, 0),
            _WORDS.get(row.status, row.status),
        )
        for row in cast("Sequence[GrowthRow]", rows)
    ]


def _record_lines(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    titles = (
        "event", "figure", "distance", "places", "mean", "sd", "5-upper hit", "missed", "false",
        "6-lower hit", "missed", "false",
    )  # fmt: skip
    return titles, [
        (
            line.event,
            line.figure,
            line.band,
            _number(line.places),
            f"{line.mean:+.2f}",
            _fixed(line.sd, 2),
            _number(line.hits_5upper),
            _number(line.misses_5upper),
            _number(line.false_5upper),
            _number(line.hits_6lower),
            _number(line.misses_6lower),
            _number(line.false_6lower),
        )
        for row in cast("Sequence[RecordsRow]", rows)
        for line in row.lines
    ]


def _fixed(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.12g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.3%}"


def _bracket(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return "-"
    return _short(lower) if lower == upper else f"{_short(lower)} to {_short(upper)}"
