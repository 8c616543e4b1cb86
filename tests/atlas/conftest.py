"""Geodata to break: a copy of a few shipped tables that refer only to each other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dcsite.atlas.atlas import default_root
from dcsite.atlas.describe import refresh

FEW = (
    "municipalities",
    "prefectures",
    "prefecture_polygons",
    "electricity_areas",
    "electricity_area_polygons",
    "substations",
    "interconnectors",
    "cable_landing_stations",
    "submarine_cables",
    "landing_clusters",
)

Edit = Callable[[str, Callable[[str], str]], None]


SUBSTATION_ROWS = 40
MUNICIPALITY_ROWS = 10


def _shorten(root: Path) -> None:
    """Keep the first rows of the two long tables, and municipalities that landings stand in."""
    landings = (root / "network/cable_landing_stations.csv").read_bytes().decode().splitlines()
    codes = {line.split(",")[4] for line in landings[1:]}
    substations = root / "openstreetmap/substations.csv"
    lines = substations.read_bytes().splitlines(keepends=True)
    substations.write_bytes(b"".join(lines[: SUBSTATION_ROWS + 1]))
    towns = root / "places/municipalities.csv"
    lines = towns.read_bytes().splitlines(keepends=True)
    first, rest = lines[: MUNICIPALITY_ROWS + 1], lines[MUNICIPALITY_ROWS + 1 :]
    towns.write_bytes(
        b"".join(first + [line for line in rest if line.decode().split(",")[0] in codes])
    )


@pytest.fixture(scope="session")
def sound_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A geodata folder with ten of the shipped tables, the two long ones shortened."""
    shipped = default_root()
    root = tmp_path_factory.mktemp("sound") / "geodata"
    root.mkdir()
    descriptor = json.loads((shipped / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"] = [entry for entry in descriptor["resources"] if entry["name"] in FEW]
    assert len(descriptor["resources"]) == len(FEW)
    for entry in descriptor["resources"]:
        target = root / entry["path"]
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(shipped / entry["path"], target)
    (root / "datapackage.json").write_text(
        json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    _shorten(root)
    assert refresh(root) == ["municipalities", "substations"]
    return root


@pytest.fixture
def few_tables(sound_tables: Path, tmp_path: Path) -> Path:
    """A copy of the sound tables, free to be broken."""
    return shutil.copytree(sound_tables, tmp_path / "geodata")


@pytest.fixture
def edit(few_tables: Path) -> Edit:
    """Change the text of one file; fails when the change changes nothing."""

    def change(path: str, by: Callable[[str], str]) -> None:
        file = few_tables / path
        before = file.read_bytes().decode("utf-8")
        after = by(before)
        assert after != before, "the test's edit does not touch the file"
        file.write_bytes(after.encode("utf-8"))

    return change
