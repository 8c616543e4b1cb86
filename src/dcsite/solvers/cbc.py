"""Run CBC, the binary that PuLP brings: write MPS, follow its log, read its answer."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pulp

from .cbc_log import HAIR, CbcLog
from .child import Child
from .mps import write_mps
from .runner import RawAnswer, RunnerState, SolverBreakdownError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from .matrix import ProgramMatrix
    from .options import SolveOptions, SolverName
    from .runner import Claim

_MODEL = "model.mps"
_START = "start.txt"
_STATUS = "solution.txt"
_VALUES = "solution.bin"

#: A better plan must be better by this much; CBC's own 1e-5 is too coarse for a proof at gap 0.
_INCREMENT = 1e-6

_GRACE_S = 5.0
_GRACE_WITH_PLAN_S = 30.0


def cbc_path() -> Path:
    """Return the CBC to run: PuLP's own, or else the one on the path.

    Raises
    ------
    SolverBreakdownError
        If there is none.
    """
    bundled = Path(str(pulp.PULP_CBC_CMD.pulp_cbc_path))
    if os.access(bundled, os.X_OK) and bundled.is_file():
        return bundled.resolve()
    found = shutil.which("cbc")
    if found is None:
        raise SolverBreakdownError(
            f"no CBC: PuLP's {bundled} cannot be run and there is no cbc on the path; "
            "reinstall pulp, or choose --solver highs"
        )
    return Path(found).resolve()


class CbcRunner:
    """CBC on one program.

    Parameters
    ----------
    matrix : ProgramMatrix
        What to solve.
    options : SolveOptions
        Gap, threads and seed.
    folder : Path
        An empty folder for its files.
    """

    name: SolverName = "cbc"
    title = "CBC"

    def __init__(self, matrix: ProgramMatrix, options: SolveOptions, folder: Path) -> None:
        self._matrix = matrix
        self._options = options
        self._folder = folder
        self._program = Path()
        self._child: Child | None = None
        self._log = CbcLog(options.gap)
        self._asked_to_stop = False
        self._preprocessed = False
        self._time_limit_s: float | None = None

    def write(self) -> None:
        """Write the program as MPS."""
        self._program = cbc_path()
        write_mps(self._matrix, self._folder / _MODEL)
        if self._options.start:
            self._write_start(self._options.start)

    def _write_start(self, start: Mapping[str, float]) -> None:
        """Write where to begin, in the layout of CBC's own solutions, by the names in the MPS."""
        with (self._folder / _START).open("w", encoding="ascii") as file:
            file.write("Stopped on time - objective value 0\n")
            for j, name in enumerate(self._matrix.names):
                if name in start:
                    file.write(f"{j} c{j} {float(start[name])!r} 0\n")

    def start(self, time_limit_s: float | None) -> None:
        """Start CBC."""
        self._time_limit_s = time_limit_s
        self._child = Child([str(self._program), *self._arguments(time_limit_s)], self._folder)

    def _arguments(self, time_limit_s: float | None) -> list[str]:
        # CBC's gap is relative to the larger of plan and bound, ours to the plan: where the bound
        # is the larger, gap / (1 + gap) of it is gap of the plan.
        gap = self._options.gap / (1.0 + self._options.gap) * HAIR
        # A seed of 0 would mean the time of day.
        seed = str(self._options.seed % 2_147_483_646 + 1)
        arguments = [_MODEL, "-timeMode", "elapsed", "-ratioGap", repr(gap)]
        # CBC's own preprocessing probes each binary ten times over and finds nothing that the
        # clique rows do not say already: without it five variants of the national program took
        # 0.6 to 1.1 times as long, and a run that begins from a good plan 0.2 to 0.8 times.
        if not self._preprocessed:
            arguments += ["-preprocess", "off"]
        arguments += ["-increment", repr(_INCREMENT), "-randomSeed", seed, "-randomCbcSeed", seed]
        if time_limit_s is not None:
            arguments += ["-sec", f"{time_limit_s:.3f}"]
        if self._options.threads is not None and self._options.threads > 1:
            # Above 100 CBC runs its threads in a fixed order, so that a run can be repeated.
            arguments += ["-threads", str(100 + min(self._options.threads, 99))]
        if self._options.start:
            arguments += ["-mipStart", _START]
        return [*arguments, "-solve", "-solution", _STATUS, "-saveSolution", _VALUES, "-quit"]

    @property
    def stop_grace_s(self) -> float:
        """Return how long CBC may take to stop: long when a kill would lose a plan.

        It looks up only between rounds of cuts, which can take many seconds.
        """
        return _GRACE_S if self._log.best is None else _GRACE_WITH_PLAN_S

    @property
    def state(self) -> RunnerState:
        """Return where CBC stands."""
        return self._log.state

    def poll(self, timeout_s: float) -> bool:
        """Read the log; return whether CBC still runs."""
        lines, running = self._running().lines(timeout_s)
        for line in lines:
            self._log.read(line)
        if not running and self._fell_over():
            self._preprocessed = True
            self._log = CbcLog(self._options.gap)
            self.start(self._time_limit_s)
            return True
        return running

    def _fell_over(self) -> bool:
        """Return whether CBC crashed where, unprepared, it finds that the bounds allow nothing.

        CBC 2.10.3 then reads past an end; with its preprocessing it says "infeasible" instead. It
        happens right after the relaxation, so that no time is lost.
        """
        exit_code = self._running().exit_code
        crashed = exit_code is not None and exit_code < 0
        return crashed and self._log.no_room and not self._preprocessed and not self._asked_to_stop

    def stop(self) -> None:
        """Ask CBC to stop and write its plan."""
        self._asked_to_stop = True
        self._running().interrupt()

    def kill(self) -> None:
        """End it; a plan it had not written is lost."""
        self._asked_to_stop = True
        if self._child is not None:
            self._child.kill()

    def result(self) -> RawAnswer:
        """Read what CBC wrote."""
        while self.poll(0.0):
            pass
        child, log = self._running(), self._log
        path = self._folder / _STATUS
        if child.exit_code != 0 or not path.exists():
            if self._asked_to_stop:
                return RawAnswer("stopped", None, log.bound, log.version, log.node_count)
            raise self._breakdown(f"ended with exit code {child.exit_code}")
        with path.open(encoding="ascii", errors="replace") as file:
            status = file.readline().partition(" - objective value")[0].strip()
        return self._answer(status)

    def _answer(self, status: str) -> RawAnswer:
        log = self._log
        claim: Claim
        if status in {"Infeasible", "Integer infeasible"}:
            claim = "infeasible"
        elif status == "Unbounded":
            claim = "unbounded"
        elif status.startswith("Optimal"):
            claim = "solved"
        elif status.startswith("Stopped on"):
            claim = "stopped"
        else:
            raise self._breakdown(f"wrote the unknown status {status!r}")
        if claim in {"infeasible", "unbounded"}:
            return RawAnswer(claim, None, None, log.version, log.node_count)
        whole = bool(self._matrix.integer.any())
        values = None if "no integer solution" in status else self._values()
        if claim == "stopped" and not whole:
            values = None  # a simplex point on its way, of which nothing is promised
        bound = log.bound
        stopped = log.partial_search or log.stopped_on_gap
        if status == "Optimal" and values is not None and not stopped:
            # Without "(within gap tolerance)": nothing was left to search. A search that CBC
            # restarted, and that stopped on the gap, loses those words. The gap is for whole
            # numbers: a linear program's optimum is its own bound.
            least = self._matrix.objective(values)
            proven = log.proven_by(least) if whole else least
            bound = proven if bound is None else max(bound, proven)
        return RawAnswer(claim, values, bound, log.version, log.node_count)

    def _values(self) -> NDArray[np.float64]:
        """Read the binary solution: the text one has eight digits."""
        rows, columns = self._matrix.row_lower.size, len(self._matrix.names) + 1
        content = (self._folder / _VALUES).read_bytes()
        if len(content) != 16 + 16 * (rows + columns):
            raise self._breakdown(f"wrote a solution of {len(content)} bytes for another program")
        numbers = np.frombuffer(content, dtype=np.float64, offset=16)
        return numbers[2 * rows : 2 * rows + columns - 1].copy()

    def _breakdown(self, what: str) -> SolverBreakdownError:
        return SolverBreakdownError(
            f"CBC {self._log.version} {what}; last it said: {self._running().last_words}"
        )

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("CBC was not started")
        return self._child
