"""Tokyo lost: who takes how much of its load, what stays unserved, and for how many days.

The event has no probability: that Tokyo is lost is a question. It is the earthquake that the
scenario names, and is drawn many times over. Hubs of the plan that fall with it lose their reserve
and need that of others first; what is left carries Tokyo's load. How long Tokyo is away is told by
today's data centres of its electricity area in the same draws: each is back when it is repaired and
has power again, whichever is later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .stress_simulate import Occurrences, common_draws
from .stress_takeover import Reserve
from .stress_types import Spread, TokyoLost, TokyoTaker

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.hazards import RestorationCurves
    from dcsite.plan.types import Plan

    from .stress_fleet import Fleet
    from .stress_simulate import Damage, Floats, StressAssumptions

TOKYO = "tokyo"

TOKYO_LOST = "tokyo_lost"
_DRAWS = 10_000
#: Far enough apart that no draw meets what an earlier one left behind.
_APART_YEARS = 1000.0
_HOURS_PER_DAY = 24.0
#: Hubs that fall with Tokyo at least this likely are named.
_FALLS = 0.01


def tokyo_lost(
    plan: Plan,
    planned: Fleet,
    existing: Fleet,
    atlas: Atlas,
    curves: RestorationCurves,
    assumed: StressAssumptions,
    seed: int,
) -> TokyoLost:
    """Draw the loss of Tokyo.

    Parameters
    ----------
    plan : Plan
        Says what Tokyo's load is and who is to take it.
    planned, existing : Fleet
        The plan's hubs and today's data centres.
    atlas : Atlas
        What is known.
    curves, assumed
        As in :func:`~dcsite.studies.stress_simulate.simulate`.
    seed : int
        Of the draws.
    """
    number = list(planned.disasters.events.index).index(TOKYO_LOST)
    on_plan, on_today = (
        _draw(fleet, number, curves, assumed, np.random.default_rng([seed, place, _DRAWS]), seed)
        for place, fleet in enumerate((planned, existing))
    )
    asked = next((one for one in plan.takeovers if one.site_id == TOKYO), None)
    carried = unserved = None
    if asked is not None and planned.reserve is not None:
        mw = _carried_mw(planned.reserve, on_plan, asked.load_mw)
        carried, unserved = Spread.of(mw), Spread.of(asked.load_mw - mw)
    takes = {arc.backup_site_id: arc.takeover_mw for arc in plan.backups if arc.site_id == TOKYO}
    down = planned.disasters.down[:, number]
    hubs = zip(planned.hubs.index, planned.hubs["reserve_mw"], down, strict=True)
    share, days = _away(existing, on_today, atlas)
    return TokyoLost.of(
        planned.disasters.events,
        number,
        draws=_DRAWS,
        load_mw=None if asked is None else asked.load_mw,
        carried_mw=carried,
        unserved_mw=unserved,
        hubs=tuple(
            TokyoTaker(str(site), reserve, takes.get(site, 0.0), falls)
            for site, reserve, falls in hubs
            if reserve > 0.0 or falls >= _FALLS
        ),
        today_down_share=share,
        days=days,
    )


def _draw(
    fleet: Fleet,
    event: int,
    curves: RestorationCurves,
    assumed: StressAssumptions,
    own: np.random.Generator,
    seed: int,
) -> Damage:
    """Let the event strike a fleet again and again; the year over `_APART_YEARS` is the draw."""
    chance = np.random.default_rng([seed, _DRAWS])
    what = Occurrences(
        np.arange(_DRAWS, dtype=np.float64) * _APART_YEARS,
        np.full(_DRAWS, event, dtype=np.int64),
        *common_draws(chance, _DRAWS),
    )
    return fleet.striking(curves, assumed).strike(what, own)


def _carried_mw(reserve: Reserve, damage: Damage, load_mw: float) -> Floats:
    """Return how much of Tokyo's load is carried in each draw, shape (draws,).

    Fallen hubs come first: Tokyo has what the reserve carries of all beyond what it carries of
    them.
    """
    down = np.zeros((_DRAWS, len(reserve.load_mw)), dtype=bool)
    down[(damage.year / _APART_YEARS).astype(np.int64)] = damage.down
    with_tokyo = Reserve(
        np.append(reserve.load_mw, load_mw),
        np.append(reserve.reserve_mw, 0.0),
        np.pad(np.vstack((reserve.fits, np.ones((1, len(down[0])), dtype=bool))), ((0, 0), (0, 1))),
    )
    lost = np.column_stack((down, np.ones(_DRAWS, dtype=bool)))
    return with_tokyo.carried_mw(lost) - reserve.carried_mw(down)


def _away(existing: Fleet, damage: Damage, atlas: Atlas) -> tuple[float | None, Spread | None]:
    """Return the share of Tokyo's known capacity that is down, and for how many days it is."""
    places = atlas.table("municipalities")
    pref_code = atlas.existing_cores().loc[TOKYO, "pref_code"]
    area = places.loc[places["pref_code"] == pref_code, "electricity_area"].mode()[0]
    here = np.flatnonzero((existing.hubs["area"] == area).to_numpy())
    load, hours = existing.it_load_mw[here], damage.hours[:, here]
    row, hub = np.nonzero(hours > 0.0)
    if not len(row):
        return (0.0 if len(here) else None), None
    share = float(load[hub].sum() / (load.sum() * _DRAWS))
    return share, Spread.of(hours[row, hub] / _HOURS_PER_DAY, load[hub])
