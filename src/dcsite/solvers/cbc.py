"""CBC, the binary that PuLP brings: write MPS, follow its log, read its answer.

The MPS file holds every number exact: PuLP's own writer keeps 13 digits and the caller's names,
this one the shortest digits that read back as the same number; columns are named ``c0, c1, ...``
and rows ``r0, r1, ...``. What CBC prints is rounded, and parts of it mean less than they say: see
:class:`CbcLog`.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pulp

from .runner import RawAnswer, Runner, RunnerState, SolverBreakdownError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from .matrix import ProgramMatrix
    from .options import SolveOptions
    from .runner import Claim

_MODEL = "model.mps"
_START = "start.txt"
_STATUS = "solution.txt"
_VALUES = "solution.bin"

#: A better plan must be better by this much; CBC's own 1e-5 is too coarse for a proof at gap 0.
_INCREMENT = 1e-6

#: CBC is asked for this part of the gap, so that what is rounded later, such as loads to a watt,
#: does not carry a proof beyond the gap that the user asked for.
HAIR = 1.0 - 1e-4

#: Seconds from asking CBC to stop to killing it: long when a kill would lose a plan, since it looks
#: up only between rounds of cuts. A second Ctrl-C need not wait for them.
_GRACE_S = 5.0
_GRACE_WITH_PLAN_S = 30.0

#: CBC prints 1e+50 (Clp 1e+100) where it has no plan or no bound.
_ABSENT = 1e29

#: CBC prints bounds with eight significant digits: they may be this much too good.
_PRINTED = 1e-7

#: Of the relaxation at the root it prints six.
_PRINTED_RELAXED = 5e-6

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf|[-+]?nan"
_BEST, _BOUND, _GAP = (f"(?P<{name}>{_NUMBER})" for name in ("best", "bound", "gap"))
_NODES = r"(?P<nodes>\d+)"
_TREE = f"{_BEST} best solution, best possible {_BOUND}"
_PARTIAL = rf"best objective {_BEST} \(best possible {_BOUND}\)"

#: Lines of CBC 2.10's log that tell something: pattern, stage it begins, flag it raises.
_LINES = tuple(
    (re.compile(pattern), stage, flag)
    for pattern, stage, flag in (
        (r"Version: (?P<version>\S+)", "", ""),
        (rf"Continuous objective value is {_BOUND}", "root relaxation", ""),
        (r"Cgl0004I", "preprocessed", ""),
        (r"Cbc0038I", "feasibility pump", ""),
        (rf"Cbc00(?:04|12|16)I Integer solution of {_BEST}", "", ""),
        (rf"Cbc0013I At root node, .* objective from \S+ to {_BOUND}", "branch and bound", ""),
        (rf"Cbc0010I After {_NODES} nodes, .* tree, {_TREE}", "branch and bound", ""),
        (rf"Cbc0005I Partial search - {_PARTIAL}", "", "partial_search"),
        (rf"Cbc0011I Exiting as integer gap of {_GAP}", "", "stopped_on_gap"),
        (rf"Cbc0001I Search completed - best objective {_BEST}", "", "completed"),
        (r"Problem is infeasible - tightenPrimalBounds", "", "no_room"),
        (rf"Enumerated nodes:\s+{_NODES}", "", ""),
    )
)


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
    completed: bool = False
    no_room: bool = False

    @property
    def state(self) -> RunnerState:
        """Return stage, best plan and bound."""
        return RunnerState(self.stage, self.best, self.bound)

    def read(self, line: str) -> None:
        """Take one line of the log."""
        for pattern, stage, flag in _LINES:
            found = pattern.match(line)
            if found:
                self._take(found.groupdict(), stage, flag)
                return

    def _take(self, told: dict[str, str], stage: str, flag: str) -> None:
        self.version = told.get("version", self.version)
        self.stage = stage or self.stage
        if flag:
            setattr(self, flag, True)
        if "nodes" in told:
            self.node_count = int(told["nodes"])
        best, bound, gap = (_number(told.get(name)) for name in ("best", "bound", "gap"))
        if best is not None and (self.best is None or best < self.best):
            self.best = best
        if gap is not None and self.best is not None:
            bound = self.best - gap
        if bound is not None:
            self._take_bound(bound, _PRINTED_RELAXED if stage == "root relaxation" else _PRINTED)
        if flag == "completed" and not self.stopped_on_gap and self.best is not None:
            self._raise_bound(self.proven_by(self.best))

    def _take_bound(self, bound: float, rounding: float) -> None:
        careful = bound - rounding * abs(bound)
        if self.best is not None and careful > self.best:
            # With a plan in hand CBC cuts off what is no better: a bound beyond that plan
            # says that nothing better is left, and no more.
            careful = self.proven_by(self.best)
        self._raise_bound(careful)

    def _raise_bound(self, bound: float) -> None:
        """Each of CBC's bounds holds, so the best of them does."""
        self.bound = bound if self.bound is None else max(self.bound, bound)

    def proven_by(self, best: float) -> float:
        """Return what an empty tree proves of a best plan, minimised.

        CBC drops nodes whose bound lies within the gap it was asked for, so an empty tree proves
        the plan to that gap and no further; with a gap of 0 the plan is its own bound.
        """
        return best - self.gap * HAIR * abs(best)


