"""``dcsite robust`` as a command: files, what is printed, Ctrl-C, bad input."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from dcsite.cli import robust as command
from dcsite.errors import DcsiteError, OutputError, ScenarioError

SITES = """site_id,name,lat_deg,lon_deg,hectares
ebetsu,江別,43.10379,141.53618,100
sapporo,札幌,43.06209,141.35439,100
takeo,武雄,33.19381,130.01934,100
fukuoka,福岡,33.59014,130.40172,100
kumamoto,熊本,32.80308,130.70789,100
koriyama,郡山,37.40042,140.35975,100
niigata,新潟,37.91614,139.03639,100
"""
SETS = (
    "tiers.large.count=0",
    "tiers.regional.count=1",
    "tiers.core.it_load_mw={min=100,max=300}",
    "demand.classes.latency_critical.share=0",
    "demand.basis=given",
    "demand.grid_demand_mw=1430",
    "criteria.cables.max_crowded_share=1",
    "criteria.cables.core_landing_max_km=200",
)


def arguments(*more: str) -> list[str]:
    sets = [part for value in SETS for part in ("--set", value)]
    return ["--sites", "sites.csv", *sets, "-o", "out", *more]


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(command.robust_command)
    return made


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    return tmp_path


def call(app: typer.Typer, *more: str) -> int:
    return int(app(args=arguments(*more), standalone_mode=False) or 0)


def test_files_and_words(app, place, capsys):
    assert call(app, "--samples", "3", "--processes", "1") == 0
    said = capsys.readouterr()
    assert "3 samples: 3 with a plan; gap 1.00%, seed 1" in said.out
    assert "3 of 3; sample 2 optimal" in said.err
    assert sorted(path.name for path in (place / "out").iterdir()) == [
        "robust.csv",
        "robust.html",
        "robust.json",
        "samples.jsonl",
    ]
    with (place / "out" / "robust.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    record = json.loads((place / "out" / "robust.json").read_text(encoding="utf-8"))
    assert len(rows) == len(record["frequencies"])
    assert record["counts"]["optimal"] == record["samples_with_plan"] == 3
    assert {used["table"] for used in record["geodata"]} >= {"substations", "wind_farms"}
    assert record["ranges"]["weights"]["concentration"] == 40.0
    first = (place / "out" / "robust.json").read_bytes()
    assert call(app, "--samples", "3", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == record
    _, kept, writing = said.err.splitlines()
    assert kept == "3 of 3 samples are kept from an earlier run"
    assert writing.endswith(" s  writing outputs")
    assert (place / "out" / "robust.json").read_bytes() == first


def test_the_page_holds_all_it_shows(app, place):
    (place / "sites.csv").write_text(
        SITES.replace("札幌", "</script><script>alert(1)</script>{{7*7}}"), encoding="utf-8"
    )
    assert call(app, "--samples", "1", "--processes", "1", "--quiet") == 0
    page = (place / "out" / "robust.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "{{7*7}}" in page.replace("\\u007b", "{")
    assert "default-src 'none'" in page
    for outside in ('src="http', 'href="http', "url(http"):
        assert outside not in page
    assert page.count("<script") == 3


def test_folder_with_other_files_is_refused_before_any_work(app, place, monkeypatch):
    monkeypatch.setattr("dcsite.studies.robust.run_robust", lambda *_, **__: pytest.fail("ran"))
    (place / "out").mkdir()
    (place / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        call(app)


def test_bad_input_leaves_nothing_behind(app, place):
    with pytest.raises(ScenarioError, match="no_such_file"):
        call(app, "--ranges", "no_such_file.toml")
    with pytest.raises(ScenarioError, match="has no effect while"):
        call(app, "--set", "demand.total_new_it_load_mw=440")
    with pytest.raises(DcsiteError, match=r"gone\.csv"):
        call(app, "--sites", "gone.csv")
    assert [path.name for path in place.iterdir()] == ["sites.csv"]


def children(parent: int) -> set[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return {int(pid) for pid in found.stdout.split()}


def test_ctrl_c_keeps_what_is_done_and_leaves_no_process(place):
    script = place / "run.py"
    script.write_text(
        "import sys, typer\nfrom dcsite.cli.robust import robust_command\n"
        "if __name__ == '__main__':\n"
        "    app = typer.Typer()\n    app.command()(robust_command)\n"
        "    sys.exit(app(standalone_mode=False))\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, str(script), *arguments("--samples", "500", "--processes", "2")],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(place)},
    ) as running:
        seen: list[str] = []
        while seen[-1:] != [""] and not re.search(r": [1-9]\d* of 500, about ", "".join(seen)):
            seen.append(running.stderr.readline())
        assert seen[-1], seen
        below = children(running.pid)
        below |= {pid for child in below for pid in children(child)}
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: the whole group
        said = running.stderr.read()
        assert running.wait(20) == 130
    assert "samples are kept in out; the same command goes on from there" in said
    assert "Traceback" not in said
    lines = (place / "out" / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    assert 2 <= len(lines) < 100
    assert all(json.loads(line) for line in lines)
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in below):
        time.sleep(0.05)
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    assert list(place.glob("dcsite-*")) == []
