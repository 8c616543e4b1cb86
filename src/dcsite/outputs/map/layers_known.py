"""What the tables know: the ground, grid, data centres, policy places, volcanoes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import folium
import numpy as np
import pandas as pd
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from dcsite.geo.geodesy import geodesic_destination

from .encode import encode_path, encode_polygons
from .layer import DataLayer, Field, Layer, Mark, Swatch, drawing, points, rows, text
from .style import VOLTAGES, voltage_class

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.types import Plan

BORDER = "#b9c3ca"
LAND = "#fbfaf6"
_GSI_TILES = "https://cyberjapandata.gsi.go.jp/xyz/pale/{z}/{x}/{y}.png"
_GSI_CREDIT = (
    '<a href="https://maps.gsi.go.jp/development/ichiran.html" target="_blank" '
    'rel="noopener noreferrer">国土地理院 GSI</a>'
)
_FREQUENCY = {50: ("#7aa6c2", "50 Hz"), 60: ("#d9a066", "60 Hz")}
_CENTRE, _PLANNED = "#4b5763", "#e69f00"
_LEFT_OUT = "#b4bac0"
_STUDY, _VOLCANO, _CORE_REGION = "#cc79a7", "#7a1420", "#0072b2"
#: What a nuclear station does: colour and names.
_NUCLEAR = {
    "operating": ("#d55e00", "運転中", "operating"),
    "licensed": ("#e69f00", "停止中", "not operating"),
    "decommissioning": ("#6b7a86", "廃止措置中", "being decommissioned"),
    "construction": ("#0072b2", "建設中", "under construction"),
}
_OSM = "出典 Source: © OpenStreetMap contributors (ODbL)"
_STRATEGY = (
    "出典 Source: 経済産業省「半導体・デジタル産業戦略」（2023年6月改定） "
    "METI, Semiconductor and Digital Industry Strategy, June 2023"
)
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
    polygons = atlas.polygons("electricity_area_polygons")
    areas = atlas.table("electricity_areas").loc[polygons.index]
    kinds = sorted({int(hertz) for hertz in areas["nominal_frequency_hz"]})
    drawn = [
        [kinds.index(int(area.nominal_frequency_hz)),
         [area.name_ja, area.name_en, area.operator_en, f"{area.nominal_frequency_hz:.0f} Hz"],
         outline]
        for area, outline in zip(rows(areas), encode_polygons(polygons.geometry), strict=True)
    ]  # fmt: skip
    edge = {"color": "#4d6475", "weight": 1.3}
    return drawing(
        "areas", "power", ("電力エリア", "Electricity areas"), "areas", drawn,
        [Field("一般送配電事業者", "Network operator"), Field("周波数", "Frequency")],
        [{"fillColor": _FREQUENCY[hertz][0], "fillOpacity": 0.28} | edge for hertz in kinds],
        order=1, kind="電力エリア Electricity area",
        legend=[Swatch("area", f"{_FREQUENCY[hertz][0]}80", _FREQUENCY[hertz][1])
                for hertz in kinds],
    )  # fmt: skip


def substation_layer(atlas: Atlas) -> Layer:
    """Return the mapped nodes of the grid by voltage class; greyed where no load can be taken."""
    areas = atlas.table("electricity_areas")
    table = atlas.substations()
    table = table.assign(out=table["connection"] == "none")
    table = table.sort_values(["out", "voltage_kv"], ascending=[False, True], kind="stable")
    nameless = table["name_ja"].isna() & table["name_en"].isna()
    table = table.assign(
        name_ja=table["name_ja"].mask(nameless, "変電所（名称なし）"),
        name_en=table["name_en"].mask(nameless, "Substation without a name"),
        area=table["area"].map(areas["name_ja"] + " " + areas["name_en"]).fillna(table["area"]),
        site=table.index,
        limits=(table["connection_reason_ja"] + " " + table["connection_reason_en"]).str.strip(),
        mark=table["voltage_kv"].map(voltage_class).mask(table["out"], len(VOLTAGES)),
    )
    return points(
        "substations", "power", ("変電所（電圧別）", "Substations by voltage"), table,
        {
            "voltage_kv": ("電圧", "Voltage", "kV"),
            "operator_ja": ("事業者", "Operator"),
            "area": ("電力エリア", "Electricity area"),
            "limits": ("接続の制限", "Limits of connection"),
            "site": ("識別子", "Id"),
        },
        [*(Mark(one.colour, one.radius_px, one.label, weight_px=0.6, opacity=0.95)
           for one in VOLTAGES),
         Mark(_LEFT_OUT, 1.8, "接続点としない", "No connection point", weight_px=0.4)],
        order=4, scaled=True, kind="変電所 Substation", source=_OSM,
        notes=("60〜77 kVの登録状況は地域差が大きい。",
               "Mapping of 60 to 77 kV is uneven between regions."),
    )  # fmt: skip


def capacity_layer(atlas: Atlas) -> Layer:
    """Return the substations of whose capacity something is published: supply, or transformers."""
    nodes = atlas.substations()[["area", "name_ja", "name_en", "voltage_kv", "lat_deg", "lon_deg"]]
    banks = atlas.table("substation_transformers").reset_index()
    whole = banks[(banks["scope"] == "whole_site") & (banks["status"] == "existing")]
    zones = atlas.table("demand_connection_zones").reset_index()
    zones = zones[zones["kind"] == "welcome_zone_substation"].assign(
        area=zones["electricity_area"], name_ja=zones["substation_ja"]
    )
    offered = ["supply_low_mw", "supply_high_mw", "lead_time_years_min", "as_of"]
    table = (
        pd.DataFrame(nodes)
        .reset_index()
        .merge(zones[["area", "name_ja", *offered]], on=["area", "name_ja"], how="left")
    )
    table["mva"] = table["substation_id"].map(whole.groupby("substation_id")["total_mva"].max())
    table["mark"] = table["supply_low_mw"].isna().astype(int)
    unmapped = "・".join(zones.loc[~zones["name_ja"].isin(table["name_ja"]), "name_ja"])
    return points(
        "capacity", "power", ("容量が公表された変電所", "Substations of published capacity"),
        table[table[["mva", "supply_low_mw"]].notna().any(axis=1)],
        {
            "voltage_kv": ("電圧", "Voltage", "kV"),
            "mva": ("変圧器容量（上限の目安）", "Transformers, an upper limit", "MVA"),
            "supply_low_mw": ("供給可能量（下限）", "Supply offered, low end", "MW"),
            "supply_high_mw": ("供給可能量（上限）", "Supply offered, high end", "MW"),
            "lead_time_years_min": ("接続まで（最短）", "Contract to connection", "年 years"),
            "as_of": ("時点", "As of"),
        },
        [Mark("#009e73", 7, "大口需要への供給力を公表（ウェルカムゾーン）",
              "Supply offered for large demand (welcome zone)", 3, hollow=True),
         Mark("#0072b2", 5, "変圧器容量のみ", "Transformers only", 2, hollow=True)],
        order=5, kind="変電所 Substation",
        source="出典 Source: demand_connection_zones, substation_transformers",
        notes=(f"公表値のみ。ほかは不明。地図上に見つからない変電所：{unmapped or 'なし'}。",
               f"Published figures alone; not known elsewhere. Not mapped: {unmapped or 'none'}."),
    )  # fmt: skip


def line_layer(atlas: Atlas) -> Layer:
    """Return the transmission lines by voltage; segments of one name are drawn as one line."""
    lines = atlas.transmission_lines()
    drawn = pd.DataFrame(
        {
            "voltage_kv": lines["voltage_kv"],
            "name": lines["name_ja"].fillna(""),
            "path": [encode_path(np.asarray(line.coords)) for line in lines.geometry],
        }
    )
    # Low voltages first, so that the strong lines lie above.
    merged = drawn.groupby(["voltage_kv", "name"], as_index=False).agg(list)
    used = sorted(set(lines["voltage_kv"].map(voltage_class)))
    return drawing(
        "lines", "power", ("送電線（電圧別）", "Transmission lines by voltage"), "lines",
        [
            [voltage_class(one.voltage_kv),
             [one.name or "送電線（名称なし）", "" if one.name else "Line without a name",
              one.voltage_kv],
             one.path]
            for one in rows(merged)
        ],
        [Field("電圧", "Voltage", "kV")],
        [{"color": one.colour, "weight": one.weight_px, "opacity": 0.85} for one in VOLTAGES],
        order=3, scaled=True, kind="送電線 Transmission line", source=_OSM,
        legend=[Swatch("line", one.colour, one.label, "", one.weight_px)
                for one in (VOLTAGES[n] for n in used)],
    )  # fmt: skip


def data_centre_layer(atlas: Atlas) -> Layer:
    """Return known data centres; cancelled plans and rows without a position are left out."""
    table = atlas.table("data_centres_existing")
    status = table["status_at_source_date"]
    table = table[status.isin(list(_STATUS)) & table["lat_deg"].notna()]
    basis = table["capacity_basis"].map(" ({})".format, na_action="ignore").fillna("")
    table = table.assign(
        name_ja="",
        name_en=table["name"],
        status=status.map(_STATUS),
        capacity=table["capacity_mw"].map("{:,g} MW".format, na_action="ignore") + basis,
        opening=table["year"].map("{:.0f}".format, na_action="ignore"),
        precision=table["precision"].replace(_PRECISION),
        mark=(~status.str.startswith("in_service")).astype(int),
    )
    return points(
        "data-centres", "places", ("既存・建設中のデータセンター", "Known data centres"), table,
        {
            "operator": ("事業者", "Operator"),
            "status": ("状況（出典時点）", "Status when read"),
            "capacity": ("容量（基準は事業者ごとに異なる）", "Capacity, bases differ"),
            "opening": ("開設・予定年", "Year of opening"),
            "precision": ("位置の精度", "Precision of position"),
            "source_date": ("出典の日付", "Date of source"),
            "source_url": ("出典", "Source"),
        },
        [Mark(_CENTRE, 4.5, "運用中", "In service"),
         Mark(_CENTRE, 4, "建設中・計画中", "Coming", 2, hollow=True)],
        order=5, kind="データセンター Data centre",
        notes=("公開情報のみ、網羅的ではない。", "Only what public pages state; not a census."),
    )  # fmt: skip


def _offices(atlas: Atlas) -> pd.DataFrame:
    """Return where each prefecture's and municipality's point stands, by code.

    Municipalities stand where sites do: at the office, or at the inside point.
    """
    places = atlas.table("municipalities")
    inside = places["office_in_municipality"] == 1
    municipalities = pd.DataFrame(
        {
            "lat_deg": places["office_lat_deg"].where(inside, places["point_lat_deg"]),
            "lon_deg": places["office_lon_deg"].where(inside, places["point_lon_deg"]),
        }
    )
    prefectures = atlas.table("prefectures")[["office_lat_deg", "office_lon_deg"]]
    return pd.concat([municipalities, prefectures.set_axis(municipalities.columns, axis=1)])


def _told(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the strategy's places with what became of each, and its lines."""
    places = {place.entry_id: place for place in plan.strategy_places}
    found = [places.get(str(entry)) for entry in table.index]
    return table.assign(
        outcome=[" ".join(one.outcome[::-1]) if one else "" for one in found],
        lines=[
            one.source if one else text(own) for one, own in zip(found, table["lines"], strict=True)
        ],
    )


