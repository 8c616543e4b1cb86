"""Settings and a handful of earthquakes small enough to be worked by hand."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np
import pandas as pd

from dcsite.hazards import DisasterSettings

_Made = TypeVar("_Made")
OLD, NEW = "2017-01-01", "2025-06-01"


def settings(**changes: object) -> DisasterSettings:
    values: dict[str, object] = {
        "footprints_file": "",
        "probabilities": "newest",
        "nankai_model": "time_predictable",
        "range_end": "middle",
        "min_probability_30y": 0.0,
        "down_intensity": 6.0,
        "intensity_scatter": 0.5,
        "common_share": 0.5,
        "local_radius_km": 30.0,
        "local_slope": 2.0,
        "fuel_hours": {"core": 8.0, "large": 6.0, "regional": 5.0},
        "darkness_shift": 0.0,
        "area_blackout_30y": 0.1,
        "frequency_blackout_30y": 0.02,
        "landing_cluster_30y": 0.05,
        "network_30y": 0.05,
        "node_down_intensity": 7.0,
        "link_down_intensity": 6.5,
        "tokyo_lost_case": "largest",
    }
    return DisasterSettings.model_validate(values | changes)


class TinyAtlas:
    """As much of an atlas as the set of disasters asks for; every call gives a frame of its own."""

    def __init__(self, **tables: pd.DataFrame) -> None:
        self.tables = tables

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name].copy()

    def existing_cores(self) -> pd.DataFrame:
        return self.table("existing_cores")

    def kept(self, name: str, key: Hashable, make: Callable[[], _Made]) -> _Made:
        assert name
        assert key is not None
        return make()


def tiny_atlas() -> TinyAtlas:
    """A group of four, a zone of three rows (one without a probability), two faults alone."""
    cases = pd.DataFrame(
        [
            ("G1", "trough", "nankai_trough", None, np.nan, "GROUP", 0.7),
            ("G2", "trough", "nankai_trough", None, np.nan, "GROUP", 0.7),
            ("G3", "trough", "nankai_trough", None, np.nan, "GROUP", 0.7),
            ("G4", "trough", "nankai_trough", None, np.nan, "GROUP", 0.7),
            ("Z1", "west", "major_active_fault", "ZONE", 0.01, None, np.nan),
            ("Z2", "east", "major_active_fault", "ZONE", 0.03, None, np.nan),
            ("Z3", "both", "major_active_fault", "ZONE", np.nan, None, np.nan),
            ("S1", "alone", "other_active_fault", None, 0.002, None, np.nan),
            ("S2", "silent", "other_active_fault", None, np.nan, None, np.nan),
        ],
        columns=[
            "scenario_code", "name_en", "category", "fault_zone_code", "probability_30y",
            "exclusive_group", "group_probability_30y",
        ],
    ).set_index("scenario_code")  # fmt: skip
    cases = cases.assign(moment_magnitude=7.0, probability_date=OLD)
    published = pd.DataFrame(
        [
            ("nankai_trough", "time_predictable", 60.0, 90.0, NEW, 1, "GROUP"),
            ("nankai_trough", "interval_only", 20.0, 50.0, NEW, 1, "GROUP"),
            ("nankai_trough", "time_predictable", 80.0, 80.0, "2025-01-01", 0, "GROUP"),
            ("active_fault", None, 4.0, 8.0, NEW, 1, "Z1"),
            ("active_fault", None, 1.0, 1.0, NEW, 1, None),
        ],
        columns=[
            "category", "model", "p30_low_pct", "p30_high_pct", "as_of", "in_force",
            "hazard_map_code",
        ],
    )  # fmt: skip
    published["name_ja"] = [f"評価{number}" for number in range(len(published))]
    faults = pd.DataFrame({"name_ja": ["西断層"]}, index=pd.Index(["west"], name="name_en"))
    return TinyAtlas(scenario_earthquakes=cases, herp_probabilities=published, fault_names=faults)
