"""A user's zones: official layers as they are published, what they cover, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsite.atlas import Atlas
from dcsite.errors import HazardsError
from dcsite.hazards import hazard_files, measure_polygons, read_polygons

#: Tomakomai (01213): a box of 0.02 degrees about a point, with the point in its west half.
EAST, NORTH = 141.60, 42.64
ALL_OF_IT = shapely.box(EAST - 0.01, NORTH - 0.01, EAST + 0.01, NORTH + 0.01)
EAST_HALF = shapely.box(EAST, NORTH - 0.02, EAST + 0.02, NORTH + 0.02)
BOW_TIE = shapely.Polygon([(141.5, 42.6), (141.7, 42.7), (141.7, 42.6), (141.5, 42.7)])


def _sites(**changes: object) -> pd.DataFrame:
    """A point in the west half, a lot of two halves, Sapporo, and the municipality itself."""
    frame = pd.DataFrame(
        {
            "municipality_code": ["01213", "01213", "01100", "01213"],
            "lat_deg": [NORTH, NORTH, 43.06, NORTH],
            "lon_deg": [EAST - 0.005, EAST, 141.35, EAST],
            "uncertainty_km": [0.0, 1.0, 0.0, 9.0],
            "outline": [None, ALL_OF_IT.wkt, None, None],
        },
        index=pd.Index(["point", "lot", "sapporo", "town"], name="site_id"),
    )
    return frame.assign(**changes)


def _write(path: Path, geometry: list[shapely.Geometry], crs: str | None = "EPSG:6668",
           encoding: str | None = None, **columns: list[object]) -> Path:  # fmt: skip
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)
    frame.to_file(path, **({"encoding": encoding} if encoding else {}))
    return path


def _measured(path: Path, atlas: Atlas) -> dict[str, list[float]]:
    found = measure_polygons(_sites(), path, atlas)
    return {str(zone): shares.tolist() for zone, shares in found.items() if shares.notna().any()}


def _same(found: dict[str, list[float]], **expected: list[float]) -> None:
    assert found.keys() == expected.keys()
    for zone, shares in expected.items():
        np.testing.assert_allclose(found[zone], shares, atol=1e-9)


NO = np.nan


def test_a_tsunami_shapefile_as_published_covers_its_prefecture(
    tmp_path: Path, shipped_atlas: Atlas
) -> None:
    path = _write(
        tmp_path / "A40-16_01.shp", [EAST_HALF], encoding="CP932",
        A40_001=["北海道"], A40_002=[1], A40_003=["0.3m以上 ～ 1m未満"],
    )  # fmt: skip
    for gone in (".prj", ".cpg"):  # as older official layers come
        path.with_suffix(gone).unlink()
    _same(_measured(path, shipped_atlas), tsunami=[0.0, 0.5, 0.0, NO])
    assert {one.suffix for one in hazard_files(path)} == {".shp", ".shx", ".dbf"}
    odd = tmp_path / "a[1].geojson"
    odd.write_text("{}")
    assert hazard_files(odd) == (odd,)
    with zipfile.ZipFile(tmp_path / "A40-16_01_GML.zip", "w") as archive:
        for part in hazard_files(path):
            archive.write(part, f"A40-16_01_GML/{part.name}")
        archive.writestr("A40-16_01_GML/KS-META-A40-16_01.xml", "<MD_Metadata/>")
    _same(_measured(tmp_path / "A40-16_01_GML.zip", shipped_atlas), tsunami=[0.0, 0.5, 0.0, NO])


@pytest.mark.parametrize(
    ("rank", "is_deep"),
    [(1, 0), (2, 0), (3, 1), (6, 1), (11, 0), (13, 0), (14, 1), (15, 1), (24, 0), (25, 1)],
)
@pytest.mark.parametrize("column", ["A31a_205", "A31_201", "A31_001"])
def test_only_flood_classes_that_reach_above_3_m_are_deep(
    tmp_path: Path, column: str, rank: int, is_deep: int
) -> None:
    path = _write(tmp_path / "flood.geojson", [EAST_HALF], **{column: [rank], "A31a_204": ["x"]})
    assert read_polygons(path)["deep_flood"].counts.tolist() == [bool(is_deep)]


def test_floods_cover_the_municipalities_they_map(tmp_path: Path, shipped_atlas: Atlas) -> None:
    west = shapely.box(EAST - 0.02, NORTH - 0.02, EAST, NORTH + 0.02)
    path = _write(
        tmp_path / "A31a-20-24_01.geojson", [EAST_HALF, west],
        A31a_201=["8101010001"] * 2, A31a_202=["勇払川"] * 2, A31a_205=[2, 3],
    )  # fmt: skip
    _same(_measured(path, shipped_atlas), deep_flood=[1.0, 0.5, NO, NO])


def test_a_folder_is_read_whole(tmp_path: Path, shipped_atlas: Atlas) -> None:
    folder = tmp_path / "zones"
    folder.mkdir()
    _write(
        folder / "A33-23_01Polygon.shp", [ALL_OF_IT], encoding="UTF-8",
        A33_001=[2], A33_002=[4], A33_003=["01"], A33_005=["沢"],
    )  # fmt: skip
    _write(
        folder / "mine.gpkg", [EAST_HALF.buffer(-0.001, join_style="mitre"), BOW_TIE, EAST_HALF],
        crs="EPSG:4326", 種別=["高潮", "洪水", "flood"], depth_m=[np.nan, 2.9, 3.0],
    )  # fmt: skip
    found = _measured(folder, shipped_atlas)
    _same(
        found, deep_flood=[0.0, 0.5, NO, NO], landslide=[1.0, 1.0, 0.0, NO],
        storm_surge=[0.0, 0.45, NO, NO],
    )  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(*[st.integers(-9, 9)] * 2, st.integers(1, 6), st.integers(1, 6)), min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_shares_are_those_of_a_fine_grid(
    tmp_path: Path, shipped_atlas: Atlas, boxes: list[tuple[int, int, int, int]]
) -> None:
    """On a lot of 20 by 20 cells, whole cells are in some box or in none."""
    cell = 0.001
    path = _write(
        tmp_path / "boxes.geojson",
        [
            shapely.box(EAST + x * cell, NORTH + y * cell, EAST + (x + w) * cell,
                        NORTH + (y + h) * cell)
            for x, y, w, h in boxes
        ],
        kind=["tsunami"] * len(boxes),
    )  # fmt: skip
    inside = np.zeros((20, 20), dtype=bool)
    for x, y, w, h in boxes:
        inside[x + 10 : x + 10 + w, y + 10 : y + 10 + h] = True
    found = measure_polygons(_sites(), path, shipped_atlas).loc["lot", "tsunami"]
    assert found == pytest.approx(inside.mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"A31a_205": [9]}, 'feature 1, column A31a_205: "9" is not known; allowed: 1, 2, 3'),
        ({"A31a_205": [None]}, "feature 1, column A31a_205: is empty; allowed: 1, 2, 3"),
        ({"A33_002": [5], "A33_003": ["01"]}, 'column A33_002: "5" is not known; allowed: 1, 2'),
        ({"A40_003": ["x"], "A40_002": [48]}, 'column A40_002: "48" is out of range; allowed: a'),
        ({"kind": ["\x1bfire"]}, 'column kind: "\\u001bfire" is not known; allowed: flood, 洪水'),
        ({"kind": [""]}, "column kind: is empty; allowed: flood, tsunami, landslide, storm_surge"),
        ({"kind": ["flood"], "depth_m": ["deep"]}, 'column depth_m: "deep" is not a number; allo'),
        ({"name": ["x"]}, "header: does not say what it maps; allowed: a column kind, or that of"),
        ({"A31a_205": [1], "A33_002": [1]}, "header: has columns of flood and landslide; allowed"),
    ],
)
def test_what_a_layer_says_wrongly(
    tmp_path: Path, shipped_atlas: Atlas, columns: dict[str, list[object]], said: str
) -> None:
    path = _write(tmp_path / "bad.geojson", [EAST_HALF], **columns)
    with pytest.raises(HazardsError) as caught:
        measure_polygons(_sites(), path, shipped_atlas)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("bad.geojson: ")
    assert said in line


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(
    ("geometry", "crs", "said"),
    [
        (shapely.Point(EAST, NORTH), "EPSG:6668", "is a Point; allowed: a polygon"),
        (shapely.box(NORTH, EAST, 43, 142), "EPSG:4326", "latitude and longitude swapped; swap"),
        (EAST_HALF, None, "has no coordinate reference system; set the one the coordinates are"),
        (shapely.box(0, 0, 1, 1), "EPSG:4326", "out of Japan; allowed: latitude 18 to 48"),
        (None, "EPSG:4326", "is missing or cannot be read; allowed: a polygon"),
    ],
)
def test_geometries_that_are_no_zones(
    tmp_path: Path, shipped_atlas: Atlas, geometry: shapely.Geometry, crs: str | None, said: str
) -> None:
    path = _write(tmp_path / "bad.gpkg", [geometry], crs=crs, kind=["tsunami"])
    with pytest.raises(HazardsError, match=said):
        measure_polygons(_sites(), path, shipped_atlas)


def test_files_that_are_none(tmp_path: Path, shipped_atlas: Atlas) -> None:
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type":"FeatureCollection","features":[]}')
    vrt = tmp_path / "vrt.shp"
    vrt.write_text("<OGRVRTDataSource/>")
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(empty, "10/a.geojson")
        packed.write(empty, "20/b.geojson")
    torn = tmp_path / "torn.zip"
    torn.write_bytes(b"PK\x03\x04")
    (tmp_path / "folder").mkdir()
    for path, said in (
        (empty, "has no rows; give at least one polygon"),
        (vrt, "is not a Shapefile; write it again, or name it after what it is"),
        (archive, 'holds 2 layers ("a.geojson", "b.geojson"); name the one with zones by --layer'),
        (torn, "cannot be unpacked: "),
        (tmp_path / "folder", "holds no file of zones; allowed: .geojson"),
        (tmp_path / "gone.shp", "no such file; allowed: a file .geojson"),
    ):
        with pytest.raises(HazardsError) as caught:
            measure_polygons(_sites(), path, shipped_atlas)
        assert str(caught.value).startswith(f"{path.name}: {said}")


def test_a_file_that_measures_no_site_is_told(tmp_path: Path, shipped_atlas: Atlas) -> None:
    path = _write(tmp_path / "far.geojson", [shapely.box(130, 33, 130.1, 33.1)], kind=["flood"])
    with pytest.raises(HazardsError, match=r"far\.geojson: covers none of the sites; give the map"):
        measure_polygons(_sites(), path, shipped_atlas)
    with pytest.raises(HazardsError, match="measured at points and polygons of your own; give the"):
        measure_polygons(_sites().loc[["town"]], path, shipped_atlas)
