"""Read a CSV of published values of p-dispersion, and set an answer beside one."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcsite.errors import BenchError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["COLUMNS", "SECONDS_COLUMN", "Published", "agreement", "read_published"]

COLUMNS = ("instance", "count", "lower_bound", "upper_bound", "proven")
SECONDS_COLUMN = "decremental_clustering_s"

_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Published:
    """What was published of one instance and count: a bracket of the optimum, and a time.

    `seconds` is a text, since a method may have run out of time (``TL``) or memory (``OOM``).
    """

    lower_bound: float
    upper_bound: float
    proven: bool
    seconds: str


def read_published(path: Path) -> dict[tuple[str, int], Published]:
    """Read published values by instance and count.

    Parameters
    ----------
    path : pathlib.Path
        CSV (UTF-8) with the columns of `COLUMNS` and, as one likes, `SECONDS_COLUMN`; others are
        passed over.

    Raises
    ------
    BenchError
        With one problem for each thing that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BenchError(Problem(str(path), "", "is not UTF-8; save it so")) from error
    except OSError as error:
        raise BenchError(
            Problem(str(path), "", f"cannot be read: {error.strerror or error}")
        ) from error
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise BenchError(
            Problem(
                str(path),
                "header",
                f"has no column {', '.join(missing)}; needed: {', '.join(COLUMNS)}",
            )
        )
    found: dict[tuple[str, int], Published] = {}
    problems: list[Problem] = []
    for number, cells in enumerate(reader, 2):
        try:
            key, value = _entry(cells)
            if key in found:
                raise ValueError(f"{key[0]} with count {key[1]} stands twice; keep one")  # noqa: TRY301
            found[key] = value
        except ValueError as error:
            problems.append(Problem(str(path), f"row {number}", str(error)))
    if problems:
        raise BenchError(problems[:_MOST_PROBLEMS])
    return found


def agreement(distance: float, bound: float, published: Published | None) -> str:
    """Say whether an answer and a published one can both be right.

    Parameters
    ----------
    distance, bound : float
        The bracket found here; proven where they are equal.
    published : Published or None
        The bracket published.

    Returns
    -------
    str
        ``yes`` where both are proven and equal; ``no`` where no value lies in both brackets;
        ``possible`` else; empty where nothing was published.
    """
    if published is None:
        return ""
    if distance > published.upper_bound or bound < published.lower_bound:
        return "no"
    proven = distance == bound and published.lower_bound == published.upper_bound
    return "yes" if proven else "possible"


def _entry(cells: Mapping[str, str | None]) -> tuple[tuple[str, int], Published]:
    values = {key: (value or "").strip() for key, value in cells.items() if isinstance(value, str)}
    name = values.get("instance", "")
    if not name:
        raise ValueError("column instance is empty; give the name of a TSPLIB file without .tsp")
    count = _number(values, "count")
    if count != int(count) or count < 2:
        raise ValueError(f"column count is {values['count']}; allowed: whole numbers from 2")
    lower, upper = _number(values, "lower_bound"), _number(values, "upper_bound")
    if lower > upper:
        raise ValueError(f"lower_bound {lower:g} lies above upper_bound {upper:g}")
    proven = values.get("proven", "")
    if proven not in {"0", "1"}:
        raise ValueError(f'column proven is "{proven}"; allowed: 0 or 1')
    if (lower == upper) != (proven == "1"):
        raise ValueError(
            f"proven is {proven}, but lower_bound is {lower:g} and upper_bound {upper:g}; "
            "allowed: 1 where they are equal, 0 elsewhere"
        )
    seconds = values.get(SECONDS_COLUMN, "")
    return (name, int(count)), Published(lower, upper, proven == "1", seconds)


def _number(values: Mapping[str, str], column: str) -> float:
    text = values.get(column, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f'column {column} is "{text}"; allowed: a finite number')
    return value
