"""A child process in a session of its own: read as it speaks, never left behind."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from .runner import SolverBreakdownError

if TYPE_CHECKING:
    from collections.abc import Sequence

_GUARD = Path(__file__).with_name("guard.py")
_LINES_KEPT = 30


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
        guarded = [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), *command]
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
