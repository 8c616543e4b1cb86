"""``dcsite edge`` from a plan to its files, what it says, and what it refuses."""

from __future__ import annotations

import csv
import json
from importlib.resources import files

import geopandas as gpd
import pyogrio
import pytest
from shapely.geometry import LineString, box

FILES = ["coverage.csv", "edge.gpkg", "edge.html", "edge.json", "mec.csv"]
#: From Kumamoto into the mountains of Kyushu; a name that is no markup.
NAME = "<b>阿蘇線</b>[red]{{7*7}}"


@pytest.fixture
def corridors(workplace):
    """A road in another system of coordinates, and an area."""
    shapes = [LineString([(130.7, 32.8), (131.2, 32.9)]), box(130.7, 32.9, 130.9, 33.1)]
    frame = gpd.GeoDataFrame(
        {"name": [NAME, "菊池"], "kind": ["道路", None], "weight": [3.0, 1.0]},
        geometry=shapes, crs="EPSG:6668",
    )  # fmt: skip
    frame.to_crs("EPSG:6670").to_file(workplace / "mine.gpkg", layer="lines")
    frame[:0].to_file(workplace / "mine.gpkg", layer="other")
    return workplace / "mine.gpkg"


def test_all_files_are_written_and_what_is_short_is_said_first(call, folder, workplace, corridors):
    lines = f"{corridors}|layername=lines"
    answer = call("edge", folder, "--corridors", lines, "-o", "out-edge")
    assert answer.code == 0, answer.err
    made = workplace / "out-edge"
    assert sorted(path.name for path in made.iterdir()) == FILES
    found = json.loads((made / "edge.json").read_text(encoding="utf-8"))
    assert found["status"] == "optimal"
    assert found["sites"] == found["sites_bound"] == len(found["mec"])
    road, area = found["corridors"]
    assert (road["kind"], area["kind"]) == ("road", "area")
    assert road["length_km"] == pytest.approx(48.1, abs=0.2)
    assert area["area_km2"] == pytest.approx(18.7 * 22.2, rel=0.01)
    lines = answer.out.splitlines()
    assert lines[1].startswith(f"{found['sites']} MEC sites, proven: no fewer will do")
    assert NAME in answer.out
    assert lines[-1] == f"map: {made.relative_to(workplace) / 'edge.html'}"
    with (made / "coverage.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = list(csv.DictReader(stream))
    assert len(cells) == road["cells"] + area["cells"]
    assert {one["missing"] for one in cells} == {"0"}
    layers = {name for name, _ in pyogrio.list_layers(made / "edge.gpkg")}
    assert layers == {"mec_sites", "cells", "corridors", "areas", "parents"}
    again = call("edge", folder, "--corridors", f"{corridors}|layername=lines", "-q", "-o", "b")
    assert again.code == 0, again.err
    for name in FILES:
        assert (workplace / "b" / name).read_bytes() == (made / name).read_bytes()


def test_shortages_come_first(call, folder, workplace):
    text = files("dcsite.studies").joinpath("edge-assumptions.toml").read_text(encoding="utf-8")
    (workplace / "a.toml").write_text(text.replace("value = 40.0", "value = 8.0"), "utf-8")
    answer = call("edge", folder, "--assumptions", "a.toml", "-q", "-o", "e")
    assert answer.code == 0, answer.err
    first = answer.out.splitlines()[1]
    assert first.startswith("not covered カバー不能: 秩父エリア")
    assert "the nearest place" in first
    assert "(reach 4.1 km)" in first


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["--corridors", "nowhere.gpkg"], ["nowhere.gpkg", "no such file", "allowed"]),
        (["--corridors", "a.csv"], ["a.csv", "is not known", ".geojson"]),
        (["--corridors", "bad.geojson"], ["bad.geojson", "feature 1", "is a Point", "a line or"]),
        (["--candidates", "nowhere.csv"], ["nowhere.csv", "no such file"]),
        (["--own-only"], ["--own-only", "needs --candidates"]),
        (["--assumptions", "nowhere.toml"], ["nowhere.toml", "no such file"]),
        (["--output", "mine"], ["mine", "notes.txt", "another folder"]),
    ],
)  # fmt: skip
def test_bad_options_are_one_line(refused, folder, workplace, arguments, fragments):
    (workplace / "mine").mkdir()
    (workplace / "mine" / "notes.txt").touch()
    point = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Point", "coordinates": [140, 36]},
    }
    given = {
        "a.csv": "a,b\n",
        "bad.geojson": json.dumps({"type": "FeatureCollection", "features": [point]}),
    }
    refused(["edge", str(folder), "-q", *arguments], [fragments], given)


@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        (("value = 40.0", "value = 0.0"), ["access_fibre_km.value is 0", "0.1 to 2000"]),
        (("value = 60.0", "value = nan"), ["mec_load_kw.value", "finite"]),
        (("max_ms = 5.0", "max_ms = \"5\""), ["kinds.road.max_ms", "number"]),
        (("[mec_load_kw]", "[mec_kw]"), ["mec_kw", "not permitted"]),
    ],
)  # fmt: skip
def test_bad_assumptions_name_the_value(call, folder, workplace, change, fragments):
    text = files("dcsite.studies").joinpath("edge-assumptions.toml").read_text(encoding="utf-8")
    assert change[0] in text
    (workplace / "a.toml").write_text(text.replace(*change), encoding="utf-8")
    answer = call("edge", folder, "--assumptions", "a.toml", "-q")
    assert answer.code == 2
    assert all(one in answer.err for one in ["a.toml", *fragments]), answer.err
