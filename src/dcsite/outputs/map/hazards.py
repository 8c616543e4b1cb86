"""What could strike, on the map: intensities, probabilities, zones by municipality, volcanoes.

Candidates are painted by what is known of their municipality, so that no second set of polygons
is carried by the page; a user's own points and grid squares take the value of theirs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .palette import HAZARD_ABSENT, INTENSITIES, PROBABILITY_RAMP, SHARE_RAMP
from .parts import DataLayer, Field, LayerEntry, Swatch, point_rows, rows, text
from .themes import Theme, ThemeGroup, ValueClass

if TYPE_CHECKING:
    import pandas as pd

    from dcsite.atlas import Atlas

__all__ = ["hazard_groups", "volcano_entry"]

#: Key, names, and the categories of the computed earthquakes that belong to each group.
_EARTHQUAKES = (
    ("nankai", "南海トラフ", "Nankai Trough", ("nankai_trough",)),
    ("sagami", "相模トラフ", "Sagami Trough", ("sagami_trough",)),
    ("japan-kuril", "日本海溝・千島海溝", "Japan and Kuril Trench",
     ("japan_trench", "kuril_trench")),
    ("japan-sea", "日本海東縁部", "Eastern margin of the Sea of Japan",
     ("sea_of_japan_eastern_margin",)),
    ("active-faults", "活断層", "Active faults", ("major_active_fault", "other_active_fault")),
)  # fmt: skip

#: Classes of the national seismic hazard maps, in percent.
_PROBABILITY = (
    (0.0, "0.1 %未満", "below 0.1 %"),
    (0.1, "0.1–3 %", ""),
    (3.0, "3–6 %", ""),
    (6.0, "6–26 %", ""),
    (26.0, "26 %以上", "26 % or more"),
)

#: Percent of the people. Shares are rounded to 0.1 %, so anything above 0 is at least that.
_SHARE = (
    (0.0, "0 %", ""),
    (0.05, "5 %未満", "above 0, below 5 %"),
    (5.0, "5–20 %", ""),
    (20.0, "20–50 %", ""),
    (50.0, "50 %以上", "50 % or more"),
)

_VOLCANO = "#7a1420"


def hazard_groups(candidates: pd.DataFrame, atlas: Atlas) -> list[ThemeGroup]:
    """Return what candidates can be painted by, from the tables of hazards.

    Parameters
    ----------
    candidates : pandas.DataFrame
        Sites with `municipality_code`.
    atlas : Atlas
        What is known of the municipalities.
    """
    codes = candidates["municipality_code"].to_numpy(dtype=object)
    return [_intensity(codes, atlas), _probability(codes, atlas), _zones(codes, atlas)]


def _intensity(codes: Any, atlas: Atlas) -> ThemeGroup:
    """Return the largest computed intensity at each office over the cases of each group."""
    category = atlas.table("scenario_earthquakes")["category"]
    felt = atlas.table("scenario_intensity_by_municipality")["intensity_office"].astype(float)
    case, municipality = (felt.index.get_level_values(level) for level in (0, 1))
    largest = felt.groupby([category.reindex(case).to_numpy(), municipality.to_numpy()]).max()
    table = largest.unstack(0)  # noqa: PD010
    themes = tuple(
        Theme(
            f"intensity-{key}",
            ja,
            en,
            table.reindex(columns=list(members))
            .max(axis=1)
            .reindex(codes)
            .to_numpy(dtype=float)
            .tolist(),
        )
        for key, ja, en, members in _EARTHQUAKES
    )
    return ThemeGroup(
        "想定地震の最大震度（市区町村の役所）",
        "Largest computed intensity at the municipal office",
        themes,
        _intensity_classes(),
        "",
        ValueClass(0.0, "5強に達する計算なし", "no case reaches 5-upper", HAZARD_ABSENT),
        "出典 Source: 本ツールの計算（公式の値ではない）。 Computed by this project, not official. "
        "Si & Midorikawa (1999)；J-SHIS / NIED 2017年版の断層・表層地盤V3。 Rupture cases of 2017.",
        "群ごとに全ケースの最大値。一つの地震の分布ではない。",
        "The largest over all cases of a group, not the field of one earthquake.",
    )


def _probability(codes: Any, atlas: Atlas) -> ThemeGroup:
    values = atlas.table("seismic_hazard_by_municipality")["p30_i6lower_pct"].reindex(codes)
    theme = Theme(
        "probability-6lower", "30年以内に震度6弱以上", "6-lower or more within 30 years",
        values.to_numpy(dtype=float).tolist(),
    )  # fmt: skip
    return ThemeGroup(
        "地震動の超過確率",
        "Probability of strong shaking",
        (theme,),
        _classes(_PROBABILITY, PROBABILITY_RAMP),
        "%",
        _unknown(),
        "出典 Source: J-SHIS / 防災科学技術研究所 NIED、2024年版 edition 2024；"
        "2024-01-01から30年間 30 years from 2024-01-01.",
        "人口で重み付けした中心での値。",
        "At the population-weighted centre.",
    )


def _zones(codes: Any, atlas: Atlas) -> ThemeGroup:
    zones = atlas.table("flood_tsunami_landslide_by_municipality").reindex(codes)
    themes = tuple(
        Theme(key, ja, en, zones[column].to_numpy(dtype=float).tolist())
        for key, ja, en, column in (
            ("zone-tsunami", "津波浸水想定区域の人口", "People in tsunami zones",
             "pop_share_tsunami_any_pct"),
            ("zone-flood", "洪水浸水深3 m以上の人口", "People in flood zones of 3 m or more",
             "pop_share_flood_ge_3m_pct"),
        )
    )  # fmt: skip
    return ThemeGroup(
        "浸水想定区域に住む人の割合",
        "Share of people in zones of inundation",
        themes,
        _classes(_SHARE, SHARE_RAMP),
        "%",
        _unknown(),
        "出典 Source: ハザードマップポータルサイト（国土交通省・国土地理院）Hazard Map "
        "Portal Site, 2026-09閲覧 as read 2026-09；人口 population 2020.",
        "0 %は区域図が未公表の場合を含む。人の割合で、土地の割合ではない。",
        "0 % can also mean that no map is published. Shares of people, not of land.",
    )


def _intensity_classes() -> tuple[ValueClass, ...]:
    """Return the classes in which the map shows every intensity, the weakest first."""
    classes = []
    for item in reversed(INTENSITIES):
        bound = f"（{item.least:g}–）" if math.isfinite(item.least) else ""
        least = max(item.least, 0.0)
        classes.append(ValueClass(least, f"{item.ja}{bound}", item.en, item.colour))
    return tuple(classes)


def _classes(
    bounds: tuple[tuple[float, str, str], ...], ramp: tuple[str, ...]
) -> tuple[ValueClass, ...]:
    return tuple(
        ValueClass(least, ja, en, colour)
        for (least, ja, en), colour in zip(bounds, ramp, strict=True)
    )


def _unknown() -> ValueClass:
    return ValueClass(0.0, "値なし", "no value", HAZARD_ABSENT)


def volcano_entry(atlas: Atlas) -> LayerEntry:
    """Return the volcanoes of the last ten thousand years, those under constant watch marked."""
    volcanoes = atlas.table("volcanoes")
    watched = {1: "はい yes", 0: "いいえ no"}
    # The watched ones are drawn last, above the others.
    records = [
        (
            row.lat_deg,
            row.lon_deg,
            0 if row.jma_watched == 1 else 1,
            [text(row.jma_name_ja), row.name_en, row.elevation_m, watched[int(row.jma_watched)]],
        )
        for row in rows(volcanoes.sort_values("jma_watched", kind="stable"))
    ]
    layer = DataLayer(
        "points",
        {
            "order": 5,
            "kind": "火山 Volcano",
            "source": "出典 Source: USGS OFR 2009-1133（2009）、気象庁 JMA"
            "（常時観測50火山 50 watched）。カルデラで代表する火山は位置が最大15 kmずれる。 "
            "Off by up to 15 km where a caldera stands for a volcano.",
            "fields": [
                Field("標高", "Elevation", "m").as_row(),
                Field("気象庁の常時観測", "Watched constantly by JMA").as_row(),
            ],
            "styles": [
                {
                    "radius": 5.5,
                    "color": "#ffffff",
                    "weight": 1.2,
                    "fillColor": _VOLCANO,
                    "fillOpacity": 1,
                },
                {
                    "radius": 3.5,
                    "color": _VOLCANO,
                    "weight": 1.6,
                    "fillColor": "#ffffff",
                    "fillOpacity": 1,
                },
            ],
            "rows": point_rows(records),
        },
    )
    return LayerEntry(
        "volcanoes",
        "hazards",
        f"火山（過去1万年、{len(volcanoes)}）",
        "Volcanoes of the last ten thousand years",
        layer,
        legend=[
            Swatch("dot", _VOLCANO, "気象庁が常時観測", "watched by JMA", 11),
            Swatch("ring", _VOLCANO, "その他", "others", 7),
        ],
        note_ja="出典：USGS（2009年の表）、気象庁。日本語名は常時観測の50火山のみ。",
        note_en="Source: USGS (table of 2009), JMA. Japanese names of the 50 watched ones alone.",
    )
