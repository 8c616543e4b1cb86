"""Taking over: reserve that carries what falls, of the new hubs and of Tokyo.

The strategy wants hubs large enough to take over part of what Tokyo processes (B3), and hubs that
do not fall together (B4). Capacity that serves demand is not free for that: `reserve_mw` is built
beside the load and held free, and counts only where it stands. What falls, in any one disaster in
force or when any one hub fails alone, must fit into the reserve of those that stand and do not fall
with it; so reserve is shared over disasters and not added up over hubs.

Tokyo's load of today is the racks in operation of the strategy (G3, G4), times kW per rack, times
the share of them in Tokyo: the last two are assumptions of the scenario. So is the share of that
load which is to be carried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import (
    TIERS,
    Bound,
    Criterion,
    Evaluation,
    Outlook,
    Program,
    Quantity,
    Rule,
    ScoreTerm,
    Step,
    disasters_at,
)
from dcsite.hazards import falls_with
from dcsite.hazards.settings import Part
from dcsite.scenario.demand import RACKS, racks_today
from dcsite.scenario.schema import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Demand, Scenario

Tier = Literal["core", "large", "regional"]

_LARGE = TIERS.index("large")
#: A row counts as violated by more than this, in shares of the total IT load.
_VIOLATED = 1e-7
#: The most violated rows of one kind that one round adds: the next is likely to need others.
_ROWS_PER_ROUND = 12
#: Rows of one linear program over many events, so that its size does not grow with theirs.
_ARCS_AT_ONCE = 50_000

CARRIED = Quantity(
    "tokyo_carried",
    "share",
    "share of Tokyo's load of today that standing reserve carries with Tokyo lost",
    "東京喪失時に予備容量が担う、東京の現在負荷の割合",
    "rack_figures",
)
RESERVE = Quantity(
    "reserve_share",
    "share",
    "reserve held free, over the new IT load",
    "新規IT負荷に対する予備容量の割合",
)
DOWN_WITH_TOKYO = Quantity(
    "down_with_tokyo",
    "share",
    "probability to be down when Tokyo is lost",
    "東京喪失時に停止している確率",
    "scenario_intensity_by_municipality",
)


class WeightParts(Section):
    """How the criterion's weight is divided; what is left of 1 is not given."""

    tokyo_carried: Part
    """Share of Tokyo's load that is carried; above 0, reserve is built beyond the rules."""
    reserve_share: Part
    """As little reserve as will do: what is held free is built and earns nothing."""


class Parameters(Section):
    """Parameters of the criterion of taking over."""

    tokyo_share: Part
    """Share of Tokyo's load of today that reserve must carry with Tokyo lost."""
    osaka_idle_counts: bool
    """Whether racks of Osaka that are not in operation carry part of Tokyo's load too."""
    joint_probability: Annotated[float, Field(gt=0, le=1)]
    """Two hubs fall together, so that neither carries the other's load, if some disaster in force
    takes both down with at least this probability."""
    backup_tiers: tuple[Tier, ...]
    """Tiers whose load must be carried when it falls."""
    reserve_tiers: tuple[Tier, ...]
    """Tiers whose hubs may hold reserve."""
    weight_parts: WeightParts
    """How the criterion's weight is divided."""


class CoreLoad(NamedTuple):
    """What an existing core carries and could carry, and from how many racks of Japan."""

    racks_in_operation: float
    racks: float
    load_mw: float
    capacity_mw: float


def core_loads(atlas: Atlas, demand: Demand) -> dict[str, CoreLoad]:
    """Return the IT load and capacity of each existing core today.

    ``racks of Japan * kw_per_rack / 1000 * share of the core``, with the racks in operation for the
    load (G3 and G4) and all racks for the capacity (G1 and G2).
    """
    table = atlas.table(RACKS)
    in_operation, total = (racks_today(table, demand, of) for of in ("in_operation", "total"))
    shares: dict[str, float] = demand.core_rack_share.model_dump()
    return {
        core: CoreLoad(
            in_operation,
            total,
            in_operation * demand.kw_per_rack / 1000.0 * share,
            total * demand.kw_per_rack / 1000.0 * share,
        )
        for core, share in shares.items()
    }


