from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from dcsite.plan.types import Assumption, Plan
from dcsite.records import plain, rounded

#: The keys that others script against.
REQUIRED = {
    "dcsite_version", "status", "objective", "bound", "gap", "solver", "wall_s", "hubs",
    "measures", "unserved_mw", "assumptions", "geodata", "scenario",
}  # fmt: skip
HUB_KEYS = {
    "site_id", "municipality_code", "name_ja", "name_en", "prefecture_en", "area", "tier",
    "lat_deg", "lon_deg", "it_load_mw", "substation", "landing", "nearest_hub_km",
    "renewable_share",
}  # fmt: skip


def validator() -> Draft202012Validator:
    return Draft202012Validator(Plan.schema())


def test_the_schema_is_a_schema_and_closed_at_every_level() -> None:
    schema = Plan.schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def closed(part: Any, path: str) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object" and "properties" in part:
                assert part["additionalProperties"] is False, path
                assert set(part["required"]) == set(part["properties"]), path
            for key, value in part.items():
                closed(value, f"{path}/{key}")

    closed(schema, "")


def test_plans_meet_the_schema(plan: Plan, troubled_plan: Plan) -> None:
    for one in (plan, troubled_plan):
        document = json.loads(one.text())
        validator().validate(document)
        assert set(document) >= REQUIRED
        assert all(set(hub) >= HUB_KEYS for hub in document["hubs"])


def test_a_plan_without_links_or_names_meets_the_schema(plan: Plan) -> None:
    bare = dataclasses.replace(
        plan.hubs[0], municipality_code=None, name_en=None,
        links={"substation": None, "landing": None, "new_landing": None, "exchange": None},
        values=(), nearest_hub_km=float("inf"),
    )  # fmt: skip
    document = json.loads(dataclasses.replace(plan, hubs=(bare,)).text())
    validator().validate(document)
    hub = document["hubs"][0]
    assert (hub["substation"], hub["landing"], hub["nearest_hub_km"]) == (None, None, None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(extra=1),
        lambda d: d.update(status="infeasible"),
        lambda d: d.pop("bound"),
        lambda d: d["hubs"][0].update(lat_deg=91),
        lambda d: d["hubs"][0].update(municipality_code="1235"),
        lambda d: d["hubs"][0]["substation"].update(kv=1),
        lambda d: d["measures"][0].update(score=1.01),
        lambda d: d["geodata"][0].update(sha256="0"),
    ],
)
def test_the_schema_refuses_what_is_not_a_plan(
    plan: Plan, spoil: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(plan.text())
    spoil(document)
    with pytest.raises(ValidationError):
        validator().validate(document)


def test_numbers_carry_what_they_can(plan: Plan) -> None:
    document = json.loads(plan.text())
    assert document["objective"] == 0.712346
    assert document["wall_s"] == 12.346
    hub = document["hubs"][0]
    assert hub["it_load_mw"] == 300.0
    assert hub["uncertainty_km"] == 9.877
    assert hub["nearest_hub_km"] == 321.988
    assert hub["renewable_share"] == 0.612346
    assert hub["substation"]["distance_km"] == 4.568
    assert hub["landing"]["landing_id"] == "ishikari"
    assert hub["values"][0]["value"] == 812.346
    assert hub["values"][2] == {
        "criterion": "renewables",
        "name": "local_renewable",
        "label_en": "additional supply around the hub",
        "label_ja": "拠点周辺の追加再エネ",
        "value": 331.644,
        "unit": "GWh/year",
        "score": 0.122832,
        "source": "solar_fit",
    }


def test_what_is_not_finite_is_null(troubled_plan: Plan) -> None:
    text = troubled_plan.text()
    assert "NaN" not in text
    assert "Infinity" not in text
    document = json.loads(text)
    assert document["bound"] is None
    assert document["gap"] is None
    assert document["hubs"][0]["decarbonised_share"] is None
    assert document["measures"][2]["value"] is None


def test_troubles_are_in_the_file(troubled_plan: Plan) -> None:
    document = json.loads(troubled_plan.text())
    assert document["unserved"] == [
        {
            "pref_code": "47",
            "name_en": "Okinawa",
            "name_ja": "沖縄県",
            "workload": "latency_critical",
            "unserved_mw": 42.25,
        }
    ]
    assert document["violations"][0]["amount"] == 0.0377
    assert document["violations"][0]["site_ids"] == ["01235"]


def test_the_same_plan_gives_the_same_text_but_for_times(plan: Plan) -> None:
    assert plan.text() == dataclasses.replace(plan).text()
    later = dataclasses.replace(plan, wall_s=99.0, created_at="2027-01-01T00:00:00+00:00")
    differing = [
        (one, other)
        for one, other in zip(plan.text().splitlines(), later.text().splitlines(), strict=True)
        if one != other
    ]
    assert [one.split('"')[1] for one, _ in differing] == ["created_at", "wall_s"]


def test_japanese_is_written_as_such(plan: Plan) -> None:
    assert '"name_ja": "石狩市"' in plan.text()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(1.5), 1.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (float("nan"), None),
        (float("inf"), None),
        ((1, "a"), [1, "a"]),
        ({"b", "a"}, ["a", "b"]),
        (np.array([1.0, np.nan]), [1.0, None]),
        ({"k": {1: (None,)}}, {"k": {"1": [None]}}),
        (Path("a/b"), "a/b"),
        (dt.date(2026, 11, 24), "2026-11-24"),
        (True, True),
    ],
)
def test_scenario_values_become_plain(value: Any, expected: Any) -> None:
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)


def test_assumed_values_may_be_anything(plan: Plan) -> None:
    odd = Assumption("x", {"min": np.float64(1.0), "max": float("inf")}, "why")
    document = json.loads(dataclasses.replace(plan, assumptions=(odd,)).text())
    validator().validate(document)
    assert document["assumptions"][0]["value"] == {"min": 1.0, "max": None}


def test_rounding() -> None:
    assert rounded(1.23456, 3) == 1.235
    assert str(rounded(-0.0001, 3)) == "0.0"
    assert rounded(None, 3) is None
    assert rounded(float("-inf"), 3) is None
