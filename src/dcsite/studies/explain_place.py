"""Explain why no hub stands at a place: what keeps it out of each tier, or what it would cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcsite.contract import TIER_TITLES, TIERS
from dcsite.model import RuleModes, all_rules, modes_of
from dcsite.plan.explanation import (
    Cost,
    PlaceExplanation,
    Reason,
    RunnerUp,
    ScoreDifference,
    TierVerdict,
)
from dcsite.plan.places import name_of
from dcsite.plan.shares import changes_between
from dcsite.plan.sources import cited_lines

from .explain import EXACT_GAP, cost_between, plan_to_show, runners_up
from .pool import Change, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import geopandas as gpd

    from dcsite.plan.check import Checked

    from .explain import ExplainContext
    from .pool import Resolved


def explain_place(
    context: ExplainContext,
    site: str,
    tiers: Iterable[str] = TIERS,
    on_done: Callable[[int, int], None] | None = None,
) -> PlaceExplanation:
    """Say for each tier which hard rules keep a place out, or what forcing it in costs.

    Parameters
    ----------
    context : ExplainContext
        The plan.
    site : str
        Site id of a place that is no hub of the plan in the tiers asked.
    tiers : iterable of str
        Tiers to ask; all by default.
    on_done : callable, optional
        Called with the number of solves done and of all.

    Returns
    -------
    PlaceExplanation
        Its `cost` is that of the cheapest tier, None where no tier can have the place.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C.
    """
    program = context.resolver.program
    row = program.sites.index.get_loc(site)
    asked = [tier for tier in TIERS if tier in set(tiers)]
    if len(asked) > 1:  # of a tier of no hubs there is nothing to say unless it is asked about
        asked = [tier for tier in asked if program.candidates.asked[TIERS.index(tier)]]
    open_tiers = [tier for tier in asked if program.eligible[row, TIERS.index(tier)]]
    forced = _forced(context, site, open_tiers, on_done or (lambda *_: None))
    found = dict(zip(open_tiers, forced, strict=True))
    verdicts = tuple(
        _verdict(context, site, tier, found[tier])
        if tier in found
        else TierVerdict(tier, "blocked", blocking_reasons(context, site, tier))
        for tier in asked
    )
    return PlaceExplanation(name_of(context.sites, site), verdicts, _cheapest(verdicts))


def _forced(
    context: ExplainContext, site: str, tiers: list[str], on_done: Callable[[int, int], None]
) -> list[tuple[Resolved, list[tuple[gpd.GeoDataFrame, Checked]]]]:
    """Solve with the place forced in: in turn for each hub it may push out, then free.

    A swap keeps all other hubs; the best one is where the free solve begins.
    """
    others = [pair for pair in context.opened if pair[0] != site]
    is_hub = len(others) < len(context.opened)
    groups: list[list[Change]] = []
    for tier in tiers:
        outs = [out for out, own in others if own == tier]
        groups.append(
            [
                Change(
                    closed=() if out is None else (out,),
                    opened=((site, tier), *(pair for pair in others if pair[0] != out)),
                    gap=EXACT_GAP,
                )
                for out in ([None, *outs] if is_hub else outs)
            ]
        )
    flat = [change for group in groups for change in group]
    count = len(flat) + len(tiers)
    results = iter(context.resolver.changed(flat, lambda done: on_done(done, count)))
    swaps = [
        max((next(results) for _ in group), key=lambda found: found.objective, default=None)
        for group in groups
    ]
    free = context.resolver.changed(
        [
            Change(opened=((site, tier),), start=None if swap is None else swap.values)
            for tier, swap in zip(tiers, swaps, strict=True)
        ],
        lambda done: on_done(len(flat) + done, count),
    )
    return [
        (found, [context.evaluate(each) for each in (swap, found) if each and each.feasible])
        for found, swap in zip(free, swaps, strict=True)
    ]


def _verdict(
    context: ExplainContext,
    site: str,
    tier: str,
    found: tuple[Resolved, list[tuple[gpd.GeoDataFrame, Checked]]],
) -> TierVerdict:
    free, plans = found
    if free.feasible is False:
        return TierVerdict(tier, "no_plan", _rules_in_the_way(context, site, tier))
    if not plans:
        return TierVerdict(tier, "costs", cost=cost_between(context, free, None))
    hubs, checked = plan_to_show(context, plans)
    displaced = runners_up(context, site, context.hubs, hubs.index)
    joining = runners_up(context, site, hubs.drop(index=site), context.hubs.index)
    return TierVerdict(
        tier,
        "costs",
        cost=cost_between(context, free, max(plan[1].objective for plan in plans)),
        it_load_mw=float(hubs.loc[site, "it_load_mw"]),
        displaced=displaced,
        joining=joining,
        changes=changes_between(context.checked, checked, context.scenario),
        differences=_differences(context, site, checked, displaced, tier),
    )


def _cheapest(verdicts: tuple[TierVerdict, ...]) -> Cost | None:
    """Return the cost of the cheapest tier: the ends of the least interval of them all."""
    costs = [verdict.cost for verdict in verdicts if verdict.cost is not None]
    lows = [cost.low for cost in costs if cost.low is not None]
    highs = [cost.high for cost in costs if cost.high is not None]
    return Cost(min(lows), min(highs, default=None)) if lows else None


def _differences(
    context: ExplainContext,
    site: str,
    checked: Checked,
    displaced: tuple[RunnerUp, ...],
    tier: str,
) -> tuple[ScoreDifference, ...]:
    """Hold the place's scored values against those of the hub it displaces, worst first."""
    same = [hub for hub in displaced if hub.tier == tier] or list(displaced)
    if not same:
        return ()
    other = same[0].place.site_id
    found: list[ScoreDifference] = []
    for name, evaluation in checked.evaluations.items():
        theirs = context.checked.evaluations[name].hub_values.get(other, ())
        before = {value.name: value for value in theirs}
        for value in evaluation.hub_values.get(site, ()):
            old = before.get(value.name)
            if value.score is not None and old is not None and old.score is not None:
                found.append(
                    ScoreDifference(
                        **vars(value), displaced_value=old.value, displaced_score=old.score
                    )
                )
    return tuple(sorted(found, key=lambda value: value.score - value.displaced_score))