def _number(text: str | None) -> float | None:
    value = _ABSENT if text is None else float(text)
    return value if abs(value) < _ABSENT else None


def cbc_path() -> Path:
    """Return the CBC to run: PuLP's own, or else the one on the path.

    Raises
    ------
    SolverBreakdownError
        If there is none.
    """
    bundled = Path(str(pulp.PULP_CBC_CMD.pulp_cbc_path))
    if os.access(bundled, os.X_OK) and bundled.is_file():
        return bundled.resolve()
    found = shutil.which("cbc")
    if found is None:
        raise SolverBreakdownError(
            f"no CBC: PuLP's {bundled} cannot be run and there is no cbc on the path; "
            "reinstall pulp, or choose --solver highs"
        )
    return Path(found).resolve()


class CbcRunner(Runner):
    """CBC on one program."""

    title = "CBC"

    def __init__(self, matrix: ProgramMatrix, options: SolveOptions, folder: Path) -> None:
        super().__init__(matrix, options, folder)
        self._program = Path()
        self._log = CbcLog(options.gap)
        self._preprocessed = False
        start = options.start
        self._begins_from_plan = bool(start) and matrix.point(start or {}) is not None
        self._time_limit_s: float | None = None

    @property
    def stop_grace_s(self) -> float:
        """Return how long CBC may take to stop."""
        return _GRACE_S if self._log.best is None else _GRACE_WITH_PLAN_S

    def write(self) -> None:
        """Write the program as MPS, and where to begin in the layout of CBC's own solutions."""
        self._program = cbc_path()
        write_mps(self._matrix, self._folder / _MODEL)
        start = self._options.start
        if start:
            with (self._folder / _START).open("w", encoding="ascii") as file:
                file.write("Stopped on time - objective value 0\n")
                for j, name in enumerate(self._matrix.names):
                    if name in start:
                        file.write(f"{j} c{j} {float(start[name])!r} 0\n")

    def _command(self, time_limit_s: float | None) -> list[str]:
        self._time_limit_s = time_limit_s
        # CBC's gap is relative to the larger of plan and bound, ours to the plan: where the bound
        # is the larger, gap / (1 + gap) of it is gap of the plan.
        gap = self._options.gap / (1.0 + self._options.gap) * HAIR
        # A seed of 0 would mean the time of day.
        seed = str(self._options.seed % 2_147_483_646 + 1)
        command = [str(self._program), _MODEL, "-timeMode", "elapsed", "-ratioGap", repr(gap)]
        # CBC's own preprocessing probes each binary ten times over and finds nothing that the
        # clique rows do not say already: without it five variants of the national program took
        # 0.6 to 1.1 times as long, and a run that begins from a good plan 0.2 to 0.8 times.
        if not self._preprocessed:
            # CBC 2.10.3's flow covers then cut off plans: of a program of 194 rows it called a
            # plan of 2.667 the best where 1.586 is, and 1.586 with them off or with preprocessing.
            command += ["-preprocess", "off", "-flowCoverCuts", "off"]
        command += ["-increment", repr(_INCREMENT), "-randomSeed", seed, "-randomCbcSeed", seed]
        if time_limit_s is not None:
            command += ["-sec", f"{time_limit_s:.3f}"]
        if self._options.threads is not None and self._options.threads > 1:
            # Above 100 CBC runs its threads in a fixed order, so that a run can be repeated.
            command += ["-threads", str(100 + min(self._options.threads, 99))]
        if self._options.start:
            command += ["-mipStart", _START]
        if self._begins_from_plan:
            # Then the search betters it in passing: what CBC tries besides took 0.2 to 0.5 of it.
            command += ["-heuristicsOnOff", "off"]
        return [*command, "-solve", "-solution", _STATUS, "-saveSolution", _VALUES, "-quit"]

    def _read(self, line: str) -> None:
        log = self._log
        log.read(line)
        self.state, self.version, self.node_count = log.state, log.version, log.node_count

    def poll(self, timeout_s: float) -> bool:
        """Read the log; return whether CBC still runs."""
        running = super().poll(timeout_s)
        if not running and self._fell_over():
            self._preprocessed = True
            self._log = CbcLog(self._options.gap)
            self.start(self._time_limit_s)
            return True
        return running

    def _fell_over(self) -> bool:
        """Return whether CBC crashed where, unprepared, it finds that the bounds allow nothing.

        CBC 2.10.3 then reads past an end; with its preprocessing it says "infeasible" instead. It
        happens right after the relaxation, so that no time is lost.
        """
        exit_code = self._running().exit_code
        crashed = exit_code is not None and exit_code < 0
        return crashed and self._log.no_room and not self._preprocessed and not self._asked_to_stop

    def _answer(self, exit_code: int | None) -> RawAnswer | None:
        path = self._folder / _STATUS
        if exit_code != 0 or not path.exists():
            return None
        with path.open(encoding="ascii", errors="replace") as file:
            status = file.readline().partition(" - objective value")[0].strip()
        claim, log = _claim(status), self._log
        if claim is None:
            raise self._breakdown(f"wrote the unknown status {status!r}")
        if claim in {"infeasible", "unbounded"}:
            return RawAnswer(claim, None, None, log.version, log.node_count)
        whole = bool(self._matrix.integer.any())
        values = None if "no integer solution" in status else self._values()
        if claim == "stopped" and not whole:
            values = None  # a simplex point on its way, of which nothing is promised
        bound = log.bound
        stopped = log.partial_search or log.stopped_on_gap
        if status == "Optimal" and values is not None and not stopped:
            # Without "(within gap tolerance)": nothing was left to search. A search that CBC
            # restarted, and that stopped on the gap, loses those words. The gap is for whole
            # numbers: a linear program's optimum is its own bound.
            least = self._matrix.objective(values)
            proven = log.proven_by(least) if whole else least
            bound = proven if bound is None else max(bound, proven)
        return RawAnswer(claim, values, bound, log.version, log.node_count)

    def _values(self) -> NDArray[np.float64]:
        """Read the binary solution: the text one has eight digits."""
        rows, columns = self._matrix.row_lower.size, len(self._matrix.names) + 1
        content = (self._folder / _VALUES).read_bytes()
        if len(content) != 16 + 16 * (rows + columns):
            raise self._breakdown(f"wrote a solution of {len(content)} bytes for another program")
        numbers = np.frombuffer(content, dtype=np.float64, offset=16)
        return numbers[2 * rows : 2 * rows + columns - 1].copy()


