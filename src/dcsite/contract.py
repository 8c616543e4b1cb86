"""What a criterion is, what it may ask of program and plan, and how it is found.

A criterion is one file that measures sites, admits them, adds rows and scores to the program and
evaluates a finished plan. This module holds the contract between those files and the rooms that
call them; it knows no criterion by name. Criteria are found through the entry points
``dcsite.criteria``: those that come with dcsite, and those of third parties.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from .errors import DcsiteError, Problem
from .records import Amount, Name, Points, Record, Score, Share, Times, UnknownAmount

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from .atlas import Atlas
    from .scenario import Scenario

#: The group that a criterion's package names its criterion in.
ENTRY_POINT_GROUP = "dcsite.criteria"

#: Tiers from the highest to the lowest; a site holds one of them at most.
TIERS: tuple[str, ...] = ("core", "large", "regional")


class PerTier(BaseModel):
    """One value for each tier."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    core: float = Field(ge=0, description="Core hubs.")
    large: float = Field(ge=0, description="Large hubs.")
    regional: float = Field(ge=0, description="Regional hubs.")

    def __getitem__(self, tier: str) -> float:
        """Return the value of a tier by its name."""
        if tier not in TIERS:
            raise KeyError(tier)
        return float(getattr(self, tier))

    def by_tier(self) -> NDArray[np.float64]:
        """Return the values in the order of :data:`TIERS`."""
        import numpy as np

        return np.array([self[tier] for tier in TIERS])


#: A linear expression as pairs of a solver variable and its coefficient.
Terms = list[tuple[Any, float]]


@dataclass(frozen=True)
class Step:
    """One number that may give way so that a rule can hold: how far at most, in which steps.

    Parameters
    ----------
    key : str
        Dotted key of the number in the scenario.
    extreme : float
        The farthest it may go, in the number's own unit; below its value or above it.
    by : float
        Length of one step, in the same unit.
    remeasure : bool
        Whether sites are to be measured anew by the criterion when it changes.
    """

    key: str
    extreme: float
    by: float
    remeasure: bool = False


#: Given a scenario and its measured sites, lists the numbers that may give way.
GivesWay = Callable[["Scenario", "gpd.GeoDataFrame"], "Sequence[Step]"]


@dataclass(frozen=True)
class Rule:
    """One switchable rule: its name, the unit its violations are counted in, where it comes from.

    Parameters
    ----------
    name : str
        Key under ``rules`` and ``penalties`` of the scenario.
    title_en, title_ja : str
        The rule in a few words.
    unit : str
        What one unit of violation is (``hub``, ``share``, ``region``).
    keys : tuple of str
        Scenario keys that set how strict the rule is.
    policy_lines : tuple of str
        Line ids of the strategy the rule goes back to; empty where there is none.
    gives_way : tuple of Step, or callable
        The numbers that may be loosened one by one where the rule lets no plan be, in search of
        the smallest change that does; a callable finds them from scenario and measured sites.
        Empty where no single number sets the rule.
    per : str
        What its penalty is paid for, to follow "Points " in the scenario's schema; by default
        ``per <unit>``.
    keeps_apart : bool
        Whether it is the rule that keeps hubs ``tiers.*.separation_km`` apart; the check before a
        solve bounds by it how many hubs there is room for.
    """

    name: str
    title_en: str
    title_ja: str
    unit: str
    keys: tuple[str, ...]
    policy_lines: tuple[str, ...] = ()
    per: str = ""
    gives_way: tuple[Step, ...] | GivesWay = ()
    keeps_apart: bool = False

    def __post_init__(self) -> None:
        """Fill in what the penalty is paid for."""
        if not self.per:
            object.__setattr__(self, "per", f"per {self.unit}")


@dataclass(frozen=True)
class Admission:
    """Which sites a rule lets in, tier by tier, before any row is built.

    Parameters
    ----------
    rule : str
        Name of the rule.
    amount : numpy.ndarray, shape (sites, tiers)
        By how much opening the site in the tier would violate the rule; 0 where it does not.
    reason_en : str
        Why a site is left out, to be followed by nothing ("no fitting substation within reach").
    """

    rule: str
    amount: NDArray[np.float64]
    reason_en: str


