"""Each format of a user's disasters against values worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from dcsite.atlas import Atlas
from dcsite.hazards.disaster_set import _COLUMNS
from dcsite.hazards.ground_motion import FaultPlanes, jma_intensity, rupture_distance_km
from dcsite.hazards.user import read_footprints
from dcsite.scenario import load_scenario
from dcsite.sites import municipality_sites

WriteFile = Callable[[str, str | bytes], Path]
NOT = -np.inf
#: Amplification of Sapporo and Hakodate in the shipped table.
ARV = {"01100": 0.801, "01202": 0.669}


def test_municipalities_give_their_sites_a_probability_or_an_intensity(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    path = write_file(
        "d.csv",
        "scenario_id,municipality_code,probability_down,intensity,name_en,name_ja,probability_30y\n"
        "a,01100,0.25,,Snow,大雪,0.1\n"
        "b,1202,,6.1,,,\n"
        "a,01202,0.5,,,,\n"
        "b,13101,0.9,,,,\n",
    )
    found = read_footprints(path, sites, shipped_atlas)
    assert found.lost.tolist() == [[0.25, 0], [0.5, 0], [0.25, 0]]
    assert found.intensity.tolist() == [[NOT, NOT], [NOT, 6.1], [NOT, NOT]]
    events = found.events
    assert list(events.columns) == [name for name in _COLUMNS if name != "areas_dark"]
    assert events.index.tolist() == ["user_a", "user_b"]
    assert events["source_id"].tolist() == ["user_a", "user_b"]
    assert events["name_en"].tolist() == ["Snow", "b"]
    assert events["name_ja"].tolist() == ["大雪", ""]
    assert events["probability_30y"].iloc[0] == events["source_probability_30y"].iloc[0] == 0.1
    assert events[["probability_30y", "source_probability_30y"]].iloc[1].isna().all()
    assert set(events["kind"]) == {"user"}
    assert set(events["basis"]) == {"d.csv"}
    assert events["in_force"].all()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # Where a class begins; a whole number beside classes is one too.
        ("6強 ６弱 7 5-upper", [6.0, 5.5, 6.5, 5.0]),
        ("震度５弱 upper6 震度７ 5+", [4.5, 6.0, 6.5, 5.0]),
        ("6強以上 5.7 4 6-", [6.0, 5.7, 3.5, 5.5]),
        # Without any class, what instruments give.
        ("6 7 5 4", [6.0, 7.0, 5.0, 4.0]),
    ],
)
def test_classes_of_intensity(
    write_file: WriteFile,
    sites: pd.DataFrame,
    shipped_atlas: Atlas,
    caplog: pytest.LogCaptureFixture,
    cells: str,
    expected: list[float],
) -> None:
    rows = (f"{at},01100,{cell}\n" for at, cell in enumerate(cells.split()))
    path = write_file("d.csv", "災害ID,市区町村コード,震度\n" + "".join(rows))
    assert read_footprints(path, sites, shipped_atlas).intensity[0].tolist() == expected
    told = "is read as instrumental intensity; classes are 4, 5弱" in caplog.text
    assert told == (cells == "6 7 5 4")


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("確率", "30%", 0.3),
        ("確率(％)", "0.3", 0.003),
        ("30年確率", "０．３", 0.3),
        ("確率", "1", 1.0),
    ],
)
def test_probabilities_in_percent(
    write_file: WriteFile,
    sites: pd.DataFrame,
    shipped_atlas: Atlas,
    header: str,
    cell: str,
    expected: float,
) -> None:
    path = write_file("d.csv", f"災害ID,市区町村コード,震度,{header}\na,01100,6.1,{cell}\n")
    found = read_footprints(path, sites, shipped_atlas)
    assert found.events["probability_30y"].tolist() == [pytest.approx(expected, rel=1e-12)]


def test_alternatives_of_a_group_share_a_source(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    path = write_file(
        "d.csv",
        "scenario_id;municipality_code;intensity;group;probability_30y\n"
        "a;01100;6;east;0.3\n"
        "b;01100;6;east;0.5\n"
        "east;01100;6;;0.2\n"
        "c;01100;6;dim;\n",
    )
    events = read_footprints(path, sites, shipped_atlas).events
    # A scenario called as the group is stays one of its own.
    assert events["source_id"].tolist() == [
        "usergroup_east", "usergroup_east", "user_east", "usergroup_dim",
    ]  # fmt: skip
    np.testing.assert_allclose(events["source_probability_30y"], [0.8, 0.8, 0.2, np.nan])
    np.testing.assert_allclose(events["probability_30y"], [0.3, 0.5, 0.2, np.nan])


def test_names_are_kept_as_the_user_wrote_them(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    text = 'scenario_id,municipality_code,intensity,name\na,01100,6,"<b>豪雪 & ""雪崩"""\n'
    for content in (text, text.encode("cp932"), text.encode("utf-8-sig")):
        events = read_footprints(write_file("d.csv", content), sites, shipped_atlas).events
        assert events["name_en"].tolist() == events["name_ja"].tolist() == ['<b>豪雪 & "雪崩"']


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:6680", "EPSG:3857"])
@pytest.mark.parametrize("suffix", ["gpkg", "geojson"])
def test_polygons_take_what_is_inside(
    tmp_path: Path, sites: pd.DataFrame, shipped_atlas: Atlas, crs: str, suffix: str
) -> None:
    around = {
        name: shapely.Point(row.lon_deg, row.lat_deg).buffer(0.01, cap_style="square")
        for name, row in zip(sites.index, sites.itertuples(), strict=True)
    }
    far = shapely.box(130, 32, 131, 33)
    holed = shapely.box(140, 41, 142, 44).difference(around["hakodate"])
    frame = gpd.GeoDataFrame(
        {
            "scenario_id": ["flood", "flood", "quake", "ash", "ash", "none"],
            "name": ["Flood", None, None, None, None, None],
            "probability_30y": [0.01, np.nan, np.nan, np.nan, np.nan, np.nan],
            "probability_down": [np.nan, 0.4, np.nan, 0.2, 0.7, np.nan],
            "intensity": [np.nan, np.nan, 6.25, np.nan, np.nan, np.nan],
        },
        geometry=[
            around["sapporo"],
            shapely.MultiPolygon([around["hakodate"], far]),
            holed,
            shapely.box(141, 42.9, 141.4, 43.2),
            around["south"],
            far,
        ],
        crs="EPSG:4326",
    )
    path = tmp_path / f"d.{suffix}"
    frame.to_crs(crs).to_file(path)
    found = read_footprints(path, sites, shipped_atlas)
    assert found.events.index.tolist() == ["user_flood", "user_quake", "user_ash", "user_none"]
    assert found.lost.tolist() == [[1, 0, 0.2, 0], [0.4, 0, 0, 0], [0, 0, 0.7, 0]]
    assert found.intensity.tolist() == [
        [NOT, 6.25, NOT, NOT],
        [NOT, NOT, NOT, NOT],
        [NOT, 6.25, NOT, NOT],
    ]
    assert found.events["name_en"].tolist() == ["Flood", "quake", "ash", "none"]