def core_region_layer(atlas: Atlas, plan: Plan) -> Layer:
    """Return the prefectures of the regions that want a core hub, each with the plan's cores."""
    table = atlas.table("core_regions")
    outlines = atlas.polygons("prefecture_polygons").loc[table.index].geometry
    asked = plan.scenario["tiers"]["core"].get("regions", ())
    cores: dict[str, list[str]] = {}
    for hub in plan.hubs:
        code = (hub.municipality_code or "")[:2]
        if hub.tier == "core" and code in table.index:
            cores.setdefault(str(table.loc[code, "region"]), []).append(hub.label)
    drawn = [
        [0,
         [one.name_ja, one.name_en,
          "1か所以上を求める at least one asked for" if one.region in asked
          else "求めない none asked for",
          "、".join(cores.get(one.region, ["–"])), f"{one.lines} L{one.dump_lines}",
          f"読み方 reading: {one.basis}"],
         outline]
        for one, outline in zip(rows(table), encode_polygons(outlines), strict=True)
    ]  # fmt: skip
    return drawing(
        "core-regions", "places", ("第三・第四の中核拠点の地域", "Regions of the core hubs"),
        "areas", drawn,
        [Field("この計画の問い", "Asked of this plan"),
         Field("計画の中核拠点", "Cores of the plan"),
         Field("戦略の行", "Line of the strategy"), Field("範囲", "Extent")],
        [{"fillColor": _CORE_REGION, "fillOpacity": 0.25, "color": _CORE_REGION, "weight": 1.5}],
        order=1, kind="中核拠点の地域 Core region", source=_STRATEGY,
        legend=[Swatch("area", f"{_CORE_REGION}60", "戦略が挙げる地域", "Named in the strategy")],
        notes=("「北海道や九州」は例示（F5 L11178）。他の地域を排除しないと読む。",
               "'Such as Hokkaido and Kyushu' (F5 L11178): a reading, others are not ruled out."),
    )  # fmt: skip


