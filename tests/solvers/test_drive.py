from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pulp
import pytest

from dcsite.errors import SolverError
from dcsite.solvers import AUTO_ORDER, Outcome, Progress, SolveOptions, drive, solve
from dcsite.solvers.runner import SolverBreakdownError


def recomputed(problem: pulp.LpProblem, outcome: Outcome) -> float:
    assert outcome.values is not None
    terms = problem.objective.items()
    return problem.objective.constant + sum(c * outcome.values[v.name] for v, c in terms)


def test_knapsack(solver: str, knapsack: pulp.LpProblem) -> None:
    outcome = solve(knapsack, SolveOptions(solver=solver, gap=0.0))
    assert outcome.status == "optimal"
    assert outcome.values == {"heavy": 0.0, "middle": 1.0, "light": 1.0}
    assert outcome.objective == 11.0
    assert outcome.bound == pytest.approx(11.0, abs=1e-6)
    assert outcome.gap == pytest.approx(0.0, abs=1e-7)
    assert outcome.solver == solver
    assert outcome.solver_version[0].isdigit()
    assert outcome.wall_s > 0
    assert not outcome.interrupted


def test_assignment_that_minimises(solver: str) -> None:
    """Costs 4 1 3 / 2 0 5 / 3 2 2: the best is 1 + 2 + 2 = 5; the constant 0.5 comes on top."""
    costs = [[4, 1, 3], [2, 0, 5], [3, 2, 2]]
    problem = pulp.LpProblem("assignment", pulp.LpMinimize)
    does = {
        (i, j): problem.add_variable(f"does_{i}_{j}", cat="Binary")
        for i in range(3)
        for j in range(3)
    }
    problem += pulp.lpSum(costs[i][j] * does[i, j] for i, j in does) + 0.5
    for k in range(3):
        problem += pulp.lpSum(does[k, j] for j in range(3)) == 1
        problem += pulp.lpSum(does[i, k] for i in range(3)) == 1
    outcome = solve(problem, SolveOptions(solver=solver, gap=0.0))
    assert (outcome.status, outcome.objective) == ("optimal", 5.5)
    assert outcome.values is not None
    assert {n for n, v in outcome.values.items() if v == 1.0} == {
        "does_0_1",
        "does_1_0",
        "does_2_2",
    }


def test_mixed_program_with_free_and_general_variables(solver: str) -> None:
    """Max 3 w + f - 2, w whole within -2 and 2.7, f free, w + f <= 4.25: w = 2, f = 2.25."""
    problem = pulp.LpProblem("mixed", pulp.LpMaximize)
    whole = problem.add_variable("whole", -2, 2.7, cat="Integer")
    free = problem.add_variable("free")
    problem += 3 * whole + free - 2
    problem += whole + free <= 4.25
    problem += whole - free >= -0.25
    outcome = solve(problem, SolveOptions(solver=solver, gap=0.0))
    assert outcome.status == "optimal"
    assert outcome.values == {"whole": 2.0, "free": pytest.approx(2.25, abs=1e-9)}
    assert outcome.objective == pytest.approx(6.25, abs=1e-9)


def test_linear_program_is_proven_by_its_dual(solver: str) -> None:
    problem = pulp.LpProblem("linear", pulp.LpMaximize)
    x, y = problem.add_variable("x", 0, 4), problem.add_variable("y", 0)
    problem += 2 * x + y + 3
    problem += x + y <= 7
    outcome = solve(problem, SolveOptions(solver=solver))
    assert (outcome.status, outcome.objective, outcome.bound) == ("optimal", 14.0, 14.0)


@pytest.mark.parametrize(
    ("coefficient", "right"), [(2, 1), (1, 3)], ids=["no whole point", "no point"]
)
def test_infeasible(solver: str, coefficient: int, right: int) -> None:
    problem = pulp.LpProblem("infeasible", pulp.LpMaximize)
    x, y = (problem.add_variable(n, cat="Binary") for n in "xy")
    problem += x
    problem += coefficient * x + coefficient * y == right
    outcome = solve(problem, SolveOptions(solver=solver))
    assert outcome.status == "infeasible"
    assert outcome.values is None
    assert outcome.objective is None


