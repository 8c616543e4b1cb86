"""What is asked: scenarios in TOML, validated into typed objects, each value with its source."""

from .keys import flatten
from .layers import override_texts, shipped_names
from .load import load_scenario
from .provenance import AssumptionRecord, Origin
from .schema import (
    CoreTier,
    Count,
    Demand,
    Land,
    LandParameters,
    Range,
    RuleMode,
    Scenario,
    Tier,
    TierParameters,
    Tiers,
    Workforce,
    ZoneWeight,
)
from .shape import PROGRAM_RULES, scenario_model
from .show import as_dict, json_schema, render_toml

__all__ = [
    "PROGRAM_RULES",
    "AssumptionRecord",
    "CoreTier",
    "Count",
    "Demand",
    "Land",
    "LandParameters",
    "Origin",
    "Range",
    "RuleMode",
    "Scenario",
    "Tier",
    "TierParameters",
    "Tiers",
    "Workforce",
    "ZoneWeight",
    "as_dict",
    "flatten",
    "json_schema",
    "load_scenario",
    "override_texts",
    "render_toml",
    "scenario_model",
    "shipped_names",
]
