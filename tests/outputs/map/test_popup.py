from __future__ import annotations

import dataclasses

import pytest

from dcsite.outputs.map.popup import cost_points, hub_popup, hub_worth, share_lines
from dcsite.plan.explanation import Cost, Explanation, HubLoad, LoadReason, RunnerUp
from dcsite.plan.types import Plan


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost(0.0021, 0.00294), "0.0021–0.0029"),
        (Cost(0.0, 0.0007), "0.0000–0.0007"),
        (Cost(0.00301, 0.00302), "0.0030"),
        (Cost(0.0004, None), "≥ 0.0004"),
        (Cost(None, None, possible=False), "代替不可 irreplaceable"),
    ],
)
def test_costs_are_written_as_intervals(cost: Cost, text: str) -> None:
    assert cost_points(cost) == text


def test_a_hub_has_its_cost_and_its_successor(explanation: Explanation) -> None:
    # Of an objective of 0.71234567: 0.0021 is 0.2948 %, 0.00294 is 0.4127 %.
    assert hub_worth(explanation, "01235") == [
        {
            "ja": "代替コスト",
            "en": "Replacement cost",
            "value": "0.0021–0.0029 点 points",
            "more": "目的値の0.29–0.41 % of the objective",
        },
        {
            "ja": "次点",
            "en": "Runner-up",
            "value": "名寄市 Nayoro-shi",
            "more": "北海道 Hokkaido · 141.2 km · 中核拠点 Core hub · 約 about 280 MW",
        },
    ]


def test_a_hub_says_what_sets_its_mw(explanation: Explanation) -> None:
    hub = explanation.hubs[0]
    rule = LoadReason("rule", "some", "a rule", "ある規則", 0.05)
    reach = LoadReason("demand", "", "the demand", "需要", 0.5)
    size = HubLoad(300.0, 288.0, 322.0, 200.0, 400.0, 0.0007, (rule,), (reach,))
    told = dataclasses.replace(explanation, hubs=(dataclasses.replace(hub, size=size),))
    lines = hub_worth(told, "01235")
    assert lines is not None
    assert [(line["en"], line["value"], line["more"]) for line in lines[-2:]] == [
        ("MW as good", "約 about 290–320 MW", "上限の要因 held by: ある規則 a rule"),
        ("Kept up by", "", "需要 the demand"),
    ]


def test_further_hubs_that_come_and_go_are_named(explanation: Explanation) -> None:
    lines = hub_worth(explanation, "40203")
    assert lines is not None
    assert [(line["ja"], line["value"]) for line in lines[1:]] == [
        ("次点", "佐賀市 Saga-shi"),
        ("ほかに加わる拠点", "1"),
        ("ほかに外れる拠点", "1"),
    ]
    assert lines[2]["more"] == "大分市 Oita-shi 98.8 km"
    assert lines[3]["more"] == "広島市 Hiroshima-shi"


def test_long_lists_are_cut(explanation: Explanation) -> None:
    hub = explanation.hubs[0]
    new = tuple(RunnerUp(hub.place, "regional", 10.0, float(number)) for number in range(1, 7))
    many = dataclasses.replace(explanation, hubs=(dataclasses.replace(hub, runners_up=new),))
    lines = hub_worth(many, "01235")
    assert lines is not None
    assert lines[2]["value"] == "5"
    assert lines[2]["more"].endswith("4 km … +2")


@pytest.mark.parametrize(
    ("site", "value", "more"),
    [
        ("15202", "なし none", "ほかの拠点が負荷を担う the other hubs carry its load"),
        ("34100", "–", "時間内に見つからず not found in time"),
    ],
)
def test_where_nobody_takes_the_place(
    explanation: Explanation, site: str, value: str, more: str
) -> None:
    lines = hub_worth(explanation, site)
    assert lines is not None
    assert (lines[1]["value"], lines[1]["more"]) == (value, more)


def test_an_irreplaceable_hub_has_no_runner_up(explanation: Explanation) -> None:
    lines = hub_worth(explanation, "05201")
    assert lines is not None
    assert len(lines) == 1
    assert lines[0]["value"] == "代替不可 irreplaceable"


def test_what_was_not_computed_has_no_lines(explanation: Explanation) -> None:
    assert hub_worth(explanation, "47201") is None
    assert hub_worth(explanation, "nowhere") is None
    assert hub_worth(None, "01235") is None


def test_shares_are_parts_of_each_measure_and_of_all(plan: Plan) -> None:
    # 0.0251234 of 0.1006212 is 24.97 %; of all, of 0.2843249, it is 8.84 %.
    found = [(line["en"], line["value"], line["more"]) for line in share_lines(plan.hubs[0].shares)]
    assert found == [
        ("distance to the nearest hub", "25.0 %", "0.0251 / 0.1006 点 points"),
        ("additional renewables", "0.0 %", "0.0000 / 0.1837 点 points"),
        ("All", "8.8 %", "0.0251 / 0.2843 点 points"),
    ]
    assert share_lines(()) == []


def test_a_pop_up_shows_the_figures_and_charts_of_its_area(plan: Plan) -> None:
    hokkaido, kyushu = (hub_popup(plan.hubs[number], ("", ""), {}, None, plan) for number in (0, 1))
    assert "8.6 %<small>上限 limit 7.0 %" in hokkaido
    # 24 steps of a day, twelve times: from the lightest colour at 0:00 to the darkest at 23:00.
    assert hokkaido.count("linear-gradient(90deg,#ffffd9 0 4.167%,") == 12
    assert hokkaido.count("#081d58 0 100%)") == 12
    # 300 of 400 GWh and 100 of 400 GWh.
    assert "width:75.0%" in hokkaido
    assert "width:25.0%" in hokkaido
    assert "3.1 %<small>上限 limit 7.0 %" in kyushu
    assert "dc-heat" not in kyushu
