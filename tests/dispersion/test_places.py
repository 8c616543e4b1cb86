"""TSPLIB files: what is read, and one clear error for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcsite.dispersion import read_places
from dcsite.errors import SitesError

GOOD = """NAME : four
COMMENT : made by hand
TYPE : TSP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0.0 0.0
2 3.00000e+00 4
3 0 0
  4   -1.5 7
EOF
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "four.tsp"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_points_and_coincident_ones(file: Path) -> None:
    read = read_places(file)
    assert (read.points.metric, read.removed) == ("euc_2d", 1)
    assert read.place_ids == ("1", "2", "4")
    assert read.points.first.tolist() == [0.0, 3.0, -1.5]
    assert read.points.second.tolist() == [0.0, 4.0, 7.0]


def test_no_spaces_before_colons_no_name_no_end(file: Path) -> None:
    text = GOOD.replace(" :", ":").replace("NAME: four\n", "").replace("EOF\n", "")
    file.write_text(text.replace("EUC_2D", "CEIL_2D"), encoding="utf-8")
    read = read_places(file)
    assert (read.points.metric, len(read.points)) == ("ceil_2d", 3)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  4   -1.5 7\nEOF\n", "", "DIMENSION: is 4, but 3 points are listed: the file is cut"),
        ("  4   -1.5 7\nEOF\n", "4 -1.5", 'line 10: is "4 -1.5"'),
        ("3 0 0\n", "3 nan 0\n", 'line 9: is "3 nan 0"; allowed: node number, x and y, all finite'),
        ("3 0 0\n", "3 0 inf\n", 'line 9: is "3 0 inf"'),
        ("3 0 0\n", "3 zero 0\n", 'line 9: is "3 zero 0"'),
        ("3 0 0\n", "2 0 0\n", "line 9: node 2 is there already, on line 8"),
        ("3 0 0\n", "3 0 0\n5 1 1\n", "is 4, but 5 points are listed: one of the two is wrong"),
        ("EUC_2D", "GEO", 'EDGE_WEIGHT_TYPE: is "GEO", which is not supported; allowed: EUC_2D or'),
        ("EDGE_WEIGHT_TYPE : EUC_2D\n", "", "EDGE_WEIGHT_TYPE: is missing; allowed: EUC_2D or"),
        ("DIMENSION : 4", "DIMENSION : four", 'DIMENSION: is "four"; allowed: the number of'),
        (GOOD[GOOD.index("NODE") :], "", "has no NODE_COORD_SECTION"),
        (GOOD, "", "has no NODE_COORD_SECTION"),
    ],
)
def test_one_clear_error(file: Path, before: str, after: str, said: str) -> None:
    file.write_text(GOOD.replace(before, after), encoding="utf-8")
    with pytest.raises(SitesError) as error:
        read_places(file)
    assert len(error.value.problems) == 1
    assert said in str(error.value)
    assert str(error.value).startswith("four.tsp: ")


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SitesError, match=r"none\.tsp: no such file"):
        read_places(tmp_path / "none.tsp")
    with pytest.raises(SitesError, match="is a folder"):
        read_places(tmp_path)


def test_remarks_behind_words_and_an_end_of_minus_one(file: Path) -> None:
    text = GOOD.replace("EUC_2D", "EUC_2D (rounded)").replace("EOF", "-1\nEOF")
    file.write_text(text.replace("COMMENT", "COMMENT : two: of them\nCOMMENT"), encoding="utf-8")
    read = read_places(file)
    assert (read.points.metric, read.place_ids) == ("euc_2d", ("1", "2", "4"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,lat,lon\nA,10,180\nB,10,-180\nC,0,0\n", "row 3: lies at the same coordinates"),
        ("name,lat,lon\nA,90,12\nB,90,-34\nC,0,0\n", "row 3: lies at the same coordinates"),
        ("name,x,y\na,0,1e308\nb,1,5\n", 'row 2, column y: "1e308" is out of range; allowed'),
        ("lat,lon\n141.35,43.06\n", "allowed: -90 to 90; latitude and longitude look swapped"),
        ("name,x,y\n\x1b[31mR,0,0\nb,1,5\n", 'column name: "\\u001b[31mR" holds the control'),
    ],
    ids=["meridian", "pole", "infinite", "swapped", "escape"],
)  # fmt: skip
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SitesError) as error:
        read_places(tmp_path / "p.csv")
    assert said in str(error.value)


def test_the_first_of_coincident_places(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("name,lat,lon\nA,10,180\nB,10,-180\nC,0,0\nD,0,0\n", encoding="utf-8")
    read = read_places(path, first_of_coincident=True)
    assert (read.names, read.removed) == (("A", "C"), 2)
    assert read.points.second.tolist() == [180.0, 0.0]


def test_stations_listed_once_for_each_line(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,lat,lon\nS1,35,139\nS1,35,139\nS2,36,139\n", encoding="utf-8")
    read = read_places(path, first_of_coincident=True)
    assert (read.place_ids, read.removed) == (("S1", "S2"), 1)
    # Of two places with one id nobody knows which is meant.
    path.write_text("id,lat,lon\nS1,35,139\nS1,35,139\nS1,36,139\n", encoding="utf-8")
    with pytest.raises(SitesError, match='row 4, column id: "S1" is the id of row 2 too'):
        read_places(path, first_of_coincident=True)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("札幌市,141.3544,43.0621\n仙台市,140.8694,38.2682\n", 1),
        ("a,0.3544,0.0621\nb,0.8694,0.2682\n", 0),
        ("a,1000.5,2000.5\nb,-35000,12000.25\n", 0),
    ],
    ids=["degrees", "unit square", "metres"],
)
def test_a_plane_of_degrees_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rows: str, told: int
) -> None:
    path = tmp_path / f"plane{told}{len(rows)}.csv"
    path.write_bytes(f"名称,X,Y\n{rows}".encode("cp932"))
    assert read_places(path).points.metric == "euclidean"
    assert sum("look like degrees" in line for line in caplog.messages) == told


def test_a_dimension_of_thousands_of_digits(file: Path) -> None:
    file.write_text(GOOD.replace("DIMENSION : 4", f"DIMENSION : {'9' * 5000}"), encoding="utf-8")
    with pytest.raises(SitesError, match="DIMENSION: is"):
        read_places(file)
