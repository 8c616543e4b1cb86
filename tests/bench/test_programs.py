"""Size, relaxation and repeated solves of programs worked out by hand."""

from __future__ import annotations

from itertools import combinations

import pulp
import pytest

import dcsite
from dcsite.bench.families import FAMILIES
from dcsite.bench.programs import Size, lp_bound, size_of, timed_solve
from dcsite.model import SolveOptions, assemble

#: A few regional hubs far apart, on municipalities of more than 60,000 people.
OVERRIDES = (
    "tiers.core.count=0",
    'rules.core_regions="off"',
    "tiers.large.count=0",
    "tiers.regional.count=8",
    "tiers.large.separation_km=200",
    "tiers.regional.separation_km=200",
    "demand.total_new_it_load_mw=200",
    "demand.latency_critical_share=0",
    "criteria.cables.max_crowded_share=1",
    # Rows of disasters are laid as needed too: here the rows of separation are counted.
    "weights.disasters=0",
    "rules.disaster_survival=off",
    "rules.backup=off",
    "rules.tokyo_takeover=off",
)


def triangle(sets) -> pulp.LpProblem:
    """Three sites of worth 1 and an offset of 2; of each set at most one may open."""
    problem = pulp.LpProblem("triangle", pulp.LpMaximize)
    sites = [problem.add_variable(f"open_{at}", cat=pulp.LpBinary) for at in range(3)]
    problem.setObjective(pulp.LpAffineExpression([(site, 1.0) for site in sites], 2.0))
    for number, members in enumerate(sets):
        row = pulp.LpAffineExpression([(sites[at], 1.0) for at in members])
        problem.addConstraint(
            pulp.LpConstraint(row, pulp.LpConstraintLE, f"separation_large_{number}", 1.0)
        )
    return problem


def test_pairs_of_a_triangle_allow_a_half_each_and_its_clique_one():
    pairs, clique = triangle(combinations(range(3), 2)), triangle([(0, 1, 2)])
    assert lp_bound(pairs) == pytest.approx(3.5)
    assert lp_bound(clique) == pytest.approx(3.0)
    assert size_of(pairs) == Size(3, 3, 3, 6)
    assert size_of(clique) == Size(3, 1, 1, 3)


def test_other_rows_are_not_counted_as_separation():
    problem = triangle([(0, 1)])
    first = problem.variables()[0]
    problem.addConstraint(
        pulp.LpConstraint(
            pulp.LpAffineExpression([(first, 1.0)]), pulp.LpConstraintLE, "count", 1.0
        )
    )
    assert size_of(problem) == Size(3, 2, 1, 2)


def test_the_relaxation_of_a_minimum_is_in_its_own_sense():
    problem = pulp.LpProblem("least", pulp.LpMinimize)
    x = problem.add_variable("x", 0, 4, cat=pulp.LpInteger)
    problem.setObjective(pulp.LpAffineExpression([(x, 2.0)], 1.0))
    problem.addConstraint(
        pulp.LpConstraint(pulp.LpAffineExpression([(x, 2.0)]), pulp.LpConstraintGE, "floor", 3.0)
    )
    assert lp_bound(problem) == pytest.approx(4.0)
    problem.addConstraint(
        pulp.LpConstraint(pulp.LpAffineExpression([(x, 1.0)]), pulp.LpConstraintGE, "no", 5.0)
    )
    assert lp_bound(problem) is None


def test_every_family_leads_to_the_same_optimum(measured, shipped_atlas):
    scenario = dcsite.load_scenario("policy-2023", OVERRIDES)
    sites = measured[measured["population_2020"] > 60_000]
    programs = {
        name: assemble(scenario, shipped_atlas, sites, cover=cover)
        for name, cover in FAMILIES.items()
    }
    rows = {name: size_of(program.problem).separation_rows for name, program in programs.items()}
    bounds = {name: lp_bound(program.problem) for name, program in programs.items()}
    solved = {
        name: timed_solve(program, SolveOptions(gap=1e-6)) for name, program in programs.items()
    }
    best = solved["dcsite"].outcome
    assert best.status == "optimal"
    for name, found in solved.items():
        assert found.outcome.objective == pytest.approx(best.objective, abs=1e-5), name
        assert bounds[name] >= best.objective - 1e-6, name
    # Whole covers need no further solve; every round adds a row at least.
    for name in ("pairs", "grids+pairs", "dcsite"):
        assert solved[name].rounds == 0
        assert size_of(programs[name].problem).separation_rows == rows[name]
    assert solved["grids"].rounds > 0
    assert size_of(programs["grids"].problem).separation_rows > rows["grids"]
    assert rows["dcsite"] < rows["pairs"]
    assert bounds["dcsite"] <= bounds["pairs"] + 1e-6
