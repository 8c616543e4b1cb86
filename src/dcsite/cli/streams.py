"""Standard streams that never cost an answer: what a terminal, pipe or device refuses is dropped.

A command's work is worth more than what it is told on. A reader that left (`| head`), a full
device, a descriptor that was closed before (`>&-`), an encoding that lacks a character: the work
goes on, and is written.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Heedless(io.RawIOBase):
    """A descriptor to write to, which raises nothing.

    Attributes
    ----------
    failed : OSError, optional
        Why it takes nothing any more.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.failed: OSError | None = None

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return os.isatty(self._number)

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Write, or drop all from the first failure on."""
        while self.failed is None:
            try:
                return os.write(self._number, data)
            except BlockingIOError:  # a terminal that another program left so
                select.select([], [self._number], [])
            except OSError as error:
                self.failed = error
        return memoryview(data).nbytes


def heedless_streams() -> Heedless | None:
    """Put such streams in the place of this process's own; return that of standard output.

    Streams that a host program laid over them are its own business: those only replace characters.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file opened would take its place, and be told our news
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    put: dict[str, Heedless] = {}
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is not getattr(sys, f"__{name}__"):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
            continue
        if stream is not None:
            with suppress(OSError):
                stream.flush()
        raw = put[name] = Heedless(number)
        encoding = getattr(stream, "encoding", None) or "utf-8"
        prompt = number == 2 or raw.isatty()
        text = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=prompt
        )
        setattr(sys, name, text)
    return put.get("stdout")
