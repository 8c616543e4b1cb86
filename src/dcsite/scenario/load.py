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

from .demand import READ_BY, Tables, grid_demand
from .layers import Layer, Merged, flatten, merge, parse_override, read_chain, toml_value
from .origin import Origin, read_sources, trace
from .say import Vocabulary, validation_problems
from .schema import MAX_DISTANCE_KM, Periods, Scenario, as_dict, scenario_model

#: The most that a value can sensibly be, by the unit that its key ends with.
_MOST = {
    "count": 10_000.0,
    "share": 1.0,
    "km": MAX_DISTANCE_KM,
    "mw": 1e6,
    "kv": 2000.0,
    "hours": 8784.0,
    "ha": 1e6,
    "jpy": 1e15,
}
#: Key that follows from the basis, unless that is ``given``.
_GRID = "grid_demand_mw"
#: Beyond this no value of any unit makes sense, and sums lose their decimals.
_MOST_OF_ALL = 1e9


def load_scenario(
    source: str | Path | Scenario = "policy-2023",
    overrides: Sequence[str] = (),
    tables: Tables | None = None,
) -> Scenario:
    """Load a scenario and validate it against every registered criterion.

    Parameters
    ----------
    source : str, Path or Scenario
        A shipped name (see :func:`shipped_names`), a TOML file, or a scenario loaded before.
    overrides : sequence of str
        ``KEY=VALUE`` texts laid over the file, in this order; the value is TOML, else plain text.
    tables : callable, optional
        Returns a table of geodata by its name, for the demand; the shipped ones by default.

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
    laid = [found for found in parsed if isinstance(found, Layer)]
    try:
        chain = (_whole(source),) if isinstance(source, Scenario) else read_chain(source)
    except ScenarioError as error:
        raise ScenarioError((*error.problems, *problems)) from error
    scenario, merged = _validated((*chain, *laid), problems, isinstance(source, Scenario), tables)
    if isinstance(source, Scenario):
        kept = _unchanged(source, scenario, merged)
        scenario._provenance = Frozen({**scenario.provenance, **kept})
    shipped = [layer.stem for layer in chain if layer.kind == "shipped"]
    scenario._extends = shipped[-1] if shipped else None
    if scenario.periods is None:
        return scenario
    wrong = [*_wrong_years(scenario, merged, laid)]
    by_year: dict[int, Scenario] = {}
    for year in scenario.years if not wrong else ():
        try:
            by_year[year] = _in_year(scenario, year, merged, tables)
        except ScenarioError as error:
            wrong += error.problems
    if wrong:
        raise ScenarioError(wrong)
    asked = scenario.periods.year
    return by_year[asked] if asked in by_year else _planned(scenario)


def scenarios_by_year(scenario: Scenario) -> dict[int, Scenario]:
    """Return what is asked in each year of a scenario: itself with what it says of the year.

    Each is named after its year and asks for one plan; none where the scenario has no years.
    """
    merged = merge((_whole(scenario),))
    return {year: _in_year(scenario, year, merged) for year in scenario.years}


def _in_year(
    scenario: Scenario, year: int, merged: Merged, tables: Tables | None = None
) -> Scenario:
    """Return what is asked in one year; of what is wrong the errors name the year's own keys."""
    path = ("periods", "set", str(year))
    own = scenario.periods.set.get(str(year), {}) if scenario.periods else {}
    if "periods" in own:
        where = merged.setter((*path, "periods")).where
        raise ScenarioError(Problem(where, ".".join((*path, "periods")), "a year has no years"))
    base = {key: entry for key, entry in _data(scenario).items() if key != "periods"}
    named = {
        "name": f"{scenario.name[:59]}-{year}",
        "title_en": f"{scenario.title_en[:190]}, {year}",
        "title_ja": f"{scenario.title_ja[:190]}（{year}年）",
        "periods": {"year": year},
    }
    layer = Layer(merged.setter(path).where, "set", "", {**named, **own})
    under = Layer(scenario.name, "file", scenario.name, base)
    try:
        found, over = _validated((under, layer), [], True, tables)
    except ScenarioError as error:
        raise ScenarioError(
            [
                Problem(merged.setter((*path, *one.field.split("."))).where, key, one.message)
                for one in error.problems
                for key in [".".join((*path, one.field))]
            ]
        ) from error
    said = f"{'.'.join(path)}."
    above = {
        key: origin
        for given, origin in reversed([*scenario.provenance.items()])
        if given.startswith(said)
        for key in found.provenance
        if f"{given.removeprefix(said)}.".startswith(f"{key}.")
    }
    kept = _unchanged(scenario, found, over)
    found._provenance = Frozen({**found.provenance, **above, **kept})
    found._extends = scenario.extends
    return found