def test_unbounded(solver: str) -> None:
    problem = pulp.LpProblem("unbounded", pulp.LpMaximize)
    x, y = problem.add_variable("x", 0, cat="Integer"), problem.add_variable("y", cat="Binary")
    problem += x + y
    problem += x - y >= 0.5
    assert solve(problem, SolveOptions(solver=solver)).status == "unbounded"


def test_unbounded_relaxation_without_any_whole_point_is_infeasible(solver: str) -> None:
    problem = pulp.LpProblem("neither", pulp.LpMaximize)
    x, y, z = problem.add_variable("x", 0), *(problem.add_variable(n, cat="Binary") for n in "yz")
    problem += x
    problem += 2 * y + 2 * z == 1
    assert solve(problem, SolveOptions(solver=solver)).status == "infeasible"


def test_time_limit_with_a_plan_is_feasible_not_optimal(
    solver: str, packing: Callable[..., pulp.LpProblem], scratch: Path
) -> None:
    problem = packing(200, 1500)
    seen: list[Progress] = []
    outcome = solve(problem, SolveOptions(solver=solver, time_limit_s=4.0), seen.append)
    assert outcome.status == "feasible"
    assert outcome.objective is not None
    assert outcome.bound is not None
    assert outcome.gap is not None
    assert outcome.bound > outcome.objective > 0
    assert outcome.gap == pytest.approx(
        (outcome.bound - outcome.objective) / outcome.objective, rel=1e-12
    )
    assert outcome.gap > 0.001
    assert not outcome.interrupted
    assert outcome.objective == pytest.approx(recomputed(problem, outcome), abs=1e-6)
    told = [p for p in seen if p.best is not None and p.bound is not None]
    assert told
    assert all(p.bound >= p.best >= 0 for p in told)  # 0: nothing taken, which is a plan
    assert all(earlier.best <= later.best for earlier, later in itertools.pairwise(told))
    assert told[-1].best == pytest.approx(outcome.objective, abs=1e-6)
    assert list(scratch.iterdir()) == []


def test_time_limit_without_a_plan(
    solver: str, market_split: Callable[[], pulp.LpProblem], scratch: Path
) -> None:
    outcome = solve(market_split(), SolveOptions(solver=solver, time_limit_s=1.5))
    assert outcome.status == "no_solution"
    assert outcome.values is None
    assert outcome.objective is None
    assert outcome.gap is None
    assert list(scratch.iterdir()) == []


def test_loose_gap_is_proven_by_the_solvers_own_bound(
    solver: str, packing: Callable[..., pulp.LpProblem]
) -> None:
    problem = packing(120, 700, seed=2, constant=5.0)
    outcome = solve(problem, SolveOptions(solver=solver, gap=0.05))
    assert outcome.status == "optimal"
    assert outcome.objective is not None
    assert outcome.bound is not None
    # 5.7622999 is the optimum: the bound may not lie below it, the plan not far below it.
    assert outcome.objective <= 5.7622999245 + 1e-9 <= outcome.bound + 2e-9
    assert outcome.bound - outcome.objective <= 0.05 * outcome.objective
    assert outcome.objective == pytest.approx(recomputed(problem, outcome), abs=1e-6)


@pytest.mark.parametrize("solver", AUTO_ORDER)
def test_same_seed_same_plan(solver: str, packing: Callable[..., pulp.LpProblem]) -> None:
    options = SolveOptions(solver=solver, gap=0.02, seed=7)
    first, second = (solve(packing(90, 400), options) for _ in range(2))
    assert first.values == second.values
    assert (first.objective, first.bound, first.node_count) == (
        second.objective,
        second.bound,
        second.node_count,
    )


