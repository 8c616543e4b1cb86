"""What the program counts at given hubs, rule by rule and score by score, against `evaluate`.

All rules are soft, and hubs with their tiers and loads are fixed at random, so that any plan
stands, however bad; what is left to the solver (reserve, connections, energy) has one best answer.
`evaluate` shares nothing with the rows: a wrong sign, side, factor or count in either parts them.
"""

from __future__ import annotations

import numpy as np
import pytest

import dcsite
from dcsite.model import Candidates, all_rules, assemble
from dcsite.plan import check_plan
from dcsite.solvers import SolveOptions, find_answer

#: Rules that ask little of a few hubs ask for more here.
ASKED = (
    "tiers.core.count=1",
    "tiers.large.count={min=1,max=2}",
    "tiers.regional.count={min=0,max=1}",
    "demand.total_new_it_load_mw=700",
    "criteria.cables.max_crowded_share=0.05",
    "criteria.renewables.min_share=0.9",
    "criteria.landings.max_new=0",
)


@pytest.mark.parametrize(
    "place",
    [
        "12234",  # Minamiboso: the crowded landings, near Tokyo
        "15205",  # Kashiwazaki: beside a nuclear station
        "41202",  # Karatsu: another, and a landing
        "01214",  # Wakkanai: weak grid, wind
        "24215",  # Shima: the other crowded landing
    ],
)
def test_rules_and_scores_are_those_of_the_evaluation(measured, shipped_atlas, place):
    soft = (f'rules.{rule}="soft"' for rule in all_rules())
    scenario = dcsite.load_scenario("policy-2023", (*ASKED, *soft))
    draw = np.random.default_rng(int(place))
    here = measured.loc[place]
    away = np.hypot(measured["lat_deg"] - here["lat_deg"], measured["lon_deg"] - here["lon_deg"])
    near = [place, *draw.choice(away.nsmallest(20).index[1:], 1)]
    sites = measured.loc[sorted({*near, *draw.choice(measured.index, 3, replace=False)})]
    program = assemble(Candidates.of(scenario, shipped_atlas, sites))
    for site, eligible in enumerate(program.eligible):
        tiers = np.flatnonzero(eligible)
        chosen = draw.choice(tiers) if sites.index[site] in near else draw.choice([-1, *tiers])
        for tier in tiers:
            opens = program.open[site, tier]
            opens.lowBound = opens.upBound = float(tier == chosen)
        if chosen >= 0:
            extra = program.extra_mw[site, chosen]
            extra.lowBound = extra.upBound = draw.choice([0.0, 0.3, 1.0]) * extra.upBound
    answer = find_answer(program, SolveOptions(gap=1e-9))
    values, objective = answer.outcome.values, answer.outcome.objective
    hubs = sites.join(answer.chosen, how="inner")
    checked = check_plan(
        hubs, shipped_atlas, scenario, claimed_objective=objective, bound=objective + 1e-4
    )
    assert checked.objective == pytest.approx(objective, abs=1e-5)
    told = dict.fromkeys(all_rules(), 0.0)
    for violation in checked.violations:
        told[violation.rule] += violation.amount
    counted = {
        rule: sum(values.get(variable.name, 0.0) * factor for variable, factor in terms)
        for rule, terms in program.violations.items()
    }
    assert {rule: counted.get(rule, 0.0) for rule in told} == pytest.approx(told, abs=1e-5)
    evaluated = {
        one.name: one.weight * one.score
        for found in checked.evaluations.values()
        for one in found.measures
        if one.score is not None
    }
    scored = {
        term.measure: term.weight
        * (term.constant + sum(values.get(v.name, 0.0) * factor for v, factor in term.terms))
        for term in program.scores
    }
    assert scored == pytest.approx(evaluated, abs=2e-5)
