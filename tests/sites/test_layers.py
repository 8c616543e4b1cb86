"""Layers of every format: told apart by content, placed on earth, opened without side effects."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from dcsite.atlas import Atlas
from dcsite.errors import SitesError
from dcsite.scenario import LandParameters
from dcsite.sites import read_sites
from dcsite.sites.reader import layer_names, read_rows
from dcsite.sites.user import SITES_FILE, read_points

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]
LAT, LON = 43.0621, 141.3544


def parcels(crs: str = "EPSG:6668") -> gpd.GeoDataFrame:
    square = shapely.box(LON - 0.001, LAT - 0.001, LON + 0.001, LAT + 0.001)
    frame = gpd.GeoDataFrame({"名称": ["石狩"], "面積ha": [12.5]}, geometry=[square], crs=4326)
    return frame.to_crs(crs)


def assert_read(path: str | Path) -> None:
    rows = read_rows(path, SITES_FILE)
    lat, lon, hectares = read_points(rows)
    rows.problems.raise_if_any()
    assert rows.cells["name"] == ("石狩",)
    assert rows.numbers("hectares", 0, 100).tolist() == [12.5]
    assert (lat[0], lon[0]) == (pytest.approx(LAT, abs=1e-6), pytest.approx(LON, abs=1e-6))
    # 0.002 degrees each way: 222.2 m by 163.0 m
    assert hectares[0] == pytest.approx(3.62, abs=0.01)


@pytest.mark.parametrize("name", ["p.shp", "p.fgb", "p.gpkg", "p.geojson", "P.SHP"])
@pytest.mark.parametrize("crs", ["EPSG:6668", "EPSG:6680"])
def test_formats(tmp_path: Path, name: str, crs: str) -> None:
    if name.endswith("geojson") and crs != "EPSG:6668":
        return
    parcels(crs).to_file(tmp_path / name.lower())
    if name.isupper():
        for part in list(tmp_path.iterdir()):
            part.rename(tmp_path / part.name.upper())
    assert_read(tmp_path / name)


def test_attributes_of_a_shapefile_in_cp932(tmp_path: Path) -> None:
    parcels().to_file(tmp_path / "p.shp", encoding="cp932")
    (tmp_path / "p.cpg").unlink()
    assert_read(tmp_path / "p.shp")


def test_archives_and_kml(tmp_path: Path) -> None:
    parcels().to_file(tmp_path / "p.shp")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for part in tmp_path.glob("p.[!z]*"):
            archive.write(part, f"folder/{part.name}")
    assert_read(tmp_path / "p.zip")
    kml = parcels("EPSG:4326").rename(columns={"名称": "Name"})
    kml.to_file(tmp_path / "p.kml", driver="LIBKML")
    assert_read(tmp_path / "p.kml")
    with zipfile.ZipFile(tmp_path / "p.kmz", "w") as archive:
        archive.write(tmp_path / "p.kml", "doc.kml")
    assert_read(tmp_path / "p.kmz")


def test_geopackage_in_use_in_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "in use"
    folder.mkdir()
    parcels().assign(面積ha=1.0).to_file(folder / "p.gpkg")
    writer = sqlite3.connect(folder / "p.gpkg")
    writer.execute("PRAGMA journal_mode=WAL")
    for (trigger,) in writer.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        writer.execute(f'DROP TRIGGER "{trigger}"')
    writer.execute("UPDATE p SET 面積ha = 12.5")
    writer.commit()
    before = sorted(each.name for each in folder.iterdir())
    folder.chmod(0o555)
    try:
        assert_read(folder / "p.gpkg")
        assert sorted(each.name for each in folder.iterdir()) == before
    finally:
        folder.chmod(0o755)
        writer.close()


@pytest.mark.parametrize("place", ["!x/p.geojson", "http:x.geojson", "vsizip/p.geojson"])
def test_no_path_is_taken_for_more_than_a_path(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    parcels("EPSG:4326").to_file(tmp_path / "plain.geojson")
    shutil.move(tmp_path / "plain.geojson", path)
    assert_read(path)


def geojson(crs: object = None, at: tuple[float, float] = (LON, LAT), **properties: object) -> str:
    point = {"type": "Point", "coordinates": at}
    feature = {"type": "Feature", "properties": properties, "geometry": point}
    top: dict[str, object] = {"type": "FeatureCollection", "features": [feature]}
    return json.dumps(top if crs is None else top | {"crs": crs})


def named(name: str) -> dict[str, object]:
    return {"type": "name", "properties": {"name": name}}


LINKED = {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs", "type": "proj4"}}
SET = "set the one the coordinates are in, such as EPSG:6668"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            geojson(named("EPSG:999999")),
            f'coordinate reference system "EPSG:999999" is not known; {SET}',
        ),
        (
            geojson(LINKED),
            f"names no coordinate reference system in its member crs; {SET}",
        ),
        (
            geojson(LINKED).replace('"crs"', '"c\\u0072s"'),
            f"names no coordinate reference system in its member crs; {SET}",
        ),
        (
            geojson(named("urn:ogc:def:crs:EPSG::3857")),
            (
                "coordinates (141.354, 43.0621) look like degrees, but the file says metres "
                "(WGS 84 / Pseudo-Mercator); set the system they are in"
            ),
        ),
        (
            geojson(named("EPSG:4326"), at=(-52_000.0, 12_000.0)),
            (
                "coordinates (-52000, 12000) look like metres, but the file says degrees "
                "(WGS 84); set the system they are in"
            ),
        ),
        (
            '{"type": "Topology", "objects": {}, "arcs": []}',
            "is TopoJSON; convert it to GeoJSON: ogr2ogr sites.geojson FILE",
        ),
        (
            geojson(name={"ja": "札幌", "en": "Sapporo"}),
            "feature 1, column name: holds a list or an object; allowed: a text or a number",
        ),
    ],
    ids=["unknown", "linked", "hidden", "degrees", "metres", "topo", "nested"],
)
def test_where_on_earth(
    write_file: WriteFile, complaints: Complaints, content: str, expected: str
) -> None:
    assert complaints(write_file("s.geojson", content)) == [f"s.geojson: {expected}"]


def test_a_property_called_crs_is_the_users_own(write_file: WriteFile) -> None:
    rows = read_rows(write_file("s.geojson", geojson(crs="x", name="a")), SITES_FILE)
    assert rows.cells["name"] == ("a",)


def test_local_systems(tmp_path: Path, complaints: Complaints) -> None:
    local = 'LOCAL_CS["site grid",UNIT["metre",1]]'
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(5000, 9000)], crs=local)
    frame.to_file(tmp_path / "s.gpkg")
    (line,) = complaints(tmp_path / "s.gpkg")
    assert "site grid" in line or "has no coordinate reference system" in line
    assert line.endswith(SET)


def test_metres_in_a_table(write_file: WriteFile, complaints: Complaints) -> None:
    (line,) = complaints(write_file("s.csv", "lat,lon\n-103938.2,-52133.7\n"))
    assert "look like metres; give latitude and longitude in degrees, or a layer" in line


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "s.kml",
            '<kml><NetworkLink href="http://127.0.0.1:9"/></kml>',
            "is not KML without links",
        ),
        ("s.fgb", "lat,lon", "is not a FlatGeobuf"),
        ("s.shp", "lat,lon", "is not a Shapefile"),
        ("s.parquet", "PAR2", "is not GeoParquet; write it again, or name it after what it is"),
        ("s.gml", "<gml/>", 'extension ".gml" is not known'),
        ("s.zip", "PK", "cannot be unpacked: File is not a zip file"),
    ],
)
def test_other_content(
    write_file: WriteFile, complaints: Complaints, name: str, content: str, expected: str
) -> None:
    (line,) = complaints(write_file(name, content))
    assert line.startswith(f"{name}: {expected}")


def test_pipes_and_devices_are_refused_at_once(tmp_path: Path, complaints: Complaints) -> None:
    os.mkfifo(tmp_path / "s.csv")
    (line,) = complaints(tmp_path / "s.csv")
    assert line.startswith("s.csv: is no regular file; allowed: a file .csv")
    (tmp_path / "s.geojson").symlink_to("/dev/zero")
    (line,) = complaints(tmp_path / "s.geojson")
    assert line.startswith("s.geojson: is no regular file; allowed: a file .csv")


# 3.61983 ha between geodesics on the GRS 80 ellipsoid.
@pytest.mark.parametrize(
    ("label", "hectares"), [("AREA", 3.61983), ("面積", 3.61983), ("面積(㎡)", 0.9)]
)
def test_areas_that_tools_add_to_polygons(
    tmp_path: Path, atlas: Atlas, land: LandParameters, label: str, hectares: float
) -> None:
    frame = parcels().drop(columns="面積ha").assign(**{label: 9000.0})
    frame.to_file(tmp_path / "p.gpkg")
    sites = read_sites(tmp_path / "p.gpkg", atlas, land)
    assert sites["hectares"].tolist() == [pytest.approx(hectares, rel=1e-5)]


@pytest.mark.parametrize("stated", ["ANSI 932", "", "UTF-8", "EUC-JP", "OEM"])
def test_attributes_of_a_shapefile_that_states_another_encoding(
    tmp_path: Path, stated: str
) -> None:
    parcels().to_file(tmp_path / "p.shp", encoding="cp932")
    (tmp_path / "p.cpg").write_text(stated)
    assert_read(tmp_path / "p.shp")


def test_parts_of_a_shapefile(tmp_path: Path, complaints: Complaints) -> None:
    parcels().to_file(tmp_path / "p.shp")
    table = tmp_path / "p.dbf"
    table.write_bytes(table.read_bytes()[:-20])
    assert complaints(tmp_path / "p.shp") == [
        "p.shp: has a .dbf that is cut short; copy all of its files again"
    ]
    table.unlink()
    rows = read_rows(tmp_path / "p.shp", SITES_FILE)
    assert rows.problems.told[0].startswith("has no .dbf beside it, and so neither names")
    (tmp_path / "p.shx").unlink()
    assert complaints(tmp_path / "p.shp") == ["p.shp: has no .shx beside it; copy all of its files"]


def test_what_packing_adds_and_folders_of_folders(tmp_path: Path) -> None:
    parcels().to_file(tmp_path / "p.shp")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in tmp_path.glob("p.[!z]*"):
            archive.write(part, part.name)
            archive.writestr(f"__MACOSX/._{part.name}", b"x")
    assert layer_names(tmp_path / "a.zip")[0] == "p"
    assert_read(tmp_path / "a.zip")
    place = (
        "<Placemark><name>石狩</name><Point><coordinates>141,43</coordinates></Point></Placemark>"
    )
    inner = f"<Folder><name>B</name>{place}</Folder>"
    kml = f"<Document><Folder><name>A</name>{inner}</Folder></Document>"
    (tmp_path / "p.kml").write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2">{kml}</kml>')
    assert read_rows(tmp_path / "p.kml", SITES_FILE).cells["name"] == ("石狩",)


def test_geoparquet(
    tmp_path: Path, complaints: Complaints, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    parcels("EPSG:6680").to_parquet(tmp_path / "p.parquet", compression="zstd")
    assert_read(tmp_path / "p.parquet")
    parcels().set_index("名称").to_parquet(tmp_path / "q.geoparquet")
    assert_read(tmp_path / "q.geoparquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "p.parquet").read_bytes()[:-9] + b"PAR1")
    plain = parcels().drop(columns="geometry")
    plain.to_parquet(tmp_path / "plain.parquet")
    unknown = parcels().set_crs(None, allow_override=True)
    unknown.to_parquet(tmp_path / "unknown.parquet")
    # 30 million gaps, in a few hundred bytes.
    column = arrow.nulls(30_000_000)
    packed = arrow.table({"名称": column, "面積": column, "geometry": column})
    parquet.write_table(packed, tmp_path / "bomb.parquet")
    for name, said in (
        ("cut", "cannot be read as GeoParquet: "),
        ("plain", "cannot be read as GeoParquet: Missing geo metadata"),
        ("unknown", "has no coordinate reference system; set the one"),
        ("bomb", "unpacks to 720,000,000 bytes; allowed: up to 200,000,000"),
    ):
        (line,) = complaints(tmp_path / f"{name}.parquet")
        assert line.startswith(f"{name}.parquet: {said}")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (line,) = complaints(tmp_path / "p.parquet")
    assert line.startswith("p.parquet: is GeoParquet, which needs pyarrow; pip install 'dcsite[")


@pytest.mark.parametrize(
    ("layer", "expected"),
    [("b", "has no layer"), ("p", ""), ("", "has no layer")],
)
def test_layer_of_an_archive(tmp_path: Path, layer: str, expected: str) -> None:
    parcels().to_file(tmp_path / "p.shp")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in tmp_path.glob("p.[!z]*"):
            archive.write(part, part.name)
    given = f"{tmp_path / 'a.zip'}|layername={layer}"
    if not expected:
        assert_read(given)
        return
    with pytest.raises(SitesError, match=expected):
        read_rows(given, SITES_FILE)


def test_layers_by_name(tmp_path: Path) -> None:
    parcels().to_file(tmp_path / "two.gpkg", layer="区画")
    parcels().iloc[:0].to_file(tmp_path / "two.gpkg", layer="b")
    assert layer_names(tmp_path / "two.gpkg") == ("区画", "b")
    assert_read(f"{tmp_path / 'two.gpkg'}|layername=区画")
    for given, message in (
        ("two.gpkg", r'holds 2 layers \("区画", "b"\); name the one with sites by --layer, or'),
        ("two.gpkg|layername=x", 'has no layer "x"; it has "区画", "b"'),
    ):
        with pytest.raises(SitesError, match=message):
            read_rows(f"{tmp_path}/{given}", SITES_FILE)


def test_a_file_may_have_the_mark_of_layers_in_its_name(tmp_path: Path) -> None:
    parcels().to_file(tmp_path / "a.geojson")
    (tmp_path / "a.geojson").rename(tmp_path / "a.gpkg|layername=b.geojson")
    assert_read(tmp_path / "a.gpkg|layername=b.geojson")


def test_layer_of_a_table_is_refused(write_file: WriteFile) -> None:
    with pytest.raises(SitesError, match='has no layers; leave out "x"'):
        read_rows(f"{write_file('s.csv', 'lat,lon')}|layername=x", SITES_FILE)
