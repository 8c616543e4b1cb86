"""Files of disasters that cannot be used: one line for each problem, word for word."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from dcsite.atlas import Atlas
from dcsite.errors import DisastersError
from dcsite.hazards.user import read_footprints

from .tiny import TinyAtlas

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]

KINDS = (
    ".csv or .xlsx (municipalities or ruptures by scenario), .geojson, .json (GeoJSON), .gpkg "
    "(GeoPackage), .shp (Shapefile), .kml, .kmz, .fgb (FlatGeobuf), .parquet (GeoParquet) or .zip "
    "(of one of these)"
)
TABLE = "scenario_id,municipality_code,intensity\n"
RUPTURES = (
    "scenario_id,moment_magnitude,source_type,lat_deg,lon_deg,top_depth_km,length_km,width_km,"
    "strike_deg,dip_deg\n"
)
CONVERT = "; convert it in a geographic information system, or as in: ogr2ogr sites.gpkg FILE"
IDS = "allowed: scenario_id, シナリオID, 災害ID"
BOX = shapely.box(141, 43, 142, 44)
BOW_TIE = shapely.Polygon([(141, 43), (141.1, 43.1), (141.1, 43), (141, 43.1)])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("d.csv", b"", "is empty; give at least one scenario"),
        ("d.csv", TABLE.encode(), "has no rows; give at least one scenario"),
        ("d.tab", b"x", f'extension ".tab" is not known; allowed: {KINDS}{CONVERT}'),
        (
            "d.csv",
            b"scenario_id,municipality_code,intensity,name\na,01100,6,\x81\xff\n",
            (
                "is no text in a known encoding; allowed: UTF-8 (with or without BOM), UTF-16 with "
                "BOM, CP932 or EUC-JP; save it again"
            ),
        ),
        ("d.gpkg", b"x", "is not a GeoPackage; write it again, or name it after what it is"),
        ("d.geojson", b"[1]", "is not GeoJSON; write it again, or name it after what it is"),
        (
            "d.geojson",
            b'{"type":"FeatureCollection","features":[]}',
            "has no rows; give at least one scenario",
        ),
        (
            "d.csv",
            b"municipality_code,intensity\n01100,6\n",
            (f'header: no column for scenario_id; {IDS}; found: "municipality_code", "intensity"'),
        ),
        (
            "d.csv",
            b"scenario_id,probability_30y\na,0.1\n",
            (
                "header: has neither municipality_code (a table of municipalities) nor "
                "moment_magnitude (one of ruptures); give one of the two"
            ),
        ),
        (
            "d.csv",
            b"scenario_id,municipality_code,moment_magnitude\na,01100,7\n",
            "header: has municipality_code and moment_magnitude; give one file for each kind",
        ),
        (
            "d.csv",
            b"scenario_id,municipality_code\na,01100\n",
            "header: no column for probability_down or intensity; give one of the two",
        ),
        (
            "d.csv",
            RUPTURES.replace(",dip_deg", "").encode() + b"a,7,crustal,43,141,1,1,1,0\n",
            "header: no column for dip_deg; a rupture needs it",
        ),
        (
            "d.csv",
            RUPTURES.replace("\n", ",intensity\n").encode() + b"a,7,crustal,43,141,1,1,1,0,90,6\n",
            (
                "header, column intensity: is not read for ruptures, whose intensity is computed; "
                "remove it"
            ),
        ),
        (
            "d.csv",
            b"scenario_id,municipality_code,inten\x1bsity\na,01100,6\n",
            (
                "header, column inten\\u001bsity: is not read; did you mean intensity? Rename or "
                "remove it"
            ),
        ),
        (
            "d.csv",
            b"scenario_id,municipality_code,intensty\na,01100,6\n",
            "header, column intensty: is not read; did you mean intensity? Rename or remove it",
        ),
    ],
)
def test_files_as_a_whole(
    write_file: WriteFile, complaints: Complaints, name: str, content: bytes, expected: str
) -> None:
    assert f"{name}: {expected}" in complaints(write_file(name, content))
    assert len(complaints(write_file(name, content))) <= 2


def test_missing_file_and_folder(tmp_path: Path, complaints: Complaints) -> None:
    (tmp_path / "folder.gpkg").mkdir()
    assert complaints(tmp_path / "gone.gpkg") == [
        f"gone.gpkg: no such file; allowed: a file {KINDS}"
    ]
    assert complaints(tmp_path / "folder.gpkg") == [
        f"folder.gpkg: is a folder; allowed: a file {KINDS}"
    ]


NUMBER_01 = "allowed: a number from 0 to 1, or nothing"
CODES = "allowed: the five digits of one of the municipalities of 2020, such as 01100"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "a,01100\n",
            ["row 2: has 2 cells, the header has 3; quote cells that hold the delimiter"],
        ),
        (
            ",01100,6\n",
            ["row 2, column scenario_id: is empty; give each row the id of its scenario"],
        ),
        (
            "a b,01100,6\n",
            [
                (
                    'row 2, column scenario_id: "a b" is not an id; allowed: up to 64 letters, '
                    "digits, dots, hyphens, underscores, slashes and colons"
                )
            ],
        ),
        (
            "a,01100,seven\n",
            [
                (
                    'row 2, column intensity: "seven" is not a number; allowed: a number from 0 to '
                    "7.5, or nothing"
                )
            ],
        ),
        (
            "a,01100,inf\na,01202,55\n",
            [
                (
                    'row 2, column intensity: "inf" is not a number; allowed: a number from 0 to '
                    "7.5, or nothing"
                ),
                (
                    'row 3, column intensity: "55" is out of range; allowed: a number from 0 to '
                    "7.5, or nothing"
                ),
            ],
        ),
        (
            "a,01100,6強\na,01202,6\n",
            [
                (
                    'row 3, column intensity: "6" is no class (4, 5弱, 5強, 6弱, 6強, 7); allowed: '
                    "a number from 0 to 7.5, or nothing"
                )
            ],
        ),
        (
            "a,01100,NaN\n",
            ["row 2: gives neither probability_down nor intensity; give one of the two"],
        ),
        ("a,,6\n", [f"row 2, column municipality_code: is empty; {CODES}"]),
        ("a,99999,6\n", [f'row 2, column municipality_code: "99999" is no municipality; {CODES}']),
        (
            "a,01101,6\n",
            ['row 2, column municipality_code: "01101" is a ward; give its city, 01100'],
        ),
        (
            "a,011002,6\n",
            ['row 2, column municipality_code: "011002" ends in a check digit; give 01100'],
        ),
        (
            "a,01100,6\nb,01100,6\na,1100,5\n",
            [
                (
                    'row 4, column municipality_code: "1100" is that of row 2 again, in the same '
                    'scenario "a"; keep one of the two'
                )
            ],
        ),
    ],
)
def test_rows_of_municipalities(
    write_file: WriteFile, complaints: Complaints, rows: str, expected: list[str]
) -> None:
    assert complaints(write_file("d.csv", TABLE + rows)) == [f"d.csv: {line}" for line in expected]


TOO_MUCH = "too much in parts of 1; write the unit, as in 30% or 確率(%)"
WITHOUT = "without the unit that others state; write it to all"
FULL = "scenario_id,municipality_code,probability_down,intensity,probability_30y,group,name\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "a,01100,0.5,6,,,\n",
            ["row 2: gives both probability_down and intensity; give one of the two"],
        ),
        (
            "a,01100,,,,,\n",
            ["row 2: gives neither probability_down nor intensity; give one of the two"],
        ),
        (
            "a,01100,1.5,,-0.1,,\n",
            [
                f'row 2, column probability_30y: "-0.1" is out of range; {NUMBER_01}',
                f'row 2, column probability_down: "1.5" is {TOO_MUCH}; {NUMBER_01}',
            ],
        ),
        (
            "a,01100,1,,5%,,\nb,01100,1,,0.3,,\n",
            [f'row 3, column probability_30y: "0.3" is {WITHOUT}; {NUMBER_01}'],
        ),
        (
            "a,01100,1,,0.6,g,\nb,01100,1,,0.3,g,\nc,01100,1,,0.2,g,\n",
            [
                (
                    'row 4, column probability_30y: the 3 alternatives of group "g" sum to 1.1; '
                    "allowed: up to 1"
                )
            ],
        ),
        (
            "a,01100,1,,0.6,g,\nb,01100,1,,,g,\n",
            [
                (
                    "row 3, column probability_30y: is missing, while other alternatives of group "
                    '"g" have one; give all of them one, or none'
                )
            ],
        ),
        (
            "a,01100,1,,0.6,,Ash\na,01202,1,,0.5,g,Snow\n",
            [
                (
                    'row 3, column name: "Snow" is not "Ash", as row 2 has it for scenario "a"; '
                    "give a scenario one name"
                ),
                (
                    "row 3, column probability_30y: 0.5 is not 0.6, as row 2 has it for scenario "
                    '"a"; give a scenario one probability_30y'
                ),
            ],
        ),
        (
            "a,01100,1,,,,A\u202eB\n",
            [
                (
                    'row 2, column name: "A\\u202eB" holds the control character U+202E; allowed: '
                    "printable text"
                )
            ],
        ),
        (
            f"a,01100,1,,,,{'x' * 121}\n",
            [
                f'row 2, column name: "{"x" * 39}…" has 121 characters; allowed: up to 120',
            ],
        ),
    ],
)
def test_what_rows_say_of_their_scenario(
    write_file: WriteFile, complaints: Complaints, rows: str, expected: list[str]
) -> None:
    assert complaints(write_file("d.csv", FULL + rows)) == [f"d.csv: {line}" for line in expected]


def test_a_scenario_without_an_id_is_called_by_its_name(
    write_file: WriteFile, complaints: Complaints
) -> None:
    rows = "災害名,市区町村コード,停止確率,確率\n降灰,13101,0.8,0.1\n降灰,13101,0.5,0.2\n"
    assert complaints(write_file("d.csv", rows)) == [
        (
            'd.csv: row 3, column 確率: 0.2 is not 0.1, as row 2 has it for scenario "降灰"; give '
            "a scenario one probability_30y"
        ),
        (
            'd.csv: row 3, column 市区町村コード: "13101" is that of row 2 again, in the same '
            'scenario "降灰"; keep one of the two'
        ),
    ]


def test_ten_tenths_are_no_more_than_one(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    rows = "".join(f"s{at},01100,1,,0.1,g,\n" for at in range(10))
    found = read_footprints(write_file("d.csv", FULL + rows), sites, shipped_atlas)
    assert found.events["source_probability_30y"].max() <= 1.0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "a,,shallow,43,141,-1,1,1,0,200\n",
            [
                'row 2, column top_depth_km: "-1" is out of range; allowed: a number from 0 to 700',
                'row 2, column dip_deg: "200" is out of range; allowed: a number from 0 to 180',
                "row 2, column moment_magnitude: is empty; allowed: a number from 4 to 10",
                (
                    'row 2, column source_type: "shallow" is not known; allowed: crustal, '
                    "interface, intraslab"
                ),
            ],
        ),
        (
            "a,7,,141,43,1,inf,1,nan,90\n",
            [
                'row 2, column lat_deg: "141" is out of range; allowed: a number from 18 to 48',
                'row 2, column lon_deg: "43" is out of range; allowed: a number from 118 to 158',
                'row 2, column length_km: "inf" is not a number; allowed: a number from 0 to 2000',
                "row 2, column strike_deg: is empty; allowed: a number from -360 to 360",
                "row 2, column source_type: is empty; allowed: crustal, interface, intraslab",
            ],
        ),
        (
            "a,7,crustal,43,141,1,10,10,0,90\na,7.5,interface,43,142,1,10,10,0,90\n",
            [
                (
                    "row 3, column moment_magnitude: 7.5 is not 7, as row 2 has it for scenario "
                    '"a"; give a scenario one moment_magnitude'
                ),
                (
                    'row 3, column source_type: "interface" is not "crustal", as row 2 has it for '
                    'scenario "a"; give a scenario one source_type'
                ),
            ],
        ),
        (
            "a,7,crustal,43,141,1,10,10,0,90\na,7,crustal,43.0,141,1,10,10,0,90\n",
            ['row 3: is the plane of row 2 again, in the same scenario "a"; keep one of the two'],
        ),
    ],
)
def test_rows_of_ruptures(
    write_file: WriteFile, complaints: Complaints, rows: str, expected: list[str]
) -> None:
    assert complaints(write_file("d.csv", RUPTURES + rows)) == [
        f"d.csv: {line}" for line in expected
    ]


def test_ground_that_is_not_known_is_named(
    write_file: WriteFile, sites: pd.DataFrame, shipped_atlas: Atlas
) -> None:
    soil = shipped_atlas.table("seismic_hazard_by_municipality")
    soil.loc["01202", "arv_median"] = np.nan
    towns = shipped_atlas.table("municipalities")
    atlas = TinyAtlas(seismic_hazard_by_municipality=soil, municipalities=towns)
    path = write_file("d.csv", RUPTURES + "a,7,crustal,43,141,1,10,10,0,90\n")
    with pytest.raises(DisastersError) as caught:
        read_footprints(path, sites, atlas)
    assert str(caught.value) == (
        "seismic_hazard_by_municipality: arv_median: the soil of 函館市 (01202), where site "
        "hakodate stands, is not known; give the site its own arv"
    )
    read_footprints(path, sites.assign(arv=1.0), atlas)


def layer(path: Path, geometry: list[object], crs: str | None = "EPSG:4326", **columns) -> Path:
    ids = {"scenario_id": [f"s{at}" for at in range(1, len(geometry) + 1)]}
    gpd.GeoDataFrame({**ids, **columns}, geometry=geometry, crs=crs).to_file(path)
    return path


POLYGON = "allowed: a polygon or a multipolygon"


@pytest.mark.parametrize("name", ["d.gpkg", "d.geojson"])
@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (None, f"is missing or cannot be read; {POLYGON}"),
        (shapely.Polygon(), f"is empty; {POLYGON}"),
        (shapely.Point(141, 43), f"is a Point; {POLYGON}"),
        (
            BOW_TIE,
            (
                "is not a valid Polygon: Self-intersection[141.05 43.05] (longitude, latitude); "
                f"{POLYGON} that does not cross itself"
            ),
        ),
        (
            shapely.box(43, 141, 44, 142),
            "has latitude and longitude swapped; swap them",
        ),
        (
            shapely.box(2.1, 48, 2.5, 49),
            (
                "reaches from latitude 48 to 49 and longitude 2.1 to 2.5, out of Japan; allowed: "
                "latitude 18 to 48, longitude 118 to 158; check the coordinate reference system"
            ),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*Polygon.*:UserWarning")
def test_bad_geometries(
    tmp_path: Path, complaints: Complaints, name: str, geometry: object, expected: str
) -> None:
    path = layer(tmp_path / name, [BOX, geometry])
    assert complaints(path) == [f'{name}: feature 2, column geometry: of scenario "s2" {expected}']


def test_crossing_polygons_are_found_in_a_projected_system_too(
    tmp_path: Path, complaints: Complaints
) -> None:
    frame = gpd.GeoDataFrame({"scenario_id": ["x"]}, geometry=[BOW_TIE], crs="EPSG:4326")
    frame.to_crs("EPSG:6680").to_file(tmp_path / "d.gpkg")
    (line,) = complaints(tmp_path / "d.gpkg")
    assert line.startswith(
        'd.gpkg: feature 1, column geometry: of scenario "x" is not a valid Polygon: '
        "Self-intersection[141.0"
    )


def test_the_wrong_system_is_found_by_where_it_leads(
    tmp_path: Path, complaints: Complaints
) -> None:
    # Plane coordinates of zone 12 (Sapporo), said to be longitude and latitude.
    metres = gpd.GeoSeries([BOX], crs="EPSG:4326").to_crs("EPSG:6680").iloc[0]
    (line,) = complaints(layer(tmp_path / "d.geojson", [metres]))
    assert "(-101917, -111061) look like metres, but the file says degrees" in line
    assert line.endswith("; set the system they are in")


def test_no_system_is_refused(tmp_path: Path, complaints: Complaints) -> None:
    path = layer(tmp_path / "d.gpkg", [BOX])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE gpkg_contents SET srs_id = -1")
    connection.execute("UPDATE gpkg_geometry_columns SET srs_id = -1")
    connection.commit()
    connection.close()
    assert complaints(path) == [
        (
            "d.gpkg: has no coordinate reference system; set the one the coordinates are in, such "
            "as EPSG:6668"
        )
    ]


def test_a_schema_that_is_no_text(tmp_path: Path, complaints: Complaints) -> None:
    path = layer(tmp_path / "d.gpkg", [BOX])
    content = path.read_bytes()
    broken = content.replace(b"CREATE TABLE gpkg_contents", b"CREATE T\xff\xfeLE gpkg_contents")
    assert broken != content
    path.write_bytes(broken)
    assert complaints(path) == [
        "d.gpkg: is not a GeoPackage; write it again, or name it after what it is"
    ]


@pytest.mark.parametrize("name", ["d.gpkg", "d.geojson"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_file_cut_short_is_refused(
    tmp_path: Path, complaints: Complaints, name: str, share: float
) -> None:
    path = layer(tmp_path / name, [BOX.buffer(at / 1000) for at in range(50)])
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    (line,) = complaints(path)
    assert line.startswith(("d.gpkg: is not a GeoPackage;", f"{name}: cannot be read: "))


def test_the_same_polygon_twice(tmp_path: Path, complaints: Complaints) -> None:
    turned = shapely.Polygon([(142, 44), (141, 44), (141, 43), (142, 43)])
    path = layer(tmp_path / "d.gpkg", [BOX, turned, BOX], scenario_id=["a", "a", "b"])
    assert complaints(path) == [
        (
            "d.gpkg: feature 2, column geometry: is that of feature 1 again, in the same scenario "
            '"a"; keep one of the two'
        )
    ]


def test_numbers_and_columns_of_polygons(tmp_path: Path, complaints: Complaints) -> None:
    path = layer(
        tmp_path / "d.gpkg",
        [BOX, BOX],
        probability_down=[2.0, 0.5],
        intensity=[np.nan, 6.0],
        probability_30y=[np.inf, 0.1],
    )
    assert complaints(path) == [
        f'd.gpkg: feature 1, column probability_30y: "inf" is not a number; {NUMBER_01}',
        f'd.gpkg: feature 1, column probability_down: "2" is {TOO_MUCH}; {NUMBER_01}',
        "d.gpkg: feature 2: gives both probability_down and intensity; give one of the two",
    ]
    frame = gpd.GeoDataFrame({"what": ["x"]}, geometry=[BOX], crs="EPSG:4326")
    frame.to_file(tmp_path / "e.gpkg")
    assert complaints(tmp_path / "e.gpkg") == [
        f'e.gpkg: header: no column for scenario_id; {IDS}; found: "what"'
    ]


def test_a_wrong_column_does_not_flood_the_screen(
    write_file: WriteFile, complaints: Complaints
) -> None:
    rows = "".join(f"s{at},01100,x\n" for at in range(500))
    lines = complaints(write_file("d.csv", TABLE + rows))
    assert len(lines) == 21
    assert lines[-1] == "d.csv: 480 more problems not shown; mend these first"


def test_geojson_of_a_point_is_named_with_its_scenario(
    write_file: WriteFile, complaints: Complaints
) -> None:
    feature = {
        "type": "Feature",
        "properties": {"scenario_id": "<script>"},
        "geometry": {"type": "Point", "coordinates": [141, 43]},
    }
    lines = complaints(write_file("d.geojson", json.dumps(feature)))
    assert lines == [
        (
            'd.geojson: feature 1, column scenario_id: "<script>" is not an id; allowed: up to 64 '
            "letters, digits, dots, hyphens, underscores, slashes and colons"
        ),
        f'd.geojson: feature 1, column geometry: of scenario "<script>" is a Point; {POLYGON}',
    ]
