"""Records replayed: the best figure of a place, customers cut, fuel against the restoration."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from dcsite.hazards import (
    RestorationCurve,
    RestorationCurves,
    recorded_curves,
    recorded_intensity,
)
from dcsite.studies.stress_fleet import Fleet
from dcsite.studies.stress_history import history
from dcsite.studies.stress_takeover import Reserve

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


def curve(outage_id: str, hours: float) -> RestorationCurve:
    return RestorationCurve(outage_id, "", "", "earthquake", (0.0, hours), (0.0, 1.0), False)


#: Hours are even over 0 to 100 and 0 to 40: of 20 hours of fuel 80 and 50 % of outages are longer.
CURVES = RestorationCurves((curve("quake_north", 100.0), curve("collapse", 40.0)), {})


def hubs(*rows: tuple[str, str, str, float], reserve_mw: float | None = None) -> Fleet:
    columns = ["site_id", "municipality_code", "area", "it_load_mw"]
    frame = pd.DataFrame(rows, columns=columns).set_index("site_id")
    load = frame["it_load_mw"].to_numpy()
    reserve = None
    if reserve_mw is not None:
        reserve = Reserve(load, np.full(len(load), reserve_mw), ~np.eye(len(load), dtype=bool))
    return Fleet("plan", frame, None, np.full(len(load), 20.0), reserve)


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
            "whole_area": [1, 0, 0],
            "customers_out": [50, 30, 60],
        },
        index=["quake_north", "storm", "collapse"],
    )
    by_prefecture = pd.DataFrame(
        {"customers_out": [8, 2]},
        index=pd.MultiIndex.from_tuples(
            [("collapse", "02"), ("collapse", "03")], names=["outage_id", "pref_code"]
        ),
    )
    places = pd.DataFrame(
        {
            "pref_code": ["01", "02", "03"],
            "electricity_area": ["north", "south", "south"],
            "population_2020": [10, 60, 40],
        },
        index=["here", "far", "other"],
    )
    tables = {
        "power_outages_by_prefecture": by_prefecture,
        "municipalities": places,
        "electricity_areas": pd.DataFrame({"contracts_2016": [50, 100]}, index=["north", "south"]),
        "historical_shaking_by_municipality": records,
        "historical_earthquakes": quakes,
        "wide_area_power_outages": outages,
    }
    return SimpleNamespace(table=tables.__getitem__)


def test_shaking_power_and_fuel_of_one_event_are_joined(atlas):
    plan = hubs(("p1", "here", "north", 30.0), ("p2", "far", "south", 70.0), reserve_mw=0.0)
    today = hubs(("t", "nowhere", "north", 5.0))
    (quake, storm, collapse), silent = history(plan, today, atlas, SETTINGS, CURVES)
    assert [one.event_id for one in (quake, storm, collapse)] == [
        "199001010000",
        "storm",
        "collapse",
    ]
    assert (quake.date, quake.name_en, quake.name_ja) == (
        "1990-01-01",
        "Off somewhere",
        "どこか沖地震",
    )
    # The record says what all sites shared: only the hub's own scatter is left. The whole area was
    # dark, and in 80 of 100 cases for longer than the fuel lasts.
    shaken = norm.cdf((6.2 - 6.0) / OWN)
    down = 1.0 - (1.0 - shaken) * (1.0 - 0.8)
    (first,) = quake.plan
    assert (first.site_id, first.intensity, first.basis, first.cut) == ("p1", 6.2, "recorded", 1.0)
    assert first.probability_low == first.probability_high == pytest.approx(down)
    assert quake.plan_loss.share_low == pytest.approx(0.3 * down)
    assert quake.today_loss.share_low == quake.today_loss.share_high == pytest.approx(0.8)
    assert quake.today_loss.unserved_low is None

    # 30 of 150 customers of two areas, and nobody recorded for how long: a range.
    assert [(hub.site_id, hub.cut, hub.probability_low) for hub in storm.plan] == [
        ("p1", 0.2, 0.0),
        ("p2", 0.2, 0.0),
    ]
    assert [hub.probability_high for hub in storm.plan] == pytest.approx([0.2, 0.2])
    assert (storm.plan_loss.share_low, storm.plan_loss.share_high) == (0.0, pytest.approx(0.2))
    assert storm.plan[0].intensity is None

    # Of the 60 cut, 8 of 10 in prefecture 02, which has 60 of the area's 100 customers.
    (there,) = collapse.plan
    assert (there.site_id, there.cut) == ("p2", pytest.approx(0.8))
    assert there.probability_low == there.probability_high == pytest.approx(0.8 * 0.5)
    assert collapse.today == ()
    assert silent == {"199202020000 Kushiro": "only acceleration is on record, no intensity"}


def test_reserve_carries_what_falls_alone(atlas):
    plan = hubs(("p1", "here", "north", 30.0), ("p2", "far", "south", 70.0), reserve_mw=50.0)
    (_, storm, collapse), _ = history(plan, plan, atlas, SETTINGS, CURVES)
    # Hub p2 falls alone in two of five cases; of its 70 MW, p1 carries 50.
    assert collapse.plan_loss.unserved_low == pytest.approx(0.4 * 0.2)
    # At most each falls in a fifth of the cases: together (0.04) all is lost, else 0 or 20 MW.
    assert storm.plan_loss.unserved_low == 0.0
    assert storm.plan_loss.unserved_high == pytest.approx(0.04 + 0.16 * 0.2, abs=0.015)


def test_hokkaido_went_dark_in_2018(shipped_atlas, policy):
    settings = policy.criteria["disasters"]
    plan = hubs(("sapporo", "01100", "hokkaido", 10.0), ("fukuoka", "40130", "kyushu", 10.0))
    found, silent = history(plan, plan, shipped_atlas, settings, recorded_curves(shipped_atlas))
    events = {event.event_id: event for event in found}
    (sapporo,) = events["201809060307"].plan
    assert (sapporo.site_id, sapporo.cut) == ("sapporo", 1.0)
    # Power came back in two days: some outlasted 20 hours of fuel, and all that is on record.
    assert 0.3 < sapporo.probability_low == sapporo.probability_high < 0.9
    assert len(found) == 29
    assert len(silent) == 4
    assert [event.date for event in found] == sorted(event.date for event in found)
