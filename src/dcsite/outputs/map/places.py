"""What stands or is planned already: existing cores, data centres, places of the strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .parts import DataLayer, Field, LayerEntry, Swatch, point_rows, rows, text

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

__all__ = ["data_centre_entry", "feasibility_entry", "planned_entry"]

_PLANNED_COLOUR = "#e69f00"
_STUDY_COLOUR = "#cc79a7"
_CENTRE_COLOUR = "#4b5763"

_STATUS = {
    "in_service": "運用中 in service",
    "in_service_phased": "一部運用中 in service, in phases",
    "under_construction": "建設中 under construction",
    "planned": "計画中 planned",
}
_PRECISION = {
    "oaza": "大字の代表点 oaza",
    "district": "地区の代表点 district",
    "municipality": "市区町村の代表点 municipality",
    "metro": "都市圏のみ（所在地は非公開） metropolitan area only; the site is not published",
}
_OFFICE_JA, _OFFICE_EN = "市区町村の役所", "municipal office"
_PREFECTURE_JA = "県庁（市町村ではなく県が対象）"
_PREFECTURE_EN = "prefectural office (the place is a prefecture)"
_STRATEGY = (
    "出典 Source: 経済産業省「半導体・デジタル産業戦略」（2023年6月改定） "
    "METI, Semiconductor and Digital Industry Strategy, June 2023"
)


def _dot(colour: str, radius: float, *, hollow: bool = False) -> dict[str, Any]:
    return {
        "radius": radius,
        "color": colour if hollow else "#ffffff",
        "weight": 2 if hollow else 1.2,
        "fillColor": "#ffffff" if hollow else colour,
        "fillOpacity": 1,
    }


def data_centre_entry(atlas: Atlas) -> LayerEntry:
    """Return known data centres; cancelled plans and rows without a position are left out."""
    table = atlas.table("data_centres_existing")
    table = table[table["status_at_source_date"].isin(list(_STATUS)) & table["lat_deg"].notna()]
    records: list[tuple[float, float, int, list[Any]]] = []
    for row in rows(table):
        basis = f" ({row.capacity_basis})" if text(row.capacity_basis) else ""
        capacity = "" if pd.isna(row.capacity_mw) else f"{row.capacity_mw:,g} MW{basis}"
        records.append(
            (
                row.lat_deg,
                row.lon_deg,
                0 if row.status_at_source_date.startswith("in_service") else 1,
                [
                    "",
                    row.name,
                    text(row.operator),
                    _STATUS[row.status_at_source_date],
                    capacity,
                    "" if pd.isna(row.year) else str(int(row.year)),
                    _PRECISION.get(text(row.precision), text(row.precision)),
                    text(row.source_date),
                    text(row.source_url),
                ],
            )
        )
    layer = DataLayer(
        "points",
        {
            "order": 5,
            "kind": "データセンター Data centre",
            "fields": [
                Field("事業者", "Operator").as_row(),
                Field("状況（出典時点）", "Status when read").as_row(),
                Field("容量（基準は事業者ごとに異なる）", "Capacity, bases differ").as_row(),
                Field("開設・予定年", "Year of opening").as_row(),
                Field("位置の精度", "Precision of position").as_row(),
                Field("出典の日付", "Date of source").as_row(),
                Field("出典", "Source").as_row(),
            ],
            "styles": [_dot(_CENTRE_COLOUR, 4.5), _dot(_CENTRE_COLOUR, 4, hollow=True)],
            "rows": point_rows(records),
        },
    )
    return LayerEntry(
        "data-centres",
        "places",
        "既存・建設中のデータセンター",
        "Known data centres",
        layer,
        legend=[
            Swatch("dot", _CENTRE_COLOUR, "運用中", "In service", 9),
            Swatch("ring", _CENTRE_COLOUR, "建設中・計画中", "Coming", 8),
        ],
        note_ja="公開情報のみ、網羅的ではない。",
        note_en="Only what public pages state; not a census.",
    )


def _offices(atlas: Atlas) -> pd.DataFrame:
    """Return where each municipality's point stands, as sites do: office, or inside point."""
    places = atlas.table("municipalities")
    inside = places["office_in_municipality"] == 1
    return pd.DataFrame(
        {
            "lat_deg": places["office_lat_deg"].where(inside, places["point_lat_deg"]),
            "lon_deg": places["office_lon_deg"].where(inside, places["point_lon_deg"]),
        }
    )


