"""A plan in a notebook: as a frame, in a few lines, and as HTML that stays text."""

from __future__ import annotations

import dataclasses

import pytest

import dcsite
from dcsite.errors import ScenarioError
from dcsite.scenario import override_texts


def test_a_frame_has_a_row_for_each_hub(plan):
    frame = plan.to_frame()
    assert list(frame.index) == [hub.site_id for hub in plan.hubs]
    assert frame.loc["01235", "name_ja"] == "石狩市"
    assert frame["it_load_mw"].sum() == pytest.approx(300 + 240 + 180 + 120.5 + 90 + 40 + 12)
    assert "geometry" not in frame


def test_a_geodataframe_has_longitude_first(plan):
    frame = plan.to_geodataframe()
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.iloc[0].x == pytest.approx(plan.hubs[0].lon_deg, abs=5e-7)
    assert frame.geometry.iloc[0].y == pytest.approx(plan.hubs[0].lat_deg, abs=5e-7)


def test_no_hubs_are_an_empty_frame(plan):
    empty = dataclasses.replace(plan, hubs=())
    assert len(empty.to_frame()) == 0
    assert "no hubs" in repr(empty)
    assert "no hubs" in empty._repr_html_()


def test_a_plan_is_told_in_a_few_lines(plan):
    lines = repr(plan).splitlines()
    assert len(lines) == 2
    assert plan.scenario_name in lines[0]
    assert plan.status in lines[0]
    assert "2 core, 3 large, 2 regional" in lines[1]
    assert "982 MW" in lines[1]  # 982.5, the half to the even number


def test_html_of_hostile_names_is_text(plan):
    hostile = dataclasses.replace(plan.hubs[0], name_ja="<img src=x onerror=alert(1)>")
    shown = dataclasses.replace(plan, hubs=(hostile,), scenario_name="<b>x")._repr_html_()
    assert "<img" not in shown
    assert "<b>x" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_overrides_are_written_as_the_command_line_takes_them():
    texts = override_texts(
        {
            "weights.renewables": 0.5,
            "rules.backup": "off",
            "tiers.large.count": {"min": 1, "max": 2},
        }
    )
    assert texts[:2] == ("weights.renewables=0.5", 'rules.backup="off"')
    loaded = dcsite.load_scenario("policy-2023", texts)
    assert loaded.weights["renewables"] == 0.5
    assert loaded.rules["backup"] == "off"
    assert loaded.tiers.large.count.max == 2


def test_overrides_are_not_dropped_beside_a_loaded_scenario(policy):
    with pytest.raises(ScenarioError, match="already loaded"):
        dcsite.solve(policy, overrides={"weights.renewables": 0.5})
