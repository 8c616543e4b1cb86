"""Explain a plan: what each hub is worth, who would take its place, what sets its MW.

For a hub the program is solved up to twice more. With its site closed and all other hubs kept as
they are, a small program finds its direct successor. Unless that is already within the gap of the
bound on all plans, the whole program is then solved from there with only the site closed: its
bound says how good any plan without the hub can be.

What could strike a hub is said besides: worst disasters, its backups, and the nearest way out. A
plan is taken up for questions as an :class:`ExplainContext`, with a solver ready for changes.
"""

from __future__ import annotations

import os
from dataclasses import InitVar, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, disasters_at
from dcsite.errors import CheckError
from dcsite.geo.geodesy import geodesic_km
from dcsite.plan.check import Checked, check_plan, decided, highest_first
from dcsite.plan.explanation import (
    Cost,
    Explanation,
    HubBackup,
    HubDisasters,
    HubExplanation,
    HubLoad,
    Move,
    RunnerUp,
    WorstDisaster,
)
from dcsite.plan.places import name_of
from dcsite.plan.shares import changes_between, measure_shares

from .explain_load import explain_loads
from .pool import Change, Resolved, Resolver, Solve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario
    from dcsite.solvers import SolveOptions

#: Gap of the small programs that keep all other hubs: they are solved to the end.
EXACT_GAP = 1e-7

#: Solvers at once where the caller does not say.
_JOBS = min(2, os.cpu_count() or 1)


@dataclass
class ExplainContext:
    """A plan and everything needed to ask what would change.

    Parameters
    ----------
    scenario, atlas
        What was asked and what is known.
    sites : geopandas.GeoDataFrame
        Measured candidates, as :func:`dcsite.criteria.measure_sites` returns them.
    chosen : pandas.DataFrame
        The plan's hubs: indexed by `site_id`, with `tier`, `it_load_mw` and `reserve_mw`.
    options : SolveOptions
        For the solves that explanations need.
    bound : float
        Bound on any plan's objective that was proven when the plan was made.
    jobs : int
        Solvers to run at once; two where the machine has two cores.

    Attributes
    ----------
    hubs : geopandas.GeoDataFrame
        The plan's rows of `sites` with `tier`, `it_load_mw` and `reserve_mw`.
    checked : Checked
        The plan's independent evaluation.
    best : float
        Objective of the best plan known; rises when a solve with changes finds a better one.

    Raises
    ------
    CheckError
        If the hubs break a hard rule, or are worth more than the bound.
    """

    scenario: Scenario
    atlas: Atlas
    sites: gpd.GeoDataFrame
    chosen: InitVar[pd.DataFrame]
    options: SolveOptions
    bound: float
    jobs: int = _JOBS

    def __post_init__(self, chosen: pd.DataFrame) -> None:
        """Check the plan."""
        ordered = highest_first(chosen)
        self.hubs = self.sites.loc[ordered.index].join(decided(ordered))
        self.checked = check_plan(
            self.hubs, self.atlas, self.scenario, claimed_objective=-np.inf, bound=self.bound
        )
        self.best = self.checked.objective

    @cached_property
    def resolver(self) -> Resolver:
        """Solver of the scenario with changes; its programs are assembled when first asked for."""
        jobs = min(self.jobs, 1 + len(self.hubs))
        return Resolver(self.scenario, self.atlas, self.sites, self.options, jobs=jobs)

    def explanation(self, hubs: tuple[HubExplanation, ...]) -> Explanation:
        """Put what was said of hubs together with what is proven by now."""
        proven = self.checked.objective, self.best, self.bound, self.options.gap
        return Explanation(self.scenario.name, *proven, hubs)

    @property
    def opened(self) -> tuple[tuple[str, str], ...]:
        """Return site and tier of every hub."""
        return tuple((str(site), str(tier)) for site, tier in self.hubs["tier"].items())

    def evaluate(self, found: Resolved) -> tuple[gpd.GeoDataFrame, Checked]:
        """Check hubs that a solve found, as every plan is checked; remember the best."""
        hubs = self.sites.join(found.chosen, how="inner")
        checked = check_plan(
            hubs,
            self.atlas,
            self.scenario,
            claimed_objective=found.objective,
            bound=found.bound,
        )
        self.best = max(self.best, checked.objective)
        return hubs, checked


