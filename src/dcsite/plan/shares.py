"""Split a plan's scored measures over its hubs, so that the parts add up to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .explanation import MeasureChange, MeasureShare

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.criteria import Measure
    from dcsite.scenario import Scenario

    from .check import Checked

#: Names of hub values whose score makes up a measure of another name.
_VALUE_OF_MEASURE = {
    "existing_core_distance_km": "nearest_existing_core_km",
    "additional_renewable_share": "renewable_share",
}
_CLUSTERS = "largest_landing_cluster_share"
_AGREES = 1e-6


def measure_shares(
    hubs: pd.DataFrame, checked: Checked, scenario: Scenario
) -> dict[str, tuple[MeasureShare, ...]]:
    """Return each hub's part of every scored measure, by site id.

    Most scores are MW-weighted means over the hubs, so a hub's part is its MW times its own
    score. Of ``1 - largest cluster share``, a hub outside the largest cluster earns its share of
    the MW, one inside earns nothing; equal largest clusters share the loss. A measure that is no
    such mean is split by MW.

    Parameters
    ----------
    hubs : pandas.DataFrame
        The plan's hubs, measured, with `tier` and `it_load_mw`.
    checked : Checked
        Their independent evaluation.
    scenario : Scenario
        For the total load.
    """
    total = float(scenario.total_new_it_load_mw)
    scored = [
        measure
        for evaluation in checked.evaluations.values()
        for measure in evaluation.measures
        if measure.score is not None and measure.weight > 0.0
    ]
    parts = [_parts(measure, hubs, checked, total) for measure in scored]
    return {
        str(site): tuple(
            MeasureShare(
                measure.criterion,
                measure.name,
                measure.label_en,
                measure.label_ja,
                measure.weight * float(part[number]),
                measure.weight * (measure.score or 0.0),
            )
            for measure, part in zip(scored, parts, strict=True)
        )
        for number, site in enumerate(hubs.index)
    }


def _parts(
    measure: Measure, hubs: pd.DataFrame, checked: Checked, total: float
) -> NDArray[np.float64]:
    load: NDArray[np.float64] = hubs["it_load_mw"].to_numpy(dtype=float)
    part: NDArray[np.float64]
    score = measure.score or 0.0
    if measure.name == _CLUSTERS:
        part = _outside_largest(hubs, load) / total
    else:
        part = load / total * _own_scores(measure, hubs, checked)
    if abs(float(part.sum()) - score) <= _AGREES:
        return part
    by_mw: NDArray[np.float64] = score * load / load.sum()
    return by_mw


def _own_scores(measure: Measure, hubs: pd.DataFrame, checked: Checked) -> NDArray[np.float64]:
    wanted = _VALUE_OF_MEASURE.get(measure.name, measure.name)
    values = checked.evaluations[measure.criterion].hub_values
    found = np.zeros(len(hubs))
    for number, site in enumerate(hubs.index):
        for value in values.get(str(site), ()):
            if value.name == wanted and value.score is not None:
                found[number] = value.score
    return found


def _outside_largest(hubs: pd.DataFrame, load: NDArray[np.float64]) -> NDArray[np.float64]:
    by_cluster = hubs["it_load_mw"].groupby(hubs["landing_cluster"]).sum()
    tied = by_cluster.index[by_cluster >= by_cluster.max() * (1.0 - _AGREES)]
    inside = hubs["landing_cluster"].isin(tied).to_numpy()
    part: NDArray[np.float64] = np.where(inside, load * (1.0 - 1.0 / len(tied)), load)
    return part


def changes_between(
    before: Checked, after: Checked, scenario: Scenario
) -> tuple[MeasureChange, ...]:
    """Say what each scored measure, the penalties and unserved demand give in two plans."""
    first, second = _points(before, scenario), _points(after, scenario)
    return tuple(
        MeasureChange(name, label_en, label_ja, points, second[name][2])
        for name, (label_en, label_ja, points) in first.items()
        if abs(points) > 0.0 or abs(second[name][2]) > 0.0
    )


def _points(checked: Checked, scenario: Scenario) -> dict[str, tuple[str, str, float]]:
    points = {
        measure.name: (measure.label_en, measure.label_ja, measure.weight * (measure.score or 0.0))
        for evaluation in checked.evaluations.values()
        for measure in evaluation.measures
        if measure.score is not None and measure.weight > 0.0
    }
    penalties = -sum(violation.penalty for violation in checked.violations)
    unserved = (
        -float(scenario.penalties["unserved"])
        * checked.unserved_mw
        / float(scenario.total_new_it_load_mw)
    )
    points["penalties"] = ("penalties of soft rules", "緩い規則の罰則", penalties)
    points["unserved"] = ("penalty of unserved demand", "賄えない需要の罰則", unserved)
    return points
