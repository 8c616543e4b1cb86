"""Internet exchanges of PeeringDB and PCH: own rows in the form of their files."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.atlas import load_atlas
from dcsite.atlas.importing.exchanges import read_peeringdb
from dcsite.atlas.importing.reading import Reading, UserFile
from dcsite.criteria.exchanges import Parameters, exchanges_that_count
from dcsite.outputs.atomic import write_overlay


def ix(number: int, name: str, city: str, **more: object) -> dict[str, Any]:
    return {
        "id": number, "org_id": 2, "name": name, "aka": "", "name_long": name, "city": city,
        "country": "JP", "region_continent": "Asia Pacific", "media": "Ethernet", "notes": "",
        "proto_unicast": True, "website": "", "net_count": 5, "fac_count": 1,
        "updated": "2024-07-26T15:34:35Z", "status": "ok",
    } | more  # fmt: skip


def fac(number: int, name: str, city: str, **more: object) -> dict[str, Any]:
    return {
        "id": number, "org_id": 1, "org_name": "Owner", "campus_id": None, "name": name,
        "aka": "", "name_long": "", "clli": "", "npanxx": "", "net_count": 3, "ix_count": 1,
        "address1": "1-1", "city": city, "country": "JP", "latitude": None, "longitude": None,
        "status": "ok",
    } | more  # fmt: skip


def ixfac(number: int, ix_id: int, fac_id: int) -> dict[str, Any]:
    both = {"ix_id": ix_id, "fac_id": fac_id}
    return {"id": number, **both, "name": "", "city": "", "country": "JP", "status": "ok"}


def port(number: int, ix_id: int, asn: int, *, up: bool = True) -> dict[str, Any]:
    return {
        "id": number, "net_id": asn, "ix_id": ix_id, "ixlan_id": ix_id, "name": "", "asn": asn,
        "speed": 1000, "ipaddr4": None, "operational": up, "status": "ok",
    }  # fmt: skip


def api(desk: Any, name: str, *rows: object, **meta: object) -> Path:
    text = json.dumps({"data": rows, "meta": meta}, ensure_ascii=False)
    return desk.file(name, text, "utf-8")


def exchanges(desk: Any, *paths: Path, kind: str = "peeringdb") -> dict[str, dict[str, str]]:
    table = desk.tables(kind, *paths)["internet_exchanges"]
    return {row["ix_id"]: row for row in table.to_dict("records")}


def test_a_known_exchange_keeps_its_id_and_point_and_gets_its_networks(desk, shipped_atlas):
    file = api(
        desk, "ix.json", ix(30, "JPIX TOKYO", "Tokyo", net_count=300),
        ix(99, "BBIX Fukuoka", "Fukuoka", net_count=15), generated=1_790_000_000.5,
    )  # fmt: skip
    rows = exchanges(desk, file)
    shipped = shipped_atlas.table("internet_exchanges").loc["jpix-tokyo"]
    row = rows["jpix-tokyo"]
    assert (row["members"], row["members_source"], row["as_of"]) == (
        "300",
        "peeringdb",
        "2026-09-21",
    )
    assert (float(row["lat_deg"]), row["operator"]) == (shipped["lat_deg"], "JPIX")
    assert rows["bbix-fukuoka"]["peeringdb_id"] == "99"  # known by its name alone


def test_a_new_exchange_stands_at_its_largest_building_else_at_its_citys_office(desk):
    large = fac(1, "Hall A", "Sapporo", latitude=43.05, longitude=141.34, net_count=9)
    small = fac(2, "Hall B", "Sapporo", latitude=43.3, longitude=141.9, net_count=2)
    dump = {
        "ix": {"data": [ix(901, "SAP-IX", "Sapporo"), ix(902, "SENDAI-IX", "Sendai-shi"),
                        ix(903, "Nowhere-IX", "Atlantis"), ix(1, "Ashburn", "X", country="US")]},
        "fac": {"data": [small, large]},
        "ixfac": {"data": [ixfac(1, 901, 2), ixfac(2, 901, 1)]},
        "org": {"data": [{"id": 1, "name": "Owner"}]}, "poc": {"data": []},
    }  # fmt: skip
    file = desk.file("peeringdb_2_dump_2026_10_05.json", json.dumps(dump), "utf-8")
    made = desk.made("peeringdb", file)
    assert any("Nowhere-IX (Atlantis)" in note for note in made.notes)
    assert any(note.startswith("1 exchanges or buildings abroad") for note in made.notes)
    assert any("PeeringDB Acceptable Use Policy" in note for note in made.notes)
    rows = exchanges(desk, file)
    assert set(rows) == {"pdb-901", "pdb-902"}
    assert (rows["pdb-901"]["lat_deg"], rows["pdb-901"]["municipality_code"]) == ("43.05", "01100")
    assert rows["pdb-901"]["coordinate_basis"] == "building of the most networks (Hall A)"
    assert (rows["pdb-902"]["municipality_code"], rows["pdb-902"]["pref_code"]) == ("04100", "04")
    assert rows["pdb-902"]["as_of"] == "2026-10-05"
    halls = desk.tables("peeringdb", file)["data_centres_existing"].set_index("dc_id")
    assert list(halls.index) == ["pdb-fac-2", "pdb-fac-1"]
    assert (halls.loc["pdb-fac-1", "kind"], halls.loc["pdb-fac-1", "capacity_mw"]) == (
        "interconnection",
        "",
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6), st.booleans()), max_size=20),
    st.none() | st.integers(0, 6),
)
def test_networks_are_counted_once_each(shipped_atlas, ports, net_count):
    lines = [port(at, 900 + one, asn, up=up) for at, (one, asn, up) in enumerate(ports)]
    dump = {"ix": {"data": [ix(901, "A-IX", "Sapporo", net_count=net_count)]}, "netixlan": lines}
    file = UserFile(Path("dump.json"), json.dumps(dump).encode())
    reading = Reading((file,), shipped_atlas, None, datetime.date(2026, 11, 1))
    [row] = read_peeringdb(reading)["internet_exchanges"].to_dict("records")
    listed = {asn for one, asn, _ in ports if one == 1}
    expected = net_count
    if listed and len(listed) >= (net_count or 0):
        expected = len({asn for one, asn, up in ports if one == 1 and up})
    assert row["members"] == expected


def pch(**more: object) -> dict[str, Any]:
    return {
        "id": "2000", "ctry": "Japan", "cit": "Sapporo", "reg": "Asia-Pacific", "name": "SAP-IX",
        "url": "", "stat": "Active", "date": "20210400", "prfs": "0", "prts": "12",
        "lat": "43.05", "lon": "141.35", "updt": "0000-00-00",
    } | more  # fmt: skip


def test_the_directory_of_pch_in_json_and_csv(desk):
    rows = [
        pch(),
        pch(id="129", name="JPIX Tokyo", cit="Tokyo", prts="258"),
        pch(id="137", name="BroadBand Internet eXchange Tokyo", cit="Tokyo", prts="356"),
        pch(id="142", name="Equinix Internet Exchange Tokyo", cit="Tokyo", prts="0"),
        pch(id="3", name="Old-IX", stat="Defunct"),
        pch(id="4", name="Quiet-IX", cit="Unheard", prts="0", date="0"),
        pch(id="5", ctry="Korea"),
    ]
    file = desk.file("pch.json", json.dumps(rows), "utf-8")
    found = exchanges(desk, file, kind="pch")
    assert {key: row["members"] for key, row in found.items()} == {
        "bbix-tokyo": "356",
        "jpix-tokyo": "258",
        "pch-2000": "12",
        "pch-4": "",  # 0 is what PCH writes where it does not know
    }
    assert (found["pch-2000"]["established"], found["pch-4"]["established"]) == ("2021-04", "")
    assert found["pch-4"]["coordinate_basis"] == "point of the city in the directory"
    notes = " ".join(desk.made("pch", file).notes)
    assert "Old-IX (Defunct)" in notes
    assert "1 known exchanges keep their row, no number of networks being stated" in notes
    assert "NonCommercial" in notes
    header = ",".join(rows[0])
    lines = "\n".join(",".join(str(cell) for cell in row.values()) for row in rows)
    same = exchanges(desk, desk.file("pch.csv", f"{header}\n{lines}\n", "utf-8"), kind="pch")
    assert same == found


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("peeringdb", '{"message": "Request was throttled."}', "server said: Request was thr"),
        ("peeringdb", '{"data": [7]}', "'7' is no object"),
        ("peeringdb", {"id": "x"}, "ix x, id: 'x' is no whole number of 0 or more"),
        ("peeringdb", {"name": None}, "ix 901, name: is missing"),
        ("peeringdb", {"net_count": -1}, "ix 901, net_count: -1 is no whole number"),
        ("peeringdb", {"country": "KR"}, "holds no rows that peeringdb could use"),
        ("pch", '{"data": []}', "is no list of exchanges"),
        ("pch", "[]", "holds no rows that pch could use"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(desk, kind, text, said):
    text = text if isinstance(text, str) else json.dumps({"data": [ix(901, "A", "X") | text]})
    told = desk.said(kind, desk.file("a.json", text, "utf-8"))
    assert said in told
    assert len(told.splitlines()) == 1


def test_one_id_that_says_two_things_is_told(desk):
    first, second = api(desk, "a.json", ix(901, "A", "Sapporo")), ix(901, "B", "Sapporo")
    told = desk.said("peeringdb", first, api(desk, "b.json", second))
    assert "b.json: ix 901: stands in an earlier file, and differs there" in told


def test_an_imported_exchange_counts_for_its_region(desk):
    made = desk.made("peeringdb", api(desk, "ix.json", ix(901, "SAP-IX", "Sapporo", net_count=4)))
    write_overlay(made.files, desk.into)
    own = Parameters(
        min_members=2, unknown_members_count=False, tiers=("core",), max_new=0,
        score_zero_ms=10.0, score_one_ms=1.0,
    )  # fmt: skip
    counted = exchanges_that_count(load_atlas(desk.into), own)
    assert counted.loc["pdb-901", "region"] == "hokkaido"
    assert "hokkaido" not in set(exchanges_that_count(load_atlas(), own)["region"])
