"""What matters: one file per criterion, found through the entry points `dcsite.criteria`."""

from .base import (
    TIERS,
    Admission,
    Breach,
    Criterion,
    Evaluation,
    Program,
    Rule,
    ScoreTerm,
    linear_score,
)
from .measures import CriterionValue, Measure, Violation
from .measuring import measure_sites
from .registry import criteria, input_files, parameter_schemas, rule_names

__all__ = [
    "TIERS",
    "Admission",
    "Breach",
    "Criterion",
    "CriterionValue",
    "Evaluation",
    "Measure",
    "Program",
    "Rule",
    "ScoreTerm",
    "Violation",
    "criteria",
    "input_files",
    "linear_score",
    "measure_sites",
    "parameter_schemas",
    "rule_names",
]
