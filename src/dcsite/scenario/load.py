"""Load a scenario: read the chain, lay the layers over each other, validate, trace each value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dcsite.errors import Problem, ScenarioError

from .keys import flatten
from .layers import SOURCES, Layer, parse_overrides, read_chain
from .merge import Merged, merge
from .messages import MAX_UNKNOWN, Vocabulary, more_unknown, validation_problems
from .provenance import LABELS, Origin, covering, parse_source
from .schema import Scenario
from .shape import scenario_model


def load_scenario(source: str | Path = "policy-2023", overrides: Sequence[str] = ()) -> Scenario:
    """Load a scenario and validate it against every registered criterion.

    Parameters
    ----------
    source : str or Path
        A shipped name (see :func:`shipped_names`) or a TOML file.
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
    over, problems = parse_overrides(overrides)
    try:
        chain = read_chain(source)
    except ScenarioError as error:
        raise ScenarioError((*error.problems, *problems)) from error
    merged = merge((*chain, *over))
    model = scenario_model()
    vocabulary = _vocabulary(model)
    sources = {id(layer): _read_sources(layer, merged, problems, vocabulary) for layer in chain}
    scenario, wrong = _validate(model, merged, vocabulary)
    if scenario is None or wrong or problems:
        raise ScenarioError((*wrong, *problems))
    scenario._provenance = _trace(scenario, merged, sources)
    shipped = [layer.stem for layer in chain if layer.kind == "shipped"]
    scenario._extends = shipped[-1] if shipped else None
    return scenario


@lru_cache(maxsize=32)
def _vocabulary(model: type[Scenario]) -> Vocabulary:
    return Vocabulary(model.model_json_schema())


def _validate(
    model: type[Scenario], merged: Merged, vocabulary: Vocabulary
) -> tuple[Scenario | None, list[Problem]]:
    """Validate strictly: JSON mode takes lists for tuples, yet no text or true for a number."""
    text = json.dumps(merged.data, default=str)
    try:
        scenario = model.model_validate_json(text, strict=True)
    except ValidationError as error:
        return None, validation_problems(error, merged, vocabulary)
    return scenario, [
        *validation_problems(None, merged, vocabulary),
        *_free_violations(scenario, merged),
        *_equal_anchors(scenario, merged),
    ]


def _free_violations(scenario: Scenario, merged: Merged) -> list[Problem]:
    """Refuse a soft rule without a penalty: breaking it would cost nothing."""
    return [
        Problem(
            merged.setter(("penalties", rule)).where,
            f"penalties.{rule}",
            f'must be above 0 while rules.{rule} is soft, got 0; or set rules.{rule} = "off"',
        )
        for rule, mode in scenario.rules.items()
        if mode == "soft" and scenario.penalties[rule] == 0
    ]


def _equal_anchors(scenario: Scenario, merged: Merged) -> list[Problem]:
    """Refuse a score whose anchors are equal: ``x_zero_km`` and ``x_one_km`` must differ."""
    values = {
        key: value
        for key, value in flatten(scenario.model_dump(mode="json"))
        if key.startswith("criteria.")
    }
    pairs = [(key, key.replace("_zero_", "_one_")) for key in values if "_zero_" in key]
    return [
        Problem(
            merged.setter(tuple(one.split("."))).where,
            one,
            f"must differ from {zero.rsplit('.', 1)[-1]}, got {values[one]:g} for both",
        )
        for zero, one in pairs
        if one in values and values[one] == values[zero]
    ]


def _read_sources(
    layer: Layer, merged: Merged, problems: list[Problem], vocabulary: Vocabulary
) -> dict[str, Origin]:
    """Read the ``[sources]`` of one file; its keys may cover a table."""
    if not isinstance(layer.sources, Mapping):
        problems.append(Problem(layer.where, SOURCES, "must be a table of dotted keys"))
        return {}
    given = _with_tables(layer.data)
    known = {*vocabulary.keys, *_with_tables(merged.data)}
    sources: dict[str, Origin] = {}
    unknown = 0
    for key, entry in layer.sources.items():
        field = f'{SOURCES}."{key}"'
        origin = parse_source(entry)
        if key not in known:
            unknown += 1
            if unknown <= MAX_UNKNOWN:
                path = tuple(key.split("."))
                problems.append(Problem(layer.where, field, vocabulary.unknown(path)))
        elif key not in given:
            message = "is not set in this file; a source stands beside the value it is for"
            problems.append(Problem(layer.where, field, message))
        elif isinstance(origin, str):
            problems.append(Problem(layer.where, field, origin))
        else:
            sources[key] = origin
    problems += more_unknown(layer.where, SOURCES, unknown)
    return sources


def _with_tables(data: Mapping[str, Any]) -> set[str]:
    """Return the dotted keys of all values in a table and of the tables around them."""
    keys = {key for key, _ in flatten(data)}
    return keys | {key.rsplit(".", n)[0] for key in keys for n in range(1, key.count(".") + 1)}


def _trace(
    scenario: Scenario, merged: Merged, sources: Mapping[int, Mapping[str, Origin]]
) -> dict[str, Origin]:
    """Say for every value where it is from: the layer that set it, and what that layer says."""
    traced: dict[str, Origin] = {}
    given = dict(flatten(merged.data))
    for key, _ in flatten(scenario.model_dump(mode="json", exclude_none=True)):
        if key in LABELS:
            continue
        if key not in given:
            traced[key] = Origin(
                "assumption", (), "default of the criterion; the scenario does not name it"
            )
            continue
        layer = merged.setter(tuple(key.split(".")))
        traced[key] = _origin(key, layer, sources.get(id(layer), {}))
    return traced


def _origin(key: str, layer: Layer, sources: Mapping[str, Origin]) -> Origin:
    if layer.kind == "set":
        return Origin("user", (), "set by --set")
    stated = covering(sources, key)
    if stated:
        return stated
    return Origin("user", (), f"set in {layer.where}")
