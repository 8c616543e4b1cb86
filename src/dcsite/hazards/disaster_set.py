"""The set of wide-area disasters, and how likely each takes each site down.

An earthquake takes a site down by shaking, by a fragility curve whose scatter is in part common to
all sites; and where so many residents of an electricity area are shaken strongly that the area
goes dark, by the loss of power. Other disasters are losses alone: of an electricity area, of all
areas of one frequency, of a cluster of cable landings, of the Tokyo area, or what a user's file
says. A municipality's computed intensity is the one at its office; grid squares and a user's points
take that of their municipality, since the geometry of the ruptures may not be passed on; ruptures
of a user's file are computed at the site itself.

Sites may back each other up that no disaster takes down together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcsite.geo.geodesy import geodesic_km

from .earthquakes import UNSHAKEN, computed_earthquakes
from .fragility import Fragility, joint_probability_down, probability_down
from .settings import key_of
from .user import Footprints, read_footprints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats

    from .settings import DisasterSettings, Kind

_COLUMNS = (
    "kind", "name_en", "name_ja", "category", "source_id", "source_probability_30y",
    "probability_30y", "probability_date", "basis", "areas_lost", "in_force",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class DisasterSet:
    """Disasters and what each does to each site.

    Parameters
    ----------
    events : pandas.DataFrame
        Indexed by `event_id`, m rows: `kind`, `name_en`, `name_ja` (empty where the sources have
        none), `category`, `source_id` (events of one source are alternatives),
        `source_probability_30y` and `probability_30y` (the source's, and this event's share of it;
        0..1 in 30 years, NaN where unknown), `probability_date`, `basis` (table, scenario key or
        file the probability is from), `areas_lost` (tuple of electricity areas that go dark),
        `in_force` (bool: likely enough to be planned for).
    intensity : numpy.ndarray, shape (n, m)
        JMA intensity at each site, ``-inf`` where an event does not shake it.
    lost : numpy.ndarray, shape (n, m)
        Probability that a site is down for another reason than shaking, 0..1.
    fragility : Fragility
        How shaking takes a site down.
    site_ids : tuple of str
        The n sites.
    landing_clusters : tuple of str
        Cluster of the cable landing that each site leans on.
    """

    events: pd.DataFrame
    intensity: Floats
    lost: Floats
    fragility: Fragility
    site_ids: tuple[str, ...]
    landing_clusters: tuple[str, ...] = ()

    @cached_property
    def down(self) -> Floats:
        """Probability that each site is down in each event, shape (n, m)."""
        shaken = probability_down(self.intensity, self.fragility)
        return 1.0 - (1.0 - shaken) * (1.0 - self.lost)

    def take(self, event_ids: Sequence[str]) -> DisasterSet:
        """Return the set with some of its events alone, in the order given."""
        where = self.events.index.get_indexer(pd.Index(event_ids))
        return replace(
            self,
            events=self.events.iloc[where],
            intensity=self.intensity[:, where],
            lost=self.lost[:, where],
        )

    def both_down(self, site: int, others: NDArray[np.intp], event: int) -> Floats:
        """Return the probability that a site and each of some others are down in one event.

        Parameters
        ----------
        site : int
            Position of the site.
        others : numpy.ndarray, shape (k,)
            Positions of the others.
        event : int
            Position of the event.

        Returns
        -------
        numpy.ndarray, shape (k,)
            Probabilities. What is lost otherwise than by shaking is lost together: where both may
            be, with the smaller of the two probabilities; shaking comes on top independently.
        """
        felt, here = self.intensity[others, event], self.intensity[site, event]
        shaken = joint_probability_down(felt, here, self.fragility)
        alone = probability_down(felt, self.fragility)
        own = probability_down(here, self.fragility)
        lost, lost_here = self.lost[others, event], self.lost[site, event]
        together = np.minimum(lost, lost_here)
        only_other, only_here = lost - together, lost_here - together
        neither = 1.0 - together - only_other - only_here
        both = together + only_other * own + only_here * alone + neither * shaken
        return np.asarray(both, dtype=np.float64)


def disaster_set(
    sites: pd.DataFrame,
    atlas: Atlas,
    settings: DisasterSettings,
    landing_cluster: Sequence[str],
) -> DisasterSet:
    """Build the set for some sites.

    Parameters
    ----------
    sites : pandas.DataFrame
        Indexed by `site_id`: `municipality_code`, `area`, `lat_deg`, `lon_deg`.
    atlas : Atlas
        What is known.
    settings : DisasterSettings
        Which disasters there are and what they do.
    landing_cluster : sequence of str
        The cluster of cable landings that each site leans on.

    Raises
    ------
    DisastersError
        If the user's file is not as it must be; one line for each problem.
    """
    area = sites["area"].to_numpy(dtype=object).astype(str)
    cases, felt = computed_earthquakes(atlas, settings)
    here = (
        felt.reindex(sites["municipality_code"].to_numpy()).fillna(UNSHAKEN).to_numpy(dtype=float)
    )
    parts = [
        Footprints(cases, here, np.zeros(here.shape)),
        _losses(sites, atlas, settings, np.asarray(landing_cluster, dtype=object)),
    ]
    if settings.footprints_file:
        parts.append(read_footprints(settings.footprints_file, sites, atlas))
    events = pd.concat([part.events.rename_axis("event_id") for part in parts])[list(_COLUMNS)]
    dark = np.column_stack([np.isin(area, areas) for areas in events["areas_lost"]])
    return DisasterSet(
        events,
        np.hstack([part.intensity for part in parts]),
        np.maximum(settings.down_in_blackout * dark, np.hstack([part.lost for part in parts])),
        Fragility.from_total(
            settings.down_intensity, settings.intensity_scatter, settings.common_share
        ),
        tuple(map(str, sites.index)),
        tuple(landing_cluster),
    )


def _losses(
    sites: pd.DataFrame, atlas: Atlas, settings: DisasterSettings, cluster: NDArray[np.object_]
) -> Footprints:
    """Return the events that shake nothing: areas and frequencies dark, landings and Tokyo lost.

    A crowded cluster of landings lost cuts off the hubs that lean on it. That Tokyo is lost is a
    question rather than a forecast: it has no probability. What goes dark is told by its areas.
    """
    areas = atlas.table("electricity_areas")
    clusters = atlas.table("landing_clusters").drop_duplicates("cluster_id")
    axes = ["lat_deg", "lon_deg"]
    tokyo = atlas.existing_cores().loc[["tokyo"], axes].to_numpy(dtype=float)
    away_km = geodesic_km(*sites[axes].to_numpy(dtype=float).T, *tokyo.T)
    nowhere = np.zeros(len(sites), dtype=bool)
    named: list[tuple[Kind, str, str, str, tuple[str, ...], NDArray[np.bool_]]] = [
        *(
            (
                "area_blackout",
                f"blackout_{area}",
                f"Blackout of the electricity area {row['name_en']}",
                f"{row['name_ja']}エリアの全域停電",
                (str(area),),
                nowhere,
            )
            for area, row in areas.iterrows()
        ),
        *(
            (
                "frequency_blackout",
                f"blackout_{hz:g}hz",
                f"Blackout of all areas of {hz:g} Hz",
                f"{hz:g} Hz系統の全域停電",
                tuple(map(str, members.index)),
                nowhere,
            )
            for hz, members in areas.groupby("nominal_frequency_hz")
        ),
        *(
            (
                "landing_cluster",
                f"landings_{row.cluster_id}",
                f"Cable landings lost: {row.name_en}",
                f"海底ケーブル陸揚地域の喪失: {row.name_ja}",
                (),
                cluster == row.cluster_id,
            )
            for row in clusters.itertuples()
        ),
        (
            "tokyo_lost",
            "tokyo_lost",
            "Tokyo area lost",
            "東京圏の喪失",
            (),
            away_km <= settings.tokyo_lost_km,
        ),
    ]
    events = pd.DataFrame(
        [
            {
                "kind": kind,
                "name_en": name_en,
                "name_ja": name_ja,
                "category": kind,
                "source_id": event_id,
                "source_probability_30y": getattr(settings, f"{kind}_30y", np.nan),
                "probability_30y": getattr(settings, f"{kind}_30y", np.nan),
                "probability_date": "",
                "basis": "none" if kind == "tokyo_lost" else key_of(f"{kind}_30y"),
                "areas_lost": areas_lost,
                "in_force": True,
            }
            for kind, event_id, name_en, name_ja, areas_lost, _ in named
        ],
        index=[event_id for _, event_id, *_ in named],
    )
    lost = np.column_stack([struck for *_, struck in named]).astype(float)
    return Footprints(events, np.full(lost.shape, UNSHAKEN), lost)


def falls_with(disasters: DisasterSet, site: int, least: float) -> NDArray[np.bool_]:
    """Tell which sites some event takes down together with one, with at least a probability.

    Parameters
    ----------
    disasters : DisasterSet
        Of n sites and m events; all of them count.
    site : int
        Position of the site.
    least : float
        Probability, given the event, from which two sites count as falling together; above 0.

    Returns
    -------
    numpy.ndarray, shape (n,)
        True for the site itself.
    """
    down = disasters.down
    found = np.zeros(len(down), dtype=bool)
    found[site] = True
    # Two are never down together more often than either is alone: most pairs are settled by that.
    for event in np.flatnonzero(down[site] >= least):
        rest = np.flatnonzero((down[:, event] >= least) & ~found)
        if len(rest):
            both = disasters.both_down(site, rest, int(event))
            found[rest[both >= least]] = True
    return found


def joint_risk(disasters: DisasterSet, site: int, others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how often a site and each of some others are down together, expected in 30 years.

    Parameters
    ----------
    disasters : DisasterSet
        Of n sites and m events; those of unknown probability count as 0.
    site : int
        Position of the site.
    others : numpy.ndarray, shape (k,)
        Positions of the others.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Sum over events of their probability in 30 years times that of both being down.
    """
    weight = disasters.events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    down = disasters.down
    risk = np.zeros(len(others))
    for event in np.flatnonzero((weight > 0.0) & (down[site] > 0.0)):
        both = disasters.both_down(site, others, int(event))
        risk += weight[event] * both
    return risk
