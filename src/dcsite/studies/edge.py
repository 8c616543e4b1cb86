"""MEC sites (Multi-access Edge Computing) along corridors and areas: the fewest that cover them.

The strategy asks for MEC near where data arise (F8), for data centres at regional level that
integrate what they process (F9), and for lines and areas rather than points (N11). Each cell of a
corridor must be within reach of a MEC site: by round trip (radio link, fibre along the route factor
of the plan's network, equipment) and by km of fibre. Each MEC site is parented by the hub of the
plan with the shortest round trip over the network, and that by a core.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
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
from .edge_cover import find_cover

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

#: Arithmetic; cells are told to six decimals of a degree, a decimetre.
_TINY, _SLACK_KM = 1e-6, 1e-3
_AT = ["lat_deg", "lon_deg"]
_PLACE = ["name_ja", "name_en", "prefecture_ja", *_AT]
_HUB = ["name_ja", "name_en", "tier", *_AT, "it_load_mw"]


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
    missing: int
    """MEC sites within reach that it lacks."""
    site_ids: tuple[str, ...]
    """MEC sites, the nearest first: it bears the load, the others are spares."""
    distance_km: UnknownKm
    """Straight km to the nearest; null where there is none."""
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
    """Cells whose load it bears: those it is the nearest to."""
    serves_km: Km
    """Km of line in them."""
    serves_km2: Km
    """Km2 of area in them."""
    load_kw: Points
    """IT load it bears."""
    units: int
    """Units of `mec_load_kw` that this needs; 0 for a site that only stands by as a spare."""
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
    """Cells of a corridor that are not covered: how many, and the first of them."""

    corridor: EdgeCorridor
    cells: int
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
        """What is not covered, by corridor, the most cells first."""
        short: dict[str, list[EdgeCell]] = {}
        for one in self.shortages:
            short.setdefault(one.corridor_id, []).append(one)
        named = {one.corridor_id: one for one in self.corridors}
        found = (Lacking(named[its], len(some), some[0]) for its, some in short.items())
        return tuple(sorted(found, key=lambda one: -one.cells))

    @property
    def shortages(self) -> tuple[EdgeCell, ...]:
        """Cells that lack a MEC site, in their order."""
        return tuple(one for one in self.cells if one.missing)


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
        cells = on_land(cells_of(drawn, assumed), atlas)
        places = _candidates(atlas, scenario, candidates, own_only=own_only)
        on_stage("build")
        reach = _Reach(cells, places, network_of(atlas, scenario.network), assumed)
        hubs, cores = _hubs(plan, atlas)
        above = _parents(reach, hubs, cores)
    fits = (above["parent_ms"] <= assumed.parent_max_ms.value).to_numpy()
    near = reach.pairs[fits[reach.pairs["place"]]]
    spur_km = near.groupby("place")["km"].min()
    on_stage("solve")
    wanted = int(assumed.sites_per_cell.value)
    cover = find_cover(near, wanted, spur_km, options or SolveOptions("highs"), on_progress)
    on_stage("check")
    served = near[near["place"].isin(cover.chosen)]
    served = served[served.groupby("cell").cumcount() < wanted]
    told = _cells(drawn, reach, above, near, served)
    mec = _mec(reach, above, served, spur_km, cover.chosen)
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
        candidates_without_parent=int((~fits[reach.pairs["place"].unique()]).sum()),
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


def _fibre_km(straight_km: Any, network: Network) -> Any:
    """Return the fibre along a straight line, as the plan's network has it for tails."""
    own = network.parameters
    return straight_km * own.tail_route_factor * own.fibre_per_route_km


def reach_km(max_ms: Any, network: Network, assumed: EdgeAssumptions) -> Floats:
    """Return how far a MEC site may be, straight; below 0 where no distance is short enough."""
    none_ms, km_ms = network.round_trip_ms(_fibre_km(np.array([0.0, 1.0]), network))
    by_time_km = (max_ms - 2.0 * assumed.radio_one_way_ms.value - none_ms) / (km_ms - none_ms)
    by_fibre_km = assumed.access_fibre_km.value / _fibre_km(1.0, network)
    return np.asarray(np.minimum(by_time_km, by_fibre_km))


