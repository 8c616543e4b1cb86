"""The network: what counts by year, ways worked by hand, round trips beside what is published."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.errors import NetworkFileError
from dcsite.network import fibre_km_between, network_of, on_land
from dcsite.network.files import network_files
from dcsite.scenario import NetworkParameters


@pytest.fixture(scope="module")
def network(shipped_atlas, policy):
    return network_of(shipped_atlas, policy.network)


@pytest.fixture(scope="module")
def offices(shipped_atlas):
    columns = {"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"}
    return on_land(shipped_atlas.table("prefectures").rename(columns=columns), shipped_atlas)


def asked(*overrides: str) -> NetworkParameters:
    return dcsite.load_scenario("policy-2023", overrides).network


def nodes(network, *names: str) -> pd.DataFrame:
    table = network.nodes[network.nodes["kind"] == "backbone"]
    return table.set_index("name_en").loc[list(names)]


def links(network, **wanted: object) -> set[str]:
    return {
        key
        for _, _, key, data in network.graph.edges(keys=True, data=True)
        if all(data[name] == value for name, value in wanted.items())
    }


@pytest.mark.parametrize(
    ("one", "other", "route_km"),
    [
        ("Osaka", "Tokyo", 552.6),
        ("Tokyo", "Sapporo", 945.1),
        ("Tokyo", "Hakata", 1174.9),
        ("Akita", "Morioka", 127.3),
    ],
)
def test_ways_are_the_shortest_of_the_reference_topology(network, one, other, route_km):
    # What the source of the table states of the model; cables never undercut it on land.
    found = network.fibre_km(nodes(network, one), nodes(network, other))[0, 0]
    assert found / network.parameters.fibre_per_route_km == pytest.approx(route_km, abs=0.1)


def test_the_rule_meets_every_published_round_trip_between_japanese_cities(network, shipped_atlas):
    table = shipped_atlas.table("latency_measurements").reset_index()
    known = set(network.nodes["name_en"])
    table = table[table["from_place"].isin(known) & table["to_place"].isin(known)]
    assert len(table) == 3  # one pair, in three tables of two years
    for row in table.itertuples():
        way = network.fibre_km(nodes(network, row.from_place), nodes(network, row.to_place))
        found_ms = network.round_trip_ms(way)[0, 0]
        # Published in whole milliseconds.
        assert row.rtt_ms_low - 0.5 <= found_ms <= row.rtt_ms_high + 0.5


def test_light_alone_is_the_least_and_all_optical_takes_the_equipment_away(shipped_atlas, network):
    way = network.fibre_km(nodes(network, "Tokyo"), nodes(network, "Osaka"))
    light_ms = 2 * way[0, 0] * 4.9e-3
    assert network.round_trip_ms(way)[0, 0] == pytest.approx(light_ms + 1.0)
    late = network_of(shipped_atlas, asked("network.year=2030"))
    assert late.round_trip_ms(way)[0, 0] == pytest.approx(light_ms)
    # The demonstration: under 1 ms there and back at nearly 100 km.
    assert late.round_trip_ms(np.array([100.0]))[0] == pytest.approx(0.98)


def test_cables_count_from_their_year_and_what_is_under_study_is_no_route(network, shipped_atlas):
    early = network_of(shipped_atlas, asked("network.year=2019"))
    assert "okinawa-cellular-1" in links(network, kind="submarine")
    assert "okinawa-cellular-1" not in links(early, kind="submarine")
    assert "moc-1" in links(early, kind="submarine")  # of 1997
    far = network_of(shipped_atlas, asked("network.year=2100"))
    for each in (network, far):
        waiting = set(each.waiting.index)
        assert {"japan-sea", "fnf", "polar-connect"} <= waiting
        named = {data["system"] for _, _, data in each.graph.edges(data=True)}
        assert not named & set(each.waiting["name"])


def test_lengths_of_cables_are_published_or_the_stated_factor_over_the_way_by_sea(network):
    data = dict(network.graph.edges)
    by_id = {key: link for (_, _, key), link in data.items()}
    assert by_id["okinawa-cellular-1"]["route_km"] == 760.0
    assert by_id["muroran-hachinohe-1"]["route_km"] == pytest.approx(1.2 * 212)
    assert by_id["muroran-hachinohe-1"]["fibre_km"] == pytest.approx(1.5 * 1.2 * 212)


def test_tails_stay_on_their_land_body_and_go_to_the_two_nearest(network, measured):
    sites = measured.loc[["28205", "35201", "47207", "15224"]]
    names = network.nodes["name_en"].to_numpy()
    node, km = network.tails(sites)
    assert set(names[node[1]]) == {"Yamaguchi", "Hiroshima"}  # Shimonoseki, not Hakata
    # Ishigaki has no node of the backbone: its landing stands for one, and there is no second.
    assert names[node[2, 0]] == "Ishigaki"
    assert np.isfinite(km[2]).tolist() == [True, False]
    # Sumoto (Awaji) and Sado: no table has a way.
    assert np.isinf(km[[0, 3]]).all()


def test_round_trips_from_all_sites_agree_with_ways_found_one_by_one(network, measured, offices):
    whole = network.fibre_km(measured, offices)
    assert whole.shape == (1741, 47)
    picked = measured.iloc[::180]
    np.testing.assert_allclose(
        fibre_km_between(network, picked, offices), whole[::180], rtol=0, atol=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(33.5, 41), st.floats(130.5, 141.8), st.sampled_from([0, 1, 2, 3])),
        min_size=2, max_size=5,
    )
)  # fmt: skip
def test_anywhere_both_ways_of_reckoning_agree(network, drawn):
    places = pd.DataFrame(drawn, columns=["lat_deg", "lon_deg", "landmass_id"])
    one = network.fibre_km(places, places)
    np.testing.assert_allclose(one, fibre_km_between(network, places, places), rtol=0, atol=1e-6)
    np.testing.assert_allclose(one, one.T, rtol=0, atol=1e-6)
    # A way is never shorter than the straight line, but for links the model has shorter.
    assert (np.diag(one) == 0.0).all()


TRIANGLE = {
    "nodes": [
        {"id": "t", "name": "東京", "latitude": 35.68, "longitude": 139.77},
        {"id": "s", "name": "静岡", "latitude": 34.98, "longitude": 138.38},
        {"id": "n", "name": "名古屋", "latitude": 35.17, "longitude": 136.9},
    ],
    "links": [
        {"source": "t", "target": "s", "fibre_km": 200},
        {"source": "s", "target": "n", "distance": 180},
        {"source": "t", "target": "n", "year": 2040},
    ],
}


def of_file(atlas, path, *overrides):
    return network_of(atlas, asked(f'network.file="{path}"', *overrides))


def test_a_network_of_ones_own_takes_the_backbones_place(shipped_atlas, write_file):
    own = of_file(shipped_atlas, write_file("own.json", json.dumps(TRIANGLE)))
    assert list(own.nodes["name_ja"]) == ["東京", "静岡", "名古屋"]
    # 200 km as laid, 180 km of route with its allowance; the third link comes in 2040.
    found = own.fibre_km(nodes(own, "東京"), nodes(own, "名古屋"))[0, 0]
    assert found == pytest.approx(200 + 1.5 * 180)
    assert list(own.waiting["year"]) == [2040]
    late = of_file(shipped_atlas, write_file("own.json", json.dumps(TRIANGLE)), "network.year=2040")
    (link,) = late.graph["t"]["n"].values()
    assert link["fibre_km"] == pytest.approx(1.5 * 1.3 * 267.2, abs=1)


def test_beside_the_backbone_links_name_its_nodes_and_replace_its_links(shipped_atlas, write_file):
    more = {
        "nodes": [{"id": "dc", "lat": 43.2, "lon": 141.3}],
        "edges": [
            {"source": "dc", "target": "JPN48-01", "fibre_km": 30},
            {"source": "JPN48-01", "target": "JPN48-02", "fibre_km": 500},
        ],
    }
    path = write_file("more.json", json.dumps(more))
    own = of_file(shipped_atlas, path, 'network.file_stands="beside"')
    assert own.fibre_km(nodes(own, "dc"), nodes(own, "Aomori"))[0, 0] == pytest.approx(530)
    with pytest.raises(NetworkFileError, match='joins "JPN48-01", which is no node'):
        of_file(shipped_atlas, path)


GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="Latitude" attr.type="double" for="node" id="d29" />
  <key attr.name="Longitude" attr.type="double" for="node" id="d32" />
  <key attr.name="label" attr.type="string" for="node" id="d33" />
  <key attr.name="Internal" attr.type="int" for="node" id="d31" />
  <key attr.name="LinkLabel" attr.type="string" for="edge" id="d36" />
  <graph edgedefault="undirected">
    <node id="0"><data key="d29">35.69</data><data key="d32">139.69</data>
      <data key="d33">Tokyo</data><data key="d31">1</data></node>
    <node id="1"><data key="d29">34.69</data><data key="d32">135.5</data>
      <data key="d33">Osaka</data></node>
    <node id="2"><data key="d33">None</data></node>
    <edge source="0" target="1"><data key="d36">10 Gbps</data></edge>
    <edge source="0" target="2" /><edge source="1" target="1" />
  </graph>
</graphml>"""

