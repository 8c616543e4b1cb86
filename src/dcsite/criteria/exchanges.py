"""Exchanges: whether a hub's region has an internet exchange with several networks.

Data of a region are to be processed there (B11), and so the strategy wants an exchange in the
region with several providers connected (B12); several is at least two. Regions are those of the
Regional Bureaus of Telecommunications. A region without one needs a new one where it gets a hub; a
plan decides where, within a largest number. No cost of an exchange is stated anywhere: none is
reckoned, openings are counted. Exchanges opened outside Tokyo and Osaka since 2020 are not in the
table, and how many networks some have is not known, which is not none.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIERS,
    Criterion,
    Evaluation,
    Findings,
    Link,
    Program,
    Quantity,
    Rule,
    Step,
    linear_score,
)
from dcsite.geo.geodesy import all_km, geodesic_km
from dcsite.network import fibre_km_between, network_of, on_land
from dcsite.records import Name
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

_SOURCE = "internet_exchanges, telecom_regions"
DISTANCE = Quantity(
    "exchange_distance_km",
    "km",
    "distance to the nearest internet exchange, of the hub's region where it has one",
    "最寄りのインターネットエクスチェンジまでの距離（地方内にあればその中で）",
    _SOURCE,
)
ROUND_TRIP = Quantity(
    "exchange_round_trip_ms",
    "ms",
    "round trip to that internet exchange over the network",
    "同エクスチェンジまでの往復遅延（通信網に沿う）",
    f"{_SOURCE}, fibre_backbone_links",
)
MEMBERS = Quantity(
    "exchange_members",
    "networks",
    "networks connected to that internet exchange",
    "同エクスチェンジの接続ネットワーク数",
    _SOURCE,
)
OPENED = Quantity(
    "exchanges_to_open",
    "exchanges",
    "regions with hubs and without an internet exchange of several networks, where one is to open",
    "拠点がありながら複数ネットワークのエクスチェンジがなく、開設が必要な地方",
    _SOURCE,
)


class Parameters(Section):
    """Parameters of the exchanges criterion."""

    min_members: Annotated[int, Field(ge=1, le=1000)]
    """Networks that an exchange must connect at least to count."""
    unknown_members_count: bool
    """Whether an exchange counts whose number of networks is not published (true or false)."""
    tiers: tuple[Literal["core", "large", "regional"], ...]
    """Tiers whose hubs want an exchange in their region (no unit)."""
    max_new: Annotated[int, Field(ge=0, le=47)]
    """Regions, at most, in which a new exchange opens."""
    score_zero_ms: Annotated[float, Field(ge=0)]
    """Round trip to the exchange that scores 0, in ms."""
    score_one_ms: Annotated[float, Field(ge=0)]
    """Round trip to the exchange that scores 1, in ms."""


class ExchangeLink(Link):
    """The nearest internet exchange of a hub's region."""

    key: ClassVar[str] = "exchange"
    end_en: ClassVar[str] = "Internet exchange of its region"
    end_ja: ClassVar[str] = "地方のインターネットエクスチェンジ"
    km_digits: ClassVar[int] = 0

    exchange_id: Name
    """Id in the table internet_exchanges."""
    members: int | None
    """Connected networks; null where the number is not published."""

    @property
    def detail(self) -> str:
        """How many networks (AS) it connects."""
        return "AS ?" if self.members is None else f"{self.members} AS"


def exchanges_that_count(atlas: Atlas, own: Parameters) -> pd.DataFrame:
    """List the exchanges with enough networks, with the `region` each is in."""
    table = atlas.table("internet_exchanges")
    members = table["members"].astype(float)
    enough = (members >= own.min_members) | (members.isna() & own.unknown_members_count)
    region = table["pref_code"].map(atlas.table("telecom_regions")["region"])
    return table.assign(members=members, region=region)[enough]


