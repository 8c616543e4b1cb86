"""Flows by class of workloads, and the lines of a hub's routes."""

from __future__ import annotations

import dataclasses
import json

import pytest

from dcsite.contract import HubRoutes, MeetingPlace, NetworkRoute, Stop
from dcsite.outputs.map.layers_flows import flow_layers, route_paths
from dcsite.outputs.map.popup import hub_popup
from dcsite.plan.types import Flow


@pytest.fixture(scope="module")
def served(plan, atlas):
    """The plan with three flows, and two routes of its first hub: over land and by a cable."""
    stations = atlas.table("cable_landing_stations")

    def stop(kind, en, ja, lat_deg, lon_deg):
        return Stop(kind, en, ja, lat_deg, lon_deg)

    def landing(name):
        one = stations.loc[name]
        return stop("landing", one["name_en"], one["name_ja"], one["lat_deg"], one["lon_deg"])

    ishikari, kurume, *_ = plan.hubs
    sapporo = stop("node", "Sapporo", "札幌", 43.075, 141.34)
    tokyo = stop("node", "Tokyo", "東京", 35.68, 139.77)
    routes = HubRoutes(
        ishikari.site_id, 2, 2,
        (
            NetworkRoute((sapporo, tokyo), ("Tsugaru Strait",), ("津軽海峡",), 945.0, 14.9),
            NetworkRoute(
                (landing("ishikari"), landing("akita"), tokyo), ("<i>JIH",), ("<i>JIH",),
                1500.0, 23.0,
            ),
        ),
        (MeetingPlace("prefecture", "prefecture:01", "Hokkaido", "北海道", True, True),),
    )  # fmt: skip
    return dataclasses.replace(
        plan,
        flows=(
            Flow("13", kurume.site_id, "ai", 31.25, 19.0),
            Flow("13", ishikari.site_id, "ai", 1.9, float("inf")),
            Flow("01", ishikari.site_id, "latency_critical", 12.0, 1.2),
        ),
        routes=(routes, HubRoutes(kurume.site_id, 0, 0, (), ())),
    )


def test_flows_of_each_class_are_as_wide_as_their_megawatts(served, atlas):
    ai, critical = flow_layers(served, atlas)
    assert (ai.key, critical.key) == ("flows-ai", "flows-latency_critical")
    rows = json.loads(ai.layer.data)["rows"]
    # The widest lie on top; a round trip that no table gives is not told.
    assert [(style, record) for style, record, _ in rows] == [
        (0, ["東京都 → 石狩市", "Tokyo → Ishikari-shi", 1.9, None]),
        (3, ["東京都 → 久留米市", "Tokyo → Kurume-shi", 31.2, 19]),
    ]
    (row,) = json.loads(critical.layer.data)["rows"]
    assert row[0] == 2
    assert "低遅延" in critical.ja


def test_routes_follow_their_stops_and_the_cables_way_by_sea(served, atlas):
    paths = route_paths(served, atlas)
    by_land, by_sea = paths["01235"]
    assert paths["40203"] == []
    # Hub, Sapporo, Tokyo; and eight positions of the cable's way round the coast more.
    assert len(by_sea) > len(by_land) + 20
    assert route_paths(dataclasses.replace(served, routes=()), atlas) == {}


def test_a_pop_up_names_both_routes_and_where_they_meet(served):
    hub, other, *_ = served.hubs
    text = hub_popup(hub, ("北海道", "Hokkaido"), {}, plan=served)
    for part in ("945 km · 14.9 ms", "札幌 → 東京", "Tsugaru Strait", "1,500 km · 23 ms",
                 "no route without it"):  # fmt: skip
        assert part in text, part
    assert "<i>" not in text
    assert "no table has a way" in hub_popup(other, ("九州", "Kyushu"), {}, plan=served)
