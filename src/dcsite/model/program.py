"""The mixed-integer program: decisions, rows, rules and objective, in the words of the model.

Decisions, for every site i and tier t that the hard rules admit:

``open[i, t]``          binary, site i becomes a hub of tier t
``extra_mw[i, t]``      continuous, load above the tier's least
``reserve_mw[i, t]``    continuous, capacity held free for others, of the tiers asked for alone
``it_load_mw[i, t]``    the expression ``min_t * open[i, t] + extra_mw[i, t]``

with ``0 <= extra_mw + reserve_mw <= (max - min) * open``: a reserve is built as a load is.

The objective is the weighted sum of the measures' scores less penalties for violated soft rules
and unserved demand; it is maximised.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp

from dcsite.contract import TIERS
from dcsite.errors import CriterionError

from .lazy_rows import TableRows
from .separation import SeparationRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dcsite.contract import LazyRows, LoadTable, ScoreTerm, Terms

    from .candidates import Candidates

_SENSE = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE, "==": pulp.LpConstraintEQ}
#: Origin of the rows by which hubs serve demand.
DEMAND = "service of demand"
_SAFE = re.compile(r"[A-Za-z0-9_]{1,40}\Z")


class _Owned:
    """Lazy rows of a criterion's own kind, whatever they lay being that criterion's."""

    def __init__(self, program: SiteProgram, rows: LazyRows) -> None:
        self._program, self._origin, self._rows = program, program.origin, rows
        self.complete, self.summary = rows.complete, rows.summary

    def separate(self, values: Mapping[str, float]) -> int:
        self._program.origin = self._origin
        return self._rows.separate(values)

    def separate_relaxed(self, values: Mapping[str, float]) -> int:
        self._program.origin = self._origin
        return self._rows.separate_relaxed(values)


class SiteProgram:
    """A program over measured sites; criteria and the model's own rules add to it.

    Parameters
    ----------
    candidates : Candidates
        What is asked, of which sites, and which of them may become a hub of which tier; a pair that
        a hard rule keeps out gets no variable.
    spaced : bool
        Whether rows that a rule keeps hubs apart by are laid; its name goes to `unspaced` else.
    problem : pulp.LpProblem, optional
        Gets the columns and rows; a new one by default.
    suffix : str
        What their names end with, where other programs stand in the same problem.
    """

    tiers: tuple[str, ...] = TIERS

    def __init__(
        self,
        candidates: Candidates,
        *,
        spaced: bool = True,
        problem: pulp.LpProblem | None = None,
        suffix: str = "",
    ) -> None:
        self.candidates = candidates
        self.scenario, self.atlas = candidates.scenario, candidates.atlas
        self.sites, self.modes = candidates.sites, candidates.modes
        self.min_mw, self.max_mw = candidates.min_mw, candidates.max_mw
        self.eligible = candidates.eligible
        self._spaced = spaced
        self.unspaced: list[str] = []
        self.problem = problem or pulp.LpProblem("dcsite", pulp.LpMaximize)
        self._suffix = suffix
        self.violations: dict[str, Terms] = defaultdict(list)
        self.scores: list[ScoreTerm] = []
        #: What demand that no hub serves takes from the objective.
        self.unserved: Terms = []
        self.scored_measures: dict[str, tuple[str, ...]] = {}
        self._variables: dict[str, Any] = {}
        self._laid: dict[str, pulp.LpConstraint] = {}
        self.apart: list[SeparationRows] = []
        self.lazy: list[LazyRows] = []
        #: Variables that equal an expression, with its terms and constant.
        self.defined: list[tuple[Any, Terms, float]] = []
        #: By tier, the columns that say of each site whether a hub not below it stands there.
        self.hub_columns: dict[int, list[Any]] = {}
        #: Who adds rows: a criterion's name, :data:`DEMAND` or nobody; and of each row, who did,
        #: under which rule (empty: under none).
        self.origin = ""
        self.made: dict[str, tuple[str, str]] = {}
        self.labels = [
            str(site) if _SAFE.match(str(site)) else f"row{number}"
            for number, site in enumerate(self.sites.index)
        ]
        self._make_decisions()
        self._soften()

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

    def reserve(self, tiers: Iterable[str]) -> None:
        """Let hubs of some tiers hold capacity free; nobody else has columns for it.

        Raises
        ------
        CriterionError
            If rows over what hubs hold in all were laid before, without these tiers.
        """
        asked = np.isin(TIERS, list(tiers)) & ~self.reserves.any(axis=0)
        new = np.argwhere(self.eligible & (self.max_mw > self.min_mw) & asked)
        if len(new) and self._all_counted:
            raise CriterionError(
                f"{self.origin}: reserve asked for after rows over capacity were laid; "
                "its reserve_tiers() must name these tiers"
            )
        for site, tier in new:
            label = f"{self.labels[site]}_{TIERS[tier]}"
            spread = float(self.max_mw[site, tier] - self.min_mw[tier])
            reserve = self._column(f"reserve_mw_{label}", 0.0, spread)
            self.reserve_mw[site, tier] = reserve
            self.reserves[site, tier] = True
            for name in (f"load_{label}", f"land_{label}"):
                if name in self._laid:
                    self._laid[name].expr[reserve] = 1.0

    def reserve_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * reserve_mw[i, t])``, shape (sites, tiers)."""
        take = self.reserves & (coefficient != 0.0)
        return list(zip(self.reserve_mw[take], coefficient[take].tolist(), strict=True))

    def capacity_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * (it_load_mw[i, t] + reserve_mw[i, t]))``."""
        self._all_counted = True
        return [*self.load_terms(coefficient), *self.reserve_terms(coefficient)]

    def continuous(self, name: str, low: float = 0.0, up: float | None = None) -> Any:
        """Return a new continuous variable within bounds."""
        variable = self._column(name, low, up)
        self._variables[name] = variable
        return variable

    def binary(self, name: str) -> Any:
        """Return a new binary variable."""
        return self._column(name, 0.0, 1.0, pulp.LpInteger)

    def _column(
        self, name: str, low: float, up: float | None, kind: str = pulp.LpContinuous
    ) -> Any:
        return self.problem.add_variable(f"{name}{self._suffix}", low, up, kind)

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
        full = f"{name}{self._suffix}"
        self.made[full] = self.origin, rule or ""
        expression = dict(terms)
        if len(expression) < len(terms):  # of a variable that stands twice the last would count
            expression = dict.fromkeys(expression, 0.0)
            for variable, coefficient in terms:
                expression[variable] += coefficient
        left = pulp.LpAffineExpression(expression)
        self._laid[name] = pulp.LpConstraint(left, _SENSE[sense], full, rhs)
        self.problem.addConstraint(self._laid[name])

    def keep_apart(self, rule: str, distance_km: Mapping[str, float]) -> None:
        """Keep each tier's hubs at least its distance from hubs of its own and higher tiers.

        The rows are laid by :mod:`dcsite.model.separation`.
        """
        if self.mode(rule) == "off":
            return
        if self._spaced:
            self.apart.append(SeparationRows(self, rule, distance_km))
        else:
            self.unspaced.append(rule)

    def lay_lazily(self, table: LoadTable) -> None:
        """Take rows as lazy constraints, added only as points violate them."""
        self.lazy.append(TableRows(self, table))

    def separate_by(self, rows: LazyRows) -> None:
        """Take rows of a criterion's own kind that are added as points violate them."""
        self.lazy.append(_Owned(self, rows))

    def violate(self, rule: str, variable: Any, amount: float = 1.0) -> None:
        """Count a variable, times an amount, as violation of a soft rule."""
        self.violations[rule].append((variable, amount))

    def load_of(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the load at each site, in MW, at a point of the program."""
        return np.asarray(self.load_by_tier(values).sum(axis=1))

    def load_by_tier(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the load of each site and tier, in MW, at a point of the program."""
        share = self._at(self.open, self.eligible, values)
        extra = self._at(self.extra_mw, self.eligible, values)
        return np.where(share > 0.0, share * self.min_mw + extra, 0.0)

    def reserve_of(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the reserve of each site and tier, in MW, at a point of the program."""
        return self._at(self.reserve_mw, self.reserves, values)

    # -- what the model's own rules ask --------------------------------------------------------

    @property
    def most_hubs(self) -> float:
        """Return the largest number of hubs the tier counts allow."""
        return float(sum(self.scenario.tiers[tier].count.max for tier in TIERS))

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

    def _make_decisions(self) -> None:
        shape = self.eligible.shape
        self.open = np.full(shape, None, dtype=object)
        self.extra_mw = np.full(shape, None, dtype=object)
        self.reserve_mw = np.full(shape, None, dtype=object)
        #: Pairs with a reserve, and whether rows over load and reserve stand without further ones.
        self.reserves = np.zeros(shape, dtype=bool)
        self._all_counted = False
        for site, tier in np.argwhere(self.eligible):
            label = f"{self.labels[site]}_{TIERS[tier]}"
            spread = float(self.max_mw[site, tier] - self.min_mw[tier])
            is_open = self.binary(f"open_{label}")
            extra = self._column(f"extra_mw_{label}", 0.0, spread)
            self.open[site, tier] = is_open
            self.extra_mw[site, tier] = extra
            self.row(f"load_{label}", [(extra, 1.0), (is_open, -spread)], "<=", 0.0)
        for site in np.flatnonzero(self.eligible.sum(axis=1) > 1):
            members = [(v, 1.0) for v in self.open[site][self.eligible[site]]]
            self.row(f"one_tier_{self.labels[site]}", members, "<=", 1.0)

    @staticmethod
    def _at(
        variables: NDArray[np.object_], here: NDArray[np.bool_], values: Mapping[str, float]
    ) -> NDArray[np.float64]:
        found = np.zeros(variables.shape)
        found[here] = [values.get(variable.name, 0.0) for variable in variables[here]]
        return found

    def _soften(self) -> None:
        for admission in self.candidates.admissions:
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
