"""``dcsite compare``: two saved plans and today, and what it refuses."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def texts(solved, plan):
    """Two plans: by the scenario, and with the weight of disasters alone."""
    only = [f"weights.{name}=0" for name in ("separation", "firm_ground", "renewables", "cables")]
    return plan.text(), solved(*only, "weights.substation=0", "weights.disasters=1").text()


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
    # The plan made for disasters alone is no worse in what it was made for, but for the gap: demand
    # that nobody serves makes objectives of -2 and less, a thousandth of which the scores may miss.
    points = [
        sum(m["score"] * m["weight"] for m in plan["measures"] if m["criterion"] == "disasters")
        for plan in document["plans"]
    ]
    assert points[1] >= points[0] - 1e-3
    assert (folders / "held" / "compare.html").is_file()


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
        (("plain", "today", "-o", "plain"), "plain: holds files that dcsite did not write"),
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
