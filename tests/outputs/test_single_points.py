"""Single points of failure: what hangs on each part, by hand, by NetworkX, and as a page."""

from __future__ import annotations

import dataclasses
import json

import networkx as nx
import pandas as pd
import pytest
from selenium.webdriver.common.by import By

from dcsite.contract import AddedLoad, Link
from dcsite.network import RouteFinder, fates_of, network_of, on_land
from dcsite.outputs.map.layers_network import network_layers, network_panel
from dcsite.outputs.single_points import single_points, single_points_page
from dcsite.scenario import NetworkParameters


def with_loads(plan):
    """Give a plan two connection points and an area; the smaller load first."""
    nan = float("nan")
    known = {"energy_gwh": 0.0, "reserve_grid_mw": 0.0, "known_en": "", "known_ja": "",
             "demand_gwh": nan, "special_high_voltage_gwh": nan, "peak_mw": nan,
             "applications_mw": nan, "capacity_mw": nan, "voltage_kv": None,
             "max_share": None}  # fmt: skip

    def load(part, key, ja, en, *hubs):
        mw = sum(hub.it_load_mw for hub in hubs)
        sites = tuple(hub.site_id for hub in hubs)
        return AddedLoad(
            part=part, key=key, name_ja=ja, name_en=en, site_ids=sites, it_load_mw=mw, grid_mw=mw,
            **known,
        )  # fmt: skip

    ishikari, kurume, akita, *_ = plan.hubs
    return dataclasses.replace(
        plan,
        loads=(
            load("connection", "S1", "<b>甲</b>", "", akita),
            load("connection", "S2", "乙", "Otsu", kurume),
            load("area", "hokkaido", "北海道", "Hokkaido", ishikari),
            load("prefecture", "01", "北海道", "Hokkaido", ishikari),
        ),
    )


def on_network(plan, tmp_path, links, **places):
    """Let a plan's network be a few nodes and links alone."""
    nodes = [{"id": name, "lat_deg": lat, "lon_deg": lon} for name, (lat, lon) in places.items()]
    file = tmp_path / "net.json"
    ends = [{"source": one, "target": other} for one, other in links]
    file.write_text(json.dumps({"nodes": nodes, "links": ends}), encoding="utf-8")
    own = {**plan.scenario["network"], "file": str(file), "file_stands": "instead"}
    return dataclasses.replace(plan, scenario={**plan.scenario, "network": own})


def told(points, plan, what):
    return {
        point.en: {plan.hubs[number].name_en for number in getattr(point, what)}
        for point in points
        if getattr(point, what)
    }


def test_what_hangs_on_a_small_network_by_hand(plan, atlas, tmp_path):
    """Akita on a ring to Tokyo, Hiroshima at the end of a line from Osaka, both on Honshu."""
    small = on_network(
        plan, tmp_path,
        [("Akita", "Sendai"), ("Sendai", "Tokyo"), ("Akita", "Niigata"), ("Niigata", "Tokyo"),
         ("Tokyo", "Osaka"), ("Osaka", "Okayama"), ("Okayama", "Hiroshima")],
        Akita=(39.72, 140.10), Sendai=(38.27, 140.87), Niigata=(37.90, 139.02),
        Tokyo=(35.69, 139.69), Osaka=(34.69, 135.52), Okayama=(34.66, 133.93),
        Hiroshima=(34.40, 132.46),
    )  # fmt: skip
    small = dataclasses.replace(
        small, hubs=tuple(hub for hub in plan.hubs if hub.site_id in {"05201", "34100"})
    )
    found = single_points(small, atlas)
    # Hiroshima's tails lead to Hiroshima and Okayama, and on to Osaka over Okayama alone; all of
    # Akita's ways end in Tokyo.
    assert told(found["node"], small, "down") == {
        "Okayama": {"Hiroshima-shi"}, "Osaka": {"Hiroshima-shi"}, "Tokyo": {"Akita-shi"},
    }  # fmt: skip
    assert told(found["link"], small, "down") == {"Osaka - Okayama": {"Hiroshima-shi"}}
    # Akita's lead to Akita and Sendai. Without either the other remains, and without Niigata all
    # goes over Sendai. Hiroshima hangs on one route as it is.
    assert told(found["node"], small, "last") == {
        "Akita": {"Akita-shi"}, "Sendai": {"Akita-shi"}, "Niigata": {"Akita-shi"},
    }  # fmt: skip
    assert set(told(found["link"], small, "last")) == {
        "Sendai - Tokyo", "Akita - Niigata", "Niigata - Tokyo",
    }  # fmt: skip


