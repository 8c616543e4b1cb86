"""Disjoint routes against every pair of ways, losses by hand, and what the shipped data give."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.network import (
    Network,
    Reach,
    RouteFinder,
    cut_off,
    fates_of,
    network_of,
    on_land,
    ways_out,
)

PREFECTURES = pd.DataFrame({"name_en": ["West", "East"], "name_ja": ["西", "東"]}, ["01", "02"])


def net(parameters, links, cores=("A",), *, crossing=(), system=()) -> Network:
    """Nodes A, B, ... side by side on one body; links as (end, end, km)."""
    graph = nx.MultiGraph()
    for at, node in enumerate("ABCDEF"):
        graph.add_node(
            node, name_en=node, name_ja=f"{node}市", lat_deg=35.0, lon_deg=135.0 + 0.1 * at,
            landmass_id=0, joins=True, kind="backbone",
            municipality_code="01001" if node < "D" else "02001",
        )  # fmt: skip
    for number, (one, other, km) in enumerate(links):
        graph.add_edge(
            one, other, f"L{number}", route_km=km, fibre_km=km, kind="land", year=None,
            system="cable" if number in system else "",
            crossing=("x", "Strait", "海峡") if number in crossing else None,
        )  # fmt: skip
    return Network(graph, parameters, pd.DataFrame(), tuple(cores))


def at(*lon_deg: float) -> pd.DataFrame:
    return pd.DataFrame({"lat_deg": 35.0, "lon_deg": lon_deg, "landmass_id": 0})


def found(network: Network, lon_deg: float):
    fates = fates_of(network, PREFECTURES)
    return RouteFinder(network, fates).routes(at(lon_deg).iloc[0])


def test_a_ring_has_two_routes_and_a_chain_hangs_on_every_part(policy):
    # Tails lead to E and F. The ring A-B-E, A-C-F; without C-F all hangs on E's side.
    ring = [("A", "B", 10), ("B", "E", 10), ("A", "C", 10), ("C", "F", 10), ("E", "F", 5)]
    whole = found(net(policy.network, ring, "AC"), 135.46)
    assert (whole.link_disjoint, whole.node_disjoint) == (2, 2)
    assert [route.nodes for route in whole.shown] == [("F", "C"), ("E", "B", "A")]
    assert [route.links for route in whole.shown] == [("L3",), ("L1", "L0")]
    tail_km = policy.network.tail_route_factor * 9.125  # 0.1 degree at 35 north is 9.125 km
    assert whole.shown[0].route_km == pytest.approx(0.4 * tail_km + 10, abs=0.01)
    assert whole.shown[1].route_km == pytest.approx(0.6 * tail_km + 20, abs=0.01)
    both = ["prefecture:01", "prefecture:02"]
    assert [fate.fate_id for fate in whole.cuts] == both
    # With one core both routes end there: no link in common, but its node.
    one = found(net(policy.network, ring), 135.46)
    assert (one.link_disjoint, one.node_disjoint) == (2, 1)
    assert [fate.fate_id for fate in one.cuts] == ["node:A", *both]
    chain = found(net(policy.network, [*ring[:2], ring[4]], "A"), 135.46)
    assert (chain.link_disjoint, chain.node_disjoint, len(chain.shown)) == (1, 1, 1)
    assert {fate.fate_id for fate in chain.cuts} == {
        "node:A", "node:B", "node:E", "link:L0", "link:L1", *both,
    }  # fmt: skip


def test_links_of_one_crossing_or_cable_fall_together(policy):
    ring = [("A", "B", 10), ("B", "E", 10), ("A", "C", 10), ("C", "F", 10)]
    cut = found(net(policy.network, ring, "BC", crossing=(1, 3), system=(1, 3)), 135.46)
    # No node in common, and yet one loss: the strait; the cable takes the same and stands once.
    assert (cut.node_disjoint, [fate.name_ja for fate in cut.cuts]) == (2, ["海峡", "西", "東"])


def test_a_place_without_a_tail_has_no_route_to_lose(policy):
    network = net(policy.network, [("A", "B", 1)])
    nowhere = at(135.0).assign(landmass_id=7)
    fates = fates_of(network, PREFECTURES)
    routes = RouteFinder(network, fates).routes(nowhere.iloc[0])
    assert (routes.link_disjoint, routes.shown, routes.cuts) == (0, (), ())
    reached = Reach(network.graph, network.cores).of(fates)
    assert not cut_off(ways_out(network, nowhere), reached).any()


NODES = st.sampled_from("ABCDEF")
LINKS = st.lists(
    st.tuples(NODES, NODES, st.integers(1, 40)).filter(lambda link: link[0] != link[1]), max_size=10
)


@settings(max_examples=60, deadline=None)
@given(LINKS, st.sets(NODES, min_size=1, max_size=2), st.sets(st.integers(0, 9)), st.data())
def test_routes_and_losses_are_those_of_every_pair_of_ways(policy, links, cores, strait, data):
    network = net(policy.network, links, sorted(cores), crossing=strait)
    places = at(*(135.0 + 0.013 * data.draw(st.integers(0, 38)) for _ in range(2)))
    fates = fates_of(network, PREFECTURES)
    cut = cut_off(ways_out(network, places), Reach(network.graph, network.cores).of(fates))
    node, away_km = network.tails(places)
    for row, place in places.iterrows():
        routes = RouteFinder(network, fates).routes(place)
        tails = [(network.nodes.index[n], 1.95 * km) for n, km in zip(node[row], away_km[row])]  # noqa: B905
        ways = every_way(network, tails)
        pairs = {
            kind: [sum(way[2] for way in pair) for pair in itertools.combinations(ways, 2)
                   if pair[0][0][0] != pair[1][0][0]
                   and not any({*pair[0][part]} & {*pair[1][part]} for part in parts)]
            for kind, parts in (("links", [1]), ("nodes", [0, 1]))
        }  # fmt: skip
        least = min(bool(ways), 1)
        assert routes.link_disjoint == (2 if pairs["links"] else least)
        assert routes.node_disjoint == (2 if pairs["nodes"] else least)
        km = sum(route.fibre_km for route in routes.shown)
        best = pairs["nodes"] or pairs["links"] or [way[2] for way in ways] or [0.0]
        assert km == pytest.approx(min(best), abs=0.01)
        told = [
            bool(ways) and all({*way[0]} & fate.nodes or {*way[1]} & fate.links for way in ways)
            for fate in fates
        ]
        assert [fate in routes.cuts for fate in fates] == told
        assert cut[row].tolist() == told


def every_way(network, tails):
    """Nodes, links and km of every way without a circle from a tail's end to a core."""
    ways = []
    for end, tail_km in tails:
        for core in network.cores:
            if end == core:
                ways.append(((end,), (), tail_km))
                continue
            for path in nx.all_simple_edge_paths(network.graph, end, core):
                nodes = (end, *(step[1] for step in path))
                km = sum(network.graph.edges[step]["fibre_km"] for step in path)
                ways.append((nodes, tuple(step[2] for step in path), tail_km + km))
    return ways


