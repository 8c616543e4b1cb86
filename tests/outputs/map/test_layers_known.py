from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dcsite.atlas import Atlas
from dcsite.outputs.map.layers_known import capacity_layer, core_region_layer
from dcsite.plan.types import Plan


def test_published_supply_stands_before_transformers(atlas: Atlas) -> None:
    layer = capacity_layer(atlas)
    drawn = json.loads(layer.layer.data)["rows"]
    offered = {row[3][0]: row[3][4:] for row in drawn if row[2] == 0}
    # Three of Hokuriku's four welcome zones are mapped; MW low and high, years, date.
    assert offered == {
        "中能登変電所": [300, 300, 2.5, "2026-09"],
        "北金沢変電所": [50, 50, 2.5, "2026-09"],
        "南金沢変電所": [200, 200, 2.5, "2026-09"],
    }
    assert "新能登変電所" in layer.note_ja
    banks = atlas.table("substation_transformers").reset_index()
    whole = banks[(banks["scope"] == "whole_site") & (banks["status"] == "existing")]
    assert sum(row[3][3] is not None for row in drawn) == whole["substation_id"].nunique()


@pytest.mark.parametrize(
    ("core", "mode", "asked"),
    [
        ({}, "hard", {"北海道": True, "九州": True}),
        ({"regions": ["kyushu"]}, "soft", {"北海道": False, "九州": True}),
        ({}, "off", {"北海道": False, "九州": False}),
        ({"count": {"min": 0, "max": 0}}, "hard", {"北海道": False, "九州": False}),
    ],
)
def test_a_core_region_says_whether_this_plan_asks_for_a_core_there(
    core: dict[str, Any], mode: str, asked: dict[str, bool], atlas: Atlas, plan: Plan
) -> None:
    scenario = {
        **plan.scenario,
        "tiers": {"core": {**plan.scenario["tiers"]["core"], **core}},
        "rules": {**plan.scenario["rules"], "core_regions": mode},
    }
    drawn = json.loads(core_region_layer(atlas, replace(plan, scenario=scenario)).layer.data)
    told = {row[1][0]: row[1][2].startswith("1か所以上を求める") for row in drawn["rows"]}
    assert told == asked
