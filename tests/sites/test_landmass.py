from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from dcsite.atlas import Atlas
from dcsite.sites import NO_LANDMASS, landmass_of, landmasses

HONSHU, HOKKAIDO, KYUSHU, SHIKOKU, OKINAWA = range(5)


@pytest.fixture(scope="module")
def bodies(atlas: Atlas) -> gpd.GeoDataFrame:
    return landmasses(atlas)


@pytest.fixture(scope="module")
def at_office(atlas: Atlas, bodies: gpd.GeoDataFrame) -> dict[str, int]:
    """Land body under the office of each municipality, by code."""
    places = atlas.table("municipalities")
    ids = landmass_of(places["office_lat_deg"], places["office_lon_deg"], bodies)
    return dict(zip(places.index, ids.tolist(), strict=True))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("01100", HOKKAIDO),  # Sapporo
        ("01214", HOKKAIDO),  # Wakkanai
        ("01202", HOKKAIDO),  # Hakodate
        ("02201", HONSHU),  # Aomori
        ("13101", HONSHU),  # Chiyoda
        ("35201", HONSHU),  # Shimonoseki
        ("40100", KYUSHU),  # Kitakyushu, over the Kanmon strait from Shimonoseki
        ("40130", KYUSHU),  # Fukuoka
        ("46201", KYUSHU),  # Kagoshima
        ("36202", SHIKOKU),  # Naruto
        ("37201", SHIKOKU),  # Takamatsu
        ("47201", OKINAWA),  # Naha
        ("15224", 5),  # Sado, the largest after the five
    ],
)
def test_offices_stand_on_their_island(at_office: dict[str, int], code: str, expected: int) -> None:
    assert at_office[code] == expected


def test_islands_off_the_main_ones_are_bodies_of_their_own(at_office: dict[str, int]) -> None:
    rishiri, rishirifuji, rebun = (at_office[code] for code in ("01518", "01519", "01517"))
    assert rishiri == rishirifuji
    awaji = at_office["28226"]
    others = {rishiri, rebun, awaji, at_office["15224"], at_office["42209"]}  # Sado, Tsushima
    assert len(others) == 5
    assert min(others) > OKINAWA


def test_bodies_are_numbered_by_descending_area(bodies: gpd.GeoDataFrame) -> None:
    assert bodies.index.tolist() == list(range(len(bodies)))
    assert bodies["area_km2"].is_monotonic_decreasing
    # Areas of the five islands by the Geospatial Information Authority; the bodies here may hold
    # islets behind a canal, and their coasts are simplified.
    official_km2 = [227_943, 77_984, 36_782, 18_297, 1_209]
    assert bodies["area_km2"].iloc[:5].tolist() == pytest.approx(official_km2, rel=0.01)


def test_no_land_is_lost_or_counted_twice(atlas: Atlas, bodies: gpd.GeoDataFrame) -> None:
    polygons = atlas.polygons("prefecture_polygons").to_crs("EPSG:6933")
    assert bodies["area_km2"].sum() == pytest.approx(polygons.area.sum() / 1e6, rel=1e-5)
    assert bodies.geometry.is_valid.all()


def test_every_office_stands_on_a_body(at_office: dict[str, int]) -> None:
    assert min(at_office.values()) >= 0
    on_main_islands = sum(body <= SHIKOKU for body in at_office.values())
    assert len(at_office) == 1741
    assert on_main_islands > 1600


def test_points_in_harbours_belong_to_the_nearest_land_and_the_high_sea_to_none(
    bodies: gpd.GeoDataFrame,
) -> None:
    lat_deg = [41.786, 41.60, 35.0]
    lon_deg = [140.690, 140.90, 150.0]  # Hakodate harbour, Tsugaru strait, Pacific
    assert landmass_of(lat_deg, lon_deg, bodies).tolist() == [
        HOKKAIDO,
        NO_LANDMASS,
        NO_LANDMASS,
    ]


class StandIn:
    """An atlas whose prefectures are boxes; it hashes by identity, as the real one does."""

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        self.polygons = lambda name: frame


def stand_in(*boxes: tuple[float, float, float, float]) -> StandIn:
    """An atlas whose prefectures are boxes of (west, south, east, north) degrees."""
    return StandIn(gpd.GeoDataFrame(geometry=[shapely.box(*box) for box in boxes], crs="EPSG:4326"))


def test_prefectures_that_share_a_border_are_one_body() -> None:
    joined = landmasses(stand_in((135, 35, 136, 36), (136, 35, 137, 36)))  # type: ignore[arg-type]
    assert len(joined) == 1


def test_pieces_that_meet_in_a_point_are_one_body() -> None:
    joined = landmasses(stand_in((135, 35, 136, 36), (136, 36, 137, 37)))  # type: ignore[arg-type]
    assert len(joined) == 1


def test_a_canal_is_bridged_and_a_strait_is_not() -> None:
    # 0.003 degrees of latitude are 0.333 km, 0.002 are 0.222 km: the limit is 0.3 km.
    strait = stand_in((135, 35, 136, 36), (135, 36.003, 136, 36.5))
    canal = stand_in((135, 35, 136, 36), (135, 36.002, 136, 36.5))
    assert len(landmasses(strait)) == 2  # type: ignore[arg-type]
    assert len(landmasses(canal)) == 1  # type: ignore[arg-type]


def test_bodies_join_over_stepping_stones() -> None:
    chain = stand_in(
        (135, 35, 136, 36), (135, 36.002, 136, 36.01), (135, 36.012, 136, 36.5), (139, 35, 140, 36)
    )
    joined = landmasses(chain)  # type: ignore[arg-type]
    ids = landmass_of([35.5, 36.005, 36.3, 35.5], [135.5, 135.5, 135.5, 139.5], joined)
    assert ids.tolist() == [0, 0, 0, 1]
