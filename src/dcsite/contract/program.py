"""What a criterion may ask of the mixed-integer program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: A linear expression as pairs of a solver variable and its coefficient.
Terms = list[tuple[Any, float]]


@dataclass(frozen=True)
class LoadTable:
    """Lazy constraints over the hubs' loads and reserves: added only as points violate them.

    Row s says ``coefficient[s] @ it_load_mw + reserve[s] @ reserve_mw + fixed - epigraph + slack[s]
    >= least[s]``.

    Parameters
    ----------
    name : str
        Of the rows, in letters, digits and underlines.
    labels : tuple of str
        One for each row, told apart.
    coefficient : numpy.ndarray, shape (rows, sites) or (rows, sites, tiers)
        Per MW of load: of each site whatever its tier, or of each site and tier.
    least : numpy.ndarray, shape (rows,)
        Right-hand sides.
    reserve : numpy.ndarray, shape (rows, sites, tiers), optional
        Per MW of reserve; only tiers that were asked for have any.
    fixed : list of pairs
        Further terms of every row.
    epigraph : variable, optional
        One variable that stands in every row; lowering it keeps any of them.
    slack : sequence of variables, optional
        A variable for each row, the same or different ones; raising it keeps that row.
    scale : float
        What a coefficient of 1 in natural units is here (1 / total load for shares); coefficients
        far below it are left out.
    """

    name: str
    labels: tuple[str, ...]
    coefficient: NDArray[np.float64]
    least: NDArray[np.float64]
    reserve: NDArray[np.float64] | None = None
    fixed: Terms = field(default_factory=list)
    epigraph: Any = None
    slack: Sequence[Any] | None = None
    scale: float = 1.0


@dataclass(frozen=True)
class ScoreTerm:
    """A linear term of the objective: ``weight * (sum(terms) + constant)``, a score on 0..1."""

    measure: str
    weight: float
    terms: Terms
    constant: float = 0.0


class LazyRows(Protocol):
    """Lazy constraints of one kind; points are values of variables by name."""

    def separate(self, values: Mapping[str, float]) -> int:
        """Add rows that a candidate solution violates; return how many."""

    def separate_relaxed(self, values: Mapping[str, float]) -> int:
        """Add rows that a point of the linear relaxation violates; return how many."""

    def complete(self, values: Mapping[str, float], *, loosely: bool = False) -> dict[str, float]:
        """Return values of the rows' own variables with which a candidate solution keeps them.

        The best ones; `loosely`, ones nearly as good, where finding the best takes long.
        """

    def summary(self) -> str:
        """Say in a few words how many rows there are and how many were added."""


class Program(Protocol):
    """What a criterion may ask of the mixed-integer program."""

    scenario: Scenario
    atlas: Atlas
    sites: gpd.GeoDataFrame
    tiers: tuple[str, ...]
    #: Pairs that may hold a hub, shape (sites, tiers).
    eligible: NDArray[np.bool_]

    @property
    def total_it_load_mw(self) -> float:
        """Return the IT load that all new hubs together shall carry, in MW."""

    def mode(self, rule: str) -> str:
        """Return ``hard``, ``soft`` or ``off`` for a rule."""

    def open_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * open[i, t])`` for an array of shape (sites, tiers)."""

    def load_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * it_load_mw[i, t])``, shape (sites, tiers)."""

    def reserve(self, tiers: Iterable[str]) -> None:
        """Let hubs of some tiers hold capacity free for the load of others that fall.

        Those that :meth:`Criterion.reserve_tiers` names do already; nobody else has columns for it.
        """

    def reserve_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * reserve_mw[i, t])``, shape (sites, tiers)."""

    def capacity_terms(self, coefficient: NDArray[np.float64]) -> Terms:
        """Return ``sum(coefficient[i, t] * (it_load_mw[i, t] + reserve_mw[i, t]))``."""

    def continuous(self, name: str, low: float = 0.0, up: float | None = None) -> Any:
        """Return a new continuous variable within bounds."""

    def binary(self, name: str) -> Any:
        """Return a new binary variable."""

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
        """Take rows as lazy constraints, added only as points violate them."""

    def separate_by(self, rows: LazyRows) -> None:
        """Take rows of a criterion's own kind that are added as points violate them."""

    def load_of(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the load at each site, in MW, at a point of the program."""

    def load_by_tier(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the load of each site and tier, in MW, at a point of the program."""

    def reserve_of(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the reserve of each site and tier, in MW, at a point of the program."""

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

    def most_reserve_mw(self, worth: NDArray[np.float64]) -> float:
        """Return the most reserve, in MW, each hub's times its worth, that any plan can hold.

        `worth`, of shape (sites, tiers), is what a MW of it counts; 0 in tiers that hold none.
        """
