"""What criteria say of a finished plan: measured values, plan-level measures, broken soft rules."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Backup", "CriterionValue", "Measure", "Violation"]


@dataclass(frozen=True)
class CriterionValue:
    """One measured value of one hub, ready for a pop-up or a table row."""

    criterion: str
    name: str
    label_en: str
    label_ja: str
    value: float
    unit: str
    score: float | None
    source: str


@dataclass(frozen=True)
class Measure:
    """One plan-level measure in its natural unit.

    `score` is on 0..1 by fixed anchors, None for measures that are only reported; `weight` is its
    part of the objective (0 for those).
    """

    criterion: str
    name: str
    label_en: str
    label_ja: str
    value: float
    unit: str
    score: float | None
    weight: float


@dataclass(frozen=True)
class Violation:
    """A soft rule that the plan breaks, by how much, where, and what that costs."""

    rule: str
    amount: float
    unit: str
    site_ids: tuple[str, ...]
    penalty: float
    message_en: str
    message_ja: str


@dataclass(frozen=True)
class Backup:
    """A hub's backup: of its own tier or above, and never taken down with it.

    Parameters
    ----------
    site_id : str
        The hub.
    backup_site_id : str, optional
        Its backup; None where there is none.
    both_down_30y : float, optional
        Times the two are expected down together in 30 years, over disasters of known probability.
    choices : int
        Hubs that could be its backup.
    """

    site_id: str
    backup_site_id: str | None
    both_down_30y: float | None
    choices: int
