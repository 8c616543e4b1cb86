"""What is asked: scenarios in TOML, validated into typed objects, each value with its source."""

from .keys import flatten
from .layers import shipped_names
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
from .shape import CORE_RULES, SHIPPED_CRITERION_RULES, CriterionRules, Parameters
from .show import as_dict, json_schema, render_toml

__all__ = [
    "CORE_RULES",
    "SHIPPED_CRITERION_RULES",
    "AssumptionRecord",
    "CoreTier",
    "Count",
    "CriterionRules",
    "Demand",
    "Land",
    "LandParameters",
    "Origin",
    "Parameters",
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
    "render_toml",
    "shipped_names",
]
