from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from dcsite.contract import load_mw
from dcsite.errors import OutputError
from dcsite.plan.types import Hub, Plan


def test_a_plan_read_back_gives_the_same_text(plan: Plan, troubled_plan: Plan) -> None:
    for one in (plan, troubled_plan):
        text = one.text()
        assert Plan.read(text).text() == text


def test_what_is_read_are_the_plans_own_records(plan: Plan, troubled_plan: Plan) -> None:
    read = Plan.read(troubled_plan.text())
    hub = read.hubs[0]
    assert type(hub) is Hub
    assert hub.uncertainty_km == 9.877
    assert hub.shares[0].points == 0.025123
    assert hub.links["substation"] is not None
    assert math.isnan(hub.facts["decarbonised_share"])
    assert math.isinf(read.bound)
    assert math.isinf(read.gap)
    assert math.isnan(read.measures[2].value)
    assert read.measures[2].score is None
    assert read.violations == troubled_plan.violations
    assert read.assumptions == plan.assumptions


def test_keys_that_tools_add_to_a_hub_are_left_alone(plan: Plan) -> None:
    document = json.loads(plan.text())
    document["hubs"][0] |= {"note": "mine", "style": {"colour": "red"}, "seen": True}
    assert Plan.read(json.dumps(document)).text() == plan.text()


def test_a_link_of_a_criterion_that_is_not_installed_keeps_what_links_have(plan: Plan) -> None:
    document = json.loads(plan.text())
    end = {
        "name_ja": "成田",
        "name_en": None,
        "distance_km": 9.5,
        "lat_deg": 35.8,
        "lon_deg": 140.4,
    }
    document["hubs"][0]["airport"] = {**end, "airport_id": "NRT"}
    read = Plan.read(json.dumps(document))
    assert read.hubs[0].links["airport"] is not None
    assert json.loads(read.text())["hubs"][0]["airport"] == end


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("substation", {"substation_id": "x"}, "hubs.0.substation"),
        ("substation", "near", "hubs.0.substation"),
        ("renewable_share", "all", "hubs.0.facts.renewable_share"),
    ],
)
def test_a_link_or_fact_that_is_none_is_named(
    plan: Plan, key: str, value: object, field: str
) -> None:
    document = json.loads(plan.text())
    document["hubs"][0][key] = value
    with pytest.raises(OutputError) as caught:
        Plan.read(json.dumps(document))
    assert any(problem.field.startswith(field) for problem in caught.value.problems)


def test_a_plan_of_before_shares_has_none(plan: Plan) -> None:
    document = json.loads(plan.text())
    for hub in document["hubs"]:
        del hub["shares"]
    assert Plan.read(json.dumps(document)).hubs[0].shares == ()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.pop("hubs"), "out/plan.json: hubs: field required"),
        (lambda d: d["hubs"][0].update(lat_deg="north"), "hubs.0.lat_deg: must be a number"),
        (lambda d: d.update(status="done"), "status: input should be 'optimal', 'feasible' or"),
        (lambda d: d.update(hubs=[1]), "hubs.0: input should be"),
    ],
)
def test_what_is_no_plan_is_one_line(
    plan: Plan, spoil: Callable[[dict[str, Any]], object], words: str
) -> None:
    document = json.loads(plan.text())
    spoil(document)
    with pytest.raises(OutputError) as caught:
        Plan.read(json.dumps(document), "out/plan.json")
    assert len(caught.value.problems) == 1
    assert words in str(caught.value.problems[0])


def test_a_file_cut_short_is_one_line() -> None:
    with pytest.raises(OutputError, match=r"is no plan\.json of dcsite, or cut short"):
        Plan.read('{"hubs": [')


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["hubs"].pop(),
        lambda d: d["hubs"][0].update(it_load_mw=d["hubs"][0]["it_load_mw"] + 0.001),
        lambda d: d["hubs"][0].update(site_id="99999"),
        lambda d: d["hubs"][1].update(tier="large"),
        lambda d: d["hubs"].append(dict(d["hubs"][0], site_id="13101")),
        lambda d: d["scenario"].update(name="other"),
    ],
)
def test_a_plan_that_was_changed_is_told(
    plan: Plan, spoil: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(plan.text())
    spoil(document)
    with pytest.raises(OutputError, match="digest: the plan was changed since it was written"):
        Plan.read(json.dumps(document), "out/plan.json")


def test_the_digest_is_of_the_decisions_alone(plan: Plan) -> None:
    later = dataclasses.replace(plan, wall_s=1.0, created_at="later", notes=("x",))
    assert later.digest == plan.digest == Plan.read(plan.text()).digest


@pytest.mark.parametrize("spoil", [lambda d: d.pop("digest"), lambda d: d.update(digest=None)])
def test_a_plan_without_a_digest_is_one_line(
    plan: Plan, spoil: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(plan.text())
    spoil(document)
    with pytest.raises(OutputError, match=r"digest: has none.*solve the scenario again") as caught:
        Plan.read(json.dumps(document), "out/plan.json")
    assert len(caught.value.problems) == 1


def test_a_plan_of_another_version_is_one_line(plan: Plan) -> None:
    document = json.loads(plan.text())
    document["dcsite_version"] = "9.0.0"
    del document["measures"], document["notes"]
    with pytest.raises(OutputError) as caught:
        Plan.read(json.dumps(document), "out/plan.json")
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith("out/plan.json: was written by dcsite 9.0.0, whose plans")


def test_loads_that_sites_give_are_printed_as_they_are(plan: Plan) -> None:
    hubs = tuple(dataclasses.replace(hub, it_load_mw=555.0) for hub in plan.hubs)
    demand = {"hub_loads": "full"}
    chosen = dataclasses.replace(plan, hubs=hubs, gap=0.1)
    full = dataclasses.replace(chosen, scenario={**plan.scenario, "demand": demand})
    with chosen.printed():
        assert load_mw(555.0) == "550"
    with full.printed():
        assert load_mw(555.0) == "555.0"