class _Reach:
    """Which places each cell reaches: `pairs` of a cell and a place by number, nearest first.

    Fibre runs on land: a cell on land reaches places on its own land body, one at sea (a bridge, a
    harbour, a drone over the water) those on the body of the nearest place.
    """

    def __init__(
        self, cells: pd.DataFrame, places: pd.DataFrame, network: Network, assumed: EdgeAssumptions
    ) -> None:
        self.places, self.network, self.assumed = places, network, assumed
        here, there = (frame[_AT].to_numpy(dtype=float).T for frame in (cells, places))
        closest, away_km = nearest(*here, *there)
        its_body, body = places["landmass_id"].to_numpy(), cells["landmass_id"].to_numpy()
        most_km = reach_km(cells["max_ms"].to_numpy(), network, assumed)
        #: With the nearest place to each, in reach or not, and how far it is.
        self.cells = cells.assign(
            most_km=most_km,
            closest=closest,
            away_km=away_km,
            landmass_id=np.where(body == NO_LANDMASS, its_body[closest], body),
        )
        # A chord is never longer than the geodesic over it: nothing within reach is left out.
        found = KDTree(to_ecef_km(*here)).sparse_distance_matrix(
            KDTree(to_ecef_km(*there)), max(most_km.max(), 0.0) + _TINY, output_type="ndarray"
        )
        cell, place = found["i"].astype(np.int64), found["j"].astype(np.int64)
        km = geodesic_km(*here[:, cell], *there[:, place])
        kept = (km <= most_km[cell]) & (
            self.cells["landmass_id"].to_numpy()[cell] == its_body[place]
        )
        pairs = pd.DataFrame({"cell": cell, "place": place, "km": km})[kept]
        self.pairs = pairs.sort_values(["cell", "km", "place"], ignore_index=True)

    def trip_ms(self, km: Any) -> Floats:
        """Return round trips over straight km, the radio link there and back included."""
        radio_ms = 2.0 * self.assumed.radio_one_way_ms.value
        return np.asarray(self.network.round_trip_ms(_fibre_km(km, self.network)) + radio_ms)


def _hubs(plan: Plan, atlas: Atlas) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the plan's hubs, and all cores: the plan's, Tokyo and Osaka."""
    rows = {hub.site_id: [getattr(hub, name) for name in _HUB] for hub in plan.hubs}
    hubs = on_land(pd.DataFrame.from_dict(rows, orient="index", columns=_HUB), atlas)
    today = on_land(atlas.existing_cores().assign(tier="core", it_load_mw=0.0), atlas)
    return hubs, pd.concat([hubs[hubs["tier"] == "core"], today[[*hubs.columns]]])


def _parents(reach: _Reach, hubs: pd.DataFrame, cores: pd.DataFrame) -> pd.DataFrame:
    """Return each place's parent hub and core, with the round trips; infinite out of reach."""
    index, network = reach.places.index, reach.network
    if hubs.empty:
        none = {"parent_id": "", "parent_ms": np.inf, "core_id": "", "core_ms": np.inf}
        return pd.DataFrame(none, index=index)
    way_km, asked = np.full((len(index), len(hubs)), np.inf), reach.pairs["place"].unique()
    if len(asked):
        way_km[asked] = network.fibre_km(reach.places.iloc[asked], hubs)
    parent = way_km.argmin(axis=1)
    up_ms = network.round_trip_ms(network.fibre_km(hubs, cores))
    up_ms[hubs.index.to_numpy()[:, None] == cores.index.to_numpy()[None, :]] = 0.0
    return pd.DataFrame(
        {
            "parent_id": hubs.index[parent],
            "parent_ms": network.round_trip_ms(way_km.min(axis=1)),
            "core_id": cores.index[up_ms.argmin(axis=1)][parent],
            "core_ms": up_ms.min(axis=1)[parent],
        },
        index=index,
    )


