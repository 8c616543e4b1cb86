"""The best plans beside the best: solve, forbid what was found, solve again.

A plan counts as different from an earlier one when at least one of its core hubs is gone, or at
least m of its hubs are (a hub is a site in a tier). With P the open pairs of the earlier plan and
C its cores, both are one row: ``sum over P of w (1 - open) >= m`` with ``w = m`` on C and 1 else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from dcsite.contract import TIERS
from dcsite.errors import InterruptedWithoutPlanError, NoPlanInTimeError
from dcsite.model import Candidates, assemble
from dcsite.plan.check import Checked, check_plan, decided, highest_first
from dcsite.plan.shares import changes_between
from dcsite.plan.types import HubBrief
from dcsite.records import EndlessPoints, Name, Points, Record
from dcsite.solvers import find_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.model import SiteProgram
    from dcsite.scenario import Scenario
    from dcsite.solvers import Progress, SolveOptions


#: Objectives closer than this are equal to the solvers.
_ARITHMETIC = 1e-9


class AlternativeHub(HubBrief):
    """A hub of an alternative, and whether the best plan has it (same site, same tier)."""

    in_best: bool
    """Whether the best plan has it."""


class MeasurePoints(Record):
    """Objective points of a measure, or of the penalties, in the best plan and in this one."""

    name: Name
    """Name of the measure, or penalties, or unserved."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    points_best: Points
    """Points in the best plan."""
    points: Points
    """Points in this plan."""


class Alternative(Record):
    """A plan that differs from the best one and from every alternative before it."""

    number: int
    """1 for the best of them."""
    objective: Points
    """The checked objective."""
    bound: EndlessPoints
    """Bounds every plan that differs from those before; null where none is known."""
    gap: EndlessPoints
    """(bound - objective) / max(|objective|, 1e-9); null without a bound."""
    proven: bool
    """Whether the gap is within the one asked."""
    below_best: Points
    """(best - objective) / |best|; negative where the plan given as best was proven only to a gap
    and this one is better."""
    hubs: tuple[AlternativeHub, ...]
    """Hubs, from the highest tier down."""
    gone: tuple[AlternativeHub, ...]
    """Hubs of the best plan that this one has not."""
    measures: tuple[MeasurePoints, ...]
    """What each measure gives in both."""


Ended = Literal["count", "within", "undecided", "infeasible", "time", "interrupted"]


class Alternatives(Record):
    """Plans beside the best one, best first, and why there are no more."""

    file_name: ClassVar[str] = "alternatives.json"

    best_objective: Points
    """Objective of the best plan."""
    within: float
    """Largest relative loss of objective against the best plan."""
    differ_in: int
    """Hubs in which plans differ at least, where no core differs."""
    ended: Ended
    """count: as many as asked were found; within: the bound proves that no further plan is as good
    as asked; undecided: the next plan found is not, but its bound leaves room for one; infeasible:
    no further plan exists; time: none was found in time; interrupted: stopped by the user."""
    alternatives: tuple[Alternative, ...]
    """The plans."""


