"""MEC sites (Multi-access Edge Computing) along corridors and areas: the fewest that cover them.

The strategy asks for MEC near where data arise (F8), for data centres at regional level that
integrate what they process (F9), and for lines and areas rather than points (N11). Each cell of a
corridor must be within reach of a MEC site: by round trip (radio link, fibre along the route factor
of the plan's network, equipment) and by km of fibre. Each MEC site is parented by the hub of the
plan with the shortest round trip over the network, and that by a core.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.spatial import KDTree

import dcsite
from dcsite.errors import CheckError, Problem, SitesError
from dcsite.geo.geodesy import geodesic_km, nearest, to_ecef_km
from dcsite.network import fibre_km_between, network_of, on_land
from dcsite.plan.types import GeodataUse, NamedHub
from dcsite.records import Km, Latitude, Longitude, Mw, Name, Points, Record, Share, UnknownKm
from dcsite.sites import NO_LANDMASS, read_sites
from dcsite.solvers import SolveOptions

from .edge_corridors import EdgeAssumptions, cells_of, read_corridors, shipped_corridors
from .edge_cover import assigned, find_cover, most_borne

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats
    from dcsite.network import Network
    from dcsite.plan.types import Plan
    from dcsite.scenario import Scenario
    from dcsite.solvers import Progress

    Ints = NDArray[np.int64]

#: Arithmetic.
_TINY = 1e-6
#: Cells are told to six decimals of a degree, a decimetre.
_SLACK_KM = 1e-3
#: What is stored as 0 in a sparse array is no entry: km in one stand this much higher.
_METRE = 1e-3
_PLACE = ("name_ja", "name_en", "prefecture_ja", "lat_deg", "lon_deg")
_HUB = ("name_ja", "name_en", "tier", "lat_deg", "lon_deg", "it_load_mw")


class EdgeCorridor(Record):
    """A corridor or area, and how much of it is covered."""

    corridor_id: Name
    """Id."""
    name_ja: str
    """Japanese name."""
    name_en: str
    """English name; empty where there is none."""
    kind: Name
    """road, drone, river or area."""
    lines: str
    """Statements of the strategy that name it; empty for a user's."""
    basis_ja: str
    """What its shape rests on, in Japanese."""
    basis_en: str
    """The same in English."""
    max_ms: Points
    """Round trip to the MEC site, at most."""
    reach_km: Km
    """Straight km from a cell to its MEC site, at most, by time and by fibre."""
    length_km: Km
    """Length as drawn; 0 for an area."""
    stated_km: UnknownKm
    """Length that the strategy states; null for a user's."""
    area_km2: Km
    """Area; 0 for a line."""
    cells: int
    """Cells."""
    covered_share: Share
    """Share of the cells that a MEC site covers."""
    load_kw: Points
    """IT load."""


class EdgeCell(Record):
    """A cell, and the MEC sites within its reach that were chosen for it."""

    corridor_id: Name
    """Its corridor."""
    lat_deg: Latitude
    """Latitude."""
    lon_deg: Longitude
    """Longitude."""
    km: Km
    """Km of line it stands for."""
    km2: Km
    """Km2 of area it stands for."""
    load_kw: Points
    """IT load."""
    unserved_kw: Points
    """Part of it that no MEC site within reach can bear."""
    missing: int
    """MEC sites within reach that it lacks."""
    site_ids: tuple[str, ...]
    """MEC sites: those that bear its load first, then spares, the nearest first."""
    shares: tuple[Share, ...]
    """Share of the load that each bears, 0 for a spare."""
    distance_km: UnknownKm
    """Straight km to the farthest of those that bear it; null where there is none."""
    round_trip_ms: UnknownKm
    """Round trip to it, radio link included; null where there is none."""
    why_ja: str
    """Why it is not covered, in Japanese."""
    why_en: str
    """The same in English."""


