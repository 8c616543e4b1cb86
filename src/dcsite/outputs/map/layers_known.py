"""What the tables know: the ground, grid, landings, data centres, policy places, volcanoes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import folium
import numpy as np
import pandas as pd
from shapely import MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from .encode import encode_path, encode_polygons
from .layer import DataLayer, Field, Layer, Swatch, dot, drawing, rows, text
from .style import VOLTAGES, voltage_class

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

BORDER = "#b9c3ca"
LAND = "#fbfaf6"
_GSI_TILES = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png"
_GSI_CREDIT = (
    '<a href="https://maps.gsi.go.jp/development/ichiran.html" target="_blank" '
    'rel="noopener noreferrer">国土地理院 GSI</a>'
)
_FREQUENCY = {50: ("#7aa6c2", "50 Hz"), 60: ("#d9a066", "60 Hz")}
_LANDING, _CENTRE, _PLANNED = "#00798c", "#4b5763", "#e69f00"
_STUDY, _VOLCANO = "#cc79a7", "#7a1420"
_OSM = "出典 Source: © OpenStreetMap contributors (ODbL)"
_STRATEGY = (
    "出典 Source: 経済産業省「半導体・デジタル産業戦略」（2023年6月改定） "
    "METI, Semiconductor and Digital Industry Strategy, June 2023"
)
#: Proposed, retired and cancelled cables are left out.
_COMING = ("under_construction", "planned")
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
_OFFICE = "市区町村の役所 municipal office"
_PREFECTURE = "県庁（市町村ではなく県が対象） prefectural office (the place is a prefecture)"


def prefecture_ground(atlas: Atlas) -> DataLayer:
    """Return the prefectures as the map's ground, each with its name."""
    polygons = atlas.polygons("prefecture_polygons")
    encoded = encode_polygons(polygons.geometry)
    names = [
        [ja, en, round(point.y, 3), round(point.x, 3)]
        for ja, en, point in zip(
            polygons["pref_name_ja"], polygons["pref_name_en"],
            polygons.geometry.map(_name_place), strict=True,
        )
    ]  # fmt: skip
    style = {"fillColor": LAND, "fillOpacity": 1, "color": BORDER, "weight": 0.7,
             "lineJoin": "round"}  # fmt: skip
    return DataLayer(
        "areas",
        {
            "order": 0,
            "interactive": False,
            "named": True,
            "styles": [style],
            "fields": [],
            "rows": [[0, name, polygon] for name, polygon in zip(names, encoded, strict=True)],
        },
        show=True,
    )


def _name_place(geometry: BaseGeometry) -> Point:
    """Return a point inside a place's largest part, where its name is written."""
    parts = geometry.geoms if isinstance(geometry, MultiPolygon) else [geometry]
    return max(parts, key=lambda part: part.area).representative_point()


def tile_layer() -> Layer:
    """Return the pale tiles of the GSI; off at first, as they come from the network."""
    layer = folium.TileLayer(
        tiles=_GSI_TILES, attr=_GSI_CREDIT, name="gsi-pale", overlay=True, control=False,
        show=False, min_zoom=5, max_zoom=18, max_native_zoom=18,
    )  # fmt: skip
    return Layer(
        "tiles", "ground", "地理院タイル（淡色地図）", "GSI pale map tiles", layer,
        note_ja="表示にはネットワーク接続が必要です。",
        note_en="Loaded from the network when switched on.",
    )  # fmt: skip


def area_layer(atlas: Atlas) -> Layer:
    """Return the ten electricity areas, tinted by frequency."""
    areas = atlas.table("electricity_areas")
    polygons = atlas.polygons("electricity_area_polygons")
    kinds = sorted({int(hertz) for hertz in areas["nominal_frequency_hz"]})
    drawn = []
    for code, outline in zip(polygons.index, encode_polygons(polygons.geometry), strict=True):
        area = areas.loc[code]
        hertz = int(area["nominal_frequency_hz"])
        record = [area["name_ja"], area["name_en"], area["operator_en"], f"{hertz} Hz"]
        drawn.append([kinds.index(hertz), record, outline])
    layer = drawing(
        "areas",
        drawn,
        order=1,
        kind="電力エリア Electricity area",
        fields=[Field("一般送配電事業者", "Network operator"), Field("周波数", "Frequency")],
        styles=[
            {"fillColor": _FREQUENCY[hertz][0], "fillOpacity": 0.28, "color": "#4d6475",
             "weight": 1.3}
            for hertz in kinds
        ],
    )  # fmt: skip
    legend = [Swatch("area", f"{_FREQUENCY[hertz][0]}80", _FREQUENCY[hertz][1]) for hertz in kinds]
    return Layer("areas", "power", "電力エリア", "Electricity areas", layer, legend=legend)


