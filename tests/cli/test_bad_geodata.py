"""Broken geodata: one line that names table, row and column; the tables stay as they are."""

from __future__ import annotations

import shutil

import pytest

#: Name, file, text to replace and what by (None: the file is taken away), fragments of the line.
GEODATA = [
    (
        "changed byte", "power/interconnectors.csv", "Hokkaido-Honshu", "Hokkaido-Honsyu",
        ("row 2, column name_en", "Hokkaido-Honsyu", "restore the file"),
    ),
    (
        "duplicate key", "power/interconnectors.csv", "\nIC02,", "\nIC01,",
        ("row 3, column link_id", "'IC01'", "row 2"),
    ),
    (
        "point outside Japan", "places/prefectures.csv", "43.063968,141.347899", "3.0,141.347899",
        ("row 2, column office_lat_deg", "3.0", "outside Japan", "20 to 46"),
    ),
    (
        "point in another prefecture", "places/prefectures.csv",
        "43.063968,141.347899", "35.689521,139.691704",
        ("row 2, column office_lat_deg", "35.68", "北海道"),
    ),
    (
        "unknown area", "power/interconnectors.csv", ",hokkaido,tohoku,", ",hokaido,tohoku,",
        ("row 2, column from_area", "'hokaido'", "allowed are hokkaido, tohoku", "'hokkaido'?"),
    ),
    (
        "text for a number", "power/interconnectors.csv", "HVDC,250,", "HVDC,strong,",
        ("row 2, column voltage_kv", "'strong'", "is not a number"),
    ),
    (
        "negative", "power/interconnectors.csv", "HVDC,250,", "HVDC,-250,",
        ("row 2, column voltage_kv", "-250", "allowed are 0"),
    ),
    (
        "renamed column", "power/interconnectors.csv", ",voltage_kv,", ",volt,",
        ("row 1, column voltage_kv", "missing", "'volt'"),
    ),
    (
        "stray comma", "power/interconnectors.csv", "HVDC,250,", "HVDC,2,50,",
        ("row 2", "too many cells", "stray comma"),
    ),
    (
        "lost table", "power/interconnectors.csv", None, None,
        ("cannot be read", "No such file"),
    ),
    (
        "vertex abroad", "places/prefecture_polygons.geojson",
        "[140.09,41.421]", "[40.09,41.421]", ("feature 1, column geometry",),
    ),
    (
        "broken GeoJSON", "places/prefecture_polygons.geojson",
        '"type":"FeatureCollection"', '"type":"FeatureCollection",,', ("line 1", "not valid JSON"),
    ),
    (
        "broken descriptor", "datapackage.json", '"name"', '"name', ("line 3", "not valid JSON"),
    ),
    (
        "descriptor without licence", "datapackage.json", '"licenses"', '"licences"',
        ("resources.prefectures", "licenses"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "old", "new", "fragments"),
    [case[1:] for case in GEODATA],
    ids=[case[0] for case in GEODATA],
)
def test_broken_geodata_is_told_in_one_line(
    refused, workplace, small_geodata, path, old, new, fragments
):
    folder = shutil.copytree(small_geodata, workplace / "geodata")
    file = folder / path
    if old is None:
        file.unlink()
    else:
        text = file.read_bytes()
        assert old.encode() in text
        file.write_bytes(text.replace(old.encode(), new.encode(), 1))
    refused(["data", "check", "geodata"], [(path, *fragments)])


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_folder_without_geodata_is_told(refused, workplace, command):
    (workplace / "empty").mkdir()
    refused(
        ["data", command, "empty"],
        [("datapackage.json", "no such file in", "empty", "name a folder")],
    )


def test_the_small_geodata_is_sound_before_it_is_broken(call, small_geodata):
    answer = call("data", "check", small_geodata)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("5 tables, ")