def _planned(scenario: Scenario) -> Scenario:
    """Return a scenario without what it says of years that are not planned."""
    periods, years = scenario.periods or Periods(), {*map(str, scenario.years)}
    kept = {
        name: Frozen({year: entry for year, entry in table.items() if year in years})
        for name, table in (("weights", periods.weights), ("set", periods.set))
    }
    found = scenario.model_copy(update={"periods": periods.model_copy(update=kept)})
    keys = {key for key, _ in flatten(as_dict(found))}
    found._provenance = Frozen({k: one for k, one in scenario.provenance.items() if k in keys})
    return found


def _wrong_years(scenario: Scenario, merged: Merged, laid: Sequence[Layer]) -> Iterator[Problem]:
    """Refuse years nobody plans, and values laid over all years of which some have their own."""
    periods = scenario.periods or Periods()
    listed = toml_value(periods.years)
    by = merged.setter(("periods", "year"))
    # A written plan of one of several years says which it is, and names no others.
    if periods.year not in {None, *periods.years} and (periods.years or by.kind == "set"):
        yield Problem(by.where, "periods.year", f"must be one of {listed}, got {periods.year}")
    for table, given in (("weights", periods.weights), ("set", periods.set)):
        for year in given:
            path = ("periods", table, year)
            # Fewer years than a file has layers for may be asked for, but not by the file itself.
            by = merged.setter(path)
            free = year.isdecimal() and by.kind != "set"
            free = free and by is not merged.setter(("periods", "years"))
            if year not in map(str, periods.years) and not free:
                message = f"is for a year that is not among periods.years = {listed}"
                yield Problem(by.where, ".".join(path), message)
    for layer in laid:
        for key, _ in flatten({name: at for name, at in layer.data.items() if name != "periods"}):
            own = [
                year
                for year in map(str, periods.years)
                for theirs, _ in flatten(periods.set.get(year, {}))
                if (f"{theirs}.".startswith(f"{key}.") or f"{key}.".startswith(f"{theirs}."))
                # Who lays both says what is meant.
                and merged.setter(("periods", "set", year, *theirs.split("."))).kind != "set"
            ]
            if own:
                message = f"is set anew in {', '.join(own)}; give periods.set.{own[0]}.{key} and so"
                yield Problem(layer.where, key, f"{message} for each of these years")


def _unchanged(source: Scenario, scenario: Scenario, merged: Merged) -> dict[str, Origin]:
    """Return where values come from that a scenario loaded before has and nothing was laid over."""
    return {
        key: origin
        for key, origin in source.provenance.items()
        if key in scenario.provenance
        and merged.setter(tuple(key.split("."))).kind != "set"
        and (key != f"demand.{_GRID}" or scenario.demand.basis == "given")
    }