def substation_layer(atlas: Atlas) -> Layer:
    """Return the utility substations by voltage class."""
    areas = atlas.table("electricity_areas")
    names = areas["name_ja"] + " " + areas["name_en"]
    records = []
    for one in rows(atlas.substations().sort_values("voltage_kv", kind="stable")):
        ja, en = text(one.name_ja), text(one.name_en)
        record = [
            ja or ("" if en else "変電所（名称なし）"),
            en or ("" if ja else "Substation without a name"),
            one.voltage_kv, text(one.operator_ja), names.get(one.area, one.area), one.Index,
        ]  # fmt: skip
        records.append((one.lat_deg, one.lon_deg, voltage_class(one.voltage_kv), record))
    layer = drawing(
        "points",
        records,
        order=4,
        scaled=True,
        kind="変電所 Substation",
        source=_OSM,
        fields=[
            Field("電圧", "Voltage", "kV"),
            Field("事業者", "Operator"),
            Field("電力エリア", "Electricity area"),
            Field("識別子", "Id"),
        ],
        styles=[
            {**dot(group.colour, group.radius_px, 0.6), "fillOpacity": 0.95} for group in VOLTAGES
        ],
    )
    legend = [Swatch("dot", one.colour, one.label, "", 2 * one.radius_px) for one in VOLTAGES]
    return Layer(
        "substations", "power", "変電所（電圧別）", "Substations by voltage", layer, legend=legend,
        note_ja="60〜77 kVの登録状況は地域差が大きい。",
        note_en="Mapping of 60 to 77 kV is uneven between regions.",
    )  # fmt: skip


def line_layer(atlas: Atlas) -> Layer:
    """Return the transmission lines by voltage; segments of one name are drawn as one line."""
    lines = atlas.transmission_lines()
    drawn = pd.DataFrame(
        {
            "class": lines["voltage_kv"].map(voltage_class),
            "voltage_kv": lines["voltage_kv"],
            "name": lines["name_ja"].fillna(""),
            "path": [encode_path(np.asarray(line.coords)) for line in lines.geometry],
        }
    )
    merged: list[list[Any]] = []
    # Low voltages first, so that the strong lines lie above.
    for key, part in drawn.groupby(["voltage_kv", "class", "name"], sort=True):
        voltage_kv, style, name = cast("tuple[float, int, str]", key)
        record = [name or "送電線（名称なし）", "" if name else "Line without a name", voltage_kv]
        merged.append([int(style), record, part["path"].tolist()])
    layer = drawing(
        "lines",
        merged,
        order=3,
        scaled=True,
        kind="送電線 Transmission line",
        source=_OSM,
        fields=[Field("電圧", "Voltage", "kV")],
        styles=[
            {"color": one.colour, "weight": one.weight_px, "opacity": 0.85} for one in VOLTAGES
        ],
    )
    used = [VOLTAGES[n] for n in sorted(drawn["class"].unique())]
    legend = [Swatch("line", one.colour, one.label, "", one.weight_px) for one in used]
    return Layer(
        "lines", "power", "送電線（電圧別）", "Transmission lines by voltage", layer, legend=legend
    )


def _cables_by_landing(atlas: Atlas) -> pd.Series[str]:
    """List cables with their year, by landing, kind and whether they are in service."""
    cables = atlas.table("submarine_cables")
    kept = cables["status"].isin(["in_service", *_COMING]) & cables["japan_landings"].notna()
    cables = cables[kept]
    year = cables["rfs_year"].map(lambda value: "" if pd.isna(value) else f" ({int(value)})")
    listed = pd.DataFrame(
        {
            "landing_id": cables["japan_landings"].str.split(";"),
            "kind": cables["kind"],
            "in_service": cables["status"] == "in_service",
            "text": cables["name"] + year,
        }
    ).explode("landing_id")
    return listed.groupby(["landing_id", "kind", "in_service"])["text"].agg(", ".join)