def planned_layer(atlas: Atlas, plan: Plan) -> Layer:
    """Return the strategy's list of new data-centre plans, at the municipal offices."""
    plans = _told(plan, atlas.table("planned_sites")).assign(shown_at=_OFFICE)
    return points(
        "planned", "places",
        (f"戦略が挙げる新設計画（{len(plans)}件）", "Planned sites named in the strategy"),
        plans.join(_offices(atlas), on="municipality_code"),
        {
            "outcome": ("計画での扱い", "In this plan"),
            "operator_ja": ("事業者", "Operator as named"),
            "note": ("注記", "Note"),
            "shown_at": ("表示位置", "Shown at"),
            "lines": ("戦略の行", "Line of the strategy"),
        },
        [Mark(_PLANNED, 6)],
        order=7, kind="新設計画（2022年以降） New data-centre plan since 2022", source=_STRATEGY,
        notes=("市区町村の役所の位置に表示。", "Shown at municipal offices."),
    )  # fmt: skip


def feasibility_layer(atlas: Atlas, plan: Plan) -> Layer:
    """Return the ten feasibility-study places; a prefecture stands at its own office."""
    studies = _told(plan, atlas.table("feasibility_places"))
    whole = studies["kind"] == "prefecture"
    studies = studies.assign(
        adopted=[
            f"第{one.round}次 round {one.round}, {text(one.published_on)}" for one in rows(studies)
        ],
        shown_at=whole.map({True: _PREFECTURE, False: _OFFICE}),
        place=studies["pref_code"].where(whole, studies["municipality_code"]),
    )
    return points(
        "feasibility", "places",
        (f"FS調査採択自治体（{len(studies)}件）", "Feasibility-study places"),
        studies.join(_offices(atlas), on="place"),
        {
            "outcome": ("計画での扱い", "In this plan"),
            "adopted": ("採択", "Adopted"),
            "shown_at": ("表示位置", "Shown at"),
            "lines": ("戦略の行", "Line of the strategy"),
        },
        [Mark(_STUDY, 6)],
        order=8, kind="FS調査採択自治体 Feasibility-study place", source=_STRATEGY,
        notes=("役所の位置に表示。和歌山県は県なので県庁の位置。",
               "Shown at municipal offices; Wakayama is a prefecture, shown at its own."),
    )  # fmt: skip


