"""A hub's worst disasters, its backup and the way out, held against the set itself."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

import dcsite
from dcsite.criteria.disaster_terms import disasters_of
from dcsite.criteria.takeover import CRITERION
from dcsite.plan import check_plan
from dcsite.plan.explanation import Explanation
from dcsite.solvers import SolveOptions
from dcsite.studies.explain import ExplainContext, explain_disasters, hub_shares

#: Ebetsu, Karatsu and Kudamatsu of the national plan, Ena and Hamamatsu in the Nankai footprint.
HUBS = {"01217": "core", "41202": "core", "35207": "large", "21210": "regional"}
OTHERS = ("22130", "21204", "19208", "20205", "16207")
SETTINGS = (
    "tiers.core.count=2",
    "tiers.large.count=1",
    "tiers.regional.count=1",
    "tiers.core.it_load_mw=200",
    "tiers.large.it_load_mw=100",
    "tiers.regional.it_load_mw=20",
    "demand.total_new_it_load_mw=520",
    "demand.classes.latency_critical.share=0",
    # The loads are round numbers, not what the places bear.
    "rules.land=off",
    "rules.connection_capacity=off",
)


@pytest.fixture(scope="module")
def context(measured, shipped_atlas):
    scenario = dcsite.load_scenario("policy-2023", SETTINGS)
    load = {"core": 200.0, "large": 100.0, "regional": 20.0}
    chosen = pd.DataFrame(
        {
            "tier": list(HUBS.values()),
            "it_load_mw": [load[tier] for tier in HUBS.values()],
            "reserve_mw": 0.0,
        },
        index=pd.Index(list(HUBS), name="site_id"),
    )
    sites = measured.loc[sorted([*HUBS, *OTHERS])]
    return ExplainContext(scenario, shipped_atlas, sites, chosen, SolveOptions(), bound=np.inf)


def test_worst_disasters_are_in_force_and_in_order(context):
    found = explain_disasters(context, "21210")
    events = disasters_of(context.hubs, context.atlas, context.scenario)
    row = context.hubs.index.get_loc("21210")
    down = pd.Series(events.down[row], index=events.events.index)
    listed = [worst.event_id for worst in found.worst]
    assert len(listed) == 5
    assert events.events.loc[listed, "in_force"].all()
    assert [worst.down for worst in found.worst] == pytest.approx(down[listed].tolist())
    assert down[listed].is_monotonic_decreasing
    # Faults beneath Gero shake it, and Chubu goes dark alone.
    assert listed[0] == "blackout_chubu"
    nankai = found.worst[1]
    assert (nankai.probability_30y, nankai.probability_date) == (
        pytest.approx(0.05), "2025-09-26",
    )  # fmt: skip
    assert nankai.name_ja.startswith("南海トラフ")


def test_backups_by_hand(context):
    # Loads are fixed, so that nobody holds reserve: that is said of the plan, and nobody is named.
    assert explain_disasters(context, "01217").backups == ()
    (lack,) = [one for one in context.checked.violations if one.rule == "backup"]
    assert lack.amount == pytest.approx(200.0 / 520.0)
    plenty = context.hubs.assign(reserve_mw=[200.0, 300.0, 0.0, 0.0])
    found = CRITERION.evaluate(plenty, context.atlas, context.scenario)
    evaluations = {**context.checked.evaluations, "takeover": found}
    backed = copy.copy(context)
    backed.checked = replace(context.checked, evaluations=evaluations)
    found = explain_disasters(backed, "01217")
    (backup,) = found.backups
    assert (backup.place.site_id, backup.takeover_mw) == ("41202", pytest.approx(200.0))


def test_the_way_out_is_the_nearest_place_that_can_take_the_hub(context):
    move = explain_disasters(context, "21210").move
    # Of the others Gero (21204) goes dark with Chubu too, as do Hamamatsu and Iida in Nagano;
    # Minami-Alps lies in the area of Tokyo, nearer than Kurobe.
    assert move.place.site_id == "19208"
    assert 80.0 < move.distance_km < 110.0
    assert move.down < 0.05
    moved = context.sites.join(
        context.hubs[["tier", "it_load_mw"]].rename(index={"21210": "19208"}), how="inner"
    )
    after = check_plan(
        moved, context.atlas, context.scenario, claimed_objective=-np.inf, bound=np.inf
    )
    assert move.cost == pytest.approx(context.checked.objective - after.objective)
    lost = sum(change.points_before - change.points_after for change in move.changes)
    assert lost == pytest.approx(move.cost, abs=1e-9)


def test_no_place_can_take_what_none_admits(context):
    # The only core that Kyushu has: no other place among these may be one.
    assert explain_disasters(context, "41202").move is None


def test_only_hubs_are_explained(context):
    with pytest.raises(KeyError, match="22130"):
        explain_disasters(context, "22130")


def test_json_meets_the_schema(context):
    hubs = tuple(
        replace(hub, disasters=explain_disasters(context, hub.place.site_id))
        for hub in hub_shares(context)
    )
    context.bound = 1.0
    document = json.loads(context.explanation(hubs).text())
    Draft202012Validator(Explanation.schema()).validate(document)
    assert document["hubs"][0]["disasters"]["worst"]