class EdgeSite(Record):
    """A MEC site, its parent hub and the core above."""

    site_id: Name
    """Municipality's code, or id of the user's site."""
    name_ja: str
    """Japanese name."""
    name_en: str
    """English name; empty where there is none."""
    prefecture_ja: str
    """Prefecture in Japanese."""
    lat_deg: Latitude
    """Latitude."""
    lon_deg: Longitude
    """Longitude."""
    cells: int
    """Cells whose load it bears, in whole or part."""
    serves_km: Km
    """Km of line in them."""
    serves_km2: Km
    """Km2 of area in them."""
    load_kw: Points
    """IT load it bears."""
    spur_km: Km
    """Straight km to the nearest cell."""
    worst_ms: Points
    """Longest round trip to a cell it bears."""
    parent_id: Name
    """Hub of the plan that integrates its data: the least round trip."""
    parent_ms: Points
    """Round trip to it over the network."""
    core_id: Name
    """The core above, of the plan or Tokyo or Osaka: the least round trip from the parent."""
    core_ms: UnknownKm
    """Round trip from the parent to it; 0 where it is the parent; null where no way is known."""


class EdgeHub(NamedHub):
    """A hub or core above MEC sites."""

    mec_sites: int
    """MEC sites it parents."""
    mec_load_mw: Mw
    """Their IT load, in MW."""
    it_load_mw: Mw
    """IT load of the hub in the plan; 0 for Tokyo and Osaka, whose load is not planned."""


class EdgeValue(Record):
    """A value that was assumed."""

    name_ja: str
    """What it is, in Japanese."""
    name_en: str
    """The same in English."""
    value: str
    """Value with its unit."""
    why: str
    """What it rests on."""


class Lacking(NamedTuple):
    """Cells of a corridor that are not covered: how many, their load, and the first of them."""

    corridor: EdgeCorridor
    cells: int
    unserved_kw: float
    first: EdgeCell


class Edge(Record):
    """MEC sites for corridors: what is covered, by what, and how good that is proven to be."""

    file_name: ClassVar[str] = "edge.json"

    dcsite_version: Name
    """Version of dcsite."""
    title_ja: str
    """The plan's title in Japanese."""
    title_en: str
    """The same in English."""
    plan_digest: str
    """Digest of the plan."""
    status: Name
    """optimal: proven; feasible: the time passed before; none: nothing can be covered."""
    sites: int
    """MEC sites chosen."""
    sites_bound: int
    """No choice has fewer: proven."""
    spur_km: Km
    """Straight km from the MEC sites to the nearest cells, in all: the least with as many sites."""
    spur_km_bound: Km
    """No choice with as many sites has less: proven where the status is optimal."""
    candidates: int
    """Places a MEC site could stand at."""
    candidates_without_parent: int
    """Of these, near enough to a corridor but without a hub within parent_max_ms."""
    solver: str
    """Solver with its version."""
    corridors: tuple[EdgeCorridor, ...]
    """Corridors."""
    mec: tuple[EdgeSite, ...]
    """MEC sites."""
    hubs: tuple[EdgeHub, ...]
    """Hubs and cores above them."""
    cells: tuple[EdgeCell, ...]
    """All cells."""
    assumptions: tuple[EdgeValue, ...]
    """What was assumed."""
    geodata: tuple[GeodataUse, ...]
    """Tables that were read."""

    @property
    def lacking(self) -> tuple[Lacking, ...]:
        """What is not covered, or not wholly, by corridor, the most cells first."""
        short: dict[str, list[EdgeCell]] = {}
        for one in self.shortages:
            short.setdefault(one.corridor_id, []).append(one)
        named = {one.corridor_id: one for one in self.corridors}
        found = (
            Lacking(named[its], len(some), sum(one.unserved_kw for one in some), some[0])
            for its, some in short.items()
        )
        return tuple(sorted(found, key=lambda one: -one.cells))

    @property
    def shortages(self) -> tuple[EdgeCell, ...]:
        """Cells that lack a MEC site or part of their load's, in their order."""
        return tuple(one for one in self.cells if one.missing or one.unserved_kw)


def corridors_of(atlas: Atlas, path: str | Path | None) -> pd.DataFrame:
    """Return the user's lines and areas; without a file those the strategy names with a place."""
    return shipped_corridors(atlas) if path is None else read_corridors(path)