@dataclass(frozen=True)
class Bound:
    """How far any plan can get, or must go, in one measure: worked out before a solve.

    Parameters
    ----------
    measure : str
        Name of the measure.
    kind : str
        ``at_most`` or ``at_least``: on which side of `value` every plan stays.
    value : float
        The bound; `asked` is what the scenario asks for, in the same unit (shares, 0..1).
    key : str
        Scenario key of `asked`.
    rules : tuple of str
        Rules by which it is asked. What a bound contradicts is an error where all are hard, a
        warning where one is soft, and nothing where one is off.
    reason_en : str
        The bound in words, to follow ``<key> = <asked>: `` and to stand alone.
    instead_en : str
        What else would do beside another `asked`; begins with a comma.
    """

    measure: str
    kind: Literal["at_most", "at_least"]
    value: float
    asked: float
    key: str
    rules: tuple[str, ...]
    reason_en: str
    instead_en: str = ""

    @property
    def contradicted(self) -> bool:
        """Tell whether no plan reaches what is asked."""
        if self.kind == "at_most":
            return self.value < self.asked - 1e-9
        return self.value > self.asked + 1e-9

    @property
    def message_en(self) -> str:
        """Say what is asked, why no plan reaches it, and what would do, rounded to hundredths."""
        if self.kind == "at_most":
            limit = f"{math.floor(self.value * 100.0) / 100.0:g} or less"
        else:
            limit = f"{math.ceil(self.value * 100.0) / 100.0:g} or more"
        return f"= {self.asked:g}: {self.reason_en}; set it to {limit}{self.instead_en}"


@dataclass(frozen=True)
class LoadTable:
    """Rows over the hubs' loads that are laid only as points break them.

    Row s says ``coefficient[s] @ it_load_mw + fixed - lowered + raised[s] >= least[s]``, with the
    load of each site in MW whatever its tier.

    Parameters
    ----------
    name : str
        Of the rows, in letters, digits and underlines.
    labels : tuple of str
        One for each row, told apart.
    coefficient : numpy.ndarray, shape (rows, sites)
        Per MW of load.
    least : numpy.ndarray, shape (rows,)
        Right-hand sides.
    fixed : list of pairs
        Further terms of every row.
    lowered : variable, optional
        One variable that stands in every row; lowering it keeps any of them.
    raised : sequence of variables, optional
        A variable for each row, the same or different ones; raising it keeps that row.
    scale : float
        What a coefficient of 1 in natural units is here (1 / total load for shares); coefficients
        far below it are left out.
    """

    name: str
    labels: tuple[str, ...]
    coefficient: NDArray[np.float64]
    least: NDArray[np.float64]
    fixed: Terms = field(default_factory=list)
    lowered: Any = None
    raised: Sequence[Any] | None = None
    scale: float = 1.0


#: Given chosen hubs as pairs of site number and tier number, finds rows that they break: the hub
#: that lacks something and an array of shape (sites, tiers) each, for
#: ``sum(coefficient * open) >= 0``.
FindRows = Callable[
    [Sequence[tuple[int, int]]], "Sequence[tuple[tuple[int, int], NDArray[np.float64]]]"
]


class CriterionValue(Record):
    """One measured value of one hub, ready for a pop-up or a table row."""

    criterion: Name
    """Name of the criterion."""
    name: Name
    """Name of the value."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    value: UnknownAmount
    """Measured value; null where there is none."""
    unit: str
    """Unit of the value."""
    score: Score | None
    """Score 0..1 by the scenario's fixed anchors; null where the value is only reported."""
    source: str
    """Table or method the value comes from."""


