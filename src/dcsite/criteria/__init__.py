"""What matters: one file per criterion, found through the entry points `dcsite.criteria`.

What a criterion is stands in :mod:`dcsite.contract`.
"""

from dcsite.contract import (
    TIERS,
    Admission,
    Breach,
    Criterion,
    CriterionValue,
    Evaluation,
    Measure,
    PerTier,
    Program,
    Rule,
    ScoreTerm,
    Violation,
    criteria,
    input_files,
    linear_score,
)

from .measuring import measure_sites

__all__ = [
    "TIERS",
    "Admission",
    "Breach",
    "Criterion",
    "CriterionValue",
    "Evaluation",
    "Measure",
    "PerTier",
    "Program",
    "Rule",
    "ScoreTerm",
    "Violation",
    "criteria",
    "input_files",
    "linear_score",
    "measure_sites",
]
