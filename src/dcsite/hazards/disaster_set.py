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

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcsite.geo.geodesy import geodesic_km

from .earthquakes import UNSHAKEN, computed_earthquakes
from .fragility import Fragility, joint_probability_down, probability_down
from .user import read_footprints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

    from .settings import DisasterSettings

Floats = NDArray[np.float64]
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
        return DisasterSet(
            self.events.iloc[where],
            self.intensity[:, where],
            self.lost[:, where],
            self.fragility,
            self.site_ids,
            self.landing_clusters,
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
    builder = _Builder(sites, atlas, settings)
    builder.earthquakes()
    builder.blackouts()
    builder.landing_clusters(np.asarray(landing_cluster, dtype=object))
    builder.tokyo()
    if settings.footprints_file:
        builder.user(settings.footprints_file)
    return builder.built(tuple(landing_cluster))


class _Builder:
    def __init__(self, sites: pd.DataFrame, atlas: Atlas, settings: DisasterSettings) -> None:
        self._sites, self._atlas, self._settings = sites, atlas, settings
        self._area = sites["area"].to_numpy(dtype=object)
        self._events: list[pd.DataFrame] = []
        self._intensity: list[Floats] = []
        self._lost: list[Floats] = []
        self.fragility = Fragility.from_total(
            settings.down_intensity, settings.intensity_scatter, settings.common_share
        )

    def built(self, landing_clusters: tuple[str, ...]) -> DisasterSet:
        return DisasterSet(
            pd.concat(self._events)[list(_COLUMNS)],
            np.hstack(self._intensity),
            np.hstack(self._lost),
            self.fragility,
            tuple(map(str, self._sites.index)),
            landing_clusters,
        )

    def earthquakes(self) -> None:
        """Add the computed cases of the hazard map, and the areas each blacks out."""
        events, felt = computed_earthquakes(self._atlas, self._settings)
        here = felt.reindex(self._sites["municipality_code"].to_numpy()).fillna(UNSHAKEN)
        self._add(events, here.to_numpy(dtype=float))

    def blackouts(self) -> None:
        """Add the loss of each electricity area and of each frequency."""
        areas = self._atlas.table("electricity_areas")
        rows, losses = [], []
        for area, row in areas.iterrows():
            rows.append(
                self._row(
                    f"blackout_{area}",
                    "area_blackout",
                    f"Blackout of the electricity area {row['name_en']}",
                    f"{row['name_ja']}エリアの全域停電",
                    self._settings.area_blackout_30y,
                    "criteria.disasters.area_blackout_30y",
                    (str(area),),
                )
            )
            losses.append(self._area == area)
        for frequency, members in areas.groupby("nominal_frequency_hz"):
            inside = tuple(map(str, members.index))
            rows.append(
                self._row(
                    f"blackout_{frequency:g}hz",
                    "frequency_blackout",
                    f"Blackout of all areas of {frequency:g} Hz",
                    f"{frequency:g} Hz系統の全域停電",
                    self._settings.frequency_blackout_30y,
                    "criteria.disasters.frequency_blackout_30y",
                    inside,
                )
            )
            losses.append(np.isin(self._area.astype(str), inside))
        self._add_losses(rows, losses, 0.0)

    def landing_clusters(self, cluster: NDArray[np.object_]) -> None:
        """Add the loss of each crowded cluster of landings: hubs that lean on it are cut off."""
        table = self._atlas.table("landing_clusters").drop_duplicates("cluster_id")
        rows = [
            self._row(
                f"landings_{row.cluster_id}",
                "landing_cluster",
                f"Cable landings lost: {row.name_en}",
                f"海底ケーブル陸揚地域の喪失: {row.name_ja}",
                self._settings.landing_cluster_30y,
                "criteria.disasters.landing_cluster_30y",
                (),
            )
            for row in table.itertuples()
        ]
        self._add_losses(rows, [cluster == one for one in table["cluster_id"]], 1.0)

    def tokyo(self) -> None:
        """Add the loss of the Tokyo area, a question rather than a forecast: no probability."""
        tokyo = self._atlas.existing_cores().loc[["tokyo"]]
        away_km = geodesic_km(
            self._sites["lat_deg"].to_numpy(dtype=float),
            self._sites["lon_deg"].to_numpy(dtype=float),
            tokyo["lat_deg"].to_numpy(dtype=float)[0],
            tokyo["lon_deg"].to_numpy(dtype=float)[0],
        )
        row = self._row(
            "tokyo_lost", "tokyo_lost", "Tokyo area lost", "東京圏の喪失", np.nan, "none", ()
        )
        self._add_losses([row], [away_km <= self._settings.tokyo_lost_km], 1.0)

    def user(self, path: str) -> None:
        """Add what a user's file holds."""
        found = read_footprints(path, self._sites, self._atlas)
        self._add(found.events, found.intensity, found.lost)

    def _row(
        self,
        event_id: str,
        kind: str,
        name_en: str,
        name_ja: str,
        probability: float,
        basis: str,
        areas: tuple[str, ...],
    ) -> dict[str, object]:
        return {
            "event_id": event_id,
            "kind": kind,
            "name_en": name_en,
            "name_ja": name_ja,
            "category": kind,
            "source_id": event_id,
            "source_probability_30y": probability,
            "probability_30y": probability,
            "probability_date": "",
            "basis": basis,
            "areas_lost": areas,
            "in_force": True,
        }

    def _add_losses(
        self, rows: list[dict[str, object]], struck: list[NDArray[np.bool_]], probability: float
    ) -> None:
        """Add events that shake nothing; lost areas are added by their names."""
        events = pd.DataFrame(rows).set_index("event_id")
        shape = (len(self._sites), len(rows))
        lost = probability * np.column_stack(struck).astype(float)
        self._add(events, np.full(shape, UNSHAKEN), lost)

    def _add(self, events: pd.DataFrame, intensity: Floats, lost: Floats | None = None) -> None:
        dark = np.column_stack(
            [np.isin(self._area.astype(str), areas) for areas in events["areas_lost"]]
        )
        by_area = np.asarray(self._settings.down_in_blackout * dark, dtype=np.float64)
        self._events.append(events.rename_axis("event_id"))
        self._intensity.append(intensity)
        self._lost.append(by_area if lost is None else np.maximum(by_area, lost))


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
