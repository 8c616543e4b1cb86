"""Split a plan's scored measures over its hubs, so that the parts add up to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .explanation import MeasureChange, MeasureShare

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.contract import Measure
    from dcsite.scenario import Scenario

    from .check import Checked

#: Parts and the score they make up agree within this.
_AGREES = 1e-6


def measure_shares(hubs: pd.DataFrame, checked: Checked) -> dict[str, tuple[MeasureShare, ...]]:
    """Return each hub's part of every scored measure, by site id.

    A criterion's evaluation says what part each hub earns; a measure of which it does not is
    split by MW, and so is one whose parts do not add up.

    Parameters
    ----------
    hubs : pandas.DataFrame
        The plan's hubs, measured, with `tier` and `it_load_mw`.
    checked : Checked
        Their independent evaluation.
    """
    scored = [
        measure
        for evaluation in checked.evaluations.values()
        for measure in evaluation.measures
        if measure.score is not None and measure.weight > 0.0
    ]
    parts = [
        _parts(measure, checked, hubs["it_load_mw"].to_numpy(dtype=float)) for measure in scored
    ]
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


def _parts(measure: Measure, checked: Checked, load_mw: NDArray[np.float64]) -> NDArray[np.float64]:
    score = measure.score or 0.0
    told = checked.evaluations[measure.criterion].parts.get(measure.name)
    # Parts do not add up where hubs carry another load than the total that scores refer to.
    if told is not None and abs(float(told.sum()) - score) <= _AGREES:
        return told
    by_mw: NDArray[np.float64] = score * load_mw / load_mw.sum()
    return by_mw


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
