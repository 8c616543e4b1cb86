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


def centre(osm_id: int, lat: float, lon: float, **tags: str) -> dict[str, object]:
    tags = {"telecom": "data_center"} | tags
    return {"type": "way", "id": osm_id, "center": {"lat": lat, "lon": lon}, "tags": tags}


def test_data_centres_get_a_municipality_and_known_ones_keep_their_row(desk):
    new = centre(1, 43.06, 141.35, name="札幌DC", operator="Co", start_date="2019-04")
    built = centre(2, 33.59, 130.4, building="construction")
    known = centre(3, 35.6150, 139.7490, name="Equinix TY2 Tokyo")  # within 3 km of the shipped row
    other = centre(4, 35.6150, 139.7490, name="Equinix TY22")
    seoul = centre(5, 37.5, 127.0, name="Seoul DC")
    file = desk.file("dc.json", answer(new, built, known, other, seoul), "utf-8")
    made = desk.made("overpass", file)
    assert "1 data centres keep the row they have" in made.notes[1]
    assert "Equinix TY2 Tokyo" in made.notes[1]
    assert "Seoul DC" in made.notes[0]
    assert "Open Database License" in made.notes[2]
    rows = desk.tables("overpass", file)["data_centres_existing"].set_index("dc_id")
    assert list(rows.index) == ["OSM-w1", "OSM-w2", "OSM-w4"]
    first = rows.loc["OSM-w1"]
    assert (first["municipality_code"], first["pref_code"], first["city_en"], first["year"]) == (
        "01100",
        "01",
        "Sapporo-shi",
        "2019",
    )
    assert (first["capacity_mw"], first["kind"], first["status_at_source_date"]) == (
        "",
        "unspecified",
        "in_service",
    )
    assert rows.loc["OSM-w2", "status_at_source_date"] == "under_construction"
    assert rows.loc["OSM-w2", "name"] == "(no name) way 2"


def test_no_data_centre_without_a_position_and_no_half_an_answer(desk):
    swapped, bare = centre(1, 141.35, 43.06), centre(2, 0, 0) | {"center": None}
    said = desk.said("overpass", desk.file("a.json", answer(swapped, bare), "utf-8"))
    assert "way 1: latitude 141.35, longitude 43.06 is no position; the two are swapped" in said
    assert "way 2: has no position; ask Overpass for: out center tags;" in said
    cut = json.loads(answer()) | {"remark": 'runtime error: Query timed out in "query"'}
    said = desk.said("overpass", desk.file("b.json", json.dumps(cut), "utf-8"))
    assert "b.json: remark: the server gave up (runtime error: Query timed out" in said


def test_a_line_without_a_course_is_told(desk):
    line = {"type": "way", "id": 5, "geometry": [{"lat": 35.0, "lon": 139.0}],
            "tags": {"power": "line", "voltage": "154000"}}  # fmt: skip
    huge = line | {"id": 6, "geometry": [{"lat": 35.0, "lon": 10**400}]}
    said = desk.said("overpass", desk.file("a.json", answer(line, huge), "utf-8"))
    assert "way 6: has no position or course" in said
    assert "way 5: has no position or course; ask Overpass for: out geom tags;" in said


@pytest.mark.parametrize("elements", [5, None, {"type": "node"}, "node"])
def test_elements_that_are_no_list_are_told(desk, elements):
    said = desk.said("overpass", desk.file("a.json", json.dumps({"elements": elements}), "utf-8"))
    assert 'a.json: elements: is missing; ask Overpass with "[out:json]"' in said
