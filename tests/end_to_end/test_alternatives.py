"""Alternatives of an installed run: written beside the plan, different from it, honest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end


def test_alternatives_are_written_and_differ(tmp_path, shipped_atlas):
    places = shipped_atlas.table("municipalities")
    some = places[places["population_2020"] > 150_000]
    lines = ["site_id,lat_deg,lon_deg,max_it_load_mw"]
    lines += [
        f"m{code},{row.office_lat_deg},{row.office_lon_deg},400" for code, row in some.iterrows()
    ]
    sites = tmp_path / "sites.csv"
    sites.write_text("\n".join(lines) + "\n", encoding="utf-8")
    output = tmp_path / "plan"
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dcsite"), "solve", "--sites", sites, "-o", output,
            "--alternatives", "2", "--alternatives-within", "5", "--differ-in", "2", "--quiet",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plan = json.loads((output / "plan.json").read_text(encoding="utf-8"))
    others = json.loads((output / "alternatives.json").read_text(encoding="utf-8"))
    best = {(hub["site_id"], hub["tier"]) for hub in plan["hubs"]}
    assert len(others["alternatives"]) == 2
    assert "2 alternative(s): as many as were asked for" in done.stdout
    seen = [best]
    for other in others["alternatives"]:
        hubs = {(hub["site_id"], hub["tier"]) for hub in other["hubs"]}
        for earlier in seen:
            cores = {hub for hub in earlier if hub[1] == "core"} - hubs
            assert cores or len(earlier - hubs) >= 2
        assert other["objective"] >= plan["objective"] * 0.95
        assert other["objective"] <= plan["bound"] + 1e-6
        seen.append(hubs)
    # A later run without alternatives replaces the folder as a whole.
    again = subprocess.run(
        [Path(sys.executable).with_name("dcsite"), "solve", "--sites", sites, "-o", output, "-q"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert not (output / "alternatives.json").exists()
