"""Firm ground: shares looked up by hand, the score, limits by tier and breaches."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.firm_ground import CRITERION, HAZARDS


def hub(code: str, tier: str, lat: float, lon: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tier": [tier], "it_load_mw": [100.0], "lat_deg": [lat], "lon_deg": [lon],
            "municipality_code": [code],
        },
        index=pd.Index([code], name="site_id"),
    )  # fmt: skip


def test_shares_are_those_of_the_tables(measured):
    # Sapporo: 5.65 % in 30 years; 2.58 % in deep flood, no tsunami, 1.4 % in landslide zones.
    row = measured.loc["01100"]
    assert row["strong_shaking_30y_share"] == pytest.approx(0.0565)
    assert row["deep_flood_share"] == pytest.approx(0.0258)
    assert row["tsunami_share"] == 0.0
    assert row["landslide_share"] == pytest.approx(0.014)
    # Of 112,126 ha 17.2 % is lowland and 15.5 % slow, against 43,663 ha of gentle land.
    assert row["soft_ground_share"] == pytest.approx(0.155 * 112126 / 43663)
    # Tarumae (42.69 N, 141.38 E) is the nearest watched one: 0.37 degrees of latitude.
    assert row["volcano_distance_km"] == pytest.approx(41.4, abs=1.5)


def test_what_is_not_published_is_not_known_and_neither_scored_nor_refused(measured, policy):
    unknown = measured[measured["strong_shaking_30y_share"].isna()]
    assert unknown.index.tolist() == ["07546"]  # Futaba
    # Nobody of Ginowan is in any zone of flood: Okinawa has mapped few of its short rivers.
    assert np.isnan(measured.loc["47205", "deep_flood_share"])
    own, ginowan = policy.criteria["firm_ground"], measured.loc[["47205"]]
    none = CRITERION.site_score(ginowan.assign(deep_flood_share=0.0), policy)
    all_of_it = CRITERION.site_score(ginowan.assign(deep_flood_share=1.0), policy)
    score = CRITERION.site_score(ginowan, policy)
    assert score.tolist() == all_of_it.tolist()
    assert (none - score).tolist() == pytest.approx([own.deep_flood.part])
    (beyond,) = CRITERION.admit(ginowan, policy)
    (known,) = CRITERION.admit(ginowan.assign(deep_flood_share=1.0), policy)
    assert (known.amount - beyond.amount == 1.0).all()


def test_soft_places_lose_against_firm_ones_near_by(measured, policy):
    score = CRITERION.site_score(measured, policy)
    ebetsu, firm = "01217", ["01231", "01234", "01224"]  # Eniwa, Kitahiroshima, Chitose
    assert (score[firm] > score[ebetsu] + 0.09).all()
    # Kochi is a sixth soft, but two fifths of what can be built on.
    assert measured.loc["39201", "soft_ground_share"] == pytest.approx(0.393, abs=0.001)
    # Valley floors of Yabu are lowland too, but fast: gravel. Chuo of Tokyo is all fill.
    assert measured.loc[["28222", "13102"], "soft_ground_share"].tolist() == [0.0, 1.0]


def test_score_by_hand(measured, policy):
    own = policy.criteria["firm_ground"]
    row = measured.loc["01100"]
    soft = 0.155 * 112126 / 43663
    expected = (
        own.strong_shaking.part * (1.0 - 0.0565 / own.strong_shaking.score_zero_share)
        + own.soft_ground.part * (1.0 - soft / own.soft_ground.score_zero_share)
        + own.deep_flood.part * (1.0 - 0.0258 / own.deep_flood.score_zero_share)
        + own.tsunami.part
        + own.landslide.part * (1.0 - 0.014 / own.landslide.score_zero_share)
        + own.volcano.part * min(row["volcano_distance_km"] / own.volcano.score_one_km, 1.0)
    )
    assert CRITERION.site_score(measured, policy)["01100"] == pytest.approx(expected)


def test_limits_by_tier_count_hazard_by_hazard(measured, policy):
    (admission,) = CRITERION.admit(measured, policy)
    beyond = pd.DataFrame(admission.amount, index=measured.index, columns=list(TIERS))
    # Kochi: 78 % shaking, 36 % tsunami: beyond 25 and 30; 50 and 30; 75. Ebetsu: 72 % soft.
    assert beyond.loc["39201"].tolist() == [2.0, 2.0, 1.0]
    assert beyond.loc["01217"].tolist() == [1.0, 0.0, 0.0]
    assert beyond.loc["01100"].tolist() == [0.0, 0.0, 0.0]
    near = (measured["volcano_distance_km"] < 20.0).to_numpy()
    assert (beyond.loc[near, "core"] >= 1.0).all()


def test_no_limit_is_out_of_reach_and_none_keeps_out_most(measured, policy):
    own = policy.criteria["firm_ground"]
    beyond = [
        (measured[hazard.name] > getattr(own, name).max_share.large).sum()
        for name, hazard in HAZARDS.items()
    ]
    text = Path(__file__).parents[2].joinpath("docs", "disasters.md").read_text("utf-8")
    table = text.partition("| share | core, large, regional |")[2].partition("| km to a watched")[0]
    assert [int(number) for number in re.findall(r"(\d+) \|$", table, re.MULTILINE)] == beyond
    assert max(beyond) < len(measured) / 4


def test_the_check_agrees_with_measure_and_admission_on_every_site(measured, shipped_atlas, policy):
    sample = measured.iloc[:: len(measured) // 60].assign(it_load_mw=100.0)
    sample = pd.concat([sample, measured.loc[["07546", "13102", "47205"]]]).fillna(
        {"it_load_mw": 1}
    )
    (admission,) = CRITERION.admit(sample, policy)
    for level, tier in enumerate(TIERS):
        found = CRITERION.evaluate(sample.assign(tier=tier), shipped_atlas, policy)
        count = pd.Series([site for one in found.breaches for site in one.site_ids]).value_counts()
        told = count.reindex(sample.index, fill_value=0)
        assert told.tolist() == admission.amount[:, level].tolist()
    for site, values in found.hub_values.items():
        for value in values:
            if value.name in sample:
                assert value.value == pytest.approx(sample.loc[site, value.name], nan_ok=True)
    score = CRITERION.site_score(sample, policy)
    weighted = (score * sample["it_load_mw"]).sum() / sample["it_load_mw"].sum()
    assert found.measures[0].value == pytest.approx(weighted)


def test_figures_of_the_municipality_say_that_they_are_not_the_parcels(
    measured, shipped_atlas, policy
):
    row = measured.loc["39201"]
    found = CRITERION.evaluate(
        hub("39201", "core", row["lat_deg"], row["lon_deg"]), shipped_atlas, policy
    )
    told = {value.name: value for value in found.hub_values["39201"]}
    for hazard in HAZARDS.values():
        assert "municipality's" in told[hazard.name].label_en
        assert told[hazard.name].label_en.endswith("(not the parcel's)")
        assert told[hazard.name].label_ja.endswith("（敷地の値ではない）")
    assert told["avs30_m_s"].value == 775.5
    shaking = found.breaches[0].message_en
    assert "probability of 6-lower or more in 30 years" in shaking
    assert "78.4% (limit 25%)" in shaking


def test_parts_must_be_whole():
    with pytest.raises(dcsite.errors.ScenarioError, match="add up to 1"):
        dcsite.load_scenario("policy-2023", ("criteria.firm_ground.volcano.part=0.5",))


def _zones(tmp_path, kinds, **columns):
    """Two zones about Tomakomai (01213): the east half of the lot, and a hillside apart."""
    frame = gpd.GeoDataFrame(
        {"kind": kinds, **columns},
        geometry=[shapely.box(141.6, 42.6, 141.62, 42.66), shapely.box(141.5, 42.7, 141.51, 42.71)],
        crs="EPSG:6668",
    )
    frame.to_file(tmp_path / "mine<b>.geojson")
    return tmp_path / "mine<b>.geojson"


def _own_ground(measured):
    """Tomakomai, whose ground is not told; a lot and a point in it; a point in Sapporo."""
    lot = shapely.box(141.59, 42.63, 141.61, 42.65)
    places = measured.loc[["01213", "01213", "01213", "01100"]]
    return places.assign(
        lat_deg=[42.63, 42.64, 42.64, 43.06], lon_deg=[141.6, 141.6, 141.605, 141.35],
        uncertainty_km=[9.0, 1.0, 0.0, 0.0], outline=[None, lot.wkt, None, None],
        tier="large", it_load_mw=100.0,
    ).set_axis(["town", "lot", "point", "sapporo"])  # fmt: skip


def test_a_map_of_ones_own_takes_the_place_of_the_municipality(tmp_path, measured, shipped_atlas):
    path = _zones(tmp_path, ["tsunami", "storm_surge"])
    own = dcsite.load_scenario(
        "policy-2023", (f"criteria.firm_ground.hazards_file={json.dumps(str(path))}",)
    )
    hubs = _own_ground(measured)
    here = CRITERION.measure(hubs, shipped_atlas, own)
    before = measured.loc["01213", "tsunami_share"]
    sapporo = measured.loc["01100", "tsunami_share"]
    assert here["tsunami_share"].tolist() == pytest.approx([before, 0.5, 1.0, sapporo])
    assert here["hazards_map"].tolist() == ["", "mine<b>.geojson", "mine<b>.geojson", ""]
    assert here["landslide_share"].nunique() == 2  # those of the two municipalities
    assert CRITERION.columns(here)["tsunami_share"].en.endswith("where a map of yours covers it)")
    assert {path.name for path in map(Path, CRITERION.input_files(own))} == {"mine<b>.geojson"}

    found = CRITERION.evaluate(hubs, shipped_atlas, own)
    told = {site: {one.name: one for one in values} for site, values in found.hub_values.items()}
    values = [told[site]["tsunami_share"].value for site in hubs.index]
    assert values == pytest.approx(here["tsunami_share"].tolist())
    assert told["lot"]["tsunami_share"].label_en == (
        'share of the site in tsunami zones (at the site, by "mine<b>.geojson")'
    )
    assert told["lot"]["tsunami_share"].source == '"mine<b>.geojson"'
    assert told["town"]["tsunami_share"].label_en.endswith("(not the parcel's)")
    assert told["point"]["storm_surge_share"].value == 0.0  # covered, and outside
    assert "storm_surge_share" not in told["sapporo"]
    (lot, point) = (
        [breach.message_en for breach in found.breaches if site in breach.site_ids]
        for site in ("lot", "point")
    )
    assert any("share of the site in tsunami zones (at the site" in text for text in lot)
    assert any("100.0% (limit 30%)" in text for text in point)


@given(
    st.lists(st.tuples(*[st.integers(-9, 9)] * 2, *[st.integers(1, 6)] * 2), min_size=1, max_size=5)
)
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_evaluation_and_measurement_agree_on_any_zones(tmp_path, measured, shipped_atlas, boxes):
    geometry = [
        shapely.box(141.6 + x / 1e3, 42.64 + y / 1e3, 141.6 + (x + w) / 1e3, 42.64 + (y + h) / 1e3)
        for x, y, w, h in boxes
    ]
    path = tmp_path / "flood.geojson"
    ranks = [1 + (x + y) % 4 for x, y, *_ in boxes]
    gpd.GeoDataFrame({"A31a_205": ranks}, geometry=geometry, crs="EPSG:6668").to_file(path)
    own = dcsite.load_scenario(
        "policy-2023", (f"criteria.firm_ground.hazards_file={json.dumps(str(path))}",)
    )
    hubs = _own_ground(measured)
    here = CRITERION.measure(hubs, shipped_atlas, own)["deep_flood_share"]
    found = CRITERION.evaluate(hubs, shipped_atlas, own).hub_values
    for site, share in here.items():
        (told,) = (one.value for one in found[site] if one.name == "deep_flood_share")
        assert told == pytest.approx(share, abs=1e-9)
