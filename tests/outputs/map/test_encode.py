from __future__ import annotations

import json

import numpy as np
import pytest
from jinja2 import Template
from shapely import MultiPolygon, box
from shapely.geometry import Point

from dcsite.outputs.map.encode import (
    encode_path,
    encode_polygons,
    html_fragment,
    number,
    script_json,
)

HOSTILE = "</script><!--<script>`${alert(1)}` {{ 7 * 7 }} {% raw %} {# x #} \\u003cimg\u2028&'\""


def decode(text: str) -> list[tuple[float, float]]:
    """The published decoder of encoded polylines, at 3 decimals; gives (lat, lon)."""
    values: list[int] = []
    value = shift = 0
    for char in text:
        part = ord(char) - 63
        value |= (part & 31) << shift
        shift += 5
        if part < 32:
            values.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    steps = np.cumsum(np.array(values).reshape(-1, 2), axis=0)
    return [(lat / 1000, lon / 1000) for lat, lon in steps]


def test_one_step_by_hand() -> None:
    # latitude +1 step -> 2 -> "A", longitude -1 step -> 1 -> "@"
    assert encode_path(np.array([[-0.001, 0.001]])) == "A@"


def test_the_published_example() -> None:
    # -179.9832104 at 5 decimals is "`~oia@" in the format's documentation: 17998321 steps.
    text = encode_path(np.array([[0.0, -17998.321]]))
    assert text == "`~oia@?"


def test_paths_come_back_rounded() -> None:
    path = np.array([[141.35439, 43.06209], [141.3, 43.1], [122.9331, 24.4671]])
    assert decode(encode_path(path)) == [(43.062, 141.354), (43.1, 141.3), (24.467, 122.933)]


def test_repeated_points_are_left_out() -> None:
    path = np.array([[1.0, 2.0], [1.0001, 2.0002], [1.1, 2.0]])
    assert decode(encode_path(path)) == [(2.0, 1.0), (2.0, 1.1)]


def test_tiny_parts_are_dropped_but_never_the_largest() -> None:
    large, small, hole = box(0, 0, 1, 1), box(2, 2, 2.01, 2.01), box(0.4, 0.4, 0.6, 0.6)
    both = MultiPolygon([small, large.difference(hole)])
    encoded = encode_polygons([both, small], least_part_deg2=0.001)
    assert [len(polygon) for polygon in encoded] == [1, 1]
    assert [len(part) for part in encoded[0]] == [2]  # outer ring and hole
    with pytest.raises(TypeError, match="got Point"):
        encode_polygons([Point(0, 0)], 0)


def test_json_means_the_same_and_carries_no_code() -> None:
    value = {"a": [HOSTILE, "{{{%", None, 1.5], "{{b}}": {"c": {}}}
    text = script_json(value)
    assert json.loads(text) == value
    assert "<" not in text
    assert "\u2028" not in text
    assert Template(text).render() == text


def test_json_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        script_json([float("nan")])


def test_fragments_escape_for_html_jinja_and_javascript() -> None:
    text = html_fragment("label.html.j2", text=HOSTILE)
    assert not set("<>`${\\'\"") & set(text)
    assert Template(text).render() == text


@pytest.mark.parametrize(
    ("value", "short"), [(1.0, 1), (1.23456, 1.235), (float("inf"), None), (None, None)]
)
def test_numbers_are_short(value: float | None, short: float | None) -> None:
    assert number(value) == short
    assert json.dumps(number(value)) == json.dumps(short)
