"""The program against brute force: every way of opening a few sites, each evaluated from tables.

Loads are fixed by tier and the total is off, so that a choice of sites fixes the plan; the brute
force uses the independent evaluation, which shares nothing with the formulation.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.contract import TIERS
from dcsite.errors import CheckError
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.solvers import SolveOptions, find_answer

BASE = (
    "tiers.core.count={min=0,max=1}",
    "tiers.core.it_load_mw=200",
    "tiers.large.count={min=0,max=2}",
    "tiers.large.it_load_mw=100",
    "tiers.regional.count={min=1,max=2}",
    "tiers.regional.it_load_mw=40",
    "demand.total_new_it_load_mw=400",
    'rules.total_it_load="off"',
    'rules.core_regions="off"',
)


def brute_force(scenario, atlas, sites) -> float | None:
    """Return the best objective over all ways of opening, None when no way is allowed."""
    best: float | None = None
    load = {"core": 200.0, "large": 100.0, "regional": 40.0}
    for choice in product((None, *TIERS), repeat=len(sites)):
        count = {tier: choice.count(tier) for tier in TIERS}
        if any(
            not getattr(scenario.tiers, tier).count.min
            <= count[tier]
            <= getattr(scenario.tiers, tier).count.max
            for tier in TIERS
        ):
            continue
        tiers = pd.Series(choice, index=sites.index).dropna()
        hubs = sites.loc[tiers.index].assign(tier=tiers, it_load_mw=tiers.map(load), reserve_mw=0.0)
        try:
            value = check_plan(
                hubs, atlas, scenario, claimed_objective=-np.inf, bound=np.inf
            ).objective
        except CheckError:
            continue  # breaks a hard rule
        best = value if best is None else max(best, value)
    return best


@pytest.mark.parametrize(
    ("picked", "most_large", "apart_km", "separation", "disasters", "least", "share"),
    [
        # Each rule hard and soft, distances that two of the three places keep or do not.
        (("01213", "02201", "40100"), 2, 150.0, "hard", "soft", 0.7, 0.6),
        (("34100", "40100", "40130"), 1, 400.0, "soft", "hard", 0.1, 0.3),
    ],
)
def test_the_optimum_is_that_of_brute_force(
    measured, shipped_atlas, picked, most_large, apart_km, separation, disasters, least, share
):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            *BASE,
            f"tiers.large.count={{min=0,max={most_large}}}",
            f"tiers.regional.count={{min=1,max={most_large}}}",
            f"tiers.core.separation_km={apart_km * 2}",
            f"tiers.large.separation_km={apart_km}",
            f"tiers.regional.separation_km={apart_km / 2}",
            f'rules.separation="{separation}"',
            "penalties.separation=0.05",
            f'rules.disaster_survival="{disasters}"',
            f'rules.backup="{disasters}"',
            f"criteria.disasters.least_survival.earthquake={least}",
            f"criteria.disasters.least_survival.area_blackout={least}",
            "criteria.disasters.least_survival.frequency_blackout=0.1",
            "criteria.disasters.min_probability_30y=0.05",
            "penalties.disaster_survival=0.3",
            "penalties.backup=0.02",
            f"criteria.renewables.min_share={share}",
            "criteria.cables.max_crowded_share=0.5",
        ),
    )
    sites = measured.loc[sorted(picked)]
    expected = brute_force(scenario, shipped_atlas, sites)
    assert expected is not None
    for solver in ("cbc", "highs"):
        answer = find_answer(
            assemble(Candidates.of(scenario, shipped_atlas, sites)),
            SolveOptions(solver=solver, gap=1e-7),
        )
        assert answer.outcome.status == "optimal"
        assert answer.outcome.objective == pytest.approx(expected, abs=2e-6)
        checked = check_plan(
            sites.join(answer.chosen, how="inner"),
            shipped_atlas,
            scenario,
            claimed_objective=answer.outcome.objective,
            bound=answer.outcome.bound,
        )
        assert checked.objective == pytest.approx(expected, abs=2e-6)


def test_a_lower_tier_may_ask_for_more_distance_than_a_higher_one(measured, shipped_atlas):
    # Niigata and Sendai stand 165 km apart. Regional hubs ask for 200 km, large ones for 100: two
    # large hubs may stand there, a regional one beside a large one may not.
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            *BASE,
            "tiers.large.it_load_mw=70",
            "tiers.large.separation_km=100",
            "tiers.regional.separation_km=200",
            "tiers.core.count=0",
            "tiers.large.count={min=1,max=2}",
            "tiers.regional.count={min=0,max=1}",
        ),
    )
    sites = measured.loc[["04100", "15100"]]
    answer = find_answer(
        assemble(Candidates.of(scenario, shipped_atlas, sites)), SolveOptions(gap=1e-7)
    )
    assert answer.chosen["tier"].tolist() == ["large", "large"]
    one = dcsite.load_scenario(
        "policy-2023",
        (
            *BASE,
            "tiers.large.it_load_mw=70",
            "tiers.large.separation_km=100",
            "tiers.regional.separation_km=200",
            "tiers.core.count=0",
            "tiers.large.count=1",
            "tiers.regional.count=1",
        ),
    )
    stuck = find_answer(assemble(Candidates.of(one, shipped_atlas, sites)), SolveOptions(gap=1e-7))
    assert stuck.outcome.status == "infeasible"
