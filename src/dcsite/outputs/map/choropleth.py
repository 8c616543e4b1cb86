"""The candidates, painted one way at a time: by a criterion's score, or by what could strike.

One set of shapes is painted anew for each, so that no second set of polygons is carried by the
page. Criteria are found by the columns ``score_<criterion>``, so a new one appears by itself; every
numeric measured column appears in the pop-up, named where it is known here and by its own name
and unit where it is not. Hazards are those of a candidate's municipality: a user's own points and
grid squares take the value of theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from dcsite.contract import criteria
from dcsite.network import network_of, on_land
from dcsite.records import drawn_deg
from dcsite.scenario import NetworkParameters

from .encode import encode_polygons, number
from .layer import DataLayer, Field, text
from .style import (
    HATCH,
    HAZARD_ABSENT,
    HECTARES,
    INTENSITIES,
    PROBABILITIES,
    ROUND_TRIPS,
    SCORE_RAMP,
    SHARES,
    ValueClass,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.contract import Quantity
    from dcsite.plan import Plan

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
    "gentle_land_ha": Field(
        "10km以内の緩傾斜地（1kmメッシュで3度未満）",
        "Gentle land within 10 km (below 3 degrees at 1 km)",
        "ha",
    ),
    "connected_land_ha": Field(
        "うち自市区町村内で連続する最大の緩傾斜地",
        "Its largest connected piece in the municipality",
        "ha",
    ),
    "available_land_ha": Field(
        "拠点に充てうる用地（仮定）", "Land a hub could have (assumed)", "ha"
    ),
    "elevation_m": Field("標高", "Elevation", "m"),
    "max_it_load_mw": Field("最大IT容量", "Largest IT load", "MW"),
    "hectares": Field("面積", "Hectares", "ha"),
    "uncertainty_km": Field("位置の不確かさ（半径）", "Uncertainty of place, radius", "km"),
}
_UNIT_ENDING = re.compile(r"_(km2|km|mw|gwh|kv|ha|ms|m|share|deg)$")
#: Columns whose second decimal is finer than anything a pop-up is read for.
_COARSE = ("_km", "_km2", "_m", "_mw", "_gwh", "_ha", "kv")
_UNITS = {"mw": "MW", "gwh": "GWh", "kv": "kV"}


class ScoredCriterion(NamedTuple):
    """A criterion that the candidates carry a score of."""

    name: str
    ja: str
    en: str


def scored_criteria(candidates: gpd.GeoDataFrame) -> list[ScoredCriterion]:
    """Return the criteria that have a score column, in the columns' order."""
    titles = {item.name: (item.title_ja, item.title_en) for item in criteria()}
    columns = [str(column) for column in candidates.columns]
    names = [name.removeprefix(_PREFIX) for name in columns if name.startswith(_PREFIX)]
    return [
        ScoredCriterion(name, *titles.get(name, (name, name.replace("_", " ").capitalize())))
        for name in names
    ]


