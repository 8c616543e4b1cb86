"""``dcsite init``: what it writes runs as its README says, and nothing is overwritten."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from dcsite.scenario import load_scenario


def _commands(readme: Path) -> list[list[str]]:
    lines = readme.read_text(encoding="utf-8").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("    dcsite ")]


def test_a_private_question_runs_as_its_readme_says(call, workplace, monkeypatch):
    answer = call("init")
    assert (answer.code, answer.err) == (0, "")
    folder = workplace / "my-best-of"
    written = {str(folder.relative_to(workplace) / name) for name in
               ("README.md", "scenario.toml", "sites.csv")}  # fmt: skip
    assert set(answer.out.splitlines()) == written
    monkeypatch.chdir(folder)
    commands = _commands(folder / "README.md")
    assert [command[0] for command in commands] == ["check", "solve", "explain"]
    for command in commands:
        answer = call(*command)
        assert answer.code == 0, answer.err
        assert not re.search(r"\bcore\b.*(kept out|asked)", answer.out)
    assert (folder / "plan" / "map.html").is_file()


def test_a_national_folder_asks_what_it_says(call, workplace):
    assert call("init", "national", "mine").code == 0
    scenario = load_scenario(workplace / "mine" / "scenario.toml")
    assert (scenario.tiers.large.count.min, scenario.extends) == (6, "policy-2023")
    commands = _commands(workplace / "mine" / "README.md")
    assert [command[0] for command in commands] == ["check", "solve", "solve"]
    sites = workplace / "mine" / "sites.csv"
    answer = call("check", workplace / "mine" / "scenario.toml", "--add-sites", sites)
    assert answer.code == 0, answer.err
    assert "1,744 sites" in answer.out


@pytest.mark.parametrize("kind", ["best-of", "national"])
def test_nothing_is_overwritten(call, workplace, kind):
    (workplace / "here").mkdir()
    (workplace / "here" / "sites.csv").write_text("mine", encoding="utf-8")
    answer = call("init", kind, "here")
    assert answer.code == 2
    assert "sites.csv: is there already, and nothing is overwritten" in answer.err
    assert [path.name for path in (workplace / "here").iterdir()] == ["sites.csv"]
    assert (workplace / "here" / "sites.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("folder", ["here", "new/and/deeper"])
def test_a_disk_that_fills_leaves_nothing_behind(call, workplace, monkeypatch, folder):
    (workplace / "here").mkdir()
    (workplace / "here" / "mine").touch()
    opened = Path.open

    def full(path, mode="r", *arguments, **options):
        file = opened(path, mode, *arguments, **options)
        if mode == "xb" and path.name == "sites.csv":
            file.close()
            return opened(Path("/dev/full"), "wb")
        return file

    monkeypatch.setattr(Path, "open", full)
    answer = call("init", "best-of", folder)
    assert answer.code == 2
    assert "no room is left on the disk" in answer.err
    assert [str(path.relative_to(workplace)) for path in workplace.rglob("*")] == [
        "here", "here/mine",
    ]  # fmt: skip
