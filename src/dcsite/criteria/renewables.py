"""Renewables: how much of the hubs' energy additional supply matches hour by hour.

The strategy counts only renewables with additionality: supply at the place, self-consumption or
long-term contract (B8). Of each area's supply of such a type data centres can contract a stated
share, in the area itself or from a directly linked one within what its interconnector leaves each
hour; what one hub contracts no other counts. A hub draws ``it_load_mw * PUE of its site * load
factor`` in every hour, and what contracts yield beyond the load of an hour matches nothing
(:mod:`.renewable_matching`). A sum over the year, which lets the noon of May light the nights of
January, is reported beside it, as is the decarbonised share of the area's grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    Bound,
    Criterion,
    Evaluation,
    Outlook,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    linear_score,
    load_share,
)
from dcsite.hazards.settings import Part
from dcsite.scenario.schema import Positive

from .cooling import pue
from .renewable_hours import hours
from .renewable_matching import Battery, Market, Matcher, Mix, Tangent
from .renewable_supply import (
    SupplyParameters,
    decarbonised_share,
    gathered,
    links_mw,
    local_demand,
    supply_rows,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Terms
    from dcsite.scenario import Scenario

HOURS_PER_YEAR = 8760.0
#: A mix of contracts within this of the best, in shares of all hubs' energy, is taken for it; the
#: objective then errs by less than the check of a plan allows.
_TOLERANCE = 1e-6
#: The same for the relaxation, whose loads are not yet the plan's, and where that is enough.
_RELAXED = 3e-4
#: A point whose matched energy is over by less is near; so many mixes are then found for loads that
#: scatter about its own by so much.
_NEAR = 5e-3
_AROUND = 3
_SCATTER = 0.1
_SOURCE = (
    "solar_fit_by_municipality, wind_farms, offshore_wind_zones, area_annual_energy, "
    "area_representative_days, interconnectors, interconnector_reinforcements"
)

RENEWABLE_SHARE = Quantity(
    "renewable_share",
    "share",
    "hub's energy matched hour by hour by additional renewables (of its electricity area)",
    "時間単位で追加性のある再エネが賄う拠点電力の割合（エリア単位）",
    _SOURCE,
    measure="hourly_renewable_share",
    short_en="renew.",
)
YEARLY_SHARE = Quantity(
    "yearly_renewable_share",
    "share",
    "the same supply summed over the year, whatever the hour",
    "同じ供給を年間合計で数えた割合",
    _SOURCE,
)
LOCAL_SUPPLY = Quantity(
    "local_renewable_gwh",
    "GWh/year",
    "additional supply around the hub",
    "周辺の追加再エネ",
    _SOURCE,
)
LOCAL_RATIO = Quantity(
    "local_renewable_ratio",
    "ratio",
    "additional supply over electricity demand around the hub",
    "周辺の電力需要に対する追加再エネの比",
    _SOURCE,
)
AREA_SUPPLY = Quantity(
    "area_contractable_gwh",
    "GWh/year",
    "additional supply that can be contracted in the electricity area",
    "エリアで契約可能な追加再エネ",
    _SOURCE,
)
DECARBONISED = Quantity(
    "decarbonised_share",
    "share",
    "decarbonised share of the area's grid, nuclear running in 2026 included (reported only)",
    "エリア系統の脱炭素電源比率（2026年稼働原子力を含む・参考）",
    "area_annual_energy, nuclear_units_operation_2026",
)
AREA_DECARBONISED = replace(DECARBONISED, name="area_decarbonised_share")
HUB_ENERGY = Quantity(
    "hub_energy_gwh",
    "GWh/year",
    "energy drawn from the grid, cooling included",
    "系統からの受電量（冷却を含む）",
    "climate_normals_monthly, pue_by_wet_bulb",
)


class Parameters(SupplyParameters):
    """Parameters of the renewables criterion."""

    contractable_share: Part
    """Share of additional supply that data centres can contract."""
    interconnector_share: Part
    """Share of an interconnector's capacity that such contracts can use in each hour."""
    battery_hours: Annotated[float, Field(ge=0, le=24)]
    """Hours of the hubs' load that a battery beside them holds; 0 is none."""
    battery_efficiency: Annotated[float, Field(gt=0, le=1)]
    """Part of what a battery takes in that it gives out again."""
    min_share: Part
    """Least share of the hubs' energy that additional supply matches hour by hour."""
    score_one_share: Annotated[float, Field(gt=0, le=1)]
    """Matched share of the energy asked that scores 1; none scores 0."""
    local_decay_km: Annotated[float, Field(gt=0, le=500)]
    """Distance at which local supply counts 1/e, in km."""
    local_share_of_weight: Part
    """Part of the criterion's weight given to supply close to the hub."""
    local_zero_ratio: Annotated[float, Field(ge=0)]
    """Local additional supply over local demand that scores 0."""
    local_one_ratio: Positive
    """Local additional supply over local demand that scores 1."""