def planned_entry(atlas: Atlas) -> LayerEntry:
    """Return the strategy's list of new data-centre plans, at the municipal offices."""
    offices = _offices(atlas)
    records: list[tuple[float, float, int, list[Any]]] = []
    plans = atlas.table("planned_sites")
    for row in rows(plans):
        office = offices.loc[row.municipality_code]
        point = f"{_OFFICE_JA} {_OFFICE_EN}"
        values = [text(row.operator_ja), text(row.note), point, row.lines]
        records.append(
            (office["lat_deg"], office["lon_deg"], 0, [row.name_ja, row.name_en, *values])
        )
    layer = DataLayer(
        "points",
        {
            "order": 7,
            "kind": "新設計画（2022年以降） New data-centre plan since 2022",
            "source": _STRATEGY,
            "fields": [
                Field("事業者", "Operator as named").as_row(),
                Field("注記", "Note").as_row(),
                Field("表示位置", "Shown at").as_row(),
                Field("戦略の行", "Line of the strategy").as_row(),
            ],
            "styles": [_dot(_PLANNED_COLOUR, 6)],
            "rows": point_rows(records),
        },
    )
    return LayerEntry(
        "planned",
        "places",
        f"戦略が挙げる新設計画（{len(plans)}件）",
        "Planned sites named in the strategy",
        layer,
        legend=[Swatch("dot", _PLANNED_COLOUR, size=11)],
        note_ja="市区町村の役所の位置に表示。",
        note_en="Shown at municipal offices.",
    )


def feasibility_entry(atlas: Atlas) -> LayerEntry:
    """Return the ten feasibility-study places; a prefecture stands at its own office."""
    offices = _offices(atlas)
    prefectures = atlas.table("prefectures")
    records: list[tuple[float, float, int, list[Any]]] = []
    studies = atlas.table("feasibility_places")
    for row in rows(studies):
        if row.kind == "prefecture":
            prefecture = prefectures.loc[row.pref_code]
            lat_deg, lon_deg = prefecture["office_lat_deg"], prefecture["office_lon_deg"]
            point = f"{_PREFECTURE_JA} {_PREFECTURE_EN}"
        else:
            office = offices.loc[row.municipality_code]
            lat_deg, lon_deg = office["lat_deg"], office["lon_deg"]
            point = f"{_OFFICE_JA} {_OFFICE_EN}"
        taken = f"第{row.round}次 round {row.round}, {text(row.published_on)}"
        records.append((lat_deg, lon_deg, 0, [row.name_ja, row.name_en, taken, point, row.lines]))
    layer = DataLayer(
        "points",
        {
            "order": 8,
            "kind": "FS調査採択自治体 Feasibility-study place",
            "source": _STRATEGY,
            "fields": [
                Field("採択", "Adopted").as_row(),
                Field("表示位置", "Shown at").as_row(),
                Field("戦略の行", "Line of the strategy").as_row(),
            ],
            "styles": [_dot(_STUDY_COLOUR, 6)],
            "rows": point_rows(records),
        },
    )
    return LayerEntry(
        "feasibility",
        "places",
        f"FS調査採択自治体（{len(studies)}件）",
        "Feasibility-study places",
        layer,
        legend=[Swatch("dot", _STUDY_COLOUR, size=11)],
        note_ja="役所の位置に表示。和歌山県は県なので県庁の位置。",
        note_en="Shown at municipal offices; Wakayama is a prefecture, shown at its own.",
    )
