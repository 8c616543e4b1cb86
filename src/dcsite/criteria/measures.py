"""What criteria say of a finished plan: measured values, plan-level measures, broken soft rules."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Backup", "CriterionValue", "DisasterLoss", "Measure", "Violation"]


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


@dataclass(frozen=True)
class DisasterLoss:
    """What a disaster is expected to take from a plan.

    Parameters
    ----------
    event_id, kind, name_en, name_ja : str
        Which disaster; `name_ja` is empty where the sources have none.
    probability_30y : float, optional
        In 30 years; None where none is known.
    probability_date : str
        Date of that probability; empty where it has none.
    share_down : float
        Share of the plan's capacity expected down, 0..1.
    areas_lost : tuple of str
        Electricity areas that go dark.
    """

    event_id: str
    kind: str
    name_en: str
    name_ja: str
    probability_30y: float | None
    probability_date: str
    share_down: float
    areas_lost: tuple[str, ...]
