"""What a criterion is, and what it may ask of the program and of a finished plan.

A criterion is one file that measures sites, admits them, adds rows and scores to the program and
evaluates a finished plan. This module holds the contract between those files and the rooms that
call them; it knows no criterion by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from pydantic import BaseModel

    from dcsite.atlas import Atlas
    from dcsite.criteria.measures import CriterionValue, Measure
    from dcsite.scenario import Scenario

__all__ = [
    "TIERS",
    "Admission",
    "Breach",
    "Criterion",
    "Evaluation",
    "FindRows",
    "LoadTable",
    "Program",
    "Rule",
    "ScoreTerm",
    "Terms",
    "linear_score",
]

#: Tiers from the highest to the lowest; a site holds one of them at most.
TIERS: tuple[str, ...] = ("core", "large", "regional")

#: A linear expression as pairs of a solver variable and its coefficient.
Terms = list[tuple[Any, float]]


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
    """

    name: str
    title_en: str
    title_ja: str
    unit: str
    keys: tuple[str, ...]
    policy_lines: tuple[str, ...] = ()


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


@runtime_checkable
class Criterion(Protocol):
    """One thing that matters; see the modules of this package for the shipped ones.

    A criterion whose measurements rest on a user's file may have ``input_files(scenario)``, which
    returns the paths: what was measured with other content is then not used again.
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
        `constrain` may be used here.
        """


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
