"""Substations: nearest fitting one on the same land body, against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from dcsite.criteria.substation import CRITERION, VOLTAGE_CLASSES_KV, column
from dcsite.geo.geodesy import geodesic_km
from dcsite.sites import landmass_of, landmasses


@pytest.mark.parametrize("voltage_kv", [100.0, 187.0, 500.0])
@pytest.mark.parametrize("site", ["01100", "13101", "15224", "40130", "46505"])
def test_nearest_agrees_with_trying_all(measured, shipped_atlas, site, voltage_kv):
    row = measured.loc[site]
    stations = shipped_atlas.substations()
    body = landmass_of(
        stations.geometry.y.to_numpy(), stations.geometry.x.to_numpy(), landmasses(shipped_atlas)
    )
    point = stations["connection"] == "any"
    fits = stations[point & (stations["voltage_kv"] >= voltage_kv) & (body == row["landmass_id"])]
    if fits.empty:
        assert row[column("distance_km", voltage_kv)] == np.inf
        assert row[column("id", voltage_kv)] == ""
        return
    km = geodesic_km(row["lat_deg"], row["lon_deg"], fits.geometry.y, fits.geometry.x)
    assert row[column("distance_km", voltage_kv)] == pytest.approx(km.min())
    assert row[column("id", voltage_kv)] == fits.index[int(np.argmin(km))]


@pytest.mark.parametrize(
    ("site", "voltage_kv", "km"),
    [("35207", 154.0, 12.1), ("21210", 100.0, 12.6), ("01337", 187.0, 7.3)],
)
def test_plants_institutes_and_yards_are_no_substations(measured, site, voltage_kv, km):
    # Kudamatsu, Ena and Nanae: a plant's yard stands nearer to each.
    assert measured.loc[site, column("distance_km", voltage_kv)] == pytest.approx(km, abs=0.05)


def test_a_guessed_voltage_brings_a_regional_hub_nearer_but_no_other(
    measured, shipped_atlas, policy
):
    sure = measured[column("distance_km", 100.0)]
    guessed = measured[column("distance_km", 100.0, guessed=True)]
    assert (guessed <= sure).all()
    nearer = str((sure - guessed).replace(np.inf, 0.0).idxmax())
    hub = measured.loc[[nearer]].assign(it_load_mw=10.0)
    nodes = shipped_atlas.substations()
    for tier, kind in (("regional", "regional_only"), ("large", "any"), ("core", "any")):
        found = CRITERION.evaluate(hub.assign(tier=tier), shipped_atlas, policy)
        (link,) = found.links[nearer]
        assert nodes.loc[link.substation_id, "connection"] == kind
        if tier == "regional":
            assert link.distance_km == pytest.approx(guessed[nearer])
            assert link.substation_id == measured.loc[nearer, column("id", 100.0, guessed=True)]


def test_columns_say_where_a_guess_counts(measured):
    named = CRITERION.columns(measured)
    assert named[column("distance_km", 100.0)].en == "distance to a substation of 100 kV or more"
    assert named[column("distance_km", 100.0, guessed=True)].en == (
        "distance to a substation of 100 kV or more (guessed or unnamed too)"
    )


def test_islands_do_not_borrow_the_mainland(measured):
    # Rishiri and Yakushima: no substation of 100 kV or more stands on either island.
    for site in ("01518", "01519", "46505"):
        assert measured.loc[site, column("distance_km", 100.0)] == np.inf


def test_higher_classes_are_never_nearer(measured):
    km = np.column_stack([measured[column("distance_km", kv)] for kv in VOLTAGE_CLASSES_KV])
    assert (km[:, 1:] >= km[:, :-1]).all()


def test_admission_follows_voltage_and_distance(measured, policy):
    (admission,) = CRITERION.admit(measured, policy)
    own = policy.criteria["substation"]
    for number, tier in enumerate(("core", "large", "regional")):
        kv = float(getattr(own.min_voltage_kv, tier))
        far = measured[column("distance_km", kv, guessed=tier == "regional")] > getattr(
            own.max_distance_km, tier
        )
        assert (admission.amount[:, number] == far.to_numpy()).all()
        assert 0 < far.sum() < len(measured)


def test_evaluation_finds_the_same_station_and_a_breach(measured, shipped_atlas, policy):
    hubs = measured.loc[["01100", "01518"]].assign(
        tier=["core", "regional"], it_load_mw=[300.0, 10.0]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    values = {value.name: value.value for value in found.hub_values["01100"]}
    assert values["substation_distance_km"] == pytest.approx(
        measured.loc["01100", column("distance_km", 187.0)]
    )
    assert values["substation_voltage_kv"] >= 187.0
    (breach,) = found.breaches
    assert (breach.rule, breach.amount, breach.site_ids) == ("substation_reach", 1.0, ("01518",))
