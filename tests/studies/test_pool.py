"""Many solves at once: order, stops, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from dcsite.studies.pool import SolvePool

SCRIPT = """
import os, shutil, sys, time
from pathlib import Path
from dcsite.solvers.runner import Child
from dcsite.studies.pool import run_in_workers

def begin(folder):
    Path(folder, f"worker-{os.getpid()}").touch()

def work(folder, solves):
    if solves:
        child = Child([shutil.which("sleep"), "600"], Path(folder))
        Path(folder, f"solver-{child.pid}").touch()
        time.sleep(600)
    return os.getpid()

if __name__ == "__main__":
    folder = sys.argv[1]
    run_in_workers(
        work, [(folder, False), (folder, True)], lambda number, found: None,
        workers=2, begin=begin, begin_with=(folder,),
    )
"""


def test_results_come_in_the_callers_thread_and_all_keeps_the_order():
    threads = set()
    pool = SolvePool(["a", "b"])
    seen = []

    def task(number):
        def work(program):
            threads.add(threading.current_thread())
            time.sleep(0.02 * (5 - number))
            return program, number

        return work

    pool.run([task(n) for n in range(5)], lambda n, r: seen.append((n, r, threading.get_ident())))
    assert sorted(n for n, _, _ in seen) == list(range(5))
    assert {here for _, _, here in seen} == {threading.get_ident()}
    assert threading.current_thread() not in threads
    assert [number for _, number in pool.all([task(n) for n in range(5)])] == list(range(5))


def test_a_program_serves_one_task_at_a_time_and_tasks_are_asked_for_when_one_is_free():
    busy = {"a": threading.Lock(), "b": threading.Lock()}
    asked, ended = [], []

    def tasks():
        for number in range(6):
            assert number - len(ended) < 2, "a task was asked for while no program was free"
            asked.append(number)
            yield work

    def work(program):
        assert busy[program].acquire(blocking=False)
        time.sleep(0.01)
        busy[program].release()

    SolvePool(list(busy)).run(tasks(), lambda number, _: ended.append(number))
    assert asked == sorted(ended) == list(range(6))


@pytest.mark.parametrize("by", ["task", "caller", "halted"])
def test_a_stop_halts_the_tasks_that_still_run(by):
    pool = SolvePool([0, 1])
    stopped = threading.Event()

    def endless(_):
        deadline = time.monotonic() + 20.0
        while not pool.halted() and time.monotonic() < deadline:
            time.sleep(0.01)
        if pool.halted():
            stopped.set()

    def first(_):
        if by == "task":
            raise ValueError("a fault")

    def on_result(number, _):
        if by == "caller":
            raise ValueError("a fault")

    error = KeyboardInterrupt if by == "halted" else ValueError
    with pytest.raises(error):
        pool.run([first, endless], on_result, (lambda: True) if by == "halted" else None)
    assert stopped.is_set()
    assert pool.all([lambda program: not pool.halted()]) == [True]  # it can be used again


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # a zombie that nobody has waited for is gone too
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the solver's tie to its parent is Linux's")
def test_workers_and_solvers_end_when_the_parent_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    folder = tmp_path / "pids"
    folder.mkdir()

    def pids():
        return [int(path.name.split("-")[1]) for path in folder.iterdir()]

    parent = subprocess.Popen([sys.executable, str(script), str(folder)])
    try:
        deadline = time.monotonic() + 60.0
        while len(pids()) < 3 and time.monotonic() < deadline:
            assert parent.poll() is None
            time.sleep(0.1)
        found = pids()
        assert len(found) == 3  # two workers, one of which waits for work, and a solver
        assert all(map(alive, found))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 10.0
    while any(map(alive, found)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in found if alive(pid)]
