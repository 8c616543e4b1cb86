"""Where a disaster strikes, as a layer: a colour for each class, dark areas, nothing else."""

from __future__ import annotations

import json

from dcsite.outputs.map.footprint import footprint_entry
from dcsite.outputs.map.palette import INTENSITIES, intensity_class
from dcsite.plan.stress_types import Footprint


def test_municipalities_by_class_and_dark_areas(atlas):
    footprint = Footprint(
        "x", "Quake", "", {"01100": 5.49, "01202": 6.5, "99999": 7.0}, ("hokkaido",), {}, {}
    )
    entry = footprint_entry(footprint, atlas)
    data = json.loads(entry.layer.data)
    titles = [(style, record[0], record[2:]) for style, record, _ in data["rows"]]
    assert titles == [
        (3, "札幌市", [5.49, None]),
        (0, "函館市", [6.5, None]),
        (len(INTENSITIES), "北海道", [None, "停電 dark"]),
    ]
    assert len(data["styles"]) == len(INTENSITIES) + 1
    assert len(entry.legend) == len(INTENSITIES) + 1
    assert all(polygon for *_, polygon in data["rows"])


def test_a_blackout_has_no_classes(atlas):
    entry = footprint_entry(Footprint("x", "Dark", "停電", {}, ("tokyo",), {}, {}), atlas)
    assert [swatch.ja for swatch in entry.legend] == ["停電エリア"]
    assert entry.ja == "最悪の災害: 停電"


def test_classes_begin_where_jma_has_them_begin():
    names = [INTENSITIES[intensity_class(value)].en for value in (6.5, 6.49, 5.5, 5.0, 4.9, -1.0)]
    assert names == ["7", "6-upper", "6-lower", "5-upper", "5-lower or less", "5-lower or less"]
