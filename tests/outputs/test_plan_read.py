from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from dcsite.errors import OutputError
from dcsite.outputs import plan_to_json
from dcsite.outputs.plan_read import plan_from_json
from dcsite.plan.types import Hub, Plan


def test_a_plan_read_back_gives_the_same_text(plan: Plan, troubled_plan: Plan) -> None:
    for one in (plan, troubled_plan):
        text = plan_to_json(one)
        assert plan_to_json(plan_from_json(text)) == text


def test_what_is_read_are_the_plans_own_records(plan: Plan, troubled_plan: Plan) -> None:
    read = plan_from_json(plan_to_json(troubled_plan))
    hub = read.hubs[0]
    assert type(hub) is Hub
    assert hub.uncertainty_km == 9.877
    assert hub.shares[0].points == 0.025123
    assert hub.substation is not None
    assert math.isnan(hub.decarbonised_share)
    assert math.isinf(read.bound)
    assert math.isinf(read.gap)
    assert math.isnan(read.measures[2].value)
    assert read.measures[2].score is None
    assert read.violations == troubled_plan.violations
    assert read.assumptions == plan.assumptions


def test_a_plan_of_before_shares_has_none(plan: Plan) -> None:
    document = json.loads(plan_to_json(plan))
    for hub in document["hubs"]:
        del hub["shares"]
    assert plan_from_json(json.dumps(document)).hubs[0].shares == ()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.pop("hubs"), "out/plan.json: is no plan.json of this dcsite ('hubs')"),
        (lambda d: d["hubs"][0].update(lat_deg="north"), "hubs.0.lat_deg: input should be"),
        (lambda d: d.update(status="done"), "status: input should be 'optimal', 'feasible' or"),
        (lambda d: d.update(hubs=[1]), "is no plan.json of this dcsite"),
    ],
)
def test_what_is_no_plan_is_one_line(
    plan: Plan, spoil: Callable[[dict[str, Any]], object], words: str
) -> None:
    document = json.loads(plan_to_json(plan))
    spoil(document)
    with pytest.raises(OutputError) as caught:
        plan_from_json(json.dumps(document), "out/plan.json")
    assert len(caught.value.problems) == 1
    assert words in str(caught.value.problems[0])


def test_a_file_cut_short_is_one_line() -> None:
    with pytest.raises(OutputError, match=r"is no plan\.json of this dcsite"):
        plan_from_json('{"hubs": [')
