"""Published values are read exactly, and what cannot be right is refused by row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcsite.bench.published import Published, agreement, read_published
from dcsite.errors import BenchError

HEAD = "instance,count,lower_bound,upper_bound,proven,decremental_clustering_s\n"


def test_values_are_read_and_other_columns_passed_over(published: Path):
    assert read_published(published) == {
        ("square", 4): Published(10.0, 10.0, True, "16.9"),
        ("line", 2): Published(8.0, 9.0, False, "TL"),
        ("absent", 5): Published(1.0, 1.0, True, ""),
    }


def test_the_time_is_not_needed_and_a_mark_at_the_begin_does_no_harm(tmp_path: Path):
    path = tmp_path / "p.csv"
    path.write_text("\ufeffinstance,count,lower_bound,upper_bound,proven\na,2,3.5,3.5,1\n", "utf-8")
    assert read_published(path) == {("a", 2): Published(3.5, 3.5, True, "")}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",5,1,1,1,", "column instance is empty"),
        ("a,x,1,1,1,", 'column count is "x"; allowed: a finite number'),
        ("a,1,1,1,1,", "column count is 1; allowed: whole numbers from 2"),
        ("a,2.5,1,1,1,", "column count is 2.5; allowed: whole numbers from 2"),
        ("a,5,nan,1,1,", 'column lower_bound is "nan"'),
        ("a,5,1,,1,", 'column upper_bound is ""'),
        ("a,5,1", 'column upper_bound is ""'),
        ("a,5,2,1,0,", "lower_bound 2 lies above upper_bound 1"),
        ("a,5,1,1,yes,", 'column proven is "yes"; allowed: 0 or 1'),
        ("a,5,1,2,1,", "proven is 1, but lower_bound is 1 and upper_bound 2"),
        ("a,5,1,1,0,", "proven is 0, but lower_bound is 1 and upper_bound 1"),
        ("ok,5,1,1,1,", "ok with count 5 stands twice"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, said: str):
    path = tmp_path / "p.csv"
    path.write_text(f"{HEAD}ok,5,1,1,1,2\n{row}\n", encoding="utf-8")
    with pytest.raises(BenchError) as raised:
        read_published(path)
    (problem,) = raised.value.problems
    assert str(problem).startswith(f"{path}: row 3: ")
    assert said in str(problem)
    assert raised.value.exit_code == 2


def test_files_that_cannot_be_read(tmp_path: Path):
    def said(path: Path) -> str:
        with pytest.raises(BenchError) as raised:
            read_published(path)
        (problem,) = raised.value.problems
        return str(problem)

    assert "No such file" in said(tmp_path / "none.csv")
    (tmp_path / "sjis.csv").write_bytes("場所,数\n".encode("cp932"))
    assert "is not UTF-8" in said(tmp_path / "sjis.csv")
    (tmp_path / "short.csv").write_text("instance,count\n", encoding="utf-8")
    assert "has no column lower_bound, upper_bound, proven" in said(tmp_path / "short.csv")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    assert "has no column instance" in said(tmp_path / "empty.csv")


@pytest.mark.parametrize(
    ("distance", "bound", "lower", "upper", "word"),
    [
        (10, 10, 10, 10, "yes"),
        (9, 9, 10, 10, "no"),
        (11, 11, 10, 10, "no"),
        (9, 12, 10, 10, "possible"),
        (10, 10, 9, 11, "possible"),
        (8, 9, 10, 11, "no"),
        (11, 12, 9, 10, "no"),
        (10, 12, 9, 10, "possible"),
    ],
)
def test_brackets_that_share_no_value_do_not_agree(distance, bound, lower, upper, word):
    assert agreement(distance, bound, Published(lower, upper, lower == upper, "")) == word


def test_nothing_published_says_nothing():
    assert agreement(1, 1, None) == ""
