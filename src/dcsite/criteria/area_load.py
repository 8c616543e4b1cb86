"""Load on place and area: what the hubs take of the electricity that is used there today.

A hub takes ``it_load_mw * PUE of its site * load_factor * 8,760 h`` a year. It is held against what
its municipality, everything within a radius and its electricity area use now. The rule of the
place looks at the radius: a grid serves a district of several municipalities, so that Ishikari
stands in Sapporo's and Goshogawara in Aomori's and Hirosaki's, and a rule by municipality would
tell them from one another by where a boundary was drawn. The municipality's own figure is shown
beside it. The rule of the area holds the hubs' energy against the area's, and their load at the
grid against its peak. Applications of others that wait for a connection are shown where they are
known and enter no rule: they are over-booked, and these hubs may be among them. Data centres that
stand there today are part of the demand. Hubs nearer to each other than the radius each count all
of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.spatial import cKDTree

from dcsite.contract import (
    SLACK,
    TIERS,
    Admission,
    Bound,
    Criterion,
    Evaluation,
    Findings,
    Limit,
    Outlook,
    Program,
    Quantity,
    Rule,
    Step,
    about_mw,
    linear_score,
)
from dcsite.geo.geodesy import geodesic_km, to_ecef_km
from dcsite.scenario.schema import Positive, Section

from .cooling import pue, pue_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

_HOURS_PER_YEAR = 8760.0
#: A record of area demand covers half an hour where there are more than the hours of a year.
_HOURLY_RECORDS = 8784
_EARTH_RADIUS_KM = 6371.0088  # mean radius (IUGG)
_DEMAND = "solar_fit_by_municipality (METI, electricity demand of FY2022)"
_AREA = "area_annual_energy (latest year); Okinawa: the sum of its municipalities"

PLACE = Quantity(
    "demand_around_ratio",
    "ratio",
    "hub's yearly electricity over what is used around it today",
    "周辺の現在の電力需要に対する拠点の年間電力量の比",
    _DEMAND,
    short_en="local",
)
CITY = Quantity(
    "municipality_demand_ratio",
    "ratio",
    "hub's yearly electricity over what its municipality uses today",
    "所在市町村の現在の電力需要に対する拠点の年間電力量の比",
    _DEMAND,
)
AROUND = Quantity(
    "demand_around_gwh", "GWh/year", "electricity used around", "周辺の電力需要", _DEMAND
)
CITY_DEMAND = Quantity(
    "municipality_demand_gwh",
    "GWh/year",
    "electricity used in the municipality",
    "市町村の電力需要",
    _DEMAND,
)
BEARABLE = Quantity(
    "bearable_mw",
    "MW",
    "IT load that the electricity used around bears",
    "周辺の電力需要からみて許容されるIT負荷",
    _DEMAND,
)
PER_MW = Quantity(
    "energy_gwh_per_mw",
    "GWh/year",
    "electricity of 1 MW of IT load",
    "IT容量1 MWの年間電力量",
    "PUE of the site, load factor",
)
AREA_ENERGY = Quantity(
    "area_energy_share",
    "share",
    "hubs' energy over what the electricity area uses today",
    "エリアの現在の需要電力量に対する拠点の電力量",
    _AREA,
)
AREA_PEAK = Quantity(
    "area_peak_share",
    "share",
    "hubs' load at the grid over the area's peak",
    "エリアの最大需要に対する拠点の受電電力",
    "area_annual_energy (latest year)",
)
AREA_QUEUE = Quantity(
    "area_queue_share",
    "share",
    "hubs' load and all known applications for special high voltage over the area's peak",
    "エリアの最大需要に対する、拠点と特別高圧の申込みの合計",
    "area_annual_energy, data_centre_demand_outlook (applications, over-booked)",
)


class Parameters(Section):
    """Parameters of the load on place and area."""

    around_km: Annotated[float, Field(gt=0, le=200)]
    """Municipalities whose office lies within this distance are around a hub, in km."""
    max_around_ratio: Positive
    """Most of a hub's yearly electricity over what is used around it."""
    max_area_share: Annotated[float, Field(gt=0, le=1)]
    """Most of an area's yearly energy, and of its peak, that the hubs in it take."""


