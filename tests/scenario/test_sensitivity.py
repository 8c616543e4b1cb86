"""What the document of sensitivity says, and what the shipped scenario tells on the map."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dcsite.plan.types import DECIDES_SHARE
from dcsite.scenario import load_scenario
from dcsite.scenario.layers import flatten
from dcsite.scenario.schema import as_dict

_ROW = re.compile(r"^\| `(?P<key>[^`]+)` \| (?P<default>\S+) \| (?P<tried>\S+) \| (?P<moved>\d+)% ")


@pytest.fixture(scope="module")
def rows() -> list[re.Match[str]]:
    text = Path(__file__).parents[2].joinpath("docs", "sensitivity.md").read_text("utf-8")
    return [found for line in text.splitlines() if (found := _ROW.match(line))]


def test_the_document_varies_the_values_that_the_scenario_has(rows):
    values = dict(flatten(as_dict(load_scenario())))
    assert len(rows) >= 20
    for row in rows:
        assert values[row["key"]] == pytest.approx(float(row["default"])), row["key"]


def test_what_moves_a_third_of_the_load_is_told_with_the_assumption(rows):
    told = {
        one.key: (float(one.tried), round(100 * one.moves_share))
        for one in load_scenario().assumptions()
        if (one.moves_share or 0.0) >= DECIDES_SHARE
    }
    assert told == {
        row["key"]: (float(row["tried"]), int(row["moved"]))
        for row in rows
        if int(row["moved"]) / 100 >= DECIDES_SHARE
    }