class Measure(Record):
    """One plan-level measure in its natural unit."""

    criterion: Name
    """Name of the criterion."""
    name: Name
    """Name of the measure."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    value: UnknownAmount
    """Value in its unit; null where there is none."""
    unit: str
    """Unit of the value."""
    score: Score | None
    """Score 0..1 by fixed anchors; null where only reported."""
    weight: Points
    """Weight in the objective; 0 where only reported."""


class Violation(Record):
    """A soft rule that the plan breaks, by how much, where, and what that costs."""

    rule: Name
    """Name of the soft rule."""
    amount: Amount
    """By how much, in `unit`."""
    unit: str
    """Unit of the amount."""
    site_ids: tuple[str, ...]
    """Sites concerned."""
    penalty: Points
    """Objective points this costs."""
    message_en: str
    """The violation in English."""
    message_ja: str
    """The violation in Japanese."""


class Backup(Record):
    """A hub's backup: of its own tier or above, and never taken down with it."""

    site_id: str
    """The hub."""
    backup_site_id: str | None
    """Its backup; null where every hub of its tier or above falls with it in some disaster."""
    both_down_30y: Times | None
    """Times both are expected down together in 30 years, over disasters of known probability."""
    choices: int
    """Hubs that could be its backup."""


class DisasterLoss(Record):
    """What a disaster is expected to take from a plan."""

    event_id: str
    """Which disaster."""
    kind: str
    """Kind of disaster."""
    name_en: str
    """English name."""
    name_ja: str
    """Japanese name; empty where the sources have none."""
    probability_30y: Share | None
    """Probability in 30 years; null where none is known."""
    probability_date: str
    """Date of that probability; empty where it has none."""
    share_down: Share
    """Share of the plan's capacity expected down, 0..1."""
    areas_lost: tuple[str, ...]
    """Electricity areas that go dark."""


@dataclass(frozen=True)
class Breach:
    """A rule that a finished plan violates, found without the formulation."""

    rule: str
    amount: float
    site_ids: tuple[str, ...]
    message_en: str
    message_ja: str


