"""What the plan puts on the power system: painted, in the panel and in pop-ups."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from dcsite.contract import AddedLoad
from dcsite.outputs.map.layers_loads import load_cells, load_layers
from dcsite.outputs.map.panel import plan_html
from dcsite.outputs.map.popup import hub_popup


@pytest.fixture(scope="module")
def loaded(plan):
    """Return the plan with a load on an area, two prefectures and a point of the user's file."""
    first, second = (hub.site_id for hub in plan.hubs[:2])
    return dataclasses.replace(
        plan,
        loads=(
            AddedLoad("area", "kyushu", "九州", "Kyushu", (second,), 240.0, 312.0, 65.0, 2186.5,
                      84476.4, peak_mw=15782.0, applications_mw=4950.0, max_share=0.02,
                      known_en="demand, peak: 2023", known_ja="需要・最大需要：2023"),
            AddedLoad("area", "okinawa", "沖縄", "Okinawa", (first,), 10.0, 13.0, 0.0, 91.1, 7934.4,
                      max_share=0.02),
            AddedLoad("prefecture", "40", "福岡県", "Fukuoka", (second,), 240.0, 312.0, 65.0,
                      2186.5, 31187.2, 7260.2),
            AddedLoad("connection", "mine", "<b>変電所", "", (second,), 240.0, 312.0, 65.0, 2186.5,
                      capacity_mw=377.0, voltage_kv=220.0, known_ja="利用者のファイル"),
        ),
    )  # fmt: skip


def test_cells_hold_shares_and_say_what_is_not_known(loaded):
    kyushu, okinawa, fukuoka, point = map(load_cells, loaded.loads)
    assert list(kyushu.values()) == ["310", "65", "2.19", "2.6 %", "2.0 %", "4,950"]
    assert list(okinawa.values())[-2:] == ["不明", "不明"]
    assert fukuoka["特別高圧比", "of special h. v."] == "30.1 %"
    assert list(point.values()) == ["310", "65", "377", "100.0 %"]
    assert [one.beyond for one in loaded.loads] == [True, False, False, False]
    assert math.isnan(loaded.loads[1].peak_share)


def test_areas_and_prefectures_are_painted_where_hubs_draw(loaded, plan, atlas):
    layers = load_layers(loaded, atlas)
    assert [layer.key for layer in layers] == ["load-area", "load-prefecture"]
    painted = [row[1] for row in json.loads(layers[0].layer.data)["rows"]]
    assert painted == [
        ["九州", "Kyushu", 0.026, 0.02, "約 about 310 MW", "需要・最大需要：2023"],
        ["沖縄", "Okinawa", 0.011, None, "約 about 14 MW", ""],
    ]
    assert load_layers(plan, atlas) == []


def test_panel_and_pop_up_tell_of_them_and_user_text_stays_text(loaded, plan, atlas):
    panel = plan_html(loaded, [], atlas)
    assert panel.index("dc-loads") < panel.index("4,950")
    assert '<tr class="dc-over"><th>九州 Kyushu' in panel
    assert "&lt;b&gt;変電所" in panel
    assert "dc-loads" not in plan_html(plan, [], atlas)
    popup = hub_popup(loaded.hubs[1], ("九州", "Kyushu"), {}, None, loaded)
    assert "福岡県 Fukuoka" in popup
    assert "沖縄 Okinawa" not in popup
