"""Load a scenario: read the chain, lay the layers over each other, validate, trace each value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from dcsite.errors import Problem, ScenarioError
from dcsite.records import Frozen

from .layers import Layer, Merged, flatten, merge, parse_override, read_chain
from .origin import read_sources, trace
from .say import Vocabulary, validation_problems
from .schema import Scenario, as_dict, scenario_model


def load_scenario(
    source: str | Path | Scenario = "policy-2023", overrides: Sequence[str] = ()
) -> Scenario:
    """Load a scenario and validate it against every registered criterion.

    Parameters
    ----------
    source : str, Path or Scenario
        A shipped name (see :func:`shipped_names`), a TOML file, or a scenario loaded before.
    overrides : sequence of str
        ``KEY=VALUE`` texts laid over the file, in this order; the value is TOML, else plain text.

    Returns
    -------
    Scenario
        Frozen, with the provenance of every value.

    Raises
    ------
    ScenarioError
        With one problem for each thing that is wrong in any file or override.
    """
    parsed = [parse_override(text) for text in overrides]
    problems = [found for found in parsed if isinstance(found, Problem)]
    try:
        chain = _whole(source) if isinstance(source, Scenario) else read_chain(source)
    except ScenarioError as error:
        raise ScenarioError((*error.problems, *problems)) from error
    merged = merge((*chain, *(found for found in parsed if isinstance(found, Layer))))
    model = scenario_model()
    vocabulary = _vocabulary(model)
    sources = {}
    for layer in chain:
        sources[id(layer)], wrong = read_sources(layer, merged, vocabulary)
        problems += wrong
    try:
        # Strictly: JSON mode takes lists for tuples, yet no text or true for a number.
        text = json.dumps(merged.data, default=str)
        scenario = model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ScenarioError((*validation_problems(error, merged, vocabulary), *problems)) from error
    wrong = [*validation_problems(None, merged, vocabulary), *_contradictions(scenario, merged)]
    if wrong or problems:
        raise ScenarioError((*wrong, *problems))
    keys = (key for key, _ in flatten(as_dict(scenario)))
    origins = trace(keys, merged, sources)
    if isinstance(source, Scenario):
        origins |= {
            key: origin
            for key, origin in source._provenance.items()
            if key in origins and merged.setter(tuple(key.split("."))).kind != "set"
        }
    scenario._provenance = Frozen(origins)
    shipped = [layer.stem for layer in chain if layer.kind == "shipped"]
    scenario._extends = shipped[-1] if shipped else None
    return scenario


def _whole(scenario: Scenario) -> tuple[Layer, ...]:
    return (Layer(f"scenario {scenario.name}", "file", scenario.name, as_dict(scenario)),)


@lru_cache(maxsize=32)
def _vocabulary(model: type[Scenario]) -> Vocabulary:
    return Vocabulary(model.model_json_schema)


def _contradictions(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Refuse a soft rule that costs nothing to break, and a score whose anchors are equal."""
    for rule, mode in scenario.rules.items():
        key = f"penalties.{rule}"
        if mode == "soft" and scenario.penalties[rule] == 0:
            yield Problem(
                merged.setter(("penalties", rule)).where,
                key,
                f'must be above 0 while rules.{rule} is soft, got 0; or set rules.{rule} = "off"',
            )
    values = dict(flatten(as_dict(scenario)["criteria"], "criteria."))
    for zero, value in values.items():
        one = zero.replace("_zero_", "_one_")
        if one != zero and values.get(one) == value:
            yield Problem(
                merged.setter(tuple(one.split("."))).where,
                one,
                f"must differ from {zero.rsplit('.', 1)[-1]}, got {value:g} for both",
            )