def energy_asked_mw(scenario: Scenario) -> float:
    """Return the mean draw of all new hubs by the PUE of the demand outlook, in MW.

    Shares of the program are shares of it: a sum over chosen hubs cannot stand below a fraction.
    """
    return scenario.total_new_it_load_mw * scenario.demand.pue * scenario.demand.load_factor


class Offer(NamedTuple):
    """What hubs in an area can contract: where it is generated, and what kind it is."""

    source: str
    kind: str


@dataclass(frozen=True)
class Offers:
    """The market of contracts: for each area its offers, in the order of its matcher's contracts.

    Amounts are in units of `unit_mw`.
    """

    market: Market
    areas: tuple[str, ...]
    offers: tuple[tuple[Offer, ...], ...]
    unit_mw: float

    @classmethod
    def of(
        cls,
        areas: Sequence[str],
        supply: pd.DataFrame,
        atlas: Atlas,
        scenario: Scenario,
        *,
        yearly: bool = False,
    ) -> Offers:
        """Set out what hubs in some areas can contract.

        Parameters
        ----------
        areas : sequence of str
            Areas with hubs.
        supply : pandas.DataFrame
            Rows of :func:`.supply_rows` that count.
        yearly : bool
            Whether only sums over the year count, as one single hour.
        """
        own: Parameters = scenario.criteria["renewables"]
        unit = energy_asked_mw(scenario)
        gwh = supply.groupby(["area", "kind"])["energy_gwh"].sum()
        most = gwh[gwh > 0.0] * own.contractable_share * 1000.0 / HOURS_PER_YEAR / unit
        place = {Offer(*pool): number for number, pool in enumerate(most.index)}
        year = hours(atlas)
        links = links_mw(atlas, own.horizon_year, own.interconnector_basis)
        weight = np.ones(1) if yearly else year.weight
        battery = Battery(0.0 if yearly else own.battery_hours, own.battery_efficiency)
        matchers, pools, offers = [], [], []
        for area in areas:
            into = links[links["to_area"] == area]
            sources = [area, *into["from_area"]]
            found = [offer for source in sources for offer in place if offer.source == source]
            profile = np.ones((len(found), len(weight)))
            if not yearly:
                for number, (source, kind) in enumerate(found):
                    profile[number] = year.shape[kind].loc[source]
            link = np.array([sources.index(offer.source) - 1 for offer in found], dtype=np.intp)
            capacity = into["capacity_mw"].to_numpy(dtype=float) * own.interconnector_share / unit
            matchers.append(Matcher(weight, profile, link, capacity, battery))
            pools.append(np.array([place[offer] for offer in found], dtype=np.intp))
            offers.append(tuple(found))
        return cls(Market(matchers, pools, most.to_numpy()), tuple(areas), tuple(offers), unit)