def _claim(status: str) -> Claim | None:
    if status in {"Infeasible", "Integer infeasible"}:
        return "infeasible"
    if status == "Unbounded":
        return "unbounded"
    if status.startswith("Optimal"):
        return "solved"
    return "stopped" if status.startswith("Stopped on") else None


def write_mps(matrix: ProgramMatrix, path: Path) -> None:
    """Write the program, minimised; its constant becomes a last column fixed at 1.

    CBC handles a constant in the objective row in ways that differ between its parts. A fixed
    column keeps the constant inside every objective it prints and inside its own gap.
    """
    with path.open("w", encoding="ascii") as file:
        file.write("NAME dcsite FREE\nROWS\n N  obj\n")
        file.writelines(_row_lines(matrix))
        file.write("COLUMNS\n")
        file.writelines(_column_lines(matrix))
        file.write("RHS\n")
        file.writelines(_right_lines(matrix))
        file.write("BOUNDS\n")
        file.writelines(_bound_lines(matrix))
        file.write("ENDATA\n")


def _row_lines(matrix: ProgramMatrix) -> Iterator[str]:
    equal = matrix.row_lower == matrix.row_upper
    kinds = np.where(equal, "E", np.where(np.isinf(matrix.row_lower), "L", "G"))
    return (f" {kind}  r{i}\n" for i, kind in enumerate(kinds.tolist()))


