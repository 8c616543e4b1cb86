"""Submarine cables as systems: where each lands, which corridors it leads to, what a loss leaves.

A system is one cable with all the landings it has in Japan: lost, it is lost at each of them. A
cluster of landings is one of the two crowded ones of the strategy, or a landing by itself: lost,
no system lands there any more, and those that land elsewhere too are still reached there. Which
way a cable takes on the sea floor is not open data; systems that share a landing are taken to
share nothing else. Capacity is known of some systems alone: NaN is not known, which is not none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dcsite.sites import landmass_of, landmasses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas


def in_force(cables: pd.DataFrame, year: int) -> pd.Series[bool]:
    """Return which cables, with `status` and `rfs_year`, count by the end of a year.

    Those in service, and those under construction that are ready by then. A cable that is only
    planned or proposed never counts, nor one under construction without a year.
    """
    ready = cables["rfs_year"].astype("Float64").astype(float)
    built = cables["status"].eq("in_service") & ~ready.gt(year)
    return built | (cables["status"].eq("under_construction") & ready.le(year))


def cable_systems(atlas: Atlas, year: int) -> pd.DataFrame:
    """List the submarine cable systems of the tables, domestic and international.

    Parameters
    ----------
    atlas : Atlas
        Gives submarine_cables and cable_corridors.
    year : int
        Systems under construction are in force when ready by its end; see :func:`in_force`.

    Returns
    -------
    pandas.DataFrame
        Indexed by `cable_id`: `name`; `kind` (``international`` or ``domestic``); `status`; `year`
        (ready for service, NaN: not known); `capacity_tbps` (NaN: not known); `corridors`
        (frozenset of those the strategy names, else empty); `landings` (tuple of ids of all its
        landings in Japan; empty: not known); `in_force` (bool); `counts` (bool: in force,
        international, to a corridor the strategy names, and with a landing that is known). All
        others are listed and not counted.
    """
    return atlas.kept("cable_systems", year, lambda: _systems(atlas, year))


def _systems(atlas: Atlas, year: int) -> pd.DataFrame:
    cables = atlas.table("submarine_cables")
    corridor = atlas.table("cable_corridors")["corridor"].dropna()
    landings = cables["japan_landings"].map(_listed)
    led = cables["directions"].map(lambda to: frozenset(corridor.reindex(_listed(to)).dropna()))
    systems = cables[["name", "kind", "status"]].assign(
        year=cables["rfs_year"].astype("Float64").astype(float),
        capacity_tbps=cables["capacity_tbps"].astype("Float64").astype(float),
        corridors=led,
        landings=landings,
        in_force=in_force(cables, year),
    )
    whole = systems["corridors"].map(bool) & systems["landings"].map(bool)
    return systems.assign(counts=systems["in_force"] & systems["kind"].eq("international") & whole)


def landings_in_force(atlas: Atlas, year: int) -> pd.DataFrame:
    """List the international landings at which a system lands that counts by the end of a year.

    Returns
    -------
    pandas.DataFrame
        Indexed by `landing_id`: `lat_deg`, `lon_deg`, `name_en`, `name_ja`, `landmass_id`,
        `cluster` (id of the crowded cluster, else the landing's own id), `crowded` (bool),
        `systems` (tuple of ids in :func:`cable_systems`, of those that count).
    """
    return atlas.kept("landings_in_force", year, lambda: _landings(atlas, year))


def _landings(atlas: Atlas, year: int) -> pd.DataFrame:
    systems = cable_systems(atlas, year)
    pairs = systems.loc[systems["counts"], "landings"].explode()
    there = pd.Series(pairs.index, index=pairs.to_numpy()).groupby(level=0).agg(tuple)
    stations = atlas.table("cable_landing_stations").loc[there.index]
    cluster = atlas.table("landing_clusters")["cluster_id"].reindex(stations.index)
    return stations[["lat_deg", "lon_deg", "name_en", "name_ja"]].assign(
        landmass_id=landmass_of(stations["lat_deg"], stations["lon_deg"], landmasses(atlas)),
        cluster=cluster.where(cluster.notna(), stations.index.to_series()),
        crowded=cluster.notna(),
        systems=there,
    )


def reach_and_loss(
    systems: pd.DataFrame, landings: pd.DataFrame, within: NDArray[np.bool_]
) -> pd.DataFrame:
    """Count the systems and corridors that places reach, whole and after the worst single loss.

    Lost is any one system, at all its landings, or any one cluster of landings, with what lands
    there and nowhere else within reach. The worst loss leaves the fewest corridors; of several
    the fewest systems.

    Parameters
    ----------
    systems : pandas.DataFrame
        With `corridors`, by id: of :func:`cable_systems`, and any others that `landings` name.
    landings : pandas.DataFrame
        With `cluster` and `systems`: of :func:`landings_in_force`, and any others.
    within : numpy.ndarray of bool, shape (places, landings)
        Which landings each place reaches.

    Returns
    -------
    pandas.DataFrame
        One row per place: `systems`, `corridors`, `systems_left`, `corridors_left` (counts).
    """
    lands = landings["systems"].explode().dropna()
    names = [one for one in systems.index if one in set(lands)]
    at = np.array([[name in there for name in names] for there in landings["systems"]], dtype=float)
    at = at.reshape(len(landings), len(names))
    ends = sorted(frozenset().union(*systems.loc[names, "corridors"]))
    leads = np.array([[end in systems.loc[name, "corridors"] for end in ends] for name in names])
    leads = leads.reshape(len(names), len(ends)).astype(float)

    def reached(lost: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        stands = (landings["cluster"] != lost).to_numpy(dtype=float)
        has = (within * stands) @ (at * (np.array(names) != lost)) > 0
        return has.sum(axis=1), (has.astype(float) @ leads > 0).sum(axis=1)

    losses = ["", *names, *dict.fromkeys(landings["cluster"])]
    many, corridors = np.stack([reached(lost) for lost in losses], axis=1)
    # Corridors first, then systems.
    base = len(names) + 1
    corridors_left, systems_left = divmod((corridors * base + many).min(axis=0), base)
    whole = pd.DataFrame({"systems": many[0], "corridors": corridors[0]})
    return whole.assign(systems_left=systems_left, corridors_left=corridors_left)


def _listed(text: Any) -> tuple[str, ...]:
    """Return the entries of a cell with semicolons between them; none where it is empty."""
    each = ("" if pd.isna(text) else str(text)).split(";")
    return tuple(dict.fromkeys(one.strip() for one in each if one.strip()))
