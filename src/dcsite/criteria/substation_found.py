"""What a plan's hubs hang on, found anew from coordinates and tables by trying all points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from dcsite.contract import Evaluation, Findings, Link, Quantity, linear_score
from dcsite.geo.geodesy import all_km, geodesic_km
from dcsite.records import Figure, Km, Kv, Mw, Name
from dcsite.sites import NO_LANDMASS

from .cooling import pue_at
from .substation_points import THIN_KV, Parameters, points_of, residents_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Loads and capacities count as equal within this, in MW.
_HAIR_MW = 1e-6

_NAME = "substation"
#: What stands behind a distance that is not known.
_THIN = ("not known: mapping is thin here", "不明：この周辺の地図登録が少ない")
_NOT_KNOWN = ("接続点不明", "connection point not known")
_NO_POINT = ("接続点なし", "no connection point within reach")
_SOURCE = "substations (OpenStreetMap, ODbL)"
DISTANCE = Quantity(
    "substation_distance_km",
    "km",
    "distance to the nearest substation that bears the hub",
    "拠点の電力を賄える最寄り変電所までの距離",
    _SOURCE,
)
FITTING = replace(
    DISTANCE, en="distance to the nearest fitting substation", ja="最寄りの適合変電所までの距離"
)
VOLTAGE = Quantity(
    "substation_voltage_kv",
    "kV",
    "voltage of that substation",
    "その変電所の電圧",
    _SOURCE,
)
ROUTE = Quantity(
    "connection_route_km",
    "km",
    "length of the connection along a route, assumed",
    "接続線のルート長（想定）",
    _SOURCE,
)
GRID = Quantity(
    "connection_grid_mw",
    "MW",
    "power the hub can draw from the grid",
    "系統から受けうる電力",
    "IT load and reserve times PUE",
)
CAPACITY = Quantity(
    "connection_capacity_mw",
    "MW",
    "capacity of the connection point",
    "接続点の容量",
    "substation_transformers, demand_connection_zones, assumptions",
)
LEAD_TIME = Quantity(
    "connection_lead_time_years",
    "years",
    "time from contract to connection",
    "契約から接続までの期間",
    "demand_connection_zones",
)
STATED = Quantity(
    "stated_capacity_share",
    "share",
    "share of the new load at points whose capacity their operator or the user states",
    "容量が事業者または利用者により示された接続点の負荷割合",
)


class SubstationLink(Link):
    """The substation a hub connects to."""

    key: ClassVar[str] = "substation"
    end_en: ClassVar[str] = "Substation"
    end_ja: ClassVar[str] = "接続変電所"

    substation_id: Name
    """Id in the table substations."""
    voltage_kv: Kv
    """Highest voltage in kV."""
    route_km: Km | None = None
    """Length of the connection along a route, by the scenario's factor, in km."""
    grid_mw: Mw | None = None
    """What the hub can draw from the grid: IT load and reserve times its PUE, in MW."""
    capacity_mw: Mw | None = None
    """What the point bears at the grid, in MW."""
    capacity_known_en: str = ""
    """Who says so, or that it is assumed."""
    capacity_known_ja: str = ""
    """The same in Japanese."""
    lead_time_years: Figure | None = None
    """Years from contract to connection as published; null where it is not known."""
    point_from: str = ""
    """Who says that the point is there: OpenStreetMap, or the user's file."""

    @property
    def detail(self) -> str:
        """Its voltage."""
        return f"{self.voltage_kv:g} kV"

    @property
    def end_id(self) -> str:
        """Id of the substation."""
        return self.substation_id