def test_a_link_to_come_is_no_way_yet_and_can_be_looked_at_in_its_year(plan, atlas, tmp_path):
    """The only link is of 2041: nothing reaches a core, so that no loss can take anything."""
    later = on_network(
        plan, tmp_path, [("Tokyo", "Sendai")], Tokyo=(35.69, 139.69), Sendai=(38.27, 140.87)
    )
    file = tmp_path / "net.json"
    coming = file.read_text(encoding="utf-8").replace(
        '"target": "Sendai"', '"target": "Sendai", "status": "under_construction", "year": 2041'
    )
    file.write_text(coming, encoding="utf-8")
    found = single_points(later, atlas)
    assert [point for kind in ("node", "link") for point in found[kind] if point.last] == []
    assert found["link"] == []
    assert network_panel(later, atlas)["last"] == 2041
    links, *_ = network_layers(later, atlas)
    ((_, record, _),) = json.loads(links.layer.data)["rows"]
    assert (record[0], record[-1]) == ("Tokyo–Sendai", 2041)


def test_losses_of_the_shipped_network_against_networkx(plan, atlas):
    """What is down is what a search hub by hub finds cut; what hangs, what two losses cut."""
    own = NetworkParameters.model_validate(plan.scenario["network"])
    network = network_of(atlas, own)
    fates = fates_of(network, atlas.table("prefectures"))
    frame = pd.DataFrame(
        [{"lat_deg": hub.lat_deg, "lon_deg": hub.lon_deg} for hub in plan.hubs]
    ).pipe(on_land, atlas)
    finder = RouteFinder(network, fates)
    found = single_points(plan, atlas)
    points = {(kind, one.en): one for kind in found for one in found[kind]}
    for number, (_, place) in enumerate(frame.iterrows()):
        cuts = {(fate.kind, fate.name_en) for fate in finder.routes(place).cuts}
        assert {key for key, one in points.items() if number in one.down
                and key[0] not in {"area", "connection"}} == cuts  # fmt: skip
    # The node of Aomori is lost: which other node or landing then cuts the hub of Ishikari off?
    (ishikari,) = frame.head(1).itertuples()
    node, _ = network.tails(frame.head(1))
    tails = [list(network.graph)[one] for one in node[0]]
    for lost, hangs in (("Aomori", False), ("Sapporo", True)):
        name = next(one for one, at in network.graph.nodes(data=True) if at["name_en"] == lost)
        left = nx.Graph(network.graph)
        left.remove_node(name)
        left.add_edges_from(("hub", end) for end in tails if end != name)
        cut = [
            one for one in left
            if one not in {"hub", *network.cores}
            and not any(nx.has_path(nx.subgraph_view(left, filter_node=lambda n, o=one: n != o),
                                    "hub", core) for core in network.cores)
        ]  # fmt: skip
        assert (0 in points["node", lost].last) == bool(cut) == hangs, (lost, ishikari)


class Ways(Link):
    """A link that opens ways abroad."""

    ways: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def ways_abroad(self):
        return self.ways


