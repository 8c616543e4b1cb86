"""Nuclear stations: zones by hand and against brute force, what counts, what is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.contract import TIERS
from dcsite.criteria.nuclear import CRITERION
from dcsite.geo.geodesy import geodesic_destination, geodesic_km
from dcsite.scenario import load_scenario

GENKAI = 33.5152, 129.83601
MONJU = 35.74001, 135.9878


def hubs(lat_deg, lon_deg, tier: str = "large") -> pd.DataFrame:
    where = {"lat_deg": np.atleast_1d(lat_deg), "lon_deg": np.atleast_1d(lon_deg)}
    frame = pd.DataFrame({**where, "tier": tier, "it_load_mw": 100.0})
    return frame.set_index(pd.Index([f"h{n}" for n in frame.index], name="site_id"))


@pytest.mark.parametrize(
    ("km", "counts"),
    [(4.9, [4.0, 4.0, 2.0]), (5.1, [1.0, 1.0, 0.5]), (29.9, [1.0, 1.0, 0.5]), (30.1, [0.0] * 3)],
)
def test_both_zones_of_genkai_count_by_tier(km, counts, shipped_atlas, policy):
    # South-west of Genkai no other station is within 100 km.
    sites = CRITERION.measure(
        hubs(*geodesic_destination(*GENKAI, 225.0, km)), shipped_atlas, policy
    )
    (admission,) = CRITERION.admit(sites, policy)
    assert admission.amount.tolist() == [counts]
    assert sites["nuclear_station_km"].tolist() == pytest.approx([km])


def test_cooled_fuel_has_a_zone_of_5_km_and_no_precautionary_one(
    shipped_atlas, policy, monkeypatch
):
    monju = shipped_atlas.nuclear_stations().loc[["monju"]]
    monkeypatch.setattr(shipped_atlas, "nuclear_stations", lambda: monju)
    for km, level in ((0.0, 1.0), (4.9, 1.0), (5.1, 0.0)):
        at = hubs(*geodesic_destination(*MONJU, 0.0, km))
        assert CRITERION.measure(at, shipped_atlas, policy)["nuclear_zone_level"].tolist() == [
            level
        ]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(33, 43), st.floats(129, 142)), min_size=1, max_size=20))
def test_evaluation_and_admission_agree_anywhere(shipped_atlas, policy, where):
    lat_deg, lon_deg = np.array(where).T
    # Half of them are drawn towards a station, where zones overlap.
    stations = shipped_atlas.nuclear_stations().iloc[np.arange(len(lat_deg)) % 19]
    lat_deg = np.append(lat_deg, stations["lat_deg"] + (lat_deg - 38.0) / 20.0)
    lon_deg = np.append(lon_deg, stations["lon_deg"] + (lon_deg - 135.5) / 20.0)
    for level, tier in enumerate(TIERS):
        frame = hubs(lat_deg, lon_deg, tier)
        sites = CRITERION.measure(frame, shipped_atlas, policy)
        (admission,) = CRITERION.admit(sites, policy)
        found = CRITERION.evaluate(frame, shipped_atlas, policy)
        told = pd.Series({one.site_ids[0]: one.amount for one in found.breaches}, dtype=float)
        told = told.reindex(frame.index, fill_value=0.0)
        assert told.tolist() == admission.amount[:, level].tolist()
        least = [found.hub_values[site][0].value for site in frame.index]
        assert least == pytest.approx(sites["nuclear_station_km"].tolist())


def test_what_is_told_of_a_hub(shipped_atlas, policy):
    # Karatsu's office is 14.3 km from Genkai, Kashiwazaki's 7 km from its station.
    offices = shipped_atlas.table("municipalities").loc[["41202", "15205", "13101"]]
    frame = hubs(offices["office_lat_deg"].to_numpy(), offices["office_lon_deg"].to_numpy())
    frame = frame.assign(
        name_en=offices["name_en"].to_numpy(), name_ja=offices["name_ja"].to_numpy()
    )
    found = CRITERION.evaluate(frame, shipped_atlas, policy)
    karatsu, kashiwazaki = found.breaches
    assert karatsu.message_en == (
        "唐津市 Karatsu-shi stands in the UPZ of the nuclear station Genkai, 14.3 km away "
        "(operating (output 2026-03-20 to 2026-08-21))"
    )
    assert (
        "柏崎市は柏崎刈羽原子力発電所（運転中（2026-03-20〜2026-08-21に発電実績あり））のUPZ内"
        in kashiwazaki.message_ja
    )
    tokyo = found.hub_values["h2"][0]
    assert tokyo.label_en.endswith("(Tokai, not operating (no output 2026-03-20 to 2026-08-21))")
    assert "東海第二発電所、停止中" in tokyo.label_ja
    # 33 km away, but the place is a municipality with a disc of 6 km.
    near = hubs(*geodesic_destination(*GENKAI, 225.0, 33.0)).assign(uncertainty_km=6.0)
    (value,) = CRITERION.evaluate(near, shipped_atlas, policy).hub_values["h0"]
    assert "the parcel may lie in a UPZ" in value.label_en
    assert "敷地はUPZに掛かりうる" in value.label_ja
    share = next(one for one in found.measures if one.name == "nuclear_zone_load_share")
    assert share.value == pytest.approx(200.0 / policy.total_new_it_load_mw)


def test_a_tier_that_counts_nothing_is_not_told(shipped_atlas):
    free = load_scenario(
        "policy-2023", ("criteria.nuclear.upz_counts={core=1, large=0, regional=0}",)
    )
    at = geodesic_destination(*GENKAI, 225.0, 20.0)
    assert not CRITERION.evaluate(hubs(*at), shipped_atlas, free).breaches
    assert CRITERION.evaluate(hubs(*at, "core"), shipped_atlas, free).breaches


def test_stations_are_those_of_the_plants_that_hold_fuel_or_will(shipped_atlas):
    stations = shipped_atlas.nuclear_stations()
    plants = shipped_atlas.table("power_plants")
    plants = plants[plants["fuel"] == "nuclear"]
    km = geodesic_km(
        plants["lat_deg"].to_numpy()[:, None], plants["lon_deg"].to_numpy()[:, None],
        stations["lat_deg"].to_numpy()[None, :], stations["lon_deg"].to_numpy()[None, :],
    )  # fmt: skip
    away = plants["name_en"][km.min(axis=1) > 0.3]
    assert {name.removesuffix(" nuclear power plant") for name in away} == {
        "Kaminoseki",  # shelved, nothing is built
        "Higashidori (Tepco)",  # shelved; Tohoku's station of that name stands 6 km away
        "Fugen",  # retired, 0.4 km from Tsuruga
        "Japan Power Demonstration Reactor",  # dismantled, 4 km from Tokai
    }
    assert km.min(axis=0).max() < 0.01
    assert stations["state"].value_counts().to_dict() == {
        "operating": 9, "licensed": 6, "decommissioning": 3, "construction": 1,
    }  # fmt: skip
