"""A whole default run by phase, for each solver: every run a fresh process, as a user starts it.

Seconds are of CPU, solvers included: the clock would tell what else the machine does too.

``DCSITE_BENCH_SCENARIO`` names another scenario than ``policy-2023``, ``DCSITE_BENCH_RUNS`` another
number of runs than two.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PHASES = ("start", "read", "measure", "precheck", "build", "solve", "check", "write")
SCENARIO = os.environ.get("DCSITE_BENCH_SCENARIO", "policy-2023")
RUNS = int(os.environ.get("DCSITE_BENCH_RUNS", "2"))


@pytest.mark.parametrize("solver", ["cbc", "highs"])
def test_phases_of_a_run(solver, benchmark, row):
    runs = []

    def run() -> None:
        words = [sys.executable, __file__, SCENARIO, solver]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
        runs.append(json.loads(done.stdout))

    benchmark.pedantic(run, rounds=RUNS, iterations=1)
    benchmark.extra_info["runs"] = runs
    units = {**dict.fromkeys(PHASES, "s"), "peak": "MB"}
    median = [
        f"{statistics.median(run[name] for run in runs):.{2 if unit == 's' else 0}f}"
        for name, unit in units.items()
    ]
    whole = statistics.median(sum(run[phase] for phase in PHASES) for run in runs)
    row(
        f"{SCENARIO}: medians of {RUNS} runs",
        ("solver", *(f"{name} {unit}" for name, unit in units.items()), "whole s", "gap"),
        (solver, *median, f"{whole:.2f}", f"{max(run['gap'] for run in runs):.6f}"),
    )
    # One answer for one input, whoever proved it, as far as the gap says.
    assert all(run["status"] == "optimal" for run in runs)
    assert len({run["objective"] for run in runs}) == 1


def peak_mb() -> float:
    """Return the peak memory of the larger of this process and any that it waited for, in MB."""
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # Not getrusage: a process that is started by a larger one begins with that one's peak.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    own_kb = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return max(peak_kb, int(own_kb)) / 1024.0


def cpu_s() -> float:
    """Return the CPU seconds of this process and of those it waited for."""
    spent = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def measure(scenario_name: str, solver: str) -> dict[str, object]:
    """Run a scenario in this process and time its phases."""
    from dcsite.outputs import write_outputs
    from dcsite.plan import Session
    from dcsite.solvers import SolveOptions

    seconds = {"start": cpu_s(), **dict.fromkeys(PHASES[1:], 0.0)}
    now = ["read", cpu_s()]

    def turn(name: str) -> None:
        ended = cpu_s()
        seconds[now[0]] += ended - now[1]
        now[:] = [name, ended]

    with tempfile.TemporaryDirectory() as folder:
        session = Session.open(scenario_name, options=SolveOptions(solver=solver))
        run = session.solve(on_stage=turn)
        turn("write")
        write_outputs(run.plan, run.candidates, session.atlas, Path(folder) / "plan")
        turn("end")
    plan = run.plan
    answer = {"status": plan.status, "objective": plan.objective, "gap": plan.gap}
    return {**seconds, **answer, "peak": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2])))
