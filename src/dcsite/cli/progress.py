"""Progress of a run on stderr: an updating line on a terminal, plain lines elsewhere.

Quiet runs tell no progress; warnings are told always.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from dcsite.interrupts import raise_swallowed

if TYPE_CHECKING:
    from dcsite.interrupts import Interrupts
    from dcsite.solvers import Progress

_TITLES = {
    "read": "reading geodata",
    "measure": "measuring sites",
    "precheck": "checking what is asked",
    "build": "building the program",
    "solve": "solving",
    "diagnose": "finding rules that cannot hold together",
    "alternatives": "finding alternatives",
    "explain": "solving without each hub",
    "prove": "proving the plan",
    "changes": "solving with changes",
    "check": "checking the plan independently",
    "stress": "simulating years of disasters",
    "vary": "simulating with other assumptions",
    "write": "writing outputs",
}

#: Plain lines come at most this often while something goes on; a matter of reading speed.
_PLAIN_EVERY_S = 5.0


class Reporter:
    """What a command tells of itself while it runs.

    Parameters
    ----------
    quiet : bool
        Whether to tell warnings only.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._begun = time.perf_counter()
        self._title, self._count = "", ""
        self._progress: Progress | None = None
        self._told_at = 0.0
        self._told_best: float | None = None
        self._live: Live | None = None
        if self._console.is_terminal and not quiet:
            self._live = Live(console=self._console, transient=True, get_renderable=self._render)

    def __enter__(self) -> Self:
        """Begin to tell."""
        raise_swallowed()
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the updating line away."""
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def note(self, text: str) -> None:
        """Tell what the reader should know: warnings always, the rest unless quiet."""
        if not self._quiet or text.startswith(("warning: ", "interrupted")):
            self._console.print(text, markup=False)

    def say(self, text: str) -> None:
        """Tell a step of a run that tells of each."""
        if not self._quiet:
            self._console.print(f"{self._elapsed():7.1f} s  {text}", markup=False)

    def stage(self, name: str) -> None:
        """Tell that a stage begins."""
        self._title, self._count = _TITLES.get(name, name), ""
        if self._live is not None:
            self._live.refresh()
        else:
            self.say(self._title)

    def solver(self, progress: Progress) -> None:
        """Tell how far the solver is: each better plan, and every few seconds."""
        self._progress = progress
        if self._live is None and (progress.best != self._told_best or self._due()):
            self._told_at, self._told_best = time.perf_counter(), progress.best
            self.say(
                f"{progress.stage}: best {_number(progress.best)}, "
                f"bound {_number(progress.bound)}, gap {_percent(progress.gap)}"
            )

    def count(self, done: int, of: int) -> None:
        """Tell how many parts of a stage are done: every few seconds, and the last."""
        self._count = f" {done} of {of}"
        if self._live is None and (done >= of or self._due()):
            self._told_at = time.perf_counter()
            self.say(f"{self._title}:{self._count}")

    def leave(self, interrupts: Interrupts) -> int:
        """Return the exit code of a command that has written its answer.

        Says so where Ctrl-C came too late to stop it.
        """
        if not interrupts.count:
            return 0
        self.note("interrupted: the answer was already found, it was checked and written")
        return 130

    def _due(self) -> bool:
        return time.perf_counter() - self._told_at >= _PLAIN_EVERY_S

    def _elapsed(self) -> float:
        return time.perf_counter() - self._begun

    def _render(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for title in ("stage", "elapsed", "best plan", "bound", "gap"):
            table.add_column(title, no_wrap=True)
        known = self._progress
        table.add_row(
            f"[bold]{self._title}[/bold]{self._count}",
            f"{self._elapsed():.1f} s",
            _number(known.best if known else None),
            _number(known.bound if known else None),
            _percent(known.gap if known else None),
        )
        return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.3%}"
