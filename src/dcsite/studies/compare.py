"""Hold plans side by side: every measure of each, evaluated alike, and what one gives up.

All plans are evaluated by one scenario, so that numbers mean the same in every column. Hubs keep
the loads their own plan gave them; today's data centres are scaled to the scenario's load, since
only the shares between them are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.criteria import TIERS, Breach, Measure, criteria
from dcsite.plan.check import unserved_demand
from dcsite.sites.landmass import landmass_of, landmasses

from .today import todays_hubs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.atlas import Atlas
    from dcsite.contract import Backup
    from dcsite.scenario import Scenario

#: Scores nearer than this count as equal.
_SAME = 5e-7


@dataclass(frozen=True, eq=False)
class Contender:
    """A plan to be compared.

    Parameters
    ----------
    label : str
        What it is called in the columns; told apart from the others.
    title_en, title_ja : str
        Its title.
    hubs : pandas.DataFrame
        Indexed by `site_id`: `name_ja`, `name_en`, `tier`, `it_load_mw`, `lat_deg`, `lon_deg`,
        `area`, `municipality_code`.
    note_en, note_ja : str
        What to know of it.
    """

    label: str
    title_en: str
    title_ja: str
    hubs: pd.DataFrame
    note_en: str = ""
    note_ja: str = ""


@dataclass(frozen=True)
class Difference:
    """A measure of two plans: its value in each, and the objective points that lie between."""

    measure: Measure
    before: Measure
    points: float


@dataclass(frozen=True, eq=False)
class ComparedPlan:
    """A plan as evaluated: its measures, the rules it breaks, its backups, demand unserved."""

    contender: Contender
    measures: tuple[Measure, ...]
    breaches: tuple[Breach, ...]
    backups: tuple[Backup, ...]
    unserved_mw: float

    @property
    def points(self) -> float:
        """Sum of the weighted scores, without penalties."""
        return sum(one.weight * one.score for one in self.measures if one.score is not None)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plans side by side, in the order given; the first is the one others are held against."""

    scenario: Scenario
    plans: tuple[ComparedPlan, ...]

    def differences(self, plan: ComparedPlan) -> tuple[Difference, ...]:
        """Return what a plan changes against the first, the largest gain first."""
        first = {one.name: one for one in self.plans[0].measures}
        found = [
            Difference(
                one,
                first[one.name],
                one.weight * ((one.score or 0.0) - (first[one.name].score or 0.0)),
            )
            for one in plan.measures
        ]
        return tuple(sorted(found, key=lambda one: (-one.points, one.measure.name)))

    def gains(self, plan: ComparedPlan) -> tuple[Difference, ...]:
        """Return the scored measures in which a plan is better than the first."""
        return tuple(one for one in self.differences(plan) if one.points > _SAME)

    def costs(self, plan: ComparedPlan) -> tuple[Difference, ...]:
        """Return those in which it is worse, the dearest first: the price of what it gains."""
        worse = [one for one in self.differences(plan) if one.points < -_SAME]
        return tuple(reversed(worse))

    def moved(self, plan: ComparedPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the site ids that only the first has, and those that only the plan has."""
        old, new = self.plans[0].contender.hubs.index, plan.contender.hubs.index
        return (
            tuple(map(str, sorted(old.difference(new)))),
            tuple(map(str, sorted(new.difference(old)))),
        )


def today(atlas: Atlas, scenario: Scenario) -> Contender:
    """Return today's data centres with a stated capacity as a plan.

    They count as large hubs, and their capacities are scaled to the scenario's load: few state
    any, so that only shares mean something.
    """
    hubs = todays_hubs(atlas)
    scale = scenario.total_new_it_load_mw / float(hubs["it_load_mw"].sum())
    return Contender(
        "today",
        "Data centres of today that state a capacity",
        "現在のデータセンター（容量を公表しているもの）",
        hubs.assign(tier="large", it_load_mw=hubs["it_load_mw"] * scale),
        f"{len(hubs)} data centres, counted as large hubs, scaled to the same load",
        f"{len(hubs)}か所。大規模拠点とみなし、同じ負荷に換算",
    )


def compare_plans(contenders: Sequence[Contender], atlas: Atlas, scenario: Scenario) -> Comparison:
    """Evaluate plans by one scenario.

    Parameters
    ----------
    contenders : sequence of Contender
        Two or more.
    atlas : Atlas
        What is known.
    scenario : Scenario
        By which all of them are measured.
    """
    return Comparison(scenario, tuple(_compared(one, atlas, scenario) for one in contenders))


def _compared(contender: Contender, atlas: Atlas, scenario: Scenario) -> ComparedPlan:
    rank = {tier: number for number, tier in enumerate(TIERS)}
    hubs = contender.hubs
    hubs = hubs.assign(
        landmass_id=landmass_of(
            hubs["lat_deg"].to_numpy(dtype=float),
            hubs["lon_deg"].to_numpy(dtype=float),
            landmasses(atlas),
        ),
        _rank=hubs["tier"].map(rank),
        _id=hubs.index,
    ).sort_values(["_rank", "it_load_mw", "_id"], ascending=[True, False, True])
    found = [criterion.evaluate(hubs, atlas, scenario) for criterion in criteria()]
    return ComparedPlan(
        Contender(
            contender.label,
            contender.title_en,
            contender.title_ja,
            hubs,
            contender.note_en,
            contender.note_ja,
        ),
        tuple(_finite(measure) for one in found for measure in one.measures),
        tuple(breach for one in found for breach in one.breaches),
        tuple(backup for one in found for backup in one.backups),
        float(sum(zone.unserved_mw for zone in unserved_demand(hubs, atlas, scenario))),
    )


def _finite(measure: Measure) -> Measure:
    """Return a measure whose value can be written: none where a hub has no substation at all."""
    if np.isfinite(measure.value):
        return measure
    return Measure(
        measure.criterion,
        measure.name,
        measure.label_en,
        measure.label_ja,
        float("nan"),
        measure.unit,
        measure.score,
        measure.weight,
    )