def tighten(context: ExplainContext) -> None:
    """Prove the plan's own bound to the gap of the context's options; costs get narrower by it.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C.
    """
    (kept,) = context.resolver.changed([Change(opened=context.opened, gap=EXACT_GAP)])
    (free,) = context.resolver.changed([Change(start=kept.values)])
    if free.feasible:
        context.evaluate(free)
    context.bound = max(context.best, min(context.bound, free.bound))


def plan_to_show(
    context: ExplainContext, plans: Sequence[tuple[gpd.GeoDataFrame, Checked]]
) -> tuple[gpd.GeoDataFrame, Checked]:
    """Return the first plan that is as good as the best within the gap asked.

    Plans that change least come first: a plan that turns half the country over for a gain below
    the gap explains nothing.
    """
    best = max(checked.objective for _, checked in plans)
    least = best - context.options.gap * abs(best)
    return next(plan for plan in plans if plan[1].objective >= least)


def cost_between(context: ExplainContext, free: Resolved, objective: float | None) -> Cost:
    """Return the interval of what a change costs.

    With `z` the best objective and `y` the best with the change, ``best <= z <= bound`` and
    ``objective <= y <= free.bound``; also ``y <= z``. So ``z - y`` lies between
    ``best - free.bound`` (at least 0) and ``bound - objective``.

    Parameters
    ----------
    context : ExplainContext
        For the best plan known and the bound on all plans.
    free : Resolved
        The solve with the change and nothing else fixed.
    objective : float or None
        Objective of the best plan with the change; None if none was found.
    """
    if free.feasible is False:
        return Cost(None, None, possible=False)
    low = max(0.0, context.best - free.bound)
    high = None if objective is None else max(low, context.bound - objective)
    return Cost(low, high)


def runners_up(
    context: ExplainContext, site: str, hubs: gpd.GeoDataFrame, others: pd.Index[str]
) -> tuple[RunnerUp, ...]:
    """List the hubs that are not among `others`, the nearest to a site first."""
    new = hubs.loc[hubs.index.difference(others)]
    here = context.sites.loc[site]
    away_km = geodesic_km(
        here["lat_deg"], here["lon_deg"], new["lat_deg"].to_numpy(), new["lon_deg"].to_numpy()
    )
    found = [
        RunnerUp(
            name_of(context.sites, str(label)),
            str(new.loc[label, "tier"]),
            float(new.loc[label, "it_load_mw"]),
            float(km),
        )
        for label, km in zip(new.index, np.atleast_1d(away_km), strict=True)
    ]
    return tuple(sorted(found, key=lambda other: (other.distance_km, other.place.site_id)))


#: Solves once or more; the last solve bounds all plans with the change.
Task: TypeAlias = "Callable[[Solve], tuple[Resolved, ...]]"


def hub_shares(context: ExplainContext) -> tuple[HubExplanation, ...]:
    """Say what each hub gives to each measure, without solving anything."""
    shares = measure_shares(context.hubs, context.checked)
    return tuple(
        HubExplanation(
            name_of(context.sites, site),
            tier,
            float(context.hubs.loc[site, "it_load_mw"]),
            shares[site],
        )
        for site, tier in context.opened
    )


