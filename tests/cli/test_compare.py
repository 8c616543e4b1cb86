"""``dcsite compare``: two saved plans and today, and what it refuses."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from dcsite.cli.compare import _is_private


@pytest.fixture(scope="module")
def texts(solved, plan):
    """Two plans: by the scenario, and with the weight of disasters alone."""
    only = [f"weights.{name}=0" for name in ("separation", "firm_ground", "renewables", "cables")]
    only += ["weights.substation=0", "weights.takeover=0"]
    return plan.text(), solved(*only, "weights.disasters=1").text()


@pytest.fixture
def folders(workplace, texts, in_small_country):
    for name, text in zip(("plain", "wary"), texts, strict=True):
        (workplace / name).mkdir()
        (workplace / name / "plan.json").write_text(text, encoding="utf-8")
    return workplace


def test_two_plans_and_today(call, folders):
    answer = call("compare", "plain", "wary/plan.json", "today", "-o", "held", "-q")
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[-1] == "map: held/compare.html"
    assert "wary against plain" in answer.out
    assert "today against plain" in answer.out
    document = json.loads((folders / "held" / "compare.json").read_text("utf-8"))
    assert [plan["label"] for plan in document["plans"]] == ["plain", "wary", "today"]
    # The plan made for disasters alone is no worse in what it was made for: their scores, each by
    # its part of a weight of 1, less what broken rules and unserved demand cost. The comparison
    # holds both to the national load and keeps each plan's hubs with their loads.
    worth = []
    for name, held in zip(("plain", "wary"), document["plans"], strict=False):
        plan = json.loads((folders / name / "plan.json").read_text("utf-8"))
        scored = [m for m in plan["measures"] if m["weight"]]
        own = [m for m in scored if m["criterion"] == "disasters"]
        points = sum(m["score"] * m["weight"] for m in own) / sum(m["weight"] for m in own)
        cost = sum(m["score"] * m["weight"] for m in scored) - plan["objective"]
        worth.append(points - cost)
        loads = {hub["site_id"]: hub["it_load_mw"] for hub in plan["hubs"]}
        assert {hub["site_id"]: hub["it_load_mw"] for hub in held["hubs"]} == loads
    assert worth[1] >= worth[0] - 1e-5
    assert worth[1] == pytest.approx(plan["objective"], abs=1e-5)
    assert (folders / "held" / "compare.html").is_file()


def test_private_plans_are_measured_by_the_private_question(monkeypatch):
    demands = {"a.json": "alike", "b.json": "full", "c.json": "chosen"}

    def read(path):
        demand = SimpleNamespace(hub_loads=demands[path.name])
        return SimpleNamespace(scenario=SimpleNamespace(demand=demand))

    monkeypatch.setattr("dcsite.plan.reload.read_plan", read)
    said = [_is_private(one) for one in ("a.json", "b.json", "c.json", "today", "best-of")]
    assert said == [True, True, False, False, False]


def test_the_same_twice(call, folders):
    for name in ("a", "b"):
        assert call("compare", "plain", "wary", "-o", name, "-q").code == 0
    for file in ("compare.json", "compare.html"):
        assert (folders / "a" / file).read_bytes() == (folders / "b" / file).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plain",), "PLAN...: got 1; allowed: 2 to 8 plans, scenarios or 'today'"),
        (("plain", "plain"), "PLAN...: 'plain' is given twice"),
        (("plain", "nowhere"), "PLAN...: nowhere: is no folder, file or scenario"),
        (("plain", "nowhere.json"), "nowhere.json: "),
        (("plain", "today", "--by", "nothing"), "nothing"),
        (("plain", "today", "--set", "weights.disaster=1"), "did you mean weights.disasters?"),
        (("plain", "today", "-o", "plain"), "plain: holds what this command did not write"),
    ],
)
def test_what_it_refuses(call, folders, arguments, said):
    before = sorted(path.name for path in folders.rglob("*"))
    answer = call("compare", *arguments)
    assert answer.code == 2
    (line,) = answer.errors[-1:]
    assert said in line
    assert sorted(path.name for path in folders.rglob("*")) == before


def test_labels_that_are_the_same_are_numbered(call, folders):
    (folders / "more").mkdir()
    (folders / "plain").rename(folders / "more" / "wary")
    assert call("compare", "wary", "more/wary", "-o", "held", "-q").code == 0
    document = json.loads((folders / "held" / "compare.json").read_text("utf-8"))
    assert [plan["label"] for plan in document["plans"]] == ["wary (1)", "wary (2)"]
