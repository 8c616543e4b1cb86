"""The mixed-integer program: decisions, rows, rules and objective, in the words of the model.

Decisions, for every site i and tier t that the hard rules admit:

``open[i, t]``          binary, site i becomes a hub of tier t
``extra_mw[i, t]``      continuous, load above the tier's least, 0 .. (max - min) * open
``it_load_mw[i, t]``    the expression ``min_t * open[i, t] + extra_mw[i, t]``

The objective is the weighted sum of the measures' scores less penalties for violated soft rules
and unserved demand; it is maximised.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp

from dcsite.criteria import TIERS

from .cliques import clique_cover, clique_of, conflicting_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.criteria import Admission, ScoreTerm
    from dcsite.criteria.base import Terms
    from dcsite.scenario import Scenario

    from .rules import RuleModes

__all__ = ["SiteProgram"]

_SENSE = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE, "==": pulp.LpConstraintEQ}
_SAFE = re.compile(r"[A-Za-z0-9_]{1,40}\Z")


@dataclass
class _Apart:
    """What one set of clique rows was made from, to add further ones."""

    name: str
    distance_km: float
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    hub: list[Any]
    excused: NDArray[np.object_]
    rows: int = 0


class SiteProgram:
    """A program over measured sites; criteria and the model's own rules add to it.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    atlas : Atlas
        What is known.
    sites : geopandas.GeoDataFrame
        Measured sites, one row each.
    admissions : sequence of Admission
        What keeps sites out of tiers; under a hard rule such a pair gets no variable.
    modes : RuleModes
        How strictly each rule holds here (a diagnosis softens the hard ones).
    spacing_km : float
        Least distance between any two new hubs, whatever their tiers and however strictly the
        rule of separation holds; 0 asks for none.
    """

    tiers: tuple[str, ...] = TIERS

    def __init__(
        self,
        scenario: Scenario,
        atlas: Atlas,
        sites: gpd.GeoDataFrame,
        admissions: Sequence[Admission],
        modes: RuleModes,
        spacing_km: float = 0.0,
    ) -> None:
        self.scenario = scenario
        self.atlas = atlas
        self.sites = sites
        self.modes = modes
        self.spacing_km = spacing_km
        self.problem = pulp.LpProblem("dcsite", pulp.LpMaximize)
        self.violations: dict[str, Terms] = defaultdict(list)
        self.scores: list[ScoreTerm] = []
        self.scored_measures: dict[str, tuple[str, ...]] = {}
        self._variables: dict[str, Any] = {}
        self._apart: list[_Apart] = []
        self._hubs: dict[int, list[Any]] = {}
        self.min_mw = np.array([getattr(scenario.tiers, t).it_load_mw.min for t in TIERS])
        self.max_mw = self._largest_load_mw()
        self.eligible = self._eligible(admissions)
        self.labels = [
            str(site) if _SAFE.match(str(site)) else f"row{number}"
            for number, site in enumerate(sites.index)
        ]
        self._make_decisions()
        self._soften(admissions)
        self._space_out()

    # -- what criteria may ask -----------------------------------------------------------------

    @property
    def total_it_load_mw(self) -> float:
        """Return the IT load that all new hubs together shall carry, in MW."""
        return float(self.scenario.total_new_it_load_mw)

    def mode(self, rule: str) -> str:
        """Return ``hard``, ``soft`` or ``off`` for a rule."""
        return self.modes.mode[rule]

    def open_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * open[i, t])`` for an array of shape (sites, tiers)."""
        take = self.eligible & (coefficient != 0.0)
        return list(zip(self.open[take], coefficient[take].tolist(), strict=True))

    def load_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * it_load_mw[i, t])``, shape (sites, tiers)."""
        take = self.eligible & (coefficient != 0.0)
        least = (coefficient * self.min_mw[None, :])[take]
        return [
            *zip(self.open[take], least.tolist(), strict=True),
            *zip(self.extra_mw[take], coefficient[take].tolist(), strict=True),
        ]

    def continuous(self, name: str, low: float = 0.0, up: float | None = None) -> Any:
        """Return a new continuous variable within bounds."""
        variable = self.problem.add_variable(name, low, up)
        self._variables[name] = variable
        return variable

    def binary(self, name: str) -> Any:
        """Return a new binary variable."""
        return self.problem.add_variable(name, cat=pulp.LpBinary)

    def variable(self, name: str) -> Any:
        """Return the continuous variable made under this name."""
        return self._variables[name]

    def row(
        self,
        name: str,
        terms: Terms,
        sense: str,
        rhs: float,
        *,
        rule: str | None = None,
        slack_up: float | None = None,
    ) -> None:
        """Add ``sum(terms) <sense> rhs``; under a rule it may be hard, softened or left out."""
        mode = "hard" if rule is None else self.mode(rule)
        if mode == "off":
            return
        if rule is not None and mode == "soft":
            terms = [*terms, *self._slack(name, sense, rule, slack_up)]
        self.problem.addConstraint(
            pulp.LpConstraint(pulp.LpAffineExpression(terms), _SENSE[sense], name, rhs)
        )

    def keep_apart(self, rule: str, distance_km: Mapping[str, float]) -> None:
        """Keep each tier's hubs at least its distance from hubs of its own and higher tiers.

        For tier t with distance D, over every clique C of sites nearer than D:
        ``sum(open[i, s] for i in C, for tiers s not below t) <= 1``. Where a higher tier asks for
        less than D, only pairs with a hub of tier t itself conflict at D; those rows are pairs.
        Under a soft rule a hub may be excused, in all rows its tier stands in:
        ``sum(open[i, s] - excused[i, s]) <= 1``. The violation is the number of excused hubs: the
        fewest whose removal would leave all others far enough apart.
        """
        if self.mode(rule) == "off":
            return
        excused: NDArray[np.object_] = np.full(self.eligible.shape, None, dtype=object)
        if self.mode(rule) == "soft":
            for site, number in np.argwhere(self.eligible):
                label = f"{self.labels[site]}_{TIERS[number]}"
                variable = self.binary(f"excused_{label}")
                excused[site, number] = variable
                hub = self.open[site, number]
                self.row(f"excuse_{label}", [(variable, 1.0), (hub, -1.0)], "<=", 0.0)
                self.violations[rule].append((variable, 1.0))
        for level, tier in enumerate(TIERS):
            if distance_km[tier] <= self.spacing_km:
                continue  # the rows of the spacing keep these hubs apart already
            stricter = all(distance_km[upper] >= distance_km[tier] for upper in TIERS[:level])
            if stricter:
                self._clique_rows(f"separation_{tier}", level, distance_km[tier], excused)
            else:
                self._pair_rows(level, distance_km, excused)

    # -- what the model's own rules ask --------------------------------------------------------

    @property
    def most_hubs(self) -> float:
        """Return the largest number of hubs the tier counts allow."""
        return float(sum(getattr(self.scenario.tiers, tier).count.max for tier in TIERS))

    def add_scores(self, criterion: str, terms: Sequence[ScoreTerm]) -> None:
        """Take the terms of a criterion into the objective."""
        self.scores += terms
        self.scored_measures[criterion] = tuple(term.measure for term in terms)

    def set_objective(self, further: Terms) -> None:
        """Maximise the weighted scores less penalties, plus further terms (unserved demand)."""
        total: dict[Any, float] = defaultdict(float)
        constant = 0.0
        for score in self.scores:
            constant += score.weight * score.constant
            for variable, coefficient in score.terms:
                total[variable] += score.weight * coefficient
        for rule, terms in self.violations.items():
            for variable, coefficient in terms:
                total[variable] -= self.modes.penalty[rule] * coefficient
        for variable, coefficient in further:
            total[variable] += coefficient
        self.problem.setObjective(pulp.LpAffineExpression(dict(total), constant))

    # -- building ------------------------------------------------------------------------------

    def _largest_load_mw(self) -> NDArray[np.float64]:
        tier_max = np.array([getattr(self.scenario.tiers, t).it_load_mw.max for t in TIERS])
        largest = np.repeat(tier_max[None, :], len(self.sites), axis=0)
        if self.mode("land") == "hard":
            land_mw = self.sites["max_it_load_mw"].to_numpy(dtype=float)
            largest = np.minimum(largest, land_mw[:, None])
        return largest

    def _eligible(self, admissions: Sequence[Admission]) -> NDArray[np.bool_]:
        eligible = self.max_mw >= self.min_mw[None, :]
        wanted = self.sites["allowed_tier"].to_numpy(dtype=object)
        for number, tier in enumerate(TIERS):
            eligible[:, number] &= np.array([not isinstance(w, str) or w == tier for w in wanted])
        for admission in admissions:
            if self.mode(admission.rule) == "hard":
                eligible &= admission.amount <= 0.0
        return eligible

    def _make_decisions(self) -> None:
        shape = self.eligible.shape
        self.open = np.full(shape, None, dtype=object)
        self.extra_mw = np.full(shape, None, dtype=object)
        for site, tier in np.argwhere(self.eligible):
            label = f"{self.labels[site]}_{TIERS[tier]}"
            spread = float(self.max_mw[site, tier] - self.min_mw[tier])
            is_open = self.binary(f"open_{label}")
            extra = self.problem.add_variable(f"extra_mw_{label}", 0.0, spread)
            self.open[site, tier] = is_open
            self.extra_mw[site, tier] = extra
            self.row(f"load_{label}", [(extra, 1.0), (is_open, -spread)], "<=", 0.0)
        for site in np.flatnonzero(self.eligible.sum(axis=1) > 1):
            members = [(v, 1.0) for v in self.open[site][self.eligible[site]]]
            self.row(f"one_tier_{self.labels[site]}", members, "<=", 1.0)

    def _soften(self, admissions: Sequence[Admission]) -> None:
        for admission in admissions:
            if self.mode(admission.rule) != "soft":
                continue
            self.violations[admission.rule] += self.open_terms(admission.amount)
        if self.mode("land") != "soft":
            return
        land_mw = self.sites["max_it_load_mw"].to_numpy(dtype=float)
        for site, tier in np.argwhere(self.eligible & (self.max_mw > land_mw[:, None])):
            over = self.continuous(f"over_land_{self.labels[site]}_{TIERS[tier]}")
            least = float(self.min_mw[tier] - land_mw[site])
            self.row(
                f"land_{self.labels[site]}_{TIERS[tier]}",
                [(self.open[site, tier], least), (self.extra_mw[site, tier], 1.0), (over, -1.0)],
                "<=",
                0.0,
            )
            self.violations["land"].append((over, 1.0 / self.total_it_load_mw))

    def _slack(self, name: str, sense: str, rule: str, slack_up: float | None) -> Terms:
        slacks: Terms = []
        if sense in {"<=", "=="}:
            slacks.append((self.continuous(f"over_{name}", 0.0, slack_up), -1.0))
        if sense in {">=", "=="}:
            slacks.append((self.continuous(f"short_{name}", 0.0, slack_up), 1.0))
        self.violations[rule] += [(variable, 1.0) for variable, _ in slacks]
        return slacks

    def _space_out(self) -> None:
        """Keep any two hubs `spacing_km` apart, without excuse: cliques over hubs of all tiers."""
        if self.spacing_km > 0.0:
            nobody = np.full(self.eligible.shape, None, dtype=object)
            self._clique_rows("spacing", len(TIERS) - 1, self.spacing_km, nobody)

    def _clique_rows(
        self, name: str, level: int, distance_km: float, excused: NDArray[np.object_]
    ) -> None:
        here = np.flatnonzero(self.eligible[:, : level + 1].any(axis=1))
        lat = self.sites["lat_deg"].to_numpy(dtype=float)[here]
        lon = self.sites["lon_deg"].to_numpy(dtype=float)[here]
        if level not in self._hubs:
            self._hubs[level] = self._hub_variables(level, here)
        hub = self._hubs[level]
        apart = _Apart(name, distance_km, lat, lon, hub, excused[here, : level + 1])
        self._apart.append(apart)
        for clique in clique_cover(lat, lon, distance_km):
            self._clique_row(apart, clique)

    def _clique_row(self, apart: _Apart, clique: NDArray[np.intp]) -> None:
        terms: Terms = [(apart.hub[member], 1.0) for member in clique]
        terms += _less_excused(apart.excused[clique])
        self.row(f"{apart.name}_{apart.rows}", terms, "<=", 1.0)
        apart.rows += 1

    def separate(self, values: Mapping[str, float]) -> int:
        """Add a clique row for every pair of hubs too near in a point, and count them.

        Up to :data:`DENSE_LIMIT` sites the rows there are cover every pair, and nothing is added.

        Parameters
        ----------
        values : mapping of str to float
            Value of each variable by name.
        """
        added = 0
        for apart in self._apart:
            kept = np.array([values.get(hub.name, 0.0) > 0.5 for hub in apart.hub], dtype=bool)
            for site in np.flatnonzero(kept):
                waived = [v for v in apart.excused[site] if v is not None]
                kept[site] = not any(values.get(v.name, 0.0) > 0.5 for v in waived)
            chosen = np.flatnonzero(kept)
            near = conflicting_pairs(apart.lat[chosen], apart.lon[chosen], apart.distance_km)
            for first, second in chosen[near]:
                clique = clique_of(first, second, apart.lat, apart.lon, apart.distance_km)
                self._clique_row(apart, clique)
                added += 1
        return added

    def _hub_variables(self, level: int, here: NDArray[np.intp]) -> list[Any]:
        """Return, site by site, a variable equal to ``sum(open[i, s])`` over tiers not below level.

        One extra column for a site of several tiers keeps the long clique rows short.
        """
        hubs: list[Any] = []
        for site in here:
            members = self.open[site, : level + 1][self.eligible[site, : level + 1]]
            if len(members) == 1:
                hubs.append(members[0])
                continue
            hub = self.continuous(f"hub_{TIERS[level]}_{self.labels[site]}", 0.0, 1.0)
            self.row(
                f"hub_{TIERS[level]}_{self.labels[site]}",
                [(hub, -1.0), *((member, 1.0) for member in members)],
                "==",
                0.0,
            )
            hubs.append(hub)
        return hubs

    def _pair_rows(
        self, level: int, distance_km: Mapping[str, float], excused: NDArray[np.object_]
    ) -> None:
        """Add a row for each conflicting pair of a tier that asks for more than a higher one."""
        tier = TIERS[level]
        lat = self.sites["lat_deg"].to_numpy(dtype=float)
        lon = self.sites["lon_deg"].to_numpy(dtype=float)
        pairs = conflicting_pairs(lat, lon, distance_km[tier])
        both = np.concatenate([pairs, pairs[:, ::-1]])
        number = 0
        for first, second in both[self.eligible[both[:, 0], level]]:
            others = self.open[second, : level + 1][self.eligible[second, : level + 1]]
            if not len(others):
                continue
            terms: Terms = [(self.open[first, level], 1.0), *((v, 1.0) for v in others)]
            terms += _less_excused(excused[[first], level])
            terms += _less_excused(excused[second, : level + 1])
            self.row(f"separation_{tier}_pair_{number}", terms, "<=", 1.0)
            number += 1


def _less_excused(excused: NDArray[np.object_]) -> Terms:
    """Return ``-sum(excused)`` over the variables there are."""
    return [(variable, -1.0) for variable in excused.ravel() if variable is not None]
