"""The power grid and the landings of submarine cables, as the tables know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from .encode import encode_path
from .palette import VOLTAGES, voltage_class
from .parts import DataLayer, Field, LayerEntry, Swatch, point_rows, rows, text

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

__all__ = ["landing_entry", "line_entry", "substation_entry"]

_OSM = "出典 Source: © OpenStreetMap contributors (ODbL)"
_LANDING_COLOUR = "#00798c"

#: Proposed, retired and cancelled cables are left out.
_COMING = ("under_construction", "planned")


def _area_names(atlas: Atlas) -> pd.Series[str]:
    areas = atlas.table("electricity_areas")
    return areas["name_ja"] + " " + areas["name_en"]


def substation_entry(atlas: Atlas) -> LayerEntry:
    """Return the utility substations by voltage class."""
    stations = atlas.substations().sort_values("voltage_kv", kind="stable")
    names = _area_names(atlas)
    records: list[tuple[float, float, int, list[Any]]] = []
    for station in rows(stations):
        ja, en = text(station.name_ja), text(station.name_en)
        records.append(
            (
                station.lat_deg,
                station.lon_deg,
                voltage_class(station.voltage_kv),
                [
                    ja or ("" if en else "変電所（名称なし）"),
                    en or ("" if ja else "Substation without a name"),
                    station.voltage_kv,
                    text(station.operator_ja),
                    names.get(station.area, station.area),
                    station.Index,
                ],
            )
        )
    layer = DataLayer(
        "points",
        {
            "order": 4,
            "scaled": True,
            "kind": "変電所 Substation",
            "source": _OSM,
            "fields": [
                Field("電圧", "Voltage", "kV").as_row(),
                Field("事業者", "Operator").as_row(),
                Field("電力エリア", "Electricity area").as_row(),
                Field("識別子", "Id").as_row(),
            ],
            "styles": [
                {
                    "radius": group.radius_px,
                    "color": "#ffffff",
                    "weight": 0.6,
                    "fillColor": group.colour,
                    "fillOpacity": 0.95,
                }
                for group in VOLTAGES
            ],
            "rows": point_rows(records),
        },
    )
    return LayerEntry(
        "substations",
        "power",
        "変電所（電圧別）",
        "Substations by voltage",
        layer,
        legend=[
            Swatch("dot", group.colour, group.label, "", 2 * group.radius_px) for group in VOLTAGES
        ],
        note_ja="60〜77 kVの登録状況は地域差が大きい。",
        note_en="Mapping of 60 to 77 kV is uneven between regions.",
    )


def line_entry(atlas: Atlas) -> LayerEntry:
    """Return the transmission lines by voltage; segments of one name are drawn as one line."""
    lines = atlas.transmission_lines()
    names = lines["name_ja"].fillna("")
    drawn = pd.DataFrame(
        {
            "class": lines["voltage_kv"].map(voltage_class),
            "voltage_kv": lines["voltage_kv"],
            "name": names,
            "path": [encode_path(np.asarray(line.coords)) for line in lines.geometry],
        }
    )
    merged: list[list[Any]] = []
    # Low voltages first, so that the strong lines lie above.
    for key, part in drawn.groupby(["voltage_kv", "class", "name"], sort=True):
        voltage_kv, style, name = cast("tuple[float, int, str]", key)
        record = [name or "送電線（名称なし）", "" if name else "Line without a name", voltage_kv]
        merged.append([int(style), record, part["path"].tolist()])
    used = sorted(drawn["class"].unique())
    layer = DataLayer(
        "lines",
        {
            "order": 3,
            "scaled": True,
            "kind": "送電線 Transmission line",
            "source": _OSM,
            "fields": [Field("電圧", "Voltage", "kV").as_row()],
            "styles": [
                {"color": group.colour, "weight": group.weight_px, "opacity": 0.85}
                for group in VOLTAGES
            ],
            "rows": merged,
        },
    )
    return LayerEntry(
        "lines",
        "power",
        "送電線（電圧別）",
        "Transmission lines by voltage",
        layer,
        legend=[
            Swatch("line", VOLTAGES[n].colour, VOLTAGES[n].label, "", VOLTAGES[n].weight_px)
            for n in used
        ],
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


def landing_entry(atlas: Atlas) -> LayerEntry:
    """Return the landing stations with the cables that land there; routes are not known."""
    stations = atlas.table("cable_landing_stations")
    listed = _cables_by_landing(atlas).to_dict()
    clusters = atlas.table("landing_clusters")
    cluster_names = clusters["name_ja"] + " " + clusters["name_en"]
    records: list[tuple[float, float, int, list[Any]]] = []
    for station in rows(stations):
        landing_id = station.Index
        cables = [
            listed.get((landing_id, kind, in_service), "")
            for kind in ("international", "domestic")
            for in_service in (True, False)
        ]
        records.append(
            (
                station.lat_deg,
                station.lon_deg,
                0 if cables[0] or cables[1] else 1,
                [
                    station.name_ja,
                    station.name_en,
                    *cables,
                    cluster_names.get(landing_id, ""),
                    station.uncertainty_km,
                ],
            )
        )
    layer = DataLayer(
        "points",
        {
            "order": 6,
            "kind": "海底ケーブル陸揚局 Cable landing station",
            "source": "出典 Source: cable_landing_stations, submarine_cables。"
            "海底の経路は不明のため描いていません。 Routes at sea are not known and not drawn.",
            "fields": [
                Field("国際（運用中）", "International, in service").as_row(),
                Field("国際（建設・計画中）", "International, coming").as_row(),
                Field("国内（運用中）", "Domestic, in service").as_row(),
                Field("国内（建設・計画中）", "Domestic, coming").as_row(),
                Field("集中地域", "Crowded cluster").as_row(),
                Field("位置の不確かさ", "Uncertainty of position", "km").as_row(),
            ],
            "styles": [
                {
                    "radius": 6,
                    "color": "#ffffff",
                    "weight": 1.5,
                    "fillColor": _LANDING_COLOUR,
                    "fillOpacity": 1,
                },
                {
                    "radius": 5,
                    "color": _LANDING_COLOUR,
                    "weight": 2,
                    "fillColor": "#ffffff",
                    "fillOpacity": 1,
                },
            ],
            "rows": point_rows(records),
        },
    )
    return LayerEntry(
        "landings",
        "network",
        "陸揚局と海底ケーブル",
        "Landing stations and submarine cables",
        layer,
        legend=[
            Swatch("dot", _LANDING_COLOUR, "国際ケーブルあり", "International cables", 11),
            Swatch("ring", _LANDING_COLOUR, "国内のみ・なし", "Domestic only, or none", 9),
        ],
        note_ja="海底の経路は公開データになく、描いていません。",
        note_en="Routes at sea are not known and not drawn; a station lists its cables.",
    )
