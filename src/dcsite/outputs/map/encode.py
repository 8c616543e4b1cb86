r"""Put data and text into the page: compactly, and so that no text can become code.

Three readers see what is written here, each with its own way to be tricked:

* **HTML**: ``</script>`` in a string ends the script; ``<`` is written ``\u003c`` in JSON.
* **Jinja**: Folium renders its scripts and pop-ups and then compiles the *result* as a template
  once more, so ``{{ ... }}`` in a site's name would be run by Python; no ``{{``, ``{%`` or ``{#``
  may be left in text.
* **JavaScript template literals**: Folium puts pop-ups between backticks, where ``${...}`` is run
  and ``\u003c`` becomes ``<``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon, get_coordinates, get_parts, get_rings
from shapely.geometry.base import BaseGeometry

from dcsite.contract import load_mw
from dcsite.outputs.inline import TEMPLATES

from .style import (
    LEAST_MW,
    about,
    assumed,
    at_offices,
    decimals,
    most,
    part_colour,
    quantity,
    score,
    steps,
    tier_style,
)

#: Decimals of map coordinates: 0.001 degree is about 100 m, under a pixel at the closest zoom used.
_DECIMALS = 3
_LITERAL_SAFE = str.maketrans({"\\": "&#92;", "`": "&#96;", "$": "&#36;", "{": "&#123;"})
_JINJA_OPEN = re.compile(r"\{(?=[{%#])")


def script_json(value: Any) -> str:
    """Return JSON that is safe inside ``<script>`` and inside a Jinja template.

    A brace that could open a Jinja tag only ever stands within a string (JSON itself has none
    there), where it may be written as an escape.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _JINJA_OPEN.sub(r"\\u007b", text)


def number(value: Any, decimals: int = 3) -> float | int | None:
    """Return a finite number as short JSON, or None."""
    if value is None or not math.isfinite(value):
        return None
    short = round(float(value), decimals)
    return int(short) if short.is_integer() else short


def encode_path(lon_lat: NDArray[np.float64]) -> str:
    """Encode positions as text: rounded, as differences, in the encoded polyline format.

    The published algorithm for encoded polylines, latitude first, at 3 decimals; two to four
    characters a point.
    """
    steps = np.rint(np.asarray(lon_lat, dtype=float)[:, ::-1] * 10**_DECIMALS).astype(np.int64)
    moved = np.ones(len(steps), dtype=bool)
    moved[1:] = np.any(np.diff(steps, axis=0) != 0, axis=1)
    steps = steps[moved]
    delta = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    zigzag = np.where(delta < 0, ~(delta << 1), delta << 1)
    chars: list[str] = []
    for value in zigzag.tolist():
        left = value
        while left >= 0x20:
            chars.append(chr((0x20 | (left & 0x1F)) + 63))
            left >>= 5
        chars.append(chr(left + 63))
    return "".join(chars)


def encode_polygons(
    geometries: Iterable[BaseGeometry], least_part_deg2: float = 1.5e-4
) -> list[list[list[str]]]:
    """Encode polygons as ``[polygon][part][ring]`` texts.

    Vertices are only rounded, never thinned one polygon at a time: neighbours keep sharing their
    border.

    Parameters
    ----------
    geometries : iterable of Polygon or MultiPolygon
        In EPSG:4326.
    least_part_deg2 : float
        Parts (islets) below this are dropped, but never a place's largest part; by default those
        of about 1.5 km2, which are not seen at any zoom the map is for.
    """
    encoded: list[list[list[str]]] = []
    for geometry in geometries:
        if not isinstance(geometry, Polygon | MultiPolygon):
            raise TypeError(f"expected a Polygon or MultiPolygon, got {geometry.geom_type}")
        parts = sorted(get_parts(geometry), key=lambda part: part.area, reverse=True)
        kept = [part for n, part in enumerate(parts) if n == 0 or part.area >= least_part_deg2]
        encoded.append(
            [[encode_path(get_coordinates(ring)) for ring in get_rings(part)] for part in kept]
        )
    return encoded


def web_address(value: str | None) -> str:
    """Return what may stand in a link: an address of the web, or nothing."""
    value = value or ""
    return value if value.startswith(("https://", "http://")) and " " not in value else ""


def html_fragment(template: str, /, **context: Any) -> str:
    """Render one of our templates, every value escaped, safe for all three readers."""
    rendered = TEMPLATES.get_template(template).render(**context)
    return rendered.translate(_LITERAL_SAFE)


TEMPLATES.filters.update(
    load=load_mw,
    about=about,
    quantity=quantity,
    decimals=decimals,
    score=score,
    tier=tier_style,
    assumed=assumed,
    web_address=web_address,
    part_colour=part_colour,
    steps=steps,
    at_offices=at_offices,
    most=most,
)
TEMPLATES.globals["least_mw"] = LEAST_MW
