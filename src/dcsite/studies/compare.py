"""Hold plans side by side: every measure of each, evaluated alike, and what one gives up.

All plans are evaluated by one scenario, so that numbers mean the same in every column. Hubs keep
the loads their own plan gave them; today's data centres are scaled to the scenario's load, since
only the shares between them are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar

import dcsite
from dcsite.contract import Backup, Measure, criteria
from dcsite.plan.check import highest_first, unserved_demand
from dcsite.plan.flows import flows_of
from dcsite.plan.types import Assumption, GeodataUse, NamedHub
from dcsite.records import Mw, Name, Plain, Points, Record, UnknownAmount
from dcsite.scenario import as_dict, load_scenario, override_texts
from dcsite.sites.landmass import landmass_of, landmasses

from .today import todays_hubs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Scores nearer than this count as equal.
_SAME = 5e-7

#: A plan's file has loads to a kilowatt: what that takes from a rule is no breach.
_ROUNDED = 1e-5


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
        Indexed by `site_id`: `name_ja`, `name_en`, `tier`, `it_load_mw`, `reserve_mw`,
        `lat_deg`, `lon_deg`, `area`, `municipality_code`.
    note_en, note_ja : str
        What to know of it.
    """

    label: str
    title_en: str
    title_ja: str
    hubs: pd.DataFrame
    note_en: str = ""
    note_ja: str = ""


class ComparedHub(NamedHub):
    """A hub of a plan."""

    it_load_mw: Mw
    """IT load in MW."""
    reserve_mw: Mw = 0.0
    """Capacity held free for others, in MW."""


class BrokenRule(Record):
    """A rule that a plan breaks, and by how much."""

    rule: Name
    """Name of the rule."""
    amount: Points
    """By how much, in the rule's unit."""
    site_ids: tuple[str, ...]
    """Sites concerned."""
    message_en: str
    """The breach in English."""
    message_ja: str
    """The breach in Japanese."""


class ComparedPlan(Record):
    """A plan as evaluated."""

    label: str
    """What it is called in the columns."""
    title_en: str
    """Title in English."""
    title_ja: str
    """Title in Japanese."""
    note_en: str
    """What to know of it, in English."""
    note_ja: str
    """What to know of it, in Japanese."""
    points: Points
    """Sum of the weighted scores, without penalties."""
    unserved_mw: Mw
    """IT load that no hub serves, in MW."""
    hubs: tuple[ComparedHub, ...]
    """Hubs, from the highest tier and the largest load down."""
    measures: tuple[Measure, ...]
    """Measures of all criteria."""
    broken_rules: tuple[BrokenRule, ...]
    """Rules it breaks, hard ones too."""
    backups: tuple[Backup, ...]
    """Who carries whose load."""


class Difference(Record):
    """A scored measure of two plans, and the objective points that lie between."""

    measure: Name
    """Name of the measure."""
    unit: str
    """Its unit."""
    before: UnknownAmount
    """Its value in the first plan; null where there is none."""
    after: UnknownAmount
    """Its value in this one; null where there is none."""
    points: Points
    """What the change is worth."""


class AgainstFirst(Record):
    """What a plan changes against the first."""

    label: str
    """Which plan."""
    hubs_given_up: tuple[str, ...]
    """Site ids that only the first has."""
    hubs_elsewhere: tuple[str, ...]
    """Site ids that only this one has."""
    gains: tuple[Difference, ...]
    """Measures in which it is better, the largest gain first."""
    costs: tuple[Difference, ...]
    """Those in which it is worse, the dearest first: the price of what it gains."""


class Comparison(Record):
    """Plans side by side, in the order given; the first is the one others are held against."""

    file_name: ClassVar[str] = "compare.json"

    dcsite_version: Name
    """Version of dcsite."""
    measured_by: str
    """Name of the scenario that all are measured by."""
    plans: tuple[ComparedPlan, ...]
    """The plans."""
    against_first: tuple[AgainstFirst, ...]
    """Each plan but the first against the first."""
    assumptions: tuple[Assumption, ...]
    """Values that the strategy does not give."""
    geodata: tuple[GeodataUse, ...]
    """Tables that were read."""
    scenario: Mapping[str, Plain]
    """The resolved scenario."""

    @property
    def rows(self) -> tuple[tuple[Measure, ...], ...]:
        """Each measure in every plan."""
        return tuple(zip(*(plan.measures for plan in self.plans), strict=True))

    def labels(self) -> dict[str, tuple[str, str]]:
        """Return each measure's label in Japanese and English, by its name.

        What a label says in brackets of one plan alone, such as its worst disaster, is left out.
        """
        return {
            row[0].name: (
                _shared([one.label_ja for one in row], "（", "）"),
                _shared([one.label_en for one in row], " (", ")"),
            )
            for row in self.rows
        }