def area_demand(atlas: Atlas) -> pd.DataFrame:
    """Return what each area uses now: `energy_gwh` a year, `peak_mw` (NaN: not known), `period`.

    The latest row of `area_annual_energy`, brought from the hours it covers to a year. An area
    without a row has the sum of its municipalities, and no peak. Not to be changed.
    """
    return atlas.kept("demand by area", (), lambda: _area_demand(atlas))


def _area_demand(atlas: Atlas) -> pd.DataFrame:
    last = atlas.table("area_annual_energy").reset_index().groupby("area").tail(1)
    last = last.set_index("area").reindex(atlas.table("electricity_areas").index)
    records = last["n_records"].astype(float)
    hours = records.where(records <= _HOURLY_RECORDS, records / 2.0)
    places = atlas.table("solar_fit_by_municipality").groupby("area")["demand_gwh_fy2022"].sum()
    energy = last["demand_gwh"] * (_HOURS_PER_YEAR / hours)
    return pd.DataFrame(
        {
            "energy_gwh": energy.fillna(places),
            "peak_mw": last["peak_demand_mw"].astype(float),
            "period": last["period"].astype(object).fillna("FY2022"),
        }
    )


def applications(atlas: Atlas) -> pd.DataFrame:
    """Return the newest applications for special high voltage by area: `value` in MW, `as_of`."""
    outlook = atlas.table("data_centre_demand_outlook").reset_index()
    outlook = outlook[outlook["series"] == "special_high_voltage_applications"]
    newest = outlook.sort_values("as_of").groupby("area").tail(1)
    return newest.set_index("area")[["value", "as_of"]].astype({"value": float})


