"""The pages of checks and features hold every number once, and name only what is there."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
import typer

import dcsite
from dcsite.cli.app import app
from dcsite.outputs import FILE_NAMES
from dcsite.scenario import as_dict, flatten, shipped_names

HERE = Path(__file__)
ROOT = HERE.parents[2]


def rows(name: str, columns: int) -> list[list[str]]:
    """Return the rows of a page's table, without its header."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    cells = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| \d", line)]
    assert {len(row) for row in cells} == {columns}
    return [[cell.strip() for cell in row] for row in cells]


def known_keys() -> set[str]:
    """Return every key of the default scenario and every table around one."""
    keys = {key for key, _ in flatten(as_dict(dcsite.load_scenario()))}
    keys |= {"network.file", "periods", "cheapest"}
    return keys | {key.rpartition(".")[0] for key in keys}


@pytest.mark.parametrize(("page", "columns"), [("acceptance.md", 5), ("features.md", 4)])
def test_what_a_page_names_is_there(page, columns):
    keys, commands = known_keys(), set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    cells = [cell for row in rows(page, columns) for cell in row]
    named = [one for cell in cells for one in re.findall("`([^`]+)`", cell)]
    assert len(named) > 20
    tables = {path.stem for path in (ROOT / "geodata").rglob("*.csv")}
    for one in named:
        if one.startswith("dcsite "):
            command, *scenario = one.split()[1:]
            assert command in commands, one
            assert set(scenario) <= set(shipped_names()), one
        elif one.startswith("test_check_"):
            assert page == "acceptance.md"
        elif one.startswith("geodata/"):
            assert (ROOT / one).is_file(), one
        elif one.endswith((".csv", ".json", ".html")):
            assert one in FILE_NAMES, one
        else:
            assert one in keys or one in tables, one


def test_sixty_features_each_with_a_state_and_how_or_why_not():
    features = rows("features.md", 4)
    assert [int(row[0]) for row in features] == list(range(1, 61))
    assert {row[2] for row in features} == {"works", "partly", "not"}
    for number, what, state, how in features:
        assert len(how) > 15, number
        assert re.search(r"\(L\d+|\(all\)", what), number
        if state != "not" and int(number) not in {2, 50}:
            assert "`" in how, number


def test_eighteen_checks_each_with_its_test():
    checks = rows("acceptance.md", 5)
    assert [int(row[0]) for row in checks] == list(range(1, 19))
    tests = re.findall(
        r"^def (test_check_\d\d)_", (HERE.with_name("test_strategy_checks.py")).read_text("utf-8"),
        re.MULTILINE,
    )  # fmt: skip
    assert all(one < other for one, other in pairwise(tests))
    assert [row[4].strip("`") for row in checks] == tests
