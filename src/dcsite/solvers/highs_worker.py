"""HiGHS in a process of its own: reads arrays, tells JSON lines, saves every better plan.

Run as ``python -P highs_worker.py FOLDER``, by path and importing nothing of dcsite, so that it
starts in a tenth of a second. SIGINT asks it to stop; a kill loses nothing but the last moment,
because each improving plan is in `BEST` before HiGHS goes on.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

MODEL: Final = "model.npz"
OPTIONS: Final = "options.json"
START: Final = "start.npz"
BEST: Final = "best.npy"
SOLUTION: Final = "solution.npy"
ANSWER: Final = "answer.json"
LOG: Final = "highs.log"

#: Progress is told at most this often unless the best plan changes: as often as anyone can read.
_TELL_EVERY_S = 0.2


def highs_program(arrays: dict[str, Any], *, relaxed: bool = False) -> Any:
    """Return a program that is given as arrays; `relaxed` without its whole numbers."""
    import highspy

    kinds = highspy.HighsVarType
    program = highspy.HighsLp()
    for name in ("cost", "lower", "upper"):
        setattr(program, f"col_{name}_", arrays[name])
    program.row_lower_ = arrays["row_lower"]
    program.row_upper_ = arrays["row_upper"]
    program.offset_ = float(arrays["offset"])
    program.sense_ = highspy.ObjSense.kMinimize
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.num_col_ = program.a_matrix_.num_col_ = arrays["cost"].size
    program.num_row_ = program.a_matrix_.num_row_ = arrays["row_lower"].size
    program.a_matrix_.start_ = arrays["start"]
    program.a_matrix_.index_ = arrays["column"]
    program.a_matrix_.value_ = arrays["coefficient"]
    if arrays["integer"].any() and not relaxed:
        whole = arrays["integer"].tolist()
        program.integrality_ = [kinds.kInteger if w else kinds.kContinuous for w in whole]
    return program


class _Worker:
    def __init__(self, folder: Path) -> None:
        import highspy

        self.highspy = highspy
        self.folder = folder
        self.stopping = threading.Event()
        self.told = 0.0
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]

    def load(self, options: dict[str, Any]) -> None:
        # The log goes to a file: HiGHS calls back for progress only where it writes one.
        for key, value in {"log_to_console": False, "log_file": LOG, **options}.items():
            if self.highs.setOptionValue(key, value) != self.highspy.HighsStatus.kOk:
                raise ValueError(f"HiGHS refuses option {key} = {value!r}")
        with np.load(self.folder / MODEL) as arrays:
            program = highs_program(dict(arrays))
        if self.highs.passModel(program) == self.highspy.HighsStatus.kError:
            raise ValueError("HiGHS refuses the program")
        if (self.folder / START).exists():
            # A hint: one that cannot be completed to a plan does no harm.
            with np.load(self.folder / START) as start:
                self.highs.setSolution(start["index"].size, start["index"], start["value"])

    def run(self) -> None:
        self.highs.cbMipImprovingSolution += self._on_better
        for moment in (
            self.highs.cbMipInterrupt,
            self.highs.cbMipLogging,
            self.highs.cbSimplexInterrupt,
            self.highs.cbIpmInterrupt,
        ):
            moment += self._on_moment  # noqa: PLW2901 - highspy subscribes by +=
        # In a thread, because HiGHS may call back from any of its own: this one stays free to
        # take the signal.
        thread = threading.Thread(target=self.highs.run, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.1)

    def _on_better(self, event: Any) -> None:
        values = np.asarray(event.data_out.mip_solution, dtype=float)
        if values.size:
            _save(self.folder / BEST, values)
        self._tell(event.data_out, best=float(event.data_out.objective_function_value))

    def _on_moment(self, event: Any) -> None:
        if self.stopping.is_set():
            event.interrupt()
        # Only a mixed-integer run has a bound to tell.
        kinds = self.highspy.cb.HighsCallbackType
        about_mip = {int(kinds.kCallbackMipInterrupt), int(kinds.kCallbackMipLogging)}
        if time.monotonic() - self.told > _TELL_EVERY_S and int(event.callback_type) in about_mip:
            self._tell(event.data_out, best=float(event.data_out.mip_primal_bound))

    def _tell(self, data: Any, best: float) -> None:
        self.told = time.monotonic()
        _say({"best": _finite(best), "bound": _finite(float(data.mip_dual_bound))})

    def answer(self) -> dict[str, Any]:
        highspy = self.highspy
        status = self.highs.getModelStatus()
        kinds = highspy.HighsModelStatus
        claims = {
            kinds.kOptimal: "solved",
            kinds.kInfeasible: "infeasible",
            kinds.kUnbounded: "unbounded",
            kinds.kUnboundedOrInfeasible: "unbounded",
            kinds.kTimeLimit: "stopped",
            kinds.kInterrupt: "stopped",
            kinds.kIterationLimit: "stopped",
            kinds.kSolutionLimit: "stopped",
        }
        claim = claims.get(status)
        if claim is None:
            raise ValueError(f"HiGHS ended with status {self.highs.modelStatusToString(status)}")
        info = self.highs.getInfo()
        whole = bool(len(self.highs.getLp().integrality_))
        # A linear program has no branching bound; once solved, its dual objective is its value.
        bound = info.mip_dual_bound if whole else info.objective_function_value
        feasible = int(info.primal_solution_status) == int(
            highspy.SolutionStatus.kSolutionStatusFeasible
        )
        if feasible and claim in {"solved", "stopped"}:
            values = np.asarray(self.highs.getSolution().col_value, dtype=float)
            _save(self.folder / SOLUTION, values)
        return {
            "claim": claim,
            "bound": _finite(bound) if whole or claim == "solved" else None,
            "node_count": max(0, int(info.mip_node_count)) if whole else 0,
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) and abs(value) < 1e20 else None


def _save(path: Path, values: Any) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, values)
    part.replace(path)


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Solve what lies in the folder named on the command line."""
    folder = Path(sys.argv[1])
    worker = _Worker(folder)
    signal.signal(signal.SIGINT, lambda *_: worker.stopping.set())
    _say({"version": worker.highs.version()})
    worker.load(json.loads((folder / OPTIONS).read_text(encoding="utf-8")))
    worker.run()
    part = folder / f"{ANSWER}.part"
    part.write_text(json.dumps(worker.answer()), encoding="utf-8")
    part.replace(folder / ANSWER)


if __name__ == "__main__":
    main()
