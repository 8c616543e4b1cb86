from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from dcsite.contract import Backup
from dcsite.outputs.map.layers_plan import (
    BackupPair,
    Footprint,
    arc,
    area_figure_layers,
    backup_layer,
    backup_pairs,
    footprint_layer,
)
from dcsite.outputs.map.style import INTENSITIES, intensity_class
from dcsite.plan.types import Plan


def test_pairs_of_a_plan(plan: Plan) -> None:
    backed = dataclasses.replace(
        plan,
        backups=(
            Backup("tokyo", "40203", 80.0, None),
            Backup("01235", "40203", 120.0, 0.0123),
        ),
    )
    assert backup_pairs(plan) == []
    assert backup_pairs(backed) == [
        BackupPair(
            "01235",
            "40203",
            "停止時に最大120 MWを担う、同時停止は30年で0.012回",
            "carries up to 120 MW when it falls; expected down together 0.012 times in 30 years",
        ),
    ]


def test_an_arc_bends_to_the_right_of_its_direction(plan: Plan) -> None:
    north = dataclasses.replace(plan.hubs[0], lat_deg=44.0, lon_deg=140.0)
    south = dataclasses.replace(plan.hubs[0], lat_deg=34.0, lon_deg=140.0)
    down, up = arc(north, south), arc(south, north)
    np.testing.assert_array_equal(down[[0, -1]], [[44, 140], [34, 140]])
    np.testing.assert_array_equal(up[[0, -1]], [[34, 140], [44, 140]])
    # Half-way it stands off by 0.16 of the length; a degree of longitude is cos 39 as long.
    middle = len(down) // 2
    away = 0.16 * 10.0 / np.cos(np.radians(39.0))
    np.testing.assert_allclose(down[middle], [39.0, 140.0 - away], atol=1e-4)  # west, going south
    np.testing.assert_allclose(up[middle], [39.0, 140.0 + away], atol=1e-4)  # east, going north
    east = dataclasses.replace(plan.hubs[0], lat_deg=34.0, lon_deg=142.0)
    along = arc(south, east)
    np.testing.assert_allclose(
        along[middle], [34.0 - 0.16 * 2.0 * np.cos(np.radians(34.0)), 141.0], atol=1e-4
    )


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("01235", "99999"), "'99999' is no hub of the plan; give hubs of the plan alone"),
        (("99999", "01235"), "'99999' is no hub of the plan; give hubs of the plan alone"),
        (("01235", "01235"), "'01235' cannot be its own backup; give two hubs"),
    ],
)
def test_pairs_that_cannot_be(plan: Plan, pair: tuple[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backup_layer(plan, [BackupPair(*pair, "", "")])


def test_municipalities_by_class_and_dark_areas(atlas):
    footprint = Footprint("Quake", "", {"01100": 5.49, "01202": 6.5, "99999": 7.0}, ("hokkaido",))
    entry = footprint_layer(footprint, atlas)
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
    entry = footprint_layer(Footprint("Dark", "停電", {}, ("tokyo",)), atlas)
    assert [swatch.ja for swatch in entry.legend] == ["停電エリア"]
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