@pytest.fixture(scope="module")
def shipped(shipped_atlas, policy):
    network = network_of(shipped_atlas, policy.network)
    fates = fates_of(network, shipped_atlas.table("prefectures"))
    columns = {"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"}
    places = on_land(shipped_atlas.table("municipalities").rename(columns=columns), shipped_atlas)
    return network, fates, places, RouteFinder(network, fates)


def names(network, route):
    return [network.nodes.loc[node, "name_en"] for node in route.nodes]


def test_hokkaido_leaves_by_the_strait_and_by_a_cable(shipped):
    # One node of the model stands in Hokkaido: without its landings all of it would hang on it.
    network, _, places, finder = shipped
    sapporo, nanae = (finder.routes(places.loc[code]) for code in ("01100", "01337"))
    assert sapporo.node_disjoint == nanae.node_disjoint == 2
    assert names(network, sapporo.shown[0])[:2] == ["Sapporo", "Morioka"]
    assert names(network, sapporo.shown[1])[:2] == ["Ishikari", "Akita"]
    assert names(network, nanae.shown[1])[:2] == ["Muroran", "Hachinohe"]
    # All end in Hokkaido; none of the straits, cables or nodes alone leaves it without a route.
    assert [fate.fate_id for fate in sapporo.cuts] == ["prefecture:01"]


def test_okinawa_has_two_routes_and_its_outer_islands_one(shipped):
    _, _, places, finder = shipped
    assert finder.routes(places.loc["47201"]).node_disjoint == 2
    ishigaki = finder.routes(places.loc["47207"])
    assert (ishigaki.link_disjoint, ishigaki.node_disjoint) == (1, 1)
    assert {fate.fate_id for fate in ishigaki.cuts} >= {
        "landing:ishigaki", "landing:naha", "node:JPN48-48",
        "system:Okinawa - Ishigaki - Miyako - Kume loop (YUI)",
    }  # fmt: skip


def test_kyushu_stays_joined_without_the_kanmon_strait(shipped):
    network, fates, places, finder = shipped
    buzen = finder.routes(places.loc["40214"])
    over = [{network.graph.edges[edge]["crossing"][0]
             for edge in network.graph.edges(keys=True)
             if edge[2] in route.links and network.graph.edges[edge].get("crossing")}
            for route in buzen.shown]  # fmt: skip
    assert over[1] == {"kanmon"}
    assert "kanmon" not in over[0]
    (kanmon,) = (fate for fate in fates if fate.fate_id == "crossing:kanmon")
    reached = Reach(network.graph, network.cores).of((kanmon,))
    kyushu = places[places["pref_code"].between("40", "46")]
    assert not cut_off(ways_out(network, kyushu), reached).any()


def test_no_single_loss_cuts_off_more_than_four_outer_islands(shipped):
    network, fates, places, _ = shipped
    cut = cut_off(ways_out(network, places), Reach(network.graph, network.cores).of(fates))
    own = np.array(
        [[fate.kind == "prefecture" and fate.prefecture == code for fate in fates]
         for code in places["pref_code"]]
    )  # fmt: skip
    assert set(places.index[(cut & ~own).any(axis=1)]) == {"47207", "47214", "47361", "47381"}