def osaka_idle_mw(atlas: Atlas, scenario: Scenario) -> float:
    """Return what Osaka's idle racks are expected to carry with Tokyo lost, in MW."""
    osaka = core_loads(atlas, scenario.demand)["osaka"]
    places = atlas.table("municipalities")
    core = atlas.existing_cores().loc[["osaka"]]
    # The core stands at the prefectural office: in the municipality whose office is nearest to it.
    near = places[places["pref_code"] == core["pref_code"].iloc[0]]
    off = np.hypot(
        near["office_lat_deg"] - core["lat_deg"].iloc[0],
        near["office_lon_deg"] - core["lon_deg"].iloc[0],
    )
    code = off.idxmin()
    site = pd.DataFrame(
        {
            "municipality_code": [code],
            "area": [near.loc[code, "electricity_area"]],
            "lat_deg": core["lat_deg"].to_numpy(),
            "lon_deg": core["lon_deg"].to_numpy(),
        },
        index=pd.Index(["osaka"], name="site_id"),
    )
    down = _down_with_tokyo(disasters_at(site, atlas, scenario))
    return (osaka.capacity_mw - osaka.load_mw) * (1.0 - float(down[0, _LARGE]))


def _down_with_tokyo(found: DisasterSet) -> NDArray[np.float64]:
    """Return how likely each site is down when Tokyo is lost, in each tier: (sites, tiers)."""
    lost = int(np.flatnonzero(found.events["kind"] == "tokyo_lost")[0])
    return np.column_stack([found.down_by_tier[tier][:, lost] for tier in range(len(TIERS))])


