"""The default plan against the shipped tables, read anew by pandas, pyproj and shapely alone."""

from __future__ import annotations

import hashlib
import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

pytestmark = pytest.mark.end_to_end

WGS84 = Geod(ellps="WGS84")
#: Files carry three decimals of a kilometre.
ROUNDING_KM = 0.002
#: The shipped coastlines are simplified; this is a few hundred metres.
COAST_DEG = 0.01


def km_to_all(hub, lat, lon) -> np.ndarray:
    here = np.full(len(lat), hub["lon_deg"]), np.full(len(lat), hub["lat_deg"])
    return WGS84.inv(*here, np.asarray(lon), np.asarray(lat))[2] / 1000.0


@pytest.fixture(scope="module")
def prefectures(geodata):
    return gpd.read_file(geodata / "places/prefecture_polygons.geojson").set_index("pref_code")


@pytest.fixture(scope="module")
def land_bodies(prefectures):
    """The parts of Japan's land that no water divides, as polygons."""
    whole = shapely.union_all(shapely.buffer(prefectures.geometry.to_numpy(), 0.0005))
    return shapely.get_parts(whole)


def body_of(land_bodies, lon, lat) -> int:
    return int(np.argmin(shapely.distance(land_bodies, shapely.Point(lon, lat))))


def test_each_hub_stands_in_its_prefecture(plan, prefectures):
    for hub in plan["hubs"]:
        polygon = prefectures.geometry[hub["municipality_code"][:2]]
        point = shapely.Point(hub["lon_deg"], hub["lat_deg"])
        assert polygon.distance(point) <= COAST_DEG, hub["name_ja"]
        row = prefectures.loc[hub["municipality_code"][:2]]
        assert hub["prefecture_en"] == row["pref_name_en"]


def test_each_hub_is_a_municipality_at_its_office(plan, table):
    towns = table("places/municipalities.csv").set_index("municipality_code")
    for hub in plan["hubs"]:
        town = towns.loc[hub["municipality_code"]]
        assert hub["site_id"] == hub["municipality_code"]
        assert (hub["name_ja"], hub["name_en"]) == (town["name_ja"], town["name_en"])
        assert hub["prefecture_ja"] == town["pref_name_ja"]
        assert hub["area"] == town["electricity_area"]
        inside = "office" if town["office_in_municipality"] == 1 else "point"
        place = (town[f"{inside}_lat_deg"], town[f"{inside}_lon_deg"])
        assert (hub["lat_deg"], hub["lon_deg"]) == pytest.approx(place, abs=1e-6)
        radius_km = np.sqrt(town["habitable_area_km2"] / np.pi)
        assert hub["uncertainty_km"] == pytest.approx(radius_km, abs=ROUNDING_KM)
        assert town["population_2020"] >= 10_000


def test_each_hub_fits_its_land(plan, table):
    """1 % of the gentle piece near the office, less what is built up, at 10 MW/ha."""
    towns, use, gentle = (
        table(f"places/{name}.csv").set_index("municipality_code")
        for name in (
            "municipalities", "land_use_by_municipality", "gentle_land_by_municipality",
        )
    )  # fmt: skip
    for hub in plan["hubs"]:
        code = hub["municipality_code"]
        whole_ha = gentle.loc[code, "gentle_land_in_municipality_ha"]
        most_ha = min(whole_ha, towns.loc[code, "habitable_area_km2"] * 100.0)
        fields_ha = min(use.loc[code, "cultivated_land_ha"], most_ha)
        free_ha = max(most_ha - 2.0 * use.loc[code, "building_land_ha"], fields_ha)
        usable_ha = gentle.loc[code, "connected_land_ha"] * free_ha / whole_ha * 0.01
        assert hub["it_load_mw"] <= usable_ha * 10.0 + 0.001, hub["name_ja"]


#: What no hub's substation may be called, unless its name ends as a substation's does.
NO_SUBSTATION = (
    "発電|開閉|変換|連系|制御|研究|電力所|電力センター|送電所|受電所|分岐|switching|plant"
)


