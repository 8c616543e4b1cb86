"""Outlines of Japan as paths of an SVG: a map that needs no script."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapely import MultiPolygon

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from dcsite.atlas import Atlas

#: The map's picture: degrees to pixels, east-west shortened as at this latitude.
_MIDDLE_LAT_DEG = 36.0
_PIXELS_PER_DEGREE = 40.0
_WEST_DEG, _NORTH_DEG = 122.5, 46.0

#: Width and height of the picture, in pixels.
SIZE = (
    round((147.2 - _WEST_DEG) * math.cos(math.radians(_MIDDLE_LAT_DEG)) * _PIXELS_PER_DEGREE),
    round((_NORTH_DEG - 23.8) * _PIXELS_PER_DEGREE),
)
#: About half a pixel; islets of less than a pixel or so are not drawn.
_SIMPLIFY_DEG, _LEAST_PART_DEG2 = 0.012, 0.0008


def place(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Return where a position lies in the picture, in pixels from its upper left."""
    shorter = math.cos(math.radians(_MIDDLE_LAT_DEG))
    return (
        round((lon_deg - _WEST_DEG) * shorter * _PIXELS_PER_DEGREE, 1),
        round((_NORTH_DEG - lat_deg) * _PIXELS_PER_DEGREE, 1),
    )


def land(atlas: Atlas) -> list[dict[str, Any]]:
    """Return each prefecture's names (`ja`, `en`) and outline (`path`)."""
    polygons = atlas.polygons("prefecture_polygons")
    return [
        {"ja": ja, "en": en, "path": outline(geometry)}
        for ja, en, geometry in zip(
            polygons["pref_name_ja"], polygons["pref_name_en"], polygons.geometry, strict=True
        )
    ]


def outline(geometry: BaseGeometry) -> str:
    """Return the outline of a polygon or several in EPSG:4326, simplified to half a pixel."""
    simple = geometry.simplify(_SIMPLIFY_DEG)
    parts = list(simple.geoms) if isinstance(simple, MultiPolygon) else [simple]
    largest = max(part.area for part in parts)
    pieces: list[str] = []
    for part in parts:
        if part.area < min(_LEAST_PART_DEG2, largest):
            continue
        corners = [place(lon, lat) for lon, lat in part.exterior.coords]
        pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z")
    return "".join(pieces)
