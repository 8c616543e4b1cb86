from __future__ import annotations

import dataclasses
import json

from dcsite.contract import DisasterLoss
from dcsite.hazards import intensity_at_offices
from dcsite.outputs.map.layers_loads import area_figure_layers
from dcsite.outputs.map.layers_plan import Footprint, footprint_layer, worst_footprints
from dcsite.outputs.map.style import INTENSITIES, intensity_class
from dcsite.plan.types import Plan


def test_municipalities_by_class_and_dark_areas(atlas):
    footprint = Footprint(
        "Quake", "", {"01100": 5.49, "01202": 6.5, "99999": 7.0}, {"hokkaido": 0.35}
    )
    entry = footprint_layer(footprint, atlas)
    data = json.loads(entry.layer.data)
    titles = [(style, record[0], record[2:]) for style, record, _ in data["rows"]]
    assert titles == [
        (3, "札幌市", [5.49, None]),
        (0, "函館市", [6.5, None]),
        (len(INTENSITIES) + 1, "北海道", [None, "停電 cut off 35%"]),
    ]
    assert len(data["styles"]) == len(INTENSITIES) + 4
    assert len(entry.legend) == len(INTENSITIES) + 4
    assert all(polygon for *_, polygon in data["rows"])


def test_a_blackout_has_no_classes(atlas):
    entry = footprint_layer(Footprint("Dark", "停電", {}, {"tokyo": 1.0, "tohoku": 0.01}), atlas)
    assert [swatch.ja for swatch in entry.legend] == [
        f"需要家の{share}%以上が停電" for share in (60, 30, 10, 1)
    ]
    data = json.loads(entry.layer.data)
    assert [row[0] for row in data["rows"]] == [len(INTENSITIES), len(INTENSITIES) + 3]
    assert entry.ja == "最悪の災害: 停電"


def test_classes_begin_where_jma_has_them_begin():
    names = [INTENSITIES[intensity_class(value)].en for value in (6.5, 6.49, 5.5, 5.0, 4.9, -1.0)]
    assert names == ["7", "6-upper", "6-lower", "5-upper", "5-lower or less", "5-lower or less"]


def test_areas_are_painted_by_what_the_plan_says_of_them(plan: Plan, atlas) -> None:
    (layer,) = area_figure_layers(plan, atlas)
    drawn = json.loads(layer.layer.data)
    assert [row[1][1:] for row in drawn["rows"]] == [
        ["Hokkaido", 0.086, 0.07],
        ["Kyushu", 0.031, 0.07],
        ["Okinawa", None, 0.07],
    ]
    # The largest value is the darkest; what is not known is grey.
    assert drawn["styles"][0]["fillColor"] == "#081d58"
    assert drawn["styles"][2]["fillColor"] == "#e3e5e6"
    assert layer.legend[-1].ja == "8.6 %"


def test_the_loss_of_tokyo_has_the_shaking_of_its_case(plan: Plan, atlas) -> None:
    blackout = DisasterLoss("dark", "area_blackout", "Dark", "停電", 0.1, "", 0.2, {"tohoku": 1.0})
    lost = DisasterLoss(
        "tokyo_lost", "tokyo_lost", "Tokyo lost", "東京喪失", None, "", 0.1, {"tokyo": 0.8}, "ASG01"
    )
    told = dataclasses.replace(plan, worst_disasters=(blackout, lost))
    first, second = worst_footprints(told, atlas)
    assert (first.name_en, first.intensity, first.title_en) == ("Dark", {}, "Worst disaster")
    assert second.title_en == "Asked of takeover"
    assert second.intensity == intensity_at_offices(atlas, "ASG01")
    assert second.intensity
