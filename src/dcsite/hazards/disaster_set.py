"""The set of wide-area disasters, and how likely each takes each site down.

An earthquake takes a site down by shaking, by a fragility curve whose scatter is in part common to
all sites; and by the loss of power, where the grid is cut for longer than the site's fuel lasts.
It may also cut the network, so that a site that stands has no route to an existing core left.
Other disasters are losses alone: of an electricity area, of all areas of one frequency, of a
cluster of cable landings, of a part of the network, of the Tokyo area, or what a user's file says.
A municipality's computed intensity is the one at its office; grid squares and a user's points take
that of their municipality, since the geometry of the ruptures may not be passed on; ruptures of a
user's file are computed at the site itself.

Sites may back each other up that no disaster takes down together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcsite.contract import TIERS
from dcsite.network import on_land, ways_out

from .darkness import dark_logit, dark_sd, expected_share
from .earthquakes import SIX_LOWER, UNSHAKEN, case_of_tokyo, computed_earthquakes
from .footprints import Footprints, event_table
from .fragility import Fragility, joint_probability_down, probability_down
from .local import local_earthquakes, local_shaking
from .network_loss import network_damage, network_losses
from .restoration import outlast
from .settings import DisasterSettings, key_of
from .user import read_footprints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats
    from dcsite.network import Network

    from .network_loss import NetworkDamage

#: Number of each tier.
_RANK = {tier: number for number, tier in enumerate(TIERS)}
#: Log-odds beyond which a share is none or all.
_FAR = 40.0
#: Kinds of disasters that cut the power without an earthquake, or not at all.
UNSHAKING = ("area_blackout", "frequency_blackout", "landing_cluster", "network")
#: Least share of an area's customers cut off that is told.
_TOLD = 0.01
_Areas = dict[str, dict[str, float]]
_COLUMNS = (
    "kind", "name_en", "name_ja", "category", "source_id", "source_probability_30y",
    "probability_30y", "probability_date", "basis", "areas_dark", "in_force",
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
        file the probability is from), `areas_dark` (mapping of an electricity area to the share of
        its customers expected to be cut off, where it is 0.01 or more), `in_force` (bool: likely
        enough to be planned for).
    intensity : numpy.ndarray, shape (n, m)
        JMA intensity at each site, ``-inf`` where an event does not shake it.
    lost : numpy.ndarray, shape (n, m)
        Probability, 0..1, that a site is down for a reason that is neither shaking nor its grid:
        fuel does not help.
    dark_logit : numpy.ndarray, shape (n, m)
        Log-odds that a site's grid is cut, in the median: ``-inf`` never, ``inf`` for certain.
    dark_sd : float
        Scale, in log-odds, of what all sites share in one occurrence: a draw of Student's t with
        two degrees of freedom (:mod:`dcsite.hazards.darkness`).
    outlast : numpy.ndarray, shape (tiers, m)
        Probability, 0..1, that who is cut off is still without power when the fuel of a tier ends.
    fragility : Fragility
        How shaking takes a site down.
    site_ids : tuple of str
        The n sites.
    tiers : tuple of str, optional
        Tier of each site, as far as they have one; what is none of the tiers (a data centre of
        today) has the fuel of a large hub.
    landing_clusters : tuple of str
        Cluster of the cable landing that each site leans on.
    network : NetworkDamage, optional
        What the events do to the network that joins the sites.
    """

    events: pd.DataFrame
    intensity: Floats
    lost: Floats
    dark_logit: Floats
    dark_sd: float
    outlast: Floats
    fragility: Fragility
    site_ids: tuple[str, ...]
    tiers: tuple[str, ...] | None = None
    landing_clusters: tuple[str, ...] = ()
    network: NetworkDamage | None = None

    @cached_property
    def cut_off(self) -> Floats:
        """Probability that each site has no route over the network left in each event, (n, m)."""
        return np.zeros(self.lost.shape) if self.network is None else self.network.cut_off

    @cached_property
    def dark(self) -> Floats:
        """Probability that each site's grid is cut in each event, shape (n, m)."""
        return dark_share(self.dark_logit, self.dark_sd)

    @cached_property
    def down(self) -> Floats:
        """Probability that each site, with the fuel of its tier, is down in each event, (n, m).

        Raises
        ------
        ValueError
            If the sites have no tiers.
        """
        return self.down_by_tier[self._rank, np.arange(len(self._rank))]

    @cached_property
    def down_by_tier(self) -> Floats:
        """Probability that each site, were it of a tier, is down in each event, (tiers, n, m)."""
        spared = (1.0 - self.shaken) * (1.0 - self.lost)
        return np.stack(
            [
                1.0 - spared * (1.0 - self.dark * still_out) * (1.0 - self.cut_off)
                for still_out in self.outlast
            ]
        )

    def take(self, event_ids: Sequence[str]) -> DisasterSet:
        """Return the set with some of its events alone, in the order given."""
        where = self.events.index.get_indexer(pd.Index(event_ids))
        return replace(
            self,
            events=self.events.iloc[where],
            intensity=self.intensity[:, where],
            lost=self.lost[:, where],
            dark_logit=self.dark_logit[:, where],
            outlast=self.outlast[:, where],
            network=self.network and self.network.take(where),
        )

    def both_down(
        self,
        site: int,
        others: NDArray[np.intp],
        event: int,
        tier: int | None = None,
        other_tiers: int | NDArray[np.intp] | None = None,
    ) -> Floats:
        """Return the probability that a site and each of some others are down in one event.

        Parameters
        ----------
        site : int
            Position of the site.
        others : numpy.ndarray, shape (k,)
            Positions of the others.
        event : int
            Position of the event.
        tier : int, optional
            Number of the site's tier; without it, its own.
        other_tiers : int or numpy.ndarray, shape (k,), optional
            The same of the others.

        Returns
        -------
        numpy.ndarray, shape (k,)
            Probabilities. What is lost or dark for too long is so together: where both may be, with
            the smaller of the two probabilities. That is the largest it can be, which is careful:
            two hubs of one area are rarely cut off, and cut off for long, quite as one. Shaking
            comes on top independently.
        """
        felt, here = self.intensity[others, event], self.intensity[site, event]
        shaken = joint_probability_down(felt, here, self.fragility)
        alone = probability_down(felt, self.fragility)
        own = probability_down(here, self.fragility)
        cut = self._cut(others, event, other_tiers)
        cut_here = self._cut(np.array([site]), event, tier)
        together = np.minimum(cut, cut_here)
        only_other, only_here = cut - together, cut_here - together
        neither = 1.0 - together - only_other - only_here
        both = together + only_other * own + only_here * alone + neither * shaken
        return np.asarray(both, dtype=np.float64)

    @cached_property
    def _rank(self) -> NDArray[np.intp]:
        if self.tiers is None:
            raise ValueError("expected the tier of each site, which says how long its fuel lasts")
        return np.array([_RANK.get(tier, _RANK["large"]) for tier in self.tiers], dtype=np.intp)

    @cached_property
    def shaken(self) -> Floats:
        """Probability that shaking takes each site down in each event, shape (n, m)."""
        return probability_down(self.intensity, self.fragility)

    def _cut(
        self, sites: NDArray[np.intp], event: int, tiers: int | NDArray[np.intp] | None
    ) -> Floats:
        """Return the probability that sites are down otherwise than by shaking."""
        rank = self._rank[sites] if tiers is None else tiers
        dark = self.dark[sites, event] * self.outlast[rank, event]
        joined = (1.0 - self.lost[sites, event]) * (1.0 - self.cut_off[sites, event])
        return np.asarray(1.0 - joined * (1.0 - dark), dtype=np.float64)


