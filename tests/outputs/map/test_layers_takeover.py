"""Who carries whose load: arcs, their widths, and the lines of pop-ups and panel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dcsite.atlas import Atlas
from dcsite.contract import Backup, Takeover
from dcsite.outputs.map.layers_takeover import (
    Named,
    arc,
    carried_loads,
    carrying_lines,
    named_ends,
    takeover_layers,
)
from dcsite.outputs.map.panel import plan_html
from dcsite.plan.types import Plan

ISHIKARI, KURUME = "01235", "40203"


@pytest.fixture
def backed(plan: Plan) -> Plan:
    """Tokyo's load carried by two hubs, not all of it; two hubs that carry each other's."""
    return dataclasses.replace(
        plan,
        backups=(
            Backup("tokyo", ISHIKARI, 300.0, None),
            Backup("tokyo", KURUME, 60.0, None),
            Backup(ISHIKARI, KURUME, 120.0, 0.0123),
            Backup(KURUME, ISHIKARI, 30.0, 0.0123),
            Backup("99999", ISHIKARI, 5.0, None),  # of no known place
        ),
        takeovers=(
            Takeover("tokyo", "Tokyo area", "東京圏", 1000.0, 360.0, 140.0, "tokyo_lost"),
            Takeover(ISHIKARI, "Ishikari", "石狩市", 200.0, 200.0, 0.0, ""),
            Takeover(KURUME, "Kurume", "久留米市", 100.0, 30.0, 70.0, "nankai"),
        ),
    )


def test_arcs_are_as_wide_as_what_they_carry(backed: Plan, atlas: Atlas) -> None:
    cores, hubs = takeover_layers(backed, atlas)
    assert (cores.key, cores.shown, cores.ja[-3:]) == ("takeover-cores", True, "（2）")
    assert (hubs.key, hubs.shown, hubs.ja[-3:]) == ("takeover-hubs", False, "（2）")
    # 1.2 px for nothing, 9 px for the 300 MW of the largest: 60 MW are a fifth of the way.
    assert [(swatch.ja, swatch.size) for swatch in cores.legend] == [
        ("約 about 60 MW", 2.8),
        ("約 about 300 MW", 9.0),
    ]
    assert [swatch.size for swatch in hubs.legend] == [2.0, 4.3]
    lines = [
        one for one in cores.layer._children.values() if "weight" in getattr(one, "options", {})
    ]
    tokyo = atlas.existing_cores().loc["tokyo"]
    assert [line.options["weight"] for line in lines[::2]] == [9.0, 2.8]
    assert lines[0].locations[0] == pytest.approx([tokyo["lat_deg"], tokyo["lon_deg"]], abs=1e-3)


def test_a_plan_without_reserve_has_no_arcs(plan: Plan, atlas: Atlas) -> None:
    assert takeover_layers(plan, atlas) == []
    assert carried_loads(plan) == []
    assert carrying_lines(plan, {}, ISHIKARI) == []


def test_what_is_carried_and_what_is_not(backed: Plan, atlas: Atlas) -> None:
    tokyo, kurume, ishikari = carried_loads(backed)
    assert (tokyo.is_hub, tokyo.unserved_mw, tokyo.is_short) == (False, 640.0, True)
    assert (kurume.takeover.site_id, kurume.unserved_mw, kurume.event) == (KURUME, 70.0, "nankai")
    assert (ishikari.is_short, ishikari.event) == (False, "")
    names = {site: end.both for site, end in named_ends(backed, atlas).items()}
    lines = carrying_lines(backed, names, KURUME)
    assert [(line["en"], line["value"]) for line in lines] == [
        ("Carried by", "1"),
        ("Carries for", "2"),
        ("Carried by nobody", "約 about 70 MW"),
    ]
    assert lines[1]["more"] == (
        f"{names[ISHIKARI]} 約 about 120 MW、{names['tokyo']} 約 about 60 MW"
    )
    assert lines[2]["more"] == "nankai"


def test_the_panel_tells_tokyos_shortfall_first(backed: Plan, plan: Plan, atlas: Atlas) -> None:
    text = " ".join(plan_html(backed, [], atlas).split())
    said = text.index("東京圏を失うと担えない負荷 約640 MW <small")
    assert said < text.index("All rules in force hold")
    for part in (
        "Tokyo area lost, carried by nobody: about 640 MW",
        "reserve carries about 360 of today's about 1,000 MW",
        "36.0 %",
        "short of what is asked by about 140 MW",
        "about 70 of 100 MW</small><small>nankai</small>",
    ):
        assert part in text, part
    assert "dc-takeover" not in plan_html(plan, [], atlas)
    met = dataclasses.replace(backed, takeovers=backed.takeovers[1:2])
    assert '<div class="dc-alert dc-calm" id="dc-takeover">' in plan_html(met, [], atlas)


def test_an_arc_bends_to_the_right_of_its_direction() -> None:
    north, south = Named(44.0, 140.0, "", ""), Named(34.0, 140.0, "", "")
    down, up = arc(north, south), arc(south, north)
    np.testing.assert_array_equal(down[[0, -1]], [[44, 140], [34, 140]])
    np.testing.assert_array_equal(up[[0, -1]], [[34, 140], [44, 140]])
    # Half-way it stands off by 0.16 of the length; a degree of longitude is cos 39 as long.
    middle = len(down) // 2
    away = 0.16 * 10.0 / np.cos(np.radians(39.0))
    np.testing.assert_allclose(down[middle], [39.0, 140.0 - away], atol=1e-4)  # west, going south
    np.testing.assert_allclose(up[middle], [39.0, 140.0 + away], atol=1e-4)  # east, going north
    along = arc(south, Named(34.0, 142.0, "", ""))
    np.testing.assert_allclose(
        along[middle], [34.0 - 0.16 * 2.0 * np.cos(np.radians(34.0)), 141.0], atol=1e-4
    )
