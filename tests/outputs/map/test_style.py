from __future__ import annotations

import pytest

from dcsite.outputs.map.style import (
    assumed,
    decimals,
    hub_radius_px,
    quantity,
    score,
    tier_style,
    voltage_class,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.345, "km", "12.3 km"),
        (1234.0, "MW", "1,234 MW"),
        (0.6123, "share", "61.2 %"),
        (0.0004, "share", "<0.1 %"),
        (0.0, "share", "0.0 %"),
        (331.64, "GWh/year", "331.6 GWh/年 GWh/yr"),
        (187.0, "kV", "187 kV"),
        (2.0, "directions", "2 方面 directions"),
        (float("nan"), "km", "–"),
        (None, "km", "–"),
        (0.12344, "", "0.1234"),
    ],
)
def test_quantities(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_a_quantity_in_one_language() -> None:
    assert [quantity(2.0, "regions", one) for one in ("ja", "en")] == ["2 地域", "2 regions"]
    assert [quantity(5.26e10, "JPY", one) for one in ("ja", "en")] == ["526億円", "JPY 52.6 bn"]
    assert quantity(5.26e10, "JPY") == "526億円 (JPY 52.6 bn)"


def test_scores_and_decimals() -> None:
    assert score(0.40248) == "0.402"
    assert score(None) == ""
    assert decimals(float("inf"), 4) == "–"
    assert decimals(0.71234567, 4) == "0.7123"


def test_assumed_values_read_like_a_scenario() -> None:
    assert assumed("gdp") == "gdp"
    assert assumed({"min": 100, "max": 300}) == '{"min": 100, "max": 300}'
    assert assumed(400.0) == "400.0"


def test_circles_grow_with_the_load_in_area() -> None:
    assert hub_radius_px(400.0) == 2 * hub_radius_px(100.0) == 20.0
    assert hub_radius_px(0.0) == 5.0


@pytest.mark.parametrize(
    ("voltage_kv", "place"), [(500, 0), (275, 1), (250, 1), (220, 2), (187, 2), (154, 3), (66, 4)]
)
def test_voltage_classes(voltage_kv: float, place: int) -> None:
    assert voltage_class(voltage_kv) == place


def test_an_unknown_tier_keeps_its_name() -> None:
    assert tier_style("edge").ja == "edge"