@pytest.fixture(scope="module")
def connection_points(table):
    """Substations of the area's own network company, read from the raw table."""
    stations = table("openstreetmap/substations.csv").set_index("substation_id")
    areas = table("power/electricity_areas.csv").set_index("electricity_area")
    name = stations["name_ja"].fillna(stations["name_en"]).fillna("")
    named_so = ~name.str.contains(NO_SUBSTATION, case=False) | name.str.endswith("変電所")
    owner = stations["owner_group"].fillna("").str.removesuffix("_epco").replace("tepco", "tokyo")
    spelt = stations["operator_ja"].isin(["TEPCO", "HEPCO", "Hokkaido Denryoku Network"])
    owned = (owner == "") | (owner == stations["area"]) | spelt | name.str.startswith("九州電力")
    hertz = stations["area"].map(areas["nominal_frequency_hz"]).astype(int).astype(str)
    mapped = stations["frequency_hz"].fillna("").astype(str).str.findall("[1-9][0-9]")
    same_hertz = np.array([set(some) <= {own} for some, own in zip(mapped, hertz, strict=True)])
    kind = stations["category"].isin(["transmission", "distribution", "unspecified"])
    return stations[(stations["grid_node"] == 1) & kind & named_so & owned & same_hertz]


@pytest.fixture(scope="module")
def bears_mw(connection_points, table):
    """What each point bears: by class, by all its transformers, by a welcome zone."""
    mw = connection_points["voltage_kv"].map(
        lambda kv: 30.0 if kv < 100 else 100.0 if kv < 187 else 400.0 if kv < 500 else 1000.0
    )
    banks = table("openstreetmap/substation_transformers.csv")
    whole = banks[(banks["scope"] == "whole_site") & (banks["status"] == "existing")]
    for station, mva in whole.groupby("substation_id")["total_mva"].max().items():
        if station in mw.index:
            mw[station] = min(mw[station], mva)
    zones = table("power/demand_connection_zones.csv")
    for zone in zones[zones["kind"] == "welcome_zone_substation"].itertuples():
        same = connection_points["name_ja"] == zone.substation_ja
        mw[same & (connection_points["area"] == zone.electricity_area)] = zone.supply_low_mw
    return mw


def test_no_hub_hangs_on_a_plant_yard_converter_control_site_or_institute(plan, table):
    stations = table("openstreetmap/substations.csv").set_index("substation_id")
    for hub in (hub for hub in plan["hubs"] if hub["substation"]):
        station = stations.loc[hub["substation"]["substation_id"]]
        for name in filter(None, (hub["substation"]["name_ja"], hub["substation"]["name_en"])):
            assert not re.search(NO_SUBSTATION, name, re.IGNORECASE), (hub["name_ja"], name)
        assert station["category"] in ("transmission", "distribution", "unspecified")
        if hub["tier"] != "regional":
            assert station["voltage_source"] == "osm_tag", hub["name_ja"]
            assert hub["substation"]["name_ja"] or hub["substation"]["name_en"], hub["name_ja"]


def test_hubs_hang_on_the_nearest_points_that_bear_them(
    plan, connection_points, land_bodies, bears_mw
):
    least_kv = {"core": 187.0, "large": 154.0, "regional": 100.0}
    named = connection_points["name_ja"].notna() | connection_points["name_en"].notna()
    sure = (connection_points["voltage_source"] == "osm_tag") & named
    for hub in plan["hubs"]:
        if hub["substation"] is None:
            assert any("not known" in note and hub["name_ja"] in note for note in plan["notes"])
            continue
        utility = connection_points if hub["tier"] == "regional" else connection_points[sure]
        link = hub["substation"]
        station = utility.loc[link["substation_id"]]
        assert station["voltage_kv"] == link["voltage_kv"] >= least_kv[hub["tier"]]
        assert (station["lat_deg"], station["lon_deg"]) == (link["lat_deg"], link["lon_deg"])
        (away,) = km_to_all(hub, [station["lat_deg"]], [station["lon_deg"]])
        assert link["distance_km"] == pytest.approx(away, abs=ROUNDING_KM)
        assert away <= 20.0
        assert link["capacity_mw"] == bears_mw[link["substation_id"]]
        held_mw = hub["it_load_mw"] + hub["reserve_mw"]  # a point bears the reserve too
        assert 1.15 <= link["grid_mw"] / held_mw <= 1.35
        assert link["grid_mw"] <= link["capacity_mw"] + 0.01, hub["name_ja"]
        # Nothing that fits and bears the hub is nearer, but across the water.
        strong = bears_mw[utility.index] >= link["grid_mw"] - 0.01
        fitting = utility[(utility["voltage_kv"] >= least_kv[hub["tier"]]) & strong]
        distance_km = km_to_all(hub, fitting["lat_deg"], fitting["lon_deg"])
        own = body_of(land_bodies, hub["lon_deg"], hub["lat_deg"])
        assert body_of(land_bodies, link["lon_deg"], link["lat_deg"]) == own
        for station_id in fitting.index[distance_km < away - ROUNDING_KM]:
            nearer = fitting.loc[station_id]
            assert body_of(land_bodies, nearer["lon_deg"], nearer["lat_deg"]) != own, (
                f"{station_id} is nearer to {hub['name_ja']}"
            )


