"""Measure in a fresh process: its imports, caches and peak memory are its own."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_type_hints

import dcsite.errors
from dcsite.errors import BenchError, DcsiteError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from .task import Asked, Row

    AskedT = TypeVar("AskedT", bound=Asked)
    RowT = TypeVar("RowT", bound=Row)

__all__ = ["BrokenRunError", "LateRunError", "measure_fresh", "peak_mb", "seconds_since_spawn"]

#: Environment variable with the moment a child process was started, in seconds since 1970.
_SPAWNED = "DCSITE_BENCH_SPAWNED"


#: Seconds a child has to end by itself.
_ASKED_S = 2.0


class BrokenRunError(BenchError):
    """A child process ended without an answer."""

    exit_code: ClassVar[int] = 1


class LateRunError(BenchError):
    """A child process did not end in the time given, and was ended."""


def seconds_since_spawn() -> float:
    """Return the seconds since the parent started this process: the interpreter and imports."""
    return time.time() - float(os.environ.get(_SPAWNED, time.time()))


def peak_mb() -> float:
    """Return the peak memory of the larger of this process and any that it waited for, in MB."""
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:  # not Linux
        return max(peak_kb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024.0
    # Not getrusage: a process that is started by a larger one begins with that one's peak.
    own_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return max(peak_kb, int(own_kb)) / 1024.0


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of all that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure_fresh(
    measure: Callable[[AskedT], RowT], asked: AskedT, limit_s: float | None = None
) -> RowT:
    """Call a function of a module in a fresh child process.

    Parameters
    ----------
    measure : callable
        Module-level function with annotated argument and result.
    asked : Asked
        Its argument.
    limit_s : float, optional
        Seconds after which the child and all it started are ended.

    Returns
    -------
    Row
        What the function returned, with the child's peak memory.

    Raises
    ------
    DcsiteError
        What the function raised, of the same kind.
    BrokenRunError
        If the child ended in any other way.
    LateRunError
        If the limit passed.
    """
    with tempfile.TemporaryDirectory(prefix="dcsite-bench-") as folder:
        path = Path(folder) / "answer.json"
        words = [
            sys.executable, "-m", __name__, measure.__module__, measure.__qualname__, str(path),
        ]  # fmt: skip
        # A session of its own: Ctrl-C is for this process, which then ends the child.
        with subprocess.Popen(  # noqa: S603 - our own interpreter and module
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, _SPAWNED: repr(time.time())},
        ) as child:
            try:
                _, said = child.communicate(asked.model_dump_json(), timeout=limit_s)
            except subprocess.TimeoutExpired:
                raise LateRunError(
                    Problem("bench", "", f"took more than {limit_s:g} s and was ended")
                ) from None
            finally:
                _end(child)
        answer = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if answer is None:
        lines = said.strip().splitlines() or ["no message"]
        raise BrokenRunError(
            Problem("bench", "", f"a run ended with exit code {child.returncode}: {lines[-1]}")
        )
    if "error" in answer:
        kind: type[DcsiteError] = getattr(dcsite.errors, answer["error"], BenchError)
        raise kind([Problem(**problem) for problem in answer["problems"]])
    found: RowT = get_type_hints(measure)["return"].model_validate(answer)
    return found


def _end(child: subprocess.Popen[str]) -> None:
    """End a child that still runs, and all it started.

    It is asked first, so that it can end children of its own; solvers die with it in any case.
    """
    if child.poll() is not None:
        return
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_ASKED_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _answer(module: str, name: str, text: str) -> dict[str, Any]:
    measure = getattr(importlib.import_module(module), name)
    hints = get_type_hints(measure)
    kind = next(hint for key, hint in hints.items() if key != "return")
    try:
        row: Row = measure(kind.model_validate_json(text))
    except DcsiteError as error:
        problems = [
            {"where": each.where, "field": each.field, "message": each.message}
            for each in error.problems
        ]
        return {"error": type(error).__name__, "problems": problems}
    cost = {"peak_mb": peak_mb(), "cpu_s": _cpu_s()}
    found: dict[str, Any] = row.model_copy(update=cost).model_dump(mode="json")
    return found


def main() -> None:
    """Answer what the parent asks on stdin into the file named last on the command line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    module, name, path = sys.argv[1:]
    answer = json.dumps(_answer(module, name, sys.stdin.read()))
    part = Path(f"{path}.part")
    part.write_text(answer, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main()
