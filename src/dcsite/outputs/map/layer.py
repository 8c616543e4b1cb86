"""A layer is data: names, group, style, what its pop-ups say, its legend, and whether it is on.

Drawing is done by the page's own script. Folium's own GeoJSON and marker classes write a statement
per feature; thousands of substations or polygons become a tenth of the size as one JSON array.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import folium
import pandas as pd
from branca.element import MacroElement
from folium.template import Template

from dcsite.outputs.inline import asset
from dcsite.records import drawn_deg

from .encode import number, script_json

#: What each layer is called, how it is drawn and what its pop-ups say.
DECLARED: dict[str, Any] = tomllib.loads(asset("layers.toml").decode("utf-8"))


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
    """A piece of the page with a template of its own, which finds its values as ``this.…``."""

    def __init__(self, name: str, template: str = "", **values: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = name
        if template:
            self._template = Template(template)
        vars(self).update(values)


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


@dataclass(frozen=True)
class Mark:
    """A circle, drawn alike on the map and in the legend: filled with a white edge, or hollow."""

    colour: str
    radius_px: float
    ja: str = ""
    en: str = ""
    weight_px: float = 1.2
    hollow: bool = False
    opacity: float = 1

    @property
    def style(self) -> dict[str, Any]:
        """Leaflet's options."""
        edge, inside = ("#ffffff", self.colour)[:: -1 if self.hollow else 1]
        return {"radius": self.radius_px, "color": edge, "weight": self.weight_px,
                "fillColor": inside, "fillOpacity": self.opacity}  # fmt: skip

    @property
    def swatch(self) -> Swatch:
        """Its line of the legend."""
        shape = "ring" if self.hollow else "dot"
        return Swatch(shape, self.colour, self.ja, self.en, 2 * self.radius_px)


def listed(
    name: str,
    layer: folium.map.Layer,
    *,
    key: str = "",
    shown: bool = False,
    legend: Sequence[Swatch] | None = None,
    **told: Any,
) -> Layer:
    """Return a layer with its line of the list, in the words of :data:`DECLARED`.

    Parameters
    ----------
    name : str
        Of the declaration.
    layer, shown
        As for :class:`Layer`.
    key : str
        Where there are several layers of one declaration.
    legend : sequence of Swatch, optional
        In place of the declared one.
    **told
        What stands for the words in braces.
    """
    own = DECLARED[name]
    ja, en, *notes = (one.format(**told) for one in (*own["title"], *own.get("notes", ())))
    declared = [Swatch(**one) for one in own.get("legend", ())]
    declared += [mark.swatch for mark in _marks(name)]
    return Layer(
        key or name, own["group"], ja, en, layer, shown, declared if legend is None else legend,
        *notes,
    )  # fmt: skip


def drawing(
    name: str,
    rows: Sequence[Any],
    styles: Sequence[Mapping[str, Any]] | None = None,
    *,
    key: str = "",
    legend: Sequence[Swatch] | None = None,
    **told: Any,
) -> Layer:
    """Return a layer whose members open a pop-up: their kind, names, fields and source.

    It is drawn by the declared `maker`, as for :class:`DataLayer`, and lies above those of a
    lower `order`. Where it is `scaled`, members are drawn smaller while the whole country is in
    view; where it is `dated`, a record ends with the year from which it is in force, and a member
    without a record in force in the year chosen on the page is not drawn.

    Parameters
    ----------
    name, key, legend, **told
        As for :func:`listed`.
    rows : sequence
        What is drawn; a record in it is ``[name_ja, name_en, value of each field, ...]``.
    styles : sequence of mapping, optional
        Leaflet's options, by the number of the style, in place of the declared ones.
    """
    own = DECLARED[name]
    fields = own.get("fields") or own["columns"].values()
    data = {
        "order": own["order"],
        "interactive": True,
        "scaled": own.get("scaled", False),
        "dated": own.get("dated", False),
        "kind": own["kind"].format(**told),
        "source": own.get("source", "").format(**told),
        "fields": [Field(*(one.format(**told) for one in names)) for names in fields],
        "styles": styles or own.get("styles") or [mark.style for mark in _marks(name)],
        "rows": rows,
    }
    return listed(name, DataLayer(own["maker"], data), key=key, legend=legend, **told)


def _marks(name: str) -> list[Mark]:
    return [Mark(**one) for one in DECLARED[name].get("marks", ())]


def points(
    name: str, table: pd.DataFrame, marks: Sequence[Mark] | None = None, **told: Any
) -> Layer:
    """Return a table's rows as circles, one for all rows that share a position.

    Parameters
    ----------
    name, **told
        As for :func:`listed`.
    table : pandas.DataFrame
        With `lat_deg`, `lon_deg`, `name_ja`, `name_en`, the declared columns of the pop-up and,
        where marks are several, `mark`: the number of a row's mark. The lowest wins a shared
        position.
    marks : sequence of Mark, optional
        Of the map and the legend, in place of the declared ones.
    """
    cells = [_cells(table[column]) for column in ("name_ja", "name_en", *DECLARED[name]["columns"])]
    numbers = table["mark"] if "mark" in table else [0] * len(table)
    stacks: dict[tuple[float, float], list[Any]] = {}
    for lat_deg, lon_deg, mark, *record in zip(
        table["lat_deg"], table["lon_deg"], numbers, *cells, strict=True
    ):
        stack = stacks.setdefault(drawn_deg(lat_deg, lon_deg), [int(mark)])
        stack[0] = min(stack[0], int(mark))
        stack.append(record)
    drawn = [[*where, *stack] for where, stack in stacks.items()]
    if marks is None:
        return drawing(name, drawn, **told)
    legend = [mark.swatch for mark in marks]
    return drawing(name, drawn, [mark.style for mark in marks], legend=legend, **told)


def _cells(column: pd.Series[Any]) -> list[Any]:
    if pd.api.types.is_float_dtype(column):
        return [number(value) for value in column]
    return ["" if pd.isna(value) else value for value in column.tolist()]


def svg_group(name: str, pane: str, members: Iterable[Any], *, show: bool = True) -> Any:
    """Return a group of members that are drawn as SVG in a pane of their own."""
    group = folium.FeatureGroup(name=name, control=False, show=show)
    for member in members:
        add(group, member)
    add(group, DrawAsSvg(pane))
    return group
