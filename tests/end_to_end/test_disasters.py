"""Disasters on the default plan, through the installed command: rows, stress, compare, own file."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

pytestmark = pytest.mark.end_to_end


def test_the_plan_names_its_backups_and_worst_disasters(plan):
    need = {hub["site_id"] for hub in plan["hubs"] if hub["tier"] in {"core", "large"}}
    assert {one["site_id"] for one in plan["takeovers"]} == {"tokyo", *need}
    assert {one["backup_site_id"] for one in plan["backups"]} <= need
    assert all(one["short_mw"] < 1.0 for one in plan["takeovers"])
    shares = [loss["share_down"] for loss in plan["worst_disasters"]]
    assert shares == sorted(shares, reverse=True)
    # The ten worst, and the loss of Tokyo where it is not among them.
    kinds = [loss["kind"] for loss in plan["worst_disasters"]]
    assert kinds.count("tokyo_lost") == 1
    assert len(shares) - 10 in {0, 1}
    (note,) = [note for note in plan["notes"] if note.startswith("rows laid as needed")]
    assert "disaster_survival: 179 rows" in note
    rules = {violation["rule"] for violation in plan["violations"]}
    assert rules.isdisjoint({"disaster_survival", "backup", "core_areas", "tokyo_takeover"})
    worst = next(one for one in plan["measures"] if one["name"] == "worst_survival")
    assert worst["value"] >= 0.7


def test_stress_writes_beside_the_plan_the_same_twice(default_run, start, tmp_path):
    texts = []
    for name in ("a", "b"):
        folder = tmp_path / name
        done = start(
            "stress", default_run.directory, "--years", "2000", "--sets", "1", "--history",
            "-o", folder, cwd=tmp_path,
        ).finish(folder)  # fmt: skip
        assert done.code == 0, done.stderr
        assert "disasters of" in done.stdout
        texts.append((folder / "stress.json").read_bytes())
        assert (folder / "stress.html").stat().st_size > 50_000
    assert texts[0] == texts[1]
    document = json.loads(texts[0])
    assert document["years"] == 2_000


def test_compare_with_today(default_run, start, tmp_path):
    held = tmp_path / "held"
    done = start("compare", default_run.directory, "today", "-q", "-o", held, cwd=tmp_path).finish(
        held
    )
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("map: ")
    document = json.loads((tmp_path / "held" / "compare.json").read_text("utf-8"))
    by_plan = [
        {one["name"]: one["value"] for one in plan["measures"]} for plan in document["plans"]
    ]
    assert by_plan[0]["worst_survival"] > by_plan[1]["worst_survival"]


def test_own_footprints_move_the_hubs_they_strike(few, few_run, solve, tmp_path):
    # All around two of the three hubs goes down, surely.
    (lon, lat), other = ((hub["lon_deg"], hub["lat_deg"]) for hub in few_run.plan["hubs"][:2])
    struck = gpd.GeoDataFrame(
        {"scenario_id": ["flood"], "name": ["Two <b>floods</b>"], "probability_30y": [0.2]},
        geometry=[box(lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1).union(Point(other).buffer(0.1))],
        crs="EPSG:4326",
    )
    file = tmp_path / "mine.gpkg"
    struck.to_file(file)
    least = "criteria.disasters.least_survival.user=0.98"
    done = solve(*few, "-q", "--disasters", file, "--set", least)
    assert done.code == 0, done.stderr
    found = done.plan
    down = sum(
        hub["it_load_mw"]
        for hub in found["hubs"]
        if struck.geometry[0].contains(Point(hub["lon_deg"], hub["lat_deg"]))
    )
    total = sum(hub["it_load_mw"] for hub in found["hubs"])
    short = [v["amount"] for v in found["violations"] if v["rule"] == "disaster_survival"]
    assert down / total <= 0.02 + sum(short) + 1e-6
    assert any(str(file) in note for note in found["notes"])
    assert "<b>floods</b>" not in (done.directory / "map.html").read_text("utf-8")


def test_a_bad_footprint_is_one_line_and_nothing_is_written(solve, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("scenario_id,municipality_code,probability_down\nx,01100,1.4\n", "utf-8")
    done = solve("--disasters", file, "-q")
    assert done.code == 2
    (line,) = done.stderr.strip().splitlines()
    assert "mine.csv" in line
    assert "probability_down" in line
    assert "1.4" in line
    assert not done.directory.exists()