def volcano_layer(atlas: Atlas) -> Layer:
    """Return the volcanoes of the last ten thousand years, those under constant watch marked."""
    # The watched ones are drawn last, above the others.
    table = atlas.table("volcanoes").sort_values("jma_watched", kind="stable")
    table = table.assign(
        name_ja=table["jma_name_ja"],
        watched=table["jma_watched"].map({1: "はい yes", 0: "いいえ no"}),
        mark=(table["jma_watched"] != 1).astype(int),
    )
    return points(
        "volcanoes", "hazards",
        (f"火山（過去1万年、{len(table)}）", "Volcanoes of the last ten thousand years"), table,
        {
            "elevation_m": ("標高", "Elevation", "m"),
            "watched": ("気象庁の常時観測", "Watched constantly by JMA"),
        },
        [Mark(_VOLCANO, 5.5, "気象庁が常時観測", "watched by JMA"),
         Mark(_VOLCANO, 3.5, "その他", "others", 1.6, hollow=True)],
        order=5, kind="火山 Volcano",
        source="出典 Source: USGS OFR 2009-1133（2009）、気象庁 JMA"
        "（常時観測50火山 50 watched）。カルデラで代表する火山は位置が最大15 kmずれる。 "
        "Off by up to 15 km where a caldera stands for a volcano.",
        notes=("出典：USGS（2009年の表）、気象庁。日本語名は常時観測の50火山のみ。",
               "Source: USGS (table of 2009), JMA. Japanese names of the 50 watched ones alone."),
    )  # fmt: skip


