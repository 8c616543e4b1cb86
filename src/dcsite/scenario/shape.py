"""The full shape of a scenario for the criteria at hand, as one pydantic model.

Criteria bring their own parameters, weight and rules, so the model is made once for each set of
criteria: validation and JSON Schema then know every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model
from typing_extensions import TypedDict

from dcsite.contract import Criterion, Rule, Step, criteria

from .schema import RuleMode, Scenario

#: Rules that belong to no criterion.
PROGRAM_RULES: tuple[Rule, ...] = (
    Rule(
        "tier_counts",
        "each tier has as many hubs as the strategy wants",
        "階層ごとの拠点数を満たす",
        "hub",
        ("tiers.core.count", "tiers.large.count", "tiers.regional.count"),
        ("F1", "C8", "C3"),
        per="per hub too many or too few",
    ),
    Rule(
        "core_regions",
        "one core hub in each named region",
        "指定地域ごとに中核拠点を1か所置く",
        "region",
        ("tiers.core.regions",),
        ("F5",),
        per="per region without a core",
    ),
    Rule(
        "total_it_load",
        "all new hubs together carry the total new IT load",
        "新拠点全体で新規IT負荷の総量を担う",
        "share",
        ("demand.total_new_it_load_mw", "demand.share_in_new_hubs", "tiers.*.it_load_mw"),
        (),
        per="per unit of the total IT load too much or too little",
    ),
    Rule(
        "land",
        "a hub's IT load fits its gentle habitable land",
        "IT負荷が利用可能な平坦地に収まる",
        "share",
        ("land.mw_per_ha", "land.share_of_gentle_habitable_land"),
        (),
        per="per unit of the total IT load above what the land carries",
    ),
    Rule(
        "workforce",
        "enough residents to build and run a hub",
        "拠点の建設・運営を担う人口がある",
        "hub",
        ("workforce.min_population",),
        (),
        per="per hub in a municipality with too few residents",
        gives_way=(Step("workforce.min_population", 0.0, by=100.0),),
    ),
    Rule(
        "land_guide",
        "about 10 ha of land for a hub",
        "拠点用地は10ha程度を目安とする",
        "guide",
        ("land.guide_ha",),
        ("B5",),
        per="per hub with no land, in proportion to the share of the guide that is short",
    ),
)

Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


def scenario_model() -> type[Scenario]:
    """Return the scenario model for the registered criteria, made once and kept.

    Returns
    -------
    type[Scenario]
        A subclass of :class:`Scenario` that knows every key.
    """
    return _model(criteria())


@lru_cache(maxsize=32)
def _model(known: tuple[Criterion, ...]) -> type[Scenario]:
    # Keys of what comes with dcsite stand in every whole scenario; a third party's have defaults.
    rules = [(rule, True) for rule in PROGRAM_RULES]
    rules += [(rule, _comes_with_dcsite(own)) for own in known for rule in own.rules]
    weights = {
        own.name: _key(Weight, _comes_with_dcsite(own), 0.0, f"Weight of {own.name}, in points.")
        for own in known
    }
    modes = {
        rule.name: _key(
            RuleMode, needed, "off", f"Mode of the rule {rule.name}: hard, soft or off."
        )
        for rule, needed in rules
    }
    penalties = {
        rule.name: _key(Penalty, needed, 0.0, f"Points {rule.per}.") for rule, needed in rules
    }
    penalties["unserved"] = _key(
        Penalty, True, 0.0, "Points per unit of the total demand left unserved."
    )
    sections = _table(
        "Criteria",
        {
            own.name: Annotated[
                own.Parameters,
                Field(
                    description=f"Parameters of the criterion {own.name}.",
                    **_default_of(own.Parameters),
                ),
            ]
            for own in known
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


def _comes_with_dcsite(criterion: Criterion) -> bool:
    return type(criterion).__module__.split(".")[0] == __name__.split(".")[0]


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
