from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.atlas.describe import (
    Cell,
    column_marks,
    columns_of_csv,
    columns_of_geojson,
    locate_changes,
)

CELLS = st.lists(st.text(max_size=6), min_size=1, max_size=200)


@given(cells=CELLS, data=st.data())
def test_a_single_changed_cell_is_found(cells, data):
    row = data.draw(st.integers(1, len(cells)))
    value = data.draw(st.text(max_size=6).filter(lambda text: text != cells[row - 1]))
    marks = column_marks({"a": cells, "b": cells})
    now = [*cells[: row - 1], value, *cells[row:]]
    found = locate_changes({"a": cells, "b": now}, marks)
    assert found == ([Cell("b", row, value)], [])


@given(cells=CELLS)
def test_what_did_not_change_is_not_found(cells):
    assert locate_changes({"a": cells}, column_marks({"a": cells})) == ([], [])


def test_two_changed_cells_of_one_column_are_told_apart_from_one():
    marks = column_marks({"a": ["x", "y", "z", "w"]})
    assert locate_changes({"a": ["X", "y", "Z", "w"]}, marks) == ([], ["a"])


def test_swapped_cells_do_not_cancel_out():
    marks = column_marks({"a": ["x", "y", "z"]})
    assert locate_changes({"a": ["z", "y", "x"]}, marks) == ([], ["a"])


def test_a_column_without_marks_counts_as_changed():
    assert locate_changes({"a": ["x"]}, {}) == ([], ["a"])


def test_a_table_without_rows_keeps_its_columns():
    assert columns_of_csv("a,b\r\n") == {"a": [], "b": []}


def test_quoted_commas_and_line_ends_stay_in_their_cell():
    text = 'a,b\r\n"x, y","two\nlines"\r\n'
    assert columns_of_csv(text) == {"a": ["x, y"], "b": ["two\nlines"]}


@pytest.mark.parametrize("text", ["", "a,b\n1\n"])
def test_a_ragged_or_empty_table_is_refused(text):
    with pytest.raises(ValueError, match=r"empty|shorter|longer"):
        columns_of_csv(text)


def test_geojson_splits_into_properties_and_geometry():
    text = '{"features":[{"properties":{"k":"1"},"geometry":{"type":"Point","coordinates":[1,2]}}]}'
    assert columns_of_geojson(text, ["k"]) == {
        "k": ["1"],
        "geometry": ['{"type":"Point","coordinates":[1,2]}'],
    }