def dark_share(logit: Floats, scale: float) -> Floats:
    """Return the mean over the common draw of shares with some median log-odds.

    Parameters
    ----------
    logit : numpy.ndarray
        Medians of the log-odds, any shape; ``-inf`` is never and ``inf`` for certain.
    scale : float
        Of the draw, in log-odds, at least 0.

    Returns
    -------
    numpy.ndarray
        Shares 0..1 of the same shape.
    """
    # A smooth curve of one number: worked out on a grid and read off for millions.
    grid = np.linspace(-_FAR, _FAR, 4001)
    found = np.interp(logit, grid, expected_share(grid, scale))
    return np.where(np.isfinite(logit), found, (logit > 0.0).astype(np.float64))


def disaster_set(
    sites: pd.DataFrame,
    atlas: Atlas,
    settings: DisasterSettings,
    landing_cluster: Sequence[str],
    network: Network | None = None,
) -> DisasterSet:
    """Build the set for some sites.

    Parameters
    ----------
    sites : pandas.DataFrame
        Indexed by `site_id`: `municipality_code`, `area`, `lat_deg`, `lon_deg`; `tier` where they
        have one.
    atlas : Atlas
        What is known.
    settings : DisasterSettings
        Which disasters there are and what they do.
    landing_cluster : sequence of str
        The cluster of cable landings that each site leans on.
    network : Network, optional
        What joins the sites; without one nothing of it is lost.

    Raises
    ------
    DisastersError
        If the user's file is not as it must be; one line for each problem.
    """
    cases, felt = computed_earthquakes(atlas, settings)
    tails = np.zeros((len(sites), 2), dtype=np.intp)
    if network is not None:
        tails = ways_out(network, sites if "landmass_id" in sites else on_land(sites, atlas))
    code = sites["municipality_code"].to_numpy()
    here = felt.reindex(code).fillna(UNSHAKEN).to_numpy(dtype=float)
    parts = [
        Footprints(cases, here, np.zeros(here.shape)),
        local_earthquakes(sites, atlas, settings),
        _losses(atlas, settings, np.asarray(landing_cluster, dtype=object)),
        *([] if network is None else [network_losses(tails, network, atlas, settings)]),
        _tokyo_lost(cases, here, case_of_tokyo(atlas, settings)),
    ]
    dark, areas, still_out = _cut_by_known(atlas, settings)
    if settings.footprints_file:
        parts.append(read_footprints(settings.footprints_file, sites, atlas))
        own, areas_of_own = _cut_by_own(atlas, settings)
        dark, areas = pd.concat([dark, own], axis=1), areas | areas_of_own
    events = pd.concat([part.events.rename_axis("event_id") for part in parts])
    whole = _blackouts(atlas)
    areas = areas | _listed(whole)
    events["areas_dark"] = pd.Series({event: areas.get(event, {}) for event in events.index})
    dark = dark.reindex(index=code, columns=events.index, fill_value=-np.inf)
    logit = dark.to_numpy(dtype=np.float64, copy=True)
    here_dark = whole.reindex(sites["area"].to_numpy()) > 0.0
    logit[:, events.index.get_indexer(whole.columns)] = np.where(here_dark, np.inf, -np.inf)
    quake = (~events["kind"].isin(UNSHAKING)).to_numpy()
    damage = None
    if network is not None:
        damage = _network_damage(tails, atlas, settings, network, events.index)
    return DisasterSet(
        events[list(_COLUMNS)],
        np.hstack([part.intensity for part in parts]),
        np.hstack([part.lost for part in parts]),
        logit,
        dark_sd(atlas),
        np.where(quake, still_out[0][:, None], still_out[1][:, None]),
        Fragility.from_total(
            settings.down_intensity, settings.intensity_scatter, settings.common_share
        ),
        tuple(map(str, sites.index)),
        tuple(map(str, sites["tier"])) if "tier" in sites else None,
        tuple(landing_cluster),
        damage,
    )


