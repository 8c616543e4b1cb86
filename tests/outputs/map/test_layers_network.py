"""The network on the map: every link in force with its figures, and what is no route told."""

from __future__ import annotations

import dataclasses
import json

from dcsite.outputs.map.layers_network import network_layers


def test_every_link_is_drawn_and_what_is_no_route_is_told(plan, atlas):
    network, exchanges = network_layers(plan, atlas)
    rows = json.loads(network.layer.data)["rows"]
    records = {record[1]: (kind, record) for kind, record, _ in rows}
    kind, (ja, _, route_km, fibre_km, since) = records[
        "Okinawa Cellular Okinawa-Kyushu cable Hioki – Nago"
    ]
    assert (kind, ja.endswith("日置–名護"), since) == (2, True, "2020")
    assert (route_km, fibre_km) == (760, 1140)
    assert records["Sapporo – Aomori"][0] == 1
    # Links of JPN48, segments, tails of landings: Hokkaido and Okinawa have one node each.
    assert len(rows) == 82 + 16 + 2 * 9 + 6
    for waits in ("Sea of Japan", "Far North Fiber"):
        assert waits in network.note_en
        assert waits in network.note_ja
        assert not any(waits in name for name in records)
    told = {
        record[1]: record[2]
        for _, _, _, *stack in json.loads(exchanges.layer.data)["rows"]
        for record in stack
    }
    assert told["BBIX Fukuoka"] == "14"
    assert told["BBIX Nagoya"] == "不明 not known"


def test_a_plan_of_before_there_was_a_network_has_exchanges_alone(plan, atlas):
    old = dataclasses.replace(plan, scenario={"name": "old"})
    assert [layer.key for layer in network_layers(old, atlas)] == ["exchanges"]
