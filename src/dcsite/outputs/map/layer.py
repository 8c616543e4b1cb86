"""A layer is data: names, group, style, what its pop-ups say, its legend, and whether it is on.

Drawing is done by the page's own script. Folium's own GeoJSON and marker classes write a statement
per feature; thousands of substations or polygons become a tenth of the size as one JSON array.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import folium
import pandas as pd
from branca.element import MacroElement
from folium.template import Template

from dcsite.records import drawn_deg

from .encode import number, script_json


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


class Field(NamedTuple):
    """One line of a pop-up: what the value is called, and its unit."""

    ja: str
    en: str
    unit: str = ""


@dataclass(frozen=True)
class Layer:
    """One line of the list of layers.

    Parameters
    ----------
    key, group : str
        Its own key, and the group of the list in which it stands.
    ja, en : str
        What it is called.
    layer : folium.map.Layer
        What is drawn.
    shown : bool
        Whether it is on when the page opens.
    legend : sequence of Swatch
        Samples of what is drawn, with their meanings.
    note_ja, note_en : str
        What a reader must know, beneath the legend.
    """

    key: str
    group: str
    ja: str
    en: str
    layer: folium.map.Layer
    shown: bool = False
    legend: Sequence[Swatch] = ()
    note_ja: str = ""
    note_en: str = ""


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


class DataLayer(folium.map.Layer):
    """A layer drawn by the page's own script from compact data.

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


def drawing(
    maker: str,
    rows: Sequence[Any],
    *,
    order: int,
    kind: str,
    fields: Sequence[Field],
    styles: Sequence[Mapping[str, Any]],
    source: str = "",
    scaled: bool = False,
) -> DataLayer:
    """Return members that open a pop-up: their kind, names, `fields` and source.

    Parameters
    ----------
    maker : str
        As for :class:`DataLayer`; ``points`` come as ``(lat_deg, lon_deg, style, record)``.
    rows : sequence
        What is drawn; a record is ``[name_ja, name_en, value of each field, ...]``.
    order : int
        Which of two layers lies above.
    styles : sequence of mapping
        Leaflet's options, by the number of the style.
    scaled : bool
        Whether members are drawn smaller while the whole country is in view.
    """
    data = {"order": order, "interactive": True, "scaled": scaled, "kind": kind, "source": source}
    drawn = _stacked(rows) if maker == "points" else rows
    return DataLayer(maker, {**data, "fields": fields, "styles": styles, "rows": drawn})


def dot(colour: str, radius: float, weight: float = 1.2, *, hollow: bool = False) -> dict[str, Any]:
    """Return the style of a circle: filled with a white edge, or hollow."""
    edge, inside = (colour, "#ffffff") if hollow else ("#ffffff", colour)
    return {"radius": radius, "color": edge, "weight": weight, "fillColor": inside,
            "fillOpacity": 1}  # fmt: skip


@dataclass
class _Stack:
    style: int
    records: list[list[Any]] = field(default_factory=list)


def _stacked(records: Sequence[tuple[float, float, int, list[Any]]]) -> list[list[Any]]:
    """Return points as ``[lat, lon, style, record, ...]``, one for all that share a position.

    Parameters
    ----------
    records : sequence of (lat_deg, lon_deg, style, record)
        A record is ``[title_ja, title_en, value, ...]``; the lowest style number wins a shared
        position.
    """
    stacks: dict[tuple[float, float], _Stack] = {}
    for lat_deg, lon_deg, style, record in records:
        key = drawn_deg(lat_deg, lon_deg)
        stack = stacks.setdefault(key, _Stack(style))
        stack.style = min(stack.style, style)
        stack.records.append([number(c) if isinstance(c, float) else c for c in record])
    return [[lat, lon, stack.style, *stack.records] for (lat, lon), stack in stacks.items()]
