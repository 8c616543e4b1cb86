"""``dcsite data import`` and ``--geodata``: from published files to a plan that names them."""

from __future__ import annotations

import hashlib
import json

import pandas as pd

HEAD = (
    "DATE_TIME,エリア需要〔MWh〕,水力〔MWh〕,火力〔MWh〕,原子力〔MWh〕,太陽光実績〔MWh〕,"
    "太陽光抑制量〔MWh〕,風力実績〔MWh〕,風力抑制量〔MWh〕,地熱〔MWh〕,バイオマス〔MWh〕,揚水〔MWh〕,"
    "連系線〔MWh〕\n"
)
SITES = (
    "name,lat,lon,max_mw\nTomakomai,42.66,141.60,400\nTosu,33.39,130.52,300\n"
    "Aizu,37.55,139.85,60\nMiyoshi,34.75,132.85,60\nNagaoka,37.40,138.85,50\n"
)
SMALL = ("tiers.core.count=2", "tiers.large.count=0", "tiers.regional.count=1")
KIND = "area-supply-demand"


def hours(year: int, count: int = 8760) -> bytes:
    """Return the first hours of a year at 9,000 MW of demand, in the form of Tohoku."""
    times = pd.date_range(f"{year}-01-01", periods=count, freq="h")
    lines = [f"{time:%Y/%m/%d %H:%M},9000,1000,7000,0,700,50,300,0,0,0,0,0" for time in times]
    return (HEAD + "\n".join(lines)).encode("cp932")


def test_a_year_is_imported_checked_used_and_named(call, tmp_path):
    file, own, out = tmp_path / "juyo_2025_tohoku_1Q.csv", tmp_path / "own", tmp_path / "out"
    file.write_bytes(hours(2025))
    answer = call("data", "import", KIND, file, "--into", own)
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[:2] == [
        "area_hourly_profile: 288 rows",
        "area_annual_energy: 1 rows",
    ]
    assert call("data", "check", own).out == "2 tables, 289 rows: all as described\n"
    entries = json.loads((own / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    [made] = entries[1]["imports"]
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert made["files"] == [{"name": file.name, "sha256": sha256}]
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    texts = [
        part
        for text in (*SMALL, "demand.basis=given", "demand.grid_demand_mw=2000")
        for part in ("--set", text)
    ]
    sites = ("--sites", tmp_path / "sites.csv")
    command = ("solve", "distance-only", *sites, *texts, "--output", out, "-q")
    answer = call(*command, "--geodata", own)
    assert answer.code == 0, answer.err
    used = json.loads((out / "plan.json").read_text(encoding="utf-8"))["geodata"]
    by_name = {one["table"]: one for one in used}
    energy = by_name["area_annual_energy"]
    own_sha256 = hashlib.sha256((own / "area_annual_energy.csv").read_bytes()).hexdigest()
    assert energy["overlay"].startswith(f"own: area_annual_energy.csv, SHA-256 {own_sha256}")
    assert f"from 1 file ({KIND})" in energy["source"]
    assert by_name["prefectures"]["overlay"] == ""
    refused = call("explain", out, "--no-hubs", *sites)
    assert refused.code == 2
    assert "give the overlay it came from with --geodata: own: area_annual_energy" in refused.err
    assert call("explain", out, "--no-hubs", *sites, "--geodata", own).code == 0


def test_an_import_adds_to_what_is_there_or_leaves_it_alone(call, tmp_path):
    own, first = tmp_path / "own", tmp_path / "juyo_2025_tohoku_1Q.csv"
    first.write_bytes(hours(2025, 24))
    assert "1年分に満たない" in call("data", "import", KIND, first, "--into", own).err
    second = tmp_path / "juyo_2025_tohoku_2Q.csv"
    second.write_bytes(hours(2025, 2).replace(b"9000", b"8000"))
    assert call("data", "import", KIND, second, "--into", own).code == 0
    table = pd.read_csv(own / "area_hourly_profile.csv")
    assert list(table["demand_mw"]) == [8000.0] * 2 + [9000.0] * 22
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    second.write_bytes(second.read_bytes().replace(b"7000", b"many"))
    answer = call("data", "import", KIND, first, second, "--into", own)
    assert answer.code == 2
    assert "juyo_2025_tohoku_2Q.csv: line 2, 火力: 'many' is not a number" in answer.err
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    said = call("data", "import", "weather", first, "--into", own).err
    assert "KIND: 'weather' is not known; allowed are area-supply-demand" in said


def test_the_kinds_are_listed_in_both_languages(call):
    answer = call("data", "import", "--list")
    assert (answer.code, answer.err) == (0, "")
    kinds = answer.out.splitlines()[::3]
    assert kinds == [
        "area-supply-demand", "overpass", "spare-capacity", "interconnectors", "gem", "wri", "fit",
        "peeringdb", "pch", "submarine-cables",
    ]  # fmt: skip
    assert "一般送配電事業者" in answer.out.splitlines()[2]


def test_what_cannot_be_read_or_is_no_overlay_is_told(call, tmp_path, small_geodata):
    file = tmp_path / "juyo_2025_tohoku_1Q.csv"
    said = call("data", "import", KIND, file, "--into", tmp_path / "own").err
    assert "juyo_2025_tohoku_1Q.csv: cannot be read (No such file or directory)" in said
    file.write_bytes(b"\xff\x00\x81")
    said = call("data", "import", KIND, file, "--into", tmp_path / "own").err
    assert "is neither UTF-8, UTF-16 nor cp932" in said
    file.write_bytes(hours(2025, 24))
    before = {path.name for path in small_geodata.iterdir()}
    answer = call("data", "import", KIND, file, "--into", small_geodata)
    assert answer.code == 2
    assert "is no overlay but geodata that stand alone; give another folder" in answer.err
    assert {path.name for path in small_geodata.iterdir()} == before
    assert not (tmp_path / "own").exists()
