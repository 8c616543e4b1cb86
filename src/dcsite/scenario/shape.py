"""The full shape of a scenario for the criteria at hand, as one pydantic model.

Criteria bring their own parameters, weight and rules, so the model is made once for each set of
criteria: validation and JSON Schema then know every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model
from typing_extensions import TypedDict

from .schema import RuleMode, Scenario

__all__ = [
    "CORE_RULES",
    "SHIPPED_CRITERION_RULES",
    "CriterionRules",
    "Parameters",
    "scenario_model",
]

Parameters: TypeAlias = Mapping[str, type[BaseModel]]
CriterionRules: TypeAlias = Mapping[str, tuple[str, ...]]

#: Rules of the program itself, with the unit of one violation.
CORE_RULES: Mapping[str, str] = MappingProxyType(
    {
        "tier_counts": "per hub too many or too few",
        "core_regions": "per region without a core",
        "total_it_load": "per unit of the total IT load too much or too little",
        "land": "per unit of the total IT load above what the land carries",
        "workforce": "per hub in a municipality with too few residents",
        "land_guide": "per hub with no land, in proportion to the share of the guide that is short",
    }
)

#: Rules of the criteria that come with dcsite; the shipped scenarios name them all.
SHIPPED_CRITERION_RULES: CriterionRules = MappingProxyType(
    {
        "separation": ("separation", "existing_core_clearance"),
        "disasters": ("disaster_survival", "backup", "core_areas", "tokyo_takeover"),
        "firm_ground": ("own_site_hazard",),
        "renewables": ("renewable_share",),
        "substation": ("substation_reach",),
        "cables": ("landing_reach", "landing_clusters", "international_directions"),
    }
)

_RULE_UNITS: Mapping[str, str] = MappingProxyType(
    {
        **CORE_RULES,
        "separation": "per hub that stands too near to another",
        "existing_core_clearance": "per hub too near to Tokyo or Osaka",
        "disaster_survival": "per unit of share short in the disaster shortest of it",
        "backup": "per hub without a backup",
        "core_areas": "per core too many in an electricity area",
        "tokyo_takeover": "per unit of the total IT load short",
        "own_site_hazard": "per hub",
        "renewable_share": "per unit of renewable share short",
        "substation_reach": "per hub without a fitting substation in reach",
        "landing_reach": "per core without a landing in reach",
        "landing_clusters": "per unit of share above the largest allowed",
        "international_directions": "per direction short",
        "unserved": "per unit of the total demand left unserved",
    }
)

Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


def scenario_model(
    parameters: Parameters | None = None, criterion_rules: CriterionRules | None = None
) -> type[Scenario]:
    """Return the scenario model for the criteria at hand, made once and kept.

    Parameters
    ----------
    parameters : mapping of str to type, optional
        Pydantic schema of the section ``criteria.<name>`` of each criterion. None: the sections
        are kept as they are given.
    criterion_rules : mapping of str to tuple of str, optional
        Names of the rules each criterion brings; None: those of the shipped criteria.

    Returns
    -------
    type[Scenario]
        A subclass of :class:`Scenario` that knows every key.
    """
    names = tuple(SHIPPED_CRITERION_RULES if parameters is None else parameters)
    rules = SHIPPED_CRITERION_RULES if criterion_rules is None else criterion_rules
    return _model(
        tuple((name, tuple(rules.get(name, ()))) for name in names),
        None if parameters is None else tuple(parameters.items()),
    )


@lru_cache(maxsize=32)
def _model(
    criteria: tuple[tuple[str, tuple[str, ...]], ...],
    parameters: tuple[tuple[str, type[BaseModel]], ...] | None,
) -> type[Scenario]:
    shipped_rules = {rule for rules in SHIPPED_CRITERION_RULES.values() for rule in rules}
    rules = list(CORE_RULES) + [rule for _, own in criteria for rule in own]
    needed = shipped_rules | set(CORE_RULES) | {"unserved"}
    weights = {
        name: _key(Weight, name in SHIPPED_CRITERION_RULES, 0.0, f"Weight of {name}, in points.")
        for name, _ in criteria
    }
    modes = {
        rule: _key(RuleMode, rule in needed, "off", f"Mode of the rule {rule}: hard, soft or off.")
        for rule in rules
    }
    penalties = {
        rule: _key(
            Penalty, rule in needed, 0.0, f"Points {_RULE_UNITS.get(rule, 'per unit violated')}."
        )
        for rule in (*rules, "unserved")
    }
    sections: Any = Mapping[str, Any]
    if parameters is not None:
        sections = _table(
            "Criteria",
            {
                name: Annotated[
                    schema,
                    Field(
                        description=f"Parameters of the criterion {name}.", **_default_of(schema)
                    ),
                ]
                for name, schema in parameters
            },
        )
    fields: dict[str, Any] = {
        "weights": Annotated[_table("Weights", weights), AfterValidator(_some_weight)],
        "rules": _table("Rules", modes),
        "penalties": _table("Penalties", penalties),
        "criteria": sections,
    }
    described: dict[str, Any] = {
        name: (kind, Field(description=Scenario.model_fields[name].description))
        for name, kind in fields.items()
    }
    model: type[Scenario] = create_model(
        "Scenario", __base__=Scenario, __doc__=Scenario.__doc__, **described
    )
    return model


def _key(kind: Any, needed: bool, default: Any, description: str) -> Any:
    """Return the type of one key; a criterion that no shipped scenario names has a default."""
    if needed:
        return Annotated[kind, Field(description=description)]
    return Annotated[kind, Field(description=description, default=default)]


def _default_of(schema: type[BaseModel]) -> dict[str, Any]:
    """Return the default of a criterion's section where all its parameters have one."""
    try:
        return {"default": schema()}
    except ValidationError:
        return {}


def _table(name: str, keys: Mapping[str, Any]) -> Any:
    """Return a table with exactly these keys, as a plain dict once it is validated."""
    make: Any = TypedDict  # its keys are known only at run time, which no checker follows
    table = make(name, dict(keys))
    table.__pydantic_config__ = ConfigDict(extra="forbid")
    return table


def _some_weight(weights: dict[str, float]) -> dict[str, float]:
    """Refuse weights that are all zero: nothing would be left to decide by."""
    if not any(weights.values()):
        raise ValueError("at least one weight must be above 0")
    return weights
