"""How much load the hubs that a scenario allows can carry together, at least and at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dcsite.criteria import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcsite.model.funnel import Candidates
    from dcsite.model.rules import RuleModes
    from dcsite.scenario import Scenario


@dataclass(frozen=True)
class LoadRange:
    """Load asked for, beside bounds on what all hubs together can carry, with how they arise."""

    asked_mw: float
    least_mw: float
    most_mw: float
    least_text: str
    most_text: str


def load_range(
    scenario: Scenario, left: Candidates, modes: RuleModes, most_hubs: Sequence[int]
) -> LoadRange:
    """Bound the load of all hubs together.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    left : Candidates
        Sites left for each tier, and their largest loads.
    modes : RuleModes
        Counts bind only where `tier_counts` is hard.
    most_hubs : sequence of int
        By tier, the most hubs that separation leaves room for.
    """
    least_mw, least_text = _least_load_mw(scenario, modes)
    most_mw, most_text = most_load_mw(scenario, left, modes, most_hubs)
    return LoadRange(scenario.total_new_it_load_mw, least_mw, most_mw, least_text, most_text)


def most_load_mw(
    scenario: Scenario,
    left: Candidates,
    modes: RuleModes,
    most_hubs: Sequence[int],
    here: NDArray[np.bool_] | None = None,
) -> tuple[float, str]:
    """Return the most load of all hubs (an upper bound) and how it arises.

    Each tier takes its largest loads on its own, so one site may count in two tiers. `here`
    restricts the sites.
    """
    bound = modes.mode["tier_counts"] == "hard"
    loads: list[NDArray[np.float64]] = []
    for number in range(len(TIERS)):
        take = left.eligible[:, number] if here is None else left.eligible[:, number] & here
        largest_first = np.sort(left.max_mw[take, number])[::-1]
        loads.append(np.concatenate([[0.0], np.cumsum(largest_first)]))
    counts = [
        min(
            scenario.tiers[tier].count.max if bound else len(left.eligible),
            most_hubs[number],
            len(loads[number]) - 1,
        )
        for number, tier in enumerate(TIERS)
    ]
    best, chosen = -1.0, counts
    shared = bound and scenario.cores_count_as_large
    for cores in range(counts[0] + 1) if shared else (counts[0],):
        # Cores that count as large ones leave that many fewer places for large hubs.
        trial = list(counts)
        trial[0] = cores
        if shared:
            trial[1] = max(0, min(counts[1], scenario.tiers.large.count.max - cores))
        mw = float(sum(loads[number][count] for number, count in enumerate(trial)))
        if mw > best:
            best, chosen = mw, trial
    parts = [
        f"{count} {tier} hubs up to {loads[number][count]:,.0f} MW"
        for number, (tier, count) in enumerate(zip(TIERS, chosen, strict=True))
    ]
    return best, ", ".join(parts)


def _least_load_mw(scenario: Scenario, modes: RuleModes) -> tuple[float, str]:
    """Return the least load of all hubs and how it arises."""
    if modes.mode["tier_counts"] != "hard":
        return 0.0, "no count is hard"
    tiers = {tier: scenario.tiers[tier] for tier in TIERS}
    counts = {tier: int(asked.count.min) for tier, asked in tiers.items()}
    trials = [counts]
    if scenario.cores_count_as_large:
        core = tiers["core"].count
        trials = [
            {**counts, "core": cores, "large": max(0, counts["large"] - cores)}
            for cores in range(core.min, core.max + 1)
        ]
    best = min(trials, key=lambda trial: sum(n * tiers[t].it_load_mw.min for t, n in trial.items()))
    parts = [f"{n} {t} hubs of {tiers[t].it_load_mw.min:g} MW" for t, n in best.items()]
    return float(sum(n * tiers[t].it_load_mw.min for t, n in best.items())), ", ".join(parts)
