"""Disasters: hubs do not fall together in any wide-area disaster that is in force.

The strategy asks that hubs do not fall together (共倒れ) in a wide-area disaster (B4) and names the
cut of power and communication, not the building, as the cause (B2). Distance only stands in for
that; here every disaster has its own footprint, and the plan is held to what stands in each. All
expectations are linear in the hubs' loads, so they are rows of the program; those rows are laid
only as plans break them.

What is asked: a share of the plan's capacity stands in each disaster; no two cores share an
electricity area. What is scored: the share standing in the worst disaster, the expected loss, and
the mean loss over the worst tail (CVaR). No number of this is in the strategy: each is an
assumption of the scenario. Who takes over what falls is :mod:`.takeover`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import (
    TIERS,
    Criterion,
    Evaluation,
    LoadTable,
    Program,
    Rule,
    ScoreTerm,
    linear_score,
    load_share,
)

from .disaster_share import OF_CASES, share_of_cases
from .disaster_terms import (
    SCORED_KINDS,
    Parameters,
    disasters_of,
    down_by_tier,
    existing_areas,
    expected_down,
    tail_weights,
)
from .disasters_found import EXPECTED_DOWN, evaluate_disasters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario


#: A tail this near to its tangents is near enough: shares of the load.
_TAIL_TOLERANCE = 1e-5


class Disasters(Criterion[Parameters]):
    """The disasters criterion; see the module's text."""

    name = "disasters"
    rank = 20
    title_en = "Disasters (hubs do not fall together)"
    title_ja = "広域災害（共倒れの回避）"
    policy_lines = ("B2", "B3", "B4", "B10")
    Parameters = Parameters
    quantities = (EXPECTED_DOWN, OF_CASES)
    file_options = {"disasters": "footprints_file"}  # noqa: RUF012  # never changed
    rules = (
        Rule(
            "disaster_survival",
            "in every disaster in force a share of the capacity stands",
            "想定する各災害で容量の一定割合が残る",
            "share",
            ("criteria.disasters.least_survival",),
            ("B4",),
            per="per unit of share short in the disaster shortest of it",
        ),
        Rule(
            "core_areas",
            "no two cores, new or existing, in one electricity area",
            "同じ電力エリアに中核拠点を二つ置かない",
            "hub",
            (),
            ("B2",),
            per="per core too many in an electricity area",
        ),
    )

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure how often a site is expected down in 30 years, with a regional hub's fuel.

        And which share of its hazard computed earthquakes hold.
        """
        found = disasters_of(sites, atlas, scenario)
        return pd.DataFrame(
            {
                EXPECTED_DOWN.name: expected_down(found, TIERS.index("regional")),
                OF_CASES.name: share_of_cases(sites, atlas, self.own(scenario)),
            },
            index=sites.index,
        )

    def disasters(self, sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> DisasterSet:
        """Return what each disaster does to each site."""
        return disasters_of(sites, atlas, scenario)

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score the expected times down in 30 years: 1 for never."""
        own = self.own(scenario)
        score = linear_score(sites[EXPECTED_DOWN.name], own.expected_zero_at, 0.0)
        return pd.Series(score, index=sites.index, name=self.name)

    def tier_score(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> NDArray[np.float64]:
        """Score the expected times down in 30 years with the fuel of each tier."""
        found = disasters_of(sites, atlas, scenario)
        often = np.stack([expected_down(found, tier) for tier in range(len(TIERS))], axis=1)
        return linear_score(often, self.own(scenario).expected_zero_at, 0.0)

    def constrain(self, program: Program) -> None:
        """Hold the rows of survival ready; part cores by area.

        For every disaster s in force ``sum((1 - down[i,t,s] - beta[s]) * it_load_mw[i,t]) >= 0``.
        """
        found = disasters_of(program.sites, program.atlas, program.scenario)
        self._survival(program, found)
        self._core_areas(program)

    def _survival(self, program: Program, found: DisasterSet) -> None:
        own, mode = self.own(program.scenario), program.mode("disaster_survival")
        if mode == "off":
            return
        kinds = found.events["kind"].tolist()
        least = np.array([getattr(own.least_survival, kind) for kind in kinds])
        # Where no hub can be down for more than that, no plan can lose more.
        most = found.down_by_tier.max(axis=(0, 1))
        in_force = found.events["in_force"].to_numpy(dtype=bool)
        asked = np.flatnonzero(in_force & (most > 1.0 - least))
        if not len(asked):
            return
        coefficient = 1.0 - least[asked, None, None] - down_by_tier(found, asked)
        slack = None
        if mode == "soft":
            short = program.continuous("short_disaster_survival", 0.0, 1.0)
            program.violate("disaster_survival", short)
            slack = [short] * len(asked)
        program.lay_lazily(
            LoadTable(
                "disaster_survival",
                _labels(found, asked),
                coefficient / program.total_it_load_mw,
                np.zeros(len(asked)),
                slack=slack,
                scale=1.0 / program.total_it_load_mw,
            )
        )

    def _core_areas(self, program: Program) -> None:
        """At most one core in an electricity area, none where an existing core stands."""
        area = program.sites["area"].to_numpy(dtype=object)
        taken = existing_areas(program.atlas)
        for one in sorted(set(area.astype(str))):
            coefficient = np.zeros((len(area), len(TIERS)))
            coefficient[area == one, TIERS.index("core")] = 1.0
            program.row(
                f"core_area_{one}",
                program.open_terms(coefficient),
                "<=",
                0.0 if one in taken else 1.0,
                rule="core_areas",
            )

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Reward what stands in the worst disaster, few expected losses and a light tail."""
        own = self.own(program.scenario)
        weight, parts = program.scenario.weights[self.name], own.weight_parts
        found = disasters_of(program.sites, program.atlas, program.scenario)
        score = self.tier_score(program.sites, program.atlas, program.scenario)
        terms = [self.by_load(program, EXPECTED_DOWN.in_plan, score, parts.expected_loss)]
        if parts.worst_survival > 0.0:
            terms.append(self._worst(program, found, weight * parts.worst_survival))
        if parts.cvar_loss > 0.0:
            tail = TailRows(program, found, own.cvar_level)
            program.separate_by(tail)
            terms.append(ScoreTerm("cvar_loss", weight * parts.cvar_loss, [(tail.loss, -1.0)], 1.0))
        return terms

    def _worst(self, program: Program, found: DisasterSet, weight: float) -> ScoreTerm:
        """``worst_survival <= sum((1 - down[i,t,s]) * it_load_mw[i,t]) / total`` for every s."""
        events = found.events
        scored = np.flatnonzero(events["in_force"] & events["kind"].isin(SCORED_KINDS))
        worst = program.continuous("worst_survival", 0.0, 1.0)
        program.lay_lazily(
            LoadTable(
                "worst_survival",
                _labels(found, scored),
                (1.0 - down_by_tier(found, scored)) / program.total_it_load_mw,
                np.zeros(len(scored)),
                epigraph=worst,
                scale=1.0 / program.total_it_load_mw,
            )
        )
        return ScoreTerm("worst_survival", weight, [(worst, 1.0)])

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Work out survival and losses anew on the hubs alone, over every disaster."""
        return evaluate_disasters(hubs, atlas, scenario, disasters_of(hubs, atlas, scenario))


class TailRows:
    """CVaR of the share lost as one column above its tangents, which are laid as points lie below.

    CVaR is the largest ``sum(q[s] * loss[s])`` over weights ``0 <= q[s] <= probability[s] / (1 -
    level)`` that add up to 1 (Rockafellar and Uryasev 2002): each choice of weights is one row, and
    at any point the largest takes the worst events first.

    Parameters
    ----------
    program : Program
        Gets them.
    found : DisasterSet
        At its sites.
    level : float
        Of CVaR.
    """

    def __init__(self, program: Program, found: DisasterSet, level: float) -> None:
        self._program, self._down, self._level = program, found.down_by_tier, level
        self._probability = tail_weights(found)
        self._laid = 0
        self.loss = program.continuous("loss_in_tail", 0.0, 1.0)

    def separate(self, values: Mapping[str, float]) -> int:
        """Add the tangent at a point that lies below it."""
        weight, tail = self._worst(values)
        if tail - values.get(self.loss.name, 0.0) <= _TAIL_TOLERANCE:
            return 0
        struck = np.flatnonzero(weight)
        lost = (self._down[:, :, struck] @ weight[struck]).T
        terms = self._program.load_terms(-load_share(self._program, lost))
        self._program.row(f"cvar_loss_{self._laid}", [(self.loss, 1.0), *terms], ">=", 0.0)
        self._laid += 1
        return 1

    separate_relaxed = separate

    def complete(self, values: Mapping[str, float], *, loosely: bool = False) -> dict[str, float]:
        """Return the tail of a point's loads."""
        return {self.loss.name: min(max(self._worst(values)[1], 0.0), 1.0)}

    def summary(self) -> str:
        """Say how many tangents were added."""
        return f"cvar_loss: {self._laid} tangents needed"

    def _worst(self, values: Mapping[str, float]) -> tuple[NDArray[np.float64], float]:
        """Return the weights of the tail at a point, and the loss in it."""
        load = self._program.load_by_tier(values) / self._program.total_it_load_mw
        site, tier = np.nonzero(load)
        loss = load[site, tier] @ self._down[tier, site]
        order = np.argsort(-loss, kind="stable")
        spent = np.minimum(np.cumsum(self._probability[order]) / (1.0 - self._level), 1.0)
        weight = np.zeros(len(loss))
        weight[order] = np.diff(spent, prepend=0.0)
        return weight, float(weight @ loss)


def _labels(found: DisasterSet, events: NDArray[np.intp]) -> tuple[str, ...]:
    """Return labels of some events for the program's names: a user's ids may hold anything."""
    names = found.events.index.astype(str)
    return tuple(
        names[n] if names[n].isascii() and names[n].replace("_", "").isalnum() else f"n{n}"
        for n in events
    )


CRITERION = Disasters()