def run_edge(
    plan: Plan,
    scenario: Scenario,
    atlas: Atlas,
    assumed: EdgeAssumptions,
    drawn: pd.DataFrame,
    *,
    candidates: str | Path | None = None,
    own_only: bool = False,
    options: SolveOptions | None = None,
    on_stage: Callable[[str], None] = lambda stage: None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Edge:
    """Find the fewest MEC sites that cover corridors.

    Parameters
    ----------
    plan, scenario, atlas
        The plan whose hubs parent MEC sites, its scenario (for its network), and what is known.
    assumed : EdgeAssumptions
        What is assumed.
    drawn : pandas.DataFrame
        Corridors, as :func:`corridors_of` returns them.
    candidates : str or Path, optional
        The user's places for MEC sites, beside the municipal offices.
    own_only : bool
        Whether these stand instead of the offices.
    options : SolveOptions, optional
        Solver and time limit.

    Raises
    ------
    CorridorsError, SitesError
        For bad files.
    NoPlanInTimeError
        If the time passed before any choice was found.
    CheckError
        If the independent check disagrees.
    """
    with atlas.recording() as tables:
        if (drawn["lines"] != "").any():  # read before, and used here
            atlas.table("edge_corridors")
        cells = cells_of(drawn, assumed)
        places = _candidates(atlas, scenario, candidates, own_only=own_only)
        on_stage("build")
        network = network_of(atlas, scenario.network)
        reach = _Reach(on_land(cells, atlas), places, network, assumed)
        hubs, cores = _hubs(plan, atlas)
        above = _parents(places, hubs, cores, network, reach.near)
    fits = (above["parent_ms"] <= assumed.parent_max_ms.value).to_numpy()
    near = _columns(reach.near, fits)
    wanted, cap_kw = int(assumed.sites_per_cell.value), assumed.mec_load_kw.value
    borne_kw = most_borne(near, cells["load_kw"].to_numpy(), cap_kw)
    spur_km = _spurs(reach.km, near)
    on_stage("solve")
    cover = find_cover(
        near, np.minimum(near.sum(axis=1), wanted), borne_kw, cap_kw, spur_km,
        options or SolveOptions("highs"), on_progress,
    )  # fmt: skip
    on_stage("check")
    share = assigned(near, reach.km, borne_kw, cap_kw, cover.chosen)
    told = _cells(drawn, reach, above, near, share, borne_kw, cover.chosen)
    mec = _mec(reach, above, share, borne_kw, spur_km, cover.chosen)
    found = Edge(
        dcsite_version=dcsite.__version__,
        title_ja=plan.title_ja,
        title_en=plan.title_en,
        plan_digest=plan.digest,
        status=cover.status,
        sites=len(cover.chosen),
        sites_bound=cover.sites_bound,
        spur_km=float(spur_km[cover.chosen].sum()),
        spur_km_bound=cover.km_bound,
        candidates=len(places),
        candidates_without_parent=int(((reach.near.sum(axis=0) > 0) & ~fits).sum()),
        solver=cover.solver,
        corridors=_corridors(drawn, reach, told),
        mec=mec,
        hubs=_above(mec, pd.concat([hubs, cores[~cores.index.isin(hubs.index)]])),
        cells=told,
        assumptions=_said(assumed),
        geodata=tuple(GeodataUse.of(atlas.resource(name)) for name in sorted(tables)),
    )
    check_edge(found, reach, fits, hubs)
    return found


def _candidates(
    atlas: Atlas, scenario: Scenario, own: str | Path | None, *, own_only: bool
) -> pd.DataFrame:
    """Return where a MEC site could stand: municipal offices, and the user's places."""
    columns = ["name_ja", "name_en", "prefecture_ja", "lat_deg", "lon_deg", "landmass_id"]
    frames = []
    if own is not None:
        frames.append(read_sites(own, atlas, scenario.land)[columns])
    if own is None or not own_only:
        offices = atlas.table("municipalities").rename(
            columns={"pref_name_ja": "prefecture_ja", "office_lat_deg": "lat_deg",
                     "office_lon_deg": "lon_deg"}
        )  # fmt: skip
        frames.append(on_land(offices, atlas)[columns])
    places = pd.concat(frames)
    if places.index.has_duplicates:
        twice = places.index[places.index.duplicated()][0]
        wrong = f"{twice} is the id of a municipality's office; give each site an id of its own"
        raise SitesError(Problem(str(own), "site_id", wrong))
    named: pd.DataFrame = places.assign(name_en=places["name_en"].fillna(""))
    return named.rename_axis("site_id")


def _ms_per_km(network: Network) -> float:
    """Return what a straight km adds to a round trip."""
    own = network.parameters
    ends = network.round_trip_ms(np.array([0.0, own.tail_route_factor * own.fibre_per_route_km]))
    return float(ends[1] - ends[0])


def reach_km(max_ms: Any, network: Network, assumed: EdgeAssumptions) -> Floats:
    """Return how far a MEC site may be, straight; below 0 where no distance is short enough."""
    own = network.parameters
    left_ms = max_ms - 2.0 * assumed.radio_one_way_ms.value - network.round_trip_ms(np.zeros(1))[0]
    fibre_km = assumed.access_fibre_km.value / (own.tail_route_factor * own.fibre_per_route_km)
    return np.asarray(np.minimum(left_ms / _ms_per_km(network), fibre_km))


class _Reach:
    """Which places each cell reaches.

    Fibre runs on land: a cell on land reaches places on its own land body, one at sea (a bridge, a
    harbour, a drone over the water) those on the body of the nearest place.
    """

    def __init__(
        self, cells: pd.DataFrame, places: pd.DataFrame, network: Network, assumed: EdgeAssumptions
    ) -> None:
        self.cells, self.places, self.network, self.assumed = cells, places, network, assumed
        where = [frame[["lat_deg", "lon_deg"]].to_numpy(dtype=float).T for frame in (cells, places)]
        self.most_km = reach_km(cells["max_ms"].to_numpy(), network, assumed)
        #: The nearest place to each cell, in reach or not, and how far it is.
        self.closest, self.away_km = nearest(*where[0], *where[1])
        its_body = places["landmass_id"].to_numpy()
        body = cells["landmass_id"].to_numpy()
        self.body = np.where(body == NO_LANDMASS, its_body[self.closest], body)
        trees = [KDTree(to_ecef_km(*each)) for each in where]
        # A chord is never longer than the geodesic over it: nothing within reach is left out.
        longest_km = max(float(self.most_km.max()), 0.0) + _TINY
        pairs = trees[0].sparse_distance_matrix(trees[1], longest_km, output_type="ndarray")
        cell, place = pairs["i"].astype(np.int64), pairs["j"].astype(np.int64)
        km = geodesic_km(*where[0][:, cell], *where[1][:, place])
        kept = (km <= self.most_km[cell]) & (self.body[cell] == its_body[place])
        at, shape = (cell[kept], place[kept]), (len(cells), len(places))
        #: 1 where a place is within reach, and the straight km to it.
        self.near = csr_array((np.ones(kept.sum(), dtype=np.int64), at), shape=shape)
        self.km = csr_array((km[kept] + _METRE, at), shape=shape)

    def trip_ms(self, km: Any) -> Floats:
        """Return round trips over straight km, the radio link there and back included."""
        own = self.network.parameters
        fibre_km = np.maximum(km, 0.0) * own.tail_route_factor * own.fibre_per_route_km
        radio_ms = 2.0 * self.assumed.radio_one_way_ms.value
        return np.asarray(self.network.round_trip_ms(fibre_km) + radio_ms)


def _columns(near: csr_array, kept: NDArray[np.bool_]) -> csr_array:
    """Return the array with the entries of some columns only."""
    entry = near.tocoo()
    at = kept[entry.col]
    return csr_array((entry.data[at], (entry.row[at], entry.col[at])), shape=near.shape)


def _hubs(plan: Plan, atlas: Atlas) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the plan's hubs, and all cores: the plan's, Tokyo and Osaka."""
    rows = {hub.site_id: [getattr(hub, name) for name in _HUB] for hub in plan.hubs}
    hubs = on_land(pd.DataFrame.from_dict(rows, orient="index", columns=_HUB), atlas)
    today = on_land(atlas.existing_cores().assign(tier="core", it_load_mw=0.0), atlas)
    return hubs, pd.concat([hubs[hubs["tier"] == "core"], today[[*hubs.columns]]])


def _parents(
    places: pd.DataFrame, hubs: pd.DataFrame, cores: pd.DataFrame, network: Network, near: csr_array
) -> pd.DataFrame:
    """Return each place's parent hub and core, with the round trips; infinite out of reach."""
    if hubs.empty:
        none = {"parent_id": "", "parent_ms": np.inf, "core_id": "", "core_ms": np.inf}
        return pd.DataFrame(none, index=places.index)
    way_km, asked = np.full((len(places), len(hubs)), np.inf), near.sum(axis=0) > 0
    if asked.any():
        way_km[asked] = network.fibre_km(places[asked], hubs)
    parent = way_km.argmin(axis=1)
    up_ms = network.round_trip_ms(network.fibre_km(hubs, cores))
    up_ms[hubs.index.to_numpy()[:, None] == cores.index.to_numpy()[None, :]] = 0.0
    core = up_ms.argmin(axis=1)
    return pd.DataFrame(
        {
            "parent_id": hubs.index[parent],
            "parent_ms": network.round_trip_ms(way_km.min(axis=1)),
            "core_id": cores.index[core][parent],
            "core_ms": up_ms.min(axis=1)[parent],
        },
        index=places.index,
    )


def _spurs(km: csr_array, near: csr_array) -> Floats:
    """Return the km from each place to the nearest cell it covers; 0 where it covers none."""
    entry = (km * near).tocoo()
    spur_km = np.full(near.shape[1], np.inf)
    np.minimum.at(spur_km, entry.col, entry.data - _METRE)
    return np.where(np.isinf(spur_km), 0.0, np.maximum(spur_km, 0.0))


def _mec(
    reach: _Reach, above: pd.DataFrame, share: csr_array, borne_kw: Floats, spur_km: Floats,
    chosen: Ints,
) -> tuple[EdgeSite, ...]:  # fmt: skip
    """Return the chosen places with what they bear and what is above them, the most first."""
    serves = (share > 0).astype(float)
    sums = serves.T @ reach.cells[["km", "km2"]].to_numpy(dtype=float)
    load_kw, cells = share.T @ borne_kw, serves.sum(axis=0)
    far_km = (reach.km * serves).max(axis=0).toarray().ravel() - _METRE
    found = [
        EdgeSite(
            site_id=str(reach.places.index[at]),
            **reach.places.iloc[at][[*_PLACE]],
            cells=int(cells[at]),
            serves_km=sums[at, 0],
            serves_km2=sums[at, 1],
            load_kw=load_kw[at],
            spur_km=spur_km[at],
            worst_ms=float(reach.trip_ms(far_km[at])),
            **above.iloc[at].replace(np.inf, np.nan),
        )
        for at in chosen.tolist()
    ]
    return tuple(sorted(found, key=lambda one: (-one.load_kw, one.site_id)))


def _cells(
    drawn: pd.DataFrame, reach: _Reach, above: pd.DataFrame, near: csr_array, share: csr_array,
    borne_kw: Floats, chosen: Ints,
) -> tuple[EdgeCell, ...]:  # fmt: skip
    """Return every cell with its MEC sites, those that bear its load first, and what it lacks."""
    wanted = int(reach.assumed.sites_per_cell.value)
    is_chosen = np.zeros(len(reach.places), dtype=bool)
    is_chosen[chosen] = True
    ids, corridor_ids = reach.places.index.astype(str), drawn["corridor_id"].tolist()
    in_reach, parents_ms = _by_row(reach.km), above["parent_ms"].to_numpy()
    bearing, fitting = _by_row(share), np.diff(near.indptr)
    found = []
    # Rows of named tuples, whose types are the table's.
    cells: Iterable[Any] = reach.cells.itertuples(index=False)
    for row, cell in enumerate(cells):
        km, bears = in_reach[row], bearing[row]
        listed = sorted(
            (at for at in km if is_chosen[at]), key=lambda at: (-bears.get(at, 0.0), km[at])
        )[: max(wanted, len(bears))]
        unserved_kw = float(cell.load_kw - borne_kw[row])
        unserved_kw = unserved_kw if unserved_kw > _TINY else 0.0
        missing = max(wanted - len(listed), 0)
        why = ("", "")
        if missing or unserved_kw:
            unfit = km and not fitting[row]
            why = _why(reach, row, len(listed), parents_ms[[*km]].min() if unfit else None)
        far_km = max((km[at] - _METRE for at in bears), default=math.nan)
        found.append(
            EdgeCell(
                corridor_ids[cell.corridor], cell.lat_deg, cell.lon_deg, cell.km, cell.km2,
                cell.load_kw, unserved_kw, missing,
                site_ids=tuple(ids[at] for at in listed),
                shares=tuple(min(bears.get(at, 0.0), 1.0) for at in listed),
                distance_km=far_km,
                round_trip_ms=float(reach.trip_ms(far_km)),
                why_ja=why[0],
                why_en=why[1],
            )
        )  # fmt: skip
    return tuple(found)


def _by_row(array: csr_array) -> list[dict[int, float]]:
    """Return the entries of each row by column."""
    column, data, begin = (one.tolist() for one in (array.indices, array.data, array.indptr))
    return [
        dict(zip(column[low:high], data[low:high], strict=True))
        for low, high in itertools.pairwise(begin)
    ]


def _why(reach: _Reach, row: int, has: int, parent_ms: float | None) -> tuple[str, str]:
    """Say why a cell is not covered, or not wholly."""
    most_km, assumed = reach.most_km[row], reach.assumed
    if most_km < 0.0:
        least_ms, asked_ms = float(reach.trip_ms(0.0)), reach.cells["max_ms"].iloc[row]
        return (
            f"無線区間と装置だけで{least_ms:g} ms（上限{asked_ms:g} ms）",
            f"radio link and equipment alone take {least_ms:g} ms of {asked_ms:g} ms",
        )
    if parent_ms is not None:
        limit = f"{assumed.parent_max_ms.value:g} ms"
        least = "–" if math.isinf(parent_ms) else f"{parent_ms:.1f} ms"
        known = "no way is known" if math.isinf(parent_ms) else f"the least is {least}"
        return (
            f"届く候補地から{limit}以内に計画の拠点がない（最短{least}）",
            f"no hub of the plan within {limit} of the places in reach ({known})",
        )
    if has:
        wanted = int(assumed.sites_per_cell.value)
        if has < wanted:
            return (f"届くMECは{has}か所（必要{wanted}）", f"{has} of {wanted} MEC sites in reach")
        cap = f"{assumed.mec_load_kw.value:g} kW"
        return (
            f"届くMECの上限{cap}を超える負荷",
            f"more load than places in reach bear ({cap} each)",
        )
    place, away_km = reach.places.iloc[reach.closest[row]], reach.away_km[row]
    island = away_km <= most_km
    return (
        f"最寄りの候補地{place['name_ja']}まで{away_km:.1f} km"
        + ("、海を隔てる" if island else f"（届く距離{most_km:.1f} km）"),
        f"the nearest place, {place['name_en'] or place['name_ja']}, is {away_km:.1f} km away"
        + (" over the sea" if island else f" (reach {most_km:.1f} km)"),
    )


def _corridors(
    drawn: pd.DataFrame, reach: _Reach, told: tuple[EdgeCell, ...]
) -> tuple[EdgeCorridor, ...]:
    """Return the corridors with the sums of their cells."""
    covered = [one.missing == 0 and not one.unserved_kw for one in told]
    cells = reach.cells.assign(reach_km=np.maximum(reach.most_km, 0.0), covered_share=covered)
    its = cells.groupby("corridor").agg(
        max_ms=("max_ms", "first"), reach_km=("reach_km", "first"), length_km=("km", "sum"),
        area_km2=("km2", "sum"), cells=("km", "size"), covered_share=("covered_share", "mean"),
        load_kw=("load_kw", "sum"),
    )  # fmt: skip
    names = [
        "corridor_id",
        "name_ja",
        "name_en",
        "kind",
        "lines",
        "stated_km",
        "basis_ja",
        "basis_en",
    ]
    rows: list[dict[str, Any]] = drawn[names].join(its).to_dict("records")  # type: ignore[assignment]
    return tuple(EdgeCorridor(**row) for row in rows)


def _above(mec: tuple[EdgeSite, ...], hubs: pd.DataFrame) -> tuple[EdgeHub, ...]:
    """Return the parents and the cores above them, those with the most MEC load first."""
    load_mw, sites = dict.fromkeys(hubs.index, 0.0), dict.fromkeys(hubs.index, 0)
    for one in mec:
        load_mw[one.parent_id] += one.load_kw / 1000.0
        sites[one.parent_id] += 1
    named = {one.parent_id for one in mec} | {one.core_id for one in mec}
    found = [
        EdgeHub.of(at, row, mec_sites=sites[at], mec_load_mw=load_mw[at])
        for at, row in hubs.iterrows()
        if at in named
    ]
    return tuple(sorted(found, key=lambda one: (-one.mec_load_mw, one.site_id)))


def _said(assumed: EdgeAssumptions) -> tuple[EdgeValue, ...]:
    plain = (value for name, value in assumed if name != "kinds")
    kinds = (
        EdgeValue(
            one.name_ja,
            one.name_en,
            f"{one.max_ms:g} ms, {one.load_kw_per_km:g} kW/km, {one.load_kw_per_km2:g} kW/km2",
            one.why,
        )
        for _, one in assumed.kinds
    )
    values = (EdgeValue(v.name_ja, v.name_en, f"{v.value:g} {v.unit}", v.why) for v in plain)
    return (*values, *kinds)


def check_edge(found: Edge, reach: _Reach, fits: NDArray[np.bool_], hubs: pd.DataFrame) -> None:
    """Hold an answer to what was asked, with distances and ways found anew.

    Raises
    ------
    CheckError
        If a cell is said to be covered and is not, or the other way round, a site bears too much,
        or a parent is not the nearest hub within its limit.
    """
    places, assumed, own = reach.places, reach.assumed, reach.network.parameters
    wanted, cap_kw = int(assumed.sites_per_cell.value), assumed.mec_load_kw.value
    chosen = {one.site_id: one for one in found.mec}
    load_kw = dict.fromkeys(chosen, 0.0)
    lat, lon, body = (places[name].to_numpy() for name in ("lat_deg", "lon_deg", "landmass_id"))
    names = places.index.astype(str).to_numpy()
    at = {str(name): row for row, name in enumerate(names)}

    def hold(right: bool, what: str) -> None:
        if not right:
            raise CheckError(f"edge: {what}; this is a bug in dcsite, nothing was written")

    for row, cell in enumerate(found.cells):
        # Of what is covered the places named are enough to know; of what is not, all places are.
        asked = np.arange(len(places)) if cell.missing else np.array([at[n] for n in cell.site_ids])
        km = geodesic_km(cell.lat_deg, cell.lon_deg, lat[asked], lon[asked])
        fibre_km = km * own.tail_route_factor * own.fibre_per_route_km
        # On the very edge of reach either is right.
        slack = -1.0 if cell.missing else 1.0
        there = fibre_km <= assumed.access_fibre_km.value + slack * _SLACK_KM
        ms = reach.trip_ms(km) <= reach.cells["max_ms"].iloc[row] + slack * _SLACK_KM
        usable = {str(name) for name in names[asked[there & ms & fits[asked]]]
                  if body[at[str(name)]] == reach.body[row]}  # fmt: skip
        if cell.missing:
            hold(usable <= set(cell.site_ids), f"cell {row} lacks a MEC site it could have")
        else:
            hold(set(cell.site_ids) <= usable, f"cell {row} is out of reach of {cell.site_ids}")
        hold(cell.missing == max(wanted - len(cell.site_ids), 0), f"cell {row} is miscounted")
        hold(set(cell.site_ids) <= set(chosen), f"cell {row} has a site that was not chosen")
        for name, share in zip(cell.site_ids, cell.shares, strict=True):
            load_kw[name] += share * (cell.load_kw - cell.unserved_kw)
        whole = 1.0 if cell.site_ids else 0.0
        hold(
            abs(sum(cell.shares) - whole) < 1e-4, f"cell {row} has {cell.shares} of its load borne"
        )
    for name, one in chosen.items():
        fine = abs(load_kw[name] - one.load_kw) < 1e-2 and load_kw[name] <= cap_kw * (1.0 + 1e-4)
        hold(fine, f"{name} bears {load_kw[name]:g} kW")
    if not chosen:
        return
    ways = fibre_km_between(reach.network, places.loc[[*chosen]], hubs)
    for ms, one in zip(reach.network.round_trip_ms(ways), found.mec, strict=True):
        least = float(ms.min())
        fine = abs(least - one.parent_ms) < _TINY and least <= assumed.parent_max_ms.value + _TINY
        hold(fine, f"{one.site_id} is {least:g} ms from its parent, not {one.parent_ms:g}")
