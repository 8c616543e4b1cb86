"""Under everything: the prefectures on a calm sea, electricity areas, tiles for those online."""

from __future__ import annotations

from typing import TYPE_CHECKING

import folium
from shapely import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from .encode import encode_polygons
from .parts import DataLayer, Field, LayerEntry, Swatch

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

__all__ = ["BORDER", "area_entry", "prefecture_layer", "tile_entry"]

BORDER = "#b9c3ca"
_LAND = "#fbfaf6"
_GSI_TILES = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png"
_GSI_CREDIT = (
    '<a href="https://maps.gsi.go.jp/development/ichiran.html" target="_blank" '
    'rel="noopener noreferrer">国土地理院 GSI</a>'
)
#: About 1.5 km2: islets below are not seen at any zoom this map is for.
_LEAST_PREFECTURE_PART_DEG2 = 1.5e-4
_FREQUENCY = {50: ("#7aa6c2", "50 Hz"), 60: ("#d9a066", "60 Hz")}


def prefecture_layer(atlas: Atlas) -> DataLayer:
    """Return the prefectures as the map's ground."""
    polygons = atlas.polygons("prefecture_polygons")
    encoded = encode_polygons(polygons.geometry, _LEAST_PREFECTURE_PART_DEG2)
    inside = polygons.geometry.map(_name_place)
    names = [
        [ja, en, round(point.y, 3), round(point.x, 3)]
        for ja, en, point in zip(
            polygons["pref_name_ja"], polygons["pref_name_en"], inside, strict=True
        )
    ]
    return DataLayer(
        "areas",
        {
            "order": 0,
            "interactive": False,
            "named": True,
            "styles": [
                {
                    "fillColor": _LAND,
                    "fillOpacity": 1,
                    "color": BORDER,
                    "weight": 0.7,
                    "lineJoin": "round",
                }
            ],
            "fields": [],
            "rows": [[0, name, polygon] for name, polygon in zip(names, encoded, strict=True)],
        },
        show=True,
    )


def _name_place(geometry: BaseGeometry) -> Point:
    """Return a point inside a place's largest part, where its name is written."""
    parts = geometry.geoms if isinstance(geometry, MultiPolygon) else [geometry]
    return max(parts, key=lambda part: part.area).representative_point()


def area_entry(atlas: Atlas) -> LayerEntry:
    """Return the ten electricity areas, tinted by frequency."""
    areas = atlas.table("electricity_areas")
    polygons = atlas.polygons("electricity_area_polygons")
    encoded = encode_polygons(polygons.geometry, _LEAST_PREFECTURE_PART_DEG2)
    kinds = sorted({int(hertz) for hertz in areas["nominal_frequency_hz"]})
    styles = [
        {
            "fillColor": _FREQUENCY[hertz][0],
            "fillOpacity": 0.28,
            "color": "#4d6475",
            "weight": 1.3,
        }
        for hertz in kinds
    ]
    rows = []
    for code, polygon in zip(polygons.index, encoded, strict=True):
        area = areas.loc[code]
        hertz = int(area["nominal_frequency_hz"])
        record = [area["name_ja"], area["name_en"], area["operator_en"], f"{hertz} Hz"]
        rows.append([kinds.index(hertz), record, polygon])
    layer = DataLayer(
        "areas",
        {
            "order": 1,
            "interactive": True,
            "kind": "電力エリア Electricity area",
            "styles": styles,
            "fields": [
                Field("一般送配電事業者", "Network operator").as_row(),
                Field("周波数", "Frequency").as_row(),
            ],
            "rows": rows,
        },
    )
    legend = [
        Swatch("area", f"{_FREQUENCY[hertz][0]}80", _FREQUENCY[hertz][1], "") for hertz in kinds
    ]
    return LayerEntry("areas", "power", "電力エリア", "Electricity areas", layer, legend=legend)


def tile_entry() -> LayerEntry:
    """Return the pale tiles of the GSI; off at first, as they come from the network."""
    layer = folium.TileLayer(
        tiles=_GSI_TILES, attr=_GSI_CREDIT, name="gsi-pale", overlay=True, control=False,
        show=False, min_zoom=5, max_zoom=18, max_native_zoom=18,
    )  # fmt: skip
    return LayerEntry(
        "tiles",
        "ground",
        "地理院タイル（淡色地図）",
        "GSI pale map tiles",
        layer,
        note_ja="表示にはネットワーク接続が必要です。",
        note_en="Loaded from the network when switched on.",
    )
