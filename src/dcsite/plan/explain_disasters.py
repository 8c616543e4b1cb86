"""Explain a hub by what could strike it: worst disasters, its backup, and the nearest way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.atlas.geodesy import geodesic_km
from dcsite.criteria import TIERS
from dcsite.criteria.disaster_terms import disasters_of
from dcsite.criteria.disasters_found import find_backups
from dcsite.disasters import falls_with
from dcsite.errors import CheckError

from .check import check_plan
from .explain_compare import name_of
from .explanation import BackupChoice, HubDisasters, Move, WorstDisaster
from .shares import changes_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.criteria.measures import Backup
    from dcsite.disasters import DisasterSet

    from .explain_context import ExplainContext

__all__ = ["explain_disasters"]

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
    found = disasters_of(context.hubs, context.atlas, context.scenario)
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
    own = context.scenario.criteria["disasters"]
    every = find_backups(context.hubs, found, own.backup_joint_probability)
    mine: Backup | None = next((one for one in every if one.site_id == site), None)
    if mine is None:
        return None
    in_force = found.take(found.events.index[found.events["in_force"]].tolist())
    row = context.hubs.index.get_loc(site)
    together = falls_with(in_force, row, own.backup_joint_probability)
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
    everywhere = disasters_of(context.sites, context.atlas, context.scenario).take([event_id])
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