def nuclear_layer(atlas: Atlas) -> Layer:
    """Return the emergency zones of the nuclear stations as circles, by what the station does."""
    stations = atlas.nuclear_stations()
    states = list(_NUCLEAR)
    # Small circles last, above the others.
    zones = pd.concat(
        stations.assign(km=stations[column], zone=zone)
        for column, zone in (("upz_km", "UPZ"), ("paz_km", "PAZ"))
    ).dropna(subset="km")
    turn_deg = np.linspace(0.0, 360.0, 72, endpoint=False)
    rings = [
        Polygon(np.column_stack(geodesic_destination(lat, lon, turn_deg, km)[::-1]))
        for lat, lon, km in zip(zones["lat_deg"], zones["lon_deg"], zones["km"], strict=True)
    ]
    return drawing(
        "nuclear", "hazards",
        (f"原子力発電所と重点区域（{len(stations)}）", "Nuclear stations and their zones"), "areas",
        [[2 * states.index(one.state) + (one.zone == "PAZ"),
          [one.name_ja, one.name_en, f"{one.state_ja} {one.state_en}", one.zone, one.km], ring]
         for one, ring in zip(rows(zones), encode_polygons(rings), strict=True)],
        [Field("状態", "State"), Field("区域", "Zone"), Field("半径の目安", "Radius, about", "km")],
        [{"color": colour, "weight": 1, "fillColor": colour, "fillOpacity": opacity,
          "smoothFactor": 0.3}
         for colour, _, _ in _NUCLEAR.values() for opacity in (0.18, 0.65)],
        order=3, kind="原子力発電所 Nuclear station",
        source="出典 Source: nuclear_stations, nuclear_units_operation_2026",
        legend=[Swatch("area", colour, ja, en) for colour, ja, en in _NUCLEAR.values()],
        notes=("指針の目安：PAZ約5 km（濃色）、UPZ約30 km（淡色）。実際は市町村の境界に沿う。",
               "By the guide: PAZ 5 km (dark), UPZ 30 km (pale); real ones follow borders."),
    )  # fmt: skip


def known_layers(atlas: Atlas, plan: Plan) -> list[Layer]:
    """Return all layers of the tables, as the list of layers has them."""
    named = (planned_layer, feasibility_layer, core_region_layer)
    makers = (substation_layer, capacity_layer, line_layer, area_layer, volcano_layer,
              nuclear_layer)  # fmt: skip
    return [
        data_centre_layer(atlas),
        *(make(atlas, plan) for make in named),
        *(make(atlas) for make in makers),
    ]
