from __future__ import annotations

import hashlib
import json

import pytest

from dcsite.atlas import check_geodata, load_atlas
from dcsite.atlas.describe import main, refresh
from dcsite.errors import GeodataError


def test_fresh_geodata_needs_no_refresh(few_tables):
    before = (few_tables / "datapackage.json").read_bytes()
    assert refresh(few_tables) == []
    assert (few_tables / "datapackage.json").read_bytes() == before


def test_after_a_refresh_an_edited_table_reads_and_checks(few_tables, edit):
    edit("power/interconnectors.csv", lambda text: text.replace(",900,700,", ",900,710,", 1))
    assert len(check_geodata(few_tables)) == 1
    assert refresh(few_tables) == ["interconnectors"]
    assert check_geodata(few_tables) == []
    data = (few_tables / "power/interconnectors.csv").read_bytes()
    atlas = load_atlas(few_tables)
    assert atlas.resource("interconnectors").sha256 == hashlib.sha256(data).hexdigest()
    assert atlas.table("interconnectors").loc["IC01", "capacity_from_to_median_mw"] == 710.0


def test_a_new_row_is_counted_and_what_people_wrote_stays(few_tables, edit):
    row = "new,New cable,domestic,planned,announced,2029,,,,,,naha,,,domestic,S30\n"
    edit("network/submarine_cables.csv", lambda text: text + row)
    old = json.loads((few_tables / "datapackage.json").read_text(encoding="utf-8"))
    refresh(few_tables)
    new = json.loads((few_tables / "datapackage.json").read_text(encoding="utf-8"))
    for before, after in zip(old["resources"], new["resources"], strict=True):
        if before["name"] == "submarine_cables":
            assert (before["rows"], after["rows"]) == (44, 45)
        for key in before.keys() - {"rows", "bytes", "hash", "marks"}:
            assert before[key] == after[key]
    assert check_geodata(few_tables) == []


def test_a_refresh_does_not_hide_a_wrong_value(few_tables, edit):
    edit(
        "power/interconnectors.csv",
        lambda text: text.replace("hokkaido,tohoku", "hokkaido,touhoku"),
    )
    refresh(few_tables)
    (problem,) = check_geodata(few_tables)
    assert problem.field == "row 2, column to_area"


def test_a_missing_table_is_named(few_tables):
    (few_tables / "places/prefectures.csv").unlink()
    with pytest.raises(GeodataError, match=r"^places/prefectures.csv: cannot be read"):
        refresh(few_tables)


def test_the_command_says_what_it_updated(few_tables, edit, capsys):
    assert main([str(few_tables)]) == 0
    assert capsys.readouterr().out == "nothing to update\n"
    edit("power/interconnectors.csv", lambda text: text.replace(",900,700,", ",900,710,", 1))
    assert main([str(few_tables)]) == 0
    assert capsys.readouterr().out == "updated interconnectors\n"


def test_the_command_fails_with_one_line(few_tables, capsys):
    (few_tables / "datapackage.json").write_text("{", encoding="utf-8")
    assert main([str(few_tables)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("datapackage.json: line 1, column 2: not valid JSON")
    assert error.count("\n") == 1