def _network_damage(
    tails: NDArray[np.intp],
    atlas: Atlas,
    settings: DisasterSettings,
    network: Network,
    events: pd.Index[str],
) -> NetworkDamage:
    """Return what the events do to the network, as they are felt at the municipal offices."""

    def found() -> NetworkDamage:
        _, felt = computed_earthquakes(atlas, settings)
        felt = felt.assign(tokyo_lost=felt[case_of_tokyo(atlas, settings)])
        _, strong = local_shaking(atlas, settings)
        lost = pd.DataFrame(index=felt.index)
        if settings.footprints_file:
            own = _at_offices(atlas, settings)
            offices, names = atlas.table("municipalities").index, own.events.index
            felt = felt.join(pd.DataFrame(own.intensity, offices, names), how="outer")
            lost = pd.DataFrame(own.lost, offices, names)
        return network_damage(network, events, felt, strong, lost, atlas, settings)

    key = (settings.model_dump_json(), network.digest)
    # A user's file may have changed since it was read.
    known = found() if settings.footprints_file else atlas.kept("network damage", key, found)
    return replace(known, tails=tails)


def _at_offices(atlas: Atlas, settings: DisasterSettings) -> Footprints:
    """Return what a user's file does at the municipal offices."""
    offices = atlas.table("municipalities")[["office_lat_deg", "office_lon_deg"]]
    offices = offices.set_axis(["lat_deg", "lon_deg"], axis=1)
    offices = offices.assign(municipality_code=offices.index)
    return read_footprints(settings.footprints_file, offices, atlas)