class Exchanges(Criterion[Parameters]):
    """The exchanges criterion; see the module's text."""

    name = "exchanges"
    rank = 65
    title_en = "Internet exchanges"
    title_ja = "インターネットエクスチェンジ"
    policy_lines = ("B11", "B12")
    Parameters = Parameters
    quantity = ROUND_TRIP
    quantities = (DISTANCE, ROUND_TRIP, MEMBERS)
    links = (ExchangeLink,)
    rules = (
        Rule(
            "exchange_in_region",
            "a hub's region has an internet exchange with several networks, or one of few to open",
            "拠点の地方に複数ネットワークのエクスチェンジがある、または限られた数の開設で足りる",
            "region",
            ("criteria.exchanges.max_new", "criteria.exchanges.min_members"),
            ("B12",),
            per="per region beyond the openings allowed",
            gives_way=(Step("criteria.exchanges.max_new", 47.0, by=1.0),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the nearest exchange of each site's region, else the nearest of all."""
        table = exchanges_that_count(atlas, self.own(scenario))
        region = sites["pref_code"].map(atlas.table("telecom_regions")["region"])
        if table.empty:
            empty = pd.DataFrame(index=sites.index, columns=["exchange_id"]).fillna("")
            return empty.assign(
                telecom_region=region.fillna(""), exchange_in_region=False,
                **{DISTANCE.name: np.inf, ROUND_TRIP.name: np.inf, MEMBERS.name: np.nan},
            )  # fmt: skip
        away_km = all_km(sites, table)
        inside = region.to_numpy()[:, None] == table["region"].to_numpy()[None, :]
        first = np.where(inside | ~inside.any(axis=1)[:, None], away_km, np.inf).argmin(axis=1)
        row = np.arange(len(sites))
        network = network_of(atlas, scenario.network)
        fibre_km = network.fibre_km(sites, on_land(table, atlas))[row, first]
        return pd.DataFrame(
            {
                "exchange_id": table.index.to_numpy()[first],
                "telecom_region": region.fillna("").to_numpy(),
                "exchange_in_region": inside.any(axis=1),
                DISTANCE.name: away_km[row, first],
                ROUND_TRIP.name: network.round_trip_ms(fibre_km),
                MEMBERS.name: table["members"].to_numpy()[first],
            },
            index=sites.index,
        )

    def constrain(self, program: Program) -> None:
        """Bound the regions with hubs and without an exchange.

        ``sum(open[i, t] over t) <= opens[r]`` for each site of region r, ``sum(opens) <= max_new``;
        `opens` is whole where `open` is.
        """
        own, rule = self.own(program.scenario), self.rules[0].name
        sites = program.sites
        lacking = ~sites["exchange_in_region"].to_numpy(dtype=bool)
        region = sites["telecom_region"].to_numpy(dtype=object)
        wanted = np.isin(TIERS, own.tiers)
        # A coefficient says whose opening it is of, and is left behind.
        number = np.where(lacking[:, None] & wanted[None, :], np.arange(len(sites))[:, None] + 1, 0)
        terms = program.open_terms(number.astype(float))
        here: dict[int, Terms] = defaultdict(list)
        for variable, of in terms:
            here[int(of) - 1].append((variable, 1.0))
        names = sorted({str(region[site]) for site in here})
        if program.mode(rule) == "off" or len(names) <= own.max_new:
            return
        opens = {one: program.continuous(f"opens_exchange_{one}", 0.0, 1.0) for one in names}
        for site, opened in sorted(here.items()):
            there = opens[str(region[site])]
            program.row(f"exchange_for_{site}", [*opened, (there, -1.0)], "<=", 0.0)
        every = [(variable, 1.0) for variable in opens.values()]
        most = float(own.max_new)
        program.row(rule, every, "<=", most, rule=rule, slack_up=float(len(names)))

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find exchanges, ways and regions anew, hub by hub."""
        own = self.own(scenario)
        found = Findings(self.name, hubs, scenario)
        regions = atlas.table("telecom_regions")
        table = on_land(exchanges_that_count(atlas, own), atlas)
        network = network_of(atlas, scenario.network)
        distance_km, members = np.full((2, len(hubs)), np.inf)
        ways_km = fibre_km_between(network, hubs, table)
        fibre_km = np.full(len(hubs), np.inf)
        elsewhere = [("", "")] * len(hubs)
        lacking: dict[str, list[int]] = defaultdict(list)
        for number, (site, hub) in enumerate(hubs.iterrows()):
            # A municipality's code begins with that of its prefecture.
            region = str(regions["region"].get(str(hub["municipality_code"])[:2], ""))
            there = table[table["region"] == region]
            inside = not there.empty
            if not inside:
                elsewhere[number], there = ("in another region", "地方外"), table
                if hub["tier"] in own.tiers:
                    lacking[region].append(number)
            if there.empty:
                continue
            where = there["lat_deg"].to_numpy(), there["lon_deg"].to_numpy()
            away_km = geodesic_km(hub["lat_deg"], hub["lon_deg"], *where)
            nearest = there.iloc[int(away_km.argmin())]
            distance_km[number], members[number] = away_km.min(), nearest["members"]
            fibre_km[number] = ways_km[number, table.index.get_loc(nearest.name)]
            if inside:
                found.link(site, _link(nearest, distance_km[number]))
        round_trip_ms = network.round_trip_ms(fibre_km)
        score = linear_score(round_trip_ms, own.score_zero_ms, own.score_one_ms)
        known_ms = np.where(np.isfinite(round_trip_ms), round_trip_ms, np.nan)
        said = [("", "") if not np.isnan(many) else ("not published", "非公表") for many in members]
        found.mean(ROUND_TRIP, known_ms, score)
        found.each(DISTANCE, distance_km, notes=elsewhere).each(ROUND_TRIP, round_trip_ms, score)
        found.each(MEMBERS, members, notes=said)
        found.figure(OPENED, float(min(len(lacking), own.max_new)))
        return found.done(notes=_openings(found, lacking, own, regions))


def _link(exchange: pd.Series[Any], distance_km: float) -> ExchangeLink:
    return ExchangeLink(
        name_ja=None,
        name_en=str(exchange["name"]),
        distance_km=distance_km,
        lat_deg=float(exchange["lat_deg"]),
        lon_deg=float(exchange["lon_deg"]),
        exchange_id=str(exchange.name),
        members=None if np.isnan(exchange["members"]) else int(exchange["members"]),
    )


def _openings(
    found: Findings, lacking: dict[str, list[int]], own: Parameters, regions: pd.DataFrame
) -> tuple[str, ...]:
    """Say where exchanges open, most load first; take the regions that are left without."""
    load: NDArray[np.float64] = found.load_mw
    ranked = sorted(lacking, key=lambda one: (-float(load[lacking[one]].sum()), one))
    columns = (regions[name] for name in ("region", "name_en", "name_ja"))
    titles = {"": ("a region not known", "不明の地方")}
    titles |= {one: (en, ja) for one, en, ja in zip(*columns, strict=True)}
    notes = []
    if opened := ranked[: own.max_new]:
        where_en, where_ja = [], []
        for one in opened:
            en, ja = found.place(max(lacking[one], key=lambda number: load[number]))
            where_en.append(f"{titles[one][0]} (largest hub {en})")
            where_ja.append(f"{titles[one][1]}（最大の拠点{ja}）")
        notes.append(
            f"internet exchanges of at least {own.min_members} networks are to open in "
            f"{len(opened)} region(s): {', '.join(where_en)}; the shipped table has none "
            "opened since 2020 (dcsite data import peeringdb lays today's over it), and no cost is "
            f"stated / {len(opened)}地方で{own.min_members}以上の"
            f"ネットワークが接続するエクスチェンジの開設が必要：{'、'.join(where_ja)}。"
            "同梱の表に2020年以降の開設分はなく（dcsite data import peeringdb で取り込める）、"
            "費用の公表値もない"
        )
    for one in ranked[own.max_new :]:
        en, ja = titles[one]
        found.breach(
            "exchange_in_region",
            1.0,
            [found.hubs.index[number] for number in lacking[one]],
            f"{en} has hubs and no internet exchange of {own.min_members} networks; "
            f"{own.max_new} may open",
            f"{ja}に拠点があるが{own.min_members}ネットワーク以上のエクスチェンジがない"
            f"（開設は{own.max_new}まで）",
        )
    return tuple(notes)


CRITERION = Exchanges()
