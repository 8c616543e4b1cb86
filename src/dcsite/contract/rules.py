"""Rules: what may be asked of hubs, how strictly, and what may give way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.scenario import Scenario

    from .findings import Quantity

#: Tiers from the highest to the lowest; a site holds one of them at most.
TIERS: tuple[str, ...] = ("core", "large", "regional")
#: What hubs of each tier are called, in English and in Japanese.
TIER_TITLES: dict[str, tuple[str, str]] = {
    "core": ("Core hub", "中核拠点"),
    "large": ("Large hub", "大規模拠点"),
    "regional": ("Regional hub", "地方拠点"),
}
#: What classes of workloads are called.
WORKLOAD_TITLES: dict[str, tuple[str, str]] = {
    "latency_critical": ("latency-critical", "低遅延"),
    "latency_tolerant": ("latency-tolerant", "遅延許容"),
    "sensitive": ("sensitive", "国内保持"),
    "ai": ("AI", "AI"),
}


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
    needs_others : bool
        Whether it asks of hubs that others can carry more; nothing is asked so where there is one
        hub alone, or where all are full.
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
    needs_others: bool = False


@dataclass(frozen=True)
class Limit:
    """A value of every site beside what a rule allows of it, to say why a site is left out.

    Parameters
    ----------
    quantity : Quantity
        What the value is.
    value : numpy.ndarray, shape (sites,) or (sites, tiers)
        Its values; NaN: not known.
    limit : numpy.ndarray, shape (tiers,) or (sites, tiers)
        The most that is allowed (the least, where `least` says so).
    """

    quantity: Quantity
    value: NDArray[np.float64]
    limit: NDArray[np.float64]
    least: bool = False

    def at(self, site: int, tier: int) -> float:
        """Return the value of a site."""
        return float(self.value[site] if self.value.ndim == 1 else self.value[site, tier])

    def said(self, site: int, tier: int) -> tuple[str, str] | None:
        """Say value and limit in English and Japanese; None where the value keeps the limit."""
        value = self.at(site, tier)
        limit = float(self.limit[tier] if self.limit.ndim == 1 else self.limit[site, tier])
        beyond = value < limit if self.least else value > limit
        return self.quantity.beside(value, limit, least=self.least) if beyond else None


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
    most_mw : numpy.ndarray, shape (sites, tiers), optional
        The most IT load of a hub that the rule allows where it is hard, in MW.
    limits : tuple of Limit
        The values that the rule asks of, by which it is said of a single site why.
    """

    rule: str
    amount: NDArray[np.float64]
    reason_en: str
    most_mw: NDArray[np.float64] | None = None
    limits: tuple[Limit, ...] = ()

    def said(self, site: int, tier: int, title_ja: str) -> tuple[str, str]:
        """Say why a site is left out of a tier, in English and Japanese.

        By value and limit, or where the rule gives none by its reason and its Japanese title.
        """
        found = [one for one in (limit.said(site, tier) for limit in self.limits) if one]
        if not found:
            return self.reason_en, title_ja
        return "; ".join(en for en, _ in found), "、".join(ja for _, ja in found)

    def has(self, site: int, tier: int) -> str:
        """Return the values beyond their limits alone, with their units."""
        beyond = (one for one in self.limits if one.said(site, tier))
        return ", ".join(one.quantity.said(one.at(site, tier)) for one in beyond)


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


def up_to_the_largest(
    criterion: str, field: str, columns: Callable[[Scenario], Sequence[str]], by: float
) -> GivesWay:
    """Let what each tier allows at most grow, as far as the largest value that any site has.

    Parameters
    ----------
    criterion, field : str
        Name of the criterion, and of the :class:`PerTier` among its parameters.
    columns : callable
        Given the scenario, the measured column that each tier's limit holds for.
    by : float
        Length of one step, in the columns' unit.
    """

    def steps(scenario: Scenario, measured: gpd.GeoDataFrame) -> tuple[Step, ...]:
        limits: PerTier = getattr(scenario.criteria[criterion], field)
        far = {
            tier: largest_finite(measured[column])
            for tier, column in zip(TIERS, columns(scenario), strict=True)
        }
        return tuple(
            Step(f"criteria.{criterion}.{field}.{tier}", far[tier], by=by)
            for tier in TIERS
            if far[tier] > limits[tier]
        )

    return steps


def largest_finite(value: pd.Series[float]) -> float:
    """Return the largest finite value, rounded up to a whole number; 0 where there is none."""
    known = value[value < math.inf]
    return float(math.ceil(known.max())) if len(known) else 0.0
