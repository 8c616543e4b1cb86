"""New landings: a few opened, so that a core stands on more than one international cable.

The strategy wants landings dispersed (C5), several built (C10) and international routes multiplied
with the core hubs (F4). A core asks for a new route where the loss of any one system, or of any one
cluster of landings, leaves it fewer corridors than wanted. It asks for one landing: of those on
open coast of its own land body within reach of it one that leaves fewest corridors short by the
shortest new route, at sea and on land; of those as near one where a (domestic) cable lands already,
then the one with the smallest share of residents in tsunami zones. A plan opens a few of those
asked for.

A new landing is a spur from the coast of a municipality, outside the prefectures of the two crowded
clusters and away from today's landings, to a system that is young or still to come, at the system's
nearest landing in Japan: where a system lies at sea, and where a branch could be let in, is not
open data, so the spur is an upper bound. The new route falls with that system, with the cluster in
which the spur ends, and with the new landing itself. The coast is simplified to a kilometre
(:mod:`dcsite.network.sea`); depth, fishing and who would build are not known, and no cost of a
landing is stated: the 50 billion yen of C6 are for landings and buildings together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIERS,
    Admission,
    Criterion,
    Evaluation,
    Findings,
    Limit,
    Link,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
)
from dcsite.geo.geodesy import geodesic_km, nearest
from dcsite.network import (
    cable_systems,
    km_on_land,
    landings_in_force,
    on_land,
    open_sea,
    overland_km,
    reach_and_loss,
)
from dcsite.records import Km, Name, UnknownShare
from dcsite.scenario.schema import Positive, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

_SOURCE = "submarine_cables, cable_landing_stations, municipality_polygons"
_CORE = TIERS.index("core")
#: Farther than any way by sea.
_FAR_KM = 1e6
#: Ways by sea are known to some 6 %: no longer than this many times the shortest is as near.
_ALIKE = 1.06
_LISTED = 4
_AT_ONCE = 5_000
LEFT = Quantity(
    "corridors_left_with_landing",
    "",
    "international corridors left when any one cable or landing cluster is lost, with the best new "
    "landing",
    "海底ケーブル・陸揚地域のいずれか1つを失っても残る国際方面数（新陸揚局を含む）",
    _SOURCE,
)
TODAY = replace(
    LEFT,
    name="corridors_left",
    en="international corridors left when any one cable or landing cluster is lost",
    ja="海底ケーブル・陸揚地域のいずれか1つを失っても残る国際方面数",
)
SPUR = Quantity(
    "new_landing_spur_km",
    "km",
    "spur by sea from the new landing to the cable system it joins, at most",
    "新陸揚局から接続先ケーブルまでの海底区間（上限）",
    _SOURCE,
)
OPENED = Quantity(
    "new_landings",
    "landings",
    "new international landings that open for the cores",
    "中核拠点のために開設する国際陸揚局",
    _SOURCE,
)
ALL_SPURS = replace(SPUR, name="new_landing_spurs_km", en=f"{SPUR.en}, all", ja=f"{SPUR.ja}の合計")
KEPT = Quantity(
    "core_corridors_kept",
    "share",
    "share of the corridors wanted that today's cables leave to cores after any one loss, mean",
    "新設なしで1か所の喪失後も残る国際方面の割合（必要数に対する、中核拠点平均）",
    _SOURCE,
)


_Status = Literal["in_service", "under_construction", "planned"]


class Parameters(Section):
    """Parameters of the landings criterion."""

    min_corridors_left: Annotated[int, Field(ge=0, le=10)]
    """International corridors a core shall keep when any one system or landing cluster is lost."""
    reach_km: Positive
    """Farthest new landing a core may ask for, in km."""
    max_new: Annotated[int, Field(ge=0, le=47)]
    """New landings, at most."""
    earliest_year: Annotated[int, Field(ge=2000, le=2100)]
    """Year in which a landing decided on with the plan can be in use at the earliest."""
    joined_since_year: Annotated[int, Field(ge=1990, le=2100)]
    """A spur joins only systems ready for service in this year or later."""
    joined_status: tuple[_Status, ...]
    """What systems a spur may join (no unit); in no case one without a year."""
    max_spur_km: Positive
    """Longest spur, in km of cable."""
    apart_km: Annotated[float, Field(ge=0, le=1000)]
    """Least distance of a new landing from any landing of an international cable, in km."""


class NewLandingLink(Link):
    """The new international landing that opens for a core."""

    key: ClassVar[str] = "new_landing"
    end_en: ClassVar[str] = "New international landing"
    end_ja: ClassVar[str] = "新設の国際陸揚局"
    km_digits: ClassVar[int] = 0

    municipality_code: Name
    """Municipality whose open coast it stands on."""
    system_id: Name
    """System of the table submarine_cables that its spur joins."""
    system: Name
    """Name of that system."""
    landing_id: Name
    """Landing of that system at which the spur ends."""
    cluster_id: Name
    """Crowded cluster of that landing, else the landing itself."""
    spur_km: Km
    """Length of the spur in km of cable, at most."""
    year: int
    """Year in which it can be in use at the earliest."""
    corridors: Name
    """International corridors the system leads to, with semicolons between them."""
    tsunami_share: UnknownShare
    """Share of the municipality's residents in tsunami zones; null where not known."""

    @property
    def ways_abroad(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The system its spur joins, which is lost with the landing where the spur ends."""
        return ((self.system, (self.landing_id,)),)

    @property
    def detail(self) -> str:
        """The system it joins, the spur and the year."""
        return f"→ {self.system} ≤ {self.spur_km:,.0f} km ({self.year})"

    @property
    def end_id(self) -> str:
        """Return the municipality's code."""
        return self.municipality_code


@dataclass(frozen=True, eq=False)
class NewLandings:
    """Where a new landing may stand, and what a spur from it may reach.

    Parameters
    ----------
    places : pandas.DataFrame
        Municipalities with open coast, by code: `lat_deg`, `lon_deg` (its point of open coast
        nearest to the office), `landmass_id`, `rank` (first where a cable lands already, then by
        the share of residents in tsunami zones).
    joined : pandas.DataFrame
        Systems at each of their landings, the latest system first: `system_id`, `landing_id`,
        `cluster_id`, `corridors`, `year` (of the new route), `lat_deg`, `lon_deg`.
    spur_km : numpy.ndarray, shape (places, joined)
        Km of cable between them; infinite beyond the longest spur.
    """

    places: pd.DataFrame
    joined: pd.DataFrame
    spur_km: NDArray[np.float64]


def new_landings(atlas: Atlas, scenario: Scenario) -> NewLandings:
    """Return the new landings that a scenario lets open."""
    own: Parameters = scenario.criteria["landings"]
    factor = scenario.network.sea_route_factor

    def made() -> NewLandings:
        joined, taken = _joined(atlas, own, scenario.network.year)
        places = _places(atlas, own, taken)
        if places.empty or joined.empty:
            return NewLandings(places, joined, np.full((len(places), len(joined)), np.inf))
        way_km = open_sea(atlas).ways_km(places, joined, own.max_spur_km / factor)
        return NewLandings(places, joined, factor * way_km)

    key = own.model_dump_json(), factor, scenario.network.year
    return atlas.kept("new_landings", key, made)


def _joined(atlas: Atlas, own: Parameters, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the systems that spurs may join, and all landings of international cables."""
    stations = atlas.table("cable_landing_stations")
    cluster = atlas.table("landing_clusters")["cluster_id"]
    systems = cable_systems(atlas, year)
    systems = systems[systems["kind"] == "international"]
    live = systems["status"].isin(get_args(_Status))
    taken = stations.loc[sorted({one for there in systems["landings"][live] for one in there})]
    fit = systems["status"].isin(own.joined_status) & (systems["year"] >= own.joined_since_year)
    systems = systems[fit & systems["corridors"].map(bool)]
    systems = systems.sort_values("year", ascending=False, kind="stable").explode("landings")
    systems = systems.dropna(subset=["landings"])
    at = systems["landings"].to_numpy()
    joined = pd.DataFrame(
        {
            "system_id": systems.index,
            "landing_id": at,
            "cluster_id": [cluster.get(one, one) for one in at],
            "corridors": systems["corridors"].to_numpy(),
            "year": systems["year"].clip(lower=own.earliest_year).to_numpy(dtype=int),
            "lat_deg": stations.loc[at, "lat_deg"].to_numpy(),
            "lon_deg": stations.loc[at, "lon_deg"].to_numpy(),
        }
    )
    return joined, taken


def _places(atlas: Atlas, own: Parameters, taken: pd.DataFrame) -> pd.DataFrame:
    """Return the municipalities where a landing may be new, with a point of their open coast."""
    stations = atlas.table("cable_landing_stations")
    crowded = set(stations["pref_code"][atlas.table("landing_clusters").index])
    coast = open_sea(atlas).coast
    coast = coast[~coast["municipality_code"].str[:2].isin(crowded)]
    if len(taken):
        lat, lon = taken["lat_deg"].to_numpy(), taken["lon_deg"].to_numpy()
        _, away_km = nearest(coast["lat_deg"], coast["lon_deg"], lat, lon)
        coast = coast[away_km >= own.apart_km]
    office = atlas.table("municipalities").loc[coast["municipality_code"]]
    office_km = geodesic_km(
        coast["lat_deg"],
        coast["lon_deg"],
        office["office_lat_deg"].to_numpy(),
        office["office_lon_deg"].to_numpy(),
    )
    coast = coast.assign(office_km=office_km).sort_values(["municipality_code", "office_km"])
    places = coast.drop_duplicates("municipality_code").set_index("municipality_code")
    served = places.index.isin(stations["municipality_code"])
    wet = np.array([_tsunami_share(str(code), atlas) for code in places.index])
    # Those not known come last.
    order = np.lexsort((np.nan_to_num(wet, nan=2.0), ~served))
    places = on_land(places, atlas).assign(rank=order.argsort())
    return places[["lat_deg", "lon_deg", "landmass_id", "rank"]]


class Landings(Criterion[Parameters]):
    """The landings criterion; see the module's text."""

    name = "landings"
    rank = 62
    title_en = "New landings"
    title_ja = "国際陸揚局の新設"
    policy_lines = ("C5", "C6", "C10", "F4", "H8", "H9")
    scored_tiers = ("core",)  # to other tiers a landing is worth nothing
    Parameters = Parameters
    quantities = (LEFT, SPUR)
    links = (NewLandingLink,)
    rules = (
        Rule(
            "core_new_route",
            "cores keep their international corridors when any one cable or landing cluster is "
            "lost, by today's systems or by one of few new landings",
            "海底ケーブル・陸揚地域のいずれか1つを失っても、既存系または限られた数の新陸揚局で"
            "中核拠点の国際方面が残る",
            "corridor",
            (
                "criteria.landings.min_corridors_left",
                "criteria.landings.max_new",
                "criteria.landings.max_spur_km",
                "network.year",
            ),
            ("C10", "F4", "H9"),
            per="per corridor that a core is short after the worst single loss",
            gives_way=(
                Step("criteria.landings.max_new", 47.0, by=1.0),
                Step("criteria.landings.max_spur_km", 5000.0, by=10.0, remeasure=True),
                Step("criteria.landings.min_corridors_left", 0.0, by=1.0, remeasure=True),
            ),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure what each site lacks as a core, and the landing it would ask for.

        Sites that reach the same landings of today are alike but for the places within reach: what
        each system would leave them is worked out once for all of them.
        """
        own, year = self.own(scenario), scenario.network.year
        landings, systems = landings_in_force(atlas, year), cable_systems(atlas, year)
        new = new_landings(atlas, scenario)
        most_km = scenario.criteria["cables"].core_landing_max_km
        within = np.isfinite(overland_km(sites, landings, most_km))
        patterns, of = np.unique(within, axis=0, return_inverse=True)
        of = of.ravel()
        today = reach_and_loss(systems, landings, patterns)
        systems_there = pd.Series([(one,) for one in new.joined["system_id"]], dtype=object)
        joined = new.joined.assign(systems=systems_there, cluster=new.joined["cluster_id"])
        with_it = reach_and_loss(
            systems,
            pd.concat([one[["cluster", "systems"]] for one in (landings, joined)]),
            np.hstack(
                [
                    np.repeat(patterns, len(joined), axis=0),
                    np.tile(np.eye(len(joined), dtype=bool), (len(patterns), 1)),
                ]
            ),
        )
        left = today["corridors_left"].to_numpy()
        then = with_it["corridors_left"].to_numpy().reshape(len(patterns), -1)
        here = pd.DataFrame(sites[["lat_deg", "lon_deg", "landmass_id"]])
        asked, system = np.full((2, len(sites)), "", dtype=object)
        best, spur_km = left[of], np.full(len(sites), np.inf)
        for pattern in np.flatnonzero(left < own.min_corridors_left) if new.spur_km.size else ():
            gain = np.minimum(then[pattern], own.min_corridors_left) - left[pattern]
            if gain.max() <= 0:
                continue
            # Any corridor outweighs any way; what gains nothing is not asked for.
            worse = np.where(gain > 0, new.spur_km - _FAR_KM * gain, np.inf)
            way = worse.argmin(axis=1)
            alike = np.flatnonzero(of == pattern)
            for part in np.array_split(alike, len(alike) // _AT_ONCE + 1):
                straight_km = overland_km(here.iloc[part], new.places, own.reach_km)
                km = worse.min(axis=1) + scenario.network.tail_route_factor * straight_km
                some = np.isfinite(km).any(axis=1)
                rows, km = part[some], km[some]
                most = np.ceil(-km.min(axis=1, keepdims=True) / _FAR_KM) * _FAR_KM
                near = km + most <= _ALIKE * (km + most).min(axis=1, keepdims=True)
                place = np.where(near, new.places["rank"].to_numpy(), np.inf).argmin(axis=1)
                best[rows], spur_km[rows] = (
                    then[pattern, way[place]],
                    new.spur_km[place, way[place]],
                )
                asked[rows] = new.places.index.to_numpy()[place]
                system[rows] = joined["system_id"].to_numpy()[way[place]]
        return pd.DataFrame(
            {
                TODAY.name: left[of],
                LEFT.name: best,
                "new_landing": asked,
                "new_landing_system": system,
                SPUR.name: spur_km,
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the share of the wanted corridors that today's systems leave."""
        wanted = self.own(scenario).min_corridors_left
        score = np.minimum(sites[TODAY.name].to_numpy(dtype=float) / wanted, 1.0) if wanted else 1.0
        return pd.Series(score, index=sites.index, name=self.name)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Let cores stand only where enough corridors are left, with a new landing or without."""
        wanted = np.zeros(len(TIERS))
        wanted[_CORE] = self.own(scenario).min_corridors_left
        left = sites[LEFT.name].to_numpy(dtype=float)
        short = np.maximum(wanted - left[:, None], 0.0)
        reason = "too few international corridors after the worst single loss"
        said = (Limit(LEFT, left, wanted, least=True),)
        return (Admission(self.rules[0].name, short, reason, limits=said),)

    def constrain(self, program: Program) -> None:
        """Open a few landings for the cores that ask for them.

        ``sum(gain[i] * open[i, core]) <= most * opens[l]`` over the sites i that ask for landing
        l, ``sum(opens) <= max_new``, `opens` whole, `most` what cores can gain there together.
        Nothing is to be decided where there are as many landings as cores.
        """
        own, rule, scenario = self.own(program.scenario), self.rules[0].name, program.scenario
        cores = len(program.sites)
        if program.mode("tier_counts") == "hard":
            cores = scenario.tiers.core.count.max
        if program.mode(rule) == "off" or cores <= own.max_new:
            return
        asked = program.sites["new_landing"].to_numpy(dtype=object)
        gain = np.minimum(program.sites[LEFT.name], own.min_corridors_left).to_numpy(dtype=float)
        gain -= program.sites[TODAY.name].to_numpy(dtype=float)
        opens = []
        for name in sorted({str(one) for one in asked[program.eligible[:, _CORE]] if one}):
            here = np.where(asked == name, gain, 0.0)
            worth = np.zeros((len(here), len(TIERS)))
            worth[:, _CORE] = here
            most = float(np.sort(here)[-cores:].sum()) if cores else 0.0
            there = program.binary(f"new_landing_{name}")
            opens.append((there, 1.0))
            terms = [*program.open_terms(worth), (there, -most)]
            program.row(f"{rule}_{name}", terms, "<=", 0.0, rule=rule, slack_up=most)
        program.row("new_landings", opens, "<=", float(own.max_new))

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward cores that need no new landing: ``sum(open[i, core] * score[i]) / cores``."""
        most = program.scenario.tiers.core.count.max
        weight = float(program.scenario.weights[self.name])
        if not most or not weight:
            return ()
        worth = self.tier_score(program.sites, program.atlas, program.scenario) / most
        # Where tier counts may give way there can be more cores; no score is above 1.
        kept = program.continuous(KEPT.in_plan, 0.0, 1.0)
        program.row(KEPT.in_plan, [*program.open_terms(worth), (kept, -1.0)], ">=", 0.0)
        return (ScoreTerm(KEPT.in_plan, weight, [(kept, 1.0)]),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Ask anew what each core loses and which landing mends it, system by system."""
        own, rule = self.own(scenario), self.rules[0].name
        wanted = own.min_corridors_left
        found = Findings(self.name, hubs, scenario)
        core = (hubs["tier"] == "core").to_numpy()
        today, left, spurs_km = np.full((3, len(hubs)), np.inf)
        asked: dict[int, NewLandingLink] = {}
        then: dict[int, int] = {}
        alike: dict[int, list[str]] = {}
        gains: dict[str, float] = defaultdict(float)
        for number in np.flatnonzero(core).tolist():
            routes = _routes(hubs.iloc[number], atlas, scenario)
            today[number] = left[number] = _left(routes)
            if one := _asked(hubs.iloc[number], routes, atlas, scenario):
                asked[number], then[number], alike[number] = one
                gains[one[0].municipality_code] += min(then[number], wanted) - today[number]
        # The rule off, nothing is asked for.
        many = 0 if scenario.rules[rule] == "off" else own.max_new
        opened = sorted(gains, key=lambda one: (-gains[one], one))[:many]
        notes = []
        for number in np.flatnonzero(core & (today < wanted)).tolist():
            (en, ja), link = found.place(number), asked.get(number)
            if link and link.municipality_code in opened:
                spurs_km[number] = link.spur_km
                left[number] = then[number]
                found.link(hubs.index[number], link)
                notes.append(_opens(link, (en, ja), alike[number], atlas))
            else:
                why_en, why_ja = (
                    "no new landing within reach mends it",
                    "届く範囲の新設では補えない",
                )
                if link:
                    why_en, why_ja = f"{many} new landing(s) may open", f"新設は{many}局まで"
                notes.append(
                    f"core {en} keeps {today[number]:.0f} international corridor(s) when one cable "
                    f"or landing cluster is lost, and gets no new landing: {why_en} / 中核拠点{ja}"
                    f"は海底ケーブル・陸揚地域の1つを失うと国際方面が{today[number]:.0f}："
                    f"{why_ja}"
                )
            if left[number] < wanted:
                found.breach(
                    rule,
                    wanted - left[number],
                    [hubs.index[number]],
                    f"core {en} keeps {left[number]:.0f} international corridor(s) after the worst "
                    f"single loss, {wanted} wanted",
                    f"中核拠点{ja}に1か所の喪失後も残る国際方面は{left[number]:.0f}（必要{wanted}）",
                )
        said = [
            ("", "") if before == after else (f"{before:.0f} today", f"現状{before:.0f}")
            for before, after in zip(today, left, strict=True)
        ]
        found.each(LEFT, left, notes=said).each(SPUR, spurs_km)
        once = {one.municipality_code: one.spur_km for one in asked.values()}
        found.figure(OPENED, float(len(opened)))
        found.figure(ALL_SPURS, float(sum(once[one] for one in opened)))
        kept = np.where(core, np.minimum(today, wanted) / wanted if wanted else 1.0, 0.0)
        most = scenario.tiers.core.count.max
        earned = kept / max(most, float(kept.sum()), 1.0)
        mean = float(kept[core].mean()) if core.any() else np.nan
        found.figure(KEPT, mean, earned=earned if most and scenario.weights[self.name] else None)
        return found.done(notes=tuple(notes))


#: A system, the cluster of the landing at which it is reached, and the corridors it leads to.
_Route = tuple[str, str, frozenset[str]]


def _routes(hub: pd.Series[Any], atlas: Atlas, scenario: Scenario) -> list[_Route]:
    """List the routes abroad that a core reaches today."""
    systems = cable_systems(atlas, scenario.network.year)["corridors"]
    landings = landings_in_force(atlas, scenario.network.year)
    most_km = scenario.criteria["cables"].core_landing_max_km
    near = landings[km_on_land(hub, landings) <= most_km]
    return [
        (str(system), str(cluster), systems[system])
        for cluster, there in zip(near["cluster"], near["systems"], strict=True)
        for system in there
    ]


def _left(routes: Sequence[_Route]) -> int:
    """Count the corridors that the loss of one system or of one cluster leaves, at worst."""
    lost = {(side, route[side]) for route in routes for side in (0, 1)}
    kept = ([one[2] for one in routes if one[side] != name] for side, name in lost)
    return min((len(frozenset[str]().union(*corridors)) for corridors in kept), default=0)


def _asked(
    hub: pd.Series[Any], routes: Sequence[_Route], atlas: Atlas, scenario: Scenario
) -> tuple[NewLandingLink, int, list[str]] | None:
    """Return the new landing that a core asks for, the corridors left with it, and as near ones."""
    own: Parameters = scenario.criteria["landings"]
    new, today = new_landings(atlas, scenario), _left(routes)
    left = [
        _left([*routes, (to["system_id"], to["cluster_id"], to["corridors"])])
        for _, to in new.joined.iterrows()
    ]
    gain = [min(one, own.min_corridors_left) - today for one in left]
    if max(gain, default=0) <= 0:
        return None
    best: dict[int, tuple[int, float, int]] = {}
    straight_km = km_on_land(hub, new.places)
    for place in np.flatnonzero(straight_km <= own.reach_km).tolist():
        land_km = scenario.network.tail_route_factor * float(straight_km[place])
        ways = [
            (-gain[way], float(km) + land_km, way)
            for way, km in enumerate(new.spur_km[place])
            if gain[way] > 0 and np.isfinite(km)
        ]
        if ways:
            best[place] = min(ways)
    if not best:
        return None
    most, least_km, _ = min(best.values())
    near = [
        place for place, (short, km, _) in best.items() if short == most and km <= _ALIKE * least_km
    ]
    near.sort(key=lambda place: new.places["rank"].iloc[place])
    place, way = near[0], best[near[0]][2]
    code, spur_km = str(new.places.index[place]), float(new.spur_km[place, way])
    link = _link(hub, code, new.places.iloc[place], new.joined.iloc[way], spur_km, atlas)
    return link, left[way], [str(new.places.index[one]) for one in near[1:]]


def _link(
    hub: pd.Series[Any], code: str, at: pd.Series[Any], to: pd.Series[Any], spur_km: float,
    atlas: Atlas,
) -> NewLandingLink:  # fmt: skip
    names = atlas.table("municipalities").loc[code]
    return NewLandingLink(
        name_ja=str(names["name_ja"]),
        name_en=str(names["name_en"]),
        distance_km=float(
            geodesic_km(hub["lat_deg"], hub["lon_deg"], at["lat_deg"], at["lon_deg"])
        ),
        lat_deg=round(float(at["lat_deg"]), 6),
        lon_deg=round(float(at["lon_deg"]), 6),
        municipality_code=code,
        system_id=str(to["system_id"]),
        system=str(atlas.table("submarine_cables")["name"][to["system_id"]]),
        landing_id=str(to["landing_id"]),
        cluster_id=str(to["cluster_id"]),
        spur_km=spur_km,
        year=int(to["year"]),
        corridors=";".join(sorted(to["corridors"])),
        tsunami_share=_tsunami_share(code, atlas),
    )


def _opens(link: NewLandingLink, core: tuple[str, str], alike: list[str], atlas: Atlas) -> str:
    """Say which landing opens for a core, and where as well, in English and Japanese."""
    end = atlas.table("cable_landing_stations").loc[link.landing_id]
    titles = atlas.table("cable_corridors").drop_duplicates("corridor").set_index("corridor")
    ends = titles.loc[link.corridors.split(";")]
    towns = atlas.table("municipalities").loc[alike[:_LISTED]]
    wet = [_tsunami_share(one, atlas) for one in towns.index]
    more, here = len(alike) - len(towns), link.tsunami_share
    named = list(zip(towns["name_en"], towns["name_ja"], map(_wet, wet), strict=True))
    near_en = [f"{en} {ja} ({said_en})" for en, ja, (said_en, _) in named]
    near_ja = [f"{ja}（{said_ja}）" for _, ja, (_, said_ja) in named]
    if more:
        near_en.append(f"{more} more")
        near_ja.append(f"ほか{more}")
    return (
        f"a new international landing at {link.name_en} {link.name_ja} ({_wet(here)[0]}) for core "
        f"{core[0]}: a spur of at "
        f"most {link.spur_km:,.0f} km to {link.system} ({end['name_en']}), to "
        f"{', '.join(ends['name_en'])}, in use in {link.year} at the earliest; as near: "
        f"{', '.join(near_en) or 'none'} (in brackets the share of residents in tsunami zones); "
        "no cost is stated, the 50 billion yen of C6 are for buildings and landings together / "
        f"中核拠点{core[1]}のため{link.name_ja}（{_wet(here)[1]}）に国際陸揚局を新設：{link.system}"
        f"（{end['name_ja']}）まで最長{link.spur_km:,.0f} km、{'・'.join(ends['name_ja'])}方面、"
        f"早くて{link.year}年。同程度の近さ：{'、'.join(near_ja) or 'なし'}"
        "（括弧内は津波浸水想定区域の住民割合）。費用の公表値はなく、C6の500億円は建物等と合わせた額"
    )


def _tsunami_share(code: str, atlas: Atlas) -> float:
    share = atlas.table("flood_tsunami_landslide_by_municipality")["pop_share_tsunami_any_pct"]
    return float(share.get(code, np.nan)) / 100.0


def _wet(share: float) -> tuple[str, str]:
    return ("not known", "不明") if np.isnan(share) else (f"{share:.0%}",) * 2


CRITERION = Landings()
