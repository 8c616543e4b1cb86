"""What ``dcsite solve`` does with what goes wrong after the plan was found."""

from __future__ import annotations

import json
import re

import pytest

from dcsite.errors import SolverError
from dcsite.plan import Session
from dcsite.solvers import SolveOptions


@pytest.fixture
def sites(workplace, shipped_atlas):
    places = shipped_atlas.table("municipalities")
    some = places[places["population_2020"] > 150_000]
    lines = ["site_id,lat_deg,lon_deg,max_it_load_mw"]
    lines += [
        f"m{code},{row.office_lat_deg},{row.office_lon_deg},400" for code, row in some.iterrows()
    ]
    file = workplace / "sites.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_solver_that_breaks_down_over_further_questions_costs_no_plan(
    call, workplace, sites, monkeypatch
):
    def broken(*_: object, **__: object) -> None:
        raise SolverError("it is ill")

    monkeypatch.setattr("dcsite.studies.alternatives.find_alternatives", broken)
    monkeypatch.setattr("dcsite.studies.explain.explain_hubs", broken)
    output = workplace / "plan"
    answer = call("solve", "--sites", sites, "-o", output, "--alternatives", "1", "--explain")
    assert answer.code == 0
    assert "warning: alternatives left out, a solver broke down: it is ill" in answer.errors
    assert "warning: the explanation left out, a solver broke down: it is ill" in answer.errors
    assert json.loads((output / "plan.json").read_text(encoding="utf-8"))["status"] == "optimal"
    assert not (output / "alternatives.json").exists()


@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["", "quiet"])
def test_warnings_of_the_check_come_before_the_plan(call, workplace, sites, quiet):
    answer = call(
        "solve", "--sites", sites, "-o", workplace / "plan", *quiet,
        "--set", "demand.classes.latency_critical.max_ms=1.3",
    )  # fmt: skip
    assert answer.code == 0
    (warning,) = [line for line in answer.errors if line.startswith("warning: ")]
    assert (len(answer.errors) == 1) == bool(quiet)
    assert "latency_critical.max_ms = 1.3: no candidate is within that round trip of" in warning


def test_a_run_begins_from_an_earlier_plan_unless_that_was_changed(call, workplace, sites):
    begin = ("solve", "--sites", sites, "-o", workplace / "again", "--start")
    assert call("solve", "--sites", sites, "-o", workplace / "plan").code == 0
    file = workplace / "plan" / "plan.json"
    answer = call(*begin, file)
    assert answer.code == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    count, worth = len(document["hubs"]), document["objective"]
    (begun,) = [line for line in answer.errors if line.startswith("starting from a plan of ")]
    found = re.fullmatch(rf"starting from a plan of {count} hubs, worth (\S+) here", begun)
    assert found is not None
    # The file's loads are rounded to a kilowatt.
    assert float(found[1]) == pytest.approx(worth, abs=2e-5)
    document["hubs"][0]["tier"] = "regional"
    file.write_text(json.dumps(document), encoding="utf-8")
    changed = call(*begin, file)
    assert changed.code == 2
    assert f"{file}: digest: the plan was changed since it was written" in "\n".join(changed.errors)
    missing = call(*begin, workplace / "none.json")
    assert missing.code == 2
    assert any("none.json: no such file" in line for line in missing.errors)


def test_both_solvers_prove_the_same_plan(shipped_atlas, offered, few_hubs):
    """CBC's flow covers cut off the best plan of this country: with them it proved a worse one."""
    one, other = (
        Session(few_hubs(), SolveOptions(gap=1e-6, solver=name), offered, shipped_atlas).solve()
        for name in ("cbc", "highs")
    )
    assert one.plan.objective == pytest.approx(other.plan.objective, abs=1e-5)
