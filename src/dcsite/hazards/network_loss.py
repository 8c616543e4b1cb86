"""What disasters do to the network, and which sites that leaves without a route to a core.

A node or landing feels the intensity of its municipality, a link on land the strongest of the
municipalities within reach of the straight line between its ends, a cable at sea that of its
landings. Each fails as a site does, at an intensity of its own (an assumption each) with the same
scatter, in part common to all: an earthquake that shakes hubs also cuts what joins them. In a
local earthquake one common draw says how far its circle reaches, as for sites. A node's grid, the
tails themselves and tsunami are not counted: the first has its own supply, the second is the
hub's own ground, the last is known of residents alone.

A hub without a route to an existing core is down for its users, whatever stands of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import KDTree
from scipy.special import ndtri

from dcsite.geo.geodesy import safe_chord_km, to_ecef_km
from dcsite.network import Reach, cut_off, known_losses, on_land, ways_out

from .earthquakes import SIX_LOWER, UNSHAKEN
from .footprints import Footprints, event_table
from .fragility import Fragility
from .settings import key_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats
    from dcsite.network import Fate, Network

    from .settings import DisasterSettings

    Flags = NDArray[np.bool_]

#: Draws of each earthquake; what is common to all parts takes evenly spread values.
DRAWS = 256
#: Steps along a link, and how far from it an office may stand whose municipality it crosses.
_STEP_KM, _BESIDE_KM = 5.0, 15.0
#: Standard deviations below what a part withstands at which it never fails.
_NEVER = 4.0
#: Earthquakes drawn at a time, so that memory stays small.
_AT_ONCE = 2**15
_KINDS_JA = {
    "node": "ノード",
    "landing": "陸揚地",
    "crossing": "海峡",
    "system": "海底ケーブル",
    "link": "区間",
}


@dataclass(frozen=True, eq=False)
class NetworkDamage:
    """How likely parts of the network fail in m events, and which of n sites hang on which.

    Parameters
    ----------
    reach : Reach
        N nodes and L links, which are the parts in this order.
    margin : numpy.ndarray, shape (N + L, m)
        By how much the median intensity at a part exceeds what it withstands; ``-inf``: unshaken.
    chance : numpy.ndarray, shape (N + L, m)
        Probability, 0..1, that a part is lost otherwise: where a common even draw lies below it.
    tails : numpy.ndarray of int, shape (n, 2)
        Positions of the nodes that a site's tails lead to; -1: none.
    sigma_common, sigma_own : float
        Scatter in intensity.
    """

    reach: Reach
    margin: Floats
    chance: Floats
    tails: NDArray[np.intp]
    sigma_common: float
    sigma_own: float

    def take(self, where: NDArray[np.intp]) -> NetworkDamage:
        """Return some of the events."""
        return replace(self, margin=self.margin[:, where], chance=self.chance[:, where])

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The pairs of tails there are, and which of them each site has."""
        pairs, of = np.unique(self.tails, axis=0, return_inverse=True)
        return pairs, of.reshape(-1)

    @cached_property
    def may_cut(self) -> Flags:
        """Whether an event may cut off any site, shape (m,)."""
        weakest = self._of_pairs(self.reach.weakest(self.margin))
        limit = -_NEVER * float(np.hypot(self.sigma_common, self.sigma_own))
        lost = self._of_pairs(self.reach.weakest(self.chance))
        return np.asarray((weakest > limit).any(axis=0) | (lost > 0.0).any(axis=0))

    @cached_property
    def cut_off(self) -> Floats:
        """Probability that each site has no route left in each event, shape (n, m).

        Losses by one common draw are nested: a site is cut off where the draw lies below the
        largest chance on the way whose largest is least. Shaking is drawn :data:`DRAWS` times.
        """
        pairs, of = self._pairs
        found = np.zeros((len(pairs), self.margin.shape[1]))
        found[:] = np.maximum(self._of_pairs(self.reach.weakest(self.chance)), 0.0)
        shaken = np.flatnonzero(self.may_cut & (self.margin > UNSHAKEN).any(axis=0))
        chance = np.random.default_rng(2023)
        common = ndtri((np.arange(DRAWS) + 0.5) / DRAWS)
        own = chance.standard_normal((len(self.margin), DRAWS), dtype=np.float32)
        noise = (self.sigma_common * common + self.sigma_own * own).astype(np.float32)
        size = max(_AT_ONCE // DRAWS, 1)
        for at in np.array_split(shaken, -(-len(shaken) // size)) if len(shaken) else []:
            fails = self.margin[:, at, None].astype(np.float32) + noise[:, None, :] >= 0.0
            reached = self._reached(fails.reshape(len(fails), -1))
            cut = ~self._any_tail(reached, pairs).reshape(len(pairs), len(at), DRAWS)
            found[:, at] = 1.0 - (1.0 - found[:, at]) * (1.0 - cut.mean(axis=2))
        found[pairs[:, 0] < 0] = 0.0
        return found[of]

    def draw(
        self, event: NDArray[np.int64], common: Floats, loss: Floats, chance: np.random.Generator
    ) -> Flags:
        """Draw which sites some occurrences cut off.

        Parameters
        ----------
        event : numpy.ndarray of int, shape (k,)
            Position of each occurrence's event.
        common, loss : numpy.ndarray, shape (k,)
            Standard normal and even in 0..1: what all sites and parts share.
        chance : numpy.random.Generator
            Draws what each part adds.

        Returns
        -------
        numpy.ndarray of bool, shape (k, n)
        """
        pairs, of = self._pairs
        cut = np.zeros((len(event), len(pairs)), dtype=bool)
        rows = np.flatnonzero(self.may_cut[event])
        for row in np.array_split(rows, -(-len(rows) // _AT_ONCE)) if len(rows) else []:
            own = chance.standard_normal((len(self.margin), len(row)), dtype=np.float32)
            felt = self.margin[:, event[row]] + self.sigma_common * common[row]
            fails = felt + self.sigma_own * own >= 0.0
            fails |= loss[row] < self.chance[:, event[row]]
            cut[row] = ~self._any_tail(self._reached(fails), pairs).T
        cut[:, pairs[:, 0] < 0] = False
        return cut[:, of]

    def _reached(self, fails: Flags) -> Flags:
        nodes = len(self.reach.nodes)
        return self.reach.reached(fails[:nodes], fails[nodes:])

    def _of_pairs(self, weakest: Floats) -> Floats:
        """Return the least of both tails, of pairs; ``-inf`` where there is none."""
        pairs, _ = self._pairs
        least = np.where((pairs[:, 1] < 0)[:, None], np.inf, weakest[pairs[:, 1]])
        least = np.minimum(weakest[pairs[:, 0]], least)
        return np.where((pairs[:, 0] < 0)[:, None], UNSHAKEN, least)

    @staticmethod
    def _any_tail(reached: Flags, pairs: NDArray[np.intp]) -> Flags:
        second = reached[pairs[:, 1]] & (pairs[:, 1] >= 0)[:, None]
        return np.asarray(reached[pairs[:, 0]] | second)


def network_damage(
    network: Network,
    events: pd.Index[str],
    felt: pd.DataFrame,
    strong: pd.DataFrame,
    lost: pd.DataFrame,
    atlas: Atlas,
    settings: DisasterSettings,
) -> NetworkDamage:
    """Work out how events strike the parts of the network, to which no site is joined yet.

    Parameters
    ----------
    network : Network
        The parts.
    events : pandas.Index
        The m events.
    felt, strong, lost : pandas.DataFrame
        Of municipalities by `municipality_code` and some of the events: median intensity, NaN or
        ``-inf`` unshaken; probability of 5.5 or more in local earthquakes; probability that a site
        there is lost.
    atlas, settings
        What is known and asked.
    """
    reach, inside = Reach(network.graph, network.cores), municipalities_of_parts(network, atlas)
    nodes, rows = len(reach.nodes), np.concatenate(inside).astype(np.intp)
    withstands = np.full(len(inside), settings.link_down_intensity)
    withstands[:nodes] = settings.node_down_intensity
    known = np.array([len(part) > 0 for part in inside])
    first = np.cumsum([0, *map(len, inside)])[:-1][known]
    crossed, row = np.unique(rows, return_inverse=True)
    codes = atlas.table("municipalities").index[crossed]

    def largest(of: pd.DataFrame, none: float) -> Floats:
        values = of.reindex(codes).to_numpy(dtype=float, copy=True)
        values[np.isnan(values)] = none
        found = np.full((len(inside), len(events)), none)
        at = events.get_indexer(of.columns)
        found[np.ix_(known, at)] = np.maximum.reduceat(values[row], first, axis=0)
        return found

    beyond = np.maximum(withstands - SIX_LOWER, 0.0)
    chance = largest(strong, 0.0) * np.exp(-settings.local_slope * beyond)[:, None]
    # What a user's file takes is taken of sites, so of buildings.
    chance[:nodes] = np.maximum(chance[:nodes], largest(lost, 0.0)[:nodes])
    fragility = Fragility.from_total(0.0, settings.intensity_scatter, settings.common_share)
    return NetworkDamage(
        reach,
        largest(felt, UNSHAKEN) - withstands[:, None],
        chance,
        np.zeros((0, 2), dtype=np.intp),
        fragility.sigma_common,
        fragility.sigma_own,
    )


def municipalities_of_parts(network: Network, atlas: Atlas) -> list[NDArray[np.intp]]:
    """Return which municipalities, by position, each node and then each link stands in or crosses.

    A link on land crosses those whose office stands near the straight line between its ends; a
    cable at sea touches its landings alone. Nothing is known of a part without a position.
    """

    def found() -> list[NDArray[np.intp]]:
        places = atlas.table("municipalities")
        offices = KDTree(to_ecef_km(places["office_lat_deg"], places["office_lon_deg"]))
        nodes = network.nodes
        at = places.index.get_indexer(pd.Index(nodes["municipality_code"]))
        number = {node: position for position, node in enumerate(nodes.index)}
        inside = [np.array([one] if one >= 0 else [], dtype=np.intp) for one in at]
        where = nodes[["lat_deg", "lon_deg"]].to_numpy(dtype=float)
        for one, other, link in network.graph.edges(data=True):
            ends = [number[one], number[other]]
            parts = [inside[end] for end in ends]
            if link["kind"] != "submarine" and np.isfinite(where[ends]).all():
                steps = max(int(link["route_km"] / _STEP_KM), 1)
                along = np.linspace(where[ends[0]], where[ends[1]], steps + 1)
                away_km, near = offices.query(to_ecef_km(*along.T))
                parts.append(near[away_km <= safe_chord_km(_BESIDE_KM)])
            inside.append(np.unique(np.concatenate(parts)))
        return inside

    return atlas.kept("municipalities of the network", network.digest, found)


def network_losses(
    tails: NDArray[np.intp], network: Network, atlas: Atlas, settings: DisasterSettings
) -> Footprints:
    """Return single losses without an earthquake: those that cut some municipality off.

    `tails` are those of n sites (:func:`dcsite.network.ways_out`).

    A prefecture as a whole is no single loss. What cuts nobody off is no event: in the shipped
    network nearly all of them.
    """

    def found() -> tuple[list[Fate], Flags]:
        at = {"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"}
        offices = on_land(atlas.table("municipalities").rename(columns=at), atlas)
        fates, reached = known_losses(network, atlas)
        single = np.array([fate.kind != "prefecture" for fate in fates], dtype=np.bool_)
        struck = cut_off(ways_out(network, offices), reached).any(axis=0)
        matters = np.flatnonzero(single & struck)
        return [fates[number] for number in matters], reached[:, matters]

    fates, reached = atlas.kept("network losses", network.digest, found)
    events = event_table(
        "network",
        [f"network_{fate.fate_id}" for fate in fates],
        [f"Network: {fate.kind} {fate.name_en} lost" for fate in fates],
        [f"通信網の喪失：{fate.name_ja}（{_KINDS_JA[fate.kind]}）" for fate in fates],
        settings.network_30y,
        key_of("network_30y"),
    )
    lost = cut_off(tails, reached)
    return Footprints(events, np.full(lost.shape, UNSHAKEN), lost.astype(float))
