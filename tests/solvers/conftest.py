"""Small programs with known answers, and hard ones that no solver ends in seconds."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pulp
import pytest

#: Written so that a test's child process can make the same program.
PACKING_SOURCE = """
import random
import pulp

def packing(count, rows, seed=1, constant=0.0):
    chance = random.Random(seed)
    problem = pulp.LpProblem("packing", pulp.LpMaximize)
    take = [problem.add_variable(f"take_{i}", cat="Binary") for i in range(count)]
    problem += pulp.lpSum(chance.uniform(0.01, 0.03) * t for t in take) + constant
    for _ in range(rows):
        i, j = chance.sample(range(count), 2)
        problem += take[i] + take[j] <= 1
    return problem
"""


@pytest.fixture(params=["cbc", "highs"])
def solver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def packing_source() -> str:
    return PACKING_SOURCE


@pytest.fixture(scope="session")
def packing() -> Callable[..., pulp.LpProblem]:
    """Return a builder of set packing by pairs: from 300 items and 3,000 pairs on it is hard."""
    scope: dict[str, Callable[..., pulp.LpProblem]] = {}
    exec(PACKING_SOURCE, scope)  # noqa: S102 - the text above
    return scope["packing"]


@pytest.fixture(scope="session")
def market_split() -> Callable[[], pulp.LpProblem]:
    """Return a builder of five equations in 40 binaries: to find any point takes very long."""

    def build() -> pulp.LpProblem:
        chance = random.Random(3)  # noqa: S311 - a fixed instance
        problem = pulp.LpProblem("market_split", pulp.LpMaximize)
        buy = [problem.add_variable(f"buy_{i}", cat="Binary") for i in range(40)]
        problem += pulp.lpSum(buy)
        for _ in range(5):
            shares = [chance.randrange(100) for _ in buy]
            problem += pulp.lpDot(shares, buy) == sum(shares) // 2
        return problem

    return build


@pytest.fixture
def knapsack() -> pulp.LpProblem:
    """Weights 5, 4, 3 in 7; worth 10, 6, 5: the last two (11) beat the first (10)."""
    problem = pulp.LpProblem("knapsack", pulp.LpMaximize)
    heavy, middle, light = (
        problem.add_variable(n, cat="Binary") for n in ("heavy", "middle", "light")
    )
    problem += 10 * heavy + 6 * middle + 5 * light
    problem += 5 * heavy + 4 * middle + 3 * light <= 7, "room"
    return problem


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send temporary folders to one of our own, to see that none is left."""
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def child_pids() -> Callable[[int], set[int]]:
    """Return a finder of the processes whose parent is the given one."""

    def find(parent: int) -> set[int]:
        found = set()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    stat = (folder / "stat").read_text()
                except OSError:
                    continue
                if int(stat.rpartition(")")[2].split()[1]) == parent:
                    found.add(int(folder.name))
        return found

    return find


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Return a check of whether a process exists."""

    def check(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    return check
