"""The scorecard: rank, score and reasons of every candidate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dcsite.contract import TIERS, Limit, Quantity, criteria
from dcsite.model import Candidates, assemble
from dcsite.plan import Session
from dcsite.plan.scorecard import Scorecard

SITES = """site_id,name,lat,lon,max_mw,owner
a,Kitakami,39.30,141.10,150,=1+1
b,Daisen,39.45,140.48,60,y
c,Ichinoseki,38.93,141.13,90,
d,Saga,33.25,130.32,45.5,
e,Odate,40.27,140.56,0.4,
"""


def test_a_limit_says_value_and_bound_only_where_it_is_broken():
    km = Quantity("away_km", "km", "distance", "距離")
    most = Limit(km, np.array([20.0, 20.1, np.nan, np.inf]), np.array([20.0, 5.0, np.inf]))
    assert most.said(0, 0) is None
    assert most.said(1, 0) == ("distance 20.1 km (limit 20 km)", "距離 20.1 km（上限20 km）")
    assert most.said(2, 1) is None
    assert most.said(3, 0) == ("distance none (limit 20 km)", "距離 なし（上限20 km）")
    people = Quantity("residents", "", "residents", "人口")
    least = Limit(people, np.array([[9999.0, 1.0]]), np.array([[10000.0, 1.0]]), least=True)
    assert least.said(0, 0) == ("residents 9,999 (least 10,000)", "人口 9,999（下限10,000）")
    assert least.said(0, 1) is None


def test_scores_by_load_are_what_the_objective_says(measured, shipped_atlas, policy):
    """Where the objective itself rewards a MW, the card has the same score."""
    few = measured.iloc[::60]
    candidates = Candidates.of(policy, shipped_atlas, few)
    program, card = assemble(candidates), Scorecard(candidates)
    pair = {
        program.extra_mw[site, tier].name: (site, tier)
        for site, tier in np.argwhere(program.eligible)
    }
    owner = {m: name for name, measures in program.scored_measures.items() for m in measures}
    compared = 0
    for term in program.scores:
        found = {pair[v.name]: c for v, c in term.terms if v.name in pair}
        for (site, tier), per_mw in found.items():
            expected = card.scores[owner[term.measure]][site, tier]
            assert per_mw * program.total_it_load_mw == pytest.approx(expected, abs=1e-9)
            compared += 1
    assert compared > 5 * len(few)


def test_every_candidate_is_ranked_among_the_admitted_or_told_why_not(
    measured, shipped_atlas, policy
):
    candidates = Candidates.of(policy, shipped_atlas, measured.iloc[::9])
    card = Scorecard(candidates)
    frame = card.frame().set_index("site_id")
    weights = {one.name: float(policy.weights[one.name]) for one in criteria()}
    for tier, name in enumerate(TIERS):
        admitted = candidates.eligible[:, tier]
        assert (frame[f"{name}_admitted"] == admitted).all()
        assert (frame[f"{name}_rank"].notna() == admitted).all()
        assert (frame[f"{name}_kept_out_en"].isna() == admitted).all()
        assert (frame[f"{name}_kept_out_ja"].isna() == admitted).all()
        scores = sum(weights[key] * card.scores[key][:, tier] for key in weights)
        assert frame[f"{name}_score"].to_numpy() == pytest.approx(scores, abs=1e-6)
        best = frame[admitted].sort_values(f"{name}_rank")[f"{name}_score"]
        assert best.is_monotonic_decreasing
        assert (frame[f"{name}_most_mw"] <= policy.tiers[name].it_load_mw.max).all()
        # What hard rules admit can bear the tier's least load.
        assert (
            frame[f"{name}_most_mw"][admitted] >= policy.tiers[name].it_load_mw.min - 1e-3
        ).all()
    refused = frame["status_en"] == "refused in every tier"
    assert (refused == ~candidates.eligible.any(axis=1)).all()


def test_a_private_question_gives_a_card_of_every_parcel(tmp_path, shipped_atlas):
    path = tmp_path / "mine.csv"
    path.write_text(SITES, encoding="utf-8")
    asked = ["tiers.large.count=2", 'places.forbid=["c"]']
    session = Session.open("best-of", asked, path, atlas=shipped_atlas)
    plan = session.solve().plan
    paths = plan.write(tmp_path / "out", session)
    rows = pd.read_csv(paths.candidates_csv).set_index("site_id")
    assert list(rows.index) == list("abcde")
    assert not [column for column in rows if column.startswith(("core_", "regional_"))]
    assert set(rows.index[rows["status_en"] == "chosen"]) == {hub.site_id for hub in plan.hubs}
    assert rows.loc["c", "large_kept_out_en"] == "forbidden by the scenario (places.forbid)"
    assert rows.loc["e", "large_kept_out_en"] == (
        "IT load that its usable land carries 0.4 MW (least 45.5 MW)"
    )
    assert "0.4 MW" in rows.loc["e", "large_kept_out_ja"]
    assert rows.loc[["c", "e"], "large_rank"].isna().all()
    assert sorted(rows.loc[["a", "b", "d"], "large_rank"]) == [1, 2, 3]
    assert rows.loc["a", "own_owner"] == "'=1+1"
    assert rows.loc["b", "large_most_mw"] == 60.0