def landing_layer(atlas: Atlas) -> Layer:
    """Return the landing stations with the cables that land there; routes are not known."""
    listed = _cables_by_landing(atlas).to_dict()
    clusters = atlas.table("landing_clusters")
    cluster_names = clusters["name_ja"] + " " + clusters["name_en"]
    records = []
    for one in rows(atlas.table("cable_landing_stations")):
        cables = [
            listed.get((one.Index, kind, in_service), "")
            for kind in ("international", "domestic")
            for in_service in (True, False)
        ]
        cluster = cluster_names.get(one.Index, "")
        record = [one.name_ja, one.name_en, *cables, cluster, one.uncertainty_km]
        records.append((one.lat_deg, one.lon_deg, 0 if cables[0] or cables[1] else 1, record))
    layer = drawing(
        "points",
        records,
        order=6,
        kind="海底ケーブル陸揚局 Cable landing station",
        source="出典 Source: cable_landing_stations, submarine_cables。"
        "海底の経路は不明のため描いていません。 Routes at sea are not known and not drawn.",
        fields=[
            Field("国際（運用中）", "International, in service"),
            Field("国際（建設・計画中）", "International, coming"),
            Field("国内（運用中）", "Domestic, in service"),
            Field("国内（建設・計画中）", "Domestic, coming"),
            Field("集中地域", "Crowded cluster"),
            Field("位置の不確かさ", "Uncertainty of position", "km"),
        ],
        styles=[dot(_LANDING, 6, 1.5), dot(_LANDING, 5, 2, hollow=True)],
    )
    return Layer(
        "landings", "network", "陸揚局と海底ケーブル", "Landing stations and submarine cables",
        layer,
        legend=[
            Swatch("dot", _LANDING, "国際ケーブルあり", "International cables", 11),
            Swatch("ring", _LANDING, "国内のみ・なし", "Domestic only, or none", 9),
        ],
        note_ja="海底の経路は公開データになく、描いていません。",
        note_en="Routes at sea are not known and not drawn; a station lists its cables.",
    )  # fmt: skip


def data_centre_layer(atlas: Atlas) -> Layer:
    """Return known data centres; cancelled plans and rows without a position are left out."""
    table = atlas.table("data_centres_existing")
    table = table[table["status_at_source_date"].isin(list(_STATUS)) & table["lat_deg"].notna()]
    records = []
    for one in rows(table):
        basis = f" ({one.capacity_basis})" if text(one.capacity_basis) else ""
        record = [
            "", one.name, text(one.operator), _STATUS[one.status_at_source_date],
            "" if pd.isna(one.capacity_mw) else f"{one.capacity_mw:,g} MW{basis}",
            "" if pd.isna(one.year) else str(int(one.year)),
            _PRECISION.get(text(one.precision), text(one.precision)),
            text(one.source_date), text(one.source_url),
        ]  # fmt: skip
        style = 0 if one.status_at_source_date.startswith("in_service") else 1
        records.append((one.lat_deg, one.lon_deg, style, record))
    layer = drawing(
        "points",
        records,
        order=5,
        kind="データセンター Data centre",
        fields=[
            Field("事業者", "Operator"),
            Field("状況（出典時点）", "Status when read"),
            Field("容量（基準は事業者ごとに異なる）", "Capacity, bases differ"),
            Field("開設・予定年", "Year of opening"),
            Field("位置の精度", "Precision of position"),
            Field("出典の日付", "Date of source"),
            Field("出典", "Source"),
        ],
        styles=[dot(_CENTRE, 4.5), dot(_CENTRE, 4, 2, hollow=True)],
    )
    return Layer(
        "data-centres", "places", "既存・建設中のデータセンター", "Known data centres", layer,
        legend=[
            Swatch("dot", _CENTRE, "運用中", "In service", 9),
            Swatch("ring", _CENTRE, "建設中・計画中", "Coming", 8),
        ],
        note_ja="公開情報のみ、網羅的ではない。",
        note_en="Only what public pages state; not a census.",
    )  # fmt: skip


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


