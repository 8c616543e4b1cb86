"""A parameter that has a value for each tier."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["PerTier"]


class PerTier(BaseModel):
    """One value for each tier."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    core: float = Field(ge=0, description="Core hubs.")
    large: float = Field(ge=0, description="Large hubs.")
    regional: float = Field(ge=0, description="Regional hubs.")
