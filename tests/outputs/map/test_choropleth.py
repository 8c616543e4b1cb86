from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dcsite.atlas import Atlas
from dcsite.network import fibre_km_between, network_of, on_land
from dcsite.outputs.map.choropleth import ThemeGroup, round_trips, theme_groups
from dcsite.outputs.map.layers_known import volcano_layer
from dcsite.plan.types import Plan
from dcsite.scenario import NetworkParameters


def small_atlas() -> SimpleNamespace:
    """Four cases over three municipalities."""
    cases = pd.DataFrame(
        {
            "category": [
                "nankai_trough", "nankai_trough", "japan_trench", "kuril_trench",
                "other_active_fault",
            ],
        },
        index=pd.Index(["N1", "N2", "J", "K", "F"], name="scenario_code"),
    )  # fmt: skip
    felt = pd.Series(
        {
            ("N1", "01"): 5.2, ("N2", "01"): 6.04, ("N1", "02"): 4.9,
            ("J", "02"): 5.5, ("K", "02"): 5.4, ("K", "03"): 6.6,
        },
        name="intensity_office",
    ).rename_axis(["scenario_code", "municipality_code"])  # fmt: skip
    hazard = pd.DataFrame({"p30_i6lower_pct": [0.04, 26.0, np.nan]}, index=["01", "02", "03"])
    zones = pd.DataFrame(
        {"pop_share_tsunami_any_pct": [0.0, 12.5], "pop_share_flood_ge_3m_pct": [0.1, 50.0]},
        index=["01", "02"],
    )
    tables = {
        "scenario_earthquakes": cases,
        "scenario_intensity_by_municipality": felt.to_frame(),
        "seismic_hazard_by_municipality": hazard,
        "flood_tsunami_landslide_by_municipality": zones,
    }
    return SimpleNamespace(table=lambda name: tables[name].copy())


def class_of(group: ThemeGroup, value: float) -> str:
    return [item.ja for item in group.classes if value >= item.least][-1]


def test_values_of_each_theme() -> None:
    sites = pd.DataFrame({"municipality_code": ["02", "01", "03", "02", "99"]})
    sites["gentle_land_ha"] = [900.0, 1000.0, 3000.0, 7999.0, 20000.0]
    groups = theme_groups(sites, small_atlas())
    values = {theme.key: theme.values for group in groups for theme in group.themes}
    gap = np.nan
    expected = {
        # The largest over the cases of the group, at the office.
        "intensity-nankai": [4.9, 6.04, gap, 4.9, gap],
        "intensity-sagami": [gap] * 5,
        "intensity-japan-kuril": [5.5, gap, 6.6, 5.5, gap],
        "intensity-japan-sea": [gap] * 5,
        "intensity-active-faults": [gap] * 5,
        "probability-6lower": [26.0, 0.04, gap, 26.0, gap],
        "zone-tsunami": [12.5, 0.0, gap, 12.5, gap],
        "zone-flood": [50.0, 0.1, gap, 50.0, gap],
        "gentle_land_ha": [900.0, 1000.0, 3000.0, 7999.0, 20000.0],
        "connected_land_ha": [gap] * 5,  # not measured
    }
    assert values.keys() == expected.keys()
    for key, own in expected.items():
        np.testing.assert_array_equal(values[key], own, err_msg=key)
    written = groups[0].as_data()["themes"][0]
    assert written == ["南海トラフ", "Nankai Trough", [4.9, 6.04, None, 4.9, None]]


def test_shares_that_a_criterion_has_painted() -> None:
    sites = pd.DataFrame(
        {"municipality_code": ["01", "02"], "hazard_of_cases_share": [0.125, np.nan]}
    )
    *_, last = theme_groups(sites, small_atlas())
    assert last.as_data()["themes"] == [
        [
            "震度6弱以上の揺れのうち計算対象の地震が占める割合",
            "share of the hazard of 6-lower or more that computed earthquakes hold",
            [12.5, None],
        ]
    ]
    assert "seismic_hazard_by_municipality" in last.source
    assert class_of(last, 12.5) == "5–20 %"


