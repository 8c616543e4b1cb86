"""The network on the map: every link in force with its figures, and what is no route told."""

from __future__ import annotations

import dataclasses
import json

from dcsite.outputs.map.layers_network import network_layers, network_panel


def test_every_link_is_drawn_and_what_is_no_route_is_told(plan, atlas):
    network, _, exchanges = network_layers(plan, atlas)
    rows = json.loads(network.layer.data)["rows"]
    records = {record[1]: (kind, record) for kind, record, _ in rows}
    kind, (ja, _, route_km, fibre_km, since, from_year) = records[
        "Okinawa Cellular Okinawa-Kyushu cable Hioki – Nago"
    ]
    assert (kind, ja.endswith("日置–名護"), since, from_year) == (2, True, "2020", 2020)
    assert (route_km, fibre_km) == (760, 1140)
    assert (records["Sapporo – Aomori"][0], records["Sapporo – Aomori"][1][-1]) == (1, 0)
    # Links of JPN48, segments, tails of landings: Hokkaido and Okinawa have one node each.
    assert len(rows) == 82 + 16 + 2 * 9 + 6
    listed = {one["name"]: one for one in network_panel(plan, atlas)["systems"]}
    for waits in ("Sea of Japan cable (Digital Garden City Superhighway)", "Far North Fiber"):
        assert listed[waits]["since"] == 9999
        assert not any(waits in name for name in records)
    told = {
        record[1]: record[2]
        for _, _, _, *stack in json.loads(exchanges.layer.data)["rows"]
        for record in stack
    }
    assert told["BBIX Fukuoka"] == "14"
    assert told["BBIX Nagoya"] == "不明 not known"


def test_systems_are_listed_with_what_is_known_and_retired_ones_are_not(plan, atlas):
    panel = network_panel(plan, atlas)
    listed = {one["name"]: one for one in panel["systems"]}
    assert (panel["first"], panel["year"], panel["last"]) == (2024, 2028, 2035)
    juno, e2a = listed["JUNO"], listed["E2A"]
    assert (juno["since"], juno["tbps"][0]) == (2025, "350 Tbps")
    assert juno["corridors"] == ("北米", "North America")
    assert (e2a["since"], e2a["status"][1]) == (2028, "under construction")
    assert e2a["landings"][0] == "丸山・苫小牧・糸島"
    assert len(e2a["at"]) == 3
    assert listed["Pacific Crossing-1"]["status"][1] == "in service"
    # No corridor that the strategy names, no capacity, no landing: said, not left out.
    assert listed["Hokkaido-Sakhalin Cable System"]["corridors"][1] == "no corridor that counts"
    assert listed["Candle"]["tbps"][1] == "capacity not known"
    assert listed["Polar Connect"]["landings"][1] == "landings not known"
    assert "Bridge One" not in listed
    assert "FLAG Europe-Asia" not in listed


def test_a_landing_is_there_from_its_first_systems_year_on(plan, atlas):
    *_, landings, _ = network_layers(plan, atlas)
    data = json.loads(landings.layer.data)
    stacks = {stack[0][1]: (mark, stack) for _, _, mark, *stack in data["rows"]}
    mark, (tomakomai, *systems) = stacks["Tomakomai"]
    # E2A is under construction; Far North Fiber is proposed, and in force in no year.
    assert (mark, tomakomai[-1]) == (0, 2028)
    assert sorted((name, record[-1]) for name, *record in systems) == [
        ("E2A", 2028),
        ("Far North Fiber", 9999),
    ]
    assert stacks["Muroran"][0] == 1
    assert {len(record) for _, stack in stacks.values() for record in stack} == {
        len(data["fields"]) + 3
    }


def test_a_plan_of_before_there_was_a_network_has_exchanges_alone(plan, atlas):
    old = dataclasses.replace(plan, scenario={"name": "old"})
    assert [layer.key for layer in network_layers(old, atlas)] == ["landings", "exchanges"]
