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