GML = """graph [
  node [ id 0 label "Tokyo" Latitude 35.69 Longitude 139.69 ]
  node [ id 1 label "Osaka" Latitude 34.69 Longitude 135.5 ]
  edge [ source 0 target 1 LinkSpeed "10" ]
]"""


@pytest.mark.parametrize(("name", "text"), [("zoo.graphml", GRAPHML), ("zoo.gml", GML)])
def test_files_of_the_topology_collections_are_read(shipped_atlas, write_file, name, text, caplog):
    own = of_file(shipped_atlas, write_file(name, text))
    assert list(own.nodes["name_en"]) == ["Tokyo", "Osaka"]
    straight_km = own.fibre_km(nodes(own, "Tokyo"), nodes(own, "Osaka"))[0, 0] / 1.3 / 1.5
    assert straight_km == pytest.approx(397, abs=3)
    if name.endswith(".graphml"):
        # What is left out or not read is told.
        for said in ('"internal"', '"linklabel"', "from a node to itself", '"2"'):
            assert said in caplog.text


def test_a_key_without_a_type_is_text(shipped_atlas, write_file):
    bare = GRAPHML.replace(' attr.type="double"', "")
    own = of_file(shipped_atlas, write_file("zoo.graphml", bare))
    assert own.nodes["lat_deg"].tolist() == [35.69, 34.69]


