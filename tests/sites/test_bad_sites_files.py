"""Sites files that cannot be read at all, and headers that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]
KINDS = (
    ".csv or .xlsx (with latitude and longitude), .geojson, .json (GeoJSON), .gpkg (GeoPackage), "
    ".shp (Shapefile), .kml, .kmz, .fgb (FlatGeobuf), .parquet (GeoParquet) or .zip "
    "(of one of these)"
)
ENCODINGS = "allowed: UTF-8 (with or without BOM), UTF-16 with BOM, CP932 or EUC-JP; save it again"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("s.csv", b"", "is empty; give at least one site"),
        ("s.csv", b"\n  \n,\n", "is empty; give a header and at least one site"),
        ("s.csv", b"lat,lon\n", "has no rows; give at least one site"),
        (  # what is wrong with the header is told though nothing stands below it
            "s.csv",
            b"lat,latitude,lon\n",
            'header, column latitude: gives lat_deg, as column "lat" does; keep one of the two',
        ),
        (
            "s.csv",
            "lat,lon\n43,141\n".encode("utf-16-le"),
            f"is no text in a known encoding; {ENCODINGS}",
        ),
        (
            "s.csv",
            b"lat,lon,name\n43,141,\x81\xff\n",
            f"is no text in a known encoding; {ENCODINGS}",
        ),
        (
            "s.csv",
            b'lat,lon\n"43,141\n',
            "is not a CSV file: unexpected end of data; quote cells as RFC 4180 says",
        ),
        ("s.xls", b"PK", f'extension ".xls" is not known; allowed: {KINDS}; save it as .xlsx'),
        (
            "s.xlsx",
            b"PK",
            (
                "cannot be read as an Excel workbook: File is not a zip file; "
                "save it as .xlsx or .csv again"
            ),
        ),
        ("s", b"lat,lon\n43,141\n", f'extension "" is not known; allowed: {KINDS}'),
        (
            "s.geojson",
            b'{"type":"FeatureCollection","features":[]}',
            "has no rows; give at least one site",
        ),
        (
            "s.gpkg",
            b"lat,lon\n43,141\n",
            "is not a GeoPackage; write it again, or name it after what it is",
        ),
    ],
)
def test_unusable_files(
    write_file: WriteFile,
    complaints: Complaints,
    name: str,
    content: bytes,
    expected: str,
) -> None:
    assert complaints(write_file(name, content)) == [f"{name}: {expected}"]


def test_geojson_in_another_encoding(write_file: WriteFile, complaints: Complaints) -> None:
    named = {
        "type": "Feature",
        "properties": {"name": "札幌"},
        "geometry": {"type": "Point", "coordinates": [141.3544, 43.0621]},
    }
    content = json.dumps(named, ensure_ascii=False).encode("cp932")
    assert complaints(write_file("s.geojson", content)) == [
        "s.geojson: holds text that is not UTF-8; save it again in UTF-8"
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"lat,lon\n43,141\n",
        b"[1, 2]",
        (
            b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>other.csv</SrcDataSource>'
            b"</OGRVRTLayer></OGRVRTDataSource>"
        ),
    ],
)
def test_other_formats_are_not_opened_under_the_name_of_geojson(
    write_file: WriteFile, complaints: Complaints, content: bytes
) -> None:
    assert complaints(write_file("s.geojson", content)) == [
        "s.geojson: is not GeoJSON; write it again, or name it after what it is"
    ]


@pytest.mark.parametrize("content", [b'{"type":"FeatureColl', b'{"a": 1}'])
def test_unreadable_geojson(write_file: WriteFile, complaints: Complaints, content: bytes) -> None:
    (line,) = complaints(write_file("s.geojson", content))
    assert line.startswith("s.geojson: cannot be read: ")
    assert line.endswith(f"; allowed: {KINDS}")


@pytest.mark.parametrize("name", ["s.csv", "s.geojson", "s.gpkg"])
def test_a_file_too_large_to_hold_is_not_read(
    write_file: WriteFile, complaints: Complaints, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("dcsite.sites.reader.MAX_BYTES", 1999)
    assert complaints(write_file(name, b"x" * 2000)) == [
        (
            f"{name}: has 2,000 bytes; allowed: up to 1,999; simplify its geometries or leave out "
            "what is not needed"
        )
    ]


def test_missing_file_and_folder(tmp_path: Path, complaints: Complaints) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert complaints(tmp_path / "gone.csv") == [f"gone.csv: no such file; allowed: a file {KINDS}"]
    assert complaints(tmp_path / "folder.csv") == [
        f"folder.csv: is a folder; allowed: a file {KINDS}"
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "name,lon",
            [
                (
                    "s.csv: header: no column for lat_deg; allowed: lat_deg, lat, latitude, "
                    'latitude_deg, 緯度, 北緯; found: "name", "lon"'
                )
            ],
        ),
        (
            "x,y",
            [
                (
                    "s.csv: header: no column for lat_deg; allowed: lat_deg, lat, latitude, "
                    'latitude_deg, 緯度, 北緯; found: "x", "y"'
                ),
                (
                    "s.csv: header: no column for lon_deg; allowed: lon_deg, lon, longitude, "
                    'longitude_deg, long, lng, 経度, 東経; found: "x", "y"'
                ),
            ],
        ),
        (
            "lat,lon,Latitude",
            [
                (
                    's.csv: header, column Latitude: gives lat_deg, as column "lat" does; '
                    "keep one of the two"
                )
            ],
        ),
        (
            "lat,lon,hectars",
            [
                (
                    "s.csv: header, column hectars: is not read; did you mean hectares? "
                    "Rename or remove it"
                )
            ],
        ),
    ],
)
def test_bad_headers(
    write_file: WriteFile,
    complaints: Complaints,
    header: str,
    expected: list[str],
) -> None:
    cells = ["43.0621", "141.3544", "1"][: header.count(",") + 1]
    path = write_file("s.csv", f"{header}\n{','.join(cells)}\n")
    assert complaints(path) == expected
