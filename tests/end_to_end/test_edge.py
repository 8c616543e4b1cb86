"""``dcsite edge`` under the default plan, as installed."""

from __future__ import annotations

import json


def test_the_strategys_corridors_under_the_default_plan(start, default_run, tmp_path):
    plan = default_run.plan
    finished = start("edge", default_run.directory, cwd=tmp_path).finish(tmp_path)
    assert finished.code == 0, finished.stderr
    folder = tmp_path / "dcsite-out" / "edge"
    assert finished.stdout.splitlines()[-1] == "map: dcsite-out/edge/edge.html"
    found = json.loads((folder / "edge.json").read_text("utf-8"))
    assert (found["status"], found["plan_digest"]) == ("optimal", plan["digest"])
    # 120 km at 41 km a site, and mountains: a handful, each under a hub of the plan.
    assert 4 <= found["sites"] == found["sites_bound"] <= 10
    hubs = {hub["site_id"] for hub in plan["hubs"]}
    assert {one["parent_id"] for one in found["mec"]} <= hubs
    assert all(1.0 <= one["parent_ms"] <= 10.0 for one in found["mec"])
    assert all(one["covered_share"] == 1.0 for one in found["corridors"])
    loads = {one["site_id"]: one["mec_load_mw"] for one in found["hubs"]}
    assert 0.0 < sum(loads.values()) < 1.0
