"""One solver at work on one program in a child process: what runs of CBC and HiGHS share.

Runners see the program minimised (:class:`ProgramMatrix` holds it so): `best` and `bound` here
are in that sense, the driver turns them back.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from dcsite import interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from .matrix import ProgramMatrix
    from .options import SolveOptions

_LINES_KEPT = 30

#: ``unbounded``: the relaxation is; whether any whole-number plan exists is not said.
Claim = Literal["solved", "stopped", "infeasible", "unbounded"]


class SolverBreakdownError(Exception):
    """A solver crashed, is missing, or its answer cannot be used; another may be tried."""


@dataclass(frozen=True)
class RunnerState:
    """Where a runner stands: stage, best objective and bound, minimised."""

    stage: str
    best: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class RawAnswer:
    """A solver's answer as it gave it.

    Parameters
    ----------
    claim : str
        What the solver says of its run.
    values : numpy.ndarray, optional
        Best point found, in the order of the matrix's columns.
    bound : float, optional
        The solver's dual bound, minimised; None if it told none.
    version : str
        The solver's version.
    node_count : int, optional
        Branch-and-bound nodes.
    """

    claim: Claim
    values: NDArray[np.float64] | None
    bound: float | None
    version: str
    node_count: int | None = None


class Runner(ABC):
    """One solver on one program.

    Parameters
    ----------
    matrix : ProgramMatrix
        What to solve.
    options : SolveOptions
        Gap, threads, seed and start.
    folder : Path
        An empty folder for its files.
    """

    title: ClassVar[str]

    def __init__(self, matrix: ProgramMatrix, options: SolveOptions, folder: Path) -> None:
        self._matrix = matrix
        self._options = options
        self._folder = folder
        self._child: Child | None = None
        self._asked_to_stop = False
        #: By what was read so far.
        self.state = RunnerState("starting")
        self.version = "unknown"
        self.node_count: int | None = None

    @property
    @abstractmethod
    def stop_grace_s(self) -> float:
        """Seconds to wait between asking the solver to stop and killing it."""

    @abstractmethod
    def write(self) -> None:
        """Write what the child will read; raise SolverBreakdownError if there is no solver."""

    @abstractmethod
    def _command(self, time_limit_s: float | None) -> list[str]:
        """Return the program with its full path, and its arguments."""

    @abstractmethod
    def _read(self, line: str) -> None:
        """Take a line of what the child says."""

    @abstractmethod
    def _answer(self, exit_code: int | None) -> RawAnswer | None:
        """Return what a child that has ended left behind; None if it left no answer."""

    def _rescued(self) -> NDArray[np.float64] | None:
        """Return the best point of a child that was killed, if it saved any."""
        return None

    def start(self, time_limit_s: float | None) -> None:
        """Start the child; raise SolverBreakdownError if that cannot be done."""
        self._child = Child(self._command(time_limit_s), self._folder)

    def poll(self, timeout_s: float) -> bool:
        """Read what the child says, at most `timeout_s` long; return whether it still runs."""
        lines, running = self._running().lines(timeout_s)
        for line in lines:
            self._read(line)
        return running

    def stop(self) -> None:
        """Ask the solver to stop and give its best plan; may be asked again and again."""
        self._asked_to_stop = True
        self._running().interrupt()

    def kill(self) -> None:
        """End the child at once; plans it saved stay readable."""
        self._asked_to_stop = True
        if self._child is not None:
            self._child.kill()

    def result(self) -> RawAnswer:
        """Return the answer of a child that has ended, or the last plan of one that was killed.

        Raises
        ------
        SolverBreakdownError
            If it ended by itself without an answer, or with one that cannot be read.
        """
        while self.poll(0.0):
            pass
        child = self._running()
        answer = self._answer(child.exit_code)
        if answer is not None:
            return answer
        if self._asked_to_stop:
            bound = self.state.bound
            return RawAnswer("stopped", self._rescued(), bound, self.version, self.node_count)
        raise self._breakdown(f"ended with exit code {child.exit_code}")

    def _breakdown(self, what: str) -> SolverBreakdownError:
        return SolverBreakdownError(f"{self.title} {self.version} {what}; {self._last_words()}")

    def _last_words(self) -> str:
        return f"last it said: {self._running().last_words}"

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self.title} was not started")
        return self._child


class Child:
    """A solver's process.

    Parameters
    ----------
    command : sequence of str
        Program with its full path, and arguments.
    folder : Path
        Where it works.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._tail: deque[str] = deque(maxlen=_LINES_KEPT)
        self._rest = b""
        self._open = True
        self._reader, writer = _channel()
        # Ctrl-C in a terminal reaches the whole foreground group: a session of its own keeps the
        # solver out of it, so that it stops when it is asked to and can hand over its plan.
        guarded = [sys.executable, "-I", "-S", interrupts.__file__, str(os.getpid()), *command]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and solver
                guarded,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        except OSError as error:
            os.close(self._reader)
            raise SolverBreakdownError(f"cannot start {command[0]}: {error}") from error
        finally:
            os.close(writer)
        self._poller = select.poll()
        self._poller.register(self._reader, select.POLLIN)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return how the process ended, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def last_words(self) -> str:
        """Return the last lines it wrote, on one line."""
        return " | ".join(line for line in self._tail if line.strip()) or "it wrote nothing"

    def lines(self, timeout_s: float) -> tuple[list[str], bool]:
        """Return complete lines as they come, waiting at most `timeout_s`, and whether it runs."""
        if self._open:
            ended = self._process.poll() is not None
            if self._poller.poll(0 if ended else timeout_s * 1000.0):
                self._read()
            elif ended:  # all it wrote was read, even if someone else holds the channel open
                self._close_channel()
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
        *found, self._rest = self._rest.split(b"\n")
        if not self._open and self._rest:
            found, self._rest = [*found, self._rest], b""
        texts = [line.decode(errors="replace").rstrip("\r") for line in found]
        self._tail.extend(texts)
        return texts, self._open or self._process.poll() is None

    def _read(self) -> None:
        try:
            piece = os.read(self._reader, 1 << 16)
        except OSError:  # a pseudo-terminal says EIO when the last writer has gone
            piece = b""
        self._rest += piece
        if not piece:
            self._close_channel()

    def _close_channel(self) -> None:
        if self._open:
            self._open = False
            self._poller.unregister(self._reader)
            os.close(self._reader)

    def interrupt(self) -> None:
        """Send SIGINT, on which both solvers stop and keep their best plan."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it and all it started, at once, and wait until it is gone."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process.wait()
        deadline = time.perf_counter() + 1.0
        while self._open and time.perf_counter() < deadline:
            self.lines(0.0)
        self._close_channel()


def _channel() -> tuple[int, int]:
    """Return reader and writer: a pseudo-terminal, on which CBC writes line by line, or a pipe."""
    try:
        return os.openpty()
    except OSError:
        return os.pipe()
