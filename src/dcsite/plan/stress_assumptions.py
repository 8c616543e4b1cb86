"""What a stress test assumes where no table says anything: a small TOML of named values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from .toml_tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FixedValue", "LogRange", "StressAssumptions", "read_assumptions"]

Floats = NDArray[np.float64]

_SHIPPED = "stress-assumptions.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Named(_Table):
    name_en: str = Field(min_length=1, description="What it is, in English.")
    name_ja: str = Field(min_length=1, description="What it is, in Japanese.")
    unit: str = Field(min_length=1, description="Unit.")
    why: str = Field(min_length=1, description="What it rests on.")


class FixedValue(_Named):
    """One number."""

    value: float = Field(ge=0, le=100_000, description="The number, at least 0.")


class LogRange(_Named):
    """A number drawn evenly on a logarithmic scale."""

    low: float = Field(gt=0, le=10_000, description="Least value, above 0.")
    high: float = Field(gt=0, le=10_000, description="Largest value.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low must not lie above high, got {self.low:g} and {self.high:g}")
        return self

    def at(self, quantile: Floats) -> Floats:
        """Return the values at some quantiles, 0..1, of any shape."""
        return np.asarray(self.low * (self.high / self.low) ** quantile, dtype=np.float64)


class StressAssumptions(_Table):
    """Everything that is assumed of durations; units are in the names."""

    on_site_generation_hours: FixedValue
    repair_after_shaking_days: LogRange
    landing_cluster_days: LogRange
    user_event_days: LogRange


def read_assumptions(path: Path | None = None) -> StressAssumptions:
    """Read assumptions from a file, or the shipped ones.

    Raises
    ------
    ScenarioError
        If the file cannot be read or says something that is not understood.
    """
    return read_table(StressAssumptions, _SHIPPED, path)
