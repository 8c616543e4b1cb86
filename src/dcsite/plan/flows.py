"""Who serves whom: the demand of each prefecture and class of workloads, hub by hub.

As much is served as can be. Within that, data of a region stay with its hubs as far as they have
room (strategy B11); what is left of demand without a limit goes where supply is free of carbon (F7:
uses that bear delay, to suitable sites with decarbonised power), and then everything as near as it
can (K17). Hubs carry what the plan says: what is decided here is which demand has which hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.model import demand_zones, zones_in_reach
from dcsite.network import network_of

from .types import Flow

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

    Floats = NDArray[np.float64]

#: What a ms more costs beside a carbon-free share less: a hundredth of it is worth 10 ms.
_SHARE_PER_MS = 0.001
#: What leaving the region costs: more than supply without any carbon and all ms gain.
_LEFT_REGION = 2.0
#: No way in Japan takes longer; what has none counts as much.
_MOST_MS = 100.0
#: To serve a MW is worth more than all that rerouting for it costs.
_SERVED = 1000.0
#: A flow of less is arithmetic, in MW.
_LEAST_MW = 1e-6


def flows_of(
    hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario, decarbonised: Floats | None = None
) -> tuple[Flow, ...]:
    """Find who serves whom.

    A transport problem of prefectures against hubs. Classes that the same hubs may serve go
    together, and each gets its part of every flow: nothing tells them apart.

    Parameters
    ----------
    hubs : pandas.DataFrame
        One row per hub, indexed by `site_id`: `it_load_mw`, `lat_deg`, `lon_deg`, `landmass_id`,
        `municipality_code` and, where known, `domestic`.
    atlas, scenario
        What is known and asked.
    decarbonised : numpy.ndarray, shape (hubs,), optional
        Share of each hub's energy that is free of carbon; alike where it is not given.

    Returns
    -------
    tuple of Flow
        By prefecture, class and falling MW.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    zones, asked_mw = demand_zones(atlas, scenario)
    if asked_mw.empty or hubs.empty:
        return ()
    network = network_of(atlas, scenario.network)
    away_ms = network.round_trip_ms(network.fibre_km(zones, hubs))
    reach = zones_in_reach(hubs, zones, atlas, scenario)
    alike: dict[tuple[bool, bytes], list[str]] = {}
    for name, within in reach.items():
        limited = scenario.demand.classes[name].max_ms != "none"
        alike.setdefault((limited, within.tobytes()), []).append(name)
    zone, hub, kind = (np.zeros(0, dtype=np.intp) for _ in range(3))
    cost = np.zeros(0)
    region = atlas.table("telecom_regions")["region"]
    # A municipality's code begins with that of its prefecture.
    there = hubs["municipality_code"].astype(str).str[:2].map(region).to_numpy(dtype=object)
    leaves = region.reindex(zones.index).to_numpy(dtype=object)[:, None] != there[None, :]
    near = _SHARE_PER_MS * np.minimum(away_ms, _MOST_MS) + _LEFT_REGION * leaves - _SERVED
    carbon = np.zeros(len(hubs)) if decarbonised is None else 1.0 - decarbonised
    for group, ((limited, _), names) in enumerate(alike.items()):
        row, column = np.nonzero(reach[names[0]].T)
        here = near[row, column] + (0.0 if limited else carbon[column])
        zone, hub = np.append(zone, row), np.append(hub, column)
        cost, kind = np.append(cost, here), np.append(kind, np.full(len(row), group))
    groups = [*alike.values()]
    want_mw = np.column_stack([asked_mw[names].sum(axis=1) for names in groups])
    number = np.arange(len(zone))
    rows = np.append(hub, len(hubs) + zone * len(groups) + kind)
    limit = np.append(hubs["it_load_mw"].to_numpy(dtype=float), want_mw.ravel())
    matrix = coo_array((np.ones(2 * len(zone)), (rows, np.tile(number, 2))),
                       shape=(len(limit), len(zone)))  # fmt: skip
    mw = linprog(cost, A_ub=matrix.tocsr(), b_ub=limit, method="highs").x if len(zone) else cost
    found = []
    for at in np.flatnonzero(mw > _LEAST_MW).tolist():
        names = groups[kind[at]]
        of_all = want_mw[zone[at], kind[at]]
        for name in names:
            part_mw = float(mw[at] * asked_mw[name].iloc[zone[at]] / of_all)
            ends = str(zones.index[zone[at]]), str(hubs.index[hub[at]])
            found.append(Flow(*ends, name, part_mw, float(away_ms[zone[at], hub[at]])))
    order = {name: rank for rank, name in enumerate(reach)}
    return tuple(
        sorted(found, key=lambda one: (one.pref_code, order[one.workload], -one.it_load_mw))
    )