def _cut_by_known(
    atlas: Atlas, settings: DisasterSettings
) -> tuple[pd.DataFrame, _Areas, tuple[Floats, Floats]]:
    """Return what computed and local earthquakes, and the loss of Tokyo, cut off, and how long.

    As :func:`_cut_off`, and the probability that an outage outlasts each tier's fuel: of an
    earthquake's, and of others. Where no earthquake cuts the power all recorded outages count,
    those of earthquakes too: the others are of lines felled by storms, and the only blackout of a
    whole area on record is among those of earthquakes.
    """

    def found() -> tuple[pd.DataFrame, _Areas, tuple[Floats, Floats]]:
        _, felt = computed_earthquakes(atlas, settings)
        _, local = local_shaking(atlas, settings)
        felt = felt.assign(tokyo_lost=felt[case_of_tokyo(atlas, settings)])
        strong = _strongly(felt.fillna(UNSHAKEN), settings).join(local, how="outer")
        strong = strong.reindex(atlas.table("municipalities").index).fillna(0.0)
        hours = settings.fuel_hours.by_tier()
        still_out = outlast(atlas, hours, True), outlast(atlas, hours, False)
        return *_cut_off(atlas, settings, strong), still_out

    key = settings.model_dump_json(include=set(DisasterSettings.model_fields) - {"footprints_file"})
    return atlas.kept("cut off", key, found)


def _cut_by_own(atlas: Atlas, settings: DisasterSettings) -> tuple[pd.DataFrame, _Areas]:
    """Return what the shaking of a user's file cuts off: as it is felt at the offices."""
    found = _at_offices(atlas, settings)
    felt = pd.DataFrame(found.intensity, atlas.table("municipalities").index, found.events.index)
    return _cut_off(atlas, settings, _strongly(felt, settings))


def _strongly(felt: pd.DataFrame, settings: DisasterSettings) -> pd.DataFrame:
    """Return the probability of 5.5 or more where some median intensities are predicted."""
    curve = Fragility(SIX_LOWER, 0.0, settings.intensity_scatter)
    return pd.DataFrame(probability_down(felt, curve), felt.index, felt.columns)


def _cut_off(
    atlas: Atlas, settings: DisasterSettings, strong: pd.DataFrame
) -> tuple[pd.DataFrame, _Areas]:
    """Return what earthquakes cut off.

    Parameters
    ----------
    atlas, settings
        What is known and asked.
    strong : pandas.DataFrame, shape (municipalities, events)
        Probability that a municipality is shaken by 5.5 or more, by `municipality_code`.

    Returns
    -------
    logit : pandas.DataFrame, shape (municipalities, events)
        Median log-odds that the grid is cut.
    areas : dict
        By event the areas cut off in part, with the share of their residents expected to be.
    """
    logit = dark_logit(atlas, settings, strong)
    places = atlas.table("municipalities").loc[logit.index]
    residents = places["population_2020"].to_numpy(dtype=float)
    cut = dark_share(logit.to_numpy(), dark_sd(atlas)) * residents[:, None]
    area = places["electricity_area"].to_numpy()
    total = pd.Series(residents).groupby(area).sum()
    share = pd.DataFrame(cut, columns=logit.columns).groupby(area).sum().div(total, axis=0)
    return logit, _listed(share)


def _listed(share: pd.DataFrame) -> _Areas:
    """Return the areas that each event cuts off in part, with the share: of areas by events."""
    areas, values = share.index.astype(str), share.to_numpy()
    return {
        str(event): dict(zip(areas[told], values[told, at].tolist(), strict=True))
        for at, (event, told) in enumerate(zip(share, (values >= _TOLD).T, strict=True))
    }


def _blackouts(atlas: Atlas) -> pd.DataFrame:
    """Return which areas each blackout without an earthquake takes: 1 or 0, areas by events."""
    hz = atlas.table("electricity_areas")["nominal_frequency_hz"]
    alone = pd.DataFrame(np.eye(len(hz)), hz.index, [f"blackout_{area}" for area in hz.index])
    together = {f"blackout_{one:g}hz": (hz == one).astype(float) for one in sorted(hz.unique())}
    return alone.assign(**together)


