"""Read planar points of a TSPLIB file: ``EUC_2D`` and ``CEIL_2D`` with ``NODE_COORD_SECTION``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcsite.errors import Problem, SitesError

from .problems import ProblemList, shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["TsplibPoints", "read_tsplib"]

_METRICS: dict[str, Literal["euc_2d", "ceil_2d"]] = {"EUC_2D": "euc_2d", "CEIL_2D": "ceil_2d"}
_ALLOWED = " or ".join(_METRICS)


@dataclass(frozen=True, eq=False)
class TsplibPoints:
    """Points of a TSPLIB file, of identical ones only the first.

    Parameters
    ----------
    name : str
        Name in the file, else that of the file.
    metric : str
        ``euc_2d`` (rounded to the nearest integer) or ``ceil_2d`` (rounded up).
    node_ids : tuple of str
        Node numbers as in the file.
    x, y : numpy.ndarray
        Coordinates.
    removed : int
        How many points were left out because an earlier one has the same coordinates.
    """

    name: str
    metric: Literal["euc_2d", "ceil_2d"]
    node_ids: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    removed: int


def read_tsplib(path: Path) -> TsplibPoints:
    """Read a TSPLIB file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    TsplibPoints
        Its points; coincident ones are removed, as is usual for dispersion on these files.

    Raises
    ------
    SitesError
        If the file cannot be read, is cut short or is of a kind not supported.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise _unusable(path, f"{what}; allowed: a TSPLIB file (.tsp)")
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from error
    header, begin = _header(lines)
    if begin is None:
        raise _unusable(
            path,
            "has no NODE_COORD_SECTION; allowed: TSPLIB files with planar coordinates, not cut "
            "short",
        )
    metric, dimension = _checked_header(path, header)
    node_ids, x, y = _nodes(path, lines, begin, dimension)
    _, first = np.unique(np.column_stack((x, y)), axis=0, return_index=True)
    kept = np.sort(first)
    return TsplibPoints(
        name=header.get("NAME") or path.stem,
        metric=metric,
        node_ids=tuple(node_ids[at] for at in kept),
        x=x[kept],
        y=y[kept],
        removed=len(x) - len(kept),
    )


def _unusable(path: Path, message: str, field: str = "") -> SitesError:
    return SitesError(Problem(path.name, field, message))


def _header(lines: list[str]) -> tuple[dict[str, str], int | None]:
    """Return the keywords before the coordinates, and where these begin."""
    header: dict[str, str] = {}
    for number, line in enumerate(lines):
        keyword, _, value = line.partition(":")
        if keyword.strip().upper() == "NODE_COORD_SECTION":
            return header, number + 1
        header[keyword.strip().upper()] = value.strip()
    return header, None


def _checked_header(path: Path, header: dict[str, str]) -> tuple[Literal["euc_2d", "ceil_2d"], int]:
    kind = header.get("EDGE_WEIGHT_TYPE")
    if kind is None:
        raise _unusable(path, f"is missing; allowed: {_ALLOWED}", "EDGE_WEIGHT_TYPE")
    metric = _METRICS.get(kind.upper())
    if metric is None:
        raise _unusable(
            path,
            f"is {shown(kind)}, which is not supported; allowed: {_ALLOWED}",
            "EDGE_WEIGHT_TYPE",
        )
    told = header.get("DIMENSION", "")
    if not told.isdecimal() or int(told) < 1:
        raise _unusable(
            path, f"is {shown(told)}; allowed: the number of points, 1 or more", "DIMENSION"
        )
    return metric, int(told)


def _nodes(
    path: Path, lines: list[str], begin: int, dimension: int
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    problems = ProblemList(path.name, "line")
    node_ids: list[str] = []
    x: list[float] = []
    y: list[float] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[begin:], begin + 1):
        cells = line.split()
        if not cells:
            continue
        if cells[0][0].isalpha():  # EOF or another section
            break
        values = [_number(cell) for cell in cells[1:]]
        if len(values) != 2 or None in values:
            problems.add(
                number, "", f"is {shown(line.strip())}; allowed: node number, x and y, all finite"
            )
            continue
        if cells[0] in seen:
            problems.add(number, "", f"node {cells[0]} is there already, on line {seen[cells[0]]}")
        seen[cells[0]] = number
        node_ids.append(cells[0])
        x.append(values[0] or 0.0)
        y.append(values[1] or 0.0)
    problems.raise_if_any()
    if len(node_ids) != dimension:
        short = "the file is cut short" if len(node_ids) < dimension else "one of the two is wrong"
        raise _unusable(
            path, f"is {dimension}, but {len(node_ids)} points are listed: {short}", "DIMENSION"
        )
    return node_ids, np.array(x), np.array(y)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