def evaluate_connections(hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
    """Find each hub's point by trying all, what it bears, and where none is known."""
    own: Parameters = scenario.criteria["substation"]
    points = points_of(atlas, own)
    away_km = all_km(hubs, points)
    found = Findings(_NAME, hubs, scenario)
    least_kv, limit_km = found.of_tier(own.min_voltage_kv), found.of_tier(own.max_distance_km)
    sure = (points["connection"] == "any").to_numpy()[None, :]
    may_guess = hubs["tier"].isin(own.guessed_voltage).to_numpy()[:, None]
    fits = (
        (sure | may_guess)
        & (points["voltage_kv"].to_numpy()[None, :] >= least_kv[:, None])
        & (points["landmass_id"].to_numpy()[None, :] == hubs["landmass_id"].to_numpy()[:, None])
    )
    fitting_km = np.where(fits, away_km, np.inf)
    thin = np.flatnonzero(
        may_guess[:, 0]
        & (_residents_per_point(hubs, points, atlas, own) >= own.thin_residents_per_point)
    )
    assumed_km = np.full((len(hubs), len(thin)), np.inf)
    assumed_km[thin, np.arange(len(thin))] = np.minimum(own.unknown_distance_km, limit_km[thin])
    fitting_km = np.hstack([fitting_km, assumed_km])
    points = pd.concat([points, _unknown_points(least_kv[thin], own)])
    nearest_km = fitting_km.min(axis=1, initial=np.inf)
    reach_km = np.where(nearest_km <= limit_km, limit_km, np.inf)
    capacity = points["capacity_mw"].to_numpy()
    pue = np.array([pue_at(hub, atlas, scenario) for _, hub in hubs.iterrows()])
    grid_mw = (found.load_mw + found.reserve_mw) * pue
    fronts = [_front(km, capacity, limit) for km, limit in zip(fitting_km, reach_km, strict=True)]
    chosen = _hang(found, fronts, fitting_km, grid_mw, capacity, scenario)
    joined = chosen >= 0
    distance_km = np.array([fitting_km[n, p] if p >= 0 else np.inf for n, p in enumerate(chosen)])
    nowhere = points.reindex(["-"] * len(hubs))
    there = points.iloc[np.where(joined, chosen, 0)] if len(points) else nowhere
    score = _scores(distance_km, scenario)
    mapped = there["lat_deg"].notna().to_numpy() & joined
    distance_km[joined & ~mapped] = np.nan
    classes = [(f"{kv:g} kV or more", f"{kv:g} kV以上") for kv in least_kv]
    found.mean(DISTANCE, distance_km, score)
    notes = [_THIN if one else ("", "") for one in joined & ~mapped]
    found.each(DISTANCE, distance_km, score, notes)
    found.each(VOLTAGE, np.where(joined, there["voltage_kv"], np.inf), notes=notes)
    found.each(ROUTE, distance_km * own.route_factor, notes=notes).each(GRID, grid_mw)
    known = list(zip(there["known_en"], there["known_ja"], strict=True))
    found.each(CAPACITY, np.where(joined, there["capacity_mw"], np.inf), notes=known)
    stated = there["stated"].eq(True).to_numpy() & joined
    found.figure(STATED, float(found.load_mw[stated].sum()) / found.total_mw)
    lead = there["lead_time_years"].to_numpy(dtype=float)
    unknown = [("not known", "不明") if np.isnan(years) else ("", "") for years in lead]
    found.each(LEAD_TIME, lead, notes=unknown)
    found.beyond("substation_reach", FITTING, nearest_km, limit_km, classes)
    _added(found, points, chosen, pue)
    for number in np.flatnonzero(mapped).tolist():
        point = there.iloc[number]
        found.link(
            hubs.index[number],
            SubstationLink(
                name_ja=_text(point["name_ja"]),
                name_en=_text(point["name_en"]),
                distance_km=float(distance_km[number]),
                lat_deg=float(point["lat_deg"]),
                lon_deg=float(point["lon_deg"]),
                substation_id=str(there.index[number]),
                voltage_kv=float(point["voltage_kv"]),
                route_km=float(distance_km[number]) * own.route_factor,
                grid_mw=float(grid_mw[number]),
                capacity_mw=float(point["capacity_mw"]),
                capacity_known_en=point["known_en"],
                capacity_known_ja=point["known_ja"],
                lead_time_years=None if np.isnan(lead[number]) else float(lead[number]),
                point_from=point["source"],
            ),
        )
    unmapped = np.flatnonzero(joined & ~mapped).tolist()
    if not unmapped:
        return found.done()
    (en, ja), away = found.places(unmapped), f"{own.unknown_distance_km:g} km"
    note = (
        f"{len(unmapped)} hub(s) stand where mapping is thin ({en}): what they "
        f"connect to, and how far, is not known; scored as at {away} / "
        f"地図登録の少ない地域の拠点（{ja}）：接続先と距離は不明、{away}として採点"
    )
    return found.done(notes=(note,))


def _scores(km: NDArray[np.float64], scenario: Scenario) -> NDArray[np.float64]:
    own: Parameters = scenario.criteria[_NAME]
    return linear_score(km, own.score_zero_km, own.score_one_km)


def _residents_per_point(
    hubs: pd.DataFrame, points: pd.DataFrame, atlas: Atlas, own: Parameters
) -> NDArray[np.float64]:
    """Count residents and points around each hub on its land body, one hub after another."""
    towns, strong = residents_of(atlas), points[points["voltage_kv"] >= THIN_KV]
    ratio = np.zeros(len(hubs))
    for number, (_, hub) in enumerate(hubs.iterrows()):
        near = []
        for others in (towns, strong):
            here = others[others["landmass_id"] == hub["landmass_id"]]
            km = geodesic_km(hub["lat_deg"], hub["lon_deg"], here["lat_deg"], here["lon_deg"])
            near.append(here[km <= own.thin_within_km])
        if hub["landmass_id"] != NO_LANDMASS:
            ratio[number] = near[0]["population_2020"].sum() / max(len(near[1]), 1)
    return ratio


def _unknown_points(least_kv: NDArray[np.float64], own: Parameters) -> pd.DataFrame:
    """Stand in for what a thin map does not show: a point of the voltage that the tier asks for."""
    return pd.DataFrame(
        {
            "capacity_mw": own.class_capacity_mw.of(least_kv),
            "known_en": "point not known, assumed for the voltage asked for",
            "known_ja": "接続点不明、求める電圧からの想定",
        },
        index=[f"?{number}" for number in range(len(least_kv))],
    )


def _hang(
    found: Findings,
    fronts: Sequence[list[int]],
    km: NDArray[np.float64],
    grid_mw: NDArray[np.float64],
    capacity: NDArray[np.float64],
    scenario: Scenario,
) -> NDArray[np.int64]:
    """Choose each hub's point, -1 where it has none.

    That is the nearest of its front that bears it, else the strongest; the nearest whatever it
    bears where the rule is off. Hubs that overload a point together are chosen for jointly.
    """
    mode = scenario.rules["connection_capacity"]
    chosen = np.full(len(fronts), -1)
    for number, front in enumerate(fronts):
        if front:
            enough = [p for p in front if capacity[p] >= grid_mw[number] - _HAIR_MW]
            chosen[number] = front[0] if mode == "off" else (enough or front[-1:])[0]
    used = chosen[chosen >= 0]
    drawn = np.bincount(used, grid_mw[chosen >= 0], minlength=len(capacity))
    crowded = (np.bincount(used, minlength=len(capacity)) > 1) & (drawn > capacity + _HAIR_MW)
    if mode == "off" or not crowded.any():
        return chosen
    worth = [found.load_mw[n] * _scores(km[n, front], scenario) for n, front in enumerate(fronts)]
    weight = float(scenario.weights[_NAME])
    price = float(scenario.penalties["connection_capacity"]) if mode == "soft" else 1e3
    return _chosen_jointly(fronts, worth, grid_mw, capacity, max(weight, 1e-9), price)


def _added(
    found: Findings, points: pd.DataFrame, chosen: NDArray[np.int64], pue: NDArray[np.float64]
) -> None:
    """Tell what each point is given; take a breach where it bears less than its hubs draw."""
    grid_mw = (found.load_mw + found.reserve_mw) * pue
    for number in np.unique(chosen[chosen >= 0]):
        point, here = points.iloc[number], chosen == number
        is_mapped = bool(pd.notna(point["lat_deg"]))
        called = _text(point["name_ja"]), _text(point["name_en"])
        found.load_on(
            "connection",
            str(point.name) if is_mapped else "",
            (called[0] or "", called[1] or "") if is_mapped else _NOT_KNOWN,
            here,
            pue,
            capacity_mw=float(point["capacity_mw"]),
            voltage_kv=float(point["voltage_kv"]) if is_mapped else None,
            known_en=point["known_en"],
            known_ja=point["known_ja"],
        )
        drawn, bears = float(grid_mw[here].sum()), float(point["capacity_mw"])
        if drawn <= bears + _HAIR_MW:
            continue
        numbers = np.flatnonzero(here).tolist()
        names = [found.place(hub) for hub in numbers]
        en, ja = " and ".join(one for one, _ in names), "・".join(one for _, one in names)
        name = called[0] or called[1] or str(point.name)
        found.breach(
            "connection_capacity",
            (drawn - bears) / found.total_mw,
            [found.hubs.index[hub] for hub in numbers],
            f"{en}: {name} ({point['voltage_kv']:g} kV) bears {bears:,.0f} MW "
            f"({point['known_en']}), {drawn:,.0f} MW could be drawn",
            f"{ja}：{name}（{point['voltage_kv']:g} kV）の容量は{bears:,.0f} MW"
            f"（{point['known_ja']}）、受電は{drawn:,.0f} MW",
        )
    found.load_on("connection", "", _NO_POINT, chosen < 0, pue)


def _front(km: NDArray[np.float64], capacity: NDArray[np.float64], limit_km: float) -> list[int]:
    """List the points within a limit, the nearest first, that bear more than all nearer ones."""
    front: list[int] = []
    for point in np.lexsort((-capacity, km)).tolist():
        if not (np.isfinite(km[point]) and km[point] <= limit_km):
            break
        if not front or capacity[point] > capacity[front[-1]]:
            front.append(point)
    return front


def _chosen_jointly(
    fronts: Sequence[list[int]],
    worth: Sequence[NDArray[np.float64]],
    grid_mw: NDArray[np.float64],
    capacity: NDArray[np.float64],
    weight: float,
    price: float,
) -> NDArray[np.int64]:
    """Choose a point for each hub so that what they earn less what is overloaded is most.

    One binary for each hub and point of its front, one overload for each point, in MW.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    pairs = [
        (hub, rank)
        for hub, front in enumerate(fronts)
        for rank, point in enumerate(front)
        if capacity[point] >= grid_mw[hub] - _HAIR_MW or point == front[-1]
    ]
    points = sorted({point for front in fronts for point in front})
    gain = np.array([weight * worth[hub][rank] for hub, rank in pairs] + [-price] * len(points))
    one = np.zeros((len(fronts), len(gain)))
    bears = np.zeros((len(points), len(gain)))
    for number, (hub, rank) in enumerate(pairs):
        one[hub, number] = 1.0
        bears[points.index(fronts[hub][rank]), number] = grid_mw[hub]
    bears[np.arange(len(points)), len(pairs) + np.arange(len(points))] = -1.0
    any_point = np.array([float(bool(front)) for front in fronts])
    answer = milp(
        -gain,
        constraints=[
            LinearConstraint(one, any_point, any_point),
            LinearConstraint(bears, -np.inf, capacity[points]),
        ],
        integrality=np.arange(len(gain)) < len(pairs),
        bounds=Bounds(0.0, np.where(np.arange(len(gain)) < len(pairs), 1.0, np.inf)),
    )
    chosen = np.full(len(fronts), -1)
    for number, (hub, rank) in enumerate(pairs):
        if answer.x[number] > 0.5:
            chosen[hub] = fronts[hub][rank]
    return chosen


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
