"""Run HiGHS: hand over arrays, follow its JSON lines, read its answer or its last saved plan."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import highs_worker as worker
from .child import Child
from .runner import RawAnswer, RunnerState, SolverBreakdownError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .matrix import ProgramMatrix
    from .options import SolveOptions, SolverName

_WORKER = Path(__file__).with_name("highs_worker.py")

#: HiGHS measures the gap as we do, ``|bound - objective| / |objective|`` with the constant; a hair
#: less is asked so that rounding of whole numbers cannot leave the gap a hair above.
_HAIR = 1.0 - 1e-6


class HighsRunner:
    """HiGHS on one program.

    Parameters
    ----------
    matrix : ProgramMatrix
        What to solve.
    options : SolveOptions
        Gap, threads and seed.
    folder : Path
        An empty folder for its files.
    """

    name: SolverName = "highs"
    title = "HiGHS"
    #: Short: what HiGHS has found is saved, a kill loses no plan.
    stop_grace_s = 5.0

    def __init__(self, matrix: ProgramMatrix, options: SolveOptions, folder: Path) -> None:
        self._matrix = matrix
        self._options = options
        self._folder = folder
        self._child: Child | None = None
        self._state = RunnerState("starting")
        self._version = "unknown"
        self._asked_to_stop = False

    def write(self) -> None:
        """Write the program as arrays."""
        matrix = self._matrix
        np.savez(
            self._folder / worker.MODEL,
            cost=matrix.cost,
            lower=matrix.lower,
            upper=matrix.upper,
            integer=matrix.integer,
            start=matrix.start,
            column=matrix.column,
            coefficient=matrix.coefficient,
            row_lower=matrix.row_lower,
            row_upper=matrix.row_upper,
            offset=np.array(matrix.offset),
        )
        if self._options.start:
            start = self._options.start
            known = [(j, start[name]) for j, name in enumerate(matrix.names) if name in start]
            np.savez(
                self._folder / worker.START,
                index=np.array([j for j, _ in known], dtype=np.int32),
                value=np.array([value for _, value in known], dtype=float),
            )

    def start(self, time_limit_s: float | None) -> None:
        """Start the worker."""
        wanted: dict[str, Any] = {
            "mip_rel_gap": self._options.gap * _HAIR,
            "mip_abs_gap": 0.0,
            "random_seed": self._options.seed,
        }
        if self._options.threads is not None:
            wanted["threads"] = self._options.threads
        if time_limit_s is not None:
            wanted["time_limit"] = time_limit_s
        (self._folder / worker.OPTIONS).write_text(json.dumps(wanted), encoding="utf-8")
        command = [sys.executable, "-P", str(_WORKER), str(self._folder)]
        self._child = Child(command, self._folder)

    @property
    def state(self) -> RunnerState:
        """Return where HiGHS stands."""
        return self._state

    def poll(self, timeout_s: float) -> bool:
        """Read progress; return whether HiGHS still runs."""
        lines, running = self._running().lines(timeout_s)
        for line in lines:
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # what HiGHS or Python print besides; kept for the case of a crash
            if isinstance(record, dict):
                self._version = str(record.get("version", self._version))
                if "bound" in record:
                    self._state = RunnerState("branch and bound", record["best"], record["bound"])
        return running

    def stop(self) -> None:
        """Ask HiGHS to stop at its next callback."""
        self._asked_to_stop = True
        self._running().interrupt()

    def kill(self) -> None:
        """End it; the plans it saved stay."""
        self._asked_to_stop = True
        if self._child is not None:
            self._child.kill()

    def result(self) -> RawAnswer:
        """Read its answer, or the last plan it saved if it had to be killed."""
        while self.poll(0.0):
            pass
        child = self._running()
        path = self._folder / worker.ANSWER
        if path.exists():  # written last and at once: how the interpreter ended is no matter
            answer = json.loads(path.read_text(encoding="utf-8"))
            values = self._load(worker.SOLUTION)
            if values is None and answer["claim"] == "stopped":
                values = self._load(worker.BEST)
            return RawAnswer(
                answer["claim"], values, answer["bound"], self._version, answer["node_count"]
            )
        if self._asked_to_stop:
            return RawAnswer("stopped", self._load(worker.BEST), self._state.bound, self._version)
        raise SolverBreakdownError(
            f"HiGHS {self._version} ended with exit code {child.exit_code}; "
            f"last it said: {child.last_words}; its log: {self._log_end()}"
        )

    def _load(self, name: str) -> NDArray[np.float64] | None:
        path = self._folder / name
        if not path.exists():
            return None
        values: NDArray[np.float64] = np.load(path)
        return values

    def _log_end(self) -> str:
        path = self._folder / worker.LOG
        if not path.exists():
            return "empty"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(line.strip() for line in lines[-10:] if line.strip()) or "empty"

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("HiGHS was not started")
        return self._child
