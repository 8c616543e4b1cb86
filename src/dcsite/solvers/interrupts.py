"""Ctrl-C as a wish to stop, not as an explosion; and no solver left behind on SIGTERM."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupts:
    """Counts Ctrl-C while a solver runs; lets SIGTERM and SIGHUP unwind the stack.

    Handlers are replaced only in the main thread, and only where the standard ones stand: a host
    program's own handlers keep their say.
    """

    def __init__(self) -> None:
        self.count = 0
        self._replaced: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._replaced[signal.SIGINT] = signal.signal(signal.SIGINT, self._note)
            for number in _ENDING:
                if signal.getsignal(number) == signal.SIG_DFL:
                    self._replaced[number] = signal.signal(number, self._leave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._replaced.items():
            signal.signal(number, handler)
        self._replaced.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1

    def _leave(self, number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)