def test_a_core_loses_a_corridor_with_its_last_way_to_it(plan, atlas):
    ishikari, kurume, *others = plan.hubs
    e2a = Ways(None, None, 1.0, 42.6, 141.6, (("E2A", ("tomakomai",)),))
    two = Ways(
        None, None, 1.0, 33.6, 130.4,
        (("Korea-Japan Cable Network", ("fukuoka", "kitakyushu")), ("E2A", ("itoshima",))),
    )  # fmt: skip
    cores = (
        dataclasses.replace(ishikari, links={"landing": e2a}),
        dataclasses.replace(kurume, links={"landing": two}),
    )
    found = single_points(dataclasses.replace(plan, hubs=(*cores, *others)), atlas)
    without = {one.en: one.without for kind in ("system", "landing", "cluster")
               for one in found[kind] if one.without}  # fmt: skip
    both = frozenset({0, 1})
    assert without == {
        "E2A": {"asia_pacific": frozenset({0}), "north_america": both},
        "Tomakomai": {"asia_pacific": frozenset({0}), "north_america": frozenset({0})},
        "Itoshima": {"north_america": frozenset({1})},
    }
    # Shortest ways from Ishikari to North America end at Tomakomai, where E2A alone leads there.
    (e2a_lost,) = (one for one in found["system"] if one.en == "E2A")
    assert 0 in e2a_lost.further["north_america"]
    assert e2a_lost.left["north_america"][1] - e2a_lost.left["north_america"][0] == 1
    # What takes more megawatts comes first, a lost corridor before a longer way.
    assert found["system"][0].en == "E2A"
    # Without the crowded cluster some systems still land at Shima.
    boso = max(found["cluster"], key=lambda one: len(one.further["north_america"]))
    assert 0 < boso.left["north_america"][0] < boso.left["north_america"][1]


def test_parts_of_the_power_system_are_sorted_by_megawatts(plan, atlas):
    found = single_points(with_loads(plan), atlas)
    assert [one.ja for one in found["connection"]] == ["乙", "<b>甲</b>"]
    assert [one.ja for one in found["area"]] == ["北海道"]
    assert [one.en for one in found["prefecture"]].count("Hokkaido") == 1  # of the network alone


def test_a_plan_of_before_there_was_a_network_tells_of_the_power_system(plan, atlas):
    old = dataclasses.replace(with_loads(plan), scenario={"name": "old"})
    found = single_points(old, atlas)
    assert {kind for kind, points in found.items() if points} == {"connection", "area"}
    assert "Not looked at in this plan" in single_points_page(old, atlas, found)


@pytest.mark.browser
def test_the_page_says_when_nothing_hangs_and_is_all_text(plan, atlas, tmp_path, open_browser):
    page = tmp_path / "single_points.html"
    loaded = with_loads(plan)
    text = single_points_page(loaded, atlas, single_points(loaded, atlas))
    page.write_text(text, encoding="utf-8")
    driver = open_browser(1200, 900)
    driver.get(page.as_uri())
    kinds = {
        line.find_element(By.TAG_NAME, "a").get_attribute("href").rsplit("#", 1)[1]: [
            cell.text for cell in line.find_elements(By.CSS_SELECTOR, "td.n")
        ]
        for line in driver.find_elements(By.CSS_SELECTOR, "#kinds tbody tr")
    }
    assert list(kinds) == ["crossing", "node", "link", "system", "landing", "cluster",
                           "prefecture", "connection", "area"]  # fmt: skip
    assert kinds["connection"][:3] == ["2", "2", "240"]
    crossing = driver.find_element(By.ID, "crossing").text
    assert "No single one takes a hub down: 0 of 8" in crossing
    rows = driver.find_elements(By.CSS_SELECTOR, "#connection tbody tr")
    assert [row.find_element(By.TAG_NAME, "td").text for row in rows] == ["乙 Otsu", "<b>甲</b>"]
    assert "秋田市 180" in rows[1].text
    assert driver.find_elements(By.TAG_NAME, "script") == []
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