def test_two_threads_prove_the_same_optimum(
    solver: str, packing: Callable[..., pulp.LpProblem]
) -> None:
    one = solve(packing(70, 250), SolveOptions(solver=solver, gap=0.0))
    two = solve(packing(70, 250), SolveOptions(solver=solver, gap=0.0, threads=2))
    assert one.status == two.status == "optimal"
    assert one.objective == pytest.approx(two.objective, abs=1e-9)


def test_auto_takes_the_first_of_its_order(knapsack: pulp.LpProblem) -> None:
    outcome = solve(knapsack, SolveOptions())
    assert (outcome.solver, outcome.notes) == (AUTO_ORDER[0], ())


def test_auto_turns_to_the_other_when_the_first_breaks_down(
    knapsack: pulp.LpProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise SolverBreakdownError("crashed with exit code -11")

    first, second = AUTO_ORDER
    monkeypatch.setattr(drive._RUNNERS[first], "start", broken)
    outcome = solve(knapsack, SolveOptions())
    assert (outcome.solver, outcome.objective) == (second, 11.0)
    assert outcome.notes == (f"tried before, in vain: solver: {first}: crashed with exit code -11",)


def test_all_broken_names_what_was_tried(
    knapsack: pulp.LpProblem, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    def broken(self: object, *_: object) -> None:
        raise SolverBreakdownError(f"{type(self).__name__} is ill")

    for runner in drive._RUNNERS.values():
        monkeypatch.setattr(runner, "start", broken)
    with pytest.raises(SolverError) as caught:
        solve(knapsack, SolveOptions())
    assert {str(problem) for problem in caught.value.problems} == {
        "solver: highs: HighsRunner is ill",
        "solver: cbc: CbcRunner is ill",
    }
    assert list(scratch.iterdir()) == []


def test_a_failing_listener_leaves_nothing_behind(
    solver: str,
    packing: Callable[..., pulp.LpProblem],
    scratch: Path,
    child_pids: Callable[..., set],
) -> None:
    before = child_pids(os.getpid())

    def listen(progress: Progress) -> None:
        if progress.bound is not None:
            raise RuntimeError("the screen is gone")

    with pytest.raises(RuntimeError, match="the screen is gone"):
        solve(packing(300, 3000), SolveOptions(solver=solver), listen)
    assert child_pids(os.getpid()) == before
    assert list(scratch.iterdir()) == []


def test_works_outside_the_main_thread(knapsack: pulp.LpProblem) -> None:
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(solve(knapsack, SolveOptions())))
    thread.start()
    thread.join(60)
    assert found[0].objective == 11.0


def test_progress_begins_at_once_and_is_in_the_users_sense(
    solver: str, knapsack: pulp.LpProblem
) -> None:
    seen: list[Progress] = []
    begun = time.perf_counter()
    solve(knapsack, SolveOptions(solver=solver), seen.append)
    taken = time.perf_counter() - begun
    assert seen[0].stage == "export"
    assert [p.elapsed_s for p in seen] == sorted(p.elapsed_s for p in seen)
    assert seen[-1].elapsed_s <= taken
    assert all(p.best is None or 0 <= p.best <= 11.0 + 1e-9 for p in seen)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"solver": "gurobi"}, "choose auto, cbc or highs"),
        ({"time_limit_s": 0.0}, "above 0"),
        ({"check_s": 0.0}, "check_s is 0.0; it must be above 0"),
        ({"diagnosis_s": -1.0}, "above 0"),
        ({"first_plan_s": float("nan")}, "above 0"),
        ({"gap": -0.1}, "between 0 and 1"),
        ({"gap": float("nan")}, "between 0 and 1"),
        ({"threads": 0}, "at least 1"),
        ({"seed": -1}, "between 0 and 2147483647"),
    ],
)
def test_options_outside_their_range(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SolveOptions(**wrong)  # type: ignore[arg-type]


def test_every_option_is_told() -> None:
    told = SolveOptions(diagnosis_s=5.0, start={"x": 1.0}).manifest
    assert set(told) == set(SolveOptions.__dataclass_fields__)
    assert (told["diagnosis_s"], told["time_limit_s"], told["start"]) == (5.0, None, True)
