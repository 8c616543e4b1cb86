"""Candidate sites by score: one set of shapes, painted anew for each criterion.

Criteria are found by the columns ``score_<criterion>``, so a new one appears by itself; every
numeric measured column appears in the pop-up, named where it is known here and by its own name
and unit where it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dcsite.criteria import criteria

from .encode import encode_polygons, number
from .palette import SCORE_RAMP
from .parts import DataLayer, Field, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas

    from .themes import ThemeGroup

__all__ = ["ScoredCriterion", "candidate_layer", "scored_criteria"]

_PREFIX = "score_"
#: About 2.5 km2: islets below this are left out of the shapes, never a whole municipality.
_LEAST_PART_DEG2 = 2.5e-4

#: Columns that say what and where a site is; all others were measured.
_DESCRIBING = frozenset(
    {
        "municipality_code", "name_ja", "name_en", "prefecture_en", "prefecture_ja", "pref_code",
        "area", "lat_deg", "lon_deg", "geometry", "landmass_id", "allowed_tier",
    }
)  # fmt: skip

_LABELS: dict[str, Field] = {
    "habitable_area_km2": Field("可住地面積", "Habitable area", "km2"),
    "gentle_share": Field("緩傾斜地（3度未満）の割合", "Gentle ground, below 3 degrees", "share"),
    "elevation_m": Field("標高", "Elevation", "m"),
    "max_it_load_mw": Field("最大IT容量", "Largest IT load", "MW"),
    "hectares": Field("面積", "Hectares", "ha"),
    "uncertainty_km": Field("位置の不確かさ（半径）", "Uncertainty of place, radius", "km"),
    "nearest_existing_core_km": Field("既存中核まで", "To the nearest existing core", "km"),
    "local_renewable_gwh": Field("周辺の追加再エネ", "Additional supply around", "GWh/年"),
    "local_renewable_ratio": Field("周辺の追加再エネ÷需要", "Additional supply over demand"),
    "area_contractable_gwh": Field("エリアの契約可能量", "Contractable in the area", "GWh/年"),
    "area_decarbonised_share": Field("エリアの脱炭素電源", "Area, decarbonised", "share"),
    "landing_distance_km": Field("国際陸揚局まで", "To an international landing", "km"),
    "landing_crowded": Field(
        "集中地域の陸揚局（1 = はい）", "Landing in a crowded cluster, 1 = yes"
    ),
    "international_directions": Field("到達できる国際方面", "International directions in reach"),
}
_SUBSTATION = re.compile(r"substation_distance_km_([\d.]+)kv")
_UNIT_ENDING = re.compile(r"_(km2|km|mw|gwh|kv|ha|ms|m|share|deg)$")
#: Columns whose second decimal is finer than anything a pop-up is read for.
_COARSE = ("_km", "_km2", "_m", "_mw", "_gwh", "_ha", "kv")
_UNITS = {"mw": "MW", "gwh": "GWh", "kv": "kV"}


@dataclass(frozen=True)
class ScoredCriterion:
    """A criterion that the candidates carry a score of."""

    name: str
    ja: str
    en: str


def scored_criteria(candidates: gpd.GeoDataFrame) -> list[ScoredCriterion]:
    """Return the criteria that have a score column, in the columns' order."""
    titles = {item.name: (item.title_ja, item.title_en) for item in criteria()}
    found: list[ScoredCriterion] = []
    for column in candidates.columns:
        if str(column).startswith(_PREFIX):
            name = str(column).removeprefix(_PREFIX)
            ja, en = titles.get(name, (name, name.replace("_", " ").capitalize()))
            found.append(ScoredCriterion(name, ja, en))
    return found


def _field(column: str) -> Field:
    """Name a measured column for a pop-up."""
    if column in _LABELS:
        return _LABELS[column]
    if match := _SUBSTATION.fullmatch(column):
        volts = match[1]
        return Field(f"{volts} kV以上の変電所まで", f"To a substation, {volts} kV or more", "km")
    ending = _UNIT_ENDING.search(column)
    unit = ending[1] if ending else ""
    words = column.removesuffix(f"_{unit}").replace("_", " ")
    return Field(words, "", _UNITS.get(unit, unit))


def _measured(candidates: gpd.GeoDataFrame) -> list[str]:
    """Return numeric columns that hold at least one value."""
    return [
        column
        for column in map(str, candidates.columns)
        if column not in _DESCRIBING
        and not column.startswith(_PREFIX)
        and pd.api.types.is_numeric_dtype(candidates[column])
        and candidates[column].notna().any()
    ]


def candidate_layer(
    candidates: gpd.GeoDataFrame, atlas: Atlas, groups: Sequence[ThemeGroup]
) -> DataLayer:
    """Return the candidates as one layer that the page paints by any criterion or theme.

    A site whose id is a municipality's code is drawn as that municipality; any other as a circle.
    """
    polygons = atlas.polygons("municipality_polygons").geometry
    own = candidates.index.isin(polygons.index)
    drawn = iter(encode_polygons(polygons.loc[candidates.index[own]], _LEAST_PART_DEG2))
    latitudes, longitudes = candidates["lat_deg"], candidates["lon_deg"]
    shapes: list[Any] = [
        next(drawn) if is_municipality else [round(lat, 5), round(lon, 5)]
        for is_municipality, lat, lon in zip(own, latitudes, longitudes, strict=True)
    ]
    scored = scored_criteria(candidates)
    measured = _measured(candidates)
    described = candidates[["name_ja", "name_en", "prefecture_ja", "prefecture_en"]]
    return DataLayer(
        "choropleth",
        {
            "order": 2,
            "ramp": SCORE_RAMP,
            "criteria": [[item.ja, item.en] for item in scored],
            "sites": [
                [*map(text, row[1:]), str(row[0])] for row in described.itertuples(name=None)
            ],
            "shapes": shapes,
            "scores": [
                [number(value) for value in candidates[f"{_PREFIX}{item.name}"]] for item in scored
            ],
            "groups": [group.as_data() for group in groups],
            "fields": [_field(column).as_row() for column in measured],
            "values": [
                [
                    number(value, 2 if column.endswith(_COARSE) else 4)
                    for value in candidates[column]
                ]
                for column in measured
            ],
            "source": "評点はシナリオの固定基準による。 Scores use the scenario's fixed anchors.",
        },
    )
