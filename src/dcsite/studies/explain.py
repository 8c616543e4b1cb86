"""Explain a plan: what each hub is worth, and who would take its place.

For a hub the program is solved up to twice more. With its site closed and all other hubs kept as
they are, a small program finds its direct successor. Unless that is already within the gap of the
bound on all plans, the whole program is then solved from there with only the site closed: its
bound says how good any plan without the hub can be.

What could strike a hub is said besides: worst disasters, its backup, and the nearest way out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, disasters_at
from dcsite.errors import CheckError
from dcsite.geo.geodesy import geodesic_km
from dcsite.hazards import falls_with, settings_of
from dcsite.plan.check import check_plan
from dcsite.plan.explanation import BackupChoice, HubDisasters, HubExplanation, Move, WorstDisaster
from dcsite.plan.shares import changes_between, measure_shares

from .explain_context import (
    EXACT_GAP,
    ExplainContext,
    cost_between,
    name_of,
    plan_to_show,
    runners_up,
)
from .resolve import Change, Resolved, Solve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.contract import Backup
    from dcsite.hazards import DisasterSet
    from dcsite.plan.check import Checked

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


def explain_hub(context: ExplainContext, hub: str) -> HubExplanation:
    """Explain one hub; see :func:`explain_hubs`."""
    return explain_hubs(context, (hub,))[0]


def explain_hubs(
    context: ExplainContext,
    hubs: Sequence[str] | None = None,
    on_done: Callable[[int, int], None] | None = None,
    halted: Callable[[], bool] | None = None,
) -> tuple[HubExplanation, ...]:
    """Say what hubs are worth and who would take their place.

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
        Called with the number of hubs done and of all.
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
        if on_done is not None and tasks[number][0] is not None:
            on_done(len(found) - (None in found), len(asked))

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
        _backup(context, found, site),
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


def _backup(context: ExplainContext, found: DisasterSet, site: str) -> BackupChoice | None:
    """Return a hub's backup and how the others compare, None for hubs that need none."""
    every = (one for checked in context.checked.evaluations.values() for one in checked.backups)
    mine: Backup | None = next((one for one in every if one.site_id == site), None)
    if mine is None:
        return None
    in_force = found.take(found.events.index[found.events["in_force"]].tolist())
    row = context.hubs.index.get_loc(site)
    together = falls_with(in_force, row, settings_of(context.scenario).backup_joint_probability)
    rank = context.hubs["tier"].map({tier: n for n, tier in enumerate(TIERS)}).to_numpy()
    same = np.flatnonzero((rank <= rank[row]) & (np.arange(len(rank)) != row))
    falling = tuple(
        name_of(context.sites, str(context.hubs.index[other])) for other in same if together[other]
    )
    return BackupChoice(
        None if mine.backup_site_id is None else name_of(context.sites, mine.backup_site_id),
        mine.both_down_30y,
        mine.choices,
        falling,
    )


def _way_out(context: ExplainContext, found: DisasterSet, site: str, event: int) -> Move | None:
    """Find the nearest place outside a footprint that can take the hub as it is."""
    event_id = str(found.events.index[event])
    everywhere = disasters_at(context.sites, context.atlas, context.scenario).take([event_id])
    program = context.resolver.program
    tier = str(context.hubs.loc[site, "tier"])
    level = TIERS.index(tier)
    load = float(context.hubs.loc[site, "it_load_mw"])
    fits = (
        (everywhere.down[:, 0] < _OUTSIDE)
        & program.eligible[:, level]
        & (program.max_mw[:, level] >= load - 1e-9)
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
        chosen = context.hubs[["tier", "it_load_mw"]].rename(index={site: place})
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
            float(everywhere.down[candidates[number], 0]),
            context.checked.objective - checked.objective,
            changes_between(context.checked, checked, context.scenario),
        )
    return None