def _mec(
    reach: _Reach, above: pd.DataFrame, served: pd.DataFrame, spur_km: pd.Series[float],
    chosen: NDArray[np.int64],
) -> tuple[EdgeSite, ...]:  # fmt: skip
    """Return the chosen places with what they bear and what is above them, the most first."""
    first = served.drop_duplicates("cell").join(
        reach.cells[["km", "km2", "load_kw"]].add_prefix("cell_"), on="cell"
    )
    sums = first.groupby("place").agg(
        cells=("cell", "size"), serves_km=("cell_km", "sum"), serves_km2=("cell_km2", "sum"),
        load_kw=("cell_load_kw", "sum"), worst_km=("km", "max"),
    ).reindex(chosen, fill_value=0)  # fmt: skip
    unit_kw = reach.assumed.mec_load_kw.value
    rows = sums.assign(
        site_id=reach.places.index[chosen].astype(str),
        units=np.ceil(sums["load_kw"] / unit_kw - _TINY).astype(int),
        spur_km=spur_km[chosen],
        worst_ms=reach.trip_ms(sums["worst_km"].to_numpy(dtype=float)),
    ).drop(columns="worst_km")
    beside = reach.places[_PLACE].join(above.replace(np.inf, np.nan)).iloc[chosen]
    rows = rows.join(beside.set_axis(rows.index))
    listed: list[dict[str, Any]] = rows.to_dict("records")  # type: ignore[assignment]
    found = (EdgeSite(**row) for row in listed)
    return tuple(sorted(found, key=lambda one: (-one.load_kw, one.site_id)))


def _cells(
    drawn: pd.DataFrame, reach: _Reach, above: pd.DataFrame, near: pd.DataFrame,
    served: pd.DataFrame,
) -> tuple[EdgeCell, ...]:  # fmt: skip
    """Return every cell with its MEC sites, the nearest first, and what it lacks."""
    wanted = int(reach.assumed.sites_per_cell.value)
    own = served.assign(id=reach.places.index[served["place"]].astype(str)).groupby("cell")
    ids, nearest_km = own["id"].agg(tuple).to_dict(), own["km"].first()
    # Of a cell that reaches places without a hub near enough, the least round trip to one.
    unfit = reach.pairs[~reach.pairs["cell"].isin(near["cell"])]
    parent_ms = above["parent_ms"].iloc[unfit["place"]].groupby(unfit["cell"].to_numpy()).min()
    corridor_ids = drawn["corridor_id"].tolist()
    found = []
    # Rows of named tuples, whose types are the table's.
    cells: Iterable[Any] = reach.cells.itertuples(index=False)
    for row, cell in enumerate(cells):
        site_ids = ids.get(row, ())
        missing, km = wanted - len(site_ids), float(nearest_km.get(row, math.nan))
        why = _why(reach, cell, len(site_ids), parent_ms.get(row)) if missing else ("", "")
        found.append(
            EdgeCell(
                corridor_ids[cell.corridor], cell.lat_deg, cell.lon_deg, cell.km, cell.km2,
                cell.load_kw, missing, site_ids, km, float(reach.trip_ms(km)), *why,
            )
        )  # fmt: skip
    return tuple(found)


def _why(reach: _Reach, cell: Any, has: int, parent_ms: float | None) -> tuple[str, str]:
    """Say why a cell is not covered, or not wholly."""
    assumed = reach.assumed
    if cell.most_km < 0.0:
        least_ms = float(reach.trip_ms(0.0))
        return (
            f"無線区間と装置だけで{least_ms:g} ms（上限{cell.max_ms:g} ms）",
            f"radio link and equipment alone take {least_ms:g} ms of {cell.max_ms:g} ms",
        )
    if parent_ms is not None:
        limit = f"{assumed.parent_max_ms.value:g} ms"
        unknown = math.isinf(parent_ms)
        least = "–" if unknown else f"{parent_ms:.1f} ms"
        known = "no way is known" if unknown else f"the least is {least}"
        return (
            f"届く候補地から{limit}以内に計画の拠点がない（最短{least}）",
            f"no hub of the plan within {limit} of the places in reach ({known})",
        )
    if has:
        wanted = int(assumed.sites_per_cell.value)
        return (f"届くMECは{has}か所（必要{wanted}）", f"{has} of {wanted} MEC sites in reach")
    place, away = reach.places.iloc[cell.closest], f"{cell.away_km:.1f} km"
    over_sea = cell.away_km <= cell.most_km
    return (
        f"最寄りの候補地{place['name_ja']}まで{away}"
        + ("、海を隔てる" if over_sea else f"（届く距離{cell.most_km:.1f} km）"),
        f"the nearest place, {place['name_en'] or place['name_ja']}, is {away} away"
        + (" over the sea" if over_sea else f" (reach {cell.most_km:.1f} km)"),
    )