def test_polygons_without_any_other_column_take_everything_inside(
    tmp_path: Path, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    # The second site stands on the corner of the second polygon.
    boxes = [shapely.box(141, 43.01, 142, 44), shapely.box(140, 41, 140.73, 41.77)]
    frame = gpd.GeoDataFrame({"scenario_id": [7, 7]}, geometry=boxes, crs="EPSG:4326")
    frame.to_file(tmp_path / "d.gpkg")
    found = read_footprints(str(tmp_path / "d.gpkg"), sites, shipped_atlas)
    assert found.events.index.tolist() == ["user_7"]
    assert found.lost.tolist() == [[1], [1], [0]]
    assert found.intensity.tolist() == [[NOT], [NOT], [NOT]]


RUPTURES = (
    "scenario_id,moment_magnitude,source_type,lat_deg,lon_deg,top_depth_km,length_km,width_km,"
    "strike_deg,dip_deg\n"
)


def test_a_rupture_at_one_point_shakes_by_the_published_formula(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    path = write_file("d.csv", RUPTURES + "a,7.0,crustal,43.06,141.35,12,0,0,0,90\n")
    found = read_footprints(path, sites, shipped_atlas)
    # Right below the first site: X = D = 12 km, and 0.0028 * 10^3.5 = 8.854 km.
    pgv600 = 10 ** (0.58 * 7 + 0.0038 * 12 - 1.29 - np.log10(12 + 0.0028 * 10**3.5) - 0.002 * 12)
    pgv = pgv600 * 1.5**0.66 * ARV["01100"]
    assert found.intensity[0, 0] == pytest.approx(2.68 + 1.72 * np.log10(pgv), rel=1e-12)
    assert not found.lost.any()


def test_of_several_planes_the_nearest_counts_and_their_mean_depth(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    path = write_file(
        "d.csv",
        RUPTURES
        + "a,7.4,interface,42.5,141.0,10,60,20,20,30\n"
        + "b,6.5,Intraslab,42.5,141.0,60,0,0,0,90\n"
        + "a,7.4,interface,41.5,140.5,4,30,10,20,90\n",
    )
    found = read_footprints(path, sites, shipped_atlas)
    two = FaultPlanes(
        np.array([42.5, 41.5]), np.array([141.0, 140.5]), np.array([10.0, 4.0]),
        np.array([60.0, 30.0]), np.array([20.0, 10.0]), np.array([20.0, 20.0]),
        np.array([30.0, 90.0]),
    )  # fmt: skip
    lat, lon = sites["lat_deg"].to_numpy(), sites["lon_deg"].to_numpy()
    each = rupture_distance_km(lat, lon, two)
    # Depths from 10 to 20 km on 1,200 km2, from 4 to 14 km on 300 km2.
    depth = (15.0 * 1200 + 9.0 * 300) / 1500
    arv = np.array([ARV[code] for code in sites["municipality_code"]])
    assert each.argmin(axis=1).tolist() == [0, 1, 0]
    np.testing.assert_allclose(
        found.intensity[:, 0],
        jma_intensity(7.4, depth, each.min(axis=1), "interface", arv),
        rtol=1e-12,
    )
    point = FaultPlanes(*(np.array([v]) for v in (42.5, 141.0, 60.0, 0.0, 0.0, 0.0, 90.0)))
    away = rupture_distance_km(lat, lon, point)[:, 0]
    np.testing.assert_allclose(
        found.intensity[:, 1], jma_intensity(6.5, 60.0, away, "intraslab", arv), rtol=1e-12
    )
    # Weak shaking is not cut off.
    assert found.intensity[:, 1].min() < 5.0


def test_the_ground_of_a_site_goes_before_that_of_its_municipality(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    path = write_file("d.csv", RUPTURES + "a,7.0,crustal,43.0,141.35,2,20,10,0,90\n")
    plain = read_footprints(path, sites, shipped_atlas).intensity[:, 0]
    known = read_footprints(path, sites.assign(arv=[1.602, np.nan, 0.801]), shipped_atlas)
    np.testing.assert_allclose(
        known.intensity[:, 0] - plain, [1.72 * np.log10(2.0), 0.0, 0.0], atol=1e-12
    )


def test_a_scenario_without_any_site_in_it_is_kept(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    path = write_file("d.csv", "scenario_id,municipality_code,intensity\na,13101,6\n")
    found = read_footprints(path, sites, shipped_atlas)
    assert found.intensity.tolist() == [[NOT]] * 3
    assert found.lost.shape == (3, 1)
    none = read_footprints(path, sites.iloc[:0], shipped_atlas)
    assert none.lost.shape == none.intensity.shape == (0, 1)


def test_footprints_in_japanese_have_ids_made(
    tmp_path: Path, shipped_atlas: Atlas, caplog: pytest.LogCaptureFixture
) -> None:
    sites = municipality_sites(shipped_atlas, load_scenario("policy-2023").land)
    boxes = [shapely.box(140.0, 39.5, 140.3, 39.9), shapely.box(141.0, 43.0, 141.5, 43.2)]
    frame = gpd.GeoDataFrame(
        {"名称": ["雄物川L2洪水", "石狩川"], "確率": [0.03, 0.2]}, geometry=boxes, crs="EPSG:6668"
    )
    frame.to_file(tmp_path / "fp.geojson")
    found = read_footprints(tmp_path / "fp.geojson", sites, shipped_atlas)
    assert found.events.index.tolist() == ["user_scenario-0001", "user_scenario-0002"]
    assert found.events["name_en"].tolist() == ["雄物川L2洪水", "石狩川"]
    assert found.events["probability_30y"].tolist() == [0.03, 0.2]
    struck = (found.lost > 0).sum(axis=0)
    at = sites[["lon_deg", "lat_deg"]].to_numpy()
    assert struck.tolist() == [shapely.contains_xy(box, at[:, 0], at[:, 1]).sum() for box in boxes]
    assert any(
        f'strikes: "雄物川L2洪水" {struck[0]}, "石狩川" {struck[1]}' in line
        for line in caplog.messages
    )
    assert any(
        '"確率" is read as the probability within 30 years' in one for one in caplog.messages
    )


def test_rows_of_one_name_are_one_scenario(tmp_path: Path, shipped_atlas: Atlas) -> None:
    sites = municipality_sites(shipped_atlas, load_scenario("policy-2023").land)
    (tmp_path / "d.csv").write_bytes(
        "災害名,市区町村コード,震度\n地震A,01100,6.1\n地震B,04100,6\n地震A,01202,5.5\n".encode(
            "cp932"
        )
    )
    found = read_footprints(tmp_path / "d.csv", sites, shipped_atlas)
    assert found.events["name_en"].tolist() == ["地震A", "地震B"]
    felt = pd.DataFrame(found.intensity, sites["municipality_code"].to_numpy())
    assert felt.loc[["01100", "04100", "01202"]].to_numpy().tolist() == [
        [6.1, -np.inf],
        [-np.inf, 6.0],
        [5.5, -np.inf],
    ]
