"""Cost in yen: land, buildings, connection and electricity, each from a table or a named figure.

Of one hub, in yen, for its load and its reserve, which is built as a load is:

``land        = MW / land.mw_per_ha * 10,000 m2 * residential price of the prefecture * factor``
``building    = MW * 1,000,000 W * USD per W * JPY per USD``
``connection  = km to the nearest point of the tier's voltage * route factor * JPY per km``
``electricity = MW of load * PUE * load factor * 8,760,000 kWh * price of the area``, a year

Each item is priced only where the scenario gives its figure; ``"none"`` leaves it out, and where
all are left out no yen stands anywhere. Capital and electricity are added over a stated number of
years, without interest, and never otherwise. The price of electricity is the day-ahead market's: a
charge for the grid, a levy or a margin is not in it. What is not known at a place (the price in
Okinawa, which has no market) is told as not known and is in no total of its item; in the sum by
which plans are held against each other it counts as the dearest known, so that no place wins by
being unknown.

The strategy's two budgets (C6, C7) are rows: with the subsidy's rate on every hub of the tiers that
are supported, the sum stays within the budget. What a feasibility study gets (D5) is told where the
cost of a study is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, TypeAlias

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from dcsite.contract import (
    TIERS,
    YEN,
    Criterion,
    Evaluation,
    Findings,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    linear_score,
    yen,
)
from dcsite.errors import Problem, ScenarioError
from dcsite.geo.geodesy import geodesic_km
from dcsite.scenario.schema import Positive, Section

from .cooling import PUE, pue_at
from .substation_options import column
from .substation_points import CLASSES_KV, points_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

_M2_PER_HA = 10_000.0
_HOURS_PER_YEAR = 8760.0
_LAND_TABLE = "prefecture_land_price (residential land, the last year of the survey)"
_BUILD_TABLE = "build_cost_index (Tokyo, Osaka); elsewhere a figure of the scenario"
_POWER_TABLE = "jepx_area_price_monthly (day-ahead market)"

Prefecture: TypeAlias = Annotated[str, Field(pattern=r"^(0[1-9]|[1-3][0-9]|4[0-7])$")]
Given: TypeAlias = Positive | Literal["none"]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)] | Literal["none"]


def _money(name: str, en: str, ja: str, source: str = "") -> Quantity:
    return Quantity(name, YEN, en, ja, source, topic="money")


LAND = _money("land_jpy", "land", "用地費", _LAND_TABLE)
BUILDING = _money("building_jpy", "buildings", "建設費", _BUILD_TABLE)
CONNECTION = _money("connection_jpy", "connection to the grid", "系統接続費", "substations")
POWER = _money("electricity_jpy_per_year", "electricity of a year", "年間電力料", _POWER_TABLE)
CAPITAL = _money("capital_jpy", "capital", "初期投資額", "sum of the items that are priced")
TOTAL = _money("cost_of_years_jpy", "capital and electricity", "初期投資と電力料の合計")
PER_MW = _money(
    "cost_jpy_per_mw", "all of it for each MW of IT load", "費用の合計（IT負荷1 MW当たり）"
)
OWNERS = _money("owners_capital_jpy", "capital left for owners", "事業者負担の初期投資額")
STUDIES = _money("study_grants_jpy", "subsidy for feasibility studies", "FS調査の補助額", "budgets")
#: What each budget pays, by the item that it supports.
SUBSIDY = {
    LAND: _money("land_subsidy_jpy", "subsidy for land", "用地造成の補助額", "budgets"),
    BUILDING: _money("building_subsidy_jpy", "subsidy for buildings", "建物の補助額", "budgets"),
}
#: Measured columns: of 1 MW, and of a hub's connection by tier.
_LAND, _BUILDING = "land_jpy_per_mw", "building_jpy_per_mw"
_ELECTRICITY = "electricity_jpy_per_mw_year"
_PER_MW = {_LAND: LAND, _BUILDING: BUILDING, _ELECTRICITY: POWER}
_CONNECTIONS = tuple(f"connection_jpy_{tier}" for tier in TIERS)
#: By budget of the strategy: the rule that keeps it and the item it supports.
BUDGETS = {"land": ("budget_land", LAND), "buildings_and_landings": ("budget_buildings", BUILDING)}


class ConnectionPrice(Section):
    """What a km of connection costs by class of voltage, in yen."""

    kv60: Positive
    """60 to 77 kV."""
    kv100: Positive
    """100 to 154 kV."""
    kv187: Positive
    """187 to 275 kV."""
    kv500: Positive
    """500 kV."""

    def of(self, voltage_kv: float) -> float:
        """Return the price of a voltage, that of the lowest class below 60 kV."""
        prices = [self.kv60, self.kv100, self.kv187, self.kv500]
        return prices[max(sum(kv <= voltage_kv for kv in CLASSES_KV) - 1, 0)]


class Markets(Section):
    """Prefectures (JIS X 0401) in which a market's published cost of building holds."""

    Tokyo: tuple[Prefecture, ...] = ()
    """Those of Tokyo (no unit)."""
    Osaka: tuple[Prefecture, ...] = ()
    """Those of Osaka (no unit)."""


