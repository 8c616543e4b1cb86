"""From which ranges `dcsite robust` draws: a small TOML of stated assumptions, and the drawing.

Sample n of a seed is drawn by a generator of its own, seeded with both: it is the same whatever
the number of samples or processes, and samples are independent, as the intervals need them to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from dcsite.errors import Problem, ScenarioError
from dcsite.scenario import as_dict, flatten

from .toml_tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.scenario import Scenario

__all__ = ["KeyRange", "RobustRanges", "WeightSpread", "draw", "read_ranges"]

_SHIPPED = "robust-ranges.toml"

#: Drawn values are written with this many digits: a sample can be solved again from its record.
_DIGITS = 9


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WeightSpread(_Table):
    """How far the weights vary: a Dirichlet distribution around the scenario's."""

    concentration: float = Field(
        gt=0, le=1e6, description="Concentration of the distribution; larger varies less."
    )
    why: str = Field(min_length=1, description="What this spread rests on.")


class KeyRange(_Table):
    """One scenario value drawn evenly, by a factor on the scenario's own or between two values."""

    key: str = Field(
        pattern=r"^[a-z_0-9]+(\.[a-z_0-9]+)+$", description="Dotted key of the scenario."
    )
    factor: tuple[float, float] | None = Field(
        default=None, description="Least and largest factor on the scenario's value."
    )
    between: tuple[float, float] | None = Field(
        default=None, description="Least and largest value."
    )
    why: str = Field(min_length=1, description="What this range rests on.")

    @model_validator(mode="after")
    def _one_and_ordered(self) -> Self:
        if (self.factor is None) == (self.between is None):
            raise ValueError("give either factor or between")
        low, high = self.factor or self.between or (0.0, 0.0)
        if low > high:
            raise ValueError(f"the least value must come first, got {low:g} and {high:g}")
        return self

    def bounds(self, value: float) -> tuple[float, float]:
        """Return least and largest value for a scenario's own value."""
        if self.between is not None:
            return self.between
        low, high = self.factor or (1.0, 1.0)
        return low * value, high * value


class RobustRanges(_Table):
    """Everything that is drawn."""

    weights: WeightSpread
    range: tuple[KeyRange, ...] = ()

    @model_validator(mode="after")
    def _without_repeats(self) -> Self:
        keys = [entry.key for entry in self.range]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is given more than once")
        weights = [key for key in keys if key.startswith("weights.")]
        if weights:
            raise ValueError(f"{weights[0]} is drawn with all weights, by weights.concentration")
        return self


def read_ranges(path: Path | None = None) -> RobustRanges:
    """Read ranges from a file, or the shipped ones.

    Raises
    ------
    ScenarioError
        If the file cannot be read or says something that is not understood.
    """
    return read_table(RobustRanges, _SHIPPED, path)


def check_ranges(ranges: RobustRanges, scenario: Scenario, where: str) -> None:
    """Raise ScenarioError where a range is not for a number of the scenario."""
    values = dict(flatten(as_dict(scenario)))
    problems: list[Problem] = []
    for entry in ranges.range:
        value = values.get(entry.key)
        if entry.key not in values:
            problems.append(
                Problem(where, entry.key, f"scenario {scenario.name} has no such value to vary")
            )
        elif not isinstance(value, float):
            message = f"is {value!r}; only a number that need not be whole can be varied"
            problems.append(Problem(where, entry.key, message))
    total = values.get("demand.total_new_it_load_mw")
    if total is not None and any(e.key == "demand.share_in_new_hubs" for e in ranges.range):
        problems.append(
            Problem(
                where,
                "demand.share_in_new_hubs",
                "has no effect while demand.total_new_it_load_mw is set; vary that key instead "
                "with --ranges FILE",
            )
        )
    if problems:
        raise ScenarioError(problems)


def draw(ranges: RobustRanges, scenario: Scenario, seed: int, number: int) -> dict[str, float]:
    """Draw the values of one sample.

    Parameters
    ----------
    ranges : RobustRanges
        What to draw from.
    scenario : Scenario
        The middle of it.
    seed, number : int
        Seed of the run and number of the sample, from 0.

    Returns
    -------
    dict of str to float
        Value by scenario key, to be laid over the scenario.
    """
    chance = np.random.default_rng([seed, number])
    drawn: dict[str, float] = {}
    weights = {name: float(weight) for name, weight in sorted(scenario.weights.items())}
    total = sum(weights.values())
    positive = [name for name, weight in weights.items() if weight > 0.0]
    if positive:
        around = [ranges.weights.concentration * weights[name] / total for name in positive]
        for name, share in zip(positive, chance.dirichlet(around), strict=True):
            drawn[f"weights.{name}"] = _rounded(share * total)
    values: dict[str, Any] = dict(flatten(as_dict(scenario)))
    for entry in ranges.range:
        low, high = entry.bounds(float(values[entry.key]))
        value = _rounded(float(chance.uniform(low, high)))
        drawn[entry.key] = min(max(value, low), high)
    return drawn


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
