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
from .layer import DECLARED, DataLayer, Layer, Mark, Swatch, drawing, listed, points, rows, text
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
    return listed("tiles", layer)


def area_layer(atlas: Atlas) -> Layer:
    """Return the ten electricity areas, tinted by frequency."""
    polygons = atlas.polygons("electricity_area_polygons")
    areas = atlas.table("electricity_areas").loc[polygons.index]
    drawn = [
        [int(area.nominal_frequency_hz == 60),
         [area.name_ja, area.name_en, area.operator_en, f"{area.nominal_frequency_hz:.0f} Hz"],
         outline]
        for area, outline in zip(rows(areas), encode_polygons(polygons.geometry), strict=True)
    ]  # fmt: skip
    return drawing("areas", drawn)


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
    marks = [
        Mark(one.colour, one.radius_px, one.label, weight_px=0.6, opacity=0.95) for one in VOLTAGES
    ]
    out = Mark("#b4bac0", 1.8, "接続点としない", "No connection point", weight_px=0.4)
    return points("substations", table, [*marks, out])


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
        "capacity",
        table[table[["mva", "supply_low_mw"]].notna().any(axis=1)],
        unmapped_ja=unmapped or "なし",
        unmapped_en=unmapped or "none",
    )


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
        "lines",
        [
            [voltage_class(one.voltage_kv),
             [one.name or "送電線（名称なし）", "" if one.name else "Line without a name",
              one.voltage_kv],
             one.path]
            for one in rows(merged)
        ],
        [{"color": one.colour, "weight": one.weight_px, "opacity": 0.85} for one in VOLTAGES],
        legend=[Swatch("line", one.colour, one.label, "", one.weight_px)
                for one in (VOLTAGES[n] for n in used)],
    )  # fmt: skip


def data_centre_layer(atlas: Atlas) -> Layer:
    """Return known data centres; cancelled plans and rows without a position are left out."""
    words = DECLARED["data-centres"]
    table = atlas.table("data_centres_existing")
    status = table["status_at_source_date"]
    table = table[status.isin(list(words["status"])) & table["lat_deg"].notna()]
    basis = table["capacity_basis"].map(" ({})".format, na_action="ignore").fillna("")
    return points(
        "data-centres",
        table.assign(
            name_ja="",
            name_en=table["name"],
            status=status.map(words["status"]),
            capacity=table["capacity_mw"].map("{:,g} MW".format, na_action="ignore") + basis,
            opening=table["year"].map("{:.0f}".format, na_action="ignore"),
            precision=table["precision"].replace(words["precision"]),
            mark=(~status.str.startswith("in_service")).astype(int),
        ),
    )


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
    core, rules = plan.scenario["tiers"]["core"], plan.scenario["rules"]
    hubs = core["count"]["max"] > 0 or rules["tier_counts"] == "off"
    asked = core["regions"] if hubs and rules["core_regions"] != "off" else ()
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
    return drawing("core-regions", drawn)


def planned_layer(atlas: Atlas, plan: Plan) -> Layer:
    """Return the strategy's list of new data-centre plans, at the municipal offices."""
    plans = _told(plan, atlas.table("planned_sites")).assign(shown_at=DECLARED["planned"]["office"])
    return points("planned", plans.join(_offices(atlas), on="municipality_code"), count=len(plans))


def feasibility_layer(atlas: Atlas, plan: Plan) -> Layer:
    """Return the ten feasibility-study places; a prefecture stands at its own office."""
    words = DECLARED["feasibility"]
    studies = _told(plan, atlas.table("feasibility_places"))
    whole = studies["kind"] == "prefecture"
    studies = studies.assign(
        adopted=[
            f"第{one.round}次 round {one.round}, {text(one.published_on)}" for one in rows(studies)
        ],
        shown_at=whole.map({True: words["prefecture"], False: words["office"]}),
        place=studies["pref_code"].where(whole, studies["municipality_code"]),
    )
    return points("feasibility", studies.join(_offices(atlas), on="place"), count=len(studies))


def volcano_layer(atlas: Atlas) -> Layer:
    """Return the volcanoes of the last ten thousand years, those under constant watch marked."""
    # The watched ones are drawn last, above the others.
    table = atlas.table("volcanoes").sort_values("jma_watched", kind="stable")
    table = table.assign(
        name_ja=table["jma_name_ja"],
        watched=table["jma_watched"].map({1: "はい yes", 0: "いいえ no"}),
        mark=(table["jma_watched"] != 1).astype(int),
    )
    return points("volcanoes", table, count=len(table))


def nuclear_layer(atlas: Atlas) -> Layer:
    """Return the emergency zones of the nuclear stations as circles, by what the station does."""
    stations = atlas.nuclear_stations()
    states = DECLARED["nuclear"]["states"]
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
        "nuclear",
        [[2 * list(states).index(one.state) + (one.zone == "PAZ"),
          [one.name_ja, one.name_en, f"{one.state_ja} {one.state_en}", one.zone, one.km], ring]
         for one, ring in zip(rows(zones), encode_polygons(rings), strict=True)],
        [{"color": colour, "weight": 1, "fillColor": colour, "fillOpacity": opacity,
          "smoothFactor": 0.3}
         for colour, _, _ in states.values() for opacity in (0.18, 0.65)],
        legend=[Swatch("area", *state) for state in states.values()],
        count=len(stations),
    )  # fmt: skip


def known_layers(atlas: Atlas, plan: Plan) -> list[Layer]:
    """Return all layers of the tables, as the list of layers has them."""
    return [
        data_centre_layer(atlas),
        *(make(atlas, plan) for make in (planned_layer, feasibility_layer, core_region_layer)),
        *(
            make(atlas)
            for make in (
                substation_layer, capacity_layer, line_layer, area_layer, volcano_layer,
                nuclear_layer,
            )
        ),
    ]  # fmt: skip