def planned_layer(atlas: Atlas) -> Layer:
    """Return the strategy's list of new data-centre plans, at the municipal offices."""
    offices = _offices(atlas)
    plans = atlas.table("planned_sites")
    records = [
        (*offices.loc[one.municipality_code], 0,
         [one.name_ja, one.name_en, text(one.operator_ja), text(one.note), _OFFICE, one.lines])
        for one in rows(plans)
    ]  # fmt: skip
    layer = drawing(
        "points",
        records,
        order=7,
        kind="新設計画（2022年以降） New data-centre plan since 2022",
        source=_STRATEGY,
        fields=[
            Field("事業者", "Operator as named"),
            Field("注記", "Note"),
            Field("表示位置", "Shown at"),
            Field("戦略の行", "Line of the strategy"),
        ],
        styles=[dot(_PLANNED, 6)],
    )
    return Layer(
        "planned", "places", f"戦略が挙げる新設計画（{len(plans)}件）",
        "Planned sites named in the strategy", layer, legend=[Swatch("dot", _PLANNED, size=11)],
        note_ja="市区町村の役所の位置に表示。", note_en="Shown at municipal offices.",
    )  # fmt: skip


def feasibility_layer(atlas: Atlas) -> Layer:
    """Return the ten feasibility-study places; a prefecture stands at its own office."""
    offices = _offices(atlas)
    prefectures = atlas.table("prefectures")[["office_lat_deg", "office_lon_deg"]]
    studies = atlas.table("feasibility_places")
    records = []
    for one in rows(studies):
        whole = one.kind == "prefecture"
        place = prefectures.loc[one.pref_code] if whole else offices.loc[one.municipality_code]
        taken = f"第{one.round}次 round {one.round}, {text(one.published_on)}"
        shown_at = _PREFECTURE if whole else _OFFICE
        records.append((*place, 0, [one.name_ja, one.name_en, taken, shown_at, one.lines]))
    layer = drawing(
        "points",
        records,
        order=8,
        kind="FS調査採択自治体 Feasibility-study place",
        source=_STRATEGY,
        fields=[
            Field("採択", "Adopted"),
            Field("表示位置", "Shown at"),
            Field("戦略の行", "Line of the strategy"),
        ],
        styles=[dot(_STUDY, 6)],
    )
    return Layer(
        "feasibility", "places", f"FS調査採択自治体（{len(studies)}件）",
        "Feasibility-study places", layer, legend=[Swatch("dot", _STUDY, size=11)],
        note_ja="役所の位置に表示。和歌山県は県なので県庁の位置。",
        note_en="Shown at municipal offices; Wakayama is a prefecture, shown at its own.",
    )  # fmt: skip


def volcano_layer(atlas: Atlas) -> Layer:
    """Return the volcanoes of the last ten thousand years, those under constant watch marked."""
    volcanoes = atlas.table("volcanoes")
    watched = {1: "はい yes", 0: "いいえ no"}
    # The watched ones are drawn last, above the others.
    records = [
        (one.lat_deg, one.lon_deg, 0 if one.jma_watched == 1 else 1,
         [text(one.jma_name_ja), one.name_en, one.elevation_m, watched[int(one.jma_watched)]])
        for one in rows(volcanoes.sort_values("jma_watched", kind="stable"))
    ]  # fmt: skip
    layer = drawing(
        "points",
        records,
        order=5,
        kind="火山 Volcano",
        source="出典 Source: USGS OFR 2009-1133（2009）、気象庁 JMA"
        "（常時観測50火山 50 watched）。カルデラで代表する火山は位置が最大15 kmずれる。 "
        "Off by up to 15 km where a caldera stands for a volcano.",
        fields=[
            Field("標高", "Elevation", "m"),
            Field("気象庁の常時観測", "Watched constantly by JMA"),
        ],
        styles=[dot(_VOLCANO, 5.5), dot(_VOLCANO, 3.5, 1.6, hollow=True)],
    )
    return Layer(
        "volcanoes", "hazards", f"火山（過去1万年、{len(volcanoes)}）",
        "Volcanoes of the last ten thousand years", layer,
        legend=[
            Swatch("dot", _VOLCANO, "気象庁が常時観測", "watched by JMA", 11),
            Swatch("ring", _VOLCANO, "その他", "others", 7),
        ],
        note_ja="出典：USGS（2009年の表）、気象庁。日本語名は常時観測の50火山のみ。",
        note_en="Source: USGS (table of 2009), JMA. Japanese names of the 50 watched ones alone.",
    )  # fmt: skip
