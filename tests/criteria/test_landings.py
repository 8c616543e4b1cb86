"""New landings: what a core loses, which landing mends it, and which of several opens."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.criteria.landings import CRITERION, _left, new_landings
from dcsite.geo.geodesy import geodesic_km
from dcsite.model import Candidates, assemble
from dcsite.network import reach_and_loss
from dcsite.solvers import SolveOptions, find_answer

SAPPORO, ITOSHIMA, MURORAN, TSUKUMI = "01100", "40230", "01205", "44207"


def cores_at(measured: pd.DataFrame, *codes: str) -> pd.DataFrame:
    return measured.loc[list(codes)].assign(tier="core", it_load_mw=200.0, reserve_mw=0.0)


def asked(*overrides: str) -> dcsite.Scenario:
    return dcsite.load_scenario("policy-2023", overrides)


ROUTES = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from("wxyz"), st.frozensets(st.sampled_from("123"))
    ),
    max_size=6,
    unique_by=lambda route: route[:2],
)


@settings(deadline=None)
@given(ROUTES, st.tuples(st.just("new"), st.sampled_from("wxyz"), st.just(frozenset("12"))))
def test_what_is_left_is_what_the_worst_loss_leaves(routes, new):
    # A system leads to the same corridors wherever it is reached.
    leads = {system: ends for system, _, ends in routes}
    routes = [(system, cluster, leads[system]) for system, cluster, _ in routes]
    systems = pd.DataFrame({"corridors": leads | {"new": new[2]}})

    def by_table(listed):
        landings = pd.DataFrame(
            {"cluster": [one[1] for one in listed], "systems": [(one[0],) for one in listed]}
        )
        here = np.ones((1, len(listed)), dtype=bool)
        return reach_and_loss(systems, landings, here).iloc[0]

    if routes:
        assert _left(routes) == by_table(routes)["corridors_left"]
        left = _left([*routes, new])
        assert left == by_table([*routes, new])["corridors_left"]
        # The new landing can be what is lost: then all of today's is left.
        assert _left(routes) <= left <= by_table(routes)["corridors"]
    else:
        assert _left(routes) == _left([new]) == 0


def test_the_cores_of_the_default_plan_ask_for_another_coast(measured, shipped_atlas, policy):
    # By the tables: Sapporo reaches E2A at Tomakomai alone (the cable to Sakhalin is none);
    # Itoshima North America by E2A alone and Asia by four.
    row = measured.loc[[SAPPORO, ITOSHIMA]]
    assert row["corridors_left"].tolist() == [0, 1]
    assert row["corridors_left_with_landing"].tolist() == [2, 2]
    assert row["new_landing"].tolist() == [MURORAN, TSUKUMI]
    # Both lie within 6 % of the shortest route: at Muroran a domestic cable lands already, and of
    # the others on the Bungo Channel Tsukumi has fewest residents in tsunami zones.
    # Two corridors by one system: JUPITER. For North America alone, the latest at Shima.
    assert row["new_landing_system"].tolist() == ["jupiter", "juno"]
    # By capes (Shiriya, Todo, Inubo, Sunosaki; Ashizuri, Muroto, Shionomisaki) times 1.2.
    capes = [
        [(42.31, 140.98), (41.43, 141.55), (39.55, 142.15), (35.7, 140.95), (35.0, 140.05)],
        [(33.09, 132.0), (32.65, 132.9), (33.2, 134.25), (33.4, 135.75), (34.33, 136.85)],
    ]
    for way, spur_km in zip(capes, row["new_landing_spur_km"], strict=True):
        by_capes = sum(float(geodesic_km(*one, *other)) for one, other in pairwise(way))
        assert 1.2 * by_capes < spur_km < 1.2 * 1.15 * by_capes
    found = CRITERION.evaluate(cores_at(measured, SAPPORO, ITOSHIMA), shipped_atlas, policy)
    assert not found.breaches
    assert {one.name: one.value for one in found.measures}["new_landings"] == 2
    link = found.links[SAPPORO][0]
    assert (link.name_ja, link.system, link.landing_id, link.year) == (
        "室蘭市", "JUPITER", "maruyama", 2030,
    )  # fmt: skip
    assert link.corridors == "asia_pacific;north_america"
    assert link.detail == "→ JUPITER ≤ 1,088 km (2030)"
    assert link.tsunami_share == pytest.approx(0.283)
    said = found.notes[0]
    for part in (
        "Muroran-shi 室蘭市 (28%)",
        "as near: Toyoura-cho 豊浦町 (17%)",
        "同程度の近さ：豊浦町（17%）",
        "JUPITER (Maruyama)",
        "no cost is stated",
    ):
        assert part in said
    assert "JUPITER（丸山）" in said.split(" / ")[1]


def test_new_landings_stand_clear_of_clusters_and_of_todays(shipped_atlas, policy):
    new = new_landings(shipped_atlas, policy)
    assert len(new.places) > 250
    assert not set(new.places.index.str[:2]) & {"12", "08", "24"}
    stations = shipped_atlas.table("cable_landing_stations")
    for name in ("tomakomai", "fukuoka", "naha", "toyohashi"):
        end = stations.loc[name]
        away_km = geodesic_km(
            new.places["lat_deg"], new.places["lon_deg"], end["lat_deg"], end["lon_deg"]
        )
        assert away_km.min() >= 50.0
    # Muroran and Akita have domestic cables alone, and no cable lands at Miura any more.
    assert {"01205", "05201"} <= set(new.places.index)
    assert set(new.joined["system_id"]) >= {"jupiter", "i-am", "juno", "candle"}
    # Too old; without a year; proposed; without a landing; to Russia.
    old = {"tpe", "tgn-pacific", "taihei", "proa", "fnf", "polar-connect", "aug-east", "rjcn"}
    assert not set(new.joined["system_id"]) & old
    assert new.joined["year"].min() == 2030
    built = asked('criteria.landings.joined_status=["in_service"]')
    assert "candle" not in set(new_landings(shipped_atlas, built).joined["system_id"])


def test_cores_that_no_landing_mends_are_kept_out(measured, policy):
    # Wakkanai reaches no landing today, and with one alone its loss leaves nothing.
    (admission,) = CRITERION.admit(measured.loc[[SAPPORO, "01214", ITOSHIMA]], policy)
    assert admission.amount.tolist() == [[0, 0, 0], [2, 0, 0], [0, 0, 0]]


def test_measure_and_evaluation_agree(measured, shipped_atlas):
    # Hubs that stand alone, of all the country; a landing for each.
    scenario = asked("criteria.landings.max_new=40")
    draw = np.random.default_rng(7)
    some = measured[measured["new_landing"] != ""]
    sites = [*draw.choice(some.index, 30, replace=False), *draw.choice(measured.index, 10)]
    hubs = cores_at(measured, *dict.fromkeys([*sites, SAPPORO, "15224", "13101"]))
    found = CRITERION.evaluate(hubs, shipped_atlas, scenario)
    for site, row in hubs.iterrows():
        values = {one.name: one.value for one in found.hub_values[site]}
        assert values["corridors_left_with_landing"] == row["corridors_left_with_landing"]
        spur_km = values.get("new_landing_spur_km", np.inf)
        assert spur_km == pytest.approx(row["new_landing_spur_km"])
        linked = [(one.municipality_code, one.system_id) for one in found.links.get(site, ())]
        wanted = [(row["new_landing"], row["new_landing_system"])] if row["new_landing"] else []
        assert linked == wanted


@pytest.mark.parametrize("many", [0, 1, 2, 3])
def test_those_open_that_mend_most(measured, shipped_atlas, many):
    codes = [SAPPORO, ITOSHIMA, "40130", "45201"]
    hubs = cores_at(measured, *codes)
    gain = hubs["corridors_left_with_landing"].clip(upper=2) - hubs["corridors_left"].clip(upper=2)
    most = max(
        sum(gain[hubs["new_landing"].isin(chosen)])
        for chosen in combinations(sorted(set(hubs["new_landing"])), min(many, 3))
    )
    scenario = asked(f"criteria.landings.max_new={many}")
    found = CRITERION.evaluate(hubs, shipped_atlas, scenario)
    short = (2 - hubs["corridors_left"].clip(upper=2)).sum()
    assert sum(one.amount for one in found.breaches) == short - most
    assert {one.name: one.value for one in found.measures}["new_landings"] <= many


def test_the_rule_off_opens_nothing(measured, shipped_atlas):
    hubs = cores_at(measured, SAPPORO)
    off = asked('rules.core_new_route="off"')
    found = CRITERION.evaluate(hubs, shipped_atlas, off)
    assert not found.links
    assert {one.name: one.value for one in found.measures}["new_landings"] == 0
    none = asked("criteria.landings.min_corridors_left=0", "weights.landings=0.05",
                 "weights.cables=0")  # fmt: skip
    found = CRITERION.evaluate(hubs, shipped_atlas, none)
    assert not found.breaches
    assert not found.links
    assert {one.name: one.score for one in found.measures}["core_corridors_kept"] == 0.5


@pytest.mark.parametrize("mode", ["hard", "soft", "off"])
def test_one_landing_for_two_cores_goes_where_both_are_mended(measured, shipped_atlas, mode):
    """Of three cores two ask for one landing; the third for another; one may open."""
    sites = measured.loc[[SAPPORO, "40130", ITOSHIMA]]
    assert sites["new_landing"].tolist() == [MURORAN, TSUKUMI, TSUKUMI]
    soft = ("core_regions", "separation", "existing_core_clearance", "total_it_load", "land")
    scenario = asked(
        "tiers.core.count=2", "tiers.large.count=0", "tiers.regional.count=0",
        "demand.total_new_it_load_mw=400", "criteria.landings.max_new=1",
        f'rules.core_new_route="{mode}"', "penalties.core_new_route=50",
        *(f'rules.{one}="off"' for one in soft),
    )  # fmt: skip
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    answer = find_answer(program, SolveOptions(solver="highs"))
    opened = {one for one in answer.outcome.values if one.startswith("new_landing_")}
    assert bool(opened) == (mode != "off")
    if mode != "off":
        assert set(answer.chosen.index) == set(sites.index[1:])
        assert answer.outcome.values[f"new_landing_{TSUKUMI}"] == pytest.approx(1.0)