def _losses(atlas: Atlas, settings: DisasterSettings, cluster: NDArray[np.object_]) -> Footprints:
    """Return the events that shake nothing: areas and frequencies dark, landings lost.

    A crowded cluster of landings lost cuts off the hubs that lean on it.
    """
    areas = atlas.table("electricity_areas")
    clusters = atlas.table("landing_clusters").drop_duplicates("cluster_id")
    hertz = pd.Series([f"{hz:g}" for hz in sorted(areas["nominal_frequency_hz"].unique())])
    kinds = {
        "area_blackout": (
            "blackout_" + areas.index.to_series(),
            "Blackout of the electricity area " + areas["name_en"],
            areas["name_ja"] + "エリアの全域停電",
        ),
        "frequency_blackout": (
            "blackout_" + hertz + "hz",
            "Blackout of all areas of " + hertz + " Hz",
            hertz + " Hz系統の全域停電",
        ),
        "landing_cluster": (
            "landings_" + clusters["cluster_id"],
            "Cable landings lost: " + clusters["name_en"],
            "海底ケーブル陸揚地域の喪失：" + clusters["name_ja"],
        ),
    }
    events = pd.concat(
        event_table(kind, *named, getattr(settings, f"{kind}_30y"), key_of(f"{kind}_30y"))
        for kind, named in kinds.items()
    )
    lost = cluster[:, None] == events.index.str.removeprefix("landings_").to_numpy()[None, :]
    return Footprints(events, np.full(lost.shape, UNSHAKEN), lost.astype(float))


def _tokyo_lost(cases: pd.DataFrame, felt: Floats, code: str) -> Footprints:
    """Return the loss of Tokyo: a question rather than a forecast, so it has no probability.

    It has the footprint of a computed earthquake, after which it is named.
    """
    case = cases.loc[code]
    name_en, name_ja = f"Tokyo area lost ({case['name_en']})", f"東京圏の喪失（{case['name_ja']}）"
    event = event_table("tokyo_lost", ["tokyo_lost"], [name_en], [name_ja], np.nan, code)
    shaken = felt[:, cases.index == code]
    return Footprints(event, shaken, np.zeros(shaken.shape))


def falls_with(
    disasters: DisasterSet,
    site: int,
    least: float,
    tier: int | None = None,
    other_tier: int | None = None,
) -> NDArray[np.bool_]:
    """Tell which sites some event takes down together with one, with at least a probability.

    Parameters
    ----------
    disasters : DisasterSet
        Of n sites and m events; those in force count.
    site : int
        Position of the site.
    least : float
        Probability, given the event, from which two sites count as falling together; above 0.
    tier, other_tier : int, optional
        Number of the tier of the site, and of all others; without it, their own.

    Returns
    -------
    numpy.ndarray, shape (n,)
        True for the site itself.
    """
    own = disasters.down if tier is None else disasters.down_by_tier[tier]
    down = disasters.down if other_tier is None else disasters.down_by_tier[other_tier]
    found = np.zeros(len(down), dtype=bool)
    found[site] = True
    # Two are never down together more often than either is alone: most pairs are settled by that.
    in_force = disasters.events["in_force"].to_numpy(dtype=bool)
    for event in np.flatnonzero(in_force & (own[site] >= least)):
        rest = np.flatnonzero((down[:, event] >= least) & ~found)
        if len(rest):
            both = disasters.both_down(site, rest, int(event), tier, other_tier)
            found[rest[both >= least]] = True
    return found


def joint_risk(
    disasters: DisasterSet,
    site: int,
    others: NDArray[np.intp],
    tier: int | None = None,
    other_tiers: int | NDArray[np.intp] | None = None,
) -> NDArray[np.float64]:
    """Return how often a site and each of some others are down together, expected in 30 years.

    Parameters
    ----------
    disasters : DisasterSet
        Of n sites and m events; those of unknown probability count as 0.
    site : int
        Position of the site.
    others : numpy.ndarray, shape (k,)
        Positions of the others.
    tier, other_tiers : optional
        As in :meth:`DisasterSet.both_down`.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Sum over events of their probability in 30 years times that of both being down.
    """
    weight = disasters.events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    own = disasters.down if tier is None else disasters.down_by_tier[tier]
    risk = np.zeros(len(others))
    for event in np.flatnonzero((weight > 0.0) & (own[site] > 0.0)):
        risk += weight[event] * disasters.both_down(site, others, int(event), tier, other_tiers)
    return risk