def _column_lines(matrix: ProgramMatrix) -> Iterator[str]:
    row = np.repeat(np.arange(matrix.row_lower.size), np.diff(matrix.start))
    order = np.argsort(matrix.column, kind="stable")
    rows, values = row[order].tolist(), matrix.coefficient[order].tolist()
    ends = np.searchsorted(matrix.column[order], np.arange(len(matrix.names) + 1)).tolist()
    costs = matrix.cost.tolist()
    inside = False
    for j, whole in enumerate(matrix.integer.tolist()):
        if whole != inside:
            yield _marker(whole)
            inside = whole
        # Even a zero cost is written: a column must be named here to exist.
        yield f"    c{j}  obj  {costs[j]!r}\n"
        for k in range(ends[j], ends[j + 1]):
            yield f"    c{j}  r{rows[k]}  {values[k]!r}\n"
    if inside:
        yield _marker(begins=False)
    yield f"    offset  obj  {float(matrix.offset)!r}\n"


def _marker(begins: bool) -> str:
    return f"    MARK  'MARKER'  '{'INTORG' if begins else 'INTEND'}'\n"


def _right_lines(matrix: ProgramMatrix) -> Iterator[str]:
    right = np.where(np.isinf(matrix.row_lower), matrix.row_upper, matrix.row_lower)
    return (f"    RHS  r{i}  {value!r}\n" for i, value in enumerate(right.tolist()) if value != 0.0)


def _bound_lines(matrix: ProgramMatrix) -> Iterator[str]:
    """Write every bound: what a reader assumes of one left out differs from reader to reader."""
    bounds = zip(matrix.lower.tolist(), matrix.upper.tolist(), strict=True)
    for j, (low, up) in enumerate(bounds):
        if low == up:
            yield f" FX BND  c{j}  {low!r}\n"
            continue
        if np.isneginf(low) and np.isposinf(up):
            yield f" FR BND  c{j}\n"
            continue
        if np.isneginf(low):
            yield f" MI BND  c{j}\n"
        yield f" PL BND  c{j}\n" if np.isposinf(up) else f" UP BND  c{j}  {up!r}\n"
        # After UP, because some readers take a negative UP to free the lower bound.
        if not np.isneginf(low):
            yield f" LO BND  c{j}  {low!r}\n"
    yield " FX BND  offset  1\n"
