"""Substations: what a site can connect to, against trying all; what a hub hangs on in a plan."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.contract import TIERS
from dcsite.criteria.substation import CRITERION, VOLTAGE_CLASSES_KV, column
from dcsite.criteria.substation_options import RESIDENTS_PER_POINT, UNKNOWN, fronts, options_of
from dcsite.criteria.substation_points import points_of
from dcsite.geo.geodesy import geodesic_km
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.sites import landmass_of, landmasses
from dcsite.solvers import SolveOptions, find_answer


@pytest.fixture(scope="module")
def points(shipped_atlas, policy):
    return points_of(shipped_atlas, policy.criteria["substation"])


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


def test_what_a_point_bears_and_who_says_so(points):
    # A class, a published sum of transformers below it, and a welcome zone that overrides both.
    by_name = points[points["voltage_kv"] >= 100].drop_duplicates("name_ja").set_index("name_ja")
    said = by_name.loc[
        [
            "稚内変電所",
            "北江別変電所",
            "南福光変電所",
            "北新潟変電所",
            "中能登変電所",
            "北金沢変電所",
        ],
        ["capacity_mw", "known_en", "lead_time_years"],
    ]
    assert said["capacity_mw"].tolist() == [100, 400, 350, 400, 300, 50]
    assert said["known_en"].tolist() == [
        "assumed for its voltage class",
        "assumed for its voltage class",
        "350 MVA of transformers, an upper limit",
        "assumed for its voltage class, 1,200 MVA of transformers",
        "the operator's welcome zone at 154 kV, 2026-09",
        "the operator's welcome zone at 154 kV, 2026-09",
    ]
    assert said["lead_time_years"].fillna(0).tolist() == [0, 0, 0, 0, 2.5, 2.5]
    assert not points["known_ja"].eq("").any()


@settings(deadline=None, max_examples=30, derandomize=True)
@given(data=st.data())
def test_options_are_all_that_no_nearer_point_bears(data):
    def drawn(count, **further):
        numbers = st.lists(st.integers(0, 40), min_size=count, max_size=count)
        return pd.DataFrame(
            {
                "lat_deg": 36 + np.array(data.draw(numbers)) / 100,
                "lon_deg": 138 + np.array(data.draw(numbers)) / 100,
                "landmass_id": [each % 2 for each in data.draw(numbers)],
                **further,
            }
        )

    capacity = data.draw(st.lists(st.sampled_from([30.0, 100.0, 400.0]), min_size=5, max_size=5))
    points, sites = drawn(5, capacity_mw=capacity), drawn(3)
    for (_, site), text in zip(sites.iterrows(), fronts(sites, points), strict=True):
        km = geodesic_km(
            site["lat_deg"], site["lon_deg"], points["lat_deg"], points["lon_deg"]
        ).tolist()
        here = [n for n in range(5) if points["landmass_id"][n] == site["landmass_id"]]
        expected = {
            (km[n], capacity[n])
            for n in here
            if not any(
                (capacity[other] >= capacity[n] and km[other] < km[n])
                or (capacity[other] > capacity[n] and km[other] == km[n])
                for other in here
            )
        }
        found = [tuple(map(float, one.split("/")[:2])) for one in text.split()]
        assert found == sorted(found)
        assert [mw for _, mw in found] == sorted({mw for _, mw in found})
        assert {km for km, _ in found} <= {km for km, _ in expected}
        assert {mw for _, mw in found} == {mw for _, mw in expected}


def test_admission_follows_voltage_distance_and_megawatts(measured, shipped_atlas, policy):
    reach, bears = CRITERION.admit(measured, policy)
    own = policy.criteria["substation"]
    for number, tier in enumerate(TIERS):
        kv = own.min_voltage_kv[tier]
        far = measured[column("distance_km", kv, guessed=tier == "regional")] > 20.0
        if tier == "regional":
            far &= measured[RESIDENTS_PER_POINT] < own.thin_residents_per_point
        assert (reach.amount[:, number] == far.to_numpy()).all()
        assert 0 < far.sum() < len(measured)
    # What a 154 kV point is assumed to bear is too little for a core, enough for a large hub.
    assert bears.amount[:, TIERS.index("regional")].max() == 0.0
    weak = dcsite.load_scenario("policy-2023", ("criteria.substation.min_voltage_kv.core=100",))
    again = CRITERION.measure(measured, shipped_atlas, weak)
    sites = measured.drop(columns=[name for name in again if name in measured]).join(again)
    _, bears = CRITERION.admit(sites, weak)
    short = bears.amount[:, 0] > 0
    assert 100 < short.sum() < len(sites)
    assert (bears.most_mw[short, 0] < policy.tiers.core.it_load_mw.min).all()
    assert short[sites.index.get_loc("02208")]  # Mutsu: 100 MW at 154 kV


def test_what_bounds_a_hub_is_named(measured, shipped_atlas, policy):
    asked = Candidates.of(policy, shipped_atlas, measured.loc[["02208", "01217"]])
    assert asked.bounded_by[0, TIERS.index("large")] == "connection_capacity"  # Mutsu
    assert asked.max_mw[0, TIERS.index("large")] == pytest.approx(
        100.0 / measured.loc["02208", "pue"]
    )
    assert asked.bounded_by[1, TIERS.index("core")] == "connection_capacity"
    off = dcsite.load_scenario("policy-2023", ('rules.connection_capacity="off"',))
    free = Candidates.of(off, shipped_atlas, measured.loc[["02208"]])
    assert free.bounded_by[0, TIERS.index("large")] in ("", "land")
    assert free.max_mw[0, TIERS.index("large")] > 100.0


def test_where_mapping_is_thin_a_distance_is_not_known_and_nobody_is_refused(
    measured, shipped_atlas, policy
):
    # Kashiwazaki and Joetsu: 391,000 and 218,000 people within 30 km, no point of 100 kV.
    options = options_of(measured, policy)
    unknown = (options.point[:, TIERS.index("regional")] == UNKNOWN).any(axis=1)
    assert set(measured.index[unknown]) >= {"15202", "15205", "15222"}
    assert unknown.sum() == 73
    assert not (options.point[:, : TIERS.index("regional")] == UNKNOWN).any()
    refused = measured["substation_distance_km_100kv_or_guessed"] > 20.0
    assert (unknown & refused.to_numpy()).sum() == 49
    assert measured.loc["15205", RESIDENTS_PER_POINT] == pytest.approx(391_051)
    hub = measured.loc[["15205"]].assign(tier="regional", it_load_mw=50.0)
    found = CRITERION.evaluate(hub, shipped_atlas, policy)
    value = found.hub_values["15205"][0]
    assert value.label_en.endswith("(not known: mapping is thin here)")
    assert np.isnan(value.value)
    assert value.score == 0.25  # as at 15 km
    assert (found.links, found.breaches) == ({}, ())
    assert "(柏崎市 Kashiwazaki-shi): what they" in found.notes[0]
    assert "地域の拠点（柏崎市）：接続先と距離は不明" in found.notes[0]
    # A large hub there is refused: nothing is known that would carry it.
    (breach,) = CRITERION.evaluate(hub.assign(tier="large"), shipped_atlas, policy).breaches
    assert breach.rule == "substation_reach"


def test_evaluation_finds_the_same_point_its_megawatts_and_a_breach(
    measured, shipped_atlas, policy
):
    hubs = measured.loc[["01217", "46505", "02208"]].assign(
        tier=["core", "regional", "large"], it_load_mw=[200.0, 10.0, 100.0]
    )
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    (link,) = found.links["01217"]
    pue = measured.loc["01217", "pue"]
    assert link.distance_km == pytest.approx(measured.loc["01217", column("distance_km", 187.0)])
    assert (link.name_ja, link.voltage_kv, link.capacity_mw) == ("北江別変電所", 187.0, 400.0)
    assert link.grid_mw == pytest.approx(200.0 * pue)
    assert link.route_km == pytest.approx(1.3 * link.distance_km)
    assert (link.lead_time_years, link.point_from) == (None, "OpenStreetMap")
    stated = next(one for one in found.measures if one.name == "stated_capacity_share")
    assert stated.value == 0.0
    reach, bears = sorted(found.breaches, key=lambda breach: breach.rule, reverse=True)
    assert (reach.rule, reach.site_ids) == ("substation_reach", ("46505",))
    # Mutsu: nothing of 187 kV in reach, 100 MW of IT load on a point of 154 kV.
    assert (bears.rule, bears.site_ids) == ("connection_capacity", ("02208",))
    total = policy.total_new_it_load_mw
    assert bears.amount == pytest.approx((100.0 * measured.loc["02208", "pue"] - 100.0) / total)


_HELD = {"tier_counts", "total_it_load", "substation_reach"}


@settings(
    deadline=None,
    max_examples=12,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    site=st.integers(0, 1740),
    total_mw=st.sampled_from([200, 320, 390]),
    mode=st.sampled_from(["hard", "soft", "off"]),
    apart=st.sampled_from(["hard", "off"]),
)
def test_the_solver_hangs_hubs_on_what_trying_all_options_finds(
    measured, shipped_atlas, policy, site, total_mw, mode, apart
):
    """Two large hubs near each other, which may share points, and loads that ask for a class."""
    scenario, sites = _pair(policy, measured, site, total_mw, mode, apart)
    candidates = Candidates.of(scenario, shipped_atlas, sites)
    answer = find_answer(assemble(candidates), SolveOptions(solver="highs", gap=1e-7))
    best = _tried(scenario, candidates, total_mw)
    if answer.outcome.status == "infeasible":
        assert best is None
        return
    hubs = sites.join(answer.chosen, how="inner")
    checked = check_plan(
        hubs,
        shipped_atlas,
        scenario,
        claimed_objective=answer.outcome.objective,
        bound=answer.outcome.bound,
    )
    measure = next(one for one in checked.evaluations["substation"].measures if one.score)
    over = sum(v.penalty for v in checked.violations if v.rule == "connection_capacity")
    assert measure.score - over == pytest.approx(best, abs=1e-5)


def _pair(policy, measured, site, total_mw, mode, apart):
    """Return a scenario of two large hubs and nothing but connections, and four sites in a row."""
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.count=0", "tiers.large.count=2", "tiers.regional.count=0",
            "tiers.large.separation_km=5", "tiers.regional.separation_km=5",
            f"demand.total_new_it_load_mw={total_mw}", "penalties.connection_capacity=0.3",
            "demand.classes.latency_critical.share=0",
            *(f'rules.{rule}="off"' for rule in policy.rules if rule not in _HELD),
            f'rules.connection_capacity="{mode}"', f'rules.separation="{apart}"',
            *(f"weights.{name}={int(name == 'substation')}" for name in policy.weights),
            "criteria.disasters.weight_parts={worst_survival=0,expected_loss=1,cvar_loss=0}",
        ),
    )  # fmt: skip
    own = measured.iloc[site]
    near = np.hypot(measured["lat_deg"] - own["lat_deg"], measured["lon_deg"] - own["lon_deg"])
    return scenario, measured.loc[sorted(near.sort_values().index[:4])]


@settings(
    deadline=None,
    max_examples=8,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    site=st.integers(0, 1740),
    mode=st.sampled_from(["hard", "soft", "off"]),
    reserve_mw=st.sampled_from([30.0, 90.0, 180.0]),
)
def test_a_reserve_hangs_on_the_grid_as_load_does_and_earns_no_score(
    measured, shipped_atlas, policy, site, mode, reserve_mw
):
    scenario, sites = _pair(policy, measured, site, 200, mode, "off")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(CRITERION), "reserve_tiers", lambda *_: ("large",))
        program = assemble(Candidates.of(scenario, shipped_atlas, sites))
        ones = np.ones(program.eligible.shape)
        program.row("held", program.reserve_terms(ones), ">=", reserve_mw)
        answer = find_answer(program, SolveOptions(solver="highs", gap=1e-7))
        if answer.outcome.status == "infeasible":
            assert mode == "hard"
            return
        hubs = sites.join(answer.chosen, how="inner")
        checked = check_plan(
            hubs,
            shipped_atlas,
            scenario,
            claimed_objective=answer.outcome.objective,
            bound=answer.outcome.bound,
        )
    assert hubs["reserve_mw"].sum() >= reserve_mw - 1e-4
    assert checked.objective == pytest.approx(answer.outcome.objective, abs=1e-5)
    grid_mw = (hubs["it_load_mw"] + hubs["reserve_mw"]) * hubs["pue"]
    for hub, link in checked.evaluations["substation"].links.items():
        assert link[0].grid_mw == pytest.approx(grid_mw[hub], abs=1e-3)
        if mode == "hard":
            assert link[0].grid_mw <= link[0].capacity_mw + 1e-3


def _tried(scenario, candidates, total_mw):
    """Try every pair of sites, every pair of options and the loads at which one of them is full."""
    options, pue = options_of(candidates.sites, scenario), candidates.sites["pue"].to_numpy()
    tier, mode = TIERS.index("large"), scenario.rules["connection_capacity"]
    price, best = 0.3 if mode == "soft" else 0.0, None
    apart = scenario.rules["separation"] == "hard"
    lat, lon = (candidates.sites[name].to_numpy() for name in ("lat_deg", "lon_deg"))
    for i, j in product(range(len(pue)), repeat=2):
        if i >= j or not (candidates.eligible[i, tier] and candidates.eligible[j, tier]):
            continue
        if apart and geodesic_km(lat[i], lon[i], lat[j], lon[j]) < 5.0:
            continue
        ranks = [range(int((options.mw[n, tier] > 0).sum())) for n in (i, j)]
        for k, m in product(*(ranks if mode != "off" else ([0], [0]))):
            score = [np.clip(1 - options.km[n, tier, r] / 20, 0, 1) for n, r in ((i, k), (j, m))]
            caps = [options.mw[n, tier, r] * pue[n] for n, r in ((i, k), (j, m))]
            same = options.point[i, tier, k] == options.point[j, tier, m]
            full = (caps[0] - total_mw * pue[j]) / (pue[i] - pue[j]) if pue[i] != pue[j] else 50.0
            for first in (50.0, 200.0, total_mw - 50.0, total_mw - 200.0, caps[0] / pue[i],
                          total_mw - caps[1] / pue[j], full):  # fmt: skip
                load = np.array([first, total_mw - first])
                if load.min() < 50.0 - 1e-6 or load.max() > 200.0 + 1e-6:
                    continue
                drawn = load * pue[[i, j]]
                # Under a soft rule a hub may go beyond the strongest of its options alone.
                last = (options.mw[i, tier].argmax() == k, options.mw[j, tier].argmax() == m)
                if mode == "soft" and ((drawn > np.array(caps) + 1e-5) & ~np.array(last)).any():
                    continue
                over = (
                    max(drawn.sum() - caps[0], 0.0)
                    if same
                    else float(np.maximum(drawn - caps, 0.0).sum())
                )
                if mode == "hard" and over > 1e-5:
                    continue
                value = float(load @ score) / total_mw - price * over / total_mw
                best = value if best is None else max(best, value)
    return best