@pytest.fixture(scope="module")
def landings(table):
    """Landings of international cables in service, or being built for 2028, not to Russia."""
    cables = table("network/submarine_cables.csv")
    due = (cables["status"] == "under_construction") & (pd.to_numeric(cables["rfs_year"]) <= 2028)
    counted = cables[
        (cables["kind"] == "international")
        & ((cables["status"] == "in_service") | due)
        & (cables["directions"] != "russia")
    ].dropna(subset=["japan_landings"])
    used = {name for names in counted["japan_landings"] for name in names.split(";")}
    stations = table("network/cable_landing_stations.csv").set_index("landing_id")
    return stations[stations.index.isin(used)]


def landings_on_land(hub, landings, land_bodies):
    """Return how far landings on the hub's own land body stand, in km, the nearest first."""
    own = body_of(land_bodies, hub["lon_deg"], hub["lat_deg"])
    bodies = [
        body_of(land_bodies, one["lon_deg"], one["lat_deg"]) for _, one in landings.iterrows()
    ]
    away = pd.Series(km_to_all(hub, landings["lat_deg"], landings["lon_deg"]), landings.index)
    return away[[body == own for body in bodies]].sort_values()


def test_landings_of_cores_are_the_nearest_ones(plan, landings, land_bodies, table):
    clusters = table("policy/landing_clusters.csv").set_index("landing_id")["cluster_id"]
    core_km = []
    for hub in plan["hubs"]:
        link, away = hub["landing"], landings_on_land(hub, landings, land_bodies)
        if hub["tier"] != "core":  # needs none
            assert link is None
            continue
        assert link["distance_km"] == pytest.approx(away.iloc[0], abs=ROUNDING_KM)
        assert away[link["landing_id"]] == pytest.approx(away.iloc[0], abs=ROUNDING_KM)
        assert link["cluster_id"] == clusters.get(link["landing_id"])
        core_km.append(link["distance_km"])
    assert max(core_km) <= 100.0
    told = {one["name"]: one["value"] for one in plan["measures"] if one["criterion"] == "cables"}
    assert 0.0 < told["crowded_landing_share"] <= 0.4 + 1e-5
    assert told["landing_distance_km"] == pytest.approx(np.mean(core_km), abs=ROUNDING_KM)


def test_mean_distances_are_weighted_by_megawatts(plan):
    load = np.array([hub["it_load_mw"] for hub in plan["hubs"]])
    away = np.array([hub["substation"]["distance_km"] for hub in plan["hubs"]])
    (told,) = [
        measure["value"]
        for measure in plan["measures"]
        if measure["name"] == "substation_distance_km"
    ]
    assert told == pytest.approx((load * away).sum() / load.sum(), abs=ROUNDING_KM)


def test_geodata_used_is_the_shipped_one_by_its_bytes(plan, geodata):
    descriptor = json.loads((geodata / "datapackage.json").read_text("utf-8"))
    paths = {entry["name"]: geodata / entry["path"] for entry in descriptor["resources"]}
    tables = [entry["table"] for entry in plan["geodata"]]
    assert tables == sorted(set(tables))
    for entry in plan["geodata"]:
        digest = hashlib.sha256(paths[entry["table"]].read_bytes()).hexdigest()
        assert entry["sha256"] == digest, entry["table"]
        assert entry["licence"].strip()
        assert entry["vintage"].strip()
    needed = {
        "municipalities", "prefectures", "substations", "cable_landing_stations",
        "submarine_cables", "area_annual_energy", "solar_fit_by_municipality",
    }  # fmt: skip
    assert needed - {"solar_fit_by_municipality"} <= set(tables)
