"""Hold a plan against one that a change leads to: what it costs, and which hubs are new in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.atlas.geodesy import geodesic_km

from .explanation import Cost, PlaceName, RunnerUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from .check import Checked
    from .explain_context import ExplainContext
    from .resolve import Resolved

__all__ = ["cost_between", "name_of", "plan_to_show", "runners_up"]


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
