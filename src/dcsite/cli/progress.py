"""Progress of a run on stderr: an updating line on a terminal, plain lines elsewhere.

Quiet runs tell no progress; warnings are told always.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dcsite.interrupts import raise_swallowed

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "disperse": "spacing the places out",
    "robust": "solving samples",
    "stress": "simulating years of disasters",
    "vary": "simulating with other assumptions",
    "years": "planning each year by itself",
    "cheapest": "waiting for the cheapest plan",
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
    notes : sequence of str
        What the reader should know before anything else, quiet or not.
    """

    def __init__(self, *, quiet: bool, notes: Sequence[str] = ()) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet, self._notes = quiet, notes
        self._begun = time.perf_counter()
        self._title, self._count = "", ""
        self._stage_begun, self._done_before = self._begun, 0
        self._progress: Progress | None = None
        self._told_at = 0.0
        self._told_best: float | None = None
        self._live: Live | None = None
        # Colours may be forced upon a log, a line that is drawn again and again may not.
        if sys.stderr.isatty() and not self._console.is_dumb_terminal and not quiet:
            self._live = Live(console=self._console, transient=True, get_renderable=self._render)

    def __enter__(self) -> Self:
        """Begin to tell."""
        raise_swallowed()
        if self._live is not None:
            self._live.__enter__()
        for note in self._notes:
            self.note(note)
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
        """Tell what the reader should know of the answer: quiet or not."""
        self._console.print(text, markup=False)

    def say(self, text: str) -> None:
        """Tell a step of a run that tells of each."""
        if not self._quiet:
            self._console.print(f"{self._elapsed():7.1f} s  {text}", markup=False)

    def stage(self, name: str, of: str = "", done: int = 0) -> None:
        """Tell that a stage begins: of what, where there are several, and how much is done."""
        self._title = f"{of}: {_TITLES.get(name, name)}" if of else _TITLES.get(name, name)
        self._count, self._progress = "", None
        self._stage_begun, self._done_before = time.perf_counter(), done
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
                f"{self._count}{progress.stage}: best {_number(progress.best)}, "
                f"bound {_number(progress.bound)}, gap {_percent(progress.gap)}"
            )

    def count(self, done: int, of: int, found: str = "") -> None:
        """Tell how many parts of a stage are done, what the last gave, and how long the rest takes.

        Each is told on a terminal, elsewhere every few seconds and the last. The time left is that
        of the parts done in this run, so it is rough where parts differ.
        """
        self._count = f"{done} of {of}: "
        text = f"{self._title}: {done} of {of}"
        if done < of and (new := done - self._done_before) > 0:
            taken_s = time.perf_counter() - self._stage_begun
            text += f", {_duration((of - done) * taken_s / new)} left"
        if self._live is not None or done >= of or self._due():
            self._told_at = time.perf_counter()
            self.say(f"{text}; {found}" if found else text)

    def leave(
        self,
        interrupts: Interrupts,
        said: str = "interrupted: the answer was already found, it was checked and written",
    ) -> int:
        """Return the exit code of a command that has written its answer.

        Says so where Ctrl-C came while it was written, or kept what was found by then.
        """
        if not interrupts.count:
            return 0
        self.note(said)
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
            Text(f"{self._title}: {self._count}{known.stage if known else ''}".rstrip(": ")),
            f"{self._elapsed():.1f} s",
            _number(known.best if known else None),
            _number(known.bound if known else None),
            _percent(known.gap if known else None),
        )
        return table


def _duration(seconds: float) -> str:
    return f"about {seconds / 60:.0f} min" if seconds >= 100.0 else f"about {seconds:.0f} s"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.3%}"
