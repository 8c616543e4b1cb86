"""Records replayed: the best figure of a place, whole areas dark, parts of areas as a range."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dcsite.hazards import recorded_intensity
from dcsite.studies.stress_fleet import Fleet
from dcsite.studies.stress_history import history

SETTINGS = SimpleNamespace(down_intensity=6.0, intensity_scatter=0.4, common_share=0.75)
#: A quarter of the variance is a hub's own.
OWN = 0.2


def shaking(*rows: tuple[str, str, float, float, str | None]) -> pd.DataFrame:
    columns = [
        "event_id", "municipality_code", "intensity_from_pgv_max", "intensity_estimated_office",
        "jma_intensity_class_max",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame["jma_intensity_class_max"] = frame["jma_intensity_class_max"].astype("str")
    frame.loc[frame["jma_intensity_class_max"] == "None", "jma_intensity_class_max"] = np.nan
    return frame.set_index(["event_id", "municipality_code"])


def test_recorded_goes_before_estimated_before_the_class():
    found = recorded_intensity(
        shaking(
            ("1", "a", 5.1, 4.0, None),
            ("1", "b", np.nan, 4.2, None),
            ("1", "c", np.nan, np.nan, "6-lower"),
            ("1", "d", np.nan, np.nan, None),
        )
    )
    assert found["intensity"].to_dict() == {("1", "a"): 5.1, ("1", "b"): 4.2, ("1", "c"): 5.5}
    assert list(found["basis"]) == ["recorded", "estimated", "jma_class_at_least"]


def hubs(*rows: tuple[str, str, str, float]) -> Fleet:
    frame = pd.DataFrame(rows, columns=["site_id", "municipality_code", "area", "it_load_mw"])
    return Fleet("plan", frame.set_index("site_id"), None)


@pytest.fixture
def atlas() -> SimpleNamespace:
    records = shaking(
        ("199001010000", "here", 6.2, np.nan, None), ("199001010000", "far", 4.0, np.nan, None),
        ("199202020000", "here", np.nan, np.nan, None),
    )  # fmt: skip
    quakes = pd.DataFrame(
        {
            "origin_time_jst": ["1990-01-01T00:00", "1992-02-02T00:00"],
            "name_en": [None, "Kushiro"],
            "region_en": ["Off somewhere", "Kushiro offshore"],
            "name_ja": ["どこか沖地震", None],
        },
        index=["199001010000", "199202020000"],
    )
    outages = pd.DataFrame(
        {
            "date": ["1990-01-01", "1991-05-05", "1991-06-06"],
            "event_en": ["Quake", "Storm", "Collapse"],
            "event_ja": ["地震", "嵐", "崩壊"],
            "event_id": ["199001010000", None, None],
            "electricity_areas": ["north", "north;south", "south"],
            "whole_area": [1, 0, 1],
        },
        index=["quake_north", "storm", "collapse"],
    )
    tables = {
        "historical_shaking_by_municipality": records,
        "historical_earthquakes": quakes,
        "wide_area_power_outages": outages,
    }
    return SimpleNamespace(table=tables.__getitem__)


def test_shaking_and_outages_of_one_event_are_joined(atlas):
    plan = hubs(("p1", "here", "north", 30.0), ("p2", "far", "south", 70.0))
    today = hubs(("t", "nowhere", "north", 5.0))
    (quake, storm, collapse), silent = history(plan, today, atlas, SETTINGS)
    assert [quake.event_id, storm.event_id, collapse.event_id] == [
        "199001010000",
        "storm",
        "collapse",
    ]
    assert (quake.date, quake.name_en, quake.name_ja) == (
        "1990-01-01",
        "Off somewhere",
        "どこか沖地震",
    )
    # The record says what all sites shared: only the hub's own scatter is left.
    (first,) = quake.plan
    assert (first.site_id, first.intensity, first.basis, first.outage) == (
        "p1",
        6.2,
        "recorded",
        "certain",
    )
    assert first.probability_low == first.probability_high == 1.0
    assert quake.plan_share_low == pytest.approx(0.3)
    assert quake.today_share_low == quake.today_share_high == 1.0

    # An outage of parts of two areas: anything from none to all of them.
    assert [(hub.site_id, hub.outage) for hub in storm.plan] == [
        ("p1", "possible"),
        ("p2", "possible"),
    ]
    assert [(hub.probability_low, hub.probability_high) for hub in storm.plan] == [(0.0, 1.0)] * 2
    assert (storm.plan_share_low, storm.plan_share_high) == (0.0, pytest.approx(1.0))
    assert storm.plan[0].intensity is None

    assert [(hub.site_id, hub.outage) for hub in collapse.plan] == [("p2", "certain")]
    assert collapse.today == ()
    assert silent == {"199202020000 Kushiro": "only acceleration is on record, no intensity"}


def test_hokkaido_went_dark_in_2018(shipped_atlas, policy):
    settings = policy.criteria["disasters"]
    plan = hubs(("sapporo", "01100", "hokkaido", 10.0), ("fukuoka", "40130", "kyushu", 10.0))
    found, silent = history(plan, plan, shipped_atlas, settings)
    events = {event.event_id: event for event in found}
    iburi = events["201809060307"]
    assert [(hub.site_id, hub.outage) for hub in iburi.plan] == [("sapporo", "certain")]
    assert iburi.plan_share_low >= 0.5
    assert len(found) == 29
    assert len(silent) == 4
    assert [event.date for event in found] == sorted(event.date for event in found)
