"""The installed console script: run it to its end, or start it and send it signals."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import dcsite

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

#: No single run here may take longer, on the slowest machine.
_PATIENCE_S = 300.0

#: A country of three hubs, and what else it is asked for: with `towns` seconds to solve.
FEW_HUBS = (
    "--set", "tiers.core.count={min=0,max=1}", "--set", "tiers.core.separation_km=300",
    "--set", "tiers.large.count=1", "--set", "tiers.regional.count=2",
    "--set", "demand.total_new_it_load_mw=180", "--set", 'rules.core_regions="off"',
)  # fmt: skip

_TERMINAL_VARIABLES = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TERM")


@dataclass(frozen=True)
class Finished:
    """A run that has ended, the folder it was asked to write, and its own temporary folder."""

    code: int
    stdout: str
    stderr: str
    directory: Path
    scratch: Path

    @property
    def plan(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.directory / "plan.json").read_text("utf-8"))
        return document


class Running:
    """A run under way; its lines on stderr are read as they come."""

    def __init__(
        self, command: list[str], cwd: Path, env: Mapping[str, str], scratch: Path
    ) -> None:
        self._scratch = scratch
        self.process = subprocess.Popen(
            command, cwd=cwd, env={**env, "TMPDIR": str(scratch)}, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._errors: list[str] = []
        self._stdout: list[str] = []
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._read_errors, daemon=True),
            threading.Thread(target=self._read_stdout, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                with self._changed:
                    self._errors.append(line)
                    self._changed.notify_all()

    def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            self._stdout.append(stream.read())

    def wait_for(self, pattern: str) -> None:
        """Wait until a line on stderr matches."""
        with self._changed:
            seen = self._changed.wait_for(
                lambda: any(re.search(pattern, line) for line in self._errors), _PATIENCE_S
            )
        assert seen, f"no line matches {pattern!r} in: {''.join(self._errors)}"

    def descendants(self) -> set[tuple[int, str]]:
        """Process id and start time of every child and grandchild, from /proc."""
        parents = {pid: (ppid, began) for pid, ppid, began in _processes()}
        found: set[int] = {self.process.pid}
        while True:
            more = {pid for pid, (ppid, _) in parents.items() if ppid in found} - found
            if not more:
                found.discard(self.process.pid)
                return {(pid, parents[pid][1]) for pid in found}
            found |= more

    def finish(self, directory: Path) -> Finished:
        """Wait for the end."""
        code = self.process.wait(_PATIENCE_S)
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        said = "".join(self._stdout), "".join(self._errors)
        return Finished(code, *said, directory, self._scratch)

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process.poll() is None:
            for pid, _ in self.descendants():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
        for thread in self._threads:
            thread.join()


def _processes() -> Iterator[tuple[int, int, str]]:
    """Yield id, parent's id and start time of every process that is no zombie."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                after_name = (entry / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue  # gone meanwhile
            if after_name[0] not in {"Z", "X"}:
                yield int(entry.name), int(after_name[1]), after_name[19]


def alive(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
    return processes & {(pid, began) for pid, _, began in _processes()}


@pytest.fixture(scope="session")
def still_alive() -> Callable[[set[tuple[int, str]]], set[tuple[int, str]]]:
    """A function that gives a moment to die, then returns which processes did not."""

    def check(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
        deadline = time.monotonic() + 10.0
        while alive(processes) and time.monotonic() < deadline:
            time.sleep(0.05)
        return alive(processes)

    return check


@pytest.fixture(scope="session")
def program() -> Path:
    """The console script of the environment that runs the tests."""
    path = Path(sys.executable).with_name("dcsite")
    if not path.is_file():
        pytest.fail(f"{path} is missing; install the project (pip install .) before its tests")
    return path


@pytest.fixture(scope="session")
def plain_environment() -> dict[str, str]:
    """The environment without what forces or forbids colours and widths."""
    return {key: value for key, value in os.environ.items() if key not in _TERMINAL_VARIABLES}


@pytest.fixture(scope="session")
def start(
    program: Path, plain_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Running]]:
    """A function that starts ``dcsite ARGUMENTS`` in a working folder."""
    started: list[Running] = []
    # A test run started in the background may ignore SIGINT, and hand that down to its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def begin(*arguments: str | os.PathLike[str], cwd: Path) -> Running:
        command = [str(program), *map(str, arguments)]
        scratch = tmp_path_factory.mktemp("scratch")
        started.append(Running(command, cwd, plain_environment, scratch))
        return started[-1]

    yield begin
    for running in started:
        running.close()
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def solve(
    start: Callable[..., Running], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Finished]:
    """A function that runs ``dcsite solve ARGUMENTS --output out`` in a fresh folder."""

    def run(*arguments: str | os.PathLike[str], cwd: Path | None = None) -> Finished:
        folder = tmp_path_factory.mktemp("solve") if cwd is None else cwd
        return start("solve", *arguments, "--output", "out", cwd=folder).finish(folder / "out")

    return run


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[], list[Finished]]], list[Finished]]:
    """A function that makes runs once for all the processes that run tests.

    Nothing may write into their folders.
    """
    own = tmp_path_factory.getbasetemp()
    common = own if worker_id == "master" else own.parent

    def made(name: str, make: Callable[[], list[Finished]]) -> list[Finished]:
        kept = common / f"{name}.json"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_text(json.dumps([vars(run) for run in make()], default=str), "utf-8")
            told = json.loads(kept.read_text("utf-8"))
        paths = ("directory", "scratch")
        return [Finished(**{**run, **{key: Path(run[key]) for key in paths}}) for run in told]

    return made


