"""HiGHS: hand over arrays, follow its JSON lines, read its answer or its last saved plan."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import highs_worker as worker
from .runner import RawAnswer, Runner, RunnerState

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORKER = Path(__file__).with_name("highs_worker.py")

#: HiGHS measures the gap as we do, ``|bound - objective| / |objective|`` with the constant; a hair
#: less is asked so that rounding of whole numbers cannot leave the gap a hair above.
_HAIR = 1.0 - 1e-6


class HighsRunner(Runner):
    """HiGHS on one program."""

    title = "HiGHS"
    #: Short: what HiGHS has found is saved, a kill loses no plan.
    stop_grace_s = 5.0

    def write(self) -> None:
        """Write the program as arrays."""
        matrix = self._matrix
        np.savez(self._folder / worker.MODEL, **matrix.arrays())
        if self._options.start:
            start = self._options.start
            known = [(j, start[name]) for j, name in enumerate(matrix.names) if name in start]
            np.savez(
                self._folder / worker.START,
                index=np.array([j for j, _ in known], dtype=np.int32),
                value=np.array([value for _, value in known], dtype=float),
            )

    def _command(self, time_limit_s: float | None) -> list[str]:
        wanted: dict[str, Any] = {
            "mip_rel_gap": self._options.gap * _HAIR,
            "mip_abs_gap": 0.0,
            "random_seed": self._options.seed,
        }
        start = self._options.start
        if start and self._matrix.point(start) is not None:
            # What is left is the proof, which neither helps.
            wanted |= {"presolve": "off", "mip_heuristic_effort": 0.0}
        if self._options.threads is not None:
            wanted["threads"] = self._options.threads
        if time_limit_s is not None:
            wanted["time_limit"] = time_limit_s
        (self._folder / worker.OPTIONS).write_text(json.dumps(wanted), encoding="utf-8")
        return [sys.executable, "-P", str(_WORKER), str(self._folder)]

    def _read(self, line: str) -> None:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            return  # what HiGHS or Python print besides; kept for the case of a crash
        if isinstance(record, dict):
            self.version = str(record.get("version", self.version))
            if "bound" in record:
                self.state = RunnerState("branch and bound", record["best"], record["bound"])

    def _answer(self, _: int | None) -> RawAnswer | None:
        path = self._folder / worker.ANSWER
        if not path.exists():
            return None
        # Written last and at once: how the interpreter ended is no matter.
        answer = json.loads(path.read_text(encoding="utf-8"))
        values = self._load(worker.SOLUTION)
        if values is None and answer["claim"] == "stopped":
            values = self._rescued()
        return RawAnswer(
            answer["claim"], values, answer["bound"], self.version, answer["node_count"]
        )

    def _rescued(self) -> NDArray[np.float64] | None:
        return self._load(worker.BEST)

    def _load(self, name: str) -> NDArray[np.float64] | None:
        path = self._folder / name
        if not path.exists():
            return None
        values: NDArray[np.float64] = np.load(path)
        return values

    def _last_words(self) -> str:
        path = self._folder / worker.LOG
        said = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        end = " | ".join(line.strip() for line in said.splitlines()[-10:] if line.strip())
        return f"{super()._last_words()}; its log: {end or 'empty'}"
