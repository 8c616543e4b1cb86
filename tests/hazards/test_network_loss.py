"""Networks cut by disasters: every combination of failures, and the shipped earthquakes."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from dcsite.contract import disasters_at
from dcsite.hazards import settings_of
from dcsite.hazards.network_loss import NetworkDamage, municipalities_of_parts, network_losses
from dcsite.network import Reach, network_of, on_land, ways_out

NEVER = -np.inf
NODES = "ABCD"
#: In the order in which a graph lists its links.
LINKS = st.lists(
    st.sampled_from(list(itertools.combinations(NODES, 2))), min_size=1, max_size=4
).map(sorted)


def damage(links, margin, chance, tails, common=0.0, own=1.0) -> NetworkDamage:
    graph = nx.MultiGraph()
    graph.add_nodes_from(NODES)
    graph.add_edges_from((one, other, n) for n, (one, other) in enumerate(links))
    parts = len(NODES) + len(links)
    wide = [np.asarray(of, dtype=float)[:parts, None] for of in (margin, chance)]
    return NetworkDamage(Reach(graph, ("A",)), *wide, np.array(tails), common, own)


def joined(links, tails, failed) -> bool:
    """Whether a tail still leads to A."""
    left = nx.Graph()
    left.add_nodes_from(node for at, node in enumerate(NODES) if at not in failed)
    left.add_edges_from(
        ends for n, ends in enumerate(links)
        if len(NODES) + n not in failed and {*ends} <= {*left}
    )  # fmt: skip
    ends = [NODES[at] for at in tails if at >= 0]
    return "A" in left and any(end in left and nx.has_path(left, end, "A") for end in ends)


TAILS = st.tuples(st.integers(0, 3), st.integers(-1, 3))


@settings(max_examples=40, deadline=None)
@given(LINKS, TAILS, st.lists(st.sampled_from([NEVER, -1.0, 0.0, 1.0]), min_size=8, max_size=8))
def test_the_probability_to_be_cut_off_is_that_of_all_combinations(links, tails, margin):
    assume(joined(links, tails, ()))  # else `ways_out` gives no such tail
    found = damage(links, margin, [0.0] * 8, [tails])
    parts = len(NODES) + len(links)
    likely = ndtr(np.array(margin[:parts]))
    exact = sum(
        np.prod([likely[at] if at in failed else 1.0 - likely[at] for at in range(parts)])
        for size in range(parts + 1)
        for failed in itertools.combinations(range(parts), size)
        if not joined(links, tails, failed)
    )
    # What 256 and 20,000 draws scatter by, five times.
    error = np.sqrt(exact * (1.0 - exact))
    assert found.cut_off[0, 0] == pytest.approx(exact, abs=5 * error / 16 + 1e-9)
    rows = np.zeros(20_000, dtype=np.int64)
    drawn = found.draw(rows, np.zeros(20_000), np.ones(20_000), np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(exact, abs=5 * error / np.sqrt(20_000) + 1e-9)


@settings(max_examples=40, deadline=None)
@given(LINKS, TAILS, st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=8, max_size=8))
def test_losses_of_one_common_draw_are_nested(links, tails, chance):
    assume(joined(links, tails, ()))
    found = damage(links, [NEVER] * 8, chance, [tails])
    levels = np.array([0.1, 0.35, 0.75])  # between 0, 0.2, 0.5 and 1
    cut = [not joined(links, tails, {at for at, one in enumerate(chance) if level < one})
           for level in levels]  # fmt: skip
    exact = float(np.array([0.2, 0.3, 0.5]) @ cut)
    assert found.cut_off[0, 0] == pytest.approx(exact)
    drawn = found.draw(np.zeros(3, dtype=np.int64), np.zeros(3), levels, np.random.default_rng(1))
    assert drawn[:, 0].tolist() == cut


def test_what_shakes_all_parts_alike_cuts_both_routes_at_once():
    # B hangs on two links that each fail as often as not; with all scatter in common, together.
    links, margin = [("A", "B"), ("A", "B")], [NEVER] * 4 + [0.0] * 4
    apart, together = (
        damage(links, margin, [0.0] * 8, [(1, -1)], common, own).cut_off[0, 0]
        for common, own in ((0.0, 1.0), (1.0, 0.0))
    )
    assert apart == pytest.approx(0.25, abs=0.1)
    assert together == 0.5


def test_a_site_without_a_way_has_none_to_lose():
    assert damage([("A", "B")], [9.0] * 8, [1.0] * 8, [(-1, -1)]).cut_off.tolist() == [[0.0]]


@pytest.fixture(scope="module")
def network(shipped_atlas, policy):
    return network_of(shipped_atlas, policy.network)


def test_links_cross_the_municipalities_between_their_ends(shipped_atlas, network):
    places = shipped_atlas.table("municipalities")
    inside = dict(zip([*network.graph, *(key for *_, key in network.graph.edges(keys=True))],
                      municipalities_of_parts(network, shipped_atlas), strict=True))  # fmt: skip
    named = {part: set(places["name_en"].iloc[rows]) for part, rows in inside.items()}
    assert named["JPN48-04"] == {"Sendai-shi"}
    # Morioka to Sendai passes Hanamaki, Kitakami and Ichinoseki; a cable touches its landings.
    assert named["JPN48-L06"] >= {"Morioka-shi", "Hanamaki-shi", "Kitakami-shi", "Sendai-shi"}
    assert named["muroran-hachinohe-1"] == {"Muroran-shi", "Hachinohe-shi"}


def test_single_losses_are_few_and_of_outer_islands(shipped_atlas, policy, network):
    columns = {"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"}
    places = on_land(shipped_atlas.table("municipalities").rename(columns=columns), shipped_atlas)
    found = network_losses(ways_out(network, places), network, shipped_atlas, settings_of(policy))
    assert len(found.events) == 7
    assert set(places.index[found.lost.any(axis=1)]) == {"47207", "47214", "47361", "47381"}
    assert "通信網の喪失：石垣島（陸揚地）" in found.events["name_ja"].tolist()


def test_the_nankai_trough_cuts_off_where_both_nodes_are_shaken(measured, shipped_atlas, policy):
    # Muroto lies between Kochi and Tokushima, which fail together; Sapporo feels none of it.
    codes = ["39202", "01100", "40230", "47207"]
    found = disasters_at(measured.loc[codes].assign(tier="regional"), shipped_atlas, policy)
    events = found.events
    nankai = events.index.str.startswith("ANN") & (events["kind"] == "earthquake")
    worst = pd.Series(found.cut_off[:, nankai].max(axis=1), codes)
    assert 0.05 < worst["39202"] < 0.5
    assert worst["01100"] == worst["40230"] == 0.0
    single = (events["kind"] == "network").to_numpy()
    assert found.lost[:, single].any(axis=1).tolist() == [False, False, False, True]