@pytest.fixture(scope="session")
def two_default_runs(
    once: Callable[..., list[Finished]],
    start: Callable[..., Running],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Finished]:
    """The default scenario solved twice at once, from two folders, into two kinds of folder."""

    def make() -> list[Finished]:
        here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
        target = tmp_path_factory.mktemp("results") / "deep" / "plan"
        first = start("solve", "--output", target, cwd=here)
        second = start("solve", cwd=there)
        return [first.finish(target), second.finish(there / "dcsite-out" / "policy-2023")]

    return once("default-runs", make)


@pytest.fixture(scope="session")
def default_run(two_default_runs: list[Finished]) -> Finished:
    """The default scenario, solved into a folder of its own."""
    return two_default_runs[0]


@pytest.fixture(scope="session")
def plan(default_run: Finished) -> dict[str, Any]:
    """The default run's plan.json."""
    assert default_run.code == 0, default_run.stderr
    return default_run.plan


@pytest.fixture(scope="session")
def geodata() -> Path:
    """The folder of the shipped tables: in the package, or beside its sources."""
    package = Path(dcsite.__file__).parent / "geodata"
    return package if package.is_dir() else Path(__file__).parents[2] / "geodata"


@pytest.fixture(scope="session")
def table(geodata: Path) -> Callable[[str], pd.DataFrame]:
    """A function that reads a shipped CSV as pandas does, codes kept as text."""

    def read(path: str) -> pd.DataFrame:
        codes = {"pref_code": str, "municipality_code": str}
        return pd.read_csv(geodata / path, dtype=codes, keep_default_na=False, na_values=[""])

    return read


@pytest.fixture(scope="session")
def capitals(table: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """The 47 municipalities that hold a prefecture's capital, with their offices."""
    towns = table("places/municipalities.csv")
    capital = table("places/prefectures.csv").set_index("pref_code")["capital_ja"]
    found = towns[towns["name_ja"] == towns["pref_code"].map(capital)]
    assert sorted(found["pref_code"]) == sorted(capital.index)
    return found.set_index("municipality_code")


@pytest.fixture(scope="session")
def own_sites(capitals: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's CSV of the 46 capitals outside Tokyo: a third gives hectares, the others a tier."""
    rest = capitals.drop("13104")
    number = pd.Series(range(len(rest)), index=rest.index)
    frame = pd.DataFrame(
        {
            "id": "own-" + rest.index,
            "name": rest["name_ja"],
            "name_en": rest["name_en"],
            "latitude": rest["office_lat_deg"],
            "longitude": rest["office_lon_deg"],
            "hectares": pd.Series(25.0, index=rest.index).where(number % 3 == 0),
            "max_mw": pd.Series(45.5, index=rest.index).where(number % 3 == 1),
            "tier": (number % 3).map({0: None, 1: "regional", 2: "large"}),
        }
    )
    path = tmp_path_factory.mktemp("own") / "own.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def few(shipped_atlas: Atlas, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Arguments that ask for three hubs in a user's file of the fourteen largest towns.

    Three hubs of 180 MW break many soft rules; over more towns the solver has to prove for minutes
    which way of breaking them is the cheapest, and that is not what is asked.
    """
    places = shipped_atlas.table("municipalities")
    towns = places[places["population_2020"] > 900_000].assign(max_it_load_mw=400)
    columns = ["name_ja", "office_lat_deg", "office_lon_deg", "max_it_load_mw"]
    file = towns[columns].set_index("m" + towns.index.astype(str)).rename_axis("site_id")
    file.columns = ["name", "lat_deg", "lon_deg", "max_it_load_mw"]
    path = tmp_path_factory.mktemp("towns") / "towns.csv"
    file.to_csv(path)
    return ("--sites", str(path), *FEW_HUBS)


@pytest.fixture(scope="session")
def few_run(
    once: Callable[..., list[Finished]], solve: Callable[..., Finished], few: tuple[str, ...]
) -> Finished:
    """The three hubs, solved once."""
    (run,) = once("few-run", lambda: [solve(*few, "--quiet")])
    assert run.code == 0, run.stderr
    return run
