"""Signals to a real process that solves: what it says, and that nothing outlives it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pulp
import pytest

from dcsite.interrupts import Interrupts
from dcsite.solvers import Progress, SolveOptions, solve

SCRIPT = """
import json, sys
from dcsite.solvers import SolveOptions, solve

def listen(progress):
    print(json.dumps({"stage": progress.stage, "best": progress.best}), flush=True)

outcome = solve(packing(300, 3000), SolveOptions(solver=sys.argv[1]), listen)
problem = packing(300, 3000)
worth = None
if outcome.values is not None:
    worth = sum(c * outcome.values[v.name] for v, c in problem.objective.items())
print(json.dumps({
    "status": outcome.status, "objective": outcome.objective, "bound": outcome.bound,
    "interrupted": outcome.interrupted, "worth": worth,
}), flush=True)
"""

PATIENCE_S = 60.0


@pytest.fixture
def solving(
    solver: str, packing_source: str, tmp_path: Path, child_pids: Callable[[int], set[int]]
) -> Iterator[tuple[subprocess.Popen[str], set[int]]]:
    """Yield a process that has found a first plan of a hard program, and its solver's pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", packing_source + SCRIPT, solver],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if (json.loads(line)["best"] or 0.0) > 0.5:
            break
    children = child_pids(process.pid)
    try:
        yield process, children
    finally:
        process.kill()
        process.communicate()
        for child in children:  # none is left unless the test fails
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def gone(pids: set[int], alive: Callable[[int], bool]) -> bool:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_keeps_the_best_plan(
    solving: tuple[subprocess.Popen[str], set[int]],
    solver: str,
    tmp_path: Path,
    alive: Callable[[int], bool],
) -> None:
    process, children = solving
    assert len(children) == 1
    assert {os.getsid(child) for child in children}.isdisjoint({os.getsid(process.pid)})
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    told, complaints = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaints) == (0, "")
    *seen, answer = [json.loads(line) for line in told.splitlines()]
    assert answer["status"] == "interrupted"
    assert answer["interrupted"]
    assert answer["bound"] > answer["objective"] > 0.5
    assert answer["worth"] == pytest.approx(answer["objective"], abs=1e-6)
    bests = [record["best"] for record in seen if record["best"] is not None]
    assert all(answer["objective"] >= best - 1e-6 for best in bests)
    assert gone(children, alive)
    assert list(tmp_path.iterdir()) == []


def test_second_ctrl_c_ends_at_once(
    solving: tuple[subprocess.Popen[str], set[int]],
    solver: str,
    tmp_path: Path,
    alive: Callable[[int], bool],
) -> None:
    process, children = solving
    for child in children:
        os.kill(child, signal.SIGSTOP)  # a solver that does not listen
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=PATIENCE_S)
    answer = json.loads(told.splitlines()[-1])
    assert answer["status"] == "interrupted"
    # HiGHS saves each plan as it comes; CBC can only be asked, and was not able to answer.
    assert (answer["objective"] is None) == (solver == "cbc")
    assert gone(children, alive)
    assert list(tmp_path.iterdir()) == []


def test_sigterm_takes_the_solver_along(
    solving: tuple[subprocess.Popen[str], set[int]], tmp_path: Path, alive: Callable[[int], bool]
) -> None:
    process, children = solving
    process.terminate()
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + signal.SIGTERM
    assert gone(children, alive)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_sigkill_takes_the_solver_along(
    solving: tuple[subprocess.Popen[str], set[int]], alive: Callable[[int], bool]
) -> None:
    process, children = solving
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    assert gone(children, alive)


def test_ctrl_c_before_the_solver_has_started(solver: str, knapsack: pulp.LpProblem) -> None:
    def press(progress: Progress) -> None:
        if progress.stage == "export":
            signal.raise_signal(signal.SIGINT)

    outcome = solve(knapsack, SolveOptions(solver=solver), press)
    assert (outcome.status, outcome.values, outcome.interrupted) == ("interrupted", None, True)
    assert outcome.solver_version == "not started"


def test_handlers_are_put_back() -> None:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in watched]
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(signal.SIGTERM)
    assert interrupts.count == 2
    assert caught.value.code == 143
    assert [signal.getsignal(number) for number in watched] == before


def test_a_command_counts_from_where_there_is_something_to_lose() -> None:
    with Interrupts(patience=1, hold=False) as interrupts:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        interrupts.hold()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert interrupts.count == 2


def test_a_hosts_own_handler_keeps_its_say() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
    assert interrupts.count == 0


@pytest.mark.parametrize(("ends", "said"), [("os.kill(os.getpid(), 2)", ""), ("1 / 0", "ZeroDiv")])
def test_only_ctrl_c_that_is_raised_anew_is_left_untold(ends, said):
    """Python tells what is raised where nothing can catch it, as in a callback of compiled code."""
    code = f"""
import os
from dcsite.interrupts import heed_signals, raise_swallowed

class Dropped:
    def __del__(self):
        {ends}

heed_signals()
Dropped()
try:
    raise_swallowed()
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ("went on\n" if said else "interrupted\n")
    assert (said in run.stderr) if said else run.stderr == ""
