"""The pieces of a page: layers that carry data, their place in the list of layers, legends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from .encode import number, script_json

__all__ = [
    "DataLayer",
    "DrawAsSvg",
    "Field",
    "LayerEntry",
    "Piece",
    "Swatch",
    "add",
    "point_rows",
    "rows",
    "text",
]


@dataclass(frozen=True)
class Swatch:
    """One line of a legend: a drawn sample and its meaning.

    `shape` is ``dot``, ``ring``, ``line``, ``dash`` or ``area``; `size` is a diameter or a width
    in pixels. One without a meaning of its own stands beside the layer's name.
    """

    shape: str
    colour: str
    ja: str = ""
    en: str = ""
    size: float = 10.0


@dataclass(frozen=True)
class LayerEntry:
    """One line of the list of layers."""

    key: str
    group: str
    ja: str
    en: str
    layer: Layer
    shown: bool = False
    legend: Sequence[Swatch] = ()
    note_ja: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Field:
    """One line of a pop-up: what the value is called, and its unit."""

    ja: str
    en: str
    unit: str = ""

    def as_row(self) -> list[str]:
        """Return the field as the page's script reads it."""
        return [self.ja, self.en, self.unit]


class Piece(MacroElement):
    """A piece of the page with a template of its own."""

    def __init__(self, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = name


def add(parent: Any, child: Any) -> None:
    """Put a piece into another; Folium's own method is untyped."""
    parent.add_child(child)


class DrawAsSvg(Piece):
    """Draw a group's members as SVG in a pane of their own, over the canvas all else shares.

    A second canvas would take every click meant for the first; SVG takes only its own.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            (function (renderer) {
                {{ this._parent.get_name() }}.eachLayer(function (member) {
                    member.options.renderer = renderer;
                });
            })(L.svg({pane: {{ this.pane|tojson }}}));
        {% endmacro %}
        """
    )

    def __init__(self, pane: str) -> None:
        super().__init__("DrawAsSvg")
        self.pane = pane


class DataLayer(Layer):
    """A Folium layer drawn by the page's own script from compact data.

    Folium's own GeoJSON and marker classes write a statement per feature; thousands of
    substations or polygons become a tenth of the size as one JSON array.

    Parameters
    ----------
    maker : str
        Function of the page's script that makes the layer: ``points``, ``lines``, ``areas`` or
        ``choropleth``.
    data : mapping
        What it makes it from; text in it is safe, whatever it holds.
    show : bool
        Whether the layer is on when the page opens.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = dcsite.{{ this.maker }}(
                {{ this._parent.get_name() }}, {{ this.data }});
        {% endmacro %}
        """
    )

    def __init__(self, maker: str, data: Mapping[str, Any], *, show: bool = False) -> None:
        super().__init__(name=maker, overlay=True, control=False, show=show)
        self._name = "DataLayer"
        self.maker = maker
        self.data = script_json(data)


def rows(frame: pd.DataFrame) -> Iterable[Any]:
    """Return a table's rows as named tuples; their types are the table's, unknown to Python."""
    return frame.itertuples()


def text(value: Any) -> str:
    """Return a table's cell as text; empty where it is missing."""
    return "" if pd.isna(value) else str(value)


@dataclass
class _Stack:
    style: int
    records: list[list[Any]] = field(default_factory=list)


def point_rows(records: Sequence[tuple[float, float, int, list[Any]]]) -> list[list[Any]]:
    """Return points as ``[lat, lon, style, record, ...]``, one for all that share a position.

    Parameters
    ----------
    records : sequence of (lat_deg, lon_deg, style, record)
        A record is ``[title_ja, title_en, value, ...]``; the lowest style number wins a shared
        position.
    """
    stacks: dict[tuple[float, float], _Stack] = {}
    for lat_deg, lon_deg, style, record in records:
        key = (round(lat_deg, 4), round(lon_deg, 4))
        stack = stacks.setdefault(key, _Stack(style))
        stack.style = min(stack.style, style)
        stack.records.append([number(c) if isinstance(c, float) else c for c in record])
    return [[lat, lon, stack.style, *stack.records] for (lat, lon), stack in stacks.items()]
