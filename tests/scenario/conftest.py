from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dcsite.criteria.disaster_terms import Parameters as Disasters
from dcsite.criteria.firm_ground import Parameters as FirmGround


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Clearance(Strict):
    large: float = Field(ge=0)
    regional: float = Field(ge=0)


class Separation(Strict):
    existing_core_clearance_km: Clearance
    score_zero_km: float = Field(ge=0, description="Distance that scores 0, in km.")
    score_one_km: float = Field(gt=0, description="Distance that scores 1, in km.")


class Renewables(Strict):
    horizon_year: int = Field(ge=2023, le=2060)
    contractable_share: float = Field(ge=0, le=1)
    onshore_wind_capacity_factor: float = Field(gt=0, le=1)
    offshore_wind_capacity_factor: float = Field(gt=0, le=1)
    interconnector_energy_share: float = Field(ge=0, le=1)
    min_share: float = Field(ge=0, le=1)
    local_decay_km: float = Field(gt=0)
    local_share_of_weight: float = Field(ge=0, le=1)
    local_zero_ratio: float = Field(ge=0)
    local_one_ratio: float = Field(gt=0)


class PerTier(Strict):
    core: float = Field(ge=0)
    large: float = Field(ge=0)
    regional: float = Field(ge=0)


class Substation(Strict):
    min_voltage_kv: PerTier
    max_distance_km: PerTier
    score_zero_km: float = Field(gt=0)
    score_one_km: float = Field(ge=0)


class Cables(Strict):
    planned_until_year: int = Field(ge=2000, le=2100)
    core_landing_max_km: float = Field(ge=0)
    max_crowded_share: float = Field(ge=0, le=1)
    min_directions: int = Field(ge=0)
    score_zero_km: float = Field(gt=0)
    score_one_km: float = Field(ge=0)
    cluster_share_of_weight: float = Field(ge=0, le=1)


class Snow(Strict):
    """A third party's criterion: every parameter has a default."""

    min_depth_cm: float = Field(default=50.0, ge=0, description="Least depth, in cm.")
    seasons: tuple[str, ...] = Field(default=("winter",), description="Seasons counted.")


@pytest.fixture(scope="session")
def parameters() -> dict[str, type[BaseModel]]:
    return {
        "separation": Separation,
        # Two of many keys: their own schemas, which no test here is about.
        "disasters": Disasters,
        "firm_ground": FirmGround,
        "renewables": Renewables,
        "substation": Substation,
        "cables": Cables,
    }


@pytest.fixture(scope="session")
def snow() -> type[BaseModel]:
    return Snow


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Write a file into a fresh working folder and return the relative path it is called by."""
    monkeypatch.chdir(tmp_path)

    def _write(name: str, text: str) -> str:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return _write