def _validated(
    layers: Sequence[Layer],
    problems: Sequence[Problem],
    again: bool,
    tables: Tables | None,
) -> tuple[Scenario, Merged]:
    """Merge layers to a scenario that has an origin for each value.

    Where it is read `again`, the first layer is a scenario loaded before.

    Raises
    ------
    ScenarioError
        With what is wrong, and after it the problems given.
    """
    merged, problems = merge(layers), [*problems]
    model = scenario_model()
    vocabulary = _vocabulary(model)
    sources = {}
    for layer in layers:
        if layer.kind != "set":
            sources[id(layer)], wrong = read_sources(layer, merged, vocabulary)
            problems += wrong
    try:
        # Strictly: JSON mode takes lists for tuples, yet no text or true for a number.
        text = json.dumps(merged.data, default=str)
        scenario = model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ScenarioError((*validation_problems(error, merged, vocabulary), *problems)) from error
    wrong = [*validation_problems(None, merged, vocabulary), *_contradictions(scenario, merged)]
    wrong += _unread(scenario, merged, [id(layer) for layer in layers], again)
    if wrong or problems:
        raise ScenarioError((*wrong, *problems))
    scenario, derived = _with_demand(scenario, merged, tables)
    keys = (key for key, _ in flatten(as_dict(scenario)))
    scenario._provenance = Frozen({**trace(keys, merged, sources), **derived})
    return scenario, merged


def _whole(scenario: Scenario) -> Layer:
    return Layer(f"scenario {scenario.name}", "file", scenario.name, _data(scenario))


def _data(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain data, without the demand that follows from tables."""
    data = as_dict(scenario)
    if scenario.demand.basis != "given":
        data["demand"].pop(_GRID, None)
    return data


@lru_cache(maxsize=1)
def _shipped() -> Tables:
    """Return the shipped tables, opened once."""
    from dcsite.atlas import load_atlas

    return load_atlas().table


def _with_demand(
    scenario: Scenario, merged: Merged, tables: Tables | None
) -> tuple[Scenario, dict[str, Origin]]:
    """Return the scenario with the demand that follows from its basis, and where that is from.

    Raises
    ------
    ScenarioError
        If the basis has no answer.
    """
    demand = scenario.demand
    if demand.total_new_it_load_mw is not None or demand.basis == "given":
        return scenario, {}
    try:
        mw, origin = grid_demand(demand, tables or _shipped())
    except ScenarioError as error:
        raise ScenarioError(
            Problem(merged.setter(tuple(one.field.split("."))).where, one.field, one.message)
            for one in error.problems
        ) from error
    settled = demand.model_copy(update={_GRID: mw})
    return scenario.model_copy(update={"demand": settled}), {f"demand.{_GRID}": origin}


def _unread(
    scenario: Scenario, merged: Merged, layers: Sequence[int], again: bool
) -> Iterator[Problem]:
    """Refuse what was given of the demand and is not read beside what else was given.

    What an earlier layer says may be passed over by a later one: that one chose anew.
    """
    demand = scenario.demand
    total, basis = demand.total_new_it_load_mw, demand.basis
    by = "total_new_it_load_mw" if total is not None else "basis"
    order = {layer: place for place, layer in enumerate(layers)}
    chosen = order.get(id(merged.setter(("demand", by))), -1)
    if basis == "given" and demand.grid_demand_mw is None and total is None:
        where = merged.setter(("demand", "basis")).where
        yield Problem(where, f"demand.{_GRID}", "must be given with demand.basis given, in MW")
    for key, bases in READ_BY.items():
        setter = merged.setter(("demand", key))
        given = key in merged.data["demand"] and setter is merged.setters.get(("demand", key))
        place = order.get(id(setter), -1)
        # A file that stands on its own has to say every key that has no default.
        alone = place == 0 and (again or key != _GRID)
        late = place >= chosen
        if not given or not late or alone or (total is None and basis in bases):
            continue
        if total is not None:
            said = f"demand.{by} = {total:g}; leave one of them out"
        else:
            said = f"demand.basis = {basis}; leave it out, or set basis to {' or '.join(bases)}"
        yield Problem(setter.where, f"demand.{key}", f"has no effect beside {said}")


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
