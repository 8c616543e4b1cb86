"""What a command tells of itself: what is named, how far it is, and no escapes in a log."""

from __future__ import annotations

import pytest

from dcsite.cli.progress import Reporter
from dcsite.solvers import Progress


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """A function that returns the lines told so far, without their times."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # as many a CI machine does
    monkeypatch.setattr("dcsite.cli.progress._PLAIN_EVERY_S", 0.0)
    return lambda: [line.partition(" s  ")[2] for line in capsys.readouterr().err.splitlines()]


def test_a_log_names_rounds_and_counts_parts_with_the_time_left(lines, monkeypatch):
    now = 100.0
    monkeypatch.setattr("time.perf_counter", lambda: now)
    with Reporter(quiet=False) as progress:
        progress.stage("robust", done=2)
        now += 60.0
        progress.count(3, 6, "sample 2 optimal")
        now += 30.0
        progress.count(5, 6)
        progress.count(6, 6, "sample 5 infeasible")
        progress.stage("solve", "policy-2023")
        progress.solver(Progress("round 2, CBC: branch and bound", 1.0, 0.5, 0.75, 0.5))
    told = lines()
    assert told == [
        "solving samples",
        "solving samples: 3 of 6, about 3 min left; sample 2 optimal",
        "solving samples: 5 of 6, about 30 s left",
        "solving samples: 6 of 6; sample 5 infeasible",
        "policy-2023: solving",
        "round 2, CBC: branch and bound: best 0.50000, bound 0.75000, gap 50.000%",
    ]


def test_quiet_hides_progress_alone(capsys):
    with Reporter(quiet=True) as progress:
        progress.stage("solve")
        progress.count(1, 2, "x")
        progress.say("3 of 5 points")
        progress.note("warning: look here")
        progress.note("searched for 3.0 s of at most 3 s")
    told = "warning: look here\nsearched for 3.0 s of at most 3 s\n"
    assert capsys.readouterr().err == told
