"""Prove a plan by simulation: years of disasters over its hubs, and over today's.

The same disasters strike both: a plan's figures and today's differ by where the hubs stand, not by
luck. Every event of the set with a known probability counts, likely enough to plan for or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.hazards import intensity_at_offices

from .stress_fleet import Fleet, fleet, fleet_result, hubs_frame
from .stress_history import history
from .stress_simulate import event_rates, restoration_curves, simulate
from .stress_types import FleetResult, Footprint, LeftOut, StressTest
from .today import todays_hubs

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSettings
    from dcsite.plan.types import Plan
    from dcsite.scenario import Scenario

    from .stress_simulate import StressAssumptions


def run_stress(
    plan: Plan,
    scenario: Scenario,
    atlas: Atlas,
    assumed: StressAssumptions,
    *,
    years: int,
    seed: int,
    version: str,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> StressTest:
    """Stress a plan and today's data centres.

    Parameters
    ----------
    plan : Plan
        Its hubs are stressed.
    scenario : Scenario
        Says which disasters there are and what they do (``criteria.disasters``).
    atlas : Atlas
        What is known.
    assumed : StressAssumptions
        Durations that no table gives.
    years, seed : int
        Horizon and seed of the draws; the same give the same answer.
    version : str
        Of dcsite.
    on_stage : callable
        Told the name of each stage as it begins.

    Raises
    ------
    ScenarioError
        If a probability is 1.
    SitesError
        If the scenario's file of disasters is not as it must be.
    """
    settings: DisasterSettings = scenario.criteria["disasters"]
    until = int(scenario.criteria["cables"].planned_until_year)
    with atlas.recording() as tables:
        planned = fleet("plan", hubs_frame(plan.hubs), atlas, settings, until)
        existing = fleet("today", todays_hubs(atlas), atlas, settings, until)
        curves = restoration_curves(
            atlas.table("wide_area_power_outages"),
            atlas.table("power_outage_restoration").reset_index(),
        )
        events = planned.disasters.events
        rates = event_rates(events)
        on_stage("stress")
        results: list[FleetResult] = []
        for one in (planned, existing):
            damage, occurred = simulate(one.disasters, rates, curves, assumed, years, seed)
            results.append(fleet_result(one, damage, occurred, years))
        footprints = _footprints(results[0], planned, existing, atlas)
        replayed, not_replayed = history(planned, existing, atlas, settings)
    return StressTest(
        version,
        plan.title_en,
        plan.title_ja,
        plan.scenario_name,
        years,
        seed,
        int(events.loc[rates > 0.0, "source_id"].nunique()),
        _by_kind(events, occurred),
        results[0],
        results[1],
        _left_out(planned, existing),
        footprints,
        replayed,
        not_replayed,
        settings.model_dump(mode="json"),
        assumed,
        curves,
        tuple(atlas.resource(name) for name in sorted(tables)),
    )


def _by_kind(events: pd.DataFrame, occurred: np.ndarray) -> dict[str, int]:
    kinds = events["kind"].to_numpy(dtype=object)
    return {kind: int(occurred[kinds == kind].sum()) for kind in dict.fromkeys(kinds)}


def _left_out(plan: Fleet, today: Fleet) -> tuple[LeftOut, ...]:
    """List the events nobody knows the probability of."""
    events = plan.disasters.events
    shares = plan.expected_share(), today.expected_share()
    unknown = np.flatnonzero(events["source_probability_30y"].isna()).tolist()
    return tuple(
        LeftOut(
            str(events.index[number]),
            str(events["source_id"].iloc[number]),
            str(events["kind"].iloc[number]),
            str(events["name_en"].iloc[number]),
            str(events["name_ja"].iloc[number]),
            *(float(share[number]) for share in shares),
        )
        for number in unknown
    )


def _footprints(
    result: FleetResult, plan: Fleet, today: Fleet, atlas: Atlas
) -> tuple[Footprint, ...]:
    """Return where the plan's worst event strikes, and its worst earthquake."""
    shaking = [loss.event_id for loss in result.worst if loss.kind == "earthquake"]
    wanted = dict.fromkeys([loss.event_id for loss in result.worst[:1]] + shaking[:1])
    found: list[Footprint] = []
    for event_id in wanted:
        row = plan.disasters.events.loc[event_id]
        found.append(
            Footprint(
                event_id,
                str(row["name_en"]),
                str(row["name_ja"]),
                intensity_at_offices(atlas, event_id),
                tuple(row["areas_lost"]),
                *(_down(one, event_id) for one in (plan, today)),
            )
        )
    return tuple(found)


def _down(struck: Fleet, event_id: str) -> dict[str, float]:
    down = struck.disasters.take([event_id]).down[:, 0]
    return {str(site): float(value) for site, value in zip(struck.hubs.index, down, strict=True)}
