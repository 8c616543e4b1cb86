"""Rows laid as needed: which rows others imply, which are laid, and that the optimum stays."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import dcsite
from dcsite.contract import LoadTable
from dcsite.model import Candidates, assemble, lazy_rows
from dcsite.model.lazy_rows import TableRows, undominated
from dcsite.solvers import SolveOptions, answer, find_answer
from dcsite.solvers.matrix import ProgramMatrix

CODES = ("01100", "02201", "04100", "15100", "17201", "23100", "34100", "40130", "43100", "47201")
FEW = (
    "tiers.core.count={min=0,max=1}",
    "tiers.large.count={min=1,max=3}",
    "tiers.regional.count={min=2,max=5}",
    'rules.core_regions="off"',
    'rules.own_site_hazard="off"',
    "demand.total_new_it_load_mw=600",
)


def test_implied_rows_by_hand():
    # Row 1 has smaller coefficients than row 0 and asks for as much: it implies row 0, and so does
    # row 3 for row 2, which asks for less. Rows 1 and 3 tell of different sites.
    coefficient = np.array([[0.9, 0.8], [0.5, 0.8], [0.9, 0.4], [0.9, 0.3]])
    least = np.array([0.0, 0.0, -0.1, 0.0])
    assert undominated(coefficient, least).tolist() == [1, 3]
    # The larger right-hand side is not implied by smaller coefficients with a smaller one.
    assert undominated(np.array([[1.0], [0.5]]), np.array([0.2, 0.1])).tolist() == [0, 1]
    # Of equal rows the first is kept.
    assert undominated(np.ones((3, 2)), np.zeros(3)).tolist() == [0]


@given(
    hnp.arrays(float, (6, 3), elements=st.sampled_from([-0.5, 0.0, 0.25, 0.5, 1.0])),
    hnp.arrays(float, 6, elements=st.sampled_from([-0.2, 0.0, 0.2])),
    hnp.arrays(float, (20, 3), elements=st.floats(0, 4)),
)
def test_what_keeps_the_kept_rows_keeps_all(coefficient, least, loads):
    kept = undominated(coefficient, least)
    left = loads @ coefficient.T
    keeps_kept = (left[:, kept] >= least[kept]).all(axis=1)
    assert ((left >= least - 1e-12).all(axis=1) >= keeps_kept).all()
    # None of those kept is implied by another kept one.
    for row in kept:
        others = kept[kept != row]
        implied = (coefficient[others] <= coefficient[row]).all(axis=1)
        assert not (implied & (least[others] >= least[row])).any()


def _all_at_once(program) -> None:
    """Lay every row that stands ready, implied ones too."""
    for rows in program.lazy:
        if isinstance(rows, TableRows):
            for row in range(len(rows._table.least)):
                rows._add(row)


@settings(max_examples=4, deadline=None)
@given(
    picked=st.lists(st.sampled_from(CODES), min_size=7, max_size=9, unique=True),
    least=st.sampled_from([0.7, 0.8]),
)
def test_the_optimum_is_that_with_all_rows_laid(shipped_atlas, question, picked, least):
    atlas, (scenario, measured) = shipped_atlas, question(least)
    sites = measured.loc[sorted(picked)]
    options = SolveOptions(solver="highs", gap=1e-7)
    lazily = find_answer(assemble(Candidates.of(scenario, atlas, sites)), options).outcome
    program = assemble(Candidates.of(scenario, atlas, sites))
    _all_at_once(program)
    at_once = find_answer(program, options).outcome
    assert lazily.status == at_once.status
    if lazily.objective is not None:
        assert lazily.objective == pytest.approx(at_once.objective, abs=1e-6)
        assert lazily.bound >= at_once.objective - 1e-7


@pytest.fixture(scope="session")
def question(shipped_atlas):
    """Return a function that gives scenario and measured sites for a share asked to survive."""
    from dcsite.criteria import measure_sites
    from dcsite.sites import municipality_sites

    @functools.cache
    def asked(least):
        scenario = dcsite.load_scenario(
            "policy-2023",
            (
                *FEW,
                f"criteria.disasters.least_survival.area_blackout={least}",
                f"criteria.disasters.least_survival.earthquake={least}",
            ),
        )
        places = municipality_sites(shipped_atlas, scenario.land).loc[list(CODES)]
        return scenario, measure_sites(places, shipped_atlas, scenario)

    return asked


def test_a_plan_within_the_gap_once_its_helpers_are_set_needs_no_further_solve(
    shipped_atlas, question, monkeypatch
):
    atlas, (scenario, measured) = shipped_atlas, question(0.7)
    solves: list[float] = []
    real = answer.solve

    def counted(*args):
        outcome = real(*args)
        solves.append(outcome.objective)
        return outcome

    monkeypatch.setattr(answer, "solve", counted)
    # Without rows from the relaxation the first plan believes that everything stands.
    monkeypatch.setattr(answer._Search, "relaxed", lambda _: None)
    wide = find_answer(
        assemble(Candidates.of(scenario, atlas, measured)), SolveOptions(gap=0.9)
    ).outcome
    assert len(solves) == 1
    assert wide.status == "optimal"
    assert wide.objective < solves[0]
    assert "rows laid as needed" in wide.notes[-1]
    solves.clear()
    close = find_answer(
        assemble(Candidates.of(scenario, atlas, measured)), SolveOptions(gap=1e-6)
    ).outcome
    assert len(solves) > 1
    assert f"{len(solves)} solves" in close.notes[-1]
    assert close.objective >= wide.objective - 1e-9


def test_helpers_are_set_to_what_all_rows_ask_for(shipped_atlas, question):
    atlas, (scenario, measured) = shipped_atlas, question(0.7)
    program = assemble(Candidates.of(scenario, atlas, measured))
    worst = program.continuous("lowest", 0.0, 1.0)
    total = program.total_it_load_mw
    coefficient = np.zeros((2, len(measured))) + np.array([[0.5], [0.25]])
    rows = TableRows(
        program,
        LoadTable("made_up", ("a", "b"), coefficient / total, np.zeros(2), epigraph=worst),
    )
    site, tier = next(map(tuple, np.argwhere(program.eligible)))
    values = {program.open[site, tier].name: 1.0, "lowest": 1.0}
    load = float(program.min_mw[tier])
    # A quarter of the load stands in the worse of the two; row a is implied by row b.
    assert rows.complete(values) == {"lowest": pytest.approx(0.25 * load / total)}
    assert rows.separate(values) == 1
    assert "made_up: 2 rows, 1 of them implied by others, 1 needed" in rows.summary()
    assert rows.separate({**values, "lowest": 0.0}) == 0


def test_a_round_lays_no_more_than_the_most_broken_rows(shipped_atlas, question, monkeypatch):
    atlas, (scenario, measured) = shipped_atlas, question(0.7)
    program = assemble(Candidates.of(scenario, atlas, measured))
    monkeypatch.setattr(lazy_rows, "_ROWS_PER_ROUND", 1)
    before = ProgramMatrix.from_problem(program.problem).row_lower.size
    variable = [program.continuous(f"own_{number}") for number in range(3)]
    rows = TableRows(
        program,
        LoadTable(
            "own",
            ("a", "b", "c"),
            np.zeros((3, len(measured))),
            np.array([1.0, 3.0, 2.0]),
            slack=variable,
        ),
    )
    assert rows.separate({}) == 1
    assert ProgramMatrix.from_problem(program.problem).row_lower.size == before + 1
    assert "own: 3 rows, 1 needed" in rows.summary()
    assert rows.complete({}) == {"own_0": 1.0, "own_1": 3.0, "own_2": 2.0}
