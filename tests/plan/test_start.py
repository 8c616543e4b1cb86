"""An earlier plan as a start: read, completed to a point, or left out with a note."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.model import Candidates, assemble
from dcsite.plan.start import complete_start
from dcsite.solvers import SolveOptions, find_answer
from dcsite.solvers.matrix import ProgramMatrix

#: Two cores and one regional hub, fixed loads.
SMALL = (
    "tiers.large.count=0",
    "tiers.regional.count=1",
    "demand.total_new_it_load_mw=440",
    "demand.classes.latency_critical.share=0",
    "tiers.core.it_load_mw={min=100,max=300}",
    "criteria.cables.max_crowded_share=1",
)
HUBS = pd.DataFrame({"tier": ["core", "core", "regional"]}, index=["01217", "41206", "07203"])
SITES = ["01217", "41206", "07203", "01100", "40130", "15100"]


def program(measured, atlas, *more: str):
    scenario = dcsite.load_scenario("policy-2023", (*SMALL, *more))
    return assemble(Candidates.of(scenario, atlas, measured.loc[SITES]))


def test_hubs_become_a_feasible_point_with_their_best_loads(measured, shipped_atlas):
    built = program(measured, shipped_atlas)
    start = complete_start(built, HUBS)
    matrix = ProgramMatrix.from_problem(built.problem)
    point = np.array([start.values[name] for name in matrix.names])
    assert matrix.fault(point, point) is None
    opened = {name for name, value in start.values.items() if name.startswith("open_") and value}
    assert len(opened) == 3
    only = built.sites.index.isin(HUBS.index)
    alone = assemble(Candidates.of(built.scenario, shipped_atlas, built.sites[only]))
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
    wrong = pd.DataFrame({"tier": ["core", "core", "edge"]}, index=["99999", "07203", "15100"])
    start = complete_start(built, pd.concat([HUBS, wrong]))
    assert start.values is None
    assert start.note == (
        "warning: start plan left out: the scenario does not admit "
        "99999 as core, 郡山市 Koriyama-shi as core, 新潟市 Niigata-shi as edge"
    )


def test_hubs_that_break_a_rule_are_left_out(measured, shipped_atlas):
    start = complete_start(program(measured, shipped_atlas), HUBS.iloc[:2])
    assert start.values is None
    assert start.note == "warning: start plan left out: its hubs break hard rules of this scenario"
