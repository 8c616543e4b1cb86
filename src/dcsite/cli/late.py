"""Ctrl-C after the plan is found: check and write it first, then stop."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self


class LateInterrupt:
    """Shields the last second of a run, so that a plan that was found is not lost.

    From :meth:`shield` on, the first Ctrl-C is noted, a second one acts at once.
    """

    def __init__(self) -> None:
        self.noted = False
        self._before: Any = None

    def shield(self) -> None:
        """Begin to note Ctrl-C instead of stopping."""
        if self._before is None:
            self._before = signal.signal(signal.SIGINT, self._note)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.noted and callable(self._before):
            self._before(signum, frame)
        self.noted = True

    def __enter__(self) -> Self:
        """Begin, not yet shielding."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the handler back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
