"""Hubs explained by an installed run: at once, with further plans beside, later, cut off."""

from __future__ import annotations

import json
import shutil
import signal

import pytest
from jsonschema import Draft202012Validator

from dcsite.plan.explanation import Explanation

pytestmark = pytest.mark.end_to_end


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def costs(folder):
    found = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    Draft202012Validator(Explanation.schema()).validate(found)
    return {
        hub["place"]["site_id"]: (
            hub["cost"], [other["place"]["site_id"] for other in hub["runners_up"]]
        )
        for hub in found["hubs"]
    }  # fmt: skip


def check_alternatives(done):
    """Two further plans are written beside the plan, different from it and each other, honest."""
    plan = done.plan
    others = json.loads((done.directory / "alternatives.json").read_text(encoding="utf-8"))
    assert len(others["alternatives"]) == 2
    assert "2 alternative(s): as many as were asked for" in done.stdout
    seen = [{(hub["site_id"], hub["tier"]) for hub in plan["hubs"]}]
    for other in others["alternatives"]:
        hubs = {(hub["site_id"], hub["tier"]) for hub in other["hubs"]}
        for earlier in seen:
            cores = {hub for hub in earlier if hub[1] == "core"} - hubs
            assert cores or len(earlier - hubs) >= 2
        assert other["objective"] >= plan["objective"] - abs(plan["objective"]) * 0.05
        assert other["objective"] <= plan["bound"] + 1e-6
        seen.append(hubs)


def test_explained_at_once_and_later_say_the_same(start, few, few_run, tmp_path):
    at_once = tmp_path / "at_once"
    done = start(
        "solve", *few, "--explain", "--alternatives", "2", "--alternatives-within", "5",
        "--differ-in", "2", "-o", at_once, cwd=tmp_path,
    ).finish(at_once)  # fmt: skip
    assert done.code == 0, done.stderr
    check_alternatives(done)
    assert "runner-up" in done.stdout
    assert "solving without each hub: 3 of 3" in done.stderr
    shutil.copytree(few_run.directory, tmp_path / "later")
    before = contents(tmp_path / "later")
    assert "explanation.json" not in before
    assert b"dcsite explain PLAN --write" in before["map.html"]

    done = start(
        "explain", "later", *few[:2], "--write", cwd=tmp_path
    ).finish(tmp_path / "later")  # fmt: skip
    assert done.code == 0, done.stderr
    after = contents(tmp_path / "later")
    assert {name for name in after if after[name] != before.get(name)} == {
        "map.html", "explanation.json",
    }  # fmt: skip
    assert b"dcsite explain PLAN --write" not in after["map.html"]

    first, second = costs(tmp_path / "at_once"), costs(tmp_path / "later")
    assert list(first) == list(second)
    assert len(first) == 3
    for site, (cost, runners_up) in first.items():
        assert cost["possible"]
        # plan.json carries the bound with six decimals.
        assert cost == pytest.approx(second[site][0], abs=3e-6)
        assert runners_up == second[site][1]
        assert site not in runners_up


def test_ctrl_c_while_explaining_keeps_the_plan(start, few, tmp_path):
    running = start("solve", *few, "--explain", "-o", "out", cwd=tmp_path)
    running.wait_for("solving without each hub")
    running.process.send_signal(signal.SIGINT)
    done = running.finish(tmp_path / "out")
    assert done.code == 130, done.stderr
    assert done.plan["status"] == "optimal"
    assert len(done.plan["hubs"]) == 3
    assert (tmp_path / "out" / "map.html").is_file()
    assert "it was checked and written" in done.stderr
