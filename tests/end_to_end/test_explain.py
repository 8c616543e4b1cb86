"""Hubs explained by an installed run: at once, later, and cut off by Ctrl-C."""

from __future__ import annotations

import json
import signal

import pytest
from jsonschema import Draft202012Validator

from dcsite.plan.explanation import Explanation

pytestmark = pytest.mark.end_to_end

FEW_HUBS = (
    "--set", "tiers.core.count={min=0,max=1}", "--set", "tiers.core.separation_km=300",
    "--set", "tiers.large.count=1", "--set", "tiers.regional.count=2",
    "--set", "demand.total_new_it_load_mw=180", "--set", 'rules.core_regions="off"',
)  # fmt: skip


@pytest.fixture(scope="module")
def towns(shipped_atlas, tmp_path_factory):
    """A user's file of the fourteen largest towns.

    Three hubs of 180 MW break many soft rules; over more towns the solver has to prove for minutes
    which way of breaking them is the cheapest, and that is not what is asked here.
    """
    places = shipped_atlas.table("municipalities")
    some = places[places["population_2020"] > 900_000]
    lines = ["site_id,name,lat_deg,lon_deg,max_it_load_mw"]
    lines += [
        f"m{code},{row.name_ja},{row.office_lat_deg},{row.office_lon_deg},400"
        for code, row in some.iterrows()
    ]
    path = tmp_path_factory.mktemp("towns") / "towns.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


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


def test_explained_at_once_and_later_say_the_same(start, towns, tmp_path):
    begun = [
        start("solve", "--sites", towns, *FEW_HUBS, *more, "-o", name, cwd=tmp_path)
        for name, more in (("at_once", ("--explain",)), ("later", ()))
    ]
    for name, running in zip(("at_once", "later"), begun, strict=True):
        done = running.finish(tmp_path / name)
        assert done.code == 0, done.stderr
        if name == "at_once":
            assert "runner-up" in done.stdout
            assert "solving without each hub: 3 of 3" in done.stderr
    before = contents(tmp_path / "later")
    assert "explanation.json" not in before
    assert b"dcsite explain PLAN --write" in before["map.html"]

    done = start(
        "explain", "later", "--sites", towns, "--write", cwd=tmp_path
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


def test_ctrl_c_while_explaining_keeps_the_plan(start, towns, tmp_path):
    running = start("solve", "--sites", towns, *FEW_HUBS, "--explain", "-o", "out", cwd=tmp_path)
    running.wait_for("solving without each hub")
    running.process.send_signal(signal.SIGINT)
    done = running.finish(tmp_path / "out")
    assert done.code == 130, done.stderr
    assert done.plan["status"] == "optimal"
    assert len(done.plan["hubs"]) == 3
    assert (tmp_path / "out" / "map.html").is_file()
    assert "it was checked and written" in done.stderr
