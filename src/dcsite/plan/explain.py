"""Explain a plan: what each hub is worth, and who would take its place.

For a hub the program is solved up to twice more. With its site closed and all other hubs kept as
they are, a small program finds its direct successor. Unless that is already within the gap of the
bound on all plans, the whole program is then solved from there with only the site closed: its
bound says how good any plan without the hub can be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from .explain_compare import cost_between, name_of, plan_to_show, runners_up
from .explain_context import EXACT_GAP, ExplainContext, explain_context, tighten
from .explanation import HubExplanation
from .resolve import Change, Resolved, Solve
from .shares import changes_between, measure_shares

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    import pandas as pd

    from .check import Checked

__all__ = [
    "ExplainContext",
    "explain_context",
    "explain_hub",
    "explain_hubs",
    "hub_shares",
    "tighten",
]


#: Solves once or more; the last solve bounds all plans with the change.
Task: TypeAlias = "Callable[[Solve], tuple[Resolved, ...]]"


def hub_shares(context: ExplainContext) -> tuple[HubExplanation, ...]:
    """Say what each hub gives to each measure, without solving anything."""
    shares = measure_shares(context.hubs, context.checked, context.scenario)
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
