"""Find the criteria: the shipped ones and those of third parties, through entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from dcsite.errors import DcsiteError, Problem

from .base import Criterion

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dcsite.scenario import Scenario

__all__ = ["ENTRY_POINT_GROUP", "criteria", "input_files", "parameter_schemas", "rule_names"]

ENTRY_POINT_GROUP = "dcsite.criteria"

#: The shipped criteria come first and in this order; others follow by name.
_SHIPPED = ("separation", "disasters", "firm_ground", "renewables", "substation", "cables")


@cache
def criteria() -> tuple[Criterion, ...]:
    """Return every registered criterion, shipped ones first.

    Raises
    ------
    DcsiteError
        If an entry point does not load, is no criterion, or takes a name twice.
    """
    found: dict[str, Criterion] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            criterion = point.load()
        except (ImportError, AttributeError) as error:
            raise DcsiteError(
                Problem(
                    f"entry point {ENTRY_POINT_GROUP}", point.name, f"cannot be loaded: {error}"
                )
            ) from error
        if not isinstance(criterion, Criterion) or criterion.name != point.name:
            raise DcsiteError(
                Problem(
                    f"entry point {ENTRY_POINT_GROUP}",
                    point.name,
                    f"{point.value} is not a criterion of that name; see dcsite.criteria.base",
                )
            )
        if point.name in found and found[point.name] is not criterion:
            raise DcsiteError(
                Problem(f"entry point {ENTRY_POINT_GROUP}", point.name, "is registered twice")
            )
        found[point.name] = criterion
    first = [found[name] for name in _SHIPPED if name in found]
    rest = [found[name] for name in sorted(found) if name not in _SHIPPED]
    return (*first, *rest)


def parameter_schemas() -> dict[str, type[BaseModel]]:
    """Return the pydantic schema of each criterion's section of a scenario, by name."""
    return {criterion.name: criterion.Parameters for criterion in criteria()}


def input_files(scenario: Scenario) -> tuple[Path, ...]:
    """Return the files of a user's own, beside tables and sites, that criteria measure by."""
    return tuple(
        Path(path)
        for criterion in criteria()
        for path in getattr(criterion, "input_files", lambda _: ())(scenario)
    )


def rule_names() -> dict[str, tuple[str, ...]]:
    """Return the names of the rules each criterion brings, by criterion."""
    return {
        criterion.name: tuple(rule.name for rule in criterion.rules) for criterion in criteria()
    }