class CostParameters(Section):
    """Parameters of the cost criterion; what is "none" is not priced."""

    land_price_factor: Given = "none"
    """Price of a hub's prepared land over the mean price of residential land of its prefecture, a
    ratio; "none": land is not priced."""
    build_usd_per_w: Given = "none"
    """Cost of building where none is published, in USD per W of IT load; "none": buildings are not
    priced."""
    build_markets: Markets = Markets()
    """Where the published costs hold; elsewhere it is `build_usd_per_w`."""
    jpy_per_usd: Given = "none"
    """Yen for a US dollar; needed where buildings are priced."""
    connection_km_jpy: ConnectionPrice | Literal["none"] = "none"
    """Cost of a km of connection by class of voltage, in yen; "none": it is not priced."""
    electricity_jpy_per_kwh: Given | Literal["area_price"] = "none"
    """Price of electricity in yen per kWh, the same everywhere; "area_price": the mean of each
    area's day-ahead price; "none": it is not priced."""
    years: Annotated[int, Field(ge=1, le=100)] = 15
    """Years of electricity that are added to the capital, without interest."""
    subsidised_tiers: tuple[Literal["core", "large", "regional"], ...] = ("large",)
    """Tiers whose hubs the two budgets support (no unit)."""
    land_subsidy_rate: Share = "none"
    """Share of the cost of land that the budget for land pays; "none": not reckoned."""
    building_subsidy_rate: Share = "none"
    """Share of the cost of buildings that the budget for buildings and landings pays."""
    study_jpy: Given = "none"
    """Cost of one feasibility study, in yen; "none": its subsidy is not told."""
    score_zero_jpy: Positive = 4.4e9
    """Yen of capital without connection and of electricity over `years`, for a MW, that score 0."""
    score_one_jpy: Positive = 3.3e9
    """And those that score 1."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.build_usd_per_w != "none" and self.jpy_per_usd == "none":
            raise ValueError(
                'build_usd_per_w is given and jpy_per_usd is "none"; give both or none'
            )
        codes = [code for _, market in self.build_markets for code in market]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(
                f"build_markets has prefecture {twice[0]} twice; one market holds there"
            )
        if self.score_zero_jpy <= self.score_one_jpy:
            raise ValueError("score_zero_jpy must be above score_one_jpy")
        return self

    @property
    def priced(self) -> tuple[Quantity, ...]:
        """Return the items that are priced."""
        given = {
            LAND: self.land_price_factor != "none",
            BUILDING: self.build_usd_per_w != "none",
            CONNECTION: self.connection_km_jpy != "none",
            POWER: self.electricity_jpy_per_kwh != "none",
        }
        return tuple(item for item, known in given.items() if known)

    def rate(self, item: Quantity) -> float:
        """Return the share of an item that its budget pays; NaN where none is reckoned."""
        rate = self.land_subsidy_rate if item is LAND else self.building_subsidy_rate
        return math.nan if rate == "none" or item not in self.priced else float(rate)


class Cost(Criterion[CostParameters]):
    """The cost criterion; see the module's text."""

    name = "cost"
    rank = 95
    title_en = "Cost"
    title_ja = "費用"
    policy_lines = ("B10", "C6", "C7", "C8", "D5")
    Parameters = CostParameters
    quantities = (
        *(CAPITAL, POWER, TOTAL, PER_MW, LAND, BUILDING, CONNECTION),
        *(*SUBSIDY.values(), OWNERS, STUDIES),
    )
    price = TOTAL
    rules = (
        Rule(
            "budget_land",
            "the subsidy for land, at its rate, stays within its budget",
            "用地造成の補助（補助率どおり）が予算内",
            "share",
            ("criteria.cost.land_subsidy_rate", "criteria.cost.subsidised_tiers"),
            ("C7",),
            per="per unit of the budget that is asked for beyond it",
            gives_way=(Step("criteria.cost.land_subsidy_rate", 0.0, by=0.01),),
        ),
        Rule(
            "budget_buildings",
            "the subsidy for buildings, at its rate, stays within its budget",
            "建物の補助（補助率どおり）が予算内",
            "share",
            ("criteria.cost.building_subsidy_rate", "criteria.cost.subsidised_tiers"),
            ("C6",),
            per="per unit of the budget that is asked for beyond it",
            gives_way=(Step("criteria.cost.building_subsidy_rate", 0.0, by=0.01),),
        ),
    )

    def columns(self, sites: pd.DataFrame) -> Mapping[str, Quantity]:
        """Return what the measured prices are."""
        named = {name: item.noted("of 1 MW", "1 MW当たり") for name, item in _PER_MW.items()}
        for tier, name in zip(TIERS, _CONNECTIONS, strict=True):
            named[name] = CONNECTION.noted(f"tier {tier}", f"階層{tier}")
        return {name: replace(one, name=name) for name, one in named.items() if name in sites}

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Price 1 MW at every site, and the connection of a hub of each tier; NaN: not known."""
        own = self.own(scenario)
        if not own.priced and scenario.weights[self.name]:
            wrong = "no item of criteria.cost is priced; give a figure for one, or weigh it 0"
            where, weight = f"weights.{self.name}", f"= {scenario.weights[self.name]:g}"
            raise ScenarioError(Problem(scenario.name, where, f"{weight}: {wrong}"))
        for rule, item in BUDGETS.values():
            if scenario.rules[rule] == "hard" and math.isnan(own.rate(item)):
                wrong = f'= "hard", and criteria.cost prices no {item.en}, or has no rate of its '
                wrong += "subsidy; give both, or let the rule be soft or off"
                raise ScenarioError(Problem(scenario.name, f"rules.{rule}", wrong))
        found = pd.DataFrame(index=sites.index)
        places = sites.assign(prefecture=sites["municipality_code"].astype("string").str[:2])
        for name, prices in _by_place(atlas, scenario, own).items():
            here = places[prices.places].map(prices.known).astype(float)
            found[name] = here.fillna(prices.elsewhere)
        if _ELECTRICITY in found:
            found[_ELECTRICITY] *= sites[PUE.name]
        if not isinstance(own.connection_km_jpy, str):
            substation = scenario.criteria["substation"]
            for tier, name in zip(TIERS, _CONNECTIONS, strict=True):
                kv = substation.min_voltage_kv[tier]
                guessed = tier in substation.guessed_voltage
                km = sites[column("distance_km", kv, guessed=guessed)].replace(np.inf, np.nan)
                found[name] = km * substation.route_factor * own.connection_km_jpy.of(kv)
        return found

    def _counted(self, sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Return the measured prices with the dearest known in place of what is not known."""
        own, substation = self.own(scenario), scenario.criteria["substation"]
        counted = pd.DataFrame(index=sites.index)
        for name, prices in _by_place(atlas, scenario, own).items():
            most = np.nanmax([*prices.known, prices.elsewhere])
            of_1_mw = most * sites[PUE.name] if name == _ELECTRICITY else most
            counted[name] = sites[name].astype(float).fillna(of_1_mw)
        if not isinstance(own.connection_km_jpy, str):
            km = substation.unknown_distance_km * substation.route_factor
            for tier, name in zip(TIERS, _CONNECTIONS, strict=True):
                most = km * own.connection_km_jpy.of(substation.min_voltage_kv[tier])
                counted[name] = sites[name].astype(float).fillna(most)
        return counted

    def _per_mw(self, prices: pd.DataFrame, own: CostParameters) -> NDArray[np.float64]:
        """Return capital without connection and electricity over the years, of 1 MW."""
        years = {name: own.years if name == _ELECTRICITY else 1 for name in _PER_MW}
        there = (name for name in years if name in prices)
        each = (years[name] * prices[name].to_numpy(dtype=float) for name in there)
        return sum(each, np.zeros(len(prices)))

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score what 1 MW costs over the years, without connection; what is not known scores 0."""
        own = self.own(scenario)
        anchors = own.score_zero_jpy, own.score_one_jpy
        score = linear_score(self._per_mw(sites, own), *anchors) if own.priced else 0.0
        return pd.Series(score, index=sites.index, name=self.name, dtype=float)

    def constrain(self, program: Program) -> None:
        """Keep each budget: ``sum(rate * item of supported hubs) / budget <= 1``.

        Rows stand where the rule is on and the item is priced.
        """
        own = self.own(program.scenario)
        amounts = program.atlas.table("budgets")["amount_jpy"]
        supported = np.isin(TIERS, own.subsidised_tiers)
        for budget, (rule, item) in BUDGETS.items():
            rate = own.rate(item)
            if math.isnan(rate) or program.mode(rule) == "off":
                continue
            prices = self._counted(program.sites, program.atlas, program.scenario)
            per_mw = prices[_LAND if item is LAND else _BUILDING]
            share = np.outer(per_mw * rate / float(amounts[budget]), supported)
            program.row(rule, program.capacity_terms(share), "<=", 1.0, rule=rule)

    def price_terms(self, program: Program) -> Terms:
        """Return capital and electricity over the years of all hubs, in yen."""
        own = self.own(program.scenario)
        if not own.priced:
            return []
        prices = self._counted(program.sites, program.atlas, program.scenario)
        every = np.ones(len(TIERS))
        built = self._per_mw(prices.drop(columns=_ELECTRICITY, errors="ignore"), own)
        terms = program.capacity_terms(np.outer(built, every))
        if _ELECTRICITY in prices:
            yearly = own.years * prices[_ELECTRICITY].to_numpy(dtype=float)
            terms += program.load_terms(np.outer(yearly, every))
        if CONNECTION in own.priced:
            terms += program.open_terms(prices[list(_CONNECTIONS)].to_numpy(dtype=float))
        return terms

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load where a MW costs little; nothing where nothing is priced."""
        if not self.own(program.scenario).priced:
            return ()
        score = self.site_score(program.sites, program.scenario)
        return (self.by_load(program, PER_MW.in_plan, score),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Price hub by hub from the tables, item by item."""
        own, found = self.own(scenario), Findings(self.name, hubs, scenario)
        notes = _not_judged(own, scenario)
        if own.priced:
            self._price(found, own, atlas)
            notes = [_left_out(own), *notes]
        if own.study_jpy != "none":
            places = len(atlas.table("feasibility_places"))
            grant_jpy = places * study_grant_jpy(own.study_jpy, atlas)
            found.figure(STUDIES.noted(f"{places} places", f"{places}か所"), grant_jpy)
        return found.done(notes=tuple(notes))

    def _price(self, found: Findings, own: CostParameters, atlas: Atlas) -> None:
        """Price the hubs and add up, item by item."""
        hubs, scenario = found.hubs, found.scenario
        units = _unit_prices(hubs.to_dict("records"), atlas, scenario, own)
        built_mw, one = found.load_mw + found.reserve_mw, np.ones(len(hubs))
        size = {LAND: built_mw, BUILDING: built_mw, CONNECTION: one, POWER: found.load_mw}
        known = {item: of.jpy * size[item] for item, of in units.items()}
        counted = {
            item: np.where(np.isnan(known[item]), of.dearest_jpy * size[item], known[item])
            for item, of in units.items()
        }

        def added(of: Mapping[Quantity, NDArray[np.float64]]) -> NDArray[np.float64]:
            """Add up items, electricity over the years."""
            each = ((own.years if item is POWER else 1) * amount for item, amount in of.items())
            return sum(each, np.zeros(len(hubs)))

        built = {item: amount for item, amount in known.items() if item is not POWER}
        capital, all_years = added(built), added(known)
        over = TOTAL.noted("no electricity", "電力料を含まない")
        if built:
            _sum_known(found, CAPITAL, capital)
        if POWER in own.priced:
            over = TOTAL.noted(f"{own.years} years, no interest", f"{own.years}年分、利子なし")
            _sum_known(found, POWER, known[POWER])
        total_jpy = float(added(counted).sum())
        found.figure(over.noted(*_stood_in(found, all_years)), total_jpy)
        per_mw = added({item: of.jpy for item, of in units.items() if item is not CONNECTION})
        score = linear_score(per_mw, own.score_zero_jpy, own.score_one_jpy)
        carried_mw = float(found.load_mw.sum())
        mean = total_jpy / carried_mw if carried_mw else math.nan
        found.figure(PER_MW, mean, earned=found.load_mw * score / found.total_mw)
        for item, amount in built.items():
            _sum_known(found, item, amount)
        for item, amount in known.items():
            found.each(item, amount, notes=units[item].notes)
        if built:
            found.each(CAPITAL, capital)
        found.each(over, all_years)
        if paid := self._subsidies(found, known, counted, own, atlas):
            left_jpy = sum(float(counted[item].sum()) for item in built) - sum(paid)
            found.figure(OWNERS.noted(*_stood_in(found, capital)), left_jpy)

    def _subsidies(
        self,
        found: Findings,
        known: Mapping[Quantity, NDArray[np.float64]],
        counted: Mapping[Quantity, NDArray[np.float64]],
        own: CostParameters,
        atlas: Atlas,
    ) -> list[float]:
        """Tell what each budget pays, in yen: at its rate, or all it has where that is less."""
        supported = found.hubs["tier"].isin(own.subsidised_tiers).to_numpy()
        paid = []
        for row in atlas.table("budgets").reset_index().to_dict("records"):
            rule, item = BUDGETS.get(row["budget_id"], ("", CAPITAL))
            rate, budget_jpy = own.rate(item), float(row["amount_jpy"])
            if not rule or math.isnan(rate):
                continue
            asked_jpy = float(np.where(supported, rate * counted[item], 0.0).sum())
            part = min(1.0, budget_jpy / asked_jpy) if asked_jpy else 1.0
            lines = f"{row['lines']} L{row['dump_lines']}"
            budget, all_of = (
                {language: yen(amount_jpy, language) for language in ("en", "ja")}
                for amount_jpy in (budget_jpy, asked_jpy)
            )
            of_budget = SUBSIDY[item].noted(
                f"budget {budget['en']}, {lines}; {all_of['en']} asked for at {100 * rate:g}%",
                f"予算{budget['ja']}、{lines}。補助率{100 * rate:g}%での所要額{all_of['ja']}",
            )
            without = _stood_in(found, np.where(supported, known[item], 0.0))
            found.figure(of_budget.noted(*without), part * asked_jpy)
            found.each(SUBSIDY[item], np.where(supported, part * (rate * known[item]), np.inf))
            paid.append(part * asked_jpy)
            if found.scenario.rules[rule] != "off" and asked_jpy > budget_jpy:
                found.breach(
                    rule,
                    asked_jpy / budget_jpy - 1.0,
                    found.hubs.index[supported].tolist(),
                    f"{SUBSIDY[item].en}: {all_of['en']} at a rate of {100 * rate:g}%, budget "
                    f"{budget['en']} ({lines})",
                    f"{SUBSIDY[item].ja}：補助率{100 * rate:g}%で{all_of['ja']}、予算{budget['ja']}"
                    f"（{lines}）",
                )
        return paid


def study_grant_jpy(study_jpy: float, atlas: Atlas) -> float:
    """Return what a feasibility study gets, in yen: a half, at most 10 million (D5)."""
    programme = atlas.table("budgets").to_dict("index")["feasibility_study"]
    return min(float(programme["subsidy_rate_max"]) * study_jpy, float(programme["amount_jpy"]))


# What sites are measured by: tables at once.


class _Prices(NamedTuple):
    """Prices of 1 MW by prefecture or area; electricity's of a year at a PUE of 1."""

    places: str
    known: pd.Series[float]
    #: In a place that is not listed; NaN: not known.
    elsewhere: float


def _by_place(atlas: Atlas, scenario: Scenario, own: CostParameters) -> dict[str, _Prices]:
    """Return what 1 MW costs where, by measured column."""
    found: dict[str, _Prices] = {}
    if LAND in own.priced:
        table = atlas.table("prefecture_land_price").reset_index()
        last = table[table["year"] == table["year"].max()].set_index("pref_code")
        per_m2 = last["land_price_residential_jpy_per_m2"].astype(float) * own.land_price_factor
        found[_LAND] = _Prices(
            "prefecture", per_m2 * _M2_PER_HA / scenario.land.mw_per_ha, math.nan
        )
    if BUILDING in own.priced:
        usd = atlas.table("build_cost_index")["usd_per_watt"]
        published = {code: float(usd[one]) for one, codes in own.build_markets for code in codes}
        yen_per_usd = float(own.jpy_per_usd)
        per_mw = pd.Series(published, dtype=float) * yen_per_usd * 1e6
        elsewhere = float(own.build_usd_per_w) * yen_per_usd * 1e6
        found[_BUILDING] = _Prices("prefecture", per_mw, elsewhere)
    if POWER in own.priced:
        kwh = scenario.demand.load_factor * _HOURS_PER_YEAR * 1000.0
        table = atlas.table("jepx_area_price_monthly").reset_index()
        table["jpy"] = table["mean_jpy_per_kwh"] * table["n_slots"]
        summed = table.groupby("area")[["jpy", "n_slots"]].sum()
        by_area = kwh * summed["jpy"] / summed["n_slots"]
        elsewhere = math.nan
        if own.electricity_jpy_per_kwh != "area_price":
            by_area, elsewhere = by_area[:0], kwh * float(own.electricity_jpy_per_kwh)
        found[_ELECTRICITY] = _Prices("area", by_area, elsewhere)
    return found


# What hubs are evaluated by: row by row, and nothing of the above.


class _Unit(NamedTuple):
    """The price of a unit of an item at each hub: 1 MW, for a year of electricity, or the hub."""

    jpy: NDArray[np.float64]
    #: What counts where it is not known.
    dearest_jpy: NDArray[np.float64] | float
    notes: list[tuple[str, str]] | None = None


def _unit_prices(
    rows: Sequence[Mapping[Any, Any]], atlas: Atlas, scenario: Scenario, own: CostParameters
) -> dict[Quantity, _Unit]:
    """Return, of each item that is priced, what its unit costs at each hub."""
    code = [str(hub["municipality_code"] or "")[:2] for hub in rows]
    units: dict[Quantity, _Unit] = {}
    if LAND in own.priced:
        records = atlas.table("prefecture_land_price").reset_index().to_dict("records")
        last = max(one["year"] for one in records)
        factor = float(own.land_price_factor) * _M2_PER_HA / scenario.land.mw_per_ha
        prices = {
            one["pref_code"]: one["land_price_residential_jpy_per_m2"] * factor
            for one in records
            if one["year"] == last
        }
        here = np.array([prices.get(one, math.nan) for one in code])
        units[LAND] = _Unit(here, max(prices.values()))
    if BUILDING in own.priced:
        records = atlas.table("build_cost_index").reset_index().to_dict("records")
        table = {one["market"]: one for one in records}
        at = {one: table[market] for market, codes in own.build_markets for one in codes}
        usd, notes = [], []
        for market in map(at.get, code):
            usd.append(float(market["usd_per_watt"] if market else own.build_usd_per_w))
            notes.append(
                (f"{market['market']}, published", f"{market['market_ja']}の公表値")
                if market
                else ("assumed, none is published here", "公表値なし、仮定")
            )
        # There is none that is not known.
        units[BUILDING] = _Unit(np.array(usd) * (float(own.jpy_per_usd) * 1e6), math.nan, notes)
    if not isinstance(own.connection_km_jpy, str):
        substation = scenario.criteria["substation"]
        points = points_of(atlas, substation)
        kv = [substation.min_voltage_kv[hub["tier"]] for hub in rows]
        per_km = np.array([own.connection_km_jpy.of(one) for one in kv]) * substation.route_factor
        km = np.array([
            _nearest_km(hub, points, one, guessed=hub["tier"] in substation.guessed_voltage)
            for hub, one in zip(rows, kv, strict=True)
        ])  # fmt: skip
        units[CONNECTION] = _Unit(km * per_km, substation.unknown_distance_km * per_km)
    if POWER in own.priced:
        months: dict[str, list[tuple[float, float]]] = {}
        for one in atlas.table("jepx_area_price_monthly").reset_index().to_dict("records"):
            of_month = float(one["mean_jpy_per_kwh"]), float(one["n_slots"])
            months.setdefault(one["area"], []).append(of_month)
        prices = {
            area: sum(mean * slots for mean, slots in of) / sum(slots for _, slots in of)
            for area, of in months.items()
        }
        elsewhere = math.nan
        if own.electricity_jpy_per_kwh != "area_price":
            prices, elsewhere = {}, float(own.electricity_jpy_per_kwh)
        pue = np.array([pue_at(pd.Series(hub), atlas, scenario) for hub in rows])
        kwh = pue * scenario.demand.load_factor * _HOURS_PER_YEAR * 1000.0
        here = np.array([prices.get(hub["area"], elsewhere) for hub in rows])
        units[POWER] = _Unit(kwh * here, kwh * max(prices.values(), default=elsewhere))
    return units


def _nearest_km(
    hub: Mapping[Any, Any], points: pd.DataFrame, least_kv: float, *, guessed: bool
) -> float:
    """Return the distance to the nearest point of a voltage by trying all; NaN: none is mapped."""
    fits = points[
        (guessed | (points["connection"] == "any"))
        & (points["voltage_kv"] >= least_kv)
        & (points["landmass_id"] == hub["landmass_id"])
    ]
    km = geodesic_km(hub["lat_deg"], hub["lon_deg"], fits["lat_deg"], fits["lon_deg"])
    return float(np.min(km)) if len(fits) else math.nan


def _unknown(found: Findings, amount: NDArray[np.float64], en: str, ja: str) -> tuple[str, str]:
    """Name the hubs of which an amount is not known, with what becomes of them; else nothing."""
    where = np.flatnonzero(np.isnan(amount)).tolist()
    if not where:
        return "", ""
    places = [found.place(number) for number in where]
    mw = float(found.load_mw[where].sum())
    return (
        f"not known of {', '.join(one for one, _ in places)}, {mw:,.0f} MW: {en}",
        f"{'、'.join(one for _, one in places)}（{mw:,.0f} MW）は不明：{ja}",
    )


def _sum_known(found: Findings, quantity: Quantity, amount: NDArray[np.float64]) -> None:
    """Take the sum over the hubs of which the amount is known, and say of which it is not."""
    known = amount[~np.isnan(amount)]
    without = _unknown(found, amount, "not in this sum", "この合計に含まない")
    found.figure(quantity.noted(*without), float(known.sum()) if len(known) else math.nan)


def _stood_in(found: Findings, amount: NDArray[np.float64]) -> tuple[str, str]:
    """Name the hubs of which an amount is not known and counts at the dearest known price."""
    return _unknown(found, amount, "at the dearest known price", "既知の最高単価で算入")


def _not_judged(own: CostParameters, scenario: Scenario) -> list[str]:
    """Say which rules of budgets are on and cannot be judged."""
    return [
        f"the rule {rule} is not judged: no price of {item.en}, or no rate of its subsidy, is "
        f"given / 規則{rule}は判定していない：{item.ja}の単価または補助率の指定がない"
        for rule, item in BUDGETS.values()
        if scenario.rules[rule] != "off" and math.isnan(own.rate(item))
    ]


def _left_out(own: CostParameters) -> str:
    """Say what no yen stands for."""
    missing = [item for item in (LAND, BUILDING, CONNECTION, POWER) if item not in own.priced]
    en = [item.en for item in missing] + ["new landings and their spurs", "backbone fibre"]
    ja = [item.ja for item in missing] + ["新設陸揚局と支線", "基幹光ファイバー"]
    return (
        f"costs leave out {', '.join(en)}: no figure is given; electricity is the day-ahead "
        "market's price without grid charge, levy and margin; subsidies are not taken off / "
        f"費用に含まないもの：{'、'.join(ja)}（単価の根拠なし）。電力料は卸市場価格で、託送料・賦課金・"
        "小売経費を含まない。補助金は差し引いていない"
    )


CRITERION = Cost()