def test_a_folder_is_one_network(shipped_atlas, write_file):
    for name, keys in (("a.json", ("nodes",)), ("b.json", ("links",))):
        write_file(name, json.dumps({"nodes": []} | {key: TRIANGLE[key] for key in keys}))
    path = write_file("readme.txt", "not read").parent
    write_file("b.json", json.dumps({"nodes": [{"id": "x", "lat": 36, "lon": 138}],
                                     "links": TRIANGLE["links"]}))  # fmt: skip
    own = of_file(shipped_atlas, path)
    assert set(own.graph) == {"t", "s", "n", "x"}
    assert len(network_files(str(path))) == 2


def changed(**how: object) -> str:
    whole = json.loads(json.dumps(TRIANGLE))
    whole["nodes"][1].update(how.get("node", {}))
    whole["links"][1].update(how.get("link", {}))
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no network"),
        ("[" * 100_000, "deep"),
        ("[]", 'no lists "nodes" and "links"'),
        ('{"nodes": []}', "holds no node"),
        ('{"nodes": [{"id": "a"}], "links": []}', "no node has a position"),
        (changed(node={"id": "t"}), "node t stands twice"),
        (changed(node={"latitude": 139.7}), 'latitude: of "s" is "139.7"; allowed: a number from'),
        (changed(node={"longitude": None}), 'longitude: of "s" is empty'),
        (changed(node={"name": "\u202eevil"}), "control character U+202E"),
        (changed(link={"target": "zz"}), 'link 2: joins "zz", which is no node'),
        (changed(link={"distance": -3}), "no length; allowed: above 0 to 20000 km"),
        (changed(link={"distance": 180_000}), "no length; allowed"),
        (changed(link={"distance": 18_000}), "the straight line 136.6 km"),
        (changed(link={"distance": 20}), "not shorter than the straight line"),
        (changed(link={"fibre_km": 20}), "give one length"),
        (changed(link={"year": "soon"}), '"soon" is no year; allowed: 1900 to 2100'),
        (changed(link={"status": "dreamt"}), "allowed: in_service, under_construction"),
        (changed(link={"kind": "space"}), "allowed: land, strait, submarine"),
        (changed().replace("200", "NaN"), '"nan" is no length'),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_clear_line(shipped_atlas, write_file, text, said):
    path = write_file("own.json", text)
    with pytest.raises(NetworkFileError) as caught:
        of_file(shipped_atlas, path)
    (line,) = str(caught.value).split("\n")
    assert line.startswith("own.json: ")
    assert said in line
    assert len(line) < 300


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("own.graphml", "<graphml", "is no network"),
        ("own.graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "document type"),
        ("own.gml", "graph [ node [", "is no network"),
        ("own.xlsx", "", 'extension ".xlsx" is not known; allowed: .json'),
    ],
)
def test_broken_files_of_other_kinds(shipped_atlas, write_file, name, text, said):
    with pytest.raises(NetworkFileError, match=said):
        of_file(shipped_atlas, write_file(name, text))


def test_no_file_and_no_network_in_a_folder(shipped_atlas, tmp_path):
    with pytest.raises(NetworkFileError, match="no such file"):
        of_file(shipped_atlas, tmp_path / "none.json")
    with pytest.raises(NetworkFileError, match="holds no network"):
        of_file(shipped_atlas, tmp_path)


def test_parallel_links_do_not_add_up(shipped_atlas, write_file):
    twice = json.loads(json.dumps(TRIANGLE))
    twice["links"] = [*twice["links"], {"source": "s", "target": "t", "fibre_km": 170}]
    own = of_file(shipped_atlas, write_file("own.json", json.dumps(twice)))
    assert own.fibre_km(nodes(own, "東京"), nodes(own, "静岡"))[0, 0] == pytest.approx(170)
    assert math.isclose(fibre_km_between(own, nodes(own, "東京"), nodes(own, "静岡"))[0, 0], 170)
