"""Understand what CBC 2.10 prints: stage, best plan, bound, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .runner import RunnerState

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf|[-+]?nan)"

#: CBC prints 1e+50 (Clp 1e+100) where it has no plan or no bound.
_ABSENT = 1e29

#: CBC prints bounds with eight significant digits: they may be this much too good.
_PRINTED = 1e-7

#: Of the relaxation at the root it prints six.
_PRINTED_RELAXED = 5e-6

#: CBC is asked for this part of the gap, so that what is rounded later, such as loads to a watt,
#: does not carry a proof beyond the gap that the user asked for.
HAIR = 1.0 - 1e-4


@dataclass
class CbcLog:
    """The state of a CBC run, by its log; every number minimised, as CBC prints it.

    `gap` is the relative gap CBC was asked for.
    """

    gap: float = 0.0
    version: str = "unknown"
    stage: str = "reading"
    best: float | None = None
    bound: float | None = None
    node_count: int | None = None
    partial_search: bool = False
    stopped_on_gap: bool = False
    no_room: bool = False
    _rules: list[tuple[re.Pattern[str], Callable[[re.Match[str]], None]]] = field(
        init=False, repr=False
    )

    def __post_init__(self) -> None:
        self._rules = [
            (re.compile(r"^Version: (\S+)"), self._on_version),
            (re.compile(rf"^Continuous objective value is {_NUMBER}"), self._on_relaxed),
            (re.compile(r"^Cgl0004I"), lambda _: self._turn("preprocessed")),
            (re.compile(r"^Cbc0038I"), lambda _: self._turn("feasibility pump")),
            (
                re.compile(rf"^Cbc00(?:04|12|16)I Integer solution of {_NUMBER}"),
                lambda m: self._on_plan(m[1]),
            ),
            (
                re.compile(rf"^Cbc0013I At root node, .* changed objective from \S+ to {_NUMBER}"),
                self._on_root,
            ),
            (
                re.compile(
                    rf"^Cbc0010I After (\d+) nodes, .* tree, {_NUMBER} best solution, "
                    rf"best possible {_NUMBER}"
                ),
                self._on_nodes,
            ),
            (
                re.compile(
                    rf"^Cbc0005I Partial search - best objective {_NUMBER} "
                    rf"\(best possible {_NUMBER}\)"
                ),
                self._on_partial,
            ),
            (re.compile(rf"^Cbc0011I Exiting as integer gap of {_NUMBER}"), self._on_gap),
            (
                re.compile(rf"^Cbc0001I Search completed - best objective {_NUMBER}"),
                self._on_completed,
            ),
            (re.compile(r"^Problem is infeasible - tightenPrimalBounds"), self._on_no_room),
            (re.compile(r"^Enumerated nodes:\s+(\d+)"), self._on_count),
        ]

    @property
    def state(self) -> RunnerState:
        """Return stage, best plan and bound."""
        return RunnerState(self.stage, self.best, self.bound)

    def read(self, line: str) -> None:
        """Take one line of the log."""
        for pattern, act in self._rules:
            found = pattern.match(line)
            if found:
                act(found)
                return

    def _turn(self, stage: str) -> None:
        self.stage = stage

    def _on_version(self, found: re.Match[str]) -> None:
        self.version = found[1]

    def _on_relaxed(self, found: re.Match[str]) -> None:
        self._turn("root relaxation")
        self._on_bound(found[1], _PRINTED_RELAXED)

    def _on_root(self, found: re.Match[str]) -> None:
        self._turn("branch and bound")
        self._on_bound(found[1])

    def _on_nodes(self, found: re.Match[str]) -> None:
        self._turn("branch and bound")
        self.node_count = int(found[1])
        self._on_plan(found[2])
        self._on_bound(found[3])

    def _on_partial(self, found: re.Match[str]) -> None:
        self.partial_search = True
        self._on_plan(found[1])
        self._on_bound(found[2])

    def _on_plan(self, text: str) -> None:
        value = _number(text)
        if value is not None and (self.best is None or value < self.best):
            self.best = value

    def _on_bound(self, text: str, rounding: float = _PRINTED) -> None:
        value = _number(text)
        if value is not None:
            careful = value - rounding * abs(value)
            if self.best is not None and careful > self.best:
                # With a plan in hand CBC cuts off what is no better: a bound beyond that plan
                # says that nothing better is left, and no more.
                careful = self.proven_by(self.best)
            # Each of CBC's bounds holds, so the best of them does.
            self.bound = careful if self.bound is None else max(self.bound, careful)

    def _on_gap(self, found: re.Match[str]) -> None:
        self.stopped_on_gap = True
        gap = _number(found[1])
        if gap is not None and self.best is not None:
            self._on_bound(repr(self.best - gap))

    def _on_completed(self, found: re.Match[str]) -> None:
        self._on_plan(found[1])
        if not self.stopped_on_gap and self.best is not None:
            proven = self.proven_by(self.best)
            self.bound = proven if self.bound is None else max(self.bound, proven)

    def proven_by(self, best: float) -> float:
        """Return what an empty tree proves of a best plan, minimised.

        CBC drops nodes whose bound lies within the gap it was asked for, so an empty tree proves
        the plan to that gap and no further; with a gap of 0 the plan is its own bound.
        """
        return best - self.gap * HAIR * abs(best)

    def _on_no_room(self, _: re.Match[str]) -> None:
        self.no_room = True

    def _on_count(self, found: re.Match[str]) -> None:
        self.node_count = int(found[1])


def _number(text: str) -> float | None:
    value = float(text)
    return value if abs(value) < _ABSENT else None
