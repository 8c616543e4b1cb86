"""Two routes: measured and evaluated apart, where routes meet, what the rule counts."""

from __future__ import annotations

import itertools
import json

import pandas as pd

import dcsite
from dcsite.criteria.routes import CRITERION


def hubs_at(measured: pd.DataFrame, *codes: str, tier: str = "regional") -> pd.DataFrame:
    return measured.loc[list(codes)].assign(tier=tier, it_load_mw=50.0, reserve_mw=0.0)


def meets(found, site: str) -> set[tuple[str, str, bool, bool]]:
    (routes,) = (one for one in found.routes if one.site_id == site)
    return {(one.kind, one.name_ja, one.cuts_off, one.own) for one in routes.meets}


def test_measure_and_evaluation_agree_on_a_sample_and_all_islands(measured, shipped_atlas, policy):
    codes = [*measured.index[::40], "47207", "47214", "47361", "47381", "15224", "01101", "46222"]
    hubs = hubs_at(measured, *(code for code in codes if code in measured.index))
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    for site, row in hubs.iterrows():
        values = {one.name: one.value for one in found.hub_values[str(site)]}
        assert values["independent_routes"] == row["independent_routes"]
    lacking = hubs.index[hubs["independent_routes"] < 2.0]
    assert {site for breach in found.breaches for site in breach.site_ids} == set(lacking)
    assert {breach.amount for breach in found.breaches} == {0.5}


def test_where_routes_meet_is_named(measured, shipped_atlas, policy):
    hubs = hubs_at(measured, "01100", "47207", "15224", "40230")
    found = CRITERION.evaluate(hubs, shipped_atlas, policy)
    # In Sapporo's own town and prefecture, which no rule counts; nothing else.
    assert meets(found, "01100") == {
        ("town", "札幌", False, True), ("prefecture", "北海道", True, True),
    }  # fmt: skip
    ishigaki = meets(found, "47207")
    assert {("landing", "石垣島", True, False), ("node", "那覇", True, False)} <= ishigaki
    assert {kind for kind, *_ in ishigaki} == {"landing", "node", "system", "link", "prefecture"}
    assert meets(found, "15224") == set()  # Sado: no feeder in the tables
    itoshima = next(one for one in found.routes if one.site_id == "40230")
    assert [route.crossings_en[0] for route in itoshima.routes] == [
        "Kanmon Strait", "Sea between Nagasaki and Okinawa",
    ]  # fmt: skip
    # 641 and 2,841 km of route, 1.5 times as much fibre, 4.9 us/km there and back, 1 ms.
    assert [round(route.round_trip_ms, 1) for route in itoshima.routes] == [10.4, 42.8]
    said = {breach.site_ids[0]: breach.message_en for breach in found.breaches}
    assert set(said) == {"47207", "15224"}
    assert said["15224"].endswith("has no known route")
    assert "has one route, through: node Naha, landing Naha" in said["47207"]
    (note,) = found.notes
    assert note.endswith("局舎は不明：札幌市")


def test_only_tiers_that_count_break_the_rule(measured, shipped_atlas):
    lenient = dcsite.load_scenario(
        "policy-2023", ("criteria.routes.counts={core=1, large=1, regional=0}",)
    )
    hubs = hubs_at(measured, "47207")
    assert CRITERION.evaluate(hubs, shipped_atlas, lenient).breaches == ()
    (admission,) = CRITERION.admit(measured.loc[["47207", "04100"]], lenient)
    assert admission.amount.tolist() == [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]


def test_a_network_of_ones_own_with_a_bridge_breaks_the_rule(tmp_path, measured, shipped_atlas):
    # Aomori - Morioka - Tokyo - Osaka: from Aomori all hangs on Morioka, the link south and Tokyo.
    where = {"aomori": (40.82, 140.74), "morioka": (39.70, 141.15), "tokyo": (35.69, 139.69),
             "osaka": (34.69, 135.52)}  # fmt: skip
    file = tmp_path / "mine.json"
    nodes = [{"id": name, "lat": lat, "lon": lon} for name, (lat, lon) in where.items()]
    drawn = [{"source": one, "target": other} for one, other in itertools.pairwise(where)]
    file.write_text(json.dumps({"nodes": nodes, "links": drawn}))
    mine = dcsite.load_scenario("policy-2023", (f"network.file={json.dumps(str(file))}",))
    columns = [one for one in measured if one not in ("independent_routes", "score_routes")]
    sites = measured.loc[["02201", "23100", "01100"], columns]
    routes = CRITERION.measure(sites, shipped_atlas, mine)["independent_routes"]
    assert routes.tolist() == [1.0, 2.0, 0.0]  # Nagoya lies between the cores, Hokkaido has no node
    found = CRITERION.evaluate(hubs_at(measured, *sites.index), shipped_atlas, mine)
    assert [found.hub_values[site][0].value for site in sites.index] == routes.tolist()
    assert {one for one in meets(found, "02201") if one[2] and not one[3]} == {
        ("node", "morioka", True, False), ("node", "tokyo", True, False),
        ("link", "morioka － tokyo", True, False),
    }  # fmt: skip