def _field(column: str, known: Mapping[str, Quantity]) -> Field:
    """Name a measured column for a pop-up."""
    if column in _LABELS:
        return _LABELS[column]
    if column in known:
        own = known[column]
        return Field(own.ja, own.en, own.unit)
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
        next(drawn) if is_municipality else list(drawn_deg(lat, lon))
        for is_municipality, lat, lon in zip(own, latitudes, longitudes, strict=True)
    ]
    scored = scored_criteria(candidates)
    measured = _measured(candidates)
    known = {
        column: quantity
        for criterion in criteria()
        for column, quantity in criterion.columns(candidates).items()
    }
    described = candidates[["name_ja", "name_en", "prefecture_ja", "prefecture_en"]]
    return DataLayer(
        "choropleth",
        {
            "order": 2,
            "ramp": SCORE_RAMP,
            "criteria": [[ja, en] for _, ja, en in scored],
            "sites": [
                [*map(text, row[1:]), str(row[0])] for row in described.itertuples(name=None)
            ],
            "shapes": shapes,
            "scores": [
                [number(value) for value in candidates[f"{_PREFIX}{item.name}"]] for item in scored
            ],
            "groups": [group.as_data() for group in groups],
            "fields": [_field(column, known) for column in measured],
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


class Theme(NamedTuple):
    """One value for each candidate, in the candidates' order; NaN where there is none."""

    key: str
    ja: str
    en: str
    values: Sequence[float] = ()


@dataclass(frozen=True)
class ThemeGroup:
    """Themes that share classes and a source.

    Parameters
    ----------
    ja, en : str
        What the themes show.
    themes : tuple of Theme
        At least one.
    classes : tuple of ValueClass
        In ascending order; every value belongs to one.
    unit : str
        Unit of the values.
    absent : ValueClass
        What a missing value means and how it is painted; its `least` is of no use.
    source : str
        Source and date, in Japanese and English.
    note_ja, note_en : str
        What a reader must know, beneath the legend.
    """

    ja: str
    en: str
    themes: tuple[Theme, ...]
    classes: tuple[ValueClass, ...]
    unit: str
    absent: ValueClass
    source: str
    note_ja: str = ""
    note_en: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the group as the page's script reads it."""
        return {
            "ja": self.ja,
            "en": self.en,
            "unit": self.unit,
            "source": self.source,
            "classes": [[item.least, item.colour, item.ja, item.en] for item in self.classes],
            "absent": [self.absent.colour, self.absent.ja, self.absent.en],
            "themes": [
                [ja, en, [number(value, 2) for value in values]]
                for _, ja, en, values in self.themes
            ],
        }


#: Categories of the computed earthquakes that belong to each theme.
_EARTHQUAKES = {
    "intensity-nankai": ["nankai_trough"],
    "intensity-sagami": ["sagami_trough"],
    "intensity-japan-kuril": ["japan_trench", "kuril_trench"],
    "intensity-japan-sea": ["sea_of_japan_eastern_margin"],
    "intensity-active-faults": ["major_active_fault", "other_active_fault"],
}
#: Table and column of the other themes.
_COLUMNS = {
    "probability-6lower": ("seismic_hazard_by_municipality", "p30_i6lower_pct"),
    "zone-tsunami": ("flood_tsunami_landslide_by_municipality", "pop_share_tsunami_any_pct"),
    "zone-flood": ("flood_tsunami_landslide_by_municipality", "pop_share_flood_ge_3m_pct"),
}
_UNKNOWN = ValueClass(0.0, "不明", "not known", HATCH)

#: What candidates can be painted by, before they have values.
_HAZARDS = (
    ThemeGroup(
        "想定地震の最大震度（市区町村の役所）",
        "Largest computed intensity at the municipal office",
        (
            Theme("intensity-nankai", "南海トラフ", "Nankai Trough"),
            Theme("intensity-sagami", "相模トラフ", "Sagami Trough"),
            Theme("intensity-japan-kuril", "日本海溝・千島海溝", "Japan and Kuril Trench"),
            Theme("intensity-japan-sea", "日本海東縁部", "Eastern margin of the Sea of Japan"),
            Theme("intensity-active-faults", "活断層", "Active faults"),
        ),
        # The weakest first, each with its lower bound.
        tuple(
            item._replace(ja=f"{item.ja}（{item.least:g}–）") if item.least else item
            for item in reversed(INTENSITIES)
        ),
        "",
        ValueClass(0.0, "5強に達する計算なし", "no case reaches 5-upper", HAZARD_ABSENT),
        "出典 Source: 本ツールの計算（公式の値ではない）。 Computed by this project, not official. "
        "Si & Midorikawa (1999)；J-SHIS / NIED 2017年版の断層・表層地盤V3。 Rupture cases of 2017.",
        "群ごとに全ケースの最大値。一つの地震の分布ではない。",
        "The largest over all cases of a group, not the field of one earthquake.",
    ),
    ThemeGroup(
        "地震動の超過確率",
        "Probability of strong shaking",
        (Theme("probability-6lower", "30年以内に震度6弱以上", "6-lower or more within 30 years"),),
        PROBABILITIES,
        "%",
        _UNKNOWN,
        "出典 Source: J-SHIS / 防災科学技術研究所 NIED、2024年版 edition 2024；"
        "2024-01-01から30年間 30 years from 2024-01-01.",
        "人口で重み付けした中心での値。",
        "At the population-weighted centre.",
    ),
    ThemeGroup(
        "浸水想定区域に住む人の割合",
        "Share of people in zones of inundation",
        (
            Theme("zone-tsunami", "津波浸水想定区域の人口", "People in tsunami zones"),
            Theme("zone-flood", "洪水浸水深3 m以上の人口", "People in flood zones of 3 m or more"),
        ),
        SHARES,
        "%",
        _UNKNOWN,
        "出典 Source: ハザードマップポータルサイト（国土交通省・国土地理院）Hazard Map "
        "Portal Site, 2026-09閲覧 as read 2026-09；人口 population 2020.",
        "0 %は区域図が未公表の場合を含む。人の割合で、土地の割合ではない。",
        "0 % can also mean that no map is published. Shares of people, not of land.",
    ),
)
#: Measured columns of the candidates that they can be painted by.
_LAND = ThemeGroup(
    "なだらかな土地",
    "Gentle land",
    (
        Theme("gentle_land_ha", "10km以内", "Within 10 km"),
        Theme("connected_land_ha", "うち連続する最大の一団", "Its largest connected piece"),
    ),
    HECTARES,
    "ha",
    _UNKNOWN,
    "出典 Source: 標準地域メッシュ（総務省統計局）、国土数値情報（国土交通省）、Copernicus DEM。",
    "1 kmメッシュの傾斜3度未満。敷地の勾配ではない。空き地とは限らない。",
    "Below 3 degrees at 1 km: no gradient of a plot, and not all of it is free.",
)


def theme_groups(candidates: pd.DataFrame, atlas: Atlas) -> list[ThemeGroup]:
    """Return what candidates can be painted by: tables of hazards, land, shares that criteria tell.

    Parameters
    ----------
    candidates : pandas.DataFrame
        Sites with `municipality_code` and measured land.
    atlas : Atlas
        What is known of the municipalities.
    """
    largest = _largest_intensity(atlas)
    columns = {
        key: largest.reindex(columns=members).max(axis=1) for key, members in _EARTHQUAKES.items()
    } | {key: atlas.table(table)[column] for key, (table, column) in _COLUMNS.items()}
    codes = candidates["municipality_code"].to_numpy(dtype=object)
    values = {
        key: column.reindex(codes).to_numpy(dtype=float).tolist() for key, column in columns.items()
    }
    land = candidates.reindex(columns=[theme.key for theme in _LAND.themes]).astype(float)
    values |= {str(key): column.tolist() for key, column in land.items()}
    return [
        replace(
            group, themes=tuple(theme._replace(values=values[theme.key]) for theme in group.themes)
        )
        for group in (*_HAZARDS, _LAND)
    ] + [
        ThemeGroup(
            f"{criterion.title_ja}：割合",
            f"{criterion.title_en}: shares",
            (Theme(one.name, one.ja, one.en, (100.0 * candidates[column]).tolist()),),
            SHARES,
            "%",
            _UNKNOWN,
            f"出典 Source: {one.source}",
        )
        for criterion in criteria()
        for column, one in criterion.columns(candidates).items()
        if one.painted
    ]


def round_trips(candidates: pd.DataFrame, atlas: Atlas, plan: Plan) -> list[ThemeGroup]:
    """Return round trips to the nearest hub as a theme; plans of before the network have none."""
    if "network" not in plan.scenario or not plan.hubs:
        return []
    network = network_of(atlas, NetworkParameters.model_validate(plan.scenario["network"]))
    hubs = pd.DataFrame([{"lat_deg": hub.lat_deg, "lon_deg": hub.lon_deg} for hub in plan.hubs])
    fibre_km = network.fibre_km(candidates, on_land(hubs, atlas)).min(axis=1)
    return [
        ThemeGroup(
            f"通信網の往復遅延（{network.parameters.year}年）",
            f"Round trip over the network ({network.parameters.year})",
            (
                Theme(
                    "round-trip", "最寄りの拠点まで", "To the nearest hub",
                    network.round_trip_ms(fibre_km).tolist(),
                ),
            ),
            ROUND_TRIPS,
            "ms",
            _UNKNOWN,
            "出典 Source: fibre_backbone_links, domestic_cable_segments",
            "参照モデルの経路による計算値で、実測ではない。不明は経路が表にない市区町村"
            "（離島など）で、0ではない。",
            "Reckoned on a reference model, not measured. Not known: no table has a way there "
            "(small islands), which is not zero.",
        )
    ]  # fmt: skip


def _largest_intensity(atlas: Atlas) -> pd.DataFrame:
    """Return the largest computed intensity at each office, one column for each category."""
    category = atlas.table("scenario_earthquakes")["category"]
    felt = atlas.table("scenario_intensity_by_municipality")["intensity_office"].astype(float)
    case, municipality = (felt.index.get_level_values(level) for level in (0, 1))
    largest = felt.groupby([category.reindex(case).to_numpy(), municipality.to_numpy()]).max()
    return largest.unstack(0)  # noqa: PD010
