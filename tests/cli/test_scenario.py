"""``dcsite scenario``: list, show, schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

import dcsite
from dcsite.scenario import shipped_names


def test_list_gives_one_line_per_shipped_scenario_in_both_languages(call):
    answer = call("scenario", "list")
    assert (answer.code, answer.err) == (0, "")
    rows = [line.split("\t") for line in answer.out.splitlines()]
    assert [row[0] for row in rows] == list(shipped_names())
    assert "policy-2023" in shipped_names()
    for name, asks_en, asks_ja in rows:
        scenario = dcsite.load_scenario(name)
        assert (asks_en, asks_ja) == (scenario.asks_en, scenario.asks_ja)


def test_show_says_behind_every_value_where_it_is_from(call):
    answer = call("scenario", "show")
    assert (answer.code, answer.err) == (0, "")
    named = {"asks_en", "asks_ja", "extends", "name", "title_en", "title_ja"}
    values = [line for line in answer.out.splitlines() if " = " in line and line[0] != "#"]
    assert len(values) > 60
    for line in values:
        if line.split(" = ")[0] not in named:
            origin = line.split("  # ")[-1]
            assert origin.startswith(("strategy ", "table ", "assumption: ")), line
            assert len(origin.split(": ", 1)[1]) > 10, line
    tables = tomllib.loads(answer.out)
    assert tables["tiers"]["core"]["count"] == 2
    (core_count,) = [line for line in values if line.startswith("count = 2 ")]
    assert "# strategy F1 (L11170): " in core_count


def test_show_with_set_tells_the_users_value_apart(call):
    plain = call("scenario", "show", "policy-2023").out.splitlines()
    answer = call("scenario", "show", "policy-2023", "--set", "demand.pue=1.15")
    changed = [line for line in answer.out.splitlines() if line not in plain]
    (line,) = [line for line in changed if not line.startswith("#")]
    assert line.startswith("pue = 1.15 ")
    assert "--set" in line


def test_what_is_shown_can_be_read_again_and_asks_the_same(call, workplace):
    shown = call(
        "scenario", "show", "distributed",
        "--set", "tiers.core.count={min=1,max=3}", "--set", "rules.land=soft",
    )  # fmt: skip
    Path("again.toml").write_text(shown.out, encoding="utf-8")
    assert dcsite.load_scenario("again.toml") == dcsite.load_scenario(
        "distributed", ["tiers.core.count={min=1,max=3}", "rules.land=soft"]
    )


def test_schema_is_json_schema_that_knows_the_shipped_values(call):
    answer = call("scenario", "schema")
    assert (answer.code, answer.err) == (0, "")
    schema = json.loads(answer.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    tables = tomllib.loads(call("scenario", "show").out)
    validator.validate(tables)
    tables["tiers"]["core"]["separation_km"] = -1
    with pytest.raises(jsonschema.ValidationError, match="-1"):
        validator.validate(tables)
    tables["tiers"]["core"] = {"seperation_km": 400}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(tables)