def find_alternatives(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    best: pd.DataFrame,
    options: SolveOptions,
    *,
    count: int,
    within: float = 0.01,
    differ_in: int = 1,
    on_found: Callable[[int], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> Alternatives:
    """Find the best plans that differ from the best one and from each other.

    Parameters
    ----------
    scenario, atlas
        What is asked and what is known.
    sites : geopandas.GeoDataFrame
        Measured candidates.
    best : pandas.DataFrame
        Hubs of the best plan, indexed by `site_id`, with `tier`, `it_load_mw` and `reserve_mw`.
    options : SolveOptions
        For each solve; a time limit counts for each.
    count : int
        Alternatives wanted.
    within : float
        Largest relative loss of objective against the best plan.
    differ_in : int
        Hubs in which plans differ at least, where no core differs.
    on_found : callable, optional
        Called with the number of the alternative whose search begins.
    on_progress : callable, optional
        Called with the solver's progress.
    halted : callable, optional
        Asked again and again; once it says yes, the search ends with what it has found, as it
        does on Ctrl-C.

    Raises
    ------
    ValueError
        If `count` or `differ_in` is below 1, or `within` below 0.
    CheckError
        If an alternative does not pass the independent check.
    """
    if count < 1 or differ_in < 1 or not within >= 0.0:
        raise ValueError(f"count {count}, differ_in {differ_in}, within {within} are out of range")
    hubs = sites.join(decided(best), how="inner")
    first = check_plan(hubs, atlas, scenario, claimed_objective=-np.inf, bound=np.inf)
    least = first.objective - within * abs(first.objective)
    program = assemble(Candidates.of(scenario, atlas, sites))
    _forbid(program, best, differ_in, 0)
    found: list[Alternative] = []
    ended: Ended = "count"
    while len(found) < count:
        if on_found is not None:
            on_found(len(found) + 1)
        try:
            answer = find_answer(program, options, on_progress, halted)
        except NoPlanInTimeError:
            ended = "time"
            break
        except (InterruptedWithoutPlanError, KeyboardInterrupt):
            ended = "interrupted"
            break
        outcome = answer.outcome
        if outcome.status == "infeasible" or outcome.objective is None:
            ended = "infeasible"
            break
        bound = np.inf if outcome.bound is None else outcome.bound
        there = sites.join(answer.chosen, how="inner")
        checked = check_plan(
            there, atlas, scenario, claimed_objective=outcome.objective, bound=bound
        )
        if checked.objective < least - _ARITHMETIC:
            ended = "within" if bound < least - _ARITHMETIC else "undecided"
            break
        found.append(_alternative(scenario, (hubs, first), (there, checked), bound, options.gap))
        if outcome.interrupted:
            ended = "interrupted"
            break
        _forbid(program, answer.chosen, differ_in, len(found))
    found.sort(key=lambda plan: -plan.objective)
    return Alternatives(
        first.objective,
        within,
        differ_in,
        ended,
        tuple(replace(plan, number=number) for number, plan in enumerate(found, 1)),
    )


def _forbid(program: SiteProgram, chosen: pd.DataFrame, differ_in: int, number: int) -> None:
    """Add the row that keeps plans as near as this to one already found out."""
    row = {str(site): position for position, site in enumerate(program.sites.index)}
    terms: list[tuple[Any, float]] = []
    for site, tier in chosen["tier"].items():
        variable = program.open[row[str(site)], TIERS.index(str(tier))]
        terms.append((variable, -float(differ_in) if tier == "core" else -1.0))
    total = sum(coefficient for _, coefficient in terms)
    program.row(f"differs_from_{number}", terms, ">=", differ_in + total)


def _alternative(
    scenario: Scenario,
    best: tuple[gpd.GeoDataFrame, Checked],
    this: tuple[gpd.GeoDataFrame, Checked],
    bound: float,
    gap_asked: float,
) -> Alternative:
    (hubs, first), (there, checked) = best, this
    gap = max(bound - checked.objective, 0.0) / max(abs(checked.objective), 1e-9)
    return Alternative(
        number=0,
        objective=checked.objective,
        bound=float(bound),
        gap=float(gap),
        proven=bool(gap <= gap_asked + _ARITHMETIC),
        below_best=(first.objective - checked.objective) / max(abs(first.objective), 1e-9),
        hubs=_hubs(there, hubs),
        gone=tuple(hub for hub in _hubs(hubs, there) if not hub.in_best),
        measures=tuple(
            MeasurePoints(one.name, one.label_en, one.label_ja, one.points_before, one.points_after)
            for one in changes_between(first, checked, scenario)
        ),
    )


def _hubs(hubs: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> tuple[AlternativeHub, ...]:
    """List hubs from the highest tier down, each with whether `other` has it in the same tier."""
    there = {(str(site), str(tier)) for site, tier in other["tier"].items()}
    return tuple(
        AlternativeHub.of(site, hub, in_best=(str(site), str(hub["tier"])) in there)
        for site, hub in highest_first(hubs).iterrows()
    )
