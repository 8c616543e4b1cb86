"""The rules of the program itself beside those of criteria, and how strictly each holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcsite.contract import Rule, criteria
from dcsite.scenario import PROGRAM_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.scenario import Scenario


@dataclass(frozen=True)
class RuleModes:
    """How strictly each rule holds in one program, and what one unit of violation costs."""

    mode: Mapping[str, str]
    penalty: Mapping[str, float]


def all_rules() -> dict[str, Rule]:
    """Return every rule by name: the program's own first, then the criteria's."""
    rules = {rule.name: rule for rule in PROGRAM_RULES}
    for criterion in criteria():
        rules |= {rule.name: rule for rule in criterion.rules}
    return rules


def modes_of(scenario: Scenario) -> RuleModes:
    """Read modes and penalties from a scenario."""
    names = all_rules()
    return RuleModes(
        {name: str(scenario.rules[name]) for name in names},
        {name: float(scenario.penalties.get(name, 0.0)) for name in names},
    )
