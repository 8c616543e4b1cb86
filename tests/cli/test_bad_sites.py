"""Bad sites files: one line per problem, nothing written.

Each case says which fragments each line of stderr must hold: file, row and column, the value
found, and what is allowed or what to do.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

HEADER = "id,name,lat,lon,hectares,max_mw,tier\n"
SAPPORO = "sapporo,札幌,43.0621,141.3544,,,\n"

Content = str | bytes | Callable[[Path], None]
Lines = tuple[tuple[str, ...], ...]
Files = Mapping[str, Content]


def case(name: str, arguments: tuple[str, ...], lines: Lines, files: Files | None = None) -> Any:
    return pytest.param(arguments, lines, files or {}, id=name)


def sites(name: str, content: Content, *lines: tuple[str, ...], file: str = "own.csv") -> Any:
    """A sites file; ``--quiet``, because reading the tables it is held against is told."""
    return case(name, ("solve", "--quiet", "--sites", file), lines, {file: content})


def rows(name: str, text: str, *lines: tuple[str, ...]) -> Any:
    """A CSV file of a sound first row and others."""
    return sites(name, f"{HEADER}{SAPPORO}{text}", *lines)


def features(*geometries: dict[str, Any] | None) -> str:
    made = [{"type": "Feature", "properties": {}, "geometry": each} for each in geometries]
    return json.dumps({"type": "FeatureCollection", "features": made})


def _layers(*names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        points = gpd.GeoDataFrame(
            {"name": ["札幌"]}, geometry=[shapely.Point(141.3544, 43.0621)], crs="EPSG:4326"
        )
        for name in names:
            points.to_file(path, layer=name)

    return write


def _without_crs(path: Path) -> None:
    _layers("own")(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE gpkg_contents SET srs_id = -1")
    connection.execute("UPDATE gpkg_geometry_columns SET srs_id = -1")
    connection.commit()
    connection.close()


SITES = [
    sites(
        "no latitude", "name,lon\na,141.3\n",
        ("own.csv", "header", "lat_deg", "latitude", '"name", "lon"'),
    ),
    sites(
        "a column twice", "lat,lon,Latitude\n43,141,43\n",
        ("own.csv", "column Latitude", "keep one of the two"),
    ),
    sites(
        "a column nearly right", "lat,lon,hectars\n43.0621,141.3544,5\n",
        ("own.csv", "column hectars", "did you mean hectares?"),
    ),
    rows(
        "empty coordinate", "b,,,141.3,,,\n",
        ("own.csv", "row 3, column lat", "is empty", "decimal degrees"),
    ),
    rows(
        "NaN", "b,,43.1,NaN,,,\n",
        ("own.csv", "row 3, column lon", '"NaN"', "decimal degrees"),
    ),
    rows(
        "degrees and minutes", "b,,43°63',141.3,,,\n",
        ("own.csv", "row 3, column lat", "43°63'", "is not a number"),
    ),
    rows(
        "swapped", "b,,141.3,43.1,,,\n",
        ("own.csv", "row 3", "(141.3, 43.1)", "look swapped; swap them"),
    ),
    rows(
        "outside Japan", "b,,51.5,-0.1,,,\n",
        ("own.csv", "row 3", "(51.5, -0.1)", "outside Japan", "latitude 20 to 46"),
    ),
    rows(
        "Busan", "b,,35.18,129.08,,,\n",
        ("own.csv", "row 3", "(35.18, 129.08)", "km from the nearest land of Japan", "up to 2 km"),
    ),
    rows(
        "id twice", "sapporo,,43.1,141.3,,,\n",
        ("own.csv", "row 3, column id", '"sapporo"', "row 2", "give each site its own"),
    ),
    rows(
        "one place twice", "b,,43.062101,141.354401,,,\n",
        ("own.csv", "row 3", "(43.062101, 141.354401)", "as row 2 does", "remove one of the two"),
    ),
    rows(
        "unknown tier", "b,,43.1,141.3,,,lage\n",
        ("own.csv", "row 3, column tier", '"lage"', "core, large, regional", "did you mean large?"),
    ),
    rows(
        "negative MW", "b,,43.1,141.3,,-50,\n",
        ("own.csv", "row 3, column max_mw", '"-50"', "above 0"),
    ),
    rows(
        "MW with another unit", "b,,43.1,141.3,,100 hp,\n",
        ("own.csv", "row 3, column max_mw", '"100 hp"', "a number of MW"),
    ),
    rows(
        "square metres", "b,,43.0521,141.3544,120000,,\n",
        ("own.csv", "row 3, column hectares", "120000 ha", "札幌市", "not in square metres"),
    ),
    rows(
        "an id with a blank", "b b,,43.1,141.3,,,\n",
        ("own.csv", "row 3, column id", '"b b"', "letters, digits"),
    ),
    rows(
        "a bell in a name", "b,bell\a,43.1,141.3,,,\n",
        ("own.csv", "row 3, column name", "U+0007", "printable text"),
    ),
    rows(
        "too many cells", "b,,43,1,141,3,,,,\n",
        ("own.csv", "row 3", "10 cells", "7", "quote cells"),
    ),
    rows(
        "several at once", "a,,43.1,,5,,\na,,,141.3,5,x,\n",
        ("own.csv", "row 3, column lon", "is empty"),
        ("own.csv", "row 4, column lat", "is empty"),
        ("own.csv", "row 4, column id", '"a"', "row 3"),
        ("own.csv", "row 4, column max_mw", '"x"'),
    ),
    sites("empty", "", ("own.csv", "is empty", "at least one site")),
    sites("a header only", HEADER, ("own.csv", "has no rows", "at least one site")),
    sites(
        "UTF-16 without BOM", "lat,lon\n43,141\n".encode("utf-16-le"),
        ("own.csv", "known encoding", "UTF-8"),
    ),
    sites(
        "a spreadsheet", b"PK\x03\x04", ("own.xlsx", "cannot be read as an Excel", ".csv"),
        file="own.xlsx",
    ),
    case(
        "missing file", ("solve", "--quiet", "--sites", "gone.csv"),
        (("gone.csv", "no such file", ".csv"),),
    ),
    case(
        "a folder", ("solve", "--quiet", "--sites", "own.csv"),
        (("own.csv", "is a folder", ".csv"),), {"own.csv/keep": ""},
    ),
    sites(
        "a line", features({"type": "LineString", "coordinates": [[141, 43], [141.1, 43]]}),
        ("own.geojson", "feature 1, column geometry", "LineString", "a point or a polygon"),
        file="own.geojson",
    ),
    sites(
        "no geometry", features(None),
        ("own.geojson", "feature 1, column geometry", "is missing or cannot be read", "a point"),
        file="own.geojson",
    ),
    sites(
        "metres of a projection", features({"type": "Point", "coordinates": [15735500, 5322000]}),
        ("own.geojson", "(1.57355e+07, 5.322e+06) look like metres", "the file says degrees"),
        file="own.geojson",
    ),
    sites(
        "broken GeoJSON", '{"type":"FeatureColl', ("own.geojson", "cannot be read", "allowed"),
        file="own.geojson",
    ),
    sites(
        "CSV named GeoJSON", "lat,lon\n43,141\n", ("own.geojson", "is not GeoJSON", "name it"),
        file="own.geojson",
    ),
    sites(
        "no CRS", _without_crs,
        ("own.gpkg", "no coordinate reference system", "EPSG:6668"), file="own.gpkg",
    ),
    sites(
        "two layers", _layers("here", "there"),
        ("own.gpkg", "2 layers", '"here", "there"', "--layer"), file="own.gpkg",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "lines", "files"), SITES)
def test_a_bad_sites_file_is_told_and_nothing_is_written(refused, arguments, lines, files):
    refused(arguments, lines, files)
