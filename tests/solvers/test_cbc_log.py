"""Lines as CBC 2.10.3 printed them, in order, for the runs named."""

from __future__ import annotations

import pytest

from dcsite.solvers.cbc import HAIR, CbcLog
from dcsite.solvers.runner import RunnerState

STOPPED = """\
Welcome to the CBC MILP Solver
Version: 2.10.3
Continuous objective value is -1.97343 - 0.01 seconds
Cgl0004I processed model has 1948 rows, 300 columns (300 integer (300 of which binary)) and 5015
Cbc0038I Pass  15: suminf.   24.02358 (270) obj. -1.5179 iterations 192
Cbc0012I Integer solution of -1.3226615 found by feasibility pump after 0 iterations and 0 nodes
Cbc0013I At root node, 56 cuts changed objective from -1.9734253 to -1.9601754 in 48 passes
Cbc0010I After 1000 nodes, 7 on tree, -1.3226615 best solution, best possible -1.95 (4.43 seconds)
Cbc0004I Integer solution of -1.4 found after 13642 iterations and 1032 nodes (5.78 seconds)
Cbc0020I Exiting on maximum time
Cbc0005I Partial search - best objective -1.4 (best possible -1.94), took 19588 iterations and 1040
Result - Stopped on time limit
Enumerated nodes:               1040
"""


def read(text: str) -> CbcLog:
    log = CbcLog()
    for line in text.splitlines():
        log.read(line)
    return log


def careful(bound: float, rounding: float = 1e-7) -> float:
    return bound - rounding * abs(bound)


def test_states_on_the_way() -> None:
    log = CbcLog()
    states: list[RunnerState] = []
    for line in STOPPED.splitlines():
        log.read(line)
        if not states or log.state != states[-1]:
            states.append(log.state)
    assert states == [
        RunnerState("reading"),
        RunnerState("root relaxation", None, careful(-1.97343, 5e-6)),
        RunnerState("preprocessed", None, careful(-1.97343, 5e-6)),
        RunnerState("feasibility pump", None, careful(-1.97343, 5e-6)),
        RunnerState("feasibility pump", -1.3226615, careful(-1.97343, 5e-6)),
        RunnerState("branch and bound", -1.3226615, careful(-1.9601754)),
        RunnerState("branch and bound", -1.3226615, careful(-1.95)),
        RunnerState("branch and bound", -1.4, careful(-1.95)),
        RunnerState("branch and bound", -1.4, careful(-1.94)),
    ]
    assert log.version == "2.10.3"
    assert log.node_count == 1040
    assert log.partial_search


def test_search_completed_means_the_plan_is_the_bound() -> None:
    log = read(
        "Cbc0010I After 0 nodes, 1 on tree, -0.74636216 best solution, best possible -0.854932\n"
        "Cbc0001I Search completed - best objective -0.76229992446409, took 33419 iterations"
    )
    assert log.bound == log.best == -0.76229992446409
    assert not log.partial_search


def test_stop_on_gap_leaves_the_gap() -> None:
    log = read(
        "Cbc0012I Integer solution of -0.74636216 found by feasibility pump after 0 iterations\n"
        "Cbc0011I Exiting as integer gap of 0.10857008 less than 1e-10 or 13%\n"
        "Cbc0001I Search completed - best objective -0.7463621588596897, took 11111 iterations"
    )
    assert log.best == -0.74636216
    assert log.bound == pytest.approx(-0.74636216 - 0.10857008, rel=2e-7)
    assert log.bound is not None
    assert log.bound < -0.74636216 - 0.10857008


def test_no_plan_is_not_a_plan_of_1e50() -> None:
    log = read(
        "Cbc0010I After 0 nodes, 1 on tree, 1e+50 best solution, best possible -23.519878\n"
        "Cbc0005I Partial search - best objective 1e+50 (best possible -23.519878), took 410353"
    )
    assert log.best is None
    assert log.bound == careful(-23.519878)


def test_no_bound_is_not_a_bound_of_minus_1e50() -> None:
    log = read("Cbc0005I Partial search - best objective 12 (best possible -1e+50), took 0 it")
    assert (log.best, log.bound) == (12.0, None)


def test_an_empty_log_knows_nothing() -> None:
    assert read("").state == RunnerState("reading", None, None)


def test_an_empty_tree_proves_no_more_than_the_gap_asked_for() -> None:
    """CBC prunes within the gap: a plan of -10 may be beaten by up to a hundredth."""
    line = "Cbc0001I Search completed - best objective -10, took 3 iterations and 2 nodes"
    for gap, bound in ((0.0, -10.0), (0.01, -10.0 * (1.0 + 0.01 * HAIR))):
        log = CbcLog(gap)
        log.read(line)
        assert (log.best, log.bound) == (-10.0, pytest.approx(bound))
    # A better bound that was told before stays.
    log = CbcLog(0.01)
    log.read("Continuous objective value is -10.05 - 0.01 seconds")
    log.read(line)
    assert log.bound == careful(-10.05, 5e-6)


def test_a_bound_beyond_the_plan_in_hand_says_only_that_nothing_better_is_left() -> None:
    # What CBC 2.10.3 printed for three sites of the national program: the relaxation, cut off by
    # the plan, is worth more than the plan.
    log = CbcLog(1e-3)
    for line in (
        "Continuous objective value is 2.09772 - 0.00 seconds",
        "Cbc0012I Integer solution of 2.1048295 found by feasibility pump after 0 iterations",
        "Cbc0013I At root node, 0 cuts changed objective from 2.097723 to 2.109141 in 1 passes",
    ):
        log.read(line)
    assert log.best == 2.1048295
    assert log.bound == 2.1048295 * (1 - 1e-3 * HAIR)


def test_the_relaxation_is_printed_with_six_digits() -> None:
    # What CBC printed of another: rounded, the relaxation is above its own solution.
    log = CbcLog(1e-7)
    log.read("Continuous objective value is 1.25466 - 0.00 seconds")
    assert log.bound is not None
    assert log.bound <= 1.254658304436042