def _shared(labels: Sequence[str], opening: str, closing: str) -> str:
    if len(set(labels)) == 1:
        return labels[0]
    ends = zip(*(label[::-1] for label in labels), strict=False)
    same = [end[0] for end in takewhile(lambda end: len(set(end)) == 1, ends)]
    # What all of them say behind the brackets stays.
    behind = "".join(reversed(same)).partition(closing)[2].lstrip(closing)
    return labels[0].partition(opening)[0] + behind


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
        hubs.assign(tier="large", it_load_mw=hubs["it_load_mw"] * scale, reserve_mw=0.0),
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
    plans = tuple(_compared(one, atlas, _asked_of(one, scenario)) for one in contenders)
    return Comparison(
        dcsite_version=dcsite.__version__,
        measured_by=scenario.name,
        plans=plans,
        against_first=tuple(against(plans[0], plan) for plan in plans[1:]),
        assumptions=tuple(Assumption(*one) for one in scenario.assumptions()),
        geodata=tuple(
            GeodataUse.of(used) for used in sorted(atlas.tables_used(), key=lambda used: used.name)
        ),
        scenario=as_dict(scenario),
    )


def _asked_of(contender: Contender, scenario: Scenario) -> Scenario:
    """Return the scenario; one without a demand of its own asks each plan for what it carries."""
    if scenario.demand.hub_loads == "chosen":
        return scenario
    total_mw = float(contender.hubs["it_load_mw"].sum())
    return load_scenario(scenario, override_texts({"demand.total_new_it_load_mw": total_mw}))


def _compared(contender: Contender, atlas: Atlas, scenario: Scenario) -> ComparedPlan:
    hubs = highest_first(contender.hubs)
    hubs = hubs.assign(
        landmass_id=landmass_of(
            hubs["lat_deg"].to_numpy(dtype=float),
            hubs["lon_deg"].to_numpy(dtype=float),
            landmasses(atlas),
        )
    )
    found = [criterion.evaluate(hubs, atlas, scenario) for criterion in criteria()]
    flows = flows_of(hubs, atlas, scenario)
    measures = tuple(measure for one in found for measure in one.measures)
    return ComparedPlan(
        label=contender.label,
        title_en=contender.title_en,
        title_ja=contender.title_ja,
        note_en=contender.note_en,
        note_ja=contender.note_ja,
        points=points_of(measures),
        unserved_mw=sum(zone.unserved_mw for zone in unserved_demand(flows, hubs, atlas, scenario)),
        hubs=tuple(ComparedHub.of(site, hub) for site, hub in hubs.iterrows()),
        measures=measures,
        broken_rules=tuple(
            BrokenRule(**vars(breach))
            for one in found
            for breach in one.breaches
            if breach.amount > _ROUNDED
        ),
        backups=tuple(backup for one in found for backup in one.backups),
    )


def points_of(measures: Sequence[Measure]) -> float:
    """Return the sum of the weighted scores, without penalties."""
    return sum(one.weight * one.score for one in measures if one.score is not None)


def against(first: ComparedPlan, plan: ComparedPlan) -> AgainstFirst:
    """Say what a plan changes against the first: hubs, gains, and what they cost."""
    known = {one.name: one for one in first.measures}
    found = [
        Difference(
            one.name,
            one.unit,
            known[one.name].value,
            one.value,
            one.weight * ((one.score or 0.0) - (known[one.name].score or 0.0)),
        )
        for one in plan.measures
    ]
    found.sort(key=lambda one: (-one.points, one.measure))
    old, new = ({hub.site_id for hub in side.hubs} for side in (first, plan))
    return AgainstFirst(
        plan.label,
        tuple(sorted(old - new)),
        tuple(sorted(new - old)),
        tuple(one for one in found if one.points > _SAME),
        tuple(one for one in reversed(found) if one.points < -_SAME),
    )
