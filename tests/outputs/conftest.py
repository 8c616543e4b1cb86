"""A fixture plan (places picked by hand, not a result) on the real tables, and a browser."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

import dcsite
from dcsite.atlas import Atlas, load_atlas
from dcsite.contract import (
    TIERS,
    AreaFigure,
    CriterionValue,
    HeatMap,
    Measure,
    Part,
    Stack,
    Violation,
    criteria,
)
from dcsite.criteria.cables import LandingLink
from dcsite.criteria.substation import SubstationLink
from dcsite.plan.explanation import Cost, Explanation, HubExplanation, PlaceName, RunnerUp
from dcsite.plan.schedule import PlanYear, Schedule, ScheduledHub, TierYear, YearLoad
from dcsite.plan.types import (
    Assumption,
    GeodataUse,
    Hub,
    MeasureShare,
    Plan,
    UnservedZone,
)
from dcsite.sites import landmass_of, landmasses

#: Municipality, tier, MW, substation, landing: places and links picked by hand.
_PICKED = (
    ("01235", "core", 300.0, "ishikari"),
    ("40203", "core", 240.0, "fukuoka"),
    ("05201", "large", 180.0, "akita"),
    ("15202", "large", 120.5, "naoetsu"),
    ("34100", "large", 90.0, "kitakyushu"),
    ("45201", "regional", 40.0, "miyazaki"),
    ("47201", "regional", 12.0, "naha"),
)


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    return load_atlas()


@pytest.fixture(scope="session")
def candidates(atlas: Atlas) -> gpd.GeoDataFrame:
    """Every municipality with made-up measurements: plain functions of its position."""
    places = atlas.table("municipalities")
    lat, lon = places["office_lat_deg"], places["office_lon_deg"]
    frame = gpd.GeoDataFrame(
        {
            "municipality_code": places.index,
            "name_ja": places["name_ja"],
            "name_en": places["name_en"],
            "prefecture_en": places["pref_name_en"],
            "prefecture_ja": places["pref_name_ja"],
            "pref_code": places["pref_code"],
            "area": places["electricity_area"],
            "lat_deg": lat,
            "lon_deg": lon,
            "uncertainty_km": np.sqrt(places["habitable_area_km2"] / np.pi),
            "habitable_area_km2": places["habitable_area_km2"],
            "gentle_land_ha": 5000.0,
            "connected_land_ha": 4000.0,
            "available_land_ha": 10.0,
            "elevation_m": 10.0,
            "landmass_id": landmass_of(lat, lon, landmasses(atlas)),
            "max_it_load_mw": 100.0,
            "allowed_tier": None,
            "hectares": np.nan,
            "substation_distance_km_100kv": np.where(lat < 27, np.inf, 3.25),
            "crowded_ways": (lat < 36).astype(float),
            "snow_depth_cm": lat,
            "score_separation": ((lat - 24) / 22).clip(0, 1),
            "score_snow_cooling": ((lon - 122) / 24).clip(0, 1),
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs="EPSG:4326",
    )
    frame.index.name = "site_id"
    return frame


def _substation(atlas: Atlas, lat_deg: float, lon_deg: float) -> SubstationLink:
    stations = atlas.substations(100.0)
    near = np.hypot(stations["lat_deg"] - lat_deg, stations["lon_deg"] - lon_deg).idxmin()
    station = stations.loc[near]
    return SubstationLink(
        None, None, 4.5678, float(station["lat_deg"]), float(station["lon_deg"]),
        str(near), float(station["voltage_kv"]),
    )  # fmt: skip


def _hub(atlas: Atlas, code: str, tier: str, it_load_mw: float, landing_id: str) -> Hub:
    place = atlas.table("municipalities").loc[code]
    landing = atlas.table("cable_landing_stations").loc[landing_id]
    lat_deg, lon_deg = float(place["office_lat_deg"]), float(place["office_lon_deg"])
    return Hub(
        site_id=code,
        municipality_code=code,
        name_ja=place["name_ja"],
        name_en=place["name_en"],
        prefecture_en=place["pref_name_en"],
        prefecture_ja=place["pref_name_ja"],
        area=place["electricity_area"],
        tier=tier,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        uncertainty_km=9.87654,
        it_load_mw=it_load_mw,
        links={
            "exchange": None,
            "new_landing": None,
            "substation": _substation(atlas, lat_deg, lon_deg),
            "landing": LandingLink(
                landing["name_ja"], landing["name_en"], 12.34567,
                float(landing["lat_deg"]), float(landing["lon_deg"]), landing_id, None,
            ),
        },
        nearest_hub_km=321.98765,
        nearest_hub_id="tokyo",
        facts={fact.name: float("nan") for one in criteria() for fact in one.facts}
        | {"renewable_share": 0.61234567},
        values=(
            CriterionValue(
                "separation", "nearest_existing_core_km", "nearest existing core",
                "最寄りの既存中核拠点", 812.3456, "km", 1.0, "prefectures",
            ),
            CriterionValue(
                "substation", "substation_voltage_kv", "its voltage", "その電圧", 187.0, "kV",
                None, "substations (OpenStreetMap, ODbL)",
            ),
            CriterionValue(
                "renewables", "local_renewable", "additional supply around the hub",
                "拠点周辺の追加再エネ", 331.64352, "GWh/year", 0.1228319, "solar_fit",
            ),
        ),
        shares=(
            MeasureShare(
                "separation", "nearest_km", "distance to the nearest hub", "最寄り拠点まで",
                0.0251234, 0.1006212,
            ),
            MeasureShare(
                "renewables", "additional_share", "additional renewables", "追加性のある再エネ比率",
                0.0, 0.1837037,
            ),
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def plan(atlas: Atlas) -> Plan:
    """A plan of seven hubs picked by hand, with every field of a plan filled."""
    return Plan(
        dcsite_version="0.1.0",
        scenario_name="fixture",
        title_en="Fixture plan, not a result",
        title_ja="試験用の計画（結果ではない）",
        status="optimal",
        objective=0.71234567,
        bound=0.7125,
        gap=0.000216,
        gap_asked=0.001,
        solver="highs",
        solver_version="1.10.0",
        options={"time_limit_s": None, "threads": 1, "gap": 0.001},
        wall_s=12.3456,
        created_at="2026-11-24T10:00:00+00:00",
        hubs=tuple(_hub(atlas, *picked) for picked in _PICKED),
        measures=(
            Measure(
                "separation", "nearest_km", "distance to the nearest hub", "最寄り拠点まで",
                321.98765, "km", 0.4024846, 0.25,
            ),
            Measure(
                "renewables", "additional_share", "additional renewables", "追加性のある再エネ比率",
                0.61234567, "share", 0.6123457, 0.3,
            ),
            Measure(
                "renewables", "decarbonised", "decarbonised, for reference", "脱炭素電源（参考）",
                float("nan"), "share", None, 0.0,
            ),
        ),
        unserved_mw=0.0,
        unserved=(),
        violations=(),
        backups=(),
        worst_disasters=(),
        notes=(),
        assumptions=(
            Assumption("tiers.core.separation_km", 400.0, "the strategy names no distance"),
            Assumption("demand.pue", 1.3, "I9 is Singapore's figure", 1.2, 0.3333),
            Assumption("demand.load_factor", 0.8, "OCCTO's", 0.5, 0.561),
        ),
        geodata=(
            GeodataUse("substations", "0" * 64, "Open Database License 1.0", "2026-03", "OSM"),
        ),
        scenario={
            "name": "fixture",
            "tiers": {"core": {"count": {"min": 2, "max": 2}, "separation_km": 400.0,
                               "regions": ["hokkaido", "kyushu"]}},
            "rules": {"core_regions": "hard", "tier_counts": "hard"},
            "network": dcsite.load_scenario("policy-2023").network.model_dump(),
        },
        areas=(
            AreaFigure("grid", "new_peak", "hokkaido", "new load over peak",
                       "最大需要に対する新負荷",
                       0.086, "share", 0.07, "area_annual_energy"),
            AreaFigure("grid", "new_peak", "kyushu", "new load over peak",
                       "最大需要に対する新負荷",
                       0.031, "share", 0.07, "area_annual_energy"),
            AreaFigure("grid", "new_peak", "okinawa", "new load over peak",
                       "最大需要に対する新負荷", float("nan"), "share", 0.07, "area_annual_energy"),
        ),
        heat_maps=(
            HeatMap("grid", "hokkaido", "matched by the hour", "時間別の充足率", "share",
                    tuple(tuple(hour / 23 for hour in range(24)) for _ in range(12)), "2023 days"),
        ),
        stacks=(
            Stack("grid", "hokkaido", "contracted supply", "契約した電源",
                  (Part("wind on land, planned", "陸上風力（計画）", "GWh/year", 300.0),
                   Part("curtailed solar", "抑制太陽光", "GWh/year", 100.0)), "wind_farms"),
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def by_year(plan: Plan) -> tuple[Schedule, Plan]:
    """The plans of 2028, of three hubs, of which the first is then smaller, and of 2034, all."""
    half = dataclasses.replace(plan.hubs[0], it_load_mw=150.0)
    first = dataclasses.replace(plan, hubs=(half, *plan.hubs[1:3]))

    def tiers(of: Plan, there: int) -> tuple[TierYear, ...]:
        own = {tier: [hub for hub in of.hubs if hub.tier == tier] for tier in TIERS}
        return tuple(
            TierYear(tier, len(hubs), len([hub for hub in hubs if hub in of.hubs[there:]]),
                     sum(hub.it_load_mw for hub in hubs))
            for tier, hubs in own.items()
        )  # fmt: skip

    def of_year(year: int, of: Plan, there: int, least: float, most: float) -> PlanYear:
        return PlanYear(
            year, str(year), of.digest, 0.5, of.objective, None, of.bound, least, most,
            tiers(of, there), sum(hub.it_load_mw for hub in of.hubs), 0.0, 0.0, 0,
        )  # fmt: skip

    hubs = tuple(
        ScheduledHub.of(
            hub.site_id, vars(hub), opened=2028 if number < 3 else 2034, fixed=False,
            loads=(
                *([YearLoad(2028, first.hubs[number].it_load_mw, 0.0)] if number < 3 else ()),
                YearLoad(2034, hub.it_load_mw, 0.0),
            ),
        )
        for number, hub in enumerate(plan.hubs)
    )  # fmt: skip
    schedule = Schedule(
        plan.dcsite_version, "fixture", plan.title_en, plan.title_ja, plan.created_at, "optimal",
        0.7, 0.7007, 0.001, 0.001, "all years together", "highs", "1.10.0", {}, 20.0,
        (of_year(2028, first, 0, 0.0, 0.0), of_year(2034, plan, 3, 0.004, 0.006)), hubs, (), (),
        plan.scenario,
    )  # fmt: skip
    return schedule, first


@pytest.fixture(scope="session")
def troubled_plan(plan: Plan) -> Plan:
    """The same plan, interrupted, with a broken rule and unserved demand."""
    return dataclasses.replace(
        plan,
        status="interrupted",
        gap=float("inf"),
        bound=float("inf"),
        unserved_mw=42.25,
        unserved=(UnservedZone("47", "Okinawa", "沖縄県", "latency_critical", 42.25),),
        violations=(
            Violation(
                "renewable_share", 0.0377, "share", ("01235",), 0.0188,
                "additional renewables give 46.2 %, less than 50 %",
                "追加性のある再エネが46.2%で、50%に届かない",
            ),
        ),
    )  # fmt: skip


def _named(candidates: gpd.GeoDataFrame, code: str) -> PlaceName:
    place = candidates.loc[code]
    return PlaceName(
        code, place["name_ja"], place["name_en"], place["prefecture_ja"], place["prefecture_en"]
    )


@pytest.fixture(scope="session")
def explanation(plan: Plan, candidates: gpd.GeoDataFrame) -> Explanation:
    """What the plan's hubs are worth: one of each kind, the last one cut off."""
    nayoro = RunnerUp(_named(candidates, "01221"), "core", 280.0, 141.234)
    saga = RunnerUp(_named(candidates, "41201"), "core", 240.0, 24.9)
    oita = RunnerUp(_named(candidates, "44201"), "regional", 20.0, 98.76)
    gone = (_named(candidates, "34100"),)
    told: tuple[tuple[Cost | None, tuple[RunnerUp, ...], tuple[PlaceName, ...]], ...] = (
        (Cost(0.0021, 0.00294), (nayoro,), ()),
        (Cost(0.00301, 0.0035), (saga, oita), gone),
        (Cost(None, None, possible=False), (), ()),
        (Cost(0.0, 0.0007), (), ()),
        (Cost(0.0004, None), (), ()),
        (Cost(0.0, 0.0001), (oita,), ()),
        (None, (), ()),
    )
    return Explanation(
        "fixture", plan.objective, 0.7124, plan.bound, 0.001,
        tuple(
            HubExplanation(
                _named(candidates, hub.site_id), hub.tier, hub.it_load_mw, hub.shares, cost, new,
                leaving,
            )
            for hub, (cost, new, leaving) in zip(plan.hubs, told, strict=True)
        ),
    )  # fmt: skip


def _missing_browser() -> str | None:
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None


@pytest.fixture(scope="session")
def open_browser(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[int, int], webdriver.Chrome]]:
    """Give a function that opens a headless Chromium of a given window size, with its logs."""
    missing = _missing_browser()
    if missing is not None:
        if os.environ.get("DCSITE_REQUIRE_BROWSER") == "1" or os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    opened: list[webdriver.Chrome] = []

    def open_window(width: int, height: int) -> webdriver.Chrome:
        options = Options()
        options.binary_location = str(shutil.which("chromium"))
        profile = tmp_path_factory.mktemp("chromium")
        for flag in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--force-device-scale-factor=1",
            f"--user-data-dir={profile}", f"--window-size={width},{height}",
        ):  # fmt: skip
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = Service(str(shutil.which("chromedriver")))
        driver = webdriver.Chrome(options=options, service=service)
        driver.set_page_load_timeout(60)
        opened.append(driver)
        return driver

    yield open_window
    for driver in opened:
        driver.quit()


@pytest.fixture(scope="session")
def map_file(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The fixture plan's map, written through the public function."""
    from dcsite.outputs import write_outputs

    return write_outputs(plan, candidates, atlas, tmp_path_factory.mktemp("map") / "out").map_html
