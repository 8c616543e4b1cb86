"""What signals mean during a run: a wish to stop, not an explosion; and none outlives its parent.

While there is nothing to lose, Ctrl-C is a KeyboardInterrupt, which the command line turns into
one line and exit code 130. While a solver works, and from the moment there is an answer to check
and to write, it is counted instead: the first asks the solver for its best plan, or is remembered
until the answer is written; the second ends the solver, or the run, at once.

Solvers and workers end with the process that started them, however it ends: the kernel's
parent-death signal does it. A solver's program is started through this file::

    python -I -S interrupts.py PARENT PROGRAM [ARGUMENT ...]

since the signal outlives ``exec``, and setting it here needs no code between fork and exec in a
parent that may have threads.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self

_ENDING = (signal.SIGTERM, signal.SIGHUP)
#: Not for a worker to hear: its parent does, and ends it.
WISHES_TO_STOP = (signal.SIGINT, *_ENDING)

_PR_SET_PDEATHSIG = 1


class Interrupts:
    """Counts Ctrl-C while it holds; lets SIGTERM and SIGHUP unwind the stack.

    Handlers are replaced only in the main thread, and only where the standard ones stand: a host
    program's own handlers, and those of an outer block that holds, keep their say.

    Parameters
    ----------
    patience : int
        How many are counted; each further one raises KeyboardInterrupt.
    hold : bool
        Whether to hold from the beginning of the block, or only from :meth:`hold` on.
    """

    def __init__(self, *, patience: int = 2, hold: bool = True) -> None:
        self.count = 0
        self._patience = patience
        self._at_once = hold
        self._replaced: dict[int, Any] = {}

    def hold(self) -> None:
        """From here to the end of the block count Ctrl-C instead of raising."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) in {signal.default_int_handler, _raise}:
            self._replaced[signal.SIGINT] = signal.signal(signal.SIGINT, self._note)
        for number in _ENDING:
            if signal.getsignal(number) == signal.SIG_DFL:
                self._replaced[number] = signal.signal(number, self._leave)

    def __enter__(self) -> Self:
        """Begin."""
        if self._at_once:
            self.hold()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the handlers back."""
        for number, handler in self._replaced.items():
            signal.signal(number, handler)
        self._replaced.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > self._patience:
            raise KeyboardInterrupt

    def _leave(self, number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)


_raised: list[int] = []


def heed_signals() -> None:
    """Make this process the command line's: Ctrl-C is remembered, a polite kill is one too."""
    _raised.clear()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # nohup ignores it
        signal.signal(signal.SIGHUP, _as_ctrl_c)
    sys.unraisablehook = _tell_ignored


def was_raised() -> bool:
    """Return whether there was a Ctrl-C: libraries make other errors of it while they load."""
    return bool(_raised)


def raise_swallowed() -> None:
    """Raise KeyboardInterrupt anew if there was one: some libraries drop it while they load."""
    if _raised:
        raise KeyboardInterrupt


def _raise(number: int, _: FrameType | None) -> None:
    _raised.append(number)
    raise KeyboardInterrupt


def _tell_ignored(ignored: sys.UnraisableHookArgs) -> None:
    # A Ctrl-C in a callback of a library's compiled code; raise_swallowed raises it anew.
    if not (_raised and issubclass(ignored.exc_type, KeyboardInterrupt)):
        sys.__unraisablehook__(ignored)


def _as_ctrl_c(_: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    # Where Ctrl-C is ignored (nohup, a shell's background job) a kill still means to stop.
    stop = handler if callable(handler) else _raise
    stop(signal.SIGINT, frame)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it, in `parent`, ends."""
    import ctypes  # here, as below, so that the command line heeds signals from the first moment

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def begin_worker(parent: int, folder: str, begin: bytes) -> None:
    """Set up a worker process, before it loads any library.

    Parameters
    ----------
    parent : int
        The process that started it.
    folder : str
        For its temporary files; the parent removes it.
    begin : bytes
        Pickled function and arguments of what is to be done first.
    """
    import pickle
    import tempfile

    die_with(parent)
    tempfile.tempdir = folder
    function, arguments = pickle.loads(begin)  # noqa: S301 - from our own parent
    function(*arguments)


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    # A shell's background job ignores SIGINT, a worker blocks it: a solver stops cleanly on it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the solver, by its full path
