"""The command line run in this process, a plan of few hubs, and geodata that may be broken."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dcsite
from dcsite.atlas.atlas import default_root
from dcsite.cli import main
from dcsite.interrupts import WISHES_TO_STOP
from dcsite.plan import Plan, Session
from dcsite.sites import SITE_COLUMNS
from dcsite.solvers import SolveOptions

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Tables that refer to each other only: one of points, one of areas, keys, polygons.
SMALL = (
    "prefectures",
    "prefecture_polygons",
    "electricity_areas",
    "electricity_area_polygons",
    "interconnectors",
)

#: A country of eight municipalities, three or four of which become hubs: a second to solve.
OFFERED = ("01213", "02201", "15100", "34100", "40100", "43100", "13206", "34208")
FEW_HUBS = (
    "tiers.core.count={min=0,max=1}",
    "tiers.core.separation_km=300",
    "tiers.large.count=1",
    "tiers.regional.count=2",
    "demand.total_new_it_load_mw=180.1234567",
    'rules.core_regions="off"',
)

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Answer:
    """What a command said and how it left; colours, which CI machines may force, taken out."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh working folder, far from the project's root."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Answer]]:
    """A function that runs ``dcsite ARGUMENTS`` through the entry point of the console script."""
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    before = {number: signal.getsignal(number) for number in WISHES_TO_STOP}

    def run(*arguments: str | os.PathLike[str]) -> Answer:
        monkeypatch.setattr(sys, "argv", ["dcsite", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Answer(left.value.code, _COLOUR.sub("", said.out), _COLOUR.sub("", said.err))

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def offered(measured: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The candidate sites of the small country, not measured."""
    return measured.loc[sorted(OFFERED), list(SITE_COLUMNS)]


@pytest.fixture(scope="session")
def few_hubs() -> Callable[..., Scenario]:
    """A function that loads the small country's scenario, under further overrides."""
    return lambda *further: dcsite.load_scenario("policy-2023", (*FEW_HUBS, *further))


@pytest.fixture(scope="session")
def solved(
    shipped_atlas: Atlas, offered: gpd.GeoDataFrame, few_hubs: Callable[..., Scenario]
) -> Callable[..., Plan]:
    """A function that solves the small country, under further overrides."""

    def solve(*further: str) -> Plan:
        options = SolveOptions(gap=1e-6)
        return Session(few_hubs(*further), options, offered, shipped_atlas).solve().plan

    return solve


@pytest.fixture(scope="session")
def plan(solved: Callable[..., Plan]) -> Plan:
    """The plan of the small country."""
    return solved()


@pytest.fixture
def folder(workplace: Path, plan: Plan) -> Path:
    """An output folder with the plan of the small country."""
    (workplace / "out").mkdir()
    (workplace / "out" / "plan.json").write_text(plan.text(), encoding="utf-8")
    return workplace / "out"


@pytest.fixture
def in_small_country(offered: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the municipalities be those of the small country."""
    monkeypatch.setattr("dcsite.plan.session.municipality_sites", lambda atlas, land: offered)


@pytest.fixture
def geodata_copy(workplace: Path) -> Path:
    """All shipped tables, copied."""
    return shutil.copytree(default_root(), workplace / "geodata")


@pytest.fixture(scope="session")
def small_geodata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound folder of a few shipped tables, quick to check."""
    shipped, root = default_root(), tmp_path_factory.mktemp("small") / "geodata"
    descriptor = json.loads((shipped / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"] = [entry for entry in descriptor["resources"] if entry["name"] in SMALL]
    assert len(descriptor["resources"]) == len(SMALL)
    for entry in descriptor["resources"]:
        target = root / entry["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped / entry["path"], target)
    (root / "datapackage.json").write_text(
        json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return root


def _snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, hidden files too."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def refused(call: Callable[..., Answer], workplace: Path) -> Callable[..., None]:
    """A function that asserts that a command refuses its input, as every command must.

    Exit code 2, one line on stderr for each problem and nothing else, no traceback, nothing
    written. `lines` holds the fragments that each line must have: file, field, the value found,
    and what is allowed or what to do.
    """

    def check(
        arguments: Sequence[str],
        lines: Sequence[Sequence[str]],
        files: Mapping[str, str | bytes | Callable[[Path], None]] | None = None,
    ) -> None:
        for name, content in (files or {}).items():
            path = workplace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        before = _snapshot(workplace)
        answer = call(*arguments)
        assert answer.code == 2, answer.err
        assert answer.out == ""
        assert "Traceback" not in answer.err
        assert len(answer.errors) == len(lines), answer.err
        for line in answer.errors:
            assert line.startswith("error: ")
            assert line.isprintable()
        for fragments in lines:
            matching = [line for line in answer.errors if all(each in line for each in fragments)]
            assert len(matching) == 1, f"{fragments} in {answer.errors}"
        assert _snapshot(workplace) == before

    return check