def _corridors(
    drawn: pd.DataFrame, reach: _Reach, told: tuple[EdgeCell, ...]
) -> tuple[EdgeCorridor, ...]:
    """Return the corridors with the sums of their cells."""
    covered = [not one.missing for one in told]
    cells = reach.cells.assign(reach_km=reach.cells["most_km"].clip(lower=0.0), covered=covered)
    its = cells.groupby("corridor").agg(
        max_ms=("max_ms", "first"), reach_km=("reach_km", "first"), length_km=("km", "sum"),
        area_km2=("km2", "sum"), cells=("km", "size"), covered_share=("covered", "mean"),
        load_kw=("load_kw", "sum"),
    )  # fmt: skip
    names = ["corridor_id", "name_ja", "name_en", "kind", "lines", "stated_km", "basis_ja",
             "basis_en"]  # fmt: skip
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
        If a cell is said to be covered and is not, or the other way round, loads do not add up, or
        a parent is not the nearest hub within its limit.
    """
    assumed, chosen = reach.assumed, [one.site_id for one in found.mec]
    wanted = int(assumed.sites_per_cell.value)
    places = reach.places.set_axis(reach.places.index.astype(str))[fits]

    def hold(right: bool, what: str) -> None:
        if not right:
            raise CheckError(f"edge: {what}; this is a bug in dcsite, nothing was written")

    for row, cell in enumerate(found.cells):
        # Of what is covered the places named are enough to know; of what is not, all places are.
        named = [*cell.site_ids]
        asked = places if cell.missing else places[places.index.isin(named)]
        km = geodesic_km(cell.lat_deg, cell.lon_deg, asked["lat_deg"], asked["lon_deg"])
        # On the very edge of reach either is right.
        slack = -_SLACK_KM if cell.missing else _SLACK_KM
        own = reach.cells.iloc[row]
        usable = asked.index[
            (_fibre_km(km, reach.network) <= assumed.access_fibre_km.value + slack)
            & (reach.trip_ms(km) <= own["max_ms"] + slack)
            & (asked["landmass_id"] == own["landmass_id"])
        ]
        if cell.missing:
            hold({*usable} <= {*named}, f"cell {row} lacks a MEC site it could have")
        else:
            hold({*usable} == {*named}, f"cell {row} is out of reach of {named}")
        hold(cell.missing == wanted - len(named), f"cell {row} is miscounted")
        hold({*named} <= {*chosen}, f"cell {row} has a site that was not chosen")
    first = pd.Series([one.site_ids[0] if one.site_ids else "" for one in found.cells])
    load_kw = reach.cells["load_kw"].groupby(first.to_numpy()).sum()
    for one in found.mec:
        borne_kw = float(load_kw.get(one.site_id, 0.0))
        hold(abs(borne_kw - one.load_kw) < _SLACK_KM, f"{one.site_id} bears {borne_kw:g} kW")
    if not chosen:
        return
    ways = fibre_km_between(reach.network, places.loc[chosen], hubs)
    for ms, one in zip(reach.network.round_trip_ms(ways), found.mec, strict=True):
        least = float(ms.min())
        fine = abs(least - one.parent_ms) < _TINY and least <= assumed.parent_max_ms.value + _TINY
        hold(fine, f"{one.site_id} is {least:g} ms from its parent, not {one.parent_ms:g}")