class AreaLoad(Criterion[Parameters]):
    """The criterion of load on place and area; see the module's text."""

    name = "area_load"
    rank = 55
    title_en = "Load on place and area"
    title_ja = "地域・エリアの電力負荷"
    policy_lines = ("I14",)
    Parameters = Parameters
    quantity = PLACE
    quantities = (PLACE, CITY, AROUND, CITY_DEMAND, PER_MW, AREA_ENERGY, AREA_PEAK, AREA_QUEUE)
    facts = (PLACE,)
    rules = (
        Rule(
            "place_load",
            "no hub takes too much beside what is used around it today",
            "拠点の電力量が周辺の現在の需要に対して過大でない",
            "share",
            ("criteria.area_load.max_around_ratio", "criteria.area_load.around_km"),
            per="per unit of the total load at the grid beyond the limit",
            gives_way=(Step("criteria.area_load.max_around_ratio", 10.0, by=0.1),),
        ),
        Rule(
            "area_load",
            "no electricity area's energy or peak is taken up by hubs beyond a share",
            "エリアの電力量・最大需要に占める拠点の割合が上限以下",
            "share",
            ("criteria.area_load.max_area_share",),
            ("I14",),
            per="per unit of the total load at the grid beyond the limit",
            gives_way=(Step("criteria.area_load.max_area_share", 1.0, by=0.01),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure what is used in the municipality and around, and what 1 MW would take.

        A site's own municipality is around it, however far its office.
        """
        radius_km = self.own(scenario).around_km
        places = atlas.table("municipalities")
        demand = atlas.table("solar_fit_by_municipality")["demand_gwh_fy2022"].reindex(places.index)
        own = sites["municipality_code"].map(demand).to_numpy(dtype=float)
        tree = cKDTree(to_ecef_km(places["office_lat_deg"], places["office_lon_deg"]))
        chord_km = 2.0 * _EARTH_RADIUS_KM * math.sin(radius_km / (2.0 * _EARTH_RADIUS_KM))
        near = tree.query_ball_point(to_ecef_km(sites["lat_deg"], sites["lon_deg"]), chord_km)
        energy = demand.fillna(0.0).to_numpy()
        at = places.index.get_indexer(sites["municipality_code"])
        far = np.array([here not in members for here, members in zip(at, near, strict=True)])
        around = np.array([energy[members].sum() for members in near])
        return pd.DataFrame(
            {
                AROUND.name: around + np.where(far, np.nan_to_num(own), 0.0),
                CITY_DEMAND.name: own,
                PER_MW.name: pue(sites, atlas, scenario) * _gwh_per_grid_mw(scenario),
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the IT load a place takes within its limit, from none to the largest core's."""
        bearable = self._bearable_mw(sites, scenario)
        score = linear_score(bearable, 0.0, scenario.tiers["core"].it_load_mw.max)
        return pd.Series(score, index=sites.index, name=self.name)

    def _bearable_mw(self, sites: pd.DataFrame, scenario: Scenario) -> NDArray[np.float64]:
        """Return the IT load that stays within the limit of the place, in MW."""
        around = sites[AROUND.name] * self.own(scenario).max_around_ratio
        return (around / sites[PER_MW.name]).to_numpy(dtype=float)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Leave out where a tier's least load is beyond the limit of the place."""
        bearable_mw = self._bearable_mw(sites, scenario)
        over_mw = _least_mw(scenario) - bearable_mw[:, None]
        return (
            Admission(
                "place_load",
                np.maximum(over_mw, 0.0) * _grid_share(sites, scenario)[:, None],
                "too little electricity is used around for the tier's least IT load",
                limits=(Limit(BEARABLE, bearable_mw, _least_mw(scenario)[0], least=True),),
            ),
        )

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Bound the largest share of an area from below: all areas filled to it carry the load."""
        demand = area_demand(outlook.atlas)
        at_full = _full_mw(demand, outlook.scenario)
        grid = outlook.sites[PER_MW.name].to_numpy(dtype=float) / _gwh_per_grid_mw(outlook.scenario)
        here: NDArray[np.bool_] = outlook.most_mw.max(axis=1) > 0.0
        most = pd.Series(outlook.most_mw.max(axis=1) * grid)
        most_mw = most.groupby(outlook.sites["area"].to_numpy()).sum().reindex(at_full.index)
        if not here.any():
            return ()
        wanted_mw = outlook.least_load_mw(here) * float(grid[here].min())
        if not 0.0 < wanted_mw <= most_mw.sum():
            return ()
        # Filled area by area, the load carried is piecewise linear in the share.
        ends = np.sort((most_mw / at_full).dropna().to_numpy())
        carried = [float(np.minimum(most_mw, end * at_full).sum()) for end in ends]
        share = float(np.interp(wanted_mw, [0.0, *carried], [0.0, *ends]))
        key = "criteria.area_load.max_area_share"
        reason = f"spread as evenly as can be, the hubs take {share:.1%} of an area's demand"
        asked = self.own(outlook.scenario).max_area_share
        return (Bound(AREA_ENERGY.in_plan, "at_least", share, asked, key, ("area_load",), reason),)

    def constrain(self, program: Program) -> None:
        """Hold loads within the place's limit and the area's.

        All in shares of the total load at the grid. For a site whose tier's least load is within
        the limit and whose largest is not, ``sum(load) - limit * open <= over``; where already the
        least is beyond it, which its admission counts, whatever is added counts too. For an area,
        ``sum(load at the grid) <= limit``, the lesser of those by energy and by peak.
        """
        scenario, sites = program.scenario, program.sites
        grid = np.repeat(_grid_share(sites, scenario)[:, None], len(TIERS), axis=1)
        bearable = self._bearable_mw(sites, scenario)[:, None]
        least = _least_mw(scenario)
        most = np.array([scenario.tiers[tier].it_load_mw.max for tier in TIERS])[None, :]
        if program.mode("land") == "hard":
            most = np.minimum(most, sites["max_it_load_mw"].to_numpy(dtype=float)[:, None])
        beyond = program.load_terms(np.where(bearable <= least, grid, 0.0))
        above = program.open_terms(np.where(bearable <= least, -grid * least, 0.0))
        if program.mode("place_load") == "soft":
            for variable, share in _summed(beyond, above):
                program.violate("place_load", variable, share)
        between = (least < bearable) & (bearable < most)
        for site in np.flatnonzero(between.any(axis=1)):
            here = np.zeros_like(between)
            here[site] = between[site]
            load = program.load_terms(np.where(here, grid, 0.0))
            free = program.open_terms(np.where(here, -grid * bearable, 0.0))
            if load:
                program.row(
                    f"place_load_{site}", _summed(load, free), "<=", 0.0,
                    rule="place_load",
                )  # fmt: skip
        at_full = _full_mw(area_demand(program.atlas), scenario) / _total_grid_mw(scenario)
        for area, limit in (at_full * self.own(scenario).max_area_share).items():
            inside = (sites["area"] == area).to_numpy()[:, None]
            terms = program.load_terms(np.where(inside, grid, 0.0))
            if terms:
                program.row(f"area_load_{area}", terms, "<=", float(limit), rule="area_load")

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Add up demand around each hub by geodesics, and loads by area, from the tables."""
        own = self.own(scenario)
        found = Findings(self.name, hubs, scenario)
        pue = np.array([pue_at(hub, atlas, scenario) for _, hub in hubs.iterrows()], dtype=float)
        grid_mw = found.load_mw * pue
        energy_gwh = grid_mw * scenario.demand.load_factor * _HOURS_PER_YEAR / 1000.0
        there = [_demand_gwh(hub, own.around_km, atlas) for _, hub in hubs.iterrows()]
        city, around = np.array(there, dtype=float).reshape(-1, 2).T
        with np.errstate(divide="ignore", invalid="ignore"):
            city_ratio, ratio = energy_gwh / city, energy_gwh / around
            bearable = found.load_mw * own.max_around_ratio / ratio
        note = (f"within {own.around_km:g} km", f"{own.around_km:g} km圏")
        place = PLACE.noted(*note)
        score = linear_score(bearable, 0.0, scenario.tiers["core"].it_load_mw.max)
        found.mean(place, ratio, score).each(place, ratio, score).each(CITY, city_ratio)
        found.each(AROUND.noted(*note), around).each(CITY_DEMAND, city)
        for number in np.flatnonzero(ratio > own.max_around_ratio).tolist():
            over_mw = float(grid_mw[number]) * (1.0 - own.max_around_ratio / ratio[number])
            (en, ja), times = found.place(number), f"{ratio[number]:.2f}"
            _too_much(
                found, "place_load", over_mw, [hubs.index[number]],
                f"{en}: takes {times} times what is used {note[0]} today (limit "
                f"{own.max_around_ratio:g})",
                f"{ja}：{note[1]}の現在の需要の{times}倍（上限{own.max_around_ratio:g}）",
            )  # fmt: skip
        self._areas(found, grid_mw, energy_gwh, atlas, scenario)
        self._added(found, pue, atlas)
        return found.done()

    def _added(self, found: Findings, pue: NDArray[np.float64], atlas: Atlas) -> None:
        """Tell what each area and prefecture is given, and what is known of it today."""
        waits, areas = applications(atlas), atlas.table("electricity_areas")
        for now in area_demand(atlas).itertuples():
            area = str(now.Index)
            told = waits.loc[area] if area in waits.index else None
            is_known = math.isfinite(float(now.peak_mw))  # type: ignore[arg-type]  # a column of floats
            what = ("demand", "需要") if not is_known else ("demand, peak", "需要・最大需要")
            dated = ("", "") if told is None else (
                f"; applications: {told['as_of']}", f"、申込み：{told['as_of']}時点"
            )  # fmt: skip
            found.load_on(
                "area", area, (str(areas["name_ja"][area]), str(areas["name_en"][area])),
                found.hubs["area"] == area, pue,
                demand_gwh=now.energy_gwh,
                peak_mw=now.peak_mw,
                applications_mw=math.nan if told is None else told["value"],
                max_share=self.own(found.scenario).max_area_share,
                known_en=f"{what[0]}: {now.period}{dated[0]}",
                known_ja=f"{what[1]}：{now.period}{dated[1]}",
            )  # fmt: skip
        if "prefecture_ja" not in found.hubs:  # what stands today is told by area alone
            return
        for code, row in atlas.table("prefectures").iterrows():
            found.load_on(
                "prefecture", str(code), (row["name_ja"], row["name_en"]),
                found.hubs["prefecture_ja"] == row["name_ja"], pue,
                demand_gwh=row["electricity_demand_gwh_fy2024"],
                special_high_voltage_gwh=row["electricity_special_high_voltage_gwh_fy2024"],
                known_en="demand: FY2024 (METI)", known_ja="需要：2024年度（経済産業省）",
            )  # fmt: skip

    def _areas(
        self,
        found: Findings,
        grid_mw: NDArray[np.float64],
        energy_gwh: NDArray[np.float64],
        atlas: Atlas,
        scenario: Scenario,
    ) -> None:
        """Hold the hubs' energy and load at the grid against each area that has any."""
        limit = self.own(scenario).max_area_share
        area = found.hubs["area"].to_numpy()
        now, names = area_demand(atlas), atlas.table("electricity_areas")
        load = pd.Series(grid_mw).groupby(area).sum()
        now = now.reindex(load.index)
        energy = pd.Series(energy_gwh).groupby(area).sum() / now["energy_gwh"]
        peak = load / now["peak_mw"]
        queue = (load + applications(atlas)["value"].reindex(load.index)) / now["peak_mw"]
        for quantity, share in ((AREA_ENERGY, energy), (AREA_PEAK, peak), (AREA_QUEUE, queue)):
            most = quantity
            if share.notna().any():
                worst = names.loc[str(share.idxmax())]
                most = quantity.noted(f"most: {worst['name_en']}", f"最大：{worst['name_ja']}")
            found.figure(most, float(share.max()))
        for one in map(str, load.index):
            shares = {("energy", "需要電力量"): energy[one], ("peak", "最大需要"): peak[one]}
            (of_en, of_ja), share = max(shares.items(), key=lambda term: np.nan_to_num(term[1]))
            if share > limit:
                name = names.loc[one]
                _too_much(
                    found, "area_load", float(load[one] * (1.0 - limit / share)),
                    found.hubs.index[area == one].tolist(),
                    f"{name['name_en']}: hubs take {share:.1%} of the area's {of_en} "
                    f"(limit {limit:.0%})",
                    f"{name['name_ja']}エリア：拠点が{of_ja}の{share:.1%}"
                    f"（上限{limit:.0%}）",
                )  # fmt: skip


def _too_much(
    found: Findings, rule: str, over_mw: float, sites: Sequence[object], en: str, ja: str
) -> None:
    """Take a breach by what hubs draw at the grid beyond a limit, beside what is asked in all."""
    amount = over_mw / (found.total_mw * found.scenario.demand.pue)
    if amount > SLACK:
        over_en, over_ja = about_mw(over_mw)
        en, ja = f"{en}, {over_en} at the grid too much", f"{ja}、受電電力で{over_ja}超過"
        found.breach(rule, amount, sites, en, ja)


def _gwh_per_grid_mw(scenario: Scenario) -> float:
    return scenario.demand.load_factor * _HOURS_PER_YEAR / 1000.0


def _total_grid_mw(scenario: Scenario) -> float:
    return scenario.total_new_it_load_mw * scenario.demand.pue


def _least_mw(scenario: Scenario) -> NDArray[np.float64]:
    return np.array([[scenario.tiers[tier].it_load_mw.min for tier in TIERS]])


def _grid_share(sites: pd.DataFrame, scenario: Scenario) -> NDArray[np.float64]:
    """Return what 1 MW of IT load is of the total load at the grid, at each site."""
    grid = sites[PER_MW.name].to_numpy(dtype=float) / _gwh_per_grid_mw(scenario)
    return np.asarray(grid / _total_grid_mw(scenario))


def _full_mw(demand: pd.DataFrame, scenario: Scenario) -> pd.Series[float]:
    """Return the load at the grid that would take all of an area's energy, or of its peak."""
    by_energy = demand["energy_gwh"] / _gwh_per_grid_mw(scenario)
    return pd.concat([by_energy, demand["peak_mw"]], axis=1).min(axis=1)


def _summed(*parts: Terms) -> Terms:
    """Add up terms of the same variable; what comes to nothing is left out."""
    total: dict[Any, float] = {}
    for variable, coefficient in (term for part in parts for term in part):
        total[variable] = total.get(variable, 0.0) + coefficient
    return [(variable, value) for variable, value in total.items() if abs(value) > 1e-15]


def _demand_gwh(hub: pd.Series[Any], around_km: float, atlas: Atlas) -> tuple[float, float]:
    """Return what is used in a hub's municipality (NaN: not known) and around it."""
    places = atlas.table("municipalities")
    demand = atlas.table("solar_fit_by_municipality")["demand_gwh_fy2022"]
    code = hub["municipality_code"]
    away_km = geodesic_km(
        hub["lat_deg"], hub["lon_deg"],
        places["office_lat_deg"].to_numpy(), places["office_lon_deg"].to_numpy(),
    )  # fmt: skip
    near = places.index[(away_km <= around_km) | (places.index == code)]
    return float(demand.get(code, math.nan)), float(demand.reindex(near).sum())


CRITERION = AreaLoad()
