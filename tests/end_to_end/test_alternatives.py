"""Alternatives of an installed run: written beside the plan, different from it, honest."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.end_to_end


def test_alternatives_are_written_and_differ(solve, few, tmp_path):
    done = solve(
        *few, "--alternatives", "2", "--alternatives-within", "5", "--differ-in", "2", "--quiet",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.stderr
    output = done.directory
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
        assert other["objective"] >= plan["objective"] - abs(plan["objective"]) * 0.05
        assert other["objective"] <= plan["bound"] + 1e-6
        seen.append(hubs)
    # A later run without alternatives replaces the folder as a whole.
    again = solve(*few, "-q", cwd=tmp_path)
    assert again.code == 0, again.stderr
    assert not (output / "alternatives.json").exists()
