"""Where what a plan is asked comes from: each rule and value with the strategy's lines behind it.

The table ``strategy_statements`` gives the lines of a statement. A value that the strategy's words
do not say as they stand is a *reading*; what it does not give at all is an assumption, which
``Plan.assumptions`` lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dcsite.model import all_rules
from dcsite.records import Name, Plain, Points, Record
from dcsite.scenario import as_dict, flatten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario


class RuleSource(Record):
    """A rule, how strictly it holds, and the statements of the strategy that it goes back to."""

    rule: Name
    """Name of the rule."""
    title_en: str
    """The rule in English."""
    title_ja: str
    """The rule in Japanese."""
    mode: Literal["hard", "soft", "off"]
    """How strictly it holds."""
    penalty: Points
    """Objective points that one unit of violation costs where it is soft."""
    statements: tuple[str, ...]
    """Statements with their lines (`B4 L5402`); empty where the strategy has none."""
    why: str
    """Why it holds so."""

    @property
    def cited(self) -> str:
        """Statements and lines; that it is an assumption where there are none."""
        return ", ".join(self.statements) or "仮定 assumption"


class SourcedValue(Record):
    """A value of the scenario that the strategy or a table gives."""

    key: Name
    """Dotted scenario key."""
    value: Plain
    """Value used."""
    kind: Literal["strategy", "table"]
    """What gives it."""
    cited: tuple[str, ...]
    """Statements with their lines (`C8 L5454-5455`), or the table."""
    reading: bool
    """Whether the words had to be read for it: they do not say this figure as it stands."""
    why: str
    """What they say, and how it was read."""


def cited_lines(atlas: Atlas, ids: Iterable[str]) -> tuple[str, ...]:
    """Return statements with their lines (`B4 L5402`); an unknown one stands alone.

    Parameters
    ----------
    atlas : Atlas
        Holds the table ``strategy_statements``.
    ids : iterable of str
        Ids of statements.
    """
    lines = atlas.table("strategy_statements")["dump_lines"]
    return tuple(
        " ".join((one, *(f"L{part}" for part in lines[one].split(";")))) if one in lines else one
        for one in ids
    )


def rule_sources(scenario: Scenario, atlas: Atlas) -> tuple[RuleSource, ...]:
    """Return every rule of a scenario with its statements, those in force first."""
    found = [
        RuleSource(
            rule.name,
            rule.title_en,
            rule.title_ja,
            scenario.rules[rule.name],
            float(scenario.penalties.get(rule.name, 0.0)),
            cited_lines(atlas, rule.policy_lines),
            origin.why if (origin := scenario.provenance.get(f"rules.{rule.name}")) else "",
        )
        for rule in all_rules().values()
    ]
    return tuple(sorted(found, key=lambda one: ("hard", "soft", "off").index(one.mode)))


def sourced_values(scenario: Scenario, atlas: Atlas) -> tuple[SourcedValue, ...]:
    """Return every value that the strategy or a table gives, in the order of the scenario."""
    found = []
    for key, value in flatten(as_dict(scenario)):
        origin = scenario.provenance.get(key)
        if origin is None or origin.kind not in {"strategy", "table"}:
            continue
        stated = origin.kind == "strategy"
        cited = cited_lines(atlas, origin.lines) if stated else origin.lines
        found.append(SourcedValue(key, value, origin.kind, cited, origin.reading, origin.why))
    return tuple(found)
