"""Where and with what a benchmark ran."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import get_args

import pulp
from pydantic import BaseModel, ConfigDict

import dcsite
from dcsite.errors import SolverError
from dcsite.model import SolveOptions, solve
from dcsite.model.solvers import SolverName

__all__ = ["Machine", "this_machine", "versions"]


class Machine(BaseModel):
    """A computer, as it tells of itself."""

    model_config = ConfigDict(frozen=True)

    processor: str
    cores: int
    memory_gb: float | None
    system: str

    def __str__(self) -> str:
        """Render on one line."""
        memory = "" if self.memory_gb is None else f", {self.memory_gb:.0f} GB"
        return f"{self.processor}, {self.cores} cores{memory}, {self.system}"


def this_machine() -> Machine:
    """Describe the computer this process runs on; `cores` are those it may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (OSError, ValueError):
        memory_gb = None
    return Machine(
        processor=_processor(),
        cores=cores or 1,
        memory_gb=memory_gb,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
    )


def versions() -> dict[str, str]:
    """Return versions of dcsite, Python, PuLP, the solvers and, where installed, spopt."""
    found = {
        "dcsite": dcsite.__version__,
        "Python": platform.python_version(),
        "PuLP": importlib.metadata.version("pulp"),
    }
    found |= {name: _solver_version(name) for name in get_args(SolverName)}
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found["spopt"] = importlib.metadata.version("spopt")
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _solver_version(name: SolverName) -> str:
    """Let the solver tell its version by solving a program of one variable."""
    problem = pulp.LpProblem("version", pulp.LpMaximize)
    problem.setObjective(pulp.LpAffineExpression([(problem.add_variable("x", 0, 1), 1.0)]))
    try:
        return solve(problem, SolveOptions(solver=name)).solver_version
    except SolverError as error:
        return f"not usable: {error.problems[0]}"
