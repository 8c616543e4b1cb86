"""A plan taken up for questions: what was asked, what is known, and a solver ready for changes.

Beside it stands what every answer needs: what the plan that a change leads to costs, and which
hubs are new in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dcsite.geo.geodesy import geodesic_km
from dcsite.plan.check import Checked, check_plan, highest_first
from dcsite.plan.explanation import Cost, Explanation, HubExplanation, PlaceName, RunnerUp

from .resolve import Change, Resolved, Resolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario
    from dcsite.solvers import SolveOptions


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


def name_of(sites: gpd.GeoDataFrame, site: str) -> PlaceName:
    """Return the names of a site."""
    row = sites.loc[site]
    english = row["name_en"]
    return PlaceName(
        site,
        str(row["name_ja"]),
        english if isinstance(english, str) and english else None,
        str(row["prefecture_ja"]),
        str(row["prefecture_en"]),
    )


#: Gap of the small programs that keep all other hubs: they are solved to the end.
EXACT_GAP = 1e-7

#: Solvers at once where the caller does not say.
_JOBS = 2


@dataclass
class ExplainContext:
    """A plan and everything needed to ask what would change.

    Parameters
    ----------
    scenario, atlas, sites
        What was asked, what is known, the measured candidates.
    hubs : geopandas.GeoDataFrame
        The plan's rows of `sites` with `tier` and `it_load_mw`.
    checked : Checked
        The plan's independent evaluation.
    bound : float
        Proven bound on any plan.
    resolver : Resolver
        Solves with changes.
    best : float
        Objective of the best plan known; rises when a solve with changes finds a better one.
    """

    scenario: Scenario
    atlas: Atlas
    sites: gpd.GeoDataFrame
    hubs: gpd.GeoDataFrame
    checked: Checked
    bound: float
    options: SolveOptions
    resolver: Resolver
    best: float = field(default=-np.inf)

    def explanation(self, hubs: tuple[HubExplanation, ...]) -> Explanation:
        """Put what was said of hubs together with what is proven by now."""
        return Explanation(
            self.scenario.name,
            self.checked.objective,
            self.best,
            self.bound,
            self.options.gap,
            hubs,
        )

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


def explain_context(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    chosen: pd.DataFrame,
    options: SolveOptions,
    *,
    bound: float,
    jobs: int | None = None,
) -> ExplainContext:
    """Take up a plan for questions.

    Parameters
    ----------
    scenario, atlas
        What was asked and what is known.
    sites : geopandas.GeoDataFrame
        Measured candidates, as :func:`dcsite.criteria.measure_sites` returns them.
    chosen : pandas.DataFrame
        The plan's hubs: indexed by `site_id`, with `tier` and `it_load_mw`.
    options : SolveOptions
        For the solves that explanations need.
    bound : float
        Bound on any plan's objective that was proven when the plan was made.
    jobs : int, optional
        Solvers to run at once; two where the machine has two cores.

    Raises
    ------
    CheckError
        If the hubs break a hard rule, or are worth more than the bound.
    """
    ordered = highest_first(chosen)
    hubs = sites.loc[ordered.index].assign(tier=ordered["tier"], it_load_mw=ordered["it_load_mw"])
    checked = check_plan(hubs, atlas, scenario, claimed_objective=-np.inf, bound=bound)
    at_once = jobs or min(_JOBS, os.cpu_count() or 1)
    return ExplainContext(
        scenario,
        atlas,
        sites,
        hubs,
        checked,
        bound,
        options,
        Resolver(scenario, atlas, sites, options, jobs=at_once),
        checked.objective,
    )


def tighten(context: ExplainContext) -> None:
    """Prove the plan's own bound to the gap of the context's options; costs get narrower by it.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C.
    """
    (kept,) = context.resolver.run([Change(opened=context.opened, gap=EXACT_GAP)])
    (free,) = context.resolver.run([Change(start=kept.values)])
    if free.feasible:
        context.evaluate(free)
    context.bound = max(context.best, min(context.bound, free.bound))