@dataclass(frozen=True)
class Evaluation:
    """What a criterion finds in a finished plan: measures, breaches and values of each hub."""

    measures: tuple[Measure, ...]
    breaches: tuple[Breach, ...] = ()
    hub_values: Mapping[str, tuple[CriterionValue, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreTerm:
    """A linear term of the objective: ``weight * (sum(terms) + constant)``, a score on 0..1."""

    measure: str
    weight: float
    terms: Terms
    constant: float = 0.0


class Program(Protocol):
    """What a criterion may ask of the mixed-integer program."""

    scenario: Scenario
    atlas: Atlas
    sites: gpd.GeoDataFrame
    tiers: tuple[str, ...]

    @property
    def total_it_load_mw(self) -> float:
        """Return the IT load that all new hubs together shall carry, in MW."""

    def mode(self, rule: str) -> str:
        """Return ``hard``, ``soft`` or ``off`` for a rule."""

    def open_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * open[i, t])`` for an array of shape (sites, tiers)."""

    def load_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * it_load_mw[i, t])``, shape (sites, tiers)."""

    def continuous(self, name: str, low: float = 0.0, up: float | None = None) -> Any:
        """Return a new continuous variable within bounds."""

    def variable(self, name: str) -> Any:
        """Return the continuous variable made under this name."""

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

    def lay_lazily(self, table: LoadTable) -> None:
        """Hold rows ready that are laid only as points break them."""

    def find_lazily(
        self, name: str, rule: str, concerned: NDArray[np.bool_], find: FindRows
    ) -> None:
        """Hold a search ready that finds rows a plan breaks; nothing if the rule is off.

        `concerned`, of shape (sites, tiers), tells which hubs may have such a row.
        """

    def violate(self, rule: str, variable: Any, amount: float = 1.0) -> None:
        """Count a variable, times an amount, as violation of a soft rule."""

    def keep_apart(self, rule: str, distance_km: Mapping[str, float]) -> None:
        """Keep each tier's hubs at least its distance from hubs of its own and higher tiers."""


class Outlook(Protocol):
    """What a criterion may ask of a question before it is solved."""

    scenario: Scenario
    atlas: Atlas
    sites: gpd.GeoDataFrame

    @property
    def most_mw(self) -> NDArray[np.float64]:
        """Return the most IT load of a hub, in MW, shape (sites, tiers); 0 where none may stand."""

    def least_load_mw(self, here: NDArray[np.bool_]) -> float:
        """Return the IT load, in MW, that some sites carry at least in any plan.

        That is the total less the most that all other sites can carry; 0 where no rule asks for the
        total, or where its hubs cannot carry it anyhow (which is told apart).
        """


@runtime_checkable
class Criterion(Protocol):
    """One thing that matters; see the modules of this package for the shipped ones.

    A criterion whose measurements rest on a user's file may have ``input_files(scenario)``, which
    returns the paths: what was measured with other content is then not used again. A ``rank`` (a
    whole number) says where it stands among the others in tables; those without come last, by name.
    ``bounds(outlook)`` may return a sequence of :class:`Bound`: what no plan can reach, found from
    the sites left for each tier before anything is solved.
    """

    name: str
    title_en: str
    title_ja: str
    policy_lines: tuple[str, ...]
    rules: tuple[Rule, ...]
    Parameters: type[BaseModel]

    def measure(self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> pd.DataFrame:
        """Measure every site; index as `sites`, units in the column names."""

    def site_score(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series[float]:
        """Score every measured site on 0..1, for maps and pop-ups."""

    def admit(self, sites: gpd.GeoDataFrame, scenario: Scenario) -> Sequence[Admission]:
        """Say which measured sites the criterion's rules keep out of which tier."""

    def constrain(self, program: Program) -> None:
        """Add the criterion's rows."""

    def score(self, program: Program) -> Sequence[ScoreTerm]:
        """Return the criterion's terms of the objective."""

    def evaluate(self, hubs: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> Evaluation:
        """Evaluate a finished plan from coordinates and tables alone.

        `hubs` has one row per hub, indexed by `site_id`, with `tier`, `it_load_mw`, `lat_deg`,
        `lon_deg`, `area`, `municipality_code`, `landmass_id`. Nothing of `measure`, `admit` or
        `constrain` may be used here. For each term that `score` returns, the evaluation holds a
        measure of the term's name with its score and weight: the plan's objective is added up
        from these, and a missing one is an error that names criterion and term.
        """


def largest_finite(value: pd.Series[float]) -> float:
    """Return the largest finite value, rounded up to a whole number; 0 where there is none."""
    known = value[value < math.inf]
    return float(math.ceil(known.max())) if len(known) else 0.0


def linear_score(
    value: NDArray[np.float64] | pd.Series[float], zero_at: float, one_at: float
) -> NDArray[np.float64]:
    """Score values linearly between two fixed anchors, clipped to 0..1.

    Parameters
    ----------
    value : array_like
        Measured values; NaN and infinities away from `one_at` score 0.
    zero_at, one_at : float
        Values that score 0 and 1; either may be the larger.

    Returns
    -------
    numpy.ndarray
        Scores, same shape as `value`.
    """
    import numpy as np

    with np.errstate(invalid="ignore"):
        raw = (np.asarray(value, dtype=float) - zero_at) / (one_at - zero_at)
    return np.clip(np.nan_to_num(raw, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)


#: Rank of a criterion that states none.
_LAST = 1000


@cache
def criteria() -> tuple[Criterion, ...]:
    """Return every registered criterion, by rank and then by name.

    Raises
    ------
    DcsiteError
        If an entry point does not load, is no criterion, or takes a name twice.
    """
    found: dict[str, Criterion] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            criterion = point.load()
        except (ImportError, AttributeError) as error:
            raise DcsiteError(
                Problem(
                    f"entry point {ENTRY_POINT_GROUP}", point.name, f"cannot be loaded: {error}"
                )
            ) from error
        if not isinstance(criterion, Criterion) or criterion.name != point.name:
            raise DcsiteError(
                Problem(
                    f"entry point {ENTRY_POINT_GROUP}",
                    point.name,
                    f"{point.value} is not a criterion of that name; see dcsite.contract",
                )
            )
        if point.name in found and found[point.name] is not criterion:
            raise DcsiteError(
                Problem(f"entry point {ENTRY_POINT_GROUP}", point.name, "is registered twice")
            )
        found[point.name] = criterion
    return tuple(sorted(found.values(), key=lambda own: (getattr(own, "rank", _LAST), own.name)))


def input_files(scenario: Scenario) -> tuple[Path, ...]:
    """Return the files of a user's own, beside tables and sites, that criteria measure by."""
    return tuple(
        Path(path)
        for criterion in criteria()
        for path in getattr(criterion, "input_files", lambda _: ())(scenario)
    )
