"""What a check of a scenario hands back: findings, and the numbers behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dcsite.criteria import TIERS
from dcsite.model.rules import all_rules
from dcsite.scenario import toml_value

from .diagnose import settings_of

if TYPE_CHECKING:
    from dcsite.contract import Bound
    from dcsite.model.funnel import TierFunnel
    from dcsite.scenario import Scenario

    from .loads import LoadRange
    from .numerics import CoefficientRange
    from .spread import Room, Spread
    from .supply import OutOfReach

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing to know before solving; `message` names the value, why, and what would do."""

    level: Level
    rule_or_key: str
    message: str


@dataclass(frozen=True)
class TierCheck:
    """Candidates of one tier and the room its separation leaves them.

    `largest` is the largest separation that the count asked for can keep; None where it was not
    asked or not found in time.
    """

    funnel: TierFunnel
    separation_km: float
    room: Room
    largest: Spread | None


@dataclass(frozen=True)
class Precheck:
    """All that was checked, and what was found."""

    scenario_name: str
    sites: int
    tiers: tuple[TierCheck, ...]
    core_regions: tuple[tuple[str, int], ...]
    load: LoadRange
    bounds: tuple[Bound, ...]
    out_of_reach: tuple[OutOfReach, ...]
    coefficients: CoefficientRange | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that prove the scenario infeasible."""
        return tuple(finding for finding in self.findings if finding.level == "error")


def km_down(distance_km: float) -> float:
    """Round a distance down to what a person would set: whole km, below 10 km to a tenth."""
    return math.floor(distance_km) if distance_km >= 10.0 else math.floor(distance_km * 10.0) / 10.0


def limit_text(largest: Spread | None, hubs: str) -> str:
    """Say how far apart these hubs can stand at most, and what to set."""
    if largest is None:
        return f"cannot be met by {hubs}; set it lower"
    limit = km_down(largest.distance_km)
    if largest.proven:
        return f"at most {limit:g} km can be met by {hubs}; set it to {limit:g} or less"
    return (
        f"cannot be met by {hubs}; {limit:g} km can, which is not proven the most; set it to "
        f"{limit:g} or less"
    )


def settings_text(scenario: Scenario, rule: str, tier: str) -> str:
    """Name the values that set a rule for a tier, in brackets; nothing where there are none."""
    others = {other for other in TIERS if other != tier}
    settings = ", ".join(
        f"{key} = {toml_value(value)}"
        for key, value in settings_of(scenario, all_rules()[rule])
        if not others & set(key.split("."))
    )
    return f" ({settings})" if settings else ""
