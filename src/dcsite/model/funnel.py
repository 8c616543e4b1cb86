"""The funnel: how many sites are left for each tier as hard rules are laid on one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcsite.criteria import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.criteria import Admission
    from dcsite.scenario import Scenario

    from .rules import RuleModes


@dataclass(frozen=True)
class FunnelStep:
    """One rule's part: what it would drop alone, what it drops here, and what is left then."""

    rule: str
    reason_en: str
    alone: int
    dropped: int
    left: int


@dataclass(frozen=True)
class TierFunnel:
    """From all sites to the candidates of one tier, beside the count asked for."""

    tier: str
    sites: int
    steps: tuple[FunnelStep, ...]
    left: int
    asked_min: int
    asked_max: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """Which sites are left for which tier, and what each hard rule drops.

    Parameters
    ----------
    eligible : numpy.ndarray of bool, shape (sites, tiers)
        Pairs that get a variable in the program.
    max_mw : numpy.ndarray, shape (sites, tiers)
        Largest load of a hub there.
    funnels : tuple of TierFunnel
        One for each tier, the highest first.
    dropped : dict of str to numpy.ndarray of bool
        By rule, the pairs it keeps out on its own.
    """

    eligible: NDArray[np.bool_]
    max_mw: NDArray[np.float64]
    funnels: tuple[TierFunnel, ...]
    dropped: dict[str, NDArray[np.bool_]]

    def without(self, rule: str) -> NDArray[np.bool_]:
        """Return the eligible pairs as they were without one rule."""
        kept = np.ones_like(self.eligible)
        for name, out in self.dropped.items():
            if name != rule:
                kept &= ~out
        return kept


def candidates(
    scenario: Scenario,
    sites: gpd.GeoDataFrame,
    admissions: Sequence[Admission],
    modes: RuleModes,
) -> Candidates:
    """Lay the hard rules on the sites, one after another.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    sites : geopandas.GeoDataFrame
        Measured sites.
    admissions : sequence of Admission
        What every rule says of every site.
    modes : RuleModes
        How strictly each rule holds; only hard ones drop sites.
    """
    tiers = [scenario.tiers[tier] for tier in TIERS]
    shape = (len(sites), len(TIERS))
    min_mw = np.array([tier.it_load_mw.min for tier in tiers])
    max_mw = np.broadcast_to([tier.it_load_mw.max for tier in tiers], shape).astype(float)
    wanted = sites["allowed_tier"].to_numpy(dtype=object)
    other = np.array([[isinstance(w, str) and w != tier for tier in TIERS] for w in wanted])
    drops = [("allowed_tier", "the list of sites reserves it for another tier", other)]
    if modes.mode["land"] == "hard":
        max_mw = np.minimum(max_mw, sites["max_it_load_mw"].to_numpy(dtype=float)[:, None])
        drops.append(
            ("land", "its land carries less than the tier's least IT load", max_mw < min_mw)
        )
    drops += [
        (admission.rule, admission.reason_en, admission.amount > 0.0)
        for admission in admissions
        if modes.mode[admission.rule] == "hard"
    ]
    eligible = np.ones(shape, dtype=bool)
    dropped: dict[str, NDArray[np.bool_]] = {}
    steps: list[list[FunnelStep]] = [[] for _ in TIERS]
    for rule, reason, out in drops:
        before = eligible.sum(axis=0)
        out = out.reshape(shape)  # noqa: PLW2901
        eligible &= ~out
        dropped[rule] = dropped.get(rule, np.zeros(shape, dtype=bool)) | out
        left = eligible.sum(axis=0)
        for number in range(len(TIERS)):
            if out[:, number].any():
                steps[number].append(
                    FunnelStep(
                        rule,
                        reason,
                        int(out[:, number].sum()),
                        int(before[number] - left[number]),
                        int(left[number]),
                    )
                )
    funnels = tuple(
        TierFunnel(
            tier,
            len(sites),
            tuple(steps[number]),
            int(eligible[:, number].sum()),
            int(tiers[number].count.min),
            int(tiers[number].count.max),
        )
        for number, tier in enumerate(TIERS)
    )
    return Candidates(eligible, max_mw, funnels, dropped)
