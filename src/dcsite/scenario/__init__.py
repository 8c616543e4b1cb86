"""What is asked: scenarios in TOML, validated into typed objects, each value with its source."""

from .layers import flatten, override_texts, shipped_names, toml_value
from .load import load_scenario, scenarios_by_year
from .origin import Origin
from .schema import (
    PROGRAM_RULES,
    Demand,
    LandParameters,
    NetworkParameters,
    PlaceWishes,
    Scenario,
    TierParameters,
    Tiers,
    as_dict,
    scenario_model,
)
from .show import json_schema, render_toml

__all__ = [
    "PROGRAM_RULES",
    "Demand",
    "LandParameters",
    "NetworkParameters",
    "Origin",
    "PlaceWishes",
    "Scenario",
    "TierParameters",
    "Tiers",
    "as_dict",
    "flatten",
    "json_schema",
    "load_scenario",
    "override_texts",
    "render_toml",
    "scenario_model",
    "scenarios_by_year",
    "shipped_names",
    "toml_value",
]
