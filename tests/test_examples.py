"""The examples in the docstrings of what ``dcsite`` exports run and say what they show."""

from __future__ import annotations

import doctest
import importlib

import pytest

import dcsite

#: A country of five towns with three hubs: a second to solve.
_SITES = """\
name,lat,lon,max_mw
Tomakomai,42.66,141.60,400
Tosu,33.39,130.52,300
Aizu,37.55,139.85,60
Miyoshi,34.75,132.85,60
Nagaoka,37.40,138.85,50
"""
_SCENARIO = """\
extends = "distance-only"
name = "small"

[tiers.core]
count = 2

[tiers.large]
count = 0

[tiers.regional]
count = 1

[demand]
basis = "given"
grid_demand_mw = 2000
"""


def _examples() -> list[doctest.DocTest]:
    found: dict[str, doctest.DocTest] = {}
    for name in ("dcsite", "dcsite.plan.session", "dcsite.plan.types"):
        for test in doctest.DocTestFinder().find(importlib.import_module(name)):
            if test.examples:
                found[test.name] = test
    return list(found.values())


@pytest.mark.parametrize("example", _examples(), ids=lambda test: test.name)
def test_an_example_says_what_it_shows(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites.csv").write_text(_SITES, encoding="utf-8")
    (tmp_path / "small.toml").write_text(_SCENARIO, encoding="utf-8")
    assert not any(one.options.get(doctest.SKIP) for one in example.examples)
    result = doctest.DocTestRunner().run(example)
    assert result.failed == 0, capsys.readouterr().out


def test_all_that_is_exported_has_an_example():
    shown = {test.name.rpartition(".")[2] for test in _examples()}
    assert shown >= {name for name in dcsite.__all__ if not name.startswith("_")}