def blocking_reasons(context: ExplainContext, site: str, tier: str) -> tuple[Reason, ...]:
    """Say which hard rules keep a site out of a tier by itself, with the amounts."""
    candidates, level = context.resolver.program.candidates, TIERS.index(tier)
    found = candidates.refusals(int(context.sites.index.get_loc(site)), level)
    told = [(one.rule, one.en, one.ja) for one in found]
    if not candidates.asked[level]:
        texts = f"no {tier} hub is asked for", f"{TIER_TITLES[tier][1]}は求められていない"
        told.insert(0, ("tier_counts", *texts))
    return tuple(_reason(context, *one) for one in told)


def _reason(context: ExplainContext, rule: str, en: str, ja: str) -> Reason:
    own = all_rules().get(rule)
    return Reason(rule, en, ja, cited_lines(context.atlas, own.policy_lines if own else ()))


def _rules_in_the_way(context: ExplainContext, site: str, tier: str) -> tuple[Reason, ...]:
    """Name the hard rules each of which alone, switched off, lets a plan have the place."""
    modes = modes_of(context.scenario)
    rules = all_rules()
    found: list[Reason] = []
    for rule, mode in modes.mode.items():
        if mode != "hard":
            continue
        without = RuleModes({**modes.mode, rule: "off"}, modes.penalty)
        options = replace(context.options, gap=1.0)
        resolver = Resolver(context.scenario, context.atlas, context.sites, options, modes=without)
        if resolver.changed([Change(opened=((site, tier),))])[0].feasible:
            found.append(_reason(context, rule, rules[rule].title_en, rules[rule].title_ja))
    return tuple(found)
