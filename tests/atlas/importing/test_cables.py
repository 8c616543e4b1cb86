"""Submarine cables: own rows in the layouts of the public maps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dcsite.atlas import load_atlas
from dcsite.network.systems import cable_systems, landings_in_force
from dcsite.outputs.atomic import write_overlay

SITES = {  # by the publisher's ids; own positions
    "chikura-japan": ("Chikura, Japan", 34.97, 139.95),
    "okinawa-japan": ("Okinawa, Japan", 26.33, 127.80),  # no known name: Naha lies 18 km away
    "akita-japan": ("Akita, Japan", 39.69, 140.34),  # inland on the map; known, so not asked
    "kushiro-japan": ("Kushiro, Japan", 42.98, 144.38),
    "takayama-japan": ("Takayama, Japan", 36.14, 137.25),  # far inland
    "busan-south-korea": ("Busan, South Korea", 35.17, 129.0),
    "bandon-or-united-states": ("Bandon, OR, United States", 43.12, -124.41),
    "tuas-singapore": ("Tuas, Singapore", 1.34, 103.65),
    "brest-france": ("Brest, France", 48.4, -4.5),
    "mumbai-india": ("Mumbai, India", 19.07, 72.87),
}


def points(*keys: str, **more: object) -> list[dict[str, Any]]:
    return [
        {"id": key, "name": SITES[key][0], "country": SITES[key][0].split(", ")[-1],
         "is_tbd": None} | more
        for key in keys
    ]  # fmt: skip


def cable(key: str, name: str, *landings: str, **more: object) -> dict[str, Any]:
    return {
        "id": key, "name": name, "length": "12,700 km", "landing_points": points(*landings),
        "owners": "Owner", "suppliers": None, "rfs": "2019 Q4", "rfs_year": 2019,
        "is_planned": False, "url": None, "notes": None,
    } | more  # fmt: skip


def geo() -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": {"id": key, "name": name, "is_tbd": False},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for key, (name, lat, lon) in SITES.items()
    ]
    return {"type": "FeatureCollection", "name": "landing_points", "features": features}


def made(desk: Any, *contents: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    folder = desk.folder / "api"
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        text = json.dumps(content, ensure_ascii=False)
        (folder / f"{number}.json").write_text(text, encoding="utf-8")
    tables = desk.tables("submarine-cables", folder)
    notes = "\n".join(desk.made("submarine-cables", folder).notes)
    cables, landings = (
        {row[key]: row for row in tables[name].to_dict("records")} if name in tables else {}
        for name, key in (
            ("submarine_cables", "cable_id"),
            ("cable_landing_stations", "landing_id"),
        )
    )
    return cables, landings, notes


def test_known_cables_keep_their_id_and_new_ones_get_a_way(desk):
    known = cable(
        "southeast-asia-japan-cable-2-sjc2", "Southeast Asia-Japan Cable 2 (SJC2)",
        "chikura-japan", "tuas-singapore", is_planned=True, rfs_year=2023,
    )  # fmt: skip
    new = cable("north-line", "North Line", "kushiro-japan", "bandon-or-united-states")
    island = cable("island-ring", "Island Ring", "okinawa-japan", "akita-japan", length=None)
    arctic = cable("ice", "Ice", "kushiro-japan", "brest-france", "bandon-or-united-states")
    foreign = cable("afar", "Afar", "brest-france", "mumbai-india")
    cables, landings, notes = made(desk, geo(), known, new, island, arctic, foreign)
    assert set(cables) == {"sjc2", "north-line", "island-ring", "ice"}
    # activated in 2025 as the table knows; an old map does not take that back
    assert (cables["sjc2"]["status"], cables["sjc2"]["rfs_year"]) == ("in_service", "2025")
    assert "Southeast Asia-Japan Cable 2 (in_service; file: planned)" in notes
    assert (cables["sjc2"]["capacity_tbps"], cables["sjc2"]["source_keys"]) == (
        "126",
        "TG2022;S13;cable-map",
    )
    row = cables["north-line"]
    assert (row["length_km"], row["capacity_tbps"], row["status"], row["rfs_year"]) == (
        "12700",
        "",
        "in_service",
        "2019",
    )
    assert (row["directions"], row["other_countries"], row["other_landing_points"]) == (
        "north_america",
        "US",
        "Bandon",
    )
    assert cables["ice"]["directions"] == "north_america;arctic_europe"
    ring = cables["island-ring"]
    assert (ring["kind"], ring["japan_landings"], ring["length_km"]) == (
        "domestic",
        "naha;akita",
        "",
    )
    assert "1 cables that do not land in Japan passed over" in notes
    assert "1 new landings, in no crowded cluster" in notes
    assert "CC BY-NC-SA 3.0 to the editions of 2022" in notes
    assert list(landings) == ["kushiro"]
    assert (landings["kushiro"]["municipality_code"], landings["kushiro"]["name_ja"]) == (
        "01206",
        "釧路市",
    )


def test_the_overlay_stands_the_checks_and_counts_in_the_model(desk):
    new = cable("north-line", "North Line", "kushiro-japan", "bandon-or-united-states")
    made(desk, geo(), new)
    folder = desk.folder / "api"
    write_overlay(desk.made("submarine-cables", folder).files, desk.into)
    atlas = load_atlas(desk.into)
    assert "north-line" in landings_in_force(atlas, 2030).loc["kushiro", "systems"]
    assert cable_systems(atlas, 2030).loc["north-line", "corridors"] == {"north_america"}
    assert len(cable_systems(atlas, 2030)) == len(cable_systems(load_atlas(), 2030)) + 1


def test_the_layout_of_2021(desk):
    old = {
        "id": "old-line", "name": "Old Line", "cable_id": 7, "length": "19,000 km",
        "rfs": "2001 December", "owners": "", "url": "", "notes": None,
        "landing_points": [
            {"landing_point_id": 1, "id": "kushiro-japan", "name": "Kushiro, Japan",
             "latlon": "42.980000,144.380000"},
            {"landing_point_id": 2, "id": "busan", "name": "Busan, Korea, Rep.",
             "latlon": "35.17,129.0"},
            {"landing_point_id": 3, "id": "agat", "name": "Agat, GU, United States",
             "latlon": "13.4,144.7"},
            {"landing_point_id": 4, "id": "li", "name": "Lantau Island, Hong Kong, China",
             "latlon": "22.2,113.9"},
            {"landing_point_id": 5, "id": "tbd", "name": "t.b.d., Japan", "latlon": ""},
        ],
    }  # fmt: skip
    later = old | {"id": "later-line", "name": "Later Line", "rfs": "2026 Q4"}
    point = {"id": "kushiro-japan", "latitude": "42.980002", "longitude": "144.380001",
             "name": "Kushiro, Japan", "is_tbd": "false", "cables": []}  # fmt: skip
    cables, landings, notes = made(desk, old, later, point)
    assert (cables["old-line"]["rfs_year"], cables["old-line"]["status"]) == ("2001", "in_service")
    assert cables["old-line"]["directions"] == "guam_oceania;china_hk;korea"
    assert cables["old-line"]["other_countries"] == "KR;GU;HK"
    assert cables["later-line"]["status"] == "planned"  # in the year of the import or after
    assert cables["old-line"]["japan_landings"] == "kushiro"
    assert "2 landings are not decided" in notes
    assert landings["kushiro"]["lat_deg"] == "42.98"


def test_courses_tell_the_landings_where_a_cable_has_no_file(desk):
    line = [[144.3801, 42.98], [179.0, 45.0]], [[-179.0, 45.0], [-124.41, 43.12]]
    course = {
        "type": "Feature", "properties": {"id": "north-line", "name": "North Line"},
        "geometry": {"type": "MultiLineString", "coordinates": line},
    }  # fmt: skip
    drawn = {"type": "FeatureCollection", "features": [course]}
    stated = {"id": "north-line", "name": "North Line", "rfs_year": 2019, "is_planned": False}
    gone = {"id": "unseen", "name": "Unseen", "rfs_year": 2020, "is_planned": False}
    country = {"id": "japan", "name": "Japan", "cables": [stated, gone], "landing_points": [],
               "landing_points_in_country": ["kushiro-japan"]}  # fmt: skip
    cables, _, notes = made(desk, geo(), drawn, country)
    row = cables["north-line"]
    assert (row["japan_landings"], row["directions"], row["rfs_year"], row["length_km"]) == (
        "kushiro",
        "north_america",
        "2019",
        "",
    )
    assert "1 cables of the country's list left out, no file giving their landings" in notes
    assert "cables in service here are not in the country's list" in notes
    said = desk.said(
        "submarine-cables", desk.file("geo.json", json.dumps(geo()), "utf-8"),
        desk.file("cable-geo.json", json.dumps(drawn), "utf-8"),
    )  # fmt: skip
    assert "holds no rows" in said  # neither year nor state
    assert "1 cables left out, no file giving their year or state" in said


def test_a_new_landing_far_inland_is_uncertain_by_as_much(desk):
    new = cable("hill-line", "Hill Line", "takayama-japan", "busan-south-korea")
    _, landings, notes = made(desk, geo(), new)
    assert float(landings["takayama"]["uncertainty_km"]) > 50
    assert "1 new landings stand inland" in notes


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (cable("a", "A", "kushiro-japan", "busan-south-korea", length="900 miles"),
         "a, length: '900 miles' is no length in km"),
        (cable("a", "A", "kushiro-japan", "busan-south-korea", rfs_year="soon"),
         "a, rfs_year: 'soon' is no whole number"),
        (cable("a", "A", "kushiro-japan", "mumbai-india"), "holds no rows"),
        (cable("a", "A", "brest-france"), "holds no rows"),
        ([{"id": "a", "name": "A"}], "holds no rows"),
        ({"type": "FeatureCollection", "features": [7]}, "'7' is no object"),
        ([], "holds no rows"),
        (geo() | {"features": [{"properties": {}, "geometry": {"type": "Point",
                                                               "coordinates": 7}}]}, "holds no"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(desk, content, said):
    file = desk.file("a.json", json.dumps(content), "utf-8")
    told = desk.said("submarine-cables", file, desk.file("geo.json", json.dumps(geo()), "utf-8"))
    assert said in told
    assert len(told.splitlines()) == 1


def test_cables_cannot_stand_alone(desk):
    file = desk.file("a.json", json.dumps(cable("a", "A", "kushiro-japan")), "utf-8")
    said = desk.said("submarine-cables", file, replace=True)
    assert said.startswith("--replace: is not for submarine-cables: domestic_cable_segments and")


def test_swapped_and_doubled_points_are_told(desk):
    new = cable("north-line", "North Line", "kushiro-japan", "bandon-or-united-states")
    first = {"id": "kushiro-japan", "name": "Kushiro, Japan", "latitude": "144.38",
             "longitude": "42.98"}  # fmt: skip
    said = desk.said("submarine-cables", desk.file("a.json", json.dumps(new), "utf-8"),
                     desk.file("b.json", json.dumps(first), "utf-8"))  # fmt: skip
    assert "b.json: kushiro-japan: latitude 144.38, longitude 42.98 is no position; the" in said
    two = [first | {"latitude": str(lat), "longitude": "144.38"} for lat in (42.98, 41)]
    said = desk.said("submarine-cables", desk.file("c.json", json.dumps(two), "utf-8"),
                     desk.file("a.json", json.dumps(new), "utf-8"))  # fmt: skip
    assert "c.json: kushiro-japan: stands elsewhere too, 220 km away" in said
