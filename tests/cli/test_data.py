"""``dcsite data``: the tables listed, checked sound, and broken ones told."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from dcsite.atlas.atlas import default_root


@pytest.fixture(scope="module")
def descriptor():
    """The shipped descriptor, read by nobody's code but json's."""
    text = (default_root() / "datapackage.json").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in json.loads(text)["resources"]}


def test_list_names_every_table_with_its_rows(call, descriptor):
    answer = call("data", "list")
    assert (answer.code, answer.err) == (0, "")
    head, *lines = answer.out.splitlines()
    assert head.split() == ["table", "rows", "vintage", "licence", "source"]
    listed = dict(re.findall(r"^(\w+) +([0-9,]+) ", "\n".join(lines), re.MULTILINE))
    assert {name: int(rows.replace(",", "")) for name, rows in listed.items()} == {
        name: entry["rows"] for name, entry in descriptor.items()
    }
    assert listed["municipalities"] == "1,741"


def test_list_as_json_says_what_each_file_holds(call, descriptor):
    answer = call("data", "list", "--json")
    assert (answer.code, answer.err) == (0, "")
    rows = json.loads(answer.out)
    assert [row["table"] for row in rows] == list(descriptor)
    for row in rows:
        assert set(row) == {"table", "theme", "rows", "vintage", "licence", "source", "sha256"}
        file = default_root() / descriptor[row["table"]]["path"]
        assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest(), row["table"]
        assert row["rows"] > 0
        assert all(row[key].strip() for key in ("theme", "vintage", "licence", "source"))
    by_name = {row["table"]: row for row in rows}
    assert by_name["municipalities"]["rows"] == 1741
    assert "Open Database License" in by_name["substations"]["licence"]


def test_list_of_another_folder(call, small_geodata):
    rows = json.loads(call("data", "list", small_geodata, "--json").out)
    assert {row["table"]: row["rows"] for row in rows}["prefectures"] == 47
    assert len(rows) == 5


def test_check_finds_the_shipped_tables_sound(call, descriptor):
    answer = call("data", "check")
    rows = sum(entry["rows"] for entry in descriptor.values())
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{len(descriptor)} tables, {rows:,} rows: all as described\n"


def test_check_of_a_damaged_copy_names_table_row_and_column_of_each_damage(call, geodata_copy):
    """A changed byte, a doubled key, a point abroad and an unknown area, each in its own table."""

    def damage(path: str, old: str, new: str) -> None:
        file = geodata_copy / path
        before = file.read_bytes()
        assert old.encode() in before
        file.write_bytes(before.replace(old.encode(), new.encode(), 1))

    damage("policy/existing_cores.csv", "osaka,Osaka area", "osaka,Osaka arex")
    damage("network/cable_landing_stations.csv", "\nmaruyama,", "\nchikura,")
    damage("openstreetmap/substations.csv", "34.62680,138.14736", "35.18,129.08")
    damage("power/interconnectors.csv", ",hokkaido,tohoku,", ",hokaido,tohoku,")
    answer = call("data", "check", geodata_copy)
    assert (answer.code, answer.out) == (2, "")
    places = sorted(line.split(": ")[1:3] for line in answer.errors)
    assert all(line.startswith("error: ") for line in answer.errors)
    expected = [
        ["network/cable_landing_stations.csv", "row 3, column landing_id"],
        ["openstreetmap/substations.csv", "row 2, column lat_deg"],
        ["policy/existing_cores.csv", "row 3, column name_en"],
        ["power/interconnectors.csv", "row 2, column from_area"],
    ]
    # A table that refers to the lost landing "maruyama" may say so too.
    assert [place for place in places if place[0] != "network/submarine_cables.csv"] == expected
    text = answer.err
    assert "'Osaka arex'" in text
    assert "key 'chikura' stands in row 2 too" in text
    assert "35.18, 129.08 lies outside Japan" in text
    assert "'hokaido' is unknown" in text
    assert "did you mean 'hokkaido'?" in text


def test_connections_count_every_node_once_and_say_why(call):
    answer = call("data", "connections", "--json")
    assert (answer.code, answer.err) == (0, "")
    counts = json.loads(answer.out)
    assert sum(one["nodes"] for one in counts) == 3331
    by_reason = {one["connection_reason_en"]: one for one in counts}
    assert len(by_reason) == len(counts)
    assert by_reason["mapped as a converter station"]["nodes"] == 13
    assert by_reason["mapped as a converter station"]["nodes_100kv"] == 12
    assert by_reason[""] == {
        "connection": "any", "connection_reason_en": "", "connection_reason_ja": "",
        "nodes": 2090, "nodes_100kv": 602, "nodes_187kv": 278, "nodes_500kv": 77,
    }  # fmt: skip
    told = call("data", "connections").out
    assert "名称が研究所" in told
    assert "2,090" in told