def explain_hubs(
    context: ExplainContext,
    hubs: Sequence[str] | None = None,
    on_done: Callable[[int, int, str], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> tuple[HubExplanation, ...]:
    """Say what hubs are worth, who would take their place, and what sets their MW.

    The cost of a hub is the best objective of all plans less the best of those without it. Both
    are known to lie between a plan found and a bound, so the cost is an interval. A better plan
    than the one explained, where a solve finds one, raises the lower ends.

    Parameters
    ----------
    context : ExplainContext
        The plan.
    hubs : sequence of str, optional
        Site ids of the hubs to explain; all by default.
    on_done : callable, optional
        Called with the number of hubs done and of all, and what was found of the last.
    halted : callable, optional
        Asked again and again; once it says yes, and on Ctrl-C, what is known by then is returned,
        without costs of the hubs that were not done. Without it Ctrl-C is raised.

    Raises
    ------
    KeyError
        If one of `hubs` is no hub of the plan.
    KeyboardInterrupt
        On Ctrl-C.
    """
    known = {explanation.place.site_id: explanation for explanation in hub_shares(context)}
    asked = list(known) if hubs is None else [str(hub) for hub in hubs]
    wanted = [known[hub] for hub in asked]
    found: dict[str | None, tuple[Resolved, ...]] = {}

    def keep(number: int, solved: tuple[Resolved, ...]) -> None:
        found[tasks[number][0]] = solved
        if on_done is not None and (hub := tasks[number][0]) is not None:
            without = f"{known[hub].place}: without it {solved[-1].objective:.5f}"
            on_done(len(found) - (None in found), len(asked), without)

    tasks = [(None, _completed(context)), *((hub, _without(context, hub)) for hub in asked)]
    try:
        context.resolver.each([task for _, task in tasks], keep, halted)
    except KeyboardInterrupt:
        if halted is None:
            raise
    plans = {
        hub: [context.evaluate(one) for one in solved if one.feasible]
        for hub, solved in sorted(found.items(), key=lambda item: item[0] or "")
    }
    sizes: dict[str, HubLoad] = {}
    try:
        if halted is None or not halted():
            sizes = explain_loads(context)
    except KeyboardInterrupt:
        if halted is None:
            raise
    wanted = [replace(one, size=sizes.get(one.place.site_id)) for one in wanted]
    anyway = context.hubs.index[:0]
    for more, _ in plans.get(None, ()):
        anyway = more.index.difference(context.hubs.index)
    return tuple(
        _explained(context, explanation, found[site][-1], plans[site], anyway)
        if (site := explanation.place.site_id) in found
        else explanation
        for explanation in wanted
    )


def _completed(context: ExplainContext) -> Task:
    """Return a task that keeps all hubs and may add some.

    A plan proven to a gap may lack a hub that improves every plan like it. Such a hub takes the
    place of none.
    """
    return lambda solve: (solve(Change(opened=context.opened, gap=EXACT_GAP)),)


def _without(context: ExplainContext, hub: str) -> Task:
    """Return a task that closes a hub: with all others kept, then with nothing else fixed.

    No plan without the hub can be better than the bound on all plans. Where the plan that keeps
    all other hubs is within the gap of that bound, the second solve could prove no more than is
    known, and is left out.
    """
    others = tuple(pair for pair in context.opened if pair[0] != hub)

    def task(solve: Solve) -> tuple[Resolved, ...]:
        kept = solve(Change(closed=(hub,), opened=others, gap=EXACT_GAP))
        known = replace(kept, bound=context.bound)
        if kept.feasible and context.bound - kept.objective <= context.options.gap * abs(
            kept.objective
        ):
            return (known,)
        free = solve(Change(closed=(hub,), start=kept.values))
        return known, replace(free, bound=min(free.bound, context.bound))

    return task


def _explained(
    context: ExplainContext,
    explanation: HubExplanation,
    free: Resolved,
    plans: Sequence[tuple[gpd.GeoDataFrame, Checked]],
    anyway: pd.Index[str],
) -> HubExplanation:
    if not plans:
        return replace(explanation, cost=cost_between(context, free, None))
    hubs, checked = plan_to_show(context, plans)
    site = explanation.place.site_id
    gone = [str(old) for old in context.hubs.index.difference(hubs.index) if str(old) != site]
    return replace(
        explanation,
        cost=cost_between(context, free, max(plan[1].objective for plan in plans)),
        runners_up=runners_up(context, site, hubs, context.hubs.index.union(anyway)),
        leaving=tuple(name_of(context.sites, old) for old in gone),
        changes=changes_between(context.checked, checked, context.scenario),
    )


#: Disasters listed of one hub.
_WORST = 5

#: A place is outside a footprint if the disaster takes it down with less than this probability.
_OUTSIDE = 0.05

#: Places tried, nearest first, until one breaks no hard rule.
_TRIED = 40


def explain_disasters(context: ExplainContext, site: str) -> HubDisasters:
    """Say what could strike a hub, which hub backs it up, and what moving out of reach costs.

    Parameters
    ----------
    context : ExplainContext
        The plan.
    site : str
        Site id of one of its hubs.

    Returns
    -------
    HubDisasters
        The worst footprint is that of the disaster in force most likely to take the hub down once
        it happens; of equals the likelier one.

    Raises
    ------
    KeyError
        If the site is no hub of the plan.
    """
    found = disasters_at(context.hubs, context.atlas, context.scenario)
    row = int(context.hubs.index.get_indexer(pd.Index([site]))[0])
    if row < 0:
        raise KeyError(site)
    order = _worst_first(found, row)
    return HubDisasters(
        tuple(_worst(found, row, event) for event in order[:_WORST]),
        _backups(context, site),
        _way_out(context, found, site, int(order[0])) if len(order) else None,
    )


def _worst_first(found: DisasterSet, row: int) -> NDArray[np.intp]:
    events = found.events
    down = found.down[row]
    likely = events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    order = np.lexsort((np.arange(len(events)), -likely, -np.round(down, 6)))
    counts = events["in_force"].to_numpy(dtype=bool) & (down >= _OUTSIDE)
    # Tokyo lost and a whole frequency dark are questions about the plan, not about one hub.
    counts &= ~events["kind"].isin(["tokyo_lost", "frequency_blackout"]).to_numpy()
    return np.asarray(order[counts[order]], dtype=np.intp)


def _worst(found: DisasterSet, row: int, event: int) -> WorstDisaster:
    said = found.events.iloc[int(event)]
    probability = float(said["probability_30y"])
    return WorstDisaster(
        event_id=str(found.events.index[int(event)]),
        kind=str(said["kind"]),
        name_en=str(said["name_en"]),
        name_ja=str(said["name_ja"]) or None,
        probability_30y=None if np.isnan(probability) else probability,
        probability_date=str(said["probability_date"]) or None,
        down=float(found.down[row, int(event)]),
    )


def _backups(context: ExplainContext, site: str) -> tuple[HubBackup, ...]:
    """Return who carries a hub's load, the most first; nobody for hubs that need none."""
    return tuple(
        HubBackup(name_of(context.sites, one.backup_site_id), one.takeover_mw, one.both_down_30y)
        for checked in context.checked.evaluations.values()
        for one in checked.backups
        if one.site_id == site
    )


def _way_out(context: ExplainContext, found: DisasterSet, site: str, event: int) -> Move | None:
    """Find the nearest place outside a footprint that can take the hub as it is."""
    event_id = str(found.events.index[event])
    everywhere = disasters_at(context.sites, context.atlas, context.scenario).take([event_id])
    program = context.resolver.program
    tier = str(context.hubs.loc[site, "tier"])
    level = TIERS.index(tier)
    down = everywhere.down_by_tier[level][:, 0]
    capacity = float(context.hubs.loc[site, ["it_load_mw", "reserve_mw"]].sum())
    fits = (
        (down < _OUTSIDE)
        & program.eligible[:, level]
        & (program.max_mw[:, level] >= capacity - 1e-9)
        & ~context.sites.index.isin(context.hubs.index)
    )
    candidates = np.flatnonzero(fits)
    here = context.sites.loc[[site]]
    away_km = np.atleast_1d(
        geodesic_km(
            here["lat_deg"].to_numpy(dtype=float),
            here["lon_deg"].to_numpy(dtype=float),
            context.sites["lat_deg"].to_numpy(dtype=float)[candidates],
            context.sites["lon_deg"].to_numpy(dtype=float)[candidates],
        )
    )
    for number in np.argsort(away_km, kind="stable")[:_TRIED]:
        place = str(context.sites.index[candidates[number]])
        chosen = decided(context.hubs).rename(index={site: place})
        hubs = context.sites.join(chosen, how="inner")
        try:
            checked = check_plan(
                hubs, context.atlas, context.scenario, claimed_objective=-np.inf, bound=np.inf
            )
        except CheckError:
            continue  # too near to another hub, or another hard rule
        said = found.events.loc[event_id]
        return Move(
            name_of(context.sites, place),
            float(away_km[number]),
            str(said["name_en"]),
            float(down[candidates[number]]),
            context.checked.objective - checked.objective,
            changes_between(context.checked, checked, context.scenario),
        )
    return None
