"""Geometries and layers of GeoJSON and GeoPackage files that cannot be used."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]


def feature(geometry: dict[str, Any] | None) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": "x"}, "geometry": geometry}


LINE = {"type": "LineString", "coordinates": [[141, 43], [141.1, 43]]}
OPEN_RING = {"type": "Polygon", "coordinates": [[[141, 43], [141.1, 43], [141.1, 43.1], [142, 43]]]}
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[141, 43], [141.1, 43.1], [141.1, 43], [141, 43.1], [141, 43]]],
}


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (None, "is missing or cannot be read; allowed: a point or a polygon"),
        (OPEN_RING, "is missing or cannot be read; allowed: a point or a polygon"),
        (
            {"type": "Polygon", "coordinates": []},
            "is empty; allowed: a point or a polygon",
        ),
        (LINE, "is a LineString; allowed: a point or a polygon"),
        (
            {"type": "MultiPoint", "coordinates": [[141, 43], [142, 43]]},
            "is a MultiPoint; allowed: a point or a polygon",
        ),
        (
            {"type": "GeometryCollection", "geometries": [LINE]},
            "is a GeometryCollection; allowed: a point or a polygon",
        ),
        (
            BOW_TIE,
            (
                "is not a valid Polygon: Self-intersection[141.05 43.05] (longitude, latitude); "
                "allowed: a point or a polygon that does not cross itself"
            ),
        ),
    ],
)
def test_bad_geometries(
    write_file: WriteFile,
    complaints: Complaints,
    geometry: dict[str, Any] | None,
    expected: str,
) -> None:
    sound = feature({"type": "Point", "coordinates": [141.3544, 43.0621]})
    collection = {"type": "FeatureCollection", "features": [sound, feature(geometry)]}
    path = write_file("s.geojson", json.dumps(collection))
    assert complaints(path) == [f"s.geojson: feature 2, column geometry: {expected}"]


def test_swapped_and_projected_geojson(write_file: WriteFile, complaints: Complaints) -> None:
    def text(*point: float) -> str:
        features = [feature({"type": "Point", "coordinates": point})]
        return json.dumps({"type": "FeatureCollection", "features": features})

    assert complaints(write_file("s.geojson", text(43.0621, 141.3544))) == [
        "s.geojson: feature 1: latitude and longitude (141.3544, 43.0621) look swapped; swap them"
    ]
    assert complaints(write_file("s.geojson", text(15735500.0, 5322000.0))) == [
        (
            "s.geojson: coordinates (1.57355e+07, 5.322e+06) look like metres, but the file says "
            "degrees (WGS 84); set the system they are in"
        )
    ]


def points_frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["x"]}, geometry=[shapely.Point(141.3544, 43.0621)], crs="EPSG:4326"
    )


@pytest.mark.parametrize("srs_id", [0, -1])
def test_geopackage_without_crs(tmp_path: Path, complaints: Complaints, srs_id: int) -> None:
    path = tmp_path / "s.gpkg"
    points_frame().to_file(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE gpkg_contents SET srs_id = ?", [srs_id])
    connection.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", [srs_id])
    connection.commit()
    connection.close()
    assert complaints(path) == [
        (
            "s.gpkg: has no coordinate reference system; set the one the coordinates are in, "
            "such as EPSG:6668"
        )
    ]


def test_geopackage_with_two_layers(tmp_path: Path, complaints: Complaints) -> None:
    path = tmp_path / "s.gpkg"
    points_frame().to_file(path, layer="here")
    points_frame().to_file(path, layer="there")
    assert complaints(path) == [
        (
            's.gpkg: holds 2 layers ("here", "there"); name the one with sites by --layer, or '
            "behind the file: FILE|layername=NAME"
        )
    ]


def test_geopackage_without_geometry_or_rows(tmp_path: Path, complaints: Complaints) -> None:
    table = tmp_path / "table.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"name": ["x"]}), table)
    assert complaints(table) == [
        "table.gpkg: holds no geometry; give one layer of points or polygons"
    ]
    rows = tmp_path / "rows.gpkg"
    points_frame().iloc[:0].to_file(rows)
    assert complaints(rows) == ["rows.gpkg: has no rows; give at least one site"]
