"""Records write, read and describe themselves, and refuse what is not theirs."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from dcsite.errors import OutputError
from dcsite.records import EndlessPoints, Figure, Km, Plain, Record, Share, Times, UnknownAmount


class Link(Record):
    """A link."""

    distance_km: Km
    """Geodesic distance."""
    name: str | None
    chance: Times | None = None


class Answer(Record):
    """An answer."""

    file_name = "answer.json"

    links: tuple[Link, ...]
    share: Share
    value: UnknownAmount
    unit: str
    bound: EndlessPoints
    options: Mapping[str, Plain]


@pytest.fixture
def answer() -> Answer:
    link = Link(np.float64(1.23456), "x", 1e-9)
    return Answer((link,), 1.0 / 3.0, 1.23456789, "km", math.inf, {"a": (1, math.nan)})


def test_numbers_keep_their_precision_in_memory_and_are_rounded_in_files(answer):
    assert answer.links[0].distance_km == 1.23456
    assert answer.dump() == {
        "links": [{"distance_km": 1.235, "name": "x", "chance": 1e-9}],
        "share": 0.333333,
        "value": 1.235,
        "unit": "km",
        "bound": None,
        "options": {"a": [1, None]},
    }
    assert dataclasses.replace(answer, unit="points").dump()["value"] == 1.234568


def test_a_record_read_back_gives_the_same_text(answer):
    again = Answer.read(answer.text())
    assert again.text() == answer.text()
    assert again.bound == math.inf
    unknown = Answer.read(dataclasses.replace(answer, value=math.nan).text())
    assert math.isnan(unknown.value)


def test_a_record_is_frozen(answer):
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.links[0].name = "y"


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, "3", True, None])
def test_numbers_are_checked_when_a_record_is_made(wrong):
    with pytest.raises(ValidationError):
        Link(wrong, "x")


def test_the_schema_is_met_and_closed(answer):
    schema = Answer.schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(answer.dump())
    assert schema["$id"] == "urn:dcsite:answer"
    link = schema["$defs"]["Link"]
    assert link["additionalProperties"] is False
    assert link["required"] == ["distance_km", "name", "chance"]
    assert link["properties"]["distance_km"]["description"] == "Geodesic distance."


@pytest.mark.parametrize(
    "text",
    [
        "1" * 5000,
        "[" * 100_000,
        '{"links": [',
        '{"links": NaN}',
        "3",
        '{"links": [{"distance_km": ' + "1" * 400 + ', "name": null}]}',
        '{"links": [{"distance_km": 1e400, "name": null}]}',
    ],
)
def test_hostile_documents_are_refused(text):
    with pytest.raises(OutputError) as caught:
        Answer.read(text)
    assert all("\n" not in str(problem) for problem in caught.value.problems)


def test_errors_name_the_field(answer):
    document = answer.dump()
    document["links"][0]["distance_km"] = "near"
    with pytest.raises(OutputError, match=r"^answer.json: links\.0\.distance_km: must be a number"):
        Answer.read(json.dumps(document))


class Simulated(Record):
    """A figure of a simulation."""

    value: Figure


@pytest.mark.parametrize(
    ("value", "written"),
    [(1895.3764, 1895.38), (1.234567e-5, 1.23457e-05), (1234567.0, 1234570.0), (-0.0, 0.0)],
)
def test_a_figure_has_six_significant_digits_in_the_file_alone(value, written):
    found = Simulated(value)
    assert found.value == value
    assert json.dumps(found.dump()) == json.dumps({"value": written})
    with pytest.raises(ValidationError):
        Simulated(math.nan)
