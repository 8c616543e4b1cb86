"""HiGHS that crashes, refuses, or had to be killed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pulp
import pytest

from dcsite.errors import SolverError
from dcsite.solvers import SolveOptions, highs, solve
from dcsite.solvers import highs_worker as worker
from dcsite.solvers.highs import HighsRunner
from dcsite.solvers.matrix import ProgramMatrix


@pytest.fixture
def fake_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "fake_worker.py"
    monkeypatch.setattr(highs, "_WORKER", path)
    return path


def test_crash_is_told_with_its_last_words(knapsack: pulp.LpProblem, fake_worker: Path) -> None:
    fake_worker.write_text("raise MemoryError('out of memory at row 7')")
    with pytest.raises(SolverError, match=r"exit code 1; .*MemoryError: out of memory at row 7"):
        solve(knapsack, SolveOptions(solver="highs"))


def test_death_by_a_signal(knapsack: pulp.LpProblem, fake_worker: Path) -> None:
    fake_worker.write_text("import os; os.kill(os.getpid(), 11)")
    with pytest.raises(SolverError, match=r"ended with exit code -11"):
        solve(knapsack, SolveOptions(solver="highs"))


def test_refused_option_is_named(knapsack: pulp.LpProblem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "_HAIR", -1.0)
    with pytest.raises(SolverError, match=r"HiGHS refuses option mip_rel_gap = -0\.5"):
        solve(knapsack, SolveOptions(solver="highs", gap=0.5))


def test_chatter_between_records_is_no_harm(knapsack: pulp.LpProblem, fake_worker: Path) -> None:
    fake_worker.write_text(
        "import sys\nprint('a banner'); print('[1, 2]'); print('{broken', file=sys.stderr)\n"
        + Path(worker.__file__).read_text().replace("from __future__ import annotations", "")
    )
    assert solve(knapsack, SolveOptions(solver="highs")).objective == 11.0


def test_killed_worker_leaves_its_last_plan_and_bound(
    knapsack: pulp.LpProblem, tmp_path: Path, fake_worker: Path
) -> None:
    fake_worker.write_text(
        "import json, time\nimport numpy as np\n"
        f"np.save({worker.BEST!r}, np.array([1.0, 0.0, 0.0]))\n"
        "print(json.dumps({'version': '9.9', 'best': -10.0, 'bound': -11.5}), flush=True)\n"
        "time.sleep(60)"
    )
    folder = tmp_path / "run"
    folder.mkdir()
    runner = HighsRunner(ProgramMatrix.from_problem(knapsack), SolveOptions(), folder)
    runner.write()
    runner.start(None)
    while runner.state.bound is None:
        assert runner.poll(0.1)
    runner.kill()
    answer = runner.result()
    assert answer.claim == "stopped"
    assert answer.values is not None
    assert answer.values.tolist() == [1.0, 0.0, 0.0]
    assert (answer.bound, answer.version) == (-11.5, "9.9")


def test_model_handed_over_is_the_matrix(knapsack: pulp.LpProblem, tmp_path: Path) -> None:
    matrix = ProgramMatrix.from_problem(knapsack)
    runner = HighsRunner(matrix, SolveOptions(gap=0.25, seed=3, threads=None), tmp_path)
    runner.write()
    runner.start(9.5)
    runner.kill()
    with np.load(tmp_path / worker.MODEL) as arrays:
        np.testing.assert_array_equal(arrays["cost"], matrix.cost)
        np.testing.assert_array_equal(arrays["column"], matrix.column)
    options = json.loads((tmp_path / worker.OPTIONS).read_text())
    assert options["mip_rel_gap"] == pytest.approx(0.25, rel=1e-5)
    assert options["mip_rel_gap"] < 0.25
    assert (options["random_seed"], options["time_limit"]) == (3, 9.5)
    assert "threads" not in options
