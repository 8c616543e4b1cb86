"""Overpass JSON: what becomes a substation or a line, and what is told."""

from __future__ import annotations

import json

import pytest

from dcsite.atlas.importing.overpass import voltages_kv

SHINSHINANO = {"type": "way", "id": 2097263}  # shipped as 信濃変電所, SS0009
NAGANO = {"lat": 36.06398, "lon": 137.9873}


def answer(*elements: dict[str, object]) -> str:
    return json.dumps({"version": 0.6, "elements": list(elements)}, ensure_ascii=False)


def substation(osm_id: int = 7, **tags: str) -> dict[str, object]:
    tags = {"power": "substation", "voltage": "275000;77000"} | tags
    return {"type": "way", "id": osm_id, "center": NAGANO, "tags": tags}


@pytest.mark.parametrize(
    ("tag", "levels"),
    [
        ("500000;275000", [500, 275]),
        ("77000;275000;77000", [275, 77]),
        ("154", [154]),  # kilovolts by mistake
        ("600", [0.6]),  # a tramway
        ("medium", []),
        ("275000; 154000", [275, 154]),
    ],
)
def test_voltages_are_read_highest_first(tag, levels):
    assert voltages_kv(tag) == levels


def test_a_substation_keeps_its_shipped_id_or_gets_one_of_its_own(desk, shipped_atlas):
    shipped = shipped_atlas.table("substations").loc["SS0009"]
    known = substation(int(shipped["osm_id"]), name="信濃変電所", operator="中部電力パワーグリッド")
    new = substation(7, operator="JR東日本", frequency="60", substation="transmission")
    file = desk.file("substations.json", answer(known, new), "utf-8")
    first, second = desk.tables("overpass", file)["substations"].to_dict("records")
    assert (first["substation_id"], first["owner_group"]) == ("SS0009", "chubu_epco")
    assert (first["voltage_kv"], first["voltage_levels_kv"]) == ("275", "275;77")
    assert (first["prefecture_ja"], first["area"], first["category"], first["grid_node"]) == (
        "長野県",
        "chubu",
        "unspecified",
        "1",
    )
    assert (second["substation_id"], second["owner_group"]) == ("OSM-w7", "railway")
    assert (second["category"], second["grid_node"], second["name_source"]) == (
        "traction",
        "0",
        "unnamed",
    )


def test_lines_get_a_length_and_a_simple_course(desk):
    course = [(138.0, 36.0), (138.0, 36.001), (138.0, 36.5)]
    geometry = [{"lon": lon, "lat": lat} for lon, lat in course]
    line = {"type": "way", "id": 9, "geometry": geometry}
    high = line | {"tags": {"power": "line", "voltage": "275000", "name": "幹線"}}
    low = line | {"id": 10, "tags": {"power": "line", "voltage": "77000"}}
    found = desk.tables("overpass", desk.file("lines.json", answer(high, low), "utf-8"))
    [row] = found["transmission_lines"].to_dict("records")
    assert row["line_id"] == "OSM-w9"
    # half a degree of latitude at 36 degrees north is 55.5 km
    assert float(row["length_km"]) == pytest.approx(55.48, abs=0.01)
    assert row["path_lon_lat"] == "138.000 36.000|138.000 36.500"
    assert (row["area"], row["prefecture_mid_ja"]) == ("chubu", "長野県")


def test_what_lies_abroad_has_no_voltage_or_stands_twice_alike_is_left_out(desk):
    seoul = substation(8) | {"center": {"lat": 37.5, "lon": 127.0}}
    elements = answer(
        substation(), substation(9, voltage="6600"), substation(10, voltage=""), seoul
    )
    first = desk.file("a.json", elements, "utf-8")
    second = desk.file("b.json", answer(substation()), "utf-8")
    found = desk.tables("overpass", first, second)["substations"]
    assert list(found["substation_id"]) == ["OSM-w7"]


def test_faults_are_told_by_element(desk):
    bare = {"type": "way", "id": 5, "tags": {"power": "line", "voltage": "275000"}}
    lost = {"type": "way", "id": 6, "tags": {"power": "substation", "voltage": "275000"}}
    first = desk.file("a.json", answer(bare, lost, substation()), "utf-8")
    second = desk.file("b.json", answer(substation(name="X")), "utf-8")
    said = desk.said("overpass", first, second, desk.file("c.json", "{\n oops", "utf-8"))
    assert "a.json: way 5: has no position or course; ask Overpass for: out geom tags;" in said
    assert "a.json: way 6: has no position or course; ask Overpass for: out center tags;" in said
    assert "b.json: way 7: stands in an earlier file, and differs there" in said
    assert "c.json: line 2, column 2: is not JSON" in said
