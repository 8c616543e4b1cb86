"""Pairs that the rows up front miss are found in the plan and covered, until none is too near."""

from __future__ import annotations

import pytest

import dcsite
from dcsite.model import Candidates, assemble, cliques
from dcsite.solvers import SolveOptions, find_answer

OVERRIDES = (
    "tiers.core.count=0",
    'rules.core_regions="off"',
    "tiers.large.count=0",
    "tiers.regional.count=8",
    "tiers.large.separation_km=200",
    "tiers.regional.separation_km=200",
    "demand.total_new_it_load_mw=200",
    "demand.classes.latency_critical.share=0",
    "criteria.cables.max_crowded_share=1",
)


@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_the_same_optimum_as_with_all_rows(measured, shipped_atlas, monkeypatch, mode):
    scenario = dcsite.load_scenario("policy-2023", (*OVERRIDES, f'rules.separation="{mode}"'))
    sites = measured[measured["population_2020"] > 60_000]
    options = SolveOptions(gap=1e-6)
    whole = find_answer(assemble(Candidates.of(scenario, shipped_atlas, sites)), options)
    monkeypatch.setattr(cliques, "DENSE_LIMIT", 10)
    monkeypatch.setattr(cliques, "_FINE_GRID_PART", 1.0)  # coarse: many pairs are missed
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    rows = len(program.problem.constraints())
    lazy = find_answer(program, options)
    assert len(program.problem.constraints()) > rows, "nothing had to be added: a vain test"
    assert lazy.outcome.status == whole.outcome.status == "optimal"
    assert lazy.outcome.objective == pytest.approx(whole.outcome.objective, abs=1e-5)
    assert [rows.separate(lazy.outcome.values) for rows in program.apart] == [0]
