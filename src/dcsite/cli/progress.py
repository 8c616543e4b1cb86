"""Progress of a run: an updating line on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
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
    "write": "writing outputs",
}

#: Plain lines come at most this often while a solver runs.
_PLAIN_EVERY_S = 5.0


class ProgressReporter(Protocol):
    """What a run tells about itself while it goes on."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""

    def stage(self, name: str) -> None:
        """Say that a stage begins."""

    def solver(self, progress: Progress) -> None:
        """Say how far the solver is."""

    def count(self, done: int, count: int) -> None:
        """Say how many parts of a stage are done."""


class _Base:
    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._stage = "read"
        self.seconds: dict[str, float] = {}
        self._stage_begun = self._begun

    def _turn(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._stage_begun
        self._stage, self._stage_begun = name, now

    def _elapsed(self) -> float:
        return time.perf_counter() - self._begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turn("end")


class QuietProgress(_Base):
    """Says nothing, but keeps the time of each stage."""

    def stage(self, name: str) -> None:
        """Note that a stage begins."""
        self._turn(name)

    def solver(self, progress: Progress) -> None:
        """Say nothing."""

    def count(self, done: int, count: int) -> None:
        """Say nothing."""


class PlainProgress(_Base):
    """Prints a line when a stage begins and now and then while a solver runs."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._last = 0.0
        self._last_best: float | None = None

    def stage(self, name: str) -> None:
        """Print that a stage begins."""
        self._turn(name)
        self._console.print(f"{self._elapsed():7.1f} s  {_TITLES.get(name, name)}")

    def solver(self, progress: Progress) -> None:
        """Print a line for a new best plan, and every few seconds."""
        now = time.perf_counter()
        if progress.best == self._last_best and now - self._last < _PLAIN_EVERY_S:
            return
        self._last, self._last_best = now, progress.best
        self._console.print(
            f"{self._elapsed():7.1f} s  {progress.stage}: best {_number(progress.best)}, "
            f"bound {_number(progress.bound)}, gap {_percent(progress.gap)}"
        )

    def count(self, done: int, count: int) -> None:
        """Print a line every few seconds, and for the last part."""
        now = time.perf_counter()
        if done < count and now - self._last < _PLAIN_EVERY_S:
            return
        self._last = now
        self._console.print(
            f"{self._elapsed():7.1f} s  {_TITLES.get(self._stage, self._stage)}: {done} of {count}"
        )


class TerminalProgress(_Base):
    """One updating line: stage, elapsed time, best plan, bound, gap."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._progress: Progress | None = None
        self._count = ""
        self._live = Live(console=console, transient=True, get_renderable=self._render)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away."""
        super().__exit__(kind, error, trace)
        self._live.__exit__(kind, error, trace)

    def _render(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for title in ("stage", "elapsed", "best plan", "bound", "gap"):
            table.add_column(title, no_wrap=True)
        known = self._progress
        table.add_row(
            f"[bold]{_TITLES.get(self._stage, self._stage)}[/bold]{self._count}",
            f"{self._elapsed():.1f} s",
            _number(known.best if known else None),
            _number(known.bound if known else None),
            _percent(known.gap if known else None),
        )
        return table

    def stage(self, name: str) -> None:
        """Show the next stage."""
        self._turn(name)
        self._count = ""
        self._live.refresh()

    def solver(self, progress: Progress) -> None:
        """Show how far the solver is."""
        self._progress = progress

    def count(self, done: int, count: int) -> None:
        """Show how many parts are done."""
        self._count = f" {done} of {count}"


def reporter(*, quiet: bool) -> QuietProgress | PlainProgress | TerminalProgress:
    """Choose how to report: on stderr, updating only where stderr is a terminal."""
    if quiet:
        return QuietProgress()
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    return TerminalProgress(console) if console.is_terminal else PlainProgress(console)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.3%}"
