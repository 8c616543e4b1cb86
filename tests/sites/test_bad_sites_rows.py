"""Rows of a sites file that cannot be used: where, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]
#: A sound first row (row 2 of the file) for cases about the second.
SOUND = "a,43.0621,141.3544,,,\n"
HEADER = "id,lat,lon,hectares,max_mw,tier\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "b,,141.3,,,",
            "row 3, column lat: is empty; allowed: latitude in decimal degrees, such as 43.0621",
        ),
        (
            "b,43.1,NaN,,,",
            'row 3, column lon: is "NaN"; allowed: longitude in decimal degrees, such as 141.3544',
        ),
        (
            "b,43°63',141.3,,,",
            (
                'row 3, column lat: "43°63\'" is not a number; '
                "allowed: latitude in decimal degrees, such as 43.0621"
            ),
        ),
        (
            "b,4_3,141.3,,,",
            (
                'row 3, column lat: "4_3" is not a number; '
                "allowed: latitude in decimal degrees, such as 43.0621"
            ),
        ),
        (
            'b,"43,1",141.3,,,',
            (
                'row 3, column lat: "43,1" is not a number; '
                "allowed: latitude in decimal degrees, such as 43.0621"
            ),
        ),
        (
            "b,141.3,43.1,,,",
            "row 3: latitude and longitude (141.3, 43.1) look swapped; swap them",
        ),
        (
            "b,0,0,,,",
            (
                "row 3: (0, 0) is outside Japan; allowed: latitude 20 to 46, "
                "longitude 122 to 154; check the coordinates"
            ),
        ),
        (
            "b,inf,141.3,,,",
            (
                'row 3, column lat: "inf" is not a number; '
                "allowed: latitude in decimal degrees, such as 43.0621"
            ),
        ),
        (
            "b,1e999,141.3,,,",
            (
                "row 3: (inf, 141.3) is outside Japan; allowed: latitude 20 to 46, "
                "longitude 122 to 154; check the coordinates"
            ),
        ),
        (
            "a,43.1,141.3,,,",
            'row 3, column id: "a" is the id of row 2 too; give each site its own',
        ),
        (
            "b,43.0621,141.3544,,,",
            "row 3: stands at (43.0621, 141.3544), as row 2 does; remove one of the two",
        ),
        (
            "b,43.062109,141.354391,,,",
            "row 3: stands at (43.062109, 141.354391), as row 2 does; remove one of the two",
        ),
        (
            "b,43.1,141.3,-1,,",
            (
                'row 3, column hectares: "-1" is out of range; '
                "allowed: a number of ha above 0, or nothing"
            ),
        ),
        (
            "b,43.1,141.3,0,,",
            (
                'row 3, column hectares: "0" is out of range; '
                "allowed: a number of ha above 0, or nothing"
            ),
        ),
        (
            "b,43.1,141.3,ten,,",
            (
                'row 3, column hectares: "ten" is not a number; '
                "allowed: a number of ha above 0, or nothing"
            ),
        ),
        (
            "b,43.0521,141.3544,120000,,",
            # Sapporo: 1,121.26 km2
            (
                "row 3, column hectares: 120000 ha is more than all of 札幌市 (112126 ha); "
                "allowed: the site's area in hectares, not in square metres"
            ),
        ),
        (
            "b,43.1,141.3,,-50,",
            (
                'row 3, column max_mw: "-50" is out of range; '
                "allowed: a number of MW above 0, or nothing"
            ),
        ),
        (
            "b,43.1,141.3,,0.0,",
            (
                'row 3, column max_mw: "0.0" is out of range; '
                "allowed: a number of MW above 0, or nothing"
            ),
        ),
        (
            "b,43.1,141.3,,1e400,",
            (
                'row 3, column max_mw: "1e400" is out of range; '
                "allowed: a number of MW above 0, or nothing"
            ),
        ),
        (
            "b,43.1,141.3,,100 people,",
            (
                'row 3, column max_mw: "100 people" is not a number; '
                "allowed: a number of MW above 0, or nothing"
            ),
        ),
        (
            "b,43.1,141.3,,,lage",
            (
                'row 3, column tier: "lage" is not a tier; '
                "allowed: core, large, regional (中核, 大規模, 地域) or nothing; "
                "did you mean large?"
            ),
        ),
        (
            "b,43.1,141.3,,,Regionnal",
            (
                'row 3, column tier: "Regionnal" is not a tier; '
                "allowed: core, large, regional (中核, 大規模, 地域) or nothing; "
                "did you mean regional?"
            ),
        ),
        (
            "b,43.1,141.3,,,エッジ",
            (
                'row 3, column tier: "エッジ" is not a tier; '
                "allowed: core, large, regional (中核, 大規模, 地域) or nothing"
            ),
        ),
        (
            "b b,43.1,141.3,,,",
            (
                'row 3, column id: "b b" is not an id; '
                "allowed: up to 64 letters, digits, dots, hyphens, underscores, slashes and colons"
            ),
        ),
        (
            "b,43.1,141.3",
            "row 3: has 3 cells, the header has 6; quote cells that hold the delimiter",
        ),
        (
            "b,43,1,141,3,,,",
            "row 3: has 8 cells, the header has 6; quote cells that hold the delimiter",
        ),
    ],
)
def test_one_bad_row(
    write_file: WriteFile, complaints: Complaints, row: str, expected: str
) -> None:
    path = write_file("sites.csv", f"{HEADER}{SOUND}{row}\n")
    assert complaints(path) == [f"sites.csv: {expected}"]


def test_points_at_sea_say_how_far(write_file: WriteFile, complaints: Complaints) -> None:
    (line,) = complaints(write_file("s.csv", "lat,lon\n35.0,150.0\n"))
    assert line.startswith("s.csv: row 2: (35, 150) is ")
    assert line.endswith(
        " km from the nearest land of Japan; allowed: up to 2 km; check the coordinates"
    )
    # The nearest land is Boso, some 830 km to the west.
    assert 820 < float(line.split(" is ")[1].split(" km")[0]) < 840


def test_points_abroad_within_the_same_degrees_are_outside(
    write_file: WriteFile, complaints: Complaints
) -> None:
    (line,) = complaints(write_file("s.csv", "lat,lon\n35.18,129.08\n"))  # Busan
    assert "km from the nearest land of Japan" in line


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        (
            "name",
            "bell\x07",
            (
                'column name: "bell\\u0007" holds the control character U+0007; '
                "allowed: printable text"
            ),
        ),
        (
            "name_ja",
            "札\u202e幌",
            (
                'column name_ja: "札\\u202e幌" holds the control character U+202E; '
                "allowed: printable text"
            ),
        ),
        (
            "name_en",
            '"two\nlines"',
            (
                'column name_en: "two\\u000alines" holds the control character U+000A; '
                "allowed: printable text"
            ),
        ),
        (
            "name",
            "n" * 121,
            f'column name: "{"n" * 39}…" has 121 characters; allowed: up to 120',
        ),
        (
            "id",
            "i" * 65,
            (
                f'column id: "{"i" * 39}…" is not an id; '
                "allowed: up to 64 letters, digits, dots, hyphens, underscores, slashes and colons"
            ),
        ),
    ],
)
def test_bad_text(
    write_file: WriteFile,
    complaints: Complaints,
    column: str,
    cell: str,
    expected: str,
) -> None:
    path = write_file("sites.csv", f"lat,lon,{column}\n43.0621,141.3544,{cell}\n")
    assert complaints(path) == [f"sites.csv: row 2, {expected}"]


def test_problems_of_all_rows_come_together_in_order(
    write_file: WriteFile, complaints: Complaints
) -> None:
    rows = "a,43.1,,5,,\na,,141.3,5,x,\nb,43.1,141.3,-5,,tiny\n"
    lines = complaints(write_file("s.csv", HEADER + rows))
    places = [line.split(": ")[1] for line in lines]
    assert places == [
        "row 2, column lon",
        "row 3, column lat",
        "row 3, column id",
        "row 3, column max_mw",
        "row 4, column hectares",
        "row 4, column tier",
    ]


def test_twenty_problems_in_full_and_the_rest_counted(
    write_file: WriteFile, complaints: Complaints
) -> None:
    head = "lat,lon\n"
    twenty = complaints(write_file("s.csv", head + "43.1,x\n" * 20))
    assert len(twenty) == 20
    assert twenty[-1].startswith("s.csv: row 21, ")
    lines = complaints(write_file("s.csv", head + "43.1,x\n" * 21))
    assert lines == [*twenty, "s.csv: 1 more problem not shown; mend these first"]
    lines = complaints(write_file("s.csv", head + "43.1,x\n" * 1000))
    assert lines == [*twenty, "s.csv: 980 more problems not shown; mend these first"]


def test_one_place_many_times_over_is_told_from_the_first(
    write_file: WriteFile, complaints: Complaints
) -> None:
    text = "lat,lon\n43.1,141.3\n" + "43.1,141.3\n" * 3
    lines = complaints(write_file("s.csv", text))
    assert lines == [
        f"s.csv: row {row}: stands at (43.1, 141.3), as row 2 does; remove one of the two"
        for row in (3, 4, 5)
    ]
