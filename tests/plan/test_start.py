"""An earlier plan as a start: read, completed to a point, or left out with a note."""

from __future__ import annotations

import json

import numpy as np
import pytest

import dcsite
from dcsite.errors import DcsiteError
from dcsite.model import assemble
from dcsite.plan.start import StartHub, complete_start, read_start
from dcsite.solvers import SolveOptions, find_answer
from dcsite.solvers.matrix import ProgramMatrix

#: Two cores and one regional hub, fixed loads.
SMALL = (
    "tiers.large.count=0",
    "tiers.regional.count=1",
    "demand.total_new_it_load_mw=440",
    "demand.latency_critical_share=0",
    "tiers.core.it_load_mw={min=100,max=300}",
    "criteria.cables.max_crowded_share=1",
)
HUBS = (
    StartHub(site_id="01217", tier="core"),
    StartHub(site_id="41206", tier="core"),
    StartHub(site_id="07203", tier="regional"),
)
SITES = ["01217", "41206", "07203", "01100", "40130", "15100"]


def program(measured, atlas, *more: str):
    return assemble(
        dcsite.load_scenario("policy-2023", (*SMALL, *more)), atlas, measured.loc[SITES]
    )


def test_hubs_become_a_feasible_point_with_their_best_loads(measured, shipped_atlas):
    built = program(measured, shipped_atlas)
    start = complete_start(built, HUBS)
    matrix = ProgramMatrix.from_problem(built.problem)
    point = np.array([start.values[name] for name in matrix.names])
    assert matrix.fault(point, point) is None
    opened = {name for name, value in start.values.items() if name.startswith("open_") and value}
    assert len(opened) == 3
    only = built.sites.index.isin([hub.site_id for hub in HUBS])
    alone = assemble(built.scenario, shipped_atlas, built.sites[only])
    best = find_answer(alone, SolveOptions(gap=1e-7)).outcome.objective
    assert -matrix.objective(point) == pytest.approx(best, abs=1e-6)
    assert start.note == f"starting from a plan of 3 hubs, worth {best:.5f} here"


@pytest.mark.parametrize("solver", ["cbc", "highs"])
def test_the_optimum_is_the_same_with_a_start(measured, shipped_atlas, solver):
    built = program(measured, shipped_atlas)
    start = complete_start(built, HUBS)
    cold, warm = (
        find_answer(built, SolveOptions(solver=solver, gap=1e-7, start=values)).outcome.objective
        for values in (None, start.values)
    )
    assert warm == pytest.approx(cold, abs=1e-7)


def test_hubs_that_are_not_admitted_are_named(measured, shipped_atlas):
    built = program(measured, shipped_atlas)
    wrong = [
        *HUBS,
        StartHub(site_id="99999", tier="core"),
        StartHub(site_id="07203", tier="core"),
        StartHub(site_id="15100", tier="edge"),
    ]
    start = complete_start(built, wrong)
    assert start.values is None
    assert start.note == (
        "start plan left out: the scenario does not admit "
        "99999 as core, 07203 as core, 15100 as edge"
    )


def test_hubs_that_break_a_rule_are_left_out(measured, shipped_atlas):
    start = complete_start(program(measured, shipped_atlas), HUBS[:2])
    assert start.values is None
    assert start.note == "start plan left out: its hubs break hard rules of this scenario"


def test_a_plan_file_is_read(tmp_path):
    path = tmp_path / "plan.json"
    hubs = [{"site_id": "01217", "tier": "core", "it_load_mw": 1.0, "name_ja": "x"}]
    path.write_text(json.dumps({"status": "optimal", "hubs": hubs}), encoding="utf-8")
    assert read_start(path) == (HUBS[0],)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"{", "is not a plan of dcsite"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"[]", "is not a plan of dcsite"),
        (b'{"hubs": []}', "hubs: "),
        (b'{"hubs": [{"site_id": 1217, "tier": "core"}]}', "hubs.0.site_id"),
        (b'{"type": "FeatureCollection", "features": []}', "hubs: Field required"),
    ],
)
def test_anything_else_is_one_clear_error(tmp_path, content, words):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DcsiteError) as caught:
        read_start(path)
    (problem,) = caught.value.problems
    assert problem.where == "--start"
    assert problem.field == str(path)
    assert words in problem.message
    assert "\n" not in problem.message
