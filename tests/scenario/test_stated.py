"""What shipped scenarios say of the strategy and of tables is what stands there."""

from __future__ import annotations

import re
import tomllib
from functools import reduce
from importlib import resources
from operator import getitem
from typing import Any

import pandas as pd
import pytest

from dcsite.model import all_rules
from dcsite.plan.sources import cited_lines, rule_sources, sourced_values
from dcsite.scenario import load_scenario, shipped_names
from dcsite.scenario.origin import parse_source

READINGS = {
    *("tiers.core.regions", "tiers.large.count", "tiers.regional.count"),
    *("criteria.exchanges.min_members", "criteria.landings.max_new"),
    *("demand.classes.latency_tolerant.max_ms", "demand.classes.latency_tolerant.sites"),
    *("demand.classes.ai.share", "demand.classes.ai.growth"),
}


def shipped(name: str) -> dict[str, Any]:
    file = resources.files("dcsite.scenario") / "shipped" / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))


def stands_in(table: pd.DataFrame, cell: dict[str, object], value: object) -> str:
    """Say what is wrong with a value that is said to come from a cell; empty where it does."""
    rows = table.reset_index()
    for column, wanted in cell["row"].items():
        rows = rows[rows[column].astype(str) == str(wanted)]
    if len(rows) != 1:
        return f"{len(rows)} rows are meant"
    if isinstance(value, dict):  # a range, or a value for each tier: what the file gives of it
        return next(filter(None, (stands_in(table, cell, part) for part in value.values())), "")
    found = rows.iloc[0][cell["column"]]
    if isinstance(value, str):
        return "" if str(found) == value else f"{found!r} stands there"
    stands = float(found) * cell.get("times", 1)
    return "" if float(value) == pytest.approx(stands, rel=1e-9) else f"{stands:g} stands there"


@pytest.mark.parametrize("name", shipped_names())
def test_every_value_said_to_come_from_a_table_stands_there(name, shipped_atlas):
    given = shipped(name)
    for key, entry in given["sources"].items():
        if "table" in entry:
            origin, value = parse_source(entry), reduce(getitem, key.split("."), given)
            assert origin.cell, f"{key}: says no row and column of {entry['table']}"
            wrong = stands_in(shipped_atlas.table(entry["table"]), origin.cell, value)
            assert not wrong, f"{key} = {value!r}: {wrong}"


def test_a_changed_table_or_value_is_found():
    table = pd.DataFrame({"series": ["a", "b"], "value": [80.0, 70.0]}).set_index("series")
    cell = {"row": {"series": "a"}, "column": "value", "times": 0.01}
    assert stands_in(table, cell, 0.8) == ""
    assert stands_in(table, cell, {"max": 0.8}) == ""
    assert stands_in(table, cell, {"core": 0.8, "large": 0.7}) == "0.8 stands there"
    assert stands_in(table, cell, 0.81) == "0.8 stands there"
    assert stands_in(table.assign(value=[79.0, 80.0]), cell, 0.8) == "0.79 stands there"
    assert stands_in(table.drop("a"), cell, 0.8) == "0 rows are meant"
    assert stands_in(table, {"row": {"series": "a"}, "column": "series"}, "b") == "'a' stands there"


def test_every_line_cited_is_a_line_of_its_statement(shipped_atlas):
    lines = shipped_atlas.table("strategy_statements")["dump_lines"]
    cited = [
        (key, text)
        for name in shipped_names()
        for key, entry in shipped(name)["sources"].items()
        for text in entry.get("strategy", ())
    ]
    assert len(cited) > 20
    for key, text in cited:
        one, _, passage = text.partition(" L")
        assert one in lines, f"{key}: no statement {one}"
        assert not passage or passage in lines[one].split(";"), f"{key}: {text}"
    for rule in all_rules().values():
        assert set(rule.policy_lines) <= set(lines.index), rule.name


@pytest.mark.parametrize("name", shipped_names())
def test_what_was_read_into_the_strategys_words_is_called_a_reading(name):
    for key, origin in load_scenario(name).provenance.items():
        if origin.kind == "strategy" and re.search(r"\b(read|reading|not stated)\b", origin.why):
            assert origin.reading, f"{key}: {origin.why}"


@pytest.mark.parametrize(
    "table",
    ["counts", "budgets", "core_regions", "existing_cores", "feasibility_places", "rack_figures"],
)
def test_policy_tables_cite_lines_of_their_statements(table, shipped_atlas):
    lines = shipped_atlas.table("strategy_statements")["dump_lines"]
    for row in shipped_atlas.table(table).reset_index().itertuples():
        stated = ";".join(lines[one] for one in row.lines.split(";"))
        numbers = {int(n) for n in re.findall(r"\d+", stated)}
        for part in row.dump_lines.split(";"):
            first, *last = map(int, part.split("-"))
            assert first <= max(numbers), (table, row)
            assert (last or [first])[0] >= min(numbers), (table, row)


def test_rules_and_values_carry_statements_with_lines_and_readings_are_called_so(shipped_atlas):
    scenario = load_scenario()
    assert cited_lines(shipped_atlas, ("B4", "D1", "Z9")) == (
        "B4 L5402",
        "D1 L5469 L5471-5472",
        "Z9",
    )
    rules = {one.rule: one for one in rule_sources(scenario, shipped_atlas)}
    assert set(rules) == set(all_rules())
    assert rules["separation"].cited == "B4 L5402"
    assert rules["tier_counts"].statements == ("F1 L11170", "C8 L5454-5455", "C3 L5440-5441")
    assert rules["nuclear_zone"].cited == "仮定 assumption"
    modes = [one.mode for one in rules.values()]
    assert modes == sorted(modes, key=["hard", "soft", "off"].index)
    values = {one.key: one for one in sourced_values(scenario, shipped_atlas)}
    assert values["tiers.large.count"].cited == ("C8 L5454-5455",)
    assert {key for key, one in values.items() if one.reading} >= READINGS
    assert not values["tiers.core.count"].reading
    assert values["demand.load_factor"].cited == ("data_centre_demand_outlook",)
    # Each value is of the strategy, a table, or an assumption that is told.
    told = {one.key for one in scenario.assumptions()}
    assert not told & set(values)
    assert told | set(values) == set(scenario.provenance)
