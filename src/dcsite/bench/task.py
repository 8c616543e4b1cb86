"""What is asked of a benchmark, one piece of its work, and one row of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from dcsite.model.solvers.options import SolverChoice

__all__ = ["PARTS", "SOLVERS", "Asked", "PartName", "Request", "Row", "Task"]

PartName = Literal["run", "rows", "peers", "dispersion", "growth", "records"]
PARTS: tuple[PartName, ...] = get_args(PartName)

#: Every solver that can be asked for by name.
SOLVERS: tuple[str, ...] = tuple(name for name in get_args(SolverChoice) if name != "auto")


@dataclass(frozen=True)
class Request:
    """What one call of the benchmark asks for.

    Parameters
    ----------
    scenario : str
        Shipped name or TOML file.
    overrides : tuple of str
        ``KEY=VALUE`` texts laid over it.
    runs : int
        Counted runs of each solver in the part ``run``.
    solvers : tuple of str
        Solvers to time; when empty, all in the part ``run`` and ``auto`` elsewhere.
    time_limit_s : float
        Seconds each solve may take, but in the part ``run``, which has no limit.
    seed : int
        Seed of drawn places.
    most : int
        Most places in the parts ``peers``, ``dispersion`` and ``growth``.
    instances, published : Path, optional
        Folder of TSPLIB files, and a CSV of published values.
    counts : tuple of int
        How many points to choose of each instance.
    """

    scenario: str = "policy-2023"
    overrides: tuple[str, ...] = ()
    runs: int = 3
    solvers: tuple[str, ...] = ()
    time_limit_s: float = 120.0
    seed: int = 1
    most: int = 20_000
    instances: Path | None = None
    published: Path | None = None
    counts: tuple[int, ...] = (5, 10, 15, 20)

    @property
    def whole_limit_s(self) -> float:
        """Return the seconds after which a child process is ended, whatever it does."""
        return 3.0 * self.time_limit_s + 60.0


class Asked(BaseModel):
    """What a child process is asked to measure; plain data."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(BaseModel):
    """One row of a table.

    Parameters
    ----------
    status : str
        How it ended, in the words of the solver's outcome where there is one.
    peak_mb : float, optional
        Peak memory of the largest single process, in MB (2**20 bytes).
    cpu_s : float, optional
        CPU time of the child process and all it started, in seconds; other work on the machine
        moves it less than the seconds on the clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: str
    peak_mb: float | None = None
    cpu_s: float | None = None


@dataclass(frozen=True)
class Task:
    """One row to measure.

    Parameters
    ----------
    label : str
        What it is, for people.
    measure : callable
        A function of a module, from `asked` to the row; called in a child process.
    asked : Asked
        Its argument.
    limit_s : float, optional
        Seconds after which the child is ended.
    late : Row, optional
        The row to show then.
    """

    label: str
    measure: Callable[[Any], Row]
    asked: Asked
    limit_s: float | None = None
    late: Row | None = None
