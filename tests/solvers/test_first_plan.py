"""A large program's preparation: rows the relaxation breaks, a first plan, and its fallback."""

from __future__ import annotations

import signal

import numpy as np
import pytest

import dcsite
from dcsite.model import Candidates, assemble, cliques
from dcsite.model.cliques import conflicting_pairs
from dcsite.plan.check import check_plan
from dcsite.solvers import Outcome, SolveOptions, answer, chosen_hubs, find_answer
from dcsite.solvers.answer import solve_program
from dcsite.solvers.matrix import ProgramMatrix
from dcsite.solvers.relaxation import first_plan, relax


@pytest.fixture(scope="module")
def question(measured, shipped_atlas, policy):
    program = assemble(Candidates.of(policy, shipped_atlas, measured))
    matrix = ProgramMatrix.from_problem(program.problem)
    return program, matrix, relax(matrix)


def test_the_first_plan_keeps_every_rule_and_lies_below_the_bound(
    question, measured, shipped_atlas, policy
):
    program, matrix, relaxed = question
    values = first_plan(program, matrix, relaxed, 60.0)
    # It knows the rows that are laid; what the others ask for is set afterwards, as a solve does.
    for rows in program.lazy:
        values |= rows.complete(values)
    hubs = measured.join(chosen_hubs(program, values), how="inner")
    claimed = -matrix.objective(np.array([values[name] for name in matrix.names]))
    # The independent check raises where a hard rule is broken or the objective is not as claimed.
    checked = check_plan(
        hubs, shipped_atlas, policy, claimed_objective=claimed, bound=-relaxed.objective
    )
    assert checked.objective <= -relaxed.objective + 1e-6
    # It knows no row that is laid later: what it breaks softly is theirs alone, and all that it
    # knows of it does well.
    assert {violation.rule for violation in checked.violations} <= {"disaster_survival", "backup"}
    penalties = sum(violation.penalty for violation in checked.violations)
    assert checked.objective + penalties > 0.9 * -relaxed.objective


def test_exchanges_better_what_greed_finds(question, monkeypatch):
    program, matrix, relaxed = question
    point = first_plan(program, matrix, relaxed, 60.0)
    at_once = first_plan(program, matrix, relaxed, 0.0)  # no time for any exchange
    worth = [-matrix.objective(np.array([p[n] for n in matrix.names])) for p in (at_once, point)]
    assert worth[0] < worth[1]
    assert at_once == first_plan(program, matrix, relaxed, 0.0)


def test_a_prepared_program_has_the_same_optimum(measured, shipped_atlas, monkeypatch):
    scenario = dcsite.load_scenario(overrides=("tiers.regional.count={min=4,max=19}",))
    sites = measured[measured["population_2020"] > 60_000]
    options = SolveOptions(gap=1e-4)
    plain = find_answer(assemble(Candidates.of(scenario, shipped_atlas, sites)), options)
    monkeypatch.setattr(answer, "LARGE", 0)
    monkeypatch.setattr(cliques, "DENSE_LIMIT", 10)
    monkeypatch.setattr("dcsite.model.separation.DENSE_LIMIT", 10)
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    rows = len(program.problem.constraints())
    prepared = find_answer(program, options)
    assert len(program.problem.constraints()) > rows
    assert plain.outcome.status == prepared.outcome.status == "optimal"
    assert prepared.outcome.objective == pytest.approx(plain.outcome.objective, rel=2e-4)


def test_rows_cut_off_are_cliques_and_tighten(measured, shipped_atlas, policy, monkeypatch):
    monkeypatch.setattr(cliques, "DENSE_LIMIT", 10)
    monkeypatch.setattr(cliques, "_FINE_GRID_PART", 1.0)
    program = assemble(Candidates.of(policy, shipped_atlas, measured))
    before = ProgramMatrix.from_problem(program.problem)
    loose = relax(before)
    point = dict(zip(before.names, loose.values.tolist(), strict=True))
    (rows,) = program.apart
    assert rows.separate_relaxed(point) > 0
    after = ProgramMatrix.from_problem(program.problem)
    assert relax(after).objective > loose.objective + 1e-6
    place = {label: number for number, label in enumerate(program.labels)}
    lat, lon = measured["lat_deg"].to_numpy(), measured["lon_deg"].to_numpy()
    new = [n for n in range(len(after.row_names)) if after.row_names[n] not in before.row_names]
    for row in new:
        tier = after.row_names[row].split("_")[1]
        members = after.column[after.start[row] : after.start[row + 1]]
        sites = np.array(
            [
                place[after.names[m].split("_")[-2 if after.names[m].startswith("open") else -1]]
                for m in members
            ]
        )
        distance_km = getattr(policy.tiers, tier).separation_km
        pairs = conflicting_pairs(lat[sites], lon[sites], distance_km)
        assert len(pairs) == len(sites) * (len(sites) - 1) // 2


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_plan_a_solve_began_from_is_kept_when_it_finds_none(question, monkeypatch, interrupted):
    program, matrix, relaxed = question
    start = first_plan(program, matrix, relaxed, 60.0)
    status = "interrupted" if interrupted else "no_solution"
    nothing = Outcome(status, None, None, 0.8, None, "cbc", "1.0", 0.1, interrupted=interrupted)
    monkeypatch.setattr(answer, "solve", lambda *_: nothing)
    outcome = solve_program(program, SolveOptions(start=start))
    for rows in program.lazy:
        start |= rows.complete(start)
    worth = -matrix.objective(np.array([start[name] for name in matrix.names]))
    assert outcome.status == ("interrupted" if interrupted else "feasible")
    assert outcome.objective == pytest.approx(worth, abs=1e-6)
    assert outcome.gap == pytest.approx((0.8 - worth) / worth, abs=1e-6)
    assert outcome.values.keys() == start.keys()
    assert outcome.notes[0] == "the plan is the one the solver began from"


def test_a_start_that_breaks_the_program_is_no_plan(question, monkeypatch):
    program, _, _ = question
    opened = {variable.name: 1.0 for variable in program.open[program.eligible]}
    nothing = Outcome("no_solution", None, None, 0.8, None, "cbc", "1.0", 0.1)
    monkeypatch.setattr(answer, "solve", lambda *_: nothing)
    outcome = solve_program(program, SolveOptions(start=opened))
    assert (outcome.status, outcome.values, outcome.bound) == ("no_solution", None, 0.8)


def test_ctrl_c_while_a_first_plan_is_sought_keeps_it(measured, shipped_atlas, policy, monkeypatch):
    def press(progress):
        if progress.stage == "first plan":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(answer, "LARGE", 0)
    program = assemble(Candidates.of(policy, shipped_atlas, measured))
    outcome = solve_program(program, SolveOptions(), press)
    assert (outcome.status, outcome.interrupted) == ("interrupted", True)
    assert outcome.solver_version == "not started"
    assert outcome.objective > 0.3
    assert not chosen_hubs(program, outcome.values).empty
