"""``dcsite schema`` prints what the records say of themselves."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator


@pytest.mark.parametrize(
    "name",
    [
        "plan",
        "periods",
        "explanation",
        "alternatives",
        "backtest",
        "compare",
        "front",
        "robust",
        "stress",
        "edge",
    ],
)
def test_schemas_are_printed(call, name):
    answer = call("schema", name)
    assert answer.code == 0, answer.err
    schema = json.loads(answer.out)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:dcsite:{name.removesuffix('.json')}"


def test_another_file_is_one_line(refused):
    refused(
        ["schema", "map"],
        [
            [
                "FILE",
                "plan, periods, explanation, alternatives, backtest, compare, front, robust",
                "'map'",
            ]
        ],
    )