@pytest.mark.parametrize(
    ("group", "value", "expected"),
    [
        (0, 4.99, "震度5弱以下"),
        (0, 5.0, "震度5強（5–）"),
        (0, 5.5, "震度6弱（5.5–）"),
        (0, 6.0, "震度6強（6–）"),
        (0, 6.5, "震度7（6.5–）"),
        (1, 0.0, "0.1 %未満"),
        (1, 0.1, "0.1–3 %"),
        (1, 3.0, "3–6 %"),
        (1, 6.0, "6–26 %"),
        (1, 26.0, "26 %以上"),
        (2, 0.0, "0 %"),
        (2, 0.1, "5 %未満"),
        (2, 50.0, "50 %以上"),
        (3, 999.0, "1,000 ha未満"),
        (3, 1000.0, "1,000–3,000 ha"),
        (3, 20000.0, "20,000 ha以上"),
    ],
)
def test_borders_of_the_classes(group: int, value: float, expected: str) -> None:
    sites = pd.DataFrame({"municipality_code": ["01"]})
    assert class_of(theme_groups(sites, small_atlas())[group], value) == expected


def test_shipped_values_all_have_a_class(shipped_atlas: Atlas) -> None:
    places = shipped_atlas.table("municipalities")
    sites = shipped_atlas.table("gentle_land_by_municipality").reindex(places.index)
    groups = theme_groups(sites.assign(municipality_code=places.index), shipped_atlas)
    for group in groups:
        colours = [item.colour for item in (*group.classes, group.absent)]
        assert len(set(colours)) == len(colours)
        for theme in group.themes:
            values = np.asarray(theme.values)
            known = values[~np.isnan(values)]
            assert known.size
            assert known.min() >= group.classes[0].least
            # What is written has two decimals: no value changes its class by that.
            written = np.round(known, 2)
            least = np.array([item.least for item in group.classes])
            assert (
                np.searchsorted(least, written, "right") == np.searchsorted(least, known, "right")
            ).all()
    # The same numbers by another way.
    felt = shipped_atlas.table("scenario_intensity_by_municipality").reset_index()
    nankai = felt[felt["scenario_code"].str.startswith("ANN")]
    largest = nankai.groupby("municipality_code")["intensity_office"].max()
    drawn = pd.Series(groups[0].themes[0].values, index=places.index).dropna()
    assert len(drawn) == len(largest)
    np.testing.assert_allclose(drawn, largest.reindex(drawn.index).astype(float))


def test_sources_carry_their_dates(shipped_atlas: Atlas) -> None:
    sites = pd.DataFrame({"municipality_code": ["01100"]})
    shaking, probability, zones, _ = theme_groups(sites, shipped_atlas)
    assert "2017" in shaking.source
    assert "not official" in shaking.source
    assert "2024-01-01" in probability.source
    assert "2026-09" in zones.source
    entry = volcano_layer(shipped_atlas)
    assert "2009" in entry.note_ja
    assert not entry.shown


def test_round_trips_to_the_nearest_hub(plan: Plan, shipped_atlas: Atlas) -> None:
    codes = ["13101", "01100", "15224", "40203"]
    places = shipped_atlas.table("municipalities").loc[codes]
    sites = on_land(
        pd.DataFrame({"lat_deg": places["office_lat_deg"], "lon_deg": places["office_lon_deg"]}),
        shipped_atlas,
    )
    (group,) = round_trips(sites, shipped_atlas, plan)
    known = group.themes[0].values
    network = network_of(shipped_atlas, NetworkParameters.model_validate(plan.scenario["network"]))
    hubs = pd.DataFrame({"lat_deg": [hub.lat_deg for hub in plan.hubs],
                         "lon_deg": [hub.lon_deg for hub in plan.hubs]})  # fmt: skip
    least_km = fibre_km_between(network, sites, on_land(hubs, shipped_atlas)).min(axis=1)
    # Sado has no way in the tables; Kurume is a hub itself.
    np.testing.assert_allclose(known[:2], 2 * least_km[:2] * 4.9 / 1000 + 1.0)
    assert (known[2], known[3]) == (np.inf, 1.0)
    assert group.as_data()["themes"][0][2][2] is None
    assert (class_of(group, 1.99), class_of(group, 5.0)) == ("2 ms未満", "5–10 ms")
    assert round_trips(sites, shipped_atlas, replace(plan, scenario={"name": "old"})) == []
