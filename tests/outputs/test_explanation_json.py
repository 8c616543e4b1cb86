from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from dcsite.plan.explanation import Explanation


def test_the_schema_is_a_schema_and_closed_at_every_level() -> None:
    schema = Explanation.schema()
    Draft202012Validator.check_schema(schema)
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert set(part["required"]) == set(part["properties"])


def test_an_explanation_meets_the_schema(explanation: Explanation) -> None:
    document = json.loads(explanation.text())
    validator = Draft202012Validator(Explanation.schema())
    validator.validate(document)
    document["hubs"][0]["cost"]["low"] = -0.1
    with pytest.raises(ValidationError):
        validator.validate(document)


def test_numbers_and_gaps_are_as_the_shape_says(explanation: Explanation) -> None:
    document: dict[str, Any] = json.loads(explanation.text())
    assert document["objective"] == 0.712346
    assert document["best_known"] == 0.7124
    assert [hub["cost"] for hub in document["hubs"]] == [
        {"low": 0.0021, "high": 0.00294, "possible": True},
        {"low": 0.00301, "high": 0.0035, "possible": True},
        {"low": None, "high": None, "possible": False},
        {"low": 0.0, "high": 0.0007, "possible": True},
        {"low": 0.0004, "high": None, "possible": True},
        {"low": 0.0, "high": 0.0001, "possible": True},
        None,
    ]
    first = document["hubs"][0]
    assert first["runners_up"][0]["place"]["site_id"] == "01221"
    assert first["runners_up"][0]["distance_km"] == 141.234
    assert first["shares"][0]["points"] == 0.025123
