"""Prove a plan by simulation: years of disasters over its hubs, and over today's.

The same disasters strike both: a plan's figures and today's differ by where the hubs stand, not by
luck. Every event of the set with a known probability counts, likely enough to plan for or not.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.hazards import case_of_tokyo, intensity_at_offices, recorded_curves, settings_of
from dcsite.hazards.settings import key_of
from dcsite.plan.types import GeodataUse
from dcsite.scenario import as_dict, flatten, load_scenario, override_texts

from .robust_sample import RobustRanges, draw
from .stress_fleet import CONFIDENCE, Fleet, fleet, fleet_result, hubs_frame
from .stress_history import history
from .stress_simulate import event_rates, simulate
from .stress_tokyo import TOKYO_LOST, tokyo_lost
from .stress_types import (
    METHODS,
    Estimate,
    FleetResult,
    Footprint,
    LeftOut,
    StressTest,
    Varied,
    VariedKey,
)
from .today import todays_hubs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSettings
    from dcsite.plan.types import Plan
    from dcsite.scenario import Scenario

    from .stress_fleet import Ints
    from .stress_simulate import StressAssumptions

#: Each set of drawn values is run over this part of the years.
_YEARS_PART = 4
#: Intensity from which JMA's class 6-lower begins.
_SIX_LOWER = 5.5


def run_stress(
    plan: Plan,
    scenario: Scenario,
    atlas: Atlas,
    assumed: StressAssumptions,
    *,
    years: int,
    seed: int,
    version: str,
    sets: int = 20,
    on_stage: Callable[[str], None] = lambda stage: None,
    on_set: Callable[[int, int], None] = lambda done, of: None,
) -> StressTest:
    """Stress a plan and today's data centres.

    Parameters
    ----------
    plan : Plan
        Its hubs are stressed.
    scenario : Scenario
        Says which disasters there are and what they do.
    atlas : Atlas
        What is known.
    assumed : StressAssumptions
        Durations that no table gives.
    years, seed : int
        Horizon and seed of the draws; the same give the same answer.
    version : str
        Of dcsite.
    sets : int
        How often what is assumed of disasters is drawn; after Ctrl-C those that were simulated by
        then are in the answer.
    on_stage : callable
        Told the name of each stage as it begins.
    on_set : callable
        Called with the number of draws simulated and of all.

    Raises
    ------
    ScenarioError
        If a probability is 1.
    SitesError
        If the scenario's file of disasters is not as it must be.
    """
    with atlas.recording() as tables:
        curves = recorded_curves(atlas)

        def simulated(fleets: Sequence[Fleet], years: int) -> tuple[list[FleetResult], Ints]:
            rates, found = event_rates(fleets[0].disasters.events), []
            for one in fleets:
                damage, occurred = simulate(one.striking(curves, assumed), rates, years, seed)
                found.append(fleet_result(one, damage, occurred, years))
            return found, occurred

        planned = fleet("plan", hubs_frame(plan.hubs), atlas, scenario)
        existing = fleet("today", todays_hubs(atlas), atlas, scenario)
        on_stage("stress")
        results, occurred = simulated((planned, existing), years)
        on_stage("vary")

        def main_figures(asked: Scenario, years: int, number: int) -> list[dict[str, Estimate]]:
            fleets = [
                fleet(one.name, one.hubs, atlas, asked, one.disasters.landing_clusters)
                for one in (planned, existing)
            ]
            found = [one.main for one in simulated(fleets, years)[0]]
            on_set(number + 1, sets)
            return found

        varied = _varied(scenario, years, sets, seed, main_figures)
        events = planned.disasters.events
        settings = settings_of(scenario)
        footprints = _footprints(results[0], planned, existing, atlas, settings)
        replayed, not_replayed = history(planned, existing, atlas, settings, curves)
        tokyo = tokyo_lost(plan, planned, existing, atlas, curves, assumed, seed)
    kinds = events["kind"].to_numpy(dtype=object)
    return StressTest(
        dcsite_version=version,
        scenario_name=plan.scenario_name,
        title_en=plan.title_en,
        title_ja=plan.title_ja,
        years=years,
        seed=seed,
        confidence=CONFIDENCE,
        methods=tuple(method.en for method in METHODS),
        sources=int(events.loc[events["probability_30y"] > 0.0, "source_id"].nunique()),
        occurred={kind: int(occurred[kinds == kind].sum()) for kind in dict.fromkeys(kinds)},
        plan=results[0],
        today=results[1],
        varied=varied,
        tokyo_lost=tokyo,
        left_out=_left_out(planned, existing),
        footprints=footprints,
        history=replayed,
        not_replayed=not_replayed,
        settings=settings.model_dump(mode="json"),
        assumptions=assumed,
        restoration=curves,
        geodata=tuple(GeodataUse.of(atlas.resource(name)) for name in sorted(tables)),
    )


def _varied(
    scenario: Scenario,
    years: int,
    sets: int,
    seed: int,
    main_figures: Callable[[Scenario, int, int], list[dict[str, Estimate]]],
) -> Varied:
    """Run the test again with other values of what is assumed of disasters.

    A value of the user's own that lies outside its range is not drawn: the user knows better.
    """
    ranges, values = RobustRanges.read(), dict(flatten(as_dict(scenario)))
    ours = [one for one in ranges.range if one.key.startswith(key_of(""))]
    bounds = {one.key: one.bounds(values[one.key]) for one in ours}
    ours = [one for one in ours if bounds[one.key][0] <= values[one.key] <= bounds[one.key][1]]
    ranges = ranges.model_copy(update={"range": tuple(ours)})
    keys, each = {one.key for one in ranges.range}, max(years // _YEARS_PART, 1)
    drawn = [
        {key: value for key, value in draw(ranges, scenario, seed, number).items() if key in keys}
        for number in range(sets)
    ]
    found = []
    with suppress(KeyboardInterrupt):
        for number, one in enumerate(drawn):
            found.append(main_figures(load_scenario(scenario, override_texts(one)), each, number))

    def between(place: int) -> dict[str, Estimate]:
        seen = pd.DataFrame([{k: v.value for k, v in one[place].items()} for one in found])
        return {
            str(name): Estimate(values.median(), values.min(), values.max())
            for name, values in seen.items()
        }

    shown = (VariedKey(one.key, values[one.key], *bounds[one.key], one.why) for one in ours)
    return Varied(each, tuple(shown), tuple(drawn[: len(found)]), between(0), between(1))


def _left_out(plan: Fleet, today: Fleet) -> tuple[LeftOut, ...]:
    """List the events nobody knows the probability of."""
    unknown = np.flatnonzero(plan.disasters.events["source_probability_30y"].isna()).tolist()
    shares = plan.expected_share(), today.expected_share()
    return tuple(
        LeftOut.of(
            plan.disasters.events,
            number,
            expected_share_plan=shares[0][number],
            expected_share_today=shares[1][number],
        )
        for number in unknown
    )


def _footprints(
    result: FleetResult, plan: Fleet, today: Fleet, atlas: Atlas, settings: DisasterSettings
) -> tuple[Footprint, ...]:
    """Return where the plan's worst event strikes, its worst earthquake, and the loss of Tokyo."""
    events = plan.disasters.events
    shaking = [loss for loss in result.worst if loss.kind == "earthquake"]
    cases = {loss.event_id: loss.event_id for loss in (*result.worst[:1], *shaking[:1])}
    cases[TOKYO_LOST] = case_of_tokyo(atlas, settings)
    return tuple(
        Footprint(
            event_id=event_id,
            case_id=case_id,
            name_en=str(events.loc[event_id, "name_en"]),
            name_ja=str(events.loc[event_id, "name_ja"]),
            areas_dark=dict(events["areas_dark"].loc[event_id]),
            municipalities_ge_6lower=sum(
                felt >= _SIX_LOWER for felt in intensity_at_offices(atlas, case_id).values()
            ),
            plan=_down(plan, event_id),
            today=_down(today, event_id),
        )
        for event_id, case_id in cases.items()
    )


def _down(struck: Fleet, event_id: str) -> dict[str, float]:
    down = struck.disasters.take([event_id]).down[:, 0]
    return dict(zip(struck.disasters.site_ids, map(float, down), strict=True))