class Renewables(Criterion[Parameters]):
    """The renewables criterion; see the module's text."""

    name = "renewables"
    rank = 40
    title_en = "Additional renewables"
    title_ja = "追加性のある再エネ"
    policy_lines = ("B7", "B8", "A11", "F7")
    Parameters = Parameters
    quantities = (
        RENEWABLE_SHARE,
        YEARLY_SHARE,
        HUB_ENERGY,
        LOCAL_SUPPLY,
        LOCAL_RATIO,
        AREA_SUPPLY,
        DECARBONISED,
        AREA_DECARBONISED,
    )
    facts = (RENEWABLE_SHARE, DECARBONISED)
    rules = (
        Rule(
            "renewable_share",
            "additional renewables match enough of the hubs' energy hour by hour",
            "時間単位で賄われる追加性のある再エネの割合を満たす",
            "share",
            ("criteria.renewables.min_share", "criteria.renewables.contractable_share"),
            ("B8",),
            per="per unit of renewable share short",
            gives_way=(Step("criteria.renewables.min_share", 0.0, by=0.01),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure local additional supply and what part of local demand it makes.

        Every located GWh counts ``exp(-distance / decay)``; present electricity demand by
        municipality is gathered the same way. The ratio tells supply points from places where much
        is built because many live there. Distances here are chords of the ellipsoid, bent to the
        arc of a sphere (within 0.001 % of the geodesic over Japan), which allows one matrix product
        for all sites.
        """
        own = self.own(scenario)
        supply = supply_rows(atlas, own)
        supply = supply[supply["counts"]]
        local = gathered(sites, supply.dropna(subset=["lat_deg", "lon_deg"]), own.local_decay_km)
        demand = gathered(sites, local_demand(atlas), own.local_decay_km)
        area_gwh = supply.groupby("area")["energy_gwh"].sum() * own.contractable_share
        grid = decarbonised_share(atlas)
        return pd.DataFrame(
            {
                LOCAL_SUPPLY.name: local,
                LOCAL_RATIO.name: local / demand,
                AREA_SUPPLY.name: sites["area"].map(area_gwh).fillna(0.0).to_numpy(dtype=float),
                AREA_DECARBONISED.name: sites["area"].map(grid).to_numpy(dtype=float),
            },
            index=sites.index,
        )

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score local additional supply over local demand between the scenario's anchors."""
        own = self.own(scenario)
        score = linear_score(sites[LOCAL_RATIO.name], own.local_zero_ratio, own.local_one_ratio)
        return pd.Series(score, index=sites.index, name=self.name)

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Bound from above the share of the hubs' energy that is matched hour by hour.

        Each area may have all the load its candidates could carry. The matched share falls with the
        energy drawn, so the total is taken at the least PUE of any candidate.
        """
        scenario, sites = outlook.scenario, outlook.sites
        own, here = self.own(scenario), outlook.most_mw.max(axis=1)
        if not here.any():
            return ()
        draw = pue(sites, outlook.atlas, scenario)
        least = float(draw[here > 0.0].min()) / scenario.demand.pue
        most = pd.Series(here * draw).groupby(sites["area"].to_numpy()).sum()
        most = most[most > 0.0] * scenario.demand.load_factor
        supply = supply_rows(outlook.atlas, own)
        areas = [str(area) for area in most.index]
        # No battery matches more than all that is generated in the year, which is quickly found.
        offers = Offers.of(
            areas,
            supply[supply["counts"]],
            outlook.atlas,
            scenario,
            yearly=own.battery_hours > 0.0,
        )
        loads = most.to_numpy() / offers.unit_mw
        # A bound for the eye needs no more than a thousandth.
        mix = offers.market.best(np.zeros(len(most)), loads, least, tolerance=1e-3)
        share = min(1.0, mix.most / least)
        return (
            Bound(
                RENEWABLE_SHARE.in_plan,
                "at_most",
                share,
                own.min_share,
                "criteria.renewables.min_share",
                ("renewable_share",),
                f"additional renewables match at most {share:.1%} of the hubs' energy hour by hour",
                ", or raise criteria.renewables.contractable_share or interconnector_share",
            ),
        )

    def constrain(self, program: Program) -> None:
        """Bound what is matched by tangents, added as points lie above them.

        In shares of the energy asked, for each area a: ``load[a] = sum(it_load_mw * PUE)``;
        ``matched[a] <= tangent(load[a], contract[a, ...])`` for every tangent of its hours;
        ``sum(contract[a, source, kind] over a) <= contractable supply of source and kind``;
        ``sum(matched) >= min_share * sum(load)`` (rule ``renewable_share``);
        ``score <= sum(matched) / score_one_share`` and at most 1.
        """
        own, scenario = self.own(program.scenario), program.scenario
        supply = supply_rows(program.atlas, own)
        areas = sorted(set(program.sites["area"].astype(str)))
        offers = Offers.of(areas, supply[supply["counts"]], program.atlas, scenario)
        draw = pue(program.sites, program.atlas, scenario) / scenario.demand.pue
        here = program.sites["area"].to_numpy()[None, :] == np.array(areas)[:, None]
        program.separate_by(_MatchingRows(program, offers, here * draw, own))

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward the matched share of all energy, and load where local supply is plentiful."""
        own = self.own(program.scenario)
        weight, part = program.scenario.weights[self.name], own.local_share_of_weight
        local = self.site_score(program.sites, program.scenario)
        matched = [(program.variable("renewable_score"), 1.0)]
        return (
            ScoreTerm(RENEWABLE_SHARE.in_plan, weight * (1.0 - part), matched),
            self.by_load(program, LOCAL_RATIO.in_plan, local, part),
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Recompute what is matched hour by hour from the tables; see :mod:`.renewables_found`."""
        from .renewables_found import evaluate

        return evaluate(hubs, atlas, scenario)


class _MatchingRows:
    """Columns and rows of the matched energy; tangents are laid as points lie above them.

    Parameters
    ----------
    program : Program
        Gets them.
    offers : Offers
        What hubs can contract.
    draws : numpy.ndarray, shape (areas, sites)
        Energy of a MW of IT load at each site over that of the demand outlook; 0 in other areas.
    own : Parameters
        The criterion's.
    """

    def __init__(
        self, program: Program, offers: Offers, draws: NDArray[np.float64], own: Parameters
    ) -> None:
        self._program, self._market, self._own = program, offers.market, own
        self._draws, self._areas = draws, offers.areas
        self._load = [program.continuous(f"renewable_load_{area}") for area in offers.areas]
        self._matched = [program.continuous(f"renewable_matched_{area}") for area in offers.areas]
        self._score = program.continuous("renewable_score", 0.0, 1.0)
        self._contract: list[list[Any]] = []
        drawn: dict[int, Terms] = {}
        for number, area in enumerate(offers.areas):
            energy = program.load_terms(load_share(program, draws[number]))
            program.row(f"renewable_load_{area}", [*energy, (self._load[number], -1.0)], "==", 0.0)
            self._contract.append([])
            for offer, pool in zip(
                offers.offers[number], self._market.pool[number].tolist(), strict=True
            ):
                name = f"renewable_contract_{area}_{offer.source}_{offer.kind}"
                contract = program.continuous(name, 0.0, float(self._market.potential[pool]))
                self._contract[-1].append(contract)
                drawn.setdefault(pool, []).append((contract, 1.0))
        for pool, terms in drawn.items():
            most = float(self._market.potential[pool])
            program.row(f"renewable_pool_{pool}", terms, "<=", most)
        self._known: list[list[Tangent]] = [[] for _ in offers.areas]
        self._last: tuple[tuple[bytes, float, int], Mix] | None = None
        for number, matcher in enumerate(self._market.matchers):
            for tangent in matcher.starting():
                self._lay(number, tangent)
        self._first = sum(map(len, self._known))
        matched: Terms = [(variable, 1.0) for variable in self._matched]
        scored = [(variable, -1.0 / own.score_one_share) for variable in self._matched]
        program.row("renewable_score", [(self._score, 1.0), *scored], "<=", 0.0)
        program.row(
            "renewable_share",
            [*matched, *((load, -own.min_share) for load in self._load)],
            ">=",
            0.0,
            rule="renewable_share",
            slack_up=1.0,
        )

    def separate(self, values: Mapping[str, float], tolerance: float = _TOLERANCE) -> int:
        """Add tangents where more is thought matched than the best contracts match.

        The best contracts for the point's loads are found first: with the tangents that bind there
        the program needs few further rounds. Once a point is near, tangents for loads about its own
        follow, since the next one will not have the same.
        """
        load = self._loads(values)
        thought = np.array([values.get(variable.name, 0.0) for variable in self._matched])
        known = None if self._last is None or self._last[0][0] != load.tobytes() else self._last[1]
        if known is not None and thought.sum() - known.matched.sum() <= 2.0 * tolerance:
            return 0
        mix = self._best(load, tolerance)
        excess = float(thought.sum() - mix.matched.sum())
        if excess <= 2.0 * tolerance:
            return 0
        before = sum(map(len, self._known))
        contract = [[values.get(v.name, 0.0) for v in here] for here in self._contract]
        if not self._lay_binding(load, mix, tolerance):
            for area, found in enumerate(mix.tangents):
                for tangent in found[len(self._known[area]) :]:
                    if thought[area] - tangent.at(load[area], np.array(contract[area])) > tolerance:
                        self._lay(area, tangent)
        if excess < _NEAR:
            scatter = np.random.default_rng(0)
            for _ in range(_AROUND):
                near = load * np.exp(_SCATTER * scatter.standard_normal(len(load)))
                mix = self._market.best(near, near, known=self._known, tolerance=_RELAXED)
                self._lay_binding(near, mix, _RELAXED)
        return sum(map(len, self._known)) - before

    def separate_relaxed(self, values: Mapping[str, float]) -> int:
        """Add tangents at a point of the relaxation, which need not be as near."""
        return self.separate(values, _RELAXED)

    def _lay_binding(self, load: NDArray[np.float64], mix: Mix, tolerance: float) -> int:
        """Lay the new tangents that bind at a mix; return how many."""
        binding = [
            (area, tangent)
            for area, found in enumerate(mix.tangents)
            for tangent in found[len(self._known[area]) :]
            if tangent.at(load[area], mix.contract[area]) - mix.matched[area] < tolerance
        ]
        for area, tangent in binding:
            self._lay(area, tangent)
        return len(binding)

    def complete(self, values: Mapping[str, float], *, loosely: bool = False) -> dict[str, float]:
        """Return the best contracts for a point's loads, and all that follows from them."""
        load = self._loads(values)
        mix = self._best(load, _RELAXED if loosely else _TOLERANCE)
        total = float(mix.matched.sum())
        whole = {self._score.name: min(total / self._own.score_one_share, 1.0)}
        for area in range(len(load)):
            whole[self._load[area].name] = float(load[area])
            whole[self._matched[area].name] = float(mix.matched[area])
            contracts = zip(self._contract[area], mix.contract[area].tolist(), strict=True)
            whole |= {variable.name: amount for variable, amount in contracts}
        if self._program.mode("renewable_share") == "soft":
            short = self._own.min_share * float(load.sum()) - total
            whole["short_renewable_share"] = max(short, 0.0)
        return whole

    def _best(self, load: NDArray[np.float64], tolerance: float) -> Mix:
        """Return the best contracts for loads; the last ones are kept, they are asked for twice."""
        asked = (load.tobytes(), tolerance, sum(map(len, self._known)))
        if self._last is None or self._last[0] != asked:
            mix = self._market.best(load, load, known=self._known, tolerance=tolerance)
            self._last = asked, mix
        return self._last[1]

    def summary(self) -> str:
        """Say how many tangents were added."""
        return f"renewable hours: {sum(map(len, self._known)) - self._first} tangents needed"

    def _loads(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the load of each area at a point, in shares of the energy asked."""
        loads = self._draws @ self._program.load_of(values) / self._program.total_it_load_mw
        return np.asarray(loads, dtype=np.float64)

    def _lay(self, area: int, tangent: Tangent) -> None:
        contracts = zip(self._contract[area], tangent.contract.tolist(), strict=True)
        self._program.row(
            f"renewable_hours_{self._areas[area]}_{len(self._known[area])}",
            [
                (self._matched[area], 1.0),
                (self._load[area], -tangent.load),
                *((variable, -slope) for variable, slope in contracts if slope > 0.0),
            ],
            "<=",
            tangent.constant,
        )
        self._known[area].append(tangent)


CRITERION = Renewables()
