"""Substation: connect to points of the grid that bear a hub's megawatts, near the site.

The strategy's only figure is the 60 kV of the land-use exception (E5); "near" has no number. Open
mapping of 60 to 77 kV is thin in Chubu, Kansai and Chugoku (the share of substations without a
voltage tag differs threefold by area), so the default compares at 100 kV and above. A substation
counts only on the site's own land body: an island at the end of one undersea feeder must not
borrow the mainland's grid. Where mapping is thin (many residents for each mapped point) a distance
is not known: the site stays in for the tiers of `guessed_voltage`, at a distance assumed. What
counts as a substation at all is the atlas's (`dcsite.atlas.connection`): no plant, yard, converter
or office; and a voltage guessed from a line's end, or a node without a name, carries hubs of the
tiers named in `guessed_voltage` alone.

A hub's size asks for a voltage, and so for a distance. Of the points that fit a tier (see
`substation_points`) a site keeps its options: the nearest, and each farther one that bears more
than all nearer ones. A hub hangs on the nearest option that bears its load and its reserve, times
its PUE; the score goes by the km to it, weighted by load.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import (
    TIERS,
    Admission,
    Criterion,
    Evaluation,
    Limit,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    Terms,
    linear_score,
    up_to_the_largest,
)
from dcsite.geo.geodesy import nearest

from .cooling import PUE
from .substation_found import (
    CAPACITY,
    DISTANCE,
    FITTING,
    GRID,
    LEAD_TIME,
    ROUTE,
    VOLTAGE,
    SubstationLink,
    evaluate_connections,
)
from .substation_options import (
    HAIR_MW,
    RESIDENTS_PER_POINT,
    UNKNOWN,
    Choices,
    at,
    choices_of,
    column,
    could_share,
    fronts,
    options_of,
    residents_per_point,
)
from .substation_points import Parameters, points_of

#: What the strongest point in reach bears.
BEARS = Quantity(
    "connection_bears_mw",
    "MW",
    "IT load that the strongest connection point within reach bears",
    "到達距離内で最も強い接続点が賄えるIT負荷",
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Voltage classes every site is measured for: the legal 60 kV, 100 kV where mapping is even,
#: 187 kV (the bulk grid of Hokkaido and Shikoku upwards), 220 kV, 500 kV.
VOLTAGE_CLASSES_KV: tuple[float, ...] = (60.0, 100.0, 187.0, 220.0, 500.0)


def _distance_columns(scenario: Scenario) -> list[str]:
    own: Parameters = scenario.criteria[CRITERION.name]
    return [
        column("distance_km", own.min_voltage_kv[tier], guessed=tier in own.guessed_voltage)
        for tier in TIERS
    ]


class Substation(Criterion[Parameters]):
    """The substation criterion; see the module's text."""

    name = "substation"
    rank = 50
    title_en = "Substation"
    title_ja = "変電所"
    policy_lines = ("E5",)
    Parameters = Parameters
    file_options = {  # noqa: RUF012  # never changed
        "substations": "substations_file",
        "headroom": "headroom_file",
    }
    quantities = (DISTANCE, VOLTAGE, ROUTE, GRID, CAPACITY, LEAD_TIME)
    links = (SubstationLink,)
    rules = (
        Rule(
            "substation_reach",
            "a fitting utility substation stands within reach",
            "適合する変電所が到達距離内にある",
            "hub",
            ("criteria.substation.min_voltage_kv", "criteria.substation.max_distance_km"),
            ("E5",),
            per="per hub without a fitting substation in reach",
            gives_way=up_to_the_largest(name, "max_distance_km", _distance_columns, by=1.0),
        ),
        Rule(
            "connection_capacity",
            "a connection point in reach bears what the hub draws from the grid",
            "到達距離内の接続点が拠点の受電電力を賄える",
            "share",
            ("criteria.substation.class_capacity_mw", "criteria.substation.headroom_end"),
            per="per MW beyond a point's capacity, as a share of the total IT load",
            gives_way=tuple(
                Step(f"criteria.substation.class_capacity_mw.{kv}", most, by=10.0, remeasure=True)
                for kv, most in (("kv100", 600.0), ("kv187", 1000.0), ("kv500", 2000.0))
            ),
        ),
    )

    def columns(self, sites: pd.DataFrame) -> Mapping[str, Quantity]:
        """Return what the distance to each class of voltage is."""
        named: dict[str, Quantity] = {}
        for measured in map(str, sites.columns):
            plain = measured.removesuffix("_or_guessed")
            if plain.startswith(f"{DISTANCE.name}_") and plain.endswith("kv"):
                kv = plain.removeprefix(f"{DISTANCE.name}_").removesuffix("kv")
                distance = Quantity(
                    measured,
                    "km",
                    f"distance to a substation of {kv} kV or more",
                    f"{kv} kV以上の変電所までの距離",
                    DISTANCE.source,
                )
                named[measured] = (
                    distance
                    if plain == measured
                    else distance.noted("guessed or unnamed too", "推定電圧・名称なしを含む")
                )
        return named

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure the nearest substation of at least each voltage class on the same land body.

        Returns
        -------
        pandas.DataFrame
            For each class ``substation_distance_km_<class>kv`` (geodesic; infinite where the land
            body has none) and ``substation_id_<class>kv`` (empty there), by points of a known
            voltage; for tiers to which a guessed one is enough also ``..._or_guessed``. For what
            the tiers ask ``substation_options_...``: see `options_of`.
        """
        own = self.own(scenario)
        asked = {(own.min_voltage_kv[tier], tier in own.guessed_voltage) for tier in TIERS}
        points = points_of(atlas, own)
        measured: dict[str, NDArray[np.generic]] = {}
        for voltage_kv, guessed in sorted(asked | {(kv, False) for kv in VOLTAGE_CLASSES_KV}):
            distance_km = np.full(len(sites), np.inf)
            station_id = np.full(len(sites), "", dtype=object)
            sure = points["connection"] == "any"
            fitting = points[(sure | guessed) & (points["voltage_kv"] >= voltage_kv)]
            for body, there in fitting.groupby("landmass_id"):
                here = np.flatnonzero((sites["landmass_id"] == body).to_numpy())
                if not len(here):
                    continue
                index, km = nearest(
                    sites["lat_deg"].to_numpy()[here],
                    sites["lon_deg"].to_numpy()[here],
                    there["lat_deg"].to_numpy(),
                    there["lon_deg"].to_numpy(),
                )
                distance_km[here] = km.ravel()
                station_id[here] = there.index.to_numpy()[index.ravel()]
            measured[column("distance_km", voltage_kv, guessed=guessed)] = distance_km
            measured[column("id", voltage_kv, guessed=guessed)] = station_id
            if (voltage_kv, guessed) in asked:
                measured[column("options", voltage_kv, guessed=guessed)] = fronts(sites, fitting)
        measured[RESIDENTS_PER_POINT] = residents_per_point(sites, points, atlas, own)
        return pd.DataFrame(measured, index=sites.index)

    def _scores(self, km: NDArray[np.float64], scenario: Scenario) -> NDArray[np.float64]:
        own = self.own(scenario)
        return linear_score(km, own.score_zero_km, own.score_one_km)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the distance to the nearest substation that fits the lowest tier."""
        score = self._scores(options_of(sites, scenario).km[:, -1, 0], scenario)
        return pd.Series(score, index=sites.index, name=self.name)

    def tier_score(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Score the distance to the nearest point that fits the tier and bears its least load."""
        options = options_of(sites, scenario)
        least_mw = np.array([scenario.tiers[tier].it_load_mw.min for tier in TIERS])
        first = (options.mw >= least_mw[:, None] - HAIR_MW).argmax(axis=2)
        km = np.take_along_axis(options.km, first[:, :, None], axis=2)[:, :, 0]
        return self._scores(km, scenario)

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Leave out sites with no fitting substation in reach, or none that bears the tier."""
        options = options_of(sites, scenario)
        far = options.km[:, :, 0] > self.own(scenario).max_distance_km.by_tier()
        bears_mw = np.where(np.isinf(options.km[:, :, 0]), np.inf, options.mw.max(axis=2))
        least_mw = np.array([scenario.tiers[tier].it_load_mw.min for tier in TIERS])
        bears_mw = np.where(bears_mw < least_mw - HAIR_MW, bears_mw, np.maximum(bears_mw, least_mw))
        pue = sites[PUE.name].to_numpy(dtype=float)[:, None]
        short = np.maximum(least_mw - bears_mw, 0.0) * pue
        if scenario.rules["connection_capacity"] == "soft":
            short[:] = 0.0  # its rows count what is beyond
        unknown = int((options.point[:, :, 0] == UNKNOWN).any(axis=1).sum())
        kept = f" ({unknown} sites stay where mapping is thin, distance not known)"
        reason = f"no fitting substation within reach{kept if unknown else ''}"
        reach_km = self.own(scenario).max_distance_km
        least_kv = self.own(scenario).min_voltage_kv
        reach = tuple(
            Limit(
                FITTING.noted(f"{least_kv[tier]:g} kV or more", f"{least_kv[tier]:g} kV以上"),
                options.km[:, :, 0],
                np.array([reach_km[tier] if tier == own else np.inf for own in TIERS]),
            )
            for tier in TIERS
        )
        bears = Limit(BEARS, bears_mw, least_mw - HAIR_MW, least=True)
        return (
            Admission("substation_reach", far.astype(float), reason, limits=reach),
            Admission(
                "connection_capacity",
                short / scenario.total_new_it_load_mw,
                "no point within reach bears the tier's least load",
                bears_mw,
                (bears,),
            ),
        )

    def constrain(self, program: Program) -> None:
        """Let each hub hang on one option, and each point bear no more than it can.

        With k = 0 the first option, ``connect[i,t,k]`` binary, ``connected_mw[i,t,k]`` of the load
        and ``held_mw[i,t,k]`` of the reserve, where there is one: ``connected_mw[k] + held_mw[k] <=
        mw[k] * connect[k]`` for k > 0, ``it_load_mw + reserve_mw - sum(connected_mw + held_mw) <=
        mw[0] * (open - sum(connect))`` and ``sum(held_mw) <= reserve_mw``. What hangs on an option
        is the whole load and never less than the tier's least: ``connected_mw[k] >= min *
        connect[k]``, ``it_load_mw - sum(connected_mw) >= min * (open - sum(connect))``. Where one
        option is left the capacity is bounded by it, with no column. Rows of points stand only
        where several hubs could hang on one, or the rule is soft.
        """
        mode = program.mode("connection_capacity")
        if mode == "off":
            return
        choices = choices_of(program)
        options, soft = choices.options, mode == "soft"
        rule = None if soft else "connection_capacity"
        least_mw = [float(program.scenario.tiers[tier].it_load_mw.min) for tier in TIERS]
        connected: dict[tuple[int, int], list[tuple[Any, Any, list[Any]]]] = {}
        for site, tier, k in choices.further():
            name = f"{site}_{TIERS[tier]}_{k}"
            most_mw = choices.most_mw[site, tier]
            if not (soft and k == choices.last[site, tier]):
                most_mw = min(options.mw[site, tier, k], most_mw)
            connect = program.binary(f"connect_{name}")
            mw, held = program.continuous(f"connected_mw_{name}"), []
            if program.reserve_terms(at(program, site, tier)):
                held = [program.continuous(f"held_mw_{name}")]
            terms = [*((one, 1.0) for one in (mw, *held)), (connect, -most_mw)]
            program.row(f"connect_{name}", terms, "<=", 0.0, rule=rule)
            least = [(mw, 1.0), (connect, -least_mw[tier])]
            program.row(f"least_{name}", least, ">=", 0.0, rule=rule)
            connected.setdefault((site, tier), []).append((connect, mw, held))
        for (site, tier), further in connected.items():
            here = at(program, site, tier)
            name, first_mw = (
                f"{site}_{TIERS[tier]}",
                options.mw[site, tier, choices.first[site, tier]],
            )
            load = [*program.load_terms(here), *((mw, -1.0) for _, mw, _ in further)]
            reserve = program.reserve_terms(here)
            reserve += [(held, -1.0) for _, _, some in further for held in some]
            bears = [
                *program.open_terms(-first_mw * here),
                *((connect, first_mw) for connect, _, _ in further),
            ]
            program.row(f"first_{name}", [*load, *reserve, *bears], "<=", 0.0, rule=rule)
            within = [
                *program.open_terms(-least_mw[tier] * here),
                *((connect, least_mw[tier]) for connect, _, _ in further),
            ]
            program.row(f"within_{name}", [*load, *within], ">=", 0.0, rule=rule)
            if reserve:
                program.row(f"held_within_{name}", reserve, ">=", 0.0, rule=rule)
        self._share_points(program, choices, soft)

    def _share_points(self, program: Program, choices: Choices, soft: bool) -> None:
        """``sum(pue * (connected_mw + held_mw)) <= capacity`` of each point that could overload."""
        options, total = choices.options, program.total_it_load_mw
        pue = program.sites[PUE.name].to_numpy(dtype=float)
        ranks = np.arange(options.km.shape[2])
        chosen = (ranks >= choices.first[:, :, None]) & (ranks <= choices.last[:, :, None])
        site, tier, k = np.nonzero(chosen & program.eligible[:, :, None] & (options.mw > 0.0))
        users = pd.DataFrame({"site": site, "tier": tier, "k": k, "km": options.km[site, tier, k]})
        point = options.point[site, tier, k]
        point = np.where(point == UNKNOWN, [f"{UNKNOWN}{number}" for number in site], point)
        for number, (_, each) in enumerate(users.groupby(point)):
            if soft or could_share(program, each):
                terms: Terms = []
                for i, t, rank in each[["site", "tier", "k"]].itertuples(index=False):
                    capacity = options.mw[i, t, rank] * pue[i]
                    terms += self._connected(program, choices, (i, t, rank), pue[i] / total)
                program.row(
                    f"point_{number}", terms, "<=", capacity / total, rule="connection_capacity"
                )

    def _connected(
        self, program: Program, choices: Choices, option: tuple[int, int, int], per_mw: float
    ) -> Terms:
        """Return ``per_mw * (connected_mw + held_mw)``; of the first what the others leave."""
        site, tier, rank = option
        here = at(program, site, tier)
        kinds = ("connected", "held") if program.reserve_terms(here) else ("connected",)

        def hung(k: int, times: float) -> Terms:
            name = f"mw_{site}_{TIERS[tier]}_{k}"
            return [(program.variable(f"{kind}_{name}"), times) for kind in kinds]

        first, last = choices.first[site, tier], choices.last[site, tier]
        if rank > first:
            return hung(rank, per_mw)
        others = [one for k in range(first + 1, last + 1) for one in hung(k, -per_mw)]
        return [*program.capacity_terms(per_mw * here), *others]

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward load near what it hangs on: ``sum(connected_mw * score(km)) / total``."""
        choices = choices_of(program)
        options = choices.options
        scores = self._scores(options.km, program.scenario)
        first = np.take_along_axis(scores, choices.first[:, :, None], axis=2)[:, :, 0]
        term = self.by_load(program, DISTANCE.in_plan, first)
        further: Terms = []
        for site, tier, k in choices.further():
            mw = program.variable(f"connected_mw_{site}_{TIERS[tier]}_{k}")
            gain = (scores[site, tier, k] - first[site, tier]) / program.total_it_load_mw
            further.append((mw, float(gain)))
        return (replace(term, terms=[*term.terms, *further]),)

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Find what each hub hangs on anew, by trying all points, and what each point bears."""
        return evaluate_connections(hubs, atlas, scenario)


CRITERION = Substation()
