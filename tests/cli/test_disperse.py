"""``dcsite disperse``: answers, formats and one clear error for each bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import typer
from shapely.geometry import Point
from typer.testing import CliRunner

from dcsite.cli.app import app
from dcsite.cli.disperse import disperse_command
from dcsite.errors import InterruptedWithoutPlanError, SitesError

#: Prefectural offices: far ends and a few between.
OFFICES = [
    ("sapporo", "札幌", 43.0640, 141.3469),
    ("sendai", "仙台", 38.2688, 140.8721),
    ("tokyo", "東京", 35.6895, 139.6917),
    ("osaka", "大阪", 34.6864, 135.5200),
    ("kobe", "神戸", 34.6913, 135.1830),
    ("fukuoka", "福岡", 33.6064, 130.4183),
    ("naha", "那覇", 26.2124, 127.6809),
]
TSP = (
    "NAME: square\nDIMENSION: 6\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"
    "1 0 0\n2 10 0\n3 0 10\n4 10 10\n5 5 5\n6 0 0\nEOF\n"
)

APP = typer.Typer()
APP.command()(disperse_command)


def call(*arguments: str | Path) -> tuple[str, str]:
    """Run the command; what it raises is raised."""
    result = CliRunner().invoke(APP, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def answer(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(*arguments, "--json")[0])
    assert list(found) == ["count", "distance", "bound", "proven", "seconds", "places"]
    return found


def error(*arguments: str | Path) -> str:
    with pytest.raises(SitesError) as raised:
        call(*arguments)
    assert raised.value.exit_code == 2
    assert len(raised.value.problems) == 1
    return str(raised.value)


@pytest.fixture
def offices(tmp_path: Path) -> Path:
    path = tmp_path / "offices.csv"
    rows = [f"{key},{name},{lat},{lon}" for key, name, lat, lon in OFFICES]
    path.write_text("\n".join(["id,name,lat,lon", *rows]), encoding="utf-8")
    return path


@pytest.fixture
def square(tmp_path: Path) -> Path:
    path = tmp_path / "square.tsp"
    path.write_text(TSP, encoding="utf-8")
    return path


def ids(found: dict[str, Any]) -> list[str]:
    return [place["id"] for place in found["places"]]


def test_two_farthest_offices(offices: Path) -> None:
    found = answer(offices, "--count", "2")
    assert ids(found) == ["sapporo", "naha"]
    assert found["places"][0] == {
        "id": "sapporo",
        "name": "札幌",
        "lat_deg": 43.0640,
        "lon_deg": 141.3469,
    }
    assert found["distance"] == found["bound"] == pytest.approx(2243.9, abs=2.0)
    assert found["proven"] is True


def test_kept_by_name_and_id_in_any_format(offices: Path, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"id": [row[0] for row in OFFICES], "name": [row[1] for row in OFFICES]},
        geometry=[Point(lon, lat) for _, _, lat, lon in OFFICES],
        crs="EPSG:4326",
    )
    frame.to_file(tmp_path / "offices.geojson", driver="GeoJSON", engine="pyogrio")
    frame.rename(columns={"id": "site_id"}).to_file(
        tmp_path / "offices.gpkg", driver="GPKG", engine="pyogrio"
    )
    expected = answer(offices, "--count", "4", "--keep", "東京,osaka")
    assert set(ids(expected)) == {"tokyo", "osaka", "sapporo", "naha"}
    assert ids(expected)[:2] == ["tokyo", "osaka"]
    for name in ("offices.geojson", "offices.gpkg"):
        same = answer(tmp_path / name, "-p", "4", "--keep", "東京", "--keep", "大阪")
        assert ids(same) == ids(expected)
        assert same["distance"] == pytest.approx(expected["distance"], rel=1e-9)


def test_tsplib_and_its_coincident_points(square: Path) -> None:
    out, err = call(square, "--count", "4", "--json")
    found = json.loads(out)
    assert (found["distance"], found["bound"], found["proven"]) == (10, 10, True)
    assert ids(found) == ["1", "2", "3", "4"]
    assert "note: square.tsp: 1 coincident points removed" in err
    # The half-diagonal is 7.07: 7 to the nearest integer, 8 upwards.
    assert answer(square, "--count", "5")["distance"] == 7
    assert answer(square, "--count", "5", "--metric", "ceil")["distance"] == 8
    # Quiet hides progress, not what became of the file.
    quiet = call(square, "--count", "4", "--quiet")[1]
    assert quiet == "note: square.tsp: 1 coincident points removed\n"


def test_x_and_y_are_not_rounded(tmp_path: Path) -> None:
    path = tmp_path / "plane.csv"
    path.write_text("name,x,y\na,0,0\nb,0.3,0.4\nc,0.1,0.1\n", encoding="utf-8")
    found = answer(path, "--count", "2")
    assert found["distance"] == pytest.approx(0.5, rel=1e-12)
    assert [place["name"] for place in found["places"]] == ["a", "b"]
    assert found["places"][1] == {"id": "site-0002", "name": "b", "x": 0.3, "y": 0.4}


def test_x_and_y_in_the_encoding_of_japanese_spreadsheets(tmp_path: Path) -> None:
    path = tmp_path / "plane.csv"
    path.write_bytes("id,名称,x,y\na,札幌,0,0\nb,那覇,3,4\n".encode("cp932"))
    found = answer(path, "--count", "2")
    assert [place["name"] for place in found["places"]] == ["札幌", "那覇"]
    assert found["distance"] == 5.0


def test_text_names_the_places_and_says_proven(offices: Path) -> None:
    out, err = call(offices, "--count", "2")
    assert "札幌 (sapporo)" in out
    assert "proven" in out
    assert "bound" in err


def test_time_limit_says_what_is_not_proven(tmp_path: Path) -> None:
    path = tmp_path / "grid.csv"
    rows = [f"{(17 * i) % 101},{(29 * i * i) % 103}" for i in range(90)]
    path.write_text("\n".join(["x,y", *dict.fromkeys(rows)]), encoding="utf-8")
    found = answer(path, "--count", "7", "--time-limit", "0")
    assert found["proven"] is False
    best = answer(path, "--count", "7")
    assert best["proven"] is True
    assert found["distance"] <= best["distance"] < found["bound"]
    assert "not proven" in call(path, "--count", "7", "--time-limit", "0")[0]


def test_ctrl_c_prints_the_bracket(tmp_path: Path) -> None:
    # Larger than can be finished before the signal: proofs for 20 of 2,000 points take minutes.
    path = tmp_path / "many.csv"
    rows = [f"{(i * 0.7548776662) % 1},{(i * 0.5698402909) % 1}" for i in range(2000)]
    path.write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    # Where the tests run in the background Ctrl-C is ignored, and so it would be in there.
    program = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from dcsite.cli import main\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "disperse", str(path), "--count", "20", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any("bound" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130, err
    found = json.loads(out)
    assert found["proven"] is False
    assert 0.0 < found["distance"] < found["bound"]
    assert len(set(ids(found))) == 20


def test_interrupted_text_and_interrupted_before_a_set(
    offices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dcsite.dispersion import disperse
    from dcsite.dispersion.bisection import Bisection

    def press(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bisection, "run", press)
        result = CliRunner().invoke(APP, [str(offices), "-p", "3"], standalone_mode=False)
        assert result.return_value == 130
        assert "interrupted; no choice can be farther apart than" in result.stdout
        assert "proven" not in result.stdout
    monkeypatch.setattr(sys.modules[disperse.__module__], "good_members", press)
    with pytest.raises(InterruptedWithoutPlanError, match="interrupted; nothing was written"):
        CliRunner().invoke(app, ["disperse", str(offices), "-p", "3"], catch_exceptions=False)


def test_too_many_points_to_compare_are_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcsite.dispersion.bisection.MOST_IN_MATRIX", 5)
    path = tmp_path / "many.csv"
    rows = [f"{(i * 0.7548776662) % 1},{(i * 0.5698402909) % 1}" for i in range(200)]
    path.write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    found = answer(path, "--count", "9")
    assert found["proven"] is False
    assert 0.0 < found["distance"] < found["bound"]


def test_stdout_of_a_process_holds_nothing_but_json(tmp_path: Path) -> None:
    # 900 scattered points, enough for linear bounds: HiGHS greets on stdout if it can.
    path = tmp_path / "many.csv"
    rows = [f"{(i * 0.7548776662) % 1},{(i * 0.5698402909) % 1}" for i in range(900)]
    path.write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    program = (
        "import sys, typer\n"
        "from dcsite.cli.disperse import disperse_command\n"
        "import dcsite.solvers.relaxation as relaxation\n"
        "app = typer.Typer()\n"
        "app.command()(disperse_command)\n"
        "app(standalone_mode=False)\n"
        "sys.exit(0 if relaxation._take_greeting.cache_info().misses else 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), "--count", "15", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["proven"] is True


def test_counts_that_do_not_fit(offices: Path) -> None:
    assert "--count: is 8; allowed: 2 to the 7 places" in error(offices, "--count", "8")
    assert "--count: is 1; allowed: 2 to the 7 places" in error(offices, "--count", "1")


def test_keep_that_does_not_exist(offices: Path) -> None:
    said = error(offices, "--count", "3", "--keep", "oosaka")
    assert said == '--keep: "oosaka" is no place of offices.csv; the nearest is "osaka"'
    assert "more than once" in error(offices, "--count", "3", "--keep", "osaka,大阪")


def test_metric_that_does_not_fit(offices: Path, square: Path) -> None:
    assert "allowed: auto, geodesic" in error(offices, "-p", "2", "--metric", "euclidean")
    assert "allowed: auto, euclidean, ceil" in error(square, "-p", "2", "--metric", "geodesic")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("id,lat,lon\na,35,139\nb,nan,140", "row 3, column lat"),
        ("id,lat,lon\na,35,139\nb,91,140", "latitude 91 is out of range"),
        (
            "id,lat,lon\na,35,139\nb,36,140\nc,35,139",
            "row 4: lies at the same coordinates as row 2",
        ),
        ("id,x,y\na,1,2\nb,NaN,3", 'row 3, column x: is "NaN"; allowed: a finite number'),
        ("id,x,y\na,1,2\nb,1e999,3", 'row 3, column x: "1e999" is out of range; allowed: a finite'),
        ("id,x,y\na,1,2\nb c,1,3", 'row 3, column id: "b c" is not an id; allowed: up to 64'),
        ("id,x,y,X\na,1,2,3", 'header, column X: gives x, as column "x" does'),
        ("id,x,y\na,1,2\nb,1,2", "row 3: lies at the same coordinates as row 2"),
        ("id,x,y\na,1,2\na,1,3", 'row 3, column id: "a" is the id of row 2 too'),
        ("id,x,y\na,1,2\nb,1", "row 3: has 2 cells, the header has 3"),
        ("id,x,y\n", "has no rows"),
        ("id,breadth\na,1", "no column for lat_deg"),
        ("id,x,y,lat\na,1,2,35\nb,2,3,36", "no column for lon_deg"),
        ("", "is empty"),
    ],
)
def test_bad_tables(tmp_path: Path, rows: str, said: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(SitesError) as raised:
        call(path, "--count", "2")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("6 0 0\nEOF\n", "", "DIMENSION: is 6, but 5 points are listed: the file is cut short"),
        ("5 5 5\n", "5 nan 5\n", 'line 9: is "5 nan 5"; allowed: node number, x and y, all finite'),
        ("EUC_2D", "GEO", 'EDGE_WEIGHT_TYPE: is "GEO", which is not supported; allowed: EUC_2D or'),
    ],
)
def test_bad_tsplib(square: Path, before: str, after: str, said: str) -> None:
    square.write_text(TSP.replace(before, after), encoding="utf-8")
    assert said in error(square, "--count", "2")


def test_coincident_points_of_tsplib_do_not_count(square: Path) -> None:
    assert "--count: is 6; allowed: 2 to the 5 places" in error(square, "--count", "6")
    assert '"9" is no place of square.tsp' in error(square, "--count", "2", "--keep", "9")
    # Node 6 lies on node 1, which stands for it.
    assert '"6" is no place of square.tsp' in error(square, "--count", "2", "--keep", "6")


def test_not_a_file(tmp_path: Path) -> None:
    assert "no such file" in error(tmp_path / "none.csv", "--count", "2")
    assert "no such file" in error(tmp_path / "none.tsp", "--count", "2")
    assert "is a folder" in error(tmp_path, "--count", "2")
    (tmp_path / "x.xls").write_bytes(b"PK")
    assert "is not known" in error(tmp_path / "x.xls", "--count", "2")
