"""CBC that is missing, crashes, or writes nonsense."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pulp
import pytest

from dcsite.errors import SolverError
from dcsite.solvers import SolveOptions, cbc, solve
from dcsite.solvers.cbc import HAIR, CbcRunner
from dcsite.solvers.matrix import ProgramMatrix


@pytest.fixture
def fake_cbc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a maker of a shell script that stands in for PuLP's CBC."""

    def make(script: str) -> Path:
        path = tmp_path / "cbc"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", str(path))
        return path

    return make


def test_missing_binary(
    knapsack: pulp.LpProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    monkeypatch.setattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", str(tmp_path / "nowhere" / "cbc"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SolverError, match=r"solver: cbc: no CBC: PuLP's .*nowhere/cbc cannot be"):
        solve(knapsack, SolveOptions(solver="cbc"))
    assert list(scratch.iterdir()) == []


def test_cbc_on_the_path_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_cbc: Callable[[str], Path]
) -> None:
    path = fake_cbc("true")
    monkeypatch.setattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(path.parent))
    assert cbc.cbc_path() == path.resolve()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'no licence for you'; exit 7", "ended with exit code 7; .*no licence for you"),
        ("kill -SEGV $$", "ended with exit code -11; .*it wrote nothing"),
        ("echo 'Version: 9.9'; exit 0", "CBC 9.9 ended with exit code 0"),
        ("echo 'Perhaps - objective value 3' > solution.txt", "unknown status 'Perhaps'"),
        (
            "echo 'Optimal - objective value 3' > solution.txt; echo short > solution.bin",
            "a solution of 6 bytes for another program",
        ),
    ],
)
def test_breakdowns_say_what_happened(
    knapsack: pulp.LpProblem, fake_cbc: Callable[[str], Path], script: str, message: str
) -> None:
    fake_cbc(script)
    with pytest.raises(SolverError, match=message):
        solve(knapsack, SolveOptions(solver="cbc"))


def test_a_plan_that_breaks_the_program_is_refused(
    knapsack: pulp.LpProblem, fake_cbc: Callable[[str], Path]
) -> None:
    """All three items (binary: rows 1, columns 3 and the constant) weigh 12 in a room of 7."""
    fake_cbc(
        "echo 'Optimal - objective value -21' > solution.txt; "
        'python3 -c "import struct,sys; sys.stdout.buffer.write('
        "struct.pack('<iid10d', 1, 4, -21, 12, 0, 1, 1, 1, 1, 0, 0, 0, 0))\" > solution.bin"
    )
    with pytest.raises(SolverError, match="breaks the program: row room is violated by 1 of"):
        solve(knapsack, SolveOptions(solver="cbc"))


def test_a_restarted_search_that_stopped_on_the_gap_proves_no_more_than_that(
    knapsack: pulp.LpProblem, fake_cbc: Callable[[str], Path]
) -> None:
    """CBC then says "Optimal" without "(within gap tolerance)", though 11 is better than 10."""
    fake_cbc(
        "echo 'Cbc0044I Reduced cost fixing - 1 rows, 3 columns - restarting search'; "
        "echo 'Cbc0012I Integer solution of -10 found by DiveCoefficient after 0 iterations'; "
        "echo 'Cbc0011I Exiting as integer gap of 2 less than 1e-06 or 20%'; "
        "echo 'Cbc0001I Search completed - best objective -10, took 1 iterations and 2 nodes'; "
        "echo 'Cbc0012I Integer solution of -10 found by Reduced search after 1 iterations'; "
        "echo 'Cbc0001I Search completed - best objective -10, took 1 iterations and 2 nodes'; "
        "echo 'Optimal - objective value -10' > solution.txt; "
        'python3 -c "import struct,sys; sys.stdout.buffer.write('
        "struct.pack('<iid10d', 1, 4, -10, 5, 0, 1, 0, 0, 1, 0, 0, 0, 0))\" > solution.bin"
    )
    outcome = solve(knapsack, SolveOptions(solver="cbc", gap=0.2))
    assert outcome.objective == 10.0
    assert outcome.bound == pytest.approx(12.0, rel=3e-7)
    assert outcome.gap == pytest.approx(0.2, rel=3e-6)


@pytest.mark.parametrize(("seed", "told"), [(0, "1"), (5, "6"), (2_147_483_647, "2")])
def test_no_seed_becomes_the_time_of_day(
    knapsack: pulp.LpProblem, tmp_path: Path, seed: int, told: str
) -> None:
    matrix = ProgramMatrix.from_problem(knapsack)
    runner = CbcRunner(matrix, SolveOptions(seed=seed, gap=0.25, threads=4), tmp_path)
    _, *arguments = runner._command(2.5)
    options = dict(zip(arguments[1:-1:2], arguments[2::2], strict=False))
    assert options["-randomSeed"] == options["-randomCbcSeed"] == told
    # 0.25 of the plan is 0.2 of a bound that lies 25 % above it.
    assert float(options["-ratioGap"]) == pytest.approx(0.2 * HAIR, rel=1e-9)
    assert float(options["-ratioGap"]) < 0.2
    assert options["-sec"] == "2.500"
    assert options["-threads"] == "104"


def test_started_from_a_job_that_ignores_ctrl_c(knapsack: pulp.LpProblem) -> None:
    """A shell's background job ignores SIGINT; what it starts inherits that."""
    import signal

    from dcsite.solvers.runner import Child

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = Child(["/bin/sleep", "60"], Path.cwd())
    finally:
        signal.signal(signal.SIGINT, before)
    while b"sleep" not in Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")[0]:
        os.sched_yield()
    child.interrupt()
    while child.lines(0.1)[1]:
        pass
    assert child.exit_code == -signal.SIGINT
    child.kill()


def test_an_infeasible_program_on_which_cbc_crashes_unless_it_prepares_it() -> None:
    # Half a binary, as the only row: without preprocessing CBC 2.10.3 ends by SIGSEGV.
    problem = pulp.LpProblem("no_room", pulp.LpMaximize)
    first, second = (problem.add_variable(name, cat="Binary") for name in ("first", "second"))
    problem += pulp.LpAffineExpression({first: 0, second: 0})
    problem += 2 * second == 1
    assert solve(problem, SolveOptions(solver="cbc", gap=0.0)).status == "infeasible"
