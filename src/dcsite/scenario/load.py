"""Load a scenario: read the chain, lay the layers over each other, validate, trace each value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dcsite.errors import Problem, ScenarioError
from dcsite.records import Frozen

from .layers import Layer, Merged, flatten, merge, parse_override, read_chain
from .origin import read_sources, trace
from .say import Vocabulary, validation_problems
from .schema import MAX_DISTANCE_KM, Scenario, as_dict, scenario_model

#: The most that a value can sensibly be, by the unit that its key ends with.
_MOST = {
    "count": 10_000.0,
    "share": 1.0,
    "km": MAX_DISTANCE_KM,
    "mw": 1e6,
    "kv": 2000.0,
    "hours": 8784.0,
    "ha": 1e6,
}
#: Beyond this no value of any unit makes sense, and sums lose their decimals.
_MOST_OF_ALL = 1e9


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
    """Refuse soft rules that cost nothing, values no unit reaches, and scores of equal anchors."""
    for rule, mode in scenario.rules.items():
        key = f"penalties.{rule}"
        if mode == "soft" and scenario.penalties[rule] == 0:
            yield Problem(
                merged.setter(("penalties", rule)).where,
                key,
                f'must be above 0 while rules.{rule} is soft, got 0; or set rules.{rule} = "off"',
            )
    for key, value in flatten(as_dict(scenario)):
        said = _beyond(key, value)
        if said:
            yield Problem(merged.setter(tuple(key.split("."))).where, key, said)
    values = dict(flatten(as_dict(scenario)["criteria"], "criteria."))
    for zero, value in values.items():
        one = zero.replace("_zero_", "_one_")
        if one != zero and values.get(one) == value:
            yield Problem(
                merged.setter(tuple(one.split("."))).where,
                one,
                f"must differ from {zero.rsplit('.', 1)[-1]}, got {value:g} for both",
            )


def _beyond(key: str, value: Any) -> str:
    """Say what is wrong with a number that its key's unit cannot reach: `25` for a share of 25 %.

    A bound of the key's own is told before; this one holds for every criterion.
    """
    if isinstance(value, Mapping):
        return next(filter(None, (_beyond(key, part) for part in value.values())), "")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    units = (part.rpartition("_")[2] for part in key.split("."))
    most = next((_MOST[unit] for unit in units if unit in _MOST), _MOST_OF_ALL)
    if abs(value) > most:
        return f"must be at most {most:,.10g}, got {value:g}"
    if 0 < abs(value) < 1 / _MOST_OF_ALL:
        return f"must be 0 or at least {1 / _MOST_OF_ALL:g}, got {value:g}"
    return ""