class TakingOver(Criterion[Parameters]):
    """The criterion of taking over; see the module's text."""

    name = "takeover"
    rank = 25
    title_en = "Taking over (reserve for what falls)"
    title_ja = "代替（停止分を担う予備容量）"
    policy_lines = ("B3", "B4", "A9")
    Parameters = Parameters
    quantities = (DOWN_WITH_TOKYO, CARRIED, RESERVE)
    rules = (
        Rule(
            "backup",
            "what falls in a disaster or alone fits into the reserve of hubs that stand",
            "災害時・単独停止時の停止分を、共倒れしない拠点の予備容量で担える",
            "share",
            (
                "criteria.takeover.reserve_tiers",
                "criteria.takeover.backup_tiers",
                "criteria.takeover.joint_probability",
            ),
            ("B4",),
            per="per unit of the total IT load short in the event shortest of it",
            needs_others=True,
        ),
        Rule(
            "tokyo_takeover",
            "with Tokyo lost, reserve carries a share of Tokyo's load of today",
            "東京喪失時に、東京の現在負荷の一定割合を予備容量で担う",
            "share",
            ("criteria.takeover.tokyo_share", "demand.kw_per_rack"),
            ("B3",),
            per="per unit of the total IT load short",
            gives_way=(Step("criteria.takeover.tokyo_share", 0.0, by=0.01),),
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure how likely each site, as a large hub, is down when Tokyo is lost."""
        down = _down_with_tokyo(disasters_at(sites, atlas, scenario))[:, _LARGE]
        return pd.DataFrame({DOWN_WITH_TOKYO.name: down}, index=sites.index)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score how likely a site stands when Tokyo is lost."""
        return pd.Series(1.0 - sites[DOWN_WITH_TOKYO.name], index=sites.index, name=self.name)

    def reserve_tiers(self, scenario: Scenario) -> Sequence[str]:
        """Return the tiers that may hold reserve; none where no rule asks for any."""
        asked = any(scenario.rules[rule.name] != "off" for rule in self.rules)
        return self.own(scenario).reserve_tiers if asked else ()

    def bounds(self, outlook: Outlook) -> Sequence[Bound]:
        """Bound from above the share of Tokyo's load that can be carried with Tokyo lost."""
        own, scenario = self.own(outlook.scenario), outlook.scenario
        load_mw = core_loads(outlook.atlas, scenario.demand)["tokyo"].load_mw
        holds = np.isin(TIERS, self.reserve_tiers(scenario))
        if load_mw <= 0.0 or scenario.rules["tokyo_takeover"] == "off":
            return ()
        found = disasters_at(outlook.sites, outlook.atlas, scenario)
        down = _down_with_tokyo(found)
        worth = np.where(holds & (down < own.joint_probability), 1.0 - down, 0.0)
        most_mw = outlook.most_reserve_mw(worth)
        if own.osaka_idle_counts:
            most_mw += osaka_idle_mw(outlook.atlas, scenario)
        return (
            Bound(
                CARRIED.in_plan,
                "at_most",
                min(1.0, most_mw / load_mw),
                own.tokyo_share,
                "criteria.takeover.tokyo_share",
                ("tokyo_takeover",),
                f"at most {most_mw:,.0f} MW of reserve can stand beside the load with Tokyo lost, "
                f"{own.tokyo_share * load_mw:,.0f} MW are wanted",
                ", or raise tiers.*.it_load_mw.max or tiers.*.count.max",
            ),
        )

    def constrain(self, program: Program) -> None:
        """Hold the rows ready that say what it must carry.

        For a set F of hubs that fall in an event s and the hubs N(F) that fall with not all of
        them: ``sum((1 - down[j,s]) * reserve_mw[j] for j in N(F)) >= sum(down[i,s] *
        it_load_mw[i] for i in F)``. That is the condition of Hall: it holds for every F if and only
        if all that falls can be handed on. One hub that fails alone is an event too; with Tokyo
        lost, what is carried of its load stands on the right for every F with Tokyo in it.
        """
        program.separate_by(_Rows(program, self.own(program.scenario)))

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward what is carried of Tokyo's load, and every MW of reserve that is not built."""
        weight = float(program.scenario.weights[self.name])
        parts = self.own(program.scenario).weight_parts
        anchor = reserve_anchor(program.atlas, program.scenario)
        idle = [(program.variable("reserve_total"), -1.0 / anchor)]
        carried = [(program.variable(CARRIED.name), 1.0)]
        return (
            ScoreTerm(CARRIED.in_plan, weight * parts.tokyo_carried, carried),
            ScoreTerm(RESERVE.in_plan, weight * parts.reserve_share, idle, 1.0),
        )

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Hand on what falls in every disaster and of every hub alone; see `takeover_found`."""
        from .takeover_found import evaluate_takeover

        return evaluate_takeover(hubs, atlas, scenario, disasters_at(hubs, atlas, scenario))


def reserve_anchor(atlas: Atlas, scenario: Scenario) -> float:
    """Return the reserve that scores 0, over the new IT load: as much as all that could fall."""
    tokyo = core_loads(atlas, scenario.demand)["tokyo"]
    return 1.0 + tokyo.load_mw / scenario.total_new_it_load_mw


class _Rows:
    """Columns and rows of what reserve must carry; rows are laid as points violate them.

    All amounts are shares of the total IT load. A hub is a pair of site and tier, since fuel, and
    with it what falls together, follows the tier.

    Parameters
    ----------
    program : Program
        Gets them.
    own : Parameters
        The criterion's.
    """

    def __init__(self, program: Program, own: Parameters) -> None:
        self._program, self._own = program, own
        self._found = disasters_at(program.sites, program.atlas, program.scenario)
        events = self._found.events
        self._in_force = events["in_force"].to_numpy(dtype=bool)
        self._tokyo = int(np.flatnonzero(events["kind"] == "tokyo_lost")[0])
        shape = (len(program.sites), len(TIERS))
        self._holds = program.eligible & np.isin(
            TIERS, TakingOver().reserve_tiers(program.scenario)
        )
        mode = program.mode("backup")
        self._falls = program.eligible & np.isin(TIERS, own.backup_tiers) & (mode != "off")
        # Of a tier and site, event by event: (tiers, sites, events).
        self._down = self._found.down_by_tier
        self._backs: dict[tuple[int, int], NDArray[np.bool_]] = {}
        self._laid: set[Any] = set()
        self._short: Any = None
        if mode == "soft":
            self._short = program.continuous("short_backup", 0.0)
            program.violate("backup", self._short)
        self._total = program.continuous("reserve_total", 0.0)
        every_mw = program.reserve_terms(np.full(shape, 1.0 / program.total_it_load_mw))
        program.row("reserve_total", [*every_mw, (self._total, -1.0)], "==", 0.0)
        load_mw = core_loads(program.atlas, program.scenario.demand)["tokyo"].load_mw
        self._tokyo_load = load_mw / program.total_it_load_mw
        idle = osaka_idle_mw(program.atlas, program.scenario) if own.osaka_idle_counts else 0.0
        self._idle = idle / program.total_it_load_mw
        # Where more falls than reserve stands, what Tokyo lacks is more than its load.
        low = -1.0 / self._tokyo_load if self._tokyo_load > 0.0 else 0.0
        self._carried = program.continuous(CARRIED.name, low, 1.0)
        program.row(
            "tokyo_takeover",
            [(self._carried, self._tokyo_load)],
            ">=",
            own.tokyo_share * self._tokyo_load,
            rule="tokyo_takeover",
        )
        fall = self._down[:, :, self._tokyo].T
        stands = self._holds & (fall < own.joint_probability)
        self._backs[-1, 0] = stands
        nobody = np.zeros(shape, dtype=bool)
        self._lay("tokyo_alone", self._tokyo, nobody, stands, tokyo=True)
        self._lay("tokyo_all", self._tokyo, self._falls, self._holds, tokyo=True)

    # -- what the driver asks --------------------------------------------------------------------

    def separate_relaxed(self, values: Mapping[str, float]) -> int:
        """Lay rows of single hubs and of all that falls; return how many."""
        (load, reserve), short = self._point(values), self._slack(values)
        alone = [
            (lack, hub, backs)
            for hub, lack, backs in self._alone(load, reserve)
            if lack - short > _VIOLATED and hub not in self._laid
        ]
        for _, hub, backs in sorted(alone, key=lambda one: -one[0])[:_ROWS_PER_ROUND]:
            self._laid.add(hub)
            self._lay_alone(hub, backs)
        lacks = self._lacks(load, reserve) - short
        lacks[[event for event in range(len(lacks)) if event in self._laid]] = 0.0
        events = [int(event) for event in np.argsort(-lacks) if lacks[event] > _VIOLATED]
        for event in events[:_ROWS_PER_ROUND]:
            self._laid.add(event)
            self._lay(f"backup_event{event}", event, self._falls, self._holds)
        return len(alone[:_ROWS_PER_ROUND]) + len(events[:_ROWS_PER_ROUND])

    def separate(self, values: Mapping[str, float]) -> int:
        """Lay the same, and where nothing is left of them, rows of sets that fall together."""
        laid = self.separate_relaxed(values)
        if laid:
            return laid
        (load, reserve), short = self._point(values), self._slack(values)
        carried = values.get(self._carried.name, 0.0) * self._tokyo_load
        found = [
            (lack + carried if tokyo else lack - short, event, falls, tokyo)
            for lack, event, falls, tokyo in self._sets(load, reserve)
        ]
        found = [one for one in found if one[0] > _VIOLATED]
        for _, event, falls, tokyo in sorted(found, key=lambda one: -one[0])[:_ROWS_PER_ROUND]:
            self._lay_set(event, falls, tokyo)
        return len(found[:_ROWS_PER_ROUND])

    def complete(self, values: Mapping[str, float], *, loosely: bool = False) -> dict[str, float]:
        """Return what is short and what is carried, with a point's loads and reserves."""
        load, reserve = self._point(values)
        lack = float(self._lacks(load, reserve).max(initial=0.0))
        lack = max([lack, *(lack for _, lack, _ in self._alone(load, reserve))])
        left = self._tokyo_load
        for found, _, _, tokyo in self._sets(load, reserve):
            if tokyo:
                left = min(left, -found)
            else:
                lack = max(lack, found)
        whole = {self._total.name: float(reserve.sum())}
        if self._short is not None:
            whole[self._short.name] = max(lack, 0.0)
        if self._tokyo_load > 0.0:
            whole[self._carried.name] = left / self._tokyo_load
            if self._program.mode("tokyo_takeover") == "soft":
                short = self._own.tokyo_share * self._tokyo_load - left
                whole["short_tokyo_takeover"] = max(short, 0.0)
        return whole

    def summary(self) -> str:
        """Say how many rows were added."""
        return f"takeover: {len(self._laid)} needed"

    # -- what falls and what stands at a point -----------------------------------------------------

    def _point(
        self, values: Mapping[str, float]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        total = self._program.total_it_load_mw
        load = np.where(self._falls, self._program.load_by_tier(values), 0.0)
        return load / total, self._program.reserve_of(values) / total

    def _slack(self, values: Mapping[str, float]) -> float:
        return 0.0 if self._short is None else values.get(self._short.name, 0.0)

    def _backed_by(self, hub: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which sites, in which tier, hold reserve and do not fall with a hub."""
        if hub not in self._backs:
            site, tier = hub
            least = self._own.joint_probability
            together = [
                falls_with(self._found, site, least, tier, other) for other in range(len(TIERS))
            ]
            self._backs[hub] = self._holds & ~np.column_stack(together)
        return self._backs[hub]

    def _alone(
        self, load: NDArray[np.float64], reserve: NDArray[np.float64]
    ) -> Iterator[tuple[tuple[int, int], float, NDArray[np.bool_]]]:
        """Find what each hub lacks when it fails alone, and who could carry it."""
        for site, tier in np.argwhere(load > _VIOLATED).tolist():
            backs = self._backed_by((site, tier))
            yield (site, tier), float(load[site, tier] - reserve[backs].sum()), backs

    def _lacks(
        self, load: NDArray[np.float64], reserve: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what falls less what stands in each event."""
        site, tier = np.nonzero(load + reserve)
        lacks = (load + reserve)[site, tier] @ self._down[tier, site] - float(reserve.sum())
        return np.where(self._in_force, lacks, -np.inf)

    def _sets(
        self, load: NDArray[np.float64], reserve: NDArray[np.float64]
    ) -> Iterator[tuple[float, int, list[tuple[int, int]], bool]]:
        """Find, in each event, the set of hubs that lacks most; with Tokyo lost, two such sets.

        What a set lacks is ``max(sum(fall * y) - sum(stand * z))`` with ``z >= y`` along the arcs,
        whose best point is whole: one small linear program. Events in which all that falls is less
        than what any single hub finds are passed over.
        """
        hubs = [(site, tier) for site, tier in np.argwhere(load > _VIOLATED).tolist()]
        holders = np.argwhere(reserve > _VIOLATED)
        at = tuple(holders.T)
        fall = np.array([self._down[t, i] * load[i, t] for i, t in hubs])
        fall = fall.reshape(len(hubs), len(self._in_force))
        stand = (1.0 - self._down[at[1], at[0]]) * reserve[at][:, None]
        arcs = np.zeros((len(hubs), len(holders)), dtype=np.bool_)
        for number, hub in enumerate(hubs):
            arcs[number] = self._backed_by(hub)[at]
        found = np.where(fall > 0.0, arcs @ stand, np.inf).min(axis=0, initial=np.inf)
        events = np.flatnonzero(self._in_force & (fall.sum(axis=0) > found + _VIOLATED))
        lacks, chosen = most_lacking(fall[:, events], stand[:, events], arcs)
        for event, lack, falls in zip(events.tolist(), lacks.tolist(), chosen.T, strict=True):
            yield lack, event, [hubs[number] for number in np.flatnonzero(falls)], False
        if self._tokyo_load > 0.0:
            tokyo = np.vstack([arcs, self._backs[-1, 0][at]])
            # So large that Tokyo is in the set whatever it costs.
            large = 1.0 + float(stand.sum())
            both = np.append(fall[:, [self._tokyo]], [[large]], axis=0)
            lacks, chosen = most_lacking(both, stand[:, [self._tokyo]], tokyo)
            own = np.flatnonzero(chosen[:-1, 0])
            lack = float(lacks[0]) - large - self._idle
            yield lack, self._tokyo, [hubs[number] for number in own], True

    # -- rows ----------------------------------------------------------------------------------

    def _lay_alone(self, hub: tuple[int, int], backs: NDArray[np.bool_]) -> None:
        """Lay the row of a hub that fails alone: all reserve less the little that does not fit."""
        share = 1.0 / self._program.total_it_load_mw
        load = np.zeros(backs.shape)
        load[hub] = -share
        beside = np.where(self._holds & ~backs, -share, 0.0)
        terms = [
            (self._total, 1.0),
            *self._program.reserve_terms(beside),
            *self._program.load_terms(load),
        ]
        if self._short is not None:
            terms.append((self._short, 1.0))
        self._program.row(f"backup_alone_{hub[0]}_{TIERS[hub[1]]}", terms, ">=", 0.0)

    def _lay_set(self, event: int, hubs: list[tuple[int, int]], tokyo: bool) -> None:
        """Lay the row of a set that falls, with all hubs of any plan whose backups are among its.

        Only hubs whose backups were asked for before are looked at: that is enough for a row to be
        right, and asking for all would take longer than the rows save.
        """
        backs = np.zeros(self._holds.shape, dtype=bool)
        for hub in hubs:
            backs |= self._backed_by(hub)
        if tokyo:
            backs |= self._backs[-1, 0]
        falls = np.zeros(self._holds.shape, dtype=bool)
        for hub, own in self._backs.items():
            if hub[0] >= 0 and not (own & ~backs).any():
                falls[hub] = True
        self._laid.add((event, len(self._laid)))
        self._lay(f"backup_set{len(self._laid)}", event, falls, backs, tokyo=tokyo)

    def _lay(
        self,
        name: str,
        event: int,
        falls: NDArray[np.bool_],
        backs: NDArray[np.bool_],
        *,
        tokyo: bool = False,
    ) -> None:
        """Lay ``sum((1 - down) * reserve) >= sum(down * load)``, Tokyo's load carried besides."""
        share, down = 1.0 / self._program.total_it_load_mw, self._down[:, :, event].T
        terms = [
            *self._program.reserve_terms(np.where(backs, share * (1.0 - down), 0.0)),
            *self._program.load_terms(np.where(falls, -share * down, 0.0)),
        ]
        least = 0.0
        if tokyo:
            terms.append((self._carried, -self._tokyo_load))
            least = -self._idle
        elif self._short is not None:
            terms.append((self._short, 1.0))
        self._program.row(name, terms, ">=", least)


def most_lacking(
    fall: NDArray[np.float64], stand: NDArray[np.float64], arcs: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Find in each event the set of hubs whose load exceeds most what stands among their backups.

    Parameters
    ----------
    fall : numpy.ndarray, shape (hubs, events)
        What falls of each hub.
    stand : numpy.ndarray, shape (holders, events)
        What stands of each one's reserve.
    arcs : numpy.ndarray of bool, shape (hubs, holders)
        Who may carry whose load.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray of bool)
        By how much in each event (0 for no hub), and which hubs are of the set, (hubs, events).
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, kron

    gain = np.concatenate([fall, -stand])
    hub, holder = np.nonzero(arcs)
    each = np.arange(len(hub))
    rows = csr_array(
        (
            np.repeat([1.0, -1.0], len(hub)),
            (np.tile(each, 2), np.concatenate([hub, len(fall) + holder])),
        ),
        shape=(len(hub), len(gain)),
    )
    chosen = np.zeros(gain.shape, dtype=np.bool_)
    # The programs of many events are handed over as one: a call takes longer than its solve.
    at_once = max(1, _ARCS_AT_ONCE // max(1, len(hub)))
    for first in range(0, gain.shape[1], at_once):
        some = gain[:, first : first + at_once]
        blocks = kron(np.eye(some.shape[1]), rows, format="csr")
        found = linprog(-some.T.ravel(), blocks, np.zeros(blocks.shape[0]), bounds=(0.0, 1.0))
        chosen[:, first : first + at_once] = found.x.reshape(some.T.shape).T > 0.5
    return np.where(chosen, gain, 0.0).sum(axis=0), chosen[: len(fall)]


CRITERION = TakingOver()
